"""The kit for channels: what is right passes, and each planted bug is caught by its check."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager, suppress
from typing import Any, TypeAlias

import anyio
import attrs
import msgspec
import pytest
from anyio.abc import TaskGroup
from line_chat import Line, LineChat, LineServer
from msgspec.structs import replace

from tongdai.channels import (
    Activity,
    Answer,
    Can,
    Choosing,
    Inbound,
    Medium,
    Message,
    Received,
    Request,
    Revised,
    Secret,
    Sent,
    Sign,
    fit,
    matches,
    refused,
)
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.contact import Address, Claim, Content
from tongdai.model.mode import Mode
from tongdai.runtime import Inbox
from tongdai.testing import FakeChannel, Provider, Shown, check_channel
from tongdai.testing.channels import CHECKS
from tongdai.testing.provider import Factory

pytestmark = pytest.mark.anyio


def served(channel: type[LineChat]) -> Factory:
    """Return a server with another channel at its other end."""

    class Server(LineServer):
        kind = channel

    return Server.opened


# --- a channel over webhooks ----------------------------------------------------------------------

KEY = "s3cr3t-key"


def signature(body: bytes) -> str:
    """Return how the provider signs."""
    return hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()


class HookChat:
    """A channel that hears by webhook and sends into a list."""

    medium = Medium(mode=Mode.MESSAGING, text_limit=500)
    most_bytes = 100_000

    def __init__(self) -> None:
        self.id = "hook"
        self.inbox = Inbox()
        self.shown: list[Shown] = []
        self._keys = [Secret(KEY)]

    def open(self) -> Any:  # noqa: ANN401 - a context manager
        """Let the host put things in."""
        return self.inbox.open()

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Note what is shown."""
        parts = fit(content, self.medium)
        self.shown += [Shown(to=to.to, text=part.text) for part in parts]
        return Sent(tuple(f"{key}.{number}" for number in range(len(parts))))

    def receive(self, request: Request) -> Received:
        """Check, parse, answer."""
        if len(request.body) > self.most_bytes:
            return refused(413, "too large")
        if request.method == "GET":
            return Received(answer=Answer(body=request.url.rpartition("challenge=")[2].encode()))
        if not self.signed(request):
            return refused(401, "the signature does not fit")
        try:
            return Received(tuple(map(self.message, json.loads(request.body))))
        except (ValueError, RecursionError, TypeError, KeyError):
            return refused(400, "not what was expected")

    def signed(self, request: Request) -> bool:
        """Tell whether the provider has sent this."""
        expected = [
            hmac.new(key.reveal(), request.body, hashlib.sha256).hexdigest() for key in self._keys
        ]
        return matches(expected, request.headers.get("x-signature", ""))

    def message(self, line: dict[str, Any]) -> Message:
        """Read one event."""
        return Message(
            key=str(line["id"]),
            at=0,
            address=Address("hook", str(line["from"])),
            content=Content(str(line["text"])),
            claims=(Claim("hook", str(line["from"]), scope="app1", assurance="platform"),),
        )


