"""What comes out of the Connect importer is what went in."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from random import Random
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.ivr.hostile import mutate
from tests.ivr.importers.connect_every import EVERY, MISSES
from tests.ivr.importers.connect_flows import BYE, SORRY, Json, action, document, equals, normal
from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.ivr import (
    Assign,
    Branch,
    CallBack,
    Case,
    Collect,
    End,
    Flow,
    HandOff,
    Invoke,
    Loop,
    Menu,
    Node,
    Opaque,
    Record,
    Say,
    Setting,
    Share,
    Split,
    Wait,
    Wording,
    retarget,
)
from tongdai.ivr.importers import connect
from tongdai.ivr.machine import Machine
from tongdai.model.time import minutes, seconds


def test_every_action_is_native() -> None:
    """What AWS documents is run, none of it is opaque."""
    imported = connect.load(EVERY)
    assert [] == [one for one in imported.diagnostics if one.level == "warning"]
    assert (len(EVERY["Actions"]),) * 2 == imported.native
    Machine([imported.flow])


def test_every_action_comes_out_as_it_went_in() -> None:
    """Actions, parameters and transitions are what they were."""
    assert normal(EVERY) == normal(connect.dump(connect.load(EVERY).flow))


def test_no_node_holds_a_copy_of_what_a_field_carries() -> None:
    """`extra` has nothing of an ordinary action."""
    flow = connect.load(EVERY).flow
    kept = {name for name, node in flow.nodes.items() if set(node.extra) - {"part_of"}}
    special = {
        "media",
        "digits",
        "bot",
        "UpdateContactAttributes",
        "Compare",
        "InvokeLambdaFunction",
        "CreateCallbackContact",
        "dial",
        "old wait",
        "TransferParticipantToThirdParty",
        "number",
    }
    assert set() == kept - special


def test_what_is_exported_is_what_the_nodes_say() -> None:
    """A field that was changed here changes the action, also where it was written unusually."""
    odd = action(
        "ask", "GetParticipantInput", {"Text": "?", "InputTimeLimitSeconds": 5}, "bye", **MISSES
    )
    flow = connect.load(document(odd, BYE, SORRY)).flow
    assert 5 == connect.dump(flow)["Actions"][0]["Parameters"]["InputTimeLimitSeconds"]
    menu = cast("Menu", flow.nodes["ask"])
    changed = retarget(replace(menu, within=minutes(1), ask="Well?"), {"bye": "sorry"})
    written = connect.dump(replace(flow, nodes={**flow.nodes, "ask": changed}))["Actions"][0]
    assert {"Text": "Well?", "InputTimeLimitSeconds": "60"} == written["Parameters"]
    ways = {way["ErrorType"]: way["NextAction"] for way in written["Transitions"]["Errors"]}
    assert dict.fromkeys(MISSES, "sorry") == ways
    assert "sorry" == written["Transitions"]["NextAction"]


def test_identifiers_places_and_the_rest_of_the_document_are_kept() -> None:
    """Names that a node cannot have, positions, metadata, settings, unknown fields."""
    given = document(
        {
            **action(
                "a/b",
                "Loop",
                {"LoopCount": "1"},
                "bye",
                when=equals(DoneLooping="a/b", ContinueLooping="bye"),
            ),
            "Notes": [1],
        },
        BYE,
    )
    given["Metadata"] = {
        "name": "Main",
        "entryPointPosition": {"x": 1, "y": 2},
        "ActionMetadata": {"a/b": {"position": {"x": 3.5, "y": 4}, "isFriendlyName": True}},
    }
    given["Settings"] = {"InputParameters": []}
    imported = connect.load(given)
    assert "Main" == imported.flow.id
    assert "a_b" == imported.flow.start
    assert [("Loop", "a_b"), ("DisconnectParticipant", "bye")] == list(imported.steps)
    written = connect.dump(imported.flow)
    assert normal(given) == normal(written)
    assert given["Metadata"] == written["Metadata"]
    assert given["Settings"] == written["Settings"]
    assert [1] == written["Actions"][0]["Notes"]


def test_an_imported_flow_is_a_document_too() -> None:
    """It goes through JSON and YAML and is the same."""
    flow = connect.load(EVERY, id="every").flow
    assert flow == Flow.from_json(flow.to_json())
    assert flow == Flow.from_yaml(flow.to_yaml())


STORED: Json = {"StoreInput": "True", "InputTimeLimitSeconds": "5"}
FOUR: Json = {"InputValidation": {"CustomValidation": {"MaximumLength": "4"}}}
ASKED: Json = {"StoreInput": "False", "InputTimeLimitSeconds": "5"}
BOT: Json = {"Name": "a:b", "Region": "r", "Alias": "c"}
CONDITION: Json = {"NextAction": "a", "Condition": {"Operator": "Equals", "Operands": "a"}}
ODD: Json = {"Transitions": {"Conditions": [CONDITION]}}


def x(kind: str, parameters: Json = None, *when: tuple[str, str, str], **errors: Json) -> Json:
    """Return an action that cannot be run."""
    return action("x", kind, parameters, "bye", when=when, **errors)


OPAQUE = [
    x("Teleport", {"To": {"Planet": "Mars"}}, NoMatchingError="sorry", Lost="bye"),
    x("MessageParticipant", {"Text": "a", "SSML": "b"}),
    x("MessageParticipant", {"PromptId": ""}),
    x("MessageParticipant"),
    x("MessageParticipant", {"Text": "a", "metadata": 1}),
    x("MessageParticipant", {"Text": "a"}, ("Equals", "a", "bye")),
    x("MessageParticipantIteratively", {"Messages": []}),
    x("MessageParticipantIteratively", {"Messages": [{"Media": {}}]}),
    x("GetParticipantInput", {**ASKED, "StoreInput": "perhaps"}),
    x("GetParticipantInput", {"StoreInput": "False"}),
    x("GetParticipantInput", ASKED, ("Equals", "12", "bye")),
    x("GetParticipantInput", ASKED, ("Equals", "1", "bye"), ("Equals", "1", "sorry")),
    x("GetParticipantInput", ASKED, Strange="bye"),
    x("GetParticipantInput", STORED),
    x("GetParticipantInput", {**STORED, **FOUR}, ("Equals", "1", "bye")),
    *(
        x("GetParticipantInput", {**STORED, **FOUR, "DTMFConfiguration": keys})
        for keys in ({"InputTerminationSequence": "##"}, {"InputTerminationSequence": "*"})
    ),
    x("ConnectParticipantWithLexBot", {"Text": "?"}),
    x("ConnectParticipantWithLexBot", {"LexV2Bot": {"AliasArn": "lex:a"}}),
    x("ConnectParticipantWithLexBot", {"LexBot": BOT}),
    x("Compare", {"ComparisonValue": "$.A.b"}, ("Sounds", "a", "bye")),
    x("Compare", {"ComparisonValue": "$.A.b"}, ("Equals", "a $.A.c", "bye")),
    x("Compare", {"ComparisonValue": ["$.A.b"]}),
    x("CheckHoursOfOperation", None, ("TextContains", "True", "bye")),
    x("CheckHoursOfOperation", None, ("Equals", "True", "bye"), ("Equals", "True", "sorry")),
    x("Loop", {"LoopCount": "many"}),
    x("Loop", {"LoopCount": "1", "LoopArray": "$.External.list"}),
    x("DistributeByPercentage", None, ("NumberLessThan", "9", "bye"), ("NumberLessThan", "2", "x")),
    x("DistributeByPercentage", None, ("NumberLessThan", "09", "bye")),
    x("UpdateContactAttributes", {"Attributes": {"$.Attributes.k": "v"}}),
    x("UpdateContactAttributes", {"Attributes": {"k": ["v"]}}),
    x("UpdateContactAttributes", {"Attributes": "k"}),
    x("UpdateContactAttributes", {"Attributes": {}, "TargetContact": "Parent"}),
    x("UpdateFlowAttributes", {"FlowAttributes": {"k": "v"}}),
    x("UpdateFlowAttributes", {"FlowAttributes": {}}),
    x("UpdateContactTargetQueue", {"QueueId": "a", "AgentId": "b"}),
    x("UpdateContactTargetQueue", {"QueueId": "agent:a"}),
    x("UpdateContactTargetQueue"),
    x("UpdateFlowLoggingBehavior"),
    x("InvokeLambdaFunction", {"LambdaFunctionARN": "f", "InvocationType": "ASYNCHRONOUS"}),
    x("InvokeLambdaFunction", {"LambdaFunctionARN": "connect:f"}),
    x("InvokeLambdaFunction", {"LambdaFunctionARN": "f"}, ("Equals", "a", "bye")),
    x("InvokeLambdaFunction", {"LambdaFunctionARN": "f", "LambdaInvocationAttributes": {"": 1}}),
    x("CreateCase", None, ("Equals", "a", "bye")),
    x("DequeueContactAndTransferToQueue"),
    x("DequeueContactAndTransferToQueue", {"QueueId": "$.queue"}),
    x("InvokeFlowModule", {"FlowModuleId": "m", "Input": "x"}),
    x("Wait", {"TimeLimitSeconds": "5", "Events": ["BotParticipantDisconnected"]}),
    x("Wait"),
    x("EndFlowModuleExecution", {"Result": "x"}),
]


@pytest.mark.parametrize(
    "strange", [pytest.param(one, id=f"{at} {one['Type']}") for at, one in enumerate(OPAQUE)]
)
def test_what_cannot_be_run_is_opaque_and_kept(strange: Json) -> None:
    """It says why, leads where its error led, and comes out as it went in."""
    given = document(strange, SORRY, BYE)
    imported = connect.load(given)
    assert isinstance(imported.flow.nodes["x"], Opaque)
    assert ["x"] == [one.node for one in imported.diagnostics]
    assert imported.diagnostics[0].message.startswith("cannot be run: ")
    assert normal(given) == normal(connect.dump(imported.flow))


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ([], "expected an object"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ({"Actions": {}}, "Actions: expected a list"),
        ({"Actions": [1]}, "Actions[0]: expected an object"),
        ({"Actions": [{"Type": "Loop"}]}, "Actions[0].Identifier"),
        (document(BYE, BYE), "two are called 'bye'"),
        ({"Actions": [], "StartAction": 7}, "StartAction"),
        ({"Actions": [{**BYE, "Transitions": {"NextAction": 1}}]}, "NextAction: expected"),
        (
            document(action("a", "Compare", None, when=[("Equals", "a", "a")]) | ODD),
            "Actions[0].Transitions.Conditions[0].Condition.Operands: expected a list",
        ),
        ({"Actions": [BYE], "StartAction": "bye", "x": float("nan")}, "nan"),
        ({"Actions": [BYE], "StartAction": "bye", "x": object()}, "object is not plain data"),
        ({"Actions": [BYE] * 6_000, "StartAction": "bye"}, "at most 5000"),
        (b" " * (4 * 1024 * 1024 + 1), "at most 4194304 bytes"),
    ],
)
def test_what_is_no_flow_gives_an_error_that_says_where(given: Json, where: str) -> None:
    """The error names the field and what would be right."""
    with pytest.raises(ConfigurationError) as caught:
        connect.load(given)
    assert where in str(caught.value)


def test_a_document_that_holds_itself_is_refused() -> None:
    """Cyclic data is nested too deep."""
    given = document(BYE)
    given["Metadata"] = given
    with pytest.raises(ConfigurationError, match="nested deeper than 64"):
        connect.load(given)


def test_ways_that_lead_nowhere_are_told() -> None:
    """A target that is not there is a diagnostic; the flow stays as it was."""
    given = document(action("say", "MessageParticipant", {"Text": "Hi"}, "gone"), start="lost")
    imported = connect.load(given)
    assert [
        "warning  say: then leads to gone, which is not there",
        "warning  lost: the flow starts here; it is not there",
    ] == [str(one) for one in imported.diagnostics]
    assert normal(given) == normal(connect.dump(imported.flow))


@pytest.mark.parametrize(
    ("node", "why"),
    [
        (Record("voice", then="a"), "nothing like Record"),
        (Say({"vi": "Chào", "en": "Hi"}, then="a"), "one language"),
        (Say(Wording("Hi", ssml="<speak/>"), then="a"), "one of them"),
        (Say("{x}y", then="a"), "where the names end"),
        (Setting({"mood": '"good"'}), "cannot set mood"),
        (Setting({"voice": '"Mai"', "logging": '"Enabled"'}), "cannot set voice, logging"),
        (Assign({"tier": "1"}), "can set Attributes.x"),
        (Menu("?", {"12": "a"}), "choices"),
        (Collect("pin", "?"), "into: Connect keeps digits as StoredCustomerInput"),
        (Collect("StoredCustomerInput", "?", sensitive=True), "needs `extra` to hold"),
        (Collect("StoredCustomerInput", "?", done="a", no_input="a"), "no_input"),
        (Branch((Case("a and b", "a"),)), "cannot say a and b"),
        (Branch((Case("a == true", "a"),)), "cannot say a == true"),
        (Branch((Case('a == "b"'),)), "leads nowhere"),
        (Branch((Case('a == "b"', "a"), Case('c == "b"', "a"))), "compares one value"),
        (Loop("plus(a, 1)"), "takes a number or a name"),
        (Split((Share(5),)), "one leads nowhere"),
        (Invoke("f", into="x"), "is called External"),
        (Invoke("f", into="External", errors={"a": "a"}), "fails in one way"),
        (Invoke("connect:Teleport"), "no action of Connect's"),
        (Invoke("connect:ShowView", done="a"), "compared at once"),
        (HandOff("cards", "cards>=4"), "before it hands over"),
        (CallBack("cards", "caller.phone"), "set before"),
        (Wait(None), "some time at most"),
        (Opaque("X", others={"way": "a"}), "neither an error nor a condition"),
        (Say(Wording(audio="x"), extra={"Media": 1}), "is no object"),
    ],
)
def test_what_connect_cannot_say_is_an_error_that_names_the_node(node: Node, why: str) -> None:
    """Exporting a flow of one's own never leaves something out."""
    with pytest.raises(ConfigurationError, match=re.escape(why)):
        connect.dump(Flow("f", start="a", nodes={"a": node}))


