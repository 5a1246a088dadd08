"""Who is connected: the sockets of each visitor, and what they are shown.

Rule: nobody who has something to say waits for a slow socket. Frames wait in the socket's own line,
in order, and one task at a time writes them; a socket whose line is too long is let go, and its
widget comes back and is told what it has missed.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

import anyio
import attrs

from tongdai.adapters.asgi import Send
from tongdai.adapters.webchat import wire
from tongdai.adapters.webchat.limits import Limits, bucket
from tongdai.adapters.webchat.tokens import Visitor
from tongdai.model.time import Instant
from tongdai.runtime.pace import Bucket

_IDLE: Final = 20_000


class Socket:
    """One connected widget.

    Attributes:
        visitor: whose it is, once it has said hello.
        closing: the code and reason with which it is let go, once it is.
        stop: ends whoever reads it or writes to it; a blocked one too.
    """

    __slots__ = ("_busy", "_most", "_out", "_send", "_wake", "closing", "stop", "visitor")

    def __init__(self, send: Send, most: int) -> None:
        self.visitor: Visitor | None = None
        self.closing: tuple[int, str] | None = None
        self.stop: Callable[[], None] | None = None
        self._send = send
        self._most = most
        self._out: deque[str] = deque()
        self._busy = False
        self._wake: anyio.Event | None = None

    def put(self, text: str) -> None:
        """Let a frame be written by the socket's writer."""
        if self.closing is not None:
            return  # what comes after something that was left out would hide that it is missing
        if len(self._out) >= self._most:
            self.close(wire.LATER, "too slow")
            return
        self._out.append(text)
        if self._wake is not None:
            self._wake.set()
            self._wake = None

    def answer(self, frame: wire.FromServer) -> None:
        """Let a frame be written by the one who reads, with the next `flush`."""
        if self.closing is None:
            self._out.append(wire.write(frame))

    def close(self, code: int, reason: str = "") -> None:
        """Let it go."""
        if self.closing is None:
            self.closing = (code, reason)
            if self.stop is not None:
                self.stop()

    async def flush(self) -> None:
        """Write what waits, unless somebody is about that."""
        if self._busy:
            return
        self._busy = True
        out = self._out
        try:
            while out:
                await self._send({"type": "websocket.send", "text": out.popleft()})
        except Exception:  # noqa: BLE001 - each server has its own way to say that nobody is there
            self.close(wire.GOING, "gone")
        finally:
            self._busy = False
            out.clear()  # (what comes after a frame that was stopped halfway would hide a hole)

    async def write(self) -> None:
        """Write whatever comes, until it is stopped."""
        while True:
            await self.flush()
            self._wake = anyio.Event()
            await self._wake.wait()


@attrs.define(eq=False)
class Room:
    """Where all sockets of a visitor are shown the same.

    Attributes:
        id: the visitor's.
        messages: how fast they may write.
        sockets: who is there.
        lock: held while a line is added and shown, so that all see lines in their order.
        agent: who serves the contact.
        waiting: what is shown of its place, while it waits.
        typed: when the center was last told that they are writing.
        under_way: how much of theirs is on its way to the center.
    """

    id: str
    messages: Bucket
    sockets: list[Socket] = attrs.field(factory=list[Socket])
    lock: anyio.Lock = attrs.field(factory=lambda: anyio.Lock(fast_acquire=True))
    agent: str = ""
    waiting: wire.Waiting | None = None
    typed: Instant = 0
    under_way: int = 0

    def let_go(self, code: int, reason: str, *, but: str | None = None) -> None:
        """Let all sockets go, or all but those of a user; they come back as they may."""
        for socket in self.sockets:
            if socket.visitor is None or socket.visitor.user != but:
                socket.close(code, reason)

    def show(self, frame: wire.FromServer, *, but: Socket | None = None) -> None:
        """Let all sockets be shown something, or all but one."""
        if not self.sockets or (but is not None and self.sockets == [but]):
            return
        text = wire.write(frame)
        for socket in self.sockets:
            if socket is not but:
                socket.put(text)


class Rooms:
    """The rooms of all visitors; those in which nobody is are forgotten at last."""

    def __init__(self, limits: Limits, idle: int = _IDLE) -> None:
        """Start with none, and remember so many in which nobody is."""
        self._limits = limits
        self._most = idle
        self._rooms: dict[str, Room] = {}
        self._idle: OrderedDict[str, None] = OrderedDict()

    def of(self, visitor: str) -> Room:
        """Return the room of a visitor."""
        room = self._rooms.get(visitor)
        if room is None:
            room = self._rooms[visitor] = Room(visitor, bucket(self._limits.messages))
            self._rest(visitor)
        return room

    def enter(self, room: Room, socket: Socket) -> None:
        """Let a socket in."""
        self._rooms[room.id] = room
        self._idle.pop(room.id, None)
        room.sockets.append(socket)

    def leave(self, room: Room, socket: Socket) -> None:
        """Let a socket out, if it is in."""
        if socket in room.sockets:
            room.sockets.remove(socket)
            if not room.sockets:
                self._rest(room.id)

    def __len__(self) -> int:
        """Count the rooms."""
        return len(self._rooms)

    def _rest(self, visitor: str) -> None:
        self._idle[visitor] = None
        if len(self._idle) > self._most:
            oldest, _ = self._idle.popitem(last=False)
            del self._rooms[oldest]
