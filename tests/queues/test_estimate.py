"""The wait estimate against the sum that defines it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai import Contact, Duration, OmnichannelQueue, Queue, minutes, seconds
from tongdai.queues.estimate import Pace


def seen(served: int, gave_up: int, busy: int, crowd: int) -> Pace:
    """Return the pace of a queue where `crowd` waited for `busy` microseconds."""
    pace = Pace()
    pace.crowd(crowd, 0)
    for _ in range(served):
        pace.served()
    for _ in range(gave_up):
        pace.gave_up()
    pace.crowd(0, busy)
    return pace


def direct(ahead: int, served: int, gave_up: int, busy: int, crowd: int) -> float:
    """Return the sum of 1 / (n*mu + i*theta) over the places 0 to `ahead`, in microseconds."""
    pace, theta = served / busy, gave_up / (busy * crowd)
    return math.fsum(1 / (pace + place * theta) for place in range(ahead + 1))


busies = st.integers(1_000_000, int(minutes(14)))
crowds = st.integers(1, 500)
enough = st.integers(10, 300)


@given(st.integers(0, 1000), enough, st.integers(0, 300), busies, crowds)
def test_it_is_the_sum_over_the_places_ahead(
    ahead: int, served: int, gave_up: int, busy: int, crowd: int
) -> None:
    """Place by place, as Ibrahim and Whitt have it."""
    expected = round(direct(ahead, served, gave_up, busy, crowd))
    found = seen(served, gave_up, busy, crowd).wait_for(ahead)
    assert found is not None
    assert abs(expected - found) <= 1


@given(st.integers(1001, 20_000), enough, st.integers(0, 300), busies, crowds)
def test_far_back_it_is_within_a_thousandth(
    ahead: int, served: int, gave_up: int, busy: int, crowd: int
) -> None:
    """Beyond a thousand places the sum is an integral, and nobody notices."""
    found = seen(served, gave_up, busy, crowd).wait_for(ahead)
    assert found is not None
    assert math.isclose(direct(ahead, served, gave_up, busy, crowd), found, rel_tol=0.001)


@given(st.lists(st.integers(0, 5000), min_size=2), enough, st.integers(0, 300), busies, crowds)
def test_further_back_never_waits_less(
    places: list[int], served: int, gave_up: int, busy: int, crowd: int
) -> None:
    """The estimate is monotone in the position, also across the thousandth place."""
    pace = seen(served, gave_up, busy, crowd)
    waits = [pace.wait_for(ahead) or 0 for ahead in sorted([*places, 999, 1000, 1001])]
    assert sorted(waits) == waits


@given(st.integers(0, 2000), enough, st.integers(1, 300), busies, crowds)
def test_those_who_give_up_shorten_the_wait(
    ahead: int, served: int, gave_up: int, busy: int, crowd: int
) -> None:
    """The same line with nobody giving up moves no faster."""
    patient, hasty = seen(served, 0, busy, crowd), seen(served, gave_up, busy, crowd)
    assert (hasty.wait_for(ahead) or 0) <= (patient.wait_for(ahead) or 0)


@given(st.integers(0, 9), st.integers(0, 300), busies, crowds)
def test_thin_data_give_none(served: int, gave_up: int, busy: int, crowd: int) -> None:
    """Fewer than ten who were served say nothing; also not how long."""
    assert seen(served, gave_up, busy, crowd).wait_for(0) is None


@given(st.integers(0, 300), st.integers(0, 300))
def test_a_line_in_which_nobody_waited_gives_none(served: int, ahead: int) -> None:
    """Without time in which somebody waited there is no rate."""
    pace = Pace()
    for _ in range(served):
        pace.served()
    assert pace.wait_for(ahead) is None


@given(enough, st.integers(2, 9))
def test_what_is_older_than_two_windows_is_forgotten(served: int, windows: int) -> None:
    """15 minutes on it still counts; after half an hour it does not."""
    pace = seen(served, 0, int(seconds(60)), 1)
    pace.crowd(0, int(minutes(16)))
    assert pace.wait_for(0) is not None
    pace.crowd(0, int(minutes(16)) + windows * int(minutes(15)))
    assert pace.wait_for(0) is None


@given(st.integers(10, 30), st.integers(1, 5))
def test_a_queue_tells_how_long_its_contacts_will_wait(served: int, ahead: int) -> None:
    """One contact a minute is served: the k-th waits about k minutes; on offer there is no wait."""
    line = OmnichannelQueue([Queue("cards")])
    total = served + ahead
    for number in range(total):
        line.join(Contact(f"c{number:03}"), "cards", 0)
    for number in range(served):
        line.next("cards", int(seconds(20)) * (number + 1))
    now = int(seconds(20)) * served
    assert [seconds(20) * place for place in range(1, ahead + 1)] == [
        line.estimate(f"c{served + number:03}", now) for number in range(ahead)
    ]
    line.offer(f"c{served:03}", now)
    assert line.estimate(f"c{served:03}", now) is None


def test_an_estimate_is_a_duration() -> None:
    """It prints as people write it."""
    found = seen(10, 0, int(seconds(100)), 1).wait_for(2)
    assert (Duration, "30 s") == (type(found), str(found))


@pytest.mark.parametrize("gave_up", [0, 5])
def test_giving_up_is_counted_apart_from_being_served(gave_up: int) -> None:
    """Those who leave count as given up, those who had not to wait not at all."""
    line = OmnichannelQueue([Queue("cards")])
    for number in range(20):
        line.join(Contact(f"c{number}"), "cards", 0)
    for number in range(gave_up):
        line.leave(f"c{number}", int(seconds(100)))
    for number in range(gave_up, gave_up + 10):
        line.leave(f"c{number}", int(seconds(100)), served=True)
    theta = gave_up / (int(seconds(100)) * 20)
    expected = math.fsum(1 / (10 / int(seconds(100)) + place * theta) for place in range(3))
    found = line.estimate(f"c{gave_up + 12}", int(seconds(100)))
    assert round(expected) == found
