"""Confidence intervals of means over batches, narrowed by what is known of the draws.

Rule: a run is cut into batches of equally many contacts, long enough to be all but independent; the
mean of the batch means gets Student's interval. Control variates make it narrow: figures of the
*draws* (never of the center) whose expectation is known are observed in each batch, and the part of
the result that goes with them is taken off by regression (S. S. Lavenberg and P. D. Welch, A
Perspective on the Use of Control Variables, Management Science 27, 1981). It is the intercept of
the regression on the controls less their expectations, with the usual standard error of that.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple


class Interval(NamedTuple):
    """A mean, half the width of its interval, and how far the batches hang together.

    Attributes:
        mean: the estimate.
        half: half the width.
        echo: correlation of what the controls leave of one batch with that of the next.
    """

    mean: float
    half: float
    echo: float

    def holds(self, value: float) -> bool:
        """Return whether a value is inside."""
        return abs(value - self.mean) <= self.half

    @property
    def relative(self) -> float:
        """Half the width over the mean."""
        return self.half / self.mean


def interval(
    values: Sequence[float], controls: Sequence[Sequence[float]], confidence: float
) -> Interval:
    """Return the interval of the mean of batches.

    Args:
        values: one a batch.
        controls: for each batch the controls, less their expectations.
        confidence: between 0 and 1.
    """
    count, width = len(values), len(controls[0])
    scale = [math.sqrt(sum(row[at] ** 2 for row in controls) / count) for at in range(width)]
    rows = [[1.0, *(row[at] / scale[at] for at in range(width))] for row in controls]
    size = width + 1
    square = [[sum(row[i] * row[j] for row in rows) for j in range(size)] for i in range(size)]
    inverse = inverted(square)
    right = [
        sum(row[i] * value for row, value in zip(rows, values, strict=True)) for i in range(size)
    ]
    slopes = [sum(inverse[i][j] * right[j] for j in range(size)) for i in range(size)]
    left = [
        value - sum(slope * x for slope, x in zip(slopes, row, strict=True))
        for row, value in zip(rows, values, strict=True)
    ]
    squares = sum(rest * rest for rest in left)
    freedom = count - size
    error = math.sqrt(squares / freedom * inverse[0][0])
    echo = sum(one * then for one, then in pairwise(left)) / squares
    return Interval(slopes[0], student((1 + confidence) / 2, freedom) * error, echo)


def inverted(square: Sequence[Sequence[float]]) -> list[list[float]]:
    """Return the inverse of a matrix, by Gauss and Jordan with the largest pivot."""
    size = len(square)
    work = [[*row, *(float(i == j) for j in range(size))] for i, row in enumerate(square)]
    for at in range(size):
        _, pivot = max((abs(work[row][at]), row) for row in range(at, size))
        work[at], work[pivot] = work[pivot], work[at]
        work[at] = [value / work[at][at] for value in work[at]]
        for row in range(size):
            if row != at:
                factor = work[row][at]
                work[row] = [
                    value - factor * other for value, other in zip(work[row], work[at], strict=True)
                ]
    return [row[size:] for row in work]


def student(level: float, freedom: int) -> float:
    """Return the quantile of Student's t distribution at a level of 0.5 or more, by bisection."""
    low, high = 0.0, 100.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if _below(middle, freedom) < level else (low, middle)
    return low


def _below(value: float, freedom: int) -> float:
    """Return P(t <= value), by Simpson's rule on the density."""
    log = math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)
    factor = math.exp(log) / math.sqrt(freedom * math.pi)
    steps = 400
    width = value / steps
    power = -(freedom + 1) / 2
    density = [factor * math.pow(1 + (at * width) ** 2 / freedom, power) for at in range(steps + 1)]
    return 0.5 + width / 3 * (
        density[0] + 4 * sum(density[1::2]) + 2 * sum(density[2:-1:2]) + density[-1]
    )
