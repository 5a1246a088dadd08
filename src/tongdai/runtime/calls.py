"""What flows want done: calls are driven, and the application's functions are called.

Rule: what a flow wants is done in its order, and what comes of it is told to the flow; whatever
takes a while goes on beside it until it is done or no longer wanted. A call that is over takes with
it all that goes on in it; a function that the application has begun is let to its end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping
from inspect import isawaitable
from typing import Any, Final, TypeAlias

import anyio
import anyio.abc

from tongdai.center import effects, events
from tongdai.center.inputs import Abandon, FailConnect, Input, Tell
from tongdai.errors import ChannelFault, TongdaiError
from tongdai.ivr import effects as tasks
from tongdai.ivr import inputs as told
from tongdai.model.contact import Address
from tongdai.model.ids import contact_of
from tongdai.runtime.feed import Feed
from tongdai.runtime.handing import LAST, Host, keep_handing
from tongdai.runtime.ports import Calls as HasCalls
from tongdai.runtime.ports import Channel, Clock, Session

CALL_BACK: Final = "callback"
"""The function that is called where a flow wants somebody called back: `queue`, `number`,
`requires`, `priority`, `context` and `at` are its arguments."""

Function: TypeAlias = Callable[..., Any]
"""A function of the application, for flows: gets the node's arguments by name, gives plain data.

