r"""What a contact needs of the agent who serves it.

Rule: a requirement is a value, and its text is its canonical form: what prints, parses back to an
equal requirement, and is what documents, the journal and the router's lanes carry::

    requirement := [musts] {"," clause}
    musts       := must {"and" must}
    must        := skill | "(" skill {"or" skill} ")"
    skill       := name [">=" level]                      a bare name means level 1
    clause      := "prefers" skill {"and" skill}          breaks ties between agents who fit
                 | "first" agent                          held for that agent while they can come
                 | "without" agent {"and" agent}          these agents never

Names that are not plain words stand in double quotes. Levels go from 1 to 5, higher is better.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final, TypeAlias

from tongdai.errors import ConfigurationError
from tongdai.model.ids import check_id
from tongdai.model.text import LONGEST, Token, Tokens, quoted

LOWEST: Final = 1
HIGHEST: Final = 5

Skills: TypeAlias = tuple[tuple[str, int], ...]
"""Skill and level, in the order in which they were written."""

_CLAUSES = ("prefers", "first", "without")
_RESERVED = frozenset({"and", "or", *_CLAUSES})


class Requirement:
    """Skills that an agent must have, and wishes beyond them; immutable and hashable.

    Attributes:
        skills: must-have skills with their lowest levels.
        any_of: groups of skills; one of each group is enough.
        prefers: skills that break ties between agents who fit.
        without: agents who never get the contact.
        first: the agent for whom the contact is held while they can come, or `None`.
    """

    __slots__ = ("_hash", "_key", "_text", "any_of", "first", "prefers", "skills", "without")

    _key: tuple[object, ...]
    _hash: int
    _text: str
    skills: Skills
    any_of: tuple[Skills, ...]
    prefers: Skills
    without: tuple[str, ...]
    first: str | None

    def __init__(
        self,
        skills: Mapping[str, int] | None = None,
        *,
        any_of: Iterable[Mapping[str, int]] = (),
        prefers: Mapping[str, int] | None = None,
        without: Iterable[str] = (),
        first: str | None = None,
    ) -> None:
        """Build a requirement by program; `Requirement.parse` builds it from text.

        Raises:
            ConfigurationError: a level outside 1..5, an empty group, or an impossible name.
        """
        musts = dict(_checked(skills or {}, "Requirement.skills"))
        groups: dict[frozenset[tuple[str, int]], Skills] = {}
        for number, group in enumerate(any_of):
            found = _checked(group, f"Requirement.any_of[{number}]")
            if not found:
                raise ConfigurationError(
                    f"Requirement.any_of[{number}]: an empty group can never be met; name a skill"
                )
            if len(found) == 1:  # a group of one is a must
                name, level = found[0]
                musts[name] = max(level, musts.get(name, LOWEST))
            else:
                groups.setdefault(frozenset(found), found)
        if isinstance(without, str):
            without = (without,)
        without = tuple(dict.fromkeys(without))
        for agent in (*without, *(() if first is None else (first,))):
            check_id(agent, "Requirement.without" if agent in without else "Requirement.first")
        put = object.__setattr__
        put(self, "skills", tuple(musts.items()))
        put(self, "any_of", tuple(groups.values()))
        put(self, "prefers", _checked(prefers or {}, "Requirement.prefers"))
        put(self, "without", without)
        put(self, "first", first)
        key = (
            frozenset(self.skills),
            frozenset(groups),
            frozenset(self.prefers),
            frozenset(without),
            first,
        )
        put(self, "_key", key)
        put(self, "_hash", hash(key))
        put(self, "_text", _text(self))

    @classmethod
    def parse(cls, text: str) -> Requirement:
        """Return the requirement that a text states (grammar: see the module).

        Raises:
            ParseError: the text is no requirement; the error knows the position.
        """
        if not isinstance(text, str):
            raise ConfigurationError(
                f"Requirement.parse: {text!r} is not text; write 'billing>=3 and vi'"
            )
        return _parse(text)

    def met_by(self, skills: Mapping[str, int]) -> bool:
        """Return whether these skills are enough (presence, capacity and names apart)."""
        get = skills.get
        for name, level in self.skills:
            if get(name, 0) < level:
                return False
        return all(any(get(name, 0) >= level for name, level in group) for group in self.any_of)

    def preference(self, skills: Mapping[str, int]) -> int:
        """Return how much of what is preferred these skills offer: the levels, added up."""
        get = skills.get
        return sum(get(name, 0) for name, level in self.prefers if get(name, 0) >= level)

    def __and__(self, other: Requirement) -> Requirement:
        """Return what is required where both are; `first` is this one's, else the other's."""
        return _both(self, other, self._text, other._text)

    def unheld(self) -> Requirement:
        """Return the same requirement, held for nobody."""
        return self if self.first is None else _unheld(self, self._text)

    def __str__(self) -> str:
        """Give the canonical text; the empty requirement gives an empty text."""
        return self._text

    def __repr__(self) -> str:
        """Give the call that parses it."""
        return f"Requirement.parse({self._text!r})"

    def __eq__(self, other: object) -> bool:
        """Compare what is required; the order of writing does not count."""
        return self is other or (isinstance(other, Requirement) and self._key == other._key)

    def __hash__(self) -> int:
        """Hash what is required."""
        return self._hash

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: a requirement is a value."""
        raise AttributeError(f"Requirement.{name}: a requirement never changes; build another")

    def __reduce__(self) -> tuple[object, tuple[str]]:
        """Pickle and copy as text."""
        return _parse, (self._text,)


