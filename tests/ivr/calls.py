"""One session in a machine, driven by a test: what it is told, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from hypothesis import strategies as st

from tongdai.ivr import (
    Choose,
    Flow,
    HangUp,
    InvokeDone,
    InvokeFailed,
    Machine,
    Modality,
    Node,
    Press,
    PromptDone,
    QueueResult,
    SecureInputDone,
    SecureInputFailed,
    Session,
    Text,
    TimerFired,
    Turn,
    Utterance,
)
from tongdai.ivr.effects import AnyEffect
from tongdai.ivr.events import AnyEvent, Moved, SessionEnded
from tongdai.ivr.inputs import AnyInput
from tongdai.ivr.nodes import AnyNode

Kind = TypeVar("Kind")

WORDS = ("1", "số 2", "cards", "yes", "thẻ", "người", "", "x" * 5000, "12345")


def flow(nodes: Mapping[str, AnyNode], **settings: Any) -> Flow:  # noqa: ANN401
    """Return a flow that starts in its first node."""
    return Flow("f", start=next(iter(nodes)), nodes=cast("Mapping[str, Node]", nodes), **settings)


class Call:
    """A session, with everything that happened and was asked for."""

    def __init__(
        self,
        flow: Flow | Machine,
        *,
        modality: str = "voice",
        language: str = "",
        values: Mapping[str, Any] | None = None,
    ) -> None:
        self.machine = flow if isinstance(flow, Machine) else Machine([flow])
        self.now = 0
        self.events: list[AnyEvent] = []
        self.effects: list[AnyEffect] = []
        self.turn = self._kept(
            self.machine.start(
                "f",
                session="s",
                now=0,
                modality=cast("Modality", modality),
                language=language,
                values=values,
            )
        )

    @property
    def session(self) -> Session:
        """The session as it is."""
        return self.turn.session

    def take(self, *inputs: AnyInput, at: int | None = None) -> Call:
        """Take inputs, all at one instant."""
        self.now = self.now if at is None else at
        for input in inputs:
            self._kept(self.machine.step(self.session, input, self.now))
        return self

    def press(self, keys: str, at: int | None = None) -> Call:
        """Press keys, one after the other."""
        return self.take(*map(Press, keys), at=at)

    def said(self, at: int | None = None) -> Call:
        """Let the prompt come to its end."""
        return self.take(PromptDone(self.session.token(self.session.prompt)), at=at)

    def answer(self, value: object = None, at: int | None = None) -> Call:
        """Answer what was asked of the shell."""
        return self.take(InvokeDone(self.session.token(self.session.call), value), at=at)

    def saw(self, kind: type[Kind]) -> list[Kind]:
        """Return the events or effects of a kind, from the start on."""
        return [one for one in (*self.events, *self.effects) if isinstance(one, kind)]

    def did(self, kind: type[Kind]) -> list[Kind]:
        """Return the events or effects of a kind that the last step gave."""
        return [one for one in (*self.turn.events, *self.turn.effects) if isinstance(one, kind)]

    @property
    def way(self) -> list[str]:
        """The outcomes that were taken."""
        return [f"{moved.node}.{moved.outcome}" for moved in self.saw(Moved)]

    @property
    def reason(self) -> str:
        """Why it ended; empty while it has not."""
        return "".join(ended.reason for ended in self.saw(SessionEnded))

    def _kept(self, turn: Turn) -> Turn:
        self.turn = turn
        self.events += turn.events
        self.effects += turn.effects
        return turn


tokens = st.integers(0, 12).map(lambda number: f"s/{number}")

inputs: st.SearchStrategy[AnyInput] = st.one_of(
    st.builds(Press, st.sampled_from("0123456789*#A")),
    st.builds(Utterance, st.sampled_from(WORDS)),
    st.builds(Text, st.sampled_from(WORDS)),
    st.builds(Choose, st.sampled_from(["1", "2", "nobody"]), st.just("") | tokens),
    st.builds(PromptDone, tokens),
    st.builds(TimerFired, tokens),
    st.builds(InvokeDone, tokens, st.sampled_from([None, "gold", 3, {"choice": "1"}, [1, [2]]])),
    st.builds(InvokeFailed, tokens, st.sampled_from(["failed", "busy", "no_input", "odd"])),
    st.builds(QueueResult, st.sampled_from(["taken", "full", "closed", "failed", "ended"])),
    st.builds(SecureInputDone, st.just("ref"), st.integers(0, 9)),
    st.builds(SecureInputFailed, st.sampled_from(["no_input", "no_match", "failed"])),
    st.builds(HangUp),
)
"""Inputs of every kind; tokens that may be those at hand, or old, or none."""


def at_hand(session: Session) -> list[AnyInput]:
    """Return what the shell could truthfully say next."""
    found: list[AnyInput] = [Press("1"), Text("1"), HangUp()]
    if session.prompt:
        found.append(PromptDone(session.token(session.prompt)))
    if session.timer:
        found.append(TimerFired(session.token(session.timer)))
    if session.call:
        call = session.token(session.call)
        found += [InvokeDone(call, "gold"), InvokeFailed(call), QueueResult("full", call=call)]
    if session.phase == "secure":
        found.append(SecureInputDone("ref", 4))
    return found
