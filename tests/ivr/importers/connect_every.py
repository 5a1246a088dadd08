"""One of every action of Connect's, with what AWS documents for it."""

from __future__ import annotations

from tests.ivr.importers.connect_flows import BYE, SORRY, Json, action, document, equals

ANY: dict[str, Json] = {"NoMatchingError": "sorry"}
MISSES: dict[str, Json] = {"InputTimeLimitExceeded": "bye", "NoMatchingCondition": "bye", **ANY}
ITEMS = [{"Label": "Tier", "Value": "$.Attributes.tier", "Copyable": True, "Rank": 2, "Note": None}]


def one(kind: str, parameters: Json = None, to: str | None = "bye", /, **errors: Json) -> Json:
    """Return an action that stands alone among its kind."""
    return action(kind, kind, parameters, to, **(errors or ANY))


EVERY = document(
    one("MessageParticipant", {"SSML": "<speak>$.External['my key']</speak>"}),
    action("recording", "MessageParticipant", {"PromptId": "$.Attributes.prompt"}, "bye"),
    action(
        "media",
        "MessageParticipant",
        {"Media": {"Uri": "s3://x", "SourceType": "S3", "MediaType": "Audio"}},
        "bye",
    ),
    action(
        "keys",
        "GetParticipantInput",
        {"Text": "1?", "StoreInput": "False", "InputTimeLimitSeconds": "7"},
        "bye",
        when=equals(**{"1": "sorry", "#": "bye"}),
        **MISSES,
    ),
    action(
        "digits",
        "GetParticipantInput",
        {
            "PromptId": "p",
            "StoreInput": "True",
            "InputTimeLimitSeconds": "7",
            "InputValidation": {"CustomValidation": {"MaximumLength": "16"}},
            "InputEncryption": {"EncryptionKeyId": "id", "Key": "$.Attributes.key"},
            "DTMFConfiguration": {
                "InputTerminationSequence": "9",
                "DisableCancelKey": "True",
                "InterdigitTimeLimitSeconds": "3",
            },
        },
        "bye",
        **ANY,
    ),
    action(
        "number",
        "GetParticipantInput",
        {
            "Text": "Which number?",
            "StoreInput": "True",
            "InputTimeLimitSeconds": "7",
            "InputValidation": {
                "PhoneNumberValidation": {"NumberFormat": "Local", "CountryCode": "VN"}
            },
        },
        "bye",
        InvalidPhoneNumber="sorry",
        NoMatchingError="bye",
    ),
    action(
        "classic bot",
        "ConnectParticipantWithLexBot",
        {"SSML": "<speak/>", "LexBot": {"Name": "Desk", "Region": "eu-west-2", "Alias": "$LATEST"}},
        "sorry",
        when=equals(Yes="bye"),
        **MISSES,
    ),
    action(
        "bot",
        "ConnectParticipantWithLexBot",
        {
            "Text": "Hi",
            "LexV2Bot": {"AliasArn": "arn:aws:lex:x"},
            "LexSessionAttributes": {"x-amz-lex:audio:end-timeout-ms:*:*": "500"},
            "LexTimeoutSeconds": {"Text": "300"},
        },
        "sorry",
        NoMatchingCondition="bye",
        NoMatchingError="sorry",
    ),
    action(
        "hold",
        "MessageParticipantIteratively",
        {"Messages": [{"PromptId": "music"}, {"SSML": "<speak/>"}, {"Text": "{Wait}"}]},
    ),
    one(
        "UpdateContactAttributes",
        {"Attributes": {"a b": "$.External.x", "c": "é\n"}, "TargetContact": "Current"},
    ),
    action(
        "related",
        "UpdateContactAttributes",
        {"Attributes": {"a": "1"}, "TargetContact": "Related"},
        "bye",
    ),
    one("UpdateFlowAttributes", {"FlowAttributes": {"f": {"Value": "$.Attributes.y"}}}),
    one("Compare", {"ComparisonValue": "$.Lex.Slots.colour"}, NoMatchingCondition="bye"),
    action(
        "compare",
        "Compare",
        {"ComparisonValue": "$.External.list[0].n"},
        "sorry",
        when=[
            ("Equals", "", "bye"),
            ("Equals", "$.Attributes.x", "bye"),
            ("TextStartsWith", '"quoted"', "bye"),
            ("NumberGreaterThan", "007", "bye"),
            ("NumberLessOrEqualTo", "-3", "bye"),
        ],
        NoMatchingCondition="sorry",
    ),
    action(
        "hours",
        "CheckHoursOfOperation",
        None,
        "sorry",
        when=equals(**{"True": "bye", "False": "sorry"}),
        **ANY,
    ),
    action(
        "loop",
        "Loop",
        {"LoopCount": "$.Attributes.n"},
        "bye",
        when=equals(DoneLooping="bye", ContinueLooping="sorry"),
    ),
    action(
        "split",
        "DistributeByPercentage",
        None,
        "bye",
        when=[("NumberLessThan", "4", "sorry"), ("NumberLessThan", "10", "bye")],
        NoMatchingCondition="bye",
    ),
    one(
        "InvokeLambdaFunction",
        {
            "LambdaFunctionARN": "$.FlowAttributes.fn",
            "InvocationTimeLimitSeconds": "8",
            "InvocationType": "SYNCHRONOUS",
            "LambdaInvocationAttributes": {
                "deep": {"list": ["$.ContactId", 1, []]},
                "text": "Hi $.Queue.Name!",
            },
            "ResponseValidation": {"ResponseType": "JSON"},
        },
    ),
    action(
        "view",
        "ShowView",
        {
            "ViewResource": {"Id": "form"},
            "InvocationTimeLimitSeconds": "30",
            "ViewData": {"Items": ITEMS, "Empty": {}},
        },
        "sorry",
        when=equals(Next="bye"),
        NoMatchingCondition="sorry",
        NoMatchingError="sorry",
        TimeLimitExceeded="bye",
    ),
    action(
        "oldest",
        "CheckMetricData",
        {"MetricType": "OldestContactInQueueAgeSeconds", "QueueId": "$.Queue.ARN"},
        "sorry",
        when=[("NumberLessThan", "300", "bye")],
        NoMatchingCondition="bye",
        NoMatchingError="sorry",
    ),
    action(
        "call",
        "CheckOutboundCallStatus",
        None,
        "bye",
        when=equals(CallAnswered="sorry", VoicemailBeep="bye"),
        NoMatchingError="bye",
    ),
    one("GetMetricData", {"QueueChannel": "Voice"}),
    one(
        "CreateCase",
        {"LinkContactToCase": "true", "CaseRequestFields": {"title": "For $.ContactId"}},
        ContactNotLinked="bye",
        NoMatchingError="sorry",
    ),
    one("CreateTask", {"Name": "Call", "Attributes": {"a": "1"}}),
    one("UpdateContactTargetQueue", {"QueueId": "arn:queue"}),
    action("agent", "UpdateContactTargetQueue", {"AgentId": "$.Agent.UserName"}, "bye", **ANY),
    action(
        "give",
        "TransferContactToQueue",
        None,
        "sorry",
        QueueAtCapacity="bye",
        NoMatchingError="sorry",
    ),
    action(
        "move",
        "DequeueContactAndTransferToQueue",
        {"QueueId": "$.Attributes.q"},
        "bye",
        QueueAtCapacity="bye",
        **ANY,
    ),
    one(
        "CreateCallbackContact",
        {
            "AgentId": "a",
            "InitialCallDelaySeconds": "5",
            "MaximumConnectionAttempts": "1",
            "RetryDelaySeconds": "600",
        },
    ),
    action(
        "number set",
        "UpdateContactCallbackNumber",
        {"CallbackNumber": "$.StoredCustomerInput"},
        "bye",
        InvalidCallbackNumber="sorry",
        CallbackNumberNotDialable="bye",
    ),
    one(
        "TransferParticipantToThirdParty",
        {
            "ThirdPartyPhoneNumber": "+1{{n}}",
            "ThirdPartyConnectionTimeLimitSeconds": "30",
            "ContinueFlowExecution": "False",
        },
        "sorry",
    ),
    action(
        "dial",
        "TransferParticipantToThirdParty",
        {
            "ThirdPartyPhoneNumber": "+84",
            "ThirdPartyConnectionTimeLimitSeconds": "30",
            "ContinueFlowExecution": "True",
            "ThirdPartyDTMFDigits": "1,#",
            "CallerId": {"Number": "$.SystemEndpoint.Address", "Name": "Bank"},
        },
        "bye",
        ConnectionTimeLimitExceeded="sorry",
        CallFailed="bye",
        NoMatchingError="bye",
    ),
    one("TransferToFlow", {"ContactFlowId": "arn:flow/1"}, "sorry"),
    one("InvokeFlowModule", {"FlowModuleId": "m"}),
    action(
        "wait", "Wait", {"TimeLimitSeconds": "60"}, "sorry", when=equals(WaitCompleted="bye"), **ANY
    ),
    action(
        "old wait",
        "Wait",
        {"TimeoutSeconds": "60"},
        "sorry",
        when=equals(WaitCompleted="bye"),
        **ANY,
    ),
    one("UpdateFlowLoggingBehavior", {"FlowLoggingBehavior": "Disabled"}),
    one(
        "UpdateContactTextToSpeechVoice",
        {"TextToSpeechVoice": "Mai", "TextToSpeechEngine": "Neural", "TextToSpeechStyle": "None"},
    ),
    one(
        "UpdateContactRecordingBehavior",
        {
            "RecordingBehavior": {"RecordedParticipants": []},
            "AnalyticsBehavior": {"Enabled": "True"},
        },
    ),
    one(
        "UpdateContactEventHooks",
        {
            "EventHooks": {"CustomerQueue": "f"},
            "EventHooksConfiguration": {"CustomerQueue": {"DisableExecution": "false"}},
        },
    ),
    one(
        "UpdateContactMediaStreamingBehavior",
        {
            "MediaStreamingState": "Enabled",
            "MediaStreamType": "Audio",
            "Participants": [{"ParticipantType": "Customer", "MediaDirections": ["To"]}],
        },
    ),
    one("UpdateContactRoutingBehavior", {"QueuePriority": 3}),
    one("UpdateContactRoutingCriteria", {"RoutingCriteria": {"Steps": []}}),
    one(
        "UpdateContactData",
        {"LanguageCode": "vi-VN", "CustomerId": "$.Customer.Id", "References": {"a": "b"}},
    ),
    one("TagContact", {"Tags": {"team": "$.Attributes.team"}}),
    one("UnTagContact", {"TagKeys": ["team"]}),
    SORRY,
    action("resume", "EndFlowExecution"),
    action("return", "EndFlowModuleExecution"),
    BYE,
)
"""Every action that the importer knows, with what AWS documents for it."""
