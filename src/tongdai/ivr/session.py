"""One customer's way through a flow, as a value.

Rule: a session changes only by applying an event, and applying decides nothing; so a session is the
fold of its events, and replaying them needs no flow. It is plain data: encode it, decode it a week
later, go on. `revision` grows with every event; who stores sessions replaces the revision that was
read, and of two steps on one revision the second is told (`SessionConflict`).

A session never holds a secret, only what stands for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias, cast

from msgspec.structs import replace

from tongdai.errors import IllegalInput
from tongdai.ivr import events
from tongdai.ivr.prompts import Modality
from tongdai.model.codec import decode, encode
from tongdai.model.personal import Personal, PersonalText, Value
from tongdai.model.time import Instant

Phase: TypeAlias = Literal[
    "moving",
    "speaking",
    "listening",
    "secure",
    "calling",
    "understanding",
    "waiting",
    "handed_off",
    "expired",
    "ended",
]
"""What a session waits for: a prompt's end, an answer, a secret, the application, somebody who
makes sense of an answer, time, a queue, a reply that is already too late, or nothing any more.
Between two nodes it is `moving`; no step ends there."""

MOST_SEEN = 8  # ids of inputs that are remembered
MOST_AHEAD = 32  # keys that are kept for the next question

_RETRIES = frozenset({"no_input", "no_match"})


class Frame(Value, frozen=True, gc=False):
    """A flow that has called another: where to go on when that has ended."""

    flow: str
    version: str
    hash: str
    node: str


class Session(Value, frozen=True, gc=False):
    """Where a customer stands in a flow.

    Attributes:
        id: the caller's id.
        flow, version, hash: the flow that runs, and what its graph must be.
        node: the node at hand.
        modality, language: how it talks.
        phase: what it waits for.
        revision: how many events it has seen.
        at: when the last one happened.
        values: what is known, by name.
        secrets: names whose value stands for a secret.
        stack: flows that have called, the innermost last.
        count: the last number that was given to a prompt, a timer or a call.
        prompt, timer, call: the numbers of those that are under way; 0 for none.
        until: when the timer is due.
        turn: which of a wait's prompts is played.
        keys: what is keyed of the answer.
        ahead: keys that were pressed before the question.
        late, grace: a terminator that still belongs to the last answer, and until when.
        asking: the question that the counters belong to.
        no_input, no_match: how often these have happened there.
        retrying: whether one of them has led away from the question and may lead back.
        loops: how often each loop has gone round.
        cleaning: whether the customer is gone and the clean-up runs.
        reason: why it ended; empty while it has not.
        seen: ids of the last inputs.
    """

    id: str
    flow: str
    version: str
    hash: str
    node: str
    modality: Modality = "voice"
    language: str = ""
    phase: Phase = "moving"
    revision: int = 1
    at: Instant = 0
    values: Annotated[Mapping[str, Any], Personal] = {}
    secrets: tuple[str, ...] = ()
    stack: tuple[Frame, ...] = ()
    count: int = 0
    prompt: int = 0
    timer: int = 0
    call: int = 0
    until: Instant = 0
    turn: int = 0
    keys: PersonalText = ""
    ahead: PersonalText = ""
    late: str = ""
    grace: Instant = 0
    asking: str = ""
    no_input: int = 0
    no_match: int = 0
    retrying: bool = False
    loops: Mapping[str, int] = {}
    cleaning: bool = False
    reason: str = ""
    seen: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        """Whether it is over."""
        return self.phase == "ended"

    def token(self, number: int) -> str:
        """Return the token or call of a number, as effects carry it."""
        return f"{self.id}/{number}"

    def encode(self) -> bytes:
        """Return the session as JSON."""
        return encode(self)

    @classmethod
    def decode(cls, data: bytes) -> Session:
        """Return a session from what `encode` wrote.

        Raises:
            IllegalInput: the bytes are no session; the error names the path.
        """
        return cast("Session", decode(data, Session))


def apply(session: Session | None, event: events.AnyEvent) -> Session:
    """Return the session after one more event; `None` is what stands before the first.

    Raises:
        IllegalInput: the event is another session's, or the first one is no `SessionStarted`.
    """
    if isinstance(event, events.SessionStarted):
        if session is not None:
            raise IllegalInput(f"apply: session {session.id!r} has started already")
        return started(event)
    if type(event) not in APPLIERS:
        raise IllegalInput(f"apply: {type(event).__name__} is not an event of a session")
    if session is None:
        raise IllegalInput("apply: a session begins with SessionStarted")
    if event.session != session.id:
        raise IllegalInput(f"apply: the event is of session {event.session!r}, not {session.id!r}")
    after = APPLIERS[type(event)](session, event)
    return seen(after, event.cause)


def started(event: events.SessionStarted) -> Session:
    """Return the session that has just begun."""
    return Session(
        event.session,
        event.flow,
        event.version,
        event.hash,
        event.node,
        event.modality,
        event.language,
        at=event.at,
        values=event.values,
        seen=(event.cause,) if event.cause else (),
    )


def seen(session: Session, cause: str) -> Session:
    """Return the session with one more input's id remembered."""
    if not cause or cause in session.seen:
        return session
    return replace(session, seen=(*session.seen, cause)[-MOST_SEEN:])


