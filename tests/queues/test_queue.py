"""All queues of a center against a plain list of who is where."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tests.model.refusals import refused, untyped
from tests.model.strategies import orders
from tongdai import Contact, Duration, Mode, OmnichannelQueue, Order, Queue, minutes, seconds
from tongdai.model.mode import MODES
from tongdai.model.queue import Closed, Elsewhere
from tongdai.queues import Joined, PatienceOver, Refused
from tongdai.queues.queue import Reason, Staffing

STAFFINGS: tuple[Staffing, ...] = ("staffed", "signed_in", "nobody")


@dataclass
class Case:
    """A contact in the list."""

    contact: Contact
    queue: str
    since: int
    entered: int
    offered: bool = False
    boost: int = 0

    @property
    def id(self) -> str:
        """Return the contact's id."""
        return self.contact.id


@dataclass
class Naive:
    """The queues and the list, and the rules as one would say them."""

    queues: dict[str, Queue] = field(default_factory=dict[str, Queue])
    cases: dict[str, Case] = field(default_factory=dict[str, Case])

    def rank(self, case: Case) -> tuple[int, int, int, str]:
        """Return where a contact stands: by the queue's order, else the mode's."""
        order = self.queues[case.queue].order or MODES[case.contact.mode].order
        points = case.contact.priority + case.boost
        return order.key(points, case.since, case.contact.due, case.id)

    def line(self, queue: str) -> list[str]:
        """Return who waits in a queue, first to last."""
        waiting = [one for one in self.cases.values() if one.queue == queue and not one.offered]
        return [one.id for one in sorted(waiting, key=self.rank)]

    def answer(self, contact: Contact, first: str, staffing: Staffing) -> Joined | Refused:
        """Return whether a contact may join, and where; those on offer count against a limit."""
        passed: list[str] = []
        queue = self.queues[first]
        while True:
            inside = sum(case.queue == queue.id for case in self.cases.values())
            reason: Reason
            if queue.limit is not None and inside >= queue.limit:
                reason = "full"
            elif queue.join != "always" and staffing == "nobody":
                reason = "nobody signed in"
            elif queue.join == "staffed" and staffing == "signed_in":
                reason = "nobody available"
            else:
                return Joined(contact.id, queue.id, None, tuple(passed))
            if isinstance(queue.overflow, Closed):
                text = queue.overflow.text
                return Refused(contact.id, queue.id, reason, text, tuple(passed))
            passed.append(queue.id)
            queue = self.queues[queue.overflow]

    def overdue(self, now: int) -> list[tuple[int, PatienceOver]]:
        """Return whose patience is over, and since when."""
        found: list[tuple[int, PatienceOver]] = []
        for case in self.cases.values():
            patience = self.queues[case.queue].patience
            if patience is not None and not case.offered and case.entered + patience <= now:
                over = PatienceOver(case.id, case.queue, Duration(patience))
                found.append((case.entered + patience, over))
        return found


NAMES = ("cards", "general", "last")
short = st.sampled_from([seconds(0), seconds(5), seconds(30)])


@st.composite
def settings(draw: st.DrawFn, id: str) -> Queue:
    """Draw a queue that overflows to later ones only, so that no way is a circle."""
    later: list[Elsewhere] = [Closed(), Closed("full"), *NAMES[NAMES.index(id) + 1 :]]
    return Queue(
        id,
        order=draw(st.none() | orders),
        limit=draw(st.none() | st.integers(0, 4)),
        join=draw(st.sampled_from(["always", "always", "signed_in", "staffed"])),
        overflow=draw(st.sampled_from(later)),
        patience=draw(st.none() | short),
    )


