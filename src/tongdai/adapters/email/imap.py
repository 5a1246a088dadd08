"""A mailbox on an IMAP server, read as mails come (RFC 3501, IDLE of RFC 2177).

Rule: everything here blocks and runs in a thread of its own (see `aside`); cutting the line ends
it, whatever it waits for. A mail's size is asked for before the mail is. Nothing in the mailbox is
changed unless that was asked for. No error tells a password.
"""

from __future__ import annotations

import imaplib
import re
import select
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, Literal, cast

import attrs
from imap_tools.errors import UnexpectedCommandStatusError
from imap_tools.mailbox import BaseMailBox
from imap_tools.utils import encode_folder

from tongdai.adapters.email.line import Line, Security, check_server, line_to
from tongdai.channels import Secret
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.time import Duration, Instant, duration, instant, minutes, seconds

_LONGEST_IDLE: Final = minutes(29)  # RFC 2177: servers may log out who is silent for 30 minutes
_LONGEST_LINE: Final = 20 * 2**20
_HEADERS: Final = 256 * 1024  # how much of a mail that is too large is read
_BYTES_A_READ: Final = 65_536
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_DATE: Final = re.compile(
    rb'INTERNALDATE " ?(\d{1,2})-(\w{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([-+])(\d\d)(\d\d)"'
)
_SIZE: Final = re.compile(rb"RFC822\.SIZE (\d+)")
_UID: Final = re.compile(rb"\bUID (\d+)")


@attrs.frozen(kw_only=True)
class Imap:
    """Where mails are read.

    Attributes:
        host: the server.
        user: whose mailbox it is.
        password: what opens it; or
        token: gives an access token (OAuth 2) each time that it is opened.
        security: how the connection is protected.
        port: the server's; by default 993, or 143 where the connection does not begin encrypted.
        folder: which folder is read.
        first: what is read when a folder is read for the first time: `all` that is there, or what
            is `new` from then on.
        most_bytes: the largest mail that is read. Of larger ones come the headers, and a text that
            says so.
        idle: after how long a server that tells of new mails is asked anew; at most 29 minutes.
        poll: how often one that does not is asked.
        timeout: how long the server may take for each step.
        mark_seen: whether mails are marked as seen once they are taken.
        move_to: a folder to which they are moved then; empty for none.
        context: how certificates are checked; by default as the system does.
    """

    host: str
    user: str
    password: Secret | None = None
    token: Callable[[], Awaitable[Secret]] | None = attrs.field(default=None, repr=False)
    security: Security = "tls"
    port: int = 0
    folder: str = "INBOX"
    first: Literal["all", "new"] = "all"
    most_bytes: int = 25 * 2**20
    idle: Duration = minutes(10)
    poll: Duration = minutes(1)
    timeout: Duration = seconds(30)
    mark_seen: bool = False
    move_to: str = ""
    context: ssl.SSLContext | None = attrs.field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        check_server(self, "Imap")
        if (self.password is None) == (self.token is None):
            raise ConfigurationError("Imap.password: give a password, or a token, and not both")
        if self.first not in ("all", "new"):
            raise ConfigurationError(f"Imap.first: {self.first!r} is not all or new")
        if not isinstance(self.most_bytes, int) or self.most_bytes < 1:
            raise ConfigurationError(f"Imap.most_bytes: {self.most_bytes!r} is no number of bytes")
        for field in ("idle", "poll"):
            value = duration(getattr(self, field), f"Imap.{field}")
            object.__setattr__(self, field, value)
            if not value:
                raise ConfigurationError(f"Imap.{field}: expected more than 0 s")
        if self.idle > _LONGEST_IDLE:
            raise ConfigurationError(
                f"Imap.idle: {self.idle} is too long; servers may log out after 30 minutes of"
                f" silence, so give at most {_LONGEST_IDLE}"
            )
        if not self.port:
            object.__setattr__(self, "port", 993 if self.security == "tls" else 143)

    def line(self) -> Line:
        """Return a line to the server, not yet connected."""
        return line_to(self)


@attrs.frozen
class Raw:
    """A mail as it lies in a folder.

    Attributes:
        uid: its number in the folder.
        at: when it got there.
        size: how large it is, in bytes.
        data: its bytes; where it is too large, those of its headers.
        whole: whether it is not too large.
    """

    uid: int
    at: Instant
    size: int
    data: bytes = attrs.field(repr=False)
    whole: bool = True


