"""The router: presence, capacity, plans, cool-offs, protection, and changes while contacts wait."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused, untyped
from tests.model.strategies import agents, contacts
from tongdai import Agent, Contact, Mode, Order, Plan, Queue, Router, Step, minutes, seconds
from tongdai.model.mode import ModeSettings
from tongdai.routing import fewest_contacts, lanes
from tongdai.routing.answers import CoolOffDue, ProtectionDue, StepDue


def matched(router: Router, now: int) -> list[tuple[str, str]]:
    """Return the matches made now: contact and agent."""
    return [(match.contact, match.agent) for match in router.assign(now)]


def chats(*ids: str) -> list[Contact]:
    """Return contacts of 25 units each."""
    return [Contact(id, mode=Mode.INTERACTIVE) for id in ids]


def wait(router: Router, now: int, *contacts: Contact) -> None:
    """Let all of them wait, a microsecond apart so that their order is as written."""
    for number, contact in enumerate(contacts):
        router.wait(contact, now, since=now - len(contacts) + number)


# --- as the documentation has it ------------------------------------------------------------------


@given(agents, contacts())
def test_nobody_waits_beside_an_agent_who_fits(agent: Agent, contact: Contact) -> None:
    """One agent, one contact: they are matched exactly if the agent fits and has room for it."""
    router = Router([agent])
    router.wait(contact, 0)
    default = {"live": 100, "interactive": 25, "messaging": 25, "deferred": 10}
    cost = agent.costs.get(contact.mode, default[contact.mode])
    limit = agent.limits.get(contact.mode, 1)
    fits = agent.meets(contact.needs) and cost <= agent.capacity and limit > 0
    fits = fits and contact.needs.first in (None, agent.id)
    needs = contact.needs
    if needs.first is not None and needs.first != agent.id:  # who is not here cannot come
        fits = agent.meets(needs.unheld()) and cost <= agent.capacity and limit > 0
    assert fits == bool(router.assign(0))


def test_the_router_alone() -> None:
    """Wait, assign, release: the lines that the documentation prints."""
    router = Router(
        [
            Agent("an", {"vi": 5, "billing": 4}),
            Agent("binh", {"vi": 4, "en": 5, "billing": 2}),
        ]
    )
    router.wait(Contact("c1", "billing>=3 and vi"), seconds(0))
    router.wait(Contact("c2", "billing>=3"), seconds(1))
    assert ["c1 -> an after 2 s: longest idle, 2 s"] == [*map(str, router.assign(seconds(2)))]
    router.release("c1", seconds(40))
    assert ["c2 -> an after 39 s: longest idle, 0 s"] == [*map(str, router.assign(seconds(40)))]


# --- presence and capacity ------------------------------------------------------------------------


@pytest.mark.parametrize("presence", ["away", "not_responding", "offline"])
def test_only_the_available_get_contacts(presence: str) -> None:
    """Whatever else an agent is, they get none; available again, they do."""
    router = Router([Agent("an")])
    router.presence("an", untyped(presence), 0)
    router.wait(Contact("c1"), 1)
    assert ([], []) == (matched(router, 1), router.candidates("c1"))
    router.presence("an", "available", 2)
    assert ["an"] == router.candidates("c1")
    assert [("c1", "an")] == matched(router, 2)


def test_capacity_is_units() -> None:
    """Four chats fill a hundred units; a call needs them all."""
    router = Router([Agent("an")])
    wait(router, 10, *chats("c1", "c2", "c3", "c4", "c5"))
    assert ["c1", "c2", "c3", "c4"] == [contact for contact, _ in matched(router, 10)]
    router.wait(Contact("call"), 11)
    router.release("c1", 12)
    assert [("c5", "an")] == matched(router, 12)
    for contact in ("c2", "c3", "c4"):
        router.release(contact, 13)
    assert [] == matched(router, 13)
    router.release("c5", 14)
    assert [("call", "an")] == matched(router, 14)


def _load(router: Router, *, queue: Queue) -> int:
    for number in range(9):
        router.wait(Contact(f"c{number}", mode=Mode.INTERACTIVE), 0, queue=queue)
    return len(router.assign(0))


@pytest.mark.parametrize(
    ("agent", "queue", "modes", "most"),
    [
        (Agent("an"), Queue("a"), {}, 4),
        (Agent("an", capacity=60), Queue("a"), {}, 2),
        (Agent("an", capacity=0), Queue("a"), {}, 0),
        (Agent("an"), Queue("a", cost=50), {}, 2),
        (Agent("an"), Queue("a", cost=0), {}, 9),
        (Agent("an", costs={Mode.INTERACTIVE: 20}), Queue("a"), {}, 5),
        (Agent("an", costs={Mode.INTERACTIVE: 20}), Queue("a", cost=50), {}, 5),
        (Agent("an", costs={Mode.LIVE: 1}), Queue("a"), {}, 4),
        (Agent("an", limits={Mode.INTERACTIVE: 3}), Queue("a"), {}, 3),
        (Agent("an", limits={Mode.INTERACTIVE: 0}), Queue("a"), {}, 0),
        (Agent("an"), Queue("a"), {Mode.INTERACTIVE: ModeSettings(cost=10, limit=7)}, 7),
        (
            Agent("an", limits={Mode.INTERACTIVE: 8}),
            Queue("a"),
            {Mode.INTERACTIVE: ModeSettings(cost=10, limit=7)},
            8,
        ),
    ],
)
def test_most_specific_wins(
    agent: Agent, queue: Queue, modes: dict[Mode, ModeSettings], most: int
) -> None:
    """Costs: agent, then queue, then mode. Limits: agent, then mode."""
    assert most == _load(Router([agent], modes=modes), queue=queue)


def test_capacity_taken_away_under_load_is_below_zero_until_it_is_used_up() -> None:
    """Who has too much keeps it, and gets nothing new before there is room."""
    router = Router([Agent("an")])
    wait(router, 10, *chats("c1", "c2", "c3", "c4"))
    router.assign(10)
    router.put(Agent("an", capacity=50), 11)
    assert -50 == router.agent("an").free
    wait(router, 12, *chats("c5"))
    for contact in ("c1", "c2"):
        router.release(contact, 12)
        assert [] == matched(router, 12)
    router.release("c3", 13)
    assert [("c5", "an")] == matched(router, 13)


# --- changes while contacts wait ------------------------------------------------------------------


def test_an_agent_who_comes_learns_or_forgets_counts_at_once() -> None:
    """Put and remove agents and skills while somebody waits."""
    router = Router()
    router.wait(Contact("c1", "vi>=3"), 0)
    router.wait(Contact("c2", "vi>=3"), 1)
    router.put(Agent("an", {"vi": 2}), 2)
    assert [] == matched(router, 2)
    router.put(Agent("an", {"vi": 3}), 3)
    assert ["an"] == router.candidates("c2")
    assert [("c1", "an")] == matched(router, 3)
    router.put(Agent("an", {}), 4)
    router.release("c1", 5)
    assert [] == matched(router, 5)
    router.put(Agent("binh", {"vi": 5}, capacity=0), 6)
    assert [] == matched(router, 6)
    router.put(Agent("chi", {"vi": 5}), 7, available=False)
    assert [] == matched(router, 7)
    router.presence("chi", "available", 8)
    assert [("c2", "chi")] == matched(router, 8)


def test_who_is_removed_gives_back_what_they_had() -> None:
    """Contacts that only they had wait again, in their old places."""
    router = Router([Agent("an")])
    wait(router, 10, *chats("c1", "c2"))
    router.assign(10)
    wait(router, 20, *chats("c3"))
    router.remove("an", 21)
    assert [] == list(router.agents)
    router.put(Agent("binh", capacity=50), 22)
    assert [("c1", "binh"), ("c2", "binh")] == matched(router, 22)


def test_a_queue_that_changes_sorts_its_contacts_anew() -> None:
    """Order and plan are the queue's; the enqueue time is the contact's."""
    router = Router()
    queue = Queue("a", "vi", order=Order.strict())
    router.wait(Contact("c1"), 0, queue=queue)
    router.wait(Contact("c2", priority=1), 1, queue=queue)
    router.change(Queue("a", "en", order=Order.ageing(point=seconds(0))), 2)
    router.put(Agent("an", {"en": 1}), 3)
    assert [("c1", "an")] == matched(router, 3)
    router.change(Queue("a", "", order=Order.strict()), 4)
    router.put(Agent("binh"), 5)
    assert [("c2", "binh")] == matched(router, 5)


# --- time -----------------------------------------------------------------------------------------

PLAN = Plan("cards>=4", Step(seconds(30), "cards>=2"), Step(minutes(1), "", priority=3))


@given(st.lists(st.integers(0, int(minutes(2))), max_size=9))
def test_steps_fall_due_by_age_however_often_one_looks(looks: list[int]) -> None:
    """Looking at any instants in between changes nothing of what happens when."""
    router = Router([Agent("an", {"cards": 2})])
    router.wait(Contact("c1"), 0, plan=PLAN)
    made = [match for now in sorted(looks) for match in router.assign(now)]
    made += router.assign(minutes(2))
    assert ["c1 -> an after 30 s: longest idle, 30 s"] == [*map(str, made)]


def test_a_step_raises_the_priority() -> None:
    """Three points more, three minutes ahead."""
    router = Router(modes={Mode.LIVE: ModeSettings(cost=100)})
    router.wait(Contact("early", priority=2), 0)
    router.wait(Contact("late"), seconds(1), plan=PLAN)
    assert [(seconds(31), StepDue("late", 1))] == [router.due(seconds(31))]
    router.assign(seconds(60))
    router.put(Agent("an"), seconds(60))
    router.presence("an", "away", seconds(60))
    assert [] == matched(router, seconds(61))
    router.presence("an", "available", seconds(61))
    assert [("late", "an")] == matched(router, seconds(61))


def test_a_preferred_agent_is_waited_for_only_while_they_can_come() -> None:
    """Busy is worth waiting for; away, offline, unknown, excluded or unqualified is not."""
    plan = Plan("vi, first an", Step(seconds(30), "vi"))

    def who(an: Agent | None, presence: str = "available") -> list[tuple[str, str]]:
        router = Router([Agent("binh", {"vi": 1})])
        if an is not None:
            router.put(an, 0)
            router.presence("an", untyped(presence), 0)
        router.wait(Contact("c1"), 1, plan=plan)
        return matched(router, 2)

    able = Agent("an", {"vi": 1})
    assert [("c1", "an")] == who(able)
    assert [] == who(Agent("an", {"vi": 1}, capacity=50))
    elsewhere = [who(able, "away"), who(able, "offline"), who(able, "not_responding"), who(None)]
    assert [[("c1", "binh")]] * 5 == [*elsewhere, who(Agent("an", {"en": 5}))]


def test_a_cool_off_keeps_a_contact_from_one_agent() -> None:
    """Until then the others may have it; afterwards everybody."""
    router = Router([Agent("an")])
    router.wait(Contact("c1"), 0)
    assert [("c1", "an")] == matched(router, 0)
    router.requeue("c1", seconds(1))
    router.cool("c1", "an", seconds(31), seconds(1))
    assert ([], []) == (matched(router, seconds(1)), router.candidates("c1"))
    assert seconds(31) == router.next_deadline()
    assert (seconds(31), CoolOffDue("c1", "an")) == router.due(seconds(40))
    router.put(Agent("binh"), seconds(2))
    assert [("c1", "binh")] == matched(router, seconds(2))
    router.requeue("c1", seconds(3))
    router.presence("binh", "away", seconds(3))
    assert [("c1", "an")] == matched(router, seconds(31))


def test_a_call_does_not_starve_beside_steady_chat() -> None:
    """After a minute, agents who fit the call take no new chat until it is served."""
    router = Router([Agent("an", {"vi": 1}), Agent("binh")])
    wait(router, 1, *chats(*(f"c{number}" for number in range(8))))
    assert 8 == len(matched(router, 1))
    router.wait(Contact("call", "vi"), 2)
    assert (2 + minutes(1), ProtectionDue("call")) == router.due(minutes(1) + 2)
    wait(router, 3, *chats(*(f"d{number}" for number in range(20))))
    mine, others = list(router.agent("an").active), list(router.agent("binh").active)
    router.release(mine.pop(), seconds(59))
    assert [("d0", "an")] == matched(router, seconds(59))
    mine.append("d0")
    router.assign(minutes(2))
    for contact in others:
        router.release(contact, minutes(2))
        assert ["binh"] == [agent for _, agent in matched(router, minutes(2))]
    for contact in mine[:-1]:
        router.release(contact, minutes(2))
        assert [] == matched(router, minutes(2))
    router.release(mine[-1], minutes(3))
    assert [("call", "an")] == matched(router, minutes(3))
    router.release("call", minutes(4))
    assert ["an"] * 4 == [agent for _, agent in matched(router, minutes(4))]


# --- errors ---------------------------------------------------------------------------------------


WRONG: list[tuple[Callable[[Router], object], str]] = [
    (
        lambda router: router.wait(Contact("c1"), 0),
        "wait: contact 'c1' is here already; ids are used once",
    ),
    (
        lambda router: router.wait(Contact("c3"), 0, queue=Queue("a", strategy="luck")),
        "Queue.strategy: no strategy 'luck'.",
    ),
    (
        lambda router: router.wait(Contact("c3"), 0, plan=untyped(5)),
        "wait.plan: 5 is not a requirement; write text such as 'billing>=3 and vi'",
    ),
    (
        lambda router: router.wait(Contact("c3"), untyped("now")),
        (
            "since: 'now' is not an instant; an instant is an int, microseconds UTC, "
            "in the years 1 to 9999"
        ),
    ),
    (
        lambda router: router.leave("contact-9", 0),
        "contact: no contact 'contact-9'. Did you mean 'contact-2'?",
    ),
    (lambda router: router.release("c9", 0), "contact: no contact 'c9'."),
    (lambda router: router.explain("c9", 0), "contact: no contact 'c9'."),
    (lambda router: router.agent("anh"), "agent: no agent 'anh'. Did you mean 'an'?"),
    (lambda router: router.remove("x", 0), "agent: no agent 'x'."),
    (
        lambda router: router.presence("an", untyped("avail"), 0),
        (
            "presence: 'avail' is not one of available, away, not_responding, offline. "
            "Did you mean 'available'?"
        ),
    ),
    (lambda router: router.take("c1", ["an"], 0), "take: contact 'c1' does not wait"),
    (lambda router: router.take("contact-2", ["x"], 0), "agent: no agent 'x'. "[:-1]),
    (
        lambda router: router.share("contact-2", "an", 0),
        "share: contact 'contact-2' is not taken, or 'an' has it already",
    ),
    (
        lambda router: router.requeue("contact-2", 0),
        "requeue: contact 'contact-2' waits already",
    ),
    (
        lambda router: router.drop("contact-2", "an", 0),
        "drop: agent 'an' does not have contact 'contact-2'",
    ),
    (
        lambda router: router.step("contact-2", 5, 0),
        "step: the plan of 'contact-2' has 1 steps",
    ),
]


@pytest.mark.parametrize(("act", "message"), WRONG, ids=range(len(WRONG)))
def test_bad_input_is_named_and_changes_nothing(
    act: Callable[[Router], object], message: str
) -> None:
    """What is wrong is said; who waits and who has whom is as it was."""
    router = Router([Agent("an")])
    router.wait(Contact("c1"), 0)
    router.assign(0)
    router.wait(Contact("contact-2"), 1)

    def seen() -> object:
        return (
            {id: (one.agents, one.step, one.rank) for id, one in router.waiters.items()},
            {id: (one.presence, one.used, one.since) for id, one in router.agents.items()},
            router.next_deadline(),
        )

    before = seen()
    assert message == refused(lambda: act(router))
    assert before == seen()


def test_two_agents_of_one_id_are_refused() -> None:
    """The constructor takes each agent once; `put` is there to change one."""
    assert "Router: two agents have the id 'an'; ids are used once" == refused(
        lambda: Router([Agent("an"), Agent("an", {"vi": 1})])
    )


def test_who_returns_before_somebody_swept_away_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """An agent came back before one whom a lane had passed, and who was swept; nobody looked."""
    monkeypatch.setattr(lanes, "_SWEEP_FROM", 0)
    router = Router(
        [Agent("zoe", {"x": 1}), Agent("dung", {"y": 1}), Agent("chi")], strategy=fewest_contacts
    )
    router.wait(Contact("c1", "x"), seconds(0))
    router.wait(Contact("c2", "y"), seconds(0))
    router.assign(seconds(0))
    router.presence("chi", "away", seconds(9))
    router.presence("chi", "available", seconds(10))
    router.wait(Contact("c3", "x"), seconds(11))
    assert router.assign(seconds(11)) == []
    router.presence("chi", "away", seconds(12))
    router.leave("c2", seconds(13))
    router.leave("c1", seconds(14))
    assert [("c3", "zoe")] == [(made.contact, made.agent) for made in router.assign(seconds(14))]
