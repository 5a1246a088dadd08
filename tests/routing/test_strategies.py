"""Each strategy against its definition: the least value among all agents who are ready and fit."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.model.refusals import refused, untyped
from tongdai import Agent, Contact, Mode, Queue, Requirement, Router, seconds
from tongdai.routing import (
    AgentView,
    ContactView,
    Match,
    Strategy,
    best_skill,
    broadcast,
    fewest_contacts,
    least_occupied,
    longest_idle,
    ordered,
    round_robin,
    weighted,
)
from tongdai.routing.strategies import named

NAMES = ("an", "binh", "chi", "dung", "em")


@dataclass
class Person:
    """An agent in the list."""

    agent: Agent
    since: int
    presence: str = "available"
    holds: dict[str, int] = field(default_factory=dict[str, int])
    taken: int = 0
    turn: int = 0

    @property
    def used(self) -> int:
        """Return the units in use."""
        return sum(self.holds.values())


def oldest_word(agent: AgentView, contact: ContactView) -> tuple[int, str]:
    """Compare by something of one's own: the length of the name, then the name backwards."""
    return len(agent.agent.id) + contact.offers, agent.agent.id[::-1]


def share(seed: int, contact: str, offers: int, agent: str, weight: float) -> float:
    """Return the time that an agent draws for an offer."""
    key = f"{seed}\0{contact}\0{offers}\0{agent}".encode()
    number = int.from_bytes(blake2b(key, digest_size=8).digest(), "big")
    return -math.log((number + 1) / 2**64) / weight


def _skill(person: Person, wanted: Requirement) -> int:
    has = person.agent.skills
    best = [
        max(has.get(name, 0) for name, level in group if has.get(name, 0) >= level)
        for group in wanted.any_of
    ]
    return sum(has[name] for name, _ in wanted.skills) + sum(best)


Value = Callable[[Person, Requirement, str, int], object]
DEFINITIONS: list[tuple[Strategy | Callable[..., object], int, Value]] = [
    (longest_idle, 1, lambda person, _, __, ___: (person.used > 0, person.since)),
    (best_skill, 1, lambda person, wanted, _, __: -_skill(person, wanted)),
    (least_occupied, 1, lambda person, _, __, ___: person.used),
    (fewest_contacts, 1, lambda person, _, __, ___: person.taken),
    (round_robin, 1, lambda person, _, __, ___: person.turn),
    (
        ordered(["chi", "an"]),
        1,
        lambda person, _, __, ___: {"chi": 0, "an": 1}.get(person.agent.id, 2),
    ),
    (
        weighted({"an": 3.0}, seed=7),
        1,
        lambda person, _, contact, offers: share(
            7, contact, offers, person.agent.id, 3.0 if person.agent.id == "an" else 1.0
        ),
    ),
    (broadcast(2), 2, lambda person, _, __, ___: (person.used > 0, person.since)),
    (broadcast(3, least_occupied), 3, lambda person, _, __, ___: person.used),
    (
        oldest_word,
        1,
        lambda person, _, __, offers: (len(person.agent.id) + offers, person.agent.id[::-1]),
    ),
]

SKILLS = st.dictionaries(st.sampled_from(["vi", "en"]), st.integers(1, 5))
NEEDS = ["", "vi", "vi>=3", "(vi or en>=2)", "vi, prefers en", "prefers vi>=2"]


