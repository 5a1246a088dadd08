"""Observations for the laws: few people, few identifiers, so that everything collides."""

from __future__ import annotations

import gc
from collections.abc import Iterable
from itertools import permutations
from types import FunctionType, ModuleType
from typing import Any

import attrs
from hypothesis import strategies as st

from tongdai.model.contact import Claim
from tongdai.profiles import Observation, Policy, Resolver

DAY = 86_400_000_000
START = 20_000 * DAY

SMALL = Policy(names={"": 2}, holders=5, neighbours=4, sources=("crm",), limits={"phone": 3})
"""Caps so low that a handful of observations passes them."""

TINY = attrs.evolve(SMALL, neighbourhood=3)
"""Also so low that neighbourhoods wait for `settle()`."""

_PHONES = ("", "0908993022", "+84 908 993 023", "0912345670", "028 3822 1234")
_EMAILS = ("", "lan.nguyen@gmail.com", "lannguyen@gmail.com", "minh.tran@fpt.vn", "info@acme.vn")
_NAMES = (
    "",
    "Nguyễn Thị Lan",
    "Lan Nguyen",
    "Trần Văn Minh",
    "Minh Tran",
    "Mary Smith",
    "John Smith",
    "Jon Smith",
)
_BORN = ("", "1990-12-31", "1990-12-13", "1971-05-24")
_CITIES = ("", "Hà Nội", "Ha Noi", "Huế")
_STREETS = ("", "12 Lê Lợi", "12 Le Loi", "7 Wallaby Place")

claims = st.builds(
    Claim,
    st.sampled_from(["zalo", "customer", "phone"]),
    st.sampled_from(["0908993022", "1001", "1002"]),
    scope=st.sampled_from(["", "oa1"]),
    assurance=st.sampled_from(["asserted", "carrier", "platform", "verified"]),
)


@st.composite
def observations(draw: st.DrawFn, id: str) -> Observation:
    """Draw an observation that says at least something."""
    name = draw(st.sampled_from(_NAMES))
    phone = draw(st.sampled_from(_PHONES))
    return Observation(
        id,
        draw(st.sampled_from(["crm", "zalo", "call"])),
        START + draw(st.integers(0, 900)) * DAY,
        phone=phone,
        name=name,
        email=draw(st.sampled_from(_EMAILS)),
        birth_date=draw(st.sampled_from(_BORN)),
        city=draw(st.sampled_from(_CITIES)),
        address=draw(st.sampled_from(_STREETS)),
        claims=tuple(draw(st.lists(claims, max_size=2))),
        consent=draw(st.dictionaries(st.sampled_from(["sms", "call"]), st.booleans(), max_size=2))
        or {"mail": True},
    )


@st.composite
def several(draw: st.DrawFn, most: int = 9) -> list[Observation]:
    """Draw some observations with ids of their own."""
    return [draw(observations(f"o{number}")) for number in range(draw(st.integers(1, most)))]


def resolver(rows: Iterable[Observation], policy: Policy = SMALL) -> Resolver:
    """Return a settled resolver that has seen the rows in this order."""
    people = Resolver(policy)
    for row in rows:
        people.ingest(row)
    people.settle()
    return people


def partition(people: Resolver) -> set[frozenset[str]]:
    """Return which observations are together."""
    return {frozenset(people.profile(id).observations) for id in people.profiles()}


def view(people: Resolver) -> dict[str, object]:
    """Return everything that a user sees of the profiles."""
    return {id: people.profile(id) for id in people.profiles()}


def phone_of(number: int) -> str:
    """Return a telephone number of one's own."""
    return f"09{number * 7_919 % 10**8:08d}"


def orders(rows: list[Observation]) -> Iterable[tuple[Observation, ...]]:
    """Go through all orders of a few rows."""
    return permutations(rows)


def reachable(root: object) -> str:
    """Return every text that can be reached from an object, in lower case."""
    met: set[int] = set()
    todo: list[Any] = [root]
    texts: list[str] = []
    while todo:
        one = todo.pop()
        if id(one) in met or isinstance(one, (type, FunctionType, ModuleType)):
            continue
        met.add(id(one))
        if isinstance(one, (str, bytes)):
            texts.append(str(one).lower())
        elif type(one).__module__ in ("builtins", "collections") or (
            type(one).__module__.startswith("tongdai")
        ):
            todo += gc.get_referents(one)
            fields = getattr(one, "__struct_fields__", ())
            todo += [getattr(one, field) for field in fields]
    return "\n".join(texts)
