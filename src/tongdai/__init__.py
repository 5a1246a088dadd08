"""tongdai: the contact center you import.

Rule: what most programs need stands here, and importing it starts nothing: no event loop, no
database, no extra is imported. Everything else comes from its own package.
"""

from tongdai.center.engine import Center, Decision
from tongdai.center.inputs import (
    Abandon,
    Accept,
    Arrive,
    Decline,
    Dispose,
    End,
    PutAgent,
    PutQueue,
    Receive,
    RemoveAgent,
    RemoveQueue,
    Say,
    SetPresence,
    Tick,
)
from tongdai.errors import ConfigurationError, IllegalInput, TongdaiError
from tongdai.ivr.flow import Flow
from tongdai.metrics.fold import Metrics
from tongdai.model.agent import Agent, Presence
from tongdai.model.contact import Address, Claim, Contact, Content
from tongdai.model.mode import Mode
from tongdai.model.order import Order
from tongdai.model.plan import Plan, Step
from tongdai.model.queue import Queue
from tongdai.model.requirement import Requirement
from tongdai.model.time import Duration, Instant, hours, instant, minutes, seconds
from tongdai.queues.queue import OmnichannelQueue
from tongdai.routing.router import Router

__all__ = [
    "Abandon",
    "Accept",
    "Address",
    "Agent",
    "Arrive",
    "Center",
    "Claim",
    "ConfigurationError",
    "Contact",
    "Content",
    "Decision",
    "Decline",
    "Dispose",
    "Duration",
    "End",
    "Flow",
    "IllegalInput",
    "Instant",
    "Metrics",
    "Mode",
    "OmnichannelQueue",
    "Order",
    "Plan",
    "Presence",
    "PutAgent",
    "PutQueue",
    "Queue",
    "Receive",
    "RemoveAgent",
    "RemoveQueue",
    "Requirement",
    "Router",
    "Say",
    "SetPresence",
    "Step",
    "Tick",
    "TongdaiError",
    "hours",
    "instant",
    "minutes",
    "seconds",
]
