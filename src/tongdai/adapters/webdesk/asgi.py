"""The little of ASGI 3 that the desk needs: no framework, and none in the way.

Rule: an answer to a browser says what may be done with it (`nosniff`, a content security policy),
and a body is read up to a limit and not beyond.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_PAGE: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


async def answer(
    send: Send,
    status: int,
    body: bytes = b"",
    kind: str = "text/plain; charset=utf-8",
    *more: tuple[bytes, bytes],
    policy: str = _PAGE,
) -> None:
    """Answer a request."""
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"content-security-policy", policy.encode()),
        *_ALWAYS,
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def body_of(receive: Receive, most: int) -> bytes | None:
    """Return a request's body; `None` where it is longer than that, or breaks off."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > most:
            return None
        if not message.get("more_body", False):
            return b"".join(parts)


def path_of(scope: Scope) -> str:
    """Return the path below where the application is mounted."""
    root = str(scope.get("root_path", "")).rstrip("/")
    path = str(scope["path"])
    if root and (path == root or path.startswith(f"{root}/")):
        return path[len(root) :]
    return path


def header(scope: Scope, name: bytes) -> str:
    """Return a header; empty where there is none."""
    headers: Iterable[tuple[bytes, bytes]] = scope.get("headers", ())
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), "")


def from_here(scope: Scope, origins: frozenset[str]) -> bool:
    """Return whether a request comes from this host's own pages, or from one that may.

    Browsers always tell the origin of a WebSocket; who tells none is no browser.
    """
    origin = header(scope, b"origin")
    if not origin or origin in origins:
        return True
    try:
        return urlsplit(origin).netloc.lower() == header(scope, b"host").lower() != ""
    except ValueError:
        return False
