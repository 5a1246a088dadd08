"""Designs of two skills, event for event against the linear simulator.

Rule: both get the same day, drawn from a seed, and must tell the same of it: who was offered,
accepted, ended or gave up, who came to which step, when, and in which order.

The designs are the canonical ones of O. Garnett and A. Mandelbaum, An Introduction to Skills-Based
Routing and its Operational Complexities (2000), named after their pictures of customers above and
agents below: in N one group of agents serves one skill and the other one both; in W there are two
specialised groups and customers of three kinds, of whom one is content with either; in M two kinds,
two specialised groups and one that serves both.
"""

from __future__ import annotations

from random import Random
from typing import Final

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.theory import linear
from tests.theory.linear import Happening
from tongdai import (
    Agent,
    Center,
    Contact,
    Duration,
    Order,
    Plan,
    Queue,
    Step,
    hours,
    minutes,
    seconds,
)
from tongdai.center import Shift, Visit, simulate
from tongdai.center.events import (
    AnyEvent,
    ContactAbandoned,
    ContactEnded,
    ContactOffered,
    ContactQueued,
    OfferAccepted,
    PlanStepped,
)

SECOND: Final = 1_000_000
POINT: Final = minutes(1)

# What each kind of customer may be served with, and which skills each group of agents has.
DESIGNS: Final[dict[str, tuple[list[str], list[str]]]] = {
    "N": (["a", "b"], ["a", "ab"]),
    "W": (["a", "b", "ab"], ["a", "b"]),
    "M": (["a", "b"], ["a", "b", "ab"]),
}


@attrs.frozen(kw_only=True)
class Setting:
    """What a day is drawn from.

    Attributes:
        design: which picture.
        seed: of the draws.
        customers, agents: how many.
        load: arrivals times mean talk over agents.
        patience: mean patience in seconds; `None` is for ever.
        ring: how long agents take to answer, in seconds; less than an offer lasts.
        grid: what all draws are rounded to, in microseconds: with a second, much happens at once.
        strict: whether priorities go before any waiting.
    """

    design: str
    seed: int
    customers: int = 60
    agents: int = 4
    load: float = 1.1
    patience: float | None = 120.0
    ring: int = 0
    grid: int = 1
    strict: bool = False

    def drawn(
        self,
    ) -> tuple[dict[str, tuple[linear.Step, ...]], list[linear.Customer], list[linear.Agent]]:
        """Draw classes, customers and agents."""
        chance = Random(self.seed)  # noqa: S311 - a simulation
        kinds, groups = DESIGNS[self.design]

        def length(mean: float) -> int:
            return round(chance.expovariate(1 / mean) * SECOND / self.grid) * self.grid

        classes: dict[str, tuple[linear.Step, ...]] = {}
        for number, kind in enumerate(kinds):
            # Steps fall between the seconds, each kind's elsewhere: they never fall due together.
            first = chance.randint(5, 40) * SECOND + (2 * number + 1) * 100_000
            second = chance.randint(45, 120) * SECOND + (2 * number + 2) * 100_000
            level = chance.randint(2, 4)
            classes[kind] = (
                linear.Step(0, (dict.fromkeys(kind, level),)),
                linear.Step(first, (dict.fromkeys(kind, level - 1),), chance.randint(0, 2)),
                linear.Step(second, (dict.fromkeys(kind, 1),), chance.randint(0, 3)),
            )
        now = 0
        customers: list[linear.Customer] = []
        for number in range(self.customers):
            now += length(60 / self.agents / self.load)
            customers.append(
                linear.Customer(
                    f"c{number:04}",
                    chance.choice(kinds),
                    now,
                    length(60),
                    None if self.patience is None else length(self.patience),
                    chance.choice([0, 0, 0, 1, 3]),
                )
            )
        agents = [
            linear.Agent(
                f"a{number}",
                {skill: chance.randint(1, 5) for skill in groups[number % len(groups)]},
            )
            for number in range(self.agents)
        ]
        return classes, customers, agents

    def linear(self) -> list[Happening]:
        """Return what the linear simulator tells."""
        classes, customers, agents = self.drawn()
        point = None if self.strict else int(POINT)
        ring = self.ring * SECOND
        return linear.Day(classes, customers, agents, ring=ring, point=point).live()

    def real(self) -> list[Happening]:
        """Return what the center tells."""
        classes, customers, agents = self.drawn()
        order = Order.strict() if self.strict else Order.ageing(point=POINT)
        center = Center(
            [
                Queue(kind, Plan(text(first), *[step(one) for one in later]), order=order)
                for kind, (first, *later) in classes.items()
            ]
        )
        visits = [
            Visit(
                one.at,
                Contact(one.name, priority=one.points),
                one.kind,
                talk=Duration(one.talk),
                patience=None if one.patience is None else Duration(one.patience),
            )
            for one in customers
        ]
        shifts = [
            Shift(Agent(one.name, one.levels), 0, hours(500), answers_after=seconds(self.ring))
            for one in agents
        ]
        found = (told(event) for event in simulate(center, visits, shifts))
        return [happening for happening in found if happening is not None]


