"""The fold: whatever happens, the rows add up and say what the center knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.metrics.days import QUEUES, Day, days
from tongdai import (
    Abandon,
    Accept,
    Agent,
    Arrive,
    Center,
    ConfigurationError,
    Contact,
    Duration,
    End,
    Metrics,
    Mode,
    PutAgent,
    Queue,
    RemoveQueue,
    SetPresence,
    Tick,
    minutes,
    seconds,
)
from tongdai.center.events import AnyEvent
from tongdai.center.inputs import AnyInput, FailConnect
from tongdai.metrics import By, Row, records
from tongdai.model.codec import decode, encode


def fold(happened: Iterable[AnyEvent], every: Duration = minutes(1)) -> Metrics:
    """Fold events into metrics of short intervals, so that much crosses their borders."""
    metrics = Metrics(every, queues=QUEUES)
    for event in happened:
        metrics.apply(event)
    return metrics


def played(queues: list[Queue], *inputs: tuple[int, AnyInput]) -> Metrics:
    """Play inputs, each at a second, and fold what happens into half-hours."""
    center = Center(queues)
    return fold(
        [event for at, input in inputs for event in center.handle(input, seconds(at)).events],
        minutes(30),
    )


BYS: tuple[tuple[By, ...], ...] = ((), ("queue",), ("agent",), ("queue", "agent"))
AN = PutAgent(Agent("an"), available=True)


# --- properties -----------------------------------------------------------------------------------


@given(days)
def test_every_row_adds_up(day: Day) -> None:
    """Each contact that came to a queue came out of it in one way, or is in it still."""
    metrics = fold(day.events)
    for row in metrics.rows(by=["queue"]):
        stayed = row.answered + row.abandoned + row.ended + row.waiting
        assert row.offered == stayed + row.refused + row.overflowed
    for row in metrics.rows():
        stayed = row.answered + row.abandoned + row.ended + row.waiting
        assert row.offered == stayed + row.refused
        assert row.overflowed == row.overflowed_in


@given(days)
def test_what_waits_is_what_the_center_knows(day: Day) -> None:
    """Contacts in rows as waiting are those that the center has and no agent."""
    metrics = fold(day.events)
    expected = Counter(
        live.queue for live in day.center.state.contacts.values() if not live.interaction
    )
    assert expected == {
        str(row.queue): row.waiting for row in metrics.totals(by=["queue"]) if row.waiting
    }


@given(days)
def test_every_offer_has_come_to_something(day: Day) -> None:
    """Offers are accepted, declined, expired, rescinded, or out, for each queue and agent."""
    total = fold(day.events).total()
    out = sum(len(live.offers) for live in day.center.state.contacts.values())
    over = total.accepted + total.declined + total.expired + total.rescinded
    assert total.offers == over + out
    assert total.accepted == total.answered + total.failed


@given(days)
def test_rows_and_records_agree(day: Day) -> None:
    """Counting the records of single contacts gives the same figures."""
    every = list(records(day.events))
    total = fold(day.events).total()
    outcomes = Counter(record.outcome for record in every)
    answered = [record for record in every if record.answered is not None]
    finished = [record for record in answered if record.ended is not None]
    assert total.offered == len(every)
    assert total.answered == len(answered)
    assert total.waited == sum(record.waited or 0 for record in answered)
    assert total.abandoned == outcomes["abandoned"]
    assert total.short == sum(record.short for record in every)
    assert total.ended == outcomes["ended"]
    assert total.refused == outcomes["refused"]
    assert total.failed == sum(record.failed for record in every)
    assert total.offers == sum(record.offers for record in every)
    assert total.declined == sum(record.declined for record in every)
    assert total.expired == sum(record.expired for record in every)
    assert total.overflowed == sum(len(record.queues) - 1 for record in every)
    assert total.handled + len(day.center.state.wrap_ups) == len(finished)


@given(days)
def test_every_grouping_gives_the_same_sums(day: Day) -> None:
    """Queues, agents and intervals are shares of the whole; none is lost, none counted twice."""
    metrics = fold(day.events)
    whole = metrics.total()
    by_queue = metrics.rows(by=["queue"])
    by_agent = metrics.rows(by=["agent"])
    by_both = metrics.rows(by=["agent", "queue"])
    for name in ("answered", "handled", "offers", "expired", "talked", "talk_time", "wrapped_up"):
        for rows in (by_queue, by_agent, by_both, metrics.rows(), metrics.totals(by=["agent"])):
            assert getattr(whole, name) == sum(getattr(row, name) for row in rows)
    for name in ("signed_in", "busy", "ready", "held", "capacity"):
        assert getattr(whole, name) == sum(getattr(row, name) for row in by_agent)
    for row in (*by_queue, *by_both):
        assert row.occupancy is row.utilisation is None


@given(days, st.sampled_from([seconds(7), minutes(1), minutes(45)]))
def test_the_length_of_intervals_moves_nothing_but_borders(day: Day, every: Duration) -> None:
    """All intervals together are the same, however long each is."""
    found, expected = fold(day.events, every).total(), fold(day.events, minutes(1_000)).total()
    found.start = expected.start
    assert expected == found


@given(days, st.sampled_from([seconds(7), minutes(1)]))
def test_no_interval_holds_more_time_than_it_has(day: Day, every: Duration) -> None:
    """Split at the borders, an agent's presence fits into each interval."""
    for row in fold(day.events, every).rows(by=["agent"]):
        assert row.busy + row.ready <= every
        assert row.signed_in <= every


