"""Cut a text into pieces within a limit.

Rule: the pieces, put together again, are the text less the runs of blanks at which it was cut. It
is cut at a line break in the second half of what fits, else at the last blank, else between two
clusters (see `clusters`), and only inside a cluster where that alone is too long. Complexity: the
length of the text; what is looked at for one piece is no longer than the limit, and two pieces are
never much shorter than it.
"""

from __future__ import annotations

from typing import Final

from tongdai.channels.clusters import extends, joined, prepended
from tongdai.channels.medium import Unit
from tongdai.channels.sizes import reach

_BLANKS: Final = frozenset(
    " \t\n\r\v\f\x85\u1680\u2028\u2029\u205f\u3000"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2008\u2009\u200a"
)  # (without those that say that nothing is cut there)


def cut(text: str, limit: int | None, unit: Unit) -> list[str]:
    """Return a text in pieces; what fits is one piece, as it is.

    No piece begins or ends with a blank where it was cut, and none is empty unless the text is.

    Args:
        text: the text.
        limit: the longest that a piece may be; `None` is no limit.
        unit: what the limit counts.
    """
    if limit is None:
        return [text]
    pieces: list[str] = []
    start = 0
    while (end := reach(text, start, limit, unit)) < len(text):
        blank = _blank_before(text, start, end)
        if blank is None:
            stop = after = _seam_before(text, start, end)
        else:
            stop, after = _run(text, start, blank)
        if stop > start:
            pieces.append(text[start:stop])
        start = after
    if start < len(text) or not pieces:
        pieces.append(text[start:])
    return pieces if any(pieces) or not text else [text[: reach(text, 0, limit, unit)]]


def _blank_before(text: str, start: int, end: int) -> int | None:
    """Return where to cut: the place of a blank up to and with `end`, if there is any."""
    line = text.rfind("\n", start + (end - start) // 2, end + 1)
    if line >= 0 and _is_blank(text, line):
        return line
    for at in range(end, start - 1, -1):
        if text[at] in _BLANKS and _is_blank(text, at):
            return at
    return None


def _run(text: str, start: int, blank: int) -> tuple[int, int]:
    """Return where a run of blanks begins, `start` or later, and where it is over."""
    after = blank + 1
    while blank > start and _is_blank(text, blank - 1):
        blank -= 1
    while after < len(text) and _is_blank(text, after):
        after += 1
    return blank, after


def _is_blank(text: str, at: int) -> bool:
    """Return whether a character is a blank, and no part of something that can be seen."""
    return (
        text[at] in _BLANKS
        and not (at + 1 < len(text) and extends(text[at + 1]))
        and not (at > 0 and prepended(text[at - 1]))
    )


def _seam_before(text: str, start: int, end: int) -> int:
    """Return the last place up to `end` that is inside no cluster, or `end` if there is none."""
    for at in range(end, start, -1):
        if not joined(text, at, start):
            return at
    return end
