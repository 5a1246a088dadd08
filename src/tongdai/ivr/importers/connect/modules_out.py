"""The flow language as Amazon Connect's older export.

Rule: the way back of `modules.py`, function by function. An action that the older export has no
module for gives an error that names it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn, cast

from tongdai.errors import ConfigurationError
from tongdai.ivr.importers.connect.actions import (
    Action,
    Condition,
    as_flag,
    as_number,
    as_object,
    copied,
)
from tongdai.ivr.importers.connect.modules import (
    BACK,
    METRIC,
    OLDER,
    RECORDED,
    UNKNOWN,
    space_of,
)
from tongdai.ivr.importers.connect.shapes import RENAMED, SHAPES, Shape

_FIRST: Final = {shape.kind: key for key, shape in reversed(tuple(SHAPES.items()))}
_TRACKS: Final = {"From": "FromCustomer", "To": "ToCustomer"}


class _Out:
    """A module that is being written."""

    def __init__(self, action: Action, older: Mapping[str, Any]) -> None:
        self.action = action
        self.older = older
        literal: object = older.get("literal", ())
        self._literal = {*map(str, cast("Sequence[Any]", literal))}
        self.parameters: list[dict[str, Any]] = []
        self.left: dict[str, Any] = copied(action.parameters)
        self.conditions = list(action.conditions)

    def fail(self, why: str) -> NoReturn:
        """Raise an error that names the node."""
        raise ConfigurationError(f"node {self.action.id}: the older export has no {why}")

    def put(self, name: str, value: object, label: str = "", key: object = None) -> None:
        """Add a parameter."""
        label = label or name
        made: dict[str, Any] = {"name": name, "value": value}
        if label not in self._literal:
            made["value"], space = space_of(value)
            if space is not None:
                made["namespace"] = space
        if key is not None:
            made["key"] = key
        names = as_object(self.older.get("names"))
        if label in names:
            made["resourceName"] = names[label]
        self.parameters.append(made)

    def take(self, path: str) -> object:
        """Return a parameter of the action and take it out; `None` where it is not there."""
        *way, last = path.split(".")
        here = self.left
        for step in way:
            inner: object = here.get(step)
            if not isinstance(inner, dict):
                return None
            here = cast("dict[str, Any]", inner)
        return here.pop(last, None)


def from_actions(
    document: Mapping[str, Any], actions: list[tuple[Action, Mapping[str, Any]]]
) -> dict[str, Any]:
    """Return a document in the older format.

    Args:
        document: all of it but its actions, in the flow language.
        actions: each with what only the older spelling has.

    Raises:
        ConfigurationError: an action has no module that says the same; names the node.
    """
    metadata = dict(document.get("Metadata", {}))
    places = metadata.pop("ActionMetadata", {})
    made: dict[str, Any] = {"modules": []}
    for action, older in actions:
        module = _module(action, older)
        module["metadata"] = places.get(action.id, {})
        made["modules"].append(module)
    return {
        **made,
        "version": "1",
        "type": "contactFlow",
        "start": document["StartAction"],
        "metadata": metadata,
        **document.get(OLDER, {}),
    }


def _module(action: Action, older: Mapping[str, Any]) -> dict[str, Any]:
    if action.kind.startswith(UNKNOWN):
        return _unknown(action)
    out = _Out(action, older)
    key = next((old for old in RENAMED if [*old] == older.get("was")), _guessed(out))
    if older.get("was") == ["SetContactFlow", ""]:
        key = ("SetContactFlow", "")
    shape = SHAPES.get(RENAMED.get(key, key))
    if shape is None or shape.kind != action.kind:
        key = _guessed(out)
        shape = SHAPES.get(key)
    if shape is None:
        out.fail(action.kind)
    kind = RENAMED.get(key, key)[0]
    for name, path in shape.parameters.items():
        if (value := out.take(path)) is not None:
            out.put(name, value)
    _IRREGULAR.get(kind, _nothing)(out, kind)
    branches = _branches(out, shape, kind)
    if any(value not in ({}, None) for value in out.left.values()):
        out.fail(f"{', '.join(out.left)} in {kind}")
    more = [dict(one) for one in older.get("more", ())]
    made: dict[str, Any] = {
        "id": action.id,
        "type": key[0],
        "branches": branches,
        "parameters": [*out.parameters, *more],
    }
    if key[1]:
        made["target"] = key[1]
    return made


def _guessed(out: _Out) -> tuple[str, str]:
    """Return the module that says the same."""
    kind, parameters = out.action.kind, out.action.parameters
    if kind == "GetParticipantInput":
        stored = as_flag(parameters.get("StoreInput", False))
        return ("StoreUserInput", "") if stored else ("GetUserInput", "Digits")
    if kind == "CheckMetricData" and not str(parameters.get("MetricType")).startswith(METRIC):
        return "CheckQueueStatus", ""
    if kind == "UpdateContactMediaStreamingBehavior":
        on = parameters.get("MediaStreamingState") == "Enabled"
        return ("StartMediaStreaming" if on else "StopMediaStreaming"), ""
    return _FIRST.get(kind, (kind, ""))


def _branches(out: _Out, shape: Shape, kind: str) -> list[dict[str, Any]]:
    results = {result: way for way, result in shape.results.items()}
    branches: list[dict[str, Any]] = []
    below = 1
    for one in out.conditions:
        operand = one.operand
        if kind == "CheckStaffing":
            branches.append({"condition": "True", "transition": one.target})
        elif operand in results:
            branches.append({"condition": results[operand], "transition": one.target})
        elif results:
            out.fail(f"result {operand} in {kind}")
        else:
            branches.append(_evaluated(out, one, kind, below))
            below = as_number(operand) or below
    if shape.next and out.action.next is not None:
        branches.append({"condition": shape.next, "transition": out.action.next})
    errors = {error: way for way, error in shape.errors.items()}
    for error, target in out.action.errors:
        if error not in errors:
            out.fail(f"error {error} in {kind}")
        branches.append({"condition": errors[error], "transition": target})
    return branches


def _evaluated(out: _Out, one: Condition, kind: str, below: int) -> dict[str, Any]:
    """Return the branch of a condition that compares."""
    value: object = one.operand
    sign, name = BACK.get(one.operator), "Evaluate"
    if kind == "PercentileBranching":
        sign, value = "Equals", str((as_number(value) or below) - below)
    elif kind == "CheckQueueStatus":
        name, value = "CheckQueueTime", (as_number(value) or 0) * 1000
    if sign is None:
        out.fail(f"operator {one.operator}")
    return {
        "condition": name,
        "conditionType": sign,
        "conditionValue": value,
        "transition": one.target,
    }


def _unknown(action: Action) -> dict[str, Any]:
    branches: list[dict[str, Any]] = []
    for one in action.conditions:
        branch: dict[str, Any] = {"condition": one.operator, "transition": one.target}
        pairs = zip(("conditionType", "conditionValue"), one.operands, strict=False)
        branch.update((name, value) for name, value in pairs if value is not None)
        branches.append(branch)
    branches.extend({"condition": "Error", "transition": target} for _, target in action.errors)
    made: dict[str, Any] = {
        "id": action.id,
        "type": action.kind.removeprefix(UNKNOWN),
        "branches": branches,
        "parameters": [dict(one) for one in action.parameters.get("parameters", [])],
    }
    if "target" in action.parameters:
        made["target"] = action.parameters["target"]
    return made


# --- what is more than other names ----------------------------------------------------------------


def _nothing(_out: _Out, _kind: str) -> None:
    """Leave it."""


def _prompt(out: _Out, _kind: str) -> None:
    for path, name, spoken in (
        ("Text", "Text", "text"),
        ("SSML", "Text", "ssml"),
        ("PromptId", "AudioPrompt", ""),
    ):
        if (value := out.take(path)) is not None:
            out.put(name, value)
            if spoken:
                out.put("TextToSpeechType", spoken)


def _input(out: _Out, kind: str) -> None:
    _prompt(out, kind)
    if out.action.kind == "ConnectParticipantWithLexBot":
        return
    out.take("StoreInput")
    if kind == "GetUserInput":
        out.put("MaxDigits", "1")
        return
    secret = "InputEncryption" in out.action.parameters
    was: object = out.older.get("secret")
    if was != [] or secret:
        out.put("EncryptEntry", was if as_flag(was) is secret else secret)
    out.put("CustomerInputType", "Custom")
    for holder in ("InputValidation", "InputEncryption", "DTMFConfiguration"):
        rest = out.left.get(holder)
        if rest in ({}, {"CustomValidation": {}}):
            out.take(holder)


def _attributes(out: _Out, _kind: str) -> None:
    _pairs(out, "Attributes", "Attribute")


def _arguments(out: _Out, _kind: str) -> None:
    _pairs(out, "LambdaInvocationAttributes", "Parameter")


def _pairs(out: _Out, path: str, name: str) -> None:
    for key, value in as_object(out.take(path)).items():
        out.put(name, value, f"{name}/{key}", key)


def _attribute(out: _Out, _kind: str) -> None:
    value = out.take("ComparisonValue")
    key, space = space_of(value)
    if space is None:
        out.fail(f"comparison with {value!r:.60}")
    out.parameters.append({"name": "Attribute", "value": key})
    out.parameters.append({"name": "Namespace", "value": space})


def _transfer(out: _Out, _kind: str) -> None:
    if out.action.kind == "TransferParticipantToThirdParty":
        goes_on = as_flag(out.take("ContinueFlowExecution"))
        out.put("BlindTransfer", goes_on is False)


def _logging(out: _Out, _kind: str) -> None:
    out.put("LoggingBehavior", _switch(out, out.take("FlowLoggingBehavior")))


def _switch(out: _Out, value: object) -> str:
    switched = {"Enabled": "Enable", "Disabled": "Disable"}.get(str(value))
    if switched is None:
        out.fail(f"value {value!r:.40}")
    return switched


def _messages(out: _Out, _kind: str) -> None:
    messages = cast("list[Mapping[str, Any]]", out.take("Messages") or [])
    keys = cast("list[Any]", out.older.get("keys", ()))
    for at, message in enumerate(messages):
        ((way, value),) = message.items()
        name = "AudioPrompt" if way == "PromptId" else "Text"
        usual = {"Text": "text", "SSML": "ssml"}.get(way)
        kept = keys[at] if at < len(keys) else usual
        out.put(name, value, f"Messages/{at}", usual if way == "SSML" else kept)


def _recording(out: _Out, _kind: str) -> None:
    behavior = as_object(out.take("RecordingBehavior"))
    recorded: object = behavior.get("RecordedParticipants")
    if recorded == []:
        out.put("RecordingBehaviorOption", "Disable")
        out.put("RecordingParticipantOption", out.older.get("who", "Both"))
        return
    who = next((name for name, both in RECORDED.items() if both == recorded), None)
    if who is None or behavior != {"RecordedParticipants": recorded}:
        out.fail(f"recording of {recorded!r:.60}")
    out.put("RecordingBehaviorOption", "Enable")
    out.put("RecordingParticipantOption", who)


def _staffing(out: _Out, kind: str) -> None:
    metric = str(out.take("MetricType"))
    if kind == "CheckStaffing":
        out.put("Status", metric.removeprefix(METRIC))


def _wait(out: _Out, _kind: str) -> None:
    if out.take("Events") == ["CustomerReturned"]:
        out.put("InterruptOnCustomerReturn", "true")


def _streams(out: _Out, _kind: str) -> None:
    participants = out.take("Participants")
    out.take("MediaStreamingState")
    both = ([way] for way in _TRACKS)
    for ways in (*both, [*_TRACKS], [*reversed(_TRACKS)]):
        if participants == [{"ParticipantType": "Customer", "MediaDirections": ways}]:
            for way in ways:
                out.put("Track", _TRACKS[way])
            break
    else:
        out.fail(f"streaming of {participants!r:.60}")
    out.put("MediaStreamTypes", out.take("MediaStreamType"))


def _hook(out: _Out, kind: str) -> None:
    hooks = as_object(out.take("EventHooks"))
    if len(hooks) != 1:
        out.fail(f"{kind} of several hooks")
    ((hook, flow),) = hooks.items()
    out.put("Type", hook)
    out.put("ContactFlowId", flow)


_IRREGULAR: Final[Mapping[str, Callable[[_Out, str], None]]] = {
    "PlayPrompt": _prompt,
    "GetUserInput": _input,
    "StoreUserInput": _input,
    "SetAttributes": _attributes,
    "InvokeExternalResource": _arguments,
    "CheckAttribute": _attribute,
    "Transfer": _transfer,
    "SetLoggingBehavior": _logging,
    "LoopPrompts": _messages,
    "SetRecordingBehavior": _recording,
    "CheckStaffing": _staffing,
    "CheckQueueStatus": _staffing,
    "Wait": _wait,
    "StartMediaStreaming": _streams,
    "StopMediaStreaming": _streams,
    "SetEventHook": _hook,
    "SetContactFlow": _hook,
}
