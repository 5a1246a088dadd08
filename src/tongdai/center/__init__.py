"""One contact's life across the blocks, as a pure engine."""

from tongdai.center import effects, events, inputs
from tongdai.center.engine import Center, Decision
from tongdai.center.explain import OfferExplanation
from tongdai.center.simulate import Pause, Shift, Visit, simulate

__all__ = [
    "Center",
    "Decision",
    "OfferExplanation",
    "Pause",
    "Shift",
    "Visit",
    "effects",
    "events",
    "inputs",
    "simulate",
]
