"""What the tests of the model draw: the users' strategies in all their width."""

from __future__ import annotations

from hypothesis import strategies as st

from tongdai import testing
from tongdai.testing import contacts, plans, queues, requirements
from tongdai.testing.strategies import values_of

PLAIN = ("vi", "en", "billing", "cards", "vip", "site:hanoi")

plain_names = st.sampled_from(PLAIN)
names = testing.names()
skills = st.dictionaries(names, st.integers(1, 5), max_size=4)
instants = testing.instants()
durations = testing.durations()
orders = testing.orders()
agents = testing.agents(room=False)

__all__ = [
    "PLAIN",
    "agents",
    "contacts",
    "durations",
    "instants",
    "names",
    "orders",
    "plain_names",
    "plans",
    "queues",
    "requirements",
    "skills",
    "values_of",
]
