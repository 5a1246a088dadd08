"""Whatever is written to a socket or asked over HTTP has an answer, and nothing raises."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Any, Literal, get_args

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.routing import Mount

from tests.adapters.webchat.driver import FAST, SECRET, Frame, Wire, settle, site
from tongdai.adapters.webchat import Limits, MemoryHistories, Rate, WebChat, wire
from tongdai.adapters.webchat.limits import Buckets, bucket
from tongdai.adapters.webchat.rooms import Rooms, Socket
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.contact import Attachment
from tongdai.model.time import Duration, seconds

MOST = 32_768
DEEP = '{"t":"say","id":"m1","text":' + "[" * 16_000 + "]" * 16_000 + "}"
UNKNOWN_DEEP = '{"x":' + "[" * 16_000 + "]" * 16_000 + ',"t":"say","id":"m1"}'


@given(st.one_of(st.text(), st.binary(), st.none(), st.from_regex(r'\{"t":"[a-z]+".*\}')))
def test_reading_raises_nothing(text: object) -> None:
    """It is a frame, or it is wrong."""
    assert isinstance(wire.read(text, MOST), (wire.Wrong, *get_args(wire.FromWidget)))


@given(st.integers(0, 60), st.data())
def test_no_mutation_of_a_frame_raises(at: int, data: st.DataObject) -> None:
    """Any prefix, and any character in place of another."""
    text = '{"t":"say","id":"m1","text":"xin chào \\ud83d\\ude00","files":["a"]}'
    wire.read(text[:at], MOST)
    wire.read(text[:at] + data.draw(st.characters()) + text[at + 1 :], MOST)


@pytest.mark.parametrize(
    ("text", "close"),
    [
        (DEEP, wire.BAD),
        (UNKNOWN_DEEP, wire.BAD),
        ("x" * (MOST + 1), wire.TOO_LARGE),
        ("ắ" * (MOST // 3 + 1), wire.TOO_LARGE),
        ("\ud800", wire.BAD),
        ('{"t":"say","id":"m1","text":"\\ud800"}', wire.BAD),
        ('{"t":"say","id":"../x"}', wire.BAD),
        ('{"t":"say","id":"m1","more":1}', wire.BAD),
        ('{"t":"got","upto":-1}', wire.BAD),
        ('{"t":"got","upto":1e300}', wire.BAD),
        ('{"t":"nothing"}', wire.BAD),
        (b"\x00", wire.BAD),
    ],
)
def test_what_is_out_of_bounds_is_wrong(text: object, close: int) -> None:
    """Depth, size, half characters, ids, fields, numbers and kinds."""
    found = wire.read(text, MOST)
    assert isinstance(found, wire.Wrong)
    assert found.close == close


@given(st.text())
def test_what_is_clean_stays_so(text: str) -> None:
    """Nothing is left that is no text, and it can be written as UTF-8."""
    assert wire.clean(wire.clean(text)) == wire.clean(text)
    wire.clean(text + "\ud800").encode()


@pytest.mark.anyio
async def test_a_socket_is_let_go_with_a_reason() -> None:
    """Each kind of wrong has its code."""
    async with site(limits=Limits(calls=Rate(1_000))) as it:
        token = await it.token()
        hello: Frame = {"t": "hello", "token": token}
        cases: list[tuple[list[Frame | str], int]] = [
            (["{"], 4400),
            ([{"t": "ping"}], 4400),
            (["x" * (MOST + 1)], 4413),
            ([hello, "{"], 4400),
            ([hello, hello], 4400),
            ([hello, DEEP], 4400),
            ([hello, "x" * (MOST + 1)], 4413),
        ]
        for frames, code in cases:
            given_up = await it.connect()
            for frame in frames:
                given_up.write(frame)
            await settle()
            assert given_up.closed == code
        binary = await it.enter(token)
        binary.put({"type": "websocket.receive", "bytes": b"x"})
        await settle()
        assert binary.closed == 4400
        for early in (await it.connect(), await it.enter(token)):
            early.cut()
            await settle()
        alive = await it.enter(token)
        alive.write({"t": "ping"})
        alive.write({"t": "say", "id": "m1", "text": "x" * 4_001})
        await settle()
        assert [frame.get("code", frame["t"]) for frame in alive.got] == ["welcome", "pong", "long"]
        assert it.inbound == []


@pytest.mark.anyio
async def test_a_hello_has_to_come_in_time() -> None:
    """A socket that says nothing is let go."""
    async with site(limits=Limits(hello=seconds(0.001))) as it:
        silent = await it.connect()
        with anyio.fail_after(5):
            while silent.closed is None:
                await anyio.lowlevel.checkpoint()
        assert silent.closed == 4408


@pytest.mark.anyio
async def test_only_pages_that_may_are_let_in() -> None:
    """Those of the same host, and those that are named; others by nobody's mistake."""
    async with site(origins=["https://www.example.com/"]) as it:
        for origin, allowed in (
            ("https://shop.example", True),
            ("https://shop.example:443", True),
            ("http://SHOP.example", True),
            ("https://www.example.com", True),
            ("https://www.example.com.evil.example", False),
            ("https://evil.example", False),
            ("https://[", False),
            ("null", False),
        ):
            got = await it.http("POST", "/session", origin=origin)
            assert (got.status == 200, "access-control-allow-origin" in got.headers) == (
                allowed,
                allowed,
            )
            connected = await it.connect(origin=origin)
            assert (connected.accepted, connected.closed) == (allowed, None if allowed else 1008)
        before = await it.http("OPTIONS", "/files", origin="https://www.example.com")
        assert (before.status, "authorization" in str(before.headers)) == (204, True)
    async with site(origins=["*"]) as it:
        got = await it.http("POST", "/session", b"[", origin="https://evil.example")
        assert got.headers["access-control-allow-origin"] == "https://evil.example"


