"""Everything a center remembers, and the only way it changes.

Rule: `apply(event)` is the one mutation path, for live and for replay. It never decides, never
fails on an event that an engine emitted, and looks at nothing but the event and the state. Appliers
stand in the order of a contact's life, named after their event.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from tongdai.center import events
from tongdai.center.histories import Histories
from tongdai.channels import Inbound, Message, Ringing
from tongdai.ivr.effects import GiveToQueue, Play
from tongdai.ivr.session import Session
from tongdai.ivr.session import apply as advance
from tongdai.model.codec import plain
from tongdai.model.contact import Address, Contact, Content
from tongdai.model.mode import Mode, ModeSettings, modes
from tongdai.model.queue import Queue
from tongdai.model.requirement import Requirement
from tongdai.model.time import Instant, clock
from tongdai.model.timers import Timers
from tongdai.queues import OmnichannelQueue
from tongdai.routing import Router, Strategy
from tongdai.routing.strategies import StrategyFunction, named, strategy

REMEMBERED_INPUTS: Final = 100_000
"""An input id is known again until so many other ids have come."""
REMEMBERED_CONTACTS: Final = 10_000
"""Contacts that have ended are known until so many others have ended."""
_REMEMBERED_OFFERS = 16
_KEPT_MESSAGES = 200


class Offer:
    """An offer, and what became of it: `over` is empty while it is out."""

    __slots__ = ("event", "over")

    def __init__(self, event: events.ContactOffered) -> None:
        self.event = event
        self.over = ""

    @property
    def id(self) -> str:
        """The offer's id."""
        return self.event.offer

    @property
    def agent(self) -> str:
        """Who was offered the contact."""
        return self.event.agent


class WrapUp:
    """After-contact work; `until` is `None` where only a disposition ends it."""

    __slots__ = ("agent", "interaction", "until")

    def __init__(self, agent: str, interaction: str, until: Instant | None) -> None:
        self.agent = agent
        self.interaction = interaction
        self.until = until


class Lost(NamedTuple):
    """An agent whose connection broke, and until when they may come back."""

    agent: str
    until: Instant


class Line(NamedTuple):
    """Something that was said: by `customer`, `flow` or an agent, what, and a message's key."""

    who: str
    content: Content
    key: str = ""


class ContactState:
    """A contact between its arrival and its end."""

    __slots__ = (
        "accepted", "agent", "contact", "entered", "interaction", "messages", "offers", "past",
        "preferred", "queue", "rounds", "since",
    )  # fmt: skip

    def __init__(self, contact: Contact, queue: str, since: Instant) -> None:
        self.contact = contact
        self.queue = queue
        self.since = since
        self.entered = since  # patience counts from here, less the time with agents
        self.accepted = since
        self.offers: dict[str, Offer] = {}
        self.rounds = 0
        self.preferred = ""  # for whom it is held by its profile; empty from the first offer on
        self.past: dict[str, Offer] = {}
        self.interaction = ""
        self.agent = ""
        self.messages: tuple[Line, ...] = ()

    def note(self, who: str, content: Content, key: str = "") -> None:
        """Keep what was said; the last ones are kept."""
        self.messages = (*self.messages, Line(who, content, key))[-_KEPT_MESSAGES:]

    def close(self, offer: str, how: str) -> None:
        """Move an offer to the past; the last few are remembered, for those who answer late."""
        closed = self.offers.pop(offer)
        closed.over = how
        self.past[offer] = closed
        if len(self.past) > _REMEMBERED_OFFERS:
            del self.past[next(iter(self.past))]

    @property
    def phase(self) -> str:
        """`waiting`, `offered` or `active`."""
        if self.interaction:
            return "active"
        return "offered" if self.offers else "waiting"


class FlowTimer(NamedTuple):
    """A deadline of a contact's flow, by its number."""

    contact: str
    number: int


