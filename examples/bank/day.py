"""The recorded day as a simulation needs it: who comes, who serves, what is left open.

Rule: what is recorded is taken from the record; what is not (how long somebody would have waited or
talked) is drawn, from one seeded generator, in the order of the calls. Policies that are compared
get the same draws.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from random import Random

import attrs

from bank.records import Call
from bank.survival import ENOUGH, Curve, kaplan_meier

Span = tuple[int, int]


@attrs.frozen
class Drawn:
    """What one call brings into a simulation: seconds of patience and of talk, and a priority."""

    patience: int
    talk: int
    priority: int


def curves(calls: Sequence[Call]) -> dict[str, Curve]:
    """Return a curve for each type of service; types with few hang-ups share that of all calls."""
    waits: defaultdict[str, list[tuple[int, bool]]] = defaultdict(list)
    for call in calls:
        waits[call.type].append((call.wait, not call.answered))
    everybody = kaplan_meier(wait for of_type in waits.values() for wait in of_type)
    return {
        kind: kaplan_meier(seen) if sum(gave_up for _, gave_up in seen) >= ENOUGH else everybody
        for kind, seen in waits.items()
    }


def draw(calls: Sequence[Call], seed: int) -> list[Drawn]:
    """Complete each call: patience, talk and priority, from the record where it has them."""
    chance = Random(seed)  # noqa: S311 - a simulation, not a secret
    curve = curves(calls)
    talks: defaultdict[str, list[int]] = defaultdict(list)
    priorities: defaultdict[str, list[int]] = defaultdict(list)
    for call in calls:
        if call.talk is not None:
            talks[call.type].append(call.talk)
        if call.queued:
            priorities[call.type].append(call.priority)
    every = [talk for of_type in talks.values() for talk in of_type] or [1]
    found: list[Drawn] = []
    for call in calls:
        patience = call.wait
        if call.answered:
            patience = curve[call.type].draw(chance, longer_than=call.wait if call.queued else -1)
        talk = call.talk
        if talk is None:
            talk = chance.choice(talks[call.type] or every)
        priority = call.priority
        if not call.looked_up:
            priority = chance.choice(priorities[call.type] or [0])
        found.append(Drawn(patience, talk, priority))
    return found


@attrs.frozen
class Duty:
    """An agent's day, in seconds since midnight.

    Attributes:
        agent: the name.
        start, end: from the first service to the end of the last one.
        away: (when, how long) for each pause.
        served: how many calls of each type.
        talking: (from, until) of the recorded services, joined where they overlap.
    """

    agent: str
    start: int
    end: int
    away: tuple[Span, ...]
    served: Counter[str]
    talking: tuple[Span, ...]


def duty(calls: Sequence[Call]) -> list[Duty]:
    """Return who was on duty when, as far as the record tells.

    The record knows neither breaks nor wrap-up. But an agent who has no call while somebody waits
    was not available: so in each gap between two services in which anybody waited, the agent is
    taken to have been away from the end of the one service until the last moment of the gap at
    which somebody waited.
    """
    waiting = join((call.at, call.at + call.wait) for call in calls if call.wait)
    services: defaultdict[str, list[Span]] = defaultdict(list)
    served: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for call in calls:
        if call.server:
            served[call.server][call.type] += 1
            if call.start is not None and call.talk is not None:
                services[call.server].append((call.start, call.start + call.talk))
    found: list[Duty] = []
    for agent, spans in sorted(services.items()):
        talking = join(spans)
        away: list[Span] = []
        for (_, end), (start, _) in pairwise(talking):
            waits = [min(until, start) for since, until in waiting if since < start and until > end]
            if waits:
                away.append((end, max(waits) - end))
        found.append(
            Duty(agent, talking[0][0], talking[-1][1], tuple(away), served[agent], tuple(talking))
        )
    return found


def join(spans: Iterable[Span]) -> list[Span]:
    """Return spans of time in order, those that overlap or touch joined into one."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


@attrs.frozen
class Incident:
    """A stretch of the day in which callers hardly got past the voice menu."""

    start: int
    end: int
    hung_up: int
    passed_on: int


def incidents(calls: Sequence[Call], menu: Sequence[int]) -> list[Incident]:
    """Find the stretches of ten minutes or more in which the voice menu passed hardly anybody on.

    They are made of five-minute slots in which ten callers or more hung up in the menu, and fewer
    got any further.
    """
    slot = 300
    lost = Counter(at // slot for at in menu)
    passed = Counter(call.at // slot for call in calls)
    bad = join(
        (at * slot, (at + 1) * slot)
        for at, hung in lost.items()
        if hung >= 10 and hung > passed[at]
    )
    found: list[Incident] = []
    for start, end in bad:
        if end - start >= 2 * slot:
            inside = [at for at in menu if start <= at < end]
            passed_on = sum(inside[0] <= call.at <= inside[-1] for call in calls)
            found.append(Incident(inside[0], inside[-1], len(inside), passed_on))
    return found
