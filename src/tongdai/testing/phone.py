"""A telephone without a network, for tests.

Rule: it is a `Channel` with calls like any other, and its callers are people who hear, press keys,
talk and hang up. All that takes time takes it by the clock that it was given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

import anyio
import anyio.lowlevel

from tongdai.channels import Activity, Inbound, Ringing, Sent
from tongdai.channels.media import VOICE
from tongdai.errors import ChannelFault
from tongdai.ivr.effects import (
    ApplySettings,
    Listen,
    Play,
    StartRecording,
    StartSecureInput,
    TransferContact,
)
from tongdai.ivr.inputs import Press, SecureInputDone, SecureInputFailed, Utterance
from tongdai.model.contact import Address, Claim, Content
from tongdai.model.ids import check_id
from tongdai.model.time import Duration, seconds
from tongdai.runtime import Clock, Feed
from tongdai.runtime.entry import in_time


class FakeCaller:
    """Somebody who calls a `FakePhone`.

    Attributes:
        call: the address of the call; empty before it rings.
        agent: who is connected with them; empty for nobody.
        answered: whether the call was answered.
        over: whether it is over.
        settings: what was set.
    """

    def __init__(self, phone: FakePhone, number: str) -> None:
        self.call = ""
        self.agent = ""
        self.answered = False
        self.over = False
        self.settings: dict[str, Any] = {}
        self.keys: Feed[Press | Utterance] = Feed()
        self.heard: Feed[str] = Feed()
        self.silent = anyio.Event()  # set while nothing is played
        self._phone = phone
        self._number = number

    async def calls(self, dialled: str = "") -> None:
        """Call, and let it ring."""
        self._phone.ring(self, self._number, dialled)
        await anyio.lowlevel.checkpoint()

    async def hears(self) -> str:
        """Wait for the next prompt, or what is said otherwise, and return its text."""
        return await anext(self.heard)

    async def presses(self, keys: str) -> None:
        """Press keys."""
        for key in keys:
            self.keys.put(Press(key))
        await anyio.lowlevel.checkpoint()

    async def says(self, text: str) -> None:
        """Say something."""
        self.keys.put(Utterance(text))
        await anyio.lowlevel.checkpoint()

    async def hangs_up(self) -> None:
        """End the call."""
        self._phone.end(self)
        await anyio.lowlevel.checkpoint()


class FakePhone:
    """A `tongdai.runtime.Channel` with calls, in memory.

    Attributes:
        id: the channel's.
        medium: what it can do: it speaks.
        secrets: what was keyed in where a secret was asked for, by what stands for it.
        transfers: numbers that callers were connected with.
    """

    def __init__(self, id: str, clock: Clock, *, prompts: Duration = seconds(0)) -> None:
        """Make a telephone line.

        Args:
            id: its id.
            clock: tells the time.
            prompts: how long each prompt takes.
        """
        check_id(id, "FakePhone.id")
        self.id = id
        self.medium = VOICE
        self.secrets: dict[str, str] = {}
        self.transfers: list[str] = []
        self._clock = clock
        self._prompts = prompts
        self._keys = 0
        self._calls: dict[str, FakeCaller] = {}
        self._incoming: Feed[Inbound] = Feed()
        self._faults: deque[ChannelFault] = deque()

    # --- for the test -------------------------------------------------------------------------

    def caller(self, number: str) -> FakeCaller:
        """Return somebody who can call once."""
        return FakeCaller(self, number)

    def fail(self, *faults: ChannelFault) -> None:
        """Let the next prompts, recordings, transfers and connections fail, one with each."""
        self._faults.extend(faults)

    def ring(self, caller: FakeCaller, number: str, dialled: str) -> None:
        """Let a call ring; callers do this."""
        caller.call = f"call-{len(self._calls) + 1}"
        self._calls[caller.call] = caller
        claims = (Claim("phone", number, assurance="carrier"),) if number else ()
        self._deliver(Ringing, caller, called=dialled, claims=claims)

    def end(self, caller: FakeCaller) -> None:
        """Let a caller be gone; callers do this."""
        caller.over = True
        caller.agent = ""
        self._deliver(Activity, caller, what="left")

    def _deliver(self, kind: type[Ringing | Activity], caller: FakeCaller, **fields: Any) -> None:  # noqa: ANN401
        self._keys += 1
        self._incoming.put(
            kind(
                key=f"p{self._keys}",
                at=self._clock.now(),
                address=Address(self.id, caller.call),
                **fields,
            )
        )

    # --- for the runtime ----------------------------------------------------------------------

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        """Connect (see `tongdai.runtime.Channel.open`)."""
        yield self._incoming

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Say something to a caller (see `tongdai.runtime.Channel.send`)."""
        caller = self._calls.get(to.to)
        if caller is None or caller.over:
            raise ChannelFault("bad_address", "the call is over")
        await self.speak(caller, content.text)
        return Sent((key,))

    def session(self, call: Address) -> FakeSession:
        """Return what a call is driven by (see `tongdai.runtime.Calls.session`)."""
        if call.to not in self._calls:
            raise ChannelFault("bad_address", f"there is no call {call.to!r}")
        return FakeSession(self, self._calls[call.to], self._clock)

    async def speak(self, caller: FakeCaller, text: str) -> None:
        """Let a caller hear something, for as long as prompts take."""
        self.meet()
        caller.silent = anyio.Event()
        try:
            caller.heard.put(text)
            await self._clock.sleep_until(self._clock.now() + int(self._prompts))
        finally:
            caller.silent.set()

    def meet(self) -> None:
        """Fail, if that was asked for.

        Raises:
            ChannelFault: what was asked for.
        """
        if self._faults:
            raise self._faults.popleft()


