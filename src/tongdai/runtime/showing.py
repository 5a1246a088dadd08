"""What customers are shown besides messages, and what they are seen to do besides writing.

Rule: a sign is worth something now or never. Putting one in never waits; of several of one kind for
one address the newest is shown; and what cannot be shown is forgotten. Nothing of it is in the
journal.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, cast
from weakref import WeakSet

import anyio
import attrs

from tongdai.center import Center, events
from tongdai.channels import Activity, Seen, Served, Sign, Waiting
from tongdai.errors import ConfigurationError, JournalError
from tongdai.model.contact import Address
from tongdai.model.time import Duration, seconds
from tongdai.runtime.desk import Desk
from tongdai.runtime.entry import in_time
from tongdai.runtime.feed import Feed
from tongdai.runtime.ports import Channel, Clock, Shows

MOST: Final = 10_000
"""How many signs of one channel wait; beyond, the oldest are forgotten."""
WITHIN: Final = seconds(5)
"""How long showing one may take."""
PLACES: Final = seconds(3)
"""How long at least between two times that those who wait are shown their places."""
_ROUGHLY: Final = seconds(30)  # an estimate that differs by less is the same to who waits
_MOST_SEEN: Final = 1_000  # keys in one sign


class Showing:
    """What one channel shows."""

    def __init__(self, channel: Channel, *, clock: Clock) -> None:
        """Start with nothing to show.

        Args:
            channel: who shows it.
            clock: says how long that may take.
        """
        self._shows = channel if isinstance(channel, Shows) else None
        self._clock = clock
        self._signs: OrderedDict[tuple[str, type[Sign]], tuple[Address, Sign]] = OrderedDict()
        self._changed: anyio.Event | None = None

    @property
    def able(self) -> bool:
        """Whether the channel can show anything."""
        return self._shows is not None

    def put(self, to: Address, sign: Sign) -> None:
        """Show something soon."""
        if self._shows is None:
            return
        place = (to.to, type(sign))
        before = self._signs.pop(place, None)
        if isinstance(sign, Seen) and before is not None and isinstance(before[1], Seen):
            keys = tuple(dict.fromkeys(before[1].keys + sign.keys))
            sign = Seen(keys[-_MOST_SEEN:])
        self._signs[place] = to, sign
        if len(self._signs) > MOST:
            self._signs.popitem(last=False)
        if self._changed is not None:
            self._changed.set()
            self._changed = None

    async def run(self) -> None:
        """Show one after the other, until cancelled."""
        if self._shows is None:
            return
        while True:
            while not self._signs:
                self._changed = anyio.Event()
                await self._changed.wait()
            _, (to, sign) = self._signs.popitem(last=False)
            await in_time(self._clock, WITHIN, lambda: self._show(to, sign), None)  # noqa: B023

    async def _show(self, to: Address, sign: Sign) -> None:
        with suppress(Exception):  # (it is worth nothing a moment later)
            await cast("Shows", self._shows).show(to, sign)


class Places:
    """Who waits where, of those who can be shown it; and what they were shown last."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._shown: dict[str, tuple[int, int | None]] = {}

    def news(self, center: Center, channels: frozenset[str]) -> list[tuple[Address, Waiting]]:
        """Return what to show to those whose place, or whose wait, is no longer what it was.

        O(open contacts with an address).
        """
        state = center.state
        news: list[tuple[Address, Waiting]] = []
        shown: dict[str, tuple[int, int | None]] = {}
        for (channel, _), contacts in state.addresses.items():
            if channel not in channels:
                continue
            id = next(reversed(contacts))
            live = state.contacts.get(id)
            if live is None or live.phase == "active" or live.contact.address is None:
                continue
            place = center.position(id)
            if place is None:  # on offer: what was shown last still holds
                if id in self._shown:
                    shown[id] = self._shown[id]
                continue
            still = center.estimate(id)
            now = (place, None if still is None else still // int(_ROUGHLY))
            shown[id] = now
            if self._shown.get(id) != now:
                news.append((live.contact.address, Waiting(place, _rounded(still))))
        self._shown = shown
        return news


def _rounded(still: Duration | None) -> Duration | None:
    return None if still is None else Duration(still // 1_000_000 * 1_000_000)


@attrs.frozen
class Noticed:
    """Something that a customer does besides writing.

    Attributes:
        contact: the id of their open contact.
        activity: what they do.
    """

    contact: str
    activity: Activity


class Signs:
    """All channels that can show something, and all who follow what customers do."""

    def __init__(
        self, center: Callable[[], Center], clock: Clock, names: Mapping[str, str]
    ) -> None:
        """Know no channel yet.

        Args:
            center: gives the living center.
            clock: for the waits between two times that places are shown.
            names: what agents are called, by their ids.

        Raises:
            ConfigurationError: `names` is no mapping.
        """
        if not isinstance(names, Mapping):
            raise ConfigurationError(
                f"Runtime.names: {type(names).__name__} is not a mapping of agents' ids to names"
            )
        self._names = names
        self._center = center
        self._clock = clock
        self._channels: dict[str, Showing] = {}
        self._followers: WeakSet[Feed[Noticed]] = WeakSet()
        self._moved: anyio.Event | None = None
        self._running: anyio.CancelScope | None = None
        self._closed = False

    def add(self, channel: str, showing: Showing) -> None:
        """Know a channel, if it can show anything."""
        if showing.able:
            self._channels[channel] = showing

    def show(self, contact: str, sign: Sign) -> None:
        """Show a sign to the customer of an open contact; where that cannot be, do nothing."""
        with suppress(JournalError):
            state = self._center().state
            live = state.contacts.get(contact) or state.flows.get(contact)
            if live is not None:
                self._put(live.contact.address, sign)

    def _put(self, address: Address | None, sign: Sign) -> None:
        if address is not None and (showing := self._channels.get(address.channel)) is not None:
            showing.put(address, sign)

    def happened(self, event: events.AnyEvent) -> None:
        """Show who has a contact from now on."""
        if not self._channels:
            return
        match event:
            case events.OfferAccepted(contact, agent):
                self.show(contact, Served(self._names.get(agent, agent)))
            case events.InteractionFailed(contact):
                self.show(contact, Served())
            case events.ContactEnded() if event.interaction:
                self._put(event.address, Served())
            case _:
                pass
        if self._moved is not None:
            self._moved.set()

    async def run(self) -> None:
        """Show those who wait where they stand, when that changes, and not all the time."""
        if not self._channels or self._closed:
            return
        places = Places()
        channels = frozenset(self._channels)
        self._moved = anyio.Event()
        with anyio.CancelScope() as self._running:
            while True:
                await self._moved.wait()
                self._moved = anyio.Event()
                with suppress(JournalError):  # (it is not known just now)
                    for address, sign in places.news(self._center(), channels):
                        self._put(address, sign)
                await self._clock.sleep_until(self._clock.now() + int(PLACES))

    # --- what customers do --------------------------------------------------------------------

    def follow(self, limit: int) -> Feed[Noticed]:
        """Tell a reader from here on what customers do."""
        feed: Feed[Noticed] = Feed(limit)
        self._followers.add(feed)
        return feed

    def noticed(self, activity: Activity, desks: Mapping[str, Desk]) -> None:
        """Tell those who follow, and whoever has the contact, what a customer does."""
        address = activity.address
        try:
            state = self._center().state
        except JournalError:
            return
        here = state.addresses.get((address.channel, address.to))
        if here is None:
            return
        id = next(reversed(here))
        for feed in self._followers:
            feed.put(Noticed(id, activity))
        live = state.contacts.get(id)
        if live is not None and live.agent in desks and activity.what == "typing":
            desks[live.agent].typing(live.interaction, self._clock.now())

    def close(self) -> None:
        """Show no more places, and let those who follow come to an end."""
        self._closed = True
        if self._running is not None:
            self._running.cancel()
        for feed in list(self._followers):
            feed.close()
