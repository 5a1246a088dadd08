"""A channel that fails is opened again, later each time, until something comes of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.helpers import running
from tests.runtime.test_channels import message
from tongdai import seconds
from tongdai.channels import Inbound
from tongdai.errors import ChannelFault
from tongdai.runtime.backoff import Reopening
from tongdai.testing import FakeChannel, ManualClock

FAILURES = st.lists(st.tuples(st.booleans(), st.sampled_from([None, 0, 1, 59, 60, 3_600])))
"""Of one channel: whether it gave something before, and for how many seconds it was open."""


@given(FAILURES)
def test_each_wait_is_twice_the_one_before_until_something_comes_of_it(
    failures: list[tuple[bool, int | None]],
) -> None:
    """From 1 s to 60 s; what gave something, or was open for 60 s, begins anew."""
    reopening, now, before = Reopening(), 0, 0
    for gave, lasted in failures:
        reopening.begin()
        if lasted is not None:
            reopening.opened(now)
            now += int(seconds(lasted))
        if gave:
            reopening.gave()
        anew = gave or (lasted is not None and lasted >= 60) or not before
        expected = 1 if anew else min(2 * before, 60)
        assert seconds(expected) == reopening.wait(now) == reopening.wait(now)
        before = expected


class Shut(FakeChannel):
    """A channel whose connection breaks as it begins, but for the times when it is let be.

    Attributes:
        opened: when it was tried to open it, in seconds.
        tries, tried: set once it was tried so often.
        gives: at which tries a message comes in first.
        lasts: how long the connection stays, by the try, in seconds.
    """

    def __init__(self, clock: ManualClock) -> None:
        super().__init__("web")
        self.opened: list[int] = []
        self.tries = 0
        self.tried = anyio.Event()
        self.gives: set[int] = set()
        self.lasts: dict[int, int] = {}
        self._time = clock

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        """Connect, where it gives or lasts."""
        number = len(self.opened)
        self.opened.append(self._time.now() // 1_000_000)
        if len(self.opened) == self.tries:
            self.tried.set()
        if number not in self.gives and number not in self.lasts:
            raise ChannelFault("retry", "no route")
        yield self._read(number)

    async def _read(self, number: int) -> AsyncGenerator[Inbound]:
        if number in self.gives:
            yield message(f"k{number}")
        await self._time.sleep(seconds(self.lasts.get(number, 0)))
        raise ConnectionError("reset")


async def _times(chat: Shut, clock: ManualClock, tries: int) -> tuple[list[int], list[str]]:
    """Return when a channel was opened, and the faults that were told of it."""
    chat.tries = tries
    async with running(chat=chat, clock=clock) as it, anyio.create_task_group() as tasks:
        tasks.start_soon(clock.run)
        await chat.tried.wait()
        tasks.cancel_scope.cancel()
    faults = [f"{fault.what}: {fault.reason}" for fault in it.live.faults]
    return chat.opened[:tries], faults[: tries - 1]


@pytest.mark.anyio
async def test_a_channel_that_cannot_be_opened_is_tried_less_and_less_often() -> None:
    """At last once a minute; each fault says when it is tried again."""
    clock = ManualClock()
    opened, faults = await _times(Shut(clock), clock, 9)
    assert [0, 1, 3, 7, 15, 31, 63, 123, 183] == opened
    waits = ["1 s", "2 s", "4 s", "8 s", "16 s", "32 s", "60 s", "60 s"]
    assert [f"open: retry: no route; opened again in {wait}" for wait in waits] == faults


@pytest.mark.anyio
async def test_a_channel_that_gave_something_is_opened_again_soon() -> None:
    """The fourth opening brings a message and breaks: a second later it is tried again."""
    clock = ManualClock()
    chat = Shut(clock)
    chat.gives = {3}
    opened, faults = await _times(chat, clock, 6)
    assert [0, 1, 3, 7, 8, 10] == opened
    assert "read: ConnectionError: reset; opened again in 1 s" == faults[3]


@pytest.mark.anyio
async def test_a_channel_that_lasted_is_opened_again_soon() -> None:
    """A connection that breaks after a minute is a new trouble; one of 59 s is the old one."""
    clock = ManualClock()
    chat = Shut(clock)
    chat.lasts = {2: 59, 4: 60}
    opened, _ = await _times(chat, clock, 7)
    assert [0, 1, 3, 3 + 59 + 4, 74, 74 + 60 + 1, 137] == opened
