"""Laws of the Studio importer: nothing is lost, and nothing hostile gets through."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ivr.hostile import mutate
from tests.ivr.studio_flows import EVENTS, Json, document, say, split, widget
from tongdai.errors import ConfigurationError, TongdaiError
from tongdai.ivr import inputs
from tongdai.ivr.importers import Imported
from tongdai.ivr.importers.studio import load
from tongdai.ivr.machine import Machine
from tongdai.ivr.nodes import (
    Assign,
    Branch,
    End,
    Node,
    outcomes,
)
from tongdai.model.codec import plain
from tongdai.model.time import seconds

# --- laws -----------------------------------------------------------------------------------------


def texts(value: object) -> Iterator[str]:
    """Go through the texts in plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in cast("Mapping[str, object]", value).values():
            yield from texts(one)
    elif isinstance(value, (list, tuple)):
        for one in cast("list[object]", value):
            yield from texts(one)


words = st.text("abcxyzđ<>&% ", min_size=1, max_size=6).map(lambda text: f"§{text}§")


@st.composite
def widgets(draw: st.DrawFn, names: tuple[str, ...] = ("a", "b", "c", "d")) -> list[Json]:
    """Draw widgets that lead to each other, with parameters that are told apart."""
    made: list[Json] = []
    lead = st.sampled_from([*names, "", "gone"])
    for name in names:
        kind = draw(st.sampled_from([*EVENTS, "split-based-on"]))
        if kind == "trigger":
            kind = "say-play"
        if kind == "split-based-on":
            operator = draw(st.sampled_from(["equal_to", "contains", "regex", "is_blank"]))
            match = (operator, draw(words), draw(st.sampled_from(names)))
            made.append(
                split(name, f"{{{{widgets.{draw(st.sampled_from(names))}.Digits}}}}", match)
            )
            continue
        properties: Json = {
            key: draw(words)
            for key in draw(
                st.sets(
                    st.sampled_from(
                        ["say", "play", "body", "to", "url", "voice", "workflow", "flow_sid", "new"]
                    )
                )
            )
        }
        if draw(st.booleans()):
            pair = {"key": f"§{name}§", "value": draw(words)}
            properties[draw(st.sampled_from(["variables", "parameters"]))] = [pair]
        ways = {event: to for event in EVENTS[kind].split() if (to := draw(lead))}
        made.append(widget(name, kind, properties, **ways))
    return made


@given(widgets())
def test_no_parameter_is_lost(made: list[Json]) -> None:
    """Every text of every widget stands in one of its nodes."""
    flow = load(document(*made)).flow
    for one in made:
        nodes = [
            flow.nodes[name]
            for name in flow.nodes
            if name == one["name"] or name.startswith(f"{one['name']}/")
        ]
        shown = " ".join(repr_of(found) for found in nodes)
        for text in texts(one["properties"]):
            assert text.strip() in shown or text.strip().casefold() in shown


def repr_of(found: Node) -> str:
    """Return all that a node holds, as text without escapes."""

    def shown(value: object) -> str:
        if isinstance(value, Mapping):
            several = cast("Mapping[str, object]", value).items()
            return " ".join(f"{key} {shown(one)}" for key, one in several)
        if isinstance(value, (list, tuple)):
            return " ".join(map(shown, cast("list[object]", value)))
        return str(value)

    return shown(plain(found))


@given(widgets())
def test_every_way_leads_where_it_led(made: list[Json]) -> None:
    """From the nodes of a widget one comes to the widgets that it named, and to no others."""
    found = load(document(*made)).flow
    names = {one["name"] for one in made}
    for one in made:
        mine = {name for name in found.nodes if name.partition("/")[0] == one["name"]}
        reached = {
            target.partition("/")[0]
            for name in mine
            for _, target in outcomes(found.nodes[name])
            if target is not None and target not in mine
        }
        named = {way["next"] for way in one["transitions"] if way.get("next")}
        assert reached - {"end"} <= named
        assert named & names - {one["name"]} <= reached | {"hangup", *hang_up_targets(one)}


