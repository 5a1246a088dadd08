"""What a strategy must do, and how it is told that it does not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from tongdai import Agent
from tongdai.routing import broadcast, ordered, weighted
from tongdai.routing.strategies import BUILT_IN, AgentView, ContactView, Strategy
from tongdai.testing import agents, check_strategy

calls = count()


@pytest.mark.parametrize(
    "strategy",
    [*BUILT_IN.values(), broadcast(3), ordered(["vi", "en"]), weighted({"vi": 2.0})],
    ids=lambda strategy: strategy.name,
)
def test_the_built_in_ones_pass(strategy: Strategy) -> None:
    """As they must."""
    check_strategy(strategy)


def spoil(agent: AgentView, _: ContactView) -> int:
    """Change what was only lent."""
    agent.agent.skills["spoilt"] = 1  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
    return 0


Wrong = Callable[[AgentView, ContactView], Any]
counting: Wrong = lambda _, __: next(calls)  # noqa: E731 - one line each, to be compared
identity: Wrong = lambda agent, _: id(agent)  # noqa: E731
no_number: Wrong = lambda agent, _: float("nan") if agent.used else 0.0  # noqa: E731
subsets: Wrong = lambda agent, _: {agent.agent.id}  # noqa: E731
nothing: Wrong = lambda agent, _: agent.agent.auto_accept  # noqa: E731
mixed: Wrong = lambda agent, _: agent.agent.id if agent.used else 0  # noqa: E731


@pytest.mark.parametrize(
    ("strategy", "problem"),
    [
        pytest.param(counting, "not deterministic", id="counting"),
        pytest.param(identity, "not deterministic", id="identity"),
        pytest.param(no_number, "not deterministic|total order", id="no number"),
        pytest.param(subsets, "no total order", id="subsets"),
        pytest.param(nothing, "do not sort", id="nothing"),
        pytest.param(mixed, "do not sort", id="mixed"),
        pytest.param(spoil, "changes what it looks at", id="spoil"),
    ],
)
def test_what_is_wrong_is_named(strategy: Callable[[Any, Any], Any], problem: str) -> None:
    """By which of the rules it breaks."""
    with pytest.raises(AssertionError, match=problem):
        check_strategy(strategy)


def test_what_the_strategy_raises_comes_through() -> None:
    """It is the user's, and tells them more than we could."""
    with pytest.raises(KeyError, match="vi"):
        check_strategy(lambda agent, _: agent.agent.skills["vi"])


def test_it_can_be_for_some_agents_only() -> None:
    """Those that the center has."""
    bilingual = agents(skills=["vi"]).map(lambda agent: Agent(agent.id, {"vi": 3}))
    check_strategy(lambda agent, _: agent.agent.skills["vi"], agents=bilingual)
