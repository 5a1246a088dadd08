"""What one can ask a center: why, who, where, how long.

Rule: looking changes nothing, and what it answers is a copy that stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from tongdai.center.explain import OfferExplanation, explain_offer
from tongdai.center.histories import Timeline
from tongdai.center.state import State
from tongdai.center.triage import About
from tongdai.center.views import (
    AgentSnapshot,
    ContactSnapshot,
    QueueSnapshot,
    agent_snapshot,
    contact_snapshot,
    flow_snapshot,
    queue_snapshot,
)
from tongdai.channels import Inbound, Message, Ringing
from tongdai.errors import IllegalInput, did_you_mean
from tongdai.model.ids import contact_of
from tongdai.model.time import Duration, Instant, checked
from tongdai.routing import Explanation

if TYPE_CHECKING:
    from tongdai.center.identity import Identity


class Looking:
    """The half of a center that only looks."""

    _state: State
    _now: Instant
    _identity: Identity | None

    def explain(self, id: str, now: Instant | None = None) -> Explanation | OfferExplanation:
        """Return why a contact waits, or why an offer went to its agent.

        Args:
            id: of a contact, or of an offer.
            now: by default the instant of the last input.

        Raises:
            IllegalInput: there is no such open contact or offer.
        """
        at = self._now if now is None else checked(now)
        contact = contact_of(id)
        if contact is not None and contact in self._state.contacts:
            return explain_offer(self._state, id)
        if id not in self._state.contacts:
            near = did_you_mean(id, self._state.contacts)
            raise IllegalInput(f"explain: no open contact {id!r}.{near}")
        found = self._state.router.explain(id, at)
        if not found.place:
            return found
        queue = self._state.contacts[id].queue
        place = self._state.queues.position(id, at) or 0
        return attrs.evolve(found, place=place, of=self._state.queues.waiting(queue))

    def queue(self, queue: str) -> QueueSnapshot:
        """Return a queue as it is now.

        Raises:
            IllegalInput: there is no such queue.
        """
        return queue_snapshot(self._state, queue)

    def agent(self, agent: str) -> AgentSnapshot:
        """Return an agent as they are now.

        Raises:
            IllegalInput: there is no such agent.
        """
        return agent_snapshot(self._state.router.agent(agent))

    def agents(self, *, skill: str | None = None) -> list[AgentSnapshot]:
        """Return all agents as they are now, or those who have a skill."""
        every = self._state.router.agents.values()
        return [
            agent_snapshot(live) for live in every if skill is None or skill in live.agent.skills
        ]

    def contact(self, contact: str) -> ContactSnapshot:
        """Return an open contact as it is now.

        Raises:
            IllegalInput: there is no such open contact.
        """
        live = self._state.contacts.get(contact)
        flow = self._state.flows.get(contact)
        histories = self._state.histories
        profile = "" if histories is None else histories.profile_of(contact)
        if live is not None:
            return attrs.evolve(contact_snapshot(live, self._now, flow), profile=profile)
        if flow is not None:
            return attrs.evolve(flow_snapshot(flow), profile=profile)
        near = did_you_mean(contact, self._state.contacts)
        raise IllegalInput(f"contact: no open contact {contact!r}.{near}")

    def timeline(self, profile: str) -> Timeline:
        """Return what happened with a person lately, over all channels.

        Args:
            profile: its id; one that it had before will do.

        Raises:
            IllegalInput: nobody of that id has been here lately.
        """
        histories = self._state.histories
        found = None if histories is None else histories.timeline(profile)
        if found is None and histories is not None and self._identity is not None:
            found = histories.timeline(self._identity.find(profile))
        if found is None:
            raise IllegalInput(f"timeline: no profile {profile!r} has been here lately")
        return found

    def opens(self, inbound: Inbound) -> bool:
        """Return whether a contact would come of what came in: only then its entry counts."""
        return self._state.opens(inbound)

    def about(self, inbound: Message | Ringing, now: Instant | None = None) -> About:
        """Return what is known of who writes or calls, for triage. Nothing changes.

        Args:
            inbound: what came in.
            now: by default the instant of the last input.
        """
        at = self._now if now is None else checked(now)
        if self._identity is None:
            return About(at)
        address = inbound.address if isinstance(inbound, Message) else None
        return self._identity.about(address, inbound.claims, at)

    def waiting(self, queue: str | None = None) -> list[ContactSnapshot]:
        """Return the contacts that wait in a queue, or in all, first to last in each.

        Raises:
            IllegalInput: there is no such queue.
        """
        state = self._state
        now = self._now
        return [
            contact_snapshot(state.contacts[contact], now, state.flows.get(contact))
            for id in (state.queues.queues if queue is None else (queue,))
            for contact in state.queues.contacts(id)
        ]

    def position(self, contact: str) -> int | None:
        """Return a waiting contact's place in its queue, from 1; `None` while it is on offer.

        Raises:
            IllegalInput: the contact is in no queue.
        """
        return self._state.queues.position(contact, self._now)

    def estimate(self, contact: str) -> Duration | None:
        """Return how long a contact will still wait; `None` where too little was seen lately.

        Raises:
            IllegalInput: the contact is in no queue.
        """
        return self._state.queues.estimate(contact, self._now)

    @property
    def state(self) -> State:
        """The live state, to look at; only `handle` and `apply` change it."""
        return self._state

    def snapshot(self) -> dict[str, object]:
        """Return all state as plain data; equal states give equal data. O(everything)."""
        return self._state.snapshot()
