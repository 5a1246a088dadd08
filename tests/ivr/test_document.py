"""Flows as documents: Python, YAML and JSON say the same, and errors say where."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused, untyped
from tongdai import seconds
from tongdai.errors import ConfigurationError
from tongdai.ivr import (
    Branch,
    Case,
    Choice,
    End,
    Flow,
    HandOff,
    Invoke,
    Language,
    Loop,
    Menu,
    Opaque,
    Operator,
    Prompt,
    Say,
    Wait,
    Wording,
    document,
    yamltext,
)
from tongdai.testing import flows, plain_data, prompts

CARDS = Flow(
    "cards",
    start="welcome",
    nodes={
        "welcome": Menu(
            {"vi": "Thẻ bấm 1, việc khác bấm 2.", "en": "Cards: 1. Anything else: 2."},
            {"1": "tier", "2": "person"},
            exhausted="person",
        ),
        "tier": Invoke(
            "tier_of",
            {"phone": "caller.phone"},
            into="tier",
            done="gold",
            failed="person",
            within=seconds(2),
        ),
        "gold": Branch((Case('tier == "gold"', then="best"),), otherwise="person"),
        "best": HandOff("cards", "cards>=4", priority=2),
        "person": HandOff("cards"),
    },
)
TEXT = """
id: cards
start: welcome
nodes:
  welcome:
    do: menu
    ask: {vi: "Thẻ bấm 1, việc khác bấm 2.", en: "Cards: 1. Anything else: 2."}
    choices: {1: tier, 2: person}
    exhausted: person
  tier: {do: invoke, function: tier_of, args: {phone: caller.phone}, into: tier, done: gold,
         failed: person, within: 2s}
  gold: {do: branch, cases: [{when: 'tier == "gold"', then: best}], otherwise: person}
  best: {do: hand_off, queue: cards, requires: cards>=4, priority: 2}
  person: {do: hand_off, queue: cards}
"""
WRITTEN = """\
id: cards
start: welcome
nodes:
  welcome:
    do: menu
    ask: {vi: "Thẻ bấm 1, việc khác bấm 2.", en: "Cards: 1. Anything else: 2."}
    choices: {1: tier, 2: person}
    exhausted: person
  tier:
    do: invoke
    function: tier_of
    args: {phone: caller.phone}
    into: tier
    within: 2s
    done: gold
    failed: person
  gold: {do: branch, cases: [{when: 'tier == "gold"', then: best}], otherwise: person}
  best: {do: hand_off, queue: cards, requires: cards>=4, priority: 2}
  person: {do: hand_off, queue: cards}
