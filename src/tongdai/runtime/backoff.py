"""How long to wait before a message is tried again.

Rule: longer each time, within two bounds, and not in step with other messages that failed at the
same moment. The source is "decorrelated jitter" of Marc Brooker, *Exponential Backoff And Jitter*,
AWS Architecture Blog, 2015: each wait is drawn evenly between the least one and three times the one
before. The draw is a keyed hash of the message's key and the number of the try, so the same message
waits equally long in every run.
"""

from __future__ import annotations

import hashlib
from typing import Final

from tongdai.model.time import Duration

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


def _draw(key: str, number: int) -> int:
    """Return one of 2**64 numbers, each as likely as the others."""
    told = f"{number}:{key}".encode(errors="surrogatepass")
    return int.from_bytes(hashlib.blake2b(told, digest_size=8, person=b"tongdai.wait").digest())
