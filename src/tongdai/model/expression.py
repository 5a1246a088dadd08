"""Conditions, operands and templates: the three small texts in which a flow looks at its values.

Rule: a text is read once, into a closed tree (`tree.py`), and compiled once; from then on it only
looks up names, compares, and calls what stands below. There are no attributes, no loops, no
patterns that backtrack and no way to reach anything else, so it can stand in a document that a
stranger wrote. A name with dots is one name::

    condition  := all {"or" all}
    all        := one {"and" one}
    one        := "not" one | "(" condition ")" | test | value [compare value]
    test       := ("prefix" | "suffix" | "contains" | "glob") "(" value "," value ")"
    compare    := "==" | "!=" | "<" | "<=" | ">" | ">=" | "in"
    value      := number | "text" | true | false | none | call | name
    call       := ("fold" | "lower" | "upper" | "trim" | "text" | "number" | "size") "(" value ")"
                | "digits" "(" value ")"
                | ("plus" | "minus" | "times" | "default" | "at") "(" value "," value ")"
                | ("replace" | "slice") "(" value "," value "," value ")"

    operand    := value, where each "text" is a template
    template   := {character | "{{" | "{" name "}"}

What they say:

- Values of two kinds (number, text, true or false, list, object, none) are never equal and have no
  order, and nothing is turned into another kind unless a function is asked to: `"2" == 2` is false,
  `"2" != 2` is true, `"2" < 3` is false, `number("2") == 2` is true. `true == 1` and `none <= none`
  are false; `none == none` is true. Two objects are never equal.
- Texts are compared as they are. `lower(x)` takes the case away, `fold(x)` also accents and runs of
  blanks, `trim(x)` the blanks around, `upper(x)` gives capitals, `replace(x, "a", "b")` puts one
  text for another, and `slice(x, 0, 3)` takes three characters from the first on (from the third
  last, where it says -3); of what is no text they give none.
- `x in y`: a text stands in a text, or a value in a list; `contains(y, x)` says the same.
  `prefix(x, "+84")` and `suffix(x, "99")`: a text begins or ends so. `glob(x, "+84*")`: the whole
  text looks so, where `*` is any run of characters and `?` any one. All are false where the kinds
  do not fit.
- `text(x)` is what a template renders, `number(x)` the number that a text states (`"12"`,
  `" -1.5 "`) or none, `size(x)` how many characters or items it has; `plus(x, y)`, `minus(x, y)`
  and `times(x, y)` are of two numbers, else none; `default(x, y)` is x, or y where x is none, false
  or an empty text. `digits(x)` is true of a text of nothing but the digits 0 to 9. `at(x, y)` is
  what an object has under a key, or a list at a place, from 0, where -1 is the last.
- A value alone holds unless it is false, none, 0, or empty.
- A name is looked up whole. Where no value has this name, its longest known beginning is, and the
  rest leads through objects by key and lists by place: `order.items.0.price`. What is not there is
  none.

In a template `{{` is a brace and every other character stands for itself. None and objects render
as nothing, numbers as digits (2.0 as 2), lists with commas between.

Bounded: a condition or an operand has at most 4 KiB and nests 32 deep, a number has at most 300
digits, a template has at most 16 KiB and renders at most 65,536 characters (the rest is cut, so
that a loop cannot double a text for ever). Each part is evaluated at most once, and costs time
linear in what it looks at, the glob included.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NoReturn, TypeAlias, cast, get_args

import attrs

from tongdai.errors import ConfigurationError, ParseError
from tongdai.model.compare import (
    COMPARISONS,
    FUNCTIONS,
    LONGEST_RENDERED,
    MOST_DIGITS,
    NUMERIC,
    Function,
    Plain,
    Sign,
    getter,
    is_number,
    read_number,
    spoken,
)
from tongdai.model.text import NAME, Token, Tokens, quoted
from tongdai.model.tree import (
    TESTS,
    AllOf,
    AnyOf,
    Call,
    Compare,
    Condition,
    Constant,
    Join,
    Name,
    Not,
    Term,
    escaped,
    joined,
    written,
)

__all__ = [
    "AllOf",
    "AnyOf",
    "Call",
    "Compare",
    "Condition",
    "Constant",
    "Expression",
    "Join",
    "Name",
    "Not",
    "Operand",
    "Plain",
    "Template",
    "Term",
    "escaped",
    "spoken",
]

LONGEST_TEMPLATE: Final = 16 * 1024  # bytes of UTF-8

_WORDS: Final[Mapping[str, bool | None]] = {"true": True, "false": False, "none": None}
_RESERVED: Final = frozenset({"and", "or", "not", "in", *_WORDS})
_COMPARE: Final = tuple(sign for sign in get_args(Sign) if sign not in TESTS)

_Values: TypeAlias = Mapping[str, Plain]
_Test: TypeAlias = Callable[[_Values], object]
_Get: TypeAlias = Callable[[_Values], Plain]


@attrs.frozen
class Expression:
    """A condition; equal where the canonical text is equal.

    Attributes:
        text: canonical: prints and parses back to an equal condition. Parentheses stay as written.
        tree: what it is made of.
        names: the names it looks at, in the order in which they stand.
    """

    text: str
    tree: Condition = attrs.field(eq=False, repr=False)
    names: tuple[str, ...] = attrs.field(eq=False)
    _test: _Test = attrs.field(eq=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Return the condition that a text states.

        Raises:
            ParseError: the text is no condition; the error knows the position.
        """
        return _parse_expression(_as_text(text, "a condition"))

    @classmethod
    def of(cls, tree: Condition) -> Expression:
        """Return the condition of a tree that a program has built.

        Raises:
            ConfigurationError: no text says the same: a name that is none, a group of one, a call
                of too few values, a `Join`, or too long or too deep.
        """
        try:
            made = cls.parse(written(tree))
        except ParseError as error:
            raise ConfigurationError(f"Expression.of: {error}") from error
        if made.tree != tree:
            _refuse("Expression", made.text)
        return made

    def holds(self, values: Mapping[str, Plain]) -> bool:
        """Return whether the condition holds for these values."""
        return bool(self._test(values))

    def __str__(self) -> str:
        """Give the canonical text."""
        return self.text

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """Pickle and copy as text."""
        return _parse_expression, (self.text,)


