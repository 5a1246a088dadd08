"""What a strict type checker says of the pages' code: `python -m tests.docs.typed`.

The rule: whoever types strictly can write what a page shows. A page is checked as the one program
that it runs as, by mypy with the project's own settings; let pass is only what is the brevity of a
page and no mistake: a function without annotations, and an empty list or dict at the top. Where a
page makes a mistake on purpose, the line says so: `# type: ignore[arg-type]`. Without a mistake of
that kind on it, that mark is one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.docs import pages

if TYPE_CHECKING:
    from collections.abc import Iterable

LENIENT = ("--allow-untyped-defs", "--allow-untyped-calls", "--allow-untyped-globals")
_MYPY = (
    *(sys.executable, "-m", "mypy", "--config-file", str(pages.ROOT / "pyproject.toml")),
    "--follow-imports=silent",  # of what is imported, mypy tells when it checks that
    f"--cache-dir={os.devnull}",  # other flags than the project's: its cache must not be thrown out
    "--output=json",
)


def complaints(checked: Iterable[Path]) -> list[str]:
    """Check pages, all in one run; answer with a line for each complaint, at its place on the page.

    Raises:
        RuntimeError: mypy could not check them; it says why.
    """
    origins = {f"page_{number}.py": page for number, page in enumerate(checked)}
    with TemporaryDirectory() as folder:
        for name, page in origins.items():
            Path(folder, name).write_text(pages.program(page), encoding="utf-8")
        done = subprocess.run(
            [*_MYPY, *LENIENT, *origins],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    try:
        told = [json.loads(line) for line in done.stdout.splitlines()]
    except json.JSONDecodeError:
        told = []
    if done.stderr or bool(told) != bool(done.returncode):
        raise RuntimeError(f"mypy: {done.returncode}\n{done.stdout}{done.stderr}")
    places: dict[tuple[str, int, int], str] = {}
    for one in told:  # what many members of a union lack is told of each; one is enough for a place
        page = origins.get(one["file"], Path(one["file"]))
        line = f"{os.path.relpath(page)}:{one['line']}: {one['message']} [{one['code']}]"
        places.setdefault((one["file"], one["line"], one["column"]), line)
    return list(places.values())


if __name__ == "__main__":
    sys.exit("\n".join(complaints(pages.PAGES)) or None)
