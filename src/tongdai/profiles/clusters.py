"""Which records of one neighbourhood are one person.

Rule: the answer depends on the neighbourhood's records, the evidence between them and what people
decided, and on nothing else. Decisions join first, then verified ids, then evidence from the
strongest down (equal evidence in the order of the records' content). Two groups are joined unless
a decision, two different verified ids or a limit forbids it, or the evidence between *all* their
records, those that nothing proposed to compare included, speaks against it on the whole: one shared
value between two crowds makes no person of them. Two of their records whose names conflict over a
shared value keep them apart, unless a fuller name among them has room for both: `Olver Hugues` and
`Oliver Hguehes` are one beside `Oliver Hughes`.
"""

from __future__ import annotations

from itertools import pairwise, product
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from tongdai.profiles.records import VERIFIED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tongdai.profiles.candidates import Index
    from tongdai.profiles.decisions import Decisions
    from tongdai.profiles.evidence import Scorer
    from tongdai.profiles.names import Name
    from tongdai.profiles.policy import Policy
    from tongdai.profiles.records import Record

MOST_NAMES: Final = 12  # different ones in two groups, beyond which a conflict stays one
MOST_PAIRS: Final = 400  # compared between two groups; of larger ones a sample by content


class Cluster:
    """Records that are one person.

    Attributes:
        records: ordered by content.
        first: the oldest observation, as instant and id; it gives the profile its id.
        crowd: whether it is a single record whose observations are different people's.
    """

    __slots__ = ("crowd", "first", "records")

    def __init__(self, records: Iterable[Record]) -> None:
        """Keep the records."""
        self.records: Final = tuple(sorted(records, key=attrgetter("digest")))
        self.first: tuple[int, str] = min(record.first for record in self.records)
        self.crowd: Final = len(self.records) == 1 and self.records[0].crowd

    @property
    def id(self) -> str:
        """The profile's id."""
        return f"p/{self.first[1]}"

    def ids(self) -> list[str]:
        """Return the ids of its profiles: one, unless it is a crowd."""
        if self.crowd:
            return sorted(f"p/{id}" for id in self.records[0].observations)
        return [self.id]


class _Group:
    """A cluster in the making, with what could forbid to join it to another."""

    __slots__ = ("members", "sides", "values", "verified")

    def __init__(self, record: Record, sides: Mapping[int, int], policy: Policy) -> None:
        self.members = [record]
        self.sides: dict[int, int] = dict(sides)
        self.verified: dict[str, list[frozenset[str]]] = {}
        for key, sure in record.ids.items():
            scheme, scope, _ = key.split("|", 2)
            if sure == VERIFIED and scheme in policy.exclusive:
                place = f"{scheme}|{scope}"
                held = self.verified.get(place)
                # (one record with two ids of a scheme tells that the one follows the other)
                self.verified[place] = [held[0] | {key}] if held else [frozenset([key])]
        self.values: dict[str, frozenset[str]] = {}
        for scheme in policy.limits:
            if scheme == "phone":
                self.values[scheme] = frozenset(record.phones)
            elif scheme == "email":
                self.values[scheme] = frozenset(record.emails)
            else:
                self.values[scheme] = frozenset(
                    key for key in record.ids if key.startswith(f"{scheme}|")
                )

    def forbids(self, other: _Group, policy: Policy) -> bool:
        """Tell whether a decision, two verified ids or a limit keeps two groups apart."""
        sides = self.sides
        if sides and other.sides:
            for decision, side in other.sides.items():
                if sides.get(decision, side) != side:
                    return True
        if self.verified and other.verified:
            for place, groups in other.verified.items():
                own = self.verified.get(place)
                if own and len(_chained([*own, *groups])) > 1:
                    return True
        for scheme, limit in policy.limits.items():
            one, two = self.values[scheme], other.values[scheme]
            if one and two and not one >= two and not two >= one and len(one | two) > limit:
                return True
        return False

    def join(self, other: _Group) -> None:
        """Take the other group in."""
        self.members += other.members
        self.sides |= other.sides
        for place, groups in other.verified.items():
            self.verified[place] = _chained([*self.verified.get(place, ()), *groups])
        for scheme, values in other.values.items():
            self.values[scheme] |= values


