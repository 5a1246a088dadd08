"""What to try on a flow: answers that take each of its ways, read off its own conditions.

Rule: a value is worth trying when a condition compares it. So for a name that conditions look at,
the constants beside it are tried, numbers just below and above them too, and one value that is none
of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tongdai.errors import ConfigurationError
from tongdai.ivr.flow import Flow
from tongdai.ivr.nodes import Branch
from tongdai.model.expression import (
    AllOf,
    AnyOf,
    Call,
    Compare,
    Condition,
    Constant,
    Expression,
    Name,
    Not,
    Plain,
    Term,
)

_MOST = 12  # values that are tried for one name

Samples = Mapping[str, tuple[Plain, ...]]
"""Constants that conditions compare a name with, by name."""


def samples(flows: Iterable[Flow]) -> Samples:
    """Return the constants that the conditions of some flows compare names with."""
    found: dict[str, dict[Plain, None]] = {}
    for flow in flows:
        for node in flow.nodes.values():
            for case in node.cases if isinstance(node, Branch) else ():
                for name, value in _compared(case.when):
                    found.setdefault(name, {})[value] = None
    return {name: tuple(values)[:_MOST] for name, values in found.items()}


def answers(into: str, known: Samples) -> list[Any]:
    """Return what to try as an answer that is kept under a name, the plainest first."""
    if not into:
        return [None]
    tried: list[Any] = list(known.get(into, ()))
    for name, values in known.items():
        if name.startswith(f"{into}."):
            tried += [_nested(name[len(into) + 1 :], value) for value in values]
    other = "other" if not tried or isinstance(tried[0], (str, dict)) else None
    return [*tried[:_MOST], other]


def _nested(path: str, value: Plain) -> dict[str, Any]:
    made: Any = value
    for part in reversed(path.split(".")):
        made = {part: made}
    return made  # type: ignore[no-any-return]


def _compared(condition: str) -> Iterator[tuple[str, Plain]]:
    try:
        open_: list[Condition] = [Expression.parse(condition).tree]
    except ConfigurationError:
        return
    for tree in open_:
        match tree:
            case AllOf(several) | AnyOf(several):
                open_ += several
            case Not(one):
                open_.append(one)
            case Compare(_, left, right):
                yield from _pair(left, right)
                yield from _pair(right, left)
            case Name(name):
                yield from ((name, True), (name, False))
            case _:
                pass


def _pair(one: Term, other: Term) -> Iterator[tuple[str, Plain]]:
    if not isinstance(other, Constant):
        return
    while isinstance(one, Call):
        one = one.arguments[0]
    if not isinstance(one, Name):
        return
    value = other.value
    yield one.name, value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield one.name, value - 1
        yield one.name, value + 1
