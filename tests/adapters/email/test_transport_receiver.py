"""Mails in from a mail server: an SMTP client of the standard library hands them over."""

from __future__ import annotations

import logging
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

import anyio
import pytest
from anyio.streams.buffered import BufferedByteReceiveStream

from tests.adapters.email.certificate import PEM
from tests.adapters.email.transport import KEYS, Reader, mail, none_left, opened, ours, until
from tongdai import seconds
from tongdai.adapters.email import Cap, Email, Receiver
from tongdai.channels import Message
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.contact import Attachment
from tongdai.runtime import MemoryFiles
from tongdai.testing import ManualClock

pytestmark = pytest.mark.anyio


def channel(
    files: MemoryFiles | None = None,
    *,
    plus: bool = False,
    cap: Cap | None = None,
    trusted: Sequence[str] = (),
    **more: object,
) -> Email:
    """Return a channel that is handed mails."""
    return Email(
        "mail",
        address="help@bank.vn",
        aliases=["care@bank.vn"],
        keys=KEYS,
        inbox=Receiver(**more),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        files=files,
        plus=plus,
        cap=cap,
        trusted=trusted,
        clock=ManualClock(),
    )


async def given(port: int, data: bytes, *to: str, sender: str = "lan@x.vn") -> int:
    """Hand over a mail, and return what the receiver answers."""

    def hand_over() -> int:
        with smtplib.SMTP("127.0.0.1", port, local_hostname="mx", timeout=5) as client:
            try:
                client.sendmail(sender, list(to) or ["help@bank.vn"], data)
            except smtplib.SMTPRecipientsRefused as error:
                return next(iter(error.recipients.values()))[0]
            except smtplib.SMTPResponseException as error:
                return error.smtp_code
            return 250

    return await anyio.to_thread.run_sync(hand_over)


async def taking(reader: Reader, taken: list[Message]) -> None:
    """Take all that comes."""
    while True:
        taken.append(await reader.message())


async def test_what_is_in_a_mail_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    """However much is logged; another server's log in the same program stays as it is."""
    caplog.set_level("DEBUG")
    mails = channel()
    theirs = logging.getLogger("mail.log")
    async with opened(mails) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(given, mails.port, mail(1, "my card is 4111"))
        assert "4111" in await reader.text()
        tasks.start_soon(taking, reader, list[Message]())
        theirs.debug("of another server")
        tasks.cancel_scope.cancel()
    assert "4111" not in caplog.text
    assert "lan@x.vn" not in caplog.text
    assert "of another server" in caplog.text
    assert [] == theirs.filters


async def test_a_mail_is_taken_and_then_acknowledged() -> None:
    """Not before: the client waits until somebody has read on."""
    mails = channel()
    answers: list[int] = []

    async def hand_over() -> None:
        answers.append(await given(mails.port, mail(1)))

    async with opened(mails) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(hand_over)
        message = await reader.message()
        assert (message.content.text, message.address.to.partition("#")[0]) == (
            "text 1",
            "lan@x.vn",
        )
        await anyio.sleep(0.05)
        assert answers == []
        tasks.start_soon(reader.message)  # (it has the first)
        await until(lambda: answers)
        tasks.cancel_scope.cancel()
    assert (answers, mails.port) == ([250], 0)


@pytest.mark.parametrize(
    ("to", "plus", "code"),
    [
        ("help@bank.vn", False, 250),
        ("Care@Bank.vn", False, 250),
        ("extra@bank.vn", False, 250),
        ("help+abc@bank.vn", True, 250),
        ("help+abc@bank.vn", False, 550),
        ("other@bank.vn", True, 550),
        ("help@elsewhere.vn", True, 550),
    ],
)
async def test_nobody_else_gets_mail_here(to: str, plus: bool, code: int) -> None:  # noqa: FBT001
    """Our own addresses and those in the settings; it is no relay."""
    mails = channel(plus=plus, recipients=("Extra@bank.vn",))
    taken: list[Message] = []
    async with opened(mails) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(taking, reader, taken)
        assert await given(mails.port, mail(1), to) == code
        tasks.cancel_scope.cancel()
    assert len(taken) == (code == 250)


