"""The corpus run finds what is wrong, and says where there is nothing to run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.corpus import flows as corpus
from tests.ivr.importers.connect_flows import BYE, SORRY
from tests.ivr.importers.connect_flows import document as connect_document
from tests.ivr.studio_flows import document, say, split
from tongdai.ivr.importers import studio


def write(folder: Path, **documents: Any) -> Path:  # noqa: ANN401 - plain data
    """Write documents into a folder."""
    for name, content in documents.items():
        (folder / f"{name}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_sound_flows_of_each_format_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It tells what it met, and ends with 0."""
    write(tmp_path, one=document(say("hello")), two=connect_document(SORRY, BYE), three=[1])
    assert 0 == corpus.main([str(tmp_path), "--fuzz", "5"])
    printed = capsys.readouterr()
    for told in (
        "[  2/2]",
        "connect 2019-10-30: 1 flows, 2 steps",
        "studio: 1 flows, 2 steps",
        "2 of 2 steps are native: 100.0%",
        "all laws hold",
    ):
        assert told in printed.out
    assert "three.json: of no format that is known" in printed.err


def test_too_few_native_steps_break_a_law(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nine of ten are wanted."""
    odd = document(split("s", "{{x}}", ("regex", "[0-9]+-[0-9]+", "yes")), say("yes"))
    assert 1 == corpus.main([str(write(tmp_path, odd=odd)), "--fuzz", "0"])
    assert "studio: nine of ten steps are native: 2 of 3" in capsys.readouterr().out


def test_whatever_an_importer_raises_breaks_a_law(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the declared error is a refusal."""

    def burst(_: object) -> object:
        raise KeyError("next")

    monkeypatch.setattr(studio, "load", burst)
    write(tmp_path, one=document(say("hello")))
    assert 1 == corpus.main([str(tmp_path), "--fuzz", "1"])
    assert "one.json: import: KeyError: 'next'" in capsys.readouterr().out


def test_a_refusal_is_no_breach(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is listed with its reason."""
    write(tmp_path, one=document(say("hello")), bad={"states": []})
    assert 0 == corpus.main([str(tmp_path), "--fuzz", "0"])
    assert "bad.json: Studio flow: states: expected a list" in capsys.readouterr().out


def test_an_absent_corpus_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It fails only where somebody has asked for it."""
    monkeypatch.setattr(corpus, "USUAL", tmp_path / "none")
    assert 0 == corpus.main([])
    assert 2 == corpus.main([str(tmp_path / "none")])
    assert 2 == corpus.main([str(tmp_path)])
    assert 2 == capsys.readouterr().out.count("there is no corpus at")