class HookProvider(Provider[HookChat]):
    """Posts to the webhook until it is answered with success."""

    secrets = (KEY,)

    def __init__(self, channel: HookChat, tasks: TaskGroup) -> None:
        self.channel = channel
        self._tasks = tasks
        bodies = (
            b'[{"id": "a", "from": "lan", "text": "one"}]',
            b'[{"id": "b", "from": "lan", "text": "2"}, {"id": "c", "from": "lan", "text": "3"}]',
        )
        self.requests = [self._request(body) for body in bodies]
        self.challenges = [(Request(method="GET", url="/?challenge=abc123"), b"abc123")]
        self._numbers = itertools.count(1)
        self._last = b"[]"

    def _request(self, body: bytes) -> Request:
        return Request(body=body, headers={"x-signature": signature(body)})

    def sign(self, body: bytes) -> Request:
        """Sign anything."""
        return self._request(body)

    async def write(self, customer: str, texts: Sequence[str]) -> None:
        """Post all in one request."""
        lines = [{"id": next(self._numbers), "from": customer, "text": text} for text in texts]
        self._last = json.dumps(lines).encode()
        self._tasks.start_soon(self._post, self._last)

    async def _post(self, body: bytes) -> None:
        received = self.channel.receive(self._request(body))
        with suppress(ChannelFault):
            await self.channel.inbox.put(received.events)

    async def shown(self) -> Sequence[Shown]:
        """Return what customers saw."""
        return self.channel.shown

    async def again(self) -> bool:
        """Post the same bytes."""
        self._tasks.start_soon(self._post, self._last)
        return True

    @classmethod
    def served(cls, channel: type[HookChat]) -> Factory:
        """Return a provider with such a channel."""

        @asynccontextmanager
        async def opened() -> AsyncGenerator[Provider[Any]]:
            async with anyio.create_task_group() as tasks:
                yield cls(channel(), tasks)
                tasks.cancel_scope.cancel()

        return opened


# --- a channel that can do everything else --------------------------------------------------------


class RichChat:
    """Lines of JSON into an inbox: with choices, typing, changes, subjects and templates."""

    medium = Medium(
        mode=Mode.INTERACTIVE,
        can={Can.TEXT, Can.LIST, Can.TYPING, Can.REVISIONS, Can.SUBJECT, Can.TEMPLATES},
        rows=Choosing(most=10, label=24),
    )

    def __init__(self) -> None:
        self.id = "rich"
        self.inbox = Inbox()
        self.shown: list[Shown] = []
        self.asked: dict[str, Content] = {}

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[Inbound]]:
        """Let lines in."""
        return self.inbox.open()

    async def take(self, text: bytes) -> None:
        """Take a line; nonsense is passed over."""
        try:
            line = json.loads(text)
            inbound = self.read(line)
        except (ValueError, RecursionError, TypeError, KeyError, ConfigurationError):
            return
        with suppress(ChannelFault):
            await self.inbox.put([inbound])

    def read(self, line: dict[str, Any]) -> Inbound:
        """Read a line."""
        key, where = str(line["id"]), Address("rich", str(line["from"]))
        if "typing" in line:
            return Activity(key=key, at=0, address=where, what="typing")
        text = line["text"]
        if "of" in line:
            now = None if text is None else Content(text)
            return Revised(key=key, at=0, address=where, message=str(line["of"]), content=now)
        return self.message(key, where, text, str(line.get("tapped", "")))

    def message(self, key: str, where: Address, text: str, choice: str) -> Message:
        """Return what was written, or tapped."""
        question = self.asked[where.to].question if choice else ""
        content = Content(text)
        return Message(
            key=key, at=0, address=where, content=content, choice=choice, question=question
        )

    async def show(self, to: Address, sign: Sign) -> None:
        """Show nothing."""

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Note what is shown."""
        parts = fit(content, self.medium)
        for part in parts:
            self.asked[to.to] = part
            self.shown.append(self.drawn(to, part))
        return Sent(tuple(f"{key}.{number}" for number in range(len(parts))))

    def drawn(self, to: Address, part: Content) -> Shown:
        """Return how a part looks."""
        if part.template is not None:
            return Shown(to=to.to, template=part.template.name)
        choices = tuple(button.label for button in part.buttons)
        return Shown(to=to.to, text=part.text, choices=choices, subject=part.subject)


class RichProvider(Provider[RichChat]):
    """Customers who tap, type and change what they wrote."""

    deliveries = (
        b'{"id": 1, "from": "lan", "text": "xin ch\xc3\xa0o"}',
        b'{"id": 2, "from": "lan", "text": "xin ch\xc3\xa0o", "of": 1}',
    )

    def __init__(self, channel: RichChat, tasks: TaskGroup) -> None:
        self.channel = channel
        self._tasks = tasks
        self._numbers = itertools.count(10)
        self._wrote: dict[str, Any] = {}

    async def _say(self, *lines: dict[str, Any]) -> None:
        texts = [json.dumps({"id": next(self._numbers), **line}).encode() for line in lines]
        self._wrote = json.loads(texts[-1])
        self._tasks.start_soon(self._all, texts)

    async def _all(self, texts: Sequence[bytes]) -> None:
        for text in texts:
            await self.channel.take(text)

    async def write(self, customer: str, texts: Sequence[str]) -> None:
        """Write lines."""
        await self._say(*({"from": customer, "text": text} for text in texts))

    async def shown(self) -> Sequence[Shown]:
        """Return what customers saw."""
        return self.channel.shown

    async def deliver(self, data: bytes) -> bool:
        """Say anything."""
        self._tasks.start_soon(self._all, [data])
        return True

    async def tap(self, choice: str) -> bool:
        """Tap a row."""
        [*_, (to, part)] = self.channel.asked.items()
        [key] = [button.key for button in part.buttons if button.label == choice]
        await self._say({"from": to, "text": choice, "tapped": key})
        return True

    async def typing(self, customer: str) -> bool:
        """Type."""
        await self._say({"from": customer, "typing": True})
        return True

    async def revise(self, text: str | None) -> bool:
        """Change the first line that was written."""
        of = self._wrote.get("of", self._wrote["id"])
        await self._say({"from": self._wrote["from"], "of": of, "text": text})
        return True

    @classmethod
    def served(cls, channel: type[RichChat]) -> Factory:
        """Return a provider with such a channel."""

        @asynccontextmanager
        async def opened() -> AsyncGenerator[Provider[Any]]:
            async with anyio.create_task_group() as tasks:
                yield cls(channel(), tasks)
                tasks.cancel_scope.cancel()

        return opened


# --- what is right --------------------------------------------------------------------------------


async def test_a_channel_that_is_right_keeps_every_promise() -> None:
    """The example's, on both event loops; what has no meaning for it is said."""
    checked = await check_channel(served(LineChat))
    assert len(CHECKS) == len(checked.done) + len(checked.left_out)
    assert [
        "takes_what_is_tapped",
        "hears_typing",
        "tells_what_was_revised",
        "shows_signs_quietly",
        "reads_a_request_the_same_each_time",
        "refuses_what_was_changed",
        "survives_any_request",
        "answers_challenges",
    ] == [name for name, _ in checked.left_out]
    assert "not tried answers challenges: the provider has no challenges" in str(checked)


