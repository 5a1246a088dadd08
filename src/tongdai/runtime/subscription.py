"""Events for whoever follows the center.

Rule: the writer never waits for a reader. A reader who is more than the limit behind loses what is
held for them, and gets a `Resync` with the center's present state instead; the events after it are
those that follow from there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from types import TracebackType
from typing import Self, TypeAlias

import anyio
import anyio.lowlevel
import attrs

from tongdai.center import Center
from tongdai.center.events import AnyEvent
from tongdai.center.views import AgentSnapshot, ContactSnapshot, QueueSnapshot
from tongdai.model.time import Instant


@attrs.frozen
class View:
    """A center at an instant.

    Attributes:
        events: how many events have made it.
        at: the instant of the last one.
        queues, agents, contacts: all of them as they are then; ended contacts are left out.
    """

    events: int
    at: Instant
    queues: tuple[QueueSnapshot, ...]
    agents: tuple[AgentSnapshot, ...]
    contacts: tuple[ContactSnapshot, ...]


@attrs.frozen
class Resync:
    """Events were left out; this is where their reader goes on from."""

    view: View


def view_of(center: Center) -> View:
    """Return a center as it is now. O(contacts + agents)."""
    state = center.state
    return View(
        events=state.version,
        at=state.at,
        queues=tuple(center.queue(id) for id in state.queues.queues),
        agents=tuple(center.agents()),
        contacts=tuple(center.contact(id) for id in state.contacts),
    )


Seen: TypeAlias = AnyEvent | Resync


class Subscription:
    """An async iterator over events; as a context manager it ends with the block."""

    def __init__(self, limit: int, resync: Callable[[Subscription], Awaitable[Resync]]) -> None:
        """Start now.

        Args:
            limit: how many events are held for the reader at most.
            resync: gives the present state while the writer is at rest, and calls `caught_up`.
        """
        self._limit = limit
        self._resync = resync
        self._events: deque[AnyEvent] = deque()
        self._behind = False
        self._closed = False
        self._changed: anyio.Event | None = None

    def put(self, events: Iterable[AnyEvent]) -> None:
        """Hold events for the reader; the runtime calls this."""
        if self._behind or self._closed:
            return
        self._events.extend(events)
        if len(self._events) > self._limit:
            self.lose()
        self._wake()

    def lose(self) -> None:
        """Drop what is held; the reader gets a `Resync` next."""
        self._events.clear()
        self._behind = True
        self._wake()

    def caught_up(self) -> None:
        """Hold events again, those from here on."""
        self._behind = False

    def close(self) -> None:
        """End the iteration, after what is held."""
        self._closed = True
        self._wake()

    def __len__(self) -> int:
        """Count the events that are held."""
        return len(self._events)

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the subscription."""
        self._events.clear()
        self.close()

    def __aiter__(self) -> Subscription:
        """Give itself."""
        return self

    async def __anext__(self) -> Seen:
        """Wait for the next event, or for where to go on from."""
        await anyio.lowlevel.checkpoint()
        while not self._events:
            if self._closed:
                raise StopAsyncIteration
            if self._behind:
                return await self._resync(self)
            if self._changed is None:
                self._changed = anyio.Event()
            await self._changed.wait()
        return self._events.popleft()

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None
