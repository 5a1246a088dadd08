"""What every journal does; add a factory to run it on another one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tongdai import ConfigurationError
from tongdai.errors import JournalConflict
from tongdai.journal import Frame, Journal, MemoryJournal

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Name the event loop that a test runs on."""
    return str(request.param)


@pytest.fixture(params=[MemoryJournal])
def journal(request: pytest.FixtureRequest) -> Journal:
    """Return an empty journal of each kind."""
    make: Callable[[], Journal] = request.param
    return make()


async def everything(journal: Journal, partition: str, after: int = 0) -> list[Frame]:
    """Read a partition to its end."""
    frames: list[Frame] = []
    while page := await journal.read(partition, frames[-1].seq if frames else after):
        frames += page
    return frames


async def test_what_is_appended_is_read_back(journal: Journal) -> None:
    """In order, numbered from 1, byte by byte."""
    frames = [b"one", b"", bytes(range(256))]
    numbers = [await journal.append("main", seq, data) for seq, data in enumerate(frames)]
    assert numbers == [1, 2, 3]
    assert await everything(journal, "main") == list(zip(numbers, frames, strict=True))


async def test_reading_goes_on_after_a_number(journal: Journal) -> None:
    """Also far beyond what one answer holds."""
    for seq in range(2_500):
        await journal.append("main", seq, str(seq).encode())
    assert [frame.seq for frame in await everything(journal, "main", 1_234)] == [
        *range(1_235, 2_501)
    ]
    assert await everything(journal, "main", 2_500) == []


@pytest.mark.parametrize("expected", [-1, 0, 2, 3])
async def test_who_has_not_seen_the_last_frame_is_refused(journal: Journal, expected: int) -> None:
    """And nothing is kept."""
    await journal.append("main", 0, b"one")
    with pytest.raises(JournalConflict):
        await journal.append("main", expected, b"two")
    assert await everything(journal, "main") == [(1, b"one")]


async def test_partitions_do_not_see_each_other(journal: Journal) -> None:
    """Each has its own numbers; one that was never written to is empty."""
    assert [await journal.append(name, 0, name.encode()) for name in ("a", "b")] == [1, 1]
    assert await everything(journal, "b") == [(1, b"b")]
    assert await everything(journal, "c") == []


async def test_a_partitions_name_is_an_id(journal: Journal) -> None:
    """As all ids are."""
    with pytest.raises(ConfigurationError, match="partition"):
        await journal.append("a/b", 0, b"one")


async def test_what_was_kept_does_not_change(journal: Journal) -> None:
    """Not even when the caller goes on using what they passed."""
    data = bytearray(b"one")
    await journal.append("main", 0, data)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    data[0] = 0
    assert await everything(journal, "main") == [(1, b"one")]
