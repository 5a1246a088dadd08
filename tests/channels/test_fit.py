"""Saying a content in the way that a medium can: within its limits, with nothing lost."""

from __future__ import annotations

import time

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.model.refusals import refused, untyped
from tongdai import Content, Mode, testing
from tongdai.channels import Can, Files, Medium, Unit, fit, rendering, size
from tongdai.channels.clusters import joined
from tongdai.channels.media import EMAIL, MESSENGER, SMS, TELEGRAM, VOICE, WEB_CHAT, WHATSAPP, ZALO
from tongdai.model.contact import Attachment, Button, Template
from tongdai.model.menu import labelled, options, spoken, written
from tongdai.model.text import Choices, fold

PHOTO = Attachment("image/png", "https://example.org/1.png", "photo", 1_000)
PAPER = Attachment("application/pdf", "https://example.org/2.pdf")
CARDS = (Button("cards", "Thẻ"), Button("loans", "Vay"), Button("human", "Gặp nhân viên"))

SEEN = [
    *("a", "b", " ", " ", "\n", "\r\n", "\u3000", "đ", "ế", "€", "\u00a0"),
    *(
        "e\u0301",
        "\U0001f642",
        "\U0001f44d\U0001f3fd",
        "\U0001f1fb\U0001f1f3",
        "\u1112\u1161\u11ab",
    ),
    *("\U0001f468\u200d\U0001f469\u200d\U0001f467", " \u0301"),
]
texts = st.lists(st.sampled_from(SEEN), max_size=60).map("".join) | st.text(max_size=60)
units: st.SearchStrategy[Unit] = st.sampled_from(["chars", "bytes", "utf16", "segments"])


@st.composite
def mediums(draw: st.DrawFn) -> Medium:
    """Return media with such small limits that something has to be done about them."""
    medium = draw(testing.media())
    unit = draw(units)
    limit = st.integers(1, 2) if unit == "segments" else st.integers(4, 24)
    return attrs.evolve(medium, unit=unit, text_limit=draw(st.none() | limit))


@st.composite
def contents(draw: st.DrawFn) -> Content:
    """Return contents with some of everything."""
    return Content(
        draw(texts),
        draw(st.lists(st.sampled_from([PHOTO, PAPER]), max_size=5).map(tuple)),
        buttons=draw(st.just(()) | st.lists(testing.buttons(), max_size=5).map(tuple)),
        question=draw(st.sampled_from(["", "s1/4"])),
        subject=draw(st.sampled_from(["", "Thẻ của tôi"])),
        template=draw(st.none() | st.just(Template("hello"))),
        automatic=draw(st.booleans()),
    )


def plain(limit: int | None, unit: Unit = "chars") -> Medium:
    """Return a medium that has nothing but text."""
    return Medium(mode=Mode.MESSAGING, text_limit=limit, unit=unit)


def is_cut_at_blanks(text: str, parts: list[str]) -> bool:
    """Return whether parts in order are the text, less some blanks between and around them."""
    ends = {0}  # (where the parts so far may end in the text)
    for part in parts:
        starts = {at for end in ends for at in _past_blanks(text, end)}
        ends = {at + len(part) for at in starts if text.startswith(part, at)}
    return any(not text[end:].strip() for end in ends)


def _past_blanks(text: str, start: int) -> list[int]:
    """Return the places to which one may come from here, going over blanks."""
    blanks = len(text) - start - len(text[start:].lstrip())
    return list(range(start, start + blanks + 1))


# --- text -----------------------------------------------------------------------------------------


@given(contents(), mediums())
def test_no_part_is_over_a_limit(content: Content, medium: Medium) -> None:
    """Of the text, the text under choices or beside files, the choices, and the files."""
    parts = fit(content, medium)
    assert parts
    for part in parts:
        limits: list[int | None] = [medium.text_limit]
        if part.buttons:
            shown = {"buttons": medium.buttons, "list": medium.rows}[rendering(part, medium)]
            if shown is not None:
                limits.append(shown.text)
                assert len(part.buttons) <= shown.most
                assert all(len(button.label) <= shown.label for button in part.buttons)
        if part.attachments and medium.files is not None:
            limits.append(medium.files.caption)
            assert len(part.attachments) <= medium.files.most
        assert all(limit is None or size(part.text, medium.unit) <= limit for limit in limits)


@example("\U0001f642   ế", plain(4, "bytes"))
@given(texts, mediums())
def test_nothing_of_a_text_is_lost_and_nothing_added(text: str, medium: Medium) -> None:
    """The parts in order are the text, less the blanks at the cuts."""
    parts = [part.text for part in fit(Content(text), medium)]
    assert is_cut_at_blanks(text, parts)
    assert [] == [part for part in parts if not part and text]


