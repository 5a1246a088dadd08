"""The hotline: it is in order, every way of it is taken, and it can be called and written to."""

from __future__ import annotations

import io
from typing import Any

import phone_menu
import pytest

from tongdai.ivr import Flow, check, outcomes, walk
from tongdai.ivr.prompts import MODALITIES, Modality
from tongdai.model.time import instant

MODES: list[Modality] = ["voice", "chat"]


def test_lint_has_nothing_to_say() -> None:
    """Not even a warning."""
    assert () == check(phone_menu.HOTLINE)


def test_it_is_a_document_too() -> None:
    """As JSON and back it is the same flow."""
    assert phone_menu.HOTLINE == Flow.from_json(phone_menu.HOTLINE.to_json())


@pytest.mark.parametrize("modality", MODALITIES)
def test_every_case_ends_well(modality: Modality) -> None:
    """With the session, with a person, or where another case goes on."""
    facts: dict[str, Any] = {"calendars": phone_menu.CALENDARS, "values": phone_menu.CALLER}
    now = instant(phone_menu.MONDAY)
    cases = list(walk(phone_menu.HOTLINE, by="ways", modality=modality, now=now, **facts))
    assert {"ended", "handed off", "known"} >= {case.end for case in cases}
    if modality == "voice":
        wired = {
            (name, outcome)
            for name, node in phone_menu.HOTLINE.nodes.items()
            for outcome, target in outcomes(node)
            if target is not None
        }
        missed = wired - {way for case in cases for way in case.path}
        assert missed <= {  # what is for messages, and what goes well here
            ("pin", "cases[0]"),
            ("late", "then"),
            ("office", "failed"),
            ("callback", "failed"),
        }


@pytest.mark.parametrize("modality", MODES)
def test_it_shows_all_there_is(modality: Modality, capsys: pytest.CaptureFixture[str]) -> None:
    """Findings, picture, walk, conversations, counts; and never a PIN that was keyed."""
    assert phone_menu.main([] if modality == "voice" else ["--text"]) == 0
    told = capsys.readouterr().out
    for part in ("Lint has nothing", "flowchart TD", "cases take", "1.250.000", "3 sessions"):
        assert part in told
    assert phone_menu.RIGHT not in told


def play(
    typed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *more: str
) -> str:
    """Sit at the terminal and type."""
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    assert phone_menu.main(["--play", *more]) == 0
    return capsys.readouterr().out


def test_it_can_be_called(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Keys, silence, speech, what is no key, and the PIN."""
    told = play("2\nx\n\n1\n1111#\n2580#\n2\n", monkeypatch, capsys)
    for part in ("keys are 0 to 9", "That PIN is wrong", "1.250.000", "the line is closed"):
        assert part in told
    assert "you wait for a person" in play("say english\nsay lost card\n", monkeypatch, capsys)


def test_it_can_be_written_to(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Words, with or without accents; and whoever goes away is let go."""
    told = play("english\nbalance\n2580\n", monkeypatch, capsys, "--text")
    assert "Your balance is 1.250.000 dong." in told
    assert "Balance" in play("2\nbye\n", monkeypatch, capsys, "--text")
