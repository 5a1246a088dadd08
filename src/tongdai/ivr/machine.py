"""The machine that drives sessions through flows.

Rule: it is pure. A session, an input and an instant go in; a session, what happened and what to do
come out, and the same goes in twice gives the same out twice. Before it looks at the input it lives
through every deadline up to now, each at its own instant, so how promptly timers are delivered
cannot change what happens. An input for something that is over changes nothing.

What raises has changed nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast

from tongdai.errors import (
    ConfigurationError,
    IllegalInput,
    MissingFlow,
    did_you_mean,
)
from tongdai.ivr import effects, entering, events, taking
from tongdai.ivr.ahead import leave_room_for_secrets
from tongdai.ivr.effects import AnyEffect
from tongdai.ivr.events import AnyEvent
from tongdai.ivr.flow import Flow, several_flows
from tongdai.ivr.inputs import AnyInput
from tongdai.ivr.plain import kept
from tongdai.ivr.prompts import Modality, check_modality
from tongdai.ivr.ready import ReadyFlow
from tongdai.ivr.run import Run
from tongdai.ivr.session import Session, apply, same_flow, started
from tongdai.model.calendar import BusinessCalendar
from tongdai.model.ids import check_id
from tongdai.model.personal import Value
from tongdai.model.text import check_text
from tongdai.model.time import Instant, checked

_FAR: Final = 2**56  # instants below this are in no year that is too late
_ASKED: Final = frozenset({"calling", "understanding", "handed_off"})
_NOWHERE: Final = ReadyFlow(Flow("none", start="none", nodes={}))  # where ended sessions are


class Turn(Value, frozen=True, gc=False):
    """What a step gives.

    Attributes:
        session: the session after it.
        events: what happened, in order.
        effects: what the shell must do, in order.
    """

    session: Session
    events: tuple[AnyEvent, ...] = ()
    effects: tuple[AnyEffect, ...] = ()


class Machine:
    """Drives sessions through flows. It holds flows and calendars, and no session.

    Attributes:
        calendars: calendars by name, for `Hours`.
    """

    def __init__(
        self, flows: Iterable[Flow], *, calendars: Mapping[str, BusinessCalendar] | None = None
    ) -> None:
        """Make flows ready to run.

        Args:
            flows: the flows; of several versions of one, new sessions start in the last.
            calendars: calendars by name.

        Raises:
            ConfigurationError: a flow twice, or a text in one does not parse (names flow and node);
                or something is no flow, or no calendar.
        """
        self.calendars = _calendars({} if calendars is None else calendars)
        self._flows: dict[tuple[str, str], ReadyFlow] = {}
        self._newest: dict[str, ReadyFlow] = {}
        for flow in several_flows(flows, "Machine.flows"):
            if (flow.id, flow.version) in self._flows:
                raise ConfigurationError(
                    f"Machine.flows: flow {flow.id!r} is there twice in version {flow.version!r}"
                )
            self._flows[flow.id, flow.version] = self._newest[flow.id] = ReadyFlow(flow)
        leave_room_for_secrets(self._flows.values())

    # --- flows ----------------------------------------------------------------------------------

    def newest(self, flow: str) -> ReadyFlow | None:
        """Return the version of a flow in which new sessions start, or `None`."""
        return self._newest.get(flow)

    def ready(self, flow: str, version: str, hash: str) -> ReadyFlow:  # noqa: A002
        """Return the very flow that a session is on.

        Raises:
            MissingFlow: there is no such flow or version, or its graph is another.
        """
        found = self._flows.get((flow, version))
        if found is not None and found.hash == hash:
            return found
        if found is not None:
            what = f"version {version!r} is another graph than when the session began"
        elif flow in self._newest:
            what = f"there is no version {version!r}"
        else:
            what = f"there is no such flow.{did_you_mean(flow, self._newest)}"
        mend = "give the machine that flow as well, or migrate the session"
        raise MissingFlow(f"flow {flow!r}: {what}; {mend}", flow, version)

    # --- sessions -------------------------------------------------------------------------------

    def start(  # noqa: PLR0913 - each is a fact about the session
        self,
        flow: str,
        *,
        session: str,
        now: Instant,
        modality: Modality = "voice",
        language: str = "",
        values: Mapping[str, Any] | None = None,
        id: str = "",
    ) -> Turn:
        """Start a session.

        Args:
            flow: the flow's id.
            session: the session's id, without `/`.
            now: the instant.
            modality: how it talks.
            language: in which language; empty takes the flow's first.
            values: what is known already, by name.
            id: an id of this start as an input.

        Raises:
            MissingFlow, MissingNode: the flow, or a node that it leads to, is not there.
            IllegalInput, ConfigurationError: an argument is wrong; names it.
        """
        check_id(session, "start.session")
        check_modality(modality, "start.modality")
        check_text(language, "start.language")
        check_text(id, "start.id")
        at = checked(now)
        check_text(flow, "start.flow")
        first = self._newest.get(flow)
        if first is None:
            near = did_you_mean(flow, self._newest)
            raise MissingFlow(f"start.flow: there is no flow {flow!r:.140}.{near}", flow)
        if values is not None and not isinstance(values, Mapping):
            raise IllegalInput("start.values: expected a mapping from names to values")
        known = kept(dict(values or {}), "start.values")
        event = events.SessionStarted(
            session,
            first.flow.id,
            first.flow.version,
            first.hash,
            first.flow.start,
            modality,
            language or first.fallback,
            known,
            at=at,
            cause=id,
        )
        run = Run(self, started(event), first, at, id)
        run.events.append(event)
        run.next = first.flow.start
        entering.settle(run)
        return _turn(run)

    def step(self, session: Session, input: AnyInput, now: Instant) -> Turn:
        """Take a session further by one input.

        The instant never runs backwards: an earlier one counts as the session's last.

        Raises:
            IllegalInput: the input is none, or says what cannot be.
            MissingFlow: the session's flow is not there as it was.
            MissingNode: the session's node, or one that a way leads to, is not there.
        """
        handler = taking.HANDLERS.get(type(input))
        if handler is None or type(session) is not Session:
            raise IllegalInput(_no_step(session, input))
        at = now if type(now) is int and session.at <= now < _FAR else checked(now)
        if at < session.at:
            at = session.at
        cause = input.id
        if cause and _is_seen(session, cause):
            return Turn(session)
        if session.phase == "ended":
            run = Run(self, session, _NOWHERE, at, cause)
            taking.after_end(run, input)
            return _turn(run)
        flow = self._flows.get((session.flow, session.version))
        if flow is None or flow.hash != session.hash:
            flow = self.ready(session.flow, session.version, session.hash)  # (it raises)
        run = Run(self, session, flow, at, "")
        run.here = flow.nodes.get(session.node) or flow.node(session.node)
        ended = session.timer and taking.live(run, input, at)
        run.cause = cause
        if ended:
            taking.after_end(run, input)
            return _turn(run)
        handler(run, input)
        if run.next is not None:
            entering.settle(run)
        return Turn(run.session, tuple(run.events), run.asked())

    def apply(self, session: Session | None, event: AnyEvent) -> Session:
        """Return the session after one more event of its history; nothing is decided.

        Raises:
            IllegalInput: the event is not the session's.
        """
        return apply(session, event)

    def pending(self, session: Session) -> tuple[AnyEffect, ...]:
        """Return what a restored session still waits for: its timer, and what it asked for.

        Nothing that a node does on entry is done again: no prompt, no hand-off. What was asked of
        the application keeps its call, so that an answer to the first asking does as well.

        Raises:
            MissingFlow, MissingNode: the session's flow or node is not there.
            IllegalInput: it is no session.
        """
        _check_session(session, "pending")
        found: list[AnyEffect] = []
        run = Run(self, session, self.ready(session.flow, session.version, session.hash), 0, "")
        if session.timer:
            found.append(effects.SetTimer(session.token(session.timer), session.until))
        here = run.flow.node(session.node) if session.phase in _ASKED else None
        if here is not None and not (here.asks and here.question.function is None):
            found.append(entering.request(run, here))  # (a new version may have nobody to ask)
        return tuple(found)

    def migrate(
        self,
        session: Session,
        version: str,
        now: Instant,
        *,
        nodes: Mapping[str, str] | None = None,
    ) -> Turn:
        """Move a session to another version of its flow, which the machine has.

        Args:
            session: the session.
            version: the version to move to.
            now: the instant.
            nodes: what nodes are called there, by what they are called here; others keep their
                names.

        Raises:
            MissingFlow: there is no such version.
            MissingNode: a node where the session stands is not there.
            IllegalInput, ConfigurationError: it waits in a node that is of another kind there, or
                has ended; or an argument is wrong.
        """
        _check_session(session, "migrate")
        check_text(version, "migrate.version")
        if nodes is not None and not isinstance(nodes, Mapping):
            raise IllegalInput("migrate.nodes: expected a mapping from names to names")
        if session.phase == "ended":
            raise IllegalInput(f"migrate: session {session.id} has ended")
        to = self._flows.get((session.flow, version))
        if to is None:
            raise MissingFlow(
                f"migrate: flow {session.flow!r} has no version {version!r}", session.flow, version
            )
        names = dict(nodes or {})
        frames = [frame for frame in session.stack if same_flow(session, frame)]
        for frame in frames:
            to.node(names.get(frame.node, frame.node))
        here = self.ready(session.flow, session.version, session.hash).node(session.node)
        there = to.node(names.get(here.name, here.name))
        if type(here.node) is not type(there.node):
            raise IllegalInput(
                f"migrate.nodes: the session waits in a {type(here.node).__name__}, and "
                f"{there.name!r} is a {type(there.node).__name__}"
            )
        run = Run(self, session, to, max(checked(now), session.at), "")
        run.emit(events.SessionMigrated(session.id, version, to.hash, names))
        return _turn(run)


def _calendars(calendars: object) -> dict[str, BusinessCalendar]:
    if not isinstance(calendars, Mapping):
        raise ConfigurationError("Machine.calendars: expected a mapping from names to calendars")
    found = dict(cast("Mapping[str, BusinessCalendar]", calendars))
    for name, calendar in found.items():
        if not isinstance(calendar, BusinessCalendar):
            raise ConfigurationError(
                f"Machine.calendars[{name!r:.40}]: {type(calendar).__name__} is no BusinessCalendar"
            )
    return found


def _turn(run: Run) -> Turn:
    return Turn(run.session, tuple(run.events), run.asked())


def _is_seen(session: Session, cause: object) -> bool:
    """Return whether the input of an id was taken already.

    Raises:
        IllegalInput: the id is no text.
    """
    try:
        check_text(cause, "step.input.id")
    except ConfigurationError as error:
        raise IllegalInput(str(error)) from error
    return cause in session.seen


def _check_session(session: object, where: str) -> None:
    if type(session) is not Session:
        raise IllegalInput(f"{where}.session: {type(session).__name__} is not a Session")


def _no_step(session: object, input: object) -> str:
    if type(session) is not Session:
        return f"step.session: {type(session).__name__} is not a Session"
    return f"step.input: {type(input).__name__} is not an input, such as Press or HangUp"
