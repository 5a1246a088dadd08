"""Decisions as people read them: one transcript for every input."""

from __future__ import annotations

from typing import get_args

import pytest

from tongdai import (
    Abandon,
    Accept,
    Address,
    Agent,
    Arrive,
    Center,
    Contact,
    Content,
    Decline,
    Dispose,
    End,
    Mode,
    Plan,
    PutAgent,
    PutQueue,
    Queue,
    Receive,
    RemoveAgent,
    RemoveQueue,
    Say,
    SetPresence,
    Step,
    Tick,
    minutes,
    seconds,
)
from tongdai.center.events import AnyEvent
from tongdai.center.inputs import (
    AnyInput,
    ExtendWrapUp,
    FailConnect,
    LoseAgent,
    Relink,
    Resume,
    Tell,
)
from tongdai.channels import Activity, Message, Receipt
from tongdai.ivr.inputs import HangUp
from tongdai.model.queue import Closed
from tongdai.model.time import OPEN_ENDED
from tongdai.profiles import Resolver

LAN = Address("web", "lan")


def play(center: Center, *inputs: tuple[AnyInput, int]) -> list[str]:
    """Return the transcript's lines of all inputs in order."""
    return "\n".join(str(center.handle(input, now)) for input, now in inputs).split("\n")


def busy(people: Resolver | None = None) -> Center:
    """Return a center in which An talks to c1."""
    center = Center([Queue("cards", wrap_up=seconds(10)), Queue("loans")], people=people)
    play(
        center,
        (PutAgent(Agent("an"), available=True), 0),
        (Arrive(Contact("c1", address=LAN), "cards"), 0),
        (Accept("c1/1"), 0),
    )
    return center


def test_the_first_screen() -> None:
    """As the README prints it."""
    cards = Queue("cards", Plan("cards>=3", Step(seconds(30), "cards")), limit=50)
    center = Center([cards])
    play(
        center,
        (PutAgent(Agent("an", {"vi": 5, "cards": 4}), available=True), 0),
        (PutAgent(Agent("binh", {"en": 5, "vi": 3, "cards": 2}), available=True), 0),
    )
    expected = [
        "    5 s  > Arrive c1 cards",
        "         < ContactQueued c1 cards",
        "   35 s  > Tick",
        "         < PlanStepped c1 2",
        "         < ContactOffered c1 binh c1/1 until 55 s (longest idle, 35 s)",
        "         ! PresentOffer binh c1/1 until 55 s",
        "   38 s  > Accept c1/1",
        "         < OfferAccepted c1 binh c1/1",
        "         ! ConnectContact c1 binh",
    ]
    assert expected == play(
        center,
        (Arrive(Contact("c1", language="en"), "cards"), seconds(5)),
        (Tick(), seconds(35)),
        (Accept("c1/1"), seconds(38)),
    )


def test_the_engine_by_hand_and_replay() -> None:
    """A repeat says so, a late accept meets an offer that is over, and replay gives the state."""
    center = Center([Queue("cards", "cards>=3")])
    arrive = Arrive(Contact("c1"), "cards", id="web-1")
    journal: list[AnyEvent] = []
    lines: list[str] = []
    inputs: list[tuple[AnyInput, int]] = [
        (PutAgent(Agent("an", {"cards": 4}), available=True), 0),
        (arrive, seconds(1)),
        (arrive, seconds(2)),
        (Accept("c1/1"), seconds(30)),
    ]
    for input, now in inputs:
        decision = center.handle(input, now)
        journal += decision.events
        lines += str(decision).split("\n")
    expected = [
        "    0 s  > PutAgent an available",
        "         < AgentPut an available",
        "    1 s  > Arrive c1 cards web-1",
        "         < ContactQueued c1 cards",
        "         < ContactOffered c1 an c1/1 until 21 s (longest idle, 1 s)",
        "         ! PresentOffer an c1/1 until 21 s",
        "    2 s  > Arrive c1 cards web-1  (seen before)",
        "   30 s  > Accept c1/1",
        "         < OfferExpired c1 an c1/1                     at 21 s",
        "         < InputIgnored Accept c1/1: the offer expired at 21 s",
        "         ! WithdrawOffer an c1/1 expired",
    ]
    assert expected == lines
    again = Center([Queue("cards", "cards>=3")])
    for event in journal:
        again.apply(event)
    assert center.snapshot() == again.snapshot()


MESSAGE = Message(key="m1", at=0, address=LAN, content=Content("xin chào"))

