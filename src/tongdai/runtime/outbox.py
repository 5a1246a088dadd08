"""What a channel owes its customers, in order.

Rule: while the runtime runs, nothing that is owed is dropped, and putting it in never waits, so a
slow channel holds up neither the writer nor another channel. What waits are those who would add to
it: while `limit` messages or more are owed, agents who speak to this channel's customers wait in
`say`, and the channel is not read. A message that fails is tried again when the channel says, five
times at most, before the next one; then it is a fault, and the journal gets a receipt that says
`failed`. A runtime that ends gives what is still owed one more try and a few seconds.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import anyio
import attrs

from tongdai.center.effects import DisconnectContact, SendMessage
from tongdai.errors import ChannelFault
from tongdai.model.contact import Address
from tongdai.model.time import Instant
from tongdai.model.time import clock as spoken
from tongdai.runtime.feed import Feed
from tongdai.runtime.ports import Channel, Clock, Closes

TRIES: Final = 5
"""How often a message is tried."""

Owed: TypeAlias = SendMessage | DisconnectContact


@attrs.frozen
class Fault:
    """Something that the runtime could not do, and had nobody to tell.

    Attributes:
        at: when.
        channel: the channel's id.
        what: what it was about: an effect's id, an inbound's key, or `open`.
        reason: why not.
    """

    at: Instant
    channel: str
    what: str
    reason: str

    def __str__(self) -> str:
        """Give it as a line."""
        return f"{spoken(self.at)}  {self.channel} {self.what}: {self.reason}"


class Outbox:
    """What one channel owes."""

    def __init__(
        self,
        channel: Channel,
        *,
        clock: Clock,
        limit: int,
        failed: Callable[[Owed, Address, str], Awaitable[None]],
    ) -> None:
        """Start with nothing owed.

        Args:
            channel: who sends.
            clock: for the waits between two tries.
            limit: from how many on those who would add to it wait.
            failed: called with what could not be done, for whom, and why.
        """
        self._channel = channel
        self._clock = clock
        self._limit = limit
        self._failed = failed
        self._owed: Feed[Owed] = Feed()
        self._closing = False
        self._nap = anyio.CancelScope()
        self._doing: Owed | None = None
        self._room: anyio.Event | None = None

    def put(self, effect: Owed) -> None:
        """Owe something more."""
        self._owed.put(effect)

    def close(self) -> None:
        """Take nothing more; what is owed is tried once more, and not again."""
        self._closing = True
        self._nap.cancel()
        self._owed.close()
        self._let_in()

    async def room(self) -> None:
        """Wait until there is room for more."""
        while self._amount >= self._limit and not self._closing:
            if self._room is None:
                self._room = anyio.Event()
            await self._room.wait()

    @property
    def done(self) -> bool:
        """Whether it is closed, and nothing is owed."""
        return self._closing and not self._amount

    async def run(self) -> None:
        """Send until it is closed and nothing is owed; run again, what was interrupted is first."""
        while True:
            if self._doing is None:
                self._doing = await anext(self._owed, None)
            if self._doing is None:
                return
            await self._do(self._doing)
            self._doing = None
            self._let_in()

    async def _do(self, effect: Owed) -> None:
        if effect.address is None:  # the runtime has found the channel by it
            return
        for number in range(1, TRIES + 1):
            try:
                if isinstance(effect, SendMessage):
                    await self._channel.send(effect.address, effect.content, key=effect.id)
                elif isinstance(self._channel, Closes):
                    await self._channel.close(effect.address, key=effect.id)
            except ChannelFault as fault:
                if fault.retry_after is None or self._closing or number == TRIES:
                    await self._failed(effect, effect.address, fault.reason)
                    return
                with anyio.CancelScope() as self._nap:
                    await self._clock.sleep_until(self._clock.now() + int(fault.retry_after))
            except Exception as error:  # noqa: BLE001 - see `link`
                await self._failed(effect, effect.address, f"{type(error).__name__}: {error}")
                return
            else:
                return

    @property
    def _amount(self) -> int:
        return len(self._owed) + (self._doing is not None)

    def _let_in(self) -> None:
        if self._room is not None:
            self._room.set()
            self._room = None
