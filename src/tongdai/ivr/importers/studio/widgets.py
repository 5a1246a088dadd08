"""What each kind of widget becomes.

Rule: one function for each kind, in the order of Twilio's widget library. It takes every parameter
that a field of the node carries; `Making.extra` keeps the others. What cannot be run raises
`NotRunnable` with the reason, and the widget becomes opaque.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import msgspec

from tongdai.ivr.importers.studio.build import HANG_UP, Making, is_template
from tongdai.ivr.importers.studio.conditions import condition
from tongdai.ivr.importers.studio.marks import written
from tongdai.ivr.importers.studio.messages import send_and_wait, send_message
from tongdai.ivr.importers.studio.widget import NotRunnable, Widget
from tongdai.ivr.nodes import (
    MOST_DIGITS,
    Assign,
    Branch,
    CallFlow,
    Case,
    Collect,
    HandOff,
    Invoke,
    Loop,
    Node,
    Record,
    Say,
    Setting,
    Transfer,
)
from tongdai.ivr.prompts import Wording
from tongdai.model.expression import Operand, escaped
from tongdai.model.time import seconds

MOST_REPEATS: Final = 10
"""How often the words of a question may be repeated in one go."""

# --- flow control ---------------------------------------------------------------------------------

_TRIGGERS: Final[Mapping[str, str]] = {
    "incomingParent": "trigger.parent",
    "incomingRequest": "trigger.request",
    "incomingConversationMessage": "trigger.conversation",
    "incomingMessage": "trigger.message",
    "incomingCall": 'trigger.call or session.modality == "voice"',
}


def _trigger(widget: Widget, making: Making) -> Node:
    """What the session was given tells what triggered it; failing that, how it talks."""
    widget.expect(*_TRIGGERS)
    written_first = widget.way("incomingMessage") or widget.way("incomingConversationMessage")
    return Branch(
        tuple(Case(when, making.to(event)) for event, when in _TRIGGERS.items()),
        otherwise=f"→{written_first}",
        failed="→",
        extra=making.extra(),
    )


def _split(widget: Widget, making: Making) -> Node:
    input = widget.text("input")
    cases: list[Case] = []
    named: list[object] = []
    for way in widget.ways:
        if way.event == "match":
            if not way.conditions:
                raise NotRunnable("a match has no condition")
            whens = [condition(read, input, making) for read in way.conditions]
            cases.append(Case(" and ".join(whens), f"→{way.to}"))
            named.append([read.get("friendly_name") for read in way.conditions])
        elif way.event != "noMatch":
            raise NotRunnable(f"{way.event!r:.40} is not one of the ways out of {widget.kind}")
    extra = {**widget.left, "input": input, "friendly_names": named}  # (what people read)
    otherwise = making.to("noMatch")
    return Branch(tuple(cases), otherwise=otherwise, failed=otherwise, extra=extra)


def _set_variables(widget: Widget, making: Making) -> Node:
    widget.expect("next")
    values: dict[str, str] = {}
    more: dict[str, Any] = {}
    for key, text, rest in widget.pairs("variables"):
        if rest.get("parse_as_json_object") or rest.get("type") in ("object", "json"):
            raise NotRunnable(f"the variable {key!r:.40} is an object, read out of a text")
        values[f"flow.variables.{key}"] = making.operand(text)
        if rest:
            more[key] = rest
    extra = making.extra()
    if more:
        extra["variables"] = more
    return Assign(values, then=making.to("next"), failed="→", extra=extra)


# --- voice ----------------------------------------------------------------------------------------


def _say_play(widget: Widget, making: Making) -> Node:
    widget.expect("audioComplete")
    if widget.text("digits"):
        raise NotRunnable("it plays tones")
    prompt = _wording(widget, making)
    loop = widget.number("loop", 1)
    then = making.to("audioComplete")
    if loop == 0:  # (until the caller hangs up)
        then = f"→{widget.name}"
    elif loop > 1:
        then = making.helper(Loop(loop - 1, again=f"→{widget.name}", done=then))
    return Say(prompt, then=then, failed="→", extra=making.extra())


def _wording(widget: Widget, making: Making, *, times: int = 1) -> Wording:
    text, audio = widget.text("say"), widget.text("play")
    if text and audio:
        raise NotRunnable("it says one thing and plays another")
    if audio:
        if times > 1:
            raise NotRunnable("it plays the question more than once")
        return Wording(audio=making.template(audio))
    said = making.template(text)
    return Wording(" ".join([said] * times))


def _gather(widget: Widget, making: Making) -> Node:
    widget.expect("keypress", "speech", "timeout")
    name = f"widgets.{widget.name}"
    loop = widget.number("loop", 1)
    if not 1 <= loop <= MOST_REPEATS:
        raise NotRunnable(f"loop: {loop} times is not between 1 and {MOST_REPEATS}")
    ask = _wording(widget, making, times=loop)
    longest = widget.number("number_of_digits", MOST_DIGITS)
    stops = widget.flag("stop_gather", default=True)
    key = widget.text("finish_on_key") if "finish_on_key" in widget.properties else "#"
    within = seconds(widget.number("timeout", 5))
    silent = making.to("timeout")
    if widget.way("keypress") and widget.way("speech"):  # (each answer takes the other one's place)
        making.put(f"{name}.Digits", "none")
        making.put(f"{name}.SpeechResult", "none")
    extra = making.extra()
    if key and not stops:
        extra["finish_on_key"] = key  # (it is there, and switched off)
    return Collect(
        f"{name}.Digits",
        ask,
        longest=longest or MOST_DIGITS,
        terminator=key if stops else "",
        within=within,
        between=within,
        tries=1,
        spoken_into=f"{name}.SpeechResult",
        done=making.to("keypress"),
        spoken=making.to("speech"),
        no_input=silent,
        no_match=silent,
        exhausted=silent,
        expired=silent,
        failed="→",
        extra=extra,
    )


_NUMBERS: Final = frozenset({"number", "number-multi", "client", "sim", "conference", "sip"})
_STATUSES: Final = {
    "done": "completed",
    "busy": "busy",
    "no_answer": "no-answer",
    "failed": "failed",
}


def _connect_call(widget: Widget, making: Making) -> Node:
    """Studio goes one way, whatever comes of the call, and tells it in `DialCallStatus`."""
    widget.expect("callCompleted", "hangup")
    noun = widget.text("noun") or "number"
    if noun not in _NUMBERS:
        raise NotRunnable(f"noun: {noun!r:.40} is not something that can be called")
    to = widget.text("sip_endpoint") if noun == "sip" else ""
    to = to or widget.text("to")
    if not to:
        raise NotRunnable("to: there is nobody to call")
    number = making.operand(to)
    within = seconds(widget.number("timeout", 30))
    then = making.to("callCompleted")
    ways = dict.fromkeys(_STATUSES, then)
    if making.builder.mentioned("DialCallStatus"):
        status = f"widgets.{widget.name}.DialCallStatus"
        for way, value in _STATUSES.items():
            ways[way] = making.helper(Assign({status: written(value)}, then=then, failed="→"))
    ways = _listen_for_hang_up(widget, making, ways)
    extra = making.extra()
    extra["noun"] = noun
    return Transfer(number, within=within, extra=extra, **ways)


def _listen_for_hang_up(widget: Widget, making: Making, ways: Mapping[str, str]) -> dict[str, str]:
    """Note that a hang-up here has a way of its own, and forget it on every other way out."""
    if not widget.way("hangup"):
        return dict(ways)
    making.builder.hang_ups[widget.name] = widget.way("hangup")
    making.put(HANG_UP, written(escaped(widget.name)))
    forget = {
        to: making.helper(Assign({HANG_UP: "none"}, then=to, failed="→"))
        for to in dict.fromkeys(ways.values())
    }
    return {way: forget[to] for way, to in ways.items()}


def _voicemail(widget: Widget, making: Making) -> Node:
    widget.expect("recordingComplete", "noAudio", "hangup")
    key = widget.text("finish_on_key") if "finish_on_key" in widget.properties else "#"
    if len(key) > 1:
        raise NotRunnable("finish_on_key: any of several keys ends the recording")
    ways = {
        "then": making.to("recordingComplete"),
        "no_input": making.to("noAudio"),
        "failed": "→",
    }
    ways = _listen_for_hang_up(widget, making, ways)
    return Record(
        f"widgets.{widget.name}.RecordingUrl",
        longest=seconds(widget.number("max_length", 3600)),
        silence=seconds(widget.number("timeout", 5)),
        terminator=key,
        extra=making.extra(),
        **ways,
    )


def _record_call(widget: Widget, making: Making) -> Node:
    widget.expect("success", "failed")
    on = widget.flag("record_call", default=True)
    extra = making.extra()
    then, failed = making.to("success"), making.to("failed")
    return Setting({"recording": str(on).lower()}, then=then, failed=failed, extra=extra)


def _fork_stream(widget: Widget, making: Making) -> Node:
    widget.expect("next")
    action = making.operand(widget.text("stream_action") or "start")
    parameters = {
        f"stream.{key}": making.operand(text) for key, text, _ in widget.pairs("stream_parameters")
    }
    extra = making.extra()
    return Setting(
        {"stream": action, **parameters}, then=making.to("next"), failed="→", extra=extra
    )


# --- queues ---------------------------------------------------------------------------------------


def _send_to_flex(widget: Widget, making: Making) -> Node:
    workflow = widget.text("workflow")
    return _hand_off(widget, making, workflow, widget.text("attributes"))


def _enqueue_call(widget: Widget, making: Making) -> Node:
    queue = widget.text("queue_name")
    workflow = widget.text("workflow_sid")
    if queue and workflow:
        raise NotRunnable("it names a queue and a workflow")
    return _hand_off(widget, making, queue or workflow, widget.text("task_attributes"))


def _hand_off(widget: Widget, making: Making, queue: str, attributes: str) -> Node:
    widget.expect("callComplete", "failedToEnqueue", "callFailure")
    if not queue:
        raise NotRunnable("it names no queue")
    known = making.builder.queues.get(queue)
    name = making.template(queue) if known is None else escaped(known)
    priority = widget.number("priority", 0)
    context = _attributes(attributes, making)
    refused = making.to("failedToEnqueue")
    return HandOff(
        name,
        priority=priority,
        context=context,
        then=making.to("callComplete"),
        full=refused,
        closed=refused,
        failed=making.to("callFailure") if widget.way("callFailure") else refused,
        extra=making.extra(),
    )


def _attributes(text: str, making: Making) -> tuple[str, ...]:
    """Give what goes along names of its own: each attribute, or the whole where it is no object."""
    if not text.strip():
        return ()
    try:
        read = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        read = None
    found: dict[str, str] = {}
    if isinstance(read, dict):
        _flatten(cast("Mapping[str, Any]", read), "attributes", found)
    else:
        found["attributes"] = text
    for name, value in found.items():
        making.put(name, making.operand(value))
    return tuple(found)


def _flatten(read: Mapping[str, Any], at: str, found: dict[str, str], deep: int = 0) -> None:
    for key, value in read.items():
        name = f"{at}.{key}"
        if isinstance(value, dict) and value and deep < MOST_REPEATS:
            _flatten(cast("Mapping[str, Any]", value), name, found, deep + 1)
        elif isinstance(value, str):
            found[name] = value
        else:
            found[name] = msgspec.json.encode(value).decode()


# --- tools ----------------------------------------------------------------------------------------


def _http_request(widget: Widget, making: Making) -> Node:
    widget.expect("success", "failed")
    args = {
        name: making.operand(text)
        for name in ("method", "url", "content_type", "body")
        if (text := widget.text(name))
    }
    if "url" not in args:
        raise NotRunnable("url: there is none")
    for key, text, _ in widget.pairs("parameters"):
        args[f"parameters.{key}"] = making.operand(text)
    return Invoke(
        "http_request",
        args,
        into=f"widgets.{widget.name}",
        done=making.to("success"),
        failed=making.to("failed"),
        extra=making.extra(),
    )


def _run_function(widget: Widget, making: Making) -> Node:
    """A function is called by the path of its address; what Twilio calls it goes along."""
    widget.expect("success", "fail")
    url = widget.text("url")
    args = {key: making.argument(text) for key, text, _ in widget.pairs("parameters")}
    extra = making.extra()
    if is_template(url):
        args["url"] = making.operand(url)
        function = "run_function"
    else:
        extra["url"] = url
        function = _path(url) or str(extra.get("function_sid") or "run_function")
    return Invoke(
        escaped(function),
        args,
        into=f"widgets.{widget.name}",
        done=making.to("success"),
        failed=making.to("fail"),
        extra=extra,
    )


_URL: Final = re.compile(r"(?:[a-z]+://[^/?#]*)?([^?#]*)", re.IGNORECASE)


def _path(url: str) -> str:
    found = _URL.match(url)
    return found[1].strip("/") if found else ""


def _subflow(widget: Widget, making: Making) -> Node:
    """The subflow finds what it is given where Studio puts it: under its trigger."""
    widget.expect("completed", "failed")
    sid = widget.text("flow_sid")
    if not sid:
        raise NotRunnable("flow_sid: it names no flow")
    known = making.builder.flows.get(sid)
    name = making.template(sid) if known is None else escaped(known)
    given = {
        f"trigger.parent.parameters.{key}": making.operand(text)
        for key, text, _ in widget.pairs("parameters")
    }
    making.put("trigger.parent", written(escaped(widget.name)))
    for key, operand in given.items():
        Operand.parse(operand)
        making.put(key, operand)
    extra = making.extra()
    return CallFlow(name, then=making.to("completed"), failed=making.to("failed"), extra=extra)


def _redirect(widget: Widget, _: Making) -> Node:
    raise NotRunnable(f"{widget.kind} lets another application lead the call for a while")


def _payments(_: Widget, __: Making) -> Node:
    raise NotRunnable("it takes a payment through a connector of Twilio's")


def _bot(widget: Widget, _: Making) -> Node:
    raise NotRunnable(f"{widget.kind} lets a bot lead the conversation until it has ended")


def _outgoing(_: Widget, __: Making) -> Node:
    raise NotRunnable("it calls the customer; here a session starts when the customer is there")


MAKERS: Final[Mapping[str, Callable[[Widget, Making], Node]]] = {
    "trigger": _trigger,
    "split-based-on": _split,
    "set-variables": _set_variables,
    "say-play": _say_play,
    "gather-input-on-call": _gather,
    "connect-call-to": _connect_call,
    "make-outgoing-call": _outgoing,
    "make-outgoing-call-v2": _outgoing,
    "record-voicemail": _voicemail,
    "record-call": _record_call,
    "enqueue-call": _enqueue_call,
    "capture-payments": _payments,
    "fork-stream": _fork_stream,
    "connect-virtual-agent": _bot,
    "connect-virtual-agent-v2": _bot,
    "send-message": send_message,
    "send-and-wait-for-reply": send_and_wait,
    "make-http-request": _http_request,
    "run-function": _run_function,
    "add-twiml-redirect": _redirect,
    "run-subflow": _subflow,
    "send-to-flex": _send_to_flex,
    "send-to-auto-pilot": _bot,
}
"""Functions by the kinds of widgets that there are."""
