"""What media can do, and what comes in and goes out over them."""

from tongdai.channels.fit import Rendering, fit, rendering
from tongdai.channels.inbound import (
    Activity,
    Inbound,
    Message,
    Receipt,
    Relinked,
    Revised,
    Ringing,
    Sent,
)
from tongdai.channels.media import MEDIA
from tongdai.channels.medium import Can, Choosing, Files, Medium, ReplyWindow, Unit
from tongdai.channels.receipts import LADDER, Receipts, Status
from tongdai.channels.signs import Seen, Served, Sign, Typing, Waiting
from tongdai.channels.sizes import size
from tongdai.channels.webhook import (
    MOST_BYTES,
    Answer,
    Received,
    Request,
    Secret,
    Webhook,
    fresh,
    matches,
    refused,
)
from tongdai.channels.window import Author, ReplyMode, reply_mode

__all__ = [
    "LADDER",
    "MEDIA",
    "MOST_BYTES",
    "Activity",
    "Answer",
    "Author",
    "Can",
    "Choosing",
    "Files",
    "Inbound",
    "Medium",
    "Message",
    "Receipt",
    "Receipts",
    "Received",
    "Relinked",
    "Rendering",
    "ReplyMode",
    "ReplyWindow",
    "Request",
    "Revised",
    "Ringing",
    "Secret",
    "Seen",
    "Sent",
    "Served",
    "Sign",
    "Status",
    "Typing",
    "Unit",
    "Waiting",
    "Webhook",
    "fit",
    "fresh",
    "matches",
    "refused",
    "rendering",
    "reply_mode",
    "size",
]
