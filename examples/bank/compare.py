"""From many runs to statements: means, what the seeds make of them, where the record disagrees.

Rule: two policies are compared seed by seed, on the same draws. A difference counts only if its
mean is more than three standard errors from zero. Of the seventy in a table one may still be luck,
and none says anything of other days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import inf, sqrt
from statistics import fmean, stdev

import attrs

from bank.day import Drawn
from bank.policies import Policy
from bank.records import Call
from bank.replay import Figures, Run

CLOSE = 0.25  # how far a simulation may be from the record and still count as reproducing it
FEW = 30  # calls; below that a type's figures say little
ENOUGH_SEEDS = 5  # below that nobody knows how large the noise is


@attrs.frozen
class Mean:
    """The mean of a figure over seeds, and the standard deviation between them (`None` for one)."""

    value: float
    spread: float | None


@attrs.frozen
class Compared:
    """Everything that was run.

    Attributes:
        calls: of the day.
        drawn: what each seed drew, for each call.
        recorded: the day as it was.
        never_away: a FIFO run (of the first seed) in which no agent is ever away.
        runs: for each policy, one run a seed. The first policy is what the others are compared
            with.
        count: the figures of a run, of a type or (`None`) of all.
    """

    calls: Sequence[Call]
    drawn: Sequence[Sequence[Drawn]]
    recorded: Run
    never_away: Run
    runs: Mapping[str, Sequence[Run]]
    policies: Sequence[Policy]
    count: Callable[[Run, str | None], Figures]

    def figures(self, policy: str, kind: str | None = None) -> list[Figures]:
        """Return the figures of a policy, one for each seed."""
        return [self.count(run, kind) for run in self.runs[policy]]


def mean(values: Sequence[float | None]) -> Mean | None:
    """Return mean and spread; `None` where a seed has nothing to measure."""
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    return Mean(fmean(known), stdev(known) if len(known) > 1 else None)


def differs(one: Sequence[float | None], other: Sequence[float | None]) -> bool | None:
    """Return whether two policies differ by more than seed noise; `None` where nobody can tell."""
    pairs = [a - b for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    if len(pairs) < max(ENOUGH_SEEDS, len(one)):
        return None
    return abs(fmean(pairs)) > 3 * stdev(pairs) / sqrt(len(pairs))


def off(simulated: float | None, recorded: float | None) -> float | None:
    """Return how far a simulated figure is from the recorded one, as a share of that."""
    if simulated is None or recorded is None:
        return None
    if not recorded:
        return inf if simulated else 0.0
    return simulated / recorded - 1


def overtaken(calls: Sequence[Call], kind: str) -> tuple[int, int]:
    """Return how often callers of a type were overtaken, and how often they could have been.

    Counted are pairs: somebody of the type waits, somebody of another type comes up to 90 s later,
    and both are answered in the end. First come, first served would overtake nobody.
    """
    times = chances = 0
    answered = [call for call in calls if call.answered]
    for place, first in enumerate(answered):
        if first.type != kind:
            continue
        served = first.at + first.wait
        for second in answered[place + 1 :]:
            if second.at >= min(served, first.at + 90):
                break
            if second.type != kind and second.at > first.at:
                chances += 1
                times += second.at + second.wait < served
    return times, chances


def by_priority(compared: Compared, policy: str, *, high: bool) -> Mean | None:
    """Return the ASA of callers with priority 2, or of all others, over the seeds."""
    found: list[float | None] = []
    for drawn, run in zip(compared.drawn, compared.runs[policy], strict=True):
        waits = [
            outcome.wait
            for own, outcome in zip(drawn, run.outcomes, strict=True)
            if outcome.answered and (own.priority == 2) == high
        ]
        found.append(fmean(waits) if waits else None)
    return mean(found)


def worst_hours(compared: Compared, policy: str) -> list[tuple[int, float, float]]:
    """Return the hours that add most to the difference in ASA: (hour, recorded, simulated)."""
    found: list[tuple[float, int, float, float]] = []
    for hour in sorted({call.at // 3600 for call in compared.calls}):
        inside = [place for place, call in enumerate(compared.calls) if call.at // 3600 == hour]

        def asa(run: Run, inside: list[int] = inside) -> float | None:
            waits = [run.outcomes[place].wait for place in inside if run.outcomes[place].answered]
            return fmean(waits) if waits else None

        before = asa(compared.recorded)
        after = mean([asa(run) for run in compared.runs[policy]])
        if before is not None and after is not None:
            weight = abs(after.value - before) * len(inside)
            found.append((weight, hour, before, after.value))
    return [(hour, before, after) for _, hour, before, after in sorted(found, reverse=True)[:3]]
