"""How flows run: what each node does, and how sessions end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ivr.calls import Call, flow
from tongdai.errors import ConfigurationError, IllegalInput, MissingFlow, MissingNode
from tongdai.ivr import (
    Assign,
    Branch,
    CallBack,
    CallFlow,
    Case,
    Choice,
    Choose,
    Collect,
    End,
    Flow,
    GotoFlow,
    HandOff,
    HangUp,
    Hours,
    Invoke,
    InvokeDone,
    InvokeFailed,
    Loop,
    Machine,
    Menu,
    Node,
    Opaque,
    Press,
    Prompt,
    QueueResult,
    Record,
    Say,
    Setting,
    Share,
    Split,
    Text,
    TimerFired,
    Transfer,
    Utterance,
    Wait,
    Wording,
)
from tongdai.ivr.effects import (
    ApplySettings,
    CallFunction,
    Disconnect,
    GiveToQueue,
    Play,
    ScheduleCallBack,
    SetTimer,
    StartRecording,
    TransferContact,
)
from tongdai.ivr.entering import share
from tongdai.ivr.events import AskExpired, InputIgnored, LoopCounted, NodeSkipped
from tongdai.model.calendar import BusinessCalendar
from tongdai.model.time import hours, minutes, seconds

MENU = Menu(
    "Choose",
    {"1": Choice("end", label="Bán"), "2": Choice("end", label="Mua thêm")},
    exhausted="end",
)


def test_a_session_goes_through_nodes_that_never_wait() -> None:
    """All in one step."""
    nodes = {
        "set": Assign({"n": "2", "name": '"Bà {who}"'}, then="look"),
        "look": Branch((Case("n > 5", "end"), Case('name == "Bà Lan"', "end"))),
        "end": End(),
    }
    call = Call(flow(nodes), values={"who": "Lan"})
    assert ["set.then", "look.cases[1]"] == call.way
    assert "end" == call.reason


def test_a_row_that_never_waits_ends_in_error_spin() -> None:
    """It is found out, whatever it is made of."""
    nodes = {"a": Assign({}, then="b"), "b": Wait(seconds(0), then="a")}
    assert "error.spin" == Call(flow({"a": Assign({}, then="a")})).reason
    assert "error.spin" == Call(flow(nodes)).take(TimerFired("s/1")).reason


@given(st.integers(0, 5))
def test_a_loop_goes_round_exactly_so_often_and_starts_again(times: int) -> None:
    """Twice, to see that it was reset."""
    nodes = {
        "outer": Loop(2, again="loop", done="end"),
        "loop": Loop(times, again="loop", done="outer"),
        "end": End(),
    }
    call = Call(flow(nodes))
    assert 2 * times == call.way.count("loop.again")
    assert {} == call.session.loops
    assert 2 * times + 2 + (2 if times else 0) + 1 == len(call.saw(LoopCounted))


def test_a_split_sends_a_session_the_same_way_each_time() -> None:
    """And so many percent of all."""
    nodes = {"split": Split((Share(30, "end"),), otherwise="end"), "end": End()}
    assert Call(flow(nodes)).way == Call(flow(nodes)).way
    drawn = sum(share(f"s{number}", "f/split") < 0.3 for number in range(2_000))
    assert 540 < drawn < 660


def test_hours_look_at_the_calendar() -> None:
    """Open, closed, or no such calendar."""
    nodes = {"hours": Hours("desk", open="end", closed="end", failed="end"), "end": End()}
    calendars = [
        {"desk": BusinessCalendar("UTC", {"daily": "00:00-24:00"})},
        {"desk": BusinessCalendar("UTC")},
        {},
    ]
    ways = [Call(Machine([flow(nodes)], calendars=named)).way for named in calendars]
    assert [["hours.open"], ["hours.closed"], ["hours.failed"]] == ways


def test_an_invoke_gives_its_answer_a_name() -> None:
    """And its parts are found by their way."""
    nodes = {
        "ask": Invoke("crm", {"phone": "caller"}, into="who", done="look"),
        "look": Branch((Case('who.tier == "gold"', "end"),)),
        "end": End(),
    }
    call = Call(flow(nodes), values={"caller": "+84"})
    assert [("crm", {"phone": "+84"})] == [
        (made.function, dict(made.args)) for made in call.saw(CallFunction)
    ]
    assert ["ask.done", "look.cases[0]"] == call.answer({"tier": "gold"}).way


def test_a_late_result_changes_nothing() -> None:
    """The time was over, and the flow has gone on."""
    nodes = {"ask": Invoke("crm", done="end", failed="say"), "say": Say("sorry"), "end": End()}
    call = Call(flow(nodes)).take(TimerFired("s/2"), at=seconds(10))
    before = call.session
    assert ["ask.failed"] == call.way
    call.take(InvokeDone("s/1", "gold"))
    assert (before, ()) == (call.session, call.turn.events)


@pytest.mark.parametrize("modality", ["voice", "chat"])
def test_a_message_while_an_invoke_is_pending_changes_nothing(modality: str) -> None:
    """It neither kills the flow nor moves it."""
    nodes = {"ask": Invoke("crm", done="end"), "end": End()}
    call = Call(flow(nodes), modality=modality)
    call.take(Press("1"), Text("hello"), Choose("1"))
    assert ("calling", [], 1) == (call.session.phase, call.way, call.session.call)
    assert "end" == call.answer().reason


def test_failures_with_a_name_go_their_own_way() -> None:
    """Others go to `failed`."""
    node = Invoke("crm", errors={"none": "end"}, failed="end")
    ways = [
        Call(flow({"ask": node, "end": End()})).take(InvokeFailed("s/1", reason)).way
        for reason in ("none", "broken")
    ]
    assert [["ask.errors[none]"], ["ask.failed"]] == ways


def test_a_hand_off_takes_along_what_was_answered() -> None:
    """And comes back when the queue does not take it."""
    give = HandOff("{wanted}", "cards>=4", priority=2, full="say")
    call = Call(flow({"give": give, "say": Say("sorry")}), values={"wanted": "cards"})
    assert [("cards", "cards>=4", 2, {"wanted": "cards"})] == [
        (gave.queue, gave.requires, gave.priority, dict(gave.context))
        for gave in call.saw(GiveToQueue)
    ]
    assert ["give.full"] == call.take(QueueResult("full")).way


def test_a_person_and_a_flow_never_own_a_contact_at_once() -> None:
    """Taken is the end, without hanging up; what comes before is for the queue."""
    call = Call(flow({"give": HandOff("cards")})).take(Press("1"))
    assert ["a queue has the contact"] == [seen.reason for seen in call.did(InputIgnored)]
    assert "handed_off" == call.take(QueueResult("taken")).reason
    assert [] == call.saw(Disconnect)


def test_what_follows_a_person_waits_for_their_end() -> None:
    """A survey, say."""
    nodes = {"give": HandOff("cards", then="survey"), "survey": Menu("Well?", {"1": "survey"})}
    call = Call(flow(nodes)).take(QueueResult("taken"))
    assert "handed_off" == call.session.phase
    assert ["give.then"] == call.take(QueueResult("ended")).way


def test_recording_transfer_and_call_back_ask_the_shell() -> None:
    """And go on when it answers."""
    nodes = {
        "record": Record("message", then="call"),
        "call": CallBack("cards", "phone", after=minutes(5), then="out"),
        "out": Transfer('"113"', busy="end"),
        "end": End(),
    }
    call = Call(flow(nodes), values={"phone": "+84"}).answer("rec-1").answer()
    assert "rec-1" == call.session.values["message"]
    assert [(minutes(5), "+84")] == [(made.at, made.number) for made in call.saw(ScheduleCallBack)]
    assert (1, 1) == (len(call.saw(StartRecording)), len(call.saw(TransferContact)))
    call.take(InvokeFailed(call.session.token(call.session.call), "busy"))
    assert ["record.then", "call.then", "out.busy"] == call.way


def test_a_called_flow_comes_back() -> None:
    """And one that is gone to does not."""
    main: dict[str, Node] = {
        "call": CallFlow("pin", then="goto"),
        "goto": GotoFlow("bye"),
        "end": End(),
    }
    flows = [
        Flow("f", start="call", nodes=main),
        Flow("pin", start="say", nodes={"say": Assign({"ok": "true"}, then="end"), "end": End()}),
        Flow("bye", start="bye", nodes={"bye": End()}),
    ]
    call = Call(Machine(flows))
    assert ["say.then", "call.then"] == call.way
    assert ("bye", "end", ()) == (call.session.flow, call.reason, call.session.stack)


def test_flows_that_call_each_other_without_end_fail() -> None:
    """At a depth."""
    nodes = {"call": CallFlow("f", failed="end"), "end": End(disconnect=True)}
    assert ["call.failed"] == Call(flow(nodes)).way


def test_settings_go_to_the_shell_and_are_values() -> None:
    """The language is also the session's."""
    nodes = {
        "set": Setting({"language": '"en"', "voice": '"Anna"'}, then="say"),
        "say": Say({"vi": "chào", "en": "hello {voice}"}),
    }
    call = Call(flow(nodes))
    assert [{"language": "en", "voice": "Anna"}] == [
        dict(made.values) for made in call.saw(ApplySettings)
    ]
    assert ["hello Anna"] == [played.text for played in call.saw(Play)]


