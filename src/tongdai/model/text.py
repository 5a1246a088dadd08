"""Text for people: folded for comparing, and cut into tokens for the two small languages.

Rule: reading untrusted text is bounded (4 KiB, depth 32), never evaluates anything, and fails with
the position at which it went wrong. Requirements (`requirement.py`) and conditions
(`expression.py`) are written in the same tokens.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple, NoReturn

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
_NAME = re.compile(r"[^\W\d][\w:.\-]*")


def fold(text: str) -> str:
    """Return text without case, accents and runs of blanks, so that `Đổi thẻ` meets `doi the`.

    Letters that Unicode does not decompose (đ, ø, ł ...) are mapped by hand.
    """
    bare = text
    for _ in range(2):  # (some letters, as mathematical bold A, come apart into capitals)
        bare = unicodedata.normalize("NFKD", bare.casefold())
    kept = "".join(mark for mark in bare if not unicodedata.combining(mark))
    return " ".join(kept.translate(_LETTERS).split())


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
    if _NAME.fullmatch(name) and name not in reserved:
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
