"""Calendars, beside a model that watches the clock on the wall minute by minute."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused, untyped
from tongdai import instant
from tongdai.errors import ConfigurationError
from tongdai.model import codec
from tongdai.model.calendar import WEEK, BusinessCalendar
from tongdai.model.time import Instant, minutes

MINUTE = int(minutes(1))
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Asia/Ho_Chi_Minh", date(2026, 3, 29)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Sao_Paulo", date(2018, 2, 18)),
    ("America/Sao_Paulo", date(2018, 11, 4)),
    ("America/St_Johns", date(2010, 11, 7)),
    ("Pacific/Apia", date(2011, 12, 30)),
]
"""Zones and days on which their clocks change (or do not): by an hour or half of one, in the middle
of the night or at midnight, and once by a whole day."""

AROUND = 3  # days that are watched before and after such a day
INNER = range(
    (AROUND - 1) * 1_440, (AROUND + 2) * 1_440
)  # of these minutes each answer is compared

Day = list[tuple[int, int]]


def at(text: str, zone: str = "Europe/Berlin") -> Instant:
    """Return a time that a clock in a zone shows (the first one, if it shows it twice)."""
    return instant(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def shown(moment: Instant | None, zone: str = "Europe/Berlin") -> str:
    """Return what the clock in a zone shows."""
    if moment is None:
        return "never"
    found = datetime.fromtimestamp(moment / 1e6, tz=ZoneInfo(zone))
    return f"{found:%Y-%m-%d %H:%M}"


@cache
def walls(zone: str, day: date) -> tuple[Instant, list[datetime]]:
    """Return the first instant that is watched, and what the wall shows in each minute from it."""
    first = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=AROUND)
    return instant(first), [
        (first + timedelta(minutes=step)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        for step in range(2 * AROUND * 1_440)
    ]


def watched(zone: str, day: date, weekly: list[Day], days: Mapping[date, Day]) -> list[bool]:
    """Return for each minute whether it is open.

    A span is, from when its start has been shown or passed until its end has.
    """
    begins: list[datetime] = []
    ends: list[datetime] = []
    for step in range(-AROUND - 2, AROUND + 3):
        on = day + timedelta(days=step)
        midnight = datetime(on.year, on.month, on.day)  # noqa: DTZ001 - a wall has no zone
        for start, end in days.get(on, weekly[on.weekday()]):
            begins.append(midnight + timedelta(minutes=start))
            ends.append(midnight + timedelta(minutes=end))
    begins.sort(reverse=True)
    ends.sort(reverse=True)
    states: list[bool] = []
    for wall in walls(zone, day)[1]:
        while begins and wall >= begins[-1]:
            begins.pop()
        while ends and wall >= ends[-1]:
            ends.pop()
        states.append(len(begins) < len(ends))  # (more have begun than have ended)
    return states


def written(day: Day) -> str:
    """Return spans as text."""
    return ", ".join(
        f"{start // 60:02}:{start % 60:02}-{end % 1_440 // 60:02}:{end % 60:02}"
        for start, end in day
    )


def spans(times: list[int]) -> Day:
    """Return what lies between each two of some times, the last of which may be tomorrow's."""
    return [
        (start, end)
        for start, end in zip(times[::2], times[1::2], strict=False)
        if start < 1_440 and end - start < 1_440
    ]


NIGHT = st.integers(0, 16).map(lambda quarter: 15 * quarter)  # where most clocks change
TIMES = NIGHT | st.integers(0, 2_000) | st.sampled_from([0, 1, 1_380, 1_381, 1_439, 1_440, 1_470])
DAYS = st.lists(TIMES, unique=True, max_size=4).map(sorted).map(spans)


@pytest.mark.parametrize(("zone", "day"), CHANGES, ids=str)
@given(
    weekly=st.lists(DAYS, min_size=7, max_size=7),
    own=st.dictionaries(st.integers(-2, 2), DAYS, max_size=2),
    picked=st.lists(st.sampled_from(INNER), min_size=5, max_size=5),
)
def test_it_is_open_when_the_wall_says_so(
    zone: str, day: date, weekly: list[Day], own: dict[int, Day], picked: list[int]
) -> None:
    """Whatever the hours are, and whatever the clocks do; and so is when that changes next."""
    days = {day + timedelta(days=step): hours for step, hours in own.items()}
    calendar = BusinessCalendar(
        zone,
        {name: written(hours) for name, hours in zip(WEEK, weekly, strict=True)},
        {on: written(hours) for on, hours in days.items()},
    )
    first, _ = walls(zone, day)
    states = watched(zone, day, weekly, days)
    edges = [minute for minute in INNER if states[minute] != states[minute - 1]]
    looked = {step for edge in edges for step in (edge - 1, edge)}
    for minute in [*picked, *looked]:
        now = first + minute * MINUTE
        coming = next(
            (step for step in range(minute + 1, len(states)) if states[step] != states[minute]),
            None,
        )
        said = calendar.next_change(now)
        assert (states[minute], states[minute]) == (
            calendar.open_at(now),
            calendar.open_at(now + MINUTE - 1),
        )
        if coming is not None:
            assert first + coming * MINUTE == said
        else:
            assert said is None or said >= first + len(states) * MINUTE


