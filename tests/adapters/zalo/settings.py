"""What the tests of Zalo share: a clock at a sensible instant, the account, and signed requests."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio

from tests.adapters.zalo.fake import Provider
from tongdai.adapters.zalo import MemoryTokens, TokenStore, Zalo
from tongdai.channels import Received, Request, Secret
from tongdai.testing import ManualClock

NOW = 1_767_225_600_000_000  # 2026-01-01
LAN = "8309393969855402319"
OA = Provider.oa_id


def provider(**settings: Any) -> Provider:  # noqa: ANN401 - of a provider
    """Return a provider whose clock stands still."""
    return Provider(ManualClock(NOW), **settings)


def account(
    of: Provider,
    *,
    api: str = "http://127.0.0.1:9",
    tokens: TokenStore | None = None,
    **more: Any,  # noqa: ANN401 - settings of the channel
) -> Zalo:
    """Return the channel of a provider's account."""
    settings: dict[str, Any] = {
        "app_id": of.app_id,
        "oa_id": of.oa_id,
        "oa_secret": [Secret(of.oa_secret)],
        "app_secret": Secret(of.app_secret),
        "tokens": tokens or MemoryTokens(of.tokens()),
        "clock": of.clock,
        "api": api,
        "oauth": api,
        **more,
    }
    return Zalo("zalo", **settings)


def signed(of: Provider, body: bytes) -> Request:
    """Return a request as the provider makes it."""
    return Request(headers=of.sign(body), body=body, at=of.clock.now())


def told(of: Provider, name: str, **rest: Any) -> Received:  # noqa: ANN401 - any JSON
    """Return what a channel makes of an event of Lan's."""
    return account(of).receive(signed(of, of.event(name, LAN, **rest)))


def changed(body: bytes, **changes: Any) -> bytes:  # noqa: ANN401 - any JSON
    """Return an event with other fields; `None` takes one away."""
    document = {**json.loads(body), **changes}
    return json.dumps(
        {name: value for name, value in document.items() if value is not None}
    ).encode()


async def until_so(condition: Callable[[], object]) -> None:
    """Wait for something at the other end of a connection."""
    while not condition():  # noqa: ASYNC110 - it is told by nobody
        await anyio.sleep(0.005)
