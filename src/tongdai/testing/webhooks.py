"""What every webhook does, as checks for one of your own (see `tongdai.channels.Webhook`).

Rule: a webhook is a function of the request, so these checks need no provider that is awake: they
take the requests that the provider's player has written down, and change them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Any, Final

from msgspec.structs import replace

from tongdai.channels import (
    Received,
    Request,
    Webhook,
)
from tongdai.testing.provider import AnyProvider, same, true, unkept

_FINE: Final = 300
_WRONG: Final = 400


async def reads_a_request_the_same_each_time(provider: AnyProvider) -> str:
    """The same bytes give the same events, in the provider's order, each under a key of its own."""
    webhook = webhook_of(provider)
    if webhook is None or not provider.requests:
        return "there is no webhook"
    for request in provider.requests:
        first, second = answer_of(webhook, request), answer_of(webhook, request)
        true("a request that is right is taken", not first.refused and first.answer.status < _FINE)
        same("the same bytes give the same events", first.events, second.events)
        keys = [(type(event), event.key) for event in first.events]
        same("each event has a key of its own", len(keys), len(set(keys)))
        true("a request brings events", bool(keys))
    return ""


async def refuses_what_was_changed(provider: AnyProvider) -> str:
    """One flipped bit anywhere in the body, and there are no events."""
    webhook = webhook_of(provider)
    if webhook is None or not provider.requests:
        return "there is no webhook"
    if not provider.signed:
        return "the provider does not sign the body"
    for request in provider.requests:
        for place in _places(len(request.body)):
            body = bytearray(request.body)
            body[place] ^= 1
            answer = answer_of(webhook, replace(request, body=bytes(body)))
            same("a changed request brings no events", (), answer.events)
            true("a changed request is not answered as taken", answer.answer.status >= _WRONG)
        answer = answer_of(webhook, replace(request, headers={}))
        same("a request without its signature brings no events", (), answer.events)
    return ""


async def survives_any_request(provider: AnyProvider) -> str:
    """Whatever comes, there is an answer, and no error."""
    webhook = webhook_of(provider)
    if webhook is None:
        return "there is no webhook"
    bodies = [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"{" * 10_000, b"[" * 100_000, b'{"a":']
    bodies += changed([request.body for request in provider.requests])
    for request in provider.requests:
        if (again := provider.sign(request.body)) is not None:
            same(
                "what the provider's player signs is taken",
                answer_of(webhook, request).events,
                answer_of(webhook, again).events,
            )
    bare = provider.requests[0] if provider.requests else Request()
    for noise in bodies:
        signed = provider.sign(noise)  # (which is read further than what nobody has signed)
        for told in (replace(bare, body=noise), Request(method="GET", body=noise), signed):
            if told is not None:
                answer_of(webhook, told)
    large = replace(bare, body=b"x" * (webhook.most_bytes + 1))
    received = answer_of(webhook, large)
    same("a body that is too large brings no events", (), received.events)
    true("a body that is too large is refused", received.answer.status >= _WRONG)
    return ""


async def answers_challenges(provider: AnyProvider) -> str:
    """Who tries whether we are there is answered, and it brings no events."""
    webhook = webhook_of(provider)
    if webhook is None or not provider.challenges:
        return "the provider has no challenges"
    for request, wanted in provider.challenges:
        received = answer_of(webhook, request)
        same("a challenge brings no events", (), received.events)
        true("a challenge is answered", received.answer.status < _FINE)
        true("a challenge is answered with what was asked", wanted in received.answer.body)
    return ""


def webhook_of(provider: AnyProvider) -> Webhook | None:
    """Return the channel as a webhook, if it is one."""
    channel: Any = provider.channel
    return channel if callable(getattr(channel, "receive", None)) else None


def answer_of(webhook: Webhook, request: Request) -> Received:
    """Let a webhook take a request; it must not raise."""
    try:
        return webhook.receive(request)
    except Exception as error:
        raise unkept(
            f"whatever a request is, it is answered; got {type(error).__name__}: {error}"
        ) from error


def changed(several: Sequence[bytes]) -> Iterator[bytes]:
    """Return beginnings of what is right, and what is right but for a few bytes."""
    chance = random.Random(1)  # noqa: S311 - noise, no secret
    for right in several:
        yield from (right[:end] for end in _places(len(right)))
        for _ in range(50 if right else 0):
            body = bytearray(right)
            for _ in range(chance.randrange(1, 4)):
                body[chance.randrange(len(body))] = chance.randrange(256)
            yield bytes(body)


def _places(length: int) -> Sequence[int]:
    """Return places of a body, all of a short one and some forty of a long one."""
    return range(0, length, max(1, length // 40))
