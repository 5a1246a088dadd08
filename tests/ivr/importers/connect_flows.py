"""Connect flows of our own, and a caller who goes through them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from tongdai.ivr import effects, inputs
from tongdai.ivr.importers import connect
from tongdai.ivr.machine import Machine
from tongdai.ivr.session import Session
from tongdai.model.calendar import BusinessCalendar
from tongdai.model.time import Duration

Json: TypeAlias = Any


def action(
    name: str,
    kind: str,
    parameters: Json = None,
    /,
    to: str | None = None,
    *,
    when: Sequence[tuple[str, str, str]] = (),
    **errors: str,
) -> Json:
    """Return an action; `when` are (operator, operand, target)."""
    ways: dict[str, Json] = {}
    if to is not None:
        ways["NextAction"] = to
    if to is not None or errors or when:
        ways["Errors"] = [{"NextAction": at, "ErrorType": error} for error, at in errors.items()]
        ways["Conditions"] = [
            {"NextAction": at, "Condition": {"Operator": operator, "Operands": [operand]}}
            for operator, operand, at in when
        ]
    return {
        "Identifier": name,
        "Type": kind,
        "Parameters": parameters or {},
        "Transitions": ways,
    }


def equals(**targets: str) -> list[tuple[str, str, str]]:
    """Return conditions that compare with a word."""
    return [("Equals", word, target) for word, target in targets.items()]


def document(*actions: Json, start: str = "") -> Json:
    """Return a flow of these actions; it starts with the first."""
    return {
        "Version": "2019-10-30",
        "StartAction": start or actions[0]["Identifier"],
        "Actions": list(actions),
    }


BYE = action("bye", "DisconnectParticipant")
SORRY = action("sorry", "MessageParticipant", {"Text": "Sorry."}, "bye", NoMatchingError="bye")


def normal(given: Json) -> Json:
    """Return what two documents have in common that say the same (see `connect`'s docstring)."""
    named = ("Loop", "Wait", "CheckHoursOfOperation", "MessageParticipantIteratively")
    found: dict[str, Json] = {"start": given["StartAction"]}
    for one in given["Actions"]:
        ways = one.get("Transitions", {})
        errors = sorted({(way["ErrorType"], way["NextAction"]) for way in ways.get("Errors", [])})
        conditions = [
            (way["Condition"]["Operator"], way["Condition"]["Operands"], way["NextAction"])
            for way in ways.get("Conditions", [])
        ]
        if one["Type"] in named:
            conditions = [way for at, way in enumerate(conditions) if way not in conditions[:at]]
            conditions.sort(key=repr)
        follow = ways.get("NextAction") or None
        parameters = one.get("Parameters", {})
        found[one["Identifier"]] = (one["Type"], parameters, follow, errors, conditions)
    return found


class Caller:
    """A session of an imported flow, and a shell that plays prompts at once."""

    def __init__(
        self,
        *documents: Json,
        values: Mapping[str, Any] | None = None,
        calendars: Mapping[str, BusinessCalendar] | None = None,
        modality: Any = "voice",  # noqa: ANN401 - a Modality, as `start` checks it
    ) -> None:
        flows = [
            connect.load(one, id=f"flow{at}" if at else "main").flow
            for at, one in enumerate(documents)
        ]
        self.machine = Machine(flows, calendars=calendars)
        self.now = 0
        self.done: list[Any] = []
        turn = self.machine.start(
            "main", session="s", now=0, modality=modality, values=values or {}
        )
        self.session: Session = turn.session
        self._perform(turn.effects)

    def _perform(self, todo: Sequence[Any]) -> None:
        for effect in todo:
            self.done.append(effect)
            holding = self.session.phase == "waiting"
            if isinstance(effect, effects.Play) and not holding:
                self.tell(inputs.PromptDone(effect.token))

    def tell(self, given: inputs.AnyInput) -> Caller:
        """Give the session an input."""
        turn = self.machine.step(self.session, given, self.now)
        self.session = turn.session
        self._perform(turn.effects)
        return self

    def press(self, keys: str) -> Caller:
        """Press keys."""
        for key in keys:
            self.tell(inputs.Press(key))
        return self

    def wait(self, long: Duration) -> Caller:
        """Let time pass; timers fire when they are due."""
        until = self.now + long
        for _ in range(100):
            if not self.session.timer or self.session.until > until:
                break
            if self.session.phase == "ended":
                break
            self.now = self.session.until
            self.tell(inputs.TimerFired(self.session.token(self.session.timer)))
        self.now = until
        return self

    def answer(self, value: object = None) -> Caller:
        """Answer what was called."""
        return self.tell(inputs.InvokeDone(self.last(effects.CallFunction).call, value))

    def fail(self, reason: str = "failed") -> Caller:
        """Let what was called fail."""
        return self.tell(inputs.InvokeFailed(self.last(effects.CallFunction).call, reason))

    def last(self, kind: type[Any]) -> Any:  # noqa: ANN401 - one of the effects
        """Return the last effect of a kind."""
        return [effect for effect in self.done if isinstance(effect, kind)][-1]

    def did(self, kind: type[Any]) -> bool:
        """Return whether there was such an effect."""
        return any(isinstance(effect, kind) for effect in self.done)

    @property
    def heard(self) -> list[str]:
        """What was said so far."""
        return [one.text for one in self.done if isinstance(one, effects.Play)]

    @property
    def at(self) -> str:
        """The node where the session is."""
        return self.session.node
