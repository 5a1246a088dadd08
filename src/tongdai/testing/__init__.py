"""For test suites of your own: a channel and a clock that do what they are told."""

from tongdai.testing.channel import FakeChannel, FakeCustomer
from tongdai.testing.clock import ManualClock

__all__ = ["FakeChannel", "FakeCustomer", "ManualClock"]
