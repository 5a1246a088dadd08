"""Connect's attribute references as names of values, and back.

Rule: `$.Attributes.x` is the value `Attributes.x`, and nothing is lost on the way: each step of a
path is a part of the name, and letters that a name cannot have are written by their number, so that
`$.Attributes['my key']` is `Attributes.my_x20_key`. A number stands for a place in a list. A
reference that is a whole parameter becomes an operand's name, one inside a text a template's. Only
a key in brackets that needs none is written differently when it is exported: with a dot.

Connect documents: every scalar is text as a rule (`"8"`, `"True"`); those that are not stay what
they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

import attrs

from tongdai.errors import ConfigurationError
from tongdai.model.expression import Operand, Template
from tongdai.model.tree import Constant, Join, Name

Scalar: TypeAlias = str | int | float | bool | None

_WORD: Final = r"\w+(?:-+\w+)*"
_REFERENCE: Final = re.compile(
    rf"""\$\.[^\W\d]\w*(?:-+\w+)*(?:\.{_WORD}|\[[0-9]+\]|\['[^'\]]+'\]|\["[^"\]]+"\])*"""
)
_STEP: Final = re.compile(
    rf"""\.?(?P<key>{_WORD})|\[(?P<place>[0-9]+)\]|\['(?P<one>[^'\]]+)'\]|\["(?P<two>[^"\]]+)"\]"""
)
_DOTTED: Final = re.compile(_WORD)
_COVERED: Final = re.compile(r"_x([0-9a-f]{1,6})_")
_MUST_COVER: Final = re.compile(r"_(?=x[0-9a-f])|[^\w\-]")
_RESERVED: Final = frozenset({"and", "or", "not", "in", "true", "false", "none"})


# --- one name -------------------------------------------------------------------------------------


def part(key: str) -> str:
    """Return a key as part of a name."""
    covered = _MUST_COVER.sub(lambda found: _cover(found[0]), key)
    if covered.isdecimal():
        return _cover(covered[0]) + covered[1:]
    return covered


def key_of(named: str) -> str:
    """Return the key that a part of a name stands for."""
    return _COVERED.sub(_uncovered, named)


def name_of(reference: str) -> str:
    """Return the name of the value that a whole reference means."""
    parts = [
        step["place"] or part(step["key"] or step["one"] or step["two"])
        for step in _STEP.finditer(reference, 2)
    ]
    first = parts[0]
    if len(parts) == 1 and first in _RESERVED:
        return _cover(first[0]) + first[1:]
    return ".".join(parts)


def reference_of(name: str) -> str:
    """Return the reference that means a value.

    Raises:
        ConfigurationError: Connect has no way to write it.
    """
    written = "$"
    for named in name.split("."):
        key = key_of(named)
        if named.isdecimal() and written != "$":
            written += f"[{named}]"
        elif _DOTTED.fullmatch(key):
            written += f".{key}"
        else:
            written += f"['{key}']"
    if not _REFERENCE.fullmatch(written) or name_of(written) != name:
        raise ConfigurationError(f"{name!r:.60} is no name that Connect has a reference for")
    return written


def is_reference(text: object) -> bool:
    """Return whether this is one reference and nothing else."""
    return isinstance(text, str) and _REFERENCE.fullmatch(text) is not None


def refers(text: str) -> bool:
    """Return whether a reference stands somewhere in a text."""
    return _REFERENCE.search(text) is not None


# --- values ---------------------------------------------------------------------------------------


def template_of(text: str) -> str:
    """Return a text of Connect's as a template.

    Raises:
        ConfigurationError: it is longer than templates may be.
    """
    return Template.of(_parts(text)).text


def text_of(template: str) -> str:
    """Return a template as a text of Connect's.

    Raises:
        ConfigurationError: Connect would read something else in it.
    """
    parts = Template.parse(template).parts
    written = _joined(parts)
    if _merged(parts) != tuple(_parts(written)):
        raise ConfigurationError(
            f"{template!r:.60}: Connect would not see where the names end; put blanks around them"
        )
    return written


def operand_of(value: Scalar) -> str:
    """Return a parameter's value as an operand.

    Raises:
        ConfigurationError: it is longer than operands may be.
    """
    if not isinstance(value, str):
        return Operand.of(Constant(value)).text
    if is_reference(value):
        return name_of(value)
    parts = tuple(_parts(value))
    if any(isinstance(one, Name) for one in parts):
        return Operand.of(Join(parts)).text
    return Operand.of(Constant(value)).text


def value_of(operand: str) -> Scalar:
    """Return an operand as a parameter's value.

    Raises:
        ConfigurationError: Connect has no way to write it.
    """
    tree = Operand.parse(operand).tree
    if isinstance(tree, Constant):
        return tree.value
    if isinstance(tree, Name):
        return reference_of(tree.name)
    if isinstance(tree, Join):
        return _joined(tree.parts)
    raise ConfigurationError(f"{operand!r:.60}: Connect computes nothing; assign it before")


