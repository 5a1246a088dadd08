"""Deadlines, in the order in which they fall due.

Rule: a timer is never cancelled. It dies when the state says so (a predicate that the owner gives),
and dead timers are stepped over, and swept out once they may be the larger part. A dead timer must
stay dead: if it could count again, whether it is still there would depend on who has asked
meanwhile. Timers of equal length expire first in, first out, so one deque per length keeps them in
order at O(1); the rare one that would come out of order waits in a heap. The earliest deadline is
cached as a lower bound, so asking whether anything is due costs one comparison.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from sys import maxsize
from typing import Generic, TypeVar

from tongdai.model.time import Instant

Item = TypeVar("Item")

_SWEEP_FROM = 1024  # shorter lines are not worth sweeping
_MOST_LINES = 64  # lengths with a deque of their own, so that asking stays cheap; others are odd


class Timers(Generic[Item]):
    """Deadlines with an item each."""

    __slots__ = ("_alive", "_counter", "_limits", "_lines", "_odd", "bound")

    def __init__(self, alive: Callable[[Item], bool]) -> None:
        """Start empty; `alive(item)` tells whether a timer still counts."""
        self._alive = alive
        self._counter = 0
        self._lines: dict[int, deque[tuple[Instant, int, Item]]] = {}
        self._odd: list[tuple[Instant, int, Item]] = []
        self._limits: dict[int | None, int] = {}  # longer than this, a line is swept; None: `_odd`
        self.bound: Instant = maxsize
        """No live timer is due before this instant."""

    def start(self, now: Instant, deadline: Instant, item: Item) -> None:
        """Let a timer fall due at an instant; timers due together fire in the order of starting."""
        self._counter += 1
        entry = (deadline, self._counter, item)
        length = deadline - now
        line = self._lines.get(length)
        if line is None and len(self._lines) < _MOST_LINES:
            line = self._lines[length] = deque()
        if line is None or (line and deadline < line[-1][0]):
            heapq.heappush(self._odd, entry)
            if len(self._odd) > self._limits.get(None, _SWEEP_FROM):
                self._odd = [old for old in self._odd if self._alive(old[2])]
                heapq.heapify(self._odd)
                self._limits[None] = max(_SWEEP_FROM, 2 * len(self._odd))
        else:
            line.append(entry)
            if len(line) > self._limits.get(length, _SWEEP_FROM):
                line = self._lines[length] = deque(old for old in line if self._alive(old[2]))
                self._limits[length] = max(_SWEEP_FROM, 2 * len(line))
        self.bound = min(self.bound, deadline)

    def __len__(self) -> int:
        """Count the timers that are kept, with dead ones that are still to be swept out."""
        return sum(map(len, self._lines.values())) + len(self._odd)

    def due(self, now: Instant) -> tuple[Instant, Item] | None:
        """Return the earliest live timer due by `now`; it stays until the state lets it die."""
        if now < self.bound:
            return None
        first = self._first()
        if first is None or first[0] > now:
            return None
        return first[0], first[2]

    def next(self) -> Instant | None:
        """Return when the earliest live timer falls due, or `None`."""
        first = self._first()
        return None if first is None else first[0]

    def _first(self) -> tuple[Instant, int, Item] | None:
        alive = self._alive
        best: tuple[Instant, int, Item] | None = None
        empty: list[int] = []
        for length, line in self._lines.items():
            while line and not alive(line[0][2]):
                line.popleft()
            if not line:
                empty.append(length)
            elif best is None or line[0] < best:
                best = line[0]
        odd = self._odd
        while odd and not alive(odd[0][2]):
            heapq.heappop(odd)
        if odd and (best is None or odd[0] < best):
            best = odd[0]
        for length in empty:  # else lengths that never come again would pile up
            del self._lines[length]
            self._limits.pop(length, None)
        self.bound = best[0] if best else maxsize
        return best
