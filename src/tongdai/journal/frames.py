"""The events of one decision as bytes, and back.

Rule: a frame is a version byte, a checksum of the rest (CRC-32, 4 bytes, big end first), and the
events as JSON with the number of the first one. The same events give the same bytes. What is
written is read back first, so that what cannot be read never gets into a journal. Bytes that are no
frame, or not the frame that was written, are an error that names its number, and never give events.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zlib import crc32

import msgspec

from tongdai.center import events
from tongdai.errors import IllegalInput, JournalError
from tongdai.model import codec

VERSION: Final = 1
LARGEST: Final = 64 * 1024 * 1024
"""Bytes that a frame may have."""
_HEAD = 5


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a frame holds.

    Attributes:
        first: the number of its first event among all of the partition, from 0.
        events: the events of one decision, in order.
    """

    first: int
    events: tuple[events.AnyEvent, ...]


def encode_frame(batch: Batch) -> bytes:
    """Return a frame.

    Raises:
        IllegalInput: the events make more bytes than a frame may have, or hold something that is
            not of its field's type (a Struct does not check that when made); the path is named.
    """
    body = codec.encode(batch)
    if _HEAD + len(body) > LARGEST:
        raise IllegalInput(f"events: {len(body)} bytes is too long for a frame; at most {LARGEST}")
    codec.decode(body, Batch)
    return bytes([VERSION]) + crc32(body).to_bytes(4) + body


def decode_frame(data: bytes, seq: int) -> Batch:
    """Return what a frame holds.

    Args:
        data: the frame.
        seq: its number, for the error.

    Raises:
        JournalError: it is no frame, or not as it was written; the error names its number.
    """
    if len(data) > LARGEST:
        raise JournalError(f"frame {seq}: {len(data)} bytes is too long; at most {LARGEST}")
    if data[:1] != bytes([VERSION]):
        raise JournalError(f"frame {seq}: version {data[0] if data else 'none'} is not {VERSION}")
    body = data[_HEAD:]
    if data[1:_HEAD] != crc32(body).to_bytes(4):
        raise JournalError(f"frame {seq}: the checksum is wrong; these are not the bytes written")
    try:
        batch: Batch = codec.decode(body, Batch)
    except IllegalInput as error:
        raise JournalError(f"frame {seq}: {error}") from error
    return batch


def check_next(batch: Batch, known: int, seq: int) -> Sequence[events.AnyEvent]:
    """Return a batch's events, if they are those that come next.

    Args:
        batch: what the frame holds.
        known: events that came before, in all.
        seq: the frame's number, for the error.

    Raises:
        JournalError: events are missing before it, or it holds some that were seen.
    """
    if batch.first != known:
        raise JournalError(f"frame {seq}: begins with event {batch.first}; event {known} is next")
    return batch.events
