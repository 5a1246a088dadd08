"""The harness: what it states is so, and what is not so it tells with the conversation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from tests.ivr.banking import BANK, OFFICE
from tongdai.ivr.inputs import Press
from tongdai.ivr.prompts import Modality
from tongdai.ivr.simulate import Fails, Simulation, simulate
from tongdai.model.time import hours, seconds

MONDAY = int(hours(24 * 4 + 3))  # 1970-01-05, 10:00 in Saigon


def bank(**facts: Any) -> Simulation:  # noqa: ANN401 - what `simulate` takes
    """Call the bank, on a Monday morning."""
    usual: dict[str, Any] = {
        "language": "en",
        "calendars": OFFICE,
        "now": MONDAY,
        "values": {"caller": {"phone": "+84900000000"}},
    }
    return simulate(BANK, **(usual | facts))


def test_it_reads_as_a_call() -> None:
    """Hear, press, be handed over."""
    bank().hears("Welcome").hears("Cards: 1").press("1").hands_off(
        "cards", requires="cards>=3", priority=1
    ).queue_is("taken").ends("handed_off")


def test_functions_answer_what_was_said_beforehand() -> None:
    """A value, a function of the arguments, or a failure."""
    bank(calls={"verify": {"balance": 5}}).press("2").press("1234#").hears("5 dong").ends("end")
    asked: list[object] = []

    def verify(pin: object) -> object:
        asked.append(pin)
        return {"balance": 7}

    bank(calls={"verify": verify}).press("2").press("1234#").hears("7 dong")
    assert ["secret-1"] == asked
    bank(calls={"verify": Fails()}).press("2").press("1234#").hands_off("cards")


def test_or_wait_to_be_told() -> None:
    """A function without an answer is stated and answered, or fails."""
    waiting = bank().press("2").press("123456")
    assert "verify" == waiting.asked
    waiting.fork().answers("verify", {"balance": 9}).hears("9 dong").ends()
    waiting.fails("verify").hands_off("cards").queue_is("full").calls_back(
        "cards", number="+84900000000"
    ).hears("Goodbye").ends("end")


def test_a_secret_never_stands_in_the_conversation() -> None:
    """The keys go to the shell; what is told of them is how many there are."""
    done = bank(calls={"verify": {"balance": 1}}).press("2").press("987654")
    assert "98" not in str(done)
    assert "a secret of 6 digits" in str(done)
    assert "987654" not in repr((done.session, done.events, done.effects))


def test_a_secret_can_fail_in_both_ways() -> None:
    """Nothing, or too little; three times is enough."""
    bank().press("2").waits().waits().waits().at("person")
    bank().press("2").press("12#").press("12").waits().press("1#").at("person")
    bank(modality="chat").chooses("2").says("12").says("1234").answers(
        "verify", {"balance": 2}
    ).hears("2 dong")


def test_time_passes_as_it_is_told() -> None:
    """Silence is no_input after its five seconds, not before."""
    call = bank(prompts=seconds(2)).hears("Cards").waits(seconds(4.9)).at("main")
    assert 0 == call.session.no_input
    assert 1 == call.waits(seconds(0.1)).session.no_input
    assert MONDAY + seconds(2 + 2 + 5) + seconds(2) == call.settle().now


def test_cutting_in_is_pressing_into_the_prompt() -> None:
    """`hears` stops at the prompt; what is keyed there cuts it short."""
    call = bank().hears("Welcome").cuts_in("1")
    assert "person" == call.session.node
    bank().hears("Cards").cuts_in(text="lost").transfers("113").ends("unwired")


Reply: TypeAlias = Callable[[Simulation], Simulation]

REPLIES: dict[str, tuple[Modality, Reply]] = {
    "button": ("chat", lambda call: call.sees("Cards", "Balance", "Lost").chooses("Cards")),
    "its key": ("chat", lambda call: call.chooses("1")),
    "number": ("sms", lambda call: call.hears("1. Cards").says("1")),
    "label": ("sms", lambda call: call.says("CARDS")),
    "speech": ("voice", lambda call: call.says("cards")),
    "operator's key": ("voice", lambda call: call.press("0")),
    "operator's word": ("sms", lambda call: call.says("agent")),
}


@pytest.mark.parametrize("reply", REPLIES)
def test_one_flow_serves_every_way_of_talking(reply: str) -> None:
    """Buttons, numbers, labels, words and keys all come to the same place."""
    modality, act = REPLIES[reply]
    act(bank(modality=modality)).hands_off("cards")


def test_hours_and_calls_back() -> None:
    """At night the caller is called back, or leaves a note where there is no number."""
    night = MONDAY + hours(12)
    bank(now=night).press("1").calls_back("cards", number="+84900000000").ends("end")
    late = bank(now=night, values={}, calls={"record": "rec-7"}).press("1")
    late.knows(note="rec-7").ends("end")
    bank(now=night, values={}, calls={"record": Fails("no_input")}).press("1").ends("end")


def test_hanging_up_runs_the_clean_up() -> None:
    """Once, whatever was going on."""
    bank().press("2").hangs_up().knows(logged=True).ends("hang_up")


def test_a_queue_answers_beforehand_too() -> None:
    """Full: on to the call-back."""
    bank(queues={"cards": "full"}).press("1").calls_back("cards").ends()


FAILURES: list[tuple[str, Callable[[], object]]] = [
    ('expected to hear "Loans"', lambda: bank().hears("Loans")),
    ("expected to be at 'pin', and it is at 'main'", lambda: bank().at("pin")),
    ("expected a call of 'verify'", lambda: bank().answers("verify")),
    ("expected a call of 'verify'", lambda: bank().fails("verify")),
    ("expected a hand-off", lambda: bank().queue_is("full")),
    ("expected GiveToQueue", lambda: bank().hands_off("cards")),
    (
        "expected GiveToQueue.queue 'loans', and it is 'cards'",
        lambda: bank().press("1").hands_off("loans"),
    ),
    ("expected ScheduleCallBack", lambda: bank().calls_back("cards")),
    ("expected TransferContact", lambda: bank().transfers("113")),
    ("expected the end, and it is at 'main'", lambda: bank().ends()),
    (
        "expected to end by 'end', and it ended by 'hang_up'",
        lambda: bank().hangs_up().ends("end"),
    ),
    ("expected tier to be 'gold'", lambda: bank().knows(tier="gold")),
    ("expected a button 'Loans'", lambda: bank(modality="chat").chooses("Loans")),
    ("expected a button 'Cards'", lambda: bank().settle().chooses("Cards")),
    ("expected the buttons ('Loans',)", lambda: bank(modality="chat").sees("Loans")),
    ("expected something that happens by itself", lambda: bank().press("1").waits()),
]


@pytest.mark.parametrize(("says", "act"), FAILURES, ids=range(len(FAILURES)))
def test_what_is_not_so_is_told_with_the_conversation(says: str, act: Callable[[], object]) -> None:
    """First what was expected, then everything that went before."""
    with pytest.raises(AssertionError) as caught:
        act()
    first, *conversation = str(caught.value).splitlines()
    assert first.startswith(says)
    assert "> start bank" in conversation[0]


def test_the_conversation_prints_as_it_went() -> None:
    """In, where it went, and what was noticed."""
    assert [
        "0 s  > start bank voice en",
        '! "Welcome."',
        "< hello: then -> main",
        '! "Cards: 1. Balance: 2. Lost: 3."',
        "0 s  > press 1",
        "< main: choices[1] -> office",
        "< office: open -> person",
        "! to queue cards, cards>=3, priority 1",
    ] == [line.strip() for line in str(bank(values={}).press("1")).splitlines()]


def test_a_fork_goes_its_own_way() -> None:
    """What is done to the one is not done to the other."""
    one = bank()
    other = one.fork().press("1")
    assert ("main", "person") == (one.settle().session.node, other.session.node)
    assert not any(isinstance(event, Press) for event in one.events)
