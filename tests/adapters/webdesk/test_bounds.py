"""What comes from a browser is bounded: its origin, its frames, how many of them, its paths."""

from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.webdesk.helpers import KEY, Message, hall
from tongdai import seconds
from tongdai.adapters.webdesk import WebDesk, asks, pages
from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.journal import MemoryJournal
from tongdai.runtime import Runtime

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "data",
    [
        "",
        "hello",
        "[]",
        "{}",
        '{"do": "dance"}',
        '{"do": "accept"}',
        '{"do": "accept", "offer": 1}',
        '{"do": "accept", "offer": "c1/1", "agent": "binh"}',
        '{"do": "presence", "presence": "offline"}',
        '{"do": "say", "interaction": "c1/1", "key": "a b", "text": "?"}',
        '{"do": "say", "interaction": "c1/1", "key": "k", "text": %s}' % json.dumps("x" * 10_001),  # noqa: UP031 - braces
        '{"do": "read", "interaction": "c1/1", "line": -1}',
        '{"do": "typing", "interaction": "%s"}' % ("x" * 201),
        "[" * 60_000,
        b"\xff\xfe",
        b"\x00" * 70_000,
    ],
    ids=map(str, range(16)),
)
async def test_a_bad_frame_ends_the_connection(data: str | bytes) -> None:
    """And nothing else; the agent is lost, not offline, and may come back."""
    async with hall() as it:
        async with it.sits("an") as an:
            await an.raw(data)
            assert {"is": "closed", "code": 4400} == await an.until("closed")
        assert "lost" == it.live.center.agent("an").reason
        async with it.sits("an"):
            assert "available" == it.live.center.agent("an").presence


@given(st.binary(max_size=300) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
).map(msgspec.json.encode))  # fmt: skip
def test_any_frame_is_read_or_refused(data: bytes) -> None:
    """With the declared error and no other."""
    try:
        asks.read(data)
    except IllegalInput:
        return
    assert json.loads(data)["do"] in {"whole", "sign out"}


@pytest.mark.parametrize("first", ['{"do": "whole"}', "?", '{"do": "hello"}'])
async def test_the_first_frame_says_who(first: str) -> None:
    """Anything else first ends the connection."""
    async with hall() as it, it.socket() as browser:
        await browser.raw(first)
        assert {"is": "closed", "code": 4400} == await browser.next()


async def test_hello_is_said_once() -> None:
    """The second time is an error, and changes nothing."""
    async with hall() as it, it.sits("an") as an:
        again = await an.ask("hello", token=it.desk.sign("binh"))
        assert "said already" in again["wrong"]
        assert "offline" == it.live.center.agent("binh").presence


async def test_who_asks_too_fast_is_put_out() -> None:
    """Eighty at once and twenty a second are fine."""
    async with hall() as it, it.sits("an") as an:
        for _ in range(3):
            for _ in range(20):
                await an.ask("whole")
            it.clock.advance(seconds(1))
        for _ in range(90):
            await an.raw('{"do": "whole"}')
        assert {"is": "closed", "code": 4429} == await an.until("closed")


@pytest.mark.parametrize(
    ("origin", "taken"),
    [
        ("", True),
        ("https://shop.example", True),
        ("https://shop.example:443", True),
        ("https://desk.example", True),
        ("https://evil.example", False),
        ("https://shop.example:8443", False),
        ("https://shop.example.evil.example", False),
        ("null", False),
        ("https://[", False),
    ],
)
async def test_other_sites_cannot_connect(origin: str, taken: bool) -> None:  # noqa: FBT001 - a table
    """Unless they are named."""
    headers = [(b"origin", origin.encode())] if origin else []
    async with (
        hall(origins=["https://Desk.example"]) as it,
        it.socket(headers=headers) as browser,
    ):
        assert taken == (browser.seen == [])
        if taken:
            assert "whole" == (await browser.hello(it.desk.sign("an")))["is"]


async def test_there_is_one_socket_and_it_is_not_elsewhere() -> None:
    """Other paths are refused before they are accepted."""
    async with hall() as it, it.socket(path="/else") as browser:
        assert [{"is": "closed", "code": 4403}] == browser.seen


async def test_the_page_is_whole_and_says_what_may_be_done_with_it() -> None:
    """No script but its own, in no other page's frame; unchanged is not sent again."""
    async with hall() as it:
        for path, kind in (
            ("/", "text/html"),
            ("/desk.css", "text/css"),
            ("/desk.js", "text/javascript"),
            ("/words.js", "text/javascript"),
        ):
            status, headers, body = await it.request("GET", path)
            assert (200, True, True) == (
                status,
                headers["content-type"].startswith(kind),
                bool(body),
            )
            policy = headers["content-security-policy"]
            for rule in ("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"):
                assert rule in policy
            tag = [(b"if-none-match", headers["etag"].encode())]
            assert (304, b"") == (await it.request("GET", path, headers=tag))[::2]
            status, head, nothing = await it.request("HEAD", path)
            assert (200, headers, b"") == (status, head, nothing)
        assert 404 == (await it.request("GET", "/desk.py"))[0]
        assert 404 == (await it.request("GET", "/../desk.py"))[0]
        assert 404 == (await it.request("POST", "/"))[0]


async def test_a_file_that_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has its time; one that is told to be too large has none."""
    monkeypatch.setattr(pages, "_UPLOAD", seconds(0.05))
    async with hall(largest=100) as it, it.sits("an"):
        bearer = (b"authorization", f"Bearer {it.desk.sign('an')}".encode())
        status, _, body = await it.request("POST", "/files", b"x", [bearer], ends=False)
        assert (408, b"it did not come in time") == (status, body)
        told = (b"content-length", b"101")
        status, _, body = await it.request("POST", "/files", b"", [bearer, told], ends=False)
        assert (413, b"at most 100 bytes") == (status, body)


async def test_it_is_mounted_anywhere() -> None:
    """Below a path, with and without the slash that the page's own addresses need."""
    async with hall() as it:
        assert 200 == (await it.request("GET", "/agent/", root="/agent"))[0]
        status, headers, _ = await it.request("GET", "/agent", root="/agent")
        assert (307, "/agent/") == (status, headers["location"])
        assert 200 == (await it.request("GET", "/agent/desk.js", root="/agent"))[0]


async def test_nobody_sits_down_while_it_is_closed() -> None:
    """They are told to try again later; the page is there all the same."""
    desk = WebDesk(secret=KEY)
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Message = {"type": "websocket", "path": "/socket", "headers": []}
    await desk.app(scope, receive, send)
    assert ["websocket.accept", 1013] == [sent[0]["type"], sent[1]["code"]]


async def test_it_is_opened_once() -> None:
    """And what goes wrong inside is raised as it was."""
    async with hall() as it:
        with pytest.raises(ConfigurationError, match="open already"):
            async with it.desk.open(it.live):
                pass
    async with Runtime(it.live.center.fresh(), journal=MemoryJournal()) as live:

        async def fail() -> None:
            async with WebDesk(secret=KEY).open(live):
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
