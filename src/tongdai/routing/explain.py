"""Why a contact waits, agent by agent.

Rule: an explanation is plain data that prints; it is sorted by nearness, who will fit soonest first
and what no step can mend last. It is made on request, off the hot path: O(agents). In a large
center agents with the same answer are counted, not listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias

import attrs

from tongdai.model.requirement import Requirement
from tongdai.model.time import Duration, Instant
from tongdai.routing.lanes import AgentState, Pool, Waiter

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


def explain(
    waiter: Waiter, now: Instant, agents: Mapping[str, AgentState], others: Iterable[Waiter]
) -> Explanation:
    """Return why a contact waits (`Router.explain`).

    Args:
        waiter: the contact.
        now: the instant.
        agents: all agents.
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
    ever = [shown.unheld(), *(wanted.unheld() for wanted, _ in later)]
    place = of = 0
    if lane is not None:
        ranks = [other.rank for other in others if other.lane is not None]
        of = len(ranks)
        place = 1 + sum(rank < waiter.rank for rank in ranks)
    rows = _rows(agents, waiter, shown, later, now) if lane is not None else ()
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
        rows=rows,
        never=_never(ever, agents),
        now_with=waiter.agents,
    )


def _never(ever: list[Requirement], agents: Mapping[str, AgentState]) -> bool:
    """Return whether no agent meets any of these requirements."""
    hopeless: set[Pool] = set()
    for state in agents.values():
        if state.pool in hopeless:
            continue
        possible = [wanted for wanted in ever if wanted.met_by(state.pool.skills)]
        if any(map(state.agent.meets, possible)):
            return False
        if not possible:
            hopeless.add(state.pool)
    return True


def _rows(
    agents: Mapping[str, AgentState],
    waiter: Waiter,
    wanted: Requirement,
    later: list[tuple[Requirement, Duration]],
    now: Instant,
) -> tuple[Row, ...]:
    listed = len(agents) <= _LISTED
    unheld = wanted.unheld()
    asked = [unheld, *(step for step, _ in later)]
    alike = not any(one.without for one in asked)  # what a pool lacks, each of its agents lacks
    lacks: dict[Pool, _Answer | None] = {}
    grouped: dict[tuple[str, Duration | None, int], list[str]] = {}
    for name, state in agents.items():
        if not alike or state.pool not in lacks:
            lacks[state.pool] = _lack(state, unheld, later)
        why, fits_in, near = lacks[state.pool] or _why(
            waiter, state, wanted, later=later, now=now, named=listed
        )
        key = (name, fits_in, near) if listed else (why, fits_in, near)
        grouped.setdefault(key, []).append(name)
        if listed:
            grouped[key].append(why)
    rows: list[Row] = []
    crowds = sorted(grouped.items(), key=lambda one: 0 if listed else -len(one[1]))
    for (text, fits_in, near), names in crowds:
        if listed:
            rows.append(Row(text, names[1], fits_in, near))
        else:
            who = names[0] if len(names) == 1 else f"{len(names)} agents"
            rows.append(Row(who, text, fits_in, near))
    rows.sort(key=lambda row: (row.near, row.fits_in or 0))
    return tuple(rows)


_Answer: TypeAlias = tuple[str, Duration | None, int]


def _lack(
    state: AgentState, wanted: Requirement, later: list[tuple[Requirement, Duration]]
) -> _Answer | None:
    """Return what an agent lacks and when a step mends it, or `None` where they lack nothing."""
    agent = state.agent
    if agent.meets(wanted):
        return None
    fits_in = next((wait for step, wait in later if agent.meets(step)), None)
    return _shortfall(state, wanted), fits_in, 2 if fits_in is None else 0


def _why(  # noqa: PLR0911, PLR0913 - one answer a reason, nearest reason first
    waiter: Waiter,
    state: AgentState,
    wanted: Requirement,
    *,
    later: list[tuple[Requirement, Duration]],
    now: Instant,
    named: bool,
) -> _Answer:
    agent = state.agent
    until = (waiter.cooling or {}).get(agent.id)
    if until is not None:
        return "declined, cooling off", Duration(until - now), 0
    if state.presence != "available":
        reason = f" ({state.reason})" if state.reason and named else ""
        return state.presence.replace("_", " ") + reason, None, 1
    lane = waiter.lane
    if lane is not None and not lane.bench.room(state):
        work = lane.bench.work
        cost = agent.costs.get(work.mode, work.cost)
        if cost <= state.free:
            return f"at the limit of {state.modes.get(work.mode, 0)} {work.mode} contacts", None, 1
        if not named:
            return "busy", None, 1
        with_whom = ", ".join(state.active) or "nobody"
        return f"busy with {with_whom} ({state.free} units free, needs {cost})", None, 1
    if wanted.first is not None and wanted.first != agent.id:
        fits_in = next((wait for step, wait in later if step.first in (None, agent.id)), None)
        return (
            f"fits, but the contact is held for {wanted.first}",
            fits_in,
            1 if fits_in is None else 0,
        )
    if state.held and lane is not None and not lane.bench.work.exclusive:
        return "kept for a live contact that waits", None, 1
    return "ready", Duration(0), 0


def _shortfall(state: AgentState, wanted: Requirement) -> str:
    if state.agent.id in wanted.without:
        return "excluded"
    return "; ".join(_lacking(state, wanted))


def _lacking(state: AgentState, wanted: Requirement) -> Iterator[str]:
    skills = state.agent.skills
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
