"""An index page can be clicked where nobody builds a site, and names every page of its folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

INDEXES = sorted((ROOT / "docs").glob("*/index.md"))
LINK = re.compile(r"^- \[([^]]+)\]\(([\w-]+\.md)\):", re.MULTILINE)
TOC = re.compile(r"^```\{toctree\}\n:hidden:\n\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("index", INDEXES, ids=[index.parent.name for index in INDEXES])
def test_an_index_links_every_page_by_its_title(index: Path) -> None:
    """In the order of the site's menu."""
    text = index.read_text(encoding="utf-8")
    links = [(page, title) for title, page in LINK.findall(text)]
    menu = [f"{name}.md" for names in TOC.findall(text) for name in names.split()]
    first = {page: (index.parent / page).read_text(encoding="utf-8") for page in menu}
    assert links == [(page, first[page].partition("\n")[0].removeprefix("# ")) for page in menu]
    pages = {page.name for page in index.parent.glob("*.md")} - {index.name}
    assert {*menu} == pages


def test_there_are_four_indexes() -> None:
    """One for each kind of page."""
    kinds = [index.parent.name for index in INDEXES]
    assert kinds == ["explanation", "how-to", "reference", "tutorial"]
