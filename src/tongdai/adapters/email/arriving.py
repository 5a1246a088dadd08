"""A mail that is being received (`DATA` of RFC 5321, 4.1.1.4), and the room that all of them have.

Rule: a mail is read to its end whatever becomes of it, since nobody can be answered before. What is
read is kept only as long as the mail is not too large and there is room for it beside the others.
"""

from __future__ import annotations

import asyncio
from typing import Final

TOO_LARGE: Final = "552 5.3.4 The mail is too large"
NO_ROOM: Final = "452 4.3.1 Too much mail at once, try again later"
_END: Final = b".\r\n"


class Room:
    """How many bytes may be held at once.

    Attributes:
        free: those that are left.
    """

    def __init__(self, most: int) -> None:
        """Begin with all of it."""
        self.free = most


class Arriving:
    """One mail; aiosmtpd reads it as if from an `asyncio.StreamReader`, and finds nothing in it.

    Attributes:
        data: what has come.
        refused: what to answer instead of taking it; empty where it may be taken.
    """

    def __init__(self, reader: asyncio.StreamReader, room: Room, most: int) -> None:
        """Hold nothing yet.

        Args:
            reader: where it comes from.
            room: what all mails have together.
            most: the largest mail, in bytes.
        """
        self.data = bytearray()
        self.refused = ""
        self._reader = reader
        self._room = room
        self._most = most

    async def readuntil(self, separator: bytes = b"\r\n") -> bytes:
        """Read all of the mail, and return the line that ends it."""
        begins = True  # whether a line does
        while True:
            try:
                part = await self._reader.readuntil(separator)
            except asyncio.LimitOverrunError as error:  # (a long line comes in several parts)
                part = await self._reader.read(error.consumed)
            if begins and part == _END:
                return part
            # (a dot more stands before a line that has one: RFC 5321, 4.5.2)
            self._keep(part[1:] if begins and part.startswith(b".") else part)
            begins = part.endswith(separator)

    def _keep(self, part: bytes) -> None:
        if self.refused:
            return
        if len(self.data) + len(part) > self._most:
            self._refuse(TOO_LARGE)
        elif len(part) > self._room.free:
            self._refuse(NO_ROOM)
        else:
            self._room.free -= len(part)
            self.data += part

    def _refuse(self, why: str) -> None:
        self.refused = why
        self.drop()

    def drop(self) -> None:
        """Hold nothing any more."""
        self._room.free += len(self.data)
        self.data = bytearray()
