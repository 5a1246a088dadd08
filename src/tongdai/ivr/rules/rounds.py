"""Rules about going round: cycles that never wait, that never end, and that nothing counts.

Rule: what is found is told as a way round, `a -> b -> a`, the shortest through the first node of
the flow that lies on it; one finding for each knot of cycles.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tongdai.errors import ConfigurationError
from tongdai.ivr.findings import Finding, error, listed, warning
from tongdai.ivr.flow import Flow
from tongdai.ivr.graph import cycles, goes_round
from tongdai.ivr.nodes import (
    Assign,
    Branch,
    Collect,
    End,
    GotoFlow,
    HandOff,
    Loop,
    Menu,
    Node,
    Transfer,
)
from tongdai.ivr.rules.about import About
from tongdai.ivr.rules.ways import open_ends
from tongdai.ivr.run import MOST_ENTERED
from tongdai.ivr.spins import NEVER, longest_row
from tongdai.ivr.texts import texts
from tongdai.model.expression import Call, Name, Operand

_LONGEST = 6  # nodes of a cycle that are told


def spin(about: About) -> Iterator[Finding]:
    """Find cycles that never wait."""
    for places in about.spinning:
        flow, node = next(place for place in places if place[0] == about.flow.id)
        names = [name if at == flow else f"{at}: {name}" for at, name in places]
        yield error(
            node,
            "spin",
            f"{_round(names)} goes round without ever waiting",
            "Put a question, a Wait or a Loop into it",
        )


def long_row(about: About) -> Iterator[Finding]:
    """Find rows of nodes that are so long that the machine takes them for a spin."""
    longest, at = 0, ""
    for modality in () if about.spinning else about.modalities:
        rows = longest_row(about.quick[modality])
        for name in about.reached:
            if rows[about.flow.id, name] > longest:
                longest, at = rows[about.flow.id, name], name
    if longest > MOST_ENTERED:
        many = f"{longest:,}" if longest < NEVER else "nobody knows how many"
        yield error(
            at,
            "spin",
            f"{many} nodes can come from here on without waiting, and the machine stops after "
            f"{MOST_ENTERED:,}",
            "Put a question or a Wait among them, or let loops go round less often",
        )


def no_exit(about: About) -> Iterator[Finding]:
    """Find cycles that nothing leads out of."""
    nodes = about.flow.nodes
    for knot in about.knots:
        inside = set(knot)
        if inside <= about.spun or any(_can_end(nodes[name]) for name in knot):
            continue
        if all(target in inside for name in knot for target in about.after(name)):
            names = goes_round(knot, about.after)
            yield error(
                names[0],
                "no_exit",
                f"nothing leads out of {_round(names)}; only hanging up ends it",
                f"Lead an outcome of {listed(knot, 'or')} to an end or to a person",
            )


def uncounted(about: About) -> Iterator[Finding]:
    """Find cycles that are still there when all that is chosen or counted is taken out."""
    nodes = about.flow.nodes
    counters = _counters(about.flow)

    def after(name: str) -> tuple[str, ...]:
        if name in counters:
            return ()
        return tuple(
            way.target for way in about.ways[name] if not _chosen(nodes[name], way.outcome)
        )

    def again(name: str) -> tuple[str, ...]:
        return tuple(
            way.target
            for way in about.ways[name]
            if way.target in after(name) and not _retries(nodes[name], way.outcome)
        )

    for knot in cycles(about.reached, after):
        asks = sum(isinstance(nodes[name], (Menu, Collect)) for name in knot)
        # A question counts its retries, unless another one is asked in between.
        follow, rounds = (again, cycles(knot, again)) if asks == 1 else (after, [knot])
        for round_ in rounds:
            if not about.spun.issuperset(round_):
                names = goes_round(round_, follow)
                yield warning(
                    names[0],
                    "uncounted",
                    f"nothing counts how often {_round(names)} goes round",
                    "Put a Loop into it whose done leads elsewhere",
                )


def _round(names: Sequence[str]) -> str:
    shown = names if len(names) <= _LONGEST else [*names[: _LONGEST - 1], "..."]
    return " -> ".join([*shown, names[0]])


def _can_end(node: Node) -> bool:
    """Return whether a flow can end at a node."""
    if isinstance(node, (End, HandOff, GotoFlow)) or next(open_ends(node), None):
        return True
    return isinstance(node, Transfer) and node.done is None


def _chosen(node: Node, outcome: str) -> bool:
    """Return whether a customer asks for this way, or a loop counts it."""
    if isinstance(node, (Menu, Collect)):
        return outcome in ("operator", "expired") or outcome.startswith("choices")
    return isinstance(node, Loop) and outcome == "again"


def _retries(node: Node, outcome: str) -> bool:
    """Return whether a question counts this way itself, so that it ends in `exhausted`."""
    asks = isinstance(node, (Menu, Collect)) and node.exhausted is not None
    return asks and outcome in ("no_input", "no_match")


def _counters(flow: Flow) -> set[str]:
    """Return the nodes that count a name up or down that some branch looks at."""
    looked = {
        name
        for node in flow.nodes.values()
        if isinstance(node, Branch)
        for text in texts(node)
        for name in text.known_names()
    }
    return {
        at
        for at, node in flow.nodes.items()
        if isinstance(node, Assign)
        for name, operand in node.values.items()
        if name in looked and _counts(name, operand)
    }


def _counts(name: str, operand: str) -> bool:
    try:
        tree = Operand.parse(operand).tree
    except ConfigurationError:
        return False
    if not isinstance(tree, Call) or tree.function not in ("plus", "minus"):
        return False
    return Name(name) in tree.arguments
