"""Values as bytes: they come back, and what comes from outside is told what is wrong with it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused
from tests.model.strategies import agents, contacts, orders, plans, queues, values_of
from tongdai import Agent, Arrive, Content, Queue, seconds
from tongdai.center.effects import AnyEffect
from tongdai.center.events import AnyEvent
from tongdai.center.inputs import AnyInput
from tongdai.channels import Inbound
from tongdai.errors import IllegalInput
from tongdai.model.codec import decode, encode, read, structure


def _kinds(union: Any) -> Any:  # noqa: ANN401 - a union is no class
    return get_args(union)


def _keep(kind: Any, union: Any, data: st.DataObject) -> None:  # noqa: ANN401 - a class, a union
    value = data.draw(values_of(kind))
    again = decode(encode(value), union)
    assert value == again
    assert encode(value) == encode(again)


@pytest.mark.parametrize("kind", _kinds(AnyInput))
@given(st.data())
def test_every_input_comes_back(kind: Any, data: st.DataObject) -> None:  # noqa: ANN401
    """Out as bytes, back as a member of the union, equal and with equal bytes."""
    _keep(kind, AnyInput, data)


@pytest.mark.parametrize("kind", _kinds(AnyEvent))
@given(st.data())
def test_every_event_comes_back(kind: Any, data: st.DataObject) -> None:  # noqa: ANN401
    """Out as bytes, back as a member of the union, equal and with equal bytes."""
    _keep(kind, AnyEvent, data)


@pytest.mark.parametrize("kind", _kinds(AnyEffect))
@given(st.data())
def test_every_effect_comes_back(kind: Any, data: st.DataObject) -> None:  # noqa: ANN401
    """Out as bytes, back as a member of the union, equal and with equal bytes."""
    _keep(kind, AnyEffect, data)


@given(values_of(AnyInput))
def test_inputs_come_back_through_constructors_too(value: Any) -> None:  # noqa: ANN401
    """What is encoded is also a document that an outsider may send."""
    assert value == read(encode(value), AnyInput)


@given(st.one_of(queues(), agents, contacts(), plans(), orders, *map(values_of, _kinds(Inbound))))
def test_configuration_comes_back_through_constructors(value: Any) -> None:  # noqa: ANN401
    """Queues, agents, plans and orders are documents as well."""
    kind = value.__class__
    assert (value, value) == (read(encode(value), kind), decode(encode(value), kind))


def test_equal_values_give_equal_bytes_under_any_hash_seed() -> None:
    """Neither the order of writing skills nor Python's hash seed shows."""
    program = (
        "from tongdai import Agent, Mode, Plan, PutAgent, PutQueue, Queue\n"
        "from tongdai.model.codec import encode\n"
        "agent = Agent('an', {'vi': 5, 'en': 3, 'fr': 1}, costs={Mode.LIVE: 5, Mode.DEFERRED: 1})\n"
        "queue = Queue('cards', Plan('(vi or en) and fr, without a and b'))\n"
        "print(encode([PutAgent(agent), PutQueue(queue)]).decode())\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert 1 == len(found)
    turned = Agent("an", {"en": 3, "vi": 5})
    assert encode(Agent("an", {"vi": 5, "en": 3})) == encode(turned)


def test_durations_and_requirements_are_written_as_people_do() -> None:
    """A document shows text, not microseconds."""
    found = json.loads(encode(Queue("cards", "billing>=3 and vi", patience=seconds(20))))
    assert ("20s", "billing>=3 and vi") == (
        found["patience"],
        found["plan"]["steps"][0]["requires"],
    )


def test_a_plan_may_be_a_text_or_steps() -> None:
    """The short form is what most documents need."""
    short = read('{"id": "cards", "plan": "cards>=3"}', Queue)
    steps = [{"after": "0s", "requires": "cards>=3"}, {"after": "30s", "requires": "cards"}]
    long = read(json.dumps({"id": "cards", "plan": {"steps": steps}}), Queue)
    assert Queue("cards", "cards>=3") == short
    assert ["cards>=3", "cards"] == [str(step.requires) for step in long.plan.steps]
    assert Queue("any") == read('{"id": "any"}', Queue)


_ARRIVE = {"type": "Arrive", "contact": {"id": "c1"}, "queue": "cards"}


def _with(path: str, value: object) -> str:
    document = json.loads(json.dumps(_ARRIVE))
    *way, last = path.split(".")
    place = document
    for name in way:
        place = place.setdefault(name, {})
    place[last] = value
    return json.dumps(document)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (_with("quue", "x"), "Arrive.quue: there is no such field. Did you mean 'queue'?"),
        (_with("queue", 5), "Arrive.queue: expected `str`, got `int`"),
        (_with("contact", "c1"), "Arrive.contact: expected an object with id, requires, mode, "),
        (_with("contact.id", ""), "Arrive.contact: Contact.id: an id has 1 to 128 characters"),
        (_with("contact.id", None), "Arrive.contact.id: expected `str`, got `null`"),
        (
            _with("contact.mode", "liv"),
            (
                "Arrive.contact.mode: 'liv' is not one of live, interactive, messaging, deferred. "
                "Did you mean 'live'?"
            ),
        ),
        (_with("contact.mode", 7), "Arrive.contact.mode: 7 is not one of live, interactive"),
        (_with("contact.priority", "3"), "Arrive.contact.priority: expected `int`, got `str`"),
        (
            _with("contact.priority", value=True),
            "Arrive.contact.priority: expected `int`, got `bool`",
        ),
        (
            _with("contact.requires", "vi or en"),
            "Arrive.contact: 'or' needs parentheses: (a or b) and c\n  vi or en\n     ^",
        ),
        (_with("contact.due", "2026"), "Arrive.contact.due: expected `int`, got `str`"),
        (
            _with("contact.address", {"channel": "web"}),
            "Arrive.contact.address.to: is missing",
        ),
        (
            _with("contact.claims", [{"schem": "phone"}]),
            "Arrive.contact.claims[0].schem: there is no such field. Did you mean 'scheme'?",
        ),
        (
            _with("contact.claims", [{"scheme": "phone", "value": "1", "assurance": "certain"}]),
            "Arrive.contact.claims[0].assurance: 'certain' is not one of asserted, carrier, ",
        ),
        ('{"type": "Arrive", "queue": "a"}', "Arrive.contact: is missing"),
        ('{"type": "Arive"}', "input.type: 'Arive' is not one of PutQueue, RemoveQueue, "),
        ('{"type": ["Arrive"]}', "input.type: \"['Arrive']\" is not one of PutQueue, "),
        ("{}", "input.type: is missing; it is one of PutQueue, RemoveQueue, PutAgent, "),
        ("[]", "input: expected an object whose type says what it is; got list"),
        ("null", "input: expected an object whose type says what it is; got null"),
        ("{", "document: Input data was truncated"),
        ('{"a": NaN}', "document: "),
        (
            '{"type": "PutAgent", "agent": {"id": "an", "skills": {"vi": "5"}}}',
            "PutAgent.agent.skills['vi']: expected `int`, got `str`",
        ),
        (
            '{"type": "PutAgent", "agent": {"id": "an", "skills": {"vi": -1}}}',
            "PutAgent.agent: Agent.skills['vi']: a level is a whole number from 1 to 5; got -1",
        ),
        (
            '{"type": "PutAgent", "agent": {"id": "an", "costs": {"voice": 1}}}',
            "PutAgent.agent.costs: 'voice' is not one of live, interactive, messaging, deferred.",
        ),
        (
            '{"type": "PutQueue", "queue": {"id": "a", "patience": 20}}',
            "PutQueue.queue.patience: 20 has no unit; write seconds(20) or timedelta(seconds=20)",
        ),
        (
            '{"type": "PutQueue", "queue": {"id": "a", "patience": "2"}}',
            (
                "PutQueue.queue.patience: a duration needs a number and a unit, e.g. 5s or 2min; "
                "got '2'"
            ),
        ),
        (
            '{"type": "PutQueue", "queue": {"plan": "vi"}}',
            "PutQueue.queue.id: is missing",
        ),
        (
            '{"type": "PutQueue", "queue": {"id": "a", "order": {"by": "fifo"}}}',
            (
                "PutQueue.queue.order: Order.by: 'fifo' is not an order; "
                "write Order.ageing(), .strict() or .due()"
            ),
        ),
        (
            '{"type": "PutQueue", "queue": {"id": "a", "plan": {"steps": []}}}',
            "PutQueue.queue.plan.steps: expected a list of one step or more",
        ),
        (
            (
                '{"type": "PutQueue", "queue": {"id": "a", "plan": {"steps": '
                '[{"after": "5s", "requires": "vi"}]}}}'
            ),
            "PutQueue.queue.plan.steps[0]: the first step is after 0s, without a priority",
        ),
        (
            '{"type": "SetPresence", "agent": "an", "presence": "avail"}',
            (
                "SetPresence.presence: 'avail' is not one of available, away, not_responding, "
                "offline. Did you mean 'available'?"
            ),
        ),
    ],
)
def test_wrong_documents_are_told_where_and_what_would_be_right(
    document: str, message: str
) -> None:
    """The path to the field, what came, and what is expected there."""
    assert message == refused(lambda: read(document, AnyInput))[: len(message)]


