"""Conditions, operands and templates: read once, compare only, and fail with a position."""

from __future__ import annotations

import copy
import fnmatch
import pickle
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused, untyped
from tongdai.errors import ConfigurationError, ParseError
from tongdai.model.expression import (
    AllOf,
    AnyOf,
    Call,
    Compare,
    Constant,
    Expression,
    Join,
    Name,
    Not,
    Operand,
    Plain,
    Template,
    escaped,
    spoken,
)
from tongdai.testing import conditions, operands, plain_data, templates

NESTED: dict[str, Plain] = {"order": {"items": [{"price": 5}], "id": "A7"}, "order.id": "whole"}


def holds(text: str, **values: Plain) -> bool:
    """Return whether a condition holds for these values."""
    return Expression.parse(text).holds(values)


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ('tier == "gold"', {"tier": "gold"}, True),
        ('tier == "gold"', {"tier": "silver"}, False),
        ('tier == "gold"', {}, False),
        ('tier != "gold"', {}, True),
        ("visits >= 3 and not blocked", {"visits": 3}, True),
        ("visits >= 3 and not blocked", {"visits": 3, "blocked": True}, False),
        ("a or b and c", {"a": True, "b": False, "c": False}, True),
        ("(a or b) and c", {"a": True, "b": False, "c": False}, False),
        ("a and b and c", {"a": 1, "b": 1, "c": 0}, False),
        ("a and b and c", {"a": 1, "b": 1, "c": 1}, True),
        ("a or b or c", {"c": "x"}, True),
        ("a or b or c", {}, False),
        ('caller.phone != none and "84" in caller.phone', {"caller.phone": "+84908"}, True),
        ('"vip" in tags', {"tags": ["new", "vip"]}, True),
        ('"vip" in tags', {"tags": 5}, False),
        ('contains(tags, "vip")', {"tags": ["new", "vip"]}, True),
        ('contains(name, "an")', {"name": "Lan"}, True),
        ('prefix(phone, "+84")', {"phone": "+84908"}, True),
        ('prefix(phone, "+84")', {"phone": 84908}, False),
        ('suffix(phone, "08")', {"phone": "+84908"}, True),
        ("suffix(phone, last)", {"phone": "+84908", "last": "9"}, False),
        ('glob(phone, "+84*8")', {"phone": "+84908"}, True),
        ('glob(phone, "+84*")', {}, False),
        ('glob(phone, "*9?8")', {"phone": "+84908"}, True),
        ('glob(phone, "+*8?9*8")', {"phone": "+84908"}, True),
        ('glob(phone, "+*9?9*8")', {"phone": "+84908"}, False),
        ("balance < -1.5", {"balance": -2}, True),
        ("balance < 10", {"balance": "9"}, False),
        ("balance >= 10", {"balance": None}, False),
        ("a <= 2", {"a": 2}, True),
        ("a > 2", {"a": 2}, False),
        ("a > b", {"a": "b", "b": "a"}, True),
        ("a == b", {"a": [1, ["x"]], "b": [1.0, ["x"]]}, True),
        ("a == b", {"a": [1], "b": [True]}, False),
        ("a == b", {"a": {"x": 1}, "b": {"x": 1}}, False),
        ('name == "say \\"hi\\" \\\\ bye"', {"name": 'say "hi" \\ bye'}, True),
        ('fold(name) == "doi the"', {"name": " Đổi  THẺ "}, True),
        ('lower(trim(name)) == "đổi"', {"name": " ĐỔI "}, True),
        ("size(tags) > 1", {"tags": ["a", "b"]}, True),
        ("plus(n, 1) == 3", {"n": 2}, True),
        ("minus(n, 0.5) == 1.5", {"n": 2}, True),
        ("plus(n, 1) == none", {"n": "2"}, True),
        ("prefix == suffix", {"prefix": 1, "suffix": 1}, True),
        ("order.items.0.price == 5", NESTED, True),
        ("order.items.1.price == none", NESTED, True),
        ("order.items.price == none", NESTED, True),
        ('order.id == "whole"', NESTED, True),
        ("true", {}, True),
    ],
)
def test_a_condition_holds_for_values_or_not(
    text: str,
    values: dict[str, Plain],
    expected: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    """What a condition says of values; a name without a value is none."""
    assert expected == Expression.parse(text).holds(values)


@pytest.mark.parametrize(
    "text",
    [
        '"2" == 2',
        '"2" < 3',
        "true == 1",
        "1 == true",
        "false < 1",
        "false == 0",
        "none == false",
        'none == ""',
        "none <= none",
        "true >= true",
        '2 in "12"',
        'number("2x") == 2',
        'number(" ") == 0',
        "number(true) == 1",
        "text(2) == 2",
    ],
)
def test_no_kind_becomes_another_unasked(text: str) -> None:
    """A text is no number, true is no 1; and the opposite of each of these holds."""
    assert (False, True) == (holds(text), holds(f"not {text}"))


@pytest.mark.parametrize(
    "text",
    ['"2" != 2', 'number(" -1.50 ") == -1.5', 'text(2.0) == "2"', "none == none", "1 == 1.0"],
)
def test_what_is_asked_for_is_done(text: str) -> None:
    """Functions convert, and within one kind values are equal by what they mean."""
    assert holds(text)


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("", "expected a number", 0),
        ("tier ==", "expected a number", 7),
        ("tier = 3", "unexpected '='", 5),
        ("(a", "expected ')'", 2),
        ("a b", "expected 'and', 'or' or the end", 2),
        ("f(1)", "expected 'and', 'or' or the end", 1),
        ("a and or b", "expected a number", 6),
        ("prefix(a)", "expected ','", 8),
        ("prefix(a, b, c)", "expected ')'", 11),
        ("fold(a, b)", "expected ')'", 6),
        ("lower(a == b)", "expected ')'", 8),
        ("a" * 5000, "a condition has at most 4096 bytes", 0),
        ("9" * 301, "a number has at most 300 digits", 0),
        ("(" * 33 + "a" + ")" * 33, "parentheses nest at most 32 deep", 33),
        ("not " * 33 + "a", "parentheses nest at most 32 deep", 132),
        ("lower(" * 33 + "a" + ")" * 33, "parentheses nest at most 32 deep", 198),
    ],
)
def test_what_is_no_condition_fails_at_its_position(text: str, message: str, position: int) -> None:
    """An error says what is wrong and where; other calls than the grammar's are none."""
    with pytest.raises(ParseError) as caught:
        Expression.parse(text)
    assert (True, position) == (caught.value.message.startswith(message), caught.value.position)


