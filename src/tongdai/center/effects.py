"""What the shell must do: verb and noun.

Rule: effects follow from events alone (`effects_of`), so a shell that stopped between keeping
events and performing effects can find out again what it owes. An effect's id is the journal's
sequence number of its event and is the same each time, so whoever performs it can tell a repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeAlias

from tongdai.center import events
from tongdai.ivr import effects as tasks
from tongdai.model.contact import Address, Content
from tongdai.model.personal import Personal, Value
from tongdai.model.time import Instant


class Effect(Value, frozen=True, kw_only=True, tag=True):
    """The base of all effects.

    Attributes:
        id: `<sequence number of the event>/<number>`.
    """

    id: str = ""


class PresentOffer(Effect, frozen=True, gc=False):
    """Show an agent an offer.

    Attributes:
        agent, offer, contact: ids.
        until: when the offer expires.
        context: what the contact's flow has asked and been answered, by name; under `attributes`,
            the contact's, if it has any; under `profile`, what is known of who it is.
    """

    agent: str
    offer: str
    contact: str
    until: Instant
    context: Annotated[Mapping[str, Any], Personal] = {}


class WithdrawOffer(Effect, frozen=True, gc=False):
    """Take an offer off an agent's desk."""

    agent: str
    offer: str
    reason: str


class ConnectContact(Effect, frozen=True, gc=False):
    """Connect customer and agent."""

    contact: str
    agent: str
    interaction: str


class ShowMessage(Effect, frozen=True, gc=False):
    """Show an agent what the customer wrote; `key` and `automatic` as in `MessageReceived`."""

    agent: str
    interaction: str
    content: Annotated[Content, Personal]
    key: str = ""
    automatic: str = ""


class ShowRevision(Effect, frozen=True, gc=False):
    """Show an agent that a message says something else now; `None` where it was withdrawn.

    Attributes:
        agent, interaction: ids.
        message: the message's key, as `ShowMessage` had it.
        content: what it says now.
    """

    agent: str
    interaction: str
    message: str
    content: Annotated[Content | None, Personal] = None


class SendMessage(Effect, frozen=True, gc=False):
    """Tell the customer something.

    Attributes:
        contact: its id.
        content: what is said.
        address: where; `None` where the shell must know how (a call).
    """

    contact: str
    content: Annotated[Content, Personal]
    address: Address | None = None


class CloseInteraction(Effect, frozen=True, gc=False):
    """Tell an agent that an interaction is over."""

    agent: str
    interaction: str
    reason: str


class ServeContact(Effect, frozen=True, gc=False):
    """Do what a contact's flow wants done: play, listen, call a function, transfer ...

    Attributes:
        contact: its id.
        task: what is to be done.
        address: where the contact is; `None` where the shell must know how (a call).
    """

    contact: str
    task: Annotated[tasks.AnyEffect, Personal]
    address: Address | None = None


class DisconnectContact(Effect, frozen=True, gc=False):
    """Let the customer go: hang up, close the chat; `address` as in `SendMessage`."""

    contact: str
    reason: str
    address: Address | None = None


AnyEffect: TypeAlias = (
    PresentOffer
    | WithdrawOffer
    | ConnectContact
    | ShowMessage
    | ShowRevision
    | SendMessage
    | CloseInteraction
    | ServeContact
    | DisconnectContact
)
"""Everything that a shell may have to do."""


def effects_of(event: events.AnyEvent, number: int) -> list[AnyEffect]:
    """Return what an event obliges the shell to do.

    Args:
        event: what happened.
        number: the event's sequence number in the journal, from 0.
    """
    make = MAKERS.get(type(event))
    return [] if make is None else make(event, f"{number}/")


def _offered(event: events.ContactOffered, at: str) -> list[AnyEffect]:
    if event.automatic:
        return []
    return [
        PresentOffer(
            event.agent,
            event.offer,
            event.contact,
            event.until,
            context=event.context,
            id=at + "1",
        )
    ]


_CENTERS_OWN = (tasks.SetTimer, tasks.CancelTimer, tasks.GiveToQueue, tasks.Disconnect)
"""What a flow wants done that the center does itself."""


