"""What a widget and the server write to each other, and nothing that writes it.

Rule: a frame is one JSON object with its kind in `t`. Whatever comes in is either one of these
frames, within its bounds, or a `Wrong`: reading raises nothing. Numbers `n` of lines grow within a
visitor's history, so "everything after n" is a whole answer; they are microseconds, which JSON and
JavaScript hold exactly.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

Id: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""What a widget calls a message of its own; the same however often it is sent."""
Number: TypeAlias = Annotated[int, Meta(ge=0, le=2**53 - 1)]
_Token: TypeAlias = Annotated[str, Meta(max_length=4_096)]

_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")

BAD, UNKNOWN, SLOW_DOWN, TOO_LARGE = 4400, 4401, 4429, 4413
NO_HELLO, LATER, GOING = 4408, 1013, 1001
"""Why a socket is closed: a bad frame, a token that is not taken or is over, too many frames, one
that is too large, no hello in time, try again later and send all of it again, and the server goes
away."""


class _Frame(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    gc=False,
    tag_field="t",
    tag=str.lower,
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """What all frames have: their kind."""


# --- what a widget writes -------------------------------------------------------------------------


class Hello(_Frame, frozen=True, kw_only=True):
    """The first frame: whose socket it is, and what the widget has seen of which history."""

    token: _Token
    epoch: Annotated[str, Meta(max_length=64)] = ""
    after: Number = 0


class Say(_Frame, frozen=True, kw_only=True):
    """A message; or a tap on a button, told by the line it stood under and its key."""

    id: Id
    text: str = ""
    files: Annotated[tuple[_Token, ...], Meta(max_length=32)] = ()
    choice: Annotated[str, Meta(max_length=256)] | None = None
    to: Number = 0


class Leave(_Frame, frozen=True, kw_only=True):
    """The visitor ends the conversation."""

    id: Id


class Typing(_Frame, frozen=True, kw_only=True):
    """Somebody is writing; in both directions."""


class Got(_Frame, frozen=True, kw_only=True):
    """Lines up to this one have arrived."""

    upto: Number


class Seen(_Frame, frozen=True, kw_only=True):
    """Lines up to this one have been read."""

    upto: Number


class Ping(_Frame, frozen=True, kw_only=True):
    """Is anybody there?"""


FromWidget: TypeAlias = Hello | Say | Leave | Typing | Got | Seen | Ping


# --- what the server writes -----------------------------------------------------------------------


class File(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A file beside a message, and where it is served: below the mount, or a whole https url."""

    url: str
    kind: str
    name: str = ""
    size: int | None = None


class Choice(msgspec.Struct, frozen=True, gc=False):
    """A button."""

    key: str
    label: str


class Item(msgspec.Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A line of the conversation.

    Attributes:
        n: its number.
        at: when, in milliseconds since the epoch.
        who: `me` is the visitor, `them` the center.
        kind: `text`, or what is noted: `served` by `name` from here on, `closed` by the center, or
            `left` by the visitor.
        id: what the widget called it; the visitor's own lines have one.
        to: the line whose button was tapped.
        name: who wrote it, where that is known.
    """

    n: int
    at: int
    who: Literal["me", "them", "note"]
    kind: Literal["text", "served", "closed", "left"] = "text"
    id: str = ""
    text: str = ""
    files: tuple[File, ...] = ()
    buttons: tuple[Choice, ...] = ()
    to: int = 0
    name: str = ""


class Marks(_Frame, frozen=True, kw_only=True):
    """How far things have come: up to which line each of these holds.

    Attributes:
        taken: the visitor's lines that the center has.
        delivered: those that an agent has.
        read: those that an agent has read.
        got: the center's lines that have arrived here.
        seen: those that have been read here.
    """

    taken: int = 0
    delivered: int = 0
    read: int = 0
    got: int = 0
    seen: int = 0


class Welcome(_Frame, frozen=True, kw_only=True):
    """The answer to a hello; the lines that the widget does not have follow.

    Attributes:
        epoch: which history this is; another one than before means that the server has lost what it
            had, and that all lines it has now follow.
        last: the number of the history's last line.
        agent: who serves the contact.
        place, still: the place in the queue, and the seconds that it may still take.
        waiting: whether the visitor waits.
        text: the most characters of a message.
        file: the most bytes of a file.
        files: the most files of a message.
        kinds: the media types of files that are taken.
    """

    epoch: str
    last: int
    marks: Marks
    agent: str = ""
    waiting: bool = False
    place: int | None = None
    still: int | None = None
    text: int = 4_000
    file: int = 0
    files: int = 0
    kinds: tuple[str, ...] = ()


class Items(_Frame, frozen=True, kw_only=True):
    """Lines, in order."""

    items: tuple[Item, ...]


class Ack(_Frame, frozen=True, kw_only=True):
    """The center has a line of the visitor's, and keeps it; `n` is its number.

    `delivered` tells that an agent has it too.
    """

    id: str
    n: int
    at: int
    delivered: bool = False


class Waiting(_Frame, frozen=True, kw_only=True):
    """The visitor waits, at which place and for how many seconds still."""

    place: int | None = None
    still: int | None = None


class Served(_Frame, frozen=True, kw_only=True):
    """Who serves the contact; nobody, where it is empty."""

    agent: str = ""


class Error(_Frame, frozen=True, kw_only=True):
    """Something was not done.

    Attributes:
        code: `bad` (no such frame), `long`, `empty`, `file` (not known, or too many), `answered` (a
            button of that question was tapped), or `gone` (there is no such button).
        id: what it was about; it will not be taken, however often it is sent.
    """

    code: Literal["bad", "long", "empty", "file", "answered", "gone"]
    id: str = ""


class Pong(_Frame, frozen=True, kw_only=True):
    """Somebody is."""


FromServer: TypeAlias = Welcome | Items | Ack | Marks | Typing | Waiting | Served | Error | Pong


class Wrong(msgspec.Struct, frozen=True, gc=False):
    """What came is no frame: the code to close with, and why."""

    close: int
    why: str


_decoder = msgspec.json.Decoder(FromWidget)
_encoder = msgspec.json.Encoder()


def read(text: object, most: int) -> FromWidget | Wrong:
    """Read a frame of at most so many bytes; whatever comes, this raises nothing."""
    if not isinstance(text, str):
        return Wrong(BAD, "frames are text")
    # (a character has at most four bytes: short texts need not be measured)
    if len(text) * 4 > most and len(text.encode(errors="surrogatepass")) > most:
        return Wrong(TOO_LARGE, f"a frame has at most {most} bytes")
    try:
        frame: FromWidget = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return Wrong(BAD, type(error).__name__)
    return frame


def write(frame: FromServer) -> str:
    """Write a frame."""
    return _encoder.encode(frame).decode()


def clean(text: str) -> str:
    """Return a text without what is no text: control characters but for tabs and new lines."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