def test_what_connect_has_not_in_a_flow_is_an_error() -> None:
    """A clean-up, and two nodes with one identifier."""
    nodes = {name: End(extra={"identifier": "x"}) for name in ("a", "b")}
    with pytest.raises(ConfigurationError, match="two nodes have one identifier"):
        connect.dump(Flow("f", start="a", nodes=nodes))
    with pytest.raises(ConfigurationError, match="no on_hangup"):
        connect.dump(Flow("f", start="a", nodes=nodes, on_hangup="a"))


def test_what_nothing_here_reads_is_kept_and_told() -> None:
    """A parameter that AWS does not document."""
    given = document(action("say", "MessageParticipant", {"Text": "Hi", "Loud": True}, "bye"), BYE)
    imported = connect.load(given)
    assert ["note  say: kept, but read by nothing here: Loud"] == [*map(str, imported.diagnostics)]
    assert normal(given) == normal(connect.dump(imported.flow))


def test_a_part_that_other_nodes_lead_to_needs_an_action_of_its_own() -> None:
    """The node behind a timeout cannot be shared, since Connect has no such action."""
    flow = connect.load(EVERY).flow
    parts = {name: node for name, node in flow.nodes.items() if "part_of" in node.extra}
    part = next(name for name, node in parts.items() if isinstance(node, Assign))
    nodes = {**flow.nodes, "sorry": Say("Sorry.", then=part)}
    with pytest.raises(ConfigurationError, match=r"can set Attributes\.x"):
        connect.dump(replace(flow, nodes=nodes))