SCRAPS = st.lists(
    st.sampled_from(
        [*'ab_.()"\\ <>=!0123{}', " and ", " or ", "not ", " in ", "none", "prefix(", "fold("]
    ),
    max_size=20,
).map("".join)


@pytest.mark.parametrize("kind", [Expression, Operand, Template])
@given(text=st.text(max_size=60) | SCRAPS, values=st.dictionaries(st.just("a"), plain_data()))
def test_any_text_parses_or_is_refused(
    kind: type[Expression | Operand | Template], text: str, values: dict[str, Plain]
) -> None:
    """No text does anything else, and what parses prints as a text that parses to the same."""
    position = 0
    try:
        parsed = kind.parse(text)
    except ParseError as error:
        position = error.position
    else:
        match parsed:
            case Expression():
                parsed.holds(values)
            case Operand():
                parsed.value(values)
            case Template():
                parsed.render(values)
        assert parsed == kind.parse(str(parsed))
    assert 0 <= position <= len(text)


@given(conditions(), operands(), templates())
def test_what_is_written_parses_back(
    condition: Expression, operand: Operand, template: Template
) -> None:
    """Text and tree say the same, in both directions."""
    assert (condition, condition.tree) == (
        Expression.parse(condition.text),
        Expression.of(condition.tree).tree,
    )
    assert (operand, operand.tree) == (Operand.parse(operand.text), Operand.of(operand.tree).tree)
    assert (template, template.parts) == (
        Template.parse(template.text),
        Template.of(template.parts).parts,
    )


@given(conditions(), st.dictionaries(st.sampled_from(["tier", "n", "order"]), plain_data()))
def test_and_or_and_not_are_those_of_logic(condition: Expression, values: dict[str, Plain]) -> None:
    """Whatever a condition is, and whatever it looks at, it holds or it does not."""
    held = condition.holds(values)
    tree, yes, no = condition.tree, Constant(value=True), Constant(value=False)
    assert [held, held, not held, False, True] == [
        Expression.of(AllOf((tree, yes))).holds(values),
        Expression.of(AnyOf((no, tree, no))).holds(values),
        Expression.of(Not(tree)).holds(values),
        Expression.of(AllOf((yes, tree, no))).holds(values),
        Expression.of(AnyOf((tree, yes))).holds(values),
    ]


