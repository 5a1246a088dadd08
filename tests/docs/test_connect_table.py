"""The table of Connect's actions is complete."""

from __future__ import annotations

from pathlib import Path

from tongdai.ivr.importers import connect
from tongdai.ivr.importers.connect.shapes import RENAMED, SHAPES

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "connect.md").read_text("utf-8")


def test_every_action_that_is_read_stands_in_the_table() -> None:
    """And none that is not."""
    assert [] == [kind for kind in connect.READERS if f"`{kind}`" not in PAGE]


def test_every_module_that_is_read_stands_in_the_table() -> None:
    """Under its name, or beside the action that has the same."""
    told = {kind for kind, _ in SHAPES if f"`{kind}`" in PAGE}
    same = {kind for (kind, _), shape in SHAPES.items() if kind == shape.kind}
    assert {kind for kind, _ in SHAPES} == told | same
    assert set(RENAMED.values()) <= SHAPES.keys()
