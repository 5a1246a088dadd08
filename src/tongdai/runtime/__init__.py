"""The center, live: one writer, timers, channels and desks on anyio."""

from tongdai.runtime.clock import SystemClock
from tongdai.runtime.desk import Desk, Heard, Offer, Talk
from tongdai.runtime.feed import Feed
from tongdai.runtime.link import Entry
from tongdai.runtime.outbox import Fault
from tongdai.runtime.ports import Channel, Clock, Closes
from tongdai.runtime.recovery import Recovery
from tongdai.runtime.runner import Runtime
from tongdai.runtime.subscription import Resync, Subscription, View

__all__ = [
    "Channel",
    "Clock",
    "Closes",
    "Desk",
    "Entry",
    "Fault",
    "Feed",
    "Heard",
    "Offer",
    "Recovery",
    "Resync",
    "Runtime",
    "Subscription",
    "SystemClock",
    "Talk",
    "View",
]
