"""Connections break, pages are reloaded, browsers are slow: nothing is lost, or shown twice."""

from __future__ import annotations

import json

import anyio
import pytest

from tests.adapters.webdesk.helpers import Browser, Frame, Hall, hall
from tongdai import PutAgent, Queue, minutes, seconds
from tongdai.adapters.webdesk.seat import HELD, Seat
from tongdai.center.inputs import RemoveAgent
from tongdai.journal import MemoryJournal
from tongdai.model.agent import Agent
from tongdai.model.codec import encode

pytestmark = pytest.mark.anyio


async def talking(it: Hall, browser: Browser) -> Frame:
    """Let Lan write and the agent accept and answer."""
    await it.chat.customer("lan").says("xin chào")
    offer = await browser.until("offer")
    await browser.ask("accept", offer=offer["offer"])
    talk = await browser.until("talk")
    await browser.ask("say", interaction=talk["interaction"], key="k1", text="chào chị")
    await browser.until("line", lambda frame: frame["line"].get("status") == "sent")
    return talk


async def test_who_comes_back_in_time_has_what_they_had() -> None:
    """Offers, conversations with every line, and what was said meanwhile."""
    async with hall(Queue("cards", wrap_up=minutes(1))) as it:
        async with it.sits("an") as an:
            talk = await talking(it, an)
        assert "lost" == it.live.center.agent("an").reason
        await it.chat.customer("lan").says("còn đó không?")
        it.clock.advance(seconds(29))
        async with it.socket() as an:
            whole = await an.hello(it.desk.sign("an"))
            assert "available" == whole["presence"] or await an.until("presence")
            [again] = whole["talks"]
            assert talk["interaction"] == again["interaction"]
            assert ["xin chào", "chào chị", "còn đó không?"] == [x["text"] for x in again["lines"]]
            assert [1, 2, 3] == [line["n"] for line in again["lines"]]
            await an.ask("end", interaction=talk["interaction"])
            await an.until("wrap")
        async with it.socket() as an:
            whole = await an.hello(it.desk.sign("an"))
            [work] = whole["wraps"]
            assert (talk["interaction"], 3) == (work["interaction"], len(work["lines"]))


async def test_who_comes_back_too_late_has_nothing_left() -> None:
    """Their contacts are with others by then."""
    async with hall() as it:
        async with it.sits("an") as an:
            await talking(it, an)
        async with it.sits("binh") as binh:
            it.clock.advance(seconds(31))
            assert ["xin chào", "chào chị"] == [
                line["text"] for line in (await binh.until("offer"))["lines"]
            ]
            async with it.socket() as an:
                assert [] == (await an.hello(it.desk.sign("an")))["talks"]


async def test_who_was_away_is_away_still() -> None:
    """For the same reason; nobody is offered anything in between."""
    async with hall() as it:
        async with it.sits("an") as an:
            await an.ask("presence", presence="away", reason="lunch")
            await an.until("presence", lambda frame: frame["reason"] == "lunch")
        await it.chat.customer("lan").says("xin chào")
        await anyio.wait_all_tasks_blocked()
        with it.live.events() as seen:
            async with it.sits("an"):
                assert ("away", "lunch") == _presence(it)
                await anyio.wait_all_tasks_blocked()
                names = [type(await anext(seen)).__name__ for _ in range(len(seen))]
                assert {"PresenceChanged"} == set(names)


class Slow(MemoryJournal):
    """A journal that keeps nothing while its gate is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = anyio.Event()
        self.gate.set()

    async def append(self, partition: str, expected_seq: int, frame: bytes) -> int:
        """Keep a frame, once the gate is open."""
        await self.gate.wait()
        return await super().append(partition, expected_seq, frame)


async def test_who_reloads_while_away_is_away_still_however_slow_the_journal() -> None:
    """They are back before it is known that they were gone; nothing new is offered to them."""
    journal = Slow()
    async with (
        hall(journal=journal) as it,
        anyio.create_task_group() as tasks,
        it.socket() as an,
    ):
        await an.hello(it.desk.sign("an"))
        await an.ask("presence", presence="away", reason="lunch")
        journal.gate = anyio.Event()
        tasks.start_soon(it.live.handle, PutAgent(Agent("mai")))
        await an.go()
        await anyio.wait_all_tasks_blocked()
        async with it.socket() as again:
            await again.raw(json.dumps({"do": "hello", "token": it.desk.sign("an")}))
            await anyio.wait_all_tasks_blocked()
            journal.gate.set()
            await again.until("whole")
            await anyio.wait_all_tasks_blocked()
            assert ("away", "lunch") == _presence(it)


async def test_who_did_not_respond_is_not_available_because_the_connection_is_back() -> None:
    """A page connects by itself: somebody has to say that they are there."""
    async with hall() as it:
        async with it.sits("an") as an:
            await it.chat.customer("lan").says("xin chào")
            await an.until("offer")
            it.clock.advance(seconds(21))
            await an.until("presence", lambda frame: frame["presence"] == "not_responding")
        async with it.sits("an") as an:
            assert "away" == it.live.center.agent("an").presence
            await an.ask("presence", presence="available")
            await an.until("offer")


async def test_who_was_away_too_long_begins_anew() -> None:
    """After the center's grace they are offline, and available when they come."""
    async with hall() as it:
        async with it.sits("an") as an:
            await an.ask("presence", presence="away", reason="lunch")
            await an.until("presence", lambda frame: frame["reason"] == "lunch")
        it.clock.advance(seconds(31))
        await anyio.wait_all_tasks_blocked()
        assert ("offline", "lost") == _presence(it)
        async with it.sits("an"):
            assert "available" == it.live.center.agent("an").presence


