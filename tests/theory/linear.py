"""A second center, event by event and by looking at everybody: what tongdai's is compared with.

Rule: plain lists and its own loop, nothing of tongdai. Every happening is found by a scan over all
customers and agents, so there is nothing that could be out of date. Times are whole microseconds.

What it is told of the world: a customer waits in a class, whose steps say from which age on who may
serve them, and with how many points of priority. Whoever is free, may serve and has been idle for
longest is asked (the lesser name, of equals), for the customer who goes first among those whom
anybody free may serve. The agent answers after `ring`. Customers give up when their patience is
over, also while it rings; the agent then has been idle all the while.

Happenings of one instant: steps, then answers and ends of talks, then arrivals, then customers who
give up; each kind in the order in which it was set up.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Step(NamedTuple):
    """From an age on, one skill of each group is needed, at its level; and points of priority."""

    after: int
    groups: tuple[dict[str, int], ...]
    points: int = 0


class Happening(NamedTuple):
    """What happened, in the order of time."""

    at: int
    what: str
    customer: str
    agent: str = ""


@dataclass
class Customer:
    """Someone who comes; `state` is coming, waiting, ringing, talking or gone."""

    name: str
    kind: str
    at: int
    talk: int
    patience: int | None = None
    points: int = 0
    state: str = field(default="coming", init=False)
    step: int = field(default=0, init=False)
    agent: Agent | None = field(default=None, init=False)
    due: int = field(default=0, init=False)
    turn: int = field(default=0, init=False)


@dataclass
class Agent:
    """Someone who serves; `since` is from when on they are idle, `before` what it was last time."""

    name: str
    levels: dict[str, int]
    free: bool = field(default=True, init=False)
    since: int = field(default=0, init=False)
    before: int = field(default=0, init=False)


class Day:
    """A day from the first customer to the end of the last talk."""

    def __init__(
        self,
        classes: dict[str, tuple[Step, ...]],
        customers: list[Customer],
        agents: list[Agent],
        *,
        ring: int,
        point: int | None,
    ) -> None:
        """Get ready.

        Args:
            classes: the steps of each kind of customer, the first from age 0.
            customers: in the order in which they come.
            agents: on duty all day.
            ring: how long an agent takes to answer.
            point: what one point of priority is worth in waiting; `None` is more than any.
        """
        self.classes = classes
        self.customers = customers
        self.agents = agents
        self.ring = ring
        self.point = point
        self.now = 0
        self.turns = 0
        self.log: list[Happening] = []

    def live(self) -> list[Happening]:
        """Return all that happens."""
        while (found := self.following()) is not None:
            self.now, rank, _, customer = found
            (self.grow, self.finish, self.arrive, self.give_up)[rank](customer)
            while (pair := self.pair()) is not None:
                self.ask(*pair)
        return self.log

    def following(self) -> tuple[int, int, int, Customer] | None:
        """Return when what happens next (the index in `live`), and to whom."""
        best: tuple[int, int, int, Customer] | None = None
        for number, customer in enumerate(self.customers):
            options: list[tuple[int, int, int]] = []
            if customer.state == "coming":
                options.append((customer.at, 2, number))
            if customer.state == "waiting":
                later = self.classes[customer.kind][customer.step + 1 :]
                options += [(customer.at + step.after, 0, number) for step in later[:1]]
            if customer.state in ("ringing", "talking"):
                options.append((customer.due, 1, customer.turn))
            if customer.state in ("waiting", "ringing") and customer.patience is not None:
                options.append((customer.at + customer.patience, 3, number))
            for option in options:
                if best is None or option < best[:3]:
                    best = (*option, customer)
        return best

    def tell(self, what: str, customer: Customer, agent: str = "") -> None:
        """Write down what happens now."""
        self.log.append(Happening(self.now, what, customer.name, agent))

    def set_up(self, customer: Customer, state: str, length: int) -> None:
        """Let a customer be in a state for a while."""
        self.turns += 1
        customer.state, customer.due, customer.turn = state, self.now + length, self.turns

    def grow(self, customer: Customer) -> None:
        """Come to the next step."""
        customer.step += 1
        self.tell(f"step {customer.step + 1}", customer)

    def arrive(self, customer: Customer) -> None:
        """Begin to wait."""
        customer.state = "waiting"
        self.tell("queued", customer)

    def finish(self, customer: Customer) -> None:
        """Come to the end of the ringing, or of the talk."""
        agent = customer.agent
        assert agent is not None
        if customer.state == "ringing":
            self.set_up(customer, "talking", customer.talk)
            self.tell("accepted", customer, agent.name)
        else:
            customer.state = "gone"
            agent.free, agent.since = True, self.now
            self.tell("ended", customer, agent.name)

    def give_up(self, customer: Customer) -> None:
        """Leave unserved."""
        if customer.state == "ringing" and customer.agent is not None:
            customer.agent.free, customer.agent.since = True, customer.agent.before
        customer.state = "gone"
        self.tell("abandoned", customer)

    def rank(self, customer: Customer) -> tuple[int, int, str]:
        """Return where a customer stands: least goes first."""
        points = customer.points + self.classes[customer.kind][customer.step].points
        if self.point is None:
            return -points, customer.at, customer.name
        return customer.at - points * self.point, customer.at, customer.name

    def may(self, agent: Agent, customer: Customer) -> bool:
        """Return whether an agent has what a customer needs now."""
        return all(
            any(agent.levels.get(skill, 0) >= level for skill, level in group.items())
            for group in self.classes[customer.kind][customer.step].groups
        )

    def pair(self) -> tuple[Customer, Agent] | None:
        """Return who goes first among those who can be served, and by whom."""
        waiting = [customer for customer in self.customers if customer.state == "waiting"]
        for customer in sorted(waiting, key=self.rank):
            able = [agent for agent in self.agents if agent.free and self.may(agent, customer)]
            if able:
                return customer, min(able, key=lambda agent: (agent.since, agent.name))
        return None

    def ask(self, customer: Customer, agent: Agent) -> None:
        """Let it ring at an agent's."""
        agent.free, agent.before = False, agent.since
        customer.agent = agent
        self.set_up(customer, "ringing", self.ring)
        self.tell("offered", customer, agent.name)
