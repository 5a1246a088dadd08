"""The ASGI application of a web chat: its routes, and its socket.

Rule: plain ASGI 3, below whatever path it is mounted. Every cap is looked at before the work
that it spares, and whatever a caller sends gets an answer or a close code, never an exception.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Callable, Iterable
from importlib.resources import files as resources
from typing import Final
from urllib.parse import parse_qs, quote

import anyio
import msgspec
from anyio.abc import TaskGroup

from tongdai.adapters.asgi import (
    Headers,
    Receive,
    Refused,
    Scope,
    Send,
    answer,
    body_of,
    from_here,
    header,
    lifespan,
    path_of,
)
from tongdai.adapters.webchat import wire
from tongdai.adapters.webchat.limits import Buckets, Limits, bucket, fits
from tongdai.adapters.webchat.rooms import Room, Socket
from tongdai.adapters.webchat.tokens import Identity, Kept, Keys, Visitor
from tongdai.adapters.webchat.visits import Visits
from tongdai.errors import ChannelFault
from tongdai.model.time import Instant
from tongdai.runtime import Clock, Files
from tongdai.runtime.pace import Bucket

_SESSION: Final = 16_384  # bytes of a body
_HELD: Final = 8  # files, of the largest, are held while they come
_SECOND: Final = 1_000_000
_LONGEST_WAIT: Final = 10 * _SECOND  # who would have to wait longer is let go
_NAME: Final = 120  # characters of a file's name
_TURNS: Final = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""What turns the direction of writing, so that `txt.exe` may look like `exe.txt`."""
_SAFE: Final[Headers] = [
    (b"x-content-type-options", b"nosniff"),
    (b"content-security-policy", b"default-src 'none'; sandbox"),
    (b"referrer-policy", b"no-referrer"),
]


class _Session(msgspec.Struct, forbid_unknown_fields=True):
    token: str = ""
    identity: str = ""


_session = msgspec.json.Decoder(_Session)


