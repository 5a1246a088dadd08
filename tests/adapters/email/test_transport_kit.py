"""The channel of e-mail keeps what every channel promises (see `tongdai.testing.check_channel`)."""

from __future__ import annotations

import email
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
from tongdai.testing.channels import Provider, Shown, check_channel

pytestmark = pytest.mark.anyio

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

    secrets = (PASSWORD, "a key for tests")

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


def _shown(handed: Handed) -> Shown:
    told = email.message_from_bytes(handed.data, policy=email.policy.default)
    body = told.get_body()
    return Shown(
        to=handed.recipient,
        text=str(body.get_content()) if body is not None else "",
        files=tuple(str(part.get_filename()) for part in told.iter_attachments()),
    )


@asynccontextmanager
async def servers() -> AsyncGenerator[Servers]:
    """Run both servers, with a channel between them."""
    with FakeImap().running() as imap, FakeSmtp().running() as smtp:
        yield Servers(imap, smtp)


async def test_it_keeps_what_every_channel_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it, as far as these servers can play it."""
    monkeypatch.setattr("tongdai.adapters.email.aside.SPARED", 0.2)
    checked = await check_channel(servers)
    assert {
        "shows_signs_quietly",
        "sends_once_for_a_key",
        "tells_receipts_that_fit",
        "reads_a_request_the_same_each_time",
        "refuses_what_was_changed",
        "survives_any_request",
        "answers_challenges",
    } >= {name for name, _ in checked.left_out}
