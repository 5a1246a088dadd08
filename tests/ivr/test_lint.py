"""Lint: each kind of finding has a flow that gives exactly it, and a mended one that gives none."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.errors import ConfigurationError, MissingFlow, MissingNode
from tongdai.ivr import (
    Assign,
    Branch,
    CallBack,
    CallFlow,
    Case,
    Choice,
    Collect,
    End,
    Flow,
    GotoFlow,
    HandOff,
    Hours,
    Invoke,
    Language,
    Loop,
    Menu,
    Node,
    Opaque,
    Operator,
    Prompt,
    Record,
    Say,
    Setting,
    Share,
    Split,
    Transfer,
    Wait,
)
from tongdai.ivr.events import Moved
from tongdai.ivr.inputs import (
    AnyInput,
    HangUp,
    InvokeDone,
    InvokeFailed,
    Press,
    PromptDone,
    QueueResult,
    Text,
    TimerFired,
)
from tongdai.ivr.lint import Finding, check
from tongdai.ivr.machine import Machine
from tongdai.ivr.prompts import MODALITIES, Modality, Wording
from tongdai.ivr.session import Session
from tongdai.model.text import Choices
from tongdai.model.time import seconds

SORRY = Say("Sorry, we are closed.", then="end")
PERSON = HandOff("cards", full="sorry", closed="sorry", failed="sorry")


def flow(start: Node, /, **nodes: Node) -> Flow:
    """Return a flow that starts in `start`, with a person and an end at hand."""
    usual: dict[str, Node] = {"person": PERSON, "sorry": SORRY, "end": End()}
    return Flow("cards", start="start", nodes={"start": start, **nodes, **usual})


def menu(**changes: Any) -> Menu:  # noqa: ANN401 - any field of a menu
    """Return a menu in order."""
    usual: dict[str, Any] = {
        "ask": "Cards: 1.",
        "choices": {"1": "person"},
        "exhausted": "person",
    }
    return Menu(**(usual | changes))


def found(
    wrong: Flow,
    **arguments: Any,  # noqa: ANN401 - what `check` takes
) -> list[tuple[str, str, str, str]]:
    """Return what lint finds as (severity, node, kind, field)."""
    return [(one.severity, one.node, one.kind, one.field) for one in check(wrong, **arguments)]


VOICE: dict[str, Any] = {"modalities": ["voice"]}

PAIRS: dict[str, tuple[Flow, list[tuple[str, str, str, str]], Flow, dict[str, Any]]] = {
    "unwired: a node's own outcome": (
        flow(Say("Hello."), unused=menu()),
        [
            ("error", "start", "unwired", "then"),
            ("warning", "", "no_person", ""),
            ("warning", "unused", "unreachable", ""),
            ("warning", "person", "unreachable", ""),
            ("warning", "sorry", "unreachable", ""),
            ("warning", "end", "unreachable", ""),
        ],
        flow(Say("Hello.", then="ask"), ask=menu()),
        {},
    ),
    "unwired: nobody knows what comes after the last try": (
        flow(menu(exhausted=None)),
        [("error", "start", "unwired", "exhausted")],
        flow(menu()),
        {},
    ),
    "unwired: refused": (
        flow(menu(exhausted="other"), other=HandOff("cards", closed="sorry", failed="sorry")),
        [("warning", "other", "unwired", "full")],
        flow(
            menu(exhausted="other"),
            other=HandOff("cards", full="sorry", closed="sorry", failed="sorry"),
        ),
        {},
    ),
    "dangling": (
        flow(menu(exhausted="persn")),
        [("error", "start", "dangling", "exhausted")],
        flow(menu(exhausted="person")),
        {},
    ),
    "dangling: a flow": (
        flow(menu(no_match="other"), other=CallFlow("card", then="person", failed="person")),
        [("error", "other", "dangling", "flow")],
        flow(menu(no_match="other"), other=CallFlow("cards2", then="person", failed="sorry")),
        {"flows": [Flow("cards2", start="end", nodes={"end": End()})]},
    ),
    "spin": (
        flow(
            menu(no_input="a", no_match="sorry"),
            a=Assign({"n": "1"}, then="b"),
            b=Branch((Case("n == 1", then="a"),), otherwise="person"),
        ),
        [("error", "a", "spin", "")],
        flow(
            menu(no_input="a", no_match="sorry"),
            a=Assign({"n": "1"}, then="b"),
            b=Branch((Case("n == 1", then="count"),), otherwise="person"),
            count=Loop(3, again="a", done="person"),
        ),
        {},
    ),
    "spin: a row that is too long": (
        flow(
            menu(no_input="count", no_match="sorry"), count=Loop(999, again="count", done="person")
        ),
        [("error", "count", "spin", "")],
        flow(
            menu(no_input="count", no_match="sorry"), count=Loop(99, again="count", done="person")
        ),
        {},
    ),
    "no_exit": (
        flow(
            menu(no_input="a", no_match="sorry"),
            a=Menu("Again: 1.", {"1": "b"}, exhausted="b"),
            b=Say("Once more.", then="a"),
        ),
        [
            ("error", "a", "no_exit", ""),
            ("warning", "a", "same_way", "exhausted"),
            ("warning", "a", "uncounted", ""),
            ("warning", "a", "no_person", ""),
        ],
        flow(
            menu(no_input="a", no_match="sorry"),
            a=Menu("Again: 1.", {"1": "b"}, exhausted="person"),
            b=Say("Once more.", then="a"),
        ),
        {},
    ),
    "duplicate_key": (
        flow(menu(choices={"yes": Choice("person"), "YES": Choice("sorry")})),
        [("error", "start", "duplicate_key", "choices")],
        flow(menu(choices={"yes": Choice("person"), "no": Choice("sorry")})),
        {"modalities": ["chat", "sms"]},
    ),
    "collision": (
        flow(menu(choices={"1": Choice("person", "Bán"), "2": Choice("sorry", "Bàn")})),
        [("error", "start", "collision", "choices")],
        flow(menu(choices={"1": Choice("person", "Bán"), "2": Choice("sorry", "Mua")})),
        {},
    ),
    "modality: a recording": (
        flow(
            menu(no_input="a", no_match="sorry"),
            a=Record("note", then="person", no_input="sorry", failed="sorry"),
        ),
        [("error", "a", "modality", "")],
        flow(
            menu(no_input="b", no_match="sorry"),
            b=Branch((Case('session.modality == "voice"', then="a"),), otherwise="person"),
            a=Record("note", then="person", no_input="sorry", failed="sorry"),
        ),
        {},
    ),
    "modality: nothing to press or say": (
        flow(menu(choices={"yes": "person"})),
        [("error", "start", "modality", "")],
        flow(menu(choices={"yes": Choice("person", says=("yes", "ok"))})),
        {},
    ),
    "modality: nothing to read": (
        flow(menu(ask=Wording(audio="welcome.wav"))),
        [("error", "start", "modality", "")],
        flow(menu(ask=Wording("Cards: 1.", audio="welcome.wav"))),
        {},
    ),
    "secret: said": (
        flow(
            Collect("pin", "PIN?", sensitive=True, done="a", exhausted="person", failed="person"),
            a=Say("Your PIN is {pin}.", then="person"),
        ),
        [("error", "a", "secret", "prompt")],
        flow(
            Collect("pin", "PIN?", sensitive=True, done="a", exhausted="person", failed="person"),
            a=Invoke("check", args={"pin": "pin"}, done="person", failed="sorry"),
        ),
        {"modalities": ["voice", "chat"]},
    ),
    "secret: copied and handed over": (
        flow(
            Collect("pin", "PIN?", sensitive=True, done="a", exhausted="person", failed="person"),
            a=Assign({"copy": '"PIN {pin}"'}, then="b"),
            b=HandOff("cards", context=("copy",), full="sorry", closed="sorry", failed="sorry"),
        ),
        [("error", "b", "secret", "context")],
        flow(
            Collect("pin", "PIN?", sensitive=True, done="a", exhausted="person", failed="person"),
            a=Assign({"copy": '"PIN {pin}"'}, then="b"),
            b=HandOff("cards", full="sorry", closed="sorry", failed="sorry"),
        ),
        {"modalities": ["voice", "chat"]},
    ),
    "text": (
        flow(menu(no_input="a", no_match="sorry"), a=Assign({"n": "1 +"}, then="person")),
        [("error", "a", "text", "values[n]")],
        flow(menu(no_input="a", no_match="sorry"), a=Assign({"n": "plus(1, n)"}, then="person")),
        {},
    ),
    "opaque": (
        flow(menu(no_input="a", no_match="sorry"), a=Opaque("ShowView", failed="person")),
        [("warning", "a", "opaque", "")],
        flow(menu(no_input="a", no_match="sorry"), a=Say("See?", then="person")),
        {},
    ),
    "unreachable": (
        flow(menu(), alone=Say("Nobody comes here.", then="person")),
        [("warning", "alone", "unreachable", "")],
        flow(menu(no_match="alone"), alone=Say("Pardon?", then="person")),
        {},
    ),
    "same_way": (
        flow(
            menu(no_input="a", no_match="sorry"),
            a=Invoke("block", done="ok", failed="ok"),
            ok=Say("Your card is blocked.", then="person"),
        ),
        [("warning", "a", "same_way", "failed")],
        flow(
            menu(no_input="a", no_match="sorry"),
            a=Invoke("block", done="ok", failed="person"),
            ok=Say("Your card is blocked.", then="person"),
        ),
        {},
    ),
    "uncounted": (
        flow(
            Collect("card", "Number?", done="a", exhausted="person"),
            a=Invoke("known", args={"card": "card"}, done="person", failed="start"),
        ),
        [("warning", "start", "uncounted", "")],
        flow(
            Collect("card", "Number?", done="a", exhausted="person"),
            a=Invoke("known", args={"card": "card"}, done="person", failed="count"),
            count=Loop(3, again="start", done="person"),
        ),
        {},
    ),
    "language": (
        flow(
            menu(ask={"vi": "Thẻ: 1.", "en": "Cards: 1."}, no_input="a"),
            a=Say({"vi": "Xin lỗi."}, then="person"),
        ),
        [("warning", "a", "language", "prompt")],
        flow(
            menu(ask={"vi": "Thẻ: 1.", "en": "Cards: 1."}, no_input="a"),
            a=Say({"vi": "Xin lỗi.", "en": "Sorry."}, then="person"),
        ),
        {},
    ),
    "no_person: none at all": (
        Flow(
            "cards",
            start="start",
            nodes={
                "start": menu(choices={"1": "end"}, exhausted="sorry"),
                "sorry": SORRY,
                "end": End(),
            },
        ),
        [("warning", "", "no_person", "")],
        flow(menu(choices={"1": "end"}, exhausted="person")),
        {},
    ),
    "no_person: from a question on": (
        flow(menu(choices={"1": "a"}), a=menu(choices={"1": "end"}, exhausted="sorry")),
        [("warning", "a", "no_person", "")],
        flow(menu(choices={"1": "a"}), a=menu(choices={"1": "end"})),
        {},
    ),
}


@pytest.mark.parametrize("name", PAIRS)
def test_each_finding_has_a_flow_that_gives_exactly_it(name: str) -> None:
    """What is wrong is found, once, with its node and field."""
    wrong, expected, _, arguments = PAIRS[name]
    assert expected == found(wrong, **arguments)


@pytest.mark.parametrize("name", PAIRS)
def test_and_a_mended_flow_that_gives_none(name: str) -> None:
    """What the mend says, mends."""
    _, _, right, arguments = PAIRS[name]
    assert [] == [str(one) for one in check(right, **arguments)]


def with_flow(**fields: Any) -> Flow:  # noqa: ANN401 - any field of a flow
    """Return a flow in order, some of its own fields changed."""
    nodes: dict[str, Node] = {"start": menu(), "person": PERSON, "sorry": SORRY, "end": End()}
    return Flow("cards", start="start", nodes=nodes | fields.pop("nodes", {}), **fields)


def test_the_clean_up_needs_nobody() -> None:
    """A node that needs the customer is found wherever the clean-up comes to it."""
    log = Invoke("log", done="bye", failed="end")
    wrong = with_flow(on_hangup="log", nodes={"log": log, "bye": Say("Bye.", then="end")})
    assert [("error", "bye", "clean_up", "")] == found(wrong)
    right = with_flow(
        on_hangup="log", nodes={"log": log, "bye": Setting({"done": "1"}, then="end")}
    )
    assert [] == found(right)


def test_what_holds_in_the_whole_flow_is_looked_at_too() -> None:
    """Operators that lead nowhere, keys that two handlers share, nodes that are not there."""
    handlers = (Operator(None, keys=("0",)), Operator("person", keys=("0",), says=("agent",)))
    assert [
        ("error", "", "unwired", "handlers[0]"),
        ("error", "", "duplicate_key", "handlers"),
    ] == found(with_flow(handlers=handlers))
    assert [("error", "", "dangling", "handlers[0]")] == found(
        with_flow(handlers=(Operator("nobody", keys=("0",)),))
    )
    assert ["on_hangup", "expired"] == [
        one.field for one in check(with_flow(expired="x", on_hangup="y"))
    ]


def test_an_operator_is_a_way_to_a_person_and_out() -> None:
    """A cycle of questions with an operator has an exit, and a person near."""
    nodes: dict[str, Node] = {
        "start": Menu("Round: 1.", {"1": "start"}, exhausted="bye"),
        "bye": End(),
        "help": HandOff("cards", full="bye", closed="bye", failed="bye"),
    }
    without = Flow("round", start="start", nodes=nodes)
    assert {"no_person", "unreachable"} == {one.kind for one in check(without)}
    assert () == check(Flow("round", start="start", nodes=nodes, handlers=(Operator("help"),)))


def test_a_language_that_can_be_chosen_is_spoken() -> None:
    """A handler that changes the language asks for prompts in it."""
    ask = menu(ask={"vi": "Thẻ: 1."})
    handlers = (Language("en", keys=("9",)),)
    assert [("warning", "start", "language", "ask")] == found(
        with_flow(nodes={"start": ask}, handlers=handlers)
    )
    regional = menu(ask={"vi": "Thẻ: 1.", "en": "Cards: 1."})
    assert [] == found(
        with_flow(nodes={"start": regional}, languages=("vi-VN", "en-GB"), handlers=handlers)
    )


def test_retries_that_a_question_counts_are_counted() -> None:
    """Going round by no_match ends in `exhausted`; with another question between, it does not."""
    own = flow(menu(no_match="pardon"), pardon=Say("Pardon?", then="start"))
    assert [] == found(own)
    other = flow(menu(no_match="again"), again=menu(no_match="start"))
    assert [("warning", "start", "uncounted", "")] == found(other)


def test_counting_by_hand_counts() -> None:
    """A name that is counted up and looked at bounds a cycle."""
    nodes: dict[str, Node] = {
        "known": Invoke("known", done="person", failed="count"),
        "count": Assign({"n": "plus(n, 1)"}, then="enough"),
        "enough": Branch((Case("n < 3", then="start"),), otherwise="person"),
    }
    assert [] == found(flow(Collect("card", "Number?", done="known", exhausted="person"), **nodes))


def test_flows_that_call_each_other_are_looked_at_together() -> None:
    """A spin through two flows is found in both; a call that waits somewhere is none."""
    there = Flow("there", start="x", nodes={"x": GotoFlow("here")})
    here = Flow("here", start="a", nodes={"a": GotoFlow("there")})
    assert "spin" in {one.kind for one in check(here, flows=[there])}
    assert "spin" in {one.kind for one in check(there, flows=[here])}
    nodes: dict[str, Node] = {"a": CallFlow("sub", then="a")}
    caller = Flow("caller", start="a", nodes=nodes)
    quick = Flow("sub", start="e", nodes={"e": End()})
    asks = Flow("sub", start="m", nodes={"m": menu(choices={"1": "e"}, exhausted="e"), "e": End()})
    assert "spin" in {one.kind for one in check(caller, flows=[quick])}
    assert "spin" not in {one.kind for one in check(caller, flows=[asks])}
    assert "spin" not in {one.kind for one in check(caller)}


def test_a_secret_of_another_flow_is_known() -> None:
    """What a called flow collects is no less secret to its caller."""
    pin = Flow(
        "pin",
        start="ask",
        nodes={
            "ask": Collect("pin", "?", sensitive=True, done="e", exhausted="e", failed="e"),
            "e": End(),
        },
    )
    caller = flow(CallFlow("pin", then="say", failed="sorry"), say=Say("{pin}", then="person"))
    assert [("error", "say", "secret", "prompt")] == found(caller, flows=[pin])


def test_a_finding_prints_as_one_line() -> None:
    """Severity, node, reason, mend; the mend names the flow's own refuge."""
    cards = Flow(
        "cards",
        start="welcome",
        nodes={
            "welcome": Menu("Cards: 1.", {"1": "best", "2": "person"}, exhausted="person"),
            "best": HandOff("cards", "cards>=4", closed="person", failed="person"),
            "person": HandOff("cards", full="bye", closed="bye", failed="bye"),
            "bye": End(),
        },
    )
    [only] = [one for one in check(cards) if one.node == "best"]
    assert "warning  best: no outcome 'full'; the contact ends. Add full: person" == str(only)
    whole = Finding("error", "", "dangling", "wrong", "Mend it")
    assert "error    the flow: wrong. Mend it" == str(whole)


