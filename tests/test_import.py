"""`import tongdai` brings the pure parts, and nothing that they do not need."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROFILES = ["email_validator", "phonenumbers", "rapidfuzz"]  # what they need
FOREIGN = ["anyio", "asyncio", "hypothesis", "matplotlib", "rich", "sqlite3", "trio", *PROFILES]


def imported(module: str) -> list[str]:
    """Return which of the above are there after importing a module in a new interpreter."""
    program = f"import sys, {module}; print(*(name for name in {FOREIGN} if name in sys.modules))"
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, text=True
    )
    return ran.stdout.split()


@pytest.mark.parametrize(
    "module", ["tongdai", "tongdai.center", "tongdai.metrics", "tongdai.journal"]
)
def test_importing_it_starts_nothing(module: str) -> None:
    """No event loop, no database, no extra."""
    assert imported(module) == []


def test_the_check_would_see_them() -> None:
    """The runtime is the one that brings an event loop; the test tools bring no Hypothesis."""
    assert "anyio" in imported("tongdai.runtime")
    assert "hypothesis" not in imported("tongdai.testing")
