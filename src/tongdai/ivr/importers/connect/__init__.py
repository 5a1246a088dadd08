"""Amazon Connect: flows of its flow language (2019-10-30) and of the older export, and back.

Rule: an action is a node, and where our machine needs it, a few; what is exported comes from the
nodes alone. So a flow may be imported, changed here, and taken back.

`load` reads both formats, `dump` writes either. Normalised on the way: empty lists of ways, a way
stated twice, the order of errors and of named results, a `NextAction` that is empty text, a key in
brackets that needs none, and what the editor keeps for itself beside an action's place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, cast

import attrs
from msgspec.structs import replace

from tongdai.errors import ConfigurationError
from tongdai.ivr.flow import Flow
from tongdai.ivr.importers import MOST_STEPS, Diagnostic, Imported, read_document
from tongdai.ivr.importers.connect import call, give, keep, modules, modules_out, talk
from tongdai.ivr.importers.connect.actions import (
    ANY_ERROR,
    Action,
    Condition,
    Reading,
    Unfit,
    Writing,
    read_action,
)
from tongdai.ivr.nodes import Node, Opaque, outcomes

VERSION: Final = "2019-10-30"
READERS: Final[Mapping[str, Callable[[Reading], Node]]] = {
    **talk.READERS,
    **keep.READERS,
    **call.READERS,
    **give.READERS,
}
WRITERS: Final[Mapping[Any, Any]] = {
    **talk.WRITERS,
    **keep.WRITERS,
    **call.WRITERS,
    **give.WRITERS,
}
_KEPT_METADATA: Final = ("position", "isFriendlyName")
_NOWHERE: Final = "identifiers"  # in a flow's `extra`: of what is not there, by name
_TRIED: Final = 10  # numbers, before those that are free for certain
_READ: Final = ("Actions", "StartAction", "Metadata")


def load(document: str | bytes | Mapping[str, Any], *, id: str = "") -> Imported:
    """Return a flow of Amazon Connect's as one of ours.

    Args:
        document: JSON text or what was decoded from it: the flow language (`Actions`) or the older
            export (`modules`).
        id: the flow's id; without one, the name in its metadata, or `connect`.

    Raises:
        ConfigurationError: this is no such document, or it is too large; says where.
    """
    given = read_document(document, "connect")
    kinds: tuple[str, ...] = ()
    if "modules" in given and "Actions" not in given:
        given, kinds = modules.to_actions(given)
    actions = _actions(given)
    start = given.get("StartAction")
    if not isinstance(start, str) or not start:
        raise ConfigurationError(f"connect: StartAction: {start!r:.60} is no identifier")
    names = _names(actions, start)
    metadata = _object(given, "Metadata")
    places = _object(metadata, "ActionMetadata")
    nodes: dict[str, Node] = {}
    found: list[Diagnostic] = []
    taken = set(names.values())
    for action in actions:
        name = names[action.id]
        main, *parts = _read(_renamed(action, names), taken, found)
        extra = {**main[1].extra, **_about(action, name, places.get(action.id))}
        nodes[name] = replace(main[1], extra=extra)
        nodes.update(parts)
    found.extend(_dangling(nodes))
    beside = {key: value for key, value in given.items() if key not in _READ}
    if names[start] not in nodes:
        found.append(Diagnostic(names[start], "warning", "the flow starts here; it is not there"))
    ids = {action.id for action in actions}
    odd = {name: id for id, name in names.items() if name != id and id not in ids}
    if odd:
        beside[_NOWHERE] = odd
    if beside.get("Version") == VERSION:
        del beside["Version"]
    kept = {key: value for key, value in metadata.items() if key != "ActionMetadata"}
    flow = Flow(
        id or _safe(str(metadata.get("name") or "connect")),
        start=names[start],
        nodes=nodes,
        extra={**beside, "Metadata": kept} if kept else beside,
    )
    kinds = kinds or tuple(action.kind for action in actions)
    steps = tuple(zip(kinds, (names[action.id] for action in actions), strict=True))
    return Imported(flow, tuple(found), steps)


def dump(flow: Flow, *, older: bool | None = None) -> dict[str, Any]:
    """Return a flow as a document of Amazon Connect's.

    Args:
        flow: made of what Connect can say, as an imported flow is.
        older: whether in the format of the older export; `None` is what it was imported from.

    Raises:
        ConfigurationError: Connect has no way to say it; names the node.
    """
    if flow.on_hangup or flow.handlers or flow.expired:
        raise ConfigurationError(
            f"flow {flow.id}: Connect has no on_hangup, handlers or expired in a flow"
        )
    written: dict[str, Action] = {}
    folded: dict[str, str] = {}
    wholes = {name: node for name, node in flow.nodes.items() if "part_of" not in node.extra}
    for name, node in wholes.items():
        writing = Writing(name, node, flow.nodes)
        written[name] = _write(writing, node)
        folded |= dict.fromkeys(writing.folded, name)
    shared = _shared(flow, folded)
    for name, node in flow.nodes.items():
        if name not in wholes and (name not in folded or name in shared):
            written[name] = _write(Writing(name, node, flow.nodes), node)
    ids = {name: _identifier(flow.nodes[name], name) for name in written}
    if len({*ids.values()}) < len(ids):
        raise ConfigurationError(f"flow {flow.id}: two nodes have one identifier in `extra`")
    document = {key: flow.extra[key] for key in flow.extra if key not in ("Metadata", _NOWHERE)}
    if older is None:
        older = modules.OLDER in document
    places = {
        ids[name]: flow.nodes[name].extra["metadata"]
        for name in written
        if "metadata" in flow.nodes[name].extra
    }
    metadata = _object(flow.extra, "Metadata")
    if places or metadata:
        document["Metadata"] = {**metadata, "ActionMetadata": places}
    document.setdefault("Version", VERSION)
    ids = {**_object(flow.extra, _NOWHERE), **ids}
    document["StartAction"] = ids.get(flow.start, flow.start)
    actions = [_renamed(action, ids) for action in written.values()]
    besides = [_object(flow.nodes[name].extra, "beside") for name in written]
    if older:
        known = [_object(beside, modules.OLDER) for beside in besides]
        return modules_out.from_actions(document, [*zip(actions, known, strict=True)])
    document.pop(modules.OLDER, None)
    document["Actions"] = [
        {**action.written(), **{key: beside[key] for key in beside if key != modules.OLDER}}
        for action, beside in zip(actions, besides, strict=True)
    ]
    return document


# --- reading --------------------------------------------------------------------------------------


def _actions(document: Mapping[str, Any]) -> list[Action]:
    given: object = document.get("Actions")
    if not isinstance(given, (list, tuple)):
        raise ConfigurationError("connect: Actions: expected a list of actions")
    items = cast("Sequence[Any]", given)
    if len(items) > MOST_STEPS:
        raise ConfigurationError(f"connect: Actions: at most {MOST_STEPS}; got {len(items)}")
    actions = [read_action(one, f"connect: Actions[{at}]") for at, one in enumerate(items)]
    seen: set[str] = set()
    for action in actions:
        if action.id in seen:
            raise ConfigurationError(f"connect: Actions: two are called {action.id!r:.60}")
        seen.add(action.id)
    return actions


def _names(actions: list[Action], start: str) -> dict[str, str]:
    """Return a node's name for each identifier: the identifier, where that can be one."""
    ids = dict.fromkeys(action.id for action in actions)
    ids |= dict.fromkeys((start, *(to for action in actions for to in action.targets)))
    names = {id: id for id in ids if _safe(id) == id}
    taken = set(names.values())
    return {id: names[id] if id in names else _free(_safe(id), taken) for id in ids}


