"""People's names, told apart from how they were typed.

Rule: a name is a bag of words. Who writes the family name first and who writes it last mean the
same person; accents that are missing say nothing, accents that differ do. No name is looked up by
its family name, which a third of Vietnam shares.
"""

from __future__ import annotations

import unicodedata
from typing import Final

from tongdai.model.text import fold

MOST_WORDS: Final = 8
_APOSTROPHES: Final = str.maketrans("", "", "'`\u2019")
_TITLES: Final = frozenset(
    [
        *("anh", "chi", "co", "chu", "ong", "ba", "bac", "em"),
        *("mr", "mrs", "ms", "miss", "dr", "mr.", "mrs.", "ms.", "dr."),
    ]
)
FAMILY: Final = frozenset(
    [
        *("nguyen", "tran", "le", "pham", "hoang", "huynh", "phan", "vu", "vo", "dang", "bui"),
        *("do", "ho", "ngo", "duong", "ly", "dinh", "truong", "trinh", "lam", "mai", "dao"),
    ]
)
"""The commonest family names, folded: a single one behind `Anh` is no reason to drop the `Anh`."""
_NOT_NAMES: Final = frozenset(
    [
        *("unknown", "n/a", "na", "none", "null", "test", "khach hang", "khach", "customer"),
        *("khach le", "anonymous", "guest", "khong ten", "chua ro", "no name", "user", "-", "."),
    ]
)


class Name:
    """A name as it is compared.

    Attributes:
        words: folded, in the order in which they were written.
        key: the words in one order, so that `Lan Nguyen` meets `Nguyễn Lan`.
        marked: the words with their accents, in the order of `words`; empty when none has any.
        marked_key: these in one order.
        tenths: what the name is worth when both have it, as soon as a scorer has found out.
    """

    __slots__ = ("key", "marked", "marked_key", "tenths", "words")

    def __init__(self, words: tuple[str, ...], marked: tuple[str, ...]) -> None:
        """Keep the words."""
        self.words: Final = words
        self.marked: Final = marked
        self.key: Final = " ".join(sorted(words))
        self.marked_key: Final = " ".join(sorted(marked)) if marked else ""
        self.tenths = -1


def name(raw: str) -> Name | None:
    """Return a name to compare, or `None` when the text is none (`khách hàng`, `n/a`)."""
    if raw.isascii():
        folded, lowered = " ".join(raw.lower().split()), ""
    else:
        lowered = " ".join(unicodedata.normalize("NFC", raw).casefold().split())
        folded = fold(lowered)
    if not folded or folded in _NOT_NAMES:
        return None
    bare = _words(folded)
    marked = _words(lowered) if lowered else []
    if len(marked) != len(bare) or marked == bare:
        marked = []
    first = 0
    while first < len(bare) - 1 and bare[first] in _TITLES:
        rest = bare[first + 1 :]
        if len(rest) == 1 and rest[0] in FAMILY:
            break  # (`Anh Nguyen` is a name, given name first)
        first += 1
    bare, marked = bare[first:], marked[first:]
    if not bare or len(bare) == 1 == len(bare[0]):  # (one initial alone names nobody)
        return None
    return Name(tuple(bare[:MOST_WORDS]), tuple(marked[:MOST_WORDS]))


def _words(text: str) -> list[str]:
    if text.replace(" ", "").isalpha():
        return text.split(" ")
    kept = text.translate(_APOSTROPHES)
    kept = "".join(sign if sign.isalnum() or unicodedata.combining(sign) else " " for sign in kept)
    return [word for word in kept.split() if not word.isdigit()]
