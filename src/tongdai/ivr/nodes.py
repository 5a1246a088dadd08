"""What a flow is made of: nodes as data, each with its named outcomes.

Rule: a node says what to do and where each way out leads; it does nothing itself. **Every outcome
is a field of its node** that holds the name of the next node, or `None` where nobody wired it, so a
reader sees every way out. `outcomes` and `retarget` are the only code that knows where in a node
the names of other nodes stand; lint, picture, walk, machine and importers all use them.

An *operand* is text in the expression language: a number, `"text with {names}"`, `true`, `false`,
`none`, or a name such as `caller.phone`. A *template* is text as it stands, with names in braces:
`{wanted}`.

What identifies a node comes first; give everything else by its keyword.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec.structs import force_setattr, replace

from tongdai.errors import ConfigurationError
from tongdai.ivr.checks import (
    check_name,
    check_number,
    check_operands,
    check_requirement,
    check_target,
    check_terminator,
    check_ways,
)
from tongdai.ivr.prompts import Prompt, Said, prompt
from tongdai.model.personal import Value
from tongdai.model.several import Several, default, row, several, texts
from tongdai.model.text import check_text
from tongdai.model.time import Duration, duration, hours, minutes, seconds


class Leads:
    """The mark of an outcome's field: it holds the name of the node that comes next."""


Outcome: TypeAlias = Annotated[str | None, Leads]
"""Where a way out leads: the name of a node; `None` is not wired."""

Operand: TypeAlias = str
"""A value to come, in the expression language."""

MOST_DIGITS = 64
MOST_TRIES = 100


def _tag(name: str) -> str:
    """Return a class's name as documents write it: `HandOff` is `hand_off`."""
    if name == "CallBack":
        return "callback"
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)[1:]


class AnyNode(Value, frozen=True, kw_only=True, tag_field="do", tag=_tag):
    """The base of all nodes.

    Attributes:
        extra: parameters of an imported document that no field here carries, as plain data. The
            machine hands them on with the node's effects and never looks at them.
    """

    extra: Mapping[str, Any] = {}

    def __post_init__(self) -> None:
        """Check what a type checker cannot.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        self._check(type(self).__name__)
        if not isinstance(self.extra, Mapping):
            raise ConfigurationError(f"{type(self).__name__}.extra: expected a mapping of names")
        for name in _outcome_fields(type(self)):
            check_target(getattr(self, name), f"{type(self).__name__}.{name}")

    def _check(self, name: str) -> None:
        """Check the node's own fields; `name` is what errors call it."""


# --- talking --------------------------------------------------------------------------------------


class Say(AnyNode, frozen=True):
    """Say something; keys that are pressed meanwhile are kept for the next question.

    Attributes:
        prompt: what is said.
        then: when it is said, or cut short.
        failed: it could not be said.
    """

    prompt: Said
    then: Outcome = None
    failed: Outcome = None

    def _check(self, name: str) -> None:
        force_setattr(self, "prompt", prompt(self.prompt, f"{name}.prompt"))


