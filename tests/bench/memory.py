"""What a center keeps, in bytes: for each waiting contact, each agent, each event and open offer.

Measured by tracemalloc, as the growth from one size to a larger one, so that what is there once
does not count.
"""

from __future__ import annotations

import gc
import random
import tracemalloc
from collections.abc import Callable

from tests.bench.cycle import Load, agent_of
from tongdai import Arrive, Center, Contact, Plan, PutAgent, Queue, Step, seconds
from tongdai.center.events import AnyEvent

_FEW, _MANY = 2_000, 12_000


def _growth(make: Callable[[int], object]) -> float:
    """Return the bytes that each further one takes."""
    sizes: list[int] = []
    for count in (_FEW, _MANY):
        gc.collect()
        tracemalloc.start()
        kept = make(count)
        gc.collect()
        sizes.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.stop()
        del kept
    return (sizes[1] - sizes[0]) / (_MANY - _FEW)


def _waiting(count: int) -> Center:
    center = Center([Queue("q", Plan("vi>=4", Step(seconds(60), "vi")))])
    for number in range(count):
        center.handle(Arrive(Contact(f"c{number}", language="vi"), "q"), number)
    return center


def _agents(count: int) -> Center:
    chance = random.Random(1)  # noqa: S311 - load, not secrets
    center = Center([Queue("q")])
    for number in range(count):
        center.handle(PutAgent(agent_of(number, chance), available=True), number)
    return center


def _kept(count: int) -> list[AnyEvent]:
    events: list[AnyEvent] = []
    Load(agents=100, keep=events).run(count)
    return events[:count]


def sizes() -> dict[str, float]:
    """Return bytes by what takes them."""
    return {
        "a waiting contact, its value included": _growth(_waiting),
        "an agent with 14 skills, their value included": _growth(_agents),
        "an event that is kept, mean of a cycle": _growth(_kept),
    }


if __name__ == "__main__":
    for name, size in sizes().items():
        print(f"{name:50} {size:8,.0f} bytes")
