"""Channels: what comes in is taken once, what goes out is in order, and none holds up another."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest
import sniffio

from tests.runtime.helpers import Troubled, kept, names, running, until
from tongdai import Address, Arrive, Contact, Content, Mode, Queue, RemoveQueue, seconds
from tongdai.center import events
from tongdai.channels import Activity, Inbound, Medium, Message, Sent
from tongdai.errors import ChannelFault
from tongdai.journal import MemoryJournal
from tongdai.model.queue import Closed
from tongdai.runtime.link import input_id
from tongdai.testing import FakeChannel

pytestmark = pytest.mark.anyio


def message(key: str, who: str = "lan", channel: str = "web") -> Message:
    """Return a message as a provider would deliver it."""
    return Message(key=key, at=0, address=Address(channel, who), content=Content("xin chào"))


async def test_what_is_delivered_twice_is_taken_once() -> None:
    """The key tells; another key is another message."""
    journal = MemoryJournal()
    async with running(journal=journal) as it:
        with it.live.events() as seen:
            for key in ("k1", "k1", "k2"):
                it.chat.deliver(message(key))
            while (await until(seen, events.MessageReceived)).key != "k2":
                pass
    assert (await names(journal))[1:] == ["ContactQueued", "MessageReceived", "MessageReceived"]
    assert [event.cause for event in await kept(journal)][1:] == ["web:k1", "web:k1", "web:k2"]


@pytest.mark.parametrize("length", [1, 120, 124, 125, 500])
async def test_an_inputs_id_is_never_too_long(length: int) -> None:
    """Long keys are cut, and told apart all the same."""
    ids = {input_id("web", "k" * length + end) for end in "ab"}
    assert (len(ids), max(map(len, ids)) <= 128) == (2, True)


async def test_what_is_wrong_with_a_message_does_not_end_the_runtime() -> None:
    """It is a fault; the next message is taken."""
    async with running() as it:
        it.chat.deliver("hello")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        it.chat.deliver(message("k1", channel="sms"))
        it.chat.deliver(Message(key="k2", at=0, address=Address("web", "lan"), content="?"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        with it.live.events() as seen:
            it.chat.deliver(message("k3"))
            await until(seen, events.MessageReceived)
        assert [fault.what for fault in it.live.faults] == ["", "k1", "k2"]
        assert "'sms' is not 'web'" in str(it.live.faults[1])


async def test_a_customer_can_leave_when_the_entry_is_gone() -> None:
    """Only messages enter a queue, so only they need one."""
    queues = [Queue("cards"), Queue("other")]
    async with running(*queues) as it:
        with it.live.events() as seen:
            it.chat.deliver(message("k1"))
            await until(seen, events.MessageReceived)
            await it.live.handle(RemoveQueue("cards", "other"))
            it.chat.deliver(Activity(what="left", key="k2", at=0, address=Address("web", "lan")))
            await until(seen, events.ContactAbandoned)


async def test_an_entry_may_be_chosen_by_the_message() -> None:
    """A function of the first message; when it fails, that is a fault."""
    chat = FakeChannel("web")

    def entry(first: Message) -> str:
        return {"thẻ": "cards", "vay": "loans"}[first.content.text]

    queues = [Queue("cards"), Queue("loans")]
    async with running(*queues, chat=chat, channels={chat: entry}) as it:
        with it.live.events() as seen:
            await chat.customer("mai").says("?")
            await chat.customer("lan").says("vay")
            assert (await until(seen, events.ContactQueued)).queue == "loans"
        assert "KeyError" in it.live.faults[0].reason


async def test_a_message_that_cannot_be_kept_is_tried_again() -> None:
    """The journal fails once; a second later the message is in it."""
    journal = Troubled()
    async with running(journal=journal) as it:
        journal.errors = [OSError("gone")]
        with it.live.events() as seen:
            it.chat.deliver(message("k1"))
            await anyio.wait_all_tasks_blocked()
            assert len(seen) == 0
            it.clock.advance(seconds(1))
            assert (await until(seen, events.MessageReceived)).key == "k1"


async def test_a_throttled_message_is_sent_later_and_in_order() -> None:
    """The channel says when; the next message waits for it."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        lan = it.chat.customer("lan")
        await lan.says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            it.chat.fail(ChannelFault("throttled", retry_after=seconds(3)))
            await talk.say("một")
            await talk.say("hai")
            await anyio.wait_all_tasks_blocked()
            assert it.chat.sent == []
            it.clock.advance(seconds(3))
            assert [await lan.hears(), await lan.hears()] == ["một", "hai"]
    first, second = (key for _, _, key in it.chat.sent)
    assert first != second


