"""Mails out over SMTP, to a server that is told to misbehave."""

from __future__ import annotations

import email
import email.policy
import ssl
import threading
from collections.abc import Iterator

import anyio
import pytest

from tests.adapters.email.certificate import PEM
from tests.adapters.email.fake_imap import PASSWORD, USER
from tests.adapters.email.fake_smtp import FakeSmtp
from tests.adapters.email.transport import KEYS, none_left, opened, ours, until
from tongdai import seconds
from tongdai.adapters.email import Email, Outgoing, Smtp, Thread
from tongdai.adapters.email.smtp import Postman, reply_fault
from tongdai.channels import Secret
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.contact import Address, Attachment, Content
from tongdai.model.time import minutes
from tongdai.runtime import MemoryFiles
from tongdai.testing import ManualClock

pytestmark = pytest.mark.anyio

LAN = Address("mail", "lan@x.vn")


@pytest.fixture
def server() -> Iterator[FakeSmtp]:
    """Run a server."""
    with FakeSmtp().running() as it:
        yield it


def channel(server: FakeSmtp, files: MemoryFiles | None = None, **more: object) -> Email:
    """Return a channel that hands in its mails at a server."""
    given: dict[str, object] = {
        "user": USER,
        "password": Secret(PASSWORD),
        "security": "plain",
        "timeout": seconds(5),
    }
    outgoing = Smtp(host="127.0.0.1", port=server.port, **(given | more))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return Email(
        "mail",
        address="help@bank.vn",
        keys=KEYS,
        outgoing=outgoing,
        files=files,
        clock=ManualClock(),
    )


async def fault_of(
    mails: Email, content: Content | None = None, to: Address = LAN, key: str = "k1"
) -> ChannelFault:
    """Return the fault of one message."""
    async with opened(mails):
        with pytest.raises(ChannelFault) as error:
            await mails.send(to, content or Content("hello"), key=key)
    return error.value


async def test_a_mail_is_handed_in_and_its_id_told(server: FakeSmtp) -> None:
    """With an envelope, and dots at the beginning of lines as they were."""
    mails = channel(server)
    async with opened(mails):
        sent = await mails.send(LAN, Content("chào\n.\n.. Lan", subject="Thẻ"), key="k1")
    (handed,) = server.mails
    told = email.message_from_bytes(handed.data, policy=email.policy.default)
    assert (handed.sender, handed.recipient) == ("help@bank.vn", "lan@x.vn")
    assert sent.ids == (told["Message-ID"].strip("<>"),)
    assert (told["Subject"], told["To"], told["From"]) == ("Thẻ", "lan@x.vn", "help@bank.vn")
    body = told.get_body()
    assert body is not None
    assert body.get_content().splitlines() == ["chào", ".", ".. Lan"]


@pytest.mark.parametrize(
    ("data", "comes"),
    [
        (b".\r\n..x\r\n", b".\r\n..x\r\n"),
        (b"a\r\n.\r\nQUIT\r\n", b"a\r\n.\r\nQUIT\r\n"),
        (b"a\n.\nb\r.\rc", b"a\r\n.\r\nb\r\n.\r\nc\r\n"),
    ],
)
def test_no_line_ends_a_mail_before_its_end(server: FakeSmtp, data: bytes, comes: bytes) -> None:
    """Whatever stands in it, and however its lines end, all of it comes as one mail."""
    settings = Smtp(host="127.0.0.1", port=server.port, security="plain", timeout=seconds(5))
    postman = Postman(settings, "bank.vn")
    mail = Outgoing("id@bank.vn", "lan@x.vn", "help@bank.vn", "lan@x.vn", data, False, Thread())  # noqa: FBT003
    postman.deliver(mail, None)
    postman.leave()
    assert [handed.data for handed in server.mails] == [comes]
    assert server.count("QUIT") == 1


