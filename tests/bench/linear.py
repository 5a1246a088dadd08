"""A router as one writes it first: look at every agent, and at every contact that waits.

Rule: it decides what the real one decides (the longest idle agent who is available, has room and
fits; the first contact in rank order that the agent fits), keeps no index, and does nothing else:
no events, no offers that expire, no plans, no explanation. It gives up on an agent at the first
thing that is wrong, cheapest question first.
"""

from __future__ import annotations

from tongdai import Agent, Contact, Requirement

_FULL = 100


class Desk:
    """An agent at work."""

    __slots__ = ("agent", "available", "free", "since")

    def __init__(self, agent: Agent, now: int) -> None:
        """Start available, with nothing to do."""
        self.agent = agent
        self.available = True
        self.free = agent.capacity
        self.since = now


class LinearRouter:
    """Agents and contacts in two plain lists."""

    def __init__(self) -> None:
        """Start with nobody."""
        self.desks: list[Desk] = []
        self.waiting: list[tuple[int, str, Requirement]] = []
        self._served: dict[str, Desk] = {}

    def put(self, agent: Agent, now: int) -> None:
        """Add an agent who is free."""
        self.desks.append(Desk(agent, now))

    def arrive(self, contact: Contact, wanted: Requirement, now: int) -> bool:
        """Give a contact to the longest idle agent who fits, or let it wait."""
        ready = [
            desk
            for desk in self.desks
            if desk.free >= _FULL and desk.available and desk.agent.meets(wanted)
        ]
        if not ready:
            self.waiting.append((now, contact.id, wanted))
            return False
        desk = min(ready, key=lambda desk: (desk.since, desk.agent.id))
        desk.free -= _FULL
        self._served[contact.id] = desk
        return True

    def free(self, contact: str, now: int) -> str | None:
        """Free the agent of a contact, and give them who goes first among those they fit."""
        desk = self._served.pop(contact)
        meets = desk.agent.meets
        fitting = [waiting for waiting in self.waiting if meets(waiting[2])]
        if not fitting:
            desk.free += _FULL
            desk.since = now
            return None
        first = min(fitting)
        self.waiting.remove(first)
        self._served[first[1]] = desk
        return first[1]
