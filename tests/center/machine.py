"""A Hypothesis machine that lives the life of a center, with everything that goes wrong in one.

Rule: every rule asks one input, and `ask` gives it to three centers at once: the center itself,
which now and then is thrown away and rebuilt from its journal; its *twin*, which is ticked at every
deadline and in between; and the *naive* model, which looks at everybody each time. All three must
tell the same events. What must hold besides is told by the invariants, one by one; they look at
public state and at the journal only.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from itertools import zip_longest
from typing import Any
from unittest.mock import patch

import attrs
import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.center.naive import Naive, Person, Way, enough
from tongdai.center import Center, Decision, effects, events, inputs
from tongdai.center import state as state_
from tongdai.channels import Left, Message, Receipt
from tongdai.errors import IllegalInput
from tongdai.model import codec, timers
from tongdai.model.agent import Agent, Presence
from tongdai.model.contact import Address, Contact, Content
from tongdai.model.mode import MODES, Mode, ModeSettings
from tongdai.model.order import Order
from tongdai.model.plan import Plan, Step
from tongdai.model.queue import Closed, Elsewhere, Queue
from tongdai.model.time import OPEN_ENDED, Instant, seconds
from tongdai.queues import estimate, ranking
from tongdai.routing import Strategy, broadcast, lanes, least_occupied, ordered, router
from tongdai.routing.strategies import AgentView, ContactView, StrategyFunction

COOL_OFF = seconds(15)
GRACE = seconds(10)
AGENTS = ("an", "binh", "chi", "dung")
WAYS_BUILT_IN = ("best_skill", "least_occupied", "fewest_contacts", "round_robin")
QUEUES = ("cards", "loans", "rest")
MOST_CONTACTS = 30

MODE_SETTINGS: Mapping[Mode, ModeSettings] = {
    Mode.LIVE: ModeSettings(
        cost=100, limit=1, exclusive=True, protect=seconds(10), wrap_up=seconds(5)
    ),
    Mode.INTERACTIVE: ModeSettings(cost=25, offer=seconds(10), limit=2),
    Mode.MESSAGING: ModeSettings(cost=50, abandons=False, auto_accept=True, wrap_up=seconds(10)),
    Mode.DEFERRED: MODES[Mode.DEFERRED],
}


def whimsical(agent: AgentView, contact: ContactView) -> int:
    """Pick by something that changes with agent, contact and offer: a strategy of one's own."""
    return (len(agent.agent.id) * 5 + contact.offers * 3 + len(contact.contact.id)) % 4


STRATEGIES: Mapping[str, Strategy | StrategyFunction] = {
    "all": broadcast(3),
    "two": broadcast(2, least_occupied),
    "listed": ordered(["dung", "an"]),
    "whimsical": whimsical,
}
WAYS: Mapping[str, Way] = {
    "all": Way(
        "broadcast to 3 by longest idle",
        lambda person, _, __: (person.used > 0, person.since),
        lambda person, _, naive: naive.clock - person.since,
        width=3,
    ),
    "two": Way(
        "broadcast to 2 by least occupied",
        lambda person, _, __: person.used,
        lambda person, _, __: person.used,
        width=2,
    ),
    "listed": Way(
        "ordered list",
        lambda person, _, __: {"dung": 1, "an": 2}.get(person.id, 3),
        lambda person, _, __: {"dung": 1, "an": 2}.get(person.id, 3),
    ),
    "whimsical": Way(
        "whimsical",
        lambda person, case, _: (len(person.id) * 5 + case.rounds * 3 + len(case.id)) % 4,
        lambda person, case, _: (len(person.id) * 5 + case.rounds * 3 + len(case.id)) % 4,
    ),
}

# --- what the world is made of: few values, so that they meet -------------------------------------

skills = st.dictionaries(st.sampled_from(["a", "b", "vi"]), st.sampled_from([1, 3, 5]), max_size=3)
agents = st.builds(
    Agent, st.sampled_from(AGENTS), st.just({"a": 5, "b": 5, "vi": 1}), capacity=st.just(100)
) | st.builds(
    Agent,
    st.sampled_from(AGENTS),
    skills,
    capacity=st.sampled_from([100, 100, 100, 50, 200, 0]),
    costs=st.sampled_from([{}, {}, {Mode.INTERACTIVE: 0}, {Mode.DEFERRED: 60}]),
    limits=st.sampled_from([{}, {}, {Mode.INTERACTIVE: 1}, {Mode.LIVE: 0}]),
    auto_accept=st.sampled_from([None, None, None, True, False]),
)
"""Half of them can do anything; the others are as odd as can be."""
wants = st.sampled_from(
    [
        "",
        "",
        "",
        "",
        "a",
        "a>=3",
        "b",
        "a and b",
        "(a or b>=3)",
        "a, prefers vi",
        "without an and chi",
    ]
)
holds = st.sampled_from(
    ["first an", "a, first binh", "a>=3, first chi", "first dung, without binh"]
)
steps = st.lists(
    st.tuples(st.sampled_from([5, 10, 20, 60]), wants | holds, st.sampled_from([0, 0, 1, -2])),
    max_size=3,
    unique_by=lambda step: step[0],
).map(lambda found: [Step(seconds(at), text, priority=more) for at, text, more in sorted(found)])
plans = st.tuples(wants | holds, steps).map(lambda found: Plan(found[0], *found[1]))
lengths = st.sampled_from([None, None, None, seconds(0), seconds(5), seconds(10), seconds(30)])


