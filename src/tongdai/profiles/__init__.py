"""One view of a customer from every channel: right, explainable and reversible."""

from tongdai.profiles.answers import (
    Answer,
    Attached,
    Change,
    Created,
    Erased,
    Merged,
    Profile,
    Relation,
    Review,
    Unmerged,
    Waterfall,
)
from tongdai.profiles.decisions import Decision
from tongdai.profiles.evidence import Part
from tongdai.profiles.model import LEVELS, Model
from tongdai.profiles.observation import Observation
from tongdai.profiles.policy import Policy
from tongdai.profiles.resolver import Pending, Resolver, Work
from tongdai.profiles.store import Entry, MemoryStore, Store
from tongdai.profiles.survivorship import Value

__all__ = [
    "LEVELS",
    "Answer",
    "Attached",
    "Change",
    "Created",
    "Decision",
    "Entry",
    "Erased",
    "MemoryStore",
    "Merged",
    "Model",
    "Observation",
    "Part",
    "Pending",
    "Policy",
    "Profile",
    "Relation",
    "Resolver",
    "Review",
    "Store",
    "Unmerged",
    "Value",
    "Waterfall",
    "Work",
]
