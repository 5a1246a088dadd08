"""The web chat keeps what every channel promises; widgets in memory are its provider."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import anyio
import attrs
import pytest

from tests.adapters.webchat.driver import FAST, SECRET, START, Frame, Site, Wire, settle
from tongdai.adapters.webchat import Line, MemoryHistories, WebChat
from tongdai.errors import ChannelFault, FaultKind
from tongdai.testing import ManualClock
from tongdai.testing.channels import check_channel
from tongdai.testing.provider import Provider, Shown


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
    """A widget that comes back when it is let go, and sends what was not acknowledged."""

    name: str
    token: str
    outbox: dict[str, Frame] = attrs.field(factory=dict[str, Frame])
    said: list[Frame] = attrs.field(factory=list[Frame])
    wire: Wire | None = None
    seen: set[int] = attrs.field(factory=set[int])


class Widgets(Provider[WebChat]):
    """Customers of a web chat."""

    secrets = (SECRET, "4111")
    deliveries = (
        '{"t":"say","id":"m9","text":"xin chào"}'.encode(),
        b'{"t":"seen","upto":1700000000000000}',
    )

    def __init__(self, site: Site, store: Store) -> None:
        self.channel = site.chat
        self._site = site
        self._store = store
        self._customers: dict[str, Customer] = {}
        self._last: Customer | None = None
        self._to: Customer | None = None
        self._shown: list[Shown] = []
        self._asked: Frame = {}
        self._noise: Wire | None = None

    async def write(self, customer: str, texts: Sequence[str]) -> None:
        """Write messages, over a connection that is there or is made."""
        known = self._customers.get(customer)
        if known is None:
            known = self._customers[customer] = Customer(customer, await self._site.token())
        self._last = known
        for text in texts:
            frame: Frame = {"t": "say", "id": f"m{len(known.said)}", "text": text}
            known.said.append(frame)
            known.outbox[frame["id"]] = frame
        self._hear(known)
        if known.wire is None or known.wire.closed is not None:
            known.wire = await self._site.enter(known.token)
            waiting = list(known.outbox.values())
        else:
            waiting = known.said[-len(texts) :]
        for frame in waiting:
            known.wire.write(frame)
        await settle()

    async def shown(self) -> Sequence[Shown]:
        """Return what all widgets show."""
        await settle()
        for customer in self._customers.values():
            self._hear(customer)
        return self._shown

    async def again(self) -> bool:
        """Send the last message once more, as if its acknowledgement had been lost."""
        assert self._last is not None
        assert self._last.wire is not None
        self._last.wire.write(self._last.said[-1])
        return True

    async def deliver(self, data: bytes) -> bool:
        """Write anything to a socket; it is opened again when it is let go."""
        if self._noise is None or self._noise.closed is not None:
            self._noise = await self._site.enter(await self._site.token())
        self._noise.write(data.decode(errors="replace"))
        await settle()
        return True

    async def tap(self, choice: str) -> bool:
        """Tap a button of the last line that has some."""
        await self.shown()
        assert self._to is not None
        assert self._to.wire is not None
        keys = {each["label"]: each["key"] for each in self._asked["buttons"]}
        self._to.wire.write(
            {"t": "say", "id": "tap", "choice": keys[choice], "to": self._asked["n"]}
        )
        return True

    async def typing(self, customer: str) -> bool:
        """Begin to write."""
        wire = self._customers[customer].wire
        assert wire is not None
        wire.write({"t": "typing"})
        return True

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
        self._to.wire.write({"t": frame, "upto": max(self._to.seen)})
        return True

    async def fail(self, kind: FaultKind) -> bool:
        """Let the store fail."""
        self._store.fault = kind
        return True

    async def stall(self) -> bool:
        """Let the store not answer."""
        self._store.stalls = True
        return True

    def _hear(self, customer: Customer) -> None:
        while customer.wire is not None and customer.wire.got:
            frame = customer.wire.read()
            if frame["t"] == "ack":
                customer.outbox.pop(frame["id"], None)
            for item in frame.get("items", ()):
                if item["who"] == "them" and item["n"] not in customer.seen:
                    customer.seen.add(item["n"])
                    self._to = customer
                    self._asked = item if item.get("buttons") else self._asked
                    self._shown.append(
                        Shown(
                            to=customer.name,
                            text=item.get("text", ""),
                            choices=tuple(each["label"] for each in item.get("buttons", ())),
                            files=tuple(each["url"] for each in item.get("files", ())),
                        )
                    )


@asynccontextmanager
async def widgets() -> AsyncGenerator[Widgets]:
    """Open a web chat, and its customers."""
    store = Store()
    clock = ManualClock(START)
    chat = WebChat("site", secret=SECRET, limits=FAST, histories=store, clock=clock)
    async with anyio.create_task_group() as tasks:
        yield Widgets(Site(chat, clock, tasks), store)
        tasks.cancel_scope.cancel()


@pytest.mark.anyio
async def test_it_keeps_what_every_channel_promises() -> None:
    """All but what a connection of its own, an echo or a webhook would be needed for."""
    checked = await check_channel(widgets)
    # (what a cut does is in test_cuts: there is no connection but the widgets' own)
    assert {
        "reads_what_customers_write",
        "takes_a_delivery_once",
        "acknowledges_what_is_taken",
        "takes_what_is_tapped",
        "hears_typing",
        "survives_any_delivery",
        "scopes_its_claims",
        "sends_within_its_limit",
        "shows_what_it_declares",
        "shows_signs_quietly",
        "sends_once_for_a_key",
        "tells_receipts_that_fit",
        "maps_errors_to_faults",
        "lets_go_when_cancelled",
        "keeps_its_secrets",
    } <= set(checked.done)
