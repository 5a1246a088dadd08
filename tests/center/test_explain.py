"""Why a contact waits, and why an offer went to its agent."""

from __future__ import annotations

import pytest

from tests.model.refusals import refused
from tongdai import (
    Abandon,
    Accept,
    Agent,
    Arrive,
    Center,
    Contact,
    Decline,
    Mode,
    Order,
    PutAgent,
    PutQueue,
    Queue,
    SetPresence,
    Tick,
    minutes,
    seconds,
)
from tongdai.center import OfferExplanation
from tongdai.center.inputs import FailConnect
from tongdai.routing import Explanation, best_skill, broadcast


def staffed(*agents: Agent, queue: Queue = Queue("cards")) -> Center:  # noqa: B008 - a frozen value
    """Return a center with agents available since 0."""
    center = Center([queue], strategies={"all": broadcast(20)})
    for agent in agents:
        center.handle(PutAgent(agent, available=True), 0)
    return center


def test_an_offer_that_is_out() -> None:
    """Strategy, the value that won, and until when."""
    center = staffed(Agent("an"))
    center.handle(Arrive(Contact("c1"), "cards"), seconds(5))
    found = center.explain("c1/1")
    assert "c1/1 went to an: longest idle, 5 s; out until 25 s" == str(found)
    assert OfferExplanation("c1/1", "c1", "an", seconds(25), "longest idle", seconds(5)) == found


def test_what_became_of_offers() -> None:
    """Declined, expired, rescinded, accepted, failed: told as long as the contact is open."""
    center = staffed(Agent("an"), Agent("binh"), Agent("chi"))
    center.handle(Arrive(Contact("c1"), "cards"), 0)
    center.handle(Decline("c1/1"), seconds(1))
    center.handle(Tick(), seconds(21))
    center.handle(SetPresence("chi", "away"), seconds(22))
    center.handle(Tick(), seconds(31))
    center.handle(Accept("c1/4"), seconds(32))
    told = [
        "c1/1 went to an: longest idle, 0 s; was declined",
        "c1/2 went to binh: longest idle, 1 s; expired at 21 s",
        "c1/3 went to chi: longest idle, 21 s; was rescinded (agent away)",
        "c1/4 went to an: longest idle, 30 s; was accepted",
    ]
    assert told == [str(center.explain(f"c1/{number}")) for number in range(1, 5)]
    center.handle(FailConnect("c1/4", "line broke"), seconds(33))
    assert "c1/4 went to an: longest idle, 30 s; failed (line broke)" == str(center.explain("c1/4"))


def test_the_strategy_of_the_queue_is_told() -> None:
    """With what won under it."""
    queue = Queue("cards", "cards>=2", strategy="best_skill")
    center = staffed(Agent("an", {"cards": 2}), Agent("binh", {"cards": 5}), queue=queue)
    center.handle(Arrive(Contact("c1"), "cards"), 0)
    assert f"c1/1 went to binh: {best_skill.name}, 5; out until 20 s" == str(center.explain("c1/1"))


def test_a_wide_round_can_fail_to_connect() -> None:
    """Twenty offers at once, one accept, and the line breaks: the contact waits again."""
    agents = [Agent(f"a{number:02}") for number in range(20)]
    center = staffed(*agents, queue=Queue("cards", strategy="all"))
    center.handle(Arrive(Contact("c1"), "cards"), 0)
    center.handle(Accept("c1/1"), seconds(1))
    center.handle(FailConnect("c1/1"), seconds(2))
    found = center.explain("c1/21")
    assert str(found).startswith("c1/21 went to a01: broadcast to 20 by longest idle, ")


def test_place_is_the_queues() -> None:
    """The router has one order over all queues; the customer asks for the place in theirs."""
    center = Center([Queue("cards"), Queue("loans", order=Order.strict())])
    for number, queue in enumerate(["cards", "loans", "cards", "loans"]):
        center.handle(Arrive(Contact(f"c{number}"), queue), seconds(number))
    places: list[tuple[int, int]] = []
    for number in range(4):
        found = center.explain(f"c{number}")
        assert isinstance(found, Explanation)
        places.append((found.place, found.of))
    assert [(1, 2), (1, 2), (2, 2), (2, 2)] == places


def test_the_instant_is_that_of_the_last_input_unless_given() -> None:
    """Explaining is looking: it lives through nothing."""
    center = staffed()
    center.handle(Arrive(Contact("c1"), "cards"), seconds(5))
    center.handle(Tick(), seconds(15))
    before = center.snapshot()
    assert "c1 has waited 10 s" == str(center.explain("c1"))[:18]
    assert "c1 has waited 2 min" == str(center.explain("c1", seconds(125)))[:19]
    assert before == center.snapshot()


def test_a_contact_that_an_agent_has() -> None:
    """With whom it is, and what it needed; also while it is on offer."""
    center = staffed(Agent("an", {"vi": 1}))
    center.handle(Arrive(Contact("c1", language="vi"), "cards"), 0)
    expected = "c1 has waited 1 s: with an, plan step 1 of 1\n  needs  vi"
    assert expected == str(center.explain("c1", seconds(1)))
    center.handle(Accept("c1/1"), seconds(1))
    assert expected == str(center.explain("c1"))


def test_what_no_agent_could_ever_meet_waits_and_says_so() -> None:
    """It is accepted: an agent may come, and does."""
    center = staffed(Agent("an", {"vi": 1}))
    center.handle(Arrive(Contact("c1", "la>=5 and vi"), "cards"), 0)
    expected = [
        "c1 has waited 60 s: place 1 of 1, plan step 1 of 1",
        "  needs  la>=5 and vi",
        "  never  no agent here meets any step of the plan",
        "  an     lacks la",
    ]
    assert expected == str(center.explain("c1", minutes(1))).split("\n")
    decision = center.handle(PutAgent(Agent("lan", {"vi": 1, "la": 5}), available=True), minutes(1))
    assert "ContactOffered c1 lan c1/1" in str(decision)


def test_a_changed_plan_is_explained_at_once() -> None:
    """The queue is put anew while the contact waits."""
    center = staffed(Agent("an", {"vi": 1}))
    center.handle(Arrive(Contact("c1"), "cards"), 0)
    center.handle(SetPresence("an", "away"), 0)
    center.handle(PutQueue(Queue("cards", "vi>=3")), seconds(1))
    assert "  an     vi 1, needs 3" in str(center.explain("c1")).split("\n")


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("contact-2", "explain: no open contact 'contact-2'. Did you mean 'contact-1'?"),
        ("gone", "explain: no open contact 'gone'."),
        ("contact-1/7", "explain: contact 'contact-1' has no offer 'contact-1/7'"),
        ("x/1", "explain: no open contact 'x/1'."),
        ("", "explain: no open contact ''."),
    ],
)
def test_what_is_not_open_cannot_be_explained(id: str, message: str) -> None:
    """Unknown, ended, or not an offer of this contact."""
    center = staffed()
    center.handle(Arrive(Contact("contact-1", mode=Mode.INTERACTIVE), "cards"), 0)
    center.handle(Arrive(Contact("gone"), "cards"), 0)
    center.handle(Abandon("gone"), 0)
    assert message == refused(lambda: center.explain(id))
