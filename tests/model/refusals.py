"""What tests of bad input share: a value the type checkers know nothing of, and what is refused.

Rule: a refusal is compared word for word, for its words are what it is for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tongdai import TongdaiError


def untyped(value: object) -> Any:  # noqa: ANN401 - that it may be anything is the point
    """Return a value as a careless caller passes it: no type checker has looked at it."""
    return value


def refused(call: Callable[[], object]) -> str:
    """Return what the error says that a call raises; a call that succeeds fails the test."""
    with pytest.raises(TongdaiError) as caught:
        call()
    assert isinstance(caught.value, ValueError)  # so that callers who know no tongdai catch it too
    return str(caught.value)