class Choice(Value, frozen=True):
    """One way on from a menu.

    Attributes:
        then: the node that it leads to.
        label: what the button says, or the numbered line of a bare message; without one, the key.
        says: words that mean this choice.
    """

    then: Outcome = None
    label: Said | None = None
    says: Several[str] = default(())

    def __post_init__(self) -> None:
        """Check what a type checker cannot.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        check_target(self.then, "Choice.then")
        if self.label is not None:
            force_setattr(self, "label", prompt(self.label, "Choice.label"))
        force_setattr(self, "says", texts(self.says, "Choice.says"))


class Menu(AnyNode, frozen=True):
    """Ask for one of several choices, by key, button, number, label or word.

    An answer that is none of them is no_match, none at all is no_input. Both are counted apart;
    each asks again until it has happened `tries` times, which is `exhausted`. Wiring `no_input` or
    `no_match` goes there instead of asking again, and counts just the same.

    Attributes:
        ask: what is asked.
        choices: by key (`"1"`, `"12"`, or a word where no key can be pressed): where it leads, as a
            node's name or a `Choice`.
        tries: how many no_inputs, or no_matches, are `exhausted`.
        within: over voice, how long after the prompt the first key or word may come.
        between: how long after a key the next one may come, while more keys could follow.
        terminator: a key that ends what was keyed; `""` is none.
        reply_within: over messages, how long a reply may take; later ones go to `expired`.
        understand: a function that is given what was said or written (`text`) and answers with a
            choice's key, or a mapping with that as its `choice`; a template, empty for none.
        args: what else that function is given, operands by name.
        into: the name that its answer gets.
        no_input: nothing came in time.
        no_match: something else came.
        exhausted: one of the two happened `tries` times.
        expired: a reply came later than `reply_within`.
        failed: the question could not be asked, or `understand` failed.
    """

    ask: Said
    choices: Mapping[str, str | Choice]
    tries: int = 3
    within: Duration = seconds(5)
    between: Duration = seconds(3)
    terminator: str = "#"
    reply_within: Duration = hours(24)
    understand: str = ""
    args: Mapping[str, Operand] = {}
    into: str = ""
    no_input: Outcome = None
    no_match: Outcome = None
    exhausted: Outcome = None
    expired: Outcome = None
    failed: Outcome = None

    def _check(self, name: str) -> None:
        force_setattr(self, "ask", prompt(self.ask, f"{name}.ask"))
        check_text(self.into, f"{name}.into")
        if not isinstance(self.choices, Mapping):
            raise ConfigurationError(f"{name}.choices: expected a mapping from keys to nodes")
        for key in self.choices:
            check_text(key, f"{name}.choices")
            if not key:
                raise ConfigurationError(f"{name}.choices: a key is empty")
        force_setattr(
            self,
            "choices",
            {key: as_choice(choice, f"{name}.choices") for key, choice in self.choices.items()},
        )
        _check_asking(self, name)


class Collect(AnyNode, frozen=True):
    """Ask for digits, or for text.

    Counting is a `Menu`'s. Digits are complete at `longest`, at the terminator, or when no further
    one comes in time; fewer than `shortest` is no_match then, and none at all is no_input.

    Attributes:
        into: the name that the answer gets.
        ask: what is asked.
        shortest, longest: how many digits, or characters of text.
        terminator: a key that ends the digits and is none of them; `""` is none.
        cancel: a key that throws away what was keyed so far and starts again; `""` is none.
        within, between, reply_within, tries: as in `Menu`.
        sensitive: a secret (a PIN, a card): the shell collects it and only gives a reference.
        kind: `digits`, or `text` for anything that can be said or written.
        understand: a function that is given what was said or written (`text`) and answers with the
            value to keep; a template, empty for none.
        args: what else that function is given, operands by name.
        spoken_into: with digits, also listen to speech, and give what was said this name.
        done: the answer is there.
        spoken: words came instead of digits.
        no_input, no_match, exhausted, expired, failed: as in `Menu`.
    """

    into: str
    ask: Said
    shortest: int = 1
    longest: int = MOST_DIGITS
    terminator: str = "#"
    cancel: str = ""
    within: Duration = seconds(5)
    between: Duration = seconds(3)
    reply_within: Duration = hours(24)
    tries: int = 3
    sensitive: bool = False
    kind: Literal["digits", "text"] = "digits"
    understand: str = ""
    args: Mapping[str, Operand] = {}
    spoken_into: str = ""
    done: Outcome = None
    spoken: Outcome = None
    no_input: Outcome = None
    no_match: Outcome = None
    exhausted: Outcome = None
    expired: Outcome = None
    failed: Outcome = None

    def _check(self, name: str) -> None:
        check_name(self.into, f"{name}.into")
        force_setattr(self, "ask", prompt(self.ask, f"{name}.ask"))
        if self.kind not in ("digits", "text"):
            raise ConfigurationError(f"{name}.kind: {self.kind!r} is not one of digits, text")
        most = MOST_DIGITS if self.kind == "digits" else None
        check_number(self.shortest, f"{name}.shortest", 1, most)
        check_number(self.longest, f"{name}.longest", self.shortest, most)
        check_terminator(self.cancel, f"{name}.cancel")
        if self.cancel and self.cancel == self.terminator:
            raise ConfigurationError(f"{name}.cancel: {self.cancel} is the terminator already")
        if not isinstance(self.sensitive, bool):
            raise ConfigurationError(f"{name}.sensitive: {self.sensitive!r} is not true or false")
        if self.sensitive and (self.kind != "digits" or self.understand or self.spoken_into):
            raise ConfigurationError(
                f"{name}.sensitive: a secret is digits that nobody else sees; leave out kind, "
                "understand and spoken_into"
            )
        if self.spoken_into:
            check_name(self.spoken_into, f"{name}.spoken_into")
        _check_asking(self, name)


def _check_asking(node: Menu | Collect, name: str) -> None:
    check_number(node.tries, f"{name}.tries", 1, MOST_TRIES)
    for field in ("within", "between", "reply_within"):
        force_setattr(node, field, duration(getattr(node, field), f"{name}.{field}"))
    check_terminator(node.terminator, f"{name}.terminator")
    check_text(node.understand, f"{name}.understand")
    check_operands(node.args, f"{name}.args")


# --- looking and keeping --------------------------------------------------------------------------


class Case(Value, frozen=True):
    """One branch: a condition, and the node that it leads to."""

    when: str
    then: Outcome = None

    def __post_init__(self) -> None:
        """Check what a type checker cannot.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        check_text(self.when, "Case.when")
        check_target(self.then, "Case.then")


