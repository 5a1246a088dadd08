"""A real IMAP and LMTP server, dovecot, for as long as a test needs it.

Rule: it runs in a folder of its own, on loopback, as whoever runs the tests (or, for root, as the
accounts that the package made), and nothing of it is left afterwards.
"""

from __future__ import annotations

import grp
import imaplib
import os
import pwd
import shutil
import smtplib
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import attrs

from tests.adapters.email.certificate import PEM
from tests.servers.need import need

PASSWORD = "mật khẩu 1 {x}"  # noqa: S105 - (of letters, blanks and braces as one may have them)
USERS = ("help", "lan", "ha")


@attrs.frozen
class Dovecot:
    """A server that runs.

    Attributes:
        imap, imaps, lmtp: its ports.
        folder: where its mails are.
        process: it.
    """

    imap: int
    imaps: int
    lmtp: int
    folder: Path
    process: subprocess.Popen[bytes]

    def deliver(self, user: str, data: bytes, sender: str = "lan@x.vn") -> None:
        """Put a mail into somebody's mailbox."""
        with smtplib.LMTP("127.0.0.1", self.lmtp, local_hostname="mx", timeout=10) as client:
            client.sendmail(sender, [f"{user}@bank.vn"], data)

    @contextmanager
    def client(self, user: str) -> Generator[imaplib.IMAP4]:
        """Log in as somebody."""
        with imaplib.IMAP4("127.0.0.1", self.imap, timeout=10) as client:
            secret = f"\0{user}\0{PASSWORD}".encode()
            client.authenticate("PLAIN", lambda _: secret)
            yield client

    def mails(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """Return what lies in somebody's folder."""
        with self.client(user) as client:
            client.select(folder, readonly=True)
            numbers = client.search(None, "ALL")[1][0].split()
            found = [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers]
        return [one[1] for one in found if isinstance(one, tuple)]


def trusting() -> ssl.SSLContext:
    """Return a context that knows the certificate."""
    return ssl.create_default_context(cafile=PEM)


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def dovecot() -> Generator[Dovecot]:
    """Run a server; skip, or fail, where there is none (see `need`)."""
    program = need("dovecot", how="apt-get install dovecot-imapd dovecot-lmtpd")
    need("lmtp", how="apt-get install dovecot-lmtpd")
    root = os.geteuid() == 0
    owner = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
    place = Path(tempfile.mkdtemp(prefix="dovecot-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        place.chmod(0o755)
        mails = place / "mail"
        mails.mkdir()
        (place / "users").write_text("".join(f"{user}:{{PLAIN}}{PASSWORD}\n" for user in USERS))
        if root:
            os.chown(mails, owner.pw_uid, owner.pw_gid)
        ports = free_port(), free_port(), free_port()
        (place / "conf").write_text(_settings(place, owner, ports, root=root))
        process = subprocess.Popen(
            [program, "-F", "-c", str(place / "conf")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait(process, ports, place / "log")
        yield Dovecot(*ports, mails, process)
    finally:
        if process is not None:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()
        shutil.rmtree(place, ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], ports: tuple[int, int, int], log: Path) -> None:
    until = time.monotonic() + 15
    for port in ports:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                told = log.read_text() if log.exists() else "nothing"
                assert process.poll() is None, f"dovecot has ended; it says: {told}"
                assert time.monotonic() < until, f"dovecot does not answer; it says: {told}"
                time.sleep(0.05)


def _settings(
    place: Path, owner: pwd.struct_passwd, ports: tuple[int, int, int], *, root: bool
) -> str:
    group = grp.getgrgid(owner.pw_gid).gr_name
    alone = (
        ""
        if root
        else f"""
default_internal_user = {owner.pw_name}
default_internal_group = {group}
default_login_user = {owner.pw_name}
"""
    )
    return f"""
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/log
instance_name = tests-{ports[0]}
protocols = imap lmtp
listen = 127.0.0.1
{alone}
ssl = yes
ssl_cert = <{PEM}
ssl_key = <{PEM}
disable_plaintext_auth = no
auth_mechanisms = plain login
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:{place}/mail/%n
mail_fsync = never
imap_idle_notify_interval = 10 s
passdb {{
  driver = passwd-file
  args = username_format=%n {place}/users
}}
userdb {{
  driver = static
  args = uid={owner.pw_uid} gid={owner.pw_gid} home={place}/mail/%n
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {ports[0]}
  }}
  inet_listener imaps {{
    port = {ports[1]}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {ports[2]}
  }}
}}
"""
