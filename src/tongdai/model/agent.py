"""Who serves: an agent as a value.

Rule: an agent is what does not change while they work: skills, capacity, limits. What changes
(presence, load, how long they have been idle) is the router's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias, get_args

import attrs

from tongdai.errors import ConfigurationError, did_you_mean
from tongdai.model.ids import check_id
from tongdai.model.mode import FULL, Mode, check_count, check_flag
from tongdai.model.requirement import Requirement, check_level

Presence: TypeAlias = Literal["available", "away", "not_responding", "offline"]
"""`available` takes work, `away` has a reason, `not_responding` let an offer expire, `offline`."""

PRESENCES: tuple[Presence, ...] = get_args(Presence)


def check_presence(value: object, field: str) -> None:
    """Raise an error that names the field unless this is a presence.

    Raises:
        ConfigurationError: it is none of the four.
    """
    if value not in PRESENCES:
        near = did_you_mean(value, PRESENCES) if isinstance(value, str) else ""
        raise ConfigurationError(f"{field}: {value!r} is not one of {', '.join(PRESENCES)}.{near}")


@attrs.frozen
class Agent:
    """Somebody (or something) who serves contacts.

    Attributes:
        id: the caller's id for them.
        skills: level of each skill, 1 to 5. Languages and sites are skills too: `{"vi": 5}`.
        capacity: units of work they can hold at once.
        costs: what a mode costs this agent, where it differs.
        limits: how many contacts of a mode this agent has at most.
        auto_accept: whether offers accept themselves; `None` leaves it to the queue and the mode.
    """

    id: str
    skills: Mapping[str, int] = attrs.field(factory=dict[str, int])
    capacity: int = attrs.field(default=FULL, kw_only=True)
    costs: Mapping[Mode, int] = attrs.field(factory=dict[Mode, int], kw_only=True)
    limits: Mapping[Mode, int] = attrs.field(factory=dict[Mode, int], kw_only=True)
    auto_accept: bool | None = attrs.field(default=None, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check every field and take copies of the mappings.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        check_id(self.id, "Agent.id")
        for field in ("skills", "costs", "limits"):
            value = getattr(self, field)
            if not hasattr(value, "items"):
                raise ConfigurationError(
                    f"Agent.{field}: {value!r} is not a mapping; write {{name: number}}"
                )
            object.__setattr__(self, field, dict(value))
        for name, level in self.skills.items():
            check_id(name, "Agent.skills")
            check_level(level, f"Agent.skills[{name!r}]")
        for field, least in (("costs", 0), ("limits", 0)):
            for mode, number in getattr(self, field).items():
                if mode not in Mode.__members__.values():
                    raise ConfigurationError(
                        f"Agent.{field}: {mode!r} is not one of {', '.join(Mode)}"
                    )
                check_count(number, f"Agent.{field}[{mode}]", least=least)
        check_count(self.capacity, "Agent.capacity", least=0)
        check_flag(self.auto_accept, "Agent.auto_accept", inherits=True)
        for field in ("skills", "costs", "limits"):  # sorted, so that a journal gives the same back
            object.__setattr__(self, field, dict(sorted(getattr(self, field).items())))

    def meets(self, requirement: Requirement) -> bool:
        """Return whether this agent fits: has the skills, and is not excluded by name."""
        return self.id not in requirement.without and requirement.met_by(self.skills)
