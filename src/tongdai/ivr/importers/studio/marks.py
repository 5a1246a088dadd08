"""What stands in one mark of Liquid: paths, values with filters, and conditions, as our operands.

Rule: a mark that is read means the same in our words; whatever else it says is `Unreadable`, with
the reason. A name of the template itself (`assign`, `for`) stands for the operand that it got.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from tongdai.model.expression import escaped
from tongdai.model.text import NAME


class Unreadable(ValueError):
    """A template says something that we cannot run; the text tells what. Never leaves importers."""


def written(template: str) -> str:
    """Return a template of ours as an operand writes it, in quotes."""
    return '"' + template.replace("\\", "\\\\").replace('"', '\\"') + '"'


_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<text>"[^"]*"|'[^']*')
    | (?P<number>-?\d+(?:\.\d+)?(?![\w]))
    | (?P<path>[^\W\d][\w-]*
        (?:\s*\.\s*[\w-]+|\[\s*(?:-?\d+|"[^"]*"|'[^']*'|[^\W\d][\w.-]*)\s*\])*)
    | (?P<sign>==|!=|<>|>=|<=|<|>|\||:|,|=)
    )""",
    re.VERBOSE,
)
_STEP: Final = re.compile(
    r"""\s*\.\s*(?P<name>[\w-]+)
    | \[\s*(?:(?P<place>-?\d+)|"(?P<one>[^"]*)"|'(?P<two>[^']*)'|(?P<by>[^\W\d][\w.-]*))\s*\]""",
    re.VERBOSE,
)


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


def _path(text: str, local: Mapping[str, str]) -> str:
    """Return the operand of a path: one name with dots, or what is `at` a place in that.

    `a["b"][0].c` is `a.b.0.c`, and `a[i].b` is `at(at(a, i), "b")`.
    """
    if text in local:
        return local[text]
    root = re.match(r"[\w-]+", text)
    name = root[0] if root else ""
    position = root.end() if root else 0
    if name == "forloop":
        raise Unreadable(f"{text[:60]!r} is not known here")
    found, inside = local.get(name, name), name in local
    while position < len(text):
        step = _STEP.match(text, position)
        if step is None:
            raise Unreadable(f"{text[:60]!r} is no path")
        position = step.end()
        part = step[step.lastgroup or "name"]
        if step["by"] is not None:
            found, inside = f"at({found}, {_place(part, local)})", True
        elif step["place"] is not None and (inside or part.startswith("-")):
            found, inside = f"at({found}, {part})", True
        elif inside or not _WORD.fullmatch(part):
            found, inside = f"at({found}, {written(part)})", True
        else:
            found = f"{found}.{part}"
    if not inside and not NAME.fullmatch(found):
        raise Unreadable(f"{found[:60]!r} cannot be a name of ours")
    return found


_WORD: Final = re.compile(r"[\w-]+")


def _place(text: str, local: Mapping[str, str]) -> str:
    """Return the operand of what stands in brackets: a name whose value is a key or a place."""
    if text in local:
        return local[text]
    root, dot, rest = text.partition(".")
    if root in local:
        return f"at({local[root]}, {written(rest)})"
    return root + dot + rest


# --- values ---------------------------------------------------------------------------------------

# (Liquid counts with 0 where there is no number)
_COUNTED: Final = "{}(default(number({{0}}), 0), default(number({{1}}), 0))"
FILTERS: Final[Mapping[str, tuple[int, str]]] = {
    "upcase": (0, "upper(text({0}))"),
    "downcase": (0, "lower(text({0}))"),
    "strip": (0, "trim(text({0}))"),
    "size": (0, "default(size({0}), 0)"),
    "first": (0, "at({0}, 0)"),
    "last": (0, "at({0}, -1)"),
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


class Values:
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
        """Whether nothing more stands in the mark."""
        return self._at >= len(self._tokens)

    def sign(self, *signs: str) -> str:
        """Go past one of these signs or words and return it, or stay and return nothing."""
        if not self.done and self._tokens[self._at][1] in signs:
            self._at += 1
            return self._tokens[self._at - 1][1]
        return ""

    def end(self) -> None:
        """Refuse whatever more stands in the mark.

        Raises:
            Unreadable: there is something.
        """
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
        return _path(text, self._local)

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
                f"{{{part if is_name(part) else self._put(part)}}}" for part in (value, *arguments)
            ]
            return written("".join(both if name == "append" else reversed(both)))
        wanted, form = FILTERS.get(name, (-1, ""))
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
        """Return one comparison; only nil and false are false in Liquid."""
        left = self.one()
        sign = self.sign("==", "!=", "<>", "<", ">", "<=", ">=", "contains")
        if not sign:
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


def is_name(value: str) -> bool:
    """Return whether an operand is a bare name, so that it can stand in braces."""
    return bool(NAME.fullmatch(value)) and value not in _WORDS.values()
