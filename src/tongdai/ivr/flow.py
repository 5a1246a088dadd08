"""A flow: nodes by name, where it starts, and what holds in all of it.

Rule: a flow is a value. Built in Python or read from a document it is the same, and equal. It may
be wrong as a whole (a way that leads nowhere): `lint.check` finds that, all of it at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, TypeAlias, cast

import msgspec
from msgspec.structs import force_setattr

from tongdai.errors import ConfigurationError
from tongdai.ivr.checks import check_node_name, check_several, check_target, check_texts
from tongdai.ivr.nodes import (
    AnyNode,
    Node,
    Outcome,
    outcomes,
    said,
)
from tongdai.ivr.prompts import ANY_LANGUAGE
from tongdai.model.ids import check_id
from tongdai.model.personal import Value
from tongdai.model.text import check_text


class AnyHandler(Value, frozen=True, kw_only=True, tag_field="do", tag=str.lower):
    """The base of what holds in the whole flow: keys and words that work at every question.

    Attributes:
        keys: keys that mean it, where the question at hand does not use them itself.
        says: words that mean it, where they are no answer to the question at hand.
    """

    keys: tuple[str, ...] = ()
    says: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check what a type checker cannot.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        for field in ("keys", "says"):
            values = check_texts(getattr(self, field), f"{type(self).__name__}.{field}")
            force_setattr(self, field, values)


class Operator(AnyHandler, frozen=True):
    """The way to a person: go to a node."""

    to: Outcome

    def __post_init__(self) -> None:
        """Check the node's name too.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        super().__post_init__()
        check_target(self.to, "Operator.to")


class Repeat(AnyHandler, frozen=True):
    """Say the question once more; it counts as no try."""


class Language(AnyHandler, frozen=True):
    """Go on in another language, from the question at hand."""

    to: str

    def __post_init__(self) -> None:
        """Check the language too.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        super().__post_init__()
        check_id(self.to, "Language.to")


Handler: TypeAlias = Operator | Repeat | Language


class Flow(Value, frozen=True):
    """A conversation as data.

    Attributes:
        id: the flow's id.
        start: the name of the node where it starts.
        nodes: the nodes by name.
        version: what tells this one from others of the same id; sessions stay on theirs.
        languages: the languages it speaks, the first being the fallback; empty: those of its
            prompts, in the order in which they stand.
        on_hangup: the first node of the clean-up that runs when the customer hangs up; empty for
            none. A clean-up has no interactive nodes.
        expired: where a reply goes that comes too late, if its question has no `expired` of its
            own.
        handlers: keys and words that work at every question.
        extra: what an imported document said beside the nodes, as plain data.
    """

    id: str
    start: str = msgspec.field()
    nodes: Mapping[str, Node] = msgspec.field()
    version: str = ""
    languages: tuple[str, ...] = ()
    on_hangup: str = ""
    expired: Outcome = None
    handlers: tuple[Handler, ...] = ()
    extra: Mapping[str, Any] = {}

    def __post_init__(self) -> None:
        """Check each part; how they fit together is for `lint.check`.

        Raises:
            ConfigurationError: names the field and what would be right.
        """
        check_id(self.id, "Flow.id")
        check_node_name(self.start, "Flow.start")
        check_text(self.version, "Flow.version")
        check_target(self.on_hangup or None, "Flow.on_hangup")
        check_target(self.expired, "Flow.expired")
        if not isinstance(self.nodes, Mapping):
            raise ConfigurationError("Flow.nodes: expected a mapping from names to nodes")
        for name, node in self.nodes.items():
            check_node_name(name, "Flow.nodes")
            if not isinstance(node, AnyNode):
                raise ConfigurationError(
                    f"Flow.nodes[{name}]: {type(node).__name__} is not a node, such as Say or Menu"
                )
        force_setattr(self, "handlers", check_several(self.handlers, AnyHandler, "Flow.handlers"))
        force_setattr(self, "languages", check_texts(self.languages, "Flow.languages"))
        if not isinstance(self.extra, Mapping):
            raise ConfigurationError("Flow.extra: expected a mapping of names")

    @property
    def spoken(self) -> tuple[str, ...]:
        """The languages it speaks, the fallback first."""
        if self.languages:
            return self.languages
        heard = (
            language
            for node in self.nodes.values()
            for _, prompt in said(node)
            for language in prompt.languages
        )
        return tuple(name for name in dict.fromkeys(heard) if name != ANY_LANGUAGE)

    def structural_hash(self) -> str:
        """Return a short text that differs where the graph does.

        It covers the kinds, names and outcomes of the nodes, not what they say: wording may be
        mended under running sessions.
        """
        shape = [
            [self.start, self.on_hangup, self.expired],
            [
                [name, type(node).__name__, outcomes(node)]
                for name, node in sorted(self.nodes.items())
            ],
        ]
        return blake2b(msgspec.json.encode(shape), digest_size=8).hexdigest()

    @classmethod
    def from_yaml(cls, text: str | bytes) -> Flow:
        """Return the flow that a YAML document states (see `document.read_yaml`)."""
        from tongdai.ivr import document  # noqa: PLC0415 - it builds flows, so it imports this

        return document.read_yaml(text)

    @classmethod
    def from_json(cls, text: str | bytes) -> Flow:
        """Return the flow that a JSON document states (see `document.read_json`)."""
        from tongdai.ivr import document  # noqa: PLC0415 - it builds flows, so it imports this

        return document.read_json(text)

    def to_yaml(self) -> str:
        """Return the flow as a YAML document."""
        from tongdai.ivr import document  # noqa: PLC0415 - it builds flows, so it imports this

        return document.write_yaml(self)

    def to_json(self) -> str:
        """Return the flow as a JSON document."""
        from tongdai.ivr import document  # noqa: PLC0415 - it builds flows, so it imports this

        return document.write_json(self)


def several_flows(flows: object, field: str) -> tuple[Flow, ...]:
    """Return flows as a tuple.

    Raises:
        ConfigurationError: they are not several, or one is something else; names the field.
    """
    if isinstance(flows, Flow) or not isinstance(flows, Iterable):
        raise ConfigurationError(f"{field}: expected several flows, such as [flow]")
    return check_several(tuple(cast("Iterable[object]", flows)), Flow, field)
