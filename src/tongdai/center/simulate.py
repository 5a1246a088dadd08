"""What if: a day of visits and shifts, lived through by a real center.

Rule: another shell round the same engine, with an agenda instead of a clock. It hands in inputs at
the instants at which customers and agents would act, wakes the engine at each of its deadlines, and
learns what has become of them from the events alone. Who comes when, how long they talk and how
long they are willing to wait is in what it is given. The one thing that it draws is whether an
agent misses or declines an offer, and that is a keyed draw (see `draws`). So the same visits,
shifts and seed give the same events, and whatever reads a journal reads a simulation.

Things of one instant happen in this order: agents finish and answer, agents come (back), agents go,
customers arrive, customers give up. So whoever arrives with a patience of nothing is still served
if somebody is free.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import attrs

from tongdai.center import events
from tongdai.center.draws import uniform
from tongdai.center.engine import Center
from tongdai.center.inputs import (
    Abandon,
    Accept,
    AnyInput,
    Arrive,
    Decline,
    Dispose,
    End,
    PutAgent,
    SetPresence,
    Tick,
)
from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.model.agent import Agent
from tongdai.model.contact import Contact
from tongdai.model.ids import check_id, contact_of
from tongdai.model.time import Duration, Instant, checked, clock, duration, minutes

_FINISH: Final = 0
_COME: Final = 1
_GO: Final = 2
_ARRIVE: Final = 3
_GIVE_UP: Final = 4


@attrs.frozen
class Visit:
    """One customer who comes once.

    Attributes:
        at: when they arrive.
        contact: as which contact.
        queue: the id of the queue that they ask for.
        patience: how long they are willing to wait for an agent; `None` is for ever.
        talk: how long an agent needs for them, from the accept on.
        wrap_up: after how much wrap-up the agent is done, where the queue has any; `None` takes all
            that the queue grants, and nothing where that is open-ended.
    """

    at: Instant
    contact: Contact
    queue: str
    patience: Duration | None = attrs.field(default=None, kw_only=True)
    talk: Duration = attrs.field(kw_only=True)
    wrap_up: Duration | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigurationError: names the field and what would be right.
            IllegalInput: `at` is not an instant.
        """
        if not isinstance(self.contact, Contact):
            raise ConfigurationError(
                f"Visit.contact: {self.contact!r} is not a contact; write Contact('c1')"
            )
        put = object.__setattr__
        put(self, "at", checked(self.at, "Visit.at"))
        check_id(self.queue, "Visit.queue")
        put(self, "talk", duration(self.talk, "Visit.talk"))
        if self.patience is not None:
            put(self, "patience", duration(self.patience, "Visit.patience"))
        if self.wrap_up is not None:
            put(self, "wrap_up", duration(self.wrap_up, "Visit.wrap_up"))


@attrs.frozen
class Pause:
    """A time in which an agent is away, `length` long and due `at` an instant.

    A pause is never cut short: one that falls due during a contact begins when the agent is done
    with it (meanwhile nothing new is offered), and one that falls due during another follows that.
    """

    at: Instant
    length: Duration

    def __attrs_post_init__(self) -> None:
        """Check both fields.

        Raises:
            ConfigurationError: the length has no unit, or is negative.
            IllegalInput: `at` is not an instant.
        """
        object.__setattr__(self, "at", checked(self.at, "Pause.at"))
        object.__setattr__(self, "length", duration(self.length, "Pause.length"))


