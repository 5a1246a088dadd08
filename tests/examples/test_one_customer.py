"""The morning of one customer: who is known, what adds up, and what is undone."""

from __future__ import annotations

import re

import one_customer
import pytest


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> str:
    """Return what the program prints."""
    assert one_customer.main([]) == 0
    return capsys.readouterr().out


def test_she_is_one_person_over_four_channels(told: str) -> None:
    """Phone, Zalo, e-mail and web chat are in one timeline, with who served her."""
    hers = told.partition("  Lan, p/crm-1044\n")[2].partition("  Lan Anh")[0]
    assert ["phone", "zalo", "email", "web"] == [line.split()[1] for line in hers.splitlines()]
    assert 4 == hers.count("> agent ")
    assert "call-1 of p/call-1: from here p/crm-1044's" in told


def test_an_office_line_makes_nobody_one(told: str) -> None:
    """Neither with Minh, who gave the bank that number, nor with each other."""
    for contact in ("call-5", "call-6"):
        assert f"{contact}   not known: p/{contact}" in told


def test_every_decision_adds_up(told: str) -> None:
    """Each waterfall's parts give its last line."""
    blocks = re.findall(r"prior +-[\d.]+\n(?:.*\n)*?.*(?:merge at|kept apart).*", told)
    assert len(blocks) > 8
    for block in blocks:
        figures = re.findall(r" ([+-]\d+\.\d)\b", block.partition("merge at")[0])
        *parts, total = map(float, figures)
        assert total == pytest.approx(sum(parts))


def test_the_wrong_merge_is_undone(told: str) -> None:
    """It is shown while it stands; afterwards her sister has a timeline of her own."""
    before, _, after = told.partition("Mai, the supervisor, undoes it")
    assert "zalo-7 of p/zalo-7: from here p/crm-1044's" in before
    assert "Nguyễn Thị Lan Anh" in before.partition("What is shown of Lan")[2]
    assert "zalo-7 of p/crm-1044: from here p/zalo-7's" in after
    assert "kept apart by supervisor:mai" in after
    assert "zalo-7" in after.partition("  Lan Anh, p/zalo-7\n")[2]
