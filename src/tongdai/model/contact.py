"""One customer engagement as it enters the center, and what it carries.

Rule: values only, frozen, fit for the journal. What identifies comes positionally, the rest by
keyword.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

from tongdai.errors import ConfigurationError
from tongdai.model.ids import check_id
from tongdai.model.mode import Mode
from tongdai.model.personal import Personal, Value
from tongdai.model.requirement import Requirement
from tongdai.model.time import Instant

_MOST_PRIORITY = 1_000_000


class Address(Value, frozen=True):
    """Where somebody can be reached: a channel's id, and the address in that channel's terms."""

    channel: str
    to: Annotated[str, Personal]


class Claim(Value, frozen=True, kw_only=False):
    """An identifier that a contact carries about who it is.

    Attributes:
        scheme: what kind of identifier, such as `phone`, `email` or `zalo`.
        value: the identifier, normalised.
        scope: within what it is unique, such as an app's or a page's id; empty is everywhere.
        assurance: how sure it is: `asserted` by the customer, `observed` by the channel, or
            `verified`.
        raw: the identifier as it came.
    """

    scheme: str
    value: Annotated[str, Personal]
    scope: str = ""
    assurance: Literal["asserted", "observed", "verified"] = "asserted"
    raw: Annotated[str, Personal] = ""


class Attachment(Value, frozen=True):
    """A file beside a message: media type, where it is, its name and its size in bytes."""

    kind: str
    url: Annotated[str, Personal]
    name: Annotated[str, Personal] = ""
    size: int | None = None
    expires: Instant | None = None


class Content(Value, frozen=True):
    """What is said: text, and files beside it."""

    text: Annotated[str, Personal] = ""
    attachments: tuple[Attachment, ...] = ()


class Contact(Value, frozen=True):
    """One customer engagement, from arrival to close, over any channel.

    Attributes:
        id: the caller's id.
        requires: what the contact itself needs, as text; no plan can relax it.
        mode: how its channel behaves.
        language: a skill that the agent must have, never relaxed; empty for none.
        priority: points; what a point is worth is the queue's order.
        due: when it should be answered; counts in queues ordered by due time.
        address: where the customer can be reached, if by messages.
        claims: identifiers that it carries.
    """

    id: str
    requires: str = ""
    mode: Mode = Mode.LIVE
    language: str = ""
    priority: int = 0
    due: Instant | None = None
    address: Address | None = None
    claims: tuple[Claim, ...] = ()

    def __post_init__(self) -> None:
        """Check what a type checker cannot.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        check_id(self.id, "Contact.id")
        if type(self.priority) is not int or abs(self.priority) > _MOST_PRIORITY:
            raise ConfigurationError(
                f"Contact.priority: points are a whole number; got {self.priority!r}"
            )
        if type(self.mode) is not Mode:
            raise ConfigurationError(
                f"Contact.mode: {self.mode!r} is not a mode; write Mode.LIVE, Mode.INTERACTIVE ..."
            )
        if self.due is not None and type(self.due) is not int:
            raise ConfigurationError(
                f"Contact.due: {self.due!r} is not an instant (an int, microseconds UTC)"
            )
        _needs(self.requires, self.language)

    @property
    def needs(self) -> Requirement:
        """What the contact itself requires, its language included."""
        return _needs(self.requires, self.language)


@lru_cache(maxsize=16_384)
def _needs(requires: str, language: str) -> Requirement:
    if not isinstance(requires, str):
        raise ConfigurationError(
            f"Contact.requires: {requires!r} is not text; write 'billing>=3 and vi'"
        )
    own = Requirement.parse(requires)
    if not language:
        return own
    check_id(language, "Contact.language")
    return own & Requirement({language: 1})
