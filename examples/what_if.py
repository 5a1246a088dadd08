"""Ask what a change would do on the bank's day, before anybody is trained or any rule is touched.

    python what_if.py [--seeds 10]

Two questions: what if three more could take stock-exchange calls, and what if callers were let
through to level 3 after 30 s instead of 60. Each is put to the recorded day, of which only the
patience of those who were answered is drawn, and to days like it, of which everything is drawn that
could have come differently. Set-ups meet the same callers seed by seed; the guide is
docs/how-to/what-if.md.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial
from pathlib import Path

import attrs
from bank.day import Duty, draw, duty
from bank.policies import Policy
from bank.records import TYPES, Call, Day, read_day
from bank.replay import visits

from tongdai import Agent, Center, Metrics, Plan, Queue, Requirement, Step, hours, seconds
from tongdai.center import (
    Demand,
    Empirical,
    Forecast,
    Pause,
    Shift,
    Survival,
    Visit,
    generate,
    simulate,
)
from tongdai.metrics import Difference, Row, compare

SHIPPED = Path(__file__).parent / "data" / "bank-1999-02-03.tsv"
STOCKS = "NE"
LEVELS = (5, 3, 1)  # of the third who take a type of call most often, of the next, of the last
MORE = 3  # how many learn stock-exchange calls
WITHIN = seconds(20)
FEW = 10  # hang-ups; types with fewer share one curve of patience


@attrs.frozen
class Setup:
    """What is compared: who can do what, and when level 3 is enough."""

    agents: Mapping[str, Agent]
    relax: int = 60

    def queues(self, types: Iterable[str]) -> list[Queue]:
        """Return a queue for each type of call: the best, then the good, in the end anybody."""
        best, good, _ = LEVELS
        return [
            Queue(
                kind,
                Plan(
                    Requirement({kind: best}),
                    Step(seconds(self.relax), Requirement({kind: good})),
                    Step(seconds(120), Requirement()),
                ),
            )
            for kind in types
        ]


def skilled(staff: Sequence[Duty]) -> dict[str, Agent]:
    """Return the agents, with levels by how large a part of their calls a type is."""
    levels: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for kind in {kind for one in staff for kind in one.served}:
        shares = {
            one.agent: one.served[kind] / one.served.total() for one in staff if kind in one.served
        }
        for place, agent in enumerate(sorted(shares, key=lambda agent: (-shares[agent], agent))):
            levels[agent][kind] = LEVELS[place * len(LEVELS) // len(shares)]
    return {one.agent: Agent(one.agent, levels[one.agent]) for one in staff}


def trained(agents: Mapping[str, Agent], staff: Sequence[Duty]) -> tuple[dict[str, Agent], str]:
    """Let the busiest who never take stock-exchange calls take them; return all, and who it is."""
    busiest = sorted(staff, key=lambda one: (-one.served.total(), one.agent))
    chosen = [one.agent for one in busiest if STOCKS not in one.served][:MORE]
    more = {name: Agent(name, {**agents[name].skills, STOCKS: LEVELS[0]}) for name in chosen}
    return {**agents, **more}, ", ".join(chosen)


# --- days -----------------------------------------------------------------------------------------


def recorded(calls: Sequence[Call], seed: int) -> list[Visit]:
    """Return the day as it was; patience beyond what was seen is drawn."""
    types = {call.type for call in calls}
    return list(
        visits(calls, draw(calls, seed), Policy("", "", (), {kind: kind for kind in types}))
    )


def demands(calls: Sequence[Call]) -> list[Demand]:
    """Return what days like the recorded one bring, learned from it type by type."""
    of_type: defaultdict[str, list[Call]] = defaultdict(list)
    for call in calls:
        of_type[call.type].append(call)
    return [
        Demand(
            kind,
            kind,
            half_hours(own),
            talk=Empirical([seconds(call.talk) for call in own if call.talk is not None]),
            patience=patience(own if sum(not call.answered for call in own) >= FEW else calls),
        )
        for kind, own in sorted(of_type.items())
    ]


def drawn(kinds: Sequence[Demand], seed: int) -> list[Visit]:
    """Return a day of these customers."""
    return list(generate(kinds, seed=seed))


def half_hours(calls: Sequence[Call]) -> Forecast:
    """Return how many calls came in each half hour of the day."""
    counts = Counter(call.at // 1800 for call in calls)
    return Forecast(0, seconds(1800), [counts[slot] for slot in range(48)])


def patience(calls: Sequence[Call]) -> Survival:
    """Return how long these callers are willing to wait."""
    return Survival.observed((seconds(call.wait), not call.answered) for call in calls)


def shifts(staff: Sequence[Duty], agents: Mapping[str, Agent]) -> list[Shift]:
    """Return who is there when."""
    return [
        Shift(
            agents[one.agent],
            seconds(one.start),
            seconds(one.end),
            pauses=[Pause(seconds(at), seconds(length)) for at, length in one.away],
        )
        for one in staff
    ]


# --- runs -----------------------------------------------------------------------------------------


def figures(
    setup: Setup, day: Day, staff: Sequence[Duty], come: Callable[[int], list[Visit]], seed: int
) -> dict[str, float | None]:
    """Live through a day with a set-up; return what callers saw of it."""
    metrics = Metrics(every=hours(48), agents=False)
    center = Center(setup.queues(day.types))
    for event in simulate(center, come(seed), shifts(staff, setup.agents), seed=seed):
        metrics.apply(event)
    [stocks] = [row for row in metrics.totals(by=["queue"]) if row.queue == STOCKS]
    return {**seen(TYPES[STOCKS], stocks), **seen("all", metrics.total())}


def seen(who: str, row: Row) -> dict[str, float | None]:
    """Return three figures of a row: a wait in seconds, and two shares in percent."""
    level = row.service_level(within=WITHIN, short=seconds(0), abandoned="bad")
    left = row.abandonment_rate
    return {
        f"{who}: mean wait, s": None if row.asa is None else row.asa / seconds(1),
        f"{who}: within {WITHIN}, %": None if level is None else 100 * level,
        f"{who}: abandoned, %": None if left is None else 100 * left,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns the exit status."""
    parser = argparse.ArgumentParser(prog="what_if.py", description="Ask what a change would do.")
    parser.add_argument("--seeds", type=int, default=10, help="runs of each set-up (default 10)")
    asked = parser.parse_args(arguments)
    if asked.seeds < 2:
        parser.error(
            f"--seeds: expected 2 or more, or nobody knows what is luck; got {asked.seeds}"
        )
    day = read_day(SHIPPED)
    staff = duty(day.calls)
    agents = skilled(staff)
    taught, names = trained(agents, staff)
    setups = {
        "as it is": Setup(agents),
        f"What if three more ({names}) could take stock-exchange calls?": Setup(taught),
        "What if level 3 were enough after 30 s instead of 60?": Setup(agents, relax=30),
    }
    kinds = demands(day.calls)
    days: dict[str, Callable[[int], list[Visit]]] = {
        "the recorded day": lru_cache(1)(partial(recorded, day.calls)),
        "days like it": lru_cache(1)(partial(drawn, kinds)),
    }
    found = {
        name: compare(
            {title: partial(figures, setup, day, staff, come) for title, setup in setups.items()},
            range(asked.seeds),
            progress=told,
        )
        for name, come in days.items()
    }
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"{day.date}: {len(day.calls)} calls, {len(staff)} agents; {asked.seeds} seeds.")
    print("A caller goes to the best at the type (level 5), from 60 s to the good (level 3), from")
    print("120 s to anybody. Changes are means over the seeds, with their 95 % intervals.")
    for question in list(setups)[1:]:
        print(f"\n{question}")
        for name, differences in found.items():
            print(f"\n  {name:32} {'as it is':>8} {'then':>8} {'change':>8}   interval")
            for one in differences:
                if one.setup == question:
                    print(f"  {line(one)}")
        print(f"\n  {answer(question, found)}")
    print(
        "\nWho was trained is as quick here as who always did it; what training costs, and whether"
    )
    print("they would be, no record says. Nor do the intervals know of rules that are wrong.")
    return 0


