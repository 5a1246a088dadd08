"""Laws of the whole center, each with the bound that it promises."""

from __future__ import annotations

import heapq
import os
import subprocess
import sys
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongdai import (
    Abandon,
    Accept,
    Agent,
    Arrive,
    Center,
    Contact,
    Decline,
    Duration,
    End,
    IllegalInput,
    Instant,
    Mode,
    Order,
    Plan,
    PutAgent,
    Queue,
    SetPresence,
    Step,
    Tick,
    minutes,
    seconds,
)
from tongdai.center import events, inputs, state
from tongdai.model.mode import MODES, ModeSettings
from tongdai.model.time import OPEN_ENDED
from tongdai.routing import broadcast, longest_idle, round_robin

AGENTS = ("an", "binh", "chi")


def offered(told: list[events.AnyEvent]) -> list[tuple[Instant, str, str]]:
    """Return the offers among events: when, which contact, to whom."""
    return [
        (event.at, event.contact, event.agent)
        for event in told
        if isinstance(event, events.ContactOffered)
    ]


# --- who is not concerned changes nothing ---------------------------------------------------------

moves = st.lists(
    st.tuples(
        st.sampled_from(["arrive", "accept", "decline", "end", "back", "away", "wait"]),
        st.integers(0, 9),
        st.sampled_from([0, 1, 5, 20, 40]),
    ),
    max_size=30,
)


def lived(story: list[tuple[str, int, int]], *others: PutAgent) -> list[tuple[Instant, str, str]]:
    """Live through a story with three agents, and others beside them; return all offers."""
    plan = Plan("a>=3", Step(seconds(10), "a, prefers vip"))
    center = Center([Queue("q", plan, strategy="wide")], strategies={"wide": broadcast(2)})
    told: list[events.AnyEvent] = []
    now, contacts, offers = 0, 0, list[str]()

    def ask(one: inputs.AnyInput) -> None:
        found = center.handle(one, now).events
        offers.extend(event.offer for event in found if isinstance(event, events.ContactOffered))
        told.extend(found)

    for level, agent in enumerate(AGENTS, 2):
        ask(PutAgent(Agent(agent, {"a": level, "vip": 1}), available=True))
    for other in others:
        ask(other)
    for what, pick, pause in story:
        now += int(seconds(pause))
        agent, offer = AGENTS[pick % 3], offers[-1 - pick % len(offers)] if offers else ""
        if what == "arrive":
            contacts += 1
            mode = Mode.LIVE if pick % 2 else Mode.INTERACTIVE
            ask(Arrive(Contact(f"c{contacts}", mode=mode), "q"))
        elif what == "back":
            ask(SetPresence(agent, "available"))
        elif what == "away":
            ask(SetPresence(agent, "away"))
        elif what == "wait":
            ask(Tick())
        elif offer:
            ask({"accept": Accept, "decline": Decline, "end": End}[what](offer))
    return offered(told)


@given(moves)
def test_an_ineligible_agent_changes_no_offer(story: list[tuple[str, int, int]]) -> None:
    """Whoever lacks the skill, is offline or has no capacity might as well not be there."""
    assert lived(story) == lived(
        story,
        PutAgent(Agent("aa", {"vip": 5}), available=True),
        PutAgent(Agent("ab", {"a": 5, "vip": 5})),
        PutAgent(Agent("ac", {"vip": 5}, capacity=0), available=True),
        PutAgent(Agent("zz"), available=True),
    )


# --- order ----------------------------------------------------------------------------------------

orders = st.one_of(
    st.just(Order.strict()),
    st.integers(0, 300).map(lambda worth: Order.ageing(point=seconds(worth))),
    st.integers(0, 300).map(lambda within: Order.due(within=seconds(within))),
)
arrivals = st.lists(
    st.tuples(
        st.integers(0, 60),
        st.integers(-3, 3),
        st.none() | st.integers(0, 300),
        st.sampled_from(Mode),
    ),
    max_size=8,
)


