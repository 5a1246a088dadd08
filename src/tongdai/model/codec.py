"""How values become bytes and come back.

Rule: requirements are text, durations are written as people do (`20s`), everything else is plain
data. The journal decodes what it encoded itself. Documents and inputs from outside go through
`structure`, which calls constructors, so that their checks run and an unknown key is an error that
names it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from inspect import signature
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

import attrs
import msgspec

from tongdai.errors import IllegalInput, TongdaiError, did_you_mean
from tongdai.model.order import Order
from tongdai.model.plan import Plan, Step
from tongdai.model.requirement import Requirement, requirement
from tongdai.model.time import Duration, duration, written

LONGEST = 1024 * 1024  # bytes of one document from outside


def to_plain(value: object) -> object:
    """Return the plain form of what msgspec does not know (its `enc_hook`)."""
    if isinstance(value, Duration):
        return written(value)
    if isinstance(value, Requirement):
        return str(value)
    raise NotImplementedError(f"{type(value).__name__} is not data")


def from_plain(kind: type, value: object) -> object:
    """Return what msgspec does not know from its plain form (its `dec_hook`)."""
    if kind is Duration:
        return duration(value, "duration")
    if kind is Requirement:
        return requirement(value, "requirement")
    raise NotImplementedError(f"{kind.__name__} is not data")


_encoder = msgspec.json.Encoder(enc_hook=to_plain, order="deterministic")


def plain(value: object) -> object:
    """Return a value as plain data: what `encode` writes, not yet written."""
    return msgspec.to_builtins(value, enc_hook=to_plain, order="deterministic")


def encode(value: object) -> bytes:
    """Return a value as JSON; the same value gives the same bytes."""
    return _encoder.encode(value)


def decode(data: bytes, kind: Any) -> Any:  # noqa: ANN401 - a type, or a union of types
    """Return a value from JSON that `encode` wrote.

    Raises:
        IllegalInput: the bytes are no such value; the error names the path.
    """
    try:
        return _decoder(kind).decode(data)
    except (msgspec.MsgspecError, TongdaiError, TypeError, UnicodeError, RecursionError) as error:
        raise IllegalInput(str(error)) from error


@lru_cache(maxsize=64)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401 - a type, or a union of types
    return msgspec.json.Decoder(kind, dec_hook=from_plain)


def read(data: bytes | str, kind: Any, *, longest: int = LONGEST) -> Any:  # noqa: ANN401
    """Return a value from a JSON document that came from outside.

    Args:
        data: the document.
        kind: a class or a union of tagged structs (an input, a queue, an agent ...).
        longest: bytes that a document may have.

    Raises:
        IllegalInput: it is too long, no JSON, or not such a value; the error names the field
            and what would be right.
    """
    try:
        data = data.encode() if isinstance(data, str) else data
        if len(data) > longest:
            raise IllegalInput(f"document: {len(data)} bytes is too long; at most {longest}")
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise IllegalInput(f"document: {error}") from error
    return structure(kind, raw)


def structure(kind: Any, raw: object, path: str = "") -> Any:  # noqa: ANN401
    """Return a value from plain data by calling constructors.

    Raises:
        IllegalInput: the data is not such a value; the error names the field and what would be
            right.
    """
    return _structure(kind, raw, path or _name(kind))


def _structure(kind: Any, raw: object, path: str) -> Any:  # noqa: ANN401, C901, PLR0911 - a case a kind
    if kind is Requirement:
        return _made(path, requirement, raw, path)
    if kind is Duration:
        return _made(path, duration, raw, path)
    if kind is Plan:
        return _plan(raw, path)
    if kind is Order:
        return _order(raw, path)
    if attrs.has(kind) or _is_struct(kind):
        return _construct(kind, _fields(kind, raw, path), path)
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _one_of(parts, raw, path)
    if origin is tuple and isinstance(raw, list):
        items = cast("list[object]", raw)
        return tuple(_structure(parts[0], item, f"{path}[{at}]") for at, item in enumerate(items))
    if origin is Mapping and isinstance(raw, dict):
        found = cast("dict[object, object]", raw)
        return {
            _structure(parts[0], name, path): _structure(parts[1], item, f"{path}[{name!r}]")
            for name, item in found.items()
        }
    choices = _choices(kind)
    if choices and raw not in choices:
        near = did_you_mean(raw, choices) if isinstance(raw, str) else ""
        raise IllegalInput(f"{path}: {raw!r:.60} is not one of {', '.join(choices)}.{near}")
    try:
        return msgspec.convert(raw, kind, dec_hook=from_plain)
    except msgspec.ValidationError as error:  # (what came is not repeated: it may be personal)
        text = str(error)
        raise IllegalInput(f"{path}: {text[0].lower()}{text[1:]}") from error


def _choices(kind: Any) -> list[str]:  # noqa: ANN401
    """Return the texts that a choice offers; none where anything goes."""
    if get_origin(kind) is Literal:
        return list(get_args(kind))
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return [str(one) for one in kind]
    return []


def _is_struct(kind: Any) -> bool:  # noqa: ANN401
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _object(raw: object, path: str, known: Iterable[str]) -> dict[str, object]:
    """Return a JSON object, of whose fields none is unknown."""
    if not isinstance(raw, dict):
        kind = "null" if raw is None else type(raw).__name__
        raise IllegalInput(f"{path}: expected an object with {', '.join(known)}; got {kind}")
    found = cast("dict[str, object]", raw)
    for name in found:
        if name not in known:
            near = did_you_mean(str(name), known)
            raise IllegalInput(f"{path}.{name}: there is no such field.{near}")
    return found


def _fields(kind: Any, raw: object, path: str) -> dict[str, Any]:  # noqa: ANN401
    if _is_struct(kind):
        tag = kind.__struct_config__.tag_field
        names = list(kind.__struct_fields__)
    else:
        tag = None
        names = [str(field.name) for field in attrs.fields(kind)]
    hints = get_type_hints(kind)
    found = _object(raw, path, [*names, tag] if tag else names)
    return {
        name: _structure(hints[name], value, f"{path}.{name}")
        for name, value in found.items()
        if name != tag
    }


def _construct(kind: Any, values: dict[str, Any], path: str) -> Any:  # noqa: ANN401
    for name, parameter in signature(kind).parameters.items():
        if parameter.default is parameter.empty and name not in values:
            raise IllegalInput(f"{path}.{name}: is missing")
    return _made(path, kind, **values)


def _made(path: str, make: Callable[..., Any], *args: object, **values: object) -> Any:  # noqa: ANN401
    """Return what a constructor makes; what it raises gets the path."""
    try:
        return make(*args, **values)
    except TongdaiError as error:
        text = str(error)
        raise IllegalInput(text if text.startswith(path) else f"{path}: {text}") from error


def _plan(raw: object, path: str) -> Plan:
    """Return a plan: a requirement's text, or an object with `steps`, the first one after 0."""
    if isinstance(raw, str):
        return Plan(_made(path, requirement, raw, path))
    found = _object(raw, path, ["steps"]).get("steps")
    if not isinstance(found, list) or not found:
        raise IllegalInput(f"{path}.steps: expected a list of one step or more")
    listed = cast("list[object]", found)
    steps = [
        cast("Step", _structure(Step, step, f"{path}.steps[{number}]"))
        for number, step in enumerate(listed)
    ]
    if steps[0].after or steps[0].priority:
        raise IllegalInput(f"{path}.steps[0]: the first step is after 0s, without a priority")
    return cast("Plan", _made(path, Plan, steps[0].requires, *steps[1:]))


