"""Strategies for values of the model, the inputs, the events and the effects.

Rule: what a constructor takes is drawn in all its width, above all names: with quotes, blanks,
accents, and words that mean something in a requirement's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from hypothesis import strategies as st

from tongdai import (
    Address,
    Agent,
    Claim,
    Contact,
    Duration,
    Mode,
    Order,
    Plan,
    Queue,
    Requirement,
    Step,
    seconds,
)
from tongdai.model.queue import Closed, Elsewhere, JoinRule
from tongdai.model.time import OPEN_ENDED

PLAIN = ("vi", "en", "billing", "cards", "vip", "site:hanoi")
ODD = (
    *("and", "or", "prefers", "first", "without"),
    *('say "hi"', "back\\slash", "two words", " ", "3", "3.5", "-1", "a>=2", "(a)", "a,b"),
    *("tiếng Việt", "e\u0301", "ß", "²", "_", "a.", "__class__", "a" * 128),
)
JOINS: tuple[JoinRule, ...] = ("always", "signed_in", "staffed")

_printable = st.characters(
    exclude_categories=("C", "Z"), include_characters=" ", exclude_characters="/"
)
plain_names = st.sampled_from(PLAIN)
names = st.one_of(
    plain_names,
    st.sampled_from(ODD),
    st.text(_printable, min_size=1, max_size=12),
)
levels = st.integers(1, 5)
skills = st.dictionaries(names, levels, max_size=4)
instants = st.integers(-(10**15), 10**17)
durations = st.one_of(
    st.integers(0, 10**13).map(Duration),
    st.integers(0, 10_000).map(seconds),
    st.just(OPEN_ENDED),
)
points = st.integers(-50, 50)
modes = st.sampled_from(Mode)
texts = st.text(max_size=20)


@st.composite
def requirements(draw: st.DrawFn, *, named: st.SearchStrategy[str] = names) -> Requirement:
    """Draw a requirement with any of its parts."""
    levelled = st.dictionaries(named, levels, max_size=3)
    return Requirement(
        draw(levelled),
        any_of=draw(st.lists(st.dictionaries(named, levels, min_size=1, max_size=3), max_size=2)),
        prefers=draw(levelled),
        without=draw(st.lists(named, max_size=2)),
        first=draw(st.none() | named),
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw a plan of one step to four."""
    ages = sorted(draw(st.sets(st.integers(1, 10**9), max_size=3)))
    steps = [Step(Duration(age), draw(requirements()), priority=draw(points)) for age in ages]
    return Plan(draw(requirements()), *steps)


orders = st.one_of(
    durations.map(lambda point: Order.ageing(point=point)),
    st.just(Order.strict()),
    durations.map(lambda within: Order.due(within=within)),
)
elsewheres: st.SearchStrategy[Elsewhere] = st.one_of(names, st.builds(Closed, texts))


@st.composite
def queues(draw: st.DrawFn) -> Queue:
    """Draw a queue with any of its settings."""
    return Queue(
        draw(names),
        draw(plans()),
        order=draw(st.none() | orders),
        limit=draw(st.none() | st.integers(0, 100)),
        join=draw(st.sampled_from(JOINS)),
        overflow=draw(elsewheres),
        patience=draw(st.none() | durations),
        after_patience=draw(elsewheres),
        short_abandon=draw(durations),
        cost=draw(st.none() | st.integers(0, 200)),
        offer=draw(st.none() | durations),
        auto_accept=draw(st.none() | st.booleans()),
        wrap_up=draw(st.none() | durations),
        strategy=draw(st.none() | names),
    )


agents = st.builds(
    Agent,
    names,
    skills,
    capacity=st.integers(0, 1000),
    costs=st.dictionaries(modes, st.integers(0, 200)),
    limits=st.dictionaries(modes, st.integers(0, 9)),
    auto_accept=st.none() | st.booleans(),
)
addresses = st.builds(Address, names, texts)


@st.composite
def contacts(draw: st.DrawFn, *, id: st.SearchStrategy[str] = names) -> Contact:
    """Draw a contact with any of its fields."""
    return Contact(
        draw(id),
        str(draw(requirements())),
        draw(modes),
        draw(st.just("") | names),
        draw(points),
        draw(st.none() | instants),
        draw(st.none() | addresses),
        tuple(draw(st.lists(values_of(Claim), max_size=2))),
    )


_KNOWN: Mapping[Any, st.SearchStrategy[Any]] = {
    NoneType: st.none(),
    bool: st.booleans(),
    int: instants,
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: texts,
    bytes: st.binary(max_size=20),
    Mode: modes,
    Agent: agents,
    Queue: queues(),
    Contact: contacts(),
}


def values_of(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401 - any type, or union of types
    """Return a strategy for a type: a struct field by field, a union part by part."""
    if kind in _KNOWN:
        return _KNOWN[kind]
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return st.one_of([values_of(part) for part in parts])
    if origin is Literal:
        return st.sampled_from(parts)
    if origin is tuple:
        return st.lists(values_of(parts[0]), max_size=2).map(tuple)
    assert issubclass(kind, msgspec.Struct), f"no strategy for {kind}"
    hints = get_type_hints(kind)
    fields = {name: values_of(hints[name]) for name in kind.__struct_fields__}
    return st.builds(kind, **fields)
