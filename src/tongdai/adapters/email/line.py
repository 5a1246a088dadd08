"""A connection to a mail server, that another thread can cut.

Rule: whatever a thread waits for on the line, connecting included, ends when the line is cut; and a
line that is cut stays so. It is encrypted unless somebody asked for a plain one, and then the
server's certificate is checked.
"""

from __future__ import annotations

import re
import socket
import ssl
import threading
from contextlib import suppress
from typing import Any, Final, Literal, TypeAlias

from tongdai.channels import Secret
from tongdai.errors import ConfigurationError
from tongdai.model.time import duration

Security: TypeAlias = Literal["tls", "starttls", "plain"]
"""How a connection is protected: encrypted from its first byte (`tls`), encrypted before anything
is said (`starttls`), or not at all (`plain`), which is for loopback and private networks."""

SECURITIES: Final = ("tls", "starttls", "plain")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
_LAST_PORT: Final = 65_535
_QUIET: Final = 60  # seconds of silence after which the system asks whether the other side is there


class Line:
    """A connection, once at most."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        security: Security,
        timeout: float,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Connect later.

        Args:
            host: the server's name or number.
            port: its port.
            security: how it is protected.
            timeout: in seconds, for each step.
            context: how certificates are checked; by default as the system does.
        """
        self.host = host
        self.port = port
        self.security = security
        self.timeout = timeout
        self._context = context
        self._lock = threading.Lock()
        self._handle: socket.socket | None = None
        self._is_cut = False
        self._used = False

    @property
    def context(self) -> ssl.SSLContext:
        """How certificates are checked."""
        if self._context is None:
            self._context = ssl.create_default_context()
        return self._context

    @property
    def fresh(self) -> bool:
        """Whether it was neither connected nor cut."""
        return not self._used and not self._is_cut

    def connect(self) -> socket.socket:
        """Connect, and return a socket, already encrypted where `security` is `tls`.

        Raises:
            OSError: it cannot be connected, or was cut.
        """
        self._used = True
        problem: OSError = OSError(f"{self.host} has no address")
        for family, kind, protocol, _, where in socket.getaddrinfo(
            self.host, self.port, type=socket.SOCK_STREAM
        ):
            sock = socket.socket(family, kind, protocol)
            try:
                self._hold(sock)
                sock.settimeout(self.timeout)
                sock.connect(where)
                _keep_alive(sock)
                return self.protect(sock) if self.security == "tls" else sock
            except OSError as error:
                sock.close()
                problem = error
                if self._is_cut or isinstance(error, ssl.SSLError):
                    break
        raise problem

    def protect(self, sock: socket.socket) -> ssl.SSLSocket:
        """Encrypt a socket, and check whose it is."""
        return self.context.wrap_socket(sock, server_hostname=self.host)

    def cut(self) -> None:
        """Let everything end that waits for the line; from any thread, as often as one likes."""
        with self._lock:
            self._is_cut = True
            if self._handle is not None:
                with suppress(OSError):
                    self._handle.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Give the connection back to the system; the socket has to be closed as well."""
        with self._lock:
            if self._handle is not None:
                self._handle.close()
                self._handle = None

    def _hold(self, sock: socket.socket) -> None:
        """Keep a handle of one's own: the socket's number may belong to another any time."""
        with self._lock:
            if self._is_cut:
                raise ConnectionAbortedError("the line was cut")
            if self._handle is not None:
                self._handle.close()
            self._handle = sock.dup()


def _keep_alive(sock: socket.socket) -> None:
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
        option = getattr(socket, name, None)  # (not on every system)
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, _QUIET)


def line_to(settings: Any) -> Line:  # noqa: ANN401 - two kinds of settings
    """Return a line to the server of settings, not yet connected."""
    return Line(
        settings.host,
        settings.port,
        security=settings.security,
        timeout=settings.timeout / 1_000_000,
        context=settings.context,
    )


def check_server(settings: Any, name: str) -> None:  # noqa: ANN401 - two kinds of settings
    """Check what the settings of all servers have in common.

    Raises:
        ConfigurationError: names the setting and what would be right.
    """
    if not isinstance(settings.host, str) or not settings.host:
        raise ConfigurationError(f"{name}.host: {settings.host!r} is not a server's name")
    if not isinstance(settings.user, str) or _CONTROL.search(settings.user):
        raise ConfigurationError(f"{name}.user: expected a name, without control characters")
    if settings.security not in SECURITIES:
        raise ConfigurationError(
            f"{name}.security: {settings.security!r} is not one of {', '.join(SECURITIES)}"
        )
    if settings.password is not None and not isinstance(settings.password, Secret):
        raise ConfigurationError(f"{name}.password: is not a secret; write Secret(...)")
    if not isinstance(settings.port, int) or not 0 <= settings.port <= _LAST_PORT:
        raise ConfigurationError(f"{name}.port: {settings.port!r} is not a port")
    timeout = duration(settings.timeout, f"{name}.timeout")
    if not timeout:
        raise ConfigurationError(f"{name}.timeout: expected more than 0 s")
    object.__setattr__(settings, "timeout", timeout)
