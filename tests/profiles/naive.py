"""Who is who, worked out from all observations at once, without an index and without memory.

It shares with the resolver how a record is read and how two are weighed; which keys count, who is
compared and what is joined it works out by brute force.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations, pairwise

from tongdai.profiles import Model, Observation, Policy
from tongdai.profiles.candidates import Index
from tongdai.profiles.clusters import MOST_NAMES
from tongdai.profiles.evidence import Scorer
from tongdai.profiles.names import Name
from tongdai.profiles.records import VERIFIED, WEAK, Record, keys


class _Keys(Index):
    """What the scorer asks an index, answered by looking at every record."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self.policy = policy
        self.records: list[Record] = []
        self.scorer = Scorer(Model(), policy, self)

    def people(self, text: str) -> tuple[int, bool]:
        """Count the people whose names hold a key, and tell whether it counts."""
        held = [record for record in self.records if text in record.keys]
        if text[0] not in "pei":
            few = text[0] == "n" or text[0] in WEAK
            most = self.policy.neighbours // 4 if few else self.policy.neighbours
            return 1, len(held) <= max(1, most)
        kept: list[Name] = []
        named = {record.name.key: record.name for record in held if record.name is not None}
        for key in sorted(named, key=lambda one: (-one.count(" "), one)):
            if all(self.scorer.names(named[key], other).conflict for other in kept):
                kept.append(named[key])
        schemes = {"p": "phone", "e": "email", "i": text[1:].partition("|")[0]}
        live = len(kept) <= self.policy.cap(schemes[text[0]])
        return max(1, len(kept)), live and len(held) <= self.policy.holders

    def proposes(self, a: Record, b: Record) -> bool:
        """Tell whether two records share a key that counts."""
        return any(self.people(text)[1] for text in a.keys if text in b.keys)


def partition(rows: Iterable[Observation], policy: Policy) -> set[frozenset[str]]:
    """Return which observations are together."""
    index = _Keys(policy)
    scorer = index.scorer
    by_digest: dict[bytes, Record] = {}
    for row in rows:
        record = Record(row, policy)
        if not (record.phones or record.emails or record.ids) and (
            scorer.weigh(record, record)[0] < scorer.merge
        ):
            record = Record(row, policy, row.id)
        record = by_digest.setdefault(record.digest, record)
        record.observations[row.id] = row.at
        record.keys = keys(record)
    records = index.records = sorted(by_digest.values())
    scores = {
        (a, b): scorer.weigh(a, b)[0] for a, b in combinations(records, 2) if index.proposes(a, b)
    }
    groups = [[record] for record in records]
    must = [
        (a, b)
        for key in sorted({key for record in records for key in record.ids})
        for a, b in _pairs([record for record in records if record.ids.get(key) == VERIFIED])
    ]
    for a, b in must:
        _join(groups, a, b, policy)
    likely = [(-tenths, a, b) for (a, b), tenths in scores.items() if tenths >= scorer.merge]
    for _, a, b in sorted(likely):
        one, two = _group(groups, a), _group(groups, b)
        if one is not two and _speaks(one, two, scores, scorer):
            _join(groups, a, b, policy)
    found = set[frozenset[str]]()
    for group in groups:
        ids = frozenset(id for record in group for id in record.observations)
        alone = group[0] if len(group) == 1 else None
        if (
            alone is None
            or VERIFIED in alone.ids.values()
            or scorer.weigh(alone, alone)[0] >= scorer.merge
        ):
            found.add(ids)
        else:  # (equals that are different people)
            found |= {frozenset([id]) for id in ids}
    return found


def _pairs(records: list[Record]) -> Iterable[tuple[Record, Record]]:
    return pairwise(records)


def _group(groups: list[list[Record]], record: Record) -> list[Record]:
    return next(group for group in groups if record in group)


