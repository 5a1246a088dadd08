"""Agents, contacts, modes and queues: frozen values whose every wrong field is named."""

from __future__ import annotations

import math

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused, untyped
from tests.model.strategies import agents, contacts, queues, requirements, skills
from tongdai import (
    Address,
    Agent,
    Claim,
    Contact,
    Content,
    Mode,
    Order,
    Queue,
    Requirement,
    hours,
    seconds,
)
from tongdai.model.contact import Attachment, Button, Template
from tongdai.model.ids import check_id, contact_of, offer_id
from tongdai.model.mode import MODES, ModeSettings, modes
from tongdai.model.queue import Closed, check_routes


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Agent(""), "Agent.id: an id has 1 to 128 characters; this one has 0"),
        (lambda: Agent("a" * 129), "Agent.id: an id has 1 to 128 characters; this one has 129"),
        (
            lambda: Agent("a/b"),
            "Agent.id: 'a/b' cannot be an id; leave out '/' and control characters",
        ),
        (
            lambda: Agent("a\nb"),
            "Agent.id: 'a\\nb' cannot be an id; leave out '/' and control characters",
        ),
        (
            lambda: Agent(untyped(7)),
            "Agent.id: 7 is not an id; an id is a str of 1 to 128 characters without '/'",
        ),
        (
            lambda: Agent("an", untyped(["vi"])),
            "Agent.skills: ['vi'] is not a mapping; write {name: number}",
        ),
        (
            lambda: Agent("an", {"vi": -1}),
            "Agent.skills['vi']: a level is a whole number from 1 to 5; got -1",
        ),
        (
            lambda: Agent("an", {"vi": untyped(math.nan)}),
            "Agent.skills['vi']: a level is a whole number from 1 to 5; got nan",
        ),
        (
            lambda: Agent("an", capacity=untyped(None)),
            "Agent.capacity: None is not a whole number, 0 or more",
        ),
        (
            lambda: Agent("an", capacity=10**9 + 1),
            "Agent.capacity: 1000000001 is not a whole number, 0 or more, at most 1,000,000,000",
        ),
        (
            lambda: Agent("an", costs={Mode.LIVE: -5}),
            "Agent.costs[live]: -5 is not a whole number, 0 or more",
        ),
        (
            lambda: Agent("an", costs={Mode.LIVE: untyped(None)}),
            "Agent.costs[live]: None is not a whole number, 0 or more",
        ),
        (
            lambda: Agent("an", limits={untyped("voice"): 1}),
            "Agent.limits: 'voice' is not one of live, interactive, messaging, deferred",
        ),
        (
            lambda: Agent("an", auto_accept=untyped("yes")),
            "Agent.auto_accept: 'yes' is neither True nor False",
        ),
        (lambda: Contact(""), "Contact.id: an id has 1 to 128 characters; this one has 0"),
        (
            lambda: Contact("c1", untyped(["vi"])),
            (
                "Contact.requires: ['vi'] is not a requirement; write text such as 'billing>=3 "
                "and vi'"
            ),
        ),
        (
            lambda: Contact("c1", priority=untyped(1.5)),
            "Contact.priority: points are a whole number up to a million; got 1.5",
        ),
        (
            lambda: Contact("c1", mode=untyped("live")),
            "Contact.mode: 'live' is not a mode; write Mode.LIVE, Mode.INTERACTIVE ...",
        ),
        (
            lambda: Contact("c1", language=untyped(["vi"])),
            "Contact.language: ['vi'] is not the name of a skill, such as 'vi'",
        ),
        (
            lambda: Contact("c1", language="vi/en"),
            "Contact.language: 'vi/en' cannot be an id; leave out '/' and control characters",
        ),
        (
            lambda: Contact("c1", due=untyped(math.nan)),
            (
                "Contact.due: nan is not an instant; an instant is an int, microseconds UTC, "
                "in the years 1 to 9999"
            ),
        ),
        (
            lambda: Contact("c1", address=untyped("lan@example.org")),
            "Contact.address: str is not an Address; write Address(channel, to)",
        ),
        (
            lambda: Contact("c1", claims=untyped([{"scheme": "phone"}])),
            "Contact.claims[0]: dict is not of the type Claim; write Claim(scheme, value)",
        ),
        (
            lambda: Contact("c1", claims=untyped(None)),
            "Contact.claims: NoneType is neither a list nor a tuple; give a list of Claim",
        ),
        (lambda: Address("web", untyped(84)), "Address.to: int is not text; give a str"),
        (lambda: Claim("phone", untyped(84)), "Claim.value: int is not text; give a str"),
        (
            lambda: Claim("phone", "84", assurance=untyped("verifed")),
            (
                "Claim.assurance: 'verifed' is not one of asserted, carrier, platform, verified. "
                "Did you mean 'verified'?"
            ),
        ),
        (
            lambda: Claim("phone", "84", assurance=untyped(3)),
            "Claim.assurance: 3 is not one of asserted, carrier, platform, verified.",
        ),
        (lambda: Content(untyped(b"hi")), "Content.text: bytes is not text; give a str"),
        (
            lambda: Content("\ud83d"),
            (
                "Content.text: character 1 is half a surrogate pair; "
                "decode the text with errors='replace'"
            ),
        ),
        (
            lambda: Content("hi", untyped(["file"])),
            (
                "Content.attachments[0]: str is not of the type Attachment; "
                "write Attachment(kind, url)"
            ),
        ),
        (
            lambda: Content("hi", buttons=untyped(Button("1", "Thẻ"))),
            "Content.buttons: Button is neither a list nor a tuple; give a list of Button",
        ),
        (
            lambda: Template("hello", values=untyped("Lan")),
            "Template.values: str is neither a list nor a tuple; give a list of str",
        ),
        (
            lambda: Template("hello", values=untyped(["Lan", 5])),
            "Template.values[1]: int is not text; give a str",
        ),
        (lambda: Closed(untyped(5)), "Closed.text: int is not text; give a str"),
        (
            lambda: ModeSettings(cost=untyped(None)),
            "ModeSettings.cost: None is not a whole number, 0 or more",
        ),
        (
            lambda: ModeSettings(cost=1, limit=0),
            "ModeSettings.limit: 0 is not a whole number, 1 or more",
        ),
        (
            lambda: ModeSettings(cost=1, offer=untyped(20)),
            "ModeSettings.offer: 20 has no unit; write seconds(20) or timedelta(seconds=20)",
        ),
        (
            lambda: ModeSettings(cost=1, protect=untyped(60)),
            "ModeSettings.protect: 60 has no unit; write seconds(60) or timedelta(seconds=60)",
        ),
        (
            lambda: ModeSettings(cost=1, wrap_up=untyped(math.nan)),
            (
                "ModeSettings.wrap_up: nan is not a duration; "
                "write seconds(20) or timedelta(seconds=20)"
            ),
        ),
        (
            lambda: ModeSettings(cost=1, exclusive=untyped(1)),
            "ModeSettings.exclusive: 1 is neither True nor False",
        ),
        (
            lambda: ModeSettings(cost=1, order=untyped("due")),
            "ModeSettings.order: 'due' is not an order; write Order.ageing()",
        ),
        (
            lambda: Queue("a/b"),
            "Queue.id: 'a/b' cannot be an id; leave out '/' and control characters",
        ),
        (
            lambda: Queue("cards", untyped(3)),
            "Queue.plan: 3 is not a requirement; write text such as 'billing>=3 and vi'",
        ),
        (
            lambda: Queue("cards", order=untyped("fifo")),
            "Queue.order: 'fifo' is not an order; write Order.ageing(point=minutes(1))",
        ),
        (
            lambda: Queue("cards", limit=-1),
            "Queue.limit: -1 is not a whole number, 0 or more",
        ),
        (
            lambda: Queue("cards", limit=untyped(2.5)),
            "Queue.limit: 2.5 is not a whole number, 0 or more",
        ),
        (
            lambda: Queue("cards", join=untyped("open")),
            "Queue.join: 'open' is not one of always, signed_in, staffed",
        ),
        (
            lambda: Queue("cards", overflow=untyped(None)),
            "Queue.overflow: None is neither a queue's id nor Closed() or Closed(text)",
        ),
        (
            lambda: Queue("cards", after_patience=untyped(5)),
            "Queue.after_patience: 5 is neither a queue's id nor Closed() or Closed(text)",
        ),
        (
            lambda: Queue("cards", patience=untyped(600)),
            "Queue.patience: 600 has no unit; write seconds(600) or timedelta(seconds=600)",
        ),
        (
            lambda: Queue("cards", short_abandon=seconds(-1)),
            "Queue.short_abandon: -1 s is negative; a duration here is zero or more",
        ),
        (
            lambda: Queue("cards", offer=untyped("soon")),
            "Queue.offer: a duration needs a number and a unit, e.g. 5s or 2min; got 'soon'",
        ),
        (
            lambda: Queue("cards", wrap_up=untyped(5)),
            "Queue.wrap_up: 5 has no unit; write seconds(5) or timedelta(seconds=5)",
        ),
        (
            lambda: Queue("cards", cost=untyped("much")),
            "Queue.cost: 'much' is not a whole number, 0 or more",
        ),
        (
            lambda: Queue("cards", auto_accept=untyped(1)),
            "Queue.auto_accept: 1 is neither True nor False",
        ),
        (
            lambda: Queue("cards", strategy=untyped(7)),
            (
                "Queue.strategy: 7 is not a name; write 'best_skill', or give functions of your "
                "own a name with Center(strategies={name: function})"
            ),
        ),
    ],
)
def test_a_wrong_field_is_named(call: object, message: str) -> None:
    """The field, what is wrong, and what would be right."""
    assert message == refused(untyped(call))