def text(step: linear.Step) -> str:
    """Write a step's requirement as tongdai reads it."""
    groups = [
        " or ".join(f"{skill}>={level}" for skill, level in group.items()) for group in step.groups
    ]
    return " and ".join(f"({group})" if " or " in group else group for group in groups)


def step(one: linear.Step) -> Step:
    """Write a step as tongdai's."""
    return Step(Duration(one.after), text(one), priority=one.points)


def told(event: AnyEvent) -> Happening | None:
    """Write an event as a happening; what the linear simulator does not tell is left out."""
    if isinstance(event, PlanStepped):
        return Happening(event.at, f"step {event.step}", event.contact)
    if isinstance(event, ContactQueued | ContactAbandoned):
        return Happening(event.at, WORDS[type(event)], event.contact)
    if isinstance(event, ContactOffered | OfferAccepted | ContactEnded):
        return Happening(event.at, WORDS[type(event)], event.contact, event.agent)
    return None


WORDS: Final[dict[type, str]] = {
    ContactQueued: "queued",
    ContactOffered: "offered",
    OfferAccepted: "accepted",
    ContactAbandoned: "abandoned",
    ContactEnded: "ended",
}


SETTINGS: Final = st.builds(
    Setting,
    design=st.sampled_from(sorted(DESIGNS)),
    seed=st.integers(0, 2**32),
    customers=st.integers(1, 80),
    agents=st.integers(1, 7),
    load=st.floats(0.5, 2),
    patience=st.none() | st.floats(5, 300),
    ring=st.integers(0, 15),
    grid=st.sampled_from([1, SECOND]),
    strict=st.booleans(),
)


@given(SETTINGS)
def test_a_day_goes_the_same_in_both(setting: Setting) -> None:
    """Who served whom, when, who gave up, and in which order."""
    assert setting.linear() == setting.real()


LONG: Final = [
    Setting(design=design, seed=1, customers=300, agents=6, patience=240.0, ring=10, grid=grid)
    for design in sorted(DESIGNS)
    for grid in (1, SECOND)
]


@pytest.mark.parametrize("setting", LONG, ids=lambda one: f"{one.design} {one.grid}")
def test_a_long_day_goes_the_same_in_both_and_has_everything(setting: Setting) -> None:
    """A day on which the plans relax, the priorities count and customers give up in every way."""
    expected = setting.linear()
    assert expected == setting.real()
    seen = {what: [one for one in expected if one.what == what] for _, what, _, _ in expected}
    counts = {what: len(seen[what]) for what in seen}
    assert 300 == counts["queued"] == counts["ended"] + counts["abandoned"]
    assert min(counts["step 2"], counts["step 3"], counts["abandoned"]) > 10
    assert counts["offered"] > counts["accepted"]  # some gave up while it rang
    arrivals = [one.customer for one in seen["queued"]]
    assert arrivals != [one.customer for one in expected if one.what in ("accepted", "abandoned")]


@pytest.mark.parametrize("change", ["priorities", "plans", "patience", "idle times"])
def test_the_comparison_tells_another_day(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the linear simulator does otherwise is seen, so nothing here is without effect."""
    setting = LONG[0]
    expected = setting.real()
    assert expected == setting.linear()
    real_rank, real_pair = linear.Day.rank, linear.Day.pair

    def rank(self: linear.Day, customer: linear.Customer) -> tuple[int, int, str]:
        customer.points = 0
        return real_rank(self, customer)

    def pair(self: linear.Day) -> tuple[linear.Customer, linear.Agent] | None:
        found = real_pair(self)
        if found is None:
            return None
        customer, _ = found
        able = [agent for agent in self.agents if agent.free and self.may(agent, customer)]
        return customer, max(able, key=lambda agent: agent.since)

    def nothing(_: linear.Day, customer: linear.Customer) -> None:
        customer.step += 1 if change == "plans" else 0
        customer.patience = None

    if change == "priorities":
        monkeypatch.setattr(linear.Day, "rank", rank)
    elif change == "idle times":
        monkeypatch.setattr(linear.Day, "pair", pair)
    else:
        monkeypatch.setattr(linear.Day, "grow" if change == "plans" else "give_up", nothing)
    assert expected != setting.linear()
