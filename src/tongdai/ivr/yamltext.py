"""Plain data as YAML, and YAML as plain data: the part of YAML that means what it looks like.

Rule: a scalar is text. One that stands without quotes is `Unquoted` text, so that whoever knows
which type is wanted can turn it into a number, true, false or none; nothing is guessed from its
looks (`010` is not 8, `no` is not false, `12:30` no number of minutes). Anchors, aliases, tags,
keys that stand twice and a second document are refused, and how large and how deep a document may
be is bounded before anything is built from it.

What is written here is read back equal, and other readers of YAML 1.1 and 1.2 see the same in it.
Writing needs no package; reading needs PyYAML, the extra `flows`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, TypeGuard, cast

from tongdai.errors import ConfigurationError
from tongdai.model.compare import TOO_LARGE, digits
from tongdai.model.text import check_text

if TYPE_CHECKING:
    import yaml

LONGEST: Final = 4 * 1024 * 1024  # bytes of a document
DEEPEST: Final = 32  # lists and mappings in each other
MOST_VALUES: Final = 200_000  # scalars, lists and mappings in a document

_WIDTH: Final = 100  # columns that a list or mapping on one line may have


def is_object(data: object) -> TypeGuard[dict[str, object]]:
    """Return whether this is a mapping; in plain data its keys are texts."""
    return isinstance(data, dict)


def is_list(data: object) -> TypeGuard[list[object]]:
    """Return whether this is a list."""
    return isinstance(data, list)


class Unquoted(str):
    """A scalar that stands without quotes."""

    __slots__ = ()


# --- reading --------------------------------------------------------------------------------------


def read(text: str) -> object:
    """Return what a YAML document states: dicts, lists, and texts.

    Raises:
        ConfigurationError: it is no YAML, says what is refused here, or is too large or too deep;
            the error names the line. Also where PyYAML is missing.
    """
    try:
        import yaml  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise ConfigurationError(
            "document: reading YAML needs PyYAML: pip install 'tongdai[flows]'"
        ) from None
    loader = cast("type[yaml.SafeLoader]", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    try:
        return _Builder(yaml, yaml.parse(text, Loader=loader)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "no YAML"
        raise ConfigurationError(f"document{_line(mark)}: {problem}") from None
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(f"document: {str(error).splitlines()[0]}") from None


def _line(mark: Any) -> str:  # noqa: ANN401 - a mark of either of PyYAML's parsers
    return f", line {mark.line + 1}" if mark else ""


class _Builder:
    """Builds plain data out of PyYAML's events, one by one."""

    def __init__(self, module: Any, events: Iterator[Any]) -> None:  # noqa: ANN401 - PyYAML's
        self.yaml = module
        self.events = events
        self.left = MOST_VALUES

    def document(self) -> object:
        yaml = self.yaml
        built: list[object] = []
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent):
                if built:
                    self.refuse(event, "one document is enough; take the second one out")
                built.append(self.value(next(self.events), 0))
        if not built:
            raise ConfigurationError("document: is empty")
        return built[0]

    def value(self, event: Any, deep: int) -> object:  # noqa: ANN401 - an event of PyYAML
        yaml = self.yaml
        self.left -= 1
        if self.left < 0:
            self.refuse(event, f"a document has at most {MOST_VALUES} values")
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self.refuse(event, "anchors (&) and aliases (*) are not read; write the value out")
        if event.tag is not None:
            self.refuse(event, "tags (!) are not read; leave it out")
        if isinstance(event, yaml.ScalarEvent):
            return str(event.value) if event.style else Unquoted(event.value)
        if deep >= DEEPEST:
            self.refuse(event, f"a document nests at most {DEEPEST} deep")
        if isinstance(event, yaml.SequenceStartEvent):
            return self.sequence(deep + 1)
        return self.mapping(deep + 1)

    def sequence(self, deep: int) -> list[object]:
        built: list[object] = []
        while not isinstance(event := next(self.events), self.yaml.SequenceEndEvent):
            built.append(self.value(event, deep))
        return built

    def mapping(self, deep: int) -> dict[str, object]:
        built: dict[str, object] = {}
        while not isinstance(event := next(self.events), self.yaml.MappingEndEvent):
            key = self.value(event, deep)
            if not isinstance(key, str):
                self.refuse(event, "a key is a text; this one is a list or a mapping")
            if key in built:
                self.refuse(event, f"{key!r:.80} is there twice")
            built[str(key)] = self.value(next(self.events), deep)
        return built

    def refuse(self, event: Any, why: str) -> None:  # noqa: ANN401 - an event of PyYAML
        raise ConfigurationError(f"document{_line(event.start_mark)}: {why}")


