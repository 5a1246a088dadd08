"""The web chat keeps what every channel promises; widgets in memory are its provider."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import anyio
import attrs
import pytest

from tests.adapters.webchat.driver import FAST, SECRET, START, Frame, Site, Wire, settle
from tongdai.adapters.webchat import Line, MemoryHistories, WebChat, sign_identity
from tongdai.errors import ChannelFault, FaultKind
from tongdai.model.time import seconds
from tongdai.testing import ManualClock
from tongdai.testing.channels import CHECKS, Provider, Shown, check_channel

pytestmark = pytest.mark.anyio

IDENTITIES = "a secret that the shop and the chat share"
LEFT_OUT = {
    "tells_what_was_revised": "the medium has no revisions",
    "drops_echoes": "the provider has no echoes",
    "reads_a_request_the_same_each_time": "there is no webhook",
    "refuses_what_was_changed": "there is no webhook",
    "survives_any_request": "there is no webhook",
    "answers_challenges": "the provider has no challenges",
}
"""The center's own messages never come back over a socket, and no socket is a webhook."""


class Store(MemoryHistories):
    """Histories that fail, or do not answer, when they are told to."""

    fault: FaultKind | None = None
    stalls = False

    async def add(self, visitor: str, line: Line) -> tuple[Line, bool]:
        """Keep a line, or do not."""
        if line.who == "them" and self.stalls:
            self.stalls = False
            await anyio.sleep_forever()
        if line.who == "them" and self.fault is not None:
            kind, self.fault = self.fault, None
            raise ChannelFault(kind, "the store")
        return await super().add(visitor, line)


@attrs.define(eq=False)
class Customer:
    """A widget: an outbox that is kept until it is acknowledged, a cursor, and what it shows."""

    name: str
    token: str
    said: list[Frame] = attrs.field(factory=list[Frame])
    outbox: dict[str, Frame] = attrs.field(factory=dict[str, Frame])
    wire: Wire | None = None
    epoch: str = ""
    last: int = 0
    items: list[Frame] = attrs.field(factory=list[Frame])