@pytest.mark.anyio
async def test_the_widget_is_served_and_kept() -> None:
    """Asked for again, it is not sent again; packed for those who can unpack it."""
    async with site() as it:
        got = await it.http("GET", "/widget.js")
        assert got.headers["content-type"].startswith("text/javascript")
        again = await it.http("GET", "/widget.js", if_none_match=f'"x", W/{got.headers["etag"]}')
        assert (again.status, again.body) == (304, b"")
        packed = await it.http("GET", "/widget.js", accept_encoding="gzip, br")
        assert (packed.headers["content-encoding"], len(packed.body) < len(got.body) / 2) == (
            "gzip",
            True,
        )
        assert (await it.http("HEAD", "/widget.js")).body == b""
        assert (await it.http("POST", "/widget.js")).status == 405
        assert (await it.http("GET", "/nothing")).status == 404
        assert (await it.connect(Wire())).accepted


@pytest.mark.anyio
async def test_a_file_is_taken_only_as_it_should_be() -> None:
    """With a token, of a kind that is taken and is what it says, and not too large."""
    async with site(limits=Limits(file=100, calls=Rate(1_000))) as it:
        bearer = f"Bearer {await it.token()}"
        for kind, body, headers, status in (
            ("image/png", b"\x89PNG\r\n\x1a\n", {}, 401),
            ("image/png", b"GIF89a", {"authorization": bearer}, 415),
            ("text/html", b"<b>", {"authorization": bearer}, 415),
            ("image/svg+xml", b"<svg>", {"authorization": bearer}, 415),
            ("text/plain", b"", {"authorization": bearer}, 415),
            ("text/plain", b"x" * 101, {"authorization": bearer}, 413),
            ("text/plain; charset=utf-8", b"x" * 100, {"authorization": bearer}, 200),
        ):
            got = await it.http("POST", "/files", body, content_type=kind, **headers)
            assert got.status == status
        for query in ("name=%ff%00a", "name=" + "x" * 500, "&" * 50, "é"):
            plain = {"authorization": bearer, "content_type": "text/plain"}
            assert (await it.http("POST", "/files", b"x", query=query, **plain)).status == 200


@pytest.mark.anyio
async def test_it_is_mounted_anywhere() -> None:
    """Under Starlette, two folders down; and under a server that cuts the path itself."""
    async with site() as it:
        it.app = Starlette(routes=[Mount("/a", routes=[Mount("/chat", it.chat.app)])])
        it.root = "/a/chat"
        talking = await it.enter(await it.token())
        talking.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        assert (talking.got[-1]["t"], len(it.messages())) == ("ack", 1)
        assert (await it.http("GET", "/widget.js")).status == 200
        it.app, it.root = it.chat.app, ""
        assert (await it.http("GET", "/widget.js", root_path="/chat/")).status == 200


