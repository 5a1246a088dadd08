"""Where Connect gives the contact away, waits, or ends.

Rule: a queue is set first and given the contact then, so `UpdateContactTargetQueue` is a `Setting`
of `queue`, and `TransferContactToQueue` a `HandOff` to whatever that is by then. What Connect has
one error for (`NoMatchingError`) is every outcome of ours that it has no name for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tongdai.ivr.importers.connect.actions import (
    ANY_ERROR,
    Action,
    Reading,
    Unfit,
    Ways,
    Writing,
)
from tongdai.ivr.importers.connect.keep import put_queue, queue_of
from tongdai.ivr.importers.connect.names import operand_of, template_of, text_of, value_of
from tongdai.ivr.importers.connect.talk import write_hold
from tongdai.ivr.nodes import (
    CallBack,
    CallFlow,
    End,
    GotoFlow,
    HandOff,
    Node,
    Transfer,
    Wait,
)
from tongdai.model.time import seconds

QUEUE: Final = "{queue}"
"""The queue that was set before."""

CALL_BACK: Final = "default(callback_number, CustomerEndpoint.Address)"
"""The number that was set before, or the one that calls."""

_SECOND: Final = seconds(1)
_GIVE: Final = Ways(
    copies=("failed", "full"), errors={"QueueAtCapacity": "full", ANY_ERROR: "failed"}
)
_MOVE: Final = Ways(next="then", errors={"QueueAtCapacity": "full", ANY_ERROR: "failed"})
_CALL_BACK: Final = Ways(next="then", errors={ANY_ERROR: "failed"})
_DIAL: Final = {
    "ConnectionTimeLimitExceeded": "no_answer",
    "CallFailed": "busy",
    ANY_ERROR: "failed",
}
_TRANSFER: Final = Ways(next="done", errors=_DIAL)
_BLIND: Final = Ways(copies=("failed",), errors=_DIAL)
_MODULE: Final = Ways(next="then", errors={ANY_ERROR: "failed"})
_GOTO: Final = Ways(copies=("failed",), errors={ANY_ERROR: "failed"})
_WAIT: Final = Ways(
    copies=("failed",),
    errors={ANY_ERROR: "failed"},
    results={"WaitCompleted": "then", "CustomerReturned": "interrupted"},
)
_PAUSE: Final = Ways(
    copies=("failed",), errors={ANY_ERROR: "failed"}, results={"WaitCompleted": "then"}
)
_NOTHING: Final = Ways()

_ENDS: Final[Mapping[str, bool | None]] = {
    "DisconnectParticipant": True,
    "EndFlowExecution": False,
    "EndFlowModuleExecution": None,
}


# --- queues ---------------------------------------------------------------------------------------


def _read_transfer_to_queue(reading: Reading) -> Node:
    ways = reading.ways(_GIVE)
    return HandOff(QUEUE, closed=ways.get("failed"), extra=reading.rest(), **ways)


def _read_dequeue(reading: Reading) -> Node:
    queue = queue_of(reading)
    if not queue:
        raise Unfit("it names neither a queue nor an agent")
    if queue == "$.queue":
        raise Unfit("it names no queue")
    ways = reading.ways(_MOVE)
    moved = template_of(queue)
    return HandOff(moved, closed=ways.get("failed"), extra=reading.rest(), **ways)


def _write_hand_off(writing: Writing, node: HandOff) -> Action:
    targets = {"then": node.then, "full": node.full, "failed": node.failed}
    if node.requires or node.priority or node.context:
        writing.fail("requires, priority and context: Connect sets those before it hands over")
    if node.queue == QUEUE:
        return writing.action("TransferContactToQueue", _GIVE, targets)
    put_queue(writing, text_of(node.queue))
    return writing.action("DequeueContactAndTransferToQueue", _MOVE, targets)


def _read_call_back(reading: Reading) -> Node:
    queue = queue_of(reading)
    after = seconds(reading.number("InitialCallDelaySeconds", default=0, stated=False))
    ways = reading.ways(_CALL_BACK)
    return CallBack(
        template_of(queue) if queue else QUEUE,
        CALL_BACK,
        after=after,
        extra=reading.rest(
            "MaximumConnectionAttempts", "RetryDelaySeconds", "ContactFlowId", "CallerId"
        ),
        **ways,
    )


def _write_call_back(writing: Writing, node: CallBack) -> Action:
    if node.requires or node.priority or node.context or node.number != CALL_BACK:
        writing.fail(f"Connect calls the number that was set before: {CALL_BACK}")
    if node.queue != QUEUE:
        put_queue(writing, text_of(node.queue))
    after = node.after // _SECOND
    writing.number("InitialCallDelaySeconds", after, default=0, stated=False)
    targets = {"then": node.then, "failed": node.failed}
    return writing.action("CreateCallbackContact", _CALL_BACK, targets)


# --- numbers outside, other flows -----------------------------------------------------------------


def _read_dial(reading: Reading) -> Node:
    to = operand_of(reading.text("ThirdPartyPhoneNumber"))
    goes_on = reading.flag("ContinueFlowExecution", default=True)
    limit = "ThirdPartyConnectionTimeLimitSeconds"
    within = seconds(reading.number(limit, default=30))
    ways = reading.ways(_TRANSFER if goes_on else _BLIND)
    if not goes_on:
        ways["done"] = reading.part("gone")
        reading.parts[ways["done"]] = End(disconnect=False, extra=reading.owned)
    known = ("ThirdPartyDTMFDigits", "CallerId")
    return Transfer(to, within=within, extra=reading.rest(*known), **ways)


def _write_dial(writing: Writing, node: Transfer) -> Action:
    writing.put("ThirdPartyPhoneNumber", value_of(node.to))
    gone = writing.part(node.done) is not None
    writing.flag("ContinueFlowExecution", value=not gone, default=True)
    limit = "ThirdPartyConnectionTimeLimitSeconds"
    writing.number(limit, node.within // _SECOND, default=30)
    targets = {"busy": node.busy, "no_answer": node.no_answer, "failed": node.failed}
    if gone:
        return writing.action("TransferParticipantToThirdParty", _BLIND, targets)
    targets["done"] = node.done
    return writing.action("TransferParticipantToThirdParty", _TRANSFER, targets)


def _read_goto(reading: Reading) -> Node:
    flow = template_of(reading.text("ContactFlowId"))
    ways = reading.ways(_GOTO)
    return GotoFlow(flow, extra=reading.rest(), **ways)


def _write_goto(writing: Writing, node: GotoFlow) -> Action:
    writing.put("ContactFlowId", text_of(node.flow))
    return writing.action("TransferToFlow", _GOTO, {"failed": node.failed})


def _read_module(reading: Reading) -> Node:
    flow = template_of(reading.text("FlowModuleId"))
    ways = reading.ways(_MODULE)
    if reading.left:
        raise Unfit("the module is given parameters")
    return CallFlow(flow, extra=reading.rest(), **ways)


def _write_module(writing: Writing, node: CallFlow) -> Action:
    writing.put("FlowModuleId", text_of(node.flow))
    targets = {"then": node.then, "failed": node.failed}
    return writing.action("InvokeFlowModule", _MODULE, targets)


# --- waiting, ending ------------------------------------------------------------------------------


def _read_wait(reading: Reading) -> Node:
    names = [name for name in ("TimeLimitSeconds", "TimeoutSeconds") if reading.has(name)]
    if len(names) != 1:
        raise Unfit("it does not say how long")
    long = seconds(reading.number(names[0], least=1))
    if names[0] == "TimeoutSeconds":
        reading.extra.setdefault("spelling", {}).setdefault("TimeoutSeconds", [])
    events: Any = reading.take("Events")
    if events not in (None, [], ["CustomerReturned"]):
        raise Unfit("it waits for something else than the customer")
    if events == []:
        reading.left["Events"] = []
    ways = reading.ways(_WAIT if events else _PAUSE)
    return Wait(long, extra=reading.rest("Events"), **ways)


def _write_wait(writing: Writing, node: Wait) -> Action:
    if node.meanwhile:
        return write_hold(writing, node)
    if node.for_ is None:
        writing.fail("for: Connect waits for some time at most")
    old = "TimeoutSeconds" in writing.spelling
    limit = node.for_ // _SECOND
    if old and not writing.spelling["TimeoutSeconds"]:
        writing.put("TimeoutSeconds", str(limit))
    else:
        writing.number("TimeoutSeconds" if old else "TimeLimitSeconds", limit)
    targets = {"then": node.then, "interrupted": node.interrupted, "failed": node.failed}
    if node.interrupted is None:
        return writing.action("Wait", _PAUSE, targets)
    writing.put("Events", ["CustomerReturned"])
    return writing.action("Wait", _WAIT, targets)


def _read_end(reading: Reading) -> Node:
    if reading.left:
        raise Unfit("it ends with parameters")
    reading.ways(_NOTHING)
    return End(disconnect=_ENDS[reading.action.kind], extra=reading.rest())


def _write_end(writing: Writing, node: End) -> Action:
    kind = next(kind for kind, hangs_up in _ENDS.items() if hangs_up is node.disconnect)
    return writing.action(kind, _NOTHING, {})


READERS: Final[Mapping[str, Callable[[Reading], Node]]] = {
    "TransferContactToQueue": _read_transfer_to_queue,
    "DequeueContactAndTransferToQueue": _read_dequeue,
    "CreateCallbackContact": _read_call_back,
    "TransferParticipantToThirdParty": _read_dial,
    "TransferToFlow": _read_goto,
    "InvokeFlowModule": _read_module,
    "Wait": _read_wait,
    **dict.fromkeys(_ENDS, _read_end),
}
WRITERS: Final = {
    HandOff: _write_hand_off,
    CallBack: _write_call_back,
    Transfer: _write_dial,
    GotoFlow: _write_goto,
    CallFlow: _write_module,
    Wait: _write_wait,
    End: _write_end,
}
