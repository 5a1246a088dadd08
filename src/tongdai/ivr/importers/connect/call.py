"""What Connect calls: Lambda functions, and the services beside the flow.

Rule: an `Invoke` stands for what invokes. A Lambda keeps its name; a service of Connect's (cases,
customer profiles, metrics, views ...) is the function `connect:` and the action's name, so that the
application decides what answers in its place. Where Connect compares the answer at once, a `Branch`
follows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tongdai.ivr.importers.connect.actions import (
    ANY_ERROR,
    NO_MATCH,
    Action,
    Reading,
    Unfit,
    Ways,
    Writing,
)
from tongdai.ivr.importers.connect.keep import cases, read_setting, written_case
from tongdai.ivr.importers.connect.names import deep, flat, part, refers, template_of, text_of
from tongdai.ivr.nodes import Branch, Invoke, Node
from tongdai.model.time import seconds

SERVICE: Final = "connect:"
_SECOND: Final = seconds(1)
_LAMBDA: Final = Ways(next="done", errors={ANY_ERROR: "failed"})

SERVICES: Final[Mapping[str, str]] = {
    "AssociateContactToCustomerProfile": "",
    "CreateCase": "Case",
    "CreateCustomerProfile": "Customer",
    "CreateTask": "Task",
    "CreateWisdomSession": "Wisdom",
    "EvaluateDataTableValues": "DataTables",
    "GetCalculatedAttributesForCustomerProfile": "Customer",
    "GetCase": "Case",
    "GetCustomerProfile": "Customer",
    "GetCustomerProfileObject": "Customer",
    "GetMetricData": "Metrics",
    "ListDataTableValues": "DataTables",
    "LoadContactContent": "ContactContent",
    "SendMessage": "",
    "StartOutboundChatContact": "OutboundChat",
    "StartOutboundEmailContact": "OutboundEmail",
    "StartVoiceIdStream": "",
    "UpdateCase": "Case",
    "UpdateContactCallbackNumber": "callback_number",
    "UpdateCustomerProfile": "Customer",
    "UpsertDataTableValues": "DataTables",
}
"""Services, and the name that what they answer gets: where flows look for it."""

ASKED: Final[Mapping[str, tuple[str, str, Ways]]] = {
    "CheckMetricData": ("Metric", "Metric", Ways(copies=("failed", "otherwise"))),
    "CheckOutboundCallStatus": ("CallStatus", "CallStatus", Ways(copies=("failed",))),
    "CheckVoiceId": ("VoiceId", "VoiceId", Ways(copies=("failed", "otherwise"))),
    "ShowView": ("Views", "Views.Action", Ways(copies=("otherwise", "failed"))),
}
"""Services whose answer is compared at once: the name it gets, the name compared, and what
`NextAction` repeats."""

_LIMIT: Final = "InvocationTimeLimitSeconds"
_OURS: Final = {"TimeLimitExceeded": "timeout"}
_THEIRS: Final = {ours: theirs for theirs, ours in _OURS.items()}


def _read_lambda(reading: Reading) -> Node:
    function = reading.text("LambdaFunctionARN")
    if function.startswith(SERVICE):
        raise Unfit("LambdaFunctionARN is no name of a function")
    if reading.left.get("InvocationType", "SYNCHRONOUS") != "SYNCHRONOUS":
        raise Unfit("the flow goes on before the function has answered")
    if reading.conditions:
        raise Unfit("it compares what a function answers")
    within = reading.number(_LIMIT, least=1, default=8)
    attributes: object = reading.left.get("LambdaInvocationAttributes")
    args: dict[str, str] = {}
    if isinstance(attributes, Mapping) and attributes:
        args = _args(reading.take("LambdaInvocationAttributes"))
    ways = reading.ways(_LAMBDA)
    known = ("InvocationType", "ResponseValidation", "LambdaInvocationAttributes")
    return Invoke(
        template_of(function),
        args,
        into="External",
        within=seconds(within),
        extra=reading.rest(*known),
        **ways,
    )


def _args(parameters: Mapping[str, Any]) -> dict[str, str]:
    args: dict[str, str] = {}
    for key, value in parameters.items():
        if not key or refers(key):
            raise Unfit(f"the name {key!r:.40} is empty, or decided when the flow runs")
        args |= flat(value, part(key))
    return args


def _read_service(reading: Reading) -> Node:
    kind = reading.action.kind
    if reading.conditions:
        raise Unfit("it compares what the service answers")
    args = _args(reading.left)
    reading.left.clear()
    ways = reading.ways(_service_ways(reading.action))
    return Invoke(
        SERVICE + kind,
        args,
        into=SERVICES[kind],
        done=ways.get("done"),
        failed=ways.get("failed"),
        errors=_named(ways),
        extra=reading.rest(),
    )


def _read_number(reading: Reading) -> Node:
    """A setting; where its errors lead different ways, a service that looks at the number."""
    different = len({target for _, target in reading.action.errors}) > 1
    return _read_service(reading) if different else read_setting(reading)


def _service_ways(action: Action, table: Ways | None = None) -> Ways:
    """Return the ways of a service: each error but the general ones is one of its own."""
    named = {error: f"errors[{_OURS.get(error, error)}]" for error, _ in action.errors}
    general = {ANY_ERROR: "failed"}
    if table is None:
        return Ways(next="done", errors={**named, **general})
    missed = {NO_MATCH: "otherwise"} if "otherwise" in table.copies else {}
    return Ways(copies=table.copies, errors={**named, **general, **missed})


def _named(ways: Mapping[str, str]) -> dict[str, str | None]:
    return {
        way.removeprefix("errors[")[:-1]: target
        for way, target in ways.items()
        if way.startswith("errors[")
    }


def _read_asked(reading: Reading) -> Node:
    kind = reading.action.kind
    into, name, table = ASKED[kind]
    within = None
    if kind == "ShowView":
        within = seconds(reading.number(_LIMIT, least=1))
    args = _args(reading.left)
    reading.left.clear()
    found = cases(f"$.{name}", reading.conditions)
    ways = reading.ways(_service_ways(reading.action, table), conditions=True)
    compared = reading.part("answer")
    reading.parts[compared] = Branch(
        found,
        otherwise=ways.get("otherwise", ways.get("failed")),
        failed=ways.get("failed"),
        extra=reading.owned,
    )
    return Invoke(
        SERVICE + kind,
        args,
        into=into,
        within=seconds(10) if within is None else within,
        done=compared,
        failed=ways.get("failed"),
        errors=_named(ways),
        extra=reading.rest(),
    )


def _write_invoke(writing: Writing, node: Invoke) -> Action:
    kind = text_of(node.function)
    errors = {f"errors[{error}]": target for error, target in node.errors.items()}
    named = {_THEIRS.get(error, error): f"errors[{error}]" for error in node.errors}
    targets: dict[str, str | None] = {"done": node.done, "failed": node.failed, **errors}
    if not kind.startswith(SERVICE):
        if node.errors:
            writing.fail("errors: a Lambda of Connect's fails in one way")
        if node.into != "External":
            writing.fail("into: what a Lambda answers is called External in Connect")
        writing.put("LambdaFunctionARN", kind)
        writing.number(_LIMIT, node.within // _SECOND, default=8)
        if node.args:
            writing.put("LambdaInvocationAttributes", deep(node.args))
        return writing.action("InvokeLambdaFunction", _LAMBDA, targets)
    kind = kind.removeprefix(SERVICE)
    writing.parameters.update(deep(node.args))
    if kind in SERVICES:
        ways = Ways(next="done", errors={**named, ANY_ERROR: "failed"})
        return writing.action(kind, ways, targets)
    if kind not in ASKED:
        return writing.fail(f"function: {kind} is no action of Connect's")
    if kind == "ShowView":
        writing.number(_LIMIT, node.within // _SECOND)
    branch = writing.part(node.done)
    if not isinstance(branch, Branch):
        return writing.fail("done: in Connect the answer is compared at once, by a node of its own")
    conditions = [written_case(writing, case)[1] for case in branch.cases]
    copies = ASKED[kind][2].copies
    missed = {NO_MATCH: "otherwise"} if "otherwise" in copies else {}
    ways = Ways(copies=copies, errors={**named, ANY_ERROR: "failed", **missed})
    return writing.action(kind, ways, {**targets, "otherwise": branch.otherwise}, conditions)


READERS: Final[Mapping[str, Callable[[Reading], Node]]] = {
    "InvokeLambdaFunction": _read_lambda,
    **dict.fromkeys(SERVICES, _read_service),
    **dict.fromkeys(ASKED, _read_asked),
    "UpdateContactCallbackNumber": _read_number,
}
WRITERS: Final = {Invoke: _write_invoke}