async def test_a_channel_over_webhooks_keeps_them_too() -> None:
    """What it cannot do is left out by name."""
    checked = await check_channel(HookProvider.served(HookChat))
    assert {"refuses_what_was_changed", "survives_any_request", "answers_challenges"} <= {
        *checked.done
    }


async def test_a_channel_with_everything_else_keeps_them_too() -> None:
    """All that the other two do not do is done here."""
    checked = await check_channel(RichProvider.served(RichChat))
    assert {
        "takes_what_is_tapped",
        "hears_typing",
        "tells_what_was_revised",
        "survives_any_delivery",
        "shows_signs_quietly",
    } <= {*checked.done}


async def test_the_fake_channel_of_this_package_is_a_channel() -> None:
    """A fake that did not keep the promises would make tests lie."""

    class Fake(Provider[FakeChannel]):
        def __init__(self) -> None:
            self.channel = FakeChannel("fake")

        async def write(self, customer: str, texts: Sequence[str]) -> None:
            for text in texts:
                await self.channel.customer(customer).says(text)

        async def shown(self) -> Sequence[Shown]:
            return [Shown(to=to, text=text) for to, text, _ in self.channel.sent]

    @asynccontextmanager
    async def opened() -> AsyncGenerator[Provider[Any]]:
        yield Fake()

    checked = await check_channel(opened)
    assert "reads_what_customers_write" in checked.done


# --- planted bugs ---------------------------------------------------------------------------------


