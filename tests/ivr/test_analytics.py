"""Analytics: what is folded equals what a naive count of the whole history gives."""

from __future__ import annotations

from collections import Counter
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ivr.banking import BANK, OFFICE
from tongdai.errors import ConfigurationError
from tongdai.ivr import CallFlow, End, Flow, HandOff, Menu, Say
from tongdai.ivr import events as happened
from tongdai.ivr.analytics import Analytics, NodeRow, analyse
from tongdai.ivr.inputs import Press
from tongdai.ivr.machine import Machine
from tongdai.ivr.simulate import simulate
from tongdai.ivr.walk import walk
from tongdai.model.time import Duration, hours, seconds

MONDAY = int(hours(24 * 4 + 3))
CASES = list(
    walk(
        BANK,
        calendars=OFFICE,
        now=MONDAY,
        language="en",
        cases=150,
        values={"caller": {"phone": "+84900000000"}},
    )
)


def history(acts: list[tuple[str, tuple[Any, ...]]], name: str) -> list[happened.AnyEvent]:
    """Return what happens when these things are done, two seconds a prompt."""
    session = simulate(
        BANK,
        calendars=OFFICE,
        now=MONDAY,
        language="en",
        session=name,
        prompts=seconds(2),
        values={"caller": {"phone": "+84900000000"}},
        usual=False,
    )
    for method, given_ in acts:
        getattr(session, method)(*given_)
    return list(session.settle().events)


STORIES = [
    history([(act.method, act.given) for act in case.acts], f"n{at}")
    for at, case in enumerate(CASES)
    if case.now == MONDAY
]


def naive(stories: list[list[happened.AnyEvent]]) -> dict[str, Any]:
    """Count by looking at each whole history, again and again."""
    moved = [event for story in stories for event in story if isinstance(event, happened.Moved)]
    entered = Counter(
        [event.to for event in moved if event.to]
        + ["hello" for _ in stories]
        + [e.node for story in stories for e in story if isinstance(e, happened.CleanUpStarted)]
    )
    ends = Counter(
        event.reason
        for story in stories
        for event in story
        if isinstance(event, happened.SessionEnded)
    )
    given_away = [
        story for story in stories if any(isinstance(event, happened.HandedOff) for event in story)
    ]
    left = [
        story
        for story in stories
        if story not in given_away
        and any(isinstance(event, happened.CleanUpStarted) for event in story)
    ]
    return {
        "entered": dict(entered),
        "outcomes": Counter((event.node, event.outcome) for event in moved),
        "no_input": Counter(
            e.node for story in stories for e in story if isinstance(e, happened.NoInputCounted)
        ),
        "no_match": Counter(
            e.node for story in stories for e in story if isinstance(e, happened.NoMatchCounted)
        ),
        "asked": Counter(
            e.node for story in stories for e in story if isinstance(e, happened.Asked)
        ),
        "ended": ends,
        "handed_off": len(given_away),
        "dropped": len(left),
        "completed": sum(
            isinstance(story[-1], happened.SessionEnded) and story[-1].reason == "end"
            for story in stories
            if story not in given_away
        ),
    }


@given(
    st.lists(st.integers(0, len(STORIES) - 1), max_size=20, unique=True),
    st.lists(st.integers(0, 20), min_size=1, max_size=20),
)
def test_the_fold_is_a_naive_count(chosen: list[int], mixture: list[int]) -> None:
    """Of any sessions, their events in any mixture."""
    stories = [STORIES[at] for at in chosen]
    queues = [list(story) for story in stories]
    analytics = Analytics()
    for turn in cycle(mixture):
        if not queues:
            break
        queue = queues[turn % len(queues)]
        analytics.apply(queue.pop(0))
        if not queue:
            queues.remove(queue)
    expected = naive(stories)
    rows = {row.node: row for row in analytics.rows("bank")}
    assert expected["entered"] == {node: row.entered for node, row in rows.items()}
    assert expected["outcomes"] == Counter(
        {
            (node, outcome): count
            for node, row in rows.items()
            for outcome, count in row.outcomes.items()
        }
    )
    for field in ("no_input", "no_match", "asked"):
        counted = {node: getattr(row, field) for node, row in rows.items() if getattr(row, field)}
        assert dict(expected[field]) == counted
    assert len(stories) == analytics.started
    for field in ("ended", "handed_off", "dropped", "completed"):
        assert expected[field] == getattr(analytics, field)
    assert analytics.dropped == sum(row.dropped for row in rows.values())


def test_time_is_where_it_was_spent() -> None:
    """What all nodes took together is what the sessions took, waiting for a person apart."""
    for story in STORIES:
        handed = [e for e in story if isinstance(e, happened.HandedOff | happened.SessionEnded)]
        if handed and isinstance(handed[0], happened.SessionEnded):
            spent = sum(row.time for row in analyse(story).rows())
            assert handed[0].at - story[0].at == spent


