"""Whatever the server says, the page has words for it in each of its languages."""

from __future__ import annotations

import ast
import json
import re
from importlib import resources
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

import tongdai.center
from tests.adapters.webdesk.helpers import hall
from tongdai.adapters.webdesk import acts
from tongdai.center.events import EndReason
from tongdai.channels import Message
from tongdai.errors import IllegalInput, JournalError
from tongdai.model.contact import ASSURANCES
from tongdai.queues.queue import Reason

_TOKEN = re.compile(r'("(?:[^"\\]|\\.)*")|([A-Za-z_]\w*)(?=\s*:)|,(?=\s*[}\]])|//.*')
TAKES_AWAY = ("OfferRescinded", "InteractionFailed", "_withdraw", "_take_away", "_rescind", "_end")
"""What in the center is given a reason that agents are shown."""


def words() -> dict[str, dict[str, str | dict[str, str]]]:
    """Return the page's words by language: its script is an object, read as JSON."""
    page = resources.files("tongdai.adapters.webdesk") / "page" / "words.js"
    text = page.read_text(encoding="utf-8").partition("const WORDS = ")[2].rstrip().rstrip(";")

    def plain(found: re.Match[str]) -> str:
        return found[1] or (f'"{found[2]}"' if found[2] else "")

    read: dict[str, dict[str, str | dict[str, str]]] = json.loads(_TOKEN.sub(plain, text))
    return read


def flat(table: dict[str, str | dict[str, str]]) -> dict[str, str]:
    """Return all words of a language, those within others under both names."""
    found: dict[str, str] = {}
    for name, value in table.items():
        if isinstance(value, str):
            found[name] = value
        else:
            found |= {f"{name}.{each}": text for each, text in value.items()}
    return found


WORDS = {language: flat(table) for language, table in words().items()}


def places(text: str) -> list[str]:
    """Return what is put into a text."""
    return sorted(re.findall(r"\{\d\}", text))


def test_both_languages_have_the_same_words() -> None:
    """With the same things put into them."""
    vi, en = WORDS["vi"], WORDS["en"]
    assert {name: places(text) for name, text in en.items()} == {
        name: places(text) for name, text in vi.items()
    }
    same = {name for name in vi if vi[name] == en[name]}
    assert {"new_from"} == same, "a word that nobody has translated"


def reasons() -> set[str]:
    """Return the reasons that the center gives, as its code says them."""
    found = {*get_args(EndReason), *get_args(Reason)}
    for path in Path(str(tongdai.center.__file__)).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "attr", getattr(node.func, "id", ""))
                if name in TAKES_AWAY:
                    given = [each for each in node.args if isinstance(each, ast.Constant)]
                    found |= {str(each.value) for each in given}
    return found


def test_there_are_words_for_every_reason() -> None:
    """Why an offer is gone, a conversation over, or a customer refused."""
    found = reasons() | {"agent away", "agent offline", "could not connect", "left by the agent"}
    found |= {"end", "handed_off", "unwired", "error.spin"}  # (how flows end)
    assert {"agent lost", "agent removed", "agent not_responding", "abandoned"} <= found
    for table in WORDS.values():
        assert [] == [each for each in sorted(found) if f"reasons.{each}" not in table]


def test_there_are_words_for_every_answer_that_says_no() -> None:
    """And for every kind of automatic message, claim, and status."""
    kinds = get_args(get_type_hints(Message)["automatic"])
    keys = [f"wrongs.{key}" for key in get_args(acts.Key)]
    keys += [f"automatic_{kind}" for kind in kinds if kind]
    keys += [*ASSURANCES, "sent", "delivered", "read", "failed"]
    assert {"automatic_list", "carrier", "read"} <= set(keys)
    for table in WORDS.values():
        assert [] == [key for key in keys if key not in table]


def test_an_error_has_a_key() -> None:
    """Its own, or that of its kind: what cannot be asked, and what may be asked again."""
    errors = acts.Wrong("empty", "say: ?"), IllegalInput("SetPresence: ?"), JournalError("disk")
    assert ["empty", "refused", "not_now"] == [acts.key_of(each) for each in errors]


@pytest.mark.anyio
async def test_an_answer_that_says_no_has_a_key() -> None:
    """Beside what it says to developers."""
    async with hall() as it, it.sits("an") as an:
        for do, more, key in (
            ("say", {"interaction": "c1/1", "key": "k"}, "empty"),
            ("say", {"interaction": "c1/1", "key": "k", "files": ["file:x"]}, "no_file"),
            ("customer", {"contact": "c1"}, "not_yours"),
            ("accept", {"offer": "c1/1"}, "refused"),
            ("hello", {"token": "x"}, "refused"),
        ):
            answer = await an.ask(do, **more)
            assert (key, False) == (answer["key"], answer["again"])
            assert answer["wrong"]