class CountsItsKeys(LineChat):
    """Each delivery has another key."""

    _numbers = itertools.count()

    async def _read(self) -> AsyncGenerator[Inbound]:
        async with aclosing(super()._read()) as right:
            async for inbound in right:
                yield replace(inbound, key=str(next(self._numbers)))


class TurnsABatchRound(HookChat):
    """The last of a batch comes first."""

    def receive(self, request: Request) -> Received:
        """Take a request, wrongly."""
        right = super().receive(request)
        return Received(right.events[::-1], right.answer, right.refused)


class AcknowledgesAtOnce(LineChat):
    """Says that it has a message before anybody has."""

    async def _read(self) -> AsyncGenerator[Inbound]:
        async with aclosing(super()._read()) as right:
            async for inbound in right:
                await self._write(took=inbound.key)
                yield inbound


class NumbersItsConnections(LineChat):
    """A key holds for one connection."""

    _numbers = itertools.count()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        """Open, wrongly."""
        self._number = next(self._numbers)
        async with super().open() as incoming:
            yield incoming

    async def _read(self) -> AsyncGenerator[Inbound]:
        async with aclosing(super()._read()) as right:
            async for inbound in right:
                yield replace(inbound, key=f"{self._number}-{inbound.key}")


class HearsItself(LineChat):
    """What it says comes back as the customer's."""

    async def _listen(self) -> None:
        async for text in self._server:
            line = msgspec.json.decode(text, type=Line)
            line.own = False
            self._answers.get(line.key, self._came).put(line)


class LeavesTheScopeOut(LineChat):
    """Its ids seem to be unique everywhere."""

    async def _read(self) -> AsyncGenerator[Inbound]:
        async with aclosing(super()._read()) as right:
            async for inbound in right:
                if isinstance(inbound, Message):
                    yield replace(inbound, claims=(Claim("line-chat", "lan"),))


class SendsAnyLength(LineChat):
    """Does not look at the limit."""

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Send, wrongly."""
        answer = await self._ask(key, who=to.to, text=content.text)
        return Sent((answer.id,))


class CutsTheRestOff(LineChat):
    """Sends what fits, and no more."""

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Send, wrongly."""
        return await super().send(to, fit(content, self.medium)[0], key=key)


class LosesChoices(LineChat):
    """Sends the text alone."""

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Send, wrongly."""
        return await super().send(to, Content(content.text), key=key)


class PromisesButtons(LineChat):
    """Declares what it does not do."""

    medium = Medium(mode=Mode.INTERACTIVE, can=LineChat.medium.can | {Can.BUTTONS})


class MakesKeysUp(LineChat):
    """A second try is another message."""

    _numbers = itertools.count()

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Send, wrongly."""
        return await super().send(to, content, key=f"{key}-{next(self._numbers)}")


class TellsOtherIds(LineChat):
    """Its receipts are about nothing that it sent."""

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Send, wrongly."""
        sent = await super().send(to, content, key=key)
        return Sent(tuple(f"other-{id}" for id in sent.ids))


class RaisesWhatItLikes(LineChat):
    """An error is whatever comes."""

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Send, wrongly."""
        try:
            return await super().send(to, content, key=key)
        except ChannelFault as fault:
            raise RuntimeError(fault.detail) from fault


class CallsEverythingUnknown(LineChat):
    """A fault, but of the wrong kind."""

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Send, wrongly."""
        try:
            return await super().send(to, content, key=key)
        except ChannelFault as fault:
            raise ChannelFault("unknown", fault.detail) from fault


class LeavesThreads(LineChat):
    """Each time that it is opened there is one thread more."""

    over = threading.Event()

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        """Open, wrongly."""
        for _ in range(2):
            threading.Thread(target=self.over.wait, daemon=True).start()
        async with super().open() as incoming:
            yield incoming


class CannotBeCancelled(LineChat):
    """Waits for the answer, whoever wants to go."""

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Send, wrongly."""
        with anyio.CancelScope(shield=True), anyio.move_on_after(2):
            return await super().send(to, content, key=key)
        return Sent()


