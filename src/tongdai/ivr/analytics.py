"""What customers did in flows: a fold over the events of sessions.

Rule: counts are kept, and policy is an argument when they are read: whether who hung up was served
is for the reader to say. Events of several sessions may come in any mixture, each session's own in
their order; of a session whose start was not seen, nothing is counted. Memory holds the sessions
that are open, and one row for each node.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, Literal, TypeAlias

import attrs

from tongdai.errors import ConfigurationError
from tongdai.ivr import events
from tongdai.model.time import Duration, Instant

Dropped: TypeAlias = Literal["ignored", "contained", "lost"]
"""What becomes of who hung up: not counted at all, served, or not served."""


@attrs.define
class NodeRow:
    """What happened at one node.

    Attributes:
        flow, node: which one.
        entered: how often it was entered.
        outcomes: how often it was left by each outcome.
        dropped: how often a customer left there: hung up, or never replied.
        no_input, no_match: how often nothing, or nothing that fits, was answered.
        asked: how often a question was put; more than `entered` where it was put again.
        time: how long customers were there, all together; waiting for a person is not.
    """

    flow: str
    node: str
    entered: int = 0
    outcomes: Counter[str] = attrs.field(factory=Counter[str])
    dropped: int = 0
    no_input: int = 0
    no_match: int = 0
    asked: int = 0
    time: Duration = Duration(0)

    @property
    def drop_off(self) -> float | None:
        """The share of those who entered that left here; `None` where nobody entered."""
        return self.dropped / self.entered if self.entered else None

    @property
    def mean_time(self) -> Duration | None:
        """How long a visit took on average; `None` where there was none."""
        return Duration(round(self.time / self.entered)) if self.entered else None


@attrs.define
class _Open:
    """A session that is under way: where it is, and since when."""

    flow: str
    node: str
    since: Instant | None
    handed_off: bool = False
    left: bool = False


class Analytics:
    """Counts what customers did in flows.

    Attributes:
        started: sessions that began.
        handed_off: sessions that were given to a queue.
        ended: sessions that are over, by reason.
        completed: sessions that came to an `End` and were never given to a queue.
        dropped: sessions whose customer hung up before they were given to a queue.
    """

    def __init__(self) -> None:
        self.started = 0
        self.handed_off = 0
        self.completed = 0
        self.dropped = 0
        self.ended: Counter[str] = Counter()
        self._ended_after_hand_off = 0
        self._rows: dict[tuple[str, str], NodeRow] = {}
        self._open: dict[str, _Open] = {}

    def apply(self, event: events.AnyEvent) -> None:
        """Count one event; of a kind that counts for nothing, nothing."""
        if isinstance(event, events.SessionStarted):
            self.started += 1
            self._open[event.session] = _Open(event.flow, event.node, event.at)
            self._row(event.flow, event.node).entered += 1
            return
        session = self._open.get(event.session)
        counter = self._counters.get(type(event))
        if session is not None and counter is not None:
            counter(self, session, event)

    def rows(self, flow: str | None = None) -> tuple[NodeRow, ...]:
        """Return a row for each node that was entered, of one flow or of all, in order of entry."""
        return tuple(row for row in self._rows.values() if flow is None or row.flow == flow)

    def counts(self, flow: str) -> Mapping[tuple[str, str], int]:
        """Return what `draw` writes into a picture of a flow."""
        found: dict[tuple[str, str], int] = {}
        for row in self.rows(flow):
            found[row.node, ""] = row.entered
            found.update(((row.node, outcome), count) for outcome, count in row.outcomes.items())
        return found

    def containment(self, *, dropped: Dropped) -> float | None:
        """Return the share of sessions that were served without a person.

        That is: completed, of those that completed, were given to a queue, or broke off (an
        outcome that led nowhere, a reply that never came).

        Args:
            dropped: whether those who hung up before are left out (`ignored`), count as served
                (`contained`: they heard what they wanted) or as not served (`lost`).

        Returns:
            A share from 0 to 1, or `None` where there is no such session.
        """
        if dropped not in ("ignored", "contained", "lost"):
            raise ConfigurationError(
                f"Analytics.containment.dropped: {dropped!r} is not one of ignored, contained, lost"
            )
        served = self.completed + (self.dropped if dropped == "contained" else 0)
        # Who was given to a queue counts from then on, whatever becomes of them there.
        own = sum(self.ended.values()) - self._ended_after_hand_off
        every = own + self.handed_off - (self.dropped if dropped == "ignored" else 0)
        return served / every if every else None

    def __str__(self) -> str:
        """Give a table: a line a node, and the sessions below it."""
        lines = [_HEAD]
        for row in self._rows.values():
            time = "" if row.mean_time is None else f"{row.mean_time / 1_000_000:.1f} s"
            lines.append(
                f"{f'{row.flow}/{row.node}':28.28} {row.entered:>8,} {row.dropped:>8,} "
                f"{_percent(row.drop_off):>6} {row.no_input:>8,} {row.no_match:>8,} {time:>9}"
            )
        shares = "  ".join(
            f"{_percent(self.containment(dropped=policy))} with hang-ups {policy}"
            for policy in ("ignored", "contained", "lost")
        )
        lines.append(
            f"{self.started:,} sessions: {self.completed:,} completed, {self.handed_off:,} handed "
            f"off, {self.dropped:,} hung up"
        )
        return "\n".join([*lines, f"contained: {shares}"])

    # --- inside -----------------------------------------------------------------------------------

    def _row(self, flow: str, node: str) -> NodeRow:
        row = self._rows.get((flow, node))
        if row is None:
            row = self._rows[flow, node] = NodeRow(flow, node)
        return row

    def _leave(self, session: _Open, at: Instant) -> NodeRow:
        """Stop the time of the node at hand."""
        row = self._row(session.flow, session.node)
        if session.since is not None:
            row.time += Duration(at - session.since)
            session.since = None
        return row

    def _moved(self, session: _Open, event: events.Moved) -> None:
        session.node = event.node
        self._leave(session, event.at).outcomes[event.outcome] += 1
        if event.to:
            self._enter(session, event.to, event.at)

    def _enter(self, session: _Open, node: str, at: Instant) -> None:
        session.node, session.since = node, at
        self._row(session.flow, node).entered += 1

    def _flow_entered(self, session: _Open, event: events.FlowEntered) -> None:
        self._leave(session, event.at)
        session.flow = event.flow
        self._enter(session, event.node, event.at)

    def _flow_returned(self, session: _Open, event: events.FlowReturned) -> None:
        self._leave(session, event.at)
        session.flow, session.node = event.flow, event.node

    def _clean_up_started(self, session: _Open, event: events.CleanUpStarted) -> None:
        row = self._leave(session, event.at)
        session.left = True
        if not session.handed_off:
            self.dropped += 1
            row.dropped += 1
        session.flow, session.node = event.flow, event.node
        if event.node:
            self._enter(session, event.node, event.at)

    def _migrated(self, session: _Open, event: events.SessionMigrated) -> None:
        self._leave(session, event.at)
        session.node = event.nodes.get(session.node, session.node)
        session.since = event.at

    def _asked(self, session: _Open, event: events.Asked) -> None:
        self._row(session.flow, event.node).asked += 1

    def _no_input(self, session: _Open, event: events.NoInputCounted) -> None:
        self._row(session.flow, event.node).no_input += 1

    def _no_match(self, session: _Open, event: events.NoMatchCounted) -> None:
        self._row(session.flow, event.node).no_match += 1

    def _handed_off(self, session: _Open, event: events.HandedOff) -> None:
        self._leave(session, event.at)
        if not session.handed_off:
            session.handed_off = True
            self.handed_off += 1

    def _session_ended(self, session: _Open, event: events.SessionEnded) -> None:
        if session.node:
            self._leave(session, event.at)
        self.ended[event.reason] += 1
        if session.handed_off:
            self._ended_after_hand_off += 1
        elif event.reason == "end" and not session.left:
            self.completed += 1
        elif event.reason == "expired":
            self._row(session.flow, session.node).dropped += 1
        del self._open[event.session]

    _counters: ClassVar[Mapping[type[events.Event], Callable[[Any, _Open, Any], None]]] = {
        events.Moved: _moved,
        events.FlowEntered: _flow_entered,
        events.FlowReturned: _flow_returned,
        events.CleanUpStarted: _clean_up_started,
        events.SessionMigrated: _migrated,
        events.Asked: _asked,
        events.NoInputCounted: _no_input,
        events.NoMatchCounted: _no_match,
        events.HandedOff: _handed_off,
        events.SessionEnded: _session_ended,
    }


_HEAD: Final = (
    f"{'node':28} {'entered':>8} {'left':>8} {'':>6} {'no_input':>8} {'no_match':>8} {'time':>9}"
)


def analyse(history: Iterable[events.AnyEvent]) -> Analytics:
    """Return what some events count up to."""
    analytics = Analytics()
    for event in history:
        analytics.apply(event)
    return analytics


def _percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"
