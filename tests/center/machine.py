"""The users' machine on a small and odd center, beside the naive model.

Rule: `tongdai.testing.CenterMachine` does everything that can be done to a center; here it meets
settings that are few and extreme, and the naive model, which looks at everybody each time, has to
tell the same events.
"""

from __future__ import annotations

from collections.abc import Mapping
from unittest.mock import patch

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import invariant

from tests.center.naive import Naive, Way
from tongdai.center import Center, Decision, events, inputs
from tongdai.center import state as state_
from tongdai.ivr import (
    Collect,
    Flow,
    HandOff,
    Invoke,
    Menu,
    Say,
)
from tongdai.ivr import (
    End as Stop,
)
from tongdai.model import timers
from tongdai.model.agent import Agent
from tongdai.model.contact import Address, Contact
from tongdai.model.mode import MODES, Mode, ModeSettings
from tongdai.model.order import Order
from tongdai.model.plan import Plan, Step
from tongdai.model.queue import Closed, Elsewhere, Queue
from tongdai.model.time import OPEN_ENDED, Duration, Instant, seconds
from tongdai.queues import estimate, ranking
from tongdai.routing import Strategy, broadcast, lanes, least_occupied, ordered, places
from tongdai.routing.strategies import AgentView, ContactView, StrategyFunction
from tongdai.testing import CenterMachine
from tongdai.testing.machine import same

COOL_OFF = seconds(15)
GRACE = seconds(10)
AGENTS = ("an", "binh", "chi", "dung")
WAYS_BUILT_IN = ("best_skill", "least_occupied", "fewest_contacts", "round_robin")
QUEUES = ("cards", "loans", "rest")
MOST_CONTACTS = 30

FLOWS = (
    Flow(
        "menu",
        start="ask",
        nodes={
            "ask": Menu("?", {"1": "card", "2": "give"}, tries=2, exhausted="bye"),
            "card": Collect("card", "Card?", longest=2, done="look", exhausted="give"),
            "look": Invoke("look", {"card": "card"}, into="tier", done="give", failed="give"),
            "give": HandOff(
                "cards", "a", priority=1, then="mark", full="other", closed="bye", failed="bye"
            ),
            "other": HandOff("loans", then="mark", full="give", failed="bye"),
            "mark": Collect("mark", "Good?", longest=1, done="again", exhausted="bye"),
            "again": HandOff("rest", failed="bye", full="bye", closed="bye"),
            "bye": Stop(),
            "note": Invoke("note", done="bye", failed="bye"),
        },
        on_hangup="note",
    ),
    Flow(
        "plain",
        start="hello",
        nodes={"hello": Say("Hello", then="give"), "give": HandOff("rest")},
    ),
    Flow(
        "quick",
        start="give",
        nodes={
            "give": HandOff("cards", then="mark", closed="mark", full="bye", failed="bye"),
            "mark": Collect("mark", "Good?", longest=1, done="give", exhausted="bye"),
            "bye": Stop(),
        },
    ),
)
"""What may go wrong in flows: refusals that lead to each other, a survey, a slow clean-up."""

MODE_SETTINGS: Mapping[Mode, ModeSettings] = {
    Mode.LIVE: ModeSettings(
        cost=100, limit=1, exclusive=True, protect=seconds(10), wrap_up=seconds(5)
    ),
    Mode.INTERACTIVE: ModeSettings(cost=25, offer=seconds(10), limit=2),
    Mode.MESSAGING: ModeSettings(cost=50, abandons=False, auto_accept=True, wrap_up=seconds(10)),
    Mode.DEFERRED: MODES[Mode.DEFERRED],
}


def whimsical(agent: AgentView, contact: ContactView) -> int:
    """Pick by something that changes with agent, contact and offer: a strategy of one's own."""
    return (len(agent.agent.id) * 5 + contact.offers * 3 + len(contact.contact.id)) % 4