class Branch(AnyNode, frozen=True):
    """Go the way of the first case whose condition holds.

    Attributes:
        cases: conditions, looked at in order.
        otherwise: none of them holds.
        failed: never taken, for what cannot be compared does not hold; it keeps an imported
            document's way.
    """

    cases: Several[Case]
    otherwise: Outcome = None
    failed: Outcome = None

    def _check(self, name: str) -> None:
        force_setattr(self, "cases", several(self.cases, Case, f"{name}.cases"))


class Assign(AnyNode, frozen=True):
    """Give names values; all operands are worked out before the first name changes.

    Attributes:
        values: operands by name.
        then: always, unless it failed.
        failed: an operand could not be worked out.
    """

    values: Mapping[str, Operand]
    then: Outcome = None
    failed: Outcome = None

    def _check(self, name: str) -> None:
        check_operands(self.values, f"{name}.values")


class Hours(AnyNode, frozen=True):
    """Look whether a calendar is open now.

    Attributes:
        calendar: the calendar's name, a template; the machine is given the calendars.
        open, closed: what it says.
        failed: there is no such calendar.
    """

    calendar: str
    open: Outcome = None
    closed: Outcome = None
    failed: Outcome = None

    def _check(self, name: str) -> None:
        check_text(self.calendar, f"{name}.calendar")


class Loop(AnyNode, frozen=True):
    """Count: go `again` exactly so many times, then `done`, and count from the start again.

    Attributes:
        times: a whole number, or an operand that gives one.
        again, done: as above.
        failed: the operand gave no whole number.
    """

    times: int | Operand
    again: Outcome = None
    done: Outcome = None
    failed: Outcome = None

    def _check(self, name: str) -> None:
        if isinstance(self.times, str):
            check_text(self.times, f"{name}.times")
        else:
            check_number(self.times, f"{name}.times", 0)