def test_a_mend_never_leads_round() -> None:
    """Whom trouble is led to is no way on from where that trouble ends."""
    tech = HandOff("tech", full="busy", closed="busy", failed="busy")
    [only] = check(Flow("x", start="tech", nodes={"tech": tech, "busy": Say("All are busy.")}))
    expected = (
        "error    busy: no outcome 'then'; the contact ends. "
        "Add then: the node that comes then, such as an End()"
    )
    assert expected == str(only)


def test_a_queue_that_is_not_there() -> None:
    """Where the queues are known, a hand-off to none of them is found."""
    give = HandOff("card", full="bye", closed="bye", failed="bye")
    wrong = Flow("x", start="give", nodes={"give": give, "bye": End()})
    assert () == check(wrong)
    assert () == check(wrong, queues=["card"])
    [only] = check(wrong, queues=["cards"])
    assert ("error", "give", "dangling", "queue") == (
        only.severity,
        only.node,
        only.kind,
        only.field,
    )
    assert "there is no queue 'card'" in str(only)
    assert "Did you mean 'cards'?" in str(only)


def test_all_is_found_at_once_and_errors_come_first() -> None:
    """Errors before warnings, each in the order of the nodes."""
    findings = check(
        Flow("x", start="b", nodes={"a": Say("x", then="nowhere"), "b": Menu("?", {"1": "no"})})
    )
    places = [(one.severity, one.node) for one in findings]
    assert sorted(places, key=lambda one: (one[0], ["", "a", "b"].index(one[1]))) == places
    assert {"dangling", "unwired", "unreachable", "no_person"} == {one.kind for one in findings}