# --- writing --------------------------------------------------------------------------------------

_BARE: Final = re.compile(r"[^\W_](?:[^,\[\]{}?#:\"\n]|:(?=[^\W_]))*")
_LIKE_NUMBER: Final = re.compile(r"[-+.]?[0-9][0-9a-fA-FoOxX_.:eETZ+\- ]*")
_WORDS: Final = frozenset("y n yes no on off true false null nan inf".split())  # noqa: SIM905
_KEY_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,15}")
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}


def write(data: dict[str, object], *, open_levels: int = 2) -> str:
    """Return plain data as YAML.

    Args:
        data: dicts with text keys, lists, texts, numbers, true, false and `None`.
        open_levels: so many levels of mappings always have a line for each key; below them, what
            fits on a line stands on one.

    Raises:
        ConfigurationError: something in it is no plain data, or it is too deep.
    """
    return "\n".join(_block(data, 0, open_levels)) + "\n"


def _block(data: object, deep: int, open_levels: int) -> Iterator[str]:
    """Give a list or a mapping, line by line, not yet indented; `_inline` bounds the depth."""
    entries: list[tuple[str, object]] = []
    if is_object(data):
        entries = [(f"{_key(name)}:", value) for name, value in data.items()]
    elif is_list(data):
        entries = [("-", value) for value in data]
    for mark, value in entries:
        literal = _literal(value)
        if literal:
            yield f"{mark} {literal[0]}"
            yield from (f"  {line}" for line in literal[1:])
            continue
        inline = None
        scalar = not is_object(value) and not is_list(value)
        if open_levels <= 1 or scalar or is_list(value) or not value:
            inline = _inline(value, deep + 1)
        fits = inline is not None and len(mark) + len(inline) < _WIDTH - 2 * deep
        if scalar or not value or (fits and "\\n" not in (inline or "")):
            yield f"{mark} {inline}"
        else:
            lines = list(_block(value, deep + 1, open_levels - 1))
            if mark == "-":
                yield f"- {lines[0]}"
                yield from (f"  {line}" for line in lines[1:])
            else:
                yield mark
                yield from (f"  {line}" for line in lines)


def _inline(data: object, deep: int) -> str:
    """Return plain data on one line."""
    if deep > DEEPEST:
        raise ConfigurationError(f"a document nests at most {DEEPEST} deep")
    if is_object(data):
        items = data.items()
        return "{" + ", ".join(f"{_key(k)}: {_inline(v, deep + 1)}" for k, v in items) + "}"
    if is_list(data):
        return "[" + ", ".join(_inline(v, deep + 1) for v in data) + "]"
    if isinstance(data, str):
        return _text(data)
    if data is None:
        return "null"
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, (int, float)) and -TOO_LARGE < data < TOO_LARGE:
        return digits(data)
    raise ConfigurationError(f"{type(data).__name__} {data!r:.40} is not plain data")


def _key(name: object) -> str:
    text = cast("str", name)
    return text if isinstance(name, str) and _KEY_NUMBER.fullmatch(text) else _text(name)


def _text(value: object) -> str:
    """Return a text without quotes where every reader takes it for the same text, else in them."""
    check_text(value, "a text")
    text = cast("str", value)
    if (
        text.isprintable()
        and _BARE.fullmatch(text)
        and text == text.strip()
        and not _LIKE_NUMBER.fullmatch(text)
        and text.lower() not in _WORDS
    ):
        return text
    if text.isprintable() and '"' in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{"".join(map(_character, text))}"'


def _character(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if letter.isprintable():
        return letter
    number = ord(letter)
    if number <= 0xFF:  # noqa: PLR2004 - two digits
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"  # noqa: PLR2004


def _literal(value: object) -> list[str]:
    """Return the lines of a text of several lines as a block, or nothing where that cannot be."""
    if not isinstance(value, str) or "\n" not in value:
        return []
    lines = value.removesuffix("\n").split("\n")
    if not all(line and line.isprintable() and line == line.strip() for line in lines):
        return []
    return ["|" if value.endswith("\n") else "|-", *lines]
