"""How nodes are put together: names, helpers before and after a node, and what ways lead to.

Rule: ways are built as `→<widget>` and led to the first node of that widget at the very end, when
every widget has its nodes. A widget whose node cannot be made becomes `Opaque` and leaves nothing
else behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any, Final, NamedTuple, TypeAlias

from tongdai.errors import ConfigurationError
from tongdai.ivr.importers import Diagnostic
from tongdai.ivr.importers.studio.liquid import (
    Each,
    Either,
    Put,
    Reading,
    read_template,
)
from tongdai.ivr.importers.studio.marks import Unreadable, written
from tongdai.ivr.importers.studio.widget import NotRunnable, Widget
from tongdai.ivr.nodes import (
    INTERACTIVE,
    Assign,
    Branch,
    Case,
    End,
    Loop,
    Node,
    Opaque,
    Setting,
    outcomes,
    retarget,
)
from tongdai.model.expression import Expression, Operand, Template

ON_CALLS: Final = frozenset(
    {
        "say-play",
        "gather-input-on-call",
        "connect-call-to",
        "record-voicemail",
        "record-call",
        "enqueue-call",
        "capture-payments",
        "fork-stream",
        "connect-virtual-agent",
    }
)
"""Widgets that there are on calls only."""
FAILURES: Final = ("failed", "fail", "failure", "providerError")
HANG_UP: Final = "studio.hangup"
"""The name whose value is the widget that wants to know when the caller hangs up."""


class Set(NamedTuple):
    """Make a setting before a node: a parameter for the shell whose value is not known before."""

    name: str
    value: str


Before: TypeAlias = Put | Either | Each | Set


class Making:
    """What goes into the nodes of one widget.

    Attributes:
        builder, widget: what they are made by, and of.
        before: what has to be worked out or set before.
        helpers: its nodes beside the one of its own name.
        first: the first of its nodes, behind what is worked out before.
    """

    def __init__(self, builder: Builder, widget: Widget) -> None:
        self.builder = builder
        self.widget = widget
        self.before: list[Before] = []
        self.helpers: dict[str, Node] = {}
        self.first = widget.name
        self._names = builder.names(widget.name)
        self._values = count(1)

    def to(self, event: str) -> str:
        """Return what a way out is built as."""
        return f"→{self.widget.way(event)}"

    def helper(self, node: Node) -> str:
        """Add a node of the widget's own and return its name."""
        name = next(self._names)
        self.helpers[name] = node
        return name

    def reserve(self) -> str:
        """Return the name of a node of the widget's own that is still to be added."""
        return next(self._names)

    def fresh(self) -> str:
        """Return a new name for a value that is worked out for this widget."""
        return f"studio.{self.widget.name}.{next(self._values)}"

    def read(self, text: str) -> Reading:
        """Read a Liquid template; what has to be worked out first goes before the node."""
        reading = read_template(text, self.fresh)
        self.before += reading.steps
        return reading

    def template(self, text: str) -> str:
        """Return a Liquid template as one of ours."""
        found = self.read(text).text
        Template.parse(found)
        return found

    def operand(self, text: str) -> str:
        """Return the operand that gives the text of a Liquid template."""
        found = written(self.read(text).text)
        Operand.parse(found)
        return found

    def argument(self, text: str) -> str:
        """Return the operand for a function: a name alone gives the value itself, not its text."""
        return self.read(text).name or self.operand(text)

    def put(self, name: str, operand: str) -> None:
        """Give a name a value before the node."""
        self.before.append(Put(name, operand))

    def extra(self) -> dict[str, Any]:
        """Return the parameters that nobody took; templates among them become settings before."""
        kept: dict[str, Any] = {}
        for name, value in self.widget.left.items():
            if isinstance(value, str) and is_template(value):
                self.before.append(Set(name, self.operand(value)))
            elif any(is_template(text) for text in _texts(value)):
                raise NotRunnable(f"{name}: a template inside a list or an object")
            else:
                kept[name] = value
        return kept


