"""The two orders that meet in the router: contacts who wait, and agents who are ready.

Rule: a *lane* is the contacts whose requirement, kind of work and strategy are the same, in rank
order. A *bench* is the agents who have room for one kind of work, in the order in which they became
ready. Nothing is ever removed from the middle of either: an entry counts only while it is the one
its owner holds now (each has a `ticket`), and what no longer counts is stepped over, and swept out
now and then.

A lane walks its bench by a cursor: what it has passed does not fit, or is gone. It remembers whom
it passed last, so that it finds its place again after a sweep, and the bench notes for it who came
in before that place. So each lane looks at each entry about once, and mostly stops at the first
few. Whether agents fit is asked once for each lane and *pool* (agents of equal skills), when first
needed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from typing import NamedTuple, TypeAlias

from tongdai.model.agent import Agent, Presence
from tongdai.model.contact import Contact
from tongdai.model.mode import Mode
from tongdai.model.order import Rank
from tongdai.model.plan import Plan
from tongdai.model.queue import Queue
from tongdai.model.requirement import Requirement
from tongdai.model.time import Duration, Instant
from tongdai.routing.strategies import Sortable, Strategy

_MOST_LATE = 1024  # after so many, all lanes start over rather than read who came in late
_SWEEP_FROM = 32  # shorter lists are not worth sweeping
_SLACK = 8  # entries on a bench that no longer count, beside a quarter of those that do
_UNFIT, _UNKNOWN, _FIT = 0, 1, 2  # (only what is not 0 is worth a look)


class Hold(NamedTuple):
    """What one contact takes of one agent."""

    units: int
    mode: Mode
    at: Instant
    since: (
        Instant  # the agent's idle clock before, for a contact that goes through no act of theirs
    )


class AgentState:
    """A live agent: presence, load, and tickets on the benches."""

    __slots__ = (
        "active", "agent", "held", "modes", "pool", "presence", "reason", "since", "spared",
        "taken", "tickets", "turn", "used",
    )  # fmt: skip

    def __init__(self, agent: Agent, presence: Presence, since: Instant, pool: Pool) -> None:
        self.agent = agent
        self.presence: Presence = presence
        self.reason = ""
        self.since = since
        self.pool = pool
        self.used = 0
        self.taken = 0
        self.turn = 0
        self.active: dict[str, Hold] = {}
        self.modes: dict[Mode, int] = {}
        self.tickets: list[int] = []
        self.held: Lane | None = None  # the guarded lane for which they are kept
        self.spared = 0  # the last guard that was found not to concern them

    @property
    def free(self) -> int:
        """Units of capacity not in use; below zero when capacity was taken away under load."""
        return self.agent.capacity - self.used


class Pool:
    """Agents of equal skills; `index` is its place in every lane's table."""

    __slots__ = ("index", "size", "skills")

    def __init__(self, index: int, skills: dict[str, int]) -> None:
        self.index = index
        self.skills = skills
        self.size = 0


class Work(NamedTuple):
    """One kind of work: a mode and what it costs."""

    mode: Mode
    cost: int
    limit: int | None
    exclusive: bool
    protect: Duration | None


_NO_WORK = Work(Mode.LIVE, 0, None, exclusive=False, protect=None)


class Waiter:
    """A contact in the router, waiting or taken."""

    __slots__ = (
        "agents", "contact", "cooling", "first", "guards", "lane", "offers", "plan",
        "protected", "queue", "rank", "since", "step", "ticket", "work",
    )  # fmt: skip

    def __init__(self, contact: Contact, queue: Queue, plan: Plan, since: Instant) -> None:
        self.contact = contact
        self.queue = queue
        self.plan = plan
        self.since = since
        self.rank: Rank = (0, since, since, contact.id)
        self.step = 0
        self.lane: Lane | None = None
        self.ticket = 0  # of its entry in the lane; 0 while it is taken
        self.agents: tuple[str, ...] = ()
        self.cooling: dict[str, Instant] | None = None
        self.first: dict[str, None] | None = None
        self.protected = False
        self.guards: Lane | None = None
        self.offers = 0
        self.work = _NO_WORK

    @property
    def next_step(self) -> Instant | None:
        """When its plan comes to the next step; `None` after the last."""
        following = self.step + 1
        steps = self.plan.steps
        return self.since + int(steps[following].after) if following < len(steps) else None

    @property
    def requirement(self) -> Requirement:
        """What it needs now; while taken, what its contact itself needs."""
        return self.lane.requirement if self.lane is not None else self.contact.needs


Entry: TypeAlias = tuple[Rank, int, Waiter]
Ready: TypeAlias = tuple[Instant, str, int, AgentState, int]
"""Since when, the id, the ticket, the agent, and the index of their pool."""
Front: TypeAlias = "tuple[Rank, int, Lane]"


