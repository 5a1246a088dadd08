"""Channel modes: how work of a kind is queued and what it costs an agent.

Rule: the core never looks at a channel's name. Whatever differs between voice, chat, messaging and
e-mail is one of these four modes and the settings of that mode.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

import attrs

from tongdai.errors import ConfigurationError
from tongdai.model.order import Order
from tongdai.model.time import Duration, duration, minutes, seconds

FULL: Final = 100
"""The capacity that an agent has by default, in units."""


class Mode(enum.StrEnum):
    """How a medium behaves while its contacts wait and are served."""

    LIVE = "live"
    """Voice and video: one at a time, abandons within seconds."""
    INTERACTIVE = "interactive"
    """Web chat: several at a time, abandons."""
    MESSAGING = "messaging"
    """WhatsApp, Zalo, SMS: several at a time, never abandons."""
    DEFERRED = "deferred"
    """E-mail, fax, post, tickets: several at a time, ordered by due time."""


_MOST: Final = 10**9


def check_count(value: object, field: str, *, least: int, inherits: bool = False) -> None:
    """Raise an error that names the field unless this is a whole number, `least` or more.

    Where the setting is inherited, `None` is right too.

    Raises:
        ConfigurationError: it is neither.
    """
    if value is None and inherits:
        return
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _MOST:
        most = f", at most {_MOST:,}" if isinstance(value, int) and value > _MOST else ""
        raise ConfigurationError(f"{field}: {value!r} is not a whole number, {least} or more{most}")


def check_flag(value: object, field: str, *, inherits: bool = False) -> None:
    """Raise an error that names the field unless this is `True` or `False` (see `check_count`).

    Raises:
        ConfigurationError: it is neither.
    """
    if not isinstance(value, bool) and not (value is None and inherits):
        raise ConfigurationError(f"{field}: {value!r} is neither True nor False")


@attrs.frozen(kw_only=True)
class ModeSettings:
    """What holds for one mode unless a queue or an agent says otherwise.

    Attributes:
        cost: units of an agent's capacity that one contact takes, from its offer through its
            wrap-up.
        limit: contacts of the mode that one agent has at most; `None` is no limit but the capacity.
        exclusive: whether the contact wants an agent alone. Exclusive contacts are protected.
        protect: when an exclusive contact has waited so long, agents who fit it take no new other
            work until it is served or gone; `None` protects nobody.
        abandons: whether a customer who leaves the channel gives up; where not, leaving is
            ignored.
        offer: how long an agent has to answer an offer.
        auto_accept: whether offers accept themselves.
        wrap_up: how long after-contact work lasts; `OPEN_ENDED` lasts until a disposition is
            chosen.
        order: in which order the mode's contacts wait.
    """

    cost: int
    limit: int | None = None
    exclusive: bool = False
    protect: Duration | None = None
    abandons: bool = True
    offer: Duration = seconds(20)
    auto_accept: bool = False
    wrap_up: Duration = Duration(0)
    order: Order = Order.ageing()

    def __attrs_post_init__(self) -> None:
        """Check every setting.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        check_count(self.cost, "ModeSettings.cost", least=0)
        check_count(self.limit, "ModeSettings.limit", least=1, inherits=True)
        for field in ("exclusive", "abandons", "auto_accept"):
            check_flag(getattr(self, field), f"ModeSettings.{field}")
        if not isinstance(self.order, Order):
            raise ConfigurationError(
                f"ModeSettings.order: {self.order!r} is not an order; write Order.ageing()"
            )
        put = object.__setattr__
        put(self, "offer", duration(self.offer, "ModeSettings.offer"))
        put(self, "wrap_up", duration(self.wrap_up, "ModeSettings.wrap_up"))
        if self.protect is not None:
            put(self, "protect", duration(self.protect, "ModeSettings.protect"))


MODES: Final[Mapping[Mode, ModeSettings]] = {
    Mode.LIVE: ModeSettings(cost=100, limit=1, exclusive=True, protect=minutes(1)),
    Mode.INTERACTIVE: ModeSettings(cost=25),
    Mode.MESSAGING: ModeSettings(cost=25, abandons=False),
    Mode.DEFERRED: ModeSettings(cost=10, abandons=False, order=Order.due()),
}
"""The settings of each mode where nothing else is said."""


def modes(overrides: Mapping[Mode, ModeSettings] | None) -> Mapping[Mode, ModeSettings]:
    """Return the default settings with these in place of theirs.

    Raises:
        ConfigurationError: a key that is no mode, or a value that is no `ModeSettings`.
    """
    for mode, settings in (overrides or {}).items():
        if mode not in Mode.__members__.values():
            raise ConfigurationError(f"modes: {mode!r} is not one of {', '.join(Mode)}")
        if not isinstance(settings, ModeSettings):
            raise ConfigurationError(
                f"modes[{mode}]: {settings!r} is not a ModeSettings; write ModeSettings(cost=25)"
            )
    return {**MODES, **(overrides or {})}
