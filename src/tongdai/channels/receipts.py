"""What became of the messages that were sent.

Rule: sent, failed, delivered, read is a ladder, and a message only ever goes up. So receipts may
come late, twice and in any order, before the message is noted as sent too, and the end is the same.
`failed` stands below `delivered`: that a message has arrived, or was read, is known by somebody who
saw it, while a failure may be one try or one device of several.

A watermark (`Receipt.upto`) holds for every message to the same address that was sent until then,
also for those that are noted after it.

Memory is bounded: with more than `most` messages the oldest are forgotten, by the latest instant
that is known of each. What comes late of a forgotten message and is no later than that is ignored,
so that it cannot come back on a lower rung.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import attrs

from tongdai.channels.inbound import Receipt
from tongdai.errors import IllegalInput
from tongdai.model.contact import Address
from tongdai.model.mode import check_count
from tongdai.model.text import check_text
from tongdai.model.time import Instant, checked

Status: TypeAlias = Literal["sent", "failed", "delivered", "read"]
"""What is known of a message, from the lowest rung to the highest."""

LADDER: Final[tuple[Status, ...]] = ("sent", "failed", "delivered", "read")

_AT_ONCE: Final = 8  # the part of all messages that is forgotten together, so that it costs little


@attrs.define
class _Message:
    """What is known of one message: its age, its rung, and when it was first sent to whom."""

    latest: Instant
    rung: int = -1
    sent: dict[Address, Instant] = attrs.Factory(dict[Address, Instant])


class Receipts:
    """The messages that were sent over a channel, and what became of them.

    Attributes:
        forgotten: how many messages were forgotten.
    """

    __slots__ = ("_before", "_marks", "_messages", "_most", "forgotten")

    def __init__(self, most: int = 10_000) -> None:
        """Know of no message.

        Args:
            most: how many messages are remembered, and for how many addresses watermarks.

        Raises:
            ConfigurationError: that is no whole number, 1 or more.
        """
        check_count(most, "Receipts.most", least=1)
        self.forgotten = 0
        self._most: Final = most
        self._messages: Final[dict[str, _Message]] = {}
        self._marks: Final[dict[Address, dict[int, Instant]]] = {}
        self._before: Instant | None = None  # (what is no later than this may be forgotten)

    def __len__(self) -> int:
        """Return how many messages are remembered."""
        return len(self._messages)

    def sent(self, id: str, at: Instant, address: Address) -> None:
        """Note that a message was sent.

        Args:
            id: the provider's id, as in `Sent.ids`.
            at: when, by the provider's clock where it tells; watermarks are compared with it.
            address: to whom.

        Raises:
            IllegalInput: an argument of another type.
        """
        _check(id, "Receipts.sent.id")
        at = checked(at, "Receipts.sent.at")
        if not isinstance(address, Address):
            raise IllegalInput(f"Receipts.sent.address: {type(address).__name__} is no Address")
        message = self._message(id, at)
        if message is None:
            return
        message.rung = max(message.rung, 0)
        message.sent[address] = min(at, message.sent.get(address, at))
        self._trim()

    def note(self, receipt: Receipt) -> None:
        """Take what a provider tells.

        Raises:
            IllegalInput: no `Receipt`, or one with a status that is on no rung.
        """
        if not isinstance(receipt, Receipt):
            raise IllegalInput(f"Receipts.note: {type(receipt).__name__} is no Receipt")
        if receipt.status not in LADDER:
            raise IllegalInput(
                f"Receipt.status: {receipt.status!r} is not one of {', '.join(LADDER)}"
            )
        rung = LADDER.index(receipt.status)
        for id in receipt.ids:
            _check(id, "Receipt.ids")
        for id in receipt.ids:
            message = self._message(id, receipt.at)
            if message is not None:
                message.rung = max(message.rung, rung)
        if receipt.upto is not None:
            marks = self._marks.setdefault(receipt.address, {})
            marks[rung] = max(marks.get(rung, receipt.upto), receipt.upto)
        self._trim()

    def status(self, id: str) -> Status | None:
        """Return the highest rung that is known of a message; `None` where it is not remembered."""
        message = self._messages.get(id)
        if message is None:
            return None
        return LADDER[max(message.rung, self._marked(message))]

    def _marked(self, message: _Message) -> int:
        """Return the rung that watermarks give a message."""
        rungs = [
            rung
            for address, at in message.sent.items()
            for rung, upto in self._marks.get(address, {}).items()
            if at <= upto
        ]
        return max(rungs, default=-1)

    def _message(self, id: str, at: Instant) -> _Message | None:
        """Return what is known of a message; `None` if it may have been forgotten."""
        message = self._messages.get(id)
        if message is None:
            if self._before is not None and at <= self._before:
                return None
            message = self._messages[id] = _Message(at)
        message.latest = max(message.latest, at)
        return message

    def _trim(self) -> None:
        if len(self._messages) > self._most:
            by_age = sorted(self._messages, key=lambda id: (self._messages[id].latest, id))
            for id in by_age[: self._surplus(len(by_age))]:
                latest = self._messages.pop(id).latest
                self._before = latest if self._before is None else max(self._before, latest)
                self.forgotten += 1
        if len(self._marks) > self._most:
            for message in self._messages.values():  # (what a watermark has told stays)
                message.rung = max(message.rung, self._marked(message))
            ages = {to: (max(marks.values()), to.to) for to, marks in self._marks.items()}
            for to in sorted(ages, key=ages.__getitem__)[: self._surplus(len(ages))]:
                del self._marks[to]

    def _surplus(self, count: int) -> int:
        return count - self._most + self._most // _AT_ONCE


def _check(id: object, field: str) -> None:
    if not isinstance(id, str) or not id:
        raise IllegalInput(f"{field}: {id!r} is no id of a message")
    check_text(id, field)
