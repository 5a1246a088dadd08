"""Personal data never shows in what is printed for developers."""

from __future__ import annotations

import pytest
from hypothesis import given

from tests.model.refusals import untyped
from tests.model.strategies import values_of
from tongdai import (
    Address,
    Arrive,
    Center,
    Claim,
    Contact,
    Content,
    Decision,
    Mode,
    Queue,
    Receive,
    Say,
    seconds,
)
from tongdai.center import effects, events
from tongdai.channels import Activity, Message, Receipt
from tongdai.model.contact import Attachment, Template

SECRET = "0908993022"  # noqa: S105 - a phone number, and nobody's
ADDRESS = Address("zalo", SECRET)
CLAIM = Claim("phone", SECRET, raw=f"+84 {SECRET}")
PHOTO = Attachment("image/png", f"https://example.org/{SECRET}", f"{SECRET}.png")
GREETING = Template("hello", "vi", (SECRET,))
CONTENT = Content(f"I am {SECRET}", (PHOTO,), template=GREETING)
CONTACT = Contact("c1", mode=Mode.MESSAGING, address=ADDRESS, claims=(CLAIM,))
MESSAGE = Message(
    key="m1", at=0, address=ADDRESS, content=CONTENT, claims=(CLAIM,), raw=SECRET.encode()
)

CARRIERS = [
    ADDRESS,
    CLAIM,
    PHOTO,
    GREETING,
    CONTENT,
    CONTACT,
    MESSAGE,
    Receipt(key="r1", at=0, address=ADDRESS, status="read"),
    Activity(what="left", key="l1", at=0, address=ADDRESS),
    Arrive(CONTACT, "cards"),
    Receive(MESSAGE, "cards"),
    Say("c1/1", CONTENT),
    events.ContactQueued("c1", "cards", CONTACT),
    events.ContactRefused("c1", "cards", "full", CONTACT),
    events.MessageReceived("c1", "m1", CONTENT),
    events.MessageSaid("c1", "an", "c1/1", CONTENT, ADDRESS),
    events.ContactEnded("c1", "agent", address=ADDRESS),
    effects.ShowMessage("an", "c1/1", CONTENT),
    effects.SendMessage("c1", CONTENT, ADDRESS),
]


@pytest.mark.parametrize("value", CARRIERS, ids=lambda value: type(value).__name__)
def test_nothing_personal_is_printed(value: object) -> None:
    """Neither by repr nor by str nor inside a collection nor for rich."""
    shown = [repr(value), str(value), repr([value]), f"{value}", repr(_rich(value))]
    assert [] == [text for text in shown if SECRET in text]


@pytest.mark.parametrize("value", CARRIERS, ids=lambda value: type(value).__name__)
def test_that_something_is_there_is_printed(value: object) -> None:
    """A mask stands for a value, so that one sees that there is one."""
    assert "•••" in repr(value)


def test_what_is_empty_is_printed_as_empty() -> None:
    """A missing value is no secret, and good to know."""
    assert (
        "Content(text='', attachments=(), buttons=(), question='', subject='', template=None, "
        "automatic=False)"
    ) == repr(Content())
    assert "Claim(scheme='phone', value=•••, scope='', assurance='asserted', raw='')" == repr(
        Claim("phone", SECRET)
    )


@given(values_of(Receive))
def test_what_is_not_personal_is_printed(value: Receive) -> None:
    """Ids and keys stay, so that a log can be followed."""
    assert f"key={value.inbound.key!r}" in repr(value)
    assert f"entry={value.entry!r}" in repr(value)


def test_transcripts_show_nothing_personal() -> None:
    """A contact's whole life, as text and as repr."""
    center = Center([Queue("cards")])
    decisions: list[Decision] = [center.handle(Receive(MESSAGE, "cards"), 0)]
    decisions.append(center.handle(Say("zalo-1/1", CONTENT), seconds(1)))
    decisions.append(center.handle(Receive(MESSAGE, "cards"), seconds(2)))
    text = "\n".join([*map(str, decisions), *map(repr, decisions)])
    assert "MessageReceived zalo-1" in text
    assert SECRET not in text
    assert SECRET not in repr([one.events for one in decisions])


def _rich(value: object) -> list[object]:
    return list(untyped(value).__rich_repr__())
