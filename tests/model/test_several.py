"""What a value has several of: given as any sequence, kept as a tuple."""

from __future__ import annotations

from collections import UserList, deque
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any, assert_type, get_origin, get_type_hints

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.model.refusals import refused, untyped
from tests.profiles.people import observations
from tongdai import (
    Address,
    Arrive,
    Center,
    Claim,
    Contact,
    Content,
    Queue,
    Receive,
    Requirement,
    seconds,
    testing,
)
from tongdai.center import events
from tongdai.channels import Message, Receipt, Relinked, Ringing, Sent, inbound
from tongdai.ivr import (
    Branch,
    CallBack,
    Case,
    Choice,
    Flow,
    HandOff,
    Menu,
    Node,
    Share,
    Split,
    Wait,
    nodes,
)
from tongdai.model import codec, contact
from tongdai.model.contact import Attachment, Button, Template
from tongdai.profiles import Observation, observation

MODULES = (contact, inbound, nodes, observation)
"""Where the values stand that people write, and that have several of something."""


def _several(kind: type[msgspec.Struct]) -> list[str]:
    """Return the fields of a class that keep a tuple."""
    hints = get_type_hints(kind)
    return [name for name in kind.__struct_fields__ if get_origin(hints[name]) is tuple]


def _kinds(module: ModuleType) -> list[type[msgspec.Struct]]:
    return [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct)
        if kind.__module__ == module.__name__ and _several(kind)
    ]


KINDS = [kind for module in MODULES for kind in _kinds(module)]
DRAWN: Mapping[type, st.SearchStrategy[Any]] = {
    **{
        kind: st.from_type(kind)
        for kind in (Contact, Content, Template, Message, Receipt, Relinked, Ringing, Sent)
    },
    **{
        kind: testing.nodes(kinds=[kind]).map(lambda node: replace(node, extra={}))
        for kind in (Branch, Split, Wait, HandOff, CallBack)
    },  # (what an importer kept may hold numbers that MessagePack has not)
    Choice: st.builds(Choice, label=st.text(), says=st.lists(st.text())),
    Observation: observations("o1"),
}
NO_SEQUENCES = ("abc", b"abc", None, 5, {"a": 1}, {"a"}, iter("abc"))
GIVEN: Sequence[Callable[[Sequence[Any]], Sequence[Any]]] = (list, deque, UserList)