@pytest.mark.parametrize("modalities", [[], ["fax"]])
def test_modalities_are_checked(modalities: list[Any]) -> None:
    """None at all, and one that there is none of."""
    with pytest.raises(ConfigurationError, match=r"check\.modalities"):
        check(with_flow(), modalities=modalities)


def long_line(count: int) -> dict[str, Node]:
    """Return nodes in a line, with knots in it."""
    nodes: dict[str, Node] = {}
    for at in range(count):
        back = f"n{at - at % 10}" if at % 10 == 9 else "person"
        nodes[f"n{at}"] = Menu("?", {"1": f"n{at + 1}", "2": back}, exhausted="person")
    nodes[f"n{count}"] = End()
    return nodes


@pytest.mark.parametrize("make", [long_line])
def test_a_flow_of_ten_thousand_nodes_is_no_trouble(
    make: Callable[[int], dict[str, Node]],
) -> None:
    """No recursion, and time that grows with the flow and not with its square."""
    took: list[float] = []
    for count in (1_000, 10_000):
        nodes = make(count) | {"person": PERSON, "sorry": SORRY, "end": End()}
        big = Flow("big", start="n0", nodes=nodes)
        began = perf_counter()
        assert () == check(big)
        took.append(perf_counter() - began)
    assert took[1] < 40 * took[0] + 1


