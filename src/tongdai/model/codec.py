"""How values become bytes and come back.

Rule: requirements are text, durations are written as people do (`20s`), everything else is plain data. The
journal decodes what it encoded itself. Documents and inputs from outside go through `structure`, which
calls constructors, so that their checks run and an unknown key is an error that names it.
"""

from __future__ import annotations

from functools import lru_cache
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import attrs
import msgspec

from tongdai.errors import IllegalInput, TongdaiError, did_you_mean
from tongdai.model.order import Order
from tongdai.model.plan import Plan, Step
from tongdai.model.queue import Queue
from tongdai.model.requirement import Requirement, requirement
from tongdai.model.time import Duration, duration, written

LONGEST = 1024 * 1024  # bytes of one document from outside

T = TypeVar("T")


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


def encode(value: object) -> bytes:
    """Return a value as JSON; the same value gives the same bytes."""
    return _encoder.encode(value)


def decode(data: bytes, kind: type[T]) -> T:
    """Return a value from JSON that `encode` wrote.

    Raises:
        IllegalInput: the bytes are no such value; the error names the path.
    """
    try:
        return _decoder(kind).decode(data)  # type: ignore[no-any-return]
    except (msgspec.MsgspecError, TongdaiError) as error:
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
        IllegalInput: it is too long, no JSON, or not such a value; the error names the field and what
            would be right.
    """
    if len(data) > longest:
        raise IllegalInput(f"document: {len(data)} bytes is too long; at most {longest}")
    try:
        raw = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError) as error:
        raise IllegalInput(f"document: {error}") from error
    return structure(kind, raw)


def structure(kind: Any, raw: object, path: str = "") -> Any:  # noqa: ANN401
    """Return a value from plain data by calling constructors.

    Raises:
        IllegalInput: the data is not such a value; the error names the field and what would be right.
    """
    where = path or _name(kind)
    try:
        return _structure(kind, raw, where)
    except IllegalInput:
        raise
    except TongdaiError as error:
        text = str(error)
        raise IllegalInput(text if text.startswith(where) else f"{where}: {text}") from error


def _structure(kind: Any, raw: object, path: str) -> Any:  # noqa: ANN401, C901, PLR0911 - one case a kind
    if kind is Requirement:
        return requirement(raw, path)
    if kind is Duration:
        return duration(raw, path)
    if kind in (Plan, Step, Queue):
        return _call(kind, raw, path)
    if kind is Order:
        return _order(raw, path)
    if attrs.has(kind):
        return _build(kind, raw, path, {field.name for field in attrs.fields(kind)})
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return _one_of(get_args(kind), raw, path)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _build(kind, raw, path, set(kind.__struct_fields__))
    try:
        return msgspec.convert(raw, kind, dec_hook=from_plain)
    except msgspec.ValidationError as error:
        raise IllegalInput(f"{path}: {str(error)[0].lower()}{str(error)[1:]}; got {raw!r:.60}") from error


def _build(kind: Any, raw: object, path: str, known: set[str]) -> Any:  # noqa: ANN401
    if not isinstance(raw, dict):
        raise IllegalInput(f"{path}: expected an object with {', '.join(sorted(known))}; got {raw!r:.60}")
    tag = getattr(getattr(kind, "__struct_config__", None), "tag_field", None)
    given = {str(key): value for key, value in raw.items() if key != tag}
    for name in given:
        if name not in known:
            near = did_you_mean(name, sorted(known))
            raise IllegalInput(f"{path}.{name}: there is no such field.{near}")
    hints = get_type_hints(kind)
    values = {name: _structure(hints[name], value, f"{path}.{name}") for name, value in given.items()}
    return _construct(kind, values, path)


def _construct(kind: Any, values: dict[str, object], path: str) -> Any:  # noqa: ANN401
    try:
        return kind(**values)
    except TypeError as error:
        missing = str(error).split("argument", 1)[-1].lstrip("s: ").strip()
        raise IllegalInput(f"{path}: misses {missing}") from error


def _call(kind: type, raw: object, path: str) -> Any:  # noqa: ANN401
    """Build one of the classes whose constructors take less than their fields say."""
    if kind is Plan and isinstance(raw, str):
        return Plan(requirement(raw, path))
    fields: dict[str, Any] = {field.name: hint for field, hint in _hints(kind)}
    if not isinstance(raw, dict):
        raise IllegalInput(f"{path}: expected an object with {', '.join(fields)}; got {raw!r:.60}")
    for name in raw:
        if name not in fields:
            near = did_you_mean(str(name), list(fields))
            raise IllegalInput(f"{path}.{name}: there is no such field.{near}")
    values = {name: _structure(fields[name], value, f"{path}.{name}") for name, value in raw.items()}
    if kind is Plan:
        first, *steps = values.get("steps") or (Step(Duration(0), ""),)
        if first.after or first.priority:
            return Plan("", first, *steps)
        return Plan(first.requires, *steps)
    if kind is Queue:
        plan_ = values.pop("plan", "")
        if "id" not in values:
            raise IllegalInput(f"{path}: misses 'id'")
        return Queue(values.pop("id"), plan_, **values)
    return _construct(kind, values, path)


def _hints(kind: Any) -> list[tuple[Any, Any]]:
    hints = get_type_hints(kind)
    return [(field, hints[field.name]) for field in attrs.fields(kind)]


def _order(raw: object, path: str) -> Order:
    if not isinstance(raw, dict) or raw.get("by") not in ("ageing", "strict", "due"):
        raise IllegalInput(f'{path}: expected {{"by": "ageing" | "strict" | "due", "worth": "1min"}}')
    if set(raw) - {"by", "worth"}:
        raise IllegalInput(f"{path}: an order has 'by' and 'worth' only; got {sorted(raw)}")
    if "worth" in raw:
        return Order(raw["by"], duration(raw["worth"], f"{path}.worth"))
    return {"ageing": Order.ageing, "strict": Order.strict, "due": Order.due}[raw["by"]]()


def _one_of(kinds: tuple[Any, ...], raw: object, path: str) -> Any:  # noqa: ANN401
    tagged = {
        kind.__struct_config__.tag: kind
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__struct_config__.tag
    }
    if tagged and isinstance(raw, dict):
        tag = raw.get("type")
        if tag not in tagged:
            near = did_you_mean(str(tag), map(str, tagged))
            raise IllegalInput(f"{path}.type: {tag!r} is not one of {', '.join(map(str, tagged))}.{near}")
        return _structure(tagged[tag], raw, str(tag) if path == "input" else path)
    if raw is None and NoneType in kinds:
        return None
    rest = [kind for kind in kinds if kind is not NoneType]
    if isinstance(raw, str) and str in rest:
        return raw
    chosen = [kind for kind in rest if kind is not str] if not isinstance(raw, str) else rest
    if len(chosen) == 1:
        return _structure(chosen[0], raw, path)
    return msgspec.convert(raw, Union[tuple(kinds)], dec_hook=from_plain)  # noqa: UP007 - built here


def _name(kind: Any) -> str:  # noqa: ANN401
    return "input" if get_origin(kind) in (Union, UnionType) else str(getattr(kind, "__name__", kind))
