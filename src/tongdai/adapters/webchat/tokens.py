"""What is signed: who a visitor is, which file is meant, and whom the host application has let in.

Rule: what is signed says what it is for, and for which channel, so that no token passes as another.
The first key signs, all of them verify: a key is replaced by putting the new one before the old.
Reading raises nothing, and compares in constant time; no key stands in a repr.

A visitor's token and a file's are this server's own. An identity is made by the host application: a
JSON Web Token (RFC 7519) with HMAC-SHA256 (`HS256`, RFC 7515), which every language has a library
for. No other algorithm is taken, whatever its header says.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias, TypeVar

import msgspec
from msgspec import Meta

from tongdai.adapters.signing import Secrets, decoded, encoded, several, signature
from tongdai.channels import Secret, matches
from tongdai.errors import ConfigurationError
from tongdai.model.contact import Claim
from tongdai.model.personal import Personal, PersonalText, Value
from tongdai.model.time import Instant

_LONGEST: Final = 4_096
_MICROSECONDS: Final = 1_000_000
_Short: TypeAlias = Annotated[str, Meta(max_length=256), Personal]

T = TypeVar("T")


class Visitor(Value, frozen=True, kw_only=True):
    """Who a socket belongs to.

    Attributes:
        id: the visitor's, drawn by the server; the address on the channel.
        until: when the token is over.
        user, name, email: as the host application signed them; empty for those not known to it.
    """

    id: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{22}$")]
    until: Instant
    user: _Short = ""
    name: _Short = ""
    email: _Short = ""

    def claims(self, channel: str) -> tuple[Claim, ...]:
        """Return what is claimed with each message."""
        claims = [Claim("webchat", self.id, channel, "platform")]
        for scheme, value, scope in (
            ("user", self.user, channel),
            ("email", self.email, ""),
            ("name", self.name, ""),
        ):
            if value:
                claims.append(Claim(scheme, value, scope, "verified"))
        return tuple(claims)


class Kept(Value, frozen=True, kw_only=True):
    """A file, as it is named in links: where it is kept, and whose it is (empty: the center's)."""

    url: PersonalText
    kind: str
    name: PersonalText = ""
    size: int | None = None
    owner: str = ""


class Identity(Value, frozen=True, kw_only=True):
    """Whom the host application has let in."""

    user: PersonalText
    name: PersonalText = ""
    email: PersonalText = ""


class _Header(msgspec.Struct):
    alg: str
    crit: object = None


class _Body(msgspec.Struct):
    sub: Annotated[str, Meta(min_length=1, max_length=256)]
    exp: float
    nbf: float = 0
    aud: str | list[str] = ""
    name: Annotated[str, Meta(max_length=256)] = ""
    email: Annotated[str, Meta(max_length=256)] = ""


_header = msgspec.json.Decoder(_Header)
_body = msgspec.json.Decoder(_Body)
_HEADER: Final = b'{"alg":"HS256","typ":"JWT"}'


class Keys:
    """Keys that sign for one channel."""

    __slots__ = ("_channel", "_keys")

    def __init__(self, secrets: Secrets, channel: str, field: str) -> None:
        """Keep them.

        Raises:
            ConfigurationError: there is none, or one is shorter than 16 bytes.
        """
        self._keys = several(secrets, field)
        self._channel = channel

    def __repr__(self) -> str:
        """Tell how many there are."""
        return f"<{len(self._keys)} keys>"

    def sign(self, what: Visitor | Kept) -> str:
        """Return a token."""
        body = encoded(msgspec.json.encode(what))
        return f"{body}.{self._signature(self._keys[0], type(what).__name__, body)}"

    def visitor(self, token: str, now: Instant) -> Visitor | None:
        """Return the visitor of a token, unless it is over or not ours."""
        visitor = self._read(token, Visitor)
        return visitor if visitor is not None and visitor.until > now else None

    def file(self, token: str) -> Kept | None:
        """Return the file of a token, unless it is not ours."""
        return self._read(token, Kept)

    def identity(self, token: str, now: Instant) -> Identity | str:  # noqa: PLR0911 - a reason each
        """Return whom a JSON Web Token lets in, or why nobody."""
        signed, _, given = token.rpartition(".")
        head, _, body = signed.partition(".")
        try:
            if len(token) > _LONGEST:
                return f"it has more than {_LONGEST} characters"
            header = _header.decode(decoded(head))
            if header.alg != "HS256" or header.crit is not None:
                return "its algorithm is not HS256, or its header asks for more (`crit`)"
            expected = [signature(key, signed) for key in self._keys]
            if not matches(expected, given):
                return "its signature does not fit"
            claims = _body.decode(decoded(body))
            wanted = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        except (ValueError, RecursionError):
            return "it is no JSON Web Token with a `sub` and an `exp`"
        if claims.exp * _MICROSECONDS <= now:
            return "it is over (`exp`)"
        if claims.nbf * _MICROSECONDS > now:
            return "it has not begun (`nbf`)"
        if wanted != [""] and self._channel not in wanted:
            return "it is for somebody else (`aud`)"
        return Identity(user=claims.sub, name=claims.name, email=claims.email)

    def _read(self, token: str, kind: type[T]) -> T | None:
        body, _, given = token.rpartition(".")
        if len(token) > _LONGEST:
            return None
        expected = [self._signature(key, kind.__name__, body) for key in self._keys]
        if not matches(expected, given):
            return None
        try:
            return msgspec.json.decode(decoded(body), type=kind)
        except (ValueError, RecursionError):
            return None

    def _signature(self, key: Secret, purpose: str, body: str) -> str:
        return signature(key, f"tongdai {purpose}\0{self._channel}\0{body}")


def sign_identity(
    secret: str | bytes | Secret,
    *,
    user: str,
    expires: Instant,
    name: str = "",
    email: str = "",
) -> str:
    """Return an identity for a widget: a JSON Web Token that the web chat takes until it expires.

    Any library for JSON Web Tokens makes the same: `HS256`, with `sub` (the user's id in the host
    application), `exp` (seconds since the epoch), and, as known, `name` and `email`.

    Args:
        secret: the `identity_secret` of the web chat.
        user: the user's id in the host application.
        expires: until when it is taken; a widget needs it once for each page.
        name: what to call them.
        email: their address, if the host application has verified it.

    Raises:
        ConfigurationError: there is no user.
    """
    if not isinstance(user, str) or not user:
        raise ConfigurationError("sign_identity: user: expected the user's id")
    key = secret if isinstance(secret, Secret) else Secret(secret)
    body = {"sub": user, "exp": expires // _MICROSECONDS, "name": name, "email": email}
    claims = msgspec.json.encode({name: value for name, value in body.items() if value != ""})
    signed = f"{encoded(_HEADER)}.{encoded(claims)}"
    return f"{signed}.{signature(key, signed)}"
