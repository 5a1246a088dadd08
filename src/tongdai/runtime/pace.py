"""How fast a channel may be sent over.

Rule: in no span of time are there more sends than the rate allows for its length, plus the burst.
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
    """How much of a pace is used."""

    def __init__(self, pace: Pace) -> None:
        """Start rested."""
        self._between = math.ceil(_SECOND / pace.per_second)
        self._ahead = (pace.burst - 1) * self._between
        self._full: Instant | None = None

    def ready(self) -> Instant:
        """Return from when on the next send may go."""
        return 0 if self._full is None else self._full - self._ahead

    def take(self, now: Instant) -> None:
        """Note that one goes now, which is not before `ready`."""
        full = now if self._full is None else max(now, self._full)
        self._full = full + self._between
