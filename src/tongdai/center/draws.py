"""Chance as a function: how long somebody talks, waits or stays away, drawn without a generator.

Rule: a draw is a keyed hash of a seed and of what it is for; it depends on nothing that was drawn
before it. The same visit draws the same talk and the same patience whatever else happens around it:
set-ups that are compared meet the same customers (common random numbers; A. M. Law, Simulation
Modeling and Analysis, 5th ed. 2015, section 11.2).

A distribution is a frozen value that knows its quantiles, and what is drawn is the quantile at a
uniform level (inversion; L. Devroye, Non-Uniform Random Variate Generation, 1986, section II.2). So
a higher level is a longer time under any distribution, and two that are compared move together.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import pairwise
from statistics import NormalDist  # for its quantile; nothing here draws from it
from typing import Final, Protocol

import attrs

from tongdai.errors import ConfigurationError
from tongdai.model.time import Duration, duration

_LEVELS: Final = 2**52  # as many as can be told apart from 0 and from 1 in a float
_NORMAL: Final = NormalDist()


def uniform(seed: int, *names: str | int) -> float:
    """Return a number between 0 and 1 (neither of them), the same for the same seed and names.

    Distinct seeds or names give numbers that have nothing to do with each other.
    """
    words = "\0".join(map(str, (seed, *names)))
    digest = blake2b(words.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return ((int.from_bytes(digest, "big") >> 12) + 0.5) / _LEVELS


class Distribution(Protocol):
    """How a length of time varies."""

    def quantile(self, level: float) -> Duration:
        """Return the length that is exceeded with the probability `1 - level`; 0 < level < 1."""
        ...


def draw(distribution: Distribution, seed: int, *names: str | int) -> Duration:
    """Return a length drawn from a distribution, the same for the same seed and names."""
    return distribution.quantile(uniform(seed, *names))


def check_distribution(value: object, field: str) -> None:
    """Raise an error that names the field unless this is a distribution.

    Raises:
        ConfigurationError: it has no quantiles.
    """
    if not callable(getattr(value, "quantile", None)):
        raise ConfigurationError(
            f"{field}: {value!r} is not a distribution; write Fixed(seconds(180)) or "
            "Exponential(seconds(180))"
        )


def _positive(value: object, field: str) -> Duration:
    found = duration(value, field)
    if not found:
        raise ConfigurationError(f"{field}: expected more than 0 s")
    return found


@attrs.frozen
class Fixed:
    """Always the same length."""

    value: Duration

    def __attrs_post_init__(self) -> None:
        """Check the length.

        Raises:
            ConfigurationError: it has no unit, or is negative.
        """
        object.__setattr__(self, "value", duration(self.value, "Fixed.value"))

    def quantile(self, level: float) -> Duration:  # noqa: ARG002 - the same at any level
        """Return the length."""
        return self.value


@attrs.frozen
class Exponential:
    """The exponential distribution, which remembers nothing: `F(t) = 1 - exp(-t / mean)`."""

    mean: Duration

    def __attrs_post_init__(self) -> None:
        """Check the mean.

        Raises:
            ConfigurationError: it has no unit, or is not above zero.
        """
        object.__setattr__(self, "mean", _positive(self.mean, "Exponential.mean"))

    def quantile(self, level: float) -> Duration:
        """Return `-mean * ln(1 - level)`."""
        return Duration(round(-int(self.mean) * math.log1p(-level)))


@attrs.frozen
class Lognormal:
    """The lognormal distribution, which service times of call centers follow closely.

    Source: L. Brown and others, Statistical Analysis of a Telephone Call Center, Journal of the
    American Statistical Association 100 (2005), section 4.3. The logarithm is normal with the
    expectation `mu = ln(median)` and the variance `2 * ln(mean / median)`.

    Attributes:
        mean: the mean; not below the median.
        median: what half of all lengths exceed.
    """

    mean: Duration
    median: Duration
    _sigma: float = attrs.field(init=False, repr=False, eq=False, default=0.0)

    def __attrs_post_init__(self) -> None:
        """Check both.

        Raises:
            ConfigurationError: one has no unit or is not above zero, or the median exceeds the
                mean.
        """
        put = object.__setattr__
        put(self, "mean", _positive(self.mean, "Lognormal.mean"))
        put(self, "median", _positive(self.median, "Lognormal.median"))
        if self.median > self.mean:
            raise ConfigurationError(
                f"Lognormal.median: {self.median} is above the mean, {self.mean}; a lognormal "
                "median never is"
            )
        put(self, "_sigma", math.sqrt(2 * math.log(self.mean / self.median)))

    def quantile(self, level: float) -> Duration:
        """Return `median * exp(sigma * z)`, z being the normal quantile of the level."""
        return Duration(round(int(self.median) * math.exp(self._sigma * _NORMAL.inv_cdf(level))))


@attrs.frozen
class Empirical:
    """Lengths that were recorded, each as likely as any other.

    Attributes:
        values: the lengths; kept in ascending order.
    """

    values: Sequence[Duration]

    def __attrs_post_init__(self) -> None:
        """Check each of them.

        Raises:
            ConfigurationError: there is none, or one has no unit or is negative.
        """
        found = tuple(sorted(duration(value, "Empirical.values") for value in self.values))
        if not found:
            raise ConfigurationError("Empirical.values: expected one length or more; got none")
        object.__setattr__(self, "values", found)

    def quantile(self, level: float) -> Duration:
        """Return the least recorded length that at least this share does not exceed."""
        return self.values[max(0, math.ceil(level * len(self.values)) - 1)]


@attrs.frozen
class Survival:
    """Patience as a record shows it: the share of customers who are still willing to wait.

    Attributes:
        steps: (wait, share whose patience is longer), both going one way: waits up, shares down.
        beyond: the mean of what follows the last step, where the record shows nothing and the rate
            of giving up is taken to be constant.
    """

    steps: Sequence[tuple[Duration, float]]
    beyond: Duration
    _left: tuple[float, ...] = attrs.field(init=False, repr=False, eq=False, default=())

    def __attrs_post_init__(self) -> None:
        """Check the steps.

        Raises:
            ConfigurationError: a wait without a unit, a share that is none, or an order that is
                not as above.
        """
        put = object.__setattr__
        put(self, "beyond", _positive(self.beyond, "Survival.beyond"))
        steps = tuple((duration(wait, "Survival.steps"), share) for wait, share in self.steps)
        for (wait, share), (later, less) in pairwise([(Duration(-1), 1.0), *steps]):
            if later <= wait or not 0 <= less < share:
                raise ConfigurationError(
                    f"Survival.steps: {less} at {later} cannot follow {share} at {wait}; waits go "
                    "up, and shares go down from 1 towards 0"
                )
        put(self, "steps", steps)
        put(self, "_left", tuple(-share for _, share in steps))

    @classmethod
    def observed(cls, waits: Iterable[tuple[Duration, bool]]) -> Survival:
        """Estimate the curve from (how long somebody waited, whether they gave up then).

        Who was answered only shows that their patience was longer than the wait. Source: E. L.
        Kaplan and P. Meier, Nonparametric Estimation from Incomplete Observations, Journal of the
        American Statistical Association 53 (1958). Where both happen after the same wait, who was
        answered counts as having been at risk. Beyond the last wait the rate is that of the whole
        record: all the time waited, for each who gave up.

        Raises:
            ConfigurationError: nobody gave up, so the record says nothing about patience; or a
                wait has no unit.
        """
        seen = [(duration(wait, "Survival.observed"), gave_up) for wait, gave_up in waits]
        over = Counter(wait for wait, _ in seen)
        gave_up = Counter(wait for wait, gave_up in seen if gave_up)
        waited = sum(wait for wait, _ in seen)
        if not waited or not gave_up:
            raise ConfigurationError(
                "Survival.observed: expected some who gave up after a wait; got none"
            )
        at_risk, share = len(seen), 1.0
        steps: list[tuple[Duration, float]] = []
        for wait in sorted(over):
            if gave_up[wait]:
                share *= 1 - gave_up[wait] / at_risk
                steps.append((wait, share))
            at_risk -= over[wait]
        return cls(tuple(steps), Duration(round(waited / gave_up.total())))

    def quantile(self, level: float) -> Duration:
        """Return the first wait that at most the share `1 - level` is still willing to exceed."""
        left = 1 - level
        place = bisect_left(self._left, -left)
        if place < len(self.steps):
            return self.steps[place][0]
        last, share = self.steps[-1] if self.steps else (Duration(0), 1.0)
        return last + Duration(round(-int(self.beyond) * math.log(left / share)))
