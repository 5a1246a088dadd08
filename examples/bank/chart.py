"""Draw how many callers waited over the day: as recorded, and under each policy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from bank.compare import Compared
from bank.day import Incident
from bank.records import Day
from bank.replay import waiting
from bank.report import hhmm

INK = "#1f2933"
RECORDED = "#b4bdc8"
LINES = ("#1668a8", "#b3530b", "#2b7a3d")
SLOT = 300  # seconds


def draw(path: Path, day: Day, compared: Compared, found: Sequence[Incident]) -> None:
    """Write the chart; the suffix of the path is the format (svg, png or pdf)."""
    with mpl.rc_context({"svg.hashsalt": "bank day", "text.color": INK}):
        rows = len(compared.policies)
        figure = Figure(figsize=(11, 1.3 + 2.1 * rows), layout="constrained")
        panels = figure.subplots(rows, 1, sharex=True, sharey=True, squeeze=False)[:, 0]
        first = min((call.at for call in compared.calls if call.wait), default=0) // 3600
        last = min(24, 1 + max(call.at for call in compared.calls) // 3600)
        slots = slice(first * 3600 // SLOT, last * 3600 // SLOT)
        edges = [first + slot * SLOT / 3600 for slot in range(slots.stop - slots.start + 1)]
        real = waiting(compared.calls, compared.recorded, SLOT)[slots]
        for panel, policy, colour in zip(panels, compared.policies, LINES, strict=False):
            curves = [
                waiting(compared.calls, run, SLOT)[slots] for run in compared.runs[policy.name]
            ]
            seeds = list(zip(*curves, strict=True))
            panel.stairs(real, edges, fill=True, color=RECORDED)
            if len(curves) > 1:
                low, high = map(min, seeds), map(max, seeds)
                panel.stairs(
                    list(high), edges, baseline=list(low), fill=True, color=colour, alpha=0.18
                )
            panel.stairs(list(map(fmean, seeds)), edges, baseline=None, color=colour, lw=1.4)
            panel.set_title(policy.name, loc="left", color=colour, fontsize=10.5, fontweight="bold")
            panel.set_title(policy.rule, loc="right", color="#5b6673", fontsize=8.5)
            _plain(panel)
            _mark(panel, found, label=panel is panels[0])
        panels[0].set_xlim(first, last)
        panels[0].set_ylim(bottom=0)
        panels[-1].set_xticks(
            range(first, last + 1), [f"{hour}:00" for hour in range(first, last + 1)]
        )
        number = len(compared.drawn)
        figure.suptitle(
            f"How many callers were waiting on {day.date}, averages of {SLOT // 60} minutes",
            x=0.02, ha="left", fontsize=13, fontweight="bold", color=INK,
        )  # fmt: skip
        line = f"mean of {number} seeds; band: lowest to highest" if number > 1 else "one seed"
        figure.supxlabel(
            f"grey: recorded; line: simulated, {line}",
            x=0.02, ha="left", fontsize=8.5, color="#5b6673",
        )  # fmt: skip
        figure.savefig(path, dpi=150, metadata={"Date": None} if path.suffix == ".svg" else None)


def _plain(panel: Axes) -> None:
    panel.spines[["top", "right", "left"]].set_visible(False)
    panel.spines["bottom"].set_color("#9aa5b1")
    panel.tick_params(length=0, labelsize=8.5, labelcolor="#3e4c59")
    panel.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    panel.grid(axis="y", color="#e4e7eb", lw=0.7)
    panel.set_axisbelow(True)
    panel.margins(x=0)


def _mark(panel: Axes, found: Sequence[Incident], *, label: bool) -> None:
    """Shade the stretches in which the voice menu passed hardly anybody on."""
    for incident in found:
        start, end = incident.start / 3600, incident.end / 3600
        panel.axvspan(start, end, color="#d64545", alpha=0.10, lw=0)
        if label:
            panel.annotate(
                f"{hhmm(incident.start)} to {hhmm(incident.end)}: {incident.hung_up} hung up\n"
                f"in the voice menu, {incident.passed_on} got through",
                (start, 0.97), xycoords=("data", "axes fraction"), xytext=(-5, 0),
                textcoords="offset points", ha="right", va="top", fontsize=8, color="#a12d2d",
            )  # fmt: skip
