"""Twilio Studio's definitions as flows of ours: what each widget becomes, and that it runs so."""

from __future__ import annotations

import json

import pytest

from tests.ivr.studio_flows import EVENTS, Json, Talk, document, node, say, split, widget
from tongdai.ivr import effects, inputs
from tongdai.ivr.importers.studio import load
from tongdai.ivr.nodes import (
    CallFlow,
    Collect,
    HandOff,
    Invoke,
    Loop,
    Opaque,
    Record,
    Say,
    Setting,
)
from tongdai.model.time import seconds

# --- the whole ------------------------------------------------------------------------------------


def test_a_definition_becomes_a_flow_with_a_node_for_each_widget() -> None:
    """Each widget has the node of its name, and the flow has the description for an id."""
    found = load(document(say("hello", then="bye"), say("bye")))
    assert "A flow" == found.flow.id
    assert ((3, 3), "Trigger") == (found.native, found.flow.start)
    assert ("trigger", "Trigger") == found.steps[0]
    assert {"Trigger", "hello", "bye", "end"} == set(found.flow.nodes)
    assert () == found.diagnostics


def test_text_bytes_objects_and_what_the_rest_api_answers_are_the_same() -> None:
    """A definition may come in any of these forms."""
    made = document(say("hello"))
    answer = {"sid": "FW1", "friendly_name": "A flow", "definition": made}
    once = load(made)
    assert [once] * 3 == [load(json.dumps(made)), load(json.dumps(made).encode()), load(answer)]


def test_what_stands_beside_the_widgets_is_kept() -> None:
    """Flags and description go along with the flow."""
    kept = load(document(say("hello"))).flow.extra
    assert {"description": "A flow", "flags": {"allow_concurrent_calls": True}} == kept


def test_a_missing_next_ends_the_flow() -> None:
    """Where Studio's flow ends, the session ends and the call with it."""
    talk = Talk(document(say("hello")))
    assert (["hello"], "end") == (talk.heard, talk.session.reason)
    assert talk.last(effects.Disconnect)


def test_a_way_to_a_widget_that_is_not_there_is_told() -> None:
    """It stays as it is, so that lint finds it; nothing else is guessed."""
    found = load(document(say("hello", then="nowhere")))
    first = found.flow.nodes["hello"]
    assert isinstance(first, Say)
    assert "nowhere" == first.then
    assert ["warning  hello: audioComplete leads to 'nowhere', which is not in the definition"] == [
        str(told) for told in found.diagnostics
    ]


def test_the_trigger_tells_calls_from_messages_requests_and_parents() -> None:
    """What the session was given decides; failing that, how it talks."""
    made = document(
        *(say(name) for name in ("call", "message", "chat", "request", "parent")),
        incomingCall="call",
        incomingMessage="message",
        incomingConversationMessage="chat",
        incomingRequest="request",
        incomingParent="parent",
    )
    found = [
        Talk(made).heard,
        Talk(made, "sms").heard,
        Talk(made, "chat", trigger={"conversation": {"ConversationSid": "CH1"}}).heard,
        Talk(made, "sms", trigger={"message": {"From": "+84"}}).heard,
        Talk(made, trigger={"request": {"to": "+84"}}).heard,
        Talk(made, trigger={"parent": {"parameters": {}}}).heard,
    ]
    assert [["call"], ["message"], ["chat"], ["message"], ["request"], ["parent"]] == found


# --- voice ----------------------------------------------------------------------------------------

MENU = document(
    widget(
        "menu",
        "gather-input-on-call",
        {
            "say": "Press 1 or say sales.",
            "loop": 2,
            "timeout": 4,
            "number_of_digits": 3,
            "stop_gather": True,
            "finish_on_key": "*",
            "hints": "sales, support",
            "speech_timeout": "auto",
            "gather_language": "en-US",
            "voice": "Polly.Joanna",
        },
        keypress="keyed",
        speech="said",
        timeout="nothing",
    ),
    say("keyed", "You keyed {{widgets.menu.Digits}}{{widgets.menu.SpeechResult}}."),
    say("said", "You said {{widgets.menu.SpeechResult}}{{widgets.menu.Digits}}."),
    say("nothing", then="menu"),
)


