"""Laws of the router alone, against brute force over its public state."""

from __future__ import annotations

from collections import Counter
from itertools import permutations

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tongdai import (
    Agent,
    Contact,
    Instant,
    Mode,
    Plan,
    Queue,
    Requirement,
    Router,
    Step,
    minutes,
    seconds,
)
from tongdai.model.mode import MODES
from tongdai.routing import (
    Strategy,
    best_skill,
    fewest_contacts,
    least_occupied,
    longest_idle,
    ordered,
    round_robin,
    weighted,
)
from tongdai.routing.lanes import AgentState, Waiter

STRATEGIES = [
    longest_idle,
    best_skill,
    least_occupied,
    fewest_contacts,
    round_robin,
    ordered(["chi", "an"]),
    weighted({"an": 3.0}, seed=1),
]
QUEUE = Queue("q", Plan("a", Step(seconds(10), "", priority=1)))
AGENTS = ["an", "binh", "chi", "dung"]
skills = st.dictionaries(st.sampled_from("ab"), st.integers(1, 5), max_size=2)
agents = st.builds(Agent, st.sampled_from(AGENTS), skills, capacity=st.sampled_from([25, 100, 200]))
requirements = st.sampled_from(
    ["", "", "a", "a>=3", "a and b", "(a or b)", "a, prefers b", "without an", "first binh"]
)
MOVES = ["wait", "wait", "wait", "put", "release", "requeue", "cool", "leave", "remove", "away"]


@attrs.frozen
class Move:
    """Something that happens to a router."""

    what: str
    pick: int
    requires: str
    mode: Mode
    agent: Agent


moves = st.lists(
    st.builds(
        Move,
        st.sampled_from([*MOVES, "back", "tick"]),
        st.integers(0, 9),
        requirements,
        st.sampled_from([Mode.LIVE, Mode.INTERACTIVE]),
        agents,
    ),
    max_size=40,
)


def could(router: Router, waiter: Waiter, state: AgentState) -> bool:
    """Return whether an agent can have a waiting contact, by looking at nothing but the two."""
    mode = waiter.contact.mode
    limit = state.agent.limits.get(mode, MODES[mode].limit)
    needs = waiter.requirement
    kept = any(
        other.protected and other.lane is not None
        and state.agent.capacity >= MODES[other.contact.mode].cost
        and state.agent.meets(other.requirement)
        and other.requirement.first in (None, state.agent.id)
        for other in router.waiters.values()
    )  # fmt: skip
    return (
        state.presence == "available"
        and MODES[mode].cost
        <= state.agent.capacity - sum(hold.units for hold in state.active.values())
        and (limit is None or sum(hold.mode == mode for hold in state.active.values()) < limit)
        and state.agent.meets(needs)
        and needs.first in (None, state.agent.id)
        and state.agent.id not in (waiter.cooling or ())
        and (MODES[mode].exclusive or not kept)
    )


def brute(router: Router, how: Strategy) -> tuple[str, str] | None:
    """Return the next match by asking everybody."""
    waiting = [waiter for waiter in router.waiters.values() if waiter.lane is not None]
    for waiter in sorted(waiting, key=lambda waiter: waiter.rank):
        able = [state for state in router.agents.values() if could(router, waiter, state)]
        if able:
            wishes = waiter.requirement
            best = min(
                able,
                key=lambda state: (
                    how(state, waiter), -wishes.preference(state.agent.skills), state.agent.id,
                ),
            )  # fmt: skip
            return waiter.contact.id, best.agent.id
    return None


@given(st.sampled_from(STRATEGIES), moves)
def test_every_match_is_the_one_that_brute_force_finds(how: Strategy, moved: list[Move]) -> None:
    """Whatever happens, `next` is the first contact anybody can have, and the best agent for it."""
    router = Router([Agent("an", {"a": 5, "b": 1}), Agent("binh", {"a": 1})], strategy=how)
    taken: list[str] = []
    for number, move in enumerate(moved):
        now = seconds(7 * number)
        _move(router, move, number, taken)
        while (due := router.due(now)) is not None:
            router.happen(*due)
        while (match := router.next(now)) is not None:
            assert brute(router, how) == (match.contact, match.agent)
            router.take(match.contact, match.agents, now)
            taken.append(match.contact)
        assert brute(router, how) is None


