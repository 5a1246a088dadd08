"""The parts of a flow: prompts, nodes, flows, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from msgspec.structs import replace

from tests.ivr.calls import Call, flow
from tests.model.refusals import untyped
from tongdai import ivr
from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.ivr import (
    Choice,
    End,
    Flow,
    Menu,
    Node,
    Prompt,
    Say,
    Share,
    Wait,
    Wording,
    outcomes,
    retarget,
)
from tongdai.ivr.events import SessionStarted
from tongdai.ivr.nodes import NODES, said
from tongdai.ivr.plain import LONGEST, MOST, kept
from tongdai.ivr.session import Session, apply
from tongdai.model.time import seconds
from tongdai.testing import flows, nodes

ODD = Wait(None)  # any node
LOOSE = untyped(ivr)  # everything, as a careless caller uses it


@pytest.mark.parametrize(
    ("language", "expected"),
    [("vi-VN", "chào anh"), ("vi-AU", "chào"), ("en", "hello"), ("fr", "hello"), ("", "hello")],
)
def test_a_wording_is_found_by_falling_back(language: str, expected: str) -> None:
    """The language, its base, then the flow's first."""
    prompt = Prompt({"vi": "chào", "vi-VN": "chào anh", "en": "hello"})
    assert expected == prompt.wording(language, "en").text
    made = flow({"say": Say(prompt)}, languages=("en", "vi"))
    assert expected == getattr(Call(made, language=language).effects[0], "text", "")


def test_a_wording_for_any_language_comes_before_the_fallback() -> None:
    """It does for all."""
    assert "ok" == Prompt({"en": "hello", "": "ok"}).wording("fr", "en").text


def test_a_text_a_wording_and_a_mapping_make_the_same_prompt() -> None:
    """So nodes that say the same are equal."""
    assert Say("hi") == Say(Wording("hi")) == Say({"": ["hi"]}) == Say(Prompt("hi"))


@given(nodes())
def test_ways_that_lead_elsewhere_are_the_same_ways(node: Node) -> None:
    """Retargeting changes where they lead, and nothing else."""
    names = {to: f"{to}'" for _, to in outcomes(node) if to is not None}
    moved = retarget(node, names)
    assert [(way, to and names[to]) for way, to in outcomes(node)] == list(outcomes(moved))
    assert node == retarget(moved, {new: old for old, new in names.items()})


@given(flows())
def test_a_hash_covers_the_graph_and_not_the_wording(made: Flow) -> None:
    """Who mends a text does not lose sessions."""
    mended: dict[str, Node] = {
        name: replace(node, prompt="other words") if isinstance(node, Say) else node
        for name, node in made.nodes.items()
    }
    assert made.structural_hash() == replace(made, nodes=mended).structural_hash()
    more: dict[str, Node] = {**made.nodes, "one more": End()}
    assert made.structural_hash() != replace(made, nodes=more).structural_hash()


def test_every_node_has_its_word() -> None:
    """As documents write it."""
    words = [str(kind.__struct_config__.tag) for kind in NODES]
    assert ["say", "menu", "collect", "branch", "assign", "hours", "loop", "split"] == words[:8]
    assert {"hand_off", "callback", "call_flow", "goto_flow", "opaque"} <= set(words)