def test_a_gather_is_a_collect_with_every_parameter() -> None:
    """What no field carries goes along with the question."""
    menu = node(MENU, "menu")
    assert isinstance(menu, Collect)
    assert (3, "*", seconds(4), seconds(4), 1) == (
        menu.longest,
        menu.terminator,
        menu.within,
        menu.between,
        menu.tries,
    )
    assert {"hints", "speech_timeout", "gather_language", "voice", "offset"} == set(menu.extra)
    assert "Polly.Joanna" == Talk(MENU).last(effects.Play).extra["voice"]
    assert "sales, support" == Talk(MENU).last(effects.Listen).extra["hints"]


def test_a_gather_takes_keys_or_speech() -> None:
    """Each goes its own way and has its own name; the words are said as often as it says."""
    asked = "Press 1 or say sales. Press 1 or say sales."
    assert [asked, "You keyed 12."] == Talk(MENU).press("12*").heard
    assert [asked, "You keyed 123."] == Talk(MENU).press("123").heard
    assert [asked, "You keyed 1."] == Talk(MENU).press("1").wait(seconds(5)).heard
    assert [asked, "You said sales."] == Talk(MENU).tell(inputs.Utterance("sales")).heard
    assert [asked, "nothing", asked] == Talk(MENU).wait(seconds(5)).heard
    assert [asked, "nothing", asked, "You said x."] == (
        Talk(MENU).wait(seconds(5)).tell(inputs.Utterance("x")).heard
    )


def test_a_second_answer_takes_the_place_of_the_first() -> None:
    """What was keyed before is gone when the caller speaks the next time."""
    made = document(
        widget("ask", "gather-input-on-call", {"say": "?"}, keypress="told", speech="told"),
        say("told", "{{widgets.ask.Digits}}/{{widgets.ask.SpeechResult}}", then="ask"),
    )
    talk = Talk(made).press("1#").tell(inputs.Utterance("yes")).press("2#")
    assert ["?", "1/", "?", "/yes", "?", "2/", "?"] == talk.heard


def test_finish_on_key_counts_only_where_it_is_switched_on() -> None:
    """It is kept where it is switched off."""
    made = widget("g", "gather-input-on-call", {"finish_on_key": "#", "stop_gather": False})
    off = node(document(made), "g")
    assert isinstance(off, Collect)
    assert ("", "#") == (off.terminator, off.extra["finish_on_key"])


def test_a_prompt_is_repeated_as_often_as_it_says() -> None:
    """`loop` 3 says it three times, 0 until the caller hangs up."""
    made = document(
        widget("s", "say-play", {"say": "Hi", "loop": 3}, audioComplete="bye"), say("bye")
    )
    assert ["Hi", "Hi", "Hi", "bye"] == Talk(made).heard
    assert any(isinstance(one, Loop) for one in load(made).flow.nodes.values())
    forever = node(document(widget("s", "say-play", {"say": "Hi", "loop": 0})), "s")
    assert isinstance(forever, Say)
    assert "s" == forever.then


def test_a_recording_is_played() -> None:
    """`play` is the audio of the prompt, also where the address is a template."""
    url = "https://example.org/{{flow.data.lang}}.mp3"
    talk = Talk(
        document(widget("p", "say-play", {"play": url, "loop": 1})), flow={"data": {"lang": "vi"}}
    )
    assert "https://example.org/vi.mp3" == talk.last(effects.Play).audio


@pytest.mark.parametrize(
    ("failed", "status"),
    [("", "completed"), ("busy", "busy"), ("no_answer", "no-answer"), ("failed", "failed")],
)
def test_a_connected_call_goes_on_whatever_came_of_it(failed: str, status: str) -> None:
    """Studio has one way out, and a value that tells."""
    made = document(
        widget(
            "dial",
            "connect-call-to",
            {
                "noun": "number",
                "to": "{{flow.data.to}}",
                "caller_id": "{{contact.channel.address}}",
                "timeout": "20",
                "record": True,
            },
            callCompleted="after",
        ),
        say("after", "{{widgets.dial.DialCallStatus}}"),
    )
    talk = Talk(made, flow={"data": {"to": "+8424"}}, contact={"channel": {"address": "+8490"}})
    dialled = talk.last(effects.TransferContact)
    assert ("+8424", seconds(20), True) == (dialled.to, dialled.within, dialled.extra["record"])
    assert {"caller_id": "+8490"} == dict(talk.last(effects.ApplySettings).values)
    assert [status] == talk.answer(failed=failed).heard


