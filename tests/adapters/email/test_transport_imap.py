"""Mails in over IMAP, from a server that is told to misbehave."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator

import anyio
import pytest

from tests.adapters.email.certificate import PEM
from tests.adapters.email.fake_imap import PASSWORD, USER, FakeImap, Fault
from tests.adapters.email.transport import KEYS, Hasty, Reader, mail, none_left, opened, ours, until
from tongdai import seconds
from tongdai.adapters.email import Email, FileStore, Imap, MemoryStore
from tongdai.adapters.email.line import Line
from tongdai.channels import Message, Secret
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.contact import Attachment
from tongdai.model.time import hours, minutes
from tongdai.runtime import MemoryFiles
from tongdai.testing import ManualClock

pytestmark = pytest.mark.anyio


@pytest.fixture
def server() -> Iterator[FakeImap]:
    """Run a server."""
    with FakeImap().running() as it:
        yield it


def reading(server: FakeImap, **settings: object) -> Imap:
    """Return settings for a server."""
    given: dict[str, object] = {
        "user": USER,
        "password": Secret(PASSWORD),
        "security": "plain",
        "timeout": seconds(5),
    }
    return Imap(host="127.0.0.1", port=server.port, **(given | settings))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def channel(
    server: FakeImap, store: MemoryStore | FileStore | None = None, **more: object
) -> Email:
    """Return a channel that reads a server."""
    return Email(
        "mail",
        address="help@bank.vn",
        keys=KEYS,
        inbox=reading(server, **more),
        store=store,
        clock=Hasty(),
    )


async def read_all(
    server: FakeImap, reader: Reader, so_far: list[Message] | None = None
) -> list[Message]:
    """Read until there is nothing more; all that was read is taken."""
    heard: list[Message] = [] if so_far is None else so_far

    async def read() -> None:
        while True:
            heard.append(await reader.message())

    await until(lambda: not server.idling)  # (it may not know yet that the last one is gone)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        await until(lambda: server.idling)
        tasks.cancel_scope.cancel()
    return heard


async def test_what_is_there_comes_and_then_what_is_new(server: FakeImap) -> None:
    """Old mails at once, a new one when the server tells of it; nothing is marked."""
    server.deliver(mail(1), mail(2))
    async with opened(channel(server)) as reader:
        assert [await reader.text(), await reader.text()] == ["text 1", "text 2"]
        heard: list[str] = []
        async with anyio.create_task_group() as tasks:

            async def read() -> None:
                heard.append(await reader.text())
                tasks.cancel_scope.cancel()

            tasks.start_soon(read)
            await anyio.to_thread.run_sync(server.wait_idle)
            server.deliver(mail(3))
        assert heard == ["text 3"]
    assert (server.seen, server.count("EXAMINE"), server.count("SELECT")) == (set(), 1, 0)


async def test_first_new_passes_over_what_was_there(server: FakeImap) -> None:
    """Only what comes after the first look is read; the place is kept at once."""
    server.deliver(mail(1), mail(2))
    store = MemoryStore()
    async with (
        opened(channel(server, store, first="new")) as reader,
        anyio.create_task_group() as tasks,
    ):

        async def read() -> None:
            assert await reader.text() == "text 3"
            tasks.cancel_scope.cancel()

        tasks.start_soon(read)
        await anyio.to_thread.run_sync(server.wait_idle)
        assert b'"uid":2' in await store.load()
        server.deliver(mail(3))


async def test_the_place_moves_when_a_mail_is_taken_and_not_before(server: FakeImap) -> None:
    """Two are read and one is taken: another program begins with the second."""
    server.deliver(mail(1), mail(2), mail(3))
    store = MemoryStore()
    async with opened(channel(server, store)) as reader:
        assert [await reader.text(), await reader.text()] == ["text 1", "text 2"]
    async with opened(channel(server, store)) as reader:
        assert [await reader.text(), await reader.text()] == ["text 2", "text 3"]


async def test_a_changed_validity_reads_all_again_with_the_same_keys(server: FakeImap) -> None:
    """The center tells by the keys that it has them already; what is new is among them."""
    server.deliver(mail(1), mail(2))
    store = MemoryStore()
    async with opened(channel(server, store)) as reader:
        before = [message.key for message in await read_all(server, reader)]
    server.renumber(validity=8)
    server.deliver(mail(3))
    async with opened(channel(server, store)) as reader:
        after = [(await reader.message()).key for _ in "123"]
    assert before == after[:2]
    assert len(set(after)) == 3


async def test_old_mails_stay_passed_over_when_the_validity_changes(server: FakeImap) -> None:
    """A folder that was begun with what is new is not read whole because of its numbers."""
    clock = ManualClock()
    clock.advance(seconds(2_000_000_000))  # (later than what the server says of its mails)
    server.deliver(mail(1))
    store = MemoryStore()
    async with opened(
        Email(
            "mail",
            address="help@bank.vn",
            keys=KEYS,
            inbox=reading(server, first="new"),
            store=store,
            clock=clock,
        )
    ) as reader:
        assert await read_all(server, reader) == []
    server.renumber(validity=8)
    async with opened(channel(server, store)) as reader:
        assert await read_all(server, reader) == []
    server.deliver(mail(2))  # (as old by its date, but it comes now)
    async with opened(channel(server, store)) as reader:
        assert await reader.text() == "text 2"
    assert (server.count("UID FETCH 1 (UID RFC"), server.count("UID FETCH 1 (UID BODY")) == (1, 0)


@pytest.mark.parametrize(
    "at", ["UID FETCH 2 (UID RFC", "UID FETCH 2 (UID BODY", "UID SEARCH", "EXAMINE", "CAPABILITY"]
)
async def test_a_cut_connection_is_a_fault_and_goes_on_without_gap(
    server: FakeImap, at: str
) -> None:
    """Wherever it is cut, opened again it goes on with the mail that is next."""
    server.deliver(mail(1), mail(2), mail(3))
    server.faults = [Fault(at, cut=20)]
    store, heard, faults = MemoryStore(), list[str](), list[str]()
    mails = channel(server, store)
    for _ in "12":
        async with opened(mails) as reader:
            try:
                while len(heard) < 3:
                    heard.append(await reader.text())
            except ChannelFault as fault:
                faults.append(fault.kind)
    assert (heard, faults) == (["text 1", "text 2", "text 3"], ["retry"])


async def test_cut_while_it_idles(server: FakeImap) -> None:
    """A server that goes away while nothing happens is a fault as well."""
    async with opened(channel(server)) as reader, anyio.create_task_group() as tasks:

        async def read() -> None:
            with pytest.raises(ChannelFault) as error:
                await reader.text()
            assert error.value.kind == "retry"

        tasks.start_soon(read)
        await anyio.to_thread.run_sync(server.wait_idle)
        server.hang_up()


async def test_failures_are_waited_out_longer_each_time(server: FakeImap) -> None:
    """By the clock: at once, after 1 s, after 5 s."""
    server.faults = [Fault("EXAMINE", cut=0), Fault("EXAMINE", cut=0), Fault("EXAMINE", cut=0)]
    server.deliver(mail(1))
    clock = ManualClock()
    waited: list[int] = []
    mails = Email("mail", address="help@bank.vn", keys=KEYS, inbox=reading(server), clock=clock)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(clock.run)
        for _ in range(4):
            begun = clock.now()
            async with opened(mails) as reader:
                try:
                    await reader.text()
                except ChannelFault:
                    waited.append(clock.now() - begun)
                else:
                    waited.append(clock.now() - begun)
        tasks.cancel_scope.cancel()
    assert waited == [0, seconds(1), seconds(5), seconds(15)]


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelling_while_it_idles_leaves_no_thread(server: FakeImap, backend: str) -> None:
    """Not one, not even one that idles: as many threads live afterwards as before."""
    before: list[int] = []
    during: list[list[str]] = []

    async def main() -> None:
        async with opened(channel(server)) as reader, anyio.create_task_group() as tasks:
            tasks.start_soon(reader.text)
            await until(lambda: server.idling)
            during.append(ours())
            tasks.cancel_scope.cancel()
        assert ours() == []

    before.append(threading.active_count())
    anyio.run(main, backend=backend)
    assert during == [["email mail in"]]
    server.hang_up()
    assert none_left(before[0])


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_cancelling_while_it_connects_leaves_no_thread(backend: str) -> None:
    """A server that takes a connection and says nothing does not hold anybody up."""
    listener = socket.create_server(("127.0.0.1", 0))
    inbox = Imap(
        host="127.0.0.1",
        port=listener.getsockname()[1],
        user=USER,
        password=Secret(PASSWORD),
        security="plain",
        timeout=minutes(1),
    )

    async def main() -> None:
        mails = Email("mail", address="help@bank.vn", keys=KEYS, inbox=inbox)
        async with opened(mails) as reader, anyio.create_task_group() as tasks:
            tasks.start_soon(reader.text)
            await until(ours)
            tasks.cancel_scope.cancel()
        assert ours() == []

    before = threading.active_count()
    anyio.run(main, backend=backend)
    listener.close()
    assert none_left(before)


async def test_idle_is_asked_anew() -> None:
    """After the time that is set; a mail that comes meanwhile is read."""
    with FakeImap().running() as server:
        async with (
            opened(channel(server, idle=seconds(0.05))) as reader,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(reader.text)
            await until(lambda: server.count("IDLE") > 2)
            tasks.cancel_scope.cancel()


async def test_a_server_that_cannot_idle_is_asked_by_the_clock() -> None:
    """Every so often."""
    clock = ManualClock()
    with FakeImap(can="UIDPLUS").running() as server:
        mails = Email(
            "mail",
            address="help@bank.vn",
            keys=KEYS,
            inbox=reading(server, poll=minutes(2)),
            clock=clock,
        )
        async with opened(mails) as reader, anyio.create_task_group() as tasks:

            async def read() -> None:
                assert await reader.text() == "text 1"
                assert clock.now() == minutes(2)
                tasks.cancel_scope.cancel()

            tasks.start_soon(read)
            await until(lambda: server.count("UID SEARCH"))
            server.deliver(mail(1))
            tasks.start_soon(clock.run)
    assert server.count("IDLE") == 0


async def test_what_is_too_large_comes_as_a_note(server: FakeImap) -> None:
    """Its headers only, however large it is; who wrote what about is told, and that it is large."""
    server.deliver(mail(1, "x" * 300_000), mail(2))
    async with opened(channel(server, most_bytes=100_000)) as reader:
        large = await reader.message()
        assert await reader.text() == "text 2"
    assert large.content.text == (
        "[This mail has 0.3 MB, too much to be shown. It lies in the mailbox.]"
    )
    assert (large.content.subject, large.address.to.partition("#")[0]) == ("Card 1", "lan@x.vn")
    assert server.count("UID FETCH 1 (UID BODY.PEEK[HEADER]") == 1
    assert server.count("UID FETCH 1 (UID BODY.PEEK[])") == 0


async def test_headers_without_an_end(server: FakeImap) -> None:
    """Are read as far as is sensible, and the mail is told all the same."""
    endless = "".join(f"X-{number}: {'x' * 900}\r\n" for number in range(400))
    server.deliver(mail(1, more=endless))
    async with opened(channel(server, most_bytes=100_000)) as reader:
        message = await reader.message()
    assert message.content.subject == "Card 1"
    assert "[This mail has 0.3 MB" in message.content.text


async def test_a_server_that_lies_about_sizes_is_not_believed(server: FakeImap) -> None:
    """A little too much is a note; more than was allowed for ends the connection."""
    server.deliver(mail(1, "x" * 100_000), mail(2, "x" * 400_000))
    server.sizes = {1: 1_000, 2: 1_000}
    async with opened(channel(server, most_bytes=99_000)) as reader:
        assert "too much" in await reader.text()
        with pytest.raises(ChannelFault, match="retry"):
            await reader.text()


async def test_mails_that_are_gone_and_words_about_others_are_passed_over(server: FakeImap) -> None:
    """A server tells of other mails in between; and one may vanish before it is fetched."""
    server.deliver(mail(1), mail(2), mail(3))
    server.chatty = True
    async with opened(channel(server)) as reader:
        assert await reader.text() == "text 1"
        del server.mails[2]
        assert await reader.text() == "text 3"


@pytest.mark.parametrize("can", ["IDLE MOVE UIDPLUS", "IDLE UIDPLUS"])
async def test_mails_are_marked_and_moved_once_they_are_taken(can: str) -> None:
    """Where that is asked for; a mail that is not taken is left alone."""
    with FakeImap(can=can).running() as server:
        server.deliver(mail(1), mail(2))
        async with opened(channel(server, mark_seen=True, move_to="Thư cũ")) as reader:
            assert [await reader.text(), await reader.text()] == ["text 1", "text 2"]
        assert server.seen == {1}
        assert server.moved == {"Th&AbA- c&AWk-": [mail(1)]}
        assert list(server.mails) == [2]


async def test_a_mail_that_is_moved_is_deleted_where_it_was() -> None:
    """A server without MOVE and UIDPLUS keeps it, marked; nobody else's mails are removed."""
    with FakeImap(can="IDLE").running() as server:
        server.deliver(mail(1), mail(2))
        async with opened(channel(server, move_to="Old")) as reader:
            assert [await reader.text(), await reader.text()] == ["text 1", "text 2"]
        assert (server.moved, list(server.mails)) == ({"Old": [mail(1)]}, [1, 2])
        assert server.count("EXPUNGE") == server.count("UID EXPUNGE") == 0


