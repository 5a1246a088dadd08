"""A host for webhooks: a plain ASGI application.

Rule: a provider is answered after its events are kept, and in time. Where they cannot be kept, or
not before the provider stops waiting, it is answered 503 and delivers again; what was kept all the
same is told by its key. Nobody makes the host hold more than `most_bytes` for each of `at_once`
requests, or wait for a slow one longer than `body_within`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final
from urllib.parse import quote, urlsplit

import anyio

from tongdai.adapters.asgi import Receive, Refused, Scope, Send, answer, body_of, lifespan
from tongdai.channels import Answer, Inbound, Request, Webhook
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.mode import check_count
from tongdai.model.time import Duration, duration, seconds
from tongdai.runtime import Clock, SystemClock

_WAITS: Final = seconds(10)
_MARGIN: Final = 0.75  # of the provider's time; the rest is for the way there and back
_LEAST: Final = 0.05  # seconds in which events may be kept, however long the body took
_UNREAD: Final = {400: "gone", 408: "slow", 413: "too large"}


class WebhookApp:
    """Hosts one webhook: `app = WebhookApp(zalo, zalo.put)`; it may be mounted anywhere.

    Attributes:
        counts: how many requests were `taken` (their events are kept), `empty` (there was nothing
            in them to keep), `refused` (by the webhook), `not kept`, `late`, `too large`, `slow`,
            `gone` and `busy`.
    """

    def __init__(  # noqa: PLR0913 - settings with defaults
        self,
        webhook: Webhook,
        put: Callable[[Iterable[Inbound]], Awaitable[None]],
        *,
        within: Duration | None = None,
        body_within: Duration = seconds(5),
        at_once: int = 256,
        public: str = "",
        forwarded: bool = False,
        clock: Clock | None = None,
        refused: Callable[[str], None] | None = None,
    ) -> None:
        """Make a host.

        Args:
            webhook: what understands the requests.
            put: keeps events and returns when they are durable, as `tongdai.runtime.Inbox.put`.
            within: how soon the provider wants its answer, as `Medium.acknowledge` says; a quarter
                of it is left for the network. By default ten seconds.
            body_within: how long a body may take to arrive.
            at_once: how many requests are worked on at once; more are answered 503.
            public: scheme and host as the provider calls them, such as `https://help.example`;
                without it they are those of the request.
            forwarded: whether `X-Forwarded-Proto` and `X-Forwarded-Host` tell them; only behind a
                proxy that sets both itself.
            clock: tells when a request came.
            refused: is told why a request was refused, for a log; nothing personal is in it.

        Raises:
            ConfigurationError: names the argument and what would be right.
        """
        waits = _WAITS if within is None else duration(within, "WebhookApp.within")
        slow = duration(body_within, "WebhookApp.body_within")
        if not waits or not slow:
            raise ConfigurationError("WebhookApp.within, body_within: expected more than 0 s")
        check_count(at_once, "WebhookApp.at_once", least=1)
        origin = urlsplit(public)
        if public and (origin.scheme not in ("http", "https") or not origin.netloc):
            raise ConfigurationError(
                f"WebhookApp.public: {public!r} is no origin; write https://help.example"
            )
        self.counts: Counter[str] = Counter()
        self._webhook = webhook
        self._put = put
        self._within = int(waits) / 1_000_000 * _MARGIN
        self._body_within = slow
        self._at_once = at_once
        self._origin = f"{origin.scheme}://{origin.netloc}" if public else ""
        self._forwarded = forwarded
        self._clock = SystemClock() if clock is None else clock
        self._refused = refused
        self._working = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request; also start and stop where it is the whole application."""
        if scope["type"] == "lifespan":
            await lifespan(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000})
        elif self._working >= self._at_once:
            self.counts["busy"] += 1
            await _answer(scope, send, Answer(status=503, body=b"busy"))
        else:
            self._working += 1
            try:
                await self._serve(scope, receive, send)
            finally:
                self._working -= 1

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = anyio.current_time()
        at = self._clock.now()
        headers = _headers(scope)
        try:
            body = await body_of(scope, receive, self._webhook.most_bytes, self._body_within)
        except Refused as unread:
            why = _UNREAD[unread.status]
            self.counts[why] += 1
            if why != "gone":
                await _answer(scope, send, Answer(status=unread.status, body=why.encode()))
            return
        request = Request(
            method=str(scope["method"]),
            url=self._url(scope, headers),
            headers=headers,
            body=body,
            at=at,
        )
        received = self._webhook.receive(request)
        given = received.answer
        if received.refused:
            self.counts["refused"] += 1
            if self._refused is not None:
                self._refused(received.refused)
        if received.events:
            left = max(self._within - (anyio.current_time() - began), _LEAST)
            given = await self._keep(received.events, given, left)
        elif not received.refused:
            self.counts["empty"] += 1
        await _answer(scope, send, given)

    async def _keep(self, events: Iterable[Inbound], answer: Answer, left: float) -> Answer:
        try:
            with anyio.fail_after(left):
                await self._put(events)
        except TimeoutError:
            self.counts["late"] += 1
            return Answer(status=503, body=b"not kept in time")
        except ChannelFault:
            self.counts["not kept"] += 1
            return Answer(status=503, body=b"not kept")
        self.counts["taken"] += 1
        return answer

    def _url(self, scope: Scope, headers: Mapping[str, str]) -> str:
        """Return the url as the provider has called it."""
        raw: bytes | None = scope.get("raw_path")
        path = quote(str(scope["path"])) if raw is None else raw.decode("latin-1")
        query = bytes(scope.get("query_string", b"")).decode("latin-1")
        origin = self._origin or self._from(scope, headers)
        return f"{origin}{path}?{query}" if query else f"{origin}{path}"

    def _from(self, scope: Scope, headers: Mapping[str, str]) -> str:
        scheme, host = str(scope.get("scheme", "http")), headers.get("host", "")
        if self._forwarded:
            scheme = _last(headers.get("x-forwarded-proto", "")) or scheme
            host = _last(headers.get("x-forwarded-host", "")) or host
        return f"{scheme}://{host}"


async def _answer(scope: Scope, send: Send, given: Answer) -> None:
    kind = given.kind.encode("latin-1", "replace")
    await answer(scope, send, given.status, given.body, [(b"content-type", kind)])


def _headers(scope: Scope) -> dict[str, str]:
    """Return the headers by name; those that came several times are joined by commas."""
    found: dict[str, str] = {}
    pairs: Iterable[tuple[bytes, bytes]] = scope.get("headers", ())
    for raw, value in pairs:
        name = raw.decode("latin-1").lower()
        text = value.decode("latin-1")
        found[name] = f"{found[name]}, {text}" if name in found else text
    return found


def _last(text: str) -> str:
    """Return the last of several values: what the nearest proxy has written."""
    return text.rpartition(",")[2].strip()
