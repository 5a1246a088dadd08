"""The machine's own clock.

Rule: the time that it tells never goes back, and never stands still. Where the machine's time is
set back, this one goes on at half its speed until the other has caught up.
"""

from __future__ import annotations

import time
from typing import Final

import anyio
import anyio.lowlevel

from tongdai.model.time import Instant

_LONGEST_NAP: Final = 60.0  # seconds, so that a machine whose time is changed is seen soon


class SystemClock:
    """A `Clock`: microseconds UTC, from the operating system."""

    def __init__(self) -> None:
        """Start at the present instant."""
        self._last = 0  # nanoseconds, as all here
        self._seen = time.monotonic_ns()

    def now(self) -> Instant:
        """Return the present instant."""
        seen = time.monotonic_ns()
        slowly = self._last + (seen - self._seen) // 2
        self._last = max(slowly, time.time_ns())
        self._seen = seen
        return self._last // 1_000

    async def sleep_until(self, moment: Instant) -> None:
        """Wait until an instant."""
        await anyio.lowlevel.checkpoint()
        while (left := moment - self.now()) > 0:  # noqa: ASYNC110 - it is time that we wait for
            await anyio.sleep(min(left / 1_000_000, _LONGEST_NAP))