@pytest.mark.anyio
async def test_it_answers_to_a_lifespan() -> None:
    """So it runs by itself too."""
    events = ["lifespan.startup", "lifespan.shutdown"]
    told: list[str] = []

    async def receive() -> dict[str, str]:
        await anyio.lowlevel.checkpoint()
        return {"type": events.pop(0)}

    async def send(event: dict[str, str]) -> None:
        await anyio.lowlevel.checkpoint()
        told.append(event["type"])

    chat = WebChat("site", secret=SECRET)
    await chat.app({"type": "lifespan"}, receive, send)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert told == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


@pytest.mark.anyio
async def test_while_the_channel_is_closed_widgets_wait() -> None:
    """They are let go with `try again later`, and nothing is taken."""
    chat = WebChat("site", secret=SECRET, limits=FAST)
    async with site() as it:
        it.app = chat.app
        closed = await it.enter(await it.token())
        closed.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        assert (closed.closed, it.inbound) == (1013, [])


@given(st.lists(st.integers(0, 3_000_000), max_size=60))
def test_a_bucket_keeps_its_rate(pauses: list[int]) -> None:
    """Whoever waits as long as told is never faster than the rate, but for the first ones."""
    ours = bucket(Rate(3, Duration(3_000_000)))
    now, times = 0, list[int]()
    for pause in pauses:
        now += pause
        ready = ours.ready()
        if ready <= now + 2_000_000:
            ours.take(now)
            now = max(now, ready)
            times.append(now)
    for first, moment in enumerate(times):
        within = [each for each in times[first:] if each < moment + 3_000_000]
        assert len(within) <= 2 * 3


def test_buckets_are_forgotten() -> None:
    """When they are full again; and at last the oldest."""
    buckets = Buckets(Rate(1), most=3)
    for who in "abcde":
        buckets.take(who, 0)
    assert (len(buckets), buckets.take("a", 0)) == (3, 0)
    assert [buckets.take("e", 0) for _ in "12"] == [1_000_000] * 2
    buckets.take("z", 10_000_000)
    assert len(buckets) == 1


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (Limits, {"frame": 0}),
        (Limits, {"messages": 3}),
        (Limits, {"hello": 3}),
        (Rate, {"most": 0}),
        (Rate, {"most": 1, "per": seconds(0)}),
        (Rate, {"most": 1, "per": 5}),
        (MemoryHistories, {"lines": 0}),
        (WebChat, {"secret": SECRET, "id": "a/b"}),
        (WebChat, {"id": "site", "secret": SECRET, "origins": "https://a.example"}),
    ],
)
def test_a_wrong_setting_is_named(kind: Callable[..., object], settings: dict[str, Any]) -> None:
    """Where it is made."""
    with pytest.raises(ConfigurationError, match=next(iter(reversed(settings)))):
        kind(**settings)


class NoRoom:
    """A store of files that takes none."""

    def __init__(self, kind: Literal["rejected", "retry"]) -> None:
        self.kind: Literal["rejected", "retry"] = kind

    async def keep(self, data: bytes, *, name: str, kind: str) -> Attachment:
        """Refuse a file."""
        raise ChannelFault(self.kind, f"{len(data)} bytes of {name or kind}")

    async def fetch(self, url: str) -> bytes:
        """Have none."""
        raise KeyError(url)


@pytest.mark.anyio
@pytest.mark.parametrize(("kind", "status"), [("rejected", 413), ("retry", 503)])
async def test_a_store_may_refuse_a_file(kind: Literal["rejected", "retry"], status: int) -> None:
    """For good, or for now; and a caller who goes in the middle is no matter."""
    async with site(files=NoRoom(kind)) as it:
        plain = {"authorization": f"Bearer {await it.token()}", "content_type": "text/plain"}
        assert (await it.http("POST", "/files", b"x", **plain)).status == status
        assert (await it.http("POST", "/files", [], **plain)).status == 400


def test_empty_rooms_are_forgotten_at_last() -> None:
    """The oldest first; a room with somebody in it is not empty."""
    rooms = Rooms(Limits(), idle=3)
    full = rooms.of("full")
    rooms.enter(full, Socket(_nowhere, 1))
    for number in range(10):
        rooms.of(str(number))
    assert (len(rooms), rooms.of("full") is full) == (4, True)
    rooms.leave(full, full.sockets[0])
    assert len(rooms) == 3


async def _nowhere(event: MutableMapping[str, Any]) -> None:
    await anyio.lowlevel.checkpoint()
    raise OSError(event["type"])
