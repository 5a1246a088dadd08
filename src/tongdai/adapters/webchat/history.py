"""What was said, for each visitor, so that a widget that comes back is told what it has missed.

Rule: lines are numbered, each number higher than the one before, and a line that is added twice
under one key is added once. Whatever is kept is bounded; what had to make room is gone for the
widgets that come later, and never for the center, whose journal has it.

A history has an `epoch`, drawn when it begins. A widget that knows another epoch is told all.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Mapping
from typing import Annotated, Final, Literal, Protocol, TypeAlias

import attrs
from msgspec.structs import replace

from tongdai.model.contact import Attachment, Button
from tongdai.model.mode import check_count
from tongdai.model.personal import Personal, PersonalText, Value
from tongdai.model.time import Instant

Mark: TypeAlias = Literal["taken", "delivered", "read", "got", "seen"]
"""What holds up to a line (see `tongdai.adapters.webchat.wire.Marks`)."""

_LINE: Final = 600  # bytes of a line without its text, by measurement


class Line(Value, frozen=True, kw_only=True):
    """A line of a conversation.

    Attributes:
        key: what it is added under; once.
        at: when it came.
        who: `me` is the visitor, `them` the center.
        kind: `text`, `served` (by `name` from here on), `closed` or `left`.
        n: its number; 0 before it is added.
        id: what the widget called it.
        text: what was said.
        files: what stands beside it.
        buttons: what can be tapped under it.
        question: the question of those buttons.
        to: the line whose button was tapped.
        name: who wrote it, where that is known.
    """

    key: str
    at: Instant
    who: Literal["me", "them", "note"]
    kind: Literal["text", "served", "closed", "left"] = "text"
    n: int = 0
    id: str = ""
    text: PersonalText = ""
    files: Annotated[tuple[Attachment, ...], Personal] = ()
    buttons: Annotated[tuple[Button, ...], Personal] = ()
    question: str = ""
    to: int = 0
    name: PersonalText = ""

    @property
    def size(self) -> int:
        """About how many bytes it takes to keep."""
        return _LINE * (1 + len(self.files) + len(self.buttons)) + 4 * len(self.text)


class History(Value, frozen=True, kw_only=True):
    """What is known of a visitor's history beside its lines.

    Attributes:
        epoch: which history it is.
        last: the number of its last line; 0 where it has none.
        marks: up to which line each mark holds.
        user: whose it is, where the host application knows the visitor (see `Histories.own`).
    """

    epoch: str
    last: int = 0
    marks: Mapping[Mark, int] = {}
    user: PersonalText = ""


class Histories(Protocol):
    """A store of histories. One that outlives the server lets it go on where it was.

    Lines of one visitor are added one after the other; anything else may be asked meanwhile.
    """

    async def open(self, visitor: str) -> History:
        """Return what is known of a visitor's history; begin one where there is none.

        Raises:
            ChannelFault: `retry`: it cannot be read now.
        """
        ...

    async def own(self, visitor: str, user: str) -> str:
        """Let a visitor's history be a user's, where it is nobody's yet; begin one where need be.

        From then on nobody else is shown it, also with a token from before.

        Returns:
            Whose it is.

        Raises:
            ChannelFault: `retry`: it could not be kept.
        """
        ...

    async def add(self, visitor: str, line: Line) -> tuple[Line, bool]:
        """Number a line and keep it; where there is one of its key, keep that.

        A line's number is its instant or, where that is no higher than the last one, the next.

        Returns:
            The line as it is kept, and whether it is new.

        Raises:
            ChannelFault: `retry`: it could not be kept.
        """
        ...

    async def lines(self, visitor: str, after: int = 0) -> tuple[Line, ...]:
        """Return the lines that are kept after a number, in order.

        Raises:
            ChannelFault: `retry`: they cannot be read now.
        """
        ...

    async def mark(self, visitor: str, what: Mark, upto: int) -> int:
        """Raise a mark up to a line; it never falls.

        Returns:
            Where it was before.

        Raises:
            ChannelFault: `retry`: it could not be kept.
        """
        ...


@attrs.define(eq=False)
class _Kept:
    epoch: str
    last: int = 0
    user: str = ""
    size: int = 0
    lines: OrderedDict[str, Line] = attrs.field(factory=OrderedDict[str, Line])
    marks: dict[Mark, int] = attrs.field(factory=dict[Mark, int])


class MemoryHistories:
    """Histories in memory: they end with the program.

    The last lines of a visitor are kept, and the visitors who wrote or were written to last.
    """

    def __init__(
        self, *, lines: int = 500, visitors: int = 20_000, size: int = 128 * 2**20
    ) -> None:
        """Start with none.

        Args:
            lines: how many of one visitor.
            visitors: how many of them.
            size: bytes of all lines, about.

        Raises:
            ConfigurationError: one of them is no such number.
        """
        check_count(lines, "MemoryHistories.lines", least=1)
        check_count(visitors, "MemoryHistories.visitors", least=1)
        check_count(size, "MemoryHistories.size", least=1)
        self._lines = lines
        self._visitors = visitors
        self._most = size
        self._size = 0
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def open(self, visitor: str) -> History:
        """Return what is known (see `Histories.open`)."""
        kept = self._of(visitor)
        marks = dict(kept.marks)
        return History(epoch=kept.epoch, last=kept.last, marks=marks, user=kept.user)

    async def own(self, visitor: str, user: str) -> str:
        """Let it be a user's (see `Histories.own`)."""
        kept = self._of(visitor)
        kept.user = kept.user or user
        return kept.user

    async def add(self, visitor: str, line: Line) -> tuple[Line, bool]:
        """Keep a line (see `Histories.add`)."""
        kept = self._of(visitor)
        known = kept.lines.get(line.key)
        if known is not None:
            return known, False
        kept.last = max(line.at, kept.last + 1)
        line = replace(line, n=kept.last)
        kept.lines[line.key] = line
        self._grow(kept, line.size)
        if len(kept.lines) > self._lines:
            self._drop_line(kept)
        while self._size > self._most and len(self._kept) > 1:
            self._drop_visitor()
        while self._size > self._most and len(kept.lines) > 1:
            self._drop_line(kept)
        return line, True

    async def lines(self, visitor: str, after: int = 0) -> tuple[Line, ...]:
        """Return lines (see `Histories.lines`)."""
        kept = self._kept.get(visitor)
        if kept is None or after >= kept.last:
            return ()
        found: list[Line] = []
        for line in reversed(kept.lines.values()):
            if line.n <= after:
                break
            found.append(line)
        return tuple(reversed(found))

    async def mark(self, visitor: str, what: Mark, upto: int) -> int:
        """Raise a mark (see `Histories.mark`)."""
        marks = self._of(visitor).marks
        before = marks.get(what, 0)
        if upto > before:
            marks[what] = upto
        return before

    def __len__(self) -> int:
        """Count the visitors."""
        return len(self._kept)

    def _of(self, visitor: str) -> _Kept:
        kept = self._kept.get(visitor)
        if kept is None:
            kept = self._kept[visitor] = _Kept(secrets.token_urlsafe(9))
            self._grow(kept, _LINE)
            if len(self._kept) > self._visitors:
                self._drop_visitor()
        else:
            self._kept.move_to_end(visitor)
        return kept

    def _grow(self, kept: _Kept, size: int) -> None:
        kept.size += size
        self._size += size

    def _drop_line(self, kept: _Kept) -> None:
        _, line = kept.lines.popitem(last=False)
        self._grow(kept, -line.size)

    def _drop_visitor(self) -> None:
        _, kept = self._kept.popitem(last=False)
        self._size -= kept.size
