"""Which of the agents who fit gets the contact.

Rule: a strategy is a function `(agent, contact) -> sortable`; the least value wins, ties go to the
agent whose preferred skills are better, then by agent id. The built-in ones are the same kind of
function; they are marked with what their value depends on, so that the router can keep agents in
order instead of asking about each:

- `ready`: the order in which agents became ready is the order of the values (longest idle);
- `fixed`: the value depends on the agent and the requirement alone, and changes only with
  the agent;
- neither: every ready agent who fits is asked, O(ready agents who fit) a match. Your own are such.

A draw by chance is a keyed hash of the seed, the contact, the number of its offer and the agent, so
that a replay draws the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any, Protocol, TypeAlias

import attrs

from tongdai.errors import ConfigurationError, did_you_mean
from tongdai.model.agent import Agent
from tongdai.model.contact import Contact
from tongdai.model.mode import check_count
from tongdai.model.requirement import Requirement
from tongdai.model.time import Duration, Instant


class AgentView(Protocol):
    """What a strategy may look at of an agent."""

    @property
    def agent(self) -> Agent:
        """The agent's own data: id, skills, capacity."""
        ...

    @property
    def since(self) -> Instant:
        """When their load last changed, or they became available."""
        ...

    @property
    def used(self) -> int:
        """Units of capacity in use."""
        ...

    @property
    def taken(self) -> int:
        """How many contacts they were given so far."""
        ...

    @property
    def turn(self) -> int:
        """When they were last given one, as a rising number; 0 is never."""
        ...


class ContactView(Protocol):
    """What a strategy may look at of a contact."""

    @property
    def contact(self) -> Contact:
        """The contact itself."""
        ...

    @property
    def requirement(self) -> Requirement:
        """What it needs now."""
        ...

    @property
    def since(self) -> Instant:
        """When it was first enqueued."""
        ...

    @property
    def offers(self) -> int:
        """How many times it was offered so far."""
        ...


Sortable: TypeAlias = Any
StrategyFunction: TypeAlias = Callable[[AgentView, ContactView], Sortable]
Measure: TypeAlias = int | float | str
"""What won, in plain data: microseconds idle, units, a count; the text of a value of one's own."""


def _value(agent: AgentView, contact: ContactView, now: Instant, value: Sortable) -> Measure:  # noqa: ARG001
    return value if isinstance(value, (int, float, str)) else repr(value)


@attrs.frozen(eq=False)
class Strategy:
    """A named strategy, and what its value depends on.

    Attributes:
        name: what explanations and events call it.
        function: the value; least wins.
        ready, fixed: what the value depends on (see the module); at most one is set.
        width: how many agents are offered a contact at once; the first to accept wins.
        measure: the value as events show it.
    """

    name: str
    function: StrategyFunction
    ready: bool = False
    fixed: bool = False
    width: int = 1
    measure: Callable[[AgentView, ContactView, Instant, Sortable], Measure] = _value

    def __call__(self, agent: AgentView, contact: ContactView) -> Sortable:
        """Return the agent's value for the contact."""
        return self.function(agent, contact)


longest_idle = Strategy(
    "longest idle",
    lambda agent, _: (agent.used > 0, agent.since),
    ready=True,
    measure=lambda agent, _, now, __: now - agent.since,
)
"""Who has been without work longest; agents with some work come after those with none."""

best_skill = Strategy(
    "best skill",
    lambda agent, contact: -_levels(agent, contact),
    fixed=True,
    measure=lambda _, __, ___, value: -value,
)
"""Who has the highest levels, added up, in the skills that the contact must have."""

least_occupied = Strategy("least occupied", lambda agent, _: agent.used, fixed=True)
"""Who has the fewest units in use."""

fewest_contacts = Strategy("fewest contacts", lambda agent, _: agent.taken, fixed=True)
"""Who was given the fewest contacts so far."""