@pytest.mark.parametrize(
    ("fault", "error"),
    [(ChannelFault("blocked", "by lan"), "blocked"), (OSError("by lan"), "unknown")],
    ids=["told", "not told"],
)
async def test_a_message_that_cannot_be_sent_is_in_the_journal(
    fault: Exception, error: str
) -> None:
    """As a failed receipt; the next one is sent."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        lan = it.chat.customer("lan")
        await lan.says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            it.chat.fail(fault)
            with it.live.events() as seen:
                await talk.say("một")
                receipt = await until(seen, events.ReceiptReceived)
                assert (receipt.status, receipt.error) == ("failed", error)
                assert "by lan" in it.live.faults[0].reason
            await talk.say("hai")
            assert await lan.hears() == "hai"


async def test_trying_again_comes_to_an_end() -> None:
    """Five times at most."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        await it.chat.customer("lan").says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            it.chat.fail(*[ChannelFault("throttled", retry_after=seconds(1))] * 5)
            with it.live.events() as seen:
                await talk.say("một")
                for _ in range(4):
                    await anyio.wait_all_tasks_blocked()
                    assert it.live.faults == type(it.live.faults)()
                    it.clock.advance(seconds(1))
                await until(seen, events.ReceiptReceived)


async def test_a_slow_channel_holds_up_only_those_who_use_it() -> None:
    """Who speaks over it waits, it is read no more; the other channel and the writer go on."""
    slow, quick = FakeChannel("slow"), FakeChannel("quick")
    channels = {slow: "cards", quick: "cards"}
    journal = MemoryJournal()
    said: list[bool] = []
    async with (
        running(journal=journal, channels=channels, agents=["an"], outbox=2) as it,
        it.live.sign_in("an") as me,
        anyio.create_task_group() as tasks,
    ):
        await slow.customer("lan").says("xin chào")
        lan = await anext(me.offers)
        await quick.customer("mai").says("xin chào")
        mai = await anext(me.offers)
        async with lan.accept() as to_lan, mai.accept() as to_mai:
            slow.pause()
            assert [await to_lan.say("1"), await to_lan.say("2")] == [True, True]

            async def third() -> None:
                said.append(await to_lan.say("3"))

            tasks.start_soon(third)
            await slow.customer("ha").says("first")  # (it was listening when the outbox was full)
            await slow.customer("ha").says("second")
            await anyio.wait_all_tasks_blocked()
            assert said == []
            assert await to_mai.say("chào")
            assert await quick.customer("mai").hears() == "chào"
            assert "second" not in await _written(journal)
            slow.resume()
            assert [await slow.customer("lan").hears() for _ in "123"] == ["1", "2", "3"]
            await anyio.wait_all_tasks_blocked()
            assert (said, "second" in await _written(journal)) == ([True], True)


async def _written(journal: MemoryJournal) -> list[str]:
    return [e.content.text for e in await kept(journal) if isinstance(e, events.MessageReceived)]


async def test_a_full_queue_says_so_and_lets_go() -> None:
    """The customer hears the queue's words, and the chat is closed."""
    async with running(Queue("cards", limit=0, overflow=Closed("Hẹn gặp lại"))) as it:
        lan = it.chat.customer("lan")
        await lan.says("xin chào")
        assert await lan.hears() == "Hẹn gặp lại"
        await anyio.wait_all_tasks_blocked()
        assert lan.let_go


async def test_what_has_no_channel_is_a_fault() -> None:
    """A contact that came without an address cannot be written to."""
    async with running(channels={}, agents=["an"]) as it, it.live.sign_in("an") as me:
        await it.live.handle(Arrive(Contact("c1"), "cards"))
        async with (await anext(me.offers)).accept() as talk:
            assert await talk.say("chào")
        assert [fault.reason for fault in it.live.faults] == ["c1 has no address"]


async def test_what_is_owed_is_sent_before_the_end() -> None:
    """Leaving the runtime waits for it; what would have been tried later is tried at once."""
    chat = FakeChannel("web")
    async with running(chat=chat, agents=["an"]) as it, it.live.sign_in("an") as me:
        await chat.customer("lan").says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            chat.fail(ChannelFault("throttled", retry_after=seconds(60)))
            for text in ("một", "hai", "ba"):
                await talk.say(text)
    assert [text for _, text, _ in chat.sent] == ["một", "hai", "ba"]


