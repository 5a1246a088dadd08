"""What a stranger wrote, as rules read it: folded, and in which language it likely is.

Rule: reading takes time linear in the length of a text, whatever stands in it, and guesses nothing
that it does not say how.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from tongdai.model.text import fold

MOST_READ: Final = 8_192
"""Characters of a text that are looked at."""
WORD: Final = re.compile(r"[^\W_]+")
_PIECE: Final = 256  # characters that are folded at once: marks are put in order in square time


def folded(text: str) -> str:
    """Return a text as `model.text.fold` does, in time linear in its length, whatever it is."""
    if len(text) <= _PIECE:
        return fold(text)
    words = (
        "".join(fold(word[at : at + _PIECE]) for at in range(0, len(word), _PIECE))
        for word in text.split()
    )
    return " ".join(word for word in words if word)


_VIETNAMESE: Final = re.compile("(?![ẹẽịọụỹ])[ơưạ-ỹ]")
"""Letters that no other language of wide use has (`ạ` to `ỹ` is U+1EA1 to U+1EF9).

Not among them: ă (Romanian has it), đ (Croatian, Serbian, Bosnian), ẹ, ị, ọ and ụ (Yoruba, Igbo), ẽ
and ỹ (Guaraní).
"""
_TELLING: Final[Mapping[str, frozenset[str]]] = {
    "vi": frozenset(
        [
            *("toi", "khong", "duoc", "cua", "nhung", "nguoi", "minh", "giup", "xin", "chao"),
            *("muon", "bao", "nhieu", "voi", "vay", "nhe", "roi", "chua", "lam", "sao", "dang"),
            *("nhu", "nao", "gi", "cho", "hang", "tien", "tai", "khoan", "dien", "thoai", "vui"),
        ]
    ),
    "en": frozenset(
        [
            *("the", "and", "is", "are", "my", "your", "you", "i", "have", "has", "please", "can"),
            *("cannot", "how", "what", "when", "why", "not", "with", "was", "want", "need", "help"),
            *("this", "that", "for", "of", "it", "do", "does", "hello", "thanks", "thank", "would"),
        ]
    ),
}
"""Words without accents that one of the two uses often and the other does not."""
_CLEARLY: Final = 2  # times as many words for one as for the other


def written_in(text: str) -> str:
    """Return in which of two languages a text is likely written: `vi`, `en`, or empty for neither.

    Each word counts: for Vietnamese one with a letter that hardly any other language has (ơ, ư, ạ,
    and vowels with a hook or two marks), or one of the commonest words as people type them without
    marks; for English one of its commonest words. The language that has twice as
    many as the other is the answer.

    It knows these two languages only. A text in a third one is neither, unless it happens to share
    such words (Dutch has `is` and `was`); so is one of a few names or numbers, or one half in each.
    `MOST_READ` characters are looked at.
    """
    count = dict.fromkeys(_TELLING, 0)
    for word in WORD.findall(_composed(text[:MOST_READ].casefold())):
        if _VIETNAMESE.search(word):
            count["vi"] += 1
            continue
        for language, telling in _TELLING.items():
            if word in telling:
                count[language] += 1
    first, second = sorted(count, key=lambda language: -count[language])
    clear = count[first] > 0 and count[first] >= _CLEARLY * count[second]
    return first if clear else ""


def _composed(text: str) -> str:
    """Return a text in which letters and their marks are one character, where there is such."""
    return "".join(
        unicodedata.normalize("NFC", text[at : at + _PIECE]) for at in range(0, len(text), _PIECE)
    )
