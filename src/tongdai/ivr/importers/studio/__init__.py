"""Twilio Studio: a flow definition (`draft/2019-09`) as a flow of ours.

Rule: a widget becomes one node of its name, with helpers (`<name>/1` ...) where its template has to
be worked out first; a way out without a next widget ends the flow, as it does there. Widgets follow
Twilio's documentation (https://www.twilio.com/docs/studio/widget-library); what our machine cannot
run as it is written there is `Opaque`.

What a flow sees has the names that it has in Studio, and whoever starts a session gives what was
there: `values={"trigger": {"call": {"From": ...}}, "contact": {"channel": {"address": ...}}}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tongdai.errors import ConfigurationError
from tongdai.ivr.flow import Flow
from tongdai.ivr.importers import MOST_STEPS, Imported, read_document
from tongdai.ivr.importers.studio.build import Builder
from tongdai.ivr.importers.studio.widget import Widget, read_widget
from tongdai.model.ids import check_id

_WHAT = "Studio flow"


def load(
    document: str | bytes | Mapping[str, Any],
    *,
    id: str = "",
    queues: Mapping[str, str] | None = None,
    flows: Mapping[str, str] | None = None,
) -> Imported:
    """Return the flow that a Studio flow definition states.

    Args:
        document: the definition: JSON text, or what was decoded from it. What Twilio's REST API
            answers, with the definition inside, does too.
        id: the flow's id; by default its description, or `studio` where that cannot be one.
        queues: ids of our queues, by the workflows and queues that the definition names.
        flows: ids of our flows, by the flows that it names.

    Raises:
        ConfigurationError: it is no flow definition, or larger than what importers take.
    """
    read = read_document(document, _WHAT)
    inside = read.get("definition")
    if "states" not in read and isinstance(inside, Mapping):  # (as Twilio's REST API gives it)
        read = {"description": read.get("friendly_name", ""), **cast("Mapping[str, Any]", inside)}
    widgets = _widgets(read)
    start = read.get("initial_state")
    if not isinstance(start, str) or start not in widgets:
        raise ConfigurationError(f"{_WHAT}: initial_state: {start!r:.60} is not one of the states")
    description = read.get("description")
    extra = {name: value for name, value in read.items() if name not in ("states", "initial_state")}
    builder = Builder(widgets, queues or {}, flows or {})
    builder.build()
    return Imported(
        Flow(
            id or _id(description),
            start=builder.entry(start),
            nodes=builder.nodes,
            on_hangup=builder.clean_up,
            extra=extra,
        ),
        tuple(builder.diagnostics),
        tuple((widget.kind, name) for name, widget in widgets.items()),
    )


def _widgets(document: Mapping[str, Any]) -> dict[str, Widget]:
    states = document.get("states")
    if not isinstance(states, (list, tuple)) or not states:
        raise ConfigurationError(f"{_WHAT}: states: expected a list of widgets")
    several = cast("list[object]", states)
    if len(several) > MOST_STEPS:
        raise ConfigurationError(
            f"{_WHAT}: states: at most {MOST_STEPS} widgets; got {len(several)}"
        )
    widgets: dict[str, Widget] = {}
    for at, state in enumerate(several):
        widget = read_widget(state, f"{_WHAT}: states[{at}]")
        if widget.name in widgets:
            raise ConfigurationError(
                f"{_WHAT}: states[{at}].name: there are two widgets {widget.name!r:.60}"
            )
        widgets[widget.name] = widget
    return widgets


def _id(description: object) -> str:
    try:
        check_id(description, "id")
    except ConfigurationError:
        return "studio"
    return cast("str", description)
