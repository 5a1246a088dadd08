"""The tokens with which Zalo is called, and how they are renewed.

Rule: a refresh token is good for one use, and what comes for it is kept before it is used. So one
renewal runs at a time, is not interrupted, and looks first whether another process has renewed them
already.

What no client can mend: when the process dies after Zalo has given new tokens and before they are
kept, the old refresh token is spent and the new one lost. The next renewal is then told so, and
somebody has to authorise the application once more. A renewal whose answer got lost on the way may
have the same end; it is tried again first.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlencode

import anyio
import anyio.to_thread
import attrs

from tongdai.adapters.http import HttpClient, HttpRequest
from tongdai.adapters.replacing import replace
from tongdai.adapters.zalo.codes import SPENT, code_of, fault_of
from tongdai.adapters.zalo.plain import number, parsed, text
from tongdai.channels import Secret
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.time import Instant, minutes
from tongdai.runtime import Clock

_EARLY: Final = minutes(5)  # before they expire, tokens are renewed
_REST: Final = minutes(5)  # after a renewal there is no other
_LASTS: Final = 3_600  # seconds, where Zalo does not say
_DIGITS: Final = 9
_SERVERS: Final = 500
_KEEPING: Final = 10.0  # seconds in which tokens are kept, while nobody can interrupt that


@attrs.frozen
class Tokens:
    """What an Official Account's authorisation has brought.

    Attributes:
        access: goes with every call.
        refresh: brings the next two, once.
        expires: until when the first is taken; 0 where that is not known.
    """

    access: Secret
    refresh: Secret
    expires: Instant = 0


class TokenStore(Protocol):
    """Where tokens are kept. While it raises something, nothing is sent; it is asked again."""

    async def load(self) -> Tokens | None:
        """Return what was saved last; `None` where nothing was."""
        ...

    async def save(self, tokens: Tokens) -> None:
        """Keep tokens in place of those before; return when a crash can lose them no more."""
        ...


class MemoryTokens:
    """Tokens in memory, for tests: what Zalo has renewed is lost with the process."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        """Begin with some, or none."""
        self._tokens = tokens

    async def load(self) -> Tokens | None:
        """Return them (see `TokenStore.load`)."""
        return self._tokens

    async def save(self, tokens: Tokens) -> None:
        """Keep them (see `TokenStore.save`)."""
        self._tokens = tokens


class FileTokens:
    """Tokens in a file that only its owner can read; it is replaced as a whole, or not at all."""

    def __init__(self, path: str | Path) -> None:
        """Keep them at a path; its folder is there already."""
        self._path = Path(path)

    async def load(self) -> Tokens | None:
        """Return them (see `TokenStore.load`).

        Raises:
            ConfigurationError: the file holds something else.
            OSError: it cannot be read.
        """
        return await anyio.to_thread.run_sync(self._read)

    async def save(self, tokens: Tokens) -> None:
        """Keep them (see `TokenStore.save`).

        Raises:
            OSError: they cannot be written; the file is as it was.
        """
        await anyio.to_thread.run_sync(self._write, tokens)

    def _read(self) -> Tokens | None:
        try:
            body = self._path.read_bytes()
        except FileNotFoundError:
            return None
        document = parsed(body) or {}
        access, refresh = document.get("access_token"), document.get("refresh_token")
        expires = document.get("expires", 0)
        if not (isinstance(access, str) and isinstance(refresh, str) and isinstance(expires, int)):
            raise ConfigurationError(
                f"FileTokens: {self._path.name} is no file of tokens; expected JSON with"
                " access_token, refresh_token and expires"
            )
        return Tokens(Secret(access), Secret(refresh), expires)

    def _write(self, tokens: Tokens) -> None:
        document = {
            "access_token": tokens.access.reveal().decode(),
            "refresh_token": tokens.refresh.reveal().decode(),
            "expires": tokens.expires,
        }
        replace(self._path, json.dumps(document).encode())


class Access:
    """Gives the access token, and renews it."""

    def __init__(
        self, store: TokenStore, *, url: str, app_id: str, app_secret: Secret, clock: Clock
    ) -> None:
        """Begin; tokens are read when they are first needed.

        Args:
            store: where they are kept.
            url: where they are renewed.
            app_id: the application.
            app_secret: the application's key.
            clock: tells when they expire.
        """
        self._store = store
        self._url = url
        self._app_id = app_id
        self._app_secret = app_secret
        self._clock = clock
        self._lock = anyio.Lock()
        self._tokens: Tokens | None = None
        self._unsaved: Tokens | None = None
        self._rests: Instant = 0  # until then

    async def token(self, http: HttpClient, *, refused: Secret | None = None) -> Secret:
        """Return an access token, renewed where it expires soon, or was `refused`.

        Raises:
            ChannelFault: `retry` or `throttled`, or `unauthorised` where somebody has to authorise
                anew.
        """
        async with self._lock:
            if self._unsaved is None:
                tokens = self._tokens or await self._load()
                if self._stale(tokens, refused):
                    tokens = await self._load()  # (another process may have renewed them)
                if not self._stale(tokens, refused):
                    return tokens.access
                if self._clock.now() < self._rests:
                    return self._rested(tokens, refused)
            # Whoever waits for a message may give up; what has come for a spent token must not be
            # lost for that.
            with anyio.CancelScope(shield=True):
                await self._renew(http)
            return (self._tokens or await self._load()).access

    def _rested(self, tokens: Tokens, refused: Secret | None) -> Secret:
        """Return what the last renewal has brought; where that does not help, no other would."""
        if _is(tokens.access, refused):
            raise ChannelFault("unauthorised", "tokens were just renewed, and are not taken either")
        return tokens.access

    def _stale(self, tokens: Tokens, refused: Secret | None) -> bool:
        if _is(tokens.access, refused):
            return True
        return tokens.expires != 0 and self._clock.now() + int(_EARLY) >= tokens.expires

    async def _load(self) -> Tokens:
        try:
            tokens = await self._store.load()
        except ConfigurationError as error:
            raise ChannelFault("unauthorised", str(error)) from None
        except Exception as error:  # noqa: BLE001 - whatever it is kept in
            what = type(error).__name__  # (its text may have what was to be kept)
            raise ChannelFault("retry", f"tokens cannot be read: {what}") from None
        if tokens is None:
            raise ChannelFault("unauthorised", "no tokens are kept; authorise the application")
        self._tokens = tokens
        return tokens

    async def _renew(self, http: HttpClient) -> None:
        """Get new tokens, and keep them; until they are kept they are not used."""
        if self._unsaved is None:
            spent = self._tokens or await self._load()
            try:
                self._unsaved = await self._ask(http, spent)
            except ChannelFault as fault:
                if fault.code == SPENT and not _is((await self._load()).refresh, spent.refresh):
                    return  # (another process was faster)
                raise
        try:
            with anyio.fail_after(_KEEPING):
                await self._store.save(self._unsaved)
        except Exception as error:  # noqa: BLE001 - whatever they are kept in
            what = type(error).__name__
            raise ChannelFault("retry", f"new tokens cannot be kept: {what}") from None
        self._tokens, self._unsaved = self._unsaved, None
        self._rests = self._clock.now() + int(_REST)

    async def _ask(self, http: HttpClient, tokens: Tokens) -> Tokens:
        form = {
            "refresh_token": tokens.refresh.reveal().decode(),
            "app_id": self._app_id,
            "grant_type": "refresh_token",
        }
        asked = HttpRequest(
            url=self._url,
            headers={
                "content-type": "application/x-www-form-urlencoded",
                "secret_key": self._app_secret.reveal().decode(),
            },
            body=urlencode(form).encode(),
        )
        now = self._clock.now()
        try:
            answer = await http.send(asked)
        except ChannelFault as fault:
            kind = "retry" if fault.kind == "unknown" else fault.kind
            raise ChannelFault(kind, f"tokens were not renewed: {fault.detail}") from None
        document = parsed(answer.body)
        passing = fault_of(answer, document or {}, self._app_secret)
        if passing.kind == "throttled":
            raise passing
        if document is None or answer.status >= _SERVERS or passing.kind == "retry":
            raise ChannelFault("retry", "tokens were not renewed", code=str(answer.status))
        access, refresh = text(document.get("access_token")), text(document.get("refresh_token"))
        if not access or not refresh:
            code = code_of(document)
            why = "tokens were not renewed; authorise the application anew"
            if code == SPENT:
                why = "the refresh token was used already; authorise the application anew"
            raise ChannelFault("unauthorised", why, code=code or str(answer.status))
        lasts = number(document.get("expires_in"), _DIGITS) or _LASTS
        return Tokens(Secret(access), Secret(refresh), now + lasts * 1_000_000)


def _is(one: Secret, other: Secret | None) -> bool:
    return other is not None and one.reveal() == other.reveal()