@given(agents, contacts(), queues())
def test_values_never_change(agent: Agent, contact: Contact, queue: Queue) -> None:
    """Every field of each is frozen."""
    for value in (agent, contact, queue, MODES[Mode.LIVE]):
        names = (
            value.__struct_fields__
            if isinstance(value, msgspec.Struct)
            else [field.name for field in attrs.fields(type(value))]
        )
        for name in names:
            with pytest.raises(AttributeError):
                setattr(untyped(value), name, None)


@given(skills, requirements())
def test_an_agent_takes_copies(levels: dict[str, int], wanted: Requirement) -> None:
    """What the caller does to a mapping later is nothing to the agent."""
    agent = Agent("an", levels)
    before = agent.meets(wanted)
    levels.clear()
    levels["new"] = 5
    assert before == agent.meets(wanted)


@given(agents, requirements())
def test_meeting_is_having_the_skills_and_not_being_excluded(
    agent: Agent, wanted: Requirement
) -> None:
    """Presence and capacity are somebody else's business."""
    expected = wanted.met_by(agent.skills) and agent.id not in wanted.without
    assert expected == agent.meets(wanted)


@given(requirements(), st.sampled_from(["", "vi", "two words"]))
def test_a_contact_needs_its_language_too(wanted: Requirement, language: str) -> None:
    """Language is a skill that no plan relaxes."""
    contact = Contact("c1", str(wanted), language=language)
    asked = Requirement({language: 1}) if language else Requirement()
    assert wanted & asked == contact.needs


