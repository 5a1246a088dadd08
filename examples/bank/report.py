"""Tell people what came out, on a terminal of 80 columns or more.

Rule: what is fed from the record and what is predicted stand apart; a difference within seed noise
is never shown as one. Only this module and `chart` need the `demo` extra.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from math import inf

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from bank.compare import (
    CLOSE,
    ENOUGH_SEEDS,
    FEW,
    Compared,
    Mean,
    by_priority,
    differs,
    mean,
    off,
    overtaken,
    worst_hours,
)
from bank.day import Incident
from bank.records import TYPES, Day
from bank.replay import MEASURES, THRESHOLD

CASES = 10  # pairs of callers; fewer show nothing
MINUS = "\N{MINUS SIGN}"
HEADS = {
    "level": f"within\n{THRESHOLD} s, %",
    "asa": "ASA,\ns",
    "abandoned": "aban-\ndoned, %",
    "occupancy": "occu-\npancy, %",
    "matched": "practised\nagent, %",
}
NAMES = {
    "level": f"answered within {THRESHOLD} s",
    "asa": "ASA (mean wait of the answered)",
    "abandoned": "abandoned",
    "occupancy": "occupancy",
    "matched": "practised agent",
}
FED = (
    "Fed from the record: when who calls, how long each service takes, who is on duty, how long "
    "those waited who hung up, and when agents were away. The last is not in the record but "
    "derived: an agent without a call while somebody waited was away. What that makes:"
)
PREDICTED = (
    "Predicted: who waits how long, for whom, and who gives up. The rules were chosen among "
    "several because they fit the first week of February 1999; nothing was held out. So agreement "
    "says that record, rules and engine are consistent. It is no forecast of another day."
)
SKILLS = (
    "Practised agent: answered by one for whom the type is as large a share of their calls as of "
    "everybody's, or larger. Here a service takes as long as recorded, whoever serves; so this "
    "share is all that routing by skills can gain, and the waiting is what it costs. That is why "
    "on a record “skills, relaxed” cannot look better than one FIFO queue in the other columns: "
    "keeping callers for practised agents adds waiting, and no service is shorter for it."
)
CARE = (
    "Pauses fall due when they did in the record, under every policy; what agents would have done "
    "instead is not known. Take differences of a few seconds with care, even beyond seed noise."
)


@contextmanager
def bar(total: int) -> Generator[Callable[[str], None]]:
    """Show a bar that moves with each call of what it gives; gone when it is done."""
    columns = (*Progress.get_default_columns(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("simulating", total=total)

        def told(what: str) -> None:
            progress.update(task, advance=1, description=f"{what:17}")

        yield told


def about(console: Console, day: Day, agents: int, found: Sequence[Incident]) -> None:
    """Print what the file holds, and what was set apart."""
    answered = sum(call.answered for call in day.calls)
    console.print()
    console.print(Text(f"A bank's day: {day.date}", style="bold"), Text(f" {day.name}", "dim"))
    paragraph(
        console,
        f"{_counted(len(day.calls), 'call')}: {answered:,} answered, by "
        f"{_counted(agents, 'agent')}, and {len(day.calls) - answered:,} hung up in the queue. Set "
        f"apart: {_counted(day.phantoms, 'row')} marked as no real call, and {len(day.menu):,} who "
        "hung up in the voice menu, before any queue.",
    )
    if day.notes:
        odd = "; ".join(f"{count} {what}" for what, count in sorted(day.notes.items()))
        paragraph(console, f"Rows that contradict themselves: {odd}.", "dim")
    for incident in found:
        paragraph(
            console,
            f"From {hhmm(incident.start)} to {hhmm(incident.end)} something was wrong: "
            f"{incident.hung_up} callers hung up in the voice menu and {incident.passed_on} were "
            "passed on. The rush that followed is part of the day, and of every policy.",
        )


def check(console: Console, compared: Compared) -> None:
    """Print whether a FIFO run reproduces the record, by how much it is off, and why."""
    policy = compared.policies[0].name
    table = _table(console, "1. Does a simulated day reproduce the recorded one?")
    for head in ("", "recorded", "FIFO, simulated", "off by"):
        table.add_column(head, justify="left" if not head else "right", no_wrap=bool(head))
    real = compared.count(compared.recorded, None)
    simulated = compared.figures(policy)
    misses: list[str] = []
    for measure in ("asa", "abandoned", "level", "occupancy"):
        was = getattr(real, measure)
        now = mean([getattr(each, measure) for each in simulated])
        by = off(None if now is None else now.value, was)
        main = measure in ("asa", "abandoned")
        if main and (by is None or abs(by) > CLOSE):
            misses.append(measure)
        table.add_row(
            NAMES[measure], _unit(measure, was), _with_spread(measure, now), _signed(by),
            style="" if main else "dim",
        )  # fmt: skip
    console.print(table)
    console.print()
    if not misses:
        text = f"ASA and abandonment are within {CLOSE:.0%} of the record."
        paragraph(console, text, "bold green")
    else:
        names = " and ".join("ASA" if each == "asa" else "abandonment" for each in misses)
        hours = ", ".join(
            f"{hour} h ({before:.0f} s recorded, {after:.0f} s simulated)"
            for hour, before, after in worst_hours(compared, policy)
        )
        paragraph(
            console,
            f"NOT within {CLOSE:.0%} of the record: {names}. The ASA differs most at {hours}. The "
            "record does not tell breaks and wrap-up, and the rules that stand in for them (see "
            "below) do not fit this day, or these seeds.",
            "bold red",
        )
    _by_type(console, compared, policy)
    bare = compared.count(compared.never_away, None)
    text = f"{FED} were nobody ever away, ASA would be {_unit('asa', bare.asa)} (one seed)."
    paragraph(console, text)
    paragraph(console, PREDICTED)


def _by_type(console: Console, compared: Compared, policy: str) -> None:
    """Print for which types FIFO is off, and how often others were served before them."""
    lines: list[str] = []
    for kind in _types(compared):
        real = compared.count(compared.recorded, kind)
        if real.calls < FEW:
            continue
        parts: list[str] = []
        for measure, name in (("asa", "ASA"), ("abandoned", "abandonment")):
            was = getattr(real, measure)
            now = mean([getattr(each, measure) for each in compared.figures(policy, kind)])
            by = off(None if now is None else now.value, was)
            if by is not None and now is not None and CLOSE < abs(by) < inf:
                real_one = f"recorded {_unit(measure, was)}, {_signed(by)}"
                parts.append(f"{name} {_unit(measure, now.value)} ({real_one})")
        if parts:
            times, chances = overtaken(compared.calls, kind)
            told = f"overtaken in {times} of {chances} cases" if chances >= CASES else "few cases"
            lines.append(f"{_named(kind)}: {', '.join(parts)}; {told}")
    if lines:
        paragraph(
            console,
            "By type FIFO is off by more than that: the bank did not serve all types in one line. "
            "How often the record shows callers of these overtaken by callers of other types who "
            "came up to 90 s later (one FIFO queue: never):",
        )
        for line in lines:
            console.print(Padding(Text(f"- {line}"), (0, 0, 0, 2)))
        console.print()


def policies(console: Console, compared: Compared) -> None:
    """Print all policies side by side, overall and by type, and what is noise."""
    seeds = len(compared.drawn)
    first = compared.policies[0].name
    table = _table(console, "2. The same callers and agents, routed by other rules")
    table.add_column("routed by", no_wrap=True)
    for measure in MEASURES:
        table.add_column(HEADS[measure], no_wrap=True, min_width=11)
    for kind in (None, *_types(compared)):
        real = compared.count(compared.recorded, kind)
        few = "dim" if real.calls < FEW else ""
        cells: list[str] = []
        title = "all calls" if kind is None else _named(kind)
        table.add_section()
        whole = real.calls < FEW
        number = f"{real.calls} (few)" if whole else _counted(real.calls, "call")
        table.add_row(Text(title, style="bold"), Text(number, style="dim"))
        values = [mean([getattr(real, measure)]) for measure in MEASURES]
        cells = [_cell(*pair, whole=whole) for pair in zip(MEASURES, values, strict=True)]
        table.add_row("  as recorded", *cells, style=few)
        base = compared.figures(first, kind)
        for policy in compared.policies:
            own = compared.figures(policy.name, kind)
            cells = []
            for measure in MEASURES:
                mine = [getattr(each, measure) for each in own]
                theirs = [getattr(each, measure) for each in base]
                mark = "*" if policy.name != first and not whole and differs(mine, theirs) else ""
                cells.append(_cell(measure, mean(mine), whole=whole) + mark)
            table.add_row(f"  {policy.name}", *cells, style=few)
    console.print(table)
    console.print()
    if seeds < ENOUGH_SEEDS:
        text = f"With fewer than {ENOUGH_SEEDS} seeds nobody can tell a difference from noise."
        paragraph(console, text, "yellow")
    else:
        paragraph(
            console,
            f"Mean of {seeds} seeds ± standard deviation between them. * differs from the FIFO "
            "queue by more than seed noise (three standard errors of the mean difference, seed by "
            "seed).",
            "dim",
        )
    if any(compared.count(compared.recorded, kind).calls < FEW for kind in _types(compared)):
        paragraph(console, f"(few), and dim: fewer than {FEW} calls, too few to tell.", "dim")
    for policy in compared.policies:
        _judge(console, compared, policy.name, policy.rule)
    paragraph(console, SKILLS)
    paragraph(console, CARE)


def _judge(console: Console, compared: Compared, policy: str, rule: str) -> None:
    """Print a policy's rule, and which of its overall differences to FIFO are more than noise."""
    first = compared.policies[0].name
    text = Text.assemble((policy, "bold"), f": {rule}.")
    if policy != first and len(compared.drawn) >= ENOUGH_SEEDS:
        own, base = compared.figures(policy), compared.figures(first)
        real: list[str] = []
        noise: list[str] = []
        for measure in ("level", "asa", "abandoned", "occupancy"):
            mine = [getattr(each, measure) for each in own]
            theirs = [getattr(each, measure) for each in base]
            change = mean([a - b for a, b in zip(mine, theirs, strict=True)])
            if change is None:
                continue
            name = "ASA" if measure == "asa" else NAMES[measure]
            told = f"{name} {_change(measure, change.value)}"
            (real if differs(mine, theirs) else noise).append(told)
        if real:
            text.append(f" Against FIFO: {', '.join(real)}.")
        if noise:
            text.append(f" Within seed noise: {', '.join(noise)}.")
    if any(each.points and each.name == policy for each in compared.policies):
        text.append(_moved(compared, policy, first))
    console.print(Padding(text, (0, 0, 1, 0)))


