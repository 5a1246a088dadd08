"""What a resolver does, case by case."""

from __future__ import annotations

import subprocess
import sys
from typing import Any, cast

import pytest

from tests.profiles.people import DAY, START, partition, phone_of, reachable, view
from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.model.contact import Claim
from tongdai.profiles import (
    Attached,
    Created,
    Erased,
    MemoryStore,
    Merged,
    Model,
    Observation,
    Policy,
    Resolver,
    Review,
    Unmerged,
)
from tongdai.profiles.extras import need

LAN = "0908.993.022"


def seen(id: str, source: str = "crm", at: int = START, **said: Any) -> Observation:  # noqa: ANN401 - keywords of Observation
    """Make an observation."""
    return Observation(id, source, at, **said)


def test_two_spellings_of_one_person_are_one_profile() -> None:
    """The page's first example, with the explanation as it prints."""
    people = Resolver()
    first = people.ingest(seen("o1", phone=LAN, name="Nguyễn Thị Lan"))
    second = people.ingest(seen("o2", "zalo", phone="+84 908 993 022", name="Lan Nguyen"))
    assert isinstance(first, Created)
    assert isinstance(second, Attached)
    assert "p/o1" == first.profile == second.profile
    told = people.explain("o1", "o2")
    assert told == second.evidence
    assert second.by == told.bits
    lines = str(told).splitlines()
    assert ["prior", "phone", "name", "same"] == [line.split()[0] for line in lines]
    assert "+84908993022" in lines[1]
    assert lines[-1].endswith("merge at +6.0")
    shown = people.profile("p/o1")["name"]
    assert (
        "Value('Nguyễn Thị Lan', source='o1', because='longer, same name', runner_up='Lan Nguyen')"
        == repr(shown)
    )


def test_people_decide_and_take_it_back() -> None:
    """Unlink holds against a later twin; undoing it brings all together again."""
    people = Resolver()
    people.ingest(seen("o1", phone=LAN, name="Nguyễn Thị Lan"))
    people.ingest(seen("o2", phone=LAN, name="Lan Nguyen"))
    apart = people.unlink("o1", "o2", by="supervisor:mai")
    assert isinstance(apart, Unmerged)
    assert ("p/o1", ("p/o2",)) == (apart.profile, apart.new)
    assert "kept apart by supervisor:mai" in str(people.explain("o1", "o2"))
    people.ingest(seen("o3", phone=LAN, name="Lan Nguyen"))
    assert people.find("o1") != people.find("o2")
    back = people.undo(people.decisions()[0].id, by="supervisor:mai")
    assert isinstance(back, Merged)
    assert {frozenset({"o1", "o2", "o3"})} == partition(people)


def test_a_link_joins_whole_profiles_and_can_be_undone() -> None:
    """Whoever says that two customers are one means all of both."""
    people = Resolver()
    for number in range(3):
        people.ingest(seen(f"a{number}", phone=LAN, name="Trần Văn Minh", city=f"Huế {number}"))
        people.ingest(seen(f"b{number}", phone="0912345670", name="Lê Thu Hoa"))
    before = partition(people)
    assert 2 == len(before)
    linked = people.link("a1", "b1", by="mai")
    assert isinstance(linked, Merged)
    assert 1 == len(partition(people))
    people.undo(linked.id, by="mai")
    assert before == partition(people)


def test_the_newest_decision_holds_and_the_older_one_for_the_rest() -> None:
    """A link of two sides of an undone merge leaves the third apart."""
    people = Resolver()
    people.ingest(seen("o1", phone=LAN, name="Trần Văn Minh"))
    people.ingest(seen("o2", email="minh@fpt.vn", name="Trần Văn Minh"))
    merged = people.ingest(seen("o3", phone=LAN, email="minh@fpt.vn", name="Trần Văn Minh"))
    people.undo(merged.id, by="mai")
    assert 3 == len(partition(people))
    people.link("o2", "o3", by="mai")
    assert {frozenset({"o1"}), frozenset({"o2", "o3"})} == partition(people)


def test_equal_observations_can_be_told_apart() -> None:
    """Even where nothing tells them apart but their ids."""
    people = Resolver()
    for id in ("o1", "o2"):
        people.ingest(seen(id, phone=LAN))
    people.unlink("o1", "o2", by="mai")
    assert {frozenset({"o1"}), frozenset({"o2"})} == partition(people)
    people.link("o1", "o2", by="mai")
    assert {frozenset({"o1", "o2"})} == partition(people)