round_robin = Strategy("round robin", lambda agent, _: agent.turn, fixed=True)
"""Whose last turn is longest ago; those who never had one first."""


def ordered(agents: Sequence[str]) -> Strategy:
    """Return a strategy that takes agents in the order of a list; agents not in it come last."""
    places = {agent: place for place, agent in enumerate(agents, 1)}
    if len(places) != len(agents) or isinstance(agents, str):
        raise ConfigurationError(f"ordered: {agents!r} is not a list of different agent ids")
    last = len(places) + 1
    return Strategy("ordered list", lambda agent, _: places.get(agent.agent.id, last), fixed=True)


def weighted(weights: Mapping[str, float], *, seed: int = 0) -> Strategy:
    """Return a strategy that draws: an agent of weight 2 gets twice as much as one of weight 1.

    Each agent who fits draws an exponential time at the rate of their weight (1 where none is
    given), and the least wins, which picks each with the probability of its share of the weights.
    Source: the exponential race, e.g. Efraimidis and Spirakis, Weighted random sampling with a
    reservoir, Information Processing Letters 97 (2006).

    Raises:
        ConfigurationError: a weight that is not a positive, finite number.
    """
    for agent, weight in weights.items():
        if not isinstance(weight, (int, float)) or not 0 < weight < math.inf:
            raise ConfigurationError(f"weighted[{agent!r}]: {weight!r} is not a positive number")
    shares = dict(weights)

    def draw(agent: AgentView, contact: ContactView) -> float:
        words = f"{seed}\0{contact.contact.id}\0{contact.offers}\0{agent.agent.id}"
        digest = blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        chance = (int.from_bytes(digest, "big") + 1) / 2**64
        return -math.log(chance) / shares.get(agent.agent.id, 1.0)

    return Strategy("weighted draw", draw, measure=lambda _, __, ___, value: round(value, 6))


def broadcast(width: int, by: Strategy | StrategyFunction = longest_idle) -> Strategy:
    """Return a strategy that offers to several agents at once; the first to accept wins."""
    check_count(width, "broadcast", least=1)
    inner = strategy(by)
    return attrs.evolve(inner, name=f"broadcast to {width} by {inner.name}", width=width)


def strategy(value: Strategy | StrategyFunction) -> Strategy:
    """Return a strategy; a plain function becomes one under its own name.

    Raises:
        ConfigurationError: it cannot be called.
    """
    if isinstance(value, Strategy):
        return value
    if not callable(value):
        raise ConfigurationError(
            f"strategy: {value!r} is not a function (agent, contact) -> sortable"
        )
    return Strategy(getattr(value, "__name__", type(value).__name__), value)


BUILT_IN: Mapping[str, Strategy] = {
    "longest_idle": longest_idle,
    "best_skill": best_skill,
    "least_occupied": least_occupied,
    "fewest_contacts": fewest_contacts,
    "round_robin": round_robin,
}
"""The names by which a queue asks for a strategy."""


def named(name: str, others: Mapping[str, Strategy]) -> Strategy:
    """Return the strategy of a name.

    Raises:
        ConfigurationError: there is none.
    """
    found = others.get(name) or BUILT_IN.get(name)
    if found is None:
        near = did_you_mean(name, [*others, *BUILT_IN])
        raise ConfigurationError(f"Queue.strategy: no strategy {name!r}.{near}")
    return found


def told(name: str, measure: Measure) -> str:
    """Return why an agent won, for people: `longest idle, 35 s`."""
    if name.endswith(longest_idle.name) and isinstance(measure, int):
        return f"{name}, {Duration(measure)}"
    return f"{name}, {measure}"


def _levels(agent: AgentView, contact: ContactView) -> int:
    get = agent.agent.skills.get
    needs = contact.requirement
    total = sum(get(name, 0) for name, _ in needs.skills)
    return total + sum(
        max(get(name, 0) for name, level in group if get(name, 0) >= level)
        for group in needs.any_of
    )
