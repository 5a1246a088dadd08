"""A chat without a network, for tests.

Rule: it is a `Channel` like any other, and its customers are people who say, hear and leave. What
goes wrong in real channels goes wrong here when it is told to: deliveries twice, faults, slowness.
Its messages are keyed `m1`, `m2` ...: for a runtime that starts again on a journal, use the same
object again, or what is said will have been heard before.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel

from tongdai.channels import Activity, Inbound, Medium, Message, Sent, Sign, fit
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.contact import Address, Content
from tongdai.model.ids import check_id
from tongdai.model.mode import Mode
from tongdai.runtime import Clock, Feed


class FakeCustomer:
    """Somebody at the other end of a `FakeChannel`.

    Attributes:
        name: who; the address on the channel.
        let_go: whether the center has closed the chat since they last said something.
        shown: what they were shown besides messages, in order.
    """

    def __init__(self, channel: FakeChannel, name: str) -> None:
        self.name = name
        self.let_go = False
        self.shown: list[Sign] = []
        self._channel = channel
        self._heard: Feed[str] = Feed()

    async def says(self, text: str) -> None:
        """Write a message."""
        self.let_go = False
        address, key = self._next()
        at = self._channel.now()
        content = Content(text)
        self._channel.deliver(Message(key=key, at=at, address=address, content=content))
        await anyio.lowlevel.checkpoint()

    async def hears(self) -> str:
        """Wait for the next message, and return its text."""
        return await anext(self._heard)

    async def leaves(self) -> None:
        """Close the chat."""
        address, key = self._next()
        self._channel.deliver(
            Activity(what="left", key=key, at=self._channel.now(), address=address)
        )
        await anyio.lowlevel.checkpoint()

    async def types(self) -> None:
        """Be seen writing."""
        address, key = self._next()
        self._channel.deliver(
            Activity(what="typing", key=key, at=self._channel.now(), address=address)
        )
        await anyio.lowlevel.checkpoint()

    def hear(self, text: str) -> None:
        """Be told something; the channel calls this."""
        self._heard.put(text)

    def _next(self) -> tuple[Address, str]:
        return Address(self._channel.id, self.name), self._channel.new_key()


class FakeChannel:
    """A `tongdai.runtime.Channel` in memory.

    Attributes:
        id: the channel's.
        medium: what it can do; by default an interactive chat.
        sent: the parts that were sent, in order: to whom, which text, and with which key.
    """

    def __init__(
        self, id: str, *, medium: Medium | None = None, clock: Clock | None = None
    ) -> None:
        """Make a channel.

        Args:
            id: its id.
            medium: what it can do.
            clock: tells when messages are written; without one they are written at instant 0.
        """
        check_id(id, "FakeChannel.id")
        self.id = id
        self.medium = medium or Medium(mode=Mode.INTERACTIVE)
        self.sent: list[tuple[str, str, str]] = []
        self._clock = clock
        self._keys = 0
        self._customers: dict[str, FakeCustomer] = {}
        self._incoming: Feed[Inbound] = Feed()
        self._faults: deque[Exception] = deque()
        self._paused: anyio.Event | None = None
        self._opened = False

    # --- for the test -------------------------------------------------------------------------

    def customer(self, name: str) -> FakeCustomer:
        """Return the customer of a name; always the same one."""
        return self._customers.setdefault(name, FakeCustomer(self, name))

    def deliver(self, inbound: Inbound) -> None:
        """Let something come in, for instance the same thing once more."""
        self._incoming.put(inbound)

    def fail(self, *faults: Exception) -> None:
        """Let the next sends fail, each with one of these."""
        self._faults.extend(faults)

    def pause(self) -> None:
        """Let sends wait until `resume`; call it in a running program."""
        if self._paused is None:
            self._paused = anyio.Event()

    def resume(self) -> None:
        """Let sends go on."""
        if self._paused is not None:
            self._paused.set()
            self._paused = None

    def now(self) -> int:
        """Return the instant at which a message is written."""
        return 0 if self._clock is None else self._clock.now()

    def new_key(self) -> str:
        """Return the next message's key."""
        self._keys += 1
        return f"m{self._keys}"

    # --- for the runtime ----------------------------------------------------------------------

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        """Connect (see `tongdai.runtime.Channel.open`)."""
        if self._opened:
            raise ConfigurationError(f"FakeChannel {self.id!r}: it is open already, elsewhere")
        self._opened = True
        try:
            yield self._incoming
        finally:
            self._opened = False

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Say something to a customer (see `tongdai.runtime.Channel.send`)."""
        while self._paused is not None:
            await self._paused.wait()
        if self._faults:
            raise self._faults.popleft()
        ids: list[str] = []
        for part in fit(content, self.medium):
            self.sent.append((to.to, part.text, key))
            self.customer(to.to).hear(part.text)
            ids.append(f"{self.id}-{len(self.sent)}")
        return Sent(tuple(ids))

    async def show(self, to: Address, sign: Sign) -> None:
        """Show a customer a sign (see `tongdai.runtime.Shows.show`)."""
        self.customer(to.to).shown.append(sign)

    async def close(self, to: Address, *, key: str) -> None:
        """Let a customer go (see `tongdai.runtime.Closes.close`)."""
        if not key:
            raise ChannelFault("rejected", "no key")
        self.customer(to.to).let_go = True