STRATEGIES: Mapping[str, Strategy | StrategyFunction] = {
    "all": broadcast(3),
    "two": broadcast(2, least_occupied),
    "listed": ordered(["dung", "an"]),
    "whimsical": whimsical,
}
WAYS: Mapping[str, Way] = {
    "all": Way(
        "broadcast to 3 by longest idle",
        lambda person, _, __: (person.used > 0, person.since),
        lambda person, _, naive: naive.clock - person.since,
        width=3,
    ),
    "two": Way(
        "broadcast to 2 by least occupied",
        lambda person, _, __: person.used,
        lambda person, _, __: person.used,
        width=2,
    ),
    "listed": Way(
        "ordered list",
        lambda person, _, __: {"dung": 1, "an": 2}.get(person.id, 3),
        lambda person, _, __: {"dung": 1, "an": 2}.get(person.id, 3),
    ),
    "whimsical": Way(
        "whimsical",
        lambda person, case, _: (len(person.id) * 5 + case.rounds_here * 3 + len(case.id)) % 4,
        lambda person, case, _: (len(person.id) * 5 + case.rounds_here * 3 + len(case.id)) % 4,
    ),
}

# --- what the world is made of: few values, so that they meet -------------------------------------

skills = st.dictionaries(st.sampled_from(["a", "b", "vi"]), st.sampled_from([1, 3, 5]), max_size=3)
agents = st.builds(
    Agent, st.sampled_from(AGENTS), st.just({"a": 5, "b": 5, "vi": 1}), capacity=st.just(100)
) | st.builds(
    Agent,
    st.sampled_from(AGENTS),
    skills,
    capacity=st.sampled_from([100, 100, 100, 50, 200, 0]),
    costs=st.sampled_from([{}, {}, {Mode.INTERACTIVE: 0}, {Mode.DEFERRED: 60}]),
    limits=st.sampled_from([{}, {}, {Mode.INTERACTIVE: 1}, {Mode.LIVE: 0}]),
    auto_accept=st.sampled_from([None, None, None, True, False]),
)
"""Half of them can do anything; the others are as odd as can be."""
wants = st.sampled_from(
    [
        "",
        "",
        "",
        "",
        "a",
        "a>=3",
        "b",
        "a and b",
        "(a or b>=3)",
        "a, prefers vi",
        "without an and chi",
    ]
)
holds = st.sampled_from(
    ["first an", "a, first binh", "a>=3, first chi", "first dung, without binh"]
)
steps = st.lists(
    st.tuples(st.sampled_from([5, 10, 20, 60]), wants | holds, st.sampled_from([0, 0, 1, -2])),
    max_size=3,
    unique_by=lambda step: step[0],
).map(lambda found: [Step(seconds(at), text, priority=more) for at, text, more in sorted(found)])
plans = st.tuples(wants | holds, steps).map(lambda found: Plan(found[0], *found[1]))
lengths = st.sampled_from([None, None, None, seconds(0), seconds(5), seconds(10), seconds(30)])


def _elsewhere(queue: str) -> st.SearchStrategy[Elsewhere]:
    """Return where a queue may lead: to one that stands after it, so that nothing goes round."""
    later = QUEUES[QUEUES.index(queue) + 1 :]
    ends: list[Elsewhere] = [Closed(), Closed("bye")]
    return st.sampled_from([*later, *later, *ends])


@st.composite
def queues(draw: st.DrawFn, id: str | None = None) -> Queue:
    """Draw a queue: half of them have nothing special but who is picked, and a wrap-up."""
    id = id or draw(st.sampled_from(QUEUES))
    strategy = draw(
        st.sampled_from([None, None, "all", "all", "two", "listed", "whimsical", *WAYS_BUILT_IN])
    )
    wrap_up = draw(st.sampled_from([None, None, seconds(0), seconds(5), seconds(20), OPEN_ENDED]))
    if draw(st.booleans()):
        patience = draw(st.sampled_from([None, seconds(30)]))
        return Queue(id, patience=patience, auto_accept=False, wrap_up=wrap_up, strategy=strategy)
    return Queue(
        id,
        draw(plans),
        order=draw(
            st.sampled_from(
                [
                    None,
                    None,
                    Order.ageing(point=seconds(7)),
                    Order.strict(),
                    Order.due(within=seconds(40)),
                ]
            )
        ),
        limit=draw(st.sampled_from([None, None, None, 0, 1, 2, 4])),
        join=draw(st.sampled_from(["always", "always", "always", "signed_in", "staffed"])),
        overflow=draw(_elsewhere(id)),
        patience=draw(st.sampled_from([None, None, seconds(0), seconds(10), seconds(30)])),
        after_patience=draw(_elsewhere(id)),
        cost=draw(st.sampled_from([None, None, None, 0, 40])),
        offer=draw(lengths),
        auto_accept=draw(st.sampled_from([None, None, None, None, True, False])),
        wrap_up=wrap_up,
        strategy=strategy,
    )


