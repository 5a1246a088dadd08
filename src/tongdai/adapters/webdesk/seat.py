"""A connected browser.

Rule: nobody waits for it. What it is to be shown is held for it up to a limit; beyond that it is
all dropped, and the browser is shown the whole instead. What it asks is counted, and who asks too
fast is put out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

import anyio

from tongdai.model.codec import encode
from tongdai.model.time import Instant
from tongdai.runtime.pace import Bucket, Pace

HELD: Final = 200
"""Frames that are held for a slow browser."""
_PACE: Final = Pace(20, burst=80)  # frames a second


class Seat:
    """Where an agent sits.

    Attributes:
        agent: who.
        why: why it was taken away; empty while it is theirs.
    """

    def __init__(self, agent: str, whole: Callable[[], object]) -> None:
        """Begin with everything still to be shown.

        Args:
            agent: who sits there.
            whole: gives the frame with everything.
        """
        self.agent = agent
        self.why = ""
        self._whole = whole
        self._frames: deque[tuple[bytes, bool]] = deque()  # and whether it is an answer
        self._behind = True
        self._changed = anyio.Event()
        self._bucket = Bucket(_PACE)

    def put(self, frame: bytes) -> None:
        """Hold a frame for the browser."""
        if self._behind:
            return  # (the whole will have it)
        self._frames.append((frame, False))
        if len(self._frames) > HELD:
            self.lose()
        self._changed.set()

    def answer(self, frame: object) -> None:
        """Hold an answer, which nothing replaces; who reads none of them is put out."""
        self._frames.append((encode(frame), True))
        if len(self._frames) > HELD:
            self.lose()
        if len(self._frames) > HELD:
            self.take_away("slow")
        self._changed.set()

    def lose(self) -> None:
        """Drop what is held, but for answers, and show the whole."""
        self._frames = deque(each for each in self._frames if each[1])
        self._behind = True
        self._changed.set()

    def take_away(self, why: str) -> None:
        """End it."""
        self.why = self.why or why
        self._changed.set()

    async def next(self) -> bytes | None:
        """Wait for what is to be shown next; `None` when the seat was taken away."""
        while not self.why:
            if self._behind:
                self._behind = False
                return encode(self._whole())
            if self._frames:
                return self._frames.popleft()[0]
            self._changed = anyio.Event()
            await self._changed.wait()
        return None

    def too_fast(self, now: Instant) -> bool:
        """Count a frame that came; return whether there were too many lately."""
        early = now < self._bucket.ready()
        self._bucket.take(now)
        return early
