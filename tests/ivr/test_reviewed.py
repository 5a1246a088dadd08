"""Examples of what once went wrong, each pinned."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ivr.calls import Call, flow
from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.ivr import (
    Collect,
    Flow,
    HandOff,
    Invoke,
    InvokeFailed,
    Machine,
    Menu,
    Press,
    Prompt,
    Record,
    Say,
    SecureInputDone,
    Session,
    Text,
    check,
)
from tongdai.ivr.events import Collected, InputIgnored, TerminatorSwallowed
from tongdai.ivr.keys import Digits
from tongdai.ivr.session import apply
from tongdai.model.time import seconds

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
    with pytest.raises((ConfigurationError, IllegalInput), match=rf"start\.{field}: "):
        Machine([flow(nodes())]).start(**({"flow": "f", "session": "s", "now": 0} | arguments))


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
    assert {"order.id": 7} == call.turn.effects[0].context  # type: ignore[union-attr]