def told(_: str, seed: int) -> None:
    """Show that it goes on, to whoever looks at a terminal."""
    if sys.stderr.isatty():
        print(f"\r  seed {seed} ", end="", file=sys.stderr, flush=True)


def line(one: Difference) -> str:
    """Return a difference as a line of the table; a star where it is more than luck."""
    return (
        f"{one.figure:32} {one.before:8.1f} {one.after:8.1f} {one.change:+8.1f}   "
        f"{one.low:+.1f} to {one.high:+.1f}{' *' if one.clear else ''}"
    )


def answer(question: str, found: Mapping[str, Sequence[Difference]]) -> str:
    """Say in words what it comes to."""
    said: list[str] = []
    for name, differences in found.items():
        parts: list[str] = []
        for one in differences:
            who, _, what = one.figure.partition(": ")
            if one.setup != question or "wait" not in what:
                continue
            callers = "callers in all" if who == "all" else f"{who} callers"
            if not one.clear:
                parts.append(f"nobody can tell whether {callers} wait longer or shorter")
                continue
            least, most = sorted((abs(one.low), abs(one.high)))
            way = "less" if one.change < 0 else "longer"
            parts.append(f"{callers} wait {least:.1f} to {most:.1f} s {way}")
        said.append(f"On {name}, {' and '.join(parts)}.")
    return "\n  ".join(said)


if __name__ == "__main__":
    sys.exit(main())
