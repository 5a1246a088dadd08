"""A provider calls us over HTTP: what it asks, what it is answered, and what came with it.

Rule: `receive` is a function of the request alone, and raises nothing. It looks at the raw bytes
before anything is parsed: too many of them, or a signature that does not fit, and the answer says
so and there are no events. The host keeps the events first and gives the answer then; where it
cannot keep them, it answers 503 instead, so that the provider delivers again.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from typing import Annotated, Final, Protocol

from tongdai.channels.inbound import Inbound
from tongdai.errors import ConfigurationError
from tongdai.model.personal import Personal, PersonalText, Value
from tongdai.model.time import Duration, Instant

MOST_BYTES: Final = 1_048_576
"""The largest body that is looked at, where an adapter does not say otherwise."""


class Request(Value, frozen=True, kw_only=True):
    """What a provider asks.

    Attributes:
        method: such as `POST`.
        url: as the provider has called it, with scheme, host and query; some sign it.
        headers: by their names in small letters.
        body: as it came.
        at: when it came, by our clock.
    """

    method: str = "POST"
    url: PersonalText = ""
    headers: Annotated[Mapping[str, str], Personal] = {}
    body: Annotated[bytes, Personal] = b""
    at: Instant = 0


class Answer(Value, frozen=True, kw_only=True):
    """What a provider is answered.

    Attributes:
        status: of HTTP.
        body: its bytes.
        kind: their media type.
    """

    status: int = 200
    body: Annotated[bytes, Personal] = b""
    kind: str = "text/plain; charset=utf-8"


class Received(Value, frozen=True):
    """What came of a request.

    Attributes:
        events: what came in, in the provider's order.
        answer: what to answer once they are kept.
        refused: why there are no events, where the request was not taken; for a log, nothing
            personal is in it.
    """

    events: tuple[Inbound, ...] = ()
    answer: Answer = Answer()
    refused: str = ""


class Webhook(Protocol):
    """What understands a provider's requests.

    Attributes:
        most_bytes: the largest body; a host reads no more than that.
    """

    @property
    def most_bytes(self) -> int:
        """The largest body."""
        ...

    def receive(self, request: Request) -> Received:
        """Take a request; whatever it is, there is an answer."""
        ...


class Secret:
    """Something that signs or unlocks, and stands in no repr, log or pickle."""

    __slots__ = ("_value",)

    def __init__(self, value: str | bytes) -> None:
        """Keep it.

        Raises:
            ConfigurationError: it is empty, or neither text nor bytes.
        """
        if not isinstance(value, (str, bytes)) or not value:
            raise ConfigurationError("Secret: expected text or bytes, and some of it")
        self._value = value.encode() if isinstance(value, str) else bytes(value)

    def reveal(self) -> bytes:
        """Return it; whoever calls this keeps it to themselves."""
        return self._value

    def __repr__(self) -> str:
        """Tell that there is one."""
        return "Secret('***')"

    def __reduce__(self) -> str:
        """Refuse to be pickled."""
        raise TypeError("Secret: is not pickled")


def refused(status: int, why: str) -> Received:
    """Return the answer to a request that is not taken."""
    return Received(answer=Answer(status=status, body=why.encode()), refused=why)


def matches(expected: Iterable[str], given: str) -> bool:
    """Return whether a signature is one of those expected, in constant time.

    There are several while a key is being replaced by another.
    """
    told = given.encode(errors="surrogatepass")
    found = False
    for each in expected:
        found |= hmac.compare_digest(each.encode(), told)
    return found


def fresh(signed: Instant, now: Instant, within: Duration) -> bool:
    """Return whether a request was signed not too long ago, nor too far ahead."""
    return abs(now - signed) <= int(within)
