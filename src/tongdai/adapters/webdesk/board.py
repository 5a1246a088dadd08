"""What every agent has before them, folded from the center's events.

Rule: one fold serves all browsers. It begins with a center's state and goes on with its events, one
by one, and each step gives the frames that agents have to be shown. So a browser that has lost its
place is shown the whole, made from the same fold, and what follows fits it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import attrs
from msgspec.structs import replace

from tongdai.adapters.webdesk.lines import Frame, Line, Thread, milliseconds
from tongdai.center import Center, events
from tongdai.center.state import ContactState
from tongdai.center.state import Line as Kept
from tongdai.ivr.effects import Play
from tongdai.model.contact import Attachment, Contact, Content
from tongdai.model.time import Instant

Shown: TypeAlias = tuple[str, Frame]
"""An agent, and a frame for them."""

_SEEN: Final = ("at", "key", "sent", "ids", "cause", "choice", "automatic", "revised", "status")
"""What only those know of a line who saw it come."""
_COUNTED: Final = ("last_agent", "contacts", "open")
"""What is counted of a profile's contacts, beside what is known of the person."""


@attrs.define
class Place:
    """What one agent has: presence, offers by id, conversations and wrap-ups by interaction."""

    presence: str = "offline"
    reason: str = ""
    offers: dict[str, events.ContactOffered] = attrs.field(factory=dict[str, events.ContactOffered])
    talks: dict[str, Instant] = attrs.field(factory=dict[str, Instant])
    wraps: dict[str, Instant | None] = attrs.field(factory=dict[str, "Instant | None"])


