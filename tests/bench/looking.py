"""What looking costs: explain, position, estimate, replay and snapshot, at two sizes each.

The ratio is the cost at the larger size to the cost at the smaller one. Explaining asks pools
(agents of equal skills), and agents where nothing is lacking; replay and snapshot are linear, and
what is given for them is the cost of one event, and of one contact.
"""

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable, Iterator

from tests.bench.cycle import Load, agent_of, skills_of
from tongdai import Agent, Arrive, Center, Contact, Plan, PutAgent, Queue, Step, seconds
from tongdai.center.events import AnyEvent

_PROFILES = 500
_QUEUE = Queue("q", Plan("s1>=5 and s2>=5", Step(seconds(60), "s1>=4"), Step(seconds(120), "s1")))


def _cost(look: Callable[[], object], times: int = 3) -> float:
    look()
    gc.collect()
    found: list[float] = []
    for _ in range(times):
        start = time.process_time()
        look()
        found.append(time.process_time() - start)
    return statistics.median(found)


def _staffed(agents: int, *, profiles: int | None) -> Center:
    chance = random.Random(1)  # noqa: S311 - load, not secrets
    known = [skills_of(chance) for _ in range(profiles or 0)]
    center = Center([_QUEUE])
    for number in range(agents):
        agent = Agent(f"a{number}", chance.choice(known)) if known else agent_of(number, chance)
        center.handle(PutAgent(agent, available=number % 3 > 0), 0)
    center.handle(Arrive(Contact("c", language="vi", requires="nobody"), "q"), 1)
    return center


def _crowded(waiting: int) -> Center:
    center = Center([Queue("q")])
    for number in range(waiting):
        center.handle(Arrive(Contact(f"c{number}", priority=number % 7), "q"), number)
    center.position("c0")  # (the first call for a queue sorts it)
    return center


def _lived(contacts: int) -> tuple[Load, list[AnyEvent]]:
    kept: list[AnyEvent] = []
    load = Load(agents=200, keep=kept)
    load.run(contacts)
    return load, kept


def _replayed(load: Load, events: list[AnyEvent]) -> float:
    """Return the cost of an event."""
    gc.collect()
    center = load.fresh()
    start = time.process_time()
    for event in events:
        center.apply(event)
    return (time.process_time() - start) / len(events)


def ratios(*, small: bool = False) -> Iterator[tuple[str, float]]:
    """Yield what is done, and cost at the larger size / cost at the smaller size."""
    most = 10_000 if small else 100_000
    gc.disable()  # (it would walk over agents and contacts, whatever is looked at)
    try:
        for measure in (_explaining, _waiting, _replaying):
            yield from measure(most).items()
    finally:
        gc.enable()


def _explaining(most: int) -> dict[str, float]:
    few, many = _staffed(1000, profiles=_PROFILES), _staffed(most, profiles=_PROFILES)
    each = _staffed(most, profiles=None)
    pooled = _cost(lambda: many.explain("c"))
    return {
        f"explain, {_PROFILES} profiles, {most:,} agents / 1,000": pooled
        / _cost(lambda: few.explain("c")),
        f"explain, {most:,} agents, each on their own / {_PROFILES} profiles": _cost(
            lambda: each.explain("c")
        )
        / pooled,
    }


def _waiting(most: int) -> dict[str, float]:
    few, many = _crowded(1000), _crowded(most)
    return {
        f"position, {most:,} waiting / 1,000": _cost(lambda: _positions(many))
        / _cost(lambda: _positions(few)),
        f"estimate, {most:,} waiting / 1,000": _cost(lambda: _estimates(many))
        / _cost(lambda: _estimates(few)),
        f"snapshot, a contact of {most:,} / of 1,000": _cost(many.snapshot)
        / most
        / (_cost(few.snapshot) / 1000),
    }


def _replaying(most: int) -> dict[str, float]:
    short, long = _lived(most // 40), _lived(most * 2)
    base = statistics.median(_replayed(*short) for _ in range(5))
    return {
        f"replay, an event of {most * 2:,} contacts / of {most // 40:,}": _replayed(*long) / base
    }


def _positions(center: Center) -> None:
    for number in range(0, 1000, 7):
        center.position(f"c{number}")


def _estimates(center: Center) -> None:
    for number in range(0, 1000, 7):
        center.estimate(f"c{number}")


if __name__ == "__main__":
    for name, ratio in ratios():
        print(f"{name:60} {ratio:8.2f}")