class Bench:
    """Agents with room for one kind of work, in the order in which they became ready, then by id.

    Agents without any work (`idle`) stand before those with some (`busy`).
    """

    __slots__ = (
        "_last", "_limits", "cost", "epoch", "exclusive", "fronts", "index", "late", "limit",
        "live", "mode", "sweeps", "tiers", "top", "work",
    )  # fmt: skip

    def __init__(self, work: Work, index: int) -> None:
        self.work = work
        self.mode, self.cost, self.limit, self.exclusive, _ = work
        self.index = index
        self.tiers: tuple[list[Ready], list[Ready]] = ([], [])
        self.top = -1  # the highest index of a pool that ever stood here
        self.live = 0
        self.fronts: list[Front] = []  # the heads of the lanes that wait for these agents
        self.late: list[tuple[int, Ready]] = []
        """Who came in before somebody who ever stood in their tier, and into which tier; a lane
        notes how many of them it has seen. Now and then it is emptied, and an `epoch` begins."""
        self.epoch = 0
        self.sweeps = 0
        self._limits = [_SLACK, _SLACK]  # longer than this, a tier is swept
        self._last: list[Ready | None] = [None, None]  # the last that came in at the end of a tier

    def publish(self, state: AgentState, ticket: int) -> None:
        """Put a ready agent in their place; what they had before no longer counts."""
        number = int(state.used > 0)
        tier = self.tiers[number]
        pool = state.pool.index
        if pool > self.top:
            self.top = pool
        entry = (state.since, state.agent.id, ticket, state, pool)
        last = self._last[number]
        if last is None or last < entry:
            tier.append(entry)
            self._last[number] = entry
        else:
            insort(tier, entry)
            self.late.append((number, entry))
            if len(self.late) > _MOST_LATE:
                self.late.clear()
                self.epoch += 1
        if len(tier) > self._limits[number]:
            index = self.index
            tier[:] = [old for old in tier if old[3].tickets[index] == old[2]]
            self._limits[number] = len(tier) + len(tier) // 4 + _SLACK
            self.sweeps += 1

    def ready(self) -> Iterator[AgentState]:
        """Give the agents who are ready for this work, in order."""
        index = self.index
        for tier in self.tiers:
            for _, _, ticket, state, _ in tier:
                if state.tickets[index] == ticket:
                    yield state

    def possible(self, state: AgentState) -> bool:
        """Return whether an agent could take this work if they had nothing else."""
        work = self.work
        agent = state.agent
        return (
            agent.costs.get(work.mode, work.cost) <= agent.capacity
            and agent.limits.get(work.mode, work.limit) != 0
        )

    def room(self, state: AgentState) -> bool:
        """Return whether an agent has room for this work, presence apart."""
        agent = state.agent
        cost = agent.costs.get(self.mode, self.cost) if agent.costs else self.cost
        if cost > agent.capacity - state.used:
            return False
        limit = agent.limits.get(self.mode, self.limit) if agent.limits else self.limit
        return limit is None or state.modes.get(self.mode, 0) < limit


