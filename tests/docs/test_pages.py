"""Every Python block of the README and of the docs runs, and prints what the page shows."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path
from textwrap import dedent

import pytest

import tongdai
from tests.docs import pages
from tests.docs.pages import PAGES, ROOT


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_a_page_does_what_it_shows(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The blocks of a page are a program that works, and its output is the page's."""
    monkeypatch.chdir(tmp_path)  # what a page writes is not for the source tree
    assert pages.run(page) == []


def test_no_block_of_code_is_left_out() -> None:
    """Not one block of Python escapes by what its fence says, and every fence says something."""
    assert [escaped for page in PAGES for escaped in pages.left_out(page)] == []


def test_examples_in_docstrings_are_true() -> None:
    """What a docstring shows behind `>>>` is what happens."""
    modules = [
        importlib.import_module(found.name)
        for found in pkgutil.walk_packages(tongdai.__path__, "tongdai.")
    ]
    failed = {module.__name__: doctest.testmod(module).failed for module in (tongdai, *modules)}
    assert {name: count for name, count in failed.items() if count} == {}


def page(folder: Path, text: str) -> Path:
    """Write a page for the tests below, which are about the checker itself."""
    path = folder / "a-page.md"
    path.write_text(dedent(text), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "code",
    [
        "print('a')  # a",
        "print('a')\n# a",
        "print(*'ab', sep='\\n')  # a\n          # b",
        "print('    5 s')\n#     5 s",
        "print('a')\nprint('b')\n# a\n# b",
        "for x in 'ab':\n    print(x)\n# a\n# b\ny = 1",
        "print('a')  # a\n\n# a remark\nprint('b')  # b",
        "def f() -> None:\n    print('a')  # a\nf()",
        "show = print\nshow('a')\n# a",
        "print('a\\n\\nb')\n# a\n#\n# b",
        "1 + 1  # 2, a remark\n# another remark",
        "print('# a')  # # a",
    ],
)
def test_output_may_be_shown_in_these_ways(tmp_path: Path, code: str) -> None:
    """Behind the print, below it, or at the block's end."""
    assert pages.run(page(tmp_path, f"```python\n{code}\n```\n")) == []


@pytest.mark.parametrize(
    "code",
    [
        "print('a')  # b",
        "print('a')\n# b",
        "print('a')\n# a\n# b",
        "print('a\\nb')\n# a",
        "print('a')",
        "print('  a')\n# a",
        "print('b')  # a\nprint('a')  # b",
        "def f() -> None:\n    print('a')  # a",
        "show = print\nshow('a')\n# b",
        "import sys\nsys.stdout.write('a')",
    ],
)
def test_a_page_that_shows_something_else_is_found(tmp_path: Path, code: str) -> None:
    """Other text, too much, too little, nothing at all, and the wrong order."""
    assert len(pages.run(page(tmp_path, f"```python\n{code}\n```\n"))) == 1


def test_the_blocks_of_a_page_share_their_names(tmp_path: Path) -> None:
    """The second block goes on where the first one ended, also inside a list or a directive."""
    text = """
        ```python
        a = 1
        ```
        1. and then

           ```python
           print(a + 1)  # 2
           ```

        ::::{note}
        ```python
        print(a + 2)  # 4
        ```
        ::::
    """
    assert pages.run(page(tmp_path, text)) == ["a-page.md:13: shown:\n4\nprinted:\n3"]


def test_a_page_that_raises_names_its_line(tmp_path: Path) -> None:
    """The traceback points into the page."""
    with pytest.raises(ZeroDivisionError) as caught:
        pages.run(page(tmp_path, "# title\n\n```python\na = 1\na / 0\n```\n"))
    last = caught.traceback[-1]
    assert (Path(last.path).name, last.lineno + 1) == ("a-page.md", 5)


def test_a_fence_in_a_fence_is_text(tmp_path: Path) -> None:
    """A page that explains how blocks are written does not run what it quotes."""
    quoted = page(tmp_path, "````text\n```python\n1 / 0\n```\n````\n")
    assert (pages.run(quoted), pages.left_out(quoted)) == ([], [])


@pytest.mark.parametrize("info", ["", "py", "python3", "python no-run", "{code-block} python"])
def test_a_block_that_would_not_run_is_found(tmp_path: Path, info: str) -> None:
    """Python under another name, or with no name, is not let through."""
    assert pages.left_out(page(tmp_path, f"```{info}\n1 / 0\n```\n")) == [
        f"a-page.md:1: {info or 'no language'}"
    ]


def test_a_block_without_end_is_an_error(tmp_path: Path) -> None:
    """The rest of a page does not vanish into a block that was never closed."""
    with pytest.raises(SyntaxError, match="never closed"):
        pages.run(page(tmp_path, "```python\n1 / 0\n"))
