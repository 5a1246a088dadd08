"""What is counted: the raw figures of one cell, or of many cells added up.

Rule: everything here adds up. The counts of two cells together are the sums of theirs (of
`longest`, the greater), so any grouping of cells gives the same figures as counting that group from
the start.
"""

from __future__ import annotations

from typing import Final

import attrs

from tongdai.errors import ConfigurationError
from tongdai.model.time import Duration, Instant, duration, hours

_SECOND: Final = 1_000_000

LONGEST_THRESHOLD: Final = hours(7 * 24)
"""Waits are told apart up to here, a week; one that is longer is longer than any threshold."""

_LAST_BIN: Final = 2 * (LONGEST_THRESHOLD // _SECOND) + 1


def bin_of(wait: int) -> int:
    """Return the bin of a wait in microseconds.

    Bin `2 * n` holds waits of exactly n seconds, bin `2 * n + 1` those between n and n + 1 seconds.
    So both "at most n seconds" (bins up to `2 * n`) and "less than n seconds" (bins below it) are
    exact.
    """
    whole, rest = divmod(wait, _SECOND)
    return min(2 * whole + (rest > 0), _LAST_BIN)


def bin_at(threshold: object, field: str) -> int:
    """Return the bin of a threshold, or raise an error that names the field.

    Raises:
        ConfigurationError: it is no duration, not of whole seconds, or too long.
    """
    value = duration(threshold, field)
    if value % _SECOND:
        raise ConfigurationError(
            f"{field}: {value} is not a whole number of seconds; waits are kept in bins of a second"
        )
    if value > LONGEST_THRESHOLD:
        raise ConfigurationError(
            f"{field}: {value} is too long; waits are told apart up to {LONGEST_THRESHOLD}"
        )
    return bin_of(value)


@attrs.define(kw_only=True)
class Counts:
    """Raw figures. Contacts are counted in the interval in which they arrived.

    Attributes:
        arrived: contacts that came from outside.
        overflowed_in: contacts that came from another queue.
        overflowed: contacts that the center sent on to another queue, at once or after a wait.
        refused: contacts that no queue took; counted at the last one that was asked.
        answered: contacts that an agent accepted, and that were not given back since.
        abandoned: contacts whose customers left before that.
        short: those of them that were short abandons by their queue's own `short_abandon`.
        ended: contacts that the center ended unserved, as when their patience in the queue was
            over.
        waiting: contacts that are in the queue still, or on offer.
        handled: answered contacts that are over, wrap-up included.
        failed: interactions that were broken off; their contacts waited again in their old places.
        offers: offers made; each is accepted, declined, expired, rescinded, or still out.
        accepted, declined, expired, rescinded: what became of them.
        waited: waits of the answered contacts, in microseconds, added up.
        gave_up_after: waits of the abandoned contacts, likewise.
        longest: the longest wait that ended here, in microseconds; 0 where none did.
        talked: from accept to end, in microseconds, added up over the handled contacts.
        wrapped_up: wrap-up of the handled contacts, likewise.
        talk_time: time with contacts that fell into the interval, in microseconds; two contacts at
            once count twice. Unlike `talked` it includes broken-off and unfinished interactions.
        wrap_up_time: likewise, in wrap-up.
        signed_in: time for which agents were not offline, in microseconds, as it fell into the
            interval.
        busy: time for which agents had at least one contact, wrap-up included.
        ready: time for which agents were available and had none.
        capacity: units of capacity of agents who were busy or ready, times microseconds.
        held: those of them that were taken, from offer through wrap-up.
        waits: how many answered contacts by bin of their wait (see `bin_of`).
        gave_up: how many abandoned contacts, likewise.
    """

    arrived: int = 0
    overflowed_in: int = 0
    overflowed: int = 0
    refused: int = 0
    answered: int = 0
    abandoned: int = 0
    short: int = 0
    ended: int = 0
    waiting: int = 0
    handled: int = 0
    failed: int = 0
    offers: int = 0
    accepted: int = 0
    declined: int = 0
    expired: int = 0
    rescinded: int = 0
    waited: int = 0
    gave_up_after: int = 0
    longest: int = 0
    talked: int = 0
    wrapped_up: int = 0
    talk_time: int = 0
    wrap_up_time: int = 0
    signed_in: int = 0
    busy: int = 0
    ready: int = 0
    capacity: int = 0
    held: int = 0
    waits: dict[int, int] = attrs.field(factory=dict[int, int])
    gave_up: dict[int, int] = attrs.field(factory=dict[int, int])

    def answer(self, wait: int, at: int) -> None:
        """Count a contact as answered after a wait that belongs into a bin."""
        self.answered += 1
        self.waited += wait
        self.longest = max(self.longest, wait)
        self.waits[at] = self.waits.get(at, 0) + 1

    def take_back(self, wait: int) -> None:
        """Undo `answer`. That somebody has waited so long stays true."""
        self.answered -= 1
        self.waited -= wait
        at = bin_of(wait)
        self.waits[at] -= 1
        if not self.waits[at]:
            del self.waits[at]

    def abandon(self, wait: int, *, short: bool) -> None:
        """Count a contact as abandoned after a wait."""
        self.abandoned += 1
        self.short += short
        self.gave_up_after += wait
        self.longest = max(self.longest, wait)
        at = bin_of(wait)
        self.gave_up[at] = self.gave_up.get(at, 0) + 1

    def add(self, other: Counts) -> None:
        """Add another cell's figures to these."""
        for name in _SUMS:
            value = getattr(other, name)
            if value:
                setattr(self, name, getattr(self, name) + value)
        self.longest = max(self.longest, other.longest)
        for mine, theirs in ((self.waits, other.waits), (self.gave_up, other.gave_up)):
            for at, number in theirs.items():
                mine[at] = mine.get(at, 0) + number


_SUMS: Final = tuple(
    field.name
    for field in attrs.fields(Counts)
    if field.name not in ("longest", "waits", "gave_up")
)


def up_to(bins: dict[int, int], last: int) -> int:
    """Return how many are in the bins up to this one, itself included."""
    return sum(number for at, number in bins.items() if at <= last)


def mean(total: int, number: int) -> Duration | None:
    """Return a mean as a duration, rounded down to a microsecond; of nothing, `None`."""
    return Duration(total // number) if number else None


def share(part: int, whole: int) -> float | None:
    """Return a share, usually 0 to 1; of nothing, `None`."""
    return part / whole if whole else None


def borders(
    since: Instant, until: Instant, start: Instant, every: int
) -> list[tuple[Instant, Instant]]:
    """Return start and end of each interval that holds a part of a time, `until` excluded."""
    first = since - (since - start) % every
    return [(at, at + every) for at in range(first, until, every)]
