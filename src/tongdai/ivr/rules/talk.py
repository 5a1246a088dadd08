"""Rules about what is said, answered and kept: languages, modalities, keys, words and secrets.

Rule: what a customer could answer is read by the reader that the machine uses, so that what is
found is what would happen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tongdai.errors import ParseError
from tongdai.ivr.checks import KEYS
from tongdai.ivr.findings import Finding, error, listed, warning
from tongdai.ivr.flow import Language
from tongdai.ivr.graph import reached, reaching
from tongdai.ivr.leaks import leaks
from tongdai.ivr.nodes import (
    CallBack,
    CallFlow,
    Collect,
    GotoFlow,
    HandOff,
    Menu,
    Node,
    Opaque,
    Record,
    Transfer,
    Wait,
    choices,
    said,
)
from tongdai.ivr.prompts import ANY_LANGUAGE, Modality, Prompt, base, prompt
from tongdai.ivr.rules.about import About
from tongdai.ivr.texts import constant, texts
from tongdai.model.text import Choices, fold

_USES = {"said": "says", "given": "gives away"}


def text(about: About) -> Iterator[Finding]:
    """Find conditions, operands and templates that do not parse."""
    for name, node in about.flow.nodes.items():
        for one in texts(node):
            try:
                one.names()
            except ParseError as wrong:
                what = f"{one.field} is no {one.reads}: {wrong.message}"
                where = f"Mend {one.text:.60} at character {wrong.position + 1}"
                yield error(name, "text", what, where, one.field)


def secret(about: About) -> Iterator[Finding]:
    """Find secrets that would be said or given away."""
    for leak in leaks(about.flow, [one for one in about.flows.values() if one != about.flow]):
        *before, name = leak.path
        came = f" (copied from {before[-1]})" if before else ""
        yield error(
            leak.node,
            "secret",
            f"{leak.field} {_USES[leak.use]} {name}{came}, which is a secret",
            f"Take {name} out; only functions may be given it",
            leak.field,
        )


def duplicate_key(about: About) -> Iterator[Finding]:
    """Find keys that mean two things: in a menu, or among what holds in the whole flow."""
    for name, node in about.flow.nodes.items():
        if isinstance(node, Menu):
            for keys in _twice((key, fold(key)) for key in node.choices):
                yield error(
                    name,
                    "duplicate_key",
                    f"keys {listed([repr(key) for key in keys])} are the same",
                    "Give each choice a key of its own",
                    "choices",
                )
    handlers = list(enumerate(about.flow.handlers))
    for field in ("keys", "says"):
        named = ((f"handlers[{at}]", fold(one)) for at, h in handlers for one in getattr(h, field))
        for places in _twice(named):
            yield error(
                "",
                "duplicate_key",
                f"{listed(places)} have {field} in common",
                "Let each key and word mean one thing",
                "handlers",
            )


def collision(about: About) -> Iterator[Finding]:
    """Find answers that would mean two choices, and so mean neither."""
    for name, node in about.flow.nodes.items():
        if not isinstance(node, Menu):
            continue
        met: dict[tuple[str, ...], str] = {}
        for word, keys in Choices(answers(node)).collisions.items():
            if len({fold(key) for key in keys}) == len(
                keys
            ):  # (else it is their keys that collide)
                met.setdefault(keys, word)
        for keys, word in met.items():
            yield error(
                name,
                "collision",
                f"{word!r} could mean choices {listed(keys)}, so it means none of them",
                "Give them labels and words that differ without case and accents",
                "choices",
            )


def _twice(named: Iterable[tuple[str, str]]) -> Iterator[list[str]]:
    """Go through the names that stand for one thing several times over."""
    found: dict[str, list[str]] = {}
    for name, thing in named:
        found.setdefault(thing, []).append(name)
    yield from (names for names in found.values() if len(names) > 1)


def answers(menu: Menu) -> dict[str, tuple[str, ...]]:
    """Return what each choice of a menu can be answered with beside its key, in any language."""
    found: dict[str, tuple[str, ...]] = {}
    for key, one in choices(menu).items():
        labels = prompt(one.label) if one.label is not None else ()
        said = (wording.text for _, wordings in labels for wording in wordings)
        found[key] = (*said, *one.says)
    return found


def modality(about: About) -> Iterator[Finding]:
    """Find nodes that a session of some modality comes to, and that cannot be there."""
    for name in about.reached:
        node = about.flow.nodes[name]
        why: dict[str, list[str]] = {}
        for one in about.modalities:
            if name in about.reached_on[one]:
                for reason in impossible(node, one):
                    why.setdefault(reason, []).append(one)
        for reason, several in why.items():
            rest = [repr(one) for one in about.modalities if one not in several]
            apart = f", or check it for modalities=[{', '.join(rest)}]" if rest else ""
            yield error(
                name,
                "modality",
                f"{reason} on {listed(several, 'or')}",
                f"Branch on session.modality before it{apart}",
            )


def impossible(node: Node, modality: Modality) -> Iterator[str]:
    """Go through the reasons for which a node cannot be on a modality."""
    if isinstance(node, (Record, Transfer)) and modality != "voice":
        yield f"there is nothing to {type(node).__name__.lower()}"
    if isinstance(node, Collect) and node.sensitive and modality == "sms":
        yield "a secret would stand in a message"
    if isinstance(node, Menu) and modality == "voice" and not node.understand:
        mute = [
            key
            for key, one in choices(node).items()
            if not KEYS.issuperset(key) and one.label is None and not one.says
        ]
        if mute:
            yield f"{listed([repr(key) for key in mute])} can be neither keyed nor said"
    if not isinstance(node, Wait):
        for field, one in said(node):
            if any(not wording.fits(modality) for _, wordings in one for wording in wordings):
                yield f"{field} has nothing to say"


def language(about: About) -> Iterator[Finding]:
    """Find prompts that are missing in one of the flow's languages."""
    flow = about.flow
    spoken = list(flow.spoken)
    for handler in flow.handlers:
        if isinstance(handler, Language) and handler.to not in spoken:
            spoken.append(handler.to)
    for name in about.reached:
        for field, one in said(flow.nodes[name]):
            missing = [wanted for wanted in spoken if not _speaks(one, wanted)]
            if missing:
                heard = one.wording(missing[0], spoken[0]).text
                yield warning(
                    name,
                    "language",
                    f"{field} is missing in {listed(missing)}; heard is {heard:.30}",
                    f"Add {', '.join(missing)} to {field}",
                    field,
                )


