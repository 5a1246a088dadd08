"""What came in and waits to be taken.

Rule: whoever puts something in waits until it is taken for good: durable, or refused for good. That
is what a channel may acknowledge. Whoever iterates says by asking for the next that the one before
is taken; whoever would have several in hand uses `hold`. Nobody is let in while nobody reads.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Final, TypeAlias

import anyio
import anyio.lowlevel
import attrs

from tongdai.channels import Inbound
from tongdai.errors import ChannelFault, ConfigurationError

MOST: Final = 1_000
"""How much waits at most."""

Held: TypeAlias = tuple[Inbound, Callable[[], None]]
"""Something that came in, and what to call once it is taken."""


@attrs.define(eq=False)
class _Waiting:
    """Something that came in, and whether it was taken."""

    inbound: Inbound
    done: anyio.Event = attrs.field(factory=anyio.Event)
    lost: bool = False


class Inbox:
    """An async iterator for `Channel.open`, fed by whoever hears a provider."""

    def __init__(self, most: int = MOST) -> None:
        """Start closed.

        Args:
            most: how much waits at most; a larger batch is let in while nothing waits.

        Raises:
            ConfigurationError: it is no such number.
        """
        if type(most) is not int or most < 1:
            raise ConfigurationError(f"Inbox.most: {most!r} is not a number of events, from 1")
        self._most = most
        self._waiting: deque[_Waiting] = deque()
        self._held: dict[_Waiting, None] = {}  # read, and not taken yet
        self._given: Callable[[], None] | None = None
        self._open = False
        self._opened = 0
        self._changed: anyio.Event | None = None

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Inbox]:
        """Let things in, inside; what is not taken by the end is refused.

        Raises:
            ChannelFault: `rejected`: it is open already.
        """
        if self._open:
            raise ChannelFault("rejected", "the channel is open already, elsewhere")
        self._open = True
        self._opened += 1
        try:
            yield self
        finally:
            self._close()

    async def aclose(self) -> None:
        """Let nothing more in, and refuse what is not taken; the reader reads no more."""
        self._close()
        await anyio.lowlevel.checkpoint()

    async def put(self, events: Iterable[Inbound]) -> None:
        """Put things in, in order, and wait until all of them are taken.

        When the caller is cancelled meanwhile, they may still be taken.

        Raises:
            ChannelFault: `retry`: nobody reads, or too much waits already; some of it may have
                been taken, so let the provider deliver all of it again.
        """
        new = [_Waiting(inbound) for inbound in events]
        if not self._open:
            raise ChannelFault("retry", "nobody reads the channel")
        if self._waiting and len(self._waiting) + len(new) > self._most:
            raise ChannelFault("retry", "too much waits already")
        self._waiting.extend(new)
        self._wake()
        for waiting in new:
            await waiting.done.wait()
        if any(waiting.lost for waiting in new):
            raise ChannelFault("retry", "the channel was closed before it was taken")
        await anyio.lowlevel.checkpoint()

    def __len__(self) -> int:
        """Count what waits."""
        return len(self._waiting)

    def __aiter__(self) -> Inbox:
        """Give itself."""
        return self

    async def __anext__(self) -> Inbound:
        """Say that the one before is taken, and wait for the next."""
        if self._given is not None:
            self._given()
            self._given = None
        held = await self.hold()
        if held is None:
            raise StopAsyncIteration
        inbound, self._given = held
        return inbound

    async def hold(self) -> Held | None:
        """Wait for the next, and get with it what says that it is taken; `None` at the end.

        So a reader may have several in hand, and take them in the order that suits it.
        """
        opened = self._opened
        await anyio.lowlevel.checkpoint()
        while not self._waiting or opened != self._opened:
            if not self._open or opened != self._opened:
                return None
            if self._changed is None:
                self._changed = anyio.Event()
            await self._changed.wait()
        waiting = self._waiting.popleft()
        self._held[waiting] = None

        def taken() -> None:
            self._held.pop(waiting, None)
            waiting.done.set()

        return waiting.inbound, taken

    def _close(self) -> None:
        self._open = False
        for waiting in (*self._held, *self._waiting):
            waiting.lost = True
            waiting.done.set()
        self._held.clear()
        self._waiting.clear()
        self._given = None
        self._wake()

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None
