"""What a phone menu costs, beside two state machine packages: `python -m tests.bench.ivr`.

The menu has four nodes: a question, a count of the calls, a branch on what is known of the caller,
and a second question that leads back to the first. The two packages go through the same four states
with the same count and the same condition; the machine here also reads the key, times it, words the
prompt and says what the shell must do. Two of its four transitions need no input of their own. So
there is also a ring of questions, where each key press is one transition and nothing is shared.
Then what a step costs in flows of 1,000 and 10,000 nodes, and the size of a session beside theirs.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from time import process_time
from typing import Any

from tongdai.ivr import Assign, Branch, Case, End, Flow, Machine, Menu, Press, Session

ROUNDS = 20
STATES = ("welcome", "count", "tier", "offers")
KNOWN = {"calls": 0, "caller.tier": "gold"}


def menu_flow() -> Flow:
    """Return the menu of four nodes."""
    return Flow(
        "menu",
        start="welcome",
        nodes={
            "welcome": Menu({"vi": "Thẻ bấm 1", "en": "Cards: 1"}, {"1": "count", "2": "end"}),
            "count": Assign({"calls": "plus(calls, 1)"}, then="tier"),
            "tier": Branch((Case('caller.tier == "gold"', "offers"),), otherwise="end"),
            "offers": Menu({"vi": "Ưu đãi bấm 1", "en": "Offers: 1"}, {"1": "welcome"}),
            "end": End(),
        },
    )


def ring_flow(nodes: int) -> Flow:
    """Return a ring of questions, each of which leads to the next by key 1."""
    menus = {
        f"n{number}": Menu(f"Press 1 ({number})", {"1": f"n{(number + 1) % nodes}", "2": "end"})
        for number in range(nodes)
    }
    return Flow("menu", start="n0", nodes={**menus, "end": End()})


def rate(step: Callable[[], object], number: int) -> float:
    """Return steps per second of processor time, the best of several short runs."""
    best = 0.0
    for _ in range(ROUNDS):
        gc.collect()
        start = process_time()
        for _ in range(number):
            step()
        best = max(best, number / (process_time() - start))
    return best


def ours(flow: Flow) -> Callable[[], object]:
    """Return what presses key 1."""
    machine = Machine([flow])
    turn = machine.start("menu", session="c1", language="vi", now=0, values=KNOWN)
    press = Press("1")

    def step() -> None:
        nonlocal turn
        turn = machine.step(turn.session, press, 0)

    return step


def with_transitions(package: Any) -> tuple[Callable[[], object], object]:  # noqa: ANN401
    """Return what goes once round with the package `transitions`, and what holds the state."""

    class Call:
        """What the package drives."""

        def __init__(self) -> None:
            self.calls = 0
            self.tier = "gold"

        def count(self) -> None:
            self.calls += 1

        def is_gold(self) -> bool:
            return self.tier == "gold"

    call: Any = Call()
    machine = package.Machine(call, states=[*STATES, "end"], initial="welcome")
    machine.add_transition("press_1", "welcome", "count")
    machine.add_transition("press_2", "welcome", "end")
    machine.add_transition("counted", "count", "tier", before="count")
    machine.add_transition("look", "tier", "offers", conditions="is_gold")
    machine.add_transition("look", "tier", "end")
    machine.add_transition("press_1", "offers", "welcome")

    def once_round() -> None:
        call.press_1()
        call.counted()
        call.look()
        call.press_1()

    return once_round, call


def with_statemachine(package: Any) -> tuple[Callable[[], object], object]:  # noqa: ANN401
    """Return what goes once round with `python-statemachine`, and what holds the state."""
    states = {name: package.State(initial=name == "welcome") for name in STATES}
    end = package.State(final=True)

    def on_counted(self: Any) -> None:  # noqa: ANN401
        self.calls += 1

    def is_gold(self: Any) -> bool:  # noqa: ANN401
        return bool(self.rank == "gold")

    made = type(
        "Call",
        (package.StateMachine,),
        {
            **states,
            "end": end,
            "calls": 0,
            "rank": "gold",
            "press_1": states["welcome"].to(states["count"])
            | states["offers"].to(states["welcome"]),
            "press_2": states["welcome"].to(end),
            "counted": states["count"].to(states["tier"]),
            "look": states["tier"].to(states["offers"], cond="is_gold") | states["tier"].to(end),
            "on_counted": on_counted,
            "is_gold": is_gold,
        },
    )
    call: Any = made()

    def once_round() -> None:
        call.press_1()
        call.counted()
        call.look()
        call.press_1()

    return once_round, call


def transitions_ring(package: Any) -> Callable[[], object]:  # noqa: ANN401
    """Return what goes one state on in a ring of four, with the package `transitions`."""

    class Call:
        """What the package drives."""

    call: Any = Call()
    machine = package.Machine(call, states=list(STATES), initial=STATES[0])
    machine.add_ordered_transitions(trigger="press_1")
    press: Callable[[], object] = call.press_1
    return press


def statemachine_ring(package: Any) -> Callable[[], object]:  # noqa: ANN401
    """Return what goes one state on in a ring of four, with `python-statemachine`."""
    states = [package.State(initial=name == STATES[0]) for name in STATES]
    moves = states[0].to(states[1])
    for here, there in zip(states[1:], [*states[2:], states[0]], strict=True):
        moves |= here.to(there)
    named = dict(zip(STATES, states, strict=True))
    call: Any = type("Ring", (package.StateMachine,), {**named, "press_1": moves})()
    press: Callable[[], object] = call.press_1
    return press


def in_memory(make: Callable[[int], object], number: int) -> float:
    """Return how many bytes one of so many values takes."""
    gc.collect()
    tracemalloc.start()
    held = [make(index) for index in range(number)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(held)


def ratios() -> Iterator[tuple[str, float]]:
    """Yield what is compared, and the ratio of costs (or the bytes)."""
    for name, module, menu, ring, number in (
        ("transitions", "transitions", with_transitions, transitions_ring, 200),
        ("python-statemachine", "statemachine", with_statemachine, statemachine_ring, 20),
    ):
        package = import_module(module)
        once_round, _ = menu(package)
        theirs = rate(once_round, number) * len(STATES)
        own = rate(ours(menu_flow()), 600) * len(STATES) / 2  # (two key presses go once round)
        yield f"{name} / this, a transition of a menu of four nodes", own / theirs
        theirs = rate(ring(package), number * 4)
        yield (
            f"{name} / this, a key press on a ring of four",
            rate(ours(ring_flow(4)), 600) / theirs,
        )
    few = rate(ours(ring_flow(10)), 600)
    for nodes in (1_000, 10_000):
        yield f"a step of a flow, {nodes:,} nodes / 10", few / rate(ours(ring_flow(nodes)), 600)
    machine = Machine([ring_flow(4)])

    def session(index: int) -> Session:
        values = {"caller.phone": f"+84908{index:06}", "visits": index % 7}
        turn = machine.start("menu", session=f"contact-{index}", now=index, values=values)
        return machine.step(turn.session, Press("1"), index + 5_000_000).session

    yield "a live session with two values, bytes in memory", in_memory(session, 50_000)
    yield "a live session with two values, bytes encoded", float(len(session(1).encode()))
    for name, module, menu in (
        ("transitions", "transitions", with_transitions),
        ("python-statemachine", "statemachine", with_statemachine),
    ):
        size = in_memory(partial(built, menu, import_module(module)), 200)
        yield f"{name}, a machine with its state, bytes in memory", size


def built(build: Callable[[Any], object], package: object, _: int) -> object:
    """Return one more of what holds a state."""
    return build(package)


if __name__ == "__main__":
    for name, ratio in ratios():
        print(f"{name:65} {ratio:10,.2f}", flush=True)
