"""E-mail against real servers: dovecot keeps the mailboxes, aiosmtpd takes what is handed in."""

from __future__ import annotations

import asyncio
import email
import email.policy
import imaplib
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from tests.adapters.email.certificate import PEM
from tests.adapters.email.transport import KEYS, Reader, mail, none_left, opened, ours
from tests.servers.dovecot import PASSWORD, Dovecot, dovecot, free_port, trusting
from tongdai import Agent, Center, PutAgent, Queue, seconds
from tongdai.adapters.email import Email, FileStore, Imap, Receiver, Smtp
from tongdai.center import events
from tongdai.channels import Message, Secret
from tongdai.errors import ChannelFault
from tongdai.journal import MemoryJournal
from tongdai.model.contact import Address, Content
from tongdai.runtime import Runtime, Subscription

pytestmark = pytest.mark.anyio

SOON = 5.0  # seconds in which a new mail is there


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Name the event loop that a test runs on."""
    return str(request.param)


@pytest.fixture(scope="module")
def running() -> Iterator[Dovecot]:
    """Run one dovecot for all of these tests."""
    with dovecot() as server:
        yield server


@pytest.fixture
def server(running: Dovecot) -> Dovecot:
    """Give a server whose mailboxes are empty."""
    for user in ("help", "lan"):
        with running.client(user) as client:
            with suppress(imaplib.IMAP4.error):
                client.delete("Support")
            client.select("INBOX")
            if client.search(None, "ALL")[1][0]:
                client.store("1:*", "+FLAGS", "\\Deleted")
                client.expunge()
    return running


def reading(server: Dovecot, **more: object) -> Imap:
    """Return settings: encrypted, as they are by default."""
    given: dict[str, object] = {
        "host": "127.0.0.1",
        "port": server.imaps,
        "user": "help",
        "password": Secret(PASSWORD),
        "context": trusting(),
        "timeout": seconds(10),
    }
    return Imap(**(given | more))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def channel(
    inbox: Imap | Receiver, outgoing: Smtp | None = None, store: FileStore | None = None
) -> Email:
    """Return a channel."""
    return Email(
        "mail", address="help@bank.vn", keys=KEYS, inbox=inbox, outgoing=outgoing, store=store
    )


async def in_thread(work: Callable[..., Any], *args: object) -> Any:  # noqa: ANN401
    """Do what blocks elsewhere."""
    return await anyio.to_thread.run_sync(partial(work, *args))


# --- mails in -------------------------------------------------------------------------------------


@pytest.mark.parametrize("security", ["tls", "starttls", "plain"])
async def test_new_mail_is_there_within_seconds(server: Dovecot, security: str) -> None:
    """The server tells of it (IDLE), however the connection is protected."""
    port = server.imaps if security == "tls" else server.imap
    took: list[float] = []
    await in_thread(server.deliver, "help", mail(0))
    async with opened(channel(reading(server, security=security, port=port))) as reader:
        assert await reader.text() == "text 0"
        for number in (1, 2, 3):
            heard: list[str] = []

            async def read(heard: list[str] = heard) -> None:
                heard.append(await reader.text())

            begun = time.monotonic()
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(read)
                await anyio.sleep(0.3)  # (so that it idles)
                await in_thread(server.deliver, "help", mail(number))
            took.append(time.monotonic() - begun)
            assert heard == [f"text {number}"]
    assert max(took) < SOON


async def test_a_mail_that_comes_just_before_it_idles_is_not_missed(server: Dovecot) -> None:
    """Mails that come at all moments are all there soon: none waits for the next one."""
    several = 40

    async def deliver() -> None:
        for number in range(several):
            await in_thread(server.deliver, "help", mail(number))
            await anyio.sleep(0.005 * (number % 5))

    heard: list[str] = []
    async with (
        opened(channel(reading(server)), within=30) as reader,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(deliver)
        heard += [await reader.text() for _ in range(several)]
    assert heard == [f"text {number}" for number in range(several)]


async def test_the_place_is_kept_from_one_program_to_the_next(
    server: Dovecot, tmp_path: Path
) -> None:
    """What was taken does not come again; what was read and not taken does."""
    for number in (1, 2, 3):
        await in_thread(server.deliver, "help", mail(number))
    store = FileStore(tmp_path / "place")
    async with opened(channel(reading(server), store=store)) as reader:
        assert [await reader.text(), await reader.text()] == ["text 1", "text 2"]
    async with opened(channel(reading(server), store=FileStore(tmp_path / "place"))) as reader:
        assert [await reader.text(), await reader.text()] == ["text 2", "text 3"]
    assert os.listdir(tmp_path) == ["place"]  # noqa: PTH208 - (nothing is left of its making)
    assert len(server.mails("help")) == 3


def _recreate(server: Dovecot, *mails: bytes) -> int:
    with server.client("help") as client:
        with suppress(imaplib.IMAP4.error):
            client.delete("Support")
        client.create("Support")
        for one in mails:
            client.append("Support", "", imaplib.Time2Internaldate(time.time()), one)
        validity = client.status("Support", "(UIDVALIDITY)")[1][0]
    return int(validity.split()[-1].rstrip(b")"))


async def test_a_changed_validity_reads_again_without_duplicates(
    server: Dovecot, tmp_path: Path
) -> None:
    """A folder that was deleted and made anew: the center has each mail once."""
    journal = MemoryJournal()
    store = FileStore(tmp_path / "place")
    before = await in_thread(_recreate, server, mail(1), mail(2))
    texts: list[str] = []
    contacts = 0
    validities = [before]
    for number in range(2):
        if number:
            validities.append(await in_thread(_recreate, server, mail(2), mail(1), mail(3)))
        inbox = reading(server, folder="Support")
        with anyio.fail_after(20):
            async with Runtime(
                Center([Queue("cards")]),
                journal=journal,
                channels={channel(inbox, store=store): "cards"},
            ) as live:
                with live.events() as seen:
                    several = 1 if number else 2
                    texts += [(await received(seen)).content.text for _ in range(several)]
                    await anyio.sleep(0.3)  # (whatever else may come)
                contacts = len(live.center.state.contacts)
    assert validities[0] != validities[1]
    assert (texts, contacts) == (["text 1", "text 2", "text 3"], 3)


class Cutter:
    """A line to a server that can be cut, at once or after so many bytes."""

    def __init__(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._to = port
        self._open: set[socket.socket] = set()
        self.port = int(self._listener.getsockname()[1])
        self.after: int | None = None
        self.connections = 0
        threading.Thread(target=self._accept, name="cutter", daemon=True).start()

    def close(self) -> None:
        """End all of it."""
        self._listener.close()
        self.cut()

    def cut(self) -> None:
        """Cut what is connected."""
        for sock in list(self._open):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                ours, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            theirs = socket.create_connection(("127.0.0.1", self._to))
            self._open |= {ours, theirs}
            for one, other, counted in ((ours, theirs, False), (theirs, ours, True)):
                threading.Thread(
                    target=self._pump, args=(one, other, counted), name="cutter", daemon=True
                ).start()

    def _pump(self, one: socket.socket, other: socket.socket, counted: bool) -> None:  # noqa: FBT001
        with suppress(OSError):
            while data := one.recv(512):
                other.sendall(data)
                if counted and self.after is not None:
                    self.after -= len(data)
                    if self.after <= 0:
                        self.after = None
                        break
        for sock in (one, other):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._open.discard(one)
        one.close()


async def test_a_connection_that_is_cut_in_the_middle_leaves_no_gap(server: Dovecot) -> None:
    """Again and again, wherever: the runtime opens it again, and each mail is one contact."""
    several = 12
    cutter = Cutter(server.imap)
    inbox = reading(server, security="plain", port=cutter.port)
    for number in range(several):
        await in_thread(server.deliver, "help", mail(number, f"text {number} " + "x" * 2_000))
    heard: list[str] = []
    mails = channel(inbox)
    with anyio.fail_after(60):
        async with Runtime(
            Center([Queue("cards")]), journal=MemoryJournal(), channels={mails: "cards"}
        ) as live:
            with live.events() as seen:
                for number in range(several):
                    if number % 4 == 0:
                        cutter.after = 5_000
                    heard.append((await received(seen)).content.text.split(" x")[0])
                cutter.cut()  # (in IDLE)
                await in_thread(server.deliver, "help", mail(99))
                heard.append((await received(seen)).content.text)
            faults = [fault.what for fault in live.faults]
            contacts = len(live.center.state.contacts)
    cutter.close()
    assert heard == [*(f"text {number}" for number in range(several)), "text 99"]
    assert contacts == several + 1
    assert len(faults) >= 3
    assert cutter.connections == len(faults) + 1


@pytest.mark.parametrize("security", ["tls", "plain"])
@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelling_in_idle_leaves_no_thread(server: Dovecot, backend: str, security: str) -> None:
    """Ten times over: as many threads live afterwards as before, and none of ours in between."""
    port = server.imaps if security == "tls" else server.imap
    took: list[float] = []

    async def main() -> None:
        for _ in range(10):
            async with opened(channel(reading(server, security=security, port=port))) as reader:
                with anyio.move_on_after(0.3) as scope:
                    await reader.text()
                took.append(anyio.current_time() - scope.deadline)
                assert ours() == []

    before = threading.active_count()
    anyio.run(main, backend=backend)
    assert none_left(before)
    assert max(took) < 1.0


async def test_a_wrong_password_is_told_without_it(server: Dovecot) -> None:
    """As a fault that says that nothing will pass until it is mended."""
    async with opened(channel(reading(server, password=Secret("wr0ng")))) as reader:
        with pytest.raises(ChannelFault) as error:
            await reader.text()
    assert (error.value.kind, error.value.code) == ("unauthorised", "AUTHENTICATIONFAILED")
    assert "wr0ng" not in f"{error.value!r} {error.value}"


async def test_mails_are_moved_once_they_are_taken(server: Dovecot) -> None:
    """Into another folder, marked as seen."""
    await in_thread(_recreate, server)
    await in_thread(server.deliver, "help", mail(1))
    await in_thread(server.deliver, "help", mail(2))
    inbox = reading(server, mark_seen=True, move_to="Support")
    async with opened(channel(inbox)) as reader:
        assert [await reader.text(), await reader.text()] == ["text 1", "text 2"]
    assert [len(server.mails("help", folder)) for folder in ("INBOX", "Support")] == [1, 1]


async def test_a_huge_mail_comes_as_a_note(server: Dovecot) -> None:
    """Its body is not fetched; it stays where it is."""
    await in_thread(server.deliver, "help", mail(1, "x" * 900_000))
    async with opened(channel(reading(server, most_bytes=100_000))) as reader:
        message = await reader.message()
    assert "0.9 MB" in message.content.text
    assert message.content.subject == "Card 1"


# --- mails out ------------------------------------------------------------------------------------


class Relay:
    """A submission server: STARTTLS, a password, and then it delivers to dovecot."""

    def __init__(self, server: Dovecot) -> None:
        self._server = server
        self.senders: list[str] = []

    async def handle_DATA(self, *given: Any) -> str:  # noqa: ANN401, N802 - aiosmtpd's name
        """Deliver a mail."""
        envelope: Envelope = given[-1]
        user = envelope.rcpt_tos[0].partition("@")[0]
        self.senders.append(envelope.mail_from or "")
        if user not in ("lan", "ha"):
            return "550 5.1.1 nobody"
        data = envelope.original_content or b""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(None, self._server.deliver, user, data, envelope.mail_from or "")
        return "250 2.0.0 delivered"


@contextmanager
def submission(server: Dovecot) -> Generator[tuple[Relay, Smtp]]:
    """Run a submission server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)

    def check(*given: Any) -> AuthResult:  # noqa: ANN401
        told = given[-1]
        right = isinstance(told, LoginPassword) and told == LoginPassword(
            b"help", PASSWORD.encode()
        )
        return AuthResult(success=right, handled=right)

    relay = Relay(server)
    controller = Controller(
        relay,
        "127.0.0.1",
        free_port(),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=check,
    )
    controller.start()
    try:
        yield (
            relay,
            Smtp(
                host="127.0.0.1",
                port=controller.port,
                user="help",
                password=Secret(PASSWORD),
                security="starttls",
                context=trusting(),
                timeout=seconds(10),
            ),
        )
    finally:
        controller.stop()