async def test_news_before_it_idles_is_news(server: FakeImap) -> None:
    """A server may tell of a mail before it says that it idles; nobody waits then."""
    server.before_idle = ["* 1 EXISTS"]
    async with opened(channel(server)) as reader, anyio.create_task_group() as tasks:
        tasks.start_soon(reader.text)
        await until(lambda: server.count("IDLE") > 2)
        tasks.cancel_scope.cancel()


async def test_other_words_are_no_news(server: FakeImap) -> None:
    """Servers say that they are still there."""
    server.while_idle = ["* OK still here", "* 1 FETCH (FLAGS ())"]
    heard: list[str] = []
    async with opened(channel(server)) as reader, anyio.create_task_group() as tasks:

        async def read() -> None:
            heard.append(await reader.text())
            tasks.cancel_scope.cancel()

        tasks.start_soon(read)
        await anyio.to_thread.run_sync(server.wait_idle)
        await anyio.sleep(0.05)
        assert server.count("IDLE") == 1
        server.deliver(mail(1))
    assert heard == ["text 1"]


@pytest.mark.parametrize(
    ("at", "say", "kind"),
    [
        ("IDLE", "NO not today", "retry"),
        ("UID SEARCH", "NO not today", "rejected"),
        ("UID FETCH", "NO not today", "retry"),
        ("UID SEARCH", "OK\r\n* nonsense\r\nx {9999999999}", "retry"),
        ("CAPABILITY", "BAD what?", "retry"),
        ("LOGIN", "", "retry"),
    ],
)
async def test_a_server_that_does_not_do_as_it_should(
    server: FakeImap, at: str, say: str, kind: str
) -> None:
    """Is a fault, whatever it says."""
    server.deliver(mail(1))
    server.faults = [Fault(at, say=say) if say else Fault(at, cut=0)]
    kinds: list[str] = []
    async with opened(channel(server)) as reader:
        try:
            await reader.text()
            await reader.text()
        except ChannelFault as fault:
            kinds.append(fault.kind)
    assert kinds == [kind]


