"""What one contact costs the engine as the center grows: `nox -s bench`.

A full cycle is: arrive, offer, accept, end, wrap-up. It is run through `Center.handle`, its events
made and thrown away, at several numbers of agents (each individually skilled, four in five at
work), of contacts that wait, and of distinct requirements. CPU time, median of several runs, taken
in turn; the table gives ratios to the first column, since an absolute time says more about the
machine than about the code. What was made before is frozen out of garbage collection, as a program
that has loaded its agents would do. Beside it, on the same contacts and agents, a router that looks
at everybody (see `linear`), which makes no events and knows no wrap-up.
"""

from __future__ import annotations

import argparse
import gc
import itertools
import random
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator

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
from tongdai.center.events import ContactOffered
from tongdai.model.mode import MODES

_SKILLS = [f"s{number}" for number in range(40)]
_LANGUAGES = ["vi", "en", "fr", "zh"]
_TALK = int(seconds(3))
_WRAP_UP = seconds(1)
_LOAD = 0.8  # share of the agents who are at work, whatever their number


class Load:
    """A center under steady load: so many agents at work, so many contacts waiting."""

    def __init__(self, *, agents: int, waiting: int, requirements: int, seed: int = 1) -> None:
        """Sign in the agents, and let contacts wait whom nobody free can serve."""
        self._chance = random.Random(seed)  # noqa: S311 - load, not secrets
        plans = self._plans(requirements)
        queues = [Queue(f"q{number}", plan, wrap_up=_WRAP_UP) for number, plan in enumerate(plans)]
        self._now = 0
        self._step = int((_TALK + _WRAP_UP) / (_LOAD * agents))
        self._queues = [queue.id for queue in queues]
        self._numbers = itertools.count()
        self._talks: deque[tuple[int, str]] = deque()
        self._start([self._agent(number) for number in range(agents)], queues)
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

    def _start(self, agents: list[Agent], queues: list[Queue]) -> None:
        # Nobody is protected: a contact that waits longer would otherwise have more events.
        live = attrs.evolve(MODES[Mode.LIVE], protect=None)
        self._center = Center(queues, modes={Mode.LIVE: live})
        for agent in agents:
            self._center.handle(PutAgent(agent, available=True), self._now)

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

    def _answer(self, events: tuple[object, ...]) -> None:
        for event in events:
            if isinstance(event, ContactOffered):
                self._center.handle(Accept(event.offer), self._now)
                self._talks.append((self._now + _TALK, event.offer))

    def _agent(self, number: int) -> Agent:
        chance = self._chance
        skills = {skill: chance.randint(1, 5) for skill in chance.sample(_SKILLS, 12)}
        skills |= {language: chance.randint(1, 5) for language in chance.sample(_LANGUAGES, 2)}
        return Agent(f"a{number}", skills)

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


def _ratios(title: str, loads: dict[str, Callable[[], Load]], cycles: int, runs: int) -> None:
    made = {name: make() for name, make in loads.items()}
    for load in made.values():
        load.run(cycles // 4)
    times: dict[str, list[float]] = {name: [] for name in made}
    for _ in range(runs):
        for name, load in made.items():
            times[name].append(load.run(cycles))
    medians = {name: statistics.median(found) for name, found in times.items()}
    first = next(iter(medians.values()))
    print(f"{title:14}" + "".join(f"{name:>12}" for name in medians))
    print(f"{'ratio':14}" + "".join(f"{median / first:12.2f}" for median in medians.values()))
    print(f"{'us a cycle':14}" + "".join(f"{median * 1e6:12.1f}" for median in medians.values()))
    print(flush=True)


def _beside(title: str, pairs: dict[str, tuple[Load, LinearLoad]], cycles: int) -> None:
    found: dict[str, float] = {}
    for name, (load, linear) in pairs.items():
        few = max(20, cycles // 100)  # a scan of everybody takes its time
        load.run(cycles // 4)
        linear.run(few)
        found[name] = statistics.median(linear.run(few) / load.run(cycles) for _ in range(3))
    print(f"{title:14}" + "".join(f"{name:>12}" for name in found))
    print(f"{'linear / this':14}" + "".join(f"{ratio:12.1f}" for ratio in found.values()))
    print(flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="What one contact costs the engine")
    parser.add_argument("--cycles", type=int, default=4000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="leave out the largest sizes")
    given = parser.parse_args()
    most = 10_000 if given.small else 1_000_000

    def load(agents: int = 1000, waiting: int = 0, requirements: int = 50) -> Callable[[], Load]:
        return lambda: Load(agents=agents, waiting=waiting, requirements=requirements)

    def both(agents: int, waiting: int = 0) -> tuple[Load, LinearLoad]:
        return (
            Load(agents=agents, waiting=waiting, requirements=50),
            LinearLoad(agents=agents, waiting=waiting, requirements=50),
        )

    def row(title: str, loads: dict[str, Callable[[], Load]]) -> None:
        _ratios(title, loads, given.cycles, given.runs)

    sizes = [100, 1000, 10_000, 100_000]
    row("agents", {f"{size:,}": load(agents=size) for size in sizes if size <= most})
    sizes = [100, 10_000, 1_000_000]
    row("waiting", {f"{size:,}": load(agents=100, waiting=size) for size in sizes if size <= most})
    sizes = [50, 500, 5000]
    row("requirements", {f"{size:,}": load(requirements=size) for size in sizes})
    sizes = [1000, 10_000, 100_000]
    _beside("agents", {f"{size:,}": both(size) for size in sizes if size <= most}, given.cycles)
    sizes = [100, 10_000]
    _beside("waiting", {f"{size:,}": both(100, size) for size in sizes}, given.cycles)


if __name__ == "__main__":
    main()