OFFICE = BusinessCalendar(
    "Europe/Berlin",
    {"mon-thu": "08:00-12:00, 13:00-17:30", "fri": "08:00-12:00", "sat": "22:00-02:30"},
    {"2026-12-24": "08:00-12:00", date(2026, 12, 25): ""},
)


@pytest.mark.parametrize(
    ("now", "is_open", "change"),
    [
        ("2026-11-23 07:59", False, "2026-11-23 08:00"),
        ("2026-11-23 08:00", True, "2026-11-23 12:00"),
        ("2026-11-23 12:00", False, "2026-11-23 13:00"),
        ("2026-11-27 12:00", False, "2026-11-28 22:00"),
        ("2026-11-28 23:59", True, "2026-11-29 02:30"),
        ("2026-11-29 02:30", False, "2026-11-30 08:00"),
        ("2026-12-24 12:00", False, "2026-12-26 22:00"),
        ("2026-10-24 23:00", True, "2026-10-25 02:30"),
        ("2026-10-25 02:45", False, "2026-10-26 08:00"),
    ],
)
def test_an_office_opens_and_closes(now: str, is_open: bool, change: str) -> None:  # noqa: FBT001
    """Lunch, a night that ends on Sunday, a half and a whole holiday, and hours that come twice."""
    moment = at(now)
    assert (is_open, change) == (OFFICE.open_at(moment), shown(OFFICE.next_change(moment)))
    opens = now if is_open else change
    assert opens == shown(OFFICE.opens_at(moment))


def test_hours_that_come_twice_do_not_open_again() -> None:
    """At 2:30 it closes; an hour later the clock shows 2:30 once more, and nothing happens."""
    again = at("2026-10-25 02:29") + 60 * MINUTE
    assert ("2026-10-25 02:29", False) == (shown(again), OFFICE.open_at(again))


def test_it_is_right_to_the_microsecond() -> None:
    """An instant is not rounded to minutes."""
    opens = at("2026-11-23 08:00")
    assert (False, True) == (OFFICE.open_at(opens - 1), OFFICE.open_at(opens))
    assert opens == OFFICE.next_change(opens - 1)


@pytest.mark.parametrize(
    ("weekly", "days", "change"),
    [
        ({}, {}, "never"),
        ({"daily": "00:00-24:00"}, {}, "never"),
        ({"daily": "08:00-20:00, 20:00-08:00"}, {}, "never"),
        ({}, {"2026-11-22": "01:00-24:00"}, "2026-11-23 00:00"),
        ({}, {"2100-01-01": "09:00-10:00"}, "2100-01-01 09:00"),
        ({}, {"2100-01-01": "", "9000-01-01": "09:00-10:00"}, "9000-01-01 09:00"),
        ({"daily": "00:00-24:00"}, {"2100-01-01": ""}, "2100-01-01 00:00"),
        ({"sun": "02:15-02:45"}, {"2027-03-21": ""}, "2027-04-04 02:15"),
    ],
)
def test_the_next_change_is_found_however_far_it_is(
    weekly: Mapping[str, str], days: Mapping[str | date, str], change: str
) -> None:
    """Also where the only Sunday in between has no such hours; and never is an answer."""
    now = at("2027-03-14 03:00" if "sun" in weekly else "2026-11-22 12:00")
    assert change == shown(BusinessCalendar("Europe/Berlin", weekly, days).next_change(now))