def test_a_phone_alone_does_not_join_two_names() -> None:
    """It is a household, or somebody looks."""
    people = Resolver()
    people.ingest(seen("o1", phone=LAN, name="John Smith"))
    answer = people.ingest(seen("o2", phone=LAN, name="Mary Smith"))
    assert "p/o2" == answer.profile
    [relation] = people.relations("p/o1")
    assert ("household", "p/o2", "+84908993022") == (
        relation.kind,
        relation.other,
        relation.through,
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nguyễn Văn An", "Nguyễn Văn Bình"),
        ("Nguyễn Thị Lan", "Mai Thi Nguyen"),
        ("Trần Quang Huy", "Lê Thị Hoa"),
        ("John Smith", "Mary Jones"),
    ],
)
def test_twins_are_two_people(one: str, other: str) -> None:
    """One birth date, home and telephone are a household's, where both names are people's names."""
    people = Resolver()
    shared: dict[str, Any] = {
        "phone": LAN,
        "birth_date": "1990-05-03",
        "address": "12 Lê Lợi",
        "city": "Huế",
    }
    people.ingest(seen("o1", name=one, **shared))
    found = people.ingest(seen("o2", name=other, **shared))
    assert isinstance(found, Review)
    assert "household" in {relation.kind for relation in people.relations("o1")}
    misspelt = people.ingest(seen("o3", name=one.replace("n", "m", 1), **shared))
    assert "p/o1" == misspelt.profile


def test_who_has_no_name_joins_no_two_names() -> None:
    """A call without a name, from a line that two share, is nobody's bridge."""
    people = Resolver()
    people.ingest(seen("o1", phone=LAN, name="John Smith"))
    people.ingest(seen("o2", email="minh@fpt.vn", name="Trần Văn Minh"))
    people.ingest(seen("o3", phone=LAN, email="minh@fpt.vn"))
    assert people.find("o1") != people.find("o2")


def test_between_the_bars_somebody_looks() -> None:
    """The queue has the pair, the likeliest first, until somebody decides."""
    people = Resolver()
    people.ingest(seen("o1", name="Trần Quốc Bảo"))
    answer = people.ingest(seen("o2", name="Trần Quốc Bảo"))
    assert isinstance(answer, Review)
    assert "p/o1" == answer.other
    [pending] = people.review_queue()
    assert ("p/o1", "p/o2") == (pending.profile, pending.other)
    people.unlink(*pending.observations, by="mai")
    assert [] == people.review_queue()


def test_a_verified_id_joins_alone_within_its_scope() -> None:
    """Whatever the names; the same digits in another scope are another account."""
    people = Resolver()
    sure = [Claim("zalo", "77", scope="oa1", assurance="verified")]
    people.ingest(seen("o1", name="Lan", claims=sure))
    people.ingest(seen("o2", name="Minh", claims=sure))
    people.ingest(
        seen("o3", name="Lan", claims=[Claim("zalo", "77", scope="oa2", assurance="verified")])
    )
    assert {frozenset({"o1", "o2"}), frozenset({"o3"})} == partition(people)


def test_two_verified_ids_veto_unless_one_follows_the_other() -> None:
    """A relink is an observation that has both."""
    people = Resolver()
    old = Claim("customer", "1", assurance="verified")
    new = Claim("customer", "2", assurance="verified")
    people.ingest(seen("o1", name="Trần Văn Minh", phone=LAN, claims=[old]))
    people.ingest(seen("o2", name="Trần Văn Minh", phone=LAN, claims=[new]))
    assert people.find("o1") != people.find("o2")
    people.ingest(seen("o3", "portal", claims=[old, new]))
    assert people.find("o1") == people.find("o2")


def test_a_number_given_to_somebody_else_weighs_less() -> None:
    """The longer ago, the less a phone says."""
    people = Resolver()
    people.ingest(seen("o1", phone=LAN))
    people.ingest(seen("o2", phone=LAN, at=START + 100 * DAY))
    people.ingest(seen("o3", phone=LAN, at=START + 12 * 365 * DAY))
    bits = [people.explain("o1", id).bits for id in ("o2", "o3")]
    assert bits[0] > bits[1]
    assert people.find("o1") == people.find("o2") != people.find("o3")


def test_an_office_phone_joins_nobody_also_afterwards() -> None:
    """L6: five thousand people of one line: nobody is chained, and no step does much work."""
    people = Resolver()
    worst = 0
    for number in range(5_000):
        people.ingest(
            seen(
                f"o{number}",
                at=START + number,
                phone="028 3822 1234",
                name=f"{_word(number)} {_word(number * 7 + 3)}",
            )
        )
        worst = max(worst, sum(people.work))
    assert 5_000 == len(partition(people))
    assert worst <= 3 * Policy().holders
    told = people.explain("o1", "o2")
    assert ["too many people hold it"] == [
        part.note for part in told.parts if part.field == "phone"
    ]


