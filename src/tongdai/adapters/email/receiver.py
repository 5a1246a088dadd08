"""Mails in, handed over by a mail server (SMTP of RFC 5321, or LMTP of RFC 2033).

Rule: the server is told 250 once the center has the mail, and 451 where it does not get it, so that
the server tries again. Nobody but the configured recipients gets mail, and none larger than is
allowed; all mails that are being received have one bound together, and whoever comes beyond it is
told 452 and tries again. The receiver has a thread and an event loop of its own, which end with it.
"""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
import threading
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import Any, Final, cast

import anyio
import attrs
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope, Session
from anyio.from_thread import BlockingPortal

from tongdai.adapters.email.arriving import Arriving, Room
from tongdai.adapters.email.aside import Aside
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.several import Row, texts
from tongdai.model.time import Duration, duration, minutes

_LAST: Final = 5.0  # seconds for answers under way when the receiver is closed
_COMMANDS: Final = 1_000  # of a kind, over one connection
_RETURN_PATH: Final = re.compile(
    rb"\AReturn-Path:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*", re.IGNORECASE
)


def _recipients(several: Row[str]) -> tuple[str, ...]:
    return texts(several, "Receiver.recipients")


def _four_of(settings: Receiver) -> int:
    return 4 * settings.most_bytes


@attrs.frozen(kw_only=True)
class Receiver:
    """Where mails are handed over to us.

    Put it behind a mail server that keeps spam out; it is not one itself.

    Attributes:
        host: where to listen.
        port: at which port; 0 is any that is free (see `Email.port`).
        lmtp: whether LMTP is spoken, which a mail server speaks to a mailbox.
        recipients: who gets mail here, besides the channel's own addresses.
        most_bytes: the largest mail.
        most_open: how many connections there may be at once.
        most_held: bytes of all mails that are being received at once; by default those of four of
            the largest. The sender of a mail that does not fit in tries again (452).
        timeout: how long a client may be silent.
        hostname: what we call ourselves; by default the domain of the channel's address.
        tls: offers encryption (STARTTLS) with this certificate.
        only_tls: whether nothing is taken without it.
    """

    host: str = "127.0.0.1"
    port: int = 0
    lmtp: bool = False
    recipients: tuple[str, ...] = attrs.field(default=(), converter=_recipients)
    most_bytes: int = 25 * 2**20
    most_open: int = 100
    most_held: int = attrs.field(default=attrs.Factory(_four_of, takes_self=True))
    timeout: Duration = minutes(5)
    hostname: str = ""
    tls: ssl.SSLContext | None = attrs.field(default=None, repr=False)
    only_tls: bool = False

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        for field in ("most_bytes", "most_open", "most_held"):
            value = getattr(self, field)
            if not isinstance(value, int) or value < 1:
                raise ConfigurationError(f"Receiver.{field}: {value!r} is not a number above 0")
        if self.most_held < self.most_bytes:
            raise ConfigurationError(
                f"Receiver.most_held: {self.most_held} is less than one mail of"
                f" Receiver.most_bytes, {self.most_bytes}"
            )
        if any("@" not in address for address in self.recipients):
            raise ConfigurationError("Receiver.recipients: expected addresses, such as me@bank.vn")
        if self.only_tls and self.tls is None:
            raise ConfigurationError("Receiver.only_tls: needs Receiver.tls, a certificate")
        timeout = duration(self.timeout, "Receiver.timeout")
        if not timeout:
            raise ConfigurationError("Receiver.timeout: expected more than 0 s")
        object.__setattr__(self, "timeout", timeout)


Take = Callable[[bytes], Awaitable[None]]
"""Takes a mail, and returns when the center has it; raises a `ChannelFault` where it does not."""


