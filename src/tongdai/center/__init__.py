"""One contact's life across the blocks, as a pure engine."""

from tongdai.center import effects, events, inputs
from tongdai.center.engine import Center, Decision
from tongdai.center.explain import OfferExplanation
from tongdai.center.simulate import Pause, Shift, Visit, simulate
from tongdai.center.views import AgentSnapshot, ContactSnapshot, QueueSnapshot

__all__ = [
    "AgentSnapshot",
    "Center",
    "ContactSnapshot",
    "Decision",
    "OfferExplanation",
    "Pause",
    "QueueSnapshot",
    "Shift",
    "Visit",
    "effects",
    "events",
    "inputs",
    "simulate",
]
