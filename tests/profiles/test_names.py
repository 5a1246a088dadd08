"""Names as bags of words, with and without accents."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.profiles import Model, Policy
from tongdai.profiles.candidates import Index
from tongdai.profiles.evidence import Naming, Scorer
from tongdai.profiles.names import name

SCORER = Scorer(Model(), Policy(), Index(Policy()))


def compare(one: str, two: str) -> Naming:
    """Compare two names that are names."""
    a, b = name(one), name(two)
    assert a is not None
    assert b is not None
    found = SCORER.names(a, b)
    assert found == SCORER.names(b, a)
    return found


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("Nguyễn Thị Lan", "nguyen thi lan"),
        ("  NGUYỄN   THỊ LAN ", "nguyen thi lan"),
        ("chị Lan", "lan"),
        ("Anh Nguyễn Văn Minh", "nguyen van minh"),
        ("Mr. John Smith", "john smith"),
        ("Anh Nguyen", "anh nguyen"),
        ("Bà Trần Thị Mai", "tran thi mai"),
        ("O'Brien, Mary-Ann", "obrien mary ann"),
        ("Đỗ Đức", "do duc"),
        ("Nguye\u0302\u0303n Lan", "nguyen lan"),
    ],
)
def test_names_are_read(raw: str, words: str) -> None:
    """Without titles, accents and case."""
    read = name(raw)
    assert read is not None
    assert words == " ".join(read.words)


@pytest.mark.parametrize("raw", ["", "  ", "khách hàng", "N/A", "unknown", "---", "123", "Test"])
def test_what_is_no_name_is_none(raw: str) -> None:
    """A stand-in for a name joins nobody."""
    assert name(raw) is None


def test_the_order_of_the_words_hardly_matters() -> None:
    """Family name first or last."""
    same, turned = compare("Nguyễn Thị Lan", "Nguyễn Thị Lan"), compare("Lan Nguyen", "Nguyen Lan")
    assert ("same", "reordered") == (same.note, turned.note)
    assert turned.tenths > 50


def test_missing_accents_say_nothing_and_different_ones_do() -> None:
    """`Hoa` typed without accents may be `Hòa`; `Hóa` is somebody else."""
    whole = compare("Trần Văn Hòa", "Trần Văn Hòa").tenths
    assert whole == compare("Trần Văn Hòa", "Tran Van Hoa").tenths
    assert whole > compare("Trần Văn Hòa", "Trần Văn Hóa").tenths


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Nguyễn Văn An", "Nguyễn Thị Bình"),
        ("John Smith", "Mary Smith"),
        ("Tayla Green", "Tayla White"),
        ("Lan", "Minh"),
    ],
)
def test_two_peoples_names_conflict(one: str, two: str) -> None:
    """Each has a word that the other does not have."""
    found = compare(one, two)
    assert found.conflict
    assert found.tenths <= 20


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Nguyễn Thị Lan", "Lan"),
        ("Nguyễn Thị Lan", "Nguyễn Lan"),
        ("Jon Smith", "John Smith"),
        ("Matosn Xavier", "Xavier Matson"),
        ("J Smith", "John Smith"),
        ("Maryanne Smith", "Mary Anne Smith"),
    ],
)
def test_one_persons_names_do_not_conflict(one: str, two: str) -> None:
    """Shorter, misspelt, abbreviated or written apart."""
    found = compare(one, two)
    assert not found.conflict
    assert found.tenths > 0


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_two_names_compare_the_same_both_ways(one: str, two: str) -> None:
    """Whatever was typed."""
    if name(one) is not None and name(two) is not None:
        compare(one, two)
