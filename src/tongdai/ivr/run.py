"""One step of a session: events are emitted, effects are noted, nodes are left and entered.

Rule: what happens is emitted as an event, and emitting applies it at once; there is no other way to
change the session. Leaving a node only says which one is next; `entering.settle` enters it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import force_setattr

from tongdai.ivr import effects, events
from tongdai.ivr.session import APPLIERS, Session, seen
from tongdai.model.time import Instant

if TYPE_CHECKING:
    from tongdai.ivr.machine import Machine
    from tongdai.ivr.ready import ReadyFlow, ReadyNode


MOST_ENTERED: Final = 1_000
"""Nodes that are entered in one row; a longer row is `error.spin`."""

_MANY: Final = 16  # effects of one step; nearly all have fewer
_PLACES: Final = tuple(map(str, range(_MANY)))
_PLAYING: Final = frozenset({"speaking", "waiting"})


class Run:
    """The step that is under way.

    Attributes:
        session: the session as it is by now.
        flow, here: where it is.
        now: the instant that events get.
        cause: the id of the input.
        do: ask something of the shell.
        next: the node to enter next, or `None`.
        skipped: nodes that were not said, because keys are waiting for the next question.
    """

    __slots__ = (
        "_happened",
        "_revision",
        "cause",
        "do",
        "effects",
        "events",
        "flow",
        "here",
        "id",
        "machine",
        "next",
        "now",
        "session",
        "skipped",
    )

    def __init__(
        self, machine: Machine, session: Session, flow: ReadyFlow, now: Instant, cause: str
    ) -> None:
        self.machine = machine
        self.id = session.id
        self.session = session
        self.flow = flow
        self.now = now
        self.cause = cause
        self.events: list[events.AnyEvent] = []
        self.effects: list[effects.AnyEffect] = []
        self.next: str | None = None
        self.here: ReadyNode
        self.skipped: tuple[str, ...] = ()
        self._happened = self.events.append
        self.do = self.effects.append
        self._revision = session.revision

    # --- telling ------------------------------------------------------------------------------

    def emit(self, event: events.AnyEvent) -> None:
        """Let something have happened."""
        force_setattr(event, "at", self.now)
        self._happened(event)
        if not self.cause:
            self.session = APPLIERS[type(event)](self.session, event)
            return
        force_setattr(event, "cause", self.cause)
        self.session = seen(APPLIERS[type(event)](self.session, event), self.cause)

    def asked(self) -> tuple[effects.AnyEffect, ...]:
        """Return what was asked of the shell, each effect with its id."""
        prefix = f"{self.id}/{self._revision}/"
        for place, effect in enumerate(self.effects, 1):
            force_setattr(effect, "id", prefix + (_PLACES[place] if place < _MANY else str(place)))
        return tuple(self.effects)

    def ignore(self, what: object, reason: str) -> None:
        """Let an input have meant nothing; only what kind it was is kept."""
        self.emit(events.InputIgnored(self.id, type(what).__name__, reason))

    # --- moving -------------------------------------------------------------------------------

    def take(self, outcome: str, *, to: str | None = None, grace: Instant = 0) -> None:
        """Leave the node by an outcome, or by a way of the whole flow that leads `to` a node."""
        here = self.here
        self.next = to = here.ways.get(outcome) if to is None else to
        if grace and (late := here.question.keying.terminator):
            self.emit(events.Moved(self.id, here.name, outcome, to or "", grace, late))
        else:
            self.emit(events.Moved(self.id, here.name, outcome, to or ""))
        if to is None:
            self.finish("unwired")

    def finish(self, reason: str, *, disconnect: bool = True) -> None:
        """End the session; who is gone already is not hung up on."""
        cleaning = self.session.cleaning
        self.next = None
        self.emit(events.SessionEnded(self.id, "hang_up" if cleaning else reason))
        if disconnect and not cleaning:
            self.do(effects.Disconnect())

    def quiet(self) -> None:
        """Stop the prompt and the timer that are under way: something else has happened."""
        session = self.session
        if session.prompt and session.phase in _PLAYING:
            self.do(effects.StopAudio(f"{self.id}/{session.prompt}"))
        if session.timer:
            self.do(effects.CancelTimer(session.token(session.timer)))

    # --- looking ------------------------------------------------------------------------------

    def values(self) -> Mapping[str, Any]:
        """What texts can name: the session's values, and facts about the session itself."""
        session = self.session
        if not self.flow.facts:
            return session.values
        return {
            "session.id": session.id,
            "session.flow": session.flow,
            "session.language": session.language,
            "session.modality": session.modality,
            **session.values,
        }
