"""Every way through a flow, up to a bound, as test cases.

Rule: a walk drives the real machine, through the same `Simulation` that tests use. So a case is a
row of things that a customer and an application did, it replays to the same end, and printed it is
the test that does so. Functions of the application are not called: what they might answer is read
off the conditions that look at it.

A walk by `paths` takes every path; there can be many, for each question multiplies them. A walk by
`ways` goes on from each situation only once (a node, what is known of it that conditions look at,
and counts), and tells a case only if it takes a way that none before it took, or ends badly. So it
takes every way that there is in few cases.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, Literal, TypeAlias

from msgspec.structs import replace

from tongdai.errors import ConfigurationError, MissingNode
from tongdai.ivr import effects, events
from tongdai.ivr.checks import check_number
from tongdai.ivr.flow import Flow
from tongdai.ivr.machine import Machine
from tongdai.ivr.nodes import Hours, Menu, Node, Split
from tongdai.ivr.prompts import Modality
from tongdai.ivr.samples import Act, attempts, samples
from tongdai.ivr.session import Session
from tongdai.ivr.simulate import Simulation
from tongdai.ivr.texts import beginnings, texts
from tongdai.model.calendar import BusinessCalendar
from tongdai.model.personal import Value
from tongdai.model.time import Instant

Ending: TypeAlias = Literal["ended", "handed off", "bound", "known", "missing", "round", "stuck"]
"""How a case ends: with the session; with a person; at the bound; in a situation that another case
goes on from; at a node that is not there; going round by itself; or waiting for what never comes.
What is `missing` or goes `round` cannot be replayed to an end; lint says what is wrong there."""

_USUAL: Final = (effects.ScheduleCallBack, effects.StartRecording, effects.TransferContact)
_ASKING: Final = ("listening", "speaking", "secure", "understanding")
_SESSIONS: Final = 16  # that a split is tried with


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
        values: what is known at the start.
        usual: whether nothing was asked of the shell that usually goes well (see `simulate`).
    """

    flow: str
    modality: Modality
    language: str
    session: str
    now: Instant
    acts: tuple[Act, ...]
    path: tuple[tuple[str, str], ...]
    end: Ending
    node: str
    reason: str = ""
    values: Mapping[str, Any] = {}
    usual: bool = True

    def replay(self, machine: Machine) -> Simulation:
        """Do it once more.

        Raises:
            AssertionError: the flow goes another way by now; the text is the conversation.
        """
        simulation = _start(machine, self)
        for act in self.acts:
            getattr(simulation, act.method)(*act.given)
        return simulation.settle()

    def __str__(self) -> str:
        """Give the test that takes this path."""
        facts = [f"modality={self.modality!r}"] if self.modality != "voice" else []
        facts += [f"language={self.language!r}"] if self.language else []
        facts += [f"session={self.session!r}"] if self.session != _FIRST else []
        facts += [f"now={self.now}"] if self.now else []
        facts += [f"values={dict(self.values)!r}"] if self.values else []
        facts += [] if self.usual else ["usual=False"]
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
    steps: int = 10_000,
) -> Iterator[Case]:
    """Go through the paths of a flow, from its start to an end, a person, or a bound.

    Args:
        flow: the flow.
        flows: others that it calls.
        by: `paths`, or `ways` (see above).
        modality: how the sessions talk.
        language: in which language.
        calendars: calendars by name. Where a flow looks at hours, the next change of each calendar
            is tried as a beginning too.
        values: what is known at the start.
        now: the instant of the start.
        acts: how many things are done in one case at most.
        cases: how many cases at most.
        steps: how many steps are tried at most, in all: what a flow looks at may differ in so many
            ways that no end of new cases would be found.

    Yields:
        The cases. None takes one way twice, except where a question is asked again.

    Raises:
        ConfigurationError: a bound below 1, another way to walk, or a text does not parse.
        MissingNode: a way leads nowhere; `lint.check` finds all of these.
    """
    for field, bound in (("acts", acts), ("cases", cases), ("steps", steps)):
        check_number(bound, f"walk.{field}", 1)
    if by not in ("paths", "ways"):
        raise ConfigurationError(f"walk.by: {by!r:.40} is not one of paths, ways")
    every = [flow, *flows]
    walker = _Walker(Machine(every, calendars=calendars), every, acts, by, steps)
    starts = [
        Case(flow.id, modality, language, *start, (), (), "stuck", flow.start, "", values or {})
        for start in _starts(every, calendars or {}, now)
    ]
    yield from islice((case for start in starts for case in walker.walk(start)), cases)


def _start(machine: Machine, case: Case) -> Simulation:
    turn = machine.start(
        case.flow,
        session=case.session,
        modality=case.modality,
        language=case.language,
        values=case.values,
        now=case.now,
    )
    return Simulation(machine, turn, {}, {}, usual=False)


def _starts(
    flows: Iterable[Flow], calendars: Mapping[str, BusinessCalendar], now: Instant
) -> Iterator[tuple[str, Instant]]:
    """Go through the sessions and instants to begin with."""
    nodes = [node for one in flows for node in one.nodes.values()]
    yield _FIRST, now
    if any(isinstance(node, Hours) for node in nodes):
        changes = (calendar.next_change(now) for calendar in calendars.values())
        yield from ((_FIRST, at) for at in dict.fromkeys(changes) if at is not None)
    if any(isinstance(node, Split) for node in nodes):
        yield from ((f"s{number}", now) for number in range(2, _SESSIONS + 1))


