"""The engine lives through anything, and always does what a plain model says."""

from hypothesis import settings

from tests.center.machine import NaiveMachine

TestCenter = NaiveMachine.TestCase
TestCenter.settings = settings(max_examples=4 * settings().max_examples)