@given(days)
def test_presence_is_what_the_center_saw(day: Day) -> None:
    """Time present, busy, and capacity taken are those that a look at each moment adds up to."""
    seen = Counter[str]()
    center = Center(QUEUES)
    last = 0
    for event in day.events:
        _look(center, event.at - last, seen)
        last = event.at
        center.apply(event)
    total = fold(day.events).total()
    assert seen == Counter(
        {
            name: value
            for name in ("signed_in", "busy", "ready", "capacity", "held", "talk_time")
            if (value := getattr(total, name))
        }
    )


def _look(center: Center, length: int, seen: Counter[str]) -> None:
    """Add up what all agents do for a while in which nothing happens."""
    if not length:
        return
    state = center.state
    talks = Counter(live.agent for live in state.contacts.values() if live.interaction)
    works = Counter(work.agent for work in state.wrap_ups.values())
    for id, live in state.router.agents.items():
        busy = bool(talks[id] or works[id])
        ready = live.presence == "available" and not busy
        found = {
            "signed_in": length * (live.presence != "offline"),
            "talk_time": length * talks[id],
            "busy": length * busy,
            "ready": length * ready,
            "capacity": length * live.agent.capacity * (busy or ready),
            "held": length * live.used * (busy or ready),
        }
        seen.update({name: value for name, value in found.items() if value})


@given(days)
def test_live_equals_replayed(day: Day) -> None:
    """Events that come back from a journal, and reading in between, change no figure."""
    live = Metrics(minutes(1), queues=QUEUES)
    replayed = Metrics(minutes(1), queues=QUEUES)
    for event in day.events:
        live.apply(event)
        live.rows(by=["agent"])
        replayed.apply(decode(encode(event), AnyEvent))
    for by in BYS:
        assert live.rows(by=by) == replayed.rows(by=by)


@given(days, st.integers(0, 60))
def test_a_fold_may_begin_in_the_middle(day: Day, first: int) -> None:
    """What was not seen from its beginning does not count, and breaks nothing."""
    arrived = sum(type(event).__name__ == "ContactQueued" for event in day.events[first:])
    refused = sum(type(event).__name__ == "ContactRefused" for event in day.events[first:])
    assert fold(day.events[first:]).total().offered == arrived + refused
    assert len(list(records(day.events[first:]))) == arrived + refused


@given(days)
def test_without_agents_the_rest_is_the_same(day: Day) -> None:
    """Not to keep agents saves memory, and costs only their rows."""
    small = Metrics(minutes(1), queues=QUEUES, agents=False)
    for event in day.events:
        small.apply(event)
    whole = fold(day.events)
    assert whole.rows(by=["queue"]) == small.rows(by=["queue"])
    assert whole.rows() == small.rows()
    with pytest.raises(ConfigurationError, match=r"by: agents are not kept"):
        small.rows(by=["agent"])