def test_what_cannot_be_run_takes_failed() -> None:
    """It is said, and nothing is guessed."""
    call = Call(flow({"odd": Opaque("LoopPrompts", then="end", failed="end"), "end": End()}))
    assert (["odd.failed"], 1) == (call.way, len(call.saw(NodeSkipped)))


def test_a_wait_can_be_interrupted() -> None:
    """Its prompts are played in turn meanwhile."""
    nodes = {
        "wait": Wait(minutes(1), meanwhile=("a", "b"), then="end", interrupted="end"),
        "end": End(),
    }
    call = Call(flow(nodes)).said().said()
    assert ["a", "b", "a"] == [played.text for played in call.saw(Play)]
    assert ["wait.interrupted"] == call.press("1").way
    over = Call(flow(nodes)).take(TimerFired("s/1"), at=minutes(1))
    assert ["wait.then"] == over.way


def test_a_message_or_a_word_interrupts_a_wait_as_well() -> None:
    """Where that is wired."""
    nodes = {"wait": Wait(None, interrupted="end"), "end": End()}
    ways = [
        Call(flow(nodes), modality="chat").take(Text("hello")).way,
        Call(flow(nodes)).take(Utterance("hello")).way,
        Call(flow({"wait": Wait(None)})).take(Utterance("hello")).way,
    ]
    assert [["wait.interrupted"], ["wait.interrupted"], []] == ways


