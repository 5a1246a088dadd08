"""A TCP proxy that cuts sockets where it hurts: between send and acknowledgement.

Rule: it reads the frames of WebSockets (RFC 6455, uncompressed) and nothing else, and cuts each
message once, at the first time that it is sent. In turn: the message is lost on its way; the server
has it, but what the server says is lost; the server has it and says so, and that is lost.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Generator
from contextlib import contextmanager
from typing import Any

_WAYS = ("message lost", "cut after it", "answer lost")


class Cutter:
    """A proxy to a port of this machine.

    Attributes:
        port: where it listens.
        cuts: how often it has cut, and how.
    """

    def __init__(self, to: int) -> None:
        self.port = 0
        self.cuts: Counter[str] = Counter()
        self._to = to
        self._seen: set[str] = set()
        self._open: set[asyncio.StreamWriter] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._over = asyncio.Event()
        self._refusing = False
        self.cutting = True

    def hang_up(self, *, refuse: bool = False) -> None:
        """Cut every connection now; with `refuse`, let nobody in until `let_in`."""
        self._refusing = refuse
        self._call(self._abort)

    def let_in(self) -> None:
        """Take connections again."""
        self._refusing = False

    def _call(self, act: Callable[[], object]) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(act)

    def _abort(self) -> None:
        for writer in self._open:
            writer.transport.abort()

    async def serve(self, ready: threading.Event) -> None:
        """Serve until `stop`, in a thread's own loop."""
        self._loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._over.wait()
        server.close()
        self._abort()

    def stop(self) -> None:
        """End it, from another thread."""
        self._call(self._over.set)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._refusing:
            writer.transport.abort()
            return
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._to)
        self._open |= {writer, up_writer}
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            socket = b"upgrade: websocket" in head.lower()
            # Without compression, frames can be read.
            up_writer.write(head.replace(b"Sec-WebSocket-Extensions:", b"X-Not-Wanted:"))
            if not socket:
                await asyncio.gather(_pipe(reader, up_writer), _pipe(up_reader, writer))
                return
            writer.write(await up_reader.readuntil(b"\r\n\r\n"))
            link = _Link(self)
            await asyncio.gather(
                link.up(reader, up_writer), link.down(up_reader, writer), return_exceptions=True
            )
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._open -= {writer, up_writer}
            writer.transport.abort()
            up_writer.transport.abort()

    def first(self, key: str) -> bool:
        """Return whether a message is sent for the first time, and is to be cut."""
        if not self.cutting or key in self._seen:
            return False
        self._seen.add(key)
        return True


class _Link:
    """One WebSocket through the proxy."""

    def __init__(self, cutter: Cutter) -> None:
        self._cutter = cutter
        self._awaited: set[str] = set()  # whose answer is to be lost

    async def up(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for raw, data in _frames(reader):
            said = _json(data)
            key = str(said.get("id") or said.get("key") or "")
            if (said.get("t") == "say" or said.get("do") == "say") and self._cutter.first(key):
                way = _WAYS[sum(self._cutter.cuts.values()) % 3]
                self._cutter.cuts[way] += 1
                if way == "message lost":
                    break
                writer.write(raw)
                await writer.drain()
                if way == "cut after it":
                    await asyncio.sleep(0)
                    break
                self._awaited |= {key, str(said.get("n", ""))}
            else:
                writer.write(raw)
                await writer.drain()
        writer.transport.abort() if not self._awaited else None
        raise ConnectionResetError

    async def down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for raw, data in _frames(reader):
            said = _json(data)
            acks = (said.get("t") == "ack" and said.get("id")) or (
                said.get("is") == "done" and str(said.get("n"))
            )
            if acks and str(acks) in self._awaited:
                break
            writer.write(raw)
            await writer.drain()
        writer.transport.abort()
        raise ConnectionResetError


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[tuple[bytes, bytes]]:
    """Read frames: as they came, and what a text has in it."""
    try:
        while True:
            raw = await reader.readexactly(2)
            kind, length, masked = raw[0] & 15, raw[1] & 127, raw[1] >> 7
            more = await reader.readexactly({126: 2, 127: 8}.get(length, 0))
            mask = await reader.readexactly(4 * masked)
            body = await reader.readexactly(int.from_bytes(more) if more else length)
            text = bytes(each ^ mask[at % 4] for at, each in enumerate(body)) if masked else body
            yield raw + more + mask + body, text if kind == 1 else b""
    except asyncio.IncompleteReadError:
        return


def _json(data: bytes) -> dict[str, Any]:
    return json.loads(data) if data else {}


@contextmanager
def cutting(to: int) -> Generator[Cutter]:
    """Run a proxy in a thread of its own."""
    cutter = Cutter(to)
    ready = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(cutter.serve(ready)))
    thread.start()
    ready.wait(5)
    try:
        yield cutter
    finally:
        cutter.stop()
        thread.join(5)
