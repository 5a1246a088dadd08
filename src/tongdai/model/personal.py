"""Personal data is marked in the type.

Rule: a field annotated `Personal` holds something about a person (a name, an address, what they
wrote). Its value is masked wherever a value is printed for developers; code that needs it reads the
field.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, TypeAlias, get_args, get_origin, get_type_hints

import msgspec


class Personal:
    """The mark for a field that holds personal data: `Annotated[str, Personal]`."""


PersonalText: TypeAlias = Annotated[str, Personal]


class _Mask:
    """Stands for what is not shown."""

    def __repr__(self) -> str:
        return "•••"


_MASK = _Mask()


class Value(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A frozen struct whose `repr` masks personal data."""

    def __repr__(self) -> str:
        """Give the constructor's call; personal fields that hold something show as a mask."""
        shown = [f"{name}={value!r}" for name, value in self.__rich_repr__()]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Give names and values, masked; what msgspec would give to rich is not."""
        hidden = _personal(type(self))
        values = [(name, getattr(self, name)) for name in self.__struct_fields__]
        return [(name, _MASK if value and name in hidden else value) for name, value in values]


@cache
def _personal(kind: type[Value]) -> frozenset[str]:
    hints = get_type_hints(kind, include_extras=True)
    return frozenset(
        name
        for name, hint in hints.items()
        if get_origin(hint) is Annotated and Personal in get_args(hint)
    )