class InFlow:
    """A contact whose flow goes on: the flow has it, or waits until it may have it again.

    Attributes:
        contact: the contact as it came.
        flow: the flow in which it began.
        session: where it is in its flow; `None` before the first step.
        context: what was asked and answered, as the last hand-off gave it.
        rounds: how many offers there were before the flow had it again.
        messages: who said what; the last ones are kept.
    """

    __slots__ = ("contact", "context", "flow", "messages", "rounds", "session")

    def __init__(self, contact: Contact, flow: str) -> None:
        self.contact = contact
        self.flow = flow
        self.session: Session | None = None
        self.context: Mapping[str, Any] = {}
        self.rounds = 0
        self.messages: tuple[Line, ...] = ()

    def note(self, who: str, content: Content, key: str = "") -> None:
        """Keep what was said; the last ones are kept."""
        self.messages = (*self.messages, Line(who, content, key))[-_KEPT_MESSAGES:]

    @property
    def over(self) -> bool:
        """Whether the flow has ended."""
        return self.session is not None and self.session.ended

    @property
    def done(self) -> bool:
        """Whether nothing more comes of it once the contact is over."""
        return self.over or not self.cleaning

    @property
    def cleaning(self) -> bool:
        """Whether the customer is gone, and the flow cleans up behind them."""
        return self.session is not None and self.session.cleaning


