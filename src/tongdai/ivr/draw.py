"""Pictures of a flow, as Mermaid and as DOT.

Rule: a name or a text from a flow only ever stands inside a quoted label, written so that no
character of it means anything to whoever draws; what is drawn is called `n0`, `n1` ... in the order
of the flow. So the picture of a stranger's document is a picture, whatever the document says.

Solid lines are ways that a customer takes; dashed ones lead on when something goes wrong; dotted
ones hold everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, Literal, NamedTuple, TypeAlias

from tongdai.errors import ConfigurationError
from tongdai.ivr.findings import Finding, Severity
from tongdai.ivr.flow import Flow, Operator, several_flows
from tongdai.ivr.graph import TROUBLE
from tongdai.ivr.nodes import (
    Assign,
    Branch,
    CallBack,
    CallFlow,
    Collect,
    End,
    GotoFlow,
    HandOff,
    Hours,
    Invoke,
    Loop,
    Menu,
    Node,
    Opaque,
    Setting,
    Split,
    Transfer,
    outcomes,
    said,
)

Form: TypeAlias = Literal["mermaid", "dot"]
Counts: TypeAlias = Mapping[tuple[str, str], int]
"""How often a way was taken, by (node, outcome); by (node, `""`) how often a node was entered."""

_LONGEST: Final = 34  # characters of what a node says
_MISSING: Final = "there is no such node"


def draw(
    flow: Flow,
    form: Form = "mermaid",
    *,
    language: str = "",
    counts: Counts | None = None,
    findings: Iterable[Finding] = (),
) -> str:
    """Return a flow as a picture's source.

    Args:
        flow: the flow; it may be wrong, and is drawn all the same.
        form: `mermaid` (a flowchart) or `dot` (Graphviz).
        language: in which language its prompts are shown; by default its first.
        counts: figures to write beside nodes and ways, as `analytics.Analytics.counts` gives them.
        findings: what lint has found: those nodes are coloured, and say what is wrong.

    Raises:
        ConfigurationError: there is no such form.
    """
    if form not in ("mermaid", "dot"):
        raise ConfigurationError(f"draw.form: {form!r:.40} is not one of mermaid, dot")
    several_flows((flow,), "draw.flow")
    picture = _Drawing(flow, language, counts or {}, findings)
    return _mermaid(picture) if form == "mermaid" else _dot(picture)


# --- what is in the picture -----------------------------------------------------------------------

Shape: TypeAlias = Literal["say", "ask", "decide", "do", "person", "flow", "end", "mark"]
Line: TypeAlias = Literal["way", "trouble", "always"]


class _Box(NamedTuple):
    id: str
    shape: Shape
    lines: tuple[str, ...]
    colour: Severity | None = None


class _Arrow(NamedTuple):
    source: str
    target: str
    line: Line
    label: str


_SHAPES: Final[Mapping[type, Shape]] = {
    Menu: "ask",
    Collect: "ask",
    Branch: "decide",
    Hours: "decide",
    Loop: "decide",
    Split: "decide",
    Assign: "do",
    Setting: "do",
    Invoke: "do",
    Opaque: "do",
    HandOff: "person",
    CallBack: "person",
    Transfer: "person",
    CallFlow: "flow",
    GotoFlow: "flow",
    End: "end",
}


class _Drawing:
    """A flow on its way to being a picture."""

    def __init__(
        self, flow: Flow, language: str, counts: Counts, findings: Iterable[Finding]
    ) -> None:
        self.flow = flow
        self.fallback = next(iter(flow.spoken), "")
        self.language = language or self.fallback
        self.counts = counts
        self.found: dict[str, list[Finding]] = {}
        for finding in findings:
            self.found.setdefault(finding.node, []).append(finding)
        self.ids = {name: f"n{at}" for at, name in enumerate(flow.nodes)}
        self.boxes = [self.box(name, node) for name, node in flow.nodes.items()]
        self.arrows: list[_Arrow] = []
        for at, (mark, target) in enumerate(_entries(flow)):
            self.boxes.append(_Box(f"m{at}", "mark", (mark,)))
            self.arrows.append(_Arrow(f"m{at}", self.id_of(target), "always", ""))
        for name, node in flow.nodes.items():
            self.arrows += self.ways(name, node)

    @property
    def title(self) -> str:
        about = "; ".join(f"{one.severity}: {_brief(one)}" for one in self.found.get("", ()))
        return f"{self.flow.id} ({about})" if about else self.flow.id

    def id_of(self, name: str) -> str:
        """Return what a node is called in the picture; one that is missing is drawn as such."""
        if name not in self.ids:
            self.ids[name] = f"n{len(self.ids)}"
            self.boxes.append(_Box(self.ids[name], "mark", (name, _MISSING), "error"))
        return self.ids[name]

    def box(self, name: str, node: Node) -> _Box:
        entered = self.counts.get((name, ""))
        text = self.text(node)
        findings = self.found.get(name, ())
        lines = [name if entered is None else f"{name} ({entered:,})", *([text] if text else ())]
        lines += dict.fromkeys(f"{one.severity}: {_brief(one)}" for one in findings)
        worst: Severity | None = None
        for one in findings:
            worst = one.severity if worst != "error" else worst
        return _Box(self.ids[name], _SHAPES.get(type(node), "say"), tuple(lines), worst)

    def text(self, node: Node) -> str:
        """Return what to write under a node's name: what it says, or does."""
        match node:
            case Invoke():
                text = f"{node.function}()"
            case HandOff() | CallBack():
                text = ": ".join(filter(None, (f"to {node.queue}", node.requires)))
            case CallFlow() | GotoFlow():
                text = node.flow
            case Hours():
                text = node.calendar
            case Loop():
                text = f"{node.times} times"
            case Assign() | Setting():
                text = ", ".join(f"{name} = {value}" for name, value in node.values.items())
            case Transfer():
                text = node.to
            case Opaque():
                text = node.kind
            case _:
                text = ""
                for _, prompt in islice(said(node), 1):
                    wording = prompt.wording(self.language, self.fallback)
                    text = wording.text or wording.audio or wording.ssml
        return _short(text)

    def ways(self, name: str, node: Node) -> Iterator[_Arrow]:
        """Go through a node's arrows; outcomes that lead to one node share one."""
        merged: dict[tuple[str, Line], list[str]] = {}
        for outcome, target in outcomes(node):
            if target is not None:
                times = self.counts.get((name, outcome))
                label = _way(node, outcome)
                if times is not None:
                    label = f"{label} ({times:,})".strip()
                merged.setdefault((self.id_of(target), _line(outcome)), []).append(label)
        for (target, line), labels in merged.items():
            yield _Arrow(self.ids[name], target, line, ", ".join(filter(None, labels)))


