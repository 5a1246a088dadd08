"""What one contact costs the engine as the center grows.

A full cycle is: arrive, offer, accept, end, wrap-up. It is run through `Center.handle`, its events
made and thrown away, at several numbers of agents (each individually skilled, or of 500 profiles;
four in five at work), of contacts that wait, and of distinct requirements. CPU time, median of
several runs, taken in turn; figures are ratios to the smallest size, since an absolute time says
more about the machine than about the code. What was made before is frozen out of garbage
collection, as a program that has loaded its agents would do. Beside it, on the same contacts and
agents, a router that looks at everybody (see `linear`), which makes no events and knows no wrap-up.
"""

from __future__ import annotations

import gc
import itertools
import random
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import partial

import attrs

from tests.bench.linear import LinearRouter
from tongdai import (
    Accept,
    Agent,
    Arrive,
    Center,
    Contact,
    End,
    Mode,
    Plan,
    PutAgent,
    Queue,
    Step,
    hours,
    seconds,
)
from tongdai.center.events import AnyEvent, ContactOffered
from tongdai.model.mode import MODES

_SKILLS = [f"s{number}" for number in range(40)]
_LANGUAGES = ["vi", "en", "fr", "zh"]
_TALK = int(seconds(3))
_WRAP_UP = seconds(1)
_LOAD = 0.8  # share of the agents who are at work, whatever their number
_RUNS = 5


def skills_of(chance: random.Random) -> dict[str, int]:
    """Draw the skills of one agent: 12 of 40, and two languages."""
    skills = {skill: chance.randint(1, 5) for skill in chance.sample(_SKILLS, 12)}
    return skills | {language: chance.randint(1, 5) for language in chance.sample(_LANGUAGES, 2)}


def agent_of(number: int, chance: random.Random) -> Agent:
    """Draw an agent with skills of their own."""
    return Agent(f"a{number}", skills_of(chance))


class Load:
    """A center under steady load: so many agents at work, so many contacts waiting."""

    def __init__(  # noqa: PLR0913 - sizes
        self,
        *,
        agents: int = 1000,
        waiting: int = 0,
        requirements: int = 50,
        profiles: int | None = None,
        keep: list[AnyEvent] | None = None,
        seed: int = 1,
    ) -> None:
        """Sign in the agents, and let contacts wait whom nobody free can serve."""
        self._chance = chance = random.Random(seed)  # noqa: S311 - load, not secrets
        plans = self._plans(requirements)
        queues = [Queue(f"q{number}", plan, wrap_up=_WRAP_UP) for number, plan in enumerate(plans)]
        self._now = 0
        self._step = int((_TALK + _WRAP_UP) / (_LOAD * agents))
        self._queues = [queue.id for queue in queues]
        self._numbers = itertools.count()
        self._talks: deque[tuple[int, str]] = deque()
        self._keep = keep
        known = [skills_of(chance) for _ in range(profiles or 0)]
        staff = [
            Agent(f"a{number}", chance.choice(known)) if known else agent_of(number, chance)
            for number in range(agents)
        ]
        self._start(staff, queues)
        self._busy = waiting > 0
        while self._waiting() < waiting:
            self._arrive()

    def run(self, cycles: int) -> float:
        """Return the CPU seconds a cycle takes, over so many of them."""
        gc.collect()
        gc.freeze()
        start = time.process_time()
        for _ in range(cycles):
            self._arrive()
            while self._talks and self._talks[0][0] <= self._now:
                self._end()
            if self._busy:  # a contact comes for each that goes
                self._end()
        return (time.process_time() - start) / cycles

    def fresh(self) -> Center:
        """Return the center as it was before anything happened."""
        return self._center.fresh(self._center.state.queues.queues.values())

    def _start(self, agents: list[Agent], queues: list[Queue]) -> None:
        # Nobody is protected: a contact that waits longer would otherwise have more events.
        live = attrs.evolve(MODES[Mode.LIVE], protect=None)
        self._center = Center(queues, modes={Mode.LIVE: live})
        for agent in agents:
            self._answer(self._center.handle(PutAgent(agent, available=True), self._now).events)

    def _waiting(self) -> int:
        state = self._center.state
        return sum(state.queues.waiting(queue) for queue in self._queues)

    def _arrive(self) -> None:
        self._now += self._step
        contact = Contact(f"c{next(self._numbers)}", language=self._chance.choice(_LANGUAGES))
        self._enter(contact, self._chance.choice(self._queues))

    def _enter(self, contact: Contact, queue: str) -> None:
        self._answer(self._center.handle(Arrive(contact, queue), self._now).events)

    def _end(self) -> None:
        if self._talks:
            _, interaction = self._talks.popleft()
            self._free(interaction)

    def _free(self, interaction: str) -> None:
        self._answer(self._center.handle(End(interaction), self._now).events)

    def _answer(self, events: tuple[AnyEvent, ...]) -> None:
        if self._keep is not None:
            self._keep += events
        for event in events:
            if isinstance(event, ContactOffered):
                self._answer(self._center.handle(Accept(event.offer), self._now).events)
                self._talks.append((self._now + _TALK, event.offer))

    def _plans(self, requirements: int) -> list[Plan]:
        chance = self._chance
        return [
            Plan(
                f"{skill}>={level}",
                Step(hours(20), skill),
                Step(hours(60), ""),
            )
            for skill, level in itertools.islice(
                _pairs(chance), requirements // len(_LANGUAGES) or 1
            )
        ]


