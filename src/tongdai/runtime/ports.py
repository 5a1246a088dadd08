"""What the runtime needs from outside: channels, and a clock.

Rule: a port is a Protocol, and what fits it is passed in; there is nothing to register and nothing
to inherit from.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from tongdai.channels import Inbound, Medium, Sent, Sign
from tongdai.ivr import effects, inputs
from tongdai.model.contact import Address, Content
from tongdai.model.time import Instant


class Channel(Protocol):
    """A way to customers, and from them.

    Attributes:
        id: an id of its own; it is the `channel` of the addresses that it reads.
        medium: what it can do.
    """

    @property
    def id(self) -> str:
        """The channel's id."""
        ...

    @property
    def medium(self) -> Medium:
        """What it can do."""
        ...

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[Inbound]]:
        """Connect; inside, read what comes in. `send` is called inside only.

        The next inbound is asked for when the one before is durable, or refused for good: that is
        when a channel may acknowledge it (see `tongdai.runtime.Inbox`).

        Raises:
            ChannelFault: it cannot be connected, or the connection broke. It is opened again: after
                1 s, and after twice as long each time, 60 s at most, until something comes in or it
                stays open for 60 s.
        """
        ...

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Send something, and return once the provider has taken it.

        Args:
            to: the customer's address on this channel.
            content: what to say; `tongdai.channels.fit` cuts it into parts that the medium takes.
            key: the same for each try of one message, and for no other.

        Raises:
            ChannelFault: it was not sent; its `kind` tells what is done about it.
        """
        ...


@runtime_checkable
class Closes(Protocol):
    """What a channel may have besides: a way to let a customer go."""

    async def close(self, to: Address, *, key: str) -> None:
        """Hang up, or close the chat.

        Raises:
            ChannelFault: it could not be done.
        """
        ...


@runtime_checkable
class Shows(Protocol):
    """What a channel may have besides: a way to show a customer more than messages."""

    async def show(self, to: Address, sign: Sign) -> None:
        """Show a sign; where it cannot be shown, nothing happens."""
        ...


class Session(Protocol):
    """One call, from its ringing to its end: what the runtime does with it.

    Whatever takes a while is cancelled when it is no longer wanted, and then stops at once. All of
    it raises `ChannelFault` where it cannot be done; that the caller hangs up comes in over the
    channel, as `Activity(what="left")`.
    """

    async def answer(self) -> None:
        """Answer the call; comes before everything else, once."""
        ...

    async def play(self, prompt: effects.Play) -> None:
        """Let the caller hear a prompt, to its end; cancelled, it falls silent."""
        ...

    def listen(self, what: effects.Listen) -> AsyncIterator[inputs.Press | inputs.Utterance]:
        """Hear the caller, until cancelled. What is keyed between two of these is not lost."""
        ...

    async def collect(
        self, secret: effects.StartSecureInput
    ) -> inputs.SecureInputDone | inputs.SecureInputFailed:
        """Let the caller key in a secret, keep it, and return what stands for it.

        A prompt may be playing: the time for the first digit begins behind it.
        """
        ...

    async def record(self, recording: effects.StartRecording) -> str:
        """Record the caller, and return what stands for the recording.

        Raises:
            ChannelFault: it was not recorded; its code may be `no_input`.
        """
        ...

    async def transfer(self, to: effects.TransferContact) -> None:
        """Connect the caller with a number outside, and return when that is over.

        Raises:
            ChannelFault: they did not talk; its code may be `busy` or `no_answer`.
        """
        ...

    async def configure(self, settings: effects.ApplySettings) -> None:
        """Make settings: voice, recording, and the like; what it does not know it leaves."""
        ...

    async def connect(self, agent: str) -> None:
        """Connect the caller with an agent."""
        ...

    async def disconnect(self, agent: str) -> None:
        """Take an agent out of the call; the caller stays."""
        ...

    async def hang_up(self) -> None:
        """End the call; of one that is over, nothing."""
        ...


@runtime_checkable
class Calls(Protocol):
    """What a channel may have besides: calls."""

    def session(self, call: Address) -> Session:
        """Return what a call is driven by, of which a `Ringing` told.

        Raises:
            ChannelFault: there is no such call.
        """
        ...


class Clock(Protocol):
    """Tells the time, and waits."""

    def now(self) -> Instant:
        """Return the instant; never earlier than the last one returned."""
        ...

    async def sleep_until(self, moment: Instant) -> None:
        """Wait until `now()` is this instant or later."""
        ...