class QueueAndAList(RuleBasedStateMachine):
    """Contacts join, are offered, come back and leave; settings change; time passes."""

    def __init__(self) -> None:
        """Start at instant 0."""
        super().__init__()
        self.now = 0
        self.arrived = 0
        self.naive = Naive()
        self.line = OmnichannelQueue()

    @initialize(data=st.data())
    def build(self, data: st.DataObject) -> None:
        """Three queues with any settings."""
        made = [data.draw(settings(id)) for id in NAMES]
        self.naive.queues = {queue.id: queue for queue in made}
        self.line = OmnichannelQueue(made)

    def some(self, data: st.DataObject, *, offered: bool) -> Case | None:
        """Draw a contact that is on offer, or waits."""
        found = [case for case in self.naive.cases.values() if case.offered == offered]
        return data.draw(st.sampled_from(found)) if found else None

    @rule(
        queue=st.sampled_from(NAMES),
        staffing=st.sampled_from(STAFFINGS),
        priority=st.integers(-2, 2),
        mode=st.sampled_from(Mode),
        due=st.none() | st.integers(0, int(minutes(1))),
    )
    def join(
        self, queue: str, staffing: Staffing, priority: int, mode: Mode, due: int | None
    ) -> None:
        """A contact joins, overflows or is refused; `admit` says it before."""
        self.arrived += 1
        contact = Contact(f"c{self.arrived}", mode=mode, priority=priority, due=due)
        expected = self.naive.answer(contact, queue, staffing)
        assert expected == self.line.admit(contact, queue, staffing=lambda _: staffing)
        found = self.line.join(contact, queue, self.now, staffing=lambda _: staffing)
        if isinstance(expected, Joined):
            self.naive.cases[contact.id] = Case(contact, expected.queue, self.now, self.now)
            place = self.naive.line(expected.queue).index(contact.id) + 1
            expected = msgspec.structs.replace(expected, position=place)
        assert expected == found

    @rule(data=st.data())
    def offer(self, data: st.DataObject) -> None:
        """A waiting contact is on offer: it has no place, and still counts."""
        if case := self.some(data, offered=False):
            self.line.offer(case.id, self.now)
            case.offered = True
            assert self.line.position(case.id, self.now) is None

    @rule(data=st.data())
    def back(self, data: st.DataObject) -> None:
        """A contact on offer takes its old place, whatever the limit is now."""
        if case := self.some(data, offered=True):
            self.line.back(case.id, self.now)
            case.offered = False

    @rule(data=st.data(), offered=st.booleans(), served=st.booleans())
    def leave(self, data: st.DataObject, offered: bool, served: bool) -> None:  # noqa: FBT001
        """A contact goes, from the line or while on offer."""
        if case := self.some(data, offered=offered):
            self.line.leave(case.id, self.now, served=served)
            del self.naive.cases[case.id]

    @rule(data=st.data(), earlier=st.integers(0, int(minutes(1))))
    def fail(self, data: st.DataObject, earlier: int) -> None:
        """A contact that was served comes back: place and patience count from before."""
        if case := self.some(data, offered=True):
            self.line.leave(case.id, self.now, served=True)
            case.since, case.entered = self.now - earlier, self.now - earlier // 2
            self.line.enter(
                case.contact, case.queue, self.now, since=case.since, entered=case.entered
            )
            case.offered, case.boost = False, 0

    @rule(data=st.data(), offered=st.booleans(), points=st.integers(-3, 3))
    def boost(self, data: st.DataObject, offered: bool, points: int) -> None:  # noqa: FBT001
        """A step of a plan lets a contact stand higher."""
        if case := self.some(data, offered=offered):
            self.line.boost(case.id, points)
            case.boost = points

    @rule(queue=st.sampled_from(NAMES))
    def next(self, queue: str) -> None:
        """The first is taken out."""
        line = self.naive.line(queue)
        expected = line[0] if line else None
        assert expected == self.line.next(queue, self.now)
        if expected is not None:
            del self.naive.cases[expected]

    @rule(data=st.data(), id=st.sampled_from(NAMES))
    def put(self, data: st.DataObject, id: str) -> None:
        """Settings change while contacts wait: order, limit, patience."""
        queue = data.draw(settings(id))
        self.line.put(queue, self.now)
        self.naive.queues[id] = queue

    @rule(passed=st.integers(0, int(seconds(20))))
    def time_passes(self, passed: int) -> None:
        """Time goes on, and whose patience is over is out, in the order in which it was over."""
        self.now += passed
        expected = self.naive.overdue(self.now)
        found: list[PatienceOver] = []
        while (over := self.line.overdue(self.now)) is not None:
            at, first = over
            assert (at, first) in expected
            assert min(at for at, _ in expected) == at
            expected.remove(over)
            self.line.leave(first.contact, at)
            found.append(first)
        assert [] == expected
        for gone in found:
            del self.naive.cases[gone.contact]

    @invariant()
    def counts_are_exact(self) -> None:
        """Waiting and on offer, queue by queue."""
        for id in self.naive.queues:
            inside = [case for case in self.naive.cases.values() if case.queue == id]
            offered = sum(case.offered for case in inside)
            assert (len(inside) - offered, offered) == (
                self.line.waiting(id),
                self.line.on_offer(id),
            )

    @invariant()
    def places_are_exact(self) -> None:
        """The line first to last, and everybody's place in it."""
        for id in self.naive.queues:
            line = self.naive.line(id)
            assert line == self.line.contacts(id)
            assert list(range(1, len(line) + 1)) == [
                self.line.position(contact, self.now) for contact in line
            ]

    @invariant()
    def the_next_deadline_is_the_first_patience(self) -> None:
        """Contacts on offer wait for nothing; the bound never lies after the deadline."""
        deadlines = [at for at, _ in self.naive.overdue(10**18)]
        expected = min(deadlines, default=None)
        assert expected == self.line.next_deadline()
        assert expected is None or self.line.timers.bound <= expected

    @precondition(lambda self: self.naive.cases)
    @invariant()
    def everybody_is_where_they_are(self) -> None:
        """Each contact knows its queue."""
        for case in self.naive.cases.values():
            assert case.queue == self.line.queue_of(case.id)