"""


def one(node: str) -> Any:  # noqa: ANN401 - any node
    """Return the node that a YAML mapping states."""
    return Flow.from_yaml(f"id: f\nstart: a\nnodes:\n  a: {node}\n").nodes["a"]


def test_a_document_and_a_program_are_the_same_flow() -> None:
    """And the document that is written is one that people like to read."""
    assert (CARDS, WRITTEN) == (Flow.from_yaml(TEXT), CARDS.to_yaml())
    assert CARDS == Flow.from_json(CARDS.to_json())
    assert CARDS == document.from_plain(document.to_plain(CARDS))


@given(flows())
def test_what_is_written_is_read_back(flow: Flow) -> None:
    """Any flow, in each form."""
    assert flow == Flow.from_yaml(flow.to_yaml())
    assert flow == Flow.from_yaml(flow.to_yaml().encode())
    assert flow == Flow.from_json(flow.to_json())


@given(flows(kinds=[Say, Menu, End]))
def test_writing_twice_writes_the_same(flow: Flow) -> None:
    """The form is canonical."""
    assert flow.to_yaml() == Flow.from_yaml(flow.to_yaml()).to_yaml()
    assert flow.to_json() == Flow.from_json(flow.to_json()).to_json()


@given(flows())
def test_both_parsers_of_pyyaml_see_the_same(flow: Flow) -> None:
    """The one in C is used where it is there; the one in Python must not differ."""
    text = flow.to_yaml()
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr(yaml, "CSafeLoader", raising=False)
        assert flow == Flow.from_yaml(text)


def strict(value: object) -> object:
    """Return plain data in which a key is what YAML 1.1 makes of a number."""
    if isinstance(value, dict):
        items: dict[str, object] = value  # pyright: ignore[reportUnknownVariableType]
        return {str(name): strict(item) for name, item in items.items()}
    if isinstance(value, list):
        several: list[object] = value  # pyright: ignore[reportUnknownVariableType]
        return [strict(item) for item in several]
    return value


@given(flows())
def test_other_readers_of_yaml_see_the_same(flow: Flow) -> None:
    """Text that they would take for a date, an octal number or false is written in quotes."""
    assert document.to_plain(flow) == strict(yaml.safe_load(flow.to_yaml()))


@given(plain_data())
def test_plain_data_is_kept(data: object) -> None:
    """What an importer could not place goes through as it is."""
    flow = Flow("f", start="a", nodes={"a": Opaque("x", parameters={"p": data})}, extra={"e": data})
    assert flow == Flow.from_yaml(flow.to_yaml()) == Flow.from_json(flow.to_json())


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ("{do: say, prompt: no}", Say("no")),
        ("{do: say, prompt: 010, then: 1e3}", Say("010", then="1e3")),
        ("{do: say, prompt: 12:30, then: 2026-02-17}", Say("12:30", then="2026-02-17")),
        ("{do: say, prompt: null, then: null}", Say("null")),
        ("{do: say, prompt: hi, then: 'null'}", Say("hi", then="null")),
        (
            "{do: say, prompt: [Xin chào, {text: a, audio: b}]}",
            Say(["Xin chào", Wording("a", audio="b")]),
        ),
        ("{do: say, prompt: {ssml: <p/>}}", Say(Wording(ssml="<p/>"))),
        ("{do: say, prompt: {vi: [a, b], '': c}}", Say({"vi": ["a", "b"], "": "c"})),
        (
            "{do: say, prompt: {says: {vi: a}, barge_in: false}}",
            Say(Prompt({"vi": "a"}, barge_in=False)),
        ),
        (
            "{do: menu, ask: x, choices: {010: a, no: {then: b, label: Số, says: [yes]}}}",
            Menu("x", {"010": "a", "no": Choice("b", label="Số", says=("yes",))}),
        ),
        ("{do: loop, times: 010}", Loop(10)),
        ("{do: loop, times: '3'}", Loop("3")),
        ("{do: loop, times: n}", Loop("n")),
        ("{do: wait, for: 1min 30s}", Wait(seconds(90))),
        ("{do: wait, for: null}", Wait(None)),
        ("{do: wait, for: }", Wait(None)),
        ("{do: end, disconnect: true}", End(disconnect=True)),
        ("{do: end, disconnect: ~}", End()),
        (
            (
                "{do: opaque, kind: x,"
                " parameters: {a: 1, b: '1', c: 1.5, d: true, e: no, f: 010, g: ~}}"
            ),
            Opaque(
                "x",
                parameters={
                    "a": 1,
                    "b": "1",
                    "c": 1.5,
                    "d": True,
                    "e": "no",
                    "f": "010",
                    "g": None,
                },
            ),
        ),
    ],
)
def test_a_scalar_means_what_it_looks_like(node: str, expected: object) -> None:
    """Its field says which type it has, not how it looks."""
    assert expected == one(node)


def test_handlers_stand_in_a_document_too() -> None:
    """Keys and words that work everywhere."""
    flow = Flow(
        "f",
        start="a",
        nodes={"a": End()},
        handlers=(Operator("a", keys=("0",)), Language("en", says=("english",))),
    )
    assert (
        flow.to_yaml()
        == """\
id: f
start: a
handlers: [{do: operator, to: a, keys: ["0"]}, {do: language, to: en, says: [english]}]
nodes:
  a: {do: end}
