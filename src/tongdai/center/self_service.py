"""Contacts in flows: how a flow has a contact, hands it to a queue, and gets it back.

It remembers nothing: all that it knows is the center's state, which only its events change.

Rule: a contact is a flow's, or a queue's and its agents', never both. The flow has it until
`ContactQueued`; from then on its session waits, and goes on only when the queue does not take the
contact, gives it up, or an agent has ended it and the flow has something to say then. Each step of
a flow is one `FlowAdvanced`, which holds what happened in the flow and what it wants done; replay
applies it and runs no flow.

A flow's deadlines are the center's timers. What a flow wants of a queue the center does at once;
everything else goes to the shell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias, cast

from msgspec.structs import replace

from tongdai.center import events, inputs
from tongdai.center.state import FlowTimer, InFlow, State
from tongdai.channels import Message
from tongdai.errors import ConfigurationError, IllegalInput, MissingFlow, MissingNode
from tongdai.ivr import effects as tasks
from tongdai.ivr import inputs as told
from tongdai.ivr.flow import Flow
from tongdai.ivr.machine import Machine, Turn
from tongdai.ivr.nodes import HandOff
from tongdai.ivr.prompts import Modality
from tongdai.ivr.session import Session
from tongdai.model.calendar import BusinessCalendar
from tongdai.model.contact import Contact
from tongdai.model.mode import Mode
from tongdai.model.requirement import Requirement
from tongdai.model.time import Instant
from tongdai.queues import Joined

_Result: TypeAlias = Literal["full", "closed", "failed", "ended"]
_AGAIN: Final[Mapping[str, tuple[str, _Result]]] = {
    "agent": ("then", "ended"),
    "patience": ("closed", "closed"),
}
"""How a contact may come back to its flow: the outcome that must be wired, and what it is told."""
MOST_REFUSALS: Final = 16
"""Hand-offs in a row, within one input, that no queue takes; a flow that goes on is spinning."""

NOTHING: Final[Mapping[str, Any]] = {}


class SelfService:
    """The flows of a center, and what the center does with them.

    It looks at the center's state and emits events through it; it remembers nothing itself.
    """

    def __init__(  # noqa: PLR0913 - what it needs of the center, no more
        self,
        flows: tuple[Flow, ...],
        calendars: Mapping[str, BusinessCalendar] | None,
        state: State,
        *,
        emit: Callable[[events.AnyEvent], None],
        stamp: Callable[[], tuple[Instant, str]],
        admit: Callable[[Contact, str], Any],
        identify: Callable[[Contact, bool], None],
        preferred: Callable[[Contact, str], str],
    ) -> None:
        """Make the flows ready.

        Args:
            flows: of several versions of one, contacts begin in the last.
            calendars: calendars by the names that flows use.
            state: the center's.
            emit: lets something have happened.
            stamp: gives instant and cause of what happens now.
            admit: asks whether a queue would take a contact.
            identify: finds out who a new contact is.
            preferred: tells what a contact prefers in a queue by its profile.

        Raises:
            ConfigurationError: a flow that cannot run, or that has the id of a queue.
        """
        self._machine = Machine(flows, calendars=calendars)
        self._flows = {(flow.id, flow.version): flow for flow in flows}
        self._state = state
        self._emit = emit
        self._stamp = stamp
        self._admit = admit
        self._identify = identify
        self._preferred = preferred
        self._refusals = 0
        state.entries = frozenset(flow.id for flow in flows)
        for id in state.entries:
            if id in state.queues.queues:
                raise ConfigurationError(f"Center.flows: {id!r} is the id of a queue already")

    # --- who has a contact --------------------------------------------------------------------

    def has(self, contact: str) -> bool:
        """Return whether a flow has a contact now."""
        return contact in self._state.flows and contact not in self._state.contacts

    def context(self, contact: str) -> Mapping[str, Any]:
        """Return what a contact's flow has asked and been answered, as it was handed off."""
        live = self._state.flows.get(contact)
        return NOTHING if live is None else live.context

    def _profile(self, contact: str) -> dict[str, Any]:
        """Return what a flow can know of who a contact is, under `profile`."""
        histories = self._state.histories
        return {} if histories is None else {"profile": histories.facts(contact)}

    def _returns(self, contact: str, outcome: str) -> str:
        """Return the flow that would have a contact again by an outcome of its hand-off, or ""."""
        live = self._state.flows.get(contact)
        session = None if live is None else live.session
        if live is None or session is None or session.phase != "handed_off":
            return ""
        flow = self._flows.get((session.flow, session.version))
        node = None if flow is None else flow.nodes.get(session.node)
        wired = isinstance(node, HandOff) and getattr(node, outcome) is not None
        return session.flow if wired else ""

    # --- what comes from outside --------------------------------------------------------------

    def begin(
        self, contact: Contact, flow: str, message: Message | None = None, *, spoken: bool = False
    ) -> None:
        """Let a contact begin in a flow; `spoken` where it is a call that has an address."""
        self._refusals = 0
        self._identify(contact, spoken)
        at, cause = self._stamp()
        self._emit(events.ContactGreeted(contact.id, flow, contact, at=at, cause=cause))
        if message is not None:
            self._emit(
                events.MessageReceived(
                    contact.id,
                    message.key,
                    message.content,
                    choice=message.choice,
                    at=at,
                    cause=cause,
                )
            )
        live = self._state.flows[contact.id]
        try:
            turn = self._machine.start(
                flow,
                session=contact.id,
                now=at,
                modality="voice" if spoken else _modality(contact),
                language=contact.language,
                values={
                    "contact": _facts(contact),
                    **self._profile(contact.id),
                    **_first(message),
                },
            )
        except (MissingFlow, MissingNode, ConfigurationError, IllegalInput) as error:
            self._end(live, type(error).__name__, disconnect=True)
        else:
            self._go_on(live, turn)

    def tell(self, input: inputs.Tell) -> str:
        """Tell a contact's flow something; return why not, where it has not got the contact."""
        live = self._state.flows[input.contact]
        if input.contact in self._state.contacts:
            return f"contact {input.contact} is with a queue or an agent"
        if isinstance(input.input, told.HangUp):
            self.leave(live)
        else:
            self._refusals = 0
            self._step(live, input.input)
        return ""

    def hear(self, contact: str, message: Message) -> None:
        """Let the flow that has a contact read a message: what was tapped, or what was written."""
        self._refusals = 0
        said: told.AnyInput = (
            told.Choose(message.choice, message.question)
            if message.choice
            else told.Text(message.content.text)
        )
        self._step(self._state.flows[contact], said)

    def due(self, timer: FlowTimer) -> None:
        """A deadline of a flow has come."""
        self._refusals = 0
        live = self._state.flows[timer.contact]
        session = cast("Session", live.session)
        self._step(live, told.TimerFired(session.token(timer.number)))

    # --- what comes from the center -----------------------------------------------------------

    def leave(self, live: InFlow) -> None:
        """The customer is gone: the flow cleans up, once."""
        self._refusals = 0
        if not live.cleaning:
            self._step(live, told.HangUp())

    def hang_up(self, contact: str) -> bool:
        """The customer leaves the flow that has them; return whether one has."""
        live = self._state.flows.get(contact)
        if live is None or live.cleaning or contact in self._state.contacts:
            return False
        self.leave(live)
        return True

    def left(self, contact: str) -> None:
        """The customer leaves a queue or an agent: the flow that waits cleans up."""
        live = self._state.flows.get(contact)
        if live is not None and not live.over:
            self.leave(live)

    def closing(self, contact: str, reason: events.EndReason) -> str:
        """Let the flow that waits hear that its contact ends.

        Return the flow that has the contact again then; empty where it has nothing more to say.
        """
        outcome = _AGAIN.get(reason)
        flow = self._returns(contact, outcome[0]) if outcome else ""
        live = self._state.flows.get(contact)
        if flow or live is None or live.over:
            return flow
        if reason == "agent":
            self._step(live, told.QueueResult("ended"))
        else:
            self.leave(live)
        return ""

    def resume(self, contact: str, reason: events.EndReason) -> None:
        """A contact is its flow's again."""
        self._refusals = 0
        self._step(self._state.flows[contact], told.QueueResult(_AGAIN[reason][1]))

    # --- one step -----------------------------------------------------------------------------

    def _step(self, live: InFlow, input: told.AnyInput) -> None:
        at, cause = self._stamp()
        try:
            turn = self._machine.step(cast("Session", live.session), input, at)
        except (MissingFlow, MissingNode) as error:
            self._end(live, type(error).__name__, disconnect=not live.cleaning)
        except IllegalInput as error:
            what = type(input).__name__
            self._emit(events.InputIgnored(what, live.contact.id, str(error), at=at, cause=cause))
        else:
            self._go_on(live, turn)

    def _go_on(self, live: InFlow, turn: Turn) -> None:
        contact = live.contact
        if turn.events or turn.effects:
            at, cause = self._stamp()
            self._emit(
                events.FlowAdvanced(
                    contact.id,
                    turn.events,
                    turn.effects,
                    contact.address,
                    spoken=turn.session.modality == "voice",
                    at=at,
                    cause=cause,
                )
            )
        for task in turn.effects:
            if isinstance(task, tasks.GiveToQueue):
                self._give(live, task)
        if turn.session.ended and contact.id not in self._state.contacts:
            let_go = any(isinstance(task, tasks.Disconnect) for task in turn.effects)
            self._end(live, turn.session.reason, disconnect=let_go)

    def _end(self, live: InFlow, reason: str, *, disconnect: bool) -> None:
        at, cause = self._stamp()
        contact = live.contact
        if contact.id in self._state.flows and contact.id not in self._state.contacts:
            self._emit(
                events.FlowEnded(
                    contact.id,
                    live.flow,
                    "customer" if reason == "hang_up" else reason,
                    disconnect,
                    contact.address,
                    at=at,
                    cause=cause,
                )
            )

    def _give(self, live: InFlow, task: tasks.GiveToQueue) -> None:
        """Let a queue have a contact, or its flow hear that none takes it."""
        at, cause = self._stamp()
        id = live.contact.id
        contact = _wanting(live.contact, task)
        reason, queue = "there is no such queue", task.queue
        passed: tuple[str, ...] = ()
        result: _Result = "failed"
        if contact is None:
            reason = "what the flow asks of agents is no requirement"
        elif id in self._state.router.waiters:
            reason = "the agent before is still in wrap-up"
        elif task.queue in self._state.queues.queues:
            answer = self._admit(contact, task.queue)
            if isinstance(answer, Joined):
                self._emit(
                    events.ContactQueued(
                        id,
                        answer.queue,
                        contact,
                        overflowed=answer.overflowed,
                        preferred=self._preferred(contact, answer.queue),
                        at=at,
                        cause=cause,
                    )
                )
                return
            reason, queue, passed = answer.reason, answer.queue, answer.overflowed
            result = "full" if reason == "full" else "closed"
        self._emit(events.HandOffRefused(id, queue, reason, passed, at=at, cause=cause))
        self._refusals += 1
        if self._refusals > MOST_REFUSALS:
            self._end(live, "error.spin", disconnect=True)
        else:
            self._step(live, told.QueueResult(result, task.call))


def _wanting(contact: Contact, task: tasks.GiveToQueue) -> Contact | None:
    """Return the contact with what its flow wants for it; `None` where that cannot be."""
    try:
        wanted = Requirement.parse(contact.requires) & Requirement.parse(task.requires)
        return replace(contact, requires=str(wanted), priority=contact.priority + task.priority)
    except ConfigurationError:
        return None


def _modality(contact: Contact) -> Modality:
    """Return how a contact talks: choices are buttons, and what a medium makes of these."""
    return "voice" if contact.mode == Mode.LIVE and contact.address is None else "chat"


def _facts(contact: Contact) -> dict[str, Any]:
    """Return what a flow can know of a contact, under `contact`."""
    address = contact.address
    channel = {} if address is None else {"id": address.channel, "address": address.to}
    return {
        "id": contact.id,
        "mode": str(contact.mode),
        "language": contact.language,
        "channel": channel,
        "claims": {claim.scheme: claim.value for claim in contact.claims},
        "attributes": contact.attributes,
    }


def _first(message: Message | None) -> dict[str, Any]:
    return {} if message is None else {"message": message.content.text}
