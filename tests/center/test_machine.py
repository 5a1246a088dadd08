"""The engine lives through anything, and always does what a plain model says."""

import inspect

from hypothesis import settings

from tests.center.machine import CenterMachine
from tongdai.center import inputs

TestCenter = CenterMachine.TestCase
TestCenter.settings = settings(max_examples=4 * settings().max_examples)


def test_every_input_has_a_rule() -> None:
    """Who adds an input adds a rule for it."""
    rules = [rule.function for rule in CenterMachine.setup_state().rules]
    text = "".join(inspect.getsource(rule) for rule in rules if rule.__name__ != "ask_wrong")
    missing = [
        kind.__name__ for kind in inputs.AnyInput.__args__ if f"inputs.{kind.__name__}(" not in text
    ]
    assert missing == []
