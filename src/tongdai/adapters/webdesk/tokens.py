"""Who an agent is, signed.

Rule: a token says whose it is and until when, under a keyed hash that counts for nothing else: what
another adapter signs with the same secret is no agent's token. It is checked in constant time, and
before anything in it is read. Several secrets are accepted, so that one can replace another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from tongdai.adapters.signing import decoded, encoded, signature
from tongdai.channels import Secret, matches
from tongdai.errors import IllegalInput
from tongdai.model.time import Instant

_FOR: Final = "tongdai agent desk 1\n"
_LONGEST: Final = 1_024


class Pass(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Who somebody is, and until when."""

    agent: str
    until: int


def signed(secret: Secret, agent: str, until: Instant) -> str:
    """Return a token."""
    body = encoded(msgspec.json.encode(Pass(agent, until)))
    return f"{body}.{signature(secret, _FOR + body)}"


def pass_of(secrets: Sequence[Secret], token: str, now: Instant) -> Pass:
    """Return whose token this is, and until when.

    Raises:
        IllegalInput: it is nobody's, or it is over.
    """
    body, _, given = token.partition(".")
    expected = [signature(one, _FOR + body) for one in secrets if len(token) <= _LONGEST]
    if not matches(expected, given):
        raise IllegalInput("token: not signed by this desk")
    try:
        said = msgspec.json.decode(decoded(body), type=Pass)
    except ValueError as error:
        raise IllegalInput("token: not one of this version") from error
    if said.until <= now:
        raise IllegalInput("token: it has expired; sign in again")
    return said
