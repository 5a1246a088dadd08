"""Liquid, as far as flows are written in it: read once, into our own small texts.

Rule: what is read here means the same when our machine runs it; whatever else a template says is
`Unreadable`, with the reason, and never guessed. A template becomes steps, which put values under
names, and then one template of ours, which may show these names::

    template := {text | "{{" value "}}" | tag}
    value    := ("text" | number | true | false | nil | path) {"|" filter [":" value {"," value}]}
    path     := name {"." name | "[" ("text" | number) "]"}
    tag      := if / unless / case with their branches, assign, capture, comment, raw

Bounded: a template has at most 16 KiB, its tags nest 16 deep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple, TypeAlias

from tongdai.model.expression import LONGEST_TEMPLATE, escaped
from tongdai.model.text import NAME

DEEPEST: Final = 16
"""Tags within tags."""


class Unreadable(ValueError):
    """A template says something that we cannot run; the text tells what. Never leaves importers."""


class Put(NamedTuple):
    """Put a value under a name.

    Attributes:
        name: the name.
        value: an operand, as `tongdai.model.expression` reads it.
    """

    name: str
    value: str


class Either(NamedTuple):
    """Take the steps of the first condition that holds.

    Attributes:
        cases: conditions and their steps.
        otherwise: the steps where none holds.
    """

    cases: tuple[tuple[str, Steps], ...]
    otherwise: Steps


Steps: TypeAlias = tuple["Put | Either", ...]


class Reading(NamedTuple):
    """A template that was read.

    Attributes:
        text: the template in our form: `Hello {flow.variables.name}`.
        steps: what comes first.
        name: the name that stands alone in it; empty where it is anything else.
    """

    text: str
    steps: Steps
    name: str = ""


def read_template(text: str, fresh: Callable[[], str]) -> Reading:
    """Return what a Liquid template says.

    Args:
        text: the template.
        fresh: gives a new name for a value that has to be worked out first.

    Raises:
        Unreadable: it says something that we cannot run.
    """
    if len(text.encode("utf-8", "surrogatepass")) > LONGEST_TEMPLATE:
        raise Unreadable(f"a template has at most {LONGEST_TEMPLATE} bytes")
    if "{{" not in text and "{%" not in text:
        return Reading(escaped(text), ())
    reader = _Reader(text, fresh)
    steps, parts, end = reader.block(0)
    if end:
        raise Unreadable(f"{{% {end} %}} closes nothing")
    steps = (*(Put(name, "none") for name in reader.perhaps), *steps)
    written = "".join(parts)
    if len(written.encode("utf-8", "surrogatepass")) > LONGEST_TEMPLATE:
        raise Unreadable(f"a template has at most {LONGEST_TEMPLATE} bytes")
    alone = parts[0][1:-1] if len(parts) == 1 and parts[0][:2] != "{{" else ""
    return Reading(written, steps, alone if parts and parts[0].startswith("{") else "")


def written(template: str) -> str:
    """Return a template of ours as an operand writes it, in quotes."""
    return '"' + template.replace("\\", "\\\\").replace('"', '\\"') + '"'


# --- cutting --------------------------------------------------------------------------------------

_MARK: Final = re.compile(r"\{\{-?(?P<out>.*?)-?\}\}|\{%-?(?P<tag>.*?)-?%\}", re.DOTALL)
_RAW: Final = re.compile(r"\{%-?\s*endraw\s*-?%\}")


class _Piece(NamedTuple):
    kind: str  # text, out, tag
    text: str


def _pieces(text: str) -> Iterator[_Piece]:
    """Cut a template; a dash inside a mark takes the blanks on that side away."""
    position = 0
    strip = False
    while (found := _MARK.search(text, position)) is not None:
        before = text[position : found.start()]
        before = before.lstrip() if strip else before
        yield _Piece("text", before.rstrip() if found[0][2] == "-" else before)
        strip = found[0][-3] == "-"
        position = found.end()
        kind = found.lastgroup or "out"
        inside = found[kind].strip()
        if kind == "tag" and inside == "raw":
            end = _RAW.search(text, position)
            if end is None:
                raise Unreadable("{% raw %} has no end")
            yield _Piece("text", text[position : end.start()])
            position = end.end()
            strip = end[0][-3] == "-"
            continue
        yield _Piece(kind, inside)
    rest = text[position:]
    if "{{" in rest or "{%" in rest:
        raise Unreadable("a mark has no end")
    yield _Piece("text", rest.lstrip() if strip else rest)


_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<text>"[^"]*"|'[^']*')
    | (?P<number>-?\d+(?:\.\d+)?(?![\w]))
    | (?P<path>[^\W\d][\w-]*(?:\s*\.\s*[\w-]+|\[\s*(?:\d+|"[^"]*"|'[^']*')\s*\])*)
    | (?P<sign>==|!=|<>|>=|<=|<|>|\||:|,|=)
    )""",
    re.VERBOSE,
)
_STEP: Final = re.compile(r"""\s*\.\s*([\w-]+)|\[\s*(?:(\d+)|"([^"]*)"|'([^']*)')\s*\]""")


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise Unreadable(f"{text[position:].strip()[:40]!r} is more than a name and filters")
        found.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return found


