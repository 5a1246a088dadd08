"""What an agent may do, each as one input of the center.

Rule: nothing is done for an agent that is not theirs: an offer, a conversation, a wrap-up, a file.
What comes too late is no error; the answer says so. An answer that says no has a key, for which the
page has words of its own in each language; what it says besides is for developers.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Literal, TypeAlias

from tongdai.adapters.webdesk import asks
from tongdai.adapters.webdesk.board import Board, contact_in
from tongdai.adapters.webdesk.lines import Frame, milliseconds
from tongdai.adapters.webdesk.seat import Seat
from tongdai.adapters.webdesk.uploads import Uploads
from tongdai.center import Decision, events, inputs
from tongdai.channels import Seen, Typing
from tongdai.errors import IllegalInput, TongdaiError
from tongdai.model.contact import Button, Content
from tongdai.model.ids import contact_of
from tongdai.model.time import minutes
from tongdai.profiles import Resolver
from tongdai.runtime import Runtime

Key: TypeAlias = Literal[
    "not_yours",
    "no_file",
    "empty",
    "no_disposition",
    "offer_gone",
    "talk_over",
    "refused",
    "not_now",
]
"""Why something was not done, as the page knows it."""


class Wrong(IllegalInput):
    """Something that cannot be asked.

    Attributes:
        key: under which the page has words for it.
    """

    def __init__(self, key: Key, message: str) -> None:
        """Keep the key beside the message."""
        super().__init__(message)
        self.key: Key = key


def key_of(error: TongdaiError) -> Key:
    """Return under which key the page has words for an error."""
    if isinstance(error, Wrong):
        return error.key
    return "refused" if isinstance(error, IllegalInput) else "not_now"


class Acts:
    """Does what browsers ask."""

    def __init__(
        self,
        board: Board,
        uploads: Uploads,
        dispositions: Sequence[str],
        people: Resolver | None,
    ) -> None:
        """Make it ready.

        Args:
            board: what agents have before them.
            uploads: the files that they have sent up.
            dispositions: what can be chosen; none for anything.
            people: who knows profiles.
        """
        self._board = board
        self._uploads = uploads
        self._dispositions = dispositions
        self._people = people

    async def do(self, live: Runtime, seat: Seat, ask: asks.AnyAsk) -> Frame:  # noqa: C901, PLR0912 - a case a kind
        """Do it, and return what the answer says besides.

        Raises:
            IllegalInput: that cannot be asked.
            TongdaiError: it was not done, and may be asked again.
        """
        me = seat.agent
        match ask:
            case asks.Presence(presence=presence, reason=reason):
                await live.handle(inputs.SetPresence(me, presence, reason))
            case asks.SignOut():
                seat.take_away("signed out")
            case asks.Accept(offer=offer):
                self._check_offer(live, me, offer)
                return _late(await live.handle(inputs.Accept(offer)), offer, "offer_gone")
            case asks.Decline(offer=offer, reason=reason):
                self._check_offer(live, me, offer)
                declined = await live.handle(inputs.Decline(offer, reason))
                return _late(declined, offer, "offer_gone")
            case asks.Say():
                return await self._say(live, me, ask)
            case asks.Typing(interaction=interaction):
                if self._check_talk(live, me, interaction):
                    await live.show(contact_in(interaction), Typing())
            case asks.Read(interaction=interaction, line=line):
                if self._check_talk(live, me, interaction):
                    thread = self._board.thread(contact_in(interaction))
                    if thread is not None and (keys := thread.read(line)):
                        await live.show(contact_in(interaction), Seen(keys))
            case asks.End(interaction=interaction, disposition=disposition):
                self._check_talk(live, me, interaction)
                self._check_disposition(disposition)
                await live.handle(inputs.End(interaction, disposition))
            case asks.Dispose(interaction=interaction, disposition=disposition):
                self._check_wrap_up(live, me, interaction)
                self._check_disposition(disposition)
                await live.handle(inputs.Dispose(interaction, disposition))
            case asks.Extend(interaction=interaction):
                until = self._check_wrap_up(live, me, interaction)
                if until is not None:
                    await live.handle(inputs.ExtendWrapUp(interaction, until + int(minutes(1))))
            case asks.Customer(contact=contact):
                return self._customer(live, me, contact)
            case asks.Whole():
                seat.lose()
            case asks.Hello():
                raise IllegalInput("hello: said already")
        return {}

    async def _say(self, live: Runtime, me: str, ask: asks.Say) -> Frame:
        self._check_talk(live, me, ask.interaction)
        files = [self._uploads.of(me, url) for url in ask.files]
        if None in files:
            raise Wrong("no_file", "say.files: one of them is not here; upload it again")
        content = Content(
            ask.text,
            attachments=tuple(each for each in files if each is not None),
            buttons=tuple(Button(str(at), label) for at, label in enumerate(ask.buttons, 1)),
            question=ask.key if ask.buttons else "",
        )
        if not ask.text.strip() and not content.attachments:
            raise Wrong("empty", "say: there is nothing in it")
        said = await live.handle(inputs.Say(ask.interaction, content, id=f"{me}:{ask.key}"))
        return _late(said, ask.interaction, "talk_over")

    def _check_offer(self, live: Runtime, me: str, offer: str) -> None:
        """Raise unless an offer is, or was, this agent's.

        Raises:
            IllegalInput: it is another's.
        """
        state = live.center.state.contacts.get(contact_of(offer) or "")
        found = None if state is None else state.offers.get(offer) or state.past.get(offer)
        if found is not None and found.agent != me:
            raise Wrong("not_yours", f"offer: {offer} is not yours")

    def _check_talk(self, live: Runtime, me: str, interaction: str) -> bool:
        """Return whether an interaction is this agent's now; it is not where it is over.

        Raises:
            IllegalInput: it is another's.
        """
        state = live.center.state.contacts.get(contact_of(interaction) or "")
        if state is None or not state.interaction:
            return False
        if state.interaction != interaction or state.agent != me:
            raise Wrong("not_yours", f"interaction: {interaction} is not yours")
        return True

    def _check_wrap_up(self, live: Runtime, me: str, interaction: str) -> int | None:
        """Return until when a wrap-up lasts.

        Raises:
            IllegalInput: it is another's.
        """
        work = live.center.state.wrap_ups.get(interaction)
        if work is not None and work.agent != me:
            raise Wrong("not_yours", f"interaction: {interaction} is not yours")
        return None if work is None else work.until

    def _check_disposition(self, disposition: str) -> None:
        """Raise unless it can be chosen here.

        Raises:
            IllegalInput: it cannot.
        """
        if disposition and self._dispositions and disposition not in self._dispositions:
            raise Wrong(
                "no_disposition",
                f"disposition: {disposition!r} is none of {', '.join(self._dispositions)}",
            )

    def _customer(self, live: Runtime, me: str, contact: str) -> Frame:
        """Return who is behind a contact, as far as is known, and what happened with them."""
        thread = self._board.thread(contact)
        if thread is None or not self._board.sees(me, contact):
            raise Wrong("not_yours", f"contact: {contact!r} is not before you")
        histories = live.center.state.histories
        if histories is not None and histories.profile_of(contact):
            thread.profile = histories.facts(contact)
        profile = thread.profile.get("id", "")
        fields: list[Frame] = []
        moments: list[list[Any]] = []
        if profile and self._people is not None:
            with suppress(IllegalInput):
                shown = self._people.profile(profile)
                fields += [
                    {
                        "field": field,
                        "value": shown[field].text,
                        "source": shown[field].source,
                        "because": shown[field].because,
                        "others": list(shown[field].others[:5]),
                    }
                    for field in shown
                ]
        if profile:
            with suppress(IllegalInput):
                moments += [
                    [milliseconds(each.at), each.channel, each.contact, each.what]
                    for each in live.center.timeline(profile).moments[-60:]
                ]
        return {
            "customer": {
                "contact": contact,
                "profile": dict(thread.profile),
                "fields": fields,
                "moments": moments,
            }
        }


def _late(decision: Decision, reference: str, key: Key) -> Frame:
    """Return why an input came too late, if it did."""
    for event in decision.events:
        if isinstance(event, events.InputIgnored) and event.reference == reference:
            return {"late": event.reason, "key": key}
    return {}