class ShowsItsToken(LineChat):
    """In its repr."""

    def __repr__(self) -> str:
        return f"LineChat({self._token.reveal().decode()!r})"


class LogsItsToken(LineChat):
    """When it writes."""

    async def _write(self, **line: str) -> None:
        logging.getLogger("lines").debug("%s", line)
        await super()._write(**line)


class LogsWhatIsWritten(LineChat):
    """By customers."""

    async def _read(self) -> AsyncGenerator[Inbound]:
        async with aclosing(super()._read()) as right:
            async for inbound in right:
                if isinstance(inbound, Message):
                    logging.getLogger("lines").info("%s", inbound.content.text)
                yield inbound


class TrustsAnybody(HookChat):
    """Does not look at the signature."""

    def signed(self, request: Request) -> bool:
        """Judge a signature, wrongly."""
        return request.method == "POST"


class ComparesTheBeginning(HookChat):
    """A signature is a signature."""

    def signed(self, request: Request) -> bool:
        """Judge a signature, wrongly."""
        return "x-signature" in request.headers


class FallsOverNonsense(HookChat):
    """Takes for granted what the body is."""

    def receive(self, request: Request) -> Received:
        """Take a request, wrongly."""
        if request.method == "GET" or len(request.body) > self.most_bytes:
            return super().receive(request)
        return Received(tuple(map(self.message, json.loads(request.body))))


class TrustsWhatIsSigned(HookChat):
    """Takes for granted what the body is, once the signature fits."""

    def receive(self, request: Request) -> Received:
        """Take a request, wrongly."""
        if len(request.body) <= self.most_bytes and self.signed(request):
            return Received(tuple(map(self.message, json.loads(request.body))))
        return super().receive(request)


class ReadsEverything(HookChat):
    """However much it is."""

    def receive(self, request: Request) -> Received:
        """Take a request, wrongly."""
        if len(request.body) > self.most_bytes:
            return Received()
        return super().receive(request)


class KeepsSilent(HookChat):
    """To a challenge."""

    def receive(self, request: Request) -> Received:
        """Take a request, wrongly."""
        return Received() if request.method == "GET" else super().receive(request)


class ForgetsTheQuestion(RichChat):
    """A tap is a text."""

    def message(self, key: str, where: Address, text: str, choice: str) -> Message:
        """Return a message, wrongly."""
        return replace(super().message(key, where, text, choice), question="")


class TapsTheLabel(RichChat):
    """The label is taken for the key."""

    def message(self, key: str, where: Address, text: str, choice: str) -> Message:
        """Return a message, wrongly."""
        return replace(super().message(key, where, text, choice), choice=choice and text)


class TypesAsSomebodyElse(RichChat):
    """Typing has an address of its own."""

    def read(self, line: dict[str, Any]) -> Inbound:
        """Read a line, wrongly."""
        right = super().read(line)
        wrong = Address("rich", f"{right.address.to}/typing")
        return replace(right, address=wrong) if isinstance(right, Activity) else right


class RevisesItself(RichChat):
    """A change names itself."""

    def read(self, line: dict[str, Any]) -> Inbound:
        """Read a line, wrongly."""
        right = super().read(line)
        return replace(right, message=right.key) if isinstance(right, Revised) else right


class WithdrawsNothing(RichChat):
    """What is withdrawn is an empty text."""

    def read(self, line: dict[str, Any]) -> Inbound:
        """Read a line, wrongly."""
        right = super().read(line)
        if isinstance(right, Revised) and right.content is None:
            return replace(right, content=Content(""))
        return right


class ParsesWhileItReads(RichChat):
    """And falls over what it cannot read."""

    async def take(self, text: bytes) -> None:
        """Take a line, wrongly."""
        said, where = Content(text.decode("latin-1")), Address("rich", "?")
        with suppress(ChannelFault):
            await self.inbox.put([Message(key="?", at=0, address=where, content=said)])

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        """Open, wrongly."""
        async with super().open() as incoming:
            yield self._read(incoming)

    async def _read(self, incoming: AsyncIterator[Inbound]) -> AsyncGenerator[Inbound]:
        async for inbound in incoming:
            assert isinstance(inbound, Message)
            yield self.read(json.loads(inbound.content.text.encode("latin-1")))