def requirement(value: object, field: str) -> Requirement:
    """Return a setting (a text or a requirement) as a requirement.

    Raises:
        ConfigurationError: it is neither, or its text is longer than what parses back; a text that
            does not parse raises `ParseError`.
    """
    if isinstance(value, Requirement):
        size = len(str(value).encode())
        if size > LONGEST:
            raise ConfigurationError(
                f"{field}: a requirement has at most {LONGEST} bytes as text; this one has {size}"
            )
        return value
    if isinstance(value, str):
        return _parse(value)
    raise ConfigurationError(
        f"{field}: {value!r} is not a requirement; write text such as 'billing>=3 and vi'"
    )


def _checked(skills: Mapping[str, int], field: str) -> Skills:
    if not hasattr(skills, "items"):
        raise ConfigurationError(f"{field}: {skills!r} is not a mapping; write {{skill: level}}")
    for name, level in skills.items():
        check_id(name, field)
        check_level(level, f"{field}[{name!r}]")
    return tuple(skills.items())


def check_level(level: object, field: str) -> None:
    """Raise an error that names the field unless this is a skill level.

    Raises:
        ConfigurationError: not a whole number from 1 to 5.
    """
    if not isinstance(level, int) or isinstance(level, bool) or not LOWEST <= level <= HIGHEST:
        raise ConfigurationError(
            f"{field}: a level is a whole number from {LOWEST} to {HIGHEST}; got {level!r}"
        )


def _skill(name: str, level: int) -> str:
    return quoted(name, _RESERVED) + (f">={level}" if level != LOWEST else "")


def skills_text(skills: Iterable[tuple[str, int]], joint: str = " and ") -> str:
    """Return skills as a requirement writes them, `billing>=3 and vi`."""
    return joint.join(_skill(name, level) for name, level in skills)


def _text(self: Requirement) -> str:
    musts = [_skill(name, level) for name, level in self.skills]
    musts += [f"({skills_text(group, ' or ')})" for group in self.any_of]
    clauses = [" and ".join(musts)]
    if self.prefers:
        clauses.append(f"prefers {skills_text(self.prefers)}")
    if self.first is not None:
        clauses.append(f"first {quoted(self.first, _RESERVED)}")
    if self.without:
        clauses.append("without " + " and ".join(quoted(name, _RESERVED) for name in self.without))
    return ", ".join(clause for clause in clauses if clause)


_ANYONE: Final = Requirement()


# What is cached is found by text too: equal requirements may be written in another order, and what
# prints must not depend on which of them was met first.


@lru_cache(maxsize=16_384)
def _both(one: Requirement, other: Requirement, *_texts: str) -> Requirement:
    if other == _ANYONE:
        return one
    if one == _ANYONE:
        return other
    return Requirement(
        _higher(one.skills, other.skills),
        any_of=[dict(group) for group in one.any_of + other.any_of],
        prefers=_higher(one.prefers, other.prefers),
        without=one.without + other.without,
        first=one.first if one.first is not None else other.first,
    )


@lru_cache(maxsize=1024)
def _unheld(one: Requirement, _text: str) -> Requirement:
    return Requirement(
        dict(one.skills),
        any_of=[dict(group) for group in one.any_of],
        prefers=dict(one.prefers),
        without=one.without,
    )


