"""Simulation: what customers and agents do on the agenda, against queueing theory and by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from heapq import heapify, heapreplace
from itertools import count, pairwise, takewhile
from typing import Final, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai import (
    Agent,
    Center,
    ConfigurationError,
    Contact,
    Duration,
    IllegalInput,
    Mode,
    Plan,
    Queue,
    Step,
    minutes,
    seconds,
)
from tongdai.center import Pause, Shift, Visit, simulate
from tongdai.center.events import (
    AnyEvent,
    ContactAbandoned,
    ContactEnded,
    ContactOffered,
    ContactQueued,
    ContactRefused,
    InputIgnored,
    OfferAccepted,
    OfferDeclined,
    OfferExpired,
    PlanStepped,
    PresenceChanged,
    WrapUpEnded,
)
from tongdai.metrics import ContactRecord, records
from tongdai.model.time import OPEN_ENDED

AN: Final = Agent("an")
CARDS: Final = Queue("cards")
SECOND: Final = int(seconds(1))


def visit(
    at: int, talk: int, patience: int | None = None, *, wrap_up: Duration | None = None
) -> Visit:
    """A customer of the queue `cards`, named after the second of arrival."""
    return Visit(
        seconds(at),
        Contact(f"c{at}"),
        "cards",
        patience=None if patience is None else seconds(patience),
        talk=seconds(talk),
        wrap_up=wrap_up,
    )


def shift(start: int, end: int, *pauses: tuple[int, int], answers_after: int = 0) -> Shift:
    """A shift of An's, in seconds."""
    return Shift(
        AN,
        seconds(start),
        seconds(end),
        pauses=[Pause(seconds(at), seconds(length)) for at, length in pauses],
        answers_after=seconds(answers_after),
    )


def lived(center: Center, visits: list[Visit], *shifts: Shift) -> list[tuple[str, int, str]]:
    """What happened, in short: the event, its second, and whom it is about."""
    return [told(event) for event in simulate(center, visits, shifts)]


def told(event: AnyEvent) -> tuple[str, int, str]:
    """An event in short."""
    whom = event.presence if isinstance(event, PresenceChanged) else ""
    return type(event).__name__, event.at // SECOND, whom or getattr(event, "contact", "")


def only(
    kinds: type | tuple[type, ...], center: Center, visits: list[Visit], *shifts: Shift
) -> list[tuple[int, str]]:
    """When what happened of these kinds, and to whom."""
    found = simulate(center, visits, shifts)
    return [told(event)[1:] for event in found if isinstance(event, kinds)]


# --- customers ------------------------------------------------------------------------------------


def test_a_visit_is_one_contact_from_arrival_to_end() -> None:
    """A customer arrives, is offered and accepted at once, and talks as long as the visit says."""
    assert lived(Center([CARDS]), [visit(5, 60)], shift(0, 100)) == [
        ("AgentPut", 0, ""),
        ("PresenceChanged", 0, "available"),
        ("ContactQueued", 5, "c5"),
        ("ContactOffered", 5, "c5"),
        ("OfferAccepted", 5, "c5"),
        ("ContactEnded", 65, "c5"),
        ("PresenceChanged", 100, "offline"),
    ]


def test_patience_ends_a_wait() -> None:
    """Who waits longer than their patience is gone, the others are served in turn."""
    visits = [visit(0, 60), visit(1, 60, 20), visit(2, 60, 90)]
    assert only((OfferAccepted, ContactAbandoned), Center([CARDS]), visits, shift(0, 600)) == [
        (0, "c0"),
        (21, "c1"),
        (60, "c2"),
    ]


def test_patience_of_nothing_is_enough_where_somebody_is_free() -> None:
    """Customers of one instant arrive before they give up, and agents finish before that."""
    visits = [visit(0, 30, 0), visit(10, 5, 0), visit(30, 5, 0)]
    assert only((OfferAccepted, ContactAbandoned), Center([CARDS]), visits, shift(0, 600)) == [
        (0, "c0"),
        (10, "c10"),
        (30, "c30"),
    ]


