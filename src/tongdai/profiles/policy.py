"""What a house decides about profiles.

Rule: everything that two houses could want otherwise stands here, on one value; what is measured
(the weights) stands in the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, cast

import attrs

from tongdai.errors import ConfigurationError
from tongdai.model.mode import check_count
from tongdai.model.text import check_text
from tongdai.model.time import Duration, duration, hours
from tongdai.profiles.emails import email
from tongdai.profiles.phones import phone

_COUNTRY: Final = 2  # letters
_FEWEST: Final = 3  # records: a key that catches typing mistakes proposes among a third of them


def _names(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


def _set(values: Iterable[str]) -> frozenset[str]:
    return frozenset(values)


@attrs.frozen(kw_only=True)
class Policy:
    """Settings of a resolver.

    Attributes:
        merge: evidence in bits from which two records are one person.
        review: evidence from which somebody should look; below, they are two.
        country: whose national form telephone numbers have (ISO 3166, two letters).
        sources: whose values are shown first; those not named come after these.
        exclusive: schemes of which one person has one: two different verified values veto.
        limits: how many different values of a scheme one profile may have.
        own: phones and e-mail addresses of the house itself; they identify nobody.
        names: different people's names at which an identifier stops to identify, by scheme;
            `""` is for all schemes not named.
        holders: records at which it does, whatever their names.
        neighbours: records at which any other key stops to propose candidates.
        neighbourhood: records that one step clusters; larger ones wait for `settle()`.
        ahead: how far a record may lie in the future: clocks differ.
    """

    merge: float = 6.0
    review: float = 0.0
    country: str = "VN"
    sources: tuple[str, ...] = attrs.field(default=(), converter=_names)
    exclusive: frozenset[str] = attrs.field(
        default=frozenset(["national_id", "passport", "customer"]), converter=_set
    )
    limits: Mapping[str, int] = attrs.field(factory=dict[str, int])
    own: tuple[str, ...] = attrs.field(default=(), converter=_names)
    names: Mapping[str, int] = attrs.field(factory=lambda: {"": 6})
    holders: int = 64
    neighbours: int = 24
    neighbourhood: int = 256
    ahead: Duration = hours(24)
    blocked: frozenset[str] = attrs.field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        """Check the settings, and normalise the house's own identifiers.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        for field in ("merge", "review"):
            bits = getattr(self, field)
            if not isinstance(bits, int | float) or isinstance(bits, bool):
                raise ConfigurationError(f"Policy.{field}: {bits!r} is no number of bits")
        if not self.review < self.merge:
            raise ConfigurationError(
                f"Policy.review: {self.review} is not below merge={self.merge}; "
                "between the two somebody has to look"
            )
        check_text(self.country, "Policy.country")
        if len(self.country) != _COUNTRY or not self.country.isupper():
            raise ConfigurationError(
                f"Policy.country: {self.country!r} is not a country; write 'VN', 'AU' ..."
            )
        for field in ("holders", "neighbours", "neighbourhood"):
            check_count(getattr(self, field), f"Policy.{field}", least=1)
        object.__setattr__(self, "ahead", duration(self.ahead, "Policy.ahead"))
        if self.neighbours < _FEWEST:
            raise ConfigurationError(f"Policy.neighbours: {self.neighbours} is below {_FEWEST}")
        for field in ("limits", "names"):
            _check_numbers(getattr(self, field), f"Policy.{field}")
        blocked = set[str]()
        for text in self.own:
            value = email(text) if "@" in text else phone(text, self.country)
            blocked.add(value or text)
        object.__setattr__(self, "blocked", frozenset(blocked))

    def cap(self, scheme: str) -> int:
        """Return how many different people's names one identifier of a scheme may have."""
        return self.names.get(scheme, self.names.get("", 6))


def _check_numbers(values: object, field: str) -> None:
    if not isinstance(values, Mapping):
        raise ConfigurationError(f"{field}: expected a mapping from schemes to numbers")
    for scheme, number in cast("Mapping[object, object]", values).items():
        check_count(number, f"{field}[{scheme!r}]", least=1)
