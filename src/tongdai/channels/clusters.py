"""Where a text can be cut without breaking what people see as one character.

Rule: what Unicode's annex UAX #29 calls an extended grapheme cluster is never torn, as far as the
standard library's tables tell: CR LF, combining marks and variation selectors, emoji with skin
tones, tags and joiners, pairs of regional indicators (flags), Hangul syllables, Indic conjuncts.

Simplified, each time so that more is kept together than the annex asks: every spacing mark extends
what stands before it, a joiner binds whatever follows but a blank, and a virama binds every letter.
Not kept together are characters that a newer Unicode than this Python's has added.
"""

from __future__ import annotations

import unicodedata
from typing import Final

_PLAIN: Final = "\u0300"  # the first combining mark; below it only CR LF is a cluster
_JOINER: Final = "\u200d"
_EXTENDING: Final = frozenset("\u200c\u200d\u0e33\u0eb3\uff9e\uff9f")
_MARKS: Final = frozenset(["Mn", "Me", "Mc"])
_CONTROLS: Final = frozenset(["Cc", "Cf", "Zl", "Zp"])
_VIRAMA: Final = 9  # (a canonical combining class)
_PREPENDED: Final = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e\U000110bd\U000110cd"
    "\U000111c2\U000111c3\U0001193f\U00011941\U00011a3a\U00011a84\U00011a85\U00011a86\U00011a87"
    "\U00011a88\U00011a89\U00011d46\U00011f02"
)


def joined(text: str, at: int, start: int = 0) -> bool:
    """Return whether the characters just before and at a position are parts of one cluster.

    Args:
        text: the text.
        at: the position, after `start` and before the end.
        start: where a cluster is known to begin; nothing before it is looked at.
    """
    before, after = text[at - 1], text[at]
    if before < _PLAIN and after < _PLAIN:
        return before == "\r" and after == "\n"
    if _is_control(before) or extends(after):
        return not _is_control(before)
    if _is_control(after) or before == _JOINER:
        return not _is_control(after) and not after.isspace()
    if before in _PREPENDED or (_hangul(before), _hangul(after)) in _SYLLABLES:
        return True
    if unicodedata.category(after) == "Lo":
        return _follows_virama(text, at, start)
    return _is_indicator(before) and _is_indicator(after) and _indicators(text, at, start) % 2 == 1


def extends(character: str) -> bool:
    """Return whether a character belongs to the one before it."""
    return character >= _PLAIN and (
        unicodedata.category(character) in _MARKS
        or character in _EXTENDING
        or "\U0001f3fb" <= character <= "\U0001f3ff"  # skin tones
        or "\U000e0020" <= character <= "\U000e007f"  # tags, as in the flag of Scotland
    )


def prepended(character: str) -> bool:
    """Return whether a character belongs to the one after it, as the Arabic number sign does."""
    return character in _PREPENDED


def _is_control(character: str) -> bool:
    return (
        unicodedata.category(character) in _CONTROLS
        and not extends(character)
        and character not in _PREPENDED
    )


def _follows_virama(text: str, at: int, start: int) -> bool:
    """Return whether among the marks before a position is one that binds the next letter."""
    while at > start and extends(text[at - 1]):
        at -= 1
        if unicodedata.combining(text[at]) == _VIRAMA:
            return True
    return False


def _is_indicator(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _indicators(text: str, at: int, start: int) -> int:
    """Return how many regional indicators stand in a row before a position."""
    first = at
    while first > start and _is_indicator(text[first - 1]):
        first -= 1
    return at - first


_SYLLABLES: Final = frozenset(
    [
        *(("L", kind) for kind in ("L", "V", "LV", "LVT")),
        *((kind, "V") for kind in ("V", "LV")),
        *((kind, "T") for kind in ("V", "LV", "T", "LVT")),
    ]
)


def _hangul(character: str) -> str:
    if "\u1100" <= character <= "\u115f" or "\ua960" <= character <= "\ua97c":
        return "L"
    if "\u1160" <= character <= "\u11a7" or "\ud7b0" <= character <= "\ud7c6":
        return "V"
    if "\u11a8" <= character <= "\u11ff" or "\ud7cb" <= character <= "\ud7fb":
        return "T"
    if "\uac00" <= character <= "\ud7a3":
        return "LVT" if (ord(character) - 0xAC00) % 28 else "LV"
    return ""
