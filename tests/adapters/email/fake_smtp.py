"""A small SMTP server in memory, that can be told to misbehave.

Rule: what it says is what RFC 5321 has it say, unless something else was ordered. Its threads are
named `fake ...`, so that a test can count those of others.
"""

from __future__ import annotations

import base64
import select
import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

import attrs

from tests.adapters.email.certificate import PEM
from tests.adapters.email.fake_imap import PASSWORD, USER


@attrs.frozen
class Handed:
    """A mail that was handed in."""

    sender: str
    recipient: str
    data: bytes


class FakeSmtp:
    """A server that keeps what it is handed.

    Attributes:
        mails: what was handed in, in order.
        log: what it was told, without what is secret; `.` is the end of a mail.
        says: what it answers in place of the usual, once each, by how a command begins.
        cuts: commands that it answers by hanging up, once each.
        held: while it is clear, a mail is not answered before its client hangs up.
        at_end: set when a whole mail is there.
        connections: how many there were.
    """

    def __init__(self, *, can: str = "AUTH PLAIN LOGIN|SIZE|8BITMIME", tls: bool = False) -> None:
        self.mails: list[Handed] = []
        self.log: list[str] = []
        self.says: list[tuple[str, str]] = []
        self.cuts: list[str] = []
        self.held = threading.Event()
        self.held.set()
        self.at_end = threading.Event()
        self.connections = 0
        self.token = ""
        self._can = can
        self._tls = tls
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.open: set[socket.socket] = set()
        self.port = int(self.listener.getsockname()[1])

    @contextmanager
    def running(self) -> Generator[FakeSmtp]:
        """Serve, inside."""
        accepting = threading.Thread(target=self._accept, name="fake accept", daemon=True)
        accepting.start()
        try:
            yield self
        finally:
            self.held.set()
            with suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.hang_up()
            accepting.join(5)
            for thread in threading.enumerate():
                if thread.name == "fake connection":
                    thread.join(5)

    def hang_up(self) -> None:
        """Cut all connections."""
        for sock in list(self.open):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def count(self, beginning: str) -> int:
        """Count commands that begin like this."""
        return sum(line.startswith(beginning) for line in self.log)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            threading.Thread(
                target=self._serve, args=(sock,), name="fake connection", daemon=True
            ).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._tls:
                sock = _protected(sock)
            self.open.add(sock)
            self._talk(sock)
        except (OSError, EOFError):
            pass
        finally:
            sock.close()

    def _talk(self, sock: socket.socket, *, greets: bool = True) -> None:  # noqa: C901, PLR0912 - a case for each command
        file = sock.makefile("rb")
        sender = recipient = ""
        if greets:
            self._say(sock, "connect", "220 ready")
        while line := file.readline().decode().rstrip("\r\n"):
            name, _, rest = line.partition(" ")
            name = name.upper()
            line = f"{name} {rest}".rstrip()
            self.log.append(name if name == "AUTH" else line)
            answer = "250 fine"
            match name:
                case "EHLO":
                    sender = recipient = ""
                    several = ["here", *self._can.split("|")]
                    answer = "\r\n".join(
                        f"250{'-' if n < len(several) - 1 else ' '}{one}"
                        for n, one in enumerate(several)
                    )
                case "STARTTLS":
                    self._say(sock, line, "220 begin")
                    file.close()
                    with _protected(sock) as protected:
                        self.open.add(protected)
                        self._talk(protected, greets=False)
                    return
                case "AUTH":
                    answer = self._auth(sock, file.readline, line)
                case "MAIL":
                    sender = line.partition("<")[2].partition(">")[0]
                case "RCPT":
                    recipient = line.partition("<")[2].partition(">")[0]
                case "DATA":
                    self._say(sock, line, "354 go on")
                    if not self._goes_on:
                        continue
                    lines: list[bytes] = []
                    while (one := file.readline()) not in (b".\r\n", b""):
                        lines.append(one.removeprefix(b".") if one.startswith(b"..") else one)
                    if not one:
                        raise EOFError
                    self.log.append(".")
                    self.at_end.set()
                    while not self.held.wait(0.01):
                        if select.select([sock], [], [], 0)[0]:  # (the client has hung up)
                            self.held.set()
                            raise EOFError
                    line, answer = ".", "250 2.0.0 kept"
                    if not any(what == "." for what, _ in self.says):
                        self.mails.append(Handed(sender, recipient, b"".join(lines)))
                case "QUIT":
                    self._say(sock, line, "221 bye")
                    return
                case _:
                    pass
            self._say(sock, line, answer)

    def _auth(self, sock: socket.socket, read: object, line: str) -> str:
        del read
        _, kind, given = line.split(" ", 2)
        told = base64.b64decode(given).decode()
        if kind == "PLAIN":
            right = told == f"\0{USER}\0{PASSWORD}"
        elif kind == "XOAUTH2":
            right = f"Bearer {self.token}\1" in told
            if not right:
                self._say(sock, "challenge", f"334 {base64.b64encode(b'{}').decode()}")
                sock.recv(100)
        else:
            self._say(sock, "challenge", "334 UGFzc3dvcmQ6")
            right = base64.b64decode(sock.recv(1_000)).decode() == PASSWORD
        return "235 2.7.0 welcome" if right else f"535 5.7.8 not you ({told!r})"

    def _say(self, sock: socket.socket, line: str, answer: str) -> None:
        self._goes_on = True
        if self.cuts and line.startswith(self.cuts[0]):
            self.cuts.pop(0)
            sock.shutdown(socket.SHUT_RDWR)
            raise EOFError
        if self.says and line.startswith(self.says[0][0]):
            answer = self.says.pop(0)[1]
            self._goes_on = False
        sock.sendall(answer.encode() + b"\r\n")


def _protected(sock: socket.socket) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    return context.wrap_socket(sock, server_side=True)
