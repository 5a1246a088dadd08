"""What each input does to a session, and what a deadline does that has passed.

Rule: one function for each input, named after it. What answers something that is over (an old
token, an old call) changes nothing, and leaves no event. What a customer does where it means
nothing is an `InputIgnored`, so that whoever carries messages knows that nobody read it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.ivr import asking, effects, entering, events, inputs, nodes
from tongdai.ivr.checks import KEYS
from tongdai.ivr.inputs import AnyInput
from tongdai.ivr.plain import LONGEST, kept
from tongdai.ivr.run import Run
from tongdai.ivr.session import Session
from tongdai.model.text import check_text
from tongdai.model.time import Instant

MOST_DEADLINES: Final = 100
"""Deadlines that are lived through at their own instants in one step; later ones fall due now."""

_QUESTIONS: Final = (nodes.Menu, nodes.Collect)
_OF_CUSTOMER: Final = (inputs.Press, inputs.Utterance, inputs.Text, inputs.Choose)


# --- time -----------------------------------------------------------------------------------------


def live(run: Run, input: AnyInput, now: Instant) -> bool:
    """Live through the deadlines up to now, each at its own instant; return whether it ended."""
    session = run.session
    if isinstance(input, inputs.TimerFired) and _current(session, session.timer, input.token):
        now = max(now, session.until)  # (a shell whose clock is a little ahead)
    lived = 0
    while run.session.timer and run.session.until <= now:
        lived += 1
        run.now = run.session.until if lived <= MOST_DEADLINES else now
        _deadline(run)
        entering.settle(run)
        if lived > 2 * MOST_DEADLINES:
            run.finish("error.spin")
    run.now = now
    return run.session.phase == "ended"


def _deadline(run: Run) -> None:
    here = run.here
    phase = run.session.phase
    if phase == "listening":
        asking.silent(run, here)
    elif phase == "understanding":
        asking.not_understood(run, here)
    elif phase == "calling":
        _failed(run, "timeout")
    else:
        if run.session.prompt:
            run.do(effects.StopAudio(run.session.token(run.session.prompt)))
        run.take("then")


def _timer_fired(_run: Run, input: inputs.TimerFired) -> None:
    _text(input.token, "TimerFired.token")  # (`live` has done what there was to do)


# --- from the customer ----------------------------------------------------------------------------


def _press(run: Run, input: inputs.Press) -> None:
    key = input.key
    if not isinstance(key, str) or key not in KEYS:
        raise IllegalInput("Press.key: expected one key, 0 to 9, * or # or A to D")
    session = run.session
    phase = session.phase
    if session.modality != "voice" or session.cleaning:
        run.ignore(input, "nobody listens to keys")
    elif session.late == key and run.now < session.grace:
        run.emit(events.TerminatorSwallowed(run.id))
    elif phase == "listening":
        _drop_timer(run)
        asking.read_key(run, run.here, key, "")
    elif phase == "speaking" and run.here.asks:
        if run.here.question.saying.barge_in:
            run.quiet()
            asking.read_key(run, run.here, key, "")
        else:
            _keep(run, input)
    elif phase == "speaking" and run.here.sayings[0].barge_in:
        run.quiet()
        _keep(run, input)
        run.take("then")
    elif phase == "waiting" and "interrupted" in run.here.ways:
        run.quiet()
        run.take("interrupted")
    elif phase in _KEEPING:
        _keep(run, input)
    else:
        run.ignore(input, _DEAF.get(phase, "nothing is asked"))


def _keep(run: Run, input: inputs.Press) -> None:
    if len(run.session.ahead) >= run.here.room:
        run.ignore(input, "too many keys before the question")
    else:
        run.emit(events.KeyKept(run.id, input.key))


def _utterance(run: Run, input: inputs.Utterance) -> None:
    _text(input.text, "Utterance.text")
    session = run.session
    question = run.here.question if run.here.asks else None
    if session.modality != "voice" or session.cleaning:
        run.ignore(input, "nobody listens to speech")
    elif session.phase == "waiting" and "interrupted" in run.here.ways:
        run.quiet()
        run.take("interrupted")
    elif question is None or session.phase not in ("speaking", "listening"):
        run.ignore(input, _DEAF.get(session.phase, "nothing is asked"))
    elif not question.speech:
        run.ignore(input, "the question is answered by keys")
    elif session.keys:
        run.ignore(input, "keys answer already")
    elif session.phase == "speaking" and not question.saying.barge_in:
        run.ignore(input, "the prompt is not cut short")
    else:
        run.quiet()
        asking.read_words(run, run.here, input.text)


def _text_input(run: Run, input: inputs.Text) -> None:
    _text(input.text, "Text.text")
    if _reads(run, input):
        _drop_timer(run)
        asking.read_words(run, run.here, input.text)


def _choose(run: Run, input: inputs.Choose) -> None:
    _text(input.choice, "Choose.choice")
    _text(input.token, "Choose.token")
    session = run.session
    if (
        session.phase != "expired"
        and input.token
        and not _current(session, session.prompt, input.token)
    ):
        run.ignore(input, "the button is of an older question")
    elif _reads(run, input):
        _drop_timer(run)
        if input.choice in run.here.question.ways:
            asking.fill(run, run.here, input.choice)
        else:
            asking.fail(run, run.here, "no_match", input.choice)


def _reads(run: Run, input: inputs.Text | inputs.Choose) -> bool:
    """Return whether a question is there to read a message; else say what becomes of it."""
    session = run.session
    if session.modality == "voice" or session.cleaning:
        run.ignore(input, "nobody reads messages")
    elif session.phase == "listening":
        return True
    elif session.phase == "expired":
        _late_reply(run)
    elif session.phase == "waiting" and "interrupted" in run.here.ways:
        run.quiet()
        run.take("interrupted")
    else:
        run.ignore(input, _DEAF.get(session.phase, "nothing is asked"))
    return False


def _late_reply(run: Run) -> None:
    to = run.here.ways.get("expired") or run.flow.flow.expired
    if to is not None:
        run.take("expired", to=to)
        return
    run.emit(events.Moved(run.id, run.here.name, "expired", ""))
    run.finish("expired")


def _hang_up(run: Run, input: inputs.HangUp) -> None:  # noqa: ARG001 - it says nothing more
    session = run.session
    if session.cleaning:
        return
    _drop_timer(run)
    if session.phase == "secure":
        run.do(effects.StopSecureInput(session.token(session.prompt)))
    flow = run.flow
    for frame in reversed(session.stack):
        if flow.flow.on_hangup:
            break
        flow = run.machine.ready(frame.flow, frame.version, frame.hash)
    run.flow = flow
    first = flow.flow.on_hangup
    run.emit(events.CleanUpStarted(run.id, flow.flow.id, flow.flow.version, flow.hash, first))
    if first:
        run.next = first
    else:
        run.finish("hang_up")


# --- from the shell -------------------------------------------------------------------------------


def _prompt_done(run: Run, input: inputs.PromptDone) -> None:
    _text(input.token, "PromptDone.token")
    session = run.session
    if not _current(session, session.prompt, input.token):
        return
    if session.phase == "speaking":
        _said(run)
    elif session.phase == "waiting" and session.modality == "voice":
        entering.meanwhile(run, run.here, session.turn + 1)


def _said(run: Run) -> None:
    if run.here.asks:
        asking.prompt_done(run, run.here)
    else:
        run.take("then")


def _secure_input_done(run: Run, input: inputs.SecureInputDone) -> None:
    _text(input.reference, "SecureInputDone.reference")
    length: object = input.length
    if isinstance(length, bool) or not isinstance(length, int) or length < 0:
        raise IllegalInput("SecureInputDone.length: expected how many digits, a whole number")
    if _secures(run, input.token):
        asking.fill_secret(run, run.here, input.reference, length)


def _secure_input_failed(run: Run, input: inputs.SecureInputFailed) -> None:
    if input.reason not in ("no_input", "no_match", "failed"):
        raise IllegalInput("SecureInputFailed.reason: expected no_input, no_match or failed")
    if not _secures(run, input.token):
        return
    if input.reason == "failed":
        run.take("failed")
    else:
        asking.fail(run, run.here, input.reason)


def _secures(run: Run, token: str) -> bool:
    _text(token, "SecureInputDone.token")
    session = run.session
    return session.phase == "secure" and (not token or _current(session, session.prompt, token))


def _invoke_done(run: Run, input: inputs.InvokeDone) -> None:
    _text(input.call, "InvokeDone.call")
    session = run.session
    if not _current(session, session.call, input.call) or session.phase not in _CALLING:
        return
    here = run.here
    value = kept(input.value, "InvokeDone.value")
    _drop_timer(run)
    if session.phase == "understanding":
        asking.understood(run, here, value)
        return
    outcome = "done" if isinstance(here.node, (nodes.Invoke, nodes.Transfer)) else "then"
    into = here.node.into if isinstance(here.node, (nodes.Invoke, nodes.Record)) else ""
    run.emit(events.Answered(run.id, here.name, outcome, into, value if into else None))
    run.take(outcome)


def _invoke_failed(run: Run, input: inputs.InvokeFailed) -> None:
    _text(input.call, "InvokeFailed.call")
    _text(input.reason, "InvokeFailed.reason")
    session = run.session
    if session.phase == "speaking" and _current(session, session.prompt, input.call):
        if "failed" in run.here.ways:
            run.take("failed")
        else:
            _said(run)
    elif _unsent(session, input.call) and "failed" in run.here.ways:
        _drop_timer(run)
        run.take("failed")
    elif session.phase in _CALLING and _current(session, session.call, input.call):
        _drop_timer(run)
        if session.phase == "understanding":
            asking.not_understood(run, run.here)
        else:
            _failed(run, input.reason)


def _unsent(session: Session, token: str) -> bool:
    """Return whether a question that could not be sent is the one at hand."""
    messages = session.phase == "listening" and session.modality != "voice"
    return messages and _current(session, session.prompt, token)


def _failed(run: Run, reason: str) -> None:
    """What was asked of the shell failed: take the outcome of that name, if there is one."""
    here = run.here
    error = f"errors[{reason}]"
    outcome = "failed"
    if error in here.ways:
        outcome = error
    elif reason in _NAMED and reason in here.ways:
        outcome = reason
    run.emit(events.Answered(run.id, here.name, outcome))
    run.take(outcome)


def _queue_result(run: Run, input: inputs.QueueResult) -> None:
    if input.result not in _RESULTS:
        raise IllegalInput(f"QueueResult.result: expected one of {', '.join(_RESULTS)}")
    _text(input.call, "QueueResult.call")
    session = run.session
    if session.phase != "handed_off":
        return
    if input.call and not _current(session, session.call, input.call):
        return
    if input.result in ("full", "closed", "failed"):
        run.take(input.result)
    elif "then" not in run.here.ways:
        run.finish("handed_off", disconnect=False)
    elif input.result == "ended":
        run.take("then")


def after_end(run: Run, input: AnyInput) -> None:
    """Say that nobody reads what comes after the end."""
    if isinstance(input, _OF_CUSTOMER):
        run.ignore(input, "the session has ended")


# --- helpers --------------------------------------------------------------------------------------


def _drop_timer(run: Run) -> None:
    if run.session.timer:
        run.do(effects.CancelTimer(run.session.token(run.session.timer)))


def _current(session: Session, number: int, token: str) -> bool:
    """Return whether a token is that of what is under way."""
    return bool(number) and session.token(number) == token


def _text(value: object, field: str) -> None:
    """Raise an error that names the field, and never the value, unless this is text of some length.

    Raises:
        IllegalInput: it is not.
    """
    try:
        check_text(value, field)
    except ConfigurationError as error:
        raise IllegalInput(str(error)) from error
    if len(cast("str", value)) > LONGEST:
        raise IllegalInput(f"{field}: is too long; at most {LONGEST} characters")


_CALLING: Final = frozenset({"calling", "understanding"})
_KEEPING: Final = frozenset({"speaking", "calling", "understanding", "waiting"})
_NAMED: Final = frozenset({"busy", "no_answer", "no_input"})
_RESULTS: Final = ("taken", "full", "closed", "failed", "ended")
_DEAF: Final[Mapping[str, str]] = {
    "secure": "a secret is collected",
    "calling": "the application is at work",
    "understanding": "the application is at work",
    "waiting": "the flow waits",
    "handed_off": "a queue has the contact",
}

HANDLERS: Final[Mapping[type[Any], Callable[[Run, Any], None]]] = {
    inputs.Press: _press,
    inputs.Utterance: _utterance,
    inputs.Text: _text_input,
    inputs.Choose: _choose,
    inputs.HangUp: _hang_up,
    inputs.PromptDone: _prompt_done,
    inputs.TimerFired: _timer_fired,
    inputs.SecureInputDone: _secure_input_done,
    inputs.SecureInputFailed: _secure_input_failed,
    inputs.InvokeDone: _invoke_done,
    inputs.InvokeFailed: _invoke_failed,
    inputs.QueueResult: _queue_result,
}
"""Who takes which input."""