def hang_up_targets(one: Json) -> set[str]:
    """Return where a widget leads after a hang-up: that stands in the flow's clean-up."""
    return {
        way["next"] for way in one["transitions"] if way["event"] == "hangup" and way.get("next")
    }


@given(
    widgets(), st.randoms(use_true_random=False), st.lists(st.sampled_from("12#ahts"), max_size=8)
)
def test_a_mutated_definition_gives_a_declared_error_or_a_flow_that_runs(
    made: list[Json], chance: Random, steps: list[str]
) -> None:
    """Whatever stands in it: one error class, or nodes, which a session can walk."""
    try:
        found: Imported = load(mutate(document(*made), chance))
    except ConfigurationError:
        return
    runs, of = found.native
    assert of - runs <= sum(told.level == "warning" for told in found.diagnostics)
    try:
        walk(found, steps)
    except TongdaiError:
        return


def walk(found: Imported, steps: list[str]) -> None:
    """Tell a session of the flow keys, words, ends of prompts, timers and a hang-up."""
    machine = Machine([found.flow])
    session = machine.start(found.flow.id, session="s", now=0).session
    for at, step in enumerate(steps):
        told: inputs.AnyInput = inputs.Press(step) if step in "12#" else inputs.Utterance(step)
        if step == "h":
            told = inputs.HangUp()
        elif step == "t":
            told = inputs.TimerFired(session.token(session.timer))
        elif step == "s":
            told = inputs.PromptDone(session.token(session.prompt))
        session = machine.step(session, told, seconds(at)).session


@pytest.mark.parametrize(
    "made",
    [
        "",
        "[]",
        "null",
        "{",
        "{}",
        b"\xff\xfe",
        "[" * 100_000,
        '{"a":' * 100_000,
        json.dumps({"states": []}),
        json.dumps({"states": {}, "initial_state": "x"}),
        json.dumps({"states": [1], "initial_state": "x"}),
        json.dumps({"states": [{"name": 1, "type": "x"}], "initial_state": "x"}),
        json.dumps({"states": [{"name": "x"}], "initial_state": "x"}),
        json.dumps({"states": [{"name": "x", "type": "say-play"}], "initial_state": "y"}),
        json.dumps({"states": [{"name": "x" * 200, "type": "t"}], "initial_state": "x" * 200}),
        json.dumps({"states": [{"name": "x", "type": "t"}] * 2, "initial_state": "x"}),
        json.dumps({"states": [{"name": str(n), "type": "t"} for n in range(5_001)]}),
        " " * (4 * 1024 * 1024 + 1),
    ],
)
def test_what_is_no_definition_is_refused(made: str | bytes) -> None:
    """By an error that says what was expected."""
    with pytest.raises(ConfigurationError, match="Studio flow"):
        load(made)


def test_an_object_that_holds_itself_is_refused() -> None:
    """Depth is bounded whatever the definition came from."""
    made = document(say("x"))
    made["states"][1]["properties"]["self"] = made
    with pytest.raises(ConfigurationError, match="Studio flow"):
        load(made)


def test_a_large_definition_costs_in_proportion() -> None:
    """Thousands of widgets in a ring, each with a template, are read in one go."""
    several = [
        split(f"s{n}", "{{flow.data.x | downcase}}", ("equal_to", "y", f"s{(n + 1) % 2_000}"))
        for n in range(2_000)
    ]
    found = load(document(*several))
    assert (2_001, 2_001) == found.native
    assert 4_002 == len(found.flow.nodes)
    assert all(isinstance(found.flow.nodes[f"s{n}"], Branch) for n in range(2_000))
    assert End() == found.flow.nodes["end"]
    assert isinstance(found.flow.nodes["s0/1"], Assign)
