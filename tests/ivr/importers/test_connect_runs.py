"""Imported Connect flows do what they do there."""

from __future__ import annotations

import pytest

from tests.ivr.importers.connect_flows import BYE, SORRY, Caller, Json, action, document, equals
from tongdai.ivr import effects, inputs
from tongdai.model.calendar import BusinessCalendar
from tongdai.model.time import hours, seconds

ALWAYS = BusinessCalendar(
    "UTC", dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), "00:00-24:00")
)
NEVER = BusinessCalendar("UTC", {})


def menu(*, store: str = "False", **errors: str) -> Json:
    """Return a menu: 1 leads to cards, 2 to loans."""
    return action(
        "menu",
        "GetParticipantInput",
        {"Text": "Cards 1, loans 2.", "StoreInput": store, "InputTimeLimitSeconds": "5"},
        "sorry",
        when=equals(**{"1": "cards", "2": "loans"}),
        **errors,
    )


def queue(name: str) -> list[Json]:
    """Return two actions that set a queue and hand the contact over."""
    return [
        action(
            name,
            "UpdateContactTargetQueue",
            {"QueueId": f"queue-{name}"},
            f"to {name}",
            NoMatchingError="bye",
        ),
        action(
            f"to {name}",
            "TransferContactToQueue",
            None,
            "bye",
            QueueAtCapacity="sorry",
            NoMatchingError="bye",
        ),
    ]


MENU = document(
    menu(InputTimeLimitExceeded="bye", NoMatchingCondition="sorry", NoMatchingError="bye"),
    *queue("cards"),
    *queue("loans"),
    SORRY,
    BYE,
)


@pytest.mark.parametrize(("key", "wanted"), [("1", "queue-cards"), ("2", "queue-loans")])
def test_a_key_leads_to_its_queue(key: str, wanted: str) -> None:
    """Pressing a key hands the contact to the queue that was set."""
    assert wanted == Caller(MENU).press(key).last(effects.GiveToQueue).queue


def test_a_queue_that_is_full_goes_the_way_of_its_error() -> None:
    """QueueAtCapacity is the outcome `full`."""
    caller = Caller(MENU).press("1")
    call = caller.last(effects.GiveToQueue).call
    assert "Sorry." in caller.tell(inputs.QueueResult("full", call)).heard


def test_a_wrong_key_is_the_condition_that_does_not_match() -> None:
    """NoMatchingCondition is taken at once, nothing is asked again."""
    assert ["Cards 1, loans 2.", "Sorry."] == Caller(MENU).press("7").heard


def test_no_key_is_a_timeout_when_the_time_is_over() -> None:
    """InputTimeLimitExceeded is taken after the time that the action states, not before."""
    caller = Caller(MENU).wait(seconds(5) - seconds(0.1))
    assert not caller.did(effects.Disconnect)
    assert caller.wait(seconds(0.2)).did(effects.Disconnect)


def test_a_timeout_without_a_way_of_its_own_goes_the_general_way() -> None:
    """What the action does not state is NoMatchingError."""
    flow = document(menu(NoMatchingError="sorry"), *queue("cards"), *queue("loans"), SORRY, BYE)
    assert "Sorry." in Caller(flow).wait(seconds(6)).heard


def test_a_loop_continues_so_often_and_begins_again() -> None:
    """A loop of two says its prompt twice, and twice again on the next round."""
    flow = document(
        action(
            "again",
            "Loop",
            {"LoopCount": "2"},
            "ask",
            when=equals(ContinueLooping="say", DoneLooping="ask"),
        ),
        action("say", "MessageParticipant", {"Text": "Tick."}, "again"),
        action(
            "ask",
            "GetParticipantInput",
            {"Text": "More?", "StoreInput": "False", "InputTimeLimitSeconds": "5"},
            "bye",
            when=equals(**{"1": "again"}),
            NoMatchingCondition="bye",
            InputTimeLimitExceeded="bye",
            NoMatchingError="bye",
        ),
        BYE,
    )
    caller = Caller(flow)
    assert ["Tick.", "Tick.", "More?"] == caller.heard
    assert ["Tick.", "Tick.", "More?"] * 2 == caller.press("1").heard