def _word(number: int) -> str:
    letters = "bcdghklmnpqrstvxz"
    vowels = "aeiouy"
    out = ""
    for _ in range(4):
        number, one = divmod(number * 31 + 17, 17)
        number, two = divmod(number * 13 + 5, 6)
        out += letters[one] + vowels[two]
    return out


def test_namesakes_at_one_office_are_not_one_person() -> None:
    """L6, retroactively: who was one profile while few held the phone is several afterwards."""
    people = Resolver()
    for number in range(3):
        people.ingest(seen(f"lan{number}", phone="028 3822 1234", name="Nguyễn Thị Lan"))
    assert 1 == len(partition(people))
    for number in range(10):
        people.ingest(
            seen(f"o{number}", phone="028 3822 1234", name=f"{_word(number)} {_word(number + 50)}")
        )
    assert 13 == len(partition(people))
    later = people.ingest(seen("lan9", phone="028 3822 1234", name="Nguyễn Thị Lan"))
    assert isinstance(later, Created)
    assert "p/lan9" == people.find("lan9")
    people.link("lan0", "lan9", by="mai")
    assert 13 == len(partition(people))
    assert () == people.rebuild()


def test_one_phone_a_great_many_times_is_bounded_work() -> None:
    """The same call again and again is one record."""
    people = Resolver()
    for number in range(3_000):
        people.ingest(seen(f"o{number}", "call", START + number, phone=LAN))
        assert (0, 0) == people.work or number == 0
    assert 3_000 == len(people.profile("p/o0").observations)


