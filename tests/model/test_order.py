"""Orders: a static key that says who goes first at every instant."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.model.refusals import refused, untyped
from tests.model.strategies import durations, orders
from tongdai import Duration, Order, hours, minutes


@dataclass(frozen=True)
class Waiter:
    """What a place in an order depends on."""

    priority: int
    since: int
    due: int | None
    id: str


waiters = st.builds(
    Waiter,
    st.integers(-5, 5),
    st.integers(0, 20),
    st.none() | st.integers(0, 30),
    st.text("abc", min_size=1, max_size=2),
)


def keys(order: Order, *some: Waiter) -> list[tuple[int, int, int, str]]:
    """Return everybody's key."""
    return [order.key(one.priority, one.since, one.due, one.id) for one in some]


@example(5, Waiter(0, 0, None, "b"), Waiter(1, 5, None, "a"), [20])
@example(5, Waiter(0, 5, None, "b"), Waiter(0, 5, None, "a"), [20])
@given(st.integers(0, 10), waiters, waiters, st.lists(st.integers(20, 10**6), min_size=1))
def test_ageing_never_changes_the_order_of_two(
    worth: int, one: Waiter, other: Waiter, instants: list[int]
) -> None:
    """At every instant, more points plus waiting stands first; ties by since, then id."""
    order = Order.ageing(point=Duration(worth))
    mine, yours = keys(order, one, other)
    for now in instants:
        scores = [
            (-((now - each.since) + each.priority * worth), each.since, each.id)
            for each in (one, other)
        ]
        assert (scores[0] < scores[1]) == (mine < yours)


@given(waiters, waiters)
def test_strict_priority_beats_any_waiting(one: Waiter, other: Waiter) -> None:
    """Higher points first; among equals who came first, then the id."""
    mine, yours = keys(Order.strict(), one, other)
    expected = (-one.priority, one.since, one.id) < (-other.priority, other.since, other.id)
    assert expected == (mine < yours)


@given(st.integers(0, 20), waiters, waiters)
def test_what_is_due_first_goes_first(within: int, one: Waiter, other: Waiter) -> None:
    """Without a due time, one is due so long after arrival; ties by since, then id."""
    mine, yours = keys(Order.due(within=Duration(within)), one, other)

    def due(each: Waiter) -> tuple[int, int, str]:
        return each.since + within if each.due is None else each.due, each.since, each.id

    assert (due(one) < due(other)) == (mine < yours)


@given(orders, st.lists(waiters, unique_by=lambda one: one.id))
def test_every_order_is_total(order: Order, some: list[Waiter]) -> None:
    """Different ids never tie, so an order does not depend on who was sorted first."""
    found = keys(order, *some)
    assert len(some) == len(set(found))


def test_defaults_are_said_once() -> None:
    """A point is worth a minute; without a due time it is a day."""
    assert (Order.ageing(), Order.due()) == (
        Order.ageing(point=minutes(1)),
        Order.due(within=hours(24)),
    )


@given(durations)
def test_three_points_are_worth_three_points_of_waiting(point: Duration) -> None:
    """Whoever has three points stands where one stands who came three points earlier."""
    order = Order.ageing(point=point)
    assert order.key(0, -3 * point, None)[:2] == order.key(3, 0, None)[:2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Order(untyped("fifo")),
            "Order.by: 'fifo' is not an order; write Order.ageing(), .strict() or .due()",
        ),
        (
            lambda: Order("ageing", untyped(60)),
            "Order.worth: 60 has no unit; write seconds(60) or timedelta(seconds=60)",
        ),
        (
            lambda: Order.ageing(point=untyped(60)),
            "Order.ageing(point): 60 has no unit; write seconds(60) or timedelta(seconds=60)",
        ),
        (
            lambda: Order.due(within=untyped(1.5)),
            "Order.due(within): 1.5 has no unit; write seconds(1.5) or timedelta(seconds=1.5)",
        ),
    ],
)
def test_bad_settings_are_named(call: object, message: str) -> None:
    """The field, what is wrong, and what would be right."""
    assert message == refused(untyped(call))