STORE = document(
    action(
        "ask",
        "GetParticipantInput",
        {
            "Text": "Your card number?",
            "StoreInput": "True",
            "InputTimeLimitSeconds": "5",
            "InputValidation": {"CustomValidation": {"MaximumLength": "4"}},
            "DTMFConfiguration": {"DisableCancelKey": "False"},
        },
        "look",
        NoMatchingError="bye",
    ),
    action(
        "look",
        "Compare",
        {"ComparisonValue": "$.StoredCustomerInput"},
        "tell",
        when=equals(Timeout="sorry"),
        NoMatchingCondition="tell",
    ),
    action("tell", "MessageParticipant", {"Text": "You keyed $.StoredCustomerInput."}, "bye"),
    SORRY,
    BYE,
)


def test_stored_digits_are_a_value() -> None:
    """What is keyed is StoredCustomerInput; the longest length completes it."""
    assert "You keyed 1234." in Caller(STORE).press("1234").heard


def test_the_cancel_key_throws_digits_away() -> None:
    """`*` begins again, unless it is disabled."""
    assert "You keyed 34." in Caller(STORE).press("12*34#").heard


def test_no_stored_digits_are_the_text_timeout() -> None:
    """A flow that compares with Timeout finds it."""
    assert "Sorry." in Caller(STORE).wait(seconds(6)).heard


def test_a_function_is_called_with_its_arguments_and_answers_under_external() -> None:
    """A Lambda gets its attributes; what it answers is $.External."""
    flow = document(
        action(
            "call",
            "InvokeLambdaFunction",
            {
                "LambdaFunctionARN": "$.Attributes.function",
                "InvocationTimeLimitSeconds": "3",
                "LambdaInvocationAttributes": {
                    "phone": "$.CustomerEndpoint.Address",
                    "kind": "vip",
                },
            },
            "tell",
            NoMatchingError="sorry",
        ),
        action("tell", "MessageParticipant", {"Text": "Hello $.External.name, {dear}"}, "bye"),
        SORRY,
        BYE,
    )
    values = {"Attributes.function": "lookup", "CustomerEndpoint": {"Address": "+8491"}}
    caller = Caller(flow, values=values)
    call = caller.last(effects.CallFunction)
    assert ("lookup", {"phone": "+8491", "kind": "vip"}) == (call.function, call.args)
    assert "Hello An, {dear}" in caller.answer({"name": "An"}).heard
    assert "Sorry." in Caller(flow, values=values).wait(seconds(3)).heard
    assert "Sorry." in Caller(flow, values=values).fail().heard


@pytest.mark.parametrize(
    ("operator", "operand", "value", "holds"),
    [
        ("Equals", "gold", "gold", True),
        ("Equals", "gold", "Gold", False),
        ("Equals", "7", 7, True),
        ("Equals", "$.Attributes.same", "gold", True),
        ("TextStartsWith", "go", "gold", True),
        ("TextEndsWith", "ld", "gold", True),
        ("TextContains", "ol", "gold", True),
        ("TextContains", "xx", "gold", False),
        ("NumberGreaterThan", "3", "10", True),
        ("NumberGreaterThan", "3", "3", False),
        ("NumberGreaterOrEqualTo", "3", "3.0", True),
        ("NumberLessThan", "3", "-2", True),
        ("NumberLessOrEqualTo", "3", "4", False),
        ("NumberLessThan", "3", "few", False),
        ("NumberLessThan", "few", "3", False),
        ("NumberLessThan", "3", None, False),
    ],
)
def test_comparing_is_as_in_connect(
    operator: str, operand: str, value: object, *, holds: bool
) -> None:
    """Texts are compared as texts, numbers as numbers, and what is no number is neither."""
    flow = document(
        action(
            "look",
            "Compare",
            {"ComparisonValue": "$.Attributes.x"},
            "bye",
            when=[(operator, operand, "sorry")],
            NoMatchingCondition="bye",
        ),
        SORRY,
        BYE,
    )
    caller = Caller(flow, values={"Attributes": {"x": value, "same": "gold"}})
    assert holds == ("Sorry." in caller.heard)


def test_attributes_are_values_from_then_on() -> None:
    """What UpdateContactAttributes sets, a prompt can say."""
    flow = document(
        action(
            "set",
            "UpdateContactAttributes",
            {"Attributes": {"tier": "gold", "twice": "$.External.n and $.External.n"}},
            "tell",
            NoMatchingError="bye",
        ),
        action(
            "tell", "MessageParticipant", {"Text": "$.Attributes.tier, $.Attributes.twice."}, "bye"
        ),
        BYE,
    )
    assert ["gold, 2 and 2."] == Caller(flow, values={"External": {"n": 2}}).heard


