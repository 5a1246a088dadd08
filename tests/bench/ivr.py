"""What a phone menu costs, beside two state machine packages. `python -m tests.bench.ivr`.

The menu has four nodes: a question, a count of the calls, a branch on what is known of the caller,
and a second question that leads back to the first. The two packages go through the same four states
with the same count and the same condition; the machine here also reads the key, times it, words the
prompt and says what the shell must do. A package that is not installed is left out. Figures are of
one run: compare the ratios.

Then a ring of questions, where each key press is one transition and so nothing is shared; the size
of a session beside theirs; how much a million sessions that live at once take; and what a step
costs in flows of 10 to 10,000 nodes.
"""

from __future__ import annotations

import gc
import pickle
import sys
import tracemalloc
from collections.abc import Callable
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


def kept(value: object) -> int:
    """Return how many bytes a value is when it is kept, or 0 where it cannot be."""
    try:
        return len(pickle.dumps(value))
    except Exception:  # noqa: BLE001 - whatever the package has in it
        return 0


def in_memory(make: Callable[[int], object], number: int) -> float:
    """Return how many bytes one of so many values takes."""
    gc.collect()
    tracemalloc.start()
    held = [make(index) for index in range(number)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return size / len(held)


def built(build: Callable[[Any], object], package: object, _: int) -> object:
    """Return one more of what holds a state."""
    return build(package)


def beside() -> None:
    """Print transitions per second and sizes beside the packages."""
    own = rate(ours(menu_flow()), 600) * len(STATES) / 2  # (two key presses go once round)
    machine = Machine([menu_flow()])

    def session(number: int) -> Session:
        turn = machine.start("menu", session=f"contact-{number}", now=number, values=KNOWN)
        return machine.step(turn.session, Press("1"), number + 1).session

    print(f"{'':22}{'transitions/s':>15}{'ours is':>10}{'bytes kept':>12}{'in memory':>12}")
    size = in_memory(session, 20_000)
    print(f"{'tongdai':22}{own:15,.0f}{'':10}{len(session(1).encode()):12,}{size:12,.0f}")
    for name, module, build, number in (
        ("transitions", "transitions", with_transitions, 200),
        ("python-statemachine", "statemachine", with_statemachine, 20),
    ):
        try:
            package = import_module(module)
        except ImportError:
            print(f"{name:22}  not installed")
            continue
        once_round, call = build(package)
        theirs = rate(once_round, number) * len(STATES)
        memory = in_memory(partial(built, build, package), 200)
        stored = kept(call)
        print(
            f"{name:22}{theirs:15,.0f}{own / theirs:9.1f}x"
            f"{format(stored, ',') if stored else 'cannot':>12}{memory:12,.0f}"
        )
    ring = rate(ours(ring_flow(4)), 600)
    print(f"a ring of four questions, one transition a key press: {ring:,.0f} key presses/s")


def million(number: int = 1_000_000) -> None:
    """Print how much so many live sessions take, each with two values and one miss."""
    machine = Machine([ring_flow(4)])

    def session(index: int) -> Session:
        values = {"caller.phone": f"+84908{index:06}", "visits": index % 7}
        turn = machine.start("menu", session=f"contact-{index}", now=index, values=values)
        return machine.step(turn.session, Press("1"), index + 5_000_000).session

    gc.collect()
    tracemalloc.start()
    held = [session(index) for index in range(number // 20)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    each = size / len(held)
    print(f"{number:,} live sessions: {each * number / 2**30:.2f} GiB ({each:.0f} bytes each)")


def flat() -> None:
    """Print what a step costs as the flow grows."""
    for nodes in (10, 100, 1_000, 10_000):
        print(f"{nodes:7,} nodes: {1e6 / rate(ours(ring_flow(nodes)), 600):6.2f} us a step")


if __name__ == "__main__":
    beside()
    flat()
    million(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
