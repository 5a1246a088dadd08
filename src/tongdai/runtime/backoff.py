"""How long to wait before something is tried again.

Rule: longer each time, within two bounds. A channel is left alone for twice as long each time. A
message is not tried in step with others that failed at the same moment: the source of that is
"decorrelated jitter" of Marc Brooker, *Exponential Backoff And Jitter*, AWS Architecture Blog,
2015: each wait is drawn evenly between the least one and three times the one before. The draw is a
keyed hash of the message's key and the number of the try, so the same message waits equally long in
every run.
"""

from __future__ import annotations

import hashlib
from typing import Final

from tongdai.model.time import Duration, Instant, minutes, seconds

AT_FIRST: Final = seconds(1)
"""How long a channel that failed is left alone at first."""
AT_MOST: Final = minutes(1)
"""How long it is left alone at most; it lasts, where it stays open for as long."""
_DOUBLED: Final = 6  # times, until it is as long as it gets
_TIMES: Final = 3
_RANGE: Final = 2**64


def wait_after(key: str, tries: int, *, least: Duration, most: Duration) -> Duration:
    """Return how long to wait after a message has been tried so often, from 1. O(tries).

    Args:
        key: the message's.
        tries: how often it was tried.
        least: the shortest wait.
        most: the longest wait; not shorter than `least`.
    """
    wait = int(least)
    for number in range(1, tries + 1):
        widest = min(int(most), wait * _TIMES)
        wait = int(least) + (widest - int(least)) * _draw(key, number) // (_RANGE - 1)
    return Duration(wait)


class Reopening:
    """When a channel that failed is opened again.

    Whoever opens it tells `begin` before, and `opened` and `gave` while it is open.
    """

    def __init__(self) -> None:
        """Begin with a channel that has not failed yet."""
        self._failures = 0
        self._since: Instant | None = None
        self._wait: Duration | None = None

    def begin(self) -> None:
        """It is being opened."""
        self._since = self._wait = None

    def opened(self, now: Instant) -> None:
        """It is open."""
        self._since = now

    def gave(self) -> None:
        """Something came in over it: the next wait is the first one again."""
        self._failures = 0

    def wait(self, now: Instant) -> Duration:
        """Return for how long it is left alone, now that it failed: one answer for one failure."""
        if self._wait is None:
            if self._since is not None and now - self._since >= int(AT_MOST):
                self._failures = 0
            self._wait = min(AT_MOST, AT_FIRST * 2 ** min(self._failures, _DOUBLED))
            self._failures += 1
        return self._wait


def _draw(key: str, number: int) -> int:
    """Return one of 2**64 numbers, each as likely as the others."""
    told = f"{number}:{key}".encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(told, digest_size=8, person=b"tongdai.wait").digest())
