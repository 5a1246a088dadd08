"""Work that blocks, done in a thread of its own that never outlives who asked for it.

Rule: whoever is cancelled while the work goes on has it stopped, and waits until its thread has
ended. The thread belongs to the work alone: it takes none of the places that the program keeps for
short work, and leaves none behind that idles. It is the same on asyncio and on trio, because all
that the event loop waits for is a socket.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import anyio

_T = TypeVar("_T")

SPARED: Final = 3.0
"""Seconds that work may go on which is told to stop at a moment when it must not be."""
_LONGEST_END: Final = 30.0
"""Seconds that work may take to end once it is told to; only a name server holds one up as long."""


class Aside(Generic[_T]):
    """A thread, and what comes of it."""

    def __init__(self, name: str, work: Callable[[], _T]) -> None:
        """Start the work; `name` is the thread's."""
        self._work = work
        self._value: _T | None = None
        self._error: BaseException | None = None
        self._ours, self._theirs = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._value = self._work()
        except BaseException as error:  # noqa: BLE001 - raised where the result is asked for
            self._error = error
        finally:
            self._theirs.close()  # (which wakes whoever waits)

    async def over(self) -> None:
        """Wait until the thread has ended."""
        if self._thread.is_alive():
            await anyio.wait_readable(self._ours)
        self._thread.join()  # (it has nothing more to do)

    def result(self) -> _T:
        """Return what came of it, or raise what it raised."""
        self._ours.close()
        if self._error is not None:
            raise self._error
        return self._value  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    def leave(self) -> None:
        """Ask for no result."""
        self._ours.close()


async def aside(
    name: str,
    work: Callable[[], _T],
    *,
    stop: Callable[[], None] | None = None,
    spare: Callable[[], bool] | None = None,
) -> _T:
    """Do work in a thread, and return what it returns, or raise what it raises.

    Args:
        name: the thread's name.
        work: what to do.
        stop: makes it end soon; called when whoever waits for it is cancelled. Without one it is
            waited for.
        spare: whether it is at something that must not be interrupted. Then it is given some
            seconds before it is stopped.
    """
    thread = Aside(name, work)
    try:
        await thread.over()
    except BaseException:
        if spare is not None and spare():
            with anyio.move_on_after(SPARED, shield=True):
                await thread.over()
        if stop is not None:
            stop()
        with anyio.move_on_after(_LONGEST_END, shield=True):
            await thread.over()
        thread.leave()
        raise
    return thread.result()