def _safe(text: str) -> str:
    """Return a text as it can be an id."""
    return "".join(mark if mark.isprintable() and mark != "/" else "_" for mark in text)[:128]


def _free(name: str, taken: set[str]) -> str:
    """Return a name that nobody has, and take it."""
    number, free = 1, name[:128]
    while free in taken:
        number = number + 1 if number < _TRIED else max(number + 1, len(taken))
        free = f"{name[:118]} {number}"
    taken.add(free)
    return free


def _renamed(action: Action, names: Mapping[str, str]) -> Action:
    def to(target: str) -> str:
        return names.get(target, target)

    return attrs.evolve(
        action,
        id=names[action.id],
        next=None if action.next is None else to(action.next),
        errors=tuple((error, to(target)) for error, target in action.errors),
        conditions=tuple(attrs.evolve(one, target=to(one.target)) for one in action.conditions),
    )


def _read(action: Action, taken: set[str], found: list[Diagnostic]) -> list[tuple[str, Node]]:
    """Return the nodes of an action, its own first."""
    reading = Reading(action, lambda name: _free(name, taken))
    read = READERS.get(action.kind, _unknown)
    try:
        node = read(reading)
    except (Unfit, ConfigurationError) as why:
        message = str(why).splitlines()[0]
        taken.difference_update(reading.parts)
        found.append(Diagnostic(action.id, "warning", f"cannot be run: {message}", action.kind))
        return [(action.id, _opaque(action, message))]
    found.extend(Diagnostic(action.id, "note", note, action.kind) for note in reading.notes)
    return [(action.id, node), *reading.parts.items()]


