"""The weights: how much each agreement speaks for one person, in bits.

Rule: a model is a value with a version. The same two records and the same model give the same
evidence for ever; a better model is another version, and profiles are rebuilt by it. Weights are
base-2 logarithms of likelihood ratios (Fellegi and Sunter, "A Theory for Record Linkage", JASA 64,
1969). They are rounded to tenths of a bit where they are made, so that every explanation adds up.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from tongdai.errors import ConfigurationError
from tongdai.profiles.names import name

LEVELS: Final[Mapping[str, float]] = {
    "prior": -9.0,
    # identifiers: `same` less `shared` for every doubling of the different names that hold it
    "phone.same": 15.5,
    "phone.verified": 21.0,
    "phone.near": 3.0,
    "phone.other": -1.0,
    "phone.shared": -2.0,
    "phone.half_year": -0.7,  # numbers are given to somebody else in time
    "email.same": 16.0,
    "email.verified": 21.0,
    "email.mailbox": 14.0,
    "email.near": 9.0,
    "email.local": 6.0,
    "email.role": 3.0,
    "email.other": -2.0,
    "email.shared": -2.0,
    "id.verified": 30.0,
    "id.platform": 24.0,
    "id.same": 18.0,
    "id.near": 8.0,
    "id.other": -4.0,
    "id.shared": -2.0,
    # names: bits of each word by its rarity, and what it costs where words differ
    "name.word": 7.5,  # a word that the table of frequencies does not have
    "name.most": 12.0,
    "name.near": 0.6,  # of the word's bits
    "name.initial": 2.0,
    "name.extra": -0.3,
    "name.order": -0.3,
    "name.marks": -2.0,
    "name.differs": -4.5,
    "name.part": 2.0,  # at most, where a word of each is not in the other
    "name.other": -7.0,
    "birth_date.same": 12.0,
    "birth_date.new_year": 8.0,  # 1 January is written where only the year is known
    "birth_date.near": 6.0,
    "birth_date.part": 2.5,
    "birth_date.other": -4.5,
    "address.same": 10.0,
    "address.near": 7.0,
    "address.part": 3.0,
    "address.other": -1.5,
    "number.same": 2.5,
    "number.other": -0.8,
    "postcode.same": 5.0,
    "postcode.near": 2.5,
    "postcode.other": -1.5,
    "city.same": 3.0,
    "city.near": 2.5,
    "city.other": -1.0,
    "region.same": 1.0,
    "region.other": -0.7,
    "missing": -1.0,  # two records of one group that nothing proposed to compare
}
"""The default weights, for use without training."""

SHARES: Final[Mapping[str, float]] = {
    **{"nguyen": 0.38, "tran": 0.11, "le": 0.095, "pham": 0.07, "huynh": 0.05, "hoang": 0.05},
    **{"phan": 0.045, "vu": 0.039, "vo": 0.039, "dang": 0.021, "bui": 0.02, "do": 0.014},
    **{"ho": 0.013, "ngo": 0.013, "duong": 0.012, "ly": 0.01, "thi": 0.35, "van": 0.2},
    **{"anh": 0.04, "minh": 0.03, "huong": 0.02, "lan": 0.02, "hoa": 0.02, "thanh": 0.03},
    **{"linh": 0.02, "trang": 0.015, "hung": 0.02, "dung": 0.02, "tuan": 0.02, "nam": 0.015},
    **{"mai": 0.015, "thu": 0.02, "phuong": 0.025, "ngoc": 0.03, "kim": 0.015, "duc": 0.015},
    **dict.fromkeys(
        [
            *("an", "bao", "binh", "chau", "chi", "cuong", "dat", "duy", "giang", "ha", "hai"),
            *("hanh", "hien", "hieu", "hong", "huy", "khanh", "khoa", "long", "my", "nga", "ngan"),
            *("nhung", "oanh", "phat", "phong", "phuc", "quan", "quang", "quoc", "quynh", "son"),
            *("tam", "thao", "thang", "thuy", "trung", "tu", "uyen", "van", "vy", "xuan", "yen"),
        ],
        0.012,
    ),
    "van": 0.2,
    **{"smith": 0.011, "jones": 0.009, "williams": 0.008, "brown": 0.007, "taylor": 0.007},
    **{"john": 0.013, "david": 0.012, "michael": 0.012, "james": 0.013, "mary": 0.01},
}
"""How many of a hundred people have a word in their name, where it is common."""
_LEAST_COUNT: Final = 5


def _levels(given: Mapping[str, float]) -> Mapping[str, float]:
    for name_, bits in given.items():
        if name_ not in LEVELS:
            raise ConfigurationError(f"Model.levels: there is no level {name_!r}")
        if not isinstance(bits, (int, float)) or not math.isfinite(bits):
            raise ConfigurationError(f"Model.levels[{name_!r}]: {bits!r} is not a number of bits")
    return {**LEVELS, **given}


@attrs.frozen
class Model:
    """Weights and frequencies under one version.

    Attributes:
        version: names it in explanations; another model has another version.
        levels: bits by level; those not given are the default's.
        shares: which part of people have a word in their name; rarer words weigh `name.word`.
    """

    version: str = "default-1"
    levels: Mapping[str, float] = attrs.field(factory=dict[str, float], converter=_levels)
    shares: Mapping[str, float] = attrs.field(default=SHARES)

    def tenths(self, level: str) -> int:
        """Return a level's weight in tenths of a bit."""
        return round(self.levels[level] * 10)

    def counted(self, names: Iterable[str], version: str) -> Model:
        """Return a model whose frequencies of names are those of a list.

        Words of fewer than five names stay out, so nobody can be found in the table.

        Args:
            names: one for each person.
            version: of the new model.
        """
        counts = Counter[str]()
        total = 0
        for text in names:
            read = name(text)
            if read is not None:
                total += 1
                counts.update(set(read.words))
        shares = {
            word: count / total for word, count in counts.items() if count >= _LEAST_COUNT
        }
        return attrs.evolve(self, version=version, shares=shares)
