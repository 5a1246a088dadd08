"""Starting again on a journal: nothing is lost, nothing is dated into the outage."""

from __future__ import annotations

import anyio
import pytest

from tests.runtime.helpers import kept, names, replayed, running
from tongdai import Agent, Arrive, Contact, PutAgent, Queue, minutes, seconds
from tongdai.center import events
from tongdai.errors import JournalError
from tongdai.journal import Batch, MemoryJournal, encode_frame
from tongdai.model.queue import Closed
from tongdai.testing import ManualClock

pytestmark = pytest.mark.anyio


async def test_it_goes_on_where_it_stopped() -> None:
    """Contacts wait on, in their places, and the first one is offered to who comes."""
    journal = MemoryJournal()
    async with running(journal=journal, agents=["an"]) as it:
        assert str(it.live.recovery) == "a new journal"
        for contact in ("c1", "c2"):
            await it.live.handle(Arrive(Contact(contact), "cards"))
        state = it.live.center.snapshot()
    async with running(journal=journal, clock=ManualClock(seconds(50))) as it:
        assert str(it.live.recovery) == "4 events"
        assert it.live.center.snapshot() == state == await replayed(journal)
        async with it.live.sign_in("an") as me:
            assert (await anext(me.offers)).contact == "c1"


async def test_nothing_is_dated_into_the_outage() -> None:
    """What fell due meanwhile falls due at the start."""
    journal = MemoryJournal()
    queue = Queue("cards", patience=minutes(2))
    async with running(queue, journal=journal) as it:
        await it.live.handle(PutAgent(Agent("an"), available=True))
        await it.live.handle(Arrive(Contact("c1"), "cards"))
        await it.live.handle(Arrive(Contact("c2"), "cards"))
    stopped = len(await kept(journal))
    async with running(queue, journal=journal, clock=ManualClock(minutes(10))) as it:
        assert str(it.live.recovery) == (
            "5 events; due: 1 OfferExpired, 1 ContactProtected, 2 ContactEnded"
        )
    assert {event.at for event in (await kept(journal))[stopped:]} == {minutes(10)}


async def test_who_was_at_a_desk_is_lost() -> None:
    """The program crashed: agents who had signed in are lost, the others are as they were."""
    journal = MemoryJournal()
    crashed: list[events.AnyEvent] = [
        events.QueuePut("cards", Queue("cards")),
        *(events.AgentPut(id, Agent(id), available=id == "binh") for id in ("an", "binh", "chi")),
        events.PresenceChanged("an", "available", "signed in"),
        events.PresenceChanged("an", "away", "lunch"),
        events.PresenceChanged("chi", "available", "signed in"),
        events.PresenceChanged("chi", "offline"),
    ]
    await journal.append("main", 0, encode_frame(Batch(0, tuple(crashed))))
    async with running(journal=journal) as it:
        assert it.live.recovery.lost == ("an",)
        presences = {agent.id: agent.presence for agent in it.live.center.agents()}
        assert presences == {"an": "away", "binh": "available", "chi": "offline"}


async def test_changed_queues_are_put_and_told() -> None:
    """The code's queues count; the difference is in the recovery, and in the journal."""
    journal = MemoryJournal()
    async with running(Queue("cards", limit=50), Queue("old"), journal=journal):
        pass
    new = [Queue("vip", overflow="cards"), Queue("cards", limit=80, overflow=Closed("Bận"))]
    async with running(*new, journal=journal) as it:
        assert it.live.recovery.configuration == (
            "cards.limit 50 -> 80",
            "cards.overflow Closed(text='') -> Closed(text='Bận')",
            "vip added",
            "old removed",
        )
        assert sorted(it.live.center.state.queues.queues) == ["cards", "vip"]
    before = await names(journal)
    async with running(*new, journal=journal) as it:
        assert it.live.recovery.configuration == ()
    assert await names(journal) == before


async def test_queues_may_swap_their_overflows() -> None:
    """Whatever the order, no cycle comes up on the way."""
    journal = MemoryJournal()
    async with running(Queue("a", overflow="b"), Queue("b"), journal=journal, channels={}):
        pass
    async with running(Queue("a"), Queue("b", overflow="a"), journal=journal, channels={}) as it:
        assert it.live.center.queue("b").queue.overflow == "a"
    async with running(Queue("c"), journal=journal, channels={}) as it:
        assert list(it.live.center.state.queues.queues) == ["c"]


async def test_a_queue_with_contacts_stays_until_it_is_empty() -> None:
    """The code has dropped it, the contacts have not."""
    journal = MemoryJournal()
    async with running(Queue("cards"), Queue("old"), journal=journal) as it:
        await it.live.handle(Arrive(Contact("c1"), "old"))
    async with running(journal=journal) as it:
        assert it.live.recovery.configuration == ("old kept until it is empty",)
        assert it.live.center.contact("c1").queue == "old"


async def test_changed_code_cannot_change_the_past() -> None:
    """The journal's own queues are replayed, so a shorter plan does not break a longer history."""
    journal = MemoryJournal()
    async with running(Queue("cards", "billing>=3"), journal=journal) as it:
        await it.live.handle(PutAgent(Agent("an", {"billing": 2}), available=True))
        await it.live.handle(Arrive(Contact("c1"), "cards"))
    async with running(Queue("cards"), journal=journal) as it:
        assert it.live.recovery.events == 3
        assert it.live.center.contact("c1").phase == "offered"


async def test_a_bad_journal_is_refused() -> None:
    """The error names the frame; nothing was started, and nothing appended."""
    for bad, reason in [
        (b"\x01nonsense", "frame 2: the checksum"),
        (encode_frame(Batch(7, (events.AgentRemoved("an"),))), "frame 2: begins with event 7"),
        (encode_frame(Batch(1, (events.AgentRemoved("an"),))), "frame 2, AgentRemoved: does not"),
    ]:
        journal = MemoryJournal()
        async with running(journal=journal):
            pass
        await journal.append("main", 1, bad)
        with pytest.raises(JournalError, match=reason):
            async with running(journal=journal):
                raise AssertionError
        assert len(await journal.read("main")) == 2


async def test_partitions_are_apart() -> None:
    """Two centers in one journal do not see each other (and a page of it is not all of it)."""
    journal = MemoryJournal()
    async with running(journal=journal) as it:
        for number in range(1_500):
            await it.live.handle(Arrive(Contact(f"c{number}"), "cards"))
    await anyio.lowlevel.checkpoint()
    async with running(journal=journal) as it:
        assert len(it.live.center.state.contacts) == 1_500
    assert list(await journal.read("other")) == []
