"""Liquid, as far as flows are written in it: read once, into our own small texts.

Rule: what is read here means the same when our machine runs it; whatever else a template says is
`Unreadable`, with the reason, and never guessed. A template becomes steps, which put values under
names, and then one template of ours, which may show these names::

    template := {text | "{{" value "}}" | tag}
    value    := ("text" | number | true | false | nil | path) {"|" filter [":" value {"," value}]}
    path     := name {"." name | "[" ("text" | number) "]"}
    tag      := if / unless / case with their branches, for, assign, capture, comment, raw

Bounded: a template has at most 16 KiB, its tags nest 16 deep.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeAlias

from tongdai.ivr.importers.studio.marks import Unreadable, Values, is_name, written
from tongdai.model.expression import LONGEST_TEMPLATE, escaped

DEEPEST: Final = 16
"""Tags within tags."""


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


class Each(NamedTuple):
    """Take steps several times.

    Attributes:
        times: an operand that gives how often.
        steps: what is done each time.
    """

    times: str
    steps: Steps


Step: TypeAlias = Put | Either | Each
Steps: TypeAlias = tuple["Put | Either | Each", ...]


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
        steps: list[Step] = []
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

    def _output(self, text: str, steps: list[Step], parts: list[str]) -> None:
        value = self._value(text, steps)
        if not is_name(value) or value in self._local.values():  # (which may change further on)
            value = self._put(value, steps)
        parts.append(f"{{{value}}}")

    def _value(self, text: str, steps: list[Step]) -> str:
        values = Values(text, self._local, lambda value: self._put(value, steps))
        value = values.filtered()
        values.end()
        return value

    def _put(self, value: str, steps: list[Step]) -> str:
        name = self._fresh()
        steps.append(Put(name, value))
        return name

    def _tag(self, word: str, rest: str, steps: list[Step], parts: list[str], deep: int) -> None:
        reading = {
            "if": self._choice,
            "unless": self._choice,
            "case": self._case,
            "for": self._for,
        }.get(word)
        if reading is not None:
            parts.append(reading(word, rest, steps, deep))
        elif word == "assign":
            self._assign(rest, steps, deep)
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

    def _assign(self, rest: str, steps: list[Step], deep: int) -> None:
        found = re.fullmatch(r"([^\W\d][\w-]*)\s*=\s*(.+)", rest, re.DOTALL)
        if found is None:
            raise Unreadable("{% assign %} names no value")
        value = self._value(found[2], steps)
        name = self._local.get(found[1])
        if name is None or not is_name(name) or not deep:
            name = self._fresh()  # (a branch changes the name that all the others see)
            if deep:
                self.perhaps.append(name)
        self._local[found[1]] = name
        steps.append(Put(name, value))

    def _choice(self, word: str, rest: str, steps: list[Step], deep: int) -> str:
        """Read an if, elsif ... else; each arm puts its text under one name."""
        name = self._fresh()
        cases: list[tuple[str, Steps]] = []
        condition = Values(rest, self._local).condition()
        if word == "unless":
            condition = f"not ({condition})"
        while True:
            arm, end = self._arm(name, deep)
            if condition:
                cases.append((condition, arm))
            head, _, tail = end.partition(" ")
            if head == "elsif" and condition:
                condition = Values(tail, self._local).condition()
            elif end == "else" and condition:
                condition = ""
            elif end == f"end{word}":
                otherwise = (Put(name, '""'),) if condition else arm
                steps.append(Either(tuple(cases), otherwise))
                return f"{{{name}}}"
            else:
                raise Unreadable(f"{{% {word} %}} has no end")

    def _case(self, _: str, rest: str, steps: list[Step], deep: int) -> str:
        """Read a case, when ... else."""
        values = Values(rest, self._local)
        value = values.one()
        values.end()
        end = self.block(deep + 1)[2]  # (what stands before the first `when` is not shown)
        name = self._fresh()
        cases: list[tuple[str, Steps]] = []
        while end.startswith("when "):
            wanted = Values(end.removeprefix("when "), self._local)
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

    def _for(self, _: str, rest: str, steps: list[Step], deep: int) -> str:
        """Read a loop over a list or a range; its text grows under one name."""
        found = _FOR.fullmatch(rest)
        if found is None:
            raise Unreadable("{% for %} has something else than a name and a list or a range")
        text, place = self._put('""', steps), self._put("-1", steps)
        if found["list"] is not None:
            several = self._one(found["list"])
            each, times = f"at({several}, {place})", f"default(size({several}), 0)"
        else:
            first, last = (_as_number(self._one(found[end])) for end in ("first", "last"))
            each, times = f"plus({place}, {first})", f"plus(minus({last}, {first}), 1)"
        before = dict(self._local)
        here = {"index0": place, "index": f"plus({place}, 1)"}
        self._local |= {found["name"]: each, **{f"forloop.{k}": v for k, v in here.items()}}
        inside, parts, end = self.block(deep + 1)
        if end != "endfor":
            raise Unreadable("{% for %} has no end")
        self._local = before
        further = Put(place, f"plus({place}, 1)")
        grown = Put(text, written(f"{{{text}}}" + "".join(parts)))
        steps.append(Each(times, (further, *inside, grown)))
        return f"{{{text}}}"

    def _one(self, text: str) -> str:
        values = Values(text, self._local)
        value = values.one()
        values.end()
        return value

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


_FOR: Final = re.compile(
    r"(?P<name>[^\W\d][\w-]*)\s+in\s+"
    r"(?:\(\s*(?P<first>[^()]+?)\s*\.\.\s*(?P<last>[^()]+?)\s*\)|(?P<list>[^()]+))"
)


def _as_number(value: str) -> str:
    return f"default(number({value}), 0)"


_ENDS: Final = frozenset(
    {"endfor", "elsif", "else", "endif", "endunless", "when", "endcase", "endcapture", "endcomment"}
)
