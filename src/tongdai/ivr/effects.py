"""What the shell must do: verb and noun.

Rule: an effect's `id` is made of the session, its revision and a place, and of nothing else; a step
that is tried again gives the same effects with the same ids, so whoever performs them can tell a
repeat. Timers are absolute. Tokens and calls come back in the inputs that answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

from tongdai.model.contact import Button
from tongdai.model.personal import Personal, PersonalText, Value
from tongdai.model.time import Duration, Instant


class Effect(Value, frozen=True, kw_only=True, tag=True):
    """The base of all effects.

    Attributes:
        id: `<session>/<revision>/<place>`.
    """

    id: str = ""


class Play(Effect, frozen=True, gc=False):
    """Say something: play it, or write it.

    Attributes:
        token: comes back in `PromptDone` (over voice), and in `Choose`.
        text: what to write, or to speak where there is nothing better.
        ssml, audio: for voice; `audio` is preferred, then `ssml`.
        language: in which language it is.
        barge_in: whether a key or speech cuts it short.
        buttons: choices to tap; where there are no buttons, they stand in the text as lines.
        extra: what an imported document said about it.
    """

    token: str
    text: PersonalText = ""
    ssml: PersonalText = ""
    audio: PersonalText = ""
    language: str = ""
    barge_in: bool = True
    buttons: tuple[Button, ...] = ()
    extra: Mapping[str, Any] = {}


class StopAudio(Effect, frozen=True, gc=False):
    """Stop the prompt of this token."""

    token: str


class Listen(Effect, frozen=True, gc=False):
    """Hear the customer from now on; replaces what was listened for before.

    Attributes:
        token: the question's, as `Play` has it.
        digits, speech, text: what may come.
        hints: words that are expected.
        language: in which language.
        extra: what an imported document said about it.
    """

    token: str
    digits: bool = False
    speech: bool = False
    text: bool = False
    hints: tuple[str, ...] = ()
    language: str = ""
    extra: Mapping[str, Any] = {}


class StartSecureInput(Effect, frozen=True, gc=False):
    """Collect a secret, keep it, and answer with a reference to it and its length.

    No key of it may come to the machine.

    Attributes:
        token: comes back in the answer.
        shortest, longest: how many digits.
        terminator: the key that ends them; empty for none.
        within: how long after the prompt the first digit may come.
        between: how long after a digit the next one may come.
    """

    token: str
    shortest: int
    longest: int
    terminator: str
    within: Duration
    between: Duration


class StopSecureInput(Effect, frozen=True, gc=False):
    """Stop collecting the secret of this token, and forget what there is of it."""

    token: str


class SetTimer(Effect, frozen=True, gc=False):
    """Answer `TimerFired` with this token at an instant."""

    token: str
    at: Instant


class CancelTimer(Effect, frozen=True, gc=False):
    """Forget the timer of this token."""

    token: str


class CallFunction(Effect, frozen=True, gc=False):
    """Call a function or service and answer `InvokeDone` or `InvokeFailed`.

    Attributes:
        call: comes back in the answer.
        function: its name.
        args: what it is given.
        extra: what an imported document said about it.
    """

    call: str
    function: str
    args: Annotated[Mapping[str, Any], Personal] = {}
    extra: Mapping[str, Any] = {}


class GiveToQueue(Effect, frozen=True, gc=False):
    """Give the contact to a queue and answer `QueueResult`.

    Attributes:
        call: comes back in the answer.
        queue: the queue's id.
        requires, priority: what the contact needs, and its points.
        context: what was asked and answered, by name.
        extra: what an imported document said about it.
    """

    call: str
    queue: str
    requires: str = ""
    priority: int = 0
    context: Annotated[Mapping[str, Any], Personal] = {}
    extra: Mapping[str, Any] = {}


class ScheduleCallBack(Effect, frozen=True, gc=False):
    """Arrange that the customer is called back and answer `InvokeDone` or `InvokeFailed`.

    Attributes:
        call: comes back in the answer.
        queue: the queue whose agent calls.
        number: whom to call.
        requires, priority, context: as in `GiveToQueue`.
        at: not before this instant.
        extra: what an imported document said about it.
    """

    call: str
    queue: str
    number: PersonalText
    requires: str = ""
    priority: int = 0
    context: Annotated[Mapping[str, Any], Personal] = {}
    at: Instant = 0
    extra: Mapping[str, Any] = {}


class StartRecording(Effect, frozen=True, gc=False):
    """Record the caller and answer `InvokeDone` with a reference, or `InvokeFailed`.

    Attributes:
        call: comes back in the answer.
        longest, silence, terminator: as in the `Record` node.
        extra: what an imported document said about it.
    """

    call: str
    longest: Duration
    silence: Duration
    terminator: str
    extra: Mapping[str, Any] = {}


class TransferContact(Effect, frozen=True, gc=False):
    """Connect the caller with a number outside and answer `InvokeDone` or `InvokeFailed`.

    Attributes:
        call: comes back in the answer.
        to: the number or address.
        within: how long it may ring.
        extra: what an imported document said about it.
    """

    call: str
    to: PersonalText
    within: Duration
    extra: Mapping[str, Any] = {}


class ApplySettings(Effect, frozen=True, gc=False):
    """Make settings: voice, language, recording, logging, hooks."""

    values: Annotated[Mapping[str, Any], Personal]
    extra: Mapping[str, Any] = {}


class Disconnect(Effect, frozen=True, gc=False):
    """Let the customer go: hang up, close the chat."""


AnyEffect: TypeAlias = (
    Play
    | StopAudio
    | Listen
    | StartSecureInput
    | StopSecureInput
    | SetTimer
    | CancelTimer
    | CallFunction
    | GiveToQueue
    | ScheduleCallBack
    | StartRecording
    | TransferContact
    | ApplySettings
    | Disconnect
)
"""Everything that a turn can ask of the shell."""
