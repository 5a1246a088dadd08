"""What a web chat costs beside a bare echo, on the same ASGI server in the same run.

    python -m tests.bench.webchat [sockets] [messages a second] [seconds] [rounds]

A server process of its own runs uvicorn with one application; this process holds the sockets and
writes at a fixed rate. Measured is the server process: its CPU time (user and system, by getrusage)
between two moments of the load, by messages that were written and answered, and its resident memory
before and after the sockets are connected. The echo sends back what it gets. The web chat reads a
message, keeps it in the visitor's history, hands it to a reader of its channel, who takes it and
does nothing (so no center and no journal are in the figure), and acknowledges it; `answered` sends
a reply to each besides, beside an echo that sends everything twice. The sockets ask for no
compression, nothing is pinged, and no socket tells that it has shown a reply, as a widget would.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import secrets
import socket
import statistics
import struct
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import msgspec

from tongdai.adapters.asgi import Receive, Scope, Send
from tongdai.adapters.webchat import Limits, Rate, WebChat
from tongdai.adapters.webchat.tokens import Keys, Visitor
from tongdai.channels import Message
from tongdai.model.contact import Content
from tongdai.model.time import hours

Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

KINDS = ("echo", "chat", "echo twice", "answered")
SECRET = "only for the benchmark"  # noqa: S105 - it opens nothing
TEXT = "Thẻ của tôi bị khóa từ sáng nay, tôi phải làm sao ạ?"
MANY = Rate(10**9)
LIMITS = Limits(frames=MANY, messages=MANY, calls=MANY, sockets=10**6)


# --- the server ---------------------------------------------------------------------------------


def _memory() -> int:
    """Return the resident memory of this process, in bytes."""
    pages = Path("/proc/self/statm")
    if pages.exists():
        return int(pages.read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024


def _echo(times: int) -> Application:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            for _ in range(times):
                await send({"type": "websocket.send", "text": message["text"]})

    return app


def _with_usage(app: Application, chat: WebChat | None, *, answers: bool) -> Application:
    """Return an application that tells what its process uses, besides."""
    readers: list[asyncio.Task[None]] = []

    async def read(chat: WebChat) -> None:
        async with chat.open() as incoming:
            async for inbound in incoming:
                if answers and isinstance(inbound, Message):
                    await chat.send(inbound.address, Content(TEXT), key=inbound.key)

    async def usage(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            if chat is not None:
                readers.append(asyncio.create_task(read(chat)))
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "http":
            gc.collect()
            used = resource.getrusage(resource.RUSAGE_SELF)
            told = {"cpu": used.ru_utime + used.ru_stime, "memory": _memory()}
            body = msgspec.json.encode(told)
            headers = [(b"content-length", str(len(body)).encode())]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": body})
        else:
            await app(scope, receive, send)

    return usage


def serve(kind: str, descriptor: int) -> None:
    """Run a server on a socket that is bound already."""
    import uvicorn  # noqa: PLC0415 - the server process only

    chat = None
    if kind.startswith("echo"):
        app: Application = _echo(2 if kind == "echo twice" else 1)
    else:
        chat = WebChat("bench", secret=SECRET, limits=LIMITS)
        app = chat.app
    uvicorn.run(
        _with_usage(app, chat, answers=kind == "answered"),
        fd=descriptor,
        log_level="error",
        ws_per_message_deflate=False,
        ws_ping_interval=None,
    )


# --- the sockets --------------------------------------------------------------------------------


class Line(asyncio.Protocol):
    """A WebSocket as small as it can be: it counts the frames that come."""

    def __init__(self) -> None:
        self.frames = 0
        self.open = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for a WebSocket."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(
            b"GET /socket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        """Count frames; their contents are no matter."""
        data = self._rest + data
        if not self.open.done():
            head, found, data = data.partition(b"\r\n\r\n")
            if not found:
                self._rest = head
                return
            self.open.set_result(head.startswith(b"HTTP/1.1 101"))
        while len(data) >= 2:
            size, begin = data[1], 2
            if size == 126:
                size, begin = struct.unpack_from("!H", data, 2)[0] if len(data) > 3 else 1 << 20, 4
            if len(data) < begin + size:
                break
            self.frames += 1
            data = data[begin + size :]
        self._rest = data

    def write(self, text: bytes) -> None:
        """Write a text frame, masked with zeros."""
        assert self.transport is not None
        size = len(text)
        head = bytes([0x81, 0x80 | size]) if size < 126 else struct.pack("!BBH", 0x81, 0xFE, size)
        self.transport.write(head + b"\0\0\0\0" + text)


async def _usage(port: int) -> dict[str, float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    writer.close()
    found: dict[str, float] = msgspec.json.decode(answer.partition(b"\r\n\r\n")[2])
    return found


async def _load(
    kind: str, port: int, sockets: int, rate: int, length: float
) -> tuple[float, float]:
    """Return microseconds of CPU for a message, and bytes of memory for a socket."""
    loop = asyncio.get_running_loop()
    keys = Keys(SECRET, "bench", "secret")
    await _usage(port)
    before = await _usage(port)
    lines: list[Line] = []
    for _ in range(sockets):
        _, line = await loop.create_connection(Line, "127.0.0.1", port)
        assert await line.open
        lines.append(line)
        if not kind.startswith("echo"):
            later = time.time_ns() // 1_000 + int(hours(1))
            token = keys.sign(Visitor(id=secrets.token_urlsafe(16), until=later))
            line.write(msgspec.json.encode({"t": "hello", "token": token}))
    await asyncio.sleep(0.5)
    number = 0

    async def write(count: int) -> None:
        """Write so many messages, at the rate, over one socket after the other."""
        nonlocal number
        begun = loop.time()
        for each in range(count):
            number += 1
            said = {"t": "say", "id": f"m{number}", "text": TEXT}
            lines[number % sockets].write(msgspec.json.encode(said))
            ahead = begun + (each + 1) / rate - loop.time()
            if ahead > 0.005:
                await asyncio.sleep(ahead)

    each = 2 if kind in ("echo twice", "answered") else 1

    async def heard(least: int) -> None:
        """Wait until so many frames have come."""
        async with asyncio.timeout(60):
            while sum(line.frames for line in lines) < least:  # noqa: ASYNC110 - it polls counters
                await asyncio.sleep(0.05)

    first = (0 if kind.startswith("echo") else sockets) + sockets * 2 * each
    await write(sockets * 2)
    await heard(first)
    connected = await _usage(port)
    count = int(rate * length)
    await write(count)
    await heard(first + count * each)
    after = await _usage(port)
    for line in lines:
        assert line.transport is not None
        line.transport.abort()
    cpu = (after["cpu"] - connected["cpu"]) / count * 1e6
    return cpu, (connected["memory"] - before["memory"]) / sockets


def measure(kind: str, sockets: int, rate: int, length: float) -> tuple[float, float]:
    """Start a server, load it, and stop it."""
    with socket.create_server(("127.0.0.1", 0), backlog=2_048) as listening:
        port = listening.getsockname()[1]
        command = [sys.executable, "-m", "tests.bench.webchat", "serve", kind]
        command.append(str(listening.fileno()))
        with subprocess.Popen(command, pass_fds=[listening.fileno()]) as server:
            try:
                return asyncio.run(_load(kind, port, sockets, rate, length))
            finally:
                server.terminate()


def main(sockets: int = 1_000, rate: int = 1_000, length: float = 8, rounds: int = 3) -> None:
    """Print what each application costs, and how many times the echo's that is."""
    print(f"{sockets:,} sockets, {rate:,} messages a second for {length:g} s, {rounds} rounds")
    found: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    for _ in range(rounds):
        for kind in KINDS:
            found[kind].append(measure(kind, sockets, rate, length))
    print(f"{'':12}{'CPU/message':>14}{'(least - most)':>18}{'memory/socket':>16}")
    middle: dict[str, tuple[float, float]] = {}
    for kind, runs in found.items():
        cpu, memory = (statistics.median(values) for values in zip(*runs, strict=True))
        middle[kind] = cpu, memory
        least, most = min(runs)[0], max(runs)[0]
        spread = f"({least:.0f} - {most:.0f})"
        print(f"{kind:12}{cpu:11.0f} us{spread:>18}{memory / 1_024:13.1f} KB")
    for kind, beside in (("chat", "echo"), ("answered", "echo twice")):
        times = [ours / theirs for ours, theirs in zip(middle[kind], middle[beside], strict=True)]
        print(f"{kind} beside {beside}: {times[0]:.2f} times the CPU, {times[1]:.2f} the memory")


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        os.environ.setdefault("PYTHONHASHSEED", "0")
        given = [int(each) for each in sys.argv[1:]]
        main(*given)
