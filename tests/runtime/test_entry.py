"""Where contacts enter: ids, rules, functions, and those that fail, are late, or talk nonsense."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import pytest
import sniffio

from tests.runtime.helpers import Troubled, kept, running, until
from tongdai import (
    Abandon,
    Address,
    Agent,
    Center,
    ConfigurationError,
    Content,
    Mode,
    PutAgent,
    Queue,
    seconds,
)
from tongdai.center import About, Rule, Triage, Triaged, events
from tongdai.channels import Inbound, Medium, Message, Ringing, Sent
from tongdai.ivr import Flow, HandOff, Menu, Node, Say
from tongdai.journal import MemoryJournal
from tongdai.runtime import Asked, Entry, Inbox, Runtime
from tongdai.testing import FakeChannel

pytestmark = pytest.mark.anyio

QUEUES = [Queue("cards"), Queue("loans"), Queue("rest")]
RULES = Triage((Rule("loan", keywords=("vay",), entry="loans", priority=3),), otherwise="rest")


def message(text: str, who: str = "lan", channel: str = "web", key: str = "") -> Message:
    """Return a message as a provider would deliver it."""
    return Message(
        key=key or f"{who} {text}", at=0, address=Address(channel, who), content=Content(text)
    )


async def queue_of(entry: Entry, text: str) -> tuple[str, list[str]]:
    """Return the queue in which a message arrives, and the faults."""
    chat = FakeChannel("web")
    async with running(*QUEUES, chat=chat, channels={chat: entry}) as it:
        with it.live.events() as seen:
            await chat.customer("lan").says(text)
            for _ in range(3):
                await anyio.wait_all_tasks_blocked()
                it.clock.advance(seconds(1))
            queued = await until(seen, events.ContactQueued)
        return queued.queue, [fault.reason for fault in it.live.faults]


async def test_rules_say_where_it_goes_and_how() -> None:
    """Queue, priority and the rule's name are the contact's."""
    chat = FakeChannel("web")
    async with running(*QUEUES, chat=chat, channels={chat: RULES}) as it:
        with it.live.events() as seen:
            await chat.customer("lan").says("Tôi muốn vay")
            queued = await until(seen, events.ContactQueued)
        assert (queued.queue, queued.value.priority) == ("loans", 3)
        assert queued.value.attributes["triage"] == "loan"


async def test_a_flow_may_be_an_entry() -> None:
    """Its first words come back before anybody else's."""
    flow = Flow(
        "hello", start="hi", nodes={"hi": Say("Xin chào", then="on"), "on": HandOff("rest")}
    )
    center = Center(QUEUES, flows=[flow])
    chat = FakeChannel("web")
    async with running(center=center, chat=chat, channels={chat: "hello"}) as it:
        with it.live.events() as seen:
            await chat.customer("lan").says("vay")
            assert await chat.customer("lan").hears() == "Xin chào"
            assert (await until(seen, events.ContactQueued)).queue == "rest"


async def test_an_agent_reads_what_the_flow_was_told() -> None:
    """A talk begins where the contact did, and an offer says in which queue it waited."""
    ask = Menu("Thẻ: 1. Vay: 2.", {"1": "on", "2": "on"}, exhausted="on")
    nodes: dict[str, Node] = {"ask": ask, "on": HandOff("rest")}
    center = Center(QUEUES, flows=[Flow("hello", start="ask", nodes=nodes)])
    chat = FakeChannel("web")
    async with running(center=center, chat=chat, channels={chat: "hello"}, agents=["an"]) as it:
        lan = chat.customer("lan")
        async with it.live.sign_in("an") as me:
            await lan.says("chào")
            await lan.says("2")
            offer = await anext(me.offers)
            assert offer.queue == "rest"
            async with offer.accept() as talk:
                await lan.says("gấp")
                texts = [(await anext(talk.messages)).content.text for _ in range(3)]
            assert texts == ["chào", "2", "gấp"]


def plain(first: Message | Ringing, _: About) -> str | Triaged | None:
    """Answer at once."""
    assert isinstance(first, Message)
    known: dict[str, str | Triaged] = {"thẻ": "cards", "vip": Triaged("cards", priority=5)}
    return known.get(first.content.text)


