"""Whether and how long contacts wait: admission, patience, position and estimate. Usable alone.

Rule: a limit decides on admission only. Contacts on offer count against it, and who was admitted
once comes back to the same place whatever the limit. One `OmnichannelQueue` holds all queues, since
overflow crosses them. Who serves a contact is not known here; `admit` looks, and `enter`, `offer`,
`back` and `leave` do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Literal, TypeAlias

import msgspec

from tongdai.errors import ConfigurationError, IllegalInput, did_you_mean
from tongdai.model.contact import Contact
from tongdai.model.mode import Mode, ModeSettings, modes
from tongdai.model.order import Rank
from tongdai.model.queue import Closed, Queue, check_routes
from tongdai.model.time import Duration, Instant, checked
from tongdai.model.timers import Timers
from tongdai.queues.estimate import Pace
from tongdai.queues.ranking import Ranking

Reason: TypeAlias = Literal["full", "nobody signed in", "nobody available"]
Staffing: TypeAlias = Literal["staffed", "signed_in", "nobody"]


class Joined(msgspec.Struct, frozen=True, gc=False):
    """A contact waits.

    Attributes:
        contact: its id.
        queue: where it waits.
        position: its place there, from 1; `None` where nobody asked for it.
        overflowed: the queues that did not take it, in order.
    """

    contact: str
    queue: str
    position: int | None = None
    overflowed: tuple[str, ...] = ()


class Refused(msgspec.Struct, frozen=True, gc=False):
    """A contact may not wait; it is told something, or nothing.

    Attributes:
        contact: its id.
        queue: the last queue that did not take it.
        reason: why that one did not.
        message: what the customer is told; empty for nothing.
        overflowed: the queues before that one that did not take it.
    """

    contact: str
    queue: str
    reason: Reason
    message: str = ""
    overflowed: tuple[str, ...] = ()


class PatienceOver(msgspec.Struct, frozen=True, gc=False):
    """A contact has waited as long as its queue lets it."""

    contact: str
    queue: str
    waited: Duration


_Timer: TypeAlias = tuple["_Entry", int]
"""Whose, and the number of the patience for which it was started."""


class _Entry:
    """A contact in a queue: waiting, or on offer."""

    __slots__ = (
        "boost", "entered", "line", "offered", "patience", "since", "value", "waited",
    )  # fmt: skip

    def __init__(self, value: Contact, line: _Line, since: Instant, now: Instant) -> None:
        self.value = value
        self.line = line
        self.since = since
        self.boost = 0
        self.entered = now
        self.offered = False
        self.waited = False
        self.patience = 0  # the number of the one that runs; 0 for none

    @property
    def contact(self) -> str:
        return self.value.id


class _Line:
    """One queue, live."""

    __slots__ = ("entries", "pace", "queue", "ranking", "waiting")

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.entries: dict[str, _Entry] = {}
        self.waiting = 0
        self.pace = Pace()
        self.ranking: Ranking | None = None

    def changed(self, by: int, now: Instant) -> None:
        self.waiting += by
        self.pace.crowd(self.waiting, now)


class OmnichannelQueue:
    """All queues of a center: who may join, how long they may stay, and where they stand."""

    def __init__(
        self, queues: Iterable[Queue] = (), *, modes: Mapping[Mode, ModeSettings] | None = None
    ) -> None:
        """Start with these queues, empty.

        Raises:
            ConfigurationError: something is no queue, or an overflow leads nowhere or in a circle.
            IllegalInput: two have the same id.
        """
        self._modes = _modes(modes)
        self._lines: dict[str, _Line] = {}
        self._entries: dict[str, _Entry] = {}
        self.timers: Timers[_Timer] = Timers(_patient)
        self._patiences = 0  # how many have been started
        found: dict[str, Queue] = {}
        if not isinstance(queues, Iterable):
            raise ConfigurationError("queues: expected several queues, such as [Queue('cards')]")
        for queue in queues:
            if not isinstance(queue, Queue):
                raise ConfigurationError(
                    f"queues: {type(queue).__name__} is not a Queue; write Queue('cards')"
                )
            if queue.id in found:
                raise IllegalInput(
                    f"Queue.id: two queues have the id {queue.id!r}; ids are used once"
                )
            found[queue.id] = queue
        check_routes(found)
        self._settings = found
        for queue in found.values():
            self._lines[queue.id] = _Line(queue)

    # --- configuration ------------------------------------------------------------------------

    def put(self, queue: Queue, now: Instant) -> None:
        """Add a queue, or change the settings of one; who waits there keeps their place in time.

        Raises:
            ConfigurationError: an overflow would lead nowhere or in a circle.
        """
        check_routes({**self._settings, queue.id: queue})
        self._settings[queue.id] = queue
        line = self._lines.get(queue.id)
        if line is None:
            self._lines[queue.id] = _Line(queue)
            return
        line.queue = queue
        line.ranking = None
        for entry in line.entries.values():
            self._start_patience(entry, now)

    def remove(self, queue: str) -> None:
        """Remove an empty queue.

        Raises:
            IllegalInput: there is no such queue, or contacts are in it.
            ConfigurationError: another queue overflows into it.
        """
        line = self._line(queue)
        if line.entries:
            raise IllegalInput(
                f"queue {queue!r} holds {len(line.entries)} contacts; move them first"
            )
        check_routes({id: left for id, left in self._settings.items() if id != queue})
        del self._lines[queue], self._settings[queue]

    @property
    def queues(self) -> Mapping[str, Queue]:
        """The settings of all queues, by id; a live view."""
        return MappingProxyType(self._settings)

    def queue(self, queue: str) -> Queue:
        """Return the settings of a queue.

        Raises:
            IllegalInput: there is no such queue.
        """
        return self._line(queue).queue

    def waiting(self, queue: str) -> int:
        """Return how many wait in a queue, those on offer not counted."""
        return self._line(queue).waiting

    def on_offer(self, queue: str) -> int:
        """Return how many contacts of a queue are on offer."""
        line = self._line(queue)
        return len(line.entries) - line.waiting

    def contacts(self, queue: str) -> list[str]:
        """Return who waits in a queue, first to last. O(n log n)."""
        waiting = [entry for entry in self._line(queue).entries.values() if not entry.offered]
        return [entry.contact for entry in sorted(waiting, key=self._rank)]

    # --- joining and leaving ------------------------------------------------------------------

    def join(
        self,
        contact: Contact,
        queue: str,
        now: Instant,
        *,
        staffing: Callable[[Queue], Staffing] | None = None,
    ) -> Joined | Refused:
        """Let a contact join a queue, or the one it overflows to; or refuse it, with the reason.

        Raises:
            IllegalInput: there is no such queue, or the contact is in one.
        """
        now = checked(now)
        if contact.id in self._entries:
            raise IllegalInput(f"contact {contact.id!r} is in a queue already; ids are used once")
        answer = self.admit(contact, queue, staffing=staffing)
        if isinstance(answer, Joined):
            self.enter(contact, answer.queue, now)
            return msgspec.structs.replace(answer, position=self.position(contact.id, now))
        return answer

    def admit(
        self, contact: Contact, queue: str, *, staffing: Callable[[Queue], Staffing] | None = None
    ) -> Joined | Refused:
        """Return what `join` would answer; nothing changes.

        Args:
            contact: who asks.
            queue: where it asks.
            staffing: tells whether anybody could serve the contact; asked only where the queue's
                `join` rule asks. Without it everybody counts as staffed.

        Raises:
            IllegalInput: there is no such queue.
        """
        line = self._line(queue)
        passed: tuple[str, ...] = ()
        while True:
            reason = _refusal(line, staffing)
            if reason is None:
                return Joined(contact.id, line.queue.id, None, passed)
            to = line.queue.overflow
            if isinstance(to, Closed):
                return Refused(contact.id, line.queue.id, reason, to.text, passed)
            passed = (*passed, line.queue.id)
            line = self._lines[to]

    def enter(
        self,
        contact: Contact,
        queue: str,
        now: Instant,
        *,
        since: Instant | None = None,
        entered: Instant | None = None,
    ) -> None:
        """Let a contact wait in a queue, whatever its limit.

        Args:
            contact: who was admitted.
            queue: where.
            now: the instant.
            since: when it was first enqueued, if that was earlier; its place counts from then.
            entered: when it came to this queue, if that was earlier; its patience counts from then.

        Raises:
            IllegalInput: there is no such queue, or the contact is in one.
        """
        line = self._line(queue)
        if contact.id in self._entries:
            raise IllegalInput(f"contact {contact.id!r} is in a queue already; ids are used once")
        since = now if since is None else since
        entry = _Entry(contact, line, since, now if entered is None else entered)
        self._entries[contact.id] = line.entries[contact.id] = entry
        line.changed(1, now)
        if line.ranking is not None:
            line.ranking.add(self._rank(entry))
        if line.queue.patience is not None:
            self._start_patience(entry, now)

    def offer(self, contact: str, now: Instant) -> None:
        """Note that a waiting contact is on offer: it is counted, and has no position.

        Raises:
            IllegalInput: there is no such contact.
        """
        entry = self._entry(contact)
        if not entry.offered:
            entry.offered = True
            entry.patience = 0
            entry.waited = now > entry.entered
            self._out(entry, now)

    def back(self, contact: str, now: Instant) -> None:
        """Note that a contact on offer waits again, in its old place.

        Raises:
            IllegalInput: there is no such contact.
        """
        entry = self._entry(contact)
        if entry.offered:
            entry.offered = False
            entry.line.changed(1, now)
            if entry.line.ranking is not None:
                entry.line.ranking.add(self._rank(entry))
            self._start_patience(entry, now)

    def boost(self, contact: str, points: int) -> None:
        """Let a contact stand as if its priority were so many points higher than its own.

        Raises:
            IllegalInput: there is no such contact.
        """
        entry = self._entry(contact)
        if entry.boost != points:
            counted = entry.line.ranking if not entry.offered else None
            if counted is not None:
                counted.remove(self._rank(entry))
            entry.boost = points
            if counted is not None:
                counted.add(self._rank(entry))

    def leave(self, contact: str, now: Instant, *, served: bool = False) -> None:
        """Let a contact go: served by an agent, or given up.

        Raises:
            IllegalInput: there is no such contact.
        """
        entry = self._entry(contact)
        line = entry.line
        if not entry.offered:
            entry.waited = now > entry.entered
            self._out(entry, now)
        entry.patience = 0
        if not served:
            line.pace.gave_up()
        elif entry.waited:
            line.pace.served()
        del self._entries[contact], line.entries[contact]

    def next(self, queue: str, now: Instant) -> str | None:
        """Take out the contact that goes first, and return its id.

        Raises:
            IllegalInput: there is no such queue.
        """
        line = self._line(queue)
        first = self._ranking(line).first()
        if first is None:
            return None
        self.leave(first[3], checked(now), served=True)
        return first[3]

    # --- looking ------------------------------------------------------------------------------

    def position(self, contact: str, now: Instant) -> int | None:  # noqa: ARG002 - places do not age
        """Return a contact's place in its queue, from 1; `None` while it is on offer.

        The first call for a queue sorts it; later ones cost about the square root of its length.

        Raises:
            IllegalInput: there is no such contact.
        """
        entry = self._entry(contact)
        if entry.offered:
            return None
        return self._ranking(entry.line).before(self._rank(entry)) + 1

    def estimate(self, contact: str, now: Instant) -> Duration | None:
        """Return how long a contact will still wait on average; `None` where too little was seen.

        Raises:
            IllegalInput: there is no such contact.
        """
        position = self.position(contact, now)
        if position is None:
            return None
        return self._entries[contact].line.pace.wait_for(position - 1, now)

    def queue_of(self, contact: str) -> str:
        """Return the id of the queue a contact is in.

        Raises:
            IllegalInput: there is no such contact.
        """
        return self._entry(contact).line.queue.id

    # --- time ---------------------------------------------------------------------------------

    def next_deadline(self) -> Instant | None:
        """Return when the patience of a waiting contact is over next."""
        return self.timers.next()

    def due(self, now: Instant) -> list[PatienceOver]:
        """Take out the contacts whose patience is over by `now`, and return them."""
        gone: list[PatienceOver] = []
        while (found := self.overdue(checked(now))) is not None:
            at, over = found
            gone.append(over)
            self.leave(over.contact, at)
        return gone

    def overdue(self, now: Instant) -> tuple[Instant, PatienceOver] | None:
        """Return the first contact whose patience is over by `now`, and since when; it stays."""
        found = self.timers.due(now)
        if found is None:
            return None
        at, (entry, _) = found
        return at, PatienceOver(entry.contact, entry.line.queue.id, Duration(at - entry.entered))

    def snapshot(self) -> dict[str, object]:
        """Return all live state as plain data."""
        return {
            id: {
                "contacts": sorted(
                    [
                        entry.contact,
                        list(self._rank(entry)),
                        entry.entered,
                        entry.offered,
                        entry.waited,
                    ]
                    for entry in line.entries.values()
                ),
                "pace": line.pace.state(),
            }
            for id, line in sorted(self._lines.items())
        }

    # --- inside -------------------------------------------------------------------------------

    def _rank(self, entry: _Entry) -> Rank:
        """Return where a contact stands; it is worked out only where somebody asks."""
        contact = entry.value
        order = entry.line.queue.order or self._modes[contact.mode].order
        return order.key(contact.priority + entry.boost, entry.since, contact.due, contact.id)

    def _out(self, entry: _Entry, now: Instant) -> None:
        line = entry.line
        line.changed(-1, now)
        if line.ranking is not None:
            line.ranking.remove(self._rank(entry))

    def _start_patience(self, entry: _Entry, now: Instant) -> None:
        patience = entry.line.queue.patience
        entry.patience = 0
        if patience is not None and not entry.offered:
            self._patiences = entry.patience = self._patiences + 1
            deadline = entry.entered + int(patience)
            self.timers.start(now, deadline, (entry, entry.patience))

    def _ranking(self, line: _Line) -> Ranking:
        if line.ranking is None:
            line.ranking = Ranking(
                self._rank(entry) for entry in line.entries.values() if not entry.offered
            )
        return line.ranking

    def _line(self, queue: str) -> _Line:
        try:
            return self._lines[queue]
        except KeyError:
            near = did_you_mean(queue, self._lines)
            raise IllegalInput(f"queue: no queue {queue!r}.{near}") from None

    def _entry(self, contact: str) -> _Entry:
        try:
            return self._entries[contact]
        except KeyError:
            near = did_you_mean(contact, self._entries)
            raise IllegalInput(f"contact: no contact {contact!r} is in a queue.{near}") from None


_modes = modes


def _refusal(line: _Line, staffing: Callable[[Queue], Staffing] | None) -> Reason | None:
    queue = line.queue
    if queue.limit is not None and len(line.entries) >= queue.limit:
        return "full"
    if queue.join != "always" and staffing is not None:
        found = staffing(queue)
        if found == "nobody":
            return "nobody signed in"
        if queue.join == "staffed" and found != "staffed":
            return "nobody available"
    return None


def _patient(timer: _Timer) -> bool:
    """A patience counts while it is the one that its contact has now.

    Whoever was on offer and comes back starts a new one: a timer that had been dead may never count
    again, for whether it is still there would depend on who looked meanwhile.
    """
    entry, number = timer
    return entry.patience == number