class Board:
    """The fold."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """Start empty; `reset` comes first.

        Args:
            names: how agents are called, by id.
        """
        self.names = names
        self.waiting: dict[str, dict[str, Instant]] = {}  # by queue: contacts, since when
        self._threads: dict[str, Thread] = {}
        self._places: dict[str, Place] = {}
        self._with: dict[str, set[str]] = {}  # by contact: agents who see it
        self._version = 0
        self._appliers: dict[type, Callable[[Any], Iterator[Shown]]] = {
            events.QueuePut: self._queue_put,
            events.AgentPut: self._agent_put,
            events.AgentRemoved: self._agent_removed,
            events.PresenceChanged: self._presence_changed,
            events.AgentLost: self._agent_lost,
            events.ProfileChanged: self._profile_changed,
            events.ContactGreeted: self._contact_greeted,
            events.FlowAdvanced: self._flow_advanced,
            events.FlowEnded: self._flow_ended,
            events.ContactQueued: self._contact_queued,
            events.ContactOverflowed: self._contact_overflowed,
            events.QueueRemoved: self._queue_removed,
            events.ContactOffered: self._contact_offered,
            events.OfferAccepted: self._offer_accepted,
            events.OfferDeclined: self._offer_over,
            events.OfferExpired: self._offer_expired,
            events.OfferRescinded: self._offer_over,
            events.InteractionFailed: self._interaction_failed,
            events.MessageReceived: self._message_received,
            events.MessageRevised: self._message_revised,
            events.ContactRelinked: self._contact_relinked,
            events.ReceiptReceived: self._receipt_received,
            events.MessageSaid: self._message_said,
            events.ContactAbandoned: self._contact_abandoned,
            events.ContactEnded: self._contact_ended,
            events.WrapUpStarted: self._wrap_up_set,
            events.WrapUpExtended: self._wrap_up_set,
            events.WrapUpEnded: self._wrap_up_ended,
        }

    # --- looking ------------------------------------------------------------------------------

    def place(self, agent: str) -> Place:
        """Return what an agent has."""
        return self._places.setdefault(agent, Place())

    @property
    def contacts(self) -> set[str]:
        """The contacts that are not over, or that an agent wraps up."""
        return set(self._threads)

    def thread(self, contact: str) -> Thread | None:
        """Return a contact that is not over."""
        return self._threads.get(contact)

    def sees(self, agent: str, contact: str) -> bool:
        """Return whether an agent has a contact before them."""
        return agent in self._with.get(contact, ())

    def who_sees(self, contact: str) -> set[str]:
        """Return the agents who have a contact before them."""
        return set(self._with.get(contact, ()))

    def file(self, agent: str, url: str) -> Attachment | None:
        """Return a file that stands in a conversation that an agent has before them."""
        for contact, agents in self._with.items():
            if agent in agents:
                for line in self._threads[contact].lines:
                    for each in line.content.attachments:
                        if each.url == url:
                            return each
        return None

    def whole(self, agent: str) -> Frame:
        """Return everything that an agent has."""
        place = self.place(agent)
        return {
            "presence": place.presence,
            "reason": place.reason,
            "offers": [self._offer(offer) for offer in place.offers.values()],
            "talks": [self._talk(agent, interaction) for interaction in place.talks],
            "wraps": [
                {**self._talk(agent, interaction), "until": _until(until)}
                for interaction, until in place.wraps.items()
            ],
        }

    def _offer(self, event: events.ContactOffered) -> Frame:
        thread = self._threads[event.contact]
        return {
            **thread.head(),
            "offer": event.offer,
            "from": milliseconds(event.at),
            "until": milliseconds(event.until),
            "lines": [line.frame(self.names) for line in list(thread.lines)[-3:]],
        }

    def _talk(self, agent: str, interaction: str) -> Frame:
        thread = self._threads[contact_in(interaction)]
        return {
            **thread.head(),
            "interaction": interaction,
            "accepted": milliseconds(self.place(agent).talks.get(interaction, 0)),
            "lines": [line.frame(self.names) for line in thread.lines],
        }

    # --- the beginning ------------------------------------------------------------------------

    def reset(self, center: Center) -> None:
        """Begin with a center as it stands; what is known of its lines already is kept."""
        state = center.state
        known, self._threads = self._threads, {}
        self._version = state.version
        self._places = {
            id: Place(live.presence, live.reason) for id, live in state.router.agents.items()
        }
        self._with = {}
        self.waiting = {queue: {} for queue in state.queues.queues}
        for id, flow in state.flows.items():
            thread = self._threads[id] = Thread(flow.contact, state.at)
            thread.context = flow.context
            self._recall(thread, flow.messages, known.get(id), center)
        for id, live in state.contacts.items():
            self._begin(id, live, known.get(id), center)
        for interaction, work in state.wrap_ups.items():
            contact = contact_in(interaction)
            if contact not in self._threads:
                # (its lines went with it, if this is a start)
                kept = known.get(contact) or Thread(Contact(contact), state.at)
                kept.over = True
                self._threads[contact] = kept
            self.place(work.agent).wraps[interaction] = work.until
            self._join(work.agent, contact)

    def _begin(self, id: str, live: ContactState, known: Thread | None, center: Center) -> None:
        flow = center.state.flows.get(id)
        thread = self._threads[id] = Thread(live.contact, live.since)
        thread.queue = live.queue
        thread.context = {} if flow is None else flow.context
        earlier = () if flow is None else flow.messages
        self._recall(thread, (*earlier, *live.messages), known, center)
        for offer in live.offers.values():
            self.place(offer.agent).offers[offer.id] = offer.event
            self._join(offer.agent, id)
        if live.interaction:
            self.place(live.agent).talks[live.interaction] = live.accepted
            self._join(live.agent, id)
        else:
            self.waiting[live.queue][id] = live.since

    def _recall(
        self,
        thread: Thread,
        messages: tuple[Kept, ...],
        known: Thread | None,
        center: Center,
    ) -> None:
        """Take lines from the center, which knows less of them, where they were not seen."""
        histories = center.state.histories
        if histories is not None:
            thread.profile = histories.facts(thread.contact.id)
        before = [] if known is None else list(known.lines)
        for who, content, key in messages:
            kind = who if who in ("customer", "flow") else "agent"
            seen = next(
                (at for at, line in enumerate(before) if line.who == kind and _same(line, content)),
                None,
            )
            line = thread.add(kind, content, agent=who if kind == "agent" else "", key=key)
            if seen is not None:
                was = before[seen]
                del before[: seen + 1]
                for name in _SEEN:
                    setattr(line, name, getattr(was, name))

    def _join(self, agent: str, contact: str) -> None:
        self._with.setdefault(contact, set()).add(agent)

    def _part(self, agent: str, contact: str) -> None:
        """Let an agent see a contact no longer, unless they have it still in another way."""
        place = self.place(agent)
        still = (*place.offers, *place.talks, *place.wraps)
        if any(contact_in(each) == contact for each in still):
            return
        here = self._with.get(contact)
        if here is not None:
            here.discard(agent)
            if not here:
                del self._with[contact]

    # --- one event ----------------------------------------------------------------------------

    def apply(self, event: events.AnyEvent) -> list[Shown]:
        """Take in what happened; return whom that has to be shown, and how."""
        applier = self._appliers.get(type(event))
        shown = [] if applier is None else list(applier(event))
        self._version += 1
        return shown

    def _queue_put(self, event: events.QueuePut) -> Iterator[Shown]:
        self.waiting.setdefault(event.queue, {})
        yield from ()

    def _agent_put(self, event: events.AgentPut) -> Iterator[Shown]:
        if event.agent not in self._places:
            self._places[event.agent] = Place("available" if event.available else "offline")
        yield from ()

    def _agent_removed(self, event: events.AgentRemoved) -> Iterator[Shown]:
        self._places.pop(event.agent, None)
        yield event.agent, {"is": "bye", "why": "removed"}

    def _presence_changed(self, event: events.PresenceChanged) -> Iterator[Shown]:
        yield self._present(event.agent, event.presence, event.reason)

    def _agent_lost(self, event: events.AgentLost) -> Iterator[Shown]:
        yield self._present(event.agent, "away", "lost")

    def _present(self, agent: str, presence: str, reason: str) -> Shown:
        place = self.place(agent)
        place.presence, place.reason = presence, reason
        return agent, {"is": "presence", "presence": presence, "reason": reason}

    def _contact_relinked(self, event: events.ContactRelinked) -> Iterator[Shown]:
        thread = self._threads.get(event.contact)
        if thread is not None:
            thread.contact = replace(thread.contact, address=event.address, claims=event.claims)
            for agent in self.who_sees(event.contact):
                yield agent, {"is": "head", **thread.head()}

    def _profile_changed(self, event: events.ProfileChanged) -> Iterator[Shown]:
        for contact, thread in self._threads.items():
            same = event.profile != "" and thread.profile.get("id") == event.profile
            if same or contact in event.contacts:
                # Of somebody else, nothing stays: an erased name is nobody's to see.
                kept = {name: thread.profile.get(name) for name in _COUNTED} if same else {}
                thread.profile = {"id": event.profile, **event.known, **kept}
                for agent in self.who_sees(contact):
                    yield agent, {"is": "head", **thread.head()}

    def _contact_greeted(self, event: events.ContactGreeted) -> Iterator[Shown]:
        self._threads[event.contact] = Thread(event.value, event.at)
        yield from ()

    def _flow_advanced(self, event: events.FlowAdvanced) -> Iterator[Shown]:
        thread = self._threads.get(event.contact)
        if thread is None:
            return
        for place, task in enumerate(event.tasks, 1):
            if isinstance(task, Play) and task.text:
                sent = f"{self._version}/{place}"
                content = Content(task.text, buttons=task.buttons)
                line = thread.add("flow", content, at=event.at, sent=sent)
                yield from self._line(thread, line)

    def _flow_ended(self, event: events.FlowEnded) -> Iterator[Shown]:
        self._end(event.contact)
        yield from ()

    def _contact_queued(self, event: events.ContactQueued) -> Iterator[Shown]:
        before = self._threads.get(event.contact)
        thread = self._threads[event.contact] = before or Thread(event.value, event.at)
        thread.contact = event.value
        thread.queue = event.queue
        thread.since = event.at
        self.waiting.setdefault(event.queue, {})[event.contact] = event.at
        yield from ()

    def _contact_overflowed(self, event: events.ContactOverflowed) -> Iterator[Shown]:
        self._move(event.contact, event.to)
        yield from ()

    def _queue_removed(self, event: events.QueueRemoved) -> Iterator[Shown]:
        for contact, thread in self._threads.items():
            if thread.queue == event.queue:
                self._move(contact, event.to)
        self.waiting.pop(event.queue, None)
        yield from ()

    def _move(self, contact: str, to: str) -> None:
        thread = self._threads[contact]
        since = self.waiting.get(thread.queue, {}).pop(contact, None)
        thread.queue = to
        if since is not None:
            self.waiting.setdefault(to, {})[contact] = since

    def _contact_offered(self, event: events.ContactOffered) -> Iterator[Shown]:
        thread = self._threads[event.contact]
        thread.context = {name: each for name, each in event.context.items() if name != "profile"}
        thread.profile = event.context.get("profile", thread.profile)
        if event.automatic:
            return
        self.place(event.agent).offers[event.offer] = event
        self._join(event.agent, event.contact)
        yield event.agent, {"is": "offer", **self._offer(event)}

    def _offer_accepted(self, event: events.OfferAccepted) -> Iterator[Shown]:
        place = self.place(event.agent)
        place.offers.pop(event.offer, None)
        place.talks[event.offer] = event.at
        self._join(event.agent, event.contact)
        self._leave_queue(event.contact)
        yield event.agent, {"is": "talk", **self._talk(event.agent, event.offer)}

    def _offer_over(
        self, event: events.OfferDeclined | events.OfferExpired | events.OfferRescinded
    ) -> Iterator[Shown]:
        place = self.place(event.agent)
        place.offers.pop(event.offer, None)
        self._part(event.agent, event.contact)
        if isinstance(event, events.OfferRescinded):
            reason = event.reason
        else:
            reason = "declined" if isinstance(event, events.OfferDeclined) else "expired"
        yield event.agent, {"is": "gone", "offer": event.offer, "why": reason}

    def _offer_expired(self, event: events.OfferExpired) -> Iterator[Shown]:
        yield from self._offer_over(event)
        yield self._present(event.agent, "not_responding", "")

    def _interaction_failed(self, event: events.InteractionFailed) -> Iterator[Shown]:
        self.place(event.agent).talks.pop(event.interaction, None)
        self._part(event.agent, event.contact)
        thread = self._threads[event.contact]
        self.waiting.setdefault(thread.queue, {})[event.contact] = thread.since
        yield event.agent, {"is": "over", "interaction": event.interaction, "why": event.reason}

    # --- what is said -------------------------------------------------------------------------

    def _line(self, thread: Thread, line: Line) -> Iterator[Shown]:
        frame: Frame = {
            "is": "line",
            "contact": thread.contact.id,
            "line": line.frame(self.names),
        }
        for agent in self.who_sees(thread.contact.id):
            yield agent, frame

    def _message_received(self, event: events.MessageReceived) -> Iterator[Shown]:
        thread = self._threads.get(event.contact)
        if thread is None:
            return
        line = thread.add(
            "customer",
            event.content,
            at=event.at,
            key=event.key,
            choice=event.choice,
            automatic=event.automatic,
        )
        yield from self._line(thread, line)

    def _message_revised(self, event: events.MessageRevised) -> Iterator[Shown]:
        thread = self._threads.get(event.contact)
        if thread is None:
            return
        for line in thread.of_key(event.message):
            line.revised = "withdrawn" if event.content is None else "edited"
            line.content = event.content or Content()
            yield from self._line(thread, line)

    def _receipt_received(self, event: events.ReceiptReceived) -> Iterator[Shown]:
        thread = self._threads.get(event.contact)
        if thread is not None:
            for line in thread.receipt(event):
                yield from self._line(thread, line)

    def _message_said(self, event: events.MessageSaid) -> Iterator[Shown]:
        thread = self._threads.get(event.contact)
        if thread is not None:
            line = thread.add(
                "agent",
                event.content,
                at=event.at,
                agent=event.agent,
                sent=f"{self._version}/1",
                cause=event.cause,
            )
            yield from self._line(thread, line)

    # --- the end ------------------------------------------------------------------------------

    def _contact_abandoned(self, event: events.ContactAbandoned) -> Iterator[Shown]:
        self._leave_queue(event.contact)
        self._end(event.contact)
        yield from ()

    def _contact_ended(self, event: events.ContactEnded) -> Iterator[Shown]:
        self._leave_queue(event.contact)
        if event.interaction:
            place = self.place(event.agent)
            accepted = place.talks.pop(event.interaction, 0)
            frame: Frame = {"is": "over", "interaction": event.interaction, "why": event.reason}
            if event.wrap_up:
                place.wraps[event.interaction] = None
                frame["wrap_up"] = True
                frame["accepted"] = milliseconds(accepted)
            else:
                self._part(event.agent, event.contact)
            yield event.agent, frame
        if not event.flow:
            self._end(event.contact)

    def _wrap_up_set(self, event: events.WrapUpStarted | events.WrapUpExtended) -> Iterator[Shown]:
        self.place(event.agent).wraps[event.interaction] = event.until
        until = _until(event.until)
        yield event.agent, {"is": "wrap", "interaction": event.interaction, "until": until}

    def _wrap_up_ended(self, event: events.WrapUpEnded) -> Iterator[Shown]:
        contact = contact_in(event.interaction)
        self.place(event.agent).wraps.pop(event.interaction, None)
        self._part(event.agent, contact)
        thread = self._threads.get(contact)
        if thread is not None and thread.over:
            self._end(contact)
        yield event.agent, {"is": "wrapped", "interaction": event.interaction}

    def _leave_queue(self, contact: str) -> None:
        thread = self._threads.get(contact)
        if thread is not None:
            self.waiting.get(thread.queue, {}).pop(contact, None)

    def _end(self, contact: str) -> None:
        """A contact is over; what was said is kept while an agent wraps it up."""
        thread = self._threads.get(contact)
        if thread is not None:
            thread.over = True
            if contact not in self._with:
                del self._threads[contact]


def contact_in(interaction: str) -> str:
    """Return the contact of an interaction's, or an offer's, id."""
    return interaction.rpartition("/")[0]


def _until(until: Instant | None) -> int | None:
    return None if until is None else milliseconds(until)


def _same(line: Line, content: Content) -> bool:
    return line.content.text == content.text and line.content.attachments == content.attachments
