"""Read one day of the bank's call records.

Rule: every row is either understood or refused with its line, its column and what would be right;
    what
is kept although it contradicts itself is counted in `Day.notes`. Waits and service times come from
their own columns, since those are right across midnight too.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import attrs

DAY = 86_400
TYPES = {
    "PS": "regular",
    "PE": "in English",
    "IN": "internet",
    "NE": "stock exchange",
    "NW": "new customers",
    "TT": "to call back",
}
COLUMNS: list[str] = [
    *("vru+line", "call_id", "customer_id", "priority", "type", "date"),
    *("vru_entry", "vru_exit", "vru_time", "q_start", "q_exit", "q_time"),
    *("outcome", "ser_start", "ser_exit", "ser_time", "server"),
]
OUTCOMES = ("AGENT", "HANG", "PHANTOM")


class BadRecord(ValueError):
    """A file that is no day of records; the text says where, and what would be right."""


@attrs.frozen(kw_only=True)
class Call:
    """A call that reached the queue or an agent; times are seconds since midnight.

    Attributes:
        line: of the file.
        type: of service, such as `PS`.
        priority: 0, 1 or 2 as recorded.
        looked_up: whether that can be trusted: who never queued was often not looked up and shows
            0.
        at: when it left the voice menu for the queue or an agent.
        queued: whether it ever was in the queue.
        wait: seconds in the queue.
        answered: by an agent; otherwise the caller hung up in the queue.
        start: when the service began, and
        talk: how many seconds it took; both `None` where the record has no sensible time.
        server: the agent's name; empty where there is none.
    """

    line: int
    type: str
    priority: int
    looked_up: bool
    at: int
    queued: bool
    wait: int
    answered: bool
    start: int | None
    talk: int | None
    server: str


@attrs.frozen(kw_only=True)
class Day:
    """One day of records.

    Attributes:
        name: of the file.
        date: as `1999-02-03`.
        calls: in order of arrival.
        phantoms: rows that were no real calls.
        menu: when callers hung up in the voice menu, in seconds since midnight, ascending.
        notes: how many rows contradict themselves, by how.
    """

    name: str
    date: str
    calls: tuple[Call, ...]
    phantoms: int
    menu: tuple[int, ...]
    notes: dict[str, int]

    @property
    def types(self) -> list[str]:
        """The types of service, the most frequent first."""
        counts = Counter(call.type for call in self.calls)
        return sorted(counts, key=lambda kind: (-counts[kind], kind))


def read_day(path: Path) -> Day:
    """Read a file.

    Raises:
        BadRecord: it cannot be read; the text names the line and what would be right.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise BadRecord(f"{path}: {error.strerror or error}") from error
    if lines and not lines[-1].strip():
        del lines[-1]
    rows = [_Row(path, number, line) for number, line in enumerate(lines, start=1)]
    if not rows or rows[0].cells != COLUMNS:
        raise BadRecord(
            f"{path}, line 1: expected the {len(COLUMNS)} column names, separated by tabs: "
            f"{' '.join(COLUMNS)}"
        )
    if len(rows) == 1:
        raise BadRecord(f"{path}: there is no call after the header")
    return _day(path, rows[1:])


def _day(path: Path, rows: list[_Row]) -> Day:
    calls: list[Call] = []
    menu: list[int] = []
    notes: Counter[str] = Counter()
    phantoms = 0
    date = rows[0].date()
    for row in rows:
        if row.date() != date:
            row.fail("date", f"expected {date}, as in line 2: a file holds one day")
        call = row.call(notes)
        outcome = row["outcome"]
        if outcome == "PHANTOM":
            phantoms += 1
        elif outcome == "HANG" and not call.queued:
            menu.append(call.at)
        else:
            calls.append(call)
    if not any(call.server and call.talk for call in calls):
        raise BadRecord(f"{path}: no answered call names its agent and a service time")
    return Day(
        name=path.name,
        date=date,
        calls=tuple(sorted(calls, key=lambda call: (call.at, call.line))),
        phantoms=phantoms,
        menu=tuple(sorted(menu)),
        notes=dict(notes),
    )