class LinearLoad(Load):
    """The same contacts and agents, on a router that looks at everybody."""

    def _start(self, agents: list[Agent], queues: list[Queue]) -> None:
        self._router = LinearRouter()
        self._wanted = {queue.id: queue.plan.steps[0].requires for queue in queues}
        for agent in agents:
            self._router.put(agent, self._now)

    def _waiting(self) -> int:
        return len(self._router.waiting)

    def _enter(self, contact: Contact, queue: str) -> None:
        if self._router.arrive(contact, self._wanted[queue] & contact.needs, self._now):
            self._talks.append((self._now + _TALK, contact.id))

    def _free(self, interaction: str) -> None:
        following = self._router.free(interaction, self._now)
        if following is not None:
            self._talks.append((self._now + _TALK, following))


def _pairs(chance: random.Random) -> Iterator[tuple[str, int]]:
    while True:
        yield chance.choice(_SKILLS), chance.randint(1, 4)


def growth(
    what: str,
    size: int,
    larger: Mapping[int, Callable[[], Load]],
    cycles: int,
    *,
    base: Callable[[], Load] = Load,
) -> Iterator[tuple[str, float]]:
    """Yield the cost of a cycle at other sizes / at this one, which `base` makes."""
    made = {0: base(), **{number: make() for number, make in larger.items()}}
    for load in made.values():
        load.run(cycles // 4)
    times: dict[int, list[float]] = {number: [] for number in made}
    for _ in range(_RUNS):
        for number, load in made.items():
            times[number].append(load.run(cycles))
    medians = {number: statistics.median(found) for number, found in times.items()}
    for number in larger:
        yield f"{what}, {number:,} / {size:,}", medians[number] / medians[0]


def beside(load: Load, linear: LinearLoad, cycles: int, few: int) -> float:
    """Return what looking at everybody costs / what this costs."""
    load.run(cycles // 4)
    linear.run(few)
    return statistics.median(linear.run(few) / load.run(cycles) for _ in range(3))


def ratios(*, small: bool = False, cycles: int = 4000) -> Iterator[tuple[str, float]]:
    """Yield every ratio with what it is about."""
    most = 10_000 if small else 1_000_000

    def sizes(*numbers: int) -> list[int]:
        return [number for number in numbers if number <= most]

    crowd = partial(Load, agents=100)
    others = sizes(100, 10_000, 100_000)
    for what, load in (
        ("agents, each on their own", Load),
        ("agents, 500 profiles", partial(Load, profiles=500)),
    ):
        sizes_of = {size: partial(load, agents=size) for size in others}
        yield from growth(what, 1000, sizes_of, cycles)
    larger = {size: partial(crowd, waiting=size) for size in sizes(10_000, 1_000_000)}
    yield from growth("waiting", 100, larger, cycles, base=partial(crowd, waiting=100))
    wanted = {size: partial(Load, requirements=size) for size in (500, 5000)}
    yield from growth("requirements", 50, wanted, cycles)
    if not small:
        many = partial(Load, requirements=500)
        large = {20_000: partial(many, agents=20_000)}
        yield from growth("agents under 500 requirements", 1000, large, cycles, base=many)
    for size in sizes(1000, 10_000, 100_000):
        few = max(20, cycles // (size // 25))
        ratio = beside(Load(agents=size), LinearLoad(agents=size), cycles, few)
        yield f"linear scan / this, {size:,} agents", ratio
    for size in sizes(100, 10_000, 1_000_000):
        few = 3 if size > 10_000 else 40
        loads = Load(agents=100, waiting=size), LinearLoad(agents=100, waiting=size)
        yield f"linear scan / this, {size:,} waiting", beside(*loads, cycles, few)
