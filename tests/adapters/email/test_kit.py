"""The channel of e-mail keeps what every channel promises (see `tongdai.testing.check_channel`)."""

from __future__ import annotations

import email
import email.message
import email.policy
import json
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio.abc import SocketStream

from tests.adapters.email.fake_imap import PASSWORD, USER, FakeImap
from tests.adapters.email.fake_smtp import FakeSmtp, Handed
from tests.adapters.email.transport import KEYS, Hasty, mail
from tongdai import seconds
from tongdai.adapters.email import Email, Imap, MemoryStore, Receiver, Smtp
from tongdai.channels import Secret
from tongdai.errors import FaultKind
from tongdai.runtime import MemoryFiles
from tongdai.testing.channels import CHECKS, Provider, Shown, check_channel
from tongdai.testing.provider import Factory

pytestmark = pytest.mark.anyio

LEFT_OUT = {
    "takes_what_is_tapped": "the medium has nothing to tap",
    "hears_typing": "the medium has no typing",
    "tells_what_was_revised": "the medium has no revisions",
    "shows_signs_quietly": "the channel shows no signs",
    "sends_once_for_a_key": "the medium honours no keys",
    "reads_a_request_the_same_each_time": "there is no webhook",
    "refuses_what_was_changed": "there is no webhook",
    "survives_any_request": "there is no webhook",
    "answers_challenges": "the provider has no challenges",
}
"""Mails have nothing of these, and a mailbox is no webhook."""

REPORT = """\
Return-Path: <>\r
From: Mail Delivery System <MAILER-DAEMON@mx.x.vn>\r
To: help@bank.vn\r
Subject: about your mail\r
Message-ID: <r{number}@mx.x.vn>\r
MIME-Version: 1.0\r
Content-Type: multipart/report; report-type={kind}; boundary=cut\r
\r
--cut\r
Content-Type: text/plain\r
\r
This is what became of it.\r
--cut\r
Content-Type: message/{kind}\r
\r
{what}\r
--cut\r
Content-Type: text/rfc822-headers\r
\r
Message-ID: {id}\r
--cut--\r
"""
DELIVERED = (
    "delivery-status",
    "Reporting-MTA: dns; x.vn\r\n\r\nFinal-Recipient: rfc822; {to}\r\nAction: delivered",
)
READ = (
    "disposition-notification",
    "Original-Message-ID: {id}\r\nFinal-Recipient: rfc822; {to}\r\nDisposition: x/x; displayed",
)

ERRORS: dict[FaultKind, tuple[str, str]] = {
    "retry": (".", "451 4.3.0 later"),
    "throttled": ("RCPT", "450 4.7.1 too fast"),
    "blocked": ("RCPT", "550 5.7.1 not from you"),
    "bad_address": ("RCPT", "550 5.1.1 nobody"),
    "unauthorised": ("MAIL", "530 5.7.0 log in"),
    "rejected": (".", "554 5.6.0 no"),
}


class Everything(MemoryFiles):
    """A store that has what the kit's attachments are said to be."""

    async def fetch(self, url: str) -> bytes:
        """Return some bytes."""
        return url.encode()


class Servers(Provider[Email]):
    """Two servers, of which one has the mailbox."""

    secrets = (PASSWORD, KEYS[0].reveal().decode())
    deliveries = (
        mail(1, "Chào"),
        REPORT.format(
            number=1,
            kind=DELIVERED[0],
            what=DELIVERED[1].format(to="lan@x.vn"),
            id="<a@bank.vn>",
        ).encode(),
    )

    def __init__(self, imap: FakeImap, smtp: FakeSmtp) -> None:
        """Make the channel between them."""
        self._imap = imap
        self._smtp = smtp
        self._store = MemoryStore()
        self._number = 0
        self._last = b""
        self.channel = Email(
            "mail",
            address="help@bank.vn",
            keys=KEYS,
            inbox=self.inbox(),
            outgoing=Smtp(
                host="127.0.0.1",
                port=smtp.port,
                user=USER,
                password=Secret(PASSWORD),
                security="plain",
                timeout=seconds(5),
            ),
            store=self._store,
            files=Everything(),
            clock=Hasty(),
        )

    def inbox(self) -> Imap | Receiver:
        """Return where the channel hears of mails."""
        return Imap(
            host="127.0.0.1",
            port=self._imap.port,
            user=USER,
            password=Secret(PASSWORD),
            security="plain",
            timeout=seconds(5),
        )

    def put(self, *mails: bytes) -> None:
        """Let mails come in."""
        self._imap.deliver(*mails)

    async def write(self, customer: str, texts: Sequence[str]) -> None:
        """Deliver mails of one thread."""
        several: list[bytes] = []
        for text in texts:
            self._number += 1
            several.append(
                mail(
                    self._number,
                    text.replace("\n", "\r\n"),
                    sender=f"{customer}@x.vn",
                    more=f"References: <{customer}@x.vn>\r\n",
                )
            )
        self._last = several[-1]
        self.put(*several)

    async def shown(self) -> Sequence[Shown]:
        """Return what was handed in."""
        return [_shown(handed) for handed in self._smtp.mails]

    async def again(self) -> bool:
        """Deliver the last mail once more, under a number of its own."""
        self.put(self._last)
        return True

    async def deliver(self, data: bytes) -> bool:
        """Put a mail into the mailbox that may be none."""
        self.put(data)
        return True

    async def tell(self, status: str) -> bool:
        """Report that the last mail has arrived, or was read."""
        handed = self._smtp.mails[-1]
        id = str(_read(handed.data)["message-id"])
        kind, what = READ if status == "read" else DELIVERED
        self._number += 1
        told = REPORT.format(
            number=self._number, kind=kind, what=what.format(to=handed.recipient, id=id), id=id
        )
        self.put(told.encode())
        return True

    async def echo(self) -> bool:
        """Let the last mail that was sent come back."""
        self.put(self._smtp.mails[-1].data)
        return True

    async def held(self) -> int:
        """Count mails past the place that is kept."""
        state = json.loads(await self._store.load() or b"{}")
        place = state.get("place", {}).get("uid", 0)
        return sum(number > place for number in self._imap.mails)

    async def fail(self, kind: FaultKind) -> bool:
        """Let the next mail meet an error."""
        if kind == "unknown":
            self._smtp.cuts.append(".")
        elif kind in ERRORS:
            self._smtp.says.append(ERRORS[kind])
        return kind == "unknown" or kind in ERRORS

    async def stall(self) -> bool:
        """Let the next mail wait for its answer."""
        self._smtp.held.clear()
        return True

    async def cut(self) -> bool:
        """Cut the connection to the mailbox."""
        self._imap.hang_up()
        return True


