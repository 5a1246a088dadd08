"""A journal that lasts as long as the program.

Rule: it keeps what any journal keeps, and nothing is durable. For tests, and to try things out.
"""

from __future__ import annotations

from collections.abc import Sequence

from tongdai.errors import JournalConflict
from tongdai.journal.port import Frame
from tongdai.model.ids import check_id

_PAGE = 1_000


class MemoryJournal:
    """A `Journal` in memory."""

    def __init__(self) -> None:
        """Start empty."""
        self._partitions: dict[str, list[bytes]] = {}

    async def append(self, partition: str, expected_seq: int, frame: bytes) -> int:
        """Keep a frame (see `Journal.append`).

        Raises:
            JournalConflict: the partition's last frame has another number.
            ConfigurationError: the partition's name is not an id.
        """
        check_id(partition, "partition")
        frames = self._partitions.get(partition, [])
        if expected_seq != len(frames):
            raise JournalConflict(
                f"partition {partition!r} has {len(frames)} frames, not {expected_seq}:"
                " somebody else has appended"
            )
        self._partitions[partition] = frames
        frames.append(bytes(frame))
        return len(frames)

    async def read(self, partition: str, after: int = 0) -> Sequence[Frame]:
        """Return up to 1,000 frames after a number (see `Journal.read`)."""
        frames = self._partitions.get(partition, [])[after : after + _PAGE]
        return [Frame(seq, data) for seq, data in enumerate(frames, after + 1)]
