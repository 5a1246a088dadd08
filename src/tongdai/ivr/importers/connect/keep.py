"""What Connect sets and looks at: attributes, settings, comparisons, hours, loops, shares.

Rule: attributes of the contact and of the flow are values of ours (`Attributes.x`,
`FlowAttributes.x`), so setting them is an `Assign`; whatever else a flow sets without talking is a
`Setting` that goes to the application under our name. A comparison compares texts, or numbers that
texts state, as Connect does; what is no number is neither more nor less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from tongdai.ivr.importers.connect.actions import (
    ANY_ERROR,
    NO_MATCH,
    Action,
    Condition,
    Reading,
    Unfit,
    Ways,
    Writing,
    as_number,
)
from tongdai.ivr.importers.connect.names import (
    deep,
    flat,
    is_reference,
    key_of,
    name_of,
    operand_of,
    part,
    reference_of,
    refers,
    template_of,
    text_of,
    value_of,
)
from tongdai.ivr.nodes import Assign, Branch, Case, Hours, Loop, Node, Setting, Share, Split
from tongdai.model.expression import Expression, Operand
from tongdai.model.tree import Call, Compare, Constant, Name, Term

SET: Final = Ways(next="then", errors={ANY_ERROR: "failed"})
_NUMBER_ERRORS: Final = ("InvalidCallbackNumber", "CallbackNumberNotDialable", ANY_ERROR)
_SET_NUMBER: Final = Ways(next="then", errors=dict.fromkeys(_NUMBER_ERRORS, "failed"))
_COMPARE: Final = Ways(copies=("otherwise",), errors={NO_MATCH: "otherwise", ANY_ERROR: "failed"})
_HOURS: Final = Ways(
    copies=("failed", "closed"),
    errors={ANY_ERROR: "failed"},
    results={"True": "open", "False": "closed"},
)
_LOOP: Final = Ways(
    copies=("done",),
    errors={ANY_ERROR: "failed"},
    results={"ContinueLooping": "again", "DoneLooping": "done"},
)
_SPLIT: Final = Ways(copies=("otherwise",), errors={NO_MATCH: "otherwise"})


# --- attributes -----------------------------------------------------------------------------------


def _read_attributes(reading: Reading) -> Node:
    attributes = _object(reading.take("Attributes"), "Attributes")
    ways = reading.ways(SET)
    contact = reading.left.get("TargetContact", "Current")
    if contact == "Related":
        values = flat(attributes, "related_contact")
        reading.take("TargetContact")
        return Setting(values, extra=reading.rest(), **ways)
    if contact != "Current":
        raise Unfit(f"TargetContact is {contact!r:.40}, not Current or Related")
    values = {f"Attributes.{_key(key)}": operand_of(_scalar(attributes[key])) for key in attributes}
    return Assign(values, extra=reading.rest("TargetContact"), **ways)


def _read_flow_attributes(reading: Reading) -> Node:
    attributes = _object(reading.take("FlowAttributes"), "FlowAttributes")
    values: dict[str, str] = {}
    for key, holder in attributes.items():
        if not isinstance(holder, Mapping) or [*holder] != ["Value"]:
            raise Unfit(f"FlowAttributes.{key:.40} is not an object with a Value")
        values[f"FlowAttributes.{_key(key)}"] = operand_of(_scalar(holder["Value"]))  # pyright: ignore[reportUnknownArgumentType]
    if not values:
        raise Unfit("it sets nothing")
    ways = reading.ways(SET)
    return Assign(values, extra=reading.rest(), **ways)


def _write_assign(writing: Writing, node: Assign) -> Action:
    spaces = {name.partition(".")[0] for name in node.values} or {"Attributes"}
    keys = {
        key_of(name.partition(".")[2]): value_of(operand) for name, operand in node.values.items()
    }
    targets = {"then": node.then, "failed": node.failed}
    if spaces == {"Attributes"} and all("." in name for name in node.values):
        writing.put("Attributes", keys)
        return writing.action("UpdateContactAttributes", SET, targets)
    if spaces == {"FlowAttributes"} and all("." in name for name in node.values):
        writing.put("FlowAttributes", {key: {"Value": value} for key, value in keys.items()})
        return writing.action("UpdateFlowAttributes", SET, targets)
    return writing.fail("values: Connect can set Attributes.x, or FlowAttributes.x, in one node")


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise Unfit(f"{name} is {'missing' if value is None else 'no object'}")
    return cast("Mapping[str, Any]", value)


def _key(key: str) -> str:
    if not key or refers(key):
        raise Unfit(f"the key {key!r:.40} is empty, or decided when the flow runs")
    return part(key)


def _scalar(value: object) -> Any:  # noqa: ANN401 - one of JSON's scalars
    if isinstance(value, (Mapping, list, tuple)):
        raise Unfit("an attribute is an object or a list; Connect has texts there")
    return value


# --- settings -------------------------------------------------------------------------------------

SETTINGS: Final[Mapping[str, Mapping[str, str]]] = {
    "UpdateFlowLoggingBehavior": {"FlowLoggingBehavior": "logging"},
    "UpdateContactTextToSpeechVoice": {
        "TextToSpeechVoice": "voice",
        "TextToSpeechEngine": "voice_engine",
        "TextToSpeechStyle": "voice_style",
    },
    "UpdateContactRecordingBehavior": {
        "RecordingBehavior": "recording",
        "AnalyticsBehavior": "analytics",
    },
    "UpdateContactRecordingAndAnalyticsBehavior": {"": "recording_and_analytics"},
    "UpdateContactMediaProcessing": {"": "media_processing"},
    "UpdateContactMediaStreamingBehavior": {"": "media_streaming"},
    "UpdateContactEventHooks": {
        "EventHooks": "hooks",
        "EventHooksConfiguration": "hooks_configuration",
    },
    "UpdateContactData": {"LanguageCode": "language", "": "contact_data"},
    "UpdateContactRoutingBehavior": {
        "QueuePriority": "queue_priority",
        "QueueTimeAdjustmentSeconds": "queue_time_adjustment",
    },
    "UpdateContactRoutingCriteria": {"RoutingCriteria": "routing_criteria"},
    "UpdateRoutingCriteria": {"": "routing_criteria_update"},
    "UpdateContactCallbackNumber": {"CallbackNumber": "callback_number"},
    "UpdatePreviousContactParticipantState": {"": "previous_participant"},
    "TagContact": {"Tags": "tags"},
    "UnTagContact": {"TagKeys": "untag"},
    "UpdateContactTargetQueue": {"QueueId": "queue", "AgentId": "queue"},
    "UpdateContactAttributes": {"Attributes": "related_contact"},
}
"""For each action that sets something: its parameters, and what they are called here. The empty
name stands for all the others; they keep theirs behind ours."""

_ROOTS: Final = {
    root: (kind, parameter) for kind, names in SETTINGS.items() for parameter, root in names.items()
}
AGENT: Final = "agent:"
"""Stands before the id of an agent whose own queue is meant."""


def ways_of(kind: str) -> Ways:
    """Return the ways of an action that sets something."""
    return _SET_NUMBER if kind == "UpdateContactCallbackNumber" else SET


def read_setting(reading: Reading) -> Node:
    """Return the setting of an action that sets something.

    Raises:
        Unfit: it sets nothing that we know.
    """
    kind = reading.action.kind
    names = SETTINGS[kind]
    values: dict[str, str] = {}
    for parameter in tuple(reading.left):
        root = names.get(parameter)
        if root is None and "" in names:
            values |= flat(reading.take(parameter), f"{names['']}.{_key(parameter)}")
        elif root is not None:
            values |= flat(reading.take(parameter), root)
    if not values:
        raise Unfit("it sets nothing that we know")
    ways = reading.ways(ways_of(kind))
    return Setting(values, extra=reading.rest(), **ways)


def _read_queue(reading: Reading) -> Node:
    queue = queue_of(reading)
    if not queue:
        raise Unfit("it names neither a queue nor an agent")
    ways = reading.ways(SET)
    return Setting({"queue": operand_of(queue)}, extra=reading.rest(), **ways)


def queue_of(reading: Reading) -> str:
    """Return the queue that an action names, as Connect writes it, or nothing.

    Raises:
        Unfit: it names two.
    """
    if reading.has("QueueId") and reading.has("AgentId"):
        raise Unfit("it names a queue and an agent")
    if reading.has("AgentId"):
        return AGENT + reading.text("AgentId")
    queue = reading.text("QueueId") if reading.has("QueueId") else ""
    if queue.startswith(AGENT):
        raise Unfit("QueueId is no id of a queue")
    return queue


def put_queue(writing: Writing, queue: str) -> None:
    """Write the queue that an action names."""
    if queue.startswith(AGENT):
        writing.put("AgentId", queue.removeprefix(AGENT))
    elif queue:
        writing.put("QueueId", queue)


def _write_setting(writing: Writing, node: Setting) -> Action:
    targets = {"then": node.then, "failed": node.failed}
    data = deep(node.values)
    kinds = {_ROOTS.get(root, ("", ""))[0] for root in data}
    kind = kinds.pop() if len(kinds) == 1 else ""
    if not kind:
        writing.fail(f"values: Connect cannot set {', '.join(data)} in one action")
    for root, value in data.items():
        parameter = _ROOTS[root][1]
        if root == "queue":
            put_queue(writing, str(value))
        elif parameter:
            writing.put(parameter, value)
        elif isinstance(value, dict):
            writing.parameters.update(cast("dict[str, Any]", value))
    if kind == "UpdateContactAttributes":
        writing.put("TargetContact", "Related")
    return writing.action(kind, ways_of(kind), targets)


# --- comparing ------------------------------------------------------------------------------------

_NUMERIC: Final = {
    "NumberGreaterThan": ">",
    "NumberGreaterOrEqualTo": ">=",
    "NumberLessThan": "<",
    "NumberLessOrEqualTo": "<=",
}
_TEXTUAL: Final = {
    "Equals": "==",
    "TextStartsWith": "prefix",
    "TextEndsWith": "suffix",
    "TextContains": "contains",
}
_OPERATORS: Final = {sign: name for table in (_NUMERIC, _TEXTUAL) for name, sign in table.items()}


def cases(subject: str, conditions: tuple[Condition, ...]) -> tuple[Case, ...]:
    """Return conditions on one value, given as Connect writes it.

    Raises:
        Unfit: an operator is unknown.
    """
    left = _term(subject)
    return tuple(Case(_when(left, one), then=one.target) for one in conditions)


def _when(left: Term, condition: Condition) -> str:
    sign: Any = _OPERATORS_OF.get(condition.operator)
    if sign is None:
        raise Unfit(f"its operator {condition.operator:.40} is unknown")
    right = _term(condition.operand)
    if condition.operator in _TEXTUAL:
        return Expression.of(Compare(sign, _as("text", left), _as("text", right))).text
    if isinstance(right, Constant) and _is_plain_number(condition.operand):
        right = Constant(int(condition.operand))
    return Expression.of(Compare(sign, _as("number", left), _as("number", right))).text


_OPERATORS_OF: Final = {**_NUMERIC, **_TEXTUAL}


def _is_plain_number(text: str) -> bool:
    digits = text.removeprefix("-")
    return as_number(digits) is not None and str(int(text)) == text


def _term(text: str) -> Term:
    if is_reference(text):
        return Name(name_of(text))
    if refers(text):
        raise Unfit("it compares with a text that has references in it")
    return Constant(text)


def _as(function: Any, term: Term) -> Term:  # noqa: ANN401 - one of the two names above
    if isinstance(term, Constant) and (function == "text" or isinstance(term.value, int)):
        return term
    return Call(function, (term,))


def written_case(writing: Writing, case: Case) -> tuple[str, Condition]:
    """Return what a case compares, and how, as Connect writes it."""
    tree = Expression.parse(case.when).tree
    operator = _OPERATORS.get(tree.sign) if isinstance(tree, Compare) else None
    if not isinstance(tree, Compare) or operator is None:
        return writing.fail(f"cases: Connect cannot say {case.when}")
    if case.then is None:
        return writing.fail(f"cases: {case.when} leads nowhere")
    left, right = _plain(tree.left), _plain(tree.right)
    if left is None or right is None:
        return writing.fail(f"cases: Connect cannot say {case.when}")
    return left, Condition(operator, (right,), case.then)


def _plain(term: Term) -> str | None:
    if isinstance(term, Call) and term.function in ("text", "number") and len(term.arguments) == 1:
        term = term.arguments[0]
    if isinstance(term, Name):
        return reference_of(term.name)
    if isinstance(term, Constant) and not isinstance(term.value, bool) and term.value is not None:
        return str(term.value)
    return None


def _read_compare(reading: Reading) -> Node:
    subject = reading.take("ComparisonValue")
    if not isinstance(subject, str):
        raise Unfit("ComparisonValue is no text")
    found = cases(subject, reading.conditions)
    ways = reading.ways(_COMPARE, conditions=True)
    extra = reading.rest()
    if not found:
        extra["ComparisonValue"] = subject
    return Branch(found, extra=extra, **ways)


def _write_compare(writing: Writing, node: Branch) -> Action:
    written = [written_case(writing, case) for case in node.cases]
    subjects = {subject for subject, _ in written}
    if len(subjects) > 1:
        writing.fail("cases: Connect compares one value in one action")
    if subjects:
        writing.put("ComparisonValue", subjects.pop())
    targets = {"otherwise": node.otherwise, "failed": node.failed}
    return writing.action("Compare", _COMPARE, targets, [condition for _, condition in written])


# --- hours, loops, shares -------------------------------------------------------------------------


def _read_hours(reading: Reading) -> Node:
    calendar = ""
    if reading.has("HoursOfOperationId"):
        calendar = template_of(reading.text("HoursOfOperationId"))
    else:
        reading.notes.append("it means the hours of the queue; give them as the calendar ''")
    ways = reading.ways(_HOURS)
    return Hours(calendar, extra=reading.rest(), **ways)


def _write_hours(writing: Writing, node: Hours) -> Action:
    if node.calendar:
        writing.put("HoursOfOperationId", text_of(node.calendar))
    targets = {"open": node.open, "closed": node.closed, "failed": node.failed}
    return writing.action("CheckHoursOfOperation", _HOURS, targets)


def _read_loop(reading: Reading) -> Node:
    count = reading.left.get("LoopCount")
    times: int | str
    if is_reference(count):
        reading.take("LoopCount")
        times = Operand.of(Call("number", (Name(name_of(str(count))),))).text
    else:
        times = reading.number("LoopCount")
    ways = reading.ways(_LOOP)
    if reading.left:
        raise Unfit("a loop over a list")
    return Loop(times, extra=reading.rest(), **ways)


def _write_loop(writing: Writing, node: Loop) -> Action:
    if isinstance(node.times, int):
        writing.number("LoopCount", node.times)
    else:
        times = _plain(Operand.parse(node.times).tree)
        if times is None:
            writing.fail("times: Connect takes a number or a name")
        writing.put("LoopCount", times)
    targets = {"again": node.again, "done": node.done, "failed": node.failed}
    return writing.action("Loop", _LOOP, targets)


def _read_split(reading: Reading) -> Node:
    shares: list[Share] = []
    before = 1
    for condition in reading.conditions:
        below = as_number(condition.operand)
        if condition.operator != "NumberLessThan" or below is None or not before <= below <= 101:  # noqa: PLR2004 - one more than 100 percent
            raise Unfit("its conditions are no rising row of NumberLessThan")
        shares.append(Share(below - before, condition.target))
        before = below
        if str(below) != condition.operand:
            raise Unfit("a percentage is written in an unusual way")
    ways = reading.ways(_SPLIT, conditions=True)
    return Split(tuple(shares), extra=reading.rest(), **ways)


def _write_split(writing: Writing, node: Split) -> Action:
    rows: list[Condition] = []
    below = 1
    for share in node.shares:
        below += share.percent
        if share.then is None:
            writing.fail("shares: one leads nowhere")
        rows.append(Condition("NumberLessThan", (str(below),), share.then))
    targets = {"otherwise": node.otherwise}
    return writing.action("DistributeByPercentage", _SPLIT, targets, rows)


READERS: Final[Mapping[str, Callable[[Reading], Node]]] = {
    **dict.fromkeys(SETTINGS, read_setting),
    "UpdateContactAttributes": _read_attributes,
    "UpdateFlowAttributes": _read_flow_attributes,
    "UpdateContactTargetQueue": _read_queue,
    "Compare": _read_compare,
    "CheckHoursOfOperation": _read_hours,
    "Loop": _read_loop,
    "DistributeByPercentage": _read_split,
}
WRITERS: Final = {
    Assign: _write_assign,
    Setting: _write_setting,
    Branch: _write_compare,
    Hours: _write_hours,
    Loop: _write_loop,
    Split: _write_split,
}
