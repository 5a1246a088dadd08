"""Telephone numbers as `+84908993022`, whatever they were typed as.

Rule: one number has one form. What cannot be somebody's own number (short codes, service numbers,
digits that repeat or count) gives none, so it can never join two people. Vietnam's numbers are
read here, since they are most of the traffic; all others by `phonenumbers`.

Sources: Vietnam's numbering plan (Circular 22/2014/TT-BTTTT and Decision 798/QD-BTTTT of 2018,
which turned mobile numbers of eleven digits into ten).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from tongdai.profiles.extras import need

if TYPE_CHECKING:
    from types import ModuleType

_MOVED: Final = {
    "120": "70",
    "121": "79",
    "122": "77",
    "126": "76",
    "128": "78",
    "123": "83",
    "124": "84",
    "125": "85",
    "127": "81",
    "129": "82",
    **{f"16{last}": f"3{last}" for last in "23456789"},
    "186": "56",
    "188": "58",
    "199": "59",
}
"""The prefixes of mobile numbers that moved in 2018, without the leading zero: old to new."""

_MOBILE: Final = frozenset(
    [
        *(f"3{last}" for last in "23456789"),
        *("52", "55", "56", "58", "59"),
        *("70", "76", "77", "78", "79"),
        *(f"8{last}" for last in "123456789"),
        *(f"9{last}" for last in "0123456789"),
    ]
)
_NATIONAL: Final = 9  # digits of a mobile number without its zero
_SUBSCRIBER: Final = 7  # digits behind the prefix
_SHORTEST: Final = 7
_LONGEST: Final = 40  # characters that are read at all
_UP: Final = "01234567890123456789"
_DOWN: Final = _UP[::-1]
_SEPARATORS: Final = str.maketrans("", "", " .-()/\u00a0\u2010\u2011\u2012\u2013\u200b")


def phone(raw: str, region: str = "VN") -> str:
    """Return a number in international form, or nothing when it can identify nobody.

    Args:
        raw: as it was typed.
        region: the country (ISO 3166, two letters) whose national form is assumed.
    """
    digits = raw.translate(_SEPARATORS)
    if len(digits) > _LONGEST:
        return ""
    if region == "VN" and digits.isascii():
        national = _vietnamese(digits)
        if national:
            return "" if _made_up(national[2:]) or _made_up(national) else f"+84{national}"
    return _any(raw[:_LONGEST], region)


def _vietnamese(digits: str) -> str:
    """Return the nine digits of a Vietnamese mobile number behind its zero, or nothing."""
    if digits[:1] == "+":
        if digits[:3] != "+84":
            return ""
        rest = digits[3:]
    elif digits[:4] == "0084":
        rest = digits[4:]
    elif digits[:2] == "84" and len(digits) - 2 >= _NATIONAL:  # (084 is a mobile prefix too)
        rest = digits[2:]
    elif digits[:1] == "0" or (len(digits) == _NATIONAL and digits[:2] in _MOBILE):
        rest = digits
    else:
        return ""
    rest = rest.removeprefix("0")
    if not rest.isdigit():
        return ""
    if len(rest) == _NATIONAL and rest[:2] in _MOBILE:
        return rest
    if len(rest) == _NATIONAL + 1 and rest[:3] in _MOVED:
        return _MOVED[rest[:3]] + rest[3:]
    return ""


def _made_up(digits: str) -> bool:
    """Tell whether digits repeat or count, as people type who will not give their number."""
    return digits.count(digits[0]) == len(digits) or digits in _UP or digits in _DOWN


def _any(raw: str, region: str) -> str:
    library: Any = _phonenumbers()
    text = "+" + raw[2:] if raw[:2] == "00" else raw
    try:
        number = library.parse(text, region or None)
    except library.NumberParseException:
        return ""
    if not library.is_valid_number(number):
        return ""
    national = library.national_significant_number(number)
    if len(national) < _SHORTEST or _made_up(national) or _made_up(national[-_SUBSCRIBER:]):
        return ""
    personal = (
        library.PhoneNumberType.FIXED_LINE,
        library.PhoneNumberType.MOBILE,
        library.PhoneNumberType.FIXED_LINE_OR_MOBILE,
        library.PhoneNumberType.PERSONAL_NUMBER,
        library.PhoneNumberType.VOIP,
        library.PhoneNumberType.UNKNOWN,
    )
    if library.number_type(number) not in personal:  # 1800 and 1900, toll-free, premium
        return ""
    return str(library.format_number(number, library.PhoneNumberFormat.E164))


@cache
def _phonenumbers() -> ModuleType:
    return need("phonenumbers")
