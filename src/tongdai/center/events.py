"""What happened: nouns with a participle.

Rule: events are facts. They are what the journal keeps, and applying them in order gives the state.
Each carries its own instant `at`, and the id of the input that caused it, if that had one. What
identifies comes positionally.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from tongdai.ivr.effects import AnyEffect as AnyTask
from tongdai.ivr.events import AnyEvent as AnyStep
from tongdai.model.agent import Agent, Presence
from tongdai.model.contact import Address, Claim, Contact, Content
from tongdai.model.personal import Personal, PersonalText, Value
from tongdai.model.queue import Queue
from tongdai.model.time import Instant

Measure: TypeAlias = int | float | str


class Event(Value, frozen=True, kw_only=True, tag=True):
    """The base of all events.

    Attributes:
        at: when it happened.
        cause: the id of the input that caused it; empty where that had none, or time did.
    """

    at: Instant = 0
    cause: str = ""


# --- configuration --------------------------------------------------------------------------------


class QueuePut(Event, frozen=True):
    """A queue was added or changed."""

    queue: str
    value: Queue


class QueueRemoved(Event, frozen=True):
    """A queue was removed; contacts in it moved to the queue `to`."""

    queue: str
    to: str = ""


class AgentPut(Event, frozen=True):
    """An agent was added, or changed."""

    agent: str
    value: Agent
    available: bool = False


class AgentRemoved(Event, frozen=True):
    """An agent was removed."""

    agent: str


# --- agents ---------------------------------------------------------------------------------------


class PresenceChanged(Event, frozen=True):
    """An agent's presence changed."""

    agent: str
    presence: Presence
    reason: str = ""


class AgentLost(Event, frozen=True):
    """The connection to an agent broke; they keep their contacts until an instant."""

    agent: str
    until: Instant


# --- one contact, in the order of its life --------------------------------------------------------


class ContactIdentified(Event, frozen=True, gc=False):
    """It was found out whose contact one is, before anything else happens with it.

    Attributes:
        contact, profile: ids.
        observation: the id under which the profile has what the contact said.
        channel: over which it came.
        how: `created`, `attached`, `merged`, `review` or `unmerged`: what that did to profiles.
        bits: the evidence, where evidence decided.
        known: name, language and consent, as the profile shows them.
    """

    contact: str
    profile: str
    observation: str
    channel: str
    how: str = ""
    bits: float | None = None
    known: Annotated[Mapping[str, Any], Personal] = {}


class ProfileChanged(Event, frozen=True, gc=False):
    """A profile shows something else, or has contacts now that were another's.

    Attributes:
        profile: its id; empty where the contacts are nobody's any more (an erasure).
        known: as in `ContactIdentified`.
        was: whose the contacts were.
        contacts: those that are this profile's from here, open ones and past ones.
    """

    profile: str
    known: Annotated[Mapping[str, Any], Personal] = {}
    was: str = ""
    contacts: tuple[str, ...] = ()


class ContactGreeted(Event, frozen=True, gc=False):
    """A contact began in a flow, which has it until it hands it off.

    Attributes:
        contact, flow: ids.
        value: the contact itself.
    """

    contact: str
    flow: str
    value: Contact


class FlowAdvanced(Event, frozen=True, gc=False):
    """A contact's flow went on.

    Attributes:
        contact: its id.
        steps: what happened in the flow, as `tongdai.ivr.events` tells it.
        tasks: what the flow wants done, as `tongdai.ivr.effects` has it.
        address: where the contact is, if the shell is told by the contact.
        spoken: whether it is a call, so that prompts are played and keys are heard; else what is
            said to an address goes there as messages.
    """

    contact: str
    steps: Annotated[tuple[AnyStep, ...], Personal]
    tasks: Annotated[tuple[AnyTask, ...], Personal] = ()
    address: Address | None = None
    spoken: bool = False


class HandOffRefused(Event, frozen=True, gc=False):
    """No queue took a contact that its flow handed off; the flow has it again.

    Attributes:
        contact, queue: ids; the queue is the last one that did not take it.
        reason: why.
        overflowed: the queues before that one that did not take it.
    """

    contact: str
    queue: str
    reason: str
    overflowed: tuple[str, ...] = ()


