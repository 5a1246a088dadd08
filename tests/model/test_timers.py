"""Timers against a sorted list."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tongdai.model.timers import Timers


class TimersAndAList(RuleBasedStateMachine):
    """Timers are started, die and are asked, in any order; the list knows the answers."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__()
        self.living: set[int] = set()
        self.timers: Timers[int] = Timers(self.living.__contains__)
        self.list: list[tuple[int, int]] = []
        self.started = 0
        self.now = 0

    @property
    def expected(self) -> list[tuple[int, int]]:
        """Return deadline and number of the living, earliest first; the list itself forgets."""
        return sorted(entry for entry in self.list if entry[1] in self.living)

    @rule(length=st.integers(-5, 40), apart=st.sampled_from([0, 0, 100, 1000]))
    def start(self, length: int, apart: int) -> None:
        """A timer of any length, also one that is overdue."""
        self.started += 1
        self.living.add(self.started)
        self.list.append((self.now + length + apart, self.started))
        self.timers.start(self.now, self.now + length + apart, self.started)

    @rule(lengths=st.integers(60, 100))
    def start_many(self, lengths: int) -> None:
        """More lengths than have a line of their own."""
        for length in range(lengths):
            self.start(2 * length, 0)

    @rule(chance=st.randoms(use_true_random=False))
    def die(self, chance: object) -> None:
        """The state lets a timer die, wherever it stands."""
        choose = getattr(chance, "choice")  # noqa: B009 - Hypothesis gives it no type
        if self.living:
            self.living.discard(choose(sorted(self.living)))

    @rule(passes=st.integers(0, 30), backwards=st.booleans())
    def time_passes(self, passes: int, backwards: bool) -> None:  # noqa: FBT001 - a rule's argument
        """Time goes on; a clock may be set back too."""
        self.now += -passes if backwards else passes

    @rule()
    def everything_due_happens(self) -> None:
        """What is due comes earliest first; of two due together, the one started first."""
        expected = [entry for entry in self.expected if entry[0] <= self.now]
        found: list[tuple[int, int]] = []
        while (due := self.timers.due(self.now)) is not None:
            found.append(due)
            self.living.discard(due[1])
        assert expected == found

    @invariant()
    def next_is_the_earliest(self) -> None:
        """The next deadline is the earliest living one, and no bound lies after it."""
        deadlines = [deadline for deadline, _ in self.expected]
        if deadlines:
            assert self.timers.bound <= deadlines[0]
        assert (deadlines[0] if deadlines else None) == self.timers.next()

    @invariant()
    def asking_changes_nothing(self) -> None:
        """What is due stays due until the state lets it die."""
        assert self.timers.due(self.now) == self.timers.due(self.now)


TestTimers = TimersAndAList.TestCase


def test_nothing_is_due_where_nothing_was_started() -> None:
    """No timers: no deadline, and nothing due at any time."""
    timers: Timers[str] = Timers(lambda _: True)
    assert (None, None) == (timers.next(), timers.due(10**18))


def test_the_bound_spares_the_look() -> None:
    """Before the bound nobody is asked whether they live."""
    asked: list[str] = []

    def alive(item: str) -> bool:
        asked.append(item)
        return True

    timers: Timers[str] = Timers(alive)
    timers.start(0, 10, "a")
    assert (None, []) == (timers.due(9), asked)
    assert ((10, "a"), ["a"]) == (timers.due(10), asked)


def test_dead_timers_do_not_pile_up() -> None:
    """However many die behind one that lives, about as many are kept as live."""
    living = {0}
    timers: Timers[int] = Timers(living.__contains__)
    for number in range(10_000):
        living.add(number)
        timers.start(number, number + 10**6, number)
        timers.start(number, number + 10**6 - 3 * (number % 2), -number)  # (some out of order)
        living.discard(number - 1 or -1)
    assert len(timers) < 5_000
    assert timers.due(10**7) == (10**6, 0)
