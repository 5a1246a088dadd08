"""What happened in a session: nouns with a participle.

Rule: events are facts; applying them in order gives the session, and nothing is decided on the way.
Each names its session and carries its own instant `at`, and the id of the input that caused it, if
that had one. What a customer keyed or said is marked as personal. Secrets stand in none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from tongdai.ivr.prompts import Modality
from tongdai.model.personal import Personal, PersonalText, Value
from tongdai.model.time import Instant

PersonalValues: TypeAlias = Annotated[Mapping[str, Any], Personal]
"""Values by name; any of them may say something about somebody."""


class Event(Value, frozen=True, kw_only=True, tag=True):
    """The base of all events.

    Attributes:
        at: when it happened.
        cause: the id of the input that caused it; empty where that had none, or time did.
    """

    at: Instant = 0
    cause: str = ""


# --- the whole session ----------------------------------------------------------------------------


class SessionStarted(Event, frozen=True):
    """A session began in a flow's first node."""

    session: str
    flow: str
    version: str
    hash: str
    node: str
    modality: Modality
    language: str
    values: Annotated[Mapping[str, Any], Personal] = {}


class CleanUpStarted(Event, frozen=True, gc=False):
    """The customer is gone, and the clean-up begins; `node` is empty where the flow has none."""

    session: str
    flow: str
    version: str
    hash: str
    node: str


class SessionEnded(Event, frozen=True, gc=False):
    """The session is over.

    Attributes:
        reason: `end` (an `End` node), `hang_up`, `handed_off`, `unwired` (an outcome led nowhere),
            or `error.spin` (the flow went round without ever waiting).
    """

    session: str
    reason: str


class SessionMigrated(Event, frozen=True):
    """The session moved to another version of its flow.

    Attributes:
        nodes: what nodes are called there, by what they were called.
    """

    session: str
    version: str
    hash: str
    nodes: Mapping[str, str] = {}


class InputIgnored(Event, frozen=True, gc=False):
    """An input came that meant nothing where the session is; what it said is not kept."""

    session: str
    input: str
    reason: str


# --- moving ---------------------------------------------------------------------------------------


class Moved(Event, frozen=True, gc=False):
    """A node was left by one of its outcomes.

    Attributes:
        node: the node that was left.
        outcome: its name, as `outcomes` gives it.
        to: the node that was entered; empty where the outcome leads nowhere.
        grace, late: until when this terminator still belongs to the answer; 0 for none.
    """

    session: str
    node: str
    outcome: str
    to: str
    grace: Instant = 0
    late: str = ""


class FlowEntered(Event, frozen=True, gc=False):
    """Another flow goes on, at its first node; `returns` tells whether this one comes back."""

    session: str
    flow: str
    version: str
    hash: str
    node: str
    returns: bool = False


class FlowReturned(Event, frozen=True, gc=False):
    """The flow that was called has ended; its caller goes on behind the node that called."""

    session: str
    flow: str
    version: str
    hash: str
    node: str


class NodeSkipped(Event, frozen=True, gc=False):
    """A node was reached that nothing can run: what an importer could not read."""

    session: str
    node: str
    kind: str


class LoopCounted(Event, frozen=True, gc=False):
    """A loop has gone round so often; 0 when it is done."""

    session: str
    loop: str
    count: int


# --- talking --------------------------------------------------------------------------------------


class Spoken(Event, frozen=True, gc=False):
    """A prompt began; its number makes its token. A `wait` plays its prompts in turn."""

    session: str
    node: str
    prompt: int
    turn: int = 0


class Asked(Event, frozen=True, gc=False):
    """A question was put.

    Attributes:
        key: which question it is, whatever its node is called elsewhere.
        prompt: the number of its prompt, which makes its token; 0 where nothing is played.
        again: whether it was put before and its counters go on.
        timer, until: the deadline; 0 while the prompt is played.
        secure: the shell collects a secret.
    """

    session: str
    node: str
    key: str
    prompt: int
    again: bool = False
    timer: int = 0
    until: Instant = 0
    secure: bool = False


