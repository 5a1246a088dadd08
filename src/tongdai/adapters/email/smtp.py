"""Mails out, over SMTP (RFC 5321, submission of RFC 6409).

Rule: a mail is tried over a connection that has just answered, and every way to fail is told apart:
before the server has the whole mail nothing was sent; after that, without its answer, nobody knows.
All that is here but `reply_fault` blocks and runs in a thread of its own (see `aside`).
"""

from __future__ import annotations

import base64
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from typing import Final, Literal, TypeAlias

import attrs

from tongdai.adapters.email.compose import Outgoing
from tongdai.adapters.email.line import Line, Security, check_server, line_to
from tongdai.channels import Secret
from tongdai.errors import ChannelFault, ConfigurationError, FaultKind
from tongdai.model.time import Duration, seconds

Stage: TypeAlias = Literal["connect", "login", "sender", "recipient", "data"]
"""How far a mail has come when a server answers."""


@attrs.frozen(kw_only=True)
class Smtp:
    """Where mails are handed in.

    Attributes:
        host: the server.
        user: who hands them in; empty where the server does not ask.
        password: of that user; or
        token: gives an access token (OAuth 2) for each mail.
        security: how the connection is protected.
        port: the server's; by default 465, 587 where the connection does not begin encrypted, or
            25 where it is plain.
        timeout: how long the server may take for each step.
        context: how certificates are checked; by default as the system does.
    """

    host: str
    user: str = ""
    password: Secret | None = None
    token: Callable[[], Awaitable[Secret]] | None = attrs.field(default=None, repr=False)
    security: Security = "tls"
    port: int = 0
    timeout: Duration = seconds(60)
    context: ssl.SSLContext | None = attrs.field(default=None, repr=False)

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        check_server(self, "Smtp")
        if self.password is not None and self.token is not None:
            raise ConfigurationError("Smtp.password: give a password, or a token, and not both")
        if bool(self.user) != (self.password is not None or self.token is not None):
            raise ConfigurationError("Smtp.user: a user and a password, or neither")
        if not self.port:
            port = {"tls": 465, "starttls": 587, "plain": 25}[self.security]
            object.__setattr__(self, "port", port)

    def line(self) -> Line:
        """Return a line to the server, not yet connected."""
        return line_to(self)


