"""The libraries that only profiles need.

Rule: each is imported when it is first used, here and nowhere else, and its absence is told in one
line.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from tongdai.errors import ConfigurationError

if TYPE_CHECKING:
    from types import ModuleType


def need(name: str) -> ModuleType:
    """Return a library of the extra `profiles`.

    Raises:
        ConfigurationError: it is not installed; says what to run.
    """
    try:
        return import_module(name)
    except ImportError:
        raise ConfigurationError(
            f"tongdai.profiles needs {name.partition('.')[0]}; run: pip install 'tongdai[profiles]'"
        ) from None
