"""Cycles that never wait: what would make a machine go round without an end.

Rule: a cycle spins when a session can go round it with nobody and nothing to wait for. A `Loop`
ends it, for after its last `again` comes `done`. It is enough to look for cycles that use no
`again` at all: a session that went round for ever would pass `done` of every loop that it passes
again and again, so taking the `again`s away leaves each of its nodes a way on, and with it a cycle.
Conditions are not weighed: each case of a branch may hold.

A machine also stops a row of nodes that is merely too long. So the longest row is counted: where
loops go round, a session is never twice at one node with equal counts (it would go round for ever),
so a knot of nodes is left after as many steps as there are nodes times counts.

Flows that call each other are one graph here. The way behind a call is gone at once if the flow
that is called can end at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from tongdai.ivr.flow import Flow
from tongdai.ivr.graph import Way, components, cycles, goes_round, possible, reached
from tongdai.ivr.nodes import (
    Assign,
    Branch,
    CallBack,
    CallFlow,
    Collect,
    End,
    GotoFlow,
    Hours,
    Invoke,
    Loop,
    Menu,
    Node,
    Opaque,
    Say,
    Setting,
    Split,
    Transfer,
    Wait,
)
from tongdai.ivr.prompts import Modality, Said, prompt
from tongdai.ivr.texts import constant

Place: TypeAlias = tuple[str, str]
"""A node among flows: the flow's id and the node's name."""

NEVER: Final = 10**9
"""A row of so many nodes is as good as endless."""

_NOWHERE: Final = ("", "")
_AT_ONCE: Final = (Assign, Branch, CallFlow, GotoFlow, Hours, Loop, Opaque, Setting, Split)


def leaves_at_once(node: Node, modality: Modality) -> Callable[[str], bool]:
    """Return a test: whether a session can leave a node by an outcome without waiting.

    What is said is skipped where keys are kept already, a call of which nothing comes fails at
    once, and no time is soon over.
    """
    at_once: tuple[str, ...] | None = ()  # these outcomes; `None` is all of them
    match node:
        case _ if isinstance(node, _AT_ONCE):
            at_once = None
        case Say() if modality != "voice" or _skipped(node):
            at_once = None
        case Wait(for_=0):
            at_once = ("then",)
        case CallBack() | Transfer():
            at_once = ("failed",)
        case Invoke() if not node.within:
            at_once = ("failed", "errors[timeout]")
        case Invoke() if node.args:
            at_once = ("failed",)
        case Menu() | Collect() if modality != "voice" and not node.reply_within:
            at_once = ("no_input", "exhausted")
        case Menu() | Collect() if modality == "voice" and not node.within and _mute(node.ask):
            at_once = ("no_input", "exhausted")
        case _:
            pass
    return lambda outcome: at_once is None or outcome in at_once


def _skipped(say: Say) -> bool:
    """Return whether something can be passed over on voice."""
    return prompt(say.prompt).barge_in or _mute(say.prompt)


def _mute(said: Said) -> bool:
    """Return whether there may be nothing to say on voice."""
    return any(not one.fits("voice") for _, several in prompt(said) for one in several)


def spins(graph: Quick) -> list[tuple[Place, ...]]:
    """Return the cycles among flows that never wait: one way round for each knot of them."""

    def after(place: Place) -> tuple[Place, ...]:
        return graph.after(place, again=False, into=True)

    return [goes_round(knot, after) for knot in cycles(graph.places, after)]


def longest_row(graph: Quick) -> Mapping[Place, int]:
    """Return, for each place, how many nodes can be entered from there on without waiting.

    It is only right where nothing spins. A loop that goes round as often as a value says is taken
    to go round for ever.
    """

    def after(place: Place) -> tuple[Place, ...]:
        return graph.after(place, again=True, into=True)

    rows: dict[Place, int] = {}
    for knot in reversed(components(graph.places, after)):
        inside = set(knot)
        own = sum(1 + rows.get(graph.call(place), 0) for place in knot)
        if len(knot) > 1 or knot[0] in after(knot[0]):
            for place in knot:
                own = min(own * (graph.times(place) + 1), NEVER)
        past = (
            rows[target]
            for place in knot
            for target in graph.after(place, again=True, into=False)
            if target not in inside
        )
        rows.update(dict.fromkeys(knot, min(own + max(past, default=0), NEVER)))
    return rows


class Quick:
    """The ways among flows that a session of a modality takes without waiting.

    Calls of flows that are not among these are taken to wait; that they may fail at once is not.

    Attributes:
        places: all nodes of all flows.
    """

    def __init__(
        self,
        flows: Mapping[str, Flow],
        modality: Modality,
        ways: Mapping[str, Mapping[str, tuple[Way, ...]]],
    ) -> None:
        """Look at the flows.

        Args:
            flows: the flows by id.
            modality: the modality.
            ways: for each flow, what `ways_by_node` gives.
        """
        self._flows = flows
        self._ways: dict[Place, tuple[Way, ...]] = {}
        self._entries: dict[Place, Place] = {}  # where the flow begins that a place leads into
        for flow in flows.values():
            for name, node in flow.nodes.items():
                quick = leaves_at_once(node, modality)
                kept = (way for way in ways[flow.id][name] if quick(way.outcome))
                self._ways[flow.id, name] = tuple(possible(node, kept, modality))
                if isinstance(node, (CallFlow, GotoFlow)):
                    called = flows.get(constant(node.flow) or "")
                    if called is not None and called.start in called.nodes:
                        self._entries[flow.id, name] = (called.id, called.start)
        self.places = tuple(self._ways)
        self._returning: set[str] = set()  # flows that can come back at once
        callers: dict[str, set[str]] = {}
        for (caller, _), (entered, _) in self._entries.items():
            callers.setdefault(entered, set()).add(caller)
        more = {id for id in flows if self._returns(id)}
        while more:
            self._returning |= more
            again = {caller for id in more for caller in callers.get(id, ())} - self._returning
            more = {id for id in again if self._returns(id)}

    def after(self, place: Place, *, again: bool, into: bool) -> tuple[Place, ...]:
        """Return the places right after one.

        Args:
            place: the one.
            again: whether a loop may go round.
            into: whether a call leads into the flow that is called, or only past it.
        """
        ways, entry = self._ways[place], self._entries.get(place)
        if not ways and entry is None:
            return ()
        flow, name = place
        node = self._flows[flow].nodes[name]
        shut = ""
        if isinstance(node, Loop) and not again:
            shut = "again"
        elif isinstance(node, CallFlow) and (entry is None or entry[0] not in self._returning):
            shut = "then"
        on = tuple((flow, way.target) for way in ways if way.outcome != shut)
        return (entry, *on) if entry and (into or isinstance(node, GotoFlow)) else on

    def call(self, place: Place) -> Place:
        """Return where the flow begins that a place calls; where none is called, no place."""
        calls = isinstance(self._flows[place[0]].nodes[place[1]], CallFlow)
        return self._entries.get(place, _NOWHERE) if calls else _NOWHERE

    def times(self, place: Place) -> int:
        """Return how often a loop goes round; of what is none, 0."""
        node = self._flows[place[0]].nodes[place[1]]
        if not isinstance(node, Loop):
            return 0
        if isinstance(node.times, str):
            return int(node.times) if node.times.isascii() and node.times.isdigit() else NEVER
        return node.times

    def _returns(self, id: str) -> bool:
        """Return whether a flow can come to an end that returns, without waiting."""
        flow = self._flows[id]
        if flow.start not in flow.nodes:
            return False
        return any(
            isinstance(node := self._flows[at].nodes[name], End) and node.disconnect is not True
            for at, name in reached(
                [(id, flow.start)], lambda place: self.after(place, again=True, into=False)
            )
        )
