"""What a node looks at: the conditions, operands and templates that stand in it.

Rule: this is the only code that knows in which fields they stand. Each is told with its field, so
that a finding can name it, and read by the parser that the machine uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

from tongdai.errors import ParseError
from tongdai.ivr.nodes import (
    Assign,
    Branch,
    CallBack,
    CallFlow,
    Collect,
    GotoFlow,
    HandOff,
    Hours,
    Invoke,
    Loop,
    Menu,
    Node,
    Setting,
    Transfer,
    said,
)
from tongdai.model.expression import Expression, Operand, Template

Reads: TypeAlias = Literal["condition", "operand", "template"]

Use: TypeAlias = Literal["said", "kept", "asked", "decides", "given"]
"""What becomes of what a text gives.

It is `said` to the customer, `kept` under a name, put to a function of the application (`asked`),
`decides` the way, or is `given` away: to a queue, a number outside, the shell.
"""


class Text(NamedTuple):
    """A text of a node: the field it stands in, how it is read, and what becomes of it."""

    field: str
    reads: Reads
    text: str
    use: Use
    name: str = ""  # under which its value is kept

    def names(self) -> tuple[str, ...]:
        """Return the names that it looks at.

        Raises:
            ParseError: the text does not parse.
        """
        if self.reads == "condition":
            return Expression.parse(self.text).names
        if self.reads == "operand":
            return Operand.parse(self.text).names
        return Template.parse(self.text).names

    def known_names(self) -> tuple[str, ...]:
        """Return the names that it looks at; none where it does not parse."""
        try:
            return self.names()
        except ParseError:
            return ()


_ALONE: Final[Mapping[type, tuple[tuple[str, Reads, Use], ...]]] = {
    Invoke: (("function", "template", "given"),),
    Menu: (("understand", "template", "given"),),
    Collect: (("understand", "template", "given"),),
    Hours: (("calendar", "template", "decides"),),
    HandOff: (("queue", "template", "given"),),
    CallBack: (("queue", "template", "given"), ("number", "operand", "given")),
    Transfer: (("to", "operand", "given"),),
    CallFlow: (("flow", "template", "decides"),),
    GotoFlow: (("flow", "template", "decides"),),
    Loop: (("times", "operand", "decides"),),
}
"""Fields that hold one text."""

_BY_NAME: Final[Mapping[type, tuple[tuple[str, Use], ...]]] = {
    Assign: (("values", "kept"),),
    Setting: (("values", "kept"), ("values", "given")),
    Invoke: (("args", "asked"),),
    Menu: (("args", "asked"),),
    Collect: (("args", "asked"),),
}
"""Fields that hold operands by name; what is set is kept under its name, and given to the shell."""


def texts(node: Node) -> Iterator[Text]:
    """Go through the texts of a node."""
    for field, prompt in said(node):
        for language, wordings in prompt:
            where = f"{field}[{language}]" if language else field
            for wording in wordings:
                several = (wording.text, wording.ssml, wording.audio)
                yield from (Text(where, "template", text, "said") for text in several if text)
    if isinstance(node, Branch):
        for at, case in enumerate(node.cases):
            yield Text(f"cases[{at}].when", "condition", case.when, "decides")
    for field, reads, use in _ALONE.get(type(node), ()):
        text = getattr(node, field)
        if isinstance(text, str):
            yield Text(field, reads, text, use)
    for field, use in _BY_NAME.get(type(node), ()):
        operands: Mapping[str, str] = getattr(node, field)
        for name, operand in operands.items():
            yield Text(f"{field}[{name}]", "operand", operand, use, name)


def constant(template: str) -> str | None:
    """Return what a template always gives, or `None` where that depends on values."""
    return None if "{" in template.replace("{{", "") else template.replace("{{", "{")


def beginnings(name: str) -> Iterator[str]:
    """Go through what a dotted name can be a part of, the longest first, itself included."""
    while name:
        yield name
        name = name.rpartition(".")[0]
