"""How the pages are built: Markdown by MyST, reference by autodoc, looks by furo."""

import re
from importlib.metadata import version as installed

from sphinx.application import Sphinx

project = "tongdai"
author = "the tongdai authors"
project_copyright = "2026, the tongdai authors"
release = version = installed("tongdai")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "tongdai"

myst_enable_extensions = ["colon_fence", "deflist", "smartquotes"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True}
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True  # "Attributes:" documents fields that autodoc then need not list again

# A name in a signature that leads nowhere is an error, so that the reference has no dead ends. The
# build needs no network, so what other projects document is named here instead of looked up.
nitpicky = True
DOCUMENTED_ELSEWHERE = [
    "anyio",
    "asyncio",
    "attr",
    "attrs",
    "collections",
    "contextlib",
    "datetime",
    "enum",
    "hypothesis",
    "msgspec",
    "pathlib",
    "types",
    "typing",
    "typing_extensions",
    "zoneinfo",
]
nitpick_ignore_regex = [(r"py:.*", rf"({'|'.join(DOCUMENTED_ELSEWHERE)})\..*")]


def without_marks(*signature: object) -> tuple[str | None, str | None]:
    """Show `Annotated[str, ...]` as `str`: the marks are for the codec, not for the reader."""
    *_, arguments, answer = signature
    marked = re.compile(r"~?typing\.Annotated\[([^,\[\]]+), [^\]]*\]")
    return (
        marked.sub(r"\1", arguments) if isinstance(arguments, str) else None,
        marked.sub(r"\1", answer) if isinstance(answer, str) else None,
    )


def setup(app: Sphinx) -> None:
    """Hook the above into autodoc."""
    app.connect("autodoc-process-signature", without_marks)
