"""Who serves whom: a skill-based router, usable alone.

Rule: after every assignment pass, no contact waits beside an agent who is ready and fits. The
router keeps it by looking only at what has changed since: lanes that gained a contact (`_stirred`)
and agents who became ready (`fresh` in the roster). `next` looks and `take` does; `assign` is the
loop of both. Methods that change never decide, so a replay can call them again.

Work costs the same however many agents and contacts there are: see `lanes` for the two orders that
meet here. Each bench keeps the heads of its lanes with waiters in rank order (`fronts`), so an
agent who becomes ready walks them up to the first lane that they fit.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from tongdai.errors import IllegalInput, did_you_mean
from tongdai.model.agent import Agent, Presence, check_presence
from tongdai.model.contact import Contact
from tongdai.model.mode import Mode, ModeSettings, modes
from tongdai.model.order import Order
from tongdai.model.plan import Plan, plan
from tongdai.model.queue import Queue
from tongdai.model.requirement import Requirement
from tongdai.model.time import Duration, Instant, checked
from tongdai.model.timers import Timers
from tongdai.routing.answers import CoolOffDue, Due, Match, ProtectionDue, StepDue
from tongdai.routing.explain import Explanation, explain
from tongdai.routing.lanes import AgentState, Bench, Front, Lane, Waiter, Work
from tongdai.routing.roster import Roster, Staffing
from tongdai.routing.strategies import (
    Strategy,
    StrategyFunction,
    longest_idle,
    named,
    strategy,
)

_LANES_FROM: Final = 1024  # below this number, lanes without contacts are kept

_ANYBODY: Final = Queue("any")


_Timer: TypeAlias = tuple[Waiter, Due, int]
"""Whose, what, and the end of the cool-off or the ticket in line for which it was started."""


Prospect: TypeAlias = Literal["ready", "less", "never"]


class _Terms(NamedTuple):
    """What one queue's contacts of one mode have in common."""

    queue: Queue
    bench: Bench
    order: Order
    strategy: Strategy
    lanes: dict[tuple[str, str], Lane]  # of the first step, by what the contact itself requires


