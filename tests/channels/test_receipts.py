"""What became of messages: up only, whatever comes first or twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused, untyped
from tongdai.channels import LADDER, Receipt, Receipts, Status
from tongdai.model.contact import Address

LAN, MINH = Address("zalo", "lan"), Address("zalo", "minh")
Note = Callable[[Receipts], None]


def sent(id: str, at: int, to: Address = LAN) -> Note:
    """Return what notes that a message was sent."""
    return lambda known: known.sent(id, at, to)


def told(
    status: Literal["sent", "delivered", "read", "failed"],
    *ids: str,
    at: int = 0,
    upto: int | None = None,
    to: Address = LAN,
) -> Note:
    """Return what notes a receipt."""
    receipt = Receipt(key="k", at=at, address=to, status=status, ids=ids, upto=upto)
    return lambda known: known.note(receipt)


def after(*notes: Note, most: int = 10_000) -> Receipts:
    """Return what is known after these."""
    known = Receipts(most)
    for note in notes:
        note(known)
    return known


addresses = st.sampled_from([LAN, MINH])
ids = st.sampled_from(["a", "b", "c"])
times = st.integers(0, 9)
statuses = st.sampled_from(LADDER)


@st.composite
def receipts(draw: st.DrawFn) -> Note:
    """Return what notes some receipt, by ids, by watermark, by both or neither."""
    some = draw(st.lists(ids, max_size=2))
    upto = draw(st.none() | times)
    return told(draw(statuses), *some, at=draw(times), upto=upto, to=draw(addresses))


notes = st.builds(sent, ids, times, addresses) | receipts()


@given(st.data(), st.lists(notes, max_size=12))
def test_order_and_duplicates_do_not_matter(data: st.DataObject, came: list[Note]) -> None:
    """Shuffled, and some of them twice or three times: the same is known in the end."""
    again = data.draw(st.lists(st.sampled_from(came), max_size=5)) if came else []
    shuffled = data.draw(st.permutations([*came, *again]))
    once, mixed = after(*came), after(*shuffled)
    assert [once.status(id) for id in "abcd"] == [mixed.status(id) for id in "abcd"]
    assert (len(once), once.forgotten) == (len(mixed), mixed.forgotten)


@given(st.lists(notes, max_size=12))
def test_a_message_never_moves_down(came: list[Note]) -> None:
    """Whatever comes."""
    known = Receipts()
    rungs = dict.fromkeys("abc", -1)
    for note in came:
        note(known)
        for id, rung in rungs.items():
            status = known.status(id)
            rungs[id] = -1 if status is None else LADDER.index(status)
            assert rung <= rungs[id]


@pytest.mark.parametrize(
    ("came", "status"),
    [
        ([], None),
        ([sent("a", 5)], "sent"),
        ([told("sent", "a")], "sent"),
        ([told("delivered", "a"), sent("a", 5)], "delivered"),
        ([told("read", "a"), told("delivered", "a")], "read"),
        ([told("failed", "a"), sent("a", 5)], "failed"),
        ([told("failed", "a"), told("delivered", "a")], "delivered"),
        ([told("delivered", "a"), told("failed", "a")], "delivered"),
        ([sent("a", 5), told("read", upto=5)], "read"),
        ([sent("a", 5), told("read", upto=4)], "sent"),
        ([told("read", upto=5), sent("a", 5)], "read"),
        ([told("read", upto=9), told("read", upto=3), sent("a", 5)], "read"),
        ([told("delivered", upto=9), told("read", upto=3), sent("a", 5)], "delivered"),
        ([sent("a", 5), told("read", upto=9, to=MINH)], "sent"),
        ([told("delivered", "a"), told("read", upto=9)], "delivered"),
        ([told("delivered", "b"), sent("a", 5)], "sent"),
    ],
)
def test_what_is_known_of_a_message(came: list[Note], status: Status | None) -> None:
    """By its id, and by watermarks once it is known when it was sent, and to whom."""
    assert status == after(*came).status("a")


def test_the_oldest_are_forgotten() -> None:
    """An eighth at once, and how many is told."""
    known = after(*[sent(str(at), at) for at in range(17)], most=16)
    assert (14, 3) == (len(known), known.forgotten)
    assert [None, None, None, "sent"] == [known.status(str(at)) for at in range(4)]
    told("sent", "0", at=0)(known)  # (there is room for it, and yet it does not come back)
    assert (14, None) == (len(known), known.status("0"))


def test_what_was_forgotten_does_not_come_back_lower() -> None:
    """A receipt that comes late tells nothing any more; one of something new does."""
    known = after(sent("a", 1), told("read", "a", at=2), sent("b", 5), sent("c", 6), most=2)
    assert [None, "sent", "sent"] == [known.status(id) for id in "abc"]
    told("sent", "a", at=1)(known)
    assert None is known.status("a")
    told("delivered", "b", at=1)(known)
    assert "delivered" == known.status("b")
    told("delivered", "d", at=7)(known)
    assert "delivered" == known.status("d")


def test_watermarks_are_forgotten_without_loss() -> None:
    """What they told of messages that are remembered stays."""
    known = after(sent("a", 1), told("read", upto=2), most=2)
    for at in range(3, 9):
        told("read", upto=at, to=Address("zalo", f"u{at}"))(known)
    assert "read" == known.status("a")
    sent("b", 2)(known)
    assert "sent" == known.status("b")


@given(st.lists(notes, max_size=30), st.integers(1, 3))
def test_memory_is_bounded(came: list[Note], most: int) -> None:
    """Whatever comes, so many messages are remembered and no more."""
    known = Receipts(most)
    for note in came:
        note(known)
        assert len(known) <= most


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Receipts(0), "Receipts.most: 0 is not a whole number, 1 or more"),
        (
            lambda: Receipts().sent("", 0, LAN),
            "Receipts.sent.id: '' is no id of a message",
        ),
        (
            lambda: Receipts().sent("a", untyped("0"), LAN),
            (
                "Receipts.sent.at: '0' is not an instant; an instant is an int, microseconds UTC,"
                " in the years 1 to 9999"
            ),
        ),
        (
            lambda: Receipts().sent("a", 0, untyped("lan")),
            "Receipts.sent.address: str is no Address",
        ),
        (lambda: Receipts().note(untyped("read")), "Receipts.note: str is no Receipt"),
        (
            lambda: told(untyped("seen"), "a")(Receipts()),
            "Receipt.status: 'seen' is not one of sent, failed, delivered, read",
        ),
        (
            lambda: told("read", untyped(7))(Receipts()),
            "Receipt.ids[0]: int is not text; give a str",
        ),
    ],
)
def test_bad_arguments_are_named(call: object, message: str) -> None:
    """What is wrong; nothing has changed."""
    assert message == refused(untyped(call))