@pytest.mark.parametrize("name", ["a (timeout)", "a" * 128])
def test_names_of_parts_are_free(name: str) -> None:
    """A node that an action needs beside its own never takes another's name."""
    asking = {**STORED, **FOUR, "Text": "?"}
    given = document(
        action("a", "GetParticipantInput", asking, name),
        action(name, "DisconnectParticipant"),
        action(name + "x", "GetParticipantInput", asking, "a/b"),
    )
    imported = connect.load(given)
    assert 5 == len(imported.flow.nodes)
    assert normal(given) == normal(connect.dump(imported.flow))


def test_a_flow_of_ones_own_can_be_exported() -> None:
    """A menu that leads to two ends."""
    flow = Flow(
        "own",
        start="ask",
        nodes={
            "ask": Menu("Tea 1.", {"1": "tea"}, no_input="bye", no_match="bye", within=seconds(9)),
            "tea": Say("Tea, {caller.name}!", then="bye"),
            "bye": End(disconnect=True),
        },
    )
    written = connect.dump(flow)
    kinds = ["GetParticipantInput", "MessageParticipant", "DisconnectParticipant"]
    assert kinds == [one["Type"] for one in written["Actions"]]
    assert "Tea, $.caller.name!" == written["Actions"][1]["Parameters"]["Text"]
    assert connect.dump(connect.load(written).flow) == written


