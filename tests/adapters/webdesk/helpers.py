"""A desk with browsers in memory: ASGI without a server, and a clock that stands still."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncGenerator, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from tongdai import Agent, Center, PutAgent, Queue
from tongdai.adapters.webdesk import WebDesk
from tongdai.journal import Journal, MemoryJournal
from tongdai.runtime import Runtime
from tongdai.testing import FakeChannel, ManualClock

KEY = "a secret that is long enough"
Frame = dict[str, Any]
Message = MutableMapping[str, Any]


class Browser:
    """One socket of a desk, from the browser's side."""

    def __init__(
        self,
        said: MemoryObjectSendStream[Message],
        shown: MemoryObjectReceiveStream[Message],
    ) -> None:
        self.said = said
        self.shown = shown
        self.seen: list[Frame] = []  # not asked for yet
        self._numbers = itertools.count(1)

    async def raw(self, data: str | bytes) -> None:
        """Send a frame as it is."""
        kind = "text" if isinstance(data, str) else "bytes"
        await self.said.send({"type": "websocket.receive", kind: data})

    async def next(self) -> Frame:
        """Return the next frame; a closed socket is `{"is": "closed", "code": ...}`."""
        message = await self.shown.receive()
        if message["type"] == "websocket.close":
            frame = {"is": "closed", "code": message["code"]}
        else:
            frame = json.loads(message["text"])
        return frame

    async def until(self, kind: str, fits: Callable[[Frame], bool] = lambda _: True) -> Frame:
        """Return the first frame of a kind that was not asked for yet; the others are kept."""
        for at, frame in enumerate(self.seen):
            if frame["is"] == kind and fits(frame):
                return self.seen.pop(at)
        while (frame := await self.next())["is"] != kind or not fits(frame):
            self.seen.append(frame)
        return frame

    async def ask(self, do: str, **more: object) -> Frame:
        """Ask for something, and return the answer."""
        number = next(self._numbers)
        await self.raw(json.dumps({"do": do, "n": number, **more}))
        return await self.until("done", lambda frame: frame["n"] == number)

    async def hello(self, token: str) -> Frame:
        """Sit down, and return the first frame."""
        await self.raw(json.dumps({"do": "hello", "token": token}))
        return await self.until("whole")

    async def go(self) -> None:
        """Close the page."""
        await self.said.send({"type": "websocket.disconnect", "code": 1001})


class Hall:
    """A running center with a chat, and its desk."""

    def __init__(self, live: Runtime, desk: WebDesk, chat: FakeChannel, clock: ManualClock) -> None:
        self.live = live
        self.desk = desk
        self.chat = chat
        self.clock = clock

    @asynccontextmanager
    async def socket(
        self, *, headers: Sequence[tuple[bytes, bytes]] = (), path: str = "/socket", most: float = 0
    ) -> AsyncGenerator[Browser]:
        """Connect; `most` frames are taken before the server has to wait."""
        room = most or 1_000
        said, hears = anyio.create_memory_object_stream[Message](100)
        shows, shown = anyio.create_memory_object_stream[Message](room)
        scope = {
            "type": "websocket",
            "path": path,
            "root_path": "",
            "headers": [(b"host", b"shop.example"), *headers],
        }

        async def serve() -> None:
            with shows:
                await self.desk.app(scope, hears.receive, shows.send)

        with said, hears, shown:
            await said.send({"type": "websocket.connect"})
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(serve)
                first = await shown.receive()
                browser = Browser(said, shown)
                if first["type"] == "websocket.close":
                    browser.seen.append({"is": "closed", "code": first["code"]})
                yield browser
                await said.send({"type": "websocket.disconnect", "code": 1001})
                async for _ in shown:
                    pass

    @asynccontextmanager
    async def sits(self, agent: str, *, most: float = 0) -> AsyncGenerator[Browser]:
        """Let an agent sit down."""
        async with self.socket(most=most) as browser:
            await browser.hello(self.desk.sign(agent))
            yield browser

    async def request(  # noqa: PLR0913 - what a request is made of
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Sequence[tuple[bytes, bytes]] = (),
        root: str = "",
        *,
        ends: bool = True,
    ) -> tuple[int, dict[str, str], bytes]:
        """Make a request, whose body may have no end; return status, headers and body."""
        sent: list[dict[str, Any]] = []
        parts = [{"type": "http.request", "body": body, "more_body": not ends}]

        async def receive() -> dict[str, Any]:
            if not parts:
                await anyio.sleep_forever()
            return parts.pop(0)

        async def send(message: Any) -> None:  # noqa: ANN401 - a message of ASGI
            sent.append(message)

        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "root_path": root,
            "headers": [(b"host", b"shop.example"), *headers],
        }
        await self.desk.app(scope, receive, send)
        found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], found, sent[1]["body"]


@asynccontextmanager
async def hall(
    *queues: Queue,
    center: Center | None = None,
    agents: Sequence[str] = ("an", "binh"),
    entry: str = "cards",
    journal: Journal | None = None,
    **settings: Any,  # noqa: ANN401 - of `WebDesk`
) -> AsyncGenerator[Hall]:
    """Run a center and its desk; at most 10 s of real time."""
    clock = ManualClock(1_000_000_000_000_000)
    chat = FakeChannel("web", clock=clock)
    names: dict[str, Any] = {"agents": {"an": "An", "binh": "Bình"}}
    desk = WebDesk(secret=KEY, clock=clock, **(names | settings))
    with anyio.fail_after(10):
        async with Runtime(
            center or Center(queues or [Queue("cards")]),
            journal=journal or MemoryJournal(),
            channels={chat: entry},
            clock=clock,
        ) as live:
            for agent in agents:
                await live.handle(PutAgent(Agent(agent)))
            async with desk.open(live):
                yield Hall(live, desk, chat, clock)
