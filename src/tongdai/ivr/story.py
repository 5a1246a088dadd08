"""A session told for people: `>` what came in, `<` where it went, `!` what the customer noticed.

Rule: this shows what was said and answered, so it is for tests and for looking at one session, and
never for logs. Timers and listening are left out: they are in the turn for whoever wants them. What
was keyed as a secret is never shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tongdai.ivr import effects, events, inputs
from tongdai.ivr.effects import AnyEffect
from tongdai.ivr.events import AnyEvent
from tongdai.ivr.inputs import AnyInput
from tongdai.model.personal import Value


def story(told: AnyInput | AnyEvent | AnyEffect) -> str:
    """Return one thing as a line, or an empty text where it is not worth one."""
    line = _LINES.get(type(told))
    return line(told) if line is not None else ""


def spoken(play: effects.Play) -> str:
    """Return what a customer notices of a prompt."""
    return play.text or play.audio or play.ssml


def _play(play: effects.Play) -> str:
    buttons = "".join(f" [{button.label}]" for button in play.buttons)
    return f'! "{spoken(play)}"{buttons}'


def _named(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())


def _moved(event: events.Moved) -> str:
    return f"< {event.node}: {event.outcome} -> {event.to or 'nowhere'}"


def _given(effect: effects.GiveToQueue | effects.ScheduleCallBack) -> str:
    what = "to queue" if isinstance(effect, effects.GiveToQueue) else "call back from queue"
    parts = [f"! {what} {effect.queue}", effect.requires]
    parts.append(f"priority {effect.priority}" if effect.priority else "")
    parts.append(f"with {_named(effect.context)}" if effect.context else "")
    return ", ".join(part for part in parts if part)


_LINES: Mapping[type[Value], Any] = {
    inputs.Press: lambda one: f"> press {one.key}",
    inputs.Utterance: lambda one: f'> say "{one.text}"',
    inputs.Text: lambda one: f'> write "{one.text}"',
    inputs.Choose: lambda one: f"> choose {one.choice}",
    inputs.HangUp: lambda _: "> hang up",
    inputs.TimerFired: lambda _: "> time passes",
    inputs.SecureInputDone: lambda one: f"> a secret of {one.length} digits",
    inputs.SecureInputFailed: lambda one: f"> no secret: {one.reason}",
    inputs.InvokeDone: lambda one: f"> answer {one.value!r}",
    inputs.InvokeFailed: lambda one: f"> fail {one.reason}",
    inputs.QueueResult: lambda one: f"> queue {one.result}",
    events.SessionEnded: lambda one: f"< ended: {one.reason}",
    events.InputIgnored: lambda one: f"< ignored {one.input}: {one.reason}",
    events.Moved: _moved,
    events.FlowEntered: lambda one: f"< into flow {one.flow}, {one.node}",
    events.FlowReturned: lambda one: f"< back to flow {one.flow}, {one.node}",
    events.CleanUpStarted: lambda one: f"< clean-up {one.node}".rstrip(),
    events.NodeSkipped: lambda one: f"< skipped {one.node}: {one.kind} cannot be run",
    events.NoInputCounted: lambda one: f"< {one.node}: no_input {one.count}",
    events.NoMatchCounted: lambda one: f"< {one.node}: no_match {one.count}",
    events.AskExpired: lambda one: f"< {one.node}: the question has expired",
    effects.Play: _play,
    effects.StartSecureInput: lambda one: f"! collect a secret of {one.shortest} to {one.longest}",
    effects.CallFunction: lambda one: f"! {one.function}({_named(one.args)})",
    effects.GiveToQueue: _given,
    effects.ScheduleCallBack: _given,
    effects.StartRecording: lambda _: "! record",
    effects.TransferContact: lambda one: f"! transfer to {one.to}",
    effects.ApplySettings: lambda one: f"! set {_named(one.values)}",
    effects.Disconnect: lambda _: "! disconnect",
}