class RouterAndAList(RuleBasedStateMachine):
    """Agents and contacts come, go and change; whoever is matched is who the definition says."""

    def __init__(self) -> None:
        """Start at instant 0."""
        super().__init__()
        self.now = 0
        self.people: dict[str, Person] = {}
        self.held: dict[str, tuple[str, ...]] = {}
        self.offers: Counter[str] = Counter()
        self.waiting: dict[str, tuple[Contact, int]] = {}
        self.arrived = self.turns = 0
        self.width = 1

    @initialize(which=st.sampled_from(range(len(DEFINITIONS))))
    def build(self, which: int) -> None:
        """One of the strategies."""
        strategy, self.width, self.value = DEFINITIONS[which]
        self.router = Router(strategy=untyped(strategy))

    @rule(id=st.sampled_from(NAMES), skills=SKILLS, capacity=st.sampled_from([0, 25, 50, 100]))
    def put(self, id: str, skills: dict[str, int], capacity: int) -> None:
        """An agent comes, or changes while contacts wait."""
        agent = Agent(id, skills, capacity=capacity)
        self.router.put(agent, self.now)
        if id in self.people:
            self.people[id].agent = agent
        else:
            self.people[id] = Person(agent, self.now)

    @precondition(lambda self: self.people)
    @rule(data=st.data(), presence=st.sampled_from(["available", "away", "offline"]))
    def presence(self, data: st.DataObject, presence: str) -> None:
        """An agent goes or comes back; coming back starts the idle clock."""
        person = data.draw(st.sampled_from(list(self.people.values())))
        if presence == "available" != person.presence:
            person.since = self.now
        person.presence = presence
        self.router.presence(person.agent.id, untyped(presence), self.now)

    @rule(needs=st.sampled_from(NEEDS), priority=st.integers(0, 1))
    def wait(self, needs: str, priority: int) -> None:
        """A chat comes, which takes 25 units."""
        self.arrived += 1
        mode = Mode.INTERACTIVE
        contact = Contact(f"c{self.arrived}", needs, mode, priority=priority)
        self.waiting[contact.id] = contact, self.now
        self.router.wait(contact, self.now)

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        """A waiting contact goes."""
        id = data.draw(st.sampled_from(list(self.waiting)))
        del self.waiting[id]
        self.router.leave(id, self.now)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        """A contact was served; its agents have room again, and their idle clock starts."""
        id = data.draw(st.sampled_from(list(self.held)))
        for agent in self.held.pop(id):
            del self.people[agent].holds[id]
            self.people[agent].since = self.now
        self.router.release(id, self.now)

    @precondition(lambda self: self.people)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """An agent without contacts is removed."""
        id = data.draw(st.sampled_from(list(self.people)))
        if not self.people[id].holds:
            del self.people[id]
            self.router.remove(id, self.now)

    @rule(passed=st.integers(1, int(seconds(10))))
    def time_passes(self, passed: int) -> None:
        """Time goes on."""
        self.now += passed

    def ready(self, contact: Contact) -> list[str]:
        """Return who is available, has room and fits, by the definition, best first."""
        found = [
            person
            for person in self.people.values()
            if person.presence == "available"
            and person.agent.capacity - person.used >= 25
            and contact.needs.met_by(person.agent.skills)
        ]

        def key(person: Person) -> tuple[object, int, str]:
            value = self.value(person, contact.needs, contact.id, self.offers[contact.id])
            return value, -contact.needs.preference(person.agent.skills), person.agent.id

        return [person.agent.id for person in sorted(found, key=untyped(key))]

    def first(self) -> tuple[str, tuple[str, ...]] | None:
        """Return the next match: who goes first of those that somebody could serve, and who."""
        line = sorted(
            self.waiting.values(),
            key=lambda one: (one[1] - int(seconds(60)) * one[0].priority, one[1], one[0].id),
        )
        for contact, _ in line:
            agents = self.ready(contact)
            if agents:
                return contact.id, tuple(agents[: self.width])
        return None

    @invariant()
    def every_match_is_the_definitions(self) -> None:
        """Until nobody waits beside an agent who is ready and fits."""
        if not hasattr(self, "router"):
            return
        for contact, _ in self.waiting.values():
            assert self.ready(contact) == self.router.candidates(contact.id)
        while (expected := self.first()) is not None:
            match = self.router.next(self.now)
            assert expected == (match and (match.contact, match.agents))
            id, agents = expected
            self.router.take(id, agents, self.now)
            for agent in agents:
                self.turns += 1
                person = self.people[agent]
                person.holds[id], person.since, person.turn = 25, self.now, self.turns
                person.taken += 1
                self.offers[id] += 1
            del self.waiting[id]
            self.held[id] = agents
        assert self.router.next(self.now) is None

    @invariant()
    def load_is_exact(self) -> None:
        """Units in use and contacts held, agent by agent."""
        if hasattr(self, "router"):
            assert {id: (one.used, set(one.holds)) for id, one in self.people.items()} == {
                id: (one.used, set(one.active)) for id, one in self.router.agents.items()
            }


TestStrategies = RouterAndAList.TestCase


# --- one by one -----------------------------------------------------------------------------------


def one_match(router: Router, now: int = 0) -> Match:
    """Return the only match."""
    [match] = router.assign(now)
    return match


@pytest.mark.parametrize(
    ("strategy", "told"),
    [
        (longest_idle, "c1 -> an after 2 s: longest idle, 5 s"),
        (best_skill, "c1 -> binh after 2 s: best skill, 9"),
        (least_occupied, "c1 -> an after 2 s: least occupied, 0"),
        (fewest_contacts, "c1 -> an after 2 s: fewest contacts, 0"),
        (round_robin, "c1 -> an after 2 s: round robin, 0"),
        (ordered(["binh", "an"]), "c1 -> binh after 2 s: ordered list, 1"),
        (broadcast(2), "c1 -> an + binh after 2 s: broadcast to 2 by longest idle, 5 s"),
        (
            broadcast(9, best_skill),
            "c1 -> binh + an after 2 s: broadcast to 9 by best skill, 9",
        ),
        (oldest_word, "c1 -> an after 2 s: oldest_word, (2, 'na')"),
    ],
)
def test_a_match_tells_what_won(strategy: object, told: str) -> None:
    """Contact, agents, wait, strategy and the winning value."""
    agents = [Agent("binh", {"vi": 4, "billing": 5}), Agent("an", {"vi": 5, "billing": 3})]
    router = Router(agents, strategy=untyped(strategy))
    router.wait(Contact("c1", "billing>=3 and vi"), seconds(3))
    assert told == str(one_match(router, seconds(5)))