def test_customers_arrive_before_others_give_up() -> None:
    """Who comes the instant at which the last place falls free is a moment too early."""
    center = Center([Queue("cards", limit=1)])
    happened = only((ContactRefused, ContactAbandoned), center, [visit(0, 5, 10), visit(10, 5)])
    assert happened == [(10, "c10"), (10, "c0")]


def test_patience_runs_out_while_an_offer_is_out() -> None:
    """A customer who leaves while it rings is abandoned; the agent is offered the next."""
    visits = [visit(0, 30, 3), visit(1, 30)]
    center = Center([CARDS])
    happened = only(
        (OfferAccepted, ContactAbandoned), center, visits, shift(0, 600, answers_after=5)
    )
    assert happened == [(3, "c0"), (8, "c1")]


def test_nobody_is_served_before_somebody_comes() -> None:
    """Without an agent customers wait; a shift that begins serves them."""
    assert only(OfferAccepted, Center([CARDS]), [visit(0, 10)], shift(50, 60)) == [(50, "c0")]


@given(
    arrivals=st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 90), st.none() | st.integers(0, 120)),
        max_size=30,
    ),
    agents=st.integers(1, 4),
)
def test_fifo_waits_are_those_of_queueing_theory(
    arrivals: list[tuple[int, int, int | None]], agents: int
) -> None:
    """Waits and abandons are those of the G/G/k+G recursion over the agents' free times."""
    now = 0
    free = [0] * agents
    heapify(free)
    visits: list[Visit] = []
    expected: dict[str, tuple[str, int]] = {}
    for number, (gap, talk, patience) in enumerate(arrivals):
        now += gap
        made = Visit(
            seconds(now),
            Contact(f"c{number:03}"),
            "cards",
            patience=None if patience is None else seconds(patience),
            talk=seconds(talk),
        )
        visits.append(made)
        wait = max(0, free[0] - now)
        if patience is not None and patience < wait:
            expected[made.contact.id] = ("abandoned", patience)
        else:
            expected[made.contact.id] = ("answered", wait)
            heapreplace(free, now + wait + talk)
    shifts = [Shift(Agent(f"a{number}"), 0, minutes(120)) for number in range(agents)]
    found = {
        record.contact: (record.outcome, (record.waited or 0) // SECOND)
        for record in records(simulate(Center([CARDS]), visits, shifts))
    }
    assert expected == found


# --- agents ---------------------------------------------------------------------------------------


def test_a_pause_is_away() -> None:
    """Nothing is offered during a pause."""
    done = only(OfferAccepted, Center([CARDS]), [visit(15, 5)], shift(0, 600, (10, 30)))
    assert done == [(40, "c15")]


def test_a_pause_that_falls_due_during_a_contact_is_taken_in_full_afterwards() -> None:
    """The agent is away from the moment it is due, and rests as long after the contact."""
    visits = [visit(0, 60), visit(1, 5)]
    assert only(
        (PresenceChanged, OfferAccepted, ContactEnded),
        Center([CARDS]),
        visits,
        shift(0, 600, (20, 30)),
    ) == [
        (0, "available"),
        (0, "c0"),
        (20, "away"),
        (60, "c0"),
        (90, "available"),
        (90, "c1"),
        (95, "c1"),
        (600, "offline"),
    ]


def test_pauses_follow_each_other() -> None:
    """A pause that falls due during another, or during the same contact, is added to it."""
    presences = only(
        PresenceChanged,
        Center([CARDS]),
        [visit(0, 60)],
        shift(0, 600, (20, 30), (40, 30), (100, 5)),
    )
    assert presences == [(0, "available"), (20, "away"), (125, "available"), (600, "offline")]


def test_a_pause_begins_after_the_wrap_up() -> None:
    """Wrap-up is work: a pause waits for its end as well."""
    queue = Queue("cards", wrap_up=seconds(10))
    presences = only(PresenceChanged, Center([queue]), [visit(0, 60)], shift(0, 600, (20, 30)))
    assert presences == [(0, "available"), (20, "away"), (100, "available"), (600, "offline")]


def test_a_shift_that_ends_during_a_contact_finishes_it() -> None:
    """The agent takes nothing new, goes when the contact is over, and owes no pause."""
    visits = [visit(0, 60), visit(1, 5, 100)]
    assert only(
        (PresenceChanged, ContactEnded, ContactAbandoned),
        Center([CARDS]),
        visits,
        shift(0, 30, (20, 10)),
    ) == [
        (0, "available"),
        (20, "away"),
        (30, "away"),
        (60, "c0"),
        (60, "offline"),
        (101, "c1"),
    ]


def test_a_shift_that_ends_during_a_pause_ends() -> None:
    """Nobody comes back from a pause after the shift."""
    presences = only(PresenceChanged, Center([CARDS]), [], shift(0, 30, (20, 60)))
    assert presences == [(0, "available"), (20, "away"), (30, "offline")]


def test_an_agent_can_have_two_shifts() -> None:
    """The second may begin the instant at which the first one ends, or during its last contact."""
    visits = [visit(0, 60), visit(1, 5)]
    shifts = (shift(0, 30), shift(30, 90))
    assert only((PresenceChanged, OfferAccepted), Center([CARDS]), visits, *shifts) == [
        (0, "available"),
        (0, "c0"),
        (60, "c1"),
        (90, "offline"),
    ]


def test_an_agent_answers_when_they_do() -> None:
    """Offers are accepted after the time that the shift says."""
    accepted = only(OfferAccepted, Center([CARDS]), [visit(0, 10)], shift(0, 600, answers_after=7))
    assert accepted == [(7, "c0")]


def test_an_agent_who_answers_too_late_is_back_then() -> None:
    """The offer expires at its own instant; the agent can be offered again when they look up."""
    center = Center([CARDS])
    happened = only(
        (OfferExpired, ContactOffered, PresenceChanged),
        center,
        [visit(0, 10, 50)],
        shift(0, 600, answers_after=30),
    )
    assert happened == [
        (0, "available"),
        (0, "c0"),
        (20, "c0"),
        (30, "available"),
        (30, "c0"),
        (50, "c0"),
        (60, "available"),
        (600, "offline"),
    ]


def test_an_agent_who_misses_an_offer_is_back_later() -> None:
    """Every offer expires, and each time they are back after as long as the shift says."""
    center = Center([CARDS])
    happened = only(
        (ContactOffered, OfferExpired, PresenceChanged, ContactAbandoned),
        center,
        [visit(0, 10, 100)],
        Shift(AN, 0, seconds(600), misses=1, back_after=seconds(45)),
    )
    assert happened == [
        (0, "available"),
        (0, "c0"),
        (20, "c0"),
        (65, "available"),
        (65, "c0"),
        (85, "c0"),
        (100, "c0"),
        (130, "available"),
        (600, "offline"),
    ]


def test_an_agent_who_declines_is_asked_again_after_the_cool_off() -> None:
    """After as long as they take to answer; somebody else is asked at once."""
    an = Shift(AN, 0, seconds(600), declines=1, answers_after=seconds(2))
    binh = Shift(Agent("binh"), seconds(1), seconds(600))
    visits = [visit(0, 10)]
    declined = list(simulate(Center([CARDS]), visits, [an], until=seconds(60)))
    assert [told(event)[1] for event in declined if isinstance(event, OfferDeclined)] == [
        *range(2, 60, 7)
    ]
    happened = only((OfferDeclined, OfferAccepted), Center([CARDS]), visits, an, binh)
    assert happened == [(2, "c0"), (2, "c0")]


def test_offers_are_missed_and_declined_as_often_as_the_shift_says() -> None:
    """Within four standard deviations of so many offers; which ones is the seed's."""
    visits = [visit(at * 100, 5) for at in range(2000)]
    lazy = Shift(AN, 0, seconds(10**6), misses=0.2, declines=0.3, back_after=seconds(5))

    def counted(seed: int) -> Counter[type]:
        return Counter(map(type, simulate(Center([CARDS]), visits, [lazy], seed=seed)))

    found = counted(1)
    offers = found[ContactOffered]
    assert found[OfferAccepted] == len(visits)
    for kind, share in ((OfferExpired, 0.2), (OfferDeclined, 0.3)):
        assert abs(found[kind] - share * offers) <= 4 * (offers * share * (1 - share)) ** 0.5
    assert found == counted(1)
    assert found != counted(2)


def test_a_pause_or_the_end_of_a_shift_may_follow_a_missed_offer() -> None:
    """Who does not respond still rests when it is due, and goes home."""
    missing = Shift(
        AN,
        0,
        seconds(90),
        misses=1,
        back_after=seconds(60),
        pauses=[Pause(seconds(30), seconds(40))],
    )
    presences = only(PresenceChanged, Center([CARDS]), [visit(0, 10, 25)], missing)
    assert presences == [(0, "available"), (30, "away"), (70, "available"), (90, "offline")]


def test_wrap_up_is_the_queues_or_the_visits() -> None:
    """A visit may be quicker than its queue grants; an open end takes what the visit says."""
    visits = [visit(0, 10), visit(1, 10, wrap_up=seconds(3))]
    timed = Center([Queue("cards", wrap_up=seconds(20))])
    slow = visit(2, 10, wrap_up=seconds(60))
    ended = only((WrapUpEnded, InputIgnored), timed, [*visits, slow], shift(0, 600))
    assert [at for at, _ in ended] == [30, 43, 73]
    open_ended = Center([Queue("cards", wrap_up=OPEN_ENDED)])
    assert [at for at, _ in only(WrapUpEnded, open_ended, visits, shift(0, 600))] == [10, 23]


def test_chats_run_side_by_side_and_hold_a_pause_up() -> None:
    """An agent with two chats goes when the last one is over."""
    visits = [
        Visit(seconds(at), Contact(f"c{at}", mode=Mode.INTERACTIVE), "cards", talk=seconds(60))
        for at in (0, 10)
    ]
    happened = only(
        (OfferAccepted, PresenceChanged), Center([CARDS]), visits, shift(0, 600, (20, 5))
    )
    assert happened == [
        (0, "available"),
        (0, "c0"),
        (10, "c10"),
        (20, "away"),
        (75, "available"),
        (600, "offline"),
    ]


# --- the engine's own time ------------------------------------------------------------------------


def test_deadlines_fall_at_their_own_instants() -> None:
    """A plan relaxes when it says, though nobody acts then; the offer is answered from there."""
    center = Center([Queue("cards", Plan("cards", Step(seconds(30), "")))])
    happened = only(
        (PlanStepped, OfferAccepted, ContactEnded), center, [visit(5, 10)], shift(0, 600)
    )
    assert happened == [(35, "c5"), (35, "c5"), (45, "c5")]


def test_patience_of_the_queue_is_lived_through() -> None:
    """The last deadline falls, though agenda and visits are at their end."""
    center = Center([Queue("cards", patience=seconds(90))])
    assert only(ContactEnded, center, [visit(5, 10)]) == [(95, "c5")]


def test_until_is_the_last_instant() -> None:
    """What comes later does not happen; what falls due then does."""
    visits = [visit(0, 20), visit(20, 20), visit(21, 20)]
    happened = list(simulate(Center([CARDS]), visits, [shift(0, 600)], until=seconds(20)))
    assert [
        told(event) for event in happened if isinstance(event, ContactEnded | ContactQueued)
    ] == [
        ("ContactQueued", 0, "c0"),
        ("ContactEnded", 20, "c0"),
        ("ContactQueued", 20, "c20"),
    ]


def test_visits_are_taken_one_by_one() -> None:
    """Visits without an end can be simulated, and no more is taken than is needed."""
    taken: list[int] = []

    def endless() -> Iterator[Visit]:
        for number in count():
            taken.append(number)
            yield visit(number * 10, 5)

    happened = simulate(Center([CARDS]), endless(), [shift(0, 10_000)])
    first = list(takewhile(lambda event: event.at < seconds(100), happened))
    assert sum(isinstance(event, ContactEnded) for event in first) == 10
    assert len(taken) <= 12


def test_progress_counts_arrivals() -> None:
    """Who asked hears of each arrival."""
    heard: list[int] = []
    list(simulate(Center([CARDS]), [visit(0, 5), visit(1, 5)], [], until=0, progress=heard.append))
    assert heard == [1]


# --- every simulation -----------------------------------------------------------------------------


class Setting(NamedTuple):
    """A random day: visits, shifts, and the queues."""

    visits: list[Visit]
    shifts: list[Shift]
    queue: Queue


@st.composite
def settings(draw: st.DrawFn) -> Setting:
    """Visits with and without patience, shifts with pauses, agents who answer late."""
    span = st.integers(0, 120).map(seconds)
    now = 0
    visits: list[Visit] = []
    for number in range(draw(st.integers(0, 15))):
        now += draw(st.integers(0, 40))
        visits.append(
            Visit(
                seconds(now),
                Contact(f"c{number}", mode=draw(st.sampled_from([Mode.LIVE, Mode.INTERACTIVE]))),
                "cards",
                patience=draw(st.none() | span),
                talk=draw(span),
                wrap_up=draw(st.none() | span),
            )
        )
    shifts: list[Shift] = []
    for number in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, 300))
        end = start + draw(st.integers(0, 600))
        pauses = draw(
            st.lists(st.builds(Pause, st.integers(start, end).map(seconds), span), max_size=3)
        )
        answers_after = draw(st.integers(0, 25).map(seconds))
        misses, declines = draw(st.sampled_from([(0.0, 0.0), (0.5, 0.0), (0.0, 0.5), (0.3, 0.3)]))
        shifts.append(
            Shift(
                Agent(f"a{number}"),
                seconds(start),
                seconds(end),
                pauses=pauses,
                answers_after=answers_after,
                misses=misses,
                declines=declines,
                back_after=draw(span),
            )
        )
    wrap_up = draw(st.sampled_from([None, seconds(10), OPEN_ENDED]))
    return Setting(visits, shifts, Queue("cards", wrap_up=wrap_up, limit=draw(st.integers(1, 6))))