@attrs.frozen
class Operand:
    """A value to compute, such as `3`, `"Bà {name}"`, `plus(n, 1)` or `caller.phone`.

    Attributes:
        text: canonical: prints and parses back to an equal operand.
        tree: what it is made of.
        names: the names it looks at, in the order in which they stand.
    """

    text: str
    tree: Term = attrs.field(eq=False, repr=False)
    names: tuple[str, ...] = attrs.field(eq=False)
    _get: _Get = attrs.field(eq=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Operand:
        """Return the operand that a text states.

        Raises:
            ParseError: the text is no operand; the error knows the position.
        """
        return _parse_operand(_as_text(text, "an operand"))

    @classmethod
    def of(cls, tree: Term) -> Operand:
        """Return the operand of a tree that a program has built, such as `Constant("a {brace}")`.

        Raises:
            ConfigurationError: no text says the same (see `Expression.of`).
        """
        try:
            made = cls.parse(written(tree, operand=True))
        except ParseError as error:
            raise ConfigurationError(f"Operand.of: {error}") from error
        if made.tree != tree:
            _refuse("Operand", made.text)
        return made

    def value(self, values: Mapping[str, Plain]) -> Plain:
        """Return what it gives for these values; a name without one gives `None`."""
        return self._get(values)

    def __str__(self) -> str:
        """Give the canonical text."""
        return self.text

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """Pickle and copy as text."""
        return _parse_operand, (self.text,)


@attrs.frozen
class Template:
    """A text with values in it, such as `Xin chào {caller.name}`.

    Attributes:
        text: as it is written.
        parts: what it is made of: texts (their braces single) and names.
        names: the names it looks at, in the order in which they stand.
    """

    text: str
    parts: tuple[str | Name, ...] = attrs.field(eq=False, repr=False)
    names: tuple[str, ...] = attrs.field(eq=False, repr=False)
    _render: Callable[[_Values], str] = attrs.field(eq=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Template:
        """Return the template that a text states.

        Raises:
            ParseError: a brace that opens no name; the error knows the position.
        """
        return _parse_template(_as_text(text, "a template"))

    @classmethod
    def of(cls, parts: Iterable[str | Name]) -> Template:
        """Return the template of these parts.

        Raises:
            ConfigurationError: a name that is none, or too long.
        """
        whole = tuple(parts)
        try:
            made = cls.parse(joined(whole))
        except ParseError as error:
            raise ConfigurationError(f"Template.of: {error}") from error
        if [part for part in made.parts if isinstance(part, Name)] != [
            part for part in whole if isinstance(part, Name)
        ]:
            _refuse("Template", made.text)
        return made

    def render(self, values: Mapping[str, Plain]) -> str:
        """Return the text with these values in it, at most 65,536 characters."""
        return self._render(values)

    def __str__(self) -> str:
        """Give the text."""
        return self.text

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """Pickle and copy as text."""
        return _parse_template, (self.text,)


def _as_text(text: object, what: str) -> str:
    if isinstance(text, str):
        return text
    raise ConfigurationError(f"{what}: {type(text).__name__} is not text; write it as a str")


def _refuse(what: str, text: str) -> NoReturn:
    raise ConfigurationError(
        f"{what}.of: {text!r} means something else than the tree; names are words, and AllOf and "
        "AnyOf have two conditions or more"
    )


# --- reading --------------------------------------------------------------------------------------


@lru_cache(maxsize=4_096)
def _parse_expression(text: str) -> Expression:
    reader = _Reader(text, "a condition")
    canonical, tree = reader.any_of()
    if reader.tokens.here.kind != "end":
        reader.tokens.fail("expected 'and', 'or' or the end")
    return Expression(canonical, tree, tuple(dict.fromkeys(reader.names)), _test(tree))


@lru_cache(maxsize=4_096)
def _parse_operand(text: str) -> Operand:
    reader = _Reader(text, "an operand", templates=True)
    canonical, tree = reader.value()
    if reader.tokens.here.kind != "end":
        reader.tokens.fail("expected one value and the end")
    return Operand(canonical, tree, tuple(dict.fromkeys(reader.names)), _get(tree))


_BRACE: Final = re.compile(rf"\{{(?:(?P<brace>\{{)|(?P<name>{NAME.pattern})\}})?")


@lru_cache(maxsize=4_096)
def _parse_template(text: str) -> Template:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > LONGEST_TEMPLATE:
        msg = f"a template has at most {LONGEST_TEMPLATE} bytes; this one has {size}"
        raise ParseError(msg, text, 0)
    parts: list[str | Name] = []
    bare: list[str] = []  # the pieces of the text that is being read
    position = 0
    for found in _BRACE.finditer(text):
        if found.lastgroup is None:
            msg = "expected a name in braces, as in {caller.name}; write {{ for a brace"
            raise ParseError(msg, text, found.start())
        bare.append(text[position : found.start()])
        if found.lastgroup == "brace":
            bare.append("{")
        else:
            parts += ["".join(bare), Name(found["name"])]
            bare.clear()
        position = found.end()
    parts.append("".join(bare) + text[position:])
    whole = tuple(part for part in parts if part)
    names = (part.name for part in whole if isinstance(part, Name))
    return Template(text, whole, tuple(dict.fromkeys(names)), _joined(whole))


class _Reader:
    """Reads one text by recursive descent; each method gives canonical text and tree."""

    def __init__(self, text: str, what: str, *, templates: bool = False) -> None:
        self.tokens = Tokens(text, what)
        self.templates = templates
        self.names: list[str] = []

    def any_of(self) -> tuple[str, Condition]:
        texts, trees = self.several("or", self.all_of)
        return texts, trees[0] if len(trees) == 1 else AnyOf(trees)

    def all_of(self) -> tuple[str, Condition]:
        texts, trees = self.several("and", self.one)
        return texts, trees[0] if len(trees) == 1 else AllOf(trees)

    def several(
        self, joint: str, part: Callable[[], tuple[str, Condition]]
    ) -> tuple[str, tuple[Condition, ...]]:
        parts = [part()]
        while self.tokens.word(joint):
            parts.append(part())
        return f" {joint} ".join(text for text, _ in parts), tuple(tree for _, tree in parts)

    def one(self) -> tuple[str, Condition]:
        tokens = self.tokens
        if tokens.word("not"):
            tokens.open()
            text, tree = self.one()
            tokens.leave()
            return f"not {text}", Not(tree)
        if tokens.word("("):
            tokens.open()
            text, tree = self.any_of()
            tokens.close()
            return f"({text})", tree
        if tokens.at(*TESTS) and tokens.calls:
            sign = tokens.take().text
            text, (left, right) = self.arguments(2)
            return f"{sign}({text})", Compare(cast("Sign", sign), left, right)
        left_text, left = self.value()
        compare = tokens.word(*_COMPARE)
        if compare is None:
            return left_text, left
        right_text, right = self.value()
        return f"{left_text} {compare} {right_text}", Compare(cast("Sign", compare), left, right)

    def arguments(self, number: int) -> tuple[str, tuple[Term, ...]]:
        """Read the values of a call, the parentheses included."""
        tokens = self.tokens
        tokens.expect("(")
        tokens.open()
        parts = [self.value()]
        while len(parts) < number:
            tokens.expect(",")
            parts.append(self.value())
        tokens.close()
        return ", ".join(text for text, _ in parts), tuple(tree for _, tree in parts)

    def value(self) -> tuple[str, Term]:
        tokens = self.tokens
        if tokens.at(*FUNCTIONS) and tokens.calls:
            function = cast("Function", tokens.take().text)
            text, trees = self.arguments(FUNCTIONS[function][0])
            return f"{function}({text})", Call(function, trees)
        token = tokens.take()
        if token.kind == "number":
            number = read_number(token.text)
            if number is None:
                tokens.fail(f"a number has at most {MOST_DIGITS} digits", token)
            return token.text, Constant(number)
        if token.kind == "string":
            text = quoted(token.text, frozenset({token.text}))
            return text, self.template(token) if self.templates else Constant(token.text)
        if token.kind != "name" or token.text in _RESERVED - _WORDS.keys():
            tokens.fail("expected a number, a text in double quotes or a name", token)
        if token.text in _WORDS:
            return token.text, Constant(_WORDS[token.text])
        self.names.append(token.text)
        return token.text, Name(token.text)

    def template(self, token: Token) -> Term:
        try:
            found = _parse_template(token.text)
        except ParseError as error:
            self.tokens.fail(error.message, token)
        self.names += found.names
        return Join(found.parts) if found.names else Constant(found.render({}))


# --- compiling ------------------------------------------------------------------------------------


def _get(tree: Term) -> _Get:
    """Return a tree as a closure: called with the values it gives a value."""
    match tree:
        case Constant(value):
            return lambda _: value
        case Name(name):
            return getter(name)
        case Join(parts):
            return _joined(parts)
        case Call(function, arguments):
            call = FUNCTIONS[function][1]
            first, *rest = [_get(part) for part in arguments]
            if not rest:
                return lambda values: call(first(values))
            second, *third = rest
            if not third:
                return lambda values: call(first(values), second(values))
            [last] = third
            return lambda values: call(first(values), second(values), last(values))


def _joined(parts: Sequence[str | Name]) -> Callable[[_Values], str]:
    gets = [part if isinstance(part, str) else getter(part.name) for part in parts]
    if all(isinstance(part, str) for part in parts):
        whole = "".join(part for part in parts if isinstance(part, str))
        return lambda _: whole

    def render(values: _Values) -> str:
        room = LONGEST_RENDERED
        texts: list[str] = []
        for get in gets:
            text = get if isinstance(get, str) else spoken(get(values))
            texts.append(text[:room])
            room -= len(text)
            if room <= 0:
                break
        return "".join(texts)

    return render


def _test(tree: Condition) -> _Test:
    """Return a tree as a closure: called with the values it gives something true or false."""
    match tree:
        case Compare(sign, left, right):
            return _compared(sign, left, right)
        case Not(condition):
            test = _test(condition)
            return lambda values: not test(values)
        case AllOf(conditions):
            return _all([_test(part) for part in conditions])
        case AnyOf(conditions):
            return _any([_test(part) for part in conditions])
        case _:
            return _get(tree)


_NUMBERS: Final = (int, float)


def _compared(sign: Sign, left: Term, right: Term) -> _Test:
    """Return a comparison; what is asked most, a name beside a constant, without further calls."""
    compare, one, other = COMPARISONS[sign], _get(left), _get(right)
    if not isinstance(right, Constant):
        return lambda values: compare(one(values), other(values))
    constant = right.value
    if isinstance(constant, str) and sign in ("==", "!="):
        if sign == "!=":
            return lambda values: one(values) != constant
        if isinstance(left, Name) and "." not in left.name:
            name = left.name
            return lambda values: values.get(name) == constant
        return lambda values: one(values) == constant
    if sign in NUMERIC and is_number(constant):
        fast = NUMERIC[sign]
        return lambda values: (
            fast(value, constant)
            if type(value := one(values)) in _NUMBERS
            else compare(value, constant)
        )
    return lambda values: compare(one(values), constant)


def _all(tests: Sequence[_Test]) -> _Test:
    if len(tests) == 2:  # noqa: PLR2004 - by far the usual number
        first, second = tests
        return lambda values: first(values) and second(values)

    def every(values: _Values) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs more than the tests
            if not test(values):
                return False
        return True

    return every


def _any(tests: Sequence[_Test]) -> _Test:
    if len(tests) == 2:  # noqa: PLR2004 - by far the usual number
        first, second = tests
        return lambda values: first(values) or second(values)

    def some(values: _Values) -> bool:
        for test in tests:  # noqa: SIM110 - a generator costs more than the tests
            if test(values):
                return True
        return False

    return some
