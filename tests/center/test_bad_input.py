"""Illegal input: each error names the field and what would be right, and nothing has changed."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused, untyped
from tests.model.strategies import values_of
from tongdai import (
    Abandon,
    Accept,
    Address,
    Agent,
    Arrive,
    Center,
    ConfigurationError,
    Contact,
    Content,
    Decline,
    Dispose,
    End,
    IllegalInput,
    Mode,
    Plan,
    PutAgent,
    PutQueue,
    Queue,
    Receive,
    RemoveAgent,
    RemoveQueue,
    Say,
    SetPresence,
    Step,
    Tick,
    TongdaiError,
    minutes,
    seconds,
)
from tongdai.center.inputs import AnyInput, ExtendWrapUp, FailConnect, LoseAgent
from tongdai.channels import Activity, Message
from tongdai.model.codec import decode, encode, read
from tongdai.model.mode import ModeSettings

WEB = Address("web", "lan")
SURROGATE = "\ud83d"
HALF = "character 1 is half a surrogate pair; decode the text with errors='replace'"


def message(**changed: object) -> Message:
    """Return a message with some fields changed, right or wrong."""
    fields = {"key": "m1", "at": 0, "address": WEB, "content": Content("hi"), **changed}
    made: Message = untyped(Message)(**fields)
    return made


def running() -> Center:
    """Return a center at 10 s: c1 is with An, c2 on offer to Binh, c3 waits, c0 has ended."""
    center = Center(
        [
            Queue("cards", Plan("", Step(seconds(30), "vi"))),
            Queue("loans", overflow="cards", patience=minutes(2)),
        ]
    )
    inputs: list[AnyInput] = [
        PutAgent(Agent("an"), available=True),
        PutAgent(Agent("binh"), available=True),
        Arrive(Contact("c0"), "loans"),
        Abandon("c0"),
        Arrive(Contact("c1"), "cards"),
        Accept("c1/1"),
        Arrive(Contact("c2"), "cards"),
        Arrive(Contact("c3"), "loans"),
        Tick(),
    ]
    for input in inputs:
        center.handle(input, seconds(10) if isinstance(input, Tick) else 0)
    return center


WRONG: list[tuple[str, AnyInput, str]] = [
    # --- unknown ids
    (
        "queue",
        Arrive(Contact("c4"), "card"),
        "Arrive.queue: no queue 'card'. Did you mean 'cards'?",
    ),
    ("far queue", Arrive(Contact("c4"), "xyz"), "Arrive.queue: no queue 'xyz'."),
    ("entry", Receive(message(), "loan"), "Receive.entry: no queue 'loan'. Did you mean 'loans'?"),
    ("remove", RemoveQueue("card"), "RemoveQueue.queue: no queue 'card'. Did you mean 'cards'?"),
    ("to", RemoveQueue("loans", "card"), "RemoveQueue.to: no queue 'card'. Did you mean 'cards'?"),
    ("agent", RemoveAgent("bin"), "RemoveAgent.agent: no agent 'bin'. Did you mean 'binh'?"),
    ("lost", LoseAgent("bin"), "LoseAgent.agent: no agent 'bin'. Did you mean 'binh'?"),
    ("presence of", SetPresence("x", "away"), "SetPresence.agent: no agent 'x'."),
    ("accept", Accept("c9/1"), "Accept.offer: no contact 'c9'."),
    ("decline", Decline("c9/1"), "Decline.offer: no contact 'c9'."),
    ("abandon", Abandon("c9"), "Abandon.contact: no contact 'c9'."),
    ("end", End("c9/1"), "End.interaction: no contact 'c9'."),
    ("say", Say("c9/1", Content("hi")), "Say.interaction: no contact 'c9'."),
    ("fail", FailConnect("c9/1"), "FailConnect.interaction: no contact 'c9'."),
    ("extend", ExtendWrapUp("c9/1", 5), "ExtendWrapUp.interaction: no contact 'c9'."),
    ("dispose", Dispose("c9/1", "done"), "Dispose.interaction: no contact 'c9'."),
    # --- ids of another form
    ("no offer", Accept("c1"), "Accept.offer: 'c1' is not the id of an offer, such as 'c1/1'"),
    (
        "no interaction",
        End("c1/x"),
        "End.interaction: 'c1/x' is not the id of an interaction, such as 'c1/1'",
    ),
    (
        "number",
        Accept(untyped(1)),
        "Accept.offer: 1 is not the id of an offer, such as 'c1/1'",
    ),
    (
        "list",
        Arrive(Contact("c4"), untyped(["cards"])),
        "Arrive.queue: ['cards'] is not the id of a known queue; an id is a str",
    ),
    ("abandoned list", Abandon(untyped(["c1"])), "Abandon.contact: list is not of the type str"),
    # --- duplicate ids
    (
        "twice",
        Arrive(Contact("c3"), "cards"),
        "Arrive.contact: the id 'c3' was used before; ids are used once",
    ),
    (
        "ended",
        Arrive(Contact("c0"), "cards"),
        "Arrive.contact: the id 'c0' was used before; ids are used once",
    ),
    # --- what cannot be
    (
        "circle",
        PutQueue(Queue("cards", overflow="loans")),
        (
            "PutQueue.queue: Queue.overflow: a contact could go round for ever: "
            "cards -> loans -> cards"
        ),
    ),
    (
        "nowhere",
        PutQueue(Queue("new", after_patience="cads")),
        (
            "PutQueue.queue: Queue.after_patience: queue 'new' leads to 'cads', which is not a "
            "queue. Did you mean 'cards'?"
        ),
    ),
    (
        "strategy",
        PutQueue(Queue("new", strategy="best_skil")),
        "PutQueue.queue: Queue.strategy: no strategy 'best_skil'. Did you mean 'best_skill'?",
    ),
    (
        "led to",
        RemoveQueue("cards", "loans"),
        "RemoveQueue.queue: Queue.overflow: queue 'loans' leads to 'cards', which is not a queue.",
    ),
    ("itself", RemoveQueue("loans", "loans"), "RemoveQueue.to: 'loans' is the queue to be removed"),
    (
        "full of contacts",
        RemoveQueue("loans"),
        "RemoveQueue.to: queue 'loans' holds 1 contacts; name where they go",
    ),
    (
        "presence",
        SetPresence("an", untyped("availabel")),
        (
            "SetPresence.presence: 'availabel' is not one of available, away, not_responding, "
            "offline. Did you mean 'available'?"
        ),
    ),
    # --- wrong types
    ("contact", Arrive(untyped("c4"), "cards"), "Arrive.contact: str is not of the type Contact"),
    ("queue value", PutQueue(untyped("x")), "PutQueue.queue: str is not of the type Queue"),
    ("agent value", PutAgent(untyped(None)), "PutAgent.agent: NoneType is not of the type Agent"),
    (
        "flag",
        PutAgent(Agent("chi"), available=untyped("yes")),
        "PutAgent.available: str is not of the type bool",
    ),
    ("content", Say("c1/1", untyped("hi")), "Say.content: str is not of the type Content"),
    ("reason", Decline("c2/1", untyped(5)), "Decline.reason: int is not text; give a str"),
    (
        "why away",
        SetPresence("an", "away", untyped(5)),
        "SetPresence.reason: int is not text; give a str",
    ),
    (
        "why failed",
        FailConnect("c1/1", untyped(5)),
        "FailConnect.reason: int is not text; give a str",
    ),
    ("outcome", End("c1/1", untyped(5)), "End.disposition: int is not text; give a str"),
    (
        "code",
        Dispose("c1/1", untyped(None)),
        "Dispose.disposition: NoneType is not text; give a str",
    ),
    ("half a reason", Decline("c2/1", SURROGATE), f"Decline.reason: {HALF}"),
    ("half an id", Tick(id=SURROGATE), f"Tick.id: {HALF}"),
    ("id", Tick(id=untyped(5)), "Tick.id: 5 is not a str"),
    ("long id", Tick(id="x" * 513), "Tick.id: an input's id has at most 512 characters, not 513"),
    (
        "until",
        ExtendWrapUp("c1/1", untyped(datetime(2026, 3, 2, tzinfo=UTC))),
        (
            "ExtendWrapUp.until: datetime.datetime(2026, 3, 2, 0, 0, tzinfo=datetime.timezone.utc) "
            "is not an instant; write instant(2026-03-02T00:00:00+00:00)"
        ),
    ),
    (
        "until NaN",
        ExtendWrapUp("c1/1", untyped(math.nan)),
        (
            "ExtendWrapUp.until: nan is not an instant; an instant is an int, microseconds UTC, "
            "in the years 1 to 9999"
        ),
    ),
    # --- what comes in
    (
        "inbound",
        Receive(untyped("hi"), "cards"),
        "Receive.inbound: str is no inbound value of tongdai.channels",
    ),
    (
        "mode",
        Receive(message(), "cards", untyped("chat")),
        "Receive.mode: 'chat' is not one of live, interactive, messaging, deferred",
    ),
    (
        "channel",
        Receive(message(address=Address("a/b", "x")), "cards"),
        (
            "Receive.inbound.address.channel: 'a/b' cannot be an id; "
            "leave out '/' and control characters"
        ),
    ),
    (
        "no channel",
        Receive(Activity(what="left", key="l", at=0, address=Address("", "x")), "cards"),
        "Receive.inbound.address.channel: an id has 1 to 128 characters; this one has 0",
    ),
    (
        "address",
        Receive(message(address="lan"), "cards"),
        "Receive.inbound.address: str is not of the type Address",
    ),
    ("key", Receive(message(key=5), "cards"), "Receive.inbound.key: int is not text; give a str"),
    (
        "written at",
        Receive(message(at=1.5), "cards"),
        (
            "Receive.inbound.at: 1.5 is not an instant; an instant is an int, microseconds UTC, "
            "in the years 1 to 9999"
        ),
    ),
    (
        "text",
        Receive(message(content="hi"), "cards"),
        "Receive.inbound.content: str is not of the type Content",
    ),
    (
        "raw",
        Receive(message(raw="secret"), "cards"),
        "Receive.inbound.raw: str is not of the type bytes",
    ),
    (
        "long text",
        Receive(message(content=Content("x" * 1_000_001)), "cards"),
        "Receive.inbound.content.text: 1000001 is too long; at most 1000000",
    ),
]


@pytest.mark.parametrize(
    ("input", "expected"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG]
)
def test_each_error_names_the_field_and_nothing_has_changed(input: AnyInput, expected: str) -> None:
    """Also not by time: what fell due in the meantime happens with the next legal input."""
    center = running()
    before, deadline = center.snapshot(), center.next_deadline()
    later = seconds(100)
    assert expected == refused(lambda: center.handle(input, later))
    assert (before, deadline) == (center.snapshot(), center.next_deadline())
    assert running().handle(Tick(), later).events == center.handle(Tick(), later).events


@pytest.mark.parametrize(
    "now",
    [1.5, "5", None, True, math.nan, math.inf, datetime(2026, 3, 2, tzinfo=UTC), 10**30],
    ids=str,
)
def test_now_is_an_instant(now: object) -> None:
    """Whatever else it is, it is refused, and the field is named."""
    center = running()
    before = center.snapshot()
    expected = f"now: {now!r} is not an instant; "
    assert expected == refused(lambda: center.handle(Tick(), untyped(now)))[: len(expected)]
    assert before == center.snapshot()


@pytest.mark.parametrize("input", [None, "tick", Tick, {"type": "Tick"}, Contact("c1"), object()])
def test_what_is_no_input_is_refused(input: object) -> None:
    """The error tells where the inputs are."""
    center = running()
    kind = input.__name__ if isinstance(input, type) else type(input).__name__
    expected = f"handle: {kind} is not an input; see tongdai.center.inputs"
    assert expected == refused(lambda: center.handle(untyped(input), 0))


def test_nothing_is_lost_when_an_illegal_input_comes_as_deadlines_fall_due() -> None:
    """At the very instant of a step, an offer's end and a patience: they happen afterwards."""
    for at in (seconds(20), seconds(30), minutes(2)):
        calm, disturbed = running(), running()
        for _ in range(3):
            refused(lambda: disturbed.handle(Accept("nobody/1"), at))  # noqa: B023 - called here
        expected = calm.handle(Tick(), at)
        found = disturbed.handle(Tick(), at)
        assert expected.events == found.events
        assert expected.effects == found.effects
        assert expected.events
        assert calm.snapshot() == disturbed.snapshot()


