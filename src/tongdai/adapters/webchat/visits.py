"""What visitors do, and what the center does with them: the conversation itself.

Rule: a line is in the visitor's history before anybody is told of it. A visitor's line is put to
the center then, and acknowledged when the center has it; where that fails, the socket is let go,
and the widget comes back and sends again, in order, all that was not acknowledged. The same line
sent again is the same line: the history has it once, and the center takes its key once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from tongdai.adapters.webchat import wire
from tongdai.adapters.webchat.history import Histories, History, Line, Mark
from tongdai.adapters.webchat.limits import Limits
from tongdai.adapters.webchat.rooms import Room, Rooms, Socket
from tongdai.adapters.webchat.tokens import Kept, Keys, Visitor
from tongdai.channels import (
    Activity,
    Inbound,
    Medium,
    Message,
    Receipt,
    Relinked,
    Seen,
    Sent,
    Served,
    Sign,
    Typing,
    Waiting,
    fit,
)
from tongdai.errors import ChannelFault
from tongdai.model.contact import Address, Attachment, Content
from tongdai.runtime import Clock, Inbox

_MILLISECOND: Final = 1_000
_SECOND: Final = 1_000_000
_TYPING: Final = 3 * _SECOND  # so often the center is told that somebody is writing
_UNDER_WAY: Final = 8  # of one visitor's
_ITEMS: Final = 50  # lines of one frame
_IDS: Final = 100  # of one receipt
_VISITOR: Final = re.compile(r"[A-Za-z0-9_-]{22}")
_ELSEWHERE: Final = ("https://", "http://")
_NOWHERE: Final = ("javascript:", "data:", "blob:", "vbscript:")


class Visits:
    """All conversations of one web chat."""

    def __init__(  # noqa: PLR0913 - what a web chat is made of
        self,
        id: str,
        *,
        medium: Medium,
        inbox: Inbox,
        histories: Histories,
        keys: Keys,
        limits: Limits,
        clock: Clock,
    ) -> None:
        self.rooms = Rooms(limits)
        self._id = id
        self._medium = medium
        self._inbox = inbox
        self._histories = histories
        self._keys = keys
        self._limits = limits
        self._clock = clock

    # --- the visitor --------------------------------------------------------------------------

    async def hello(self, socket: Socket, visitor: Visitor, frame: wire.Hello) -> Room | None:
        """Let a socket in, and tell it what it has missed; `None` where there are too many."""
        room = self.rooms.of(visitor.id)
        async with room.lock:
            if len(room.sockets) >= self._limits.tabs:
                socket.close(wire.SLOW_DOWN, "too many tabs")
                return None
            if not await self.own(visitor.id, visitor.user):
                socket.close(wire.UNKNOWN, "the token is from before somebody signed in")
                return None
            history = await self._histories.open(visitor.id)
            after = frame.after if frame.epoch == history.epoch else 0
            lines = await self._histories.lines(visitor.id, after)
            socket.visitor = visitor
            waiting = room.waiting or wire.Waiting()
            socket.answer(
                wire.Welcome(
                    epoch=history.epoch,
                    last=history.last,
                    marks=_marks(history),
                    agent=room.agent,
                    waiting=room.waiting is not None,
                    place=waiting.place,
                    still=waiting.still,
                    text=self._limits.text,
                    file=self._limits.file,
                    files=self._limits.files,
                    kinds=self._limits.kinds,
                )
            )
            for first in range(0, len(lines), _ITEMS):
                socket.answer(self._items(lines[first : first + _ITEMS]))
            self.rooms.enter(room, socket)
        return room

    async def own(self, visitor: str, user: str) -> bool:
        """Return whether somebody may have a visitor's history; from then on nobody else may.

        Whoever has signed in has it for themselves: a token from before opens it no more.

        Raises:
            ChannelFault: the histories do not tell.
        """
        if await self._histories.own(visitor, user) != user:
            return False
        self.rooms.of(visitor).let_go(wire.UNKNOWN, "somebody has signed in", but=user)
        return True

    async def say(self, room: Room, socket: Socket, frame: wire.Say, raw: bytes) -> None:
        """Take a message, and acknowledge it when the center has it.

        Raises:
            ChannelFault: it was not taken; the widget sends it again.
        """
        visitor = _known(socket)
        key = f"{visitor.id}.{frame.id}"
        text = wire.clean(frame.text).strip()
        if len(text) > self._limits.text:
            socket.answer(wire.Error(code="long", id=frame.id))
            return
        files = self._files(visitor, frame)
        if files is None:
            socket.answer(wire.Error(code="file", id=frame.id))
            return
        question = ""
        async with room.lock:
            if frame.choice is not None:
                found = await self._tapped(visitor, frame, key)
                if isinstance(found, wire.Error):
                    socket.answer(found)
                    return
                text, question = found
            elif not text and not files:
                socket.answer(wire.Error(code="empty", id=frame.id))
                return
            line, new = await self._add(
                room,
                Line(
                    key=key,
                    at=self._clock.now(),
                    who="me",
                    id=frame.id,
                    text=text,
                    files=files,
                    to=frame.to if frame.choice is not None else 0,
                ),
            )
            if new and len(room.sockets) > 1:
                room.show(self._items((line,)), but=socket)
        message = Message(
            key=key,
            at=line.at,
            address=Address(self._id, visitor.id),
            content=Content(line.text, line.files),
            claims=visitor.claims(self._id),
            choice=frame.choice or "",
            question=question,
            raw=raw,
        )
        await self._take(room, socket, line, message)

    async def leave(self, room: Room, socket: Socket, frame: wire.Leave) -> None:
        """Let a visitor end the conversation, and acknowledge it when the center knows.

        Raises:
            ChannelFault: it was not taken; the widget sends it again.
        """
        visitor = _known(socket)
        key = f"{visitor.id}.{frame.id}"
        line = Line(key=key, at=self._clock.now(), who="note", kind="left", id=frame.id)
        async with room.lock:
            line, new = await self._add(room, line)
            if new:
                room.show(self._items((line,)), but=socket)
        address = Address(self._id, visitor.id)
        left = Activity(what="left", key=key, at=line.at, address=address)
        await self._take(room, socket, line, left)
        if (await self._histories.open(room.id)).last == line.n:  # (nothing was said since)
            self._over(room)

    async def typing(self, room: Room) -> None:
        """Tell the center that somebody writes, now and then; if it is not heard, no matter."""
        now = self._clock.now()
        if now - room.typed < _TYPING and room.typed:
            return
        room.typed = now
        address = Address(self._id, room.id)
        key = f"{room.id}.typing.{now}"
        with suppress(ChannelFault):
            await self._put(room, Activity(what="typing", key=key, at=now, address=address))

    async def mark(self, room: Room, socket: Socket, frame: wire.Got | wire.Seen) -> None:
        """Tell the center what has arrived, or was read.

        Raises:
            ChannelFault: it was not taken; the widget tells it again when it comes back.
        """
        what: Mark = "seen" if isinstance(frame, wire.Seen) else "got"
        history = await self._histories.open(room.id)
        before, upto = history.marks.get(what, 0), min(frame.upto, history.last)
        if upto <= before:
            return
        lines = await self._histories.lines(room.id, before)
        theirs = [line.n for line in lines if line.who == "them" and line.n <= upto]
        for first in range(0, len(theirs), _IDS):
            numbers = theirs[first : first + _IDS]
            receipt = Receipt(
                key=f"{room.id}.{what}.{numbers[-1]}",
                at=self._clock.now(),
                address=Address(self._id, room.id),
                status="read" if what == "seen" else "delivered",
                ids=tuple(_sent(room.id, number) for number in numbers),
            )
            await self._put(room, receipt)
        await self._histories.mark(room.id, what, upto)
        if what == "seen":
            await self._histories.mark(room.id, "got", upto)
        await self._show_marks(room, but=socket)

    async def identified(self, visitor: Visitor) -> None:
        """Tell the center who a visitor is who was not known so far.

        Raises:
            ChannelFault: it was not taken.
        """
        if not (await self._histories.open(visitor.id)).last:
            return  # nothing was said yet; the first message brings the claims
        now = self._clock.now()
        await self._put(
            self.rooms.of(visitor.id),
            Relinked(
                key=f"{visitor.id}.known.{now}",
                at=now,
                address=Address(self._id, visitor.id),
                claims=visitor.claims(self._id),
            ),
        )

    # --- the center ---------------------------------------------------------------------------

    async def send(self, to: Address, content: Content, key: str) -> Sent:
        """Add a message for a visitor, and show it to whoever is there.

        Raises:
            ChannelFault: `bad_address`, or what the histories raise.
        """
        self._check(to)
        room = self.rooms.of(to.to)
        added: list[Line] = []
        ids: list[str] = []
        async with room.lock:
            for number, part in enumerate(fit(content, self._medium)):
                line, new = await self._add(
                    room,
                    Line(
                        key=f"out {key} {number}",
                        at=self._clock.now(),
                        who="them",
                        text=part.text,
                        files=part.attachments,
                        buttons=part.buttons,
                        question=part.question,
                        name=room.agent,
                    ),
                )
                ids.append(_sent(room.id, line.n))
                if new:
                    added.append(line)
            if added:
                room.show(self._items(added))
        return Sent(tuple(ids))

    async def close(self, to: Address, key: str) -> None:
        """Tell a visitor that the conversation is over.

        Raises:
            ChannelFault: `bad_address`, or what the histories raise.
        """
        self._check(to)
        room = self.rooms.of(to.to)
        async with room.lock:
            lines = await self._histories.lines(room.id)
            if lines and lines[-1].kind not in ("left", "closed"):
                now = self._clock.now()
                line = Line(key=f"out {key} closed", at=now, who="note", kind="closed")
                line, new = await self._add(room, line)
                if new:
                    room.show(self._items((line,)))
            self._over(room)

    async def show(self, to: Address, sign: Sign) -> None:
        """Show a visitor a sign.

        Raises:
            ChannelFault: what the histories raise.
        """
        if to.channel != self._id or not _VISITOR.fullmatch(to.to):
            return
        room = self.rooms.of(to.to)
        match sign:
            case Typing():
                room.show(wire.Typing())
            case Waiting():
                # (seconds, rounded up: nobody is told a wait of none)
                still = None if sign.still is None else -(-int(sign.still) // _SECOND)
                room.agent = ""
                room.waiting = wire.Waiting(place=sign.place, still=still)
                room.show(room.waiting)
            case Seen():
                await self._seen(room, sign.keys)
            case Served():
                await self._served(room, sign.agent)

    def link(self, file: Attachment, owner: str = "") -> str:
        """Return where a file is served: below the mount, or elsewhere; empty for nowhere."""
        begin = file.url.strip().lower()
        if begin.startswith(_ELSEWHERE):
            return file.url
        if not begin or begin.startswith(_NOWHERE):
            return ""
        kept = Kept(url=file.url, kind=file.kind, name=file.name, size=file.size, owner=owner)
        return f"files/{self._keys.sign(kept)}"

    # --- inside -------------------------------------------------------------------------------

    async def _add(self, room: Room, line: Line) -> tuple[Line, bool]:
        """Add a line; where nobody knows whether it was, let all sockets come back and be told.

        Else it is not new when it is added again, is shown to nobody, and a later one hides it.
        """
        try:
            return await self._histories.add(room.id, line)
        except BaseException:
            room.let_go(wire.LATER, "come back, and be told what is new")
            raise

    async def _take(self, room: Room, socket: Socket, line: Line, inbound: Inbound) -> None:
        """Put a line to the center, and acknowledge it."""
        await self._put(room, inbound)
        await self._histories.mark(room.id, "taken", line.n)
        delivered = bool(room.agent)
        if delivered:
            await self._histories.mark(room.id, "delivered", line.n)
        at = line.at // _MILLISECOND
        socket.answer(wire.Ack(id=line.id, n=line.n, at=at, delivered=delivered))
        if len(room.sockets) > 1:
            await self._show_marks(room, but=socket)

    async def _put(self, room: Room, inbound: Inbound) -> None:
        if room.under_way >= _UNDER_WAY:
            raise ChannelFault("retry", "too much of one visitor's is under way")
        room.under_way += 1
        try:
            await self._inbox.put((inbound,))
        finally:
            room.under_way -= 1

    async def _tapped(
        self, visitor: Visitor, frame: wire.Say, key: str
    ) -> tuple[str, str] | wire.Error:
        """Return label and question of a button, or why it cannot be tapped."""
        lines = await self._histories.lines(visitor.id, max(frame.to - 1, 0))
        line = lines[0] if lines and lines[0].n == frame.to else None
        label = next(
            (each.label for each in (line.buttons if line else ()) if each.key == frame.choice),
            None,
        )
        if line is None or label is None:
            return wire.Error(code="gone", id=frame.id)
        if any(other.to == line.n and other.key != key for other in lines):
            return wire.Error(code="answered", id=frame.id)
        return label, line.question

    def _files(self, visitor: Visitor, frame: wire.Say) -> tuple[Attachment, ...] | None:
        if not frame.files:
            return ()
        kept = [self._keys.file(token) for token in frame.files]
        files = tuple(
            Attachment(each.kind, each.url, each.name, size=each.size)
            for each in kept
            if each is not None and each.owner == visitor.id
        )
        return files if len(files) == len(kept) <= self._limits.files else None

    async def _seen(self, room: Room, keys: tuple[str, ...]) -> None:
        history = await self._histories.open(room.id)
        lines = await self._histories.lines(room.id, history.marks.get("read", 0))
        upto = max((line.n for line in lines if line.key in keys), default=0)
        if not keys:
            upto = history.marks.get("taken", 0)
        if upto > await self._histories.mark(room.id, "read", upto):
            await self._show_marks(room)

    async def _served(self, room: Room, agent: str) -> None:
        room.agent = agent
        room.waiting = None
        if agent:
            async with room.lock:
                notes = [
                    each for each in await self._histories.lines(room.id) if each.who == "note"
                ]
                if not notes or (notes[-1].kind, notes[-1].name) != ("served", agent):
                    at = self._clock.now()
                    key = f"out served {at}"
                    line = Line(key=key, at=at, who="note", kind="served", name=agent)
                    line, _ = await self._add(room, line)
                    room.show(self._items((line,)))
            history = await self._histories.open(room.id)
            await self._histories.mark(room.id, "delivered", history.marks.get("taken", 0))
            await self._show_marks(room)
        room.show(wire.Served(agent=agent))

    def _over(self, room: Room) -> None:
        room.agent = ""
        room.waiting = None
        room.show(wire.Served())

    async def _show_marks(self, room: Room, but: Socket | None = None) -> None:
        if room.sockets and room.sockets != [but]:
            room.show(_marks(await self._histories.open(room.id)), but=but)

    def _check(self, to: Address) -> None:
        if to.channel != self._id or not _VISITOR.fullmatch(to.to):
            raise ChannelFault("bad_address", "no visitor of this web chat")

    def _items(self, lines: Iterable[Line]) -> wire.Items:
        return wire.Items(items=tuple(map(self._item, lines)))

    def _item(self, line: Line) -> wire.Item:
        return wire.Item(
            n=line.n,
            at=line.at // _MILLISECOND,
            who=line.who,
            kind=line.kind,
            id=line.id,
            text=line.text,
            files=tuple(
                wire.File(self.link(each), each.kind, each.name, each.size) for each in line.files
            ),
            buttons=tuple(wire.Choice(each.key, each.label) for each in line.buttons),
            to=line.to,
            name=line.name,
        )


def _known(socket: Socket) -> Visitor:
    assert socket.visitor is not None  # noqa: S101 - nothing is handled before the hello
    return socket.visitor


def _sent(visitor: str, number: int) -> str:
    return f"{visitor}.{number}"


def _marks(history: History) -> wire.Marks:
    marks = history.marks
    return wire.Marks(
        taken=marks.get("taken", 0),
        delivered=marks.get("delivered", 0),
        read=marks.get("read", 0),
        got=marks.get("got", 0),
        seen=marks.get("seen", 0),
    )
