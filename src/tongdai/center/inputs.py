"""What the center is told: verbs.

Rule: an input says what somebody wants or what has happened outside; it never says what follows
from it. Every input may carry an `id`: the same id twice is taken once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from tongdai.channels import Inbound
from tongdai.ivr.inputs import AnyInput as AnyTold
from tongdai.model.agent import Agent, Presence
from tongdai.model.contact import Attribute, Contact, Content
from tongdai.model.mode import Mode
from tongdai.model.personal import Personal, Value
from tongdai.model.queue import Queue
from tongdai.model.time import Instant


class Input(Value, frozen=True, kw_only=True, tag=True):
    """The base of all inputs.

    Attributes:
        id: the caller's id of the input itself; empty for none.
    """

    id: str = ""


# --- configuration --------------------------------------------------------------------------------


class PutQueue(Input, frozen=True):
    """Add a queue, or change one while contacts wait in it."""

    queue: Queue


class RemoveQueue(Input, frozen=True):
    """Remove a queue. Contacts in it move to the queue `to`, keeping their enqueue time."""

    queue: str
    to: str = ""


class PutAgent(Input, frozen=True):
    """Add an agent, offline unless `available`; or change one, whose presence stays as it is."""

    agent: Agent
    available: bool = False


class RemoveAgent(Input, frozen=True):
    """Remove an agent; whom they had waits again in the old place."""

    agent: str


# --- agents ---------------------------------------------------------------------------------------


class SetPresence(Input, frozen=True):
    """An agent is available, away (say why), or offline."""

    agent: str
    presence: Presence
    reason: str = ""


class LoseAgent(Input, frozen=True):
    """The connection to an agent broke; unless they are back in time, their contacts go on."""

    agent: str


# --- people ---------------------------------------------------------------------------------------


class Relink(Input, frozen=True):
    """Profiles were changed beside the center: linked, undone, erased, imported; look again.

    Attributes:
        profiles: which, as `changed` of the resolver's answer has them; empty for all.
    """

    profiles: tuple[str, ...] = ()


# --- one contact, in the order of its life --------------------------------------------------------


class Arrive(Input, frozen=True):
    """A contact asks to be served.

    Attributes:
        contact: who.
        queue: where it waits; or the id of a flow, which has it first.
    """

    contact: Contact
    queue: str


class Receive(Input, frozen=True):
    """Something came in over a channel.

    All but `inbound` counts only where a new contact comes of it: of a message that somebody wrote,
    or of a call, and nobody at its address has an open one. What triage finds stands here.

    Attributes:
        inbound: what came; that somebody is typing is not for the center.
        entry: the queue, or the flow, that a new contact enters; may be empty where the address is
            thought to have an open contact. If it has none, the input is ignored, and not taken:
            it can be handed in again, with an entry and the same id.
        mode: how the channel's contacts behave; those of calls are live.
        requires, priority, language, due, attributes: as a new contact has them.
    """

    inbound: Inbound
    entry: str
    mode: Mode = Mode.INTERACTIVE
    requires: str = ""
    priority: int = 0
    language: str = ""
    due: Instant | None = None
    attributes: Annotated[Mapping[str, Attribute], Personal] = {}


class Tell(Input, frozen=True):
    """The flow that has a contact is told something: a key, words, the end of a prompt ...

    Attributes:
        contact: whose flow.
        input: what it is told. Timers and what becomes of a hand-off are the center's own.
    """

    contact: str
    input: AnyTold


class Accept(Input, frozen=True):
    """An agent accepts an offer."""

    offer: str


class Decline(Input, frozen=True):
    """An agent declines an offer."""

    offer: str
    reason: str = ""


class FailConnect(Input, frozen=True):
    """Agent and customer could not be connected; the contact takes its old place."""

    interaction: str
    reason: str = ""


class Say(Input, frozen=True):
    """An agent says something to the customer."""

    interaction: str
    content: Content


class Abandon(Input, frozen=True):
    """The customer leaves: hangs up or closes the chat, whatever state the contact is in."""

    contact: str


class End(Input, frozen=True):
    """An agent ends an interaction; with a disposition there is no wrap-up."""

    interaction: str
    disposition: str = ""


class ExtendWrapUp(Input, frozen=True):
    """An agent needs until a later instant for the wrap-up."""

    interaction: str
    until: Instant


class Dispose(Input, frozen=True):
    """An agent chooses a disposition, which ends the wrap-up."""

    interaction: str
    disposition: str


# --- time -----------------------------------------------------------------------------------------


class Tick(Input, frozen=True):
    """Time has passed."""


class Resume(Input, frozen=True):
    """The shell is back after a stop: what fell due meanwhile falls due now."""


AnyInput: TypeAlias = (
    PutQueue
    | RemoveQueue
    | PutAgent
    | RemoveAgent
    | SetPresence
    | LoseAgent
    | Relink
    | Arrive
    | Receive
    | Tell
    | Accept
    | Decline
    | FailConnect
    | Say
    | Abandon
    | End
    | ExtendWrapUp
    | Dispose
    | Tick
    | Resume
)
"""Everything that `Center.handle` takes."""
