"""Why a contact waits, agent by agent.

Rule: an explanation is plain data that prints; it is sorted by nearness, who will fit soonest first
and what no step can mend last. It is made on request, off the hot path. In a large center agents
with the same answer are counted, not listed, and pools are asked in their place: O(pools, and
agents who have the rarest skill that is needed).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import TypeAlias

import attrs

from tongdai.model.requirement import Requirement
from tongdai.model.time import Duration, Instant
from tongdai.routing.lanes import AgentState, Lane, Pool, Waiter
from tongdai.routing.roster import Roster

_LISTED = 20  # with more agents than this, equal answers are counted
_LONGEST = 30  # rows that are printed


@attrs.frozen
class Row:
    """One agent, or several with the same answer.

    Attributes:
        who: the agent's id, or `312 agents`.
        why: what stands in the way now.
        fits_in: when a step of the plan or the end of a cool-off mends it; `None` if neither does.
        near: 0 if time mends it, 1 if the agent's own doing does (hanging up, coming back), 2 if
            nothing.
    """

    who: str
    why: str
    fits_in: Duration | None
    near: int


@attrs.frozen
class Explanation:
    """Why a contact waits, or who has it.

    Attributes:
        contact: the contact's id.
        waited: since it was first enqueued.
        place, of: its place among those waiting, from 1; 0 when it does not wait.
        step, steps: the step of its plan, from 1, and how many there are.
        needs: what it needs now, as text.
        held: the preferred agent for whom it is held, if any.
        then: what it will need later, and in how long.
        rows: what each agent lacks.
        never: whether no agent here meets any step of the plan.
        now_with: agents who have it now.
    """

    contact: str
    waited: Duration
    place: int
    of: int
    step: int
    steps: int
    needs: str
    held: str | None
    then: tuple[tuple[str, Duration], ...]
    rows: tuple[Row, ...]
    never: bool = False
    now_with: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Give it as a small table."""
        here = (
            f"place {self.place} of {self.of}" if self.place else "with " + ", ".join(self.now_with)
        )
        step = f"plan step {self.step} of {self.steps}"
        head = f"{self.contact} has waited {self.waited}: {here}, {step}"
        lines = [("needs", self.needs, "")]
        if self.held is not None:
            lines.append(("held", f"for {self.held}", ""))
        lines += [("then", text, f"in {wait}") for text, wait in self.then[:1]]
        if self.never:
            lines.append(("never", "no agent here meets any step of the plan", ""))
        for row in self.rows[:_LONGEST]:
            after = "" if row.fits_in is None else f"fits in {row.fits_in}"
            lines.append((row.who, row.why, after))
        if len(self.rows) > _LONGEST:
            lines.append(("...", f"and {len(self.rows) - _LONGEST} more answers", ""))
        left = max(len(label) for label, _, _ in lines)
        middle = max(len(text) for _, text, _ in lines)
        table = [
            f"  {label:{left}}  {text:{middle if after else 0}}  {after}".rstrip()
            for label, text, after in lines
        ]
        return "\n".join([head, *table])


def explain(waiter: Waiter, now: Instant, roster: Roster, others: Iterable[Waiter]) -> Explanation:
    """Return why a contact waits (`Router.explain`).

    Args:
        waiter: the contact.
        now: the instant.
        roster: all agents.
        others: all contacts in the router, waiting and taken.
    """
    needs = waiter.contact.needs
    lane = waiter.lane
    plan = waiter.plan
    step = waiter.step if lane is not None else plan.index(max(0, now - waiter.since))
    later = [
        (other.requires & needs, Duration(waiter.since + other.after - now))
        for other in plan.steps[step + 1 :]
    ]
    if lane is not None:
        cooling = frozenset(waiter.cooling or ())
        wanted = lane.requirement
        shown = Requirement(
            dict(wanted.skills),
            any_of=[dict(group) for group in wanted.any_of],
            prefers=dict(wanted.prefers),
            without=[agent for agent in wanted.without if agent not in cooling],
            first=wanted.first,
        )
    else:
        shown = plan.steps[step].requires & needs
    place = of = 0
    if lane is not None:
        ranks = [other.rank for other in others if other.lane is not None]
        of = len(ranks)
        place = 1 + sum(rank < waiter.rank for rank in ranks)
    look = _Look(waiter, now, shown, later, roster)
    return Explanation(
        contact=waiter.contact.id,
        waited=Duration(now - waiter.since),
        place=place,
        of=of,
        step=step + 1,
        steps=len(plan.steps),
        needs=str(shown) or "anyone",
        held=shown.first if lane is not None else None,
        then=tuple((str(wanted) or "anyone", wait) for wanted, wait in later),
        rows=() if lane is None else look.rows(),
        never=look.never(),
        now_with=waiter.agents,
    )


_Answer: TypeAlias = tuple[str, Duration | None, int]
"""Why not now, when time mends it, and how near that is (see `Row`)."""