@pytest.mark.parametrize(
    "strategy",
    [longest_idle, best_skill, least_occupied, fewest_contacts, round_robin, broadcast(3)],
    ids=lambda strategy: strategy.name,
)
def test_ties_go_to_better_wishes_then_by_id(strategy: Strategy) -> None:
    """In whatever order the agents came."""
    agents = [Agent("chi"), Agent("an"), Agent("binh", {"vip": 2}), Agent("dung", {"vip": 3})]
    router = Router(strategy=strategy)
    router.wait(Contact("c1"), 0)
    for agent in agents:
        router.put(agent, 0)
    assert ["an", "binh", "chi", "dung"] == router.candidates("c1")
    assert "an" == router.assign(0)[0].agent
    router = Router(agents, strategy=strategy)
    router.wait(Contact("c1", "prefers vip"), 0)
    assert ["dung", "binh", "an", "chi"] == router.candidates("c1")
    assert "dung" == router.assign(0)[0].agent


def test_a_draw_follows_the_weights() -> None:
    """Weight 3 gets three times as much as weight 1, and the seed makes it repeatable."""

    def winners(seed: int) -> Counter[str]:
        found: Counter[str] = Counter()
        strategy = weighted({"an": 3.0}, seed=seed)
        for number in range(2000):
            router = Router([Agent("an"), Agent("binh")], strategy=strategy)
            router.wait(Contact(f"c{number}"), 0)
            found[one_match(router).agent] += 1
        return found

    assert 1400 < winners(1)["an"] < 1600
    assert winners(1) == winners(1)
    assert winners(1) != winners(2)


@given(st.integers(0, 99))
def test_a_draw_depends_on_contact_offer_and_agent_alone(seed: int) -> None:
    """Who else is there does not change what an agent draws."""
    strategy = weighted({}, seed=seed)
    alone = Router([Agent("an")], strategy=strategy)
    beside = Router([Agent("an"), Agent("binh")], strategy=strategy)
    for router in (alone, beside):
        router.wait(Contact("c1"), 0)
    one, other = one_match(alone), one_match(beside)
    assert float(other.measure) <= float(one.measure)
    assert (other.agent == "an") == (other.measure == one.measure)


def test_a_queue_names_its_strategy() -> None:
    """Built-in names, or one's own; the router's counts where the queue says nothing."""
    agents = [Agent("an", {"vi": 1}), Agent("binh", {"vi": 5})]
    router = Router(agents, strategies={"backwards": lambda agent, _: -ord(agent.agent.id[0])})
    router.wait(Contact("c1", "vi"), 0, queue=Queue("a", strategy="best_skill"))
    router.wait(Contact("c2", "vi"), 0, queue=Queue("b"))
    assert [("c1", "binh"), ("c2", "an")] == [
        (match.contact, match.agent) for match in router.assign(0)
    ]
    router.release("c1", 1)
    router.release("c2", 1)
    router.wait(Contact("c3"), 1, queue=Queue("c", strategy="backwards"))
    assert "binh" == one_match(router, 1).agent


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Router(strategy=untyped("longest_idle")),
            "strategy: 'longest_idle' is not a function (agent, contact) -> sortable",
        ),
        (
            lambda: named("bestskill", {}),
            "Queue.strategy: no strategy 'bestskill'. Did you mean 'best_skill'?",
        ),
        (
            lambda: ordered("an"),
            "ordered: 'an' is not a list of different agent ids",
        ),
        (
            lambda: ordered(["an", "an"]),
            "ordered: ['an', 'an'] is not a list of different agent ids",
        ),
        (lambda: weighted({"an": 0}), "weighted['an']: 0 is not a positive number"),
        (lambda: weighted({"an": math.nan}), "weighted['an']: nan is not a positive number"),
        (lambda: weighted({"an": math.inf}), "weighted['an']: inf is not a positive number"),
        (lambda: weighted({"an": untyped("1")}), "weighted['an']: '1' is not a positive number"),
        (lambda: broadcast(0), "broadcast: 0 is not a whole number, 1 or more"),
        (lambda: broadcast(untyped(None)), "broadcast: None is not a whole number, 1 or more"),
    ],
)
def test_bad_settings_are_named(call: object, message: str) -> None:
    """What is wrong, and what would be right."""
    assert message == refused(untyped(call))
