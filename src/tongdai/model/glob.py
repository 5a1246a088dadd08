"""Whether a whole text looks like a pattern: `*` is any run of characters, `?` any one.

Rule: matching takes time linear in the text, whatever the pattern. The pieces between the stars are
looked for from left to right, each as early as it can stand; that is enough, because a later place
leaves less room for the rest. The first piece stands at the start and the last one at the end. So
nothing is ever tried twice.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache


@lru_cache(maxsize=1_024)
def compiled(pattern: str) -> Callable[[str], bool]:
    """Return the test that a pattern stands for."""
    first, *rest = pattern.split("*")
    if not rest:
        return lambda text: len(text) == len(first) and _stands(first, text, 0)
    *middle, last = rest
    finders = [(_finder(piece), len(piece)) for piece in middle if piece]
    least = len(first) + len(last)

    def matches(text: str) -> bool:
        end = len(text) - len(last)
        if len(text) < least or not _stands(first, text, 0) or not _stands(last, text, end):
            return False
        position = len(first)
        for find, length in finders:
            position = find(text, position, end)
            if position < 0:
                return False
            position += length
        return True

    return matches


def _stands(piece: str, text: str, at: int) -> bool:
    """Return whether a piece stands at a place, where there is room for it."""
    if "?" not in piece:
        return text.startswith(piece, at)
    return all(want in ("?", text[at + step]) for step, want in enumerate(piece))


def _finder(piece: str) -> Callable[[str, int, int], int]:
    """Return what finds the first place of a piece between two places, or -1.

    With `?` in it this is the shift-and algorithm (Baeza-Yates and Gonnet, 1992): bit k of `state`
    says that the last k + 1 characters fit the start of the piece.
    """
    if "?" not in piece:
        return lambda text, start, end: text.find(piece, start, end)
    places: dict[str, int] = {}
    for at, want in enumerate(piece):
        places[want] = places.get(want, 0) | 1 << at
    wild = places.pop("?")
    fits = {letter: wild | place for letter, place in places.items()}
    whole = 1 << (len(piece) - 1)

    def find(text: str, start: int, end: int) -> int:
        state = 0
        for at in range(start, end):
            state = (state << 1 | 1) & fits.get(text[at], wild)
            if state & whole:
                return at - len(piece) + 1
        return -1

    return find
