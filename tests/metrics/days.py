"""Random days of a real center: its events, and what it knows at their end."""

from __future__ import annotations

from typing import Final, NamedTuple

from hypothesis import strategies as st

from tongdai import (
    Abandon,
    Accept,
    Agent,
    Arrive,
    Center,
    Contact,
    Decline,
    Dispose,
    End,
    Mode,
    Presence,
    PutAgent,
    PutQueue,
    Queue,
    RemoveAgent,
    RemoveQueue,
    SetPresence,
    Tick,
    seconds,
)
from tongdai.center.events import AnyEvent
from tongdai.center.inputs import AnyInput, FailConnect, LoseAgent
from tongdai.model.queue import Closed
from tongdai.model.time import OPEN_ENDED

QUEUES: Final = (
    Queue("cards", limit=2, overflow="general", wrap_up=seconds(10)),
    Queue(
        "general", limit=3, overflow="last", patience=seconds(90), after_patience="last", cost=40
    ),
    Queue("last", limit=2, patience=seconds(150), after_patience=Closed("sorry")),
    Queue("late", wrap_up=OPEN_ENDED),
)
MODES: Final = (Mode.LIVE, Mode.INTERACTIVE)
AVAILABLE: Final[tuple[Presence, ...]] = ("available",)
PRESENCES: Final[tuple[Presence, ...]] = (*AVAILABLE * 5, "away", "offline")


class Day(NamedTuple):
    """A center after a day, and the events of that day."""

    center: Center
    events: list[AnyEvent]


def play(steps: list[tuple[int, int, int]]) -> Day:
    """Play a day: each step is milliseconds since the last, what to do, and whom it is about."""
    center = Center(QUEUES)
    happened: list[AnyEvent] = []
    now = 0
    for number, agent in enumerate(
        (Agent("an"), Agent("binh"), Agent("chi", costs={Mode.LIVE: 60}))
    ):
        happened += center.handle(PutAgent(agent, available=number > 0), now).events
    for number, (later, what, whom) in enumerate(steps):
        now += later * 1_000
        chosen = _input(center, number, what, whom)
        happened += center.handle(chosen or Tick(), now).events
    return Day(center, happened)


def _input(center: Center, number: int, what: int, whom: int) -> AnyInput | None:  # noqa: C901, PLR0911, PLR0912 - one case an input
    state = center.state
    offers = [offer for live in state.contacts.values() for offer in live.offers]
    talks = [live.interaction for live in state.contacts.values() if live.interaction]
    agents = list(state.router.agents)
    queues = list(state.queues.queues)

    def one(options: list[str]) -> str:
        return options[whom % len(options)] if options else ""

    match what:
        case 0 | 1 | 2 | 3 | 4 | 5:
            contact = Contact(f"c{number}", mode=MODES[whom % 2])
            return Arrive(contact, queues[(whom // 2) % len(queues)])
        case 6 | 7 | 8 | 9 if offers:
            return Accept(one(offers))
        case 10 if offers:
            return Decline(one(offers))
        case 11 | 12 if state.contacts:
            return Abandon(one(list(state.contacts)))
        case 13 | 14 if talks:
            return End(one(talks), "done" if whom % 2 else "")
        case 15 if state.wrap_ups:
            return Dispose(one(list(state.wrap_ups)), "late")
        case 16 if talks:
            return FailConnect(one(talks))
        case 17 | 18 | 19 if agents:
            presence: Presence = PRESENCES[whom % len(PRESENCES)]
            return SetPresence(agents[(whom // 7) % len(agents)], presence)
        case 20 if agents:
            return LoseAgent(one(agents))
        case 21 if len(agents) > 1 and whom % 3 == 0:
            return RemoveAgent(one(agents))
        case 22:
            return PutAgent(Agent(f"agent-{whom % 4}", capacity=50 + whom % 100), available=True)
        case 23 if "late" in queues and whom % 3 == 0:
            return RemoveQueue("late", to="cards")
        case 24:
            return PutQueue(Queue("late", cost=whom % 100))
        case _:
            return None


days: Final = st.lists(
    st.tuples(
        st.one_of(st.sampled_from([0, 1_000, 5_000]), st.integers(0, 30_000)),
        st.integers(0, 24),
        st.integers(0, 100),
    ),
    max_size=60,
).map(play)
"""Days with every kind of input in them, faults included."""