def test_what_cannot_be_worked_out_goes_to_failed() -> None:
    """Whatever the node."""
    large = f"times({10**18}, {10**18})"
    kinds = [
        Assign({"n": large}, failed="end"),
        Setting({"n": large}, failed="end"),
        Setting({"language": "3"}, failed="end"),
        Invoke("f", {"n": large}, failed="end"),
        Loop("tries", failed="end"),
        Transfer("nobody", failed="end"),
        CallBack("cards", "nobody", failed="end"),
        CallFlow("nobody", failed="end"),
        GotoFlow("{nobody}", failed="end"),
    ]
    ways = [Call(flow({"node": kind, "end": End()})).way for kind in kinds]
    assert [["node.failed"]] * len(kinds) == ways


def test_a_loop_may_count_up_to_a_value() -> None:
    """Also where that is text."""
    nodes = {"loop": Loop("times", again="loop", done="end"), "end": End()}
    ways = [Call(flow(nodes), values={"times": times}).way for times in (2, "2")]
    assert [["loop.again", "loop.again", "loop.done"]] * 2 == ways


def test_facts_about_the_session_can_be_named() -> None:
    """Its id, its flow, its language, how it talks."""
    say = Say("{session.id} {session.flow} {session.language} {session.modality}")
    assert ["s f vi voice"] == [
        played.text for played in Call(flow({"say": say}), language="vi").saw(Play)
    ]


def test_values_in_speech_markup_are_no_markup() -> None:
    """Who is called `<break>` breaks nothing."""
    nodes = {"say": Say(Prompt(Wording(ssml="<speak>{who}</speak>")))}
    call = Call(flow(nodes), values={"who": "<b>&"})
    assert ["<speak>&lt;b&gt;&amp;</speak>"] == [played.ssml for played in call.saw(Play)]


def test_an_outcome_that_leads_nowhere_ends_the_session() -> None:
    """And hangs up."""
    call = Call(flow({"say": Say("bye")})).said()
    assert ("unwired", 1) == (call.reason, len(call.saw(Disconnect)))


def test_end_can_leave_the_connection() -> None:
    """Where somebody else goes on."""
    call = Call(flow({"end": End(disconnect=False)}))
    assert ("end", 0) == (call.reason, len(call.saw(Disconnect)))


# --- messages -------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["1", "số 1", "BAN", "bán", "(1)"])
def test_a_message_answers_by_number_or_label(answer: str) -> None:
    """Case and accents do not count."""
    call = Call(flow({"menu": MENU, "end": End()}), modality="sms").take(Text(answer))
    assert ["menu.choices[1]"] == call.way


