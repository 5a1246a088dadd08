"""When a business is open: weekly hours, days with hours of their own, in one time zone.

Rule: a span of hours belongs to the day on which it starts, and is what people read on the door. It
opens when the clock on the wall first shows its start, or jumps over it, and closes when the clock
first shows its end, or jumps over it. So a span opens and closes at most once whatever summer time
does: hours that are skipped are not open, hours that come twice count in full inside a span, and a
span that ends in them ends the first time.

Nothing here reads the time; `now` comes from outside. What a zone is comes from the time zone data
of the system, or of the package `tzdata`, and is read once when a calendar is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import Final, TypeAlias, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import attrs

from tongdai.errors import ConfigurationError, IllegalInput, did_you_mean
from tongdai.model.text import check_text
from tongdai.model.time import Instant, as_datetime, checked, instant

WEEK: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_DAYS: Final = 10_000  # days with hours of their own
MOST_SPANS: Final = 48  # of one day

Spans: TypeAlias = tuple[tuple[int, int], ...]
"""Hours of one day: (start, end) in minutes since its midnight; an end past 1440 is tomorrow's."""

_DAY: Final = 24 * 60
_SPAN: Final = re.compile(r"(\d\d):(\d\d)\s*-\s*(\d\d):(\d\d)", re.ASCII)
_LONGEST_ZONE: Final = 64  # characters
_LOOK_AHEAD: Final = 35  # days: more than one week that a change of clocks may have emptied
_FIRST: Final = date(2, 1, 1)
_LAST: Final = date(9998, 12, 1)


