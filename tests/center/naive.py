"""The center once more, as plainly as can be: every question is answered by looking at everybody.

Rule: there is no index, no lane, no bench, no timer and no cache here. Who may have a contact is
asked of each agent; who goes first is the least of all ranks; what falls due next is the least of
all deadlines. Slow, and simple enough to be right by reading. It predicts every event of the real
center; only where several things fall due at the same instant does it take them in the order that
the real one tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, cast

import attrs
import msgspec

from tests.center.naive_flows import NaiveFlows
from tongdai.center import events, inputs
from tongdai.channels import Activity, Message, Receipt, Relinked, Revised, Ringing
from tongdai.ivr.flow import Flow
from tongdai.model.agent import Agent, Presence
from tongdai.model.contact import Address, Contact
from tongdai.model.mode import MODES, Mode, ModeSettings
from tongdai.model.order import Order
from tongdai.model.plan import Plan, Step
from tongdai.model.queue import Closed, Queue
from tongdai.model.requirement import Requirement, Skills
from tongdai.model.time import OPEN_ENDED, Duration, Instant, seconds


@attrs.define
class Hold:
    """What one contact takes of an agent, and their idle clock before."""

    contact: str
    units: int
    mode: Mode
    at: Instant
    since: Instant


@attrs.define
class Person:
    """An agent."""

    agent: Agent
    presence: Presence
    since: Instant
    reason: str = ""
    taken: int = 0
    turn: int = 0
    holds: list[Hold] = attrs.Factory(list[Hold])

    @property
    def id(self) -> str:
        """The agent's id."""
        return self.agent.id

    @property
    def used(self) -> int:
        """Units in use."""
        return sum(hold.units for hold in self.holds)


@attrs.define
class Out:
    """An offer that is out."""

    id: str
    agent: str
    until: Instant
    automatic: bool


@attrs.frozen
class Asked:
    """What a contact needed when it last waited."""

    step: Step
    only: str | None
    away: tuple[str, ...]
    cost: int


@attrs.define
class Case:
    """A contact."""

    contact: Contact
    queue: str
    since: Instant
    entered: Instant
    accepted: Instant = 0
    step: int = 0
    protected: bool = False
    rounds: int = 0
    before: int = 0
    interaction: str = ""
    agent: str = ""
    ended: bool = False
    asked: Asked | None = None
    cooling: dict[str, Instant] = attrs.Factory(dict[str, Instant])
    offers: dict[str, Out] = attrs.Factory(dict[str, Out])

    @property
    def id(self) -> str:
        """The contact's id."""
        return self.contact.id

    @property
    def rounds_here(self) -> int:
        """How many offers there were since a queue has it."""
        return self.rounds - self.before

    @property
    def waiting(self) -> bool:
        """Whether it waits."""
        return not (self.ended or self.offers or self.interaction)


@attrs.define
class Work:
    """A wrap-up."""

    agent: str
    interaction: str
    until: Instant | None


@attrs.frozen
class Deadline:
    """Something that falls due: when, what it is, and what happens then."""

    at: Instant
    what: tuple[str, ...]
    happen: Callable[[], None]


Key = Callable[[Person, Case, "Naive"], Any]


@attrs.frozen
class Way:
    """A strategy: its name in events, its key, what the event shows of it, how many are asked."""

    name: str
    key: Key
    measure: Key
    width: int = 1


def _levels(person: Person, case: Case, naive: Naive) -> int:
    """Add up an agent's levels in what the contact must have."""
    step, _ = naive.wanted(case, case.step, case.cooling)
    parts = (step.requires, case.contact.needs)
    musts = {name for part in parts for name, _ in part.skills}
    groups = {frozenset(group) for part in parts for group in part.any_of}
    get = person.agent.skills.get
    return sum(get(name, 0) for name in musts) + sum(
        max(get(name, 0) for name, level in group if get(name, 0) >= level) for group in groups
    )


WAYS: dict[str, Way] = {
    "longest_idle": Way(
        "longest idle",
        lambda person, _, __: (person.used > 0, person.since),
        lambda person, _, naive: naive.clock - person.since,
    ),
    "best_skill": Way(
        "best skill", lambda person, case, naive: -_levels(person, case, naive), _levels
    ),
    "least_occupied": Way(
        "least occupied", lambda person, _, __: person.used, lambda person, _, __: person.used
    ),
    "fewest_contacts": Way(
        "fewest contacts", lambda person, _, __: person.taken, lambda person, _, __: person.taken
    ),
    "round_robin": Way("round robin", lambda person, _, __: person.turn, lambda _, __, ___: 0),
}
"""What the center has built in."""