def _advanced(event: events.FlowAdvanced, at: str) -> list[AnyEffect]:
    """Who writes needs no more than messages; everybody else, a shell that plays and listens."""
    found: list[AnyEffect] = []
    address = event.address
    written = address is not None and not event.spoken
    for place, task in enumerate(event.tasks, 1):
        id = f"{at}{place}"
        if written and isinstance(task, tasks.Play):
            found.append(SendMessage(event.contact, said(task), address, id=id))
        elif written and isinstance(task, tasks.Listen):
            continue
        elif not isinstance(task, _CENTERS_OWN):
            found.append(ServeContact(event.contact, task, address, id=id))
    return found


def said(play: tasks.Play) -> Content:
    """Return what a flow says as a message, with the buttons to its question.

    A button that says no more than its key stands in the text already ("cards 1, the rest 2").
    Where all are such there are none, so that a medium without buttons shows no choice twice.
    """
    if any(button.label != button.key for button in play.buttons):
        return Content(play.text, buttons=play.buttons, question=play.token, automatic=True)
    return Content(play.text, automatic=True)


def _flow_ended(event: events.FlowEnded, at: str) -> list[AnyEffect]:
    if not event.disconnect:
        return []
    return [DisconnectContact(event.contact, event.reason, event.address, id=at + "1")]


def _accepted(event: events.OfferAccepted, at: str) -> list[AnyEffect]:
    return [ConnectContact(event.contact, event.agent, event.offer, id=at + "1")]


def _expired(event: events.OfferExpired, at: str) -> list[AnyEffect]:
    return [WithdrawOffer(event.agent, event.offer, "expired", id=at + "1")]


def _rescinded(event: events.OfferRescinded, at: str) -> list[AnyEffect]:
    return [WithdrawOffer(event.agent, event.offer, event.reason, id=at + "1")]


def _failed(event: events.InteractionFailed, at: str) -> list[AnyEffect]:
    return [CloseInteraction(event.agent, event.interaction, event.reason, id=at + "1")]


def _received(event: events.MessageReceived, at: str) -> list[AnyEffect]:
    if not event.interaction:
        return []
    return [
        ShowMessage(
            event.agent,
            event.interaction,
            event.content,
            key=event.key,
            automatic=event.automatic,
            id=at + "1",
        )
    ]


def _revised(event: events.MessageRevised, at: str) -> list[AnyEffect]:
    if not event.interaction:
        return []
    return [ShowRevision(event.agent, event.interaction, event.message, event.content, id=at + "1")]


def _said(event: events.MessageSaid, at: str) -> list[AnyEffect]:
    return [SendMessage(event.contact, event.content, event.address, id=at + "1")]


def _refused(event: events.ContactRefused, at: str) -> list[AnyEffect]:
    found: list[AnyEffect] = []
    if event.message:
        content = Content(event.message, automatic=True)
        found.append(SendMessage(event.contact, content, event.value.address, id=at + "1"))
    address = event.value.address
    found.append(DisconnectContact(event.contact, event.reason, address, id=at + "2"))
    return found


def _ended(event: events.ContactEnded, at: str) -> list[AnyEffect]:
    found: list[AnyEffect] = []
    if event.message:
        content = Content(event.message, automatic=True)
        found.append(SendMessage(event.contact, content, event.address, id=at + "1"))
    if event.reason != "customer" and not event.flow:
        found.append(DisconnectContact(event.contact, event.reason, event.address, id=at + "2"))
    if event.interaction:
        found.append(CloseInteraction(event.agent, event.interaction, event.reason, id=at + "3"))
    return found


MAKERS: Mapping[type, Callable[[Any, str], list[AnyEffect]]] = {
    events.FlowAdvanced: _advanced,
    events.FlowEnded: _flow_ended,
    events.ContactRefused: _refused,
    events.ContactOffered: _offered,
    events.OfferAccepted: _accepted,
    events.OfferExpired: _expired,
    events.OfferRescinded: _rescinded,
    events.InteractionFailed: _failed,
    events.MessageReceived: _received,
    events.MessageRevised: _revised,
    events.MessageSaid: _said,
    events.ContactEnded: _ended,
}
"""What each kind of event obliges the shell to do; those that are not here, to nothing."""
