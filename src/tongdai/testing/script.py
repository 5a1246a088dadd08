"""Tests that read like a transcript: at this instant, do this; that is what happened.

Rule: an expected event is compared by what identifies it, and a failure shows the whole transcript
with a mark where something else was expected.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, TypeAlias

import attrs
import msgspec

from tongdai.center import Center, Decision
from tongdai.center.events import AnyEvent, Event
from tongdai.center.inputs import Input, Tick
from tongdai.center.transcript import line, transcript
from tongdai.errors import IllegalInput
from tongdai.model.time import Instant, checked, clock

Expected: TypeAlias = AnyEvent | tuple[Any, ...]
"""An event, or its kind and what comes first in it: `(ContactOffered, "c1", "an")`."""

_BLANK = " " * 7


@attrs.frozen
class _Told:
    """An event, and where it stands: in which decision, and as which of its events."""

    event: AnyEvent
    decision: int
    number: int


class Script:
    """A center, and what is done to it step by step.

    A step begins with `at`, and `saw` looks at what has happened in the step: deadlines that fell
    due on the way to its instant first. All methods return the script itself, so that a step is one
    line.

    Attributes:
        center: the center.
        decisions: what it has answered so far.
    """

    def __init__(self, center: Center) -> None:
        self.center = center
        self.decisions: list[Decision] = []
        self._now: Instant = center.state.at
        self._step = 0
        self._seen = 0

    def at(self, now: Instant) -> Self:
        """Begin a step: let time pass until an instant.

        Raises:
            IllegalInput: it is over already.
        """
        if checked(now, "Script.at") < self._now:
            raise IllegalInput(
                f"Script.at: {clock(now)} is before {clock(self._now)}; time does not go back"
            )
        self._now = now
        self._step = len(self.decisions)
        self._seen = 0
        self.decisions.append(self.center.handle(Tick(), now))
        return self

    def do(self, *inputs: Input) -> Self:
        """Hand in inputs at the step's instant.

        Raises:
            IllegalInput: the center cannot take one of them.
        """
        for input in inputs:
            self.decisions.append(self.center.handle(input, self._now))
        return self

    def saw(self, *expected: Expected) -> Self:
        """State that these events happened in this step, in this order, among others perhaps.

        A second `saw` in one step goes on where the first one ended. Of an event that is given as
        a value, fields that have their default are not compared, nor is when or why it happened.

        Raises:
            AssertionError: one of them did not happen; the text is the transcript.
        """
        told = self._told()
        for one in expected:
            _check(one)
            found = next(
                (at for at in range(self._seen, len(told)) if _fits(one, told[at].event)), None
            )
            if found is None:
                raise AssertionError(self._failure(told, self._seen, one))
            self._seen = found + 1
        return self

    def saw_only(self, *expected: Expected) -> Self:
        """State that these events happened in this step, in this order, and no others.

        Raises:
            AssertionError: something else happened; the text is the transcript.
        """
        told = self._told()
        for place, one in enumerate(expected):
            _check(one)
            if place >= len(told) or not _fits(one, told[place].event):
                raise AssertionError(self._failure(told, place, one))
        if len(told) > len(expected):
            raise AssertionError(self._failure(told, len(expected), None))
        self._seen = len(told)
        return self

    def __str__(self) -> str:
        """Give the transcript so far."""
        return "\n".join(str(decision) for decision in self.decisions if _shown(decision))

    def _told(self) -> list[_Told]:
        return [
            _Told(event, place, number)
            for place, decision in enumerate(self.decisions)
            if place >= self._step
            for number, event in enumerate(decision.events)
        ]

    def _failure(self, told: Sequence[_Told], place: int, missing: Expected | None) -> str:
        """Return the transcript with a mark after the first `place` events of the step."""
        if missing is None:
            here = told[place]
            mark, after = "  <- not expected", (here.decision, here.number + 1)
        else:
            mark = f"\n{_BLANK}  < {_words(missing)}  <- expected here"
            after = (
                (told[place - 1].decision, told[place - 1].number + 1)
                if place
                else (max(self._step, len(self.decisions) - 1), 0)
            )
        lines = [
            _marked(decision, after[1], mark) if number == after[0] else str(decision)
            for number, decision in enumerate(self.decisions)
            if _shown(decision) or number == after[0]
        ]
        what = "something else happened" if missing is None else f"no {_words(missing)}"
        return "\n".join([what, *lines])


def _shown(decision: Decision) -> bool:
    return bool(decision.events) or not isinstance(decision.input, Tick)


def _marked(decision: Decision, events: int, mark: str) -> str:
    """Return a decision's transcript with a mark behind so many of its events."""
    told = decision.events[:events]
    until = transcript(decision.input, decision.now, told, (), repeat=decision.repeat)
    return until + mark + str(decision).removeprefix(until)


def _check(expected: Expected) -> None:
    kind = expected[0] if isinstance(expected, tuple) and expected else type(expected)
    if not (isinstance(kind, type) and issubclass(kind, Event)):
        raise TypeError(
            f"{expected!r} is no event; write one, or a tuple such as (ContactOffered, 'c1', 'an')"
        )


def _fits(expected: Expected, event: AnyEvent) -> bool:
    if isinstance(expected, tuple):
        kind, *first = expected
        names = kind.__match_args__[: len(first)]
        return type(event) is kind and [getattr(event, name) for name in names] == first
    if type(event) is not type(expected):
        return False
    fields = {field.name: field.default for field in msgspec.structs.fields(expected)}
    return all(
        getattr(event, name) == getattr(expected, name)
        for name in type(expected).__match_args__
        if getattr(expected, name) != fields[name]
    )


def _words(expected: Expected) -> str:
    if isinstance(expected, tuple):
        kind, *first = expected
        return " ".join([kind.__name__, *(str(getattr(part, "id", part)) for part in first)])
    return line(expected)
