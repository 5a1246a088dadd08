"""Where contacts wait: in which lane, what they need there, and which of them goes first.

Rule: a waiting contact stands in the one lane that its needs, its age and its cool-offs ask for.
The router looks only at what has changed since it looked last: lanes that gained a contact
(`stirred`) and agents who became ready (`fresh` in the roster). Each bench keeps the heads of its
lanes with waiters in rank order (`fronts`), so an agent who becomes ready walks them up to the
first lane that they fit.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Container, Mapping
from typing import Final, NamedTuple, TypeAlias

from tongdai.model.contact import Contact
from tongdai.model.mode import Mode, ModeSettings
from tongdai.model.order import Order
from tongdai.model.plan import Plan
from tongdai.model.queue import Queue
from tongdai.model.requirement import Requirement
from tongdai.model.time import Instant
from tongdai.model.timers import Timers
from tongdai.routing.answers import CoolOffDue, Due, ProtectionDue, StepDue
from tongdai.routing.lanes import AgentState, Bench, Front, Lane, Waiter, Work
from tongdai.routing.roster import Roster
from tongdai.routing.strategies import Strategy, named

_LANES_FROM: Final = 1024  # below this number, lanes without contacts are kept

_Timer: TypeAlias = tuple[Waiter, Due, int]
"""Whose, what, and the end of the cool-off or the ticket in line for which it was started."""


class Terms(NamedTuple):
    """What one queue's contacts of one mode have in common."""

    queue: Queue
    bench: Bench
    order: Order
    strategy: Strategy
    lanes: dict[tuple[str, str], Lane]  # of the first step, by what the contact itself requires


