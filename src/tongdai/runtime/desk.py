"""An agent's side: offers, and talks with customers.

Rule: a desk holds what was presented to its agent by effects, so nothing is on it that is not in
the journal. Everything that the agent does is one input. A race that the agent lost is `OfferGone`
when accepting, and no error afterwards: whoever speaks to a customer who has just left is told so.

A talk that is left by an exception or by cancellation, while the agent goes on, goes back to its
place in the queue; when the agent goes too, it stays theirs for the center's grace.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import anyio
import attrs

from tongdai.center import Center, Decision, effects, events
from tongdai.center.inputs import (
    Accept,
    Decline,
    Dispose,
    End,
    ExtendWrapUp,
    FailConnect,
    Input,
    Say,
    SetPresence,
)
from tongdai.center.state import ContactState
from tongdai.channels import Seen, Sign, Typing
from tongdai.errors import OfferGone
from tongdai.model.agent import Presence
from tongdai.model.contact import Content
from tongdai.model.ids import contact_of
from tongdai.model.time import Instant
from tongdai.runtime.feed import Feed

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

SIGNED_IN: Final = "signed in"
"""The reason of the presence of agents at a desk. So a journal tells who was at one."""
_UNREAD = 200  # messages of one talk that wait for the agent; the journal has them all

Handle: TypeAlias = Callable[[Input], Awaitable[Decision]]
AgentEffect: TypeAlias = (
    effects.PresentOffer
    | effects.WithdrawOffer
    | effects.ConnectContact
    | effects.ShowMessage
    | effects.ShowRevision
    | effects.CloseInteraction
)
"""What concerns an agent."""
Show: TypeAlias = Callable[[str, Sign], Awaitable[None]]


@attrs.frozen
class Heard:
    """Something that a customer wrote.

    Attributes:
        contact: whose contact it is part of.
        content: what they wrote; empty where a message was withdrawn.
        key: the message's, for `Talk.saw`.
        automatic: why nobody wrote it (see `tongdai.channels.Message`); empty where somebody did.
        revised: whether this is the message of that key once more, `edited` or `withdrawn`.
    """

    contact: str
    content: Content = attrs.field(repr=False)
    key: str = ""
    automatic: str = ""
    revised: Literal["", "edited", "withdrawn"] = ""


class Talk:
    """An interaction, seen from its agent.

    Attributes:
        id: the interaction's.
        contact: the contact's.
        messages: what the customer wrote, from the contact's beginning, then as it comes. Ends with
            the interaction. At most 200 wait; `messages.missed` counts those that made room.
        typing: instants at which the customer was seen writing; only the last one waits.
        over: why the interaction is over; empty while it is not.
    """

    def __init__(self, id: str, contact: str, handle: Handle, show: Show) -> None:
        self.id = id
        self.contact = contact
        self.messages: Feed[Heard] = Feed(_UNREAD)
        self.typing: Feed[Instant] = Feed(1)
        self.over = ""
        self._handle = handle
        self._show = show

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

    async def type(self) -> None:
        """Show the customer that an answer is being written, where the channel can."""
        await self._show(self.contact, Typing())

    async def saw(self, *keys: str) -> None:
        """Show the customer that their messages were seen, those of these keys among them."""
        await self._show(self.contact, Seen(keys))

    async def extend_wrap_up(self, until: Instant) -> bool:
        """Take until a later instant for the wrap-up; return whether there is one to extend."""
        decision = await self._handle(ExtendWrapUp(self.id, until))
        return not _ignored(decision, self.id)

    async def dispose(self, disposition: str) -> bool:
        """Choose the disposition, which ends the wrap-up; return whether there was one."""
        decision = await self._handle(Dispose(self.id, disposition))
        return not _ignored(decision, self.id)

    async def end(self, *, disposition: str = "") -> None:
        """End the interaction, unless it is over; with a disposition there is no wrap-up."""
        if not self.over:
            await self._handle(End(self.id, disposition))

    def close(self, reason: str) -> None:
        """Note that it is over; the runtime calls this."""
        self.over = reason
        self.messages.close()
        self.typing.close()


class Offer:
    """A contact presented to an agent.

    Attributes:
        id, contact, agent, queue: ids; the queue is where the contact waited.
        until: when it expires; 0 for one that needs no accepting any more.
        context: what is known of the contact: what its flow has asked and been answered, its
            attributes, its profile.
        gone: why it can no longer be accepted; empty while it can.
        talk: the interaction that it has become; `None` before.
    """

    def __init__(  # noqa: PLR0913 - all that an agent sees of it
        self,
        desk: Desk,
        id: str,
        contact: str,
        queue: str,
        *,
        until: Instant = 0,
        context: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        self.id = id
        self.contact = contact
        self.queue = queue
        self.agent = desk.agent
        self.until = until
        self.context = context
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

    def __init__(self, agent: str, handle: Handle, show: Show) -> None:
        self.agent = agent
        self.handle = handle
        self._show = show
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

    def present(self, offer: Offer) -> None:
        """Show an offer."""
        if offer.id not in self._offers:
            self._offers[offer.id] = offer
            self.offers.put(offer)

    def withdraw(self, id: str, reason: str) -> None:
        """Take an offer away."""
        if (offer := self._offers.pop(id, None)) is not None:
            offer.gone = reason

    def connect(self, interaction: str, live: ContactState, so_far: list[Heard]) -> None:
        """Begin a talk; one that nobody here has accepted is shown as an offer."""
        if interaction in self._talks:
            return
        contact = live.contact.id
        if interaction not in self._offers:
            self.present(Offer(self, interaction, contact, live.queue))
        talk = Talk(interaction, contact, self.handle, self._show)
        self._talks[interaction] = talk
        self._offers.pop(interaction).talk = talk
        for one in so_far:
            talk.messages.put(one)

    def hear(self, interaction: str, heard: Heard) -> None:
        """Show what the customer wrote."""
        if (talk := self._talks.get(interaction)) is not None:
            talk.messages.put(heard)

    def typing(self, interaction: str, at: Instant) -> None:
        """Show that the customer writes."""
        if (talk := self._talks.get(interaction)) is not None:
            talk.typing.put(at)

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
            out = offer.event
            queue = state.contacts[out.contact].queue
            self.present(Offer(self, id, out.contact, queue, until=out.until, context=out.context))
        for id, live in talks.items():
            self.connect(id, live, heard(center, live))

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


def heard(center: Center, live: ContactState) -> list[Heard]:
    """Return what a contact's customer has written so far, to its flow and since."""
    contact = live.contact.id
    flow = center.state.flows.get(contact)
    lines = (*(flow.messages if flow is not None else ()), *live.messages)
    return [Heard(contact, line.content, line.key) for line in lines if line.who == "customer"]


