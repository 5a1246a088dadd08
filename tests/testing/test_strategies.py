"""The strategies draw valid values of everything public, and only what was named."""

from __future__ import annotations

from inspect import isclass
from typing import Any, get_args

import attrs
import msgspec
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

import tongdai
from tongdai import Agent, Center, Contact, Metrics, OmnichannelQueue, Queue, Router, testing
from tongdai.center import Decision, Pause, Shift, Visit, effects, events, inputs, simulate
from tongdai.channels import (
    Answer,
    Inbound,
    Medium,
    Received,
    ReplyWindow,
    Request,
    Sent,
    Sign,
)
from tongdai.model import codec
from tongdai.model.contact import Attachment, Button, Template
from tongdai.model.mode import ModeSettings
from tongdai.model.queue import Closed
from tongdai.testing import Scenario, agents, contacts, scenarios, shifts, visits

NO_VALUES = {Center, Decision, Metrics, OmnichannelQueue, Router}
VALUES: list[Any] = [
    *(value for name in tongdai.__all__ if isclass(value := getattr(tongdai, name))),
    *(Attachment, Button, Template, Closed, ModeSettings, Medium, ReplyWindow, Sent),
    *(Request, Answer, Received),
    *get_args(Inbound),
    *get_args(Sign),
    *(Visit, Pause, Shift, Scenario),
    *inputs.AnyInput.__args__,
    *events.AnyEvent.__args__,
    *effects.AnyEffect.__args__,
]
KINDS = [
    kind
    for kind in dict.fromkeys(VALUES)
    if kind not in NO_VALUES and not issubclass(kind, Exception)
]
any_settings = settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@any_settings
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_hypothesis_knows_every_public_value(kind: type[Any], data: st.DataObject) -> None:
    """What `from_type` draws is valid: it can be built again from its own parts."""
    value: Any = data.draw(st.from_type(kind))
    assert isinstance(value, kind)
    if attrs.has(kind) and kind not in {tongdai.Step, tongdai.Plan, Queue}:
        assert attrs.evolve(value) == value
    elif isinstance(value, msgspec.Struct):
        assert msgspec.structs.replace(value) == value


@given(testing.events() | testing.inputs())
def test_what_is_drawn_can_be_journalled(value: Any) -> None:  # noqa: ANN401 - any of them
    """Events and inputs are encoded and read back."""
    kind = events.AnyEvent if isinstance(value, events.Event) else inputs.AnyInput
    assert codec.decode(codec.encode(value), kind) == value


@given(agents(skills=["vi", "en"]), contacts(skills=["vi", "en"]))
def test_nobody_waits_beside_an_agent_who_fits(agent: Agent, contact: Contact) -> None:
    """An agent that is drawn has room for one contact, so fitting is all that counts."""
    router = Router([agent])
    router.wait(contact, 0)
    assert bool(router.assign(0)) == agent.meets(contact.needs)


@given(agents(ids=["an"], skills=["vi"]), testing.agents(skills=[]))
def test_what_is_named_is_all_that_is_drawn(agent: Agent, unable: Agent) -> None:
    """Ids, skills, and nothing where nothing is named."""
    assert agent.id == "an"
    assert set(agent.skills) <= {"vi"}
    assert unable.skills == {}


@given(
    contacts(ids=["c1"], skills=["vi"], agents=["an"], channels=["web"]),
    testing.queues(ids=["cards"], skills=["vi"], agents=["an"], to=["rest"]),
)
def test_what_is_named_counts_inside_too(contact: Contact, queue: Queue) -> None:
    """Requirements, plans, overflow and addresses know no other names."""
    assert (contact.id, queue.id) == ("c1", "cards")
    assert contact.address is None or contact.address.channel == "web"
    for wanted in (contact.needs, *(step.requires for step in queue.plan.steps)):
        named = {name for group in (wanted.skills, wanted.prefers) for name, _ in group}
        assert named <= {"vi"}
        assert {*wanted.without, wanted.first} <= {"an", None}
    assert {to for to in (queue.overflow, queue.after_patience) if isinstance(to, str)} <= {"rest"}


@given(testing.inbounds(channels=["web"]))
def test_what_comes_in_comes_over_its_channel(inbound: Inbound) -> None:
    """Whatever it is."""
    assert inbound.address.channel == "web"


@given(scenarios())
def test_a_scenario_can_be_played(scenario: Scenario) -> None:
    """A center takes all of it, and the same again tells the same."""
    told = [event for decision in scenario.play() for event in decision.events]
    again = [event for decision in scenario.play() for event in decision.events]
    assert told == again


@given(scenarios(queues=[Queue("cards")], skills=["vi"]))
def test_a_scenario_can_be_for_a_center_of_ones_own(scenario: Scenario) -> None:
    """Its queues are those that were given."""
    center = Center([Queue("cards")])
    decisions = scenario.play(center)
    assert str(scenario).splitlines() == [
        line for decision in decisions for line in str(decision).splitlines()
    ]
    assert scenario.queues == (Queue("cards"),)


@pytest.mark.parametrize("kind", [events.OfferAccepted, events.ContactEnded, events.AgentRemoved])
def test_scenarios_come_to_something(kind: type) -> None:
    """Contacts are served in some of them, to their end."""

    def happens(scenario: Scenario) -> bool:
        return any(isinstance(event, kind) for told in scenario.play() for event in told.events)

    found = find(
        scenarios(queues=[Queue("cards")], skills=["vi"]),
        happens,
        settings=settings(max_examples=1000, phases=[Phase.generate], database=None),
    )
    assert happens(found)


@any_settings
@given(
    st.lists(
        visits(queues=["cards"], skills=["vi"]),
        max_size=5,
        unique_by=lambda visit: visit.contact.id,
    ),
    st.lists(shifts(skills=["vi"]), max_size=3, unique_by=lambda shift: shift.agent.id),
)
def test_visits_and_shifts_can_be_simulated(came: list[Visit], served: list[Shift]) -> None:
    """Whatever is drawn, the day comes to its end."""
    came.sort(key=lambda visit: visit.at)
    told = list(simulate(Center([Queue("cards")]), came, served, until=10**17))
    arrived = [event for event in told if isinstance(event, events.ContactQueued)]
    assert len(arrived) == len(came)
