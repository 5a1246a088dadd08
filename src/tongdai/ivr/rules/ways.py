"""Rules about single outcomes: where each leads, and whether it leads anywhere.

Rule: an outcome that can happen leads to a node. That it leads nowhere is an error where the
outcome belongs to the node's own work, and a warning where somebody else refuses (a full queue):
then ending is a poor answer, but one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tongdai.errors import did_you_mean
from tongdai.ivr.findings import Finding, Severity, error, warning
from tongdai.ivr.flow import Operator
from tongdai.ivr.graph import TROUBLE, reached
from tongdai.ivr.nodes import (
    INTERACTIVE,
    CallBack,
    CallFlow,
    Collect,
    GotoFlow,
    HandOff,
    Hours,
    Invoke,
    Loop,
    Menu,
    Node,
    Opaque,
    Record,
    Split,
    Transfer,
    Wait,
    outcomes,
)
from tongdai.ivr.prompts import MODALITIES
from tongdai.ivr.rules.about import About
from tongdai.ivr.texts import constant

_REFUSED: Mapping[type, tuple[str, ...]] = {
    CallBack: ("failed",),
    CallFlow: ("failed",),
    Collect: ("failed",),
    GotoFlow: ("failed",),
    HandOff: ("full", "closed", "failed"),
    Hours: ("failed",),
    Loop: ("failed",),
    Menu: ("failed",),
    Record: ("failed",),
    Transfer: ("failed",),
}
"""Outcomes that are somebody else's answer."""

_RIGHT_TOO = ("closed", "expired", "otherwise")  # trouble, but of a kind that is part of the plan


def open_ends(node: Node) -> Iterator[tuple[str, Severity]]:
    """Go through the outcomes that can happen to a node and lead nowhere, so that the flow ends."""
    for outcome, target in outcomes(node):
        if target is None and _happens(node, outcome):
            yield outcome, "warning" if outcome in _REFUSED.get(type(node), ()) else "error"


def unwired(about: About) -> Iterator[Finding]:
    """Find outcomes that can happen and lead nowhere."""
    for at, handler in enumerate(about.flow.handlers):
        if isinstance(handler, Operator) and handler.to is None:
            yield error(
                "",
                "unwired",
                f"handlers[{at}] leads to nobody; the contact ends",
                _add(about, "", "to"),
                f"handlers[{at}]",
            )
    for name, node in about.flow.nodes.items():
        for outcome, severity in open_ends(node):
            reason = f"no outcome {outcome!r}; the contact ends"
            yield Finding(severity, name, "unwired", reason, _add(about, name, outcome), outcome)


def dangling(about: About) -> Iterator[Finding]:
    """Find outcomes that lead to nodes or flows that are not there."""
    flow = about.flow
    wanted = [
        ("", "start", flow.start),
        ("", "on_hangup", flow.on_hangup or None),
        ("", "expired", flow.expired),
        *(
            ("", f"handlers[{at}]", handler.to)
            for at, handler in enumerate(flow.handlers)
            if isinstance(handler, Operator)
        ),
        *(
            (name, outcome, target)
            for name, node in flow.nodes.items()
            for outcome, target in outcomes(node)
        ),
    ]
    for name, outcome, target in wanted:
        if target is not None and target not in flow.nodes:
            yield error(
                name,
                "dangling",
                f"{outcome!r} leads to {target!r}, and there is no such node",
                f"Add that node, or lead elsewhere.{about.near(target)}",
                outcome,
            )
    yield from _not_there(about)
    for name, node in flow.nodes.items():
        called = constant(node.flow) if isinstance(node, (CallFlow, GotoFlow)) else None
        if about.all_known and called is not None and called not in about.flows:
            yield error(
                name,
                "dangling",
                f"there is no flow {called!r}",
                f"Add that flow, or name another.{did_you_mean(called, about.flows)}",
                "flow",
            )


def _not_there(about: About) -> Iterator[Finding]:
    """Find calendars and queues that are named and are not there."""
    for name, node in about.flow.nodes.items():
        if isinstance(node, Hours):
            what, wanted, there = "calendar", constant(node.calendar), about.calendars
        elif isinstance(node, (HandOff, CallBack)):
            what, wanted, there = "queue", constant(node.queue), about.queues
        else:
            continue
        if there is not None and wanted is not None and wanted not in there:
            yield error(
                name,
                "dangling",
                f"there is no {what} {wanted!r}",
                f"Add that {what}, or name another.{did_you_mean(wanted, there)}",
                what,
            )