@given(texts, st.integers(4, 24), units)
def test_what_fits_is_one_part(text: str, limit: int, unit: Unit) -> None:
    """A text within the limit goes as it is, blanks and all, and a longer one does not."""
    medium = plain(limit, unit)
    assert (size(text, unit) <= limit) == ([Content(text)] == fit(Content(text), medium))


@given(texts, st.integers(4, 24), units)
def test_what_people_see_as_one_character_is_not_torn(text: str, limit: int, unit: Unit) -> None:
    """Unless that alone is too long."""
    start = 0
    for part in [each.text for each in fit(Content(text), plain(limit, unit))[:-1]]:
        while not text.startswith(part, start):
            start += 1
        start += len(part)
        if start < len(text) and joined(text, start):
            first = start - 1
            while first and joined(text, first):
                first -= 1
            last = start + 1
            while last < len(text) and joined(text, last):
                last += 1
            assert size(text[first:last], unit) > limit


@given(contents(), mediums())
def test_a_part_fits_as_it_is(content: Content, medium: Medium) -> None:
    """Whoever fits twice gets the same."""
    for part in fit(content, medium):
        assert [part] == fit(part, medium)


@pytest.mark.parametrize(
    ("text", "unit", "parts"),
    [
        ("one two six", "chars", ["one two", "six"]),
        ("abcdefghij", "chars", ["abcdefgh", "ij"]),
        ("12345678 ", "chars", ["12345678"]),
        ("one   two   six", "chars", ["one", "two", "six"]),
        ("  one two six", "chars", ["  one", "two six"]),
        ("a bc\nd e f g", "chars", ["a bc", "d e f g"]),
        ("a\nbc de fg h", "chars", ["a\nbc de", "fg h"]),
        ("abc\r\n\r\ndefgh", "chars", ["abc", "defgh"]),
        ("a\u00a0b cdefgh", "chars", ["a\u00a0b", "cdefgh"]),
        ("abcdefge\u0301h", "chars", ["abcdefg", "e\u0301h"]),
        ("abcdefg \u0301h", "chars", ["abcdefg", " \u0301h"]),
        ("a" + "\u0301" * 9, "chars", ["a" + "\u0301" * 7, "\u0301\u0301"]),
        ("          ", "chars", ["        "]),
        ("đổi thẻ", "bytes", ["đổi", "thẻ"]),
        ("\U0001f642\U0001f642\U0001f642", "bytes", ["\U0001f642\U0001f642", "\U0001f642"]),
        ("\U0001f642" * 5, "utf16", ["\U0001f642" * 4, "\U0001f642"]),
        ("", "chars", [""]),
    ],
)
def test_texts_are_cut_at_blanks_where_there_are_any(
    text: str, unit: Unit, parts: list[str]
) -> None:
    """Eight a part; at a line's end if that is late enough; never inside what is seen as one."""
    assert parts == [part.text for part in fit(Content(text), plain(8, unit))]


def test_one_letter_makes_a_short_message_three() -> None:
    """A Vietnamese letter is in no alphabet of GSM."""
    once = attrs.evolve(SMS, text_limit=1)
    assert [160] == [len(part.text) for part in fit(Content("a" * 160), once)]
    assert [70, 70, 20] == [len(part.text) for part in fit(Content("a" * 70 + "đ" * 90), once)]


