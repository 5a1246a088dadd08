"""Both ends of a channel: the provider, whom its author plays, and the runtime, whom the kit plays.

Rule: a check never waits for ever. What has not come after `PATIENCE` seconds does not come, and
the promise that it would is broken.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final, Generic, TypeAlias, TypeVar

import anyio
import attrs

from tongdai.channels import (
    Activity,
    Inbound,
    Message,
    Receipt,
    Relinked,
    Request,
    Revised,
    Ringing,
    Sent,
)
from tongdai.errors import ChannelFault, FaultKind
from tongdai.model.contact import Address, Content
from tongdai.runtime.ports import Channel

PATIENCE: Final = 5.0
"""Seconds that a check waits for something to come; a channel that is right needs none of them."""


@attrs.frozen(kw_only=True)
class Shown:
    """What a provider was given to show a customer, in one message.

    Attributes:
        to: to whom, as the address has it.
        text: its text.
        choices: what can be tapped, in order.
        files: urls or names of its files.
        subject: the line that says what it is about, where it has one.
        template: the name of the approved message that it is, where it is one.
    """

    to: str
    text: str = ""
    choices: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    subject: str = ""
    template: str = ""


ChannelT = TypeVar("ChannelT", bound=Channel)
InboundT = TypeVar("InboundT", bound=Inbound)


class Provider(Generic[ChannelT]):
    """The other end of a channel, which does what a check tells it.

    Write a subclass for the fake that your channel talks to. What answers `False` or `None` here
    your provider cannot do; override what it can.

    Attributes:
        channel: the channel that is checked, connected to this provider and to no other.
        secrets: texts that are to be in no repr, log or error: tokens, passwords, signing keys.
        requests: for a webhook: requests that it takes, with at least one event each.
        challenges: for a webhook: requests with which a provider tries who answers, and the bytes
            that it wants to read in the answer.
        signed: for a webhook: whether every byte of the body is signed.
        deliveries: for what is no webhook: what it delivers, byte by byte, to be changed and given
            to `deliver`.
    """

    channel: ChannelT
    secrets: Sequence[str] = ()
    requests: Sequence[Request] = ()
    challenges: Sequence[tuple[Request, bytes]] = ()
    signed: bool = True
    deliveries: Sequence[bytes] = ()

    async def write(self, customer: str, texts: Sequence[str]) -> None:
        """Let a customer write messages, delivered together where the provider does that.

        It does not wait until they are read.
        """
        raise NotImplementedError

    async def shown(self) -> Sequence[Shown]:
        """Return everything that was shown to customers so far, in order."""
        raise NotImplementedError

    async def again(self) -> bool:
        """Deliver the last delivery once more, byte by byte."""
        return False

    def sign(self, body: bytes) -> Request | None:  # noqa: ARG002 - for those who override it
        """Return a request with such a body, signed as the provider would sign it."""
        return None

    async def deliver(self, data: bytes) -> bool:  # noqa: ARG002 - for those who override it
        """Deliver bytes that may mean nothing, the way `deliveries` are delivered."""
        return False

    async def tap(self, choice: str) -> bool:  # noqa: ARG002 - for those who override it
        """Let whoever was shown the last message tap one of its choices."""
        return False

    async def typing(self, customer: str) -> bool:  # noqa: ARG002 - for those who override it
        """Let a customer begin to write."""
        return False

    async def revise(self, text: str | None) -> bool:  # noqa: ARG002 - for those who override it
        """Let the last message that was written be changed, or withdrawn where it is `None`."""
        return False

    async def echo(self) -> bool:
        """Deliver what the provider tells of the last message that the channel sent."""
        return False

    async def held(self) -> int | None:
        """Return how many messages the provider would deliver again if the channel were gone."""
        return None

    async def tell(self, status: str) -> bool:  # noqa: ARG002 - for those who override it
        """Deliver a receipt: the last message that was shown is `delivered`, or was `read`."""
        return False

    async def fail(self, kind: FaultKind) -> bool:  # noqa: ARG002 - for those who override it
        """Let the next send, and no other, meet an error of this kind."""
        return False

    async def stall(self) -> bool:
        """Let the next send wait for an answer that does not come."""
        return False

    async def cut(self) -> bool:
        """Break the connection now; what is written meanwhile is delivered after the next one."""
        return False


AnyProvider: TypeAlias = Provider[Any]
Factory: TypeAlias = Callable[[], AbstractAsyncContextManager[AnyProvider]]
"""Opens a provider with a new channel, and closes it again."""
Check: TypeAlias = Callable[[AnyProvider], Awaitable[str]]
"""Raises where a promise is broken; returns why it was not tried, or nothing."""


_KINDS: Final = (Message, Receipt, Activity, Revised, Relinked, Ringing)


class Reader:
    """The runtime's end of a channel, as far as reading goes."""

    def __init__(self, provider: AnyProvider) -> None:
        self._channel = provider.channel
        self._incoming: AsyncIterator[Inbound] | None = None
        self._keys = set[str]()
        self._end: Exception | None = None

    @asynccontextmanager
    async def opened(self) -> AsyncGenerator[None]:
        """Open the channel."""
        try:
            async with self._channel.open() as incoming:
                self._incoming = incoming
                try:
                    yield
                finally:
                    close = getattr(incoming, "aclose", None)
                    if close is not None:  # (an async generator has one)
                        with anyio.CancelScope(shield=True):
                            await close()
                    self._incoming = None
        except ChannelFault as fault:
            raise unkept(f"a channel can be opened; got {fault}") from fault

    async def inbound(self) -> Inbound:
        """Take what was read before, and read the next; the channel is open."""
        inbound = await self.next()
        if inbound is None:
            raise unkept("a channel that is open reads on; it ended") from self._end
        return inbound

    async def next(self) -> Inbound | None:
        """Take what was read before, and read the next; `None` where the connection is gone."""
        with anyio.move_on_after(PATIENCE):
            return await self.broken()
        raise unkept(f"what a customer writes comes in; nothing did in {PATIENCE:g} s")

    async def message(self) -> Message:
        """Read the next message, past everything else and what was read before."""
        while True:
            inbound = await self.inbound()
            if isinstance(inbound, Message) and inbound.key not in self._keys:
                self._keys.add(inbound.key)
                return inbound

    async def wait_for(self, kind: type[InboundT]) -> InboundT:
        """Read the next of a kind, past everything else."""
        while not isinstance(inbound := await self.inbound(), kind):
            pass
        return inbound

    async def broken(self) -> Inbound | None:
        """Read the next, however long it takes; `None` where the connection is gone."""
        assert self._incoming is not None, "the channel is open"  # noqa: S101 - for the type checkers
        try:
            inbound = await anext(self._incoming)
        except (StopAsyncIteration, ChannelFault) as end:
            self._end = end
            return None
        except Exception as error:
            raise unkept(
                f"reading raises nothing but faults; got {type(error).__name__}"
            ) from error
        true(
            f"what is read is an inbound value; got {type(inbound).__name__}",
            isinstance(inbound, _KINDS),
        )
        return inbound

    async def taken(self, provider: AnyProvider) -> None:
        """Ask for the next until the provider has heard that the last is taken."""
        assert self._incoming is not None, "the channel is open"  # noqa: S101 - for the type checkers
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.broken)
            while await provider.held():  # noqa: ASYNC110 - a provider is asked, it does not call
                await anyio.sleep(0.001)
            tasks.cancel_scope.cancel()


