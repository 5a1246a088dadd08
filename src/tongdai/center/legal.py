"""Which inputs a center can take.

Rule: an input that names what cannot exist, or is not what its type says, raises `IllegalInput`
before anything has changed, and the error names the field and what would be right. What can happen
to a careful caller (an answer that comes too late) is legal; the engine makes an event of it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, Final, cast

from tongdai.center import inputs
from tongdai.center.state import State
from tongdai.channels import Activity, Message, Receipt, Relinked, Revised, Ringing
from tongdai.errors import ConfigurationError, IllegalInput, did_you_mean
from tongdai.ivr import inputs as told
from tongdai.ivr.checks import KEYS
from tongdai.ivr.plain import kept
from tongdai.model.agent import Agent, check_presence
from tongdai.model.contact import (
    ASSURANCES,
    Address,
    Attachment,
    Attribute,
    Button,
    Claim,
    Contact,
    Content,
    check_attributes,
)
from tongdai.model.ids import check_id, contact_of
from tongdai.model.mode import Mode
from tongdai.model.queue import Queue, check_routes
from tongdai.model.text import check_text
from tongdai.model.time import checked
from tongdai.routing.strategies import named

LONGEST_ID: Final = 512
"""Characters that an input's id may have: many of them are remembered."""
LONGEST_TEXT: Final = 1_000_000
"""Characters that one message may have."""
LONGEST_RAW: Final = 32 * 1024 * 1024
"""Bytes that something may have as its provider sent it."""
LONGEST_SHORT: Final = 4_096
"""Characters of what is no message: a key, a label, a name, an identifier."""
LONGEST_URL: Final = 16_384
"""Characters that say where an attachment is."""
MOST_PARTS: Final = 100
"""Attachments, buttons, claims, earlier messages that one message may have or name."""
_LARGEST: Final = 2**63


def check_cause(id: object, kind: str) -> None:
    """Raise unless an input can have this id.

    Raises:
        IllegalInput: names the field and what would be right.
    """
    if not isinstance(id, str):
        raise IllegalInput(f"{kind}.id: {id!r} is not a str")
    if not id.isascii():
        _text(id, f"{kind}.id")
    if len(id) > LONGEST_ID:
        raise IllegalInput(
            f"{kind}.id: an input's id has at most {LONGEST_ID} characters, not {len(id)}"
        )


def check_of(kind: type) -> Callable[[Any, State], None]:
    """Return the check of one kind of input: it raises unless a center can take it, its id apart.

    What it raises is `IllegalInput`, which names the field and what would be right.
    """
    return _CHECKS[kind]


# --- configuration --------------------------------------------------------------------------------


def _put_queue(input: inputs.PutQueue, state: State) -> None:
    queue = input.queue
    _is(queue, Queue, "PutQueue.queue")
    with _field("PutQueue.queue"):
        if queue.id in state.entries:
            raise IllegalInput(f"PutQueue.queue: {queue.id!r} is the id of a flow already")
        check_routes({**state.queues.queues, queue.id: queue})
        if queue.strategy is not None:
            named(queue.strategy, state.strategies)


def _remove_queue(input: inputs.RemoveQueue, state: State) -> None:
    known = state.queues.queues
    _known(input.queue, known, "RemoveQueue.queue", "queue")
    if input.to != "":
        _known(input.to, known, "RemoveQueue.to", "queue")
    if input.to == input.queue:
        raise IllegalInput(f"RemoveQueue.to: {input.to!r} is the queue to be removed")
    with _field("RemoveQueue.queue"):
        check_routes({id: queue for id, queue in known.items() if id != input.queue})
    inside = sum(live.queue == input.queue for live in state.contacts.values())
    if inside and not input.to:
        raise IllegalInput(
            f"RemoveQueue.to: queue {input.queue!r} holds {inside} contacts; name where they go"
        )


def _put_agent(input: inputs.PutAgent, _: State) -> None:
    _is(input.agent, Agent, "PutAgent.agent")
    _is(input.available, bool, "PutAgent.available")


