"""What comes in over a channel: whose it is, and what becomes of it.

It remembers nothing: all that it knows is the center's state, which only its events change.

Rule: what comes in is about the newest open contact at its address; only a change of the address is
about all of them. Where there is none, a call opens one, and so does a message that somebody wrote;
everything else is ignored, with a reason. Whether a flow or a queue has a contact then is for the
center to say.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, assert_never

from tongdai.center import events, inputs
from tongdai.center.legal import MOST_PARTS, attributes_of
from tongdai.center.self_service import SelfService
from tongdai.center.state import State
from tongdai.channels import Activity, Message, Receipt, Relinked, Revised, Ringing
from tongdai.model.contact import Claim, Contact
from tongdai.model.mode import Mode
from tongdai.model.time import Instant

if TYPE_CHECKING:
    from tongdai.center.identity import Identity

_NOBODY: Final = "nobody at this address has an open contact"


class Incoming:
    """What a center does with what comes in. It emits through the center and remembers nothing."""

    def __init__(  # noqa: PLR0913 - what it needs of the center, no more
        self,
        state: State,
        service: SelfService | None,
        identity: Identity | None,
        *,
        emit: Callable[[events.AnyEvent], None],
        ignore: Callable[[inputs.Input, str, str], None],
        stamp: Callable[[], tuple[Instant, str]],
        enter: Callable[[Contact, str, Message | Ringing], bool],
        go: Callable[[str], bool],
    ) -> None:
        """Make it ready.

        Args:
            state: the center's.
            service: its flows, if it has any.
            identity: its resolver, if it has one.
            emit: lets something have happened.
            ignore: lets an input have changed nothing: it, what it was about, why.
            stamp: gives instant and cause of what happens now.
            enter: lets a contact begin in a queue or flow, by what it came; whether a queue has it.
            go: lets the customer of a contact go; whether anybody had it.
        """
        self._state = state
        self._service = service
        self._identity = identity
        self._emit = emit
        self._ignore = ignore
        self._stamp = stamp
        self._enter = enter
        self._go = go

    def receive(self, input: inputs.Receive) -> None:
        """Do what `Receive` asks for."""
        inbound = input.inbound
        here = self._state.at_address(inbound.address)
        match inbound:
            case Message():
                self._hear(input, inbound, here)
            case Ringing():
                self._ring(input, inbound, here)
            case Relinked():
                self._relinked(input, inbound)
            case _ if not here:
                self._ignore(input, inbound.key, _NOBODY)
            case Receipt():
                self._receipt(inbound, here)
            case Revised():
                self._revised(inbound, here)
            case Activity():
                self._active_customer(input, inbound, here)
            case _:
                assert_never(inbound)

    # --- what may open a contact --------------------------------------------------------------

    def _hear(self, input: inputs.Receive, message: Message, here: str) -> None:
        """A message goes to whoever has its contact: a flow, or a queue and its agents.

        What nobody wrote opens no contact, and no flow hears of it, so nothing is answered.
        """
        if message.automatic == "echo":
            self._ignore(input, message.key, "an echo of what was sent")
            return
        if not here:
            if message.automatic:
                self._ignore(input, message.key, f"nobody wrote it ({message.automatic})")
                return
            here = self._open(input, message, input.mode)
            if not here:
                return
        live = self._state.contacts.get(here)
        at, cause = self._stamp()
        self._emit(
            events.MessageReceived(
                here,
                message.key,
                message.content,
                agent="" if live is None else live.agent,
                interaction="" if live is None else live.interaction,
                choice=message.choice,
                automatic=message.automatic,
                at=at,
                cause=cause,
            )
        )
        if self._service is not None and not message.automatic and self._service.has(here):
            self._service.hear(here, message)

    def _ring(self, input: inputs.Receive, call: Ringing, here: str) -> None:
        """A call is a contact of its own, at an address of its own."""
        if here:
            self._ignore(input, call.key, f"the call is contact {here} already")
        else:
            self._open(input, call, Mode.LIVE)

    def _open(self, input: inputs.Receive, inbound: Message | Ringing, mode: Mode) -> str:
        """Let a contact begin, and return its id where a queue has it now.

        Whoever hands in a message for an open contact need not find out an entry; but the contact
        may come to its end at that very instant, and then it has to be found out after all. So the
        input is not taken without one: its id stays free.
        """
        if not input.entry:
            reason = f"{_NOBODY}, and no entry is given for a new one"
            at, _ = self._stamp()
            self._emit(events.InputIgnored(type(input).__name__, inbound.key, reason, at=at))
            return ""
        contact = Contact(
            self._new_id(inbound.address.channel),
            input.requires,
            mode,
            input.language,
            input.priority,
            input.due,
            inbound.address,
            inbound.claims,
            attributes_of(input),
        )
        return contact.id if self._enter(contact, input.entry, inbound) else ""

    def _new_id(self, channel: str) -> str:
        number = self._state.arrived + 1
        while self._state.knows(id := f"{channel[:100]}-{number}"):
            number += 1
        return id

    # --- what is about open contacts ----------------------------------------------------------

    def _relinked(self, input: inputs.Receive, relinked: Relinked) -> None:
        """Every open contact of the address follows; the newest first, so that it stays so."""
        was = relinked.address
        to = was if relinked.to is None else relinked.to
        if self._identity is not None:
            self._identity.relinked(was, to, relinked.claims, relinked.key)
        here = self._state.addresses.get((was.channel, was.to), {})
        at, cause = self._stamp()
        changed = False
        for id in [*reversed(here)]:
            live = self._state.contacts.get(id) or self._state.flows[id]
            claims = _renewed(live.contact.claims, relinked.claims)
            if to != was or claims != live.contact.claims:
                changed = True
                self._emit(events.ContactRelinked(id, to, claims, was, at=at, cause=cause))
        if not changed:
            reason = "the contact carries all that already" if here else _NOBODY
            self._ignore(input, relinked.key, reason)

    def _receipt(self, receipt: Receipt, here: str) -> None:
        at, cause = self._stamp()
        self._emit(
            events.ReceiptReceived(
                here,
                receipt.key,
                receipt.status,
                ids=receipt.ids,
                upto=receipt.upto,
                error=receipt.error,
                at=at,
                cause=cause,
            )
        )

    def _revised(self, revised: Revised, here: str) -> None:
        live = self._state.contacts.get(here)
        at, cause = self._stamp()
        self._emit(
            events.MessageRevised(
                here,
                revised.message,
                revised.content,
                agent="" if live is None else live.agent,
                interaction="" if live is None else live.interaction,
                at=at,
                cause=cause,
            )
        )

    def _active_customer(self, input: inputs.Receive, activity: Activity, here: str) -> None:
        """Who leaves gives up, where the mode has it so; who joins is waited for already."""
        if activity.what == "joined":
            self._ignore(input, activity.key, "the contact is open already")
            return
        mode = (self._state.contacts.get(here) or self._state.flows[here]).contact.mode
        if self._state.modes[mode].abandons:
            self._go(here)
        else:
            reason = f"{mode} contacts do not abandon; they wait until answered"
            self._ignore(input, activity.key, reason)


def _renewed(claims: tuple[Claim, ...], by: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """Return claims in which new ones stand for those of their scheme and scope.

    The last ones are kept: a platform may tell of ever more scopes.
    """
    told = {(claim.scheme, claim.scope) for claim in by}
    kept = (claim for claim in claims if (claim.scheme, claim.scope) not in told)
    return (*kept, *by)[-MOST_PARTS:]
