"""A flow seen as a graph: which node leads to which, and what can be reached from where.

Rule: everything here costs time linear in nodes and ways, and nothing recurses, so that a flow of
ten thousand nodes in one line is no deeper than one of ten. Lint, picture and walk share it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias, TypeVar

from tongdai.errors import ConfigurationError
from tongdai.ivr.flow import Flow, Operator
from tongdai.ivr.nodes import Branch, Collect, Menu, Node, outcomes
from tongdai.ivr.prompts import Modality
from tongdai.model.expression import AllOf, AnyOf, Compare, Condition, Expression, Name, Not

MODALITY_NAME = "session.modality"
"""The name under which a condition sees how the session talks."""

TROUBLE = frozenset(
    {
        "busy",
        "closed",
        "exhausted",
        "expired",
        "failed",
        "full",
        "no_answer",
        "no_input",
        "no_match",
        "otherwise",
    }
)
"""The outcomes that mean: it did not go as it should."""


class Way(NamedTuple):
    """One way out of a node: the outcome, and the node that it leads to (which may be missing)."""

    outcome: str
    target: str


Place = TypeVar("Place", bound=Hashable)
"""What stands for a node: its name, or a flow's id and its name."""

Next: TypeAlias = Callable[[Place], tuple[Place, ...]]
"""Gives the nodes that come right after one."""


def wired(flow: Flow, node: Node) -> tuple[Way, ...]:
    """Return the ways out of a node, those that hold in the whole flow included.

    A question also has the flow's operator (`operator`) and, with no `expired` of its own, the
    flow's.
    """
    ways = [Way(name, target) for name, target in outcomes(node) if target is not None]
    if isinstance(node, (Menu, Collect)):
        if node.expired is None and flow.expired is not None:
            ways.append(Way("expired", flow.expired))
        ways += [
            Way("operator", handler.to)
            for handler in flow.handlers
            if isinstance(handler, Operator) and handler.to is not None
        ]
    return tuple(ways)


def ways_by_node(flow: Flow) -> dict[str, tuple[Way, ...]]:
    """Return the wired ways of every node; those to nodes that are missing are left out."""
    return {
        name: tuple(way for way in wired(flow, node) if way.target in flow.nodes)
        for name, node in flow.nodes.items()
    }


def possible(node: Node, ways: Iterable[Way], modality: Modality) -> Iterator[Way]:
    """Go through the ways that a session of this modality can take.

    Only a branch on `session.modality` makes a difference.
    """
    if not isinstance(node, Branch):
        yield from ways
        return
    shut: set[str] = set()
    decided = False
    for at, case in enumerate(node.cases):
        holds = False if decided else known(case.when, modality)
        if holds is False:
            shut.add(f"cases[{at}]")
        decided = decided or holds is True
    if decided:
        shut.add("otherwise")
    yield from (way for way in ways if way.outcome not in shut)


def known(condition: str, modality: Modality) -> bool | None:
    """Return whether a condition holds, as far as the modality alone decides it; else `None`."""
    if MODALITY_NAME not in condition:  # (parsing costs far more than this)
        return None
    try:
        tree = Expression.parse(condition).tree
    except ConfigurationError:
        return None
    return _known(tree, modality)


def _known(tree: Condition, modality: Modality) -> bool | None:
    match tree:
        case Compare(_, left, right) if {type(left), type(right)} & {Name}:
            names = {part.name for part in (left, right) if isinstance(part, Name)}
            expression = Expression.of(tree)
            if names == set(expression.names) == {MODALITY_NAME}:
                return expression.holds({MODALITY_NAME: modality})
            return None
        case Not(condition):
            inner = _known(condition, modality)
            return None if inner is None else not inner
        case AllOf(conditions):
            parts = [_known(part, modality) for part in conditions]
            return False if False in parts else None if None in parts else True
        case AnyOf(conditions):
            parts = [_known(part, modality) for part in conditions]
            return True if True in parts else None if None in parts else False
        case _:
            return None


def reached(starts: Iterable[Place], after: Next[Place]) -> set[Place]:
    """Return every node that can be reached from these, themselves included."""
    seen = set(starts)
    open_ = list(seen)
    while open_:
        for name in after(open_.pop()):
            if name not in seen:
                seen.add(name)
                open_.append(name)
    return seen


def reaching(ends: Iterable[Place], names: Iterable[Place], after: Next[Place]) -> set[Place]:
    """Return every node among these from which one of the ends can be reached, ends included."""
    before: dict[Place, list[Place]] = {}
    for name in names:
        for target in after(name):
            before.setdefault(target, []).append(name)
    return reached(ends, lambda name: tuple(before.get(name, ())))


def cycles(names: Iterable[Place], after: Next[Place]) -> list[tuple[Place, ...]]:
    """Return the nodes that lie on cycles: for each knot of cycles, its nodes.

    A knot is a strongly connected component in which one can go round. Ways to nodes that are not
    among `names` are not followed.
    """
    order = {name: at for at, name in enumerate(names)}
    knots = [
        tuple(sorted(knot, key=order.__getitem__))
        for knot in components(order, after)
        if len(knot) > 1 or knot[0] in after(knot[0])
    ]
    return sorted(knots, key=lambda knot: order[knot[0]])


def components(names: Iterable[Place], after: Next[Place]) -> list[list[Place]]:
    """Return the strongly connected components; ways only lead to the same or to later ones.

    The algorithm is Kosaraju's (Sharir 1981): what a walk in depth is done with last, looked at
    against the direction of the ways, collects its component.
    """
    inside = dict.fromkeys(names)
    before: dict[Place, list[Place]] = {}
    for name in inside:
        for target in after(name):
            before.setdefault(target, []).append(name)
    found: list[list[Place]] = []
    taken: set[Place] = set()
    for last in reversed(_finishing(inside, after)):
        if last in taken:
            continue
        knot = [last]
        taken.add(last)
        for name in knot:
            fresh = dict.fromkeys(one for one in before.get(name, ()) if one not in taken)
            knot += fresh
            taken.update(fresh)
        found.append(knot)
    return found


def _finishing(names: Mapping[Place, None], after: Next[Place]) -> list[Place]:
    """Return nodes in the order in which a walk in depth is done with them."""
    done: list[Place] = []
    seen: set[Place] = set()
    for root in names:
        if root in seen:
            continue
        seen.add(root)
        path: list[tuple[Place, Iterator[Place]]] = [(root, iter(after(root)))]
        while path:
            name, rest = path[-1]
            target = next((one for one in rest if one in names and one not in seen), None)
            if target is None:
                done.append(name)
                path.pop()
            else:
                seen.add(target)
                path.append((target, iter(after(target))))
    return done


def goes_round(knot: Iterable[Place], after: Next[Place]) -> tuple[Place, ...]:
    """Return a shortest cycle through the first node of a knot, that node first."""
    inside = dict.fromkeys(knot)
    start = next(iter(inside))
    came: dict[Place, Place] = {}
    open_ = [start]
    for name in open_:
        for target in after(name):
            if target == start:
                back = [name]
                while back[-1] != start:
                    back.append(came[back[-1]])
                return tuple(reversed(back))
            if target in inside and target not in came:
                came[target] = name
                open_.append(target)
    return (start,)  # (in a knot there is always a way round)


def targets(ways: Mapping[str, Iterable[Way]]) -> Next[str]:
    """Return the graph of these ways."""
    after = {name: tuple(way.target for way in several) for name, several in ways.items()}
    return lambda name: after.get(name, ())
