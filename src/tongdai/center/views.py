"""What a center looks like at one instant, for programs and people.

Rule: snapshots are frozen copies; holding one changes nothing, and it does not change when the
center does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from tongdai.center.state import ContactState, InFlow, State
from tongdai.model.agent import Agent, Presence
from tongdai.model.contact import Contact
from tongdai.model.queue import Queue
from tongdai.model.time import Duration, Instant
from tongdai.routing.lanes import AgentState


@attrs.frozen
class QueueSnapshot:
    """A queue at an instant.

    Attributes:
        queue: its settings.
        waiting: how many wait.
        on_offer: how many are on offer.
    """

    queue: Queue
    waiting: int
    on_offer: int


@attrs.frozen
class AgentSnapshot:
    """An agent at an instant.

    Attributes:
        agent: the value.
        presence: whether they take work.
        reason: why not.
        since: when their load last changed, or they became available.
        used: units of capacity in use.
        contacts: ids of the contacts that hold them: offered, active, or in wrap-up.
    """

    agent: Agent
    presence: Presence
    reason: str
    since: Instant
    used: int
    contacts: tuple[str, ...]

    @property
    def id(self) -> str:
        """The agent's id."""
        return self.agent.id


@attrs.frozen
class ContactSnapshot:
    """An open contact at an instant.

    Attributes:
        contact: the value.
        queue: where it is.
        phase: `waiting`, `offered` or `active`; `self_service` while its flow has it.
        waited: since it was first enqueued.
        agents: who is offered it, or has it.
        flow: the flow in which it began; empty where it began in a queue.
        context: what its flow has asked and been answered, by name.
        profile: whose it is; empty where nobody knows.
    """

    contact: Contact
    queue: str
    phase: str
    waited: Duration
    agents: tuple[str, ...]
    flow: str = ""
    context: Mapping[str, Any] = attrs.field(factory=dict[str, Any], repr=False)
    profile: str = ""


def queue_snapshot(state: State, queue: str) -> QueueSnapshot:
    """Return a queue as it is now.

    Raises:
        IllegalInput: there is no such queue.
    """
    queues = state.queues
    return QueueSnapshot(queues.queue(queue), queues.waiting(queue), queues.on_offer(queue))


def agent_snapshot(live: AgentState) -> AgentSnapshot:
    """Return an agent as they are now."""
    return AgentSnapshot(
        live.agent, live.presence, live.reason, live.since, live.used, tuple(live.active)
    )


def contact_snapshot(live: ContactState, now: Instant, flow: InFlow | None) -> ContactSnapshot:
    """Return a contact as it is now that a queue or an agent has."""
    offered = tuple(offer.agent for offer in live.offers.values())
    return ContactSnapshot(
        live.contact,
        live.queue,
        live.phase,
        Duration(now - live.since),
        (live.agent,) if live.agent else offered,
        "" if flow is None else flow.flow,
        {} if flow is None else flow.context,
    )


def flow_snapshot(flow: InFlow) -> ContactSnapshot:
    """Return a contact as it is now that its flow has."""
    return ContactSnapshot(
        flow.contact, "", "self_service", Duration(0), (), flow.flow, flow.context
    )
