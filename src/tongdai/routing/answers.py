"""What a router answers when it is asked what to do: matches, and what has fallen due.

Rule: answers are plain values. To have one changes nothing; `Router.take` and `Router.happen` do.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

from tongdai.model.time import Duration
from tongdai.routing.strategies import Measure, told


class Match(NamedTuple):
    """A contact and who is to have it; with a broadcast strategy, several agents.

    Attributes:
        contact: the contact's id.
        agents: ids, best first.
        waited: how long the contact has waited.
        strategy: the name of the strategy that picked.
        measure: what won, in plain data.
    """

    contact: str
    agents: tuple[str, ...]
    waited: Duration
    strategy: str
    measure: Measure

    @property
    def agent(self) -> str:
        """The best agent."""
        return self.agents[0]

    def __str__(self) -> str:
        """Give `c1 -> an after 2 s: longest idle, 2 s`."""
        agents = " + ".join(self.agents)
        return (
            f"{self.contact} -> {agents} after {self.waited}: {told(self.strategy, self.measure)}"
        )


class StepDue(NamedTuple):
    """A contact's plan comes to a step (an index, 0 is the first)."""

    contact: str
    step: int


class CoolOffDue(NamedTuple):
    """A contact may be offered to an agent again."""

    contact: str
    agent: str


class ProtectionDue(NamedTuple):
    """An exclusive contact has waited so long that agents who fit take no other new work."""

    contact: str


Due: TypeAlias = StepDue | CoolOffDue | ProtectionDue
