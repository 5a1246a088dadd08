"""What conditions, operands and templates are made of, and how a tree is written as text.

Rule: the tree is closed. A machine, a lint or an exporter that knows the classes below knows all
that a text can say; what a tree prints parses back to an equal tree.
"""

from __future__ import annotations

import math
from typing import Final, TypeAlias

import msgspec

from tongdai.errors import ConfigurationError
from tongdai.model.compare import MOST_DIGITS, TOO_LARGE, Function, Sign, digits
from tongdai.model.text import DEEPEST, quoted

TESTS: Final[tuple[Sign, ...]] = ("prefix", "suffix", "contains", "glob")
"""The comparisons that are written as calls."""


class Constant(msgspec.Struct, frozen=True):
    """A value that stands in the text."""

    value: str | int | float | bool | None


class Name(msgspec.Struct, frozen=True):
    """A value that is looked up."""

    name: str


class Join(msgspec.Struct, frozen=True):
    """A text with values in it: texts (their braces single) and names. Only in operands."""

    parts: tuple[str | Name, ...]


class Call(msgspec.Struct, frozen=True):
    """What a function gives."""

    function: Function
    arguments: tuple[Term, ...]


Term: TypeAlias = Constant | Name | Join | Call
"""What has a value."""


class Compare(msgspec.Struct, frozen=True):
    """Two values beside each other."""

    sign: Sign
    left: Term
    right: Term


class Not(msgspec.Struct, frozen=True):
    """The opposite of a condition."""

    condition: Condition


class AllOf(msgspec.Struct, frozen=True):
    """Two conditions or more that must all hold; they are looked at from left to right."""

    conditions: tuple[Condition, ...]


class AnyOf(msgspec.Struct, frozen=True):
    """Two conditions or more of which one must hold; they are looked at from left to right."""

    conditions: tuple[Condition, ...]


Condition: TypeAlias = Term | Compare | Not | AllOf | AnyOf
"""What holds or not."""


def escaped(text: str) -> str:
    """Return a text as a template writes it: `{` as `{{`."""
    return text.replace("{", "{{")


def joined(parts: tuple[str | Name, ...]) -> str:
    """Return the template that these parts make."""
    return "".join(escaped(part) if isinstance(part, str) else f"{{{part.name}}}" for part in parts)


def written(tree: Condition, *, operand: bool = False) -> str:
    """Return the text of a tree, with the fewest parentheses.

    Args:
        tree: what is written.
        operand: whether texts are templates, so that their braces are doubled.

    Raises:
        ConfigurationError: it is nested too deep, or has a number that no text states.
    """
    return _written(tree, 0, operand=operand)


def _written(tree: Condition, deep: int, *, operand: bool) -> str:  # noqa: PLR0911 - a case a class
    if deep > DEEPEST:
        raise ConfigurationError(f"a tree nests at most {DEEPEST} deep")
    match tree:
        case Constant(value):
            return _constant(escaped(value) if operand and isinstance(value, str) else value)
        case Name(name):
            return name
        case Join(parts):
            return _constant(joined(parts))
        case Call(function, arguments):
            inner = [_written(part, deep + 1, operand=operand) for part in arguments]
            return f"{function}({', '.join(inner)})"
        case Compare(sign, left, right):
            one, other = (_written(part, deep, operand=operand) for part in (left, right))
            return f"{sign}({one}, {other})" if sign in TESTS else f"{one} {sign} {other}"
        case Not(condition):
            return "not " + _grouped(condition, deep, among=(AllOf, AnyOf))
        case AllOf(conditions):
            return " and ".join(_grouped(part, deep, among=(AllOf, AnyOf)) for part in conditions)
        case AnyOf(conditions):
            return " or ".join(_grouped(part, deep, among=(AnyOf,)) for part in conditions)


def _grouped(tree: Condition, deep: int, *, among: tuple[type, ...]) -> str:
    text = _written(tree, deep + 1, operand=False)
    return f"({text})" if isinstance(tree, among) else text


def _constant(value: object) -> str:
    if isinstance(value, str):
        return quoted(value, frozenset({value}))
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, int) and not (isinstance(value, float) and math.isfinite(value)):
        raise ConfigurationError(f"{value!r:.60} is no number, text, true, false or none")
    if not -TOO_LARGE < value < TOO_LARGE:
        raise ConfigurationError(f"a number has at most {MOST_DIGITS} digits")
    return digits(value)
