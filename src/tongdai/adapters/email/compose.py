"""A mail of ours, as bytes.

Rule: the same arguments give the same bytes, so what is tried again is the same mail. No field can
be put in by what stands in another: whatever becomes a field is refused with its name where it has
a line break or another control character, and no text is ever pasted into a header unencoded.
"""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable
from typing import Final

import attrs

from tongdai.adapters.email.account import Account
from tongdai.adapters.email.headers import is_header_safe, mailbox
from tongdai.adapters.email.parts import File, safe_name
from tongdai.adapters.email.threads import (
    MOST_REFERENCES,
    Party,
    Thread,
    message_id,
    plus,
    tag,
    token,
    untagged,
)
from tongdai.errors import ChannelFault
from tongdai.model.contact import Content
from tongdai.model.time import Instant, as_datetime, checked

_LINE: Final = 76
_WORD: Final = 42  # bytes in one encoded word: it then has 75 characters, RFC 2047's most
_LONGEST_SUBJECT: Final = 2_000
_LONGEST_ID: Final = 900  # what a line may hold, RFC 5322, less the field's name
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_RE: Final = re.compile(
    r"\s*(?:(?:re|aw|sv|antw|tr|trả lời|rép|odp|vs)(?:\s*\[\d+\])?\s*[:\uff1a]\s*)+", re.IGNORECASE
)
_PLAIN: Final = re.compile(r"[ -~]*")
_PHRASE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_KIND: Final = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,80}")
_ID: Final = re.compile(r"[!-;=?-~]+")


@attrs.frozen
class Outgoing:
    """A mail that is ready to go.

    Attributes:
        id: its id, without brackets.
        to: the address on the channel, with the thread.
        sender: whom the envelope names as sender; empty for nobody.
        recipient: whom the envelope names.
        data: the mail, its lines ended by CR LF.
        smtputf8: whether the server has to understand SMTPUTF8 (RFC 6531).
        thread: what a further answer carries on.
    """

    id: str
    to: str = attrs.field(repr=False)
    sender: str = attrs.field(repr=False)
    recipient: str = attrs.field(repr=False)
    data: bytes = attrs.field(repr=False)
    smtputf8: bool
    thread: Thread = attrs.field(repr=False)


def compose(  # noqa: PLR0913 - each is told apart by its name
    content: Content,
    to: str,
    account: Account,
    *,
    key: str,
    at: Instant,
    thread: Thread | None = None,
    files: Iterable[File] = (),
    automatic: bool = False,
) -> Outgoing:
    """Return a mail.

    Args:
        content: what to say: text, and a subject where it begins something. Its attachments are
            urls, which whoever sends it fetches and gives as `files`.
        to: the address on the channel: `lan@x.vn`, or with a thread behind it.
        account: whose mail it is.
        key: of the message; the mail's id is made of it.
        at: the date that the mail shows.
        thread: what it carries on, where that is known.
        files: what goes with it.
        automatic: whether nobody wrote it, as `content.automatic` may say as well: then it says
            so, and nothing comes back to anybody. A thread that is not `answerable` gets none.

    Raises:
        ChannelFault: `bad_address`: nobody has such an address. `rejected`: something in it cannot
            be mailed; the detail names the field.
    """
    party = Party.of(to)
    recipient = mailbox(party.mailbox)
    if not recipient:
        raise ChannelFault("bad_address", "to: is no e-mail address")
    if content.buttons or content.template is not None:
        raise ChannelFault("rejected", "content: a mail has no buttons or templates; see fit()")
    checked(at, "at")
    automatic = automatic or content.automatic
    before = thread or Thread()
    if automatic and not before.answerable:
        raise ChannelFault("rejected", "thread: what came last is not to be answered by a machine")
    subject = _subject(content, before)
    id = message_id(account, key=key, to=to)
    references = _references(before)
    sign = token(account, key=key, to=to)
    head = _Head()
    head.put("Date", _date(at))
    head.people("From", account.name, account.address)
    head.people("To", "", recipient)
    if (answer := plus(account, sign)) != account.address:
        head.people("Reply-To", account.name, answer)
    mark = tag(account, to) if account.tag else ""
    head.text("Subject", f"{subject} {mark}".strip())
    head.put("Message-ID", f"<{id}>")
    if references:
        head.put("In-Reply-To", f"<{references[-1]}>")
        head.put("References", "\r\n ".join(f"<{one}>" for one in references))
    if automatic:
        head.put("Auto-Submitted", "auto-replied" if references else "auto-generated")
        head.put("X-Auto-Response-Suppress", "All")
    head.put("MIME-Version", "1.0")
    data = head.told() + _body(content.text, [_file(one) for one in files], sign)
    local = recipient.rpartition("@")[0] + account.address.rpartition("@")[0]
    return Outgoing(
        id,
        to,
        "" if automatic else plus(account, sign),
        recipient,
        data,
        not local.isascii(),
        Thread(bare_subject(subject), (*references, id), before.answerable),
    )