def test_what_is_wired_to_a_hang_up_runs_after_a_hang_up_there() -> None:
    """And not after a hang-up elsewhere."""
    made = document(
        widget(
            "dial",
            "connect-call-to",
            {"noun": "client", "to": "joey", "caller_id": "x"},
            callCompleted="ask",
            hangup="note",
        ),
        widget("ask", "gather-input-on-call", {"say": "?"}),
        widget("note", "run-function", {"url": "https://x.org/note"}, success=""),
    )
    assert [] == [one for one in Talk(made).done if isinstance(one, effects.CallFunction)]
    gone = Talk(made).tell(inputs.HangUp())
    assert "note" == gone.last(effects.CallFunction).function
    assert "hang_up" == gone.session.reason
    later = Talk(made).answer().tell(inputs.HangUp())
    assert [] == [one for one in later.done if isinstance(one, effects.CallFunction)]


def test_a_hang_up_that_leads_to_a_prompt_is_told() -> None:
    """Nobody would hear it."""
    made = document(widget("dial", "connect-call-to", {"to": "1"}, hangup="bye"), say("bye"))
    assert ["note  dial: after a hang-up nobody hears 'bye': the flow ends instead"] == [
        str(told) for told in load(made).diagnostics
    ]


def test_a_voicemail_is_recorded() -> None:
    """With its lengths; silence has a way of its own."""
    made = document(
        widget(
            "vm",
            "record-voicemail",
            {"max_length": 60, "timeout": 3, "finish_on_key": "*", "transcribe": True},
            recordingComplete="thanks",
            noAudio="nothing",
        ),
        say("thanks", "At {{widgets.vm.RecordingUrl}}"),
        say("nothing"),
    )
    asked = Talk(made).last(effects.StartRecording)
    assert (seconds(60), seconds(3), "*", True) == (
        asked.longest,
        asked.silence,
        asked.terminator,
        asked.extra["transcribe"],
    )
    assert isinstance(node(made, "vm"), Record)
    assert ["At rec1"] == Talk(made).answer("rec1").heard
    assert ["nothing"] == Talk(made).answer(failed="no_input").heard


def test_recordings_and_streams_are_settings() -> None:
    """They start and stop without talking."""
    made = document(
        widget("rec", "record-call", {"record_call": True, "trim": "no"}, success="fork"),
        widget(
            "fork",
            "fork-stream",
            {"stream_action": "start", "stream_url": "wss://{{flow.data.host}}"},
            next="bye",
        ),
        say("bye"),
    )
    talk = Talk(made, flow={"data": {"host": "h"}})
    settings = [one.values for one in talk.done if isinstance(one, effects.ApplySettings)]
    assert [{"recording": True}, {"stream_url": "wss://h"}, {"stream": "start"}] == settings
    assert isinstance(node(made, "rec"), Setting)
    assert ["bye"] == talk.heard


# --- queues ---------------------------------------------------------------------------------------


def test_a_contact_is_handed_off_with_its_attributes() -> None:
    """The workflow is the queue, by our own name for it; the agent sees the attributes."""
    made = document(
        widget(
            "flex",
            "send-to-flex",
            {
                "workflow": "WW1",
                "channel": "TC1",
                "priority": "7",
                "attributes": '{"name": "{{trigger.call.From}}", "vip": true, "a": {"b": "c"}}',
            },
            callComplete="survey",
            failedToEnqueue="sorry",
        ),
        say("survey"),
        say("sorry"),
    )
    found = load(made, queues={"WW1": "cards"}).flow.nodes["flex"]
    assert isinstance(found, HandOff)
    assert ("cards", "sorry", "sorry", "sorry", "survey") == (
        found.queue,
        found.full,
        found.closed,
        found.failed,
        found.then,
    )
    talk = Talk(made, trigger={"call": {"From": "+84"}})
    given_ = talk.last(effects.GiveToQueue)
    assert ("WW1", 7) == (given_.queue, given_.priority)
    assert {"attributes.name": "+84", "attributes.vip": "true", "attributes.a.b": "c"} == dict(
        given_.context
    )
    assert ["sorry"] == talk.tell(inputs.QueueResult("full")).heard


