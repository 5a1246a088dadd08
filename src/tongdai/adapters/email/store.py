"""Where a mailbox's reader keeps how far it has come.

Rule: what is kept is one small piece of bytes that replaces the one before, whole or not at all. It
is kept after the center has what was read: so after a crash a few mails are read twice, which the
center tells by their keys, and none is missed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tongdai.adapters.email.aside import aside
from tongdai.adapters.replacing import replace
from tongdai.errors import ChannelFault


class Store(Protocol):
    """Keeps the state of one e-mail channel."""

    async def load(self) -> bytes:
        """Return what was kept last; empty where there is nothing.

        Raises:
            ChannelFault: it cannot be read.
        """
        ...

    async def keep(self, state: bytes) -> None:
        """Keep it in place of what was there.

        Raises:
            ChannelFault: it could not be kept; what was there still is.
        """
        ...


class MemoryStore:
    """Keeps it in memory, for tests: a new program begins anew."""

    def __init__(self) -> None:
        """Start empty."""
        self._state = b""

    async def load(self) -> bytes:
        """Return what was kept last (see `Store.load`)."""
        return self._state

    async def keep(self, state: bytes) -> None:
        """Keep it (see `Store.keep`)."""
        self._state = state


class FileStore:
    """Keeps it in a file, which is replaced as a whole."""

    def __init__(self, path: str | Path) -> None:
        """Name the file; its folder has to be there."""
        self._path = Path(path)

    async def load(self) -> bytes:
        """Return what was kept last (see `Store.load`)."""
        try:
            return await aside("email store", self._read)
        except OSError as error:
            raise ChannelFault("retry", f"the store cannot be read: {error.strerror}") from None

    async def keep(self, state: bytes) -> None:
        """Keep it (see `Store.keep`)."""
        try:
            await aside("email store", lambda: replace(self._path, state))
        except OSError as error:
            raise ChannelFault("retry", f"the store cannot be written: {error.strerror}") from None

    def _read(self) -> bytes:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return b""
