"""What to try on a flow: answers that take each of its ways, read off its own conditions.

Rule: a value is worth trying when a condition compares it. So for a name that conditions look at,
the constants beside it are tried, numbers just below and above them too, and one value that is none
of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

from tongdai.errors import ConfigurationError
from tongdai.ivr.checks import KEYS
from tongdai.ivr.flow import Flow, Operator
from tongdai.ivr.nodes import (
    MOST_DIGITS,
    Branch,
    Collect,
    Invoke,
    Menu,
    Node,
    Record,
    Transfer,
    Wait,
    choices,
    outcomes,
)
from tongdai.ivr.prompts import Modality, prompt
from tongdai.ivr.session import Session
from tongdai.ivr.simulate import Simulation
from tongdai.model.expression import (
    AllOf,
    AnyOf,
    Call,
    Compare,
    Condition,
    Constant,
    Expression,
    Name,
    Not,
    Plain,
    Term,
)

_MOST: Final = 12  # values that are tried for one name
_NONSENSE: Final = "zzzz"
_WRONG: Final = "9876543210*#"


class Act(NamedTuple):
    """One thing that is done to a `Simulation`: the name of its method, and what it is given."""

    method: str
    given: tuple[Any, ...] = ()

    def __str__(self) -> str:
        """Give the call."""
        return f"{self.method}({', '.join(map(repr, self.given))})"


Samples: TypeAlias = Mapping[str, tuple[Plain, ...]]
"""Constants that conditions compare a name with, by name."""


def samples(flows: Iterable[Flow]) -> Samples:
    """Return the constants that the conditions of some flows compare names with."""
    found: dict[str, dict[Plain, None]] = {}
    for flow in flows:
        for node in flow.nodes.values():
            for case in node.cases if isinstance(node, Branch) else ():
                for name, value in _compared(case.when):
                    found.setdefault(name, {})[value] = None
    return {name: tuple(values)[:_MOST] for name, values in found.items()}


def answers(into: str, known: Samples) -> list[Any]:
    """Return what to try as an answer that is kept under a name, the plainest first."""
    if not into:
        return [None]
    tried: list[Any] = list(known.get(into, ()))
    for name, values in known.items():
        if name.startswith(f"{into}."):
            tried += [_nested(name[len(into) + 1 :], value) for value in values]
    other = "other" if not tried or isinstance(tried[0], (str, dict)) else None
    return [*tried[:_MOST], other]


def attempts(flow: Flow, node: Node, simulation: Simulation, known: Samples) -> Iterator[Act]:
    """Go through what can be done to a session that stands at a node, the plainest first."""
    session = simulation.session
    if session.phase in ("calling", "understanding"):
        yield from _told(node, simulation.asked, known)
    elif session.phase == "handed_off":
        wired = {outcome for outcome, target in outcomes(node) if target is not None}
        results = {"full": "full", "closed": "closed", "failed": "failed", "then": "ended"}
        yield from (Act("queue_is", (said,)) for way, said in results.items() if way in wired)
    elif session.phase == "expired":
        yield Act("says", (_NONSENSE,))
    elif isinstance(node, Wait):
        if node.for_ is not None:
            yield Act("waits")
        if node.interrupted is not None:
            yield Act("press", ("1",)) if session.modality == "voice" else Act("says", ("1",))
    elif session.keys:
        yield Act("waits")
    elif isinstance(node, (Menu, Collect)):
        yield from _replies(flow, node, session, known)


def _replies(flow: Flow, node: Menu | Collect, session: Session, known: Samples) -> Iterator[Act]:
    """Go through the replies to a question; who is in trouble already stays in that trouble."""
    voice = session.modality == "voice"
    if not session.no_match and not session.no_input:
        if isinstance(node, Menu):
            yield from _chosen(node, session.modality)
        else:
            yield from _collected(node, known, voice=voice)
        if session.phase == "secure":
            yield Act("fails", ("secret",))
        for handler in flow.handlers:
            if isinstance(handler, Operator) and session.phase != "secure":
                words = [Act("says", (word,)) for word in handler.says]
                keys = [Act("press", (key,)) for key in handler.keys if voice]
                yield from (keys or words)[:1]
    if not session.no_match:
        yield Act("waits")
    if not session.no_input:
        yield from _wrong(flow, node, voice=voice)


def _chosen(menu: Menu, modality: Modality) -> Iterator[Act]:
    for key, choice in choices(menu).items():
        if modality == "chat":
            yield Act("chooses", (key,))
        elif modality == "sms":
            yield Act("says", (key,))
        elif KEYS.issuperset(key):
            yield Act("press", (key,))
        else:
            labels = prompt(choice.label) if choice.label is not None else ()
            texts = (one.text for _, several in labels for one in several)
            yield from (Act("says", (text,)) for text in islice((*choice.says, *texts), 1))
    if menu.understand:
        yield Act("says", (_NONSENSE,))


def _collected(node: Collect, known: Samples, *, voice: bool) -> Iterator[Act]:
    if node.kind == "text":
        yield Act("says", (_NONSENSE.ljust(node.shortest, "z")[: node.longest],))
        return
    usual = "1234567890" * (MOST_DIGITS // 10 + 1)
    fitting = [
        value
        for value in known.get(node.into, ())
        if isinstance(value, str)
        and value.isascii()
        and value.isdigit()
        and node.shortest <= len(value) <= node.longest
    ]
    for digits in dict.fromkeys([*fitting, usual[: node.shortest]]):
        yield _keyed(digits, node) if voice else Act("says", (digits,))
    if node.spoken_into and voice:
        yield Act("says", (_NONSENSE,))
    if node.understand:
        yield Act("says", (_NONSENSE,))


def _keyed(digits: str, node: Collect) -> Act:
    return Act("press", (digits if len(digits) == node.longest else digits + node.terminator,))


def _wrong(flow: Flow, node: Menu | Collect, *, voice: bool) -> Iterator[Act]:
    """Give something that is no answer, if there is such a thing."""
    if isinstance(node, Collect) and node.shortest > 1:
        yield _keyed("1", node) if voice and node.kind == "digits" else Act("says", ("1",))
    elif not voice:
        if isinstance(node, Menu) or node.kind != "text":
            yield Act("says", (_NONSENSE,))
    elif isinstance(node, Menu) or (node.kind == "digits" and not node.sensitive):
        used = {node.terminator, *(key for handler in flow.handlers for key in handler.keys)}
        used |= {key[0] for key in node.choices} if isinstance(node, Menu) else {*"0123456789"}
        used |= {node.cancel} if isinstance(node, Collect) else set()
        yield from (Act("press", (key,)) for key in islice((k for k in _WRONG if k not in used), 1))


def _told(node: Node, asked: str, known: Samples) -> Iterator[Act]:
    """Go through what the application could say."""
    tried: list[Any] = [None]
    if isinstance(node, Menu):
        tried = [*node.choices, None]
    elif isinstance(node, Collect):
        tried = [*known.get(node.into, ()), "other", None]
    elif isinstance(node, Invoke):
        tried = answers(node.into, known)
    elif isinstance(node, Record):
        tried = ["recording"]
    yield from (Act("answers", (asked, value)) for value in tried)
    reasons = [way[7:-1] for way, _ in outcomes(node) if way.startswith("errors[")]
    if isinstance(node, Record):
        reasons.append("no_input")
    if isinstance(node, Transfer):
        reasons += ["busy", "no_answer"]
    yield from (Act("fails", (asked, reason)) for reason in [*reasons, "failed"])


def _nested(path: str, value: Plain) -> dict[str, Any]:
    made: Any = value
    for part in reversed(path.split(".")):
        made = {part: made}
    return dict(made)


def _compared(condition: str) -> Iterator[tuple[str, Plain]]:
    try:
        open_: list[Condition] = [Expression.parse(condition).tree]
    except ConfigurationError:
        return
    for tree in open_:
        match tree:
            case AllOf(several) | AnyOf(several):
                open_ += several
            case Not(one):
                open_.append(one)
            case Compare(_, left, right):
                yield from _pair(left, right)
                yield from _pair(right, left)
            case Name(name):
                yield from ((name, True), (name, False))
            case _:
                pass


def _pair(one: Term, other: Term) -> Iterator[tuple[str, Plain]]:
    if not isinstance(other, Constant):
        return
    while isinstance(one, Call):
        one = one.arguments[0]
    if not isinstance(one, Name):
        return
    value = other.value
    yield one.name, value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield one.name, value - 1
        yield one.name, value + 1