@pytest.mark.parametrize(
    "text",
    ["x" * 8, "Xin chào bạn ", " " * 8, "\U0001f1fb\U0001f1f3", "a \u0301", "\u0301" * 8, "a\n"],
)
@pytest.mark.parametrize("unit", ["chars", "bytes", "utf16", "segments"])
def test_a_text_ten_times_as_long_takes_ten_times_as_long(text: str, unit: Unit) -> None:
    """Not a hundred times, whatever it consists of; a megabyte is no matter."""
    medium = plain(1 if unit == "segments" else 160, unit)

    def taken(length: int) -> float:
        content = Content(text * (length // len(text)))
        times: list[float] = []
        for _ in range(3):
            start = time.process_time()
            fit(content, medium)
            times.append(time.process_time() - start)
        return min(times)

    assert taken(80_000) < 35 * max(taken(8_000), 0.0005)


# --- files ----------------------------------------------------------------------------------------


@given(contents(), mediums())
def test_no_file_is_lost(content: Content, medium: Medium) -> None:
    """It goes beside a text, or its name and url are in one, in order."""
    parts = fit(content, medium)
    sent = [file for part in parts for file in part.attachments]
    assert sent == [file for file in content.attachments if file in sent]
    said = "".join("".join(part.text for part in parts).split())
    for file in content.attachments:
        line = f"{file.name}:{file.url}" if file.name else file.url
        assert file in sent or line in said


@given(texts, st.integers(4, 24))
def test_files_go_with_the_last_text(text: str, limit: int) -> None:
    """And with no other."""
    medium = attrs.evolve(plain(limit), can={Can.TEXT, Can.ATTACHMENTS})
    parts = fit(Content(text, (PHOTO,)), medium)
    assert [()] * (len(parts) - 1) + [(PHOTO,)] == [part.attachments for part in parts]


def shown(parts: list[Content]) -> list[tuple[str, int, int]]:
    """Return the texts of parts, and how many files and choices each has."""
    return [(part.text, len(part.attachments), len(part.buttons)) for part in parts]


FILES: dict[str, tuple[Content, Files | None, list[tuple[str, int, int]]]] = {
    "no limits": (Content("Hi", (PHOTO, PAPER), buttons=CARDS), None, [("Hi", 2, 3)]),
    "one each": (Content("Hi", (PHOTO, PAPER)), Files(), [("Hi", 1, 0), ("", 1, 0)]),
    "two each": (
        Content("Hi", (PHOTO, PAPER, PHOTO)),
        Files(most=2),
        [("Hi", 2, 0), ("", 1, 0)],
    ),
    "caption too long": (
        Content("Hello", (PHOTO,)),
        Files(caption=4),
        [("Hello", 0, 0), ("", 1, 0)],
    ),
    "no caption": (Content("Hi", (PHOTO,)), Files(caption=0), [("Hi", 0, 0), ("", 1, 0)]),
    "no text": (Content("", (PHOTO,)), Files(caption=0), [("", 1, 0)]),
    "choices": (Content("Hi", (PHOTO,), buttons=CARDS), Files(), [("", 1, 0), ("Hi", 0, 3)]),
    "too large": (
        Content("Hi", (PHOTO,)),
        Files(size=999),
        [("Hi\nphoto: https://example.org/1.png", 0, 0)],
    ),
    "another kind": (
        Content("Hi", (PHOTO, PAPER)),
        Files(kinds=("image/*",)),
        [("Hi\nhttps://example.org/2.pdf", 1, 0)],
    ),
    "kind in capitals": (
        Content("", (replace(PHOTO, kind="IMAGE/PNG; q=1"),)),
        Files(kinds=("image/png",)),
        [("", 1, 0)],
    ),
}


@pytest.mark.parametrize(("content", "files", "parts"), FILES.values(), ids=FILES)
def test_files_are_sent_as_the_medium_takes_them(
    content: Content, files: Files | None, parts: list[tuple[str, int, int]]
) -> None:
    """Beside the text, on their own, or as a line of it."""
    medium = Medium(mode=Mode.MESSAGING, can={Can.TEXT, Can.ATTACHMENTS, Can.BUTTONS}, files=files)
    assert parts == shown(fit(content, medium))


def test_where_there_are_no_files_their_links_are_said() -> None:
    """In the text, before the choices."""
    (part,) = fit(Content("Hi", (PHOTO, PAPER), buttons=CARDS[:1]), plain(None))
    assert part == Content(
        "Hi\nphoto: https://example.org/1.png\nhttps://example.org/2.pdf\n1. Thẻ"
    )


# --- choices --------------------------------------------------------------------------------------


@given(contents(), mediums())
def test_choices_are_tapped_or_said(content: Content, medium: Medium) -> None:
    """All of them with their whole labels, in one place: the last."""
    *before, last = fit(content, medium)
    assert not any(part.buttons for part in before)
    assert rendering(content, medium) == rendering(last, medium) or not last.buttons
    if rendering(content, medium) != "text":
        assert [button.key for button in content.buttons] == [each.key for each in last.buttons]
        assert labelled(content.buttons) == last.buttons
    else:
        assert last.buttons == ()
        lines = spoken(content.buttons) if Can.SPEECH in medium.can else written(content.buttons)
        said = "".join("".join(part.text for part in (*before, last)).split())
        assert said.endswith("".join("".join(lines).split()))


@given(contents(), mediums())
def test_what_is_shown_can_be_read(content: Content, medium: Medium) -> None:
    """Tapped, by its label, by its number: that choice, or none where labels collide."""
    choices = Choices(options(content.buttons))

    def meant(text: str, key: str) -> str | None:
        return key if fold(text) and fold(text) not in choices.collisions else None

    for button in fit(content, medium)[-1].buttons:
        assert button.key in choices.numbers
        assert meant(button.label, button.key) == choices.read(button.label)
    for button, line in zip(content.buttons, written(content.buttons), strict=True):
        for text in (choices.numbers[button.key], line):
            assert meant(text, button.key) == choices.read(text)


MANY = tuple(Button(f"k{at}", f"Mục {at}") for at in range(1, 12))
LONG = (Button("a", "Hai mươi mốt chữ cái."), Button("b", "Khác"))
LONGER = (Button("a", "Hai mươi lăm chữ cái ở đây"), Button("b", "Khác"))


@pytest.mark.parametrize(
    ("buttons", "medium", "how"),
    [
        (CARDS, WHATSAPP, "buttons"),
        (MANY[:4], WHATSAPP, "list"),
        (LONG, WHATSAPP, "list"),
        (LONGER, WHATSAPP, "text"),
        (MANY, WHATSAPP, "text"),
        (MANY, MESSENGER, "buttons"),
        (LONG, MESSENGER, "text"),
        (MANY, TELEGRAM, "buttons"),
        (MANY, WEB_CHAT, "buttons"),
        (CARDS, SMS, "text"),
        (CARDS, ZALO, "text"),
        (CARDS, VOICE, "text"),
        ((), WHATSAPP, "text"),
    ],
)
def test_choices_go_down_a_step_where_they_have_no_room(
    buttons: tuple[Button, ...], medium: Medium, how: str
) -> None:
    """Buttons, a list, numbered lines or sentences."""
    content = Content("Chọn?", buttons=buttons)
    assert how == rendering(content, medium)
    (part,) = fit(content, medium)
    assert how == rendering(part, medium)
    assert (how != "text") == bool(part.buttons)


def test_a_long_text_stands_before_its_buttons() -> None:
    """What is under 1,024 characters has them; the rest goes ahead."""
    text = "Một câu dài. " * 100
    parts = fit(Content(text, buttons=CARDS, question="s1/4"), WHATSAPP)
    assert [(), CARDS] == [part.buttons for part in parts]
    assert ["", "s1/4"] == [part.question for part in parts]
    assert text == " ".join(part.text for part in parts)


@pytest.mark.parametrize(
    ("medium", "language", "text"),
    [
        (SMS, "vi", "Chọn?\n1. Thẻ\n2. Vay"),
        (VOICE, "vi", "Chọn?\nChọn Thẻ, bấm phím 1.\nChọn Vay, bấm phím 2."),
        (VOICE, "en-US", "Chọn?\nFor Thẻ, press 1.\nFor Vay, press 2."),
        (VOICE, "", "Chọn?\nFor Thẻ, press 1.\nFor Vay, press 2."),
    ],
)
def test_choices_are_written_or_spoken(medium: Medium, language: str, text: str) -> None:
    """In the language that is asked for."""
    content = Content("Chọn?", buttons=CARDS[:2])
    assert [Content(text)] == fit(content, medium, language=language)


def test_a_button_without_a_label_says_its_key() -> None:
    """There must be something to tap."""
    (part,) = fit(Content("Chọn?", buttons=(Button("yes", ""),)), WHATSAPP)
    assert (Button("yes", "yes"),) == part.buttons


# --- the rest -------------------------------------------------------------------------------------


@given(contents(), mediums())
def test_what_stands_beside_is_kept(content: Content, medium: Medium) -> None:
    """Subject and template where the medium has them; who wrote it, on every part."""
    parts = fit(content, medium)
    assert {content.automatic} == {part.automatic for part in parts}
    assert content.question == parts[-1].question
    subject = content.subject if Can.SUBJECT in medium.can else ""
    assert {subject} == {part.subject for part in parts}
    template = content.template if Can.TEMPLATES in medium.can else None
    assert [template, *[None] * (len(parts) - 1)] == [part.template for part in parts]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (Content("Xin chào", subject="Thẻ"), "Thẻ\nXin chào"),
        (Content("", subject="Thẻ"), "Thẻ"),
        (Content("Xin chào"), "Xin chào"),
    ],
)
def test_a_subject_without_a_line_of_its_own_is_the_first_line(content: Content, text: str) -> None:
    """Nothing is lost."""
    assert [Content(text)] == fit(content, ZALO)
    assert [content] == fit(content, EMAIL)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: fit(untyped("hi"), SMS), "fit.content: str is not Content"),
        (lambda: fit(Content("hi"), untyped(Mode.LIVE)), "fit.medium: Mode is not Medium"),
        (
            lambda: fit(Content("hi"), SMS, language=untyped(None)),
            "fit.language: NoneType is not str",
        ),
        (
            lambda: Content(buttons=(Button("", "Thẻ"),)),
            "Button.key: it is empty; a tap must tell its choice",
        ),
    ],
)
def test_bad_arguments_are_named(call: object, message: str) -> None:
    """What is wrong, and what would be right."""
    assert message == refused(untyped(call))
