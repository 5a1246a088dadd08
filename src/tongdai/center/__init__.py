"""One contact's life across the blocks, as a pure engine."""

from tongdai.center import effects, events, inputs
from tongdai.center.engine import Center, Decision
from tongdai.center.explain import OfferExplanation

__all__ = ["Center", "Decision", "OfferExplanation", "effects", "events", "inputs"]