class State:
    """The fold over a center's events."""

    def __init__(
        self,
        queues: Iterable[Queue],
        strategies: Mapping[str, Strategy | StrategyFunction],
        default: Strategy | StrategyFunction,
        settings: Mapping[Mode, ModeSettings] | None,
    ) -> None:
        self.modes = modes(settings)
        self.strategies = {name: strategy(own) for name, own in strategies.items()}
        self.queues = OmnichannelQueue(queues, modes=self.modes)
        for queue in self.queues.queues.values():
            if queue.strategy is not None:
                named(queue.strategy, self.strategies)
        self.router = Router(strategy=default, strategies=self.strategies, modes=self.modes)
        self.contacts: dict[str, ContactState] = {}
        self.flows: dict[str, InFlow] = {}
        self.histories: Histories | None = None  # of the people behind contacts, where they count
        self.entries: frozenset[str] = frozenset()  # flows in which contacts may begin: settings
        # (a plain dict takes ever longer to find its first key when first keys are what goes)
        self.ended: OrderedDict[str, str] = OrderedDict()
        self.forgotten = False
        self.wrap_ups: dict[str, WrapUp] = {}
        self.lost: dict[str, Lost] = {}
        self.addresses: dict[tuple[str, str], dict[str, None]] = {}  # open contacts, newest last
        self.inputs: OrderedDict[str, None] = OrderedDict()
        self.arrived = 0
        self.version = 0
        self.at: Instant = 0
        self.timers: Timers[Offer | WrapUp | Lost | FlowTimer] = Timers(self._alive)
        self._appliers: dict[type, Callable[[Any], None]] = {
            kind: getattr(self, f"_{_snake(kind.__name__)}") for kind in events.AnyEvent.__args__
        }

    def apply(self, event: events.AnyEvent) -> None:
        """Take in what happened."""
        self.version += 1
        if event.at > self.at:
            self.at = event.at
        cause = event.cause
        if cause and cause not in self.inputs:
            self.inputs[cause] = None
            if len(self.inputs) > REMEMBERED_INPUTS:
                self.inputs.popitem(last=False)
        self._appliers[type(event)](event)
        if self.histories is not None:
            self.histories.apply(event)

    def knows(self, contact: str) -> bool:
        """Return whether a contact is open, in wrap-up, or ended not long ago."""
        return (
            contact in self.contacts
            or contact in self.ended
            or contact in self.router.waiters
            or contact in self.flows
        )

    def opens(self, inbound: Inbound) -> bool:
        """Return whether a new contact would come of what came in."""
        if isinstance(inbound, Message):
            return not inbound.automatic and not self.at_address(inbound.address)
        return isinstance(inbound, Ringing) and not self.at_address(inbound.address)

    def at_address(self, address: Address) -> str:
        """Return the newest open contact at an address; empty where there is none."""
        here = self.addresses.get((address.channel, address.to))
        return "" if here is None else next(reversed(here))

    def snapshot(self) -> dict[str, object]:
        """Return all state as plain data: equal states give equal data. O(everything)."""
        return {
            "version": self.version,
            "at": self.at,
            "arrived": self.arrived,
            "forgotten": self.forgotten,
            "inputs": list(self.inputs),
            "ended": dict(self.ended),
            "lost": {agent: lost.until for agent, lost in sorted(self.lost.items())},
            "addresses": [[*key, *contacts] for key, contacts in sorted(self.addresses.items())],
            "queues": self.queues.snapshot(),
            "settings": {id: plain(queue) for id, queue in sorted(self.queues.queues.items())},
            "agents": {
                id: {
                    "value": plain(live.agent),
                    "presence": [live.presence, live.reason],
                    "since": live.since,
                    "active": {
                        contact: list(hold) for contact, hold in sorted(live.active.items())
                    },
                    "taken": live.taken,
                }
                for id, live in sorted(self.router.agents.items())
            },
            "contacts": {
                id: {
                    "value": plain(live.contact),
                    "queue": live.queue,
                    "since": [live.since, live.entered, live.accepted],
                    "offers": {
                        id: [offer.agent, offer.event.until] for id, offer in live.offers.items()
                    },
                    "rounds": live.rounds,
                    "past": {id: offer.over for id, offer in live.past.items()},
                    "interaction": [live.interaction, live.agent],
                    "preferred": live.preferred,
                    "messages": [_line(line) for line in live.messages],
                }
                for id, live in sorted(self.contacts.items())
            },
            "flows": {
                id: {
                    "value": plain(live.contact),
                    "flow": live.flow,
                    "session": plain(live.session),
                    "context": plain(live.context),
                    "rounds": live.rounds,
                    "messages": [_line(line) for line in live.messages],
                }
                for id, live in sorted(self.flows.items())
            },
            "profiles": {} if self.histories is None else self.histories.snapshot(),
            "waiting": {
                id: {
                    "step": waiter.step,
                    "rank": list(waiter.rank),
                    "cooling": dict(waiter.cooling or {}),
                    "protected": waiter.protected,
                    "offers": waiter.offers,
                    "lane": None if waiter.lane is None else str(waiter.lane.requirement),
                }
                for id, waiter in sorted(self.router.waiters.items())
            },
            "wrap_ups": {
                id: [work.agent, work.until] for id, work in sorted(self.wrap_ups.items())
            },
        }

    # --- configuration ------------------------------------------------------------------------

    def _queue_put(self, event: events.QueuePut) -> None:
        self.queues.put(event.value, event.at)
        self.router.change(event.value, event.at)
        for contact in self.queues.contacts(event.queue):
            self._unhold(contact, event.at)
            self._boost(contact)

    def _queue_removed(self, event: events.QueueRemoved) -> None:
        for id, live in self.contacts.items():
            if live.queue == event.queue:
                self._move(id, live, event.to, event.at)
        self.queues.remove(event.queue)

    def _agent_put(self, event: events.AgentPut) -> None:
        self.router.put(event.value, event.at, available=event.available)

    def _agent_removed(self, event: events.AgentRemoved) -> None:
        self.router.remove(event.agent, event.at)
        self.lost.pop(event.agent, None)

    # --- agents -------------------------------------------------------------------------------

    def _presence_changed(self, event: events.PresenceChanged) -> None:
        self.lost.pop(event.agent, None)
        self.router.presence(event.agent, event.presence, event.at, event.reason)

    def _agent_lost(self, event: events.AgentLost) -> None:
        self.router.presence(event.agent, "away", event.at, "lost")
        lost = self.lost[event.agent] = Lost(event.agent, event.until)
        self.timers.start(event.at, event.until, lost)

    # --- people -------------------------------------------------------------------------------

    def _contact_identified(self, _: events.ContactIdentified) -> None:
        """Who a contact is, is for its history; from the first of them on there is one."""
        if self.histories is None:
            self.histories = Histories()

    def _profile_changed(self, _: events.ProfileChanged) -> None:
        """Which contacts a person had is for the histories."""

    # --- one contact, in the order of its life ------------------------------------------------

    def _contact_greeted(self, event: events.ContactGreeted) -> None:
        contact = event.value
        self.arrived += 1
        self.flows[contact.id] = InFlow(contact, event.flow)
        if contact.address is not None:
            key = (contact.address.channel, contact.address.to)
            self.addresses.setdefault(key, {})[contact.id] = None

    def _flow_advanced(self, event: events.FlowAdvanced) -> None:
        live = self.flows[event.contact]
        before = 0 if live.session is None else live.session.timer
        for step in event.steps:
            live.session = advance(live.session, step)
        for task in event.tasks:
            if isinstance(task, GiveToQueue):
                live.context = {
                    name: value for name, value in task.context.items() if name != "contact"
                }
            elif isinstance(task, Play) and task.text:
                live.note("flow", Content(task.text))
        session = live.session
        if session is not None:
            if session.timer and session.timer != before:
                timer = FlowTimer(event.contact, session.timer)
                self.timers.start(event.at, session.until, timer)
            if session.cleaning and event.contact not in self.contacts:
                self._leave_address(live.contact)

    def _hand_off_refused(self, event: events.HandOffRefused) -> None:
        """Its flow is told, and has the contact again; it never left it."""

    def _flow_ended(self, event: events.FlowEnded) -> None:
        live = self.flows.pop(event.contact)
        self._leave_address(live.contact)
        self._remember(event.contact, f"was ended ({event.reason})")

    def _contact_queued(self, event: events.ContactQueued) -> None:
        contact = event.value
        self.arrived += 1
        self.contacts[contact.id] = ContactState(contact, event.queue, event.at)
        if contact.address is not None:
            key = (contact.address.channel, contact.address.to)
            self.addresses.setdefault(key, {})[contact.id] = None
        if self.flows and (before := self.flows.get(contact.id)) is not None:
            self.contacts[contact.id].rounds = before.rounds
        self.queues.enter(contact, event.queue, event.at)
        if event.preferred:
            self.contacts[contact.id].preferred = event.preferred
            contact = _preferring(contact, Requirement.parse(event.preferred))
        self.router.wait(contact, event.at, queue=self.queues.queue(event.queue))

    def _contact_refused(self, event: events.ContactRefused) -> None:
        self.arrived += 1
        self._remember(event.contact, f"was refused: {event.reason}")

    def _plan_stepped(self, event: events.PlanStepped) -> None:
        self._unhold(event.contact, event.at)
        self.router.step(event.contact, event.step - 1, event.at)
        self._boost(event.contact)

    def _contact_protected(self, event: events.ContactProtected) -> None:
        self.router.protect(event.contact, event.at)

    def _contact_overflowed(self, event: events.ContactOverflowed) -> None:
        self._move(event.contact, self.contacts[event.contact], event.to, event.at)

    def _contact_offered(self, event: events.ContactOffered) -> None:
        live = self.contacts[event.contact]
        if live.offers:
            self.router.share(event.contact, event.agent, event.at)
        else:
            self.router.take(event.contact, (event.agent,), event.at, offered=True)
            self.queues.offer(event.contact, event.at)
        if live.preferred:
            self._unhold(event.contact, event.at)
        live.rounds += 1
        offer = Offer(event)
        live.offers[event.offer] = offer
        if not event.automatic:
            self.timers.start(event.at, event.until, offer)

    def _offer_accepted(self, event: events.OfferAccepted) -> None:
        live = self.contacts[event.contact]
        live.close(event.offer, "was accepted")
        live.interaction = event.offer
        live.agent = event.agent
        live.accepted = event.at
        self.router.served(event.contact)
        self.queues.leave(event.contact, event.at, served=True)

    def _offer_declined(self, event: events.OfferDeclined) -> None:
        self.router.cool(event.contact, event.agent, event.until, event.at)
        self._offer_over(event, "was declined")

    def _offer_expired(self, event: events.OfferExpired) -> None:
        self.router.presence(event.agent, "not_responding", event.at)
        self._offer_over(event, f"expired at {clock(event.at)}")

    def _offer_rescinded(self, event: events.OfferRescinded) -> None:
        self._offer_over(event, f"was rescinded ({event.reason})", innocent=True)

    def _offer_over(
        self,
        event: events.OfferDeclined | events.OfferExpired | events.OfferRescinded,
        how: str,
        *,
        innocent: bool = False,
    ) -> None:
        """Close an offer; after the last of its round the contact waits again in its old place."""
        live = self.contacts[event.contact]
        live.close(event.offer, how)
        if live.offers or live.interaction:
            self.router.drop(event.contact, event.agent, event.at, innocent=innocent)
        else:
            self.router.requeue(event.contact, event.at, innocent=innocent)
            self.queues.back(event.contact, event.at)
            self._boost(event.contact)

    def _cool_off_ended(self, event: events.CoolOffEnded) -> None:
        self.router.warm(event.contact, event.agent, event.at)

    def _interaction_failed(self, event: events.InteractionFailed) -> None:
        live = self.contacts[event.contact]
        accepted = live.past.get(event.interaction)
        # (its siblings of a wide round may have pushed it out)
        if accepted is not None:
            accepted.over = f"failed ({event.reason})"
        live.interaction = live.agent = ""
        live.entered += event.at - live.accepted
        if event.until is not None:
            self.router.cool(event.contact, event.agent, event.until, event.at)
        self.queues.enter(
            live.contact, live.queue, event.at, since=live.since, entered=live.entered
        )
        self.router.requeue(event.contact, event.at)
        self._boost(event.contact)

    def _message_received(self, event: events.MessageReceived) -> None:
        live = self.contacts.get(event.contact)
        here = self.flows[event.contact] if live is None else live
        here.note("customer", event.content, event.key)

    def _message_revised(self, event: events.MessageRevised) -> None:
        """What is kept says what was said last; what was withdrawn is kept no longer."""
        for live in (self.contacts.get(event.contact), self.flows.get(event.contact)):
            if live is not None:
                live.messages = tuple(
                    Line(line.who, content, line.key)
                    for line in live.messages
                    if (content := _revised(line, event)) is not None
                )

    def _contact_relinked(self, event: events.ContactRelinked) -> None:
        """Who has moved stands behind those who were at the address before: these talk there."""
        for live in (self.contacts.get(event.contact), self.flows.get(event.contact)):
            if live is not None:
                live.contact = replace(live.contact, address=event.address, claims=event.claims)
        if event.contact in self.contacts:
            waiter = self.router.waiter(event.contact)
            waiter.contact = replace(waiter.contact, address=event.address, claims=event.claims)
        if event.was is not None and event.was != event.address:
            self._leave(event.contact, event.was)
            key = (event.address.channel, event.address.to)
            self.addresses[key] = {event.contact: None, **self.addresses.get(key, {})}

    def _receipt_received(self, event: events.ReceiptReceived) -> None:
        """Receipts are for the record; no decision depends on them."""

    def _message_said(self, event: events.MessageSaid) -> None:
        self.contacts[event.contact].note(event.agent, event.content)

    def _contact_abandoned(self, event: events.ContactAbandoned) -> None:
        self.queues.leave(event.contact, event.at)
        self.router.leave(event.contact, event.at)
        self._forget(event.contact, "was abandoned")

    def _contact_ended(self, event: events.ContactEnded) -> None:
        live = self.contacts[event.contact]
        if not live.interaction:
            self.queues.leave(event.contact, event.at)
            self.router.leave(event.contact, event.at)
        elif not event.wrap_up:
            self.router.release(event.contact, event.at)
        if event.flow:  # (which has the contact again)
            flow = self.flows[event.contact]
            flow.rounds = live.rounds
            flow.messages = (*flow.messages, *live.messages)[-_KEPT_MESSAGES:]
            del self.contacts[event.contact]
        else:
            self._forget(event.contact, f"was ended ({event.reason})")

    def _wrap_up_started(self, event: events.WrapUpStarted) -> None:
        work = WrapUp(event.agent, event.interaction, event.until)
        self.wrap_ups[event.interaction] = work
        if event.until is not None:
            self.timers.start(event.at, event.until, work)

    def _wrap_up_extended(self, event: events.WrapUpExtended) -> None:
        work = WrapUp(event.agent, event.interaction, event.until)
        self.wrap_ups[event.interaction] = work
        self.timers.start(event.at, event.until, work)

    def _wrap_up_ended(self, event: events.WrapUpEnded) -> None:
        del self.wrap_ups[event.interaction]
        self.router.release(event.interaction.rpartition("/")[0], event.at)

    def _input_ignored(self, event: events.InputIgnored) -> None:
        """Ignored inputs are for the record; `apply` has noted their id."""

    # --- inside -------------------------------------------------------------------------------

    def _move(self, contact: str, live: ContactState, to: str, at: Instant) -> None:
        if not live.interaction:
            offered = bool(live.offers)
            self.queues.leave(contact, at)
            self.queues.enter(live.contact, to, at, since=live.since)
            if offered:
                self.queues.offer(contact, at)
        live.queue = to
        live.entered = live.accepted = at
        self._unhold(contact, at)
        self.router.move(contact, self.queues.queue(to), at)
        if not live.interaction:
            self._boost(contact)

    def _unhold(self, contact: str, at: Instant) -> None:
        """Hold a contact no longer for the agent whom its profile prefers."""
        live = self.contacts[contact]
        if live.preferred:
            wanted = Requirement.parse(live.preferred).unheld()
            live.preferred = ""
            self.router.alter(_preferring(live.contact, wanted), at)

    def _boost(self, contact: str) -> None:
        waiter = self.router.waiter(contact)
        self.queues.boost(contact, waiter.plan.steps[waiter.step].priority)

    def _forget(self, contact: str, how: str) -> None:
        value = self.contacts.pop(contact).contact
        if value.address is not None:
            self._leave_address(value)
        if self.flows and (flow := self.flows.get(contact)) is not None and flow.done:
            del self.flows[contact]
        self._remember(contact, how)

    def _leave_address(self, contact: Contact) -> None:
        if contact.address is not None:
            self._leave(contact.id, contact.address)

    def _leave(self, contact: str, address: Address) -> None:
        here = self.addresses.get((address.channel, address.to))
        if here is not None and contact in here:
            del here[contact]
            if not here:
                del self.addresses[address.channel, address.to]

    def _remember(self, contact: str, how: str) -> None:
        self.ended[contact] = how
        if len(self.ended) > REMEMBERED_CONTACTS:
            self.ended.popitem(last=False)
            self.forgotten = True

    def _alive(self, timer: Offer | WrapUp | Lost | FlowTimer) -> bool:
        if isinstance(timer, Offer):
            return not timer.over
        if isinstance(timer, WrapUp):
            return self.wrap_ups.get(timer.interaction) is timer
        if isinstance(timer, FlowTimer):
            live = self.flows.get(timer.contact)
            session = None if live is None else live.session
            return session is not None and session.timer == timer.number
        return self.lost.get(timer.agent) is timer


def _line(line: Line) -> list[str]:
    return [line.who, line.content.text, line.key]


def _revised(line: Line, event: events.MessageRevised) -> Content | None:
    """Return what a line says after a revision; `None` where it was withdrawn."""
    mine = line.who == "customer" and line.key == event.message
    return event.content if mine else line.content


def _preferring(contact: Contact, wanted: Requirement) -> Contact:
    """Return a contact that needs more; where both prefer an agent, its own counts."""
    whole = Requirement.parse(contact.requires) & wanted
    return replace(contact, requires=str(whole))


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]