class Share(Value, frozen=True):
    """So many percent of all sessions, and the node that they go to."""

    percent: int
    then: Outcome = None

    def __post_init__(self) -> None:
        """Check what a type checker cannot.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        check_number(self.percent, "Share.percent", 0, 100)
        check_target(self.then, "Share.then")


class Split(AnyNode, frozen=True):
    """Send shares of the sessions different ways; one session always goes the same way.

    Attributes:
        shares: at most 100 percent together.
        otherwise: the rest.
    """

    shares: Several[Share]
    otherwise: Outcome = None

    def _check(self, name: str) -> None:
        force_setattr(self, "shares", several(self.shares, Share, f"{name}.shares"))
        total = sum(share.percent for share in self.shares)
        if total > 100:  # noqa: PLR2004 - percent
            raise ConfigurationError(f"{name}.shares: {total} percent is more than there is")


class Setting(AnyNode, frozen=True):
    """Set something without talking: voice, language, recording, logging, hooks.

    Attributes:
        values: operands by the setting's name. All of them go to the shell, and are values of the
            session too; `language` is the session's language from here on.
        then: always, unless it failed.
        failed: an operand could not be worked out.
    """

    values: Mapping[str, Operand]
    then: Outcome = None
    failed: Outcome = None

    def _check(self, name: str) -> None:
        check_operands(self.values, f"{name}.values")


# --- asking the application -----------------------------------------------------------------------


class Invoke(AnyNode, frozen=True):
    """Call a function or service of the application and wait for its answer.

    Attributes:
        function: its name, a template.
        args: operands by the argument's name.
        into: the name that the answer gets; a mapping gives `into.key` for each key.
        within: how long it may take.
        done: it answered.
        errors: failures that have a name, and a way of their own.
        failed: it failed otherwise, or took longer.
    """

    function: str
    args: Mapping[str, Operand] = {}
    into: str = ""
    within: Duration = seconds(10)
    done: Outcome = None
    errors: Mapping[str, Outcome] = {}
    failed: Outcome = None

    def _check(self, name: str) -> None:
        check_text(self.function, f"{name}.function")
        check_ways(self.errors, f"{name}.errors")
        check_operands(self.args, f"{name}.args")
        if self.into:
            check_name(self.into, f"{name}.into")
        force_setattr(self, "within", duration(self.within, f"{name}.within"))


class Wait(AnyNode, frozen=True):
    """Wait.

    Attributes:
        for_: how long; `None` until something interrupts it. Written `for` in documents.
        meanwhile: prompts that are played in turn, over and over.
        then: the time is over.
        interrupted: the customer did something; not wired, the wait goes on.
        failed: it could not be waited.
    """

    for_: Duration | None = msgspec.field(name="for")
    meanwhile: Several[Said] = default(())
    then: Outcome = None
    interrupted: Outcome = None
    failed: Outcome = None

    def _check(self, name: str) -> None:
        if self.for_ is not None:
            force_setattr(self, "for_", duration(self.for_, f"{name}.for"))
        field = f"{name}.meanwhile"
        prompts = tuple(prompt(said, field) for said in row(self.meanwhile, "prompts", field))
        force_setattr(self, "meanwhile", prompts)


class Record(AnyNode, frozen=True):
    """Record the caller.

    Attributes:
        into: the name that the reference to the recording gets.
        longest: how long at most.
        silence: how much silence ends it.
        terminator: a key that ends it; `""` is none.
        then: it is recorded.
        no_input: nothing was said.
        failed: it could not be recorded.
    """

    into: str
    longest: Duration = minutes(2)
    silence: Duration = seconds(5)
    terminator: str = "#"
    then: Outcome = None
    no_input: Outcome = None
    failed: Outcome = None

    def _check(self, name: str) -> None:
        check_name(self.into, f"{name}.into")
        for field in ("longest", "silence"):
            force_setattr(self, field, duration(getattr(self, field), f"{name}.{field}"))
        check_terminator(self.terminator, f"{name}.terminator")


# --- giving the contact to somebody ---------------------------------------------------------------


class HandOff(AnyNode, frozen=True):
    """Give the contact to a queue, with what was asked and answered.

    Attributes:
        queue: the queue's id, a template.
        requires: what the contact needs, as a requirement's text.
        priority: points.
        context: names whose values go along; empty is all that are no secret.
        then: an agent has ended it and the customer is still here.
        full, closed: the queue does not take it.
        failed: it could not be handed over.
    """

    queue: str
    requires: str = ""
    priority: int = 0
    context: Several[str] = default(())
    then: Outcome = None
    full: Outcome = None
    closed: Outcome = None
    failed: Outcome = None

    def _check(self, name: str) -> None:
        check_text(self.queue, f"{name}.queue")
        check_requirement(self.requires, f"{name}.requires")
        check_number(self.priority, f"{name}.priority")
        force_setattr(self, "context", texts(self.context, f"{name}.context"))


class CallBack(AnyNode, frozen=True):
    """Arrange that the customer is called back.

    Attributes:
        queue: the queue whose agent calls, a template.
        number: an operand, the number to call.
        requires, priority, context: as in `HandOff`.
        after: how long to wait at least before calling.
        then: it is arranged.
        failed: it could not be.
    """

    queue: str
    number: Operand
    requires: str = ""
    priority: int = 0
    context: Several[str] = default(())
    after: Duration = seconds(0)
    then: Outcome = None
    failed: Outcome = None

    def _check(self, name: str) -> None:
        check_text(self.queue, f"{name}.queue")
        check_text(self.number, f"{name}.number")
        check_requirement(self.requires, f"{name}.requires")
        check_number(self.priority, f"{name}.priority")
        force_setattr(self, "context", texts(self.context, f"{name}.context"))
        force_setattr(self, "after", duration(self.after, f"{name}.after"))


class Transfer(AnyNode, frozen=True):
    """Connect the caller with a number outside, and come back when that is over.

    Attributes:
        to: an operand, the number or address.
        within: how long it may ring.
        done: they talked.
        busy, no_answer, failed: they did not.
    """

    to: Operand
    within: Duration = seconds(30)
    done: Outcome = None
    busy: Outcome = None
    no_answer: Outcome = None
    failed: Outcome = None

    def _check(self, name: str) -> None:
        check_text(self.to, f"{name}.to")
        force_setattr(self, "within", duration(self.within, f"{name}.within"))


# --- other flows, and the end ---------------------------------------------------------------------


class CallFlow(AnyNode, frozen=True):
    """Run another flow and come back at its `End`.

    Attributes:
        flow: its id, a template.
        then: it ended.
        failed: there is no such flow, or flows call each other too deep.
    """

    flow: str
    then: Outcome = None
    failed: Outcome = None

    def _check(self, name: str) -> None:
        check_text(self.flow, f"{name}.flow")


class GotoFlow(AnyNode, frozen=True):
    """Go on in another flow and never come back.

    Attributes:
        flow: its id, a template.
        failed: there is no such flow.
    """

    flow: str
    failed: Outcome = None

    def _check(self, name: str) -> None:
        check_text(self.flow, f"{name}.flow")


class End(AnyNode, frozen=True):
    """End the flow.

    Attributes:
        disconnect: whether to hang up. `None` goes back to the calling flow and hangs up where
            there is none; `True` hangs up in any case; `False` leaves the connection as it is.
    """

    disconnect: bool | None = None

    def _check(self, name: str) -> None:
        if self.disconnect not in (None, True, False):
            raise ConfigurationError(f"{name}.disconnect: expected true, false or none")


class Opaque(AnyNode, frozen=True):
    """What an importer met and the machine cannot run; reaching it takes `failed`.

    Attributes:
        kind: what it was called.
        parameters: what it had, as plain data.
        then: its way on.
        others: its other ways, by name.
        failed: where its errors led.
        diagnostic: why it cannot be run.
    """

    kind: str
    parameters: Mapping[str, Any] = {}
    then: Outcome = None
    others: Mapping[str, Outcome] = {}
    failed: Outcome = None
    diagnostic: str = ""

    def _check(self, name: str) -> None:
        check_text(self.kind, f"{name}.kind")
        check_text(self.diagnostic, f"{name}.diagnostic")
        if not isinstance(self.parameters, Mapping):
            raise ConfigurationError(f"{name}.parameters: expected a mapping of names")
        check_ways(self.others, f"{name}.others")


Node: TypeAlias = (
    Say
    | Menu
    | Collect
    | Branch
    | Assign
    | Hours
    | Loop
    | Split
    | Setting
    | Invoke
    | Wait
    | Record
    | HandOff
    | CallBack
    | Transfer
    | CallFlow
    | GotoFlow
    | End
    | Opaque
)
"""Everything that a flow is made of."""

NODES: tuple[type[AnyNode], ...] = get_args(Node)
INTERACTIVE: tuple[type[AnyNode], ...] = (
    Say,
    Menu,
    Collect,
    Wait,
    Record,
    HandOff,
    Transfer,
)
"""Nodes that need the customer; a clean-up has none of them."""


# --- where the names of other nodes stand ---------------------------------------------------------


def outcomes(node: Node) -> tuple[tuple[str, str | None], ...]:
    """Return a node's ways out: (name, node that it leads to, or `None` where it is not wired).

    Names are field names (`then`, `no_input`), and for ways that a field holds several of, its name
    with the key or the place: `choices[1]`, `cases[0]`, `shares[2]`, `others[Error]`.
    """
    field, several = _several_ways(node)
    listed = ((f"{field}[{key}]", target) for key, target in several.items())
    return (*listed, *((name, getattr(node, name)) for name in _outcome_fields(type(node))))


def retarget(node: Node, names: Mapping[str, str | None]) -> Node:
    """Return a node whose ways lead elsewhere: each name of a node that `names` has is replaced."""

    def to(target: str | None) -> str | None:
        return target if target is None else names.get(target, target)

    changes: dict[str, Any] = {
        name: to(getattr(node, name)) for name in _outcome_fields(type(node))
    }
    if isinstance(node, Menu):
        changes["choices"] = {
            key: replace(choice, then=to(choice.then)) for key, choice in choices(node).items()
        }
    elif isinstance(node, Branch):
        changes["cases"] = tuple(replace(case, then=to(case.then)) for case in node.cases)
    elif isinstance(node, Split):
        changes["shares"] = tuple(replace(share, then=to(share.then)) for share in node.shares)
    elif isinstance(node, Opaque):
        changes["others"] = {way: to(target) for way, target in node.others.items()}
    elif isinstance(node, Invoke):
        changes["errors"] = {way: to(target) for way, target in node.errors.items()}
    return replace(node, **changes)


def choices(menu: Menu) -> Mapping[str, Choice]:
    """Return a menu's choices by key (the field itself also takes bare names when it is built)."""
    return cast("Mapping[str, Choice]", menu.choices)  # as `_check` left them