@attrs.frozen
class BusinessCalendar:
    """The hours of a business.

    Hours are text: `"08:00-12:00, 13:00-17:30"`. A span may run past midnight (`22:00-02:00`); a
    whole day is `00:00-24:00`; an empty text is closed.

    Attributes:
        zone: the IANA name of the time zone, such as `Asia/Ho_Chi_Minh`.
        weekly: hours by day of the week: `mon` to `sun`, several days as `mon-fri` or `sat, sun`,
            or `daily`. A day that is not named is closed. After construction one entry for each
            day that is open, Monday first.
        days: hours by date, `2026-02-17` or a `datetime.date`: holidays (an empty text) and special
            days. They stand instead of the weekly hours that would start on that day. After
            construction sorted, by text.
    """

    zone: str
    weekly: Mapping[str, str] = attrs.field(factory=dict[str, str])
    days: Mapping[str | date, str] = attrs.field(factory=dict["str | date", str])

    def __attrs_post_init__(self) -> None:
        """Check everything and bring the hours into one form.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        _zone(self.zone)
        for field in ("weekly", "days"):
            if not isinstance(getattr(self, field), Mapping):
                raise ConfigurationError(
                    f"BusinessCalendar.{field}: expected a mapping from days to hours, such as "
                    "{'mon-fri': '08:00-17:00'}"
                )
        weekly: dict[int, str] = {}
        for names, hours in self.weekly.items():
            for day in _week_days(names):
                if day in weekly:
                    raise ConfigurationError(
                        f"BusinessCalendar.weekly[{names!r}]: {WEEK[day]} has hours already"
                    )
                weekly[day] = _hours_text(hours, f"BusinessCalendar.weekly[{names!r}]")
        kept = {WEEK[day]: hours for day, hours in sorted(weekly.items()) if hours}
        object.__setattr__(self, "weekly", kept)
        if len(self.days) > MOST_DAYS:
            raise ConfigurationError(
                f"BusinessCalendar.days: at most {MOST_DAYS}; these are {len(self.days)}"
            )
        days: dict[str, str] = {}
        for name, hours in self.days.items():
            text = _date(name).isoformat()
            if text in days:
                raise ConfigurationError(f"BusinessCalendar.days: {text} is there twice")
            days[text] = _hours_text(hours, f"BusinessCalendar.days[{text}]")
        object.__setattr__(self, "days", dict(sorted(days.items())))

    def open_at(self, now: Instant) -> bool:
        """Return whether it is open at an instant.

        Raises:
            IllegalInput: `now` is no instant, or in no year from 2 to 9998.
        """
        today = self._today(now)
        for day in range(today - 1, today + 2):
            for span in self._spans(day):
                start, end = self._edges(day, span)
                if start <= now < end:
                    return True
        return False

    def next_change(self, now: Instant) -> Instant | None:
        """Return when it next opens or closes, later than `now`; `None` is never again.

        Raises:
            IllegalInput: `now` is no instant, or in no year from 2 to 9998.
        """
        was = self.open_at(now)
        coming: list[Instant] = []
        for day in self._days_from(self._today(now)):
            dawn = self._first(day, 0)
            for edge in sorted(edge for edge in coming if edge < dawn):
                if self.open_at(edge) != was:
                    return edge
            edges = (edge for span in self._spans(day) for edge in self._edges(day, span))
            coming = [edge for edge in coming if edge >= dawn] + [at for at in edges if at > now]
        return next((edge for edge in sorted(coming) if self.open_at(edge) != was), None)

    def opens_at(self, now: Instant) -> Instant | None:
        """Return from when on it is open: `now` itself where it is, `None` if it never will be.

        Raises:
            IllegalInput: `now` is no instant, or in no year from 2 to 9998.
        """
        return now if self.open_at(now) else self.next_change(now)

    # --- inside -----------------------------------------------------------------------------------

    @cached_property
    def _clock(self) -> ZoneInfo:
        return _zone(self.zone)

    @cached_property
    def _week(self) -> tuple[Spans, ...]:
        return tuple(_read_hours(self.weekly.get(name, ""), name) for name in WEEK)

    @cached_property
    def _own(self) -> Mapping[int, Spans]:
        return {
            date.fromisoformat(cast("str", name)).toordinal(): _read_hours(hours, cast("str", name))
            for name, hours in self.days.items()
        }

    def _today(self, now: Instant) -> int:
        """Return the date on the wall, as an ordinal."""
        today = _wall(checked(now), self._clock).date()
        if not _FIRST <= today <= _LAST:
            raise IllegalInput(f"now: {today} is too far away; a calendar knows years 2 to 9998")
        return today.toordinal()

    def _spans(self, day: int) -> Spans:
        own = self._own.get(day)
        return self._week[(day - 1) % 7] if own is None else own

    def _edges(self, day: int, span: tuple[int, int]) -> tuple[Instant, Instant]:
        return self._first(day, span[0]), self._first(day, span[1])

    def _first(self, day: int, minute: int) -> Instant:
        """Return when the clock first shows a minute of a day, or jumps over it."""
        later, minute = divmod(minute, _DAY)
        wall = datetime.combine(date.fromordinal(day + later), time(minute // 60, minute % 60))
        shown = instant(wall.replace(tzinfo=self._clock))
        if _wall(shown, self._clock) == wall:
            return shown  # (in an hour that comes twice it is the first time)
        # The clock jumps over it: find the jump. With fold=1 a time that does not exist is read
        # with the later offset, which gives an instant before the jump (PEP 495).
        early, late = instant(wall.replace(tzinfo=self._clock, fold=1)), shown
        while late - early > 1:
            middle = (early + late) // 2
            if _wall(middle, self._clock) < wall:
                early = middle
            else:
                late = middle
        return late

    def _days_from(self, today: int) -> Iterator[int]:
        """Go through the days on which something may change: the coming ones, and special ones.

        When the coming weeks bring no change the weekly hours never do, so from there on only what
        is near a special day counts.
        """
        start, end = today - 1, today + _LOOK_AHEAD
        for special in sorted(self._own):
            if special < start:
                continue
            if special - 1 > end:
                yield from range(start, end)
                start = special - 1
            end = max(end, special + _LOOK_AHEAD)
        yield from range(start, end)


def _wall(moment: Instant, zone: ZoneInfo) -> datetime:
    """Return what a clock on the wall shows."""
    return as_datetime(moment).astimezone(zone).replace(tzinfo=None)


def _zone(name: object) -> ZoneInfo:
    check_text(name, "BusinessCalendar.zone")
    text = cast("str", name)
    try:
        if len(text) <= _LONGEST_ZONE:
            return ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    # (a set has another order in each process, and only so many names are compared)
    known = sorted(available_timezones(), key=lambda zone: (zone[:1] != text[:1], zone))
    mend = "it is a name such as 'Asia/Ho_Chi_Minh'." + did_you_mean(text[:_LONGEST_ZONE], known)
    if not known:
        mend = "this system has no time zone data; pip install 'tongdai[zones]'"
    raise ConfigurationError(f"BusinessCalendar.zone: there is no time zone {text!r:.80}; {mend}")


def _week_days(names: object) -> list[int]:
    """Return the days of the week that a text names: `mon-fri`, `sat, sun`, `daily`."""
    if names == "daily":
        return list(range(7))
    found: list[int] = []
    for part in str(names)[:_LONGEST_ZONE].split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        if first not in WEEK or (dash and last not in WEEK):
            raise ConfigurationError(
                f"BusinessCalendar.weekly: {names!r:.80} names no days; write mon, mon-fri, "
                "'sat, sun' or daily"
            )
        start = WEEK.index(first)
        days = (WEEK.index(last) - start) % 7 + 1 if dash else 1
        found += [(start + step) % 7 for step in range(days)]
    return found


def _date(name: object) -> date:
    try:
        day = name if isinstance(name, date) else date.fromisoformat(str(name))
    except ValueError:
        day = None
    if day is None or isinstance(day, datetime) or not _FIRST <= day <= _LAST:
        raise ConfigurationError(
            f"BusinessCalendar.days: {name!r:.80} is no date; write it as 2026-02-17"
        )
    return day


def _hours_text(hours: object, field: str) -> str:
    """Return hours in their canonical text: sorted, one blank behind a comma."""
    check_text(hours, field)
    spans = _read_hours(cast("str", hours), field)
    return ", ".join(f"{_minute(start)}-{_minute(end)}" for start, end in spans)


def _minute(minute: int) -> str:
    minute = minute if minute <= _DAY else minute - _DAY
    return f"{minute // 60:02}:{minute % 60:02}"


@lru_cache(maxsize=1_024)
def _read_hours(text: str, field: str) -> Spans:
    spans: list[tuple[int, int]] = []
    for part in text.split(",", MOST_SPANS) if text.strip() else []:
        found = _SPAN.fullmatch(part.strip())
        if found is None:
            raise ConfigurationError(
                f"{field}: {part.strip()!r:.60} is no span of hours; write 08:00-17:30, several "
                "with commas, and nothing where it is closed"
            )
        hours, minutes, end_hours, end_minutes = map(int, found.groups())
        start, end = 60 * hours + minutes, 60 * end_hours + end_minutes
        if max(minutes, end_minutes) > 59 or start >= _DAY or end > _DAY or start == end:  # noqa: PLR2004
            raise ConfigurationError(
                f"{field}: {part.strip()} is no span of hours; they go from 00:00 to 24:00, and a "
                "whole day is 00:00-24:00"
            )
        spans.append((start, end if end > start else end + _DAY))
    spans.sort()
    if any(one[1] > other[0] for one, other in pairwise(spans)):
        raise ConfigurationError(f"{field}: {text!r:.80} has spans that overlap; join them")
    return tuple(spans)
