"""A mistake of types on a page is found, and told with the page's own line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.docs import typed

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("mypy", reason="mypy checks the pages; `nox -s types` brings it, and runs this")

PAGE = """\
# A page

```python
from tongdai import Center, Queue, seconds


def opened(*queues):
    return Center(queues, strategy=longest)


def first(one: str | bytes | int) -> object:
    return one.first


seen = []
```

1. Inside a list:

   ```python
   for queue in [Queue("a"), Queue("b", patience=seconds(600))]:
       seen.append(queue.limits)
   ```

```text
Queue("quoted", limit="six")
```

```python
Queue("by mistake", limit="six")
Queue("on purpose", limit="six")  # type: ignore[arg-type]
Queue("in vain", limit=6)  # type: ignore[arg-type]
center: Queue = opened(*seen)
```
"""


def write(page: Path, text: str) -> Path:
    """Write a page for the tests below."""
    page.write_text(text, encoding="utf-8")
    return page


def test_a_mistake_is_told_where_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In any function, inside a list, under a needless mark; once for each place, and no more."""
    monkeypatch.chdir(tmp_path)
    bad = write(tmp_path / "bad.md", PAGE)
    good = write(tmp_path / "good.md", "```python\nseen = []\nseen.append(1)\n```\n")
    assert [
        'bad.md:8: Name "longest" is not defined [name-defined]',
        'bad.md:12: Item "str" of "str | bytes | int" has no attribute "first" [union-attr]',
        'bad.md:22: "Queue" has no attribute "limits"; maybe "limit"? [attr-defined]',
        (
            'bad.md:30: Argument "limit" to "Queue" has incompatible type "str"; '
            'expected "int | None" [arg-type]'
        ),
        'bad.md:32: Unused "type: ignore" comment [unused-ignore]',
    ] == typed.complaints([good, bad])


def test_what_is_no_python_is_told_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mistake of syntax is a complaint like others."""
    monkeypatch.chdir(tmp_path)
    page = write(tmp_path / "a-page.md", "# A page\n\n```python\nwhile:\n    pass\n```\n")
    assert ["a-page.md:4: Expected an expression [syntax]"] == typed.complaints([page])


def test_a_check_that_fails_is_not_taken_for_pages_without_mistakes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What mypy cannot do, it says, and so does this."""
    monkeypatch.setattr(typed, "LENIENT", ("--no-such-flag",))
    with pytest.raises(RuntimeError, match="no-such-flag"):
        typed.complaints([])
