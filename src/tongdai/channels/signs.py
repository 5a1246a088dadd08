"""What a customer is shown besides messages, where a medium can show it.

Rule: a sign is worth something now or never. It is in no journal, it may be lost, and nothing is
decided by it.
"""

from __future__ import annotations

from typing import TypeAlias

from tongdai.model.personal import PersonalText, Value
from tongdai.model.time import Duration


class Typing(Value, frozen=True, tag=True):
    """An agent is writing."""


class Seen(Value, frozen=True, tag=True):
    """An agent has seen the customer's messages, these among them (keys of inbound messages)."""

    keys: tuple[str, ...] = ()


class Waiting(Value, frozen=True, tag=True):
    """The customer waits: at which place, from 1, and how long still, where that is known."""

    place: int | None = None
    still: Duration | None = None


class Served(Value, frozen=True, tag=True):
    """An agent has the contact from now on; empty: nobody has, it waits or is over."""

    agent: PersonalText = ""


Sign: TypeAlias = Typing | Seen | Waiting | Served
"""Everything that can be shown."""
