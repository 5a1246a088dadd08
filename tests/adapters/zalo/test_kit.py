"""The account's channel keeps what every channel promises, over loopback, beside a fake Zalo."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import anyio
import pytest
from anyio.abc import TaskGroup

from tests.adapters.http.serving import serving
from tests.adapters.zalo.fake import Customer, Trouble
from tests.adapters.zalo.fake import Provider as Fake
from tests.adapters.zalo.settings import account, provider, signed
from tongdai.adapters.http import Httpx2Client
from tongdai.adapters.zalo import Zalo
from tongdai.channels import Request
from tongdai.errors import FaultKind
from tongdai.model.time import seconds
from tongdai.runtime import MemoryFiles
from tongdai.testing import ManualClock
from tongdai.testing.channels import CHECKS, Provider, Shown, check_channel

pytestmark = pytest.mark.anyio

CS = "/message/cs"
IMAGE: Final = {"type": "image", "payload": {"url": "https://x.vn/1.jpg", "size": "9"}}
LEFT_OUT: Final = {
    "takes_what_is_tapped": "the medium has nothing to tap",
    "hears_typing": "the medium has no typing",
    "tells_what_was_revised": "the medium has no revisions",
    "survives_any_delivery": "the provider delivers nothing that could be changed",
    "shows_signs_quietly": "the channel shows no signs",
    "sends_once_for_a_key": "the medium honours no keys",
}
"""Zalo has no buttons in its consultations; whatever it delivers are the webhook's requests."""
TROUBLES: Final[dict[FaultKind, bytes]] = {
    "throttled": b'{"error": -32}',
    "retry": b'{"error": -100}',
    "window_closed": b'{"error": -230}',
    "blocked": b'{"error": -217}',
    "bad_address": b'{"error": -227}',
    "unauthorised": b'{"error": -224}',
    "rejected": b'{"error": -201}',
    "unknown": b"<html>",
}


class Anything(MemoryFiles):
    """A store that has a file for every url."""

    async def fetch(self, url: str) -> bytes:
        """Return a file."""
        return b"%PDF- " + url.encode()


class Played(Provider[Zalo]):
    """A fake Zalo that does what a check tells it."""

    def __init__(self, of: Fake, zalo: Zalo, tasks: TaskGroup, client: Httpx2Client) -> None:
        """Play it."""
        self.channel = zalo
        self.secrets = (of.access, of.refresh, of.app_secret, of.oa_secret)
        bodies = [
            of.writes("77", "Chào"),
            of.receipt("user_seen_message", "77", "o1", "o2"),
            of.event("follow", "77", follower={"id": "77"}),
            of.event("user_submit_info", "77", info={"phone": "0912345678", "name": "Lan"}),
            of.event("user_send_image", "77", message={"msg_id": "m1", "attachments": [IMAGE]}),
        ]
        self.requests = [signed(of, body) for body in bodies]
        self.challenges = [(Request(body=b"{}", at=of.clock.now()), b"")]
        self._of = of
        self._tasks = tasks
        self._client = client
        self._last: tuple[bytes, ...] = ()
        self._held: list[bytes] = []  # what was not answered 200 yet
        self._broken: list[bytes] = []
        self._calls = set[anyio.CancelScope]()

    def _customer(self, name: str) -> str:
        """Return the id of a customer, who is called something else elsewhere."""
        return str(8_000_000_000 + int.from_bytes(name.encode()[-4:], "big"))

    def _deliver(self, *bodies: bytes) -> None:
        self._last = bodies
        self._held += bodies
        self._tasks.start_soon(self._delivering, bodies)

    async def _delivering(self, bodies: Sequence[bytes]) -> None:
        with anyio.CancelScope() as scope:
            self._calls.add(scope)
            for body in bodies:
                await self._of.deliver(self._client, body)
                self._held.remove(body)
        self._calls.discard(scope)

    def sign(self, body: bytes) -> Request:
        """Sign a body with the instant that is found in it."""
        found = re.search(rb'"timestamp": "(\d+)"', body)
        stamp = b"" if found is None else found[1]
        key = self._of.oa_secret.encode()
        mac = hashlib.sha256(self._of.app_id.encode() + body + stamp + key).hexdigest()
        headers = {"x-zevent-signature": f"mac={mac}"}
        return Request(headers=headers, body=body, at=self._of.clock.now())

    async def write(self, customer: str, texts: Sequence[str]) -> None:
        """Let a customer write."""
        clock = self._of.clock
        assert isinstance(clock, ManualClock)
        bodies: list[bytes] = []
        for text in texts:
            clock.advance(seconds(1))
            bodies.append(self._of.writes(self._customer(customer), text))
        broken, self._broken = self._broken, []
        self._deliver(*broken, *bodies)

    async def shown(self) -> Sequence[Shown]:
        """Return what was shown."""
        return [
            Shown(to=to, text=message.get("text", ""), files=files_of(message))
            for to, message in self._of.shown
        ]

    async def again(self) -> bool:
        """Deliver once more."""
        self._deliver(*self._last)
        return True

    async def echo(self) -> bool:
        """Tell the account what it wrote itself."""
        customer = self._written_to()
        said = customer.heard[-1].get("text", "")
        self._deliver(self._of.echo(customer.id, said, customer.said[-1]["message_id"]))
        return True

    async def held(self) -> int | None:
        """Count what was not answered 200 yet."""
        return len(self._held)

    async def cut(self) -> bool:
        """Break all calls of the webhook; what was not answered is delivered before the next."""
        for call in self._calls:
            call.cancel()
        self._broken, self._held = self._held, []
        return True

    async def tell(self, status: str) -> bool:
        """Tell what became of the last message."""
        customer = self._written_to()
        name = {"delivered": "user_received_message", "read": "user_seen_message"}[status]
        self._deliver(self._of.receipt(name, customer.id, customer.said[-1]["message_id"]))
        await anyio.sleep(0.01)
        return True

    def _written_to(self) -> Customer:
        return self._of.customers[self._of.shown[-1][0]]

    async def fail(self, kind: FaultKind) -> bool:
        """Answer the next message with an error."""
        self._of.troubles.append(Trouble(CS, body=TROUBLES[kind]))
        return True

    async def stall(self) -> bool:
        """Let the next message wait for its answer, longer than anybody here waits."""
        held = anyio.Event()
        self._of.troubles.append(Trouble(CS, held=held))
        self._tasks.start_soon(_later, held)
        return True


async def _later(event: anyio.Event) -> None:
    await anyio.sleep(1)
    event.set()


def files_of(message: dict[str, object]) -> tuple[str, ...]:
    """Return what stands for a message's file."""
    attachment = message.get("attachment")
    return () if attachment is None else (str(attachment),)


@asynccontextmanager
async def played() -> AsyncGenerator[Played]:
    """Run a provider, the account's channel and its webhook."""
    of = provider()
    async with serving(of) as api, Httpx2Client() as client, anyio.create_task_group() as tasks:
        zalo = account(of, api=api, paid=True, files=Anything())
        async with serving(zalo.app) as hook:
            of.webhook = f"{hook}/"
            yield Played(of, zalo, tasks, client)
            tasks.cancel_scope.cancel()


async def test_the_channel_keeps_what_channels_promise() -> None:
    """Everything that has a meaning for it is tried."""
    checked = await check_channel(played)
    assert LEFT_OUT == dict(checked.left_out)
    assert len(CHECKS) == len(checked.done) + len(LEFT_OUT)
