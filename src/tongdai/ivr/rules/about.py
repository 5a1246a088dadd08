"""A flow, and what several rules want to know of it: its graph, as each modality sees it.

Rule: everything here is worked out once, when it is first asked for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from tongdai.errors import did_you_mean
from tongdai.ivr.flow import Flow
from tongdai.ivr.graph import TROUBLE, Next, Way, cycles, possible, reached, targets, ways_by_node
from tongdai.ivr.nodes import Branch
from tongdai.ivr.prompts import Modality
from tongdai.ivr.spins import Place, Quick, spins

_SUGGESTIONS = 20  # a document in which every name is wrong must not take for ever


class About:
    """A flow under the eyes of the rules.

    Attributes:
        flow: the flow.
        modalities: how its sessions talk.
        flows: the flows that it can call, itself included, by id.
        all_known: whether these are all there are.
        calendars: the names of all calendars; `None` where they are not known.
        queues: the ids of all queues; `None` where they are not known.
    """

    def __init__(
        self,
        flow: Flow,
        flows: Sequence[Flow] | None,
        modalities: tuple[Modality, ...],
        calendars: frozenset[str] | None = None,
        queues: frozenset[str] | None = None,
    ) -> None:
        self.flow = flow
        self.modalities = modalities
        self.flows: Mapping[str, Flow] = {one.id: one for one in (*(flows or ()), flow)}
        self.all_known = flows is not None
        self.calendars = calendars
        self.queues = queues
        self._suggestions = _SUGGESTIONS

    @cached_property
    def ways(self) -> Mapping[str, tuple[Way, ...]]:
        """The ways out of each node that some session can take, to nodes that are there."""
        return {
            name: ways
            if len(self.modalities) == 1 or not isinstance(self.flow.nodes[name], Branch)
            else tuple(dict.fromkeys(way for on in self.ways_on.values() for way in on[name]))
            for name, ways in self.ways_on[self.modalities[0]].items()
        }

    @cached_property
    def ways_on(self) -> Mapping[Modality, Mapping[str, tuple[Way, ...]]]:
        """The ways out of each node that a session of each modality can take."""
        every = ways_by_node(self.flow)
        nodes = self.flow.nodes
        return {
            modality: {
                name: tuple(possible(nodes[name], ways, modality)) for name, ways in every.items()
            }
            for modality in self.modalities
        }

    @cached_property
    def after(self) -> Next[str]:
        """The graph of what some session can do."""
        return targets(self.ways)

    @cached_property
    def reached_on(self) -> Mapping[Modality, set[str]]:
        """The nodes that a session of each modality can come to, its clean-up included."""
        starts = [name for name in (self.flow.start, self.flow.on_hangup) if name in self.ways]
        return {modality: reached(starts, targets(ways)) for modality, ways in self.ways_on.items()}

    @cached_property
    def reached(self) -> Sequence[str]:
        """The nodes that some session can come to, in the order of the flow."""
        every = set[str]().union(*self.reached_on.values())
        return [name for name in self.flow.nodes if name in every]

    @cached_property
    def knots(self) -> Sequence[tuple[str, ...]]:
        """The cycles that some session can come to."""
        return cycles(self.reached, self.after)

    @cached_property
    def quick(self) -> Mapping[Modality, Quick]:
        """What happens without waiting, in all flows, on each modality."""
        ways = {id: ways_by_node(flow) for id, flow in self.flows.items()}
        return {modality: Quick(self.flows, modality, ways) for modality in self.modalities}

    @cached_property
    def spinning(self) -> Sequence[tuple[Place, ...]]:
        """The cycles that never wait, and go through this flow; a place is (flow, node)."""
        found: dict[tuple[Place, ...], None] = {}
        for modality in self.modalities:
            here = self.reached_on[modality]
            for round_ in spins(self.quick[modality]):
                if any(flow == self.flow.id and node in here for flow, node in round_):
                    found[round_] = None
        return list(found)

    @cached_property
    def spun(self) -> set[str]:
        """The nodes of this flow that lie on a cycle that never waits."""
        return {node for round_ in self.spinning for flow, node in round_ if flow == self.flow.id}

    @cached_property
    def _refuge(self) -> Mapping[str, set[str]]:
        trouble = Counter(
            way.target for ways in self.ways.values() for way in ways if way.outcome in TROUBLE
        )
        return {name: reached([name], self.after) for name, _ in trouble.most_common(2)}

    def refuge(self, name: str) -> Iterator[str]:
        """Give the node to which the flow leads those in trouble, if it does not lead to `name`."""
        yield from [one for one, behind in self._refuge.items() if name not in behind][:1]

    def near(self, name: str) -> str:
        """Return ` Did you mean 'x'?` for a node's name, as long as that is not asked too often."""
        if self._suggestions == 0:
            return ""
        self._suggestions -= 1
        return did_you_mean(name, self.flow.nodes)
