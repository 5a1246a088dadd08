"""Run real flows of other systems through importers, lint, walk and exporters.

    python -m tests.corpus.flows [folder] [--fuzz 20] [--seed 1] [--only studio]

The folder holds JSON documents at any depth; what format one has is told by what is in it. Without
a folder the corpus beside the project is taken, and where there is none nothing is done.

The laws, each for every document:

- It is imported, or refused by a `ConfigurationError`; nothing else is ever raised.
- The flow is written as YAML and as JSON, and reads back equal.
- A Connect flow is exported again with the same actions, parameters and transitions.
- Every walk comes to a wait, an end, a person or its bound; where it does not, lint has said so.
- The same document with something broken in it is imported or refused, and no more than that.
- Of all steps of a format, nine of ten are run by our machine.

It ends with 1 when a law is broken, and with 2 when the folder that it was given is not there.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

from tests.ivr.hostile import mutate
from tongdai.errors import ConfigurationError, TongdaiError
from tongdai.ivr.flow import Flow
from tongdai.ivr.importers import Imported, connect, studio
from tongdai.ivr.lint import check
from tongdai.ivr.prompts import Modality
from tongdai.ivr.walk import walk

Format: TypeAlias = Literal["connect 2019-10-30", "connect modules", "studio"]

ROOT: Final = Path(__file__).parents[2]
USUAL: Final = ROOT.parent / "shared" / "data" / "flows"
LEAST_NATIVE: Final = 0.9
MODALITIES: Final[tuple[Modality, ...]] = ("voice", "sms")
MOST_CASES: Final = 400
MOST_ACTS: Final = 25
MOST_STEPS: Final = 3_000
SLOWEST: Final = 10.0  # seconds that one document may take in one law


class Document(NamedTuple):
    """One document of the corpus: its name, its format, and what is in it."""

    name: str
    format: Format
    content: Mapping[str, Any]


class Tally:
    """What has been met so far, and which laws were broken."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.documents: Counter[Format] = Counter()
        self.steps: Counter[tuple[Format, str]] = Counter()
        self.native: Counter[tuple[Format, str]] = Counter()
        self.findings: Counter[str] = Counter()
        self.endings: Counter[str] = Counter()
        self.refused: list[str] = []
        self.broken: list[str] = []
        self.fuzzed: Counter[str] = Counter()

    def break_law(self, name: str, law: str, why: object) -> None:
        """Note that a document breaks a law."""
        text = f"{name}: {law}: {why}"
        self.broken.append(text if len(text) < 300 else f"{text[:300]} ...")

    def native_share(self, form: Format) -> tuple[int, int]:
        """Return how many steps of a format run natively, and how many there are."""
        runs = sum(number for (kind, _), number in self.native.items() if kind == form)
        return runs, sum(number for (kind, _), number in self.steps.items() if kind == form)


# --- the documents --------------------------------------------------------------------------------


def format_of(content: object) -> Format | None:
    """Return the format of a document by what is in it, or `None`."""
    if not isinstance(content, dict):
        return None
    if "Actions" in content:
        return "connect 2019-10-30"
    if "modules" in content:
        return "connect modules"
    return "studio" if "states" in content or "definition" in content else None


