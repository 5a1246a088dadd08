"""Agents at their desks: offers, races, talks, and how they leave."""

from __future__ import annotations

import anyio
import pytest

from tests.runtime.helpers import names, running, until
from tongdai import (
    Address,
    Agent,
    Center,
    Content,
    IllegalInput,
    Plan,
    PutAgent,
    Queue,
    Receive,
    RemoveAgent,
    Step,
    seconds,
)
from tongdai.center import events
from tongdai.channels import Message
from tongdai.errors import OfferGone
from tongdai.journal import MemoryJournal
from tongdai.model.time import OPEN_ENDED
from tongdai.routing import broadcast
from tongdai.runtime import Runtime
from tongdai.testing import ManualClock

pytestmark = pytest.mark.anyio


async def test_a_customer_is_answered() -> None:
    """An offer comes, is accepted, the customer is heard and hears; the chat is closed after."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        lan = it.chat.customer("lan")
        await lan.says("Thẻ của tôi bị khóa")
        offer = await anext(me.offers)
        async with offer.accept() as talk:
            heard = await anext(talk.messages)
            assert await talk.say(f"Dạ: {heard.content.text}")
            await talk.end(disposition="answered")
        assert await lan.hears() == "Dạ: Thẻ của tôi bị khóa"
        assert it.live.center.state.contacts == {}
    assert lan.let_go


async def test_what_was_written_before_the_accept_is_heard_first() -> None:
    """Messages of the wait come first, later ones follow, and leaving ends them."""
    async with running(agents=["an"]) as it:
        lan = it.chat.customer("lan")
        with it.live.events() as seen:
            for text in ("một", "hai"):
                await lan.says(text)
                await until(seen, events.MessageReceived)
        async with it.live.sign_in("an") as me:
            async with (await anext(me.offers)).accept() as talk:
                await lan.says("ba")
                await lan.leaves()
                texts = [message.content.text async for message in talk.messages]
            assert texts == ["một", "hai", "ba"]
            assert talk.over == "customer"
            assert not await talk.say("còn đó không?")


async def test_the_first_of_two_accepts_wins() -> None:
    """A broadcast offer is on both desks; one gets the talk, the other is told why not."""
    center = Center([Queue("cards")], strategy=broadcast(2))
    async with (
        running(center=center, agents=["an", "binh"]) as it,
        it.live.sign_in("an") as an,
        it.live.sign_in("binh") as binh,
    ):
        await it.chat.customer("lan").says("xin chào")
        first, second = await anext(an.offers), await anext(binh.offers)
        async with first.accept():
            with pytest.raises(OfferGone) as caught:
                await second.accept().__aenter__()
        assert caught.value.reason == f"accepted by {first.agent}"


async def test_an_expired_offer_is_gone() -> None:
    """Accepting too late raises, with the reason; the agent is back after saying so."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        await it.chat.customer("lan").says("xin chào")
        offer = await anext(me.offers)
        it.clock.advance(seconds(21))
        with pytest.raises(OfferGone) as caught:
            await offer.accept().__aenter__()
        assert (caught.value.reason, offer.gone) == ("expired", "expired")
        await me.set_presence("available")
        assert (await anext(me.offers)).id == "web-1/2"


async def test_an_offer_that_is_over_before_it_is_seen_is_left_out() -> None:
    """The customer leaves while the agent looks elsewhere; the next offer is another's."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        with it.live.events() as seen:
            await it.chat.customer("lan").says("xin chào")
            await it.chat.customer("lan").leaves()
            await until(seen, events.ContactAbandoned)
        await it.chat.customer("mai").says("xin chào")
        assert (await anext(me.offers)).contact == "web-2"


async def test_a_declined_offer_comes_again_after_its_cool_off() -> None:
    """Nobody else fits, so it is five seconds."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        await it.chat.customer("lan").says("xin chào")
        await (await anext(me.offers)).decline("busy")
        with it.live.events() as seen:
            it.clock.advance(seconds(5))
            assert (await until(seen, events.ContactOffered)).at == seconds(5)
        assert (await anext(me.offers)).id == "web-1/2"


async def test_leaving_a_talk_ends_it() -> None:
    """Without `end` there is no disposition, and so the queue's wrap-up."""
    async with (
        running(Queue("cards", wrap_up=OPEN_ENDED), agents=["an"]) as it,
        it.live.sign_in("an") as me,
    ):
        await it.chat.customer("lan").says("xin chào")
        with it.live.events() as seen:
            async with (await anext(me.offers)).accept():
                pass
            assert (await until(seen, events.ContactEnded)).wrap_up
            assert (await until(seen, events.WrapUpStarted)).until is None


async def test_an_offer_that_accepts_itself_comes_connected() -> None:
    """The loop over offers is the same for agents with auto-accept."""
    queue = Queue("cards", auto_accept=True)
    async with running(queue, agents=["an"]) as it, it.live.sign_in("an") as me:
        await it.chat.customer("lan").says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            assert (await anext(talk.messages)).content.text == "xin chào"
            assert len(talk.messages) == 0


class Unwoken(ManualClock):
    """A clock by which nobody ever wakes."""

    async def sleep_until(self, moment: int) -> None:
        """Sleep on."""
        del moment
        await anyio.sleep_forever()


def _written(key: str, text: str) -> Message:
    return Message(key=key, at=0, address=Address("web", "lan"), content=Content(text))