class _Row:
    """One line of the file; every access checks what it reads."""

    def __init__(self, path: Path, line: int, raw: bytes) -> None:
        self.path = path
        self.line = line
        try:
            text = raw.decode("utf-8-sig" if line == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise BadRecord(f"{path}, line {line}: this is not text in UTF-8") from error
        self.cells = text.rstrip("\r").split("\t")
        if len(self.cells) != len(COLUMNS):
            raise BadRecord(
                f"{path}, line {line}: expected {len(COLUMNS)} columns, separated by tabs; "
                f"got {len(self.cells)}"
            )

    def __getitem__(self, column: str) -> str:
        return self.cells[COLUMNS.index(column)]

    def fail(self, column: str, expected: str) -> None:
        raise BadRecord(
            f"{self.path}, line {self.line}, {column}: {expected}; got {self[column]!r}"
        )

    def call(self, notes: Counter[str]) -> Call:
        """Read the row as a call, and note what is odd about it."""
        outcome = self["outcome"]
        if outcome not in OUTCOMES:
            self.fail("outcome", f"expected one of {', '.join(OUTCOMES)}")
        if not self["type"].strip() or "/" in self["type"]:
            self.fail("type", "expected a type of service, such as PS")
        priority = self.whole("priority")
        if not 0 <= priority <= 2:
            self.fail("priority", "expected 0, 1 or 2")
        self.whole("vru_time", negative=True)  # some are negative; nothing here depends on them
        self.clock("vru_entry")
        queue, _, wait = self.span("q_start", "q_exit", "q_time")
        start, _, talk = self.span("ser_start", "ser_exit", "ser_time")
        at = queue or self.clock("vru_exit")
        if start and start < at - DAY // 2:
            start += DAY  # it began after midnight
        answered = outcome == "AGENT"
        served = answered and start > 0 and talk > 0
        if answered and not served:
            notes["answered, but without a service time (drawn by type)"] += 1
        if outcome == "HANG" and talk:
            notes["hung up, yet with a service time (kept as hung up)"] += 1
        server = self["server"] if answered else ""
        if server == "NO_SERVER" or not server.strip():
            server = ""
            if answered:
                notes["answered, but by no agent named (kept)"] += 1
        return Call(
            line=self.line,
            type=self["type"],
            priority=priority,
            looked_up=queue > 0 or self["customer_id"] != "0",
            at=at,
            queued=queue > 0,
            wait=wait,
            answered=answered,
            start=start if served else None,
            talk=talk if served else None,
            server=server,
        )

    def span(self, start: str, end: str, length: str) -> tuple[int, int, int]:
        begins, ends, lasts = self.clock(start), self.clock(end), self.whole(length)
        if (ends - begins) % DAY != lasts % DAY:
            self.fail(length, f"expected {(ends - begins) % DAY}, from {start} to {end}")
        return begins, ends, lasts

    def clock(self, column: str) -> int:
        parts = self[column].split(":")
        if len(parts) == 3 and all(part.isdecimal() and part.isascii() for part in parts):
            hour, minute, second = map(int, parts)
            if hour < 24 and minute < 60 and second < 60:
                return hour * 3600 + minute * 60 + second
        self.fail(column, "expected a time of day as h:mm:ss")
        raise AssertionError

    def whole(self, column: str, *, negative: bool = False) -> int:
        text = self[column]
        digits = text.removeprefix("-") if negative else text
        if not (digits.isdecimal() and digits.isascii()):
            self.fail(column, "expected a whole number" + ("" if negative else ", 0 or more"))
        return int(text)

    def date(self) -> str:
        text = self["date"]
        if len(text) != 6 or not (text.isdecimal() and text.isascii()):
            self.fail("date", "expected yymmdd")
        return f"19{text[:2]}-{text[2:4]}-{text[4:]}"
