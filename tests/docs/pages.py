"""What a page's code says and shows: the blocks of a Markdown page, and what running them gives.

The rule: the ```` ```python ```` blocks of a page are one program, run from top to bottom. What a
block prints is what the page shows, whole and in order, as comments: behind a `print(...)`, on the
lines right below it, or as the last lines of the block. There is no way to leave a block out.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts),
]
FENCE = re.compile(r"^(?P<indent> *)(?P<marks>`{3,}|~{3,}|:{3,})(?P<info>[^`]*)$")
EXAMPLE = re.compile(r"\{literalinclude\} \.\./\.\./examples/\w+\.py")  # a program that is run
CODE = re.compile(r"\b(py|python|python3|pycon|ipython|doctest|testcode)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """One fenced block: where its first line stands, what its fence says, what is in it."""

    page: Path
    line: int
    info: str
    source: str


def blocks(page: Path) -> list[Block]:
    """Take a page apart into its fenced blocks, in order; a fence in a fence is text."""
    found: list[Block] = []
    lines = page.read_text(encoding="utf-8").splitlines()
    opened = None
    first = 0
    for number, line in enumerate(lines, start=1):
        fence = FENCE.match(line)
        if opened is None:
            # Directives in colons hold Markdown of their own: look for blocks inside.
            if fence and not fence["marks"].startswith(":"):
                opened, first = fence, number
        elif fence and not fence["info"].strip() and fence["marks"].startswith(opened["marks"]):
            body = [text.removeprefix(opened["indent"]) for text in lines[first : number - 1]]
            found.append(Block(page, first + 1, opened["info"].strip(), "\n".join(body) + "\n"))
            opened = None
    if opened is not None:
        raise SyntaxError(f"{page}:{first}: this block is never closed")
    return found


def parts(page: Path) -> list[Block]:
    """List the blocks that are the page's program."""
    return [block for block in blocks(page) if block.info == "python"]


def program(page: Path) -> str:
    """Join a page's program; each line keeps the number that it has on the page."""
    lines: list[str] = []
    for block in parts(page):
        lines += [""] * (block.line - 1 - len(lines))
        lines += block.source.splitlines()
    return "\n".join(lines) + "\n"


def left_out(page: Path) -> list[str]:
    """Name the blocks that hold Python, or do not say what they hold, and would not be run."""
    return [
        f"{page.name}:{block.line - 1}: {block.info or 'no language'}"
        for block in blocks(page)
        if block.info != "python"
        and (not block.info or CODE.search(block.info))
        and not EXAMPLE.fullmatch(block.info)
    ]


def comment(line: str) -> str:
    """Take the mark off a comment: `# ` and no more, since output may begin with spaces."""
    return line.removeprefix("#").removeprefix(" ").rstrip()


def shown(block: Block, *, printed: bool) -> list[str]:
    """Collect the lines of output that a block shows; its last comments only if it `printed`."""
    prints = {
        node.end_lineno
        for node in ast.walk(ast.parse(block.source))
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Name)
        and node.value.func.id == "print"
    }
    tokens = tokenize.generate_tokens(io.StringIO(block.source).readline)
    comments = {t.start[0]: (t.string, t.line) for t in tokens if t.type == tokenize.COMMENT}
    alone = {number for number, (text, line) in comments.items() if line.strip() == text}
    output: set[int] = set()
    for number in sorted(comments):
        if number in prints or (number in alone and number - 1 in prints | output):
            output.add(number)
    last = len(block.source.rstrip().splitlines())
    while printed and last in alone:
        output.add(last)
        last -= 1
    return [comment(comments[number][0]) for number in sorted(output)]


def run(page: Path) -> list[str]:
    """Run a page's program; answer with a line for each block whose output is not as shown."""
    module = ModuleType(f"page_{page.stem.replace('-', '_')}")
    sys.modules[module.__name__] = module  # where msgspec and attrs look up a class's annotations
    wrong: list[str] = []
    try:
        for block in parts(page):
            # Lines above keep the numbers in a traceback those of the page.
            code = compile("\n" * (block.line - 1) + block.source, page, "exec", dont_inherit=True)
            with redirect_stdout(io.StringIO()) as out:
                exec(code, module.__dict__)  # noqa: S102 - running the page is the point
            printed = [line.rstrip() for line in out.getvalue().splitlines()]
            expected = shown(block, printed=bool(printed))
            if expected != printed:
                difference = "\n".join(["shown:", *expected, "printed:", *printed])
                wrong.append(f"{page.name}:{block.line}: {difference}")
    finally:
        del sys.modules[module.__name__]
    return wrong
