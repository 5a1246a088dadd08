"""One row of a report: raw counts, and the figures that are read from them.

Rule: a row decides nothing. Where the field knows several definitions of a figure, what differs is
an argument without a default; where there is nothing to measure, the figure is `None`, neither 0
nor 1.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from typing import Literal, TypeAlias, get_args

import attrs

from tongdai.errors import ConfigurationError, did_you_mean
from tongdai.metrics.counts import Counts, bin_at, mean, share, up_to
from tongdai.model.time import Duration, Instant, as_datetime, clock

Abandons: TypeAlias = Literal["good", "bad", "ignored"]
"""How abandons count in a service level: as good if they came within the threshold and else as bad;
as
bad; or not at all."""

_ABANDONS: tuple[str, ...] = get_args(Abandons)


@attrs.define(kw_only=True)
class Row(Counts):
    """Figures of one interval (or all), one queue (or all), one agent (or all). It is a copy.

    Attributes:
        start: the instant at which the interval begins.
        queue: the queue's id; `None` in rows over all queues.
        agent: the agent's id; `None` in rows over all agents.
    """

    start: Instant
    queue: str | None = None
    agent: str | None = None

    # --- contacts -----------------------------------------------------------------------------

    @property
    def offered(self) -> int:
        """How many contacts came, each counted once, in the interval in which it arrived.

        In a row of one queue, `offered = answered + abandoned + ended + refused + overflowed +
        waiting`, and those that overflowed into the queue are among them. Over all queues a contact
        that overflowed has not left, so there the same holds without `overflowed`. An agent's row
        knows only the contacts that the agent answered. ("Offered" elsewhere may leave out what was
        refused: subtract it.)
        """
        if self.agent is not None:
            return self.answered
        return self.arrived if self.queue is None else self.arrived + self.overflowed_in

    def answered_within(self, threshold: Duration) -> int:
        """Return how many answered contacts had waited at most so long.

        Raises:
            ConfigurationError: the threshold is not whole seconds, or over `LONGEST_THRESHOLD`.
        """
        return up_to(self.waits, bin_at(threshold, "answered_within.threshold"))

    def abandoned_within(self, threshold: Duration) -> int:
        """Return how many abandoned contacts had waited at most so long (see `answered_within`)."""
        return up_to(self.gave_up, bin_at(threshold, "abandoned_within.threshold"))

    def service_level(
        self, *, within: Duration, short: Duration, abandoned: Abandons
    ) -> float | None:
        """Return which share of contacts was served in time, 0 to 1; `None` of no contacts.

        A contact is good if it was answered after a wait of at most `within`. Contacts that the
        center ended unserved are bad; those it refused or sent to another queue, or that still
        wait, do not count. With `short=seconds(0)` the three ways to count abandons are those of
        ICMI's Queue Tips (2002, 2005), whose example (1,000 answered, 860 of them within 20 s; 60
        abandoned, 20 of them within 20 s, 10 within 5 s) gives 0.83 for "good", 0.81 for "bad" and
        0.86 for "ignored". `short` as long as `within`, with "bad", leaves out abandons inside the
        threshold only (Bright Pattern; 0.83); `seconds(5)` with "bad" leaves out short abandons
        (Genesys Cloud; 0.819).

        Args:
            within: the threshold, in whole seconds.
            short: abandons after less than this never count; `seconds(0)` makes none short.
            abandoned: how the other abandons count.

        Raises:
            ConfigurationError: a duration is not whole seconds, or there is no such policy.
        """
        limit = bin_at(within, "service_level.within")
        shorter = bin_at(short, "service_level.short")
        if abandoned not in _ABANDONS:
            known = ", ".join(_ABANDONS)
            near = did_you_mean(str(abandoned), _ABANDONS)
            raise ConfigurationError(
                f"service_level.abandoned: {abandoned!r} is not one of {known}.{near}"
            )
        good = up_to(self.waits, limit)
        counted = self.answered + self.ended
        if abandoned != "ignored":
            left_soon = up_to(self.gave_up, shorter - 1)
            counted += self.abandoned - left_soon
            if abandoned == "good":
                good += max(up_to(self.gave_up, limit) - left_soon, 0)
        return share(good, counted)

    @property
    def abandonment_rate(self) -> float | None:
        """Which share of the contacts that the queue let in and kept was abandoned, 0 to 1.

        That is abandoned / (answered + abandoned + ended + waiting), Amazon Connect's "abandonment
        rate" over contacts queued.
        """
        kept = self.answered + self.abandoned + self.ended + self.waiting
        return share(self.abandoned, kept)

    @property
    def asa(self) -> Duration | None:
        """Average speed of answer: the mean wait of answered contacts since they arrived."""
        return mean(self.waited, self.answered)

    @property
    def patience(self) -> Duration | None:
        """The mean wait after which customers left (of those who did)."""
        return mean(self.gave_up_after, self.abandoned)

    @property
    def longest_wait(self) -> Duration | None:
        """The longest wait of a contact that was answered, abandoned or ended."""
        none = not (self.answered or self.abandoned or self.ended or self.longest)
        return None if none else Duration(self.longest)

    @property
    def aht(self) -> Duration | None:
        """Average handle time: the mean of talk and wrap-up over handled contacts.

        Each contact's is that of its last interaction, wherever its time fell. Hold is part of
        talk.
        """
        return mean(self.talked + self.wrapped_up, self.handled)

    # --- agents -------------------------------------------------------------------------------

    @property
    def occupancy(self) -> float | None:
        """Which share of the time in which agents could serve they had a contact, 0 to 1.

        That is busy / (busy + ready): time with a contact or in wrap-up over that plus time
        available and idle, as Amazon Connect's "occupancy". An offer that is out is not yet a
        contact. Time away and not_responding does not count, unless there is a contact in hand.
        Presence belongs to no queue, so rows by queue have none. For a share of signed-in time,
        divide `busy` by `signed_in`.
        """
        return share(self.busy, self.busy + self.ready)

    @property
    def utilisation(self) -> float | None:
        """Which share of the agents' capacity was taken in that time, from offer through wrap-up.

        A chat agent with one of four chats has an occupancy of 1 and a utilisation of 0.25.
        """
        return share(self.held, self.capacity)

    # --- for people ---------------------------------------------------------------------------

    def local(self, zone: tzinfo) -> datetime:
        """Return the interval's start in a time zone, as a `datetime`."""
        return as_datetime(self.start).astimezone(zone)

    def __str__(self) -> str:
        """Give the counts that need no policy."""
        asa = "-" if self.asa is None else Duration(round(self.asa, -6))
        who = " ".join(name for name in (self.queue, self.agent) if name)
        return (
            f"{clock(self.start)} {who or 'all'}: offered {self.offered}, "
            f"answered {self.answered}, abandoned {self.abandoned}, asa {asa}"
        )
