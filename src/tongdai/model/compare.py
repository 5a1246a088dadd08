"""What conditions and operands do with plain values: compare, test, convert and count.

Rule: values are of six kinds: number, text, true or false, list, object, none. Nothing is turned
into another kind unless a function is asked to, and whatever does not fit is false or `None`, never
an error. What these say in words stands in `expression.py`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from tongdai.model import glob
from tongdai.model.text import DEEPEST, fold

Plain: TypeAlias = str | int | float | bool | Sequence["Plain"] | Mapping[str, "Plain"] | None
"""What these texts can look at: what JSON can say."""

Sign: TypeAlias = Literal[
    "==", "!=", "<=", ">=", "<", ">", "in", "prefix", "suffix", "contains", "glob"
]
Function: TypeAlias = Literal[
    "fold",
    "lower",
    "upper",
    "trim",
    "text",
    "number",
    "size",
    "digits",
    "at",
    "plus",
    "minus",
    "times",
    "default",
    "replace",
    "slice",
]

LONGEST_RENDERED: Final = 64 * 1024  # characters
MOST_DIGITS: Final = 300  # of a number; a float knows no larger ones
TOO_LARGE: Final = 10**MOST_DIGITS
_LONGEST_NUMBER: Final = 400  # characters: the smallest float has 343

_NUMBER: Final = re.compile(r"\s*(-?\d+(\.\d+)?)\s*")


def is_number(value: object) -> bool:
    """Return whether a value is a number; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def read_number(text: str) -> int | float | None:
    """Return the number that digits state, whole unless they have a point; `None`: too large."""
    if len(text) > _LONGEST_NUMBER:
        return None
    number = float(text) if "." in text else int(text)
    return number if -TOO_LARGE < number < TOO_LARGE else None


# --- signs ----------------------------------------------------------------------------------------


def _same(one: Plain, other: Plain, deep: int = 0) -> bool:
    """Return whether two values are of one kind and equal; objects never are."""
    if isinstance(one, str):
        return isinstance(other, str) and one == other
    if one is None or isinstance(one, bool):
        return one is other
    if isinstance(one, (int, float)):
        return is_number(other) and one == other
    if not isinstance(one, (list, tuple)) or not isinstance(other, (list, tuple)):
        return False
    return (
        len(one) == len(other)
        and deep < DEEPEST
        and all(_same(left, right, deep + 1) for left, right in zip(one, other, strict=True))
    )


def _ordered(one: Plain, other: Plain) -> bool:
    return (isinstance(one, str) and isinstance(other, str)) or (
        is_number(one) and is_number(other)
    )


def _less(one: Any, other: Any) -> bool:  # noqa: ANN401 - any plain value
    return _ordered(one, other) and one < other


def _not_more(one: Any, other: Any) -> bool:  # noqa: ANN401 - any plain value
    return _ordered(one, other) and one <= other


def _within(one: Plain, other: Plain) -> bool:
    """Return whether a text stands in a text, or a value in a list."""
    if isinstance(other, str):
        return isinstance(one, str) and one in other
    return isinstance(other, (list, tuple)) and any(_same(one, item) for item in other)


def _prefix(one: Plain, other: Plain) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one.startswith(other)


def _suffix(one: Plain, other: Plain) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one.endswith(other)


def _glob(one: Plain, other: Plain) -> bool:
    return isinstance(one, str) and isinstance(other, str) and glob.compiled(other)(one)


COMPARISONS: Final[Mapping[Sign, Callable[[Plain, Plain], bool]]] = {
    "==": _same,
    "!=": lambda one, other: not _same(one, other),
    "<": _less,
    "<=": _not_more,
    ">": lambda one, other: _less(other, one),
    ">=": lambda one, other: _not_more(other, one),
    "in": _within,
    "prefix": _prefix,
    "suffix": _suffix,
    "contains": lambda one, other: _within(other, one),
    "glob": _glob,
}

