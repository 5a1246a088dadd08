"""Connect's references become names and templates, and come back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.errors import ConfigurationError
from tongdai.ivr.importers.connect.names import (
    deep,
    flat,
    key_of,
    name_of,
    operand_of,
    part,
    reference_of,
    refers,
    template_of,
    text_of,
    value_of,
)
from tongdai.model.expression import Operand, Template

KEYS = st.text(min_size=1, max_size=8) | st.from_regex(r"[_xa-f0-9 .\[\]#'-]{1,8}", fullmatch=True)
PIECES = st.sampled_from(
    [
        "$.Attributes.x",
        "$.External.a-b",
        "$.External['my key']",
        "$.External.list[0].x",
        "$.A.0",
        "$.A['-']",
        " hi",
        "{",
        "}",
        "{{x}}",
        "$.",
        "'",
        ".",
        "-",
        "[",
        "$",
        "é",
        '"',
        "\\",
        "\n",
    ]
)
SCALARS = st.text(max_size=9) | st.integers(-(10**9), 10**9) | st.booleans() | st.none()
PLAIN = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS.filter(lambda key: not refers(key)), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("$.Attributes.tier", "Attributes.tier"),
        ("$.Attributes.my-key", "Attributes.my-key"),
        ("$.Attributes['my key']", "Attributes.my_x20_key"),
        ("$.External.list[0].name", "External.list.0.name"),
        ("$.Attributes.0", "Attributes._x30_"),
        ("$.StoredCustomerInput", "StoredCustomerInput"),
        ("$.CustomerEndpoint.Address", "CustomerEndpoint.Address"),
        ("$.true", "_x74_rue"),
    ],
)
def test_a_reference_is_a_name(reference: str, name: str) -> None:
    """Both ways."""
    assert name == name_of(reference)
    assert reference == reference_of(name)
    assert (name,) == Operand.parse(operand_of(reference)).names


@given(KEYS)
def test_a_key_is_a_part_of_a_name(key: str) -> None:
    """Whatever letters it has."""
    assert key == key_of(part(key))


@given(st.lists(PIECES).map("".join))
def test_a_text_comes_back(text: str) -> None:
    """As a template and as an operand, whatever braces and references it has."""
    assert text == text_of(template_of(text))
    assert text == value_of(operand_of(text))


@given(st.lists(PIECES).map("".join))
def test_only_references_are_names(text: str) -> None:
    """A text without one says itself."""
    if not refers(text):
        assert text == Template.parse(template_of(text)).render({})


@given(st.dictionaries(KEYS.filter(lambda key: not refers(key)), PLAIN, max_size=4))
def test_objects_and_lists_come_back(data: dict[str, object]) -> None:
    """Flat and deep again, each value of its own type."""
    operands: dict[str, str] = {}
    for key, value in data.items():
        operands |= flat(value, part(key))
    assert data == deep(operands)
    assert repr(data) == repr(deep(operands))


@pytest.mark.parametrize(
    "operands",
    [
        {"a": "1", "a.b": "2"},
        {"a.b": "1", "a": "2"},
        {"a[1]": "1"},
        {"": "1"},
        {"[0]": "1"},
        {"a]": "1"},
    ],
)
def test_paths_that_contradict_each_other_are_an_error(operands: dict[str, str]) -> None:
    """A value is one thing."""
    with pytest.raises(ConfigurationError):
        deep(operands)


@pytest.mark.parametrize("template", ["{Attributes.x}y", "{Attributes.x}.y", "{a:b}", "{x}[0]"])
def test_a_template_that_connect_would_read_differently_is_an_error(template: str) -> None:
    """It is never exported as something else."""
    with pytest.raises(ConfigurationError):
        text_of(template)


def test_what_is_computed_has_no_way_out() -> None:
    """Connect's parameters are texts and references."""
    with pytest.raises(ConfigurationError, match="computes nothing"):
        value_of("plus(a, 1)")


@pytest.mark.parametrize("data", [{"$.Attributes.k": 1}, {"": 1}, {"x" * 600: 1}, {"a": 10**400}])
def test_what_no_operand_can_hold_is_an_error(data: dict[str, object]) -> None:
    """Keys that are decided at run time, empty or endless ones, numbers without an end."""
    with pytest.raises(ConfigurationError):
        flat(data, "")