def _ignored(decision: Decision, reference: str) -> str:
    """Return why a decision's input came too late; empty when it did not."""
    for event in reversed(decision.events):
        if isinstance(event, events.InputIgnored) and event.reference == reference:
            return event.reason
    return ""


def perform(effect: AgentEffect, desk: Desk, center: Center) -> None:
    """Perform an effect that concerns an agent."""
    match effect:
        case effects.PresentOffer():
            # (one that was over again within the step was nowhere to be seen)
            if (live := center.state.contacts.get(effect.contact)) is not None:
                desk.present(
                    Offer(
                        desk,
                        effect.offer,
                        effect.contact,
                        live.queue,
                        until=effect.until,
                        context=effect.context,
                    )
                )
        case effects.WithdrawOffer():
            desk.withdraw(effect.offer, effect.reason)
        case effects.ConnectContact():
            if (live := center.state.contacts.get(effect.contact)) is not None:
                desk.connect(effect.interaction, live, heard(center, live))
        case effects.ShowMessage():
            contact = contact_of(effect.interaction) or ""
            desk.hear(
                effect.interaction, Heard(contact, effect.content, effect.key, effect.automatic)
            )
        case effects.ShowRevision():
            contact = contact_of(effect.interaction) or ""
            content = effect.content or Content()
            how: Literal["edited", "withdrawn"] = "edited" if effect.content else "withdrawn"
            desk.hear(effect.interaction, Heard(contact, content, effect.message, revised=how))
        case effects.CloseInteraction():
            desk.disconnect(effect.interaction, effect.reason)