async def slow(first: Message | Ringing, about: About) -> str | Triaged | None:
    """Answer after a moment."""
    await anyio.lowlevel.checkpoint()
    return plain(first, about)


async def never(first: Message | Ringing, about: About) -> str | None:
    """Never answer."""
    del first, about
    await anyio.sleep_forever()
    return None


def broken(first: Message | Ringing, about: About) -> str:
    """Fail."""
    del first, about
    raise ZeroDivisionError("model")


async def raises(first: Message | Ringing, about: About) -> str:
    """Fail later."""
    await anyio.lowlevel.checkpoint()
    return broken(first, about)


def nowhere(first: Message | Ringing, about: About) -> str:
    """Answer what is nowhere."""
    del first, about
    return "card"


def nonsense(first: Message | Ringing, about: About) -> str:
    """Answer no id."""
    del first, about
    return 7  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


@pytest.mark.parametrize(
    ("function", "text", "queue", "fault"),
    [
        (plain, "thẻ", "cards", ""),
        (plain, "vip", "cards", ""),
        (slow, "thẻ", "cards", ""),
        (slow, "vay", "loans", ""),
        (never, "vay", "loans", "no answer within 2 s"),
        (broken, "vay", "loans", "ZeroDivisionError: model"),
        (raises, "vay", "loans", "ZeroDivisionError: model"),
        (nowhere, "vay", "loans", "Did you mean 'cards'?"),
        (nonsense, "?", "rest", "its answer is int"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
async def test_a_function_is_asked_first(
    function: Callable[[Message | Ringing, About], str], text: str, queue: str, fault: str
) -> None:
    """Where it has no answer in time, or none that makes sense, the rules have one."""
    where, faults = await queue_of(Asked(function, otherwise=RULES), text)
    assert (where, len(faults), all(fault in one for one in faults)) == (queue, bool(fault), True)


async def test_only_what_opens_a_contact_is_asked_about() -> None:
    """The second message goes to the contact that the first one opened."""
    asked: list[str] = []

    def function(first: Message | Ringing, about: About) -> str:
        del about
        assert isinstance(first, Message)
        asked.append(first.content.text)
        return "cards"

    chat = FakeChannel("web")
    async with running(
        *QUEUES, chat=chat, channels={chat: Asked(function, otherwise="rest")}
    ) as it:
        with it.live.events() as seen:
            for text in ("một", "hai"):
                await chat.customer("lan").says(text)
                await until(seen, events.MessageReceived)
    assert asked == ["một"]


async def test_who_has_waited_long_enough_opens_anew() -> None:
    """Their contact ended while the message was on its way: it is asked about then."""
    asked: list[str] = []

    def function(first: Message | Ringing) -> str:
        assert isinstance(first, Message)
        asked.append(first.content.text)
        return "cards"

    chat = FakeChannel("web")
    async with running(*QUEUES, chat=chat, channels={chat: function}) as it:
        with it.live.events() as seen:
            await chat.customer("lan").says("một")
            await until(seen, events.MessageReceived)
            await chat.customer("lan").leaves()
            await chat.customer("lan").says("hai")
            await until(seen, events.ContactAbandoned)
            await until(seen, events.ContactQueued)
    assert asked == ["một", "hai"]


@pytest.mark.parametrize("how", ["asked", "alone"])
async def test_a_slow_journal_makes_nobody_unknown(how: str) -> None:
    """While an append is under way it is known who has a contact, and typing is seen."""
    asked: list[str] = []

    def function(first: Message | Ringing, *_: About) -> str:
        assert isinstance(first, Message)
        asked.append(first.content.text)
        return "cards"

    entry = Asked(function, otherwise="rest") if how == "asked" else function
    chat, journal = FakeChannel("web"), Troubled()
    async with running(*QUEUES, chat=chat, channels={chat: entry}, journal=journal) as it:
        await chat.customer("lan").says("một")
        await anyio.wait_all_tasks_blocked()
        typing = it.live.activities()
        held = journal.held = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.live.handle, PutAgent(Agent("an")))
            await journal.reached.wait()
            await chat.customer("lan").types()
            await chat.customer("lan").says("hai")
            await anyio.wait_all_tasks_blocked()
            journal.held = None
            held.set()
        await anyio.wait_all_tasks_blocked()
    assert (asked, len(typing)) == (["một"], 1)


async def test_a_contact_that_ends_under_a_message_on_its_way_is_opened_anew() -> None:
    """It is asked where to, and the message is in the journal."""
    asked: list[str] = []

    def function(first: Message | Ringing) -> str:
        assert isinstance(first, Message)
        asked.append(first.content.text)
        return "cards"

    chat, journal = FakeChannel("web"), Troubled()
    async with running(*QUEUES, chat=chat, channels={chat: function}, journal=journal) as it:
        with it.live.events() as seen:
            await chat.customer("lan").says("một")
            first = await until(seen, events.MessageReceived)
            held = journal.held = anyio.Event()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(it.live.handle, PutAgent(Agent("an")))
                await journal.reached.wait()
                tasks.start_soon(it.live.handle, Abandon(first.contact))
                await anyio.wait_all_tasks_blocked()
                await chat.customer("lan").says("hai")
                await anyio.wait_all_tasks_blocked()
                journal.held = None
                held.set()
            second = await until(seen, events.MessageReceived)
        assert (asked, list(it.live.faults)) == (["một", "hai"], [])
    assert (second.content.text, second.contact != first.contact) == ("hai", True)


async def test_a_function_that_cancels_itself_has_no_answer() -> None:
    """As asyncio has it, where a task that it waits for was cancelled; the channel is read on."""

    def function(first: Message | Ringing, about: About) -> str:
        del first, about
        asyncio = sniffio.current_async_library() == "asyncio"
        raise anyio.get_cancelled_exc_class() if asyncio else ConnectionError

    where, faults = await queue_of(Asked(function, otherwise="rest"), "một")
    assert (where, len(faults)) == ("rest", 1)


class Boxed:
    """A channel over an inbox."""

    id = "web"
    medium = Medium(mode=Mode.INTERACTIVE)

    def __init__(self) -> None:
        self.inbox = Inbox()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        """Open the inbox."""
        async with self.inbox.open() as incoming:
            yield incoming

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Send nothing."""
        return Sent((f"{to.to} {content.text} {key}",))


async def test_a_slow_function_holds_up_its_own_customer_only() -> None:
    """Others are taken meanwhile; each customer's messages stay in order, and are acknowledged."""
    go = anyio.Event()
    taken: list[str] = []

    async def function(first: Message | Ringing, about: About) -> str:
        del about
        if first.address.to == "lan":
            await go.wait()
        return "cards"

    chat = Boxed()
    journal = MemoryJournal()

    async def put(one: Message) -> None:
        await chat.inbox.put([one])
        taken.append(one.key)

    async with (
        running(*QUEUES, journal=journal, channels={chat: Asked(function, otherwise="rest")}),
        anyio.create_task_group() as tasks,
    ):
        await anyio.wait_all_tasks_blocked()
        for key, who in (("1", "lan"), ("2", "lan"), ("3", "mai"), ("4", "ha")):
            tasks.start_soon(put, message(key, who, key=key))
            await anyio.wait_all_tasks_blocked()
        assert taken == ["3", "4"]
        go.set()
        await anyio.wait_all_tasks_blocked()
        assert taken == ["3", "4", "1", "2"]
    heard = [
        event.key for event in await kept(journal) if isinstance(event, events.MessageReceived)
    ]
    assert heard == ["3", "4", "1", "2"]


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("card", "enters 'card', which is neither a queue nor a flow. Did you mean 'cards'"),
        (Triage((Rule("x", entry="load"),), otherwise="rest"), "enters 'load'"),
        (Asked(plain, otherwise="reset"), "enters 'reset'"),
        (7, "enters 7; write"),
    ],
)
async def test_an_entry_that_leads_nowhere_is_refused(entry: Entry, said: str) -> None:
    """Before anything runs."""
    with pytest.raises(ConfigurationError, match=said):
        Runtime(Center(QUEUES), journal=MemoryJournal(), channels={FakeChannel("web"): entry})


async def test_wrong_settings_are_refused() -> None:
    """By name."""
    with pytest.raises(ConfigurationError, match=r"Asked\.function"):
        Asked("cards", otherwise="rest")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigurationError, match=r"Asked\.otherwise"):
        Asked(plain, otherwise=None)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigurationError, match=r"Asked\.within"):
        Asked(plain, within=2, otherwise="rest")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