def test_a_calendar_is_plain_data() -> None:
    """It prints, copies, and goes through a document; hours have one form."""
    plain = codec.plain(OFFICE)
    assert {"2026-12-24": "08:00-12:00", "2026-12-25": ""} == OFFICE.days
    assert OFFICE == codec.structure(BusinessCalendar, plain) == copy.deepcopy(OFFICE)
    assert BusinessCalendar(
        "UTC", {"fri-mon": "9:00-10:00".zfill(11), "wed": ""}
    ) == BusinessCalendar(
        "UTC", {"mon": "09:00-10:00", "sat, sun": " 09:00 - 10:00", "fri": "09:00-10:00"}
    )


ZONE = "BusinessCalendar.zone: there is no time zone "
HOURS = "BusinessCalendar.weekly['mon']: "


WRONG: list[tuple[tuple[object, ...], str]] = [
    (
        ("Europe/Berln",),
        ZONE + "'Europe/Berln'; it is a name such as 'Asia/Ho_Chi_Minh'. "
        "Did you mean 'Europe/Berlin'?",
    ),
    (
        ("../../etc/passwd",),
        ZONE + "'../../etc/passwd'; it is a name such as 'Asia/Ho_Chi_Minh'.",
    ),
    (("",), ZONE + "''; it is a name such as 'Asia/Ho_Chi_Minh'."),
    ((3,), "BusinessCalendar.zone: int is not text; give a str"),
    (
        ("UTC", {"monday": "08:00-09:00"}),
        (
            "BusinessCalendar.weekly: 'monday' names no days; "
            "write mon, mon-fri, 'sat, sun' or daily"
        ),
    ),
    (
        ("UTC", {"mon-wed": "08:00-09:00", "tue": "08:00-09:00"}),
        "BusinessCalendar.weekly['tue']: tue has hours already",
    ),
    (
        ("UTC", "08:00-09:00"),
        (
            "BusinessCalendar.weekly: expected a mapping from days to hours, such as "
            "{'mon-fri': '08:00-17:00'}"
        ),
    ),
    (
        ("UTC", {"mon": "8-9"}),
        HOURS + "'8-9' is no span of hours; write 08:00-17:30, several with commas, and nothing "
        "where it is closed",
    ),
    (
        ("UTC", {"mon": "08:00-08:00"}),
        HOURS + "08:00-08:00 is no span of hours; they go from 00:00 to 24:00, and a whole day is "
        "00:00-24:00",
    ),
    (
        ("UTC", {"mon": "08:60-09:00"}),
        HOURS + "08:60-09:00 is no span of hours; they go from 00:00 to 24:00, and a whole day is "
        "00:00-24:00",
    ),
    (
        ("UTC", {"mon": "08:00-12:00, 11:00-13:00"}),
        HOURS + "'08:00-12:00, 11:00-13:00' has spans that overlap; join them",
    ),
    (("UTC", {"mon": 8}), HOURS + "int is not text; give a str"),
    (
        ("UTC", {}, {"24.12.2026": ""}),
        "BusinessCalendar.days: '24.12.2026' is no date; write it as 2026-02-17",
    ),
    (
        ("UTC", {}, {"2026-12-24": "", date(2026, 12, 24): ""}),
        "BusinessCalendar.days: 2026-12-24 is there twice",
    ),
    (
        ("UTC", {}, {date(1, 1, 1) + timedelta(days=step): "" for step in range(10_001)}),
        "BusinessCalendar.days: at most 10000; these are 10001",
    ),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_a_wrong_calendar_is_refused(arguments: tuple[object, ...], message: str) -> None:
    """The error names the field and what would be right."""
    assert message == refused(lambda: untyped(BusinessCalendar)(*arguments))


@pytest.mark.parametrize("year", [1, 9999])
def test_what_is_too_far_away_is_refused(year: int) -> None:
    """Where a date has no neighbours, nothing can be said."""
    now = instant(datetime(year, 6, 1, tzinfo=UTC))
    expected = f"now: {year:04}-06-01 is too far away; a calendar knows years 2 to 9998"
    if year == 9999:
        assert expected == refused(lambda: OFFICE.open_at(now))
        assert expected == refused(lambda: OFFICE.next_change(now))
    else:
        assert expected == refused(lambda: OFFICE.opens_at(now))


def test_without_time_zone_data_the_package_to_install_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Some systems have none of their own."""

    def missing(name: str) -> ZoneInfo:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr("tongdai.model.calendar.ZoneInfo", missing)
    monkeypatch.setattr("tongdai.model.calendar.available_timezones", set[str])
    with pytest.raises(ConfigurationError, match=r"pip install 'tongdai\[zones\]'"):
        BusinessCalendar("Asia/Ho_Chi_Minh")