def test_a_race_is_no_error() -> None:
    """What can happen to a careful caller is an event with a reason."""
    center = running()
    late: list[tuple[AnyInput, str]] = [
        (Accept("c1/1"), "the offer was accepted"),
        (Accept("c2/7"), "there is no such offer"),
        (Accept("c0/1"), "contact c0 was abandoned"),
        (Abandon("c0"), "contact c0 was abandoned"),
        (End("c3/1"), "contact c3 is not with an agent under this id"),
        (Dispose("c1/1", "done"), "there is no wrap-up of this interaction"),
    ]
    for input, reason in late:
        [event] = center.handle(input, seconds(10)).events
        assert ("InputIgnored", reason) == (type(event).__name__, untyped(event).reason)


@given(values_of(AnyInput), st.integers(0, int(minutes(3))))
def test_any_input_is_taken_or_refused(input: AnyInput, now: int) -> None:
    """Taken, it gives events that a journal can keep; refused, nothing has changed."""
    center = running()
    before = center.snapshot()
    try:
        decision = center.handle(input, now)
    except IllegalInput:
        assert before == center.snapshot()
        return
    assert str(decision)
    again = [decode(encode(event), type(event)) for event in decision.events]
    assert list(decision.events) == again


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('{"type": "Accept"}', "Accept.offer: is missing"),
        ('{"type": "Accept", "offer": 1}', "Accept.offer: expected `str`, got `int`"),
        (
            '{"type": "Accept", "offr": "c1/1"}',
            "Accept.offr: there is no such field. Did you mean 'offer'?",
        ),
        (
            '{"type": "PutAgent", "agent": {"id": "an", "skills": {"vi": -1}}}',
            "PutAgent.agent: Agent.skills['vi']: a level is a whole number from 1 to 5; got -1",
        ),
        (
            '{"type": "PutQueue", "queue": {"id": "a", "offer": 20}}',
            "PutQueue.queue.offer: 20 has no unit; write seconds(20) or timedelta(seconds=20)",
        ),
    ],
)
def test_wrong_types_from_json_never_reach_the_center(document: str, expected: str) -> None:
    """A document is read into an input, or refused in the same way."""
    assert expected == refused(lambda: read(document, AnyInput))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            lambda: Center(cool_off=untyped(30)),
            "Center.cool_off: 30 has no unit; write seconds(30) or timedelta(seconds=30)",
        ),
        (
            lambda: Center(cool_off=seconds(1)),
            "Center.cool_off: 1 s is too short; at least 5 s",
        ),
        (
            lambda: Center(grace=untyped(math.nan)),
            "Center.grace: nan is not a duration; write seconds(20) or timedelta(seconds=20)",
        ),
        (
            lambda: Center([Queue("a"), Queue("a")]),
            "Queue.id: two queues have the id 'a'; ids are used once",
        ),
        (
            lambda: Center([Queue("a", overflow="b"), Queue("b", overflow="a")]),
            "Queue.overflow: a contact could go round for ever: a -> b -> a",
        ),
        (
            lambda: Center([Queue("a", strategy="luck")]),
            "Queue.strategy: no strategy 'luck'.",
        ),
        (
            lambda: Center(strategy=untyped("longest_idle")),
            "strategy: 'longest_idle' is not a function (agent, contact) -> sortable",
        ),
        (
            lambda: Center(modes={untyped("voice"): ModeSettings(cost=1)}),
            "modes: 'voice' is not one of live, interactive, messaging, deferred",
        ),
        (
            lambda: Center(modes={Mode.LIVE: untyped(5)}),
            "modes[live]: 5 is not a ModeSettings; write ModeSettings(cost=25)",
        ),
    ],
)
def test_a_center_that_cannot_work_is_not_built(call: object, expected: str) -> None:
    """Settings are checked where they are given."""
    assert expected == refused(untyped(call))


def test_errors_are_value_errors_too() -> None:
    """Who knows nothing of tongdai catches them as well."""
    with pytest.raises(ValueError, match="no queue") as caught:
        Center().handle(Arrive(Contact("c1"), "x"), 0)
    assert isinstance(caught.value, TongdaiError)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"queues": 5}, "queues: expected several queues"),
        ({"queues": ["cards"]}, "queues: str is not a Queue"),
        ({"flows": 5}, r"Center\.flows: expected several flows"),
        ({"flows": ["hotline"]}, r"Center\.flows: str is not a Flow"),
        ({"people": 5}, r"Center\.people: int is not a Resolver"),
    ],
)
def test_a_center_is_built_of_what_it_asks_for(settings: dict[str, Any], error: str) -> None:
    """What is something else is named with its place, at once and not when a contact comes."""
    with pytest.raises(ConfigurationError, match=error):
        Center(**settings)


def test_a_queue_prefers_one_of_what_there_is() -> None:
    """What is no word at all is told the words."""
    with pytest.raises(ConfigurationError, match=r"Queue\.prefers: expected some of last agent"):
        Queue("cards", prefers=cast("Any", 5))
