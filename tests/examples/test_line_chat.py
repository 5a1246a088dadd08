"""The channel of one's own, as a program."""

from __future__ import annotations

import sys

import line_chat
import pytest


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_it_prints_what_the_kit_found(backend: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each promise, none of them broken."""
    assert line_chat.main(["--backend", backend]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {"kept", "not"}


def test_an_event_loop_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line tells what to install."""
    monkeypatch.setitem(sys.modules, "trio", None)
    with pytest.raises(SystemExit) as caught:
        line_chat.main(["--backend", "trio"])
    assert caught.value.code == 1
    assert capsys.readouterr() == (
        "",
        "line_chat.py: trio is missing; python -m pip install trio\n",
    )
