"""The full engine on draws of queueing theory: how far is what happens from what theory says?

Rule: customers and agents are drawn here, everything else is `simulate`, a real `Center` and its
events. One long run from an empty center; its beginning does not count, the rest is cut into
batches (see `intervals`).

The controls are means in each batch, of the times between arrivals, of the handle times and, where
there is one, of the patience; and of what the same customers would find in a line that is simple
enough to be known without Erlang:

- Where nobody gives up, a single server so fast that it is as loaded as the center. Its waits come
  from Lindley's recursion, W' = max(0, W + handle/speed - time until the next arrival), their
  expectations from M/M/1: the share that waits is the load r, the mean wait is r/spare, the share
  that waits longer than t is r exp(-spare t), where `spare` is the rate at which it could take
  more.
- Where customers give up, as many servers as customers. How many are busy has Poisson's
  distribution; the controls are how often they are as many as the center's agents or more, and how
  many more.

`python -m tests.theory.agreement` prints the table of the long runs, `... quick` of the short ones.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from heapq import heappop, heappush
from random import Random
from typing import Final

import attrs

from tests.theory.erlang import Figures, Impatient, patient
from tests.theory.intervals import Interval, interval
from tongdai import Agent, Center, Contact, Duration, Queue
from tongdai.center import Shift, Visit, simulate
from tongdai.center.events import AnyEvent, ContactAbandoned, OfferAccepted
from tongdai.model.time import Instant

CONFIDENCE: Final = 0.99
BATCHES: Final = 30
WARM_UP: Final = 0.1  # of the batches' contacts, before them
SEED: Final = 1
SECOND: Final = 1_000_000
WITHIN: Final = 20.0


@attrs.frozen
class Case:
    """A center to compare.

    Attributes:
        agents: how many.
        load: offered load of each, arrivals times handle time over agents.
        quick, full: contacts that count, in the short and in the long run.
        patience: mean patience in seconds; `None` is for ever.
        handle: mean handle time in seconds.
        automatic: whether offers accept themselves, or agents do at once.
    """

    agents: int
    load: float
    quick: int
    full: int
    patience: float | None = None
    handle: float = 180.0
    automatic: bool = True

    @property
    def rate(self) -> float:
        """Arrivals a second."""
        return self.load * self.agents / self.handle

    def theory(self) -> Figures:
        """Return what Erlang C or Erlang A says."""
        if self.patience is None:
            return patient(self.agents, self.rate, self.handle, WITHIN)
        return Impatient(self.agents, self.rate, self.handle, self.patience).figures(WITHIN)

    def __str__(self) -> str:
        """Give `M/M/5+M, 95 %`."""
        impatient = "" if self.patience is None else "+M"
        return f"M/M/{self.agents}{impatient}, {self.load:.0%}"


CASES: Final = (
    Case(5, 0.8, 10_000, 400_000),
    Case(5, 0.9, 10_000, 400_000),
    Case(5, 0.95, 20_000, 800_000),
    Case(50, 0.96, 12_000, 800_000, handle=60.0),
    Case(5, 0.8, 10_000, 400_000, patience=360.0, automatic=False),
    Case(5, 0.95, 10_000, 400_000, patience=360.0, automatic=False),
    Case(5, 1.2, 10_000, 400_000, patience=360.0, automatic=False),
    Case(50, 0.96, 15_000, 800_000, patience=120.0, handle=60.0, automatic=False),
)
"""Those of 50 agents are the example of Garnett, Mandelbaum and Reiman (see `erlang`)."""


class Single:
    """One fast server whose customers never give up: waits by Lindley, expectations of M/M/1."""

    def __init__(self, case: Case) -> None:
        """Start empty; the server is as loaded as the case's center."""
        spare = case.agents / case.handle - case.rate
        self._speed = case.agents
        self._wait = 0.0
        self._before = 0.0
        self.expected = (
            case.load / spare,
            case.load,
            1 - case.load * math.exp(-spare * WITHIN),
        )

    def see(self, gap: float, talk: float) -> tuple[float, ...]:
        """Return what the next customer finds, `gap` after the last one."""
        self._wait = max(0.0, self._wait + self._before / self._speed - gap)
        self._before = talk
        return self._wait, self._wait > 0, self._wait <= WITHIN


class Endless:
    """A server for each customer: how many are busy has Poisson's distribution."""

    def __init__(self, case: Case) -> None:
        """Start empty."""
        load = case.load * case.agents
        chances = [
            math.exp(busy * math.log(load) - load - math.lgamma(busy + 1))
            for busy in range(case.agents + int(20 * load))
        ]
        self._agents = case.agents
        self._now = 0.0
        self._ends: list[float] = []
        self.expected = (
            sum(chances[case.agents :]),
            sum((busy - case.agents) * chances[busy] for busy in range(case.agents, len(chances))),
        )

    def see(self, gap: float, talk: float) -> tuple[float, ...]:
        """Return what the next customer finds, `gap` after the last one."""
        self._now += gap
        while self._ends and self._ends[0] <= self._now:
            heappop(self._ends)
        busy = len(self._ends)
        heappush(self._ends, self._now + talk)
        return busy >= self._agents, max(0, busy - self._agents)


