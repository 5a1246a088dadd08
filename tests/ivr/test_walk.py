"""Walks: every way is taken, every case replays to its end and prints as the test that it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ivr.banking import BANK, OFFICE
from tongdai.errors import ConfigurationError
from tongdai.ivr import (
    Branch,
    CallBack,
    Case,
    Choice,
    Collect,
    End,
    Flow,
    HandOff,
    Invoke,
    Loop,
    Menu,
    Node,
    Operator,
    Record,
    Say,
    Share,
    Split,
    Transfer,
    Wait,
    outcomes,
)
from tongdai.ivr.events import Moved
from tongdai.ivr.machine import Machine
from tongdai.ivr.prompts import MODALITIES, Modality
from tongdai.ivr.samples import answers, samples
from tongdai.ivr.simulate import simulate
from tongdai.ivr.walk import walk
from tongdai.model.time import hours, seconds

MONDAY = int(hours(24 * 4 + 3))
BY: list[Literal["paths", "ways"]] = ["paths", "ways"]


def bank(**facts: Any) -> dict[str, Any]:  # noqa: ANN401 - what `walk` takes
    """Return what a walk of the bank is given."""
    usual: dict[str, Any] = {
        "calendars": OFFICE,
        "now": MONDAY,
        "values": {"caller": {"phone": "+84900000000"}},
        "language": "en",
    }
    return usual | facts


@pytest.mark.parametrize("modality", MODALITIES)
@pytest.mark.parametrize("by", BY)
def test_every_case_replays_to_the_same_end(
    by: Literal["paths", "ways"], modality: Modality
) -> None:
    """By the machine that walked, and by one that is made anew."""
    machine = Machine([BANK], calendars=OFFICE)
    cases = list(walk(BANK, by=by, cases=300, **bank(modality=modality)))
    assert len(cases) > 15
    for case in cases:
        again = case.replay(machine)
        moved = [event for event in again.events if isinstance(event, Moved)]
        assert case.path == tuple((event.node, event.outcome) for event in moved)
        assert (case.node, case.end == "ended") == (again.session.node, again.session.ended)
        if case.end == "ended":
            assert case.reason == again.session.reason


@pytest.mark.parametrize("by", BY)
def test_every_case_prints_as_the_test_that_takes_it(by: Literal["paths", "ways"]) -> None:
    """What is printed is Python, and holds."""
    names = {"flow": BANK, "simulate": simulate, "calendars": OFFICE}
    for case in walk(BANK, by=by, cases=100, **bank()):
        written = str(case).replace("simulate(flow", "simulate(flow, calendars=calendars", 1)
        eval(written, dict(names))  # noqa: S307 - it is what is tested


def test_a_walk_by_ways_takes_every_way_there_is() -> None:
    """All outcomes that are wired and can happen, in fewer cases than there are paths."""
    cases = list(walk(BANK, by="ways", **bank()))
    night = list(walk(BANK, by="ways", **bank(values={}, now=MONDAY + hours(12))))
    taken = {way for case in cases + night for way in case.path}
    wired = {
        (name, outcome)
        for name, node in BANK.nodes.items()
        for outcome, target in outcomes(node)
        if target is not None
    }
    assert wired - taken == {("office", "failed")}  # (the calendar is there)
    assert len(cases) < len(list(walk(BANK, by="paths", cases=2_000, **bank())))


def test_it_tries_what_conditions_look_at() -> None:
    """Constants, numbers beside them, nested names, and something else."""
    branch = Branch(
        (
            Case('tier == "gold" and not (age < 18)', "a"),
            Case("account.open and number(account.balance) >= 100", "a"),
        )
    )
    known = samples([Flow("f", start="a", nodes={"a": branch})])
    assert ("gold",) == known["tier"]
    assert (18, 17, 19) == known["age"]
    assert (100, 99, 101) == known["account.balance"]
    assert ["gold", "other"] == answers("tier", known)
    assert {"balance": 99} in answers("account", known)
    assert {"open": True} in answers("account", known)
    assert [None] == answers("", known)


def test_bounds_bound() -> None:
    """So many cases, so many acts; below one is no bound."""
    menu = Menu("Round: 1. Out: 2.", {"1": "say", "2": "end"}, exhausted="end")
    round_ = Flow(
        "r",
        start="m",
        nodes={
            "m": menu,
            "say": Say("Again.", then="w"),
            "w": Wait(seconds(1), then="m"),
            "end": End(),
        },
    )
    assert 3 == len(list(walk(BANK, cases=3, **bank())))
    assert max(len(case.acts) for case in walk(round_, acts=5)) <= 5
    assert {"ended"} == {case.end for case in walk(round_, acts=30)}
    with pytest.raises(ConfigurationError, match=r"walk\.acts: 0"):
        next(walk(BANK, acts=0))
    with pytest.raises(ConfigurationError, match=r"walk\.cases: 0"):
        next(walk(BANK, cases=0))


def test_splits_and_hours_are_taken_all_ways() -> None:
    """Other sessions, and other instants."""
    split = Flow(
        "s",
        start="split",
        nodes={"split": Split((Share(50, "a"),), otherwise="b"), "a": End(), "b": End()},
    )
    assert {"a", "b"} == {case.node for case in walk(split)}
    starts = {case.now for case in walk(BANK, by="ways", **bank())}
    assert {MONDAY, MONDAY + hours(6)} == starts  # (Saigon was 8 h ahead of UTC in 1970)


def test_what_is_missing_and_what_waits_for_ever_is_told() -> None:
    """A walk goes through a flow that is wrong, and says where it ends."""
    missing = Flow(
        "f", start="m", nodes={"m": Menu("?", {"1": "x", "2": "e"}, exhausted="e"), "e": End()}
    )
    assert {"missing", "ended"} == {case.end for case in walk(missing)}
    assert ["missing"] == [case.end for case in walk(Flow("f", start="x", nodes={"e": End()}))]
    waits = Flow("f", start="w", nodes={"w": Wait(None)})
    assert ["stuck"] == [case.end for case in walk(waits)]


def test_hanging_up_is_tried_once_at_each_place() -> None:
    """Where there is a clean-up; the path goes through it."""
    cases = [case for case in walk(BANK, **bank()) if "hangs_up" in str(case)]
    assert len(cases) > 3
    assert all("log" in {node for node, _ in case.path} for case in cases)


def test_functions_that_make_sense_of_words_are_tried() -> None:
    """Each choice that they may answer with, and none."""
    menu = Menu(
        "What can we do?",
        {"cards": "a", "loans": "b"},
        understand="intent",
        exhausted="b",
        failed="b",
    )
    flow = Flow("f", start="m", nodes={"m": menu, "a": HandOff("cards"), "b": HandOff("loans")})
    for modality in MODALITIES:
        taken = {way for case in walk(flow, by="ways", modality=modality) for way in case.path}
        assert {("m", "choices[cards]"), ("m", "choices[loans]"), ("m", "failed")} <= taken


def test_words_waits_and_recordings_are_tried() -> None:
    """Whatever a kind of node can be answered with is."""
    flow = Flow(
        "f",
        start="name",
        handlers=(Operator("e", says=("agent",)),),
        expired="e",
        nodes={
            "name": Collect("name", "Name?", kind="text", shortest=2, done="when", exhausted="e"),
            "when": Collect("day", "Day?", understand="day", done="card", exhausted="e"),
            "card": Collect("card", "Card?", spoken_into="s", done="is", spoken="e", exhausted="e"),
            "is": Branch((Case('card == "42"', "hold"),), otherwise="word"),
            "word": Menu("Yes?", {"yes": Choice("e", says=("yes",))}, exhausted="hold"),
            "hold": Wait(None, interrupted="back"),
            "back": CallBack("q", "day", then="note", failed="note"),
            "note": Record("note", then="out", no_input="e", failed="e"),
            "out": Transfer('"1"', done="e", busy="e", no_answer="e", failed="e"),
            "e": End(),
        },
    )
    expected = {
        *(("name", way) for way in ("done", "exhausted")),
        *(("when", way) for way in ("done", "exhausted")),
        ("card", "done"),
        *(("is", way) for way in ("cases[0]", "otherwise")),
        *(("word", way) for way in ("choices[yes]", "exhausted")),
        ("hold", "interrupted"),
    }
    calls = {
        *(("back", way) for way in ("then", "failed")),
        *(("note", way) for way in ("then", "no_input", "failed")),
        *(("out", way) for way in ("done", "busy", "no_answer", "failed")),
    }
    for modality in MODALITIES:
        taken = {way for case in walk(flow, by="ways", modality=modality) for way in case.path}
        voice = {("card", "spoken"), ("card", "exhausted")}
        more = voice if modality == "voice" else {("name", "expired")}
        assert set() == (expected | calls | more) - taken


TARGETS = ["a", "b", "c", "d"]


@st.composite
def small_flows(draw: st.DrawFn) -> Flow:
    """Draw a flow of a few nodes that lead among each other."""

    def to() -> str:
        return draw(st.sampled_from(TARGETS))

    def node() -> Node:
        made: list[Callable[[], Node]] = [
            lambda: Menu("?", {"1": to(), "12": Choice(to(), "x")}, exhausted=to(), tries=2),
            lambda: Collect("n", "?", shortest=2, longest=3, done=to(), exhausted=to()),
            lambda: Invoke("f", into="n", done=to(), failed=to()),
            lambda: Branch((Case('n == "7"', to()),), otherwise=to()),
            lambda: Loop(2, again=to(), done=to()),
            lambda: Say("Hi", then=to()),
            lambda: HandOff("q", full=to()),
            End,
        ]
        return draw(st.sampled_from(made))()

    return Flow("f", start="a", nodes={name: node() for name in TARGETS})


@given(small_flows(), st.sampled_from(MODALITIES), st.sampled_from(BY))
def test_cases_of_any_flow_replay(
    flow: Flow, modality: Modality, by: Literal["paths", "ways"]
) -> None:
    """To the same node, and the same end."""
    machine = Machine([flow])
    for case in walk(flow, by=by, modality=modality, acts=12, cases=25):
        if case.end in ("missing", "round"):
            continue
        session = case.replay(machine).session
        assert (case.node, case.end == "ended") == (session.node, session.ended)


@given(small_flows(), st.sampled_from(MODALITIES))
def test_a_walk_by_ways_misses_no_way_that_paths_take(flow: Flow, modality: Modality) -> None:
    """What some path takes, some case by ways takes."""
    paths = walk(flow, modality=modality, acts=6, cases=60)
    ways = walk(flow, by="ways", modality=modality, acts=20, cases=400)
    assert {way for case in paths for way in case.path} <= {
        way for case in ways for way in case.path
    }