@given(orders, arrivals, st.lists(st.integers(0, 1000), max_size=4))
def test_the_order_of_two_who_wait_never_changes(
    order: Order, coming: list[tuple[int, int, int | None, Mode]], looks: list[int]
) -> None:
    """Whoever stands before another does so as long as both wait."""
    center = Center([Queue("q", order=order)])
    now, lines = 0, list[list[str]]()
    for number, (pause, priority, due, mode) in enumerate(coming):
        now += int(seconds(pause))
        when = None if due is None else int(seconds(due))
        contact = Contact(f"c{number}", mode=mode, priority=priority, due=when)
        center.handle(Arrive(contact, "q"), now)
        lines.append(center.state.queues.contacts("q"))
    for pause in looks:
        now += int(seconds(pause))
        center.handle(Tick(), now)
        lines.append(center.state.queues.contacts("q"))
    for line in lines:
        assert line == [contact for contact in lines[-1] if contact in line]


# --- bounds ---------------------------------------------------------------------------------------


@given(
    st.sampled_from([longest_idle.name, round_robin.name]),
    st.integers(2, 5),
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 40)), min_size=1, max_size=40),
)
def test_who_is_free_all_the_time_is_offered_something_soon(
    how: str, agents: int, calls: list[tuple[int, int]]
) -> None:
    """Bound: while somebody is free, each other agent is offered one contact before them."""
    center = Center([Queue("q", strategy=how.replace(" ", "_"))])
    for number in range(agents):
        center.handle(PutAgent(Agent(f"a{number}"), available=True), 0)
    passed_over = {f"a{number}": dict[str, int]() for number in range(agents)}
    ends: list[tuple[Instant, str]] = []
    now = 0

    def look(told: tuple[events.AnyEvent, ...], at: Instant, talk: int) -> None:
        for event in told:
            if isinstance(event, events.ContactOffered):
                for agent, others in passed_over.items():
                    if center.state.router.agent(agent).used and agent != event.agent:
                        others.clear()
                    else:
                        others[event.agent] = others.get(event.agent, 0) + 1
                        assert agent == event.agent or others[event.agent] <= 1
                passed_over[event.agent].clear()
                center.handle(Accept(event.offer), at)
                heapq.heappush(ends, (at + int(seconds(talk)), event.offer))

    for number, (pause, talk) in enumerate(calls):
        now += int(seconds(pause))
        while ends and ends[0][0] <= now:
            at, offer = heapq.heappop(ends)
            look(center.handle(End(offer, "done"), at).events, at, talk)
        look(center.handle(Arrive(Contact(f"c{number}"), "q"), now).events, now, talk)


TALK = 45  # seconds that a chat lasts at most


def call_served(protect: Duration | None, agents: int, talks: list[int]) -> Instant | None:
    """Return when a call is offered that comes after 5 minutes of steady chat; `None` is never."""
    modes = {
        **MODES,
        Mode.LIVE: ModeSettings(cost=100, exclusive=True, protect=protect),
        Mode.INTERACTIVE: ModeSettings(cost=25, auto_accept=True),
    }
    center = Center([Queue("calls"), Queue("chats")], modes=modes)
    for number in range(agents):
        center.handle(PutAgent(Agent(f"a{number}"), available=True), 0)
    ends: list[tuple[Instant, str]] = []
    served: list[Instant] = []
    numbers = count()

    def ask(one: inputs.AnyInput, at: Instant) -> None:
        for event in center.handle(one, at).events:
            if isinstance(event, events.ContactOffered) and event.contact == "call":
                served.append(event.at)
            elif isinstance(event, events.OfferAccepted):
                talk = talks[next(numbers) % len(talks)]
                heapq.heappush(ends, (at + int(seconds(talk)), event.offer))

    for second in range(10 * 60):
        now = int(seconds(second))
        while ends and ends[0][0] <= now:
            at, offer = heapq.heappop(ends)
            ask(End(offer, "done"), at)
        for number in range(agents):
            ask(Arrive(Contact(f"c{second}-{number}", mode=Mode.INTERACTIVE), "chats"), now)
        if second == 5 * 60:
            ask(Arrive(Contact("call"), "calls"), now)
    return served[0] if served else None


@settings(max_examples=10)
@given(st.integers(1, 3), st.lists(st.integers(20, TALK), min_size=5, max_size=9))
def test_a_call_does_not_starve_beside_steady_chat(agents: int, talks: list[int]) -> None:
    """Bound: a call is offered within `protect`, and the longest chat after it."""
    came, protect = minutes(5), minutes(1)
    served = call_served(protect, agents, talks)
    assert served is not None
    assert served - came <= protect + seconds(TALK)


