"""Figures read from a row: the field's published examples, and where there is nothing to say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai import ConfigurationError, Contact, Duration, Metrics, hours, instant, minutes, seconds
from tongdai.center.events import (
    ContactAbandoned,
    ContactEnded,
    ContactOffered,
    ContactOverflowed,
    ContactQueued,
    ContactRefused,
    OfferAccepted,
)
from tongdai.metrics import LONGEST_THRESHOLD, Abandons, Row
from tongdai.metrics.counts import bin_of

NONE = seconds(0)


def row(answered: Sequence[int], abandoned: Sequence[int], ended: Sequence[int] = ()) -> Row:
    """Fold contacts that waited so long, in microseconds, and were answered, left, or sent away."""
    metrics = Metrics(hours(1_000))
    outcomes = ("answered", answered), ("abandoned", abandoned), ("ended", ended)
    for outcome, waits in outcomes:
        for number, wait in enumerate(waits):
            id = f"{outcome}-{number}"
            metrics.apply(ContactQueued(id, "cards", Contact(id)))
            if outcome == "answered":
                metrics.apply(ContactOffered(id, "an", f"{id}/1", wait + 1))
                metrics.apply(OfferAccepted(id, "an", f"{id}/1", at=wait))
            elif outcome == "abandoned":
                metrics.apply(ContactAbandoned(id, "cards", waited=wait, at=wait))
            else:
                metrics.apply(ContactEnded(id, "patience", at=wait))
    return metrics.total()


# 1,000 answered, 860 of them within 20 s; 60 abandoned, 20 of them within 20 s, 10 within 5 s:
# the worked example of ICMI's Queue Tips on service level (2002, 2005), also told on
# callcentrehelper.com (206890). Where in those ranges each wait lies is ours.
PUBLISHED = row(
    [seconds(2)] * 400 + [seconds(20)] * 460 + [seconds(21)] * 140,
    [seconds(3)] * 10 + [seconds(20) - 1] * 10 + [seconds(60)] * 40,
)


@pytest.mark.parametrize(
    ("short", "abandoned", "expected", "published"),
    [
        (NONE, "good", (860 + 20) / (1000 + 60), "0.83"),  # ICMI: abandons in time count as good
        (NONE, "ignored", 860 / 1000, "0.86"),  # ICMI: answered calls only
        (NONE, "bad", 860 / (1000 + 60), "0.81"),  # ICMI: all abandons count as bad
        (
            seconds(20),
            "bad",
            860 / (1000 + 40),
            "0.83",
        ),  # Bright Pattern: only later ones
        # Genesys Cloud, "Configure the service level calculation" (help.mypurecloud.com): leave out
        # short abandons; leave out all of them.
        (seconds(5), "bad", 860 / (1000 + 60 - 10), "0.82"),
        (seconds(5), "ignored", 860 / 1000, "0.86"),
        (seconds(5), "good", (860 + 10) / (1000 + 60 - 10), "0.83"),  # both at once; our own sum
    ],
)
def test_service_level_as_published(
    short: Duration, abandoned: Abandons, expected: float, published: str
) -> None:
    """One morning has five service levels; each published one comes out."""
    found = PUBLISHED.service_level(within=seconds(20), short=short, abandoned=abandoned)
    assert found is not None
    assert math.isclose(expected, found)
    assert published == f"{found:.2f}"


def test_other_definitions_can_be_made_from_counts() -> None:
    """ICMI's fifth: short abandons are good, the others bad: (860 + 10) / (1000 + 60) = 0.82."""
    good = PUBLISHED.answered_within(seconds(20)) + PUBLISHED.abandoned_within(seconds(5))
    assert f"{good / PUBLISHED.offered:.2f}" == "0.82"


def test_abandonment_rate_as_published() -> None:
    """60 of 1,060 contacts queued are 5.66 % (Amazon Connect, definition of "abandonment rate")."""
    assert PUBLISHED.abandonment_rate is not None
    assert f"{PUBLISHED.abandonment_rate:.4f}" == "0.0566"


def test_a_contact_sent_away_unserved_is_bad() -> None:
    """A center does not gain by ending contacts before their threshold."""
    found = row([seconds(5)], [], ended=[seconds(10)])
    for abandoned in ("good", "bad", "ignored"):
        level = found.service_level(within=seconds(20), short=NONE, abandoned=abandoned)
        assert level == 0.5


def test_what_waits_is_not_counted_in_a_service_level() -> None:
    """Nobody knows yet whether it will be good."""
    metrics = Metrics(minutes(30))
    metrics.apply(ContactQueued("c1", "cards", Contact("c1")))
    found = metrics.total()
    assert found.service_level(within=seconds(20), short=NONE, abandoned="bad") is None
    assert found.abandonment_rate == 0


