"""What a resolver answers: what changed, and how it explains itself.

Rule: an answer is a value that names every profile that changed. A merge and an unmerge are told
apart from an erasure: what was merged away resolves on, what was erased does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import attrs
import msgspec

from tongdai.profiles.evidence import Part
from tongdai.profiles.survivorship import Value


@attrs.frozen
class Waterfall:
    """An explanation that adds up: the prior, a part for each field, and their sum.

    Attributes:
        parts: the lines, in bits.
        verdict: what the evidence alone says: `same person`, `have a look` or `two people`.
        merge: the bits from which it is one person.
        remark: what overrules the evidence, if anything does.
    """

    parts: tuple[Part, ...]
    verdict: str
    merge: float
    remark: str = ""

    @property
    def bits(self) -> float:
        """The sum of the parts, exact to a tenth of a bit."""
        return sum(round(part.bits * 10) for part in self.parts) / 10

    def __str__(self) -> str:
        """Give the lines, aligned, the sum last."""
        rows = [(part.field, part.value, part.bits, part.note) for part in self.parts]
        wide = max(len(field) for field, _, _, _ in rows)
        texts = [f"  {field:<{wide}}  {value}".rstrip() for field, value, _, _ in rows]
        lead = max(len(f"  {self.verdict}"), *map(len, texts)) + 1
        lines = [
            f"{text:<{lead}}{bits:+8.1f}   {note}".rstrip()
            for text, (_, _, bits, note) in zip(texts, rows, strict=True)
        ]
        end = self.remark or f"merge at {self.merge:+.1f}"
        total = f"  {self.verdict}"
        lines.append(f"{total:<{lead}}{self.bits:+8.1f}   {end}")
        return "\n".join(lines)


class Change(msgspec.Struct, frozen=True, tag=True):
    """The base of all answers.

    Attributes:
        profile: whose profile it is now.
        by: the evidence in bits, where evidence decided.
        changed: the ids of all profiles that changed, those that are no more included.
        evidence: the explanation of `by`.
        id: what `undo` takes, where it can be undone.
        also: further changes that the same step brought about.
    """

    profile: str
    by: float | None = msgspec.field(default=None, name="by")
    changed: tuple[str, ...] = ()
    evidence: Waterfall | None = None
    id: str = ""
    also: tuple[Change, ...] = ()

    @property
    def events(self) -> tuple[Change, ...]:
        """This change and the further ones."""
        return (self, *self.also)

    def __repr__(self) -> str:
        """Give what happened to whom, and by how much evidence."""
        bits = "" if self.by is None else f", by={self.by:.1f} bits"
        return f"{type(self).__name__}({self.profile!r}{self._more()}{bits})"

    def _more(self) -> str:
        return ""


class Created(Change, frozen=True):
    """Somebody who was not known."""


class Attached(Change, frozen=True):
    """An observation of a known profile; `repeat` if it was known itself."""

    repeat: bool = False


class Merged(Change, frozen=True):
    """Profiles turned out to be one; the ids of `retired` resolve on."""

    retired: tuple[str, ...] = ()

    def _more(self) -> str:
        return f", retired={', '.join(self.retired)!r}"


class Review(Change, frozen=True):
    """A profile of its own that may be another's: somebody should look."""

    other: str = ""

    def _more(self) -> str:
        return f", other={self.other!r}"


class Unmerged(Change, frozen=True):
    """A profile turned out to be several; `new` are those that were split off."""

    new: tuple[str, ...] = ()

    def _more(self) -> str:
        return f", new={', '.join(self.new)!r}"


class Erased(Change, frozen=True):
    """A profile, or an observation of it, is gone for good."""


Answer: TypeAlias = Created | Attached | Merged | Review | Unmerged


@attrs.frozen
class Relation:
    """Something two profiles have in common without being one person.

    Attributes:
        kind: `household` (a phone or e-mail, and an address or a word of the name) or
            `shared line` (no more than the phone or e-mail).
        other: the other profile's id.
        through: what they share.
    """

    kind: str
    other: str
    through: str


@attrs.frozen
class Profile:
    """One person, as all observations together show them.

    Attributes:
        id: derived from the oldest observation.
        values: what is shown, by field.
        observations: ids, the oldest first.
        sources: who contributed.
        consent: by purpose; one refusal anywhere refuses.
        languages: spoken, the best known first.
    """

    id: str
    values: Mapping[str, Value]
    observations: tuple[str, ...]
    sources: tuple[str, ...]
    consent: Mapping[str, bool]

    def __getitem__(self, field: str) -> Value:
        """Return what is shown for a field.

        Raises:
            KeyError: nobody said anything about it.
        """
        return self.values[field]

    def __contains__(self, field: object) -> bool:
        """Tell whether anything is known about a field."""
        return field in self.values

    def __iter__(self) -> Iterator[str]:
        """Go through the fields."""
        return iter(self.values)

    def get(self, field: str) -> str:
        """Return a field's value, or an empty text."""
        value = self.values.get(field)
        return value.text if value else ""