# The same between two numbers, which is what is asked most.
NUMERIC: Final[Mapping[Sign, Callable[[Any, Any], bool]]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


# --- functions ------------------------------------------------------------------------------------


def spoken(value: Plain) -> str:
    """Return a value as a template renders it, at most 65,536 characters."""
    return _spoken(value, 0)


def digits(value: float) -> str:
    """Return a finite number as digits, without an exponent; a float always with a point."""
    text = str(value) if isinstance(value, int) else f"{Decimal(repr(value)):f}"
    return text if isinstance(value, int) or "." in text else f"{text}.0"


def _spoken(value: Plain, deep: int) -> str:
    if isinstance(value, str):
        return value[:LONGEST_RENDERED]
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return digits(value).removesuffix(".0") if -TOO_LARGE < value < TOO_LARGE else ""
    if not isinstance(value, (list, tuple)) or deep >= DEEPEST:
        return ""
    texts: list[str] = []
    room = LONGEST_RENDERED
    for item in value:
        texts.append(_spoken(item, deep + 1))
        room -= len(texts[-1]) + 2
        if room <= 0:
            break
    return ", ".join(texts)[:LONGEST_RENDERED]


def _number(value: Plain) -> Plain:
    if isinstance(value, str):
        found = _NUMBER.fullmatch(value[: _LONGEST_NUMBER + 1])
        return read_number(found[1]) if found else None
    return value if is_number(value) else None


def _size(value: Plain) -> Plain:
    return len(value) if isinstance(value, (str, list, tuple, Mapping)) else None


def _digits(value: Plain) -> Plain:
    return isinstance(value, str) and value.isascii() and value.isdigit()


def _at(value: Plain, place: Plain) -> Plain:
    """Return what an object has by a key, or a list at a place from 0 (or from its end)."""
    if isinstance(value, Mapping):
        return value.get(place) if isinstance(place, str) else None
    if not isinstance(value, (list, tuple)) or not is_number(place):
        return None
    return value[place] if isinstance(place, int) and -len(value) <= place < len(value) else None


def _plus(one: Any, other: Any) -> Plain:  # noqa: ANN401 - any plain value
    if not is_number(one) or not is_number(other):
        return None
    try:
        total = one + other
    except OverflowError:
        return None
    return total if -TOO_LARGE < total < TOO_LARGE else None


def _minus(one: Any, other: Any) -> Plain:  # noqa: ANN401 - any plain value
    return _plus(one, -other) if is_number(other) else None


def _times(one: Any, other: Any) -> Plain:  # noqa: ANN401 - any plain value
    if not is_number(one) or not is_number(other):
        return None
    if not (-TOO_LARGE < one < TOO_LARGE and -TOO_LARGE < other < TOO_LARGE):
        return None
    product = one * other
    return product if -TOO_LARGE < product < TOO_LARGE else None


def _default(value: Plain, other: Plain) -> Plain:
    empty = value is None or value is False or (isinstance(value, str) and not value)
    return other if empty else value


def _replace(value: Plain, old: Plain, new: Plain) -> Plain:
    if not (isinstance(value, str) and isinstance(old, str) and isinstance(new, str)):
        return None
    if not old:
        return value
    most = 1 + LONGEST_RENDERED // max(1, len(new))  # (more would be cut anyway)
    return value.replace(old, new, most if len(new) > len(old) else -1)[:LONGEST_RENDERED]


def _slice(value: Plain, start: Plain, count: Plain) -> Plain:
    if not isinstance(value, str) or not isinstance(start, int) or not isinstance(count, int):
        return None
    if isinstance(start, bool) or isinstance(count, bool):
        return None
    first = start if start >= 0 else len(value) + start
    return value[first : first + max(0, count)] if first >= 0 else ""


def _of_text(function: Callable[[str], str]) -> Callable[[Plain], Plain]:
    return lambda value: function(value) if isinstance(value, str) else None


# Of how many values each is, and what it gives.
FUNCTIONS: Final[Mapping[Function, tuple[int, Callable[..., Plain]]]] = {
    "fold": (1, _of_text(fold)),
    "lower": (1, _of_text(str.casefold)),
    "upper": (1, _of_text(str.upper)),
    "trim": (1, _of_text(str.strip)),
    "text": (1, spoken),
    "number": (1, _number),
    "size": (1, _size),
    "digits": (1, _digits),
    "at": (2, _at),
    "plus": (2, _plus),
    "minus": (2, _minus),
    "times": (2, _times),
    "default": (2, _default),
    "replace": (3, _replace),
    "slice": (3, _slice),
}


# --- names ----------------------------------------------------------------------------------------


def getter(name: str) -> Callable[[Mapping[str, Plain]], Plain]:
    """Return what looks a name up; what is not there is `None`.

    A name with dots is looked up whole; where no value has this name, the longest known beginning
    of it is taken, and the rest leads through objects (by key) and lists (by place, from 0).
    """
    if "." not in name:
        return lambda values: values.get(name)
    steps = name.split(".")
    ways = [(".".join(steps[:known]), steps[known:]) for known in range(len(steps) - 1, 0, -1)]

    def get(values: Mapping[str, Plain]) -> Plain:
        if name in values:
            return values[name]
        for known, rest in ways:
            if known in values:
                return _walk(values[known], rest)
        return None

    return get


def _walk(value: Plain, steps: Sequence[str]) -> Plain:
    for step in steps:
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, (list, tuple)) and step.isdecimal() and len(step) < len("9999999"):
            place = int(step)
            value = value[place] if place < len(value) else None
        else:
            return None
    return value
