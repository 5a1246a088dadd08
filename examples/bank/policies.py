"""The ways of routing that are compared, as plain `tongdai` values.

Rule: a policy is a list of queues, a queue for each call, and what a recorded priority is worth
    there.
Skills come from what each agent served that day: level 3 for a type that makes up at least as much
of their calls as of everybody's, level 1 for any other that they served at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import attrs

from bank.day import Duty
from tongdai import Agent, Order, Plan, Queue, Requirement, Step, seconds

OFTEN = 3
EVER = 1
RELAX = (seconds(15), seconds(45))  # the first before 20 s, where the service level is measured


@attrs.frozen
class Policy:
    """One way of routing.

    Attributes:
        name, rule: for people.
        queues: the center's.
        queue_of: the queue's id for each type of service.
        points: for each recorded priority, that of the contact; none if not named.
    """

    name: str
    rule: str
    queues: tuple[Queue, ...]
    queue_of: Mapping[str, str]
    points: Mapping[int, int] = attrs.field(factory=dict[int, int])


def policies(types: Sequence[str]) -> list[Policy]:
    """Return the policies to compare for these types of service, one queue for all first."""
    together = dict.fromkeys(types, "calls")
    return [
        Policy(
            "one FIFO queue", "who came first goes first, to anybody", (Queue("calls"),), together
        ),
        Policy(
            "bank's priorities",
            "the same, but priority 2 counts as 90 s of waiting",
            (Queue("calls", order=Order.ageing(point=seconds(45))),),
            together,
            {2: 2},
        ),
        Policy(
            "skills, relaxed",
            f"to who often serves the type; from {RELAX[0]} to who ever did; "
            f"from {RELAX[1]} to anybody",
            tuple(Queue(kind, plan_for(kind)) for kind in types),
            {kind: kind for kind in types},
        ),
    ]


def plan_for(kind: str) -> Plan:
    """Return the plan of a type of service: often served it, ever served it, anybody."""
    first, last = RELAX
    return Plan(
        Requirement({kind: OFTEN}),
        Step(first, Requirement({kind: EVER})),
        Step(last, Requirement()),
    )


def agents(staff: Sequence[Duty]) -> dict[str, Agent]:
    """Return the agents by name, with the skills that the record shows."""
    total: Counter[str] = Counter()
    for duty in staff:
        total.update(duty.served)
    found: dict[str, Agent] = {}
    for duty in staff:
        own = duty.served.total()
        found[duty.agent] = Agent(
            duty.agent,
            {
                kind: OFTEN if calls * total.total() >= total[kind] * own else EVER
                for kind, calls in duty.served.items()
            },
        )
    return found
