"""What Connect says and asks: prompts, menus, collected digits, bots.

Rule: Connect never asks twice by itself, so each miss goes its own way at once. It keeps what was
keyed as `StoredCustomerInput`; where nothing was, that is the text `Timeout` and the flow goes on
as if it were an answer. We do not: `no_input` leads to a node of its own that says so.
"""

from __future__ import annotations

from typing import Final

from tongdai.ivr.importers.connect.actions import (
    ANY_ERROR,
    NO_MATCH,
    Action,
    Condition,
    Reading,
    Unfit,
    Ways,
    Writing,
    as_object,
)
from tongdai.ivr.importers.connect.names import deep, flat, part, template_of, text_of
from tongdai.ivr.nodes import (
    MOST_DIGITS,
    Assign,
    Choice,
    Collect,
    Invoke,
    Menu,
    Node,
    Say,
    Wait,
    choices,
)
from tongdai.ivr.prompts import ANY_LANGUAGE, Prompt, Said, Wording, prompt
from tongdai.model.time import Duration, seconds

ANSWER: Final = "StoredCustomerInput"
TIMEOUT: Final = '"Timeout"'
NUMBER: Final = "connect:PhoneNumber"
_SECOND: Final = seconds(1)
_KEYS: Final = frozenset("0123456789*#")

_SAY: Final = Ways(next="then", errors={ANY_ERROR: "failed"})
_MENU: Final = Ways(
    copies=("no_match", "failed"),
    errors={"InputTimeLimitExceeded": "no_input", NO_MATCH: "no_match", ANY_ERROR: "failed"},
)
_BOT: Final = Ways(
    copies=("failed", "no_match"),
    errors={"InputTimeLimitExceeded": "no_input", NO_MATCH: "no_match", ANY_ERROR: "failed"},
)
_STORE: Final = Ways(next="next", errors={ANY_ERROR: "failed"})
_STORE_NUMBER: Final = Ways(
    next="next", errors={"InvalidPhoneNumber": "invalid", ANY_ERROR: "failed"}
)
_HOLD: Final = Ways(
    copies=("failed",),
    errors={ANY_ERROR: "failed"},
    results={"MessagesInterrupted": "then"},
)


# --- prompts --------------------------------------------------------------------------------------


def _read_prompt(reading: Reading, *, barge_in: bool, needed: bool = True) -> Prompt:
    ways = [way for way in ("Text", "SSML", "PromptId", "Media.Uri") if reading.has(way)]
    if len(ways) > 1:
        raise Unfit(f"it says several things at once: {', '.join(ways)}")
    if not ways:
        if needed:
            raise Unfit("it says nothing")
        return Prompt(Wording(), barge_in=barge_in)
    said = template_of(reading.text(ways[0]))
    if ways[0] == "Media.Uri":
        reading.left.setdefault("Media", {})
    return Prompt(_worded(ways[0], said), barge_in=barge_in)


def _worded(way: str, said: str) -> Wording:
    if way == "Text":
        return Wording(text=said)
    return Wording(ssml=said) if way == "SSML" else Wording(audio=said)


def _write_prompt(writing: Writing, said: Said) -> None:
    wording = _wording(writing, said)
    audio = "Media.Uri" if "Media" in writing.parameters else "PromptId"
    for way, text in (("Text", wording.text), ("SSML", wording.ssml), (audio, wording.audio)):
        if text:
            writing.put(way, text_of(text))


def _wording(writing: Writing, said: Said) -> Wording:
    spoken = prompt(said)
    (language, wordings), *others = spoken
    wording = wordings[0]
    if others or language != ANY_LANGUAGE or len(wordings) > 1:
        writing.fail("Connect says one text in one language; give a flow for each language")
    if sum(bool(text) for text in (wording.text, wording.ssml, wording.audio)) > 1:
        writing.fail("Connect says a text, SSML or a recording, one of them")
    return wording


def _read_say(reading: Reading) -> Node:
    said = _read_prompt(reading, barge_in=False)
    ways = reading.ways(_SAY)
    return Say(said, extra=reading.rest("Media"), **ways)


def _write_say(writing: Writing, node: Say) -> Action:
    _write_prompt(writing, node.prompt)
    targets = {"then": node.then, "failed": node.failed}
    return writing.action("MessageParticipant", _SAY, targets)


# --- prompts over and over, while one waits -------------------------------------------------------


def _read_hold(reading: Reading) -> Node:
    messages = reading.take("Messages")
    if not isinstance(messages, (list, tuple)) or not messages:
        raise Unfit("Messages is no list of messages")
    said = [_message(one) for one in messages]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
    every = None
    if reading.has("InterruptFrequencySeconds"):
        every = seconds(reading.number("InterruptFrequencySeconds", least=1))
    ways = reading.ways(_HOLD)
    known = ("ContinueMessagingDuringInterrupt",)
    return Wait(every, meanwhile=tuple(said), extra=reading.rest(*known), **ways)


