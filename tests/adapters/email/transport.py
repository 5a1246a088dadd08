"""What the tests of transport share: mails, threads, and a reader that takes what it reads."""

from __future__ import annotations

import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
from anyio import fail_after

from tongdai.adapters.email import Email
from tongdai.channels import Inbound, Message, Secret
from tongdai.runtime import SystemClock

KEYS = [Secret("a key for tests")]


def mail(
    number: int, text: str = "", *, sender: str = "lan@x.vn", more: str = "", id: str = ""
) -> bytes:
    """Return a mail of a customer."""
    return (
        f"Return-Path: <{sender}>\r\nFrom: Lan <{sender}>\r\nTo: help@bank.vn\r\n"
        f"Subject: Card {number}\r\nDate: Sun, 01 Mar 2026 08:00:00 +0700\r\n"
        f"Message-ID: <{id or f'm{number}@x.vn'}>\r\n{more}"
        f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text or f'text {number}'}\r\n"
    ).encode()


def ours() -> list[str]:
    """Return the names of threads that the adapter has started."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("email ")]


def none_left(before: int) -> bool:
    """Return whether no more threads are alive than before; those that end are given a moment."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if not ours() and threading.active_count() <= before:
            return True
        time.sleep(0.01)
    return False


async def until(true: Callable[[], object]) -> None:
    """Wait until something is so, in another thread; no longer than the test may take."""
    while not true():  # noqa: ASYNC110 - a thread sets no event of this loop
        await anyio.sleep(0.005)


class Hasty(SystemClock):
    """A clock on which every wait is over at once."""

    async def sleep_until(self, moment: int) -> None:
        """Wait not at all."""
        del moment
        await anyio.lowlevel.checkpoint()


class Reader:
    """Reads a channel, and says by reading on that it has what it read."""

    def __init__(self, incoming: AsyncIterator[Inbound]) -> None:
        self._incoming = incoming

    async def text(self) -> str:
        """Return the text of the next message."""
        message = await self.message()
        return message.content.text

    async def message(self) -> Message:
        """Return the next message."""
        found = await anext(self._incoming)
        assert isinstance(found, Message), found
        return found


@asynccontextmanager
async def opened(channel: Email, *, within: float = 30) -> AsyncGenerator[Reader]:
    """Open a channel, for so many seconds at most."""
    with fail_after(within):
        async with channel.open() as incoming:
            yield Reader(incoming)
