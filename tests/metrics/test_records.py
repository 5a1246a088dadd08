"""Contact records: one for each contact, complete, without anything personal."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given

from tests.metrics.days import Day, days, play
from tongdai import (
    Abandon,
    Accept,
    Address,
    Agent,
    Arrive,
    Center,
    Contact,
    Decline,
    Dispose,
    Duration,
    End,
    Mode,
    PutAgent,
    Queue,
    RemoveQueue,
    Tick,
    seconds,
)
from tongdai.center import events
from tongdai.center.events import AnyEvent
from tongdai.center.inputs import AnyInput, FailConnect
from tongdai.metrics import ContactRecord, ContactRecords, records
from tongdai.model.codec import decode, encode


def story(queues: list[Queue], *inputs: tuple[int, AnyInput]) -> list[ContactRecord]:
    """Play inputs, each at a second, and return the records."""
    center = Center(queues)
    return list(
        records(event for at, input in inputs for event in center.handle(input, seconds(at)).events)
    )


AN = PutAgent(Agent("an"), available=True)
BINH = PutAgent(Agent("binh"), available=True)


def test_a_record_tells_a_contact_from_arrival_to_disposition() -> None:
    """Declined once, answered after 12 s, 88 s of talk, 20 s of wrap-up."""
    [record] = story(
        [Queue("cards", wrap_up=seconds(60))],
        (0, AN),
        (0, BINH),
        (100, Arrive(Contact("c1"), "cards")),
        (105, Decline("c1/1")),
        (112, Accept("c1/2")),
        (200, End("c1/2")),
        (220, Dispose("c1/2", "card blocked")),
    )
    assert record == ContactRecord(
        contact="c1",
        mode=Mode.LIVE,
        queues=("cards",),
        arrived=seconds(100),
        answered=seconds(112),
        agents=("binh",),
        waited=seconds(12),
        talked=seconds(88),
        wrap_up=seconds(20),
        ended=seconds(200),
        outcome="answered",
        reason="agent",
        disposition="card blocked",
        offers=2,
        declined=1,
    )


def test_a_record_of_a_contact_that_was_abandoned_on_its_second_queue() -> None:
    """The path of queues, an offer that expired, and when the customer left."""
    [record] = story(
        [Queue("cards", patience=seconds(30), after_patience="general"), Queue("general")],
        (0, AN),
        (0, Arrive(Contact("c1"), "cards")),
        (25, Tick()),
        (50, Abandon("c1")),
    )
    assert (record.outcome, record.queues) == ("abandoned", ("cards", "general"))
    assert (record.waited, record.ended, record.short) == (seconds(50), seconds(50), False)
    assert (record.offers, record.expired, record.agents) == (1, 1, ())


def test_a_removed_queue_is_on_the_path_of_a_contact_that_waited_again() -> None:
    """While it is with an agent nothing changes; broken off, it waits in the other queue."""
    steps: list[tuple[int, AnyInput]] = [
        (0, AN),
        (0, Arrive(Contact("c1"), "late")),
        (1, Accept("c1/1")),
        (2, RemoveQueue("late", to="cards")),
        (3, FailConnect("c1/1")),
    ]
    queues = [Queue("cards"), Queue("late")]
    [before], [after] = story(queues, *steps[:-1]), story(queues, *steps)
    assert (before.queues, before.answered) == (("late",), seconds(1))
    assert (after.queues, after.answered, after.failed) == (("late", "cards"), None, 1)


def test_a_refused_contact_has_a_record() -> None:
    """It came, it did not get in, and the reason says why."""
    [record] = story([Queue("cards", limit=0)], (7, Arrive(Contact("c1"), "cards")))
    assert (record.outcome, record.reason, record.queues) == ("refused", "full", ("cards",))
    assert (record.arrived, record.ended, record.waited) == (seconds(7), seconds(7), None)


def test_open_contacts_come_last_as_far_as_they_are() -> None:
    """A contact that waits has neither an answer nor an end."""
    done, open_ = story(
        [Queue("cards")],
        (0, Arrive(Contact("c1"), "cards")),
        (1, Arrive(Contact("c2"), "cards")),
        (2, Abandon("c2")),
    )
    assert (done.contact, done.outcome) == ("c2", "abandoned")
    assert (open_.contact, open_.outcome, open_.waited) == ("c1", "open", None)


def test_a_record_completes_with_the_wrap_up() -> None:
    """The live fold gives each record at the event that completes it."""
    center, fold = Center([Queue("cards", wrap_up=seconds(10))]), ContactRecords()
    given_at: list[int] = []
    inputs: list[tuple[int, AnyInput]] = [
        (0, AN),
        (0, Arrive(Contact("c1"), "cards")),
        (1, Accept("c1/1")),
        (5, End("c1/1")),
        (60, Tick()),
    ]
    for at, input in inputs:
        happened = center.handle(input, seconds(at)).events
        given_at += [event.at for event in happened if fold.apply(event) is not None]
    assert given_at == [seconds(15)]
    assert fold.open() == []


@pytest.mark.parametrize("wrap_up", [seconds(0), seconds(10)])
def test_records_hold_nothing_personal(wrap_up: Duration) -> None:
    """Addresses and claims stay in the events."""
    contact = Contact("c1", mode=Mode.INTERACTIVE, address=Address("sms", "+84901234567"))
    [record] = story([Queue("chat", wrap_up=wrap_up)], (0, Arrive(contact, "chat")))
    assert b"84901234567" not in encode(record)


@given(days)
def test_every_contact_has_one_record(day: Day) -> None:
    """Each that arrived, each once; the ones without an end are those the center still has."""
    found = list(records(day.events))
    assert max(Counter(record.contact for record in found).values(), default=1) == 1
    state = day.center.state
    assert set(state.contacts) == {record.contact for record in found if record.outcome == "open"}
    assert state.arrived == len(found)


@given(days)
def test_a_record_is_consistent(day: Day) -> None:
    """Waiting, talk and wrap-up follow each other, and offers are at least what became of them."""
    for record in records(day.events):
        assert record.offers >= record.declined + record.expired + len(record.agents)
        assert len(record.agents) == record.failed + (record.answered is not None)
        if record.answered is not None:
            assert record.waited == record.answered - record.arrived
        if record.outcome == "answered":
            assert record.ended is not None
            parts = (record.waited or 0) + (record.talked or 0)
            assert record.ended == record.arrived + parts
        if record.outcome in ("abandoned", "ended"):
            assert record.ended is not None
            assert record.waited == record.ended - record.arrived


@given(days)
def test_live_equals_replayed(day: Day) -> None:
    """Events that come back from a journal give the same records, and those can be kept too."""
    replayed = [decode(encode(event), AnyEvent) for event in day.events]
    found = list(records(day.events))
    assert found == list(records(replayed))
    assert found == [decode(encode(record), ContactRecord) for record in found]


def test_days_have_everything_in_them() -> None:
    """The days that the properties search reach every outcome and event that figures come from."""
    steps = [(step * 7919 % 12_000, step * 31 % 25, step * 17 % 101) for step in range(2_000)]
    happened = play(steps).events
    outcomes = {record.outcome for record in records(happened)}
    assert outcomes == {"open", "answered", "abandoned", "ended", "refused"}
    assert {type(event) for event in happened} >= {
        events.QueuePut,
        events.QueueRemoved,
        events.AgentPut,
        events.AgentRemoved,
        events.PresenceChanged,
        events.AgentLost,
        events.ContactQueued,
        events.ContactRefused,
        events.ContactOverflowed,
        events.ContactOffered,
        events.OfferAccepted,
        events.OfferDeclined,
        events.OfferExpired,
        events.OfferRescinded,
        events.InteractionFailed,
        events.ContactAbandoned,
        events.ContactEnded,
        events.WrapUpEnded,
    }