"""
    )
    assert flow == Flow.from_yaml(flow.to_yaml())


def test_texts_of_several_lines_stand_as_blocks() -> None:
    """Where that is exact; else in quotes."""
    text = "Xin chào.\n# Bấm 1: thẻ\nBấm 2"
    flow = Flow("f", start="a", nodes={"a": Say(text, then="b"), "b": Say(" a\n\nb ")})
    assert """\
  a:
    do: say
    prompt: |-
      Xin chào.
      # Bấm 1: thẻ
      Bấm 2
    then: b
  b:
    do: say
    prompt: " a\\n\\nb "
""" in flow.to_yaml()
    assert flow == Flow.from_yaml(flow.to_yaml())


WHERE = "flow cards, node "
MISTAKES = [
    ("otherwise", "otherwis", "gold, otherwis: there is no such field. Did you mean 'otherwise'?"),
    (
        "within: 2s",
        "within: 2",
        "tier, within: a duration needs a number and a unit, e.g. 5s or 2min; got '2'",
    ),
    ("priority: 2", "priority: high", "best, priority: expected a whole number; got 'high'"),
    ("exhausted: person", "tries: 0", "welcome, tries: 0 is too small; at least 1"),
    ("{1: tier, 2: person}", "[1, 2]", "welcome, choices: expected a mapping; got a list"),
    (
        "2: person}",
        "2: {than: a}}",
        "welcome, choices[2].than: there is no such field. Did you mean 'then'?",
    ),
    ("2: person}", "2: [a]}", "welcome, choices[2]: expected a mapping; got a list"),
    ("function: tier_of, ", "", "tier, function: is missing"),
    ("then: best}]", "then: {}}]", "gold, cases[0].then: expected a text; got a mapping"),
    ("[{when", "[x, {when", "gold, cases[0]: expected a mapping; got 'x'"),
    (
        'tier == "gold"',
        'tier = "gold"',
        "gold, cases[0].when: unexpected '='\n  tier = \"gold\"\n       ^",
    ),
    (
        "phone: caller.phone",
        "phone: a b",
        "tier, args[phone]: expected one value and the end\n  a b\n    ^",
    ),
    (
        "cards>=4",
        "cards>=9",
        "best, requires: a level is a whole number from 1 to 5\n  cards>=9\n         ^",
    ),
    (
        "Thẻ bấm 1, việc khác bấm 2.",
        "{a b}",
        (
            "welcome, ask[vi]: expected a name in braces, as in {caller.name}; "
            "write {{ for a brace\n  {a b}\n  ^"
        ),
    ),
    ("{vi:", "{vi: [], en-US:", "welcome, ask['vi']: expected one wording or more; got none"),
    (
        "{vi:",
        "{vi: [[]], en-US:",
        "welcome, ask[vi][0]: expected a text, or texts by language; got a list",
    ),
    ("do: hand_off, queue: cards}", "queue: cards}", "person, do: is missing; it is one of "),
    ("do: invoke", "do: invok", "tier, do: expected one of "),
]


@pytest.mark.parametrize(("right", "wrong", "message"), MISTAKES)
def test_a_mistake_is_named_with_node_and_field(right: str, wrong: str, message: str) -> None:
    """And with what would be right."""
    assert refused(lambda: Flow.from_yaml(TEXT.replace(right, wrong))).startswith(WHERE + message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "document: is empty"),
        ("# nothing", "document: is empty"),
        ("x", "flow: expected a mapping; got 'x'"),
        ("{}", "flow, id: is missing"),
        ("{id: f, start: a}", "flow f, nodes: is missing"),
        ("{id: f, start: a, nodes: {a: 1}}", "flow f, node a: expected a mapping; got '1'"),
        (
            "{id: f, start: a, node: {}}",
            "flow f, node: there is no such field. Did you mean 'nodes'?",
        ),
        ("{id: '', start: a, nodes: {}}", "flow, id: an id has 1 to 128 characters"),
        (
            "{id: f, start: a, nodes: {a: {do: end, do: end}}}",
            "document, line 1: 'do' is there twice",
        ),
        ("id: f\nid: g", "document, line 2: 'id' is there twice"),
        ("id: !!str f", "document, line 1: tags (!) are not read; leave it out"),
        ("id: ! f", "document, line 1: tags (!) are not read; leave it out"),
        ("a: &a [*a]", "document, line 1: anchors (&) and aliases (*) are not read"),
        ("a: *a", "document, line 1: anchors (&) and aliases (*) are not read"),
        ("{[a]: b}", "document, line 1: a key is a text; this one is a list or a mapping"),
        ("a: 1\n---\nb: 2", "document, line 2: one document is enough; take the second one out"),
        ("a: [1, 2", "document, line "),
        ("a: \x00", "document"),
        ("[" * 40, "document, line 1: a document nests at most 32 deep"),
        ("a: " + "x" * 5_000_000, "document: 5000003 bytes is too long; at most 4194304"),
        ("[" + "a," * 200_001 + "]", "document, line 1: a document has at most 200000 values"),
    ],
)
def test_what_is_no_document_is_refused(text: str, message: str) -> None:
    """With the line, where there is one."""
    assert refused(lambda: Flow.from_yaml(text)).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "document, line 1: Expecting value"),
        ('{"id": 3}', "flow, start: is missing"),
        ('{"id": 3, "start": "a", "nodes": {}}', "flow, id: expected a text; got 3"),
        ('{"id": "f", "id": "g"}', "document: 'id' is there twice in one object"),
        ('{"id": NaN}', "document: NaN is not a number"),
        ('{"id": 1' + "0" * 5_000 + "}", "document: a number has at most 300 digits"),
        ("[" * 100_000, "document: a document nests at most 32 deep"),
        ("[" * 40 + "]" * 40, "document: nests more than 32 deep"),
        ("[" + "0," * 200_000 + "0]", "document: has more than 200000 values"),
    ],
)
def test_what_is_no_json_is_refused(text: str, message: str) -> None:
    """The bounds are those of YAML."""
    assert refused(lambda: Flow.from_json(text)).startswith(message)


def test_bytes_are_utf_8() -> None:
    """And what is neither text nor bytes is no document."""
    assert refused(lambda: Flow.from_yaml(b"\xff")).startswith("document: is not UTF-8: ")
    assert refused(lambda: Flow.from_json("\ud800")).startswith("document: is not UTF-8: ")
    assert "document: int is not text; give str or bytes" == refused(
        lambda: Flow.from_yaml(untyped(3))
    )


SCRAPS = st.lists(
    st.sampled_from(
        [
            *("id", "start", "nodes", "do", "menu", "say", "prompt", "a", "then", "ask", "choices"),
            *(
                ": ",
                ":",
                ", ",
                "- ",
                "\n",
                "\n  ",
                "{",
                "}",
                "[",
                "]",
                '"',
                "'",
                "|\n",
                ">",
                "---\n",
            ),
            *("&a", "*a", "!x", "#", "?", "<<", "%", "2s", "~", "\t", "\ufeff", "\x85"),
        ]
    ),
    max_size=40,
).map("".join)


@given(SCRAPS | st.text(max_size=60) | st.binary(max_size=60))
def test_any_text_is_a_flow_or_is_refused(text: str | bytes) -> None:
    """Nothing else is raised, whatever comes."""
    for read in (Flow.from_yaml, Flow.from_json):
        try:
            flow = read(text)
        except ConfigurationError:
            continue
        assert flow == read(flow.to_yaml() if read == Flow.from_yaml else flow.to_json())


@given(flows(), st.data())
def test_a_spoilt_document_is_a_flow_or_is_refused(flow: Flow, data: st.DataObject) -> None:
    """Any value in it may be another one."""
    plain: Any = json.loads(flow.to_json())
    here: object = plain
    while True:
        key: Any = None
        if yamltext.is_object(here) and here:
            key = data.draw(st.sampled_from(list(here)))
        elif yamltext.is_list(here) and here:
            key = data.draw(st.integers(0, len(here) - 1))
        else:
            break
        inner: object = untyped(here)[key]
        if data.draw(st.booleans()) or not (yamltext.is_object(inner) or yamltext.is_list(inner)):
            untyped(here)[key] = data.draw(plain_data())
            break
        here = inner
    try:
        spoilt = document.from_plain(plain)
    except ConfigurationError:
        return
    assert spoilt == Flow.from_json(spoilt.to_json())


@pytest.mark.parametrize("value", [object(), {1: 2}, float("nan"), 10**300, b"x", "\ud800"])
def test_what_no_document_can_hold_is_refused_with_its_place(value: object) -> None:
    """A flow in Python may hold anything as extra; a document may not."""
    flow = Flow("f", start="a", nodes={"a": End(extra={"k": [value]})})
    for write in (flow.to_yaml, flow.to_json):
        assert refused(write).startswith("flow f, node a, extra[k][0]: ")


def test_what_is_too_deep_for_a_document_is_refused() -> None:
    """Before the interpreter's own limit is met."""
    deep: object = "x"
    for _ in range(50_000):
        deep = [deep]
    flow = Flow("f", start="a", nodes={"a": End()}, extra={"k": deep})
    for write in (flow.to_yaml, flow.to_json):
        assert refused(write).endswith("nests more than 32 deep")


