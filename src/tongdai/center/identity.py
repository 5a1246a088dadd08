"""Who a contact is: how a center asks its resolver, and what it does with the answer.

Rule: the resolver is asked when a contact arrives and when the center is told to look again
(`Relink`), never when time passes and never in replay. What it answers stands in events, with the
ids of profiles, and everything later reads the state that those events gave.

A contact's claims and address are an observation; its id is the contact's. Where the resolver knows
that id with other content (a step that was never kept, taken once more), the observation gets the
instant into its id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from tongdai.center import events
from tongdai.center.histories import Histories
from tongdai.center.state import State
from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.model.contact import Claim, Contact
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
_SCHEMES: Final = {"phone": "phone", "voice": "phone", "sms": "phone", "email": "email"}
"""Channels whose addresses are such identifiers; elsewhere the channel is the scheme."""
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

    def identify(self, contact: Contact) -> None:
        """Find out who a new contact is, if it says anything about that."""
        at, cause = self._stamp()
        channel = _channel(contact)
        observation = _observation(contact, channel, at)
        if observation is None:
            return
        try:
            answer = self._people.ingest(observation)
        except IllegalInput:
            again = _observation(contact, channel, at, f"{contact.id[:100]}@{int(at)}")
            if again is None or self.find(again.id):  # (the resolver has that one as well)
                return
            observation = again
            answer = self._people.ingest(again)
        profile = self._people.find(observation.id)
        self._emit(
            events.ContactIdentified(
                contact.id,
                profile,
                observation.id,
                channel,
                how=type(answer).__name__.lower(),
                bits=answer.by,
                known=self._known(profile),
                at=at,
                cause=cause,
            )
        )
        self.relink(_changed(answer))

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


def _observation(contact: Contact, channel: str, at: Instant, id: str = "") -> Observation | None:
    """Return what a contact says about who it is; `None` where that is nothing.

    What cannot be part of an observation is left out: it identifies nobody.
    """
    claims = list(contact.claims)
    address = contact.address
    if address is not None and all(claim.value != address.to for claim in claims):
        scheme = _SCHEMES.get(address.channel, address.channel)
        claims.append(
            Claim(scheme, address.to, assurance="carrier" if scheme == "phone" else "platform")
        )
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
