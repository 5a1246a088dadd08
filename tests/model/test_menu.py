"""Choices as words: whatever of them is answered means that choice, or nothing, never another."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tongdai.model.contact import Button
from tongdai.model.menu import labelled, options, spoken, written
from tongdai.model.text import Choices, fold, read

WORDS = ["Thẻ", "the", "Bán", "Bàn", "2", "2.", "số 2", "phím 1", "1. Thẻ", "sao", "C++", "ạ", ""]
KEYS = ["1", "2", "3", "10", "*", "#", "0", "a", "A", "số 2", "thẻ", "\uff12", "²"]
labels = st.sampled_from(WORDS) | st.text(max_size=8)
menus = st.lists(
    st.builds(Button, st.sampled_from(KEYS) | st.text(min_size=1, max_size=4), labels),
    max_size=6,
    unique_by=lambda button: button.key,
).map(tuple)
AROUND = ["{}", "{}.", "({})", "số {}", "phím {}", "bấm phím số {} ạ", "option {}", "press {}"]
CARDS = (Button("a", "Thẻ"), Button("*", "Nghe lại"), Button("9", ""))


def ways(button: Button, buttons: tuple[Button, ...]) -> list[str]:
    """Return everything that somebody who was shown a choice may answer for it."""
    number = Choices(options(buttons)).numbers[button.key]
    shown = labelled([button])[0].label
    said = [way.format(number) for way in AROUND]
    said += {"*": ["phím sao", "press star"], "#": ["phím thăng", "press pound"]}.get(number, [])
    return [button.key, shown, shown.upper(), f"{number}. {shown}", *said]


@example((Button("2", "Thẻ"), Button("\uff12", "2.")))
@example((Button("a", "số 2"), Button("b", "x")))
@example((Button("a", "2"), Button("b", "x")))
@example((Button("a", "2. x"), Button("b", "x")))
@example((Button("*", "x"), Button("b", "sao")))
@given(menus)
def test_an_answer_never_means_another_choice(buttons: tuple[Button, ...]) -> None:
    """Key, label, line, number, and the number in words."""
    choices = Choices(options(buttons))
    for button in buttons:
        assert {button.key, None} >= {choices.read(said) for said in ways(button, buttons)}


@given(st.lists(st.sampled_from(["Thẻ", "Vay", "Đổi mật khẩu", "Gặp nhân viên"]), unique=True))
def test_where_nothing_collides_every_answer_means_its_choice(words: list[str]) -> None:
    """Labels that differ without case and accents, and keys that nobody would type."""
    buttons = tuple(Button(f"k{at}", word) for at, word in enumerate(words))
    choices = Choices(options(buttons))
    for button in buttons:
        assert {button.key} == {choices.read(said) for said in ways(button, buttons)}


@given(menus)
def test_a_number_means_its_choice_unless_a_label_says_it(buttons: tuple[Button, ...]) -> None:
    """Then it means nothing, and `collisions` tells."""
    choices = Choices(options(buttons))
    for key, number in choices.numbers.items():
        assert (None if fold(number) in choices.collisions else key) == choices.read(number)


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "vi-VN",
            [
                "Chọn Thẻ, bấm phím 1.",
                "Chọn Nghe lại, bấm phím sao.",
                "Chọn 9, bấm phím 9.",
            ],
        ),
        ("en", ["For Thẻ, press 1.", "For Nghe lại, press star.", "For 9, press 9."]),
        ("", ["For Thẻ, press 1.", "For Nghe lại, press star.", "For 9, press 9."]),
        ("fr", ["For Thẻ, press 1.", "For Nghe lại, press star.", "For 9, press 9."]),
    ],
)
def test_a_menu_is_spoken(language: str, lines: list[str]) -> None:
    """In the language; the keys of a telephone by their names."""
    assert lines == spoken(CARDS, language)


def test_a_menu_is_written() -> None:
    """A line a choice; one without a label says its key."""
    assert ["1. Thẻ", "2. Nghe lại", "9. 9"] == written(CARDS)


def test_one_key_with_two_labels_is_one_choice() -> None:
    """Whatever of both is answered."""
    twice = (Button("1", "Có"), Button("1", "Vâng"))
    assert ["1. Có", "1. Vâng"] == written(twice)
    assert ["1", "1", "1"] == [read(said, options(twice)) for said in ("có", "vâng", "1")]


def test_braces_in_a_label_are_letters() -> None:
    """No label is taken for a pattern."""
    assert ["For {number} {0}, press 1."] == spoken((Button("a", "{number} {0}"),))