# --- agents ---------------------------------------------------------------------------------------


def _agent(input: inputs.RemoveAgent | inputs.LoseAgent, state: State) -> None:
    _known(input.agent, state.router.agents, f"{type(input).__name__}.agent", "agent")


def _set_presence(input: inputs.SetPresence, state: State) -> None:
    _known(input.agent, state.router.agents, "SetPresence.agent", "agent")
    with _field("SetPresence.presence"):
        check_presence(input.presence, "SetPresence.presence")
    _text(input.reason, "SetPresence.reason")


# --- people ---------------------------------------------------------------------------------------


def _relink(input: inputs.Relink, state: State) -> None:
    if state.histories is None:
        raise IllegalInput("Relink: this center knows nobody; build it with people=Resolver()")
    _are(input.profiles, str, "Relink.profiles")


# --- one contact, in the order of its life --------------------------------------------------------


def _arrive(input: inputs.Arrive, state: State) -> None:
    _is(input.contact, Contact, "Arrive.contact")
    _entry(input.queue, state, "Arrive.queue")
    if state.knows(input.contact.id):
        raise IllegalInput(
            f"Arrive.contact: the id {input.contact.id!r} was used before; ids are used once"
        )


def _receive(input: inputs.Receive, state: State) -> None:
    inbound = input.inbound
    check_one = _INBOUND.get(type(inbound))
    if check_one is None:
        kind = type(inbound).__name__
        raise IllegalInput(f"Receive.inbound: {kind} is no inbound value of tongdai.channels")
    _is(inbound.address, Address, "Receive.inbound.address")
    try:
        check_id(inbound.address.channel, _CHANNEL)  # (contacts that come over it are named after)
    except ConfigurationError as error:
        raise IllegalInput(str(error)) from error
    _short(inbound.address.to, _IN, "address.to")
    _short(inbound.key, _IN, "key")
    checked(inbound.at, "Receive.inbound.at")
    _is(inbound.raw, bytes, "Receive.inbound.raw")
    _most(len(inbound.raw), LONGEST_RAW, "Receive.inbound.raw")
    check_one(inbound)
    if isinstance(inbound, (Message, Ringing)) and input.entry != "":
        _entry(input.entry, state, "Receive.entry")  # (nothing else enters anywhere)
    _triaged(input)
    if not isinstance(input.mode, Mode):
        raise IllegalInput(f"Receive.mode: {input.mode!r} is not one of {', '.join(Mode)}")


def attributes_of(input: inputs.Receive) -> Mapping[str, Attribute]:
    """Return a new contact's attributes: those that are wanted, and for a call what was dialled."""
    inbound = input.inbound
    if isinstance(inbound, Ringing) and inbound.called:
        return {"called": inbound.called, **input.attributes}
    return input.attributes


def _triaged(input: inputs.Receive) -> None:
    """Raise unless a contact can have what is wanted for it, which mostly is nothing."""
    wanted = (input.requires, input.language, input.due, input.attributes)
    if wanted == _NOTHING and type(input.priority) is int and input.priority == 0:
        return
    try:
        check_attributes(input.attributes, "Contact.attributes")
        Contact(
            "x",
            input.requires,
            language=input.language,
            priority=input.priority,
            due=input.due,
            attributes=attributes_of(input),
        )
    except (ConfigurationError, IllegalInput) as error:
        text = str(error)
        whole = text.replace("Contact.", "Receive.", 1) if text.startswith("Contact.") else ""
        raise IllegalInput(whole or f"Receive.requires: {text}") from error


def _message(message: Message) -> None:
    _content(message.content, "Receive.inbound.content")
    _claims(message.claims, "Receive.inbound.claims")
    _are(message.replies_to, str, "Receive.inbound.replies_to")
    _several(message.replies_to, "Receive.inbound.replies_to")
    _short(message.choice, _IN, "choice")
    _short(message.question, _IN, "question")
    _one_of(message.automatic, _AUTOMATIC, "Receive.inbound.automatic")


