"""Examples of what once went wrong, each pinned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ivr.calls import Call, flow, inputs
from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.ivr import (
    Assign,
    Branch,
    Case,
    Choice,
    Collect,
    Flow,
    HandOff,
    Invoke,
    InvokeFailed,
    Machine,
    Menu,
    Operator,
    Press,
    Prompt,
    PromptDone,
    Record,
    Say,
    SecureInputDone,
    Session,
    Text,
    TimerFired,
    Wait,
    check,
    draw,
    walk,
)
from tongdai.ivr.effects import GiveToQueue
from tongdai.ivr.events import Collected, InputIgnored, TerminatorSwallowed
from tongdai.ivr.inputs import AnyInput
from tongdai.ivr.keys import Digits
from tongdai.ivr.session import apply
from tongdai.model.time import seconds
from tongdai.testing import flows

END = HandOff("cards")
NEXT = Menu("next", {"1": "end"}, exhausted="end")
CODE = Collect("code", "code?", shortest=2, longest=2, done="next", exhausted="end")


def nodes(**changes: Any) -> dict[str, Any]:  # noqa: ANN401 - nodes of any kind
    """Return a question of two digits, and a menu behind it."""
    return {"code": CODE, "next": NEXT, "end": END, **changes}


def kinds(made: Flow) -> list[str]:
    """Return what lint finds at the node that a flow starts in."""
    return [one.kind for one in check(made) if one.node == made.start]


def test_a_late_terminator_that_was_typed_ahead_stays_with_its_answer() -> None:
    """It is not the next question's."""
    hello = Say(Prompt("hello", barge_in=False), then="code")
    call = Call(flow({"hello": hello, **nodes()})).press("12#").said()
    assert ["12"] == [one.value for one in call.saw(Collected)]
    assert ("next", 0, "") == (call.session.node, call.session.no_input, call.session.ahead)


def test_a_terminator_behind_another_key_is_that_keys() -> None:
    """Also within the grace of the answer before it."""
    more = Collect("more", "more?", longest=4, done="end")
    call = Call(flow(nodes(next=more))).press("12").press("5#")
    assert ["12", "5"] == [one.value for one in call.saw(Collected)]


@pytest.mark.parametrize(("length", "swallowed"), [(5, 0), (6, 1)])
def test_a_late_terminator_of_a_secret_stays_with_it(length: int, swallowed: int) -> None:
    """Where the secret was complete without one."""
    pin = Collect("pin", "PIN?", shortest=4, longest=6, sensitive=True, done="next", failed="end")
    call = Call(flow({"pin": pin, "next": NEXT, "end": END}))
    call.take(SecureInputDone("ref", length)).press("#")
    assert swallowed == len(call.saw(TerminatorSwallowed))


def test_the_no_input_of_a_recording_is_no_retry_of_the_question_before() -> None:
    """Its counters start again."""
    menu = Menu("ask", {"1": "record"}, exhausted="end")
    record = Record("message", then="end", no_input="menu", failed="end")
    call = Call(flow({"menu": menu, "record": record, "end": END})).press("9").press("1")
    assert 1 == call.session.no_match
    call.take(InvokeFailed(call.session.token(call.session.call), "no_input"))
    assert ("menu", 0) == (call.session.node, call.session.no_match)


def test_an_input_after_a_deadline_that_ended_the_session_is_taken_once() -> None:
    """What is ignored is ignored once, by the input's id."""
    made = flow({"menu": Menu("", {"1": "menu"}, tries=1)})
    call = Call(made).take(Press("1", id="p1"), at=seconds(9)).take(Press("1", id="p1"))
    assert 1 == len(call.saw(InputIgnored))


@pytest.mark.parametrize(
    ("keys", "key", "verdict"), [("123", "4", "no_match"), ("1234", "#", "no_match")]
)
def test_more_digits_than_there_may_be_are_no_match(keys: str, key: str, verdict: str) -> None:
    """As when a new version of a flow takes fewer."""
    assert verdict == Digits(1, 2, "#").key(keys, key)


def test_what_a_new_version_asks_nobody_is_not_pending() -> None:
    """The function that made sense of an answer is gone; its time still ends."""
    old = Flow("f", start="menu", nodes={"menu": Menu("ask", {"1": "menu"}, understand="sense")})
    new = Flow("f", start="menu", nodes={"menu": Menu("ask", {"1": "menu"})}, version="2")
    call = Call(Machine([old]), modality="chat").take(Text("cards"))
    assert "understanding" == call.session.phase
    both = Machine([old, new])
    moved = both.migrate(call.session, "2", 0).session
    assert ["SetTimer"] == [type(effect).__name__ for effect in both.pending(moved)]


