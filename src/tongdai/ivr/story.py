"""A session told for people: `>` what came in, `<` where it went, `!` what the customer noticed.

Rule: this shows what was said and answered, so it is for tests and for looking at one session, and
never for logs. Timers and listening are left out: they are in the turn for whoever wants them. What
was keyed as a secret is never shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tongdai.ivr import effects, events, inputs
from tongdai.ivr.effects import AnyEffect
from tongdai.ivr.events import AnyEvent
from tongdai.ivr.inputs import AnyInput
from tongdai.model.personal import Value


def story(told: AnyInput | AnyEvent | AnyEffect) -> str:
    """Return one thing as a line, or an empty text where it is not worth one."""
    match told:
        case effects.Play():
            buttons = "".join(f" [{button.label}]" for button in told.buttons)
            return f'! "{spoken(told)}"{buttons}'
        case effects.CallFunction():
            return f"! {told.function}({_named(told.args)})"
        case effects.ApplySettings():
            return f"! set {_named(told.values)}"
        case effects.GiveToQueue() | effects.ScheduleCallBack():
            return _given(told)
        case _:
            return _LINES.get(type(told), "").format(told).rstrip()


def spoken(play: effects.Play) -> str:
    """Return what a customer notices of a prompt."""
    return play.text or play.audio or play.ssml


def _named(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def _given(effect: effects.GiveToQueue | effects.ScheduleCallBack) -> str:
    what = "to queue" if isinstance(effect, effects.GiveToQueue) else "call back from queue"
    parts = [f"! {what} {effect.queue}", effect.requires]
    parts.append(f"priority {effect.priority}" if effect.priority else "")
    parts.append(f"with {_named(effect.context)}" if effect.context else "")
    return ", ".join(part for part in parts if part)


_LINES: Final[Mapping[type[Value], str]] = {
    inputs.Press: "> press {0.key}",
    inputs.Utterance: '> say "{0.text}"',
    inputs.Text: '> write "{0.text}"',
    inputs.Choose: "> choose {0.choice}",
    inputs.HangUp: "> hang up",
    inputs.TimerFired: "> time passes",
    inputs.SecureInputDone: "> a secret of {0.length} digits",
    inputs.SecureInputFailed: "> no secret: {0.reason}",
    inputs.InvokeDone: "> answer {0.value!r}",
    inputs.InvokeFailed: "> fail {0.reason}",
    inputs.QueueResult: "> queue {0.result}",
    events.SessionEnded: "< ended: {0.reason}",
    events.InputIgnored: "< ignored {0.input}: {0.reason}",
    events.Moved: "< {0.node}: {0.outcome} -> {0.to}",
    events.FlowEntered: "< into flow {0.flow}, {0.node}",
    events.FlowReturned: "< back to flow {0.flow}, {0.node}",
    events.CleanUpStarted: "< clean-up {0.node}",
    events.NodeSkipped: "< skipped {0.node}: {0.kind} cannot be run",
    events.NoInputCounted: "< {0.node}: no_input {0.count}",
    events.NoMatchCounted: "< {0.node}: no_match {0.count}",
    events.AskExpired: "< {0.node}: the question has expired",
    effects.StartSecureInput: "! collect a secret of {0.shortest} to {0.longest} digits",
    effects.StartRecording: "! record",
    effects.TransferContact: "! transfer to {0.to}",
    effects.Disconnect: "! disconnect",
}
"""How each is told; what is not here is not worth a line."""
