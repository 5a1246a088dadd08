"""Who serves: agents, their presence and load, and who is ready for which work.

Rule: an agent stands on the bench of every kind of work for which they are available and have room,
and on no other; every change of presence, load or skills puts them where they belong now. Whoever
became ready is noted in `fresh`, for the router to look at. While an exclusive contact has waited
long (its lane is guarded), agents who could take it stand on no bench of other work: that is how
calls do not starve beside steady chat.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Literal, TypeAlias

from tongdai.errors import IllegalInput, did_you_mean
from tongdai.model.agent import Agent, Presence
from tongdai.model.plan import Plan
from tongdai.model.requirement import Requirement
from tongdai.model.time import Instant
from tongdai.routing.lanes import AgentState, Bench, Hold, Lane, Pool, Work

_ANSWERS = 10_000  # kept at once; requirements that come once must not pile up

Staffing: TypeAlias = Literal["staffed", "signed_in", "nobody"]


class Roster:
    """All agents of a router."""

    def __init__(self, forget: Callable[[int], None]) -> None:
        """Start empty; `forget(pool)` is called when a pool's index is free for another pool."""
        self.agents: dict[str, AgentState] = {}
        self.fresh: dict[AgentState, None] = {}
        self._forget = forget
        self._pools: dict[frozenset[tuple[str, int]], Pool] = {}
        self._spare: list[int] = []
        self.benches: list[Bench] = []
        self._by_work: dict[Work, Bench] = {}
        self._by_skill: dict[str, dict[AgentState, None]] = {}
        self._guarded: dict[Lane, dict[AgentState, None]] = {}  # and whom each keeps, newest last
        self._guards = 0  # how many there have been
        self._concurrent = False  # whether there is any work that is not exclusive
        self._staffing: dict[tuple[Plan, Requirement], Staffing] = {}
        self._tickets = 0

    def agent(self, agent: str) -> AgentState:
        """Return a live agent.

        Raises:
            IllegalInput: there is no such agent.
        """
        try:
            return self.agents[agent]
        except KeyError:
            near = did_you_mean(agent, self.agents)
            raise IllegalInput(f"agent: no agent {agent!r}.{near}") from None

    @property
    def pools(self) -> Iterable[Pool]:
        """All pools; none is empty."""
        return self._pools.values()

    # --- who is here --------------------------------------------------------------------------

    def put(self, agent: Agent, now: Instant, *, available: bool) -> None:
        """Add an agent, or change one, who keeps presence, load and place."""
        state = self.agents.get(agent.id)
        if state is None:
            presence: Presence = "available" if available else "offline"
            state = self.agents[agent.id] = AgentState(agent, presence, now, self._pool(agent))
            state.tickets = [0] * len(self.benches)
        else:
            self._leave_skills(state)
            state.agent = agent
            self._keep(state, None)
            state.spared = 0
            old, state.pool = state.pool, self._pool(agent)
            self._leave_pool(old)
        for skill in agent.skills:
            self._by_skill.setdefault(skill, {})[state] = None
        self._staffing.clear()
        self.publish(state)

    def remove(self, state: AgentState) -> None:
        """Remove an agent who holds nothing."""
        for bench in self.benches:
            _take_off(bench, state)
        del self.agents[state.agent.id]
        self.fresh.pop(state, None)
        self._keep(state, None)
        self._leave_skills(state)
        self._leave_pool(state.pool)
        self._staffing.clear()

    def presence(self, state: AgentState, presence: Presence, now: Instant, reason: str) -> None:
        """Change an agent's presence; becoming available starts their idle clock anew."""
        if presence == "available" != state.presence:
            state.since = now
        state.presence = presence
        state.reason = reason
        self._staffing.clear()
        self.publish(state)

    def staffing(self, plan: Plan, needs: Requirement) -> Staffing:
        """Return whether anybody could serve a contact: an agent who fits any step of its plan.

        What was found holds until somebody comes, goes or changes.
        """
        key = (plan, needs)
        known = self._staffing.get(key)
        if known is None:
            wanted = list(dict.fromkeys(step.requires & needs for step in plan.steps))
            known = "nobody"
            for state in chain.from_iterable(map(self.with_skills, wanted)):
                if state.presence == "offline" or not any(map(state.agent.meets, wanted)):
                    continue
                known = "signed_in"
                if state.presence == "available":
                    known = "staffed"
                    break
            if len(self._staffing) >= _ANSWERS:
                self._staffing.clear()
            self._staffing[key] = known
        return known

    def with_skills(self, wanted: Requirement) -> Iterable[AgentState]:
        """Return agents among whom all are that meet a requirement: who has its rarest skill."""
        holders = [self._by_skill.get(skill, {}) for skill, _ in wanted.skills]
        if not holders:
            return self.agents.values()
        rarest: dict[AgentState, None] = min(holders, key=len)
        return rarest

    # --- what they hold -----------------------------------------------------------------------

    def give(self, state: AgentState, contact: str, work: Work, now: Instant) -> None:
        """Let an agent hold a contact."""
        units = state.agent.costs.get(work.mode, work.cost)
        state.active[contact] = Hold(units, work.mode, now, state.since)
        state.used += units
        state.modes[work.mode] = state.modes.get(work.mode, 0) + 1
        state.taken += 1
        self._tickets += 1
        state.turn = self._tickets
        state.since = now
        self.publish(state)

    def free(self, state: AgentState, contact: str, now: Instant, *, innocent: bool) -> None:
        """Let an agent hold a contact no more.

        Their idle clock starts anew, unless the contact went through no act of theirs (`innocent`)
        and nothing else has happened to them since they got it.
        """
        hold = state.active.pop(contact)
        state.used -= hold.units
        state.modes[hold.mode] -= 1
        if not innocent:
            state.since = now
        elif state.since == hold.at:
            state.since = hold.since
        self.publish(state)

    # --- who is ready -------------------------------------------------------------------------

    def bench(self, work: Work) -> Bench:
        """Return the bench of a kind of work; the first call makes it, O(agents)."""
        bench = self._by_work.get(work)
        if bench is None:
            bench = self._by_work[work] = Bench(work, len(self.benches))
            self.benches.append(bench)
            self._concurrent = self._concurrent or not work.exclusive
            in_order = sorted(self.agents.values(), key=lambda one: (one.since, one.agent.id))
            for state in in_order:
                state.tickets.append(0)
                self._hold(state)
                self._publish_on(bench, state)
        return bench

    def publish(self, state: AgentState) -> None:
        """Put an agent on every bench for whose work they are ready, and off the others."""
        if self._concurrent:
            self._hold(state)
        for bench in self.benches:
            self._publish_on(bench, state)

    def _hold(self, state: AgentState) -> None:
        """Keep an agent for one of the guarded lanes that they could serve; which is no matter.

        Who is kept stays so until that lane lets go. Lanes that an agent was once found not to fit
        are not asked again.
        """
        if state.held is not None or state.spared == self._guards or not self._concurrent:
            return
        for lane in reversed(self._guarded):
            if lane.guard <= state.spared:
                break
            if lane.bench.possible(state) and lane.fits(state):
                self._keep(state, lane)
                return
        state.spared = self._guards

    def _keep(self, state: AgentState, lane: Lane | None) -> None:
        if state.held is not None:
            del self._guarded[state.held][state]
        state.held = lane
        if lane is not None:
            self._guarded[lane][state] = None

    def _publish_on(self, bench: Bench, state: AgentState) -> None:
        if (
            state.presence != "available"
            or (state.held is not None and not bench.exclusive)
            or not bench.room(state)
        ):
            _take_off(bench, state)
            return
        tickets = state.tickets
        index = bench.index
        if not tickets[index]:
            bench.live += 1
        self._tickets = ticket = self._tickets + 1
        tickets[index] = ticket
        bench.publish(state, ticket)
        self.fresh[state] = None

    def guard(self, lane: Lane) -> None:
        """Keep agents who could take a lane's work for it."""
        self._guards += 1
        lane.guard = self._guards
        self._guarded[lane] = {}
        if self._concurrent:
            for state in self.with_skills(lane.requirement):
                if state.held is None and lane.bench.possible(state) and lane.fits(state):
                    self._keep(state, lane)
                    self._publish_concurrent(state)

    def unguard(self, lane: Lane) -> None:
        """Let agents who were kept for a lane take other work again."""
        kept = self._guarded.pop(lane)
        for state in kept:
            state.held = None
            self._hold(state)
            self._publish_concurrent(state)

    def _publish_concurrent(self, state: AgentState) -> None:
        for bench in self.benches:
            if not bench.work.exclusive:
                self._publish_on(bench, state)

    # --- pools --------------------------------------------------------------------------------

    def _pool(self, agent: Agent) -> Pool:
        key = frozenset(agent.skills.items())
        pool = self._pools.get(key)
        if pool is None:
            index = self._spare.pop() if self._spare else len(self._pools)
            pool = self._pools[key] = Pool(index, dict(agent.skills))
        pool.size += 1
        return pool

    def _leave_skills(self, state: AgentState) -> None:
        for skill in state.agent.skills:
            holders = self._by_skill[skill]
            del holders[state]
            if not holders:
                del self._by_skill[skill]

    def _leave_pool(self, pool: Pool) -> None:
        pool.size -= 1
        if not pool.size:
            del self._pools[frozenset(pool.skills.items())]
            self._spare.append(pool.index)
            self._forget(pool.index)


def _take_off(bench: Bench, state: AgentState) -> None:
    """Let an agent stand on a bench no more; their entry stays behind and no longer counts."""
    if state.tickets[bench.index]:
        state.tickets[bench.index] = 0
        bench.live -= 1