async def test_what_is_too_large_is_refused() -> None:
    """By what is announced, and by what comes."""
    mails = channel(most_bytes=10_000)
    async with opened(mails):
        assert await given(mails.port, mail(1, "x" * 20_000)) == 552

        def unannounced() -> bytes:
            with socket.create_connection(("127.0.0.1", mails.port), 5) as sock:
                body = b"x" * 70 + b"\r\n"
                sock.sendall(
                    b"EHLO mx\r\nMAIL FROM:<lan@x.vn>\r\nRCPT TO:<help@bank.vn>\r\nDATA\r\n"
                    + body * 200
                    + b".\r\nQUIT\r\n"
                )
                return b"".join(iter(lambda: sock.recv(4_096), b""))

        said = await anyio.to_thread.run_sync(unannounced)
        assert b"552" in said


async def test_mails_that_arrive_at_once_have_one_bound() -> None:
    """Whoever comes beyond it is told to try again, and is taken when the others are through."""
    mails = channel(most_bytes=10_000, most_held=15_000)
    taken: list[Message] = []
    large = mail(1, "x" * 8_000)
    begun = b"EHLO mx\r\nMAIL FROM:<lan@x.vn>\r\nRCPT TO:<help@bank.vn>\r\nDATA\r\n"
    async with opened(mails) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(taking, reader, taken)
        async with await anyio.connect_tcp("127.0.0.1", mails.port) as slow:
            answers = BufferedByteReceiveStream(slow)
            await slow.send(begun)
            await answers.receive_until(b"354 ", 5_000)
            await slow.send(mail(0, "\r\n".join(["x" * 98] * 90)))
            while await given(mails.port, large) == 250:
                pass  # (what the slow one sends is not there yet)
            assert [452, 250] == [await given(mails.port, each) for each in (large, mail(2))]
            await slow.send(b".\r\n")
            await answers.receive_until(b"250 2.6.0 Taken", 5_000)
        assert 250 == await given(mails.port, large)
        tasks.cancel_scope.cancel()
    assert [6, 90 * 99 - 1, 8_000] == [len(each.content.text) for each in taken[-3:]]


async def test_what_cannot_be_kept_is_asked_for_again() -> None:
    """Files that cannot be stored, and a channel that is closed before it is taken."""

    class Full(MemoryFiles):
        async def keep(self, data: bytes, *, name: str, kind: str) -> Attachment:
            raise ChannelFault("retry", f"{name} {kind} {len(data)}")

    bound = mail(1).replace(
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf",
    )
    mails = channel(Full())
    async with opened(mails):
        assert await given(mails.port, bound) == 451
    answers: list[int] = []
    closing = channel()

    async def hand_over() -> None:
        with anyio.CancelScope(shield=True):
            answers.append(await given(closing.port, mail(2)))

    async with anyio.create_task_group() as tasks, opened(closing) as reader:
        tasks.start_soon(hand_over)
        await reader.message()
    assert answers == [451]


async def test_what_fails_in_other_ways_is_asked_for_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """An error of a store's own loses no mail; what was in it is in no log."""

    class Broken(MemoryFiles):
        async def keep(self, data: bytes, *, name: str, kind: str) -> Attachment:
            raise KeyError(len(data), name, kind)

    bound = mail(1).replace(
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf",
    )
    mails = channel(Broken())
    async with opened(mails):
        assert await given(mails.port, bound) == 451
    assert "a mail could not be taken" in caplog.text
    assert "text 1" not in caplog.text


async def test_cancelled_while_a_mail_waits_to_be_taken() -> None:
    """Its sender is told to come again."""
    mails = channel()
    answers: list[int] = []

    async def hand_over() -> None:
        with anyio.CancelScope(shield=True):
            answers.append(await given(mails.port, mail(2)))

    async with anyio.create_task_group() as tasks:

        async def desk() -> None:
            with anyio.CancelScope() as scope:
                async with opened(mails) as reader:
                    tasks.start_soon(hand_over)
                    await reader.message()
                    scope.cancel()
                    await anyio.sleep_forever()

        tasks.start_soon(desk)
    assert answers == [451]


async def test_a_file_that_is_refused_is_left_out() -> None:
    """The rest of the mail comes."""

    class Strict(MemoryFiles):
        async def keep(self, data: bytes, *, name: str, kind: str) -> Attachment:
            raise ChannelFault("rejected", f"{name} {kind} {len(data)}")

    bound = mail(1).replace(
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf",
    )
    mails = channel(Strict())
    taken: list[Message] = []
    async with opened(mails) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(taking, reader, taken)
        assert await given(mails.port, bound) == 250
        tasks.cancel_scope.cancel()
    assert [message.content.attachments for message in taken] == [()]


