"""Values from outside, as a session can keep them.

Rule: what a session keeps is what JSON can say, so that a session that was encoded and decoded is
equal to what it was. It is copied, so that nobody can change it later, and bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, cast

from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.model.text import check_text

MOST: Final = 10_000  # texts, numbers and containers in one value
LONGEST: Final = 256 * 1024  # characters in one value
_WORD: Final = 2**63
DEEPEST: Final = 32  # levels in one value


def kept(value: object, field: str) -> Any:  # noqa: ANN401 - plain data of any shape
    """Return a copy of plain data: lists for tuples, nothing that JSON lacks.

    Raises:
        IllegalInput: it is no plain data, or too much of it; names the field, never the value.
    """
    if value is None or value is True or value is False:
        return value
    if type(value) is int and -_WORD <= value < _WORD:
        return value
    return _Keeper(field).kept(value, 0)


class _Keeper:
    """Copies one value and counts what it has."""

    def __init__(self, field: str) -> None:
        self.field = field
        self.parts = 0
        self.characters = 0

    def kept(self, value: object, deep: int) -> Any:  # noqa: ANN401 - plain data of any shape
        self.count(1, len(value) if isinstance(value, str) else 0, deep)
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, (int, float)):
            return self.number(value)
        if isinstance(value, Mapping):
            pairs = cast("Mapping[object, object]", value).items()
            return {self.name(name, deep): self.kept(item, deep + 1) for name, item in pairs}
        if isinstance(value, (list, tuple)):
            return [self.kept(item, deep + 1) for item in cast("list[object]", value)]
        raise IllegalInput(f"{self.field}: {type(value).__name__} is no plain data, as JSON has it")

    def count(self, parts: int, characters: int, deep: int) -> None:
        self.parts += parts
        self.characters += characters
        if self.parts > MOST or self.characters > LONGEST or deep > DEEPEST:
            raise IllegalInput(
                f"{self.field}: is too much; at most {MOST} values, {LONGEST} characters and "
                f"{DEEPEST} levels"
            )

    def text(self, value: str) -> str:
        try:
            check_text(value, self.field)
        except ConfigurationError as error:
            raise IllegalInput(str(error)) from error
        return str(value)

    def number(self, value: float) -> int | float:
        if isinstance(value, int) and not -_WORD <= value < _WORD:
            raise IllegalInput(f"{self.field}: a whole number has at most 64 bits")
        if value - value != 0:  # (infinite, or no number)
            raise IllegalInput(f"{self.field}: a number is finite")
        return int(value) if isinstance(value, int) else float(value)

    def name(self, value: object, deep: int) -> str:
        if not isinstance(value, str):
            raise IllegalInput(f"{self.field}: a name is text; got {type(value).__name__}")
        self.count(0, len(value), deep)
        return self.text(value)