def same_way(about: About) -> Iterator[Finding]:
    """Find outcomes that mean trouble and lead to where going right does; a person knows better."""
    for name, node in about.flow.nodes.items():
        ways = {outcome: target for outcome, target in outcomes(node) if target is not None}
        right = {
            target for way, target in ways.items() if way not in TROUBLE and way != "interrupted"
        }
        if len(right) != 1:
            continue
        for outcome, target in ways.items():
            if isinstance(about.flow.nodes.get(target), HandOff):
                continue
            if outcome in TROUBLE and outcome not in _RIGHT_TOO and target in right:
                yield warning(
                    name,
                    "same_way",
                    f"{outcome!r} leads to {target!r}, as if nothing had gone wrong",
                    f"Lead {outcome} elsewhere",
                    outcome,
                )


def opaque(about: About) -> Iterator[Finding]:
    """Find what cannot be run; where nothing catches that, it is unwired as well."""
    for name, node in about.flow.nodes.items():
        if isinstance(node, Opaque):
            why = f" ({node.diagnostic})" if node.diagnostic else ""
            yield warning(
                name,
                "opaque",
                f"{node.kind!r} cannot be run{why}; it always takes 'failed'",
                "Put nodes in its place that do what it did",
            )


def unreachable(about: About) -> Iterator[Finding]:
    """Find nodes that no way leads to."""
    here = set(about.reached)
    on = "" if len(about.modalities) == len(MODALITIES) else f" on {' or '.join(about.modalities)}"
    for name in about.flow.nodes:
        if name not in here:
            mend = f"Lead an outcome to {name}, or take it out"
            yield warning(name, "unreachable", f"no way leads here{on}", mend)


def clean_up(about: About) -> Iterator[Finding]:
    """Find nodes of the clean-up that need the customer."""
    flow = about.flow
    if flow.on_hangup not in flow.nodes:
        return
    inside = reached([flow.on_hangup], about.after)
    for name in [name for name in flow.nodes if name in inside]:
        if isinstance(flow.nodes[name], INTERACTIVE):
            yield error(
                name,
                "clean_up",
                f"the clean-up from {flow.on_hangup!r} comes here, and the customer is gone",
                "Lead the clean-up elsewhere; it may invoke, assign, branch, set and end",
            )


def _add(about: About, name: str, outcome: str) -> str:
    to = next(about.refuge(name), "the node that comes then, such as an End()")
    return f"Add {outcome}: {to}"


def _happens(node: Node, outcome: str) -> bool:
    """Return whether an outcome that nobody wired can happen, and ends the flow then."""
    can = _CAN.get(type(node))
    return outcome != "failed" if can is None else can(node, outcome)


def _asked(node: Any, outcome: str) -> bool:  # noqa: ANN401 - a menu or a collect
    if outcome == "exhausted":
        return node.no_input is None or node.no_match is None
    if outcome == "failed":
        return getattr(node, "sensitive", False)
    if outcome == "spoken":
        return bool(node.spoken_into)
    return outcome == "done" or outcome.startswith("choices")


def _looked_up(field: str) -> Callable[[Any, str], bool]:
    """Return a test: `failed` only happens where the name of something is not fixed."""
    return lambda node, outcome: outcome != "failed" or constant(getattr(node, field)) is None


_CAN: Mapping[type, Callable[[Any, str], bool]] = {
    Menu: _asked,
    Collect: _asked,
    Wait: lambda node, outcome: outcome == ("interrupted" if node.for_ is None else "then"),
    Split: lambda node, outcome: outcome != "otherwise" or _shared(node) < 100,  # noqa: PLR2004
    Loop: lambda node, outcome: outcome != "failed" or isinstance(node.times, str),
    Hours: _looked_up("calendar"),
    CallFlow: _looked_up("flow"),
    GotoFlow: _looked_up("flow"),
    HandOff: lambda _, outcome: outcome != "then",
    Transfer: lambda _, outcome: outcome == "failed",
    Opaque: lambda _, outcome: outcome == "failed",
    Invoke: lambda _, outcome: not outcome.startswith("errors"),
    CallBack: lambda _, outcome: outcome in ("then", "failed"),
    Record: lambda _, outcome: outcome in ("then", "failed"),
}
"""Whether an outcome can happen and end the flow; of the others, every one but `failed` can."""


def _shared(node: Split) -> int:
    return sum(share.percent for share in node.shares)
