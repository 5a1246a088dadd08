"""Conditions over plain values: `tier == "gold" and visits >= 3`.

Rule: a condition is read once and then only compares; it has no calls, no attributes, no arithmetic
and no loops, so it can stand in a document that a stranger wrote. A name with dots is one name::

    condition  := all {"or" all}
    all        := one {"and" one}
    one        := "not" one | "(" condition ")" | value [compare value]
    compare    := "==" | "!=" | "<" | "<=" | ">" | ">=" | "in"
    value      := number | "text" | true | false | none | name

A name without a value is `none`. Texts are compared as they are; fold both sides first where case
and accents should not count. Comparing what has no order (a number with a text) by `<` is false.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeAlias

import attrs

from tongdai.model.text import Tokens, quoted

Plain: TypeAlias = str | int | float | bool | Sequence["Plain"] | None
"""What a condition can look at."""

_Test: TypeAlias = Callable[[Mapping[str, Plain]], Plain]
_WORDS: Final[Mapping[str, Plain]] = {"true": True, "false": False, "none": None}
_RESERVED: Final = frozenset({"and", "or", "not", "in", *_WORDS})
_COMPARE: Final = ("==", "!=", "<=", ">=", "<", ">", "in")


@attrs.frozen
class Expression:
    """A condition; equal where the canonical text is equal.

    Attributes:
        text: canonical: prints and parses back to an equal condition.
        names: the names it looks at, in the order in which they stand.
    """

    text: str
    names: tuple[str, ...] = attrs.field(eq=False)
    _test: _Test = attrs.field(eq=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Return the condition that a text states.

        Raises:
            ParseError: the text is no condition; the error knows the position.
        """
        reader = _Reader(text)
        canonical, test = reader.any_of()
        if reader.tokens.here.kind != "end":
            reader.tokens.fail("expected 'and', 'or' or the end")
        return cls(canonical, tuple(dict.fromkeys(reader.names)), test)

    def holds(self, values: Mapping[str, Plain]) -> bool:
        """Return whether the condition holds for these values."""
        return bool(self._test(values))

    def __str__(self) -> str:
        """Give the canonical text."""
        return self.text


class _Reader:
    """Reads one condition by recursive descent; each method gives canonical text and test."""

    def __init__(self, text: str) -> None:
        self.tokens = Tokens(text, "a condition")
        self.names: list[str] = []

    def any_of(self) -> tuple[str, _Test]:
        parts = [self.all_of()]
        while self.tokens.word("or"):
            parts.append(self.all_of())
        if len(parts) == 1:
            return parts[0]
        tests = [test for _, test in parts]
        return " or ".join(text for text, _ in parts), lambda v: any(test(v) for test in tests)

    def all_of(self) -> tuple[str, _Test]:
        parts = [self.one()]
        while self.tokens.word("and"):
            parts.append(self.one())
        if len(parts) == 1:
            return parts[0]
        tests = [test for _, test in parts]
        return " and ".join(text for text, _ in parts), lambda v: all(test(v) for test in tests)

    def one(self) -> tuple[str, _Test]:
        tokens = self.tokens
        if tokens.word("not"):
            tokens.open()
            text, test = self.one()
            tokens.leave()
            return f"not {text}", lambda v: not test(v)
        if tokens.word("("):
            tokens.open()
            text, test = self.any_of()
            tokens.close()
            return f"({text})", test
        left, get_left = self.value()
        sign = tokens.word(*_COMPARE)
        if sign is None:
            return left, get_left
        right, get_right = self.value()
        compare = _COMPARISONS[sign]
        return f"{left} {sign} {right}", lambda v: compare(get_left(v), get_right(v))

    def value(self) -> tuple[str, _Test]:
        token = self.tokens.take()
        if token.kind == "number":
            number = float(token.text) if "." in token.text else int(token.text)
            return token.text, lambda _: number
        if token.kind == "string":
            return quoted(token.text, frozenset({token.text})), lambda _: token.text
        if token.kind != "name" or token.text in _RESERVED - _WORDS.keys():
            self.tokens.fail("expected a number, a text in double quotes or a name", token)
        if token.text in _WORDS:
            return token.text, lambda _: _WORDS[token.text]
        name = token.text
        self.names.append(name)
        return name, lambda values: values.get(name)


def _less(one: Plain, other: Plain) -> bool:
    numbers = (int, float)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return one < other
    return isinstance(one, str) and isinstance(other, str) and one < other


def _not_more(one: Plain, other: Plain) -> bool:
    return _less(one, other) or (_ordered(one, other) and one == other)


def _ordered(one: Plain, other: Plain) -> bool:
    numbers = (int, float)
    return (isinstance(one, str) and isinstance(other, str)) or (
        isinstance(one, numbers) and isinstance(other, numbers)
    )


def _within(one: Plain, other: Plain) -> bool:
    """Return whether a value stands in a list, or a text in a text."""
    if isinstance(other, str):
        return isinstance(one, str) and one in other
    return isinstance(other, Sequence) and one in other


_COMPARISONS: Final[Mapping[str, Callable[[Plain, Plain], bool]]] = {
    "==": lambda one, other: one == other,
    "!=": lambda one, other: one != other,
    "<": _less,
    "<=": _not_more,
    ">": lambda one, other: _less(other, one),
    ">=": lambda one, other: _not_more(other, one),
    "in": _within,
}