class FakeSession:
    """One call of a `FakePhone` (see `tongdai.runtime.Session`)."""

    def __init__(self, phone: FakePhone, caller: FakeCaller, clock: Clock) -> None:
        self._phone = phone
        self._caller = caller
        self._clock = clock

    async def answer(self) -> None:
        """Answer."""
        self._caller.answered = True
        self._caller.silent.set()

    async def play(self, prompt: Play) -> None:
        """Let the caller hear a prompt."""
        await self._phone.speak(self._caller, prompt.text)

    async def listen(self, what: Listen) -> AsyncGenerator[Press | Utterance]:
        """Hear keys and words, if those are wanted."""
        async for heard in self._caller.keys:
            if what.digits if isinstance(heard, Press) else what.speech:
                yield heard

    async def collect(self, secret: StartSecureInput) -> SecureInputDone | SecureInputFailed:
        """Let the caller key in a secret."""
        digits = ""
        await self._caller.silent.wait()
        while len(digits) < secret.longest:
            wait = secret.between if digits else secret.within
            heard = await in_time(self._clock, wait, self._next_key, None)
            if heard is None or heard == secret.terminator:
                break
            digits += heard
        if len(digits) < secret.shortest:
            reason: Literal["no_input", "no_match"] = "no_match" if digits else "no_input"
            return SecureInputFailed(reason, secret.token)
        reference = f"secret-{len(self._phone.secrets) + 1}"
        self._phone.secrets[reference] = digits
        return SecureInputDone(reference, len(digits), secret.token)

    async def _next_key(self) -> str | None:
        while not isinstance(heard := await anext(self._caller.keys), Press):
            pass
        return heard.key

    async def record(self, recording: StartRecording) -> str:
        """Record the caller until they are silent."""
        self._phone.meet()
        await self._clock.sleep_until(self._clock.now() + int(recording.silence))
        return "recording-1"

    async def transfer(self, to: TransferContact) -> None:
        """Let the caller talk with somebody outside, for no time at all."""
        self._phone.meet()
        self._phone.transfers.append(to.to)
        await anyio.lowlevel.checkpoint()

    async def configure(self, settings: ApplySettings) -> None:
        """Note settings."""
        self._caller.settings.update(settings.values)

    async def connect(self, agent: str) -> None:
        """Connect the caller with an agent."""
        self._phone.meet()
        self._caller.agent = agent

    async def disconnect(self, agent: str) -> None:
        """Take an agent out of the call."""
        if self._caller.agent == agent:
            self._caller.agent = ""

    async def hang_up(self) -> None:
        """End the call."""
        self._caller.over = True
        self._caller.agent = ""
