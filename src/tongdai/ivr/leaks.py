"""Where secrets go: from the question that collects one to every place that it would be seen.

Rule: what is copied from a secret is a secret, whatever it is called and however many names it went
through; order and branches are not looked at, so that nothing is missed. A function of the
application may be given a secret (it is what checks it), and a condition may look at one: nobody
sees either. What a function answers is no secret. The cost is linear in the texts of the flow.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from tongdai.ivr.flow import Flow
from tongdai.ivr.nodes import CallBack, Collect, HandOff, Node
from tongdai.ivr.texts import Use, beginnings, texts


class Leak(NamedTuple):
    """A secret that comes out: at a node, in a field, and the names that it went through."""

    node: str
    field: str
    use: Use
    path: tuple[str, ...]


def leaks(flow: Flow, beside: Iterable[Flow] = ()) -> list[Leak]:
    """Return every place of a flow at which a secret is said, or given away.

    Args:
        flow: the flow that is looked at.
        beside: the flows that it calls or is called by; their secrets are known in it too.
    """
    came = secrets([flow, *beside])
    if not came:
        return []
    found = [
        Leak(name, field, use, _path(secret, came))
        for name, node in flow.nodes.items()
        for field, use, names in _shown(node)
        for secret in _among(names, came)
    ]
    return list(dict.fromkeys(found))


def secrets(flows: Iterable[Flow]) -> Mapping[str, str]:
    """Return the names that can hold a secret, each with the name that it was copied from.

    What a question collects was copied from nowhere: the empty text.
    """
    came: dict[str, str] = {}
    copies: dict[str, list[str]] = {}  # names that a name is copied to
    for node in (node for flow in flows for node in flow.nodes.values()):
        if isinstance(node, Collect) and node.sensitive:
            came.setdefault(node.into, "")
        for text in texts(node):
            for name in text.known_names() if text.use == "kept" else ():
                for beginning in beginnings(name):
                    copies.setdefault(beginning, []).append(text.name)
    open_ = list(came)
    for name in open_:
        fresh = [copy for copy in copies.get(name, ()) if copy not in came]
        came.update(dict.fromkeys(fresh, name))
        open_ += dict.fromkeys(fresh)
    return came


def _shown(node: Node) -> Iterator[tuple[str, Use, tuple[str, ...]]]:
    """Go through what somebody else comes to see of a node: field, use, and names."""
    for text in texts(node):
        if text.use in ("said", "given"):
            yield text.field, text.use, text.known_names()
    if isinstance(node, (HandOff, CallBack)):
        yield "context", "given", node.context


def _among(wanted: Iterable[str], came: Mapping[str, str]) -> Iterator[str]:
    for name in wanted:
        yield from islice((one for one in beginnings(name) if one in came), 1)


def _path(secret: str, came: Mapping[str, str]) -> tuple[str, ...]:
    path = [secret]
    while came[path[-1]]:
        path.append(came[path[-1]])
    return tuple(reversed(path))
