"""Small Studio definitions, and a shell that talks to what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tongdai.ivr import effects, inputs
from tongdai.ivr.importers.studio import load
from tongdai.ivr.machine import Machine
from tongdai.ivr.nodes import Node
from tongdai.ivr.session import Session

Json = dict[str, Any]
EVENTS = {
    "trigger": "incomingCall incomingMessage incomingConversationMessage incomingRequest "
    "incomingParent",
    "say-play": "audioComplete",
    "gather-input-on-call": "keypress speech timeout",
    "send-message": "sent failed",
    "send-and-wait-for-reply": "incomingMessage timeout deliveryFailure",
    "set-variables": "next",
    "make-http-request": "success failed",
    "run-function": "success fail",
    "connect-call-to": "callCompleted hangup",
    "send-to-flex": "callComplete failedToEnqueue callFailure",
    "enqueue-call": "callComplete failedToEnqueue callFailure",
    "record-voicemail": "recordingComplete noAudio hangup",
    "record-call": "success failed",
    "run-subflow": "completed failed",
    "fork-stream": "next",
    "capture-payments": "success maxFailedAttempts providerError payInterrupted hangup",
    "add-twiml-redirect": "return timeout fail",
    "make-outgoing-call-v2": "answered busy noAnswer failed",
    "send-to-auto-pilot": "sessionEnded failure timeout",
    "connect-virtual-agent": "hangup return",
}


def widget(name: str, kind: str, properties: Json | None = None, /, **ways: str) -> Json:
    """Return a widget with all of its ways, of which some lead on."""
    transitions: list[Json] = [{"event": event} for event in EVENTS[kind].split()]
    for transition in transitions:
        if transition["event"] in ways:
            transition["next"] = ways[transition["event"]]
    return {
        "name": name,
        "type": kind,
        "transitions": transitions,
        "properties": {"offset": {"x": 10, "y": -20}, **(properties or {})},
    }


def split(name: str, input: str, /, *matches: tuple[str, str, str], other: str = "") -> Json:
    """Return a split: each match is (operator, value, widget)."""
    return {
        "name": name,
        "type": "split-based-on",
        "transitions": [
            {"event": "noMatch", **({"next": other} if other else {})},
            *(
                {
                    "event": "match",
                    "next": to,
                    "conditions": [
                        {
                            "friendly_name": f"If value {operator}",
                            "arguments": [input],
                            "type": operator,
                            "value": value,
                        }
                    ],
                }
                for operator, value, to in matches
            ),
        ],
        "properties": {"input": input},
    }


def document(*widgets: Json, **ways: str) -> Json:
    """Return a definition whose trigger leads to widgets, by default to the first for all."""
    first = widgets[0]["name"] if widgets else ""
    to = ways or {"incomingCall": first, "incomingMessage": first}
    return {
        "description": "A flow",
        "states": [widget("Trigger", "trigger", **to), *widgets],
        "initial_state": "Trigger",
        "flags": {"allow_concurrent_calls": True},
    }


def say(name: str, text: str | None = None, then: str = "") -> Json:
    """Return a widget that says its own name, or something else."""
    ways = {"audioComplete": then} if then else {}
    return widget(name, "say-play", {"say": name if text is None else text, "loop": 1}, **ways)


class Talk:
    """A session of an imported flow, with a shell that is prompt and obliging."""

    def __init__(
        self,
        document: Json | list[Json],
        modality: Any = "voice",  # noqa: ANN401 - a Modality, as start checks it
        functions: Mapping[str, Callable[..., object]] | None = None,
        /,
        **values: object,
    ) -> None:
        several = document if isinstance(document, list) else [document]
        made = [load(one, id=f"flow{at}" if at else "") for at, one in enumerate(several)]
        self.machine = Machine([one.flow for one in made])
        self.functions = functions or {}
        self.now = 0
        self.done: list[effects.AnyEffect] = []
        turn = self.machine.start(
            made[0].flow.id, session="s", now=0, modality=modality, values=values
        )
        self.session: Session = turn.session
        self._perform(turn.effects)

    def _perform(self, todo: tuple[effects.AnyEffect, ...]) -> None:
        for effect in todo:
            self.done.append(effect)
            if isinstance(effect, effects.Play) and self.session.modality == "voice":
                self.tell(inputs.PromptDone(effect.token))
            elif isinstance(effect, effects.CallFunction):
                function = self.functions.get(effect.function)
                if function is None:
                    self.tell(inputs.InvokeFailed(effect.call))
                else:
                    self.tell(inputs.InvokeDone(effect.call, function(**effect.args)))

    def tell(self, input: inputs.AnyInput, after: int = 0) -> Talk:
        """Tell the session something, so many microseconds later."""
        self.now += after
        turn = self.machine.step(self.session, input, self.now)
        self.session = turn.session
        self._perform(turn.effects)
        return self

    def press(self, keys: str) -> Talk:
        """Press keys, one after the other."""
        for key in keys:
            self.tell(inputs.Press(key), after=100_000)
        return self

    def wait(self, length: int) -> Talk:
        """Let time pass; the session's timer comes when it is due."""
        until = self.now + length
        while self.session.timer and self.session.until <= until:
            self.now = self.session.until
            self.tell(inputs.TimerFired(self.session.token(self.session.timer)))
        self.now = until
        return self

    def answer(self, value: object = None, *, failed: str = "") -> Talk:
        """Answer the last thing that was asked of the shell."""
        call = self.session.token(self.session.call)
        return self.tell(
            inputs.InvokeFailed(call, failed) if failed else inputs.InvokeDone(call, value)
        )

    @property
    def heard(self) -> list[str]:
        """What was said so far."""
        return [effect.text for effect in self.done if isinstance(effect, effects.Play)]

    def last(self, kind: type[Any]) -> Any:  # noqa: ANN401 - one of the effects
        """Return the last effect of a kind."""
        return [effect for effect in self.done if isinstance(effect, kind)][-1]


def node(flow: Json, name: str) -> Node:
    """Return the node of a widget."""
    return load(flow).flow.nodes[name]
