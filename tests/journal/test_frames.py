"""Frames: the same events are the same bytes, and what was changed is found."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai import (
    Address,
    Agent,
    Claim,
    Contact,
    Content,
    IllegalInput,
    Mode,
    Order,
    Plan,
    Queue,
    Step,
    minutes,
    seconds,
)
from tongdai.center import events
from tongdai.errors import JournalError
from tongdai.ivr import effects as tasks
from tongdai.ivr import events as steps
from tongdai.journal import Batch, decode_frame, encode_frame
from tongdai.model.contact import Attachment, Button
from tongdai.model.queue import Closed
from tongdai.model.time import OPEN_ENDED

LAN = Address("web", "lan")
CONTACT = Contact(
    "c1", "billing>=3 and (vi or en)", mode=Mode.MESSAGING, language="vi", priority=2, due=7,
    address=LAN, claims=(Claim("phone", "+84908993022", assurance="verified"),),
    attributes={"triage": "thẻ", "vip": True, "score": 0.5, "orders": 3},
)  # fmt: skip
QUEUE = Queue(
    "cards",
    Plan("cards>=4, first an", Step(seconds(30), "cards>=2, prefers vip", priority=2)),
    order=Order.ageing(point=minutes(1)),
    limit=50,
    join="staffed",
    overflow="general",
    patience=minutes(10),
    after_patience=Closed("Hẹn gặp lại"),
    wrap_up=OPEN_ENDED,
    strategy="best skill",
    prefers=("last agent", "language"),
)
AGENT = Agent("an", {"vi": 5, "cards": 4}, costs={Mode.LIVE: 50}, limits={Mode.DEFERRED: 3})
EVERY_KIND = (
    events.QueuePut("cards", QUEUE, at=1),
    events.QueueRemoved("old", "cards"),
    events.AgentPut("an", AGENT, available=True),
    events.AgentRemoved("binh"),
    events.PresenceChanged("an", "away", "lunch"),
    events.AgentLost("an", 30),
    events.ContactIdentified(
        "c3", "p/c1", "c3@7", "web", "merged", 12.6, {"name": "Lan", "consent": {"news": False}}
    ),
    events.ProfileChanged("p/c1", {"name": "Lan"}, "p/c2", ("c2", "c3")),
    events.ContactGreeted("c3", "menu", CONTACT),
    events.FlowAdvanced(
        "c3",
        (
            steps.SessionStarted(
                "c3", "menu", "2", "h", "ask", "chat", "vi", {"contact": {"a": [1]}}
            ),
            steps.Asked("c3", "ask", "menu/ask", 1, timer=2, until=9),
            steps.Collected("c3", "ask", "card", {"deep": [None, True, "Đỏ"]}, at=3),
        ),
        (
            tasks.Play("c3/1", "Bấm 1", buttons=(Button("1", "Thẻ"),), extra={"x": [1.5]}),
            tasks.StartSecureInput("c3/1", 4, 6, "#", seconds(5), seconds(3)),
            tasks.GiveToQueue("c3/4", "cards", "cards>=3", 2, {"card": "12"}, id="c3/9/1"),
        ),
        LAN,
    ),
    events.HandOffRefused("c3", "cards", "full", ("vip",)),
    events.FlowEnded("c3", "menu", "end", disconnect=True, address=LAN),
    events.ContactQueued(
        "c1", "cards", CONTACT, overflowed=("vip",), preferred="first an", cause="web:m1"
    ),
    events.ContactRefused("c2", "cards", "full", Contact("c2"), message="Bận"),
    events.PlanStepped("c1", 2),
    events.ContactProtected("c1"),
    events.ContactOverflowed("c1", "cards", "general"),
    events.ContactOffered("c1", "an", "c1/1", 20, measure=2.5, context={"list": [1, {"a": None}]}),
    events.OfferAccepted("c1", "an", "c1/1"),
    events.OfferDeclined("c1", "an", "c1/1", 30, reason="busy"),
    events.OfferExpired("c1", "an", "c1/1"),
    events.OfferRescinded("c1", "an", "c1/1", "abandoned"),
    events.CoolOffEnded("c1", "an"),
    events.InteractionFailed("c1", "an", "c1/1", "agent lost"),
    events.MessageReceived(
        "c1",
        "m1",
        Content("", (Attachment("image/png", "u", size=3),)),
        choice="a",
        automatic="list",
    ),
    events.MessageRevised("c1", "m1"),
    events.ContactRelinked("c1", Address("web", "lan2"), CONTACT.claims, LAN),
    events.ReceiptReceived("c1", "r1", "read", upto=5),
    events.MessageSaid("c1", "an", "c1/1", Content("Dạ 👋\n\0"), address=LAN),
    events.ContactAbandoned("c1", "cards", waited=4, short=True),
    events.ContactEnded("c1", "agent", queue="cards", agent="an", disposition="x", flow="menu"),
    events.WrapUpStarted("an", "c1/1", until=None),
    events.WrapUpExtended("an", "c1/1", 60),
    events.WrapUpEnded("an", "c1/1", disposition="done"),
    events.InputIgnored("Accept", "c1/1", "the offer expired at 21 s"),
)


def test_every_kind_of_event_is_here() -> None:
    """Else a new one would go untested."""
    assert {type(event) for event in EVERY_KIND} == set(events.AnyEvent.__args__)


@pytest.mark.parametrize("event", EVERY_KIND, ids=lambda event: type(event).__name__)
def test_an_event_comes_back_as_it_was(event: events.AnyEvent) -> None:
    """Its fields are equal, and of the same types."""
    batch = Batch(3, (event,))
    again = decode_frame(encode_frame(batch), 1)
    assert (again, repr(again)) == (batch, repr(batch))


@given(text=st.text(), first=st.integers(0, 2**53), at=st.integers(-(2**62), 2**62))
def test_any_text_and_any_instant_come_back(text: str, first: int, at: int) -> None:
    """The journal holds them exactly."""
    content = Content(text.encode(errors="ignore").decode())
    said = events.MessageSaid("c1", "an", "c1/1", content, at=at)
    assert decode_frame(encode_frame(Batch(first, (said,))), 1) == Batch(first, (said,))


@given(position=st.integers(0), bit=st.integers(0, 7))
def test_a_changed_bit_is_found(position: int, bit: int) -> None:
    """Wherever it is, the error names the frame."""
    frame = bytearray(encode_frame(Batch(0, EVERY_KIND)))
    frame[position % len(frame)] ^= 1 << bit
    with pytest.raises(JournalError, match=r"^frame 7: "):
        decode_frame(bytes(frame), 7)


@given(length=st.integers(0))
def test_a_cut_frame_is_found(length: int) -> None:
    """Also an empty one."""
    frame = encode_frame(Batch(0, EVERY_KIND))
    with pytest.raises(JournalError, match=r"^frame 7: "):
        decode_frame(frame[: length % len(frame)], 7)


@given(data=st.binary())
def test_any_bytes_are_a_frame_or_an_error(data: bytes) -> None:
    """Never another exception."""
    with pytest.raises(JournalError, match=r"^frame 1: "):
        decode_frame(data, 1)


def test_a_frame_of_another_version_says_so() -> None:
    """A newer tongdai wrote it, perhaps."""
    frame = b"\x02" + encode_frame(Batch(0, EVERY_KIND))[1:]
    with pytest.raises(JournalError, match="frame 3: version 2 is not 1"):
        decode_frame(frame, 3)


def test_frames_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways."""
    frame = encode_frame(Batch(0, EVERY_KIND))
    monkeypatch.setattr("tongdai.journal.frames.LARGEST", 1_000)
    with pytest.raises(IllegalInput, match="too long for a frame; at most 1000"):
        encode_frame(Batch(0, EVERY_KIND))
    with pytest.raises(JournalError, match=r"frame 9: .* too long"):
        decode_frame(frame, 9)


def test_what_could_not_be_read_back_is_refused() -> None:
    """The error names the path."""
    wrong = events.OfferAccepted("c1", "an", 7)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(IllegalInput, match=r"got `int` - at `\$.events\[0\].offer`"):
        encode_frame(Batch(0, (wrong,)))


def test_the_same_events_are_the_same_bytes() -> None:
    """Whatever the order in which a mapping was filled, and whatever Python's hash seed."""
    program = (
        "from tongdai import Agent; from tongdai.center import events;"
        "from tongdai.journal import Batch, encode_frame;"
        "agent = Agent('an', {skill: 3 for skill in {'vi', 'en', 'cards', 'loans', 'vip'}});"
        "print(encode_frame(Batch(0, (events.AgentPut('an', agent),))).hex())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    skills: dict[str, int] = dict.fromkeys(("vip", "vi", "loans", "en", "cards"), 3)
    here = encode_frame(Batch(0, (events.AgentPut("an", Agent("an", skills)),)))
    assert printed == {here.hex() + "\n"}
