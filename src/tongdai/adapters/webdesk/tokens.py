"""Who an agent is, signed.

Rule: a token says whose it is and until when, under a keyed hash that counts for nothing else: what
another adapter signs with the same secret is no agent's token. It is checked in constant time, and
before anything in it is read. Several secrets are accepted, so that one can replace another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from tongdai.channels import Secret, matches
from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.model.time import Instant

_FOR: Final = b"tongdai agent desk 1\n"
_LONGEST: Final = 1_024
_SHORTEST_SECRET: Final = 16


class _Pass(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    agent: str
    until: int


def several(secret: Secret | str | bytes | Iterable[Secret | str | bytes]) -> tuple[Secret, ...]:
    """Return one secret or several as secrets; the first one signs.

    Raises:
        ConfigurationError: there is none, or one is too short to be one.
    """
    given = (secret,) if isinstance(secret, (Secret, str, bytes)) else tuple(secret)
    found = tuple(one if isinstance(one, Secret) else Secret(one) for one in given)
    if not found or any(len(one.reveal()) < _SHORTEST_SECRET for one in found):
        raise ConfigurationError(
            f"WebDesk.secret: needs {_SHORTEST_SECRET} bytes or more;"
            " `python -c 'import secrets; print(secrets.token_urlsafe())'` gives one"
        )
    return found


def signed(secret: Secret, agent: str, until: Instant) -> str:
    """Return a token."""
    body = _text(msgspec.json.encode(_Pass(agent, until)))
    return f"{body}.{_sum(secret, body)}"


def agent_of(secrets: Sequence[Secret], token: str, now: Instant) -> str:
    """Return whose token this is.

    Raises:
        IllegalInput: it is nobody's, or it is over.
    """
    body, _, given = token.partition(".")
    if len(token) > _LONGEST or not matches([_sum(one, body) for one in secrets], given):
        raise IllegalInput("token: not signed by this desk")
    try:
        said = msgspec.json.decode(
            base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)), type=_Pass
        )
    except (binascii.Error, msgspec.MsgspecError, ValueError) as error:
        raise IllegalInput("token: not one of this version") from error
    if said.until <= now:
        raise IllegalInput("token: it has expired; sign in again")
    return said.agent


def _sum(secret: Secret, body: str) -> str:
    told = _FOR + body.encode(errors="surrogatepass")
    return _text(hmac.digest(secret.reveal(), told, hashlib.sha256))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
