"""Comparing set-ups: intervals against tables, by hand, and by how often they hold."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import sqrt
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai import ConfigurationError
from tongdai.center.draws import uniform
from tongdai.metrics import Difference, compare, interval
from tongdai.metrics.compare import student


@pytest.mark.parametrize(
    ("confidence", "degrees", "quantile"),
    [
        (0.90, 1, 6.314),
        (0.95, 1, 12.706),
        (0.95, 2, 4.303),
        (0.95, 3, 3.182),
        (0.95, 4, 2.776),
        (0.95, 9, 2.262),
        (0.95, 19, 2.093),
        (0.95, 30, 2.042),
        (0.99, 7, 3.499),
        (0.99, 120, 2.617),
    ],
)
def test_students_quantiles_are_those_of_the_tables(
    confidence: float, degrees: int, quantile: float
) -> None:
    """To the three digits that tables print."""
    assert quantile == round(student(confidence, degrees), 3)


@given(st.floats(0.5, 0.999), st.integers(500, 2000))
def test_with_many_degrees_students_quantile_is_the_normal_one(
    confidence: float, degrees: int
) -> None:
    """And never below it."""
    normal = NormalDist().inv_cdf((1 + confidence) / 2)
    assert normal < student(confidence, degrees) < normal * (1 + 4 / degrees * (1 + normal**2))


def test_an_interval_by_hand() -> None:
    """Mean 3, standard deviation sqrt(2.5), five values: 3 ± 2.776 * sqrt(2.5 / 5)."""
    mean, low, high = interval([1, 2, 3, 4, 5])
    half = 2.7764451 * sqrt(0.5)
    assert mean == 3
    assert [low, high] == pytest.approx([3 - half, 3 + half])


def test_intervals_hold_as_often_as_they_say() -> None:
    """Of many samples of known mean, nine in ten at 0.9; within four standard errors."""
    normal, samples = NormalDist(10, 3), 2000
    held = 0
    for number in range(samples):
        values = [normal.inv_cdf(uniform(1, "sample", number, place)) for place in range(5)]
        _, low, high = interval(values, 0.9)
        held += low <= 10 <= high
    assert abs(held / samples - 0.9) < 4 * sqrt(0.9 * 0.1 / samples)


def test_set_ups_are_compared_seed_by_seed() -> None:
    """What both share drops out, however much it varies."""
    told: list[tuple[str, int]] = []
    found = compare(
        {
            "before": lambda seed: {"wait": 1000 * uniform(seed)},
            "after": lambda seed: {"wait": 1000 * uniform(seed) - 5},
        },
        range(4),
        progress=lambda name, seed: told.append((name, seed)),
    )
    [one] = found
    assert (one.setup, one.figure, one.pairs) == ("after", "wait", 4)
    assert one.change == pytest.approx(one.after - one.before) == pytest.approx(-5)
    assert one.high - one.low < 1e-6
    assert one.clear
    assert told == [(name, seed) for seed in range(4) for name in ("before", "after")]


def test_without_a_common_draw_luck_is_not_a_difference() -> None:
    """Two runs of the same thing with draws of their own are not clearly different."""
    [one] = compare(
        {
            "one": lambda seed: {"wait": uniform(seed, "one")},
            "same": lambda seed: {"wait": uniform(seed, "same")},
        },
        range(20),
    )
    assert one.low < 0 < one.high
    assert not one.clear


def test_seeds_without_a_figure_are_left_out() -> None:
    """Where either has nothing to measure; and a figure that hardly any seed has."""
    found = compare(
        {
            "before": lambda seed: {"wait": float(seed), "level": None},
            "after": lambda seed: {"wait": None if seed == 1 else seed + 1.0, "level": 0.5},
        },
        [0, 1, 2],
    )
    assert found == [Difference("after", "wait", 1, 2, 1, 1, 1, 2)]


def test_each_set_up_is_held_against_the_first() -> None:
    """In their order; a seed named twice runs once."""
    found = compare(
        {str(number): partial(shifted, number) for number in range(3)},
        [1, 2, 2],
    )
    assert [(one.setup, one.figure, one.change, one.pairs) for one in found] == [
        ("1", "x", 1, 2),
        ("1", "y", 0, 2),
        ("2", "x", 2, 2),
        ("2", "y", 0, 2),
    ]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: compare({"one": nothing}, [1, 2]), "compare.setups: expected two or more; got 1"),
        (
            lambda: compare({"one": nothing, "other": nothing}, [1, 1]),
            "compare.seeds: expected two or more; got 1",
        ),
        (
            lambda: compare({"one": lambda _: {"x": 1.0}, "other": lambda _: {"y": 1.0}}, [1, 2]),
            "compare.setups: 'other' has no figure 'x'; it has y",
        ),
        (lambda: interval([1.0]), "interval.values: expected two or more; got 1"),
        (lambda: interval([1.0, 2.0], 95), "confidence: 95 is not between 0 and 1"),
    ],
)
def test_what_cannot_be_is_named(make: Callable[[], object], text: str) -> None:
    """The argument, and what would be right."""
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert str(caught.value).startswith(text)


def shifted(number: int, seed: int) -> dict[str, float | None]:
    """A run whose first figure depends on the set-up."""
    return {"x": seed + number, "y": 0}


def nothing(seed: int) -> dict[str, float | None]:  # noqa: ARG001
    """A run without figures."""
    return {}
