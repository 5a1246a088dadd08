"""Route a real day of a bank's calls through the engine, and compare rules of routing.

    python bank_day.py [day.tsv] [--seeds 10] [--chart bank_day.svg]

First a simulated FIFO day is held against the recorded one; only then other policies are compared
with it. The chart is written to where you are. The guide is docs/how-to/bank-day.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path

import attrs
from bank.compare import Compared
from bank.day import draw, duty, incidents
from bank.policies import agents, policies
from bank.records import BadRecord, Day, read_day
from bank.replay import Figures, Run, figures, recorded, replay

SHIPPED = Path(__file__).parent / "data" / "bank-1999-02-03.tsv"
FORMATS = (".svg", ".png", ".pdf")
WIDEST = 100  # columns; longer lines are hard to read


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit status (2 for a file that cannot be read)."""
    asked = ask(arguments)
    try:
        day = read_day(asked.day)
    except BadRecord as error:
        print(f"bank_day.py: {error}", file=sys.stderr)
        return 2
    try:
        from bank import chart, report  # noqa: PLC0415 - the rest works without the extra
        from rich.console import Console  # noqa: PLC0415
    except ImportError as error:
        print(
            f"bank_day.py: {error.name} is missing; python -m pip install -e '.[demo]'",
            file=sys.stderr,
        )
        return 1
    screen = Console(highlight=False)
    screen.width = min(screen.width, WIDEST)
    found = incidents(day.calls, day.menu)
    report.about(screen, day, len(duty(day.calls)), found)
    with report.bar(asked.seeds * len(policies(day.types))) as told:
        compared = compare(day, asked.seeds, told)
    report.check(screen, compared)
    report.policies(screen, compared)
    chart.draw(asked.chart, day, compared, found)
    print(f"The chart of who waited when is in {asked.chart.resolve()}")
    return 0


def ask(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="bank_day.py", description="Route a bank's day, and compare rules of routing."
    )
    parser.add_argument("day", nargs="?", type=Path, default=SHIPPED, help="a day's records (tsv)")
    parser.add_argument("--seeds", type=int, default=10, help="runs of each policy (default 10)")
    parser.add_argument(
        "--chart",
        type=Path,
        default=Path("bank_day.svg"),
        help="where the chart goes: svg, png, pdf",
    )
    asked = parser.parse_args(arguments)
    if asked.seeds < 1:
        parser.error(f"--seeds: expected 1 or more; got {asked.seeds}")
    if asked.chart.suffix not in FORMATS:
        parser.error(
            f"--chart: expected a name that ends in {', '.join(FORMATS)}; got {asked.chart}"
        )
    if not asked.chart.resolve().parent.is_dir():
        parser.error(f"--chart: there is no folder {asked.chart.resolve().parent}")
    return asked


def compare(day: Day, seeds: int, told: Callable[[str], None] = lambda _: None) -> Compared:
    """Run every policy with every seed; `told` hears the policy's name after each run."""
    calls = day.calls
    staff = duty(calls)
    skilled = agents(staff)
    choices = policies(day.types)
    drawn = [draw(calls, seed) for seed in range(seeds)]
    runs: dict[str, list[Run]] = {policy.name: [] for policy in choices}
    for policy in choices:
        for own in drawn:
            runs[policy.name].append(replay(calls, own, staff, skilled, policy))
            told(policy.name)

    def count(run: Run, kind: str | None) -> Figures:
        return figures(calls, run, skilled, kind)

    always = [attrs.evolve(agent, away=()) for agent in staff]
    never_away = replay(calls, drawn[0], always, skilled, choices[0])
    return Compared(calls, drawn, recorded(calls, staff), never_away, runs, choices, count)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no ± still gets the rest
    sys.exit(main())