def _speaks(one: Prompt, wanted: str) -> bool:
    return any(name in one.languages for name in (wanted, base(wanted), ANY_LANGUAGE))


def no_person(about: About) -> Iterator[Finding]:
    """Find questions from which no way leads to a person, or that there is none at all."""
    nodes = about.flow.nodes
    helpful = _helpful(about)
    people = [name for name in about.reached if _leads_on(nodes[name], about, helpful)]
    if not people:
        yield warning(
            "",
            "no_person",
            "no way leads to a person",
            "Add a HandOff, and lead exhausted and failed to it",
        )
        return
    near = reaching(people, about.reached, about.after)
    for name in about.reached:
        if name not in near and isinstance(nodes[name], (Menu, Collect)):
            yield warning(
                name,
                "no_person",
                "no way leads from here to a person",
                f"Lead exhausted, or a choice, to {people[0]}",
            )


def _helpful(about: About) -> set[str]:
    """Return the flows that lead to a person, by themselves or by calling another."""
    helpful: set[str] = set()
    callers: dict[str, list[str]] = {}
    for flow in about.flows.values():
        for node in flow.nodes.values():
            if _leads_on(node, about, helpful):
                helpful.add(flow.id)
            elif isinstance(node, (CallFlow, GotoFlow)):
                callers.setdefault(constant(node.flow) or "", []).append(flow.id)
    return reached(helpful, lambda id: tuple(callers.get(id, ())))


def _leads_on(node: Node, about: About, helpful: set[str]) -> bool:
    """Return whether a node leads to a person, or to where nobody knows."""
    if isinstance(node, (CallFlow, GotoFlow)):
        called = constant(node.flow)
        return called not in about.flows or called in helpful
    return isinstance(node, (HandOff, Transfer, CallBack, Opaque))
