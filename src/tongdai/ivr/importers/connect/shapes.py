"""The older export's modules and the actions that say the same.

Rule: one row a module. A row names its branches and parameters in both languages; the few that are
more than other names have a pair of functions, there and back, in `modules.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from tongdai.ivr.importers.connect.actions import ANY_ERROR, NO_MATCH

_NONE: Final[Mapping[str, str]] = {}


@attrs.frozen
class Shape:
    """How a module is an action.

    Attributes:
        kind: the action's type.
        next: the branch that is `NextAction`.
        copies: where no branch is: the branches whose target `NextAction` repeats, the first there
            is.
        errors: the type of error of each branch.
        results: the result of each branch.
        parameters: the path of each parameter.
        own: branches beside these, for functions of `modules.py`.
    """

    kind: str
    next: str = ""
    copies: tuple[str, ...] = ()
    errors: Mapping[str, str] = _NONE
    results: Mapping[str, str] = _NONE
    parameters: Mapping[str, str] = _NONE
    own: tuple[str, ...] = ()


_ERROR: Final = {"Error": ANY_ERROR}
_SET: Final = {"next": "Success", "errors": _ERROR}

SHAPES: Final[Mapping[tuple[str, str], Shape]] = {
    ("PlayPrompt", ""): Shape("MessageParticipant", next="Success", errors=_ERROR),
    ("GetUserInput", "Digits"): Shape(
        "GetParticipantInput",
        copies=("NoMatch", "Error"),
        errors={"Timeout": "InputTimeLimitExceeded", "NoMatch": NO_MATCH, **_ERROR},
        parameters={"Timeout": "InputTimeLimitSeconds"},
    ),
    ("GetUserInput", "Lex"): Shape(
        "ConnectParticipantWithLexBot",
        copies=("Error", "NoMatch"),
        errors={"Timeout": "InputTimeLimitExceeded", "NoMatch": NO_MATCH, **_ERROR},
        parameters={
            "BotName": "LexBot.Name",
            "BotAlias": "LexBot.Alias",
            "BotRegion": "LexBot.Region",
        },
    ),
    ("StoreUserInput", ""): Shape(
        "GetParticipantInput",
        next="Success",
        errors=_ERROR,
        parameters={
            "Timeout": "InputTimeLimitSeconds",
            "MaxDigits": "InputValidation.CustomValidation.MaximumLength",
            "TerminatorDigits": "DTMFConfiguration.InputTerminationSequence",
            "DisableCancel": "DTMFConfiguration.DisableCancelKey",
            "EncryptionKeyId": "InputEncryption.EncryptionKeyId",
            "EncryptionKey": "InputEncryption.Key",
        },
    ),
    ("SetAttributes", ""): Shape("UpdateContactAttributes", next="Success", errors=_ERROR),
    ("Disconnect", ""): Shape("DisconnectParticipant"),
    ("Resume", ""): Shape("EndFlowExecution"),
    ("InvokeExternalResource", "Lambda"): Shape(
        "InvokeLambdaFunction",
        next="Success",
        errors=_ERROR,
        parameters={"FunctionArn": "LambdaFunctionARN", "TimeLimit": "InvocationTimeLimitSeconds"},
    ),
    ("SetQueue", ""): Shape(
        "UpdateContactTargetQueue",
        next="Success",
        errors=_ERROR,
        parameters={"Queue": "QueueId", "Agent": "AgentId"},
    ),
    ("CheckAttribute", ""): Shape("Compare", copies=("NoMatch",), errors={"NoMatch": NO_MATCH}),
    ("Transfer", "Queue"): Shape(
        "TransferContactToQueue",
        copies=("Error", "AtCapacity"),
        errors={"AtCapacity": "QueueAtCapacity", **_ERROR},
    ),
    ("Transfer", "Flow"): Shape(
        "TransferToFlow",
        copies=("Error",),
        errors=_ERROR,
        parameters={"ContactFlowId": "ContactFlowId"},
    ),
    ("Transfer", "PhoneNumber"): Shape(
        "TransferParticipantToThirdParty",
        next="Success",
        errors={
            "Timeout": "ConnectionTimeLimitExceeded",
            "CallFailure": "CallFailed",
            **_ERROR,
        },
        parameters={
            "PhoneNumber": "ThirdPartyPhoneNumber",
            "TimeLimit": "ThirdPartyConnectionTimeLimitSeconds",
        },
    ),
    ("SetLoggingBehavior", ""): Shape("UpdateFlowLoggingBehavior", next="Success", errors=_ERROR),
    ("SetVoice", ""): Shape(
        "UpdateContactTextToSpeechVoice",
        next="Success",
        errors=_ERROR,
        parameters={"GlobalVoice": "TextToSpeechVoice"},
    ),
    ("Loop", ""): Shape(
        "Loop",
        copies=("Complete",),
        errors=_ERROR,
        results={"Looping": "ContinueLooping", "Complete": "DoneLooping"},
        parameters={"LoopCount": "LoopCount"},
    ),
    ("LoopPrompts", ""): Shape(
        "MessageParticipantIteratively",
        copies=("Error",),
        errors=_ERROR,
        results={"Timeout": "MessagesInterrupted"},
        parameters={"InterruptSeconds": "InterruptFrequencySeconds"},
    ),
    ("SetRecordingBehavior", ""): Shape(
        "UpdateContactRecordingBehavior", next="Success", errors=_ERROR
    ),
    ("CheckStaffing", ""): Shape(
        "CheckMetricData",
        copies=("Error", "False"),
        errors={"False": NO_MATCH, **_ERROR},
        own=("True",),
        parameters={"Queue": "QueueId", "Agent": "AgentId"},
    ),
    ("CheckQueueStatus", ""): Shape(
        "CheckMetricData",
        copies=("Error", "NoMatch"),
        errors={"NoMatch": NO_MATCH, **_ERROR},
        parameters={"Queue": "QueueId", "Agent": "AgentId"},
    ),
    ("Wait", ""): Shape(
        "Wait",
        copies=("Error",),
        errors=_ERROR,
        results={"CustomerReturn": "CustomerReturned", "Timeout": "WaitCompleted"},
        parameters={"TimeoutSeconds": "TimeLimitSeconds"},
    ),
    ("StartMediaStreaming", ""): Shape(
        "UpdateContactMediaStreamingBehavior", next="Success", errors=_ERROR
    ),
    ("StopMediaStreaming", ""): Shape(
        "UpdateContactMediaStreamingBehavior", next="Success", errors=_ERROR
    ),
    ("SetEventHook", ""): Shape("UpdateContactEventHooks", next="Success", errors=_ERROR),
    ("SetContactFlow", ""): Shape("UpdateContactEventHooks", next="Success", errors=_ERROR),
    ("CheckHoursOfOperation", ""): Shape(
        "CheckHoursOfOperation",
        copies=("Error", "False"),
        errors=_ERROR,
        results={"True": "True", "False": "False"},
        parameters={"Hours": "HoursOfOperationId"},
    ),
    ("UpdateRoutingPriority", ""): Shape(
        "UpdateContactRoutingBehavior",
        next="Success",
        errors=_ERROR,
        parameters={
            "AbsolutePosition": "QueuePriority",
            "TimeOffset": "QueueTimeAdjustmentSeconds",
        },
    ),
    ("SetCallBackNumber", ""): Shape(
        "UpdateContactCallbackNumber",
        next="Success",
        errors={
            "InvalidPhoneNumber": "InvalidCallbackNumber",
            "NonDialableNumber": "CallbackNumberNotDialable",
            **_ERROR,
        },
        parameters={"CallBackNumber": "CallbackNumber"},
    ),
    ("PercentileBranching", ""): Shape(
        "DistributeByPercentage", copies=("NoMatch",), errors={"NoMatch": NO_MATCH}
    ),
    ("GetQueueMetrics", ""): Shape(
        "GetMetricData",
        next="Success",
        errors=_ERROR,
        parameters={"Queue": "QueueId", "Agent": "AgentId"},
    ),
}
"""By a module's type and target."""