@given(st.lists(st.integers(0, seconds(200))), st.lists(st.integers(0, seconds(200))), st.data())
def test_thresholds_are_exact(
    answered: list[int], abandoned: list[int], data: st.DataObject
) -> None:
    """For every whole second, bins say what counting the waits one by one says."""
    threshold = data.draw(st.integers(0, 201).map(seconds))
    short = data.draw(st.integers(0, 201).map(seconds))
    found = row(answered, abandoned)
    good = sum(wait <= threshold for wait in answered)
    assert good == found.answered_within(threshold)
    assert sum(wait <= threshold for wait in abandoned) == found.abandoned_within(threshold)
    long = [wait for wait in abandoned if wait >= short]
    counted = len(answered) + len(long)
    level = found.service_level(within=threshold, short=short, abandoned="bad")
    assert level == (good / counted if counted else None)
    good += sum(wait <= threshold for wait in long)
    level = found.service_level(within=threshold, short=short, abandoned="good")
    assert level == (good / counted if counted else None)


@given(st.lists(st.integers(0, LONGEST_THRESHOLD * 2), min_size=1))
def test_waits_are_kept_as_they_were(waits: list[int]) -> None:
    """Means and the longest wait do not go through bins; there are no more bins than waits."""
    found = row(waits, waits)
    assert found.asa == found.patience == Duration(sum(waits) // len(waits))
    assert found.longest_wait == max(waits)
    assert len(found.waits) <= len(waits)


def test_a_wait_of_more_than_a_week_is_longer_than_any_threshold() -> None:
    """The number of bins is bounded."""
    found = row([LONGEST_THRESHOLD, LONGEST_THRESHOLD + 1, 9 * LONGEST_THRESHOLD], [])
    assert found.answered_within(LONGEST_THRESHOLD) == 1
    assert bin_of(LONGEST_THRESHOLD + 1) == bin_of(9 * LONGEST_THRESHOLD)


def test_of_nothing_every_figure_is_none() -> None:
    """Neither a perfect service level nor a zero: there is nothing to measure."""
    empty = Row(start=0)
    assert empty.service_level(within=seconds(20), short=NONE, abandoned="good") is None
    for name in ("asa", "aht", "patience", "longest_wait", "abandonment_rate", "occupancy"):
        assert getattr(empty, name) is None
    assert empty.utilisation is None


def test_a_wait_of_nothing_is_a_wait() -> None:
    """Whoever is answered at once has waited 0 s, which is not None."""
    found = row([0, 0], [])
    assert (found.asa, found.longest_wait) == (seconds(0), seconds(0))
    assert found.service_level(within=NONE, short=NONE, abandoned="bad") == 1


def test_refused_and_overflowed_contacts_are_offered() -> None:
    """They came to the queue; that it did not serve them is told apart."""
    metrics = Metrics(minutes(30))
    metrics.apply(ContactRefused("c1", "general", "full", Contact("c1"), overflowed=("cards",)))
    metrics.apply(ContactQueued("c2", "cards", Contact("c2")))
    metrics.apply(ContactOverflowed("c2", "cards", "general", at=seconds(60)))
    rows = metrics.rows(by=["queue"])
    assert [(row.queue, row.offered, row.overflowed, row.refused, row.waiting) for row in rows] == [
        ("cards", 2, 2, 0, 0),
        ("general", 2, 0, 1, 1),
    ]
    total = metrics.total()
    assert (total.offered, total.refused, total.waiting) == (2, 1, 1)


@pytest.mark.parametrize(
    ("within", "short", "abandoned", "error"),
    [
        (20, NONE, "bad", r"service_level\.within: 20 has no unit; write seconds\(20\)"),
        (seconds(0.5), NONE, "bad", r"within: 0\.5 s is not a whole number of seconds"),
        (seconds(20), seconds(4.2), "bad", r"short: 4\.2 s is not a whole number of seconds"),
        (hours(200), NONE, "bad", r"within: 200 h is too long; waits are told apart up to 168 h"),
        (seconds(-1), NONE, "bad", r"within: -1 s is negative"),
        (seconds(20), NONE, "god", r"abandoned: 'god' is not one of .*Did you mean 'good'\?"),
    ],
)
def test_wrong_policies_are_named(
    within: Duration, short: Duration, abandoned: Abandons, error: str
) -> None:
    """The error says which argument it is and what would be right."""
    with pytest.raises(ConfigurationError, match=error):
        PUBLISHED.service_level(within=within, short=short, abandoned=abandoned)


def test_a_policy_has_no_default() -> None:
    """Every vendor's default differs, so whoever reads a service level says which one."""
    with pytest.raises(TypeError, match="'within', 'short', and 'abandoned'"):
        PUBLISHED.service_level()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_a_start_in_local_time() -> None:
    """An interval's start is shown on the clock of the place."""
    hanoi = timezone(timedelta(hours=7))
    found = Row(start=instant(datetime(2026, 3, 2, 8, tzinfo=hanoi)), queue="cards")
    assert found.local(hanoi).isoformat(timespec="minutes") == "2026-03-02T08:00+07:00"


def test_a_row_prints_what_needs_no_policy() -> None:
    """Counts and the speed of answer, in whole seconds."""
    found = row([seconds(13), seconds(14.2)], [seconds(3)])
    assert str(found) == "0 s all: offered 3, answered 2, abandoned 1, asa 14 s"
    assert str(Row(start=0, queue="cards", agent="an")) == (
        "0 s cards an: offered 0, answered 0, abandoned 0, asa -"
    )
