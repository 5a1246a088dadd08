"""The run over real mails finds what is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.corpus import mails

BOUNCE = b"From: MAILER-DAEMON@x.example\nReturn-Path: <>\nSubject: failure notice\n\nuser unknown"
PERSON = b"From: lan@x.example\nSubject: hello\n\nhello"


def write(root: Path, folder: str, **several: bytes) -> None:
    """Write mails into a folder of a corpus."""
    (root / folder).mkdir(exist_ok=True)
    for name, data in several.items():
        (root / folder / f"{name}.eml").write_bytes(data)


def test_sound_mails_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It tells what it met."""
    write(tmp_path, "email-bounce", one=BOUNCE)
    write(tmp_path, "email", two=PERSON, three=b"no mail")
    assert 0 == mails.run(tmp_path)
    printed = capsys.readouterr().out
    for told in (
        "mails: 3",
        "1  email-bounce: bounce",
        "1  email: person",
        "1  email: refused: no mail: it has no header",
        "1 of 1 bounces recognised",
        "2 of 2 no false alarm",
    ):
        assert told in printed


def test_a_missed_bounce_and_a_false_alarm_break_laws(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is named."""
    write(tmp_path, "email-bounce", one=PERSON)
    write(tmp_path, "email", two=BOUNCE)
    assert 2 == mails.run(tmp_path)
    printed = capsys.readouterr().out
    assert "missed: one.eml: person" in printed
    assert "LAW BROKEN: two.eml: is no bounce" in printed
    assert "fewer than 95% of the bounces" in printed


def test_an_answer_that_is_told_otherwise_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It counts against the figure."""
    write(
        tmp_path, "email-reply", talon__yahoo=PERSON, talon__aol=PERSON.replace(b"hello", b"Hello")
    )
    assert 0 == mails.run(tmp_path)
    printed = capsys.readouterr().out
    assert "otherwise: talon__yahoo.eml" in printed
    assert "1 of 2 answers told from what they repeat" in printed


def test_whatever_is_raised_breaks_a_law(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decoder declares no error for bytes."""

    def burst(*_: object, **__: object) -> object:
        raise KeyError("from")

    monkeypatch.setattr(mails, "decode", burst)
    write(tmp_path, "email", one=PERSON)
    assert 1 == mails.run(tmp_path)
    assert "LAW BROKEN: one.eml: KeyError: 'from'" in capsys.readouterr().out
