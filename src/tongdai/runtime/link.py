"""A channel at work: kept open, read, and sent over.

Rule: what comes in is handed over one by one, each until the journal has it or the center refuses
it; where finding out where it goes takes a while, one by one for each address. Nothing that a
channel does wrong ends the runtime: it is a fault, and it is opened again. A reader who is told to
stop leaves the channel open for what is still owed.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from typing import Final, Literal, Protocol

import anyio

from tongdai.center import Center, Decision
from tongdai.center.effects import SendMessage
from tongdai.center.inputs import Receive
from tongdai.channels import Activity, Inbound, Receipt, Sent
from tongdai.errors import ChannelFault, IllegalInput, JournalError, TongdaiError
from tongdai.model.contact import Address
from tongdai.model.time import seconds
from tongdai.runtime.entry import Door, Entry
from tongdai.runtime.inbox import Held, Inbox
from tongdai.runtime.letters import DeadLetter, Letter
from tongdai.runtime.outbox import Outbox
from tongdai.runtime.ports import Calls, Channel, Clock, Closes
from tongdai.runtime.sending import Sending
from tongdai.runtime.showing import Showing

PAUSE: Final = seconds(1)
"""How long to wait, by the runtime's clock, before what has failed is tried again."""
_LONGEST_ID = 128
_AHEAD = 64  # things in hand at once, where finding out where they go takes a while


class Host(Protocol):
    """What a link needs of its runtime."""

    @property
    def center(self) -> Center:
        """The living center."""
        ...

    async def submit(self, input: Receive) -> Decision:
        """Let the center take an input, and wait until it is durable."""
        ...

    def fault(self, channel: str, what: str, reason: str) -> None:
        """Note what could not be done."""
        ...

    def noticed(self, activity: Activity) -> None:
        """Tell whoever has the contact, and whoever else follows, what the customer does."""
        ...

    async def hang_up(self, address: Address) -> None:
        """End a call."""
        ...

    def bury(self, letter: DeadLetter) -> None:
        """Keep a message that was not sent, for whoever looks."""
        ...

    def crash(self, error: Exception) -> None:
        """End the runtime."""
        ...


