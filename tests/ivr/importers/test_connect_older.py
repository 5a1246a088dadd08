"""Connect's older export (`modules`) is read, run, and written again."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ivr.hostile import mutate
from tests.ivr.importers.connect_flows import Caller, Json, action, document
from tongdai.errors import ConfigurationError
from tongdai.ivr import Opaque, effects, inputs
from tongdai.ivr.importers import connect
from tongdai.ivr.machine import Machine
from tongdai.model.time import seconds


def module(
    kind: str, parameters: Json = (), /, *, name: str = "", target: str = "", **ways: str
) -> Json:
    """Return a module; ways by condition, such as `Success`."""
    made: Json = {
        "id": name or kind,
        "type": kind,
        "branches": [{"condition": way, "transition": at} for way, at in ways.items()],
        "parameters": [*parameters],
        "metadata": {"position": {"x": 10, "y": 20}},
    }
    return {**made, "target": target} if target else made


def value(name: str, given: object, space: str | None = None, **more: object) -> Json:
    """Return a parameter."""
    made = {"name": name, "value": given, **more}
    return {**made, "namespace": space} if space else made


def compares(given: Json, *branches: tuple[str, object, str], condition: str = "Evaluate") -> Json:
    """Add branches that compare: (sign, value, target)."""
    given["branches"][:0] = [
        {"condition": condition, "conditionType": sign, "conditionValue": what, "transition": at}
        for sign, what, at in branches
    ]
    return given


def older(*modules: Json) -> Json:
    """Return a flow of these modules; it starts with the first."""
    return {
        "modules": list(modules),
        "version": "1",
        "type": "contactFlow",
        "start": modules[0]["id"],
        "metadata": {"entryPointPosition": {"x": 1, "y": 1}, "name": "Old", "status": "saved"},
    }


def without_metadata(given: Json) -> Json:
    """Return the same without what the editor keeps for itself."""
    modules = [{key: one[key] for key in one if key != "metadata"} for one in given["modules"]]
    return normal({"modules": modules, "start": given["start"]})


def normal(given: Json) -> Json:
    """Return what two documents have in common that say the same."""
    found: dict[str, Json] = {key: given[key] for key in given if key != "modules"}
    for one in given["modules"]:
        ways = one.get("branches", [])
        compared = [way for way in ways if way["condition"] in ("Evaluate", "CheckQueueTime")]
        others = sorted((way for way in ways if way not in compared), key=repr)
        parameters = sorted(repr(sorted(one.items())) for one in one.get("parameters", []))
        rest = {key: one[key] for key in ("type", "target", "metadata") if key in one}
        found[one["id"]] = (rest, parameters, compared, others)
    return found


TEXT = value("TextToSpeechType", "text")
BYE = module("Disconnect", name="bye")
SORRY = module("PlayPrompt", [value("Text", "Sorry."), TEXT], name="sorry", Success="bye")
WAYS = {"Success": "bye", "Error": "sorry"}

MENU = compares(
    module(
        "GetUserInput",
        [value("Text", "Cards 1."), TEXT, value("Timeout", "5"), value("MaxDigits", "1")],
        target="Digits",
        Timeout="bye",
        NoMatch="sorry",
        Error="bye",
    ),
    ("Equals", "1", "SetQueue"),
)
QUEUE = module(
    "SetQueue", [value("Queue", "arn:cards", resourceName="Cards")], Success="give", Error="bye"
)
GIVE = module("Transfer", name="give", target="Queue", AtCapacity="sorry", Error="bye")

EVERY = older(
    SORRY,
    BYE,
    MENU,
    QUEUE,
    GIVE,
    module(
        "PlayPrompt",
        [value("Text", "hello", "External"), value("TextToSpeechType", "ssml")],
        name="ssml",
        Success="bye",
    ),
    module(
        "PlayPrompt",
        [value("AudioPrompt", "arn:beep", resourceName="Beep.wav")],
        name="audio",
        Success="bye",
    ),
    module(
        "PlayPrompt",
        [value("Text", "$.CustomerEndpoint.Address"), TEXT],
        name="literal",
        Success="bye",
    ),
    module("PlayAudio", [value("Text", "Old."), TEXT], Success="bye"),
    module(
        "StoreUserInput",
        [
            value("Text", "PIN?"),
            TEXT,
            value("CustomerInputType", "Custom"),
            value("Timeout", "5"),
            value("MaxDigits", 4),
            value("EncryptEntry", given=True),
            value("EncryptionKeyId", "id"),
            value("EncryptionKey", "key", "User Defined"),
            value("TerminatorDigits", "#"),
            value("DisableCancel", given=False),
        ],
        **WAYS,
    ),
    module(
        "StoreUserInput",
        [
            value("Text", "Card?"),
            TEXT,
            value("CustomerInputType", "Custom"),
            value("Timeout", "5"),
            value("MaxDigits", 4),
            value("EncryptEntry", "false"),
        ],
        name="plain",
        **WAYS,
    ),
    module(
        "SetAttributes",
        [
            value("Attribute", "1", key="a b"),
            value("Attribute", "Queue.ARN", "System", key="q"),
            value("Attribute", "Customer Number", "System", key="n"),
            value("Attribute", "deep.value", "External", key="d"),
        ],
        **WAYS,
    ),
    module(
        "InvokeExternalResource",
        [
            value("FunctionArn", "my function", "External"),
            value("TimeLimit", "8"),
            value("Parameter", "who", "User Defined", key="who"),
            value("Parameter", "Stored customer input", "System", key="typed"),
        ],
        target="Lambda",
        **WAYS,
    ),
    compares(
        module(
            "CheckAttribute",
            [value("Attribute", "Stored customer input"), value("Namespace", "System")],
            NoMatch="bye",
        ),
        ("Equals", "Timeout", "sorry"),
        ("GreaterThanOrEqualTo", "10", "bye"),
        ("StartsWith", "x", "bye"),
    ),
    module("SetLoggingBehavior", [value("LoggingBehavior", "Enable")], Success="bye"),
    module("SetVoice", [value("GlobalVoice", "Joanna")], Success="bye"),
    module("Loop", [value("LoopCount", "3")], Looping="sorry", Complete="bye"),
    module(
        "LoopPrompts",
        [
            value("Text", "Wait.", key="text"),
            value("AudioPrompt", "arn:music", resourceName="Music"),
            value("InterruptSeconds", 60),
        ],
        Timeout="sorry",
        Error="bye",
    ),
    module(
        "SetRecordingBehavior",
        [value("RecordingBehaviorOption", "Disable"), value("RecordingParticipantOption", "Both")],
        Success="bye",
    ),
    module(
        "SetRecordingBehavior",
        [value("RecordingBehaviorOption", "Enable"), value("RecordingParticipantOption", "Agent")],
        name="record",
        Success="bye",
    ),
    module(
        "CheckStaffing",
        [value("Status", "Available"), value("Agent", "who", "External", resourceName=None)],
        **{"True": "sorry", "False": "bye"},
        Error="bye",
    ),
    compares(
        module("CheckQueueStatus", NoMatch="bye", Error="sorry"),
        ("LessThan", 300_000, "sorry"),
        condition="CheckQueueTime",
    ),
    module(
        "Wait",
        [value("TimeoutSeconds", "60"), value("InterruptOnCustomerReturn", "true")],
        CustomerReturn="sorry",
        Timeout="bye",
        Error="bye",
    ),
    module(
        "Wait",
        [value("TimeoutSeconds", "60"), value("InterruptOnCustomerReturn", "false")],
        name="wait",
        Timeout="bye",
        Error="bye",
    ),
    module(
        "StartMediaStreaming",
        [
            value("Track", "FromCustomer"),
            value("Track", "ToCustomer"),
            value("MediaStreamTypes", "Audio"),
        ],
        **WAYS,
    ),
    module(
        "StopMediaStreaming",
        [value("Track", "ToCustomer"), value("MediaStreamTypes", "Audio")],
        **WAYS,
    ),
    module(
        "SetEventHook",
        [value("Type", "AgentWhisper"), value("ContactFlowId", "arn:flow", resourceName="Whisper")],
        **WAYS,
    ),
    module(
        "SetContactFlow",
        [value("Type", "CustomerQueue"), value("ContactFlowId", "arn:flow")],
        Success="bye",
    ),
    module("CheckHoursOfOperation", **{"True": "bye", "False": "sorry"}, Error="sorry"),
    module("UpdateRoutingPriority", [value("TimeOffset", 600)], Success="bye"),
    module(
        "SetCallBackNumber",
        [value("CallBackNumber", "Stored customer input", "System")],
        Success="bye",
        InvalidPhoneNumber="sorry",
        NonDialableNumber="sorry",
    ),
    compares(
        module("PercentileBranching", NoMatch="bye"),
        ("Equals", "3", "sorry"),
        ("Equals", "6", "bye"),
    ),
    module("GetQueueMetrics", **WAYS),
    module(
        "Transfer",
        [value("ContactFlowId", "arn:flow", resourceName="Main")],
        name="flow",
        target="Flow",
        Error="bye",
    ),
    module(
        "Transfer",
        [
            value("PhoneNumber", "Callback", "External"),
            value("TimeLimit", "20"),
            value("BlindTransfer", given=False),
        ],
        name="dial",
        target="PhoneNumber",
        Success="bye",
        CallFailure="sorry",
        Timeout="sorry",
        Error="bye",
    ),
    module("CustomerInQueue", AtCapacity="bye", Error="bye"),
    compares(
        module(
            "GetUserInput",
            [
                value("Text", "How can I help?"),
                TEXT,
                value("BotName", "Desk"),
                value("BotAlias", "$LATEST"),
                value("BotRegion", "eu-west-2"),
            ],
            name="bot",
            target="Lex",
            NoMatch="sorry",
            Error="bye",
        ),
        ("Equals", "Cards", "SetQueue"),
    ),
    module("Resume"),
)
"""Every module that the importer knows."""


def test_every_module_is_native() -> None:
    """None of them is opaque; the steps are called as the document calls them."""
    imported = connect.load(EVERY)
    assert [] == [one for one in imported.diagnostics if one.level == "warning"]
    assert [one["type"] for one in EVERY["modules"]] == [kind for kind, _ in imported.steps]
    Machine([imported.flow])


def test_every_module_comes_out_as_it_went_in() -> None:
    """Modules, parameters and branches are what they were; and reading that again is the same."""
    flow = connect.load(EVERY).flow
    written = connect.dump(flow)
    assert normal(EVERY) == normal(written)
    assert flow == connect.load(written).flow


def test_an_older_flow_can_be_taken_to_the_flow_language() -> None:
    """The new document has actions that mean the same."""
    flow = connect.load(EVERY).flow
    written = connect.dump(flow, older=False)
    assert len(EVERY["modules"]) == len(written["Actions"])
    again = connect.load(written).flow
    for name, node in flow.nodes.items():
        assert type(node) is type(again.nodes[name])
        assert connect.dump(again) == written


def test_a_new_flow_can_be_taken_to_the_older_export() -> None:
    """Where it has only what the older one knows."""
    new = document(
        action("hi", "MessageParticipant", {"Text": "$.Attributes.hello"}, "bye"),
        action("bye", "DisconnectParticipant"),
    )
    made = connect.dump(connect.load(new).flow, older=True)["modules"]
    expected = [{"name": "Text", "value": "hello", "namespace": "User Defined"}, TEXT]
    assert ["PlayPrompt", "Disconnect"] == [one["type"] for one in made]
    assert expected == made[0]["parameters"]
    assert [{"condition": "Success", "transition": "bye"}] == made[0]["branches"]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (action("x", "CreateTask", None, "x"), "no CreateTask"),
        (action("x", "MessageParticipant", {"Text": "a", "Loud": 1}, "x"), "no Loud in PlayPrompt"),
        (
            action("x", "Loop", {"LoopCount": "1"}, "x", when=[("Equals", "Odd", "x")]),
            "no result Odd in Loop",
        ),
        (
            action("x", "Compare", {"ComparisonValue": "$.A.b"}, when=[("Sounds", "a", "x")]),
            "no operator Sounds",
        ),
        (action("x", "Compare", {"ComparisonValue": "a b"}, "x"), "no comparison with 'a b'"),
        (action("x", "UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "?"}), "no value"),
        (
            action(
                "x",
                "UpdateContactRecordingBehavior",
                {"RecordingBehavior": {"RecordedParticipants": ["Everybody"]}},
            ),
            "no recording of",
        ),
        (
            action("x", "UpdateContactMediaStreamingBehavior", {"Participants": []}),
            "no streaming of",
        ),
        (action("x", "TagContact", {"Tags": {}}, "x"), "no TagContact"),
        (action("x", "MessageParticipant", {"Text": "a"}, "x", Strange="x"), "no error Strange"),
        (
            action("x", "UpdateContactEventHooks", {"EventHooks": {"a": "1", "b": "2"}}, "x"),
            "several hooks",
        ),
    ],
)
def test_what_the_older_export_has_not_is_an_error(given: Json, why: str) -> None:
    """It names the node and what there is no module for."""
    flow = connect.load(document(given)).flow
    with pytest.raises(ConfigurationError, match=why):
        connect.dump(flow, older=True)


STRANGE = [
    module("Teleport", [value("To", {"A": "b"})], target="Space", Error="sorry", Success="bye"),
    module("CheckAttribute", [value("Attribute", "x"), value("Namespace", "Nowhere")], NoMatch="x"),
    module("CheckAttribute", [value("Attribute", "a ?"), value("Namespace", "System")]),
    module("CheckAttribute"),
    compares(module("CheckAttribute"), ("Sounds", "a", "bye")),
    compares(module("CheckAttribute"), ("Equals", 1, "bye")),
    compares(module("CheckQueueStatus"), ("LessThan", 10, "bye"), condition="CheckQueueTime"),
    compares(module("PercentileBranching"), ("LessThan", "3", "bye")),
    module("GetUserInput", [value("Timeout", "5"), value("MaxDigits", "3")], target="Digits"),
    module("PlayPrompt", [value("Text", "a")], Success="bye"),
    module("PlayPrompt", [value("Text", "a"), value("TextToSpeechType", "song")], Success="bye"),
    module("PlayPrompt", [value("Text", "a"), value("Text", "b"), TEXT], Success="bye"),
    module("PlayPrompt", [value("Text", 1, "External"), TEXT], Success="bye"),
    module("PlayPrompt", [value("Text", "a"), TEXT], Success="bye", Strange="bye"),
    module("SetAttributes", [value("Attribute", "1", key="a"), value("Attribute", "2", key="a")]),
    module("StoreUserInput", [value("CustomerInputType", "Phone"), TEXT, value("Text", "a")]),
    module(
        "StoreUserInput",
        [
            TEXT,
            value("Text", "a"),
            value("CustomerInputType", "Custom"),
            value("EncryptEntry", "true"),
        ],
    ),
    module("SetLoggingBehavior", [value("LoggingBehavior", "Perhaps")]),
    module("SetVoice", [value("GlobalVoice", ["a"])]),
    module("SetRecordingBehavior", [value("RecordingParticipantOption", "Nobody")]),
    module("Transfer", [value("BlindTransfer", "no")], target="PhoneNumber"),
    module("CheckStaffing", [value("Status", "Asleep")]),
    module("LoopPrompts", [value("Text", "a", key="song")]),
    module("StartMediaStreaming", [value("Track", "Sideways")]),
    module("StartMediaStreaming", [value("Track", "ToCustomer")]),
    module("SetEventHook", [value("Type", "AgentWhisper")]),
]


@pytest.mark.parametrize(
    "strange", [pytest.param(one, id=f"{at} {one['type']}") for at, one in enumerate(STRANGE)]
)
def test_a_module_that_we_do_not_know_is_opaque_and_kept(strange: Json) -> None:
    """It comes out as it went in."""
    given = older(strange, SORRY, BYE)
    imported = connect.load(given)
    node = imported.flow.nodes[strange["id"]]
    assert isinstance(node, Opaque)
    assert f"modules:{strange['type']}" == node.kind
    assert normal(given) == normal(connect.dump(imported.flow))


def test_a_message_in_ssml_and_an_entry_without_a_mark_come_back() -> None:
    """The key of a text says how it is meant."""
    loop = module("LoopPrompts", [value("Text", "<speak/>", key="ssml"), value("Text", "Wait.")])
    store = module(
        "StoreUserInput",
        [
            value("Text", "a"),
            TEXT,
            value("CustomerInputType", "Custom"),
            value("Timeout", "5"),
            value("MaxDigits", 4),
        ],
        **WAYS,
    )
    given = older(loop, store, SORRY, BYE)
    imported = connect.load(given)
    assert (4, 4) == imported.native
    assert normal(given) == normal(connect.dump(imported.flow))


def test_one_huge_module_costs_no_more_than_its_length() -> None:
    """50,000 attributes are read in time that grows with them."""
    many = [value("Attribute", f"$.A.b{at}", key=f"k{at}") for at in range(50_000)]
    given = older(module("SetAttributes", many, **WAYS), SORRY, BYE)
    imported = connect.load(given)
    assert (3, 3) == imported.native
    assert normal(given) == normal(connect.dump(imported.flow))


def test_an_older_menu_leads_to_its_queue() -> None:
    """1 hands the contact to the queue; a wrong key is NoMatch; silence is Timeout."""
    flow = older(MENU, QUEUE, GIVE, SORRY, BYE)
    assert "arn:cards" == Caller(flow).press("1").last(effects.GiveToQueue).queue
    assert "Sorry." in Caller(flow).press("5").heard
    assert Caller(flow).wait(seconds(6)).did(effects.Disconnect)


def test_an_older_loop_counts() -> None:
    """Three times, then it is complete."""
    tick = module("PlayPrompt", [value("Text", "Tick."), TEXT], name="tick", Success="Loop")
    loop = module("Loop", [value("LoopCount", "3")], Looping="tick", Complete="bye")
    assert ["Tick."] * 3 == Caller(older(loop, tick, BYE)).heard


def test_an_older_transfer_has_its_ways() -> None:
    """Timeout is nobody answering, CallFailure is everything else that went wrong."""
    dial = module(
        "Transfer",
        [
            value("PhoneNumber", "+84"),
            value("TimeLimit", "20"),
            value("BlindTransfer", given=False),
        ],
        target="PhoneNumber",
        Success="bye",
        CallFailure="sorry",
        Timeout="bye",
        Error="bye",
    )
    caller = Caller(older(dial, SORRY, BYE))
    call = caller.last(effects.TransferContact).call
    assert ["Sorry."] == caller.tell(inputs.InvokeFailed(call, "busy")).heard


@given(st.integers(0, 2**32 - 1))
def test_older_documents_with_something_wrong_in_them(seed: int) -> None:
    """They give a declared error, or a flow that can be exported and read again."""
    given = mutate(EVERY, Random(seed), times=6)  # noqa: S311 - a repeatable choice, no secret
    try:
        imported = connect.load(given)
    except ConfigurationError:
        return
    written = connect.dump(imported.flow)
    assert len(given["modules"]) == len(imported.steps)
    assert imported.flow.nodes == connect.load(written).flow.nodes
    assert without_metadata(given) == without_metadata(written)
