"""What holds for every flow, whatever comes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ivr.calls import Call, at_hand, inputs
from tongdai.errors import FlowError, IllegalInput
from tongdai.ivr import Flow, HangUp, Machine, Press, Session
from tongdai.ivr.events import CleanUpStarted, SessionEnded
from tongdai.ivr.inputs import AnyInput
from tongdai.ivr.session import apply
from tongdai.testing import flows

modalities = st.sampled_from(["voice", "chat", "sms"])


@st.composite
def calls(draw: st.DrawFn) -> Call:
    """Draw a call in a random flow that has come some way; each step was checked."""
    flow = draw(flows())
    flow = Flow("f", **{name: getattr(flow, name) for name in flow.__struct_fields__[1:]})
    call = Call(flow, modality=draw(modalities))
    for _ in range(draw(st.integers(0, 12))):
        input = draw(inputs | st.sampled_from(at_hand(call.session)))
        step(call, input, call.now + draw(st.sampled_from([0, 1, 2_000_000, 90_000_000_000])))
    return call


def step(call: Call, input: AnyInput, now: int) -> None:
    """Take a step; a restored session takes the very same one, and so does a second try."""
    before = call.session
    restored = Session.decode(before.encode())
    assert before == restored
    call.take(input, at=now)
    assert call.turn == call.machine.step(restored, input, now)
    assert "moving" != call.session.phase


@given(calls())
def test_a_session_is_the_fold_of_its_events(call: Call) -> None:
    """Replaying needs no flow, and gives the very session."""
    session: Session | None = None
    for event in call.events:
        session = apply(session, event)
    assert call.session == session


@given(calls())
def test_effect_ids_never_come_twice(call: Call) -> None:
    """So a shell can tell a repeat from something new."""
    ids = [effect.id for effect in call.effects]
    assert sorted(set(ids)) == sorted(ids)


@given(calls())
def test_an_input_that_is_seen_is_taken_once(call: Call) -> None:
    """Its id tells."""
    press = Press("1", id="p1")
    call.take(press)
    after = call.session
    if call.turn.events:
        call.take(press)
        assert (after, (), ()) == (call.session, call.turn.events, call.turn.effects)


@given(calls())
def test_pending_changes_nothing_and_names_what_is_under_way(call: Call) -> None:
    """The timer, and what was asked of the shell."""
    session = call.session
    waiting = [session.timer] if session.timer else []
    if session.phase in ("calling", "understanding", "handed_off"):
        waiting.append(session.call)
    found = call.machine.pending(session)
    tokens = {getattr(effect, "token", "") or getattr(effect, "call", "") for effect in found}
    assert {session.token(number) for number in waiting} == tokens


@given(calls(), st.lists(inputs, max_size=4))
def test_a_hang_up_cleans_up_once_and_ends_once(call: Call, later: list[AnyInput]) -> None:
    """Whenever it comes, and whatever comes after it."""
    call.take(HangUp()).take(HangUp())
    for input in later:
        call.take(input)
    for _ in range(20):
        if not call.session.ended:
            call.answer("gold", at=call.now + 1)
    cleaned = len(call.saw(CleanUpStarted))
    assert cleaned <= 1
    assert cleaned == 1 or call.reason not in ("", "hang_up")  # (or it had ended already)
    assert len(call.saw(SessionEnded)) <= 1
    assert len(call.saw(SessionEnded)) == call.session.ended


@given(calls(), st.integers(-(2**70), 2**70))
def test_time_never_runs_backwards(call: Call, now: int) -> None:
    """An instant that is none is refused; an earlier one counts as the last."""
    try:
        call.take(Press("1"), at=now)
    except IllegalInput:
        return
    instants = [event.at for event in call.events]
    assert sorted(instants) == instants


@given(calls())
def test_a_flow_that_is_gone_is_named(call: Call) -> None:
    """The session itself stays as it was."""
    if not call.session.ended:
        with pytest.raises(FlowError, match="f"):
            Machine([]).step(call.session, HangUp(), call.now)
