"""What every journal does; add a factory to run it on another one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tongdai.journal import Journal, MemoryJournal
from tongdai.testing.journals import CHECKS, Check

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Name the event loop that a test runs on."""
    return str(request.param)


@pytest.mark.parametrize("make", [MemoryJournal])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_a_journal_keeps_its_promises(make: Callable[[], Journal], check: Check) -> None:
    """Each of the checks that users have for journals of their own."""
    await check(make())
