"""The agents' desk, for browsers.

Rule: the page shows what the journal has, and nothing else: whatever an agent does is one input of
the center, and what they see of it is the event that follows. So a reload, a second window or a
lost connection loses nothing, and shows nothing twice. Who closes the page is lost to the center,
and has its grace to come back; who signs out is offline.

What comes from a browser is bounded before it is read: its origin, the size of a frame, how many
come in a second, who may speak in which conversation. Who an agent is, is the application's
business: it gives out tokens (`WebDesk.sign`), and the desk takes those and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from datetime import UTC, tzinfo
from typing import Final
from urllib.parse import quote

import anyio

from tongdai.adapters.asgi import App, Receive, Scope, Send, from_here, lifespan, path_of
from tongdai.adapters.signing import Secrets, several
from tongdai.adapters.webdesk import asks
from tongdai.adapters.webdesk.acts import Acts, key_of
from tongdai.adapters.webdesk.board import Board
from tongdai.adapters.webdesk.lines import Frame, milliseconds
from tongdai.adapters.webdesk.pages import Pages
from tongdai.adapters.webdesk.seat import Seat
from tongdai.adapters.webdesk.tokens import pass_of, signed
from tongdai.adapters.webdesk.uploads import Uploads
from tongdai.adapters.webdesk.wall import Wall
from tongdai.center import inputs
from tongdai.errors import ConfigurationError, IllegalInput, TongdaiError
from tongdai.model.codec import encode
from tongdai.model.time import Duration, Instant, duration, hours, seconds
from tongdai.profiles import Resolver
from tongdai.runtime import Clock, Files, MemoryFiles, Resync, Runtime, SystemClock
from tongdai.runtime.desk import SIGNED_IN

_LASTS: Final = hours(12)
_HELLO_WITHIN: Final = 10.0  # seconds of real time for the first frame
_SOCKETS: Final = 2_000
_WALL_EACH: Final = seconds(1)
_CODES: Final = {
    "bad frame": 4400,
    "token": 4401,
    "elsewhere's page": 4403,
    "later": 1013,
    "signed out": 4402,
    "elsewhere": 4409,
    "removed": 4410,
    "too fast": 4429,
    "slow": 4430,
    "closed": 1012,
}


class WebDesk:
    """A desk for agents in browsers: `Mount("/agent", desk.app)`, and `desk.open(live)` beside it.

    Attributes:
        files: where uploaded files are kept.
    """

    def __init__(  # noqa: PLR0913 - settings with defaults
        self,
        *,
        secret: Secrets,
        agents: Mapping[str, str] | None = None,
        title: str = "tongdai",
        dispositions: Sequence[str] = (),
        reasons: Sequence[str] = (),
        origins: Iterable[str] = (),
        files: Files | None = None,
        largest: int = 10 * 2**20,
        people: Resolver | None = None,
        target: Duration = seconds(20),
        zone: tzinfo = UTC,
        clock: Clock | None = None,
    ) -> None:
        """Make a desk; it works inside `open`.

        Args:
            secret: signs agents' tokens; of several the first one signs, and all are accepted.
            agents: who may sit here, and how customers and colleagues call them, by id; `None` for
                every agent of the center, under their ids.
            title: whose desk it is, as the page shows it.
            dispositions: what can be chosen in wrap-up; none lets agents write what they like.
            reasons: why agents are away, to choose from.
            origins: from which other sites' pages a browser may connect, as in
                `https://desk.example`.
            files: where files are kept; give it the web chat's, so that each sees the other's.
            largest: bytes of the largest file that an agent can send.
            people: whose profiles are shown in full; give it the center's.
            target: within how long a contact should be answered, for the wallboard.
            zone: where the wallboard's day begins.
            clock: tells the time; by default the machine.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        self.files: Files = MemoryFiles() if files is None else files
        self._secrets = several(secret, "WebDesk.secret")
        self._names = None if agents is None else dict(agents)
        self._title = title
        self._dispositions = _texts(dispositions, "WebDesk.dispositions")
        self._reasons = _texts(reasons, "WebDesk.reasons")
        self._origins = frozenset(each.lower() for each in _texts(origins, "WebDesk.origins"))
        for origin in self._origins:
            if not re.fullmatch(r"https?://[^/\s]+", origin):
                raise ConfigurationError(
                    f"WebDesk.origins: {origin!r} is no origin; write 'https://desk.example'"
                )
        if not isinstance(largest, int) or largest < 1:
            raise ConfigurationError(f"WebDesk.largest: {largest!r} is not a number of bytes")
        self._largest = largest
        self._target = duration(target, "WebDesk.target")
        self._zone = zone
        self._clock = SystemClock() if clock is None else clock
        self._live: Runtime | None = None
        self._board = Board(self._names or {})
        uploads = Uploads()
        self._acts = Acts(self._board, uploads, self._dispositions, people)
        self._pages = Pages(self._board, uploads, self.files, largest, self._sits)
        self._wall: Wall | None = None
        self._seats: dict[str, Seat] = {}
        self._sockets = 0
        self._away: dict[str, str] = {}  # of those who were lost while they were away: why
        self._doors: dict[str, anyio.Lock] = {}  # an agent who comes back waits until they are gone
        self._ready: anyio.Event | None = None

    # --- for the application ------------------------------------------------------------------

    def sign(self, agent: str, *, lasts: Duration = _LASTS) -> str:
        """Return a token that lets its bearer sit down as an agent; the host checks who they are.

        Raises:
            IllegalInput: they may not sit here.
        """
        if self._names is not None and agent not in self._names:
            raise IllegalInput(f"sign: {agent!r} is none of WebDesk.agents")
        until = self._clock.now() + int(duration(lasts, "sign.lasts"))
        return signed(self._secrets[0], agent, until)

    def url(self, agent: str, *, below: str = "", lasts: Duration = _LASTS) -> str:
        """Return the page's address with a token behind `#`, which browsers send to nobody.

        Args:
            agent: whose it is.
            below: where the desk is mounted, such as `https://shop.example/agent`.
            lasts: how long one can sit down with it.

        Raises:
            IllegalInput: they may not sit here.
        """
        return f"{below.rstrip('/')}/#{quote(self.sign(agent, lasts=lasts))}"

    @asynccontextmanager
    async def open(self, live: Runtime) -> AsyncGenerator[WebDesk]:
        """Serve the agents of a running center, inside.

        Raises:
            ConfigurationError: it is open already.
        """
        if self._live is not None:
            raise ConfigurationError("WebDesk.open: it is open already; make another")
        self._live = live
        self._ready = anyio.Event()
        self._wall = Wall(live.center, self._clock.now(), self._zone, self._target)
        wrong: BaseException | None = None
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._follow, live)
                tasks.start_soon(self._show_wall, self._wall, live)
                tasks.start_soon(self._show_typing, live)
                await self._ready.wait()
                yield self
                tasks.cancel_scope.cancel()
        except BaseExceptionGroup as group:
            # With one thing wrong, that is what the caller sees, as it was.
            wrong = next(iter(group.exceptions)) if len(group.exceptions) == 1 else group
        finally:
            self._live = None
            for seat in list(self._seats.values()):
                seat.take_away("closed")
        if wrong is not None:
            raise wrong

    @property
    def app(self) -> App:
        """The ASGI 3 application: page, files and WebSocket."""

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            """Serve (a function, since some servers take a method for an older kind of ASGI)."""
            await self._answer(scope, receive, send)

        return app

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or a socket."""
        if scope["type"] == "websocket":
            await self._socket(scope, receive, send)
        elif scope["type"] == "http":
            await self._pages.serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await lifespan(receive, send)

    # --- following the center -----------------------------------------------------------------

    async def _follow(self, live: Runtime) -> None:
        assert self._wall is not None  # noqa: S101 - for the type checkers
        with live.events(limit=10_000) as seen:
            seen.lose()  # so that the first thing is a whole, which everything follows from
            async for event in seen:
                if isinstance(event, Resync):
                    self._board.reset(live.center)
                    for seat in self._seats.values():
                        seat.lose()
                    if self._ready is not None:
                        self._ready.set()
                else:
                    self._wall.apply(event)
                    for agent, frame in self._board.apply(event):
                        self._show(agent, frame)
                self._wall.changed.set()
        for seat in list(self._seats.values()):
            seat.take_away("closed")

    def _show(self, agent: str, frame: Frame) -> None:
        seat = self._seats.get(agent)
        if seat is not None:
            seat.put(encode(frame))
            if frame["is"] == "bye":
                seat.take_away(frame["why"])

    async def _show_wall(self, wall: Wall, live: Runtime) -> None:
        """Show the queues when they have changed, once a second at most."""
        before: object = None
        while True:
            await wall.changed.wait()
            wall.changed = anyio.Event()
            queues = wall.queues(live.center, self._board, self._clock.now())
            if queues != before:
                before = queues
                frame = encode({"is": "wall", "queues": queues})
                for seat in self._seats.values():
                    seat.put(frame)
            await self._clock.sleep_until(self._clock.now() + int(_WALL_EACH))

    async def _show_typing(self, live: Runtime) -> None:
        """Show agents that their customers are writing."""
        async for noticed in live.activities():
            if noticed.activity.what == "typing":
                frame = {"is": "typing", "contact": noticed.contact}
                for agent in self._board.who_sees(noticed.contact):
                    self._show(agent, frame)

    def _whole(self, agent: str) -> Frame:
        assert self._wall is not None  # noqa: S101 - for the type checkers
        assert self._live is not None  # noqa: S101 - for the type checkers
        now = self._clock.now()
        names = self._names or {}
        return {
            "is": "whole",
            "now": milliseconds(now),
            "title": self._title,
            "me": agent,
            "name": names.get(agent, agent),
            "names": names,
            "dispositions": self._dispositions,
            "reasons": self._reasons,
            "largest": self._largest,
            "target": int(self._target) // 1_000,
            "queues": self._wall.queues(self._live.center, self._board, now),
            **self._board.whole(agent),
        }

    # --- a browser ----------------------------------------------------------------------------

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # (`websocket.connect`)
        why = "elsewhere's page"
        if path_of(scope) == "/socket" and from_here(scope, self._origins):
            with suppress(OSError):  # (it may be gone by now, as in each `send` here)
                await send({"type": "websocket.accept"})
            why = "later"
            if self._live is not None and self._sockets < _SOCKETS:
                self._sockets += 1
                try:
                    why = await self._serve(self._live, receive, send)
                finally:
                    self._sockets -= 1
        if why:
            with suppress(OSError):
                await send({"type": "websocket.close", "code": _CODES[why], "reason": why})

    async def _serve(self, live: Runtime, receive: Receive, send: Send) -> str:
        """Serve a browser until it goes, or return why it must."""
        hello: object = None
        with anyio.move_on_after(_HELLO_WITHIN):
            data = await _frame(receive)
            if data is None:
                return ""
            try:
                hello = asks.read(data)
            except IllegalInput:
                return "bad frame"
        if not isinstance(hello, asks.Hello):
            return "bad frame"
        try:
            who = pass_of(self._secrets, hello.token, self._clock.now())
        except IllegalInput:
            return "token"
        agent = who.agent
        known = agent in live.center.state.router.agents
        if not known or (self._names is not None and agent not in self._names):
            return "token"
        seat = Seat(agent, lambda: self._whole(agent))
        before = self._seats.get(agent)
        self._seats[agent] = seat
        if before is not None:
            before.take_away("elsewhere")
        try:
            if before is None:
                async with self._door(agent):
                    await self._sit_down(live, agent)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_send_all, seat, send, tasks.cancel_scope)
                tasks.start_soon(self._expire, seat, who.until)
                await self._hear(live, seat, receive)
                tasks.cancel_scope.cancel()
        except TongdaiError:
            seat.take_away("closed")
        finally:
            if self._seats.get(agent) is seat:
                del self._seats[agent]
                with anyio.move_on_after(5, shield=True), suppress(TongdaiError):
                    async with self._door(agent):
                        await self._get_up(live, seat)
        return seat.why

    async def _expire(self, seat: Seat, until: Instant) -> None:
        """Take a seat away when its token is over."""
        await self._clock.sleep_until(until)
        seat.take_away("token")

    def _door(self, agent: str) -> anyio.Lock:
        return self._doors.setdefault(agent, anyio.Lock())

    async def _sit_down(self, live: Runtime, agent: str) -> None:
        """Be available; or away, for who took nothing new when the connection broke.

        A page comes back by itself, and nobody need be before it.
        """
        away = self._away.pop(agent, None)
        if away is None or agent not in live.center.state.lost:
            await live.handle(inputs.SetPresence(agent, "available", SIGNED_IN))
        else:
            await live.handle(inputs.SetPresence(agent, "away", SIGNED_IN))
            await live.handle(inputs.SetPresence(agent, "away", away))

    async def _get_up(self, live: Runtime, seat: Seat) -> None:
        if seat.why == "signed out":
            await live.handle(inputs.SetPresence(seat.agent, "offline"))
        elif seat.why != "removed":
            state = live.center.state.router.agents.get(seat.agent)
            if state is not None and state.presence in ("away", "not_responding"):
                self._away[seat.agent] = state.reason
            await live.handle(inputs.LoseAgent(seat.agent))

    async def _hear(self, live: Runtime, seat: Seat, receive: Receive) -> None:
        """Do what a browser asks, one thing after the other."""
        while not seat.why:
            data = await _frame(receive)
            if data is None:
                return
            if seat.too_fast(self._clock.now()):
                seat.take_away("too fast")
                return
            try:
                ask = asks.read(data)
            except IllegalInput:
                seat.take_away("bad frame")
                return
            frame: Frame = {"is": "done", "n": ask.n}
            try:
                frame |= await self._acts.do(live, seat, ask)
            except TongdaiError as error:
                again = not isinstance(error, IllegalInput)
                frame |= {"wrong": str(error), "key": key_of(error), "again": again}
            if ask.n:
                seat.answer(frame)

    def _sits(self, token: str) -> str:
        """Return the agent of a token, if they sit at the desk; else nothing."""
        try:
            agent = pass_of(self._secrets, token, self._clock.now()).agent
        except IllegalInput:
            return ""
        return agent if agent in self._seats else ""


async def _send_all(seat: Seat, send: Send, scope: anyio.CancelScope) -> None:
    """Show a browser what it is to be shown, until its seat is taken away or it is gone."""
    with suppress(OSError):
        while (frame := await seat.next()) is not None:
            await send({"type": "websocket.send", "text": frame.decode()})
    scope.cancel()


async def _frame(receive: Receive) -> str | bytes | None:
    """Wait for a frame; `None` when the browser is gone."""
    message = await receive()
    if message["type"] != "websocket.receive":
        return None
    text = message.get("text")
    return text if text is not None else message.get("bytes") or b""


def _texts(values: Iterable[str], field: str) -> list[str]:
    found = [] if isinstance(values, str) else [*values]
    if isinstance(values, str) or not all(isinstance(each, str) for each in found):
        raise ConfigurationError(f"{field}: expected several texts; got {values!r}")
    return found