class Router:
    """Contacts that wait, agents, and the matching between them.

    Contacts given to `wait` and agents given to `put` are told apart by their ids.
    """

    def __init__(
        self,
        agents: Iterable[Agent] = (),
        *,
        strategy: Strategy | StrategyFunction = longest_idle,
        strategies: Mapping[str, Strategy | StrategyFunction] | None = None,
        modes: Mapping[Mode, ModeSettings] | None = None,
    ) -> None:
        """Start with these agents, available since instant 0.

        Args:
            agents: values; more can be `put` at any time.
            strategy: who is picked where a queue says nothing else.
            strategies: strategies by the names that queues use, beside the built-in ones.
            modes: settings of modes that differ from the default ones.

        Raises:
            IllegalInput: two agents have the same id.
        """
        self._strategy = _strategy(strategy)
        self._strategies = {name: _strategy(own) for name, own in (strategies or {}).items()}
        self._modes = _modes(modes)
        self._roster = Roster(self._forget_pool)
        self._terms: dict[tuple[str, Mode], _Terms] = {}
        self._lanes: dict[tuple[Requirement, int, Strategy], Lane] = {}
        self._lane_limit = _LANES_FROM
        self._waiters: dict[str, Waiter] = {}
        self._firsts: dict[str, dict[str, Waiter]] = {}
        self._fronts = 0  # how many there are on all benches
        self._stirred: dict[Lane, None] = {}
        self.timers: Timers[_Timer] = Timers(_alive)
        self._counter = 0
        for agent in agents:
            if agent.id in self._roster.agents:
                raise IllegalInput(
                    f"Router: two agents have the id {agent.id!r}; ids are used once"
                )
            self.put(agent, 0)

    # --- agents -------------------------------------------------------------------------------

    def put(self, agent: Agent, now: Instant, *, available: bool = True) -> None:
        """Add an agent, or give a known one new skills, capacity or limits.

        A known agent keeps presence, load and place; `available` counts for new ones only.
        """
        self._roster.put(agent, checked(now), available=available)
        self._replace_firsts(agent.id, now)

    def remove(self, agent: str, now: Instant) -> None:
        """Remove an agent; contacts that only they had wait again in their old places.

        Raises:
            IllegalInput: there is no such agent.
        """
        state = self._roster.agent(agent)
        for contact in list(state.active):
            self.drop(contact, agent, now)
            if not self._waiters[contact].agents:
                self.requeue(contact, now)
        self._roster.remove(state)
        self._replace_firsts(agent, now)

    def presence(self, agent: str, presence: Presence, now: Instant, reason: str = "") -> None:
        """Change an agent's presence; becoming available starts their idle clock anew.

        Raises:
            IllegalInput: there is no such agent.
            ConfigurationError: there is no such presence.
        """
        check_presence(presence, "presence")
        self._roster.presence(self._roster.agent(agent), presence, checked(now), reason)
        self._replace_firsts(agent, now)

    def agent(self, agent: str) -> AgentState:
        """Return a live agent, to look at.

        Raises:
            IllegalInput: there is no such agent.
        """
        return self._roster.agent(agent)

    @property
    def agents(self) -> Mapping[str, AgentState]:
        """All live agents by id, to look at."""
        return self._roster.agents

    # --- contacts -----------------------------------------------------------------------------

    def wait(
        self,
        contact: Contact,
        now: Instant,
        *,
        plan: Plan | str | None = None,
        queue: Queue = _ANYBODY,
        since: Instant | None = None,
    ) -> None:
        """Let a contact wait.

        Args:
            contact: what waits; its own requirement and language always hold.
            now: the instant of its arrival.
            plan: what else is required, and how that relaxes; by default the queue's plan.
            queue: whose order, costs and strategy count.
            since: when it was first enqueued, if that was earlier.

        Raises:
            IllegalInput: a contact of this id is here already.
            ConfigurationError: the queue's strategy is unknown.
        """
        if contact.id in self._waiters:
            raise IllegalInput(f"wait: contact {contact.id!r} is here already; ids are used once")
        waiter = Waiter(
            contact,
            queue,
            queue.plan if plan is None else _plan(plan, "wait.plan"),
            checked(now if since is None else since, "since"),
        )
        waiter.step = waiter.plan.index(now - waiter.since)
        terms = self._terms_of(waiter)  # (raises where the strategy is unknown: nothing is changed)
        self._waiters[contact.id] = waiter
        self._place(waiter, terms, now)

    def leave(self, contact: str, now: Instant) -> None:
        """Let a contact go that was not served; agents who held it keep their idle time.

        Raises:
            IllegalInput: there is no such contact.
        """
        self._go(contact, now, innocent=True)

    def release(self, contact: str, now: Instant) -> None:
        """Let a contact go that was served; its agents have their capacity back.

        Raises:
            IllegalInput: there is no such contact.
        """
        self._go(contact, now, innocent=False)

    def requeue(self, contact: str, now: Instant, *, innocent: bool = False) -> None:
        """Let a taken contact wait again, in its old place; agents who had it are free of it.

        Raises:
            IllegalInput: there is no such contact, or it waits already.
        """
        waiter = self._waiter(contact)
        if waiter.lane is not None:
            raise IllegalInput(f"requeue: contact {contact!r} waits already")
        for agent in waiter.agents:
            self._free(waiter, agent, now, innocent=innocent)
        waiter.agents = ()
        waiter.step = waiter.plan.index(now - waiter.since)
        self._place(waiter, self._terms_of(waiter), now)

    def drop(self, contact: str, agent: str, now: Instant, *, innocent: bool = False) -> None:
        """Free one agent of a taken contact; whether it waits again is for the caller to say.

        Raises:
            IllegalInput: there is no such contact, or the agent does not have it.
        """
        waiter = self._waiter(contact)
        if agent not in waiter.agents:
            raise IllegalInput(f"drop: agent {agent!r} does not have contact {contact!r}")
        self._free(waiter, agent, now, innocent=innocent)
        waiter.agents = tuple(other for other in waiter.agents if other != agent)

    def change(self, queue: Queue, now: Instant) -> None:
        """Give a queue's contacts its new settings. O(contacts in the router)."""
        for waiter in self._waiters.values():
            if waiter.queue.id == queue.id:
                self.move(waiter.contact.id, queue, now)

    def move(self, contact: str, queue: Queue, now: Instant) -> None:
        """Put a contact under a queue's plan, order and strategy; it keeps its enqueue time.

        Raises:
            IllegalInput: there is no such contact.
        """
        waiter = self._waiter(contact)
        if waiter.plan is waiter.queue.plan:
            waiter.plan = queue.plan
        waiter.queue = queue
        waiter.step = waiter.plan.index(now - waiter.since)
        self._replace(waiter, now)

    def alter(self, contact: Contact, now: Instant) -> None:
        """Let a contact that is here need something else; all else about it stays.

        Raises:
            IllegalInput: there is no such contact.
        """
        waiter = self._waiter(contact.id)
        waiter.contact = contact
        self._replace(waiter, now)

    def step(self, contact: str, step: int, now: Instant) -> None:
        """Let a waiting contact's plan come to a step.

        Raises:
            IllegalInput: there is no such contact, or its plan has no such step.
        """
        waiter = self._waiter(contact)
        if not 0 <= step < len(waiter.plan.steps):
            raise IllegalInput(f"step: the plan of {contact!r} has {len(waiter.plan.steps)} steps")
        waiter.step = step
        self._replace(waiter, now)

    def cool(self, contact: str, agent: str, until: Instant, now: Instant) -> None:
        """Keep a contact from an agent until an instant.

        Raises:
            IllegalInput: there is no such contact.
        """
        waiter = self._waiter(contact)
        waiter.cooling = {**(waiter.cooling or {}), agent: until}
        self.timers.start(now, until, (waiter, CoolOffDue(contact, agent), until))
        self._replace(waiter, now)

    def warm(self, contact: str, agent: str, now: Instant) -> None:
        """End what `cool` began.

        Raises:
            IllegalInput: there is no such contact.
        """
        waiter = self._waiter(contact)
        cooling = {
            other: until for other, until in (waiter.cooling or {}).items() if other != agent
        }
        waiter.cooling = cooling or None
        self._replace(waiter, now)

    def protect(self, contact: str, now: Instant) -> None:  # noqa: ARG002 - as all that change
        """Let agents who fit a waiting contact take no other new work while it waits.

        Raises:
            IllegalInput: there is no such contact.
        """
        waiter = self._waiter(contact)
        if not waiter.protected:
            waiter.protected = True
            if waiter.lane is not None:
                self._guard(waiter, waiter.lane)

    # --- matching -----------------------------------------------------------------------------

    def next(self, now: Instant) -> Match | None:
        """Return the next match, or `None` when no contact waits beside an agent who fits.

        The contact that goes first among those that somebody could serve gets the agent whom its
        strategy picks. Nothing changes: `take` does it.
        """
        if not self._stirred:
            fresh = self._roster.fresh
            if not fresh:
                return None
            if not self._fronts:
                fresh.clear()
                return None
        found = self._first_match()
        if found is None:
            return None
        best, lane, agents = found
        how = lane.strategy
        won = agents[0]
        return Match(
            best.contact.id,
            tuple([state.agent.id for state in agents]),
            Duration(now - best.since),
            how.name,
            how.measure(won, best, now, how.function(won, best)),
        )

    def _first_match(self) -> tuple[Waiter, Lane, list[AgentState]] | None:
        """Return the contact that goes first among those that a ready agent fits, and who gets it.

        Only what has changed is looked at; what turns out to match nothing is at rest again.
        """
        best: tuple[Waiter, Lane, list[AgentState]] | None = None
        fresh = self._roster.fresh
        if len(fresh) > self._fronts:  # cheaper to look from the contacts' side
            for bench in self._roster.benches:
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

    def take(
        self, contact: str, agents: Iterable[str], now: Instant, *, offered: bool = False
    ) -> None:
        """Give a waiting contact to agents: it waits no more, and holds their capacity.

        Args:
            contact: its id.
            agents: who gets it.
            now: the instant.
            offered: whether they may still say no. Agents kept for a protected contact stay kept,
                until it is `served` or gone.

        Raises:
            IllegalInput: there is no such contact or agent, or the contact does not wait.
        """
        waiter = self._waiter(contact)
        if waiter.lane is None:
            raise IllegalInput(f"take: contact {contact!r} does not wait")
        states = [self._roster.agent(agent) for agent in agents]
        waiter.work = waiter.lane.bench.work
        self._unplace(waiter)
        if not offered:
            self._unguard(waiter)
        for state in states:
            self._give(waiter, state, now)

    def served(self, contact: str) -> None:
        """Note that an agent has said yes: nobody is kept for the contact any more.

        Raises:
            IllegalInput: there is no such contact.
        """
        self._unguard(self._waiter(contact))

    def share(self, contact: str, agent: str, now: Instant) -> None:
        """Give a taken contact to one more agent.

        Raises:
            IllegalInput: there is no such contact or agent, or the contact is not taken.
        """
        waiter = self._waiter(contact)
        if waiter.lane is not None or agent in waiter.agents:
            raise IllegalInput(
                f"share: contact {contact!r} is not taken, or {agent!r} has it already"
            )
        self._give(waiter, self._roster.agent(agent), now)

    def _give(self, waiter: Waiter, state: AgentState, now: Instant) -> None:
        waiter.offers += 1
        waiter.agents = (*waiter.agents, state.agent.id)
        self._roster.give(state, waiter.contact.id, waiter.work, now)

    def assign(self, now: Instant) -> list[Match]:
        """Live through what falls due by `now`, make every match there is, and return them."""
        now = checked(now)
        made: list[Match] = []
        while (due := self.due(now)) is not None:
            self.happen(*due)
            self._match(due[0], made)
        self._match(now, made)
        return made

    def _match(self, now: Instant, made: list[Match]) -> None:
        while (match := self.next(now)) is not None:
            self.take(match.contact, match.agents, now)
            made.append(match)

    # --- time ---------------------------------------------------------------------------------

    def next_deadline(self) -> Instant | None:
        """Return when something falls due next though nothing happens."""
        return self.timers.next()

    def due(self, now: Instant) -> tuple[Instant, Due] | None:
        """Return the earliest of what has fallen due, and when; `happen` makes it so."""
        found = self.timers.due(now)
        return None if found is None else (found[0], found[1][1])

    def happen(self, at: Instant, due: Due) -> None:
        """Make so what fell due at an instant."""
        match due:
            case StepDue(contact, step):
                self.step(contact, step, at)
            case CoolOffDue(contact, agent):
                self.warm(contact, agent, at)
            case ProtectionDue(contact):
                self.protect(contact, at)

    # --- looking ------------------------------------------------------------------------------

    def explain(self, contact: str, now: Instant) -> Explanation:
        """Return why a contact waits: its place, its plan, and what each agent or pool lacks.

        Raises:
            IllegalInput: there is no such contact.
        """
        waiter = self._waiter(contact)
        return explain(waiter, checked(now), self._roster, self._waiters.values())

    def candidates(self, contact: str) -> list[str]:
        """Return who is ready and fits a waiting contact, best first.

        Raises:
            IllegalInput: there is no such contact.
        """
        waiter = self._waiter(contact)
        lane = waiter.lane
        if lane is None:
            return []
        return [state.agent.id for state in lane.ranked(waiter)]

    def waiter(self, contact: str) -> Waiter:
        """Return a contact in the router, to look at.

        Raises:
            IllegalInput: there is no such contact.
        """
        return self._waiter(contact)

    @property
    def waiters(self) -> Mapping[str, Waiter]:
        """All contacts in the router by id, waiting and taken, to look at."""
        return self._waiters

    def staffing(self, plan: Plan, needs: Requirement) -> Staffing:
        """Return whether anybody could serve a contact: an agent who fits any step of its plan."""
        return self._roster.staffing(plan, needs)

    def fits(self, contact: str, agent: str, now: Instant) -> bool:
        """Return whether an agent has what a contact needs at its age; load and presence apart.

        Raises:
            IllegalInput: there is no such contact or agent.
        """
        waiter = self._waiter(contact)
        wanted = self._wanted(waiter, waiter.plan.index(now - waiter.since), waiter.cooling or ())
        return self._roster.agent(agent).agent.meets(wanted)

    def prospect(self, agent: str, contact: Contact, queue: Queue) -> Prospect:
        """Return whether an agent could take a contact at the first step of a queue's plan.

        They are `ready`, or could if they had `less` work, or could `never` as they are: unknown,
        away, without the skills, or without the capacity.
        """
        state = self._roster.agents.get(agent)
        settings = self._modes[contact.mode]
        bench = Bench(_work(queue, contact.mode, settings), 0)
        if (
            state is None
            or state.presence != "available"
            or not state.agent.meets(queue.plan.steps[0].requires & contact.needs)
            or not bench.possible(state)
        ):
            return "never"
        kept = state.held is not None and not bench.exclusive
        return "less" if kept or not bench.room(state) else "ready"

    def others(self, contact: str, agent: str, now: Instant) -> bool:
        """Return whether an available agent fits what a contact needs at its age without this one.

        Raises:
            IllegalInput: there is no such contact.
        """
        waiter = self._waiter(contact)
        away = (agent, *(waiter.cooling or ()))
        wanted = self._wanted(waiter, waiter.plan.index(now - waiter.since), away)
        return any(
            state.presence == "available"
            and state.agent.id not in away
            and state.agent.meets(wanted)
            for state in self._roster.with_skills(wanted)
        )

    # --- inside: contacts ---------------------------------------------------------------------

    def _place(self, waiter: Waiter, terms: _Terms, now: Instant) -> None:
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
            self._guard(waiter, lane)
        deadline = waiter.next_step
        if deadline is not None:
            due = StepDue(contact.id, waiter.step + 1)
            self.timers.start(now, deadline, (waiter, due, waiter.ticket))
        protect = lane.bench.work.protect
        if protect is not None and not waiter.protected:
            deadline = max(waiter.since + int(protect), now)
            self.timers.start(now, deadline, (waiter, ProtectionDue(contact.id), waiter.ticket))

    def _unplace(self, waiter: Waiter) -> None:
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

    def _replace(self, waiter: Waiter, now: Instant) -> None:
        if waiter.lane is not None:
            self._unplace(waiter)
            self._place(waiter, self._terms_of(waiter), now)

    def _go(self, contact: str, now: Instant, *, innocent: bool) -> None:
        waiter = self._waiter(contact)
        self._unplace(waiter)
        self._unguard(waiter)
        for agent in waiter.agents:
            self._free(waiter, agent, now, innocent=innocent)
        waiter.agents = ()
        for agent in waiter.first or ():
            self._unfirst(agent, contact)
        waiter.cooling = None  # so that no cool-off of a contact that is gone falls due
        del self._waiters[contact]

    def _unfirst(self, agent: str, contact: str) -> None:
        holders = self._firsts[agent]
        del holders[contact]
        if not holders:
            del self._firsts[agent]

    def _free(self, waiter: Waiter, agent: str, now: Instant, *, innocent: bool) -> None:
        self._roster.free(self._roster.agent(agent), waiter.contact.id, now, innocent=innocent)

    def _terms_of(self, waiter: Waiter) -> _Terms:
        queue, mode = waiter.queue, waiter.contact.mode
        terms = self._terms.get((queue.id, mode))
        if terms is None or terms.queue is not queue:
            settings = self._modes[mode]
            bench = self._roster.bench(_work(queue, mode, settings))
            how = (
                self._strategy
                if queue.strategy is None
                else named(queue.strategy, self._strategies)
            )
            order = settings.order if queue.order is None else queue.order
            terms = _Terms(queue, bench, order, how, {})
            self._terms[queue.id, mode] = terms
        return terms

    def _lane(self, terms: _Terms, waiter: Waiter) -> Lane:
        self._note_firsts(waiter)
        wanted = self._wanted(waiter, waiter.step, waiter.cooling or ())
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
                lane.only = self._roster.agents[wanted.first]
            self._lanes[key] = lane
        return lane

    def _sweep_lanes(self) -> None:
        """Forget lanes without contacts, so that requirements seen once do not pile up."""
        kept = {key: lane for key, lane in self._lanes.items() if lane.size}
        self._lanes = kept
        self._stirred = {lane: None for lane in self._stirred if lane.size}
        self._lane_limit = max(_LANES_FROM, 2 * len(kept))
        self._terms.clear()

    def _wanted(self, waiter: Waiter, at: int, away: Container[str]) -> Requirement:
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

    def _can_come(self, agent: str, wanted: Requirement, away: Container[str]) -> bool:
        state = self._roster.agents.get(agent)
        return (
            state is not None
            and state.presence == "available"
            and agent not in away
            and state.agent.meets(wanted)
        )

    def _replace_firsts(self, agent: str, now: Instant) -> None:
        """An agent came, went or changed: contacts that prefer them are held, or no longer."""
        for waiter in list(self._firsts.get(agent, {}).values()):
            self._replace(waiter, now)

    # --- inside: lanes ------------------------------------------------------------------------

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

    def _first_for(self, state: AgentState) -> Lane | None:
        """Return the lane whose head goes first among those that a ready agent fits."""
        pool = state.pool.index
        first: Front | None = None
        for bench in self._roster.benches:
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

    def _guard(self, waiter: Waiter, lane: Lane) -> None:
        """Keep agents for a protected contact: those who fit the lane where it waits."""
        if waiter.guards is lane:
            return
        lane.protected += 1
        if lane.protected == 1:
            self._roster.guard(lane)
        self._unguard(waiter)
        waiter.guards = lane

    def _unguard(self, waiter: Waiter) -> None:
        lane = waiter.guards
        if lane is not None:
            waiter.guards = None
            lane.protected -= 1
            if not lane.protected:
                self._roster.unguard(lane)

    def _forget_pool(self, pool: int) -> None:
        for lane in self._lanes.values():
            lane.forget(pool)

    def _waiter(self, contact: str) -> Waiter:
        try:
            return self._waiters[contact]
        except KeyError:
            near = did_you_mean(contact, self._waiters)
            raise IllegalInput(f"contact: no contact {contact!r}.{near}") from None


_strategy: Callable[[Strategy | StrategyFunction], Strategy] = strategy
_modes = modes
_plan = plan


def _work(queue: Queue, mode: Mode, settings: ModeSettings) -> Work:
    return Work(
        mode,
        settings.cost if queue.cost is None else queue.cost,
        settings.limit,
        settings.exclusive,
        settings.protect if settings.exclusive else None,
    )


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
