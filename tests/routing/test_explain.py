"""Why a contact waits: the words, the order and the sums."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import untyped
from tongdai import (
    Agent,
    Arrive,
    Center,
    Contact,
    Mode,
    Plan,
    PutAgent,
    Queue,
    Router,
    Step,
    minutes,
    seconds,
)


def told(router: Router, contact: str, now: int) -> list[str]:
    """Return the explanation's lines."""
    return str(router.explain(contact, now)).split("\n")


def test_the_first_screen() -> None:
    """As the README prints it: who will fit soonest first, what no step mends last."""
    center = Center([Queue("cards", Plan("cards>=3", Step(seconds(30), "cards")), limit=50)])
    center.handle(PutAgent(Agent("an", {"vi": 5, "cards": 4}), available=True), 0)
    center.handle(PutAgent(Agent("binh", {"en": 5, "vi": 3, "cards": 2}), available=True), 0)
    center.handle(Arrive(Contact("c1", language="en"), "cards"), seconds(5))
    expected = [
        "c1 has waited 0 s: place 1 of 1, plan step 1 of 2",
        "  needs  cards>=3 and en",
        "  then   cards and en      in 30 s",
        "  binh   cards 2, needs 3  fits in 30 s",
        "  an     lacks en",
    ]
    assert expected == str(center.explain("c1")).split("\n")


def test_the_router_alone() -> None:
    """Who is busy, with whom, and who lacks what."""
    router = Router(
        [
            Agent("an", {"vi": 5, "billing": 4}),
            Agent("binh", {"vi": 4, "en": 5, "billing": 2}),
        ]
    )
    router.wait(Contact("c1", "billing>=3 and vi"), seconds(0))
    router.wait(Contact("c2", "billing>=3"), seconds(1))
    router.assign(seconds(2))
    expected = [
        "c2 has waited 9 s: place 1 of 1, plan step 1 of 1",
        "  needs  billing>=3",
        "  an     busy with c1 (0 units free, needs 100)",
        "  binh   billing 2, needs 3",
    ]
    assert expected == told(router, "c2", seconds(10))
    assert ["c1 has waited 10 s: with an, plan step 1 of 1", "  needs  billing>=3 and vi"] == told(
        router, "c1", seconds(10)
    )


def test_a_plan_with_a_preferred_agent() -> None:
    """Held for one, what comes then, and who will fit when."""
    plan = Plan(
        "billing>=4, first an",
        Step(seconds(30), "billing>=4"),
        Step(minutes(1), "billing>=2"),
        Step(timedelta(minutes=3), "billing", priority=+2),
    )
    router = Router(
        [
            Agent("an", {"vi": 5, "billing": 4}),
            Agent("binh", {"vi": 4, "en": 5, "billing": 2}),
            Agent("chi", {"en": 5, "billing": 5}),
        ]
    )
    router.wait(Contact("c0", "billing>=4 and vi"), seconds(4))
    router.assign(seconds(4))
    router.wait(Contact("c1", language="vi"), seconds(5), plan=plan)
    expected = [
        "c1 has waited 7 s: place 1 of 1, plan step 1 of 4",
        "  needs  billing>=4 and vi, first an",
        "  held   for an",
        "  then   billing>=4 and vi                       in 23 s",
        "  binh   billing 2, needs 4                      fits in 53 s",
        "  an     busy with c0 (0 units free, needs 100)",
        "  chi    lacks vi",
    ]
    assert expected == told(router, "c1", seconds(12))


