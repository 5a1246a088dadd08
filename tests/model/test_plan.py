"""Plans: which step counts at which age, and what is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused, untyped
from tests.model.strategies import plans
from tongdai import Duration, Plan, Requirement, Step, minutes, seconds
from tongdai.errors import ParseError


@given(plans(), st.integers(0, 2 * 10**9))
def test_the_last_step_begun_counts(plan: Plan, age: int) -> None:
    """The step depends on the age alone; after the last one it stays the last."""
    expected = max(number for number, step in enumerate(plan.steps) if step.after <= age)
    assert expected == plan.index(age)


@given(plans())
def test_before_age_0_is_the_first_step(plan: Plan) -> None:
    """A clock that was set back finds a contact where it began."""
    assert 0 == plan.index(-1)


@given(plans(), st.lists(st.integers(0, 2 * 10**9), min_size=2))
def test_steps_never_go_back(plan: Plan, ages: list[int]) -> None:
    """Older is the same step or a later one."""
    indexes = [plan.index(age) for age in sorted(ages)]
    assert sorted(indexes) == indexes


def test_a_plan_prints_a_line_a_step() -> None:
    """When, what is required from then on, and the points added."""
    plan = Plan(
        "billing>=4, first an",
        Step(seconds(30), "billing>=4"),
        Step(minutes(1), "billing>=2"),
        Step(timedelta(minutes=3), "billing", priority=+2),
        Step(minutes(5), "", priority=-1),
    )
    expected = [
        "    0 s  billing>=4, first an",
        "   30 s  billing>=4",
        "   60 s  billing>=2",
        "  3 min  billing  priority +2",
        "  5 min  anyone  priority -1",
    ]
    assert expected == str(plan).split("\n")


def test_the_first_step_counts_from_age_0() -> None:
    """A plan of one requirement is one step."""
    assert (Step(Duration(0), Requirement({"vi": 1})),) == Plan("vi").steps
    assert Plan("vi") == Plan(Requirement({"vi": 1}))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Plan("vi", Step(minutes(1), ""), Step(seconds(60), "en")),
            (
                "Plan: the step after 60 s does not come later than the one after 60 s; "
                "write the steps in the order of time"
            ),
        ),
        (
            lambda: Plan("vi", Step(seconds(0), "")),
            (
                "Plan: the step after 0 s does not come later than the one after 0 s; "
                "write the steps in the order of time"
            ),
        ),
        (
            lambda: Plan("vi", untyped("en")),
            "Plan: 'en' is not a step; write Step(seconds(30), 'en')",
        ),
        (
            lambda: Step(seconds(-1), "vi"),
            "Step.after: -1 s is negative; a duration here is zero or more",
        ),
        (
            lambda: Step(seconds(1), untyped(None)),
            "Step.requires: None is not a requirement; write text such as 'billing>=3 and vi'",
        ),
        (
            lambda: Step(seconds(1), "vi", priority=untyped(1.5)),
            "Step.priority: points are a whole number up to a million; got 1.5",
        ),
        (
            lambda: Step(seconds(1), "vi", priority=10**6 + 1),
            "Step.priority: points are a whole number up to a million; got 1000001",
        ),
    ],
)
def test_bad_steps_are_named(call: object, message: str) -> None:
    """The field, what is wrong, and what would be right."""
    assert message == refused(untyped(call))


def test_a_text_that_does_not_parse_is_shown_with_the_place() -> None:
    """A plan refuses what its requirement refuses, in the same words."""
    with pytest.raises(ParseError) as caught:
        Plan("vi and billing>=3 or vip")
    expected = (
        "'or' needs parentheses: (a or b) and c\n  vi and billing>=3 or vip\n                    ^"
    )
    assert expected == str(caught.value)


@given(plans())
def test_plans_never_change(plan: Plan) -> None:
    """Plan and steps are frozen."""
    with pytest.raises(AttributeError):
        untyped(plan).steps = ()
    with pytest.raises(AttributeError):
        untyped(plan.steps[0]).priority = 5
