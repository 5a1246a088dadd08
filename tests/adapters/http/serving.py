"""A small HTTP/1.1 server on loopback for ASGI applications, on asyncio and on trio.

Rule: real sockets and nothing else: one request after another on a connection, no pipelining, no
upgrade. An application that raises has its connection cut without an answer; that is how a test
loses one.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeAlias

import anyio
import h11
from anyio.abc import SocketAttribute, SocketStream
from anyio.streams.stapled import MultiListener

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_LOST = (anyio.BrokenResourceError, anyio.ClosedResourceError, h11.RemoteProtocolError)


class Cut(Exception):
    """Raised by an application that wants its connection cut."""


def port_of(listener: MultiListener[SocketStream]) -> int:
    """Return where a listener listens."""
    port: int = listener.extra(SocketAttribute.local_port)  # noqa: S610 - this is no query
    return port


@asynccontextmanager
async def serving(app: App) -> AsyncGenerator[str]:
    """Serve an application inside, and give its address."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = port_of(listener)

    async def connected(stream: SocketStream) -> None:
        async with stream:
            with suppress(*_LOST, Cut):
                await _converse(app, stream)

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, connected)
        yield f"http://127.0.0.1:{port}"
        tasks.cancel_scope.cancel()


async def _converse(app: App, stream: SocketStream) -> None:
    http = h11.Connection(h11.SERVER)
    while True:
        request = await _next(http, stream)
        if not isinstance(request, h11.Request):
            return
        await app(_scope(request), _receiver(http, stream), _sender(http, stream))
        while http.their_state is h11.SEND_BODY:
            await _next(http, stream)
        if http.our_state is not h11.DONE or http.their_state is not h11.DONE:
            return
        http.start_next_cycle()


async def _next(http: h11.Connection, stream: SocketStream) -> object:
    while (event := http.next_event()) is h11.NEED_DATA:
        try:
            http.receive_data(await stream.receive())
        except anyio.EndOfStream:
            http.receive_data(b"")
    return event


def _scope(request: h11.Request) -> Scope:
    path, _, query = request.target.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method.decode(),
        "scheme": "http",
        "path": path.decode(),
        "raw_path": path,
        "root_path": "",
        "query_string": query,
        "headers": list(request.headers),
    }


def _receiver(http: h11.Connection, stream: SocketStream) -> Receive:
    async def receive() -> MutableMapping[str, Any]:
        event = await _next(http, stream)
        if isinstance(event, h11.Data):
            return {"type": "http.request", "body": bytes(event.data), "more_body": True}
        if isinstance(event, h11.EndOfMessage):
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.disconnect"}

    return receive


def _sender(http: h11.Connection, stream: SocketStream) -> Send:
    async def send(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            event: h11.Event = h11.Response(
                status_code=message["status"], headers=list(message["headers"])
            )
            await stream.send(http.send(event) or b"")
            return
        await stream.send(http.send(h11.Data(data=message["body"])) or b"")
        await stream.send(http.send(h11.EndOfMessage()) or b"")

    return send