async def received(seen: Subscription) -> events.MessageReceived:
    """Return the next message that the center took."""
    async for event in seen:
        if isinstance(event, events.MessageReceived):
            return event
    raise AssertionError("the runtime ended")


async def found(server: Dovecot, user: str, number: int) -> EmailMessage:
    """Wait for somebody's mail of a number, and return it."""
    with anyio.fail_after(10):
        while len(several := await in_thread(server.mails, user)) < number:  # noqa: ASYNC110
            await anyio.sleep(0.05)
    return email.message_from_bytes(several[number - 1], policy=email.policy.default)


def text_of(told: EmailMessage) -> str:
    """Return a mail's text."""
    body = told.get_body()
    assert body is not None
    return str(body.get_content()).strip()


async def test_a_round_trip_from_mailbox_to_mailbox(server: Dovecot) -> None:
    """A customer writes, an agent answers, the customer answers that: one contact."""
    with submission(server) as (relay, outgoing), anyio.fail_after(30):
        channels = {channel(reading(server), outgoing): "cards"}
        async with Runtime(
            Center([Queue("cards")]), journal=MemoryJournal(), channels=channels
        ) as live:
            await live.handle(PutAgent(Agent("an")))
            with live.events() as seen:
                async with live.sign_in("an") as me:
                    await in_thread(server.deliver, "help", mail(1, "Thẻ của tôi bị khóa"))
                    first = await received(seen)
                    async with (await anext(me.offers)).accept() as talk:
                        await talk.say("Dạ, em mở ngay.")
                        told = await found(server, "lan", 1)
                        answer = mail(
                            2,
                            "Cảm ơn em",
                            id="other-program@x.vn",
                            more=f"In-Reply-To: {told['Message-ID']}\r\n",
                        )
                        await in_thread(server.deliver, "help", answer)
                        second = await received(seen)
                        await talk.say("Không có chi.")
                        again = await found(server, "lan", 2)
            assert [fault.reason for fault in live.faults] == []
    assert second.contact == first.contact
    assert (text_of(told), text_of(again)) == ("Dạ, em mở ngay.", "Không có chi.")
    assert (told["In-Reply-To"], told["Subject"]) == ("<m1@x.vn>", "Re: Card 1")
    assert again["In-Reply-To"] == "<other-program@x.vn>"
    assert again["References"].split()[0] == "<m1@x.vn>"
    assert relay.senders == ["help@bank.vn"] * 2


