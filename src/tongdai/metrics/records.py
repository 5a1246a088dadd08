"""One plain record for each contact: what a report's row is made of, and what people look up.

Rule: a record is what happened to one contact, without its content and without personal data. It is
complete when the contact is over, its wrap-up included; until then it says how far things are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Literal, TypeAlias

from tongdai.center import events
from tongdai.model.ids import contact_of
from tongdai.model.mode import Mode
from tongdai.model.personal import Value
from tongdai.model.time import Duration, Instant

Outcome: TypeAlias = Literal["open", "answered", "abandoned", "ended", "refused"]
"""How a contact came out: `answered` even if the customer left then; `ended` is unserved, by the
center."""


class ContactRecord(Value, frozen=True, kw_only=True):
    """What happened to one contact.

    Attributes:
        contact: its id.
        mode: how its channel behaves.
        queues: the queues that it came to, in order; all but the last one did not take it, or sent
            it on before it was answered.
        arrived: when.
        answered: when the offer was accepted that it was served by; `None` if it was not.
        agents: who accepted it, in order; all but the last one lost it again.
        waited: from arrival to the answer, or to the end of waiting; `None` while it waits.
        talked: from accept to end, in the last interaction; `None` without, or while it goes on.
        wrap_up: how long the wrap-up took; `None` where there was none, or while it goes on.
        ended: when the contact ended (not the wrap-up); `None` while it is open.
        outcome: how it came out.
        reason: who or what ended it, or why it was refused; empty for abandoned ones, and while
            open.
        disposition: the outcome code that the agent chose; empty for none.
        short: whether it was a short abandon by the queue's own setting.
        offers: how many offers were made.
        declined, expired: how many of them came back so.
        failed: interactions that were broken off, so that the contact waited again.
    """

    contact: str
    mode: Mode
    queues: tuple[str, ...]
    arrived: Instant
    answered: Instant | None = None
    agents: tuple[str, ...] = ()
    waited: Duration | None = None
    talked: Duration | None = None
    wrap_up: Duration | None = None
    ended: Instant | None = None
    outcome: Outcome = "open"
    reason: str = ""
    disposition: str = ""
    short: bool = False
    offers: int = 0
    declined: int = 0
    expired: int = 0
    failed: int = 0


class ContactRecords:
    """The fold from events to contact records. O(1) an event; it keeps what is open."""

    def __init__(self) -> None:
        """Start with no contacts."""
        self._open: dict[str, dict[str, Any]] = {}
        self._moved: dict[
            str, str
        ] = {}  # where a contact with an agent will wait, should it have to
        self._appliers: dict[type, Callable[[Any], ContactRecord | None]] = {
            events.QueueRemoved: self._queue_removed,
            events.ContactQueued: self._contact_queued,
            events.ContactRefused: self._contact_refused,
            events.ContactOverflowed: self._contact_overflowed,
            events.ContactOffered: self._contact_offered,
            events.OfferAccepted: self._offer_accepted,
            events.OfferDeclined: self._offer_declined,
            events.OfferExpired: self._offer_expired,
            events.InteractionFailed: self._interaction_failed,
            events.ContactAbandoned: self._contact_abandoned,
            events.ContactEnded: self._contact_ended,
            events.WrapUpEnded: self._wrap_up_ended,
        }

    def apply(self, event: events.AnyEvent) -> ContactRecord | None:
        """Take in what happened; return the record that this completes, if it does."""
        applier = self._appliers.get(type(event))
        return None if applier is None else applier(event)

    def open(self) -> list[ContactRecord]:
        """Return a record of each contact that is not over, as far as it has come; by arrival."""
        return [ContactRecord(**fields) for fields in self._open.values()]

    # --- one contact, in the order of its life ------------------------------------------------

    def _queue_removed(self, event: events.QueueRemoved) -> None:
        for contact, fields in self._open.items():
            queue = self._moved.get(contact, fields["queues"][-1])
            if queue != event.queue or fields["ended"] is not None:
                continue
            if fields["answered"] is None:
                fields["queues"] += (event.to,)
            else:
                self._moved[contact] = event.to

    def _contact_queued(self, event: events.ContactQueued) -> None:
        self._open[event.contact] = {
            "contact": event.contact,
            "mode": event.value.mode,
            "queues": (*event.overflowed, event.queue),
            "arrived": event.at,
            "agents": (),
            "answered": None,
            "ended": None,
            "offers": 0,
            "declined": 0,
            "expired": 0,
            "failed": 0,
        }

    def _contact_refused(self, event: events.ContactRefused) -> ContactRecord:
        return ContactRecord(
            contact=event.contact,
            mode=event.value.mode,
            queues=(*event.overflowed, event.queue),
            arrived=event.at,
            ended=event.at,
            outcome="refused",
            reason=event.reason,
        )

    def _contact_overflowed(self, event: events.ContactOverflowed) -> None:
        fields = self._open.get(event.contact)
        if fields is not None:
            fields["queues"] += (event.to,)

    def _contact_offered(self, event: events.ContactOffered) -> None:
        self._one_more(event.contact, "offers")

    def _offer_accepted(self, event: events.OfferAccepted) -> None:
        fields = self._open.get(event.contact)
        if fields is not None:
            fields["answered"] = event.at
            fields["agents"] += (event.agent,)
            fields["waited"] = Duration(event.at - fields["arrived"])

    def _offer_declined(self, event: events.OfferDeclined) -> None:
        self._one_more(event.contact, "declined")

    def _offer_expired(self, event: events.OfferExpired) -> None:
        self._one_more(event.contact, "expired")

    def _interaction_failed(self, event: events.InteractionFailed) -> None:
        fields = self._open.get(event.contact)
        if fields is not None:
            fields["failed"] += 1
            fields["answered"] = fields["waited"] = None
            to = self._moved.pop(event.contact, fields["queues"][-1])
            if to != fields["queues"][-1]:
                fields["queues"] += (to,)

    def _contact_abandoned(self, event: events.ContactAbandoned) -> ContactRecord | None:
        fields = self._open.pop(event.contact, None)
        if fields is None:
            return None
        fields["waited"] = Duration(event.at - fields["arrived"])
        fields["ended"] = event.at
        return ContactRecord(**fields, outcome="abandoned", short=event.short)

    def _contact_ended(self, event: events.ContactEnded) -> ContactRecord | None:
        fields = self._open.get(event.contact)
        if fields is None:
            return None
        self._moved.pop(event.contact, None)
        fields["ended"] = event.at
        fields["reason"] = event.reason
        fields["disposition"] = event.disposition
        if fields["answered"] is None:
            fields["waited"] = Duration(event.at - fields["arrived"])
            fields["outcome"] = "ended"
        else:
            fields["talked"] = Duration(event.at - fields["answered"])
            fields["outcome"] = "answered"
        return None if event.wrap_up else ContactRecord(**self._open.pop(event.contact))

    def _wrap_up_ended(self, event: events.WrapUpEnded) -> ContactRecord | None:
        fields = self._open.pop(contact_of(event.interaction) or "", None)
        if fields is None:
            return None
        fields["wrap_up"] = Duration(event.at - fields["ended"])
        fields["disposition"] = event.disposition
        return ContactRecord(**fields)

    def _one_more(self, contact: str, field: str) -> None:
        fields = self._open.get(contact)
        if fields is not None:
            fields[field] += 1


def records(happened: Iterable[events.AnyEvent]) -> Iterator[ContactRecord]:
    """Yield a record for each contact: first those that are over, by end, then the open ones."""
    fold = ContactRecords()
    for event in happened:
        record = fold.apply(event)
        if record is not None:
            yield record
    yield from fold.open()
