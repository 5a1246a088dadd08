"""What is owed to one customer, and what became of it where that is nothing.

Rule: a letter is tried under one key, however often. What cannot be sent is a dead letter: a plain
value that waits for somebody to look at it, send it after all, or drop it.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs

from tongdai.center.effects import DisconnectContact, SendMessage
from tongdai.channels import Sent
from tongdai.errors import ChannelFault, FaultKind, IllegalInput, did_you_mean
from tongdai.model.contact import Address, Content
from tongdai.model.time import Instant
from tongdai.model.time import clock as spoken

Owed: TypeAlias = SendMessage | DisconnectContact


@attrs.frozen
class Fault:
    """Something that the runtime could not do, and had nobody to tell.

    Attributes:
        at: when.
        channel: the channel's id.
        what: what it was about: an effect's id, an inbound's key, or `open`.
        reason: why not.
    """

    at: Instant
    channel: str
    what: str
    reason: str

    def __str__(self) -> str:
        """Give it as a line."""
        return f"{spoken(self.at)}  {self.channel} {self.what}: {self.reason}"


@attrs.define(eq=False)
class Letter:
    """Something owed.

    Attributes:
        effect: what is to be done.
        address: for whom.
        tries: how often it was tried.
        round: how often it was sent after all, having been dead.
        result: what became of the last try, until what follows from it is done.
    """

    effect: Owed
    address: Address
    tries: int = 0
    round: int = 0
    result: Sent | ChannelFault | None = None


@attrs.frozen(kw_only=True)
class DeadLetter:
    """A message that was not sent, and is not tried again by itself.

    Attributes:
        id: the id of the effect that it was, which is the key that it was sent with.
        channel: the channel's id.
        address: for whom it was.
        contact: the contact's id.
        content: what was to be said.
        kind: why it was not sent; `unknown`: it may have been.
        code: the provider's code, where it has one.
        detail: what the provider said.
        attempts: how often it was tried.
        at: when it was given up.
        round: how often it had been sent after all, and died again.
    """

    id: str
    channel: str
    address: Address
    contact: str
    content: Content
    kind: FaultKind
    code: str = ""
    detail: str = attrs.field(default="", repr=False)
    attempts: int = 0
    at: Instant = 0
    round: int = 0

    @classmethod
    def of(
        cls, letter: Letter, effect: SendMessage, fault: ChannelFault, at: Instant
    ) -> DeadLetter:
        """Return what a letter is that is given up."""
        return cls(
            id=effect.id,
            channel=letter.address.channel,
            address=letter.address,
            contact=effect.contact,
            content=effect.content,
            kind=fault.kind,
            code=fault.code,
            detail=fault.detail,
            attempts=letter.tries,
            at=at,
            round=letter.round,
        )

    def again(self) -> SendMessage:
        """Return what is to be done, as it was."""
        return SendMessage(self.contact, self.content, self.address, id=self.id)


class DeadLetters:
    """Messages that were not sent; the oldest make room for the newest."""

    def __init__(self, most: int) -> None:
        """Keep at most so many."""
        self._most = most
        self._letters: dict[str, DeadLetter] = {}

    def add(self, letter: DeadLetter) -> DeadLetter | None:
        """Keep one, and return the one that made room for it."""
        self._letters[letter.id] = letter
        return self.take(next(iter(self._letters))) if len(self._letters) > self._most else None

    def get(self, id: str) -> DeadLetter:
        """Return one.

        Raises:
            IllegalInput: there is none of this id.
        """
        if id not in self._letters:
            near = did_you_mean(id, self._letters)
            raise IllegalInput(f"dead letters: there is none with the id {id!r}.{near}")
        return self._letters[id]

    def take(self, id: str) -> DeadLetter:
        """Return one, and keep it no more.

        Raises:
            IllegalInput: there is none of this id.
        """
        letter = self.get(id)
        del self._letters[id]
        return letter

    def every(self) -> tuple[DeadLetter, ...]:
        """Return all of them, oldest first."""
        return tuple(self._letters.values())
