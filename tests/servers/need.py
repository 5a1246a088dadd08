"""What these tests need of the machine.

Rule: a server that is missing is said in one line with the command that brings it; with
`TONGDAI_REQUIRE_SERVERS=1` it is a failure, and nothing is skipped.
"""

import os
import shutil
from pathlib import Path

import pytest

_ELSEWHERE = (Path("/usr/sbin"), Path("/usr/local/sbin"), Path("/usr/lib/dovecot"))


def need(program: str, *, how: str, variable: str = "") -> str:
    """Return the path of a program; where there is none, skip, or fail where it is required.

    Args:
        program: its name.
        how: the command that installs it.
        variable: the environment variable that may hold its path.
    """
    if variable and (named := os.environ.get(variable)):
        return named
    found = shutil.which(program) or next(
        (str(place / program) for place in _ELSEWHERE if (place / program).exists()), None
    )
    if found is None:
        told = f"{program} is not here; {how}"
        if os.environ.get("TONGDAI_REQUIRE_SERVERS") == "1":
            pytest.fail(told)
        pytest.skip(told)
    return found
