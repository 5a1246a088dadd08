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
    "phone.other": -2.5,
    "phone.shared": -2.0,
    "phone.half_year": -0.7,  # numbers are given to somebody else in time
    "email.same": 16.0,
    "email.verified": 21.0,
    "email.mailbox": 14.0,
    "email.near": 9.0,
    "email.local": 6.0,
    "email.part": 4.0,
    "email.named": 1.0,  # alike, because it is made of the name
    "email.domain": 1.0,
    "email.role": 3.0,
    "email.other": -2.5,
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
    "name.middle": -3.0,  # `Thị` or `Văn` where the other has another middle name
    "name.differs": -4.5,
    "name.part": 2.0,  # at most, where a word of each is not in the other
    "name.other": -7.0,
    "birth_date.same": 12.0,
    "birth_date.new_year": 8.0,  # 1 January is written where only the year is known
    "birth_date.near": 6.0,
    "birth_date.month": 5.5,
    "birth_date.year": 2.0,
    "birth_date.part": 2.5,
    "birth_date.decade": 2.5,
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
    "home.most": 16.0,  # of address, postcode, city and region together: they go together
    "missing": -1.0,  # two records of one group that nothing proposed to compare
    "against": -15.0,  # two records this unlike keep their groups apart
}
"""The default weights, for use without training."""


def _shares(table: str) -> dict[str, float]:
    """Read `30 anh minh` as: three of a hundred people have `anh` in their name, and so `minh`."""
    found: dict[str, float] = {}
    for line in table.split(";"):
        part, *words = line.split()
        found |= dict.fromkeys(words, int(part) / 1000)
    return found


SHARES: Final[Mapping[str, float]] = _shares(
    # Vietnam: family names, then words of given names
    "380 nguyen; 110 tran; 95 le; 70 pham; 50 huynh hoang; 45 phan; 39 vu vo; 21 dang bui;"
    "14 do ho ngo; 12 duong; 10 ly; 8 truong dao; 6 lam luong doan mai cao luu;"
    "350 thi; 200 van; 45 thanh; 40 anh minh ngoc; 30 phuong thu hong huong tuan hung;"
    "25 duc linh dung kim lan hoa nam long son ha hai hanh huu quoc hieu trang thuy tam;"
    "20 xuan bao quang huy khanh my nga ngan nhung thao tu vy yen cuong binh phuc nhi;"
    "15 an bich chau chi chinh cong dat diem dinh duy gia giang hien hoai khoa kieu loan;"
    "15 loc luan manh nhu nhan oanh phat phong phu quan quyen quynh tai tan thang thien;"
    "15 thinh tho thong thuan tien tin toan trinh trong tri trung tung tuyet tuyen uyen viet vinh;"
    # English-speaking countries
    "13 james john david michael robert mary; 11 smith william thomas; 9 jones jack daniel emily;"
    "9 oliver george harry joshua charlie; 8 williams jessica joseph samuel sarah lucy emma;"
    "7 brown taylor wilson johnson sophie grace ella amelia olivia jacob mia lily chloe;"
    "5 davies evans anderson white martin thompson clark lewis harris walker hall wright green"
)
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
        shares = {word: count / total for word, count in counts.items() if count >= _LEAST_COUNT}
        return attrs.evolve(self, version=version, shares=shares)
