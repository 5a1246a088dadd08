"""Who a contact is: how a center asks its resolver, and what it does with the answer.

Rule: the resolver is asked when a contact arrives and when the center is told to look again
(`Relink`), never when time passes and never in replay. What it answers stands in events, with the
ids of profiles, and everything later reads the state that those events gave.

A contact's claims are an observation, its address where it has none; its id is the contact's. Where
the resolver knows that id with other content (a step that was never kept, taken once more), the
observation gets the instant into its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final

from msgspec.structs import replace

from tongdai.center import events
from tongdai.center.histories import Histories
from tongdai.center.state import State
from tongdai.center.triage import About, OpenContact
from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.model.contact import Address, Claim, Contact
from tongdai.model.queue import Queue
from tongdai.model.requirement import Requirement
from tongdai.model.time import Instant
from tongdai.profiles import Observation, Resolver
from tongdai.profiles.extras import need
from tongdai.profiles.observation import FIELDS, MOST_CLAIMS

if TYPE_CHECKING:
    from tongdai.profiles import Answer

_WITH_CLAIM: Final = frozenset({"phone", "email"})  # fields that are claims, with an assurance
_SAID: Final = frozenset(FIELDS) - _WITH_CLAIM
_EXTRAS: Final = ("phonenumbers", "email_validator", "rapidfuzz")


class Identity:
    """The resolver of a center. It emits through the center and remembers nothing itself."""

    def __init__(
        self,
        people: Resolver,
        state: State,
        *,
        emit: Callable[[events.AnyEvent], None],
        stamp: Callable[[], tuple[Instant, str]],
    ) -> None:
        """Make it ready.

        Args:
            people: who knows who is who.
            state: the center's.
            emit: lets something have happened.
            stamp: gives instant and cause of what happens now.

        Raises:
            ConfigurationError: this is no resolver, or what `tongdai.profiles` needs is not
                installed.
        """
        if not isinstance(people, Resolver):
            raise ConfigurationError(
                f"Center.people: {type(people).__name__} is not a Resolver; write Resolver()"
            )
        for name in _EXTRAS:  # (here, and not in the middle of a call)
            need(name)
        self._people = people
        self._state = state
        self._emit = emit
        self._stamp = stamp
        self._histories = state.histories = Histories()

    def identify(self, contact: Contact, *, call: bool = False) -> None:
        """Find out who a new contact is, if it says anything about that.

        Of a call that came over a channel the address is no identifier: it is over with it.
        """
        at, cause = self._stamp()
        channel = _channel(contact)
        said = replace(contact, address=None) if call else contact
        found = self._ingest(said, channel, at)
        if found is None:
            return
        id, answer = found
        profile = self._people.find(id)
        self._emit(
            events.ContactIdentified(
                contact.id,
                profile,
                id,
                channel,
                how=type(answer).__name__.lower(),
                bits=answer.by,
                known=self._known(profile),
                at=at,
                cause=cause,
            )
        )
        self.relink(_changed(answer))

    def relinked(self, was: Address, to: Address, claims: tuple[Claim, ...], key: str) -> None:
        """Let the resolver know that two identities are one person's: an observation of its own.

        Each says who it is by claims: the one of before by those of its newest open contact, the
        one from here on by those that came; or, as ever, by its address where there are none.
        """
        mark = blake2b(f"{was.channel}\0{key}".encode(), digest_size=12).hexdigest()
        here = self._state.at_address(was)
        live = self._state.contacts.get(here) or self._state.flows.get(here)
        before = live.contact.claims if live is not None else ()
        said = Contact(
            f"relinked-{mark}",
            claims=(*(before or (_reached(was),)), *(claims or (_reached(to),))),
        )
        at, _ = self._stamp()
        found = self._ingest(said, was.channel, at)
        if found is not None:
            self.relink(_changed(found[1]))

    def _ingest(self, contact: Contact, channel: str, at: Instant) -> tuple[str, Answer] | None:
        """Let the resolver have what a contact says; return the observation's id, and its answer.

        `None` where there is nothing in it, or nothing new.
        """
        observation = _observation(contact, channel, at)
        if observation is None:
            return None
        try:
            return observation.id, self._people.ingest(observation)
        except IllegalInput:
            again = _observation(contact, channel, at, f"{contact.id[:100]}@{int(at)}")
            if again is None or self.find(again.id):  # (the resolver has that one as well)
                return None
            return again.id, self._people.ingest(again)

    def about(self, address: Address | None, claims: tuple[Claim, ...], at: Instant) -> About:
        """Return what is known of who would come with this address and these claims."""
        said = Contact("x", address=address, claims=claims)
        observation = _observation(said, _channel(said), at)
        profile = "" if observation is None else self._people.recognise(observation)
        if not profile:
            return About(at)
        found = self._people.profile(profile)
        customer: dict[str, str] = {field: value.text for field, value in found.values.items()}
        history = self._histories.profiles.get(profile)
        if history is None:
            return About(at, profile=profile, customer=customer)
        contacts, flows = self._state.contacts, self._state.flows
        open_ = [
            OpenContact(
                id,
                touch.channel,
                contacts[id].queue if id in contacts else "",
                contacts[id].agent if id in contacts else "",
            )
            for id, touch in history.touches.items()
            if id in contacts or id in flows
        ]
        return About(
            at,
            profile=profile,
            customer=customer,
            last_agent=history.last_agent,
            contacts=len(history.touches),
            open=tuple(open_),
        )

    def relink(self, profiles: Iterable[str]) -> None:
        """Let the contacts of these profiles follow what the resolver says now."""
        at, cause = self._stamp()
        for was in profiles:
            history = self._histories.profiles.get(was)
            if history is None:
                continue
            now: dict[str, list[str]] = {}
            for touch in history.touches.values():
                now.setdefault(self.find(touch.observation), []).append(touch.contact)
            for profile, contacts in now.items():
                known = self._known(profile) if profile else {}
                if profile != was:
                    self._emit(
                        events.ProfileChanged(
                            profile, known, was, tuple(contacts), at=at, cause=cause
                        )
                    )
                elif known != history.known:
                    self._emit(events.ProfileChanged(profile, known, at=at, cause=cause))

    def look_again(self, profiles: tuple[str, ...]) -> None:
        """Do what `Relink` asks for."""
        self.relink(profiles or tuple(self._histories.profiles))

    def context(self, contact: str, found: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what an offer shows: what its flow has found, and the profile."""
        if contact not in self._histories.open:
            return found
        return {**found, "profile": self._histories.facts(contact)}

    def preferred(self, contact: Contact, queue: str) -> str:
        """Return what a queue's contact prefers by its profile, as a requirement's text."""
        settings = self._state.queues.queue(queue)
        if not settings.prefers:
            return ""
        facts = self._histories.facts(contact.id)
        language = facts["language"] if "language" in settings.prefers else ""
        agent = facts["last_agent"] if "last agent" in settings.prefers else ""
        held = agent if agent and self._can_be_held(contact, settings, agent) else None
        try:
            return str(
                Requirement(
                    prefers={language: 1} if language and not contact.language else {},
                    first=held,
                )
            )
        except ConfigurationError:  # (what the profile has for a language is no name of a skill)
            return "" if held is None else str(Requirement(first=held))

    def _can_be_held(self, contact: Contact, queue: Queue, agent: str) -> bool:
        """Return whether a contact is held for its last agent, and not for ever.

        Either the plan's next step ends it, or the agent is ready, and so gets the offer at once:
        nobody who goes before this contact waits beside an agent who is ready.
        """
        first = queue.plan.steps[0].requires & contact.needs
        if first.first is not None:
            return False
        prospect = self._state.router.prospect(agent, contact, queue)
        return prospect == "ready" or (prospect == "less" and len(queue.plan.steps) > 1)

    def _known(self, profile: str) -> dict[str, Any]:
        found = self._people.profile(profile)
        return {
            "name": found.get("name"),
            "language": found.get("language"),
            "consent": dict(found.consent),
        }

    def find(self, id: str) -> str:
        """Return the profile of an observation or of a former profile; empty where none is."""
        try:
            return self._people.find(id)
        except IllegalInput:
            return ""


