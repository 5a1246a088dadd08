"""A Hypothesis machine that lives the life of a center, with everything that goes wrong in one.

Rule: every rule hands in inputs by `do`, which gives each to the center, which now and then is
thrown away and rebuilt from its journal, and to its *twin*, which is ticked at every deadline and
in between; both must tell the same events. What must hold besides is told by the invariants, one by
one; they look at public state and at the journal only.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final, Literal, TypeVar, cast

import attrs
import msgspec
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tongdai.center import Center, Decision, effects, events, inputs
from tongdai.channels import Activity, Inbound, Message, Receipt, Relinked, Revised, Ringing
from tongdai.errors import IllegalInput
from tongdai.ivr import inputs as saying
from tongdai.ivr.session import Session
from tongdai.model import codec
from tongdai.model.agent import PRESENCES, Agent
from tongdai.model.contact import Address, Claim, Contact, Content
from tongdai.model.mode import Mode
from tongdai.model.queue import Queue
from tongdai.model.requirement import Requirement
from tongdai.model.time import Duration, Instant, seconds
from tongdai.routing.lanes import Waiter
from tongdai.testing import strategies

Item = TypeVar("Item")

_NOW: Final = seconds(0)
_MOST_CONTACTS: Final = 30
_AGENTS: Final = ("an", "binh", "chi", "dung")
_OVER = (events.OfferAccepted, events.OfferDeclined, events.OfferExpired, events.OfferRescinded)
_LATE: Final[Sequence[Callable[[str], inputs.Input]]] = (
    inputs.Accept,
    inputs.Decline,
    inputs.FailConnect,
    inputs.End,
    lambda offer: inputs.Say(offer, Content("hello?")),
    lambda offer: inputs.ExtendWrapUp(offer, 10**12),
    lambda offer: inputs.Dispose(offer, "late"),
)
"""What can be asked about an offer, whatever has become of it."""
_WRONG: Final[Sequence[inputs.Input]] = (
    inputs.RemoveQueue("(nowhere)"),
    inputs.PutQueue(Queue("(new)", overflow="(nowhere)")),
    inputs.PutQueue(Queue("(new)", after_patience="(new)")),
    inputs.PutQueue(Queue("(new)", strategy="(nonsense)")),
    inputs.RemoveAgent("(nobody)"),
    inputs.SetPresence("(nobody)", "away"),
    inputs.LoseAgent("(nobody)"),
    inputs.Relink(cast("tuple[str, ...]", "a text")),
    inputs.Arrive(Contact("(new)"), "(nowhere)"),
    inputs.Accept("(nobody)/1"),
    inputs.Accept("(nobody)"),
    inputs.Decline("(nobody)/1"),
    inputs.FailConnect("(nobody)/1"),
    inputs.Say("(nobody)/1", Content("hello")),
    inputs.Tell("(nobody)", saying.HangUp()),
    inputs.Abandon("(nobody)"),
    inputs.End("(nobody)/1"),
    inputs.ExtendWrapUp("(nobody)/1", 5),
    inputs.Dispose("(nobody)/1", "done"),
    *(
        inputs.Receive(
            Message(key="k", at=0, address=Address(channel, "x"), content=Content("x")),
            "(nowhere)",
        )
        for channel in ("web", "a/b")
    ),
    inputs.Receive(Activity(what="typing", key="k", at=0, address=Address("web", "x")), "(new)"),
    inputs.Receive(Ringing(key="k", at=0, address=Address("voice", "x")), "(nowhere)"),
    inputs.Receive(
        Relinked(key="k", at=0, address=Address("web", "x"), to=Address("sms", "x")), ""
    ),
    inputs.Receive(Revised(key="k", at=0, address=Address("web", "x"), message=cast("str", 5)), ""),
)
"""What no center can take."""
_KEYS: Final = st.sampled_from(["m1", "m2", "m3"])
_CLAIMS: Final = st.builds(
    Claim, st.sampled_from(["zalo", "phone"]), st.sampled_from(["1", "2"]), st.just("oa")
)


@attrs.frozen
class Place:
    """Where a contact stands in time."""

    queue: str
    since: Instant


@attrs.frozen
class Load:
    """What an agent had right after an offer, and how much that may be."""

    agent: Agent
    cost: int
    units: int
    used: int
    limit: int | None
    number: int


@attrs.frozen
class Record:
    """One decision: what was so before it, and each of its events with what was so before that.

    Attributes:
        places: of the open contacts.
        wrap_ups: until when they last, in microseconds.
        prefixes: each event, and how many waited or were on offer in each queue before it.
        loads: of the agents of its offers.
    """

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


def same(what: str, expected: Iterable[object], actual: Iterable[object]) -> None:
    """State that two sequences are equal, and show the first difference if not."""
    for place, (one, other) in enumerate(zip_longest(expected, actual)):
        assert one == other, f"{what}, {place}: expected {one}; happened {other}"


def _now_and_then(machine: CenterMachine) -> bool:
    return len(machine.records) % 4 == 3  # noqa: PLR2004


now_and_then = precondition(_now_and_then)
"""For rules about what is rare: else nobody would ever be served."""


class CenterMachine(RuleBasedStateMachine):
    """The life of your center: subclass it, `build` the center, and add what must hold in `check`.

    Rules are inputs and faults; there is one for every input. Invariants are what is promised of
    every center. `YourMachine.TestCase` is a test case for unittest and pytest. When it fails, the
    transcript is printed decision by decision.

    Attributes:
        center: the center.
        now: the instant of the last input.
        journal: everything that has happened, from the first step on.
        last: the last decision; `None` before the first.
        records: the same in more detail, for invariants; see `unread`.
        built: the queues that the center had at first.
        twin, replica: the center that is ticked more often, and the one that only applies.
    """

    center: Center
    twin: Center
    replica: Center
    built: Sequence[Queue]

    def __init__(self) -> None:
        """Start before anything is known."""
        super().__init__()
        self.now: Instant = 0
        self.journal: list[events.AnyEvent] = []
        self.records: list[Record] = []
        self.last: Decision | None = None
        self.arrived = 0
        self._named = 0
        self._last_named: inputs.Input | None = None
        self._read: dict[str, int] = {}
        self._offers: dict[str, None] = {}
        self._there = 0
        self._limits: dict[str, Queue] = {}
        self._accepted: dict[str, str] = {}
        self._out: dict[str, set[str]] = {}

    # --- yours --------------------------------------------------------------------------------

    def build(self) -> Center:
        """Return the center to be tested; each call the same one, in the same state."""
        raise NotImplementedError(f"{type(self).__name__}.build: return your center from it")

    def check(self) -> None:
        """State what must hold after every step, beside what holds in every center."""

    def prepare(self, data: st.DataObject) -> None:
        """Draw what `build` depends on, if anything."""

    def agents(self) -> st.SearchStrategy[Agent]:
        """Return who is put: by default those there are and some more, capable or odd."""
        ids = {*_AGENTS, *self.center.state.router.agents}
        skills = self.skills()
        capable = st.builds(Agent, strategies.names(among=ids), st.just(dict.fromkeys(skills, 5)))
        return capable | strategies.agents(ids=ids, skills=skills, room=False)

    def contacts(self) -> st.SearchStrategy[Contact]:
        """Return who arrives; ids do not matter, since each gets its own."""
        return strategies.contacts(
            ids=["c"],
            skills=self.skills(),
            agents=self.center.state.router.agents,
            channels=["web"],
        )

    def priorities(self) -> st.SearchStrategy[int]:
        """Return the priorities of who writes or calls; who arrives has that of `contacts`."""
        return st.integers(-1, 3)

    def queues(self) -> st.SearchStrategy[Queue]:
        """Return what is put as a queue: by default only those that `build` made, as they were."""
        return st.sampled_from(self.built)

    def lengths(self) -> st.SearchStrategy[Duration]:
        """Return how much time passes before an input; few and round, so that things coincide."""
        return st.sampled_from([0, 0, 0, 1, 5, 5, 10, 20, 60]).map(seconds)

    def said(self, session: Session) -> st.SearchStrategy[saying.AnyInput]:
        """Return what a flow is told: keys and words, and answers to what it has asked for."""
        token = st.sampled_from(
            [session.token(number) for number in {session.prompt, session.call, 1, 99}]
        )
        return st.one_of(
            st.builds(saying.Press, st.sampled_from("12#*0")),
            st.builds(saying.Utterance, st.sampled_from(["1", "hai", ""])),
            st.builds(saying.Text, st.sampled_from(["1", "2", "thẻ"])),
            st.builds(saying.Choose, st.sampled_from(["1", "9"]), token),
            st.builds(saying.PromptDone, token),
            st.builds(saying.InvokeDone, token, st.sampled_from([None, "gold", {"a": [1]}])),
            st.builds(saying.InvokeFailed, token, st.sampled_from(["failed", "busy"])),
            st.just(saying.SecureInputDone("ref", 4)),
            st.just(saying.SecureInputFailed("no_match")),
            st.just(saying.HangUp()),
        )

    def skills(self) -> Collection[str]:
        """Return the skills of which agents and contacts are made: those that the center knows."""
        state = self.center.state
        found = {name for live in state.router.agents.values() for name in live.agent.skills}
        for queue in self.built:
            for step in queue.plan.steps:
                wanted = step.requires
                for group in (wanted.skills, wanted.prefers, *wanted.any_of):
                    found |= {name for name, _ in group}
        return sorted(found)

    # --- asking -------------------------------------------------------------------------------

    def do(self, input: inputs.Input, after: Duration = _NOW) -> Decision:
        """Hand in an input, some time after the last one; return what the center answers.

        Raises:
            IllegalInput: the center cannot take it.
        """
        return self.give(input, self.now + int(after))

    def give(self, input: inputs.Input, now: Instant) -> Decision:
        """Hand in an input at an instant, and see whether center, twin and replay agree on it."""
        earlier = self.now
        record = Record(self._places(), self._wrap_ups())
        decision = self.center.handle(input, now)
        note(str(decision))
        told, to_do = self._tick_twin(input, earlier, now)
        last = self.twin.handle(input, now)
        same("extra ticks", [*told, *last.events], decision.events)
        same("extra ticks", [*to_do, *last.effects], decision.effects)
        for event in decision.events:
            copy = codec.decode(codec.encode(event), events.AnyEvent)
            assert copy == event
            record.prefixes.append((event, self._crowds()))
            self.replica.apply(copy)
            if isinstance(event, events.ContactOffered):
                self._offers[event.offer] = None
                record.loads.append(self._load(event))
        self.journal += decision.events
        self.records.append(record)
        self.last = decision
        if not decision.repeat:
            self.now = max(now, self.now)
        if input.id in self.center.state.inputs:
            self._last_named = input
        return decision

    def offers(self) -> list[str]:
        """Return the offers that are out."""
        return [offer for live in self.center.state.contacts.values() for offer in live.offers]

    def interactions(self) -> list[str]:
        """Return the interactions that go on."""
        found = [live.interaction for live in self.center.state.contacts.values()]
        return [interaction for interaction in found if interaction]

    def wrap_ups(self) -> list[str]:
        """Return the interactions whose wrap-up goes on."""
        return [*self.center.state.wrap_ups]

    def unread(self, reader: str) -> list[Record]:
        """Return the records of what has happened since this reader looked last."""
        start = self._read.get(reader, 0)
        self._read[reader] = len(self.records)
        return self.records[start:]

    def name(self, data: st.DataObject) -> str:
        """Draw an id for an input, or none."""
        self._named += 1
        return f"i{self._named}" if data.draw(st.booleans()) else ""

    def pause(self, data: st.DataObject) -> Duration:
        """Draw how much time passes."""
        return data.draw(self.lengths())

    @staticmethod
    def one_of(data: st.DataObject, found: Iterable[Item]) -> Item:
        """Draw one of several things; there must be one."""
        return data.draw(st.sampled_from([*found]))

    # --- the beginning ------------------------------------------------------------------------

    @initialize(data=st.data())
    def begin(self, data: st.DataObject) -> None:
        """Begin with the center as it is built, and with some people where it has nobody."""
        self.prepare(data)
        self.center = self.build()
        self.twin = self.build()
        self.replica = self.build()
        same("build", [self.center.snapshot()], [self.twin.snapshot()])
        self.now = self.center.state.at
        self.built = [*self.center.state.queues.queues.values()]
        assert self.built, "build: the center has no queue"
        self._limits = {queue.id: queue for queue in self.built}
        there = self.center.state.contacts
        self._there = len(there)
        self._offers |= dict.fromkeys(self.offers())
        self._accepted = {id: live.interaction for id, live in there.items() if live.interaction}
        self._out = {id: set(live.offers) for id, live in there.items()}
        if not self.center.state.router.agents:
            for agent in _AGENTS[: data.draw(st.integers(2, len(_AGENTS)))]:
                value = attrs.evolve(data.draw(self.agents()), id=agent)
                self.do(inputs.PutAgent(value, available=True))

    # --- rules: configuration -----------------------------------------------------------------

    @now_and_then
    @rule(data=st.data())
    def put_queue(self, data: st.DataObject) -> None:
        """A queue is added or changed while contacts wait in it: plan, order, limit ..."""
        queue = data.draw(self.queues())
        known = self.center.state.queues.queues
        led_to = {to for to in (queue.overflow, queue.after_patience) if isinstance(to, str)}
        if led_to <= set(known):
            self.do(inputs.PutQueue(queue), self.pause(data))

    @now_and_then
    @rule(data=st.data())
    def remove_queue(self, data: st.DataObject) -> None:
        """A queue is removed to which none leads; whoever is in it moves."""
        known = self.center.state.queues.queues
        led_to = {to for one in known.values() for to in (one.overflow, one.after_patience)}
        free = [id for id in known if id not in led_to]
        if len(known) > 1 and free:
            queue = self.one_of(data, free)
            other = self.one_of(data, [id for id in known if id != queue])
            self.do(inputs.RemoveQueue(queue, other, id=self.name(data)), self.pause(data))

    @now_and_then
    @rule(data=st.data())
    def put_agent(self, data: st.DataObject) -> None:
        """An agent comes, or has other skills, capacity or limits from now on."""
        agent = data.draw(self.agents())
        available = data.draw(st.booleans())
        self.do(inputs.PutAgent(agent, available=available), self.pause(data))

    @now_and_then
    @precondition(lambda self: self.center.state.histories is not None)
    @rule(data=st.data())
    def relink(self, data: st.DataObject) -> None:
        """The center looks again who is who."""
        self.do(inputs.Relink(id=self.name(data)), self.pause(data))

    @now_and_then
    @precondition(lambda self: bool(self.center.state.router.agents))
    @rule(data=st.data())
    def lose_a_skill(self, data: st.DataObject) -> None:
        """An agent loses a skill, perhaps one that an offer of theirs needs."""
        agent = self.one_of(data, self.center.state.router.agents.values()).agent
        kept = dict([*agent.skills.items()][1:])
        self.do(inputs.PutAgent(attrs.evolve(agent, skills=kept)), self.pause(data))

    @now_and_then
    @precondition(lambda self: bool(self.center.state.router.agents))
    @rule(data=st.data())
    def remove_agent(self, data: st.DataObject) -> None:
        """An agent is removed, whatever they have."""
        agent = self.one_of(data, self.center.state.router.agents)
        self.do(inputs.RemoveAgent(agent), self.pause(data))

    # --- rules: agents ------------------------------------------------------------------------

    @precondition(lambda self: bool(self.center.state.router.agents))
    @rule(data=st.data(), reason=st.sampled_from(["", "lunch"]))
    def set_presence(self, data: st.DataObject, reason: str) -> None:
        """An agent comes or goes; half of the time they come."""
        agent = self.one_of(data, self.center.state.router.agents)
        presence = data.draw(st.sampled_from(PRESENCES[:1]) | st.sampled_from(PRESENCES))
        input = inputs.SetPresence(agent, presence, reason, id=self.name(data))
        self.do(input, self.pause(data))

    @rule(data=st.data())
    def all_come_back(self, data: st.DataObject) -> None:
        """Everybody who is not available comes back, at the same instant."""
        after = self.pause(data)
        for agent, live in [*self.center.state.router.agents.items()]:
            if live.presence != "available":
                self.do(inputs.SetPresence(agent, "available"), after)
                after = _NOW

    @now_and_then
    @precondition(lambda self: bool(self.center.state.router.agents))
    @rule(data=st.data())
    def lose_agent(self, data: st.DataObject) -> None:
        """An agent's connection breaks."""
        agent = self.one_of(data, self.center.state.router.agents)
        self.do(inputs.LoseAgent(agent), self.pause(data))

    @now_and_then
    @precondition(lambda self: bool(self.center.state.lost))
    @rule(data=st.data())
    def return_agent(self, data: st.DataObject) -> None:
        """An agent whose connection broke is back, within the grace or after it."""
        agent = self.one_of(data, self.center.state.lost)
        self.do(inputs.SetPresence(agent, "available"), self.pause(data))

    # --- rules: contacts ----------------------------------------------------------------------

    @precondition(lambda self: self.arrived < _MOST_CONTACTS)
    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        """A contact asks to be served."""
        contact = msgspec.structs.replace(data.draw(self.contacts()), id=self._next_contact())
        queue = self.one_of(data, self.center.state.queues.queues)
        self.do(inputs.Arrive(contact, queue, id=self.name(data)), self.pause(data))

    @precondition(lambda self: self.arrived < _MOST_CONTACTS)
    @rule(data=st.data(), mode=st.sampled_from(Mode), number=st.integers(2, 4))
    def arrive_together(self, data: st.DataObject, mode: Mode, number: int) -> None:
        """Several contacts who need nothing special come at the same instant."""
        queue = self.one_of(data, self.center.state.queues.queues)
        after = self.pause(data)
        for _ in range(number):
            self.do(inputs.Arrive(Contact(self._next_contact(), mode=mode), queue), after)
            after = _NOW

    @precondition(lambda self: bool(self.center.state.entries))
    @precondition(lambda self: self.arrived < _MOST_CONTACTS)
    @rule(data=st.data())
    def arrive_in_flow(self, data: st.DataObject) -> None:
        """A contact begins in a flow."""
        contact = msgspec.structs.replace(data.draw(self.contacts()), id=self._next_contact())
        flow = self.one_of(data, sorted(self.center.state.entries))
        self.do(inputs.Arrive(contact, flow, id=self.name(data)), self.pause(data))

    @precondition(lambda self: bool(self.center.state.flows))
    @rule(data=st.data())
    def tell(self, data: st.DataObject) -> None:
        """A contact's flow is told something, whoever has the contact."""
        contact = self.one_of(data, self.center.state.flows)
        session = self.center.state.flows[contact].session
        if session is not None:
            said = data.draw(self.said(session))
            self.do(inputs.Tell(contact, said, id=self.name(data)), self.pause(data))

    @precondition(lambda self: bool(self.center.state.flows))
    @rule(data=st.data())
    def go_through_a_flow(self, data: st.DataObject) -> None:
        """A flow is told what it waits for, until something else has its contact."""
        contact = self.one_of(data, self.center.state.flows)
        for _ in range(8):
            live = self.center.state.flows.get(contact)
            if live is None or live.session is None or contact in self.center.state.contacts:
                return
            self.do(inputs.Tell(contact, _obliging(live.session, data)))

    @rule(data=st.data(), text=st.sampled_from(["", "xin chào", "it's 5 o'clock", "1", "2"]))
    def write(self, data: st.DataObject, text: str) -> None:
        """A customer writes: a new contact, or one that is open."""
        key = data.draw(_KEYS)
        message = Message(key=key, at=self.now, address=_who(data), content=Content(text))
        self._receive(data, message)

    @precondition(lambda self: bool(self.center.state.flows))
    @rule(data=st.data(), choice=st.sampled_from(["1", "2", "9"]))
    def tap(self, data: st.DataObject, choice: str) -> None:
        """A customer taps a button: of the question at hand, an older one, or one of nobody's."""
        flows = self.center.state.flows.values()
        there = [live for live in flows if live.contact.address is not None and live.session]
        address, tokens = _who(data), ["", "(nobody)/1"]
        if there:
            live = self.one_of(data, there)
            session = cast("Session", live.session)
            address = cast("Address", live.contact.address)
            tokens += [session.token(session.prompt), session.token(1)]
        message = Message(
            key=data.draw(_KEYS),
            at=self.now,
            address=address,
            content=Content(choice),
            choice=choice,
            question=self.one_of(data, tokens),
        )
        self._receive(data, message)

    @rule(data=st.data(), why=st.sampled_from(["bounce", "reply", "echo", "list"]))
    def answer_automatically(
        self, data: st.DataObject, why: Literal["bounce", "reply", "echo", "list"]
    ) -> None:
        """Something writes in a customer's place, where a contact is open or where none is."""
        content = Content("1")
        self._receive(
            data,
            Message(
                key="a", at=self.now, address=self._somebody(data), content=content, automatic=why
            ),
        )

    @now_and_then
    @rule(data=st.data(), content=st.sampled_from([None, Content("2"), Content("dạ")]))
    def revise(self, data: st.DataObject, content: Content | None) -> None:
        """A customer changes or withdraws a message, which may never have come."""
        message = data.draw(_KEYS)
        self._receive(
            data,
            Revised(key="e", at=self.now, address=_who(data), message=message, content=content),
        )

    @rule(data=st.data())
    def change_identity(self, data: st.DataObject) -> None:
        """A customer is known under another identity from here on: address, claims, or both."""
        to = _who(data) if data.draw(st.booleans()) else None
        claims = tuple(data.draw(st.lists(_CLAIMS, max_size=2)))
        self._receive(
            data, Relinked(key="i", at=self.now, address=self._somebody(data), to=to, claims=claims)
        )

    @precondition(lambda self: self.arrived < _MOST_CONTACTS)
    @rule(data=st.data(), line=st.sampled_from(["one", "one", "two"]))
    def ring(self, data: st.DataObject, line: str) -> None:
        """A call comes in; or one that is open already is told once more."""
        called = data.draw(st.sampled_from(["", "1900 1234"]))
        claims = tuple(data.draw(st.lists(_CLAIMS, max_size=1)))
        address = Address("voice", line)
        self._receive(
            data, Ringing(key="c", at=self.now, address=address, called=called, claims=claims)
        )

    @now_and_then
    @rule(data=st.data(), what=st.sampled_from(["left", "left", "joined"]))
    def come_and_go(self, data: st.DataObject, what: Literal["left", "joined"]) -> None:
        """A customer closes the chat or hangs up, or is back; open or not."""
        calls = [Address("voice", "one"), Address("voice", "two")]
        address = self.one_of(data, [_who(data), *calls])
        self._receive(data, Activity(what=what, key="l", at=self.now, address=address))

    @now_and_then
    @rule(data=st.data())
    def send_receipt(self, data: st.DataObject) -> None:
        """A provider tells what became of a message."""
        address = _who(data)
        self._receive(
            data, Receipt(key="r", at=self.now, address=address, status="read", ids=("m",))
        )

    @precondition(lambda self: bool(self.offers()))
    @rule(data=st.data())
    def accept(self, data: st.DataObject) -> None:
        """An agent accepts an offer that is out; or late, when the pause is too long."""
        offer = self.one_of(data, self.offers())
        self.do(inputs.Accept(offer, id=self.name(data)), self.pause(data))

    @precondition(lambda self: bool(self.offers()))
    @rule(data=st.data())
    def accept_and_end(self, data: st.DataObject) -> None:
        """An agent accepts, and the contact ends soon: what happens most of the time."""
        offer = self.one_of(data, self.offers())
        self.do(inputs.Accept(offer))
        self.do(inputs.End(offer), self.pause(data))

    @precondition(lambda self: bool(self.offers()))
    @rule(data=st.data(), longer=st.sampled_from([5, 15, 25]))
    def overrun(self, data: st.DataObject, longer: int) -> None:
        """An agent accepts, hangs up, and wants some time for the wrap-up."""
        offer = self.one_of(data, self.offers())
        self.do(inputs.Accept(offer))
        self.do(inputs.End(offer))
        until = self.now + int(seconds(longer))
        self.do(inputs.ExtendWrapUp(offer, until), self.pause(data))

    @now_and_then
    @precondition(lambda self: bool(self._offers))
    @rule(data=st.data(), which=st.sampled_from(_LATE))
    def be_late(self, data: st.DataObject, which: Callable[[str], inputs.Input]) -> None:
        """Somebody refers to an offer of any time: too late, twice, or in the wrong phase."""
        offer = self.one_of(data, self._offers)
        if self.center.state.knows(offer.rpartition("/")[0]):
            self.do(which(offer), self.pause(data))

    @precondition(lambda self: bool(self.offers()))
    @rule(data=st.data(), reason=st.sampled_from(["", "busy"]))
    def decline(self, data: st.DataObject, reason: str) -> None:
        """An agent declines an offer."""
        offer = self.one_of(data, self.offers())
        self.do(inputs.Decline(offer, reason), self.pause(data))

    @precondition(lambda self: bool(self.interactions()))
    @rule(data=st.data())
    def fail_connect(self, data: st.DataObject) -> None:
        """Agent and customer cannot be connected."""
        interaction = self.one_of(data, self.interactions())
        self.do(inputs.FailConnect(interaction), self.pause(data))

    @precondition(lambda self: bool(self.interactions()))
    @rule(data=st.data())
    def say(self, data: st.DataObject) -> None:
        """An agent writes to the customer."""
        interaction = self.one_of(data, self.interactions())
        self.do(inputs.Say(interaction, Content("hello")), self.pause(data))

    @precondition(
        lambda self: bool(
            self.center.state.contacts or self.center.state.flows or self.center.state.ended
        )
    )
    @rule(data=st.data())
    def abandon(self, data: st.DataObject) -> None:
        """A customer leaves: waiting, during an offer, while served, or when long gone."""
        state = self.center.state
        contact = self.one_of(data, [*state.contacts, *state.flows] or state.ended)
        self.do(inputs.Abandon(contact, id=self.name(data)), self.pause(data))

    @precondition(lambda self: bool(self.interactions()))
    @rule(data=st.data(), disposition=st.sampled_from(["", "", "done"]))
    def end(self, data: st.DataObject, disposition: str) -> None:
        """An agent ends an interaction."""
        interaction = self.one_of(data, self.interactions())
        self.do(inputs.End(interaction, disposition), self.pause(data))

    @precondition(lambda self: bool(self.wrap_ups()))
    @rule(data=st.data(), longer=st.sampled_from([-5, 0, 5, 20]))
    def extend_wrap_up(self, data: st.DataObject, longer: int) -> None:
        """An agent needs longer for a wrap-up, or asks for less, which gives nothing."""
        interaction = self.one_of(data, self.wrap_ups())
        until = max(0, self.now + longer * 1_000_000)
        self.do(inputs.ExtendWrapUp(interaction, until), self.pause(data))

    @precondition(lambda self: bool(self.wrap_ups()))
    @rule(data=st.data())
    def dispose(self, data: st.DataObject) -> None:
        """An agent chooses a disposition."""
        interaction = self.one_of(data, self.wrap_ups())
        self.do(inputs.Dispose(interaction, "done"), self.pause(data))

    # --- rules: time and faults ---------------------------------------------------------------

    @rule()
    def jump_to_deadline(self) -> None:
        """Time passes until the next thing falls due."""
        deadline = self.twin.next_deadline()  # (nobody looks at the center's timers, on purpose)
        if deadline is not None:
            self.give(inputs.Tick(), deadline)

    @now_and_then
    @rule(pause=st.sampled_from([60, 600, 100_000]).map(seconds))
    def jump_far(self, pause: Duration) -> None:
        """Nobody calls for a long time."""
        self.do(inputs.Tick(), pause)

    @now_and_then
    @rule(back=st.sampled_from([1, 30]).map(seconds))
    def go_back(self, back: Duration) -> None:
        """The clock goes back, which counts as standing still."""
        self.give(inputs.Tick(), self.now - int(back))

    @now_and_then
    @precondition(lambda self: self._last_named is not None)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """The same input comes a second time; it is known, and nothing happens."""
        if self._last_named is not None:
            decision = self.do(self._last_named, self.pause(data))
            assert decision.repeat
            assert decision.events == ()

    @now_and_then
    @rule(data=st.data(), resume=st.booleans())
    def crash(self, data: st.DataObject, resume: bool) -> None:  # noqa: FBT001 - drawn
        """The center is thrown away, and rebuilt from its journal."""
        self.center = self.build()
        for event in self.journal:
            self.center.apply(codec.decode(codec.encode(event), events.AnyEvent))
        if resume:
            self.do(inputs.Resume(), self.pause(data))

    @now_and_then
    @rule(data=st.data(), wrong=st.sampled_from(_WRONG))
    def be_wrong(self, data: st.DataObject, wrong: inputs.Input) -> None:
        """What cannot be is refused, and nothing has changed, not even by the passing of time."""
        self.refused(wrong, self.pause(data))

    @now_and_then
    @precondition(lambda self: bool(self.center.state.contacts or self.center.state.flows))
    @rule(data=st.data())
    def use_an_id_twice(self, data: st.DataObject) -> None:
        """A contact's id is used once."""
        state = self.center.state
        contact = self.one_of(data, [*state.contacts, *state.flows, *state.ended])
        self.refused(inputs.Arrive(Contact(contact), next(iter(state.queues.queues))))

    def refused(self, wrong: inputs.Input, after: Duration = _NOW) -> None:
        """State what happens to an input that cannot be: it raises, and that is all."""
        before = self.center.snapshot()
        try:
            self.center.handle(wrong, self.now + int(after))
        except IllegalInput:
            assert before == self.center.snapshot()
        else:
            raise AssertionError(f"{wrong!r} was taken")

    # --- what always holds --------------------------------------------------------------------

    @invariant()
    def what_is_yours_holds(self) -> None:
        """Whatever `check` states."""
        self.check()

    @invariant()
    def nobody_waits_beside_who_could_serve(self) -> None:
        """No contact waits beside an agent who is available, fits and has room (holds apart)."""
        state = self.center.state
        available = [live for live in state.router.agents.values() if live.presence == "available"]
        waiting = [id for id, live in state.contacts.items() if live.phase == "waiting"]
        waiters = [state.router.waiter(id) for id in waiting]
        everybody = state.router.waiters.values()
        kept_for = [one.guards.requirement for one in everybody if one.guards is not None]
        for waiter in waiters:
            mode = waiter.contact.mode
            settings = state.modes[mode]
            own = state.queues.queue(state.contacts[waiter.contact.id].queue).cost
            for live in available:
                agent = live.agent
                cost = agent.costs.get(mode, settings.cost if own is None else own)
                limit = agent.limits.get(mode, settings.limit)
                number = sum(hold.mode == mode for hold in live.active.values())
                used = sum(hold.units for hold in live.active.values())
                room = cost <= agent.capacity - used and (limit is None or number < limit)
                held = not settings.exclusive and any(
                    agent.meets(requirement) for requirement in kept_for
                )
                assert not (_may(waiter, agent) and room and not held), (
                    f"{waiter.contact.id} waits beside {agent.id}"
                )

    @invariant()
    def capacity_is_never_exceeded(self) -> None:
        """After no offer in the journal has an agent more than capacity and limits allow."""
        for record in self.unread("capacity"):
            for load in record.loads:
                assert load.units == load.cost
                assert load.used <= load.agent.capacity
                assert load.limit is None or load.number <= load.limit

    @invariant()
    def one_accept_a_round(self) -> None:
        """Of a contact's offers one is accepted, and none more until that one failed."""
        for record in self.unread("accepts"):
            for event in record.events:
                if isinstance(event, events.OfferAccepted):
                    assert event.contact not in self._accepted
                    self._accepted[event.contact] = event.offer
                elif isinstance(event, events.InteractionFailed):
                    assert self._accepted.pop(event.contact) == event.interaction
                elif isinstance(event, events.ContactEnded):
                    self._accepted.pop(event.contact, None)

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
                    self._out.setdefault(event.contact, set()).add(event.offer)
                elif isinstance(event, _OVER):
                    self._out[event.contact].discard(event.offer)
                    if isinstance(event, events.OfferAccepted):
                        to_rescind = set(self._out[event.contact])
            assert not to_rescind
        for live in self.center.state.contacts.values():
            assert not (live.interaction and live.offers)

    @invariant()
    def who_returns_has_their_old_place(self) -> None:
        """Declined, expired, failed, rescinded: queue and enqueue time are as before."""
        after = self._places()
        records = self.unread("places")
        told = [event for record in records for event in record.events]
        moved = {event.contact for event in told if isinstance(event, events.ContactOverflowed)}
        removed = any(isinstance(event, events.QueueRemoved) for event in told)
        again = {event.contact for event in told if isinstance(event, events.ContactEnded)}
        for record in records:
            for id, place in record.places.items():
                if id in again:  # (its flow has given it to a queue once more)
                    continue
                if id in after and (removed or id in moved):
                    assert place.since == after[id].since
                elif id in after:
                    assert place == after[id]

    @invariant()
    def wrap_ups_never_shrink(self) -> None:
        """A wrap-up that goes on lasts at least as long as it was going to."""
        after = self._wrap_ups()
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
        assert self._there + kinds[events.ContactQueued] == ended + phases.total()
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
    def a_person_and_a_flow_never_have_the_same_contact(self) -> None:
        """While a queue or an agent has a contact, its flow waits or is over."""
        state = self.center.state
        for id, live in state.flows.items():
            assert live.session is not None
            waits = live.session.phase in {"handed_off", "ended"}
            assert waits == (id in state.contacts)

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
                    self._limits[event.queue] = event.value
                if isinstance(event, (events.ContactQueued, events.ContactRefused)):
                    full = {
                        id: (most := self._limits[id].limit) is not None and crowds[id] >= most
                        for id in crowds
                    }
                    always = {id for id in crowds if self._limits[id].join == "always"}
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
    def who_stands_further_back_waits_no_less(self) -> None:
        """Positions count from 1 in the order of the line, and estimates rise with them."""
        queues = self.center.state.queues
        for queue in queues.queues:
            line = queues.contacts(queue)
            places = [queues.position(contact, self.now) for contact in line]
            assert places == [*range(1, len(line) + 1)]
            waits = [queues.estimate(contact, self.now) for contact in line]
            known = [wait for wait in waits if wait is not None]
            assert len(known) in {0, len(waits)}
            assert known == sorted(known)

    # --- inside -------------------------------------------------------------------------------

    def _tick_twin(
        self, input: inputs.Input, earlier: Instant, now: Instant
    ) -> tuple[list[events.AnyEvent], list[effects.AnyEffect]]:
        """Tick the twin at the start, in between and at each deadline; give what it tells."""
        told: list[events.AnyEvent] = []
        to_do: list[effects.AnyEffect] = []
        if isinstance(input, inputs.Resume) or (input.id and input.id in self.twin.state.inputs):
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

    def _places(self) -> Mapping[str, Place]:
        """Return for each open contact what a failed attempt to serve it must not change."""
        state = self.center.state
        return {id: Place(live.queue, live.since) for id, live in state.contacts.items()}

    def _wrap_ups(self) -> Mapping[str, float]:
        """Return until when each wrap-up lasts."""
        found = self.center.state.wrap_ups.values()
        return {work.interaction: math.inf if work.until is None else work.until for work in found}

    def _crowds(self) -> Mapping[str, int]:
        """Return how many wait or are on offer in each queue, at this point of the journal."""
        state = self.replica.state
        inside = Counter(live.queue for live in state.contacts.values() if not live.interaction)
        return {id: inside[id] for id in state.queues.queues}

    def _load(self, event: events.ContactOffered) -> Load:
        """Return what an agent has right after an offer, counted from their contacts."""
        state = self.replica.state
        live = state.router.agent(event.agent)
        mode = state.contacts[event.contact].contact.mode
        own = state.queues.queue(state.contacts[event.contact].queue).cost
        usual = state.modes[mode].cost if own is None else own
        return Load(
            live.agent,
            live.agent.costs.get(mode, usual),
            live.active[event.contact].units,
            sum(hold.units for hold in live.active.values()),
            live.agent.limits.get(mode, state.modes[mode].limit),
            sum(hold.mode == mode for hold in live.active.values()),
        )

    def _next_contact(self) -> str:
        while True:
            self.arrived += 1
            if not self.center.state.knows(id := f"c{self.arrived}"):
                return id

    def _somebody(self, data: st.DataObject) -> Address:
        """Draw a customer of a chat, one who has an open contact if there is one."""
        there = [Address(*key) for key in self.center.state.addresses if key[0] == "web"]
        return self.one_of(data, there) if there else _who(data)

    def _receive(self, data: st.DataObject, inbound: Inbound) -> None:
        """Let something come in, with what triage may have found."""
        state = self.center.state
        entry = self.one_of(data, [*state.queues.queues, *sorted(state.entries)])
        if data.draw(st.integers(0, 7)) == 0:
            entry = ""  # (as if somebody thought that there was an open contact)
        mode = data.draw(st.sampled_from(Mode))
        found: dict[str, Any] = {}
        if data.draw(st.booleans()):
            skill = st.sampled_from(["", *self.skills()])
            found = {
                "requires": str(_requiring(data.draw(skill))),
                "language": data.draw(skill),
                "priority": data.draw(self.priorities()),
                "due": data.draw(st.none() | st.just(self.now)),
                "attributes": data.draw(st.sampled_from([{}, {"triage": "card", "vip": True}])),
            }
        self.do(inputs.Receive(inbound, entry, mode, **found, id=self.name(data)), self.pause(data))


def _obliging(session: Session, data: st.DataObject) -> saying.AnyInput:
    """Return what a session waits for."""
    if session.phase == "calling":
        return saying.InvokeDone(session.token(session.call), "gold")
    if session.phase == "speaking":
        return saying.PromptDone(session.token(session.prompt))
    key = data.draw(st.sampled_from(["1", "2", "#"]))
    return saying.Press(key) if session.modality == "voice" else saying.Text(key)


def _may(waiter: Waiter, agent: Agent) -> bool:
    """Return whether an agent fits a waiting contact, load and presence apart."""
    first = waiter.requirement.first
    return (
        agent.meets(waiter.requirement)
        and first in {None, agent.id}
        and agent.id not in (waiter.cooling or ())
    )


def _requiring(skill: str) -> Requirement:
    return Requirement({skill: 1} if skill else {})


def _who(data: st.DataObject) -> Address:
    """Draw a customer; few, so that they write again."""
    return data.draw(st.builds(Address, st.just("web"), st.sampled_from(["lan", "minh"])))