def test_without_protection_a_call_starves() -> None:
    """So it is protection that the bound owes itself to."""
    assert call_served(None, 2, [30, 37, 43]) is None


# --- who is preferred -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "an",
    [
        [],
        [PutAgent(Agent("an", {"a": 1}))],
        [PutAgent(Agent("an", {"a": 1}), available=True), SetPresence("an", "away")],
        [PutAgent(Agent("an", {"a": 1}), available=True), SetPresence("an", "not_responding")],
        [PutAgent(Agent("an"), available=True)],
        [PutAgent(Agent("an", {"a": 1}), available=True), inputs.RemoveAgent("an")],
        [PutAgent(Agent("an", {"a": 1}), available=True), inputs.LoseAgent("an")],
    ],
    ids=["unknown", "offline", "away", "not_responding", "unqualified", "removed", "lost"],
)
def test_a_preferred_agent_who_cannot_come_costs_no_wait(an: list[inputs.AnyInput]) -> None:
    """The next step counts at once, in the very decision in which the contact arrives."""
    center = Center([Queue("q", Plan("a, first an", Step(minutes(1), "a")))])
    center.handle(PutAgent(Agent("binh", {"a": 1}), available=True), 0)
    for asked in an:
        center.handle(asked, 0)
    told = list(center.handle(Arrive(Contact("c1"), "q"), seconds(1)).events)
    assert offered(told) == [(seconds(1), "c1", "binh")]


def test_an_excluded_preferred_agent_costs_no_wait() -> None:
    """Whom the contact excludes is not waited for."""
    center = Center([Queue("q", Plan("first an", Step(minutes(1), "")))])
    for agent in ("an", "binh"):
        center.handle(PutAgent(Agent(agent), available=True), 0)
    told = list(center.handle(Arrive(Contact("c1", "without an"), "q"), seconds(1)).events)
    assert offered(told) == [(seconds(1), "c1", "binh")]


def test_a_preferred_agent_who_is_busy_is_waited_for() -> None:
    """Being busy is no reason: they come in the end, or the next step does."""
    center = Center([Queue("q", Plan("first an", Step(minutes(1), ""))), Queue("r")])
    center.handle(PutAgent(Agent("an"), available=True), 0)
    center.handle(Arrive(Contact("c0"), "r"), 0)
    center.handle(Accept("c0/1"), 0)
    center.handle(PutAgent(Agent("binh"), available=True), 0)
    told = list(center.handle(Arrive(Contact("c1"), "q"), seconds(1)).events)
    told += center.handle(Tick(), minutes(2)).events
    assert offered(told) == [(seconds(61), "c1", "binh")]


# --- broadcast ------------------------------------------------------------------------------------


@given(st.integers(1, 6), st.integers(1, 6), st.integers(0, 5))
def test_a_broadcast_has_one_winner(agents: int, width: int, pick: int) -> None:
    """The best `width` are asked; the first to accept has it, and the others are free as before."""
    center = Center([Queue("q", strategy="wide")], strategies={"wide": broadcast(width)})
    names = [f"a{number}" for number in range(agents)]
    for at, name in enumerate(names):
        center.handle(PutAgent(Agent(name), available=True), seconds(at))
    told = list(center.handle(Arrive(Contact("c1"), "q"), minutes(1)).events)
    asked = [agent for _, _, agent in offered(told)]
    assert asked == names[:width]
    winner = pick % len(asked)
    won = center.handle(Accept(f"c1/{winner + 1}"), seconds(65)).events
    rescinded = [event.agent for event in won if isinstance(event, events.OfferRescinded)]
    assert rescinded == [name for name in asked if name != asked[winner]]
    for at, name in enumerate(names):
        live = center.state.router.agent(name)
        assert live.used == (100 if name == asked[winner] else 0)
        assert live.since == (minutes(1) if name == asked[winner] else seconds(at))


# --- what is forgotten ----------------------------------------------------------------------------


