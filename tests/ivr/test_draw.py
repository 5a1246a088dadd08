"""Pictures: what is drawn is what there is, and no name of a flow gets out of its label."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ivr.banking import BANK
from tongdai.errors import ConfigurationError
from tongdai.ivr import Branch, Case, End, Flow, HandOff, Menu, Say, Share, Split, outcomes
from tongdai.ivr.draw import Form, draw
from tongdai.ivr.lint import check
from tongdai.testing import flows

HOSTILE = [
    '"] --> evil["',
    '"; evil [label="x',
    "</text><script>alert(1)</script>",
    '%%{init: {"theme":"dark"}}%%',
    'click n0 "javascript:alert(1)"',
    "style n0 fill:#f00;",
    "end",
    "#quot; #34; &lt;b&gt;",
    "\\N \\G \\",
    "`code` **bold** _soft_",
    "$$\\frac{1}{2}$$",
    "fa:fa-car",
    "1. list",
    "- item",
    "subgraph x",
    "}",
]

MERMAID_LINE = re.compile(
    r"""flowchart\ TD
    | \ \ %%\ [\w\s,.#;\u2060]*
    | \ \ [nm]\d+ (?:\(\[|\[\[|\(\(|\[/|\(|\[|\{|>)
      "[\w\s,.#;<>/\u2060]*" (?:\]\)|\]\]|\)\)|/\]|\)|\]|\})
    | \ \ [nm]\d+\ (?:-->|-\.->|==>)(?:\|"[\w\s,.#;\u2060]*"\|)?\ n\d+
    | \ \ classDef\ (?:error|warning)\ [\w:\#,]+
    | \ \ class\ [nm\d,]+\ (?:error|warning)
    """,
    re.VERBOSE,
)
QUOTED = r'"(?:[^"\\\n]|\\.)*"'
ATTRIBUTES = rf"(?:\w+=(?:{QUOTED}|\w+)(?:, )?)*"
DOT_LINE = re.compile(
    rf"""digraph\ flow\ \{{ | \}}
    | \ \ (?:graph|node|edge|[nm]\d+)\ \[{ATTRIBUTES.replace(" ", "[ ]")}\]
    | \ \ [nm]\d+\ ->\ n\d+\ \[{ATTRIBUTES.replace(" ", "[ ]")}\]
    """,
    re.VERBOSE,
)
LINES: dict[Form, re.Pattern[str]] = {"mermaid": MERMAID_LINE, "dot": DOT_LINE}
FORMS: list[Form] = ["mermaid", "dot"]


def sound(picture: str, form: Form) -> list[str]:
    """Return the lines of a picture that are not of the few shapes that there are."""
    return [line for line in picture.splitlines() if not LINES[form].fullmatch(line)]


def hostile() -> Flow:
    """Return a flow whose every name wants out."""
    nodes = {
        name: Say(name.replace("{", "{{"), then=HOSTILE[(at + 1) % len(HOSTILE)])
        for at, name in enumerate(HOSTILE)
    }
    menu = Menu("?", dict(zip(HOSTILE, HOSTILE, strict=True)), exhausted='nowhere "]')
    branch = Branch((Case('x == "\\"] --> y"', "menu"),), otherwise="menu")
    return Flow("x", start="menu", nodes={**nodes, "menu": menu, "branch": branch})


@pytest.mark.parametrize("form", FORMS)
def test_no_name_gets_out_of_its_label(form: Form) -> None:
    """Each line is one of the few that this module writes, whatever the flow says."""
    flow = hostile()
    picture = draw(flow, form, findings=check(flow), counts={("menu", HOSTILE[0]): 3})
    assert [] == sound(picture, form)


@pytest.mark.parametrize("form", FORMS)
@given(flow=flows(), text=st.text(max_size=30))
def test_no_flow_at_all_does(form: Form, flow: Flow, text: str) -> None:
    """Nor do names, prompts and findings of random flows."""
    assert [] == sound(draw(flow, form, findings=check(flow)), form)
    written = Flow("x", start="a", nodes={"a": Say(text.replace("{", "{{"), then="a")})
    assert [] == sound(draw(written, form), form)


def test_mermaid_reads_back_the_very_text() -> None:
    """Taken back, the numbers give each name, but for a joiner that nobody sees."""
    picture = draw(hostile())
    labels = re.findall(r'^  n\d+\W+"([^"]*)"', picture, re.MULTILINE)
    read = {
        re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label.split("<br/>")[0])
        for label in labels
    }
    assert set(HOSTILE) <= {name.replace("\u2060", "") for name in read}


@pytest.mark.parametrize("form", FORMS)
def test_every_node_and_every_way_is_drawn(form: Form) -> None:
    """Ways from one node to another share an arrow where they are of one kind."""
    picture = draw(BANK, form)
    places = list(BANK.nodes)
    arrow = r"^  n(\d+) (?:-->|-\.->|->)"
    drawn = {
        (places[int(one)], places[int(other)])
        for one, other in re.findall(arrow + r'(?:\|"[^"]*"\|)? n(\d+)', picture, re.MULTILINE)
    }
    ways = {
        (name, target)
        for name, node in BANK.nodes.items()
        for _, target in outcomes(node)
        if target is not None
    }
    assert ways == drawn
    assert len(places) == len(re.findall(r'^  n\d+(?:[^\s"]+"| \[label)', picture, re.MULTILINE))


def test_what_enters_from_nowhere_is_marked() -> None:
    """The start, the clean-up, late replies, the operator."""
    flow = Flow(
        "f",
        start="a",
        on_hangup="b",
        expired="b",
        handlers=BANK.handlers,
        nodes={"a": Say("Hi", then="b"), "b": End(), "office": HandOff("q")},
    )
    picture = draw(flow)
    for mark in ("start", "hang#45;up", "late reply", "operator#58; 0, agent"):
        assert f'"{mark}"' in picture


def test_counts_stand_beside_nodes_and_ways() -> None:
    """With separators, since they can be large."""
    flow = Flow(
        "f", start="m", nodes={"m": Menu("?", {"1": "e", "2": "e"}, exhausted="e"), "e": End()}
    )
    counts = {("m", ""): 1200, ("m", "choices[1]"): 1000, ("m", "exhausted"): 7}
    picture = draw(flow, "dot", counts=counts)
    assert 'label="m (1,200)\\n?"' in picture
    assert 'label="1 (1,000), 2"' in picture
    assert 'label="exhausted (7)", style=dashed' in picture


def test_findings_colour_their_nodes() -> None:
    """An error outweighs a warning; what is about the whole flow stands in its title."""
    flow = Flow("f", start="a", nodes={"a": Say("Hi"), "b": End()})
    picture = draw(flow, "mermaid", findings=check(flow))
    assert "class n0 error" in picture
    assert "class n1 warning" in picture
    assert "no way leads to a person" in picture
    assert "no outcome" in draw(flow, "dot", findings=check(flow))


def test_the_language_can_be_chosen() -> None:
    """What nodes say is shown in it, cut where it is long."""
    assert "Welcome." in draw(BANK, language="en")
    assert "Xin chào." in draw(BANK)
    long = Flow("f", start="a", nodes={"a": Say("word " * 50, then="a")})
    assert "…" in draw(long, "dot")


def test_a_missing_node_is_drawn_as_missing() -> None:
    """The picture of a wrong flow shows what is wrong with it."""
    split = Split((Share(30, "a"),), otherwise="nowhere")
    picture = draw(Flow("f", start="a", nodes={"a": split}), "dot")
    assert "nowhere\\nthere is no such node" in picture
    assert "30 %" in picture


def test_there_are_two_forms() -> None:
    """Another one is an error that names them."""
    with pytest.raises(ConfigurationError, match="'svg' is not one of mermaid, dot"):
        draw(BANK, "svg")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
