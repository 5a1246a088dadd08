"""Whether a strategy of one's own can be relied on.

Rule: what the router needs of a strategy is that its values sort agents the same way each time: it
is deterministic, changes nothing, and its values are in one total order.
"""

from __future__ import annotations

from copy import deepcopy
from itertools import permutations
from typing import Any, Final

import attrs
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from tongdai.model.agent import Agent
from tongdai.model.contact import Contact
from tongdai.model.requirement import Requirement
from tongdai.model.time import Instant
from tongdai.routing import Strategy
from tongdai.routing.strategies import StrategyFunction
from tongdai.testing import strategies

_AGENTS: Final = ("an", "binh", "chi", "dung")
_SKILLS: Final = ("cards", "en", "vi")


@attrs.frozen
class _Agent:
    """An `AgentView` of no router."""

    agent: Agent
    since: Instant
    used: int
    taken: int
    turn: int


@attrs.frozen
class _Contact:
    """A `ContactView` of no router."""

    contact: Contact
    requirement: Requirement
    since: Instant
    offers: int


def check_strategy(
    strategy: Strategy | StrategyFunction,
    *,
    agents: st.SearchStrategy[Agent] | None = None,
    contacts: st.SearchStrategy[Contact] | None = None,
) -> None:
    """State that a strategy is deterministic, changes nothing, and sorts.

    Args:
        strategy: the function.
        agents: those that it is meant for; by default with a few skills. They are given what a
            contact needs, since a strategy is asked only about agents who fit.
        contacts: those that it is meant for; by default they need the same few skills.

    Raises:
        AssertionError: it is not so; the text names the agents. What the strategy itself raises
            comes through.
    """
    counts = st.integers(0, 1000)
    views = st.builds(
        _Agent,
        strategies.agents(ids=_AGENTS, skills=_SKILLS, room=False) if agents is None else agents,
        strategies.instants(),
        *(counts, counts, counts),
    )
    cases = st.builds(
        _seen,
        strategies.contacts(skills=_SKILLS, agents=_AGENTS, channels=_SKILLS)
        if contacts is None
        else contacts,
        strategies.instants(),
        counts,
    )

    @settings(
        max_examples=200,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
    )
    @given(st.lists(views, min_size=3, max_size=3), cases)
    def check(drawn: list[_Agent], contact: _Contact) -> None:
        people = [_fitting(agent, contact.requirement) for agent in drawn]
        assume(all(view.agent.meets(contact.requirement) for view in people))
        before = deepcopy((people, contact))
        values = [strategy(agent, contact) for agent in people]
        if (people, contact) != before:
            raise AssertionError(f"the strategy changes what it looks at: {people}, {contact}")
        for agent, value, copy in zip(people, values, before[0], strict=True):
            if strategy(copy, before[1]) != value:
                raise AssertionError(f"the strategy is not deterministic: {agent}: {value!r}")
        for places in permutations(range(len(people))):
            _check_order([values[place] for place in places])

    check()


def _seen(contact: Contact, since: Instant, offers: int) -> _Contact:
    return _Contact(contact, contact.needs, since, offers)


def _fitting(view: _Agent, wanted: Requirement) -> _Agent:
    """Return the same agent, with the skills that are wanted."""
    skills = dict(view.agent.skills)
    for name, level in (*wanted.skills, *(group[0] for group in wanted.any_of)):
        skills[name] = max(level, skills.get(name, level))
    return attrs.evolve(view, agent=attrs.evolve(view.agent, skills=skills))


def _check_order(values: list[Any]) -> None:
    one, other, third = values
    try:
        relations = (one < other, one == other, other < one)
        onward = one < third or not one < other < third
    except TypeError as error:
        raise AssertionError(f"values do not sort: {one!r} and {other!r}: {error}") from error
    if sum(map(bool, relations)) != 1:
        raise AssertionError(
            f"values have no total order: of {one!r} and {other!r} neither is less, nor are they "
            "equal, or both"
        )
    if not onward:
        raise AssertionError(f"values have no total order: {one!r} < {other!r} < {third!r}")
