"""Keys that sign what we hand out and want to know again.

Rule: the first key signs, all of them verify: a key is replaced by putting the new one before the
old. Whoever signs says in the text what it is for, so that no token passes as another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Final, TypeAlias

from tongdai.channels import Secret
from tongdai.errors import ConfigurationError

Secrets: TypeAlias = str | bytes | Secret | Iterable[str | bytes | Secret]
"""A key, or several: the first signs, all of them verify."""

_LEAST: Final = 16  # bytes of a key


def several(given: Secrets, field: str) -> tuple[Secret, ...]:
    """Return one key or several as secrets.

    Raises:
        ConfigurationError: names the field: there is none, or one is shorter than 16 bytes.
    """
    each = (given,) if isinstance(given, (str, bytes, Secret)) else tuple(given)
    keys = tuple(one if isinstance(one, Secret) else Secret(one) for one in each)
    if not keys or min(len(key.reveal()) for key in keys) < _LEAST:
        raise ConfigurationError(
            f"{field}: expected a key of {_LEAST} bytes or more, or several of them;"
            " secrets.token_urlsafe(32) makes one"
        )
    return keys


def signature(key: Secret, text: str) -> str:
    """Return a text's signature: HMAC-SHA256 (RFC 2104), encoded."""
    told = text.encode(errors="surrogatepass")
    return encoded(hmac.digest(key.reveal(), told, hashlib.sha256))


def encoded(data: bytes) -> str:
    """Return bytes as text that is safe in an address: base64url without padding (RFC 4648)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Return what is encoded.

    Raises:
        ValueError: it is not encoded like this.
    """
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