def _order(raw: object, path: str) -> Order:
    found = _object(raw, path, ["by", "worth"])
    by = found.get("by", "ageing")
    if "worth" in found:
        worth = _made(f"{path}.worth", duration, found["worth"], f"{path}.worth")
        return cast("Order", _made(path, Order, by, worth))
    made = {"ageing": Order.ageing, "strict": Order.strict, "due": Order.due}.get(str(by))
    return cast("Order", _made(path, Order, by)) if made is None else made()


def _one_of(kinds: tuple[Any, ...], raw: object, path: str) -> Any:  # noqa: ANN401
    tagged = {
        str(kind.__struct_config__.tag): kind
        for kind in kinds
        if _is_struct(kind) and kind.__struct_config__.tag
    }
    if tagged and isinstance(raw, dict):
        found = cast("dict[str, object]", raw)
        if "type" not in found:
            raise IllegalInput(f"{path}.type: is missing; it is one of {', '.join(tagged)}")
        tag = str(found["type"])
        if tag not in tagged:
            near = did_you_mean(tag, tagged)
            raise IllegalInput(f"{path}.type: {tag!r} is not one of {', '.join(tagged)}.{near}")
        return _structure(tagged[tag], found, tag if path == "input" else path)
    if tagged:
        kind = "null" if raw is None else type(raw).__name__
        raise IllegalInput(f"{path}: expected an object whose type says what it is; got {kind}")
    if raw is None and NoneType in kinds:
        return None
    if isinstance(raw, str) and str in kinds:
        return raw
    rest = [kind for kind in kinds if kind not in (NoneType, str)]
    if len(rest) > 1 and type(raw) in rest:  # (a text, a number or a truth, as it stands)
        return raw
    return _structure(rest[0] if rest else str, raw, path)


def _name(kind: Any) -> str:  # noqa: ANN401
    return "input" if get_origin(kind) in (Union, UnionType) else str(kind.__name__)