@pytest.mark.parametrize("greeting", ["* BYE too busy", "SSH-2.0-x", "* OK " + "x" * 100_000])
async def test_what_is_no_imap_server(greeting: str) -> None:
    """Or has no time."""
    with FakeImap(can="").running() as server:
        server.greeting = greeting
        if greeting.startswith("* OK"):
            server.faults = [Fault("CAPABILITY", say="OK none")]
        assert (await fault_of(channel(server))).kind == "retry"


async def test_a_server_that_forgets_what_it_can_do(server: FakeImap) -> None:
    """Is taken for one that can do nothing special."""
    server.deliver(mail(1))
    server.faults = [Fault("CAPABILITY"), Fault("CAPABILITY", say="OK none")]
    async with opened(channel(server)) as reader:
        assert await reader.text() == "text 1"


async def test_new_numbers_in_the_middle_are_a_reason_to_begin_anew(server: FakeImap) -> None:
    """The old place says nothing about them."""
    server.deliver(mail(1))
    server.faults = [Fault("UID SEARCH", say="OK [UIDVALIDITY 9] searched")]
    fault = await fault_of(channel(server))
    assert fault.kind == "retry"


async def test_what_came_over_days_is_no_flood(server: FakeImap) -> None:
    """Whenever it is read."""
    server.deliver(*map(mail, range(25)))
    server.dates = {n: f"{n:02}-Mar-2026 08:00:00 +0700" for n in range(1, 26)}
    async with opened(channel(server)) as reader:
        heard = await read_all(server, reader)
    assert [""] * 25 == [message.automatic for message in heard]