@pytest.mark.parametrize(
    ("calendar", "said"), [(ALWAYS, "Open."), (NEVER, "Closed."), (None, "Sorry.")]
)
def test_hours_are_those_of_the_calendar(calendar: BusinessCalendar | None, said: str) -> None:
    """CheckHoursOfOperation looks at the calendar of that name."""
    flow = document(
        action(
            "hours",
            "CheckHoursOfOperation",
            {"HoursOfOperationId": "desk"},
            "sorry",
            when=equals(**{"True": "open", "False": "closed"}),
            NoMatchingError="sorry",
        ),
        action("open", "MessageParticipant", {"Text": "Open."}, "bye"),
        action("closed", "MessageParticipant", {"Text": "Closed."}, "bye"),
        SORRY,
        BYE,
    )
    calendars = {} if calendar is None else {"desk": calendar}
    assert [said] == Caller(flow, calendars=calendars).heard


def test_a_bot_understands_and_its_slots_are_values() -> None:
    """ConnectParticipantWithLexBot asks; the bot's function says which intent it was."""
    flow = document(
        action(
            "bot",
            "ConnectParticipantWithLexBot",
            {
                "Text": "How can I help?",
                "LexV2Bot": {"AliasArn": "$.Attributes.bot"},
                "LexSessionAttributes": {"who": "$.ContactId"},
            },
            "sorry",
            when=equals(Cards="tell", Loans="bye"),
            NoMatchingCondition="sorry",
            NoMatchingError="sorry",
        ),
        action("tell", "MessageParticipant", {"Text": "A $.Lex.Slots.colour card."}, "bye"),
        SORRY,
        BYE,
    )
    values = {"Attributes": {"bot": "desk"}, "ContactId": "c1"}
    caller = Caller(flow, values=values, modality="chat").tell(inputs.Text("I want a card"))
    call = caller.last(effects.CallFunction)
    assert "desk" == call.function
    assert {"who": "c1", "text": "I want a card"}.items() <= dict(call.args).items()
    answer = {"choice": "Cards", "IntentName": "Cards", "Slots": {"colour": "red"}}
    assert "A red card." in caller.answer(answer).heard
    lost = Caller(flow, values=values, modality="chat").tell(inputs.Text("huh"))
    assert "Sorry." in lost.answer("Weather").heard


def test_the_time_limit_of_a_view_is_an_error_of_its_own() -> None:
    """ShowView calls the application; its answer is compared, its time limit has its own way."""
    flow = document(
        action(
            "view",
            "ShowView",
            {
                "ViewResource": {"Id": "form", "Version": "2"},
                "InvocationTimeLimitSeconds": "30",
                "ViewData": {
                    "Heading": "Hello $.Attributes.name",
                    "Items": [],
                    "Deep": {"On": True},
                },
            },
            "bye",
            when=equals(Submit="tell"),
            NoMatchingCondition="bye",
            NoMatchingError="bye",
            TimeLimitExceeded="sorry",
        ),
        action("tell", "MessageParticipant", {"Text": "$.Views.ViewResultData.plan"}, "bye"),
        SORRY,
        BYE,
    )
    caller = Caller(flow, values={"Attributes": {"name": "An"}})
    call = caller.last(effects.CallFunction)
    assert ("connect:ShowView", "Hello An") == (call.function, call.args["ViewData.Heading"])
    answer = {"Action": "Submit", "ViewResultData": {"plan": "Plan B"}}
    assert ["Plan B"] == caller.answer(answer).heard
    assert ["Sorry."] == Caller(flow).wait(seconds(31)).heard


def test_a_service_has_its_errors() -> None:
    """GetCustomerProfile: none found, several found, anything else."""
    flow = document(
        action(
            "find",
            "GetCustomerProfile",
            {"ProfileRequestData": {"PhoneNumber": "+84"}, "ProfileResponseData": ["FirstName"]},
            "tell",
            NoneFoundError="sorry",
            MultipleFoundError="bye",
            NoMatchingError="bye",
        ),
        action("tell", "MessageParticipant", {"Text": "Hi $.Customer.FirstName"}, "bye"),
        SORRY,
        BYE,
    )
    assert ["Hi An"] == Caller(flow).answer({"FirstName": "An"}).heard
    assert ["Sorry."] == Caller(flow).fail("NoneFoundError").heard
    assert [] == Caller(flow).fail("MultipleFoundError").heard


