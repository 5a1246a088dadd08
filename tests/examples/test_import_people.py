"""A CSV export and an address book, loaded side by side."""

from __future__ import annotations

from pathlib import Path

import import_people
import pytest


def test_who_is_in_both_is_one_person(capsys: pytest.CaptureFixture[str]) -> None:
    """Lan by her number, Minh by one that has moved from eleven digits to ten."""
    assert import_people.main([]) == 0
    told = capsys.readouterr().out
    assert "8 records (2 attached, 6 created): 6 people" in told
    assert "p/crm-1001: crm-1001, vcard-card-1" in told
    assert "p/crm-1002: crm-1002, vcard-card-2" in told
    assert "+84703846712" in told


def test_files_are_read_in_place_of_the_lists(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both kinds, also with a mark of the byte order, as spreadsheets write it."""
    rows = tmp_path / "export.csv"
    rows.write_text(import_people.EXPORT.partition("1002")[0], encoding="utf-8-sig")
    cards = tmp_path / "cards.vcf"
    cards.write_text(import_people.CARDS.partition("BEGIN:VCARD\nVERSION:3.0")[0])
    assert import_people.main(["--csv", str(rows), "--vcards", str(cards)]) == 0
    assert "2 records (1 attached, 1 created): 1 people" in capsys.readouterr().out


def test_a_column_that_is_missing_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is loaded half."""
    rows = tmp_path / "export.csv"
    rows.write_text("customer_no,full_name,newsletter\n1,Lan,\n")
    assert import_people.main(["--csv", str(rows)]) == 1
    assert "not loaded: 'mobile'\n" == capsys.readouterr().out