class Link:
    """A channel, where its contacts enter, and what it owes."""

    def __init__(  # noqa: PLR0913 - what it needs of the runtime
        self,
        channel: Channel,
        entry: Entry,
        *,
        host: Host,
        clock: Clock,
        limit: int,
        sending: Sending,
    ) -> None:
        """Make it; `run` does all the work.

        Args:
            channel: the channel.
            entry: where its contacts enter.
            host: the runtime.
            clock: for waits.
            limit: how many messages it may owe before those who would add to it wait.
            sending: how its messages are sent.
        """
        self.outbox = Outbox(
            channel,
            clock=clock,
            limit=limit,
            failed=self._not_sent,
            sent=self._was_sent,
            let_go=self._let_go if isinstance(channel, (Closes, Calls)) else None,
            sending=sending,
        )
        self.showing = Showing(channel, clock=clock)
        self._channel = channel
        self._door = Door(entry, host=host, clock=clock)
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
                tasks.start_soon(self._read, incoming, self._reading)
                tasks.start_soon(self.showing.run)
                await self.outbox.run()
                tasks.cancel_scope.cancel()
        except Exception as error:  # noqa: BLE001 - must not end the runtime
            self._host.fault(self._channel.id, "open", _told(error))
        self._reading = None

    async def _read(self, incoming: AsyncIterator[Inbound], reading: anyio.CancelScope) -> None:
        with reading:
            try:
                if self._door.slow and isinstance(incoming, Inbox):
                    await self._read_ahead(incoming)
                else:
                    await self._read_on(incoming)
            finally:
                if isinstance(incoming, (AsyncGenerator, Inbox)):
                    with anyio.CancelScope(shield=True):
                        await incoming.aclose()

    async def _read_on(self, incoming: AsyncIterator[Inbound]) -> None:
        """Take one after the other."""
        while True:
            try:
                inbound = await anext(incoming)
            except StopAsyncIteration:
                return  # nothing more will come; it may still send
            except Exception as error:  # noqa: BLE001 - must not end the runtime
                self._host.fault(self._channel.id, "read", _told(error))
                self.outbox.stop()
                return
            await self.outbox.room()
            await self._receive(inbound)

    async def _read_ahead(self, incoming: Inbox) -> None:
        """Take several at once, those of one address one after the other."""
        lanes: dict[str, deque[Held]] = {}
        places = anyio.Semaphore(_AHEAD)

        async def take(to: str, lane: deque[Held]) -> None:
            while lane:
                inbound, taken = lane[0]
                await self._receive(inbound)
                taken()
                lane.popleft()
                places.release()
            del lanes[to]

        async with anyio.create_task_group() as tasks:
            while True:
                await places.acquire()
                held = await incoming.hold()
                if held is None:
                    return
                await self.outbox.room()
                to = held[0].address.to
                if to in lanes:
                    lanes[to].append(held)
                else:
                    lanes[to] = deque([held])
                    tasks.start_soon(take, to, lanes[to])

    async def _receive(self, inbound: Inbound) -> None:
        id = self._channel.id
        key = str(getattr(inbound, "key", ""))
        again = False
        while True:
            try:
                self._check(inbound)
                if isinstance(inbound, Activity):
                    self._host.noticed(inbound)
                    if inbound.what == "typing":
                        return
                mode = self._channel.medium.mode
                receive = await self._door.receive(inbound, mode, id=input_id(id, key))
            except Exception as error:  # noqa: BLE001 - must not end the runtime
                self._host.fault(id, key, _told(error))
                return
            refused = await self._hand_over(receive)
            if refused is None:
                return
            if isinstance(refused, JournalError):
                continue
            if receive.entry or again or not self._opens(inbound):
                self._host.fault(id, key, str(refused))
                return
            again = True  # its contact ended while it was on its way, so now it opens one

    async def _hand_over(self, receive: Receive) -> TongdaiError | None:
        """Bring an input to the writer until it is durable; return why it was refused."""
        while True:
            try:
                await self._host.submit(receive)
            except JournalError as error:
                await self._pause()
                if not receive.entry:
                    return error  # (it may open a contact by now)
            except TongdaiError as error:
                return error
            except Exception as error:  # noqa: BLE001 - raised where the runtime is left
                self._host.crash(error)
                return None
            else:
                return None

    def _opens(self, inbound: Inbound) -> bool:
        with suppress(JournalError):
            return self._host.center.opens(inbound)
        return False

    def _check(self, inbound: Inbound) -> None:
        """Refuse what is no inbound value of this channel.

        Raises:
            IllegalInput: says what it is.
        """
        if not isinstance(inbound, Inbound):
            raise IllegalInput(
                f"inbound: {type(inbound).__name__} is no inbound value of tongdai.channels"
            )
        if inbound.address.channel != self._channel.id:
            raise IllegalInput(
                f"inbound.address.channel: {inbound.address.channel!r} is not"
                f" {self._channel.id!r}, the channel that it was read from"
            )

    async def _let_go(self, address: Address, key: str) -> None:
        if isinstance(self._channel, Closes):
            await self._channel.close(address, key=key)
        else:
            await self._host.hang_up(address)

    async def _was_sent(self, letter: Letter, sent: Sent) -> None:
        """Note that a message was sent, and how the provider calls it."""
        if isinstance(letter.effect, SendMessage):
            await self._note(letter, "sent", ids=sent.ids)

    async def _not_sent(self, letter: Letter, fault: ChannelFault) -> None:
        """Note what could not be done; that a message was not sent is for the journal too."""
        effect = letter.effect
        self._host.fault(self._channel.id, effect.id, str(fault))
        if isinstance(effect, SendMessage):
            self._host.bury(DeadLetter.of(letter, effect, fault, self._clock.now()))
            await self._note(letter, "failed", error=f"{fault.kind} {fault.code}".rstrip())

    async def _note(
        self,
        letter: Letter,
        status: Literal["sent", "failed"],
        *,
        ids: tuple[str, ...] = (),
        error: str = "",
    ) -> None:
        key, at = letter.effect.id, self._clock.now()
        receipt = Receipt(
            key=key, at=at, address=letter.address, status=status, ids=tuple(ids), error=error
        )
        again = f" {letter.round}" if letter.round else ""
        id = input_id(self._channel.id, f"{status} {key}{again}")
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
