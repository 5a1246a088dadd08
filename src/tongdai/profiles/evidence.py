"""How much two records speak for being one person.

Rule: one function weighs, and explaining is the same weighing with its parts written down, so an
explanation cannot say anything else than what was decided. Weights are whole tenths of a bit: sums
are exact, in any order and on any machine.
"""

from __future__ import annotations

import math
import operator
import re
from functools import cache
from string import ascii_lowercase
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from tongdai.profiles.emails import FREE, is_shared, mailbox
from tongdai.profiles.extras import need
from tongdai.profiles.names import Name
from tongdai.profiles.records import VERIFIED

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongdai.profiles.candidates import Index
    from tongdai.profiles.model import Model
    from tongdai.profiles.policy import Policy
    from tongdai.profiles.records import Record

PLATFORM: Final = VERIFIED - 1
_LOOKS_ALIKE: Final = 0.86  # Jaro-Winkler
_WEAK: Final = frozenset(["thi", "van"])  # middle names that say little more than the sex
_SHORT: Final = 3  # characters below which two different words are just different
_SUPPORT: Final = 40  # tenths of a bit that make a shared phone more than a phone alone


class Part(NamedTuple):
    """One line of an explanation: a field, its value, its weight in bits, and why."""

    field: str
    value: str
    bits: float
    note: str = ""


class Naming(NamedTuple):
    """How two names compare.

    Attributes:
        tenths: of a bit.
        note: why.
        conflict: whether they are two people's names, or one's with much mistyped.
        sure: whether all that differs are names that people have, so that nothing is mistyped.
    """

    tenths: int
    note: str
    conflict: bool
    sure: bool = False