def _elsewhere(queue: str) -> st.SearchStrategy[Elsewhere]:
    """Return where a queue may lead: to one that stands after it, so that nothing goes round."""
    later = QUEUES[QUEUES.index(queue) + 1 :]
    ends: list[Elsewhere] = [Closed(), Closed("bye")]
    return st.sampled_from([*later, *later, *ends])


@st.composite
def queues(draw: st.DrawFn, id: str | None = None) -> Queue:
    """Draw a queue: half of them have nothing special but who is picked, and a wrap-up."""
    id = id or draw(st.sampled_from(QUEUES))
    strategy = draw(
        st.sampled_from([None, None, "all", "all", "two", "listed", "whimsical", *WAYS_BUILT_IN])
    )
    wrap_up = draw(st.sampled_from([None, None, seconds(0), seconds(5), seconds(20), OPEN_ENDED]))
    if draw(st.booleans()):
        patience = draw(st.sampled_from([None, seconds(30)]))
        return Queue(id, patience=patience, auto_accept=False, wrap_up=wrap_up, strategy=strategy)
    return Queue(
        id,
        draw(plans),
        order=draw(
            st.sampled_from(
                [
                    None,
                    None,
                    Order.ageing(point=seconds(7)),
                    Order.strict(),
                    Order.due(within=seconds(40)),
                ]
            )
        ),
        limit=draw(st.sampled_from([None, None, None, 0, 1, 2, 4])),
        join=draw(st.sampled_from(["always", "always", "always", "signed_in", "staffed"])),
        overflow=draw(_elsewhere(id)),
        patience=draw(st.sampled_from([None, None, seconds(0), seconds(10), seconds(30)])),
        after_patience=draw(_elsewhere(id)),
        cost=draw(st.sampled_from([None, None, None, 0, 40])),
        offer=draw(lengths),
        auto_accept=draw(st.sampled_from([None, None, None, None, True, False])),
        wrap_up=wrap_up,
        strategy=strategy,
    )


pauses = st.sampled_from([0, 0, 0, 1, 1, 2, 5, 5, 10, 10])
"""Seconds before an input. Few and round, so that deadlines and inputs fall together."""
picks = st.integers(0, 30)
"""Which one of those there are; taken modulo their number."""
addresses = st.sampled_from([Address("web", "lan"), Address("web", "minh"), Address("zalo", "lan")])
texts = st.sampled_from(["", "xin chào", "it's 5 o'clock \N{PERSON FROWNING}"])


@attrs.frozen
class Place:
    """Where a contact stands in time."""

    queue: str
    since: Instant


@attrs.frozen
class Load:
    """What an agent had right after an offer."""

    agent: Agent
    cost: int
    units: int
    used: int
    mode: Mode
    number: int


@attrs.frozen
class Record:
    """One decision: what was so before it, and each of its events with what was so before that."""

    places: Mapping[str, Place]
    wrap_ups: Mapping[str, float]
    prefixes: list[tuple[events.AnyEvent, Mapping[str, int]]] = attrs.Factory(
        list[tuple[events.AnyEvent, Mapping[str, int]]]
    )
    loads: list[Load] = attrs.Factory(list[Load])

    @property
    def events(self) -> list[events.AnyEvent]:
        """What happened."""
        return [event for event, _ in self.prefixes]


def comparable(event: events.AnyEvent) -> events.AnyEvent:
    """Return an event without what the naive model does not tell: reasons and turns."""
    if isinstance(event, events.InputIgnored):
        return msgspec.structs.replace(event, reason="")
    if isinstance(event, events.ContactOffered) and event.strategy == "round robin":
        return msgspec.structs.replace(event, measure=0)
    return event


def same(what: str, expected: Iterable[object], actual: Iterable[object]) -> None:
    """State that two sequences are equal, and show the first difference if not."""
    for place, (one, other) in enumerate(zip_longest(expected, actual)):
        assert one == other, f"{what}, {place}: expected {one}; happened {other}"


OVER = (events.OfferAccepted, events.OfferDeclined, events.OfferExpired, events.OfferRescinded)


SMALL = [
    patch.object(lanes, "_SWEEP_FROM", 2),
    patch.object(router, "_LANES_FROM", 4),
    patch.object(ranking, "_LONGEST", 4),
    patch.object(timers, "_MOST_LINES", 3),
    patch.object(estimate, "_ENOUGH", 1),
    patch.object(state_, "_REMEMBERED_OFFERS", 1),
]
"""Sizes from which on things are swept, split or forgotten: here that happens all the time."""


