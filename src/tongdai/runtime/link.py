"""A channel at work: kept open, read, and sent over.

Rule: what comes in is handed over one by one, each until the journal has it or the center refuses
it. Nothing that a channel does wrong ends the runtime: it is a fault, and it is opened again.
A reader who is told to stop leaves the channel open for what is still owed.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from typing import Final, Protocol, TypeAlias

import anyio

from tongdai.center import Decision
from tongdai.center.effects import SendMessage
from tongdai.center.inputs import Receive
from tongdai.channels import Inbound, Left, Message, Receipt
from tongdai.errors import IllegalInput, JournalError, TongdaiError
from tongdai.model.contact import Address
from tongdai.model.time import seconds
from tongdai.runtime.outbox import Outbox, Owed
from tongdai.runtime.ports import Channel, Clock

Entry: TypeAlias = str | Callable[[Message], str]
"""Where a channel's new contacts enter: a queue's id, or a function from the message to one."""

PAUSE: Final = seconds(1)
"""How long to wait, by the runtime's clock, before what has failed is tried again."""
_LONGEST_ID = 128


class Host(Protocol):
    """What a link needs of its runtime."""

    async def submit(self, input: Receive) -> Decision:
        """Let the center take an input, and wait until it is durable."""
        ...

    def fault(self, channel: str, what: str, reason: str) -> None:
        """Note what could not be done."""
        ...

    def crash(self, error: Exception) -> None:
        """End the runtime."""
        ...


class Link:
    """A channel, where its contacts enter, and what it owes."""

    def __init__(
        self, channel: Channel, entry: Entry, *, host: Host, clock: Clock, limit: int
    ) -> None:
        """Make it; `run` does all the work.

        Args:
            channel: the channel.
            entry: where its contacts enter.
            host: the runtime.
            clock: for waits.
            limit: how many messages it may owe before those who would add to it wait.
        """
        self.outbox = Outbox(channel, clock=clock, limit=limit, failed=self._not_sent)
        self._channel = channel
        self._entry = entry
        self._host = host
        self._clock = clock
        self._running = anyio.CancelScope(shield=True)
        self._reading: anyio.CancelScope | None = None
        self._stopped = False
        self._done = anyio.Event()

    def stop(self) -> None:
        """Read no more; while the channel is not open, do no more at all."""
        self._stopped = True
        (self._reading or self._running).cancel()

    def cancel(self) -> None:
        """Do no more at all."""
        self._running.cancel()

    async def finished(self) -> None:
        """Wait until everything is sent, or cancelled."""
        await self._done.wait()

    async def run(self) -> None:
        """Keep the channel open until its outbox is closed and nothing is owed."""
        with self._running:
            try:
                while not self.outbox.done:
                    await self._open()
                    if not self._stopped:
                        await self._pause()
            finally:
                self._done.set()

    async def _open(self) -> None:
        try:
            async with self._channel.open() as incoming, anyio.create_task_group() as tasks:
                self._reading = anyio.CancelScope()
                tasks.start_soon(self._read, incoming, self._reading, tasks.cancel_scope)
                await self.outbox.run()
                tasks.cancel_scope.cancel()
        except Exception as error:  # noqa: BLE001 - must not end the runtime
            self._host.fault(self._channel.id, "open", _told(error))
        self._reading = None

    async def _read(
        self,
        incoming: AsyncIterator[Inbound],
        reading: anyio.CancelScope,
        broken: anyio.CancelScope,
    ) -> None:
        with reading:
            try:
                while True:
                    await self.outbox.room()
                    try:
                        inbound = await anext(incoming)
                    except StopAsyncIteration:
                        return  # nothing more will come; it may still send
                    except Exception as error:  # noqa: BLE001 - must not end the runtime
                        self._host.fault(self._channel.id, "read", _told(error))
                        broken.cancel()
                        return
                    await self._receive(inbound)
            finally:
                if isinstance(incoming, AsyncGenerator):
                    with anyio.CancelScope(shield=True):
                        await incoming.aclose()

    async def _receive(self, inbound: Inbound) -> None:
        id = self._channel.id
        key = str(getattr(inbound, "key", ""))
        try:
            receive = Receive(
                inbound,
                self._queue(inbound),
                self._channel.medium.mode,
                id=input_id(id, key),
            )
        except Exception as error:  # noqa: BLE001 - must not end the runtime
            self._host.fault(id, key, _told(error))
            return
        while True:
            try:
                await self._host.submit(receive)
            except JournalError:
                await self._pause()
                continue
            except TongdaiError as error:
                self._host.fault(id, key, str(error))
            except Exception as error:  # noqa: BLE001 - raised where the runtime is left
                self._host.crash(error)
            return

    def _queue(self, inbound: Inbound) -> str:
        if not isinstance(inbound, (Message, Receipt, Left)):
            raise IllegalInput(f"inbound: {type(inbound).__name__} is not Message, Receipt or Left")
        if inbound.address.channel != self._channel.id:
            raise IllegalInput(
                f"inbound.address.channel: {inbound.address.channel!r} is not"
                f" {self._channel.id!r}, the channel that it was read from"
            )
        if not isinstance(inbound, Message):
            return ""
        return self._entry if isinstance(self._entry, str) else self._entry(inbound)

    async def _not_sent(self, effect: Owed, address: Address, reason: str) -> None:
        """Note what could not be done; that a message was not sent is for the journal too."""
        self._host.fault(self._channel.id, effect.id, reason)
        if isinstance(effect, SendMessage):
            at = self._clock.now()
            receipt = Receipt(key=effect.id, at=at, address=address, status="failed", error=reason)
            id = input_id(self._channel.id, f"failed {effect.id}")
            with suppress(TongdaiError):
                await self._host.submit(Receive(receipt, "", id=id))

    async def _pause(self) -> None:
        await self._clock.sleep_until(self._clock.now() + int(PAUSE))


def input_id(channel: str, key: str) -> str:
    """Return the id of an inbound's input: at most 128 characters, the same for the same key."""
    id = f"{channel}:{key}"
    if len(id) <= _LONGEST_ID:
        return id
    digest = hashlib.blake2b(id.encode(errors="surrogatepass"), digest_size=16).hexdigest()
    return f"{id[: _LONGEST_ID - len(digest) - 1]}#{digest}"


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, TongdaiError) else f"{type(error).__name__}: {error}"
