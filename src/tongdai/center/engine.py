"""The center: one contact's life across queue and router, as a pure engine.

Rule: `handle(input, now)` first lives through every deadline up to `now`, each at its own instant,
then looks at the state and *emits* events; emitting applies at once. After every change comes one
assignment pass. How often it is called cannot change what happens. Illegal input raises before
anything has changed; a race (an accept after the offer expired) is an event with a reason. Handlers
stand in the order of a contact's life, named after their input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import itemgetter
from typing import Any, Final

import attrs

from tongdai.center import effects as effects_
from tongdai.center import events, inputs
from tongdai.center.explain import OfferExplanation, explain_offer
from tongdai.center.state import ContactState, Lost, Offer, State, WrapUp
from tongdai.center.transcript import transcript
from tongdai.channels import Left, Message, Receipt
from tongdai.errors import ConfigurationError, IllegalInput, TongdaiError, did_you_mean
from tongdai.model.agent import Agent, check_presence
from tongdai.model.contact import Address, Contact, Content
from tongdai.model.ids import contact_of, offer_id
from tongdai.model.mode import Mode, ModeSettings
from tongdai.model.queue import Closed, Queue, check_routes
from tongdai.model.time import OPEN_ENDED, Duration, Instant, checked, clock, duration, seconds
from tongdai.queues import Joined
from tongdai.routing import Explanation, Strategy, longest_idle
from tongdai.routing.router import CoolOffDue, Due, ProtectionDue, StepDue
from tongdai.routing.strategies import StrategyFunction, named

COOL_OFF: Final = seconds(30)
"""How long a contact is kept from an agent who declined it."""
SHORTEST_COOL_OFF: Final = seconds(5)
"""The same where nobody else fits."""


@attrs.frozen(repr=False)
class Decision:
    """What the center answers to one input; prints as a transcript.

    Attributes:
        input: what came in.
        now: when.
        events: what happened, in order; deadlines that fell due before the input stand first.
        effects: what the shell must do once the events are durable.
        repeat: whether an input with this id was taken before, and nothing was done.
    """

    input: inputs.AnyInput
    now: Instant
    events: tuple[events.AnyEvent, ...] = ()
    effects: tuple[effects_.AnyEffect, ...] = ()
    repeat: bool = False

    def __str__(self) -> str:
        """Give the transcript."""
        return transcript(self.input, self.now, self.events, self.effects, repeat=self.repeat)

    __repr__ = __str__


class Center:
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

        Raises:
            ConfigurationError: a setting that cannot work.
        """
        self._cool_off = duration(cool_off, "Center.cool_off")
        self._grace = duration(grace, "Center.grace")
        self._state = State(queues, strategies or {}, strategy, modes)
        self._now: Instant = 0
        self._cause = ""
        self._events: list[events.AnyEvent] = []
        self._effects: list[effects_.AnyEffect] = []
        self._handlers: dict[type, tuple[Callable[[Any], None], Callable[[Any], None]]] = {
            inputs.PutQueue: (self._check_put_queue, self._on_put_queue),
            inputs.RemoveQueue: (self._check_remove_queue, self._on_remove_queue),
            inputs.PutAgent: (self._check_put_agent, self._on_put_agent),
            inputs.RemoveAgent: (self._check_agent, self._on_remove_agent),
            inputs.SetPresence: (self._check_set_presence, self._on_set_presence),
            inputs.LoseAgent: (self._check_agent, self._on_lose_agent),
            inputs.Arrive: (self._check_arrive, self._on_arrive),
            inputs.Receive: (self._check_receive, self._on_receive),
            inputs.Accept: (self._check_offer, self._on_accept),
            inputs.Decline: (self._check_offer, self._on_decline),
            inputs.FailConnect: (self._check_interaction, self._on_fail_connect),
            inputs.Say: (self._check_say, self._on_say),
            inputs.Abandon: (self._check_abandon, self._on_abandon),
            inputs.End: (self._check_interaction, self._on_end),
            inputs.ExtendWrapUp: (self._check_extend_wrap_up, self._on_extend_wrap_up),
            inputs.Dispose: (self._check_interaction, self._on_dispose),
            inputs.Tick: (_nothing, _nothing),
            inputs.Resume: (_nothing, _nothing),
        }

    # --- the engine ---------------------------------------------------------------------------

    def handle(self, input: inputs.AnyInput, now: Instant) -> Decision:
        """Take one input at an instant, and answer what happened and what is to be done.

        Args:
            input: what somebody wants, or what happened outside.
            now: the instant; earlier than the last one counts as the last one.

        Raises:
            IllegalInput: the input cannot be taken; nothing has changed.
        """
        found = self._handlers.get(type(input))
        if found is None:
            raise IllegalInput(f"handle: {input!r} is not an input; see tongdai.center.inputs")
        check, act = found
        now = max(checked(now), self._now, self._state.at)
        if not isinstance(input.id, str):
            raise IllegalInput(f"{type(input).__name__}.id: {input.id!r} is not a str")
        if input.id and input.id in self._state.inputs:
            return Decision(input, now, repeat=True)
        check(input)
        self._events = []
        self._effects = []
        if type(input) is inputs.Resume:
            self._now = now
        self._live_through(now)
        self._now = now
        before = len(self._events)
        self._cause = input.id
        act(input)
        if input.id and len(self._events) == before:
            self._ignore(input, input.id, "nothing changed")
        self._cause = ""
        self._assign()
        return Decision(input, now, tuple(self._events), tuple(self._effects))

    def apply(self, event: events.AnyEvent) -> None:
        """Take in an event from a journal: replay is `apply` over all of them."""
        self._state.apply(event)

    def next_deadline(self) -> Instant | None:
        """Return when to call again, with a `Tick`, though nothing happens; `None` is never."""
        state = self._state
        found = [
            at
            for at in (
                state.timers.next(),
                state.queues.next_deadline(),
                state.router.next_deadline(),
            )
            if at is not None
        ]
        return max(min(found), self._now) if found else None

    def snapshot(self) -> dict[str, object]:
        """Return all state as plain data; equal states give equal data. O(everything)."""
        return self._state.snapshot()

    def _emit(self, kind: type[Any], *identity: object, **rest: object) -> None:
        event = kind(*identity, at=self._now, cause=self._cause, **rest)
        self._effects += effects_.effects_of(event, self._state.version)
        self._state.apply(event)
        self._events.append(event)

    def _ignore(self, input: inputs.AnyInput, reference: str, reason: str) -> None:
        self._emit(events.InputIgnored, type(input).__name__, reference, reason)

    # --- time ---------------------------------------------------------------------------------

    def _live_through(self, now: Instant) -> None:
        """Let everything that falls due by `now` happen, each at its own instant."""
        state = self._state
        timers, queues, router = state.timers, state.queues, state.router
        while now >= timers.bound or now >= queues.quiet_until or now >= router.quiet_until:
            due: list[tuple[Instant, int, Callable[[], None]]] = []
            if (timer := timers.due(now)) is not None:
                due.append((timer[0], 0, partial(self._timer_due, timer[1])))
            if (over := queues.overdue(now)) is not None:
                due.append((over[0], 1, partial(self._patience_over, over[1].contact)))
            if (change := router.due(now)) is not None:
                due.append((change[0], 2, partial(self._router_due, change[1])))
            if not due:
                return
            at, _, happen = min(due, key=itemgetter(0, 1))
            self._now = max(at, self._now)
            happen()
            self._assign()

    def _timer_due(self, item: Offer | WrapUp | Lost) -> None:
        if isinstance(item, Offer):
            self._emit(events.OfferExpired, item.event.contact, item.agent, item.id)
        elif isinstance(item, WrapUp):
            self._emit(events.WrapUpEnded, item.agent, item.interaction)
        else:
            self._take_away(item.agent, "agent lost")
            self._emit(events.PresenceChanged, item.agent, "offline", "lost")

    def _patience_over(self, contact: str) -> None:
        live = self._state.contacts[contact]
        to = self._state.queues.queue(live.queue).after_patience
        if isinstance(to, str):
            answer = self._admit(live.contact, to)
            if isinstance(answer, Joined):
                self._emit(events.ContactOverflowed, contact, live.queue, answer.queue)
                return
            to = Closed(answer.message)
        self._end(live, "patience", message=to.text)

    def _router_due(self, due: Due) -> None:
        match due:
            case StepDue(contact, step):
                self._emit(events.PlanStepped, contact, step + 1)
            case CoolOffDue(contact, agent):
                self._emit(events.CoolOffEnded, contact, agent)
            case ProtectionDue(contact):
                self._emit(events.ContactProtected, contact)

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
                    events.ContactOffered,
                    match.contact,
                    agent,
                    offer,
                    until=until,
                    strategy=match.strategy,
                    measure=match.measure,
                    automatic=automatic,
                )
                if automatic:
                    self._accept(live, live.offers[offer])
                    break

    # --- configuration ------------------------------------------------------------------------

    def _check_put_queue(self, input: inputs.PutQueue) -> None:
        queue = input.queue
        if not isinstance(queue, Queue):
            raise IllegalInput(f"PutQueue.queue: {queue!r} is not a Queue")
        with _named("PutQueue.queue"):
            check_routes({**self._state.queues.queues, queue.id: queue})
            if queue.strategy is not None:
                named(queue.strategy, self._state.strategies)

    def _on_put_queue(self, input: inputs.PutQueue) -> None:
        if self._state.queues.queues.get(input.queue.id) != input.queue:
            self._emit(events.QueuePut, input.queue.id, input.queue)

    def _check_remove_queue(self, input: inputs.RemoveQueue) -> None:
        known = self._state.queues.queues
        self._check_queue(input.queue, "RemoveQueue.queue")
        if input.to:
            self._check_queue(input.to, "RemoveQueue.to")
        if input.to == input.queue:
            raise IllegalInput(f"RemoveQueue.to: {input.to!r} is the queue to be removed")
        with _named("RemoveQueue.queue"):
            check_routes({id: queue for id, queue in known.items() if id != input.queue})
        inside = sum(live.queue == input.queue for live in self._state.contacts.values())
        if inside and not input.to:
            raise IllegalInput(
                f"RemoveQueue.to: queue {input.queue!r} holds {inside} contacts; name where they go"
            )

    def _on_remove_queue(self, input: inputs.RemoveQueue) -> None:
        self._emit(events.QueueRemoved, input.queue, input.to)

    def _check_put_agent(self, input: inputs.PutAgent) -> None:
        if not isinstance(input.agent, Agent):
            raise IllegalInput(f"PutAgent.agent: {input.agent!r} is not an Agent")

    def _on_put_agent(self, input: inputs.PutAgent) -> None:
        agent = input.agent
        known = self._state.router.agents.get(agent.id)
        if known is None:
            self._emit(events.AgentPut, agent.id, agent, available=input.available)
        elif known.agent != agent:
            self._emit(events.AgentPut, agent.id, agent)
            for live in self._held_by(agent.id):
                if not self._state.router.fits(live.contact.id, agent.id, self._now):
                    self._rescind(live, agent.id, "agent changed")

    def _check_agent(
        self, input: inputs.RemoveAgent | inputs.LoseAgent | inputs.SetPresence
    ) -> None:
        agents = self._state.router.agents
        if input.agent not in agents:
            near = did_you_mean(str(input.agent), agents)
            raise IllegalInput(f"{type(input).__name__}.agent: no agent {input.agent!r}.{near}")

    def _on_remove_agent(self, input: inputs.RemoveAgent) -> None:
        self._withdraw(input.agent, "agent removed")
        self._take_away(input.agent, "agent removed")
        self._emit(events.AgentRemoved, input.agent)

    # --- agents -------------------------------------------------------------------------------

    def _check_set_presence(self, input: inputs.SetPresence) -> None:
        self._check_agent(input)
        with _named("SetPresence.presence"):
            check_presence(input.presence, "SetPresence.presence")

    def _on_set_presence(self, input: inputs.SetPresence) -> None:
        live = self._state.router.agent(input.agent)
        if (live.presence, live.reason) == (input.presence, input.reason):
            return
        self._emit(events.PresenceChanged, input.agent, input.presence, input.reason)
        if input.presence != "available":
            self._withdraw(input.agent, f"agent {input.presence}")

    def _on_lose_agent(self, input: inputs.LoseAgent) -> None:
        live = self._state.router.agent(input.agent)
        if live.presence == "offline" or input.agent in self._state.lost:
            self._ignore(input, input.agent, "the agent is gone already")
            return
        self._emit(events.AgentLost, input.agent, until=self._now + int(self._grace))
        self._withdraw(input.agent, "agent lost")

    # --- one contact, in the order of its life ------------------------------------------------

    def _check_arrive(self, input: inputs.Arrive) -> None:
        if not isinstance(input.contact, Contact):
            raise IllegalInput(f"Arrive.contact: {input.contact!r} is not a Contact")
        self._check_queue(input.queue, "Arrive.queue")
        id = input.contact.id
        if (
            id in self._state.contacts
            or id in self._state.ended
            or id in self._state.router.waiters
        ):
            raise IllegalInput(f"Arrive.contact: the id {id!r} was used before; ids are used once")

    def _on_arrive(self, input: inputs.Arrive) -> None:
        self._enter(input.contact, input.queue)

    def _enter(self, contact: Contact, queue: str) -> bool:
        answer = self._admit(contact, queue)
        if isinstance(answer, Joined):
            passed = answer.overflowed
            self._emit(events.ContactQueued, contact.id, answer.queue, contact, overflowed=passed)
            return True
        self._emit(
            events.ContactRefused,
            contact.id,
            answer.queue,
            answer.reason,
            contact,
            message=answer.message,
            overflowed=answer.overflowed,
        )
        return False

    def _check_receive(self, input: inputs.Receive) -> None:
        if not isinstance(input.inbound, (Message, Receipt, Left)):
            raise IllegalInput(
                f"Receive.inbound: {input.inbound!r} is not a Message, Receipt or Left"
            )
        self._check_queue(input.entry, "Receive.entry")
        if not isinstance(input.mode, Mode):
            raise IllegalInput(f"Receive.mode: {input.mode!r} is not one of {', '.join(Mode)}")

    def _on_receive(self, input: inputs.Receive) -> None:
        inbound = input.inbound
        contact = self._at_address(inbound.address)
        if isinstance(inbound, Message):
            if contact is None:
                id = self._new_id(inbound.address.channel)
                value = Contact(id, mode=input.mode, address=inbound.address, claims=inbound.claims)
                if not self._enter(value, input.entry):
                    return
                contact = self._state.contacts[id]
            self._emit(
                events.MessageReceived,
                contact.contact.id,
                inbound.key,
                inbound.content,
                agent=contact.agent,
                interaction=contact.interaction,
            )
        elif contact is None:
            self._ignore(input, inbound.key, "nobody at this address has an open contact")
        elif isinstance(inbound, Receipt):
            self._emit(
                events.ReceiptReceived,
                contact.contact.id,
                inbound.key,
                inbound.status,
                ids=inbound.ids,
                upto=inbound.upto,
                error=inbound.error,
            )
        else:
            self._leave(contact)

    def _check_offer(self, input: inputs.Accept | inputs.Decline) -> None:
        self._check_reference(input, "offer", input.offer)

    def _on_accept(self, input: inputs.Accept) -> None:
        found = self._open_offer(input)
        if found is not None:
            self._accept(*found)

    def _accept(self, live: ContactState, offer: Offer) -> None:
        """The first accept wins; the other offers of the round are taken back at once."""
        self._emit(events.OfferAccepted, live.contact.id, offer.agent, offer.id)
        for other in list(live.offers.values()):
            self._emit(
                events.OfferRescinded,
                live.contact.id,
                other.agent,
                other.id,
                f"accepted by {offer.agent}",
            )

    def _on_decline(self, input: inputs.Decline) -> None:
        found = self._open_offer(input)
        if found is not None:
            live, offer = found
            self._emit(
                events.OfferDeclined,
                live.contact.id,
                offer.agent,
                offer.id,
                until=self._cooled_until(live, offer.agent),
                reason=input.reason,
            )

    def _check_interaction(
        self,
        input: inputs.FailConnect | inputs.Say | inputs.End | inputs.ExtendWrapUp | inputs.Dispose,
    ) -> None:
        self._check_reference(input, "interaction", input.interaction)

    def _on_fail_connect(self, input: inputs.FailConnect) -> None:
        live = self._active(input)
        if live is not None:
            self._emit(
                events.InteractionFailed,
                live.contact.id,
                live.agent,
                live.interaction,
                input.reason or "could not connect",
                until=self._cooled_until(live, live.agent),
            )

    def _check_say(self, input: inputs.Say) -> None:
        self._check_interaction(input)
        if not isinstance(input.content, Content):
            raise IllegalInput(
                f"Say.content: {input.content!r} is not a Content; write Content(text)"
            )

    def _on_say(self, input: inputs.Say) -> None:
        live = self._active(input)
        if live is not None:
            self._emit(
                events.MessageSaid,
                live.contact.id,
                live.agent,
                live.interaction,
                input.content,
                address=live.contact.address,
            )

    def _check_abandon(self, input: inputs.Abandon) -> None:
        self._check_contact(input.contact, "Abandon.contact")

    def _on_abandon(self, input: inputs.Abandon) -> None:
        live = self._state.contacts.get(input.contact)
        if live is None:
            self._ignore(input, input.contact, self._gone(input.contact))
        else:
            self._leave(live)

    def _leave(self, live: ContactState) -> None:
        """The customer goes, whatever state the contact is in."""
        if live.interaction:
            self._end(live, "customer")
            return
        contact = live.contact.id
        for offer in list(live.offers.values()):
            self._emit(events.OfferRescinded, contact, offer.agent, offer.id, "abandoned")
        waited = self._now - live.since
        short = waited < self._state.queues.queue(live.queue).short_abandon
        self._emit(events.ContactAbandoned, contact, live.queue, waited=waited, short=short)

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
        length = Duration(0)
        if interaction and not disposition:
            own = self._state.queues.queue(live.queue).wrap_up
            length = self._state.modes[live.contact.mode].wrap_up if own is None else own
        self._emit(
            events.ContactEnded,
            live.contact.id,
            reason,
            queue=live.queue,
            agent=agent,
            interaction=interaction,
            disposition=disposition,
            wrap_up=bool(length),
            message=message,
            address=live.contact.address,
        )
        if length:
            until = None if length == OPEN_ENDED else self._now + int(length)
            self._emit(events.WrapUpStarted, agent, interaction, until=until)

    def _check_extend_wrap_up(self, input: inputs.ExtendWrapUp) -> None:
        self._check_interaction(input)
        checked(input.until, "ExtendWrapUp.until")

    def _on_extend_wrap_up(self, input: inputs.ExtendWrapUp) -> None:
        work = self._wrap_up(input)
        if work is None:
            return
        if work.until is None or input.until <= work.until:
            end = "open-ended" if work.until is None else f"until {clock(work.until)}"
            self._ignore(input, work.interaction, f"the wrap-up is {end} already")
        else:
            until = int(input.until)
            self._emit(events.WrapUpExtended, work.agent, work.interaction, until=until)

    def _on_dispose(self, input: inputs.Dispose) -> None:
        work = self._wrap_up(input)
        if work is not None:
            chosen = input.disposition
            self._emit(events.WrapUpEnded, work.agent, work.interaction, disposition=chosen)

    # --- looking ------------------------------------------------------------------------------

    def explain(self, id: str, now: Instant | None = None) -> Explanation | OfferExplanation:
        """Return why a contact waits, or why an offer went to its agent.

        Args:
            id: of a contact, or of an offer.
            now: by default the instant of the last input.

        Raises:
            IllegalInput: there is no such open contact or offer.
        """
        at = max(self._now, self._state.at) if now is None else checked(now)
        contact = contact_of(id)
        if contact is not None and contact in self._state.contacts:
            return explain_offer(self._state, id)
        if id not in self._state.contacts:
            near = did_you_mean(id, self._state.contacts)
            raise IllegalInput(f"explain: no open contact {id!r}.{near}")
        found = self._state.router.explain(id, at)
        if not found.place:
            return found
        queue = self._state.contacts[id].queue
        place = self._state.queues.position(id, at) or 0
        return attrs.evolve(found, place=place, of=self._state.queues.waiting(queue))

    @property
    def state(self) -> State:
        """The live state, to look at; only `handle` and `apply` change it."""
        return self._state

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
                self._emit(events.OfferRescinded, live.contact.id, agent, offer.id, reason)

    def _withdraw(self, agent: str, reason: str) -> None:
        """Take back every offer that an agent has."""
        for live in self._held_by(agent):
            self._rescind(live, agent, reason)

    def _take_away(self, agent: str, reason: str) -> None:
        """Take every contact and wrap-up from an agent; the contacts wait in their old places."""
        for live in self._held_by(agent):
            if live.agent == agent:
                contact = live.contact.id
                self._emit(events.InteractionFailed, contact, agent, live.interaction, reason)
        for work in [work for work in self._state.wrap_ups.values() if work.agent == agent]:
            self._emit(events.WrapUpEnded, agent, work.interaction)

    def _cooled_until(self, live: ContactState, agent: str) -> Instant:
        others = self._state.router.others(live.contact.id, agent)
        return self._now + int(self._cool_off if others else min(self._cool_off, SHORTEST_COOL_OFF))

    def _at_address(self, address: Address) -> ContactState | None:
        contact = self._state.addresses.get((address.channel, address.to))
        return None if contact is None else self._state.contacts[contact]

    def _new_id(self, channel: str) -> str:
        number = self._state.arrived + 1
        state = self._state
        while (
            (id := f"{channel}-{number}") in state.contacts
            or id in state.ended
            or id in state.router.waiters
        ):
            number += 1
        return id

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

    def _check_queue(self, queue: str, field: str) -> None:
        known = self._state.queues.queues
        if queue not in known:
            near = did_you_mean(str(queue), known)
            raise IllegalInput(f"{field}: no queue {queue!r}.{near}")

    def _check_contact(self, contact: str, field: str) -> None:
        """Raise where a contact was never here; where it may only be forgotten, do not."""
        state = self._state
        known = (
            contact in state.contacts or contact in state.ended or contact in state.router.waiters
        )
        if not known and not state.forgotten:
            near = did_you_mean(str(contact), state.contacts)
            raise IllegalInput(f"{field}: no contact {contact!r}.{near}")

    def _check_reference(self, input: inputs.AnyInput, name: str, value: str) -> None:
        field = f"{type(input).__name__}.{name}"
        contact = contact_of(str(value))
        if contact is None:
            raise IllegalInput(f"{field}: {value!r} is not the id of an {name}, such as 'c1/1'")
        self._check_contact(contact, field)


class _named:  # noqa: N801 - reads as a word in a with statement
    """Turn a configuration error inside an input into an `IllegalInput` that names the field."""

    def __init__(self, field: str) -> None:
        self._field = field

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Name the field."""
        if isinstance(error, (ConfigurationError, TongdaiError)):
            text = str(error)
            raise IllegalInput(
                text if text.startswith(self._field) else f"{self._field}: {text}"
            ) from error


def _nothing(_: inputs.AnyInput) -> None:
    """Time has passed, and that is all."""