class FlowEnded(Event, frozen=True, gc=False):
    """The flow that had a contact, or cleaned up behind it, is over, and so is the contact.

    Attributes:
        contact, flow: ids.
        reason: why, such as `end` or `customer`.
        disconnect: whether the customer has to be let go.
        address: as in `FlowAdvanced`.
    """

    contact: str
    flow: str
    reason: str
    disconnect: bool = False
    address: Address | None = None


class ContactQueued(Event, frozen=True, gc=False):
    """A contact waits in a queue.

    Attributes:
        contact, queue: ids.
        value: the contact itself.
        overflowed: queues that did not take it before.
        preferred: what is preferred for it by its profile, as a requirement's text. Nobody is held
            for it longer than to the first offer, or to the first step of the queue's plan.
    """

    contact: str
    queue: str
    value: Contact
    overflowed: tuple[str, ...] = ()
    preferred: str = ""


class ContactRefused(Event, frozen=True, gc=False):
    """A contact could not join any queue on its way; it never entered."""

    contact: str
    queue: str
    reason: str
    value: Contact
    message: str = ""
    overflowed: tuple[str, ...] = ()


class PlanStepped(Event, frozen=True, gc=False):
    """A waiting contact's plan came to a step; the first step is 1."""

    contact: str
    step: int


class ContactProtected(Event, frozen=True, gc=False):
    """An exclusive contact has waited so long that agents who fit take no other new work."""

    contact: str


class ContactOverflowed(Event, frozen=True, gc=False):
    """A waiting contact moved to another queue."""

    contact: str
    queue: str
    to: str
    reason: str = "patience"


class ContactOffered(Event, frozen=True, gc=False):
    """A contact was offered to an agent.

    Attributes:
        contact, agent, offer: ids.
        until: when the offer expires.
        strategy, measure: how the agent was picked, and what won.
        automatic: whether it accepts itself.
        context: what the contact's flow has asked and been answered, by name; under `attributes`,
            the contact's, if it has any; under `profile`, what is known of who it is.
    """

    contact: str
    agent: str
    offer: str
    until: Instant
    strategy: str = ""
    measure: Measure = 0
    automatic: bool = False
    context: Annotated[Mapping[str, Any], Personal] = {}


class OfferAccepted(Event, frozen=True, gc=False):
    """An agent accepted an offer; the interaction has the offer's id."""

    contact: str
    agent: str
    offer: str


class OfferDeclined(Event, frozen=True, gc=False):
    """An agent declined an offer; the contact is kept from them until an instant."""

    contact: str
    agent: str
    offer: str
    until: Instant
    reason: str = ""


class OfferExpired(Event, frozen=True, gc=False):
    """An agent did not answer an offer, and is not_responding from here."""

    contact: str
    agent: str
    offer: str


class OfferRescinded(Event, frozen=True, gc=False):
    """An offer was taken back through no act of its agent."""

    contact: str
    agent: str
    offer: str
    reason: str


class CoolOffEnded(Event, frozen=True, gc=False):
    """A contact may be offered to an agent again."""

    contact: str
    agent: str


class InteractionFailed(Event, frozen=True, gc=False):
    """An agent's part ended early; the contact waits again in its old place.

    Attributes:
        contact, agent, interaction: ids.
        reason: why.
        until: the contact is kept from the agent until then; `None` where the agent is gone anyway.
    """

    contact: str
    agent: str
    interaction: str
    reason: str
    until: Instant | None = None


class MessageReceived(Event, frozen=True, gc=False):
    """The customer wrote, or something wrote in their place.

    Attributes:
        contact, key: of the contact, and of the message within its channel.
        content: what was written.
        agent, interaction: who has the contact; empty while nobody has it.
        choice: the key of the button that was tapped; empty where it was written.
        automatic: why nobody wrote this (see `tongdai.channels.Message`); no flow hears of it then.
    """

    contact: str
    key: str
    content: Annotated[Content, Personal]
    agent: str = ""
    interaction: str = ""
    choice: PersonalText = ""
    automatic: str = ""