# --- properties -----------------------------------------------------------------------------------

NAMES = ["a", "b", "c", "d", "e"]
targets = st.sampled_from([*NAMES, None])
counts: st.SearchStrategy[int | str] = st.one_of(st.sampled_from([0, 1, 3]), st.just("n"))
conditions = st.sampled_from(["n == 1", 'session.modality == "voice"', "n", 'not (m == "x")'])


@st.composite
def nodes_of_all_kinds(draw: st.DrawFn) -> Node:
    """Draw a node of any kind whose ways lead among five names, or nowhere."""
    to = draw(st.lists(targets, min_size=4, max_size=4))
    a, b, c, d = to
    made: list[Callable[[], Node]] = [
        lambda: Say(Prompt("Hi", barge_in=draw(st.booleans())), then=a),
        lambda: Say("", then=a, failed=b),
        lambda: Menu("?", {"1": Choice(a), "2": Choice(b)}, tries=1, exhausted=c, no_match=d),
        lambda: Collect("n", "?", longest=2, done=a, exhausted=b, no_input=c, tries=2),
        lambda: Branch((Case(draw(conditions), a), Case(draw(conditions), b)), otherwise=c),
        lambda: Assign(
            {"n": draw(st.sampled_from(["1", "plus(n, 1)", '"{m}"']))}, then=a, failed=b
        ),
        lambda: Hours("none", open=a, closed=b, failed=c),
        lambda: Loop(draw(counts), again=a, done=b, failed=c),
        lambda: Split((Share(50, a),), otherwise=b),
        lambda: Setting({"m": "n"}, then=a),
        lambda: Invoke("f", args={"n": "n"}, into="n", done=a, failed=b),
        lambda: Wait(seconds(draw(st.sampled_from([0, 1]))), then=a, interrupted=b),
        lambda: HandOff("q", then=a, full=b, closed=c, failed=d),
        lambda: CallBack("q", "n", then=a, failed=b),
        lambda: Transfer("n", done=a, busy=b, no_answer=c, failed=d),
        lambda: Record("m", then=a, no_input=b, failed=c),
        lambda: CallFlow(draw(st.sampled_from(["one", "two", "none"])), then=a, failed=b),
        lambda: GotoFlow(draw(st.sampled_from(["one", "two", "none"])), failed=a),
        End,
        lambda: Opaque("?", failed=a),
    ]
    return draw(st.sampled_from(made))()


