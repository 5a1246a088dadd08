"""Every benchmark, in one run: `nox -s bench`.

Rule: what is printed and kept are ratios, measured side by side. Each has a baseline in
`baseline.json`; one that has become worse by more than half fails the run. Where the project has
set itself a goal, it is printed beside the ratio, reached or not; a goal does not fail the run, a
step back does. `--record` writes a new baseline.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.bench import cycle, ivr, looking, memory

BASELINE = Path(__file__).with_name("baseline.json")
MARGIN = 1.5
"""So many times worse than the baseline is a step back: machines under load differ that much."""
GOALS: dict[str, float] = {
    "agents, each on their own, 100,000 / 1,000": 3,
    "waiting, 1,000,000 / 100": 3,
    "agents under 500 requirements, 20,000 / 1,000": 2,
    "linear scan / this, 10,000 agents": 30,
    "linear scan / this, 10,000 waiting": 30,
    "linear scan / this, 100,000 agents": 150,
    "linear scan / this, 1,000,000 waiting": 150,
    "SimPy, agents and offers / this, 1,000 agents": 2.5,
    "transitions / this, a transition of a menu of four nodes": 2,
    "python-statemachine / this, a transition of a menu of four nodes": 20,
    "a live session with two values, bytes in memory": 2**30 / 1_000_000,
}


def more_is_better(name: str) -> bool:
    """Return whether a ratio says how much more somebody else costs."""
    return " / this" in name


def worse(name: str, now: float, then: float) -> float:
    """Return how many times worse a ratio is than it was; below 1 is better."""
    return then / now if more_is_better(name) else now / then


def show(name: str, ratio: float, then: float | None) -> bool:
    """Print one line; returns whether it is a step back."""
    goal = GOALS.get(name)
    words = ""
    if goal is not None:
        reached = ratio >= goal if more_is_better(name) else ratio <= goal
        sign = ">=" if more_is_better(name) else "<="
        words = f"goal {sign} {goal:g}: {'reached' if reached else 'NOT REACHED'}"
    step_back = then is not None and worse(name, ratio, then) > MARGIN
    if step_back:
        words += f"  WORSE than the baseline of {then:.2f} by more than {MARGIN:g}"
    print(f"{name:62} {ratio:10.2f}  {words}".rstrip(), flush=True)
    return step_back


def main() -> int:
    """Print every ratio; returns 1 where one is a step back."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--small", action="store_true", help="leave out the largest sizes")
    parser.add_argument("--record", action="store_true", help="keep the ratios as the baseline")
    given = parser.parse_args()
    baseline: dict[str, float] = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    found: dict[str, float] = {}
    back: list[str] = []

    def take(ratios: Iterable[tuple[str, float]]) -> None:
        for name, ratio in ratios:
            found[name] = ratio
            if show(name, ratio, baseline.get(name)):
                back.append(name)

    take(cycle.ratios(small=given.small))
    take(looking.ratios(small=given.small))
    try:
        from tests.bench import theirs  # noqa: PLC0415 - they are there on request

        take(theirs.ratios(contacts=3_000 if given.small else 10_000))
        take(ivr.ratios())
    except ImportError as error:
        print(f"(not beside what others have made: {error})")
    take(memory.sizes().items())
    if given.record:
        BASELINE.write_text(json.dumps({**baseline, **found}, indent=2, sort_keys=True) + "\n")
    return 1 if back else 0


if __name__ == "__main__":
    sys.exit(main())