@given(st.text(min_size=1, max_size=9), st.integers(1, 99))
def test_an_offers_id_tells_its_contact(contact: str, number: int) -> None:
    """`c1/2` is the second offer of `c1`, whatever the contact is called."""
    assert contact == contact_of(offer_id(contact, number))


@pytest.mark.parametrize("text", ["", "c1", "/1", "c1/", "c1/x", "c1/1/", "c1/-1", "c1/²"])
def test_what_cannot_be_an_offers_id_tells_none(text: str) -> None:
    """A slash and a number are needed."""
    assert contact_of(text) is None


@given(st.text(max_size=130))
def test_ids_are_1_to_128_printable_characters_without_a_slash(text: str) -> None:
    """Nothing else is asked of an id."""
    if 1 <= len(text) <= 128 and text.isprintable() and "/" not in text:
        check_id(text, "field")
    else:
        assert "field: " == refused(lambda: check_id(text, "field"))[:7]


def test_modes_hold_unless_overridden() -> None:
    """LIVE takes an agent alone; e-mail is ordered by due time; the rest is per mode."""
    found = modes({Mode.DEFERRED: ModeSettings(cost=5, offer=hours(1))})
    assert {
        Mode.LIVE: (100, 1, True),
        Mode.INTERACTIVE: (25, None, False),
        Mode.MESSAGING: (25, None, False),
        Mode.DEFERRED: (5, None, False),
    } == {mode: (one.cost, one.limit, one.exclusive) for mode, one in found.items()}
    assert Order.due() == MODES[Mode.DEFERRED].order
    assert [Mode.LIVE, Mode.INTERACTIVE] == [mode for mode in Mode if MODES[mode].abandons]


def _routes(**ways: str | tuple[str, str]) -> str:
    queues = {
        id: Queue(id, overflow=to) if isinstance(to, str) else Queue(id, after_patience=to[1])
        for id, to in ways.items()
    }
    return refused(lambda: check_routes({**queues, "end": Queue("end")}))


def test_a_circle_of_overflows_is_printed() -> None:
    """Overflow when full and after patience are ways alike; only the circle itself is shown."""
    told = "Queue.overflow: a contact could go round for ever: "
    assert told + "a -> a" == _routes(a="a")
    assert told + "b -> c -> b" == _routes(a="b", b="c", c="b")
    assert told + "a -> b -> c -> a" == _routes(a="b", b=("after", "c"), c="a")


def test_a_way_to_nowhere_is_told_with_what_is_near() -> None:
    """The field names the setting, the suggestion the queue that was meant."""
    assert (
        "Queue.overflow: queue 'a' leads to 'ende', which is not a queue. Did you mean 'end'?"
        == _routes(a="ende")
    )
    assert "Queue.after_patience: queue 'a' leads to 'x', which is not a queue." == _routes(
        a=("after", "x")
    )


def test_ways_that_join_again_are_no_circle_however_long() -> None:
    """Two ways to one queue are fine, and so is a chain of thousands."""
    chain = [Queue(f"q{at}", overflow=f"q{at + 1}", after_patience="end") for at in range(3000)]
    ends = [Queue("q3000"), Queue("end")]
    check_routes({queue.id: queue for queue in [*chain, *ends]})


def test_an_attachment_is_a_value_too() -> None:
    """Media type, place, name and size."""
    photo = Attachment("image/png", "https://example.org/1", "id.png", 5)
    assert (photo,) == Content("", (photo,)).attachments