def test_chains_of_shared_values_make_no_crowd() -> None:
    """L6: people who each share a phone with the next and an e-mail with the one before."""
    people = Resolver()
    for number in range(200):
        people.ingest(
            seen(
                f"o{number}",
                name=f"{_word(number)} {_word(number + 1_000)}",
                phone=phone_of(number // 2 + 1),
                email=f"box{(number + 1) // 2}@fpt.vn",
            )
        )
    assert 200 == len(partition(people))


def test_a_merge_is_no_erasure() -> None:
    """L13: what was merged away resolves; what was erased says so."""
    people = Resolver()
    people.ingest(seen("o1", phone=LAN, name="Trần Văn Minh"))
    people.ingest(seen("o2", at=START + 1, email="minh@fpt.vn", name="Trần Văn Minh"))
    merged = people.ingest(
        seen("o3", at=START + 2, phone=LAN, email="minh@fpt.vn", name="Trần Văn Minh")
    )
    assert isinstance(merged, Merged)
    assert ("p/o2",) == merged.retired
    assert "p/o1" == people.find("p/o2") == people.profile("p/o2").id
    gone = people.erase("p/o1")
    assert isinstance(gone, Erased)
    assert "p/o1" == gone.profile
    for id in ("p/o1", "p/o2", "o3"):
        with pytest.raises(IllegalInput, match="was erased"):
            people.profile(id)
    with pytest.raises(IllegalInput, match="what was forgotten stays so"):
        people.ingest(seen("o1", phone=LAN, name="Trần Văn Minh"))


def test_the_audit_follows_the_merge() -> None:
    """L15: who holds the observations now has their history."""
    people = Resolver()
    people.ingest(seen("o1", phone=LAN, name="Trần Văn Minh"))
    people.ingest(seen("o2", phone=LAN, name="Minh Tran"))
    people.ingest(seen("o3", at=START - 1, email="minh@fpt.vn", name="Trần Văn Minh"))
    people.unlink("o1", "o2", by="mai")
    people.link("o2", "o3", by="mai")
    kinds = [entry.kind for entry in people.audit("p/o3")]
    assert ["unlink", "unmerged", "link", "merged"] == sorted(
        kinds, key=["unlink", "unmerged", "link", "merged"].index
    )
    assert people.audit("p/o3") == people.audit("o2")
    people.undo(people.decisions()[0].id, by="mai")
    assert "undo" in [entry.kind for entry in people.audit("o1")]


def test_erasure_leaves_no_trace() -> None:
    """L10: nothing that an erased person ever said is reachable any more."""
    store = MemoryStore()
    people = Resolver(store=store)
    for number in range(3):
        people.ingest(
            seen(
                f"canary-{number}",
                f"src{number}",
                START + number,
                phone="0977654389",
                name="Canarius Zwitscher",
                email=f"canarius{number}@zwitscher.vn",
                birth_date="1977-07-17",
                address="77 Canarienvogelweg",
                city="Canarienstadt",
                claims=[Claim("zalo", "canary77", scope="oa1", assurance="verified")],
                attributes={"note": "likes canary seeds"},
            )
        )
    people.ingest(seen("o1", phone="0977654389", name="Lan Nguyen"))
    people.ingest(seen("o2", name="Lan Nguyen", email="lan@fpt.vn"))
    people.unlink("canary-0", "canary-1", by="mai")
    people.link("canary-0", "canary-1", by="mai")
    people.link("canary-2", "o2", by="mai")
    people.unlink("canary-2", "o1", by="mai")
    people.undo(people.decisions()[-2].id, by="mai")
    people.review_queue()
    profile = people.find("canary-0")
    assert set(people.profile(profile).observations) >= {"canary-0", "canary-1", "canary-2"}
    assert "canari" in reachable(people)
    people.erase(profile)
    left = reachable(people)
    for trace in ("canar", "zwitscher", "19770717", "1977-07-17", "likes"):
        assert trace not in left
    people.erase("p/o1")
    assert "977654389" not in reachable(people)


def test_a_store_is_taken_up() -> None:
    """A resolver over a store that holds something sees what the last one saw."""
    store = MemoryStore()
    people = Resolver(store=store)
    people.ingest(seen("o1", phone=LAN, name="Lan Nguyen"))
    people.ingest(seen("o2", phone=LAN, name="Lan"))
    people.unlink("o1", "o2", by="mai")
    again = Resolver(store=store)
    assert view(people) == view(again)
    assert people.decisions() == again.decisions()
    again.link("o1", "o2", by="mai")
    assert 1 == len(partition(again))


def test_another_model_is_another_view() -> None:
    """A rebuild tells what changed; the way back tells the reverse."""
    people = Resolver()
    people.ingest(seen("o1", phone=LAN))
    people.ingest(seen("o2", phone=LAN, city="Huế"))
    strict = Model("strict", {"phone.same": 10.0})
    [apart] = people.rebuild(strict)
    assert isinstance(apart, Unmerged)
    [together] = people.rebuild(Model())
    assert isinstance(together, Merged)


def test_the_most_restrictive_consent_wins() -> None:
    """Also over a later and better source."""
    people = Resolver(Policy(sources=("crm",)))
    people.ingest(seen("o1", "web", phone=LAN, consent={"sms": False, "call": True}))
    people.ingest(seen("o2", "crm", START + DAY, phone=LAN, consent={"sms": True}))
    assert {"call": True, "sms": False} == people.profile("o1").consent


def test_the_better_source_is_shown() -> None:
    """Verified, then the source's rank, then the newer."""
    people = Resolver(Policy(sources=("crm", "web")))
    people.ingest(seen("o1", "web", START + DAY, phone=LAN, name="Lan", city="Huế"))
    people.ingest(seen("o2", "crm", START, phone=LAN, name="Lan", city="Đà Nẵng"))
    shown = people.profile("o1")["city"]
    assert ("Đà Nẵng", "its source comes first", "Huế") == (
        shown.text,
        shown.because,
        shown.runner_up,
    )
    assert "Đà Nẵng" == str(shown) == people.profile("o1").get("city")
    assert "" == people.profile("o1").get("email")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({}, "says nothing"),
        ({"name": "x" * 10_000_000}, "Observation.name"),
        ({"name": "Lan\x07"}, "Observation.name"),
        ({"name": "Lan\ud800"}, "Observation.name"),
        ({"phone": 908993022}, "Observation.phone"),
        ({"claims": [("zalo", "1")]}, r"Observation.claims\[0\]"),
        ({"claims": [Claim("zalo", " ")]}, r"Observation.claims\[0\].value"),
        ({"claims": [Claim("a/b", "1")]}, r"Observation.claims\[0\].scheme"),
        ({"claims": [Claim("zalo", str(n)) for n in range(17)]}, "Observation.claims"),
        ({"claims": "zalo"}, "Observation.claims"),
        ({"attributes": {"phone": "1"}}, "Observation.attributes"),
        ({"attributes": {str(n): "" for n in range(65)}}, "Observation.attributes"),
        ({"attributes": {"a": 1}}, "Observation.attributes"),
        ({"consent": {"sms": "yes"}}, "Observation.consent"),
        ({"consent": ["sms"]}, "Observation.consent"),
    ],
)
def test_what_cannot_be_an_observation_is_refused(said: dict[str, Any], field: str) -> None:
    """With the field's name, and what would be right."""
    with pytest.raises(ConfigurationError, match=field):
        seen("o1", **said)