TestOmnichannelQueue = QueueAndAList.TestCase


# --- as the documentation has it ------------------------------------------------------------------


def test_the_queue_alone() -> None:
    """Join with priority, overflow when full, position, next, and patience."""
    line = OmnichannelQueue(
        [
            Queue("cards", limit=2, overflow="general", order=Order.ageing(point=minutes(1))),
            Queue("general", patience=minutes(10)),
        ]
    )
    assert Joined("c1", "cards", 1) == line.join(Contact("c1"), "cards", seconds(0))
    assert Joined("c2", "cards", 1) == line.join(Contact("c2", priority=3), "cards", seconds(5))
    assert Joined("c3", "general", 1, ("cards",)) == line.join(Contact("c3"), "cards", seconds(6))
    assert 2 == line.position("c1", seconds(7))
    assert "c2" == line.next("cards", seconds(8))
    assert [PatienceOver("c3", "general", minutes(10))] == line.due(minutes(11))
    assert ["c1"] == [*line.contacts("cards"), *line.contacts("general")]


def test_limits_count_contacts_on_offer() -> None:
    """An offer frees no place; who goes does, and who was admitted comes back to a full queue."""
    line = OmnichannelQueue([Queue("cards", limit=1, overflow=Closed("Call later."))])
    line.join(Contact("c1"), "cards", 0)
    line.offer("c1", 1)
    full = Refused("c2", "cards", "full", "Call later.")
    assert full == line.join(Contact("c2"), "cards", 2)
    line.put(Queue("cards", limit=0, overflow=Closed("Call later.")), 3)
    line.back("c1", 4)
    assert 1 == line.position("c1", 5)
    line.put(Queue("cards", limit=1), 6)
    line.leave("c1", 7)
    assert Joined("c2", "cards", 1) == line.join(Contact("c2"), "cards", 8)


def test_a_boost_lasts() -> None:
    """Through an offer, through changed settings, and until it is taken back."""
    line = OmnichannelQueue([Queue("cards")])
    line.join(Contact("c1"), "cards", 0)
    line.join(Contact("c2"), "cards", seconds(1))
    line.boost("c2", 2)
    assert ["c2", "c1"] == line.contacts("cards")
    line.put(Queue("cards", order=Order.strict()), seconds(2))
    assert ["c2", "c1"] == line.contacts("cards")
    line.offer("c2", seconds(3))
    line.boost("c2", 0)
    line.back("c2", seconds(4))
    assert ["c1", "c2"] == line.contacts("cards")


