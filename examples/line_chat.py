"""A channel of one's own, for a chat server that speaks lines of JSON, held against the kit.

    python examples/line_chat.py [--backend trio]

The server is made up, and so small that it stands below as well: it keeps what customers write
until it hears that it was taken, and answers each message that is to be sent. The guide is
docs/how-to/write-a-channel.md.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.util import find_spec
from typing import Annotated, Any, Final, Literal

import anyio
import msgspec
from anyio.abc import ObjectStream, TaskGroup
from anyio.streams.stapled import StapledObjectStream

from tongdai import Address, Claim, Content
from tongdai.channels import Can, Inbound, Medium, Message, Receipt, Secret, Sent, fit
from tongdai.errors import ChannelFault, FaultKind
from tongdai.model.mode import Mode
from tongdai.runtime import Feed
from tongdai.testing import Provider, Shown, check_channel

Connect = Callable[[], Awaitable[ObjectStream[str]]]
Told = dict[str, Any]

# --- the channel ---------------------------------------------------------------------------------

FAULTS: Final[dict[str, FaultKind]] = {
    "slow down": "throttled",
    "go away": "blocked",
    "nobody": "bad_address",
    "who are you": "unauthorised",
    "no": "rejected",
}


class Line(msgspec.Struct):
    """What the server says: what somebody wrote, what became of a message, or an answer to us."""

    key: str = ""  # what it answers
    id: str = ""
    at: Annotated[int, msgspec.Meta(ge=0)] = 0
    who: str = ""
    text: str = ""
    own: bool = False  # (it repeats what we say ourselves)
    status: Literal["", "delivered", "read"] = ""
    error: str = ""


class LineChat:
    """A channel to one server."""

    can = frozenset({Can.TEXT, Can.RECEIPTS, Can.KEYS})
    medium = Medium(mode=Mode.INTERACTIVE, can=can, text_limit=300, unit="bytes")

    def __init__(self, id: str, connect: Connect, token: Secret) -> None:
        self.id = id
        self._connect = connect
        self._token = token
        self._taken = ""  # the last message that we need not see again

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        """Connect, and go on where we were."""
        try:
            server = await self._connect()
        except OSError as error:
            raise ChannelFault("retry", str(error)) from error
        async with server, anyio.create_task_group() as tasks:
            self._server = server
            self._came: Feed[Line] = Feed()
            self._answers: dict[str, Feed[Line]] = {}
            await self._write(token=self._token.reveal().decode(), after=self._taken)
            tasks.start_soon(self._listen)
            yield self._read()
            tasks.cancel_scope.cancel()

    async def _listen(self) -> None:
        """Sort what the server says: answers to whoever waits for them, all else to the reader."""
        with suppress(anyio.BrokenResourceError):
            async for text in self._server:
                with suppress(msgspec.DecodeError):  # (nonsense is passed over)
                    line = msgspec.json.decode(text, type=Line)
                    self._answers.get(line.key, self._came).put(line)
        for feed in (self._came, *self._answers.values()):
            feed.close()

    async def _read(self) -> AsyncGenerator[Inbound]:
        async for line in self._came:
            where = Address(self.id, line.who)
            if line.id and line.who and line.status:
                key, ids = f"{line.id} {line.status}", (line.id,)
                yield Receipt(key=key, at=line.at, address=where, status=line.status, ids=ids)
            elif line.id and line.who and not line.own:
                claim = Claim("line-chat", line.who, scope="lines", assurance="platform")
                text = Content(line.text)
                yield Message(key=line.id, at=line.at, address=where, content=text, claims=(claim,))
                self._taken = line.id  # (the next one is asked for: this one is durable)
                await self._write(took=line.id)
        raise ChannelFault("retry", "the connection is gone")

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Say something, in as many lines as it takes."""
        ids: list[str] = []
        for number, part in enumerate(fit(content, self.medium)):
            answer = await self._ask(f"{key}.{number}", who=to.to, text=part.text)
            if answer.error:
                raise ChannelFault(FAULTS.get(answer.error, "unknown"), answer.error)
            ids.append(answer.id)
        return Sent(tuple(ids))

    async def _ask(self, key: str, **line: str) -> Line:
        answers = self._answers[key] = Feed[Line]()
        try:
            await self._write(key=key, **line)
            async for answer in answers:
                return answer
        finally:
            del self._answers[key]
        raise ChannelFault("unknown", "the connection went before the answer came")

    async def _write(self, **line: str) -> None:
        try:
            await self._server.send(json.dumps(line))
        except (anyio.BrokenResourceError, anyio.ClosedResourceError) as error:
            raise ChannelFault("retry", "the connection is gone") from error


# --- the server ----------------------------------------------------------------------------------


