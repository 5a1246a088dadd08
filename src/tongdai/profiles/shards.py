"""A mapping that grows in small steps.

Rule: no single insertion is dear. A dict of a million entries that has to grow copies them all at
once, which takes as long as hundreds of ingests; of many small ones, one grows at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Final, TypeVar

_Key = TypeVar("_Key", str, bytes)
_Value = TypeVar("_Value")
_SHARDS: Final = 256
_MASK: Final = _SHARDS - 1
_SHIFT: Final = 40  # (the low bits choose the place within a part)


class Shards(MutableMapping[_Key, _Value]):
    """A dict by text or bytes, in many parts; its order is not that of insertion."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        """Begin empty."""
        self._parts: Final[list[dict[_Key, _Value]]] = [{} for _ in range(_SHARDS)]

    def __getitem__(self, key: _Key) -> _Value:
        return self._parts[hash(key) >> _SHIFT & _MASK][key]

    def __setitem__(self, key: _Key, value: _Value) -> None:
        self._parts[hash(key) >> _SHIFT & _MASK][key] = value

    def __delitem__(self, key: _Key) -> None:
        del self._parts[hash(key) >> _SHIFT & _MASK][key]

    def __contains__(self, key: object) -> bool:
        return key in self._parts[hash(key) >> _SHIFT & _MASK]

    def __len__(self) -> int:
        return sum(map(len, self._parts))

    def __iter__(self) -> Iterator[_Key]:
        for part in self._parts:
            yield from part

    def find(self, key: _Key) -> _Value | None:
        """Return a value, or `None`: `get` without its detour over an exception."""
        return self._parts[hash(key) >> _SHIFT & _MASK].get(key)