class Builder:
    """Makes the nodes of all widgets.

    Attributes:
        widgets: by name.
        queues, flows: our ids by what the definition calls them.
        nodes: what was made.
        diagnostics: what there is to know.
        clean_up: the node that runs when the customer hangs up; empty for none.
        on_call: widgets that are reached while a call is on.
    """

    def __init__(
        self, widgets: Mapping[str, Widget], queues: Mapping[str, str], flows: Mapping[str, str]
    ) -> None:
        self.widgets = widgets
        self.queues = queues
        self.flows = flows
        self.nodes: dict[str, Node] = {}
        self.diagnostics: list[Diagnostic] = []
        self.clean_up = ""
        self.on_call = _on_call(widgets)
        self.hang_ups: dict[str, str] = {}
        self._entries: dict[str, str] = {}
        self._mentions: dict[str, bool] = {}

    def build(self) -> None:
        """Make the nodes of all widgets and lead their ways."""
        for widget in self.widgets.values():
            self._make(widget)
        self._lead()
        self._guard()

    def entry(self, widget: str) -> str:
        """Return the first node of a widget."""
        return self._entries[widget]

    def names(self, widget: str) -> Iterator[str]:
        """Give names for the helpers of a widget."""
        for number in count(1):
            name = f"{widget}/{number}"
            if name not in self.widgets:
                yield name

    def mentioned(self, word: str) -> bool:
        """Return whether a word stands in any template of the definition."""
        found = self._mentions.get(word)
        if found is None:
            found = self._mentions[word] = any(
                word in text
                for widget in self.widgets.values()
                for source in (widget.properties, [way.conditions for way in widget.ways])
                for text in _texts(source)
            )
        return found

    def _make(self, widget: Widget) -> None:
        making = Making(self, widget)
        try:
            node = _made(widget, making)
            first = self._lay(making, making.before, making.first)
        except (NotRunnable, Unreadable, ConfigurationError) as error:
            reason = str(error).partition("\n")[0]
            self.hang_ups.pop(widget.name, None)
            node, first = _opaque(widget, reason), widget.name
            self.diagnostics.append(Diagnostic(widget.name, "warning", reason, widget.kind))
        else:
            self.nodes.update(making.helpers)
        self.nodes[widget.name] = node
        self._entries[widget.name] = first

    def _lay(self, making: Making, steps: Sequence[Before], then: str) -> str:
        """Lay helpers for steps before a node and return the name of the first."""
        at = len(steps)
        while at:
            at -= 1
            step = steps[at]
            if isinstance(step, Either):
                cases = tuple(
                    Case(_condition(when), self._lay(making, arm, then)) for when, arm in step.cases
                )
                then = making.helper(
                    Branch(cases, otherwise=self._lay(making, step.otherwise, then))
                )
            elif isinstance(step, Each):
                Operand.parse(step.times)
                name = making.reserve()
                again = self._lay(making, step.steps, name)
                making.helpers[name] = Loop(step.times, again=again, done=then, failed=then)
                then = name
            elif isinstance(step, Set):
                then = making.helper(Setting({step.name: step.value}, then=then))
            else:
                values = {step.name: step.value}
                while at and isinstance(before := steps[at - 1], Put) and before.name not in values:
                    if any(before.name in Operand.parse(value).names for value in values.values()):
                        break  # (an Assign works all out before the first name changes)
                    values = {before.name: before.value, **values}
                    at -= 1
                for value in values.values():
                    Operand.parse(value)
                then = making.helper(Assign(values, then=then))
        return then

    def _lead(self) -> None:
        """Lead the ways to nodes; ways to nowhere stay, for lint to find."""
        end = next(self._free("end"))
        leads: dict[str, str | None] = {f"→{name}": entry for name, entry in self._entries.items()}
        leads["→"] = end
        for name, widget in self.widgets.items():
            for way in widget.ways:
                if way.to and way.to not in self.widgets:
                    leads[f"→{way.to}"] = way.to
                    self.diagnostics.append(
                        Diagnostic(
                            name,
                            "warning",
                            f"{way.event} leads to {way.to!r}, which is not in the definition",
                            widget.kind,
                        )
                    )
        ends = False
        for name, node in self.nodes.items():
            ends = ends or any(target == "→" for _, target in outcomes(node))
            self.nodes[name] = retarget(node, leads)
        if ends:
            self.nodes[end] = End()

    def _free(self, name: str) -> Iterator[str]:
        if name not in self.nodes:
            yield name
        for number in count(1):
            if f"{name}/{number}" not in self.nodes:
                yield f"{name}/{number}"

    def _guard(self) -> None:
        """Make the clean-up that runs what widgets wired for a hang-up."""
        cases: list[Case] = []
        for name, target in self.hang_ups.items():
            first = self._entries.get(target, "")
            kind = self.widgets[name].kind
            if first and not self._talks(first):
                cases.append(Case(f"{HANG_UP} == {written(name)}", first))
            else:
                text = f"after a hang-up nobody hears {target!r}: the flow ends instead"
                self.diagnostics.append(Diagnostic(name, "note", text, kind))
        if cases:
            end = next((name for name, node in self.nodes.items() if node == End()), "")
            if not end:
                end = next(self._free("end"))
                self.nodes[end] = End()
            self.clean_up = next(self._free("hangup"))
            self.nodes[self.clean_up] = Branch(tuple(cases), otherwise=end)

    def _talks(self, first: str) -> bool:
        """Return whether a node, or one that comes after it, needs the customer."""
        seen: set[str] = set()
        todo = [first]
        while todo:
            name = todo.pop()
            node = self.nodes.get(name)
            if name in seen or node is None:
                continue
            if isinstance(node, (*INTERACTIVE, Opaque)):
                return True
            seen.add(name)
            todo += [target for _, target in outcomes(node) if target is not None]
        return False


