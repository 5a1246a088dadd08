"""One writer: acknowledged means durable, effects come after, and it ends in good order."""

from __future__ import annotations

import anyio
import pytest
from msgspec.structs import force_setattr

from tests.runtime.helpers import Troubled, kept, names, replayed, running, until
from tongdai import (
    Address,
    Agent,
    Arrive,
    Center,
    Claim,
    ConfigurationError,
    Contact,
    Content,
    IllegalInput,
    PutAgent,
    Queue,
    Receive,
    Tick,
    TongdaiError,
    seconds,
)
from tongdai.center import events
from tongdai.channels import Message, Receipt
from tongdai.errors import JournalConflict, JournalError
from tongdai.journal import Batch, MemoryJournal, encode_frame
from tongdai.model.contact import Attachment
from tongdai.routing.strategies import AgentView, ContactView
from tongdai.runtime import Resync, Runtime
from tongdai.testing import FakeChannel, ManualClock

pytestmark = pytest.mark.anyio


class Broken:
    """A strategy that can be broken."""

    def __init__(self) -> None:
        self.now = True

    def measure(self, agent: AgentView, _: ContactView) -> str:
        """Compare by id."""
        if self.now:
            raise ZeroDivisionError
        return agent.agent.id


async def test_an_answer_comes_when_the_journal_has_it() -> None:
    """While the journal has not answered, neither has `handle`, and no effect is performed."""
    journal = Troubled()
    async with running(journal=journal, agents=["an"]) as it, it.live.sign_in("an") as me:
        answered: list[str] = []

        async def arrive() -> None:
            await it.live.handle(Arrive(Contact("c1"), "cards"))
            answered.append("c1")

        journal.held = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(arrive)
            await journal.reached.wait()
            await anyio.wait_all_tasks_blocked()
            assert (answered, len(me.offers)) == ([], 0)
            assert "ContactQueued" not in await names(journal)
            journal.held.set()
            journal.held = None
        assert (answered, len(me.offers)) == (["c1"], 1)


async def test_what_could_not_be_kept_has_not_happened() -> None:
    """The caller is told, no effect is performed, and the center is as before."""
    journal = Troubled()
    async with running(journal=journal, agents=["an"]) as it, it.live.sign_in("an") as me:
        before = it.live.center.snapshot()
        journal.errors = [OSError("no space left")]
        with it.live.events() as seen:
            with pytest.raises(JournalError, match="no space left"):
                await it.live.handle(Arrive(Contact("c1"), "cards"))
            assert (len(me.offers), len(seen)) == (0, 0)
            assert it.live.center.snapshot() == before
            await it.live.handle(Arrive(Contact("c1"), "cards"))
            assert (len(me.offers), len(seen)) == (1, 2)
    assert (await names(journal)).count("ContactQueued") == 1


async def test_an_append_that_only_seemed_to_fail_counts() -> None:
    """The frame is in the journal: the decision is the answer, its effects are performed once."""
    journal = Troubled()
    async with running(journal=journal, agents=["an"]) as it, it.live.sign_in("an") as me:
        journal.errors, journal.keep_first = [OSError("connection lost")], True
        decision = await it.live.handle(Arrive(Contact("c1"), "cards"))
        assert isinstance(decision.events[0], events.ContactQueued)
        assert len(me.offers) == 1
    assert (await names(journal)).count("ContactQueued") == 1


async def test_another_writer_is_noticed() -> None:
    """What somebody else appended is taken in; one's own input was not, and readers are told."""
    journal = MemoryJournal()
    async with running(journal=journal) as it:
        foreign = events.AgentPut("binh", Agent("binh"), at=1)
        number = it.live.center.state.version
        with it.live.events() as seen:
            await journal.append("main", 1, encode_frame(Batch(number, (foreign,))))
            with pytest.raises(JournalConflict):
                await it.live.handle(PutAgent(Agent("an")))
            assert [agent.id for agent in (await until(seen, Resync)).view.agents] == ["binh"]
        await it.live.handle(PutAgent(Agent("an")))
        assert sorted(it.live.center.state.router.agents) == ["an", "binh"]


async def test_a_journal_that_cannot_be_read_either_is_tried_again() -> None:
    """Until it can be, the state is unknown and inputs are refused; then all goes on."""
    journal = Troubled()
    async with running(journal=journal) as it:
        journal.errors = [OSError("gone")]
        journal.unreadable = JournalError("still gone")
        with pytest.raises(JournalError, match="gone"):
            await it.live.handle(PutAgent(Agent("an")))
        with pytest.raises(JournalError, match="unknown until"):
            _ = it.live.center
        with pytest.raises(JournalError, match="still gone"):
            await it.live.handle(PutAgent(Agent("an")))
        journal.unreadable = None
        with it.live.events() as seen:
            it.clock.advance(seconds(2))  # the timer tries it by itself
            await anyio.wait_all_tasks_blocked()
            assert it.live.center.state.router.agents == {}
            await it.live.handle(PutAgent(Agent("an")))
            await until(seen, events.AgentPut)


