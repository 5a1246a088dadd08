"""The conditions of a Studio split, in our language.

Rule: as Studio does, a condition compares what a template shows, without case and outer blanks. Its
operators are those of the widget's documentation; patterns and the clock are not among what a
condition of ours can look at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from tongdai.ivr.importers.studio.build import Making, is_template
from tongdai.ivr.importers.studio.marks import written
from tongdai.ivr.importers.studio.widget import NotRunnable

_NUMBER: Final = re.compile(r"-?\d{1,30}(\.\d{1,30})?")


def condition(read: Mapping[str, Any], input: str, making: Making) -> str:
    """Return a condition's text.

    Args:
        read: the condition as the document has it.
        input: the template that the widget tests, where the condition names none of its own.
        making: what has to be worked out first goes there.

    Raises:
        NotRunnable: it says something that ours cannot.
    """
    kind = read.get("type")
    make = KINDS.get(kind) if isinstance(kind, str) else None
    if make is None:
        raise NotRunnable(f"the condition {kind!r:.40} is not one that we can run")
    arguments = read.get("arguments", (input,))
    if not isinstance(arguments, (list, tuple)) or len(cast("Sequence[object]", arguments)) != 1:
        raise NotRunnable("a condition tests one value")
    [subject] = cast("Sequence[object]", arguments)
    value = read.get("value", "")
    if isinstance(value, bool):
        value = "true" if value else "false"
    elif isinstance(value, (int, float)):
        value = str(value)
    if not isinstance(subject, str) or not isinstance(value, str):
        raise NotRunnable("a condition compares texts")
    return make(_shown(subject, making), value, making)


def _shown(text: str, making: Making) -> str:
    """Return the value that a template shows, as a condition writes it."""
    reading = making.read(text)
    if reading.name:
        return reading.name
    if not is_template(text):
        return written(text)
    name = making.fresh()
    making.put(name, written(reading.text))
    return name


def _bare(value: str) -> str:
    return f"lower(trim(text({value})))"


def _wanted(value: str, making: Making) -> str:
    """Return what a condition compares with, without case and outer blanks."""
    if is_template(value):
        return _bare(_shown(value, making))
    return written(value.strip().casefold())


def _equal(subject: str, value: str, making: Making) -> str:
    return f"{_bare(subject)} == {_wanted(value, making)}"


def _any_of(subject: str, value: str, making: Making) -> str:
    if is_template(value):
        raise NotRunnable("matches_any_of: the list itself is a template")
    found = [_equal(subject, part, making) for part in value.split(",")]
    return found[0] if len(found) == 1 else f"({' or '.join(found)})"


def _test(sign: str) -> Callable[[str, str, Making], str]:
    return lambda subject, value, making: f"{sign}({_bare(subject)}, {_wanted(value, making)})"


def _blank(subject: str, _: str, __: Making) -> str:
    # (a template shows an object as nothing, and yet it is there)
    return f'(trim(text({subject})) == "" and (trim({subject}) == "" or not {subject}))'


def _ordered(sign: str) -> Callable[[str, str, Making], str]:
    def made(subject: str, value: str, making: Making) -> str:
        if is_template(value):
            return f"number({subject}) {sign} number({_shown(value, making)})"
        if not _NUMBER.fullmatch(value.strip()):
            raise NotRunnable(f"{value!r:.40} is not a number to compare with")
        return f"number({subject}) {sign} {value.strip()}"

    return made


def _not(make: Callable[[str, str, Making], str]) -> Callable[[str, str, Making], str]:
    return lambda subject, value, making: f"not {_grouped(make(subject, value, making))}"


def _grouped(text: str) -> str:
    return text if text.startswith("(") else f"({text})"


def _pattern(subject: str, value: str, _: Making) -> str:
    """Return the condition of a pattern that is no more than texts, `.` and `.*`."""
    if digits := _DIGITS.fullmatch(value.strip()):
        return _all_digits(f"trim(text({subject}))", digits)
    tests = [f"glob({_bare(subject)}, {written(glob)})" for glob in _globs(value.strip())]
    return tests[0] if len(tests) == 1 else f"({' or '.join(tests)})"


_DIGITS: Final = re.compile(
    r"(?:\(\?i\))?\^?\(?(?:\\d|\[0-9\])"
    r"(?:(?P<many>[+*])|\{(?P<least>\d{1,3})(?P<to>,(?P<most>\d{1,3})?)?\})?\)?\$?"
)


def _all_digits(subject: str, found: re.Match[str]) -> str:
    """Return the condition of so many digits and nothing else."""
    tests = [f"digits({subject})"]
    if found["many"] == "*":
        return f'({tests[0]} or {subject} == "")'
    if found["many"] is None:
        least = int(found["least"] or 1)
        most = int(found["most"]) if found["most"] else None if found["to"] else least
        if least == 0:
            raise NotRunnable("regex: digits that need not be there")
        if most == least:
            tests.append(f"size({subject}) == {least}")
        else:
            tests.append(f"size({subject}) >= {least}")
            tests += [] if most is None else [f"size({subject}) <= {most}"]
    return f"({' and '.join(tests)})"


_PIECE: Final = re.compile(
    r"(?P<any>\.\*)|(?P<one>\.)|\\(?P<mark>[^\w\s*?])|(?P<text>[\w\s@#%&,;:!<>=/~'\"-])"
)


def _globs(pattern: str) -> list[str]:
    whole = pattern.removeprefix("(?i)").removeprefix("^").removesuffix("$")
    inside = re.fullmatch(r"\((?:\?:)?([^()]*)\)", whole)
    branches = (inside[1] if inside else whole).split("|")
    if len(branches) > 1 and not inside and pattern.removeprefix("(?i)") != whole:
        raise NotRunnable("regex: `^a|b$` does not say what it seems to say")
    globs: list[str] = []
    for branch in branches:
        glob, position = "", 0
        while position < len(branch):
            piece = _PIECE.match(branch, position)
            if piece is None:
                raise NotRunnable("regex: our conditions have no patterns but `*` and `?`")
            glob += "*" if piece["any"] else "?" if piece["one"] else piece["mark"] or piece["text"]
            position = piece.end()
        globs.append(glob.casefold())
    return globs


KINDS: Final[Mapping[str, Callable[[str, str, Making], str]]] = {
    "equal_to": _equal,
    "not_equal_to": _not(_equal),
    "matches_any_of": _any_of,
    "does_not_match_any_of": _not(_any_of),
    "is_blank": _blank,
    "is_not_blank": _not(_blank),
    "contains": _test("contains"),
    "does_not_contain": _not(_test("contains")),
    "starts_with": _test("prefix"),
    "does_not_start_with": _not(_test("prefix")),
    "less_than": _ordered("<"),
    "greater_than": _ordered(">"),
    "regex": _pattern,
}
"""The operators that we can run; those that look at the clock and the calendar are not here."""
