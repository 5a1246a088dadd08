"""A naive collector of keys, written from the rules alone, timer by timer.

It knows nothing of sessions, events or nodes: one question, a clock that is told, named timers in a
dictionary, and a log of what came of it. A second question behind the first one shows which keys
get there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Log = list[tuple[Any, ...]]


@dataclass
class Question:
    """What the collector asks for: digits, or one of several rows of keys."""

    tries: int
    within: int
    between: int
    terminator: str
    barge_in: bool
    shortest: int = 1
    longest: int = 1
    cancel: str = ""
    rows: tuple[str, ...] = ()

    def taken(self, keys: str, key: str) -> str:
        """Say what a key does: `end`, `cancel`, `fill`, `wait` or `wrong`."""
        if key == self.ending():
            return "end"
        return self._row(keys + key) if self.rows else self._digit(keys, key)

    def _row(self, row: str) -> str:
        if any(other.startswith(row) for other in self.rows if other != row):
            return "wait"
        return "fill" if row in self.rows else "wrong"

    def _digit(self, keys: str, key: str) -> str:
        if key == self.cancel:
            return "cancel"
        if key not in "0123456789":
            return "wrong"
        return "fill" if len(keys) + 1 == self.longest else "wait"

    def complete(self, keys: str) -> bool:
        """Say whether the keys are an answer."""
        return keys in self.rows if self.rows else len(keys) >= self.shortest

    def ending(self) -> str:
        """Give the terminator that counts."""
        return "" if any(self.terminator in row for row in self.rows) else self.terminator


@dataclass
class Naive:
    """One call: a question, and the one behind it."""

    question: Question
    log: Log = field(default_factory=list[tuple[Any, ...]])
    timers: dict[str, int] = field(default_factory=dict[str, int])
    playing: bool = False
    keys: str = ""
    ahead: str = ""
    misses: dict[str, int] = field(default_factory=lambda: {"no_input": 0, "no_match": 0})
    place: str = "first"
    swallows: int = 0

    def start(self, now: int) -> None:
        """Begin the call."""
        self._ask(now)

    def pass_time(self, now: int) -> None:
        """Let every timer up to now fire, each at its own instant."""
        while self.timers and min(self.timers.values()) <= now:
            name, due = min(self.timers.items(), key=lambda item: item[1])
            del self.timers[name]
            if self.keys and self.question.complete(self.keys):
                self._fill(due, self.keys, late=False)
            elif self.keys:
                self._miss(due, "no_match", self.keys)
            else:
                self._miss(due, "no_input", "")

    def press(self, now: int, key: str) -> None:
        """Press a key."""
        self.pass_time(now)
        if self.place == "over":
            return
        if self.swallows > now and key == self.question.ending():
            self.swallows = 0
        elif self.place == "second":
            self._reach(now, key)
        elif not self.playing:
            self._key(now, key)
        elif self.question.barge_in:
            self.playing = False
            self._key(now, key)
        elif len(self.ahead) < 32:
            self.ahead += key

    def prompt_done(self, now: int) -> None:
        """Come to the end of the prompt."""
        self.pass_time(now)
        if self.playing and self.place == "first":
            self.playing = False
            if self.ahead:
                self._drain(now)
            else:
                self.timers["first"] = now + self.question.within

    def _ask(self, now: int) -> None:
        self.keys = ""
        self.timers.clear()
        self.playing = True
        if self.ahead and self.question.barge_in:
            self.playing = False
            self._drain(now)

    def _drain(self, now: int) -> None:
        while self.ahead and self.place == "first" and not self.playing:
            key, self.ahead = self.ahead[0], self.ahead[1:]
            self._key(now, key)

    def _key(self, now: int, key: str) -> None:
        actions: dict[str, Callable[[], None]] = {
            "wait": lambda: self._more(now, key),
            "fill": lambda: self._fill(now, self.keys + key, late=True),
            "cancel": lambda: self._cancel(now),
            "end": lambda: self._end(now),
            "wrong": lambda: self._miss(now, "no_match", self.keys + key),
        }
        actions[self.question.taken(self.keys, key)]()

    def _more(self, now: int, key: str) -> None:
        self.keys += key
        self.timers = {"next": now + self.question.between}

    def _cancel(self, now: int) -> None:
        self.keys = ""
        self.timers = {"first": now + self.question.within}

    def _end(self, now: int) -> None:
        if not self.keys:
            self._miss(now, "no_input", "")
        elif self.question.complete(self.keys):
            self._fill(now, self.keys, late=False)
        else:
            self._miss(now, "no_match", self.keys)

    def _miss(self, now: int, kind: str, heard: str) -> None:
        self.misses[kind] += 1
        self.log.append((now, kind, self.misses[kind], heard))
        if kind == "no_match":
            self.ahead = ""
        if self.misses[kind] == self.question.tries:
            self.log.append((now, "exhausted"))
            self.timers.clear()
            self.place = "over"
        else:
            self._ask(now)

    def _fill(self, now: int, keys: str, *, late: bool) -> None:
        self.log.append((now, "filled", keys))
        self.timers.clear()
        self.playing = False
        self.place = "second"
        ending = self.question.ending()
        if late and ending and self.ahead[:1] == ending:
            self.ahead, late = self.ahead[1:], False
        self.swallows = now + 1_000_000 if late and ending else 0
        if self.ahead:
            self._reach(now, self.ahead[0])

    def _reach(self, now: int, key: str) -> None:
        self.log.append((now, "reached", key))
        self.place = "over"
