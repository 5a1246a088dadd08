"""The machine is for any center, and misses no input."""

from __future__ import annotations

import inspect
from typing import ClassVar, get_args

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test

from tongdai import Agent, Arrive, Center, Contact, PutAgent, Queue, minutes, seconds
from tongdai.center import inputs
from tongdai.channels import Inbound
from tongdai.testing import CenterMachine, machine

FEW = settings(max_examples=10, stateful_step_count=20, deadline=None, phases=[Phase.generate])


class Running(CenterMachine):
    """A center that is handed over in the middle of its day."""

    def build(self) -> Center:
        """Return it: somebody is served, somebody is offered a contact, somebody waits."""
        center = Center([Queue("cards", "cards", wrap_up=minutes(1)), Queue("rest")])
        for agent in ("an", "binh"):
            center.handle(PutAgent(Agent(agent, {"cards": 3}), available=True), seconds(1))
        for contact in ("c1", "c2", "c3"):
            center.handle(Arrive(Contact(contact), "cards"), seconds(2))
        center.handle(inputs.Accept("c1/1"), seconds(3))
        return center


class Calm(Running):
    """Knows two priorities."""

    met: ClassVar[set[int]] = set()

    def contacts(self) -> st.SearchStrategy[Contact]:
        """Return who arrives: nobody is urgent."""
        return st.just(Contact("c"))

    def priorities(self) -> st.SearchStrategy[int]:
        """Return those of who writes or calls: everybody is, whom triage has looked at."""
        return st.just(7)

    def check(self) -> None:
        """Note them."""
        Calm.met |= {waiting.contact.priority for waiting in self.center.waiting()}


class Unbuilt(CenterMachine):
    """Has nothing to test."""


class Strict(Running):
    """Promises too much."""

    def check(self) -> None:
        """Nobody ever waits."""
        assert not self.center.waiting()


class Moody(Running):
    """Makes another center each time."""

    made = 0

    def build(self) -> Center:
        """Return a center with more agents than the last one."""
        Moody.made += 1
        center = super().build()
        center.handle(PutAgent(Agent(f"a{Moody.made}")), seconds(4))
        return center


TestRunning = Running.TestCase
TestRunning.settings = settings(max_examples=20)


def test_every_input_has_a_rule() -> None:
    """Who adds an input adds a rule for it."""
    rules = [rule.function for rule in CenterMachine.setup_state().rules]
    received = vars(CenterMachine)["_receive"]  # (what three of the rules call)
    text = "".join(inspect.getsource(function) for function in (*rules, received))
    missing = [
        kind.__name__ for kind in inputs.AnyInput.__args__ if f"inputs.{kind.__name__}(" not in text
    ]
    assert missing == []


def test_every_kind_of_inbound_has_a_rule() -> None:
    """Who adds one adds a rule for it."""
    rules = [rule.function for rule in CenterMachine.setup_state().rules]
    text = "".join(inspect.getsource(function) for function in rules)
    kinds = [kind.__name__ for kind in get_args(Inbound)]
    assert [] == [kind for kind in kinds if f"{kind}(" not in text.replace("\n", "")]


def test_every_input_that_can_be_wrong_is_asked_wrongly() -> None:
    """All but those that any center can take."""
    never = {inputs.PutAgent, inputs.Tick, inputs.Resume}
    asked: tuple[inputs.AnyInput, ...] = vars(machine)["_WRONG"]
    wrong = {type(input) for input in asked}
    assert set(inputs.AnyInput.__args__) - never == wrong


def test_a_machine_without_a_center_says_what_is_missing() -> None:
    """By the name of the method."""
    with pytest.raises(NotImplementedError, match=r"Unbuilt\.build: return your center"):
        run_state_machine_as_test(Unbuilt, settings=FEW)


def test_check_is_asked_after_every_step() -> None:
    """And fails the test."""
    with pytest.raises(AssertionError):
        run_state_machine_as_test(Strict, settings=FEW)


def test_messages_and_calls_have_the_priorities_that_one_names() -> None:
    """And no others: a promise may depend on what they are."""
    run_state_machine_as_test(Calm, settings=FEW)
    assert Calm.met == {0, 7}


def test_build_has_to_make_the_same_center_each_time() -> None:
    """Else nothing that follows would mean anything."""
    with pytest.raises(AssertionError, match="build, 0"):
        run_state_machine_as_test(Moody, settings=FEW)
