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
from tongdai.center.triage import (
    About,
    OpenContact,
    Rule,
    Triage,
    Triaged,
    TriageExplanation,
)
from tongdai.center.views import AgentSnapshot, ContactSnapshot, QueueSnapshot
from tongdai.center.written import written_in

__all__ = [
    "About",
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
    "OpenContact",
    "Pause",
    "QueueSnapshot",
    "Rule",
    "Shift",
    "Survival",
    "Triage",
    "TriageExplanation",
    "Triaged",
    "Visit",
    "draw",
    "effects",
    "events",
    "generate",
    "inputs",
    "simulate",
    "written_in",
]
