"""What Zalo's answers mean.

Rule: HTTP 200 says nothing; `error` in the body does, and only 0 is success. An answer that cannot
be understood may stand for a message that was sent, and is `unknown`.

Zalo's own table was not at hand. Where a code's meaning comes from is told in
docs/explanation/channels-zalo.md; a code that is not listed is `rejected`, with its number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tongdai.adapters.http import HttpResponse
from tongdai.adapters.zalo.plain import Document, number, parsed, text
from tongdai.channels import Secret
from tongdai.errors import ChannelFault, FaultKind
from tongdai.model.time import Duration, minutes, seconds

EXPIRED: Final = frozenset(["-216", "-220", "401", "403"])
"""Codes and statuses that say that the access token is not taken."""
SPENT: Final = "-14020"
"""Says that a refresh token has been used before."""

_MEANINGS: Final[Mapping[str, tuple[FaultKind, str]]] = {
    "-32": ("throttled", "too many calls in a minute"),
    "-100": ("retry", "something went wrong there"),
    "-201": ("rejected", "a parameter is wrong"),
    "-204": ("unauthorised", "the account was deleted"),
    "-205": ("unauthorised", "there is no such account"),
    "-210": ("rejected", "a parameter is too long"),
    "-211": ("window_closed", "no quota is left"),
    "-212": ("unauthorised", "the application may not call this"),
    "-213": ("window_closed", "the customer does not follow the account"),
    "-216": ("unauthorised", "the access token is wrong"),
    "-217": ("blocked", "the customer has blocked the account"),
    "-218": ("window_closed", "the customer was sent too much"),
    "-219": ("unauthorised", "the application was removed or disabled"),
    "-220": ("unauthorised", "the access token has expired"),
    "-221": ("unauthorised", "the account is not verified"),
    "-223": ("window_closed", "no quota is left"),
    "-224": ("unauthorised", "the account's package does not include this"),
    "-227": ("bad_address", "the customer's account is banned or asleep"),
    "-230": ("window_closed", "the customer has not written for seven days"),
    "-232": ("window_closed", "the customer has not written, or too long ago"),
    "-233": ("rejected", "this kind of message cannot be sent"),
    "-234": ("window_closed", "nothing is sent at this hour"),
    "-244": ("blocked", "the customer does not want this kind of message"),
    "-248": ("rejected", "against the platform's rules"),
}
_PAUSE: Final = minutes(1)  # what -32 counts in
_NOT_NOW: Final = 503
_TOO_MANY: Final = 429
_SERVERS: Final = 500
_CALLERS: Final = 400
_LONGEST: Final = 200  # characters of what the provider says
_LONGEST_CODE: Final = 20
_DIGITS: Final = 5


def understand(answer: HttpResponse, token: Secret) -> Document:
    """Return the document of an answer that says success.

    Args:
        answer: what came.
        token: what was sent with the call; it is in no fault, even where the answer has it.

    Raises:
        ChannelFault: anything else; its code is Zalo's, or the status of HTTP.
    """
    document = parsed(answer.body) or {}
    code = code_of(document)
    if code == "0" and answer.status < _CALLERS:
        return document
    raise fault_of(answer, document, token)


def fault_of(answer: HttpResponse, document: Document, secret: Secret) -> ChannelFault:
    """Return the fault of an answer that does not say success.

    A code that is not known says less than a status of HTTP does, if that is an error.

    Args:
        answer: what came.
        document: what its body holds.
        secret: what was sent with the call; it is not in the fault.
    """
    code = code_of(document)
    by_status = _by_status(answer)
    if code in ("", "0"):
        return by_status
    if code not in _MEANINGS and answer.status >= _CALLERS and by_status.kind != "rejected":
        return by_status
    said = text(document.get("message")).replace(secret.reveal().decode(), "***")[:_LONGEST]
    kind, why = _MEANINGS.get(code, ("rejected", said))
    wait = (_told(answer) or _PAUSE) if kind == "throttled" else None
    return ChannelFault(kind, why, retry_after=wait, code=code)


def _by_status(answer: HttpResponse) -> ChannelFault:
    """Return the fault of an answer that has no code."""
    kind: FaultKind = "unknown"
    wait: Duration | None = None
    if str(answer.status) in EXPIRED:
        kind = "unauthorised"
    elif answer.status == _TOO_MANY:
        kind, wait = "throttled", _told(answer) or _PAUSE
    elif answer.status == _NOT_NOW:
        kind, wait = "retry", _told(answer)
    elif _CALLERS <= answer.status < _SERVERS:
        kind = "rejected"
    why = "the answer says neither success nor why not"
    return ChannelFault(kind, why, retry_after=wait, code=str(answer.status))


def code_of(document: Document) -> str:
    """Return the code of an answer as text; empty where it has none."""
    return text(document.get("error"))[:_LONGEST_CODE]


def _told(answer: HttpResponse) -> Duration | None:
    """Return how long the provider wants to be left alone, where it says so in seconds."""
    told = number(answer.headers.get("retry-after"), _DIGITS)
    return None if told is None else seconds(told)
