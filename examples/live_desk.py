"""A chat desk in memory: customers and agents are tasks that run at the same time.

    python examples/live_desk.py [--backend asyncio|trio]

Five customers write to a bank's chat, two agents answer, each several at once. The clock moves on
whenever everybody waits, so a minute at the desk takes a moment here. What is printed is what the
journal keeps, in its order.
"""

from __future__ import annotations

import argparse
from importlib.util import find_spec

import anyio
import attrs
from anyio.abc import TaskGroup

from tongdai import Agent, Center, Duration, Plan, PutAgent, Queue, Step, minutes, seconds
from tongdai.center import events
from tongdai.channels import Message
from tongdai.journal import MemoryJournal
from tongdai.model.time import clock as spoken
from tongdai.runtime import Desk, Offer, Runtime, Subscription
from tongdai.testing import FakeChannel, FakeCustomer, ManualClock

CENTER = Center(
    [
        Queue("cards", Plan("cards>=3", Step(seconds(15), "cards")), wrap_up=seconds(5)),
        Queue("loans", "loans", wrap_up=seconds(5)),
    ]
)
READS = seconds(1)


@attrs.frozen
class Shift:
    """An agent, when they come, and how long they type an answer."""

    agent: Agent
    comes: Duration
    types: Duration


@attrs.frozen
class Visit:
    """A customer, when they come, how long they wait for an answer, and what they write."""

    name: str
    comes: Duration
    waits: Duration
    says: list[str]


SHIFTS = [
    Shift(Agent("an", {"cards": 4, "vi": 5}, capacity=50), seconds(0.1), seconds(3)),
    Shift(Agent("binh", {"cards": 1, "loans": 3, "vi": 4}), seconds(0.2), seconds(4)),
]
VISITS = [
    Visit("lan", seconds(1), minutes(2), ["Thẻ của tôi bị khóa", "Được rồi, cảm ơn em"]),
    Visit("mai", seconds(2.5), minutes(2), ["Tôi muốn vay mua nhà", "Lãi suất bao nhiêu?"]),
    Visit("ha", seconds(4.3), minutes(2), ["Tôi mất thẻ", "Khóa giúp tôi"]),
    Visit("tuan", seconds(5.9), seconds(9.4), ["Có ai không?"]),
    Visit("dung", seconds(8.2), minutes(2), ["Thẻ mới bao giờ có?"]),
]


def entry(first: Message) -> str:
    """Choose a contact's queue by its first message."""
    return "loans" if "vay" in first.content.text else "cards"


async def customer(chat: FakeChannel, clock: ManualClock, visit: Visit) -> None:
    """Write, wait for the answer, read it, go on; leave at the end, or when nobody answers."""
    await clock.sleep_until(visit.comes)
    me = chat.customer(visit.name)
    for text in visit.says:
        await me.says(text)
        if not await answered(me, clock, visit.waits):
            break
        await clock.sleep(seconds(6.7))
    await me.leaves()


async def answered(me: FakeCustomer, clock: ManualClock, waits: Duration) -> bool:
    """Wait for an answer, for so long at most, and say whether it came."""
    heard: list[str] = []

    async def listen() -> None:
        heard.append(await me.hears())
        tasks.cancel_scope.cancel()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listen)
        await clock.sleep(waits)
        tasks.cancel_scope.cancel()
    return bool(heard)


async def agent(live: Runtime, clock: ManualClock, shift: Shift, over: anyio.Event) -> None:
    """Sign in, serve all offers side by side, and sign out when the shift is over."""
    await clock.sleep_until(shift.comes)
    async with live.sign_in(shift.agent.id) as me, anyio.create_task_group() as tasks:
        tasks.start_soon(serve_all, me, clock, shift.types, tasks)
        await over.wait()
        await clock.sleep(shift.types)
        tasks.cancel_scope.cancel()


async def serve_all(me: Desk, clock: ManualClock, types: Duration, tasks: TaskGroup) -> None:
    """Take what is offered."""
    async for offer in me.offers:
        tasks.start_soon(serve, offer, me.agent, clock, types)


async def serve(offer: Offer, name: str, clock: ManualClock, types: Duration) -> None:
    """Answer each message until the customer leaves."""
    await clock.sleep(READS)
    async with offer.accept() as talk:  # leaving it ends the interaction
        async for message in talk.messages:
            await clock.sleep(types)
            await talk.say(f"{name.title()} xin nghe: “{message.content.text}”")


async def show(seen: Subscription) -> None:  # noqa: C901 - a line for each kind of event
    """Print what happens."""
    async for event in seen:
        match event:
            case events.MessageReceived(contact, content=content):
                told = f"{contact:6} » {content.text}"
            case events.MessageSaid(contact, agent, content=content):
                told = f"{contact:6} « {content.text}   ({agent})"
            case events.ContactQueued(contact, queue):
                told = f"{contact:6} waits for {queue}"
            case events.PlanStepped(contact, step):
                told = f"{contact:6} has come to step {step} of the plan"
            case events.ContactOffered(contact, agent):
                told = f"{contact:6} is offered to {agent}"
            case events.OfferAccepted(contact, agent):
                told = f"{contact:6} is with {agent}"
            case events.ContactAbandoned(contact):
                told = f"{contact:6} has left, unanswered"
            case events.ContactEnded(contact, reason):
                told = f"{contact:6} is ended by the {reason}"
            case events.WrapUpEnded(agent):
                told = f"{agent:6} is done with the wrap-up"
            case events.PresenceChanged(agent, presence):
                told = f"{agent:6} is {presence}"
            case _:
                continue
        print(f"{spoken(event.at):>7}  {told}")


async def main() -> None:
    """Run the desk until every customer is gone and every wrap-up done."""
    chat, clock = FakeChannel("web"), ManualClock()
    channels = {chat: entry}
    async with Runtime(CENTER, journal=MemoryJournal(), channels=channels, clock=clock) as live:
        seen = live.events()
        over = anyio.Event()
        async with anyio.create_task_group() as everybody:
            everybody.start_soon(show, seen)
            everybody.start_soon(clock.run)
            async with anyio.create_task_group() as staff:
                for shift in SHIFTS:
                    await live.handle(PutAgent(shift.agent))
                    staff.start_soon(agent, live, clock, shift, over)
                async with anyio.create_task_group() as visitors:
                    for visit in VISITS:
                        visitors.start_soon(customer, chat, clock, visit)
                await clock.sleep(seconds(10))
                over.set()
            await clock.sleep(seconds(1))
            everybody.cancel_scope.cancel()
        print(
            f"{live.center.state.version} events, {len(live.center.state.contacts)} contacts open"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A chat desk in memory.")
    parser.add_argument("--backend", choices=["asyncio", "trio"], default="asyncio")
    backend = parser.parse_args().backend
    if not find_spec(backend):
        parser.exit(1, "live_desk.py: trio is missing; python -m pip install trio\n")
    anyio.run(main, backend=backend)