async def test_what_a_real_server_refuses(server: Dovecot) -> None:
    """A wrong password, and nobody of a name."""
    with submission(server) as (_, outgoing):
        mails = channel(reading(server), outgoing)
        async with opened(mails):
            with pytest.raises(ChannelFault) as nobody:
                await mails.send(Address("mail", "tuan@bank.vn"), Content("hi"), key="k1")
        wrong = Smtp(
            host="127.0.0.1",
            port=outgoing.port,
            user="help",
            password=Secret("wr0ng"),
            security="starttls",
            context=trusting(),
        )
        mails = channel(reading(server), wrong)
        async with opened(mails):
            with pytest.raises(ChannelFault) as refused:
                await mails.send(Address("mail", "lan@bank.vn"), Content("hi"), key="k1")
    assert (nobody.value.kind, nobody.value.code) == ("bad_address", "550 5.1.1")
    assert (refused.value.kind, "wr0ng" in str(refused.value)) == ("unauthorised", False)


async def test_automatic_mail_has_no_sender(server: Dovecot) -> None:
    """In the envelope, and so in what the mailbox tells of it."""
    with submission(server) as (relay, outgoing):
        mails = channel(reading(server), outgoing)
        async with opened(mails):
            content = Content("We have it.", automatic=True)
            await mails.send(Address("mail", "lan@bank.vn"), content, key="k1")
        told = await found(server, "lan", 1)
    assert (relay.senders, told["Return-Path"]) == (["<>"], "<>")
    assert told["Auto-Submitted"] is not None


async def test_a_mail_server_hands_over_what_it_gets(server: Dovecot) -> None:
    """The receiver in place of a mailbox: the same mail, by the same keys."""
    await in_thread(server.deliver, "help", mail(1))
    async with opened(channel(reading(server))) as reader:
        by_imap = await reader.message()
    mails = channel(Receiver(lmtp=True))
    taken: list[Message] = []

    async def take(reader: Reader) -> None:
        while True:
            taken.append(await reader.message())

    async with opened(mails) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(take, reader)
        there = Dovecot(0, 0, mails.port, server.folder, server.process)
        await in_thread(there.deliver, "help", mail(1))
        tasks.cancel_scope.cancel()
    assert (taken[0].key, taken[0].address) == (by_imap.key, by_imap.address)
