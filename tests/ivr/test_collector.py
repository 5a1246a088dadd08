"""The machine reads keys as a naive collector does, whatever comes when."""

from __future__ import annotations

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ivr.collector import Log, Naive, Question
from tongdai.ivr import (
    Choice,
    Collect,
    End,
    Flow,
    Machine,
    Menu,
    Press,
    Prompt,
    PromptDone,
    Session,
    TimerFired,
    Turn,
)
from tongdai.ivr.effects import Play
from tongdai.ivr.events import AnyEvent, Collected, Moved, NoInputCounted, NoMatchCounted
from tongdai.model.time import Duration, hours

KEYS = "0123456789*#"

spans = st.integers(1, 6).map(lambda number: number * 500_000)
rows = st.lists(st.text("12#", min_size=1, max_size=3), min_size=1, max_size=4, unique=True)


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """Draw a question of either kind."""
    question = Question(
        tries=draw(st.integers(1, 4)),
        within=draw(spans),
        between=draw(spans),
        terminator=draw(st.sampled_from(["#", "*", ""])),
        barge_in=draw(st.booleans()),
    )
    if draw(st.booleans()):
        question.rows = tuple(draw(rows))
    else:
        question.shortest = draw(st.integers(1, 3))
        question.longest = draw(st.integers(question.shortest, 4))
        cancel = draw(st.sampled_from(["", "*", "#"]))
        question.cancel = "" if cancel == question.terminator else cancel
    return question


def flow_of(question: Question) -> Flow:
    """Return a flow that asks this question, and behind it one that any key answers."""
    ask = Prompt("first", barge_in=question.barge_in)
    within, between = Duration(question.within), Duration(question.between)
    first: Menu | Collect
    if question.rows:
        first = Menu(
            ask,
            {row: Choice("second") for row in question.rows},
            tries=question.tries,
            within=within,
            between=between,
            terminator=question.terminator,
            exhausted="end",
        )
    else:
        first = Collect(
            "digits",
            ask,
            shortest=question.shortest,
            longest=question.longest,
            tries=question.tries,
            within=within,
            between=between,
            terminator=question.terminator,
            cancel=question.cancel,
            done="second",
            exhausted="end",
        )
    second = Menu("second", dict.fromkeys(KEYS, "end"), within=hours(1))
    return Flow("f", start="first", nodes={"first": first, "second": second, "end": End()})


class Live:
    """The same call in the machine, restored from bytes before every step."""

    def __init__(self, question: Question, *, timers: bool) -> None:
        self.machine = Machine([flow_of(question)])
        self.rows = question.rows
        self.timers = timers
        self.log: Log = []
        self.token = ""
        self.turn = self._seen(self.machine.start("f", session="s", now=0))

    def press(self, key: str, now: int) -> None:
        """Press a key, with the timers that fall due before it delivered, or not."""
        if self.timers:
            self.catch_up(now)
        self._step(Press(key), now)

    def prompt_done(self, now: int) -> None:
        """Come to the end of the prompt that is played by then."""
        self.catch_up(now)
        self._step(PromptDone(self.token), now)

    def catch_up(self, now: int) -> None:
        """Deliver the timers that are due by now, each at its own instant."""
        while 0 < self.session.timer and self.session.until <= now:
            token = self.session.token(self.session.timer)
            self._step(TimerFired(token), self.session.until)

    @property
    def session(self) -> Session:
        """The session as it is now."""
        return self.turn.session

    def _step(self, input: Any, now: int) -> None:  # noqa: ANN401
        restored = Session.decode(self.session.encode())
        turn = self.machine.step(self.session, input, now)
        assert turn == self.machine.step(restored, input, now)
        self.turn = self._seen(turn)

    def _seen(self, turn: Turn) -> Turn:
        for effect in turn.effects:
            if isinstance(effect, Play):
                self.token = effect.token
        for event in turn.events:
            self._read(event)
        return turn

    def _read(self, event: AnyEvent) -> None:
        if isinstance(event, NoInputCounted):
            self.log.append((event.at, "no_input", event.count, ""))
        elif isinstance(event, NoMatchCounted):
            self.log.append((event.at, "no_match", event.count, event.heard))
        elif isinstance(event, Collected):
            self.log.append((event.at, "filled", event.value))
        elif isinstance(event, Moved) and event.outcome == "exhausted":
            self.log.append((event.at, "exhausted"))
        elif isinstance(event, Moved) and event.node == "second":
            self.log.append((event.at, "reached", event.outcome[len("choices[") : -1]))
        elif isinstance(event, Moved) and self.rows:
            self.log.append((event.at, "filled", event.outcome[len("choices[") : -1]))


def moment(naive: Naive, now: int, chance: Random) -> int:
    """Return when the next thing happens: close to something that is due, now, or later."""
    due = [*naive.timers.values(), naive.swallows]
    close = [one for at in due for one in (at - 1, at, at + 1) if one >= now]
    if close and chance.random() < 0.5:
        return chance.choice(close)
    return now + chance.choice([0, 1, chance.randrange(4_000_000)])


@settings(max_examples=10 * settings().max_examples)
@given(questions(), st.booleans(), st.integers(0, 2**63))
def test_the_machine_agrees_with_the_naive_collector(
    question: Question,
    timers: bool,  # noqa: FBT001 - drawn
    seed: int,
) -> None:
    """Also a microsecond before, at and after each deadline; timers delivered or not."""
    chance = Random(seed)  # noqa: S311 - a sequence to try, nothing to hide
    keys = [*KEYS, *"1122", *[question.ending() or "1"] * 8]
    naive = Naive(question)
    naive.start(0)
    live = Live(question, timers=timers)
    now = 0
    for _ in range(20):
        now = moment(naive, now, chance)
        if chance.random() < 0.3:
            live.prompt_done(now)
            naive.prompt_done(now)
        else:
            key = chance.choice(keys)
            live.press(key, now)
            naive.press(now, key)
        assert naive.log == live.log
