"""One customer engagement as it enters the center, and what it carries.

Rule: values only, frozen, fit for the journal. What identifies comes positionally, the rest by
keyword.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated, Literal

from msgspec.structs import force_setattr

from tongdai.errors import ConfigurationError
from tongdai.model.ids import check_id
from tongdai.model.mode import Mode
from tongdai.model.order import check_points
from tongdai.model.personal import Personal, Value
from tongdai.model.requirement import Requirement
from tongdai.model.text import check_text
from tongdai.model.time import Instant, checked


class Address(Value, frozen=True):
    """Where somebody can be reached: a channel's id, and the address in that channel's terms."""

    channel: str
    to: Annotated[str, Personal]

    def __post_init__(self) -> None:
        """Check what a type checker cannot.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        check_text(self.channel, "Address.channel")
        check_text(self.to, "Address.to")


class Claim(Value, frozen=True, kw_only=False):
    """An identifier that a contact carries about who it is.

    Attributes:
        scheme: what kind of identifier, such as `phone`, `email` or `zalo`.
        value: the identifier, normalised.
        scope: within what it is unique, such as an app's or a page's id; empty is everywhere.
        assurance: how sure it is, from least to most: `asserted` by somebody, shown by the
            `carrier` (a caller's number), vouched for by the `platform` (the account that writes),
            or `verified` (a code sent there came back).
        raw: the identifier as it came.
    """

    scheme: str
    value: Annotated[str, Personal]
    scope: str = ""
    assurance: Literal["asserted", "carrier", "platform", "verified"] = "asserted"
    raw: Annotated[str, Personal] = ""

    def __post_init__(self) -> None:
        """Check what a type checker cannot.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        for field in ("scheme", "value", "scope", "raw"):
            check_text(getattr(self, field), f"Claim.{field}")


class Attachment(Value, frozen=True):
    """A file beside a message: media type, where it is, its name and its size in bytes."""

    kind: str
    url: Annotated[str, Personal]
    name: Annotated[str, Personal] = ""
    size: int | None = None
    expires: Instant | None = None

    def __post_init__(self) -> None:
        """Make the instant a plain one.

        Raises:
            IllegalInput: it is none.
        """
        if self.expires is not None:
            force_setattr(self, "expires", checked(self.expires, "Attachment.expires"))


class Content(Value, frozen=True):
    """What is said: text, and files beside it."""

    text: Annotated[str, Personal] = ""
    attachments: tuple[Attachment, ...] = ()

    def __post_init__(self) -> None:
        """Check what a type checker cannot.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        check_text(self.text, "Content.text")
        _check_several(self.attachments, "Content.attachments")
        for attachment in self.attachments:
            if not isinstance(attachment, Attachment):
                raise ConfigurationError(
                    f"Content.attachments: {type(attachment).__name__} is not an Attachment"
                )


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
        check_points(self.priority, "Contact.priority")
        if type(self.mode) is not Mode:
            raise ConfigurationError(
                f"Contact.mode: {self.mode!r} is not a mode; write Mode.LIVE, Mode.INTERACTIVE ..."
            )
        if self.due is not None:
            force_setattr(self, "due", checked(self.due, "Contact.due"))  # (as a plain int)
        if self.address is not None and type(self.address) is not Address:
            raise ConfigurationError(
                f"Contact.address: {type(self.address).__name__} is not an Address; "
                "write Address(channel, to)"
            )
        _check_several(self.claims, "Contact.claims")
        for claim in self.claims:
            if type(claim) is not Claim:
                raise ConfigurationError(
                    f"Contact.claims: {type(claim).__name__} is not a Claim; "
                    "write Claim(scheme, value)"
                )
        if not isinstance(self.requires, str):
            raise ConfigurationError(
                f"Contact.requires: {self.requires!r} is not text; write 'billing>=3 and vi'"
            )
        if not isinstance(self.language, str):
            raise ConfigurationError(
                f"Contact.language: {self.language!r} is not the name of a skill, such as 'vi'"
            )
        _needs(self.requires, self.language)

    @property
    def needs(self) -> Requirement:
        """What the contact itself requires, its language included."""
        return _needs(self.requires, self.language)


def _check_several(values: object, field: str) -> None:
    if not isinstance(values, (tuple, list)):
        raise ConfigurationError(f"{field}: {type(values).__name__} is not a tuple")


@lru_cache(maxsize=16_384)
def _needs(requires: str, language: str) -> Requirement:
    own = Requirement.parse(requires)
    if not language:
        return own
    check_id(language, "Contact.language")
    return own & Requirement({language: 1})
