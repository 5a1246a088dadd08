"""Live through a day of a very large center on the real engine, and say what it cost.

    python big_day.py [--contacts 50000] [--agents N] [--hours 0-24] [--no-metrics] [--seed 1]

The whole day is `--contacts 10_000_000`, which takes 20,000 agents. By default it is a two
hundredth of that: agents follow the contacts, one for each 500, at least 100 (`--agents` says
otherwise). `--hours 10-11` lives through a part of the day only. Whatever its size, there are 200
queues in all four modes of channels, 500 requirements in what arrives, and plans that relax them;
every agent has skills of their own, a shift and pauses, and misses or declines an offer now and
then; customers give up; agents wrap up. People who take 500 contacts a day are quick: a call lasts
35 seconds on average.

Visits are drawn as they come, and events are folded into figures as they come (`--metrics`) or
thrown away (`--no-metrics`), so memory holds the agents and what is open, not the day. What was
made before the first contact is frozen out of garbage collection (`gc.freeze`), as a program that
has loaded its agents would do; without it the collector walks over them again and again.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import Any

from tongdai import (
    Agent,
    Center,
    Contact,
    Decision,
    Instant,
    Metrics,
    Mode,
    Plan,
    PutAgent,
    Queue,
    Requirement,
    Step,
    hours,
    minutes,
    seconds,
)
from tongdai.center import (
    Demand,
    Distribution,
    Exponential,
    Forecast,
    Lognormal,
    Pause,
    Shift,
    Visit,
    generate,
    simulate,
)
from tongdai.center.inputs import Input
from tongdai.metrics import Row

WHOLE_DAY = 10_000_000
QUEUES = 200
SKILLS = [f"skill{number}" for number in range(QUEUES // 2)]
LANGUAGES = ["vi", "en", "fr", "zh"]
EACH = 500  # contacts for each agent, unless said otherwise
SHIFT = 8  # hours
# How busy the hours of the day are, beside each other.
BUSY = [1, 1, 1, 1, 1, 1, 2, 4, 7, 8, 8, 8, 7, 7, 7, 8, 7, 6, 5, 4, 3, 2, 2, 1]
# Half of the queues are for calls, a fifth each for chat and for messages, the rest for mail.
MODES = [Mode.LIVE] * 5 + [Mode.INTERACTIVE] * 2 + [Mode.MESSAGING] * 2 + [Mode.DEFERRED]
TALK: dict[Mode, Distribution] = {
    Mode.LIVE: Lognormal(seconds(35), seconds(28)),
    Mode.INTERACTIVE: Lognormal(seconds(80), seconds(60)),
    Mode.MESSAGING: Lognormal(seconds(80), seconds(60)),
    Mode.DEFERRED: Exponential(seconds(150)),
}
PATIENCE: dict[Mode, Distribution] = {
    Mode.LIVE: Exponential(minutes(2)),
    Mode.INTERACTIVE: Exponential(minutes(4)),
}
WRAP_UP = Exponential(seconds(4))
WITHIN = seconds(20)


class Watch:
    """The CPU time of calls, measured at one in so many, so that measuring costs little."""

    def __init__(self, every: int) -> None:
        """Start at nothing."""
        self._every = every
        self._calls = self._timed = 0
        self._seconds = 0.0

    def __call__(self, function: Callable[..., Any], *arguments: object) -> Any:  # noqa: ANN401
        """Call a function; time it if it is its turn."""
        self._calls += 1
        if self._calls % self._every:
            return function(*arguments)
        start = time.process_time()
        try:
            return function(*arguments)
        finally:
            self._seconds += time.process_time() - start
            self._timed += 1

    @property
    def total(self) -> float:
        """The CPU seconds of all calls."""
        return self._seconds * self._calls / max(1, self._timed)


class Watched(Center):
    """A center that knows what its decisions cost."""

    def __init__(self, queues: Sequence[Queue]) -> None:
        """Start with these queues."""
        super().__init__(queues)
        self.watch = Watch(7)  # (not each: asking for the time would be a good part of the cost)

    def handle(self, input: Input, now: Instant) -> Decision:
        """Decide."""
        decision: Decision = self.watch(super().handle, input, now)
        return decision

    def next_deadline(self) -> Instant | None:
        """Say when to call again."""
        found: Instant | None = self.watch(super().next_deadline)
        return found


def mode_of(number: int) -> Mode:
    """Return the mode of a queue."""
    return MODES[number % len(MODES)]


def skill_of(number: int) -> tuple[str, int]:
    """Return the skill that a queue asks for, and its level."""
    return SKILLS[number % len(SKILLS)], 2 + number // len(SKILLS)


def queues() -> list[Queue]:
    """Return the queues, each with a requirement of its own that relaxes twice."""
    found: list[Queue] = []
    for number in range(QUEUES):
        skill, level = skill_of(number)
        plan = Plan(
            Requirement({skill: level}),
            Step(seconds(20), Requirement({skill: 1})),
            Step(seconds(60), Requirement()),
        )
        found.append(Queue(f"q{number}", plan, wrap_up=seconds(10)))
    return found


def demands(contacts: int, first: int, last: int) -> list[Demand]:
    """Return who comes in these hours of a day of so many contacts: 500 kinds of customers."""
    kinds = [
        (number, LANGUAGES[(number + place) % len(LANGUAGES)])
        for number in range(QUEUES)
        for place in range(2 + number % 2)
    ]
    return [
        Demand(
            f"q{number}-{language}",
            f"q{number}",
            Forecast(
                int(hours(first)),
                hours(1),
                [contacts * busy / sum(BUSY) / len(kinds) for busy in BUSY[first:last]],
            ),
            talk=TALK[mode_of(number)],
            patience=PATIENCE.get(mode_of(number)),
            wrap_up=WRAP_UP,
            contact=partial(contact, mode_of(number), language),
        )
        for number, language in kinds
    ]


def contact(mode: Mode, language: str, id: str, at: Instant) -> Contact:
    """Return a contact; what is deferred is due in an hour."""
    due = at + hours(1) if mode is Mode.DEFERRED else None
    return Contact(id, mode=mode, language=language, due=due)


def shifts(agents: int, chance: Random) -> list[Shift]:
    """Return one shift for each agent, begun when more are needed than are there."""
    starts: list[int] = []
    for hour, busy in enumerate(BUSY):
        on_duty = sum(starts[max(0, hour - SHIFT + 1) : hour])
        starts.append(max(0, busy - on_duty))
    chosen = chance.choices(range(len(BUSY)), weights=starts, k=agents)
    return [shift(f"a{number}", hour, chance) for number, hour in enumerate(sorted(chosen))]


def shift(name: str, hour: int, chance: Random) -> Shift:
    """Return an agent's shift from an hour on, and the agent with skills of their own."""
    skills = {skill: chance.randint(1, 5) for skill in chance.sample(SKILLS, 12)}
    skills |= {language: chance.randint(1, 5) for language in chance.sample(LANGUAGES, 2)}
    start = hours(hour)
    pauses = [
        Pause(start + minutes(chance.randint(60, 150)), minutes(15)),
        Pause(start + minutes(chance.randint(180, 270)), minutes(30)),
        Pause(start + minutes(chance.randint(330, 420)), minutes(15)),
    ]
    return Shift(
        Agent(name, skills),
        start,
        start + hours(SHIFT),
        pauses=pauses,
        answers_after=seconds(chance.randint(1, 4)),
        misses=0.01,
        back_after=seconds(30),
        declines=0.02,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit status."""
    asked = ask(arguments)
    chance = Random(asked.seed)  # noqa: S311 - a simulation, not a secret
    first, last = asked.hours
    began = time.process_time()
    center = Watched(queues())
    staff = shifts(asked.agents, chance)
    for one in staff:
        center.handle(PutAgent(one.agent), 0)
    gc.collect()
    gc.freeze()
    print(
        f"{asked.contacts:,} contacts a day, {first}:00 to {last}:00; {len(staff):,} agents, "
        f"{QUEUES} queues; loaded in {time.process_time() - began:.1f} s of CPU, {memory()}",
        flush=True,
    )

    center.watch, drawing, folding = Watch(7), Watch(101), Watch(101)
    metrics = Metrics(every=hours(1), agents=False)
    kinds: Counter[str] = Counter()
    started, clock = time.process_time(), time.perf_counter()
    happened = simulate(
        center,
        watched(generate(demands(asked.contacts, first, last), seed=asked.seed), drawing),
        [one for one in staff if one.start < hours(last) and one.end > hours(first)],
        seed=asked.seed,
        progress=None if asked.quiet else partial(told, max(1, asked.contacts // 10)),
    )
    for event in happened:
        kinds[type(event).__name__] += 1
        if asked.metrics:
            folding(metrics.apply, event)
    spent, passed = time.process_time() - started, time.perf_counter() - clock

    arrived = kinds["ContactQueued"] + kinds["ContactRefused"]
    if asked.metrics:
        report(metrics)
    events = sum(kinds.values())
    print(f"\n{arrived:,} contacts, {events:,} events ({events / max(1, arrived):.1f} a contact):")
    print(", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common()))
    print(
        f"\n{passed:.1f} s, {arrived / passed:,.0f} contacts a second, a day in "
        f"{passed / (hours(last - first) / seconds(1)):.2%} of its time; {memory()}"
    )
    parts = {"deciding (engine)": center.watch.total, "drawing visits": drawing.total}
    if asked.metrics:
        parts["folding figures"] = folding.total
    parts["the rest (agenda, counting)"] = spent - sum(parts.values())
    parts["in all"] = spent
    print("CPU time (drawing and folding measured at one call in a hundred):")
    for part, cpu in parts.items():
        print(f"  {part:28} {cpu:8.1f} s {cpu / max(1, arrived) * 1e6:8.1f} us a contact")
    return 0


def watched(visits: Iterator[Visit], watch: Watch) -> Iterator[Visit]:
    """Yield the visits, and measure what it takes to draw them."""
    while (visit := watch(next, visits, None)) is not None:
        yield visit


def told(every: int, arrivals: int) -> None:
    """Say now and then how far it is."""
    if not arrivals % every:
        print(f"  {arrivals:,} contacts came", file=sys.stderr, flush=True)


def report(metrics: Metrics) -> None:
    """Print the figures of each hour: all contacts, and how calls were served."""
    live = {f"q{number}" for number in range(QUEUES) if mode_of(number) is Mode.LIVE}
    print(
        f"\n{'hour':>5} {'contacts':>10} {'calls':>10} {'in 20 s':>8} {'abandoned':>10} {'asa':>8}"
    )
    calls: dict[Instant, Row] = {}
    for row in metrics.rows(by=["queue"]):
        if row.queue in live:
            calls.setdefault(row.start, Row(start=row.start)).add(row)
    for every in metrics.rows():
        if every.start not in calls:
            continue
        row = calls[every.start]
        level = row.service_level(within=WITHIN, short=seconds(0), abandoned="bad")
        left, asa = row.abandonment_rate, row.asa
        print(
            f"{every.start // hours(1):>5} {every.offered:>10,} {row.offered:>10,} "
            f"{share(level):>8} {share(left):>10} "
            f"{'-' if asa is None else f'{asa / seconds(1):.1f} s':>8}"
        )
    print(f"occupancy {share(metrics.total().occupancy)}, ", end="")
    print(f"capacity in use {share(metrics.total().utilisation)}")


def share(value: float | None) -> str:
    """Return a share for people."""
    return "-" if value is None else f"{value:.1%}"


def memory() -> str:
    """Return the most memory that the program has had, where the system tells."""
    try:
        from resource import RUSAGE_SELF, getrusage  # noqa: PLC0415 - Windows has none
    except ImportError:
        return "peak memory unknown"
    unit = 1 if sys.platform == "darwin" else 1024
    return f"peak memory {getrusage(RUSAGE_SELF).ru_maxrss * unit / 2**20:,.0f} MiB"


def ask(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="big_day.py", description="Live through a day of a very large center."
    )
    add = parser.add_argument
    add("--contacts", type=int, default=WHOLE_DAY // 200, help="in a day (default %(default)s)")
    add("--agents", type=int, help=f"default: one for each {EACH} contacts, at least 100")
    add("--hours", type=span, default=(0, 24), help="a part of the day, such as 10-11")
    add(
        "--metrics",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="fold events into figures (default), or throw them away",
    )
    add("--quiet", action="store_true", help="say nothing on the way")
    add("--seed", type=int, default=1, help="of everything that is drawn (default 1)")
    asked = parser.parse_args(arguments)
    if asked.agents is None:
        asked.agents = max(100, asked.contacts // EACH)
    for name in ("contacts", "agents"):
        if getattr(asked, name) < 1:
            parser.error(f"--{name}: expected 1 or more; got {getattr(asked, name)}")
    return asked


def span(text: str) -> tuple[int, int]:
    """Read hours of the day, such as `10-11`."""
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal() and int(first) < int(last) <= len(BUSY)):
        raise argparse.ArgumentTypeError(
            f"expected two hours of the day, such as 10-11; got {text}"
        )
    return int(first), int(last)


if __name__ == "__main__":
    sys.exit(main())