# --- how each event changes it (`count` follows the numbers that events give out) -----------------


def _clean_up_started(session: Session, event: events.CleanUpStarted) -> Session:
    return replace(
        _idle(session, event),
        flow=event.flow,
        version=event.version,
        hash=event.hash,
        node=event.node,
        stack=(),
        cleaning=True,
    )


def _ended(session: Session, event: events.SessionEnded) -> Session:
    return replace(
        _idle(session, event), phase="ended", reason=event.reason, keys="", ahead="", stack=()
    )


def _migrated(session: Session, event: events.SessionMigrated) -> Session:
    old = {f"{session.flow}/{name}": f"{session.flow}/{to}" for name, to in event.nodes.items()}
    frames = tuple(
        replace(
            frame,
            version=event.version,
            hash=event.hash,
            node=event.nodes.get(frame.node, frame.node),
        )
        if same_flow(session, frame)
        else frame
        for frame in session.stack
    )
    return replace(
        session,
        version=event.version,
        hash=event.hash,
        node=event.nodes.get(session.node, session.node),
        stack=frames,
        asking=old.get(session.asking, session.asking),
        loops={old.get(loop, loop): count for loop, count in session.loops.items()},
        at=event.at,
        revision=session.revision + 1,
    )


def same_flow(session: Session, frame: Frame) -> bool:
    """Return whether a caller is the very flow that runs."""
    return (frame.flow, frame.version) == (session.flow, session.version)


def _moved(session: Session, event: events.Moved) -> Session:
    if session.phase == "moving":  # (the node did not wait, so nothing is under way)
        return replace(
            session,
            node=event.to,
            retrying=_retries(session, event),
            at=event.at,
            revision=session.revision + 1,
        )
    return replace(
        session,
        node=event.to,
        phase="moving",
        grace=event.grace or session.grace,
        late=event.late or session.late,
        prompt=0,
        timer=0,
        call=0,
        until=0,
        turn=0,
        keys="",
        retrying=_retries(session, event),
        at=event.at,
        revision=session.revision + 1,
    )


def _retries(session: Session, event: events.Moved) -> bool:
    """Return whether a way has led away from a question that was not answered, and may lead back.

    (What is no question can have a `no_input` too.)
    """
    if session.retrying or event.outcome not in _RETRIES:
        return session.retrying
    return session.asking == f"{session.flow}/{event.node}"


def _flow_entered(session: Session, event: events.FlowEntered) -> Session:
    frame = Frame(session.flow, session.version, session.hash, session.node)
    return replace(
        _idle(session, event),
        flow=event.flow,
        version=event.version,
        hash=event.hash,
        node=event.node,
        stack=(*session.stack, frame) if event.returns else session.stack,
    )


def _flow_returned(session: Session, event: events.FlowReturned) -> Session:
    return replace(
        _idle(session, event),
        flow=event.flow,
        version=event.version,
        hash=event.hash,
        node=event.node,
        stack=session.stack[:-1],
    )


def _loop_counted(session: Session, event: events.LoopCounted) -> Session:
    loops = {**session.loops, event.loop: event.count}
    if not event.count:
        del loops[event.loop]
    return replace(session, loops=loops, at=event.at, revision=session.revision + 1)


def _spoken(session: Session, event: events.Spoken) -> Session:
    return replace(
        session,
        phase="waiting" if session.phase == "waiting" else "speaking",
        prompt=event.prompt,
        count=max(session.count, event.prompt),
        turn=event.turn,
        at=event.at,
        revision=session.revision + 1,
    )


def _asked(session: Session, event: events.Asked) -> Session:
    if not event.again and (session.no_input or session.no_match):
        session = replace(session, no_input=0, no_match=0)
    return replace(
        session,
        phase="secure" if event.secure else "listening" if event.timer else "speaking",
        asking=event.key,
        retrying=False,
        prompt=event.prompt,
        timer=event.timer,
        until=event.until,
        count=event.timer or event.prompt,
        keys="",
        at=event.at,
        revision=session.revision + 1,
    )


def _listening_started(session: Session, event: events.ListeningStarted) -> Session:
    return replace(
        session,
        phase="listening",
        timer=event.timer,
        until=event.until,
        count=event.timer,
        at=event.at,
        revision=session.revision + 1,
    )


