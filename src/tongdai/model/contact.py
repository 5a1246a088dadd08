"""One customer engagement as it enters the center, and what it carries.

Rule: values only, frozen, fit for the journal. What identifies comes positionally, the rest by
keyword.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Final, Literal, TypeAlias, cast

from msgspec.structs import force_setattr

from tongdai.errors import ConfigurationError, did_you_mean
from tongdai.model.ids import check_id
from tongdai.model.mode import Mode
from tongdai.model.order import check_points
from tongdai.model.personal import Personal, PersonalText, Value
from tongdai.model.requirement import Requirement, requirement
from tongdai.model.several import Several, Takes, default, several, texts
from tongdai.model.text import check_text
from tongdai.model.time import Instant, checked

ASSURANCES: Final = ("asserted", "carrier", "platform", "verified")
"""How sure a claim is, from least to most."""
Attribute: TypeAlias = str | int | float | bool
"""What an attribute can be."""
MOST_ATTRIBUTES: Final = 64
LONGEST_ATTRIBUTE: Final = 4_096
"""Characters of an attribute that is text."""
_LARGEST: Final = 2**63


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
            value = getattr(self, field)
            if type(value) is not str or not value.isascii():
                check_text(value, f"Claim.{field}")
        if self.assurance not in ASSURANCES:
            listed = ", ".join(ASSURANCES)
            near = did_you_mean(str(self.assurance), ASSURANCES)
            raise ConfigurationError(
                f"Claim.assurance: {self.assurance!r:.40} is not one of {listed}.{near}"
            )


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


class Button(Value, frozen=True, gc=False):
    """A choice to tap: the key that it answers with, and what it says."""

    key: str
    label: PersonalText


class Template(Value, frozen=True):
    """A message that the provider has approved beforehand, and what fills its gaps, in order."""

    name: str
    language: str = ""
    values: Annotated[Several[str], Personal] = default(())

    def __post_init__(self) -> None:
        """Make what fills the gaps a tuple.

        Raises:
            ConfigurationError: it is not several texts.
        """
        if self.values or type(self.values) is not tuple:
            force_setattr(self, "values", texts(self.values, "Template.values"))


class Content(Value, frozen=True):
    """What is said: text, and what stands beside it.

    Attributes:
        text: what is said.
        attachments: files beside it.
        buttons: choices to tap, in the order in which they are shown.
        question: comes back with the choice, so that a tap on an old message can be told.
        subject: what it is about, where the medium has such a line.
        template: what to send in place of the text where only approved messages may be sent.
        automatic: whether a flow or the center says it, and no person wrote it. Media that answer
            machines are told, and windows that are for humans only are closed to it.
    """

    text: Annotated[str, Personal] = ""
    attachments: Several[Attachment] = default(())
    buttons: Several[Button] = default(())
    question: str = ""
    subject: Annotated[str, Personal] = ""
    template: Template | None = None
    automatic: bool = False

    def __post_init__(self) -> None:
        """Check what a type checker cannot.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        check_text(self.text, "Content.text")
        if self.attachments or type(self.attachments) is not tuple:
            files = several(self.attachments, Attachment, "Content.attachments")
            force_setattr(self, "attachments", files)
        if self.buttons or type(self.buttons) is not tuple:
            force_setattr(self, "buttons", several(self.buttons, Button, "Content.buttons"))
            for button in self.buttons:
                check_text(button.key, "Button.key")
                if not button.key:
                    raise ConfigurationError("Button.key: it is empty; a tap must tell its choice")
                check_text(button.label, "Button.label")
        if self.question != "":
            check_text(self.question, "Content.question")
        if self.subject != "":
            check_text(self.subject, "Content.subject")
        if self.template is not None and type(self.template) is not Template:
            raise ConfigurationError(
                f"Content.template: {type(self.template).__name__} is not a Template"
            )


class Contact(Value, frozen=True):
    """One customer engagement, from arrival to close, over any channel.

    Attributes:
        id: the caller's id.
        requires: what the contact itself needs, as text; no plan can relax it. A `Requirement` can
            be given too, and its text is kept.
        mode: how its channel behaves.
        language: a skill that the agent must have, never relaxed; empty for none.
        priority: points; what a point is worth is the queue's order.
        due: when it should be answered; counts in queues ordered by due time.
        address: where the customer can be reached, if by messages; of a call that came over a
            channel, the call's own.
        claims: identifiers that it carries.
        attributes: what else is known of it, by name: what triage found, or an application wants
            to show. No decision of queue or router depends on it.
    """

    id: str
    requires: Takes[str | Requirement, str] = default("")
    mode: Mode = Mode.LIVE
    language: str = ""
    priority: int = 0
    due: Instant | None = None
    address: Address | None = None
    claims: Several[Claim] = default(())
    attributes: Annotated[Mapping[str, Attribute], Personal] = {}

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
        if self.claims or type(self.claims) is not tuple:
            force_setattr(self, "claims", several(self.claims, Claim, "Contact.claims"))
        if not isinstance(self.requires, str):
            asked = str(requirement(self.requires, "Contact.requires"))
            force_setattr(self, "requires", asked)
        if not isinstance(self.language, str):
            raise ConfigurationError(
                f"Contact.language: {self.language!r} is not the name of a skill, such as 'vi'"
            )
        _needs(self.requires, self.language)
        if self.attributes or type(self.attributes) is not dict:
            check_attributes(self.attributes, "Contact.attributes")
            force_setattr(self, "attributes", dict(self.attributes))

    @property
    def needs(self) -> Requirement:
        """What the contact itself requires, its language included."""
        return _needs(self.requires, self.language)


def check_attributes(values: object, field: str) -> None:
    """Raise an error that names the field unless these are attributes.

    Raises:
        ConfigurationError: no mapping, too many, a name that is no id, or a value that is neither
            text nor number nor truth.
    """
    if not isinstance(values, Mapping):
        raise ConfigurationError(f"{field}: {type(values).__name__} is not a mapping by name")
    found = cast("Mapping[object, object]", values)
    if len(found) > MOST_ATTRIBUTES:
        raise ConfigurationError(f"{field}: {len(found)} are too many; at most {MOST_ATTRIBUTES}")
    for name, value in found.items():
        check_id(name, field)
        where = f"{field}[{name!r}]"
        if isinstance(value, str):
            check_text(value, where)
            if len(value) > LONGEST_ATTRIBUTE:
                raise ConfigurationError(
                    f"{where}: {len(value)} characters are too many; at most {LONGEST_ATTRIBUTE}"
                )
        elif isinstance(value, float):
            if not math.isfinite(value):
                raise ConfigurationError(f"{where}: {value} is not a finite number")
        elif not isinstance(value, int):
            raise ConfigurationError(
                f"{where}: {type(value).__name__} is no plain value; give a text, a number, "
                "True or False"
            )
        elif not -_LARGEST <= value < _LARGEST:
            raise ConfigurationError(f"{where}: the number is too large; it has at most 64 bits")


@lru_cache(maxsize=16_384)
def _needs(requires: str, language: str) -> Requirement:
    own = Requirement.parse(requires)
    if not language:
        return own
    check_id(language, "Contact.language")
    return own & Requirement({language: 1})
