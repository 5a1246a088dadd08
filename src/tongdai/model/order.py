"""In which order contacts wait.

Rule: an order is a *static* sort key. What a contact's place depends on is known when it starts to
wait, so nothing is ever sorted again as time passes. Linear ageing allows this: when a point of
priority is worth P of waiting, contact A stands before B at every instant exactly if `since_A - P *
priority_A < since_B - P * priority_B`, for waiting adds the same to both sides.

Keys of different orders compare too, so an agent who serves several queues has one order over all
of them: strict priorities stand in bands around 0, and within a band everything is a time.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, TypeAlias

import attrs

from tongdai.errors import ConfigurationError
from tongdai.model.time import Duration, Instant, duration, hours, minutes

Rank: TypeAlias = tuple[int, int, Instant, str]
"""Band, time within the band, original enqueue time, contact id; least goes first."""

_MOST_POINTS = 1_000_000


def check_points(value: object, field: str) -> None:
    """Raise an error that names the field unless these are points of priority.

    Raises:
        ConfigurationError: no whole number, or more than a million (or less than minus a million).
    """
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > _MOST_POINTS:
        raise ConfigurationError(
            f"{field}: points are a whole number up to a million; got {value!r}"
        )


@attrs.frozen
class Order:
    """How contacts are ordered; made by `Order.ageing`, `Order.strict` or `Order.due`."""

    by: Literal["ageing", "strict", "due"] = "ageing"
    worth: Duration = minutes(1)

    def __attrs_post_init__(self) -> None:
        """Check the setting.

        Raises:
            ConfigurationError: an unknown kind, or a length of time without a unit.
        """
        if self.by not in ("ageing", "strict", "due"):
            raise ConfigurationError(
                f"Order.by: {self.by!r} is not an order; write Order.ageing(), .strict() or .due()"
            )
        object.__setattr__(self, "worth", duration(self.worth, "Order.worth"))

    @classmethod
    def ageing(cls, *, point: Duration | timedelta = minutes(1)) -> Order:
        """Longest waiting first, where one point of priority is worth `point` of waiting."""
        return cls("ageing", duration(point, "Order.ageing(point)"))

    @classmethod
    def strict(cls) -> Order:
        """Higher priority first whatever the waiting; within a priority, longest waiting first."""
        return cls("strict", Duration(0))

    @classmethod
    def due(cls, *, within: Duration | timedelta = hours(24)) -> Order:
        """Earliest due time first; a contact without one is due `within` of its arrival."""
        return cls("due", duration(within, "Order.due(within)"))

    def key(self, priority: int, since: Instant, due: Instant | None, contact: str = "") -> Rank:
        """Return the static sort key: least goes first, ties by original enqueue time, then id."""
        if self.by == "ageing":
            ahead = priority * int(self.worth) if priority else 0
            return (0, since - ahead, since, contact)
        if self.by == "strict":
            return (-priority, since, since, contact)
        return (0, due if due is not None else since + self.worth, since, contact)