def test_ids_are_free_again_once_they_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many others have ended; until then they are refused, and who is late is told how."""
    monkeypatch.setattr(state, "REMEMBERED_CONTACTS", 2)
    center = Center([Queue("q")])
    for number in range(3):
        center.handle(Arrive(Contact(f"c{number}"), "q"), seconds(number))
        center.handle(Abandon(f"c{number}"), seconds(number))
    with pytest.raises(IllegalInput, match="'c1' was used before"):
        center.handle(Arrive(Contact("c1"), "q"), seconds(5))
    [late] = center.handle(Abandon("c0"), seconds(5)).events
    assert isinstance(late, events.InputIgnored)
    assert late.reason == "contact c0 is gone, or never came"
    [queued] = center.handle(Arrive(Contact("c0"), "q"), seconds(6)).events
    assert isinstance(queued, events.ContactQueued)


def test_an_id_is_not_free_while_its_wrap_up_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not even when its end is forgotten: the agent's capacity is still held under it."""
    monkeypatch.setattr(state, "REMEMBERED_CONTACTS", 1)
    center = Center([Queue("q", wrap_up=OPEN_ENDED)])
    center.handle(PutAgent(Agent("an"), available=True), 0)
    for asked in (Arrive(Contact("c1"), "q"), Accept("c1/1"), End("c1/1")):
        center.handle(asked, 0)
    for number in (2, 3):
        center.handle(Arrive(Contact(f"c{number}"), "q"), 0)
        center.handle(Abandon(f"c{number}"), 0)
    with pytest.raises(IllegalInput, match="'c1' was used before"):
        center.handle(Arrive(Contact("c1"), "q"), 0)
    told = list(center.handle(Arrive(Contact("c4"), "q"), 0).events)
    told += center.handle(inputs.Dispose("c1/1", "done"), seconds(9)).events
    assert offered(told) == [(seconds(9), "c4", "an")]
    assert [
        type(event) for event in center.handle(Arrive(Contact("c1"), "q"), seconds(9)).events
    ] == [events.ContactQueued]


def test_an_input_is_known_again_within_its_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window is a number of other inputs with ids."""
    monkeypatch.setattr(state, "REMEMBERED_INPUTS", 2)
    center = Center()
    first = PutAgent(Agent("an"), id="i1")
    center.handle(first, 0)
    center.handle(SetPresence("an", "away", id="i2"), 0)
    assert center.handle(first, 0).repeat
    center.handle(SetPresence("an", "offline", id="i3"), 0)
    assert not center.handle(first, 0).repeat


# --- determinism ----------------------------------------------------------------------------------

SCENARIO = """
import hashlib
from tongdai import *
from tongdai.center import inputs
from tongdai.model import codec
from tongdai.routing import broadcast, weighted
STEP = Step(seconds(20), "")
words = "thu hai ba tu nam sau bay chu nhat xuan ha dong".split()
center = Center(
    [
        Queue("q", Plan("(hai or ba), prefers nam, without tu", STEP), strategy="wide"),
        Queue("r", strategy="drawn", wrap_up=seconds(5)),
    ],
    strategies={"wide": broadcast(3), "drawn": weighted({"thu": 2.5}, seed=7)},
)
told = hashlib.sha256()
now, offers = 0, []
def ask(one, pause=0):
    global now
    now += seconds(pause)
    for event in center.handle(one, now).events:
        told.update(codec.encode(event))
        if type(event).__name__ == "ContactOffered":
            offers.append(event.offer)
for at, word in enumerate(words):
    skills = {other: 1 + (at + place) % 5 for place, other in enumerate(words) if (at * place) % 3}
    ask(PutAgent(Agent(word, skills, capacity=100 + 25 * (at % 3)), available=True))
for number in range(150):
    requires = ["", "hai", "nam>=2 and sau", "first bay", "(thu or xuan) and ba"][number % 5]
    contact = Contact(f"c{number}", requires, list(Mode)[number % 4], priority=number % 3)
    ask(Arrive(contact, "qr"[number % 2], id=f"i{number}"), number % 4)
    ask([Accept, Decline, Accept][number % 3](offers[-1 - number % 2]))
    ask(SetPresence(words[number % 12], "available"))
    if number % 3 == 0:
        ask(End(offers[number // 2]))
ask(Tick(), 1000)
assert len(offers) > 100, len(offers)
told.update(codec.encode(center.snapshot()))
print(told.hexdigest())
"""


def test_hash_seeds_change_no_byte() -> None:
    """The same inputs give the same bytes, whatever order Python gives its sets."""

    def told(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        return subprocess.run(
            [sys.executable, "-c", SCENARIO],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    digests = {told(seed) for seed in ("0", "1", "4242")}
    assert len(digests) == 1
    assert len(digests.pop().strip()) == 64