class Shaky:
    """A channel whose connection breaks after each message, and which is an async generator."""

    id = "shaky"
    medium = Medium(mode=Mode.MESSAGING)

    def __init__(self) -> None:
        self.opened = 0
        self.closed = 0

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        """Connect; the first time that fails."""
        self.opened += 1
        if self.opened == 1:
            raise ChannelFault("retry", "no route")
        yield self._read(self.opened)

    async def _read(self, number: int) -> AsyncGenerator[Inbound]:
        try:
            yield message(f"k{number}", channel=self.id)
            if number == 2:
                raise ConnectionError("reset")
            await anyio.sleep_forever()
        finally:
            self.closed += 1

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Send nothing."""
        return Sent((f"{to.to} {content.text} {key}",))


async def test_a_broken_channel_is_opened_again() -> None:
    """After a second each time; its generators are closed, and the runtime goes on."""
    shaky = Shaky()
    async with running(channels={shaky: "cards"}) as it:
        with it.live.events() as seen:
            for number in (2, 3):
                await anyio.wait_all_tasks_blocked()
                it.clock.advance(seconds(1))
                assert (await until(seen, events.MessageReceived)).key == f"k{number}"
        assert [(fault.what, fault.reason) for fault in it.live.faults] == [
            ("open", "retry: no route; opened again in 1 s"),
            ("read", "ConnectionError: reset; opened again in 1 s"),
        ]
    assert (shaky.opened, shaky.closed) == (3, 2)


class Breaking(FakeChannel):
    """A channel whose connection breaks when it is told to, while it is sending."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.broken = anyio.Event()
        self.opened = 0

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        """Connect; the second time it lasts."""
        self.opened += 1
        async with super().open() as incoming:
            yield incoming if self.opened > 1 else self._until_broken(incoming)

    async def _until_broken(self, incoming: AsyncIterator[Inbound]) -> AsyncGenerator[Inbound]:
        yield await anext(incoming)
        await self.broken.wait()
        raise ConnectionError("reset")


async def test_what_is_being_sent_when_the_connection_breaks_is_sent_once() -> None:
    """The try comes to its end before the channel is opened again; what is owed goes on then."""
    chat = Breaking("web")
    async with running(chat=chat, agents=["an"]) as it, it.live.sign_in("an") as me:
        lan = chat.customer("lan")
        await lan.says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            chat.pause()
            assert await talk.say("một")
            assert await talk.say("hai")
            await anyio.wait_all_tasks_blocked()
            chat.broken.set()
            await anyio.wait_all_tasks_blocked()
            assert (chat.opened, chat.sent) == (1, [])
            chat.resume()
            await anyio.wait_all_tasks_blocked()
            it.clock.advance(seconds(1))
            assert [await lan.hears(), await lan.hears()] == ["một", "hai"]
    assert [text for _, text, _ in chat.sent] == ["một", "hai"]


async def test_what_hangs_when_the_connection_breaks_may_have_been_sent() -> None:
    """So it is a dead letter, and not sent twice."""
    chat = Breaking("web")
    async with running(chat=chat, agents=["an"]) as it, it.live.sign_in("an") as me:
        await chat.customer("lan").says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            chat.pause()
            assert await talk.say("một")
            await anyio.wait_all_tasks_blocked()
            chat.broken.set()
            await anyio.wait_all_tasks_blocked()
            it.clock.advance(seconds(5))
            await anyio.wait_all_tasks_blocked()
            assert [letter.kind for letter in it.live.dead_letters] == ["unknown"]
            chat.resume()


class Frail(FakeChannel):
    """A channel with a task of its own, which takes the connection with it when it fails."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.opened = 0
        self.broken = anyio.Event()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        """Connect; the second time it lasts."""
        self.opened += 1
        async with super().open() as incoming, anyio.create_task_group() as tasks:
            if self.opened == 1:
                tasks.start_soon(self._fail)
            yield incoming
            tasks.cancel_scope.cancel()

    async def _fail(self) -> None:
        await self.broken.wait()
        raise ChannelFault("retry", "the socket is gone")


async def test_what_a_connection_takes_with_it_may_have_been_sent() -> None:
    """A channel's own task fails: what was under way is a dead letter, and not sent twice."""
    chat = Frail("web")
    async with running(chat=chat, agents=["an"]) as it, it.live.sign_in("an") as me:
        lan = chat.customer("lan")
        await lan.says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            chat.pause()
            assert await talk.say("một")
            assert await talk.say("hai")
            await anyio.wait_all_tasks_blocked()
            chat.broken.set()
            while not it.live.faults:
                await anyio.lowlevel.checkpoint()
            chat.resume()
            await anyio.wait_all_tasks_blocked()
            it.clock.advance(seconds(1))
            assert await lan.hears() == "hai"
            assert [(one.kind, one.content.text) for one in it.live.dead_letters] == [
                ("unknown", "một")
            ]
        assert it.live.faults[0].reason == "retry: the socket is gone; opened again in 1 s"