def _changed(answer: Answer) -> list[str]:
    return list(dict.fromkeys(id for change in answer.events for id in change.changed))


def _channel(contact: Contact) -> str:
    """Return what the timeline calls a contact's channel."""
    if contact.address is not None:
        return contact.address.channel
    return contact.claims[0].scheme if contact.claims else str(contact.mode)


def _reached(address: Address) -> Claim:
    """Return the claim that an address is: an account on a channel, whatever else it is.

    It counts only where there are no claims: what an address is, and whether it is anybody's at all
    (a thread, a call), only the channel's own claims can tell.
    """
    return Claim(address.channel, address.to, assurance="platform")


def _observation(contact: Contact, channel: str, at: Instant, id: str = "") -> Observation | None:
    """Return what a contact says about who it is; `None` where that is nothing.

    What cannot be part of an observation is left out: it identifies nobody.
    """
    claims = list(contact.claims)
    if contact.address is not None and not claims:
        claims.append(_reached(contact.address))
    if not claims:
        return None
    said: dict[str, Any] = {}
    kept: list[Claim] = []
    for claim in claims:
        if not _fits(claim, at):
            continue
        if claim.scheme in _SAID:
            said.setdefault(claim.scheme, claim.value)
        elif len(kept) < MOST_CLAIMS:
            kept.append(claim)
    if contact.language:
        said.setdefault("language", contact.language)
    if not kept and not said.keys() - {"language"}:
        return None
    try:
        source = Observation("x", channel, at, name="x").source
    except ConfigurationError:
        source = str(contact.mode)
    return Observation(id or contact.id, source, at, claims=tuple(kept), **said)


def _fits(claim: Claim, at: Instant) -> bool:
    try:
        if claim.scheme in _SAID:
            said: dict[str, Any] = {claim.scheme: claim.value}
            Observation("x", "x", at, **said)
        Observation("x", "x", at, claims=(claim,))
    except ConfigurationError:
        return False
    return True
