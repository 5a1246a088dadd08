"""Hypothesis strategies for conversation flows and the texts in them.

Rule: as in `strategies.py`: every value is valid, what you name is drawn from what you named, and
what you leave out is drawn in all its width. A flow's ways lead to its own nodes or nowhere, so a
machine can run it; whether it makes sense is for `lint.check`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from tongdai.ivr.checks import KEYS
from tongdai.ivr.flow import Flow, Handler, Language
from tongdai.ivr.nodes import (
    MOST_DIGITS,
    MOST_TRIES,
    Branch,
    Case,
    Choice,
    Collect,
    Leads,
    Menu,
    Node,
    Share,
    Split,
    Transfer,
)
from tongdai.ivr.prompts import Prompt, Wording
from tongdai.model.compare import FUNCTIONS, Function, Plain, Sign
from tongdai.model.expression import (
    AllOf,
    AnyOf,
    Call,
    Compare,
    Condition,
    Constant,
    Expression,
    Join,
    Name,
    Not,
    Operand,
    Template,
    Term,
)
from tongdai.model.time import OPEN_ENDED, Duration, seconds
from tongdai.testing.strategies import Names, names, requirements

_NAMES: Final = ("tier", "n", "caller.phone", "tên_khách", "order.items.0.price", "x-y", "size")
_NODES: Final = ("start", "ask", "cards", "person", "end")
_LANGUAGES: Final = ("vi", "en", "vi-VN", "")
_ODD: Final = (
    *("no", "010", "1e3", "null", "~", "true", "12:30", "1", "-1.5", "2026-02-17", "0x1f", ".5"),
    *("a: b", "a #b", "- a", "[a]", "{{a}", "a\nb", " a ", "'a'", '"a"', "a\\b", "&a", "*a", "!a"),
    *("|", ">", "?", "---", "...", "=", "<<", "%a", "@a", "`a`", "a,b", "\u2028", "\x85", "\x00"),
    *("\ufeff", "\U0001f600", "a:", ":a", "\t", "a\n\nb\n", "\u00a0", "y", "off"),
)
_WRITTEN: Final = st.sampled_from(_ODD) | st.text(st.characters(codec="utf-8"), max_size=16)
_SMALL: Final = st.integers(-(10**6), 10**6)
_DURATIONS: Final = st.one_of(
    st.integers(0, 600).map(seconds), st.integers(0, 10**12).map(Duration), st.just(OPEN_ENDED)
)
_SCALARS: Final = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(-1e299, 1e299),
    _WRITTEN,
)


def plain_data() -> st.SearchStrategy[Plain]:
    """Return what JSON can say: the values that a session may hold."""
    return st.recursive(
        _SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WRITTEN, inner, max_size=3),
        max_leaves=6,
    )


# --- the texts in a flow --------------------------------------------------------------------------

_SIGNS: Final[tuple[Sign, ...]] = get_args(Sign)
_NUMBERS: Final = _SMALL | st.floats(-1e6, 1e6, allow_nan=False)


def _terms(names: Names, *, join: bool) -> st.SearchStrategy[Term]:
    looked_up = st.sampled_from(sorted(_NAMES if names is None else names)).map(Name)
    constants = st.one_of(st.none(), st.booleans(), _NUMBERS, _WRITTEN).map(Constant)
    parts = st.lists(looked_up | _WRITTEN, min_size=1, max_size=4).map(_joined)
    leaves = st.one_of(looked_up, constants, parts) if join else looked_up | constants
    return st.recursive(leaves, _calls, max_leaves=4)


def _joined(parts: list[str | Name]) -> Term:
    """Return what these parts are once written and read: texts beside each other are one."""
    template = Template.of(parts)
    return Join(template.parts) if template.names else Constant(template.render({}))


def _calls(terms: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
    def call(function: Function) -> st.SearchStrategy[Term]:
        number = FUNCTIONS[function][0]
        return st.tuples(*[terms] * number).map(lambda given: Call(function, given))

    return st.sampled_from(sorted(FUNCTIONS)).flatmap(call)


def conditions(*, names: Names = None) -> st.SearchStrategy[Expression]:
    """Return conditions of every kind.

    Args:
        names: the names of values that they look at.
    """
    terms = _terms(names, join=False)
    compared = st.builds(Compare, st.sampled_from(_SIGNS), terms, terms)

    def grown(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(inner.map(Not), several.map(AllOf), several.map(AnyOf))

    leaves: st.SearchStrategy[Condition] = terms | compared
    return st.recursive(leaves, grown, max_leaves=5).map(Expression.of)


def operands(*, names: Names = None) -> st.SearchStrategy[Operand]:
    """Return operands of every kind (arguments as in `conditions`)."""
    return _terms(names, join=True).map(Operand.of)


def templates(*, names: Names = None) -> st.SearchStrategy[Template]:
    """Return templates (arguments as in `conditions`)."""
    looked_up = st.sampled_from(sorted(_NAMES if names is None else names)).map(Name)
    return st.lists(looked_up | _WRITTEN, max_size=4).map(Template.of)


# --- flows ----------------------------------------------------------------------------------------


def prompts(*, languages: Names = None) -> st.SearchStrategy[Prompt]:
    """Return prompts of every kind.

    Args:
        languages: the languages that they speak.
    """
    text = templates().map(str)
    wording = st.builds(Wording, text, ssml=st.just("") | text, audio=st.just("") | text)
    several = st.one_of(text, wording, st.lists(text | wording, min_size=1, max_size=3))
    spoken = st.sampled_from(sorted(_LANGUAGES if languages is None else languages))
    says = several | st.dictionaries(spoken, several, min_size=1, max_size=3)
    return st.builds(Prompt, says, barge_in=st.booleans())


def nodes(*, to: Collection[str] = _NODES, kinds: Collection[Any] = ()) -> st.SearchStrategy[Node]:
    """Return nodes.

    Args:
        to: the names of the nodes that their ways lead to; a way may also lead nowhere.
        kinds: their classes; empty is all.
    """
    usual = sorted(kinds, key=str) if kinds else get_args(Node)
    return st.one_of([_node(kind, tuple(sorted(to))) for kind in usual])


def flows(*, ids: Names = None, kinds: Collection[Any] = ()) -> st.SearchStrategy[Flow]:
    """Return flows of up to five nodes, the first of which is the start.

    Args:
        ids: which they are.
        kinds: the classes of their nodes; empty is all.
    """
    sizes = [_flow(names(among=ids), _NODES[:size], kinds) for size in range(1, len(_NODES) + 1)]
    return st.one_of(sizes)


def _flow(
    ids: st.SearchStrategy[str], here: tuple[str, ...], kinds: Collection[Any]
) -> st.SearchStrategy[Flow]:
    target = st.sampled_from(sorted(here))
    drawn = st.fixed_dictionaries({name: nodes(to=here, kinds=kinds) for name in here})
    return st.builds(
        Flow,
        ids,
        start=st.just(next(iter(here))),
        nodes=drawn,
        version=_WRITTEN,
        languages=st.lists(st.sampled_from(["vi", "en"]), max_size=2, unique=True).map(tuple),
        expired=st.none() | target,
        handlers=st.lists(_of(Handler, here), max_size=2).map(tuple),
        extra=st.dictionaries(_WRITTEN, plain_data(), max_size=2),
    )


_TIMES: Final = st.integers(1, MOST_TRIES)
_ONE_KEY: Final = st.sampled_from(["", *sorted(KEYS)])
_VALUE_NAMES: Final = st.sampled_from(sorted(_NAMES))
_OPERANDS: Final = operands().map(str)
_BY_NAME: Final = st.dictionaries(_VALUE_NAMES, _OPERANDS, max_size=2)
_TEMPLATES: Final = templates().map(str)
_FIELDS: Final[Mapping[str, st.SearchStrategy[Any]]] = {
    "into": _VALUE_NAMES,
    "args": _BY_NAME,
    "values": _BY_NAME,
    "when": conditions().map(str),
    "number": _OPERANDS,
    "function": _TEMPLATES,
    "understand": _TEMPLATES,
    "calendar": _TEMPLATES,
    "queue": _TEMPLATES,
    "flow": _TEMPLATES,
    "requires": requirements().map(str),
    "priority": _SMALL,
    "tries": _TIMES,
    "terminator": _ONE_KEY,
    "times": st.integers(0, 10**6) | _OPERANDS,
    "percent": st.integers(0, 33),
    "extra": st.dictionaries(_WRITTEN, plain_data(), max_size=2),
    "parameters": st.dictionaries(_WRITTEN, plain_data(), max_size=2),
    "keys": st.lists(st.sampled_from(sorted(KEYS)), max_size=2).map(tuple),
}
"""Fields whose type does not say all that must hold."""


@cache
def _node(kind: Any, to: tuple[str, ...]) -> st.SearchStrategy[Any]:  # noqa: ANN401 - a node's class
    own: dict[str, st.SearchStrategy[Any]] = {}
    if kind is Menu:
        keys = st.sampled_from(["1", "2", "12", "#", "cards"]) | _WRITTEN.filter(bool)
        choice = _of(Choice, to) | st.sampled_from(sorted(to))
        own["choices"] = st.dictionaries(keys, choice, min_size=1, max_size=3)
        own["into"] = st.just("") | _VALUE_NAMES
    elif kind is Branch:
        own["cases"] = st.lists(_of(Case, to), max_size=3).map(tuple)
    elif kind is Split:
        own["shares"] = st.lists(_of(Share, to), max_size=3).map(tuple)
    elif kind is Collect:
        return st.one_of([_collect(to, sensitive=sensitive) for sensitive in (False, True)])
    return _of(kind, to, own)


def _collect(to: tuple[str, ...], *, sensitive: bool) -> st.SearchStrategy[Any]:
    own: dict[str, st.SearchStrategy[Any]] = {
        "terminator": st.sampled_from(["", "#"]),
        "cancel": st.sampled_from(["", "*"]),
        "sensitive": st.just(sensitive),
        "shortest": st.integers(1, MOST_DIGITS // 2),
        "longest": st.integers(MOST_DIGITS // 2, MOST_DIGITS),
        "spoken_into": st.just("") | _VALUE_NAMES,
    }
    if sensitive:
        own |= {"kind": st.just("digits"), "understand": st.just(""), "spoken_into": st.just("")}
    return _of(Collect, to, own)


def _of(
    kind: Any,  # noqa: ANN401 - a struct, or a union of them
    to: tuple[str, ...],
    own: Mapping[str, st.SearchStrategy[Any]] | None = None,
) -> st.SearchStrategy[Any]:
    """Return a strategy for a struct, field by field; for a union part by part."""
    if get_origin(kind) in (Union, UnionType):
        return st.one_of([_of(part, to) for part in get_args(kind)])
    hints = get_type_hints(kind, include_extras=True)
    known = {**_FIELDS, **(own or {})}
    if kind is Transfer:
        known["to"] = _OPERANDS
    elif kind is Language:
        known["to"] = st.sampled_from(["vi", "en"])
    return st.builds(
        kind,
        **{
            name: known[name] if name in known else _by_type(hint, to)
            for name, hint in hints.items()
            if name in kind.__struct_fields__
        },
    )


def _leads(hint: Any) -> bool:  # noqa: ANN401 - a type
    return get_origin(hint) is Annotated and Leads in get_args(hint)


def _by_type(hint: Any, to: tuple[str, ...]) -> st.SearchStrategy[Any]:  # noqa: ANN401, PLR0911
    """Return a strategy for a field of this type."""
    target = st.none() | st.sampled_from(sorted(to))
    if _leads(hint):
        return target
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _by_type(parts[0], to)
    if Prompt in parts:
        return st.none() | prompts() if NoneType in parts else prompts()
    if origin in (Union, UnionType):
        return st.one_of([_by_type(part, to) for part in parts])
    if origin is Literal:
        return st.sampled_from(parts)
    if origin is tuple:
        return st.lists(_by_type(parts[0], to), max_size=2).map(tuple)
    if origin is not None:
        return st.dictionaries(_WRITTEN, _by_type(parts[1], to), max_size=2)
    basic: Mapping[Any, st.SearchStrategy[Any]] = {
        str: _WRITTEN,
        bool: st.booleans(),
        NoneType: st.none(),
        Duration: _DURATIONS,
    }
    return basic[hint]
