"""What every journal does, as checks for one of your own.

Rule: a check says what a journal promises (see `tongdai.journal.Journal`) and how this one broke
it. Each gets a journal of its own, empty.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, TypeAlias

import anyio

from tongdai.errors import ConfigurationError, JournalConflict
from tongdai.journal.port import Frame, Journal

Factory: TypeAlias = Callable[[], Journal | AbstractAsyncContextManager[Journal]]
"""Makes an empty journal, or opens one and closes it again."""
Check: TypeAlias = Callable[[Journal], Awaitable[None]]


async def check_journal(factory: Factory) -> None:
    """State that a journal does what the runtime relies on; run it on both event loops.

    Args:
        factory: called once for each check; what it makes must be empty.

    Raises:
        AssertionError: it does not; the text says what was promised. What the journal itself
            raises where it must not comes through.
    """
    for check in CHECKS:
        async with _opened(factory) as journal:
            await check(journal)


@asynccontextmanager
async def _opened(factory: Factory) -> AsyncGenerator[Journal]:
    made = factory()
    if isinstance(made, AbstractAsyncContextManager):
        async with made as journal:
            yield journal
    else:
        yield made


async def gives_back_what_was_appended(journal: Journal) -> None:
    """In order, numbered from 1, byte by byte."""
    frames = [b"one", b"", bytes(range(256)), b"\0" * 1_000_000]
    numbers = [await journal.append("main", seq, data) for seq, data in enumerate(frames)]
    _same("append answers the frame's number, from 1", [1, 2, 3, 4], numbers)
    kept = [Frame(*frame) for frame in await _everything(journal, "main")]
    _same("read gives numbers and bytes", list(map(Frame, numbers, frames)), kept)


async def reads_on_after_a_number(journal: Journal) -> None:
    """Also far beyond what one answer holds."""
    last = 1_100
    for seq in range(last):
        await journal.append("main", seq, str(seq).encode())
    for after in (0, 634, last - 1):
        numbers = [frame.seq for frame in await _everything(journal, "main", after)]
        _same(f"read after {after} leaves nothing out", [*range(after + 1, last + 1)], numbers)
    _same("read after the last is empty", [], list(await journal.read("main", last)))


async def refuses_who_has_not_seen_the_last_frame(journal: Journal) -> None:
    """And keeps nothing of theirs."""
    await _refused(journal, 1)
    await journal.append("main", 0, b"one")
    for expected in (-1, 0, 2, 3):
        await _refused(journal, expected)
        kept = [frame.data for frame in await _everything(journal, "main")]
        _same("what is refused is not kept", [b"one"], kept)


async def takes_one_of_two_writers(journal: Journal) -> None:
    """Of writers who append at the same time after the same frame, one is taken."""
    taken: list[bytes] = []

    async def write(data: bytes) -> None:
        try:
            await journal.append("main", 0, data)
        except JournalConflict:
            return
        taken.append(data)

    async with anyio.create_task_group() as tasks:
        for writer in range(5):
            tasks.start_soon(write, str(writer).encode())
    kept = [frame.data for frame in await _everything(journal, "main")]
    _same("one of several writers is taken", 1, len(taken))
    _same("what is kept is what was taken", taken, kept)


async def keeps_partitions_apart(journal: Journal) -> None:
    """Each has its own numbers; one that was never written to is empty."""
    numbers = [await journal.append(name, 0, name.encode()) for name in ("a", "b")]
    _same("each partition counts from 1", [1, 1], numbers)
    for name, expected in (("b", [b"b"]), ("c", [])):
        kept = [frame.data for frame in await _everything(journal, name)]
        _same(f"partition {name} has its own frames only", expected, kept)


async def takes_ids_only_as_partitions(journal: Journal) -> None:
    """As all ids are: 1 to 128 printable characters without a slash."""
    for name in ("a/b", "", "a\n"):
        try:
            await journal.append(name, 0, b"one")
        except ConfigurationError:
            continue
        raise AssertionError(f"broken: append raises ConfigurationError for the partition {name!r}")


async def keeps_copies(journal: Journal) -> None:
    """What was kept does not change, though the caller goes on using what they passed."""
    data = bytearray(b"one")
    await journal.append("main", 0, data)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    data[0] = 0
    kept = [bytes(frame.data) for frame in await _everything(journal, "main")]
    _same("a frame never changes", [b"one"], kept)


CHECKS: Final[tuple[Check, ...]] = (
    gives_back_what_was_appended,
    reads_on_after_a_number,
    refuses_who_has_not_seen_the_last_frame,
    takes_one_of_two_writers,
    keeps_partitions_apart,
    takes_ids_only_as_partitions,
    keeps_copies,
)
"""All of them; each can be run alone, on an empty journal."""


async def _everything(journal: Journal, partition: str, after: int = 0) -> list[Frame]:
    """Read a partition to its end."""
    frames: list[Frame] = []
    while page := await journal.read(partition, frames[-1].seq if frames else after):
        frames += page
    return frames


async def _refused(journal: Journal, expected: int) -> None:
    try:
        await journal.append("main", expected, b"two")
    except JournalConflict:
        return
    raise AssertionError(f"broken: append with expected_seq {expected} raises JournalConflict")


def _same(promise: str, expected: object, actual: object) -> None:
    if expected != actual:
        raise AssertionError(f"broken: {promise}: expected {expected!r:.200}; got {actual!r:.200}")
