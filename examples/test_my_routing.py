"""A test suite for a center of one's own: what you promise your customers, as properties.

The center is a small bank's. Its promise is that nobody waits for ever: cards are served in the
order of arrival, and each point that a customer has more is worth a minute. There are three
kinds of tests here: statements about single decisions, one story told step by step, and a machine
that lives through thousands of days looking for one on which the promise is broken.

The same machine is then set on a variant of the bank with a bug that no single story shows: better
customers first, whatever the waiting. It has to find that.

Run it as a program, with `python -m unittest`, or with pytest.
"""

from __future__ import annotations

import unittest
from itertools import pairwise

from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from tongdai import (
    Accept,
    Agent,
    Arrive,
    Center,
    Contact,
    Order,
    Plan,
    PutAgent,
    Queue,
    Router,
    SetPresence,
    Step,
    minutes,
    seconds,
)
from tongdai.center.events import ContactOffered, OfferAccepted, OfferExpired
from tongdai.routing.strategies import AgentView, ContactView
from tongdai.testing import CenterMachine, Script, agents, check_strategy, contacts

BEST = 3
"""How many points the best customers have."""
POINT = minutes(1)
"""What the promise says that a point is worth."""
PLAN = Plan("cards>=3", Step(seconds(30), "cards"))
PEOPLE = [
    Agent("an", {"vi": 5, "cards": 4, "site:hanoi": 1}),
    Agent("binh", {"vi": 3, "en": 5, "cards": 2, "site:hanoi": 1}),
]


def specialists_last(agent: AgentView, _: ContactView) -> tuple[int, int]:
    """Keep those who can do most for those who need them; among equals, the longest idle."""
    return sum(agent.agent.skills.values()), agent.since


def make_center(order: Order) -> Center:
    """Return the bank, with its people in it."""
    queue = Queue("cards", PLAN, order=order, patience=minutes(30), strategy="specialists_last")
    center = Center([queue], strategies={"specialists_last": specialists_last})
    for agent in PEOPLE:
        center.handle(PutAgent(agent, available=True), seconds(0))
    return center


class TestDecisions(unittest.TestCase):
    """What holds for every agent and every contact."""

    @given(agents(skills=["vi", "en"]), contacts(skills=["vi", "en"]))
    def test_nobody_waits_beside_an_agent_who_fits(self, agent: Agent, contact: Contact) -> None:
        """One who fits gets the contact; one who does not fit does not."""
        router = Router([agent])
        router.wait(contact, seconds(0))
        self.assertEqual(bool(router.assign(seconds(0))), agent.meets(contact.needs))

    def test_the_strategy_can_be_relied_on(self) -> None:
        """It changes nothing, and sorts every two agents the same way each time."""
        check_strategy(specialists_last)


class TestStory(unittest.TestCase):
    """One thing after the other."""

    def test_an_expired_offer_goes_to_the_next_agent(self) -> None:
        """After 20 s; Binh fits from 30 s on."""
        script = Script(make_center(Order.ageing(point=minutes(1))))
        script.at(seconds(0)).do(Arrive(Contact("c1"), "cards")).saw((ContactOffered, "c1", "an"))
        script.at(seconds(20)).saw_only((OfferExpired, "c1", "an"))
        script.at(seconds(30)).saw((ContactOffered, "c1", "binh"))
        script.at(seconds(35)).do(Accept("c1/2")).saw_only((OfferAccepted, "c1", "binh"))


class MyBank(CenterMachine):
    """All the house's rules, faults and invariants; these here are ours."""

    order = Order.ageing(point=minutes(1))

    def build(self) -> Center:
        """Return the bank."""
        return make_center(self.order)

    def contacts(self) -> st.SearchStrategy[Contact]:
        """Return customers from 0 to 3 points, in two languages; who writes or calls has others."""
        language = st.sampled_from(["", "vi", "en"])
        return st.builds(Contact, st.just("c"), language=language, priority=st.integers(0, BEST))

    @rule()
    def branch_closes(self) -> None:
        """Everybody in Hanoi goes home."""
        for agent in self.center.agents(skill="site:hanoi"):
            self.do(SetPresence(agent.id, "offline"))

    def check(self) -> None:
        """Nobody stands before somebody who came earlier by more than the points between them."""
        for ahead, behind in pairwise(self.center.waiting("cards")):
            points = max(0, ahead.contact.priority - behind.contact.priority)
            assert behind.waited <= ahead.waited + POINT * points, (
                f"{ahead.contact.id}, waiting for {ahead.waited}, is served before "
                f"{behind.contact.id}, waiting for {behind.waited}"
            )


TestMyBank = MyBank.TestCase


class UnfairBank(MyBank):
    """The bug: with strict priority, who has no points can wait for ever."""

    order = Order.strict()


class TestTheSuite(unittest.TestCase):
    """A suite that finds nothing proves nothing: does this one find what it is for?"""

    def test_it_finds_the_starvation(self) -> None:
        """As many days as Hypothesis tries by default are enough; the shortest is not needed."""
        found = settings(UnfairBank.TestCase.settings, phases=[Phase.generate], database=None)
        with self.assertRaisesRegex(AssertionError, "is served before"):
            run_state_machine_as_test(UnfairBank, settings=found)


if __name__ == "__main__":
    unittest.main()