def _parts(value: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


def _hash(value: object) -> object:
    """Return a value's hash; what has a mapping has none."""
    try:
        return hash(value)
    except TypeError:
        return "none"


def test_every_kind_is_drawn() -> None:
    """What gets several of something later is among them, or this fails."""
    assert {kind.__name__ for kind in KINDS} == {kind.__name__ for kind in DRAWN}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_any_sequence_is_as_good_as_a_tuple(
    kind: type[msgspec.Struct], data: st.DataObject
) -> None:
    """Equal, of one hash, of one text, and kept as a tuple."""
    value = data.draw(DRAWN[kind])
    as_given = data.draw(st.sampled_from(GIVEN))
    made = kind(
        **{**_parts(value), **{name: as_given(getattr(value, name)) for name in _several(kind)}}
    )
    assert value == made
    assert {tuple} == {type(getattr(made, name)) for name in _several(kind)}
    assert _hash(value) == _hash(made)
    assert repr(value) == repr(made)


@pytest.mark.parametrize(
    "kind",
    [kind for kind in KINDS if kind not in {Choice, Wait}],
    ids=lambda kind: kind.__name__,
)
@given(data=st.data())
def test_what_was_given_as_a_list_equals_what_comes_back(
    kind: type[msgspec.Struct], data: st.DataObject
) -> None:
    """From JSON, as the journal has it, and from MessagePack."""
    value = data.draw(DRAWN[kind])
    made = kind(
        **{**_parts(value), **{name: list(getattr(value, name)) for name in _several(kind)}}
    )
    assert made == codec.decode(codec.encode(made), kind)
    packed = msgspec.msgpack.encode(made, enc_hook=codec.to_plain)
    assert made == msgspec.msgpack.decode(packed, type=kind, dec_hook=codec.from_plain)


PLAIN = st.text(min_size=1).map(lambda text: text.translate({ord("{"): "(", ord("}"): ")"}))
"""Texts that are no templates."""


@given(testing.nodes(kinds=[Menu, Wait]), st.lists(PLAIN))
def test_what_has_prompts_comes_back_with_its_document(node: Node, says: list[str]) -> None:
    """Prompts have many spellings, so it is documents that hold them."""
    if isinstance(node, Wait):
        parts: dict[str, Any] = {**_parts(node), "meanwhile": [*node.meanwhile, *says]}
        given: Node = Wait(**parts)
    else:
        given = Menu("?", {"1": Choice("a", "b", says)})
    made = Flow("f", "a", {"a": given})
    assert made == Flow.from_yaml(made.to_yaml()) == Flow.from_json(made.to_json())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_what_is_no_sequence_is_refused_with_the_fields_name(
    kind: type[msgspec.Struct], data: st.DataObject
) -> None:
    """A text is none: its letters are not what was meant. Nor is what can be gone through once."""
    value = data.draw(DRAWN[kind])
    for name in _several(kind):
        parts = {**_parts(value), name: data.draw(st.sampled_from(NO_SEQUENCES))}
        said = refused(lambda: kind(**parts))  # noqa: B023 - called here
        assert f"{kind.__name__}.{name}: " == said[: len(kind.__name__) + len(name) + 3]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Sent(untyped("m1")),
            "Sent.ids: str is neither a list nor a tuple; give a list of str",
        ),
        (lambda: Sent(["m1", untyped(7)]), "Sent.ids[1]: int is not text; give a str"),
        (
            lambda: Sent(["\ud83d"]),
            (
                "Sent.ids[0]: character 1 is half a surrogate pair; "
                "decode the text with errors='replace'"
            ),
        ),
        (
            lambda: HandOff("cards", context=untyped("tier")),
            "HandOff.context: str is neither a list nor a tuple; give a list of str",
        ),
        (
            lambda: Branch([untyped("a > 1")]),
            "Branch.cases[0]: str is not of the type Case; write Case(when)",
        ),
        (
            lambda: Split(untyped(Share(5))),
            "Split.shares: Share is neither a list nor a tuple; give a list of Share",
        ),
        (
            lambda: Wait(seconds(1), untyped("la la")),
            "Wait.meanwhile: str is neither a list nor a tuple; give a list of prompts",
        ),
    ],
)
def test_the_error_says_what_would_be_right(call: Callable[[], object], message: str) -> None:
    """Word for word."""
    assert message == refused(call)


def test_what_the_owner_of_a_list_does_later_changes_nothing() -> None:
    """A value has a tuple of its own."""
    claims = [LAN]
    known = Contact("c1", claims=claims)
    claims.clear()
    assert (LAN,) == known.claims


LAN = Claim("irc", "lan", scope="libera")
AT = Address("irc", "lan")
FILES = [Attachment("image/png", "https://files.invalid/1")]
TAPS = [Button("1", "Thẻ")]


