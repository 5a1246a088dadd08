"""What adapters need to call a provider over HTTP: one method.

Rule: a request is sent once. Where no byte of it was written, the fault is `retry`; where some may
have arrived and no answer did, it is `unknown`, whatever went wrong. What a provider answers, also
an error, is a response and no fault. Nothing that is sent or received stands in a repr, and no url
in a log: it may hold an id, and with some providers a key.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextvars import ContextVar
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, Final, Protocol, Self

import anyio

from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.personal import Personal, PersonalText, Value
from tongdai.model.time import Duration, seconds

if TYPE_CHECKING:
    import httpx2

TIMEOUT: Final = seconds(10)
"""How long a request may take, where an adapter does not say otherwise."""
MOST_ANSWERED: Final = 1_048_576
"""The largest body of a response that is read, in bytes, where nothing else is said."""
_SENDING: Final = ContextVar("sending", default=False)
_WRITING: Final = ("send_request_headers.started", "send_connection_init.started")


class HttpRequest(Value, frozen=True, kw_only=True):
    """What is asked of a provider.

    Attributes:
        method: such as `POST`.
        url: where, with scheme and host.
        headers: by their names; text of ISO 8859-1, without line ends.
        body: its bytes.
        timeout: how long all of it may take, the response's body included.
        most: the largest body that is read, in bytes; a larger one is a fault.
    """

    method: str = "POST"
    url: PersonalText
    headers: Annotated[Mapping[str, str], Personal] = {}
    body: Annotated[bytes, Personal] = b""
    timeout: Duration = TIMEOUT
    most: int = MOST_ANSWERED


class HttpResponse(Value, frozen=True, kw_only=True):
    """What a provider answered.

    Attributes:
        status: of HTTP.
        headers: by their names in small letters.
        body: its bytes.
    """

    status: int
    headers: Annotated[Mapping[str, str], Personal] = {}
    body: Annotated[bytes, Personal] = b""


class _NoUrls(logging.Filter):
    """Masks urls in what httpx2 logs of the requests here, and of no others."""

    def filter(self, record: logging.LogRecord) -> bool:
        if _SENDING.get() and isinstance(record.args, tuple):
            record.args = tuple("•••" if "://" in str(one) else one for one in record.args)
        return True


_NO_URLS: Final = _NoUrls()


class HttpClient(Protocol):
    """Sends requests; an application may bring its own."""

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request, once, and return what was answered. Redirects are not followed.

        Raises:
            ChannelFault: `retry`: it did not leave; `unknown`: it may have arrived, and there is no
                answer; `rejected`: no such request can be sent.
        """
        ...


class Httpx2Client:
    """An `HttpClient` on httpx2, for asyncio and trio: `async with Httpx2Client() as client`."""

    def __init__(self, client: httpx2.AsyncClient | None = None) -> None:
        """Make a client.

        Args:
            client: what to send with, for those who need a proxy or certificates of their own; who
                brings it closes it. By default one is made, and closed at the end of the block.

        Raises:
            ConfigurationError: httpx2 is not installed; says what to run.
        """
        self._httpx2: Any = _need()
        logging.getLogger("httpx2").addFilter(_NO_URLS)  # (once, however often)
        self._owned = client is None
        self._client: Any = self._httpx2.AsyncClient() if client is None else client

    async def __aenter__(self) -> Self:
        """Begin."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the connections."""
        if self._owned:
            await self._client.aclose()

    async def send(self, request: HttpRequest) -> HttpResponse:
        """Send a request (see `HttpClient.send`)."""
        wrote = False

        async def trace(event: str, _: object) -> None:
            nonlocal wrote
            wrote = wrote or event.endswith(_WRITING)

        within = int(request.timeout) / 1_000_000
        sending = _SENDING.set(True)
        try:
            asked = self._client.build_request(
                request.method,
                request.url,
                # (what comes packed could be larger than what is read)
                headers={**request.headers, "accept-encoding": "identity"},
                content=request.body,
                timeout=within,
                extensions={"trace": trace},
            )
            with anyio.fail_after(within):
                response = await self._client.send(asked, stream=True, follow_redirects=False)
                try:
                    body = await _read(response, request.most)
                finally:
                    with anyio.CancelScope(shield=True):
                        await response.aclose()
        except ChannelFault:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, it was sent or it was not
            raise self._fault(error, wrote=wrote) from None
        finally:
            _SENDING.reset(sending)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return HttpResponse(status=response.status_code, headers=headers, body=body)

    def _fault(self, error: Exception, *, wrote: bool) -> ChannelFault:
        """Return what went wrong: by what was written first, since that may have arrived."""
        httpx2, what = self._httpx2, type(error).__name__
        connected = (  # (a transport that does not tell what it writes has written by then)
            httpx2.WriteError,
            httpx2.WriteTimeout,
            httpx2.ReadError,
            httpx2.ReadTimeout,
            httpx2.RemoteProtocolError,
        )
        if wrote or isinstance(error, connected):
            return ChannelFault("unknown", f"{what}: sent, but not answered")
        wrong = (httpx2.InvalidURL, httpx2.UnsupportedProtocol, httpx2.LocalProtocolError)
        if isinstance(error, (*wrong, ValueError, TypeError)):  # (its text may have a header)
            return ChannelFault("rejected", f"{what}: the request cannot be written")
        return ChannelFault("retry", f"{what}: not sent")


async def _read(response: httpx2.Response, most: int) -> bytes:
    chunks: list[bytes] = []
    left = most
    try:
        async for chunk in response.aiter_raw():
            left -= len(chunk)
            if left >= 0:
                chunks.append(chunk)
            else:  # (its iterators are read to their end, which is here then; they are not left)
                await response.aclose()
    except Exception:
        if left >= 0:
            raise
    if left < 0:
        raise ChannelFault("unknown", f"answered with more than {most} bytes")
    return b"".join(chunks)


def _need() -> Any:  # noqa: ANN401 - a module that need not be there
    try:
        return import_module("httpx2")
    except ImportError:
        raise ConfigurationError(
            "tongdai.adapters.http needs httpx2, or a client of your own; "
            "run: pip install 'tongdai[zalo]'"
        ) from None
