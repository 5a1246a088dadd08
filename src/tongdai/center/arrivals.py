"""Customers who are not recorded but expected: when they come, and what each brings along.

Rule: lazy, so a day of millions takes no memory; and each customer is drawn by their own name (see
`draws`), so one more kind of customers changes nothing about the others.

Arrivals are those of a Poisson process whose rate changes with the time of day: the instants of a
process of rate one, mapped back through the expected number up to an instant (E. Çinlar,
Introduction to Stochastic Processes, 1975, section 4.7). So a forecast that expects twice as many
moves the same arrivals closer together.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import pairwise

import attrs

from tongdai.center.draws import Distribution, check_distribution, draw, uniform
from tongdai.center.simulate import Visit
from tongdai.errors import ConfigurationError
from tongdai.model.contact import Contact
from tongdai.model.ids import check_id
from tongdai.model.time import Duration, Instant, checked, duration


def _length(value: object, field: str) -> Duration:
    found = duration(value, field)
    if not found:
        raise ConfigurationError(f"{field}: expected more than 0 s")
    return found


def _check_expected(value: object, field: str) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < math.inf:
        raise ConfigurationError(
            f"{field}: {value!r} is not how many contacts to expect; write a number, 0 or more"
        )


@attrs.frozen
class Burst:
    """So many contacts more than usual, evenly over a stretch of time: an outage, a mailing.

    Attributes:
        at: when it begins.
        length: how long it lasts.
        expected: how many more contacts it brings on average.
    """

    at: Instant
    length: Duration
    expected: float

    def __attrs_post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigurationError: names the field and what would be right.
            IllegalInput: `at` is not an instant.
        """
        object.__setattr__(self, "at", checked(self.at, "Burst.at"))
        object.__setattr__(self, "length", _length(self.length, "Burst.length"))
        _check_expected(self.expected, "Burst.expected")


@attrs.frozen
class Forecast:
    """How many contacts to expect in each interval of a day.

    Attributes:
        start: when the first interval begins.
        every: how long each lasts.
        expected: how many contacts each brings on average.
        bursts: what comes on top.
    """

    start: Instant
    every: Duration
    expected: Sequence[float]
    bursts: Sequence[Burst] = attrs.field(default=(), kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigurationError: names the field and what would be right.
            IllegalInput: `start` is not an instant.
        """
        put = object.__setattr__
        put(self, "start", checked(self.start, "Forecast.start"))
        put(self, "every", _length(self.every, "Forecast.every"))
        put(self, "expected", tuple(self.expected))
        put(self, "bursts", tuple(self.bursts))
        for number in self.expected:
            _check_expected(number, "Forecast.expected")
        for burst in self.bursts:
            if not isinstance(burst, Burst):
                raise ConfigurationError(
                    f"Forecast.bursts: {burst!r} is not a burst; write Burst(at, minutes(10), 50)"
                )

    def arrivals(self, seed: int, name: str) -> Iterator[Instant]:
        """Yield the instants of arrival, in order; the same for the same seed and name."""
        number = 0
        owed = _gap(seed, name, number)
        for start, end, expected in self._pieces():
            passed = 0.0
            while passed + owed <= expected:
                passed += owed
                yield start + int((end - start) * (passed / expected))
                number += 1
                owed = _gap(seed, name, number)
            owed -= expected - passed

    def _pieces(self) -> Iterator[tuple[Instant, Instant, float]]:
        """Yield (start, end, contacts expected) of stretches in which the rate is constant."""
        every = int(self.every)
        spans = [
            (self.start + place * every, self.start + (place + 1) * every, number)
            for place, number in enumerate(self.expected)
        ]
        spans += [(burst.at, burst.at + int(burst.length), burst.expected) for burst in self.bursts]
        borders = sorted({border for start, end, _ in spans for border in (start, end)})
        for start, end in pairwise(borders):
            rate = sum(
                number / (until - since)
                for since, until, number in spans
                if since <= start and end <= until
            )
            yield start, end, rate * (end - start)


def _gap(seed: int, name: str, number: int) -> float:
    return -math.log(uniform(seed, "gap", name, number))


def _plain(id: str, at: Instant) -> Contact:  # noqa: ARG001 - what others may use
    return Contact(id)


@attrs.frozen
class Demand:
    """Customers of one kind: when they come, what they ask for, how long they take and wait.

    Attributes:
        name: of the kind; the contacts are `name-1`, `name-2` and so on.
        queue: the id of the queue that they ask for.
        forecast: how many come when.
        talk: how long an agent needs for one of them.
        patience: how long they are willing to wait; `None` is for ever.
        wrap_up: how long an agent needs afterwards; `None` as in `Visit`.
        contact: makes the contact of an id and an instant of arrival, where more is to be said
            about it than the id (mode, language, priority, due time).
    """

    name: str
    queue: str
    forecast: Forecast
    talk: Distribution = attrs.field(kw_only=True)
    patience: Distribution | None = attrs.field(default=None, kw_only=True)
    wrap_up: Distribution | None = attrs.field(default=None, kw_only=True)
    contact: Callable[[str, Instant], Contact] = attrs.field(default=_plain, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        check_id(self.name, "Demand.name")
        check_id(self.queue, "Demand.queue")
        if not isinstance(self.forecast, Forecast):
            raise ConfigurationError(
                f"Demand.forecast: {self.forecast!r} is not a forecast; write "
                "Forecast(0, hours(1), [20, 35, 20])"
            )
        check_distribution(self.talk, "Demand.talk")
        for field, value in (("patience", self.patience), ("wrap_up", self.wrap_up)):
            if value is not None:
                check_distribution(value, f"Demand.{field}")
        if not callable(self.contact):
            raise ConfigurationError(
                f"Demand.contact: {self.contact!r} is not a function (id, at) -> Contact"
            )


def generate(demands: Iterable[Demand], *, seed: int) -> Iterator[Visit]:
    """Yield the visits of all these customers, in the order of time.

    Raises:
        ConfigurationError: at once, where two kinds have one name.
    """
    found = list(demands)
    names: set[str] = set()
    for demand in found:
        if demand.name in names:
            raise ConfigurationError(
                f"Demand.name: two kinds of customers are named {demand.name!r}"
            )
        names.add(demand.name)
    return _generated(found, seed)


def _generated(demands: Sequence[Demand], seed: int) -> Iterator[Visit]:
    for at, kind, number in merge(
        *(_numbered(kind, demand, seed) for kind, demand in enumerate(demands))
    ):
        demand = demands[kind]
        id = f"{demand.name}-{number}"
        patience, wrap_up = demand.patience, demand.wrap_up
        yield Visit(
            at,
            demand.contact(id, at),
            demand.queue,
            patience=None if patience is None else draw(patience, seed, "patience", id),
            talk=draw(demand.talk, seed, "talk", id),
            wrap_up=None if wrap_up is None else draw(wrap_up, seed, "wrap-up", id),
        )


def _numbered(kind: int, demand: Demand, seed: int) -> Iterator[tuple[Instant, int, int]]:
    for number, at in enumerate(demand.forecast.arrivals(seed, demand.name), 1):
        yield at, kind, number
