"""A channel at work: kept open, read, and sent over.

Rule: what comes in is handed over one by one, each until the journal has it or the center refuses
it; where finding out where it goes takes a while, one by one for each address. Nothing that a
channel does wrong ends the runtime: it is a fault, and it is opened again, later each time unless
something comes of it. A reader who is told to stop leaves the channel open for what is still owed.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Protocol, cast

import anyio
import anyio.lowlevel

from tongdai.center import Center
from tongdai.center.effects import SendMessage
from tongdai.center.inputs import Receive
from tongdai.channels import Activity, Inbound, Receipt, Sent
from tongdai.errors import ChannelFault, IllegalInput, JournalError, TongdaiError
from tongdai.model.contact import Address
from tongdai.runtime import handing
from tongdai.runtime.backoff import Reopening
from tongdai.runtime.entry import Door, Entry
from tongdai.runtime.handing import LAST, hand_over, keep_handing, pause
from tongdai.runtime.inbox import Held, Inbox
from tongdai.runtime.letters import DeadLetter, Letter
from tongdai.runtime.outbox import Outbox
from tongdai.runtime.ports import Calls, Channel, Clock, Closes
from tongdai.runtime.sending import Sending
from tongdai.runtime.showing import Showing

_LONGEST_ID = 128
_MOST_IDS = 100  # of one message, in the journal
_AHEAD = 64  # things in hand at once, where finding out where they go takes a while


class Host(handing.Host, Protocol):
    """What a link needs of its runtime, besides."""

    @property
    def center(self) -> Center:
        """The living center."""
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
        self._reopening = Reopening()
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
        """Wait until `run` has come to its end."""
        await self._done.wait()

    async def run(self) -> None:
        """Keep the channel open until it is stopped, and then as long as it lasts and is owed."""
        with self._running:
            try:
                while not self._stopped:
                    self._reopening.begin()
                    await self._open()
                    if not self._stopped:
                        now = self._clock.now()
                        await self._clock.sleep_until(now + int(self._reopening.wait(now)))
            finally:
                self._done.set()

    def give_up(self) -> list[Receive]:
        """Let what is owed still be dead letters; return what the journal should know of it."""
        ended = ChannelFault("retry", "the runtime ended before it was sent")
        notes: list[Receive] = []
        for letter in self.outbox.left:
            result = letter.result or ended
            if isinstance(result, ChannelFault):
                self._bury(letter, result)
            if isinstance(letter.effect, SendMessage):
                notes.append(self._note(letter, result))
        return notes

    async def _open(self) -> None:
        try:
            async with self._channel.open() as incoming, anyio.create_task_group() as tasks:
                self._reopening.opened(self._clock.now())
                self._reading = anyio.CancelScope()
                tasks.start_soon(self._read, incoming, self._reading)
                tasks.start_soon(self.showing.run)
                await self.outbox.run()
                tasks.cancel_scope.cancel()
        except Exception as error:  # noqa: BLE001 - must not end the runtime
            self._failed("open", _told(error))
        self._reading = None

    def _failed(self, what: str, reason: str) -> None:
        """Note what is wrong with the channel, and when it is opened again."""
        if not self._stopped:
            reason += f"; opened again in {self._reopening.wait(self._clock.now())}"
        self._host.fault(self._channel.id, what, reason)

    async def _read(self, incoming: AsyncIterator[Inbound], reading: anyio.CancelScope) -> None:
        with reading:
            try:
                if self._door.slow and isinstance(incoming, Inbox):
                    await self._read_ahead(incoming)
                else:
                    await self._read_on(incoming)
            finally:
                if isinstance(incoming, (AsyncGenerator, Inbox)):
                    with anyio.move_on_after(LAST, shield=True):
                        await incoming.aclose()

    async def _read_on(self, incoming: AsyncIterator[Inbound]) -> None:
        """Take one after the other."""
        while True:
            try:
                inbound = await anext(incoming)
            except StopAsyncIteration:
                return  # nothing more will come; it may still send
            except anyio.get_cancelled_exc_class():
                await anyio.lowlevel.checkpoint_if_cancelled()
                self._broken("something that it waited for was cancelled")
                return
            except Exception as error:  # noqa: BLE001 - must not end the runtime
                self._broken(_told(error))
                return
            await self.outbox.room()
            await self._receive(inbound)

    def _broken(self, reason: str) -> None:
        """Let the channel be closed, and opened again."""
        self._failed("read", reason)
        self.outbox.stop()

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
        receive: Receive | None = None
        again = False
        self._reopening.gave()
        try:
            self._check(inbound)
            if isinstance(inbound, Activity):
                self._host.noticed(inbound)
                if inbound.what == "typing":
                    return
            while True:
                mode = self._channel.medium.mode
                try:
                    if receive is None or not receive.entry:
                        receive = await self._door.receive(inbound, mode, id=input_id(id, key))
                    await hand_over(self._host, receive)
                    if receive.entry or not self._host.center.opens(inbound):
                        return
                except JournalError:
                    await pause(self._clock)
                    continue
                if again:
                    self._host.fault(id, key, "it opens a contact, and its entry is empty")
                    return
                again = True  # its contact ended while it was on its way, so now it opens one
        except Exception as error:  # noqa: BLE001 - must not end the runtime
            self._host.fault(id, key, _told(error))

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
        await self._tell(letter, sent)

    async def _not_sent(self, letter: Letter, fault: ChannelFault) -> None:
        """Note what could not be done; that a message was not sent is for the journal too."""
        self._bury(letter, fault)
        await self._tell(letter, fault)

    def _bury(self, letter: Letter, fault: ChannelFault) -> None:
        self._host.fault(self._channel.id, letter.effect.id, str(fault))
        if isinstance(letter.effect, SendMessage):
            self._host.bury(DeadLetter.of(letter, letter.effect, fault, self._clock.now()))

    async def _tell(self, letter: Letter, result: Sent | ChannelFault) -> None:
        """Tell the journal what became of a message, until it knows."""
        if not isinstance(letter.effect, SendMessage):
            return
        try:
            await keep_handing(self._host, self._clock, self._note(letter, result))
        except TongdaiError as error:
            self._host.fault(self._channel.id, letter.effect.id, str(error))

    def _note(self, letter: Letter, result: Sent | ChannelFault) -> Receive:
        """Return the input by which the center learns what became of a message."""
        key, at, address = letter.effect.id, self._clock.now(), letter.address
        if isinstance(result, Sent):
            ids = tuple(result.ids)[:_MOST_IDS]
            receipt = Receipt(key=key, at=at, address=address, status="sent", ids=ids)
        else:
            error = f"{result.kind} {result.code}".rstrip()
            receipt = Receipt(key=key, at=at, address=address, status="failed", error=error)
        again = f" {letter.round}" if letter.round else ""
        return Receive(receipt, "", id=input_id(self._channel.id, f"{receipt.status} {key}{again}"))


def input_id(channel: str, key: str) -> str:
    """Return the id of an inbound's input: at most 128 characters, the same for the same key."""
    id = f"{channel}:{key}"
    if len(id) <= _LONGEST_ID:
        return id
    digest = hashlib.blake2b(id.encode(errors="surrogatepass"), digest_size=16).hexdigest()
    return f"{id[: _LONGEST_ID - len(digest) - 1]}#{digest}"


def _told(error: Exception) -> str:
    if isinstance(error, ExceptionGroup):  # (a channel may have tasks of its own)
        group = cast("ExceptionGroup[Exception]", error)
        return ", ".join(_told(one) for one in group.exceptions)
    return str(error) if isinstance(error, TongdaiError) else f"{type(error).__name__}: {error}"
