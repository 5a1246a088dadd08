"""The center: one contact's life across queue and router, as a pure engine.

Rule: `handle(input, now)` first lives through every deadline up to `now`, each at its own instant,
then looks at the state and *emits* events; emitting applies at once. After every change comes one
assignment pass. How often it is called cannot change what happens. Illegal input raises before
anything has changed; a race (an accept after the offer expired) is an event with a reason. Handlers
stand in the order of a contact's life, named after their input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from tongdai.center import effects as effects_
from tongdai.center import events, inputs
from tongdai.center.incoming import Incoming
from tongdai.center.legal import check_cause, check_of
from tongdai.center.looking import Looking
from tongdai.center.self_service import NOTHING, SelfService
from tongdai.center.state import ContactState, FlowTimer, Lost, Offer, State, WrapUp
from tongdai.center.transcript import transcript
from tongdai.channels import Message, Ringing
from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.ivr.flow import Flow, several_flows
from tongdai.model.calendar import BusinessCalendar
from tongdai.model.contact import Contact
from tongdai.model.ids import contact_of, offer_id
from tongdai.model.mode import Mode, ModeSettings
from tongdai.model.queue import Closed, Queue
from tongdai.model.time import OPEN_ENDED, Duration, Instant, checked, clock, duration, seconds
from tongdai.model.timers import Timers
from tongdai.queues import Joined, PatienceOver
from tongdai.routing import Strategy, longest_idle
from tongdai.routing.answers import CoolOffDue, Due, ProtectionDue, StepDue
from tongdai.routing.strategies import StrategyFunction

if TYPE_CHECKING:
    from tongdai.center.identity import Identity
    from tongdai.profiles import Resolver

COOL_OFF: Final = seconds(30)
"""How long a contact is kept from an agent who declined it."""
SHORTEST_COOL_OFF: Final = seconds(5)
"""The same where nobody else fits."""

_Look: TypeAlias = Callable[[Instant], tuple[Instant, Any] | None]


class Decision(msgspec.Struct, frozen=True):
    """What the center answers to one input; prints as a transcript.

    Attributes:
        input: what came in.
        now: when.
        events: what happened, in order; deadlines that fell due before the input stand first.
        effects: what the shell must do once the events are durable.
        repeat: whether an input with this id was taken before, and nothing was done.
    """

    input: inputs.Input
    now: Instant
    events: tuple[events.AnyEvent, ...] = ()
    effects: tuple[effects_.AnyEffect, ...] = ()
    repeat: bool = False

    def __str__(self) -> str:
        """Give the transcript."""
        return transcript(self.input, self.now, self.events, self.effects, repeat=self.repeat)

    __repr__ = __str__


class Center(Looking):
    """Queues, agents and the life of every contact between arrival and end."""

    def __init__(  # noqa: PLR0913 - settings with defaults
        self,
        queues: Iterable[Queue] = (),
        *,
        modes: Mapping[Mode, ModeSettings] | None = None,
        strategy: Strategy | StrategyFunction = longest_idle,
        strategies: Mapping[str, Strategy | StrategyFunction] | None = None,
        cool_off: Duration = COOL_OFF,
        grace: Duration = seconds(30),
        flows: Iterable[Flow] = (),
        calendars: Mapping[str, BusinessCalendar] | None = None,
        people: Resolver | None = None,
    ) -> None:
        """Start with these queues and nobody in them.

        Args:
            queues: settings; more can be put at any time.
            modes: settings of modes that differ from the default ones.
            strategy: who is picked where a queue says nothing else.
            strategies: strategies by the names that queues use, beside the built-in ones.
            cool_off: how long a contact is kept from an agent who declined it; where nobody else
                fits it is shortened to 5 seconds.
            grace: how long an agent whose connection broke keeps their contacts.
            flows: conversations in which contacts may begin, by their ids; code, as strategies are.
            calendars: when it is open, by the names that flows use.
            people: who finds out whose contact one is; `None` for nobody.

        Raises:
            ConfigurationError: a setting that cannot work.
        """
        self._cool_off = duration(cool_off, "Center.cool_off")
        if self._cool_off < SHORTEST_COOL_OFF:
            raise ConfigurationError(
                f"Center.cool_off: {self._cool_off} is too short; at least {SHORTEST_COOL_OFF}"
            )
        self._grace = duration(grace, "Center.grace")
        flows = several_flows(flows, "Center.flows")
        self._settings: dict[str, Any] = {
            "modes": modes,
            "strategy": strategy,
            "strategies": strategies,
            "cool_off": cool_off,
            "grace": grace,
            "flows": flows,
            "calendars": calendars,
            "people": people,
        }
        self._state = state = State(queues, strategies or {}, strategy, modes)
        self._timers = one, two, three = state.timers, state.queues.timers, state.router.timers
        self._deadlines: tuple[tuple[Timers[Any], _Look, Callable[[Any], None]], ...] = (
            (one, one.due, self._timer_due),
            (two, state.queues.overdue, self._patience_over),
            (three, state.router.due, self._router_due),
        )
        self._service: SelfService | None = None
        if flows:
            self._service = SelfService(
                flows,
                calendars,
                state,
                emit=self._emit,
                stamp=self._stamp,
                admit=self._admit,
                identify=self._identify,
                preferred=self._preferred,
            )
        self._identity: Identity | None = None
        if people is not None:
            from tongdai.center.identity import Identity  # noqa: PLC0415 - few need profiles

            self._identity = Identity(people, state, emit=self._emit, stamp=self._stamp)
        incoming = Incoming(
            state,
            self._service,
            self._identity,
            emit=self._emit,
            ignore=self._ignore,
            stamp=self._stamp,
            enter=self._enter,
            go=self._go,
        )
        self._now: Instant = 0
        self._cause = ""
        self._events: list[events.AnyEvent] = []
        self._effects: list[effects_.AnyEffect] = []
        handlers: dict[type, Callable[[Any], None]] = {
            inputs.PutQueue: self._on_put_queue,
            inputs.RemoveQueue: self._on_remove_queue,
            inputs.PutAgent: self._on_put_agent,
            inputs.RemoveAgent: self._on_remove_agent,
            inputs.SetPresence: self._on_set_presence,
            inputs.LoseAgent: self._on_lose_agent,
            inputs.Relink: self._on_relink,
            inputs.Arrive: self._on_arrive,
            inputs.Receive: incoming.receive,
            inputs.Tell: self._on_tell,
            inputs.Accept: self._on_accept,
            inputs.Decline: self._on_decline,
            inputs.FailConnect: self._on_fail_connect,
            inputs.Say: self._on_say,
            inputs.Abandon: self._on_abandon,
            inputs.End: self._on_end,
            inputs.ExtendWrapUp: self._on_extend_wrap_up,
            inputs.Dispose: self._on_dispose,
            inputs.Tick: self._on_time,
            inputs.Resume: self._on_time,
        }
        self._handlers = {kind: (check_of(kind), act) for kind, act in handlers.items()}

    # --- the engine ---------------------------------------------------------------------------

    def handle(self, input: inputs.Input, now: Instant) -> Decision:
        """Take one input at an instant, and answer what happened and what is to be done.

        Args:
            input: what somebody wants, or what happened outside.
            now: the instant; earlier than the last one counts as the last one.

        Raises:
            IllegalInput: the input cannot be taken; nothing has changed.
        """
        handler = self._handlers.get(type(input))
        if handler is None:
            kind = input.__name__ if isinstance(input, type) else type(input).__name__
            raise IllegalInput(f"handle: {kind} is not an input; see tongdai.center.inputs")
        check_one, act = handler
        now = max(checked(now), self._now)
        cause = input.id
        if cause != "":
            check_cause(cause, type(input).__name__)
            if cause in self._state.inputs:
                return Decision(input, now, repeat=True)
        check_one(input, self._state)
        found: list[events.AnyEvent] = []
        self._events = found
        self._effects = []
        if type(input) is inputs.Resume:
            self._now = now
        self._live_through(now)
        self._now = now
        before = len(found)
        self._cause = cause
        act(input)
        if cause and len(found) == before:
            self._ignore(input, cause, "nothing changed")
        self._cause = ""
        self._assign()
        self._live_through(now)  # what the input itself has let fall due
        return Decision(input, now, tuple(found), tuple(self._effects))

    def apply(self, event: events.AnyEvent) -> None:
        """Take in an event from a journal: replay is `apply` over all of them."""
        self._state.apply(event)
        self._now = max(self._now, event.at)

    def fresh(self, queues: Iterable[Queue] = ()) -> Center:
        """Return a center with the same settings, these queues, and nobody in it: for replay."""
        return Center(queues, **self._settings)

    def next_deadline(self) -> Instant | None:
        """Return when to call again, with a `Tick`, though nothing happens; `None` is never."""
        state = self._state
        deadlines = (
            state.timers.next(),
            state.queues.next_deadline(),
            state.router.next_deadline(),
        )
        found = [at for at in deadlines if at is not None]
        return max(min(found), self._now) if found else None

    def quiet_until(self) -> Instant:
        """Return an instant before which there is no deadline; cheaper than `next_deadline`."""
        one, two, three = self._timers
        return min(one.bound, two.bound, three.bound)

    def _emit(self, event: events.AnyEvent) -> None:
        state = self._state
        make = effects_.MAKERS.get(type(event))  # (`effects_of`, without a call for each event)
        if make is not None:
            self._effects += make(event, f"{state.version}/")
        state.apply(event)
        self._events.append(event)

    def _stamp(self) -> tuple[Instant, str]:
        return self._now, self._cause

    def _ignore(self, input: inputs.Input, reference: str, reason: str) -> None:
        self._emit(
            events.InputIgnored(
                type(input).__name__, reference, reason, at=self._now, cause=self._cause
            )
        )

    # --- time ---------------------------------------------------------------------------------

    def _live_through(self, now: Instant) -> None:
        """Let everything that falls due by `now` happen, each at its own instant."""
        one, two, three = self._timers
        while now >= one.bound or now >= two.bound or now >= three.bound:
            first: tuple[Instant, Any] | None = None
            act: Callable[[Any], None] = self._timer_due
            for timers, look, happen in self._deadlines:
                due = look(now) if now >= timers.bound else None
                if due is not None and (first is None or due[0] < first[0]):
                    first, act = due, happen  # (of two at one instant, the one looked at first)
            if first is None:
                return
            self._now = max(first[0], self._now)
            act(first[1])
            self._assign()

    def _timer_due(self, item: Offer | WrapUp | Lost | FlowTimer) -> None:
        if isinstance(item, Offer):
            self._emit(
                events.OfferExpired(
                    item.event.contact, item.agent, item.id, at=self._now, cause=self._cause
                )
            )
            self._withdraw(item.agent, "agent not_responding")
        elif isinstance(item, WrapUp):
            self._emit(
                events.WrapUpEnded(item.agent, item.interaction, at=self._now, cause=self._cause)
            )
        elif isinstance(item, FlowTimer):
            if self._service is not None:
                self._service.due(item)
        else:
            self._take_away(item.agent, "agent lost")
            self._emit(
                events.PresenceChanged(
                    item.agent, "offline", "lost", at=self._now, cause=self._cause
                )
            )

    def _patience_over(self, over: PatienceOver) -> None:
        contact = over.contact
        live = self._state.contacts[contact]
        to = self._state.queues.queue(live.queue).after_patience
        if isinstance(to, str):
            answer = self._admit(live.contact, to)
            if isinstance(answer, Joined):
                self._emit(
                    events.ContactOverflowed(
                        contact, live.queue, answer.queue, at=self._now, cause=self._cause
                    )
                )
                return
            to = Closed(answer.message)
        self._end(live, "patience", message=to.text)

    def _router_due(self, due: Due) -> None:
        match due:
            case StepDue(contact, step):
                self._emit(events.PlanStepped(contact, step + 1, at=self._now, cause=self._cause))
            case CoolOffDue(contact, agent):
                self._emit(events.CoolOffEnded(contact, agent, at=self._now, cause=self._cause))
            case ProtectionDue(contact):
                self._emit(events.ContactProtected(contact, at=self._now, cause=self._cause))

    def _assign(self) -> None:
        """Offer contacts until none waits beside an agent who is ready and fits."""
        router = self._state.router
        while (match := router.next(self._now)) is not None:
            live = self._state.contacts[match.contact]
            queue = self._state.queues.queue(live.queue)
            settings = self._state.modes[live.contact.mode]
            until = self._now + int(settings.offer if queue.offer is None else queue.offer)
            for agent in match.agents:
                automatic = router.agent(agent).agent.auto_accept
                if automatic is None:
                    automatic = queue.auto_accept
                if automatic is None:
                    automatic = settings.auto_accept
                offer = offer_id(match.contact, live.rounds + 1)
                self._emit(
                    events.ContactOffered(
                        match.contact,
                        agent,
                        offer,
                        until=until,
                        strategy=match.strategy,
                        measure=match.measure,
                        automatic=automatic,
                        context=self._context(live.contact),
                        at=self._now,
                        cause=self._cause,
                    )
                )
                if automatic:
                    self._accept(live, live.offers[offer])
                    break

    def _context(self, contact: Contact) -> Mapping[str, Any]:
        """Return what an offer shows of a contact."""
        found = NOTHING if self._service is None else self._service.context(contact.id)
        if contact.attributes:
            found = {**found, "attributes": contact.attributes}
        return found if self._identity is None else self._identity.context(contact.id, found)

    # --- configuration ------------------------------------------------------------------------

    def _on_put_queue(self, input: inputs.PutQueue) -> None:
        if self._state.queues.queues.get(input.queue.id) != input.queue:
            self._emit(
                events.QueuePut(input.queue.id, input.queue, at=self._now, cause=self._cause)
            )

    def _on_remove_queue(self, input: inputs.RemoveQueue) -> None:
        self._emit(events.QueueRemoved(input.queue, input.to, at=self._now, cause=self._cause))

    def _on_put_agent(self, input: inputs.PutAgent) -> None:
        agent = input.agent
        known = self._state.router.agents.get(agent.id)
        if known is None:
            self._emit(
                events.AgentPut(
                    agent.id, agent, available=input.available, at=self._now, cause=self._cause
                )
            )
        elif known.agent != agent:
            self._emit(events.AgentPut(agent.id, agent, at=self._now, cause=self._cause))
            for live in self._held_by(agent.id):
                if not self._state.router.fits(live.contact.id, agent.id, self._now):
                    self._rescind(live, agent.id, "agent changed")

    def _on_remove_agent(self, input: inputs.RemoveAgent) -> None:
        self._withdraw(input.agent, "agent removed")
        self._take_away(input.agent, "agent removed")
        self._emit(events.AgentRemoved(input.agent, at=self._now, cause=self._cause))

    # --- agents -------------------------------------------------------------------------------

    def _on_set_presence(self, input: inputs.SetPresence) -> None:
        live = self._state.router.agent(input.agent)
        same = (live.presence, live.reason) == (input.presence, input.reason)
        if same and input.agent not in self._state.lost:
            return
        self._emit(
            events.PresenceChanged(
                input.agent, input.presence, input.reason, at=self._now, cause=self._cause
            )
        )
        if input.presence != "available":
            self._withdraw(input.agent, f"agent {input.presence}")

    def _on_lose_agent(self, input: inputs.LoseAgent) -> None:
        live = self._state.router.agent(input.agent)
        if live.presence == "offline" or input.agent in self._state.lost:
            self._ignore(input, input.agent, "the agent is gone already")
            return
        self._emit(
            events.AgentLost(
                input.agent, until=self._now + int(self._grace), at=self._now, cause=self._cause
            )
        )
        self._withdraw(input.agent, "agent lost")

    # --- people -------------------------------------------------------------------------------

    def _on_relink(self, input: inputs.Relink) -> None:
        if self._identity is not None:
            self._identity.look_again(input.profiles)

    def _identify(self, contact: Contact, call: bool = False) -> None:  # noqa: FBT001, FBT002
        if self._identity is not None:
            self._identity.identify(contact, call=call)

    def _preferred(self, contact: Contact, queue: str) -> str:
        return "" if self._identity is None else self._identity.preferred(contact, queue)

    # --- one contact, in the order of its life ------------------------------------------------

    def _on_arrive(self, input: inputs.Arrive) -> None:
        self._enter(input.contact, input.queue)

    def _enter(self, contact: Contact, entry: str, by: Message | Ringing | None = None) -> bool:
        """Let a contact begin in a flow or a queue; return whether a queue has it now."""
        call = isinstance(by, Ringing)
        if self._service is not None and entry in self._state.entries:
            first = by if isinstance(by, Message) else None
            self._service.begin(contact, entry, first, spoken=call)
            return False
        self._identify(contact, call)
        answer = self._admit(contact, entry)
        if isinstance(answer, Joined):
            passed = answer.overflowed
            self._emit(
                events.ContactQueued(
                    contact.id,
                    answer.queue,
                    contact,
                    overflowed=passed,
                    preferred=self._preferred(contact, answer.queue),
                    at=self._now,
                    cause=self._cause,
                )
            )
            return True
        self._emit(
            events.ContactRefused(
                contact.id,
                answer.queue,
                answer.reason,
                contact,
                message=answer.message,
                overflowed=answer.overflowed,
                at=self._now,
                cause=self._cause,
            )
        )
        return False

    def _on_tell(self, input: inputs.Tell) -> None:
        contact = input.contact
        late = self._gone(contact)
        if self._service is not None and contact in self._state.flows:
            late = self._service.tell(input)
        elif contact in self._state.contacts:
            late = f"contact {contact} is in no flow"
        if late:
            self._ignore(input, contact, late)

    def _on_accept(self, input: inputs.Accept) -> None:
        found = self._open_offer(input)
        if found is not None:
            self._accept(*found)

    def _accept(self, live: ContactState, offer: Offer) -> None:
        """The first accept wins; the other offers of the round are taken back at once."""
        self._emit(
            events.OfferAccepted(
                live.contact.id, offer.agent, offer.id, at=self._now, cause=self._cause
            )
        )
        for other in list(live.offers.values()):
            self._emit(
                events.OfferRescinded(
                    live.contact.id,
                    other.agent,
                    other.id,
                    f"accepted by {offer.agent}",
                    at=self._now,
                    cause=self._cause,
                )
            )

    def _on_decline(self, input: inputs.Decline) -> None:
        found = self._open_offer(input)
        if found is not None:
            live, offer = found
            self._emit(
                events.OfferDeclined(
                    live.contact.id,
                    offer.agent,
                    offer.id,
                    until=self._cooled_until(live, offer.agent),
                    reason=input.reason,
                    at=self._now,
                    cause=self._cause,
                )
            )

    def _on_fail_connect(self, input: inputs.FailConnect) -> None:
        live = self._active(input)
        if live is not None:
            self._emit(
                events.InteractionFailed(
                    live.contact.id,
                    live.agent,
                    live.interaction,
                    input.reason or "could not connect",
                    until=self._cooled_until(live, live.agent),
                    at=self._now,
                    cause=self._cause,
                )
            )

    def _on_say(self, input: inputs.Say) -> None:
        live = self._active(input)
        if live is not None:
            self._emit(
                events.MessageSaid(
                    live.contact.id,
                    live.agent,
                    live.interaction,
                    input.content,
                    address=live.contact.address,
                    at=self._now,
                    cause=self._cause,
                )
            )

    def _on_abandon(self, input: inputs.Abandon) -> None:
        if not self._go(input.contact):
            self._ignore(input, input.contact, self._gone(input.contact))

    def _go(self, contact: str) -> bool:
        """Let the customer go, whoever has the contact; return whether anybody has."""
        live = self._state.contacts.get(contact)
        if live is not None:
            self._leave(live)
            return True
        return self._service is not None and self._service.hang_up(contact)

    def _leave(self, live: ContactState) -> None:
        """The customer goes, whatever state the contact is in."""
        if live.interaction:
            self._end(live, "customer")
            return
        contact = live.contact.id
        for offer in list(live.offers.values()):
            self._emit(
                events.OfferRescinded(
                    contact, offer.agent, offer.id, "abandoned", at=self._now, cause=self._cause
                )
            )
        if self._service is not None:
            self._service.left(contact)
        waited = self._now - live.since
        short = waited < self._state.queues.queue(live.queue).short_abandon
        self._emit(
            events.ContactAbandoned(
                contact, live.queue, waited=waited, short=short, at=self._now, cause=self._cause
            )
        )

    def _on_end(self, input: inputs.End) -> None:
        live = self._active(input)
        if live is not None:
            self._end(live, "agent", disposition=input.disposition)

    def _end(
        self,
        live: ContactState,
        reason: events.EndReason,
        *,
        disposition: str = "",
        message: str = "",
    ) -> None:
        agent, interaction = live.agent, live.interaction
        flow = "" if self._service is None else self._service.closing(live.contact.id, reason)
        length = Duration(0)
        if interaction and not disposition:
            own = self._state.queues.queue(live.queue).wrap_up
            length = self._state.modes[live.contact.mode].wrap_up if own is None else own
        self._emit(
            events.ContactEnded(
                live.contact.id,
                reason,
                queue=live.queue,
                agent=agent,
                interaction=interaction,
                disposition=disposition,
                wrap_up=bool(length),
                message=message,
                address=live.contact.address,
                flow=flow,
                at=self._now,
                cause=self._cause,
            )
        )
        if length:
            until = None if length == OPEN_ENDED else self._now + int(length)
            self._emit(
                events.WrapUpStarted(
                    agent, interaction, until=until, at=self._now, cause=self._cause
                )
            )
        if flow and self._service is not None:
            self._service.resume(live.contact.id, reason)

    def _on_extend_wrap_up(self, input: inputs.ExtendWrapUp) -> None:
        work = self._wrap_up(input)
        if work is None:
            return
        if work.until is None or input.until <= work.until:
            end = "open-ended" if work.until is None else f"until {clock(work.until)}"
            self._ignore(input, work.interaction, f"the wrap-up is {end} already")
        else:
            until = int(input.until)
            self._emit(
                events.WrapUpExtended(
                    work.agent, work.interaction, until=until, at=self._now, cause=self._cause
                )
            )

    def _on_dispose(self, input: inputs.Dispose) -> None:
        work = self._wrap_up(input)
        if work is not None:
            chosen = input.disposition
            self._emit(
                events.WrapUpEnded(
                    work.agent,
                    work.interaction,
                    disposition=chosen,
                    at=self._now,
                    cause=self._cause,
                )
            )

    def _on_time(self, input: inputs.Tick | inputs.Resume) -> None:
        """Time has passed, and that is all."""

    # --- inside -------------------------------------------------------------------------------

    def _admit(self, contact: Contact, queue: str) -> Any:  # noqa: ANN401
        router = self._state.router
        return self._state.queues.admit(
            contact, queue, staffing=lambda at: router.staffing(at.plan, contact.needs)
        )

    def _held_by(self, agent: str) -> list[ContactState]:
        """Return the open contacts that an agent has or is offered."""
        active = self._state.router.agent(agent).active
        return [self._state.contacts[id] for id in active if id in self._state.contacts]

    def _rescind(self, live: ContactState, agent: str, reason: str) -> None:
        for offer in list(live.offers.values()):
            if offer.agent == agent:
                self._emit(
                    events.OfferRescinded(
                        live.contact.id, agent, offer.id, reason, at=self._now, cause=self._cause
                    )
                )

    def _withdraw(self, agent: str, reason: str) -> None:
        """Take back every offer that an agent has."""
        for live in self._held_by(agent):
            self._rescind(live, agent, reason)

    def _take_away(self, agent: str, reason: str) -> None:
        """Take every contact and wrap-up from an agent; the contacts wait in their old places."""
        for live in self._held_by(agent):
            if live.agent == agent:
                contact = live.contact.id
                self._emit(
                    events.InteractionFailed(
                        contact, agent, live.interaction, reason, at=self._now, cause=self._cause
                    )
                )
        for work in [work for work in self._state.wrap_ups.values() if work.agent == agent]:
            self._emit(events.WrapUpEnded(agent, work.interaction, at=self._now, cause=self._cause))

    def _cooled_until(self, live: ContactState, agent: str) -> Instant:
        others = self._state.router.others(live.contact.id, agent, self._now)
        return self._now + int(self._cool_off if others else SHORTEST_COOL_OFF)

    def _open_offer(
        self, input: inputs.Accept | inputs.Decline
    ) -> tuple[ContactState, Offer] | None:
        contact = contact_of(input.offer) or ""
        live = self._state.contacts.get(contact)
        if live is None:
            self._ignore(input, input.offer, self._gone(contact))
            return None
        offer = live.offers.get(input.offer)
        if offer is None:
            past = live.past.get(input.offer)
            reason = "there is no such offer" if past is None else f"the offer {past.over}"
            self._ignore(input, input.offer, reason)
            return None
        return live, offer

    def _active(self, input: inputs.FailConnect | inputs.Say | inputs.End) -> ContactState | None:
        contact = contact_of(input.interaction) or ""
        live = self._state.contacts.get(contact)
        if live is None:
            self._ignore(input, input.interaction, self._gone(contact))
        elif live.interaction != input.interaction:
            reason = f"contact {contact} is not with an agent under this id"
            self._ignore(input, input.interaction, reason)
        else:
            return live
        return None

    def _wrap_up(self, input: inputs.ExtendWrapUp | inputs.Dispose) -> WrapUp | None:
        work = self._state.wrap_ups.get(input.interaction)
        if work is None:
            self._ignore(input, input.interaction, "there is no wrap-up of this interaction")
        return work

    def _gone(self, contact: str) -> str:
        how = self._state.ended.get(contact)
        return f"contact {contact} {how}" if how else f"contact {contact} is gone, or never came"