def _receipt(receipt: Receipt) -> None:
    _one_of(receipt.status, _STATUSES, "Receive.inbound.status")
    _short(receipt.error, _IN, "error")
    _are(receipt.ids, str, "Receive.inbound.ids")
    _several(receipt.ids, "Receive.inbound.ids")
    if receipt.upto is not None:
        checked(receipt.upto, "Receive.inbound.upto")


def _activity(activity: Activity) -> None:
    if activity.what == "typing":
        raise IllegalInput(
            f"{_IN}.what: typing is over before it could be kept; show it to the agent, past the "
            "center"
        )
    _one_of(activity.what, ("joined", "left"), "Receive.inbound.what")


def _revision(revised: Revised) -> None:
    _short(revised.message, _IN, "message")
    if revised.content is not None:
        _content(revised.content, "Receive.inbound.content")


def _relinking(relinked: Relinked) -> None:
    _claims(relinked.claims, "Receive.inbound.claims")
    if relinked.to is None:
        return
    _is(relinked.to, Address, "Receive.inbound.to")
    _short(relinked.to.to, _IN, "to.to")
    if relinked.to.channel != relinked.address.channel:
        raise IllegalInput(
            f"{_IN}.to.channel: {relinked.to.channel!r} is not {relinked.address.channel!r}, the "
            "channel that it came over"
        )


def _call(ringing: Ringing) -> None:
    _short(ringing.called, _IN, "called")
    _claims(ringing.claims, "Receive.inbound.claims")


_NOTHING: Final[tuple[object, ...]] = ("", "", None, {})
_IN: Final = "Receive.inbound"
_CHANNEL: Final = "Receive.inbound.address.channel"
_AUTOMATIC: Final = ("", "bounce", "reply", "echo", "list")
_STATUSES: Final = ("sent", "delivered", "read", "failed")
_INBOUND: Final[Mapping[type, Callable[[Any], None]]] = {
    Message: _message,
    Receipt: _receipt,
    Activity: _activity,
    Revised: _revision,
    Relinked: _relinking,
    Ringing: _call,
}


def _content(content: Content, field: str) -> None:
    """Raise unless something that is said can be kept."""
    _is(content, Content, field)
    if len(content.text) > LONGEST_TEXT:
        _most(len(content.text), LONGEST_TEXT, f"{field}.text")
    if type(content.automatic) is not bool:
        _is(content.automatic, bool, f"{field}.automatic")
    _short(content.question, field, "question")
    _short(content.subject, field, "subject")
    if content.attachments:
        _are(content.attachments, Attachment, f"{field}.attachments")
        _several(content.attachments, f"{field}.attachments")
        for number, file in enumerate(content.attachments):
            where = f"{field}.attachments[{number}]"
            _short(file.kind, where, "kind")
            _short(file.name, where, "name")
            _text(file.url, f"{where}.url")
            _most(len(file.url), LONGEST_URL, f"{where}.url")
            size: object = file.size
            if size is not None and (type(size) is not int or not 0 <= size < _LARGEST):
                raise IllegalInput(f"{where}.size: expected a number of bytes, 0 or more, or None")
    if content.buttons:
        _are(content.buttons, Button, f"{field}.buttons")
        _several(content.buttons, f"{field}.buttons")
        for number, button in enumerate(content.buttons):
            _short(button.key, f"{field}.buttons[{number}]", "key")
            _short(button.label, f"{field}.buttons[{number}]", "label")
    if content.template is not None:
        _short(content.template.name, field, "template.name")
        _short(content.template.language, field, "template.language")
        _are(content.template.values, str, f"{field}.template.values")
        _several(content.template.values, f"{field}.template.values")


def _claims(claims: tuple[Claim, ...], field: str) -> None:
    _are(claims, Claim, field)
    _most(len(claims), MOST_PARTS, field)
    for number, claim in enumerate(claims):
        # (each is a text: a claim sees to that itself)
        if len(claim.scheme) + len(claim.value) + len(claim.scope) + len(claim.raw) > LONGEST_SHORT:
            for name in ("scheme", "value", "scope", "raw"):
                _short(getattr(claim, name), f"{field}[{number}]", name)
        _one_of(claim.assurance, ASSURANCES, f"{field}[{number}].assurance")


