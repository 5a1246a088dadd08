"""Draws: the same for the same names, and distributed as they say.

What is random here has a fixed seed; how far a sample may be off follows from its size: means stay
within four standard errors, and a sample's largest distance from its distribution within
1.95 / sqrt(n) (Kolmogorov's limit, exceeded once in a thousand samples).
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp, inf, log, nan, sqrt
from statistics import NormalDist, fmean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai import ConfigurationError, Duration, seconds
from tongdai.center import (
    Distribution,
    Empirical,
    Exponential,
    Fixed,
    Lognormal,
    Survival,
    draw,
)
from tongdai.center.draws import uniform

SIZE = 4000
WRONG: Any = 5
CURVE = Survival([(seconds(10), 0.8), (seconds(30), 0.5)], beyond=seconds(60))

# Weeks in remission under 6-MP, and whether it ended then: the example of Freireich and others
# (Blood 21, 1963) that textbooks work out.
REMISSIONS = [
    *[(6, True), (6, True), (6, True), (6, False), (7, True), (9, False), (10, True), (10, False)],
    *[(11, False), (13, True), (16, True), (17, False), (19, False), (20, False), (22, True)],
    *[(23, True), (25, False), (32, False), (32, False), (34, False), (35, False)],
]

numbers = st.integers(-(2**70), 2**70)
names = st.text(max_size=8)
levels = st.floats(0, 1, exclude_min=True, exclude_max=True)
lengths = st.integers(1, 10**10).map(Duration)
distributions = st.one_of(
    st.builds(Fixed, lengths),
    st.builds(Exponential, lengths),
    st.tuples(lengths, lengths).map(lambda two: Lognormal(max(two), min(two))),
    st.builds(Empirical, st.lists(lengths, min_size=1, max_size=20)),
    st.just(CURVE),
)


@given(numbers, names, names)
def test_a_uniform_draw_is_inside_and_its_own(seed: int, one: str, other: str) -> None:
    """Between 0 and 1, the same again, and another one for other names or seeds."""
    found = uniform(seed, one)
    assert 0 < found < 1
    assert found == uniform(seed, one)
    assert (found == uniform(seed, other)) == (one == other)
    assert found != uniform(seed + 1, one)


def test_draws_are_pinned() -> None:
    """What was published with a seed can be drawn again: these numbers never change."""
    assert round(uniform(1, "talk", "c1"), 12) == 0.235250725364
    assert draw(Exponential(seconds(180)), 1, "talk", "c1") == seconds(48.277304)


def test_uniform_draws_are_uniform() -> None:
    """As far from the diagonal as a sample of its size may be."""
    assert distance([uniform(7, number) for number in range(SIZE)], lambda x: x) < 1.95


def test_draws_of_neighbours_are_independent() -> None:
    """One seed's draws say nothing of the next one's, nor talk of patience."""
    for pairs in (
        [(uniform(1, "talk", n), uniform(2, "talk", n)) for n in range(SIZE)],
        [(uniform(1, "talk", n), uniform(1, "patience", n)) for n in range(SIZE)],
        [(uniform(1, "talk", n), uniform(1, "talk", n + 1)) for n in range(SIZE)],
    ):
        # The correlation of independent pairs has the standard error 1 / sqrt(n).
        products = [12 * (one - 0.5) * (other - 0.5) for one, other in pairs]
        assert abs(fmean(products)) < 4 / sqrt(SIZE)


def exponential(x: float) -> float:
    """The share of an exponential distribution of mean 100 s up to x seconds."""
    return 1 - exp(-x / 100)


def lognormal(x: float) -> float:
    """The share of a lognormal distribution of mean 180 s and median 120 s up to x seconds."""
    return NormalDist(log(120), sqrt(2 * log(1.5))).cdf(log(x))


@pytest.mark.parametrize(
    ("distribution", "share"),
    [
        (Exponential(seconds(100)), exponential),
        (Lognormal(seconds(180), seconds(120)), lognormal),
    ],
)
def test_draws_follow_their_distribution(
    distribution: Distribution, share: Callable[[float], float]
) -> None:
    """The share of draws up to a length is what the formula says."""
    assert (
        distance([share(drawn / seconds(1)) for drawn in sample(distribution)], lambda x: x) < 1.95
    )


@pytest.mark.parametrize(
    ("distribution", "mean"),
    [
        (Fixed(seconds(5)), 5),
        (Exponential(seconds(100)), 100),
        (Lognormal(seconds(180), seconds(120)), 180),
        (Lognormal(seconds(120), seconds(120)), 120),
        (Empirical([seconds(1), seconds(2), seconds(6)]), 3),
        # Two in ten wait 10 s, three 30 s, five 30 s and 60 s on average beyond.
        (CURVE, 0.2 * 10 + 0.3 * 30 + 0.5 * 90),
    ],
)
def test_draws_have_their_mean(distribution: Distribution, mean: float) -> None:
    """Within four standard errors."""
    found = [drawn / seconds(1) for drawn in sample(distribution)]
    assert abs(fmean(found) - mean) <= 4 * stdev(found) / sqrt(SIZE) + 1e-6


@given(distributions, levels, levels)
def test_higher_levels_are_longer(distribution: Distribution, one: float, other: float) -> None:
    """So two set-ups that differ in a distribution still move together."""
    low, high = sorted((one, other))
    assert 0 <= distribution.quantile(low) <= distribution.quantile(high)


def test_quantiles_by_hand() -> None:
    """The median of each; recorded lengths as they are."""
    assert Lognormal(seconds(180), seconds(120)).quantile(0.5) == seconds(120)
    assert Exponential(seconds(100)).quantile(0.5) == seconds(round(100 * log(2), 6))
    recorded = Empirical([seconds(3), seconds(1), seconds(2), seconds(2)])
    assert [recorded.quantile(level) / seconds(1) for level in (0.01, 0.25, 0.26, 0.75, 0.76)] == [
        *(1, 1, 2, 2, 3)
    ]
    assert [CURVE.quantile(level) / seconds(1) for level in (0.1, 0.21, 0.49)] == [10, 30, 30]
    assert CURVE.quantile(0.75) == seconds(30) + seconds(round(60 * log(2), 6))


def test_kaplan_and_meier() -> None:
    """The curve of the textbooks' example."""
    curve = Survival.observed((seconds(week), ended) for week, ended in REMISSIONS)
    assert [(wait / seconds(1), round(share, 3)) for wait, share in curve.steps] == [
        *[(6, 0.857), (7, 0.807), (10, 0.753), (13, 0.690), (16, 0.627), (22, 0.538), (23, 0.448)]
    ]
    assert curve.beyond == seconds(round(359 / 9, 6))