async def test_one_connection_serves_as_long_as_it_holds(server: FakeSmtp) -> None:
    """A server that has hung up meanwhile is connected again; nothing is lost and nothing twice."""
    mails = channel(server)
    async with opened(mails):
        await mails.send(LAN, Content("1"), key="k1")
        await mails.send(LAN, Content("2"), key="k2")
        assert server.connections == 1
        server.hang_up()
        await mails.send(LAN, Content("3"), key="k3")
    assert (server.connections, len(server.mails)) == (2, 3)
    assert (server.count("AUTH"), server.count("QUIT")) == (2, 1)


async def test_the_same_key_gives_the_same_id_on_each_try(server: FakeSmtp) -> None:
    """Also from another program; another key gives another."""
    server.says = [(".", "451 4.3.0 not now")]
    first = channel(server)
    assert (await fault_of(first)).kind == "retry"
    async with opened(first):
        again = await first.send(LAN, Content("hello"), key="k1")
    other = channel(server)
    async with opened(other):
        assert await other.send(LAN, Content("hello"), key="k1") == again
        assert await other.send(LAN, Content("hello"), key="k2") != again


async def test_what_was_sent_with_a_key_is_not_sent_again(server: FakeSmtp) -> None:
    """Whoever asks again is told the ids."""
    mails = channel(server)
    async with opened(mails):
        once = await mails.send(LAN, Content("hello"), key="k1")
        assert await mails.send(LAN, Content("hello"), key="k1") == once
    assert len(server.mails) == 1


