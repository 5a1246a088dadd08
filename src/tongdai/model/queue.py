"""A queue as a value: whom its contacts need, in which order they wait, how many, and how long.

Rule: a setting of `None` is inherited, the queue's from its mode's. Most specific wins: agent, then
queue, then mode.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Literal, TypeAlias, get_args

import attrs

from tongdai.errors import ConfigurationError, did_you_mean
from tongdai.model.ids import check_id
from tongdai.model.mode import check_count, check_flag
from tongdai.model.order import Order
from tongdai.model.plan import Plan
from tongdai.model.plan import plan as as_plan
from tongdai.model.requirement import Requirement
from tongdai.model.text import check_text
from tongdai.model.time import Duration, duration, seconds

Preference: TypeAlias = Literal["last agent", "language"]
"""What a queue's contacts prefer by their profile: who served the customer last, as long as the
plan's first step counts, or, if it has but one, if they are free at once; and agents who speak the
customer's language. What a contact requires itself always comes before."""
PREFERENCES: tuple[Preference, ...] = get_args(Preference)

JoinRule: TypeAlias = Literal["always", "signed_in", "staffed"]
"""Whether a contact may join: always; when an agent who could serve it is signed in (not offline);
or when one is available (busy with other contacts counts)."""


@attrs.frozen
class Closed:
    """A contact that cannot stay ends here; with a text, the customer is told it first."""

    text: str = ""

    def __attrs_post_init__(self) -> None:
        """Check the text.

        Raises:
            ConfigurationError: it is no text.
        """
        check_text(self.text, "Closed.text")


Elsewhere: TypeAlias = str | Closed
"""Where a contact goes that cannot stay: another queue by its id, or an end."""


@attrs.frozen(init=False)
class Queue:
    """Where contacts wait.

    Attributes:
        id: the queue's id.
        plan: what its contacts need, and how that relaxes.
        order: in which order they wait; `None` takes the mode's.
        limit: how many may wait or be on offer at once; decides on admission only.
        join: whether a contact may join while nobody could serve it.
        overflow: where a contact goes that may not join.
        patience: how long a contact may wait here.
        after_patience: where it goes then.
        short_abandon: customers who leave sooner than this are marked as short abandons.
        cost, offer, auto_accept, wrap_up: as in `ModeSettings`; `None` takes the mode's.
        strategy: name of the strategy that picks among agents who fit; `None` takes the center's.
        prefers: what its contacts prefer by their profile, such as `"last agent"`; nothing where
            the center has no `people`.
    """

    id: str
    plan: Plan
    order: Order | None = None
    limit: int | None = None
    join: JoinRule = "always"
    overflow: Elsewhere = Closed()
    patience: Duration | None = None
    after_patience: Elsewhere = Closed()
    short_abandon: Duration = seconds(5)
    cost: int | None = None
    offer: Duration | None = None
    auto_accept: bool | None = None
    wrap_up: Duration | None = None
    strategy: str | None = None
    prefers: tuple[Preference, ...] = ()

    def __init__(  # noqa: PLR0913 - every argument but two is a setting with a default
        self,
        id: str,
        plan: Plan | Requirement | str = "",
        *,
        order: Order | None = None,
        limit: int | None = None,
        join: JoinRule = "always",
        overflow: Elsewhere = Closed(),
        patience: Duration | timedelta | None = None,
        after_patience: Elsewhere = Closed(),
        short_abandon: Duration | timedelta = seconds(5),
        cost: int | None = None,
        offer: Duration | timedelta | None = None,
        auto_accept: bool | None = None,
        wrap_up: Duration | timedelta | None = None,
        strategy: str | None = None,
        prefers: Preference | Iterable[Preference] = (),
    ) -> None:
        """Build a queue.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        check_id(id, "Queue.id")
        if order is not None and not isinstance(order, Order):
            raise ConfigurationError(
                f"Queue.order: {order!r} is not an order; write Order.ageing(point=minutes(1))"
            )
        check_count(limit, "Queue.limit", least=0, inherits=True)
        check_count(cost, "Queue.cost", least=0, inherits=True)
        check_flag(auto_accept, "Queue.auto_accept", inherits=True)
        if strategy is not None and not isinstance(strategy, str):
            raise ConfigurationError(
                f"Queue.strategy: {strategy!r} is not a name; write 'best_skill', or give "
                "functions of your own a name with Center(strategies={name: function})"
            )
        if join not in ("always", "signed_in", "staffed"):
            raise ConfigurationError(
                f"Queue.join: {join!r} is not one of always, signed_in, staffed"
            )
        if not isinstance(prefers, Iterable):
            raise ConfigurationError(
                f"Queue.prefers: expected some of {', '.join(PREFERENCES)}; got {prefers!r}"
            )
        preferred = (prefers,) if isinstance(prefers, str) else tuple(prefers)
        for word in preferred:
            if word not in PREFERENCES:
                near = did_you_mean(word, PREFERENCES) if isinstance(word, str) else ""
                raise ConfigurationError(
                    f"Queue.prefers: {word!r} is not one of {', '.join(PREFERENCES)}.{near}"
                )
        for field, value in (("overflow", overflow), ("after_patience", after_patience)):
            if not isinstance(value, (str, Closed)):
                raise ConfigurationError(
                    f"Queue.{field}: {value!r} is neither a queue's id nor Closed() or Closed(text)"
                )
        self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            id,
            as_plan(plan, "Queue.plan"),
            order,
            limit,
            join,
            overflow,
            None if patience is None else duration(patience, "Queue.patience"),
            after_patience,
            duration(short_abandon, "Queue.short_abandon"),
            cost,
            None if offer is None else duration(offer, "Queue.offer"),
            auto_accept,
            None if wrap_up is None else duration(wrap_up, "Queue.wrap_up"),
            strategy,
            preferred,
        )


def check_routes(queues: dict[str, Queue]) -> None:
    """Raise unless every contact's way through overflows comes to an end.

    Raises:
        ConfigurationError: an overflow names an unknown queue, or leads back to where it came from;
            the cycle is printed.
    """
    ways = {
        queue.id: {
            field: to
            for field in ("overflow", "after_patience")
            if isinstance(to := getattr(queue, field), str)
        }
        for queue in queues.values()
    }
    for queue, targets in ways.items():
        for field, to in targets.items():
            if to not in queues:
                raise ConfigurationError(
                    f"Queue.{field}: queue {queue!r} leads to {to!r}, which is not a queue."
                    f"{did_you_mean(to, queues)}"
                )
    finished: set[str] = set()
    for first in queues:
        path: dict[str, None] = {}
        walk = [(first, False)]
        while walk:
            queue, left = walk.pop()
            if left:
                del path[queue]
                finished.add(queue)
            elif queue in path:
                way = list(path)
                cycle = " -> ".join([*way[way.index(queue) :], queue])
                raise ConfigurationError(
                    f"Queue.overflow: a contact could go round for ever: {cycle}"
                )
            elif queue not in finished:
                path[queue] = None
                walk.append((queue, True))
                walk += [(to, False) for to in ways[queue].values()]
