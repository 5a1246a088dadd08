"""The laws of the profiles, for any few observations that collide."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles.people import (
    SMALL,
    START,
    TINY,
    observations,
    orders,
    partition,
    phone_of,
    reachable,
    resolver,
    several,
    view,
)
from tongdai.errors import IllegalInput
from tongdai.model.contact import Claim
from tongdai.profiles import Attached, Erased, MemoryStore, Merged, Observation, Resolver
from tongdai.profiles.phones import phone
from tongdai.profiles.survivorship import Said, choose, said


@given(several())
def test_to_ingest_twice_is_to_ingest_once(rows: list[Observation]) -> None:
    """L1: the second time nothing happens, and the answer says so."""
    people = resolver(rows)
    once = view(people)
    answers = [people.ingest(row) for row in rows]
    assert [True] * len(rows) == [
        isinstance(answer, Attached) and answer.repeat for answer in answers
    ]
    assert once == view(people)


@given(several().flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_the_order_of_arrival_does_not_matter(
    both: tuple[list[Observation], list[Observation]],
) -> None:
    """L2: whoever comes first, the profiles are the same, values and ids included."""
    rows, others = both
    assert view(resolver(rows)) == view(resolver(others))


def test_whom_a_key_no_longer_brings_together_is_looked_at_again() -> None:
    """L2, pinned: two are never near, have one near in common, and a third takes their key's force.

    The address of the mails is Lan's and Minh's; with Mary's it is anybody's, so that nothing but a
    stranger's name is left between the two, and who is like both is Minh's alone.
    """
    mail, born = "lan.nguyen@gmail.com", "1990-12-31"
    own = (Claim("zalo", "0908993022"), Claim("customer", "1001", "oa1"))
    rows = [
        Observation("lan", "crm", 0, email=mail, name="Nguyễn Thị Lan", birth_date=born),
        Observation("minh", "crm", 0, email=mail, name="Trần Văn Minh", claims=own),
        Observation("both", "crm", 0, name="Nguyễn Thị Lan", birth_date=born, claims=own),
        Observation("mary", "crm", 0, email=mail, name="Mary Smith"),
    ]
    whole = frozenset(frozenset(each) for each in (["lan"], ["mary"], ["minh", "both"]))
    assert {whole} == {frozenset(partition(resolver(order))) for order in orders(rows)}
    people = resolver(rows)
    people.erase("mary")
    assert view(resolver(rows[:3])) == view(people)


@given(several())
def test_step_by_step_is_all_at_once(rows: list[Observation]) -> None:
    """L3: a rebuild from the store changes nothing."""
    people = resolver(rows)
    before = view(people)
    assert () == people.rebuild()
    assert before == view(people)


@given(several(), observations("r"))
def test_to_erase_is_never_to_have_ingested(rows: list[Observation], last: Observation) -> None:
    """L4: after `erase` of one observation everything is as it was before it came."""
    people = resolver(rows)
    before = view(people)
    queue = people.review_queue()
    people.ingest(last)
    people.erase(last.id)
    assert before == view(people)
    assert queue == people.review_queue()


@given(several(), observations("r"))
def test_to_undo_a_merge_restores_both_sides(rows: list[Observation], last: Observation) -> None:
    """L4: what a merge brought together is again apart, and each side whole.

    (What the observation's mere presence does to others, as a third name at a phone, stays.)
    """
    people = resolver(rows)
    before = partition(people)
    answer = people.ingest(last)
    for change in answer.events:
        if isinstance(change, Merged):
            merged = frozenset(people.profile(change.profile).observations)
            people.undo(change.id, by="mai")
            sides = [side for side in before if side <= merged]
            homes = [{people.find(id) for id in side} for side in sides]
            assert [1] * len(sides) == [len(home) for home in homes]
            assert len(sides) == len(set[str]().union(*homes))


@given(several(), st.data())
def test_what_people_keep_apart_stays_apart(rows: list[Observation], data: st.DataObject) -> None:
    """L5: an unlink holds under every later ingest."""
    people = resolver(rows[:1])
    people.ingest(data.draw(observations("a")))
    people.ingest(data.draw(observations("b")))
    people.unlink("a", "b", by="mai")
    for row in rows[1:]:
        people.ingest(row)
        assert people.find("a") != people.find("b")
    people.rebuild()
    assert people.find("a") != people.find("b")


@given(several(), st.data())
def test_what_people_link_stays_linked(rows: list[Observation], data: st.DataObject) -> None:
    """A link holds as an unlink does, unless two verified ids or a limit forbid it."""
    people = resolver(rows[:1])
    people.ingest(data.draw(observations("a")))
    people.ingest(data.draw(observations("b")))
    people.link("a", "b", by="mai")
    together = people.find("a") == people.find("b")
    for row in rows[1:]:
        people.ingest(row)
        assert not together or people.find("a") == people.find("b")


@given(several(14).flatmap(st.permutations))
def test_no_profile_passes_a_limit(rows: list[Observation]) -> None:
    """L7: at most three phones, in any order, unless one observation alone has more."""
    people = resolver(rows)
    held = {row.id: _phones(row) for row in rows}
    for id in people.profiles():
        phones = {number for one in people.profile(id).observations for number in held[one]}
        assert len(phones) <= 3


def _phones(row: Observation) -> set[str]:
    claims = [claim.value for claim in row.claims if claim.scheme == "phone"]
    return {phone(text) for text in (row.phone, *claims)} - {""}


_SAID = st.lists(
    st.builds(
        Said,
        st.sampled_from(["Lan", "Nguyễn Lan", "Nguyen Lan", "Minh", "Trần Minh"]),
        st.booleans(),
        st.sampled_from(["crm", "zalo"]),
        st.integers(0, 3),
        st.sampled_from(["o1", "o2", "o3", "o4", "o5"]),
    ),
    min_size=1,
    max_size=6,
)


@given(_SAID, _SAID, _SAID)
def test_survivorship_is_a_join(one: list[Said], two: list[Said], three: list[Said]) -> None:
    """L8: associative, commutative, idempotent: what is said is a set."""
    for field in ("name", "phone"):
        all_ = choose(field, [*one, *two, *three], SMALL)
        assert all_ == choose(field, [*three, *one, *two], SMALL)
        assert all_ == choose(field, [*two, *three, *one, *two], SMALL)


@given(several())
def test_every_shown_value_has_a_live_source(rows: list[Observation]) -> None:
    """L9: and erasing that source changes what the value rests on."""
    people = resolver(rows)
    by_id = {row.id: row for row in rows}
    for id in list(people.profiles()):
        shown = people.profile(id)
        for field in shown:
            value = shown[field]
            assert value.source in shown.observations
            texts = {one.text for name, one in said(by_id[value.source], SMALL) if name == field}
            assert value.text in texts
    first = people.profile(next(iter(people.profiles())))
    if len(first.observations) > 1 and "name" in first:
        source = first["name"].source
        people.erase(source)
        left = [people.profile(one) for one in people.profiles()]
        assert all(one["name"].source != source for one in left if "name" in one)


@given(several())
def test_consent_never_widens(rows: list[Observation]) -> None:
    """L11: a profile allows what all of its observations that say so allow."""
    people = resolver(rows)
    by_id = {row.id: row for row in rows}
    for id in people.profiles():
        profile = people.profile(id)
        for one in profile.observations:
            for purpose, allowed in by_id[one].consent.items():
                assert profile.consent[purpose] <= allowed


@given(several())
def test_every_id_ever_told_resolves(rows: list[Observation]) -> None:
    """L12: also ids of profiles that are no more lead to where their people went."""
    people = Resolver(SMALL)
    told: dict[str, str] = {}
    for row in rows:
        answer = people.ingest(row)
        told[answer.profile] = answer.profile.removeprefix("p/")
        for change in answer.events:
            for id in change.changed:
                told[id] = id.removeprefix("p/")
    for id, oldest in told.items():
        assert oldest in people.profile(id).observations


@given(several())
def test_explanations_add_up(rows: list[Observation]) -> None:
    """L14: parts and prior make the score that decided, which the last line prints."""
    people = resolver(rows)
    for one in rows:
        for two in rows:
            told = people.explain(one.id, two.id)
            assert round(10 * told.bits) == sum(round(10 * part.bits) for part in told.parts)
            assert told.parts == people.explain(two.id, one.id).parts
            assert f"{told.bits:+.1f}" in str(told).splitlines()[-1]
            for pending in people.review_queue():
                assert people.explain(*pending.observations).bits == pending.bits


@given(several())
def test_nothing_waits_where_neighbourhoods_are_small(rows: list[Observation]) -> None:
    """What is together before `settle()` is what is together after it."""
    people = Resolver(SMALL)
    for row in rows:
        people.ingest(row)
    early = view(people)
    assert () == people.settle()
    assert early == view(people)


@given(several().flatmap(lambda rows: st.tuples(st.just(rows), st.permutations(rows))))
def test_what_waited_is_as_if_it_had_not(
    both: tuple[list[Observation], list[Observation]],
) -> None:
    """L2 and L3 for neighbourhoods that wait for `settle()`."""
    rows, others = both
    people = resolver(rows, TINY)
    assert view(resolver(others)) == view(people)
    assert () == people.rebuild()


@given(st.integers(2, 12).flatmap(lambda most: st.permutations(range(most))), st.data())
def test_one_shared_value_chains_nobody(order: list[int], data: st.DataObject) -> None:
    """L6: people who share a value with the next one never come to be one, in any order.

    Each has a name, and one value (phone, e-mail or place) with each neighbour; also when somebody
    is erased afterwards and what is shared says more again.
    """
    kinds = [data.draw(st.sampled_from(["phone", "email", "address"])) for _ in range(13)]
    people = Resolver(SMALL)
    for number in order:
        said_: dict[str, Any] = {}
        for link in (number, number + 1):
            said_[kinds[link]] = {
                "phone": phone_of(link + 1),
                "email": f"box{link}@fpt.vn",
                "address": f"{link + 1} Lê Lợi",
            }[kinds[link]]
        people.ingest(
            Observation(f"o{number}", "crm", START + number, name=_WORDS[number], **said_)
        )
    people.settle()
    assert len(order) == len(partition(people))
    people.erase(f"o{order[0]}")
    people.settle()
    assert len(order) - 1 == len(partition(people))


_WORDS = (
    *("Blimo Karstig", "Dovrin Achelt", "Fusgat Emmerpol", "Grinzel Otvaar", "Huplat Isindre"),
    *("Jorvek Uldram", "Kestob Yannick", "Lambros Zuiver", "Morgwyn Pastel", "Nedrich Quorl"),
    *("Osbert Rhyndal", "Prestig Solvane"),
)


@given(several(), observations("canary"), st.sampled_from(["profile", "observation"]))
def test_what_is_erased_is_in_no_byte(
    rows: list[Observation], last: Observation, what: str
) -> None:
    """L10: neither store nor resolver reaches a text that only the erased one said."""
    marked = Observation(
        "canary",
        "canarysource",
        last.at,
        phone=last.phone,
        name=f"{last.name} Canarius".strip(),
        email="canary77@zwitscher.vn",
        birth_date=last.birth_date,
        address="77 Canarienvogelweg",
        city=last.city,
        claims=(*last.claims, Claim("customer", "canary-1001", scope="oa1")),
        attributes={"note": "likes canary seeds"},
    )
    store = MemoryStore()
    people = Resolver(SMALL, store=store)
    for row in (*rows, marked):
        people.ingest(row)
    for row in rows[:2]:
        people.unlink("canary", row.id, by="mai")
        people.link("canary", row.id, by="mai")
    people.review_queue()
    assert "canarius" in reachable(people)
    people.erase(people.find("canary") if what == "profile" else "canary")
    people.settle()
    left = reachable(people) + reachable(store)
    assert [] == [trace for trace in ("canar", "zwitscher", "likes") if trace in left]


@given(several(), st.data())
def test_a_merge_is_told_apart_from_an_erasure(
    rows: list[Observation], data: st.DataObject
) -> None:
    """L13: the ids that a merge retires resolve on; what is erased says that it was."""
    people = Resolver(SMALL)
    retired: list[str] = []
    for row in rows:
        for change in people.ingest(row).events:
            assert not isinstance(change, Erased)
            if isinstance(change, Merged):
                retired += change.retired
                assert change.profile not in change.retired
    for id in retired:
        assert people.find(id) in set(people.profiles())
    gone = people.find(data.draw(st.sampled_from(rows)).id)
    held = people.profile(gone).observations
    assert isinstance(people.erase(gone), Erased)
    for id in (gone, *held):
        with pytest.raises(IllegalInput, match="was erased"):
            people.find(id)


@given(several())
def test_the_audit_follows_whoever_holds_the_records(rows: list[Observation]) -> None:
    """L15: a profile's audit is every entry that names one of its observations, and no other."""
    people = Resolver(SMALL)
    told: list[tuple[str, frozenset[str]]] = []
    for row in rows:
        told += [
            ("merged", frozenset(people.profile(change.profile).observations))
            for change in people.ingest(row).events
            if isinstance(change, Merged)
        ]
    if len(rows) > 1:
        people.unlink(rows[0].id, rows[1].id, by="mai")
        told.append(("unlink", frozenset((rows[0].id, rows[1].id))))
    everything = {entry.number: entry for row in rows for entry in people.audit(row.id)}
    for id in people.profiles():
        members = set(people.profile(id).observations)
        mine = [n for n, e in everything.items() if any(members & set(g) for g in e.groups)]
        assert sorted(mine) == [entry.number for entry in people.audit(id)]
    kinds = [entry.kind for entry in everything.values()]
    for kind in ("merged", "unlink"):
        assert kinds.count(kind) >= sum(what == kind for what, _ in told)
