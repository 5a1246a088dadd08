"""Whoever puts something in learns what became of it, whatever happens meanwhile."""

from __future__ import annotations

import anyio
import pytest

from tongdai import Address, Content
from tongdai.channels import Message
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.runtime import Inbox

pytestmark = pytest.mark.anyio


def message(key: str) -> Message:
    """Return a message."""
    return Message(key=key, at=0, address=Address("web", "lan"), content=Content("xin chào"))


class Putter:
    """Somebody who puts things in, and notes what became of them."""

    def __init__(self, inbox: Inbox) -> None:
        self.inbox = inbox
        self.told: list[str] = []

    async def put(self, *keys: str) -> None:
        """Put in messages of these keys."""
        try:
            await self.inbox.put([message(key) for key in keys])
        except ChannelFault as fault:
            self.told.append(str(fault))
        else:
            self.told.append("taken " + " ".join(keys))


async def ask(inbox: Inbox) -> None:
    """Ask for the next."""
    await anext(inbox, None)


async def settle() -> None:
    """Let everybody go on until all of them wait."""
    await anyio.wait_all_tasks_blocked()


async def test_taken_is_when_the_next_is_asked_for() -> None:
    """Not when it was read: then it is in nobody's journal yet."""
    inbox = Inbox()
    who = Putter(inbox)
    async with anyio.create_task_group() as tasks, inbox.open() as incoming:
        tasks.start_soon(who.put, "a", "b")
        assert (await anext(incoming)).key == "a"
        assert (await anext(incoming)).key == "b"
        await settle()
        assert (who.told, len(inbox)) == ([], 0)
        tasks.start_soon(ask, incoming)
        await settle()
        assert who.told == ["taken a b"]
        tasks.cancel_scope.cancel()


async def test_the_order_is_that_of_putting() -> None:
    """Within a batch, and between those who put."""
    inbox = Inbox()
    async with anyio.create_task_group() as tasks, inbox.open() as incoming:
        for keys in ("ab", "c", "de"):
            tasks.start_soon(Putter(inbox).put, *keys)
            await settle()
        assert [(await anext(incoming)).key for _ in "abcde"] == list("abcde")
        tasks.cancel_scope.cancel()


async def test_nobody_is_let_in_while_nobody_reads() -> None:
    """Before, and after: the provider shall deliver again."""
    inbox = Inbox()
    who = Putter(inbox)
    await who.put("a")
    async with inbox.open():
        pass
    await who.put("b")
    assert who.told == ["retry: nobody reads the channel"] * 2


async def test_what_waits_when_it_is_closed_is_refused() -> None:
    """What was read and not taken as well as what was not read; the reader comes to an end."""
    inbox = Inbox()
    one, two = Putter(inbox), Putter(inbox)
    async with anyio.create_task_group() as tasks:
        async with inbox.open() as incoming:
            tasks.start_soon(one.put, "a")
            tasks.start_soon(two.put, "b")
            await settle()
            await anext(incoming)
        await settle()
        assert await anext(incoming, None) is None
    assert (one.told, two.told) == (["retry: the channel was closed before it was taken"],) * 2


async def test_a_reader_who_waits_learns_that_it_is_closed() -> None:
    """Though nothing comes in."""
    inbox = Inbox()
    read: list[object] = []

    async def reader() -> None:
        read.append(await anext(inbox, None))

    async with anyio.create_task_group() as tasks, inbox.open() as incoming:
        tasks.start_soon(reader)
        await settle()
        await incoming.aclose()
    assert read == [None]


async def test_one_who_is_cancelled_while_putting_holds_up_nobody() -> None:
    """The reader still gets it, and goes on to the next."""
    inbox = Inbox()
    late = Putter(inbox)
    async with anyio.create_task_group() as tasks, inbox.open() as incoming:
        with anyio.CancelScope() as scope:
            tasks.start_soon(late.put, "b")
            scope.cancel()
            await inbox.put([message("a")])
        keys = {(await anext(incoming)).key, (await anext(incoming)).key}
        assert keys == {"a", "b"}
        tasks.start_soon(ask, incoming)
        await settle()
        assert late.told == ["taken b"]
        tasks.cancel_scope.cancel()


async def test_a_reader_who_is_cancelled_loses_nothing() -> None:
    """Whoever reads next gets what comes next."""
    inbox = Inbox()
    async with anyio.create_task_group() as tasks, inbox.open() as incoming:
        with anyio.move_on_after(0):
            await anext(incoming)
        tasks.start_soon(Putter(inbox).put, "a")
        await settle()
        with anyio.move_on_after(0):
            await anext(incoming)
        assert (await anext(incoming)).key == "a"
        tasks.cancel_scope.cancel()


async def test_a_second_opener_is_refused() -> None:
    """And takes nothing from the first; after it, the inbox opens again."""
    inbox = Inbox()
    who = Putter(inbox)
    async with anyio.create_task_group() as tasks:
        async with inbox.open() as incoming:
            tasks.start_soon(who.put, "a")
            with pytest.raises(ChannelFault, match="rejected: the channel is open already"):
                await inbox.open().__aenter__()
            assert (await anext(incoming)).key == "a"
            tasks.start_soon(ask, incoming)
            await settle()
        async with inbox.open() as incoming:
            tasks.start_soon(who.put, "b")
            assert (await anext(incoming)).key == "b"
    assert who.told == ["taken a", "retry: the channel was closed before it was taken"]


async def test_what_waits_has_a_bound() -> None:
    """Who would go beyond it is told at once; a large batch is let in while nothing waits."""
    inbox = Inbox(most=2)
    one, two, three = (Putter(inbox) for _ in range(3))
    async with anyio.create_task_group() as tasks, inbox.open() as incoming:
        tasks.start_soon(one.put, "a", "b", "c")
        await settle()
        tasks.start_soon(two.put, "d")
        await settle()
        assert (two.told, len(inbox)) == (["retry: too much waits already"], 3)
        for _ in "abc":
            await anext(incoming)
        tasks.start_soon(three.put, "e", "f")
        assert [(await anext(incoming)).key for _ in "ef"] == ["e", "f"]
        tasks.cancel_scope.cancel()
    with pytest.raises(ConfigurationError, match=r"Inbox\.most"):
        Inbox(most=0)


async def test_several_may_be_held_and_taken_in_any_order() -> None:
    """Each of those who put learns of their own."""
    inbox = Inbox()
    one, two = Putter(inbox), Putter(inbox)
    async with anyio.create_task_group() as tasks, inbox.open() as incoming:
        tasks.start_soon(one.put, "a")
        await settle()
        tasks.start_soon(two.put, "b")
        first, second = await incoming.hold(), await incoming.hold()
        assert first is not None
        assert second is not None
        second[1]()
        await settle()
        assert (one.told, two.told) == ([], ["taken b"])
        first[1]()
        await settle()
        assert one.told == ["taken a"]


async def test_nothing_is_put_at_once() -> None:
    """An empty batch is taken."""
    inbox = Inbox()
    async with inbox.open():
        await inbox.put([])