def _message(message: object) -> Prompt:
    if isinstance(message, dict) and len(message) == 1:  # pyright: ignore[reportUnknownArgumentType]
        ((way, said),) = message.items()  # pyright: ignore[reportUnknownVariableType]
        if way in ("Text", "SSML", "PromptId") and isinstance(said, str) and said:
            return Prompt(_worded(way, template_of(said)), barge_in=False)
    raise Unfit("a message is not one of Text, SSML and PromptId, and says something")


def write_hold(writing: Writing, node: Wait) -> Action:
    """Return the action of a wait that says things."""
    messages: list[dict[str, str]] = []
    for said in node.meanwhile:
        wording = _wording(writing, said)
        way = "Text" if wording.text else "SSML" if wording.ssml else "PromptId"
        messages.append({way: text_of(wording.text or wording.ssml or wording.audio)})
    writing.put("Messages", messages)
    if node.for_ is not None:
        writing.number("InterruptFrequencySeconds", node.for_ // _SECOND)
    targets = {"then": node.then, "failed": node.failed}
    return writing.action("MessageParticipantIteratively", _HOLD, targets)


# --- menus and digits -----------------------------------------------------------------------------


def _read_input(reading: Reading) -> Node:
    store = reading.flag("StoreInput", default=False)
    within = seconds(reading.number("InputTimeLimitSeconds", least=1))
    said = _read_prompt(reading, barge_in=True, needed=False)
    if store:
        return _read_store(reading, said, within)
    picks = _choices(reading)
    if not _KEYS.issuperset(picks):
        raise Unfit("a condition is not one of the keys 0 to 9, * and #")
    ways = reading.ways(_MENU, conditions=True)
    return Menu(
        said,
        picks,
        within=within,
        terminator="",
        tries=1,
        expired=ways.get("no_input"),
        extra=reading.rest("Media", "InputValidation", "DTMFConfiguration"),
        **ways,
    )


def _choices(reading: Reading) -> dict[str, str | Choice]:
    picks: dict[str, str | Choice] = {}
    for condition in reading.conditions:
        key = condition.operand
        if condition.operator != "Equals" or not key or key in picks:
            raise Unfit(f"its condition {condition.operator} {key!r:.40}")
        picks[key] = condition.target
    return picks


def _read_store(reading: Reading, said: Prompt, within: Duration) -> Node:
    if reading.conditions:
        raise Unfit("input that is stored has no conditions")
    sensitive = reading.has("InputEncryption")
    terminator = "#"
    if reading.has("DTMFConfiguration.InputTerminationSequence"):
        terminator = reading.text("DTMFConfiguration.InputTerminationSequence")
        if terminator not in _KEYS:
            raise Unfit(f"its terminator {terminator!r:.20} is not one key")
        if terminator == "#":
            reading.extra.setdefault("spelling", {})["InputTerminationSequence"] = ["#"]
    between = seconds(
        reading.number(
            "DTMFConfiguration.InterdigitTimeLimitSeconds", least=1, default=5, stated=False
        )
    )
    kept = reading.flag("DTMFConfiguration.DisableCancelKey", default=False)
    if terminator == "*" and not kept:
        raise Unfit("* ends the digits and cancels them too")
    number: dict[str, str] | None = None
    longest = MOST_DIGITS
    if reading.has("InputValidation.PhoneNumberValidation"):
        number = flat(reading.take("InputValidation.PhoneNumberValidation"), "")
    else:
        longest = reading.number(
            "InputValidation.CustomValidation.MaximumLength", least=1, most=MOST_DIGITS
        )
    ways = reading.ways(_STORE if number is None else _STORE_NUMBER)
    done, failed = ways.get("next"), ways.get("failed")
    if number is not None:
        done = reading.part("phone number")
        reading.parts[done] = Invoke(
            NUMBER,
            {"number": ANSWER, **number},
            into=ANSWER,
            done=ways.get("next"),
            failed=ways.get("invalid"),
            extra=reading.owned,
        )
    nothing = reading.part("timeout")
    reading.parts[nothing] = Assign(
        {ANSWER: TIMEOUT}, then=ways.get("next"), failed=failed, extra=reading.owned
    )
    return Collect(
        ANSWER,
        said,
        longest=longest,
        terminator=terminator,
        cancel="" if kept else "*",
        within=within,
        between=between,
        tries=1,
        sensitive=sensitive,
        done=done,
        no_input=nothing,
        no_match=failed,
        expired=nothing,
        failed=failed,
        extra=reading.rest("Media", "InputEncryption", "InputValidation"),
    )


def _write_menu(writing: Writing, node: Menu) -> Action:
    _write_prompt(writing, node.ask)
    targets = {"no_input": node.no_input, "no_match": node.no_match, "failed": node.failed}
    picks = [
        Condition("Equals", (key,), choice.then)
        for key, choice in choices(node).items()
        if choice.then is not None
    ]
    if node.understand:
        return _write_bot(writing, node, targets, picks)
    if not _KEYS.issuperset(choices(node)):
        writing.fail("choices: Connect knows the keys 0 to 9, * and #, one of them")
    writing.flag("StoreInput", value=False, default=False)
    writing.number("InputTimeLimitSeconds", node.within // _SECOND)
    return writing.action("GetParticipantInput", _MENU, targets, picks)


def _write_collect(writing: Writing, node: Collect) -> Action:
    if node.into != ANSWER or node.kind != "digits":
        writing.fail(f"into: Connect keeps digits as {ANSWER}; assign it to {node.into} behind")
    if node.sensitive and "InputEncryption" not in writing.parameters:
        writing.fail("sensitive: Connect needs `extra` to hold InputEncryption and its keys")
    _write_prompt(writing, node.ask)
    writing.flag("StoreInput", value=True, default=False)
    writing.number("InputTimeLimitSeconds", node.within // _SECOND)
    if node.terminator != "#" or "InputTerminationSequence" in writing.spelling:
        writing.put("DTMFConfiguration.InputTerminationSequence", node.terminator)
    writing.number(
        "DTMFConfiguration.InterdigitTimeLimitSeconds",
        node.between // _SECOND,
        default=5,
        stated=False,
    )
    writing.flag("DTMFConfiguration.DisableCancelKey", value=not node.cancel, default=False)
    follow, invalid, ways = node.done, None, _STORE
    checked = writing.part(node.done)
    if isinstance(checked, Invoke):
        rules = {name: rule for name, rule in checked.args.items() if name != "number"}
        writing.put("InputValidation.PhoneNumberValidation", deep(rules))
        follow, invalid, ways = checked.done, checked.failed, _STORE_NUMBER
    else:
        writing.number("InputValidation.CustomValidation.MaximumLength", node.longest)
    nothing = writing.part(node.no_input)
    if not isinstance(nothing, Assign) or nothing.then != follow:
        writing.fail(f"no_input: in Connect it is the answer {TIMEOUT}; compare {ANSWER} behind")
    targets = {"next": follow, "invalid": invalid, "failed": node.failed}
    return writing.action("GetParticipantInput", ways, targets)


# --- bots -----------------------------------------------------------------------------------------


def _read_bot(reading: Reading) -> Node:
    said = _read_prompt(reading, barge_in=True, needed=False)
    if reading.has("LexV2Bot.AliasArn") == reading.has("LexBot.Name"):
        raise Unfit("it names no bot, or two")
    if reading.has("LexV2Bot.AliasArn"):
        bot = reading.text("LexV2Bot.AliasArn")
        if bot.startswith("lex:"):
            raise Unfit("LexV2Bot.AliasArn is no name of a bot")
    else:
        steps = [reading.text(f"LexBot.{way}") for way in ("Region", "Name", "Alias")]
        if any(":" in step for step in steps):
            raise Unfit("a colon in the name of a bot")
        bot = ":".join(("lex", *steps))
    args: dict[str, str] = {}
    for key, value in as_object(reading.left.get("LexSessionAttributes")).items():
        args |= flat(value, part(key))
    if args:
        reading.take("LexSessionAttributes")
    reply = seconds(24 * 3600)
    if reading.has("LexTimeoutSeconds.Text"):
        reply = seconds(reading.number("LexTimeoutSeconds.Text", least=1))
        reading.left.setdefault("LexTimeoutSeconds", {})
    picks = _choices(reading)
    ways = reading.ways(_BOT, conditions=True)
    return Menu(
        said,
        picks,
        understand=template_of(bot),
        args=args,
        into="Lex",
        terminator="",
        tries=1,
        reply_within=reply,
        expired=ways.get("no_input"),
        extra=reading.rest(
            "Media", "LexInitializationData", "LexTimeoutSeconds", "LexSessionAttributes"
        ),
        **ways,
    )


def _write_bot(
    writing: Writing, node: Menu, targets: dict[str, str | None], picks: list[Condition]
) -> Action:
    bot = text_of(node.understand)
    if bot.startswith("lex:"):
        _, *steps = bot.split(":")
        for name, step in zip(("Region", "Name", "Alias"), steps, strict=False):
            writing.put(f"LexBot.{name}", step)
    else:
        writing.put("LexV2Bot.AliasArn", bot)
    if node.args:
        writing.put("LexSessionAttributes", deep(node.args))
    if "LexTimeoutSeconds" in writing.parameters:
        writing.number("LexTimeoutSeconds.Text", node.reply_within // _SECOND)
    return writing.action("ConnectParticipantWithLexBot", _BOT, targets, picks)


READERS: Final = {
    "MessageParticipant": _read_say,
    "MessageParticipantIteratively": _read_hold,
    "GetParticipantInput": _read_input,
    "ConnectParticipantWithLexBot": _read_bot,
}
WRITERS: Final = {Say: _write_say, Menu: _write_menu, Collect: _write_collect}
