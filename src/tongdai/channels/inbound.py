"""What comes in over a channel, whatever the provider.

Rule: an inbound value is verified by its adapter, and can be told from every other by channel and
`key`, so that what a provider delivers twice is taken once. `raw` is the provider's own bytes, kept
for whoever must prove what came; the core never looks into it.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec.structs import force_setattr

from tongdai.model.contact import Address, Claim, Content
from tongdai.model.personal import Personal, Value
from tongdai.model.time import Instant, checked


class Message(Value, frozen=True, kw_only=True, tag=True):
    """A customer wrote something.

    Attributes:
        key: the provider's id of the message; unique within the channel.
        at: when it was written, by the provider's clock.
        address: from whom; answers go there.
        content: what was written.
        claims: identifiers that came with it.
        replies_to: keys of messages that it answers, nearest first (a quoted message; References).
        raw: the provider's own bytes.
    """

    key: str
    at: Instant
    address: Address
    content: Content
    claims: tuple[Claim, ...] = ()
    replies_to: tuple[str, ...] = ()
    raw: Annotated[bytes, Personal] = b""


class Receipt(Value, frozen=True, kw_only=True, tag=True):
    """A provider tells what became of messages that were sent.

    Attributes:
        key: the provider's id of the receipt, or of message and status together.
        at: when, by the provider's clock.
        address: to whom the messages went.
        status: what became of them.
        ids: the messages; some providers tell by `upto` instead.
        upto: everything sent until this instant, where a provider tells by watermark.
        error: the provider's code, where it failed.
    """

    key: str
    at: Instant
    address: Address
    status: Literal["sent", "delivered", "read", "failed"]
    ids: tuple[str, ...] = ()
    upto: Instant | None = None
    error: str = ""

    def __post_init__(self) -> None:
        """Make the watermark a plain instant.

        Raises:
            IllegalInput: it is none.
        """
        if self.upto is not None:
            force_setattr(self, "upto", checked(self.upto, "Receipt.upto"))


class Left(Value, frozen=True, kw_only=True, tag=True):
    """A customer left: hung up, or closed the chat."""

    key: str
    at: Instant
    address: Address


Inbound: TypeAlias = Message | Receipt | Left
"""Everything that a channel reads."""


class Sent(Value, frozen=True):
    """A channel took a message: the provider's ids of its parts, in order."""

    ids: tuple[str, ...] = ()
