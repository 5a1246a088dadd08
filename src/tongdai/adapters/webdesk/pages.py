"""What browsers get over HTTP: the page, what it is made of, and files.

Rule: files are given to agents who sit at the desk, and only those that stand in a conversation of
theirs; as bytes to keep, never as something that a browser would show or run in place. Each answer
says what may be done with it (`nosniff`, a content security policy).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from importlib import resources
from typing import Final
from urllib.parse import unquote

from tongdai.adapters.asgi import Receive, Refused, Scope, Send, answer, body_of, header, path_of
from tongdai.adapters.webdesk.board import Board
from tongdai.adapters.webdesk.lines import file_frame
from tongdai.adapters.webdesk.uploads import Uploads
from tongdai.errors import ChannelFault
from tongdai.model.codec import encode
from tongdai.model.time import minutes
from tongdai.runtime import Files

_UPLOAD: Final = minutes(2)  # for all of a file
_PAGE: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
    " img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ALWAYS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
_KIND: Final = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,60}")
_ASSETS: Final = {
    "": ("desk.html", "text/html; charset=utf-8"),
    "desk.css": ("desk.css", "text/css; charset=utf-8"),
    "desk.js": ("desk.js", "text/javascript; charset=utf-8"),
    "words.js": ("words.js", "text/javascript; charset=utf-8"),
}


class Pages:
    """Answers requests."""

    def __init__(
        self,
        board: Board,
        uploads: Uploads,
        files: Files,
        largest: int,
        sits: Callable[[str], str],
    ) -> None:
        """Make it ready.

        Args:
            board: what agents have before them.
            uploads: the files that they have sent up.
            files: where files are kept.
            largest: bytes of the largest upload.
            sits: returns the agent of a token, if they sit at the desk; else nothing.
        """
        self._board = board
        self._uploads = uploads
        self._files = files
        self._largest = largest
        self._sits = sits
        self._assets = _assets()

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        try:
            await self._serve(scope, receive, send)
        except Refused as refused:
            await _answer(scope, send, refused.status, refused.why.encode())

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = path_of(scope), scope["method"]
        name = path.removeprefix("/")
        if path == "":
            where = str(scope.get("root_path", "")) or str(scope["path"])
            location = (b"location", f"{where}/".encode())
            await _answer(scope, send, 307, b"", "text/plain", location)
        elif name in self._assets and method in ("GET", "HEAD"):
            await self._asset(scope, send, name)
        elif name == "files" and method == "POST":
            await self._upload(scope, receive, send)
        elif name.startswith("files/") and method == "GET":
            await self._download(scope, send, unquote(name.removeprefix("files/")))
        else:
            raise Refused(404, "there is nothing here")

    async def _asset(self, scope: Scope, send: Send, name: str) -> None:
        body, kind, tag = self._assets[name]
        kept = ((b"etag", tag.encode()), (b"cache-control", b"no-cache"))
        if header(scope, b"if-none-match") == tag:
            await _answer(scope, send, 304, b"", kind, *kept)
        else:
            await _answer(scope, send, 200, body, kind, *kept)

    def _bearer(self, scope: Scope) -> str:
        """Return who asks.

        Raises:
            Refused: nobody knows.
        """
        kind, _, token = header(scope, b"authorization").partition(" ")
        agent = self._sits(token) if kind.lower() == "bearer" else ""
        if not agent:
            raise Refused(401, "sit down first")
        return agent

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        agent = self._bearer(scope)
        data = await body_of(scope, receive, self._largest, _UPLOAD)
        kind = header(scope, b"content-type").partition(";")[0].strip().lower()
        name = "".join(each for each in unquote(header(scope, b"x-name")) if each.isprintable())
        try:
            kept = await self._files.keep(
                data,
                name=name.replace("/", "_")[:200],
                kind=kind if _KIND.fullmatch(kind) else "application/octet-stream",
            )
        except ChannelFault as fault:
            raise Refused(503 if fault.kind == "retry" else 422, str(fault)) from fault
        self._uploads.put(agent, kept)
        await _answer(scope, send, 201, encode(file_frame(kept)), "application/json")

    async def _download(self, scope: Scope, send: Send, url: str) -> None:
        """Give a file that stands in a conversation of the agent's; it is never shown in place."""
        agent = self._bearer(scope)
        found = self._uploads.of(agent, url) or self._board.file(agent, url)
        try:
            data = None if found is None else await self._files.fetch(url)
        except KeyError:
            data = None
        if data is None:
            raise Refused(404, "there is no such file here")
        await _answer(
            scope,
            send,
            200,
            data,
            "application/octet-stream",
            (b"content-disposition", b"attachment"),
            (b"cache-control", b"private, max-age=3600"),
            policy="default-src 'none'; sandbox",
        )


async def _answer(  # noqa: PLR0913 - what an answer is made of
    scope: Scope,
    send: Send,
    status: int,
    body: bytes,
    kind: str = "text/plain; charset=utf-8",
    *more: tuple[bytes, bytes],
    policy: str = _PAGE,
) -> None:
    """Answer a request, and say what may be done with the answer."""
    policies = (b"content-security-policy", policy.encode())
    headers = [(b"content-type", kind.encode()), policies, *_ALWAYS, *more]
    await answer(scope, send, status, body, headers)


def _assets() -> dict[str, tuple[bytes, str, str]]:
    """Return what the page is made of: bytes, media type, and a tag of its version."""
    folder = resources.files("tongdai.adapters.webdesk") / "page"
    found: dict[str, tuple[bytes, str, str]] = {}
    for name, (file, kind) in _ASSETS.items():
        body = (folder / file).read_bytes()
        found[name] = body, kind, f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    return found
