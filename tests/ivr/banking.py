"""A small bank hotline that the tests of simulation, walk and analytics share."""

from __future__ import annotations

from tongdai.ivr import (
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
    Loop,
    Menu,
    Operator,
    Record,
    Say,
    Setting,
    Transfer,
)
from tongdai.model.calendar import BusinessCalendar

OFFICE = {"office": BusinessCalendar("Asia/Ho_Chi_Minh", {"mon-fri": "08:00-17:00"})}

BANK = Flow(
    "bank",
    start="hello",
    on_hangup="log",
    handlers=(Operator("office", keys=("0",), says=("agent",)),),
    nodes={
        "hello": Say({"vi": "Xin chào.", "en": "Welcome."}, then="main"),
        "main": Menu(
            {"vi": "Thẻ bấm 1, số dư bấm 2.", "en": "Cards: 1. Balance: 2. Lost: 3."},
            {
                "1": Choice("office", {"vi": "Thẻ", "en": "Cards"}),
                "2": Choice("pin", {"vi": "Số dư", "en": "Balance"}),
                "3": Choice("police", {"vi": "Mất", "en": "Lost"}),
            },
            exhausted="office",
        ),
        "pin": Collect(
            "pin",
            {"vi": "Mã PIN?", "en": "Your PIN?"},
            shortest=4,
            longest=6,
            sensitive=True,
            done="verify",
            exhausted="office",
            failed="office",
        ),
        "verify": Invoke(
            "verify", args={"pin": "pin"}, into="account", done="known", failed="office"
        ),
        "known": Branch((Case("account.balance >= 0", then="balance"),), otherwise="tries"),
        "tries": Loop(2, again="pin", done="office"),
        "balance": Say(
            {"vi": "{account.balance} đồng.", "en": "{account.balance} dong."}, then="end"
        ),
        "office": Hours("office", open="person", closed="callback", failed="person"),
        "person": HandOff("cards", "cards>=3", priority=1, full="callback", closed="callback"),
        "callback": CallBack("cards", "caller.phone", then="bye", failed="note"),
        "note": Record("note", then="bye", no_input="bye", failed="bye"),
        "police": Transfer('"113"', busy="office", failed="office"),
        "bye": Say({"vi": "Chào.", "en": "Goodbye."}, then="end"),
        "end": End(),
        "log": Setting({"logged": "true"}, then="gone"),
        "gone": End(),
    },
)
