"""A channel of e-mail: what comes into a mailbox, and what is answered.

Rule: the place in the mailbox moves once the center has a mail, so none is missed; and a mail's key
is its own, so none is taken twice, whatever the server's numbers say. What a machine wrote opens
nothing and causes no answer, and who writes more in an hour than a person does is taken for one.
A mail that cannot be read, however often it is tried, holds nobody up: a note stands in its place.
Mails in and mails out are two servers: where one is down, the other goes on.
"""

from __future__ import annotations

import logging
import re
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final, TypeVar

import anyio
import attrs
import msgspec
from msgspec.structs import replace

from tongdai.adapters.email.account import Account, Limits
from tongdai.adapters.email.aside import aside
from tongdai.adapters.email.automatic import Cap
from tongdai.adapters.email.compose import Outgoing, compose
from tongdai.adapters.email.decode import Mail, decode, with_files
from tongdai.adapters.email.headers import mailbox
from tongdai.adapters.email.imap import Folder, Imap
from tongdai.adapters.email.line import Line
from tongdai.adapters.email.parts import File
from tongdai.adapters.email.receiver import Receiver, listening
from tongdai.adapters.email.smtp import Postman, Smtp
from tongdai.adapters.email.store import MemoryStore, Store
from tongdai.adapters.email.threads import Party, Threads
from tongdai.channels import Can, Inbound, Medium, Message, Secret, Sent, fit
from tongdai.channels.media import EMAIL
from tongdai.errors import ChannelFault, ConfigurationError, TongdaiError
from tongdai.model.contact import Address, Attachment, Content
from tongdai.model.ids import check_id
from tongdai.model.personal import Value
from tongdai.model.time import Instant, hours, minutes, seconds
from tongdai.runtime import Clock, Files, Inbox, MemoryFiles, SystemClock

TOO_LARGE: Final = "[This mail has {size} MB, too much to be shown. It lies in the mailbox.]"
"""What stands in place of a mail that is too large."""
UNREADABLE: Final = (
    "[This mail, number {uid} in the mailbox, cannot be read: {why}. It lies in the mailbox.]"
)
"""What stands in place of a mail that cannot be read."""

_LOG: Final = logging.getLogger(__name__)
_REMEMBERED: Final = 1_000  # messages that were sent, lest one is sent again
_SAVE_EVERY: Final = seconds(1)
_WAITS: Final = (0, 1, 5, 15, 60, 300)  # seconds before a server is asked once more
_REFUSED_WAIT: Final = 60  # the same, at least, where it does not take our password
_TRIES: Final = 5  # how often one mail may fail before a note stands in its place
_SKEW: Final = minutes(5)  # by which a server's clock may be behind ours
_GOODBYE: Final = 5.0

_T = TypeVar("_T")


class Place(Value, frozen=True):
    """How far a folder is read.

    Attributes:
        validity: the server's mark; with another one the numbers mean other mails.
        uid: the number of the last mail that was taken.
        since: mails that came before this instant were never meant to be read ...
        old: ... if their numbers are no higher than this one: those that were there when all
            numbers changed.
    """

    validity: int = 0
    uid: int = 0
    since: Instant = 0
    old: int = 0


@attrs.frozen
class _Stuck:
    """A mail that fails. It is known in memory alone: a new program tries it as often again."""

    validity: int
    uid: int
    times: int = 0
    why: str = ""


