"""The whole way over loopback: a customer, a fake Zalo, the webhook, an agent, and back."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import attrs
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.adapters.http.serving import Receive, Scope, Send, serving
from tests.adapters.zalo.fake import Provider
from tests.adapters.zalo.settings import LAN, account, provider, until_so
from tests.runtime.helpers import Setting, Troubled, kept, running, until
from tongdai.adapters.http import HttpRequest, Httpx2Client
from tongdai.adapters.zalo import Zalo
from tongdai.center import events
from tongdai.channels import Medium
from tongdai.channels.media import ZALO
from tongdai.model.time import seconds
from tongdai.testing import ManualClock

SOON = attrs.evolve(ZALO, acknowledge=seconds(0.4))
"""An account that wants its answers sooner than Zalo does."""

pytestmark = pytest.mark.anyio


@attrs.frozen
class Desk:
    """A provider, the account's channel, the runtime that reads it, and somebody who delivers."""

    provider: Provider
    zalo: Zalo
    runtime: Setting
    client: Httpx2Client

    async def writes(self, text: str, who: str = LAN) -> int:
        """Let a customer write; return how often it was delivered."""
        return await self.provider.deliver(self.client, self.provider.writes(who, text))

    def passes(self) -> None:
        """Let a second go by."""
        self.runtime.clock.advance(seconds(1))


@asynccontextmanager
async def desk(
    medium: Medium = ZALO,
    **settings: Any,  # noqa: ANN401 - of the runtime
) -> AsyncGenerator[Desk]:
    """Run all of it."""
    of = provider()
    clock = of.clock
    assert isinstance(clock, ManualClock)
    async with serving(of) as api, Httpx2Client() as client:
        zalo = account(of, api=api, medium=medium)
        app = Starlette(routes=[Mount("/zalo", zalo.app)])
        async with (
            serving(app) as hook,
            running(channels={zalo: "cards"}, clock=clock, agents=["an"], **settings) as runtime,
        ):
            of.webhook = f"{hook}/zalo/"
            yield Desk(of, zalo, runtime, client)


async def test_a_customer_and_an_agent_talk() -> None:
    """Both ways, with receipts; echoes are nothing new."""
    async with desk() as it, it.runtime.live.sign_in("an") as me:
        await it.writes("Thẻ của tôi bị khóa")
        async with (await anext(me.offers)).accept() as talk:
            assert "Thẻ của tôi bị khóa" == (await anext(talk.messages)).content.text
            with it.runtime.live.events() as seen:
                await talk.say("Dạ, em nghe")
                lan = it.provider.customer(LAN)
                await until_so(lambda: lan.heard)
                assert [*lan.wrote] == [lan.heard[0]["quote_message_id"]]
                id = lan.said[-1]["message_id"]
                for told in (
                    it.provider.echo(LAN, "Dạ, em nghe", id),
                    it.provider.receipt("user_received_message", LAN, id),
                    it.provider.receipt("user_seen_message", LAN, id),
                ):
                    assert 1 == await it.provider.deliver(it.client, told)
                statuses: list[str] = []
                while statuses[-1:] != ["read"]:
                    statuses.append((await until(seen, events.ReceiptReceived)).status)
            assert ["delivered", "read"] == statuses[-2:]
            it.passes()
            await it.writes("Cảm ơn")
            assert "Cảm ơn" == (await anext(talk.messages)).content.text
        assert it.zalo.app.counts["refused"] == 1  # (the echo)
        assert (it.provider.paid_messages, list(it.runtime.live.faults)) == (0, [])


async def test_what_the_journal_cannot_keep_is_delivered_again() -> None:
    """503 until it can; then the message is there, once."""
    journal = Troubled()
    async with desk(SOON, journal=journal) as it:
        journal.errors = [OSError("full")]
        times: list[int] = []

        async def deliver() -> None:
            times.append(await it.writes("Chào"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(deliver)
            await until_so(lambda: 503 in it.provider.told)
            while not times:
                it.passes()
                await anyio.sleep(0.01)
        assert times[0] > 1
        found = [e for e in await kept(journal) if isinstance(e, events.MessageReceived)]
        assert ["Chào"] == [event.content.text for event in found]


async def test_a_registration_is_answered_and_a_stranger_is_not() -> None:
    """Over the network as in the open."""
    async with desk() as it:
        for body, status in ((b"{}", 200), (it.provider.writes(LAN, "x"), 401)):
            answer = await it.client.send(HttpRequest(url=it.provider.webhook, body=body))
            assert status == answer.status


async def test_many_deliveries_twice_and_out_of_order_come_to_the_same() -> None:
    """Each message once, and each customer's one contact."""
    async with desk() as it:
        told: list[bytes] = []
        for number in range(60):
            it.passes()
            told.append(it.provider.writes(str(10 + number % 7), f"{number}"))
        chance = random.Random(7)  # noqa: S311 - the same each time
        shuffled = [*told, *chance.sample(told, 20)]
        chance.shuffle(shuffled)
        with it.runtime.live.events() as seen:
            async with anyio.create_task_group() as tasks:
                for body in shuffled:
                    tasks.start_soon(it.provider.deliver, it.client, body)
            assert set(it.provider.told) <= {200, 503}
            found = [await until(seen, events.MessageReceived) for _ in told]
        assert sorted(map(str, range(60))) == sorted(event.content.text for event in found)
        assert 7 == len({event.contact for event in found})


async def test_a_slow_journal_costs_a_delivery_and_no_message() -> None:
    """The host says 503 before the provider gives up, and what it took it has."""
    journal = Troubled()
    async with desk(SOON, journal=journal) as it:
        journal.held = anyio.Event()
        times: list[int] = []

        async def deliver() -> None:
            times.append(await it.writes("Chào"))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(deliver)
            await until_so(lambda: 503 in it.provider.told)
            held, journal.held = journal.held, None
            held.set()
        assert (times, 0) == ([2], it.provider.told.count(0))
        found = [e for e in await kept(journal) if isinstance(e, events.MessageReceived)]
        assert 1 == len(found)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_under_uvicorn(anyio_backend: str) -> None:
    """A server that people use."""
    assert anyio_backend == "asyncio"
    of = provider()
    zalo = account(of)
    server = uvicorn.Server(
        uvicorn.Config(_quiet(zalo), port=0, log_level="critical", lifespan="on")
    )
    clock = of.clock
    assert isinstance(clock, ManualClock)
    async with running(channels={zalo: "cards"}, clock=clock) as runtime:
        serve = asyncio.create_task(server.serve())
        await until_so(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        of.webhook = f"http://127.0.0.1:{port}/"
        with runtime.live.events() as seen:
            async with Httpx2Client() as client:
                assert 1 == await of.deliver(client, of.writes(LAN, "Chào"))
            assert "Chào" == (await until(seen, events.MessageReceived)).content.text
        server.should_exit = True
        await serve


def _quiet(zalo: Zalo) -> Any:  # noqa: ANN401 - an application
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await zalo.app(scope, receive, send)

    return app