class ListeningStarted(Event, frozen=True, gc=False):
    """The prompt is over; the first key or word may come until an instant."""

    session: str
    timer: int
    until: Instant


class KeyTaken(Event, frozen=True, gc=False):
    """A key was taken as part of the answer; the next one may come until an instant.

    Attributes:
        keys: what is keyed so far.
        ahead: what is still kept from before the question.
    """

    session: str
    keys: PersonalText
    ahead: PersonalText
    timer: int
    until: Instant


class KeyKept(Event, frozen=True, gc=False):
    """A key was pressed while nothing was asked; it is kept for the next question."""

    session: str
    key: PersonalText


class KeysDropped(Event, frozen=True, gc=False):
    """Keys that were kept are forgotten: some of them were used, or a secret is asked for.

    Attributes:
        left: what is still kept.
    """

    session: str
    left: PersonalText = ""


class TerminatorSwallowed(Event, frozen=True, gc=False):
    """A terminator came just after its answer was complete."""

    session: str


class Collected(Event, frozen=True, gc=False):
    """An answer got its name; of a secret, only the reference is known."""

    session: str
    node: str
    into: str
    value: Annotated[Any, Personal]
    secret: bool = False


class NoInputCounted(Event, frozen=True, gc=False):
    """Nothing was answered in time; `count` says how often by now."""

    session: str
    node: str
    count: int


class NoMatchCounted(Event, frozen=True, gc=False):
    """An answer was not understood; `count` says how often by now, `heard` what there was of it."""

    session: str
    node: str
    count: int
    heard: PersonalText = ""


class AskExpired(Event, frozen=True, gc=False):
    """A question was not answered over messages; a later reply goes to `expired`."""

    session: str
    node: str


# --- the application ------------------------------------------------------------------------------


class ValuesSet(Event, frozen=True, gc=False):
    """Names got values.

    Attributes:
        values: by name.
        secrets: which of the names stand for a secret.
    """

    session: str
    node: str
    values: PersonalValues
    secrets: tuple[str, ...] = ()


class SettingsChanged(Event, frozen=True, gc=False):
    """Settings were made; `language` is the session's from here on.

    Attributes:
        values, secrets: as in `ValuesSet`.
    """

    session: str
    node: str
    values: PersonalValues
    secrets: tuple[str, ...] = ()


class Called(Event, frozen=True, gc=False):
    """Something was asked of the shell, and the session waits for the answer.

    Attributes:
        call: its number, which makes its id.
        what: a function's name, or `record`, `transfer`, `callback`, `understand`.
        timer, until: the deadline; 0 for none. For a call-back, `until` is when to call at the
            earliest.
        heard: what there is to understand.
    """

    session: str
    node: str
    call: int
    what: str
    timer: int = 0
    until: Instant = 0
    heard: PersonalText = ""


class Answered(Event, frozen=True, gc=False):
    """The shell has answered; `into` is empty where nothing is kept."""

    session: str
    node: str
    outcome: str
    into: str = ""
    value: Annotated[Any, Personal] = None


class WaitStarted(Event, frozen=True, gc=False):
    """A wait began; 0 is one without an end."""

    session: str
    node: str
    timer: int
    until: Instant


class HandedOff(Event, frozen=True, gc=False):
    """The contact was given to a queue; no flow owns it until the queue gives it back."""

    session: str
    node: str
    call: int
    queue: str


AnyEvent: TypeAlias = (
    SessionStarted
    | CleanUpStarted
    | SessionEnded
    | SessionMigrated
    | InputIgnored
    | Moved
    | FlowEntered
    | FlowReturned
    | NodeSkipped
    | LoopCounted
    | Spoken
    | Asked
    | ListeningStarted
    | KeyTaken
    | KeyKept
    | KeysDropped
    | TerminatorSwallowed
    | Collected
    | NoInputCounted
    | NoMatchCounted
    | AskExpired
    | ValuesSet
    | SettingsChanged
    | Called
    | Answered
    | WaitStarted
    | HandedOff
)
"""Everything that can stand in a session's history."""
