"""The same day beside simulators that people know: SimPy and Ciw.

One kind of contact, n agents who are all alike (M/M/n), the same arrivals and talks for all. Each
contact is offered, answered after two seconds, talked to and wrapped up. SimPy is given three
models: agents as a number (`Resource`) and every phase a plain delay; agents in a store, so that
the one who has been idle longest gets the contact, where an offer can expire (the answer races
a limit of 20 seconds); and the same with customers who may give up. Ciw has no phases inside a
service, so it is given their sum. tongdai runs its whole engine: events, effects, explanations, and
at the end of the day a record of everything.
"""

# pyright: basic, reportMissingImports=false
# (SimPy and Ciw are installed for the bench only.)

from __future__ import annotations

import gc
import random
import statistics
import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

import attrs
import ciw
import simpy

from tongdai import Agent, Center, Contact, Mode, Queue, seconds
from tongdai.center import Shift, Visit, simulate
from tongdai.model.mode import MODES

_ANSWER, _RINGS, _TALK, _WRAP_UP = 2, 20, 180, 20  # seconds; the talk is a mean
_PATIENCE = 600
_LOAD = 0.9
_NEVER = 10**9


@attrs.frozen
class Day:
    """Arrivals and talks, in seconds."""

    agents: int
    contacts: list[tuple[float, float]]

    @classmethod
    def drawn(cls, agents: int, contacts: int) -> Day:
        """Return a day under 90 % load."""
        chance = random.Random(7)  # noqa: S311 - load, not secrets
        rate = _LOAD * agents / (_ANSWER + _TALK + _WRAP_UP)
        at = 0.0
        drawn: list[tuple[float, float]] = []
        for _ in range(contacts):
            at += chance.expovariate(rate)
            drawn.append((at, chance.expovariate(1 / _TALK)))
        return cls(agents, drawn)


def ours(day: Day, *, patience: bool = False) -> int:
    """Live through the day on the engine; returns how many were served."""
    live = attrs.evolve(MODES[Mode.LIVE], protect=None)
    center = Center([Queue("q", wrap_up=seconds(_WRAP_UP))], modes={Mode.LIVE: live})
    visits = (
        Visit(
            int(at * 1e6),
            Contact(f"c{number}"),
            "q",
            talk=seconds(talk),
            patience=seconds(_PATIENCE) if patience else None,
        )
        for number, (at, talk) in enumerate(day.contacts)
    )
    shifts = [
        Shift(Agent(f"a{number}"), 0, _NEVER * 1_000_000, answers_after=seconds(_ANSWER))
        for number in range(day.agents)
    ]
    until = int((day.contacts[-1][0] + 100 * _TALK) * 1e6)
    events = simulate(center, visits, shifts, until=until)
    return sum(type(event).__name__ == "OfferAccepted" for event in events)


_Steps = Generator[simpy.Event, Any, None]


def simpy_number(day: Day) -> int:
    """Live through the day in SimPy, with agents as a number."""
    env = simpy.Environment()
    agents = simpy.Resource(env, day.agents)
    served: list[float] = []

    def contact(talk: float) -> _Steps:
        came = env.now
        with agents.request() as request:
            yield request
            yield env.timeout(_ANSWER)
            served.append(env.now - came)
            yield env.timeout(talk)
            yield env.timeout(_WRAP_UP)

    env.process(_arrivals(env, day, contact))
    env.run()
    return len(served)


def simpy_agents(day: Day, *, patience: bool = False) -> int:
    """Live through the day in SimPy, with agents who are somebody and offers that can expire."""
    env = simpy.Environment()
    idle = simpy.Store(env)
    idle.items.extend(f"a{number}" for number in range(day.agents))
    served: list[tuple[str, float]] = []

    def contact(talk: float) -> _Steps:
        came = env.now
        found = idle.get()
        if patience:
            yield found | env.timeout(_PATIENCE)
            if not found.triggered:
                found.cancel()
                return
        else:
            yield found
        agent = found.value
        answer = env.timeout(_ANSWER)
        yield answer | env.timeout(_RINGS)
        if answer.processed:
            served.append((agent, env.now - came))
            yield env.timeout(talk)
            yield env.timeout(_WRAP_UP)
        yield idle.put(agent)

    env.process(_arrivals(env, day, contact))
    env.run()
    return len(served)


def _arrivals(env: simpy.Environment, day: Day, contact: Callable[[float], _Steps]) -> _Steps:
    last = 0.0
    for at, talk in day.contacts:
        yield env.timeout(at - last)
        last = at
        env.process(contact(talk))


def ciw_number(day: Day) -> int:
    """Live through the day in Ciw, every phase in one service."""
    gaps = [at - last for (last, _), (at, _) in zip(day.contacts, day.contacts[1:], strict=False)]
    whole = [_ANSWER + talk + _WRAP_UP for _, talk in day.contacts]
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([day.contacts[0][0], *gaps, float("inf")])],
        service_distributions=[ciw.dists.Sequential(whole)],
        number_of_servers=[day.agents],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(day.contacts[-1][0] + 100 * _TALK)
    return len(simulation.get_all_records())


def _cost(run: Callable[[Day], int], day: Day) -> float:
    gc.collect()
    start = time.process_time()
    served = run(day)
    spent = time.process_time() - start
    if served != len(day.contacts):
        raise AssertionError(f"{served} of {len(day.contacts)} were served")
    return spent


def ratios(contacts: int = 10_000, runs: int = 3) -> Iterator[tuple[str, float]]:
    """Yield who, with how many agents, and what they cost / what tongdai costs."""
    for agents in (100, 1000):
        day = Day.drawn(agents, contacts)
        patient: Callable[[Day], int] = partial(ours, patience=True)
        pairs: dict[str, tuple[Callable[[Day], int], Callable[[Day], int]]] = {
            "SimPy, a number of agents": (simpy_number, ours),
            "SimPy, agents and offers": (simpy_agents, ours),
            "SimPy, and patience": (partial(simpy_agents, patience=True), patient),
            "Ciw": (ciw_number, ours),
        }
        for name, (their, our) in pairs.items():
            ratio = statistics.median(_cost(their, day) / _cost(our, day) for _ in range(runs))
            yield f"{name} / this, {agents:,} agents", ratio


if __name__ == "__main__":
    for name, ratio in ratios():
        print(f"{name:45} {ratio:6.2f}")