def _higher(one: Skills, other: Skills) -> dict[str, int]:
    levels = dict(one)
    for name, level in other:
        levels[name] = max(level, levels.get(name, LOWEST))
    return levels


@lru_cache(maxsize=16_384)
def _parse(text: str) -> Requirement:
    tokens = Tokens(text, "a requirement")
    musts: dict[str, int] = {}
    groups: list[dict[str, int]] = []
    prefers: dict[str, int] = {}
    without: list[str] = []
    first: list[str] = []
    if tokens.here.kind != "end" and not tokens.at(*_CLAUSES):
        _read_musts(tokens, musts, groups)
        if tokens.here.kind == "end":
            return Requirement(musts, any_of=groups)
        _read_comma(tokens)
    while tokens.here.kind != "end":
        _read_clause(tokens, prefers, without, first)
        if tokens.here.kind != "end":
            _read_comma(tokens)
    return Requirement(
        musts, any_of=groups, prefers=prefers, without=without, first=first[0] if first else None
    )


def _read_comma(tokens: Tokens) -> None:
    """Read the comma between two clauses; a comma at the end separates nothing."""
    tokens.expect(",")
    if tokens.here.kind == "end":
        tokens.fail("expected a clause: prefers, first or without")


def _read_clause(
    tokens: Tokens, prefers: dict[str, int], without: list[str], first: list[str]
) -> None:
    clause = tokens.word(*_CLAUSES)
    if clause == "prefers":
        _read_skill(tokens, prefers)
        while tokens.word("and"):
            _read_skill(tokens, prefers)
    elif clause == "without":
        without.append(_read_name(tokens, "an agent").text)
        while tokens.word("and"):
            without.append(_read_name(tokens, "an agent").text)
    elif clause == "first" and not first:
        first.append(_read_name(tokens, "an agent").text)
    else:
        tokens.fail("expected one of each: prefers, first, without")


def _read_musts(tokens: Tokens, musts: dict[str, int], groups: list[dict[str, int]]) -> None:
    while True:
        if tokens.word("("):
            tokens.open()
            _read_group(tokens, musts, groups)
            tokens.close()
        else:
            _read_skill(tokens, musts)
        if tokens.at("or"):
            tokens.fail("'or' needs parentheses: (a or b) and c")
        if not tokens.word("and"):
            return


def _read_group(tokens: Tokens, musts: dict[str, int], groups: list[dict[str, int]]) -> None:
    """Read what stands in parentheses: alternatives, or parentheses once more."""
    if tokens.word("("):
        tokens.open()
        _read_group(tokens, musts, groups)
        tokens.close()
        return
    group: dict[str, int] = {}
    _read_skill(tokens, group, lowest=True)
    while tokens.word("or"):
        _read_skill(tokens, group, lowest=True)
    if tokens.at("and"):
        tokens.fail("a group offers single skills: (a or b); 'and' stands outside it")
    if len(group) == 1:
        [(name, level)] = group.items()
        musts[name] = max(level, musts.get(name, LOWEST))
    else:
        groups.append(group)


def _read_skill(tokens: Tokens, into: dict[str, int], *, lowest: bool = False) -> None:
    name = _read_name(tokens, "a skill").text
    level = LOWEST
    if tokens.word(">="):
        token = tokens.take()
        if token.kind != "number" or not token.text.isdecimal():
            tokens.fail(f"a level is a whole number from {LOWEST} to {HIGHEST}", token)
        level = int(token.text)
        if not LOWEST <= level <= HIGHEST:
            tokens.fail(f"a level is a whole number from {LOWEST} to {HIGHEST}", token)
    elif tokens.here.kind == "sign" and tokens.here.text not in ("(", ")", ","):
        tokens.fail("a skill is compared with '>=' only")
    into[name] = (min if lowest else max)(level, into.get(name, level))


def _read_name(tokens: Tokens, what: str) -> Token:
    token = tokens.take()
    if token.kind != "string" and (token.kind != "name" or token.text in _RESERVED):
        tokens.fail(f"expected the name of {what}", token)
    problem = _problem(token.text, what)
    if problem:
        tokens.fail(problem, token)
    return token


def _problem(name: str, what: str) -> str:
    try:
        check_id(name, what)
    except ConfigurationError as error:
        return str(error)
    return ""