def _chained(groups: list[frozenset[str]]) -> list[frozenset[str]]:
    """Join sets that overlap."""
    out: list[frozenset[str]] = []
    for group in groups:
        together = group
        rest: list[frozenset[str]] = []
        for known in out:
            if known & together:
                together |= known
            else:
                rest.append(known)
        out = [*rest, together]
    return out


class Clusterer:
    """Clusters neighbourhoods."""

    def __init__(self, policy: Policy, scorer: Scorer, index: Index, decisions: Decisions) -> None:
        """Keep what it reads."""
        self._policy: Final = policy
        self._scorer: Final = scorer
        self._index: Final = index
        self._decisions: Final = decisions

    def neighbourhood(self, start: Record, most: int) -> set[Record] | None:
        """Return all records that evidence or must-links connect to one; `None` if too many."""
        merge = self._scorer.merge
        seen = {start}
        todo = [start]
        ids = set[str]()
        while todo:
            record = todo.pop()
            linked = [other for other, tenths in record.near.items() if tenths >= merge]
            if record.ids or self._decisions.linked:
                linked += self._must(record, ids)
            for other in linked:
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
            if len(seen) > most:
                return None
        return seen

    def _must(self, record: Record, seen: set[str]) -> Iterable[Record]:
        """Return whom a record must be joined to, by verified ids not seen yet and decisions."""
        found: list[Record] = []
        for key, sure in record.ids.items():
            if sure == VERIFIED and key not in seen:
                seen.add(key)
                found += [
                    other for other in self._index.holders(f"i{key}") if other.ids[key] == VERIFIED
                ]
        if self._decisions.linked:
            found += self._decisions.linked.get(record, ())
        return found

    def cluster(self, records: Collection[Record]) -> list[Cluster]:
        """Return the clusters of a whole neighbourhood."""
        if len(records) == 1 or (len(records) == 2 and self._is_pair(*records)):  # noqa: PLR2004
            return [Cluster(records)]
        policy, merge = self._policy, self._scorer.merge
        sides = self._decisions.sides
        ordered = sorted(records, key=attrgetter("digest"))
        group = {record: _Group(record, sides.get(record, {}), policy) for record in ordered}
        for one, two in self._musts(ordered):
            a, b = group[one], group[two]
            if a is not b and not a.forbids(b, policy):
                _join(a, b, group)
        edges = [
            (-tenths, record, other)
            for record in ordered
            for other, tenths in record.near.items()
            if tenths >= merge and record < other
        ]
        edges.sort()
        memo: dict[tuple[Record, Record], tuple[int, bool]] = {}
        for _, one, two in edges:
            a, b = group[one], group[two]
            if a is b or a.forbids(b, policy):
                continue
            if self._speaks_for(a, b, memo):
                _join(a, b, group)
        return [Cluster(found.members) for found in dict.fromkeys(group.values())]

    def _is_pair(self, one: Record, two: Record) -> bool:
        """Tell whether two records are one person and nothing could forbid it: the usual case."""
        return (
            one.near.get(two, -1) >= self._scorer.merge
            and not (one.ids and two.ids)
            and not self._policy.limits
            and not self._decisions.sides
        )

    def _musts(self, ordered: list[Record]) -> Iterable[tuple[Record, Record]]:
        if self._decisions.linked:
            within = set(ordered)
            for together in self._decisions.together(ordered):
                yield from pairwise([record for record in together if record in within])
        by_id: dict[str, list[Record]] = {}
        for record in ordered:
            for key, sure in record.ids.items():
                if sure == VERIFIED:
                    by_id.setdefault(key, []).append(record)
        for key in sorted(by_id):
            yield from pairwise(by_id[key])

    def _speaks_for(
        self, a: _Group, b: _Group, memo: dict[tuple[Record, Record], tuple[int, bool]]
    ) -> bool:
        """Tell whether the mean evidence between two groups' records is positive."""
        if len(a.members) == 1 == len(b.members):
            return True
        pairs = list(product(a.members, b.members))
        if len(pairs) > MOST_PAIRS:
            most = max(1, MOST_PAIRS // min(len(a.members), len(b.members), 20))
            pairs = list(product(sorted(a.members)[:most], sorted(b.members)[:most]))[:MOST_PAIRS]
        prior = self._scorer.prior  # (once for the two groups, not for each pair of records)
        names = _names(a), _names(b)
        bridged: dict[tuple[str, str], bool] = {}
        agreed: dict[tuple[str, str], tuple[Name, Name]] = {}
        for one, two in pairs:
            if one.near.get(two, -1) >= self._scorer.merge and one.name and two.name:
                # (if they conflict, they are one person's all the same, by date of birth or id)
                agreed[one.name.key, two.name.key] = one.name, two.name
        total = 0
        for one, two in pairs:
            tenths = one.near.get(two, 0)
            if tenths < self._scorer.merge:
                pair = (one, two) if one < two else (two, one)
                known = memo.get(pair)
                if known is None:
                    known = memo[pair] = self._between(one, two)
                tenths, never = known
                if never and not self._bridged(one.name, two.name, names, agreed, bridged):
                    return False
            if tenths < self._scorer.against:
                return False
            total += tenths - prior
        return total + prior > 0

    def _bridged(
        self,
        one: Name | None,
        two: Name | None,
        names: tuple[Mapping[str, Name], Mapping[str, Name]],
        agreed: Mapping[tuple[str, str], tuple[Name, Name]],
        known: dict[tuple[str, str], bool],
    ) -> bool:
        """Tell whether the groups' other names explain how one person has two that conflict."""
        if one is None or two is None:
            return False
        both = one.key, two.key
        if both not in known:
            known[both] = both in agreed or self._explained(one, two, *names, agreed)
        return known[both]

    def _explained(
        self,
        one: Name,
        two: Name,
        ours: Mapping[str, Name],
        theirs: Mapping[str, Name],
        agreed: Mapping[tuple[str, str], tuple[Name, Name]],
    ) -> bool:
        compare = self._scorer.names
        if len(ours) + len(theirs) > MOST_NAMES or not compare(one, two).conflict:
            return False
        most = max(len(one.words), len(two.words), 2)
        return (
            # a fuller name has room for both
            any(
                _whole(name, most)
                and not compare(one, name).conflict
                and not compare(two, name).conflict
                for name in (*ours.values(), *theirs.values())
            )
            # or the one group goes by the other's name too
            or any(
                len(name.words) == len(other.words)
                and _whole(name, 2)
                and not compare(other, name).conflict
                for other, names in ((one, theirs), (two, ours))
                for name in names.values()
            )
            # or two names like these are one person's for a better reason
            or any(
                compare(x, y).conflict
                and len(x.words) == len(one.words)
                and len(y.words) == len(two.words)
                and _whole(x, 2)
                and _whole(y, 2)
                and not compare(one, x).conflict
                and not compare(two, y).conflict
                for x, y in agreed.values()
            )
        )

    def _between(self, one: Record, two: Record) -> tuple[int, bool]:
        scorer = self._scorer
        tenths, never = scorer.weigh(one, two)
        if not self._index.proposes(one, two):
            tenths = min(scorer.prior, tenths) + scorer.missing
        return tenths, never


def _names(group: _Group) -> dict[str, Name]:
    return {record.name.key: record.name for record in group.members if record.name is not None}


def _whole(name: Name, most: int) -> bool:
    """Tell whether a name has so many words, and no initials, which have room for anybody."""
    return len(name.words) >= most and min(map(len, name.words)) > 1


def _join(a: _Group, b: _Group, group: dict[Record, _Group]) -> None:
    if len(a.members) < len(b.members):
        a, b = b, a
    a.join(b)
    for record in b.members:
        group[record] = a
