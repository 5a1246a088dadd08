"""Reading what Zalo writes: JSON in which numbers may be text, text numbers, and anything missing.

Rule: reading never fails. What is not of the kind that is asked for is as good as not there: an
empty document, an empty list, an empty text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias, cast

Document: TypeAlias = Mapping[str, Any]

_NOTHING: Final[Document] = {}
_LONGEST_ID: Final = 128
_LONGEST_NUMBER: Final = 10**40


def parsed(body: bytes | str) -> Document | None:
    """Return the document that a body holds, or `None`."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else body
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return cast("Document", found) if isinstance(found, dict) else None


def part(value: object) -> Document:
    """Return a document."""
    return cast("Document", value) if isinstance(value, dict) else _NOTHING


def listed(value: object) -> Sequence[Any]:
    """Return a list."""
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()


def text(value: object) -> str:
    """Return text, or a number as text; half characters, as JSON can hold, become `?`."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return str(value) if abs(value) < _LONGEST_NUMBER else ""
    if isinstance(value, float):
        return f"{value:.15g}"
    return value.encode(errors="replace").decode() if isinstance(value, str) else ""


def ident(value: object) -> str:
    """Return an id as text; those of Zalo have 64 bits, and come as numbers too."""
    found = "" if isinstance(value, float) else text(value)
    return found if 0 < len(found) <= _LONGEST_ID and found.isprintable() else ""


def number(value: object, digits: int) -> int | None:
    """Return a whole number of at most so many digits, or `None`."""
    found = text(value)
    right = found.isascii() and found.isdigit() and len(found) <= digits
    return int(found) if right else None
