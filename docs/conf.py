"""How the pages are built: Markdown by MyST, reference by autodoc, looks by furo."""

import re
from importlib.metadata import version as installed

from sphinx.application import Sphinx

from tongdai import profiles
from tongdai.center import engine, identity

# What these modules import for type checkers alone, so that their signatures can be read here.
vars(engine).update(Identity=identity.Identity, Resolver=profiles.Resolver)
vars(identity).update(Answer=profiles.Answer, Resolver=profiles.Resolver)

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
add_module_names = False
default_role = "code"  # docstrings put code in single backticks
napoleon_google_docstring = True
napoleon_numpy_docstring = False

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
    "httpx2",
    "hypothesis",
    "msgspec",
    "pathlib",
    "socket",
    "ssl",
    "types",
    "typing",
    "typing_extensions",
    "zoneinfo",
]
nitpick_ignore_regex = [
    (r"py:.*", rf"({'|'.join(DOCUMENTED_ELSEWHERE)})\..*"),
    (r"py:class", r"AbstractAsyncContextManager"),  # imported for type checkers only
    (r"py:class", r"Answer|tongdai\.profiles\.evidence\.Part"),  # what a waterfall is made of
    (r"py:class", r"(tongdai\..*\.)?(Item|ChannelT|InboundT)"),  # type variables
    (r"py:class", r"Function|Headers"),  # short names for types of other projects
    # what is handed around inside an adapter or the outbox, and is nothing to write
    (
        r"py:class",
        r"tongdai\.(adapters\.email\.(headers\.Headers|threads\._Noted)|runtime\.letters\.Letter)",
    ),
]


def without_marks(*signature: object) -> tuple[str | None, str | None]:
    """Show `Annotated[str, ...]` as `str`: the marks are for the codec, not for the reader.

    A field that starts empty shows as `{}`: Sphinx cannot read what msgspec shows instead.
    """
    *_, arguments, answer = signature
    if isinstance(arguments, str):
        arguments = arguments.replace("<factory>", "{}")
    marked = re.compile(r"[~\w.]*Annotated\[([^,\[\]]+), [^\]]*\]")
    return (
        marked.sub(r"\1", arguments) if isinstance(arguments, str) else None,
        marked.sub(r"\1", answer) if isinstance(answer, str) else None,
    )


def attributes_as_a_list(_: Sphinx, what: str, *about: object) -> None:
    """Turn a docstring's section `Attributes:` into a list, where several names may share a line.

    Napoleon would read `place, of: ...` as a field `of` of the type `place`, and a colon in the
    first line of an attribute's own docstring as the end of its type.
    """
    lines = about[-1]
    if not isinstance(lines, list):
        return
    if what in {"attribute", "data", "property"}:
        lines[:0] = ["..", ""]  # an empty comment
    if "Attributes:" not in lines:
        return
    start = lines.index("Attributes:")
    after = range(start + 1, len(lines))
    end = next((at for at in after if lines[at] and not lines[at].startswith(" ")), len(lines))
    listed: list[str] = ["**Attributes**", ""]
    for line in lines[start + 1 : end]:
        names, colon, text = line.strip().partition(": ")
        if line.startswith("    ") and not line.startswith("     ") and colon:
            listed += [", ".join(f"``{name}``" for name in names.split(", ")), f"    {text}"]
        else:
            listed.append(line if not line.strip() else f"    {line.strip()}")
    lines[start:end] = [*listed, ""]


def setup(app: Sphinx) -> None:
    """Hook the above into autodoc, before Napoleon reads a docstring."""
    app.connect("autodoc-process-signature", without_marks)
    app.connect("autodoc-process-docstring", attributes_as_a_list, priority=400)
