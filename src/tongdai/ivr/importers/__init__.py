"""Flows that other systems wrote, as flows of ours.

Rule: an importer never guesses and never drops. What our machine can run becomes a node that keeps
every parameter; the rest becomes an `Opaque` node with a `Diagnostic` that says why; a document
that is none gives a `ConfigurationError`. It costs time and memory in proportion to the document,
whatever stands in it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeAlias, cast

import msgspec

from tongdai.errors import ConfigurationError
from tongdai.ivr.flow import Flow
from tongdai.ivr.nodes import Opaque
from tongdai.model.personal import Value
from tongdai.model.text import check_text

Level: TypeAlias = Literal["warning", "note"]
"""`warning`: it cannot be run as it was; `note`: it can, and there is something to know."""

LONGEST = 4 * 1024 * 1024  # bytes of a document
DEEPEST = 64  # objects and lists in each other
MOST_VALUES = 400_000  # texts, numbers, lists ... in one document
MOST_STEPS = 5_000  # actions, modules or states


class Diagnostic(Value, frozen=True):
    """What an importer has to say about one node.

    Attributes:
        node: the node's name.
        level: a `Level`.
        message: what there is to know.
        kind: what the original calls the step.
    """

    node: str
    level: Level
    message: str
    kind: str = ""

    def __str__(self) -> str:
        """Give one line, as lint does."""
        return f"{self.level}  {self.node}: {self.message}"


class Imported(Value, frozen=True):
    """A flow, and what is to be known about it.

    Attributes:
        flow: what was read.
        diagnostics: in the order of the document; empty when all of it can be run as it was.
        steps: for each step of the document, in its order: (what the document calls it, the name
            of the node that stands for it).
    """

    flow: Flow
    diagnostics: tuple[Diagnostic, ...] = ()
    steps: tuple[tuple[str, str], ...] = ()

    @property
    def native(self) -> tuple[int, int]:
        """How many of the document's steps our machine runs, and how many there are."""
        runs = sum(not isinstance(self.flow.nodes[name], Opaque) for _, name in self.steps)
        return runs, len(self.steps)


def read_document(document: str | bytes | Mapping[str, Any], what: str) -> Mapping[str, Any]:
    """Return a JSON object, its size, depth and types checked.

    Args:
        document: JSON text, or what was decoded from it.
        what: how errors call it.

    Raises:
        ConfigurationError: it is no JSON object, or too large, or nested too deep.
    """
    decoded: object = document
    if isinstance(document, (str, bytes)):
        if len(document) > LONGEST:
            raise ConfigurationError(f"{what}: at most {LONGEST} bytes; got {len(document)}")
        try:
            decoded = msgspec.json.decode(document)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise ConfigurationError(f"{what}: this is no JSON: {error}") from None
    if not isinstance(decoded, Mapping):
        raise ConfigurationError(f"{what}: expected an object; got {type(decoded).__name__}")
    check_plain(cast("object", decoded), what)
    return cast("Mapping[str, Any]", decoded)


def check_plain(value: object, what: str) -> None:
    """Raise an error unless a value is what JSON can say, within the bounds above.

    Raises:
        ConfigurationError: it is not.
    """
    left = MOST_VALUES
    level: list[object] = [value]
    for _ in range(DEEPEST + 1):
        below: list[object] = []
        left -= len(level)
        if left < 0:
            raise ConfigurationError(f"{what}: more than {MOST_VALUES} values")
        for one in level:
            if isinstance(one, Mapping):
                pairs = cast("Mapping[str, Any]", one)
                for key in pairs:
                    check_text(key, f"{what}: a name")
                below.extend(pairs.values())
            elif isinstance(one, (list, tuple)):
                below.extend(cast("Sequence[Any]", one))
            else:
                _check_scalar(one, what)
        if not below:
            return
        if len(below) > left:
            raise ConfigurationError(f"{what}: more than {MOST_VALUES} values")
        level = below
    raise ConfigurationError(f"{what}: nested deeper than {DEEPEST}")


def _check_scalar(value: object, what: str) -> None:
    if isinstance(value, str):
        check_text(value, what)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ConfigurationError(f"{what}: {value} is no number that JSON can say")
    elif not (value is None or isinstance(value, (bool, int))):
        raise ConfigurationError(f"{what}: {type(value).__name__} is not plain data")