def documents(folder: Path) -> Iterator[Document]:
    """Go through the documents below a folder, in the order of their names."""
    for path in sorted(folder.rglob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (ValueError, RecursionError) as error:
            sys.stderr.write(f"{path.name}: no JSON, left out: {error}\n")
            continue
        form = format_of(content)
        if form is None:
            sys.stderr.write(f"{path.name}: of no format that is known, left out\n")
        else:
            yield Document(path.name, form, content)


def load(document: Document, content: Any = None) -> Imported:  # noqa: ANN401 - plain data
    """Import a document, or other content as if it were its."""
    given = document.content if content is None else content
    return studio.load(given) if document.format == "studio" else connect.load(given)


# --- the laws -------------------------------------------------------------------------------------


def imports(document: Document, tally: Tally) -> Imported | None:
    """It is imported or refused, and its steps are counted."""
    try:
        found = load(document)
    except ConfigurationError as error:
        tally.refused.append(f"{document.name}: {error}")
        return None
    opaque = {told.node for told in found.diagnostics if told.level == "warning"}
    runs, of = found.native
    if of - runs > len(opaque):
        tally.break_law(document.name, "each opaque step is told", f"{of - runs} of {of}")
    for kind, name in found.steps:
        tally.steps[document.format, kind] += 1
        one = Imported(found.flow, (), ((kind, name),))
        tally.native[document.format, kind] += one.native[0]
    return found


def is_written(document: Document, found: Imported, tally: Tally) -> None:
    """The flow reads back equal from YAML and from JSON."""
    flow = found.flow
    again = {"YAML": Flow.from_yaml(flow.to_yaml()), "JSON": Flow.from_json(flow.to_json())}
    for form, read in again.items():
        if read != flow:
            tally.break_law(document.name, f"it reads back from {form}", "it is another flow")


def round_trips(document: Document, found: Imported, tally: Tally) -> None:
    """A Connect flow is exported with the same actions, parameters and transitions."""
    if document.format == "studio":
        return
    written = connect.dump(found.flow)
    one, other = _said(document.content), _said(written)
    differ = [step for step in one.keys() | other.keys() if one.get(step) != other.get(step)]
    if differ:
        tally.break_law(document.name, "it is exported as it was", f"{len(differ)}: {differ[0]}")


def _said(content: Mapping[str, Any]) -> dict[str, object]:
    """Return what a Connect document says of each step: its type, parameters and transitions.

    The order of errors is nothing, and a parameter that is null is one that is not there; what the
    editor keeps for itself (`metadata`) is left out.
    """
    if "Actions" in content:
        said = {one["Identifier"]: _action(one) for one in content["Actions"]}
        return {"where it starts": content["StartAction"], **said}
    said = {one["id"]: _module(one) for one in content["modules"]}
    return {"where it starts": content["start"], **said}


_ANY_ORDER: Final = frozenset(
    {"Loop", "Wait", "CheckHoursOfOperation", "MessageParticipantIteratively"}
)
"""Actions whose conditions are names of their ways."""


def _action(one: Mapping[str, Any]) -> object:
    ways: Mapping[str, Any] = one.get("Transitions") or {}
    several: list[Mapping[str, Any]] = ways.get("Conditions") or []
    conditions = [repr((way["Condition"], way["NextAction"])) for way in several]
    if one["Type"] in _ANY_ORDER:
        conditions.sort()
    wrong: list[Mapping[str, Any]] = ways.get("Errors") or []
    errors = {(way.get("ErrorType"), way.get("NextAction")) for way in wrong}
    parameters: Mapping[str, Any] = one.get("Parameters") or {}
    return one["Type"], parameters, ways.get("NextAction") or None, errors, conditions


def _module(one: Mapping[str, Any]) -> object:
    compared = [way for way in one["branches"] if "conditionValue" in way]
    others = {
        (way["condition"], way["transition"]) for way in one["branches"] if way not in compared
    }
    parameters = sorted(
        json.dumps({key: part for key, part in given.items() if part is not None}, sort_keys=True)
        for given in one["parameters"]
    )
    return one["type"], one.get("target"), parameters, others, compared


def walks(document: Document, found: Imported, tally: Tally) -> None:
    """Every walk comes to an end that is one, or lint has said why not."""
    findings = check(found.flow)
    for finding in findings:
        tally.findings[f"{finding.severity}: {finding.kind}"] += 1
    kinds = {finding.kind for finding in findings}
    for modality in MODALITIES:
        cases = walk(
            found.flow,
            by="ways",
            modality=modality,
            acts=MOST_ACTS,
            cases=MOST_CASES,
            steps=MOST_STEPS,
        )
        for case in cases:
            how = f"{case.end}: {case.reason}" if case.end == "ended" else case.end
            tally.endings[how] += 1
            told = _TOLD_BY.get(how)
            if told is not None and not kinds & told:
                tally.break_law(document.name, "a walk ends well, or lint tells", case)


_TOLD_BY: Final[Mapping[str, set[str]]] = {
    "missing": {"dangling"},
    "stuck": {"unwired", "dangling", "no_exit", "modality"},
    "ended: unwired": {"unwired", "opaque"},
    "ended: error.spin": {"spin", "modality"},
}
"""Ends that are none, and the findings of lint that tell of them."""


def is_fuzzed(document: Document, tally: Tally, times: int, chance: Random) -> None:
    """Broken documents are imported or refused; what is imported can be walked."""
    for _ in range(times):
        broken = mutate(dict(document.content), chance)
        try:
            found = load(document, broken)
        except ConfigurationError:
            tally.fuzzed["refused"] += 1
            continue
        tally.fuzzed["imported"] += 1
        try:
            for _case in islice(walk(found.flow, by="ways", acts=6, cases=10), 10):
                pass
        except TongdaiError as error:
            tally.fuzzed[f"walk: {type(error).__name__}"] += 1


# --- the run --------------------------------------------------------------------------------------


def run(folder: Path, *, fuzz: int, seed: int, only: str) -> Tally:
    """Hold every document below a folder against the laws, and tell how far it is."""
    tally = Tally()
    several = [one for one in documents(folder) if only in one.format]
    for place, document in enumerate(several, 1):
        tally.documents[document.format] += 1
        began = time.monotonic()
        found = _held(document, tally, "import", lambda: imports(document, tally))  # noqa: B023 - called at once
        laws: list[tuple[str, Callable[[], object]]] = [
            ("fuzz", lambda: is_fuzzed(document, tally, fuzz, Random(f"{seed} {document.name}"))),  # noqa: B023, S311
        ]
        if found is not None:
            laws = [
                ("write", lambda: is_written(document, found, tally)),  # noqa: B023
                ("round trip", lambda: round_trips(document, found, tally)),  # noqa: B023
                ("walk", lambda: walks(document, found, tally)),  # noqa: B023
                *laws,
            ]
        for law, hold in laws:
            _held(document, tally, law, hold)
        took = time.monotonic() - began
        sys.stdout.write(f"[{place:3}/{len(several)}] {took:5.1f} s  {document.name}\n")
        sys.stdout.flush()
    return tally


def _held(document: Document, tally: Tally, law: str, hold: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Hold a document against a law: whatever is raised, and too much time, break it."""
    began = time.monotonic()
    try:
        return hold()
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        tally.break_law(document.name, law, f"{type(error).__name__}: {error}")
        return None
    finally:
        if (took := time.monotonic() - began) > SLOWEST:
            tally.break_law(document.name, law, f"took {took:.0f} s")


def report(tally: Tally) -> None:
    """Print what was met."""
    for form in get_args(Format):
        runs, of = tally.native_share(form)
        if not of:
            continue
        print(f"\n{form}: {tally.documents[form]} flows, {of} steps")
        kinds = [(number, kind) for (one, kind), number in tally.steps.items() if one == form]
        for number, kind in sorted(kinds, key=lambda pair: (-pair[0], pair[1])):
            native = tally.native[form, kind]
            print(f"  {number:5}  {kind:38} {native / number:5.0%} native")
        print(f"  {runs} of {of} steps are native: {runs / of:.1%} (to reach: {LEAST_NATIVE:.0%})")
        if runs / of < LEAST_NATIVE:
            tally.break_law(form, "nine of ten steps are native", f"{runs} of {of}")
    for title, counts in (
        ("findings of lint", tally.findings),
        ("ends of walks", tally.endings),
        ("broken documents", tally.fuzzed),
    ):
        print(f"\n{title}")
        for what, number in counts.most_common():
            print(f"  {number:6}  {what}")
    for title, texts in (("refused", tally.refused), ("LAWS BROKEN", tally.broken)):
        if texts:
            print(f"\n{title}: {len(texts)}")
            for text in texts:
                print(f"  {text}")


def main(arguments: list[str] | None = None) -> int:
    """Run, report, and return what the process ends with."""
    parser = argparse.ArgumentParser(prog="python -m tests.corpus.flows", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, help="default: the one beside the project")
    parser.add_argument("--fuzz", type=int, default=20, help="broken copies of each document")
    parser.add_argument("--seed", type=int, default=1, help="of what is broken")
    parser.add_argument("--only", default="", help="formats with this in their name")
    given = parser.parse_args(arguments)
    folder: Path = given.folder or USUAL
    if not folder.is_dir():
        print(f"there is no corpus at {folder}; give a folder with flows")
        return 2 if given.folder else 0
    tally = run(folder, fuzz=given.fuzz, seed=given.seed, only=given.only)
    report(tally)
    if not tally.documents:
        print(f"there is no flow below {folder}")
        return 2
    print("\nlaws broken" if tally.broken else "\nall laws hold")
    return 1 if tally.broken else 0


if __name__ == "__main__":
    sys.exit(main())
