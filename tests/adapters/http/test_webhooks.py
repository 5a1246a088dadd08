"""The webhook host: events are kept before the answer, in time, and within bounds."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterable, MutableMapping
from typing import Any

import anyio
import attrs
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.adapters.http.serving import App, serving
from tongdai.adapters.http import HttpRequest, HttpResponse, Httpx2Client
from tongdai.adapters.webhooks import WebhookApp
from tongdai.channels import Activity, Answer, Inbound, Received, Request, refused
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.contact import Address
from tongdai.model.time import seconds
from tongdai.runtime import Inbox

pytestmark = pytest.mark.anyio

ONE = Activity(key="k", at=0, address=Address("x", "lan"), what="joined")
THANKS = Received((ONE,), Answer(status=202, body=b"thanks"))
SCOPE = {
    "type": "http",
    "method": "POST",
    "scheme": "http",
    "path": "/hook",
    "query_string": b"",
    "headers": [(b"host", b"inside:8000")],
}


@attrs.define
class Hook:
    """A webhook that notes what it is asked, and answers as it is told."""

    received: Received = THANKS
    most_bytes: int = 100
    asked: list[Request] = attrs.field(factory=list[Request])

    def receive(self, request: Request) -> Received:
        """Take a request."""
        self.asked.append(request)
        return self.received


@attrs.define
class Kept:
    """Where events are put; it waits, or fails, when it is told to."""

    events: list[Inbound] = attrs.field(factory=list[Inbound])
    fault: ChannelFault | None = None
    held: anyio.Event | None = None

    async def put(self, events: Iterable[Inbound]) -> None:
        """Keep events."""
        if self.held is not None:
            await self.held.wait()
        if self.fault is not None:
            raise self.fault
        self.events += events


async def call(
    app: App,
    *bodies: bytes,
    scope: dict[str, Any] | None = None,
    after: str = "",
) -> tuple[int, bytes]:
    """Call an application with a body in pieces, and return status and body of the answer.

    After the pieces the caller is still there and says nothing, or does what `after` says.
    """
    pieces: list[MutableMapping[str, Any]] = [
        {"type": "http.request", "body": body, "more_body": bool(after) or at < len(bodies)}
        for at, body in enumerate(bodies, 1)
    ]
    if after == "gone":
        pieces.append({"type": "http.disconnect"})
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        if not pieces:
            await anyio.sleep_forever()
        return pieces.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    await app({**SCOPE, **(scope or {})}, receive, send)
    if not sent:
        return 0, b""
    assert dict(sent[0]["headers"])[b"content-length"] == b"%d" % len(sent[1]["body"])
    return sent[0]["status"], sent[1]["body"]


async def test_the_answer_comes_when_the_events_are_kept() -> None:
    """It is the webhook's own; the request is what came."""
    hook, kept = Hook(), Kept()
    app = WebhookApp(hook, kept.put)
    assert (202, b"thanks") == await call(app, b"he", b"llo", scope={"query_string": b"a=1"})
    assert ([ONE], 1) == (kept.events, app.counts["taken"])
    [asked] = hook.asked
    assert (asked.method, asked.url, asked.body) == (
        "POST",
        "http://inside:8000/hook?a=1",
        b"hello",
    )
    assert asked.at > 0


async def test_nobody_is_answered_before_the_events_are_kept() -> None:
    """The answer waits for whoever keeps them."""
    kept = Kept(held=anyio.Event())
    app = WebhookApp(Hook(), kept.put)
    answers: list[tuple[int, bytes]] = []

    async def ask() -> None:
        answers.append(await call(app, b""))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert answers == []
        assert kept.held is not None
        kept.held.set()
    assert answers == [(202, b"thanks")]


@pytest.mark.parametrize(
    ("fault", "counted"),
    [(ChannelFault("retry", "nobody reads"), "not kept"), (None, "late")],
)
async def test_what_is_not_kept_is_delivered_again(
    fault: ChannelFault | None, counted: str
) -> None:
    """503 says so, and in time."""
    kept = Kept(fault=fault, held=None if fault else anyio.Event())
    app = WebhookApp(Hook(), kept.put, within=seconds(0.2))
    with anyio.fail_after(2):
        status, _ = await call(app, b"")
    assert (status, app.counts[counted], kept.events) == (503, 1, [])


async def test_what_came_too_late_may_be_kept_all_the_same() -> None:
    """The inbox has it, and gives it to whoever reads next."""
    inbox = Inbox()
    app = WebhookApp(Hook(), inbox.put, within=seconds(0.1))
    async with inbox.open() as incoming:
        assert 503 == (await call(app, b""))[0]
        assert ONE == await anext(incoming)


@pytest.mark.parametrize("told", [True, False])
async def test_no_more_is_read_than_the_webhook_takes(told: bool) -> None:  # noqa: FBT001 - a case
    """413, by the length that is told or by what comes."""
    hook = Hook(most_bytes=10)
    app = WebhookApp(hook, Kept().put)
    headers = [(b"content-length", b"11")] if told else []
    bodies = [b"never read"] if told else [b"12345", b"67890", b"1"]
    got = await call(app, *bodies, scope={"headers": headers}, after="nothing")
    assert (got[0], hook.asked) == (413, [])
    assert 202 == (await call(app, b"1234567890"))[0]