def test_every_reason_has_its_words() -> None:
    """Skill, level, group, name, presence, capacity, limit, cool-off, hold and protection."""
    router = Router(
        [
            Agent("lacks", {}),
            Agent("level", {"vi": 2, "en": 1}),
            Agent("group", {"vi": 3}),
            Agent("excluded", {"vi": 3, "en": 1}),
            Agent("cooling", {"vi": 3, "en": 1}),
            Agent("resting", {"vi": 3, "en": 1}),
            Agent("gone", {"vi": 3, "en": 1}),
            Agent("late", {"vi": 3, "en": 1}),
            Agent("full", {"vi": 3, "en": 1, "x": 1}, capacity=25),
            Agent("limited", {"vi": 3, "en": 1, "y": 1}, limits={Mode.INTERACTIVE: 1}),
            Agent("small", {"vi": 3, "en": 1}, capacity=20),
        ]
    )
    for number, skill in enumerate(("x", "y")):
        router.wait(Contact(f"b{number}", skill, Mode.INTERACTIVE), 0)
    router.assign(0)
    router.presence("resting", "away", 0, "lunch")
    router.presence("gone", "offline", 0)
    router.presence("late", "not_responding", 0)
    needs = "vi>=3 and (en or fr>=2), without excluded"
    router.wait(Contact("c1", needs, Mode.INTERACTIVE), 0)
    router.cool("c1", "cooling", seconds(30), 0)
    expected = [
        "c1 has waited 10 s: place 1 of 1, plan step 1 of 1",
        f"  needs     {needs}",
        "  cooling   declined, cooling off                 fits in 20 s",
        "  resting   away (lunch)",
        "  gone      offline",
        "  late      not responding",
        "  full      busy with b0 (0 units free, needs 25)",
        "  limited   at the limit of 1 interactive contacts",
        "  small     busy with nobody (20 units free, needs 25)",
        "  lacks     lacks vi; lacks en or fr>=2",
        "  level     vi 2, needs 3",
        "  group     lacks en or fr>=2",
        "  excluded  excluded",
    ]
    found = told(router, "c1", seconds(10))
    width = max(len(line[12:].split("  ")[0]) for line in found[1:])
    assert width == len(needs) or width > len(needs)
    assert [" ".join(line.split()) for line in expected] == [
        " ".join(line.split()) for line in found
    ]


def test_held_and_kept() -> None:
    """A contact held for somebody else, and an agent kept for a call."""
    router = Router([Agent("an", {"vi": 1}, capacity=0), Agent("binh", {"vi": 1})])
    router.wait(Contact("c1"), 0, plan=Plan("vi, first an", Step(seconds(30), "vi")))
    assert (
        "  binh   fits, but the contact is held for an"
        == told(router, "c1", 0)[4].split("   fits in")[0].rstrip()
    )
    router.leave("c1", 1)
    router.wait(Contact("small", mode=Mode.INTERACTIVE), 2)
    router.assign(2)
    router.wait(Contact("call"), 3)
    router.assign(minutes(2))
    router.wait(Contact("chat", "vi", Mode.INTERACTIVE), minutes(2))
    router.assign(minutes(2))
    assert "  binh   kept for a live contact that waits" in told(router, "chat", minutes(2))


def test_what_no_agent_can_ever_meet_is_said() -> None:
    """It is accepted, and waits; an agent may come."""
    router = Router([Agent("an", {"vi": 1})])
    plan = Plan("la>=5", Step(seconds(30), "la"))
    router.wait(Contact("c1"), 0, plan=plan)
    expected = [
        "c1 has waited 0 s: place 1 of 1, plan step 1 of 2",
        "  needs  la>=5",
        "  then   la                                        in 30 s",
        "  never  no agent here meets any step of the plan",
        "  an     lacks la",
    ]
    assert expected == told(router, "c1", 0)
    router.put(Agent("binh", {"la": 1}), 1)
    assert not router.explain("c1", 1).never


def test_without_agents_and_without_needs() -> None:
    """Nobody is here, and anyone would do."""
    router = Router()
    router.wait(Contact("c1"), 0)
    expected = [
        "c1 has waited 60 s: place 1 of 1, plan step 1 of 1",
        "  needs  anyone",
        "  never  no agent here meets any step of the plan",
    ]
    assert expected == told(router, "c1", minutes(1))


def test_a_large_center_is_counted() -> None:
    """Equal answers are one row; a single agent keeps their name."""
    many = [Agent(f"a{number:03}", {"en": 1}) for number in range(312)]
    busy = [Agent(f"b{number}", {"vi": 1}, capacity=0) for number in range(3)]
    router = Router([*many, *busy, Agent("soon", {"vi": 1})])
    router.presence("soon", "away", 0, "lunch")
    router.wait(Contact("c1"), 0, plan=Plan("vi", Step(minutes(1), "en")))
    expected = [
        "c1 has waited 10 s: place 1 of 1, plan step 1 of 2",
        "  needs       vi",
        "  then        en        in 50 s",
        "  312 agents  lacks vi  fits in 50 s",
        "  3 agents    busy",
        "  soon        away",
    ]
    assert expected == told(router, "c1", seconds(10))


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(["vi", "en"]), st.integers(1, 5)),
            st.sampled_from(["available", "away", "offline"]),
            st.integers(0, 1),
        ),
        max_size=30,
    ),
    st.lists(st.sampled_from(["vi>=4", "vi", "en>=3", "(vi or en)", ""]), min_size=1, max_size=3),
)
def test_rows_are_sorted_by_nearness_and_count_everybody(
    staff: list[tuple[dict[str, int], str, int]], steps: list[str]
) -> None:
    """Time mends first, soonest first; then what agents do themselves; then nothing."""
    router = Router()
    for number, (skills, presence, room) in enumerate(staff):
        router.put(Agent(f"a{number}", skills, capacity=100 * room), 0)
        router.presence(f"a{number}", untyped(presence), 0)
    plan = Plan(steps[0], *[Step(seconds(10 * at), text) for at, text in enumerate(steps[1:], 1)])
    router.wait(Contact("c1"), 0, plan=plan)
    found = router.explain("c1", 0)
    keys = [(row.near, row.fits_in or 0) for row in found.rows]
    assert sorted(keys) == keys
    assert all((row.near == 0) == (row.fits_in is not None) for row in found.rows)
    counted = [int(row.who.split()[0]) if row.who.endswith(" agents") else 1 for row in found.rows]
    assert len(staff) == sum(counted)
    meet = [step.requires.met_by(skills) for step in plan.steps for skills, _, _ in staff]
    assert (not any(meet)) == found.never
    assert tuple(str(step.requires) or "anyone" for step in plan.steps[1:]) == tuple(
        text for text, _ in found.then
    )


