"""What a browser may ask of the desk.

Rule: a frame is a JSON object; its `do` says what is wanted, its `n` numbers the answer. Nothing is
read that is not declared here, and nothing is longer than it says.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from tongdai.errors import IllegalInput

MOST_BYTES: Final = 64 * 1024
"""The largest frame from a browser."""

_Id: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Word: TypeAlias = Annotated[str, msgspec.Meta(max_length=200)]
_Number: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _Ask(msgspec.Struct, frozen=True, kw_only=True, tag_field="do", forbid_unknown_fields=True):
    n: _Number = 0


class Hello(_Ask, frozen=True, kw_only=True, tag="hello"):
    """Somebody sits down; the first frame, and the only one that says who."""

    token: Annotated[str, msgspec.Meta(max_length=1_024)]


class Presence(_Ask, frozen=True, kw_only=True, tag="presence"):
    """Be available, or away for a reason."""

    presence: Literal["available", "away"]
    reason: _Word = ""


class SignOut(_Ask, frozen=True, kw_only=True, tag="sign out"):
    """Be offline; what is still in hand waits for others."""


class Accept(_Ask, frozen=True, kw_only=True, tag="accept"):
    """Take an offer."""

    offer: _Id


class Decline(_Ask, frozen=True, kw_only=True, tag="decline"):
    """Leave an offer to others."""

    offer: _Id
    reason: _Word = ""


class Say(_Ask, frozen=True, kw_only=True, tag="say"):
    """Write to the customer.

    Attributes:
        interaction: in which one.
        key: the browser's own id of the message: sent again under it, it is said once.
        text: what is said.
        files: urls of files that were uploaded before.
        buttons: choices for the customer.
    """

    interaction: _Id
    key: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}\Z")]
    text: Annotated[str, msgspec.Meta(max_length=10_000)] = ""
    files: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=2_000)]], msgspec.Meta(max_length=10)
    ] = []
    buttons: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=40)]],
        msgspec.Meta(max_length=10),
    ] = []


class Typing(_Ask, frozen=True, kw_only=True, tag="typing"):
    """The agent is writing."""

    interaction: _Id


class Read(_Ask, frozen=True, kw_only=True, tag="read"):
    """The agent has seen all lines up to this one."""

    interaction: _Id
    line: _Number


class End(_Ask, frozen=True, kw_only=True, tag="end"):
    """The conversation is over; with a disposition there is no wrap-up."""

    interaction: _Id
    disposition: _Word = ""


class Dispose(_Ask, frozen=True, kw_only=True, tag="dispose"):
    """The wrap-up is done."""

    interaction: _Id
    disposition: _Word


class Extend(_Ask, frozen=True, kw_only=True, tag="extend"):
    """The wrap-up needs another minute."""

    interaction: _Id


class Customer(_Ask, frozen=True, kw_only=True, tag="customer"):
    """Show who the customer of a contact is, and what happened with them."""

    contact: _Id


class Whole(_Ask, frozen=True, kw_only=True, tag="whole"):
    """Show everything anew."""


AnyAsk: TypeAlias = (
    Hello
    | Presence
    | SignOut
    | Accept
    | Decline
    | Say
    | Typing
    | Read
    | End
    | Dispose
    | Extend
    | Customer
    | Whole
)

_decoder: Final[msgspec.json.Decoder[AnyAsk]] = msgspec.json.Decoder(AnyAsk)


def read(data: str | bytes) -> AnyAsk:
    """Return what a frame asks.

    Raises:
        IllegalInput: it is too large, or nothing that can be asked; says where.
    """
    try:
        raw = data.encode() if isinstance(data, str) else data
        if len(raw) > MOST_BYTES:
            raise IllegalInput(f"frame: {len(raw)} bytes; at most {MOST_BYTES}")
        return _decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise IllegalInput(f"frame: {error}") from error