class Naive:
    """A center by linear scans."""

    def __init__(  # noqa: PLR0913 - the settings of a center
        self,
        queues: Iterable[Queue],
        *,
        ways: Mapping[str, Way],
        modes: Mapping[Mode, ModeSettings] | None = None,
        cool_off: Duration,
        grace: Duration,
        flows: Iterable[Flow] = (),
    ) -> None:
        """Start with these queues and nobody in them."""
        self.service = NaiveFlows(self, flows)
        self.came: list[str] = []
        self.queues = {queue.id: queue for queue in queues}
        self.ways = {**WAYS, **ways}
        self.modes = {**MODES, **(modes or {})}
        self.cool_off = cool_off
        self.grace = grace
        self.people: list[Person] = []
        self.cases: list[Case] = []
        self.works: list[Work] = []
        self.lost: dict[str, Instant] = {}
        self.used_ids: set[str] = set()
        self.seen: set[str] = set()
        self.arrived = 0
        self.turns = 0
        self.clock: Instant = 0
        self.cause = ""
        self.out: list[events.AnyEvent] = []
        self.told: Sequence[events.AnyEvent] = ()

    def handle(
        self, asked: inputs.Input, now: Instant, told: Sequence[events.AnyEvent]
    ) -> list[events.AnyEvent]:
        """Return what must happen. `told` settles ties of equal deadlines, and nothing else."""
        self.out = []
        self.told = told
        if asked.id and asked.id in self.seen:
            return []
        now = max(now, self.clock)
        if isinstance(asked, inputs.Resume):
            self.clock = now
        self.live_through(now)
        self.clock = now
        self.cause = asked.id
        before = len(self.out)
        self.act(cast("inputs.AnyInput", asked))
        if self.cause:
            self.seen.add(asked.id)
            if len(self.out) == before:
                self.ignore(asked, asked.id)
        self.cause = ""
        self.assign()
        self.live_through(now)
        return self.out

    # --- who may have what --------------------------------------------------------------------

    def person(self, agent: str) -> Person | None:
        """Return an agent."""
        return next((person for person in self.people if person.id == agent), None)

    def case(self, contact: str) -> Case | None:
        """Return an open contact."""
        return next((case for case in self.cases if case.id == contact and not case.ended), None)

    def plan(self, case: Case) -> Plan:
        """Return the plan of the queue where a contact is."""
        return self.queues[case.queue].plan

    def index(self, case: Case) -> int:
        """Return the step that counts at a contact's age."""
        age = self.clock - case.since
        return max(at for at, step in enumerate(self.plan(case).steps) if step.after <= age)

    def wanted(self, case: Case, index: int, away: Iterable[str]) -> tuple[Step, str | None]:
        """Return the step whose requirement counts, and the agent for whom it is held."""
        own = case.contact.needs.first
        for step in self.plan(case).steps[index:]:
            first = step.requires.first or own
            if first is None or self.can_come(case, step, first, away):
                return step, first
            if step.requires.first is None:  # the contact's own wish: no step could lift it
                return step, None
        return self.plan(case).steps[-1], None

    def can_come(self, case: Case, step: Step, agent: str, away: Iterable[str]) -> bool:
        """Return whether a preferred agent could take a contact sooner or later."""
        person = self.person(agent)
        return (
            person is not None
            and person.presence == "available"
            and agent not in away
            and qualified(person.agent, step, case.contact)
        )

    def fits(self, case: Case, person: Person) -> bool:
        """Return whether an agent may have a waiting contact, load and presence apart."""
        step, only = self.wanted(case, case.step, case.cooling)
        return (
            qualified(person.agent, step, case.contact)
            and (only is None or only == person.id)
            and person.id not in case.cooling
        )

    def cost(self, case: Case, agent: Agent) -> int:
        """Return what a contact takes of an agent."""
        queue, mode = self.queues[case.queue], case.contact.mode
        usual = self.modes[mode].cost if queue.cost is None else queue.cost
        return agent.costs.get(mode, usual)

    def most(self, mode: Mode, agent: Agent) -> int | None:
        """Return how many contacts of a mode an agent may have."""
        return agent.limits.get(mode, self.modes[mode].limit)

    def room(self, case: Case, person: Person) -> bool:
        """Return whether an agent has room for a contact."""
        mode = case.contact.mode
        most = self.most(mode, person.agent)
        return self.cost(case, person.agent) <= person.agent.capacity - person.used and (
            most is None or sum(hold.mode == mode for hold in person.holds) < most
        )

    def held(self, person: Person) -> bool:
        """Return whether a protected contact needs an agent like this one, once they are free.

        While it is on offer, what it needed when it last waited counts.
        """
        return any(
            case.protected
            and not (case.ended or case.interaction)
            and self.suits(case, person, self.asks(case) if case.waiting else case.asked)
            for case in self.cases
        )

    def asks(self, case: Case) -> Asked:
        """Return what a waiting contact needs of agents, and what it costs one."""
        queue = self.queues[case.queue]
        usual = self.modes[case.contact.mode].cost if queue.cost is None else queue.cost
        return Asked(*self.wanted(case, case.step, case.cooling), tuple(case.cooling), usual)

    def suits(self, case: Case, person: Person, asked: Asked | None) -> bool:
        """Return whether an agent could serve a contact if they had nothing else to do."""
        mode, agent = case.contact.mode, person.agent
        return (
            asked is not None
            and qualified(agent, asked.step, case.contact)
            and asked.only in (None, person.id)
            and person.id not in asked.away
            and agent.costs.get(mode, asked.cost) <= agent.capacity
            and self.most(mode, agent) != 0
        )

    def eligible(self, case: Case, person: Person) -> bool:
        """Return whether an agent can be offered a waiting contact now."""
        return (
            person.presence == "available"
            and self.fits(case, person)
            and self.room(case, person)
            and (self.modes[case.contact.mode].exclusive or not self.held(person))
        )

    def rank(self, case: Case) -> tuple[int, int, int, str]:
        """Return where a contact stands: least goes first."""
        contact = case.contact
        order: Order = self.queues[case.queue].order or self.modes[contact.mode].order
        points = contact.priority + self.plan(case).steps[case.step].priority
        if order.by == "strict":
            return -points, case.since, case.since, case.id
        if order.by == "ageing":
            return 0, case.since - points * int(order.worth), case.since, case.id
        due = case.since + int(order.worth) if contact.due is None else contact.due
        return 0, due, case.since, case.id

    def line(self, queue: str) -> list[str]:
        """Return who waits in a queue, first to last."""
        waiting = [case for case in self.cases if case.waiting and case.queue == queue]
        return [case.id for case in sorted(waiting, key=self.rank)]

    # --- matching -----------------------------------------------------------------------------

    def assign(self) -> None:
        """Offer contacts until none waits beside an agent who can have it."""
        while True:
            waiting = sorted((case for case in self.cases if case.waiting), key=self.rank)
            found = (
                (case, ready)
                for case in waiting
                if (ready := [person for person in self.people if self.eligible(case, person)])
            )
            first = next(found, None)
            if first is None:
                return
            self.offer(*first)

    def offer(self, case: Case, ready: list[Person]) -> None:
        """Offer a contact to whom its strategy picks."""
        queue, mode = self.queues[case.queue], self.modes[case.contact.mode]
        way = self.ways[queue.strategy or "longest_idle"]
        step, _ = self.wanted(case, case.step, case.cooling)
        wishes = higher(step.requires.prefers, case.contact.needs.prefers)
        ready.sort(
            key=lambda one: (way.key(one, case, self), -liked(one.agent, wishes), one.id),
        )
        until = self.clock + int(mode.offer if queue.offer is None else queue.offer)
        measure = way.measure(ready[0], case, self)
        case.asked = self.asks(case)
        for person in ready[: way.width]:
            case.rounds += 1
            rules = (person.agent.auto_accept, queue.auto_accept, mode.auto_accept)
            automatic = next(rule for rule in rules if rule is not None)
            out = Out(f"{case.id}/{case.rounds}", person.id, until, automatic)
            self.emit(
                events.ContactOffered(
                    case.id,
                    person.id,
                    out.id,
                    until=until,
                    strategy=way.name,
                    measure=measure,
                    automatic=automatic,
                    context=self.context(case.contact),
                )
            )
            case.offers[out.id] = out
            units = self.cost(case, person.agent)
            person.holds.append(Hold(case.id, units, case.contact.mode, self.clock, person.since))
            person.since = self.clock
            person.taken += 1
            self.turns += 1
            person.turn = self.turns
            if automatic:
                self.accept(case, out)
                return

    def context(self, contact: Contact) -> dict[str, Any]:
        """Return what goes with an offer."""
        own = {"attributes": contact.attributes} if contact.attributes else {}
        return {**self.service.context(contact.id), **own}

    def accept(self, case: Case, out: Out) -> None:
        """Let an offer win."""
        self.emit(events.OfferAccepted(case.id, out.agent, out.id))
        del case.offers[out.id]
        case.interaction = out.id
        case.agent = out.agent
        case.accepted = self.clock
        for other in list(case.offers.values()):
            self.rescind(case, other, f"accepted by {out.agent}")

    def rescind(self, case: Case, out: Out, reason: str) -> None:
        """Take an offer back through no act of its agent."""
        self.emit(events.OfferRescinded(case.id, out.agent, out.id, reason))
        self.over(case, out, innocent=True)

    def over(self, case: Case, out: Out, *, innocent: bool = False) -> None:
        """Close an offer; with the last one, the contact waits in its old place."""
        del case.offers[out.id]
        self.free(case.id, out.agent, innocent=innocent)
        if case.waiting:
            case.step = self.index(case)

    def free(self, contact: str, agent: str, *, innocent: bool = False) -> None:
        """Give an agent back what a contact took."""
        person = self.person(agent)
        assert person is not None
        [hold] = [hold for hold in person.holds if hold.contact == contact]
        person.holds.remove(hold)
        if not innocent:
            person.since = self.clock
        elif person.since == hold.at:
            person.since = hold.since

    def offers_to(self, agent: str) -> Iterator[tuple[Case, Out]]:
        """Give the offers that an agent has, in the order in which they came."""
        person = self.person(agent)
        for hold in list(person.holds) if person else ():
            case = self.case(hold.contact)
            for out in list(case.offers.values()) if case else ():
                if case is not None and out.agent == agent:
                    yield case, out

    def withdraw(self, agent: str, reason: str) -> None:
        """Take back every offer that an agent has."""
        for case, out in self.offers_to(agent):
            self.rescind(case, out, reason)

    def fail(self, case: Case, reason: str, until: Instant | None = None) -> None:
        """Let a contact wait again that was with an agent."""
        agent = case.agent
        self.emit(events.InteractionFailed(case.id, agent, case.interaction, reason, until=until))
        case.interaction = case.agent = ""
        case.entered += self.clock - case.accepted
        if until is not None:
            case.cooling[agent] = until
        self.free(case.id, agent)
        case.step = self.index(case)

    def take_away(self, agent: str, reason: str) -> None:
        """Take contacts and wrap-ups from an agent."""
        person = self.person(agent)
        for hold in list(person.holds) if person else ():
            case = self.case(hold.contact)
            if case is not None and case.agent == agent:
                self.fail(case, reason)
        for work in [work for work in self.works if work.agent == agent]:
            self.end_work(work)

    def end_work(self, work: Work, disposition: str = "") -> None:
        """End a wrap-up."""
        self.emit(events.WrapUpEnded(work.agent, work.interaction, disposition=disposition))
        self.works.remove(work)
        contact = work.interaction.rpartition("/")[0]
        self.free(contact, work.agent)
        self.cases = [case for case in self.cases if case.id != contact]

    def cooled_until(self, case: Case, agent: str) -> Instant:
        """Return until when a contact is kept from an agent who did not take it."""
        away = {agent, *case.cooling}
        step, _ = self.wanted(case, self.index(case), away)
        others = any(
            person.presence == "available"
            and person.id not in away
            and qualified(person.agent, step, case.contact)
            for person in self.people
        )
        return self.clock + int(self.cool_off if others else min(self.cool_off, seconds(5)))

    def end(
        self, case: Case, reason: events.EndReason, disposition: str = "", message: str = ""
    ) -> None:
        """End a contact."""
        flow = self.service.closing(case.id, reason)
        length = Duration(0)
        if case.interaction and not disposition:
            own = self.queues[case.queue].wrap_up
            length = self.modes[case.contact.mode].wrap_up if own is None else own
        self.emit(
            events.ContactEnded(
                case.id,
                reason,
                queue=case.queue,
                agent=case.agent,
                interaction=case.interaction,
                disposition=disposition,
                wrap_up=bool(length),
                message=message,
                address=case.contact.address,
                flow=flow,
            )
        )
        case.ended = True
        talk = self.service.talk(case.id)
        if talk is not None:
            talk.rounds = case.rounds
        if not flow:
            self.service.forget(case.id)
        if length:
            until = None if length == OPEN_ENDED else self.clock + int(length)
            self.emit(events.WrapUpStarted(case.agent, case.interaction, until))
            self.works.append(Work(case.agent, case.interaction, until))
        else:
            if case.interaction:
                self.free(case.id, case.agent)
            self.cases.remove(case)
        if flow:
            self.service.resume(case, reason)

    def leave(self, case: Case) -> None:
        """Let the customer go."""
        if case.interaction:
            self.end(case, "customer")
            return
        for out in list(case.offers.values()):
            self.rescind(case, out, "abandoned")
        self.service.closing(case.id, "customer")
        waited = self.clock - case.since
        short = waited < self.queues[case.queue].short_abandon
        self.emit(events.ContactAbandoned(case.id, case.queue, waited=waited, short=short))
        self.cases.remove(case)
        self.service.forget(case.id)

    # --- admission ----------------------------------------------------------------------------

    def refusal(self, contact: Contact, queue: Queue) -> str:
        """Return why a queue does not take a contact; empty if it does."""
        inside = sum(
            case.queue == queue.id and not case.ended and not case.interaction
            for case in self.cases
        )
        if queue.limit is not None and inside >= queue.limit:
            return "full"
        could = {
            person.presence
            for person in self.people
            if any(qualified(person.agent, step, contact) for step in queue.plan.steps)
        }
        if queue.join != "always" and not could - {"offline"}:
            return "nobody signed in"
        if queue.join == "staffed" and "available" not in could:
            return "nobody available"
        return ""

    def admit(self, contact: Contact, id: str) -> tuple[str, str, str, tuple[str, ...]]:
        """Return the queue, why it refuses (empty if not), what to say, and the queues before."""
        passed: tuple[str, ...] = ()
        while reason := self.refusal(contact, self.queues[id]):
            to = self.queues[id].overflow
            if isinstance(to, Closed):
                return id, reason, to.text, passed
            passed = (*passed, id)
            id = to
        return id, "", "", passed

    def enter(self, contact: Contact, asked: str) -> Case | None:
        """Let a contact in, or refuse it."""
        queue, reason, text, passed = self.admit(contact, asked)
        if reason:
            self.arrived += 1
            self.used_ids.add(contact.id)
            self.emit(
                events.ContactRefused(
                    contact.id, queue, reason, contact, message=text, overflowed=passed
                )
            )
            return None
        return self.join(contact, queue, passed)

    def join(
        self, contact: Contact, queue: str, passed: tuple[str, ...], *, rounds: int = 0
    ) -> Case:
        """Let a contact wait in a queue."""
        self.arrived += 1
        self.used_ids.add(contact.id)
        if contact.id not in self.came:
            self.came.append(contact.id)
        self.emit(events.ContactQueued(contact.id, queue, contact, overflowed=passed))
        case = Case(contact, queue, self.clock, self.clock, rounds=rounds, before=rounds)
        self.cases.append(case)
        return case

    # --- time ---------------------------------------------------------------------------------

    def deadlines(self) -> Iterator[Deadline]:
        """Give everything that falls due some time."""
        for case in self.cases:
            for out in case.offers.values():
                if not out.automatic:
                    yield Deadline(out.until, ("offer", out.id), partial(self.expire, case, out))
            for agent, until in case.cooling.items():
                what = ("cool", case.id, agent)
                yield Deadline(until, what, partial(self.warm, case, agent))
            if case.waiting:
                yield from self.deadlines_of_waiting(case)
        for work in self.works:
            if work.until is not None:
                happen = partial(self.end_work, work)
                yield Deadline(work.until, ("wrap-up", work.interaction), happen)
        for agent, until in self.lost.items():
            yield Deadline(until, ("lost", agent), partial(self.give_up, agent))
        yield from self.service.deadlines()

    def deadlines_of_waiting(self, case: Case) -> Iterator[Deadline]:
        """Give what falls due for a contact only while it waits."""
        patience = self.queues[case.queue].patience
        if patience is not None:
            at = case.entered + int(patience)
            yield Deadline(at, ("patience", case.id), partial(self.impatient, case))
        for step in self.plan(case).steps[case.step + 1 : case.step + 2]:
            at = case.since + int(step.after)
            yield Deadline(at, ("step", case.id), partial(self.step, case))
        mode = self.modes[case.contact.mode]
        if mode.exclusive and mode.protect is not None and not case.protected:
            at = case.since + int(mode.protect)
            yield Deadline(at, ("protect", case.id), partial(self.protect, case))

    def live_through(self, now: Instant) -> None:
        """Let everything that falls due by an instant happen, earliest first."""
        while due := [deadline for deadline in self.deadlines() if deadline.at <= now]:
            first = max(self.clock, min(deadline.at for deadline in due))
            chosen = self.tied([deadline for deadline in due if deadline.at <= first])
            self.clock = first
            chosen.happen()
            self.assign()

    def tied(self, options: list[Deadline]) -> Deadline:
        """Return which of several equal deadlines comes first: the one that is told next."""
        if len(self.out) < len(self.told):
            for what in told_by(self.told[len(self.out)]):
                for option in options:
                    if option.what == what:
                        return option
        return options[0]

    def expire(self, case: Case, out: Out) -> None:
        """An agent has not answered."""
        self.emit(events.OfferExpired(case.id, out.agent, out.id))
        self.be(out.agent, "not_responding")
        self.over(case, out)
        self.withdraw(out.agent, "agent not_responding")

    def warm(self, case: Case, agent: str) -> None:
        """A contact may be offered to an agent again."""
        self.emit(events.CoolOffEnded(case.id, agent))
        del case.cooling[agent]

    def impatient(self, case: Case) -> None:
        """A contact has waited long enough in a queue."""
        to = self.queues[case.queue].after_patience
        text = ""
        if isinstance(to, str):
            queue, reason, text, _ = self.admit(case.contact, to)
            if not reason:
                self.emit(events.ContactOverflowed(case.id, case.queue, queue))
                case.queue = queue
                case.entered = self.clock
                case.step = self.index(case)
                return
        else:
            text = to.text
        self.end(case, "patience", message=text)

    def step(self, case: Case) -> None:
        """A plan comes to its next step."""
        case.step += 1
        self.emit(events.PlanStepped(case.id, case.step + 1))

    def protect(self, case: Case) -> None:
        """An exclusive contact has waited long."""
        case.protected = True
        self.emit(events.ContactProtected(case.id))

    def give_up(self, agent: str) -> None:
        """A lost agent did not come back."""
        self.take_away(agent, "agent lost")
        self.emit(events.PresenceChanged(agent, "offline", "lost"))
        self.be(agent, "offline", "lost")
        del self.lost[agent]

    def be(self, agent: str, presence: Presence, reason: str = "") -> None:
        """Change a presence; who becomes available starts to be idle."""
        person = self.person(agent)
        assert person is not None
        if presence == "available" != person.presence:
            person.since = self.clock
        person.presence = presence
        person.reason = reason

    # --- inputs -------------------------------------------------------------------------------

    def act(self, asked: inputs.AnyInput) -> None:  # noqa: C901, PLR0912 - one case an input
        """Do what is asked."""
        match asked:
            case inputs.PutQueue(queue):
                self.put_queue(queue)
            case inputs.RemoveQueue(queue, to):
                self.remove_queue(queue, to)
            case inputs.PutAgent(agent, available):
                self.put_agent(agent, available=available)
            case inputs.RemoveAgent(agent):
                self.withdraw(agent, "agent removed")
                self.take_away(agent, "agent removed")
                self.emit(events.AgentRemoved(agent))
                self.people = [person for person in self.people if person.id != agent]
                self.lost.pop(agent, None)
            case inputs.SetPresence(agent, presence, reason):
                self.set_presence(agent, presence, reason)
            case inputs.LoseAgent(agent):
                self.lose(asked, agent)
            case inputs.Arrive(contact, queue) if queue in self.service.flows:
                self.service.begin(contact, queue)
            case inputs.Arrive(contact, queue):
                self.enter(contact, queue)
            case inputs.Tell(contact):
                if not self.service.tell(asked):
                    self.ignore(asked, contact)
            case inputs.Receive():
                self.receive(asked)
            case inputs.Accept(offer) | inputs.Decline(offer):
                self.answer(asked, offer)
            case inputs.Abandon(contact):
                found, talk = self.case(contact), self.service.talk(contact)
                if found is not None:
                    self.leave(found)
                elif talk is not None and not talk.gone:
                    self.service.leave(talk)
                else:
                    self.ignore(asked, contact)
            case (
                inputs.FailConnect(interaction) | inputs.Say(interaction) | inputs.End(interaction)
            ):
                self.during(asked, interaction)
            case inputs.ExtendWrapUp(interaction) | inputs.Dispose(interaction):
                self.after(asked, interaction)
            case inputs.Relink() | inputs.Tick() | inputs.Resume():
                pass

    def put_queue(self, queue: Queue) -> None:
        """Add or change a queue."""
        if self.queues.get(queue.id) == queue:
            return
        self.emit(events.QueuePut(queue.id, queue))
        self.queues[queue.id] = queue
        for case in self.cases:
            if case.queue == queue.id and case.waiting:
                case.step = self.index(case)

    def remove_queue(self, queue: str, to: str) -> None:
        """Remove a queue; its contacts move."""
        self.emit(events.QueueRemoved(queue, to))
        for case in self.cases:
            if case.queue == queue and not case.ended:
                case.queue = to
                case.entered = case.accepted = self.clock
                if case.waiting:
                    case.step = self.index(case)
        del self.queues[queue]

    def put_agent(self, agent: Agent, *, available: bool) -> None:
        """Add or change an agent."""
        person = self.person(agent.id)
        if person is None:
            self.emit(events.AgentPut(agent.id, agent, available=available))
            presence: Presence = "available" if available else "offline"
            self.people.append(Person(agent, presence, self.clock))
        elif person.agent != agent:
            self.emit(events.AgentPut(agent.id, agent))
            person.agent = agent
            for case, out in self.offers_to(agent.id):
                step, _ = self.wanted(case, self.index(case), case.cooling)
                if not qualified(agent, step, case.contact):
                    self.rescind(case, out, "agent changed")

    def set_presence(self, agent: str, presence: Presence, reason: str) -> None:
        """Change an agent's presence."""
        person = self.person(agent)
        assert person is not None
        if (person.presence, person.reason) == (presence, reason):
            return
        self.emit(events.PresenceChanged(agent, presence, reason))
        self.be(agent, presence, reason)
        self.lost.pop(agent, None)
        if presence != "available":
            self.withdraw(agent, f"agent {presence}")

    def lose(self, asked: inputs.Input, agent: str) -> None:
        """An agent's connection broke."""
        person = self.person(agent)
        assert person is not None
        if person.presence == "offline" or agent in self.lost:
            self.ignore(asked, agent)
            return
        until = self.clock + int(self.grace)
        self.emit(events.AgentLost(agent, until))
        self.be(agent, "away", "lost")
        self.lost[agent] = until
        self.withdraw(agent, "agent lost")

    def receive(self, asked: inputs.Receive) -> None:  # noqa: C901 - one case a kind
        """Something came in over a channel."""
        inbound = asked.inbound
        newest = self.newest(inbound.address)
        match inbound:
            case Message(automatic=why) if why == "echo" or (why and newest is None):
                self.ignore(asked, inbound.key)
            case Ringing() if newest is not None:
                self.ignore(asked, inbound.key)
            case Message() | Ringing() if newest is None:
                self.open(asked, inbound)
            case Message():
                self.hear(newest or "", inbound)
            case Relinked():
                self.relink(asked, inbound)
            case _ if newest is None:
                self.ignore(asked, inbound.key)
            case Receipt():
                self.emit(
                    events.ReceiptReceived(
                        newest,
                        inbound.key,
                        inbound.status,
                        ids=inbound.ids,
                        upto=inbound.upto,
                        error=inbound.error,
                    )
                )
            case Revised():
                found = self.case(newest)
                self.emit(
                    events.MessageRevised(
                        newest,
                        inbound.message,
                        inbound.content,
                        agent=found.agent if found else "",
                        interaction=found.interaction if found else "",
                    )
                )
            case Activity(what="left") if self.modes[self.contact(newest).mode].abandons:
                found, talk = self.case(newest), self.service.talk(newest)
                if found is not None:
                    self.leave(found)
                elif talk is not None:
                    self.service.leave(talk)
            case _:
                self.ignore(asked, inbound.key)

    def open(self, asked: inputs.Receive, inbound: Message | Ringing) -> None:
        """Let a new contact in, if it is told where; else the input's id stays free."""
        if not asked.entry:
            self.cause = ""
            self.ignore(asked, inbound.key)
            return
        call = isinstance(inbound, Ringing)
        dialled = inbound.called if isinstance(inbound, Ringing) else ""
        called = {"called": dialled} if dialled else {}
        contact = Contact(
            self.new_id(inbound.address.channel),
            asked.requires,
            Mode.LIVE if call else asked.mode,
            asked.language,
            asked.priority,
            asked.due,
            inbound.address,
            inbound.claims,
            {**called, **asked.attributes},
        )
        message = inbound if isinstance(inbound, Message) else None
        if asked.entry in self.service.flows:
            self.service.begin(contact, asked.entry, message, call=call)
        elif self.enter(contact, asked.entry) is not None and message is not None:
            self.hear(contact.id, message)

    def hear(self, contact: str, message: Message) -> None:
        """The customer of an open contact wrote."""
        case = self.case(contact)
        self.emit(
            events.MessageReceived(
                contact,
                message.key,
                message.content,
                agent=case.agent if case else "",
                interaction=case.interaction if case else "",
                choice=message.choice,
                automatic=message.automatic,
            )
        )
        if case is None and not message.automatic:
            self.service.hear(contact, message)

    def relink(self, asked: inputs.Receive, relinked: Relinked) -> None:
        """A customer has another identity: the newest of their contacts follows first."""
        was, to = relinked.address, relinked.to or relinked.address
        told = {(claim.scheme, claim.scope) for claim in relinked.claims}
        before = len(self.out)
        for id in [id for id in reversed(self.came) if self.is_at(id, was)]:
            old = self.contact(id).claims
            kept = [claim for claim in old if (claim.scheme, claim.scope) not in told]
            claims = (*kept, *relinked.claims)
            if (to, claims) == (was, old):
                continue
            self.emit(events.ContactRelinked(id, to, claims, was))
            for one in (self.case(id), self.service.talk(id)):
                if one is not None:
                    one.contact = msgspec.structs.replace(one.contact, address=to, claims=claims)
            if to != was:
                self.came.remove(id)
                self.came.insert(0, id)
        if len(self.out) == before:
            self.ignore(asked, relinked.key)

    def contact(self, id: str) -> Contact:
        """Return an open contact as it is now."""
        case, talk = self.case(id), self.service.talk(id)
        found = case or talk
        assert found is not None
        return found.contact

    def is_at(self, id: str, address: Address) -> bool:
        """Return whether a contact is open, and is at an address."""
        case, talk = self.case(id), self.service.talk(id)
        open_ = case is not None or (talk is not None and not talk.gone)
        return open_ and self.contact(id).address == address

    def newest(self, address: Address) -> str | None:
        """Return the contact at an address that came last."""
        return next((id for id in reversed(self.came) if self.is_at(id, address)), None)

    def new_id(self, channel: str) -> str:
        """Return the id of a contact that comes over a channel."""
        number = self.arrived + 1
        while f"{channel}-{number}" in self.used_ids:
            number += 1
        return f"{channel}-{number}"

    def answer(self, asked: inputs.Accept | inputs.Decline, offer: str) -> None:
        """An agent answers an offer."""
        case = self.case(offer.rpartition("/")[0])
        out = case.offers.get(offer) if case else None
        if case is None or out is None:
            self.ignore(asked, offer)
        elif isinstance(asked, inputs.Accept):
            self.accept(case, out)
        else:
            until = self.cooled_until(case, out.agent)
            self.emit(
                events.OfferDeclined(case.id, out.agent, offer, until=until, reason=asked.reason)
            )
            case.cooling[out.agent] = until
            self.over(case, out)

    def during(self, asked: inputs.FailConnect | inputs.Say | inputs.End, interaction: str) -> None:
        """Something happens while an agent has a contact."""
        case = self.case(interaction.rpartition("/")[0])
        if case is None or case.interaction != interaction:
            self.ignore(asked, interaction)
        elif isinstance(asked, inputs.FailConnect):
            reason = asked.reason or "could not connect"
            self.fail(case, reason, self.cooled_until(case, case.agent))
        elif isinstance(asked, inputs.Say):
            self.emit(
                events.MessageSaid(
                    case.id, case.agent, interaction, asked.content, address=case.contact.address
                )
            )
        else:
            self.end(case, "agent", asked.disposition)

    def after(self, asked: inputs.ExtendWrapUp | inputs.Dispose, interaction: str) -> None:
        """Something happens in a wrap-up."""
        found = [work for work in self.works if work.interaction == interaction]
        if not found:
            self.ignore(asked, interaction)
            return
        [work] = found
        if isinstance(asked, inputs.Dispose):
            self.end_work(work, asked.disposition)
        elif work.until is None or asked.until <= work.until:
            self.ignore(asked, interaction)
        else:
            work.until = int(asked.until)
            self.emit(events.WrapUpExtended(work.agent, interaction, work.until))

    # --- telling ------------------------------------------------------------------------------

    def emit(self, event: events.AnyEvent) -> None:
        """Predict an event, here and now."""
        self.out.append(msgspec.structs.replace(event, at=self.clock, cause=self.cause))

    def ignore(self, asked: inputs.Input, reference: str) -> None:
        """Predict that an input comes too late; why is left to the real one."""
        self.emit(events.InputIgnored(type(asked).__name__, reference, ""))