def test_a_question_that_cannot_be_sent_goes_to_failed() -> None:
    """Over messages too, where nobody says that it was played."""
    made = flow({"menu": Menu("ask", {"1": "menu"}, failed="end"), "end": END})
    call = Call(made, modality="sms")
    assert ["menu.failed"] == call.take(InvokeFailed(call.session.token(call.session.prompt))).way


@pytest.mark.parametrize(
    ("field", "arguments"), [("flow", {"flow": []}), ("values", {"values": 5})]
)
def test_a_start_names_the_argument_that_is_wrong(field: str, arguments: dict[str, Any]) -> None:
    """Whatever it is instead."""
    given: Any = {"flow": "f", "session": "s", "now": 0} | arguments
    with pytest.raises((ConfigurationError, IllegalInput), match=rf"start\.{field}: "):
        Machine([flow(nodes())]).start(**given)


def test_what_is_no_event_is_not_applied() -> None:
    """The error says what it is."""
    some: Any = 5
    with pytest.raises(IllegalInput, match="int is not an event"):
        apply(Session("s", "f", "", "", "menu"), some)


def test_the_extra_of_a_flow_is_a_mapping() -> None:
    """As that of a node is."""
    some: Any = 5
    with pytest.raises(ConfigurationError, match=r"Flow\.extra: expected a mapping"):
        Flow("f", start="end", nodes={"end": END}, extra=some)


@pytest.mark.parametrize(
    "mute",
    [
        Invoke("f", within=seconds(0), done="end", failed="start"),
        Menu("", {"1": "end"}, within=seconds(0), no_input="start", exhausted="start"),
    ],
)
def test_what_is_given_no_time_does_not_wait(mute: Any) -> None:  # noqa: ANN401
    """A cycle through it spins, and lint says so before the machine does."""
    made = flow({"start": mute, "end": END})
    assert "error.spin" == Call(made).take(InvokeFailed("s/9"), at=1).reason
    assert "spin" in kinds(made)


def test_an_object_is_handed_over_by_a_part_of_its_name() -> None:
    """As everywhere that a name stands."""
    made = flow({"end": HandOff("cards", context=("order.id", "order.none"))})
    call = Call(made, values={"order": {"id": 7}})
    assert [{"order.id": 7}] == [dict(gave.context) for gave in call.saw(GiveToQueue)]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (Say("{", then="end"), "prompt"),
        (Menu("ask", {"1": Choice("end", label="{")}), r"choices\[1\]\.label"),
        (Branch((Case("tier ==", then="end"),)), r"cases\[0\]\.when"),
        (Assign({"n": "plus("}, then="end"), r"values\[n\]"),
        (HandOff("{"), "queue"),
    ],
)
def test_a_text_that_does_not_parse_is_named_with_its_field(wrong: Any, field: str) -> None:  # noqa: ANN401
    """Also in a flow that was built in Python."""
    with pytest.raises(ConfigurationError, match=rf"^flow f, node 'start', {field}: "):
        Machine([flow({"start": wrong, "end": END})])


@pytest.mark.parametrize("odd", [object(), {1: 2}, "\ud800"])
def test_a_machine_refuses_what_is_no_plain_data(odd: Any) -> None:  # noqa: ANN401
    """It goes out with effects, which are data."""
    with pytest.raises(ConfigurationError, match="flow f: extra and parameters hold plain data"):
        Machine([flow({"end": HandOff("cards", extra={"odd": odd})})])


def test_a_number_without_an_end_is_in_no_document() -> None:
    """It could not be written again."""
    text = '{"id": "f", "start": "a", "nodes": {"a": {"do": "end", "extra": {"n": 1e400}}}}'
    with pytest.raises(ConfigurationError, match="document: 1e400 is too large a number"):
        Flow.from_json(text)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (Text("x" * 300_000), r"Text\.text: is too long; at most 262144 characters"),
        (Press("1", id="\ud800"), r"step\.input\.id: character 1"),
    ],
)
def test_an_input_without_measure_is_refused(wrong: Any, error: str) -> None:  # noqa: ANN401
    """A session keeps what is answered, and must not grow with a stranger's message."""
    call = Call(flow(nodes(code=Collect("x", "x?", kind="text", longest=10**9, done="end"))))
    with pytest.raises(IllegalInput, match=error):
        call.take(wrong)


