"""One action of Connect's, taken apart field by field and put together again.

Rule: what a reader takes from an action is gone from it; what nobody took is seen at the end, and
goes into the node's `extra` or makes the node an `Opaque` one. A writer fills an action in the same
words. Both go by one table of ways: which error and which result leads by which field of the node.

What `extra` holds, beside parameters that no field carries (under Connect's names):

- `identifier`: where a node's name could not be the action's identifier.
- `metadata`: the place of the action in the editor.
- `next`: a `NextAction` that is never taken and is not the usual copy of another way.
- `errors`, `results`: which of them the document states, where that is not what one would expect.
- `conditions`: those of an `Opaque` node, without where they lead.
- `spelling`: a parameter that is written in an unusual way, such as `3` for `"3"`; it is used only
  as long as it means what the node says.
- `beside`: what stands in the action beside its four fields.
- `part_of`: the node for whose action this one is a part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NoReturn, TypeAlias, cast

import attrs

from tongdai.errors import ConfigurationError
from tongdai.ivr.nodes import Node

Plain: TypeAlias = Any
"""What JSON can say."""

KEPT: Final = (
    "identifier",
    "metadata",
    "next",
    "errors",
    "results",
    "conditions",
    "spelling",
    "part_of",
    "beside",
)
_FIELDS: Final = ("Identifier", "Type", "Parameters", "Transitions")
"""The names in `extra` that are no parameters."""

NO_MATCH: Final = "NoMatchingCondition"
ANY_ERROR: Final = "NoMatchingError"


class Unfit(Exception):
    """This action cannot be a node of ours; says why."""


@attrs.frozen
class Condition:
    """One way on: where the result compares so, go there."""

    operator: str
    operands: tuple[Plain, ...]
    target: str

    @property
    def operand(self) -> str:
        """The one text that the result is compared with."""
        if len(self.operands) != 1 or not isinstance(self.operands[0], str):
            raise Unfit(f"{self.operator} compares with one text")
        return self.operands[0]

    def written(self) -> dict[str, Plain]:
        """Return it as the document has it."""
        inner = {"Operator": self.operator, "Operands": list(self.operands)}
        return {"NextAction": self.target, "Condition": inner}


@attrs.frozen
class Action:
    """One action; ways lead to identifiers."""

    id: str
    kind: str
    parameters: Mapping[str, Plain] = attrs.field(factory=dict[str, Plain])
    next: str | None = None
    errors: tuple[tuple[str, str], ...] = ()
    conditions: tuple[Condition, ...] = ()
    beside: Mapping[str, Plain] = attrs.field(factory=dict[str, Plain])

    @property
    def targets(self) -> Iterator[str]:
        """The identifiers that its ways lead to."""
        if self.next is not None:
            yield self.next
        yield from (target for _, target in self.errors)
        yield from (condition.target for condition in self.conditions)

    def written(self) -> dict[str, Plain]:
        """Return it as the document has it."""
        ways: dict[str, Plain] = {}
        if self.next is not None or self.errors or self.conditions:
            if self.next is not None:
                ways["NextAction"] = self.next
            ways["Errors"] = [
                {"NextAction": target, "ErrorType": error} for error, target in self.errors
            ]
            ways["Conditions"] = [condition.written() for condition in self.conditions]
        return {
            "Identifier": self.id,
            "Type": self.kind,
            "Parameters": dict(self.parameters),
            "Transitions": ways,
        }


@attrs.frozen
class Ways:
    """Which way of an action is which outcome of its node.

    Attributes:
        next: the outcome that `NextAction` leads by; empty where it is never taken.
        copies: where it is never taken, the outcomes whose target it repeats, the first that is
            wired.
        errors: the outcome for each type of error. What the document does not state goes the way of
            `NoMatchingError`.
        results: the outcome for each result. What the document does not state goes `next`'s way.
    """

    next: str = ""
    copies: tuple[str, ...] = ()
    errors: Mapping[str, str] = attrs.field(factory=dict[str, str])
    results: Mapping[str, str] = attrs.field(factory=dict[str, str])


class Reading:
    """An action that is being read."""

    def __init__(self, action: Action, part: Callable[[str], str]) -> None:
        """Begin; `part` gives a free name for a further node of this action."""
        self.action = action
        self.left: dict[str, Plain] = copied(action.parameters)
        self.extra: dict[str, Plain] = {}
        self.notes: list[str] = []
        self.parts: dict[str, Node] = {}
        self.conditions = action.conditions
        self._free = part

    def part(self, what: str) -> str:
        """Return a free name for a further node of this action."""
        return self._free(f"{self.action.id} ({what})")

    # --- parameters ---

    def has(self, path: str) -> bool:
        """Return whether a parameter is there."""
        return _find(self.left, path)[1]

    def take(self, path: str) -> Plain:
        """Return a parameter and take it out; `None` where it is not there."""
        value, there = _find(self.left, path)
        if there:
            _drop(self.left, path.split("."))
        return value

    def text(self, path: str) -> str:
        """Return a parameter that is text; it has to be there.

        Raises:
            Unfit: it is not there, empty, or no text.
        """
        value = self.take(path)
        if not isinstance(value, str) or not value:
            raise Unfit(f"{path} is {'missing' if value is None else 'no text that says anything'}")
        return value

    def spelled(self, path: str, usual: str | None) -> None:
        """Take a parameter; keep how it is written where `usual` is not how one writes it."""
        value, there = _find(self.left, path)
        self.take(path)
        if value != usual or (there and not isinstance(value, str)):
            self.extra.setdefault("spelling", {})[path] = [value] if there else []

    def number(
        self,
        path: str,
        *,
        least: int = 0,
        most: int = 10**9,
        default: int | None = None,
        stated: bool = True,
    ) -> int:
        """Return a whole number, which is text as a rule; `stated` says whether defaults are.

        Raises:
            Unfit: it is none, too small or too large, or missing and has no default.
        """
        value, there = _find(self.left, path)
        if not there and default is None:
            raise Unfit(f"{path} is missing")
        found = as_number(value) if there else default
        if found is None or not least <= found <= most:
            raise Unfit(f"{path} is {value!r:.40}, not a whole number from {least} to {most}")
        self.spelled(path, None if found == default and not stated else str(found))
        return found

    def flag(self, path: str, *, default: bool, stated: bool = True) -> bool:
        """Return a truth, `"True"` or `"False"` as a rule; `stated` says whether defaults are.

        Raises:
            Unfit: it is neither.
        """
        value, there = _find(self.left, path)
        found = as_flag(value) if there else default
        if found is None:
            raise Unfit(f"{path} is {value!r:.40}, not True or False")
        self.spelled(path, None if found is default and not stated else str(found))
        return found

    # --- ways ---

    def ways(self, ways: Ways, *, conditions: bool = False) -> dict[str, Any]:
        """Return the targets of a node's outcomes; `conditions` leaves those to the caller.

        Raises:
            Unfit: there is an error or a result that no outcome stands for.
        """
        errors = self._errors(ways.errors)
        results = {} if conditions else self._results(ways.results)
        found: dict[str, str] = {}
        for table, stated, other in (
            (ways.errors, errors, errors.get(ANY_ERROR)),
            (ways.results, results, self.action.next),
        ):
            for way, field in table.items():
                target = stated.get(way, other)
                if target is None:
                    continue
                if found.setdefault(field, target) != target and way in stated:
                    raise Unfit(f"{way} and another way are one outcome here")
        if ways.next and self.action.next is not None:
            found.setdefault(ways.next, self.action.next)
        elif ways.copies and self.action.next is not None:
            found.setdefault(ways.copies[0], self.action.next)
        self._odd(ways, found, list(errors), list(results), conditions=conditions)
        return found

    def _errors(self, table: Mapping[str, str]) -> dict[str, str]:
        stated: dict[str, str] = {}
        for error, target in self.action.errors:
            if error not in table:
                raise Unfit(f"its error {error} is no outcome of ours")
            if stated.setdefault(error, target) != target:
                raise Unfit(f"its error {error} leads two ways")
        return stated

    def _results(self, table: Mapping[str, str]) -> dict[str, str]:
        stated: dict[str, str] = {}
        for condition in self.conditions:
            if condition.operator != "Equals" or condition.operand not in table:
                raise Unfit(f"its condition {condition.operator} {condition.operands!r:.40}")
            if stated.setdefault(condition.operand, condition.target) != condition.target:
                raise Unfit(f"its result {condition.operand} leads two ways")
        return stated

    def _odd(
        self,
        ways: Ways,
        found: Mapping[str, str],
        errors: list[str],
        results: list[str],
        *,
        conditions: bool,
    ) -> None:
        """Keep in `extra` what a writer would not do by itself."""
        if set(errors) != {way for way, field in ways.errors.items() if field in found}:
            self.extra["errors"] = sorted(errors)
        expected = {way for way, field in ways.results.items() if field in found}
        if not conditions and set(results) != expected:
            self.extra["results"] = sorted(results)
        if self.action.next != next_of(ways, found):
            self.extra["next"] = self.action.next

    def rest(self, *known: str) -> dict[str, Plain]:
        """Return what no field carries, for `extra`; those not `known` get a note."""
        strange = [name for name in self.left if name not in known]
        if strange:
            self.notes.append(f"kept, but read by nothing here: {', '.join(strange)[:200]}")
        if set(self.left) & set(KEPT):
            raise Unfit("a parameter has a name that `extra` needs")
        return {**self.left, **self.extra}

    @property
    def owned(self) -> dict[str, Plain]:
        """The `extra` of a further node of this action."""
        return {"part_of": self.action.id}


def next_of(ways: Ways, targets: Mapping[str, str | None]) -> str | None:
    """Return the `NextAction` that one expects."""
    if ways.next:
        return targets.get(ways.next)
    return next((targets[way] for way in ways.copies if targets.get(way) is not None), None)


class Writing:
    """An action that is being written from a node."""

    def __init__(self, name: str, node: Node, nodes: Mapping[str, Node]) -> None:
        """Begin with the parameters that `extra` holds."""
        self.name = name
        self.node = node
        self.folded: set[str] = set()
        self._nodes = nodes
        kept = {key: value for key, value in node.extra.items() if key not in KEPT}
        self.parameters: dict[str, Plain] = copied(kept)
        spelling = node.extra.get("spelling")
        self.spelling = as_object(spelling)

    def part(self, target: str | None) -> Node | None:
        """Return the further node of the same action that a way leads to, if it is one."""
        node = None if target is None else self._nodes.get(target)
        if target is None or node is None or node.extra.get("part_of") != self.name:
            return None
        self.folded.add(target)
        return node

    def fail(self, why: str) -> NoReturn:
        """Raise an error that names the node.

        Raises:
            ConfigurationError: always.
        """
        raise ConfigurationError(f"node {self.name}: {why}")

    def put(self, path: str, value: Plain) -> None:
        """Set a parameter."""
        *way, last = path.split(".")
        here = self.parameters
        for step in way:
            inner = here.setdefault(step, {})
            if not isinstance(inner, dict):
                self.fail(f"extra: {step} is no object, but {path} is a parameter")
            here = cast("dict[str, Any]", inner)
        here[last] = value

    def number(
        self, path: str, value: int, *, default: int | None = None, stated: bool = True
    ) -> None:
        """Set a whole number; `stated` says whether the default is written."""
        usual = None if value == default and not stated else str(value)
        self._spell(path, usual, value == default, lambda old: as_number(old) == value)

    def flag(self, path: str, *, value: bool, default: bool, stated: bool = True) -> None:
        """Set a truth; `stated` says whether the default is written."""
        usual = None if value is default and not stated else str(value)
        self._spell(path, usual, value is default, lambda old: as_flag(old) is value)

    def _spell(
        self, path: str, usual: str | None, by_default: object, means: Callable[[Plain], bool]
    ) -> None:
        kept = self.spelling.get(path)
        if isinstance(kept, (list, tuple)):
            old = cast("list[Any]", kept)
            if not old and by_default:
                return
            if old and means(old[0]):
                self.put(path, old[0])
                return
        if usual is not None:
            self.put(path, usual)

    def action(
        self,
        kind: str,
        ways: Ways,
        targets: Mapping[str, str | None],
        conditions: Iterable[Condition] = (),
    ) -> Action:
        """Return the action; targets are names of nodes by outcome."""
        extra = self.node.extra
        errors = self._stated(ways.errors, targets, extra.get("errors"))
        results = self._stated(ways.results, targets, extra.get("results"))
        shown = [Condition("Equals", (way,), target) for way, target in results]
        follow = next_of(ways, targets)
        if "next" in extra:
            follow = extra["next"]
        return Action(
            self.name, kind, self.parameters, follow, tuple(errors), (*conditions, *shown)
        )

    def _stated(
        self, table: Mapping[str, str], targets: Mapping[str, str | None], stated: object
    ) -> list[tuple[str, str]]:
        wanted = cast("list[str]", stated) if isinstance(stated, (list, tuple)) else None
        found: list[tuple[str, str]] = []
        for way, field in table.items():
            target = targets.get(field)
            if target is not None and (wanted is None or way in wanted):
                found.append((way, target))
        return found


# --- scalars --------------------------------------------------------------------------------------


def as_number(value: Plain) -> int | None:
    """Return a whole number that is written as text or number, or `None`."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 20:  # noqa: PLR2004 - no count is longer
        return int(value)
    return None