def as_choice(value: object, field: str = "choice") -> Choice:
    """Return a choice: the bare name of a node becomes one.

    Raises:
        ConfigurationError: it is neither; names the field.
    """
    if isinstance(value, Choice):
        return value
    if isinstance(value, str):
        check_target(value, field)
        return Choice(value)
    raise ConfigurationError(f"{field}: {value!r:.40} is neither a node's name nor a Choice")


def said(node: Node) -> Iterator[tuple[str, Prompt]]:
    """Go through everything that a node says: (field, prompt)."""
    if isinstance(node, Say):
        yield "prompt", prompt(node.prompt)
    elif isinstance(node, (Menu, Collect)):
        yield "ask", prompt(node.ask)
    elif isinstance(node, Wait):
        for at, one in enumerate(node.meanwhile):
            yield f"meanwhile[{at}]", prompt(one)
    if isinstance(node, Menu):
        for key, choice in choices(node).items():
            if choice.label is not None:
                yield f"choices[{key}].label", prompt(choice.label)


def _several_ways(node: Node) -> tuple[str, Mapping[str, str | None]]:
    """Return the field that holds several ways, and where each leads, by its key or place."""
    if isinstance(node, Menu):
        return "choices", {key: choice.then for key, choice in choices(node).items()}
    if isinstance(node, Branch):
        return "cases", {str(place): case.then for place, case in enumerate(node.cases)}
    if isinstance(node, Split):
        return "shares", {str(place): share.then for place, share in enumerate(node.shares)}
    if isinstance(node, Invoke):
        return "errors", node.errors
    if isinstance(node, Opaque):
        return "others", node.others
    return "", {}


@cache
def _outcome_fields(kind: type[AnyNode]) -> tuple[str, ...]:
    hints = get_type_hints(kind, include_extras=True)
    return tuple(
        name
        for name in kind.__struct_fields__
        if get_origin(hints[name]) is Annotated and Leads in get_args(hints[name])
    )