def _path(text: str) -> str:
    """Return a path as one name with dots: `a["b"][0].c` as `a.b.0.c`."""
    root = re.match(r"[\w-]+", text)
    steps = [root[0] if root else ""]
    position = root.end() if root else 0
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            raise Unreadable(f"{text[:60]!r} is no path")
        steps.append(next(part for part in step.groups() if part is not None))
        position = step.end()
    name = ".".join(steps)
    if not NAME.fullmatch(name):
        raise Unreadable(f"{name[:60]!r} cannot be a name of ours")
    return name


# --- values ---------------------------------------------------------------------------------------

# (Liquid counts with 0 where there is no number)
_COUNTED: Final = "{}(default(number({{0}}), 0), default(number({{1}}), 0))"
_FILTERS: Final[Mapping[str, tuple[int, str]]] = {
    "upcase": (0, "upper(text({0}))"),
    "downcase": (0, "lower(text({0}))"),
    "strip": (0, "trim(text({0}))"),
    "size": (0, "default(size({0}), 0)"),
    "default": (1, "default({0}, {1})"),
    "replace": (2, "replace(text({0}), text({1}), text({2}))"),
    "remove": (1, 'replace(text({0}), text({1}), "")'),
    "slice": (2, "slice(text({0}), number({1}), number({2}))"),
    "plus": (1, _COUNTED.format("plus")),
    "minus": (1, _COUNTED.format("minus")),
    "times": (1, _COUNTED.format("times")),
}
"""Filters that mean the same in our words: how many arguments, and the operand.

Those that look at a calendar, at a list or at the markup of pages are not among them.
"""
_WORDS: Final = {"true": "true", "false": "false", "nil": "none", "null": "none"}


