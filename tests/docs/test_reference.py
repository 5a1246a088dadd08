"""The hand-written tables of the reference leave nothing out and name nothing that is not there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tongdai
from tongdai import errors
from tongdai.center import effects, events, inputs
from tongdai.model.personal import Value

REFERENCE = Path(__file__).parents[2] / "docs/reference"


def test_the_table_of_top_level_names_is_complete() -> None:
    """What `tongdai` exports is what the page lists."""
    text = (REFERENCE / "tongdai.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"`~tongdai[\w.]*\.(\w+)`", text)) == sorted(tongdai.__all__)


@pytest.mark.parametrize(
    ("module", "kinds", "base"),
    [
        ("inputs", inputs.AnyInput.__args__, inputs.Input),
        ("events", events.AnyEvent.__args__, events.Event),
        ("effects", effects.AnyEffect.__args__, effects.Effect),
    ],
)
def test_the_tables_of_the_engine_are_complete(
    module: str, kinds: tuple[type[Value], ...], base: type[Value]
) -> None:
    """Each input, event and effect has its row, in the order of the code, with its own fields."""
    text = (REFERENCE / "inputs-events-effects.md").read_text(encoding="utf-8")
    rows = re.findall(
        rf"^\| {{py:class}}`~tongdai\.center\.{module}\.(\w+)` \| ([^|]*) \|", text, re.MULTILINE
    )
    assert [(name, re.findall(r"`(\w+)`", fields)) for name, fields in rows] == [
        (
            kind.__name__,
            [name for name in kind.__struct_fields__ if name not in base.__struct_fields__],
        )
        for kind in kinds
    ]


def test_every_error_stands_in_the_tree() -> None:
    """The tree at the top of the errors' module, which the reference shows, has each of them."""
    tree = errors.__doc__ or ""
    every = {errors.TongdaiError}
    while more := {sub for kind in every for sub in kind.__subclasses__()} - every:
        every |= more
    own = {kind.__name__ for kind in every if kind.__module__ == "tongdai.errors"}
    assert {name for name in own if not re.search(rf"^ +{name}\b", tree, re.MULTILINE)} == set()