def test_a_label_that_two_choices_share_is_no_match() -> None:
    """Accents folded, nobody can tell them apart."""
    choices = {"1": Choice("end", label="Bán"), "2": Choice("end", label="Bàn")}
    call = Call(flow({"menu": Menu("ask", choices), "end": End()}), modality="chat")
    assert [] == call.take(Text("ban")).way


def test_chat_has_buttons_and_bare_messages_have_lines() -> None:
    """The same menu."""
    chat = Call(flow({"menu": MENU, "end": End()}), modality="chat").saw(Play)[0]
    sms = Call(flow({"menu": MENU, "end": End()}), modality="sms").saw(Play)[0]
    assert [("1", "Bán"), ("2", "Mua thêm")] == [(one.key, one.label) for one in chat.buttons]
    assert ("Choose\n1. Bán\n2. Mua thêm", ()) == (sms.text, sms.buttons)


def test_a_button_of_an_older_question_is_ignored() -> None:
    """Its token is not the one at hand."""
    nodes = {"menu": MENU, "end": End()}
    call = Call(flow(nodes), modality="chat").take(Text("what"), Choose("1", "s/1"))
    assert ["the button is of an older question"] == [
        seen.reason for seen in call.did(InputIgnored)
    ]
    assert ["menu.choices[1]"] == call.take(Choose("1", call.saw(Play)[-1].token)).way


@pytest.mark.parametrize(
    ("own", "way"),
    [("late", ["menu.expired"]), (None, ["menu.expired"])],
)
def test_a_late_reply_goes_to_expired(own: str | None, way: list[str]) -> None:
    """The question's own, or the flow's; never into a new flow, never as an answer."""
    menu = Menu("ask", {"1": "late"}, reply_within=hours(1), expired=own)
    made = flow({"menu": menu, "late": Menu("too late", {"1": "late"})}, expired="late")
    call = Call(made, modality="chat").take(TimerFired("s/2"), at=hours(1))
    assert (1, "expired", []) == (len(call.saw(AskExpired)), call.session.phase, call.way)
    assert way == call.take(Text("1"), at=hours(200)).way
    assert "listening" == call.session.phase


def test_a_late_reply_without_a_way_ends_the_session() -> None:
    """Also when no timer was delivered."""
    call = Call(flow({"menu": MENU, "end": End()}), modality="chat").take(Text("1"), at=hours(25))
    assert ("expired", ["menu.expired"]) == (call.reason, call.way)


def test_what_comes_after_the_end_is_said_to_be_unread() -> None:
    """It starts nothing."""
    call = Call(flow({"end": End()}), modality="chat").take(Text("hello"))
    assert ["the session has ended"] == [seen.reason for seen in call.did(InputIgnored)]


def test_numbers_are_read_out_of_messages() -> None:
    """With blanks between."""
    node = Collect("n", "ask", shortest=4, longest=4, done="end")
    call = Call(flow({"ask": node, "end": End()}), modality="sms").take(Text("12 34"))
    assert "1234" == call.session.values["n"]


# --- hanging up -----------------------------------------------------------------------------------


def test_the_clean_up_runs_after_a_hang_up_and_may_call() -> None:
    """Its node that needs a customer ends it."""
    nodes = {
        "menu": MENU,
        "note": Invoke("note", done="say"),
        "say": Say("nobody hears this"),
        "end": End(),
    }
    call = Call(flow(nodes, on_hangup="note")).take(HangUp())
    assert ("note", "calling") == (call.session.node, call.session.phase)
    assert "hang_up" == call.answer().reason
    assert [] == call.saw(Disconnect)


def test_the_clean_up_is_that_of_the_innermost_flow_that_has_one() -> None:
    """Here the calling one's."""
    main: dict[str, Node] = {"call": CallFlow("ask"), "note": Invoke("note")}
    flows = [
        Flow("f", start="call", nodes=main, on_hangup="note"),
        Flow("ask", start="menu", nodes={"menu": MENU}),
    ]
    call = Call(Machine(flows)).take(HangUp())
    assert ("f", "note") == (call.session.flow, call.session.node)


# --- versions -------------------------------------------------------------------------------------


