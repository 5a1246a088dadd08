"""What `tongdai.testing` has, and what each part of it needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tongdai import testing

NEED_HYPOTHESIS = {"CenterMachine", "Scenario", "check_strategy"} | {
    name for name in testing.__all__ if name.islower() and not name.startswith("check_")
}


def run(program: str) -> str:
    """Return what a program prints in a new interpreter."""
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    return ran.stdout.strip()


def test_every_name_is_there() -> None:
    """And `dir` knows it."""
    assert [name for name in testing.__all__ if getattr(testing, name) is None] == []
    assert set(testing.__all__) <= set(dir(testing))
    assert not hasattr(testing, "nonsense")


@pytest.mark.parametrize("name", testing.__all__)
def test_what_needs_hypothesis_says_so_in_one_line(name: str) -> None:
    """Everything else works without it."""
    told = run(f"""
import sys
sys.modules["hypothesis"] = None
try:
    from tongdai.testing import {name}
except ImportError as error:
    print(error)
""")
    line = f"tongdai.testing.{name} needs Hypothesis: pip install 'tongdai[testing]'"
    assert told == (line if name in NEED_HYPOTHESIS else "")


def test_importing_hypothesis_starts_no_event_loop() -> None:
    """Its entry point imports the values that it registers, and not the runtime."""
    told = run("""
import sys, hypothesis
print([name in sys.modules for name in ("tongdai.model", "anyio", "tongdai.runtime")])
""")
    assert told == "[True, False, False]"