def test_invalid_identifiers_are_kept_and_identify_nobody() -> None:
    """As they came, in the profile of their own observation."""
    people = Resolver()
    people.ingest(seen("o1", phone="12", email="lan@", name="Trần Văn Minh"))
    people.ingest(seen("o2", phone="12", email="lan@", name="Lan Nguyen"))
    assert 2 == len(partition(people))
    assert "12" == people.profile("o1").get("phone")


def test_the_house_itself_is_nobody() -> None:
    """Its own hotline and mailboxes join no customers."""
    people = Resolver(Policy(own=("028 3822 1234", "cskh@acme.vn")))
    for id in ("o1", "o2"):
        people.ingest(seen(id, phone="02838221234", email="CSKH@acme.vn", attributes={"order": id}))
    assert 2 == len(partition(people))


def test_bad_input_changes_nothing() -> None:
    """The same id with other content, the future, unknown ids, impossible decisions."""
    people = Resolver()
    people.ingest(seen("o1", phone=LAN))
    before = view(people)
    with pytest.raises(IllegalInput, match="known with other content"):
        people.ingest(seen("o1", phone="0912345670"))
    with pytest.raises(IllegalInput, match="lies in the future"):
        people.ingest(seen("o2", phone=LAN, at=START + 2 * DAY), START)
    with pytest.raises(IllegalInput, match="no profile 'p/o9'"):
        people.profile("p/o9")
    with pytest.raises(IllegalInput, match="no profile 'o9'"):
        people.link("o1", "o9", by="mai")
    with pytest.raises(IllegalInput, match="one observation"):
        people.unlink("o1", "p/o1", by="mai")
    with pytest.raises(IllegalInput, match="no merge or decision 'a/9'"):
        people.undo("a/9", by="mai")
    with pytest.raises(IllegalInput, match="no profile"):
        people.erase("o9")
    assert before == view(people)
    assert [] == people.decisions()


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"merge": 0.0, "review": 1.0}, "Policy.review"),
        ({"country": "Vietnam"}, "Policy.country"),
        ({"holders": 0}, "Policy.holders"),
        ({"limits": {"phone": 0}}, r"Policy.limits\['phone'\]"),
        ({"limits": 5}, "Policy.limits"),
        ({"merge": "6"}, "Policy.merge"),
        ({"ahead": 5}, "Policy.ahead"),
        ({"country": 84}, "Policy.country"),
        ({"names": {"phone": 1.5}}, r"Policy.names\['phone'\]"),
    ],
)
def test_settings_are_checked(settings: dict[str, Any], field: str) -> None:
    """Each error names its field."""
    with pytest.raises(ConfigurationError, match=field):
        Policy(**settings)


def test_models_are_checked_and_counted() -> None:
    """Unknown levels and weights that are no numbers are refused; rare names are not counted."""
    with pytest.raises(ConfigurationError, match=r"no level 'phone\.sane'"):
        Model("mine", {"phone.sane": 1.0})
    with pytest.raises(ConfigurationError, match="not a number of bits"):
        Model("mine", {"phone.same": float("nan")})
    counted = Model().counted(["Trần Lan"] * 6 + ["Canarius Lan"] * 4, "counted-1")
    assert {"tran": 0.6, "lan": 1.0} == counted.shares
    assert "counted-1" == counted.version


def test_what_the_extra_brings_is_asked_for_in_one_line() -> None:
    """Without it, the error says what to run; the rest of tongdai does without."""
    with pytest.raises(ConfigurationError, match=r"run: pip install 'tongdai\[profiles\]'"):
        need("no_such_library.part")
    program = (
        "import sys, tongdai\n"
        "print({'phonenumbers', 'email_validator', 'rapidfuzz'} & set(sys.modules))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert "set()" == shown.stdout.strip()


@pytest.mark.parametrize("field", ["policy", "model", "store"])
def test_a_resolver_is_built_of_what_it_asks_for(field: str) -> None:
    """What is something else is named with its place, at once and not in the middle of a call."""
    wrong: dict[str, Any] = {field: 5}
    with pytest.raises(ConfigurationError, match=f"Resolver.{field}: int is not a"):
        Resolver(**wrong)


def test_what_is_no_observation_is_refused() -> None:
    """The resolver is what it was."""
    people = Resolver()
    with pytest.raises(IllegalInput, match="ingest: int is not an Observation"):
        people.ingest(cast("Any", 5))
    assert [] == list(people.profiles())
