"""A web server, browsers and a center for tests of the web chat, all of them in memory.

Rule: what passes between a browser and the application is ASGI as a server speaks it, and nothing
else. The clock is moved by hand, and nothing sleeps.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import anyio
import anyio.lowlevel
import attrs
import msgspec
from anyio.abc import TaskGroup

from tongdai.adapters.webchat import Limits, Rate, WebChat
from tongdai.channels import Inbound, Message
from tongdai.model.contact import Address
from tongdai.testing import ManualClock

Frame: TypeAlias = dict[str, Any]
Event: TypeAlias = MutableMapping[str, Any]
App: TypeAlias = Callable[
    [Event, Callable[[], Awaitable[Event]], Callable[[Event], Awaitable[None]]], Awaitable[None]
]

SECRET = "a secret that is only good for tests"  # noqa: S105 - it opens nothing
START = 1_700_000_000_000_000
FAST = Limits(frames=Rate(10**6), messages=Rate(10**6), calls=Rate(10**6))
_TURNS = 60


async def settle() -> None:
    """Let everybody go on until nobody has anything left to do."""
    for _ in range(_TURNS):
        await anyio.lowlevel.checkpoint()


@attrs.define(eq=False)
class Answer:
    """What came back from a request."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Frame:
        """The body, read."""
        found: Frame = msgspec.json.decode(self.body)
        return found


class Wire:
    """A WebSocket of a browser; it may be cut after so many frames, in either direction."""

    def __init__(self, *, up: int | None = None, down: int | None = None) -> None:
        self.accepted = False
        self.closed: int | None = None
        self.why = ""
        self.got: deque[Frame] = deque()
        self._up = up
        self._down = down
        self._in: deque[Event] = deque([{"type": "websocket.connect"}])
        self._more = anyio.Event()
        self.held: anyio.Event | None = None

    def write(self, frame: Frame | str) -> None:
        """Send a frame; it is lost when the wire is cut."""
        text = frame if isinstance(frame, str) else msgspec.json.encode(frame).decode()
        self.put({"type": "websocket.receive", "text": text})

    def put(self, event: Event) -> None:
        """Let the application receive something, unless the wire is cut."""
        if self.closed is not None:
            return
        if self._up == 0:
            self.cut()
            return
        if self._up is not None:
            self._up -= 1
        self._push(event)

    def cut(self) -> None:
        """Cut it: what is under way is lost."""
        if self.closed is None:
            self.closed = 1006
            self._push({"type": "websocket.disconnect", "code": 1006})

    def read(self) -> Frame:
        """Return the next frame that has come."""
        return self.got.popleft()

    def all(self, kind: str) -> list[Frame]:
        """Take all frames that have come, and return those of a kind."""
        found = [frame for frame in self.got if frame["t"] == kind]
        self.got.clear()
        return found

    async def receive(self) -> Event:
        """Be asked by the application."""
        while not self._in:
            self._more = anyio.Event()
            await self._more.wait()
        await anyio.lowlevel.checkpoint()
        return self._in.popleft()

    async def send(self, event: Event) -> None:
        """Be told by the application."""
        await anyio.lowlevel.checkpoint()
        if self.held is not None:
            await self.held.wait()
        if self.closed is not None:
            raise OSError("nobody is there")
        if event["type"] == "websocket.accept":
            self.accepted = True
        elif event["type"] == "websocket.close":
            self.closed, self.why = event["code"], event.get("reason", "")
            self._push({"type": "websocket.disconnect", "code": self.closed})
        elif self._down == 0:
            self.cut()
        else:
            if self._down is not None:
                self._down -= 1
            self.got.append(msgspec.json.decode(event["text"]))

    def _push(self, event: Event) -> None:
        self._in.append(event)
        self._more.set()


