"""The two clocks: one that is moved by hand, and the machine's."""

from __future__ import annotations

import anyio
import pytest

from tongdai import ConfigurationError, IllegalInput, seconds
from tongdai.runtime import SystemClock
from tongdai.testing import ManualClock

pytestmark = pytest.mark.anyio


async def test_sleepers_wake_in_order_and_in_time() -> None:
    """Whoever sleeps until then wakes; the others sleep on."""
    clock = ManualClock()
    woken: list[int] = []

    async def sleeper(moment: int) -> None:
        await clock.sleep_until(moment)
        woken.append(moment)

    async with anyio.create_task_group() as tasks:
        for moment in (5, 3, 9, 0):
            tasks.start_soon(sleeper, seconds(moment))
        await anyio.wait_all_tasks_blocked()
        clock.advance(seconds(5))
        await anyio.wait_all_tasks_blocked()
        assert sorted(woken) == [0, seconds(3), seconds(5)]
        tasks.cancel_scope.cancel()


async def test_it_can_move_by_itself() -> None:
    """With `run`, time passes whenever everybody waits: an hour takes no time."""
    clock = ManualClock()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(clock.run)
            for _ in range(60):
                await clock.sleep(seconds(60))
            tasks.cancel_scope.cancel()
    assert clock.now() == seconds(3_600)


async def test_it_does_not_go_back() -> None:
    """Bare numbers and earlier instants are refused."""
    clock = ManualClock(seconds(9))
    with pytest.raises(ConfigurationError, match="has no unit"):
        clock.advance(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(IllegalInput, match="time does not go back"):
        clock.advance_to(seconds(8))
    assert clock.now() == seconds(9)


async def test_the_machines_clock_never_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the machine's is put back by 3 ms, it goes on at half speed until they meet."""
    told = iter([5_000_000, 3_000_000, 5_000_000, 8_000_000, 12_000_000])
    passed = iter([0, 0, 1_000_000, 3_000_000, 6_000_000, 10_000_000])
    monkeypatch.setattr("time.time_ns", lambda: next(told))
    monkeypatch.setattr("time.monotonic_ns", lambda: next(passed))
    clock = SystemClock()
    assert [clock.now() for _ in range(5)] == [5_000, 5_500, 6_500, 8_000, 12_000]


async def test_the_machines_clock_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """In naps of a minute at most, so that a change of the machine's time is seen."""
    naps: list[float] = []
    now = 0

    async def nap(delay: float) -> None:
        nonlocal now
        await anyio.lowlevel.checkpoint()
        naps.append(delay)
        now += round(delay * 1e9)

    monkeypatch.setattr("time.time_ns", lambda: now)
    monkeypatch.setattr("anyio.sleep", nap)
    await SystemClock().sleep_until(seconds(90))
    assert naps == [60.0, 30.0]
