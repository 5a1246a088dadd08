"""Who somebody most likely is, without anything being kept."""

from __future__ import annotations

from tests.model.refusals import refused, untyped
from tongdai import Claim
from tongdai.profiles import Observation, Resolver

CRM = Observation("crm-1", "crm", 0, "0908993022", name="Nguyễn Thị Lan")


def test_who_is_recognised_is_who_it_would_be_attached_to() -> None:
    """And nothing has changed by asking."""
    people = Resolver()
    people.ingest(CRM)
    chat = Observation("chat-1", "web", 5, "+84 908 993 022", name="Lan Nguyen")
    assert "p/crm-1" == people.recognise(chat)
    assert ["p/crm-1"] == [*people.profiles()]
    assert 1 == len(people)
    people.ingest(chat)
    assert "p/crm-1" == people.find("chat-1")


def test_what_was_said_before_is_recognised_at_once() -> None:
    """The same words in the same half-year are one record."""
    people = Resolver()
    people.ingest(CRM)
    assert "p/crm-1" == people.recognise(Observation("x", "web", 9, "0908993022", name=CRM.name))


def test_a_stranger_is_nobody() -> None:
    """As is who says nothing that tells."""
    people = Resolver()
    people.ingest(CRM)
    other = (Claim("zalo", "77", scope="oa", assurance="platform"),)
    assert "" == people.recognise(Observation("x", "zalo", 5, claims=other))
    assert "" == people.recognise(Observation("x", "web", 5, name="Trần Minh"))


def test_what_is_no_observation_is_refused() -> None:
    """As `ingest` refuses it."""
    expected = "recognise: str is not an Observation"
    assert expected == refused(lambda: Resolver().recognise(untyped("Lan")))
