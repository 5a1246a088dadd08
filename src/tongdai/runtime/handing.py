"""Handing the center what has happened.

Rule: what has happened is told until the journal has it or the center refuses it, with a pause
while there is no journal. What nobody foresaw ends the runtime, and is raised where it is left.
"""

from __future__ import annotations

from typing import Final, Protocol

from tongdai.center import Decision
from tongdai.center.inputs import Input
from tongdai.errors import JournalError, TongdaiError
from tongdai.model.time import seconds
from tongdai.runtime.ports import Clock

PAUSE: Final = seconds(1)
"""How long to wait, by the runtime's clock, before what has failed is tried again."""
LAST: Final = 1.0
"""Seconds of real time, for what is done even while all is being cancelled."""


class Host(Protocol):
    """What takes inputs, and is told what goes wrong: the runtime."""

    async def submit(self, input: Input) -> Decision:
        """Let the center take an input, and wait until it is durable."""
        ...

    def fault(self, channel: str, what: str, reason: str) -> None:
        """Note what could not be done."""
        ...

    def crash(self, error: Exception) -> None:
        """End the runtime."""
        ...


async def pause(clock: Clock) -> None:
    """Wait before what has failed is tried again."""
    await clock.sleep_until(clock.now() + int(PAUSE))


async def hand_over(host: Host, input: Input) -> None:
    """Bring an input to the writer, once, and wait until it is durable.

    Raises:
        TongdaiError: why it is not.
    """
    try:
        await host.submit(input)
    except TongdaiError:
        raise
    except Exception as error:  # noqa: BLE001 - raised where the runtime is left
        host.crash(error)


async def keep_handing(host: Host, clock: Clock, input: Input) -> None:
    """Bring an input to the writer until the journal has it.

    Raises:
        TongdaiError: why the center does not take it.
    """
    while True:
        try:
            await hand_over(host, input)
        except JournalError:
            await pause(clock)
        else:
            return