def _entries(flow: Flow) -> Iterator[tuple[str, str]]:
    """Go through what leads into the flow from nowhere: (what it is, the node)."""
    yield "start", flow.start
    if flow.on_hangup:
        yield "hang-up", flow.on_hangup
    if flow.expired is not None:
        yield "late reply", flow.expired
    for handler in flow.handlers:
        if isinstance(handler, Operator) and handler.to is not None:
            means = ", ".join((*handler.keys, *handler.says))
            yield f"operator: {means}" if means else "operator", handler.to


def _brief(finding: Finding) -> str:
    """Return what is wrong, without what comes of it."""
    return _short(finding.reason.partition(";")[0], 2 * _LONGEST)


def _short(text: str, longest: int = _LONGEST) -> str:
    one_line = " ".join(text.split())
    return one_line if len(one_line) <= longest else f"{one_line[: longest - 1].rstrip()}…"


def _way(node: Node, outcome: str) -> str:
    """Return an outcome for people; the only way on of a node needs no name."""
    if isinstance(node, Branch) and outcome.startswith("cases"):
        return _short(node.cases[int(outcome[6:-1])].when)
    if isinstance(node, Split) and outcome.startswith("shares"):
        return f"{node.shares[int(outcome[7:-1])].percent} %"
    if outcome.endswith("]"):
        return outcome[outcome.index("[") + 1 : -1]
    return "" if outcome in ("then", "done") else outcome


def _line(outcome: str) -> Line:
    return "trouble" if outcome in TROUBLE and outcome != "otherwise" else "way"


# --- Mermaid --------------------------------------------------------------------------------------

