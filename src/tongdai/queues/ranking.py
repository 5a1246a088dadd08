"""Who is how many places from the front.

Rule: ranks in order, in chunks of bounded length, so that adding, removing and counting what stands
before one of them cost about the square root of their number. It is built when somebody first asks
for a position and kept from then on, so a center whose customers never ask never pays for it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable

from tongdai.model.order import Rank

_LONGEST = 1024


class Ranking:
    """Ranks in order; no rank twice."""

    __slots__ = ("_chunks", "_firsts")

    def __init__(self, ranks: Iterable[Rank]) -> None:
        """Sort these ranks."""
        whole = sorted(ranks)
        half = _LONGEST // 2
        self._chunks = [whole[at : at + half] for at in range(0, len(whole), half)]
        self._firsts = [chunk[0] for chunk in self._chunks]

    def add(self, rank: Rank) -> None:
        """Put a rank in its place."""
        if not self._chunks:
            self._chunks.append([rank])
            self._firsts.append(rank)
            return
        at = self._chunk(rank)
        chunk = self._chunks[at]
        insort(chunk, rank)
        self._firsts[at] = chunk[0]
        if len(chunk) > _LONGEST:
            half = len(chunk) // 2
            self._chunks[at : at + 1] = [chunk[:half], chunk[half:]]
            self._firsts[at : at + 1] = [chunk[0], chunk[half]]

    def remove(self, rank: Rank) -> None:
        """Take a rank out."""
        at = self._chunk(rank)
        chunk = self._chunks[at]
        del chunk[bisect_left(chunk, rank)]
        if chunk:
            self._firsts[at] = chunk[0]
        else:
            del self._chunks[at], self._firsts[at]

    def before(self, rank: Rank) -> int:
        """Return how many ranks stand before this one."""
        if not self._chunks:
            return 0
        at = self._chunk(rank)
        return sum(map(len, self._chunks[:at])) + bisect_left(self._chunks[at], rank)

    def first(self) -> Rank | None:
        """Return the rank that goes first."""
        return self._firsts[0] if self._firsts else None

    def _chunk(self, rank: Rank) -> int:
        """Return the index of the last chunk that starts at or before a rank."""
        at = bisect_left(self._firsts, rank)
        if at < len(self._firsts) and self._firsts[at] == rank:
            return at
        return max(0, at - 1)
