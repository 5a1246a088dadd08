"""Whether a customer may be answered now, and how.

Rule: a window counts from the customer's last message, of which it has the first instant and not
the last: after exactly `ReplyWindow.free` the free time is over, after exactly `until` everything
is. A quota that is used up counts like the free time being over. Who answers decides what is left
of a fallback for humans: for a bot it is closed, and what an agent sends there has to be marked as
a human's by the adapter, where the provider wants that.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

from tongdai.channels.medium import Medium
from tongdai.errors import IllegalInput
from tongdai.model.time import Instant, checked

Author: TypeAlias = Literal["agent", "bot"]
"""Who answers: a person, or anything else (a flow, an automatic notice)."""

ReplyMode: TypeAlias = Literal["free", "template", "human only", "closed"]
"""How a customer may be answered: with anything, with an approved template, only with what a person
has written (and marked so), or not at all."""


def reply_mode(
    medium: Medium, last_inbound: Instant | None, used: int, now: Instant, author: Author
) -> ReplyMode:
    """Return how a customer may be answered.

    Args:
        medium: of the channel.
        last_inbound: when the customer wrote last; `None` for never, which counts like long ago.
            An instant after `now` (clocks differ) counts like `now`.
        used: how many messages were sent since then.
        now: the instant.
        author: who answers.

    Raises:
        IllegalInput: names the argument and what would be right.
    """
    if last_inbound is not None:
        last_inbound = checked(last_inbound, "reply_mode.last_inbound")
    now = checked(now, "reply_mode.now")
    if not isinstance(used, int) or isinstance(used, bool) or used < 0:
        raise IllegalInput(f"reply_mode.used: {used!r} is not a whole number, 0 or more")
    if author not in get_args(Author):
        raise IllegalInput(f"reply_mode.author: {author!r} is not agent or bot")
    window = medium.reply_window
    if window is None:
        return "free"
    passed = None if last_inbound is None else now - last_inbound
    is_free = passed is not None and passed < window.free
    if is_free and (window.quota is None or used < window.quota):
        return "free"
    if window.until is not None and (passed is None or passed >= window.until):
        return "closed"
    if window.fallback == "template":
        return "template"
    return "human only" if window.fallback == "human" and author == "agent" else "closed"