def _key_taken(session: Session, event: events.KeyTaken) -> Session:
    return replace(
        session,
        phase="listening",
        keys=event.keys,
        ahead=event.ahead,
        grace=0,  # (a terminator behind this key is this key's)
        timer=event.timer,
        until=event.until,
        count=event.timer,
        at=event.at,
        revision=session.revision + 1,
    )


def _key_kept(session: Session, event: events.KeyKept) -> Session:
    return replace(
        session,
        ahead=session.ahead + event.key,
        grace=0,  # (as above)
        at=event.at,
        revision=session.revision + 1,
    )


def _keys_dropped(session: Session, event: events.KeysDropped) -> Session:
    return replace(session, ahead=event.left, at=event.at, revision=session.revision + 1)


def _terminator_swallowed(session: Session, event: events.TerminatorSwallowed) -> Session:
    return replace(session, late="", grace=0, at=event.at, revision=session.revision + 1)


def _collected(session: Session, event: events.Collected) -> Session:
    return _valued(session, event, {event.into: event.value}, (event.into,) if event.secret else ())


def _no_input_counted(session: Session, event: events.NoInputCounted) -> Session:
    return replace(_idle(session, event), no_input=event.count)


def _no_match_counted(session: Session, event: events.NoMatchCounted) -> Session:
    return replace(_idle(session, event), no_match=event.count, ahead="")


def _ask_expired(session: Session, event: events.AskExpired) -> Session:
    return replace(_idle(session, event), phase="expired")


def _values_set(session: Session, event: events.ValuesSet) -> Session:
    return _valued(session, event, event.values, event.secrets)


def _settings_changed(session: Session, event: events.SettingsChanged) -> Session:
    language = event.values.get("language", session.language)
    return replace(_valued(session, event, event.values, event.secrets), language=language)


def _called(session: Session, event: events.Called) -> Session:
    return replace(
        session,
        phase="understanding" if event.what == "understand" else "calling",
        prompt=0,
        call=event.call,
        timer=event.timer,
        until=event.until,
        count=event.timer or event.call,
        keys=event.heard,
        at=event.at,
        revision=session.revision + 1,
    )


def _answered(session: Session, event: events.Answered) -> Session:
    values = {event.into: event.value} if event.into else {}
    return _valued(_idle(session, None), event, values, ())


def _wait_started(session: Session, event: events.WaitStarted) -> Session:
    return replace(
        session,
        phase="waiting",
        timer=event.timer,
        until=event.until,
        count=event.timer or session.count,
        at=event.at,
        revision=session.revision + 1,
    )


def _handed_off(session: Session, event: events.HandedOff) -> Session:
    return replace(
        session,
        phase="handed_off",
        call=event.call,
        count=event.call,
        at=event.at,
        revision=session.revision + 1,
    )


def _noted(session: Session, event: events.Event) -> Session:
    return replace(session, at=event.at, revision=session.revision + 1)


def _idle(session: Session, event: events.Event | None) -> Session:
    """Return the session with nothing under way any more."""
    return replace(
        session,
        phase="moving",
        prompt=0,
        timer=0,
        call=0,
        until=0,
        turn=0,
        keys="",
        at=session.at if event is None else event.at,
        revision=session.revision + (event is not None),
    )


def _valued(
    session: Session, event: events.Event, values: Mapping[str, Any], secrets: tuple[str, ...]
) -> Session:
    if secrets or session.secrets:
        kept = (name for name in session.secrets if name not in values)
        session = replace(session, secrets=(*kept, *secrets))
    known = {**session.values, **values} if values else session.values
    return replace(session, values=known, at=event.at, revision=session.revision + 1)


APPLIERS: Final[Mapping[type[events.Event], Callable[[Session, Any], Session]]] = {
    events.CleanUpStarted: _clean_up_started,
    events.SessionEnded: _ended,
    events.SessionMigrated: _migrated,
    events.InputIgnored: _noted,
    events.Moved: _moved,
    events.FlowEntered: _flow_entered,
    events.FlowReturned: _flow_returned,
    events.NodeSkipped: _noted,
    events.LoopCounted: _loop_counted,
    events.Spoken: _spoken,
    events.Asked: _asked,
    events.ListeningStarted: _listening_started,
    events.KeyTaken: _key_taken,
    events.KeyKept: _key_kept,
    events.KeysDropped: _keys_dropped,
    events.TerminatorSwallowed: _terminator_swallowed,
    events.Collected: _collected,
    events.NoInputCounted: _no_input_counted,
    events.NoMatchCounted: _no_match_counted,
    events.AskExpired: _ask_expired,
    events.ValuesSet: _values_set,
    events.SettingsChanged: _settings_changed,
    events.Called: _called,
    events.Answered: _answered,
    events.WaitStarted: _wait_started,
    events.HandedOff: _handed_off,
}
"""What each event does to a session."""