async def test_a_strategy_that_fails_leaves_nothing_behind() -> None:
    """The center failed in the middle of a step; the next one starts from the journal."""
    broken = Broken()
    journal = MemoryJournal()
    center = Center([Queue("cards")], strategy=broken.measure)
    async with running(center=center, journal=journal) as it:
        await it.live.handle(PutAgent(Agent("an"), available=True))
        with pytest.raises(ZeroDivisionError):
            await it.live.handle(Arrive(Contact("c1"), "cards"))
        assert "ContactQueued" not in await names(journal)
        broken.now = False
        await it.live.handle(Arrive(Contact("c1"), "cards"))
        assert it.live.center.contact("c1").phase == "offered"


async def test_illegal_input_is_the_callers() -> None:
    """The error comes out of `handle`, and nothing is in the journal."""
    journal = MemoryJournal()
    async with running(journal=journal) as it:
        with pytest.raises(IllegalInput, match="Did you mean 'cards'"):
            await it.live.handle(Arrive(Contact("c1"), "card"))
    assert await names(journal) == ["QueuePut"]


async def test_what_could_not_be_read_back_is_not_kept() -> None:
    """A Struct does not check its fields' types; the journal does, before it is too late."""
    journal = MemoryJournal()
    async with running(journal=journal) as it:
        claim = Claim("phone", "1")
        force_setattr(claim, "assurance", "sure")  # (past its own check)
        wrong = Contact("c1", claims=[claim])
        with pytest.raises(IllegalInput, match=r"'sure'.*claims.*assurance"):
            await it.live.handle(Arrive(wrong, "cards"))
        assert it.live.center.state.contacts == {}
        await it.live.handle(Arrive(Contact("c1"), "cards"))
    assert await names(journal) == ["QueuePut", "ContactQueued"]


async def test_a_duration_as_an_instant_can_be_kept() -> None:
    """In tests `seconds(5)` is an instant; wherever it comes in, the journal holds a plain one."""
    journal = MemoryJournal()
    lan = Address("web", "lan")
    file = Attachment("image/png", "https://files.invalid/1", expires=seconds(60))
    async with running(journal=journal) as it:
        await it.live.handle(Arrive(Contact("c1", due=seconds(9), address=lan), "cards"))
        said = Message(key="k1", at=seconds(1), address=lan, content=Content("", (file,)))
        await it.live.handle(Receive(said, "cards"))
        seen = Receipt(key="k2", at=seconds(2), address=lan, status="read", upto=seconds(1))
        await it.live.handle(Receive(seen, ""))
        state = it.live.center.snapshot()
    assert await replayed(journal) == state


async def test_the_same_input_twice_is_taken_once() -> None:
    """The repeat says so."""
    async with running() as it:
        arrive = Arrive(Contact("c1"), "cards", id="web-1")
        first, second = await it.live.handle(arrive), await it.live.handle(arrive)
        assert (first.repeat, second.repeat, second.events) == (False, True, ())


async def test_timers_fall_due_by_the_clock() -> None:
    """Nobody ticks: an offer expires and a plan steps when their instants come."""
    queue = Queue("cards", patience=seconds(60))
    async with running(queue) as it:
        await it.live.handle(PutAgent(Agent("an"), available=True))
        await it.live.handle(Arrive(Contact("c1"), "cards"))
        with it.live.events() as seen:
            it.clock.advance(seconds(20))
            assert (await until(seen, events.OfferExpired)).at == seconds(20)
            it.clock.advance(seconds(40))
            ended = await until(seen, events.ContactEnded)
            assert (ended.at, ended.reason) == (seconds(60), "patience")


async def test_an_earlier_deadline_wakes_the_timer() -> None:
    """It slept towards a far one; the near one does not wait for that."""
    queues = [Queue("far", patience=seconds(1_000)), Queue("near", patience=seconds(5))]
    async with running(*queues, channels={}) as it:
        await it.live.handle(Arrive(Contact("c1"), "far"))
        await anyio.wait_all_tasks_blocked()
        await it.live.handle(Arrive(Contact("c2"), "near"))
        with it.live.events() as seen:
            it.clock.advance(seconds(5))
            assert (await until(seen, events.ContactEnded)).contact == "c2"


async def test_a_tick_that_cannot_be_kept_is_tried_again() -> None:
    """A second later, by the clock, and with the instants at which things fell due."""
    journal = Troubled()
    async with running(Queue("cards", patience=seconds(5)), journal=journal) as it:
        await it.live.handle(Arrive(Contact("c1"), "cards"))
        with it.live.events() as seen:
            journal.errors = [OSError("gone")]
            it.clock.advance(seconds(5))
            await anyio.wait_all_tasks_blocked()
            assert len(seen) == 0
            it.clock.advance(seconds(1))
            assert (await until(seen, events.ContactEnded)).at == seconds(5)


