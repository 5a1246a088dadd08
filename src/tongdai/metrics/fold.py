"""The fold from events to rows.

Rule: a contact counts in the interval in which it arrived, whatever happens to it and however late,
so that every row adds up: offered = answered + abandoned + ended + refused + overflowed + waiting.
(The alternative, to count each thing where it happens, shows more answers than contacts after a
peak.) Time counts where it falls: talk, wrap-up and presence are split at the borders of intervals.

A contact counts once. If its connection fails, or its agent is lost, the answer is taken back and
the contact waits on from its first arrival: what counts is the last answer, or that it was
abandoned. So a customer who was connected to nobody is never reported as served.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

from tongdai.center import events
from tongdai.errors import ConfigurationError, did_you_mean
from tongdai.metrics.counts import Counts, bin_of, borders
from tongdai.metrics.row import Row
from tongdai.model.agent import Agent, Presence
from tongdai.model.mode import FULL, Mode, ModeSettings
from tongdai.model.mode import modes as settings_of
from tongdai.model.queue import Queue
from tongdai.model.time import Duration, Instant, checked, duration

By: TypeAlias = Literal["queue", "agent"]
"""What rows can be told apart by, beside the interval."""

_BY: Final[tuple[str, ...]] = get_args(By)
_Key: TypeAlias = tuple[Instant, str, str]  # interval, queue or "", agent or ""


class _Contact:
    """A contact until it is over; `counted` is the queue in whose cell it stands."""

    __slots__ = ("arrived", "counted", "mode", "queue", "start", "work")

    def __init__(self, arrived: Instant, start: Instant, queue: str, mode: Mode) -> None:
        self.arrived = arrived
        self.start = start
        self.queue = self.counted = queue
        self.mode = mode
        self.work: _Work | None = None


class _Offer:
    """An offer that is out: where it counts, whose it is, and what it holds."""

    __slots__ = ("agent", "cells", "queue", "units")

    def __init__(self, cells: tuple[Counts, ...], queue: str, agent: _Agent, units: int) -> None:
        self.cells = cells
        self.queue = queue
        self.agent = agent
        self.units = units


class _Work:
    """An interaction, through its wrap-up; time is accounted for up to `mark`.

    Its time up to `until` goes to the cells `here`; what it counts, to the contact's, `cells`.
    """

    __slots__ = (
        "accepted", "agent", "cells", "ended", "here", "mark", "queue", "units", "until", "wait",
    )  # fmt: skip

    def __init__(
        self, offer: _Offer, cells: tuple[Counts, ...], queue: str, at: Instant, wait: int
    ) -> None:
        self.agent = offer.agent
        self.units = offer.units
        self.cells = cells
        self.queue = queue
        self.wait = wait
        self.accepted = self.mark = self.until = at
        self.here = cells
        self.ended: Instant | None = None


class _Agent:
    """An agent's presence and load; time is accounted for up to `mark`.

    Time up to `until` goes to the cell `here`.
    """

    __slots__ = ("busy", "capacity", "held", "here", "id", "mark", "presence", "until", "value")

    def __init__(self, id: str, presence: Presence, at: Instant) -> None:
        self.id = id
        self.value: Agent | None = None
        self.presence: Presence = presence
        self.mark = self.until = at
        self.here = Counts()
        self.capacity = FULL
        self.busy = 0
        self.held = 0


class Metrics:
    """Rows of figures by interval, queue and agent, folded from a center's events.

    Give it every event in order, as they come or from a journal: the figures are the same. It may
    begin in the middle; what it has not seen the beginning of does not count. O(1) an event; it
    keeps one cell for each interval, queue and agent that had to do with each other, and what is
    open.
    """

    def __init__(
        self,
        every: Duration,
        *,
        start: Instant = 0,
        agents: bool = True,
        queues: Iterable[Queue] = (),
        modes: Mapping[Mode, ModeSettings] | None = None,
    ) -> None:
        """Start with nothing counted.

        Args:
            every: the length of an interval.
            start: an instant at which an interval begins; by default the epoch, so that half-hours
                are those of most clocks, and days those of UTC.
            agents: whether to keep cells for each agent; without, memory does not grow with agents.
            queues: the queues that the center was built with, where they have a `cost` of their
                own.
            modes: the center's `modes`, where it has some. Both count in `Row.utilisation` only.

        Raises:
            ConfigurationError: `every` is not a duration above zero.
        """
        self._every = int(duration(every, "Metrics.every"))
        if not self._every:
            raise ConfigurationError("Metrics.every: an interval is longer than 0 s")
        self._start = checked(start, "Metrics.start")
        self._by_agent = agents
        self._costs = {queue.id: queue.cost for queue in queues}
        self._modes = settings_of(modes)
        self._at: Instant | None = None
        self._cells: dict[_Key, Counts] = {}
        self._contacts: dict[str, _Contact] = {}
        self._offers: dict[str, _Offer] = {}
        self._work: dict[str, _Work] = {}
        self._agents: dict[str, _Agent] = {}
        self._appliers: dict[type, Callable[[Any], None]] = {
            events.QueuePut: self._queue_put,
            events.QueueRemoved: self._queue_removed,
            events.AgentPut: self._agent_put,
            events.AgentRemoved: self._agent_removed,
            events.PresenceChanged: self._presence_changed,
            events.AgentLost: self._agent_lost,
            events.ContactQueued: self._contact_queued,
            events.ContactRefused: self._contact_refused,
            events.ContactOverflowed: self._contact_overflowed,
            events.ContactOffered: self._contact_offered,
            events.OfferAccepted: self._offer_accepted,
            events.OfferDeclined: self._offer_declined,
            events.OfferExpired: self._offer_expired,
            events.OfferRescinded: self._offer_rescinded,
            events.InteractionFailed: self._interaction_failed,
            events.ContactAbandoned: self._contact_abandoned,
            events.ContactEnded: self._contact_ended,
            events.WrapUpEnded: self._wrap_up_ended,
        }

    # --- folding ------------------------------------------------------------------------------

    def apply(self, event: events.AnyEvent) -> None:
        """Take in what happened."""
        if self._at is None or event.at > self._at:
            self._at = event.at
        applier = self._appliers.get(type(event))
        if applier is not None:
            applier(event)

    def advance(self, now: Instant) -> None:
        """Take in that time has passed, though nothing happened: talk and presence count up to it.

        Apply all events up to `now` first.
        """
        if self._at is not None:
            self._at = max(self._at, checked(now))

    # --- reading ------------------------------------------------------------------------------

    def rows(self, by: Collection[By] = ()) -> list[Row]:
        """Return a row for each interval and, if asked, each queue and agent in it; sorted so.

        Args:
            by: any of `queue` and `agent`. Rows by agent tell what each agent answered, was
                offered, and how their time went; who abandoned is nobody's.

        Raises:
            ConfigurationError: there is no such word, or agents are not kept.
        """
        return self._grouped(by, total=False)

    def totals(self, by: Collection[By] = ()) -> list[Row]:
        """Return the same over all intervals; each row's `start` is that of the first one."""
        return self._grouped(by, total=True)

    def total(self) -> Row:
        """Return one row over everything; of nothing, if nothing has happened."""
        found = self.totals()
        return found[0] if found else Row(start=self._start)

    def _grouped(self, by: Collection[By], *, total: bool) -> list[Row]:
        by_queue, by_agent = self._wanted(by)
        self._catch_up()
        first = min((start for start, _, _ in self._cells), default=self._start)
        rows: dict[_Key, Row] = {}
        for (start, queue, agent), counts in [*self._cells.items(), *self._waiting()]:
            # Three kinds of cells: a queue's, an agent's in a queue, and presence, without a queue.
            if by_queue if not queue else bool(agent) != by_agent:
                continue
            key = (first if total else start, queue if by_queue else "", agent if by_agent else "")
            row = rows.get(key)
            if row is None:
                row = rows[key] = Row(start=key[0], queue=key[1] or None, agent=key[2] or None)
            row.add(counts)
        return [rows[key] for key in sorted(rows)]

    def _wanted(self, by: Collection[By]) -> tuple[bool, bool]:
        if isinstance(by, str):
            raise ConfigurationError(f"by: {by!r} is a text; write by=[{by!r}]")
        for word in by:
            if word not in _BY:
                near = did_you_mean(str(word), _BY)
                raise ConfigurationError(f"by: {word!r} is not one of {', '.join(_BY)}.{near}")
        if "agent" in by and not self._by_agent:
            raise ConfigurationError(
                "by: agents are not kept here; build it as Metrics(agents=True)"
            )
        return "queue" in by, "agent" in by

    def _waiting(self) -> Iterator[tuple[_Key, Counts]]:
        for contact in self._contacts.values():
            if contact.work is None:
                yield (contact.start, contact.counted, ""), Counts(waiting=1)

    def _catch_up(self) -> None:
        """Account for the time of what is going on, up to the last instant."""
        if self._at is None:
            return
        for agent in self._agents.values():
            self._account(agent, self._at)
        for work in self._work.values():
            self._spend(work, self._at)

    # --- configuration ------------------------------------------------------------------------

    def _queue_put(self, event: events.QueuePut) -> None:
        self._costs[event.queue] = event.value.cost

    def _queue_removed(self, event: events.QueueRemoved) -> None:
        for contact in self._contacts.values():
            if contact.queue == event.queue:
                self._move(contact, event.to)

    def _agent_put(self, event: events.AgentPut) -> None:
        known = self._agents.get(event.agent)
        if known is None:
            presence: Presence = "available" if event.available else "offline"
            known = self._agents[event.agent] = _Agent(event.agent, presence, event.at)
        self._account(known, event.at)
        known.value = event.value
        known.capacity = event.value.capacity

    def _agent_removed(self, event: events.AgentRemoved) -> None:
        known = self._agents.pop(event.agent, None)
        if known is not None:
            self._account(known, event.at)

    # --- agents -------------------------------------------------------------------------------

    def _presence_changed(self, event: events.PresenceChanged) -> None:
        self._present(event.agent, event.presence, event.at)

    def _agent_lost(self, event: events.AgentLost) -> None:
        self._present(event.agent, "away", event.at)

    def _present(self, agent: str, presence: Presence, at: Instant) -> None:
        known = self._agent(agent, at)
        self._account(known, at)
        known.presence = presence

    # --- one contact, in the order of its life ------------------------------------------------

    def _contact_queued(self, event: events.ContactQueued) -> None:
        start = self._interval(event.at)
        self._came(start, event.overflowed, event.queue)
        self._contacts[event.contact] = _Contact(event.at, start, event.queue, event.value.mode)

    def _contact_refused(self, event: events.ContactRefused) -> None:
        self._came(self._interval(event.at), event.overflowed, event.queue).refused += 1

    def _came(self, start: Instant, passed: tuple[str, ...], queue: str) -> Counts:
        """Count a contact into a queue, past those that did not take it."""
        if not passed:
            cell = self._cell(start, queue)
            cell.arrived += 1
            return cell
        cell = self._cell(start, passed[0])
        cell.arrived += 1
        for next_ in (*passed[1:], queue):
            cell.overflowed += 1
            cell = self._cell(start, next_)
            cell.overflowed_in += 1
        return cell

    def _contact_overflowed(self, event: events.ContactOverflowed) -> None:
        contact = self._contacts.get(event.contact)
        if contact is not None:
            self._move(contact, event.to)

    def _move(self, contact: _Contact, to: str) -> None:
        contact.queue = to
        if contact.work is None and contact.counted != to:
            self._cell(contact.start, contact.counted).overflowed += 1
            self._cell(contact.start, to).overflowed_in += 1
            contact.counted = to

    def _contact_offered(self, event: events.ContactOffered) -> None:
        contact = self._contacts.get(event.contact)
        if contact is None:
            return
        agent = self._agent(event.agent, event.at)
        cells = self._both(contact.start, contact.counted, event.agent)
        offer = _Offer(cells, contact.counted, agent, self._units(contact, agent))
        self._offers[event.offer] = offer
        for cell in cells:
            cell.offers += 1
        self._account(agent, event.at)
        agent.held += offer.units

    def _offer_accepted(self, event: events.OfferAccepted) -> None:
        offer = self._offers.pop(event.offer, None)
        if offer is None:
            return
        contact = self._contacts[event.contact]
        for cell in offer.cells:
            cell.accepted += 1
        cells = offer.cells
        if contact.counted != offer.queue:  # it was moved while the offer was out
            cells = self._both(contact.start, contact.counted, event.agent)
        work = _Work(offer, cells, contact.counted, event.at, event.at - contact.arrived)
        contact.work = self._work[event.offer] = work
        at = bin_of(work.wait)
        for cell in cells:
            cell.answer(work.wait, at)
        self._account(work.agent, event.at)
        work.agent.busy += 1

    def _offer_declined(self, event: events.OfferDeclined) -> None:
        for cell in self._offer_over(event):
            cell.declined += 1

    def _offer_expired(self, event: events.OfferExpired) -> None:
        for cell in self._offer_over(event):
            cell.expired += 1
        self._present(event.agent, "not_responding", event.at)

    def _offer_rescinded(self, event: events.OfferRescinded) -> None:
        for cell in self._offer_over(event):
            cell.rescinded += 1

    def _offer_over(
        self, event: events.OfferDeclined | events.OfferExpired | events.OfferRescinded
    ) -> tuple[Counts, ...]:
        offer = self._offers.pop(event.offer, None)
        if offer is None:
            return ()
        self._account(offer.agent, event.at)
        offer.agent.held -= offer.units
        return offer.cells

    def _interaction_failed(self, event: events.InteractionFailed) -> None:
        work = self._work.get(event.interaction)
        if work is None:
            return
        for cell in work.cells:
            cell.failed += 1
            cell.take_back(work.wait)
        self._let_go(event.interaction, work, event.at)
        contact = self._contacts[event.contact]
        contact.work = None
        self._move(contact, contact.queue)

    def _contact_abandoned(self, event: events.ContactAbandoned) -> None:
        contact = self._contacts.pop(event.contact, None)
        if contact is not None:
            cell = self._cell(contact.start, contact.counted)
            cell.abandon(event.at - contact.arrived, short=event.short)

    def _contact_ended(self, event: events.ContactEnded) -> None:
        contact = self._contacts.pop(event.contact, None)
        if contact is None:
            return
        work = contact.work
        if work is None:
            cell = self._cell(contact.start, contact.counted)
            cell.ended += 1
            cell.longest = max(cell.longest, event.at - contact.arrived)
            return
        self._spend(work, event.at)
        work.ended = event.at
        if not event.wrap_up:
            self._handled(event.interaction, work, event.at)

    def _wrap_up_ended(self, event: events.WrapUpEnded) -> None:
        work = self._work.get(event.interaction)
        if work is not None:
            self._handled(event.interaction, work, event.at)

    def _handled(self, interaction: str, work: _Work, at: Instant) -> None:
        ended = at if work.ended is None else work.ended
        for cell in work.cells:
            cell.handled += 1
            cell.talked += ended - work.accepted
            cell.wrapped_up += at - ended
        self._let_go(interaction, work, at)

    def _let_go(self, interaction: str, work: _Work, at: Instant) -> None:
        self._spend(work, at)
        self._account(work.agent, at)
        work.agent.busy -= 1
        work.agent.held -= work.units
        del self._work[interaction]

    # --- inside -------------------------------------------------------------------------------

    def _interval(self, at: Instant) -> Instant:
        return at - (at - self._start) % self._every

    def _cell(self, start: Instant, queue: str, agent: str = "") -> Counts:
        key = (start, queue, agent)
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = Counts()
        return cell

    def _both(self, start: Instant, queue: str, agent: str) -> tuple[Counts, ...]:
        """Return the queue's cell, and where agents are kept, the agent's in it."""
        if self._by_agent:
            return self._cell(start, queue), self._cell(start, queue, agent)
        return (self._cell(start, queue),)

    def _agent(self, agent: str, at: Instant) -> _Agent:
        """Return an agent; one whose beginning was not seen counts as offline until they change."""
        known = self._agents.get(agent)
        if known is None:
            known = self._agents[agent] = _Agent(agent, "offline", at)
        return known

    def _units(self, contact: _Contact, agent: _Agent) -> int:
        """Return what a contact costs: as the agent says, else the queue, else the mode."""
        if agent.value is not None and contact.mode in agent.value.costs:
            return agent.value.costs[contact.mode]
        cost = self._costs.get(contact.queue)
        return self._modes[contact.mode].cost if cost is None else cost

    def _spend(self, work: _Work, at: Instant) -> None:
        """Account for an interaction's time up to an instant, in the intervals where it falls."""
        if at <= work.mark:
            return
        if at > work.until:
            for start, end in borders(work.mark, at, self._start, self._every):
                self._spend_here(work, min(start, at))
                work.until = end
                work.here = self._both(start, work.queue, work.agent.id)
        self._spend_here(work, at)

    def _spend_here(self, work: _Work, at: Instant) -> None:
        length = at - work.mark
        if length <= 0:
            return
        work.mark = at
        if work.ended is None:
            for cell in work.here:
                cell.talk_time += length
        else:
            for cell in work.here:
                cell.wrap_up_time += length

    def _account(self, agent: _Agent, at: Instant) -> None:
        """Account for an agent's time up to an instant, in the intervals where it falls."""
        if at <= agent.mark:
            return
        if agent.presence == "offline" and not agent.busy:
            agent.mark = at
            return
        if at > agent.until:
            for start, end in borders(agent.mark, at, self._start, self._every):
                self._account_here(agent, min(start, at))
                agent.until = end
                agent.here = self._cell(start, "", agent.id if self._by_agent else "")
        self._account_here(agent, at)

    def _account_here(self, agent: _Agent, at: Instant) -> None:
        length = at - agent.mark
        if length <= 0:
            return
        agent.mark = at
        cell = agent.here
        if agent.presence != "offline":
            cell.signed_in += length
        if agent.busy:
            cell.busy += length
        elif agent.presence == "available":
            cell.ready += length
        else:
            return
        cell.capacity += length * agent.capacity
        cell.held += length * agent.held