def test_all_that_a_node_says_can_be_gone_through() -> None:
    """Labels too."""
    menu = Menu("ask", {"1": Choice("end", label="one"), "2": "end"})
    assert ["ask", "choices[1].label"] == [field for field, _ in said(menu)]
    assert ["meanwhile[0]"] == [field for field, _ in said(Wait(None, meanwhile=("music",)))]


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda: LOOSE.Menu("ask", {"1": 3}), "Menu.choices"),
        (lambda: LOOSE.Menu("ask", {"": "end"}), "Menu.choices"),
        (lambda: LOOSE.Menu("ask", ["1"]), "Menu.choices"),
        (lambda: LOOSE.Menu("ask", {}, tries=0), "Menu.tries"),
        (lambda: LOOSE.Menu("ask", {}, within=5), "Menu.within"),
        (lambda: LOOSE.Menu("ask", {}, terminator="##"), "Menu.terminator"),
        (lambda: LOOSE.Menu(3, {}), "Menu.ask"),
        (lambda: LOOSE.Menu({}, {}), "Menu.ask"),
        (lambda: LOOSE.Menu("ask", {}, no_input=""), "Menu.no_input"),
        (lambda: LOOSE.Menu("ask", {}, args={"a": 3}), "Menu.args[a]"),
        (lambda: LOOSE.Collect("", "ask"), "Collect.into"),
        (lambda: LOOSE.Collect("n", "ask", shortest=3, longest=2), "Collect.longest"),
        (lambda: LOOSE.Collect("n", "ask", longest=65), "Collect.longest"),
        (lambda: LOOSE.Collect("n", "ask", kind="words"), "Collect.kind"),
        (lambda: LOOSE.Collect("n", "ask", cancel="#"), "Collect.cancel"),
        (lambda: LOOSE.Collect("n", "ask", sensitive=1), "Collect.sensitive"),
        (lambda: LOOSE.Collect("n", "ask", sensitive=True, kind="text"), "Collect.sensitive"),
        (lambda: LOOSE.Branch("x"), "Branch.cases"),
        (lambda: LOOSE.Branch(["x"]), "Branch.cases"),
        (lambda: LOOSE.Case(3), "Case.when"),
        (lambda: LOOSE.Split((Share(60), Share(60))), "Split.shares"),
        (lambda: LOOSE.Share(101), "Share.percent"),
        (lambda: LOOSE.Loop(True), "Loop.times"),  # noqa: FBT003
        (lambda: LOOSE.Invoke("f", errors={"e": 3}), "Invoke.errors[e]"),
        (lambda: LOOSE.Invoke("f", args=[]), "Invoke.args"),
        (lambda: LOOSE.Invoke("f", errors=[]), "Invoke.errors"),
        (lambda: LOOSE.Wait(seconds(1), meanwhile="music"), "Wait.meanwhile"),
        (lambda: LOOSE.Record("m", silence=3), "Record.silence"),
        (lambda: LOOSE.HandOff("cards", "cards>=9"), "HandOff.requires"),
        (lambda: LOOSE.HandOff("cards", context="a"), "HandOff.context"),
        (lambda: LOOSE.CallBack("cards", 3), "CallBack.number"),
        (lambda: LOOSE.End(disconnect="yes"), "End.disconnect"),
        (lambda: LOOSE.Opaque("k", parameters=[]), "Opaque.parameters"),
        (lambda: LOOSE.Say("hi", extra=[]), "Say.extra"),
        (lambda: LOOSE.Say("hi", then="x" * 129), "Say.then"),
        (lambda: LOOSE.Prompt("hi", barge_in="yes"), "Prompt.barge_in"),
        (lambda: LOOSE.Prompt({"vi": []}), "Prompt.says['vi']"),
        (lambda: LOOSE.Wording(3), "Wording.text"),
        (lambda: LOOSE.Choice("end", says="yes"), "Choice.says"),
        (lambda: LOOSE.Operator(3), "Operator.to"),
        (lambda: LOOSE.Operator("end", keys="0"), "Operator.keys"),
        (lambda: LOOSE.Flow("f", start="a", nodes=[]), "Flow.nodes"),
        (lambda: LOOSE.Flow("f", start="a", nodes={"a": "say"}), "Flow.nodes[a]"),
        (lambda: LOOSE.Flow("f", start="", nodes={}), "Flow.start"),
        (lambda: LOOSE.Flow("f", start="a", nodes={"\n": ODD}), "Flow.nodes"),
        (lambda: LOOSE.Flow("f", start="a", nodes={}, handlers=("0",)), "Flow.handlers"),
        (lambda: LOOSE.Machine(["f"]), "Machine.flows"),
        (lambda: LOOSE.Machine([flow({"a": ODD}), flow({"a": ODD})]), "Machine.flows"),
        (lambda: LOOSE.Machine([]).start("f", session="a/b", now=0), "start.session"),
        (
            lambda: LOOSE.Machine([]).start("f", session="a", now=0, modality="fax"),
            "start.modality",
        ),
        (lambda: LOOSE.Machine([]).start("f", session="a", now=0), "start.flow"),
    ],
    ids=map(str, count()),
)
def test_what_cannot_work_is_refused_by_name(make: Callable[[], object], field: str) -> None:
    """The error begins with the field."""
    with pytest.raises(ConfigurationError) as refused:
        make()
    assert str(refused.value).startswith(field)


@pytest.mark.parametrize(
    ("input", "field"),
    [
        (LOOSE.Press("12"), "Press.key"),
        (LOOSE.Press(1), "Press.key"),
        (LOOSE.Text(3), "Text.text"),
        (LOOSE.Text("\ud800"), "Text.text"),
        (LOOSE.QueueResult("lost"), "QueueResult.result"),
        (LOOSE.SecureInputDone("r", -1), "SecureInputDone.length"),
        (LOOSE.SecureInputFailed("odd"), "SecureInputFailed.reason"),
        (LOOSE.HangUp(id=3), "step.input.id"),
        ("1", "step.input"),
    ],
    ids=map(str, count()),
)
def test_an_input_that_cannot_be_is_refused_by_name(input: object, field: str) -> None:
    """And what it said is not repeated."""
    call = Call(flow({"menu": Menu("ask", {"1": "menu"})}))
    with pytest.raises(IllegalInput) as refused:
        call.machine.step(call.session, untyped(input), 0)
    assert str(refused.value).startswith(field)
    assert "12" not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        object(),
        {1: "a"},
        float("nan"),
        float("inf"),
        2**63,
        "\ud800",
        [0] * MOST,
        "x" * LONGEST * 2,
    ],
)
def test_what_json_cannot_say_is_not_kept(value: object) -> None:
    """Nor what is too much."""
    with pytest.raises(IllegalInput, match="field"):
        kept(value, "field")


def test_what_is_kept_is_a_copy() -> None:
    """With lists for tuples."""
    given_value = {"a": (1, [2.5, None, True, "x"])}
    assert {"a": [1, [2.5, None, True, "x"]]} == kept(given_value, "field")


def test_too_deep_is_not_kept() -> None:
    """Also what holds itself."""
    value: list[object] = []
    value.append(value)
    with pytest.raises(IllegalInput, match="levels"):
        kept(value, "field")


def test_events_are_applied_in_order_to_their_own_session() -> None:
    """Anything else is refused."""
    call = Call(flow({"menu": Menu("ask", {"1": "menu"})}))
    first, second = call.events[:2]
    assert isinstance(first, SessionStarted)
    with pytest.raises(IllegalInput, match="begins with SessionStarted"):
        apply(None, second)
    with pytest.raises(IllegalInput, match="has started already"):
        call.machine.apply(call.session, first)
    other = Session("other", "f", "", "", "menu")
    with pytest.raises(IllegalInput, match="is of session 's'"):
        apply(other, second)


def test_bytes_that_are_no_session_are_refused() -> None:
    """By their path."""
    with pytest.raises(IllegalInput, match="revision"):
        Session.decode(b'{"id":"s","flow":"f","version":"","hash":"","node":"n","revision":"x"}')