class Postman:
    """Hands in mails, one after another, over one connection as long as it holds."""

    def __init__(self, settings: Smtp, name: str) -> None:
        """Connect when there is a mail; `name` is what we call ourselves: our mails' domain."""
        self._settings = settings
        self._name = name
        self._client: _Client | None = None
        self._line = settings.line()
        self._lock = threading.Lock()
        self._is_cut = False
        self.committed = False
        """Whether the server has the whole mail, or may have it, and has not answered yet."""

    def ready(self) -> None:
        """Begin anew after it was cut; before there is a thread that could be cut."""
        self._is_cut = False

    def deliver(self, mail: Outgoing, credential: Secret | None) -> None:
        """Hand in a mail, and return when the server has taken it.

        Raises:
            ChannelFault: it was not taken, or nobody knows.
        """
        self.committed = False
        try:
            client = self._connected(credential)
            self._hand_in(client, mail)
        except ChannelFault as fault:
            if fault.kind in ("retry", "unknown", "throttled", "unauthorised"):
                self.close()
            raise
        finally:
            self.committed = False

    def _connected(self, credential: Secret | None) -> _Client:
        """Return a client whose connection has just answered."""
        if self._client is not None:
            try:
                if self._client.rset()[0] == _FINE:
                    return self._client
            except (OSError, smtplib.SMTPException):
                pass
            self.close()
        with self._lock:
            if not self._line.fresh:
                self._line = self._settings.line()
            if self._is_cut:  # (while there was no line, or another one)
                self._line.cut()
        with self._told("connect"):
            client = self._client = _Client(self._line, self._name)
            code, text = client.connect(self._line.host, self._line.port)
            _want(code, text, (220,), "connect")
            _want(*client.ehlo(), (_FINE,), "connect")
            if self._line.security == "starttls":
                if not client.has_extn("starttls"):
                    raise ChannelFault("retry", "the server offers no encryption (STARTTLS)")
                _want(*client.docmd("STARTTLS"), (220,), "connect")
                client.protect()
                _want(*client.ehlo(), (_FINE,), "connect")
            if credential is not None:
                self._log_in(client, credential)
        return client

    def _log_in(self, client: _Client, credential: Secret) -> None:
        user, secret = self._settings.user.encode(), credential.reveal()
        offered = str(client.esmtp_features.get("auth", "")).upper().split()
        if self._settings.token is not None:
            words = b"user=%b\1auth=Bearer %b\1\1" % (user, secret)
            code, text = client.docmd("AUTH", f"XOAUTH2 {base64.b64encode(words).decode()}")
            if code == _GO_ON:  # (what is wrong, in JSON; an empty answer ends it)
                code, text = client.docmd("")
        elif "PLAIN" in offered:
            words = b"\0%b\0%b" % (user, secret)
            code, text = client.docmd("AUTH", f"PLAIN {base64.b64encode(words).decode()}")
        elif "LOGIN" in offered:
            code, text = client.docmd("AUTH", f"LOGIN {base64.b64encode(user).decode()}")
            if code == _GO_ON:
                code, text = client.docmd(base64.b64encode(secret).decode())
        else:
            raise ChannelFault("unauthorised", "the server takes no password over this connection")
        _want(code, text, (235, 503), "login")

    def _hand_in(self, client: _Client, mail: Outgoing) -> None:
        options: list[str] = []
        if mail.smtputf8:
            if not client.has_extn("smtputf8"):
                raise ChannelFault("rejected", "the server takes plain addresses only (SMTPUTF8)")
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        if client.has_extn("size"):
            options.append(f"SIZE={len(mail.data)}")
        with self._told("sender"):
            client.command_encoding = "utf-8" if mail.smtputf8 else "ascii"
            _want(*client.mail(mail.sender, options), (_FINE,), "sender")
            _want(*client.rcpt(mail.recipient), (_FINE, 251), "recipient")
            _want(*client.docmd("DATA"), (354,), "data")
        try:
            self.committed = True
            client.send(_framed(mail.data))
            code, text = client.getreply()
        except (OSError, smtplib.SMTPException):
            raise ChannelFault(
                "unknown", f"{self._line.host}: the connection broke before the mail was answered"
            ) from None
        if code // 100 not in (2, 4, 5):
            raise ChannelFault("unknown", f"{self._line.host}: the answer to the mail is none")
        _want(code, text, (_FINE,), "data")

    @contextmanager
    def _told(self, stage: Stage) -> Generator[None]:
        try:
            yield
        except smtplib.SMTPResponseException as error:
            raise reply_fault(error.smtp_code, _text(error.smtp_error), stage) from None
        except ssl.SSLCertVerificationError as error:
            raise ChannelFault("retry", f"{self._line.host}: {error.verify_message}") from None
        except smtplib.SMTPException:
            raise ChannelFault("retry", f"{self._line.host}: the connection broke") from None
        except ValueError:
            raise ChannelFault("rejected", "an address that the server cannot take") from None
        except OSError as error:
            told = error.strerror or "timed out"
            raise ChannelFault("retry", f"{self._line.host}: {told}") from None

    def cut(self) -> None:
        """Let everything end that waits, and nothing begin until it is `ready`; any thread may."""
        with self._lock:
            self._is_cut = True
            self._line.cut()

    def leave(self) -> None:
        """Say goodbye, and hang up."""
        if self._client is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._client.docmd("QUIT")
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            self._client.close()
            self._client = None
        self._line.close()