def test_a_call_counts_as_it_reads() -> None:
    """One that is asked twice, and hangs up."""
    call = history([("waits", ()), ("press", ("2",)), ("hangs_up", ())], "s1")
    analytics = analyse(call)
    [hello, main, pin, log, gone] = analytics.rows()
    assert ("hello", 1, seconds(2)) == (hello.node, hello.entered, hello.mean_time)
    assert (1, 2, 1) == (main.no_input, main.asked, main.outcomes["choices[2]"])
    assert seconds(2 + 5 + 2) == main.time
    assert (1, 1.0) == (pin.dropped, pin.drop_off)
    assert (1, 1) == (log.entered, gone.entered)
    assert {"hang_up": 1} == analytics.ended
    assert None is analytics.containment(dropped="ignored")
    assert (1.0, 0.0) == (
        analytics.containment(dropped="contained"),
        analytics.containment(dropped="lost"),
    )


def test_containment_is_the_share_served_without_a_person() -> None:
    """One balance, one hand-off, one hang-up: the reader says what the last one is."""
    told = history(
        [("press", ("2",)), ("press", ("1234#",)), ("answers", ("verify", {"balance": 1}))], "a"
    )
    given_away = history([("press", ("1",)), ("queue_is", ("taken",))], "b")
    left = history([("hangs_up", ())], "c")
    analytics = analyse([*told, *given_away, *left])
    assert (1, 1, 1) == (analytics.completed, analytics.handed_off, analytics.dropped)
    assert 1 / 2 == analytics.containment(dropped="ignored")
    assert 2 / 3 == analytics.containment(dropped="contained")
    assert 1 / 3 == analytics.containment(dropped="lost")
    with pytest.raises(ConfigurationError, match="not one of ignored, contained, lost"):
        analytics.containment(dropped="no")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


def test_counts_are_what_a_picture_wants() -> None:
    """By node, and by node and outcome."""
    counts = analyse(history([("press", ("1",))], "s1")).counts("bank")
    assert (1, 1) == (counts["main", ""], counts["main", "choices[1]"])
    assert {} == analyse([]).counts("bank")


def test_nodes_of_called_flows_are_their_own() -> None:
    """Time and visits in a called flow are not its caller's."""
    sub = Flow("sub", start="say", nodes={"say": Say("Hi", then="end"), "end": End()})
    main = Flow(
        "main",
        start="call",
        nodes={"call": CallFlow("sub", then="say"), "say": Say("Bye", then="end"), "end": End()},
    )
    call = simulate(main, flows=[sub], prompts=seconds(3)).settle().ends("end")
    analytics = analyse(call.events)
    assert [("main", "call"), ("sub", "say"), ("sub", "end"), ("main", "say"), ("main", "end")] == [
        (row.flow, row.node) for row in analytics.rows()
    ]
    assert [0, seconds(3), 0, seconds(3), 0] == [row.time for row in analytics.rows()]
    assert {"then": 1} == analytics.rows("main")[0].outcomes


def test_a_reply_that_comes_too_late_is_a_loss() -> None:
    """The session is over, and the question is where it was lost."""
    menu = Menu("?", {"1": "q"}, exhausted="q")
    flow = Flow("f", start="m", nodes={"m": menu, "q": HandOff("q")})
    call = simulate(flow, modality="sms").waits().says("1").ends("expired")
    analytics = analyse(call.events)
    assert 1 == analytics.rows()[0].dropped
    assert 0.0 == analytics.containment(dropped="ignored")


def test_a_session_that_migrates_goes_on_counting() -> None:
    """At its node in the new version, under the name that it has there."""
    old = Flow("f", start="m", nodes={"m": Menu("?", {"1": "e"}, exhausted="e"), "e": End()})
    new = Flow("f", "n", {"n": Menu("?", {"1": "e"}, exhausted="e"), "e": End()}, version="2")
    begun = Machine([old]).start("f", session="s", now=0)
    machine = Machine([old, new])
    moved = machine.migrate(begun.session, "2", int(seconds(4)), nodes={"m": "n"})
    pressed = machine.step(moved.session, Press("1"), int(seconds(6)))
    analytics = analyse([*begun.events, *moved.events, *pressed.events])
    rows = {row.node: row for row in analytics.rows()}
    assert (seconds(4), seconds(2)) == (rows["m"].time, rows["n"].time)
    assert {"choices[1]": 1} == rows["n"].outcomes


def test_what_began_unseen_does_not_count() -> None:
    """A fold that starts in the middle of a session leaves that one out."""
    analytics = analyse(history([("press", ("1",))], "s1")[1:])
    assert ((), 0) == (analytics.rows(), analytics.started)


def test_it_prints_as_a_table() -> None:
    """A line a node, then the sessions."""
    head, *lines = str(analyse(history([("press", ("1",))], "s1"))).splitlines()
    assert ["node", "entered", "left", "no_input", "no_match", "time"] == head.split()
    assert ["bank/hello", "1", "0", "0%", "0", "0", "2.0", "s"] == lines[0].split()
    assert "1 sessions: 0 completed, 1 handed off, 0 hung up" == lines[-2]
    assert "0% with hang-ups lost" in lines[-1]


def test_a_row_that_nobody_entered_has_no_shares() -> None:
    """Nothing to measure is nothing, not zero."""
    assert (None, None) == (NodeRow("f", "n").drop_off, NodeRow("f", "n").mean_time)
    assert Duration(0) == NodeRow("f", "n").time
