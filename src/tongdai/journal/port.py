"""What a journal must do.

Rule: a partition is a line of frames, numbered 1, 2, 3 ... without a gap. A frame is kept whole or
not at all, is never changed, and `append` answers only when it is durable. Whoever appends says how
many frames they have seen, so of two writers one is refused, and no frame follows another that its
writer did not know of. What is in a frame is no business of the journal's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class Frame(NamedTuple):
    """A frame as it was kept.

    Attributes:
        seq: its number within the partition, from 1.
        data: its bytes.
    """

    seq: int
    data: bytes


class Journal(Protocol):
    """Keeps frames, partition by partition."""

    async def append(self, partition: str, expected_seq: int, frame: bytes) -> int:
        """Keep a frame, and return its number once it is durable.

        Args:
            partition: where; an id. A partition begins with its first frame.
            expected_seq: the number of the partition's last frame, 0 where it has none.
            frame: the bytes.

        Raises:
            JournalConflict: the partition's last frame has another number; nothing was kept.
            JournalError: the frame could not be kept.
        """
        ...

    async def read(self, partition: str, after: int = 0) -> Sequence[Frame]:
        """Return the next frames with numbers above `after`, in order, without a gap.

        How many is the journal's choice, but none means that there are no more. So a reader asks
        again, with the last number that it got, until the answer is empty.

        Raises:
            JournalError: the frames could not be read.
        """
        ...
