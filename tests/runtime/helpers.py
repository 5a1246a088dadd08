"""What the tests of the runtime share: a desk in memory, and a journal that can be made to fail."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import anyio

from tongdai import Agent, Center, PutAgent, Queue
from tongdai.center.events import AnyEvent
from tongdai.journal import Frame, Journal, MemoryJournal, decode_frame
from tongdai.runtime import Entry, Resync, Runtime, Subscription
from tongdai.testing import FakeChannel, ManualClock

Event = TypeVar("Event")


class Troubled:
    """A journal in memory that fails, or waits, when it is told to."""

    def __init__(self) -> None:
        """Work well at first."""
        self.memory = MemoryJournal()
        self.errors: list[OSError] = []
        self.keep_first = False
        self.unreadable: Exception | None = None
        self.reached = anyio.Event()
        self.held: anyio.Event | None = None

    async def append(self, partition: str, expected_seq: int, frame: bytes) -> int:
        """Keep a frame, after what was ordered."""
        if self.held is not None:
            self.reached.set()
            await self.held.wait()
        if self.errors:
            if self.keep_first:
                await self.memory.append(partition, expected_seq, frame)
            raise self.errors.pop(0)
        return await self.memory.append(partition, expected_seq, frame)

    async def read(self, partition: str, after: int = 0) -> Sequence[Frame]:
        """Read, if that is allowed."""
        if self.unreadable is not None:
            raise self.unreadable
        return await self.memory.read(partition, after)


class Setting:
    """A running runtime with what is round it."""

    def __init__(self, live: Runtime, chat: FakeChannel, clock: ManualClock) -> None:
        self.live = live
        self.chat = chat
        self.clock = clock


@asynccontextmanager
async def running(  # noqa: PLR0913 - settings with defaults
    *queues: Queue,
    center: Center | None = None,
    journal: Journal | None = None,
    chat: FakeChannel | None = None,
    clock: ManualClock | None = None,
    channels: Mapping[Any, Entry] | None = None,
    agents: Sequence[str] = (),
    outbox: int = 256,
    **settings: Any,  # noqa: ANN401 - as `Runtime` has them
) -> AsyncGenerator[Setting]:
    """Run a center with one queue, one chat and a clock that stands still; at most 5 s."""
    chat = chat or FakeChannel("web")
    clock = clock or ManualClock()
    with anyio.fail_after(5):
        async with Runtime(
            center or Center(queues or [Queue("cards")]),
            journal=journal or MemoryJournal(),
            channels={chat: "cards"} if channels is None else channels,
            clock=clock,
            outbox=outbox,
            **settings,
        ) as live:
            for agent in agents:
                await live.handle(PutAgent(Agent(agent)))
            yield Setting(live, chat, clock)


async def until(events: Subscription, kind: type[Event]) -> Event:
    """Read on to the next event of a kind."""
    async for event in events:
        if isinstance(event, kind):
            return event
    raise AssertionError(f"no {kind.__name__} came")


async def kept(journal: Journal) -> list[AnyEvent]:
    """Return all events in a journal."""
    frames: list[Frame] = []
    while page := await journal.read("main", len(frames)):
        frames += page
    return [event for frame in frames for event in decode_frame(frame.data, frame.seq).events]


async def names(journal: Journal) -> list[str]:
    """Return the kinds of all events in a journal."""
    return [type(event).__name__ for event in await kept(journal)]


async def replayed(journal: Journal) -> dict[str, object]:
    """Return the state that a journal's events give."""
    center = Center()
    for event in await kept(journal):
        center.apply(event)
    return center.snapshot()


__all__ = ["Resync", "Setting", "Troubled", "kept", "names", "replayed", "running", "until"]
