"""How far a mailbox is read is kept; and threads for what blocks."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import anyio
import pytest

from tests.adapters.email.fake_imap import FakeImap
from tests.adapters.email.test_transport_imap import channel, read_all
from tests.adapters.email.transport import KEYS, mail, opened
from tongdai.adapters.email import Email, FileStore, Imap, MemoryStore, Smtp
from tongdai.adapters.email.aside import aside
from tongdai.channels import Message
from tongdai.errors import ChannelFault, ConfigurationError

pytestmark = pytest.mark.anyio


async def test_a_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """What is kept is there for the next program; nothing else is left in the folder."""
    store = FileStore(tmp_path / "place")
    assert await store.load() == b""
    await store.keep(b"one")
    await store.keep(b"two")
    assert await FileStore(str(tmp_path / "place")).load() == b"two"
    assert os.listdir(tmp_path) == ["place"]  # noqa: PTH208 - (a look at a folder)


async def test_what_cannot_be_kept_is_told_and_leaves_what_was_there(tmp_path: Path) -> None:
    """As a fault that may pass."""
    store = FileStore(tmp_path / "gone" / "place")
    with pytest.raises(ChannelFault, match="retry: the store cannot be written"):
        await store.keep(b"one")
    with pytest.raises(ChannelFault, match="retry: the store cannot be read"):
        await FileStore(tmp_path).load()
    folder = FileStore(tmp_path / "folder")
    (tmp_path / "folder" / "in").mkdir(parents=True)
    with pytest.raises(ChannelFault, match="retry: the store cannot be written"):
        await folder.keep(b"one")
    assert os.listdir(tmp_path) == ["folder"]  # noqa: PTH208


async def test_a_store_of_something_else_is_not_written_over(tmp_path: Path) -> None:
    """Somebody has named the wrong file."""
    path = tmp_path / "notes"
    path.write_text("my notes")
    mails = Email("mail", address="help@bank.vn", keys=KEYS, store=FileStore(path))
    with pytest.raises(ChannelFault, match=r"rejected: Email\.store"):
        async with opened(mails):
            pass
    assert path.read_text() == "my notes"


class Failing(MemoryStore):
    """A store that fails as often as it is told to."""

    def __init__(self, times: int) -> None:
        """Fail so many times."""
        super().__init__()
        self.times = times

    async def keep(self, state: bytes) -> None:
        """Keep it, or not."""
        if self.times:
            self.times -= 1
            raise ChannelFault("retry", "full")
        await super().keep(state)


async def test_a_store_that_fails_is_tried_again() -> None:
    """Reading it is a fault meanwhile, and the mails come again, by the same keys."""
    with FakeImap().running() as server:
        server.deliver(mail(1))
        mails = channel(server, store := Failing(3))
        heard: list[Message] = []
        told: list[str] = []
        for _ in "123":
            try:
                async with opened(mails) as reader:
                    await read_all(server, reader, heard)
            except* ChannelFault as group:
                told += [str(fault) for fault in group.exceptions]
    assert told == ["retry: full"] * 2
    assert len({message.key for message in heard}) == 1
    assert b'"uid":1' in await store.load()


async def test_threads_are_known_to_the_next_program() -> None:
    """So its answers carry on where the last one's did."""
    with FakeImap().running() as server:
        server.deliver(mail(1))
        store = MemoryStore()
        async with opened(channel(server, store)) as reader:
            (message,) = await read_all(server, reader)
        again = channel(server, store)
        async with opened(again):
            known = again._known.thread(message.address.to)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    assert known is not None
    assert (known.subject, known.references) == ("Card 1", ("m1@x.vn",))


async def test_work_aside_gives_what_it_returns_or_raises() -> None:
    """In a thread of that name, which is gone afterwards."""
    names: list[str] = []

    def work() -> int:
        names.append(threading.current_thread().name)
        return 3

    def fail() -> None:
        raise KeyError("x")

    assert await aside("email test", work) == 3
    with pytest.raises(KeyError):
        await aside("email test", fail)
    assert (names, [t.name for t in threading.enumerate() if t.name == names[0]]) == (
        ["email test"],
        [],
    )


async def test_work_aside_that_nobody_can_stop_is_waited_for() -> None:
    """Whoever is cancelled leaves when it has ended, and not before."""
    over = threading.Event()
    ended: list[bool] = []

    def work() -> None:
        over.wait(5)
        ended.append(True)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(aside, "email test", work)
        await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
        over.set()
    assert ended == [True]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"inbox": "imap.bank.vn"}, "Email.inbox"),
        ({"outgoing": "smtp.bank.vn"}, "Email.outgoing"),
        ({"outgoing": Imap}, "Email.outgoing"),
        ({"inbox": Smtp(host="h")}, "Email.inbox"),
        ({"address": "bank"}, "address"),
        ({"keys": []}, "keys"),
        ({"id": ""}, "Email.id"),
        ({"too_large": "{x}"}, "Email.too_large"),
    ],
)
def test_wrong_settings_are_refused_where_they_are_given(
    wrong: dict[str, object], told: str
) -> None:
    """With the name of the setting."""
    given: dict[str, object] = {"id": "mail", "address": "help@bank.vn", "keys": KEYS}
    with pytest.raises(ConfigurationError, match=told):
        Email(**(given | wrong))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


async def test_without_an_inbox_nothing_comes() -> None:
    """It can be sent over all the same."""
    mails = Email("mail", address="help@bank.vn", keys=KEYS)
    async with opened(mails) as reader:
        with anyio.move_on_after(0.01) as scope:
            await reader.text()
    assert scope.cancelled_caught
