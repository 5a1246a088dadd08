"""When a channel is left alone for a while.

Rule: it is *closed* while all goes well. After so many failures in a row it is *open*, and nothing
is tried. When that time is over it is *half-open*: one thing is tried, and what becomes of it
closes the breaker or opens it again. The source is the circuit breaker of Michael Nygard, *Release
It!*, 2007. Only what says something about the channel counts: that one customer has blocked us does
not.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from tongdai.model.time import Duration, Instant

State: TypeAlias = Literal["closed", "open", "half-open"]


class Breaker:
    """Whether a channel may be tried."""

    def __init__(self, after: int, rest: Duration) -> None:
        """Start closed.

        Args:
            after: how many failures in a row open it.
            rest: for how long.
        """
        self._after = after
        self._rest = int(rest)
        self._failures = 0
        self._until: Instant | None = None
        self._trying = False

    def state(self, now: Instant) -> State:
        """Return how it is."""
        if self._until is None:
            return "closed"
        return "open" if now < self._until else "half-open"

    def allows(self, now: Instant) -> bool:
        """Return whether something may be tried now."""
        state = self.state(now)
        return state == "closed" or (state == "half-open" and not self._trying)

    @property
    def until(self) -> Instant | None:
        """When it is half-open, or has been since; `None` while it is closed."""
        return self._until

    def begin(self, now: Instant) -> bool:
        """Note that something is tried now; return whether it is the one try of a half-open one."""
        trial = self.state(now) == "half-open"
        self._trying = self._trying or trial
        return trial

    def succeeded(self, *, trial: bool) -> None:
        """Note that the channel did what it was asked; what began before it opened says nothing."""
        if trial or self._until is None:
            self._failures = 0
            self._until = None
        self._trying = self._trying and not trial

    def failed(self, now: Instant, *, trial: bool, at_once: bool = False) -> None:
        """Note that the channel failed; what began before it opened says nothing.

        Args:
            now: when.
            trial: whether that was the one try.
            at_once: whether one such failure is enough.
        """
        if trial or self._until is None:
            self._failures += 1
            if trial or at_once or self._failures >= self._after:
                self._until = now + self._rest
        self._trying = self._trying and not trial

    def given_up(self, *, trial: bool) -> None:
        """Note that a try was broken off, and says nothing."""
        self._trying = self._trying and not trial