class Lane:
    """Contacts of equal requirement, work and strategy, in rank order."""

    __slots__ = (
        "bench", "cursors", "epoch", "fit", "front", "guard", "line", "noticed", "number", "only",
        "passed", "personal", "protected", "requirement", "score", "size", "strategy", "sweeps",
        "without",
    )  # fmt: skip

    def __init__(
        self,
        requirement: Requirement,
        bench: Bench,
        strategy: Strategy,
        number: int,
        *,
        personal: bool,
    ) -> None:
        self.requirement = requirement
        self.bench = bench
        self.strategy = strategy
        self.number = number
        self.personal = personal
        self.only: AgentState | None = None  # the preferred agent, for whom it is held
        self.without = frozenset(requirement.without)
        self.line: list[Entry] = []
        self.size = 0
        self.front: Front | None = None
        self.protected = 0
        self.guard = 0
        self.fit = bytearray()
        self.cursors = [0, 0]
        self.passed: list[Ready | None] = [None, None]
        self.epoch = bench.epoch
        self.noticed = len(bench.late)
        self.sweeps = bench.sweeps
        self.score: list[tuple[Sortable, int, str, int, AgentState]] = []

    def push(self, waiter: Waiter, ticket: int) -> None:
        """Let a contact wait here."""
        waiter.ticket = ticket
        waiter.lane = self
        heappush(self.line, (waiter.rank, ticket, waiter))
        self.size += 1

    def pull(self, waiter: Waiter) -> None:
        """Take a contact out; its entry stays behind and no longer counts."""
        waiter.ticket = 0
        waiter.lane = None
        self.size -= 1
        line = self.line
        if len(line) > _SWEEP_FROM and len(line) > 2 * self.size:
            line[:] = [entry for entry in line if entry[2].ticket == entry[1]]
            heapify(line)

    def head(self) -> Waiter | None:
        """Return the contact that goes first."""
        line = self.line
        while line:
            _, ticket, waiter = line[0]
            if waiter.ticket == ticket:
                return waiter
            heappop(line)
        return None

    def fits(self, state: AgentState) -> bool:
        """Return whether an agent has the skills and is not excluded; presence and load apart."""
        index = state.pool.index
        fit = self.fit
        if index >= len(fit):
            self._widen(index)
        known = fit[index]
        if known == _UNKNOWN:
            known = fit[index] = _FIT if self.requirement.met_by(state.pool.skills) else _UNFIT
        if known == _UNFIT:
            return False
        if self.only is not None and state is not self.only:
            return False
        return not (self.without and state.agent.id in self.without)

    def _widen(self, pool: int) -> None:
        """Make room for what is known of a pool."""
        fit = self.fit
        fit.extend(bytes((_UNKNOWN,)) * (pool + 1 - len(fit) + len(fit) // 8))

    def forget(self, pool: int) -> None:
        """Forget whether a pool fits: its place is used anew."""
        if pool < len(self.fit):
            self.fit[pool] = _UNKNOWN

    def first(self) -> AgentState | None:
        """Return the first ready agent who fits, in the order of the bench.

        What stands before them is never looked at again.
        """
        for number, entry in self._catch_up():
            tier = self.bench.tiers[number]
            at = bisect_left(tier, entry)
            if at < self.cursors[number]:
                self.cursors[number] = at
                self.passed[number] = tier[at - 1] if at else None
        bench = self.bench
        index = bench.index
        if bench.top >= len(self.fit):
            self._widen(bench.top)
        fit = self.fit
        for number, tier in enumerate(bench.tiers):
            end = len(tier)
            for at in range(self.cursors[number], end):
                _, _, ticket, state, pool = tier[at]
                if fit[pool] and state.tickets[index] == ticket and self.fits(state):
                    self._pass(number, tier, at)
                    return state
            self._pass(number, tier, end)
        return None

    def _pass(self, number: int, tier: list[Ready], at: int) -> None:
        """Note that nothing before a place needs another look."""
        if at > self.cursors[number]:
            self.cursors[number] = at
            self.passed[number] = tier[at - 1]

    def _catch_up(self) -> list[tuple[int, Ready]]:
        """Find the cursors' places again, and return who came in before them meanwhile."""
        bench = self.bench
        if self.epoch != bench.epoch:
            self.epoch, self.noticed, self.sweeps = bench.epoch, len(bench.late), bench.sweeps
            self.cursors = [0, 0]
            self.passed = [None, None]
            self.score.clear()
            return []
        late: list[tuple[int, Ready]] = []
        if self.noticed != len(bench.late):
            for number, entry in bench.late[self.noticed :]:
                passed = self.passed[number]
                if passed is not None and entry < passed:
                    late.append((number, entry))
            self.noticed = len(bench.late)
        if late or self.sweeps != bench.sweeps:
            self.sweeps = bench.sweeps
            self.cursors = [
                0 if passed is None else bisect_right(tier, passed)
                for tier, passed in zip(bench.tiers, self.passed, strict=True)
            ]
        return late

    def best(self, waiter: Waiter) -> list[AgentState]:
        """Return whom the strategy picks, best first: at most as many as it is wide."""
        if not self.bench.live:
            return []
        if self.only is not None:  # nobody else need be looked at
            return self.all_ready()
        strategy = self.strategy
        if strategy.width > 1:
            return self.ranked(waiter)[: strategy.width]
        if strategy.ready and not self.requirement.prefers:
            first = self.first()
            return [] if first is None else [first]
        if strategy.fixed or strategy.ready:
            self._fill(waiter)
            return [self.score[0][4]] if self.score else []
        ready = self.all_ready()
        return [min(ready, key=lambda state: self._value(state, waiter))] if ready else []

    def ranked(self, waiter: Waiter) -> list[AgentState]:
        """Return all ready agents who fit, best first. O(ready agents)."""
        ready = self.all_ready()
        if not self.strategy.ready or self.requirement.prefers:
            ready.sort(key=lambda state: self._value(state, waiter))
        return ready

    def all_ready(self) -> list[AgentState]:
        """Return all ready agents who fit, whatever the cursors have passed."""
        only = self.only
        if only is not None:
            return [only] if only.tickets[self.bench.index] and self.fits(only) else []
        return [state for state in self.bench.ready() if self.fits(state)]

    def _value(self, state: AgentState, waiter: Waiter) -> tuple[Sortable, int, str]:
        return (
            self.strategy.function(state, waiter),
            -self.requirement.preference(state.agent.skills),
            state.agent.id,
        )

    def _fill(self, waiter: Waiter) -> None:
        """Move who became ready since the last look from the bench to the heap of scores."""
        late = self._catch_up()
        index = self.bench.index
        score = self.score
        for _, (_, _, ticket, state, _) in late:
            if state.tickets[index] == ticket and self.fits(state):
                heappush(score, (*self._value(state, waiter), ticket, state))
        for number, tier in enumerate(self.bench.tiers):
            for at in range(self.cursors[number], len(tier)):
                _, _, ticket, state, _ = tier[at]
                if state.tickets[index] == ticket and self.fits(state):
                    heappush(score, (*self._value(state, waiter), ticket, state))
            self._pass(number, tier, len(tier))
        if len(score) > _SWEEP_FROM + 2 * self.bench.live:
            score[:] = [old for old in score if old[4].tickets[index] == old[3]]
            heapify(score)
        while score and score[0][4].tickets[index] != score[0][3]:
            heappop(score)
