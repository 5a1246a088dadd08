"""The media that people reach a center by, as data; and that nothing asks for their names."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tongdai
from tongdai import Content, Mode
from tongdai.channels import MEDIA, Can, Medium, fit, media, rendering, size
from tongdai.model.contact import Attachment, Button

CODE = Path(tongdai.__file__).parent
DECIDING = ["channels", "queues", "routing", "center", "metrics", "journal", "runtime"]
MODALITIES = {"voice", "sms"}  # how a flow's session talks, whatever the channel
NAMES = {name.lower() for name in MEDIA} - MODALITIES | {"webchat", "facebook", "mail", "letter"}
FILE = Attachment("application/pdf", "https://example.org/1.pdf")


def test_every_medium_that_people_use_is_there() -> None:
    """Those that the issue of channels names, each of the mode that it belongs to."""
    assert {
        Mode.LIVE: {"VOICE", "VIDEO"},
        Mode.INTERACTIVE: {"WEB_CHAT"},
        Mode.MESSAGING: {"SMS", "MESSENGER", "INSTAGRAM", "X", "WHATSAPP", "ZALO", "TELEGRAM"},
        Mode.DEFERRED: {"EMAIL", "FAX", "POST"},
    } == {mode: {name for name, one in MEDIA.items() if one.mode is mode} for mode in Mode}


def test_the_table_has_the_names_of_the_module() -> None:
    """And all of them."""
    there = {name: one for name, one in vars(media).items() if isinstance(one, Medium)}
    assert there == dict(MEDIA)


@pytest.mark.parametrize("name", MEDIA)
def test_every_medium_says_where_its_figures_come_from(name: str) -> None:
    """In sentences."""
    assert len(MEDIA[name].source) > 30
    assert MEDIA[name].source.endswith(".")


@given(
    st.sampled_from(sorted(MEDIA)),
    st.text(max_size=50).map(lambda text: text * 100),
    st.integers(0, 14),
)
def test_everything_can_be_said_over_every_medium(name: str, text: str, choices: int) -> None:
    """Within its limits, with all its choices and files."""
    medium = MEDIA[name]
    buttons = tuple(Button(f"k{at}", f"Lựa chọn {at}") for at in range(choices))
    parts = fit(Content(text, (FILE,), buttons=buttons, subject="Thẻ"), medium)
    for part in parts:
        assert medium.text_limit is None or size(part.text, medium.unit) <= medium.text_limit
    tapped = rendering(parts[-1], medium) != "text"
    assert tapped == (rendering(Content("", buttons=buttons), medium) != "text")
    assert [FILE] * (Can.ATTACHMENTS in medium.can) == [
        file for part in parts for file in part.attachments
    ]


def _names_asked_for(path: Path) -> list[str]:
    """Return where a module compares something with the name of a medium."""
    found: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Compare, ast.MatchValue)):
            texts = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
            found += [f"{path.name}:{node.lineno}: {text}" for text in texts if text in NAMES]
    return found


@pytest.mark.parametrize("package", DECIDING)
def test_nothing_asks_for_a_channels_name(package: str) -> None:
    """What differs between media is data; so there is nothing to ask for."""
    assert [] == [
        place for path in sorted((CODE / package).rglob("*.py")) for place in _names_asked_for(path)
    ]


def test_such_a_question_would_be_found(tmp_path: Path) -> None:
    """Compared, looked up in a tuple, or matched."""
    code = tmp_path / "code.py"
    code.write_text(
        'if channel == "zalo" or channel in ("post", "x1"):\n    pass\n'
        'match channel:\n    case "fax":\n        pass\n'
    )
    assert ["code.py:1: zalo", "code.py:1: post", "code.py:4: fax"] == _names_asked_for(code)