def test_running_sessions_stay_on_their_version() -> None:
    """New ones start in the last."""
    old = flow({"menu": MENU, "end": End()}, version="1")
    new = flow({"hello": Say("hi", then="end"), "end": End()}, version="2")
    call = Call(Machine([old]))
    both = Machine([old, new])
    after = both.step(call.session, Press("1"), 0).session
    assert ("1", "end") == (after.version, after.reason)
    assert "2" == both.start("f", session="t", now=0).session.version
    with pytest.raises(MissingFlow, match="version '1'"):
        Machine([new]).step(call.session, Press("1"), 0)


def test_a_session_moves_to_another_version() -> None:
    """With its counters; nodes may have other names there."""
    old = flow({"menu": MENU, "end": End()}, version="1")
    new = flow({"choose": MENU, "end": End()}, version="2")
    machine = Machine([old, new])
    session = machine.step(Call(Machine([old])).session, Press("9"), 0).session
    moved = machine.migrate(session, "2", 0, nodes={"menu": "choose"}).session
    assert ("2", "choose", 1, "f/choose") == (
        moved.version,
        moved.node,
        moved.no_match,
        moved.asking,
    )
    assert "end" == machine.step(moved, Press("1"), 0).session.reason
    with pytest.raises(MissingNode, match="menu"):
        machine.migrate(session, "2", 0)
    with pytest.raises(IllegalInput, match="End"):
        machine.migrate(session, "2", 0, nodes={"menu": "end"})


def test_a_missing_node_is_named() -> None:
    """Nothing has changed when it raises."""
    call = Call(flow({"menu": Menu("ask", {"1": "crads"}), "cards": End()}))
    with pytest.raises(MissingNode, match=r"no node 'crads'.*'cards'"):
        call.take(Press("1"))
    assert "menu" == call.session.node


def test_a_text_that_does_not_parse_names_flow_and_node() -> None:
    """When the machine is made, not when a customer calls."""
    with pytest.raises(ConfigurationError, match="flow f, node 'look'"):
        Machine([flow({"look": Branch((Case("n >", "end"),))})])


def test_a_retry_of_a_step_asks_for_the_same() -> None:
    """Ids and all; so a shell can tell."""
    call = Call(flow({"menu": MENU, "end": End()}))
    first, second = (call.machine.step(call.session, Press("1"), 0) for _ in range(2))
    assert first == second


def test_what_is_pending_can_be_listed_after_a_restart() -> None:
    """The timer and the call, as they were; no prompt."""
    call = Call(flow({"ask": Invoke("crm", {"who": "name"})}), values={"name": "Lan"})
    listed = call.machine.pending(call.session)
    assert [("SetTimer", "s/2"), ("CallFunction", "s/1")] == [
        (type(one).__name__, getattr(one, "token", "") or getattr(one, "call", ""))
        for one in listed
    ]
    assert [seconds(10)] == [one.at for one in listed if isinstance(one, SetTimer)]


def test_a_caller_moves_along_and_what_cannot_move_is_told() -> None:
    """A flow that calls itself stands on the stack in the same version."""
    nodes = {"menu": Menu("ask", {"1": "call", "2": "end"}), "call": CallFlow("f"), "end": End()}
    old, new = (flow(nodes, version=version) for version in "12")
    machine = Machine([old, new])
    session = Call(Machine([old])).press("1").session
    moved = machine.migrate(session, "2", 0).session
    assert [("2", "call")] == [(frame.version, frame.node) for frame in moved.stack]
    with pytest.raises(MissingFlow, match="no version '3'"):
        machine.migrate(session, "3", 0)
    with pytest.raises(IllegalInput, match="has ended"):
        machine.migrate(Call(Machine([old])).take(HangUp()).session, "2", 0)


def test_flows_and_versions_that_are_not_there_are_told_apart() -> None:
    """No such flow, no such version, or another graph under the same one."""
    session = Call(flow({"menu": MENU, "end": End()})).session
    wrong = {
        "there is no such flow": [],
        "there is no version ''": [flow({"menu": MENU}, version="2")],
        "another graph": [flow({"menu": MENU})],
    }
    for why, flows in wrong.items():
        with pytest.raises(MissingFlow, match=why):
            Machine(flows).step(session, HangUp(), 0)


def test_a_deadline_that_ends_a_session_comes_before_the_input() -> None:
    """Which nobody reads then."""
    nodes = {"menu": Menu("ask", {"1": "end"}, tries=1, exhausted="end"), "end": End()}
    call = Call(flow(nodes)).said(0).press("1", seconds(5))
    assert ["menu.exhausted"] == call.way
    assert ["the session has ended"] == [seen.reason for seen in call.did(InputIgnored)]
