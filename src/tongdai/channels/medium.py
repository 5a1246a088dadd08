"""What a medium can do, declared as data.

Rule: whatever the rest needs to know of a medium is a field here; nothing asks for a channel's
name.
"""

from __future__ import annotations

import enum
from typing import Literal

import attrs

from tongdai.errors import ConfigurationError
from tongdai.model.mode import Mode, check_count
from tongdai.model.time import Duration, duration


class Can(enum.StrEnum):
    """Something that a medium can carry or tell."""

    TEXT = "text"
    ATTACHMENTS = "attachments"
    RECEIPTS = "receipts"
    TYPING = "typing"


@attrs.frozen(kw_only=True)
class Medium:
    """What a medium can do.

    Attributes:
        mode: how its contacts behave while they wait and are served.
        can: what it carries.
        text_limit: the longest text of one message, in `unit`; `None` is no limit.
        unit: what the limit counts: `characters`, or `bytes` of UTF-8.
        reply_window: how long after the customer's last message one may answer freely; `None` is
            for ever.
    """

    mode: Mode
    can: frozenset[Can] = attrs.field(default=frozenset({Can.TEXT}), converter=frozenset)
    text_limit: int | None = None
    unit: Literal["characters", "bytes"] = "characters"
    reply_window: Duration | None = None

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        check_count(self.text_limit, "Medium.text_limit", least=4, inherits=True)
        if not isinstance(self.mode, Mode):
            raise ConfigurationError(
                f"Medium.mode: {self.mode!r} is not a mode; write Mode.LIVE, Mode.INTERACTIVE ..."
            )
        for ability in self.can:
            if ability not in Can.__members__.values():
                raise ConfigurationError(
                    f"Medium.can: {ability!r} is not one of {', '.join(Can)}; write {{Can.TEXT}}"
                )
        if self.unit not in ("characters", "bytes"):
            raise ConfigurationError(f"Medium.unit: {self.unit!r} is not characters or bytes")
        if self.reply_window is not None:
            object.__setattr__(
                self, "reply_window", duration(self.reply_window, "Medium.reply_window")
            )
