"""What a center remembers of the people behind its contacts.

Rule: a fold over events, as all of the state. Who is who was decided before an event was emitted,
and stands in it; nothing here asks anybody. Of each person the last contacts are kept, of each
contact the last moments, and the people who were here last: what was said is not repeated here.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import attrs

from tongdai.center import events
from tongdai.model.codec import plain
from tongdai.model.time import Instant, clock

REMEMBERED_PROFILES: Final = 10_000
"""Profiles without an open contact are known until so many others have been here."""
KEPT_CONTACTS: Final = 32
"""Contacts of one profile, beside the open ones."""
KEPT_MOMENTS: Final = 32
"""Moments of one contact."""
NOBODY: Final[Mapping[str, Any]] = {"name": "", "language": "", "consent": {}}


class Moment(NamedTuple):
    """One line of a timeline: when, over which channel, which contact, and what happened."""

    at: Instant
    channel: str
    contact: str
    what: str


@attrs.frozen
class Timeline:
    """What happened with one person over all channels; prints a line a moment.

    Attributes:
        profile: whose it is.
        moments: in the order of time.
    """

    profile: str
    moments: tuple[Moment, ...]

    def __str__(self) -> str:
        """Give one line a moment."""
        wide = max((len(moment.channel) for moment in self.moments), default=0)
        width = max((len(moment.contact) for moment in self.moments), default=0)
        return "\n".join(
            f"{clock(at):>7}  {channel:<{wide}}  {contact:<{width}}  {what}"
            for at, channel, contact, what in self.moments
        )


class Touch:
    """One contact of a person: the observation that it gave, and what became of it."""

    __slots__ = ("agents", "channel", "contact", "moments", "observation", "profile", "since")

    def __init__(self, event: events.ContactIdentified) -> None:
        self.contact = event.contact
        self.observation = event.observation
        self.channel = event.channel
        self.profile = event.profile
        self.since = event.at
        self.agents: tuple[tuple[Instant, str], ...] = ()
        self.moments: deque[tuple[Instant, str]] = deque(maxlen=KEPT_MOMENTS)


class History:
    """What is known of one profile.

    Attributes:
        known: name, language and consent, as they were last decided.
        touches: contacts, the oldest first.
    """

    __slots__ = ("known", "touches")

    def __init__(self) -> None:
        self.known: Mapping[str, Any] = NOBODY
        self.touches: dict[str, Touch] = {}

    @property
    def last_agent(self) -> str:
        """Who had a contact of theirs last, or has one."""
        served = [each for touch in self.touches.values() for each in touch.agents]
        return max(served)[1] if served else ""


class Histories:
    """The fold over a center's events."""

    def __init__(self) -> None:
        self.open: dict[str, Touch] = {}
        self.profiles: OrderedDict[str, History] = OrderedDict()
        self._appliers: dict[type, Callable[[Any], None]] = {
            events.ContactIdentified: self._contact_identified,
            events.ProfileChanged: self._profile_changed,
            events.ContactGreeted: self._contact_greeted,
            events.FlowEnded: self._flow_ended,
            events.ContactQueued: self._contact_queued,
            events.ContactRefused: self._contact_refused,
            events.ContactOverflowed: self._contact_overflowed,
            events.OfferAccepted: self._offer_accepted,
            events.InteractionFailed: self._interaction_failed,
            events.MessageReceived: self._message_received,
            events.MessageRevised: self._message_revised,
            events.ContactRelinked: self._contact_relinked,
            events.MessageSaid: self._message_said,
            events.ContactAbandoned: self._contact_abandoned,
            events.ContactEnded: self._contact_ended,
        }

    def apply(self, event: events.AnyEvent) -> None:
        """Take in what happened."""
        applier = self._appliers.get(type(event))
        if applier is not None:
            applier(event)

    # --- looking ------------------------------------------------------------------------------

    def profile_of(self, contact: str) -> str:
        """Return whose an open contact is; empty where nobody knows."""
        touch = self.open.get(contact)
        return "" if touch is None else touch.profile

    def facts(self, contact: str) -> dict[str, Any]:
        """Return what flows and agents are told of the person behind an open contact."""
        touch = self.open.get(contact)
        history = History() if touch is None else self.profiles[touch.profile]
        others = [id for id in history.touches if id != contact]
        return {
            "id": "" if touch is None else touch.profile,
            **history.known,
            "last_agent": history.last_agent,
            "contacts": len(others),
            "open": [id for id in others if id in self.open],
        }

    def timeline(self, profile: str) -> Timeline | None:
        """Return what happened with a person; `None` where they are not known."""
        history = self.profiles.get(profile)
        if history is None:
            return None
        moments = [
            Moment(at, touch.channel, touch.contact, what)
            for touch in history.touches.values()
            for at, what in touch.moments
        ]
        return Timeline(profile, tuple(sorted(moments, key=lambda moment: moment.at)))

    def snapshot(self) -> dict[str, object]:
        """Return all of it as plain data; equal states give equal data."""
        return {
            id: {
                "known": plain(history.known),
                "contacts": [
                    {
                        "contact": touch.contact,
                        "observation": touch.observation,
                        "open": touch.contact in self.open,
                        "agents": touch.agents,
                        "moments": tuple(touch.moments),
                    }
                    for touch in history.touches.values()
                ],
            }
            for id, history in self.profiles.items()
        }

    # --- who is who ---------------------------------------------------------------------------

    def _contact_identified(self, event: events.ContactIdentified) -> None:
        history = self._history(event.profile, event.known)
        touch = Touch(event)
        history.touches[event.contact] = self.open[event.contact] = touch
        touch.moments.append((event.at, "arrived"))
        self._trim(history)

    def _profile_changed(self, event: events.ProfileChanged) -> None:
        """Let contacts go over; those of somebody who was erased are nobody's."""
        was = self.profiles.get(event.was)
        moved = [] if was is None else [was.touches.pop(id) for id in event.contacts]
        if event.profile:
            history = self._history(event.profile, event.known)
            for touch in moved:
                touch.profile = event.profile
                history.touches[touch.contact] = touch
            if moved:
                ordered = sorted(history.touches.values(), key=lambda each: each.since)
                history.touches = {touch.contact: touch for touch in ordered}
            self._trim(history)
        else:
            for touch in moved:
                self.open.pop(touch.contact, None)
        if was is not None and not was.touches:
            self.profiles.pop(event.was, None)

    def _history(self, profile: str, known: Mapping[str, Any]) -> History:
        history = self.profiles.get(profile)
        if history is None:
            history = self.profiles[profile] = History()
        self.profiles.move_to_end(profile)
        history.known = known
        for _ in range(2):  # (one more than comes: who was kept for an open contact goes later)
            if len(self.profiles) > REMEMBERED_PROFILES:
                oldest = next(iter(self.profiles))
                if self.open.keys().isdisjoint(self.profiles[oldest].touches):
                    del self.profiles[oldest]
                else:
                    self.profiles.move_to_end(oldest)
        return history

    def _trim(self, history: History) -> None:
        over = [id for id in history.touches if id not in self.open]
        for id in over[: max(len(over) - KEPT_CONTACTS, 0)]:
            del history.touches[id]

    # --- what became of contacts --------------------------------------------------------------

    def _note(self, event: events.AnyEvent, contact: str, what: str) -> Touch | None:
        touch = self.open.get(contact)
        if touch is not None:
            touch.moments.append((event.at, what))
        return touch

    def _close(self, event: events.AnyEvent, contact: str, what: str) -> None:
        touch = self._note(event, contact, what)
        if touch is not None:
            del self.open[contact]
            self._trim(self.profiles[touch.profile])

    def _contact_greeted(self, event: events.ContactGreeted) -> None:
        self._note(event, event.contact, f"flow {event.flow}")

    def _flow_ended(self, event: events.FlowEnded) -> None:
        self._close(event, event.contact, f"over ({event.reason})")

    def _contact_queued(self, event: events.ContactQueued) -> None:
        self._note(event, event.contact, f"queue {event.queue}")

    def _contact_refused(self, event: events.ContactRefused) -> None:
        self._close(event, event.contact, f"refused by {event.queue} ({event.reason})")

    def _contact_overflowed(self, event: events.ContactOverflowed) -> None:
        self._note(event, event.contact, f"queue {event.to}")

    def _offer_accepted(self, event: events.OfferAccepted) -> None:
        touch = self._note(event, event.contact, f"agent {event.agent}")
        if touch is not None:
            touch.agents = (*touch.agents, (event.at, event.agent))[-2:]

    def _interaction_failed(self, event: events.InteractionFailed) -> None:
        touch = self._note(event, event.contact, f"waits again ({event.reason})")
        if touch is not None:
            touch.agents = touch.agents[:-1]

    def _message_received(self, event: events.MessageReceived) -> None:
        what = f"sent automatically ({event.automatic})" if event.automatic else "wrote"
        self._note(event, event.contact, what)

    def _message_revised(self, event: events.MessageRevised) -> None:
        what = "withdrew a message" if event.content is None else "changed a message"
        self._note(event, event.contact, what)

    def _contact_relinked(self, event: events.ContactRelinked) -> None:
        self._note(event, event.contact, "has another identity")

    def _message_said(self, event: events.MessageSaid) -> None:
        self._note(event, event.contact, f"agent {event.agent} wrote")

    def _contact_abandoned(self, event: events.ContactAbandoned) -> None:
        self._close(event, event.contact, "left")

    def _contact_ended(self, event: events.ContactEnded) -> None:
        what = f"over ({event.disposition or event.reason})"
        if event.flow:
            self._note(event, event.contact, f"flow {event.flow}")
        else:
            self._close(event, event.contact, what)