async def test_files_are_kept_before_the_mail_is_told() -> None:
    """Their bytes are where the message's urls say."""
    files = MemoryFiles()
    bound = mail(1, "JVBERg==").replace(
        b"Content-Type: text/plain; charset=utf-8",
        b"Content-Transfer-Encoding: base64\r\nContent-Type: application/pdf\r\n"
        b"Content-Disposition: attachment; filename=a.pdf",
    )
    mails = channel(files)
    taken: list[Message] = []
    async with opened(mails) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(taking, reader, taken)
        await given(mails.port, bound)
        tasks.cancel_scope.cancel()
    (file,) = taken[0].content.attachments
    assert (file.kind, file.name, await files.fetch(file.url)) == (
        "application/pdf",
        "a.pdf",
        b"%PDF",
    )


async def test_what_is_no_mail_is_refused_for_good() -> None:
    """The sender is told, and does not try again."""
    mails = channel()
    async with opened(mails):
        with pytest.raises(ChannelFault, match="rejected: empty"):
            await mails._receive(b"")  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


async def test_the_envelope_tells_that_nobody_is_to_answer() -> None:
    """A mail from nobody is automatic, whatever is written in it."""
    mails = channel()
    taken: list[Message] = []
    honest = mail(1).partition(b"\r\n")[2]
    async with opened(mails) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(taking, reader, taken)
        await given(mails.port, honest, sender="")
        await given(mails.port, mail(2), sender="")
        await given(mails.port, mail(3))
        tasks.cancel_scope.cancel()
    assert [bool(message.automatic) for message in taken] == [True, True, False]


async def test_who_writes_more_than_a_person_is_taken_for_a_machine() -> None:
    """Twenty an hour are a person's; what follows opens nothing, and is still seen."""
    mails = channel()
    taken: list[Message] = []
    async with opened(mails) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(taking, reader, taken)
        for number in range(22):
            assert await given(mails.port, mail(number)) == 250
        assert await given(mails.port, mail(30, sender="ha@x.vn")) == 250
        tasks.cancel_scope.cancel()
    assert [message.automatic for message in taken] == [""] * 20 + ["reply"] * 2 + [""]


async def test_a_mail_that_comes_again_counts_once() -> None:
    """A mail server tries again while we cannot take it; that is no flood."""
    mails = channel()
    taken: list[Message] = []
    async with opened(mails) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(taking, reader, taken)
        for _ in range(22):
            assert await given(mails.port, mail(1)) == 250
        tasks.cancel_scope.cancel()
    assert {""} == {message.automatic for message in taken}


VOUCHED = "Authentication-Results: mx.bank.vn; dmarc=pass header.from=x.vn\r\n"
ELSEWHERE = "Authentication-Results: mx.bank.vn; dmarc=pass header.from=y.vn\r\n"


@pytest.mark.parametrize(
    ("many", "one", "automatic"),
    [
        (mail(0), mail(9, more=VOUCHED), ""),
        (mail(0, more="Reply-To: lan@x.vn\r\n", sender="eve@y.vn"), mail(9, more=VOUCHED), ""),
        (
            mail(0, more=f"Reply-To: lan@x.vn\r\n{ELSEWHERE}", sender="eve@y.vn"),
            mail(9, more=VOUCHED),
            "",
        ),
        (mail(0, more="Auto-Submitted: auto-replied\r\n"), mail(9), ""),
        (mail(0, more=VOUCHED), mail(9), ""),
        (mail(0, more=VOUCHED), mail(9, more=VOUCHED), "reply"),
        (mail(0), mail(9), "reply"),
    ],
)
async def test_mails_in_somebodys_name_make_no_machine_of_them(
    many: bytes, one: bytes, automatic: str
) -> None:
    """Only those count that a person might have written, and that are vouched for alike."""
    mails = channel(cap=Cap(2), trusted=["mx.bank.vn"])
    taken: list[Message] = []
    async with opened(mails) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(taking, reader, taken)
        for number in range(2):
            assert 250 == await given(mails.port, many.replace(b"m0@", b"m%d@" % number))
        assert 250 == await given(mails.port, one)
        tasks.cancel_scope.cancel()
    assert [{"lan@x.vn"}, automatic] == [
        {message.address.to.partition("#")[0] for message in taken},
        taken[-1].automatic,
    ]


