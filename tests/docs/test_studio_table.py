"""The tables of Studio's widgets, conditions, filters and tags are complete."""

from __future__ import annotations

import re
from pathlib import Path

from tongdai.ivr.importers.studio import conditions, marks
from tongdai.ivr.importers.studio.widgets import MAKERS

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "studio.md").read_text("utf-8")
NAMED = set(re.findall(r"`([\w-]+)`", PAGE))


def test_every_widget_stands_in_the_table() -> None:
    """Under its kind."""
    assert set() == set(MAKERS) - NAMED


def test_every_condition_and_filter_is_named() -> None:
    """As a definition writes it."""
    assert set() == set(conditions.KINDS) - NAMED
    assert set() == {"append", "prepend", *marks.FILTERS} - NAMED
