"""How much of everything is taken, and how fast.

Rule: a cap is looked at before the work that it spares: bytes before they are parsed, callers
before they are served. Who is too fast is slowed down, loses nothing; who stays so is let go.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import attrs

from tongdai.errors import ConfigurationError
from tongdai.model.mode import check_count
from tongdai.model.several import Row, texts
from tongdai.model.time import Duration, Instant, duration, hours, seconds
from tongdai.runtime.pace import Bucket, Pace

KINDS: Final = (
    *("image/png", "image/jpeg", "image/gif", "image/webp"),
    *("application/pdf", "text/plain", "audio/mpeg", "audio/ogg", "video/mp4"),
)
"""The files that are taken, where nothing else is said: none of these runs in a browser."""

_ESCAPED: Final = 8  # bytes of a character in a frame, and what else a message has

_HEADS: Final = {
    "image/png": (b"\x89PNG\r\n\x1a\n",),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/gif": (b"GIF87a", b"GIF89a"),
    "image/webp": (b"RIFF",),
    "application/pdf": (b"%PDF-",),
}


def _kinds(several: Row[str]) -> tuple[str, ...]:
    return texts(several, "Limits.kinds")


@attrs.frozen
class Rate:
    """So many in a while, on average; and as many at once.

    Attributes:
        most: how many.
        per: in which while.
    """

    most: int
    per: Duration = seconds(1)

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        check_count(self.most, "Rate.most", least=1)
        object.__setattr__(self, "per", duration(self.per, "Rate.per"))
        if not self.per:
            raise ConfigurationError("Rate.per: expected a while, such as seconds(1)")


@attrs.frozen(kw_only=True)
class Limits:
    """The caps of a web chat.

    Attributes:
        frame: bytes of a frame.
        text: characters of a message.
        file: bytes of a file.
        files: files of one message.
        kinds: media types of files; a type that a browser would run is served as a download only.
        frames: frames of one socket.
        messages: messages of one visitor.
        calls: sessions, sockets and files of one address.
        tabs: sockets of one visitor.
        sockets: sockets of one address.
        queued: frames that wait for a slow socket; with more it is let go, and resumes.
        hello: how soon the first frame has to come; and how long somebody is waited for who
            is told to go.
        upload: how soon all of a file has to come.
        visit: how long the token of an unknown visitor lasts; each session makes it new. When a
            token ends, its sockets are closed.
        identified: how long that of a known one does.
    """

    frame: int = 32_768
    text: int = 4_000
    file: int = 10 * 2**20
    files: int = 5
    kinds: tuple[str, ...] = attrs.field(default=KINDS, converter=_kinds)
    frames: Rate = Rate(100, seconds(10))
    messages: Rate = Rate(30, seconds(30))
    calls: Rate = Rate(120, seconds(60))
    tabs: int = 10
    sockets: int = 200
    queued: int = 256
    hello: Duration = seconds(10)
    upload: Duration = seconds(120)
    visit: Duration = hours(24 * 90)
    identified: Duration = hours(12)

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        for name in ("frame", "text", "file", "files", "tabs", "sockets", "queued"):
            check_count(getattr(self, name), f"Limits.{name}", least=1)
        for name in ("frames", "messages", "calls"):
            if not isinstance(getattr(self, name), Rate):
                raise ConfigurationError(f"Limits.{name}: write Rate(30, seconds(60))")
        for name in ("hello", "upload", "visit", "identified"):
            object.__setattr__(self, name, duration(getattr(self, name), f"Limits.{name}"))
        if self.frame < _ESCAPED * self.text:
            least = _ESCAPED * self.text
            raise ConfigurationError(
                f"Limits.frame: a message of {self.text} characters needs {least} bytes or more"
            )


def bucket(rate: Rate) -> Bucket:
    """Return what keeps a rate, rested."""
    return Bucket(Pace(rate.most * int(seconds(1)) / int(rate.per), rate.most))


class Buckets:
    """A bucket for each caller; those that are full are forgotten, and at last the oldest."""

    def __init__(self, rate: Rate, most: int = 10_000) -> None:
        """Start with none, and keep at most so many."""
        self._rate = rate
        self._most = most
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, who: str, now: Instant) -> int:
        """Take one of a caller's, or return how long to wait until there is one."""
        found = self._buckets.pop(who, None) or bucket(self._rate)
        self._buckets[who] = found
        while len(self._buckets) > 1:
            oldest = next(iter(self._buckets))
            if len(self._buckets) <= self._most and not self._buckets[oldest].rested(now):
                break
            del self._buckets[oldest]
        wait = max(0, found.ready() - now)
        if not wait:
            found.take(now)
        return wait

    def __len__(self) -> int:
        """Count the callers that are remembered."""
        return len(self._buckets)


def fits(kind: str, kinds: tuple[str, ...], data: bytes | None) -> bool:
    """Return whether a file is of a kind that is taken, and, if read, begins as its kind does."""
    if kind not in kinds and f"{kind.partition('/')[0]}/*" not in kinds:
        return False
    heads = _HEADS.get(kind)
    return heads is None or data is None or data.startswith(heads)