LATE: list[Callable[[str], inputs.AnyInput]] = [
    inputs.Accept,
    inputs.Decline,
    inputs.FailConnect,
    inputs.End,
    lambda offer: inputs.Say(offer, Content("hello?")),
    lambda offer: inputs.ExtendWrapUp(offer, 10**12),
    lambda offer: inputs.Dispose(offer, "late"),
]
"""What can be asked about an offer, whatever has become of it."""


def _now_and_then(machine: CenterMachine) -> bool:
    return len(machine.records) % 4 == 3


now_and_then = precondition(_now_and_then)
"""For what is rare: else nobody would ever be served."""


class CenterMachine(RuleBasedStateMachine):
    """Rules are inputs and faults; invariants are what is promised."""

    def __init__(self) -> None:
        """Start before anything is known."""
        super().__init__()
        for small in SMALL:
            small.start()
        self.now: Instant = 0
        self.inputs = 0
        self.contacts = 0
        self.journal: list[events.AnyEvent] = []
        self.records: list[Record] = []
        self.read: dict[str, int] = {}
        self.last_named: inputs.AnyInput | None = None
        self.offered: dict[str, events.ContactOffered] = {}
        self.settings: tuple[Queue, ...] = ()
        self.accepted: dict[str, str] = {}
        self.out: dict[str, set[str]] = {}
        self.limits: dict[str, Queue] = {}

    def teardown(self) -> None:
        """Let sizes be what they were."""
        for small in SMALL:
            small.stop()

    @initialize(data=st.data())
    def open(self, data: st.DataObject) -> None:
        """Begin the day with queues, and with some people in them."""
        self.settings = tuple(data.draw(queues(id)) for id in QUEUES)
        self.limits = {queue.id: queue for queue in self.settings}
        self.center = self.fresh()
        self.twin = self.fresh()
        self.replica = self.fresh()
        self.naive = Naive(
            self.settings, ways=WAYS, modes=MODE_SETTINGS, cool_off=COOL_OFF, grace=GRACE
        )
        for agent in AGENTS[: data.draw(st.integers(2, 4))]:
            value = data.draw(agents)
            self.ask(inputs.PutAgent(attrs.evolve(value, id=agent), available=True))

    def fresh(self) -> Center:
        """Return a center in which nothing has happened yet."""
        return Center(
            self.settings,
            modes=MODE_SETTINGS,
            strategies=STRATEGIES,
            cool_off=COOL_OFF,
            grace=GRACE,
        )

    # --- asking -------------------------------------------------------------------------------

    def ask(self, asked: inputs.AnyInput, pause: float = 0) -> Decision:
        """Give one input to the center, its twin and the naive model; they must tell the same."""
        earlier, now = self.now, self.now + int(seconds(pause))
        record = Record(self.places(), self.wrap_ups())
        decision = self.center.handle(asked, now)
        told, to_do = self.tick_twin(asked, earlier, now)
        last = self.twin.handle(asked, now)
        same("extra ticks", [*told, *last.events], decision.events)
        same("extra ticks", [*to_do, *last.effects], decision.effects)
        expected = self.naive.handle(asked, now, decision.events)
        same("naive", map(comparable, expected), map(comparable, decision.events))
        for event in decision.events:
            copy = codec.decode(codec.encode(event), events.AnyEvent)
            assert copy == event
            record.prefixes.append((event, self.crowds()))
            self.replica.apply(copy)
            if isinstance(event, events.ContactOffered):
                self.offered[event.offer] = event
                record.loads.append(self.load(event))
        self.journal += decision.events
        self.records.append(record)
        if not decision.repeat:
            self.now = max(now, self.now)
        if asked.id:
            self.last_named = asked
        return decision

    def tick_twin(
        self, asked: inputs.AnyInput, earlier: Instant, now: Instant
    ) -> tuple[list[events.AnyEvent], list[effects.AnyEffect]]:
        """Tick the twin at the start, in between and at each deadline; give what it tells."""
        told: list[events.AnyEvent] = []
        to_do: list[effects.AnyEffect] = []
        if isinstance(asked, inputs.Resume) or (asked.id and asked.id in self.twin.state.inputs):
            return told, to_do
        for at in (earlier, (earlier + now) // 2):
            found = self.twin.handle(inputs.Tick(), at)
            told += found.events
            to_do += found.effects
        while (deadline := self.twin.next_deadline()) is not None and deadline <= now:
            found = self.twin.handle(inputs.Tick(), deadline)
            assert found.events, "there was a deadline at which nothing happened"
            told += found.events
            to_do += found.effects
        return told, to_do

    def name(self, named: bool) -> str:  # noqa: FBT001 - drawn
        """Return an id for an input, or none."""
        self.inputs += 1
        return f"i{self.inputs}" if named else ""

    def places(self) -> Mapping[str, Place]:
        """Return for each open contact what a failed attempt to serve it must not change."""
        state = self.center.state
        return {id: Place(live.queue, live.since) for id, live in state.contacts.items()}

    def wrap_ups(self) -> Mapping[str, float]:
        """Return until when each wrap-up lasts."""
        found = self.center.state.wrap_ups.values()
        return {work.interaction: math.inf if work.until is None else work.until for work in found}

    def crowds(self) -> Mapping[str, int]:
        """Return how many wait or are on offer in each queue, at this point of the journal."""
        state = self.replica.state
        inside = Counter(live.queue for live in state.contacts.values() if not live.interaction)
        return {id: inside[id] for id in state.queues.queues}

    def load(self, event: events.ContactOffered) -> Load:
        """Return what an agent has right after an offer, counted from their contacts."""
        state = self.replica.state
        live = state.router.agent(event.agent)
        mode = state.contacts[event.contact].contact.mode
        own = state.queues.queue(state.contacts[event.contact].queue).cost
        usual = MODE_SETTINGS[mode].cost if own is None else own
        return Load(
            live.agent,
            live.agent.costs.get(mode, usual),
            live.active[event.contact].units,
            sum(hold.units for hold in live.active.values()),
            mode,
            sum(hold.mode == mode for hold in live.active.values()),
        )

    def unread(self, reader: str) -> list[Record]:
        """Return what has happened since this reader looked last."""
        start = self.read.get(reader, 0)
        self.read[reader] = len(self.records)
        return self.records[start:]

    def one_of(self, ids: Any, pick: int) -> Any:  # noqa: ANN401
        """Return one of several things; `None` if there is none."""
        found = list(ids)
        return found[pick % len(found)] if found else None

    # --- rules: configuration -----------------------------------------------------------------

    @now_and_then
    @rule(queue=queues(), pause=pauses)
    def put_queue(self, queue: Queue, pause: float) -> None:
        """A queue is added or changed while contacts wait in it: plan, order, limit ..."""
        known = self.center.state.queues.queues
        missing = {to for to in (queue.overflow, queue.after_patience) if isinstance(to, str)}
        if missing <= set(known):
            self.ask(inputs.PutQueue(queue), pause)

    @now_and_then
    @rule(pick=picks, to=picks, pause=pauses, named=st.booleans())
    def remove_queue(self, pick: int, to: int, pause: float, named: bool) -> None:  # noqa: FBT001
        """A queue is removed; whoever is in it moves."""
        known = self.center.state.queues.queues
        queue = self.one_of(known, pick)
        others = [id for id in known if id != queue]
        led_to = {where for one in known.values() for where in (one.overflow, one.after_patience)}
        if others and queue not in led_to:
            other = self.one_of(others, to)
            self.ask(inputs.RemoveQueue(queue, other, id=self.name(named)), pause)

    @now_and_then
    @rule(agent=agents, available=st.booleans(), pause=pauses)
    def put_agent(self, agent: Agent, available: bool, pause: float) -> None:  # noqa: FBT001
        """An agent comes, or has other skills, capacity or limits from now on."""
        self.ask(inputs.PutAgent(agent, available=available), pause)

    @now_and_then
    @rule(pick=picks, pause=pauses)
    def lose_a_skill(self, pick: int, pause: float) -> None:
        """An agent loses a skill, perhaps one that an offer of theirs needs."""
        live = self.one_of(self.center.state.router.agents.values(), pick)
        if live is not None and live.agent.skills:
            kept = dict(list(live.agent.skills.items())[1:])
            self.ask(inputs.PutAgent(attrs.evolve(live.agent, skills=kept)), pause)

    @now_and_then
    @rule(pick=picks, pause=pauses)
    def remove_agent(self, pick: int, pause: float) -> None:
        """An agent is removed, whatever they have."""
        agent = self.one_of(self.center.state.router.agents, pick)
        if agent is not None:
            self.ask(inputs.RemoveAgent(agent), pause)

    # --- rules: agents ------------------------------------------------------------------------

    @rule(
        pick=picks,
        presence=st.sampled_from(
            ["available", "available", "available", "away", "offline", "not_responding"]
        ),
        reason=st.sampled_from(["", "lunch"]),
        pause=pauses,
        named=st.booleans(),
    )
    def set_presence(
        self,
        pick: int,
        presence: Presence,
        reason: str,
        pause: float,
        named: bool,  # noqa: FBT001
    ) -> None:
        """An agent comes or goes."""
        agent = self.one_of(self.center.state.router.agents, pick)
        if agent is not None:
            id = self.name(named)
            self.ask(inputs.SetPresence(agent, presence, reason, id=id), pause)

    @rule(pause=pauses)
    def all_come_back(self, pause: float) -> None:
        """Everybody who is not available comes back, at the same instant."""
        for agent, live in list(self.center.state.router.agents.items()):
            if live.presence != "available":
                self.ask(inputs.SetPresence(agent, "available"), pause)
                pause = 0

    @now_and_then
    @rule(pick=picks, pause=pauses)
    def lose_agent(self, pick: int, pause: float) -> None:
        """An agent's connection breaks."""
        agent = self.one_of(self.center.state.router.agents, pick)
        if agent is not None:
            self.ask(inputs.LoseAgent(agent), pause)

    @now_and_then
    @rule(pick=picks, pause=pauses)
    def return_agent(self, pick: int, pause: float) -> None:
        """An agent whose connection broke is back, within the grace or after it."""
        agent = self.one_of(self.center.state.lost or self.center.state.router.agents, pick)
        if agent is not None:
            self.ask(inputs.SetPresence(agent, "available"), pause)

    # --- rules: contacts ----------------------------------------------------------------------

    @precondition(lambda self: self.contacts < MOST_CONTACTS)
    @rule(
        queue=picks,
        requires=wants | holds,
        mode=st.sampled_from([Mode.LIVE, Mode.LIVE, *Mode]),
        language=st.sampled_from(["", "", "vi"]),
        priority=st.sampled_from([0, 0, 0, 1, 3, -1]),
        due=st.sampled_from([None, 0, 30, 500]),
        address=st.none() | addresses,
        pause=pauses,
        named=st.booleans(),
    )
    def arrive(  # noqa: PLR0913, PLR0917 - what a contact is made of
        self,
        queue: int,
        requires: str,
        mode: Mode,
        language: str,
        priority: int,
        due: int | None,
        address: Address | None,
        pause: float,
        named: bool,  # noqa: FBT001
    ) -> None:
        """A contact asks to be served."""
        self.contacts += 1
        contact = Contact(
            f"c{self.contacts}",
            requires,
            mode,
            language,
            priority,
            None if due is None else int(seconds(due)),
            address,
        )
        where = self.one_of(self.center.state.queues.queues, queue)
        self.ask(inputs.Arrive(contact, where, id=self.name(named)), pause)

    @precondition(lambda self: self.contacts < MOST_CONTACTS)
    @rule(
        queue=picks, mode=st.sampled_from([Mode.LIVE, Mode.INTERACTIVE]), number=st.integers(2, 4),
        pause=pauses,
    )  # fmt: skip
    def arrive_together(self, queue: int, mode: Mode, number: int, pause: float) -> None:
        """Several contacts come at the same instant."""
        where = self.one_of(self.center.state.queues.queues, queue)
        for _ in range(number):
            self.contacts += 1
            self.ask(inputs.Arrive(Contact(f"c{self.contacts}", mode=mode), where), pause)
            pause = 0

    @rule(address=addresses, text=texts, queue=picks, mode=st.sampled_from(Mode), pause=pauses)
    def write(self, address: Address, text: str, queue: int, mode: Mode, pause: float) -> None:
        """A customer writes: a new contact, or one that is open."""
        where = self.one_of(self.center.state.queues.queues, queue)
        message = Message(key="m", at=self.now, address=address, content=Content(text))
        self.ask(inputs.Receive(message, where, mode), pause)

    @now_and_then
    @rule(address=addresses, queue=picks, pause=pauses, named=st.booleans())
    def leave_by_channel(self, address: Address, queue: int, pause: float, named: bool) -> None:  # noqa: FBT001
        """A customer closes the chat, open or not."""
        where = self.one_of(self.center.state.queues.queues, queue)
        left = Left(key="l", at=self.now, address=address)
        self.ask(inputs.Receive(left, where, id=self.name(named)), pause)

    @now_and_then
    @rule(address=addresses, queue=picks, pause=pauses)
    def send_receipt(self, address: Address, queue: int, pause: float) -> None:
        """A provider tells what became of a message."""
        where = self.one_of(self.center.state.queues.queues, queue)
        receipt = Receipt(key="r", at=self.now, address=address, status="read", ids=("m",))
        self.ask(inputs.Receive(receipt, where), pause)

    @precondition(lambda self: bool(self.open_offers()))
    @rule(pick=picks, pause=pauses, named=st.booleans())
    def accept(self, pick: int, pause: float, named: bool) -> None:  # noqa: FBT001
        """An agent accepts an offer that is out; or late, when the pause is too long."""
        offer = self.one_of(self.open_offers(), pick)
        if offer is not None:
            self.ask(inputs.Accept(offer, id=self.name(named)), pause)

    @precondition(lambda self: bool(self.open_offers()))
    @rule(pick=picks, pause=pauses)
    def accept_and_end(self, pick: int, pause: float) -> None:
        """An agent accepts, and the contact ends soon: what happens most of the time."""
        offer = self.one_of(self.open_offers(), pick)
        if offer is not None:
            self.ask(inputs.Accept(offer))
            self.ask(inputs.End(offer), pause)

    @precondition(lambda self: bool(self.open_offers()))
    @rule(pick=picks, longer=st.sampled_from([5, 15, 25]), pause=pauses)
    def overrun(self, pick: int, longer: float, pause: float) -> None:
        """An agent accepts, hangs up, and wants some time for the wrap-up."""
        offer = self.one_of(self.open_offers(), pick)
        if offer is not None:
            self.ask(inputs.Accept(offer))
            self.ask(inputs.End(offer))
            self.ask(inputs.ExtendWrapUp(offer, self.now + int(seconds(longer))), pause)

    @now_and_then
    @rule(pick=picks, which=st.sampled_from(LATE), pause=pauses)
    def be_late(self, pick: int, which: Callable[[str], inputs.AnyInput], pause: float) -> None:
        """Somebody refers to an offer of any time: too late, twice, or in the wrong phase."""
        offer = self.one_of(self.offered, pick)
        if offer is not None:
            self.ask(which(offer), pause)

    @precondition(lambda self: bool(self.open_offers()))
    @rule(pick=picks, pause=pauses, reason=st.sampled_from(["", "busy"]))
    def decline(self, pick: int, pause: float, reason: str) -> None:
        """An agent declines an offer."""
        offer = self.one_of(self.open_offers(), pick)
        if offer is not None:
            self.ask(inputs.Decline(offer, reason), pause)

    @precondition(lambda self: bool(self.interactions()))
    @rule(pick=picks, pause=pauses)
    def fail_connect(self, pick: int, pause: float) -> None:
        """Agent and customer cannot be connected."""
        interaction = self.one_of(self.interactions(), pick)
        if interaction is not None:
            self.ask(inputs.FailConnect(interaction), pause)

    @precondition(lambda self: bool(self.interactions()))
    @rule(pick=picks, text=texts, pause=pauses)
    def say(self, pick: int, text: str, pause: float) -> None:
        """An agent writes to the customer."""
        interaction = self.one_of(self.interactions(), pick)
        if interaction is not None:
            self.ask(inputs.Say(interaction, Content(text)), pause)

    @rule(pick=picks, pause=pauses, named=st.booleans())
    def abandon(self, pick: int, pause: float, named: bool) -> None:  # noqa: FBT001
        """A customer leaves: waiting, during an offer, while served, or when long gone."""
        state = self.center.state
        contact = self.one_of(state.contacts or state.ended, pick)
        if contact is not None:
            self.ask(inputs.Abandon(contact, id=self.name(named)), pause)

    @precondition(lambda self: bool(self.interactions()))
    @rule(pick=picks, disposition=st.sampled_from(["", "", "done"]), pause=pauses)
    def end(self, pick: int, disposition: str, pause: float) -> None:
        """An agent ends an interaction."""
        interaction = self.one_of(self.interactions(), pick)
        if interaction is not None:
            self.ask(inputs.End(interaction, disposition), pause)

    @precondition(lambda self: bool(self.wrap_ups()))
    @rule(pick=picks, longer=st.sampled_from([-5, 0, 5, 20]), pause=pauses)
    def extend(self, pick: int, longer: int, pause: float) -> None:
        """An agent needs longer for a wrap-up, or asks for less, which gives nothing."""
        interaction = self.one_of(self.wrap_ups(), pick)
        if interaction is not None:
            until = max(0, self.now + int(seconds(longer)))
            self.ask(inputs.ExtendWrapUp(interaction, until), pause)

    @precondition(lambda self: bool(self.wrap_ups()))
    @rule(pick=picks, pause=pauses)
    def dispose(self, pick: int, pause: float) -> None:
        """An agent chooses a disposition."""
        interaction = self.one_of(self.wrap_ups(), pick)
        if interaction is not None:
            self.ask(inputs.Dispose(interaction, "done"), pause)

    # --- rules: time and faults ---------------------------------------------------------------

    @rule()
    def jump_to_deadline(self) -> None:
        """Time passes until the next thing falls due."""
        deadline = self.twin.next_deadline()  # (nobody looks at the center's timers, on purpose)
        if deadline is not None:
            self.ask(inputs.Tick(), (deadline - self.now) / 1_000_000)

    @now_and_then
    @rule(pause=st.sampled_from([60, 600, 100_000]))
    def jump_far(self, pause: float) -> None:
        """Nobody calls for a long time."""
        self.ask(inputs.Tick(), pause)

    @now_and_then
    @rule(back=st.sampled_from([1, 30]))
    def go_back(self, back: float) -> None:
        """The clock goes back, which counts as standing still."""
        if self.now >= seconds(back):
            self.ask(inputs.Tick(), -back)

    @now_and_then
    @precondition(lambda self: self.last_named is not None)
    @rule(pause=pauses)
    def repeat(self, pause: float) -> None:
        """The same input comes a second time; it is known, and nothing happens."""
        if self.last_named is not None:
            decision = self.ask(self.last_named, pause)
            assert decision.repeat
            assert decision.events == ()

    @now_and_then
    @rule(pause=st.sampled_from([0, 5, 30]), resume=st.booleans())
    def crash(self, pause: float, resume: bool) -> None:  # noqa: FBT001
        """The center is thrown away, and rebuilt from its journal."""
        self.center = self.fresh()
        for event in self.journal:
            self.center.apply(codec.decode(codec.encode(event), events.AnyEvent))
        if resume:
            self.ask(inputs.Resume(), pause)

    @now_and_then
    @rule(
        wrong=st.sampled_from(
            [
                inputs.RemoveQueue("nowhere"),
                inputs.PutQueue(Queue("loans", overflow="nowhere")),
                inputs.PutQueue(Queue("loans", after_patience="loans")),
                inputs.PutQueue(Queue("cards", strategy="nonsense")),
                inputs.RemoveAgent("nobody"),
                inputs.SetPresence("nobody", "away"),
                inputs.LoseAgent("nobody"),
                inputs.Arrive(Contact("c0"), "nowhere"),
                inputs.Accept("nobody/1"),
                inputs.Accept("nobody"),
                inputs.Decline("nobody/1"),
                inputs.FailConnect("nobody/1"),
                inputs.Say("nobody/1", Content("hello")),
                inputs.Abandon("nobody"),
                inputs.End("nobody/1"),
                inputs.ExtendWrapUp("nobody/1", 5),
                inputs.Dispose("nobody/1", "done"),
                inputs.Receive(
                    Message(key="k", at=0, address=Address("a/b", "x"), content=Content("x")),
                    "cards",
                ),
                inputs.Receive(
                    Message(key="k", at=0, address=Address("web", "x"), content=Content("x")),
                    "nowhere",
                ),
            ]
        ),
        pause=pauses,
    )
    def ask_wrong(self, wrong: inputs.AnyInput, pause: float) -> None:
        """What cannot be is refused, and nothing has changed, not even by the passing of time."""
        if isinstance(wrong, inputs.Receive) and "cards" not in self.center.state.queues.queues:
            return
        before = self.center.snapshot()
        try:
            self.center.handle(wrong, self.now + int(seconds(pause)))
        except IllegalInput:
            pass
        else:
            raise AssertionError(f"{wrong!r} was taken")
        assert before == self.center.snapshot()

    @now_and_then
    @precondition(lambda self: bool(self.center.state.contacts))
    @rule(pick=picks)
    def use_an_id_twice(self, pick: int) -> None:
        """A contact's id is used once."""
        state = self.center.state
        contact = self.one_of([*state.contacts, *state.ended], pick)
        queue = next(iter(state.queues.queues))
        self.ask_wrong_now(inputs.Arrive(Contact(contact), queue))

    def ask_wrong_now(self, wrong: inputs.AnyInput) -> None:
        """State what a wrong input does: raise, and nothing else."""
        before = self.center.snapshot()
        try:
            self.center.handle(wrong, self.now)
        except IllegalInput:
            assert before == self.center.snapshot()
        else:
            raise AssertionError(f"{wrong!r} was taken")

    # --- looking ------------------------------------------------------------------------------

    def open_offers(self) -> list[str]:
        """Return the offers that are out."""
        return [offer for live in self.center.state.contacts.values() for offer in live.offers]

    def interactions(self) -> list[str]:
        """Return the interactions that go on."""
        found = [live.interaction for live in self.center.state.contacts.values()]
        return [interaction for interaction in found if interaction]

    # --- what always holds --------------------------------------------------------------------

    @invariant()
    def nobody_waits_beside_who_could_serve(self) -> None:
        """No contact waits beside an agent who is available, fits and has room (holds apart)."""
        state = self.center.state
        available = [live for live in state.router.agents.values() if live.presence == "available"]
        waiting = [case for case in self.naive.cases if case.waiting]
        for case in waiting:
            waiter = state.router.waiter(case.id)
            needs = waiter.requirement
            mode = MODE_SETTINGS[case.contact.mode]
            own = state.queues.queue(state.contacts[case.id].queue).cost
            for live in available:
                agent = live.agent
                cost = agent.costs.get(case.contact.mode, mode.cost if own is None else own)
                limit = agent.limits.get(case.contact.mode, mode.limit)
                number = sum(hold.mode == case.contact.mode for hold in live.active.values())
                used = sum(hold.units for hold in live.active.values())
                room = cost <= agent.capacity - used and (limit is None or number < limit)
                fits = enough(needs, agent) and needs.first in (None, agent.id)
                cooling = agent.id in (waiter.cooling or ())
                held = not mode.exclusive and any(
                    other.protected and self.naive.fits(other, self.person(agent.id))
                    for other in waiting
                )
                assert not (fits and room and not cooling and not held), (case.id, agent.id)

    @invariant()
    def capacity_is_never_exceeded(self) -> None:
        """After no offer in the journal has an agent more than capacity and limits allow."""
        for record in self.unread("capacity"):
            for load in record.loads:
                assert load.units == load.cost
                assert load.used <= load.agent.capacity
                limit = load.agent.limits.get(load.mode, MODE_SETTINGS[load.mode].limit)
                assert limit is None or load.number <= limit

    @invariant()
    def one_accept_a_round(self) -> None:
        """Of a contact's offers one is accepted, and none more until that one failed."""
        for record in self.unread("accepts"):
            for event in record.events:
                if isinstance(event, events.OfferAccepted):
                    assert event.contact not in self.accepted
                    self.accepted[event.contact] = event.offer
                elif isinstance(event, events.InteractionFailed):
                    assert self.accepted.pop(event.contact) == event.interaction

    @invariant()
    def siblings_are_rescinded_at_once(self) -> None:
        """Right after an accept, the other offers of the contact are rescinded, before all else."""
        for record in self.unread("siblings"):
            to_rescind: set[str] = set()
            for event in record.events:
                if to_rescind:
                    assert isinstance(event, events.OfferRescinded)
                    to_rescind.remove(event.offer)
                if isinstance(event, events.ContactOffered):
                    self.out.setdefault(event.contact, set()).add(event.offer)
                elif isinstance(event, OVER):
                    self.out[event.contact].discard(event.offer)
                    if isinstance(event, events.OfferAccepted):
                        to_rescind = set(self.out[event.contact])
            assert not to_rescind
        for live in self.center.state.contacts.values():
            assert not (live.interaction and live.offers)

    @invariant()
    def who_returns_has_their_old_place(self) -> None:
        """Declined, expired, failed, rescinded: enqueue time and rank are as before."""
        state = self.center.state
        after = self.places()
        records = self.unread("places")
        told = [event for record in records for event in record.events]
        moved = {event.contact for event in told if isinstance(event, events.ContactOverflowed)}
        removed = any(isinstance(event, events.QueueRemoved) for event in told)
        for record in records:
            for id, place in record.places.items():
                if id in after and (removed or id in moved):
                    assert place.since == after[id].since
                elif id in after:
                    assert place == after[id]
        for case in self.naive.cases:
            if case.waiting:
                assert state.router.waiter(case.id).rank == self.naive.rank(case)

    @invariant()
    def wrap_ups_never_shrink(self) -> None:
        """A wrap-up that goes on lasts at least as long as it was going to."""
        after = self.wrap_ups()
        for record in self.unread("wrap-ups"):
            for interaction, until in record.wrap_ups.items():
                assert after.get(interaction, math.inf) >= until

    @invariant()
    def nobody_is_lost(self) -> None:
        """Entered = waiting + offered + active + ended, and every end has a reason."""
        kinds = Counter(type(event) for event in self.journal)
        ended = kinds[events.ContactAbandoned] + kinds[events.ContactEnded]
        state = self.center.state
        phases = Counter(live.phase for live in state.contacts.values())
        assert kinds[events.ContactQueued] == ended + phases.total()
        assert phases["waiting"] == sum(
            waiter.lane is not None for waiter in state.router.waiters.values()
        )
        assert phases["waiting"] == sum(map(state.queues.waiting, state.queues.queues))
        assert phases["offered"] == sum(map(state.queues.on_offer, state.queues.queues))
        assert phases["active"] == len(
            {live.interaction for live in state.contacts.values()} - {""}
        )
        for record in self.unread("ends"):
            for event in record.events:
                if isinstance(event, (events.ContactEnded, events.ContactRefused)):
                    assert event.reason

    @invariant()
    def there_is_nothing_to_poll_for(self) -> None:
        """A tick right after a decision finds nothing left to do."""
        assert self.center.handle(inputs.Tick(), self.now).events == ()

    @invariant()
    def offers_are_out_to_available_agents_only(self) -> None:
        """Going unavailable rescinds offers in that step."""
        state = self.center.state
        for live in state.contacts.values():
            for offer in live.offers.values():
                assert state.router.agent(offer.agent).presence == "available"

    @invariant()
    def limits_are_exact(self) -> None:
        """A queue takes a contact while there is room, those on offer counted, and not one more."""
        for record in self.unread("limits"):
            for event, crowds in record.prefixes:
                if isinstance(event, events.QueuePut):
                    self.limits[event.queue] = event.value
                if isinstance(event, (events.ContactQueued, events.ContactRefused)):
                    full = {
                        id: (most := self.limits[id].limit) is not None and crowds[id] >= most
                        for id in crowds
                    }
                    always = {id for id in crowds if self.limits[id].join == "always"}
                    assert all(full[id] for id in event.overflowed if id in always)
                    if isinstance(event, events.ContactQueued):
                        assert not full[event.queue]
                    else:
                        assert full[event.queue] == (event.reason == "full")

    @invariant()
    def replay_gives_the_state(self) -> None:
        """A center that only applied the journal, and one that was ticked, have the same state."""
        state = self.center.snapshot()
        for other in (self.replica, self.twin):
            found = other.snapshot()
            differ = {
                part: (state[part], found[part]) for part in state if state[part] != found[part]
            }
            assert differ == {}, differ
        assert self.replica.next_deadline() == self.twin.next_deadline()

    @invariant()
    def positions_follow_rank(self) -> None:
        """Queue and router have the same order, and who stands further back waits no less."""
        queues = self.center.state.queues
        for queue in queues.queues:
            line = queues.contacts(queue)
            assert line == self.naive.line(queue)
            places = [queues.position(contact, self.now) for contact in line]
            assert places == list(range(1, len(line) + 1))
            waits = [queues.estimate(contact, self.now) for contact in line]
            known = [wait for wait in waits if wait is not None]
            assert len(known) in (0, len(waits))
            assert known == sorted(known)

    def person(self, agent: str) -> Person:
        """Return the naive model's idea of an agent."""
        found = self.naive.person(agent)
        assert found is not None
        return found