class _Look:
    """A look at all agents, for one contact.

    Pools with equal levels in the skills that count here have one answer. Agents are looked at one
    by one where nothing is lacking, and where a step leaves them out by name (they are `named`).
    """

    def __init__(
        self,
        waiter: Waiter,
        now: Instant,
        wanted: Requirement,
        later: list[tuple[Requirement, Duration]],
        roster: Roster,
    ) -> None:
        self._waiter = waiter
        self._now = now
        self._wanted = wanted
        self._unheld = wanted.unheld()
        self._later = later
        self._steps = steps = [self._unheld, *(step for step, _ in later)]
        self._roster = roster
        without = frozenset(name for step in steps for name in step.without)
        self._named = [state for name, state in roster.agents.items() if name in without]
        self._sizes = {pool: pool.size for pool in roster.pools}  # without who is named
        for state in self._named:
            self._sizes[state.pool] -= 1
        skills = {
            name for step in steps for group in (step.skills, *step.any_of) for name, _ in group
        }
        self._alike: dict[tuple[int, ...], list[Pool]] = {}
        for pool, size in self._sizes.items():
            if size:
                get = pool.skills.get
                levels = tuple([get(name, 0) for name in skills])
                self._alike.setdefault(levels, []).append(pool)

    def never(self) -> bool:
        """Return whether no agent here meets any step of the plan."""
        pools = (same[0] for same in self._alike.values())
        return not any(
            step.met_by(pool.skills) for pool in pools for step in self._steps
        ) and not any(state.agent.meets(step) for state in self._named for step in self._steps)

    def rows(self) -> tuple[Row, ...]:
        """Return a row for each agent; in a large center, one for each answer."""
        agents = self._roster.agents
        if len(agents) <= _LISTED:
            rows = [Row(name, *self._answer(state, listed=True)) for name, state in agents.items()]
        else:
            rows = self._counted()
        rows.sort(key=lambda row: (row.near, row.fits_in or 0))
        return tuple(rows)

    def _counted(self) -> list[Row]:
        """Return a row for each answer; what most agents have goes first."""
        count: Counter[_Answer] = Counter()
        whose: dict[_Answer, Pool | AgentState] = {}
        fitting: set[Pool] = set()
        for same in self._alike.values():
            lack = self._lack(same[0].skills)
            if lack is None:
                fitting.update(same)
            else:
                count[lack] += sum(self._sizes[pool] for pool in same)
                whose[lack] = same[0]
        named = set(self._named)
        able = (
            state
            for state in (self._roster.with_skills(self._unheld) if fitting else ())
            if state.pool in fitting and state not in named
        )
        for state in chain(able, self._named):
            answer = self._answer(state, listed=False)
            count[answer] += 1
            whose[answer] = state
        alone = {pool: "" for answer, pool in whose.items() if count[answer] == 1}
        if any(isinstance(one, Pool) for one in alone):
            for state in self._roster.agents.values():
                if state.pool in alone and state not in named:
                    alone[state.pool] = state.agent.id

        def who(answer: _Answer) -> str:
            one = whose[answer]
            if count[answer] > 1:
                return f"{count[answer]} agents"
            return one.agent.id if isinstance(one, AgentState) else alone[one]

        found = sorted(count, key=lambda answer: (-count[answer], answer[0]))
        return [Row(who(answer), *answer) for answer in found]

    def _answer(self, state: AgentState, *, listed: bool) -> _Answer:
        lack = self._lack(state.agent.skills, state.agent.id)
        return self._why(state, listed=listed) if lack is None else lack

    def _lack(self, skills: Mapping[str, int], agent: str | None = None) -> _Answer | None:
        """Return what is lacking, and when a step mends it; `None` where nothing is."""

        def meets(step: Requirement) -> bool:
            return agent not in step.without and step.met_by(skills)

        if meets(self._unheld):
            return None
        fits_in = next((wait for step, wait in self._later if meets(step)), None)
        excluded = agent in self._unheld.without
        why = "excluded" if excluded else "; ".join(_lacking(skills, self._unheld))
        return why, fits_in, 2 if fits_in is None else 0

    def _why(self, state: AgentState, *, listed: bool) -> _Answer:
        """Return why somebody who lacks nothing does not have the contact: the nearest reason."""
        agent = state.agent
        waiter = self._waiter
        until = (waiter.cooling or {}).get(agent.id)
        if until is not None:
            return "declined, cooling off", Duration(until - self._now), 0
        if state.presence != "available":
            reason = f" ({state.reason})" if state.reason and listed else ""
            return state.presence.replace("_", " ") + reason, None, 1
        lane = waiter.lane
        if lane is not None and not lane.bench.room(state):
            return self._busy(state, lane, listed=listed), None, 1
        first = self._wanted.first
        if first is not None and first != agent.id:
            later = self._later
            fits_in = next((wait for step, wait in later if step.first in (None, agent.id)), None)
            why = f"fits, but the contact is held for {first}"
            return why, fits_in, 1 if fits_in is None else 0
        if state.held and lane is not None and not lane.bench.work.exclusive:
            return "kept for a live contact that waits", None, 1
        return "ready", Duration(0), 0

    def _busy(self, state: AgentState, lane: Lane, *, listed: bool) -> str:
        work = lane.bench.work
        cost = state.agent.costs.get(work.mode, work.cost)
        if cost <= state.free:
            return f"at the limit of {state.modes.get(work.mode, 0)} {work.mode} contacts"
        if not listed:
            return "busy"
        with_whom = ", ".join(state.active) or "nobody"
        return f"busy with {with_whom} ({state.free} units free, needs {cost})"


def _lacking(skills: Mapping[str, int], wanted: Requirement) -> Iterator[str]:
    for name, level in wanted.skills:
        has = skills.get(name, 0)
        if not has:
            yield f"lacks {name}"
        elif has < level:
            yield f"{name} {has}, needs {level}"
    for group in wanted.any_of:
        if not any(skills.get(name, 0) >= level for name, level in group):
            names = " or ".join(name if level == 1 else f"{name}>={level}" for name, level in group)
            yield f"lacks {names}"