class Batch:
    """Sums over the contacts of a batch."""

    def __init__(self, controls: int) -> None:
        """Start with nothing."""
        self.count = self.waited = self.answered = self.in_time = self.abandoned = 0
        self.waits = 0.0
        self.controls = [0.0] * controls

    def figures(self) -> dict[str, float]:
        """Return the batch's figures, by the names of `Figures`."""
        return {
            "p_wait": self.waited / self.count,
            "asa": self.waits / self.answered,
            "service_level": self.in_time / self.count,
            "abandoned": self.abandoned / self.count,
        }


class Run:
    """One case, lived through; `intervals()` is what came of it."""

    def __init__(self, case: Case, contacts: int) -> None:
        """Get ready for a number of contacts that count."""
        self._case = case
        self._size = contacts // BATCHES
        self._warm = int(contacts * WARM_UP)
        self.total = self._warm + self._size * BATCHES
        self._beside = Endless(case) if case.patience else Single(case)
        self._expected = [
            1 / case.rate,
            case.handle,
            *([case.patience] if case.patience else []),
            *self._beside.expected,
        ]
        self._before, *self._batches = [Batch(len(self._expected)) for _ in range(BATCHES + 1)]
        self._here: dict[str, tuple[Batch, Instant]] = {}
        # Each case and each kind of draw has a stream of its own.
        self._gaps, self._talks, self._patience = (
            Random(f"{SEED} {case} {what}")  # noqa: S311 - a simulation
            for what in ("arrivals", "handle times", "patience")
        )

    def events(self) -> Iterator[AnyEvent]:
        """Live through it, and count; yields everything that happens."""
        case = self._case
        end = round(2 * self.total / case.rate + 1e6) * SECOND
        center = Center([Queue("line", auto_accept=case.automatic)])
        shifts = [Shift(Agent(f"a{number}"), 0, end) for number in range(case.agents)]
        for event in simulate(center, self._visits(), shifts):
            if isinstance(event, OfferAccepted):
                batch, since = self._here.pop(event.contact)
                wait = event.at - since
                batch.answered += 1
                batch.waited += wait > 0
                batch.waits += wait / SECOND
                batch.in_time += wait <= WITHIN * SECOND
            elif isinstance(event, ContactAbandoned):
                batch, _ = self._here.pop(event.contact)
                batch.abandoned += 1
                batch.waited += 1
            yield event

    def intervals(self) -> dict[str, Interval]:
        """Return the interval of each figure, once `events` are over."""
        controls = [
            [
                seen / batch.count - known
                for seen, known in zip(batch.controls, self._expected, strict=True)
            ]
            for batch in self._batches
        ]
        figures = [batch.figures() for batch in self._batches]
        names = [name for name in figures[0] if self._case.patience or name != "abandoned"]
        return {
            name: interval([one[name] for one in figures], controls, CONFIDENCE) for name in names
        }

    def all(self) -> Batch:
        """Return the sums over all contacts, those before the batches included."""
        both = Batch(0)
        for batch in (self._before, *self._batches):
            both.count += batch.count
            both.waited += batch.waited
            both.answered += batch.answered
            both.in_time += batch.in_time
            both.abandoned += batch.abandoned
            both.waits += batch.waits
        return both

    def _visits(self) -> Iterator[Visit]:
        """Draw the customers, and count the controls as they are drawn."""
        case, since = self._case, 0.0
        for number in range(self.total):
            gap = self._gaps.expovariate(case.rate)
            talk = self._talks.expovariate(1 / case.handle)
            draws = [gap, talk]
            patience = None
            if case.patience:
                draws.append(self._patience.expovariate(1 / case.patience))
                patience = Duration(round(draws[-1] * SECOND))
            draws += self._beside.see(gap, talk)
            since += gap
            place = number - self._warm
            batch = self._batches[place // self._size] if place >= 0 else self._before
            batch.count += 1
            for at, seen in enumerate(draws):
                batch.controls[at] += seen
            contact = Contact(f"c{number}")
            arrival = round(since * SECOND)
            self._here[contact.id] = (batch, arrival)
            yield Visit(
                arrival, contact, "line", talk=Duration(round(talk * SECOND)), patience=patience
            )


def compare(case: Case, contacts: int) -> Iterator[tuple[str, float, Interval]]:
    """Yield name, theory and interval of each figure of a case."""
    run = Run(case, contacts)
    for _ in run.events():
        pass
    theory = case.theory()._asdict()
    for name, found in run.intervals().items():
        yield name, theory[name], found


def main() -> None:
    """Print the table."""
    quick = "quick" in sys.argv[1:]
    for case in CASES:
        for name, theory, found in compare(case, case.quick if quick else case.full):
            sys.stdout.write(
                f"| {case} | {name} | {theory:.4f} | {found.mean:.4f} | {found.relative:.2%} "
                f"| {(found.mean - theory) / found.half:+.2f} | {found.echo:+.2f} |\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
