"""One contact's life across the blocks, as a pure engine."""

from tongdai.center import effects, events, inputs
from tongdai.center.arrivals import Burst, Demand, Forecast, generate
from tongdai.center.draws import (
    Distribution,
    Empirical,
    Exponential,
    Fixed,
    Lognormal,
    Survival,
    draw,
)
from tongdai.center.engine import Center, Decision
from tongdai.center.explain import OfferExplanation
from tongdai.center.simulate import Pause, Shift, Visit, simulate
from tongdai.center.views import AgentSnapshot, ContactSnapshot, QueueSnapshot

__all__ = [
    "AgentSnapshot",
    "Burst",
    "Center",
    "ContactSnapshot",
    "Decision",
    "Demand",
    "Distribution",
    "Empirical",
    "Exponential",
    "Fixed",
    "Forecast",
    "Lognormal",
    "OfferExplanation",
    "Pause",
    "QueueSnapshot",
    "Shift",
    "Survival",
    "Visit",
    "draw",
    "effects",
    "events",
    "generate",
    "inputs",
    "simulate",
]