class Widgets(Provider[WebChat]):
    """Customers of a web chat: each has a socket, and comes back when it is gone."""

    deliveries = (
        b'{"t": "say", "id": "m1", "text": "xin ch\xc3\xa0o", "choice": "1", "to": 17}',
        b'{"t": "say", "id": "m2", "text": "xin ch\xc3\xa0o", "files": ["a.b"]}',
        b'{"t": "seen", "upto": 12}',
        b'{"t": "leave", "id": "m3"}',
    )

    def __init__(self, site: Site, store: Store) -> None:
        self.channel = site.chat
        self._secrets = [SECRET, IDENTITIES]
        self.secrets = self._secrets
        self._site = site
        self._store = store
        self._customers: dict[str, Customer] = {}
        self._shown: list[Shown] = []
        self._last: Customer | None = None  # who has written last
        self._to: Customer | None = None  # who was shown something last

    # --- what customers do ---------------------------------------------------------------------

    async def write(self, customer: str, texts: Sequence[str]) -> None:
        """Write messages, over a connection that is there or is made."""
        known = self._customers.get(customer)
        if known is None:
            signed = sign_identity(
                IDENTITIES,
                user=customer,
                name=customer.title(),
                expires=self._site.clock.now() + int(seconds(3_600)),
            )
            token = await self._site.token(identity=signed)
            known = self._customers[customer] = Customer(customer, token)
            self._secrets += [signed, token]
        await self._say(known, [{"text": text} for text in texts])

    async def _say(self, customer: Customer, frames: Sequence[Frame]) -> None:
        self._last = customer
        new: list[Frame] = []
        for frame in frames:
            said: Frame = {"t": "say", "id": f"m{len(customer.said)}", **frame}
            customer.said.append(said)
            customer.outbox[said["id"]] = said
            new.append(said)
        wire, came_back = await self._connected(customer)
        for frame in [*customer.outbox.values()] if came_back else new:
            wire.write(frame)
        await settle()

    async def _connected(self, customer: Customer) -> tuple[Wire, bool]:
        """Return a customer's connection, and whether it is a new one."""
        await settle()  # (it hears first what has come, and that its connection is gone)
        self._hear(customer)
        if customer.wire is not None and customer.wire.closed is None:
            return customer.wire, False
        wire = customer.wire = await self._site.enter(
            customer.token, epoch=customer.epoch, after=customer.last
        )
        self._hear(customer)
        return wire, True

    async def again(self) -> bool:
        """Send the last message once more, as if its acknowledgement had been lost."""
        assert self._last is not None
        wire, _ = await self._connected(self._last)
        wire.write(self._last.said[-1])
        return True

    async def tap(self, choice: str) -> bool:
        """Tap a button of the last line that was shown."""
        await self.shown()
        assert self._to is not None
        item = self._to.items[-1]
        [key] = [each["key"] for each in item["buttons"] if each["label"] == choice]
        await self._say(self._to, [{"choice": key, "to": item["n"]}])
        return True

    async def typing(self, customer: str) -> bool:
        """Tell that somebody writes."""
        wire, _ = await self._connected(self._customers[customer])
        wire.write({"t": "typing"})
        return True

    async def deliver(self, data: bytes) -> bool:
        """Send a frame over a socket of its own."""
        wire = await self._site.enter(await self._site.token())
        wire.put({"type": "websocket.receive", "text": data.decode("utf-8", "replace")})
        await settle()
        if wire.closed is None:
            wire.cut()
        return True

    async def cut(self) -> bool:
        """Let all sockets go, without a word."""
        for customer in self._customers.values():
            if customer.wire is not None:
                customer.wire.cut()
        await settle()
        return True

    # --- what they are shown -------------------------------------------------------------------

    async def shown(self) -> Sequence[Shown]:
        """Return what all widgets show."""
        await settle()
        for customer in self._customers.values():
            self._hear(customer)
        return self._shown

    async def held(self) -> int:
        """Count what is not acknowledged."""
        await self.shown()
        return sum(len(customer.outbox) for customer in self._customers.values())

    async def tell(self, status: str) -> bool:
        """Tell that what is shown has come, or was read."""
        await self.shown()
        assert self._to is not None
        assert self._to.wire is not None
        frame = "seen" if status == "read" else "got"
        self._to.wire.write({"t": frame, "upto": self._to.items[-1]["n"]})
        return True

    def _hear(self, customer: Customer) -> None:
        """Take what has come; a line that came twice is shown twice."""
        while customer.wire is not None and customer.wire.got:
            frame = customer.wire.read()
            if frame["t"] == "welcome":
                customer.last = customer.last if customer.epoch == frame["epoch"] else 0
                customer.epoch = frame["epoch"]
            elif frame["t"] == "ack":
                customer.outbox.pop(frame["id"], None)
                customer.last = max(customer.last, frame["n"])
            for item in frame.get("items", ()):
                customer.last = max(customer.last, item["n"])
                if item["who"] == "them":
                    customer.items.append(item)
                    self._to = customer
                    self._shown.append(
                        Shown(
                            to=customer.name,
                            text=item.get("text", ""),
                            choices=tuple(each["label"] for each in item.get("buttons", ())),
                            files=tuple(each["url"] for each in item.get("files", ())),
                        )
                    )

    # --- what goes wrong -----------------------------------------------------------------------

    async def fail(self, kind: FaultKind) -> bool:
        """Let the store fail."""
        self._store.fault = kind
        return True

    async def stall(self) -> bool:
        """Let the store not answer."""
        self._store.stalls = True
        return True


@asynccontextmanager
async def widgets() -> AsyncGenerator[Widgets]:
    """Open a web chat, and its customers."""
    store = Store()
    clock = ManualClock(START)
    chat = WebChat(
        "site",
        secret=SECRET,
        identity_secret=IDENTITIES,
        limits=FAST,
        histories=store,
        clock=clock,
    )
    async with anyio.create_task_group() as tasks:
        yield Widgets(Site(chat, clock, tasks), store)
        tasks.cancel_scope.cancel()


async def test_it_keeps_what_every_channel_promises() -> None:
    """Everything that has a meaning for it is tried."""
    checked = await check_channel(widgets)
    assert LEFT_OUT == dict(checked.left_out)
    assert len(CHECKS) == len(checked.done) + len(LEFT_OUT)
