"""The center, live: one writer, timers, channels and desks on anyio."""

from tongdai.runtime.clock import SystemClock
from tongdai.runtime.desk import Desk, Heard, Offer, Talk
from tongdai.runtime.entry import Asked, Entry
from tongdai.runtime.feed import Feed
from tongdai.runtime.files import Files, MemoryFiles
from tongdai.runtime.inbox import Inbox
from tongdai.runtime.letters import DeadLetter, Fault
from tongdai.runtime.pace import Pace
from tongdai.runtime.ports import Calls, Channel, Clock, Closes, Session, Shows
from tongdai.runtime.recovery import Recovery
from tongdai.runtime.runner import Runtime
from tongdai.runtime.sending import Sending
from tongdai.runtime.settings import Channels
from tongdai.runtime.showing import Noticed
from tongdai.runtime.subscription import Resync, Subscription, View

__all__ = [
    "Asked",
    "Calls",
    "Channel",
    "Channels",
    "Clock",
    "Closes",
    "DeadLetter",
    "Desk",
    "Entry",
    "Fault",
    "Feed",
    "Files",
    "Heard",
    "Inbox",
    "MemoryFiles",
    "Noticed",
    "Offer",
    "Pace",
    "Recovery",
    "Resync",
    "Runtime",
    "Sending",
    "Session",
    "Shows",
    "Subscription",
    "SystemClock",
    "Talk",
    "View",
]
