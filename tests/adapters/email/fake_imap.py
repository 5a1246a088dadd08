"""A small IMAP server in memory, that can be told to misbehave.

Rule: what it says is what RFC 3501 and RFC 2177 have it say, unless a fault was ordered. Its
threads are named `fake ...`, so that a test can count those of others.
"""

from __future__ import annotations

import base64
import re
import socket
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

import attrs

from tests.adapters.email.certificate import PEM

USER, PASSWORD = "desk", "s3cret pass"
_DATE = "01-Mar-2026 08:00:00 +0700"


@attrs.define
class Fault:
    """Something that goes wrong.

    Attributes:
        at: a command that begins like this ...
        cut: ... and after so many bytes of its answer, the connection.
        say: what is answered in place of the answer; empty for the answer.
    """

    at: str
    cut: int | None = None
    say: str = ""


class FakeImap:
    """A mailbox with one folder, served on loopback.

    Attributes:
        mails: the folder's, by number.
        validity: the folder's.
        can: what the server says that it can do.
        log: what it was told, without what is secret.
        faults: what goes wrong, once each, in order.
        idling: how many clients idle now.
        sizes: sizes that it tells, where they are not true.
        dates: when mails came, where it is not the usual day.
        seen: numbers of mails that were marked.
        moved: mails that were moved, by folder.
        chatty: whether it tells of other mails while it gives one.
        before_idle, while_idle: what it says first when it idles, and then.
        injected: what somebody puts in behind the answer to STARTTLS.
    """

    def __init__(self, *, can: str = "IDLE MOVE UIDPLUS", tls: str = "") -> None:
        self.mails: dict[int, bytes] = {}
        self.validity = 7
        self.can = can
        self.log: list[str] = []
        self.faults: list[Fault] = []
        self.idling = 0
        self.sizes: dict[int, int] = {}
        self.dates: dict[int, str] = {}
        self.seen: set[int] = set()
        self.moved: dict[str, list[bytes]] = {}
        self.logins = 0
        self.token = ""
        self.chatty = False
        self.greeting = "* OK ready"
        self.before_idle: list[str] = []
        self.while_idle: list[str] = []
        self.injected = b""
        self._tls = tls
        self.count_of_mails = 1
        self.changed = threading.Condition()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.open: set[socket.socket] = set()
        self.port = int(self.listener.getsockname()[1])

    def deliver(self, *mails: bytes) -> None:
        """Put mails into the folder."""
        with self.changed:
            for mail in mails:
                self.mails[self.count_of_mails] = mail
                self.count_of_mails += 1
            self.changed.notify_all()

    def renumber(self, *, validity: int) -> None:
        """Give all mails other numbers, as a server does that was restored."""
        with self.changed:
            mails = list(self.mails.values())
            self.validity = validity
            self.mails = {}
            self.count_of_mails = 1
            self.deliver(*mails)

    def wait_idle(self, within: float = 20) -> None:
        """Wait until a client idles."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.idling > 0, within), self.log

    def hang_up(self) -> None:
        """Cut all connections."""
        for sock in list(self.open):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def count(self, beginning: str) -> int:
        """Count commands that begin like this."""
        return sum(line.startswith(beginning) for line in self.log)

    @contextmanager
    def running(self) -> Generator[FakeImap]:
        """Serve, inside."""
        accepting = threading.Thread(target=self._accept, name="fake accept", daemon=True)
        accepting.start()
        try:
            yield self
        finally:
            with suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
            self.hang_up()
            accepting.join(5)
            for thread in threading.enumerate():
                if thread.name == "fake connection":
                    thread.join(5)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(
                target=self._serve, args=(sock,), name="fake connection", daemon=True
            ).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            _Talk(self, _protected(sock) if self._tls == "tls" else sock).run()
        except (OSError, EOFError):
            pass
        finally:
            sock.close()


def _protected(sock: socket.socket) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    return context.wrap_socket(sock, server_side=True)


class _Talk:
    """One connection."""

    def __init__(self, server: FakeImap, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        self.file = sock.makefile("rb")
        self.fault: Fault | None = None
        self.told = 0
        self.known = 0  # what the client has looked at

    def run(self) -> None:
        """Answer until the client hangs up."""
        self.server.open.add(self.sock)
        try:
            self._say(self.server.greeting)
            while self._answer():
                pass
        finally:
            self.server.open.discard(self.sock)
            self.file.close()
            self.sock.close()

    def _answer(self) -> bool:
        line = self.file.readline().decode().rstrip("\r\n")
        if not line:
            return False
        tag, _, command = line.partition(" ")
        secret = command.upper().startswith(("LOGIN", "AUTHENTICATE"))
        self.server.log.append(command.split()[0] if secret else command)
        self._order(command)
        if self.fault is not None and self.fault.say:
            self._say(f"{tag} {self.fault.say}")
            return True
        name = command.upper().replace("UID ", "UID_").split()[0].lower()
        handler = getattr(self, f"do_{name}", None)
        if handler is None:
            self._say(f"{tag} BAD what?")
            return True
        answer = handler(command)
        if answer is None:
            return False
        if name == "starttls":
            self.sock.sendall(f"{tag} {answer}\r\n".encode() + self.server.injected)
        else:
            self._say(f"{tag} {answer}")
        if name == "starttls":
            self.file.close()
            self.sock = _protected(self.sock)
            self.file = self.sock.makefile("rb")
        return True

    def _order(self, command: str) -> None:
        self.fault, self.told = None, 0
        faults = self.server.faults
        if faults and command.startswith(faults[0].at):
            self.fault = faults.pop(0)

    def _say(self, line: str | bytes) -> None:
        data = line if isinstance(line, bytes) else line.encode() + b"\r\n"
        cut = self.fault.cut if self.fault is not None else None
        if cut is not None and self.told + len(data) > cut:
            self.sock.sendall(data[: cut - self.told])
            self.sock.shutdown(socket.SHUT_RDWR)
            raise EOFError
        self.told += len(data)
        self.sock.sendall(data)

    def do_capability(self, _: str) -> str:
        """Tell what the server can do."""
        self._say(f"* CAPABILITY IMAP4rev1 {self.server.can}")
        return "OK done"

    def do_starttls(self, _: str) -> str:
        """Begin to encrypt."""
        return "OK begin"

    def do_login(self, command: str) -> str:
        """Check user and password."""
        right = command.split(" ", 1)[1] in (f'"{USER}" "{PASSWORD}"', f'{USER} "{PASSWORD}"')
        self.server.logins += right
        return "OK welcome" if right else f"NO [AUTHENTICATIONFAILED] no {command}"

    def do_authenticate(self, command: str) -> str:
        """Check an access token."""
        self._say("+ ")
        given = base64.b64decode(self.file.readline()).decode()
        right = "XOAUTH2" in command and f"Bearer {self.server.token}\1" in given
        self.server.logins += right
        return "OK welcome" if right else "NO [AUTHENTICATIONFAILED] no"

    def do_select(self, _: str) -> str:
        """Open the folder."""
        self._say(f"* {len(self.server.mails)} EXISTS")
        self._say("* 0 RECENT")
        self._say(f"* OK [UIDVALIDITY {self.server.validity}] valid")
        return "OK [READ-WRITE] done"

    def do_examine(self, command: str) -> str:
        """Open the folder for reading."""
        self.do_select(command)
        return "OK [READ-ONLY] done"

    def do_noop(self, _: str) -> str:
        """Do nothing."""
        return "OK done"

    def do_logout(self, _: str) -> None:
        """Go."""
        self._say("* BYE")

    def do_uid_search(self, command: str) -> str:
        """Find mails from a number on; as the standard has it, always the last one too."""
        found = re.search(r"UID (\d+):\*", command)
        assert found is not None, command
        first = int(found[1])
        self.known = self.server.count_of_mails
        numbers = sorted(self.server.mails)
        several = [n for n in numbers if n >= first] or numbers[-1:]
        self._say(f"* SEARCH {' '.join(map(str, several))}".rstrip())
        return "OK done"

    def do_uid_fetch(self, command: str) -> str:
        """Give a mail, its headers, or what is told of it."""
        number = int(command.split()[2])
        if self.server.chatty:
            self._say("* 1 FETCH (FLAGS (\\Seen))")
            self._say("* 9 EXISTS")
        mail = self.server.mails.get(number)
        if mail is None:
            return "OK nothing"
        place = sorted(self.server.mails).index(number) + 1
        if "RFC822.SIZE" in command:
            size = self.server.sizes.get(number, len(mail))
            date = self.server.dates.get(number, _DATE)
            self._say(f'* {place} FETCH (UID {number} RFC822.SIZE {size} INTERNALDATE "{date}")')
            return "OK done"
        part, name = mail, "BODY[]"
        if found := re.search(r"HEADER\]<0\.(\d+)>", command):
            part = mail[: mail.index(b"\r\n\r\n") + 4][: int(found[1])]
            name = "BODY[HEADER]<0>"
        head = f"* {place} FETCH (UID {number} {name} {{{len(part)}}}\r\n".encode()
        self._say(head + part + b")\r\n")
        return "OK done"

    def do_uid_store(self, command: str) -> str:
        """Mark a mail."""
        if "Seen" in command:
            self.server.seen.add(int(command.split()[2]))
        return "OK done"

    def do_uid_copy(self, command: str) -> str:
        """Copy a mail."""
        _, _, number, folder = command.split(" ", 3)
        self.server.moved.setdefault(folder.strip('"'), []).append(self.server.mails[int(number)])
        return "OK done"

    def do_uid_expunge(self, command: str) -> str:
        """Remove a mail."""
        del self.server.mails[int(command.split()[2])]
        return "OK done"

    def do_uid_move(self, command: str) -> str:
        """Move a mail."""
        self.do_uid_copy(command)
        return self.do_uid_expunge(command)

    def do_idle(self, _: str) -> str | None:
        """Tell of new mails until the client has enough."""
        server = self.server
        known = self.known
        over = threading.Event()
        for line in server.before_idle:
            self._say(line)
        self._say("+ idling")
        for line in server.while_idle:
            self._say(line)

        def watch() -> None:
            with server.changed:
                while not over.is_set():
                    if server.count_of_mails != known:
                        with suppress(OSError):
                            self._say(f"* {len(server.mails)} EXISTS")
                        return
                    server.changed.wait(5)

        watching = threading.Thread(target=watch, name="fake connection", daemon=True)
        with server.changed:
            server.idling += 1
            server.changed.notify_all()
        watching.start()
        try:
            done = self.file.readline()
        except OSError:
            done = b""
        finally:
            over.set()
            with server.changed:
                server.idling -= 1
                server.changed.notify_all()
            watching.join(5)
        return "OK done" if done.strip().upper() == b"DONE" else None