@st.composite
def random_flows(draw: st.DrawFn) -> tuple[Flow, Flow]:
    """Draw two flows that may call each other."""
    one, two = (
        Flow(
            name,
            start="a",
            nodes={at: draw(nodes_of_all_kinds()) for at in NAMES},
            on_hangup=draw(st.sampled_from(["", "b"])),
        )
        for name in ("one", "two")
    )
    return one, two


def replies(session: Session) -> list[AnyInput]:
    """Return inputs that may move a session on."""
    token = session.token
    return [
        PromptDone(token(session.prompt)),
        TimerFired(token(session.timer)),
        InvokeDone(token(session.call), "x"),
        InvokeFailed(token(session.call)),
        QueueResult("full"),
        QueueResult("ended"),
        Press("1"),
        Press("2"),
        Press("#"),
        Text("1"),
        Text("?"),
        HangUp(),
    ]


@given(random_flows(), st.sampled_from(MODALITIES), st.data())
def test_a_flow_that_passes_neither_spins_nor_drops_anybody(
    flows: tuple[Flow, Flow], modality: Modality, data: st.DataObject
) -> None:
    """Whatever comes in, in whatever order: what would spin, or end in the middle, is found."""
    one, two = flows
    kinds = {
        finding.kind
        for each, other in ((one, two), (two, one))
        for finding in check(each, flows=[other], modalities=[modality], calendars=[])
    }
    machine = Machine([one, two])
    deep = False
    try:
        turn = machine.start("one", session="s1", now=0, modality=modality)
        for at in range(data.draw(st.integers(0, 25))):
            if turn.session.ended:
                break
            deep = len(turn.session.stack) > 10  # (calls fail when they are too deep)
            input = data.draw(st.sampled_from(replies(turn.session)))
            turn = machine.step(turn.session, input, at * 1_000)
    except (MissingFlow, MissingNode):
        return
    reason = turn.session.reason
    assert reason != "error.spin" or "spin" in kinds
    last = turn.events[-2] if len(turn.events) > 1 else None
    talked = isinstance(last, Moved) and last.outcome == "done"  # (a transfer may end it)
    assert reason != "unwired" or kinds & {"unwired", "dangling", "spin"} or talked or deep


def test_a_calendar_that_is_not_there_dangles() -> None:
    """Where they are known; else it is taken to be right."""
    wrong = flow(Hours("offce", open="ask", closed="sorry"), ask=menu())
    assert [("error", "start", "dangling", "calendar")] == found(wrong, calendars=["office"])
    assert "Did you mean 'office'?" in str(check(wrong, calendars=["office"])[0])
    assert [] == found(wrong)


@given(
    st.dictionaries(st.text(min_size=1, max_size=3), st.text(max_size=3), min_size=2, max_size=5)
)
def test_a_label_that_no_finding_names_is_understood(labels: dict[str, str]) -> None:
    """A menu without collisions and duplicate keys reads each label as its choice."""
    choices = {key: Choice("person", label or key) for key, label in labels.items()}
    findings = check(flow(menu(choices=choices)), modalities=["chat"])
    if not {"collision", "duplicate_key", "text", "modality"} & {one.kind for one in findings}:
        reader = Choices({key: (label or key,) for key, label in labels.items()})
        for key, label in labels.items():
            assert reader.read(label or key) in (key, None)
            if (label or key).isalnum():
                assert key == reader.read(label or key)
