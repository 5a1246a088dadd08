"""A clock that stands still until it is moved.

Rule: time passes in `advance` and `run` only, and who sleeps wakes in the order of their instants.
"""

from __future__ import annotations

import heapq

import anyio
import anyio.lowlevel

from tongdai.errors import IllegalInput
from tongdai.model.time import Duration, Instant, checked, duration

_TURNS = 20  # given to tasks before it is looked whether all of them wait


class ManualClock:
    """A `tongdai.runtime.Clock` for tests."""

    def __init__(self, start: Instant = 0) -> None:
        """Stand still at an instant."""
        self._now = checked(start, "ManualClock.start")
        self._count = 0
        self._sleepers: list[tuple[Instant, int, anyio.Event]] = []

    def now(self) -> Instant:
        """Return the instant."""
        return self._now

    async def sleep_until(self, moment: Instant) -> None:
        """Wait until the clock has been moved to an instant, or beyond."""
        await anyio.lowlevel.checkpoint()
        if moment <= self._now:
            return
        self._count += 1
        sleeper = (moment, self._count, anyio.Event())
        heapq.heappush(self._sleepers, sleeper)
        try:
            await sleeper[2].wait()
        finally:
            if sleeper in self._sleepers:
                self._sleepers.remove(sleeper)
                heapq.heapify(self._sleepers)

    async def sleep(self, time: Duration) -> None:
        """Wait for so long, by this clock."""
        await self.sleep_until(self._now + int(duration(time, "sleep")))

    def advance(self, time: Duration) -> None:
        """Move on at once, and wake whoever sleeps until then.

        Raises:
            ConfigurationError: the time is no duration, or negative.
        """
        self.advance_to(self._now + int(duration(time, "advance")))

    def advance_to(self, moment: Instant) -> None:
        """Move to an instant at once, and wake whoever sleeps until then.

        Raises:
            IllegalInput: it is over already.
        """
        if checked(moment, "advance_to") < self._now:
            raise IllegalInput(f"advance_to: {moment} is before {self._now}; time does not go back")
        self._now = moment
        while self._sleepers and self._sleepers[0][0] <= moment:
            heapq.heappop(self._sleepers)[2].set()

    async def run(self) -> None:
        """Move to the next sleeper's instant whenever every task waits, until cancelled.

        So a program that sleeps by this clock alone runs as fast as it can. Tasks that wait for a
        thread or a socket count as waiting.
        """
        while True:
            for _ in range(_TURNS):
                await anyio.lowlevel.checkpoint()
            await anyio.wait_all_tasks_blocked()
            if self._sleepers:
                self.advance_to(self._sleepers[0][0])
            else:
                await anyio.sleep(0.01)  # something outside is to come