ONE_EACH: list[tuple[AnyInput, list[str]]] = [
    (
        PutQueue(Queue("post")),
        ["    1 s  > PutQueue post", "         < QueuePut post"],
    ),
    (
        RemoveQueue("cards", "loans"),
        ["    1 s  > RemoveQueue cards loans", "         < QueueRemoved cards loans"],
    ),
    (
        PutAgent(Agent("binh")),
        ["    1 s  > PutAgent binh", "         < AgentPut binh"],
    ),
    (
        RemoveAgent("an"),
        [
            "    1 s  > RemoveAgent an",
            "         < InteractionFailed c1 an c1/1 agent removed",
            "         < AgentRemoved an",
            "         ! CloseInteraction an c1/1 agent removed",
        ],
    ),
    (
        SetPresence("an", "away", "lunch"),
        ["    1 s  > SetPresence an away lunch", "         < PresenceChanged an away lunch"],
    ),
    (
        LoseAgent("an"),
        ["    1 s  > LoseAgent an", "         < AgentLost an until 31 s"],
    ),
    (
        Arrive(Contact("c2"), "loans"),
        ["    1 s  > Arrive c2 loans", "         < ContactQueued c2 loans"],
    ),
    (
        Receive(MESSAGE, "cards"),
        [
            "    1 s  > Receive Message web m1",
            "         < MessageReceived c1 an",
            "         ! ShowMessage an c1/1",
        ],
    ),
    (
        Receive(Receipt(key="r1", at=0, address=LAN, status="read", ids=("s1",)), "cards"),
        ["    1 s  > Receive Receipt web r1", "         < ReceiptReceived c1 read"],
    ),
    (
        Receive(Activity(what="left", key="l1", at=0, address=LAN), "cards"),
        [
            "    1 s  > Receive Activity web l1 left",
            "         < ContactEnded c1 customer an",
            "         < WrapUpStarted an c1/1 until 11 s",
            "         ! CloseInteraction an c1/1 customer",
        ],
    ),
    (
        Tell("c1", HangUp()),
        [
            "    1 s  > Tell c1 HangUp",
            "         < InputIgnored Tell c1: contact c1 is in no flow",
        ],
    ),
    (
        Accept("c1/1"),
        [
            "    1 s  > Accept c1/1",
            "         < InputIgnored Accept c1/1: the offer was accepted",
        ],
    ),
    (
        Decline("c1/1", "busy"),
        [
            "    1 s  > Decline c1/1 busy",
            "         < InputIgnored Decline c1/1: the offer was accepted",
        ],
    ),
    (
        FailConnect("c1/1", "line broke"),
        [
            "    1 s  > FailConnect c1/1 line broke",
            "         < InteractionFailed c1 an c1/1 line broke",
            "         ! CloseInteraction an c1/1 line broke",
        ],
    ),
    (
        Say("c1/1", Content("dạ")),
        [
            "    1 s  > Say c1/1",
            "         < MessageSaid c1 an c1/1",
            "         ! SendMessage c1",
        ],
    ),
    (
        Abandon("c1"),
        [
            "    1 s  > Abandon c1",
            "         < ContactEnded c1 customer an",
            "         < WrapUpStarted an c1/1 until 11 s",
            "         ! CloseInteraction an c1/1 customer",
        ],
    ),
    (
        End("c1/1"),
        [
            "    1 s  > End c1/1",
            "         < ContactEnded c1 agent an",
            "         < WrapUpStarted an c1/1 until 11 s",
            "         ! DisconnectContact c1 agent",
            "         ! CloseInteraction an c1/1 agent",
        ],
    ),
    (
        ExtendWrapUp("c1/1", seconds(60)),
        [
            "    1 s  > ExtendWrapUp c1/1 until 60 s",
            "         < InputIgnored ExtendWrapUp c1/1: there is no wrap-up of this interaction",
        ],
    ),
    (
        Dispose("c1/1", "answered"),
        [
            "    1 s  > Dispose c1/1 answered",
            "         < InputIgnored Dispose c1/1: there is no wrap-up of this interaction",
        ],
    ),
    (Relink(("p/c1", "p/c2")), ["    1 s  > Relink p/c1, p/c2"]),
    (Tick(), ["    1 s  > Tick"]),
    (Resume(), ["    1 s  > Resume"]),
]


@pytest.mark.parametrize(
    ("input", "expected"),
    ONE_EACH,
    ids=[f"{n}-{type(i).__name__}" for n, (i, _) in enumerate(ONE_EACH)],
)
def test_every_input_has_its_lines(input: AnyInput, expected: list[str]) -> None:
    """What came in, what happened, what is to be done."""
    people = Resolver() if isinstance(input, Relink) else None
    assert expected == play(busy(people), (input, seconds(1)))


def test_no_input_is_left_out() -> None:
    """The list above has every member of the union."""
    assert set(get_args(AnyInput)) == {type(input) for input, _ in ONE_EACH}


