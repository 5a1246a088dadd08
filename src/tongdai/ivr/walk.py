"""Every way through a flow, up to a bound, as test cases.

Rule: a walk drives the real machine, through the same `Simulation` that tests use. So a case is a
row of things that a customer and an application did, it replays to the same end, and printed it is
the test that does so. Functions of the application are not called: what they might answer is read
off the conditions that look at it.

A walk by `paths` takes every path; there can be many, for each question multiplies them. A walk by
`ways` goes on from each situation only once (a node, what is known of it that conditions look at,
and counts), and so takes every way that there is in few cases.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from tongdai.errors import ConfigurationError
from tongdai.ivr import events
from tongdai.ivr.checks import KEYS
from tongdai.ivr.flow import Flow, Operator
from tongdai.ivr.machine import Machine
from tongdai.ivr.nodes import (
    CallBack,
    Collect,
    Hours,
    Invoke,
    Menu,
    Node,
    Record,
    Split,
    Transfer,
    choices,
    outcomes,
)
from tongdai.ivr.prompts import Modality
from tongdai.ivr.samples import Samples, answers, samples
from tongdai.ivr.simulate import Simulation
from tongdai.model.calendar import BusinessCalendar
from tongdai.model.personal import Value
from tongdai.model.time import Instant

Outcome: TypeAlias = Literal["ended", "handed off", "bound", "known", "stuck"]
"""How a case ends: with the session; with a person; at the bound; in a situation that another case
goes on from; or waiting for something that never comes."""

_SESSIONS: Final = 16  # that a split is tried with
_NOTHING_FITS: Final = "zzzz"
_FAILURES: Final = {"record": ("no_input",), "transfer": ("busy", "no_answer")}


class Act(NamedTuple):
    """One thing that is done to a `Simulation`: the name of its method, and what it is given."""

    method: str
    given: tuple[Any, ...] = ()

    def __str__(self) -> str:
        """Give the call."""
        return f"{self.method}({', '.join(map(repr, self.given))})"


class Case(Value, frozen=True):
    """One path through a flow.

    Attributes:
        flow: the flow's id.
        modality, language: how the session talks.
        session: its id, at which splits look.
        now: when it begins, at which hours look.
        acts: what is done, in order.
        path: the ways that it took: (node, outcome).
        end: how it ends.
        node: the node at which it ends.
        reason: why the session ended, if it did; for a hand-off, the queue.
    """

    flow: str
    modality: Modality
    language: str
    session: str
    now: Instant
    acts: tuple[Act, ...]
    path: tuple[tuple[str, str], ...]
    end: Outcome
    node: str
    reason: str = ""

    def replay(self, machine: Machine) -> Simulation:
        """Do it once more.

        Raises:
            AssertionError: the flow goes another way by now; the text is the conversation.
        """
        simulation = _start(machine, self)
        for act in self.acts:
            getattr(simulation, act.method)(*act.given)
        return simulation

    def __str__(self) -> str:
        """Give the test that takes this path."""
        facts = [f"modality={self.modality!r}"] if self.modality != "voice" else []
        facts += [f"language={self.language!r}"] if self.language else []
        facts += [f"session={self.session!r}"] if self.session != _FIRST else []
        facts += [f"now={self.now}"] if self.now else []
        acts = [str(act) for act in self.acts]
        if self.end == "ended":
            acts.append(f"ends({self.reason!r})")
        elif self.end == "handed off":
            acts.append(f"hands_off({self.reason!r})")
        else:
            acts.append(f"at({self.node!r})")
        return ".".join([f"simulate({', '.join(['flow', *facts])})", *acts])


_FIRST: Final = "s1"


def walk(  # noqa: PLR0913 - each bounds or sets the walk
    flow: Flow,
    *,
    flows: Iterable[Flow] = (),
    by: Literal["paths", "ways"] = "paths",
    modality: Modality = "voice",
    language: str = "",
    calendars: Mapping[str, BusinessCalendar] | None = None,
    values: Mapping[str, Any] | None = None,
    now: Instant = 0,
    acts: int = 30,
    cases: int = 1_000,
) -> Iterator[Case]:
    """Go through the paths of a flow, from its start to an end, a person, or a bound.

    Args:
        flow: the flow.
        flows: others that it calls.
        by: `paths`, or `ways` (see above).
        modality, language, calendars, values, now: as in `simulate`. Where the flow looks at hours,
            the next change of each calendar is tried too.
        acts: how many things are done in one case at most.
        cases: how many cases at most.

    Yields:
        The cases. None takes one way twice, except where a question is asked again.

    Raises:
        ConfigurationError: a bound below 1, or a text in a flow does not parse.
        MissingNode: a way leads nowhere; `lint.check` finds all of these.
    """
    for field, bound in (("acts", acts), ("cases", cases)):
        if bound < 1:
            raise ConfigurationError(f"walk.{field}: {bound} is no bound; at least 1")
    every = [flow, *flows]
    machine = Machine(every, calendars=calendars)
    walker = _Walker(machine, every, acts, by == "ways")
    left = cases
    for start in _starts(flow, every, calendars or {}, now):
        first = Case(flow.id, modality, language, *start, (), (), "stuck", flow.start)
        simulation = _start(machine, first, values)
        for case in walker.walk(first, simulation):
            yield case
            left -= 1
            if not left:
                return


def _start(
    machine: Machine, case: Case, values: Mapping[str, Any] | None = None
) -> Simulation:
    turn = machine.start(
        case.flow,
        session=case.session,
        modality=case.modality,
        language=case.language,
        values=values,
        now=case.now,
    )
    return Simulation(machine, turn, {}, {}, usual=False)


def _starts(
    flow: Flow,
    flows: Iterable[Flow],
    calendars: Mapping[str, BusinessCalendar],
    now: Instant,
) -> Iterator[tuple[str, Instant]]:
    """Go through the sessions and instants to begin with."""
    nodes = [node for one in flows for node in one.nodes.values()]
    yield _FIRST, now
    if any(isinstance(node, Hours) for node in nodes):
        changes = (calendar.next_change(now) for calendar in calendars.values())
        yield from ((_FIRST, at) for at in dict.fromkeys(changes) if at is not None)
    if any(isinstance(node, Split) for node in nodes):
        yield from ((f"s{number}", now) for number in range(2, _SESSIONS + 1))