# --- examples -------------------------------------------------------------------------------------


def test_a_contact_counts_where_it_arrived() -> None:
    """A contact that arrives at 08:29:50 and is answered at 08:30:10 belongs to 08:00."""
    metrics = played(
        [Queue("cards")], (0, AN), (1790, Arrive(Contact("c1"), "cards")), (1805, Accept("c1/1"))
    )
    assert [(row.start, row.offered, row.answered) for row in metrics.rows(by=["queue"])] == [
        (0, 1, 1)
    ]


def test_time_counts_where_it_falls() -> None:
    """Talk from 1,790 s to 1,890 s is 10 s of one half-hour and 90 s of the next."""
    metrics = played(
        [Queue("cards")],
        (0, AN),
        (1780, Arrive(Contact("c1"), "cards")),
        (1790, Accept("c1/1")),
        (1890, End("c1/1", "done")),
    )
    assert [row.talk_time for row in metrics.rows()] == [seconds(10), seconds(90)]
    assert [row.aht for row in metrics.rows()] == [seconds(100), None]


def test_a_contact_that_is_connected_twice_counts_once_by_its_last_answer() -> None:
    """The first connection fails after 5 s; the second is made 25 s after arrival."""
    metrics = played(
        [Queue("cards")],
        (0, AN),
        (100, Arrive(Contact("c1"), "cards")),
        (105, Accept("c1/1")),
        (106, FailConnect("c1/1")),
        (125, Accept("c1/2")),
    )
    row = metrics.total()
    assert (row.offered, row.answered, row.failed, row.asa) == (1, 1, 1, seconds(25))
    assert row.answered_within(seconds(20)) == 0


def test_a_contact_that_leaves_after_a_failed_connection_is_abandoned() -> None:
    """Nobody spoke with the customer, so no row says that they were served."""
    metrics = played(
        [Queue("cards")],
        (0, AN),
        (100, Arrive(Contact("c1"), "cards")),
        (105, Accept("c1/1")),
        (106, FailConnect("c1/1")),
        (107, Abandon("c1")),
    )
    row = metrics.total()
    assert (row.offered, row.answered, row.abandoned, row.asa) == (1, 0, 1, None)


def test_a_contact_that_overflows_is_one_contact_in_all() -> None:
    """Each queue that it came to has it; all queues together have it once."""
    queues = [Queue("cards", limit=0, overflow="general"), Queue("general")]
    metrics = played(queues, (0, Arrive(Contact("c1"), "cards")))
    by_queue = {row.queue: row for row in metrics.rows(by=["queue"])}
    cards, general = by_queue["cards"], by_queue["general"]
    assert (cards.offered, cards.overflowed, cards.waiting) == (1, 1, 0)
    assert (general.offered, general.overflowed, general.waiting) == (1, 0, 1)
    assert (metrics.total().offered, metrics.total().waiting) == (1, 1)


def test_a_queue_that_is_removed_hands_its_contacts_on_also_while_they_are_on_offer() -> None:
    """The offer was made for the old queue; the answer counts in the new one."""
    metrics = played(
        [Queue("cards"), Queue("late")],
        (0, AN),
        (0, Arrive(Contact("c1"), "late")),
        (5, RemoveQueue("late", to="cards")),
        (9, Accept("c1/1")),
    )
    by_queue = {row.queue: row for row in metrics.rows(by=["queue"])}
    cards, late = by_queue["cards"], by_queue["late"]
    assert (late.offered, late.overflowed, late.answered, late.accepted) == (1, 1, 0, 1)
    assert (cards.offered, cards.overflowed, cards.answered, cards.accepted) == (1, 0, 1, 0)