@asynccontextmanager
async def reading(provider: AnyProvider) -> AsyncGenerator[Reader]:
    """Open a provider's channel, to be read."""
    reader = Reader(provider)
    async with reader.opened():
        yield reader


async def until_broken(reader: Reader, keys: dict[str, str], last: str) -> None:
    """Read until the connection is gone, or the last is there; note messages by their keys.

    (A channel of many connections reads on when one of them is cut.)
    """
    while last not in keys.values() and (inbound := await reader.broken()) is not None:
        if isinstance(inbound, Message):
            keys.setdefault(inbound.key, inbound.content.text)


@asynccontextmanager
async def talking(provider: AnyProvider, customer: str) -> AsyncGenerator[Address]:
    """Give the address of a customer who has written, with the channel open and read."""
    async with reading(provider) as reader:
        await provider.write(customer, [f"here is {customer}"])
        while (message := await reader.message()).content.text != f"here is {customer}":
            pass
        address = message.address
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_read_on, reader)
            yield address
            tasks.cancel_scope.cancel()


async def _read_on(reader: Reader) -> None:
    while await reader.broken() is not None:
        pass


async def send(provider: AnyProvider, to: Address, content: Content, key: str) -> Sent:
    """Send something that is right."""
    try:
        with anyio.fail_after(PATIENCE):
            sent: Sent = await provider.channel.send(to, content, key=key)
    except ChannelFault as fault:
        raise unkept(f"a message that is right is sent; got {fault}") from fault
    except TimeoutError as error:
        raise unkept(f"a message is sent; it was not in {PATIENCE:g} s") from error
    true("send answers Sent(ids)", isinstance(sent, Sent))
    return sent


def unkept(promise: str) -> AssertionError:
    """Return the error that says which promise was broken."""
    return AssertionError(f"broken: {promise}")


def same(promise: str, expected: object, actual: object) -> None:
    """Raise unless two values are equal, with the promise that they would be."""
    if expected != actual:
        raise unkept(f"{promise}: expected {expected!r:.200}; got {actual!r:.200}")


def true(promise: str, holds: bool) -> None:  # noqa: FBT001 - the statement itself
    """Raise unless something holds, with the promise that it would."""
    if not holds:
        raise unkept(promise)
