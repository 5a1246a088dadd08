"""Generated visits: as many as expected, in order, each drawn by its own name.

Seeds are fixed. Counts of a Poisson process may be off by four standard deviations, the root of
what is expected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import islice, pairwise
from math import sqrt
from statistics import fmean, variance
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai import (
    Agent,
    Center,
    ConfigurationError,
    Contact,
    Instant,
    Mode,
    Plan,
    Queue,
    Step,
    hours,
    minutes,
    seconds,
)
from tongdai.center import (
    Burst,
    Demand,
    Exponential,
    Fixed,
    Forecast,
    Lognormal,
    Shift,
    Visit,
    generate,
    simulate,
)
from tongdai.metrics import ContactRecord, records
from tongdai.model.codec import encode

HOUR = int(hours(1))
WRONG: Any = 5
NO_NUMBER: Any = "5"
CARDS = Demand(
    "cards",
    "cards",
    Forecast(0, hours(1), [100, 200, 50]),
    talk=Lognormal(minutes(4), minutes(3)),
    patience=Exponential(minutes(2)),
    wrap_up=Exponential(seconds(30)),
)
LOANS = Demand("loans", "cards", Forecast(0, hours(1), [80, 0, 80]), talk=Fixed(minutes(5)))

expectations = st.lists(st.floats(0, 40), max_size=6)
bursts = st.lists(
    st.builds(
        Burst, st.integers(0, 6 * HOUR), st.integers(1, HOUR).map(lambda us: seconds(us / 1e6)),
        st.floats(0, 20),
    ),
    max_size=3,
)  # fmt: skip


def near(count: int, expected: float) -> bool:
    """Whether a Poisson count is within four standard deviations."""
    return abs(count - expected) <= 4 * sqrt(expected)


def test_each_hour_brings_what_its_profile_expects() -> None:
    """Over many days."""
    days = 60
    found = Counter(at // HOUR for seed in range(days) for at in CARDS.forecast.arrivals(seed, "x"))
    assert set(found) == {0, 1, 2}
    assert all(near(found[hour], days * each) for hour, each in enumerate([100, 200, 50]))


def test_counts_are_those_of_a_poisson_process() -> None:
    """Their variance is their mean (the ratio's standard error is sqrt(2 / n))."""
    days = 500
    counts = [len(list(Forecast(0, hours(1), [30]).arrivals(seed, "x"))) for seed in range(days)]
    assert abs(variance(counts) / fmean(counts) - 1) < 4 * sqrt(2 / days)
    gaps = [
        after - before
        for seed in range(20)
        for before, after in pairwise(Forecast(0, hours(10), [300]).arrivals(seed, "x"))
    ]
    # The standard deviation of exponential gaps is their mean.
    assert abs(sqrt(variance(gaps)) / fmean(gaps) - 1) < 4 * sqrt(2 / len(gaps))


def test_a_burst_comes_on_top_and_nowhere_else() -> None:
    """So many more within it."""
    plain = Forecast(0, hours(1), [60, 60])
    burst = Burst(int(minutes(50)), minutes(20), 100)
    days = 40
    found = Counter(
        at // int(minutes(10))
        for seed in range(days)
        for at in Forecast(0, hours(1), plain.expected, bursts=[burst]).arrivals(seed, "x")
    )
    expected = [10, 10, 10, 10, 10, 60, 60, 10, 10, 10, 10, 10]
    assert all(near(found[slot], days * each) for slot, each in enumerate(expected))


def test_a_burst_may_lie_outside_the_day() -> None:
    """Before it, after it, or with nothing else at all."""
    alone = Forecast(
        HOUR, hours(1), [], bursts=[Burst(0, minutes(5), 50), Burst(HOUR, minutes(5), 5)]
    )
    found = list(alone.arrivals(3, "x"))
    assert {at // int(minutes(5)) for at in found} == {0, 12}


def test_twice_as_many_are_the_same_closer_together() -> None:
    """Common random numbers reach through the forecast."""
    once = list(Forecast(0, hours(2), [100]).arrivals(5, "x"))
    twice = list(Forecast(0, hours(2), [200]).arrivals(5, "x"))
    assert all(abs(one - 2 * other) <= 2 for one, other in zip(once, twice, strict=False))


@given(expectations, bursts, st.integers(0, 1000))
def test_arrivals_come_in_order_within_the_day(
    expected: list[float], on_top: list[Burst], seed: int
) -> None:
    """Whatever the forecast."""
    forecast = Forecast(HOUR, hours(1), expected, bursts=on_top)
    found = list(forecast.arrivals(seed, "x"))
    assert found == sorted(found)
    assert all(
        HOUR <= at < HOUR * (1 + len(expected))
        or any(burst.at <= at < burst.at + burst.length for burst in on_top)
        for at in found
    )


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Visits, and what they come to, to the last bit; another seed gives others."""

    def day(seed: int) -> bytes:
        shifts = [
            Shift(Agent(f"a{number}", {"cards": 3}), 0, hours(3), misses=0.1, declines=0.1)
            for number in range(9)
        ]
        happened = simulate(
            Center([Queue("cards", "cards")]),
            generate([CARDS, LOANS], seed=seed),
            shifts,
            seed=seed,
        )
        return b"\n".join(map(encode, happened))

    assert day(1) == day(1)
    assert day(1) != day(2)


def test_other_customers_change_nothing_about_these() -> None:
    """Nor does the order in which the kinds are given."""
    alone = list(generate([CARDS], seed=4))
    both = list(generate([LOANS, CARDS], seed=4))
    assert alone == [visit for visit in both if visit.contact.id.startswith("cards")]
    assert [visit.at for visit in both] == sorted(visit.at for visit in both)
    ids = [visit.contact.id for visit in alone]
    assert ids == [f"cards-{number}" for number in range(1, len(alone) + 1)]


def test_a_customer_is_the_same_under_any_policy() -> None:
    """Two set-ups meet the same talk and the same patience, whoever serves, whenever."""
    strict, relaxed = (
        {record.contact: record for record in lived(plan)}
        for plan in (Plan("cards>=3"), Plan("cards>=3", Step(seconds(30), "cards")))
    )
    visits = {visit.contact.id: visit for visit in generate([CARDS], seed=4)}
    assert strict.keys() == relaxed.keys() == visits.keys()
    assert strict != relaxed
    for records_ in (strict, relaxed):
        for contact, record in records_.items():
            if record.outcome == "answered":
                assert record.talked == visits[contact].talk
            else:
                assert (record.outcome, record.waited) == ("abandoned", visits[contact].patience)


def lived(plan: Plan) -> list[ContactRecord]:
    """What became of everybody under a plan."""
    shifts = [
        Shift(Agent(f"a{number}", {"cards": 1 + number % 4}), 0, hours(4)) for number in range(10)
    ]
    happened = simulate(Center([Queue("cards", plan)]), generate([CARDS], seed=4), shifts)
    return list(records(happened))


def test_more_patience_is_more_for_each() -> None:
    """The draws of two distributions move together, customer by customer."""
    short, long = (
        [visit.patience or 0 for visit in generate([demand], seed=4)]
        for demand in (CARDS, demand_with(patience=Exponential(minutes(3))))
    )
    assert all(
        more == pytest.approx(1.5 * less, abs=2) for less, more in zip(short, long, strict=True)
    )


def demand_with(**fields: Any) -> Demand:  # noqa: ANN401 - also wrong ones
    """The card customers, changed."""
    return attrs.evolve(CARDS, **fields)


def test_contacts_are_made_as_asked() -> None:
    """Of their id and their instant, whatever else there is to say."""

    def mail(id: str, at: Instant) -> Contact:
        return Contact(id, mode=Mode.DEFERRED, due=at + hours(1))

    [first, *_] = generate([demand_with(contact=mail)], seed=1)
    assert (first.contact.mode, first.contact.due) == (Mode.DEFERRED, first.at + hours(1))


def test_visits_are_drawn_as_they_are_taken() -> None:
    """A day of a billion is begun at once."""
    made: list[str] = []

    def noted(id: str, at: Instant) -> Contact:  # noqa: ARG001
        made.append(id)
        return Contact(id)

    many = Demand("x", "cards", Forecast(0, hours(1), [1e9]), talk=Fixed(seconds(1)), contact=noted)
    found: list[Visit] = list(islice(generate([many], seed=1), 5))
    assert [visit.contact.id for visit in found] == made == [f"x-{n}" for n in range(1, 6)]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Burst(0, minutes(0), 5), "Burst.length: expected more than 0 s"),
        (lambda: Burst(0, minutes(1), -1), "Burst.expected: -1 is not how many contacts to expect"),
        (lambda: Forecast(0, hours(1), [5, -1]), "Forecast.expected: -1 is not how many"),
        (lambda: Forecast(0, hours(1), [NO_NUMBER]), "Forecast.expected: '5' is not how many"),
        (lambda: Forecast(0, hours(0), [5]), "Forecast.every: expected more than 0 s"),
        (lambda: Forecast(0, hours(1), [], bursts=[WRONG]), "Forecast.bursts: 5 is not a burst"),
        (lambda: demand_with(talk=minutes(3)), "Demand.talk: seconds(180) is not a distribution"),
        (lambda: demand_with(patience=5), "Demand.patience: 5 is not a distribution"),
        (lambda: demand_with(contact="c"), "Demand.contact: 'c' is not a function (id, at)"),
        (lambda: Demand("a/b", "q", CARDS.forecast, talk=CARDS.talk), "Demand.name: 'a/b' cannot"),
        (lambda: Demand("a", "q", WRONG, talk=CARDS.talk), "Demand.forecast: 5 is not a forecast"),
        (
            lambda: generate([CARDS, CARDS], seed=1),
            "Demand.name: two kinds of customers are named 'cards'",
        ),
    ],
)
def test_what_cannot_be_is_named(make: Callable[[], object], text: str) -> None:
    """The field, what is wrong, and what would be right."""
    with pytest.raises(ConfigurationError) as caught:
        make()
    assert str(caught.value).startswith(text)
