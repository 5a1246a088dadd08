"""For test suites of your own.

Rule: nothing here is imported before it is asked for. So a channel or a script for a test needs no
Hypothesis, and a strategy needs no event loop. What needs Hypothesis (strategies, `CenterMachine`,
`check_strategy`) comes with the extra: `pip install 'tongdai[testing]'`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tongdai.journal.memory import MemoryJournal
    from tongdai.testing.channel import FakeChannel, FakeCustomer
    from tongdai.testing.channels import Checked, Provider, Shown, check_channel
    from tongdai.testing.clock import ManualClock
    from tongdai.testing.flow_strategies import (
        conditions,
        flows,
        nodes,
        operands,
        plain_data,
        prompts,
        templates,
    )
    from tongdai.testing.journals import check_journal
    from tongdai.testing.machine import CenterMachine
    from tongdai.testing.phone import FakeCaller, FakePhone
    from tongdai.testing.picking import check_strategy
    from tongdai.testing.script import Script
    from tongdai.testing.strategies import (
        Scenario,
        addresses,
        agents,
        attachments,
        buttons,
        claims,
        contacts,
        contents,
        durations,
        effects,
        events,
        inbounds,
        inputs,
        instants,
        media,
        mode_settings,
        names,
        orders,
        pauses,
        plans,
        queues,
        reply_windows,
        requests,
        requirements,
        scenarios,
        shifts,
        signs,
        steps,
        visits,
    )

__all__ = [
    "CenterMachine",
    "Checked",
    "FakeCaller",
    "FakeChannel",
    "FakeCustomer",
    "FakePhone",
    "ManualClock",
    "MemoryJournal",
    "Provider",
    "Scenario",
    "Script",
    "Shown",
    "addresses",
    "agents",
    "attachments",
    "buttons",
    "check_channel",
    "check_journal",
    "check_strategy",
    "claims",
    "conditions",
    "contacts",
    "contents",
    "durations",
    "effects",
    "events",
    "flows",
    "inbounds",
    "inputs",
    "instants",
    "media",
    "mode_settings",
    "names",
    "nodes",
    "operands",
    "orders",
    "pauses",
    "plain_data",
    "plans",
    "prompts",
    "queues",
    "reply_windows",
    "requests",
    "requirements",
    "scenarios",
    "shifts",
    "signs",
    "steps",
    "templates",
    "visits",
]

_HOMES: Final = {
    "CenterMachine": "tongdai.testing.machine",
    "FakeCaller": "tongdai.testing.phone",
    "FakeChannel": "tongdai.testing.channel",
    "FakeCustomer": "tongdai.testing.channel",
    "FakePhone": "tongdai.testing.phone",
    "ManualClock": "tongdai.testing.clock",
    "MemoryJournal": "tongdai.journal.memory",
    "Script": "tongdai.testing.script",
    **dict.fromkeys(["Checked", "Provider", "Shown", "check_channel"], "tongdai.testing.channels"),
    "check_journal": "tongdai.testing.journals",
    "check_strategy": "tongdai.testing.picking",
    **dict.fromkeys(
        ["conditions", "flows", "nodes", "operands", "plain_data", "prompts", "templates"],
        "tongdai.testing.flow_strategies",
    ),
}
"""Where the names above are; those that are not here are strategies."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - as many types as names
    """Import what is asked for.

    Raises:
        ImportError: it needs Hypothesis, which is not installed.
    """
    if name not in __all__:
        raise AttributeError(f"module 'tongdai.testing' has no attribute {name!r}")
    try:
        home = import_module(_HOMES.get(name, "tongdai.testing.strategies"))
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        raise ImportError(
            f"tongdai.testing.{name} needs Hypothesis: pip install 'tongdai[testing]'"
        ) from None
    return getattr(home, name)


def __dir__() -> list[str]:
    """List what can be asked for."""
    return [*globals(), *__all__]