async def test_a_folder_without_lasting_numbers(server: FakeImap) -> None:
    """Cannot be read on, so it is not read at all."""
    server.faults = [Fault("EXAMINE", say="OK [READ-ONLY] it is")]
    assert (await fault_of(channel(server))).kind == "rejected"


async def test_words_put_in_before_the_encryption_are_no_words_of_the_server() -> None:
    """Nothing is sent then, a password least of all."""
    with FakeImap(can="IDLE STARTTLS").running() as server:
        server.injected = b"* CAPABILITY IMAP4rev1 LOGIN\r\n"
        trusted = ssl.create_default_context(cafile=PEM)
        fault = await fault_of(channel(server, security="starttls", context=trusted))
    assert (fault.kind, "LOGIN" in server.log) == ("retry", False)


async def test_a_mail_that_cannot_be_moved_comes_again(server: FakeImap) -> None:
    """By the same key; and then it is moved."""
    server.deliver(mail(1))
    server.faults = [Fault("UID MOVE", say="NO there is no such folder")]
    mails = channel(server, move_to="Old")
    async with opened(mails) as reader:
        assert await reader.text() == "text 1"
        with pytest.raises(ChannelFault, match="rejected: the server does not move"):
            await reader.text()
    async with opened(mails) as reader:
        assert [message.content.text for message in await read_all(server, reader)] == ["text 1"]
    assert server.moved == {"Old": [mail(1)]}


