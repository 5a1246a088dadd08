"""What the runtime needs from outside: channels, and a clock.

Rule: a port is a Protocol, and what fits it is passed in; there is nothing to register and nothing
to inherit from.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable

from tongdai.channels import Inbound, Medium, Sent
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

        Raises:
            ChannelFault: it cannot be connected, or the connection broke. It is opened again.
        """
        ...

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Send something, and return once the provider has taken it.

        Args:
            to: the customer's address on this channel.
            content: what to say; `tongdai.channels.fit` cuts it into parts that the medium takes.
            key: the same for each try of one message, and for no other.

        Raises:
            ChannelFault: it was not sent; `retry_after` tells whether and when to try again.
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


class Clock(Protocol):
    """Tells the time, and waits."""

    def now(self) -> Instant:
        """Return the instant; never earlier than the last one returned."""
        ...

    async def sleep_until(self, moment: Instant) -> None:
        """Wait until `now()` is this instant or later."""
        ...
