"""Where a channel's new contacts enter.

Rule: an entry is asked only about what opens a contact. What an application's own function answers
counts if it comes in time and makes sense; else the rules decide, and that is a fault that is told.
So no function that is `Asked` can lose a customer's message, or keep others waiting for it. A
function that stands alone has no rules behind it: a message that it fails on is a fault.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from inspect import isawaitable
from typing import Protocol, TypeAlias, TypeVar, cast

import anyio
import anyio.lowlevel
import attrs

from tongdai.center import About, Center, Triage, Triaged
from tongdai.center.inputs import Receive
from tongdai.channels import Inbound, Message, Ringing
from tongdai.errors import ConfigurationError, did_you_mean
from tongdai.model.mode import Mode
from tongdai.model.time import Duration, Instant, duration, seconds
from tongdai.runtime.ports import Clock

Answer = TypeVar("Answer")

Opening: TypeAlias = Message | Ringing
"""What a new contact comes of."""

Ask: TypeAlias = Callable[
    [Opening, About], "str | Triaged | Awaitable[str | Triaged | None] | None"
]
"""A function of an application: where a new contact goes, given who it is. `None`: see the rules.

A plain function holds up everything while it runs, so one that takes a while is an `async` one. It
is cancelled when it is late; work in a thread keeps to the limit with
`anyio.to_thread.run_sync(..., abandon_on_cancel=True)`.
"""


@attrs.frozen
class Asked:
    """An application's function is asked first, and the rules decide where it has no answer.

    Attributes:
        function: the function.
        within: how long it may take, by the runtime's clock.
        otherwise: where contacts go when it fails, is late, answers `None`, or something that is
            nowhere: a queue's or flow's id, or rules.
    """

    function: Ask
    within: Duration = attrs.field(default=seconds(2), kw_only=True)
    otherwise: str | Triage = attrs.field(kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        if not callable(self.function):
            raise ConfigurationError(f"Asked.function: {self.function!r} is no function")
        object.__setattr__(self, "within", duration(self.within, "Asked.within"))
        if not isinstance(self.otherwise, (str, Triage)):
            raise ConfigurationError(
                f"Asked.otherwise: {self.otherwise!r} is neither the id of a queue or flow nor a"
                " Triage"
            )


Entry: TypeAlias = str | Callable[[Message], "str | Triaged"] | Triage | Asked
"""Where a channel's new contacts enter: the id of a queue or of a flow, rules, a function from what
opens the contact to one of these ids, or a function that is asked before the rules."""


class Host(Protocol):
    """What a door needs of its runtime."""

    @property
    def center(self) -> Center:
        """The living center."""
        ...

    def fault(self, channel: str, what: str, reason: str) -> None:
        """Note what could not be done."""
        ...


class Door:
    """Makes the center's inputs of what comes in over a channel."""

    def __init__(self, entry: Entry, *, host: Host, clock: Clock) -> None:
        """Know where contacts enter."""
        self._entry = entry
        self._host = host
        self._clock = clock

    @property
    def slow(self) -> bool:
        """Whether it may take a while to find out."""
        return isinstance(self._entry, Asked)

    async def receive(self, inbound: Inbound, mode: Mode, *, id: str) -> Receive:
        """Return the input by which the center takes what came in.

        Its entry is empty where no contact comes of it, as far as is known now.

        Raises:
            JournalError: the center is not known just now.
        """
        if not isinstance(inbound, (Message, Ringing)):
            return Receive(inbound, "", mode, id=id)
        entry = self._entry
        if isinstance(entry, str):
            return Receive(inbound, entry, mode, id=id)
        center, now = self._host.center, self._clock.now()
        if not _may_open(center, inbound, now):
            return Receive(inbound, "", mode, id=id)
        found = await self._find(inbound, center.about(inbound, now))
        triaged = Triaged(found) if isinstance(found, str) else found
        return triaged.receive(inbound, mode, id=id)

    async def _find(self, inbound: Opening, about: About) -> str | Triaged:
        entry = self._entry
        if isinstance(entry, Triage):
            return entry.decide(inbound, about)
        if isinstance(entry, Asked):
            answer, trouble = await self._ask(entry, inbound, about)
            if not trouble and answer is not None:
                trouble = _nonsense(answer, self._host.center)
            if trouble:
                self._host.fault(
                    inbound.address.channel, inbound.key, f"the function for entries: {trouble}"
                )
            if not trouble and answer is not None:
                return answer
            rules = entry.otherwise
            return rules if isinstance(rules, str) else rules.decide(inbound, about)
        if isinstance(entry, str):  # pragma: no cover - `receive` needs nobody for that
            return entry
        return cast("Callable[[Opening], str | Triaged]", entry)(inbound)

    async def _ask(
        self, entry: Asked, inbound: Opening, about: About
    ) -> tuple[str | Triaged | None, str]:
        """Return what the function answers, and what is wrong with that."""

        async def call() -> tuple[str | Triaged | None, str]:
            try:
                answer = entry.function(inbound, about)
                return (await answer if isawaitable(answer) else answer), ""
            except anyio.get_cancelled_exc_class():
                await anyio.lowlevel.checkpoint_if_cancelled()
                return None, "something that it waited for was cancelled"
            except Exception as error:  # noqa: BLE001 - the rules decide then
                return None, f"{type(error).__name__}: {error}"

        late = (None, f"no answer within {entry.within}")
        return await in_time(self._clock, entry.within, call, late)