async def test_what_was_sent_is_not_sent_again_because_the_journal_is_slow() -> None:
    """The connection breaks while the journal has not taken yet that it was sent."""
    chat, journal = Frail("web"), Troubled()
    async with running(chat=chat, agents=["an"], journal=journal) as it:
        async with it.live.sign_in("an") as me:
            lan = chat.customer("lan")
            await lan.says("xin chào")
            async with (await anext(me.offers)).accept() as talk:
                chat.pause()
                assert await talk.say("một")
                await anyio.wait_all_tasks_blocked()
                held = journal.held = anyio.Event()
                chat.resume()
                await anyio.wait_all_tasks_blocked()
                chat.broken.set()
                while not it.live.faults:
                    await anyio.lowlevel.checkpoint()
                journal.held = None
                held.set()
                await anyio.wait_all_tasks_blocked()
                it.clock.advance(seconds(1))
                await anyio.wait_all_tasks_blocked()
        assert (chat.opened, it.live.dead_letters) == (2, ())
    assert [text for _, text, _ in chat.sent] == ["một"]
    receipts = [e for e in await kept(journal) if isinstance(e, events.ReceiptReceived)]
    assert [receipt.status for receipt in receipts] == ["sent"]


class Down(FakeChannel):
    """A channel that breaks when it is told to, and then cannot be opened any more."""

    def __init__(self, id: str) -> None:
        super().__init__(id)
        self.opened = 0
        self.broken = anyio.Event()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        """Connect, once."""
        self.opened += 1
        if self.opened > 1:
            raise ChannelFault("retry", "no route")
        yield self._read()

    async def _read(self) -> AsyncGenerator[Inbound]:
        yield message("k1")
        await self.broken.wait()
        raise ConnectionError("reset")


async def test_what_is_owed_to_a_channel_that_is_down_is_a_dead_letter_at_the_end() -> None:
    """Nobody learns nothing of it."""
    chat = Down("web")
    async with (
        running(chat=chat, agents=["an"]) as it,
        it.live.sign_in("an") as me,
        (await anext(me.offers)).accept() as talk,
    ):
        chat.broken.set()
        await anyio.wait_all_tasks_blocked()
        assert await talk.say("một")
    assert [(one.kind, one.content.text) for one in it.live.dead_letters] == [("retry", "một")]
    assert "the runtime ended before it was sent" in it.live.faults[-1].reason


async def test_a_channel_that_breaks_at_the_end_is_not_opened_again() -> None:
    """Its last try is over when the runtime ends already: opening it again and again is no use."""
    chat = Down("web")

    async def resume() -> None:
        await anyio.wait_all_tasks_blocked()
        chat.resume()

    async with anyio.create_task_group() as outside, running(chat=chat, agents=["an"]) as it:
        async with it.live.sign_in("an") as me, (await anext(me.offers)).accept() as talk:
            chat.pause()
            assert await talk.say("một")
            assert await talk.say("hai")
            await anyio.wait_all_tasks_blocked()
            chat.broken.set()
            await anyio.wait_all_tasks_blocked()
        outside.start_soon(resume)
    assert (chat.opened, [text for _, text, _ in chat.sent]) == (1, ["một"])
    assert [one.content.text for one in it.live.dead_letters] == ["hai"]


async def test_a_reader_that_cancels_itself_is_opened_again() -> None:
    """As asyncio has it, where a task that it waits for was cancelled."""
    chat = Frail("web")
    opened: list[int] = []

    async def read() -> AsyncGenerator[Inbound]:
        opened.append(1)
        if len(opened) == 1:
            raise anyio.get_cancelled_exc_class() if _asyncio() else ConnectionError
        yield message("k1")

    @asynccontextmanager
    async def connect() -> AsyncGenerator[AsyncIterator[Inbound]]:
        yield read()

    chat.open = connect  # type: ignore[method-assign]
    async with running(chat=chat) as it:
        with it.live.events() as seen:
            await anyio.wait_all_tasks_blocked()
            it.clock.advance(seconds(1))
            assert (await until(seen, events.MessageReceived)).key == "k1"
        assert [fault.what for fault in it.live.faults] == ["read"]


def _asyncio() -> bool:
    return sniffio.current_async_library() == "asyncio"
