"""The little of ASGI 3 that whatever is served here needs: no framework, and none in the way.

Rule: a body is read up to a limit and a time and not beyond, and of one whose length is told to be
too much nothing is. Which pages may call is looked at in one way, and whoever is refused is told
why.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import anyio

from tongdai.model.time import Duration

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers: TypeAlias = list[tuple[bytes, bytes]]

_SECOND: Final = 1_000_000
_DIGITS: Final = 20  # of a length; with so many it is too much, whatever follows
_NOT_MODIFIED: Final = 304
_PORTS: Final = {"http": ":80", "https": ":443", "ws": ":80", "wss": ":443"}


class Refused(Exception):
    """A request that is not taken.

    Attributes:
        status: of the answer.
        why: for whoever asked.
        headers: what else the answer says.
    """

    def __init__(self, status: int, why: str, *headers: tuple[bytes, bytes]) -> None:
        """Keep it."""
        super().__init__(status, why)
        self.status = status
        self.why = why
        self.headers = headers


def header(scope: Scope, name: bytes) -> str:
    """Return a header by its name in small letters; empty where there is none."""
    headers: Iterable[tuple[bytes, bytes]] = scope.get("headers", ())
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), "")


def path_of(scope: Scope) -> str:
    """Return the path below where the application is mounted.

    Whether the path that a server gives begins with the root depends on the server's age.
    """
    path, root = str(scope["path"]), str(scope.get("root_path", "")).rstrip("/")
    return path[len(root) :] if path == root or path.startswith(f"{root}/") else path


def from_here(scope: Scope, origins: Collection[str]) -> bool:
    """Return whether a page may call: one of the same host, or one that is let in.

    Browsers always tell the origin of a WebSocket; who tells none is no browser.

    Args:
        scope: of the request, or of the handshake.
        origins: who is let in, in small letters; `*` is any page.
    """
    origin = header(scope, b"origin").lower()
    if not origin or "*" in origins or origin in origins:
        return True
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    port = _PORTS.get(parts.scheme, "")
    host = header(scope, b"host").lower()
    return bool(host) and parts.netloc.removesuffix(port) == host.removesuffix(port)


async def body_of(
    scope: Scope,
    receive: Receive,
    most: int,
    within: Duration,
    hold: Callable[[int], None] = lambda _: None,
) -> bytes:
    """Read a body, and no more of it than is taken.

    Args:
        scope: of the request.
        receive: gives the parts.
        most: bytes that are taken.
        within: how long it may take, in real time.
        hold: is told the bytes of each part before it is kept, and may refuse it.

    Raises:
        Refused: it is too large (413) or too slow (408), or the caller has gone (400).
    """
    told = header(scope, b"content-length")
    too_large = Refused(413, f"at most {most} bytes")
    if told.isdecimal() and int(told[:_DIGITS]) > most:
        raise too_large
    body = bytearray()
    with anyio.move_on_after(int(within) / _SECOND):
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise Refused(400, "the caller has gone")
            part = message.get("body", b"")
            if len(body) + len(part) > most:
                raise too_large
            hold(len(part))
            body += part
            if not message.get("more_body", False):
                return bytes(body)
    raise Refused(408, "it did not come in time")


async def answer(scope: Scope, send: Send, status: int, body: bytes, headers: Headers) -> None:
    """Answer a request; where only the head was asked for, with its head."""
    if status != _NOT_MODIFIED:  # (which says nothing of its length)
        headers = [*headers, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def lifespan(receive: Receive, send: Send) -> None:
    """Live as long as the server, and need nothing of it."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
