"""Questions over voice: keys, words, timers, counters."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ivr.calls import Call, flow
from tongdai.ivr import (
    Choice,
    Collect,
    Flow,
    HandOff,
    InvokeFailed,
    Language,
    Menu,
    Operator,
    Press,
    Prompt,
    PromptDone,
    Repeat,
    Say,
    Text,
    TimerFired,
    Utterance,
)
from tongdai.ivr.asking import GRACE
from tongdai.ivr.effects import (
    ApplySettings,
    CallFunction,
    CancelTimer,
    Listen,
    Play,
    SetTimer,
    StopAudio,
)
from tongdai.ivr.events import Collected, InputIgnored, NoInputCounted, NoMatchCounted
from tongdai.model.time import seconds

END = HandOff("cards")
MENU = Menu("one or two", {"1": "end", "2": "end"}, exhausted="end")
PIN = Collect("pin", "digits", shortest=3, longest=4, done="next", exhausted="end")
NEXT = Menu("next", {"1": "end", "#": "end"})


def menu(**settings: Any) -> Call:  # noqa: ANN401
    """Return a call in a menu of one and two."""
    return Call(flow({"menu": Menu("ask", {"1": "end", "2": "end"}, **settings), "end": END}))


def collect(**settings: Any) -> Call:  # noqa: ANN401
    """Return a call that is asked for three to four digits."""
    made = Collect("pin", "ask", shortest=3, longest=4, done="next", **settings)
    return Call(flow({"pin": made, "next": NEXT, "end": END}))


def heard(call: Call) -> list[str]:
    """Return what was collected."""
    return [str(collected.value) for collected in call.saw(Collected)]


def test_the_first_key_is_timed_from_the_end_of_the_prompt() -> None:
    """Not from its beginning."""
    call = menu(within=seconds(5))
    assert [] == call.saw(SetTimer)
    assert [seconds(14)] == [timer.at for timer in call.said(seconds(9)).did(SetTimer)]


def test_a_key_that_cuts_the_prompt_starts_the_time_between_keys() -> None:
    """The prompt is stopped, and its end is no news any more."""
    call = collect(between=seconds(3)).press("1", seconds(1))
    assert [seconds(4)] == [timer.at for timer in call.did(SetTimer)]
    assert ["s/1"] == [stopped.token for stopped in call.did(StopAudio)]
    assert () == call.take(PromptDone("s/1")).turn.events


def test_the_first_key_cancels_no_input() -> None:
    """From there on the time between keys runs."""
    call = collect().said(0).press("1", seconds(4))
    assert ["s/2"] == [cancelled.token for cancelled in call.did(CancelTimer)]
    assert [] == call.take(TimerFired("s/2"), at=seconds(5)).did(NoInputCounted)


def test_enough_digits_and_silence_are_an_answer() -> None:
    """Three of at most four."""
    call = collect(between=seconds(3)).press("123").take(TimerFired("s/4"), at=seconds(3))
    assert ["123"] == heard(call)


def test_fewer_digits_and_silence_are_no_match_with_what_there_was() -> None:
    """Two of at least three."""
    call = collect().press("12").take(TimerFired("s/3"), at=seconds(3))
    assert ["12"] == [missed.heard for missed in call.saw(NoMatchCounted)]


def test_nothing_and_silence_are_no_input() -> None:
    """A timeout is never an answer."""
    call = collect().said(0).take(TimerFired("s/2"), at=seconds(5))
    assert [1] == [missed.count for missed in call.saw(NoInputCounted)]
    assert [] == heard(call)


def test_a_terminator_alone_is_no_input() -> None:
    """It ends nothing."""
    assert [1] == [missed.count for missed in collect().press("#").saw(NoInputCounted)]


@pytest.mark.parametrize(("late", "reached"), [(-1, 0), (0, 1), (1, 1)])
def test_a_late_terminator_stays_with_its_answer(late: int, reached: int) -> None:
    """To the microsecond; after the grace it belongs to the next question."""
    call = collect().press("1234", 0).press("#", GRACE + late)
    assert ["1234"] == heard(call)
    assert reached == call.way.count("next.choices[#]")


def test_only_one_terminator_is_late() -> None:
    """The second one is meant."""
    assert ["pin.done", "next.choices[#]"] == collect().press("1234##").way


def test_a_prompt_without_barge_in_is_never_cut() -> None:
    """Keys wait for its end."""
    call = Call(
        flow({"menu": Menu(Prompt("ask", barge_in=False), {"1": "end"}), "end": END})
    ).press("1")
    assert ([], []) == (call.saw(StopAudio), call.way)
    assert ["menu.choices[1]"] == call.said().way


def test_keys_pressed_while_something_is_said_answer_the_next_question() -> None:
    """The prompt of which is not even begun."""
    nodes = {"hello": Say("hello", then="menu"), "menu": MENU, "end": END}
    call = Call(flow(nodes)).press("2")
    assert ["hello.then", "menu.choices[2]"] == call.way
    assert ["hello"] == [played.text for played in call.saw(Play)]


def test_one_beside_twelve_waits() -> None:
    """For silence, the terminator, or the other key."""
    nodes = {"menu": Menu("ask", {"1": "end", "12": "end"}), "end": END}
    ways = [
        Call(flow(nodes)).press("1").take(TimerFired("s/2"), at=seconds(3)).way,
        Call(flow(nodes)).press("1#").way,
        Call(flow(nodes)).press("12").way,
    ]
    assert [["menu.choices[1]"], ["menu.choices[1]"], ["menu.choices[12]"]] == ways


def test_a_key_ends_speech_for_that_turn() -> None:
    """Until the question is put again."""
    call = collect(spoken_into="words", spoken="end").press("1")
    assert [(True, False)] == [(heard.digits, heard.speech) for heard in call.did(Listen)]
    assert ["keys answer already"] == [
        ignored.reason for ignored in call.take(Utterance("two")).did(InputIgnored)
    ]


def test_words_choose() -> None:
    """Whatever their case and accents."""
    nodes = {"menu": Menu("ask", {"1": Choice("end", says=("thẻ",))}), "end": END}
    assert ["menu.choices[1]"] == Call(flow(nodes)).take(Utterance("The")).way


@given(st.integers(1, 5), st.lists(st.booleans(), max_size=12))
def test_each_counter_is_exhausted_at_exactly_its_limit(tries: int, missed: list[bool]) -> None:
    """no_input (true) and no_match (false) are counted apart."""
    call = menu(tries=tries, exhausted="end")
    counts = {True: 0, False: 0}
    for no_input in missed:
        if tries in counts.values():
            break
        counts[no_input] += 1
        call.press("#" if no_input else "9")
    expected = ["menu.exhausted"] if tries in counts.values() else []
    assert expected == call.way


def test_wired_no_match_counts_just_the_same() -> None:
    """What leads back from it is a retry; the third one is exhausted."""
    nodes = {
        "menu": Menu("ask", {"1": "end"}, no_match="sorry", exhausted="end"),
        "sorry": Say("sorry", then="menu"),
        "end": END,
    }
    call = Call(flow(nodes)).press("9").said().press("9").said().press("9")
    assert ["no_match", "then", "no_match", "then", "exhausted"] == [
        way.split(".")[1] for way in call.way
    ]


def test_coming_from_outside_starts_the_counters_again() -> None:
    """The first question was left by an answer."""
    nodes = {"one": Menu("one", {"1": "two"}), "two": Menu("two", {"1": "one"})}
    call = Call(flow(nodes)).press("9").press("1").press("1").press("9")
    assert [1, 1] == [missed.count for missed in call.saw(NoMatchCounted)]


def test_who_is_asked_again_hears_the_next_wording() -> None:
    """First long, then short, then the last one again."""
    nodes = {"menu": Menu(["please choose", "choose"], {"1": "end"}), "end": END}
    call = Call(flow(nodes)).press("9").press("9")
    assert ["please choose", "choose", "choose"] == [played.text for played in call.saw(Play)]


def test_the_way_to_a_person_is_everywhere() -> None:
    """By key, where the question does not use it, and by word."""
    handlers = (Operator("end", keys=("0",), says=("agent",)),)
    made = flow({"menu": MENU, "end": END}, handlers=handlers)
    assert ["menu.operator"] == Call(made).press("0").way == Call(made).take(Utterance("Agent")).way


def test_repeat_and_language_put_the_question_again_without_a_miss() -> None:
    """In the other language."""
    made = Flow(
        "f",
        start="menu",
        nodes={"menu": Menu({"vi": "chọn", "en": "choose"}, {"1": "end"}), "end": END},
        handlers=(Repeat(keys=("*",)), Language("en", keys=("9",))),
    )
    call = Call(made).press("*").press("9")
    assert ["chọn", "chọn", "choose"] == [played.text for played in call.saw(Play)]
    assert [{"language": "en"}] == [dict(made.values) for made in call.saw(ApplySettings)]
    assert [] == call.saw(NoMatchCounted)


def test_a_function_makes_sense_of_what_nobody_understands() -> None:
    """A key of a choice is one; anything else is no match."""
    nodes = {"menu": Menu("ask", {"1": "end"}, understand="nlu"), "end": END}
    call = Call(flow(nodes)).take(Utterance("my card is gone"))
    assert [{"text": "my card is gone"}] == [dict(made.args) for made in call.did(CallFunction)]
    assert ["menu.choices[1]"] == call.answer("1").way
    again = Call(flow(nodes)).take(Utterance("hm")).answer("what")
    assert [1] == [missed.count for missed in again.saw(NoMatchCounted)]


def test_a_key_while_the_application_thinks_changes_nothing() -> None:
    """It is kept for the next question."""
    nodes = {"menu": Menu("ask", {"1": "end"}, understand="nlu"), "end": END}
    call = Call(flow(nodes)).take(Utterance("hm"), Press("1"))
    assert ("understanding", []) == (call.session.phase, call.way)
    assert ["menu.failed"] == Call(
        flow({**nodes, "menu": Menu("ask", {}, understand="nlu", failed="end")})
    ).take(Utterance("hm"), InvokeFailed("s/2")).way


def test_words_instead_of_digits_have_their_own_way() -> None:
    """Spoken digits are words there too."""
    nodes = {"pin": Collect("pin", "ask", spoken_into="words", spoken="end"), "end": END}
    call = Call(flow(nodes)).take(Utterance("12"))
    assert (["pin.spoken"], "12") == (call.way, call.session.values["words"])


def test_spoken_digits_are_digits_where_words_have_no_way() -> None:
    """As many as are wanted."""
    node = Collect("pin", "ask", shortest=3, longest=4, understand="nlu", done="end")
    call = Call(flow({"pin": node, "end": END})).take(Utterance("1 2"), Utterance("1 2 3"))
    assert ([1], ["123"]) == ([missed.count for missed in call.saw(NoMatchCounted)], heard(call))


def test_text_is_collected_as_it_is() -> None:
    """Or as a function makes sense of it; what it cannot is no match."""
    node = Collect("name", "ask", kind="text", shortest=2, longest=20, done="end")
    call = Call(flow({"name": node, "end": END}), modality="chat").take(Text("x"), Text("Bà Lan"))
    assert ([1], ["Bà Lan"]) == ([missed.count for missed in call.saw(NoMatchCounted)], heard(call))
    sense = Collect("name", "ask", kind="text", understand="nlu", done="end")
    nodes = {"name": sense, "end": END}
    made = Call(flow(nodes), modality="chat").take(Text("it is Lan")).answer(None)
    assert [1] == [missed.count for missed in made.saw(NoMatchCounted)]
    assert "Lan" == made.take(Text("Lan")).answer("Lan").session.values["name"]


def test_a_function_that_fails_without_a_way_is_no_match() -> None:
    """Also one that is too slow."""
    nodes = {"menu": Menu("ask", {"1": "end"}, understand="nlu"), "end": END}
    slow = Call(flow(nodes)).take(Utterance("hm")).take(TimerFired("s/3"), at=seconds(10))
    assert [1] == [missed.count for missed in slow.saw(NoMatchCounted)]


def test_a_prompt_that_cannot_be_played_goes_to_failed_or_on() -> None:
    """As if it had been said."""
    failed = Menu("ask", {"1": "end"}, failed="end")
    ways = [
        Call(flow({"menu": failed, "end": END})).take(InvokeFailed("s/1")).way,
        Call(flow({"say": Say("hi", then="end"), "end": END})).take(InvokeFailed("s/1")).way,
    ]
    assert [["menu.failed"], ["say.then"]] == ways


def test_what_is_said_where_nobody_listens_is_ignored() -> None:
    """Each time it says why."""
    silent = Menu(Prompt("ask", barge_in=False), {"1": Choice("end", says=("yes",))})
    calls = [
        Call(flow({"menu": silent, "end": END})),
        collect(),
        Call(flow({"end": END})),
        Call(flow({"say": Say("hi")})),
    ]
    reasons = [call.take(Utterance("yes")).did(InputIgnored)[0].reason for call in calls]
    assert [
        "the prompt is not cut short",
        "the question is answered by keys",
        "a queue has the contact",
        "nothing is asked",
    ] == reasons


def test_a_prompt_without_words_for_the_ear_is_not_waited_for() -> None:
    """The first key is timed at once."""
    call = Call(flow({"menu": Menu("", {"1": "end"}), "end": END}))
    assert (["s/2"], []) == ([timer.token for timer in call.saw(SetTimer)], call.saw(Play))
