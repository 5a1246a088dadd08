"""The checks for journals pass on a good one and catch each way of being bad."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager

import anyio.lowlevel
import pytest

from tongdai.errors import JournalConflict
from tongdai.journal import Frame, Journal
from tongdai.testing import MemoryJournal, check_journal

pytestmark = pytest.mark.anyio


class FromZero(MemoryJournal):
    """Counts from 0."""

    async def append(self, partition: str, expected_seq: int, frame: bytes) -> int:
        """Keep a frame, and answer the number of the one before."""
        return await super().append(partition, expected_seq, frame) - 1


class FirstPage(MemoryJournal):
    """Has one page."""

    async def read(self, partition: str, after: int = 0) -> Sequence[Frame]:
        """Read what was there at first."""
        return [] if after > 500 else await super().read(partition, after)


class Trusting(MemoryJournal):
    """Takes whatever comes."""

    async def append(self, partition: str, expected_seq: int, frame: bytes) -> int:
        """Keep a frame, whatever its writer has seen."""
        try:
            return await super().append(partition, expected_seq, frame)
        except JournalConflict:
            return await super().append(partition, len(await self.read(partition)), frame)


class Lying(MemoryJournal):
    """Refuses, and keeps nevertheless."""

    async def append(self, partition: str, expected_seq: int, frame: bytes) -> int:
        """Keep a frame."""
        try:
            return await super().append(partition, expected_seq, frame)
        except JournalConflict:
            if expected_seq == 0:
                await super().append(partition, len(await self.read(partition)), frame)
            raise


class Hasty(MemoryJournal):
    """Looks, waits, and then writes."""

    async def append(self, partition: str, expected_seq: int, frame: bytes) -> int:
        """Keep a frame if its writer had seen the last one a moment ago."""
        seen = len(await self.read(partition))
        if seen != expected_seq:
            return await super().append(partition, expected_seq, frame)
        await anyio.lowlevel.checkpoint()
        return await super().append(partition, len(await self.read(partition)), frame)


class OneLine(MemoryJournal):
    """Has one partition for all."""

    async def append(self, partition: str, expected_seq: int, frame: bytes) -> int:
        """Keep a frame."""
        await MemoryJournal().append(partition, 0, b"")  # (what is no id is refused)
        return await super().append("main", expected_seq, frame)

    async def read(self, partition: str, after: int = 0) -> Sequence[Frame]:
        """Read."""
        return await super().read("main", after) if partition else []


class Careless(MemoryJournal):
    """Takes any name."""

    async def append(self, partition: str, expected_seq: int, frame: bytes) -> int:
        """Keep a frame."""
        return await super().append(partition.strip().replace("/", "") or "x", expected_seq, frame)


class Sharing:
    """Keeps what it was given, and no copy."""

    def __init__(self) -> None:
        self.memory = MemoryJournal()
        self.frames: list[bytes] = []

    async def append(self, partition: str, expected_seq: int, frame: bytes) -> int:
        """Keep a frame."""
        number = await self.memory.append(partition, expected_seq, frame)
        self.frames.append(frame)
        return number

    async def read(self, partition: str, after: int = 0) -> Sequence[Frame]:
        """Read."""
        found = await self.memory.read(partition, after)
        one = len(self.frames) == 1
        return [Frame(seq, self.frames[0] if one else data) for seq, data in found]


@pytest.mark.parametrize(
    ("make", "promise"),
    [
        (FromZero, "append answers the frame's number, from 1"),
        (FirstPage, "leaves nothing out"),
        (Trusting, "append with expected_seq 1 raises JournalConflict"),
        (Lying, "what is refused is not kept"),
        (Hasty, "one of several writers is taken"),
        (OneLine, "JournalConflict|partition"),
        (Careless, "ConfigurationError for the partition"),
        (Sharing, "a frame never changes"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
async def test_a_bad_journal_is_caught(make: Callable[[], Journal], promise: str) -> None:
    """The error says what was promised."""
    with pytest.raises((AssertionError, JournalConflict), match=promise):
        await check_journal(make)


async def test_a_good_journal_passes() -> None:
    """Made or opened, each check on an empty one."""
    opened: list[MemoryJournal] = []

    @asynccontextmanager
    async def opening() -> AsyncGenerator[Journal]:
        opened.append(MemoryJournal())
        yield opened[-1]
        opened[-1] = MemoryJournal()

    await check_journal(MemoryJournal)
    await check_journal(opening)
    assert [await journal.read("main") for journal in opened] == [[]] * len(opened)
    assert len(opened) > 1
