"""A script states what happened, and shows the transcript where something else did."""

from __future__ import annotations

import pytest

from tongdai import Accept, Agent, Arrive, Center, Contact, End, IllegalInput, PutAgent, Queue
from tongdai.center import events
from tongdai.center.events import (
    ContactEnded,
    ContactOffered,
    ContactQueued,
    OfferAccepted,
    OfferExpired,
    PresenceChanged,
)
from tongdai.model.time import seconds
from tongdai.testing import Script


def center() -> Center:
    """Return a center with two agents, of whom `an` has waited longer."""
    made = Center([Queue("cards")])
    made.handle(PutAgent(Agent("an"), available=True), seconds(0))
    made.handle(PutAgent(Agent("binh"), available=True), seconds(1))
    return made


def offered() -> Script:
    """Return a script in which c1 is offered to `an`, until 30 s."""
    return Script(center()).at(seconds(10)).do(Arrive(Contact("c1"), "cards"))


def test_an_expired_offer_goes_to_the_next_agent() -> None:
    """A whole story: events by their kind and what comes first in them, or as values."""
    script = offered().saw((ContactOffered, "c1", "an"))
    script.at(seconds(30)).saw((OfferExpired, "c1", "an"), (ContactOffered, "c1", "binh"))
    script.at(seconds(35)).do(Accept("c1/2")).saw_only(OfferAccepted("c1", "binh", "c1/2"))


def test_saw_looks_at_its_own_step_only() -> None:
    """What happened before `at` is over."""
    script = offered().at(seconds(11))
    with pytest.raises(AssertionError, match="no ContactOffered c1"):
        script.saw((ContactOffered, "c1"))


def test_what_fell_due_on_the_way_belongs_to_the_step() -> None:
    """Also where nothing is done in it."""
    offered().at(seconds(60)).saw_only(
        (OfferExpired, "c1", "an", "c1/1"),
        (ContactOffered, "c1", "binh"),
        (OfferExpired, "c1", "binh"),
    )


def test_saw_keeps_the_order() -> None:
    """A second `saw` goes on where the first one ended."""
    offered().saw((ContactQueued, "c1")).saw((ContactOffered, "c1"))
    with pytest.raises(AssertionError, match="no ContactQueued c1"):
        offered().saw((ContactOffered, "c1")).saw((ContactQueued, "c1"))


def test_saw_only_means_nothing_else() -> None:
    """Neither before, nor between, nor after."""
    with pytest.raises(AssertionError, match=r"ContactQueued c1 cards  <- not expected"):
        offered().saw_only()
    with pytest.raises(AssertionError, match=r"ContactOffered c1 an .*  <- not expected"):
        offered().saw_only((ContactQueued, "c1"))
    with pytest.raises(AssertionError, match=r"< ContactOffered c1  <- expected here"):
        offered().saw_only((ContactOffered, "c1"))


def test_fields_left_at_their_default_are_not_compared() -> None:
    """An event's value says as much as it says."""
    script = offered().do(Accept("c1/1")).at(seconds(50)).do(End("c1/1"))
    script.saw_only(ContactEnded("c1", "agent"))
    script.saw_only(ContactEnded("c1", "agent", agent="an"))
    with pytest.raises(AssertionError, match="no ContactEnded c1 agent binh"):
        script.saw_only(ContactEnded("c1", "agent", "cards", "binh"))


def test_a_failure_is_the_whole_transcript() -> None:
    """With a mark where the event was expected: behind the last one that was found."""
    script = offered().saw((ContactQueued, "c1")).at(seconds(30))
    with pytest.raises(AssertionError) as failure:
        script.saw((OfferExpired, "c1"), (PresenceChanged, "an", "away"))
    assert str(failure.value).splitlines() == [
        "no PresenceChanged an away",
        "   10 s  > Arrive c1 cards",
        "         < ContactQueued c1 cards",
        "         < ContactOffered c1 an c1/1 until 30 s (longest idle, 10 s)",
        "         ! PresentOffer an c1/1 until 30 s",
        "   30 s  > Tick",
        "         < OfferExpired c1 an c1/1",
        "         < PresenceChanged an away  <- expected here",
        "         < ContactOffered c1 binh c1/2 until 50 s (longest idle, 29 s)",
        "         ! WithdrawOffer an c1/1 expired",
        "         ! PresentOffer binh c1/2 until 50 s",
    ]


def test_where_nothing_happened_the_mark_stands_alone() -> None:
    """Under the step's last decision."""
    with pytest.raises(AssertionError) as failure:
        Script(center()).at(seconds(2)).saw((ContactQueued, "c1"))
    assert str(failure.value).splitlines() == [
        "no ContactQueued c1",
        "    2 s  > Tick",
        "         < ContactQueued c1  <- expected here",
    ]


def test_a_script_prints_as_its_transcript() -> None:
    """Ticks at which nothing happened left out."""
    assert str(offered().at(seconds(12))).splitlines() == [
        "   10 s  > Arrive c1 cards",
        "         < ContactQueued c1 cards",
        "         < ContactOffered c1 an c1/1 until 30 s (longest idle, 10 s)",
        "         ! PresentOffer an c1/1 until 30 s",
    ]


def test_time_does_not_go_back() -> None:
    """Neither in a script nor before it."""
    with pytest.raises(IllegalInput, match=r"Script.at: 9 s is before 10 s"):
        offered().at(seconds(9))
    with pytest.raises(IllegalInput, match="before 1 s"):
        Script(center()).at(seconds(0))


@pytest.mark.parametrize("nonsense", ["ContactQueued", (), ("c1",), (str, "c1"), None])
def test_what_is_no_event_is_refused(nonsense: object) -> None:
    """Rather than never found."""
    with pytest.raises(TypeError, match="is no event"):
        offered().saw(nonsense)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_every_event_can_be_expected_by_its_first_fields() -> None:
    """They are positional."""
    assert [kind.__name__ for kind in events.AnyEvent.__args__ if not kind.__match_args__] == []
