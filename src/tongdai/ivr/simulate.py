"""A flow under test: it reads as what the customer hears and does, and where that ends.

Rule: a simulation is the shell of one session, on an agenda instead of a clock. Prompts take as
long as is said (nothing, by default) and are heard to their end before the customer acts, unless
they cut in. Functions and queues that were given an answer beforehand give it at once; the others
wait to be told. A statement that does not hold prints the whole conversation.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from typing import Any, Final, Literal, NoReturn, Self, TypeAlias, cast

from tongdai.ivr import effects, inputs
from tongdai.ivr.events import AnyEvent
from tongdai.ivr.flow import Flow
from tongdai.ivr.inputs import AnyInput
from tongdai.ivr.keys import Digits
from tongdai.ivr.machine import Machine, Turn
from tongdai.ivr.prompts import Modality
from tongdai.ivr.session import Session
from tongdai.ivr.story import spoken, story
from tongdai.model.calendar import BusinessCalendar
from tongdai.model.time import Duration, Instant, clock, seconds

Result: TypeAlias = Literal["taken", "full", "closed", "failed", "ended"]


class Fails:
    """An answer beforehand: the function fails, for a reason that the node may have an outcome for.

    Attributes:
        reason: a short word.
    """

    def __init__(self, reason: str = "failed") -> None:
        self.reason = reason


Call: TypeAlias = (
    effects.CallFunction
    | effects.ScheduleCallBack
    | effects.StartRecording
    | effects.TransferContact
)

_KINDS: Final[Mapping[type, str]] = {
    effects.ScheduleCallBack: "callback",
    effects.StartRecording: "record",
    effects.TransferContact: "transfer",
}
_USUAL: Final[Mapping[str, object]] = {"callback": None, "record": "recording", "transfer": None}
_AT_MOST: Final = 200  # prompts, or answers, in a row: more is a flow that goes round
_DEADLINES: Final = 10_000  # that may pass in one wait


def simulate(  # noqa: PLR0913 - each is a fact about the session
    flow: Flow,
    *,
    flows: Iterable[Flow] = (),
    modality: Modality = "voice",
    language: str = "",
    calls: Mapping[str, object] | None = None,
    queues: Mapping[str, Result] | None = None,
    calendars: Mapping[str, BusinessCalendar] | None = None,
    values: Mapping[str, Any] | None = None,
    now: Instant = 0,
    prompts: Duration = seconds(0),
    session: str = "s1",
    usual: bool = True,
) -> Simulation:
    """Start a session of a flow and return what drives it.

    Args:
        flow: the flow.
        flows: others that it calls.
        modality: how the session talks.
        language: in which language; empty takes the flow's first.
        calls: what functions answer, by name: a value, a function of the arguments by name, or
            `Fails(...)`. So do `record`, `transfer` and `callback`. A function without an answer
            here waits for `answers` or `fails`.
        queues: what queues say, by id; one without an answer here waits for `queue_is`.
        calendars: calendars by name.
        values: what is known at the start.
        now: the instant of the start.
        prompts: how long each prompt takes.
        session: the session's id (a split looks at it).
        usual: whether `record`, `transfer` and `callback` go well unless `calls` has them.

    Raises:
        MissingNode: the flow does not start anywhere.
        ConfigurationError: a text in a flow does not parse, or an argument is wrong.
    """
    machine = Machine([flow, *flows], calendars=calendars)
    return Simulation(
        machine,
        machine.start(
            flow.id, session=session, modality=modality, language=language, values=values, now=now
        ),
        calls or {},
        queues or {},
        prompts,
        usual=usual,
    )


class Simulation:
    """One session, and what is done to it. All methods return the simulation itself.

    Attributes:
        session: the session as it is by now.
        events: what has happened, in order.
        effects: what was asked of the shell, in order.
        now: the instant.
    """

    def __init__(  # noqa: PLR0913 - as in `simulate`
        self,
        machine: Machine,
        first: Turn,
        calls: Mapping[str, object],
        queues: Mapping[str, Result],
        prompts: Duration = seconds(0),
        *,
        usual: bool = True,
    ) -> None:
        """Take up a session that has just started.

        Args:
            machine: the machine.
            first: what it gave at the start.
            calls: what functions answer, as in `simulate`.
            queues: what queues say.
            prompts: how long each prompt takes.
            usual: whether recordings, transfers and call-backs go well by themselves.
        """
        self._machine = machine
        self._calls = calls
        self._queues = queues
        self._prompts = prompts
        self._usual = _USUAL if usual else {}
        self.session: Session = first.session
        self.now: Instant = first.session.at
        self._began = self.now
        self.events: list[AnyEvent] = []
        self.effects: list[effects.AnyEffect] = []
        self._lines: list[str] = []
        self._plays: list[effects.Play] = []
        self._heard = 0
        self._call: Call | effects.GiveToQueue | None = None
        self._secret: effects.StartSecureInput | None = None
        self._secrets = 0
        self._keyed = ""  # of the secret at hand; never shown
        start = f"> start {self.session.flow} {self.session.modality} {self.session.language}"
        self._tell(start.rstrip())
        self._take(first)

    def fork(self) -> Simulation:
        """Return another simulation that stands where this one does, and goes its own way."""
        other = copy(self)  # (whatever it holds is a value, but for these)
        other.events, other.effects = [*self.events], [*self.effects]
        other._lines, other._plays = [*self._lines], [*self._plays]  # noqa: SLF001
        return other

    @property
    def asked(self) -> str:
        """The function, or the queue, that has been asked and has not answered; empty for none."""
        if isinstance(self._call, effects.GiveToQueue):
            return self._call.queue
        return "" if self._call is None else _name(self._call)

    def settle(self) -> Self:
        """Hear the prompts to their end."""
        been: dict[object, Mapping[str, Any]] = {}
        for _ in range(_AT_MOST):
            if not self._prompt_ends():
                return self
            session = self.session
            loops = tuple(session.loops.items())
            place = (session.flow, session.node, session.phase, session.stack, loops)
            if been.get(place) == session.values:
                break  # nothing has changed since it was here: it will go round for ever
            been[place] = session.values
        return self._fail("expected an end of what is said")

    # --- what the customer notices --------------------------------------------------------------

    def hears(self, text: str) -> Self:
        """State that something with this text in it is said, now or after what is said now.

        Raises:
            AssertionError: it is not.
        """
        while True:
            for place in range(self._heard, len(self._plays)):
                if text in spoken(self._plays[place]):
                    self._heard = place
                    return self
            if not self._prompt_ends():
                self._fail(f'expected to hear "{text}"')

    def sees(self, *labels: str) -> Self:
        """State that these buttons, and no others, stand under the last message.

        Raises:
            AssertionError: others do.
        """
        shown = tuple(button.label for button in self._plays[-1].buttons) if self._plays else ()
        if shown != labels:
            self._fail(f"expected the buttons {labels}, and there are {shown}")
        return self

    # --- what the customer does -----------------------------------------------------------------

    def press(self, keys: str) -> Self:
        """Hear the prompts to their end, and press keys one after the other."""
        self.settle()
        for key in keys:
            self._press(key)
        return self

    def says(self, text: str) -> Self:
        """Say something, or write it where the session is one of messages."""
        self.settle()
        return self._say(text)

    def cuts_in(self, keys: str = "", text: str = "") -> Self:
        """Press keys, or say something, into the prompt that `hears` has come to."""
        for key in keys:
            self._press(key)
        return self._say(text) if text else self

    def chooses(self, label: str) -> Self:
        """Tap the button with this label, or of the choice with this key.

        Raises:
            AssertionError: there is no such button.
        """
        for play in reversed(self._plays):
            for button in play.buttons:
                if label in (button.label, button.key):
                    return self._step(inputs.Choose(button.key, play.token))
            if play.buttons:
                break
        return self._fail(f"expected a button {label!r}")

    def waits(self, time: Duration | None = None) -> Self:
        """Let time pass; without a length, until the next thing that happens by itself.

        Raises:
            AssertionError: there is nothing to wait for.
        """
        self.settle()
        due = self._due()
        if time is None and due is None:
            self._fail("expected something that happens by itself")
        until = self.now + time if time is not None else max(self.now, cast("int", due))
        for _ in range(_DEADLINES):
            due = self._due()
            if due is None or due > until:
                self.now = max(self.now, until)  # (a prompt may end later)
                return self
            self.now = max(self.now, due)
            self._fall_due()
            self.settle()
        return self._fail("expected an end of what happens by itself")

    def hangs_up(self) -> Self:
        """Hear the prompts to their end, and hang up, or close the chat."""
        self.settle()
        return self._step(inputs.HangUp())

    # --- what the application does --------------------------------------------------------------

    def answers(self, function: str, value: object = None) -> Self:
        """State that a function is called, and let it answer.

        Raises:
            AssertionError: it is not.
        """
        call = self._expected_call(function)
        return self._step(inputs.InvokeDone(call.call, value))

    def fails(self, function: str, reason: str = "failed") -> Self:
        """State that a function is called, and let it fail; `secret` is the collecting of one.

        Raises:
            AssertionError: it is not.
        """
        if function == "secret" and self._secret is not None:
            return self._step(inputs.SecureInputFailed("failed", self._secret.token))
        call = self._expected_call(function)
        return self._step(inputs.InvokeFailed(call.call, reason))

    def queue_is(self, result: Result) -> Self:
        """Let the queue say what becomes of the hand-off.

        Raises:
            AssertionError: there is no hand-off.
        """
        self.settle()
        if not isinstance(self._call, effects.GiveToQueue):
            self._fail("expected a hand-off")
        return self._step(inputs.QueueResult(result, self._call.call))

    # --- where it is, and how it ends -----------------------------------------------------------

    def at(self, node: str) -> Self:
        """State at which node it is.

        Raises:
            AssertionError: it is elsewhere.
        """
        self.settle()
        if self.session.node != node:
            self._fail(f"expected to be at {node!r}, and it is at {self.session.node!r}")
        return self

    def knows(self, **values: object) -> Self:
        """State that these names have these values.

        Raises:
            AssertionError: one has another.
        """
        self.settle()
        for name, value in values.items():
            if self.session.values.get(name) != value:
                self._fail(f"expected {name} to be {value!r}")
        return self

    def hands_off(
        self,
        queue: str,
        *,
        requires: str | None = None,
        priority: int | None = None,
        context: Mapping[str, object] | None = None,
    ) -> Self:
        """State that the contact is given to a queue; what is not named is not compared.

        Raises:
            AssertionError: it is not, or otherwise.
        """
        self.settle()
        wanted = {"queue": queue, "requires": requires, "priority": priority, "context": context}
        return self._effect(effects.GiveToQueue, wanted)

    def calls_back(self, queue: str, *, number: str | None = None) -> Self:
        """State that a call back was arranged.

        Raises:
            AssertionError: it was not, or otherwise.
        """
        self.settle()
        return self._effect(effects.ScheduleCallBack, {"queue": queue, "number": number})

    def transfers(self, to: str) -> Self:
        """State that the caller was transferred.

        Raises:
            AssertionError: they were not, or elsewhere.
        """
        self.settle()
        return self._effect(effects.TransferContact, {"to": to})

    def ends(self, reason: str | None = None) -> Self:
        """State that the session is over.

        Raises:
            AssertionError: it is not, or for another reason.
        """
        self.settle()
        if not self.session.ended:
            self._fail(f"expected the end, and it is at {self.session.node!r}")
        if reason is not None and self.session.reason != reason:
            self._fail(f"expected to end by {reason!r}, and it ended by {self.session.reason!r}")
        return self

    def __str__(self) -> str:
        """Give the conversation so far."""
        return "\n".join(self._lines)

    # --- inside ---------------------------------------------------------------------------------

    def _step(self, input: AnyInput) -> Self:
        self._tell(story(input))
        self._take(self._machine.step(self.session, input, self.now))
        return self

    def _take(self, turn: Turn) -> None:
        """Look at what a step gave, and answer what has an answer."""
        for _ in range(_AT_MOST):
            answer = self._look(turn)
            if answer is None:
                return
            self._tell(story(answer))
            turn = self._machine.step(self.session, answer, self.now)
        self._fail("expected an end: the answers that were given make it go round")

    def _look(self, turn: Turn) -> AnyInput | None:
        """Note what a step gave, and return the answer to what it asked, if it is known."""
        self.session = turn.session
        self.events += turn.events
        self.effects += turn.effects
        if self.session.phase not in ("calling", "understanding", "handed_off"):
            self._call = None
        if self.session.phase != "secure":
            self._secret, self._keyed = None, ""
        for one in (*turn.events, *turn.effects):
            self._tell(story(one))
        answer: AnyInput | None = None
        for effect in turn.effects:
            if isinstance(effect, effects.Play):
                self._plays.append(effect)
            elif isinstance(effect, effects.StartSecureInput):
                self._secret, self._keyed = effect, ""
            elif isinstance(effect, effects.GiveToQueue):
                self._call = effect
                if effect.queue in self._queues:
                    answer = inputs.QueueResult(self._queues[effect.queue], effect.call)
            elif isinstance(
                effect,
                effects.CallFunction
                | effects.ScheduleCallBack
                | effects.StartRecording
                | effects.TransferContact,
            ):
                self._call = effect
                answer = self._answer(effect)
        return answer

    def _answer(self, call: Call) -> AnyInput | None:
        name = _name(call)
        if name not in self._calls:
            usual = name in self._usual and not isinstance(call, effects.CallFunction)
            return inputs.InvokeDone(call.call, self._usual[name]) if usual else None
        answer = self._calls[name]
        if callable(answer):
            answer = answer(**(call.args if isinstance(call, effects.CallFunction) else {}))
        if isinstance(answer, Fails):
            return inputs.InvokeFailed(call.call, answer.reason)
        return inputs.InvokeDone(call.call, answer)

    def _expected_call(self, function: str) -> Call:
        self.settle()
        call = self._call
        if call is None or isinstance(call, effects.GiveToQueue) or _name(call) != function:
            self._fail(f"expected a call of {function!r}")
        return call

    def _prompt_ends(self) -> bool:
        """Let the prompt come to its end; return whether one was under way."""
        session = self.session
        if session.phase != "speaking" or not session.prompt:
            return False
        self.now += self._prompts
        self._take(
            self._machine.step(session, inputs.PromptDone(session.token(session.prompt)), self.now)
        )
        return True

    def _press(self, key: str) -> None:
        if self._secret is None:
            self._step(inputs.Press(key))
            return
        if not self._keyed:
            self._tell("> press •••")
        keying = Digits(self._secret.shortest, self._secret.longest, self._secret.terminator)
        verdict = keying.key(self._keyed, key)
        if verdict == "more":
            self._keyed += key
        elif verdict == "filled":
            ends = key == keying.terminator
            self._secret_done(len(self._keyed) + (not ends))
        elif verdict in ("no_input", "no_match"):
            self._step(inputs.SecureInputFailed(verdict, self._secret.token))

    def _say(self, text: str) -> Self:
        if self._secret is not None:
            if not self._secret.shortest <= len(text) <= self._secret.longest:
                return self._step(inputs.SecureInputFailed("no_match", self._secret.token))
            return self._secret_done(len(text))
        voice = self.session.modality == "voice"
        return self._step(inputs.Utterance(text) if voice else inputs.Text(text))

    def _secret_done(self, length: int) -> Self:
        self._secrets += 1
        reference = f"secret-{self._secrets}"
        return self._step(
            inputs.SecureInputDone(reference, length, cast("Any", self._secret).token)
        )

    def _due(self) -> Instant | None:
        """Return when the next thing happens by itself."""
        if self._secret is not None:
            return self.now + (self._secret.between if self._keyed else self._secret.within)
        return self.session.until if self.session.timer else None

    def _fall_due(self) -> None:
        if self._secret is None:
            self._step(inputs.TimerFired(self.session.token(self.session.timer)))
            return
        keyed = len(self._keyed)
        if keyed >= self._secret.shortest:
            self._secret_done(keyed)
        else:
            reason: Literal["no_match", "no_input"] = "no_match" if keyed else "no_input"
            self._step(inputs.SecureInputFailed(reason, self._secret.token))

    def _effect(self, kind: type[effects.Effect], wanted: Mapping[str, object]) -> Self:
        """State that the last effect of a kind has these fields; `None` is not compared."""
        found = next((one for one in reversed(self.effects) if type(one) is kind), None)
        if found is None:
            self._fail(f"expected {kind.__name__}")
        for name, value in wanted.items():
            given = getattr(found, name)
            if value is not None and given != value:
                self._fail(f"expected {kind.__name__}.{name} {value!r}, and it is {given!r}")
        return self

    def _tell(self, line: str) -> None:
        if line:
            time = clock(self.now - self._began) if line.startswith(">") else ""
            self._lines.append(f"{time:>8}  {line}")

    def _fail(self, expected: str) -> NoReturn:
        raise AssertionError(f"{expected}\n{self}")


def _name(call: Call) -> str:
    return call.function if isinstance(call, effects.CallFunction) else _KINDS[type(call)]