# --- a mail that fails ----------------------------------------------------------------------------


async def heard_by(mails: Email, most: int) -> tuple[list[Message], list[str]]:
    """Return so many messages, all taken, and the faults on the way; it is opened as needed."""
    heard, faults = list[Message](), list[str]()
    while len(heard) < most:
        async with opened(mails) as reader:
            try:
                while len(heard) < most:
                    heard.append(await reader.message())
            except ChannelFault as fault:
                faults.append(fault.detail)
            except KeyError:
                faults.append("KeyError")
    return heard, faults


def texts(heard: list[Message]) -> list[str]:
    """Return what messages say."""
    return [message.content.text for message in heard]


def note(uid: int, why: str) -> str:
    """Return what stands in place of a mail."""
    return (
        f"[This mail, number {uid} in the mailbox, cannot be read: {why}. It lies in the mailbox.]"
    )


NOT_GIVEN = "the server does not give a mail"
BROKE = "127.0.0.1: the connection broke"
EMPTY = "127.0.0.1: the server gives no mail"


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (Fault("UID FETCH 2 (UID BODY", say="NO [SERVERBUG] no"), NOT_GIVEN),
        (Fault("UID FETCH 2 (UID BODY", say="BAD no"), "127.0.0.1: "),
        (Fault("UID FETCH 2 (UID BODY", say="OK done"), EMPTY),
        (Fault("UID FETCH 2 (UID BODY", cut=0), BROKE),
        (Fault("UID FETCH 2 (UID BODY", cut=90), BROKE),
        (Fault("UID FETCH 2 (UID RFC", say="NO no"), NOT_GIVEN),
        (Fault("UID FETCH 2 (UID RFC", cut=20), BROKE),
    ],
)
@pytest.mark.parametrize("headers", [True, False])
async def test_a_mail_that_is_never_given_is_a_note_and_the_next_one_comes(
    server: FakeImap, fault: Fault, why: str, *, headers: bool
) -> None:
    """After five failures: with its headers if they can be had, else with its number."""
    server.deliver(mail(1), mail(2), mail(3))
    server.faults = [fault] * 5
    if not headers:
        server.faults.append(Fault("UID FETCH 2 (UID BODY.PEEK[HEADER]", cut=10))
    heard, faults = await heard_by(channel(server, move_to="Old"), 3)
    first, middle, last = heard
    assert (first.content.text, last.content.text) == ("text 1", "text 3")
    assert middle.content.text.startswith("[This mail, number 2 in the mailbox, cannot be read: ")
    assert why in middle.content.text
    assert (middle.automatic, middle.content.subject) == ("", "Card 2" if headers else "")
    writer = middle.address.to.partition("#")[0]
    assert writer == ("lan@x.vn" if headers else "mail-2@mailbox.invalid")
    assert len(faults) == 6
    assert faults[5].startswith("mail 2 is taken as a note: ")
    assert (server.faults, 2 in server.mails) == ([], True)