def test_an_odd_workflow_is_a_queue_too() -> None:
    """Braces of a deployment template are text; attributes that are no object go along whole."""
    made = document(
        widget(
            "q", "enqueue-call", {"workflow_sid": "${SID}", "task_attributes": "{{flow.data.n}}"}
        )
    )
    talk = Talk(made, flow={"data": {"n": 1}}).last(effects.GiveToQueue)
    assert ("${SID}", {"attributes": "1"}) == (talk.queue, dict(talk.context))


# --- messages -------------------------------------------------------------------------------------

CHAT = document(
    widget(
        "ask",
        "send-and-wait-for-reply",
        {
            "body": "Your name, {{contact.channel.address}}?",
            "timeout": "60",
            "from": "{{flow.channel.address}}",
            "service": "{{trigger.message.InstanceSid}}",
            "channel": "{{trigger.message.ChannelSid}}",
        },
        incomingMessage="thanks",
        timeout="late",
        deliveryFailure="failed",
    ),
    widget("thanks", "send-message", {"body": "Hi {{widgets.ask.inbound.Body}}"}),
    widget("late", "send-message", {"body": "late"}, sent="ask"),
    widget("failed", "send-message", {"body": "failed"}),
    incomingMessage="ask",
)


def test_a_message_is_said_and_a_reply_is_collected() -> None:
    """In the conversation that there is; no reply in time goes its own way."""
    contact = {"channel": {"address": "+84"}}
    talk = Talk(CHAT, "sms", contact=contact).tell(inputs.Text("Lan 2"), after=seconds(59))
    assert ["Your name, +84?", "Hi Lan 2"] == talk.heard
    talk = Talk(CHAT, "sms", contact=contact).wait(seconds(60)).tell(inputs.Text("2"))
    assert ["Your name, +84?", "late", "Your name, +84?", "Hi 2"] == talk.heard
    assert (5, 5) == load(CHAT).native


def test_a_message_to_somebody_else_or_beside_a_call_is_sent_by_the_application() -> None:
    """It is no answer to the customer: a service sends it, and both ways out stay."""
    message = {
        "to": "{{flow.data.other}}",
        "body": "Hi {{flow.data.n}}",
        "media_url": "https://x/1",
    }
    made = document(
        widget("m", "send-message", message, sent="ok", failed="bad"), say("ok"), say("bad")
    )
    assert isinstance(node(made, "m"), Invoke)
    sent: list[Json] = []

    def send(**args: object) -> None:
        sent.append(args)

    data = {"data": {"other": "+1", "n": 5}}
    talk = Talk(made, "voice", {"send_message": send}, flow=data)
    assert [{"to": "+1", "body": "Hi 5", "media_url": "https://x/1"}] == sent
    assert ["ok"] == talk.heard
    assert ["bad"] == Talk(made, "voice", flow=data).heard


# --- tools ----------------------------------------------------------------------------------------


def test_a_counter_counts() -> None:
    """Variables are set from templates; a loop of widgets ends at its count."""
    made = document(
        widget("zero", "set-variables", {"variables": [{"key": "n", "value": "0"}]}, next="more"),
        widget(
            "more",
            "set-variables",
            {"variables": [{"key": "n", "value": "{{flow.variables.n | plus: 1}}"}]},
            next="say",
        ),
        say("say", "{{flow.variables.n}}", then="enough"),
        split("enough", "{{flow.variables.n}}", ("less_than", "3", "more"), other="bye"),
        say("bye"),
    )
    assert ["1", "2", "3", "bye"] == Talk(made).heard