class MessageRevised(Event, frozen=True, gc=False):
    """The customer changed what they wrote before; a flow that has read it does not hear of it.

    Attributes:
        contact: its id.
        message: the key of the message.
        content: what it says now; `None` where it was withdrawn.
        agent, interaction: as in `MessageReceived`.
    """

    contact: str
    message: str
    content: Annotated[Content | None, Personal] = None
    agent: str = ""
    interaction: str = ""


class ContactRelinked(Event, frozen=True, gc=False):
    """The platform knows a contact's customer under another identity from here on.

    Attributes:
        contact: its id.
        address: where they are reached from here on.
        claims: what the contact carries from here on.
        was: where they were reached before.
    """

    contact: str
    address: Address
    claims: tuple[Claim, ...] = ()
    was: Address | None = None


class ReceiptReceived(Event, frozen=True, gc=False):
    """A provider told what became of messages that were sent."""

    contact: str
    key: str
    status: str
    ids: tuple[str, ...] = ()
    upto: Instant | None = None
    error: str = ""


class MessageSaid(Event, frozen=True, gc=False):
    """An agent wrote to the customer."""

    contact: str
    agent: str
    interaction: str
    content: Annotated[Content, Personal]
    address: Address | None = None


class ContactAbandoned(Event, frozen=True, gc=False):
    """The customer left before an agent had the contact.

    Attributes:
        contact, queue: ids.
        waited: microseconds since the contact was first enqueued.
        short: whether that is less than the queue's `short_abandon`.
    """

    contact: str
    queue: str
    waited: int
    short: bool = False


EndReason: TypeAlias = Literal["agent", "customer", "patience", "queue removed"]


class ContactEnded(Event, frozen=True, gc=False):
    """A contact came to its end.

    Attributes:
        contact, reason: which, and by whom or what.
        queue: where it was.
        agent, interaction: who had it; empty if nobody.
        disposition: the outcome code, where it was chosen at once.
        wrap_up: whether the agent's capacity stays held for wrap-up.
        message: what the customer is told; empty for nothing.
        address: where they are told.
        flow: the flow that has the contact again; empty where it is over.
    """

    contact: str
    reason: EndReason
    queue: str = ""
    agent: str = ""
    interaction: str = ""
    disposition: str = ""
    wrap_up: bool = False
    message: str = ""
    address: Address | None = None
    flow: str = ""


class WrapUpStarted(Event, frozen=True, gc=False):
    """An agent works after a contact; `until` is `None` where only a disposition ends it."""

    agent: str
    interaction: str
    until: Instant | None


class WrapUpExtended(Event, frozen=True, gc=False):
    """An agent has until a later instant for the wrap-up."""

    agent: str
    interaction: str
    until: Instant


class WrapUpEnded(Event, frozen=True, gc=False):
    """An agent's capacity is free again after a wrap-up."""

    agent: str
    interaction: str
    disposition: str = ""


class InputIgnored(Event, frozen=True, gc=False):
    """An input came too late, or changed nothing; `reference` is what it was about."""

    input: str
    reference: str
    reason: str


AnyEvent: TypeAlias = (
    QueuePut
    | QueueRemoved
    | AgentPut
    | AgentRemoved
    | PresenceChanged
    | AgentLost
    | ContactIdentified
    | ProfileChanged
    | ContactGreeted
    | FlowAdvanced
    | HandOffRefused
    | FlowEnded
    | ContactQueued
    | ContactRefused
    | PlanStepped
    | ContactProtected
    | ContactOverflowed
    | ContactOffered
    | OfferAccepted
    | OfferDeclined
    | OfferExpired
    | OfferRescinded
    | CoolOffEnded
    | InteractionFailed
    | MessageReceived
    | MessageRevised
    | ContactRelinked
    | ReceiptReceived
    | MessageSaid
    | ContactAbandoned
    | ContactEnded
    | WrapUpStarted
    | WrapUpExtended
    | WrapUpEnded
    | InputIgnored
)
"""Everything that a journal holds."""
