"""Which of several values is shown, and why.

Rule: the shown value is the greatest in a total order, so it depends on the set of what was said
and never on the order of arrival: verified, then the source's rank, then the newer, then the more
often said, then the longer (of names of which one extends the other), then a hash. Names are as new
as their half-year: last week's nickname does not push out last month's full name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final, NamedTuple

from tongdai.model.contact import ASSURANCES
from tongdai.profiles.emails import email
from tongdai.profiles.names import name
from tongdai.profiles.observation import FIELDS, Observation
from tongdai.profiles.phones import phone
from tongdai.profiles.places import birth_date
from tongdai.profiles.policy import Policy
from tongdai.profiles.records import HALF_YEAR, VERIFIED


class Said(NamedTuple):
    """One value of one field, as one observation has it."""

    text: str
    verified: bool
    source: str
    at: int
    observation: str


class Value(NamedTuple):
    """What a profile shows for a field.

    Attributes:
        text: the value.
        source: the observation that it was read from: the newest that says so.
        because: what puts it before the runner-up.
        runner_up: what would be shown without it; empty if nothing.
        others: all further values, the better ones first.
    """

    text: str
    source: str
    because: str
    runner_up: str = ""
    others: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Give it as it is read: the value, where it is from, and why it is shown."""
        after = f", runner_up={self.runner_up!r}" if self.runner_up else ""
        return f"Value({self.text!r}, source={self.source!r}, because={self.because!r}{after})"

    def __str__(self) -> str:
        """Give the value alone."""
        return self.text


class _Rank(NamedTuple):
    verified: bool
    source: int
    at: int
    times: int


_REASONS: Final = ("verified", "its source comes first", "newer", "said more often")


def said(observation: Observation, policy: Policy) -> Iterable[tuple[str, Said]]:
    """Go through the fields of an observation that can be shown, in their best spelling."""
    for field in FIELDS:
        raw = getattr(observation, field)
        if raw:
            yield field, _said(observation, tidy(field, raw, policy), verified=False)
    for claim in observation.claims:
        field = claim.scheme if not claim.scope else f"{claim.scheme}@{claim.scope}"
        sure = ASSURANCES.index(claim.assurance) == VERIFIED
        yield field, _said(observation, tidy(field, claim.value, policy), verified=sure)
    for field, raw in observation.attributes.items():
        yield field, _said(observation, raw, verified=False)


def tidy(field: str, raw: str, policy: Policy) -> str:
    """Return a value as it is shown: phones and addresses in their one form, texts in NFC."""
    found = ""
    if field == "phone":
        found = phone(raw, policy.country)
    elif field == "email":
        found = email(raw)
    elif field == "birth_date":
        digits = birth_date(raw)
        found = f"{digits[:4]}-{digits[4:6]}-{digits[6:]}" if digits else ""
    return found or " ".join(unicodedata.normalize("NFC", raw).split())


def _said(observation: Observation, text: str, *, verified: bool) -> Said:
    return Said(text, verified, observation.source, observation.at, observation.id)


def choose(field: str, values: Iterable[Said], policy: Policy) -> Value:
    """Return the value to show among at least one, with the runner-up and the reason."""
    by_text: dict[str, list[Said]] = {}
    for one in set(values):
        by_text.setdefault(one.text, []).append(one)
    ranks = {text: _rank(field, several, policy) for text, several in by_text.items()}
    ordered: list[str] = []
    left = dict(ranks)
    while left:
        best = _best(field, left)
        ordered.append(best)
        del left[best]
    shown = ordered[0]
    newest = max(by_text[shown], key=lambda one: (one.verified, one.at, one.observation))
    if len(ordered) == 1:
        return Value(shown, newest.observation, "the only value")
    because = _reason(field, shown, ordered[1], ranks)
    return Value(shown, newest.observation, because, ordered[1], tuple(ordered[1:]))


def _rank(field: str, several: list[Said], policy: Policy) -> _Rank:
    ranks = {source: -place for place, source in enumerate(policy.sources)}
    last = -len(policy.sources)
    verified, source, at = max(
        (
            one.verified,
            ranks.get(one.source, last),
            one.at // HALF_YEAR if field == "name" else one.at,
        )
        for one in several
    )
    return _Rank(verified, source, at, len({one.observation for one in several}))


def _best(field: str, ranks: Mapping[str, _Rank]) -> str:
    top = max(ranks.values())
    level = [text for text, rank in ranks.items() if rank == top]
    if field == "name" and len(level) > 1:
        level = [text for text in level if not any(_extends(other, text) for other in level)]
    return max(level, key=_hash)


def _extends(longer: str, shorter: str) -> bool:
    """Tell whether a name has all of another's words and more, or its accents besides."""
    a, b = name(longer), name(shorter)
    if a is None or b is None:
        return a is not None
    if a.key == b.key:
        return bool(a.marked) and not b.marked
    return set(a.words) > set(b.words) and len(a.words) > len(b.words)


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8).digest()


def _reason(field: str, shown: str, other: str, ranks: Mapping[str, _Rank]) -> str:
    for reason, mine, its in zip(_REASONS, ranks[shown], ranks[other], strict=True):
        if mine > its:
            return reason
    if field == "name" and _extends(shown, other):
        return "longer, same name"
    return "equal in all; by hash"


def consent(observations: Iterable[Observation]) -> dict[str, bool]:
    """Return what is allowed, by purpose: one refusal anywhere refuses."""
    out: dict[str, bool] = {}
    for observation in observations:
        for purpose, allowed in observation.consent.items():
            out[purpose] = out.get(purpose, True) and allowed
    return dict(sorted(out.items()))
