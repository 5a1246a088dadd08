"""The HTTP client: a request is sent once, and a fault says whether it may have arrived."""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import anyio
import httpx2
import pytest
from anyio.abc import SocketStream

from tests.adapters.http.serving import Cut, Receive, Scope, Send, port_of, serving
from tongdai.adapters.http import HttpRequest, Httpx2Client
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.time import Duration, seconds

pytestmark = pytest.mark.anyio

SECRET = "s3cret-t0ken"  # noqa: S105 - of nothing real


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with what was asked."""
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = dict(scope["headers"])
    told = b" ".join([scope["method"].encode(), headers[b"access_token"], body])
    headers_back = [(b"X-Told", b"yes"), (b"content-length", str(len(told)).encode())]
    await send({"type": "http.response.start", "status": 207, "headers": headers_back})
    await send({"type": "http.response.body", "body": told})


async def fault(url: str, **settings: Any) -> ChannelFault:  # noqa: ANN401 - settings of a request
    """Send a request that fails, and return the fault."""
    async with Httpx2Client() as client:
        with pytest.raises(ChannelFault) as raised:
            await client.send(
                HttpRequest(url=url, headers={"access_token": SECRET}, body=b"hello", **settings)
            )
    assert SECRET not in f"{raised.value!r} {raised.value}"
    return raised.value


async def test_a_request_goes_out_and_its_answer_comes_back() -> None:
    """Method, headers and body; status, headers by small names, and body."""
    async with serving(echo) as url, Httpx2Client() as client:
        for _ in range(2):  # (the second one on the same connection)
            answer = await client.send(
                HttpRequest(url=f"{url}/x", headers={"access_token": SECRET}, body=b"hello")
            )
            assert (answer.status, answer.headers["x-told"]) == (207, "yes")
            assert answer.body == f"POST {SECRET} hello".encode()


async def test_what_did_not_leave_is_tried_again() -> None:
    """Nobody listens at the port."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = port_of(listener)
    await listener.aclose()
    found = await fault(f"http://127.0.0.1:{port}/")
    assert (found.kind, found.detail) == ("retry", "ConnectError: not sent")


async def test_what_was_written_and_not_answered_may_have_arrived() -> None:
    """The connection is cut after the request was read."""

    async def cut(_: Scope, receive: Receive, __: Send) -> None:
        await receive()
        raise Cut

    async with serving(cut) as url:
        found = await fault(url)
    assert (found.kind, "not answered" in found.detail) == ("unknown", True)