def _unknown(_reading: Reading) -> Node:
    raise Unfit("an action that we do not know")


def _opaque(action: Action, why: str) -> Opaque:
    others: dict[str, str | None] = {}
    failed: str | None = None
    for error, target in action.errors:
        if error == ANY_ERROR and failed is None:
            failed = target
        else:
            others[f"error {len(others)} {error}"] = target
    for at, condition in enumerate(action.conditions):
        others[f"condition {at}"] = condition.target
    extra: dict[str, Any] = {}
    if action.conditions:
        extra["conditions"] = [[one.operator, [*one.operands]] for one in action.conditions]
    return Opaque(
        action.kind,
        parameters=action.parameters,
        then=action.next,
        others=others,
        failed=failed,
        diagnostic=why,
        extra=extra,
    )


def _about(action: Action, name: str, place: object) -> dict[str, Any]:
    about: dict[str, Any] = {"beside": dict(action.beside)}
    if name != action.id:
        about["identifier"] = action.id
    if isinstance(place, Mapping):
        kept = cast("Mapping[str, Any]", place)
        about["metadata"] = {key: kept[key] for key in _KEPT_METADATA if key in kept}
    return {key: value for key, value in about.items() if value}


def _dangling(nodes: Mapping[str, Node]) -> Iterator[Diagnostic]:
    for name, node in nodes.items():
        for way, target in outcomes(node):
            if target is not None and target not in nodes:
                yield Diagnostic(name, "warning", f"{way} leads to {target}, which is not there")


def _object(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found: object = holder.get(name, {})
    return cast("Mapping[str, Any]", found) if isinstance(found, Mapping) else {}


# --- writing --------------------------------------------------------------------------------------


def _write(writing: Writing, node: Node) -> Action:
    if isinstance(node, Opaque):
        return _write_opaque(writing, node)
    write = WRITERS.get(type(node))
    if write is None:
        writing.fail(f"Connect has nothing like {type(node).__name__}")
    try:
        return cast("Action", write(writing, node))
    except Unfit as why:
        writing.fail(str(why))


def _write_opaque(writing: Writing, node: Opaque) -> Action:
    conditions: list[Condition] = []
    stated: object = node.extra.get("conditions", ())
    rows = cast("Sequence[Any]", stated) if isinstance(stated, (list, tuple)) else ()
    errors: list[tuple[str, str]] = []
    for way, target in node.others.items():
        what, _, which = way.partition(" ")
        if target is None:
            continue
        if what == "error":
            errors.append((which.partition(" ")[2], target))
        elif what == "condition" and which.isdecimal() and int(which) < len(rows):
            operator, operands = rows[int(which)]
            conditions.append(Condition(str(operator), tuple(operands), target))
        else:
            writing.fail(f"others: {way} is neither an error nor a condition")
    if node.failed is not None:
        errors.append((ANY_ERROR, node.failed))
    return Action(
        writing.name, node.kind, node.parameters, node.then, tuple(errors), tuple(conditions)
    )


def _shared(flow: Flow, folded: Mapping[str, str]) -> set[str]:
    """Return the further nodes of actions that other nodes than their own lead to."""
    return {
        target
        for name, node in flow.nodes.items()
        for _, target in outcomes(node)
        if target is not None and name != folded.get(target, name)
    }


def _identifier(node: Node, name: str) -> str:
    kept: object = node.extra.get("identifier", name)
    return kept if isinstance(kept, str) and kept else name
