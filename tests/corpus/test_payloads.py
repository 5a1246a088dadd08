"""The run over payloads finds what is wrong, and names what it cannot decode."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.corpus import payloads
from tongdai.adapters.zalo import Zalo
from tongdai.channels import Received, Request

FOLLOW = {
    "event_name": "follow",
    "timestamp": "1767225600000",
    "follower": {"id": "7"},
    "recipient": {"id": "8"},
}


def test_good_payloads_keep_the_laws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are counted by what they are; others are named."""
    for folder, name, text in (
        ("zalo", "a.json", json.dumps(FOLLOW)),
        ("zalo", "b.json", json.dumps({**FOLLOW, "event_name": "tomorrow"})),
        ("pigeon", "c.json", "{}"),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).write_text(text)
    assert 0 == payloads.run(tmp_path)
    assert capsys.readouterr().out.splitlines() == [
        "pigeon: 1 payloads, no decoder yet",
        "zalo: 2 payloads: 1 Activity, 1 left",
    ]


def test_a_decoder_that_raises_breaks_a_law(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever it raises."""

    def burst(_: Zalo, __: Request) -> Received:
        raise KeyError("sender")

    monkeypatch.setattr(Zalo, "receive", burst)
    (tmp_path / "zalo").mkdir()
    (tmp_path / "zalo" / "a.json").write_text(json.dumps(FOLLOW))
    assert payloads.run(tmp_path) > 0
    assert "zalo/a.json: raised KeyError" in capsys.readouterr().out