@given(
    st.lists(
        st.tuples(
            st.dictionaries(st.sampled_from(["vi", "en"]), st.integers(1, 5)),
            st.sampled_from(["available", "away", "offline"]),
        ),
        min_size=21,
        max_size=40,
    ),
    st.lists(
        st.sampled_from(
            ["vi>=4", "vi", "en>=3, without a1 and a2", "(vi or en), without a1", "without a3", ""]
        ),
        min_size=1,
        max_size=3,
    ),
    st.sets(st.integers(0, 20), max_size=3),
)
def test_what_is_counted_is_what_each_would_be_told(
    staff: list[tuple[dict[str, int], str]], steps: list[str], declined: set[int]
) -> None:
    """In a large center pools are asked in place of agents, and the answers are the same."""
    router = Router()
    for number, (skills, presence) in enumerate(staff):
        router.put(Agent(f"a{number}", skills), 0)
        router.presence(f"a{number}", untyped(presence), 0)
    plan = Plan(steps[0], *[Step(seconds(10 * at), text) for at, text in enumerate(steps[1:], 1)])
    router.wait(Contact("c1"), 0, plan=plan)
    for number in declined:
        router.cool("c1", f"a{number}", seconds(30), 0)
    counted = router.explain("c1", 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tongdai.routing.explain._LISTED", 40)
        listed = router.explain("c1", 0)
    expected = Counter((row.why, row.fits_in, row.near) for row in listed.rows)
    found = {
        (row.why, row.fits_in, row.near): int(row.who.split()[0]) if " " in row.who else 1
        for row in counted.rows
    }
    assert expected == found
    alone = {row for row in counted.rows if " " not in row.who}
    assert alone <= set(listed.rows)
    assert listed.never == counted.never


def test_whom_every_step_leaves_out_meets_none_of_them() -> None:
    """Also in a large center, where the rest of their pool would be asked."""
    router = Router([Agent("an", {"vi": 1}), *[Agent(f"a{number}") for number in range(20)]])
    router.wait(Contact("c1"), 0, plan="vi, without an")
    found = router.explain("c1", 0)
    assert found.never
    assert [("20 agents", "lacks vi"), ("an", "excluded")] == [
        (row.who, row.why) for row in found.rows
    ]


@given(st.integers(0, int(minutes(5))))
def test_what_is_explained_is_what_happens(now: int) -> None:
    """`fits in` is when the agent gets the contact, if nothing else changes."""
    steps = [Step(seconds(30), "vi>=3"), Step(minutes(2), "vi")]
    for level in range(1, 6):
        router = Router([Agent("an", {"vi": level})])
        router.wait(Contact("c1"), 0, plan=Plan("vi>=5", *steps))
        if router.assign(now):
            continue
        [row] = router.explain("c1", now).rows
        assert row.fits_in is not None
        assert [] == router.assign(now + row.fits_in - 1)
        assert 1 == len(router.assign(now + row.fits_in))


@pytest.mark.parametrize("many", [1, 3])
def test_place_is_among_those_who_wait(many: int) -> None:
    """Contacts that somebody has do not count."""
    router = Router([Agent("an")])
    for number in range(many + 1):
        router.wait(Contact(f"c{number}"), number)
    router.assign(10)
    found = [router.explain(f"c{number}", 10) for number in range(many + 1)]
    assert (0, ("an",)) == (found[0].place, found[0].now_with)
    assert [(place, many) for place in range(1, many + 1)] == [
        (one.place, one.of) for one in found[1:]
    ]