@given(st.sampled_from(["<", "<=", "==", ">", ">=", "!="]), plain_data(), plain_data())
def test_how_a_comparison_is_written_does_not_count(sign: str, one: Plain, other: Plain) -> None:
    """A name beside a name compares as the same name beside the same value, written out."""
    by_name = holds(f"a {sign} b", a=one, b=other)
    assert by_name == holds(f"text(a) {sign} b", a=one, b=other) or not isinstance(one, str)
    if other is None or isinstance(other, (str, int, float)):
        constant = Constant(other)
        written = Expression.of(Compare(sign, Name("a"), constant))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        assert by_name == written.holds({"a": one})


PATTERNS = st.text("ab*?", max_size=8)


@given(PATTERNS, st.text("ab?\n", max_size=12))
def test_a_glob_is_the_one_of_the_shells(pattern: str, text: str) -> None:
    """Both translate to the same regular expression, which never runs outside of this test."""
    expected = re.fullmatch(fnmatch.translate(pattern), text) is not None
    assert expected == Expression.of(Compare("glob", Name("a"), Constant(pattern))).holds(
        {"a": text}
    )


def test_a_glob_takes_linear_time() -> None:
    """A pattern that would make others backtrack for years is through at once."""
    glob = Expression.parse(f'glob(a, "{"a*" * 1_000}?b*c")')
    assert not glob.holds({"a": "a" * 50_000 + "b"})
    assert glob.holds({"a": "a" * 50_000 + "bc"})


def test_a_condition_tells_which_names_it_looks_at() -> None:
    """Names in the order in which they stand, each once; a name with dots is one name."""
    assert ("a", "b.c", "d") == Expression.parse('a == b.c or a > 3 or prefix(fold(d), "x")').names


def test_a_condition_has_a_tree() -> None:
    """A closed one: a program can take it apart, and build one."""
    tree = AllOf(
        (
            Compare("==", Name("tier"), Constant("gold")),
            Not(AnyOf((Name("a"), Compare("prefix", Call("fold", (Name("b"),)), Constant("x"))))),
        )
    )
    text = 'tier == "gold" and not (a or prefix(fold(b), "x"))'
    assert (tree, text) == (Expression.parse(text).tree, Expression.of(tree).text)


@pytest.mark.parametrize(
    "tree",
    [
        Name("a or b"),
        Name("none"),
        Name(""),
        AllOf((Name("a"),)),
        AnyOf(()),
        Constant(float("nan")),
        Constant(float("inf")),
        Constant(10**300),
        Join(("a", Name("b"))),
        Call("plus", (Name("a"),)),
        Compare("glob", Compare("==", Name("a"), Name("b")), Name("c")),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    ],
)
def test_a_tree_that_no_text_states_is_refused(tree: Name) -> None:
    """Above all a name that would be read as something else."""
    with pytest.raises(ConfigurationError):
        Expression.of(tree)


def test_a_tree_that_is_too_deep_is_refused() -> None:
    """As the text of it would be."""
    tree: Not | Name = Name("a")
    for _ in range(5_000):
        tree = Not(tree)
    assert "a tree nests at most 32 deep" == refused(lambda: Expression.of(tree))


def test_only_text_is_read() -> None:
    """The type is named."""
    assert "a condition: int is not text; write it as a str" == refused(
        lambda: Expression.parse(untyped(3))
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("3", 3),
        ("-1.5", -1.5),
        ("true", True),
        ("none", None),
        ("tier", "gold"),
        ("missing", None),
        ('"tier"', "tier"),
        ('"Xin chào {tier}"', "Xin chào gold"),
        ('"{{tier} {n}"', "{tier} 2"),
        ("plus(n, 1)", 3),
        ('lower("{tier} A")', "gold a"),
        ("order.items.0", {"price": 5}),
        ("order.id.x", None),
        ("times(n, 1.5)", 3.0),
        ("times(n, tier)", None),
        ("times(-1.5, n)", -3.0),
        ("plus(n, tier)", None),
        ("minus(n, none)", None),
        ("size(tier)", 4),
        ("size(n)", None),
        ('upper("{tier}")', "GOLD"),
        ("upper(n)", None),
        ('default(missing, "x")', "x"),
        ('default(tier, "x")', "gold"),
        ("default(0, 1)", 0),
        ('replace(tier, "o", "00")', "g00ld"),
        ('replace(tier, "", "x")', "gold"),
        ('replace(n, "2", "x")', None),
        ("slice(tier, 1, 2)", "ol"),
        ("slice(tier, -2, 5)", "ld"),
        ("slice(tier, -9, 5)", ""),
        ("slice(tier, 1, -1)", ""),
        ("slice(tier, true, 2)", None),
        ("slice(n, 0, 1)", None),
    ],
)
def test_an_operand_gives_a_value(text: str, expected: Plain) -> None:
    """Numbers, texts with values in them, and what a name stands for."""
    assert expected == Operand.parse(text).value({"tier": "gold", "n": 2, **NESTED})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b", "expected one value and the end"),
        ("a == b", "expected one value and the end"),
        ('"{"', "expected a name in braces, as in {caller.name}; write {{ for a brace"),
        ("and", "expected a number, a text in double quotes or a name"),
    ],
)
def test_what_is_no_operand_is_refused(text: str, message: str) -> None:
    """The words say what would be right."""
    with pytest.raises(ParseError) as caught:
        Operand.parse(text)
    assert message == caught.value.message


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_a_text_is_escaped_so_that_it_renders_as_itself(text: str) -> None:
    """In a template, and as an operand."""
    assert text == Template.parse(escaped(text)).render({})
    assert text == Operand.of(Constant(text)).value({})


