"""The JSON Schema of flow documents, so that editors complete and check them.

Rule: it is made from the classes that documents are read into, so it cannot fall behind them. It
says what has which shape; what needs a parser or the whole flow (a condition, a way that leads
nowhere) is for reading and for `lint.check`. Whatever `write_json` writes is valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from types import NoneType
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import msgspec

from tongdai.ivr.flow import Flow, Handler
from tongdai.ivr.nodes import Case, Choice, Node, Share
from tongdai.ivr.prompts import Prompt, Wording
from tongdai.model.time import Duration

_DURATION: Final = r"^(open|([0-9]+(\.[0-9]+)? *(us|ms|s|min|h) *)+)$"
_FIELD: Final = re.compile(r"^    (\w[\w, ]*): ", re.MULTILINE)
_PARTS: Final = (Case, Choice, Share, Wording)


def flow_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of flow documents, as plain data."""
    schema = _struct(Flow)
    schema["properties"]["nodes"] = {
        "type": "object",
        "description": schema["properties"]["nodes"].get("description", ""),
        "additionalProperties": {"$ref": "#/$defs/node"},
    }
    kinds = [*get_args(Node), *get_args(Handler), *_PARTS]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A tongdai flow",
        **schema,
        "$defs": {
            "node": {"oneOf": [_ref(kind) for kind in get_args(Node)]},
            "handler": {"oneOf": [_ref(kind) for kind in get_args(Handler)]},
            "duration": {"type": "string", "pattern": _DURATION, "examples": ["5s", "2min"]},
            "prompt": _prompt(),
            "worded": {
                "oneOf": [
                    {"$ref": "#/$defs/once"},
                    {"type": "array", "items": {"$ref": "#/$defs/once"}, "minItems": 1},
                ]
            },
            "once": {"oneOf": [{"type": "string"}, _ref(Wording)]},
            **{_named(kind): _struct(kind) for kind in kinds},
        },
    }


def _prompt() -> dict[str, Any]:
    """Return the schema of prompts, with their short forms."""
    by_language = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": {"$ref": "#/$defs/worded"},
    }
    says = {"anyOf": [{"$ref": "#/$defs/worded"}, by_language]}
    whole = _struct(Prompt)
    whole["properties"]["says"] = says
    return {"anyOf": [*says["anyOf"], whole]}


def _named(kind: type[msgspec.Struct]) -> str:
    return str(kind.__struct_config__.tag or kind.__name__.lower())


def _ref(kind: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/$defs/{_named(kind)}"}


def _struct(kind: type[msgspec.Struct]) -> dict[str, Any]:
    hints = get_type_hints(kind)
    told = dict(_told(kind))
    properties: dict[str, Any] = {}
    required: list[str] = []
    tag = kind.__struct_config__.tag
    if tag is not None:
        properties["do"] = {"const": tag}
        required.append("do")
    for field in msgspec.structs.fields(kind):
        shape = _kind(hints[field.name])
        if field.name in told:
            shape = {"description": told[field.name], **shape}
        properties[field.encode_name] = shape
        if field.required:
            required.append(field.encode_name)
    return {
        "type": "object",
        "description": (kind.__doc__ or "").partition("\n")[0],
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _told(kind: type) -> Iterator[tuple[str, str]]:
    """Go through what the docstring says of each field, as one line of text."""
    for owner in reversed(kind.__mro__):
        _, _, attributes = cleandoc(owner.__doc__ or "").partition("\nAttributes:\n")
        pieces = _FIELD.split(attributes)[1:]
        for names, text in zip(pieces[::2], pieces[1::2], strict=True):
            for name in names.split(", "):
                yield name, " ".join(text.split())


def _kind(hint: Any) -> dict[str, Any]:  # noqa: ANN401, PLR0911 - a type; a case a kind
    origin, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return {}
    if hint is Duration:
        return {"$ref": "#/$defs/duration"}
    if origin is Literal:
        return {"enum": list(parts)}
    if origin is tuple:
        return {"type": "array", "items": _kind(parts[0])}
    if origin is Mapping:
        return {"type": "object", "additionalProperties": _kind(parts[1])}
    if Prompt in parts:
        prompt: dict[str, Any] = {"$ref": "#/$defs/prompt"}
        return {"anyOf": [prompt, {"type": "null"}]} if NoneType in parts else prompt
    if hint == Node:
        return {"$ref": "#/$defs/node"}
    if hint == Handler:
        return {"$ref": "#/$defs/handler"}
    if parts:
        return {"anyOf": [_kind(part) for part in parts]}
    simple = {str: "string", bool: "boolean", int: "integer", NoneType: "null"}
    return {"type": simple[hint]} if hint in simple else _ref(hint)