def test_type_checkers_let_lists_in_and_read_tuples() -> None:
    """As pages write them. That these lines pass is the checkers' to say, and so is every mark."""
    what: dict[str, Any] = {"key": "k", "at": seconds(0), "address": AT}
    message = Message(
        key="k1",
        at=seconds(0),
        address=AT,
        content=Content("hi", FILES, TAPS, template=Template("t", values=["Lan"])),
        claims=[LAN],
        replies_to=[key for key in ("k0",)],  # noqa: C416 - a list of a type that is inferred
    )
    assert_type(message.claims, tuple[Claim, ...])
    assert_type(message.replies_to, tuple[str, ...])
    assert_type(message.content.attachments, tuple[Attachment, ...])
    assert_type(message.content.buttons, tuple[Button, ...])
    assert_type(Contact("c1", claims=[LAN]).claims, tuple[Claim, ...])
    assert_type(Sent(["m1"]).ids, tuple[str, ...])
    assert_type(Branch([Case("a > 1")]).cases, tuple[Case, ...])
    assert_type(Contact("c1", Requirement({"vi": 1})).requires, str)
    Receipt(status="read", ids=["m1"], **what)
    Relinked(claims=[LAN], **what)
    Ringing(claims=[LAN], **what)
    Choice(says=["thẻ"])
    Split([Share(50)])
    Wait(seconds(1), ["la la", {"vi": "la"}])
    HandOff("cards", context=["tier"])
    CallBack("cards", "caller.phone", context=["tier"])
    Observation("o1", "crm", seconds(0), claims=[LAN])
    for call in (
        lambda: Sent("m1"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        lambda: Choice(says="thẻ"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        lambda: Contact("c1", claims=["lan"]),  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
        lambda: Branch(["a > 1"]),  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    ):
        refused(call)


def test_a_list_of_claims_lets_the_message_in() -> None:
    """It was refused, and the customer's message was lost."""
    center = Center([Queue("cards")])
    said = Message(
        key="k1", at=0, address=AT, content=Content("hi"), claims=[LAN], replies_to=["k0"]
    )
    told = center.handle(Receive(said, "cards"), 0).events
    received = [event for event in told if isinstance(event, events.MessageReceived)]
    assert ["k1"] == [event.key for event in received]
    assert [(LAN,)] == [live.contact.claims for live in center.state.contacts.values()]


def test_lists_of_every_kind_are_received() -> None:
    """And replayed: what the journal gives back makes the same state."""
    center = Center([Queue("cards")])
    hi = Content("hi", FILES, TAPS, template=Template("hello", values=["Lan"]))
    what: dict[str, Any] = {"at": 0, "address": AT}
    journal: list[Any] = []
    for came in (
        Message(key="k1", content=hi, claims=[LAN], replies_to=["k0"], **what),
        Receipt(key="k2", status="read", ids=["m1", "m2"], **what),
        Relinked(key="k3", claims=[Claim("irc", "minh")], **what),
        Ringing(key="k4", called="1900", claims=[LAN], **what),
    ):
        journal += center.handle(Receive(came, "cards"), 0).events
    assert center.snapshot() == _replayed(journal).snapshot()


def test_a_contact_with_a_list_of_claims_is_the_same_after_replay() -> None:
    """The live state held a list, the replayed one a tuple."""
    center = Center([Queue("cards")])
    told = center.handle(Arrive(Contact("c1", claims=[LAN]), "cards"), 0).events
    assert center.snapshot() == _replayed(told).snapshot()
    assert hash((LAN,)) == hash(center.state.contacts["c1"].contact.claims)


def _replayed(journal: Sequence[events.AnyEvent]) -> Center:
    """Return a center to which a journal was applied, byte by byte."""
    center = Center([Queue("cards")])
    for event in journal:
        center.apply(codec.decode(codec.encode(event), events.AnyEvent))
    return center


def test_an_assurance_that_could_not_be_decoded_reaches_no_center() -> None:
    """Its contact could be journalled, and never read back."""
    assert (
        "Claim.assurance: 'bogus' is not one of asserted, carrier, platform, verified."
    ) == refused(lambda: Contact("c1", claims=[Claim("irc", "x", assurance=untyped("bogus"))]))


@given(testing.requirements())
def test_a_requirement_is_kept_as_its_text(wanted: Requirement) -> None:
    """Given as a value or as its text, a contact needs the same, and is equal."""
    made = Contact("c1", wanted)
    assert Contact("c1", str(wanted)) == made
    assert str(wanted) == made.requires
    assert wanted == made.needs
    assert made == codec.decode(codec.encode(made), Contact)


def test_a_requirement_that_could_not_be_read_back_is_refused() -> None:
    """Its text is what is journalled; a text has at most 4 KiB."""
    wanted = Requirement({f"skill{number}": 1 for number in range(999)})
    assert (
        f"Contact.requires: a requirement has at most 4096 bytes as text; this one has "
        f"{len(str(wanted))}"
    ) == refused(lambda: Contact("c1", wanted))
