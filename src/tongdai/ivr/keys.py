"""What keys mean for the question at hand.

Rule: pure reading; time and counters are the machine's. A key, or silence, leads to one verdict:

- `more`: a further key may come;
- `filled`: the answer is complete;
- `no_match`: there is something, but no answer;
- `no_input`: there is nothing (a terminator alone is nothing);
- `cancelled`: what was keyed so far is thrown away;
- `other`: the key means nothing here, so it may mean something in the whole flow.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Protocol, TypeAlias

Verdict: TypeAlias = Literal["more", "filled", "no_match", "no_input", "cancelled", "other"]

_DIGITS = frozenset("0123456789")


class Keying(Protocol):
    """How a question reads keys."""

    terminator: str

    def key(self, keys: str, key: str) -> Verdict:
        """Return what one more key makes of what is keyed so far (`keys`, without it)."""
        ...

    def silence(self, keys: str) -> Verdict:
        """Return what is keyed so far amounts to when no further key comes."""
        ...


class Digits:
    """So many digits, as a `Collect` wants them."""

    __slots__ = ("cancel", "longest", "shortest", "terminator")

    def __init__(self, shortest: int, longest: int, terminator: str, cancel: str = "") -> None:
        self.shortest = shortest
        self.longest = longest
        self.terminator = terminator
        self.cancel = cancel

    def key(self, keys: str, key: str) -> Verdict:
        """Return what one more key makes of what is keyed so far."""
        if key == self.terminator:
            return self.silence(keys)
        if key == self.cancel:
            return "cancelled"
        if key not in _DIGITS:
            return "no_match" if keys else "other"
        if len(keys) + 1 < self.longest:
            return "more"
        return "filled" if len(keys) + 1 == self.longest else "no_match"

    def silence(self, keys: str) -> Verdict:
        """Return what is keyed so far amounts to when no further key comes."""
        if not keys:
            return "no_input"
        return "filled" if self.shortest <= len(keys) <= self.longest else "no_match"


class Choosing:
    """One of several keys or rows of keys, as a `Menu` wants them.

    A row is complete as soon as no other row begins with it: `1` beside `12` needs silence or the
    terminator.
    """

    __slots__ = ("_beginnings", "_rows", "terminator")

    def __init__(self, rows: Iterable[str], terminator: str) -> None:
        self._rows = frozenset(rows)
        self._beginnings = frozenset(row[:end] for row in self._rows for end in range(1, len(row)))
        used = any(terminator in row for row in self._rows)
        self.terminator = "" if used else terminator

    def key(self, keys: str, key: str) -> Verdict:
        """Return what one more key makes of what is keyed so far."""
        if key == self.terminator:
            return self.silence(keys)
        row = keys + key
        if row in self._beginnings:
            return "more"
        if row in self._rows:
            return "filled"
        return "no_match" if keys else "other"

    def silence(self, keys: str) -> Verdict:
        """Return what is keyed so far amounts to when no further key comes."""
        if not keys:
            return "no_input"
        return "filled" if keys in self._rows else "no_match"