async def test_long_lines_are_taken() -> None:
    """Programs write them, whatever the standard says."""
    mails = channel()
    taken: list[Message] = []
    async with opened(mails) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(taking, reader, taken)
        assert await given(mails.port, mail(1, "x" * 50_000)) == 250
        tasks.cancel_scope.cancel()
    assert len(taken[0].content.text) == 50_000


async def test_lmtp_answers_for_one_recipient_at_a_time() -> None:
    """A server that speaks to mailboxes hands over a mail for each of them."""
    mails = channel(lmtp=True)
    taken: list[Message] = []
    answers: list[int] = []

    def hand_over() -> None:
        with smtplib.LMTP("127.0.0.1", mails.port, local_hostname="mx", timeout=5) as client:
            client.ehlo()
            client.mail("lan@x.vn")
            answers.append(client.rcpt("help@bank.vn")[0])
            answers.append(client.rcpt("care@bank.vn")[0])
            answers.append(client.data(mail(1))[0])

    async with opened(mails) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(taking, reader, taken)
        await anyio.to_thread.run_sync(hand_over)
        tasks.cancel_scope.cancel()
    assert (answers, len(taken)) == ([250, 452, 250], 1)


async def test_encryption_where_there_is_a_certificate() -> None:
    """And nothing without it where that is set."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    mails = channel(tls=context, only_tls=True)
    taken: list[Message] = []

    def hand_over() -> int:
        with smtplib.SMTP("127.0.0.1", mails.port, local_hostname="mx", timeout=5) as client:
            client.starttls(context=ssl.create_default_context(cafile=PEM))
            client.sendmail("lan@x.vn", ["help@bank.vn"], mail(1))
        with smtplib.SMTP("127.0.0.1", mails.port, local_hostname="mx", timeout=5) as client:
            client.ehlo()
            return client.mail("lan@x.vn")[0]

    async with opened(mails) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(taking, reader, taken)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(smtplib.SMTP, "_host", "localhost", raising=False)
            assert await anyio.to_thread.run_sync(hand_over) == 530
        tasks.cancel_scope.cancel()
    assert len(taken) == 1


async def test_too_many_connections_are_told_to_come_later() -> None:
    """So nobody fills the receiver by sitting there."""
    mails = channel(most_open=2)

    def connect() -> bytes:
        several = [socket.create_connection(("127.0.0.1", mails.port), 5) for _ in range(3)]
        said = b""
        for sock in several:
            said = sock.recv(100)
        for sock in several:
            sock.close()
        return said[:3]

    async with opened(mails):
        assert await anyio.to_thread.run_sync(connect) == b"421"


async def test_a_port_that_is_taken_is_a_fault() -> None:
    """Told by the one who opens it; and one that was closed can be opened again."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        mails = channel(port=listener.getsockname()[1])
        with pytest.raises(ChannelFault, match="cannot listen"):
            async with opened(mails):
                pass
    for _ in "12":
        async with opened(mails):
            assert mails.port
    assert ours() == []


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("how", ["left", "cancelled", "raised"])
def test_closing_leaves_no_thread(backend: str, how: str) -> None:
    """However it is closed, and with clients that are connected."""

    async def main() -> None:
        several: list[socket.socket] = []
        with anyio.CancelScope() as scope, suppress(KeyError):
            mails = channel()
            async with opened(mails):
                several.append(socket.create_connection(("127.0.0.1", mails.port), 5))
                await anyio.wait_readable(several[0])
                _leave(how, scope)
                await anyio.lowlevel.checkpoint()
        assert ours() == []
        several[0].close()

    before = threading.active_count()
    anyio.run(main, backend=backend)
    assert none_left(before)


def _leave(how: str, scope: anyio.CancelScope) -> None:
    ways: dict[str, Callable[[], object]] = {"left": bool, "cancelled": scope.cancel}
    if how == "raised":
        raise KeyError(how)
    ways[how]()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"most_bytes": 0}, "Receiver.most_bytes"),
        ({"most_open": 0}, "Receiver.most_open"),
        ({"most_held": 2**20}, "Receiver.most_held: 1048576 is less than one mail"),
        ({"recipients": ("bank.vn",)}, "Receiver.recipients"),
        ({"only_tls": True}, "Receiver.only_tls"),
        ({"timeout": seconds(0)}, "Receiver.timeout"),
    ],
)
def test_wrong_settings_are_refused_where_they_are_given(
    wrong: dict[str, object], told: str
) -> None:
    """With the name of the setting."""
    with pytest.raises(ConfigurationError, match=told):
        Receiver(**wrong)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