async def test_a_literal_that_is_never_right_is_a_note(server: FakeImap) -> None:
    """As is one that is larger each time than what was asked for."""
    server.deliver(mail(1, "x" * 400_000), mail(2))
    server.sizes = {1: 1_000}
    heard, faults = await heard_by(channel(server, most_bytes=99_000), 2)
    assert texts(heard) == [note(1, BROKE), "text 2"]
    assert (heard[0].content.subject, len(faults)) == ("Card 1", 6)


async def test_the_place_is_kept_behind_a_note(server: FakeImap) -> None:
    """Another program goes on with the mail that is next."""
    server.deliver(mail(1), mail(2))
    server.faults = [Fault("UID FETCH 1", say="NO no")] * 6
    store = MemoryStore()
    assert texts((await heard_by(channel(server, store), 2))[0]) == [note(1, NOT_GIVEN), "text 2"]
    assert texts((await heard_by(channel(server, store), 1))[0]) == ["text 2"]
    assert server.count("UID FETCH 1 (UID RFC") == 5


async def test_four_failures_and_then_the_mail(server: FakeImap) -> None:
    """It comes itself; what failed before counts for no other mail."""
    server.deliver(mail(1), mail(2))
    server.faults = [
        *[Fault("UID FETCH 1 (UID BODY", cut=20)] * 4,
        Fault("UID FETCH 1"),
        *[Fault("UID FETCH 2 (UID BODY", cut=20)] * 4,
    ]
    heard, faults = await heard_by(channel(server), 2)
    assert (texts(heard), faults) == (["text 1", "text 2"], [BROKE] * 8)


@pytest.mark.parametrize("at", ["LOGIN", "CAPABILITY", "EXAMINE", "NOOP", "UID SEARCH"])
async def test_a_server_that_is_down_makes_no_notes(server: FakeImap, at: str) -> None:
    """However long: only what fails at a mail counts, and four times is not five."""
    server.deliver(mail(1), mail(2))
    down = [Fault(at, cut=0)] * 12
    server.faults = [*down, *[Fault("UID FETCH 1", cut=0)] * 4, *down]
    heard, faults = await heard_by(channel(server), 2)
    assert (texts(heard), len(faults), server.faults) == (["text 1", "text 2"], 28, [])


