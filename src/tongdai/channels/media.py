"""The media that people reach a center by, as data.

Rule: a figure stands here once, with where it comes from; `source` says of each which were seen at
work in programs or read in documentation, and which are from memory and not verified. Nothing asks
for a medium's name: an adapter starts from the value here, and changes what an account may have
differently (`attrs.evolve(WHATSAPP, text_limit=1_024)`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from tongdai.channels.medium import Can, Choosing, Files, Medium, ReplyWindow
from tongdai.model.mode import Mode
from tongdai.model.time import hours, seconds

_DAY: Final = hours(24)
_WEEK: Final = hours(7 * 24)

VOICE: Final = Medium(
    mode=Mode.LIVE,
    can={Can.SPEECH},
    source="A telephone: what is said is spoken, what is chosen is keyed or spoken.",
)

SMS: Final = Medium(
    mode=Mode.MESSAGING,
    can={Can.TEXT, Can.RECEIPTS},
    text_limit=10,
    unit="segments",
    acknowledge=seconds(15),
    source=(
        "Twilio Messaging. Read in its documentation: a webhook is given up after 15 s. From"
        " memory: at most 1,600 characters a message; ten segments are 1,530 of GSM 03.38 or 670 of"
        " UCS-2. Pictures (MMS) are left out, since few countries have them."
    ),
)

EMAIL: Final = Medium(
    mode=Mode.DEFERRED,
    can={Can.TEXT, Can.ATTACHMENTS, Can.SUBJECT, Can.RECEIPTS},
    source=(
        "RFC 5322 has no limit of a text; servers limit whole mails, each in its own way. Receipts"
        " are delivery reports (RFC 3464) and notifications that a mail was displayed (RFC 8098);"
        " most servers report only what has failed."
    ),
)

FAX: Final = Medium(
    mode=Mode.DEFERRED,
    can={Can.TEXT, Can.ATTACHMENTS, Can.SUBJECT, Can.RECEIPTS},
    files=Files(kinds=("application/pdf", "image/tiff")),
    source=(
        "Telnyx Fax: one document a fax, and events that tell what became of it, seen in a client."
        " Text and subject are what the cover page shows. From memory: the kinds of files."
    ),
)

WEB_CHAT: Final = Medium(
    mode=Mode.INTERACTIVE,
    can={Can.TEXT, Can.ATTACHMENTS, Can.BUTTONS, Can.RECEIPTS, Can.TYPING, Can.KEYS},
    text_limit=4_000,
    buttons=Choosing(most=12, label=80),
    files=Files(size=10 * 2**20, most=5),
    source="tongdai's own web chat; its limits are settings.",
)

VIDEO: Final = attrs.evolve(
    WEB_CHAT,
    mode=Mode.LIVE,
    source="A link to a room, and tongdai's own web chat beside the picture.",
)

MESSENGER: Final = Medium(
    mode=Mode.MESSAGING,
    can={Can.TEXT, Can.ATTACHMENTS, Can.BUTTONS, Can.RECEIPTS, Can.TYPING},
    text_limit=2_000,
    buttons=Choosing(most=13, label=20),
    files=Files(caption=0),
    reply_window=ReplyWindow(free=_DAY, fallback="human", until=_WEEK),
    acknowledge=seconds(5),
    source=(
        "Meta, Messenger Platform. Seen in programs: 2,000 characters in one, 1,000 in another; not"
        " verified which. Read in documentation: 24 hours, then the HUMAN_AGENT tag until 7 days,"
        " for people only. From memory: 13 quick replies of 20 characters, no text beside a file,"
        " 5 s for a webhook."
    ),
)

INSTAGRAM: Final = Medium(
    mode=Mode.MESSAGING,
    can={Can.TEXT, Can.ATTACHMENTS, Can.BUTTONS, Can.RECEIPTS, Can.TYPING},
    text_limit=1_000,
    unit="bytes",
    buttons=Choosing(most=13, label=20),
    files=Files(caption=0),
    reply_window=ReplyWindow(free=_DAY, fallback="human", until=_WEEK),
    acknowledge=seconds(5),
    source=(
        "Meta, Instagram Messaging. Seen in programs: 1,000 bytes. Read in documentation: 24"
        " hours, then the HUMAN_AGENT tag until 7 days, for people only. From memory: 13 quick"
        " replies of 20 characters, no text beside a file, 5 s for a webhook."
    ),
)

X: Final = Medium(
    mode=Mode.MESSAGING,
    can={Can.TEXT},
    text_limit=10_000,
    source=(
        "X, direct messages. From memory, not verified: 10,000 characters. Read in documentation:"
        " the Activity API delivers messages encrypted, so there is no adapter for it here."
    ),
)

WHATSAPP: Final = Medium(
    mode=Mode.MESSAGING,
    can={
        *(Can.TEXT, Can.ATTACHMENTS, Can.BUTTONS, Can.LIST),
        *(Can.TEMPLATES, Can.RECEIPTS, Can.TYPING),
    },
    text_limit=4_096,
    buttons=Choosing(most=3, label=20, text=1_024),
    rows=Choosing(most=10, label=24, text=1_024),
    files=Files(caption=1_024),
    reply_window=ReplyWindow(free=_DAY, fallback="template"),
    acknowledge=seconds(0.25),
    source=(
        "Meta, WhatsApp Cloud API. Seen in programs: 4,096 characters, 1,024 in a caption or"
        " beside choices, 3 buttons of 20 characters, 10 rows of 24. Read in documentation: 24"
        " hours, then templates; a partner of Meta's asks for 250 ms for a webhook in the median."
        " From memory: that typing can be shown."
    ),
)

ZALO: Final = Medium(
    mode=Mode.MESSAGING,
    can={Can.TEXT, Can.ATTACHMENTS, Can.RECEIPTS},
    text_limit=2_000,
    files=Files(
        kinds=(
            "image/jpeg",
            "image/png",
            "image/gif",
            "application/pdf",
            "application/msword",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        size=5 * 2**20,
    ),
    reply_window=ReplyWindow(free=hours(48), fallback="human", until=_WEEK, quota=8),
    acknowledge=seconds(2),
    source=(
        "Zalo Official Account, OpenAPI v3. Read in documentation of others: 8 free replies within"
        " 48 hours, 2 s for a webhook. From memory, not verified: 2,000 characters, kinds and sizes"
        " of files, and that messages until 7 days are paid for, so that only people send them"
        " here. Approved messages (ZNS) go to telephone numbers over another interface."
    ),
)

TELEGRAM: Final = Medium(
    mode=Mode.MESSAGING,
    can={Can.TEXT, Can.ATTACHMENTS, Can.BUTTONS, Can.TYPING, Can.REVISIONS},
    text_limit=4_096,
    unit="utf16",
    buttons=Choosing(most=100, label=64),
    files=Files(caption=1_024),
    source=(
        "Telegram Bot API. Seen in programs: 4,096, and 1,024 in a caption. From memory: that"
        " these are code units of UTF-16 (if they are characters, parts are only shorter than they"
        " need to be), and 100 buttons; a label has no documented limit, 64 can be read."
    ),
)

POST: Final = Medium(
    mode=Mode.DEFERRED,
    can={Can.TEXT, Can.ATTACHMENTS, Can.SUBJECT},
    source="Letters: paper has no limits that a program would meet.",
)

MEDIA: Final[Mapping[str, Medium]] = MappingProxyType(
    {
        "VOICE": VOICE,
        "SMS": SMS,
        "EMAIL": EMAIL,
        "FAX": FAX,
        "WEB_CHAT": WEB_CHAT,
        "VIDEO": VIDEO,
        "MESSENGER": MESSENGER,
        "INSTAGRAM": INSTAGRAM,
        "X": X,
        "WHATSAPP": WHATSAPP,
        "ZALO": ZALO,
        "TELEGRAM": TELEGRAM,
        "POST": POST,
    }
)
"""All of them by their names here, for tables and tests."""