class _Values:
    """Reads values out of the tokens of one mark."""

    def __init__(
        self, text: str, local: Mapping[str, str], put: Callable[[str], str] | None = None
    ) -> None:
        """Cut a mark; `put` gives a value a name of its own, and is `None` within conditions."""
        self._tokens = _tokens(text)
        self._at = 0
        self._local = local
        self._put = put

    @property
    def done(self) -> bool:
        return self._at >= len(self._tokens)

    def sign(self, *signs: str) -> str:
        """Go past one of these signs or words and return it, or stay and return nothing."""
        if not self.done and self._tokens[self._at][1] in signs:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return ""

    def end(self) -> None:
        if not self.done:
            raise Unreadable(f"{self._tokens[self._at][1][:40]!r} is not understood here")

    def one(self) -> str:
        """Return the operand of a value without filters."""
        if self.done:
            raise Unreadable("a value is missing")
        kind, text = self._tokens[self._at]
        self._at += 1
        if kind == "text":
            inside = text[1:-1]  # (within conditions texts are no templates)
            return written(inside if self._put is None else escaped(inside))
        if kind == "number":
            return text
        if kind != "path":
            raise Unreadable(f"{text!r} stands where a value was expected")
        if text in _WORDS:
            return _WORDS[text]
        name = _path(text)
        root, dot, rest = name.partition(".")
        if root in self._local:
            if dot:
                raise Unreadable(f"{name[:60]!r} looks into a value of the template itself")
            return self._local[root] + dot + rest
        return name

    def filtered(self) -> str:
        """Return the operand of a value with its filters."""
        value = self.one()
        while self.sign("|"):
            if self.done:
                raise Unreadable("a filter is missing")
            name = self._tokens[self._at][1]
            self._at += 1
            arguments: list[str] = []
            if self.sign(":"):
                arguments.append(self.one())
                while self.sign(","):
                    arguments.append(self.one())
            value = self._apply(name, value, arguments)
        return value

    def _apply(self, name: str, value: str, arguments: list[str]) -> str:
        if name in ("append", "prepend") and len(arguments) == 1 and self._put is not None:
            both = [
                f"{{{part if _is_name(part) else self._put(part)}}}" for part in (value, *arguments)
            ]
            return written("".join(both if name == "append" else reversed(both)))
        wanted, form = _FILTERS.get(name, (-1, ""))
        if wanted != len(arguments):
            raise Unreadable(f"the filter {name[:40]!r} is not one that we can run")
        return form.format(value, *arguments)

    def condition(self) -> str:
        """Return a condition; Liquid binds `and` and `or` alike, from the right."""
        left = self.test()
        joint = self.sign("and", "or")
        if not joint:
            self.end()
            return left
        return f"{left} {joint} ({self.condition()})"

    def test(self) -> str:
        left = self.one()
        sign = self.sign("==", "!=", "<>", "<", ">", "<=", ">=", "contains")
        if not sign:  # (only nil and false are false in Liquid)
            return f"({left} != none and {left} != false)"
        if self.sign("blank"):
            return _empty(sign, f"trim(text({left}))")
        if self.sign("empty"):
            return _empty(sign, left)
        right = self.one()
        if sign == "contains":
            return f"contains({left}, {right})"
        return f"{left} {'!=' if sign == '<>' else sign} {right}"


def _empty(sign: str, value: str) -> str:
    if sign not in ("==", "!=", "<>"):
        raise Unreadable(f"{sign!r} compares with nothing")
    return f'{value} {"==" if sign == "==" else "!="} ""'


def _is_name(value: str) -> bool:
    """Return whether an operand is a bare name, so that it can stand in braces."""
    return bool(NAME.fullmatch(value)) and value not in _WORDS.values()


# --- reading --------------------------------------------------------------------------------------