RENAMED: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("PlayAudio", ""): ("PlayPrompt", ""),
    ("StoreCustomerInput", ""): ("StoreUserInput", ""),
    ("CustomerInQueue", ""): ("Transfer", "Queue"),
    ("TransferToFlow", ""): ("Transfer", "Flow"),
    ("SetEventHook", "Flow"): ("SetEventHook", ""),
    ("SetContactFlow", "Flow"): ("SetContactFlow", ""),
}
"""Names that the oldest flows have for the same."""

OPERATORS: Final[Mapping[str, str]] = {
    "Equals": "Equals",
    "StartsWith": "TextStartsWith",
    "EndsWith": "TextEndsWith",
    "Contains": "TextContains",
    "GreaterThan": "NumberGreaterThan",
    "GreaterThanOrEqualTo": "NumberGreaterOrEqualTo",
    "LessThan": "NumberLessThan",
    "LessThanOrEqualTo": "NumberLessOrEqualTo",
}

SYSTEM: Final[Mapping[str, str]] = {
    "Customer Number": "$.CustomerEndpoint.Address",
    "Dialed Number": "$.SystemEndpoint.Address",
    "Stored customer input": "$.StoredCustomerInput",
    "Customer callback number": "$.CustomerCallbackNumber",
}
"""System attributes that are called differently; the others are their path."""

SPACES: Final[Mapping[str, str]] = {
    "User Defined": "Attributes",
    "External": "External",
    "Lex Slots": "Lex.Slots",
    "Lex Attributes": "Lex.SessionAttributes",
}
"""Name spaces of values; `System` beside them."""
