"""The queues on the wall: who waits, how long, who could help, and how the day has gone.

Rule: counts of the present are the center's, and figures of the day are `tongdai.metrics` over the
events that were seen since the desk was opened.
"""

from __future__ import annotations

from datetime import datetime, tzinfo

import anyio

from tongdai.adapters.webdesk.board import Board
from tongdai.adapters.webdesk.lines import Frame, milliseconds
from tongdai.center import Center, events
from tongdai.metrics import Metrics, Row
from tongdai.model.time import Duration, Instant, as_datetime, hours, instant, seconds


class Wall:
    """Figures of all queues.

    Attributes:
        changed: set when they may have.
    """

    def __init__(self, center: Center, now: Instant, zone: tzinfo, target: Duration) -> None:
        self.changed = anyio.Event()
        self._zone = zone
        self._target = target
        self._metrics = Metrics(
            hours(24),
            start=_midnight(now, zone),
            agents=False,
            queues=center.state.queues.queues.values(),
        )

    def apply(self, event: events.AnyEvent) -> None:
        """Take in what happened."""
        self._metrics.apply(event)

    def queues(self, center: Center, board: Board, now: Instant) -> list[Frame]:
        """Return each queue's figures."""
        today = _midnight(now, self._zone)
        rows = {row.queue: row for row in self._metrics.rows(by=["queue"]) if _today(row, today)}
        agents = [each for each in center.agents() if each.presence == "available"]
        found: list[Frame] = []
        for id, queue in center.state.queues.queues.items():
            waits = board.waiting.get(id, {})
            row = rows.get(id)
            needs = [step.requires for step in queue.plan.steps]
            level = None
            if row is not None:
                level = row.service_level(within=self._target, short=seconds(0), abandoned="bad")
            found.append(
                {
                    "queue": id,
                    "waiting": len(waits),
                    "longest": milliseconds(min(waits.values())) if waits else None,
                    "agents": sum(any(each.agent.meets(need) for need in needs) for each in agents),
                    "level": level,
                    "answered": row.answered if row is not None else 0,
                    "abandoned": row.abandoned if row is not None else 0,
                }
            )
        return found


def _today(row: Row, midnight: Instant) -> bool:
    """Return whether a row's day is the one that began then; days of 23 or 25 hours count too."""
    return abs(row.start - midnight) <= int(hours(2))


def _midnight(now: Instant, zone: tzinfo) -> Instant:
    """Return when the day began."""
    local = as_datetime(now).astimezone(zone)
    return instant(datetime(local.year, local.month, local.day, tzinfo=zone))
