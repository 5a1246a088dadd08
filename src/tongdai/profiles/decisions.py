"""What people decided about who is who.

Rule: a decision names observations in groups. Within a group they are one person, across the groups
they are different ones, whatever the evidence says, now and after every later ingest. To link is
one group, to unlink two; to undo a merge names both sides as they were. The newest decision about
two observations holds, by its number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongdai.model.personal import Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tongdai.profiles.records import Record


class Decision(Value, frozen=True):
    """Somebody's word on who is who.

    Attributes:
        number: counts up; larger is newer.
        kind: `link`, `unlink` or `undo`.
        groups: ids of observations; together within a group, apart across groups. Equals of one
            that is named once, in a single group, go with it.
        by: who decided.
        own: those of a single group whose equals do not go with them.
    """

    number: int
    kind: str
    groups: tuple[tuple[str, ...], ...]
    by: str
    own: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What `undo` takes."""
        return f"d/{self.number}"


class Decisions:
    """All decisions, by record.

    Attributes:
        linked: whom a record must be joined to.
        sides: on which side of which decision a record stands.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.known: Final[dict[int, Decision]] = {}
        self.linked: Final[dict[Record, list[Record]]] = {}
        self.sides: Final[dict[Record, dict[int, int]]] = {}
        self._together: list[tuple[int, tuple[Record, ...]]] = []

    def own(self) -> set[str]:
        """Return the observations that must be records of their own."""
        found = set[str]()
        for decision in self.known.values():
            found.update(decision.own)
            if len(decision.groups) > 1:
                for group in decision.groups:
                    found.update(group)
        return found

    def settle(self, where: Mapping[str, Record]) -> None:
        """Read the decisions anew, the newest first; what contradicts a newer one gives way."""
        self.linked.clear()
        self.sides.clear()
        self._together = []
        joined = _Joined()
        newer: list[dict[str, int]] = []
        for number in sorted(self.known, reverse=True):
            decision = self.known[number]
            sides = _sides(decision, joined)
            if len(set(sides.values())) > 1:
                newer.append(sides)
                for id, side in sides.items():
                    self.sides.setdefault(where[id], {})[number] = side
            for group in decision.groups:
                members = [group[0]]
                for id in group[1:]:
                    if not any(_differ(known, group[0], id) for known in newer):
                        joined.join(group[0], id)
                        members.append(id)
                records = tuple(dict.fromkeys(where[id] for id in members))
                if len(records) > 1:
                    self._together.append((number, records))
                    for record in records:
                        self.linked.setdefault(record, []).extend(records)

    def together(self, records: Iterable[Record]) -> list[tuple[Record, ...]]:
        """Return the groups that concern some records, the newest decision first."""
        wanted = set(records)
        return [group for _, group in self._together if wanted.intersection(group)]


class _Joined:
    """Which observations newer decisions join, directly or over others."""

    def __init__(self) -> None:
        self._over: dict[str, str] = {}

    def root(self, id: str) -> str:
        while id in self._over:
            id = self._over[id]
        return id

    def join(self, one: str, two: str) -> None:
        a, b = self.root(one), self.root(two)
        if a != b:
            self._over[b] = a


def _sides(decision: Decision, joined: _Joined) -> dict[str, int]:
    """Return on which side each observation stands; sides that a newer decision joins are one."""
    side_of: dict[str, int] = {}
    same = list(range(len(decision.groups)))
    for side, group in enumerate(decision.groups):
        for id in group:
            first = side_of.setdefault(joined.root(id), side)
            old, new = same[side], same[first]
            if old != new:
                same = [new if one == old else one for one in same]
    return {id: same[side] for side, group in enumerate(decision.groups) for id in group}


def _differ(sides: Mapping[str, int], one: str, two: str) -> bool:
    return one in sides and two in sides and sides[one] != sides[two]