# --- fields ---------------------------------------------------------------------------------------


class _Head:
    """The fields of a mail, checked as they are put in."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def put(self, name: str, value: str) -> None:
        """Put in what is a field's value already."""
        self._lines.append(f"{name}: {value}\r\n")

    def text(self, name: str, value: str) -> None:
        """Put in a text."""
        self.put(name, _encoded(value, len(name) + 2))

    def people(self, name: str, called: str, address: str) -> None:
        """Put in an address, and how its owner is called."""
        local, _, domain = address.rpartition("@")
        if not called:
            self.put(name, f"{local}@{domain}")
        elif (
            _PHRASE.fullmatch(called) and called == " ".join(called.split()) and "=?" not in called
        ):
            self.put(name, f"{called} <{address}>")
        elif _PLAIN.fullmatch(called) and "=?" not in called and len(called) < _LINE:
            quoted = called.replace("\\", "\\\\").replace('"', '\\"')
            self.put(name, f'"{quoted}"\r\n <{address}>')
        else:
            self.put(name, f"{_words(called, len(name) + 2)}\r\n <{address}>")

    def told(self) -> bytes:
        return "".join(self._lines).encode()


def _encoded(text: str, used: int) -> str:
    """Return a text as a field's value: as it stands where that is safe, or in encoded words."""
    plain = _PLAIN.fullmatch(text) and "=?" not in text and text == " ".join(text.split())
    if not plain or any(len(word) > _LINE - 2 for word in text.split(" ")):
        return _words(text, used) if text else ""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and used + len(lines[-1]) + len(word) > _LINE:
            lines.append(word)
            used = 1
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return "\r\n ".join(lines)


