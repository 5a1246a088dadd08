"""What comes in over a channel, whatever the provider.

Rule: an inbound value is verified by its adapter, and can be told from every other by channel and
`key`, so that what a provider delivers twice is taken once. `raw` is the provider's own bytes, kept
for whoever must prove what came; the core never looks into it, and no repr shows it. No kind of
inbound has a telephone number of its own: who somebody is, `claims` tell.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec.structs import force_setattr

from tongdai.model.contact import Address, Claim, Content
from tongdai.model.personal import Personal, Value
from tongdai.model.several import Several, default, several, texts
from tongdai.model.time import Instant, checked


class _Inbound(Value, frozen=True, kw_only=True, tag=True):
    """What all inbound values have.

    Attributes:
        key: the provider's id of what came; unique within the channel, the same each time it is
            delivered.
        at: when it happened, by the provider's clock.
        address: whose it is; answers go there.
        raw: the provider's own bytes.
    """

    key: str
    at: Instant
    address: Address
    raw: Annotated[bytes, Personal] = b""


class Message(_Inbound, frozen=True, kw_only=True):
    """A customer wrote something.

    Attributes:
        content: what was written; for a tap on a button, its label.
        claims: identifiers that came with it.
        replies_to: keys or sent ids of messages that it answers, nearest first (a quoted message,
            References).
        choice: the key of the button that was tapped; empty where it was written.
        question: the question of that button, as `Content.question` gave it.
        automatic: why nobody wrote this: `bounce`, `reply` (out of office), `echo` (of what we
            sent), `list`; empty where somebody did. What is automatic opens no contact and causes
            no answer.
    """

    content: Content
    claims: Several[Claim] = default(())
    replies_to: Several[str] = default(())
    choice: str = ""
    question: str = ""
    automatic: Literal["", "bounce", "reply", "echo", "list"] = ""

    def __post_init__(self) -> None:
        """Make what there are several of tuples.

        Raises:
            ConfigurationError: they are not several claims, or several texts.
        """
        if self.claims or type(self.claims) is not tuple:
            force_setattr(self, "claims", several(self.claims, Claim, "Message.claims"))
        if self.replies_to or type(self.replies_to) is not tuple:
            force_setattr(self, "replies_to", texts(self.replies_to, "Message.replies_to"))


class Receipt(_Inbound, frozen=True, kw_only=True):
    """A provider tells what became of messages that were sent.

    Its key is the provider's id of the receipt, or that of message and status together.

    Attributes:
        status: what became of them.
        ids: the messages; some providers tell by `upto` instead.
        upto: everything sent until this instant, where a provider tells by watermark.
        error: the provider's code, where it failed.
    """

    status: Literal["sent", "delivered", "read", "failed"]
    ids: Several[str] = default(())
    upto: Instant | None = None
    error: str = ""

    def __post_init__(self) -> None:
        """Make the ids a tuple, and the watermark a plain instant.

        Raises:
            ConfigurationError: the ids are not several texts.
            IllegalInput: the watermark is no instant.
        """
        if self.ids or type(self.ids) is not tuple:
            force_setattr(self, "ids", texts(self.ids, "Receipt.ids"))
        if self.upto is not None:
            force_setattr(self, "upto", checked(self.upto, "Receipt.upto"))


class Activity(_Inbound, frozen=True, kw_only=True):
    """A customer does something besides writing.

    Attributes:
        what: `typing` (may be lost), `joined` the chat, or `left` it (hung up, closed it).
    """

    what: Literal["typing", "joined", "left"]


class Revised(_Inbound, frozen=True, kw_only=True):
    """A customer changed what was written before.

    Attributes:
        message: the key of the message.
        content: what it says now; `None` where it was withdrawn.
    """

    message: str
    content: Content | None = None


class Relinked(_Inbound, frozen=True, kw_only=True):
    """The platform knows a customer under another identity from now on.

    Attributes:
        to: where they are reached from now on; `None` where that stays.
        claims: who they are from now on.
    """

    to: Address | None = None
    claims: Several[Claim] = default(())

    def __post_init__(self) -> None:
        """Make the claims a tuple.

        Raises:
            ConfigurationError: they are not several claims.
        """
        if self.claims or type(self.claims) is not tuple:
            force_setattr(self, "claims", several(self.claims, Claim, "Relinked.claims"))


class Ringing(_Inbound, frozen=True, kw_only=True):
    """A call comes in; its address is the call's own, and over with it.

    Attributes:
        called: what was dialled.
        claims: who calls, if that is shown.
    """

    called: str = ""
    claims: Several[Claim] = default(())

    def __post_init__(self) -> None:
        """Make the claims a tuple.

        Raises:
            ConfigurationError: they are not several claims.
        """
        if self.claims or type(self.claims) is not tuple:
            force_setattr(self, "claims", several(self.claims, Claim, "Ringing.claims"))


Inbound: TypeAlias = Message | Receipt | Activity | Revised | Relinked | Ringing
"""Everything that a channel reads."""


class Sent(Value, frozen=True):
    """A channel took a message: the provider's ids of its parts, in order."""

    ids: Several[str] = default(())

    def __post_init__(self) -> None:
        """Make the ids a tuple.

        Raises:
            ConfigurationError: they are not several texts.
        """
        if self.ids or type(self.ids) is not tuple:
            force_setattr(self, "ids", texts(self.ids, "Sent.ids"))