async def test_a_server_that_is_not_there_makes_no_notes(
    server: FakeImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor does one that refuses to be connected."""
    server.deliver(mail(1))
    server.faults = [Fault("UID FETCH 1", cut=0)] * 4
    connect, asked = Line.connect, list[str]()

    def refuse(line: Line) -> socket.socket:
        asked.append("")
        if 4 < len(asked) < 20:
            raise ConnectionRefusedError
        return connect(line)

    monkeypatch.setattr(Line, "connect", refuse)
    heard, faults = await heard_by(channel(server), 1)
    assert (texts(heard), len(faults)) == (["text 1"], 19)


class Fragile(MemoryFiles):
    """Files that are not kept so many times."""

    def __init__(self, times: int, error: Exception) -> None:
        super().__init__()
        self.times, self.error = times, error

    async def keep(self, data: bytes, *, name: str, kind: str) -> Attachment:
        """Keep a file, or fail."""
        self.times -= 1
        if self.times >= 0:
            raise self.error
        return await super().keep(data, name=name, kind=kind)


@pytest.mark.parametrize(
    ("times", "error", "told"),
    [
        (99, KeyError("x"), note(1, "KeyError")),
        (4, KeyError("x"), ""),
        (12, ChannelFault("retry", "down"), ""),
    ],
)
async def test_a_mail_that_fails_with_us_is_a_note_too(
    server: FakeImap, times: int, error: Exception, told: str
) -> None:
    """Unless it is where files are kept that is down: that is no mail's fault."""
    file = mail(1).replace(b"text/plain; charset=utf-8", b"application/pdf; name=a.pdf")
    server.deliver(file, mail(2))
    mails = Email(
        "mail",
        address="help@bank.vn",
        keys=KEYS,
        inbox=reading(server),
        files=Fragile(times, error),
        clock=Hasty(),
    )
    heard, _ = await heard_by(mails, 2)
    assert texts(heard) == [told, "text 2"]
    assert [len(message.content.attachments) for message in heard] == [0 if told else 1, 0]
    assert heard[0].content.subject == "Card 1"


def test_a_text_for_notes_without_its_fields_is_refused() -> None:
    """With the name of the setting."""
    with pytest.raises(ConfigurationError, match=r"Email\.unreadable"):
        Email("mail", address="help@bank.vn", keys=KEYS, unreadable="{what}")


# --- who may in -----------------------------------------------------------------------------------


async def fault_of(mails: Email) -> ChannelFault:
    """Return the fault that reading a channel ends with."""
    async with opened(mails) as reader:
        with pytest.raises(ChannelFault) as error:
            await reader.text()
    return error.value


async def test_a_wrong_password_is_told_without_it(server: FakeImap) -> None:
    """The server repeats it in its answer; nothing of ours does."""
    fault = await fault_of(channel(server, password=Secret("wr0ng word")))
    assert (fault.kind, fault.code) == ("unauthorised", "AUTHENTICATIONFAILED")
    shown = f"{fault!r} {fault} {fault.__cause__} {channel(server)!r} {reading(server)!r}"
    assert "wr0ng" not in shown
    assert PASSWORD not in shown


async def test_a_password_of_any_letters(server: FakeImap) -> None:
    """What is not ASCII goes as the standard has it, and fails as any other that is wrong."""
    fault = await fault_of(channel(server, password=Secret("mật khẩu")))
    assert (fault.kind, server.log.count("AUTHENTICATE")) == ("unauthorised", 1)


async def test_a_server_that_lets_nobody_in_now_is_asked_again(server: FakeImap) -> None:
    """That is no word about our password."""
    server.faults = [Fault("LOGIN", say="NO [UNAVAILABLE] later")]
    assert (await fault_of(channel(server))).kind == "retry"


async def test_an_access_token_in_place_of_a_password(server: FakeImap) -> None:
    """It is asked for each time; one that the server does not take is a wrong password."""
    asked: list[str] = []

    async def token() -> Secret:
        asked.append("")
        return Secret("tok")

    server.token = "tok"  # noqa: S105 - known to nobody
    server.deliver(mail(1))
    mails = channel(server, password=None, token=token)
    async with opened(mails) as reader:
        assert await reader.text() == "text 1"
    server.token = "other"  # noqa: S105
    assert (await fault_of(mails)).kind == "unauthorised"
    assert len(asked) == 2

    async def broken() -> Secret:
        raise KeyError("tok")

    fault = await fault_of(channel(server, password=None, token=broken))
    assert (fault.kind, fault.detail) == ("retry", "no token: KeyError")


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_the_connection_is_encrypted_and_the_server_known(security: str) -> None:
    """A certificate that nobody vouches for is refused before anything is said."""
    tls = "tls" if security == "tls" else ""
    with FakeImap(can="IDLE STARTTLS", tls=tls).running() as server:
        server.deliver(mail(1))
        trusted = ssl.create_default_context(cafile=PEM)
        async with opened(channel(server, security=security, context=trusted)) as reader:
            assert await reader.text() == "text 1"
        fault = await fault_of(channel(server, security=security))
        assert (fault.kind, server.logins) == ("retry", 1)
        assert "self-signed" in fault.detail


async def test_no_word_is_said_in_the_clear_where_the_server_cannot_encrypt() -> None:
    """Somebody in between may have taken STARTTLS out of what it offers."""
    with FakeImap(can="IDLE").running() as server:
        fault = await fault_of(channel(server, security="starttls"))
        assert (fault.kind, server.logins, "LOGIN" in server.log) == ("retry", 0, False)


async def test_what_the_server_refuses_is_told(server: FakeImap) -> None:
    """A folder that is not there, and a server that is not."""
    server.faults = [Fault("EXAMINE", say="NO there is none")]
    assert (await fault_of(channel(server, folder="None"))).kind == "rejected"
    with FakeImap().running() as other:
        port = other.port
    gone = Email(
        "mail",
        address="help@bank.vn",
        keys=KEYS,
        inbox=Imap(host="127.0.0.1", port=port, user=USER, password=Secret("x"), security="plain"),
    )
    assert (await fault_of(gone)).detail == "127.0.0.1: Connection refused"


async def test_it_is_open_once(server: FakeImap) -> None:
    """A second reader would take what the first one waits for."""
    mails = channel(server)
    async with opened(mails):
        with pytest.raises(ChannelFault, match="open already"):
            async with mails.open():
                pass


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"host": ""}, "Imap.host"),
        ({"user": "a\r\nb"}, "Imap.user"),
        ({"password": "plain"}, "Imap.password"),
        ({"password": None}, "Imap.password"),
        ({"security": "ssl"}, "Imap.security"),
        ({"port": 70_000}, "Imap.port"),
        ({"first": "last"}, "Imap.first"),
        ({"idle": minutes(30)}, "Imap.idle"),
        ({"poll": seconds(0)}, "Imap.poll"),
        ({"timeout": hours(0)}, "Imap.timeout"),
        ({"most_bytes": 0}, "Imap.most_bytes"),
    ],
)
def test_wrong_settings_are_refused_where_they_are_given(
    wrong: dict[str, object], told: str
) -> None:
    """With the name of the setting."""
    given: dict[str, object] = {"host": "h", "user": "u", "password": Secret("x")}
    with pytest.raises(ConfigurationError, match=told):
        Imap(**(given | wrong))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_ports_follow_from_the_protection() -> None:
    """993 where it begins encrypted, 143 elsewhere."""
    several = [
        Imap(host="h", user="u", password=Secret("x"), security=one).port
        for one in ("tls", "starttls", "plain")
    ]
    assert several == [993, 143, 143]
