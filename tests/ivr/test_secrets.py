"""A secret is seen by nobody: no session, event, effect, text or error has a digit of it."""

from __future__ import annotations

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ivr.calls import Call, flow
from tongdai.errors import IllegalInput
from tongdai.ivr import (
    Assign,
    Collect,
    HandOff,
    HangUp,
    Invoke,
    Menu,
    Press,
    Prompt,
    Say,
    SecureInputDone,
    SecureInputFailed,
    Setting,
    Text,
    Utterance,
)
from tongdai.ivr.effects import (
    CallFunction,
    GiveToQueue,
    Listen,
    StartSecureInput,
    StopSecureInput,
)
from tongdai.ivr.events import InputIgnored, KeysDropped, NoInputCounted, NoMatchCounted
from tongdai.model.codec import encode

CANARY = "73598"
SECRET = Collect("pin", "PIN?", shortest=5, longest=6, sensitive=True, done="check", failed="end")
NODES = {
    "hello": Say("hello", then="menu"),
    "menu": Menu(Prompt("one?", barge_in=False), {"1": "say"}, exhausted="end"),
    "say": Say("now the PIN", then="pin"),
    "pin": SECRET,
    "check": Invoke("check", {"pin": "pin"}, done="copy", failed="end"),
    "copy": Assign({"again": "pin", "name": '"Lan"'}, then="set"),
    "set": Setting({"kept": '"{again}"'}, then="end"),
    "end": HandOff("cards"),
}


def traces(call: Call) -> str:
    """Return all that could be written down about a call."""
    whole = (call.session, *call.events, *call.effects)
    return "\n".join([*map(repr, whole), *(encode(one).decode() for one in whole)])


def secret() -> Call:
    """Return a call in which the secret is being asked for."""
    return Call(flow({"pin": SECRET, "check": NODES["check"], "end": NODES["end"]}))


def test_a_secret_is_collected_by_the_shell() -> None:
    """The machine says how, and never listens itself."""
    call = secret()
    assert [("s/1", 5, 6, "#")] == [
        (asked.token, asked.shortest, asked.longest, asked.terminator)
        for asked in call.saw(StartSecureInput)
    ]
    assert [] == call.saw(Listen)


def test_only_the_reference_goes_on() -> None:
    """To the function that checks it; to no agent, under whatever name."""
    call = Call(flow({**NODES, "hello": Say("", then="pin")}))
    call.take(SecureInputDone("ref-1", 5)).answer()
    assert [{"pin": "ref-1"}] == [dict(made.args) for made in call.saw(CallFunction)]
    assert [{"name": "Lan"}] == [dict(gave.context) for gave in call.saw(GiveToQueue)]


@pytest.mark.parametrize("length", [1, 4, 7])
def test_a_secret_of_the_wrong_length_is_no_match(length: int) -> None:
    """Nothing of it is heard."""
    missed = secret().take(SecureInputDone("ref", length)).saw(NoMatchCounted)
    assert [(1, "")] == [(one.count, one.heard) for one in missed]


def test_no_secret_is_no_input() -> None:
    """However the shell says so."""
    call = secret().take(SecureInputDone("ref", 0), SecureInputFailed("no_input"))
    assert [1, 2] == [one.count for one in call.saw(NoInputCounted)]


def test_a_shell_that_cannot_collect_goes_to_failed() -> None:
    """Its other answers are late then."""
    call = secret().take(SecureInputFailed("failed"))
    assert (["pin.failed"], ()) == (call.way, call.take(SecureInputDone("r", 5)).turn.events)


def test_a_hang_up_forgets_what_is_collected() -> None:
    """The shell is told."""
    assert ["s/1"] == [one.token for one in secret().take(HangUp()).saw(StopSecureInput)]


def test_keys_are_forgotten_before_a_secret_is_asked_for() -> None:
    """Two choices were made ahead, and one key too many is left."""
    nodes = {
        "say": Say("hello", then="menu"),
        "menu": Menu("ask", {"1": "pin", "2": "end"}, no_match="pin"),
        "pin": SECRET,
        "end": HandOff("cards"),
    }
    call = Call(flow(nodes)).press("1").press("9")
    assert ("", "secure") == (call.session.ahead, call.session.phase)
    assert "9" not in "".join(dropped.left for dropped in call.saw(KeysDropped))


class Logged(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record."""
        self.text += record.getMessage()


@given(st.lists(st.integers(0, 2), max_size=5), st.sampled_from(["voice", "chat", "sms"]))
def test_a_canary_pin_appears_nowhere(way: list[int], modality: str) -> None:
    """Whoever keys it too early, says it or writes it."""
    handler = Logged()
    logging.getLogger().addHandler(handler)
    call = Call(flow(NODES), modality=modality)
    for number in (*way, *[1, 0] * 3):
        if call.session.phase == "secure":
            break
        if number == 2 and call.session.node == "say":
            call.press(CANARY)
        elif number == 1:
            call.press("1").take(Text("1"))
        else:
            call.said()
    assert "secure" == call.session.phase
    call.press(CANARY[:3]).take(Text(CANARY), Utterance(CANARY)).press(CANARY[3:])
    assert CANARY not in traces(call)
    with pytest.raises(IllegalInput) as refused:
        call.take(Press(CANARY))
    assert CANARY not in str(refused.value) + repr(refused.value)
    call.take(SecureInputDone("ref-1", len(CANARY)))
    logging.getLogger().removeHandler(handler)
    assert CANARY not in traces(call)
    assert CANARY not in repr([Press(CANARY), Text(CANARY), Utterance(CANARY)])
    assert ("check", "") == (call.session.node, handler.text)


def test_no_more_keys_are_kept_than_the_questions_before_a_secret_use() -> None:
    """Here one: the menu's."""
    call = Call(flow(NODES)).press("1").press(CANARY)
    assert "1" == call.session.ahead
    assert ["too many keys before the question"] * len(CANARY) == [
        ignored.reason for ignored in call.saw(InputIgnored)
    ]
