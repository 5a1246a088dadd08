"""How long callers are willing to wait, learned from a record in which most were answered first.

Rule: who hung up shows their patience; who was answered only shows that it was longer than the wait
(it is *censored*). The product-limit estimate of E. L. Kaplan and P. Meier ("Nonparametric
Estimation from Incomplete Observations", Journal of the American Statistical Association 53, 1958)
takes both for what they are. Chance is an argument: the same generator gives the same draws.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random

import attrs

ENOUGH = 10  # hang-ups that a type of service needs to have a curve of its own
SHORTEST_MEAN = 60.0  # seconds; for days on which hardly anybody hung up


@attrs.frozen
class Curve:
    """The share of callers who are still willing to wait.

    Attributes:
        steps: (seconds, share whose patience is longer) at each wait at which somebody hung up.
        mean: seconds waited for each hang-up. Beyond the last step the curve says nothing; there
            the rate of hanging up is taken as constant, and this is its inverse.
    """

    steps: tuple[tuple[int, float], ...]
    mean: float

    def share(self, wait: int) -> float:
        """Return the share of callers whose patience is longer than so many seconds."""
        found = 1.0
        for at, left in self.steps:
            if at > wait:
                break
            found = left
        return found

    def draw(self, chance: Random, *, longer_than: int = -1) -> int:
        """Draw a patience in seconds, of somebody known to wait longer than this."""
        level = (1 - chance.random()) * self.share(longer_than)
        for at, left in self.steps:
            if at > longer_than and left < level:
                return at
        last = max(longer_than, self.steps[-1][0] if self.steps else 0)
        return last + max(1, round(chance.expovariate(1 / self.mean)))


def kaplan_meier(waits: Iterable[tuple[int, bool]]) -> Curve:
    """Estimate a curve from (seconds waited, whether they hung up then).

    Where somebody hung up and somebody was answered after the same wait, the one who was answered
    counts as having been at risk.
    """
    seen = list(waits)
    ended = Counter(wait for wait, _ in seen)
    hung_up = Counter(wait for wait, gave_up in seen if gave_up)
    at_risk, share = len(seen), 1.0
    steps: list[tuple[int, float]] = []
    for wait in sorted(ended):
        if hung_up[wait]:
            share *= 1 - hung_up[wait] / at_risk
            steps.append((wait, share))
        at_risk -= ended[wait]
    waited = sum(wait for wait, _ in seen)
    return Curve(tuple(steps), max(SHORTEST_MEAN, waited / max(1, hung_up.total())))