class Relay(Servers):
    """A mail server that hands mails over, and tries again until they are taken."""

    def __init__(self, imap: FakeImap, smtp: FakeSmtp) -> None:
        """Begin with an empty spool."""
        super().__init__(imap, smtp)
        self._spool: list[bytes] = []
        self._more = anyio.Event()
        self._line: SocketStream | None = None

    def inbox(self) -> Receiver:
        """Return where the channel hears of mails."""
        return Receiver()

    def put(self, *mails: bytes) -> None:
        """Let mails come in."""
        self._spool += mails
        self._more.set()

    async def held(self) -> int:
        """Count mails that were not taken."""
        return len(self._spool)

    async def cut(self) -> bool:
        """Cut the connection over which a mail is handed over."""
        if self._line is not None:
            await self._line.aclose()
        return True

    async def run(self) -> None:
        """Hand mails over, one after the other; what was refused often comes back."""
        while True:
            while self._spool:
                for _ in range(20):
                    if await self._taken(self._spool[0]):
                        break
                    await anyio.sleep(0.01)
                del self._spool[0]
            self._more = anyio.Event()
            await self._more.wait()

    async def _taken(self, data: bytes) -> bool:
        while not self.channel.port:  # noqa: ASYNC110 - a channel tells nobody when it is open
            await anyio.sleep(0.005)
        try:
            async with await anyio.connect_tcp("127.0.0.1", self.channel.port) as self._line:
                found = re.match(rb"Return-Path: <([a-z0-9@.]*)>", data)
                sender = b"" if found is None else found[1]
                body = re.sub(rb"(?m)^\.", b"..", data)
                said = [b"HELO mx", b"MAIL FROM:<%b>" % sender, b"RCPT TO:<help@bank.vn>", b"DATA"]
                answer = await self._line.receive()
                for line in (*said, body + b"\r\n."):
                    await self._line.send(line + b"\r\n")
                    answer = await self._line.receive()
                return answer.startswith((b"250", b"5"))
        except (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream):
            return False


def _read(data: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(data, policy=email.policy.default)


def _shown(handed: Handed) -> Shown:
    told = _read(handed.data)
    body = told.get_body()
    return Shown(
        to=handed.recipient,
        text=str(body.get_content()) if body is not None else "",
        files=tuple(str(part.get_filename()) for part in told.iter_attachments()),
        subject=str(told["subject"]),
    )


@asynccontextmanager
async def servers() -> AsyncGenerator[Servers]:
    """Run both servers, with a channel between them."""
    with FakeImap().running() as imap, FakeSmtp().running() as smtp:
        yield Servers(imap, smtp)


@asynccontextmanager
async def relay() -> AsyncGenerator[Relay]:
    """Run a mail server that hands mails over, and one that takes them."""
    with FakeImap().running() as imap, FakeSmtp().running() as smtp:
        async with anyio.create_task_group() as tasks:
            between = Relay(imap, smtp)
            tasks.start_soon(between.run)
            yield between
            tasks.cancel_scope.cancel()


@pytest.mark.parametrize("factory", [servers, relay])
async def test_it_keeps_what_every_channel_promises(
    factory: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything that has a meaning for it is tried, with a mailbox and with a receiver."""
    monkeypatch.setattr("tongdai.adapters.email.aside.SPARED", 0.2)
    checked = await check_channel(factory)
    assert LEFT_OUT == dict(checked.left_out)
    assert len(CHECKS) == len(checked.done) + len(LEFT_OUT)
