"""What users write, as they write it: the type checkers that run over the tests agree to it."""

from __future__ import annotations

import pytest

from tongdai import Accept, Agent, Arrive, Center, Contact, End, PutAgent, Queue
from tongdai.adapters.webchat import WebChat
from tongdai.journal import MemoryJournal
from tongdai.runtime import Runtime
from tongdai.testing import FakeChannel

pytestmark = pytest.mark.anyio


async def test_channels_of_several_kinds_in_one_mapping() -> None:
    """Chat beside another medium, in one runtime."""
    site, phone = WebChat("site", secret="x" * 32), FakeChannel("phone")
    async with Runtime(
        Center([Queue("cards")]),
        journal=MemoryJournal(),
        channels={site: "cards", phone: "cards"},
    ) as live:
        assert ["cards"] == list(live.center.state.queues.queues)


async def test_different_inputs_in_one_list() -> None:
    """They go through a loop."""
    center = Center([Queue("cards")])
    inputs = [
        PutAgent(Agent("an"), available=True),
        Arrive(Contact("c1"), "cards"),
        Accept("c1/1"),
        End("c1/1"),
    ]
    for now, input in enumerate(inputs):
        center.handle(input, now)
    assert "c1" in center.state.ended
