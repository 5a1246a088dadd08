"""Who serves whom: the router, and the strategies by which it picks."""

from tongdai.routing.answers import Match
from tongdai.routing.explain import Explanation, Row
from tongdai.routing.router import Router
from tongdai.routing.strategies import (
    AgentView,
    ContactView,
    Strategy,
    best_skill,
    broadcast,
    fewest_contacts,
    least_occupied,
    longest_idle,
    ordered,
    round_robin,
    weighted,
)

__all__ = [
    "AgentView",
    "ContactView",
    "Explanation",
    "Match",
    "Router",
    "Row",
    "Strategy",
    "best_skill",
    "broadcast",
    "fewest_contacts",
    "least_occupied",
    "longest_idle",
    "ordered",
    "round_robin",
    "weighted",
]