@given(st.lists(st.tuples(lengths, st.booleans()), min_size=1, max_size=30))
def test_where_nobody_is_answered_patience_is_what_was_seen(
    waits: list[tuple[Duration, bool]],
) -> None:
    """Without censoring the estimate is the record itself."""
    everybody = [wait for wait, _ in waits]
    curve = Survival.observed((wait, True) for wait in everybody)
    middles = [(place + 0.5) / len(everybody) for place in range(len(everybody))]
    assert [curve.quantile(level) for level in middles] == sorted(everybody)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Fixed(WRONG), "Fixed.value: 5 has no unit"),
        (lambda: Exponential(seconds(0)), "Exponential.mean: expected more than 0 s"),
        (lambda: Lognormal(seconds(5), seconds(6)), "Lognormal.median: 6 s is above the mean, 5 s"),
        (lambda: Lognormal(seconds(5), seconds(0)), "Lognormal.median: expected more than 0 s"),
        (lambda: Empirical([]), "Empirical.values: expected one length or more; got none"),
        (
            lambda: Survival([(seconds(5), 0.5), (seconds(5), 0.4)], seconds(9)),
            "Survival.steps: 0.4 at 5 s cannot follow 0.5 at 5 s",
        ),
        (
            lambda: Survival([(seconds(5), 0.5), (seconds(6), 0.5)], seconds(9)),
            "Survival.steps: 0.5 at 6 s cannot follow 0.5 at 5 s",
        ),
        (lambda: Survival([(seconds(5), nan)], seconds(9)), "Survival.steps: nan at 5 s"),
        (lambda: Survival([(seconds(5), -inf)], seconds(9)), "Survival.steps: -inf at 5 s"),
        (lambda: Survival([], seconds(0)), "Survival.beyond: expected more than 0 s"),
        (
            lambda: Survival.observed([(seconds(5), False)]),
            "Survival.observed: expected some who gave up after a wait; got none",
        ),
    ],
)
def test_what_cannot_be_is_named(make: Callable[[], object], text: str) -> None:
    """The field, what is wrong, and what would be right."""
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert str(caught.value).startswith(text)


def sample(distribution: Distribution) -> list[Duration]:
    """Many draws, with a fixed seed."""
    return [draw(distribution, 11, "sample", number) for number in range(SIZE)]


def distance(sample: list[float], share: Callable[[float], float]) -> float:
    """Kolmogorov's distance of a sample from its distribution, times the root of its size."""
    ordered = [share(value) for value in sorted(sample)]
    size = len(ordered)
    return sqrt(size) * max(
        max((place + 1) / size - value, value - place / size) for place, value in enumerate(ordered)
    )
