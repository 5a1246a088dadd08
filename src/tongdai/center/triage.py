"""Where a new contact goes, by what is written and who writes: rules, of which the first decides.

Rule: a triage looks and answers; it changes nothing and remembers nothing. All that a rule asks for
has to hold; of several texts in one field, one is enough. The first rule that holds decides, and
every answer can say why. Reading what a stranger wrote takes time linear in its length, of which
`MOST_READ` characters are looked at, and texts are compared without regard to case and accents.

Nothing that was written stands in an answer: it names rules and what they look for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Literal, NamedTuple, TypeAlias, cast

import attrs

from tongdai.center.inputs import Receive
from tongdai.center.written import MOST_READ, WORD, folded, written_in
from tongdai.channels import Message, Ringing
from tongdai.errors import ConfigurationError, did_you_mean
from tongdai.model.calendar import BusinessCalendar
from tongdai.model.contact import ASSURANCES, Attribute, check_attributes
from tongdai.model.glob import compiled
from tongdai.model.ids import check_id
from tongdai.model.mode import Mode, check_flag
from tongdai.model.order import check_points
from tongdai.model.personal import Personal, Value
from tongdai.model.requirement import Requirement
from tongdai.model.text import check_text, fold
from tongdai.model.time import Duration, Instant, duration

MOST_RULES: Final = 1_000
MOST_TEXTS: Final = 1_000
"""Keywords, patterns and so on that one field of a rule may have."""
LONGEST: Final = 256
"""Characters of one of them."""

Opening: TypeAlias = Message | Ringing
"""What a new contact comes of."""


# --- who writes -----------------------------------------------------------------------------------


@attrs.frozen
class OpenContact:
    """An open contact of somebody who writes anew.

    Attributes:
        id, channel: of the contact, and over which it came.
        queue, agent: where it is, and who has it; empty for nobody.
    """

    id: str
    channel: str
    queue: str = ""
    agent: str = ""


@attrs.frozen
class About:
    """What is known of who writes; `Center.about` gives it.

    Attributes:
        at: the instant.
        profile: whose profile it most likely is; empty where nobody knows.
        customer: what that shows, by field: `name`, `language`, and all attributes.
        last_agent: who had a contact of theirs last; empty for nobody.
        contacts: how many contacts of theirs are remembered.
        open: those that are open, over whatever channel.
    """

    at: Instant = 0
    profile: str = ""
    customer: Mapping[str, str] = attrs.field(factory=dict[str, str], repr=False)
    last_agent: str = ""
    contacts: int = 0
    open: tuple[OpenContact, ...] = ()


# --- rules ----------------------------------------------------------------------------------------


def _texts(values: object) -> object:
    return tuple(cast("list[object]", values)) if isinstance(values, list) else values


_SEVERAL: Final[Any] = attrs.field(default=(), converter=_texts, kw_only=True)


@attrs.frozen
class Rule:
    """What a contact has to be like, and where it goes then. What is not given is not asked for.

    Attributes:
        name: what the rule is called; the contact's attribute `triage` says so.
        keywords: words, or words in a row, one of which is written, in the subject or the text.
        globs: patterns (`*` any run of characters, `?` any one) of the whole text.
        languages: one in which it is written: as the contact or the profile says, else as
            `written_in` guesses.
        channels: patterns of channels' ids.
        called: patterns of what was dialled.
        claims: patterns of identifiers that come with it, by scheme; `*` is any.
        assurance: how sure these are at least.
        customer: patterns of what the profile shows, by field.
        known: whether there is a profile.
        last_agent: patterns of who had a contact of theirs last.
        open_contact: whether another contact of theirs is open.
        during, outside: a calendar, by its name, that is open, or closed.
        entry: the queue or flow that the contact enters; empty for the triage's `otherwise`.
        requires, priority, language, attributes: as the contact has them.
        within: when it should be answered, from now.
    """

    name: str
    keywords: tuple[str, ...] = _SEVERAL
    globs: tuple[str, ...] = _SEVERAL
    languages: tuple[str, ...] = _SEVERAL
    channels: tuple[str, ...] = _SEVERAL
    called: tuple[str, ...] = _SEVERAL
    claims: Mapping[str, str] = attrs.field(factory=dict[str, str], kw_only=True)
    assurance: Literal["asserted", "carrier", "platform", "verified"] = attrs.field(
        default="asserted", kw_only=True
    )
    customer: Mapping[str, str] = attrs.field(factory=dict[str, str], kw_only=True)
    known: bool | None = attrs.field(default=None, kw_only=True)
    last_agent: tuple[str, ...] = _SEVERAL
    open_contact: bool | None = attrs.field(default=None, kw_only=True)
    during: str = attrs.field(default="", kw_only=True)
    outside: str = attrs.field(default="", kw_only=True)
    entry: str = attrs.field(default="", kw_only=True)
    requires: str = attrs.field(default="", kw_only=True)
    priority: int = attrs.field(default=0, kw_only=True)
    language: str = attrs.field(default="", kw_only=True)
    within: Duration | None = attrs.field(default=None, kw_only=True)
    attributes: Mapping[str, Attribute] = attrs.field(factory=dict[str, Attribute], kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        check_id(self.name, "Rule.name")
        for field in ("keywords", "globs", "languages", "channels", "called", "last_agent"):
            _check_texts(getattr(self, field), f"Rule.{field}")
        _check_keywords(self.keywords)
        for field in ("claims", "customer"):
            _check_named(getattr(self, field), f"Rule.{field}")
        _check_assurance(self)
        check_flag(self.known, "Rule.known", inherits=True)
        check_flag(self.open_contact, "Rule.open_contact", inherits=True)
        for field in ("during", "outside", "entry", "language"):
            if getattr(self, field) != "":
                check_id(getattr(self, field), f"Rule.{field}")
        check_text(self.requires, "Rule.requires")
        try:
            Requirement.parse(self.requires)
        except ConfigurationError as error:
            raise ConfigurationError(f"Rule.requires: {error}") from error
        check_points(self.priority, "Rule.priority")
        if self.within is not None:
            object.__setattr__(self, "within", duration(self.within, "Rule.within"))
        check_attributes(self.attributes, "Rule.attributes")
        # (beside the rule's name, and of a call what was dialled)
        whole = {"triage": self.name, "called": "", **self.attributes}
        check_attributes(whole, "Rule.attributes")

    @cached_property
    def phrases(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The keywords, and the folded words of each."""
        return tuple((word, tuple(WORD.findall(fold(word)))) for word in self.keywords)


