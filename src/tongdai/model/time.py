"""Instants and durations.

Rule: an instant is a plain `int`, microseconds UTC since the epoch; a duration is a type of its
own, so that `20` can never mean 20 microseconds by accident. Durations stand in configuration;
events and state hold instants. Nothing here reads a clock.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from operator import index
from typing import SupportsIndex, TypeAlias, cast, overload

from tongdai.errors import ConfigurationError, IllegalInput

Instant: TypeAlias = int
"""Microseconds UTC since 1970-01-01T00:00Z. In tests the epoch is 0: `seconds(5)` is one."""

_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_UNITS = {"us": 1, "ms": 1_000, "s": _SECOND, "min": 60 * _SECOND, "h": 3_600 * _SECOND}
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*(us|ms|s|min|h)")
_LONGEST_WRITTEN = 64  # characters of a duration in a document
_EARLIEST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LATEST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_SECONDS_UP_TO = 120  # shorter durations print in seconds, longer ones in minutes and hours
_FROM_EPOCH = 10 * 86_400 * _SECOND  # instants before this are test times and print as seconds


class Duration(int):
    """A length of time in whole microseconds, made by `seconds`, `minutes` or `hours`.

    Adding it to an instant gives an instant, adding or subtracting two durations gives a
    duration.
    """

    __slots__ = ()

    @overload
    def __add__(self, other: Duration) -> Duration: ...
    @overload
    def __add__(self, other: int) -> int: ...
    def __add__(self, other: int) -> int:
        """Add: a duration to a duration, or an instant to a duration."""
        total = int.__add__(self, other)
        return Duration(total) if isinstance(other, Duration) else total

    @overload
    def __sub__(self, other: Duration) -> Duration: ...
    @overload
    def __sub__(self, other: int) -> int: ...
    def __sub__(self, other: int) -> int:
        """Subtract: a duration from a duration, or a number of microseconds."""
        rest = int.__sub__(self, other)
        return Duration(rest) if isinstance(other, Duration) else rest

    def __mul__(self, times: SupportsIndex) -> Duration:
        """Repeat the duration a whole number of times."""
        return Duration(int.__mul__(self, index(times)))

    __rmul__ = __mul__

    def __str__(self) -> str:
        """Give it as people write it: `20 s`, `3 min`, `1 h 30 min`."""
        return "open-ended" if self == OPEN_ENDED else _spoken(self)

    def __repr__(self) -> str:
        """Give the call that makes it."""
        if self == OPEN_ENDED:
            return "OPEN_ENDED"
        whole, rest = divmod(self, _SECOND)
        return f"seconds({whole if not rest else self / _SECOND})"


OPEN_ENDED = Duration(2**62)
"""A duration without an end: it lasts until somebody ends it. Written `open` in documents."""


def seconds(number: float) -> Duration:
    """Return a duration of so many seconds; fractions are rounded to microseconds.

    Raises:
        ConfigurationError: the number is not finite, or not a number.
    """
    return _made("seconds", number, _SECOND)


def minutes(number: float) -> Duration:
    """Return a duration of so many minutes (see `seconds`)."""
    return _made("minutes", number, 60 * _SECOND)


def hours(number: float) -> Duration:
    """Return a duration of so many hours (see `seconds`)."""
    return _made("hours", number, 3_600 * _SECOND)


def _made(name: str, number: float, unit: int) -> Duration:
    if isinstance(number, bool) or not isinstance(number, (int, float)):
        raise ConfigurationError(f"{name}: {number!r} is not a number")
    if isinstance(number, int):
        return Duration(number * unit)
    if not math.isfinite(number * unit):
        raise ConfigurationError(f"{name}: {number} is not a finite number")
    return Duration(round(number * unit))


def duration(value: object, field: str) -> Duration:
    """Return a setting as a `Duration`, or raise an error that names the field.

    Raises:
        ConfigurationError: it is a bare number, negative, or no duration at all.
    """
    if isinstance(value, timedelta):
        value = Duration(value // _MICROSECOND)
    elif isinstance(value, str):
        value = _read(value, field)
    if not isinstance(value, Duration):
        bare = isinstance(value, (int, float)) and not isinstance(value, bool)
        if bare and math.isfinite(cast("float", value)):
            mend = f"{value} has no unit; write seconds({value}) or timedelta(seconds={value})"
        else:
            mend = f"{value!r} is not a duration; write seconds(20) or timedelta(seconds=20)"
        raise ConfigurationError(f"{field}: {mend}")
    if value < 0:
        raise ConfigurationError(f"{field}: {value} is negative; a duration here is zero or more")
    if value > OPEN_ENDED:
        raise ConfigurationError(f"{field}: {value} is too long; OPEN_ENDED has no end at all")
    return value


def written(value: Duration) -> str:
    """Return the shortest exact text of a duration for documents: `20s`, `2min`, `1500ms`."""
    if value == OPEN_ENDED:
        return "open"
    for unit in ("h", "min", "s", "ms"):
        whole, rest = divmod(value, _UNITS[unit])
        if not rest and (whole or unit == "s"):
            return f"{whole}{unit}"
    return f"{int(value)}us"


def _read(text: str, field: str) -> Duration:
    if text == "open":
        return OPEN_ENDED
    parts = _WRITTEN.findall(text[:_LONGEST_WRITTEN])
    if not parts or len(text) > _LONGEST_WRITTEN or _WRITTEN.sub("", text).strip():
        raise ConfigurationError(
            f"{field}: a duration needs a number and a unit, e.g. 5s or 2min; got {text[:40]!r}"
        )
    return Duration(sum(round(Decimal(number) * _UNITS[unit]) for number, unit in parts))


def instant(moment: datetime) -> Instant:
    """Return an aware `datetime` as an instant.

    Raises:
        IllegalInput: the datetime is naive, so nobody can tell which instant it means.
    """
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise IllegalInput(
            f"instant: {moment.isoformat()} has no time zone; give it tzinfo, e.g. datetime.UTC"
        )
    return (moment - _EPOCH) // _MICROSECOND


def as_datetime(moment: Instant) -> datetime:
    """Return an instant as an aware `datetime` in UTC."""
    return _EPOCH + timedelta(microseconds=moment)


def checked(now: object, field: str = "now") -> Instant:
    """Return an instant as a plain `int`, or raise an error that names the field.

    Raises:
        IllegalInput: it is not an `int` (a float, a `datetime`, a bool...), or in no year that a
            `datetime` knows.
    """
    if type(now) is int and _EARLIEST <= now <= _LATEST:
        return now
    if isinstance(now, int) and not isinstance(now, bool) and _EARLIEST <= now <= _LATEST:
        return int(now)  # (a Duration: in tests the epoch is 0)
    mend = "an instant is an int, microseconds UTC, in the years 1 to 9999"
    if isinstance(now, datetime):
        mend = f"write instant({now.isoformat()})"
    raise IllegalInput(f"{field}: {now!r} is not an instant; {mend}")


def clock(moment: Instant) -> str:
    """Return an instant for people: `35 s` near the epoch (tests), else ISO 8601 in UTC."""
    if abs(moment) < _FROM_EPOCH:
        return f"{_number(moment)} s"
    if not _EARLIEST <= moment <= _LATEST:
        return "open-ended" if moment > 0 else f"{_number(moment)} s"
    text = as_datetime(moment).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return text.removesuffix(".000") + "Z"


def _spoken(value: int) -> str:
    if abs(value) < _SECONDS_UP_TO * _SECOND:
        return f"{_number(value)} s"
    whole, rest = divmod(abs(value), 60 * _SECOND)
    hrs, mins = divmod(whole, 60)
    parts = [f"{hrs} h" if hrs else "", f"{mins} min" if mins else ""]
    parts.append(f"{_number(rest)} s" if rest else "")
    return ("-" if value < 0 else "") + " ".join(part for part in parts if part)


def _number(microseconds: int) -> str:
    whole, rest = divmod(abs(microseconds), _SECOND)
    sign = "-" if microseconds < 0 else ""
    return f"{sign}{whole}" + (f".{rest:06}".rstrip("0") if rest else "")
