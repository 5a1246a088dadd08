"""A bank's hotline, in Vietnamese and English: proven, drawn, walked, and called.

    python examples/phone_menu.py                   everything, by itself
    python examples/phone_menu.py --text            the same flow as a chat
    python examples/phone_menu.py --play            call it: keys are pressed in this terminal
    python examples/phone_menu.py --play --text     write to it

The caller chooses a language, keys in a PIN that nobody here ever sees, hears the balance, and is
put through to a person, or called back where nobody is there. The picture is Mermaid: paste it
wherever that is drawn. The right PIN is 2580.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tongdai import seconds
from tongdai.ivr import (
    Analytics,
    Branch,
    CallBack,
    Case,
    Choice,
    Collect,
    End,
    Flow,
    HandOff,
    Hours,
    Invoke,
    Language,
    Loop,
    Menu,
    Modality,
    Operator,
    Prompt,
    Repeat,
    Say,
    Setting,
    Simulation,
    Wording,
    check,
    draw,
    simulate,
    walk,
)
from tongdai.ivr.effects import AnyEffect, Disconnect, GiveToQueue, Play, ScheduleCallBack
from tongdai.model.calendar import BusinessCalendar
from tongdai.model.time import Instant, instant

SAIGON = "Asia/Ho_Chi_Minh"
CALENDARS = {"office": BusinessCalendar(SAIGON, {"mon-sat": "08:00-17:00"}, {"2026-02-17": ""})}
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo(SAIGON))
CALLER = {"caller": {"phone": "+84903123456"}}
RIGHT = "2580"

HOTLINE = Flow(
    "hotline",
    start="hello",
    languages=("vi", "en"),
    on_hangup="note",
    expired="late",
    handlers=(
        Operator("office", keys=("0",), says=("agent", "nhân viên")),
        Repeat(keys=("*",), says=("repeat", "nhắc lại")),
        Language("en", says=("english",)),
        Language("vi", says=("tiếng việt",)),
    ),
    nodes={
        "hello": Say(
            {"vi": "Ngân hàng Sen xin chào.", "en": "Welcome to Sen Bank."}, then="language"
        ),
        "language": Menu(
            "Tiếng Việt: 1. English: 2.",
            {
                "1": Choice("vietnamese", "Tiếng Việt"),
                "2": Choice("english", "English"),
            },
            tries=2,
            exhausted="main",
        ),
        "vietnamese": Setting({"language": '"vi"'}, then="main"),
        "english": Setting({"language": '"en"'}, then="main"),
        "main": Menu(
            {
                "vi": (
                    "Số dư bấm 1. Thẻ bị mất bấm 2. Gặp nhân viên bấm 0.",
                    "Bấm 1, 2 hoặc 0.",
                ),
                "en": (
                    "For your balance press 1. For a lost card press 2. For a person press 0.",
                    "Press 1, 2 or 0.",
                ),
            },
            {
                "1": Choice("pin", {"vi": "Số dư", "en": "Balance"}),
                "2": Choice("lost", {"vi": "Mất thẻ", "en": "Lost card"}),
            },
            exhausted="office",
        ),
        "pin": Branch((Case('session.modality == "sms"', "office"),), otherwise="ask_pin"),
        "ask_pin": Collect(
            "pin",
            Prompt(
                {"vi": "Xin nhập mã PIN, rồi bấm thăng.", "en": "Your PIN, then the hash key."},
                barge_in=False,
            ),
            shortest=4,
            longest=6,
            sensitive=True,
            done="verify",
            exhausted="office",
            failed="office",
        ),
        "verify": Invoke(
            "verify",
            args={"phone": "caller.phone", "pin": "pin"},
            into="account",
            within=seconds(4),
            done="verified",
            failed="broken",
        ),
        "verified": Branch((Case("account.ok", "balance"),), otherwise="tries"),
        "tries": Loop(2, again="wrong", done="office"),
        "wrong": Say({"vi": "Mã PIN không đúng.", "en": "That PIN is wrong."}, then="ask_pin"),
        "balance": Say(
            {
                "vi": "Số dư của quý khách là {account.balance} đồng.",
                "en": "Your balance is {account.balance} dong.",
            },
            then="more",
        ),
        "more": Menu(
            {"vi": "Việc khác bấm 1, kết thúc bấm 2.", "en": "Anything else: 1. That is all: 2."},
            {
                "1": Choice("main", {"vi": "Việc khác", "en": "Anything else"}),
                "2": Choice("bye", {"vi": "Kết thúc", "en": "That is all"}),
            },
            tries=1,
            exhausted="office",
        ),
        "lost": Invoke(
            "block_card", args={"phone": "caller.phone"}, done="blocked", failed="urgent"
        ),
        "blocked": Say({"vi": "Thẻ đã được khóa.", "en": "Your card is blocked."}, then="urgent"),
        "urgent": HandOff(
            "cards", "cards>=4", priority=5, full="callback", closed="callback", failed="callback"
        ),
        "broken": Say(
            {"vi": "Hệ thống đang bận.", "en": "Our systems are busy just now."}, then="office"
        ),
        "office": Hours("office", open="person", closed="closed", failed="person"),
        "closed": Say(
            {
                "vi": "Chúng tôi làm việc từ 8 giờ đến 17 giờ, trừ chủ nhật.",
                "en": "We are here from 8 to 17, except on Sundays.",
            },
            then="callback",
        ),
        "person": HandOff("cards", full="callback", closed="closed", failed="callback"),
        "callback": CallBack("cards", "caller.phone", priority=1, then="promise", failed="sorry"),
        "promise": Say(
            {"vi": "Chúng tôi sẽ gọi lại cho quý khách.", "en": "We shall call you back."},
            then="bye",
        ),
        "sorry": Say({"vi": "Xin gọi lại sau.", "en": "Please call again later."}, then="bye"),
        "late": Say(
            {"vi": "Xin bắt đầu lại từ đầu.", "en": "That was a while ago; let us start afresh."},
            then="language",
        ),
        "bye": Say(
            {
                "vi": Wording("Cảm ơn quý khách. Xin chào.", audio="goodbye.vi.wav"),
                "en": Wording("Thank you. Goodbye.", audio="goodbye.en.wav"),
            },
            then="end",
        ),
        "note": Invoke("note_hang_up", args={"session": "session.id"}, done="end", failed="gone"),
        "gone": End(),
        "end": End(),
    },
)


class Bank:
    """What the flow asks of the application, and the only place that a PIN is known to."""

    def __init__(self, *pins: str) -> None:
        self.pins = list(pins)

    def verify(self, phone: str, pin: str) -> dict[str, object]:
        """Look whether a PIN is right; `pin` is only a reference to it."""
        keyed = self.pins[int(pin.removeprefix("secret-")) - 1] if self.pins else ""
        right = keyed == RIGHT and phone.startswith("+84")
        return {"ok": right, "balance": "1.250.000" if right else None}

    def call(self, modality: Modality, now: Instant, language: str = "vi") -> Simulation:
        """Start a session with this bank behind it."""
        return simulate(
            HOTLINE,
            modality=modality,
            language=language,
            calls={
                "verify": self.verify,
                "block_card": "blocked",
                "note_hang_up": None,
            },
            calendars=CALENDARS,
            values=CALLER,
            now=now,
            prompts=seconds(3),
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Show what there is to show; answer with 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--play", action="store_true", help="call the hotline from this terminal")
    parser.add_argument("--text", action="store_true", help="as a chat instead of a call")
    asked = parser.parse_args(arguments)
    modality: Modality = "chat" if asked.text else "voice"
    if asked.play:
        play(modality)
        return 0
    title("Proven")
    print("\n".join(map(str, check(HOTLINE))) or "Lint has nothing to say.")
    title("Drawn")
    print(draw(HOTLINE, language="en"), end="")
    title("Walked")
    walked(modality)
    title("Called" if modality == "voice" else "Written to")
    analytics = Analytics()
    for headline, session in demonstrations(modality):
        print(f"{headline}\n{session}\n")
        for event in session.events:
            analytics.apply(event)
    title("Counted")
    print(analytics)
    return 0


def title(text: str) -> None:
    """Print a headline."""
    print(f"\n--- {text} {'-' * (74 - len(text))}\n")


def walked(modality: Modality) -> None:
    """Take every way through the flow, and tell how the cases end."""
    cases = list(
        walk(
            HOTLINE,
            by="ways",
            modality=modality,
            language="en",
            calendars=CALENDARS,
            values=CALLER,
            now=instant(MONDAY),
        )
    )
    ends = Counter(case.end for case in cases)
    ways = {way for case in cases for way in case.path}
    print(f"{len(cases)} cases take {len(ways)} ways: ", end="")
    print(", ".join(f"{count} {end}" for end, count in ends.most_common()), end=".\n\n")
    for case in [case for case in cases if case.end == "handed off"][:3]:
        acts = ".".join(str(act) for act in case.acts)
        print(f"  {acts}.hands_off({case.reason!r})")


def demonstrations(modality: Modality) -> list[tuple[str, Simulation]]:
    """Return sessions that went somewhere, each with a headline."""
    day, night = instant(MONDAY), instant(MONDAY + timedelta(hours=12))
    if modality == "voice":
        balance = Bank("1111", RIGHT).call("voice", day)
        balance.hears("Sen").press("2").hears("balance").press("1").press("1111#")
        balance.hears("wrong").press(f"{RIGHT}#").hears("1.250.000").press("2").ends("end")
        lost = Bank().call("voice", day).hears("Sen").press("1").hears("Thẻ bị mất").press("2")
        lost.hands_off("cards", requires="cards>=4", priority=5).queue_is("taken").ends()
        closed = Bank().call("voice", night).press("2").waits().waits().waits()
        closed.hears("from 8 to 17").calls_back("cards", number="+84903123456").ends("end")
    else:
        balance = Bank(RIGHT).call("chat", day).chooses("English").chooses("Balance")
        balance.says(RIGHT).hears("1.250.000").chooses("That is all").ends("end")
        lost = Bank().call("chat", day).says("tieng viet").says("mat the")
        lost.hands_off("cards", requires="cards>=4", priority=5).queue_is("taken").ends()
        closed = Bank().call("chat", night).chooses("English").says("agent")
        closed.hears("from 8 to 17").calls_back("cards", number="+84903123456").ends("end")
    return [
        ("In English: the balance", balance),
        ("In Vietnamese: a lost card", lost),
        ("At nine in the evening", closed),
    ]


def play(modality: Modality) -> None:
    """Let whoever sits at the terminal be the customer."""
    bank = Bank()
    session = bank.call(modality, instant(datetime.now(ZoneInfo(SAIGON))))
    hint = "keys, `say ...`, Enter for silence" if modality == "voice" else "your message"
    print(f"({hint}; `bye` to hang up)")
    shown = 0
    while True:
        session.settle()
        for effect in session.effects[shown:]:
            notice(effect)
        shown = len(session.effects)
        if session.session.ended or session.session.phase == "handed_off":
            return
        print("> ", end="", flush=True)
        typed = sys.stdin.readline()
        if not typed or typed.strip() == "bye":
            session.hangs_up()
            continue
        act(session, bank, typed.strip(), modality)


def notice(effect: AnyEffect) -> None:
    """Print what a customer notices of an effect."""
    if isinstance(effect, Play):
        print(f"  {effect.text}", *(f"[{button.label}]" for button in effect.buttons))
    elif isinstance(effect, GiveToQueue):
        print(f"  (you wait for a person: queue {effect.queue}, {effect.requires or 'anybody'})")
    elif isinstance(effect, ScheduleCallBack):
        print(f"  (to be called back at {effect.number})")
    elif isinstance(effect, Disconnect):
        print("  (the line is closed)")


def act(session: Simulation, bank: Bank, typed: str, modality: Modality) -> None:
    """Do what was typed."""
    if session.session.phase == "secure":
        bank.pins.append(typed.rstrip("#"))
        session.says(typed.rstrip("#"))
    elif modality != "voice":
        session.says(typed)
    elif typed.startswith("say "):
        session.says(typed[4:])
    elif not typed:
        session.waits()
    elif set(typed) <= set("0123456789*#"):
        session.press(typed)
    else:
        print("  (keys are 0 to 9, * and #)")


if __name__ == "__main__":
    sys.exit(main())