class Triaged(Value, frozen=True):
    """Where a new contact goes, and why.

    Attributes:
        entry: the queue or flow that it enters.
        requires, priority, language, due, attributes: as it has them.
        rule: the name of the rule that decided; empty where none did.
        why: what held of that rule.
    """

    entry: str
    requires: str = ""
    priority: int = 0
    language: str = ""
    due: Instant | None = None
    attributes: Annotated[Mapping[str, Attribute], Personal] = {}
    rule: str = ""
    why: str = ""

    def receive(self, inbound: Opening, mode: Mode = Mode.INTERACTIVE, *, id: str = "") -> Receive:
        """Return the input by which a center takes what came in."""
        return Receive(
            inbound,
            self.entry,
            mode,
            self.requires,
            self.priority,
            self.language,
            self.due,
            self.attributes,
            id=id,
        )


class Finding(NamedTuple):
    """What a rule asked for, and whether it held."""

    held: bool
    what: str


@attrs.frozen
class TriageExplanation:
    """Every rule, and what held of it or did not; prints a line for each.

    Attributes:
        triaged: what was decided.
        rules: names and findings, in order. Of a rule that does not hold, the last one says why.
        otherwise: where a contact goes for which no rule has another entry.
    """

    triaged: Triaged
    rules: tuple[tuple[str, tuple[Finding, ...]], ...]
    otherwise: str

    def __str__(self) -> str:
        """Give one line a rule; `>` stands before the one that decided."""
        wide = max((len(name) for name, _ in self.rules), default=0)
        wide = max(wide, len("otherwise"))
        lines: list[str] = []
        for name, findings in self.rules:
            mark = ">" if name == self.triaged.rule else " "
            holds = all(finding.held for finding in findings)
            what = "; ".join(f.what for f in findings if f.held == holds) or "asks for nothing"
            lines.append(f"{mark} {name:<{wide}}  {'yes' if holds else 'no '}  {what}")
        mark = " " if self.triaged.rule else ">"
        lines.append(f"{mark} {'otherwise':<{wide}}  {self.otherwise}")
        return "\n".join(lines)


