"""Addresses and dates of birth, as they are compared.

Rule: a text keeps what tells places apart. Words that half of all addresses have (street, đường)
are dropped; blanks do not count, since people leave them out.
"""

from __future__ import annotations

import re
from typing import Final

from tongdai.model.text import fold

_EMPTY: Final = frozenset(
    [
        *("street", "st", "road", "rd", "avenue", "ave", "lane", "ln", "drive", "dr", "place"),
        *("pl", "crescent", "cres", "court", "ct", "close", "cl", "circuit", "way", "the"),
        *("duong", "pho", "ngo", "ngach", "hem", "so", "phuong", "quan", "huyen", "xa", "to"),
        *("thanh", "tp", "thon", "ap", "khu", "p", "q", "no", "apartment", "apt", "unit", "flat"),
    ]
)
_WORD: Final = re.compile(r"[^\W_]+")
_DATE: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_DATE_BACK: Final = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})")
_DIGITS: Final = 8
_UNKNOWN: Final = frozenset(["00000000", "19000101", "18991231", "99999999", "11111111"])


def street(raw: str) -> tuple[str, str]:
    """Return an address's house number (empty if none), and its telling words in one text."""
    words = _WORD.findall(raw.lower() if raw.isascii() else fold(raw))
    number = next((word for word in words[:3] if word[:1].isdigit()), "")
    kept = [word for word in words if word not in _EMPTY and word != number]
    return number, " ".join(kept or [word for word in words if word != number])


def place(raw: str) -> str:
    """Return a city, region or postcode as one run of letters and digits."""
    return "".join(_WORD.findall(raw.lower() if raw.isascii() else fold(raw)))


def birth_date(raw: str) -> str:
    """Return a date as `19901231`, or nothing when it is none or a stand-in for one.

    A date that the calendar does not have (`19310175`) is kept: with two digits the other way
    round it may still be somebody's.
    """
    text = raw.strip()
    if len(text) == _DIGITS and text.isdecimal():
        digits = text
    elif found := _DATE.fullmatch(text):
        year, month, day = found.groups()
        digits = f"{year}{month:0>2}{day:0>2}"
    elif found := _DATE_BACK.fullmatch(text):
        day, month, year = found.groups()
        digits = f"{year}{month:0>2}{day:0>2}"
    else:
        return ""
    return "" if digits in _UNKNOWN or not digits.isascii() else digits
