"""Who serves whom: a skill-based router, usable alone.

Rule: after every assignment pass, no contact waits beside an agent who is ready and fits. `next`
looks and `take` does; `assign` is the loop of both. Methods that change never decide, so a replay
can call them again.

Work costs the same however many agents and contacts there are: `roster` knows who serves, `places`
where contacts wait, and `lanes` has the two orders that meet here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal, TypeAlias

from tongdai.errors import IllegalInput, did_you_mean
from tongdai.model.agent import Agent, Presence, check_presence
from tongdai.model.contact import Contact
from tongdai.model.mode import Mode, ModeSettings, modes
from tongdai.model.plan import Plan, plan
from tongdai.model.queue import Queue
from tongdai.model.requirement import Requirement
from tongdai.model.time import Duration, Instant, checked
from tongdai.routing.answers import CoolOffDue, Due, Match, ProtectionDue, StepDue
from tongdai.routing.explain import Explanation, explain
from tongdai.routing.lanes import AgentState, Bench, Waiter
from tongdai.routing.places import Places
from tongdai.routing.roster import Staffing
from tongdai.routing.strategies import (
    Strategy,
    StrategyFunction,
    longest_idle,
    strategy,
)

_ANYBODY: Final = Queue("any")


Prospect: TypeAlias = Literal["ready", "less", "never"]


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
        own = {name: _strategy(one) for name, one in (strategies or {}).items()}
        self._places = Places(_strategy(strategy), own, _modes(modes))
        self._roster = self._places.roster
        self._waiters: dict[str, Waiter] = {}
        self.timers = self._places.timers
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
        self._places.replace_firsts(agent.id, now)

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
        self._places.replace_firsts(agent, now)

    def presence(self, agent: str, presence: Presence, now: Instant, reason: str = "") -> None:
        """Change an agent's presence; becoming available starts their idle clock anew.

        Raises:
            IllegalInput: there is no such agent.
            ConfigurationError: there is no such presence.
        """
        check_presence(presence, "presence")
        self._roster.presence(self._roster.agent(agent), presence, checked(now), reason)
        self._places.replace_firsts(agent, now)

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
        terms = self._places.terms(
            waiter
        )  # (raises where the strategy is unknown: nothing is changed)
        self._waiters[contact.id] = waiter
        self._places.place(waiter, terms, now)

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
        self._places.place(waiter, self._places.terms(waiter), now)

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
        self._places.replace(waiter, now)

    def alter(self, contact: Contact, now: Instant) -> None:
        """Let a contact that is here need something else; all else about it stays.

        Raises:
            IllegalInput: there is no such contact.
        """
        waiter = self._waiter(contact.id)
        waiter.contact = contact
        self._places.replace(waiter, now)

    def step(self, contact: str, step: int, now: Instant) -> None:
        """Let a waiting contact's plan come to a step.

        Raises:
            IllegalInput: there is no such contact, or its plan has no such step.
        """
        waiter = self._waiter(contact)
        if not 0 <= step < len(waiter.plan.steps):
            raise IllegalInput(f"step: the plan of {contact!r} has {len(waiter.plan.steps)} steps")
        waiter.step = step
        self._places.replace(waiter, now)

    def cool(self, contact: str, agent: str, until: Instant, now: Instant) -> None:
        """Keep a contact from an agent until an instant.

        Raises:
            IllegalInput: there is no such contact.
        """
        waiter = self._waiter(contact)
        waiter.cooling = {**(waiter.cooling or {}), agent: until}
        self.timers.start(now, until, (waiter, CoolOffDue(contact, agent), until))
        self._places.replace(waiter, now)

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
        self._places.replace(waiter, now)

    def protect(self, contact: str, now: Instant) -> None:  # noqa: ARG002 - as all that change
        """Let agents who fit a waiting contact take no other new work while it waits.

        Raises:
            IllegalInput: there is no such contact.
        """
        waiter = self._waiter(contact)
        if not waiter.protected:
            waiter.protected = True
            if waiter.lane is not None:
                self._places.guard(waiter, waiter.lane)

    # --- matching -----------------------------------------------------------------------------

    def next(self, now: Instant) -> Match | None:
        """Return the next match, or `None` when no contact waits beside an agent who fits.

        The contact that goes first among those that somebody could serve gets the agent whom its
        strategy picks. Nothing changes: `take` does it.
        """
        found = self._places.first_match()
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
        self._places.unplace(waiter)
        if not offered:
            self._places.unguard(waiter)
        for state in states:
            self._give(waiter, state, now)

    def served(self, contact: str) -> None:
        """Note that an agent has said yes: nobody is kept for the contact any more.

        Raises:
            IllegalInput: there is no such contact.
        """
        self._places.unguard(self._waiter(contact))

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
        wanted = self._places.wanted(
            waiter, waiter.plan.index(now - waiter.since), waiter.cooling or ()
        )
        return self._roster.agent(agent).agent.meets(wanted)

    def prospect(self, agent: str, contact: Contact, queue: Queue) -> Prospect:
        """Return whether an agent could take a contact at the first step of a queue's plan.

        They are `ready`, or could if they had `less` work, or could `never` as they are: unknown,
        away, without the skills, or without the capacity.
        """
        state = self._roster.agents.get(agent)
        bench = Bench(self._places.work(queue, contact.mode), 0)
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
        wanted = self._places.wanted(waiter, waiter.plan.index(now - waiter.since), away)
        return any(
            state.presence == "available"
            and state.agent.id not in away
            and state.agent.meets(wanted)
            for state in self._roster.with_skills(wanted)
        )

    # --- inside -------------------------------------------------------------------------------

    def _go(self, contact: str, now: Instant, *, innocent: bool) -> None:
        waiter = self._waiter(contact)
        self._places.leave(waiter)
        for agent in waiter.agents:
            self._free(waiter, agent, now, innocent=innocent)
        waiter.agents = ()
        del self._waiters[contact]

    def _free(self, waiter: Waiter, agent: str, now: Instant, *, innocent: bool) -> None:
        self._roster.free(self._roster.agent(agent), waiter.contact.id, now, innocent=innocent)

    def _waiter(self, contact: str) -> Waiter:
        try:
            return self._waiters[contact]
        except KeyError:
            near = did_you_mean(contact, self._waiters)
            raise IllegalInput(f"contact: no contact {contact!r}.{near}") from None


_strategy: Callable[[Strategy | StrategyFunction], Strategy] = strategy
_modes = modes
_plan = plan