class LosesSubjects(RichChat):
    """Has such a line, and leaves it empty."""

    def drawn(self, to: Address, part: Content) -> Shown:
        """Return how a part looks, wrongly."""
        return attrs.evolve(super().drawn(to, part), subject="")


class SaysTemplates(RichChat):
    """Sends the text in place of what was approved."""

    def drawn(self, to: Address, part: Content) -> Shown:
        """Return how a part looks, wrongly."""
        return super().drawn(to, replace(part, template=None))


AnyChat: TypeAlias = LineChat | HookChat | RichChat
BUGS: list[tuple[type[AnyChat], str]] = [
    (CountsItsKeys, "what is delivered again has the key that it had"),
    (TurnsABatchRound, "a customer's messages come in order"),
    (AcknowledgesAtOnce, "what is not taken yet is not acknowledged"),
    (NumbersItsConnections, "nothing is lost or doubled by a cut"),
    (HearsItself, "an echo is no message of a customer"),
    (LeavesTheScopeOut, "a claim of scheme line-chat has a scope"),
    (SendsAnyLength, r"no part is over 300 bytes \(this one has \d+\)"),
    (CutsTheRestOff, "a text that is cut is all there"),
    (LosesChoices, "the choice Khóa thẻ is there to tap or to read"),
    (PromisesButtons, "there to tap or to read"),
    (MakesKeysUp, "one key is sent once"),
    (TellsOtherIds, "in any order a message that was read is read"),
    (RaisesWhatItLikes, "an error of the provider is a ChannelFault; got RuntimeError"),
    (CallsEverythingUnknown, "an error that is throttled is told so"),
    (LeavesThreads, "no thread is left behind"),
    (CannotBeCancelled, "sending ends when it is cancelled"),
    (ShowsItsToken, "a secret is in no repr, log or error"),
    (LogsItsToken, "a secret is in no repr, log or error"),
    (LogsWhatIsWritten, "what a customer wrote is in no repr, log or error"),
    (TrustsAnybody, "a changed request brings no events"),
    (ComparesTheBeginning, "a changed request brings no events"),
    (FallsOverNonsense, "whatever a request is, it is answered"),
    (TrustsWhatIsSigned, "whatever a request is, it is answered"),
    (ReadsEverything, "a body that is too large is refused"),
    (KeepsSilent, "a challenge is answered with what was asked"),
    (ForgetsTheQuestion, "a tap tells the question that it answers"),
    (TapsTheLabel, "a tap tells the key of its choice"),
    (TypesAsSomebodyElse, "who is typing is whoever wrote before"),
    (RevisesItself, "a change names its message by the key"),
    (WithdrawsNothing, "a change says what stands there now"),
    (ParsesWhileItReads, "reading raises nothing but faults; got [A-Z]"),
    (LosesSubjects, "a medium with subjects shows them"),
    (SaysTemplates, "a medium with templates shows them"),
]


@pytest.mark.parametrize(("channel", "promise"), BUGS, ids=[bug.__name__ for bug, _ in BUGS])
async def test_a_planted_bug_is_caught(
    channel: type[AnyChat], promise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the promise that it breaks, and in its words."""
    monkeypatch.setattr("tongdai.testing.channels.PATIENCE", 1.0)  # (for what will not end)
    LeavesThreads.over.clear()
    factory = (
        HookProvider.served(channel)
        if issubclass(channel, HookChat)
        else RichProvider.served(channel)
        if issubclass(channel, RichChat)
        else served(channel)
    )
    with pytest.raises(AssertionError, match=f"^broken: .*{promise}"):
        await check_channel(factory)
    LeavesThreads.over.set()