class Scorer:
    """Weighs pairs of records by one model."""

    def __init__(self, model: Model, policy: Policy, index: Index) -> None:
        """Read the model once: every weight as an integer."""
        self._index: Final = index
        self._level: Final = {level: model.tenths(level) for level in model.levels}
        self._words: Final = {
            word: min(round(-10 * math.log2(share)), self._level["name.word"])
            for word, share in model.shares.items()
            if 0 < share < 1
        }
        self._words.update(dict.fromkeys(ascii_lowercase, self._level["name.initial"]))
        self._word: Final = self._level["name.word"]
        self._near_word: Final = model.levels["name.near"]
        self.prior: Final = self._level["prior"]
        self.missing: Final = self._level["missing"]
        self.against: Final = self._level["against"]
        self.merge: Final = round(policy.merge * 10)
        self.review: Final = round(policy.review * 10)

    def weigh(  # noqa: C901, PLR0912 - a case a field
        self, a: Record, b: Record, parts: list[Part] | None = None
    ) -> tuple[int, bool]:
        """Return the evidence in tenths of a bit, and whether these two must never be joined.

        Args:
            a: a record.
            b: another.
            parts: is filled with the explanation, if given.
        """
        if b.digest < a.digest:
            a, b = b, a
        total = self.prior
        if parts is not None:
            parts.append(Part("prior", "", total / 10))
        contact = support = named = dated = 0  # (more than zero: it agrees)
        sure = conflict = two = False
        if (a.phones and b.phones) or (a.emails and b.emails):
            tenths, contact, sure = self._contact(a, b, parts)
            total += tenths
        if a.ids and b.ids:
            support = self._ids(a, b, parts)
            total += support
        if a.name is not None and b.name is not None:
            named, note, conflict, two = self.names(a.name, b.name)
            total += named
            if parts is not None:
                parts.append(Part("name", "", named / 10, note))
        if a.born and b.born:
            dated = self._born(a.born, b.born, parts)
            total += dated
        total += self._home(a, b, parts)
        if sure:
            return total, False
        if total >= self.merge and max(contact, support, named, dated) <= 0:
            cut = self.merge - 1 - total
            if parts is not None:
                parts.append(Part("shared", "", cut / 10, "no more than an address agrees"))
            return total + cut, False
        if conflict:
            # (twins have one birth date, one home and one telephone)
            never = support + (0 if two else max(0, dated)) < _SUPPORT
        elif not contact:
            never = False
        else:
            never = dated == self._level["birth_date.other"] and support + named < _SUPPORT
        if never and total >= self.merge:
            cut = self.merge - 1 - total
            total += cut
            if parts is not None:
                what = "names" if conflict else "birth dates"
                note = f"{what} conflict, and no more than what a household shares agrees"
                parts.append(Part("shared", "", cut / 10, note))
        return total, never

    def _contact(self, a: Record, b: Record, parts: list[Part] | None) -> tuple[int, int, bool]:
        """Return the bits of phone and e-mail, those that agree, and whether that is verified."""
        total = agree = 0
        sure = verified = False
        if a.phones and b.phones:
            total, sure = self._phones(a, b, parts)
            agree = max(0, total)
        if a.emails and b.emails:
            tenths, verified = self._emails(a, b, parts)
            total += tenths
            agree += max(0, tenths)
        return total, agree, sure or verified

    def _home(self, a: Record, b: Record, parts: list[Part] | None) -> int:
        total = 0
        if (a.street or a.number) and (b.street or b.number):
            total = self._street(a, b, parts)
        if a.postcode and b.postcode:
            total += self._place("postcode", a.postcode, b.postcode, parts)
        if a.city and b.city:
            total += self._place("city", a.city, b.city, parts)
        if a.region and b.region:
            total += self._place("region", a.region, b.region, parts)
        most = self._level["home.most"]
        if total > most:
            if parts is not None:
                parts.append(Part("home", "", (most - total) / 10, "one place, told several ways"))
            total = most
        return total

    def _put(self, parts: list[Part] | None, value: str, level: str, note: str = "") -> int:
        tenths = self._level[level]
        if parts is not None:
            field, _, how = level.partition(".")
            parts.append(Part(field, value, tenths / 10, note or how.replace("_", " ")))
        return tenths

    def _agreeing(
        self, field: str, ours: dict[str, int], theirs: dict[str, int]
    ) -> tuple[int, str, str, bool] | None:
        """Return the best of the identifiers that both hold, or `None` if there is none.

        Returns:
            Tenths of a bit, the identifier, why, and whether both have it verified. What too
            many people hold is worth nothing.
        """
        best: tuple[int, str, str, bool] | None = None
        for value, sure in ours.items():
            if value in theirs:
                verified = sure == VERIFIED == theirs[value]
                level = f"{field}.verified" if verified else f"{field}.same"
                tenths, note = self._shared(f"{field[0]}{value}", level, field)
                if best is None or tenths > best[0]:
                    best = (tenths, value, note, verified and tenths > 0)
        return best

    def _shared(self, key: str, level: str, field: str) -> tuple[int, str]:
        """Return what an identifier is worth, by how many people's names hold it."""
        people, live = self._index.people(key)
        if not live:
            return 0, "too many people hold it"
        tenths = self._level[level]
        if people <= 1:
            return tenths, "held under one name"
        if not level.endswith(".verified"):
            tenths += round(self._level[f"{field}.shared"] * math.log2(people))
        return tenths, f"held under {people} names"

    def _phones(self, a: Record, b: Record, parts: list[Part] | None) -> tuple[int, bool]:
        best = self._agreeing("phone", a.phones, b.phones)
        if best is not None:
            tenths, number, note, verified = best
            apart = abs(a.era - b.era) - 1
            if apart > 0 and tenths > 0:
                tenths = max(0, tenths + self._level["phone.half_year"] * apart)
                note += f", {apart // 2 + 1} years apart"
            if parts is not None:
                parts.append(Part("phone", number, tenths / 10, note))
            return tenths, verified
        near: Any = _rapidfuzz().OSA.distance
        for number in a.phones:
            for other in b.phones:
                if near(number, other, score_cutoff=1) <= 1:
                    return self._put(parts, number, "phone.near"), False
        return self._put(parts, "", "phone.other"), False

    def _emails(self, a: Record, b: Record, parts: list[Part] | None) -> tuple[int, bool]:
        best = self._agreeing("email", a.emails, b.emails)
        if best is not None:
            tenths, address, note, verified = best
            if is_shared(address):
                return self._put(parts, address, "email.role", "a role's mailbox"), False
            if parts is not None:
                parts.append(Part("email", address, tenths / 10, note))
            return tenths, verified
        words = (*(a.name.words if a.name else ()), *(b.name.words if b.name else ()))
        level = max(
            (_email_level(one, two, words) for one in a.emails for two in b.emails),
            key=self._level.__getitem__,
        )
        return self._put(parts, "", level), False

    def _ids(self, a: Record, b: Record, parts: list[Part] | None) -> int:
        total = 0
        done = set[str]()
        for key, sure in a.ids.items():
            if key in b.ids:
                scheme, _, value = key.partition("|")
                done.add(scheme)
                least = min(sure, b.ids[key])
                level = ("id.same", "id.same", "id.platform", "id.verified")[least]
                if least == VERIFIED:
                    tenths, note = self._level[level], "verified"
                else:
                    tenths, note = self._shared(f"i{key}", level, "id")
                total += tenths
                if parts is not None:
                    parts.append(Part(scheme, value.partition("|")[2], tenths / 10, note))
        distance: Any = _rapidfuzz().OSA.distance
        for key, sure in a.ids.items():
            scheme, scope, value = key.split("|", 2)
            if scheme in done:
                continue
            others = [other for other in b.ids if other.startswith(f"{scheme}|{scope}|")]
            if others:
                done.add(scheme)
                near = len(value) > _SHORT + 1 and any(
                    sure < PLATFORM  # (what a platform gives is not typed, and often counts up)
                    and b.ids[other] < PLATFORM
                    and distance(value, other.split("|", 2)[2], score_cutoff=1) <= 1
                    for other in others
                )
                level = "id.near" if near else "id.other"
                total += self._level[level]
                if parts is not None:
                    parts.append(Part(scheme, "", self._level[level] / 10, level[3:]))
        return total

    def names(self, a: Name, b: Name) -> Naming:  # noqa: C901 - a case a way to differ
        """Compare two names as bags of words; the same whichever comes first."""
        if (b.key, b.words, b.marked) < (a.key, a.words, a.marked):
            a, b = b, a
        weight, usual = self._words.get, self._word
        level = self._level
        if a.key == b.key:
            tenths = a.tenths  # (kept: two of three names that meet are equal)
            if tenths < 0:
                tenths = sum([weight(word, usual) for word in a.words])
                a.tenths = b.tenths = tenths = min(tenths, level["name.most"])
            note = "same"
            if a.words != b.words:
                tenths += level["name.order"]
                note = "reordered"
            return self._marks(a, b, tenths, note)
        left = a.key.split(" ")
        right: list[str] = []
        tenths = 0
        for word in b.key.split(" "):
            if word in left:
                left.remove(word)
                tenths += weight(word, usual) if len(word) > 1 else level["name.initial"]
            else:
                right.append(word)
        note = "one is part of the other"
        if left and right:
            gained, note = self._alike(left, right)
            tenths += gained
        tenths = min(tenths, level["name.most"])
        conflict = any(word not in _WEAK for word in left) and any(
            word not in _WEAK for word in right
        )
        if conflict:
            sure = all(word in self._words or word in _WEAK for word in (*left, *right))
            if tenths <= 0 or len(left) == len(a.words) or len(right) == len(b.words):
                return Naming(level["name.other"], "differ", conflict=True, sure=sure)
            tenths += level["name.differs"] * min(len(left), len(right))
            tenths = min(tenths, level["name.part"])
            return Naming(tenths, "differ in part", conflict=True, sure=sure)
        if left and right:
            tenths += level["name.middle"]
        tenths += level["name.extra"] * (len(left) + len(right))
        if not _same_order(a.words, b.words):
            tenths += level["name.order"]
            note += ", reordered"
        return self._marks(a, b, tenths, note)

    def _alike(  # noqa: C901 - a case a kind of misspelling
        self, left: list[str], right: list[str]
    ) -> tuple[int, str]:
        """Match words that are typed a little differently, and take them out."""
        weight, usual = self._words.get, self._word
        alike: Any = _rapidfuzz().JaroWinkler.similarity
        tenths = 0
        note = "differ in part"
        whole_left, whole_right = "".join(left), "".join(right)
        if len(left) != len(right) and alike(whole_left, whole_right) >= _LOOKS_ALIKE:
            tenths = round(self._near_word * usual * min(len(left), len(right)))
            left.clear()
            right.clear()
            return tenths, "near"
        for word in tuple(left):
            best, found = 0.0, ""
            for other in right:
                if len(word) == 1 or len(other) == 1:
                    close = 0.9 if word[0] == other[0] else 0.0
                elif word in self._words and other in self._words:
                    close = 0.0  # (two names that people have, not one typed wrongly)
                elif len(word) < _SHORT or len(other) < _SHORT:
                    close = 0.0
                else:
                    close = alike(word, other)
                    if close < _LOOKS_ALIKE and _letters_moved(word, other):
                        close = _LOOKS_ALIKE
                if close > best:
                    best, found = close, other
            if best >= _LOOKS_ALIKE:
                left.remove(word)
                right.remove(found)
                note = "near"
                if len(word) == 1 or len(found) == 1:
                    tenths += self._level["name.initial"]
                else:
                    rarest = max(weight(word, usual), weight(found, usual))
                    tenths += round(self._near_word * rarest)
        return tenths, note

    def _marks(self, a: Name, b: Name, tenths: int, note: str) -> Naming:
        if a.marked and b.marked and a.marked_key != b.marked_key:
            for word, marked in zip(a.words, a.marked, strict=True):
                if word in b.words and marked not in b.marked:
                    tenths += self._level["name.marks"]
                    note += f", {marked} is not {b.marked[b.words.index(word)]}"
        elif bool(a.marked) is not bool(b.marked):
            note += ", no marks"
        return Naming(tenths, note, conflict=False)

    def _born(self, a: str, b: str, parts: list[Part] | None) -> int:
        if a == b:
            return self._put(
                parts, a, "birth_date.new_year" if a.endswith("0101") else "birth_date.same"
            )
        return self._put(parts, "", f"birth_date.{_date_level(a, b)}")

    def _street(self, a: Record, b: Record, parts: list[Part] | None) -> int:
        total = 0
        if a.number and b.number:
            level = "number.same" if a.number == b.number else "number.other"
            total = self._level[level]
            if parts is not None:
                parts.append(Part("number", "", total / 10, level[7:]))
        if not a.street or not b.street:
            return total
        if a.street == b.street:
            return total + self._put(parts, "", "address.same")
        close = _alike_streets(a.street, b.street)
        level = "near" if close >= _NEAR_STREET else "part" if close >= _PART_STREET else "other"
        return total + self._put(parts, "", f"address.{level}")

    def _place(self, field: str, a: str, b: str, parts: list[Part] | None) -> int:
        if a == b:
            return self._put(parts, a, f"{field}.same")
        if field != "region":
            distance: Any = _rapidfuzz().OSA.distance
            most = 1 if field == "postcode" else max(1, len(a) // 4)
            if len(a) > _SHORT and (
                distance(a, b, score_cutoff=most) <= most
                or (field == "city" and _letters_moved(a, b))
            ):
                return self._put(parts, "", f"{field}.near")
        return self._put(parts, "", f"{field}.other")


_NEAR_STREET: Final = 80.0
_PART_STREET: Final = 60.0
_DIGIT: Final = re.compile(r"\d")
_LONG_LOCAL: Final = 6
_NEAR_EMAIL: Final = 3  # edits


def _date_level(a: str, b: str) -> str:
    """Compare two different dates, as people mistype, misremember and round them."""
    if (
        sum(map(operator.ne, a, b)) == 1
        or (sorted(a) == sorted(b) and sum(map(operator.ne, a, b)) == 2)  # noqa: PLR2004 - two digits the other way round
        or (a[:4] == b[:4] and a[4:6] == b[6:] and a[6:] == b[4:6])
    ):
        return "near"
    days = abs(_day(a) - _day(b))
    if days <= _MONTH:
        return "month"
    if days <= _YEAR + _MONTH:
        return "year"
    if (a[:4] == b[:4]) + (a[4:6] == b[4:6]) + (a[6:] == b[6:]) == 2:  # noqa: PLR2004 - of three
        return "part"
    if abs(days - 10 * _YEAR) <= _MONTH:
        return "decade"
    return "other"


def _day(digits: str) -> int:
    """Count days, near enough to compare, also of dates that the calendar does not have."""
    return (
        int(digits[:4]) * 365
        + (int(digits[4:6]) - 1) * 30
        + int(digits[4:6]) // 2
        + int(digits[6:])
    )


_MONTH: Final = 35  # days
_YEAR: Final = 365


def _alike_streets(a: str, b: str) -> float:
    ratio, bag = _ratios()
    return max(ratio(a.replace(" ", ""), b.replace(" ", "")), bag(a, b))


def _email_level(a: str, b: str, words: tuple[str, ...]) -> str:
    """Compare two different addresses of people of whose names these are words."""
    local_a, _, domain_a = a.rpartition("@")
    local_b, _, domain_b = b.rpartition("@")
    free = (domain_a in FREE) + (domain_b in FREE)
    distance: Any = _rapidfuzz().OSA.distance
    if local_a == local_b:
        edits = distance(domain_a, domain_b, score_cutoff=_NEAR_EMAIL)
        if edits <= _NEAR_EMAIL and free < 2:  # noqa: PLR2004 - gmail.com is not hotmail.com mistyped
            return "email.near" if len(local_a) > _SHORT else "email.part"
        if len(local_a) < _LONG_LOCAL:
            return "email.other"
        return "email.named" if _is_named(local_a, words) else "email.local"
    if domain_a[0] == domain_b[0] == "g":
        one = mailbox(a)
        if one and one == mailbox(b):
            return "email.mailbox"
    return _near_email(a, b, words, free=free > 0)


def _near_email(a: str, b: str, words: tuple[str, ...], *, free: bool) -> str:
    local_a, _, domain_a = a.rpartition("@")
    local_b, _, domain_b = b.rpartition("@")
    distance: Any = _rapidfuzz().OSA.distance
    most = _NEAR_EMAIL if free else max(_NEAR_EMAIL, min(len(a), len(b)) // 4)
    edits = distance(a, b, score_cutoff=most) if len(local_a) >= _SHORT else most + 1
    if edits <= most:
        # (`lan1987@` and `lan1978@` are two people's)
        if edits <= _NEAR_EMAIL and _digits(local_a) == _digits(local_b):
            if free and edits > 1 and _is_named(local_a, words):
                return "email.named"
            return "email.near"
        if domain_a != domain_b and not free:
            return "email.part"
    return "email.domain" if domain_a == domain_b and not free else "email.other"


def _is_named(local: str, words: tuple[str, ...]) -> bool:
    """Tell whether the name explains the address, as far as it is not a number."""
    return not _digits(local) and any(len(word) >= _SHORT and word in local for word in words)


def _digits(text: str) -> str:
    return "".join(_DIGIT.findall(text))


def _letters_moved(a: str, b: str) -> bool:
    """Tell whether two words have nearly the same letters, in whatever order."""
    if len(a) < _LONG or len(b) < _LONG:
        return False
    rest = list(b)
    missing = 0
    for sign in a:
        if sign in rest:
            rest.remove(sign)
        else:
            missing += 1
    return missing + len(rest) <= max(len(a), len(b)) // 3


_LONG: Final = 5


def _same_order(a: tuple[str, ...], b: tuple[str, ...]) -> bool:
    common = [word for word in a if word in b]
    return common == [word for word in b if word in a]


@cache
def _rapidfuzz() -> Any:  # noqa: ANN401 - a module that may be absent
    return need("rapidfuzz.distance")


@cache
def _ratios() -> tuple[Callable[[str, str], float], Callable[[str, str], float]]:
    library: Any = need("rapidfuzz.fuzz")
    return library.ratio, library.token_set_ratio
