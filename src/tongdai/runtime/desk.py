"""An agent's side: offers, and talks with customers.

Rule: a desk holds what was presented to its agent by effects, so nothing is on it that is not in
the journal. Everything that the agent does is one input. A race that the agent lost is `OfferGone`
when accepting, and no error afterwards: whoever speaks to a customer who has just left is told so.

A talk that is left by an exception or by cancellation, while the agent goes on, goes back to its
place in the queue; when the agent goes too, it stays theirs for the center's grace.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import anyio
import attrs

from tongdai.center import Center, Decision, effects, events
from tongdai.center.inputs import (
    Accept,
    AnyInput,
    Decline,
    End,
    FailConnect,
    Say,
    SetPresence,
)
from tongdai.errors import OfferGone
from tongdai.model.agent import Presence
from tongdai.model.contact import Content
from tongdai.model.time import Instant
from tongdai.runtime.feed import Feed

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

SIGNED_IN: Final = "signed in"
"""The reason of the presence of agents at a desk. So a journal tells who was at one."""
_UNREAD = 200  # messages of one talk that wait for the agent; the journal has them all

Handle = Callable[[AnyInput], Awaitable[Decision]]


@attrs.frozen
class Heard:
    """Something that a customer wrote.

    Attributes:
        contact: whose contact it is part of.
        content: what they wrote.
    """

    contact: str
    content: Content = attrs.field(repr=False)


class Talk:
    """An interaction, seen from its agent.

    Attributes:
        id: the interaction's.
        contact: the contact's.
        messages: what the customer wrote, from the contact's beginning, then as it comes. Ends with
            the interaction. At most 200 wait; `messages.missed` counts those that made room.
        over: why the interaction is over; empty while it is not.
    """

    def __init__(self, id: str, contact: str, handle: Handle) -> None:
        self.id = id
        self.contact = contact
        self.messages: Feed[Heard] = Feed(_UNREAD)
        self.over = ""
        self._handle = handle

    async def say(self, what: str | Content) -> bool:
        """Say something to the customer; return once it is certain to be sent.

        Returns:
            Whether it was said; `False` when the interaction was over by then.

        Raises:
            JournalError: it could not be kept, and will not be sent.
        """
        content = what if isinstance(what, Content) else Content(what)
        decision = await self._handle(Say(self.id, content))
        return not _ignored(decision, self.id)

    async def end(self, *, disposition: str = "") -> None:
        """End the interaction, unless it is over; with a disposition there is no wrap-up."""
        if not self.over:
            await self._handle(End(self.id, disposition))

    def close(self, reason: str) -> None:
        """Note that it is over; the runtime calls this."""
        self.over = reason
        self.messages.close()


class Offer:
    """A contact presented to an agent.

    Attributes:
        id, contact, agent: ids.
        until: when it expires.
        gone: why it can no longer be accepted; empty while it can.
        talk: the interaction that it has become; `None` before.
    """

    def __init__(self, desk: Desk, id: str, contact: str, until: Instant) -> None:
        self.id = id
        self.contact = contact
        self.agent = desk.agent
        self.until = until
        self.gone = ""
        self.talk: Talk | None = None
        self._desk = desk

    def accept(self) -> AbstractAsyncContextManager[Talk]:
        """Accept the offer, and talk with the customer inside; leaving ends the interaction.

        An offer that accepted itself is entered in the same way.

        Raises:
            OfferGone: on entering: the offer was over already, and why.
            JournalError: on entering: the acceptance could not be kept.
        """
        return self._desk.enter(self)

    async def decline(self, reason: str = "") -> None:
        """Decline the offer; when it is over already, nothing happens."""
        if not self.gone:
            await self._desk.handle(Decline(self.id, reason))


class Desk:
    """What one signed-in agent has before them.

    Attributes:
        agent: whose desk it is.
        offers: offers as they come, of which those that are over are left out. Ends when the agent
            is signed out or removed. Interactions that the agent has already, because the offer
            accepted itself or from before a lost connection, come as offers too.
    """

    def __init__(self, agent: str, handle: Handle) -> None:
        self.agent = agent
        self.handle = handle
        self.offers = Offers(self)
        self._offers: dict[str, Offer] = {}
        self._talks: dict[str, Talk] = {}
        self._entered: set[str] = set()
        self._left: list[str] = []

    async def set_presence(self, presence: Presence, reason: str = "") -> None:
        """Be away for a while, or be back, also after an offer has expired.

        Raises:
            IllegalInput: there is no such presence.
        """
        await self.handle(SetPresence(self.agent, presence, reason))

    # --- the agent's doing --------------------------------------------------------------------

    @asynccontextmanager
    async def enter(self, offer: Offer) -> AsyncGenerator[Talk]:
        """Accept an offer (see `Offer.accept`)."""
        if offer.id in self._entered:
            raise OfferGone(offer.id, "accepted already")
        self._entered.add(offer.id)
        try:
            talk = await self._accept(offer)
            try:
                yield talk
                await talk.end()
            except BaseException:
                if not talk.over:
                    self._left.append(talk.id)
                raise
        finally:
            self._entered.discard(offer.id)

    async def _accept(self, offer: Offer) -> Talk:
        reason = offer.gone
        if not reason and offer.talk is None:
            try:
                decision = await self.handle(Accept(offer.id))
            except anyio.get_cancelled_exc_class():
                self._left.append(offer.id)  # it may be accepted all the same
                raise
            reason = offer.gone or _ignored(decision, offer.id)
        if offer.talk is None or offer.talk.over:
            raise OfferGone(
                offer.id, reason or (offer.talk.over if offer.talk else "not connected")
            )
        return offer.talk

    async def give_back(self) -> None:
        """Put contacts back into their places whose talks were left by an exception."""
        while self._left:
            await self.handle(FailConnect(self._left.pop(0), "left by the agent"))

    # --- what comes to it, from the runtime ---------------------------------------------------

    def present(self, id: str, contact: str, until: Instant) -> None:
        """Show an offer."""
        if id not in self._offers:
            self._offers[id] = Offer(self, id, contact, until)
            self.offers.put(self._offers[id])

    def withdraw(self, id: str, reason: str) -> None:
        """Take an offer away."""
        if (offer := self._offers.pop(id, None)) is not None:
            offer.gone = reason

    def connect(self, interaction: str, contact: str, so_far: list[Content]) -> None:
        """Begin a talk; one that nobody here has accepted is shown as an offer."""
        if interaction in self._talks:
            return
        if interaction not in self._offers:
            self.present(interaction, contact, 0)
        talk = Talk(interaction, contact, self.handle)
        self._talks[interaction] = talk
        self._offers.pop(interaction).talk = talk
        for content in so_far:
            talk.messages.put(Heard(contact, content))

    def hear(self, interaction: str, content: Content) -> None:
        """Show what the customer wrote."""
        if (talk := self._talks.get(interaction)) is not None:
            talk.messages.put(Heard(talk.contact, content))

    def disconnect(self, interaction: str, reason: str) -> None:
        """End a talk."""
        if (talk := self._talks.pop(interaction, None)) is not None:
            talk.close(reason)

    def sync(self, center: Center) -> None:
        """Show exactly what a center says that the agent has."""
        state = center.state
        agent = state.router.agents.get(self.agent)
        contacts = (state.contacts.get(id) for id in (agent.active if agent else ()))
        held = [live for live in contacts if live is not None]
        offers = {o.id: o for live in held for o in live.offers.values() if o.agent == self.agent}
        talks = {live.interaction: live for live in held if live.agent == self.agent}
        for id in self._offers.keys() - offers.keys() - talks.keys():
            self.withdraw(id, "gone")
        for id in self._talks.keys() - talks.keys():
            self.disconnect(id, "gone")
        for id, offer in offers.items():
            self.present(id, offer.event.contact, offer.event.until)
        for id, live in talks.items():
            self.connect(id, live.contact.id, heard(center, live.contact.id))

    def close(self) -> None:
        """End the iteration over offers, and every talk."""
        self.offers.close()
        for id in list(self._offers):
            self.withdraw(id, "signed out")
        for id in list(self._talks):
            self.disconnect(id, "signed out")


class Offers(Feed[Offer]):
    """A desk's offers; one that is over before it is seen is left out."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk

    async def __anext__(self) -> Offer:
        """Take the next offer that is still out."""
        await self._desk.give_back()
        while (offer := await super().__anext__()).gone:
            pass
        return offer


def heard(center: Center, contact: str) -> list[Content]:
    """Return what a contact's customer has written so far."""
    return [text for who, text in center.state.contacts[contact].messages if who == "customer"]


def _ignored(decision: Decision, reference: str) -> str:
    """Return why a decision's input came too late; empty when it did not."""
    for event in reversed(decision.events):
        if isinstance(event, events.InputIgnored) and event.reference == reference:
            return event.reason
    return ""


def perform(effect: effects.AnyEffect, desk: Desk, center: Center) -> None:
    """Perform an effect that concerns an agent."""
    match effect:
        case effects.PresentOffer():
            desk.present(effect.offer, effect.contact, effect.until)
        case effects.WithdrawOffer():
            desk.withdraw(effect.offer, effect.reason)
        case effects.ConnectContact():
            if effect.contact in center.state.contacts:
                desk.connect(effect.interaction, effect.contact, heard(center, effect.contact))
        case effects.ShowMessage():
            desk.hear(effect.interaction, effect.content)
        case effects.CloseInteraction():
            desk.disconnect(effect.interaction, effect.reason)
        case _:
            pass