class Places:
    """The lanes of a router, and who waits in them."""

    def __init__(
        self,
        strategy: Strategy,
        strategies: Mapping[str, Strategy],
        modes: Mapping[Mode, ModeSettings],
    ) -> None:
        self.roster = Roster(self._forget_pool)
        self.timers: Timers[_Timer] = Timers(_alive)
        self._strategy = strategy
        self._strategies = strategies
        self._modes = modes
        self._terms: dict[tuple[str, Mode], Terms] = {}
        self._lanes: dict[tuple[Requirement, int, Strategy], Lane] = {}
        self._lane_limit = _LANES_FROM
        self._firsts: dict[str, dict[str, Waiter]] = {}
        self._fronts = 0  # how many there are on all benches
        self._stirred: dict[Lane, None] = {}
        self._counter = 0

    def first_match(self) -> tuple[Waiter, Lane, list[AgentState]] | None:
        """Return the contact that goes first among those that a ready agent fits, and who gets it.

        Only what has changed is looked at; what turns out to match nothing is at rest again.
        """
        fresh = self.roster.fresh
        if not self._stirred:
            if not fresh:
                return None
            if not self._fronts:
                fresh.clear()
                return None
        return self._best(fresh)

    def _best(self, fresh: dict[AgentState, None]) -> tuple[Waiter, Lane, list[AgentState]] | None:
        best: tuple[Waiter, Lane, list[AgentState]] | None = None
        if len(fresh) > self._fronts:  # cheaper to look from the contacts' side
            for bench in self.roster.benches:
                for _, _, lane in bench.fronts:
                    self._stirred[lane] = None
            fresh.clear()
        for lane in tuple(self._stirred):
            head = lane.head()
            agents = [] if head is None else lane.best(head)
            if head is None or not agents:
                del self._stirred[lane]
                self._set_front(lane)
            elif best is None or head.rank < best[0].rank:
                best = head, lane, agents
        for state in tuple(fresh):
            first = self._first_for(state)
            head = None if first is None else first.head()
            if first is None or head is None:
                del fresh[state]
            elif best is None or head.rank < best[0].rank:
                best = head, first, first.best(head)
        return best

    def _first_for(self, state: AgentState) -> Lane | None:
        """Return the lane whose head goes first among those that a ready agent fits."""
        pool = state.pool.index
        first: Front | None = None
        for bench in self.roster.benches:
            if not state.tickets[bench.index]:
                continue
            for front in bench.fronts:
                if first is not None and first < front:
                    break
                fit = front[2].fit
                if pool < len(fit) and not fit[pool]:  # (most: known not to fit)
                    continue
                if front[2].fits(state):
                    first = front
                    break
        return None if first is None else first[2]

    def place(self, waiter: Waiter, terms: Terms, now: Instant) -> None:
        """Put a waiting contact into the lane that its age and cool-offs ask for."""
        contact = waiter.contact
        if waiter.step == 0 and waiter.cooling is None and waiter.plan is terms.queue.plan:
            key = (contact.requires, contact.language)
            lane = terms.lanes.get(key)
            if lane is None:
                lane = self._lane(terms, waiter)
                if not lane.personal and not _any_first(waiter.plan, contact):
                    terms.lanes[key] = lane
        else:
            lane = self._lane(terms, waiter)
        priority = contact.priority + waiter.plan.steps[waiter.step].priority
        waiter.rank = terms.order.key(priority, waiter.since, contact.due, contact.id)
        self._counter += 1
        lane.push(waiter, self._counter)
        self._stirred[lane] = None
        if waiter.protected:
            self.guard(waiter, lane)
        deadline = waiter.next_step
        if deadline is not None:
            due = StepDue(contact.id, waiter.step + 1)
            self.timers.start(now, deadline, (waiter, due, waiter.ticket))
        protect = lane.bench.work.protect
        if protect is not None and not waiter.protected:
            deadline = max(waiter.since + int(protect), now)
            self.timers.start(now, deadline, (waiter, ProtectionDue(contact.id), waiter.ticket))

    def unplace(self, waiter: Waiter) -> None:
        """Take a contact out of its lane, if it waits."""
        lane = waiter.lane
        if lane is None:
            return
        lane.pull(waiter)
        if lane.front is not None:
            self._set_front(lane)
        if not lane.size:
            self._stirred.pop(lane, None)
            if lane.personal:
                self._lanes.pop((lane.requirement, lane.bench.index, lane.strategy), None)

    def replace(self, waiter: Waiter, now: Instant) -> None:
        """Put a waiting contact where it belongs now that something about it has changed."""
        if waiter.lane is not None:
            self.unplace(waiter)
            self.place(waiter, self.terms(waiter), now)

    def wanted(self, waiter: Waiter, at: int, away: Container[str]) -> Requirement:
        """Return what a contact needs at a step of its plan.

        That is its own needs and the step's; the next step's while the preferred agent cannot come.
        An agent whom the contact itself prefers is no step's to lift: it is just not held for them.
        """
        needs = waiter.contact.needs
        steps = waiter.plan.steps
        for step in steps[at:]:
            wanted = step.requires & needs
            if wanted.first is None or self._can_come(wanted.first, wanted, away):
                return wanted
            if step.requires.first is None:
                return wanted.unheld()
        return (steps[-1].requires & needs).unheld()

    def _can_come(self, agent: str, wanted: Requirement, away: Container[str]) -> bool:
        state = self.roster.agents.get(agent)
        return (
            state is not None
            and state.presence == "available"
            and agent not in away
            and state.agent.meets(wanted)
        )

    def _note_firsts(self, waiter: Waiter) -> None:
        """Note whose coming and going changes what a contact needs, now or at a later step."""
        if not _any_first(waiter.plan, waiter.contact):
            return
        if waiter.first is None:
            waiter.first = {}
        steps = waiter.plan.steps
        for first in (waiter.contact.needs.first, *(step.requires.first for step in steps)):
            if first is not None and first not in waiter.first:
                waiter.first[first] = None
                self._firsts.setdefault(first, {})[waiter.contact.id] = waiter

    def leave(self, waiter: Waiter) -> None:
        """Forget a contact that goes."""
        self.unplace(waiter)
        self.unguard(waiter)
        for agent in waiter.first or ():
            holders = self._firsts[agent]
            del holders[waiter.contact.id]
            if not holders:
                del self._firsts[agent]
        waiter.cooling = None  # so that no cool-off of a contact that is gone falls due

    def replace_firsts(self, agent: str, now: Instant) -> None:
        """An agent came, went or changed: contacts that prefer them are held, or no longer."""
        for waiter in list(self._firsts.get(agent, {}).values()):
            self.replace(waiter, now)

    def work(self, queue: Queue, mode: Mode) -> Work:
        """Return the kind of work that contacts of a mode are in a queue."""
        settings = self._modes[mode]
        return Work(
            mode,
            settings.cost if queue.cost is None else queue.cost,
            settings.limit,
            settings.exclusive,
            settings.protect if settings.exclusive else None,
        )

    def terms(self, waiter: Waiter) -> Terms:
        """Return what counts for a contact's queue and mode.

        Raises:
            ConfigurationError: the queue's strategy is unknown.
        """
        queue, mode = waiter.queue, waiter.contact.mode
        terms = self._terms.get((queue.id, mode))
        if terms is None or terms.queue is not queue:
            settings = self._modes[mode]
            bench = self.roster.bench(self.work(queue, mode))
            how = (
                self._strategy
                if queue.strategy is None
                else named(queue.strategy, self._strategies)
            )
            order = settings.order if queue.order is None else queue.order
            terms = Terms(queue, bench, order, how, {})
            self._terms[queue.id, mode] = terms
        return terms

    def _lane(self, terms: Terms, waiter: Waiter) -> Lane:
        self._note_firsts(waiter)
        wanted = self.wanted(waiter, waiter.step, waiter.cooling or ())
        if waiter.cooling:
            wanted = wanted & Requirement(without=waiter.cooling)
        key = (wanted, terms.bench.index, terms.strategy)
        lane = self._lanes.get(key)
        if lane is None:
            if len(self._lanes) >= self._lane_limit:
                self._sweep_lanes()
            self._counter += 1
            personal = wanted.first is not None or bool(waiter.cooling)
            lane = Lane(wanted, terms.bench, terms.strategy, self._counter, personal=personal)
            if wanted.first is not None:
                lane.only = self.roster.agents[wanted.first]
            self._lanes[key] = lane
        return lane

    def _sweep_lanes(self) -> None:
        """Forget lanes without contacts, so that requirements seen once do not pile up."""
        kept = {key: lane for key, lane in self._lanes.items() if lane.size}
        self._lanes = kept
        self._stirred = {lane: None for lane in self._stirred if lane.size}
        self._lane_limit = max(_LANES_FROM, 2 * len(kept))
        self._terms.clear()

    def _forget_pool(self, pool: int) -> None:
        for lane in self._lanes.values():
            lane.forget(pool)

    def _set_front(self, lane: Lane) -> None:
        """Keep the lane's head in its place among the heads of all lanes."""
        head = lane.head()
        front = lane.front
        fronts = lane.bench.fronts
        if front is not None:
            if head is not None and front[0] == head.rank:
                return
            del fronts[bisect_left(fronts, front)]
            lane.front = None
            self._fronts -= 1
        if head is not None:
            lane.front = front = (head.rank, lane.number, lane)
            insort(fronts, front)
            self._fronts += 1

    def guard(self, waiter: Waiter, lane: Lane) -> None:
        """Keep agents for a protected contact: those who fit the lane where it waits."""
        if waiter.guards is lane:
            return
        lane.protected += 1
        if lane.protected == 1:
            self.roster.guard(lane)
        self.unguard(waiter)
        waiter.guards = lane

    def unguard(self, waiter: Waiter) -> None:
        """Keep agents for a contact no longer."""
        lane = waiter.guards
        if lane is not None:
            waiter.guards = None
            lane.protected -= 1
            if not lane.protected:
                self.roster.unguard(lane)


def _any_first(plan: Plan, contact: Contact) -> bool:
    return contact.needs.first is not None or any(step.requires.first for step in plan.steps)


def _alive(timer: _Timer) -> bool:
    """Steps and protection count while the contact is where it was when they were started.

    Whoever is taken and comes back starts anew. A timer that had been dead may never count again:
    whether it is still there would depend on who looked meanwhile.
    """
    waiter, due, mark = timer
    if isinstance(due, CoolOffDue):
        return waiter.cooling is not None and waiter.cooling.get(due.agent) == mark
    return waiter.ticket == mark and not (waiter.protected and isinstance(due, ProtectionDue))
