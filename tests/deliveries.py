"""Deliveries twice and out of order come to the same as each of them once and in order.

    python -m tests.deliveries [100000] [--seed 1] [--backend asyncio]

Signed events of a fake Zalo go through the real webhook, the real runtime and a journal: once
clean, each event once and in order; and once as a provider delivers, where three of ten deliveries
are repetitions and three of ten come up to 500 places late.

What is the same afterwards:

- who has an open contact, one each, and the claims that it carries;
- of each customer, the messages, put in the order of the customer's own instants;
- of each message that was sent, how far it has come (`tongdai.channels.receipts`);
- whom one may still answer, and which message is quoted (`Zalo`'s windows).

What is not, and cannot be: the order in which the center came to know of it. A message that is late
is heard late, so the journal has it later, and the contacts' numbers and their places in the queue
are those of the order in which they came. No receiver can undo that without waiting for messages
that may not exist; the instants and keys are kept, so whoever shows a conversation can sort it.

Receipts are of customers who have written before; a receipt of somebody who has no contact is
ignored, early or late.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import anyio

from tests.adapters.zalo.fake import Provider
from tests.adapters.zalo.settings import NOW, account, signed
from tongdai import Center, Queue
from tongdai.adapters.zalo import Zalo
from tongdai.center import events
from tongdai.channels import Inbound, Message, Receipt
from tongdai.channels.receipts import Receipts
from tongdai.journal import Frame, MemoryJournal, decode_frame
from tongdai.model.contact import Address
from tongdai.model.time import seconds
from tongdai.runtime import Runtime
from tongdai.testing import ManualClock

REPEATED: Final = 0.3  # of the deliveries
LATE: Final = 0.3
LATEST: Final = 500  # places
_A_CUSTOMER: Final = 60  # events
_AT_ONCE: Final = 100  # requests


class State(NamedTuple):
    """What is the same, whatever the order of deliveries."""

    contacts: dict[str, tuple[Any, ...]]
    messages: dict[str, list[tuple[int, str, str]]]
    receipts: dict[str, str | None]
    windows: dict[str, tuple[int, str]]


def story(number: int, seed: int) -> tuple[Provider, list[bytes], list[bytes]]:
    """Return a provider, the events in which customers write first, and so many others."""
    chance = random.Random(seed)  # noqa: S311 - the same each time
    clock = ManualClock(NOW)
    of = Provider(clock)
    customers = [str(8_000_000_000_000_000_000 + at) for at in range(max(number // _A_CUSTOMER, 2))]
    first = [of.writes(who, "Chào") for who in customers]
    rest: list[bytes] = []
    for at in range(number - len(first)):
        clock.advance(seconds(0.5))
        who = chance.choice(customers)
        sent = f"oa-{who}-{at // 7}"
        match chance.randrange(10):
            case 0:
                rest.append(of.receipt("user_received_message", who, sent))
            case 1:
                rest.append(of.receipt("user_seen_message", who, sent, f"{sent}b"))
            case 2:
                rest.append(of.event("follow", who, follower={"id": who}))
            case _:
                rest.append(of.writes(who, f"tin {at}"))
    return of, first, rest


def delivered(told: Sequence[bytes], seed: int) -> list[bytes]:
    """Return events as they are delivered: some again, some late."""
    chance = random.Random(seed)  # noqa: S311 - the same each time
    again = chance.choices(range(len(told)), k=round(len(told) * REPEATED / (1 - REPEATED)))
    places = sorted([*range(len(told)), *again])
    late = [
        (place + (chance.randint(1, LATEST) if chance.random() < LATE else 0), at)
        for place, at in enumerate(places)
    ]
    return [told[at] for _, at in sorted(late, key=lambda one: one[0])]


async def run(of: Provider, told: Sequence[bytes]) -> State:
    """Deliver events, and return what has become of them."""
    zalo = account(of)
    journal = MemoryJournal()
    inbound: dict[str, Inbound] = {}
    async with Runtime(
        Center([Queue("cards")]), journal=journal, channels={zalo: "cards"}, clock=of.clock
    ) as live:
        await anyio.wait_all_tasks_blocked()
        for at in range(0, len(told), _AT_ONCE):
            batch: list[Inbound] = []
            for body in told[at : at + _AT_ONCE]:
                received = zalo.receive(signed(of, body))
                assert received.answer.status == 200
                batch += received.events
            inbound.update((one.key, one) for one in batch)
            await zalo.put(batch)
        assert list(live.faults) == []
        contacts = {
            one.contact.address.to: (one.contact.claims, one.contact.mode)
            for one in live.center.state.contacts.values()
            if one.contact.address is not None
        }
        assert len(contacts) == len(live.center.state.contacts)
        whose = {
            id: one.contact.address
            for id, one in live.center.state.contacts.items()
            if one.contact.address is not None
        }
    return await _state(journal, zalo, inbound, contacts, whose)


async def _state(
    journal: MemoryJournal,
    zalo: Zalo,
    inbound: dict[str, Inbound],
    contacts: dict[str, tuple[Any, ...]],
    whose: dict[str, Address],
) -> State:
    messages: dict[str, list[tuple[int, str, str]]] = defaultdict(list)
    ladder = Receipts(most=1_000_000)
    ids: set[str] = set()
    after = 0
    frames: Sequence[Frame]
    while frames := await journal.read("main", after):
        after += len(frames)
        for frame in frames:
            for event in decode_frame(frame.data, frame.seq).events:
                if isinstance(event, events.MessageReceived):
                    came = inbound[event.key]
                    assert isinstance(came, Message)
                    line = (came.at, event.key, event.content.text)
                    messages[whose[event.contact].to].append(line)
                elif isinstance(event, events.ReceiptReceived):
                    came = inbound[event.key]
                    assert isinstance(came, Receipt)
                    for id in set(came.ids) - ids:
                        ladder.sent(id, came.at, came.address)
                    ids.update(came.ids)
                    ladder.note(came)
    return State(
        contacts,
        {who: sorted(said) for who, said in messages.items()},
        {id: ladder.status(id) for id in ids},
        {
            who: (window.at, window.quote)
            for who in contacts
            if (window := zalo.window(who)) is not None
        },
    )


async def compare(deliveries: int, seed: int) -> str:
    """Deliver both ways; return what is not the same, or nothing."""
    distinct = round(deliveries * (1 - REPEATED))
    of, first, rest = story(distinct, seed)
    began = time.perf_counter()
    clean = await run(of, [*first, *rest])
    between = time.perf_counter()
    dirty_order = [*delivered(first, seed), *delivered(rest, seed + 1)]
    dirty = await run(of, dirty_order)
    ended = time.perf_counter()
    print(  # noqa: T201 - it reports what it met
        f"{distinct:,} events of {len(clean.contacts):,} customers clean in"
        f" {between - began:.1f} s; {len(dirty_order):,} deliveries in {ended - between:.1f} s"
    )
    return ", ".join(
        name
        for name, one, other in zip(State._fields, clean, dirty, strict=True)
        if one != other or not one
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 1 where something is not the same."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("deliveries", nargs="?", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--backend", choices=["asyncio", "trio"], default="asyncio")
    chosen = parser.parse_args(arguments)
    wrong = anyio.run(compare, chosen.deliveries, chosen.seed, backend=chosen.backend)
    print(f"not the same: {wrong}" if wrong else "the same")  # noqa: T201 - as above
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
