"""Whom one may answer, how often still, and what to quote.

Rule: an answer is free within the medium's window, up to its quota, if it quotes what the customer
wrote last. So that is kept for each customer, with how many answers it has had; of the customers
who wrote longest ago, what is beyond the bound is forgotten, and asked of Zalo when it is needed.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import attrs

from tongdai.channels import Medium
from tongdai.channels.window import Author, reply_mode
from tongdai.errors import ChannelFault
from tongdai.model.time import Instant

MOST: Final = 100_000
"""Customers who are remembered."""


@attrs.define
class Window:
    """What a customer wrote last.

    Attributes:
        quote: the message's id.
        at: when it was written.
        used: how many answers it has had.
    """

    quote: str
    at: Instant
    used: int = 0


class Windows:
    """The windows of a channel's customers."""

    def __init__(self, medium: Medium, *, most: int = MOST) -> None:
        """Begin with none.

        Args:
            medium: whose window it is.
            most: how many customers are remembered.
        """
        self._medium = medium
        self._most = most
        self._windows: OrderedDict[str, Window] = OrderedDict()

    def __len__(self) -> int:
        """Count the customers."""
        return len(self._windows)

    def heard(self, user: str, window: Window) -> None:
        """Note a message; the last that is known, or one from before it, changes nothing.

        Of two of the same instant it is always the same one that counts as the last.
        """
        known = self._windows.get(user)
        if known is not None and (
            window.quote == known.quote or (window.at, window.quote) < (known.at, known.quote)
        ):
            return
        self._windows[user] = window
        self._windows.move_to_end(user)
        while len(self._windows) > self._most:
            self._windows.popitem(last=False)

    def get(self, user: str) -> Window | None:
        """Return a customer's window, if it is known."""
        return self._windows.get(user)

    def check(
        self, window: Window | None, answers: int, now: Instant, *, automatic: bool, paid: bool
    ) -> None:
        """See whether so many answers may be sent.

        Args:
            window: the customer's; `None` where they never wrote, as far as is known.
            answers: how many.
            now: the instant.
            automatic: whether nobody has written them.
            paid: whether agents' answers may cost something.

        Raises:
            ChannelFault: `window_closed`.
        """
        at, used = (None, 0) if window is None else (window.at, window.used)
        author: Author = "bot" if automatic else "agent"
        mode = reply_mode(self._medium, at, used + answers - 1, now, author)
        if mode == "free" or (mode == "human only" and paid):
            return
        rule = self._medium.reply_window
        if at is None or rule is None:
            why = "the customer has not written, as far as is known"
        elif now - at >= rule.free:
            why = "the customer wrote too long ago"
        else:
            left = max((rule.quota or 0) - used, 0)
            why = f"{answers} to send, {left} free answers left"
        raise ChannelFault("window_closed", why)