def test_staffing_is_asked_and_compared() -> None:
    """CheckMetricData calls the application and compares the number."""
    flow = document(
        action(
            "staff",
            "CheckMetricData",
            {"MetricType": "NumberOfAgentsStaffed"},
            "bye",
            when=[("NumberGreaterThan", "0", "sorry")],
            NoMatchingCondition="bye",
            NoMatchingError="bye",
        ),
        SORRY,
        BYE,
    )
    assert ["Sorry."] == Caller(flow).answer(3).heard
    assert [] == Caller(flow).answer(0).heard


def test_waiting_ends_when_the_customer_comes_back() -> None:
    """CustomerReturned interrupts a wait; else it lasts as long as it says."""
    flow = document(
        action(
            "wait",
            "Wait",
            {"TimeLimitSeconds": "900", "Events": ["CustomerReturned"]},
            "bye",
            when=equals(CustomerReturned="sorry", WaitCompleted="bye"),
            NoMatchingError="bye",
        ),
        SORRY,
        BYE,
    )
    caller = Caller(flow, modality="chat").wait(seconds(899))
    assert ["Sorry."] == caller.tell(inputs.Text("hello?")).heard
    assert Caller(flow, modality="chat").wait(seconds(900)).did(effects.Disconnect)


def test_hold_prompts_go_round_until_they_are_interrupted() -> None:
    """MessageParticipantIteratively plays its messages in turn; a timer interrupts them."""
    flow = document(
        action(
            "hold",
            "MessageParticipantIteratively",
            {"Messages": [{"Text": "One."}, {"Text": "Two."}], "InterruptFrequencySeconds": "20"},
            "bye",
            when=equals(MessagesInterrupted="sorry"),
            NoMatchingError="bye",
        ),
        SORRY,
        BYE,
    )
    caller = Caller(flow)
    for _ in range(2):
        caller.tell(inputs.PromptDone(caller.last(effects.Play).token))
    assert ["One.", "Two.", "One."] == caller.heard
    assert "Sorry." == caller.wait(seconds(21)).heard[-1]


def test_flows_call_modules_and_go_to_other_flows() -> None:
    """A module comes back at its end; another flow does not."""
    main = document(
        action(
            "module", "InvokeFlowModule", {"FlowModuleId": "flow1"}, "go", NoMatchingError="bye"
        ),
        action(
            "go",
            "TransferToFlow",
            {"ContactFlowId": "$.Attributes.flow"},
            "sorry",
            NoMatchingError="sorry",
        ),
        SORRY,
        BYE,
    )
    module = document(
        action("said", "MessageParticipant", {"Text": "In the module."}, "end"),
        action("end", "EndFlowModuleExecution"),
    )
    other = document(action("said", "MessageParticipant", {"Text": "Elsewhere."}, "bye"), BYE)
    there = Caller(main, module, other, values={"Attributes": {"flow": "flow2"}})
    assert ["In the module.", "Elsewhere."] == there.heard
    lost = Caller(main, module, values={"Attributes": {"flow": "gone"}})
    assert ["In the module.", "Sorry."] == lost.heard


def test_call_backs_use_the_number_that_was_set() -> None:
    """UpdateContactCallbackNumber, then CreateCallbackContact."""
    flow = document(
        action(
            "number",
            "UpdateContactCallbackNumber",
            {"CallbackNumber": "$.StoredCustomerInput"},
            "back",
            InvalidCallbackNumber="bye",
            CallbackNumberNotDialable="bye",
        ),
        action(
            "back",
            "CreateCallbackContact",
            {
                "QueueId": "desk",
                "InitialCallDelaySeconds": "60",
                "MaximumConnectionAttempts": "2",
                "RetryDelaySeconds": "600",
            },
            "bye",
            NoMatchingError="sorry",
        ),
        SORRY,
        BYE,
    )
    caller = Caller(flow, values={"StoredCustomerInput": "+8490"})
    arranged = caller.last(effects.ScheduleCallBack)
    assert ("desk", "+8490", seconds(60)) == (arranged.queue, arranged.number, arranged.at)
    assert {"MaximumConnectionAttempts": "2", "RetryDelaySeconds": "600"} == arranged.extra


