"""A flow as a document: YAML, JSON and plain data, all of them the same.

Rule: a document says what the constructors say, field by field, and reading it calls the
constructors. A node's class is its `do` (`HandOff` is `hand_off`); a field that has its default is
left out; and what has a short form is written so: a prompt that is one text is that text, a choice
that only leads somewhere is the name of the node, a duration is `2s`.

Every error is a `ConfigurationError` that names flow, node and field, says what is wrong and what
would be right, and comes before a flow exists: `flow cards, node tier, within: ...`. Conditions,
operands and templates are read too, so a flow that was read has none that does not parse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from types import NoneType
from typing import (
    Any,
    Final,
    Literal,
    NamedTuple,
    NoReturn,
    TypeAlias,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

import msgspec

from tongdai.errors import ConfigurationError, ParseError, did_you_mean
from tongdai.ivr import yamltext
from tongdai.ivr.flow import Flow
from tongdai.ivr.nodes import Choice, Node
from tongdai.ivr.prompts import ANY_LANGUAGE, Prompt, Wording
from tongdai.ivr.texts import texts
from tongdai.ivr.yamltext import DEEPEST, LONGEST, MOST_VALUES, Unquoted, is_list, is_object
from tongdai.model.compare import TOO_LARGE
from tongdai.model.text import check_text
from tongdai.model.time import Duration, duration, written

Kind: TypeAlias = Any
"""A type, as a field of a node has it."""

_NULLS: Final = ("null", "~", "")
_WHOLE: Final = re.compile(r"-?[0-9]{1,300}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,300}\.[0-9]{1,400}")
_JSON_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]{0,299})")
_WORDING: Final = frozenset({"text", "ssml", "audio"})


# --- the four ways --------------------------------------------------------------------------------


def read_yaml(text: str | bytes) -> Flow:
    """Return the flow that a YAML document states. Needs the extra `flows`.

    Raises:
        ConfigurationError: it is too large, no YAML, or no flow; names line or node and field.
    """
    return from_plain(yamltext.read(_bounded(text)))


def read_json(text: str | bytes) -> Flow:
    """Return the flow that a JSON document states.

    Raises:
        ConfigurationError: it is too large, no JSON, or no flow; names position or node and field.
    """
    try:
        data = json.loads(
            _bounded(text),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_whole,
            parse_float=_finite,
        )
    except RecursionError:
        raise ConfigurationError(f"document: a document nests at most {DEEPEST} deep") from None
    except json.JSONDecodeError as error:
        raise ConfigurationError(f"document, line {error.lineno}: {error.msg}") from None
    return from_plain(data)


def write_yaml(flow: Flow) -> str:
    """Return a flow as YAML; reading it gives an equal flow."""
    return yamltext.write(to_plain(flow))


def write_json(flow: Flow) -> str:
    """Return a flow as JSON; reading it gives an equal flow."""
    return json.dumps(to_plain(flow), ensure_ascii=False, indent=2) + "\n"


def to_plain(flow: Flow) -> dict[str, object]:
    """Return a flow as plain data: dicts, lists, texts, numbers, true, false and `None`.

    Raises:
        ConfigurationError: an `extra` or a parameter is no plain data; names node and field.
    """
    plain = _struct_to_plain(flow, _Where(flow.id), skip="nodes")
    plain["nodes"] = {
        name: _struct_to_plain(node, _Where(flow.id, name), 2) for name, node in flow.nodes.items()
    }
    return plain


def from_plain(data: object) -> Flow:
    """Return the flow that plain data states.

    Raises:
        ConfigurationError: it states none; names node and field and what would be right.
    """
    _bound(data)
    named = data.get("id") if is_object(data) else None
    where = _Where(named if isinstance(named, str) else "")
    found = _mapping(data, where)
    _check_fields(Flow, found, where)
    nodes: dict[str, Node] = {}
    for name, raw in _mapping(found["nodes"], where.field("nodes")).items():
        at = where._replace(node=name)
        nodes[name] = cast("Node", _tagged(_node_kinds(), raw, at))
        for text in texts(nodes[name]):
            try:
                text.names()
            except ParseError as error:
                at.field(text.field).refuse(str(error))
    values = _fields(Flow, {name: raw for name, raw in found.items() if name != "nodes"}, where)
    return cast("Flow", _made(Flow, {**values, "nodes": nodes}, where))


class _Where(NamedTuple):
    """A place in a document, as errors name it: `flow cards, node gold, cases[0].when`."""

    flow: str = ""
    node: str = ""
    path: str = ""

    def field(self, name: str) -> _Where:
        """Return the place of a field in the mapping here."""
        return self._replace(path=f"{self.path}.{name:.60}" if self.path else f"{name:.60}")

    def item(self, key: str | int) -> _Where:
        """Return the place of one of several values here."""
        return self._replace(path=f"{self.path}[{key!s:.60}]")

    def refuse(self, problem: str) -> NoReturn:
        """Raise an error about this place."""
        raise ConfigurationError(f"{self}: {problem}")

    def __str__(self) -> str:
        parts = [f"flow {self.flow:.60}".rstrip()]
        parts += [f"node {self.node:.60}"] if self.node else []
        parts += [self.path] if self.path else []
        return ", ".join(parts)


# --- bounds ---------------------------------------------------------------------------------------


def _bounded(text: str | bytes) -> str:
    if not isinstance(text, (str, bytes)):
        raise ConfigurationError(f"document: {type(text).__name__} is not text; give str or bytes")
    try:
        size = len(text if isinstance(text, bytes) else text.encode())
        if size > LONGEST:
            raise ConfigurationError(f"document: {size} bytes is too long; at most {LONGEST}")
        return text.decode() if isinstance(text, bytes) else text
    except UnicodeError as error:
        raise ConfigurationError(f"document: is not UTF-8: {error}") from None


def _bound(data: object) -> None:
    """Refuse what is too deep or has too many values, without going deep itself."""
    level: list[object] = [data]
    values = 0
    for _ in range(DEEPEST + 1):
        values += len(level)
        if values > MOST_VALUES:
            raise ConfigurationError(f"document: has more than {MOST_VALUES} values")
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise ConfigurationError(f"document: nests more than {DEEPEST} deep")


def _inside(data: object) -> Iterable[object]:
    if is_object(data):
        return data.values()
    return data if is_list(data) else ()


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    built = dict(pairs)
    if len(built) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ConfigurationError(f"document: {twice!r:.80} is there twice in one object")
    return built


def _constant(name: str) -> NoReturn:
    raise ConfigurationError(f"document: {name} is not a number")


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ConfigurationError("document: a number has at most 300 digits")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if number - number != 0:
        raise ConfigurationError(f"document: {text:.40} is too large a number")
    return number


# --- plain data becomes values --------------------------------------------------------------------


def _read(kind: Kind, raw: object, where: _Where) -> Any:  # noqa: ANN401, PLR0911 - a case a kind
    if kind is Any:
        return _anything(raw, where)
    if kind is str:
        return str(raw) if isinstance(raw, str) else _wrong("a text", raw, where)
    if kind is bool:
        return _flag(raw, where)
    if kind is int:
        return _integer(raw, where)
    if kind is Duration:
        return _length(raw, where)
    if _is_struct(kind):
        return _struct(kind, raw, where)
    origin: Kind = get_origin(kind)
    parts = get_args(kind)
    if origin is Literal:
        return _one_of(raw, parts, where)
    if origin is tuple:
        return tuple(
            _read(parts[0], item, where.item(at)) for at, item in enumerate(_list(raw, where))
        )
    if origin is Mapping:
        return {
            name: _read(parts[1], item, where.item(name))
            for name, item in _mapping(raw, where).items()
        }
    return _union(parts, raw, where)


def _union(parts: tuple[Kind, ...], raw: object, where: _Where) -> Any:  # noqa: ANN401 - any of them
    if NoneType in parts and _is_null(raw):
        return None
    if Prompt in parts:
        return _prompt(raw, where)
    rest = tuple(part for part in parts if part is not NoneType)
    structs = [part for part in rest if _is_struct(part)]
    if len(structs) > 1:
        return _tagged({str(one.__struct_config__.tag): one for one in structs}, raw, where)
    if structs and not isinstance(raw, str):
        return _read(structs[0], raw, where)
    if int in rest and str in rest:  # a number, or the text of an operand
        whole = isinstance(raw, int) or (isinstance(raw, Unquoted) and _WHOLE.fullmatch(raw))
        return _read(int if whole else str, raw, where)
    return _read(str if str in rest else rest[0], raw, where)


def _is_null(raw: object) -> bool:
    return raw is None or (isinstance(raw, Unquoted) and raw in _NULLS)


def _flag(raw: object, where: _Where) -> bool:
    if isinstance(raw, Unquoted) and raw in ("true", "false"):
        return raw == "true"
    return raw if isinstance(raw, bool) else _wrong("true or false", raw, where)


def _integer(raw: object, where: _Where) -> int:
    if isinstance(raw, Unquoted) and _WHOLE.fullmatch(raw):
        return int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int):
        _wrong("a whole number", raw, where)
    return raw


def _length(raw: object, where: _Where) -> Duration:
    if not isinstance(raw, str):
        _wrong("a duration such as 5s or 2min", raw, where)
    return duration(raw, str(where))


def _one_of(raw: object, known: Iterable[str], where: _Where) -> str:
    listed = list(known)
    if not isinstance(raw, str) or raw not in listed:
        near = did_you_mean(raw[:80], listed) if isinstance(raw, str) else ""
        _wrong(f"one of {', '.join(listed)}", raw, where, near)
    return str(raw)


def _anything(raw: object, where: _Where) -> Any:  # noqa: ANN401 - plain data of any shape
    """Return plain data; text without quotes is what JSON would say, where it says anything."""
    if is_object(raw):
        return {name: _anything(item, where.item(name)) for name, item in raw.items()}
    if is_list(raw):
        return [_anything(item, where.item(at)) for at, item in enumerate(raw)]
    return _guessed(raw) if isinstance(raw, Unquoted) else raw


def _guessed(raw: Unquoted) -> str | int | float | bool | None:
    if raw in ("true", "false"):
        return raw == "true"
    if raw in _NULLS:
        return None
    if _JSON_WHOLE.fullmatch(raw):
        return int(raw)
    return float(raw) if _NUMBER.fullmatch(raw) else str(raw)


def _prompt(raw: object, where: _Where) -> Prompt:
    """Return a prompt from its short form, or from `{says: ..., barge_in: false}`."""
    values: dict[str, Any] = {}
    says = raw
    if is_object(raw) and "says" in raw:
        _check_fields(Prompt, raw, where)
        says = raw["says"]
        if "barge_in" in raw:
            values["barge_in"] = _flag(raw["barge_in"], where.field("barge_in"))
    if is_object(says) and not _is_wording(says):
        values["says"] = {name: _worded(one, where.item(name)) for name, one in says.items()}
    else:
        values["says"] = _worded(says, where)
    return cast("Prompt", _made(Prompt, values, where))


def _worded(raw: object, where: _Where) -> Any:  # noqa: ANN401 - a text, a wording, or several
    if is_list(raw):
        return [_worded_once(one, where.item(at)) for at, one in enumerate(raw)]
    return _worded_once(raw, where)


def _worded_once(raw: object, where: _Where) -> str | Wording:
    if isinstance(raw, str):
        return str(raw)
    if is_object(raw):
        return cast("Wording", _struct(Wording, raw, where))
    return _wrong("a text, or texts by language", raw, where)


def _is_wording(raw: Mapping[str, object]) -> bool:
    """Return whether a mapping is one wording, and not wordings by language."""
    return _WORDING.issuperset(raw) and not any(isinstance(one, list) for one in raw.values())


# --- structs --------------------------------------------------------------------------------------


def _is_struct(kind: Kind) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


@cache
def _node_kinds() -> Mapping[str, Kind]:
    return {str(kind.__struct_config__.tag): kind for kind in get_args(Node)}


@cache
def _all_fields(kind: Kind) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


@cache
def _hints(kind: Kind) -> Mapping[str, tuple[str, Kind]]:
    """Return field and type by the name that documents use."""
    hints = get_type_hints(kind)
    named = zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True)
    return {name: (field, hints[field]) for name, field in named}


def _tagged(kinds: Mapping[str, Kind], raw: object, where: _Where) -> Any:  # noqa: ANN401 - one of them
    found = dict(_mapping(raw, where))
    if "do" not in found:
        where.field("do").refuse(f"is missing; it is one of {', '.join(kinds)}")
    kind = kinds[_one_of(found.pop("do"), kinds, where.field("do"))]
    return _struct(kind, found, where)


def _struct(kind: Kind, raw: object, where: _Where) -> Any:  # noqa: ANN401 - an instance of the kind
    found = _mapping(raw, where)
    _check_fields(kind, found, where)
    return _made(kind, _fields(kind, found, where), where)


def _check_fields(kind: Kind, found: Mapping[str, object], where: _Where) -> None:
    known = _hints(kind)
    for name in found:
        if name not in known:
            near = did_you_mean(name[:80], known)
            where.field(name).refuse(f"there is no such field.{near}")
    for field in _all_fields(kind):
        if field.required and field.encode_name not in found:
            where.field(field.encode_name).refuse("is missing")


def _fields(kind: Kind, found: Mapping[str, object], where: _Where) -> dict[str, Any]:
    known = _hints(kind)
    return {
        known[name][0]: _read(known[name][1], raw, where.field(name)) for name, raw in found.items()
    }


def _made(kind: Kind, values: dict[str, Any], where: _Where) -> Any:  # noqa: ANN401 - an instance
    """Call a constructor; what it raises says where in the document."""
    try:
        return kind(**values)
    except ParseError as error:  # (of a requirement, which does not know its field)
        field = next(name for name, value in values.items() if value == error.text)
        return where.field(field).refuse(str(error))
    except ConfigurationError as error:
        field, _, problem = str(error).partition(": ")
        own = field.removeprefix(kind.__name__).removeprefix(".")
        if kind is Prompt:
            own = own.removeprefix("says")
        at = where._replace(path=where.path + own) if own.startswith("[") else where.field(own)
        return (at if own else where).refuse(problem)


def _mapping(raw: object, where: _Where) -> dict[str, object]:
    if not is_object(raw):
        _wrong("a mapping", raw, where)
    for name in raw:
        if not isinstance(name, str):
            _wrong("keys that are texts", name, where)
    return raw


def _list(raw: object, where: _Where) -> list[object]:
    return raw if is_list(raw) else _wrong("a list", raw, where)


def _wrong(wanted: str, raw: object, where: _Where, near: str = "") -> NoReturn:
    got = repr(raw[:40]) if isinstance(raw, str) else f"{raw!r:.40}"
    if is_object(raw) or is_list(raw):
        got = "a mapping" if is_object(raw) else "a list"
    where.refuse(f"expected {wanted}; got {got}" + (f".{near}" if near else ""))


# --- values become plain data ---------------------------------------------------------------------


def _to_plain(value: object, where: _Where, deep: int = 0) -> object:  # noqa: C901, PLR0911 - a case a kind
    if deep > DEEPEST:
        where.refuse(f"nests more than {DEEPEST} deep")
    if isinstance(value, Duration):
        return written(value)
    if isinstance(value, str):
        check_text(value, str(where))
        return value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)) and -TOO_LARGE < value < TOO_LARGE:
        return value
    if isinstance(value, Prompt):
        return _prompt_to_plain(value)
    if isinstance(value, Choice) and value == Choice(value.then) and value.then is not None:
        return value.then
    if isinstance(value, msgspec.Struct):
        return _struct_to_plain(value, where, deep)
    if isinstance(value, (list, tuple)):
        several = cast("Iterable[object]", value)
        return [_to_plain(one, where.item(at), deep + 1) for at, one in enumerate(several)]
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        if all(isinstance(name, str) for name, _ in items):
            return {
                cast("str", name): _to_plain(one, where.item(str(name)), deep + 1)
                for name, one in items
            }
    return where.refuse(f"{value!r:.40} is not plain data, so no document can hold it")


def _struct_to_plain(
    value: msgspec.Struct, where: _Where, deep: int = 0, *, skip: str = ""
) -> dict[str, object]:
    plain: dict[str, object] = {}
    config = value.__struct_config__
    if config.tag is not None:
        plain[str(config.tag_field)] = config.tag
    for field in _all_fields(type(value)):
        held = getattr(value, field.name)
        usual: object = field.default
        if field.default_factory is not msgspec.NODEFAULT:
            usual = field.default_factory()
        if field.name == skip or (not field.required and held == usual):
            continue
        plain[field.encode_name] = _to_plain(held, where.field(field.encode_name), deep + 1)
    return plain


def _prompt_to_plain(prompt: Prompt) -> object:
    by_language = {name: _worded_to_plain(wordings) for name, wordings in prompt}
    if list(by_language) == [ANY_LANGUAGE]:
        says = by_language[ANY_LANGUAGE]
    elif _is_wording(by_language):  # languages of such names: lists tell that they are languages
        says = {name: _several(one) for name, one in by_language.items()}
    else:
        says = by_language
    if not prompt.barge_in:
        return {"says": says, "barge_in": False}
    return {"says": says} if "says" in by_language else says


def _several(worded: object) -> list[object]:
    return worded if is_list(worded) else [worded]


def _worded_to_plain(wordings: tuple[Wording, ...]) -> object:
    several = [
        one.text if one == Wording(one.text) else _struct_to_plain(one, _Where())
        for one in wordings
    ]
    return several[0] if len(several) == 1 else several