def test_without_pyyaml_the_package_to_install_is_named() -> None:
    """Everything else works without it, writing YAML included."""
    program = """
import sys
sys.modules["yaml"] = None
from tongdai.ivr import End, Flow
flow = Flow("f", start="a", nodes={"a": End()})
assert Flow.from_json(flow.to_json()) == flow
try:
    Flow.from_yaml(flow.to_yaml())
except ValueError as error:
    print(error)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    assert "document: reading YAML needs PyYAML: pip install 'tongdai[flows]'\n" == ran.stdout


def test_without_pyyaml_reading_raises_a_declared_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not an ImportError that nobody expects of a document."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'tongdai\[flows\]'"):
        Flow.from_yaml("{}")


@given(st.text(st.characters(codec="utf-8")))
def test_any_text_goes_through_yaml(text: str) -> None:
    """As a value and as a key, alone and beside others on a line."""
    data: dict[str, object] = {
        "a": {"b": [text, {"k": text}]},
        text: [text],
        "long": [text, "x" * 99],
    }
    assert data == yamltext.read(yamltext.write(data))


@given(prompts(languages=["text", "ssml", "says", "vi"]))
def test_languages_of_odd_names_are_kept(prompt: Prompt) -> None:
    """Though `text` and `says` mean something in a document."""
    flow = Flow("f", start="a", nodes={"a": Say(prompt)})
    assert flow == Flow.from_yaml(flow.to_yaml()) == Flow.from_json(flow.to_json())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"within": 2}, "tier, within: expected a duration such as 5s or 2min; got 2"),
        ({"args": {1: "a"}}, "tier, args: expected keys that are texts; got 1"),
        ({"into": None}, "tier, into: expected a text; got None"),
        ({"do": ["invoke"]}, "tier, do: expected one of "),
    ],
)
def test_plain_data_is_checked_as_documents_are(change: dict[str, object], message: str) -> None:
    """Whoever has decoded a document already gives it as it is."""
    plain: Any = document.to_plain(CARDS)
    plain["nodes"]["tier"] |= change
    assert refused(lambda: document.from_plain(plain)).startswith(WHERE + message)


def test_yaml_is_written_of_plain_data_only() -> None:
    """And only as deep as it is read."""
    deep: object = "x"
    for _ in range(40):
        deep = [deep, "y" * 100]
    assert "a document nests at most 32 deep" == refused(lambda: yamltext.write({"a": deep}))
    assert refused(lambda: yamltext.write({"a": object()})).endswith("is not plain data")
