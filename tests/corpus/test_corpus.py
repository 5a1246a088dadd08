"""All corpora in one command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.adapters.email.mails import raw
from tests.corpus import __main__ as corpus


def test_a_folder_is_looked_through(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is there is held against its laws; a provider without a decoder is named."""
    for name, text in (("email/one.eml", raw()), ("telegram/one.json", b"{}")):
        path = tmp_path / "payloads" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(text)
    assert 0 == corpus.main([str(tmp_path)])
    told = capsys.readouterr().out
    assert "mails: 1" in told
    assert "telegram: 1 payloads, no decoder yet" in told


def test_where_there_is_nothing_it_says_so(tmp_path: Path) -> None:
    """A folder that was named must hold something."""
    assert 2 == corpus.main([str(tmp_path)])