@asynccontextmanager
async def listening(
    settings: Receiver,
    *,
    name: str,
    hostname: str,
    known: Callable[[str], bool],
    take: Take,
) -> AsyncGenerator[int]:
    """Listen, inside; gives the port.

    Args:
        settings: where, and to what.
        name: the thread's name.
        hostname: what we call ourselves.
        known: whether a recipient gets mail here.
        take: what is done with a mail; runs in the event loop of whoever calls this.

    Raises:
        ChannelFault: one cannot listen there.
    """
    problem: Exception | None = None
    silent = ""
    async with BlockingPortal() as portal:
        ready = anyio.Event()
        server = _Server(settings, hostname, known, _Counter(portal, take), ready.set)
        thread = Aside(name, server.run)
        try:
            await ready.wait()
            silent = server.problem
            if not silent:
                yield server.port
        except Exception as error:  # noqa: BLE001 - raised below, where nothing wraps it in a group
            problem = error
        finally:
            with anyio.CancelScope(shield=True):
                server.stop()
                await thread.over()
            thread.leave()
    if silent:
        problem = ChannelFault("retry", f"cannot listen: {silent}")
    if problem is not None:
        raise problem


@attrs.frozen
class _Counter:
    """Hands what comes in one event loop over to another, which takes it."""

    portal: BlockingPortal
    take: Take

    async def hand_over(self, raw: bytes) -> str:
        """Return what to answer."""
        try:
            future = self.portal.start_task_soon(self._take, raw)
        except RuntimeError:  # (it is closing)
            return _LATER
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if not future.cancelled():
                raise
            return _LATER  # (it was the other side that was cancelled, not we)

    async def _take(self, raw: bytes) -> str:
        try:
            await self.take(raw)
        except ChannelFault as fault:
            return _LATER if fault.kind in _AGAIN else "554 5.6.0 This mail is not taken"
        except Exception:  # noqa: BLE001 - the mail is not lost: it comes again
            _LOG.exception("a mail could not be taken")
            return _LATER
        return "250 2.6.0 Taken"


class _Server:
    """The receiver's own event loop, and what stands in it."""

    def __init__(
        self,
        settings: Receiver,
        hostname: str,
        known: Callable[[str], bool],
        counter: _Counter,
        ready: Callable[[], None],
    ) -> None:
        self.port = 0
        self.problem = ""
        self._settings = settings
        self._hostname = hostname
        self._handler = _Handler(settings, known, counter, self)
        self._room = Room(settings.most_held)
        self._counter = counter
        self._ready = ready
        self._lock = threading.Lock()
        self._end: Callable[[], object] | None = None
        self._open: set[_Connection] = set()
        self.busy = 0
        self.ending = False

    def run(self) -> None:
        """Serve until it is stopped."""
        ours = threading.get_ident()

        def is_fit(record: logging.LogRecord) -> bool:
            """Keep what is in mails out of logs: aiosmtpd notes each line that it reads."""
            return record.levelno >= logging.WARNING or threading.get_ident() != ours

        _SMTP_LOG.addFilter(is_fit)
        try:
            asyncio.run(self._serve())
        except OSError as error:
            self.problem = error.strerror or str(error)
        except Exception as error:  # noqa: BLE001 - told where it is opened
            self.problem = type(error).__name__
        finally:
            _SMTP_LOG.removeFilter(is_fit)
        self._tell()

    def stop(self) -> None:
        """Let it end; from any thread."""
        with self._lock:
            self.ending = True
            if self._end is not None:
                self._end()

    def _tell(self) -> None:
        with suppress(RuntimeError):
            self._counter.portal.start_task_soon(self._ready)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        over = asyncio.Event()
        settings = self._settings
        listener = await loop.create_server(self._connection, settings.host, settings.port)
        self.port = listener.sockets[0].getsockname()[1]
        with self._lock:
            self._end = partial(loop.call_soon_threadsafe, over.set)
            if self.ending:
                over.set()
        self._tell()
        try:
            await over.wait()
        finally:
            with self._lock:
                self._end = None
            listener.close()
            until = loop.time() + _LAST
            while self.busy and loop.time() < until:  # noqa: ASYNC110 - at most, and seldom at all
                await asyncio.sleep(0.01)
            for connection in list(self._open):
                connection.hang_up()
            await asyncio.sleep(0)  # (so that they are told)

    def _connection(self) -> asyncio.Protocol:
        settings = self._settings
        if len(self._open) >= settings.most_open:
            return _Full()
        kind = _Lmtp if settings.lmtp else _Smtp
        return kind(
            self._handler,
            self._open,
            self._room,
            data_size_limit=settings.most_bytes,
            enable_SMTPUTF8=True,
            hostname=self._hostname,
            ident="tongdai",
            tls_context=settings.tls,
            require_starttls=settings.only_tls,
            timeout=settings.timeout / 1_000_000,
            command_call_limit=_COMMANDS,
            loop=asyncio.get_running_loop(),
        )