@attrs.frozen
class Shift:
    """One agent's time on duty.

    Attributes:
        agent: who.
        start, end: from when until when; a contact in progress at the end is finished first, pauses
            that are still owed then are not taken.
        pauses: when they are away meanwhile, each within the shift.
        answers_after: how long they take to accept an offer. One that expires before they are back
            as soon as they would have answered.
        misses: which share of the offers they let expire, 0 to 1.
        back_after: how long after an offer that they missed they are back.
        declines: which share of the offers they decline, after as long as they take to accept.
    """

    agent: Agent
    start: Instant
    end: Instant
    pauses: Sequence[Pause] = attrs.field(default=(), kw_only=True)
    answers_after: Duration = attrs.field(default=Duration(0), kw_only=True)
    misses: float = attrs.field(default=0.0, kw_only=True)
    back_after: Duration = attrs.field(default=minutes(1), kw_only=True)
    declines: float = attrs.field(default=0.0, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigurationError: names the field and what would be right.
            IllegalInput: `start` or `end` is not an instant.
        """
        if not isinstance(self.agent, Agent):
            raise ConfigurationError(
                f"Shift.agent: {self.agent!r} is not an agent; write Agent('an')"
            )
        put = object.__setattr__
        put(self, "start", checked(self.start, "Shift.start"))
        put(self, "end", checked(self.end, "Shift.end"))
        put(self, "answers_after", duration(self.answers_after, "Shift.answers_after"))
        put(self, "back_after", duration(self.back_after, "Shift.back_after"))
        _check_share(self.misses, "Shift.misses")
        _check_share(self.declines, "Shift.declines")
        if self.misses + self.declines > 1:
            raise ConfigurationError(
                f"Shift.declines: {self.misses} missed and {self.declines} declined are more than "
                "all offers"
            )
        put(self, "pauses", tuple(self.pauses))
        who = self.agent.id
        if self.end < self.start:
            raise ConfigurationError(
                f"Shift.end: {who}'s shift ends at {clock(self.end)}, before it starts "
                f"at {clock(self.start)}"
            )
        for pause in self.pauses:
            if not isinstance(pause, Pause):
                raise ConfigurationError(
                    f"Shift.pauses: {pause!r} is not a pause; write Pause(at, minutes(15))"
                )
            if not self.start <= pause.at <= self.end:
                raise ConfigurationError(
                    f"Shift.pauses: {who}'s pause at {clock(pause.at)} is not within the shift "
                    f"from {clock(self.start)} to {clock(self.end)}"
                )


def _check_share(value: object, field: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ConfigurationError(f"{field}: {value!r} is not a share of offers, 0 to 1")


def simulate(  # noqa: PLR0913 - settings with defaults
    center: Center,
    visits: Iterable[Visit],
    shifts: Iterable[Shift],
    *,
    seed: int = 0,
    until: Instant | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[events.AnyEvent]:
    """Let customers and agents act on a center, and yield what happens, in order.

    Args:
        center: with its queues. It is changed, and can be looked at between events. Agents and
            contacts that are there already stay as they are: nobody ends their contacts.
        visits: who comes, in the order of time; taken one by one, so there may be millions.
        shifts: who serves; those of one agent must not overlap.
        seed: of the draws that decide which offers are missed or declined; two seeds for which
            agents have no such share give the same events.
        until: the last instant to live through; by default it goes on until nothing is to come.
        progress: told after each arrival how many there have been.

    Yields:
        Every event of the center, as its journal would hold it.

    Raises:
        IllegalInput: when it comes to a visit that is earlier than the one before it, or that the
            center cannot take (no such queue, a contact id used before).
        ConfigurationError: at once, where shifts of one agent overlap.
    """
    return _Simulation(center, visits, _checked(shifts), seed, progress).run(until)


def _checked(shifts: Iterable[Shift]) -> list[Shift]:
    """Return the shifts in order of time; those of one agent must not overlap."""
    found = sorted(shifts, key=lambda shift: (shift.start, shift.agent.id))
    last: dict[str, Shift] = {}
    for shift in found:
        before = last.get(shift.agent.id)
        if before is not None and shift.start < before.end:
            raise ConfigurationError(
                f"Shift.start: {shift.agent.id}'s shift from {clock(shift.start)} begins before "
                f"the one until {clock(before.end)} is over"
            )
        last[shift.agent.id] = shift
    return found


class _Desk:
    """One agent's shift as it goes: pauses `owed` (microseconds), `resting` in one, or `over`."""

    __slots__ = ("over", "owed", "resting", "shift")

    def __init__(self, shift: Shift) -> None:
        self.shift = shift
        self.owed = 0
        self.resting = False
        self.over = False


_Act: TypeAlias = Callable[[Any], AnyInput | None]


class _Simulation:
    """The agenda, and what it needs to remember of those whose acts are still to come.

    An entry of the agenda is an act (one of the methods below `acts`) and what it is about; it
    answers the input to hand in, if there still is a reason to. Reactions to events only write to
    the agenda.
    """

    def __init__(
        self,
        center: Center,
        visits: Iterable[Visit],
        shifts: Iterable[Shift],
        seed: int,
        progress: Callable[[int], None] | None,
    ) -> None:
        self._center = center
        self._seed = seed
        self._coming = iter(visits)
        self._progress = progress
        self._agenda: list[tuple[Instant, int, int, _Act, Any]] = []
        self._entries = 0
        self._arrivals = 0
        self._now: Instant = 0
        self._open: dict[str, Visit] = {}
        self._desks: dict[str, _Desk] = {}
        self._reactions: dict[type, Callable[[Any], None]] = {
            events.PresenceChanged: self._maybe_gone,
            events.ContactOffered: self._offered,
            events.OfferAccepted: self._accepted,
            events.OfferDeclined: self._maybe_gone,
            events.OfferExpired: self._maybe_gone,
            events.OfferRescinded: self._maybe_gone,
            events.InteractionFailed: self._maybe_gone,
            events.ContactRefused: self._closed,
            events.ContactAbandoned: self._closed,
            events.ContactEnded: self._ended,
            events.WrapUpStarted: self._wrapping_up,
            events.WrapUpEnded: self._maybe_gone,
        }
        for shift in shifts:
            desk = _Desk(shift)
            self._at(shift.start, _COME, self._come, desk)
            for pause in shift.pauses:
                self._at(pause.at, _GO, self._pause, (desk, int(pause.length)))
            self._at(shift.end, _GO, self._finish_shift, desk)

    def run(self, until: Instant | None) -> Iterator[events.AnyEvent]:
        """Live through agenda and deadlines in the order of time."""
        center, agenda = self._center, self._agenda
        self._await_next()
        while True:
            quiet = bool(agenda) and agenda[0][0] < center.quiet_until()
            deadline = None if quiet else center.next_deadline()
            if deadline is not None and (not agenda or deadline <= agenda[0][0]):
                at, act = deadline, None
            elif agenda:
                at, act = agenda[0][0], agenda[0][3]
            else:
                return
            if until is not None and at > until:
                return
            self._now = at
            what = Tick() if act is None else act(heapq.heappop(agenda)[4])
            if what is None:
                continue
            decision = center.handle(what, at)
            for event in decision.events:
                reaction = self._reactions.get(type(event))
                if reaction is not None:
                    reaction(event)
            yield from decision.events

    def _at(self, at: Instant, rank: int, act: _Act, about: object) -> None:
        self._entries += 1
        heapq.heappush(self._agenda, (at, rank, self._entries, act, about))

    # --- acts: customers ----------------------------------------------------------------------

    def _await_next(self) -> None:
        """Put the next visit on the agenda: there is never more than one."""
        visit = next(self._coming, None)
        if visit is None:
            return
        if not isinstance(visit, Visit):
            raise IllegalInput(f"simulate.visits: {visit!r} is not a Visit")
        if self._arrivals and visit.at < self._now:
            raise IllegalInput(
                f"Visit.at: {visit.contact.id!r} comes at {clock(visit.at)}, the visit before it "
                f"at {clock(self._now)}; give visits in the order of time"
            )
        self._at(visit.at, _ARRIVE, self._arrive, visit)

    def _arrive(self, visit: Visit) -> AnyInput:
        self._arrivals += 1
        self._await_next()
        contact = visit.contact.id
        self._open[contact] = visit
        if visit.patience is not None:
            self._at(visit.at + int(visit.patience), _GIVE_UP, self._give_up, contact)
        if self._progress is not None:
            self._progress(self._arrivals)
        return Arrive(visit.contact, visit.queue)

    def _give_up(self, contact: str) -> AnyInput | None:
        live = self._center.state.contacts.get(contact)
        return None if live is None or live.interaction else Abandon(contact)

    # --- acts: agents -------------------------------------------------------------------------

    def _come(self, desk: _Desk) -> AnyInput:
        agent = desk.shift.agent
        self._desks[agent.id] = desk
        self._at(self._now, _COME, self._return, desk)
        return PutAgent(agent)

    def _return(self, desk: _Desk) -> AnyInput | None:
        desk.resting = False
        if desk.over:
            return None
        if desk.owed:
            self._rest(desk)
            return None
        return SetPresence(desk.shift.agent.id, "available")

    def _pause(self, due: tuple[_Desk, int]) -> AnyInput | None:
        desk, length = due
        if desk.over:
            return None
        desk.owed += length
        return None if desk.resting else SetPresence(desk.shift.agent.id, "away", "pause")

    def _finish_shift(self, desk: _Desk) -> AnyInput | None:
        desk.over = True
        agent = desk.shift.agent.id
        if self._desks.get(agent) is not desk:  # their next one has begun
            return None
        if self._center.state.router.agents[agent].active:
            return SetPresence(agent, "away", "shift over")
        return SetPresence(agent, "offline")

    def _leave(self, desk: _Desk) -> AnyInput | None:
        agent = desk.shift.agent.id
        return SetPresence(agent, "offline") if self._desks.get(agent) is desk else None

    def _accept(self, offered: events.ContactOffered) -> AnyInput | None:
        out = self._is_out(offered)
        return Accept(offered.offer) if out else self._look_up(offered.agent)

    def _decline(self, offered: events.ContactOffered) -> AnyInput | None:
        out = self._is_out(offered)
        return Decline(offered.offer) if out else self._look_up(offered.agent)

    def _is_out(self, offered: events.ContactOffered) -> bool:
        live = self._center.state.contacts.get(offered.contact)
        return live is not None and offered.offer in live.offers

    def _look_up(self, agent: str) -> AnyInput | None:
        """Be back, after an offer that expired meanwhile."""
        known = self._center.state.router.agents.get(agent)
        away = known is None or known.presence != "not_responding"
        return None if away else SetPresence(agent, "available")

    def _end(self, interaction: str) -> AnyInput:
        return End(interaction)

    def _dispose(self, interaction: str) -> AnyInput | None:
        return Dispose(interaction, "") if interaction in self._center.state.wrap_ups else None

    # --- reactions ----------------------------------------------------------------------------

    def _offered(self, event: events.ContactOffered) -> None:
        if event.automatic:
            return
        desk = self._desks.get(event.agent)
        if desk is None:
            self._at(event.at, _FINISH, self._accept, event)
            return
        shift = desk.shift
        act = self._accept
        if shift.misses or shift.declines:
            chance = uniform(self._seed, "answer", event.agent, event.offer)
            if chance < shift.misses:
                back = event.until + int(shift.back_after)
                self._at(back, _FINISH, self._look_up, event.agent)
                return
            if chance < shift.misses + shift.declines:
                act = self._decline
        self._at(event.at + int(shift.answers_after), _FINISH, act, event)

    def _accepted(self, event: events.OfferAccepted) -> None:
        visit = self._open.get(event.contact)
        if visit is not None:
            self._at(event.at + int(visit.talk), _FINISH, self._end, event.offer)

    def _closed(self, event: events.ContactRefused | events.ContactAbandoned) -> None:
        self._open.pop(event.contact, None)

    def _ended(self, event: events.ContactEnded) -> None:
        if not event.wrap_up:
            self._open.pop(event.contact, None)
        self._maybe_gone(event)

    def _wrapping_up(self, event: events.WrapUpStarted) -> None:
        visit = self._open.pop(contact_of(event.interaction) or "", None)
        if visit is not None and (visit.wrap_up is not None or event.until is None):
            self._at(event.at + int(visit.wrap_up or 0), _FINISH, self._dispose, event.interaction)

    def _maybe_gone(
        self,
        event: events.PresenceChanged
        | events.OfferDeclined
        | events.OfferExpired
        | events.OfferRescinded
        | events.InteractionFailed
        | events.ContactEnded
        | events.WrapUpEnded,
    ) -> None:
        """Let an agent go who wants to and has nothing on the desk any more."""
        desk = self._desks.get(event.agent)
        if desk is None or desk.resting or not (desk.over or desk.owed):
            return
        agent = self._center.state.router.agents.get(event.agent)
        if agent is None or agent.active:
            return
        if not desk.over:
            self._rest(desk)
        elif agent.presence != "offline":
            self._at(self._now, _GO, self._leave, desk)

    def _rest(self, desk: _Desk) -> None:
        """Begin all pauses that are owed, one after the other."""
        desk.resting = True
        self._at(self._now + desk.owed, _COME, self._return, desk)
        desk.owed = 0