@pytest.mark.parametrize("at", ["connect", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"])
async def test_a_connection_that_breaks_before_the_mail_is_tried_again(
    server: FakeSmtp, at: str
) -> None:
    """Nothing was sent by then."""
    server.cuts = [at]
    mails = channel(server)
    assert (await fault_of(mails)).kind == "retry"
    async with opened(mails):
        await mails.send(LAN, Content("hello"), key="k1")
    assert len(server.mails) == 1


async def test_a_connection_that_breaks_after_the_mail_leaves_it_unknown(server: FakeSmtp) -> None:
    """The server may have kept it."""
    server.cuts = ["."]
    fault = await fault_of(channel(server))
    assert (fault.kind, len(server.mails)) == ("unknown", 1)


async def test_a_server_that_is_not_there(server: FakeSmtp) -> None:
    """Is tried again."""
    del server
    with FakeSmtp().running() as gone:
        mails = channel(gone)
    fault = await fault_of(mails)
    assert (fault.kind, fault.detail) == ("retry", "127.0.0.1: Connection refused")


@pytest.mark.parametrize(
    ("at", "said", "kind", "code"),
    [
        ("connect", "421 4.3.2 shutting down", "throttled", "421 4.3.2"),
        ("connect", "554 no service", "rejected", "554"),
        ("MAIL", "451 4.7.1 greylisted", "throttled", "451 4.7.1"),
        ("MAIL", "530 5.7.0 authenticate first", "unauthorised", "530 5.7.0"),
        ("MAIL", "550 5.1.8 bad sender", "rejected", "550 5.1.8"),
        ("MAIL", "552 5.3.4 too large", "rejected", "552 5.3.4"),
        ("RCPT", "550 5.1.1 nobody", "bad_address", "550 5.1.1"),
        ("RCPT", "550 no such user", "bad_address", "550"),
        ("RCPT", "553 mailbox name not allowed", "bad_address", "553"),
        ("RCPT", "556 5.1.10 takes no mail", "bad_address", "556 5.1.10"),
        ("RCPT", "550 5.4.1 access denied", "bad_address", "550 5.4.1"),
        ("RCPT", "550 5.7.1 not wanted", "blocked", "550 5.7.1"),
        ("RCPT", "554 5.7.1 Relay access denied", "unauthorised", "554 5.7.1"),
        ("RCPT", "552 5.2.2 full", "rejected", "552 5.2.2"),
        ("RCPT", "450 4.2.0 busy", "retry", "450 4.2.0"),
        ("RCPT", "450 4.2.1 too much mail", "throttled", "450 4.2.1"),
        ("RCPT", "452 4.3.1 disk full", "retry", "452 4.3.1"),
        ("RCPT", "451 later", "retry", "451"),
        ("RCPT", "421 too many", "throttled", "421"),
        ("DATA", "554 no", "rejected", "554"),
        (".", "550 5.7.1 looks like spam", "rejected", "550 5.7.1"),
        (".", "451 4.3.0 not now", "retry", "451 4.3.0"),
        (".", "354 again", "unknown", ""),
        (".", "what?", "unknown", ""),
    ],
)
async def test_what_a_server_answers_is_a_fault(
    server: FakeSmtp, at: str, said: str, kind: str, code: str
) -> None:
    """By the digits first; nothing that it says beside them is in the fault."""
    server.says = [(at, said)]
    fault = await fault_of(channel(server))
    assert (fault.kind, fault.code) == (kind, code)
    assert said.split(maxsplit=2)[-1] not in str(fault)
    assert (fault.retry_after is not None) == (kind == "throttled")


@pytest.mark.parametrize(("at", "said"), [("RCPT", "252 perhaps"), (".", "251 2.0.0 kept")])
async def test_what_begins_with_a_two_is_done(server: FakeSmtp, at: str, said: str) -> None:
    """So the mail is not sent again because of it."""
    server.says = [(at, said)]
    mails = channel(server)
    async with opened(mails):
        await mails.send(LAN, Content("hello"), key="k1")
    assert server.count(".") == 1


def test_every_answer_is_some_fault() -> None:
    """Whatever the digits are."""
    kinds = {
        reply_fault(code, f"{code // 100}.{subject}.{detail} text", stage).kind
        for code in (400, 421, 450, 499, 500, 521, 550, 599)
        for subject in range(9)
        for detail in range(20)
        for stage in ("connect", "login", "sender", "recipient", "data")
    }
    assert kinds == {"retry", "throttled", "bad_address", "blocked", "rejected", "unauthorised"}


# --- who hands it in ------------------------------------------------------------------------------


@pytest.mark.parametrize("can", ["AUTH PLAIN", "AUTH LOGIN"])
async def test_a_wrong_password_is_told_without_it(can: str) -> None:
    """The server repeats it in its answer; nothing of ours does."""
    with FakeSmtp(can=can).running() as server:
        mails = channel(server)
        async with opened(mails):
            await mails.send(LAN, Content("hello"), key="k1")
        wrong = channel(server, password=Secret("wr0ng word"))
        fault = await fault_of(wrong)
    assert (fault.kind, fault.code) == ("unauthorised", "535 5.7.8")
    assert "wr0ng" not in f"{fault!r} {fault} {fault.__cause__} {wrong!r} {vars(wrong)}"


async def test_a_server_that_takes_no_password(server: FakeSmtp) -> None:
    """Is not handed a mail without one."""
    del server
    with FakeSmtp(can="SIZE").running() as bare:
        assert (await fault_of(channel(bare))).kind == "unauthorised"
        open_to_all = channel(bare, user="", password=None)
        async with opened(open_to_all):
            await open_to_all.send(LAN, Content("hello"), key="k1")
        assert len(bare.mails) == 1


async def test_an_access_token_in_place_of_a_password(server: FakeSmtp) -> None:
    """One that the server does not take is a wrong password."""

    async def token() -> Secret:
        return Secret("tok")

    server.token = "tok"  # noqa: S105 - known to nobody
    mails = channel(server, password=None, token=token)
    async with opened(mails):
        await mails.send(LAN, Content("hello"), key="k1")
    server.token = "other"  # noqa: S105
    fault = await fault_of(channel(server, password=None, token=token))
    assert (fault.kind, len(server.mails)) == ("unauthorised", 1)


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_the_connection_is_encrypted_and_the_server_known(security: str) -> None:
    """A certificate that nobody vouches for is refused before anything is said."""
    with FakeSmtp(can="STARTTLS|AUTH PLAIN", tls=security == "tls").running() as server:
        trusted = ssl.create_default_context(cafile=PEM)
        mails = channel(server, security=security, context=trusted)
        async with opened(mails):
            await mails.send(LAN, Content("hello"), key="k1")
        fault = await fault_of(channel(server, security=security))
    assert (fault.kind, len(server.mails), server.count("AUTH")) == ("retry", 1, 1)
    assert "self-signed" in fault.detail


async def test_no_mail_goes_in_the_clear_where_the_server_cannot_encrypt(server: FakeSmtp) -> None:
    """Somebody in between may have taken STARTTLS out of what it offers."""
    assert (await fault_of(channel(server, security="starttls"))).kind == "retry"
    assert (server.count("AUTH"), server.count("MAIL")) == (0, 0)


# --- what is handed in ----------------------------------------------------------------------------


async def test_automatic_mail_says_so_and_has_no_sender(server: FakeSmtp) -> None:
    """So nothing comes back to it (RFC 3834)."""
    mails = channel(server)
    async with opened(mails):
        await mails.send(LAN, Content("We have it.", automatic=True), key="k1")
        await mails.send(LAN, Content("I have it."), key="k2")
    machine, person = server.mails
    assert (machine.sender, person.sender) == ("", "help@bank.vn")
    assert b"Auto-Submitted: auto-" in machine.data
    assert b"Auto-Submitted" not in person.data


async def test_automatic_mails_to_one_address_come_to_an_end(server: FakeSmtp) -> None:
    """Twenty an hour: a loop of two machines that know nothing of each other ends."""
    mails = channel(server)
    async with opened(mails):
        server.says = [(".", "451 4.3.0 not now")]
        with pytest.raises(ChannelFault, match="retry"):
            await mails.send(LAN, Content("We have it.", automatic=True), key="k0")
        for number in range(20):
            await mails.send(LAN, Content("We have it.", automatic=True), key=f"k{number}")
        with pytest.raises(ChannelFault, match="rejected"):
            await mails.send(LAN, Content("We have it.", automatic=True), key="k20")
        await mails.send(LAN, Content("I have it."), key="k21")
    assert len(server.mails) == 21


async def test_attachments_go_with_it(server: FakeSmtp) -> None:
    """Fetched from where files are kept; one that is not there is told."""
    files = MemoryFiles()
    kept = await files.keep(b"%PDF", name="thẻ.pdf", kind="application/pdf")
    mails = channel(server, files)
    async with opened(mails):
        await mails.send(LAN, Content("see", (kept,)), key="k1")
    told = email.message_from_bytes(server.mails[0].data, policy=email.policy.default)
    (found,) = told.iter_attachments()
    assert (found.get_filename(), found.get_content()) == ("thẻ.pdf", b"%PDF")
    gone = Attachment("application/pdf", "file:gone", "x.pdf")
    assert (await fault_of(mails, Content("see", (gone,)), key="k2")).kind == "rejected"
    far = Attachment("application/pdf", "https://files.bank.vn/f.pdf", "form.pdf")
    async with opened(mails):
        await mails.send(LAN, Content("see", (kept, far)), key="k3")
    assert b"https://files.bank.vn/f.pdf" in server.mails[1].data
    assert server.mails[1].data.count(b"Content-Disposition: attachment") == 1


async def test_an_address_that_the_server_cannot_take(server: FakeSmtp) -> None:
    """Letters beyond ASCII before the @ need a server that says it takes them."""
    to = Address("mail", "lán@x.vn")
    assert (await fault_of(channel(server), to=to)).kind == "rejected"
    with FakeSmtp(can="AUTH PLAIN|SMTPUTF8").running() as able:
        mails = channel(able)
        async with opened(mails):
            await mails.send(to, Content("hello"), key="k1")
        assert able.mails[0].recipient == "lán@x.vn"


async def test_what_cannot_be_sent_at_all(server: FakeSmtp) -> None:
    """No server to hand it in at, no open channel, no address."""
    silent = Email("mail", address="help@bank.vn", keys=KEYS)
    assert (await fault_of(silent)).kind == "rejected"
    assert (await fault_of(channel(server), to=Address("mail", "a\r\nb@x"))).kind == "bad_address"
    with pytest.raises(ChannelFault, match="retry"):
        await channel(server).send(LAN, Content("hello"), key="k1")


# --- when nobody waits any more -------------------------------------------------------------------


async def test_interrupted_before_the_mail_nothing_is_sent(server: FakeSmtp) -> None:
    """The connection is cut at once, and tried again with the next."""
    silent = FakeSmtp()  # (takes connections, and says nothing)
    mails = channel(silent, timeout=minutes(1))
    async with opened(mails), anyio.create_task_group() as tasks:

        async def send() -> None:
            await mails.send(LAN, Content("hello"), key="k1")

        tasks.start_soon(send)
        await until(ours)
        tasks.cancel_scope.cancel()
    assert ours() == []
    silent.listener.close()
    assert server.mails == []


def test_what_is_cut_before_it_begins_does_not_begin(server: FakeSmtp) -> None:
    """Nor does it take a new connection; once it is ready again it does."""
    settings = Smtp(host="127.0.0.1", port=server.port, security="plain", timeout=seconds(5))
    postman = Postman(settings, "bank.vn")
    mail = Outgoing("id@bank.vn", "lan@x.vn", "help@bank.vn", "lan@x.vn", b"x", False, Thread())  # noqa: FBT003
    for _ in range(2):
        postman.cut()
        with pytest.raises(ChannelFault, match="retry"):
            postman.deliver(mail, None)
        assert server.mails == []
        postman.ready()
        postman.deliver(mail, None)
        assert len(server.mails) == 1
        server.mails.clear()
    postman.leave()


async def test_interrupted_after_the_mail_its_answer_is_waited_for(server: FakeSmtp) -> None:
    """So it is known that it was sent, and it is not sent again."""
    mails = channel(server)
    server.held.clear()
    async with opened(mails):
        async with anyio.create_task_group() as tasks:

            async def send() -> None:
                await mails.send(LAN, Content("hello"), key="k1")

            async def release() -> None:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(server.at_end.wait)
                    tasks.cancel_scope.cancel()
                    await anyio.sleep(0.05)
                    server.held.set()

            tasks.start_soon(send)
            tasks.start_soon(release)
        sent = await mails.send(LAN, Content("hello"), key="k1")
    assert (len(server.mails), len(sent.ids)) == (1, 1)


async def test_interrupted_and_never_answered_is_unknown_to_who_asks_again(
    server: FakeSmtp,
) -> None:
    """Told once; whoever decides to send it all the same does so."""
    mails = channel(server)
    server.held.clear()
    server.cuts = ["."]
    async with opened(mails):
        async with anyio.create_task_group() as tasks:

            async def send() -> None:
                await mails.send(LAN, Content("hello"), key="k1")

            async def release() -> None:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(server.at_end.wait)
                    tasks.cancel_scope.cancel()
                    await anyio.sleep(0.05)
                    server.held.set()

            tasks.start_soon(send)
            tasks.start_soon(release)
        with pytest.raises(ChannelFault) as error:
            await mails.send(LAN, Content("hello"), key="k1")
        assert (error.value.kind, len(server.mails)) == ("unknown", 1)
        await mails.send(LAN, Content("hello"), key="k1")
    assert len(server.mails) == 2


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_sending_leaves_no_thread(backend: str) -> None:
    """Nor a connection."""
    with FakeSmtp().running() as server:

        async def main() -> None:
            mails = channel(server)
            async with opened(mails):
                await mails.send(LAN, Content("hello"), key="k1")
            assert ours() == []

        before = threading.active_count()
        anyio.run(main, backend=backend)
        assert none_left(before)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"host": ""}, "Smtp.host"),
        ({"user": "u"}, "Smtp.user"),
        ({"password": Secret("x")}, "Smtp.user"),
        ({"security": "ssl"}, "Smtp.security"),
        ({"timeout": seconds(0)}, "Smtp.timeout"),
    ],
)
def test_wrong_settings_are_refused_where_they_are_given(
    wrong: dict[str, object], told: str
) -> None:
    """With the name of the setting."""
    with pytest.raises(ConfigurationError, match=told):
        Smtp(**({"host": "h"} | wrong))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_ports_follow_from_the_protection() -> None:
    """465, 587 and 25."""
    assert [Smtp(host="h", security=one).port for one in ("tls", "starttls", "plain")] == [
        465,
        587,
        25,
    ]
