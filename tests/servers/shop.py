"""The shop of `examples/web_desk.py`, served in a thread, and a Chromium to look at it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager

import anyio
import uvicorn
from anyio.from_thread import BlockingPortal
from playwright.sync_api import Browser, expect, sync_playwright
from web_desk import Shop

from tests.servers.need import need
from tongdai.center.events import AnyEvent, MessageReceived, MessageSaid
from tongdai.center.inputs import AnyInput
from tongdai.runtime import Resync

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]

expect.set_options(timeout=20_000)  # (what is waited for comes; on a busy machine, late)


class Served:
    """A shop that is open, and everything that has happened in it."""

    def __init__(self, shop: Shop, port: int) -> None:
        self.shop = shop
        self.port = port
        self.events: list[AnyEvent] = []
        self.portal: BlockingPortal | None = None

    def handle(self, input: AnyInput) -> None:
        """Let the shop's center take an input, and wait until it has."""
        assert self.portal is not None
        assert self.shop.live is not None
        self.portal.call(self.shop.live.handle, input)

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def agent(self, agent: str, *, at: str = "") -> str:
        """Return an agent's page."""
        return self.shop.desk.url(agent, below=f"{at or self.address}/agent")

    def heard(self) -> list[str]:
        """Return what customers said, in the order of the journal."""
        return [each.content.text for each in self.events if isinstance(each, MessageReceived)]

    def said(self) -> list[str]:
        """Return what agents said, in the order of the journal."""
        return [each.content.text for each in self.events if isinstance(each, MessageSaid)]


@contextmanager
def opened(make: Callable[[], Shop] = Shop) -> Generator[Served]:
    """Serve a shop in a thread of its own, on a free port."""
    shop = make()
    bound = socket.create_server(("127.0.0.1", 0))
    served = Served(shop, bound.getsockname()[1])
    server = uvicorn.Server(
        uvicorn.Config(
            shop.app,
            interface="asgi3",
            ws="websockets-sansio",
            log_level="warning",
            timeout_graceful_shutdown=1,
        )
    )
    ready = threading.Event()
    wrong: list[BaseException] = []

    async def follow() -> None:
        assert shop.live is not None
        with shop.live.events(limit=100_000) as seen:
            ready.set()
            async for event in seen:
                assert not isinstance(event, Resync)
                served.events.append(event)

    async def run() -> None:
        async with BlockingPortal() as served.portal, anyio.create_task_group() as tasks:
            tasks.start_soon(follow)
            await server.serve([bound])
            tasks.cancel_scope.cancel()

    def live() -> None:
        try:
            anyio.run(shop.work, run)
        except BaseException as error:  # noqa: BLE001 - raised below, in the test's thread
            wrong.append(error)
            ready.set()

    thread = threading.Thread(target=live, daemon=True)
    thread.start()
    opens = ready.wait(60)
    try:
        if opens and not wrong:
            yield served
    finally:
        server.should_exit = True
        thread.join(60)
        bound.close()
    if wrong:
        raise wrong[0]
    assert opens, "the shop did not open"
    assert not thread.is_alive(), "the shop did not close"


@contextmanager
def chromium() -> Generator[Browser]:
    """Start a Chromium without a window."""
    path = need("chromium", how="apt-get install chromium", variable="TONGDAI_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
