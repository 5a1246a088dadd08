"""A mail as it came in: what it says, whose it is, what it answers, what it reports.

Rule: `decode` raises nothing, whatever the bytes are, and its time grows with their number alone.
What cannot be read is left out or kept as a file; what is too much is refused before it is read.

A mail that answers one of ours is given as what is new in it; what it repeats, and what it is
signed with, stand beside it. A mail that answers nothing of ours is given whole: there the quote
may be what it is about.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from typing import Final, Literal, TypeAlias

import attrs
from msgspec.structs import replace

from tongdai.adapters.email.account import Account
from tongdai.adapters.email.automatic import is_answerable, kind_of
from tongdai.adapters.email.compose import bare_subject
from tongdai.adapters.email.headers import addresses, date, ids
from tongdai.adapters.email.html import to_text
from tongdai.adapters.email.parts import File, Part, parse, take
from tongdai.adapters.email.quoted import Unquoted, unquoted
from tongdai.adapters.email.reports import Fate, Report, report
from tongdai.adapters.email.threads import Party, Thread, thread_of, tokens
from tongdai.channels import Message, Receipt
from tongdai.model.contact import Address, Attachment, Claim, Content
from tongdai.model.time import Instant, checked

Automatic: TypeAlias = Literal["", "bounce", "reply", "echo", "list"]
"""As `Message.automatic`."""

_LONGEST_ID: Final = 200
_LONGEST_NAME: Final = 200
_LONGEST_SUBJECT: Final = 1_000
_LONGEST_RAW: Final = 32 * 2**20  # what the center takes
_MOST_SEARCHED: Final = 200_000  # bytes in which our own ids are looked for
_MOST_FILES: Final = 100  # what the center takes
_MOST_ANSWERED: Final = 100
_RECIPIENTS: Final = ("delivered-to", "x-original-to", "envelope-to", "to", "cc")


@attrs.frozen
class Mail:
    """A mail, decoded.

    Attributes:
        events: what came with it: a message, or receipts for mail that we sent; nothing where it
            was refused.
        files: what stands beside the message; `with_files` puts it there once it is kept.
        refused: why nothing came of it; nothing personal is in it. Trying again changes nothing.
        id: its id, without brackets, or nothing.
        to: the address that it belongs to (`Party.to`).
        thread: what an answer to it carries on.
        date: when it was written, as it says itself.
        text: what it says, in its parts.
        html: what it says as a page, as it came; not safe to show (see `safe_html`).
        report: what it reports, if it is a report.
        answerable: whether an automatic mail may answer it.
        cut: whether there was more of it than was looked at.
    """

    events: tuple[Message | Receipt, ...] = attrs.field(default=(), repr=False)
    files: tuple[File, ...] = attrs.field(default=(), repr=False)
    refused: str = ""
    id: str = ""
    to: str = attrs.field(default="", repr=False)
    thread: Thread = attrs.field(default=Thread(), repr=False)
    date: Instant | None = None
    text: Unquoted = attrs.field(default=Unquoted(""), repr=False)
    html: str = attrs.field(default="", repr=False)
    report: Report | None = attrs.field(default=None, repr=False)
    answerable: bool = False
    cut: bool = False


def may_answer(mail: Mail) -> bool:
    """Return whether an automatic mail may answer this one (ask `Cap` as well)."""
    return mail.answerable


def with_files(message: Message, attachments: Iterable[Attachment]) -> Message:
    """Return a message with its files, now that they are kept somewhere."""
    several = tuple(attachments)[:_MOST_FILES]
    return replace(message, content=replace(message.content, attachments=several))


def decode(
    raw: bytes,
    account: Account,
    *,
    at: Instant,
    known: Callable[[str], str | None] | None = None,
) -> Mail:
    """Decode a mail.

    Args:
        raw: its bytes.
        account: whose mailbox it came to.
        at: when it came.
        known: returns the thread of a mail's id, where that is known (`Threads.known`).

    Raises:
        IllegalInput: `at` is no instant. The bytes raise nothing.
    """
    at = checked(at, "at")
    if len(raw) > account.limits.size:
        return Mail(refused=f"larger than {account.limits.size} bytes")
    if not raw.strip():
        return Mail(refused="empty")
    # (some end their lines in an older way)
    mail = parse(raw if b"\n" in raw else raw.replace(b"\r", b"\n"), account.limits)
    if not mail.headers.fields:
        return Mail(refused="no mail: it has no header")
    return _Reader(raw, mail, account, at, known).read()


class _Reader:
    """What is found out about one mail, in order."""

    def __init__(
        self,
        raw: bytes,
        mail: Part,
        account: Account,
        at: Instant,
        known: Callable[[str], str | None] | None,
    ) -> None:
        self.raw = raw
        self.mail = mail
        self.fields = mail.headers
        self.account = account
        self.at = at
        self.known = known

    def read(self) -> Mail:
        account = self.account
        taken = take(self.mail, account.limits)
        plain, html = _said(taken.plain, taken.pages)
        whole = plain[: account.limits.text]
        found = report(self.mail, whole, account.limits)
        writer, name = self.writer()
        answered = self.answered()
        own = next(iter(ids(self.fields.get("message-id"))), "")[:_LONGEST_ID]
        subject = self.fields.text("subject")[:_LONGEST_SUBJECT]
        joined = thread_of(
            account,
            mailbox=writer,
            answers=answered,
            recipients=self.recipients(),
            subject=subject,
            root=(self.references() or answered or [own or _digest(self.raw)])[0],
            known=self.known,
        )
        party = Party(writer, joined.thread)
        files = tuple(part.file() for part in taken.files)
        thread = Thread(
            bare_subject(subject), tuple([*self.references(), own] if own else self.references())
        )
        mail = Mail(
            files=files,
            id=own,
            to=party.to,
            thread=thread,
            date=date(self.fields.get("date")),
            text=unquoted(whole) if joined.answers else Unquoted(whole),
            html=html,
            report=found,
            cut=len(plain) > len(whole),
        )
        key = self.key(own, subject, whole, files)
        if found is not None and (receipts := self.receipts(found, key, whole)):
            return attrs.evolve(mail, events=receipts, files=())
        automatic = self.automatic(found, writer)
        said = mail.text.text if mail.text.text or files else whole
        message = Message(
            key=key,
            at=self.at,
            address=Address(account.channel, party.to),
            content=Content(said, subject=subject),
            claims=self.claims(name),
            replies_to=tuple(answered[:_MOST_ANSWERED]),
            automatic=automatic,
            raw=self.raw if len(self.raw) <= _LONGEST_RAW else b"",
        )
        may = is_answerable(self.fields, automatic)
        thread = replace(thread, answerable=may)
        return attrs.evolve(mail, events=(message,), answerable=may, thread=thread)

    # --- whose --------------------------------------------------------------------------------

    def writer(self) -> tuple[str, str]:
        """Return whom an answer goes to, and how the sender is called."""
        sent = [*addresses(self.fields.get("from")), *addresses(self.fields.get("sender"))]
        name = next((name for name, _ in sent if name), "")[:_LONGEST_NAME]
        answers = [address for _, address in addresses(self.fields.get("reply-to"))]
        envelope = [address for _, address in addresses(self.fields.get("return-path"))]
        several = [*answers, *(address for _, address in sent), *envelope]
        others = [address for address in several if not self.account.is_own(address)]
        return (others or several or [""])[0], name

    def claims(self, name: str) -> tuple[Claim, ...]:
        """Return who the sender says to be, and how sure that is."""
        sent = addresses(self.fields.get("from"))
        if not sent or self.account.is_own(sent[0][1]):
            return ()
        address = sent[0][1]
        sure = self.is_vouched_for(address)
        claim = Claim("email", address, assurance="carrier" if sure else "asserted")
        return (claim, Claim("name", name)) if name else (claim,)

    def is_vouched_for(self, address: str) -> bool:
        """Return whether a server that is trusted has found DMARC to pass for the sender."""
        if len(self.fields.all("from")) != 1 or len(addresses(self.fields.get("from"))) != 1:
            return False
        domain = address.rpartition("@")[2]
        for value in self.fields.all("authentication-results"):
            server, *results = _COMMENT.sub(" ", value).split(";")
            if (server.split() or [""])[0].lower() not in self.account.trusted:
                continue
            # the uppermost field of a server is its own; one below it came from outside
            for result in results:
                told = dict(one.split("=", 1) for one in result.lower().split() if "=" in one)
                if told.get("dmarc") == "pass":
                    return _is_for(told.get("header.from", domain), domain)
            return False
        return False

    # --- what it answers ----------------------------------------------------------------------

    def references(self) -> list[str]:
        return ids(self.fields.get("references"))

    def answered(self) -> list[str]:
        """Return ids of the mails that it answers, nearest first."""
        near = ids(self.fields.get("in-reply-to"))
        return list(dict.fromkeys((*near, *reversed(self.references()))))

    def recipients(self) -> list[str]:
        several = (value for name in _RECIPIENTS for value in self.fields.all(name)[:5])
        # (ours are ASCII where they carry something; the others are many, and none is wanted here)
        plain = (value.encode("ascii", "replace").decode() for value in several)
        found = (address for value in plain for _, address in addresses(value))
        return [address for address in found if self.account.is_own(address)]

    # --- what it is ---------------------------------------------------------------------------

    def automatic(self, found: Report | None, writer: str) -> Automatic:
        own = [address for _, address in addresses(self.fields.get("from"))]
        if (
            own
            and all(map(self.account.is_own, own))
            and (not writer or self.account.is_own(writer))
        ):
            return "echo"
        if tokens(self.account, self.fields.get("message-id")):
            return "echo"  # it is one of ours, whoever sends it back
        if found is not None:
            return "bounce" if found.fate == "failed" else "reply"
        return kind_of(self.fields, self.account)

    def receipts(self, found: Report, key: str, text: str) -> tuple[Receipt, ...]:
        """Return what a report says of mail that we sent; nothing where none of ours is named."""
        ours: dict[str, str] = {}
        for id in found.ids:
            ours.update(tokens(self.account, id))
        if not ours:
            beside = "\n".join([*self.recipients(), text[:_MOST_SEARCHED]])
            ours = tokens(self.account, beside) or tokens(
                self.account, self.raw[:_MOST_SEARCHED].decode("latin-1")
            )
        if not ours:
            return ()
        told = [one for one in (*found.original, *found.recipients) if not self.account.is_own(one)]
        mailbox = (told or [self.writer()[0]])[0]
        domain = self.account.address.rpartition("@")[2]
        return tuple(
            Receipt(
                key=f"{key} {sign}",
                at=self.at,
                address=Address(self.account.channel, Party(mailbox, thread).to),
                status=_STATUS[found.fate],
                ids=(f"{sign}@{domain}",),
                error=_error(found),
            )
            for sign, thread in ours.items()
        )

    def key(self, own: str, subject: str, text: str, files: tuple[File, ...]) -> str:
        """Return the key: what it is called, and what is in it, since ids are given twice.

        How it came is not in it: one mail that comes on two ways is one.
        """
        digest = hashlib.blake2b(digest_size=8)
        for piece in (self.fields.get("from"), subject, self.fields.get("date"), text):
            digest.update(piece.encode("utf-8", "replace") + b"\0")
        for file in files:
            digest.update(file.data)
        return f"{own}#{digest.hexdigest()}"


_STATUS: Final[dict[Fate, Literal["sent", "delivered", "read", "failed"]]] = {
    "failed": "failed",
    "delayed": "sent",
    "delivered": "delivered",
    "relayed": "sent",
    "read": "read",
    "complaint": "delivered",
}
_COMMENT: Final = re.compile(r"\([^()]*\)")


def _error(found: Report) -> str:
    if found.fate == "complaint":
        return "complaint"
    return found.code if found.fate in ("failed", "delayed") else ""


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _is_for(told: str, domain: str) -> bool:
    return told.rpartition("@")[2].strip("<>\"'") == domain


def _said(plain: list[str], pages: list[str]) -> tuple[str, str]:
    """Return the text, and the page that it came as, if it came as one."""
    html = "\n".join(pages)
    texts = [text for text in plain if text.strip()]
    if not texts and html:
        texts = [to_text(html)]
    elif html and "" in plain:
        texts = [text for text in (*texts, to_text(html)) if text]
    return "\n\n".join(text.strip("\n").rstrip() for text in texts).strip("\n"), html
