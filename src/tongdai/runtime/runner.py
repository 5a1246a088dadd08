"""The center, live.

Rule: one task, the writer, takes one input at a time: the center decides, the journal keeps (see
`keeper`), and only then are effects performed, subscribers told, and the caller answered. So what
was acknowledged is durable, and nothing is done that is not.

The writer waits for the journal and for nothing else. Effects for agents go to their desks at once;
those for customers go to the outbox of their channel (see `outbox`: who would add to a full one
waits before the writer, not in it); subscribers who are slow lose events and are told so.

What comes in over a channel is taken once, by its key, and is tried again until the journal has it.
What a channel does wrong ends up in `Runtime.faults`, and never ends the runtime.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from types import TracebackType
from typing import Self
from weakref import WeakSet

import anyio
import anyio.lowlevel

from tongdai.center import Center, Decision, effects, events
from tongdai.center.inputs import Input, LoseAgent, Say, SetPresence, Tick
from tongdai.channels import Activity, Sign
from tongdai.errors import (
    ConfigurationError,
    IllegalInput,
    JournalError,
    TongdaiError,
)
from tongdai.journal import Journal
from tongdai.model.contact import Address
from tongdai.model.ids import check_id, contact_of
from tongdai.model.time import Instant
from tongdai.runtime.calls import Calls, Function
from tongdai.runtime.clock import SystemClock
from tongdai.runtime.desk import SIGNED_IN, AgentEffect, Desk, perform
from tongdai.runtime.feed import Feed
from tongdai.runtime.handing import PAUSE, hand_over, pause
from tongdai.runtime.keeper import Keeper
from tongdai.runtime.letters import DeadLetter, DeadLetters, Fault, Owed
from tongdai.runtime.link import Link
from tongdai.runtime.ports import Clock
from tongdai.runtime.recovery import Recovery
from tongdai.runtime.sending import Sending
from tongdai.runtime.settings import Channels, checked, checked_functions, ways_of_sending
from tongdai.runtime.showing import Noticed, Signs
from tongdai.runtime.subscription import Resync, Subscription, view_of

_INPUTS = 256  # inputs that wait for the writer; whoever brings more waits
_FAULTS = 100  # faults that are remembered
_DEAD = 1_000  # dead letters that are kept
_LAST_WORDS = 5.0  # seconds of real time in which what is owed is done when the runtime ends
_LAST_NOTES = 1.0  # and then for letting go, and for telling the journal what was not done
_TOLD = (effects.ShowMessage, effects.ShowRevision)
_NOTHING = Decision(Tick(), 0)


class _Request:
    """An input on its way to the writer, and the answer on its way back."""

    def __init__(self, input: Input | None, then: Callable[[Center], None] | None) -> None:
        self.input = input
        self.then = then
        self._done = anyio.Event()
        self._answer: Decision | Exception = _NOTHING

    def answer(self, answer: Decision | Exception) -> None:
        """Give the answer."""
        self._answer = answer
        self._done.set()

    async def wait(self) -> Decision:
        """Wait for the answer; an exception is raised here."""
        await self._done.wait()
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


class Runtime:
    """A center that runs: `async with Runtime(center, journal=...) as live:`.

    Attributes:
        recovery: what was found in the journal on entering.
        faults: the last 100 things that could not be done and had nobody to be told.
    """

    def __init__(  # noqa: PLR0913 - settings with defaults
        self,
        center: Center,
        *,
        journal: Journal,
        channels: Channels | None = None,
        clock: Clock | None = None,
        partition: str = "main",
        outbox: int = 256,
        sending: Sending | Mapping[str, Sending] | None = None,
        functions: Mapping[str, Function] | None = None,
        names: Mapping[str, str] | None = None,
    ) -> None:
        """Make a runtime; it runs inside `async with`, once.

        Args:
            center: a new center. The runtime takes its queues and settings; the one that lives is
                `Runtime.center`.
            journal: where everything is kept that happens; what is there already is replayed.
            channels: channels, and where their contacts enter.
            clock: who tells the time; by default the machine.
            partition: the center's part of the journal.
            outbox: how many messages a channel may owe before those who would add to it wait.
            sending: how messages are sent: for all channels, or by the id of the channel.
            functions: what flows may call, by name; each gets its arguments by name. The one called
                `callback` is called where a flow wants a customer called back.
            names: what customers are told an agent is called, by the agent's id; the id, where it
                is not in there.

        Raises:
            ConfigurationError: names the argument and what would be right.
        """
        if isinstance(journal, (str, bytes, os.PathLike)):
            raise ConfigurationError(
                f"Runtime.journal: {journal!r} is a path, and this version has no SQLite journal;"
                " pass journal=MemoryJournal(), which keeps nothing beyond the program"
            )
        if center.state.version:
            raise ConfigurationError(
                "Runtime.center: something has happened in it already; pass a new one, what"
                " happened before comes from the journal"
            )
        check_id(partition, "Runtime.partition")
        self.recovery = Recovery()
        self.faults: Sequence[Fault] = ()
        self._clock = SystemClock() if clock is None else clock
        self._keeper = Keeper(center, journal, partition, self._clock, self._surprise)
        self._limit = outbox
        self._channels = checked(channels or {}, center)
        self._sending = ways_of_sending(sending, [channel.id for channel, _ in self._channels])
        self._dead = DeadLetters(_DEAD)
        self._desks: dict[str, Desk] = {}
        self._links: dict[str, Link] = {}
        self._subscriptions: WeakSet[Subscription] = WeakSet()
        self._calls = Calls(checked_functions(functions or {}), host=self, clock=self._clock)
        self._signs = Signs(lambda: self.center, self._clock, names or {})
        self._known_faults: deque[Fault] = deque(maxlen=_FAULTS)
        self.faults = self._known_faults
        self._alarm: Instant | None = None
        self._open = False
        self._context: AbstractAsyncContextManager[Self] | None = None
        self._crashed: Exception | None = None

    # --- using it -----------------------------------------------------------------------------

    async def handle(self, input: Input) -> Decision:
        """Let the center take an input now, and return its answer once that is durable.

        When the caller is cancelled meanwhile, the input may still be taken.

        Raises:
            IllegalInput: the center cannot take it; nothing has happened.
            JournalError: it could not be kept; nothing has happened.
            TongdaiError: the runtime is not running.
        """
        if not self._open:
            raise TongdaiError(
                "Runtime: it is not running; use it inside `async with Runtime(...)`"
            )
        if isinstance(input, Say) and isinstance(input.interaction, str):
            live = self._keeper.center.state.contacts.get(contact_of(input.interaction) or "")
            address = None if live is None else live.contact.address
            if address is not None and address.channel in self._links:
                await self._links[address.channel].outbox.room()
        return await self.submit(input)

    @asynccontextmanager
    async def sign_in(self, agent: str) -> AsyncGenerator[Desk]:
        """Sit an agent down at a desk: available inside, offline after.

        When the block is left by an exception or by cancellation, the agent is lost instead: their
        contacts stay theirs for the center's grace, and wait for others after it.

        Raises:
            IllegalInput: there is no such agent, or they are at a desk already.
        """
        if agent in self._desks:
            raise IllegalInput(f"sign_in: agent {agent!r} is at a desk already; one each")
        desk = self._desks[agent] = Desk(agent, self.handle, self.show)
        try:
            await self.submit(SetPresence(agent, "available", SIGNED_IN), desk.sync)
            yield desk
            with anyio.move_on_after(_LAST_WORDS, shield=True):
                await desk.give_back()
                if agent in self._keeper.center.state.router.agents:  # else they were removed
                    await self.submit(SetPresence(agent, "offline"))
        except BaseException:
            with anyio.move_on_after(_LAST_WORDS, shield=True), suppress(TongdaiError):
                await self.submit(LoseAgent(agent))
            raise
        finally:
            del self._desks[agent]
            desk.close()

    def events(self, *, limit: int = 1_000) -> Subscription:
        """Follow what happens from here on.

        Args:
            limit: how many events are held for a slow reader. One who is further behind gets a
                `Resync` with the present state in place of what was missed.
        """
        subscription = Subscription(limit, self._resync)
        self._subscriptions.add(subscription)
        return subscription

    async def show(self, contact: str, sign: Sign) -> None:
        """Show a contact's customer something besides messages, where the channel can.

        It may be lost; nobody learns whether it was shown. Where there is no such open contact,
        nothing happens.
        """
        self._signs.show(contact, sign)
        await anyio.lowlevel.checkpoint()

    def activities(self, *, limit: int = 100) -> Feed[Noticed]:
        """Follow what customers do besides writing, from here on: they type, come and go.

        Args:
            limit: how many wait for a slow reader; the oldest make room for the newest.
        """
        return self._signs.follow(limit)

    @property
    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """Messages that were not sent and are not tried again by themselves, oldest first.

        The newest 1,000 are kept while the runtime runs.
        """
        return self._dead.every()

    async def redrive(self, id: str) -> None:
        """Let a dead letter be sent after all, behind what is owed to its address, with its key.

        Returns once it is owed again; it is among the dead letters again where it fails again.

        Raises:
            IllegalInput: there is no dead letter of this id.
            TongdaiError: the runtime is not running.
        """
        link = self._links.get(self._dead.get(id).channel)
        if link is None or not self._open:
            raise TongdaiError("Runtime.redrive: it is not running")
        await link.outbox.room()
        if not self._open:
            raise TongdaiError("Runtime.redrive: it is not running")
        letter = self._dead.take(id)
        link.outbox.put(letter.again(), round=letter.round + 1)

    def drop(self, id: str) -> DeadLetter:
        """Keep a dead letter no more, and return it.

        Raises:
            IllegalInput: there is no dead letter of this id.
        """
        return self._dead.take(id)

    @property
    def center(self) -> Center:
        """The living center, to look at; it may be one decision ahead of the journal.

        Raises:
            JournalError: an append has failed, and the journal could not be read since.
        """
        if self._keeper.stale:
            raise JournalError("Runtime.center: unknown until the journal can be read again")
        return self._keeper.center

    # --- life ---------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Replay the journal, and begin.

        Raises:
            JournalError: the journal cannot be replayed.
        """
        if self._context is not None:
            raise TongdaiError("Runtime: one runs once; make another")
        self._context = self._running()
        return await self._context.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool | None:
        """Take nothing more, finish what is under way, and let go of the channels."""
        assert self._context is not None  # noqa: S101 - for the type checkers
        return await self._context.__aexit__(kind, error, trace)

    @asynccontextmanager
    async def _running(self) -> AsyncGenerator[Self]:
        self._lock = anyio.Lock(fast_acquire=True)
        self.recovery = await self._keeper.recover()
        self._set_alarm()
        self._sender, self._requests = anyio.create_memory_object_stream[_Request](_INPUTS)
        self._writing = anyio.CancelScope(shield=True)
        self._written = anyio.Event()
        self._timing = anyio.CancelScope()
        self._nap = anyio.CancelScope()  # until the next deadline
        for channel, entry in self._channels:
            self._links[channel.id] = Link(
                channel,
                entry,
                host=self,
                clock=self._clock,
                limit=self._limit,
                sending=self._sending[channel.id],
            )
            self._signs.add(channel.id, self._links[channel.id].showing)
            self._calls.add(channel)
        wrong: BaseException | None = None
        try:
            async with anyio.create_task_group() as self._tasks:
                self._tasks.start_soon(self._write)
                self._tasks.start_soon(self._keep_time)
                self._tasks.start_soon(self._signs.run)
                self._tasks.start_soon(self._calls.run)
                for link in self._links.values():
                    self._tasks.start_soon(link.run)
                self._open = True
                try:
                    yield self
                finally:
                    await self._wind_down()
        except BaseExceptionGroup as group:
            # With one thing wrong, that is what the caller sees, as it was.
            wrong = next(iter(group.exceptions)) if len(group.exceptions) == 1 else group
        if (wrong := self._crashed or wrong) is not None:
            raise wrong

    async def _wind_down(self) -> None:
        """Stop what brings inputs, finish what is taken, do what is owed; then end everything."""
        self._open = False
        self._timing.cancel()
        self._signs.close()
        for link in self._links.values():
            link.stop()
        with anyio.move_on_after(_LAST_WORDS, shield=True), suppress(TongdaiError):
            await self.submit(None)  # now the writer has done all that was before this
            for link in self._links.values():
                link.outbox.close()
            for link in self._links.values():
                await link.finished()
        for link in self._links.values():
            link.cancel()
        with anyio.move_on_after(_LAST_NOTES, shield=True):
            for link in self._links.values():
                await link.finished()
        notes = [note for link in self._links.values() for note in link.give_up()]
        with anyio.move_on_after(_LAST_NOTES, shield=True), suppress(TongdaiError):
            for note in notes:
                await self.submit(note)
            self._sender.close()
            await self._written.wait()
        self._calls.close()
        self._sender.close()
        self._writing.cancel()
        for subscription in list(self._subscriptions):
            subscription.close()
        for desk in self._desks.values():
            desk.close()

    def crash(self, error: Exception) -> None:
        """End the runtime: something here, or a function passed in, is broken."""
        self._crashed = self._crashed or error
        self._tasks.cancel_scope.cancel()

    # --- the writer ---------------------------------------------------------------------------

    async def submit(
        self, input: Input | None, then: Callable[[Center], None] | None = None
    ) -> Decision:
        """Bring an input to the writer, or nothing, to learn that it has come so far.

        Args:
            input: the input.
            then: called once it is durable, and its effects are performed.
        """
        request = _Request(input, then)
        try:
            await self._sender.send(request)
        except (anyio.ClosedResourceError, anyio.BrokenResourceError) as error:
            raise TongdaiError("Runtime: it has ended; the input was not taken") from error
        return await request.wait()

    async def _write(self) -> None:
        with self._writing:
            try:
                async for request in self._requests:
                    await self._answer(request)
            finally:
                self._written.set()
                with suppress(anyio.WouldBlock, anyio.EndOfStream):
                    while True:
                        request = self._requests.receive_nowait()
                        request.answer(TongdaiError("Runtime: it has ended; not taken"))
                self._requests.close()

    async def _answer(self, request: _Request) -> None:
        if request.input is None:
            request.answer(_NOTHING)
            return
        try:
            async with self._lock:
                decision = await self._keeper.decide(request.input)
                try:
                    self._perform(decision)
                    if request.then is not None:
                        request.then(self._keeper.center)
                except Exception as error:  # noqa: BLE001 - raised where the runtime is left
                    self.crash(error)
        except BaseException as error:
            request.answer(error if isinstance(error, Exception) else TongdaiError("interrupted"))
            if not isinstance(error, Exception):
                raise
        else:
            request.answer(decision)
        self._set_alarm()

    def _perform(self, decision: Decision) -> None:
        connected: set[str] = set()
        for effect in decision.effects:
            if isinstance(effect, (effects.SendMessage, effects.DisconnectContact)):
                self._owe(effect)
            elif isinstance(effect, effects.ServeContact):
                self._calls.perform(effect)
            else:
                self._tell_agent(effect, connected)
        for event in decision.events:
            self._signs.happened(event)
            self._calls.happened(event, over=lambda id: self._address_of(id) is None)
            if isinstance(event, events.AgentRemoved) and event.agent in self._desks:
                self._desks[event.agent].close()
        for subscription in self._subscriptions:
            subscription.put(decision.events)

    def _tell_agent(self, effect: AgentEffect, connected: set[str]) -> None:
        if isinstance(effect, effects.CloseInteraction):
            self._calls.disconnect(effect)
        elif isinstance(effect, effects.ConnectContact):
            connected.add(effect.interaction)
            self._calls.connect(effect, self._address_of(effect.contact))
        elif isinstance(effect, _TOLD) and effect.interaction in connected:
            return  # the talk began with everything that was said until now
        if (desk := self._desks.get(effect.agent)) is not None:
            perform(effect, desk, self._keeper.center)

    def _address_of(self, contact: str) -> Address | None:
        state = self._keeper.center.state
        live = state.contacts.get(contact) or state.flows.get(contact)
        return None if live is None else live.contact.address

    def _owe(self, effect: Owed) -> None:
        address = effect.address
        link = None if address is None else self._links.get(address.channel)
        if link is not None:
            link.outbox.put(effect)
        elif isinstance(effect, effects.SendMessage):
            where = "no address" if address is None else f"no channel {address.channel!r}"
            self.fault("", effect.id, f"{effect.contact} has {where}")

    def _surprise(self, center: Center) -> None:
        """Show everybody a center that knows more than the events that they have seen."""
        for subscription in self._subscriptions:
            subscription.lose()
        for desk in self._desks.values():
            desk.sync(center)

    # --- time ---------------------------------------------------------------------------------

    def _set_alarm(self) -> None:
        """Let the timer fall due when the center next wants to be called."""
        before = self._alarm
        if self._keeper.stale:
            self._alarm = self._clock.now() + int(PAUSE)
        else:
            self._alarm = self._keeper.center.next_deadline()
        if self._alarm is not None and (before is None or self._alarm < before) and self._open:
            self._nap.cancel()

    async def _keep_time(self) -> None:
        with self._timing:
            while True:
                alarm = self._alarm
                with anyio.CancelScope() as self._nap:
                    if alarm is None:
                        await anyio.sleep_forever()
                    else:
                        await self._clock.sleep_until(alarm)
                now = self._clock.now()
                if self._alarm is None or now < self._alarm:
                    continue
                try:
                    await hand_over(self, Tick())
                except TongdaiError:
                    await pause(self._clock)

    # --- inside -------------------------------------------------------------------------------

    def fault(self, channel: str, what: str, reason: str) -> None:
        """Note what could not be done; what belongs to the runtime calls this."""
        self._known_faults.append(Fault(self._clock.now(), channel, what, reason))

    def noticed(self, activity: Activity) -> None:
        """Tell whoever has the contact what its customer does; channels call this."""
        self._signs.noticed(activity, self._desks)

    async def hang_up(self, address: Address) -> None:
        """End a call; channels call this."""
        await self._calls.hang_up(address)

    def bury(self, letter: DeadLetter) -> None:
        """Keep a message that was not sent; what belongs to the runtime calls this."""
        if (gone := self._dead.add(letter)) is not None:
            self.fault(gone.channel, gone.id, f"dropped: there are {_DEAD:,} dead letters since")

    async def _resync(self, subscription: Subscription) -> Resync:
        async with self._lock:
            if self._keeper.stale:
                await self._keeper.rebuild()
            subscription.caught_up()
            return Resync(view_of(self._keeper.center))