def as_flag(value: Plain) -> bool | None:
    """Return a truth that is written as text or truth, or `None`."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else None


def as_object(value: Plain) -> Mapping[str, Plain]:
    """Return an object, or an empty one where this is none."""
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}


def copied(value: Mapping[str, Plain]) -> dict[str, Plain]:
    """Return a copy whose objects can be changed."""
    return {
        key: copied(cast("Mapping[str, Any]", inner)) if isinstance(inner, Mapping) else inner
        for key, inner in value.items()
    }


def _find(tree: Mapping[str, Plain], path: str) -> tuple[Plain, bool]:
    here: Plain = tree
    for step in path.split("."):
        if not isinstance(here, Mapping) or step not in here:
            return None, False
        here = cast("Mapping[str, Any]", here)[step]
    return here, True


def _drop(tree: dict[str, Plain], steps: list[str]) -> None:
    """Take a parameter out, and the objects that are empty without it."""
    first, *rest = steps
    if rest:
        _drop(tree[first], rest)
        if tree[first]:
            return
    del tree[first]


def read_action(value: Plain, where: str) -> Action:
    """Return an action of a document.

    Raises:
        ConfigurationError: it has not the shape of one; says where.
    """
    action = _object(value, where)
    ways = _object(action.get("Transitions", {}), f"{where}.Transitions")
    errors = [
        (_text(one, "ErrorType", at), _text(one, "NextAction", at))
        for one, at in _objects(ways.get("Errors", []), f"{where}.Transitions.Errors")
    ]
    conditions = [
        _condition(one, at)
        for one, at in _objects(ways.get("Conditions", []), f"{where}.Transitions.Conditions")
    ]
    follow = ways.get("NextAction")
    if follow is not None and not isinstance(follow, str):
        raise ConfigurationError(f"{where}.Transitions.NextAction: expected an identifier")
    return Action(
        _text(action, "Identifier", where),
        _text(action, "Type", where),
        _object(action.get("Parameters", {}), f"{where}.Parameters"),
        follow or None,
        tuple(errors),
        tuple(conditions),
        {key: value for key, value in action.items() if key not in _FIELDS},
    )


def _condition(one: Mapping[str, Plain], where: str) -> Condition:
    inner = _object(one.get("Condition"), f"{where}.Condition")
    operands = inner.get("Operands", [])
    if not isinstance(operands, (list, tuple)):
        raise ConfigurationError(f"{where}.Condition.Operands: expected a list")
    return Condition(
        _text(inner, "Operator", f"{where}.Condition"),
        tuple(cast("list[Any]", operands)),
        _text(one, "NextAction", where),
    )


def _object(value: Plain, where: str) -> Mapping[str, Plain]:
    if not isinstance(value, Mapping):
        raise ConfigurationError(f"{where}: expected an object; got {type(value).__name__}")
    return cast("Mapping[str, Any]", value)


def _objects(value: Plain, where: str) -> list[tuple[Mapping[str, Plain], str]]:
    if not isinstance(value, (list, tuple)):
        raise ConfigurationError(f"{where}: expected a list; got {type(value).__name__}")
    items = cast("list[Any]", value)
    return [(_object(one, f"{where}[{at}]"), f"{where}[{at}]") for at, one in enumerate(items)]


def _text(value: Mapping[str, Plain], field: str, where: str) -> str:
    found = value.get(field)
    if not isinstance(found, str) or not found:
        raise ConfigurationError(f"{where}.{field}: expected text; got {found!r:.40}")
    return found