class Site:
    """A web chat, and a center that takes what comes in.

    Attributes:
        chat: the web chat.
        app: what is called; the web chat's application, or what it is mounted in.
        root: where it is mounted.
        client: the address that calls come from.
        inbound: all that was taken, each key once, as a center does.
        refuse: how many of the next are not taken, as if the runtime had been stopped.
    """

    def __init__(self, chat: WebChat, clock: ManualClock, tasks: TaskGroup) -> None:
        self.chat = chat
        self.clock = clock
        self.app: App = chat.app
        self.root = ""
        self.client: tuple[str, int] = ("203.0.113.7", 40_000)
        self.inbound: list[Inbound] = []
        self.again: list[str] = []
        self.refuse = 0
        self.think: Callable[[Message], Awaitable[None]] | None = None
        self._tasks = tasks

    async def run(self) -> None:
        """Read the channel, and open it again when it has been refused."""
        keys = {inbound.key for inbound in self.inbound}
        with anyio.CancelScope() as self._reading:
            while True:
                async with self.chat.open() as incoming:
                    async for inbound in incoming:
                        if self.refuse:
                            self.refuse -= 1
                            break
                        if inbound.key in keys:
                            self.again.append(inbound.key)
                            continue
                        keys.add(inbound.key)
                        self.inbound.append(inbound)
                        if self.think is not None and isinstance(inbound, Message):
                            await self.think(inbound)

    def restart(self) -> None:
        """Read the web chat that is there now; the one before is read no more."""
        self._reading.cancel()
        self._tasks.start_soon(self.run)

    def scope(self, kind: str, path: str, headers: dict[str, str], **more: object) -> Event:
        """Return a scope as a server makes it."""
        given = {"host": "shop.example", **headers}
        return {
            "type": kind,
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "scheme": "https" if kind == "http" else "wss",
            "path": self.root + path,
            "raw_path": (self.root + path).encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode("latin-1")) for k, v in given.items()],
            "client": self.client,
            "server": ("shop.example", 443),
            **more,
        }

    async def http(
        self,
        method: str,
        path: str,
        body: bytes | list[bytes] = b"",
        *,
        query: str = "",
        root_path: str = "",
        **headers: str,
    ) -> Answer:
        """Ask for something; an underscore in a header's name is a hyphen."""
        parts = body if isinstance(body, list) else [body]
        events: deque[Event] = deque(
            {"type": "http.request", "body": part, "more_body": number < len(parts)}
            for number, part in enumerate(parts, start=1)
        )
        told: list[Event] = []

        async def receive() -> Event:
            await anyio.lowlevel.checkpoint()
            return events.popleft() if events else {"type": "http.disconnect"}

        async def send(event: Event) -> None:
            await anyio.lowlevel.checkpoint()
            told.append(event)

        named = {name.replace("_", "-"): value for name, value in headers.items()}
        more: Frame = {"method": method, "root_path": root_path}
        scope = self.scope("http", path, named, query_string=query.encode(), **more)
        await self.app(scope, receive, send)
        start, *rest = told
        return Answer(
            start["status"],
            {k.decode().lower(): v.decode("latin-1") for k, v in start["headers"]},
            b"".join(event.get("body", b"") for event in rest),
        )

    async def token(self, **body: str) -> str:
        """Begin a session, and return its token."""
        answer = await self.http("POST", "/session", msgspec.json.encode(body))
        assert answer.status == 200, answer.body
        return str(answer.json["token"])

    async def connect(self, wire: Wire | None = None, **headers: str) -> Wire:
        """Connect a WebSocket."""
        wire = Wire() if wire is None else wire
        scope = self.scope("websocket", "/socket", headers, subprotocols=[])
        self._tasks.start_soon(self._serve, scope, wire)
        await settle()
        return wire

    async def _serve(self, scope: Event, wire: Wire) -> None:
        await self.app(scope, wire.receive, wire.send)

    async def enter(self, token: str, **more: object) -> Wire:
        """Connect, and say hello."""
        wire = await self.connect()
        wire.write({"t": "hello", "token": token, **more})
        await settle()
        return wire

    def messages(self) -> list[Message]:
        """Return the messages that were taken."""
        return [inbound for inbound in self.inbound if isinstance(inbound, Message)]

    def address(self) -> Address:
        """Return where the last one came from."""
        return self.inbound[-1].address


@asynccontextmanager
async def site(**settings: Any) -> AsyncGenerator[Site]:  # noqa: ANN401 - as WebChat takes them
    """Run a web chat with a center."""
    clock = settings.pop("clock", None) or ManualClock(START)
    settings.setdefault("limits", FAST)
    settings.setdefault("secret", SECRET)
    chat = WebChat("site", clock=clock, **settings)
    async with anyio.create_task_group() as tasks:
        it = Site(chat, clock, tasks)
        tasks.start_soon(it.run)
        await settle()
        yield it
        tasks.cancel_scope.cancel()
