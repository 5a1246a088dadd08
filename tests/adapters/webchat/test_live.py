"""A visitor and an agent, with everything between them real but the network."""

from __future__ import annotations

import anyio
import pytest

from tests.adapters.webchat.driver import FAST, SECRET, START, Site, Wire, settle
from tongdai import Agent, Center, PutAgent, Queue, seconds
from tongdai.adapters.webchat import WebChat
from tongdai.journal import MemoryJournal
from tongdai.runtime import Runtime
from tongdai.testing import ManualClock

pytestmark = pytest.mark.anyio


async def told(wire: Wire, kind: str, what: str = "") -> None:
    """Wait for a frame of a kind that says something."""
    with anyio.fail_after(5):
        while not any(frame["t"] == kind and what in str(frame) for frame in wire.got):
            await anyio.lowlevel.checkpoint()


async def test_a_visitor_is_served() -> None:
    """They write, wait, are served and answered by an agent, and told when it is over."""
    clock = ManualClock(START)
    chat = WebChat("site", secret=SECRET, limits=FAST, clock=clock)
    live = Runtime(
        Center([Queue("cards")]), journal=MemoryJournal(), channels={chat: "cards"}, clock=clock
    )
    async with anyio.create_task_group() as tasks:
        async with live:
            await live.handle(PutAgent(Agent("an")))
            it = Site(chat, clock, tasks)
            wire = await it.enter(await it.token())
            wire.write({"t": "say", "id": "m1", "text": "Thẻ của tôi bị khóa"})
            await told(wire, "ack", "m1")
            await settle()
            clock.advance(seconds(3))  # (places are shown now and then)
            await told(wire, "waiting", "'place': 1")
            async with live.sign_in("an") as me, (await anext(me.offers)).accept() as talk:
                await told(wire, "served", "an")
                assert (await anext(talk.messages)).content.text == "Thẻ của tôi bị khóa"
                assert await talk.say("Dạ, em mở ngay đây ạ")
                await told(wire, "items", "em mở ngay")
                await talk.end(disposition="done")
                await told(wire, "items", "closed")
        assert list(live.faults) == []
        tasks.cancel_scope.cancel()