class LineServer(Provider[LineChat]):
    """The server, which does what the checks tell it."""

    kind = LineChat
    secrets = ("tok-5f2a",)
    deliveries = (
        b'{"id": "s1", "at": 1, "who": "lan", "text": "xin ch\xc3\xa0o"}',
        b'{"id": "s2", "at": 2, "who": "lan", "status": "read"}',
    )

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self.channel = self.kind("lines", self.connect, Secret(self.secrets[0]))
        self._kept: list[Told] = []  # what nobody took yet
        self._last: list[Told] = []
        self._shown: dict[str, Shown] = {}  # by key
        self._ids: dict[str, str] = {}
        self._out: ObjectStream[str] | None = None
        self._error = ""
        self._stalls = False
        self._number = 0
        self._saying = anyio.Lock()

    async def connect(self) -> ObjectStream[str]:
        """Take a connection."""
        to_us, ours = anyio.create_memory_object_stream[str](math.inf)
        theirs, from_us = anyio.create_memory_object_stream[str](math.inf)
        self._tasks.start_soon(self._serve, StapledObjectStream(theirs, ours))
        return StapledObjectStream(to_us, from_us)

    async def _serve(self, out: ObjectStream[str]) -> None:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            async with out:
                async for text in out:
                    line = json.loads(text)
                    if "token" in line:
                        async with self._saying:
                            self._out = out
                            for kept in self._kept:
                                await self._say(kept)
                    elif "took" in line:
                        self._kept = [kept for kept in self._kept if kept["id"] != line["took"]]
                    elif self._stalls:
                        self._stalls = False
                    else:
                        await self._answer(line)

    async def _answer(self, line: Told) -> None:
        key = line["key"]
        if self._error:
            await self._say({"key": key, "error": self._error})
            self._error = ""
            return
        if key not in self._shown:
            self._shown[key] = Shown(to=line["who"], text=line["text"])
            self._ids[key] = self._next()
        await self._say({"key": key, "id": self._ids[key]})

    async def _say(self, line: Told) -> None:
        if self._out is not None:
            with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                await self._out.send(json.dumps(line))

    def _next(self) -> str:
        self._number += 1
        return f"s{self._number}"

    async def write(self, customer: str, texts: Sequence[str]) -> None:
        """Let a customer write."""
        self._last = [
            {"id": self._next(), "at": self._number, "who": customer, "text": text}
            for text in texts
        ]
        self._kept += self._last
        async with self._saying:
            for line in self._last:
                await self._say(line)

    async def shown(self) -> Sequence[Shown]:
        """Return what customers saw."""
        return list(self._shown.values())

    async def again(self) -> bool:
        """Say the last lines again."""
        for line in self._last:
            await self._say(line)
        return True

    async def deliver(self, data: bytes) -> bool:
        """Say anything."""
        if self._out is not None:
            await self._out.send(data.decode("utf-8", "replace"))
        return True

    async def echo(self) -> bool:
        """Repeat the last line that the channel said."""
        [*_, (key, shown)] = self._shown.items()
        line = {"id": self._ids[key], "at": 0, "who": shown.to, "text": shown.text, "own": True}
        await self._say(line)
        return True

    async def held(self) -> int:
        """Count what nobody took yet."""
        return len(self._kept)

    async def tell(self, status: str) -> bool:
        """Tell what became of the last line that was shown."""
        [*_, (key, shown)] = self._shown.items()
        await self._say({"id": self._ids[key], "at": 0, "who": shown.to, "status": status})
        return True

    async def fail(self, kind: FaultKind) -> bool:
        """Answer the next line with an error."""
        self._error = next((error for error, known in FAULTS.items() if known == kind), "")
        return bool(self._error)

    async def stall(self) -> bool:
        """Do not answer the next line."""
        self._stalls = True
        return True

    async def cut(self) -> bool:
        """Close the connection."""
        if self._out is not None:
            await self._out.aclose()
            self._out = None
        return True

    @classmethod
    @asynccontextmanager
    async def opened(cls) -> AsyncGenerator[LineServer]:
        """Run a server."""
        async with anyio.create_task_group() as tasks:
            yield cls(tasks)
            tasks.cancel_scope.cancel()


# --- the program ---------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Hold the channel against the kit, and print what it keeps."""
    parser = argparse.ArgumentParser(description="A channel of one's own, and the kit.")
    parser.add_argument("--backend", choices=["asyncio", "trio"], default="asyncio")
    options = parser.parse_args(arguments)
    if not find_spec(options.backend):
        parser.exit(1, "line_chat.py: trio is missing; python -m pip install trio\n")
    print(anyio.run(check_channel, LineServer.opened, backend=options.backend))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