def test_what_came_is_not_repeated_where_it_may_be_personal() -> None:
    """Errors end up in logs."""
    document = _with("contact.address", {"channel": "zalo", "to": 84908993022})
    assert "Arrive.contact.address.to: expected `str`, got `int`" == refused(
        lambda: read(document, AnyInput)
    )
    assert "84908993022" not in refused(
        lambda: read(_with("contact.address", "84908993022"), AnyInput)
    )


def test_the_size_of_a_document_is_bounded_in_bytes() -> None:
    """Exactly the bound is read; one byte more is not, also when it is half a character."""
    document = encode(Content("é" * 10))
    size = len(document)
    assert Content("é" * 10) == read(document, Content, longest=size)
    expected = f"document: {size} bytes is too long; at most {size - 1}"
    assert expected == refused(lambda: read(document, Content, longest=size - 1))
    assert expected == refused(lambda: read(document.decode(), Content, longest=size - 1))


@pytest.mark.parametrize("opening", ["[", '{"type":', '{"contact":{"claims":['])
def test_deep_nesting_is_refused(opening: str) -> None:
    """A bomb of brackets costs an error, not the stack."""
    assert "recursion" in refused(lambda: read(opening * 30_000, AnyInput))


@pytest.mark.parametrize("data", [b'{"text":"\xff"}', '{"text":"\ud83d"}', b'{"text":"\\ud800"}'])
def test_what_is_no_utf_8_is_refused(data: bytes | str) -> None:
    """Half characters and other bytes are an error like any other."""
    assert "document: " == refused(lambda: read(data, Content))[:10]


