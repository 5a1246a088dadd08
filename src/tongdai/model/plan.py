"""How a requirement relaxes while the contact waits.

Rule: the step that counts depends on the contact's age alone. Every step states the whole
requirement, not a patch to the one before; after the last step the contact keeps waiting.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import timedelta

import attrs

from tongdai.errors import ConfigurationError
from tongdai.model.order import check_points
from tongdai.model.requirement import Requirement, requirement
from tongdai.model.time import Duration, duration


@attrs.frozen(init=False)
class Step:
    """From this age on, this requirement.

    Attributes:
        after: age of the contact from which the step counts.
        requires: the whole requirement from then on.
        priority: points added to the contact's own priority while the step counts.
    """

    after: Duration
    requires: Requirement
    priority: int = 0

    def __init__(
        self, after: Duration | timedelta, requires: Requirement | str, *, priority: int = 0
    ) -> None:
        """Build a step.

        Raises:
            ConfigurationError: `after` has no unit or is negative, or `priority` is no whole
            number.
        """
        check_points(priority, "Step.priority")
        self.__attrs_init__(  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            duration(after, "Step.after"), requirement(requires, "Step.requires"), priority
        )

    def __str__(self) -> str:
        """Give the requirement and the priority, without the time."""
        text = str(self.requires) or "anyone"
        return f"{text}  priority {self.priority:+}" if self.priority else text


@attrs.frozen(init=False)
class Plan:
    """A requirement, and the steps by which it relaxes.

    Attributes:
        steps: at least one; the first one counts from age 0.
    """

    steps: tuple[Step, ...]

    def __init__(self, requires: Requirement | str = "", *steps: Step) -> None:
        """Build a plan from what is required at first and the steps that follow.

        Raises:
            ConfigurationError: the steps are not in strictly rising order of time.
        """
        for step in steps:
            if not isinstance(step, Step):
                raise ConfigurationError(
                    f"Plan: {step!r} is not a step; write Step(seconds(30), {step!r})"
                )
        whole = (Step(Duration(0), requirement(requires, "Plan.requires")), *steps)
        for before, after in zip(whole, steps, strict=False):
            if after.after <= before.after:
                raise ConfigurationError(
                    f"Plan: the step after {after.after} does not come later than "
                    f"the one after {before.after}; write the steps in the order of time"
                )
        self.__attrs_init__(whole)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]

    def index(self, age: int) -> int:
        """Return the index of the step that counts at an age (microseconds; below 0 is 0)."""
        if age <= 0 or len(self.steps) == 1:
            return 0
        return bisect_right(self.steps, age, key=lambda step: step.after) - 1

    def __str__(self) -> str:
        """Give one line a step: when, and what is required then."""
        return "\n".join(f"{step.after!s:>7}  {step}" for step in self.steps)


def plan(value: object, field: str) -> Plan:
    """Return a setting (a text, a requirement or a plan) as a plan.

    Raises:
        ConfigurationError: it is none of these.
    """
    return value if isinstance(value, Plan) else Plan(requirement(value, field))
