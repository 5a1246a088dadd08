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
        groups: ids of observations; together within a group, apart across groups.
        by: who decided.
    """

    number: int
    kind: str
    groups: tuple[tuple[str, ...], ...]
    by: str

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
        """Return the observations that decisions name: these are records of their own."""
        return {id for decision in self.known.values() for group in decision.groups for id in group}

    def settle(self, where: Mapping[str, Record]) -> None:
        """Read the decisions anew, the newest first; what contradicts a newer one gives way."""
        self.linked.clear()
        self.sides.clear()
        self._together = []
        apart = set[frozenset[str]]()
        joined = set[frozenset[str]]()
        for number in sorted(self.known, reverse=True):
            decision = self.known[number]
            for side, group in enumerate(decision.groups):
                for id in group:
                    others = [
                        other
                        for place, ids in enumerate(decision.groups)
                        if place != side
                        for other in ids
                    ]
                    if any(frozenset((id, other)) in joined for other in others):
                        continue
                    apart.update(frozenset((id, other)) for other in others)
                    if len(decision.groups) > 1:
                        self.sides.setdefault(where[id], {})[number] = side
                first = group[0]
                members = [first]
                for id in group[1:]:
                    if frozenset((first, id)) not in apart:
                        joined.add(frozenset((first, id)))
                        members.append(id)
                records = tuple(dict.fromkeys(where[id] for id in members))
                self._together.append((number, records))
                for record in records:
                    self.linked.setdefault(record, []).extend(records)

    def together(self, records: Iterable[Record]) -> list[tuple[Record, ...]]:
        """Return the groups that concern some records, the newest decision first."""
        wanted = set(records)
        return [group for _, group in self._together if wanted.intersection(group)]
