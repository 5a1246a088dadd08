"""How fast something may go: what is sent over a channel, what somebody asks for.

Rule: in no span of time are there more than the rate allows for its length, plus the burst.
It is the generic cell rate algorithm (ITU-T I.371, annex A), which is a token bucket that keeps one
number: the instant at which the bucket would be full again.
"""

from __future__ import annotations

import math

import attrs

from tongdai.errors import ConfigurationError
from tongdai.model.mode import check_count
from tongdai.model.time import Instant

_SECOND = 1_000_000


@attrs.frozen
class Pace:
    """So many sends a second in the long run, and so many at once after a rest.

    Attributes:
        per_second: the rate; `0.5` is one every two seconds.
        burst: how many may go at once.
    """

    per_second: float
    burst: int = 1

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        rate = self.per_second
        good = isinstance(rate, (int, float)) and not isinstance(rate, bool)
        if not good or not math.isfinite(rate) or rate <= 0:
            raise ConfigurationError(
                f"Pace.per_second: {rate!r} is not a number above 0, such as 30 or 0.5"
            )
        check_count(self.burst, "Pace.burst", least=1)


class Bucket:
    """How much of a pace is used; it may be in debt, which is paid by waiting."""

    __slots__ = ("_ahead", "_between", "_full")

    def __init__(self, pace: Pace) -> None:
        """Start rested."""
        self._between = math.ceil(_SECOND / pace.per_second)
        self._ahead = (pace.burst - 1) * self._between
        self._full: Instant = 0

    def ready(self) -> Instant:
        """Return from when on the next may go."""
        return self._full - self._ahead

    def take(self, now: Instant) -> None:
        """Note that one goes: now, or when it is `ready`."""
        self._full = max(now, self._full) + self._between

    def rested(self, now: Instant) -> bool:
        """Return whether nobody can tell it from a new one."""
        return self._full <= now