def _words(text: str, used: int) -> str:
    """Return encoded words, none of which ends inside of a character."""
    out: list[str] = []
    piece = b""
    room = max(9, _WORD - (used * 3 + 3) // 4)
    for one in text:
        data = one.encode()
        if len(piece) + len(data) > room:
            out.append(piece.decode())
            piece = b""
            room = _WORD
        piece += data
    out.append(piece.decode())
    return "\r\n ".join(f"=?utf-8?B?{b64encode(one.encode()).decode()}?=" for one in out)


def _subject(content: Content, thread: Thread) -> str:
    told = content.subject
    if not is_header_safe(told):
        raise ChannelFault("rejected", "content.subject: has a line break or a control character")
    if len(told) > _LONGEST_SUBJECT:
        raise ChannelFault(
            "rejected", f"content.subject: has more than {_LONGEST_SUBJECT} characters"
        )
    if told:
        return told
    known = thread.subject if is_header_safe(thread.subject) else ""
    if thread.references:
        return f"Re: {bare_subject(known)}".strip()
    return known


def bare_subject(subject: str) -> str:
    """Return a subject without what programs put in front of it."""
    return untagged(_RE.sub("", subject, count=1) if _RE.match(subject) else subject).strip()


def _references(thread: Thread) -> tuple[str, ...]:
    sound = [one for one in thread.references if _ID.fullmatch(one) and len(one) <= _LONGEST_ID]
    if len(sound) > MOST_REFERENCES:
        sound = [sound[0], *sound[1 - MOST_REFERENCES :]]
    return tuple(sound)


def _date(at: Instant) -> str:
    moment = as_datetime(at - at % 1_000_000)
    day = f"{_DAYS[moment.weekday()]}, {moment.day:02} {_MONTHS[moment.month - 1]}"
    return f"{day} {moment.year:04} {moment:%H:%M:%S} +0000"


# --- the body -------------------------------------------------------------------------------------


def _file(file: File) -> File:
    if not isinstance(file, File) or not isinstance(file.data, bytes):
        raise ChannelFault("rejected", "files: expected File(name, kind, data)")
    if not is_header_safe(file.name):
        raise ChannelFault("rejected", "files: a name has a line break or a control character")
    kind = file.kind.lower()
    if not _KIND.fullmatch(kind):
        raise ChannelFault("rejected", "files: a kind is no media type, such as image/png")
    if kind.startswith(("multipart/", "message/")):
        kind = "application/octet-stream"
    return File(safe_name(file.name, kind), kind, file.data)


def _body(text: str, files: list[File], sign: str) -> bytes:
    words = _part(text)
    if not files:
        return words
    boundary = f"=_{hashlib.blake2b(sign.encode(), digest_size=15).hexdigest()}"
    line = f"--{boundary}".encode()
    pieces = [words, *map(_attached, files)]
    # ("=_" stands in no quoted-printable text and in no base64)
    inner = b"".join(line + b"\r\n" + piece + b"\r\n" for piece in pieces)
    head = f'Content-Type: multipart/mixed; boundary="{boundary}"\r\n\r\n'.encode()
    return head + inner + line + b"--\r\n"


def _part(text: str) -> bytes:
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    head = (
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
        b"\r\n\r\n"
    )
    return head + b"\r\n".join(_printable(line.encode()) for line in plain.split("\n")) + b"\r\n"


def _printable(line: bytes) -> bytes:
    """Return a line as quoted-printable; its soft breaks are CR LF."""
    told = binascii.b2a_qp(line, quotetabs=False, istext=True, header=False)
    told = told.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    # a lone dot ends a mail for some servers, and `From ` is changed by others
    for begin, safe in ((b".", b"=2E"), (b"From ", b"=46rom ")):
        if told.startswith(begin):
            told = safe + told[len(begin) if begin != b"." else 1 :]
    return told


def _attached(file: File) -> bytes:
    name = file.name
    if _PLAIN.fullmatch(name) and len(name) <= 60:  # noqa: PLR2004 - fits into the line
        shown = f'; filename="{name}"'
        called = f';\r\n name="{name}"'
    else:
        shown = _extended(name)
        called = ""
    head = (
        f"Content-Type: {file.kind}{called}\r\nContent-Disposition: attachment{shown}\r\n"
        "Content-Transfer-Encoding: base64\r\n\r\n"
    )
    return head.encode() + binascii_lines(file.data)


def _extended(name: str) -> str:
    """Return a name as RFC 2231 writes it, in as many lines as it takes."""
    told = "".join(
        chr(byte)
        if chr(byte).isascii() and (chr(byte).isalnum() or byte in b"-._")
        else f"%{byte:02X}"
        for byte in name.encode()
    )
    pieces = re.findall(r"(?:%..|[^%]){1,18}", told)
    lines = [f"filename*{number}*={piece}" for number, piece in enumerate(pieces)]
    lines[0] = lines[0].replace("=", "=utf-8''", 1)
    return "".join(f";\r\n {line}" for line in lines)


def binascii_lines(data: bytes) -> bytes:
    """Return bytes as base64, in lines of 76 characters."""
    told = b64encode(data)
    return b"\r\n".join(told[at : at + _LINE] for at in range(0, len(told), _LINE))