async def in_time(
    clock: Clock, within: Duration, call: Callable[[], Awaitable[Answer]], late: Answer
) -> Answer:
    """Return what a call gives, or `late` where it takes longer, by a clock.

    Args:
        clock: whose time counts.
        within: how long it may take.
        call: what is awaited, and cancelled when it is late; it raises nothing.
        late: the answer then.
    """
    answer = late
    async with anyio.create_task_group() as tasks:

        async def ring() -> None:
            await clock.sleep_until(clock.now() + int(within))
            tasks.cancel_scope.cancel()

        tasks.start_soon(ring)
        answer = await call()
        tasks.cancel_scope.cancel()
    return answer


def _may_open(center: Center, inbound: Opening, now: Instant) -> bool:
    """Return whether a contact may come of it: there is none, or it may end at this instant."""
    due = center.next_deadline()
    return center.opens(inbound) or (due is not None and due <= now)


def _nonsense(answer: object, center: Center) -> str:
    """Return what is wrong with an answer; empty where nothing is."""
    if not isinstance(answer, (str, Triaged)):
        return f"its answer is {type(answer).__name__}, neither an id nor Triaged(...) nor None"
    entry = answer if isinstance(answer, str) else answer.entry
    return unknown(entry, center)


def unknown(entry: str, center: Center) -> str:
    """Return that there is no queue and no flow of an id; empty where there is."""
    state = center.state
    if entry in state.queues.queues or entry in state.entries:
        return ""
    near = did_you_mean(entry, [*state.queues.queues, *sorted(state.entries)])
    return f"{entry!r}, which is neither a queue nor a flow.{near}"


def check_entry(entry: Entry, center: Center, where: str) -> None:
    """Refuse an entry that leads nowhere.

    Raises:
        ConfigurationError: names the channel and what would be right.
    """
    for id in _ids(entry, where):
        if wrong := unknown(id, center):
            raise ConfigurationError(f"Runtime.channels: {where!r} enters {wrong}")


def _ids(entry: object, where: str) -> Iterable[str]:
    if isinstance(entry, str):
        return (entry,)
    if isinstance(entry, Triage):
        return entry.entries
    if isinstance(entry, Asked):
        return _ids(entry.otherwise, where)
    if not callable(entry):
        raise ConfigurationError(
            f"Runtime.channels: {where!r} enters {entry!r}; write the id of a queue or flow,"
            " a Triage, Asked(function, otherwise=...), or a function of the first message"
        )
    return ()
