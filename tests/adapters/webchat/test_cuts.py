"""Connections are cut, pages reloaded, servers started again: nothing lost, nothing doubled.

Rule: a widget here does what `widget.js` does, in a few lines: an outbox that is kept until it is
acknowledged, a cursor, and lines by their numbers. Hypothesis decides what goes wrong and when.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import anyio
import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.adapters.webchat.driver import FAST, SECRET, Site, Wire, settle, site
from tongdai.adapters.webchat import MemoryHistories, WebChat
from tongdai.channels import Receipt
from tongdai.model.contact import Address, Content

Step: TypeAlias = tuple[Any, ...]


@attrs.define(eq=False)
class Widget:
    """A tab of one visitor; what it stores outlives a reload."""

    site: Site
    token: str
    name: str
    outbox: dict[str, str] = attrs.field(factory=dict[str, str])
    said: list[str] = attrs.field(factory=list[str])
    wire: Wire | None = None
    epoch: str = ""
    last: int = 0
    lines: dict[tuple[str, int], str] = attrs.field(factory=dict[tuple[str, int], str])
    on_wire: set[str] = attrs.field(factory=set[str])
    epoch_known: bool = False

    def say(self) -> None:
        """Write the next message, and send it if there is a connection."""
        id = f"{self.name}{len(self.said)}"
        self.said.append(id)
        self.outbox[id] = f"text {id}"
        self.flush()

    def flush(self) -> None:
        """Send what was not sent over this connection."""
        if self.wire is not None and self.epoch_known:
            for id, text in self.outbox.items():
                if id not in self.on_wire:
                    self.on_wire.add(id)
                    self.wire.write({"t": "say", "id": id, "text": text})

    async def connect(self, up: int | None = None, down: int | None = None) -> None:
        """Connect, with a wire that may be cut after so many frames."""
        self.cut()
        self.on_wire.clear()
        self.epoch_known = False
        self.wire = await self.site.connect(Wire(up=up, down=down))
        hello = {"t": "hello", "token": self.token, "epoch": self.epoch, "after": self.last}
        self.wire.write(hello)

    def cut(self) -> None:
        """Lose the connection."""
        if self.wire is not None:
            self.wire.cut()
            self.wire = None

    def reload(self) -> None:
        """Load the page again: the outbox is kept, what was shown is not."""
        self.cut()
        self.epoch, self.last = "", 0
        self.epoch_known = False
        self.lines.clear()

    def hear(self) -> None:
        """Take what has come; no line twice."""
        while self.wire is not None and self.wire.got:
            frame = self.wire.read()
            match frame["t"]:
                case "welcome":
                    if self.epoch != frame["epoch"]:
                        self.last = 0
                    self.epoch = frame["epoch"]
                    self.epoch_known = True
                    self.flush()
                case "items":
                    for item in frame["items"]:
                        self.last = max(self.last, item["n"])
                        if item.get("text"):
                            self.show(item["n"], item["text"])
                case "ack":
                    self.last = max(self.last, frame["n"])
                    if (text := self.outbox.pop(frame["id"], None)) is not None:
                        self.show(frame["n"], text)
                case _:
                    pass
        if self.wire is not None and self.wire.closed is not None:
            self.wire = None

    def show(self, number: int, text: str) -> None:
        """Show a line; one that is there stays as it is."""
        assert self.lines.setdefault((self.epoch, number), text) == text

    def read_all(self) -> None:
        """Tell that everything was read."""
        if self.wire is not None and self.lines:
            self.wire.write({"t": "seen", "upto": self.last})


class World:
    """Two tabs of one visitor, a center that talks to them, and servers that come and go."""

    def __init__(self, it: Site, token: str, histories: MemoryHistories) -> None:
        self.it = it
        self.token = token
        self.histories = histories
        self.tabs: list[Widget] = [Widget(it, token, name) for name in "ab"]
        self.sent: list[str] = []
        self.ids: set[str] = set()
        self.forgot = False

    async def do(self, step: Step) -> None:
        """Let something happen."""
        match step:
            case ("say", int(tab)):
                self.tabs[tab].say()
            case ("center", int(times)):
                await self.speak(times)
            case ("connect", int(tab), up, down):
                await self.tabs[tab].connect(up, down)
            case ("cut", int(tab)):
                self.tabs[tab].cut()
            case ("reload", int(tab)):
                self.tabs[tab].reload()
            case ("refuse", int(number)):
                self.it.refuse = number
            case ("seen", int(tab)):
                self.tabs[tab].read_all()
            case ("restart", bool(keeps)):
                await self.restart(keeps=keeps)
            case _:
                await self.quiet()

    async def speak(self, times: int) -> None:
        """Let the center say something, as often as it is not sure of it."""
        if not self.it.messages():
            return
        text = f"center {len(self.sent)}"
        self.sent.append(text)
        for _ in range(times):
            sent = await self.it.chat.send(self.it.messages()[-1].address, Content(text), key=text)
            self.ids |= set(sent.ids)

    async def restart(self, *, keeps: bool) -> None:
        """Start another server; with the histories of the one before, or without."""
        for tab in self.tabs:
            tab.cut()
        await settle()
        if not keeps:
            self.histories = MemoryHistories()
            self.forgot = True
        chat = WebChat(
            "site", secret=SECRET, limits=FAST, histories=self.histories, clock=self.it.clock
        )
        self.it.chat, self.it.app = chat, chat.app
        self.it.restart()
        await settle()

    async def quiet(self) -> None:
        """Wait until nothing is under way."""
        for _ in range(4):
            await settle()
            for tab in self.tabs:
                tab.hear()

    async def end(self) -> None:
        """Let everything come to rest, over connections that hold."""
        self.it.refuse = 0
        for _ in range(2):
            for tab in self.tabs:
                await tab.connect()
            await self.quiet()
        for tab in self.tabs:
            tab.read_all()
        await self.quiet()

    def check(self) -> None:
        """Nothing lost, nothing doubled, order kept; and all tabs see the same."""
        taken = [message.key.rpartition(".")[2] for message in self.it.messages()]
        assert sorted(taken) == sorted(id for tab in self.tabs for id in tab.said)
        for tab in self.tabs:
            assert [id for id in taken if id in tab.said] == tab.said
            assert tab.outbox == {}
            shown = [tab.lines[number] for number in sorted(tab.lines)]
            if not self.forgot:
                assert len(set(shown)) == len(shown)
                assert set(shown) == {f"text {id}" for id in taken} | set(self.sent)
                assert [text for text in shown if text in self.sent] == self.sent
        if not self.forgot:
            assert self.tabs[0].lines == self.tabs[1].lines
            read = [each for each in self.it.inbound if isinstance(each, Receipt)]
            assert {id for each in read if each.status == "read" for id in each.ids} == self.ids


_TAB: Final = st.integers(0, 1)
_CUT: Final = st.one_of(st.none(), st.integers(0, 6))
_STEPS: Final = st.lists(
    st.one_of(
        st.tuples(st.just("say"), _TAB),
        st.tuples(st.just("say"), _TAB),
        st.tuples(st.just("center"), st.integers(1, 2)),
        st.tuples(st.just("connect"), _TAB, _CUT, _CUT),
        st.tuples(st.just("cut"), _TAB),
        st.tuples(st.just("reload"), _TAB),
        st.tuples(st.just("refuse"), st.integers(1, 3)),
        st.tuples(st.just("seen"), _TAB),
        st.tuples(st.just("restart"), st.booleans()),
        st.just(("quiet",)),
        st.just(("quiet",)),
    ),
    max_size=30,
)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@given(steps=_STEPS)
@example(steps=[("connect", 0, None, 1), ("quiet",), ("say", 0), ("quiet",), ("center", 2)])
@example(
    steps=[
        *[("connect", 0, None, None), ("quiet",), ("refuse", 1), ("say", 0), ("say", 0)],
        *[("quiet",), ("connect", 1, None, None), ("say", 1), ("quiet",), ("restart", True)],
    ]
)
def test_nothing_is_lost_and_nothing_doubled(backend: str, steps: list[Step]) -> None:
    """Whatever is cut, reloaded, refused or started again, and in whatever order."""

    async def main() -> None:
        histories = MemoryHistories()
        async with site(histories=histories) as it:
            world = World(it, await it.token(), histories)
            for step in steps:
                await world.do(step)
            await world.end()
            world.check()

    anyio.run(main, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_hundred_cuts_between_sending_and_acknowledgement(backend: str) -> None:
    """Each message's socket is cut as soon as it is written, or as soon as it is taken."""

    async def main() -> None:
        histories = MemoryHistories()
        async with site(histories=histories) as it:
            world = World(it, await it.token(), histories)
            tab = world.tabs[0]
            for number in range(100):
                await tab.connect(down=1 + number % 2)
                await world.quiet()
                tab.say()
                if number % 3:
                    await settle()
                tab.cut()
            await world.end()
            world.check()
            assert len(tab.said) == 100
            assert it.again  # (so the center was really told twice)

    anyio.run(main, backend=backend)


@pytest.mark.anyio
async def test_what_a_server_without_a_store_forgets() -> None:
    """Lines that nobody had seen; what the visitor wrote is with the center all the same."""
    async with site() as it:
        world = World(it, await it.token(), MemoryHistories())
        tab = world.tabs[0]
        await tab.connect()
        await world.quiet()
        tab.say()
        await world.quiet()
        tab.cut()
        to = it.messages()[0].address
        await it.chat.send(to, Content("unseen"), key="k1")
        await world.restart(keeps=False)
        await it.chat.send(Address("site", to.to), Content("later"), key="k2")
        await world.end()
        assert list(tab.lines.values()) == ["text a0", "later"]
        tab.reload()
        await world.end()
        assert list(tab.lines.values()) == ["later"]
