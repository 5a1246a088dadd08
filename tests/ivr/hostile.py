"""Documents with something wrong in them."""

from __future__ import annotations

from copy import deepcopy
from random import Random
from typing import Any

BROKEN: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    1e300,
    10**30,
    "",
    "{{",
    "{{a}}",
    "{% if",
    "$.",
    "$.Attributes.x",
    "{x",
    "x" * 300,
    "\ud800",
    [],
    {},
    [[]],
    {"name": {}},
    [{"key": 1}],
    {"a": {"a": {"a": {}}}},
)
"""What stands where something else was expected."""


def mutate(document: Any, chance: Random, *, times: int = 3) -> Any:  # noqa: ANN401 - plain data
    """Return a document in which parts are replaced, dropped, doubled or exchanged.

    Args:
        document: plain data; it stays as it is.
        chance: decides where and how.
        times: how many changes there are at most.
    """
    made = deepcopy(document)
    for _ in range(chance.randint(1, times)):
        _change(made, chance)
    return made


def _change(at: Any, chance: Random) -> None:  # noqa: ANN401 - plain data
    while keys := _keys(at):
        key = chance.choice(keys)
        if _keys(at[key]) and chance.random() < 0.9:
            at = at[key]
            continue
        how = chance.choice(["replace", "replace", "drop", "double", "exchange"])
        if how == "drop":
            del at[key]
        elif how == "double" and isinstance(at, list):
            at.append(deepcopy(at[key]))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType] - plain data
        elif how == "exchange":
            other = chance.choice(keys)
            at[key], at[other] = at[other], at[key]
        else:
            at[key] = deepcopy(chance.choice(BROKEN))
        return


def _keys(at: Any) -> list[Any]:  # noqa: ANN401 - plain data
    if isinstance(at, dict):
        return list(at)  # pyright: ignore[reportUnknownArgumentType] - plain data
    return list(range(len(at))) if isinstance(at, list) else []  # pyright: ignore[reportUnknownArgumentType] - plain data