_MERMAID_BOX: Final[Mapping[Shape, tuple[str, str]]] = {
    "say": ("(", ")"),
    "ask": ("[/", "/]"),
    "decide": ("{", "}"),
    "do": ("[", "]"),
    "person": ("([", "])"),
    "flow": ("[[", "]]"),
    "end": ("((", "))"),
    "mark": (">", "]"),
}
_MERMAID_ARROW: Final[Mapping[Line, str]] = {"way": "-->", "trouble": "-.->", "always": "==>"}
_COLOURS: Final[Mapping[str, tuple[str, str]]] = {
    "error": ("#fde0dd", "#c51b1b"),
    "warning": ("#fff3cd", "#b8860b"),
}


def _mermaid(picture: _Drawing) -> str:
    lines = ["flowchart TD", f"  %% {_mermaid_text(picture.title)}"]
    for box in picture.boxes:
        left, right = _MERMAID_BOX[box.shape]
        label = "<br/>".join(_mermaid_text(line) for line in box.lines)
        lines.append(f'  {box.id}{left}"{label}"{right}')
    for arrow in picture.arrows:
        label = f'|"{_mermaid_text(arrow.label)}"|' if arrow.label else ""
        lines.append(f"  {arrow.source} {_MERMAID_ARROW[arrow.line]}{label} {arrow.target}")
    for colour, (fill, stroke) in _COLOURS.items():
        of_it = [box.id for box in picture.boxes if box.colour == colour]
        if of_it:
            lines.append(f"  classDef {colour} fill:{fill},stroke:{stroke},color:#222")
            lines.append(f"  class {','.join(of_it)} {colour}")
    return "\n".join(lines) + "\n"


def _mermaid_text(text: str) -> str:
    """Write a text so that Mermaid reads none of it: what is no letter or digit is a number.

    It looks for formulas, icons and lists after it has read the numbers, so what would open one is
    kept apart by a joiner, which nobody sees.
    """
    apart = _OPENS.sub(lambda found: f"{_JOINER}{found[0]}{_JOINER}", _printable(text))
    return "".join(one if one.isalnum() or one in " ,." else f"#{ord(one)};" for one in apart)


_JOINER: Final = "\u2060"
_OPENS: Final = re.compile(r"\$(?=\$)|:(?=fa-)|^\s*([-+*]|\d+[.)])(?=\s)")


# --- DOT ------------------------------------------------------------------------------------------

_DOT_SHAPE: Final[Mapping[Shape, str]] = {
    "say": 'shape=box, style="rounded,filled"',
    "ask": 'shape=parallelogram, style="filled"',
    "decide": 'shape=diamond, style="filled"',
    "do": 'shape=box, style="filled"',
    "person": 'shape=ellipse, style="filled"',
    "flow": 'shape=box, peripheries=2, style="filled"',
    "end": 'shape=circle, style="filled"',
    "mark": "shape=plaintext",
}
_DOT_LINE: Final[Mapping[Line, str]] = {
    "way": "style=solid",
    "trouble": "style=dashed",
    "always": "style=dotted",
}


def _dot(picture: _Drawing) -> str:
    lines = [
        "digraph flow {",
        f'  graph [label="{_dot_text(picture.title)}", labelloc=t, fontname="Helvetica"]',
        '  node [fontname="Helvetica", fontsize=11, fillcolor="#f4f4f8", color="#666688"]',
        '  edge [fontname="Helvetica", fontsize=10, color="#666688"]',
    ]
    for box in picture.boxes:
        label = "\\n".join(_dot_text(line) for line in box.lines)
        colour = ""
        if box.colour:
            fill, stroke = _COLOURS[box.colour]
            colour = f', fillcolor="{fill}", color="{stroke}"'
        lines.append(f'  {box.id} [label="{label}", {_DOT_SHAPE[box.shape]}{colour}]')
    for arrow in picture.arrows:
        label = f'label="{_dot_text(arrow.label)}", ' if arrow.label else ""
        lines.append(f"  {arrow.source} -> {arrow.target} [{label}{_DOT_LINE[arrow.line]}]")
    return "\n".join([*lines, "}"]) + "\n"


def _dot_text(text: str) -> str:
    """Write a text for between quotes: its backslashes, quotes and entities are characters."""
    escaped = _printable(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')
    return escaped.replace("<", "&lt;").replace(">", "&gt;")


def _printable(text: str) -> str:
    """Return a text on one line, without characters that steer whatever shows it."""
    return "".join(
        " " if one.isspace() else one
        for one in text
        if one.isspace() or unicodedata.category(one)[0] != "C"
    )
