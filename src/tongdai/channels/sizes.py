"""How long a text is, in the unit in which a medium counts.

Rule: a text that is longer is never smaller, in any unit; so the longest beginning of a text that
is within a limit is found by going forward until it is not.

A segment of a short message has 140 bytes: 160 characters of the GSM 03.38 alphabet (3GPP TS
23.038), those of its extension table counting twice, or 70 code units of UCS-2 as soon as one
character is in neither. Where there are several segments each loses 6 bytes to the header that puts
them together (3GPP TS 23.040, 9.2.3.24), so 153 or 67 are left; an extended character, or a
surrogate pair, stands in one segment, not in two.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, get_args

import attrs

from tongdai.channels.medium import Unit
from tongdai.errors import ConfigurationError

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
_LAST_OF_PLANE: Final = "\uffff"  # what comes after it takes two code units of UTF-16


def size(text: str, unit: Unit) -> int:
    """Return how long a text is.

    Raises:
        ConfigurationError: there is no such unit.
    """
    if unit == "chars":
        return len(text)
    if unit == "bytes":
        return len(text.encode())
    if unit == "utf16":
        return len(text) + sum(1 for character in text if character > _LAST_OF_PLANE)
    if unit == "segments":
        count = 0
        for count in _segments(text):  # noqa: B007 - the last one counts
            pass
        return count
    raise ConfigurationError(f"unit: {unit!r} is not one of {', '.join(get_args(Unit))}")


def reach(text: str, start: int, limit: int, unit: Unit) -> int:
    """Return where the longest piece of a text ends that begins at `start` and is within a limit.

    It looks at no more of the text than the limit may hold. Complexity: that length.

    Args:
        text: the text.
        start: where the piece begins.
        limit: the longest that it may be.
        unit: what the limit counts.
    """
    if unit == "chars":
        return min(start + limit, len(text))
    if unit == "segments":
        end = start
        for count in _segments(text[start : start + 160 * limit]):
            if count > limit:
                break
            end += 1
        return end
    piece = text[start : start + limit]
    if unit == "bytes":
        coded = piece.encode()[:limit]
        return start + len(coded.decode(errors="ignore"))
    coded = piece.encode("utf-16-le")[: 2 * limit]
    return start + len(coded.decode("utf-16-le", errors="ignore"))


@attrs.define
class _Packing:
    """Characters put into segments, one after the other.

    Attributes:
        alone: what a segment holds if there is no other.
        each: what it holds if there are several.
    """

    alone: int
    each: int
    total: int = 0
    count: int = 1
    used: int = 0

    def add(self, cost: int) -> int:
        """Put in one character more, and return how many segments there are."""
        self.total += cost
        self.used += cost
        if self.used > self.each:
            self.count += 1
            self.used = cost
        return 1 if self.total <= self.alone else self.count


def _segments(text: str) -> Iterable[int]:
    """Go through a text, and tell how many segments there are up to and with each character."""
    narrow, wide = _Packing(160, 153), _Packing(70, 67)
    is_narrow = True
    for character in text:
        is_narrow = is_narrow and (character in _BASIC or character in _EXTENSION)
        as_wide = wide.add(2 if character > _LAST_OF_PLANE else 1)
        if is_narrow:
            yield narrow.add(2 if character in _EXTENSION else 1)
        else:
            yield as_wide