async def test_a_message_in_the_step_that_connects_is_heard_once() -> None:
    """The plan relaxes, the offer accepts itself, and the customer writes: all in one decision."""
    plan = Plan("cards>=3", Step(seconds(30), "cards"))
    queue = Queue("cards", plan, auto_accept=True)
    async with running(queue, clock=Unwoken()) as it:
        await it.live.handle(PutAgent(Agent("an", {"cards": 1})))
        async with it.live.sign_in("an") as me:
            await it.live.handle(Receive(_written("k1", "một"), "cards"))
            await anyio.wait_all_tasks_blocked()  # the timer sleeps, and will not wake
            it.clock.advance(seconds(30))
            decision = await it.live.handle(Receive(_written("k2", "hai"), "cards"))
            kinds = [type(event) for event in decision.events]
            assert {events.OfferAccepted, events.MessageReceived} <= set(kinds)
            async with (await anext(me.offers)).accept() as talk:
                heard = [await anext(talk.messages) for _ in range(2)]
                assert [message.content.text for message in heard] == ["một", "hai"]
                assert len(talk.messages) == 0


async def test_a_normal_exit_is_offline() -> None:
    """Whoever leaves the block in good order is offline."""
    async with running(agents=["an"]) as it:
        async with it.live.sign_in("an"):
            assert it.live.center.agent("an").presence == "available"
        assert it.live.center.agent("an").presence == "offline"


async def test_cancellation_is_agent_lost() -> None:
    """A cancelled agent keeps the contact for the grace; then it waits in its old place."""
    async with running(agents=["an"]) as it:
        await it.chat.customer("lan").says("xin chào")
        with it.live.events() as seen:
            with anyio.CancelScope() as scope:
                async with it.live.sign_in("an") as me, (await anext(me.offers)).accept():
                    scope.cancel()
                    await anyio.sleep_forever()
            lost = await until(seen, events.AgentLost)
            assert (lost.agent, lost.until) == ("an", seconds(30))
            assert it.live.center.contact("web-1").phase == "active"
            it.clock.advance(seconds(30))
            assert (await until(seen, events.InteractionFailed)).contact == "web-1"
            assert it.live.center.contact("web-1").phase == "waiting"


async def test_an_exception_is_agent_lost_and_comes_out_as_it_was() -> None:
    """What went wrong at the desk is what the caller sees."""
    journal = MemoryJournal()
    async with running(journal=journal, agents=["an"]) as it:
        with pytest.raises(ZeroDivisionError):
            async with it.live.sign_in("an"):
                raise ZeroDivisionError
    assert (await names(journal))[-1] == "AgentLost"


async def test_a_lost_agent_who_is_back_goes_on_with_the_same_contact() -> None:
    """Within the grace, the interaction is on the new desk, with what was said."""
    async with running(agents=["an"]) as it:
        lan = it.chat.customer("lan")
        await lan.says("xin chào")
        with anyio.CancelScope() as scope:
            async with it.live.sign_in("an") as me, (await anext(me.offers)).accept():
                scope.cancel()
                await anyio.sleep_forever()
        async with it.live.sign_in("an") as me, (await anext(me.offers)).accept() as talk:
            assert (talk.id, (await anext(talk.messages)).content.text) == ("web-1/1", "xin chào")


async def test_a_talk_that_is_left_while_the_agent_goes_on_waits_again() -> None:
    """The agent caught the error of one talk, and asks for the next offer."""
    async with running(agents=["an", "binh"]) as it, it.live.sign_in("an") as me:
        await it.chat.customer("lan").says("xin chào")
        with it.live.events() as seen:
            with pytest.raises(ZeroDivisionError):
                async with (await anext(me.offers)).accept():
                    raise ZeroDivisionError
            async with it.live.sign_in("binh"), anyio.create_task_group() as tasks:
                tasks.start_soon(anext, me.offers)
                assert (await until(seen, events.InteractionFailed)).reason == "left by the agent"
                assert (await until(seen, events.ContactOffered)).agent == "binh"
                tasks.cancel_scope.cancel()


async def test_a_talk_that_is_entered_twice_is_refused() -> None:
    """One offer, one talk."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        await it.chat.customer("lan").says("xin chào")
        offer = await anext(me.offers)
        async with offer.accept():
            with pytest.raises(OfferGone, match="accepted already"):
                await offer.accept().__aenter__()


async def test_an_agent_signs_in_once() -> None:
    """A second desk for the same agent is refused; the first one stays."""
    async with running(agents=["an"]) as it, it.live.sign_in("an"):
        with pytest.raises(IllegalInput, match="'an' is at a desk already"):
            await it.live.sign_in("an").__aenter__()
        assert it.live.center.agent("an").presence == "available"


async def test_an_unknown_agent_cannot_sign_in() -> None:
    """The error names the near one."""
    async with running(agents=["binh"]) as it:
        with pytest.raises(IllegalInput, match="Did you mean 'binh'"):
            await it.live.sign_in("bin").__aenter__()
        await it.live.handle(PutAgent(Agent("bin")))
        async with it.live.sign_in("bin"):
            pass


async def test_a_removed_agent_gets_no_more_offers() -> None:
    """The loop over offers ends."""
    async with running(agents=["an"]) as it, anyio.create_task_group() as tasks:
        tasks.start_soon(_serve, it.live)
        with it.live.events() as seen:
            await until(seen, events.PresenceChanged)
        await it.live.handle(RemoveAgent("an"))


async def _serve(live: Runtime) -> None:
    async with live.sign_in("an") as me:
        async for _ in me.offers:
            raise AssertionError


async def test_a_flood_of_messages_is_bounded() -> None:
    """An agent who does not read has 200 messages at most, and the count of the others."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        lan = it.chat.customer("lan")
        await lan.says("0")
        async with (await anext(me.offers)).accept() as talk:
            with it.live.events() as seen:
                for number in range(1, 251):
                    await lan.says(str(number))
                while (await until(seen, events.MessageReceived)).key != "m251":
                    pass
            assert (len(talk.messages), talk.messages.missed) == (200, 51)