_FINE: Final = 250
_GO_ON: Final = 334


class _Client(smtplib.SMTP):
    def __init__(self, line: Line, name: str) -> None:
        self._line = line
        super().__init__(local_hostname=name, timeout=line.timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        del host, port, timeout
        return self._line.connect()

    def protect(self) -> None:
        """Encrypt the connection; whatever was said before counts no more."""
        if self.sock is not None and self.file is not None:
            self.file.close()
            self.file = None
            self.sock = self._line.protect(self.sock)
            self.esmtp_features.clear()


def _framed(data: bytes) -> bytes:
    """Return a mail as it goes over the wire: dots doubled that begin a line, and its end."""
    lines = re.sub(rb"\r\n|\r|\n", b"\r\n", data)
    lines = re.sub(rb"(?m)^\.", b"..", lines)
    return lines + (b"" if lines.endswith(b"\r\n") else b"\r\n") + b".\r\n"


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


def _want(code: int, said: bytes | str, fine: tuple[int, ...], stage: Stage) -> None:
    if code == -1:
        raise smtplib.SMTPServerDisconnected
    # (RFC 5321, 4.2.1: what another number means that begins with a 2 is that it is done)
    if code not in fine and not code // 100 == fine[0] // 100 == 2:  # noqa: PLR2004
        raise reply_fault(code, _text(said), stage)


_ENHANCED: Final = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_NOBODY: Final = (550, 551, 553, 556)  # of those that name a mailbox
_CREDENTIALS: Final = (530, 534, 535, 538)
_PERMANENT: Final = 500
_OUR_KEYS: Final = (8, 9, 10, 11, 13, 14)  # X.7.n about who hands the mail in
_PAUSE: Final = seconds(60)


def reply_fault(code: int, text: str, stage: Stage) -> ChannelFault:
    """Return what an SMTP server's refusal means.

    The codes are those of RFC 5321 (4.2) and of RFC 3463, as far as servers give them.

    Args:
        code: the three digits.
        text: what follows them, with the enhanced code first where there is one.
        stage: what it answers.
    """
    found = _ENHANCED.search(text)
    subject, detail = (int(found.group(2)), int(found.group(3))) if found else (-1, -1)
    kind: FaultKind
    if code < _PERMANENT:
        kind = _temporary(code, subject, detail, stage)
    elif stage == "login" or code in _CREDENTIALS or (subject == 7 and detail in _OUR_KEYS):  # noqa: PLR2004
        kind = "unauthorised"
    else:
        kind = _permanent(code, subject, detail, stage, text)
    name = f"{code} {found.group(0)}" if found else str(code)
    return ChannelFault(
        kind,
        f"the mail server refused ({stage})",
        retry_after=_PAUSE if kind == "throttled" else None,
        code=name,
    )


def _temporary(code: int, subject: int, detail: int, stage: Stage) -> FaultKind:
    if stage == "login":
        return "retry"
    # X.7: a policy; 4.2.1 and 4.4.5 say that a mailbox, or the network, has too much to do
    slower = subject == 7 or (subject, detail) in ((2, 1), (4, 5), (3, 2))  # noqa: PLR2004
    return "throttled" if slower or (code == 421 and subject < 0) else "retry"  # noqa: PLR2004


def _permanent(code: int, subject: int, detail: int, stage: Stage, text: str) -> FaultKind:
    if subject == 1:
        return "rejected" if detail in (7, 8) else "bad_address"  # (7, 8: the sender's)
    if (subject, detail) in ((2, 1), (4, 1), (4, 4)):  # switched off, or no way there
        return "bad_address"
    if stage != "recipient":
        return "rejected"
    if subject == 7:  # noqa: PLR2004
        # "Relay access denied" is about us, everything else about what the recipient lets in.
        return "unauthorised" if "relay" in text.lower() else "blocked"
    return "bad_address" if subject < 0 and code in _NOBODY else "rejected"
