"""Conditions: read once, compare only, and fail with a position."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.errors import ParseError
from tongdai.model.expression import Expression


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        ('tier == "gold"', {"tier": "gold"}, True),
        ('tier == "gold"', {"tier": "silver"}, False),
        ('tier == "gold"', {}, False),
        ("visits >= 3 and not blocked", {"visits": 3}, True),
        ("visits >= 3 and not blocked", {"visits": 3, "blocked": True}, False),
        ("a or b and c", {"a": True, "b": False, "c": False}, True),
        ("(a or b) and c", {"a": True, "b": False, "c": False}, False),
        ('caller.phone != none and "84" in caller.phone', {"caller.phone": "+84908"}, True),
        ('"vip" in tags', {"tags": ["new", "vip"]}, True),
        ('"vip" in tags', {"tags": 5}, False),
        ("balance < -1.5", {"balance": -2}, True),
        ("balance < 10", {"balance": "9"}, False),
        ("balance >= 10", {"balance": None}, False),
        ("a <= 2", {"a": 2}, True),
        ("a > 2", {"a": 2}, False),
        ('name == "say \\"hi\\" \\\\ bye"', {"name": 'say "hi" \\ bye'}, True),
        ("true", {}, True),
    ],
)
def test_a_condition_holds_for_values_or_not(
    text: str,
    values: dict[str, object],
    expected: bool,  # noqa: FBT001 - pytest passes it by name
) -> None:
    """What a condition says of values; a name without a value is none."""
    assert expected == Expression.parse(text).holds(values)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


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
        ("a" * 5000, "a condition has at most 4096 bytes", 0),
        ("(" * 33 + "a" + ")" * 33, "parentheses nest at most 32 deep", 33),
        ("not " * 33 + "a", "parentheses nest at most 32 deep", 132),
    ],
)
def test_what_is_no_condition_fails_at_its_position(text: str, message: str, position: int) -> None:
    """An error says what is wrong and where; calls are no conditions."""
    with pytest.raises(ParseError) as caught:
        Expression.parse(text)
    assert (True, position) == (caught.value.message.startswith(message), caught.value.position)


@given(st.text(max_size=60) | st.text('ab_.()"\\ <>=!0123andortif', max_size=60))
def test_any_text_is_a_condition_or_a_parse_error(text: str) -> None:
    """No text does anything else, and what parses prints as a text that parses to the same."""
    position = 0
    try:
        parsed = Expression.parse(text)
    except ParseError as error:
        position = error.position
    else:
        parsed.holds(dict.fromkeys(parsed.names))
        assert parsed == Expression.parse(str(parsed))
    assert 0 <= position <= len(text)


def test_a_condition_tells_which_names_it_looks_at() -> None:
    """Names in the order in which they stand, each once; a name with dots is one name."""
    assert ("a", "b.c") == Expression.parse("a == b.c or a > 3").names
