"""Load a CRM's export and somebody's address book, and see who is known twice.

    python examples/import_people.py [--csv export.csv] [--vcards contacts.vcf]

A CRM is one more source: each row becomes one observation, and so does each card. Nothing is
changed in either; the profiles are derived. Without arguments two small lists are read that stand
below.
"""

from __future__ import annotations

import argparse
import csv
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tongdai import Claim, Instant, TongdaiError, instant
from tongdai.profiles import Observation, Policy, Resolver

EXPORT = """\
customer_no,full_name,mobile,mail,born,street,city,newsletter
1001,Nguyễn Thị Lan,0908.993.022,lan.nguyen@sen.vn,12/05/1991,12 Lê Lợi,Đà Nẵng,yes
1002,Trần Văn Minh,0120 384 6712,minh.tran@sen.vn,03/11/1984,5 Hàng Bài,Hà Nội,no
1003,Lê Thị Hoa,+84 36 777 8899,,25/02/1979,40 Nguyễn Huệ,Huế,
1004,Phạm Quốc Huy,0000000000,test@test.com,,,Cần Thơ,yes
1005,Hoàng Anh Tuấn,not a number,tuan@hoang.vn,1988-07-19,,,
"""
CARDS = """\
BEGIN:VCARD
VERSION:4.0
UID:card-1
FN:Lan Nguyễn
N:Nguyễn;Lan;;;
TEL;TYPE=cell:+84 908 993 022
EMAIL:lan.nguyen@sen.vn
END:VCARD
BEGIN:VCARD
VERSION:3.0
UID:card-2
FN:Minh Tran
TEL;TYPE=CELL:070 384 6712
BDAY:19841103
ADR;TYPE=HOME:;;5 Hang Bai;Ha Noi;;;
END:VCARD
BEGIN:VCARD
VERSION:4.0
UID:card-3
FN:Bùi Ngọc
  \u0020Mai
EMAIL;PREF=1:mai.bui@sen.vn
EMAIL:mai@hoa.vn
END:VCARD
"""
CONSENT = {"yes": True, "no": False}


def from_csv(text: str, at: Instant) -> Iterator[Observation]:
    """Give an observation a row; a column that is empty says nothing."""
    for row in csv.DictReader(io.StringIO(text)):
        allowed = CONSENT.get(row["newsletter"])
        yield Observation(
            f"crm-{row['customer_no']}",
            source="crm",
            at=at,
            name=row["full_name"],
            phone=row["mobile"],
            email=row["mail"],
            birth_date=row["born"],
            address=row["street"],
            city=row["city"],
            consent={} if allowed is None else {"news": allowed},
        )


def from_vcards(text: str, at: Instant) -> Iterator[Observation]:
    """Give an observation a card (RFC 6350): name, birthday, address, phones and e-mails."""
    card: dict[str, list[str]] = {}
    for line in unfolded(text):
        head, _, value = line.partition(":")
        name = head.partition(";")[0].rpartition(".")[2].upper()  # (home.TEL;TYPE=cell:...)
        if name == "BEGIN":
            card = {}
        elif name != "END":
            card.setdefault(name, []).append(plain(value))
        elif card.get("FN"):
            parts = [*(card.get("ADR") or [""])[0].split(";"), *[""] * 7]
            yield Observation(
                f"vcard-{card['UID'][0]}",
                source="vcards",
                at=at,
                name=card["FN"][0],
                birth_date=card.get("BDAY", [""])[0],
                address=parts[2],
                city=parts[3],
                claims=tuple(
                    Claim(scheme, value)
                    for scheme, field in (("phone", "TEL"), ("email", "EMAIL"))
                    for value in card.get(field, ())
                ),
            )


def unfolded(text: str) -> Iterator[str]:
    """Give the lines of a vCard; one that begins with a blank goes on with the one before."""
    line = ""
    for more in text.splitlines():
        if more[:1] in (" ", "\t"):
            line += more[1:]
            continue
        if line:
            yield line
        line = more
    if line:
        yield line


def plain(value: str) -> str:
    """Take the backslashes of a vCard's value away."""
    return value.replace("\\n", " ").replace("\\,", ",").replace("\\;", ";").removeprefix("tel:")


def main(arguments: Sequence[str] | None = None) -> int:
    """Load both, and say who is known twice and why."""
    parser = argparse.ArgumentParser(description="Load people from a CSV export and from vCards.")
    parser.add_argument("--csv", type=Path, help="a CSV export with the columns of the example")
    parser.add_argument("--vcards", type=Path, help="a file of vCards")
    options = parser.parse_args(arguments)
    rows = options.csv.read_text(encoding="utf-8-sig") if options.csv else EXPORT
    cards = options.vcards.read_text(encoding="utf-8-sig") if options.vcards else CARDS

    at = instant(datetime(2026, 3, 2, 9, tzinfo=UTC))
    people = Resolver(Policy(sources=("crm", "vcards")))
    counts: Counter[str] = Counter()
    try:
        for observation in (*from_csv(rows, at), *from_vcards(cards, at)):
            answer = people.ingest(observation)
            counts[type(answer).__name__.lower()] += 1
    except (TongdaiError, KeyError) as error:
        print(f"not loaded: {error}")  # (a KeyError names the column)
        return 1
    people.settle()

    told = ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))
    known = list(people.profiles())
    print(f"{counts.total()} records ({told}): {len(known)} people")
    for id in known:
        profile = people.profile(id)
        print(f"\n{id}: {', '.join(profile.observations)}")
        for field in profile:
            value = profile[field]
            print(f"  {field:<11} {value.text:<22} {value.source:<12} {value.because}")
        for other in profile.observations[1:]:
            print(people.explain(profile.observations[0], other))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
