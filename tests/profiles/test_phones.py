"""Telephone numbers: every spelling of one number is one number, and nobody's numbers are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.profiles.phones import phone


@pytest.mark.parametrize(
    "spelling",
    [
        *("0908993022", "0908.993.022", "0908 993 022", "0908-993-022", "(0908) 993022"),
        *("+84908993022", "+84 908 993 022", "(+84) 0908 993 022", "(+84) 908993022"),
        *("0084908993022", "0084 0908993022", "84908993022", "840908993022", "908993022"),
    ],
)
def test_every_spelling_is_one_number(spelling: str) -> None:
    """However it was typed."""
    assert "+84908993022" == phone(spelling)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *(("120", "70"), ("121", "79"), ("122", "77"), ("126", "76"), ("128", "78")),
        *(("123", "83"), ("124", "84"), ("125", "85"), ("127", "81"), ("129", "82")),
        *((f"16{last}", f"3{last}") for last in "23456789"),
        *(("186", "56"), ("188", "58"), ("199", "59")),
    ],
)
def test_numbers_of_eleven_digits_moved(old: str, new: str) -> None:
    """In 2018; who still has the old number in a list is found by the new one."""
    for lead in ("0", "+84", "0084", "84"):
        assert f"+84{new}3567890" == phone(f"{lead}{old}3567890")


def test_084_is_a_mobile_prefix_too() -> None:
    """A leading 84 is the country's only where nine digits remain."""
    assert "+84841234569" == phone("0841234569")
    assert "+84841234569" == phone("84841234569")
    assert "+84841234569" == phone("841234569")


@pytest.mark.parametrize(
    "text",
    [
        *("", "   ", "abc", "113", "114", "115", "9191", "1800 1091", "1900 545464", "18001091"),
        *("0000000000", "0999999999", "1111111111", "0123456789", "0987654321", "+84 1900 6789"),
        *("090899302", "09089930222", "+", "+84 9o8 993 02", "0" * 200, "+1 900 555 0100"),
    ],
)
def test_what_is_nobodys_number_is_none(text: str) -> None:
    """Short codes, service numbers, digits that repeat or count, and what is no number."""
    assert "" == phone(text)


@pytest.mark.parametrize(
    ("text", "region", "number"),
    [
        ("028 3822 1234", "VN", "+842838221234"),
        ("+61 412 345 670", "VN", "+61412345670"),
        ("0412 345 670", "AU", "+61412345670"),
        ("(212) 736-5000", "US", "+12127365000"),
        ("0061 412 345 670", "VN", "+61412345670"),
        ("0908993022", "AU", ""),
    ],
)
def test_other_numbers_are_read_too(text: str, region: str, number: str) -> None:
    """Land lines, and numbers of other countries."""
    assert number == phone(text, region)


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    """The answer is a number in its one form, which reads as itself, or nothing."""
    found = phone(text)
    assert found == "" or found == phone(found)
