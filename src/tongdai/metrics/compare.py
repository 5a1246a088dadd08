"""Whether two set-ups differ, or luck does: paired runs, and an interval for the mean difference.

Rule: set-ups are compared seed by seed, on the same draws, and a difference never stands without
its interval. Simulating is the caller's; here are numbers only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, stdev
from typing import Final, TypeAlias

import attrs

from tongdai.errors import ConfigurationError

Figures: TypeAlias = Mapping[str, float | None]
"""What one run came to, by the name of the figure; `None` where there was nothing to measure."""

_LEAST_PAIRS: Final = 2


@attrs.frozen
class Difference:
    """By how much a set-up's figure differs from the first one's.

    Attributes:
        setup, figure: their names.
        before: the figure's mean with the first set-up.
        after: its mean with this one.
        change: the mean of the differences, after less before.
        low, high: the interval that holds the true change with the confidence asked for.
        pairs: how many seeds both set-ups have the figure for.
    """

    setup: str
    figure: str
    before: float
    after: float
    change: float
    low: float
    high: float
    pairs: int

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero, so that the change is more than luck."""
        return self.low > 0 or self.high < 0


def compare(
    setups: Mapping[str, Callable[[int], Figures]],
    seeds: Iterable[int],
    *,
    confidence: float = 0.95,
    progress: Callable[[str, int], None] | None = None,
) -> list[Difference]:
    """Run set-ups with the same seeds, and say how each differs from the first.

    Args:
        setups: by name, what runs a set-up with a seed and returns its figures. All are to draw the
            same for the same seed (see `tongdai.center.draws`).
        seeds: two or more.
        confidence: of each interval by itself. Of twenty at 0.95 one is expected to miss.
        progress: told after each run which set-up it was, and with which seed.

    Returns:
        For each set-up but the first, in order, a difference for each figure of the first. Seeds
        for which either has nothing to measure are left out; a figure with fewer than two pairs is
        left out altogether.

    Raises:
        ConfigurationError: fewer than two set-ups or seeds, a confidence that is not between 0 and
            1, or a figure that only some set-ups have.
    """
    chosen = list(dict.fromkeys(seeds))
    for field, number in (("setups", len(setups)), ("seeds", len(chosen))):
        if number < _LEAST_PAIRS:
            raise ConfigurationError(f"compare.{field}: expected two or more; got {number}")
    runs: dict[str, list[Figures]] = {name: [] for name in setups}
    for seed in chosen:
        for name, run in setups.items():
            runs[name].append(run(seed))
            if progress is not None:
                progress(name, seed)
    first, *others = setups
    found: list[Difference] = []
    for name in others:
        for figure in runs[first][0]:
            pairs = [
                (before, after)
                for one, other in zip(runs[first], runs[name], strict=True)
                if (before := _value(one, figure, first)) is not None
                and (after := _value(other, figure, name)) is not None
            ]
            if len(pairs) < _LEAST_PAIRS:
                continue
            change, low, high = interval([after - before for before, after in pairs], confidence)
            before, after = (fmean(side) for side in zip(*pairs, strict=True))
            found.append(Difference(name, figure, before, after, change, low, high, len(pairs)))
    return found


def _value(figures: Figures, figure: str, setup: str) -> float | None:
    if figure not in figures:
        raise ConfigurationError(
            f"compare.setups: {setup!r} has no figure {figure!r}; it has {', '.join(figures)}"
        )
    return figures[figure]


def interval(values: Sequence[float], confidence: float = 0.95) -> tuple[float, float, float]:
    """Return the mean of independent values, and the ends of its confidence interval.

    With n values of mean m and standard deviation s that is `m ± t * s / sqrt(n)`, t being
    Student's quantile with n - 1 degrees of freedom. Of differences between paired runs it is the
    paired-t interval (A. M. Law, Simulation Modeling and Analysis, 5th ed. 2015, section 10.2.1).

    Raises:
        ConfigurationError: fewer than two values, or a confidence that is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ConfigurationError(f"confidence: {confidence!r} is not between 0 and 1")
    if len(values) < _LEAST_PAIRS:
        raise ConfigurationError(f"interval.values: expected two or more; got {len(values)}")
    mean = fmean(values)
    half = student(confidence, len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return mean, mean - half, mean + half


def student(confidence: float, degrees: int) -> float:
    """Return the t that a Student variable stays within (-t to t) with this probability.

    Found by halving, from the finite series for whole degrees of freedom; O(degrees). Source:
    M. Abramowitz and I. A. Stegun, Handbook of Mathematical Functions, 1964, 26.7.3 and 26.7.4.
    """
    low, high = 0.0, math.pi / 2  # angles; t is sqrt(degrees) * tan(angle)
    while (middle := (low + high) / 2) not in (low, high):
        low, high = (middle, high) if _within(middle, degrees) < confidence else (low, middle)
    return math.sqrt(degrees) * math.tan(low)


def _within(angle: float, degrees: int) -> float:
    """Return the probability of |T| <= sqrt(degrees) * tan(angle)."""
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    total, term = 0.0, cosine if odd else 1.0
    for power in range(1 + odd, degrees, 2):
        total += term
        term *= cosine * cosine * power / (power + 1)
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