A plain function holds up everything while it runs, so one that takes a while is an `async` one. One
that raises has failed.
"""


class Calls:
    """All calls, and all functions that are under way."""

    def __init__(self, functions: Mapping[str, Function], *, host: Host, clock: Clock) -> None:
        """Start with no call.

        Args:
            functions: the application's, by the names that flows use.
            host: the runtime.
            clock: for waits.
        """
        self._functions = dict(functions)
        self._host = host
        self._clock = clock
        self._channels: dict[str, HasCalls] = {}
        self._calls: dict[str, _Call] = {}
        self._tasks: anyio.abc.TaskGroup | None = None
        self._first: deque[tuple[Any, ...]] = deque()  # what is wanted before `run` runs
        self._closed = False

    def add(self, channel: Channel) -> None:
        """Know a channel, if it has calls."""
        if isinstance(channel, HasCalls):
            self._channels[channel.id] = channel

    async def run(self) -> None:
        """Do what is wanted, until closed."""
        async with anyio.create_task_group() as self._tasks:
            if self._closed:
                return
            while self._first:
                self._tasks.start_soon(*self._first.popleft())
            await anyio.sleep_forever()

    def close(self) -> None:
        """Do no more."""
        self._closed = True
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()

    # --- what is wanted -----------------------------------------------------------------------

    def perform(self, effect: effects.ServeContact) -> None:
        """Begin what a flow wants done."""
        contact, task = effect.contact, effect.task
        match task:
            case tasks.CallFunction(call, function, args) if function in self._functions:
                self._begin(self._function, contact, call, self._functions[function], args)
                return
            case tasks.ScheduleCallBack() if CALL_BACK in self._functions:
                args = {name: getattr(task, name) for name in _CALLED_BACK}
                self._begin(self._function, contact, task.call, self._functions[CALL_BACK], args)
                return
            case tasks.CallFunction() | tasks.ScheduleCallBack():
                pass
            case _:
                line = self._call(contact, effect.address)
                if line is not None:
                    line.perform(task)
                    return
        what = type(task).__name__
        if isinstance(task, tasks.CallFunction):
            what += f" {task.function}"
        self._host.fault("", effect.id, f"{contact}: nobody here performs {what}")

    def connect(self, effect: effects.ConnectContact, address: Address | None) -> None:
        """Connect a caller with an agent, if it is a call."""
        call = self._call(effect.contact, address)
        if call is not None:
            call.connect(effect.agent, effect.interaction)

    def disconnect(self, effect: effects.CloseInteraction) -> None:
        """Take an agent out of a call that goes on."""
        call = self._calls.get(contact_of(effect.interaction) or "")
        if call is not None:
            call.disconnect(effect.agent)

    def happened(self, event: events.AnyEvent, over: Callable[[str], bool]) -> None:
        """See what is no longer wanted: of who waits for a person, of whose contact is over."""
        contact = getattr(event, "contact", "")
        call = self._calls.get(contact)
        if call is None:
            return
        if isinstance(event, events.ContactQueued):
            call.rest()
        if over(contact):
            del self._calls[contact]
            call.over()

    async def hang_up(self, address: Address) -> None:
        """End a call.

        Raises:
            ChannelFault: it could not be done.
        """
        channel = self._channels.get(address.channel)
        if channel is not None:
            await channel.session(address).hang_up()

    # --- inside -------------------------------------------------------------------------------

    def _begin(self, function: Callable[..., Coroutine[Any, Any, None]], *args: object) -> None:
        if self._tasks is None:
            self._first.append((function, *args))
        elif not self._closed:
            self._tasks.start_soon(function, *args)

    def _call(self, contact: str, address: Address | None) -> _Call | None:
        """Return the call of a contact; `None` where it is none."""
        channel = None if address is None else self._channels.get(address.channel)
        if channel is None or address is None:
            return None
        call = self._calls.get(contact)
        if call is None:
            try:
                session = channel.session(address)
            except Exception as error:  # noqa: BLE001 - must not end the runtime
                self.trouble(address.channel, contact, error)
                self._begin(self.tell, Abandon(contact))
                return None
            call = self._calls[contact] = _Call(contact, address.channel, session, self)
            self._begin(call.run)
        return call

    async def _function(
        self, contact: str, call: str, function: Function, args: Mapping[str, Any]
    ) -> None:
        """Call a function, and tell the flow what it gave."""
        try:
            value = function(**args)
            if isawaitable(value):
                value = await value
        except Exception as error:  # noqa: BLE001 - the flow hears that it failed
            self._host.fault("", call, f"{contact}: {type(error).__name__}: {error}")
        else:
            try:
                done = Tell(contact, told.InvokeDone(call, value))
                await keep_handing(self._host, self._clock, done)
            except TongdaiError as error:
                self._host.fault("", call, f"{contact}: {error}")
            else:
                return
        await self.tell(Tell(contact, told.InvokeFailed(call)))

    async def tell(self, input: Input) -> None:
        """Tell the center something; what it cannot take is a fault."""
        try:
            await keep_handing(self._host, self._clock, input)
        except TongdaiError as error:
            self._host.fault("", getattr(input, "contact", ""), str(error))

    def trouble(self, channel: str, contact: str, error: Exception) -> None:
        """Note that something about a call could not be done."""
        known = isinstance(error, TongdaiError)
        self._host.fault(channel, contact, str(error) if known else f"{type(error).__name__}")


_CALLED_BACK: Final = ("queue", "number", "requires", "priority", "context", "at")
_Act: TypeAlias = Callable[[], Awaitable[None]]


class _Call:
    """One call: its session, and what goes on in it."""

    def __init__(self, contact: str, channel: str, session: Session, calls: Calls) -> None:
        self._contact = contact
        self._channel = channel
        self._session = session
        self._calls = calls
        self._acts: Feed[_Act] = Feed()
        self._acts.put(session.answer)
        self._told: Feed[tuple[told.AnyInput, anyio.Event]] = Feed()
        self._plays: deque[tasks.Play] = deque()
        self._playing: anyio.CancelScope | None = None
        self._hearing: anyio.CancelScope | None = None
        self._secret: tuple[str, anyio.CancelScope] | None = None
        self._tasks: anyio.abc.TaskGroup | None = None
        self._over = False

    async def run(self) -> None:
        """Answer, and do what is wanted, in order, until it is over."""
        async with anyio.create_task_group() as self._tasks:
            if self._over:
                return
            self._tasks.start_soon(self._tell_on)
            async for act in self._acts:
                try:
                    await act()
                except Exception as error:  # noqa: BLE001 - must not end the runtime
                    self._calls.trouble(self._channel, self._contact, error)
            self._tasks.cancel_scope.cancel()

    def over(self) -> None:
        """Stop all that goes on."""
        self._over = True
        self._acts.close()
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()

    # --- what is wanted -----------------------------------------------------------------------

    def perform(self, task: tasks.AnyEffect) -> None:
        """Do what the flow wants, behind what it wanted before."""
        self._acts.put(lambda: self._perform(task))

    def connect(self, agent: str, interaction: str) -> None:
        """Connect the caller with an agent; where that fails, the center hears of it."""
        self._acts.put(lambda: self._connect(agent, interaction))

    def disconnect(self, agent: str) -> None:
        """Take an agent out of the call."""
        self._acts.put(lambda: self._session.disconnect(agent))

    def rest(self) -> None:
        """The flow listens no more."""

        async def rest() -> None:
            self._rest()

        self._acts.put(rest)

    # --- how it is done -----------------------------------------------------------------------

    async def _perform(self, task: tasks.AnyEffect) -> None:
        match task:
            case tasks.Play():
                self._plays.append(task)
                if self._playing is None:
                    self._playing = anyio.CancelScope()
                    if self._tasks is not None:  # (what is heard next hears it play)
                        await self._tasks.start(self._play, self._playing)
            case tasks.StopAudio(token):
                self._stop(token)
            case tasks.StopSecureInput(token):
                if self._secret is not None and self._secret[0] == token:
                    self._secret[1].cancel()
            case tasks.ApplySettings():
                await self._session.configure(task)
            case _:
                self._hear(task)

    def _hear(self, task: tasks.AnyEffect) -> None:
        """Let the caller be heard in one way, and in no other."""
        begin, session = self._begin, self._session
        self._rest()
        match task:
            case tasks.Listen():
                self._hearing = anyio.CancelScope()
                begin(self._listen, task, self._hearing)
            case tasks.StartSecureInput():
                scope = anyio.CancelScope()
                self._secret = task.token, scope
                begin(self._collect, task, scope)
            case tasks.StartRecording():
                begin(self._ask, task.call, lambda: session.record(task))
            case tasks.TransferContact():
                begin(self._ask, task.call, lambda: session.transfer(task))
            case _:
                pass  # (the center does the rest itself)

    def _begin(self, function: Callable[..., Coroutine[Any, Any, None]], *args: object) -> None:
        if self._tasks is not None:
            self._tasks.start_soon(function, *args)

    def _stop(self, token: str) -> None:
        """Stop a prompt, or do not begin it."""
        if self._plays and self._plays[0].token == token and self._playing is not None:
            self._playing.cancel()
        else:
            self._plays = deque(play for play in self._plays if play.token != token)

    def _rest(self) -> None:
        for scope in (self._hearing, self._secret[1] if self._secret else None):
            if scope is not None:
                scope.cancel()
        self._hearing = self._secret = None

    async def _connect(self, agent: str, interaction: str) -> None:
        self._rest()
        self._plays.clear()
        if self._playing is not None:
            self._playing.cancel()
        try:
            await self._session.connect(agent)
        except Exception as error:  # noqa: BLE001 - must not end the runtime
            self._calls.trouble(self._channel, self._contact, error)
            await self._calls.tell(FailConnect(interaction, "could not connect"))

    async def _play(
        self, scope: anyio.CancelScope, *, task_status: anyio.abc.TaskStatus[None]
    ) -> None:
        """Play what is to be played, one after the other."""
        task_status.started()
        while self._plays:
            prompt = self._plays[0]
            answer: told.AnyInput | None = None
            with scope:
                try:
                    await self._session.play(prompt)
                    answer = told.PromptDone(prompt.token)
                except Exception as error:  # noqa: BLE001 - the flow hears of it
                    self._calls.trouble(self._channel, self._contact, error)
                    answer = told.InvokeFailed(prompt.token)
            if self._plays and self._plays[0] is prompt:
                self._plays.popleft()
            scope = self._playing = anyio.CancelScope()
            if answer is not None:
                self._tell(answer)
        self._playing = None

    async def _listen(self, what: tasks.Listen, scope: anyio.CancelScope) -> None:
        with scope:
            try:
                hearing = self._session.listen(what)
                try:
                    async for heard in hearing:
                        # What comes next may be for somebody else: no secret is heard here.
                        await self._tell(heard).wait()
                finally:
                    if isinstance(hearing, AsyncGenerator):
                        with anyio.move_on_after(LAST, shield=True):
                            await hearing.aclose()
            except Exception as error:  # noqa: BLE001 - must not end the runtime
                self._calls.trouble(self._channel, self._contact, error)

    async def _collect(self, secret: tasks.StartSecureInput, scope: anyio.CancelScope) -> None:
        answer: told.AnyInput | None = None
        with scope:
            try:
                answer = await self._session.collect(secret)
            except Exception as error:  # noqa: BLE001 - the flow hears of it
                self._calls.trouble(self._channel, self._contact, error)
                answer = told.SecureInputFailed("failed", secret.token)
        if answer is not None:
            self._tell(answer)

    async def _ask(self, call: str, do: Callable[[], Awaitable[object]]) -> None:
        try:
            value = await do()
        except ChannelFault as fault:
            self._tell(told.InvokeFailed(call, fault.code or "failed"))
        except Exception as error:  # noqa: BLE001 - the flow hears of it
            self._calls.trouble(self._channel, self._contact, error)
            self._tell(told.InvokeFailed(call))
        else:
            self._tell(told.InvokeDone(call, value))

    def _tell(self, input: told.AnyInput) -> anyio.Event:
        """Tell the flow something, soon; return what is set when all that it wants then is done."""
        done = anyio.Event()
        self._told.put((input, done))
        return done

    async def _tell_on(self) -> None:
        """Tell the flow what was heard and what is done, in order, whatever is cancelled."""
        async for input, done in self._told:
            await self._calls.tell(Tell(self._contact, input))
            self._acts.put(_setting(done))


def _setting(event: anyio.Event) -> _Act:
    async def act() -> None:
        event.set()

    return act