class Folder:
    """A folder that is read, over one connection. All that it does blocks."""

    def __init__(self, settings: Imap, line: Line, credential: Secret) -> None:
        """Connect later, over a line; `credential` is the password, or the token."""
        self._settings = settings
        self._line = line
        self._credential = credential
        self._box: _Box | None = None
        self.validity = 0

    def open(self) -> None:
        """Connect, and open the folder.

        Raises:
            ChannelFault: it cannot be done, and why not.
        """
        settings = self._settings
        with _told(self._line):
            box = _Box(self._line)
            self._box = box
            self._log_in(box)
            box.client.renew_capabilities()
            reads_only = not (settings.mark_seen or settings.move_to)
            folder = encode_folder(settings.folder).decode()
            _ok(box.client.select(folder, reads_only), "open the folder")
            validity = box.client.response("UIDVALIDITY")[1][0]
            if validity is None:
                raise ChannelFault("rejected", "the server gives its mails no lasting numbers")
            self.validity = int(validity)

    def _log_in(self, box: _Box) -> None:
        user, secret = self._settings.user, self._credential.reveal()
        try:
            if self._settings.token is not None:
                box.xoauth2(user, secret.decode(), initial_folder=None)
            elif user.isascii() and secret.isascii():
                box.login(user, secret.decode(), initial_folder=None)
            else:
                box.login_utf8(user, secret.decode(), initial_folder=None)
        except imaplib.IMAP4.abort:
            raise
        except (UnexpectedCommandStatusError, imaplib.IMAP4.error, UnicodeError) as error:
            code = _CODE.search(str(error))
            name = code.group(1) if code else ""
            if name in _LATER:
                raise ChannelFault("retry", "the server lets nobody in now", code=name) from None
            raise ChannelFault(
                "unauthorised", "the server does not take user and password", code=name
            ) from None

    def newer(self, uid: int) -> list[int]:
        """Return the numbers of the mails after one, in order.

        Raises:
            ChannelFault: the connection broke.
        """
        with _told(self._line):
            client = self._opened().client
            client.noop()  # (some servers show what is new only then)
            client.forget_news()
            answer = client.uid("SEARCH", f"UID {uid + 1}:*")
            _ok(answer, "search")
            if client.response("UIDVALIDITY")[1][0] not in (None, str(self.validity).encode()):
                raise client.abort("the mails have new numbers")  # (it is opened anew then)
            found = (int(number) for part in _parts(answer[1]) for number in part.split())
            return sorted(number for number in found if number > uid)

    def fetch(self, uid: int, since: Instant = 0) -> Raw | None:
        """Return a mail, or its headers where it is too large; `None` where it is gone.

        A mail that came before `since` is not fetched either.

        Raises:
            ChannelFault: the connection broke.
        """
        most = self._settings.most_bytes
        with _told(self._line):
            client = self._opened().client
            answer = client.uid("FETCH", str(uid), "(UID RFC822.SIZE INTERNALDATE)")
            about = _about(answer, uid)
            size = _SIZE.search(about)
            if size is None:
                return None
            at = _date(about)
            if at < since:
                return None
            number = int(size.group(1))
            part = "BODY.PEEK[]" if number <= most else f"BODY.PEEK[HEADER]<0.{_HEADERS}>"
            client.most = max(most, _HEADERS) + _BYTES_A_READ
            data = _literal(client.uid("FETCH", str(uid), f"(UID {part})"))
            if data is None:
                if number:  # (one that is gone is not found again when it is tried again)
                    raise ChannelFault("retry", f"{self._line.host}: the server gives no mail")
                return None
            if number <= most < len(data):  # (a server that does not know its mails' sizes)
                number, data = len(data), data[:_HEADERS]
            return Raw(uid, at, number, data, whole=number <= most)

    def headers(self, uid: int) -> bytes:
        """Return a mail's headers alone; nothing where the server has none.

        Raises:
            ChannelFault: the server does not give them, or the connection broke.
        """
        with _told(self._line):
            client = self._opened().client
            client.most = _HEADERS + _BYTES_A_READ
            part = f"BODY.PEEK[HEADER]<0.{_HEADERS}>"
            return _literal(client.uid("FETCH", str(uid), f"(UID {part})")) or b""

    def taken(self, uid: int) -> None:
        """Mark or move a mail that was taken, where the settings say so.

        Raises:
            ChannelFault: it could not be done.
        """
        settings = self._settings
        with _told(self._line):
            client = self._opened().client
            if settings.mark_seen:
                _ok(client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Seen)"), "mark")
            if settings.move_to:
                self._move(client, uid)

    def _move(self, client: _Client, uid: int) -> None:
        folder = encode_folder(self._settings.move_to).decode()
        if "MOVE" in client.capabilities:
            _ok(client.uid("MOVE", str(uid), folder), "move")
            return
        _ok(client.uid("COPY", str(uid), folder), "copy")
        _ok(client.uid("STORE", str(uid), "+FLAGS.SILENT", r"(\Deleted)"), "mark")
        if "UIDPLUS" in client.capabilities:  # (elsewhere EXPUNGE takes the mails of others too)
            _ok(client.uid("EXPUNGE", str(uid)), "remove")

    @property
    def idles(self) -> bool:
        """Whether the server tells of new mails by itself."""
        return "IDLE" in self._opened().client.capabilities

    def idle(self) -> None:
        """Wait until there may be new mails, or it is time to ask anew.

        Raises:
            ChannelFault: the connection broke.
        """
        with _told(self._line):
            self._opened().client.idle_for(self._settings.idle / 1_000_000)

    def close(self) -> None:
        """Say goodbye, if that can be done at once, and hang up."""
        if self._box is not None:
            with suppress(OSError, imaplib.IMAP4.error):
                self._box.client.send(b"bye LOGOUT\r\n")
            with suppress(OSError):
                self._box.client.shutdown()
        self._line.close()

    def _opened(self) -> _Box:
        if self._box is None:
            raise ChannelFault("retry", "the folder is not open")
        return self._box