@given(settings())
def test_events_are_those_of_a_journal(setting: Setting) -> None:
    """Events come in the order of time, twice the same, and replaying them gives the same state."""
    center = Center([setting.queue])
    happened = list(simulate(center, setting.visits, setting.shifts))
    assert all(one.at <= other.at for one, other in pairwise(happened))
    again = simulate(Center([setting.queue]), setting.visits, setting.shifts)
    assert happened == list(again)
    replayed = Center([setting.queue])
    for event in happened:
        replayed.apply(event)
    assert center.snapshot() == replayed.snapshot()


@given(settings())
def test_what_visits_say_is_what_happens(setting: Setting) -> None:
    """Talk lasts as the visit says, nobody waits beyond their patience, and agents leave clean."""
    center = Center([setting.queue])
    found = list(records(simulate(center, setting.visits, setting.shifts)))
    visits = {visit.contact.id: visit for visit in setting.visits}
    assert len(found) == len(visits)
    for record in found:
        check(record, visits[record.contact])
    for agent in center.state.router.agents.values():
        assert (agent.presence, agent.active) == ("offline", {})


def check(record: ContactRecord, visit: Visit) -> None:
    """Compare what became of a visit with what it said."""
    if record.outcome == "answered":
        assert record.talked == visit.talk
    if record.outcome in ("answered", "abandoned") and visit.patience is not None:
        assert (record.waited or 0) <= visit.patience
    if record.outcome == "abandoned":
        assert record.waited == visit.patience
    if record.outcome == "open":
        assert visit.patience is None


