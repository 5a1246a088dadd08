"""Widgets that send messages: an answer to the customer, or a message to somebody else.

Rule: what goes to the customer in the conversation that there is, a flow of ours says itself. What
goes to somebody else, beside a call, or in words that only the provider has, is sent by a service
of the application (`send_message`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tongdai.ivr.importers.studio.build import Making, is_template
from tongdai.ivr.importers.studio.liquid import read_template
from tongdai.ivr.importers.studio.widget import NotRunnable, Widget
from tongdai.ivr.nodes import Collect, Invoke, Node, Say
from tongdai.ivr.prompts import Wording
from tongdai.model.compare import LONGEST_RENDERED
from tongdai.model.time import Duration, seconds

_TO_THE_CUSTOMER: Final = frozenset(
    {
        "",
        "contact.channel.address",
        "trigger.message.From",
        "trigger.conversation.From",
        "trigger.call.From",
    }
)
_PLUMBING: Final[Mapping[str, frozenset[str]]] = {
    "from": frozenset({"flow.channel.address", "trigger.message.To"}),
    "service": frozenset({"trigger.message.InstanceSid", "trigger.conversation.ChatServiceSid"}),
    "channel": frozenset({"trigger.message.ChannelSid", "trigger.conversation.ConversationSid"}),
}
"""What says no more than: answer in the conversation in which the customer wrote."""


def _name_in(text: object, making: Making) -> str:
    """Return the name that stands alone in a template, or the text itself."""
    if not isinstance(text, str) or not is_template(text):
        return str(text or "")
    return read_template(text, making.fresh).name or text


def _replies(widget: Widget, making: Making) -> bool:
    """Return whether a message goes to the customer, in the conversation that there is."""
    if widget.name in making.builder.on_call or widget.properties.get("content_sid"):
        return False
    if _name_in(widget.properties.get("to", ""), making) not in _TO_THE_CUSTOMER:
        return False
    return not any(
        is_template(text)
        for name, value in widget.properties.items()
        if name not in ("body", "to")
        for text in ([value] if isinstance(value, str) else [])
        if _name_in(text, making) not in _PLUMBING.get(name, ())
    )


def _plumbing(widget: Widget) -> dict[str, Any]:
    """Take what only says how the conversation is called at Twilio."""
    found = {name: widget.take(name) for name in (*_PLUMBING, "to") if name in widget.properties}
    return {name: value for name, value in found.items() if value is not None}


def send_message(widget: Widget, making: Making) -> Node:
    """Return what a `send-message` becomes: a `Say`, or an `Invoke` of `send_message`.

    Raises:
        NotRunnable: it says something that is neither.
    """
    widget.expect("sent", "failed")
    if _replies(widget, making):
        text = making.template(widget.text("body"))
        kept = _plumbing(widget)
        extra = {**making.extra(), **kept}
        return Say(Wording(text), then=making.to("sent"), failed=making.to("failed"), extra=extra)
    return _send(widget, making, making.to("sent"), making.to("failed"))


def _send(widget: Widget, making: Making, done: str, failed: str) -> Invoke:
    """Send a message otherwise than as an answer: a service of the application does it."""
    args: dict[str, str] = {}
    for name in ("to", "from", "service", "channel", "body", "media_url", "content_sid"):
        text = widget.text(name)
        if text:
            args[name] = making.operand(text)
    for key, text, _ in widget.pairs("content_variables"):
        args[f"content_variables.{key}"] = making.operand(text)
    for name in ("attributes", "message_type"):
        text = widget.text(name)
        if text:
            args[name] = making.operand(text)
    return Invoke(
        "send_message",
        args,
        into=f"widgets.{widget.name}.outbound",
        done=done,
        failed=failed,
        extra=making.extra(),
    )


def send_and_wait(widget: Widget, making: Making) -> Node:
    """Return what a `send-and-wait-for-reply` becomes: a `Collect` of text.

    Raises:
        NotRunnable: it asks somebody else, or while a call is on.
    """
    widget.expect("incomingMessage", "timeout", "deliveryFailure")
    if widget.name in making.builder.on_call:
        raise NotRunnable("it waits for a message while a call is on")
    name = f"widgets.{widget.name}.inbound.Body"
    within = seconds(widget.number("timeout", 3600))
    silent, failed = making.to("timeout"), making.to("deliveryFailure")
    kept: dict[str, Any] = {}
    if _replies(widget, making):
        ask = Wording(making.template(widget.text("body")))
        kept = _plumbing(widget)
    elif _name_in(widget.properties.get("to", ""), making) not in _TO_THE_CUSTOMER:
        raise NotRunnable("it asks somebody else than the customer")
    else:  # (the words are the provider's: the application sends them, and then a reply is read)
        ask = Wording()
        making.first = making.helper(_send(widget, making, widget.name, failed))
    return Collect(
        name,
        ask,
        kind="text",
        longest=LONGEST_RENDERED,
        within=Duration(max(within, seconds(1))),
        reply_within=within,
        tries=1,
        done=making.to("incomingMessage"),
        no_input=silent,
        no_match=silent,
        exhausted=silent,
        expired=silent,
        failed=failed,
        extra={**making.extra(), **kept},
    )
