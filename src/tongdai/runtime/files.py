"""Where files are kept that come beside messages.

Rule: a file's url is the store's own, and hard to guess; it says nothing about what is in the file.
The center carries urls, and never bytes.
"""

from __future__ import annotations

import secrets
from typing import Final, Protocol

from tongdai.errors import ConfigurationError
from tongdai.model.contact import Attachment

_MOST: Final = 100 * 2**20


class Files(Protocol):
    """A store of files."""

    async def keep(self, data: bytes, *, name: str, kind: str) -> Attachment:
        """Keep a file, and return how it stands beside a message.

        Args:
            data: its bytes.
            name: what its sender calls it; nothing is decided by it.
            kind: its media type, as its sender says.

        Raises:
            ChannelFault: `rejected` where it is too large, `retry` where it could not be kept.
        """
        ...

    async def fetch(self, url: str) -> bytes:
        """Return the bytes of a file that is kept here.

        Raises:
            KeyError: there is none of this url.
        """
        ...


class MemoryFiles:
    """Files in memory, for tests and examples; the oldest make room for the newest."""

    def __init__(self, most: int = _MOST) -> None:
        """Keep at most so many bytes.

        Raises:
            ConfigurationError: it is no such number.
        """
        if not isinstance(most, int) or most < 1:
            raise ConfigurationError(f"MemoryFiles.most: {most!r} is not a number of bytes")
        self._most = most
        self._size = 0
        self._files: dict[str, bytes] = {}

    async def keep(self, data: bytes, *, name: str, kind: str) -> Attachment:
        """Keep a file (see `Files.keep`)."""
        url = f"file:{secrets.token_urlsafe(24)}"
        self._files[url] = data
        self._size += len(data)
        while self._size > self._most and len(self._files) > 1:
            oldest = next(iter(self._files))
            self._size -= len(self._files.pop(oldest))
        return Attachment(kind, url, name, size=len(data))

    async def fetch(self, url: str) -> bytes:
        """Return a file (see `Files.fetch`)."""
        return self._files[url]