pauses = st.sampled_from([0, 0, 0, 1, 1, 2, 5, 5, 10, 10]).map(seconds)
"""Few and round, so that deadlines and inputs fall together."""
contacts = st.builds(
    Contact,
    st.just("c"),
    wants | holds,
    st.sampled_from([Mode.LIVE, Mode.LIVE, *Mode]),
    st.sampled_from(["", "", "vi"]),
    st.sampled_from([0, 0, 0, 1, 3, -1]),
    st.sampled_from([None, 0, 30_000_000, 500_000_000]),
    st.none() | st.builds(Address, st.just("web"), st.sampled_from(["lan", "minh"])),
)


def comparable(event: events.AnyEvent) -> events.AnyEvent:
    """Return an event without what the naive model does not tell: reasons and turns."""
    if isinstance(event, events.InputIgnored):
        return msgspec.structs.replace(event, reason="")
    if isinstance(event, events.ContactOffered) and event.strategy == "round robin":
        return msgspec.structs.replace(event, measure=0)
    return event


SMALL = [
    patch.object(lanes, "_SWEEP_FROM", 2),
    patch.object(places, "_LANES_FROM", 4),
    patch.object(ranking, "_LONGEST", 4),
    patch.object(timers, "_MOST_LINES", 3),
    patch.object(estimate, "_ENOUGH", 1),
    patch.object(state_, "_REMEMBERED_OFFERS", 1),
]
"""Sizes from which on things are swept, split or forgotten: here that happens all the time."""


class NaiveMachine(CenterMachine):
    """Everything happens in the center as in the naive model."""

    settings: tuple[Queue, ...]
    naive: Naive

    def __init__(self) -> None:
        """Start before anything is known."""
        super().__init__()
        for small in SMALL:
            small.start()

    def teardown(self) -> None:
        """Let sizes be what they were."""
        for small in SMALL:
            small.stop()

    def prepare(self, data: st.DataObject) -> None:
        """Draw the queues."""
        self.settings = tuple(data.draw(queues(id)) for id in QUEUES)
        self.naive = Naive(
            self.settings,
            ways=WAYS,
            modes=MODE_SETTINGS,
            cool_off=COOL_OFF,
            grace=GRACE,
            flows=FLOWS,
        )

    def build(self) -> Center:
        """Return a center in which nothing has happened yet."""
        return Center(
            self.settings,
            modes=MODE_SETTINGS,
            strategies=STRATEGIES,
            cool_off=COOL_OFF,
            grace=GRACE,
            flows=FLOWS,
        )

    def agents(self) -> st.SearchStrategy[Agent]:
        """Return capable people and odd ones."""
        return agents

    def contacts(self) -> st.SearchStrategy[Contact]:
        """Return contacts who want this and that."""
        return contacts

    def queues(self) -> st.SearchStrategy[Queue]:
        """Return queues with other settings."""
        return queues()

    def lengths(self) -> st.SearchStrategy[Duration]:
        """Return how much time passes."""
        return pauses

    def give(self, input: inputs.Input, now: Instant) -> Decision:
        """Hand in an input, and see that the naive model tells the same."""
        decision = super().give(input, now)
        expected = self.naive.handle(input, now, decision.events)
        same("naive", map(comparable, expected), map(comparable, decision.events))
        return decision

    @invariant()
    def lines_and_ranks_are_the_naive_ones(self) -> None:
        """Queue and router have the same order as the model, where nobody has lost a place."""
        state = self.center.state
        for queue in state.queues.queues:
            assert state.queues.contacts(queue) == self.naive.line(queue)
        for case in self.naive.cases:
            if case.waiting:
                assert state.router.waiter(case.id).rank == self.naive.rank(case)