class _Handler:
    """What aiosmtpd asks; the names of these methods are its."""

    def __init__(
        self,
        settings: Receiver,
        known: Callable[[str], bool],
        counter: _Counter,
        server: _Server,
    ) -> None:
        self._settings = settings
        self._known = known
        self._counter = counter
        self._server = server

    async def handle_RCPT(  # noqa: N802
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Let in those who get mail here."""
        del server, session
        if not self._known(address):
            return "550 5.1.1 There is nobody of this name here"
        if envelope.rcpt_tos and self._settings.lmtp:  # (LMTP wants one answer for each of them)
            return "452 4.5.3 One recipient at a time"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail."""
        del session
        arriving = cast("_Connection", server).arriving
        if self._server.ending or arriving is None:
            return _LATER
        if arriving.refused:
            return arriving.refused
        self._server.busy += 1
        try:
            return await self._counter.hand_over(_delivered(envelope, arriving.data))
        finally:
            self._server.busy -= 1

    async def handle_exception(self, error: Exception) -> str:
        """Answer where something goes wrong in between."""
        _LOG.warning("a mail connection failed: %s", type(error).__name__)
        return _LATER


class _Connection(SMTP):
    """A client's connection, counted."""

    def __init__(
        self,
        handler: _Handler,
        among: set[_Connection],
        room: Room,
        **settings: Any,  # noqa: ANN401 - aiosmtpd's
    ) -> None:
        self.arriving: Arriving | None = None
        self._among = among
        self._room = room
        super().__init__(handler, **settings)
        among.add(self)

    def connection_lost(self, error: Exception | None) -> None:
        """Count it no more."""
        self._among.discard(self)
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Receive a mail; aiosmtpd would keep each of its lines apart, however many there are."""
        reader, most = self._reader, self.data_size_limit or 0
        self.arriving = Arriving(reader, self._room, most)
        self._reader = cast("asyncio.StreamReader", self.arriving)
        try:
            await super().smtp_DATA(arg)
        finally:
            self._reader = reader
            self.arriving.drop()
            self.arriving = None

    def hang_up(self) -> None:
        """End it."""
        if self.transport is not None:
            self.transport.close()


class _Smtp(_Connection):
    pass


class _Lmtp(_Connection, LMTP):
    pass


class _Full(asyncio.Protocol):
    """What those get who are too many."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so, and hang up."""
        if isinstance(transport, asyncio.WriteTransport):
            transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
        transport.close()


def _delivered(envelope: Envelope, data: bytearray) -> bytes:
    """Return a mail with what its envelope says, as mail servers write it into mailboxes."""
    content = _RETURN_PATH.sub(b"", data)  # (there is one, and it is ours to write)
    head = f"Return-Path: <{_plain(envelope.mail_from or '')}>\r\n"
    if envelope.rcpt_tos:
        head += f"Delivered-To: {_plain(envelope.rcpt_tos[0])}\r\n"
    return head.encode("utf-8", "surrogateescape") + content


def _plain(address: str) -> str:
    return re.sub(r"[\x00-\x1f\x7f<>]", "", address)


_LOG: Final = logging.getLogger(__name__)
_SMTP_LOG: Final = logging.getLogger("mail.log")  # aiosmtpd's
_LATER: Final = "451 4.3.0 It cannot be kept now, try again later"
_AGAIN: Final = ("retry", "throttled", "unknown", "unauthorised")
