"""How long somebody at a place will still wait, from what this queue has seen lately.

Rule: with `n` agents who each finish `mu` contacts a second, and waiting customers who each give up
at a rate of `theta`, the one with `k` others before them waits on average

    sum over i = 0 .. k of 1 / (n*mu + i*theta)

since with `i` others before them the line moves up at the rate `n*mu + i*theta`. Source: the
Markovian queue-length-based estimator of Ibrahim and Whitt, Real-time delay estimation in
overloaded multiserver queues with abandonments, Management Science 55 (2009).

What is observed is `n*mu` itself: contacts served that had waited, per second in which somebody
waited; and `theta`: customers who gave up, per second that customers waited. Both are counted over
the last 15 to 30 minutes. Fewer than 10 served contacts is thin, and gives no estimate at all.
"""

from __future__ import annotations

import math

from tongdai.model.time import Duration, Instant, minutes

_WINDOW = int(minutes(15))
_ENOUGH = 10
_NOTHING = [0, 0, 0, 0]
_EXACT = 1000  # places that are added up one by one; beyond, the sum is an integral


class Pace:
    """What one queue has seen lately: two windows of counts, this one and the one before."""

    __slots__ = ("_crowd", "_last", "counts", "started")

    def __init__(self) -> None:
        """Start with nothing seen."""
        self.counts = ([0, 0, 0, 0], [0, 0, 0, 0])
        """This window and the last: served, microseconds in which somebody waited, gave up,
        microseconds that contacts waited."""
        self.started: Instant | None = None
        self._last: Instant = 0
        self._crowd = 0

    def crowd(self, waiting: int, now: Instant) -> None:
        """Note that from now on so many wait."""
        if self.started is None:
            self.started = now
        elif now - self.started >= _WINDOW:
            self._turn(now)
        if self._crowd and now > self._last:
            counts = self.counts[0]
            passed = now - self._last
            counts[1] += passed
            counts[3] += passed * self._crowd
        self._last = now
        self._crowd = waiting

    def served(self) -> None:
        """Note that a contact which had to wait went to an agent."""
        self.counts[0][0] += 1

    def gave_up(self) -> None:
        """Note that a customer gave up."""
        self.counts[0][2] += 1

    def wait_for(self, ahead: int, now: Instant | None = None) -> Duration | None:
        """Return the mean wait with so many ahead, or `None` where too little was seen.

        Args:
            ahead: how many go first.
            now: until when to count; by default until the last change.
        """
        now = self._last if now is None else max(now, self._last)
        age = 0 if self.started is None else now - self.started
        this, last = self.counts
        fresh = (this if age < 2 * _WINDOW else _NOTHING, last if age < _WINDOW else _NOTHING)
        served, busy, gave_up, waited = map(sum, zip(*fresh, strict=True))
        if self._crowd:
            busy += now - self._last
            waited += (now - self._last) * self._crowd
        if served < _ENOUGH or not busy:
            return None
        pace = served / busy
        theta = gave_up / waited if waited else 0.0
        exact = min(ahead, _EXACT)
        total = math.fsum(1 / (pace + place * theta) for place in range(exact + 1))
        if ahead > exact:
            rest = ahead - exact
            near = pace + (exact + 0.5) * theta
            total += rest / pace if not theta else math.log1p(rest * theta / near) / theta
        return Duration(round(total))

    def state(self) -> list[object]:
        """Return all of it as plain data."""
        return [self.started, self._last, self._crowd, [list(counts) for counts in self.counts]]

    def _turn(self, now: Instant) -> None:
        """Begin a window; what is older than two windows is forgotten."""
        started = self.started or 0
        this, last = self.counts
        last[:] = this if now - started < 2 * _WINDOW else [0, 0, 0, 0]
        this[:] = [0, 0, 0, 0]
        self.started = now