def _join(groups: list[list[Record]], a: Record, b: Record, policy: Policy) -> None:
    one, two = _group(groups, a), _group(groups, b)
    if one is two:
        return
    joined = [*one, *two]
    if _two_verified(joined, policy):
        return
    for scheme, limit in policy.limits.items():
        values = [_values(record, scheme) for record in joined]
        mine, its = _all(values[: len(one)]), _all(values[len(one) :])
        if len(mine | its) > limit and not mine >= its and not its >= mine:
            return
    groups.remove(one)
    groups.remove(two)
    groups.append(joined)


def _two_verified(joined: list[Record], policy: Policy) -> bool:
    """Tell whether two verified ids of an exclusive scheme meet that nothing connects."""
    held: dict[str, list[set[str]]] = {}
    for record in joined:
        here: dict[str, set[str]] = {}
        for key, sure in record.ids.items():
            scheme, scope, _ = key.split("|", 2)
            if sure == VERIFIED and scheme in policy.exclusive:
                here.setdefault(f"{scheme}|{scope}", set()).add(key)
        for place, ids in here.items():
            held.setdefault(place, []).append(ids)
    for sets in held.values():
        while any(x & y for x, y in combinations(sets, 2)):
            x, y = next((x, y) for x, y in combinations(sets, 2) if x & y)
            sets.remove(x)
            sets.remove(y)
            sets.append(x | y)
        if len(sets) > 1:
            return True
    return False


def _values(record: Record, scheme: str) -> set[str]:
    if scheme == "phone":
        return set(record.phones)
    return {key for key in record.ids if key.startswith(f"{scheme}|")}


def _all(values: Iterable[set[str]]) -> set[str]:
    return {value for several in values for value in several}


def _speaks(
    one: list[Record],
    two: list[Record],
    scores: dict[tuple[Record, Record], int],
    scorer: Scorer,
) -> bool:
    if len(one) == len(two) == 1:
        return True
    names = _names(one), _names(two)
    merged = [
        (a.name, b.name)
        for a in one
        for b in two
        if scores.get((a, b) if a < b else (b, a), -1) >= scorer.merge and a.name and b.name
    ]
    total = scorer.prior
    for a in one:
        for b in two:
            tenths, never = scorer.weigh(a, b)
            if never and not _bridged(a.name, b.name, names, merged, scorer):
                return False
            known = scores.get((a, b) if a < b else (b, a))
            if known is None:
                known = min(scorer.prior, tenths) + scorer.missing
            if known < scorer.against:
                return False
            total += known - scorer.prior
    return total > 0


def _names(records: list[Record]) -> list[Name]:
    return [record.name for record in records if record.name is not None]


def _bridged(
    a: Name | None,
    b: Name | None,
    names: tuple[list[Name], list[Name]],
    merged: list[tuple[Name, Name]],
    scorer: Scorer,
) -> bool:
    ones, twos = names
    if a is None or b is None:
        return False
    if any((x.key, y.key) == (a.key, b.key) for x, y in merged):
        return True
    if not scorer.names(a, b).conflict:
        return False
    keys_one, keys_two = ({name.key for name in names} for names in (ones, twos))
    if len(keys_one) + len(keys_two) > MOST_NAMES:
        return False

    def agree(x: Name, y: Name) -> bool:
        return not scorer.names(x, y).conflict

    fuller = [
        name
        for name in (*ones, *twos)
        if len(name.words) >= max(len(a.words), len(b.words), 2)
        and all(len(word) > 1 for word in name.words)
    ]
    if any(agree(a, name) and agree(b, name) for name in fuller):
        return True

    def alike(x: Name, y: Name) -> bool:
        whole = len(x.words) == len(y.words) >= 2 and all(len(word) > 1 for word in y.words)
        return whole and agree(x, y)

    return (
        any(alike(a, name) for name in twos)
        or any(alike(b, name) for name in ones)
        or any(alike(a, x) and alike(b, y) and not agree(x, y) for x, y in merged)
    )