@given(templates(), st.dictionaries(st.sampled_from(["tier", "n"]), plain_data()))
def test_a_template_is_its_parts(template: Template, values: dict[str, Plain]) -> None:
    """Texts as they stand, names as they are spoken."""
    parts = [
        part if isinstance(part, str) else spoken(Operand.of(part).value(values))
        for part in template.parts
    ]
    assert "".join(parts) == template.render(values)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ""),
        (True, "true"),
        (2, "2"),
        (2.0, "2"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (1e22, "10000000000000000000000"),
        (float("nan"), ""),
        ([1, "a", None, [True]], "1, a, , true"),
        ({"a": 1}, ""),
    ],
)
def test_a_value_is_spoken(value: Plain, expected: str) -> None:
    """As people write it, without an exponent."""
    assert expected == spoken(value)


def test_what_is_rendered_is_bounded() -> None:
    """A flow that doubles a text in a loop comes to an end."""
    text = "a"
    double = Operand.parse('"{x}{x}"')
    for _ in range(40):
        text = str(double.value({"x": text}))
    assert 65_536 == len(text)
    assert 65_536 == len(spoken(["a" * 1_000] * 1_000))


def test_a_sum_is_bounded() -> None:
    """Beyond 300 digits it is none, and none stays none."""
    number: Plain = 1
    double = Operand.parse("plus(x, x)")
    for _ in range(2_000):
        number = double.value({"x": number})
    assert number is None
    assert Operand.parse("plus(x, 1.5)").value({"x": 10**299}) == 1e299
    assert Operand.parse("plus(x, 1.5)").value({"x": 10**400}) is None
    assert Operand.parse("times(x, x)").value({"x": 10**200}) is None
    assert Operand.parse("times(x, 1.5)").value({"x": 10**400}) is None
    assert Operand.parse("times(x, x)").value({"x": 1e200}) is None
    assert Operand.parse("number(x)").value({"x": "9" * 350 + ".5"}) is None
    assert Operand.parse("number(x)").value({"x": "9" * 500}) is None


def test_what_is_replaced_is_bounded() -> None:
    """A text that grows at each step comes to an end."""
    text: Plain = "aa"
    grow = Operand.parse('replace(x, "a", "aaaaaaaa")')
    for _ in range(40):
        text = grow.value({"x": text})
    assert text == "a" * 65_536


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Operand.of(Name("a b")), "Operand.of: expected one value and the end"),
        (lambda: Operand.of(Name("none")), "Operand.of: 'none' means something else than the tree"),
        (lambda: Template.of([Name("a b")]), "Template.of: expected a name in braces"),
        (lambda: Template.of([Name("a}{b")]), "Template.of: '{a}{b}' means something else"),
    ],
)
def test_parts_that_no_text_states_are_refused(make: Callable[[], object], message: str) -> None:
    """A name must be one name."""
    assert refused(make).startswith(message)


def test_a_template_is_bounded() -> None:
    """16 KiB are enough for a page of text."""
    message = "a template has at most 16384 bytes; this one has 16385 (at character 1)"
    assert message == refused(lambda: Template.parse("a" * 16_385))


@pytest.mark.parametrize(
    "value",
    [Expression.parse("a or b"), Operand.parse("plus(a, 1)"), Template.parse("Xin chào {a}")],
)
def test_each_can_be_copied_and_pickled(value: Expression | Operand | Template) -> None:
    """By its text: what was compiled is compiled again."""
    assert value == pickle.loads(pickle.dumps(value)) == copy.deepcopy(value)  # noqa: S301 - ours