def test_an_offer_is_declined_and_cools_off() -> None:
    """With nobody else who fits the cool-off is short; then the agent is offered it again."""
    center = Center([Queue("cards")])
    play(center, (PutAgent(Agent("an"), available=True), 0), (Arrive(Contact("c1"), "cards"), 0))
    expected = [
        "    2 s  > Decline c1/1 on the phone",
        "         < OfferDeclined c1 an c1/1 on the phone cools off until 7 s",
        "    8 s  > Tick",
        "         < CoolOffEnded c1 an                          at 7 s",
        "         < ContactOffered c1 an c1/2 until 27 s (longest idle, 5 s)  at 7 s",
        "         ! PresentOffer an c1/2 until 27 s",
    ]
    assert expected == play(
        center, (Decline("c1/1", "on the phone"), seconds(2)), (Tick(), seconds(8))
    )


def test_wrap_up_is_extended_and_disposed() -> None:
    """A later end, an end that is no later, and a disposition."""
    center = busy()
    expected = [
        "    2 s  > ExtendWrapUp c1/1 until 30 s",
        "         < WrapUpExtended an c1/1 until 30 s",
        "    3 s  > ExtendWrapUp c1/1 until 20 s",
        "         < InputIgnored ExtendWrapUp c1/1: the wrap-up is until 30 s already",
        "    4 s  > Dispose c1/1 answered",
        "         < WrapUpEnded an c1/1 answered",
    ]
    play(center, (End("c1/1"), seconds(1)))
    assert expected == play(
        center,
        (ExtendWrapUp("c1/1", seconds(30)), seconds(2)),
        (ExtendWrapUp("c1/1", seconds(20)), seconds(3)),
        (Dispose("c1/1", "answered"), seconds(4)),
    )


def test_wrap_up_without_an_end() -> None:
    """It lasts until somebody disposes, and says so."""
    center = Center([Queue("cards", wrap_up=OPEN_ENDED)])
    lines = play(
        center,
        (PutAgent(Agent("an", auto_accept=True), available=True), 0),
        (Arrive(Contact("c1"), "cards"), 0),
        (End("c1/1"), seconds(1)),
        (ExtendWrapUp("c1/1", seconds(20)), seconds(2)),
    )
    assert "         < WrapUpStarted an c1/1 until disposed" in lines
    assert (
        "         < InputIgnored ExtendWrapUp c1/1: the wrap-up is open-ended already" == lines[-1]
    )


def test_overflow_refusal_and_patience() -> None:
    """Where a contact went instead, and what it is told."""
    center = Center(
        [
            Queue("cards", limit=1, overflow="general", patience=seconds(30)),
            Queue("general", limit=1, overflow=Closed("Call later.")),
        ]
    )
    expected = [
        "    0 s  > Arrive c1 cards",
        "         < ContactQueued c1 cards",
        "    1 s  > Arrive c2 cards",
        "         < ContactQueued c2 general over cards",
        "    2 s  > Arrive c3 cards",
        "         < ContactRefused c3 general full",
        "         ! SendMessage c3",
        "         ! DisconnectContact c3 full",
        "    3 s  > Abandon c2",
        "         < ContactAbandoned c2 general after 2 s (short)",
        "   40 s  > Tick",
        "         < ContactEnded c1 patience                    at 30 s",
        "         ! DisconnectContact c1 patience",
    ]
    assert expected == play(
        center,
        (Arrive(Contact("c1"), "cards"), 0),
        (Arrive(Contact("c2"), "cards"), seconds(1)),
        (Arrive(Contact("c3"), "cards"), seconds(2)),
        (Abandon("c2"), seconds(3)),
        (Tick(), seconds(40)),
    )


def test_a_new_contact_comes_by_message() -> None:
    """It is named after its channel, and enters the entry queue."""
    center = Center([Queue("cards")])
    assert [
        "    0 s  > Receive Message web m1",
        "         < ContactQueued web-1 cards",
        "         < MessageReceived web-1",
    ] == play(center, (Receive(MESSAGE, "cards", Mode.MESSAGING), 0))


def test_an_unknown_customer_who_leaves_is_no_error() -> None:
    """Somebody who was here, or never was, has left."""
    center = Center([Queue("cards")])
    nobody = "nobody at this address has an open contact"
    assert [
        "    0 s  > Receive Activity web l1 left",
        f"         < InputIgnored Receive l1: {nobody}",
    ] == play(center, (Receive(Activity(what="left", key="l1", at=0, address=LAN), "cards"), 0))


def test_far_from_the_epoch_instants_are_dates() -> None:
    """What a log shows in real life."""
    center = Center([Queue("cards")])
    moment = 1_772_413_200_000_000
    assert ["2026-03-02T01:00:00Z  > Tick"] == play(center, (Tick(), moment))
    lines = play(
        center,
        (PutAgent(Agent("an"), available=True), moment),
        (Arrive(Contact("c1"), "cards"), moment + minutes(1)),
    )
    assert "until 2026-03-02T01:01:20Z (longest idle, 60 s)" in lines[-2]
