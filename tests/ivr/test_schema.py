"""The JSON Schema for editors: right about every document that is written, and about mistakes."""

from __future__ import annotations

import json
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given

from tests.ivr.test_document import CARDS
from tongdai.ivr import Flow
from tongdai.ivr.nodes import NODES
from tongdai.ivr.schema import flow_schema
from tongdai.testing import flows

SCHEMA = flow_schema()
VALID: Any = jsonschema.Draft202012Validator(SCHEMA)


def test_the_schema_is_one() -> None:
    """By the schema of schemas; and it is JSON."""
    VALID.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


@given(flows())
def test_every_document_that_is_written_is_valid(flow: Flow) -> None:
    """Whatever a flow holds."""
    assert [] == [error.message for error in VALID.iter_errors(json.loads(flow.to_json()))]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["start"], None),
        (["begin"], "welcome"),
        (["nodes", "tier", "do"], "invok"),
        (["nodes", "tier", "within"], 2),
        (["nodes", "tier", "within"], "2"),
        (["nodes", "gold", "otherwis"], "person"),
        (["nodes", "gold", "cases"], {"when": "a"}),
        (["nodes", "best", "priority"], "2"),
        (["nodes", "welcome", "choices", "1"], 3),
        (["nodes", "welcome", "ask"], []),
        (["nodes", "welcome", "ask"], {"vi": {"txt": "a"}}),
        (["nodes", "welcome"], {"do": "menu", "choices": {}}),
    ],
)
def test_a_mistake_is_marked(path: list[str], value: object) -> None:
    """An editor sees it while it is made."""
    plain: Any = json.loads(CARDS.to_json())
    assert VALID.is_valid(plain)
    here = plain
    for name in path[:-1]:
        here = here[name]
    here[path[-1]] = value
    assert not VALID.is_valid(plain)


def test_every_field_of_a_node_is_told() -> None:
    """What the class says of a field stands beside it, for the editor to show."""
    untold = [
        f"{name}.{field}"
        for name in sorted(str(kind.__struct_config__.tag) for kind in NODES)
        for field, shape in SCHEMA["$defs"][name]["properties"].items()
        if field != "do" and not shape.get("description")
    ]
    assert [] == untold
