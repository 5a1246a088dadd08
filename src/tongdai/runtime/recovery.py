"""From a journal back to a center, and what the code says of queues since.

Rule: a center that has lived is its journal, replayed into a center without queues: even the queues
that the code gave it are in there, so changed code cannot change the past. Then three things
happen, in this order: `Resume`, so that nothing is dated into the outage; agents who were at a desk
are lost, since nobody is connected to a program that has just begun; and where the code's queues
differ from the journal's, they are put or removed. A queue that is no longer in the code but has
contacts stays until a later start finds it empty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

import attrs

from tongdai.center import Center, events
from tongdai.center.events import AnyEvent
from tongdai.errors import JournalError
from tongdai.journal import Frame, Journal, decode_frame
from tongdai.journal.frames import check_next
from tongdai.model.queue import Queue
from tongdai.runtime.desk import SIGNED_IN


@attrs.frozen(kw_only=True)
class Recovery:
    """What a runtime found in its journal, and did about it; prints as a line.

    Attributes:
        events: how many events were replayed; 0 where the journal was empty.
        due: what fell due while nobody ran it.
        lost: agents who were at a desk when it stopped.
        configuration: how the code's queues differ from the journal's, a phrase for each.
    """

    events: int = 0
    due: tuple[AnyEvent, ...] = ()
    lost: tuple[str, ...] = ()
    configuration: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Give it as a line."""
        if not self.events:
            return "a new journal"
        due = Counter(type(event).__name__ for event in self.due)
        parts = [f"{self.events:,} events"]
        if due:
            parts.append("due: " + ", ".join(f"{count} {kind}" for kind, count in due.items()))
        if self.lost:
            parts.append(f"agents lost: {', '.join(self.lost)}")
        if self.configuration:
            parts.append(f"configuration: {', '.join(self.configuration)}")
        return "; ".join(parts)


class Replayed(NamedTuple):
    """What reading a partition gave.

    Attributes:
        seq: the number of its last frame.
        new: the frames after `seen`.
        at_desks: agents who were at a desk at its end.
    """

    seq: int
    new: list[Frame]
    at_desks: dict[str, None]


async def replay(journal: Journal, partition: str, center: Center, *, seen: int = 0) -> Replayed:
    """Apply a partition's events to a center.

    Args:
        journal: where they are.
        partition: which.
        center: one without queues, in which nothing has happened.
        seen: frames after this number are returned.

    Raises:
        JournalError: a frame cannot be read, or does not follow from what came before; it is named.
    """
    seq = 0
    new: list[Frame] = []
    at_desks: dict[str, None] = {}
    while page := await journal.read(partition, seq):
        for frame in page:
            if frame.seq != seq + 1:
                raise JournalError(f"frame {seq + 1} is missing; {frame.seq} is the next one kept")
            seq = frame.seq
            batch = decode_frame(frame.data, seq)
            for event in check_next(batch, center.state.version, seq):
                try:
                    center.apply(event)
                except Exception as error:
                    number = center.state.version
                    raise JournalError(
                        f"frame {seq}, {type(event).__name__}: does not follow from the"
                        f" {number} events before ({type(error).__name__}: {error})"
                    ) from error
                _note_desk(event, at_desks)
            if seq > seen:
                new.append(frame)
    return Replayed(seq, new, at_desks)


def _note_desk(event: AnyEvent, at_desks: dict[str, None]) -> None:
    match event:
        case events.PresenceChanged(agent, reason=reason) if reason == SIGNED_IN:
            at_desks[agent] = None
        case (
            events.PresenceChanged(agent, presence="offline")
            | events.AgentLost(agent)
            | events.AgentRemoved(agent)
        ):
            at_desks.pop(agent, None)
        case _:
            pass


def in_order(queues: Mapping[str, Queue]) -> list[Queue]:
    """Return queues such that each stands behind those that it overflows to."""
    ordered: dict[str, Queue] = {}

    def place(queue: Queue) -> None:
        for to in (queue.overflow, queue.after_patience):
            if isinstance(to, str) and to in queues and to not in ordered:
                place(queues[to])
        ordered.setdefault(queue.id, queue)

    for queue in queues.values():
        place(queue)
    return list(ordered.values())


def differences(old: Queue | None, new: Queue) -> list[str]:
    """Return how a queue differs from what it was, a phrase for each setting."""
    if old is None:
        return [f"{new.id} added"]
    was, now = attrs.asdict(old, recurse=False), attrs.asdict(new, recurse=False)
    return [
        f"{new.id}.{name} {before} -> {now[name]}"
        for name, before in was.items()
        if before != now[name]
    ]