class _State(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of a channel."""

    place: Place | None = None
    threads: bytes = b""


class Email:
    """A `tongdai.runtime.Channel` of e-mail.

    Its addresses are `lan@x.vn#` and the thread: a contact is one thread with one person.

    Attributes:
        id: the channel's.
        medium: what it can do.
        port: where mails are received, while it is open (see `Receiver`); else 0.
    """

    def __init__(  # noqa: PLR0913 - settings with defaults
        self,
        id: str,
        *,
        address: str,
        keys: Iterable[Secret],
        inbox: Imap | Receiver | None = None,
        outgoing: Smtp | None = None,
        aliases: Iterable[str] = (),
        name: str = "",
        trusted: Iterable[str] = (),
        plus: bool = False,
        tag: bool = False,
        people: Iterable[str] = (),
        limits: Limits | None = None,
        files: Files | None = None,
        store: Store | None = None,
        clock: Clock | None = None,
        cap: Cap | None = None,
        too_large: str = TOO_LARGE,
        unreadable: str = UNREADABLE,
        medium: Medium = EMAIL,
    ) -> None:
        """Make a channel; nothing is connected before `open`.

        Args:
            id: its id.
            address: where customers write to, and where answers come from.
            keys: sign the ids of our mails, so that answers find their threads; the first signs,
                all are accepted.
            inbox: where mails come from; `None` where nothing comes in.
            outgoing: where mails are handed in; `None` where nothing goes out.
            aliases: other addresses of ours that mails come to.
            name: the name beside the address.
            trusted: servers whose `Authentication-Results` are believed (see `Account`).
            plus: whether mail to `name+anything@` comes to `name@` (see `Account`).
            tag: whether subjects get a short mark (see `Account`).
            people: senders that look like machines and are none (see `Account`).
            limits: how much of one mail is looked at.
            files: where attachments are kept; by default in memory.
            store: where it is kept how far the mailbox is read, and what was said in which thread;
                by default in memory, so that a new program begins anew.
            clock: by default the machine's.
            cap: how many mails of one sender are a person's; by default 20 an hour. Those that a
                trusted server vouches for are counted apart from those that only bear a name.
            too_large: what stands in place of a mail that is too large; `{size}` is its megabytes.
            unreadable: what stands in place of a mail that failed five times in a row; `{uid}` is
                its number in the mailbox, `{why}` what went wrong.
            medium: what it can do.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        check_id(id, "Email.id")
        if not isinstance(inbox, (Imap, Receiver, type(None))):
            raise ConfigurationError(
                f"Email.inbox: {inbox!r} is neither Imap(...) nor Receiver(...)"
            )
        if not isinstance(outgoing, (Smtp, type(None))):
            raise ConfigurationError(f"Email.outgoing: {outgoing!r} is not Smtp(...)")
        self.id = id
        self.medium = medium
        self.port = 0
        self.account = Account(
            id,
            (address, *aliases),
            tuple(keys),
            name=name,
            trusted=tuple(trusted),
            plus=plus,
            tag=tag,
            people=tuple(people),
            limits=limits or Limits(),
        )
        if inbox is not None:
            most = min(inbox.most_bytes, self.account.limits.size)
            inbox = attrs.evolve(inbox, most_bytes=most)
        self._inbox = inbox
        self._outgoing = outgoing
        # (an empty cap is false, and so may a store be that has nothing yet)
        self._files: Files = MemoryFiles() if files is None else files
        self._store: Store = MemoryStore() if store is None else store
        self._clock: Clock = SystemClock() if clock is None else clock
        self._cap = Cap(20, hours(1)) if cap is None else cap
        self._answers = Cap(20, hours(1))
        self._counted: OrderedDict[str, None] = OrderedDict()  # keys of mails that the caps know
        self._recipients = frozenset(
            mailbox(one) for one in (inbox.recipients if isinstance(inbox, Receiver) else ())
        )
        try:
            too_large.format(size=1.0)
        except (LookupError, ValueError, AttributeError):
            raise ConfigurationError(
                f"Email.too_large: {too_large!r} is no text with {{size}} in it"
            ) from None
        self._too_large = too_large
        try:
            unreadable.format(uid=1, why="")
        except (LookupError, ValueError, AttributeError):
            raise ConfigurationError(
                f"Email.unreadable: {unreadable!r} is no text with {{uid}} and {{why}} in it"
            ) from None
        self._unreadable = unreadable
        self._stuck = _Stuck(0, 0)
        self._incoming = Inbox()
        self._threads: Threads | None = None
        self._place: Place | None = None
        self._saved: Instant = 0
        self._unsaved = False
        self._failures = 0
        self._refused = False
        self._is_open = False
        self._done: OrderedDict[str, str | ChannelFault] = OrderedDict()
        self._sending = anyio.Lock()
        self._postman: Postman | None = None

    # --- for the runtime ----------------------------------------------------------------------

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        """Connect (see `tongdai.runtime.Channel.open`)."""
        if self._is_open:
            raise ChannelFault("rejected", "the channel is open already, elsewhere")
        self._is_open = True
        try:
            await self._load()
            if self._outgoing is not None:
                domain = self.account.address.rpartition("@")[2]
                self._postman = Postman(self._outgoing, domain)
            async with self._opened() as incoming:
                yield incoming
        finally:
            try:
                await self._close()
            finally:
                self._is_open = False

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Send a mail (see `tongdai.runtime.Channel.send`)."""
        parts = fit(content, self.medium)
        async with self._sending:
            ids = [
                await self._post(to, part, f"{key}/{number}" if number else key)
                for number, part in enumerate(parts)
            ]
            await self._save_now_and_then()
        return Sent(tuple(ids))

    # --- out ----------------------------------------------------------------------------------

    async def _post(self, to: Address, content: Content, key: str) -> str:
        done = self._done.get(key)
        if isinstance(done, str):
            return done  # (it was sent while whoever asked for it was interrupted)
        if isinstance(done, ChannelFault):
            del self._done[key]
            raise done
        settings, postman = self._outgoing, self._postman
        if settings is None:
            raise ChannelFault("rejected", "the channel sends nothing: it has no Email.outgoing")
        if postman is None:
            raise ChannelFault("retry", "the channel is not open")
        now = self._clock.now()
        writer = Party.of(to.to).mailbox
        if content.automatic and not self._is_free(self._answers, writer, f"out {key}", now):
            raise ChannelFault("rejected", "too many automatic answers to one address; a loop?")
        words, files = await self._files_of(content)
        mail = compose(
            words,
            to.to,
            self.account,
            key=key,
            at=now,
            thread=self._known.thread(to.to),
            files=files,
            automatic=content.automatic,
        )
        postman.ready()
        try:
            await aside(
                f"email {self.id} out",
                partial(self._deliver, postman, mail, await _credential(settings), key),
                stop=postman.cut,
                spare=lambda: postman.committed,
            )
        except ChannelFault:
            self._done.pop(key, None)  # (it is told now)
            raise
        finally:
            if isinstance(self._done.get(key), str):
                self._known.sent(mail)
                self._unsaved = True
        return mail.id

    def _is_free(self, cap: Cap, mailbox: str, key: str, now: Instant) -> bool:
        """Return whether a cap lets one more through; a mail that is tried again counts once."""
        if key not in self._counted:
            if not cap.take(mailbox, now):
                return False
            self._counted[key] = None
            if len(self._counted) > _REMEMBERED:
                self._counted.popitem(last=False)
        return True

    def _deliver(
        self, postman: Postman, mail: Outgoing, credential: Secret | None, key: str
    ) -> None:
        """Hand in a mail, and note what came of it for those who ask again; in a thread."""
        try:
            postman.deliver(mail, credential)
        except ChannelFault as fault:
            if fault.kind == "unknown":
                self._done[key] = fault
            raise
        self._done[key] = mail.id
        while len(self._done) > _REMEMBERED:
            self._done.popitem(last=False)

    async def _files_of(self, content: Content) -> tuple[Content, list[File]]:
        """Return what to write, and the files beside it; what lies elsewhere is told by its url."""
        files: list[File] = []
        elsewhere: list[Attachment] = []
        for one in content.attachments:
            try:
                data = await self._files.fetch(one.url)
            except KeyError:
                if not one.url.startswith(("https://", "http://")):
                    raise ChannelFault("rejected", "an attachment that is not kept here") from None
                elsewhere.append(one)
            else:
                files.append(File(one.name, one.kind, data))
        if elsewhere:
            plain = attrs.evolve(self.medium, can=self.medium.can - {Can.ATTACHMENTS}, files=None)
            (content, *_) = fit(replace(content, attachments=tuple(elsewhere)), plain)
        return content, files

    # --- in -----------------------------------------------------------------------------------

    @asynccontextmanager
    async def _opened(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        if isinstance(self._inbox, Imap):
            reading = self._read(self._inbox)
            try:
                yield reading
            finally:
                with anyio.CancelScope(shield=True):
                    await reading.aclose()
        elif self._inbox is None:
            async with self._incoming.open() as incoming:
                yield incoming
        else:
            domain = self.account.address.rpartition("@")[2]
            async with (
                listening(
                    self._inbox,
                    name=f"email {self.id} in",
                    hostname=self._inbox.hostname or domain,
                    known=self._gets_mail,
                    take=self._receive,
                ) as port,
                self._incoming.open() as incoming,
            ):
                self.port = port
                try:
                    yield incoming
                finally:
                    self.port = 0

    async def _read(self, settings: Imap) -> AsyncGenerator[Inbound]:
        """Read a mailbox: what is there first, and then what comes."""
        await self._wait()
        try:
            line = settings.line()
            credential = await _credential(settings)
        except Exception as error:
            self._failed(error)
            raise
        folder = Folder(settings, line, credential or Secret(b"none"))
        try:
            await self._aside(folder.open, line)
            place = await self._begin(settings, folder, line)
            while True:
                for uid in await self._aside(partial(folder.newer, place.uid), line):
                    since = place.since if uid <= place.old else 0
                    why = self._given_up(folder.validity, uid)
                    if why:
                        events = await self._note(folder, uid, why, line)
                    else:
                        events = await self._tried(folder, uid, since, line)
                    for inbound in events:
                        yield inbound  # (whoever asks for the next one has taken it)
                    if not why and (settings.mark_seen or settings.move_to):
                        await self._aside(partial(folder.taken, uid), line)
                    self._place = place = replace(place, uid=uid)
                    self._unsaved = True
                    self._failures = 0
                    await self._save_now_and_then()
                    if why:
                        _begin_anew(uid, why)
                self._failures = 0
                await self._save()
                if folder.idles:
                    await self._aside(folder.idle, line)
                else:
                    await self._clock.sleep_until(self._clock.now() + int(settings.poll))
        except Exception as error:
            self._failed(error)
            raise
        finally:
            with anyio.CancelScope(shield=True):
                await aside(f"email {self.id} in", folder.close, stop=line.cut)

    async def _aside(self, work: Callable[[], _T], line: Line) -> _T:
        return await aside(f"email {self.id} in", work, stop=line.cut)

    async def _begin(self, settings: Imap, folder: Folder, line: Line) -> Place:
        """Return from where to read on."""
        place = self._place
        if place is None:
            place = Place(folder.validity)
            if settings.first == "new":
                there = await self._aside(partial(folder.newer, 0), line)
                since = self._clock.now() - int(_SKEW)
                place = Place(folder.validity, max(there, default=0), since)
        elif place.validity != folder.validity:
            _LOG.warning("%s: the mails have new numbers; all are looked at again", self.id)
            there = await self._aside(partial(folder.newer, 0), line)
            place = Place(folder.validity, 0, place.since, max(there, default=0))
        if place != self._place:
            self._place = place
            self._unsaved = True
            await self._save()
        return place

    async def _tried(self, folder: Folder, uid: int, since: Instant, line: Line) -> list[Inbound]:
        """Return what a mail means; where it fails, it is counted."""
        mail = await self._aside(partial(self._mail, folder, uid, since), line)
        if isinstance(mail, Exception):
            self._stumbled(folder.validity, uid, mail)
            raise mail
        try:
            return await self._events(mail)
        except (ChannelFault, OSError):
            raise  # (where files are kept is down, and that is not the mail's fault)
        except Exception as error:
            self._stumbled(folder.validity, uid, error)
            raise

    def _mail(self, folder: Folder, uid: int, since: Instant) -> Mail | Exception | None:
        """Fetch and decode a mail, or return what is wrong with it; in a thread."""
        try:
            raw = folder.fetch(uid, since)
            if raw is None:
                return None
            words = self._too_large.format(size=round(raw.size / 2**20, 1))
            data = raw.data if raw.whole else _noted(raw.data, words)
            return self._decoded(data, raw.at)
        except Exception as error:  # noqa: BLE001 - raised by who asked: here it is about this mail
            return error

    def _stumbled(self, validity: int, uid: int, error: Exception) -> None:
        stuck = self._stuck
        times = stuck.times if (stuck.validity, stuck.uid) == (validity, uid) else 0
        why = error.detail if isinstance(error, ChannelFault) else type(error).__name__
        self._stuck = _Stuck(validity, uid, times + 1, why or "it fails")
        _LOG.warning("%s: mail %d fails (%d of %d): %s", self.id, uid, times + 1, _TRIES, why)

    def _given_up(self, validity: int, uid: int) -> str:
        """Return why a mail is not tried any more; empty where it is."""
        stuck = self._stuck
        is_it = (stuck.validity, stuck.uid) == (validity, uid) and stuck.times >= _TRIES
        return stuck.why if is_it else ""

    async def _note(self, folder: Folder, uid: int, why: str, line: Line) -> list[Inbound]:
        """Return a note in place of a mail: with its headers, or with nothing but its number."""
        _LOG.warning("%s: mail %d is taken as a note: %s", self.id, uid, why)
        words = self._unreadable.format(uid=uid, why=why)
        at = self._clock.now()
        head = await self._aside(partial(_headers, folder, uid), line)
        if head:
            try:
                if events := await self._events(self._decoded(_noted(head, words), at)):
                    return events
            except Exception as error:  # noqa: BLE001 - it may be these headers that fail
                _LOG.warning("%s: mail %d: %s", self.id, uid, type(error).__name__)
        bare = _NOBODY.format(uid=uid, validity=folder.validity).encode()
        return await self._events(self._decoded(_noted(bare, words), at))

    def _decoded(self, data: bytes, at: Instant) -> Mail:
        return decode(data, self.account, at=at, known=self._known.known)

    async def _receive(self, data: bytes) -> None:
        """Take a mail that a mail server hands over."""
        at = self._clock.now()
        mail = await aside(f"email {self.id} in", partial(self._decoded, data, at))
        if mail.refused:
            raise ChannelFault("rejected", mail.refused)
        await self._incoming.put(await self._events(mail))
        await self._save_now_and_then()

    async def _events(self, mail: Mail | None) -> list[Inbound]:
        """Return what a mail means, its files kept."""
        if mail is None:
            return []
        if mail.refused:
            _LOG.warning("%s: a mail is passed over: %s", self.id, mail.refused)
            return []
        events: list[Inbound] = []
        for event in mail.events:
            if not isinstance(event, Message):
                events.append(event)
                continue
            message = with_files(event, await self._kept(mail.files))
            # (by when it came: what lay there for days did not come within an hour)
            if not message.automatic and not self._is_free(
                self._cap, _counted(message), f"in {message.key}", message.at or self._clock.now()
            ):
                _LOG.warning("%s: somebody writes more than a person does", self.id)
                message = replace(message, automatic="reply")
            events.append(message)
        self._known.heard(mail)  # (before it is told: its answer may be sent before it is taken)
        self._unsaved = True
        return events

    async def _kept(self, files: Iterable[File]) -> list[Attachment]:
        kept: list[Attachment] = []
        for file in files:
            try:
                kept.append(await self._files.keep(file.data, name=file.name, kind=file.kind))
            except ChannelFault as fault:
                if fault.kind != "rejected":
                    raise
                _LOG.warning("%s: an attachment is not kept: %s", self.id, fault)
        return kept

    def _gets_mail(self, recipient: str) -> bool:
        address = mailbox(recipient)
        return self.account.is_own(address) or address in self._recipients

    # --- what is kept -------------------------------------------------------------------------

    @property
    def _known(self) -> Threads:
        if self._threads is None:
            raise ChannelFault("retry", "the channel is not open")
        return self._threads

    async def _load(self) -> None:
        if self._threads is not None:
            return
        data = await self._store.load()
        try:
            state = msgspec.json.decode(data, type=_State) if data else _State()
            threads = Threads.load(state.threads) if state.threads else Threads()
        except (msgspec.DecodeError, TongdaiError):
            raise ChannelFault("rejected", "Email.store: holds what no channel wrote") from None
        self._place, self._threads = state.place, threads

    async def _save_now_and_then(self) -> None:
        if self._clock.now() - self._saved >= _SAVE_EVERY:
            await self._save()

    async def _save(self) -> None:
        """Keep how far we are; it is tried again at the next occasion where it fails."""
        if not self._unsaved or self._threads is None:
            return
        self._unsaved = False
        state = _State(self._place, self._threads.dump())
        try:
            await self._store.keep(msgspec.json.encode(state))
        except BaseException:
            self._unsaved = True
            raise
        self._saved = self._clock.now()

    async def _close(self) -> None:
        with anyio.CancelScope(shield=True):
            try:
                await self._save()
            except ChannelFault as fault:
                _LOG.warning("%s: %s", self.id, fault)
            postman, self._postman = self._postman, None
            if postman is not None:
                with anyio.move_on_after(_GOODBYE):
                    await aside(f"email {self.id} out", postman.leave, stop=postman.cut)

    # --- when it fails ------------------------------------------------------------------------

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        self._refused = isinstance(error, ChannelFault) and error.kind == "unauthorised"

    async def _wait(self) -> None:
        """Wait, the longer the more often it has failed."""
        wait = _WAITS[min(self._failures, len(_WAITS) - 1)]
        if self._failures and self._refused:
            wait = max(wait, _REFUSED_WAIT)
        if wait:
            await self._clock.sleep_until(self._clock.now() + int(seconds(wait)))


async def _credential(settings: Imap | Smtp) -> Secret | None:
    if settings.token is None:
        return settings.password
    try:
        return await settings.token()
    except ChannelFault:
        raise
    except Exception as error:  # noqa: BLE001 - it is the application's
        raise ChannelFault("retry", f"no token: {type(error).__name__}") from None


def _counted(message: Message) -> str:
    """Return under what name a sender's mails are counted.

    Who is vouched for is not counted with those who only say to be them: many mails in somebody's
    name must not make a machine of that person.
    """
    writer = Party.of(message.address.to).mailbox
    sure = any(
        claim.scheme == "email" and claim.value == writer and claim.assurance != "asserted"
        for claim in message.claims
    )
    return f"{writer} vouched for" if sure else writer


def _begin_anew(uid: int, why: str) -> None:
    """Tell of a note as a fault: what is left of the connection must not fail the next mail.

    Raises:
        ChannelFault: always.
    """
    raise ChannelFault("retry", f"mail {uid} is taken as a note: {why}")


def _headers(folder: Folder, uid: int) -> bytes:
    """Return the headers of a mail that cannot be read, if they can be had; in a thread."""
    try:
        return folder.headers(uid)
    except Exception:  # noqa: BLE001 - why it cannot be read is known already
        return b""


def _noted(data: bytes, words: str) -> bytes:
    """Return a mail that has another one's headers, and says why it has no more."""
    head, end, _ = data.partition(b"\r\n\r\n")
    head = head + b"\r\n" if end else head[: head.rfind(b"\r\n") + 2]
    head = _BODY_FIELDS.sub(b"", head)
    return head + _PLAIN + b"\r\n" + words.encode() + b"\r\n"


# (a sender of its own each, so that many are no flood; nobody is there, so no machine answers)
_NOBODY: Final = (
    "From: unknown <mail-{uid}@mailbox.invalid>\r\n"
    "Message-ID: <{validity}.{uid}@mailbox.invalid>\r\n"
    "X-Auto-Response-Suppress: All\r\n"
    "\r\n"
)
_BODY_FIELDS: Final = re.compile(
    rb"^(?:Content-[^:\r\n]*|MIME-Version):[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*",
    re.IGNORECASE | re.MULTILINE,
)
_PLAIN: Final = (
    b"MIME-Version: 1.0\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Transfer-Encoding: 8bit\r\n"
)