_CODE: Final = re.compile(r"\[([A-Z-]+)\]")
_NEWS: Final = ("EXISTS", "RECENT")
_LATER: Final = ("UNAVAILABLE", "SERVERBUG", "LIMIT", "INUSE", "CONTACTADMIN")  # RFC 5530


class _Client(imaplib.IMAP4):
    """A client that keeps what it has read by itself, so that it can wait for a line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._buffer = bytearray()
        self.most = _BYTES_A_READ
        super().__init__(line.host, line.port, line.timeout)
        if line.security == "starttls":
            self._protect()

    def open(self, host: str = "", port: int = 0, timeout: float | None = None) -> None:
        """Connect."""
        del timeout
        self.host, self.port = host, port
        self.sock = self._line.connect()

    def _protect(self) -> None:
        if "STARTTLS" not in self.capabilities:
            self.shutdown()
            raise ChannelFault("retry", "the server offers no encryption (STARTTLS)")
        _ok(self.xatom("STARTTLS"), "STARTTLS")
        if self._buffer:  # somebody put words in before the line was protected
            self.shutdown()
            raise ChannelFault("retry", "the server spoke before the line was encrypted")
        self.sock = self._line.protect(self.sock)
        self.renew_capabilities()

    def renew_capabilities(self) -> None:
        """Ask what the server can do: it may be more than before."""
        told = self.capability()[1][-1] or b""
        self.capabilities = tuple(bytes(told).decode("ascii", "replace").upper().split())

    def read(self, size: int) -> bytes:
        """Read so many bytes."""
        if size > self.most:
            raise self.abort(f"the server sends {size} bytes, more than was asked for")
        while len(self._buffer) < size:
            self._more()
        return self._taken(size)

    def readline(self) -> bytes:
        """Read a line."""
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            start = len(self._buffer)
            if start > _LONGEST_LINE:
                raise self.abort("the server sends a line without an end")
            self._more()
        return self._taken(end + 1)

    def send(self, data: Any) -> None:  # noqa: ANN401 - as the library declares it
        """Send."""
        self.sock.sendall(data)

    def shutdown(self) -> None:
        """Hang up."""
        sock: socket.socket | None = getattr(self, "sock", None)
        if sock is not None:
            sock.close()
        self._line.close()

    def forget_news(self) -> None:
        """Forget what the server told of new mails: somebody looks now."""
        for kind in _NEWS:
            self.untagged_responses.pop(kind, None)

    def idle_for(self, most: float) -> None:
        """Wait so many seconds, or until the server tells of something."""
        tag = cast("bytes", self._command("IDLE"))
        while self._response() is not None:  # (until it says that it idles)
            if self.tagged_commands[tag]:
                raise self.abort("the server does not idle")
        until = time.monotonic() + most
        while not self._something():
            if b"\n" in self._buffer:
                self._response()
            elif self._readable(until - time.monotonic()):
                self._more()
            else:
                break
        self.send(b"DONE\r\n")
        while not self.tagged_commands[tag]:
            self._response()
        del self.tagged_commands[tag]

    def _response(self) -> object:
        return self._get_response()

    def _something(self) -> bool:
        return any(kind in self.untagged_responses for kind in (*_NEWS, "BYE"))

    def _readable(self, within: float) -> bool:
        if isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
            return True
        if within <= 0:
            return False
        if hasattr(select, "poll"):
            poll = select.poll()
            poll.register(self.sock, select.POLLIN)
            return bool(poll.poll(within * 1_000))
        return bool(select.select([self.sock], [], [], within)[0])

    def _more(self) -> None:
        more = self.sock.recv(_BYTES_A_READ)
        if not more:
            raise self.abort("the server has hung up")
        self._buffer += more

    def _taken(self, size: int) -> bytes:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data


class _Box(BaseMailBox):
    client: _Client

    def __init__(self, line: Line) -> None:
        self._line = line
        super().__init__()

    def _get_mailbox_client(self) -> _Client:
        return _Client(self._line)


@contextmanager
def _told(line: Line) -> Generator[None]:
    """Tell what goes wrong as a fault, in words that hold nothing of the mailbox."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise ChannelFault("retry", f"{line.host}: {error.verify_message}") from None
    except ssl.SSLError as error:
        raise ChannelFault("retry", f"{line.host}: TLS failed ({error.reason})") from None
    except OSError as error:
        raise ChannelFault("retry", f"{line.host}: {error.strerror or 'timed out'}") from None
    except imaplib.IMAP4.abort:
        raise ChannelFault("retry", f"{line.host}: the connection broke") from None
    except (imaplib.IMAP4.error, ValueError):
        raise ChannelFault("retry", f"{line.host}: the server says what is no IMAP") from None