@pytest.mark.parametrize(
    ("reason", "said"), [("no_answer", "Sorry."), ("busy", "Engaged."), ("failed", "Broken.")]
)
def test_a_transfer_outside_comes_back_when_it_fails(reason: str, said: str) -> None:
    """Each error of TransferParticipantToThirdParty is an outcome."""
    flow = document(
        action(
            "dial",
            "TransferParticipantToThirdParty",
            {
                "ThirdPartyPhoneNumber": "+84$.Attributes.n",
                "ThirdPartyConnectionTimeLimitSeconds": "20",
                "ContinueFlowExecution": "True",
            },
            "bye",
            ConnectionTimeLimitExceeded="sorry",
            CallFailed="engaged",
            NoMatchingError="broken",
        ),
        action("engaged", "MessageParticipant", {"Text": "Engaged."}, "bye"),
        action("broken", "MessageParticipant", {"Text": "Broken."}, "bye"),
        SORRY,
        BYE,
    )
    caller = Caller(flow, values={"Attributes": {"n": "7"}})
    dialled = caller.last(effects.TransferContact)
    assert ("+847", seconds(20)) == (dialled.to, dialled.within)
    assert [said] == caller.tell(inputs.InvokeFailed(dialled.call, reason)).heard


def test_settings_reach_the_application_under_our_names() -> None:
    """Voice, language, logging, hooks: each is a setting."""
    flow = document(
        action("voice", "UpdateContactTextToSpeechVoice", {"TextToSpeechVoice": "Mai"}, "log"),
        action("log", "UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "Enabled"}, "tongue"),
        action("tongue", "UpdateContactData", {"LanguageCode": "vi-VN"}, "hook"),
        action(
            "hook",
            "UpdateContactEventHooks",
            {"EventHooks": {"CustomerQueue": "$.Attributes.q"}},
            "bye",
        ),
        BYE,
    )
    caller = Caller(flow, values={"Attributes": {"q": "hold"}})
    given = [dict(one.values) for one in caller.done if isinstance(one, effects.ApplySettings)]
    expected = [
        {"voice": "Mai"},
        {"logging": "Enabled"},
        {"language": "vi-VN"},
        {"hooks.CustomerQueue": "hold"},
    ]
    assert expected == given
    assert "vi-VN" == caller.session.language


def test_percentages_are_shares() -> None:
    """DistributeByPercentage sends everybody somewhere, always the same way for one session."""
    flow = document(
        action(
            "split",
            "DistributeByPercentage",
            None,
            "bye",
            when=[("NumberLessThan", "101", "sorry")],
            NoMatchingCondition="bye",
        ),
        SORRY,
        BYE,
    )
    assert ["Sorry."] == Caller(flow).heard


def test_what_cannot_be_run_goes_the_way_of_its_error() -> None:
    """An action that we do not know takes NoMatchingError."""
    flow = document(
        action("what", "Teleport", {"To": "Mars"}, "bye", NoMatchingError="sorry"), SORRY, BYE
    )
    assert ["Sorry."] == Caller(flow).heard


def test_a_secret_is_collected_by_the_shell() -> None:
    """Encrypted input never reaches the session; the shell gives a reference."""
    secret: Json = {
        "Text": "PIN?",
        "StoreInput": "True",
        "InputTimeLimitSeconds": "5",
        "InputValidation": {"CustomValidation": {"MaximumLength": "6"}},
        "InputEncryption": {"EncryptionKeyId": "k", "Key": "pem"},
        "DTMFConfiguration": {"DisableCancelKey": "True"},
    }
    flow = document(
        action("pin", "GetParticipantInput", secret, "sorry", NoMatchingError="bye"), SORRY, BYE
    )
    caller = Caller(flow)
    listening = caller.last(effects.StartSecureInput)
    assert (1, 6, "#") == (listening.shortest, listening.longest, listening.terminator)
    caller.tell(inputs.SecureInputDone("ref-1", 4))
    assert "Sorry." in caller.heard
    assert hours(1) > caller.now
