"""Settings for all tests: how hard Hypothesis searches.

Rule: `dev` is quick and searches somewhere else every time; with `CI` set it always searches the
same places, so that a red run is about the change and not about luck. `nightly` searches long. The
variable `HYPOTHESIS_PROFILE` picks one.
"""

import os

from hypothesis import HealthCheck, settings

_SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

settings.register_profile(
    "dev",
    deadline=None,
    max_examples=50,
    stateful_step_count=40,
    derandomize="CI" in os.environ,
    print_blob=True,
    suppress_health_check=_SLOW_IS_FINE,
)
settings.register_profile(
    "nightly",
    deadline=None,
    max_examples=1_000,
    stateful_step_count=120,
    print_blob=True,
    suppress_health_check=_SLOW_IS_FINE,
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))