def _presence(it: Hall) -> tuple[str, str]:
    an = it.live.center.agent("an")
    return an.presence, an.reason


async def test_a_second_page_takes_over() -> None:
    """The agent is never lost by it; the first page is told."""
    async with hall() as it, it.sits("an") as first:
        talk = await talking(it, first)
        with it.live.events() as seen:
            async with it.socket() as second:
                whole = await second.hello(it.desk.sign("an"))
                assert [talk["interaction"]] == [each["interaction"] for each in whole["talks"]]
                assert {"is": "closed", "code": 4409} == await first.until("closed")
                await second.ask("say", interaction=talk["interaction"], key="k2", text="hai")
            await anyio.wait_all_tasks_blocked()
            names = [type(await anext(seen)).__name__ for _ in range(len(seen))]
        assert ["MessageSaid", "ReceiptReceived", "AgentLost"] == names


async def test_a_removed_agent_is_put_out() -> None:
    """And cannot come back."""
    async with hall() as it, it.sits("an") as an:
        await it.live.handle(RemoveAgent("an"))
        assert {"is": "closed", "code": 4410} == await an.until("closed")
        async with it.socket() as again:
            await again.raw(json.dumps({"do": "hello", "token": it.desk.sign("an")}))
            assert {"is": "closed", "code": 4401} == await again.next()


async def test_an_ended_center_says_goodbye() -> None:
    """The page waits for it to be back."""
    there = anyio.Event()
    closed: list[Frame] = []

    async def sit(it: Hall) -> None:
        async with it.sits("an") as an:
            there.set()
            closed.append(await an.until("closed"))

    async with anyio.create_task_group() as tasks, hall() as it:
        tasks.start_soon(sit, it)
        await there.wait()
    assert [{"is": "closed", "code": 1012}] == closed


async def test_a_slow_browser_is_shown_the_whole_instead() -> None:
    """It reads nothing while much happens; what follows fits what it is shown then."""
    async with hall() as it, it.sits("an", most=1) as an:
        talk = await talking(it, an)
        lan = it.chat.customer("lan")
        for number in range(HELD + 50):
            await lan.says(str(number))
        await anyio.wait_all_tasks_blocked()
        whole = await an.until("whole")
        [again] = whole["talks"]
        assert talk["interaction"] == again["interaction"]
        expected = [str(number) for number in range(HELD + 50)]
        assert expected == [line["text"] for line in again["lines"]][2:]
        await lan.says("sau cùng")
        assert again["lines"][-1]["n"] + 1 == (await an.until("line", _last))["line"]["n"]


def _last(frame: Frame) -> bool:
    return bool(frame["line"]["text"] == "sau cùng")


async def test_answers_survive_a_whole_and_who_reads_none_is_put_out() -> None:
    """A seat by itself."""
    seat = Seat("an", lambda: {"is": "whole"})
    seat.put(b"left out: the whole has it")
    seat.answer({"n": 1})
    assert encode({"is": "whole"}) == await seat.next()
    for _ in range(HELD + 1):
        seat.put(b"line")
    assert [encode({"is": "whole"}), encode({"n": 1})] == [await seat.next(), await seat.next()]
    for number in range(HELD + 1):
        seat.answer({"n": number})
    assert (None, "slow") == (await seat.next(), seat.why)


async def test_the_desk_starts_with_what_there_is() -> None:
    """A center that has been at work before the desk was opened."""
    async with hall() as it:
        await it.live.handle(PutAgent(Agent("mai"), available=True))
        await it.chat.customer("lan").says("một")
        await anyio.wait_all_tasks_blocked()
        board = it.desk._board  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        before = board.whole("mai")
        board.reset(it.live.center)
        assert before == board.whole("mai")
        assert 1 == len(before["offers"])
