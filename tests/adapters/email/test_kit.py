"""The channel of e-mail keeps what every channel promises (see `tongdai.testing.check_channel`)."""

from __future__ import annotations

import email
import email.message
import email.policy
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest

from tests.adapters.email.fake_imap import PASSWORD, USER, FakeImap
from tests.adapters.email.fake_smtp import FakeSmtp, Handed
from tests.adapters.email.transport import KEYS, Hasty, mail
from tongdai import seconds
from tongdai.adapters.email import Email, Imap, MemoryStore, Smtp
from tongdai.channels import Secret
from tongdai.errors import FaultKind
from tongdai.runtime import MemoryFiles
from tongdai.testing.channels import CHECKS, Provider, Shown, check_channel

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
    "Reporting-MTA: dns; mx.x.vn\r\n\r\nFinal-Recipient: rfc822; {to}\r\nAction: delivered\r\n"
    "Status: 2.0.0",
)
READ = (
    "disposition-notification",
    "Final-Recipient: rfc822; {to}\r\nOriginal-Message-ID: {id}\r\n"
    "Disposition: manual-action/MDN-sent-manually; displayed",
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
            inbox=Imap(
                host="127.0.0.1",
                port=imap.port,
                user=USER,
                password=Secret(PASSWORD),
                security="plain",
                timeout=seconds(5),
            ),
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
        self._imap.deliver(*several)

    async def shown(self) -> Sequence[Shown]:
        """Return what was handed in."""
        return [_shown(handed) for handed in self._smtp.mails]

    async def again(self) -> bool:
        """Deliver the last mail once more, under a number of its own."""
        self._imap.deliver(self._last)
        return True

    async def deliver(self, data: bytes) -> bool:
        """Put a mail into the mailbox that may be none."""
        self._imap.deliver(data)
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
        self._imap.deliver(told.encode())
        return True

    async def echo(self) -> bool:
        """Let the last mail that was sent come back."""
        self._imap.deliver(self._smtp.mails[-1].data)
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


async def test_it_keeps_what_every_channel_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that has a meaning for it is tried."""
    monkeypatch.setattr("tongdai.adapters.email.aside.SPARED", 0.2)
    checked = await check_channel(servers)
    assert LEFT_OUT == dict(checked.left_out)
    assert len(CHECKS) == len(checked.done) + len(LEFT_OUT)
