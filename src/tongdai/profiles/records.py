"""What observations say about who somebody is, normalised: the thing that is compared.

Rule: observations that say the same within the same half-year are one record, so a million
repetitions cost one comparison. A record is a pure function of its observations' content; its
digest orders it among others, whatever arrived first.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from tongdai.model.contact import ASSURANCES
from tongdai.profiles.emails import FREE, email, is_shared
from tongdai.profiles.names import FAMILY, name
from tongdai.profiles.phones import phone
from tongdai.profiles.places import birth_date, place, street

if TYPE_CHECKING:
    from tongdai.model.contact import Claim
    from tongdai.profiles.clusters import Cluster
    from tongdai.profiles.names import Name
    from tongdai.profiles.observation import Observation
    from tongdai.profiles.policy import Policy

HALF_YEAR: Final = 15_778_800_000_000  # microseconds
VERIFIED: Final = ASSURANCES.index("verified")
_NOTHING: Final[dict[str, int]] = {}


class Record:
    """Equal observations, as they are compared.

    Attributes:
        digest: of the content; the order among records.
        era: the half-year since the epoch.
        phones, emails: assurance (an index into `ASSURANCES`) by value.
        ids: assurance by `scheme|scope|value`.
        name, born, number, street, city, postcode, region: normalised, empty for unknown.
        observations: ids, with their instants.
        first: the oldest of them, as instant and id.
        keys: under which candidates are found.
        near: evidence by record, in tenths of a bit, as far as it is at least the bar of review.
        cluster: where it is now.
        crowd: whether what it says is too little to tell that two observations with just that are
            one person's: a name at an office's phone.
    """

    __slots__ = (
        "born",
        "city",
        "cluster",
        "crowd",
        "digest",
        "emails",
        "era",
        "first",
        "ids",
        "keys",
        "name",
        "near",
        "number",
        "observations",
        "phones",
        "postcode",
        "region",
        "street",
    )

    cluster: Cluster

    def __init__(self, observation: Observation, policy: Policy, own: str = "") -> None:
        """Normalise an observation.

        Args:
            observation: what is read.
            policy: whose region and blocked values hold.
            own: the observation's id where it must stay a record of its own.
        """
        self.era: Final = observation.at // HALF_YEAR
        self.phones: dict[str, int] = _NOTHING
        self.emails: dict[str, int] = _NOTHING
        self.ids: dict[str, int] = _NOTHING
        if observation.phone:
            number = phone(observation.phone, policy.country)
            if number and number not in policy.blocked:
                self.phones = {number: 0}
        if observation.email:
            address = email(observation.email)
            if address and address not in policy.blocked:
                self.emails = {address: 0}
        if observation.claims:
            for claim in observation.claims:
                self._claim(claim, policy)
            self.phones = dict(sorted(self.phones.items()))
            self.emails = dict(sorted(self.emails.items()))
            self.ids = dict(sorted(self.ids.items()))
        self.name: Name | None = name(observation.name) if observation.name else None
        self.born: str = birth_date(observation.birth_date) if observation.birth_date else ""
        self.number, self.street = street(observation.address) if observation.address else ("", "")
        self.city: str = place(observation.city) if observation.city else ""
        self.postcode: str = place(observation.postcode) if observation.postcode else ""
        self.region: str = place(observation.region) if observation.region else ""
        self.digest: Final = self._digest(own)
        self.observations: Final[dict[str, int]] = {}
        self.first: tuple[int, str] = (observation.at, observation.id)
        self.near: Final[dict[Record, int]] = {}
        self.keys: tuple[str, ...] = ()
        self.crowd = False

    def _claim(self, claim: Claim, policy: Policy) -> None:
        sure = ASSURANCES.index(claim.assurance)
        if claim.scheme == "phone":
            value = phone(claim.value, policy.country)
            self.phones = _with(self.phones, value, sure, policy)
        elif claim.scheme == "email":
            self.emails = _with(self.emails, email(claim.value), sure, policy)
        else:
            value = claim.value.strip()
            if value not in policy.blocked:
                key = f"{claim.scheme}|{claim.scope}|{value}"
                self.ids = _with(self.ids, key, sure, policy)

    def _digest(self, own: str) -> bytes:
        marks = self.name.marked or self.name.words if self.name else ()
        parts = (
            *(self.era, " ".join(marks), self.born, self.number, self.street, self.city),
            *(self.postcode, self.region, own, self.phones),
            *(self.emails, self.ids),
        )
        return blake2b(repr(parts).encode(), digest_size=16).digest()

    def __lt__(self, other: Record) -> bool:
        """Order by content."""
        return self.digest < other.digest


def _with(known: dict[str, int], value: str, sure: int, policy: Policy) -> dict[str, int]:
    if not value or value in policy.blocked:
        return known
    return {**known, value: max(sure, known.get(value, 0))}


def keys(record: Record) -> tuple[str, ...]:  # noqa: C901, PLR0912 - a case a kind of key
    """Return the keys under which a record's candidates are found.

    An identifier's key starts with `p`, `e` or `i`: it is evidence itself and loses its force as
    more people hold it. All others only propose whom to compare.
    """
    found = [f"p{value}" for value in record.phones]
    for address in record.emails:
        if not is_shared(address):
            found.append(f"e{address}")
        local, _, domain = address.partition("@")
        if len(local) >= _TELLING:
            found.append(f"l{local}")
        if domain not in FREE:
            found += (f"w{domain}", f"f{local[:4]}@{domain[:2]}")
    found += [f"i{value}" for value in record.ids]
    words = record.name.words if record.name else ()
    born, city, postcode = record.born, record.city, record.postcode
    if record.name is not None and len(words) > 1:
        whole = record.name.key
        found.append(f"n{whole}")
        found.append("h" + "|".join(sorted([word[:2] for word in words])))
        if born:
            found += (f"y{whole}|{born[:4]}", f"m{whole}|{born[4:]}")
            found.append(f"o{born[:6]}" + "".join(sorted([word[0] for word in words])))
        if city:
            found.append(f"c{whole}|{city}")
    for word in words:
        if len(word) > 2 and word not in _COMMON:  # noqa: PLR2004 - no initials
            if city:
                found.append(f"g{word}|{city[:4]}")
            if born:
                found.append(f"b{word}|{born[:4]}")
    if born:
        found += {f"d{born}{word[:2]}" for word in words} if words else (f"d{born}{city[:3]}",)
        if words and city:
            found.append(f"d{born}{city[:3]}")
    if postcode:
        found += [f"t{word}|{postcode}" for word in words if len(word) > 2]  # noqa: PLR2004 - no initials
    if record.street:
        packed = record.street.replace(" ", "")
        found.append(f"a{record.number}{packed[:24]}")
        if words:
            found += {f"s{record.number}{packed[:4]}|{word[0]}{city[:2]}" for word in words}
    return tuple(dict.fromkeys(found))


_COMMON: Final = FAMILY | {"thi", "van"}
WEAK: Final = frozenset("bfghow")
"""First letters of the keys that catch typing mistakes: of use only while few share them."""
_TELLING: Final = 5  # characters of a mailbox's name that are more than initials


def person_key(kind: str) -> bool:
    """Tell whether a key is an identifier, by its first letter."""
    return kind in "pei"