def _move(router: Router, move: Move, number: int, taken: list[str]) -> None:
    now = seconds(7 * number)
    if move.what == "wait":
        router.wait(Contact(f"c{number}", move.requires, move.mode), now, queue=QUEUE)
    elif move.what == "put":
        router.put(move.agent, now)
    elif move.what in ("release", "requeue", "cool") and taken:
        _give_back(router, move.what, taken.pop(move.pick % len(taken)), now)
    elif move.what == "leave" and router.waiters:
        router.leave(list(router.waiters)[move.pick % len(router.waiters)], now)
    elif move.what in ("remove", "away", "back") and router.agents:
        agent = list(router.agents)[move.pick % len(router.agents)]
        if move.what == "remove":
            router.remove(agent, now)
        else:
            router.presence(agent, "available" if move.what == "back" else "away", now)


def _give_back(router: Router, what: str, contact: str, now: Instant) -> None:
    if contact not in router.waiters or router.waiter(contact).lane is not None:
        return
    if what == "release":
        router.release(contact, now)
        return
    if what == "cool":
        router.cool(contact, router.waiter(contact).agents[0], now + seconds(20), now)
    router.requeue(contact, now)


@given(
    st.permutations(["a", "b>=2", "(c or d)"]),
    st.permutations(["prefers e and f", "without g and h", "first i"]),
)
def test_the_order_of_writing_does_not_count(musts: list[str], clauses: list[str]) -> None:
    """A requirement is what it requires: equal, with an equal hash, however it was written."""
    plain = Requirement.parse("a and b>=2 and (d or c), first i, without h and g, prefers f and e")
    other = Requirement.parse(", ".join([" and ".join(musts), *clauses]))
    assert plain == other
    assert hash(plain) == hash(other)
    assert Requirement.parse(str(other)) == other


def test_equal_requirements_wait_in_one_line() -> None:
    """However their requirement is written, contacts are served in the order of their coming."""
    for texts in permutations(["a and b", "b and a", "b>=1 and a>=1"]):
        router = Router()
        for number, text in enumerate(texts):
            router.wait(Contact(f"c{number}", text), seconds(number))
        assert len({id(router.waiter(f"c{number}").lane) for number in range(3)}) == 1


def test_who_returns_goes_first_again() -> None:
    """A contact that is given back has its old place, before those that came later."""
    router = Router([Agent("an")])
    for number in range(3):
        router.wait(Contact(f"c{number}"), seconds(number))
    assert [match.contact for match in router.assign(seconds(5))] == ["c0"]
    router.requeue("c0", seconds(50))
    assert [match.contact for match in router.assign(seconds(50))] == ["c0"]


def test_a_weighted_draw_keeps_to_the_weights() -> None:
    """An agent of weight 3 gets three times what one of weight 1 gets, within chance (4 sigma)."""
    drawn = Counter[str]()
    for seed in range(3):
        router = Router(
            [Agent("an"), Agent("binh")], strategy=weighted({"an": 3.0, "binh": 1.0}, seed=seed)
        )
        for number in range(1000):
            contact = f"c{number}"
            router.wait(Contact(contact), seconds(number))
            [match] = router.assign(seconds(number))
            drawn[match.agent] += 1
            router.release(contact, seconds(number))
    deviation = (3000 * 0.75 * 0.25) ** 0.5
    assert abs(drawn["an"] - 2250) < 4 * deviation


@given(st.integers(2, 6), st.lists(st.integers(0, 5), min_size=10, max_size=30))
def test_round_robin_goes_round(number: int, pauses: list[int]) -> None:
    """When all are free, each is picked once before anybody is picked again."""
    names = [f"a{at}" for at in range(number)]
    router = Router([Agent(name) for name in names], strategy=round_robin)
    picked: list[str] = []
    now = 0
    for at, pause in enumerate(pauses):
        now += int(seconds(pause))
        router.wait(Contact(f"c{at}"), now)
        [match] = router.assign(now)
        picked.append(match.agent)
        router.release(f"c{at}", now)
    assert picked == [names[at % number] for at in range(len(pauses))]


def test_preferred_skills_break_ties_only() -> None:
    """Of two equally idle agents the better liked one is picked; idleness goes before liking."""
    router = Router([Agent("an"), Agent("binh", {"vip": 2})])
    router.wait(Contact("c1", "prefers vip"), minutes(1))
    assert [match.agent for match in router.assign(minutes(1))] == ["binh"]
    router.release("c1", minutes(2))
    router.wait(Contact("c2", "prefers vip"), minutes(3))
    assert [match.agent for match in router.assign(minutes(3))] == ["an"]