def _ok(answer: tuple[str, list[Any]], what: str) -> None:
    if answer[0] != "OK":
        raise ChannelFault("rejected", f"the server does not {what}")


def _parts(data: Any) -> Iterator[bytes]:  # noqa: ANN401 - as the library gives it
    if isinstance(data, bytes):
        yield data
    elif isinstance(data, (list, tuple)):
        for part in cast("list[object]", data):
            yield from _parts(part)


def _about(answer: tuple[str, list[Any]], uid: int) -> bytes:
    """Return what is told about one mail; servers tell news of others in between."""
    for part in _parts(_given(answer)):
        number = _UID.search(part)
        if number is not None and int(number.group(1)) == uid and _SIZE.search(part):
            return part
    return b""


def _literal(answer: tuple[str, list[Any]]) -> bytes | None:
    """Return the bytes of a mail; news of others have none."""
    for part in _given(answer):
        if isinstance(part, tuple):
            head, data = cast("tuple[bytes, bytes]", part)
            if b"BODY[" in head:
                return data
    return None


def _given(answer: tuple[str, list[Any]]) -> list[Any]:
    if answer[0] != "OK":
        raise ChannelFault("retry", "the server does not give a mail")
    return answer[1]


def _date(about: bytes) -> Instant:
    """Return when a mail got into its folder; the epoch where that cannot be read."""
    found = _DATE.search(about)
    if found is None:
        return 0
    day, month, year, hour, minute, second, sign, hours, rest = (
        part.decode() for part in found.groups()
    )
    behind = timedelta(hours=int(hours), minutes=int(rest))
    try:
        zone = timezone(-behind if sign == "-" else behind) if behind else UTC
        number = _MONTHS.index(month.title()) + 1
        return instant(
            datetime(int(year), number, int(day), int(hour), int(minute), int(second), tzinfo=zone)
        )
    except (ValueError, OverflowError):
        return 0
