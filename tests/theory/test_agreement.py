"""The full engine agrees with Erlang C and Erlang A, within the intervals of long runs.

Rule: draws are seeded, so a run gives the same figures every time. The default runs are short and
their intervals wide; with `HYPOTHESIS_PROFILE=nightly` they are long, and half an interval is at
most 2 % of the figure. Theory has to be inside either way, at every load.
"""

from __future__ import annotations

import os
from typing import Final

import pytest

from tests.theory.agreement import CASES, Case, Run, compare
from tests.theory.erlang import patient
from tests.theory.intervals import interval, student
from tongdai import hours, seconds
from tongdai.metrics import Metrics

LONG: Final = os.environ.get("HYPOTHESIS_PROFILE") == "nightly"
WIDEST: Final = 0.02 if LONG else 0.20


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_engine_agrees_with_theory(case: Case) -> None:
    """P(wait), ASA, service level and abandonment: theory is inside, and the interval is narrow."""
    found = list(compare(case, case.full if LONG else case.quick))
    names = ["p_wait", "asa", "service_level", *(["abandoned"] if case.patience else [])]
    assert names == [name for name, _, _ in found]
    assert [] == [(name, seen) for name, _, seen in found if seen.relative > WIDEST]
    assert [] == [(name, theory, seen) for name, theory, seen in found if not seen.holds(theory)]


def test_the_comparison_tells_a_wrong_center() -> None:
    """The figures of one agent more are outside, also those of a short run."""
    case = CASES[0]
    found = {name: seen for name, _, seen in compare(case, case.quick)}
    other = patient(case.agents + 1, case.rate, case.handle, 20.0)._asdict()
    assert [] == [name for name, seen in found.items() if seen.holds(other[name])]


def test_metrics_count_what_happened() -> None:
    """The library's own figures are those of the plain count that the intervals are made of."""
    run = Run(CASES[5], 2_000)
    metrics = Metrics(hours(24), agents=False)
    for event in run.events():
        metrics.apply(event)
    counted, row = run.all(), metrics.total()
    assert (run.total, counted.answered, counted.abandoned) == (
        row.offered,
        row.answered,
        row.abandoned,
    )
    assert row.service_level(within=seconds(20), short=seconds(0), abandoned="bad") == (
        counted.in_time / counted.count
    )
    assert counted.answered - row.answered_within(seconds(0)) + row.abandoned == counted.waited
    assert round(counted.waits, 3) == round(row.waited / 1e6, 3)


@pytest.mark.parametrize(
    ("level", "freedom", "quantile"),
    [(0.975, 1, 12.706), (0.975, 10, 2.228), (0.975, 30, 2.042), (0.995, 30, 2.750)],
)
def test_quantiles_are_students(level: float, freedom: int, quantile: float) -> None:
    """Those of the tables."""
    assert quantile == round(student(level, freedom), 3)


def test_a_control_takes_off_what_it_explains() -> None:
    """What goes with a control exactly leaves no error; the mean is that at its expectation."""
    controls = [[-1.0], [2.0], [0.5], [4.0], [-2.0]]
    found = interval([7 + 3 * x for (x,) in controls], controls, 0.99)
    assert (7.0, 0.0) == (round(found.mean, 9), round(found.half, 9))


def test_without_anything_to_explain_the_interval_is_students() -> None:
    """A control at right angles to the values and to the mean changes nothing but the freedom."""
    values, controls = [1.0, 1.0, 3.0, 3.0], [[1.0], [-1.0], [1.0], [-1.0]]
    found = interval(values, controls, 0.95)
    assert 2.0 == round(found.mean, 9)
    assert 4.3027 * (4 / 2 / 4) ** 0.5 == pytest.approx(found.half, abs=1e-4)