class _Walker:
    """Tries whatever can be done wherever a session comes to."""

    def __init__(
        self,
        machine: Machine,
        flows: Iterable[Flow],
        acts: int,
        by: Literal["paths", "ways"],
        steps: int,
    ) -> None:
        self._machine = machine
        self._flows = {(flow.id, flow.version): flow for flow in flows}
        self._acts = acts
        self._steps = steps
        self._by_ways = by == "ways"
        self._samples = samples(self._flows.values())
        self._looked = _looked(self._flows.values())
        self._known: set[object] = set()
        self._taken: set[tuple[str, str, str]] = set()
        self._told: set[object] = set()
        self._hung_up: set[object] = set()

    def walk(self, start: Case) -> Iterator[Case]:
        try:
            first = _start(self._machine, start).settle()
        except MissingNode as error:
            yield replace(start, end="missing", reason=str(error))
            return
        except AssertionError as error:
            yield replace(start, end="round", reason=str(error).partition("\n")[0])
            return
        todo: deque[tuple[Simulation, tuple[Act, ...]]] = deque([(first, ())])
        while todo:  # ways in breadth, so that cases are short; paths in depth, as people read them
            simulation, acts = todo.popleft() if self._by_ways else todo.pop()
            tries = self._tries(simulation, acts)
            ending, further_on = self._ending(start, simulation, acts, tries)
            if ending is not None:
                yield from self._case(start, simulation, acts, ending)
            if not further_on:
                continue
            further: list[tuple[Simulation, tuple[Act, ...]]] = []
            tries = tries[: max(0, self._steps)]
            self._steps -= len(tries)
            for act in tries:
                fork = simulation.fork()
                try:
                    getattr(fork, act.method)(*act.given).settle()
                except MissingNode as error:
                    yield from self._case(start, fork, (*acts, act), "missing", str(error))
                except AssertionError as error:
                    why = str(error).partition("\n")[0]
                    yield from self._case(start, fork, (*acts, act), "round", why)
                else:
                    further.append((fork, (*acts, act)))
            todo.extend(further if self._by_ways else reversed(further))

    def _ending(
        self, start: Case, simulation: Simulation, acts: tuple[Act, ...], tries: Sequence[Act]
    ) -> tuple[Ending | None, bool]:
        """Return how a case ends here, if one does, and whether it is tried to go on."""
        session = simulation.session
        handed_off: Ending | None = "handed off" if session.phase == "handed_off" else None
        if session.ended:
            return "ended", False
        if self._by_ways:
            situation = (start.session, start.now, self._situation(session))
            if situation in self._known:
                return handed_off or "known", False
            self._known.add(situation)
        if len(acts) >= self._acts:
            return handed_off or "bound", False
        return (handed_off if tries else handed_off or "stuck"), True

    def _case(
        self,
        start: Case,
        simulation: Simulation,
        acts: tuple[Act, ...],
        end: Ending,
        why: str = "",
    ) -> Iterator[Case]:
        """Give a case, unless it tells nothing new."""
        session = simulation.session
        moves = [event for event in simulation.events if isinstance(event, events.Moved)]
        path = tuple((event.node, event.outcome) for event in moves)
        ways = {(session.flow, *way) for way in path}
        new = not ways <= self._taken
        told = (tuple(map(str, acts)), path)  # (an act may hold an object, which has no hash)
        usual_end = end == "known" or (self._by_ways and end in ("ended", "handed off"))
        if (usual_end and not new) or told in self._told:
            return
        self._taken |= ways
        self._told.add(told)
        reason = why or (simulation.asked if end == "handed off" else session.reason)
        usual = not any(isinstance(effect, _USUAL) for effect in simulation.effects)
        yield replace(
            start,
            acts=acts,
            path=path,
            end=end,
            node=session.node,
            reason=reason,
            usual=usual,
        )

    def _situation(self, session: Session) -> object:
        """Return what decides how a session can go on."""
        values = sorted(
            (name, "a secret" if name in session.secrets else repr(value))
            for name, value in session.values.items()
            if name in self._looked
        )
        counting = session.retrying or session.phase in _ASKING
        return (
            (session.flow, session.version, session.node, session.phase, session.keys),
            (session.asking, session.no_input, session.no_match) if counting else (),
            (session.language, session.cleaning, tuple(sorted(session.loops.items()))),
            tuple((frame.flow, frame.node) for frame in session.stack),
            tuple(values),
        )

    def _tries(self, simulation: Simulation, acts: tuple[Act, ...]) -> list[Act]:
        """Return what can be done to a session as it stands."""
        session = simulation.session
        if session.ended:
            return []
        flow = self._flows[session.flow, session.version]
        node = flow.nodes[session.node]
        found = attempts(flow, node, simulation, self._samples)
        tried = list({str(act): act for act in found}.values())
        if not self._by_ways:  # choosing the same once more leads round
            at = session.node
            tried = [act for act in tried if not _again(act, acts, at, node, simulation)]
        place = (session.flow, session.version, session.node)
        if flow.on_hangup and not session.cleaning and place not in self._hung_up:
            self._hung_up.add(place)
            tried.append(Act("hangs_up"))
        return tried


def _again(act: Act, acts: tuple[Act, ...], at: str, node: Node, simulation: Simulation) -> bool:
    """Return whether a menu would be answered by a choice that was made there before."""
    if not isinstance(node, Menu) or act.method == "waits" or act not in acts:
        return False
    chosen = act.given[0]
    moves = (event for event in simulation.events if isinstance(event, events.Moved))
    return any(event.node == at and event.outcome == f"choices[{chosen}]" for event in moves)


def _looked(flows: Iterable[Flow]) -> set[str]:
    """Return the names that can decide where a session goes, and what they are part of."""
    found: set[str] = set()
    for flow in flows:
        for node in flow.nodes.values():
            for text in texts(node):
                if text.use not in ("said", "asked"):
                    found.update(part for name in text.known_names() for part in beginnings(name))
    return found
