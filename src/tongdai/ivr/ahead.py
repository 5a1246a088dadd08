"""How many keys may be kept before they could be part of a secret.

Rule: a session never holds a digit of a secret, so it keeps no more keys for later than the
questions before the next secret are sure to use. That number is the shortest way from a node to a
secret, counted in keys (E. W. Dijkstra, A Note on Two Problems in Connexion with Graphs, 1959).
Where a way depends on the session (a flow that a value names), every flow is reckoned with.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping

from tongdai.ivr import nodes
from tongdai.ivr.flow import Operator
from tongdai.ivr.ready import ReadyFlow, ReadyNode


def leave_room_for_secrets(flows: Iterable[ReadyFlow]) -> None:
    """Set at each node how many keys may be kept (`room`), where a secret may follow."""
    known = list(flows)
    secrets = [node for flow in known for node in flow if _is_secret(node)]
    if not secrets:
        return
    back: dict[ReadyNode, list[tuple[ReadyNode, int]]] = {}
    callers = [(flow, node) for flow in known for node in flow]
    callers = [(flow, node) for flow, node in callers if isinstance(node.node, nodes.CallFlow)]
    returns = [_at(flow, node.ways.get("then")) for flow, node in callers]
    starts = [_at(flow, flow.flow.start) for flow in known]
    for flow in known:
        for node in flow:
            ways = [(_at(flow, to), keys) for to, keys in _ways(flow, node)]
            if isinstance(node.node, (nodes.CallFlow, nodes.GotoFlow)):
                ways += [(start, 0) for start in starts]
            elif isinstance(node.node, nodes.End):
                ways += [(back_at, 0) for back_at in returns]
            for to, keys in ways:
                if to is not None:
                    back.setdefault(to, []).append((node, keys))
    for node, keys in _nearest(secrets, back).items():
        node.room = min(node.room, keys)


def _nearest(
    secrets: list[ReadyNode], back: Mapping[ReadyNode, list[tuple[ReadyNode, int]]]
) -> dict[ReadyNode, int]:
    """Return how many keys are sure to be used from each node to its nearest secret."""
    best = dict.fromkeys(secrets, 0)
    heap = [(0, place, node) for place, node in enumerate(secrets)]
    count = len(heap)
    while heap:
        keys, _, node = heapq.heappop(heap)
        if keys > best[node]:
            continue
        for before, used in back.get(node, ()):
            if keys + used < best.get(before, keys + used + 1):
                best[before] = keys + used
                count += 1
                heapq.heappush(heap, (keys + used, count, before))
    return best


def _ways(flow: ReadyFlow, node: ReadyNode) -> Iterator[tuple[str, int]]:
    """Go through where a node leads, each with the keys that are sure to be used there."""
    if node.asks:
        for handler in flow.flow.handlers:
            if isinstance(handler, Operator) and handler.to is not None and handler.keys:
                yield handler.to, 1
    for outcome, to in node.ways.items():
        yield to, _used(node, outcome)


def _used(node: ReadyNode, outcome: str) -> int:
    """Return how many keys an outcome uses at least; one without keys forgets none."""
    if outcome.startswith("choices["):
        return len(outcome) - len("choices[]")
    if outcome == "done" and isinstance(node.node, nodes.Collect) and node.node.kind == "digits":
        return node.node.shortest
    return 0


def _is_secret(node: ReadyNode) -> bool:
    return isinstance(node.node, nodes.Collect) and node.node.sensitive


def _at(flow: ReadyFlow, name: str | None) -> ReadyNode | None:
    return flow.node(name) if name is not None and name in flow else None
