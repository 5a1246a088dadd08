"""How long texts are, in every unit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused, untyped
from tongdai.channels import Unit, size
from tongdai.channels.sizes import reach

units: st.SearchStrategy[Unit] = st.sampled_from(["chars", "bytes", "utf16", "segments"])
texts = st.text(st.sampled_from("aB€[đế\n\U0001f642") | st.characters(codec="utf-8"), max_size=400)
BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ÄÖÑÜ§¿äöñüà"
EXTENDED = "\f^{}\\[~]|€"


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("", (0, 0, 0, 0)),
        ("a", (1, 1, 1, 1)),
        ("đổi thẻ", (7, 12, 7, 1)),
        ("\U0001f642", (1, 4, 2, 1)),
        ("\U0001f1fb\U0001f1f3", (2, 8, 4, 1)),
    ],
)
def test_a_text_has_a_size_in_each_unit(text: str, sizes: tuple[int, ...]) -> None:
    """Characters, bytes of UTF-8, code units of UTF-16, segments."""
    every: list[Unit] = ["chars", "bytes", "utf16", "segments"]
    assert sizes == tuple(size(text, unit) for unit in every)


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("ế" * 70, 1),
        ("ế" * 71, 2),
        ("ế" * 134, 2),
        ("ế" * 135, 3),
        ("a" * 159 + "ế", 3),
        ("\U0001f642" * 35, 1),
        ("\U0001f642" * 36, 2),
        # 76 of them are 152 of 153: the half of the next one does not go in
        ("€" * 152, 2),
        ("€" * 153, 3),
        # 33 of them are 66 of 67
        ("\U0001f642" * 66, 2),
        ("\U0001f642" * 67, 3),
        # the escape would be the 153rd
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
    ],
)
def test_short_messages_have_segments(text: str, segments: int) -> None:
    """160 or 70 alone, 153 or 67 among several, and what takes two is not torn."""
    assert segments == size(text, "segments")


def test_the_alphabet_is_that_of_gsm() -> None:
    """128 places less the escape, and ten of the extension table that count twice."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    assert 127 == len(set(BASIC + letters))
    assert {1} == {size(one * 160, "segments") for one in BASIC + letters}
    assert {(1, 2)} == {
        (size(one * 80, "segments"), size(one * 81, "segments")) for one in EXTENDED
    }
    assert {2} == {size(one * 71, "segments") for one in "`çêđ\t\u00a0\u2019"}


@given(texts, units)
def test_more_text_is_never_smaller(text: str, unit: Unit) -> None:
    """So what fits has no beginning that does not."""
    sizes = [size(text[:end], unit) for end in range(len(text) + 1)]
    assert sorted(sizes) == sizes


@given(texts, st.integers(4, 60), units, st.integers(0, 20))
def test_the_longest_piece_fits_and_no_longer_one(
    text: str, limit: int, unit: Unit, start: int
) -> None:
    """Whatever the unit, and wherever it begins."""
    limit = min(limit, 3) if unit == "segments" else limit
    start = min(start, len(text))
    end = reach(text, start, limit, unit)
    assert size(text[start:end], unit) <= limit
    assert end == len(text) or size(text[start : end + 1], unit) > limit


def test_another_unit_is_refused() -> None:
    """It is named."""
    assert "unit: 'words' is not one of chars, bytes, utf16, segments" == refused(
        lambda: size("a", untyped("words"))
    )