def told_by(  # noqa: PLR0911 - one case a kind
    event: events.AnyEvent,
) -> list[tuple[str, ...]]:
    """Return which deadlines an event may be the first consequence of."""
    match event:
        case events.OfferExpired():
            return [("offer", event.offer)]
        case events.CoolOffEnded():
            return [("cool", event.contact, event.agent)]
        case events.ContactOverflowed() | events.ContactEnded():
            return [("patience", event.contact)]
        case events.PlanStepped():
            return [("step", event.contact)]
        case events.ContactProtected():
            return [("protect", event.contact)]
        case events.FlowAdvanced():
            return [("flow", event.contact), ("patience", event.contact)]
        case events.WrapUpEnded():
            return [("wrap-up", event.interaction), ("lost", event.agent)]
        case events.PresenceChanged() | events.InteractionFailed():
            return [("lost", event.agent)]
        case _:
            return []


def enough(requirement: Requirement, agent: Agent) -> bool:
    """Return whether an agent has the skills, and is not excluded."""
    level = agent.skills.get
    return (
        all(level(name, 0) >= least for name, least in requirement.skills)
        and all(
            any(level(name, 0) >= least for name, least in group) for group in requirement.any_of
        )
        and agent.id not in requirement.without
    )


def qualified(agent: Agent, step: Step, contact: Contact) -> bool:
    """Return whether an agent meets both a plan's step and the contact itself."""
    return enough(step.requires, agent) and enough(contact.needs, agent)


def higher(one: Skills, other: Skills) -> dict[str, int]:
    """Return the higher level of each skill."""
    return {
        name: max(dict(one).get(name, 1), dict(other).get(name, 1)) for name, _ in (*one, *other)
    }


def liked(agent: Agent, wishes: Mapping[str, int]) -> int:
    """Return how much of what is preferred an agent offers."""
    levels = {name: agent.skills.get(name, 0) for name in wishes}
    return sum(level for name, level in levels.items() if level >= wishes[name])
