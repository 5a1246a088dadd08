"""What a field takes, where that is more than what it keeps.

Rule: where a field holds several, any sequence but a text can be given, and a tuple is kept: a list
that its owner changes later changes no value, a value that hashes goes on hashing, and what was
decoded equals what was encoded. Type checkers are told both sides: a list can be given, and what
one reads is a tuple. When a program runs the annotation is what is kept, so that is what msgspec
decodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import msgspec

from tongdai.errors import ConfigurationError
from tongdai.model.text import check_text

Item = TypeVar("Item")
Item_co = TypeVar("Item_co", covariant=True)


class Row(Protocol[Item_co]):
    """A list, a tuple or another sequence; no text (in which only texts can be looked for)."""

    def __contains__(self, item: object, /) -> bool: ...
    def __getitem__(self, at: int, /) -> Item_co: ...
    def __iter__(self) -> Iterator[Item_co]: ...
    def __len__(self) -> int: ...


if TYPE_CHECKING:
    from typing import Generic, TypeAlias

    Given_contra = TypeVar("Given_contra", contravariant=True)
    Kept_co = TypeVar("Kept_co", covariant=True)

    class Takes(Generic[Given_contra, Kept_co]):
        """A field that can be given as one type and is read as another."""

        def __get__(self, owner: object, kind: object = None, /) -> Kept_co: ...
        def __set__(self, owner: object, value: Given_contra, /) -> None: ...

    Several: TypeAlias = Takes[Row[Item], tuple[Item, ...]]
else:

    class Takes:
        """Stands for the second of two types: what is kept."""

        def __class_getitem__(cls, types: tuple[Any, Any]) -> Any:  # noqa: ANN401 - a type
            """Return what is kept."""
            return types[1]

    Several = tuple[Item, ...]


def default(value: object) -> Any:  # noqa: ANN401 - type checkers compare it with neither side
    """Return what a field keeps where nothing is given, as its default."""
    return value


def row(values: Row[Item], what: str, field: str) -> tuple[Item, ...]:
    """Return a sequence as a tuple; `what` is what there should be several of.

    Raises:
        ConfigurationError: no sequence, or a text; names the field and what would be right.
    """
    if isinstance(values, tuple):  # (mostly; asking an abstract class costs more than all the rest)
        return tuple(values)
    given: object = values  # (what a type checker believes of it is no longer so)
    if isinstance(given, (str, bytes)) or not isinstance(given, Sequence):
        raise ConfigurationError(
            f"{field}: {type(given).__name__} is neither a list nor a tuple; give a list of {what}"
        )
    return tuple(values)


def several(values: Row[Item], kind: type[Item], field: str) -> tuple[Item, ...]:
    """Return structs of one class as a tuple.

    Raises:
        ConfigurationError: no sequence, or something else in it; names the field, the place in it,
            and what would be right.
    """
    found = row(values, kind.__name__, field)
    for value in found:
        if type(value) is not kind:  # (what a subclass adds would not come back from the journal)
            place = next(at for at, one in enumerate(found) if type(one) is not kind)
            struct = cast("type[msgspec.Struct]", kind)
            needed = ", ".join(f.name for f in msgspec.structs.fields(struct) if f.required)
            raise ConfigurationError(
                f"{field}[{place}]: {type(value).__name__} is not of the type {kind.__name__}; "
                f"write {kind.__name__}({needed})"
            )
    return found


def texts(values: Row[str], field: str) -> tuple[str, ...]:
    """Return texts as a tuple.

    Raises:
        ConfigurationError: no sequence, a text by itself, or something else in it; names the field,
            the place in it, and what would be right.
    """
    found = row(values, "str", field)
    for place, value in enumerate(found):
        if type(value) is not str or not value.isascii():
            check_text(value, f"{field}[{place}]")
    return found