def _rules(values: Iterable[Rule]) -> tuple[Rule, ...]:
    return cast("tuple[Rule, ...]", _texts(values))


@attrs.frozen
class Triage:
    """Rules, of which the first that holds decides.

    Attributes:
        rules: in the order in which they are asked.
        otherwise: the queue or flow that a contact enters for which no rule has another.
        languages: skills that are languages: a contact that is written in one of them needs it,
            where its rule says nothing else.
        calendars: opening hours, by the names that rules use.
    """

    rules: tuple[Rule, ...] = attrs.field(converter=_rules)
    otherwise: str = attrs.field(kw_only=True)
    languages: tuple[str, ...] = _SEVERAL
    calendars: Mapping[str, BusinessCalendar] = attrs.field(
        factory=dict[str, BusinessCalendar], kw_only=True
    )

    def __attrs_post_init__(self) -> None:
        """Check every field.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        if not isinstance(self.rules, tuple) or not all(isinstance(r, Rule) for r in self.rules):
            raise ConfigurationError("Triage.rules: expected a list of Rule(...)")
        if len(self.rules) > MOST_RULES:
            raise ConfigurationError(
                f"Triage.rules: {len(self.rules)} are too many; at most {MOST_RULES}"
            )
        names = [rule.name for rule in self.rules]
        for name in names:
            if names.count(name) > 1:
                raise ConfigurationError(f"Triage.rules: two are called {name!r}")
        check_id(self.otherwise, "Triage.otherwise")
        _check_texts(self.languages, "Triage.languages")
        for language in self.languages:
            check_id(language, "Triage.languages")
        for name, calendar in self.calendars.items():
            check_id(name, "Triage.calendars")
            if not isinstance(calendar, BusinessCalendar):
                raise ConfigurationError(
                    f"Triage.calendars[{name!r}]: {type(calendar).__name__} is not a "
                    "BusinessCalendar"
                )
        _check_calendars(self)

    @property
    def entries(self) -> tuple[str, ...]:
        """The queues and flows to which it can send, each once."""
        found = (rule.entry for rule in self.rules if rule.entry)
        return tuple(dict.fromkeys([*found, self.otherwise]))

    def decide(self, inbound: Opening, about: About | None = None) -> Triaged:
        """Return where a new contact goes.

        Args:
            inbound: the message or call that it comes of.
            about: what is known of who it is; nothing if not given.
        """
        read = _Read(inbound, about or About(), self.calendars)
        for rule in self.rules:
            held: list[str] = []
            for finding in _findings(rule, read):
                if not finding.held:
                    break
                held.append(finding.what)
            else:
                return self._sent(rule, read, "; ".join(held))
        language = self._language(read)
        return Triaged(self.otherwise, language=language, why="no rule holds")

    def explain(self, inbound: Opening, about: About | None = None) -> TriageExplanation:
        """Return what each rule says, those behind the one that decides as well."""
        read = _Read(inbound, about or About(), self.calendars)
        rules = tuple((rule.name, tuple(_findings(rule, read))) for rule in self.rules)
        return TriageExplanation(self.decide(inbound, about), rules, self.otherwise)

    def _sent(self, rule: Rule, read: _Read, why: str) -> Triaged:
        return Triaged(
            rule.entry or self.otherwise,
            rule.requires,
            rule.priority,
            rule.language or self._language(read),
            None if rule.within is None else read.about.at + int(rule.within),
            {"triage": rule.name, **rule.attributes},
            rule.name,
            why or "it asks for nothing",
        )

    def _language(self, read: _Read) -> str:
        return read.language if read.language in self.languages else ""


# --- looking --------------------------------------------------------------------------------------


class _Read:
    """What came in, read once for all rules, and no further than a rule asks."""

    def __init__(
        self, inbound: Opening, about: About, calendars: Mapping[str, BusinessCalendar]
    ) -> None:
        self.inbound = inbound
        self.about = about
        self.calendars = calendars

    @cached_property
    def written(self) -> str:
        if isinstance(self.inbound, Ringing):
            return ""
        content = self.inbound.content
        whole = f"{content.subject[:MOST_READ]}\n{content.text[:MOST_READ]}"
        return whole[:MOST_READ] if content.subject else whole[1 : MOST_READ + 1]

    @cached_property
    def text(self) -> str:
        return folded(self.written)[:MOST_READ]  # (one letter may come apart into 18)

    @cached_property
    def row(self) -> str:
        """The words in a row, a blank around each."""
        return f" {' '.join(WORD.findall(self.text))} "

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(self.row.split())

    @cached_property
    def language(self) -> str:
        claimed = [claim.value for claim in self.inbound.claims if claim.scheme == "language"]
        declared = claimed[0] if claimed else self.about.customer.get("language", "")
        code = _bare_code(declared)
        return code if _CODE.fullmatch(code) else written_in(self.written)

    def has(self, words: tuple[str, ...]) -> bool:
        if not self.words.issuperset(words):
            return False
        return len(words) == 1 or f" {' '.join(words)} " in self.row


_CODE: Final = re.compile("[a-z]{2,8}")
"""A language by its code (RFC 5646, 2.1); what is none may be anything that somebody wrote."""


def _bare_code(language: str) -> str:
    """Return the language of a tag or a locale: `vi` of `vi-VN` and `vi_VN`."""
    return language[:LONGEST].strip().casefold().replace("_", "-").partition("-")[0]


def _findings(rule: Rule, read: _Read) -> Iterator[Finding]:
    """Go through what a rule asks for, up to the first that does not hold."""
    for field, look in _CONDITIONS.items():
        if getattr(rule, field) not in ((), {}, "", None):
            found = look(rule, read)
            yield found
            if not found.held:
                return


def _keywords(rule: Rule, read: _Read) -> Finding:
    for keyword, words in rule.phrases:
        if read.has(words):
            return Finding(held=True, what=f"says {keyword!r}")
    return Finding(held=False, what=f"says none of {_listed(rule.keywords)}")


def _globs(rule: Rule, read: _Read) -> Finding:
    return _like(rule.globs, read.text, "text")


def _languages(rule: Rule, read: _Read) -> Finding:
    language = read.language
    wanted = {_bare_code(name) for name in rule.languages}
    if language in wanted:
        return Finding(held=True, what=f"language {language}")
    return Finding(
        held=False, what=f"language {language or 'unknown'}, not {_bare(rule.languages)}"
    )


def _channels(rule: Rule, read: _Read) -> Finding:
    return _like(rule.channels, folded(read.inbound.address.channel), "channel")


def _called(rule: Rule, read: _Read) -> Finding:
    if not isinstance(read.inbound, Ringing):
        return Finding(held=False, what="no call")
    return _like(rule.called, folded(read.inbound.called), "called")


def _claims(rule: Rule, read: _Read) -> Finding:
    least = ASSURANCES.index(rule.assurance)
    for scheme, pattern in rule.claims.items():
        fits = compiled(fold(pattern))
        if not any(
            claim.scheme == scheme
            and ASSURANCES.index(claim.assurance) >= least
            and fits(folded(claim.value))
            for claim in read.inbound.claims
        ):
            sure = "" if rule.assurance == "asserted" else f", {rule.assurance} or surer"
            return Finding(held=False, what=f"no {scheme} like {pattern!r}{sure}")
    return Finding(
        held=True, what=" and ".join(f"{one} like {p!r}" for one, p in rule.claims.items())
    )


def _customer(rule: Rule, read: _Read) -> Finding:
    for field, pattern in rule.customer.items():
        value = read.about.customer.get(field)
        if value is None or not compiled(fold(pattern))(folded(value)):
            return Finding(held=False, what=f"customer's {field} is not like {pattern!r}")
    told = (f"customer's {field} like {pattern!r}" for field, pattern in rule.customer.items())
    return Finding(held=True, what=" and ".join(told))


def _known(rule: Rule, read: _Read) -> Finding:
    known = bool(read.about.profile)
    what = "customer is known" if known else "customer is not known"
    return Finding(held=known == rule.known, what=what)


def _last_agent(rule: Rule, read: _Read) -> Finding:
    agent = read.about.last_agent
    if not agent:
        return Finding(held=False, what="no last agent")
    return _like(rule.last_agent, folded(agent), "last agent")


def _open_contact(rule: Rule, read: _Read) -> Finding:
    found = read.about.open
    what = f"contact {found[-1].id} is open" if found else "no other contact is open"
    return Finding(held=bool(found) == rule.open_contact, what=what)


def _during(rule: Rule, read: _Read) -> Finding:
    is_open = read.calendars[rule.during].open_at(read.about.at)
    return Finding(held=is_open, what=f"{rule.during} is {'open' if is_open else 'closed'}")


def _outside(rule: Rule, read: _Read) -> Finding:
    is_open = read.calendars[rule.outside].open_at(read.about.at)
    return Finding(held=not is_open, what=f"{rule.outside} is {'open' if is_open else 'closed'}")


_CONDITIONS: Final[Mapping[str, Callable[[Rule, _Read], Finding]]] = {
    "channels": _channels,
    "called": _called,
    "during": _during,
    "outside": _outside,
    "known": _known,
    "customer": _customer,
    "claims": _claims,
    "last_agent": _last_agent,
    "open_contact": _open_contact,
    "keywords": _keywords,
    "globs": _globs,
    "languages": _languages,
}
"""What looks at each condition of a rule: what costs least comes first."""


def _like(patterns: tuple[str, ...], text: str, what: str) -> Finding:
    for pattern in patterns:
        if compiled(fold(pattern))(text):
            return Finding(held=True, what=f"{what} like {pattern!r}")
    return Finding(held=False, what=f"{what} like none of {_listed(patterns)}")


def _listed(texts: tuple[str, ...]) -> str:
    shown = ", ".join(map(repr, texts[:3]))
    return shown if len(texts) <= 3 else f"{shown} and {len(texts) - 3} more"  # noqa: PLR2004


def _bare(texts: tuple[str, ...]) -> str:
    return " or ".join(texts[:3])


# --- checks ---------------------------------------------------------------------------------------


def _check_texts(values: object, field: str) -> None:
    if not isinstance(values, tuple):
        raise ConfigurationError(f"{field}: {type(values).__name__} is not a list of texts")
    found = cast("tuple[object, ...]", values)
    if len(found) > MOST_TEXTS:
        raise ConfigurationError(f"{field}: {len(found)} are too many; at most {MOST_TEXTS}")
    for value in found:
        _check_one(value, field)


def _check_named(values: object, field: str) -> None:
    if not isinstance(values, Mapping):
        raise ConfigurationError(f"{field}: {type(values).__name__} is not a mapping to patterns")
    for name, value in cast("Mapping[object, object]", values).items():
        check_id(name, field)
        _check_one(value, f"{field}[{name!r}]")


def _check_one(value: object, field: str) -> None:
    check_text(value, field)
    text = str(value)
    if not text.strip():
        raise ConfigurationError(f"{field}: a text is empty")
    if len(text) > LONGEST:
        raise ConfigurationError(f"{field}: a text has at most {LONGEST} characters")


def _check_keywords(keywords: tuple[str, ...]) -> None:
    for keyword in keywords:
        if not WORD.search(fold(keyword)):
            raise ConfigurationError(
                f"Rule.keywords: {keyword!r} has no word in it; look for marks by globs"
            )
        if "*" in keyword or "?" in keyword:
            raise ConfigurationError(
                f"Rule.keywords: {keyword!r} is matched as it stands; patterns go to globs, "
                f"such as {'*' + keyword.strip('*') + '*'!r}"
            )


def _check_assurance(rule: Rule) -> None:
    if rule.assurance not in ASSURANCES:
        near = did_you_mean(str(rule.assurance), ASSURANCES)
        raise ConfigurationError(
            f"Rule.assurance: {rule.assurance!r} is not one of {', '.join(ASSURANCES)}.{near}"
        )
    if rule.assurance != "asserted" and not rule.claims:
        raise ConfigurationError(
            "Rule.assurance: is that of Rule.claims; give these as well, such as {'phone': '*'}"
        )


def _check_calendars(triage: Triage) -> None:
    for rule in triage.rules:
        for field in ("during", "outside"):
            name = getattr(rule, field)
            if name and name not in triage.calendars:
                near = did_you_mean(name, triage.calendars)
                raise ConfigurationError(
                    f"Rule.{field}: rule {rule.name!r} names no calendar: {name!r}.{near}"
                )
