"""What the parts of a flow have in common when they are checked.

Rule: each check raises one error that names the field, what is wrong, and what would be right.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar, cast

from tongdai.errors import ConfigurationError
from tongdai.model.requirement import Requirement
from tongdai.model.text import check_text

KEYS = frozenset("0123456789*#ABCD")
"""The keys of a telephone; few have the letters (ITU-T Q.23)."""

LONGEST_NAME = 128  # characters of a node's name

Part = TypeVar("Part")


def check_node_name(value: object, field: str) -> None:
    """Raise an error that names the field unless this can be a node's name.

    Raises:
        ConfigurationError: no text of 1 to 128 printable characters.
    """
    check_text(value, field)
    name = cast("str", value)
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise ConfigurationError(
            f"{field}: {name!r:.140} is no node's name; 1 to {LONGEST_NAME} printable characters"
        )


def check_target(value: object, field: str) -> None:
    """Raise an error that names the field unless this can be a node's name, or is `None`.

    Raises:
        ConfigurationError: it cannot.
    """
    if value is not None:
        check_node_name(value, field)


def check_name(value: object, field: str) -> None:
    """Raise an error that names the field unless this can be the name of a value.

    Raises:
        ConfigurationError: it cannot.
    """
    check_text(value, field)
    if not value:
        raise ConfigurationError(f"{field}: a value needs a name, such as `tier` or `caller.phone`")


def check_terminator(value: object, field: str) -> None:
    """Raise an error that names the field unless this is a key, or empty.

    Raises:
        ConfigurationError: it is neither.
    """
    if not isinstance(value, str) or (value and value not in KEYS):
        raise ConfigurationError(f"{field}: {value!r:.40} is not one of the keys 0 to 9, * and #")


def check_number(
    value: object, field: str, least: int | None = None, most: int | None = None
) -> None:
    """Raise an error that names the field unless this is a whole number between two.

    Raises:
        ConfigurationError: it is not.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigurationError(f"{field}: {value!r:.40} is not a whole number")
    if least is not None and value < least:
        raise ConfigurationError(f"{field}: {value} is too small; at least {least}")
    if most is not None and value > most:
        raise ConfigurationError(f"{field}: {value} is too large; at most {most}")


def check_operands(values: object, field: str) -> None:
    """Raise an error that names the field unless this maps names to operands' texts.

    Raises:
        ConfigurationError: it does not.
    """
    if not isinstance(values, Mapping):
        raise ConfigurationError(f"{field}: expected a mapping from names to operands")
    for name, operand in cast("Mapping[object, object]", values).items():
        check_name(name, field)
        check_text(operand, f"{field}[{name}]")


def check_requirement(value: object, field: str) -> None:
    """Raise an error that names the field unless this is a requirement's text.

    Raises:
        ConfigurationError: it is not.
    """
    check_text(value, field)
    try:
        Requirement.parse(cast("str", value))
    except ConfigurationError as error:
        raise ConfigurationError(f"{field}: {error}") from error


def check_ways(values: object, field: str) -> None:
    """Raise an error that names the field unless this maps names of ways to nodes' names.

    Raises:
        ConfigurationError: it does not.
    """
    if not isinstance(values, Mapping):
        raise ConfigurationError(f"{field}: expected a mapping from ways to nodes")
    for way, target in cast("Mapping[object, object]", values).items():
        check_text(way, field)
        check_target(target, f"{field}[{way}]")


def check_texts(values: object, field: str) -> tuple[str, ...]:
    """Return several texts as a tuple.

    Raises:
        ConfigurationError: they are not several, or one is no text; names the field.
    """
    if not isinstance(values, (tuple, list)):
        raise ConfigurationError(f"{field}: expected several texts, such as ('yes', 'ok')")
    several = tuple(cast("list[object]", values))
    for value in several:
        check_text(value, field)
    return cast("tuple[str, ...]", several)


def check_several(values: object, kind: type[Part], field: str) -> tuple[Part, ...]:
    """Return several values of one class as a tuple.

    Raises:
        ConfigurationError: they are not several, or one is something else; names the field.
    """
    if not isinstance(values, (tuple, list)):
        raise ConfigurationError(f"{field}: expected a list of {kind.__name__}")
    several = tuple(cast("list[object]", values))
    for value in several:
        if not isinstance(value, kind):
            raise ConfigurationError(f"{field}: {type(value).__name__} is not a {kind.__name__}")
    return cast("tuple[Part, ...]", several)
