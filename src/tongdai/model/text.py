"""Text for people: folded for comparing, read as an answer, and cut into tokens.

Rule: reading untrusted text is bounded (4 KiB, depth 32), never evaluates anything, and fails with
the position at which it went wrong. Requirements (`requirement.py`) and conditions
(`expression.py`) are written in the same tokens. An answer that two choices could mean is no answer
at all: a wrong one costs the customer more than being asked again.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, NoReturn

from tongdai.errors import ConfigurationError, ParseError

LONGEST = 4096  # bytes of UTF-8
DEEPEST = 32  # nested parentheses

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<number>-?\d+(?:\.\d+)?(?![\w:]))
    | (?P<name>\w[\w:.\-]*)
    | "(?P<string>(?:[^"\\]|\\["\\])*)"
    | (?P<sign>>=|<=|==|!=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_LETTERS = str.maketrans(
    {"đ": "d", "ð": "d", "ł": "l", "ø": "o", "æ": "ae", "œ": "oe", "\u0131": "i"}
)
NAME = re.compile(r"[^\W\d][\w:.\-]*")


def fold(text: str) -> str:
    """Return text without case, accents and runs of blanks, so that `Đổi thẻ` meets `doi the`.

    Letters that Unicode does not decompose (đ, ø, ł ...) are mapped by hand.
    """
    bare = text
    for _ in range(2):  # (some letters, as mathematical bold A, come apart into capitals)
        bare = unicodedata.normalize("NFKD", bare.casefold())
    kept = "".join(mark for mark in bare if not unicodedata.combining(mark))
    return " ".join(kept.translate(_LETTERS).split())


_LONGEST_ANSWER: Final = 1_024  # characters; a longer text chooses nothing
_MOST_AROUND: Final = 4  # words that may stand before an answer, and behind it
_BEFORE: Final = frozenset(
    [
        *("da", "em", "toi", "minh", "muon", "cho", "chon"),
        *("bam", "nhan", "an", "phim", "so", "muc"),
        *("i", "want", "choose", "press", "key", "number", "option", "choice", "please"),
    ]
)
_BEHIND: Final = frozenset(["a", "nhe", "nha", "di", "please", "thanks"])
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "*": ("sao", "dau sao", "star", "asterisk"),
    "#": ("thang", "dau thang", "hash", "pound"),
}


class Choices:
    """What an answer can mean: keys, and the words that stand for each.

    Attributes:
        numbers: what each choice is called where the choices are written as lines, or spoken: its
            key where that is a number; else its first text where that is one; else its place,
            counted from 1; and where another choice has that number, `*` and `#` as they are and
            others the next number that nobody has. Keys, first texts and their order alone decide
            this, so whoever shows labels and whoever reads answers with more synonyms agree.
        collisions: folded texts that stand for several choices, with the keys of these. Such a
            text chooses none of them.
    """

    __slots__ = ("_exact", "_loose", "_signs", "collisions", "numbers")

    def __init__(self, choices: Mapping[str, Sequence[str]]) -> None:
        """Index the choices.

        Args:
            choices: the texts by key, in the order in which they are shown; the label comes first,
                then its synonyms. A key is what is pressed on a telephone, or a button's id, and
                stands for its choice too, as its number does, and its line (`2. Thẻ`). A text that
                says the number of another choice (`số 2` as a label of the first) collides with it.
        """
        self.numbers: Final[Mapping[str, str]] = _numbers(choices)
        owners: dict[str, set[str]] = {}  # (some digits are one number to who reads them)
        for key, number in self.numbers.items():
            owners.setdefault(_folded(number), set()).add(key)
        owners.pop("", None)
        exact: dict[str, set[str]] = {}
        loose: dict[str, set[str]] = {}
        for key, texts in choices.items():
            number = self.numbers[key]
            lines = (line(number, text) for text in texts if _folded(text))
            for text in (key, number, *texts, *_KEYS.get(key, ()), *lines):
                folded = _folded(text)
                bare = _bare(folded)
                meant = {key}.union(*(owners.get(form, ()) for form in _forms(folded)))
                exact.setdefault(folded, set()).update(meant)
                loose.setdefault(bare, set()).update(meant)
        self._signs: Final = frozenset(key for key in choices if key in _KEYS)
        exact.pop("", None)
        loose.pop("", None)
        self._exact: Final = {text: _only(keys) for text, keys in exact.items()}
        self._loose: Final = {text: _only(keys) for text, keys in loose.items()}
        self.collisions: Final[Mapping[str, tuple[str, ...]]] = {
            text: tuple(key for key in choices if key in keys)
            for text, keys in exact.items()
            if len(keys) > 1
        }

    def read(self, answer: str) -> str | None:
        """Return the key of the choice that an answer means, or `None`.

        In this order, each without regard to case and accents: the text as it stands (key, label,
        synonym, number, line), the text without marks around it (`2.`, `(2)`), and that without the
        words that people put around it (`bấm phím số 2 ạ`, `option 2 please`). What two choices
        could mean at one of these steps means none.
        """
        if len(answer) > _LONGEST_ANSWER:
            return None
        folded = fold(answer)
        if folded in self._exact:
            return self._exact[folded]
        bare = self._core(folded)
        if bare in self._loose:
            return self._loose[bare]
        for text in _shorter(folded.split()):
            for index, word in ((self._exact, text), (self._loose, self._core(text))):
                if word in index:
                    return index[word]
        return None

    def _core(self, folded: str) -> str:
        """Return a text without the marks around it; a star or hash that is a key is no mark."""
        if self._signs and not self._signs.isdisjoint(folded.split()):
            return folded
        return _bare(folded)


def read(answer: str, choices: Mapping[str, Sequence[str]] | Choices) -> str | None:
    """Return the key of the choice that an answer means, or `None` (see `Choices`).

    Whoever reads many answers to the same question makes the `Choices` once.
    """
    known = choices if isinstance(choices, Choices) else Choices(choices)
    return known.read(answer)


def line(number: str, label: str) -> str:
    """Return a choice as a line of text."""
    return f"{number}. {label}"


def _numbers(choices: Mapping[str, Sequence[str]]) -> dict[str, str]:
    named = {_bare(_folded(key)) for key in choices}
    firsts = {key: _bare(_folded(texts[0])) for key, texts in choices.items() if texts}
    written = Counter(first for first in firsts.values() if first.isdecimal())
    free = len(choices)
    numbers: dict[str, str] = {}
    for place, key in enumerate(choices, 1):
        first = firsts.get(key, "")
        if key.isdecimal():
            numbers[key] = key
        elif written[first] == 1 and first not in named:
            numbers[key] = first
        elif str(place) not in named and str(place) not in written:
            numbers[key] = str(place)
        elif key in _KEYS:
            numbers[key] = key
        else:
            free += 1
            while str(free) in named or str(free) in written:
                free += 1
            numbers[key] = str(free)
    return numbers


def _folded(text: str) -> str:
    """Return a text folded; one that nobody would answer counts as none."""
    return fold(text) if len(text) <= _LONGEST_ANSWER else ""


def _forms(folded: str) -> Iterable[str]:
    """Go through what a text can be read as, itself first."""
    yield folded
    yield _bare(folded)
    for text in _shorter(folded.split()):
        yield text
        yield _bare(text)


def _only(keys: set[str]) -> str | None:
    return next(iter(keys)) if len(keys) == 1 else None


def _bare(folded: str) -> str:
    """Return a folded text without what is no letter or digit at its ends."""
    start, end = 0, len(folded)
    while start < end and not folded[start].isalnum():
        start += 1
    while end > start and not folded[end - 1].isalnum():
        end -= 1
    return folded[start:end]


def _shorter(words: Sequence[str]) -> Iterable[str]:
    """Go through what is left without the usual words around it, the longest first."""
    before = behind = 0
    while before < min(_MOST_AROUND, len(words)) and _bare(words[before]) in _BEFORE:
        before += 1
    while behind < min(_MOST_AROUND, len(words)) and _bare(words[-behind - 1]) in _BEHIND:
        behind += 1
    for left in range(behind + 1):
        for first in range(before + 1):
            if first + left and first + left < len(words):
                yield " ".join(words[first : len(words) - left])


def check_text(value: object, field: str) -> None:
    """Raise an error that names the field unless this is text that can be written as UTF-8.

    Raises:
        ConfigurationError: no `str`, or one with half a character (a lone surrogate).
    """
    if not isinstance(value, str):
        raise ConfigurationError(f"{field}: {type(value).__name__} is not text; give a str")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise ConfigurationError(
                f"{field}: character {error.start + 1} is half a surrogate pair; "
                "decode the text with errors='replace'"
            ) from None


class Token(NamedTuple):
    """One token: its kind (`number`, `name`, `string`, `sign` or `end`), text and position."""

    kind: str
    text: str
    at: int


class Tokens:
    """A cursor over the tokens of one text."""

    __slots__ = ("_deep", "_next", "_tokens", "text")

    def __init__(self, text: str, what: str) -> None:
        """Cut the text.

        Raises:
            ParseError: it is too long, or has a character that starts no token.
        """
        self.text = text
        self._next = 0
        self._deep = 0
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > LONGEST:
            msg = f"{what} has at most {LONGEST} bytes; this one has {size}"
            raise ParseError(msg, text, 0)
        self._tokens: list[Token] = []
        position = 0
        end = len(text.rstrip())
        while position < end:
            found = _TOKEN.match(text, position)
            if found is None or found.lastgroup is None:
                at = position + len(text[position:]) - len(text[position:].lstrip())
                raise ParseError(f"unexpected {text[at]!r}", text, at)
            kind = found.lastgroup
            at = found.start(kind) - (kind == "string")
            word = found.group(kind)
            if kind == "string":
                word = re.sub(r"\\(.)", r"\1", word)
            self._tokens.append(Token(kind, word, at))
            position = found.end()
        self._tokens.append(Token("end", "", end))

    @property
    def here(self) -> Token:
        """The token that comes next."""
        return self._tokens[self._next]

    @property
    def calls(self) -> bool:
        """Whether an opening parenthesis stands behind the token that comes next."""
        after = self._tokens[self._next + 1 : self._next + 2]
        return bool(after) and after[0].kind == "sign" and after[0].text == "("

    def take(self) -> Token:
        """Return the token that comes next and go past it."""
        token = self._tokens[self._next]
        if token.kind != "end":
            self._next += 1
        return token

    def at(self, *words: str) -> bool:
        """Return whether one of these words or signs comes next; a name in quotes is none."""
        token = self.here
        return token.kind in ("name", "sign") and token.text in words

    def word(self, *words: str) -> str | None:
        """Go past one of these words or signs and return it, or stay and return `None`."""
        return self.take().text if self.at(*words) else None

    def expect(self, sign: str) -> None:
        """Go past this sign or raise."""
        if self.word(sign) is None:
            self.fail(f"expected {sign!r}")

    def open(self) -> None:
        """Go one pair of parentheses deeper; too deep raises."""
        self._deep += 1
        if self._deep > DEEPEST:
            self.fail(f"parentheses nest at most {DEEPEST} deep")

    def close(self) -> None:
        """Come back out of a pair of parentheses."""
        self.expect(")")
        self.leave()

    def leave(self) -> None:
        """Come back out of one level of nesting."""
        self._deep -= 1

    def fail(self, message: str, token: Token | None = None) -> NoReturn:
        """Raise a `ParseError` at a token, by default the next one."""
        raise ParseError(message, self.text, (token or self.here).at)


def quoted(name: str, reserved: frozenset[str]) -> str:
    """Return a name as the parser reads it back: bare where it can stand bare, else in quotes."""
    if NAME.fullmatch(name) and name not in reserved:
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