def test_overflows_are_told_queue_by_queue() -> None:
    """A refusal names the last queue that did not take it, and those before."""
    line = OmnichannelQueue(
        [
            Queue("a", limit=0, overflow="b"),
            Queue("b", limit=0, overflow="c"),
            Queue("c", limit=0),
        ]
    )
    assert Refused("c1", "c", "full", "", ("a", "b")) == line.join(Contact("c1"), "a", 0)


def test_an_overdue_offer_that_comes_back_is_over_at_once() -> None:
    """Patience goes on while a contact is on offer, but does not end the offer."""
    line = OmnichannelQueue([Queue("cards", patience=seconds(10))])
    line.join(Contact("c1"), "cards", 0)
    line.offer("c1", seconds(5))
    assert ([], None) == (line.due(seconds(20)), line.next_deadline())
    line.back("c1", seconds(21))
    assert [PatienceOver("c1", "cards", seconds(10))] == line.due(seconds(21))


WRONG: list[tuple[Callable[[OmnichannelQueue], object], str]] = [
    (
        lambda line: line.join(Contact("c2"), "card", 0),
        "queue: no queue 'card'. Did you mean 'cards'?",
    ),
    (
        lambda line: line.join(Contact("c1"), "general", 0),
        "contact 'c1' is in a queue already; ids are used once",
    ),
    (
        lambda line: line.join(Contact("c2"), "cards", untyped(1.5)),
        (
            "now: 1.5 is not an instant; an instant is an int, microseconds UTC, "
            "in the years 1 to 9999"
        ),
    ),
    (
        lambda line: line.leave("c2", 0),
        "contact: no contact 'c2' is in a queue.",
    ),
    (
        lambda line: line.remove("cards"),
        "queue 'cards' holds 1 contacts; move them first",
    ),
    (
        lambda line: line.remove("general"),
        "Queue.overflow: queue 'cards' leads to 'general', which is not a queue.",
    ),
    (
        lambda line: line.put(Queue("general", overflow="cards"), 0),
        "Queue.overflow: a contact could go round for ever: cards -> general -> cards",
    ),
    (
        lambda line: line.put(Queue("new", after_patience="card"), 0),
        (
            "Queue.after_patience: queue 'new' leads to 'card', which is not a queue. "
            "Did you mean 'cards'?"
        ),
    ),
]


@pytest.mark.parametrize(("act", "message"), WRONG, ids=range(len(WRONG)))
def test_bad_input_is_named_and_changes_nothing(
    act: Callable[[OmnichannelQueue], object], message: str
) -> None:
    """The error says what is wrong; the queues are as they were."""
    line = OmnichannelQueue([Queue("cards", overflow="general"), Queue("general")])
    line.join(Contact("c1"), "cards", 0)
    before = line.snapshot()
    assert message == refused(lambda: act(line))
    assert (before, ["cards", "general"]) == (line.snapshot(), list(line.queues))


def test_nobody_enters_twice() -> None:
    """Not even where admission is not asked."""
    line = OmnichannelQueue([Queue("cards"), Queue("general")])
    line.enter(Contact("c1"), "cards", 0)
    assert "contact 'c1' is in a queue already; ids are used once" == refused(
        lambda: line.enter(Contact("c1"), "general", 0)
    )


def test_two_queues_of_one_id_are_refused() -> None:
    """Ids are used once."""
    assert "Queue.id: two queues have the id 'a'; ids are used once" == refused(
        lambda: OmnichannelQueue([Queue("a"), Queue("a", "vi")])
    )


def test_a_removed_queue_is_gone() -> None:
    """An empty queue to which nothing leads can go."""
    line = OmnichannelQueue([Queue("cards", overflow="general"), Queue("general")])
    line.remove("cards")
    assert ["general"] == list(line.queues)
    assert Queue("general") == line.queue("general")
