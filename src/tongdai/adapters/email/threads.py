"""Which mails belong together.

Rule: what we send can be told again, by whoever answers it: the id of each mail carries its thread,
signed, so no store is needed to know an answer, and nobody can make one up. What answers nothing of
ours is in the thread of the mail that it began with. Nothing is ever joined because two subjects
look alike.

A contact is joined by channel and address. Somebody may write about two things at once, and each
mail program shows them as two threads; so the address of a thread is `lan@x.vn#` and the thread:
two threads of one person are two contacts, and one thread that two people write in is two contacts
as well, each answered at their own address. So a mail that is handed on lets nobody into another's
contact.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b32encode
from collections import OrderedDict
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final, Protocol

import attrs
import msgspec

from tongdai.adapters.email.account import Account
from tongdai.errors import ConfigurationError
from tongdai.model.personal import PersonalText, Value

MOST_REFERENCES: Final = 20
"""How many ids a thread keeps: the first, and the last ones."""

_MARK: Final = "td"
_NO_THREAD: Final = "0"
_SIZE: Final = 8  # bytes that name a thread, or a message
_MAC: Final = 10  # bytes that sign
_MOST_TOKENS: Final = 100  # that are looked at in one text
_SHORT_MAC: Final = 6  # in a subject, where an address is signed as well
_TOKEN = re.compile(r"td\.([a-z2-7]{13}|0)\.([a-z2-7]{13})\.([a-z2-7]{16})")
_THREAD = re.compile(r"[a-z2-7]{13}")
_TAG = re.compile(r"\[#([a-z2-7]{13})-([a-z2-7]{10})\]")
_LONGEST_LOCAL: Final = 64


class Party(Value, frozen=True):
    """Somebody in a thread.

    Attributes:
        mailbox: their address.
        thread: the thread; empty for what was begun from here.
    """

    mailbox: PersonalText
    thread: str = ""

    @property
    def to(self) -> str:
        """How both stand in an `Address`: `lan@x.vn#` and the thread."""
        return f"{self.mailbox}#{self.thread}" if self.thread else self.mailbox

    @classmethod
    def of(cls, to: str) -> Party:
        """Return whom an address means."""
        mailbox, sign, thread = to.rpartition("#")
        if sign and _THREAD.fullmatch(thread):
            return cls(mailbox, thread)
        return cls(to)


class Thread(Value, frozen=True):
    """What an answer in a thread needs.

    Attributes:
        subject: without `Re:`.
        references: ids of mails so far, without brackets, oldest first.
        answerable: whether automatic mail may go there.
    """

    subject: PersonalText = ""
    references: tuple[str, ...] = ()
    answerable: bool = True


@attrs.frozen
class Found:
    """The thread of a mail, and whether it answers something that is known here."""

    thread: str
    answers: bool


# --- tokens ---------------------------------------------------------------------------------------


def message_id(account: Account, *, key: str, to: str) -> str:
    """Return the id of a mail that we send; the same for the same key and address.

    Args:
        account: whose mail it is.
        key: of the message.
        to: the address, with its thread.
    """
    return f"{token(account, key=key, to=to)}@{account.address.rpartition('@')[2]}"


def token(account: Account, *, key: str, to: str) -> str:
    """Return what stands before the @ of such an id."""
    thread = Party.of(to).thread or _NO_THREAD
    message = _short(f"{key}\0{to}".encode("utf-8", "replace"))
    return f"{_MARK}.{thread}.{message}.{_signed(account, 0, f'{thread}.{message}', _MAC)}"


def tokens(account: Account, text: str) -> dict[str, str]:
    """Return our tokens in a text, and the thread of each.

    Args:
        account: whose keys they are signed with.
        text: an id, an address, or whole lines.
    """
    found: dict[str, str] = {}
    for one in islice(_TOKEN.finditer(text.lower()), _MOST_TOKENS):
        if one[0] not in found and _is_signed(account, f"{one[1]}.{one[2]}", one[3], _MAC):
            found[one[0]] = "" if one[1] == _NO_THREAD else one[1]
        if len(found) >= MOST_REFERENCES:
            break
    return found


def tag(account: Account, to: str) -> str:
    """Return the mark for the subjects of a thread; it is good for that person alone."""
    party = Party.of(to)
    if not party.thread:
        return ""
    signed = f"{party.thread} {party.mailbox}"
    return f"[#{party.thread}-{_signed(account, 0, signed, _SHORT_MAC)}]"


def untagged(subject: str) -> str:
    """Return a subject without such marks."""
    return " ".join(_TAG.sub("", subject).split()) if "[#" in subject else subject


def plus(account: Account, token: str) -> str:
    """Return our address with a token behind a plus, or without it where it were too long."""
    local, _, domain = account.address.rpartition("@")
    if not account.plus or len(local) + 1 + len(token) > _LONGEST_LOCAL:
        return account.address
    return f"{local}+{token}@{domain}"


def _short(data: bytes) -> str:
    return _text(hashlib.blake2b(data, digest_size=_SIZE).digest())


def _text(data: bytes) -> str:
    return b32encode(data).decode("ascii").rstrip("=").lower()


def _signed(account: Account, number: int, what: str, size: int) -> str:
    secret = account.keys[number].reveal()
    data = f"tongdai e-mail {size}\0{what}".encode("utf-8", "replace")
    return _text(hmac.new(secret, data, hashlib.sha256).digest()[:size])


def _is_signed(account: Account, what: str, given: str, size: int) -> bool:
    found = False
    for number in range(len(account.keys)):
        found |= hmac.compare_digest(_signed(account, number, what, size), given)
    return found


# --- the thread of a mail -------------------------------------------------------------------------


def thread_of(  # noqa: PLR0913 - each is told apart by its name
    account: Account,
    *,
    mailbox: str,
    answers: Iterable[str],
    recipients: Iterable[str],
    subject: str,
    root: str,
    known: Callable[[str], str | None] | None = None,
) -> Found:
    """Return the thread of a mail that came in.

    The first that tells: a mail that it answers, nearest first, by our token or by what is `known`;
    the address that it was sent to; a mark in its subject, if it was made for this sender; and last
    the mail that it all began with.

    Args:
        account: ours.
        mailbox: who wrote it.
        answers: ids of the mails that it answers, nearest first.
        recipients: addresses that it was sent to.
        subject: its subject.
        root: the id of the oldest mail that it names, or its own.
        known: returns the thread of an id, if it is known (`Threads.known`).
    """
    for id in answers:
        thread = next(iter(tokens(account, id).values()), None)
        if thread is None and known is not None:
            thread = known(id)
        if thread is not None:
            return Found(thread, answers=True)
    for address in recipients:
        for thread in tokens(account, address).values():
            return Found(thread, answers=True)
    for one in _TAG.finditer(subject.lower()):
        if _is_signed(account, f"{one[1]} {mailbox}", one[2], _SHORT_MAC):
            return Found(one[1], answers=True)
    return Found(_short(root.encode("utf-8", "replace")), answers=False)


# --- memory ---------------------------------------------------------------------------------------


class _Noted(Protocol):
    """What a mail tells of its thread, one that came in as well as one that goes out."""

    @property
    def to(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def thread(self) -> Thread: ...


class _Kept(msgspec.Struct, frozen=True):
    threads: list[tuple[str, Thread]] = []
    ids: list[tuple[str, str]] = []


class Threads:
    """What was heard and sent lately, so that answers carry on where they should.

    It holds so many threads and ids, and lets the oldest go. Whoever owns it keeps it (`dump`): an
    answer that is sent after it was lost still reaches the customer, but stands alone there.
    """

    def __init__(self, most: int = 10_000) -> None:
        """Start with nothing.

        Raises:
            ConfigurationError: `most` is no number of threads.
        """
        if not isinstance(most, int) or isinstance(most, bool) or most < 1:
            raise ConfigurationError(f"Threads.most: {most!r} is not a whole number, 1 or more")
        self._most = most
        self._threads: OrderedDict[str, Thread] = OrderedDict()
        self._ids: OrderedDict[str, str] = OrderedDict()

    def note(
        self,
        to: str,
        id: str,
        *,
        subject: str = "",
        references: Iterable[str] = (),
        answerable: bool | None = None,
    ) -> None:
        """Note a mail of a thread, heard or sent.

        Args:
            to: the customer's address, with the thread.
            id: the mail's.
            subject: the thread's, if it has none yet.
            references: ids that the mail names, oldest first.
            answerable: whether automatic mail may answer it; `None` where it tells nothing of that.
        """
        old = self._threads.pop(to, Thread())
        several = dict.fromkeys(one for one in (*old.references, *references) if one != id)
        every = (*several, id) if id else tuple(several)
        if len(every) > MOST_REFERENCES:
            every = (every[0], *every[1 - MOST_REFERENCES :])
        free = old.answerable if answerable is None else answerable
        self._threads[to] = Thread(old.subject or subject, every, free)
        if id:  # (its first thread: whoever gives a mail of others' id takes nothing over)
            self._ids[id] = self._ids.pop(id, Party.of(to).thread)
        while len(self._threads) > self._most:
            self._threads.popitem(last=False)
        while len(self._ids) > self._most * 4:
            self._ids.popitem(last=False)

    def heard(self, mail: _Noted) -> None:
        """Note a mail that came in (`Mail`)."""
        if mail.to:
            *older, _ = mail.thread.references or ("",)
            before = older if mail.id else mail.thread.references
            told = mail.thread
            self.note(
                mail.to,
                mail.id,
                subject=told.subject,
                references=before,
                answerable=told.answerable,
            )

    def sent(self, mail: _Noted) -> None:
        """Note a mail that was sent (`Outgoing`)."""
        self.note(mail.to, mail.id, subject=mail.thread.subject)

    def thread(self, to: str) -> Thread | None:
        """Return what an answer to an address carries on, if it is known."""
        return self._threads.get(to)

    def known(self, id: str) -> str | None:
        """Return the thread of a mail, if it is known."""
        return self._ids.get(id)

    def __len__(self) -> int:
        """Count threads."""
        return len(self._threads)

    def dump(self) -> bytes:
        """Return all of it, to be kept."""
        kept = _Kept(list(self._threads.items()), list(self._ids.items()))
        return msgspec.json.encode(kept)

    @classmethod
    def load(cls, data: bytes, most: int = 10_000) -> Threads:
        """Return what was kept.

        Raises:
            ConfigurationError: it is not what `dump` gave.
        """
        try:
            kept = msgspec.json.decode(data, type=_Kept)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"Threads.load: not what dump gave: {error}") from None
        threads = cls(most)
        threads._threads.update(kept.threads[-most:])
        threads._ids.update(kept.ids[-most * 4 :])
        return threads