def _tell(input: inputs.Tell, state: State) -> None:
    _contact(input.contact, state, "Tell.contact")
    said = input.input
    texts = _TOLD.get(type(said))
    if texts is None:
        raise IllegalInput(
            f"Tell.input: {type(said).__name__} is not something that a shell tells a flow, such "
            "as Press or InvokeDone"
        )
    field = f"Tell.input.{type(said).__name__}"
    for name in texts:
        _is(getattr(said, name), str, f"{field}.{name}")
        _text(getattr(said, name), f"{field}.{name}")
        if len(getattr(said, name)) > LONGEST_TEXT:
            raise IllegalInput(f"{field}.{name}: too long; at most {LONGEST_TEXT} characters")
    if isinstance(said, told.Press) and said.key not in KEYS:
        raise IllegalInput(f"{field}.key: expected one key, 0 to 9, * or # or A to D")
    if isinstance(said, told.InvokeDone):
        kept(said.value, f"{field}.value")
    elif isinstance(said, told.SecureInputDone):
        length: object = said.length
        if isinstance(length, bool) or not isinstance(length, int) or length < 0:
            raise IllegalInput(f"{field}.length: expected how many digits, a whole number")
    elif isinstance(said, told.SecureInputFailed) and said.reason not in _FAILED:
        raise IllegalInput(f"{field}.reason: expected one of {', '.join(_FAILED)}")


_FAILED: Final = ("no_input", "no_match", "failed")
_TOLD: Final[Mapping[type, tuple[str, ...]]] = {
    told.Press: ("key",),
    told.Utterance: ("text",),
    told.Text: ("text",),
    told.Choose: ("choice", "token"),
    told.HangUp: (),
    told.PromptDone: ("token",),
    told.SecureInputDone: ("reference", "token"),
    told.SecureInputFailed: ("token",),
    told.InvokeDone: ("call",),
    told.InvokeFailed: ("call", "reason"),
}
"""What a shell tells a flow, and its texts; timers and hand-offs are the center's own."""


def _offer(input: inputs.Accept | inputs.Decline, state: State) -> None:
    _derived(input.offer, state, f"{type(input).__name__}.offer", "an offer")


def _decline(input: inputs.Decline, state: State) -> None:
    _offer(input, state)
    _text(input.reason, "Decline.reason")


def _interaction(
    input: inputs.FailConnect | inputs.Say | inputs.End | inputs.ExtendWrapUp | inputs.Dispose,
    state: State,
) -> None:
    _derived(input.interaction, state, f"{type(input).__name__}.interaction", "an interaction")


def _fail_connect(input: inputs.FailConnect, state: State) -> None:
    _interaction(input, state)
    _text(input.reason, "FailConnect.reason")


def _disposed(input: inputs.End | inputs.Dispose, state: State) -> None:
    _interaction(input, state)
    _text(input.disposition, f"{type(input).__name__}.disposition")


def _say(input: inputs.Say, state: State) -> None:
    _interaction(input, state)
    _content(input.content, "Say.content")


def _abandon(input: inputs.Abandon, state: State) -> None:
    _contact(input.contact, state, "Abandon.contact")


def _extend_wrap_up(input: inputs.ExtendWrapUp, state: State) -> None:
    _interaction(input, state)
    checked(input.until, "ExtendWrapUp.until")


def _nothing(_: inputs.Tick | inputs.Resume, __: State) -> None:
    """Time may always pass."""