@given(st.integers(0, 2**32 - 1))
def test_documents_with_something_wrong_in_them(seed: int) -> None:
    """They give a declared error, or a flow that comes out as it went in."""
    given = mutate(EVERY, Random(seed), times=6)  # noqa: S311 - a repeatable choice, no secret
    try:
        imported = connect.load(given)
    except ConfigurationError:
        return
    assert len(given["Actions"]) == len(imported.steps)
    written = connect.dump(imported.flow)
    assert normal(given) == normal(written)
    again = connect.load(written, id=imported.flow.id)
    assert imported.flow == again.flow
    with suppress(IllegalInput, ConfigurationError):  # (a start that is not there, say)
        Machine([imported.flow]).start(imported.flow.id, session="s", now=0)


def test_one_huge_action_costs_no_more_than_its_length() -> None:
    """Long lists, many attributes, names that are alike, all read in time that grows with them."""
    many = {f"k{at}": "$.External.x" for at in range(50_000)}
    long = ["x"] * 100_000
    alike = [action(f"{'n' * 200}{at}", "DisconnectParticipant") for at in range(4_000)]
    given = document(
        action("many", "UpdateContactAttributes", {"Attributes": many}, "bye"),
        action("long", "CreateCase", {"List": long}, "bye"),
        *alike,
        BYE,
    )
    imported = connect.load(given)
    assert (4_002, 4_003) == imported.native
    assert normal(given) == normal(connect.dump(imported.flow))


def test_a_large_document_is_read_in_little_time() -> None:
    """5,000 actions that all lead to each other's next."""
    chain = [
        action(
            f"n{at}", "MessageParticipant", {"Text": f"{at} $.External.x"}, f"n{(at + 1) % 5_000}"
        )
        for at in range(5_000)
    ]
    imported = connect.load(json.dumps(document(*chain)))
    assert (5_000, 5_000) == imported.native
    assert 5_000 == len(connect.dump(imported.flow)["Actions"])