def is_template(text: str) -> bool:
    """Return whether a text has Liquid in it."""
    return "{{" in text or "{%" in text


def _condition(text: str) -> str:
    Expression.parse(text)
    return text


def _texts(value: object) -> Iterator[str]:
    """Go through all texts in plain data (whose depth the importers bound)."""
    todo: list[Any] = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping):
            todo.extend(one.values())  # pyright: ignore[reportUnknownArgumentType]
        elif isinstance(one, (list, tuple)):
            todo.extend(one)  # pyright: ignore[reportUnknownArgumentType]


def _made(widget: Widget, making: Making) -> Node:
    from tongdai.ivr.importers.studio.widgets import MAKERS  # noqa: PLC0415 - it builds on this

    if widget.fault:
        raise NotRunnable(widget.fault)
    make = MAKERS.get(widget.kind)
    if make is None:
        raise NotRunnable("this kind of widget is not known")
    return make(widget, making)


def _opaque(widget: Widget, reason: str) -> Opaque:
    events = list(dict.fromkeys(way.event for way in widget.ways))
    failed = next((event for event in FAILURES if event in events), "")
    others: dict[str, str | None] = {}
    listed: list[Any] = []
    for at, way in enumerate(widget.ways):
        if way.event != failed:
            others[way.event if way.event not in others else f"{way.event} {at}"] = f"→{way.to}"
        if way.conditions:
            listed.append({"event": way.event, "next": way.to, "conditions": list(way.conditions)})
    parameters = dict(widget.properties)
    if listed:
        parameters["transitions"] = listed
    target = f"→{widget.way(failed)}" if failed else "→"
    return Opaque(
        widget.kind, parameters=parameters, others=others, failed=target, diagnostic=reason
    )


def _on_call(widgets: Mapping[str, Widget]) -> frozenset[str]:
    """Return the widgets that are reached while a call is on."""
    todo: list[str] = []
    for widget in widgets.values():
        if widget.kind == "trigger":
            todo.append(widget.way("incomingCall"))
        elif widget.kind in ON_CALLS:
            todo.append(widget.name)
        elif widget.kind.startswith("make-outgoing-call"):
            todo.append(widget.way("answered"))
    seen: set[str] = set()
    while todo:
        name = todo.pop()
        if name in seen or name not in widgets:
            continue
        seen.add(name)
        todo += [way.to for way in widgets[name].ways]
    return frozenset(seen)
