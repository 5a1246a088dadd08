"""What customers are shown besides messages, and what agents see of them besides messages."""

from __future__ import annotations

from contextlib import suppress

import anyio
import pytest

from tests.runtime.helpers import kept, running, until
from tongdai import Address, Content, PutAgent, Queue, seconds
from tongdai.center import events
from tongdai.channels import Message, Revised, Seen, Served, Sign, Typing, Waiting
from tongdai.journal import MemoryJournal
from tongdai.model.agent import Agent
from tongdai.model.contact import Attachment, Button
from tongdai.runtime import Heard
from tongdai.testing import FakeChannel

pytestmark = pytest.mark.anyio


async def test_typing_goes_to_the_agent_and_not_to_the_journal() -> None:
    """To the desk of whoever has the contact, and to those who follow."""
    journal = MemoryJournal()
    async with running(journal=journal, agents=["an"]) as it, it.live.sign_in("an") as me:
        lan = it.chat.customer("lan")
        seen = it.live.activities()
        await lan.types()  # nobody has a contact of hers
        await lan.says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            before = len(await kept(journal))
            it.clock.advance(seconds(7))
            await lan.types()
            assert await anext(talk.typing) == seconds(7)
            noticed = await anext(seen)
            assert (noticed.contact, noticed.activity.what) == (talk.contact, "typing")
            assert len(await kept(journal)) == before
            await lan.leaves()
            assert [instant async for instant in talk.typing] == []
        assert (await anext(seen)).activity.what == "left"
    assert await anext(seen, None) is None


async def test_a_customer_sees_that_an_agent_reads_and_writes() -> None:
    """From the desk, or by the contact's id; where nobody is there, nothing happens."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        lan = it.chat.customer("lan")
        await lan.says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            heard = await anext(talk.messages)
            await talk.saw(heard.key)
            await talk.type()
            await anyio.wait_all_tasks_blocked()
            assert shown(lan.shown)[-2:] == [Seen(("m1",)), Typing()]
            await it.live.show(talk.contact, Typing())
            await it.live.show("nobody", Typing())
            await anyio.wait_all_tasks_blocked()
            assert shown(lan.shown)[-2:] == [Typing(), Typing()]


def shown(signs: list[Sign]) -> list[Sign]:
    """Return the signs that are not about waiting."""
    return [sign for sign in signs if not isinstance(sign, Waiting)]


async def test_a_customer_sees_who_has_the_contact() -> None:
    """When an agent accepts, when they are gone, and when it is over."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        lan = it.chat.customer("lan")
        await lan.says("xin chào")
        with suppress(ZeroDivisionError):
            async with (await anext(me.offers)).accept():
                await anyio.wait_all_tasks_blocked()
                raise ZeroDivisionError
        await me.give_back()
        it.clock.advance(seconds(5))  # (the contact cools off for that long)
        async with (await anext(me.offers)).accept():
            await anyio.wait_all_tasks_blocked()
        await anyio.wait_all_tasks_blocked()
        assert shown(lan.shown) == [Served("an"), Served(), Served("an"), Served()]


async def test_customers_are_told_a_name() -> None:
    """What an agent is called is not their id, where the application says so."""
    async with running(agents=["an"], names={"an": "Thu An"}) as it, it.live.sign_in("an") as me:
        lan = it.chat.customer("lan")
        await lan.says("xin chào")
        async with (await anext(me.offers)).accept():
            await anyio.wait_all_tasks_blocked()
            assert shown(lan.shown) == [Served("Thu An")]


async def test_who_waits_sees_their_place() -> None:
    """At once, and when it changes, but not more often than every three seconds."""
    async with running() as it:
        people = [it.chat.customer(name) for name in ("lan", "mai", "ha")]
        with it.live.events() as seen:
            for one in people:
                await one.says("xin chào")
                await until(seen, events.MessageReceived)
            it.clock.advance(seconds(3))
            await anyio.wait_all_tasks_blocked()
            assert [one.shown[-1] for one in people] == [Waiting(n) for n in (1, 2, 3)]
            for one in people[:2]:
                await one.leaves()
                await until(seen, events.ContactAbandoned)
            await anyio.wait_all_tasks_blocked()
            assert people[2].shown == [Waiting(3)]
            it.clock.advance(seconds(3))
            await anyio.wait_all_tasks_blocked()
            it.clock.advance(seconds(3))
            await anyio.wait_all_tasks_blocked()
        assert people[2].shown == [Waiting(3), Waiting(1)]


async def test_what_a_customer_revises_reaches_the_desk() -> None:
    """Edited and withdrawn, by the key of the message; automatic messages say that they are."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        lan = Address("web", "lan")
        content = Content(
            "thẻ", (Attachment("image/png", "file:1"),), (Button("1", "Thẻ"),), question="q"
        )
        it.chat.deliver(Message(key="k1", at=0, address=lan, content=content))
        async with (await anext(me.offers)).accept() as talk:
            it.chat.deliver(
                Revised(key="r1", at=0, address=lan, message="k1", content=Content("vay"))
            )
            it.chat.deliver(Revised(key="r2", at=0, address=lan, message="k1"))
            it.chat.deliver(
                Message(key="k2", at=0, address=lan, content=Content("vắng"), automatic="reply")
            )
            heard = [await anext(talk.messages) for _ in range(4)]
        assert heard == [
            Heard(talk.contact, content, "k1"),
            Heard(talk.contact, Content("vay"), "k1", revised="edited"),
            Heard(talk.contact, Content(), "k1", revised="withdrawn"),
            Heard(talk.contact, Content("vắng"), "k2", automatic="reply"),
        ]


class Blind(FakeChannel):
    """A channel that cannot show what it is asked to, or takes for ever."""

    async def show(self, to: Address, sign: Sign) -> None:
        """Fail for one, hang for the other."""
        if to.to == "lan":
            raise ConnectionError(str(sign))
        if to.to == "mai":
            await anyio.sleep_forever()
        await super().show(to, sign)


async def test_what_cannot_be_shown_is_forgotten() -> None:
    """It is no fault, and holds up the others for a few seconds at most."""
    chat = Blind("web")
    queue = Queue("cards", wrap_up=seconds(0))
    async with running(queue, chat=chat) as it:
        with it.live.events() as seen:
            for name in ("lan", "mai", "ha"):
                await chat.customer(name).says("xin chào")
                await until(seen, events.MessageReceived)
            for _ in range(8):
                await anyio.wait_all_tasks_blocked()
                it.clock.advance(seconds(3))
        assert Waiting(3) in chat.customer("ha").shown
        assert list(it.live.faults) == []


async def test_the_wrap_up_is_the_talks() -> None:
    """It is extended and ended through it; and an offer has its context and its end."""
    queue = Queue("cards", wrap_up=seconds(20))
    async with running(queue) as it:
        await it.live.handle(PutAgent(Agent("an")))
        async with it.live.sign_in("an") as me:
            await it.chat.customer("lan").says("xin chào")
            offer = await anext(me.offers)
            assert (offer.until, offer.context) == (seconds(20), {})
            async with offer.accept() as talk:
                pass
            with it.live.events() as seen:
                assert await talk.extend_wrap_up(it.clock.now() + seconds(60))
                assert await talk.dispose("answered")
                ended = await until(seen, events.WrapUpEnded)
            assert (ended.disposition, await talk.dispose("again")) == ("answered", False)