async def raw(act: Callable[[SocketStream], Awaitable[None]], within: Duration) -> ChannelFault:
    """Meet a server that does something on the bare connection, and return the fault."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")

    async def serve(stream: SocketStream) -> None:
        async with stream:
            with suppress(anyio.BrokenResourceError):
                await act(stream)

    found: list[ChannelFault] = []
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, serve)
        found.append(await fault(f"http://127.0.0.1:{port_of(listener)}/", timeout=within))
        tasks.cancel_scope.cancel()
    return found[0]


async def test_a_server_that_never_answers_is_waited_for_so_long() -> None:
    """The request has arrived, so nobody knows."""

    async def silent(stream: SocketStream) -> None:
        await stream.receive()
        await anyio.sleep_forever()

    assert "unknown" == (await raw(silent, seconds(0.1))).kind


async def test_an_answer_that_drips_has_no_longer_than_the_whole() -> None:
    """Each piece comes in time, and all of it never does."""

    async def drips(stream: SocketStream) -> None:
        await stream.receive()
        await stream.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        while True:
            await anyio.sleep(0.02)
            await stream.send(b"x")

    with anyio.fail_after(2):
        found = await raw(drips, seconds(0.2))
    assert found.kind == "unknown"


async def test_an_answer_that_makes_no_sense_is_no_answer() -> None:
    """It is not HTTP."""

    async def noise(stream: SocketStream) -> None:
        await stream.receive()
        await stream.send(b"hello yourself\r\n\r\n")

    assert "unknown" == (await raw(noise, seconds(5))).kind


async def test_no_more_is_read_than_is_allowed() -> None:
    """A body of one byte too many is a fault; one of just so many is not."""
    length = len(f"POST {SECRET} hello")
    async with serving(echo) as url:
        assert (
            await fault(url, most=length - 1)
        ).detail == f"answered with more than {length - 1} bytes"
        async with Httpx2Client() as client:
            asked = HttpRequest(
                url=url, headers={"access_token": SECRET}, body=b"hello", most=length
            )
            assert len((await client.send(asked)).body) == length


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest(url="ftp://127.0.0.1/"),
        HttpRequest(url="http://"),
        HttpRequest(url="http://127.0.0.1:99999999/"),
        HttpRequest(url="http://127.0.0.1/", headers={"access_token": f"{SECRET}\r\nx: y"}),
        HttpRequest(url="http://127.0.0.1/", headers={"access_token": f"{SECRET}ế"}),
    ],
    ids=["scheme", "no host", "port", "line end", "no such letter"],
)
async def test_a_request_that_cannot_be_written_is_refused(request_: HttpRequest) -> None:
    """It is nobody's fault but ours, and no secret is told."""
    async with Httpx2Client() as client:
        with pytest.raises(ChannelFault) as raised:
            await client.send(request_)
    assert raised.value.kind in ("rejected", "retry")
    assert SECRET not in f"{raised.value!r} {raised.value} {raised.value.__context__}"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx2.ConnectError("x"), "retry"),
        (httpx2.PoolTimeout("x"), "retry"),
        (httpx2.WriteError("x"), "unknown"),
        (httpx2.ReadError("x"), "unknown"),
        (httpx2.ReadTimeout("x"), "unknown"),
        (httpx2.RemoteProtocolError("x"), "unknown"),
        (httpx2.UnsupportedProtocol("x"), "rejected"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
async def test_a_transport_that_does_not_tell_what_it_wrote(error: Exception, kind: str) -> None:
    """What happens once it is connected may have arrived; nothing is sent twice for that."""

    def fail(_: httpx2.Request) -> httpx2.Response:
        raise error

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(fail)) as own:
        with pytest.raises(ChannelFault) as raised:
            await Httpx2Client(own).send(HttpRequest(url="http://127.0.0.1/"))
    assert kind == raised.value.kind


async def test_what_is_written_is_never_said_to_be_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever goes wrong with what comes back."""

    async def fail(*_: object) -> bytes:
        raise ValueError(SECRET)

    monkeypatch.setattr("tongdai.adapters.http._read", fail)
    async with serving(echo) as url:
        assert "unknown" == (await fault(url)).kind


async def test_a_client_that_is_brought_along_is_not_closed() -> None:
    """Who made it closes it."""
    async with serving(echo) as url, httpx2.AsyncClient() as own:
        async with Httpx2Client(own) as client:
            await client.send(HttpRequest(url=url, headers={"access_token": SECRET}))
        assert not own.is_closed


async def test_no_secret_is_in_a_repr_or_a_log(caplog: pytest.LogCaptureFixture) -> None:
    """Neither of what is sent nor of what comes back, however much is logged."""
    caplog.set_level(logging.DEBUG)
    async with serving(echo) as url, Httpx2Client() as client:
        asked = HttpRequest(
            url=f"{url}/bot{SECRET}/send?user={SECRET}",
            headers={"access_token": SECRET},
            body=SECRET.encode(),
        )
        answer = await client.send(asked)
        assert SECRET.encode() in answer.body
        assert SECRET not in f"{asked!r} {answer!r} {caplog.text}"
        assert "HTTP Request: POST ••• " in caplog.text
        async with httpx2.AsyncClient() as others:
            await others.get(f"{url}/other", headers={"access_token": "x"})
        assert "/other" in caplog.text


def test_a_library_that_is_missing_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to run."""
    monkeypatch.setitem(sys.modules, "httpx2", None)
    with pytest.raises(ConfigurationError) as raised:
        Httpx2Client()
    assert str(raised.value).endswith("run: pip install 'tongdai[zalo]'")