def test_a_function_is_called_by_its_path_and_its_answer_has_a_name() -> None:
    """Arguments that are one name keep their kind; ids of Twilio's go along."""
    made = document(
        widget(
            "look",
            "run-function",
            {
                "url": "https://x.twil.io/orders/find?v=1",
                "service_sid": "ZS1",
                "function_sid": "ZH1",
                "parameters": [
                    {"key": "id", "value": "{{flow.data.id}}"},
                    {"key": "text", "value": "no {{flow.data.id}}"},
                ],
            },
            success="told",
            fail="sorry",
        ),
        say("told", "{{widgets.look.parsed.state}}"),
        say("sorry"),
    )
    seen: list[Json] = []

    def find(**args: object) -> Json:
        seen.append(args)
        return {"parsed": {"state": "sent"}}

    data = {"data": {"id": 7}}
    talk = Talk(made, "voice", {"orders/find": find}, flow=data)
    assert [{"id": 7, "text": "no 7"}] == seen
    assert ["sent"] == talk.heard
    assert "ZS1" == talk.last(effects.CallFunction).extra["service_sid"]
    assert ["sorry"] == Talk(made, flow=data).heard


def test_a_request_is_a_service_of_the_application() -> None:
    """Method, address, body and parameters are its arguments."""
    made = document(
        widget(
            "http",
            "make-http-request",
            {
                "method": "POST",
                "url": "https://x/{{flow.data.id}}",
                "content_type": "application/json",
                "body": '{"id": "{{flow.data.id}}"}',
                "parameters": [{"key": "p", "value": "v"}],
            },
            success="told",
        ),
        say("told", "{{widgets.http.status_code}}"),
    )
    seen: list[Json] = []

    def request(**args: object) -> Json:
        seen.append(args)
        return {"status_code": 200}

    assert ["200"] == Talk(made, "voice", {"http_request": request}, flow={"data": {"id": 7}}).heard
    assert [
        {
            "method": "POST",
            "url": "https://x/7",
            "content_type": "application/json",
            "body": '{"id": "7"}',
            "parameters.p": "v",
        }
    ] == seen


def test_a_subflow_is_called_and_finds_its_parameters() -> None:
    """It starts by its trigger's way for a parent and comes back."""
    main = document(
        widget(
            "sub",
            "run-subflow",
            {
                "flow_sid": "flow1",
                "flow_revision": "LatestPublished",
                "parameters": [{"key": "who", "value": "{{flow.data.who}}"}],
            },
            completed="back",
        ),
        say("back"),
    )
    sub = document(say("hi", "Hi {{trigger.parent.parameters.who}}"), incomingParent="hi")
    assert isinstance(node(main, "sub"), CallFlow)
    assert ["Hi Lan", "back"] == Talk([main, sub], flow={"data": {"who": "Lan"}}).heard
    renamed = load(main, flows={"flow1": "other"}).flow.nodes["sub"]
    assert isinstance(renamed, CallFlow)
    assert "other" == renamed.flow


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("capture-payments", {"payment_connector": "Default", "payment_amount": "10"}),
        ("add-twiml-redirect", {"url": "https://x.org/twiml", "method": "POST"}),
        ("make-outgoing-call-v2", {"from": "1", "to": "2"}),
        ("send-to-auto-pilot", {"autopilot_assistant_sid": "UA1"}),
        ("connect-virtual-agent", {"connector": "x"}),
        ("say-play", {"digits": "1w2"}),
        ("say-play", {"say": ["a"]}),
        ("say-play", {"say": "a", "play": "b"}),
        ("say-play", {"say": "a", "loop": "often"}),
        ("gather-input-on-call", {"timeout": "auto"}),
        ("gather-input-on-call", {"number_of_digits": 1000}),
        ("gather-input-on-call", {"finish_on_key": "##"}),
        ("connect-call-to", {"noun": "pigeon", "to": "1"}),
        ("connect-call-to", {"noun": "number"}),
        ("record-voicemail", {"finish_on_key": "1234567890*#"}),
        ("set-variables", {"variables": [{"value": "x"}]}),
        (
            "set-variables",
            {"variables": [{"key": "x", "value": "{}", "parse_as_json_object": True}]},
        ),
        ("set-variables", {"variables": {"a": "b"}}),
        ("send-to-flex", {"channel": "TC1"}),
        ("run-subflow", {}),
        ("make-http-request", {"method": "GET"}),
        ("run-function", {"url": "https://x", "parameters": "none"}),
    ],
)
def test_what_we_cannot_run_is_opaque_with_all_it_had(kind: str, properties: Json) -> None:
    """Its parameters and ways are there, and it is told; the machine takes its failure."""
    events = EVENTS[kind].split()
    made = document(widget("w", kind, properties, **dict.fromkeys(events, "next")), say("next"))
    found = load(made)
    kept = found.flow.nodes["w"]
    assert isinstance(kept, Opaque)
    assert {**properties, "offset": {"x": 10, "y": -20}} == dict(kept.parameters)
    ways = {*kept.others.values(), kept.failed}
    assert "next" in ways
    assert ("w", kind, "warning") == (
        found.diagnostics[0].node,
        found.diagnostics[0].kind,
        found.diagnostics[0].level,
    )
    assert (2, 3) == found.native
    assert Talk(made).session.ended