class _Reader:
    """Reads the pieces of one template; each method gives steps and the parts of a template."""

    def __init__(self, text: str, fresh: Callable[[], str]) -> None:
        self._pieces = list(_pieces(text))
        self._at = 0
        self._fresh = fresh
        self._local: dict[str, str] = {}
        self.perhaps: list[str] = []  # names that only a branch gives a value

    def block(self, deep: int) -> tuple[Steps, list[str], str]:
        """Read up to the tag that ends the block, and return that too."""
        if deep > DEEPEST:
            raise Unreadable(f"tags nest at most {DEEPEST} deep")
        steps: list[Put | Either] = []
        parts: list[str] = []
        while self._at < len(self._pieces):
            kind, text = self._pieces[self._at]
            self._at += 1
            if kind == "text":
                if text:
                    parts.append(escaped(text))
                continue
            if kind == "out":
                self._output(text, steps, parts)
                continue
            word, _, rest = text.partition(" ")
            if word in _ENDS:
                return tuple(steps), parts, text
            self._tag(word, rest.strip(), steps, parts, deep)
        return tuple(steps), parts, ""

    def _output(self, text: str, steps: list[Put | Either], parts: list[str]) -> None:
        value = self._value(text, steps)
        if not _is_name(value) or value in self._local.values():  # (which may change further on)
            value = self._put(value, steps)
        parts.append(f"{{{value}}}")

    def _value(self, text: str, steps: list[Put | Either]) -> str:
        values = _Values(text, self._local, lambda value: self._put(value, steps))
        value = values.filtered()
        values.end()
        return value

    def _put(self, value: str, steps: list[Put | Either]) -> str:
        name = self._fresh()
        steps.append(Put(name, value))
        return name

    def _tag(
        self, word: str, rest: str, steps: list[Put | Either], parts: list[str], deep: int
    ) -> None:
        if word in ("if", "unless"):
            parts.append(self._choice(word, rest, steps, deep))
        elif word == "case":
            parts.append(self._case(rest, steps, deep))
        elif word == "assign":
            found = re.fullmatch(r"([^\W\d][\w-]*)\s*=\s*(.+)", rest, re.DOTALL)
            if found is None:
                raise Unreadable("{% assign %} names no value")
            value = self._value(found[2], steps)
            name = self._local.get(found[1])
            if name is None or not deep:  # (a branch changes the name that all the others see)
                name = self._fresh()
                if deep:
                    self.perhaps.append(name)
            self._local[found[1]] = name
            steps.append(Put(name, value))
        elif word == "capture":
            inside, kept, end = self.block(deep + 1)
            if end != "endcapture" or deep or not re.fullmatch(r"[^\W\d][\w-]*", rest):
                raise Unreadable("{% capture %} has no name or no end, or is inside a condition")
            steps += inside
            self._local[rest] = self._put(written("".join(kept)), steps)
        elif word == "comment":
            self._skip()
        else:
            raise Unreadable(f"{{% {word[:40]} %}} is not a tag that we can run")

    def _choice(self, word: str, rest: str, steps: list[Put | Either], deep: int) -> str:
        """Read an if, elsif ... else; each arm puts its text under one name."""
        name = self._fresh()
        cases: list[tuple[str, Steps]] = []
        condition = _Values(rest, self._local).condition()
        if word == "unless":
            condition = f"not ({condition})"
        while True:
            arm, end = self._arm(name, deep)
            if condition:
                cases.append((condition, arm))
            head, _, tail = end.partition(" ")
            if head == "elsif" and condition:
                condition = _Values(tail, self._local).condition()
            elif end == "else" and condition:
                condition = ""
            elif end == f"end{word}":
                otherwise = (Put(name, '""'),) if condition else arm
                steps.append(Either(tuple(cases), otherwise))
                return f"{{{name}}}"
            else:
                raise Unreadable(f"{{% {word} %}} has no end")

    def _case(self, rest: str, steps: list[Put | Either], deep: int) -> str:
        """Read a case, when ... else."""
        values = _Values(rest, self._local)
        value = values.one()
        values.end()
        _, kept, end = self.block(deep + 1)  # (what stands before the first `when` is not shown)
        del kept
        name = self._fresh()
        cases: list[tuple[str, Steps]] = []
        while end.startswith("when "):
            wanted = _Values(end.removeprefix("when "), self._local)
            tests = [f"{value} == {wanted.one()}"]
            while wanted.sign(",", "or"):
                tests.append(f"{value} == {wanted.one()}")
            wanted.end()
            arm, end = self._arm(name, deep)
            cases.append((" or ".join(tests), arm))
        otherwise: Steps = (Put(name, '""'),)
        if end == "else":
            otherwise, end = self._arm(name, deep)
        if end != "endcase" or not cases:
            raise Unreadable("{% case %} has no end, or no {% when %}")
        steps.append(Either(tuple(cases), otherwise))
        return f"{{{name}}}"

    def _arm(self, name: str, deep: int) -> tuple[Steps, str]:
        steps, parts, end = self.block(deep + 1)
        return (*steps, Put(name, written("".join(parts)))), end

    def _skip(self) -> None:
        while self._at < len(self._pieces):
            kind, text = self._pieces[self._at]
            self._at += 1
            if kind == "tag" and text == "endcomment":
                return
        raise Unreadable("{% comment %} has no end")


_ENDS: Final = frozenset(
    {"elsif", "else", "endif", "endunless", "when", "endcase", "endcapture", "endcomment"}
)
