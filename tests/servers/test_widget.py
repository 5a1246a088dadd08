"""The widget in Chromium, where something is wrong: with what it is told, its storage, its user."""

from __future__ import annotations

import asyncio
import html
import json
import socket
import threading
import time
from collections.abc import Coroutine, Generator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
import uvicorn
from playwright.sync_api import Browser, Page
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route

from tests.servers.shop import chromium
from tongdai.adapters.webchat import Limits, MemoryHistories, Rate, WebChat, sign_identity
from tongdai.channels import Message
from tongdai.model.contact import Address, Attachment, Button, Content

T = TypeVar("T")
SECRET = "a secret that is only good for tests"  # noqa: S105 - it opens nothing
OFTEN = Rate(100_000)
ON = ".dot.on"


class Forgetful(MemoryHistories):
    """Histories that can be lost."""

    def lose(self) -> None:
        """Forget all of them."""
        self._kept.clear()


class Site:
    """A page with a widget, and whoever reads the channel."""

    def __init__(self) -> None:
        self.histories = Forgetful()
        self.chat = WebChat(
            "site",
            secret=SECRET,
            identity_secret=SECRET,
            histories=self.histories,
            limits=Limits(calls=OFTEN, frames=OFTEN, messages=OFTEN),
        )
        self.app = Starlette(
            routes=[Route("/", self._page), Mount("/chat", self.chat.app)],
        )
        self.messages: list[Message] = []
        self.address = ""
        self.loop: asyncio.AbstractEventLoop | None = None

    async def _page(self, asked: Request) -> HTMLResponse:
        user = asked.query_params.get("user", "")
        given, retry = "", asked.query_params.get("retry", "20")
        if user:
            later = (time.time_ns() // 1_000) + 60_000_000
            given = sign_identity(SECRET, user=user, expires=later)
        return HTMLResponse(
            '<!doctype html><html lang="en"><title>page</title><body><script src="/chat/widget.js"'
            f' data-open data-retry="{html.escape(retry)}" data-identity="{html.escape(given)}">'
            "</script></body>"
        )

    async def read(self) -> None:
        """Take what comes."""
        async with self.chat.open() as incoming:
            async for inbound in incoming:
                if isinstance(inbound, Message) and inbound.key not in {
                    each.key for each in self.messages
                }:
                    self.messages.append(inbound)

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something where the chat is."""
        assert self.loop is not None
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def say(self, to: Address, content: Content, key: str) -> None:
        """Let the center say something."""
        self.do(self.chat.send(to, content, key=key))

    def hang_up(self, visitor: str) -> None:
        """Let all sockets of a visitor go."""

        async def work() -> None:
            room = self.chat._visits.rooms.of(visitor)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
            room.let_go(1013, "for a test")

        self.do(work())

    def said(self, count: int) -> list[str]:
        """Wait for so many messages, and return their texts."""
        end = time.monotonic() + 10
        while len(self.messages) < count and time.monotonic() < end:
            time.sleep(0.02)
        return [message.content.text for message in self.messages]


@contextmanager
def opened() -> Generator[Site]:
    """Serve a site in a thread of its own."""
    site = Site()
    bound = socket.create_server(("127.0.0.1", 0))
    site.address = f"http://127.0.0.1:{bound.getsockname()[1]}"
    server = uvicorn.Server(
        uvicorn.Config(site.app, log_level="warning", timeout_graceful_shutdown=1)
    )
    ready = threading.Event()

    async def run() -> None:
        site.loop = asyncio.get_running_loop()
        reading = asyncio.create_task(site.read())
        ready.set()
        await server.serve([bound])
        reading.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(run()), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield site
    finally:
        server.should_exit = True
        thread.join(15)
        bound.close()


@pytest.fixture(scope="module")
def browser() -> Generator[Browser]:
    """A Chromium for all of these tests."""
    with chromium() as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Generator[Page]:
    """A page in a context of its own."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def write(page: Page, text: str) -> None:
    """Write a message."""
    page.get_by_test_id("tongdai-input").fill(text)
    page.keyboard.press("Enter")


def states(page: Page) -> list[str | None]:
    """Return the states of the visitor's own lines."""
    mine = page.locator("[data-testid=tongdai-message][data-who=me]")
    return [each.get_attribute("data-state") for each in mine.all()]


def put(page: Page, name: str, value: object) -> None:
    """Put something into the widget's storage."""
    page.evaluate(
        "([name, value]) => localStorage.setItem(`tongdai:${location.host}/chat/:${name}`, value)",
        [name, value if isinstance(value, str) else json.dumps(value)],
    )


def waiting(id: str, text: object) -> dict[str, Any]:
    """Return a message as it lies in the outbox."""
    return {"frame": {"t": "say", "id": id, "text": text}, "shown": {"text": str(text)}}


def test_a_file_without_an_address_is_shown_by_its_name(page: Page) -> None:
    """And what comes after it is shown too."""
    with opened() as site:
        page.goto(site.address)
        write(page, "hello")
        site.said(1)
        to = site.messages[0].address
        site.say(to, Content("", (Attachment("image/png", "https://[", "broken.png"),)), "k1")
        site.say(to, Content("after"), "k2")
        page.get_by_text("after").wait_for()
        assert page.get_by_text("broken.png").count() == 1


def test_what_one_user_wrote_is_not_sent_by_the_next(page: Page) -> None:
    """Nor by nobody; and each of them is connected at once."""
    with opened() as site:
        page.goto(f"{site.address}/?user=lan")
        write(page, "of lan")
        site.said(1)
        for number, user in enumerate(("minh", "")):
            put(page, f"out:00000000000000{number}:{'a' * 32}", waiting("a" * 32, "not sent"))
            page.goto(f"{site.address}/?user={user}")
            page.locator(ON).wait_for()
            assert page.get_by_text("lan").count() == page.get_by_text("not sent").count() == 0
            write(page, f"of {user}")
            site.said(2 + number)
        assert site.said(3) == ["of lan", "of minh", "of"]
        assert len({message.address for message in site.messages}) == 3


def test_a_page_from_before_somebody_signed_in_goes_on(page: Page) -> None:
    """In another tab: it is let go, and comes back as the one who has signed in."""
    with opened() as site:
        page.goto(f"{site.address}/?retry=500")
        write(page, "one")
        site.said(1)
        other = page.context.new_page()
        other.goto(f"{site.address}/?user=lan")
        write(other, "two")
        page.get_by_text("two").wait_for()
        write(page, "three")
        other.get_by_text("three").wait_for()
        assert site.said(3) == ["one", "two", "three"]
        claims = [{claim.scheme for claim in message.claims} for message in site.messages]
        assert claims == [{"webchat"}, {"webchat", "user"}, {"webchat", "user"}]


def test_a_message_that_cannot_be_read_holds_up_no_other(page: Page) -> None:
    """It is told as not sent."""
    with opened() as site:
        page.goto(site.address)
        page.locator(ON).wait_for()
        for number, text in enumerate(("one", 5, "three")):
            put(page, f"out:00000000000000{number}:m{number}", waiting(f"m{number}", text))
        page.reload()
        assert site.said(2) == ["one", "three"]
        page.locator("[data-state=failed]").wait_for()
        assert sorted(map(str, states(page))) == ["failed", "sent", "sent"]


def test_a_full_storage_makes_nobody_a_stranger(page: Page) -> None:
    """What was kept before is still there."""
    with opened() as site:
        page.goto(site.address)
        write(page, "one")
        site.said(1)
        page.reload()
        page.locator(ON).wait_for()
        page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('full'); }; }")
        page.get_by_test_id("tongdai-input").fill("tw")
        site.hang_up(site.messages[0].address.to)
        write(page, "two")
        assert site.said(2) == ["one", "two"]
        assert len({message.address for message in site.messages}) == 1


def test_a_history_that_is_lost_shows_nothing_twice(page: Page) -> None:
    """Though the page was connected when it was lost; and a tap on what is gone is not sent."""
    with opened() as site:
        page.goto(site.address)
        write(page, "one")
        site.said(1)
        to = site.messages[0].address
        site.say(to, Content("which?", buttons=(Button("a", "this"),)), "k0")
        page.get_by_test_id("tongdai-choice").wait_for()
        site.histories.lose()
        site.say(to, Content("after"), "k1")
        page.get_by_text("after").wait_for()
        site.hang_up(to.to)
        page.get_by_test_id("tongdai-choice").click()
        page.locator("[data-state=failed]").wait_for()
        site.say(to, Content("last"), "k2")
        page.get_by_text("last").wait_for()
        texts = page.locator("[data-who=them] .bubble").all_inner_texts()
        assert texts == ["which?", "after", "last"]
