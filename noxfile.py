"""Everything that checks the project: `python -m nox` runs it, `python -m nox -l` lists it.

The rule here: a machine with one CPython (3.11 or later) and pip is enough. Interpreters that are
not there are skipped, never an error and never downloaded; uv makes the environments where it is
there, virtualenv where it is not; only `tests` asks for particular versions of Python.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nox

nox.needs_version = ">=2026.2.9"  # older ones cannot renew an environment with a recent uv
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.download_python = "never"
nox.options.error_on_missing_interpreters = False  # nox's default is True where CI is set
nox.options.sessions = ["lint", "types", "layers", "tests", "examples", "docs", "package"]

ROOT = Path(__file__).parent
PYPROJECT = nox.project.load_toml(ROOT / "pyproject.toml")
RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
# The versions that are promised, and the one that runs nox: so the tests always run at least once.
PYTHONS = sorted(
    {*nox.project.python_versions(PYPROJECT), RUNNING},
    key=lambda version: tuple(map(int, version.split("."))),
)
# Each example with its arguments; together they take well under a minute.
EXAMPLES = [
    ["router_only.py"],
    ["test_my_routing.py"],
    ["live_desk.py", "--backend", "asyncio"],
    ["live_desk.py", "--backend", "trio"],
    ["bank_day.py", "--seeds", "1"],
    ["what_if.py", "--seeds", "2"],
    ["big_day.py", "--contacts", "5000", "--quiet"],
    ["phone_menu.py"],
    ["phone_menu.py", "--text"],
    ["one_customer.py"],
    ["import_people.py"],
    ["line_chat.py", "--backend", "asyncio"],
    ["line_chat.py", "--backend", "trio"],
    ["mail_desk.py", "--check", "--backend", "asyncio"],
    ["mail_desk.py", "--check", "--backend", "trio"],
    ["web_desk.py", "--check"],
]


def install(session: nox.Session, *groups: str, package: str) -> None:
    """Install a form of tongdai (empty for none) and the dependency groups named."""
    wanted = nox.project.dependency_groups(PYPROJECT, *groups)
    session.install(*wanted, *(["-e", package] if package else []))


@nox.session
def lint(session: nox.Session) -> None:
    """Look for mistakes and for code that is not formatted."""
    install(session, "lint", package="")
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")


@nox.session
def types(session: nox.Session) -> None:
    """Prove the types with mypy and with pyright, both strict; the pages' code with mypy."""
    install(session, "types", "tests", "servers", "nox", package=".[demo,testing]")
    session.run("mypy")
    session.run("pyright")
    session.run("python", "-m", "tests.docs.typed")
    session.run("pytest", "tests/docs/test_typed.py")


@nox.session
def layers(session: nox.Session) -> None:
    """Hold the imports to one direction, and the core to purity."""
    install(session, "layers", package=".")
    session.run("lint-imports", "--no-cache")


@nox.session(python=PYTHONS)
def tests(session: nox.Session) -> None:
    """Run the tests under branch coverage; with arguments, only pytest with these."""
    install(session, "tests", package=".[testing]")
    if session.posargs:
        session.run("pytest", *session.posargs)
        return
    data = {"COVERAGE_FILE": str(Path(session.create_tmp()) / "coverage")}
    session.run("coverage", "run", "-m", "pytest", "--ignore=tests/docs", env=data)
    session.run("coverage", "report", env=data)


@nox.session
def examples(session: nox.Session) -> None:
    """Run every example as the program that it is, away from the source tree."""
    session.install("-e", ".[demo,email,profiles,testing]", "trio")
    present = {path.name for path in (ROOT / "examples").glob("*.py")}
    if listed := {script for script, *_ in EXAMPLES} ^ present:
        session.error(f"in examples/ or in EXAMPLES, but not in both: {', '.join(sorted(listed))}")
    session.chdir(session.create_tmp())
    for script, *arguments in EXAMPLES:
        session.run("python", str(ROOT / "examples" / script), *arguments)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the pages, where a warning is an error, and execute their code blocks."""
    install(session, "docs", "tests", package=".[testing]")
    built = Path(session.create_tmp()).resolve()
    session.run("sphinx-build", "-W", "--keep-going", "-n", "-E", "-q", "docs", str(built / "html"))
    session.run("pytest", "tests/docs")


@nox.session(default=False)
def wheel(session: nox.Session) -> None:
    """Build the source archive, and from it the wheel, into dist/."""
    install(session, "package", package="")
    for old in (ROOT / "dist").glob("tongdai-*"):
        old.unlink()
    session.run("python", "-m", "build", "--outdir", "dist")


@nox.session(requires=["wheel"])
def package(session: nox.Session) -> None:
    """Test the built wheel with nothing beside it but what it asks for and the test tools."""
    [built] = (ROOT / "dist").glob("tongdai-*.whl")
    install(session, "tests", package="")
    session.install(str(built))
    session.run("python", "-c", INSTALLED)
    session.run("pytest", "--ignore=tests/docs", *session.posargs)


# What `package` is about: the tongdai that its tests will import is the installed one.
INSTALLED = """
import pathlib, sysconfig, tongdai
home = pathlib.Path(tongdai.__file__).parent
assert home.parent == pathlib.Path(sysconfig.get_path("purelib")), home
assert (home / "py.typed").is_file()
assert (home / "adapters" / "webchat" / "widget.js").is_file()
assert list((home / "adapters" / "webdesk").rglob("*.js"))
"""


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure, and hold every ratio to its baseline (on request, some twenty minutes)."""
    install(session, "bench", package=".")
    session.run("python", "-m", "tests.bench", *session.posargs)


@nox.session(default=False)
def accuracy(session: nox.Session) -> None:
    """Match the same people beside Splink and recordlinkage, and time it (on request)."""
    install(session, "accuracy", package=".[profiles]")
    session.run("python", "-m", "tests.accuracy", *session.posargs)
    if not session.posargs:
        session.run("python", "-m", "tests.bench.profiles")


@nox.session(default=False)
def corpus(session: nox.Session) -> None:
    """Hold real flows of other systems against the importers' laws (on request; name a folder)."""
    install(session, "tests", package=".[email,flows,html,zalo]")
    session.run("python", "-m", "tests.corpus", *session.posargs)


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Look for bytes that a decoder cannot stand (on request; some minutes)."""
    install(session, "fuzz", package=".[email,profiles,zalo]")
    session.run("python", "-m", "tests.fuzz", *session.posargs)


@nox.session(default=False)
def channels(session: nox.Session) -> None:
    """Run the adapters against real servers and a real browser (on request).

    What is missing is skipped and said in one line; with TONGDAI_REQUIRE_SERVERS=1 it is a failure.
    """
    install(session, "tests", "servers", package=".[demo,email,html,profiles,testing,zalo]")
    session.run("pytest", "tests/servers", *session.posargs)


@nox.session(default=False)
def nightly(session: nox.Session) -> None:
    """Run the tests with far more examples and far longer histories (on request)."""
    install(session, "tests", package=".[testing]")
    session.run("pytest", *session.posargs, env={"HYPOTHESIS_PROFILE": "nightly"})
