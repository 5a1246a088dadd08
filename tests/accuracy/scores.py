"""How right a partition is: precision and recall of its pairs, with intervals.

Rule: pairs of one person are not independent, people are. So an interval (95 %) comes from drawing
*people* again, with replacement, and a wrong pair counts half for each of its two people (the
bootstrap of clusters; Davison and Hinkley, "Bootstrap Methods and their Application", 1997, 3.8).
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from typing import Final, NamedTuple

_DRAWS: Final = 400


class Tally(NamedTuple):
    """One person's pairs: right, wrong (halves), and how many there are."""

    right: int
    wrong: float
    true: int


class Score(NamedTuple):
    """Precision, recall and F1, each with the ends of its interval."""

    precision: tuple[float, float, float]
    recall: tuple[float, float, float]
    f1: tuple[float, float, float]


def tallies(found: Mapping[str, str], true: Mapping[str, str]) -> dict[str, Tally]:
    """Count each person's pairs.

    Args:
        found: a row's group, by the row's id; every row has one.
        true: a row's person, by the row's id.
    """
    sizes = Counter(true.values())
    right = Counter[str]()
    wrong = Counter[str]()  # in halves
    groups: dict[str, list[str]] = defaultdict(list)
    for id, group in found.items():
        groups[group].append(true[id])
    for people in groups.values():
        if len(people) == 1:
            continue
        if len(set(people)) == 1:
            right[people[0]] += len(people) * (len(people) - 1) // 2
            continue
        for one, two in combinations(people, 2):
            if one == two:
                right[one] += 1
            else:
                wrong[one] += 1
                wrong[two] += 1
    return {
        person: Tally(right[person], wrong[person] / 2, size * (size - 1) // 2)
        for person, size in sizes.items()
    }


def score(counts: Mapping[str, Tally], of: Callable[[str], bool] | None = None) -> Score:
    """Return the score over all people, or over some."""
    chosen = [tally for person, tally in counts.items() if of is None or of(person)]
    whole = _measures(chosen)
    chance = random.Random(1)  # noqa: S311 - a sample, not a secret
    drawn = [_measures(chance.choices(chosen, k=len(chosen))) for _ in range(_DRAWS)]
    ends = [sorted(each[place] for each in drawn) for place in range(3)]
    low, high = _DRAWS // 40, _DRAWS - 1 - _DRAWS // 40
    precision, recall, f1 = (
        (whole[place], ends[place][low], ends[place][high]) for place in range(3)
    )
    return Score(precision, recall, f1)


def _measures(chosen: Iterable[Tally]) -> tuple[float, float, float]:
    right = wrong = true = 0.0
    for tally in chosen:
        right += tally.right
        wrong += tally.wrong
        true += tally.true
    precision = right / (right + wrong) if right + wrong else 1.0
    recall = right / true if true else 1.0
    f1 = 2 * right / (right + wrong + true) if right + wrong + true else 1.0
    return precision, recall, f1


def components(ids: Iterable[str], pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return each id's group, where pairs join whatever they connect."""
    parent = {id: id for id in ids}

    def top(id: str) -> str:
        while parent[id] != id:
            parent[id] = id = parent[parent[id]]
        return id

    for one, two in pairs:
        a, b = top(one), top(two)
        if a != b:
            parent[max(a, b)] = min(a, b)
    return {id: top(id) for id in parent}
