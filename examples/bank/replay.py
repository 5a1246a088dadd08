"""Live through the day under a policy, on the real engine, and count what came of it.

Rule: what happened is read from the center's events and from nothing else. The record is put into
    the
same form, so that one function counts both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from bank.day import Drawn, Duty
from bank.policies import OFTEN, Policy
from bank.records import DAY, Call
from tongdai import Agent, Center, Contact, hours, seconds
from tongdai.center import Pause, Shift, Visit, simulate
from tongdai.metrics import ContactRecord, ContactRecords, Metrics

THRESHOLD = 20  # seconds, for the service level
_SECOND = int(seconds(1))


@attrs.frozen
class Outcome:
    """What became of one call; `agent` is empty where nobody answered, or nobody is named."""

    answered: bool
    wait: float
    agent: str = ""
    talk: float = 0


@attrs.frozen
class Run:
    """A day as it went: one outcome for each call, in their order, and what agents had to spare.

    Attributes:
        outcomes: of the calls.
        busy: seconds that agents talked, in all.
        free: seconds that agents were available and had nothing to do, in all.
    """

    outcomes: tuple[Outcome, ...]
    busy: float
    free: float


def recorded(calls: Sequence[Call], staff: Sequence[Duty]) -> Run:
    """Return the day as the record has it."""
    outcomes = tuple(
        Outcome(call.answered, call.wait, call.server, call.talk or 0) for call in calls
    )
    present = sum(duty.end - duty.start for duty in staff)
    busy = sum(end - start for duty in staff for start, end in duty.talking)
    away = sum(length for duty in staff for _, length in duty.away)
    return Run(outcomes, busy, present - busy - away)


def replay(
    calls: Sequence[Call],
    drawn: Sequence[Drawn],
    staff: Sequence[Duty],
    agents: Mapping[str, Agent],
    policy: Policy,
) -> Run:
    """Route the calls of a day under a policy."""
    shifts = [
        Shift(
            agents[duty.agent],
            seconds(duty.start),
            seconds(duty.end),
            pauses=[Pause(seconds(at), seconds(length)) for at, length in duty.away],
        )
        for duty in staff
    ]
    records, metrics = ContactRecords(), Metrics(every=hours(48))
    found: dict[str, ContactRecord] = {}
    for event in simulate(Center(policy.queues), visits(calls, drawn, policy), shifts):
        metrics.apply(event)
        record = records.apply(event)
        if record is not None:
            found[record.contact] = record
    total = metrics.total()
    return Run(
        # Everybody's patience is finite, so there is a record for every call.
        tuple(_outcome(found[str(call.line)]) for call in calls),
        total.busy / _SECOND,
        total.ready / _SECOND,
    )


def visits(calls: Sequence[Call], drawn: Sequence[Drawn], policy: Policy) -> Iterator[Visit]:
    """Turn calls into visits; a contact's id is the call's line in the file."""
    for call, own in zip(calls, drawn, strict=True):
        yield Visit(
            seconds(call.at),
            Contact(str(call.line), priority=policy.points.get(own.priority, 0)),
            policy.queue_of[call.type],
            patience=seconds(own.patience),
            talk=seconds(own.talk),
        )


def _outcome(record: ContactRecord) -> Outcome:
    wait = (record.waited or 0) / _SECOND
    if record.outcome != "answered":
        return Outcome(answered=False, wait=wait)
    talk = (record.talked or 0) / _SECOND
    return Outcome(answered=True, wait=wait, agent=record.agents[-1], talk=talk)


@attrs.frozen
class Figures:
    """What is measured of some calls; a figure of nothing is `None`.

    Attributes:
        calls: how many.
        asa: average speed of answer in seconds: the mean wait of those who were answered.
        abandoned: share of calls given up.
        level: share of calls answered within 20 s.
        occupancy: share of the time in which agents talked or could have, that they talked (for a
            type: with callers of that type).
        matched: share of answered calls that went to an agent who often serves the type.
    """

    calls: int
    asa: float | None
    abandoned: float | None
    level: float | None
    occupancy: float | None
    matched: float | None


MEASURES = ("level", "asa", "abandoned", "occupancy", "matched")


def figures(
    calls: Sequence[Call], run: Run, agents: Mapping[str, Agent], kind: str | None = None
) -> Figures:
    """Count a run's figures, of all calls or of those of a type."""
    chosen = [
        (call.type, outcome)
        for call, outcome in zip(calls, run.outcomes, strict=True)
        if kind is None or call.type == kind
    ]
    answered = [(own, outcome) for own, outcome in chosen if outcome.answered]
    named = [(own, outcome) for own, outcome in answered if outcome.agent in agents]
    matched = sum(agents[outcome.agent].skills.get(own, 0) >= OFTEN for own, outcome in named)
    busy = run.busy if kind is None else sum(outcome.talk for _, outcome in answered)
    return Figures(
        len(chosen),
        _ratio(sum(outcome.wait for _, outcome in answered), len(answered)),
        _ratio(len(chosen) - len(answered), len(chosen)),
        _ratio(sum(outcome.wait <= THRESHOLD for _, outcome in answered), len(chosen)),
        _ratio(busy, run.busy + run.free),
        _ratio(matched, len(named)),
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def waiting(calls: Sequence[Call], run: Run, slot: int) -> list[float]:
    """Return how many calls waited in each slot of so many seconds of the day, on average."""
    found = [0.0] * -(-DAY // slot)
    for call, outcome in zip(calls, run.outcomes, strict=True):
        at, end = float(call.at), min(call.at + outcome.wait, float(DAY))
        while at < end:
            here = int(at // slot)
            until = min(end, (here + 1.0) * slot)
            found[here] += (until - at) / slot
            at = until
    return found