def _parts(text: str) -> list[str | Name]:
    parts: list[str | Name] = []
    position = 0
    for found in _REFERENCE.finditer(text):
        if text[position : found.start()]:
            parts.append(text[position : found.start()])
        parts.append(Name(name_of(found[0])))
        position = found.end()
    if text[position:]:
        parts.append(text[position:])
    return parts


def _merged(parts: tuple[str | Name, ...]) -> tuple[str | Name, ...]:
    return tuple(one for one in parts if one != "")


def _joined(parts: tuple[str | Name, ...]) -> str:
    return "".join(reference_of(one.name) if isinstance(one, Name) else one for one in parts)


def _cover(letter: str) -> str:
    return f"_x{ord(letter):x}_"


def _uncovered(found: re.Match[str]) -> str:
    number = int(found[1], 16)
    return chr(number) if number <= 0x10FFFF else found[0]  # noqa: PLR2004 - the last of Unicode


# --- objects and lists ----------------------------------------------------------------------------

_LONGEST_PATH: Final = 512  # characters
_MOST_OPERANDS: Final = 4_096  # of one object
_DEEPEST_PATH: Final = 64
_PATH: Final = re.compile(r"(?P<key>[^.\[\]{}]+)|\[(?P<place>[0-9]{1,6})\]")


def flat(value: object, name: str) -> dict[str, str]:
    """Return plain data as operands by path: `a.b`, `a[0]`; `a[]` and `a{}` are empty ones.

    Raises:
        ConfigurationError: a text is longer than operands may be, or a key is decided at run time.
    """
    found: dict[str, str] = {}
    ways: list[tuple[str, Any]] = [(name, value)]
    while ways:
        path, here = ways.pop()
        if len(path) > _LONGEST_PATH or len(found) > _MOST_OPERANDS:
            raise ConfigurationError(
                f"{path:.60}: a path has at most {_LONGEST_PATH} characters, and there are at most "
                f"{_MOST_OPERANDS} values"
            )
        if isinstance(here, Mapping):
            pairs = cast("Mapping[str, Any]", here)
            if not pairs:
                found[f"{path}{{}}"] = "none"
            below = [(f"{path}.{_step(key)}" if path else _step(key), pairs[key]) for key in pairs]
            ways.extend(reversed(below))
        elif isinstance(here, (list, tuple)):
            items = cast("Sequence[Any]", here)
            if not items:
                found[f"{path}[]"] = "none"
            ways.extend((f"{path}[{at}]", items[at]) for at in reversed(range(len(items))))
        else:
            found[path] = operand_of(here)
    return found


def deep(operands: Mapping[str, str]) -> dict[str, Any]:
    """Return the plain data that `flat` took apart.

    Raises:
        ConfigurationError: the paths contradict each other, or Connect cannot write a value.
    """
    top: _Tree = {}
    for path, operand in operands.items():
        bare = path.removesuffix("[]").removesuffix("{}")
        value: object = value_of(operand)
        if bare != path:
            value = list[Any]() if path.endswith("[]") else dict[str, Any]()
        *way, last = _steps(bare)
        here = top
        for step in way:
            inner = here.setdefault(step, {})
            if not isinstance(inner, dict):
                raise ConfigurationError(f"{path:.60}: {step!r} is a value and holds others too")
            here = cast("_Tree", inner)
        if last in here:
            raise ConfigurationError(f"{path:.60}: stated twice")
        here[last] = _Leaf(value)
    return {str(key): _grown(inner, str(key)) for key, inner in top.items()}


@attrs.frozen
class _Leaf:
    value: object


_Tree: TypeAlias = dict[str | int, Any]
"""Keys are texts, places in a list are numbers."""


def _step(key: str) -> str:
    if not key or refers(key):
        raise ConfigurationError(f"the key {key!r:.60} is empty, or decided when the flow runs")
    return part(key)


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    position = 0
    while position < len(path):
        start = position + (path[position] == "." and position > 0)
        found = _PATH.match(path, start)
        if found is None or len(steps) == _DEEPEST_PATH:
            raise ConfigurationError(f"{path:.60}: this is no path such as a.b[0]")
        steps.append(key_of(found["key"]) if found["key"] else int(found["place"]))
        position = found.end()
    if not steps or isinstance(steps[0], int):
        raise ConfigurationError(f"{path:.60}: this is no path such as a.b[0]")
    return steps


def _grown(tree: object, path: str) -> object:
    if isinstance(tree, _Leaf):
        return tree.value
    inner = cast("_Tree", tree)
    if not any(isinstance(key, int) for key in inner):
        return {key: _grown(below, f"{path}.{key}") for key, below in inner.items()}
    if [*inner] != [*range(len(inner))]:
        raise ConfigurationError(f"{path:.60}: the places of a list are 0, 1, 2 ... in this order")
    return [_grown(below, f"{path}[]") for below in inner.values()]