class App:
    """A web chat as an ASGI application."""

    def __init__(  # noqa: PLR0913 - what a web chat is made of
        self,
        visits: Visits,
        *,
        keys: Keys,
        identities: Keys | None,
        files: Files,
        origins: Iterable[str] | None,
        limits: Limits,
        clock: Clock,
        client: Callable[[Scope], str],
        new_visitor: Callable[[], str],
    ) -> None:
        self._visits = visits
        self._keys = keys
        self._identities = identities
        self._files = files
        self._origins = frozenset(each.rstrip("/").lower() for each in origins or ())
        self._limits = limits
        self._clock = clock
        self._client = client
        self._new_visitor = new_visitor
        self._calls = Buckets(limits.calls)
        self._sockets: dict[str, int] = {}
        self._held = 0  # bytes of files that are on their way
        self._script = resources(__package__ or "").joinpath("widget.js").read_bytes()
        self._packed = gzip.compress(self._script, mtime=0)
        self._etag = f'"{hashlib.sha256(self._script).hexdigest()[:24]}"'.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, a socket, or a lifespan (which needs nothing)."""
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._websocket(scope, receive, send)
        elif scope["type"] == "lifespan":
            await lifespan(receive, send)

    # --- requests -----------------------------------------------------------------------------

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = path_of(scope)
        try:
            headers = self._cross_origin(scope, path)
            if scope["method"] == "OPTIONS":
                status, body = 204, b""
            else:
                status, body, more = await self._route(scope, path, receive)
                headers += more
        except Refused as refused:
            status, body = refused.status, msgspec.json.encode({"error": refused.why})
            headers = [(b"content-type", b"application/json"), *refused.headers]
            if (origin := header(scope, b"origin")) and from_here(scope, self._origins):
                headers += _let_in(origin)
        except ChannelFault:
            status, body, headers = 503, b"", [(b"retry-after", b"2")]
        await answer(scope, send, status, body, headers)

    async def _route(self, scope: Scope, path: str, receive: Receive) -> tuple[int, bytes, Headers]:
        if path == "/widget.js":
            _allow(scope, "GET", "HEAD")
            return self._widget(scope)
        if path == "/session":
            _allow(scope, "POST")
            self._call(scope)
            body = await body_of(scope, receive, _SESSION, self._limits.hello)
            return await self._start(body)
        if path == "/files":
            _allow(scope, "POST")
            self._call(scope)
            return await self._keep(scope, receive)
        if path.startswith("/files/"):
            _allow(scope, "GET", "HEAD")
            return await self._fetch(path.removeprefix("/files/"))
        raise Refused(404, "there is nothing here")

    def _cross_origin(self, scope: Scope, path: str) -> Headers:
        """Return what a browser wants to be told before a page of another host may call.

        Raises:
            Refused: the page may not.
        """
        if path == "/widget.js" or path.startswith("/files/"):
            # (whoever has the address may have it, also as an image in a page of another host)
            return [
                (b"access-control-allow-origin", b"*"),
                (b"cross-origin-resource-policy", b"cross-origin"),
            ]
        if not (origin := header(scope, b"origin")):
            return []
        if not from_here(scope, self._origins):
            raise Refused(403, "this origin is not let in")
        return [
            *_let_in(origin),
            (b"access-control-allow-methods", b"POST"),
            (b"access-control-allow-headers", b"authorization, content-type"),
            (b"access-control-max-age", b"3600"),
        ]

    def _call(self, scope: Scope) -> None:
        wait = self._calls.take(self._client(scope), self._clock.now())
        if wait:
            after = str(-(-wait // _SECOND)).encode()
            raise Refused(429, "too many calls", (b"retry-after", after))

    def _widget(self, scope: Scope) -> tuple[int, bytes, Headers]:
        headers = [
            (b"etag", self._etag),
            (b"cache-control", b"public, max-age=3600"),
            (b"vary", b"Accept-Encoding"),
        ]
        known = header(scope, b"if-none-match").replace("W/", "")
        if self._etag.decode() in [each.strip() for each in known.split(",")]:
            return 304, b"", headers
        headers += [
            (b"content-type", b"text/javascript; charset=utf-8"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if "gzip" in header(scope, b"accept-encoding"):
            return 200, self._packed, [*headers, (b"content-encoding", b"gzip")]
        return 200, self._script, headers

    async def _start(self, body: bytes) -> tuple[int, bytes, Headers]:
        try:
            given = _session.decode(body or b"{}")
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            raise Refused(400, "expected a JSON object with `token` and `identity`") from None
        now = self._clock.now()
        who = self._identity(given.identity, now) if given.identity else None
        user = who.user if who else ""
        known = self._keys.visitor(given.token, 0) if given.token else None
        if known is not None and (
            known.user not in ("", user)  # (somebody else sits there now, or nobody who is known)
            or (not known.user and known.until <= now)
            or not await self._visits.own(known.id, user)
        ):
            known = None
        visitor = Visitor(
            id=known.id if known is not None else self._new_visitor(),
            until=now + int(self._limits.identified if who else self._limits.visit),
            user=user,
            name=who.name if who else "",
            email=who.email if who else "",
        )
        if known is not None and who is not None and not known.user:
            await self._visits.identified(visitor)
        told = {"token": self._keys.sign(visitor), "expires": visitor.until // 1_000}
        return 200, msgspec.json.encode(told), _json()

    def _identity(self, token: str, now: Instant) -> Identity:
        if self._identities is None:
            raise Refused(400, "identity: this web chat has no identity_secret")
        who = self._identities.identity(token, now)
        if isinstance(who, str):
            raise Refused(401, f"identity: {who}")
        return who

    # --- files --------------------------------------------------------------------------------

    async def _keep(self, scope: Scope, receive: Receive) -> tuple[int, bytes, Headers]:
        token = header(scope, b"authorization").removeprefix("Bearer ").strip()
        visitor = self._keys.visitor(token, self._clock.now())
        if visitor is None:
            raise Refused(401, "the token is not taken")
        kind = header(scope, b"content-type").partition(";")[0].strip().lower()
        if not fits(kind, self._limits.kinds, None):
            raise Refused(415, "files of this kind are not taken")
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            if self._held + size > _HELD * self._limits.file:
                raise Refused(503, "too many files at once", (b"retry-after", b"2"))
            self._held += size
            held += size

        try:
            data = await body_of(scope, receive, self._limits.file, self._limits.upload, hold)
        finally:
            self._held -= held
        if not data or not fits(kind, self._limits.kinds, data):
            raise Refused(415, "the file is not of the kind that it says")
        name = _name(scope.get("query_string", b""))
        try:
            file = await self._files.keep(data, name=name, kind=kind)
        except ChannelFault as fault:
            if fault.kind == "rejected":
                raise Refused(413, "the file is too large") from fault
            raise
        kept = Kept(url=file.url, kind=kind, name=name, size=len(data), owner=visitor.id)
        signed = self._keys.sign(kept)
        told = {"file": signed, "url": f"files/{signed}", "kind": kind, "name": name}
        return 200, msgspec.json.encode({**told, "size": len(data)}), _json()

    async def _fetch(self, token: str) -> tuple[int, bytes, Headers]:
        kept = self._keys.file(token)
        try:
            data = None if kept is None else await self._files.fetch(kept.url)
        except KeyError:
            data = None
        if kept is None or data is None:
            raise Refused(404, "there is no such file")
        known = fits(kept.kind, self._limits.kinds, None) and kept.kind.isascii()
        kind = kept.kind if known and kept.kind.isprintable() else "application/octet-stream"
        name = quote(kept.name or "file", safe="")
        headers = [
            (b"content-type", kind.encode()),
            (b"content-disposition", f"attachment; filename*=UTF-8''{name}".encode()),
            (b"cache-control", b"private, max-age=31536000, immutable"),
        ]
        return 200, data, [*headers, *_SAFE]

    # --- the socket ---------------------------------------------------------------------------

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()  # (websocket.connect)
        client = self._client(scope)
        here = self._sockets.get(client, 0)
        if (
            path_of(scope) != "/socket"
            or not from_here(scope, self._origins)
            or here >= self._limits.sockets
            or self._calls.take(client, self._clock.now())
        ):
            await send({"type": "websocket.close", "code": 1008})  # (before accepting: 403)
            return
        self._sockets[client] = here + 1
        socket = Socket(send, self._limits.queued)
        try:
            await send({"type": "websocket.accept"})
            async with anyio.create_task_group() as tasks:
                socket.stop = tasks.cancel_scope.cancel
                tasks.start_soon(self._read, socket, receive, tasks)
                await socket.write()
            with anyio.move_on_after(int(self._limits.hello) / _SECOND):
                await _end(socket, send)
        finally:
            self._sockets[client] -= 1
            if not self._sockets[client]:
                del self._sockets[client]

    async def _read(self, socket: Socket, receive: Receive, tasks: TaskGroup) -> None:
        """Read frames until the socket is let go."""
        room = None
        try:
            with anyio.move_on_after(int(self._limits.hello) / _SECOND):
                room = await self._hello(socket, receive)
            if room is None:
                socket.close(wire.NO_HELLO, "no hello in time")
                return
            tasks.start_soon(self._expire, socket)
            await socket.flush()
            await self._serve(room, socket, receive)
        except ChannelFault as fault:
            socket.close(wire.LATER, fault.kind)
        finally:
            if room is not None:
                self._visits.rooms.leave(room, socket)
            if socket.closing is None:
                socket.close(wire.GOING)

    async def _expire(self, socket: Socket) -> None:
        """Let a socket go when its token is over."""
        if socket.visitor is not None:
            await self._clock.sleep_until(socket.visitor.until)
            socket.close(wire.UNKNOWN, "the token is over")

    async def _hello(self, socket: Socket, receive: Receive) -> Room | None:
        frame = await self._frame(socket, receive)
        if frame is None:
            return None
        if not isinstance(frame, wire.Hello):
            socket.close(wire.BAD, "the first frame is a hello")
            return None
        visitor = self._keys.visitor(frame.token, self._clock.now())
        if visitor is None:
            socket.close(wire.UNKNOWN, "the token is not taken")
            return None
        return await self._visits.hello(socket, visitor, frame)

    async def _serve(self, room: Room, socket: Socket, receive: Receive) -> None:
        frames = bucket(self._limits.frames)
        while socket.closing is None:
            message = await receive()
            text = message.get("text")
            if message["type"] != "websocket.receive":
                socket.close(wire.GOING, "gone")
                return
            frame = wire.read(text, self._limits.frame)
            if await self._too_fast(socket, frames):
                return
            if isinstance(frame, wire.Say):
                if not await self._too_fast(socket, room.messages):
                    await self._visits.say(room, socket, frame, str(text).encode())
            else:
                await self._rest(room, socket, frame)
            await socket.flush()

    async def _rest(self, room: Room, socket: Socket, frame: wire.FromWidget | wire.Wrong) -> None:
        """Take a frame that is no message."""
        match frame:
            case wire.Ping():
                socket.answer(wire.Pong())
            case wire.Typing():
                await self._visits.typing(room)
            case wire.Got() | wire.Seen():
                await self._visits.mark(room, socket, frame)
            case wire.Leave():
                await self._visits.leave(room, socket, frame)
            case wire.Wrong():
                socket.close(frame.close, frame.why)
            case _:
                socket.close(wire.BAD, "there was a hello already")

    async def _frame(self, socket: Socket, receive: Receive) -> wire.FromWidget | None:
        message = await receive()
        if message["type"] != "websocket.receive":
            socket.close(wire.GOING, "gone")
            return None
        frame = wire.read(message.get("text"), self._limits.frame)
        if isinstance(frame, wire.Wrong):
            socket.close(frame.close, frame.why)
            return None
        return frame

    async def _too_fast(self, socket: Socket, pace: Bucket) -> bool:
        """Let somebody who is too fast wait; return whether they are let go instead."""
        now = self._clock.now()
        ready = pace.ready()
        if ready - now > _LONGEST_WAIT:
            socket.close(wire.SLOW_DOWN, "too many at once")
            return True
        pace.take(now)
        if ready > now:
            await self._clock.sleep_until(ready)
        return False


async def _end(socket: Socket, send: Send) -> None:
    """Tell a widget why its socket ends, if it is still there."""
    code, reason = socket.closing or (wire.GOING, "")
    if reason == "gone":
        return
    try:
        await socket.flush()
        await send({"type": "websocket.close", "code": code, "reason": reason})
    except Exception:  # noqa: BLE001, S110 - each server has its own way to say that nobody is there
        pass


def _allow(scope: Scope, *methods: str) -> None:
    if scope["method"] not in methods:
        allowed = (b"allow", ", ".join(methods).encode())
        raise Refused(405, f"expected {' or '.join(methods)}", allowed)


def _name(query: bytes) -> str:
    """Return the name of a file, without a path and without what is no text."""
    try:
        given = parse_qs(query.decode("ascii"), max_num_fields=8).get("name", [""])[0]
    except ValueError:
        return ""
    name = _TURNS.sub("", wire.clean(given)).replace("\\", "/").rpartition("/")[2]
    return " ".join(name.split())[-_NAME:]


def _let_in(origin: str) -> Headers:
    return [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"Origin")]


def _json() -> Headers:
    return [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