def _moved(compared: Compared, policy: str, first: str) -> str:
    """Say between whom priorities move the waiting."""
    parts: list[str] = []
    for high, who in ((True, "priority 2"), (False, "all others")):
        before = by_priority(compared, first, high=high)
        after = by_priority(compared, policy, high=high)
        if before is not None and after is not None:
            parts.append(f"{who} {before.value:.0f} s -> {after.value:.0f} s")
    return f" It moves waiting between callers: ASA of {', of '.join(parts)}." if parts else ""


def paragraph(console: Console, text: str, style: str = "") -> None:
    """Print running text, and an empty line."""
    console.print(Padding(Text(text, style=style), (0, 0, 1, 0)))


def hhmm(second: int) -> str:
    """Return a second of the day as people write it."""
    return f"{second // 3600}:{second % 3600 // 60:02}"


def _table(console: Console, title: str) -> Table:
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0) if console.width > 90 else 0,
    )


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _types(compared: Compared) -> list[str]:
    counts = Counter(call.type for call in compared.calls)
    return sorted(counts, key=lambda kind: (-counts[kind], kind))


def _named(kind: str) -> str:
    return f"{kind} {TYPES[kind]}" if kind in TYPES else kind


def _number(measure: str, value: float | None, *, whole: bool = False) -> str:
    """Return a figure without its unit: seconds, or percent."""
    if value is None:
        return "-"
    scaled = value if measure == "asa" else 100 * value
    return f"{scaled:.0f}" if whole or scaled >= 99.95 else f"{scaled:.1f}"


def _unit(measure: str, value: float | None) -> str:
    return _number(measure, value) + ("" if value is None else " s" if measure == "asa" else " %")


def _cell(measure: str, value: Mean | None, *, whole: bool = False) -> str:
    """Return a figure with its spread, so that the figures of a column stand below each other."""
    if value is None:
        return "   -"
    text = f"{_number(measure, value.value, whole=whole):>4}"
    if value.spread is not None:
        text += f" ±{_number(measure, value.spread, whole=whole)}"
    return text


def _with_spread(measure: str, value: Mean | None) -> str:
    unit = "" if value is None else " s" if measure == "asa" else " %"
    return _cell(measure, value) + unit


def _signed(share: float | None) -> str:
    if share is None:
        return "-"
    if share == inf:
        return "up from 0"
    return f"{100 * share:+.0f} %".replace("-", MINUS)


def _change(measure: str, value: float) -> str:
    text = f"{value:+.1f} s" if measure == "asa" else f"{100 * value:+.1f} points"
    return text.replace("-", MINUS)
