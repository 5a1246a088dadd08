"""One record about somebody, as it came.

Rule: an observation is never changed. Merging, unmerging and showing read it; nothing writes it.
What cannot be an observation (nothing in it, far too long, control characters) is refused when it
is built, with the field's name. A phone number or an e-mail address that is no valid one is kept
as it came and identifies nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

from msgspec.structs import force_setattr

from tongdai.errors import ConfigurationError
from tongdai.model.contact import Claim
from tongdai.model.ids import check_id
from tongdai.model.personal import Personal, Value
from tongdai.model.several import Several, default, several
from tongdai.model.text import check_text
from tongdai.model.time import Instant, checked

LONGEST: Final = 512  # characters in one value
MOST_CLAIMS: Final = 16
MOST_ATTRIBUTES: Final = 64
FIELDS: Final = (
    "name",
    "phone",
    "email",
    "birth_date",
    "address",
    "city",
    "postcode",
    "region",
    "language",
)
"""The keywords that say something about a person, in the order in which profiles show them."""


class Observation(Value, frozen=True):
    """What one source said about one person at one time.

    Attributes:
        id: the caller's id; the same id with other content is refused later.
        source: who says it, such as `crm` or `zalo`.
        at: when it was said.
        phone, email, name, birth_date: the common identifiers, as they came. A date is
            `1990-12-31`, `19901231` or `31/12/1990`.
        address, city, postcode, region: where they live; `address` is number, street and ward.
        language: which they speak, as a skill's name.
        claims: further identifiers, with scope and assurance; also phones and e-mail addresses
            beside the first, or ones that are more than asserted.
        attributes: whatever else is to be shown; it identifies nobody.
        consent: what they allow, by purpose.
    """

    id: str
    source: str
    at: Instant
    phone: Annotated[str, Personal] = ""
    email: Annotated[str, Personal] = ""
    name: Annotated[str, Personal] = ""
    birth_date: Annotated[str, Personal] = ""
    address: Annotated[str, Personal] = ""
    city: Annotated[str, Personal] = ""
    postcode: Annotated[str, Personal] = ""
    region: Annotated[str, Personal] = ""
    language: str = ""
    claims: Annotated[Several[Claim], Personal] = default(())
    attributes: Annotated[Mapping[str, str], Personal] = {}
    consent: Mapping[str, bool] = {}

    def __post_init__(self) -> None:
        """Check what a type checker cannot.

        Raises:
            ConfigurationError: names the field and what would be right.
            IllegalInput: `at` is no instant.
        """
        check_id(self.id, "Observation.id")
        check_id(self.source, "Observation.source")
        force_setattr(self, "at", checked(self.at, "Observation.at"))
        said = False
        for field in FIELDS:
            value = getattr(self, field)
            if value != "":
                _check_value(value, f"Observation.{field}")
                said = said or not value.isspace()
        if self.claims or type(self.claims) is not tuple:
            self._check_claims()
        if self.attributes:
            self._check_attributes()
        if self.consent:
            self._check_consent()
        if not (said or self.claims or self.attributes or self.consent):
            raise ConfigurationError(
                f"Observation {self.id!r} says nothing; give at least one of "
                f"{', '.join(FIELDS)}, claims, attributes, consent"
            )

    def _check_claims(self) -> None:
        force_setattr(self, "claims", several(self.claims, Claim, "Observation.claims"))
        if len(self.claims) > MOST_CLAIMS:
            raise ConfigurationError(
                f"Observation.claims: {len(self.claims)} claims; one record has at most "
                f"{MOST_CLAIMS}, give the others in further observations"
            )
        for place, claim in enumerate(self.claims):
            where = f"Observation.claims[{place}]"
            check_id(claim.scheme, f"{where}.scheme")
            for field in ("value", "scope", "raw"):
                _check_value(getattr(claim, field), f"{where}.{field}")
            if not claim.value.strip():
                raise ConfigurationError(f"{where}.value: is empty; leave the claim out")

    def _check_attributes(self) -> None:
        if not isinstance(self.attributes, Mapping) or len(self.attributes) > MOST_ATTRIBUTES:
            raise ConfigurationError(
                f"Observation.attributes: give a mapping of at most {MOST_ATTRIBUTES} texts by name"
            )
        for name, value in self.attributes.items():
            check_id(name, "Observation.attributes")
            if name in FIELDS:
                raise ConfigurationError(
                    f"Observation.attributes: {name!r} is a field of its own; write {name}=..."
                )
            _check_value(value, f"Observation.attributes[{name!r}]")

    def _check_consent(self) -> None:
        if not isinstance(self.consent, Mapping) or len(self.consent) > MOST_ATTRIBUTES:
            raise ConfigurationError(
                f"Observation.consent: give a mapping of at most {MOST_ATTRIBUTES} purposes to "
                "True or False"
            )
        for purpose, allowed in self.consent.items():
            check_id(purpose, "Observation.consent")
            if type(allowed) is not bool:
                raise ConfigurationError(
                    f"Observation.consent[{purpose!r}]: {allowed!r} is not True or False"
                )


def _check_value(value: object, field: str) -> None:
    check_text(value, field)
    text = str(value)
    if len(text) > LONGEST:
        raise ConfigurationError(
            f"{field}: {len(text):,} characters; a value has at most {LONGEST}"
        )
    if not text.isprintable() and any(
        not sign.isprintable() and not sign.isspace() and sign not in _JOINERS for sign in text
    ):
        raise ConfigurationError(f"{field}: has a control character; take it out")


_JOINERS: Final = "\u200b\u200c\u200d\ufeff\u00ad"  # invisible, met in names that were pasted
