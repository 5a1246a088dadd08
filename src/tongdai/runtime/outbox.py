"""What a channel owes its customers.

Rule: while the runtime runs, nothing that is owed is dropped, and putting it in never waits, so a
slow channel holds up neither the writer nor another channel. What waits are those who would add to
it: while `limit` messages or more are owed, agents who speak to this channel's customers wait in
`say`, and the channel is not read.

To one address things go in order, one after the other; the others go on meanwhile. What a fault's
kind says decides what follows: `retry` and `throttled` are tried again later, `unknown` only where
the provider honours the key, `unauthorised` is kept until the channel takes our key again, and
whatever else is given up at once. A try that the connection takes with it is `unknown`. A runtime
that ends gives what is still owed one more try.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import anyio
import anyio.abc
import attrs

from tongdai.center.effects import SendMessage
from tongdai.channels import Can, Sent
from tongdai.errors import ChannelFault, FaultKind
from tongdai.model.contact import Address
from tongdai.model.time import Duration, Instant, hours, seconds
from tongdai.runtime.backoff import wait_after
from tongdai.runtime.breaker import Breaker
from tongdai.runtime.letters import Letter, Owed
from tongdai.runtime.pace import Bucket
from tongdai.runtime.ports import Channel, Clock
from tongdai.runtime.sending import Sending

GRACE: Final = seconds(5)
"""How long tries that are under way may take when the connection breaks."""
LONGEST_TOLD: Final = hours(1)
"""How long is waited at most because a provider says so."""
_NONSENSE: Final = hours(24)  # what says more than that is no wait (but an instant, say)

_AGAIN: Final[frozenset[FaultKind]] = frozenset(("retry", "throttled", "unauthorised"))
_CHANNELS_OWN: Final[frozenset[FaultKind]] = frozenset(("retry", "unauthorised", "unknown"))
"""What says something about the channel, and not about one message."""


@attrs.define(eq=False)
class _Lane:
    """What is owed to one address, in order; from when on the first may be tried."""

    letters: deque[Letter] = attrs.field(factory=deque[Letter])
    after: Instant = 0


@attrs.define(eq=False)
class _Try:
    """A try that is under way, and when it is broken off."""

    scope: anyio.CancelScope
    until: Instant


class Outbox:
    """What one channel owes."""

    def __init__(  # noqa: PLR0913 - settings with defaults
        self,
        channel: Channel,
        *,
        clock: Clock,
        limit: int,
        failed: Callable[[Letter, ChannelFault], Awaitable[None]],
        sent: Callable[[Letter, Sent], Awaitable[None]],
        let_go: Callable[[Address, str], Awaitable[None]] | None = None,
        sending: Sending | None = None,
    ) -> None:
        """Start with nothing owed.

        Args:
            channel: who sends.
            clock: for the waits between two tries.
            limit: from how many on those who would add to it wait.
            failed: called with what is given up, and why.
            sent: called with what was sent, and how the provider calls it.
            let_go: lets a customer go, under a key, where that can be done.
            sending: how to send.
        """
        self._channel = channel
        self._clock = clock
        self._limit = limit
        self._failed = failed
        self._sent = sent
        self._let_go = let_go
        self._how = how = Sending() if sending is None else sending
        self._lanes: dict[str, _Lane] = {}  # addresses to which something is owed
        self._ready: deque[str] = deque()  # those that may be tried, in turn
        self._later: list[tuple[Instant, int, str]] = []  # those that wait, a heap
        self._count = 0
        self._amount = 0
        self._tries: dict[_Try, None] = {}
        self._held: Instant = 0  # the provider throttles until then
        self._bucket = None if how.pace is None else Bucket(how.pace)
        self._breaker = Breaker(how.failures, how.rest)
        self._closing = False
        self._stopping = False
        self._nap = anyio.CancelScope()
        self._room: anyio.Event | None = None

    # --- from outside -------------------------------------------------------------------------

    def put(self, effect: Owed, *, round: int = 0) -> None:  # noqa: A002 - the letter's word
        """Owe something more; `round` is how often it was dead before."""
        if effect.address is None:  # the runtime has found the channel by it
            return
        if self._let_go is None and not isinstance(effect, SendMessage):
            return  # there is nothing to do, and so nothing to be learned of the channel
        to = effect.address.to
        lane = self._lanes.get(to)
        if lane is None:
            lane = self._lanes[to] = _Lane()
            self._ready.append(to)
        lane.letters.append(Letter(effect, effect.address, round=round))
        self._amount += 1
        self._nap.cancel()

    def close(self) -> None:
        """Expect nothing more; what is owed is tried once more, and not again."""
        self._closing = True
        self._ready.extend(to for _, _, to in sorted(self._later))
        self._later.clear()
        self._nap.cancel()
        self._let_in()

    def stop(self) -> None:
        """Let `run` come to an end though something is owed: the connection is broken."""
        self._stopping = True
        latest = self._clock.now() + int(GRACE)
        for one in self._tries:
            one.until = min(one.until, latest)
        self._nap.cancel()

    async def room(self) -> None:
        """Wait until there is room for more."""
        while self._amount >= self._limit and not self._closing:
            if self._room is None:
                self._room = anyio.Event()
            await self._room.wait()

    @property
    def left(self) -> list[Letter]:
        """What is owed, those of one address in order."""
        return [letter for lane in self._lanes.values() for letter in lane.letters]

    @property
    def done(self) -> bool:
        """Whether it is closed, and nothing is owed."""
        return self._closing and not self._amount

    # --- sending ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Send until it is closed and nothing is owed, or it is stopped; run it again then."""
        self._stopping = False
        async with anyio.create_task_group() as tasks:
            while not self.done:
                due = self._go_on(tasks)
                if self._stopping and not self._tries:
                    return
                with anyio.CancelScope() as self._nap:
                    if due is None:
                        await anyio.sleep_forever()
                    else:
                        await self._clock.sleep_until(due)

    def _go_on(self, tasks: anyio.abc.TaskGroup) -> Instant | None:
        """Begin all tries that may begin; return when to look again though nothing happens."""
        now = self._clock.now()
        for one in self._tries:
            if one.until <= now:
                one.scope.cancel()
        while self._later and self._later[0][0] <= now:
            self._ready.append(heapq.heappop(self._later)[2])
        due = [one.until for one in self._tries if one.until > now]
        while self._ready and len(self._tries) < self._how.at_once and not self._stopping:
            if (free := self._free_at(now)) is None:
                break  # the one try of the breaker is under way
            if free > now:
                due.append(free)
                break
            lane = self._lanes[self._ready.popleft()]
            if self._bucket is not None:
                self._bucket.take(now)
            one = _Try(anyio.CancelScope(), now + int(self._how.within))
            self._tries[one] = None
            due.append(one.until)
            tasks.start_soon(self._try, lane, one, self._breaker.begin(now))
        if self._later:
            due.append(self._later[0][0])
        return min(due, default=None)

    def _free_at(self, now: Instant) -> Instant | None:
        """Return from when on the channel may be tried; `None`: when the try under way is over."""
        free = 0 if self._bucket is None else self._bucket.ready()
        if self._closing:
            return free
        if not self._breaker.allows(now):
            until = self._breaker.until
            return None if until is None or until <= now else max(until, free, self._held)
        return max(free, self._held)

    async def _try(self, lane: _Lane, one: _Try, trial: bool) -> None:  # noqa: FBT001 - a task's
        letter = lane.letters[0]
        learned = done = False
        try:
            if letter.result is None:  # else it was broken off, and what follows is still to do
                letter.result = ChannelFault("unknown", "the connection broke before the answer")
                answer = None
                with one.scope:
                    answer = await self._do(letter)
                if answer is None:
                    answer = ChannelFault("unknown", f"no answer within {self._how.within}")
                letter.result = answer
                self._learn(answer, trial=trial)
                learned = True
            done = await self._judge(letter, letter.result, lane)
        finally:
            if not learned:
                self._breaker.given_up(trial=trial)
            del self._tries[one]
            self._go_to_next(lane, letter.address.to, done=done)

    async def _do(self, letter: Letter) -> ChannelFault | Sent:
        letter.tries += 1
        effect = letter.effect
        try:
            if isinstance(effect, SendMessage):
                sent = await self._channel.send(letter.address, effect.content, key=effect.id)
                if isinstance(sent, Sent):
                    return sent
                return ChannelFault("unknown", f"send gave {type(sent).__name__}, not Sent")
            if self._let_go is not None:
                await self._let_go(letter.address, effect.id)
        except ChannelFault as fault:
            return fault
        except Exception as error:  # noqa: BLE001 - must not end the runtime
            return ChannelFault("unknown", f"{type(error).__name__}: {error}")
        return Sent()

    def _learn(self, result: ChannelFault | Sent, *, trial: bool) -> None:
        """Note what a try says about the channel."""
        if isinstance(result, ChannelFault) and result.kind in _CHANNELS_OWN:
            at_once = result.kind == "unauthorised"
            self._breaker.failed(self._clock.now(), trial=trial, at_once=at_once)
        else:
            self._breaker.succeeded(trial=trial)

    async def _judge(self, letter: Letter, result: ChannelFault | Sent, lane: _Lane) -> bool:
        """Do what follows from a try; return whether the letter is done with."""
        if not isinstance(result, ChannelFault):
            await self._sent(letter, result)
            return True
        now, kind, how = self._clock.now(), result.kind, self._how
        wait = _told(result)
        if wait is None:
            wait = wait_after(letter.effect.id, letter.tries, least=how.least, most=how.most)
        if kind == "throttled":
            self._held = max(self._held, now + int(wait))
        if kind == "unauthorised":
            letter.tries -= 1
            wait = Duration(0)  # the breaker waits
        again = kind in _AGAIN or (kind == "unknown" and Can.KEYS in self._channel.medium.can)
        if again and letter.tries < how.tries and not self._closing:
            lane.after = now + int(wait)
            letter.result = None
            return False
        await self._failed(letter, result)
        return True

    def _go_to_next(self, lane: _Lane, to: str, *, done: bool) -> None:
        """Let an address have its turn again, now or later."""
        if done:
            lane.letters.popleft()
            self._amount -= 1
            self._let_in()
        if not lane.letters:
            del self._lanes[to]
        elif done or self._closing or lane.after <= self._clock.now():
            self._ready.append(to)
        else:
            self._count += 1
            heapq.heappush(self._later, (lane.after, self._count, to))
        self._nap.cancel()

    def _let_in(self) -> None:
        if self._room is not None:
            self._room.set()
            self._room = None


def _told(fault: ChannelFault) -> Duration | None:
    """Return how long a provider says to wait; `None` where it says nothing, or nonsense."""
    wait = fault.retry_after
    if not isinstance(wait, Duration) or not 0 <= wait <= _NONSENSE:
        return None
    return min(wait, LONGEST_TOLD)