def test_an_invented_widget_is_opaque() -> None:
    """Also one with ways, or conditions on ways, that no such widget has."""
    invented: Json = {
        "name": "w",
        "type": "teleport",
        "transitions": [],
        "properties": {"to": "Mars"},
    }
    odd = say("odd")
    odd["transitions"][0]["conditions"] = [{"type": "equal_to"}]
    more = say("more")
    more["transitions"].append({"event": "shrug", "next": "w"})
    found = load(document(invented, odd, more))
    assert (1, 4) == found.native
    assert {"w", "odd", "more"} == {told.node for told in found.diagnostics}


def test_a_question_in_the_providers_words_is_sent_and_then_read() -> None:
    """The application sends the template; what the customer answers is collected."""
    made = document(
        widget(
            "ask",
            "send-and-wait-for-reply",
            {
                "body": "",
                "content_sid": "HX1",
                "content_variables": [{"key": "1", "value": "{{flow.data.name}}"}],
                "timeout": "60",
            },
            incomingMessage="told",
            deliveryFailure="failed",
        ),
        widget("told", "send-message", {"body": "{{widgets.ask.inbound.Body}}"}),
        widget("failed", "send-message", {"body": "failed"}),
        incomingMessage="ask",
    )
    sent: list[Json] = []

    def send(**args: object) -> None:
        sent.append(args)

    data = {"data": {"name": "Lan"}}
    talk = Talk(made, "sms", {"send_message": send}, flow=data).tell(inputs.Text("yes"))
    assert [{"content_sid": "HX1", "content_variables.1": "Lan"}] == sent
    assert ["yes"] == talk.heard
    assert ["failed"] == Talk(made, "sms", flow=data).heard


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"properties": []}, "its properties are no object"),
        ({"transitions": {}}, "its transitions are no list"),
        ({"transitions": [1]}, "a transition is not of the form"),
        ({"transitions": [{"event": 1}]}, "a transition is not of the form"),
        ({"transitions": [{"event": "audioComplete", "next": 1}]}, "a transition is not of"),
        (
            {"transitions": [{"event": "audioComplete", "next": "x" * 200}]},
            "a transition is not of",
        ),
        ({"transitions": [{"event": "audioComplete", "conditions": 1}]}, "a transition is not of"),
        (
            {"transitions": [{"event": "audioComplete", "conditions": [1]}]},
            "a transition is not of",
        ),
        ({"transitions": [{"event": "audioComplete", "next": "a"}] * 2}, "there are two ways out"),
        ({"properties": {"say": "x", "new": ["{{x}}"]}}, "new: a template inside a list"),
    ],
)
def test_a_widget_of_another_form_is_opaque(change: Json, why: str) -> None:
    """Whatever of it can be read is kept, and told."""
    found = load(document({**say("w"), **change}, say("a")))
    assert isinstance(found.flow.nodes["w"], Opaque)
    assert why == found.diagnostics[0].message[: len(why)]


def test_what_stands_beside_a_widgets_properties_is_kept() -> None:
    """Also where its values are numbers or flags instead of texts."""
    odd = {**say("w"), "note": "kept"}
    odd["properties"] = {"say": 12, "loop": "1"}
    kept = node(document(odd), "w")
    assert isinstance(kept, Say)
    assert "kept" == kept.extra["note"]
    assert ["12"] == Talk(document(odd)).heard
    pairs = [{"key": "n", "value": 3}, {"key": "b", "value": True}]
    made = document(
        widget("set", "set-variables", {"variables": pairs}, next="told"),
        say("told", "{{flow.variables.n}} {{flow.variables.b}}"),
    )
    assert ["3 true"] == Talk(made).heard
