"""Instants and durations: units, what is refused, and how they print."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused, untyped
from tests.model.strategies import durations, instants
from tongdai import Duration, Queue, Step, hours, instant, minutes, seconds
from tongdai.model.time import OPEN_ENDED, as_datetime, checked, clock, duration, written

microseconds = st.integers(-(10**15), 10**15)


@given(st.integers(-(10**9), 10**9))
def test_units_are_whole_microseconds(number: int) -> None:
    """A second is a million microseconds, a minute sixty seconds, an hour sixty minutes."""
    assert number * 1_000_000 == seconds(number)
    assert seconds(60 * number) == minutes(number)
    assert minutes(60 * number) == hours(number)


@given(st.floats(-(10**6), 10**6))
def test_fractions_are_rounded_to_the_nearest_microsecond(number: float) -> None:
    """A fraction of a second is off by half a microsecond at most."""
    exact = Fraction(number) * 1_000_000
    assert abs(exact - seconds(number)) <= Fraction(1, 2) + Fraction(1, 10**3)


@given(st.timedeltas(timedelta(0), timedelta(days=365_000)))
def test_a_timedelta_is_read_exactly(length: timedelta) -> None:
    """No microsecond is lost on the way through a setting."""
    assert timedelta(microseconds=duration(length, "field")) == length


@given(microseconds, microseconds)
def test_sums_keep_their_kind(one: int, other: int) -> None:
    """Two durations make a duration; an instant and a duration make an instant."""
    both = Duration(one) + Duration(other)
    assert (Duration, one + other) == (type(both), both)
    moved = one + Duration(other)
    assert (int, one + other) == (type(moved), moved)
    moved = Duration(one) + other
    assert (int, one + other) == (type(moved), moved)


@given(microseconds, st.integers(-1000, 1000))
def test_a_whole_number_of_times_is_a_duration(one: int, times: int) -> None:
    """Repeating a duration gives a duration, from either side."""
    assert (Duration, one * times) == (type(Duration(one) * times), Duration(one) * times)
    assert (Duration, one * times) == (type(times * Duration(one)), times * Duration(one))


def test_half_a_time_is_no_time() -> None:
    """A duration times a fraction is refused, as Python refuses it for ranges."""
    with pytest.raises(TypeError):
        _ = seconds(5) * untyped(1.5)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (seconds(0), "0 s"),
        (seconds(20), "20 s"),
        (seconds(1.5), "1.5 s"),
        (Duration(1), "0.000001 s"),
        (minutes(1), "60 s"),
        (seconds(119), "119 s"),
        (minutes(2), "2 min"),
        (minutes(3), "3 min"),
        (seconds(150), "2 min 30 s"),
        (hours(1.5), "1 h 30 min"),
        (hours(24) + seconds(1), "24 h 1 s"),
        (Duration(-5_000_000), "-5 s"),
        (Duration(-180_000_000), "-3 min"),
        (OPEN_ENDED, "open-ended"),
    ],
)
def test_durations_print_as_people_write_them(length: Duration, text: str) -> None:
    """Short ones in seconds, longer ones in minutes and hours."""
    assert text == str(length)


@given(durations)
def test_repr_is_the_call_that_makes_it(length: Duration) -> None:
    """What a developer sees can be pasted back."""
    scope = {"seconds": seconds, "OPEN_ENDED": OPEN_ENDED}
    assert length == eval(repr(length), scope)  # noqa: S307 - our own text


@given(durations)
def test_what_is_written_is_read_back(length: Duration) -> None:
    """Documents keep every microsecond."""
    assert length == duration(written(length), "field")


@given(st.integers(2**53, 2**62))
def test_what_no_float_can_hold_is_read_exactly_too(length: int) -> None:
    """Numbers in documents are read as decimals, not as floats."""
    assert length == duration(f"{length}us", "field")


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("20s", seconds(20)),
        ("2 min", minutes(2)),
        ("1h30min", hours(1.5)),
        ("0.25s", Duration(250_000)),
        ("1500ms", seconds(1.5)),
        ("7us", Duration(7)),
        ("0s", Duration(0)),
        ("open", OPEN_ENDED),
    ],
)
def test_documents_write_a_number_and_a_unit(text: str, length: Duration) -> None:
    """The units are us, ms, s, min and h."""
    assert length == duration(text, "field")


@pytest.mark.parametrize(
    "text", ["", "2", "s", "-5s", "5 parsecs", "1.2.3s", "5s x", "1e3s", "9" * 400 + "s", "nan s"]
)
def test_a_text_without_number_and_unit_is_refused(text: str) -> None:
    """The error shows the forms that would be right."""
    expected = f"field: a duration needs a number and a unit, e.g. 5s or 2min; got {text[:40]!r}"
    assert expected == refused(lambda: duration(text, "field"))


def test_a_bare_number_is_refused_in_so_many_words() -> None:
    """`30` may mean anything, so it means nothing."""
    expected = "Step.after: 30 has no unit; write seconds(30) or timedelta(seconds=30)"
    assert expected == refused(lambda: Step(untyped(30), "vi"))


@given(st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_every_bare_number_is_refused_where_a_duration_belongs(number: float) -> None:
    """Whatever the number, the field and the mend are named."""
    expected = (
        f"Queue.patience: {number} has no unit; "
        f"write seconds({number}) or timedelta(seconds={number})"
    )
    assert expected == refused(lambda: Queue("cards", patience=untyped(number)))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, True, None, [], object])
def test_what_is_no_number_either_is_refused(value: object) -> None:
    """NaN and infinity are no lengths of time, and a mend must not repeat them."""
    expected = f"field: {value!r} is not a duration; write seconds(20) or timedelta(seconds=20)"
    assert expected == refused(lambda: duration(value, "field"))


@pytest.mark.parametrize("unit", [seconds, minutes, hours])
def test_units_refuse_what_is_not_finite(unit: object) -> None:
    """NaN, infinity and what becomes infinite in microseconds are named as they are."""
    make = untyped(unit)
    name = make.__name__
    assert f"{name}: nan is not a finite number" == refused(lambda: make(math.nan))
    assert f"{name}: inf is not a finite number" == refused(lambda: make(math.inf))
    assert f"{name}: 1e+308 is not a finite number" == refused(lambda: make(1e308))
    assert f"{name}: '20' is not a number" == refused(lambda: make("20"))
    assert f"{name}: True is not a number" == refused(lambda: make(*[True]))


@given(st.integers(1, 2**62))
def test_negative_durations_are_refused_as_settings(length: int) -> None:
    """Time does not run backwards, also not as a timedelta."""
    told = f"{Duration(-length)} is negative; a duration here is zero or more"
    assert f"field: {told}" == refused(lambda: duration(Duration(-length), "field"))


def test_lengths_beyond_all_bounds_are_refused() -> None:
    """What no journal could keep is no setting; without an end is said otherwise."""
    assert "is too long; OPEN_ENDED has no end at all" in refused(
        lambda: duration(timedelta.max, "field")
    )


@given(instants)
def test_instants_and_datetimes_are_the_same(moment: int) -> None:
    """There and back, microsecond by microsecond."""
    assert moment == instant(as_datetime(moment))


@given(st.datetimes(), st.integers(-12, 14))
def test_the_time_zone_is_counted(moment: datetime, offset: int) -> None:
    """The same wall clock is an earlier instant further east."""
    zone = timezone(timedelta(hours=offset))
    there, here = moment.replace(tzinfo=zone), moment.replace(tzinfo=UTC)
    assert instant(here) - hours(offset) == instant(there)


@given(st.datetimes())
def test_naive_datetimes_are_refused(moment: datetime) -> None:
    """Nobody can tell which instant they mean."""
    expected = f"instant: {moment.isoformat()} has no time zone; give it tzinfo, e.g. datetime.UTC"
    assert expected == refused(lambda: instant(moment))


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (seconds(35), "35 s"),
        (1_500_000, "1.5 s"),
        (-2_000_000, "-2 s"),
        (instant(datetime(2026, 3, 2, 8, tzinfo=UTC)), "2026-03-02T08:00:00Z"),
        (instant(datetime(2026, 3, 2, 8, 0, 0, 250_000, tzinfo=UTC)), "2026-03-02T08:00:00.250Z"),
        (5 + OPEN_ENDED, "open-ended"),
        (-(10**30), f"-{10**24} s"),
    ],
)
def test_instants_print_near_the_epoch_as_seconds_else_as_iso(moment: int, text: str) -> None:
    """Tests count from 0; the world does not."""
    assert text == clock(moment)


@given(instants)
def test_an_instant_is_checked_to_a_plain_int(moment: int) -> None:
    """A duration since the epoch is an instant, and becomes a plain one."""
    assert (int, moment) == (type(checked(Duration(moment))), checked(Duration(moment)))


@pytest.mark.parametrize("value", [1.5, math.nan, "5", None, True, 10**18, -(10**17)])
def test_what_is_no_instant_is_refused(value: object) -> None:
    """The field is named, and what would be right."""
    right = "an instant is an int, microseconds UTC, in the years 1 to 9999"
    assert f"now: {value!r} is not an instant; {right}" == refused(lambda: checked(value))


def test_a_datetime_as_an_instant_is_told_how() -> None:
    """The mend is the call to write."""
    moment = datetime(2026, 3, 2, 8, tzinfo=UTC)
    expected = f"now: {moment!r} is not an instant; write instant(2026-03-02T08:00:00+00:00)"
    assert expected == refused(lambda: checked(moment))


def test_a_duration_less_a_duration_is_one() -> None:
    """So what is left over can be a setting again; less a plain number it is an instant."""
    left = minutes(5) - seconds(10)
    assert (seconds(290), Duration) == (left, type(left))
    assert int is type(minutes(5) - 10)
