"""How messages are sent: how many at once, how fast, how often, and when to stop trying.

Rule: one value holds all of it, and its defaults suit a channel of which nothing is known.
"""

from __future__ import annotations

import attrs

from tongdai.errors import ConfigurationError
from tongdai.model.mode import check_count
from tongdai.model.time import Duration, duration, minutes, seconds
from tongdai.runtime.pace import Pace


@attrs.frozen(kw_only=True)
class Sending:
    """Settings of an outbox.

    Attributes:
        at_once: how many messages are under way at once, each to another address.
        tries: how often a message is tried; while the channel does not take our key, that does not
            count.
        least, most: the shortest and the longest wait between two tries, where the provider does
            not say how long. (It is believed up to an hour; what is negative or over a day counts
            as nothing said.)
        within: how long one try may take; after that it is unknown whether it was sent.
        pace: how fast; `None` is as fast as the provider takes it.
        failures: how many tries in a row fail before the channel is left alone.
        rest: for how long it is left alone.
    """

    at_once: int = 8
    tries: int = 5
    least: Duration = seconds(1)
    most: Duration = minutes(1)
    within: Duration = seconds(30)
    pace: Pace | None = None
    failures: int = 5
    rest: Duration = seconds(30)

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        for name in ("at_once", "tries", "failures"):
            check_count(getattr(self, name), f"Sending.{name}", least=1)
        for name in ("least", "most", "within", "rest"):
            value = duration(getattr(self, name), f"Sending.{name}")
            if not value:
                raise ConfigurationError(f"Sending.{name}: 0 is too short; write seconds(1)")
            object.__setattr__(self, name, value)
        if self.most < self.least:
            raise ConfigurationError(
                f"Sending.most: {self.most} is shorter than Sending.least, {self.least}"
            )
        if self.pace is not None and not isinstance(self.pace, Pace):
            raise ConfigurationError(f"Sending.pace: {self.pace!r} is not a Pace(per_second)")