async def test_a_slow_reader_gets_a_resync() -> None:
    """What is held for it is bounded; it goes on from the state that it is given."""
    async with running() as it:
        with it.live.events(limit=3) as slow, it.live.events() as quick:
            for number in range(100):
                await it.live.handle(Arrive(Contact(f"c{number}"), "cards"))
                assert len(slow) <= 3
            resync = await anext(slow)
            assert isinstance(resync, Resync)
            assert resync.view.events == it.live.center.state.version == 101
            assert len(resync.view.contacts) == 100
            assert [queue.waiting for queue in resync.view.queues] == [100]
            await it.live.handle(Arrive(Contact("next"), "cards"))
            assert (await until(slow, events.ContactQueued)).contact == "next"
            assert len(quick) == 101


async def test_a_reader_ends_with_the_runtime() -> None:
    """It gets what is held, and then the end."""
    async with running() as it:
        seen = it.live.events()
        await it.live.handle(PutAgent(Agent("an")))
    assert [type(event).__name__ async for event in seen] == ["AgentPut"]


async def test_the_journal_is_the_state() -> None:
    """Replaying it gives the same center."""
    journal = MemoryJournal()
    async with running(journal=journal, agents=["an"]) as it:
        async with it.live.sign_in("an") as me:
            await it.chat.customer("lan").says("xin chào")
            async with (await anext(me.offers)).accept() as talk:
                await talk.say("chào")
        state = it.live.center.snapshot()
    assert await replayed(journal) == state


async def test_every_event_says_when() -> None:
    """The runtime adds its clock's instant."""
    journal = MemoryJournal()
    async with running(journal=journal, clock=ManualClock(seconds(7))) as it:
        await it.live.handle(PutAgent(Agent("an")))
    assert {event.at for event in await kept(journal)} == {seconds(7)}


async def test_leaving_finishes_the_append_under_way() -> None:
    """Cancelled in the middle of an append, the runtime still lets it come to its end."""
    journal = Troubled()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            scope = anyio.CancelScope()

            async def program() -> None:
                with scope:
                    async with running(journal=journal) as it:
                        journal.held = anyio.Event()
                        await it.live.handle(PutAgent(Agent("an")))

            tasks.start_soon(program)
            await journal.reached.wait()
            scope.cancel()
            await anyio.wait_all_tasks_blocked()
            assert journal.held is not None
            journal.held.set()
    assert await names(journal) == ["QueuePut", "AgentPut"]


async def test_cancelling_the_whole_program_records_that_its_agents_are_lost() -> None:
    """The runtime outlives its block for as long as that takes."""
    journal = MemoryJournal()
    with anyio.CancelScope() as scope:
        async with running(journal=journal, agents=["an"]) as it, it.live.sign_in("an"):
            scope.cancel()
            await anyio.sleep_forever()
    assert (await names(journal))[-1] == "AgentLost"


async def test_what_the_block_raises_comes_out_as_it_was() -> None:
    """No exception group is put round it, and its cause stays."""
    with pytest.raises(ZeroDivisionError) as caught:
        async with running():
            raise ZeroDivisionError from KeyError("cause")
    assert isinstance(caught.value.__cause__, KeyError)


async def test_a_timer_that_meets_a_broken_strategy_ends_the_runtime() -> None:
    """Nobody asked, so nobody can be told but whoever runs it."""

    async def program() -> None:
        broken = Broken()
        broken.now = False
        center = Center([Queue("cards")], strategy=broken.measure)
        async with running(center=center) as it:
            await it.live.handle(PutAgent(Agent("an"), available=True))
            await it.live.handle(PutAgent(Agent("binh"), available=True))
            await it.live.handle(Arrive(Contact("c1"), "cards"))
            broken.now = True
            it.clock.advance(seconds(20))
            await anyio.sleep_forever()

    with pytest.raises(ZeroDivisionError):
        await program()


async def test_it_runs_inside_its_block_only_and_once() -> None:
    """Before, after, and a second time are errors that say so."""
    live = Runtime(Center(), journal=MemoryJournal(), clock=ManualClock())
    with pytest.raises(TongdaiError, match="not running"):
        await live.handle(Tick())
    async with live:
        await live.handle(Tick())
    with pytest.raises(TongdaiError, match="not running"):
        await live.handle(Tick())
    with pytest.raises(TongdaiError, match="runs once"):
        await live.__aenter__()


async def test_wrong_settings_are_named() -> None:
    """Each error says what would be right."""
    journal = MemoryJournal()
    with pytest.raises(ConfigurationError, match=r"MemoryJournal\(\)"):
        Runtime(Center(), journal="desk.db")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigurationError, match="Did you mean 'cards'"):
        Runtime(Center([Queue("cards")]), journal=journal, channels={FakeChannel("web"): "card"})
    with pytest.raises(ConfigurationError, match="list does not say where contacts enter"):
        Runtime(Center(), journal=journal, channels=[FakeChannel("web")])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigurationError, match="two channels have the id 'web'"):
        Runtime(
            Center([Queue("cards")]),
            journal=journal,
            channels={FakeChannel("web"): "cards", FakeChannel("web"): "cards"},
        )
    used = Center([Queue("cards")])
    used.handle(PutAgent(Agent("an")), 0)
    with pytest.raises(ConfigurationError, match="pass a new one"):
        Runtime(used, journal=journal)