MISTAKEN: list[tuple[Callable[[Machine, Any], object], str]] = [
    (lambda machine, _: machine.pending(cast("Any", 5)), r"pending\.session: int is not a Session"),
    (lambda machine, _: machine.migrate(cast("Any", 5), "2", 0), r"migrate\.session: int is not"),
    (lambda machine, one: machine.migrate(one, cast("Any", []), 0), r"migrate\.version: list is"),
    (lambda machine, one: machine.migrate(one, "", 0, nodes=cast("Any", 5)), r"migrate\.nodes: "),
    (lambda _, __: check(cast("Any", 5)), "check: int is not a Flow"),
    (lambda _, __: draw(cast("Any", 5), "dot"), r"draw\.flow: int is not a Flow"),
    (lambda _, __: list(walk(flow(nodes()), acts=cast("Any", "x"))), r"walk\.acts: 'x' is not"),
    (lambda _, __: list(walk(flow(nodes()), steps=0)), r"walk\.steps: 0 is too small"),
    (lambda _, __: Machine(cast("Any", 5)), r"Machine\.flows: expected several flows"),
    (lambda _, __: Machine(cast("Any", flow(nodes()))), r"several flows, such as \[flow\]"),
    (lambda _, __: Machine([], calendars=cast("Any", 5)), r"Machine\.calendars: expected"),
    (lambda _, __: Machine([], calendars=cast("Any", {"x": 5})), r"Machine\.calendars\['x'\]: int"),
    (lambda _, __: Session.decode(cast("Any", None)), "bytes-like"),
    (lambda _, __: list(walk(flow(nodes()), by=cast("Any", "x"))), r"walk\.by: 'x' is not one"),
]


@pytest.mark.parametrize(("call", "error"), MISTAKEN)
def test_what_is_given_in_place_of_something_else_is_named(call: Any, error: str) -> None:  # noqa: ANN401
    """With the place where it was given."""
    machine = Machine([flow(nodes())])
    session = machine.start("f", session="s", now=0).session
    with pytest.raises((ConfigurationError, IllegalInput), match=error):
        call(machine, session)


@pytest.mark.parametrize("words", ["1000000000000", "1"])
def test_no_number_means_what_holds_in_the_whole_flow(words: str) -> None:
    """Only its words do."""
    menu = Menu("ask", {"5": "menu"}, exhausted="end")
    handlers = (Operator(to="end", says=("operator",)),)
    call = Call(flow({"menu": menu, "end": END}, handlers=handlers), modality="chat")
    assert [] == call.take(Text(words)).way
    assert ["menu.operator"] == call.take(Text("operator")).way


def test_a_row_of_prompts_is_the_same_whenever_timers_are_delivered() -> None:
    """A key is kept, so what is said is passed over once in each row; a deadline begins a row."""
    made = flow({"wait": Wait(seconds(1), then="say"), "say": Say("hello", then="wait")})
    late, prompt = Call(made).press("1"), Call(made).press("1")
    for number in (1, 2):
        prompt.take(TimerFired(prompt.session.token(prompt.session.timer)), at=seconds(number))
    assert late.take(PromptDone("s/9"), at=seconds(2)).session == prompt.session


@given(
    flows(),
    st.sampled_from(["voice", "chat", "sms"]),
    st.lists(st.tuples(inputs, st.sampled_from([0, 1, 10**6, 5 * 10**6])), max_size=12),
)
def test_how_promptly_timers_are_delivered_changes_nothing(
    made: Flow, modality: str, given_inputs: list[tuple[AnyInput, int]]
) -> None:
    """Each deadline is lived through at its own instant, told or not."""
    made = Flow("f", **{name: getattr(made, name) for name in made.__struct_fields__[1:]})
    late, prompt = Call(made, modality=modality), Call(made, modality=modality)
    now = 0
    for input, later in given_inputs:
        now += later
        for _ in range(50):
            if prompt.session.timer and prompt.session.until <= now:
                fired = TimerFired(prompt.session.token(prompt.session.timer))
                prompt.take(fired, at=prompt.session.until)
        behind = prompt.session.timer and prompt.session.until <= now
        prompt.take(input, at=now)
        late.take(input, at=now)
        if behind or "error.spin" in (late.reason, prompt.reason):
            return  # (of so many deadlines not each has an instant of its own)
        assert late.session == prompt.session
