"""Calls from their ringing to their end, driven by flows; and the functions that flows call."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import attrs
import phone_menu
import pytest

from tests.runtime.helpers import Setting, kept, running, until
from tongdai import Address, Agent, Center, ConfigurationError, PutAgent, Queue, seconds
from tongdai.center import events
from tongdai.errors import ChannelFault
from tongdai.ivr import (
    CallBack,
    End,
    Flow,
    HandOff,
    Invoke,
    Menu,
    Record,
    Say,
    Transfer,
)
from tongdai.ivr import (
    Setting as Set,
)
from tongdai.journal import MemoryJournal
from tongdai.model.queue import Closed
from tongdai.model.time import instant
from tongdai.runtime import Runtime
from tongdai.testing import FakeCaller, FakeChannel, FakePhone, ManualClock
from tongdai.testing.phone import FakeSession

pytestmark = pytest.mark.anyio

# In a center, who calls is known by what came with the call.
HOTLINE = Flow.from_json(
    phone_menu.HOTLINE.to_json().replace("caller.phone", "contact.claims.phone")
)
VIETNAMESE = "+84903123456"


@attrs.frozen
class Line:
    """A running center with a telephone."""

    it: Setting
    phone: FakePhone
    caller: FakeCaller


@asynccontextmanager
async def line(
    flow: Flow,
    functions: Mapping[str, Any] | None = None,
    *,
    journal: MemoryJournal | None = None,
    queue: Queue | None = None,
    prompts: float = 3,
) -> AsyncGenerator[Line]:
    """Run a flow on a telephone, from Monday nine o'clock, as fast as it can."""
    clock = ManualClock(instant(phone_menu.MONDAY))
    phone = FakePhone("phone", clock, prompts=seconds(prompts))
    center = Center([queue or Queue("cards")], flows=[flow], calendars=phone_menu.CALENDARS)
    async with (
        running(
            center=center,
            journal=journal,
            channels={phone: flow.id},
            clock=clock,
            functions=functions,
            agents=["an"],
        ) as it,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(clock.run)
        yield Line(it, phone, phone.caller(VIETNAMESE))
        tasks.cancel_scope.cancel()


async def test_a_call_to_the_hotline() -> None:
    """In English: a wrong PIN, the right one, the balance; and no PIN is anywhere but with us."""
    journal = MemoryJournal()
    asked: list[tuple[str, str]] = []
    phones: list[FakePhone] = []

    async def verify(phone: str, pin: str) -> dict[str, object]:
        asked.append((phone, pin))
        await anyio.lowlevel.checkpoint()
        right = phones[0].secrets[pin] == phone_menu.RIGHT
        return {"ok": right, "balance": "1.250.000" if right else None}

    async with line(HOTLINE, {"verify": verify}, journal=journal) as on:
        phones.append(on.phone)
        lan = on.caller
        with on.it.live.events() as seen:
            await lan.calls("19001234")
            assert "Sen" in await lan.hears()
            assert "English: 2" in await lan.hears()
            await lan.presses("2")
            assert "balance press 1" in await lan.hears()
            await lan.presses("1")
            assert "Your PIN" in await lan.hears()
            await lan.presses("1111#")
            assert await lan.hears() == "That PIN is wrong."
            assert "Your PIN" in await lan.hears()
            await lan.presses(f"{phone_menu.RIGHT}#")
            assert await lan.hears() == "Your balance is 1.250.000 dong."
            assert "Anything else" in await lan.hears()
            await lan.presses("2")
            assert "Goodbye" in await lan.hears()
            ended = await until(seen, events.FlowEnded)
        assert (ended.reason, lan.answered) == ("end", True)
        await anyio.wait_all_tasks_blocked()
        assert lan.over
        assert asked == [(VIETNAMESE, "secret-1"), (VIETNAMESE, "secret-2")]
        assert list(on.it.live.faults) == []
    frames = b"".join([frame.data for frame in await journal.read("main")])
    assert b"1111" not in frames
    assert phone_menu.RIGHT.encode() not in frames


async def test_a_caller_is_put_through_to_a_person() -> None:
    """Connected when the agent accepts, let go when the agent ends; the flow listens no more."""
    journal = MemoryJournal()
    async with line(HOTLINE, journal=journal) as on, on.it.live.sign_in("an") as me:
        lan = on.caller
        await lan.calls("19001234")
        assert "Sen" in await lan.hears()
        await lan.presses("0")
        offer = await anext(me.offers)
        assert offer.context["attributes"] == {"called": "19001234"}
        await lan.presses("7")
        for _ in range(5):  # (were all of them waited for, the clock would run on)
            await anyio.lowlevel.checkpoint()
        async with offer.accept():
            while not lan.agent:
                await anyio.wait_all_tasks_blocked()
            assert (lan.agent, lan.over) == ("an", False)
            await lan.presses("55")
            await anyio.wait_all_tasks_blocked()
        while not lan.over:
            await anyio.wait_all_tasks_blocked()
        assert lan.agent == ""
        assert list(on.it.live.faults) == []
    every = await kept(journal)
    assert [event for event in every if isinstance(event, events.InputIgnored)] == []


async def test_a_caller_who_hangs_up_is_cleaned_up_behind() -> None:
    """What was playing stops, and the flow's last function is called."""
    noted: list[str] = []

    def note(session: str) -> None:
        noted.append(session)

    async with line(HOTLINE, {"note_hang_up": note}) as on:
        with on.it.live.events() as seen:
            await on.caller.calls()
            await on.caller.hears()
            await on.caller.hangs_up()
            ended = await until(seen, events.FlowEnded)
        assert (noted, ended.reason, ended.disconnect) == ([ended.contact], "customer", False)
        await anyio.wait_all_tasks_blocked()
        assert len(on.caller.heard) == 0


async def test_an_agent_who_cannot_be_connected_gives_the_contact_back() -> None:
    """It takes its old place, and is offered again."""
    flow = Flow("in", start="on", nodes={"on": HandOff("cards")})
    async with line(flow) as on, on.it.live.sign_in("an") as me:
        await on.caller.calls()
        on.phone.fail(ChannelFault("retry", "no line"))
        with on.it.live.events() as seen:
            async with (await anext(me.offers)).accept():
                failed = await until(seen, events.InteractionFailed)
        assert failed.reason == "could not connect"
        async with (await anext(me.offers)).accept():
            while on.caller.agent != "an":
                await anyio.wait_all_tasks_blocked()


async def test_a_flow_has_the_caller_again_after_the_agent() -> None:
    """The agent is out of the call, and the call goes on."""
    flow = Flow(
        "in",
        start="on",
        nodes={
            "on": HandOff("cards", then="rate"),
            "rate": Say("Cảm ơn", then="end"),
            "end": End(),
        },
    )
    async with line(flow) as on, on.it.live.sign_in("an") as me:
        await on.caller.calls()
        async with (await anext(me.offers)).accept():
            while on.caller.agent != "an":
                await anyio.wait_all_tasks_blocked()
        assert await on.caller.hears() == "Cảm ơn"
        assert on.caller.agent == ""
        while not on.caller.over:
            await anyio.wait_all_tasks_blocked()


async def test_a_call_that_is_refused_hears_why() -> None:
    """The queue's words, and then the line is closed."""
    flow = Flow("in", start="on", nodes={"on": HandOff("cards")})
    clock = ManualClock()
    phone = FakePhone("phone", clock, prompts=seconds(3))
    queue = Queue("cards", limit=0, overflow=Closed("Hẹn gặp lại"))
    center = Center([queue], flows=[flow])
    async with running(center=center, channels={phone: "cards"}, clock=clock):
        mai = phone.caller("")
        await mai.calls()
        assert await mai.hears() == "Hẹn gặp lại"
        await anyio.wait_all_tasks_blocked()
        assert not mai.over
        clock.advance(seconds(3))
        await anyio.wait_all_tasks_blocked()
        assert mai.over


async def test_prompts_that_are_cut_short_and_prompts_that_cannot_be_played() -> None:
    """A key silences the prompt; one that fails lets the flow go on."""
    flow = Flow(
        "in",
        start="one",
        nodes={
            "one": Menu("Bấm 1", {"1": "two"}, exhausted="end"),
            "two": Say("Hai", then="three"),
            "three": Say("Ba", then="end"),
            "end": End(),
        },
    )
    async with line(flow, prompts=60) as on:
        began = on.it.clock.now()
        with on.it.live.events() as seen:
            await on.caller.calls()
            await on.caller.hears()
            on.phone.fail(ChannelFault("retry", "no voice"))
            await on.caller.presses("1")
            assert await on.caller.hears() == "Ba"
            await until(seen, events.FlowEnded)
        assert on.it.clock.now() - began < seconds(70)
        assert [fault.reason for fault in on.it.live.faults] == ["retry: no voice"]


async def test_what_else_a_flow_may_want_of_a_call() -> None:
    """Settings, a recording, a transfer, a call back."""
    called_back: list[object] = []

    async def callback(**wanted: object) -> None:
        await anyio.lowlevel.checkpoint()
        called_back.append(wanted["number"])

    flow = Flow(
        "in",
        start="set",
        nodes={
            "set": Set({"voice": '"north"'}, then="record"),
            "record": Record("told", then="first", failed="end"),
            "first": Transfer("contact.claims.phone", done="back", failed="end"),
            "back": CallBack("cards", "contact.claims.phone", then="bye", failed="end"),
            "bye": Say("Xong", then="end"),
            "end": End(),
        },
    )
    async with line(flow, {"callback": callback}, prompts=0) as on:
        with on.it.live.events() as seen:
            await on.caller.calls()
            assert await on.caller.hears() == "Xong"
            await until(seen, events.FlowEnded)
        assert (on.phone.transfers, called_back) == ([VIETNAMESE], [VIETNAMESE])
        assert on.caller.settings == {"voice": "north"}
        assert list(on.it.live.faults) == []


async def test_a_number_that_is_busy_is_that_outcome() -> None:
    """The fault's code is the way that the flow takes."""
    flow = Flow(
        "in",
        start="to",
        nodes={
            "to": Transfer("contact.claims.phone", done="end", busy="busy", failed="end"),
            "busy": Say("Máy bận", then="end"),
            "end": End(),
        },
    )
    async with line(flow, prompts=0) as on:
        on.phone.fail(ChannelFault("rejected", code="busy"))
        await on.caller.calls()
        assert await on.caller.hears() == "Máy bận"


# --- functions, over whatever channel -------------------------------------------------------------

ASKING = Flow(
    "asking",
    start="ask",
    nodes={
        "ask": Invoke(
            "tier", args={"text": "message"}, into="tier", within=seconds(5), done="ok", failed="no"
        ),
        "ok": Say("Hạng {tier}", then="end"),
        "no": Say("Không rõ", then="end"),
        "end": End(),
    },
)


def plain(text: str) -> str:
    """Answer at once."""
    return text.upper()


async def slow(text: str) -> str:
    """Answer after a moment."""
    await anyio.lowlevel.checkpoint()
    return text.upper()


def broken(text: str) -> str:
    """Fail."""
    raise ZeroDivisionError(text)


def odd(text: str) -> object:
    """Give what is no plain data."""
    del text
    return object()


async def endless(text: str) -> str:
    """Never answer."""
    await anyio.sleep_forever()
    return text


@pytest.mark.parametrize(
    ("functions", "said", "fault"),
    [
        ({"tier": plain}, "Hạng VÀNG", ""),
        ({"tier": slow}, "Hạng VÀNG", ""),
        ({"tier": broken}, "Không rõ", "ZeroDivisionError"),
        ({"tier": odd}, "Không rõ", "InvokeDone.value"),
        ({"tier": endless}, "Không rõ", ""),
        ({}, "Không rõ", "nobody here performs CallFunction tier"),
    ],
    ids=["plain", "slow", "broken", "odd", "endless", "missing"],
)
async def test_a_flow_over_a_chat_calls_functions(
    functions: Mapping[str, Any], said: str, fault: str
) -> None:
    """What one gives is the flow's; where it fails or is late, the flow goes on as that."""
    center = Center([Queue("cards")], flows=[ASKING])
    chat = FakeChannel("web")
    channels = {chat: "asking"}
    async with running(center=center, chat=chat, channels=channels, functions=functions) as it:
        await chat.customer("lan").says("vàng")
        for _ in range(6):
            await anyio.wait_all_tasks_blocked()
            it.clock.advance(seconds(1))
        assert await chat.customer("lan").hears() == said
        told = [one.reason for one in it.live.faults]
        assert (len(told), all(fault in one for one in told)) == (bool(fault), True)


async def test_what_is_no_function_is_refused() -> None:
    """By its name."""
    with pytest.raises(ConfigurationError, match=r"Runtime\.functions: 'tier' is 'gold'"):
        Runtime(Center(), journal=MemoryJournal(), functions={"tier": "gold"})  # type: ignore[dict-item]  # pyright: ignore[reportArgumentType]


class Mute(FakePhone):
    """A telephone that cannot give its calls, or whose calls cannot be listened to."""

    deaf = False

    def session(self, call: Address) -> FakeSession:
        """Give a call that is of no use, or none."""
        if not self.deaf:
            raise KeyError(call)
        session = super().session(call)
        session.listen = self._listen  # type: ignore[method-assign]
        return session

    def _listen(self, what: object) -> AsyncGenerator[Any]:
        raise ChannelFault("rejected", f"no {type(what).__name__}")


@pytest.mark.parametrize("deaf", [False, True])
async def test_what_is_wrong_with_a_call_does_not_end_the_runtime(deaf: bool) -> None:  # noqa: FBT001
    """It is a fault; the next call finds everything as it was."""
    clock = ManualClock(instant(phone_menu.MONDAY))
    phone = Mute("phone", clock)
    phone.deaf = deaf
    center = Center([Queue("cards")], flows=[HOTLINE], calendars=phone_menu.CALENDARS)
    async with running(center=center, channels={phone: HOTLINE.id}, clock=clock) as it:
        await phone.caller(VIETNAMESE).calls()
        await anyio.wait_all_tasks_blocked()
        clock.advance(seconds(1))
        await anyio.wait_all_tasks_blocked()
        told = [fault.reason for fault in it.live.faults if fault.channel == "phone"]
        assert told[0] == ("rejected: no Listen" if deaf else "KeyError")
        await it.live.handle(PutAgent(Agent("an")))
