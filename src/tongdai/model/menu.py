"""Choices as words, where there is nothing to tap.

Rule: a line says a choice's number and its label, and `Choices` reads both back. Who writes a menu
and who reads its answers ask `Choices.numbers`, so they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from tongdai.model.contact import Button
from tongdai.model.text import Choices, line

_SPOKEN: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {  # (with what signs are called)
    "vi": ("Chọn {label}, bấm phím {number}.", {"*": "sao", "#": "thăng"}),
    "en": ("For {label}, press {number}.", {"*": "star", "#": "pound"}),
}


def labelled(buttons: Iterable[Button]) -> tuple[Button, ...]:
    """Return buttons each of which says something: one without a label says its key."""
    return tuple(one if one.label else Button(one.key, one.key) for one in buttons)


def options(buttons: Iterable[Button]) -> dict[str, tuple[str, ...]]:
    """Return the labels of each key, as `Choices` takes them."""
    found: dict[str, tuple[str, ...]] = {}
    for button in labelled(buttons):
        found[button.key] = (*found.get(button.key, ()), button.label)
    return found


def written(buttons: Sequence[Button]) -> list[str]:
    """Return choices as lines of text: `1. Thẻ`."""
    numbers = Choices(options(buttons)).numbers
    return [line(numbers[one.key], one.label) for one in labelled(buttons)]


def spoken(buttons: Sequence[Button], language: str = "") -> list[str]:
    """Return choices as sentences to be read aloud, such as `For cards, press 1`.

    A key of the telephone is called by itself, everything else by its number.

    Args:
        buttons: the choices.
        language: such as `vi` or `en-US`; English where it is another.
    """
    base = language.partition("-")[0].lower()
    sentence, signs = _SPOKEN.get(base, _SPOKEN["en"])
    numbers = Choices(options(buttons)).numbers
    return [
        sentence.format(label=one.label, number=signs.get(one.key, numbers[one.key]))
        for one in labelled(buttons)
    ]
