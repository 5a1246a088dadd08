"""What a session is told.

Rule: an input says what has happened outside; it never says what follows from it. An input that
answers something carries the token or the call that it answers; where that is over, the input is
late and changes nothing. Every input may carry an `id`: the same id twice is taken once.

What somebody keys or says is personal, and never stands in a `repr`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from tongdai.model.personal import Personal, PersonalText, Value


class Input(Value, frozen=True, kw_only=True, tag=True):
    """The base of all inputs.

    Attributes:
        id: the caller's id of the input itself; empty for none.
    """

    id: str = ""


# --- from the customer ----------------------------------------------------------------------------


class Press(Input, frozen=True, gc=False):
    """The caller pressed a key: one of 0 to 9, `*`, `#`, A to D."""

    key: PersonalText


class Utterance(Input, frozen=True, gc=False):
    """The caller said something, and it was understood as this text."""

    text: PersonalText


class Text(Input, frozen=True, gc=False):
    """The customer wrote something."""

    text: PersonalText


class Choose(Input, frozen=True, gc=False):
    """The customer tapped a button: its choice's key.

    Attributes:
        choice: the key.
        token: the question that the button belongs to, as `Play.token` gave it; empty for the one
            at hand. A button of an older question is late.
    """

    choice: PersonalText
    token: str = ""


class HangUp(Input, frozen=True, gc=False):
    """The customer is gone: hung up, closed the chat."""


# --- from the shell -------------------------------------------------------------------------------


class PromptDone(Input, frozen=True, gc=False):
    """A prompt has been played to its end."""

    token: str


class TimerFired(Input, frozen=True, gc=False):
    """A timer is due. Deadlines hold by themselves too: a later input finds them passed."""

    token: str


class SecureInputDone(Input, frozen=True, gc=False):
    """A secret was keyed in; the shell keeps it.

    Attributes:
        reference: what stands for it from here on.
        length: how many digits it has.
        token: that of `StartSecureInput`; empty for the one at hand.
    """

    reference: str
    length: int
    token: str = ""


class SecureInputFailed(Input, frozen=True, gc=False):
    """No secret was keyed in, or not in the form that was asked for."""

    reason: Literal["no_input", "no_match", "failed"] = "no_input"
    token: str = ""


class InvokeDone(Input, frozen=True):
    """What the flow asked the shell to do is done: a function, a recording, a transfer ...

    Attributes:
        call: the effect's `call`.
        value: what it gave, as plain data.
    """

    call: str
    value: Annotated[Any, Personal] = None


class InvokeFailed(Input, frozen=True, gc=False):
    """What the flow asked the shell to do failed.

    Attributes:
        call: the effect's `call`, or the token of a prompt that could not be played.
        reason: a short word; where the node has an outcome or an error of that name (`busy`,
            `no_answer`, `no_input`), that is taken, else `failed`.
    """

    call: str
    reason: str = "failed"


class QueueResult(Input, frozen=True, gc=False):
    """What became of a hand-off.

    Attributes:
        result: `taken`: a person has the contact, and the session ends; `full`, `closed`,
            `failed`: the flow has it again; `ended`: the person is done and the customer is still
            here.
        call: the effect's `call`; empty for the one at hand.
    """

    result: Literal["taken", "full", "closed", "failed", "ended"]
    call: str = ""


AnyInput: TypeAlias = (
    Press
    | Utterance
    | Text
    | Choose
    | HangUp
    | PromptDone
    | TimerFired
    | SecureInputDone
    | SecureInputFailed
    | InvokeDone
    | InvokeFailed
    | QueueResult
)
"""Everything that `Machine.step` takes."""
