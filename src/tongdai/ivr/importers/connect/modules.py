"""Amazon Connect's older export (`modules`), as the flow language and back.

Rule: a module and the action that says the same are two spellings, so this is plain data to plain
data, both ways; what it means is told once, in the readers of actions. What only the older spelling
has (the names of resources, say) stands beside the action as `modules`, and so in a node's `extra`.
A module without a row in `shapes.py` becomes an action `modules:<its type>`, which nothing reads.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import attrs

from tongdai.errors import ConfigurationError
from tongdai.ivr.importers.connect.actions import as_flag, as_number, as_object
from tongdai.ivr.importers.connect.shapes import OPERATORS, RENAMED, SHAPES, SPACES, SYSTEM, Shape

OLDER: Final = "modules"
"""The name beside an action, and beside the actions of a document."""

UNKNOWN: Final = "modules:"
_PATH: Final = re.compile(r"[^\W\d]\w*(?:-+\w+)*(?:\.\w+(?:-+\w+)*)*")
_EVALUATE: Final = ("Evaluate", "CheckQueueTime")
BACK: Final = {name: sign for sign, name in OPERATORS.items()}
_SYSTEM_BACK: Final = {path: name for name, path in SYSTEM.items()}
RECORDED: Final = {"Both": ["Agent", "Customer"], "Agent": ["Agent"], "Customer": ["Customer"]}
METRIC: Final = "NumberOfAgents"
_OLDEST: Final = "OldestContactInQueueAgeSeconds"


class _Strange(Exception):
    """This module has no action that says the same."""


# --- values ---------------------------------------------------------------------------------------


def _value(parameter: Mapping[str, Any]) -> object:
    """Return a parameter's value as actions write it."""
    value, space = parameter.get("value"), parameter.get("namespace")
    if not space:
        return value
    if not isinstance(value, str) or not isinstance(space, str):
        raise _Strange
    return _reference(space, value)


def _reference(space: str, key: str) -> str:
    if space == "System":
        if key not in SYSTEM and not _PATH.fullmatch(key):
            raise _Strange
        return SYSTEM.get(key, f"$.{key}")
    root = SPACES.get(space)
    if root is None or not key or "'" in key or "]" in key:
        raise _Strange
    return f"$.{root}.{key}" if _PATH.fullmatch(key) else f"$.{root}['{key}']"


def space_of(value: object) -> tuple[object, str | None]:
    """Return a value as modules write it, and its name space."""
    if not isinstance(value, str) or not value.startswith("$."):
        return value, None
    if value in _SYSTEM_BACK:
        return _SYSTEM_BACK[value], "System"
    for space, root in SPACES.items():
        rest = value.removeprefix(f"$.{root}")
        if rest != value:
            key = rest[1:] if rest[:1] == "." else rest[2:-2]
            if (key and _made(space, key)) == value:
                return key, space
    if _PATH.fullmatch(value[2:]):
        return value[2:], "System"
    return value, None


def _made(space: str, key: str) -> str:
    try:
        return _reference(space, key)
    except _Strange:
        return ""


# --- from modules ---------------------------------------------------------------------------------


class _Module:
    """A module that is being read."""

    def __init__(self, module: Mapping[str, Any], where: str) -> None:
        self.kind = _text(module, "type", where)
        self.id = _text(module, "id", where)
        self.target = _text(module, "target", where) if "target" in module else ""
        self.parameters = _objects(module.get("parameters", []), f"{where}.parameters")
        self.branches = _objects(module.get("branches", []), f"{where}.branches")
        for at, branch in enumerate(self.branches):
            _text(branch, "condition", f"{where}.branches[{at}]")
            _text(branch, "transition", f"{where}.branches[{at}]")
        self._taken: set[int] = set()
        self.older: dict[str, Any] = {}

    @property
    def left(self) -> list[Mapping[str, Any]]:
        """The parameters that nobody has taken."""
        return [one for one in self.parameters if id(one) not in self._taken]

    def take(self, name: str) -> object:
        """Return the value of a parameter as actions write it; `None` where it is not there."""
        found = self.every(name)
        if not found:
            return None
        if len(found) > 1:
            raise _Strange
        return self.value(found[0], name)

    def value(self, parameter: Mapping[str, Any], label: str) -> object:
        """Return a parameter's value, take it, and keep what only modules say of it."""
        self._taken.add(id(parameter))
        value = _value(parameter)
        if not parameter.get("namespace") and space_of(value)[1] is not None:
            self.older.setdefault("literal", []).append(label)
        if "resourceName" in parameter:
            self.older.setdefault("names", {})[label] = parameter["resourceName"]
        return value

    def every(self, name: str) -> list[Mapping[str, Any]]:
        """Return all parameters of one name."""
        return [one for one in self.left if one.get("name") == name]


