"""What happened, kept: the port that journals implement, frames, and a journal in memory."""

from tongdai.journal.frames import Batch, decode_frame, encode_frame
from tongdai.journal.memory import MemoryJournal
from tongdai.journal.port import Frame, Journal

__all__ = ["Batch", "Frame", "Journal", "MemoryJournal", "decode_frame", "encode_frame"]