@given(st.binary(max_size=50) | st.text(max_size=50))
def test_any_bytes_are_read_or_refused(data: bytes | str) -> None:
    """Nothing but `IllegalInput` is ever raised."""
    for kind in (AnyInput, Queue, Agent, Content):  # (`{}` is a content that says nothing)
        with suppress(IllegalInput):
            assert isinstance(read(data, kind), kind)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "id", "contact", "queue", "agent", "plan", "steps", "at"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


_DOCUMENTS = st.dictionaries(
    st.sampled_from(["id", "contact", "queue", "agent", "offer", "inbound", "interaction"]),
    _JSON,
    max_size=4,
)


@given(_DOCUMENTS, st.sampled_from(_kinds(AnyInput)))
def test_any_plain_data_is_an_input_or_refused(raw: dict[str, object], kind: Any) -> None:  # noqa: ANN401
    """Whatever stands where, it is a value or an `IllegalInput`."""
    try:
        made = structure(AnyInput, {**raw, "type": kind.__name__})
    except IllegalInput:
        return
    assert made == read(encode(made), AnyInput)


def test_the_journal_refuses_what_it_did_not_write() -> None:
    """`decode` names the path as well."""
    assert "$.queue" in refused(lambda: decode(b'{"type":"Arrive","queue":5}', Arrive))
    assert "utf-8" in refused(lambda: decode(b'{"type":"Arrive","queue":"\xff"}', Arrive))