async def test_a_body_in_crumbs_takes_no_more_room_than_in_one_piece() -> None:
    """What is held is bytes, however they come."""
    size = 200_000
    crumbs = [b"x"] * size
    pieces: list[MutableMapping[str, Any]] = [
        {"type": "http.request", "body": crumb, "more_body": True} for crumb in crumbs
    ]
    held: list[int] = []

    async def receive() -> MutableMapping[str, Any]:
        if pieces:
            return pieces.pop()
        held.append(tracemalloc.get_traced_memory()[0])
        return {"type": "http.disconnect"}

    async def send(_: MutableMapping[str, Any]) -> None:
        raise AssertionError

    tracemalloc.start()
    await WebhookApp(Hook(most_bytes=size), Kept().put)(dict(SCOPE), receive, send)
    tracemalloc.stop()
    assert held[0] < 2 * size


@pytest.mark.parametrize("length", [b"9" * 5_000, b"-1", b"\xb2", b"ten", b""])
async def test_a_length_that_makes_no_sense_is_not_believed(length: bytes) -> None:
    """What is too long to be a number is too much; else what comes is counted."""
    app = WebhookApp(Hook(), Kept().put)
    got = await call(app, b"hello", scope={"headers": [(b"content-length", length)]})
    assert got[0] == (413 if len(length) > 18 else 202)


async def test_a_slow_body_is_not_waited_for() -> None:
    """408 after so long."""
    app = WebhookApp(Hook(), Kept().put, body_within=seconds(0.05))
    assert 408 == (await call(app, b"a", after="nothing"))[0]


async def test_who_hangs_up_is_not_answered() -> None:
    """Half a body is none."""
    hook = Hook()
    app = WebhookApp(hook, Kept().put)
    assert (0, b"") == await call(app, b"a", after="gone")
    assert (hook.asked, app.counts["gone"]) == ([], 1)


async def test_so_many_are_worked_on_at_once() -> None:
    """One more is told to come again; when one is done, there is room."""
    kept = Kept(held=anyio.Event())
    app = WebhookApp(Hook(), kept.put, at_once=2)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call, app, b"")
        tasks.start_soon(call, app, b"")
        await anyio.wait_all_tasks_blocked()
        assert (503, b"busy") == await call(app, b"")
        assert kept.held is not None
        kept.held.set()
    assert 202 == (await call(app, b""))[0]


async def test_why_a_request_was_refused_is_told() -> None:
    """To the log, and in the count; the provider gets the webhook's answer."""
    told: list[str] = []
    app = WebhookApp(Hook(refused(401, "not signed")), Kept().put, refused=told.append)
    assert 401 == (await call(app, b""))[0]
    assert (told, app.counts["refused"]) == (["not signed"], 1)
    assert 200 == (await call(WebhookApp(Hook(Received()), Kept().put), b""))[0]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, "http://inside:8000/hook"),
        ({"forwarded": True}, "https://help.example/hook"),
        ({"public": "https://other.example"}, "https://other.example/hook"),
    ],
    ids=["as it came", "forwarded", "public"],
)
async def test_the_url_is_the_one_that_the_provider_has_called(
    settings: dict[str, Any], expected: str
) -> None:
    """Behind a proxy that is trusted, or as it is set; nobody else can say what it is."""
    hook = Hook()
    headers = [
        (b"host", b"inside:8000"),
        (b"x-forwarded-proto", b"https"),
        (b"X-Forwarded-Host", b"evil.example, help.example"),
    ]
    await call(WebhookApp(hook, Kept().put, **settings), b"", scope={"headers": headers})
    assert expected == hook.asked[0].url


async def test_a_path_is_given_as_it_was_written() -> None:
    """Escaped, also where the server gives it only in letters."""
    hook = Hook()
    app = WebhookApp(hook, Kept().put)
    await call(app, b"", scope={"path": "/thẻ"})
    await call(app, b"", scope={"path": "/thẻ", "raw_path": b"/th%e1%ba%bb"})
    assert [asked.url.rpartition("/")[2] for asked in hook.asked] == ["th%E1%BA%BB", "th%e1%ba%bb"]


@pytest.mark.parametrize(
    "wrong",
    [{"within": seconds(0)}, {"at_once": 0}, {"public": "help.example"}, {"body_within": 5}],
    ids=str,
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    """They name themselves."""
    with pytest.raises(ConfigurationError) as raised:
        WebhookApp(Hook(), Kept().put, **wrong)
    assert next(iter(wrong)) in str(raised.value)


async def test_it_starts_and_stops_alone() -> None:
    """Where it is the whole application; a socket is closed."""
    app = WebhookApp(Hook(), Kept().put)
    told = ["lifespan.startup", "lifespan.shutdown"]
    sent: list[str] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": told.pop(0)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan"}, receive, send)
    await app({"type": "websocket"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete", "websocket.close"]


async def post(url: str, body: bytes) -> HttpResponse:
    """Post over the network."""
    async with Httpx2Client() as client:
        return await client.send(HttpRequest(url=url, body=body))


async def test_it_is_mounted_like_any_other() -> None:
    """Under Starlette, over real sockets, the url is whole."""
    hook, kept = Hook(), Kept()
    app = Starlette(routes=[Mount("/zalo", WebhookApp(hook, kept.put))])
    async with serving(app) as url:
        answer = await post(f"{url}/zalo/hook?x=%20y", b"hello")
        assert (answer.status, answer.body) == (202, b"thanks")
        assert hook.asked[0].url == f"{url}/zalo/hook?x=%20y"
        assert 413 == (await post(f"{url}/zalo/hook", b"x" * 101)).status
    assert kept.events == [ONE]
