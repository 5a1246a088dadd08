"""One widget of a Studio flow: its parameters taken one by one, so that none is lost.

Rule: whoever builds a node takes each parameter that a field of the node carries; what is left goes
along as the node's `extra`. A parameter or a way out that the documentation does not have, or of
another type, makes the widget `NotRunnable`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, cast

from tongdai.errors import ConfigurationError
from tongdai.ivr.checks import check_target
from tongdai.model.text import check_text

LONGEST_NAME: Final = 120  # (helpers add a few characters to it)
_DIGITS: Final = re.compile(r"\d{1,6}")


class NotRunnable(Exception):
    """A widget says something that our machine cannot do; never leaves the importer."""


class Way(NamedTuple):
    """One way out.

    Attributes:
        event: what takes it.
        to: the widget that it leads to; empty ends the flow.
        conditions: of a split's `match`.
    """

    event: str
    to: str
    conditions: tuple[Mapping[str, Any], ...] = ()


class Widget:
    """A widget as the document has it.

    Attributes:
        name, kind: as there.
        properties: all of them.
        ways: all of them, in their order.
        fault: why it cannot be run, where its form shows it already.
    """

    def __init__(
        self, name: str, kind: str, properties: Mapping[str, Any], ways: Sequence[Way], fault: str
    ) -> None:
        self.name = name
        self.kind = kind
        self.properties = properties
        self.ways = tuple(ways)
        self.fault = fault
        self._left = dict(properties)

    def way(self, event: str) -> str:
        """Return where an event leads; empty ends the flow."""
        return next((way.to for way in self.ways if way.event == event), "")

    def expect(self, *events: str) -> None:
        """Refuse ways out that such a widget does not have, and two of one name.

        Raises:
            NotRunnable: there is one.
        """
        seen: set[str] = set()
        for way in self.ways:
            if way.event not in events:
                if way.to:
                    raise NotRunnable(
                        f"{way.event!r:.40} is not one of the ways out of {self.kind}"
                    )
            elif way.event in seen and way.to:
                raise NotRunnable(f"there are two ways out {way.event!r}")
            elif way.conditions:
                raise NotRunnable(f"the way out {way.event!r} has conditions")
            seen.add(way.event)

    def take(self, name: str) -> object:
        """Return a parameter and keep it no longer for `left`; `None` where there is none."""
        return self._left.pop(name, None)

    def text(self, name: str) -> str:
        """Take a parameter that is a text; empty where there is none.

        Raises:
            NotRunnable: it is something else.
        """
        value = self.take(name)
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, float)):
            return str(value)
        if not isinstance(value, str):
            raise NotRunnable(f"{name}: {type(value).__name__} is not a text")
        return value

    def number(self, name: str, default: int) -> int:
        """Take a parameter that is a whole number, or its digits.

        Raises:
            NotRunnable: it is something else.
        """
        value = self.take(name)
        if value is None or value == "":
            return default
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**6:
            return value
        if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
            return int(value)
        raise NotRunnable(f"{name}: {value!r:.60} is not a whole number")

    def flag(self, name: str, *, default: bool) -> bool:
        """Take a parameter that is true or false.

        Raises:
            NotRunnable: it is something else.
        """
        value = self.take(name)
        if value is None:
            return default
        found = {"true": True, "false": False}.get(str(value).lower())
        if found is None:
            raise NotRunnable(f"{name}: {value!r:.60} is neither true nor false")
        return found

    def pairs(self, name: str) -> list[tuple[str, str, Mapping[str, Any]]]:
        """Take a parameter that is a list of `{"key": ..., "value": ...}`, with what else is there.

        Raises:
            NotRunnable: it is something else.
        """
        value = self.take(name)
        found: list[tuple[str, str, Mapping[str, Any]]] = []
        if value is None:
            return found
        if not isinstance(value, (list, tuple)):
            raise NotRunnable(f"{name}: expected a list of keys and values")
        for item in cast("Sequence[object]", value):
            if not isinstance(item, Mapping):
                raise NotRunnable(f"{name}: expected a list of keys and values")
            pair = dict(cast("Mapping[str, object]", item))
            key, text = pair.pop("key", None), pair.pop("value", "")
            if not isinstance(key, str) or not key:
                raise NotRunnable(f"{name}: a key is no text")
            if isinstance(text, (bool, int, float)):
                text = str(text).lower() if isinstance(text, bool) else str(text)
            if not isinstance(text, str):
                raise NotRunnable(f"{name}: the value of {key!r:.40} is no text")
            found.append((key, text, pair))
        return found

    @property
    def left(self) -> dict[str, Any]:
        """The parameters that nobody has taken."""
        return dict(self._left)


def read_widget(state: object, where: str) -> Widget:
    """Return a widget.

    Args:
        state: an item of a document's `states`.
        where: how errors call it.

    Raises:
        ConfigurationError: it has no name or no type, so that it is no widget at all.
    """
    if not isinstance(state, Mapping):
        raise ConfigurationError(f"{where}: expected an object; got {type(state).__name__}")
    read = cast("Mapping[str, object]", state)
    name, kind = read.get("name"), read.get("type")
    if not isinstance(name, str) or not name or len(name) > LONGEST_NAME:
        raise ConfigurationError(f"{where}.name: expected a text of 1 to {LONGEST_NAME} characters")
    check_target(name, f"{where}.name")
    if not isinstance(kind, str) or not kind:
        raise ConfigurationError(f"{where}.type: expected the type of a widget, such as say-play")
    check_text(kind, f"{where}.type")
    fault = ""
    properties = read.get("properties", {})
    if not isinstance(properties, Mapping):
        fault, properties = "its properties are no object", {"properties": properties}
    ways: list[Way] = []
    transitions = read.get("transitions", ())
    if not isinstance(transitions, (list, tuple)):
        fault, transitions = "its transitions are no list", ()
    for transition in cast("Sequence[object]", transitions):
        way = _way(transition)
        if way is None:
            fault = "a transition is not of the form that Studio writes"
        else:
            ways.append(way)
    more = {key: read[key] for key in read if key not in _KNOWN}
    return Widget(name, kind, {**cast("Mapping[str, Any]", properties), **more}, ways, fault)


_KNOWN: Final = frozenset({"name", "type", "properties", "transitions"})


def _way(transition: object) -> Way | None:
    if not isinstance(transition, Mapping):
        return None
    read = cast("Mapping[str, object]", transition)
    event, to = read.get("event"), read.get("next")
    conditions = read.get("conditions") or ()
    if not isinstance(event, str) or not (to is None or isinstance(to, str)):
        return None
    if to and len(to) > LONGEST_NAME:
        return None
    if not isinstance(conditions, (list, tuple)):
        return None
    several = tuple(cast("Sequence[object]", conditions))
    if not all(isinstance(condition, Mapping) for condition in several):
        return None
    return Way(event, to or "", cast("tuple[Mapping[str, Any], ...]", several))