_CHECKS: dict[type, Callable[[Any, State], None]] = {
    inputs.PutQueue: _put_queue,
    inputs.RemoveQueue: _remove_queue,
    inputs.PutAgent: _put_agent,
    inputs.RemoveAgent: _agent,
    inputs.SetPresence: _set_presence,
    inputs.LoseAgent: _agent,
    inputs.Relink: _relink,
    inputs.Arrive: _arrive,
    inputs.Receive: _receive,
    inputs.Tell: _tell,
    inputs.Accept: _offer,
    inputs.Decline: _decline,
    inputs.FailConnect: _fail_connect,
    inputs.Say: _say,
    inputs.Abandon: _abandon,
    inputs.End: _disposed,
    inputs.ExtendWrapUp: _extend_wrap_up,
    inputs.Dispose: _disposed,
    inputs.Tick: _nothing,
    inputs.Resume: _nothing,
}


# --- what the checks share ------------------------------------------------------------------------


def _is(value: object, kind: type, field: str) -> None:
    if not isinstance(value, kind):
        raise IllegalInput(  # (the value is not repeated: it may be what a customer wrote)
            f"{field}: {type(value).__name__} is not of the type {kind.__name__}"
        )


def _are(values: object, kind: type, field: str) -> None:
    if not isinstance(values, tuple):
        raise IllegalInput(
            f"{field}: {type(values).__name__} is not of the type tuple; "
            f"give a tuple of {kind.__name__}, which may be empty: ()"
        )
    for place, value in enumerate(cast("tuple[object, ...]", values)):
        if not isinstance(value, kind):
            _is(value, kind, f"{field}[{place}]")


def _text(value: object, field: str) -> None:
    if isinstance(value, str) and value.isascii():
        return
    with _field(field):
        check_text(value, field)


def _short(value: object, field: str, name: str) -> None:
    if isinstance(value, str) and len(value) <= LONGEST_SHORT and value.isascii():
        return
    _text(value, f"{field}.{name}")
    _most(len(cast("str", value)), LONGEST_SHORT, f"{field}.{name}")


def _several(values: tuple[object, ...], field: str) -> None:
    """Raise where there are too many, or one that is text is too long or none."""
    _most(len(values), MOST_PARTS, field)
    for number, value in enumerate(values):
        if isinstance(value, str):
            _text(value, f"{field}[{number}]")
            _most(len(value), LONGEST_SHORT, f"{field}[{number}]")


def _most(size: int, most: int, field: str) -> None:
    if size > most:
        raise IllegalInput(f"{field}: {size} is too long; at most {most}")


def _one_of(value: object, known: tuple[str, ...], field: str) -> None:
    if value not in known:
        near = did_you_mean(value, known) if isinstance(value, str) else ""
        listed = ", ".join(map(repr, known))
        raise IllegalInput(f"{field}: {value!r:.40} is not one of {listed}.{near}")


def _entry(value: object, state: State, field: str) -> None:
    """Raise unless a contact can begin there: in a queue, or in a flow."""
    known = state.queues.queues
    if isinstance(value, str) and (value in known or value in state.entries):
        return
    what = "queue or flow" if state.entries else "queue"
    _known(value, [*known, *state.entries], field, what)


def _known(value: object, known: Iterable[str], field: str, what: str) -> None:
    if not isinstance(value, str):
        raise IllegalInput(f"{field}: {value!r} is not the id of a known {what}; an id is a str")
    if value not in known:
        raise IllegalInput(f"{field}: no {what} {value!r}.{did_you_mean(value, known)}")


def _contact(value: str, state: State, field: str) -> None:
    """Raise where a contact was never here; where it may only be forgotten, do not."""
    _is(value, str, field)
    if not state.knows(value) and not state.forgotten:
        near = did_you_mean(value, state.contacts)
        raise IllegalInput(f"{field}: no contact {value!r}.{near}")


def _derived(value: str, state: State, field: str, what: str) -> None:
    contact = contact_of(value) if isinstance(value, str) else None
    if contact in state.contacts:
        return
    if contact is None:
        raise IllegalInput(f"{field}: {value!r} is not the id of {what}, such as 'c1/1'")
    _contact(contact, state, field)


@contextmanager
def _field(name: str) -> Generator[None]:
    """Let a configuration error inside an input name the input's field."""
    try:
        yield
    except ConfigurationError as error:
        text = str(error)
        raise IllegalInput(text if text.startswith(name) else f"{name}: {text}") from error