def to_actions(document: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the document in the flow language, and what it calls each step.

    Raises:
        ConfigurationError: it has not the shape of an older export; says where.
    """
    modules = _objects(document.get("modules", []), "connect: modules")
    metadata = as_object(document.get("metadata"))
    actions: list[dict[str, Any]] = []
    places: dict[str, Any] = {}
    kinds: list[str] = []
    for at, given in enumerate(modules):
        module = _Module(given, f"connect: modules[{at}]")
        kinds.append(module.kind)
        actions.append(_action(module))
        about = as_object(given.get("metadata"))
        if "position" in about:
            places[module.id] = {"position": about["position"]}
    beside = {key: document[key] for key in ("version", "type") if key in document}
    made = {
        "StartAction": document.get("start"),
        "Metadata": {**metadata, "ActionMetadata": places},
        "Actions": actions,
        OLDER: beside,
    }
    return made, tuple(kinds)


def _action(module: _Module) -> dict[str, Any]:
    key = (module.kind, module.target)
    shape = SHAPES.get(RENAMED.get(key, key))
    if shape is not None:
        try:
            return _shaped(module, shape)
        except _Strange:
            pass
    parameters: dict[str, Any] = {"parameters": [*module.parameters]}
    if module.target:
        parameters["target"] = module.target
    conditions = [
        {
            "NextAction": branch["transition"],
            "Condition": {
                "Operator": branch["condition"],
                "Operands": [branch.get("conditionType"), branch.get("conditionValue")],
            },
        }
        for branch in module.branches
        if branch["condition"] != "Error"
    ]
    errors = [
        {"NextAction": branch["transition"], "ErrorType": "NoMatchingError"}
        for branch in module.branches
        if branch["condition"] == "Error"
    ]
    ways = {"Errors": errors, "Conditions": conditions}
    return {
        "Identifier": module.id,
        "Type": UNKNOWN + module.kind,
        "Parameters": parameters,
        "Transitions": ways,
    }


def _shaped(module: _Module, shape: Shape) -> dict[str, Any]:
    made = _Made({}, {}, [])
    for name, path in shape.parameters.items():
        if module.every(name):
            value = module.take(name)
            if value is None or isinstance(value, (Mapping, list, tuple)):
                raise _Strange
            _put(made.parameters, path, value)
    known = {shape.next, *shape.errors, *shape.results, *shape.own}
    evaluated: list[tuple[str, object, str]] = []
    for branch in module.branches:
        condition, target = branch["condition"], branch["transition"]
        if condition in _EVALUATE:
            value = branch.get("conditionValue")
            evaluated.append((str(branch.get("conditionType")), value, target))
        elif condition in made.ways or condition not in known:
            raise _Strange
        else:
            made.ways[condition] = target
    made.conditions.extend(_evaluated(module, evaluated))
    key = (module.kind, module.target)
    irregular = _IRREGULAR.get(RENAMED.get(key, key)[0])
    if irregular is not None:
        irregular(module, made)
    if module.left:
        module.older["more"] = [dict(one) for one in module.left]
    if key in RENAMED or module.kind == "SetContactFlow":
        module.older["was"] = [*key]
    action: dict[str, Any] = {
        "Identifier": module.id,
        "Type": shape.kind,
        "Parameters": made.parameters,
        "Transitions": _ways(shape, made),
    }
    return {**action, OLDER: module.older} if module.older else action


def _ways(shape: Shape, made: _Made) -> dict[str, Any]:
    ways = made.ways
    results = [
        _condition("Equals", result, ways[way])
        for way, result in shape.results.items()
        if way in ways
    ]
    errors = [
        {"NextAction": ways[way], "ErrorType": error}
        for way, error in shape.errors.items()
        if way in ways
    ]
    usual = (shape.next,) if shape.next else shape.copies
    follow = next((ways[way] for way in usual if way in ways), None)
    transitions = {"Errors": errors, "Conditions": [*made.conditions, *results]}
    return transitions if follow is None else {"NextAction": follow, **transitions}


def _evaluated(module: _Module, branches: list[tuple[str, object, str]]) -> list[dict[str, Any]]:
    """Return the conditions that compare."""
    found: list[dict[str, Any]] = []
    below = 1
    for sign, value, target in branches:
        operator = OPERATORS.get(sign)
        if operator is None:
            raise _Strange
        if module.kind == "PercentileBranching":
            share = as_number(value)
            if share is None or sign != "Equals" or value != str(share):
                raise _Strange
            below += share
            found.append(_condition("NumberLessThan", str(below), target))
        elif module.kind == "CheckQueueStatus":
            wait = as_number(value)
            if wait is None or wait % 1000 or isinstance(value, str):
                raise _Strange
            found.append(_condition(operator, str(wait // 1000), target))
        elif isinstance(value, str):
            found.append(_condition(operator, value, target))
        else:
            raise _Strange
    return found


@attrs.frozen
class _Made:
    """What the action of a module is made of so far."""

    parameters: dict[str, Any]
    ways: dict[str, str]
    conditions: list[dict[str, Any]]


def _play(module: _Module, made: _Made) -> None:
    _prompt(module, made.parameters)


def _ask(module: _Module, made: _Made) -> None:
    _prompt(module, made.parameters)
    if module.target == "Lex":
        return
    if as_number(module.take("MaxDigits")) != 1:
        raise _Strange
    made.parameters["StoreInput"] = "False"


def _store(module: _Module, made: _Made) -> None:
    _prompt(module, made.parameters)
    if module.take("CustomerInputType") != "Custom":
        raise _Strange
    made.parameters["StoreInput"] = "True"
    secret = module.take("EncryptEntry")
    said = False if secret is None else as_flag(secret)
    if said is not ("InputEncryption" in made.parameters):
        raise _Strange
    if not isinstance(secret, bool):
        module.older["secret"] = [] if secret is None else secret


def _attributes(module: _Module, made: _Made) -> None:
    made.parameters["Attributes"] = _pairs(module, "Attribute")


def _arguments(module: _Module, made: _Made) -> None:
    if pairs := _pairs(module, "Parameter"):
        made.parameters["LambdaInvocationAttributes"] = pairs


def _attribute(module: _Module, made: _Made) -> None:
    attribute, space = module.take("Attribute"), module.take("Namespace")
    if not isinstance(attribute, str) or not isinstance(space, str):
        raise _Strange
    made.parameters["ComparisonValue"] = _reference(space, attribute)


def _transfer(module: _Module, made: _Made) -> None:
    if module.target == "PhoneNumber":
        blind = module.take("BlindTransfer")
        if not isinstance(blind, bool):
            raise _Strange
        made.parameters["ContinueFlowExecution"] = str(not blind)


def _logging(module: _Module, made: _Made) -> None:
    made.parameters["FlowLoggingBehavior"] = _switch(module.take("LoggingBehavior"))


def _recording(module: _Module, made: _Made) -> None:
    who = module.take("RecordingParticipantOption")
    recorded = RECORDED.get(str(who))
    if recorded is None:
        raise _Strange
    if _switch(module.take("RecordingBehaviorOption")) == "Disabled":
        module.older["who"] = who
        recorded = []
    made.parameters["RecordingBehavior"] = {"RecordedParticipants": [*recorded]}


def _staffing(module: _Module, made: _Made) -> None:
    status = module.take("Status")
    if status not in ("Staffed", "Available", "Online"):
        raise _Strange
    made.parameters["MetricType"] = f"{METRIC}{status}"
    if "True" in made.ways:
        made.conditions.append(_condition("NumberGreaterThan", "0", made.ways.pop("True")))


def _oldest(_module: _Module, made: _Made) -> None:
    made.parameters["MetricType"] = _OLDEST


def _wait(module: _Module, made: _Made) -> None:
    if _yes(module, "InterruptOnCustomerReturn", "true"):
        made.parameters["Events"] = ["CustomerReturned"]


def _hook(module: _Module, made: _Made) -> None:
    hook = module.take("Type")
    flow = module.take("ContactFlowId")
    if not isinstance(hook, str) or not hook or not isinstance(flow, str):
        raise _Strange
    made.parameters["EventHooks"] = {hook: flow}


def _prompt(module: _Module, parameters: dict[str, Any]) -> None:
    spoken = module.take("TextToSpeechType")
    for name, path in (("Text", {"text": "Text", "ssml": "SSML"}), ("AudioPrompt", {})):
        if module.every(name):
            way = path.get(str(spoken)) if path else "PromptId"
            if way is None:
                raise _Strange
            parameters[way] = module.take(name)
    if (spoken is None) == ("Text" in parameters or "SSML" in parameters):
        raise _Strange


def _pairs(module: _Module, name: str) -> dict[str, Any]:
    pairs: dict[str, Any] = {}
    for one in module.every(name):
        key = one.get("key")
        if not isinstance(key, str) or not key or key in pairs:
            raise _Strange
        pairs[key] = module.value(one, f"{name}/{key}")
    return pairs


def _messages(module: _Module, made: _Made) -> None:
    messages: list[dict[str, Any]] = []
    keys: list[object] = []
    for one in module.left:
        way = {"Text": "Text", "AudioPrompt": "PromptId"}.get(str(one.get("name")))
        if way == "Text" and one.get("key") not in (None, "text"):
            way = "SSML" if one.get("key") == "ssml" else None
            if way is None:
                raise _Strange
        if way is not None:
            messages.append({way: module.value(one, f"Messages/{len(messages)}")})
            keys.append(one.get("key"))
    made.parameters["Messages"] = messages
    module.older["keys"] = keys


def _streams(module: _Module, made: _Made) -> None:
    parameters = made.parameters
    tracks = [module.value(one, "Track") for one in module.every("Track")]
    ways = {"FromCustomer": "From", "ToCustomer": "To"}
    if (
        not tracks
        or not ways.keys() >= {*map(str, tracks)}
        or len({*map(str, tracks)}) < len(tracks)
    ):
        raise _Strange
    parameters["MediaStreamingState"] = "Enabled" if module.kind.startswith("Start") else "Disabled"
    parameters["MediaStreamType"] = module.take("MediaStreamTypes")
    if not isinstance(parameters["MediaStreamType"], str):
        raise _Strange
    directions = [ways[str(track)] for track in tracks]
    parameters["Participants"] = [{"ParticipantType": "Customer", "MediaDirections": directions}]


_IRREGULAR: Final[Mapping[str, Callable[[_Module, _Made], None]]] = {
    "PlayPrompt": _play,
    "GetUserInput": _ask,
    "StoreUserInput": _store,
    "SetAttributes": _attributes,
    "InvokeExternalResource": _arguments,
    "CheckAttribute": _attribute,
    "Transfer": _transfer,
    "SetLoggingBehavior": _logging,
    "LoopPrompts": _messages,
    "SetRecordingBehavior": _recording,
    "CheckStaffing": _staffing,
    "CheckQueueStatus": _oldest,
    "Wait": _wait,
    "StartMediaStreaming": _streams,
    "StopMediaStreaming": _streams,
    "SetEventHook": _hook,
    "SetContactFlow": _hook,
}
"""What is more than other names, by the module's type."""


def _yes(module: _Module, name: str, yes: str) -> bool:
    """Take a parameter if it says yes; else it stays."""
    said = any(one.get("value") == yes for one in module.every(name))
    return said and module.take(name) == yes


def _switch(value: object) -> str:
    switched = {"Enable": "Enabled", "Disable": "Disabled"}.get(str(value))
    if switched is None:
        raise _Strange
    return switched


def _condition(operator: str, operand: str, target: str) -> dict[str, Any]:
    inner = {"Operator": operator, "Operands": [operand]}
    return {"NextAction": target, "Condition": inner}


def _put(parameters: dict[str, Any], path: str, value: object) -> None:
    *way, last = path.split(".")
    here = parameters
    for step in way:
        here = here.setdefault(step, {})
    here[last] = value


def _objects(value: object, where: str) -> list[Mapping[str, Any]]:
    if not isinstance(value, (list, tuple)):
        raise ConfigurationError(f"{where}: expected a list; got {type(value).__name__}")
    found: list[Mapping[str, Any]] = []
    for at, one in enumerate(cast("list[Any]", value)):
        if not isinstance(one, Mapping):
            raise ConfigurationError(f"{where}[{at}]: expected an object")
        found.append(cast("Mapping[str, Any]", one))
    return found


def _text(holder: Mapping[str, Any], name: str, where: str) -> str:
    found: object = holder.get(name)
    if not isinstance(found, str) or not found:
        raise ConfigurationError(f"{where}.{name}: expected text; got {found!r:.40}")
    return found
