"""Cutting texts to what a medium takes."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tongdai import Content, Mode
from tongdai.channels import Medium, fit
from tongdai.model.contact import Attachment

PHOTO = Attachment("image/png", "https://example.org/1.png")

mediums = st.builds(
    Medium,
    mode=st.sampled_from(Mode),
    text_limit=st.none() | st.integers(4, 12),
    unit=st.sampled_from(["characters", "bytes"]),
)
texts = st.text(st.sampled_from("ab  \nđế🙂"), max_size=60) | st.text(max_size=60)


def size(text: str, medium: Medium) -> int:
    """Return how long a text is in the medium's unit."""
    return len(text.encode()) if medium.unit == "bytes" else len(text)


@given(texts, mediums)
def test_no_part_is_too_long(text: str, medium: Medium) -> None:
    """Every part is within the limit, and only an empty text has an empty part."""
    parts = [part.text for part in fit(Content(text), medium)]
    if medium.text_limit is not None:
        assert [] == [part for part in parts if size(part, medium) > medium.text_limit]
    assert [] == [part for part in parts if not part and text]
    assert parts


@example("🙂   ế", Medium(mode=Mode.MESSAGING, text_limit=4, unit="bytes"))
@given(texts, mediums)
def test_nothing_is_lost_and_nothing_added(text: str, medium: Medium) -> None:
    """The parts in order are the text, less one blank at each cut, whichever of several."""
    rests = {text}
    for part in fit(Content(text), medium):
        rests |= {rest[1:] for rest in rests if rest[:1] in (" ", "\n")}
        rests = {rest.removeprefix(part.text) for rest in rests if rest.startswith(part.text)}
    assert rests & {"", " ", "\n"}


@given(texts, mediums)
def test_what_fits_is_one_part(text: str, medium: Medium) -> None:
    """A text within the limit goes as it is, and a longer one in more parts."""
    whole = medium.text_limit is None or size(text, medium) <= medium.text_limit
    parts = fit(Content(text), medium)
    if whole:
        assert [Content(text)] == parts
    else:
        assert [Content(text)] != parts


@given(texts, mediums)
def test_attachments_go_with_the_last_part(text: str, medium: Medium) -> None:
    """And with no other."""
    parts = fit(Content(text, (PHOTO,)), medium)
    assert [()] * (len(parts) - 1) + [(PHOTO,)] == [part.attachments for part in parts]


@pytest.mark.parametrize(
    ("text", "unit", "parts"),
    [
        ("one two six", "characters", ["one two", "six"]),
        ("abcdefghij", "characters", ["abcdefgh", "ij"]),
        ("12345678 ", "characters", ["12345678"]),
        ("đổi thẻ", "bytes", ["đổi", "thẻ"]),
        ("🙂🙂🙂", "bytes", ["🙂🙂", "🙂"]),
        ("", "characters", [""]),
    ],
)
def test_texts_are_cut_at_blanks_where_there_are_any(
    text: str, unit: str, parts: list[str]
) -> None:
    """Eight characters or bytes a part; never inside a character."""
    medium = Medium(
        mode=Mode.MESSAGING, text_limit=8, unit="bytes" if unit == "bytes" else "characters"
    )
    assert parts == [part.text for part in fit(Content(text), medium)]
