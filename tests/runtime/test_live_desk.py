"""The example, and the code that readers see first, do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import anyio
import pytest

from tongdai import Agent, Center, PutAgent, Queue
from tongdai.journal import MemoryJournal
from tongdai.runtime import Runtime
from tongdai.testing import FakeChannel

EXAMPLE = Path(__file__).parents[2] / "examples" / "live_desk.py"


def test_the_example_prints_the_same_on_both_event_loops() -> None:
    """Every customer who stays is served; the desk is empty at the end."""
    printed = {
        subprocess.run(
            [sys.executable, "-W", "error", EXAMPLE, "--backend", backend],
            capture_output=True,
            check=True,
            encoding="utf-8",
            env={"PYTHONIOENCODING": "utf-8"},
        ).stdout
        for backend in ("asyncio", "trio", "trio")
    }
    [text] = printed
    assert text.count("is ended by the customer") == 4
    assert text.count("has left, unanswered") == 1
    assert "step 2 of the plan" in text
    assert text.endswith("0 contacts open\n")


@pytest.mark.anyio
async def test_an_agent_in_ten_lines() -> None:
    """A desk as short as it gets: sign in, take offers, answer, end."""
    heard: list[str] = []

    async def binh(live: Runtime) -> None:
        async with live.sign_in("binh") as me:
            async for offer in me.offers:
                async with offer.accept() as talk:
                    async for message in talk.messages:
                        await talk.say(f"Dạ, em nghe: {message.content.text}")
                        break
                    await talk.end(disposition="answered")

    chat = FakeChannel("web")
    journal = MemoryJournal()
    async with Runtime(Center([Queue("cards")]), journal=journal, channels={chat: "cards"}) as live:
        await live.handle(PutAgent(Agent("binh", {"en": 5})))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(binh, live)
            await chat.customer("lan").says("Thẻ của tôi bị khóa")
            heard.append(await chat.customer("lan").hears())
            tasks.cancel_scope.cancel()
    assert heard == ["Dạ, em nghe: Thẻ của tôi bị khóa"]
