"""A flow made ready to run: each text parsed, each prompt sorted, each way known, once.

Rule: nothing here depends on a session. What a step needs of a node it finds in one look-up, so a
step costs the same in a flow of ten nodes and in one of ten thousand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from tongdai.errors import ConfigurationError, MissingNode, ParseError, did_you_mean
from tongdai.ivr import nodes
from tongdai.ivr.flow import Flow, Handler
from tongdai.ivr.keys import Choosing, Digits, Keying
from tongdai.ivr.nodes import Node, outcomes
from tongdai.ivr.prompts import ANY_LANGUAGE, Modality, Prompt, Wording, base, prompt
from tongdai.ivr.session import MOST_AHEAD
from tongdai.ivr.texts import texts
from tongdai.model.codec import encode
from tongdai.model.expression import Expression, Name, Operand, Plain, Template, spoken
from tongdai.model.text import Choices

Values: TypeAlias = Mapping[str, Plain]
"""Values by name."""

_MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"})


_HANDLERS = 10**1_024  # handlers are read as choices from this number: no answer is so long


class ReadyWording:
    """One wording whose texts are parsed.

    Attributes:
        spoken, written: whether there is something to say over voice, and over messages.
        fixed: text, SSML and audio where they name no values, else `None`.
    """

    __slots__ = ("_audio", "_ssml", "_text", "fixed", "spoken", "written")

    def __init__(self, wording: Wording) -> None:
        self.spoken, self.written = wording.fits("voice"), wording.fits("chat")
        parsed = [Template.parse(text) for text in (wording.text, wording.ssml, wording.audio)]
        self._text, self._ssml, self._audio = parsed
        self.fixed: tuple[str, str, str] | None = None
        if not any(template.names for template in parsed):
            self.fixed = self.filled({})

    def fits(self, modality: Modality) -> bool:
        """Return whether there is something to say over this modality."""
        return self.spoken if modality == "voice" else self.written

    def filled(self, values: Values) -> tuple[str, str, str]:
        """Return text, SSML and audio with these values in them."""
        return self._text.render(values), marked_up(self._ssml, values), self._audio.render(values)


class Saying:
    """A prompt whose wordings are found at once."""

    __slots__ = ("_by_language", "_first", "barge_in")

    def __init__(self, said: Prompt, fallback: str) -> None:
        self.barge_in = said.barge_in
        self._by_language = {
            language: tuple(ReadyWording(wording) for wording in wordings)
            for language, wordings in said
        }
        known = self._by_language
        chain = (ANY_LANGUAGE, fallback, base(fallback), *known)
        self._first = next(known[language] for language in chain if language in known)

    def find(self, language: str, before: int) -> ReadyWording:
        """Return what to say, as `Prompt.wording` does."""
        known = self._by_language
        wordings = known.get(language) or known.get(base(language)) or self._first
        return wordings[before if before < len(wordings) else -1]


class Asking:
    """What a `Menu` or a `Collect` needs to read its answers.

    Attributes:
        saying: the question.
        keying: what keys mean.
        choices: what words mean; `None` in a `Collect`.
        labels: keys and labels, in order, for buttons and numbered lines.
        lines: whether the labels stand as lines where there are no buttons.
        speech: whether speech is listened for.
        hints: words that are expected.
        hears: digits, speech, text and hints, as it is listened over voice.
        ways: the outcome of each choice.
        collects, secret: whether it is a `Collect`, and one of a secret.
        within, between, reply_within, tries: as in the node.
        function: who makes sense of what nobody else understands; `None` for nobody.
        args: what that is given.
    """

    __slots__ = (
        "args",
        "between",
        "choices",
        "collects",
        "function",
        "hears",
        "hints",
        "keying",
        "labels",
        "lines",
        "reply_within",
        "saying",
        "secret",
        "speech",
        "tries",
        "ways",
        "within",
    )

    def __init__(self, node: nodes.Menu | nodes.Collect, flow: ReadyFlow) -> None:
        self.saying = Saying(prompt(node.ask), flow.fallback)
        self.within, self.between = node.within, node.between
        self.reply_within, self.tries = node.reply_within, node.tries
        self.collects = isinstance(node, nodes.Collect)
        self.secret = isinstance(node, nodes.Collect) and node.sensitive
        self.function = Template.parse(node.understand) if node.understand else None
        self.args = operands(node.args)
        self.choices: Choices | None = None
        self.labels: tuple[tuple[str, Saying | None], ...] = ()
        self.lines = False
        self.ways: dict[str, str] = {}
        self.hints: tuple[str, ...] = ()
        self.keying: Keying
        if isinstance(node, nodes.Menu):
            self._choosing(node, flow)
            wanted = bool(self.hints)
        else:
            digits = node.kind == "digits"
            self.keying = (
                Digits(node.shortest, node.longest, node.terminator, node.cancel)
                if digits
                else Choosing((), node.terminator)
            )
            wanted = not digits or bool(node.spoken_into)
        self.speech = wanted or self.function is not None or flow.words is not None
        self.hears = (True, self.speech, False, self.hints)

    def _choosing(self, node: nodes.Menu, flow: ReadyFlow) -> None:
        listed = nodes.choices(node)
        self.keying = Choosing(listed, node.terminator)
        texts: dict[str, list[str]] = {}
        for key, choice in listed.items():
            label = prompt(choice.label) if choice.label is not None else None
            said = [one.text for _, wordings in label for one in wordings] if label else []
            texts[key] = [*said, *choice.says]
        self.choices = Choices(texts)
        self.hints = tuple(text for said in texts.values() for text in said)
        self.ways = {key: f"choices[{key}]" for key in listed}
        self.labels = tuple(
            (key, None if choice.label is None else Saying(prompt(choice.label), flow.fallback))
            for key, choice in listed.items()
        )
        self.lines = any(label for _, label in self.labels)


class ReadyNode:
    """A node with its ways, and what its class needs.

    Attributes:
        name: the node's name.
        key: the node's name with its flow's.
        node: the node itself.
        ways: where each outcome leads; only those that are wired.
        asks: whether it is a question; only then has it a `question`.
        sayings: the prompts of `Say` and `Wait`.
        cases: conditions with the outcome each leads to.
        operands: values to work out, by name.
        text: the template that a class has one of (a function, a queue, a flow, a calendar).
        operand: the operand that a class has one of (a number to call, how often to loop).
        room: how many keys may be kept here for later.
    """

    __slots__ = (
        "asks",
        "cases",
        "key",
        "name",
        "node",
        "operand",
        "operands",
        "question",
        "room",
        "sayings",
        "text",
        "ways",
    )

    def __init__(self, name: str, node: Node, flow: ReadyFlow) -> None:
        self.name = name
        self.key = f"{flow.flow.id}/{name}"
        self.node = node
        self.ways = {way: target for way, target in outcomes(node) if target is not None}
        self.question: Asking
        self.asks = isinstance(node, (nodes.Menu, nodes.Collect))
        self.sayings: tuple[Saying, ...] = ()
        self.cases: tuple[tuple[Expression, str], ...] = ()
        self.operands: Mapping[str, Operand] = {}
        self.text: Template | None = None
        self.operand: Operand | None = None
        self.room = MOST_AHEAD
        self._prepare(flow)

    def _prepare(self, flow: ReadyFlow) -> None:  # noqa: C901 - a case a class
        match self.node:
            case nodes.Menu() | nodes.Collect() as node:
                self.question = Asking(node, flow)
            case nodes.Say(said):
                self.sayings = (Saying(prompt(said), flow.fallback),)
            case nodes.Wait() as node:
                several = (prompt(said) for said in node.meanwhile)
                self.sayings = tuple(Saying(said, flow.fallback) for said in several)
            case nodes.Branch(cases):
                self.cases = tuple(
                    (Expression.parse(case.when), f"cases[{place}]")
                    for place, case in enumerate(cases)
                )
            case nodes.Assign(values) | nodes.Setting(values):
                self.operands = operands(values)
            case nodes.Invoke(function, args):
                self.text, self.operands = Template.parse(function), operands(args)
            case nodes.HandOff(text) | nodes.CallFlow(text) | nodes.GotoFlow(text):
                self.text = Template.parse(text)
            case nodes.Hours(text):
                self.text = Template.parse(text)
            case nodes.CallBack(queue, number):
                self.text, self.operand = Template.parse(queue), Operand.parse(number)
            case nodes.Transfer(to):
                self.operand = Operand.parse(to)
            case nodes.Loop(str(times)):
                self.operand = Operand.parse(times)
            case _:
                pass


class ReadyFlow:
    """A flow whose nodes are ready.

    Attributes:
        flow: the flow.
        nodes: its nodes, by name.
        hash: its structural hash.
        fallback: the language that it falls back to.
        facts: whether a text in it may name a fact about the session (`session.id` ...).
        keys: what keys mean in the whole flow.
        words: what words mean in the whole flow; `None` for nothing.
    """

    __slots__ = ("facts", "fallback", "flow", "hash", "keys", "nodes", "words")

    def __init__(self, flow: Flow) -> None:
        """Make a flow ready.

        Raises:
            ConfigurationError: a text in it does not parse; names the node.
        """
        self.flow = flow
        self.hash = flow.structural_hash()
        self.facts = b"session." in _as_data(flow)
        self.fallback = next(iter(flow.spoken), "")
        self.keys: dict[str, Handler] = {
            key: handler for handler in flow.handlers for key in handler.keys
        }
        handlers = enumerate(flow.handlers, _HANDLERS)
        said = {str(number): handler.says for number, handler in handlers if handler.says}
        self.words = Choices(said) if said else None
        self.nodes: dict[str, ReadyNode] = {}
        for name, node in flow.nodes.items():
            try:
                self.nodes[name] = ReadyNode(name, node, self)
            except ConfigurationError as error:
                where = "".join(f", {field}" for field in _unread(node))
                raise ConfigurationError(
                    f"flow {flow.id}, node {name!r}{where}: {error}"
                ) from error

    def __contains__(self, name: object) -> bool:
        """Return whether there is a node of this name."""
        return name in self.nodes

    def __iter__(self) -> Iterator[ReadyNode]:
        """Go through the nodes."""
        return iter(self.nodes.values())

    def node(self, name: str) -> ReadyNode:
        """Return a node.

        Raises:
            MissingNode: there is none of this name.
        """
        found = self.nodes.get(name)
        if found is None:
            near = did_you_mean(name, self.nodes)
            raise MissingNode(
                f"flow {self.flow.id}: there is no node {name!r}.{near}", self.flow.id, name
            )
        return found

    def handler(self, words: str) -> Handler | None:
        """Return what words mean in the whole flow."""
        number = None if self.words is None else self.words.read(words)
        return None if number is None else self.flow.handlers[int(number) - _HANDLERS]


def _as_data(flow: Flow) -> bytes:
    """Return a flow as JSON.

    Raises:
        ConfigurationError: something in it is no plain data.
    """
    try:
        return encode(flow)
    except (NotImplementedError, TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"flow {flow.id}: extra and parameters hold plain data, as JSON has it; {error}"
        ) from error


def _unread(node: Node) -> Iterator[str]:
    """Go to the first field of a node in which a text does not parse."""
    for text in texts(node):
        try:
            text.names()
        except ParseError:
            yield text.field
            return


def operands(values: Mapping[str, str]) -> dict[str, Operand]:
    """Return operands parsed, by name.

    Raises:
        ConfigurationError: one does not parse; names it.
    """
    made: dict[str, Operand] = {}
    for name, text in values.items():
        try:
            made[name] = Operand.parse(text)
        except ConfigurationError as error:
            raise ConfigurationError(f"{name}: {error}") from error
    return made


def marked_up(template: Template, values: Values) -> str:
    """Return SSML with these values in it, none of which can be read as markup."""
    return "".join(
        spoken(Operand.parse(part.name).value(values)).translate(_MARKUP)
        if isinstance(part, Name)
        else part
        for part in template.parts
    )