# --- input that cannot be -------------------------------------------------------------------------


def test_visits_come_in_the_order_of_time() -> None:
    """A visit before the one ahead of it is refused when it comes."""
    text = (
        "Visit.at: 'c4' comes at 4 s, the visit before it at 5 s; give visits in the order of time"
    )
    with pytest.raises(IllegalInput) as caught:
        list(simulate(Center([CARDS]), [visit(5, 1), visit(4, 1)], []))
    assert str(caught.value) == text


def test_visits_ask_for_a_queue_that_there_is() -> None:
    """The engine's own error names what is near."""
    one = Visit(0, Contact("c1"), "card", talk=seconds(1))
    with pytest.raises(IllegalInput, match=r"Arrive.queue: no queue 'card'. Did you mean 'cards'?"):
        list(simulate(Center([CARDS]), [one], []))


def test_visits_are_visits() -> None:
    """Anything else is named."""
    with pytest.raises(IllegalInput, match=r"simulate.visits: 'c1' is not a Visit"):
        list(simulate(Center([CARDS]), ["c1"], []))  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("talk", 20, "Visit.talk: 20 has no unit; write seconds(20)"),
        ("patience", 20, "Visit.patience: 20 has no unit"),
        ("wrap_up", 20, "Visit.wrap_up: 20 has no unit"),
        ("at", 1.5, "Visit.at: 1.5 is not an instant"),
        ("contact", "c1", "Visit.contact: 'c1' is not a contact"),
        ("queue", 7, "Visit.queue: 7 is not an id"),
    ],
)
def test_a_visit_names_what_is_wrong(field: str, value: object, text: str) -> None:
    """Each field is checked when the visit is made."""
    fields = {"at": 0, "contact": Contact("c1"), "queue": "cards", "talk": seconds(1), field: value}
    with pytest.raises((ConfigurationError, IllegalInput)) as caught:
        Visit(**fields)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("agent", "an", "Shift.agent: 'an' is not an agent"),
        ("start", "8:00", "Shift.start: '8:00' is not an instant"),
        ("end", seconds(5), "Shift.end: an's shift ends at 5 s, before it starts at 10 s"),
        ("answers_after", 3, "Shift.answers_after: 3 has no unit"),
        ("back_after", 3, "Shift.back_after: 3 has no unit"),
        ("misses", 20, "Shift.misses: 20 is not a share of offers, 0 to 1"),
        ("declines", "no", "Shift.declines: 'no' is not a share of offers, 0 to 1"),
        ("pauses", [(20, 5)], "Shift.pauses: (20, 5) is not a pause"),
        ("pauses", [Pause(0, seconds(5))], "Shift.pauses: an's pause at 0 s is not within"),
    ],
)
def test_a_shift_names_what_is_wrong(field: str, value: object, text: str) -> None:
    """Each field is checked when the shift is made."""
    fields = {"agent": AN, "start": seconds(10), "end": seconds(60), field: value}
    with pytest.raises((ConfigurationError, IllegalInput)) as caught:
        Shift(**fields)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert str(caught.value).startswith(text)


def test_no_more_than_all_offers_are_missed_or_declined() -> None:
    """Together."""
    with pytest.raises(ConfigurationError, match=r"Shift\.declines: 0.6 missed and 0.5 declined"):
        Shift(AN, 0, seconds(60), misses=0.6, declines=0.5)


def test_a_pause_has_a_length() -> None:
    """A bare number has no unit."""
    with pytest.raises(ConfigurationError, match=r"Pause\.length: 5 has no unit"):
        Pause(0, 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_shifts_of_one_agent_do_not_overlap() -> None:
    """They are refused before anything has happened."""
    center = Center([CARDS])
    with pytest.raises(
        ConfigurationError, match="an's shift from 20 s begins before the one until 30 s"
    ):
        simulate(center, [], [shift(0, 30), shift(20, 40)])
    assert center.snapshot() == Center([CARDS]).snapshot()