def test_a_failed_contact_waits_where_its_queue_has_gone() -> None:
    """Its queue was removed while it was with its agent; it counts there until that fails."""
    steps: list[tuple[int, AnyInput]] = [
        (0, AN),
        (0, Arrive(Contact("c1"), "late")),
        (1, Accept("c1/1")),
        (2, RemoveQueue("late", to="cards")),
        (3, FailConnect("c1/1")),
    ]
    queues = [Queue("cards"), Queue("late")]
    before, after = played(queues, *steps[:-1]), played(queues, *steps)
    assert [(row.queue, row.answered) for row in before.rows(by=["queue"])] == [("late", 1)]
    assert [
        (row.queue, row.offered, row.overflowed, row.waiting) for row in after.rows(by=["queue"])
    ] == [("cards", 1, 0, 1), ("late", 1, 1, 0)]


def test_an_agent_who_lets_an_offer_expire_is_not_ready() -> None:
    """From 20 s on they are not_responding: signed in, but nothing can be offered to them."""
    metrics = played([Queue("cards")], (0, AN), (0, Arrive(Contact("c1"), "cards")), (60, Tick()))
    metrics.advance(seconds(60))
    [row] = metrics.rows(by=["agent"])
    assert (row.expired, row.ready, row.signed_in) == (1, seconds(20), seconds(60))


def test_occupancy_is_a_share_of_time_and_utilisation_of_capacity() -> None:
    """One chat of four for 30 of 60 s: occupied half of the time, and used an eighth."""
    metrics = played(
        [Queue("chat")],
        (0, AN),
        (0, Arrive(Contact("c1", mode=Mode.INTERACTIVE), "chat")),
        (0, Accept("c1/1")),
        (30, End("c1/1", "done")),
        (60, SetPresence("an", "away")),
        (90, SetPresence("an", "offline")),
    )
    [row] = metrics.rows(by=["agent"])
    assert (row.occupancy, row.utilisation) == (0.5, 0.125)
    assert (row.busy, row.signed_in) == (seconds(30), seconds(90))


def test_time_passes_without_events() -> None:
    """A live desk tells the fold that it is later, and presence counts up to then."""
    metrics = played([Queue("cards")], (0, AN))
    metrics.advance(seconds(60))
    assert metrics.total().ready == seconds(60)


def test_intervals_begin_where_they_are_told_to() -> None:
    """A day of a place seven hours east of UTC begins at 17:00 UTC."""
    metrics = Metrics(minutes(24 * 60), start=-minutes(7 * 60))
    center = Center([Queue("cards")])
    for at in (minutes(16 * 60), minutes(18 * 60)):
        for event in center.handle(Arrive(Contact(f"c{at}"), "cards"), at).events:
            metrics.apply(event)
    assert [row.start for row in metrics.rows()] == [-minutes(7 * 60), minutes(17 * 60)]


def test_nothing_gives_an_empty_total() -> None:
    """Before anything happens there are no rows, and a total in which every figure is `None`."""
    metrics = Metrics(minutes(30))
    assert metrics.rows() == []
    assert metrics.total() == Row(start=0)


# --- what is refused ------------------------------------------------------------------------------

WRONG: dict[str, Any] = {
    "every": 1800,
    "zero": seconds(0),
    "start": 1.5,
    "by": "queue",
    "queues": ["queues"],
}
"""Values that a type checker would refuse as well."""


@pytest.mark.parametrize(
    ("build", "error"),
    [
        (
            lambda: Metrics(WRONG["every"]),
            r"Metrics\.every: 1800 has no unit; write seconds\(1800\)",
        ),
        (lambda: Metrics(WRONG["zero"]), r"Metrics\.every: an interval is longer than 0 s"),
        (
            lambda: Metrics(minutes(1), start=WRONG["start"]),
            r"Metrics\.start: 1\.5 is not an instant",
        ),
        (lambda: Metrics(minutes(1)).rows(by=WRONG["by"]), r"write by=\['queue'\]"),
        (
            lambda: Metrics(minutes(1)).rows(by=WRONG["queues"]),
            r"by: 'queues' is not one of queue, agent\. Did you mean 'queue'\?",
        ),
    ],
)
def test_wrong_arguments_are_named(build: Callable[[], object], error: str) -> None:
    """The error says which argument it is and what would be right."""
    with pytest.raises(ValueError, match=error):
        build()
