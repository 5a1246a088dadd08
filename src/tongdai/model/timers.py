"""Deadlines, in the order in which they fall due.

Rule: a timer is never cancelled. It dies when the state says so (a predicate that the owner gives),
and dead timers are stepped over, and swept out once they may be the larger part. A dead timer must
stay dead: if it could count again, whether it is still there would depend on who has asked
meanwhile. Timers of equal length expire first in, first out, so one deque per length keeps them in
order at O(1); the rare one that would come out of order waits in a heap. The earliest deadline is
cached as a lower bound, so asking whether anything is due costs one comparison. Dead timers are
swept out once as many were started as were left alive by the last sweep.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from sys import maxsize
from typing import Generic, TypeVar

from tongdai.model.time import Instant

Item = TypeVar("Item")

_SWEEP_FROM = 1024  # fewer are not worth sweeping
_MOST_LINES = 64  # lengths with a deque of their own, so that asking stays cheap; others are odd


class Timers(Generic[Item]):
    """Deadlines with an item each."""

    __slots__ = ("_alive", "_counter", "_lines", "_odd", "_sweep_at", "bound")

    def __init__(self, alive: Callable[[Item], bool]) -> None:
        """Start empty; `alive(item)` tells whether a timer still counts."""
        self._alive = alive
        self._counter = 0
        self._lines: dict[int, deque[tuple[Instant, int, Item]]] = {}
        self._odd: list[tuple[Instant, int, Item]] = []
        self._sweep_at = _SWEEP_FROM
        self.bound: Instant = maxsize
        """No live timer is due before this instant."""

    def start(self, now: Instant, deadline: Instant, item: Item) -> None:
        """Let a timer fall due at an instant; timers due together fire in the order of starting."""
        self._counter = counter = self._counter + 1
        if counter > self._sweep_at:
            self._sweep()
        entry = (deadline, counter, item)
        if deadline < self.bound:
            self.bound = deadline
        line = self._lines.get(deadline - now)
        if line is not None and deadline >= line[-1][0]:
            line.append(entry)
        elif line is None and len(self._lines) < _MOST_LINES:
            self._lines[deadline - now] = deque((entry,))
        else:
            heapq.heappush(self._odd, entry)

    def _sweep(self) -> None:
        alive = self._alive
        swept = {
            length: deque([entry for entry in line if alive(entry[2])])
            for length, line in self._lines.items()
        }
        # (lengths that never come again would pile up)
        self._lines = {length: line for length, line in swept.items() if line}
        self._odd = [entry for entry in self._odd if alive(entry[2])]
        heapq.heapify(self._odd)
        self._sweep_at = self._counter + max(_SWEEP_FROM, len(self))

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
        for length in empty:  # (a line that is kept is never empty)
            del self._lines[length]
        self.bound = best[0] if best else maxsize
        return best
