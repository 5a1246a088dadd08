"""Lint: what is wrong with a flow, found before it answers a contact.

Rule: `check` gives everything at once, and each finding says where, what would come of it, and what
would mend it. It costs time linear in the flow. A flow without errors never makes the machine go
round without waiting, never drops a contact on an outcome of its own that was forgotten, and never
says a secret; what depends on values is not weighed, so every branch may be taken.
"""

from __future__ import annotations

from collections.abc import Iterable

from tongdai.errors import ConfigurationError
from tongdai.ivr.findings import Finding, Kind, Severity
from tongdai.ivr.flow import Flow, several_flows
from tongdai.ivr.prompts import MODALITIES, Modality, check_modality
from tongdai.ivr.rules import RULES
from tongdai.ivr.rules.about import About

__all__ = ["Finding", "Kind", "Severity", "check"]


def check(
    flow: Flow,
    *,
    flows: Iterable[Flow] | None = None,
    modalities: Iterable[Modality] = MODALITIES,
    calendars: Iterable[str] | None = None,
    queues: Iterable[str] | None = None,
) -> tuple[Finding, ...]:
    """Return all that is wrong with a flow: errors first, then in the order of its nodes.

    Args:
        flow: the flow.
        flows: all flows that there are, so that calls of others can be followed; `None` where they
            are not known, and calls are taken to be right.
        modalities: how its sessions talk. A branch on `session.modality` may keep some of them away
            from a node.
        calendars: the names of all calendars that there are; `None` where they are not known, and
            taken to be right.
        queues: the ids of all queues that there are; likewise.

    Raises:
        ConfigurationError: there is no such modality, or none is given; or something is no flow.
    """
    several_flows((flow,), "check")
    known = None if flows is None else several_flows(flows, "check.flows")
    several = tuple(dict.fromkeys(modalities))
    if not several:
        raise ConfigurationError("check.modalities: expected one of voice, chat, sms at least")
    for modality in several:
        check_modality(modality, "check.modalities")
    about = About(
        flow,
        known,
        several,
        None if calendars is None else frozenset(calendars),
        None if queues is None else frozenset(queues),
    )
    place = {name: at for at, name in enumerate(flow.nodes)}
    found = [finding for rule in RULES for finding in rule(about)]
    return tuple(sorted(found, key=lambda one: (one.severity, place.get(one.node, -1))))
