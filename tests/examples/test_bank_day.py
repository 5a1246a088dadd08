"""The bank's day: reading, patience, duty, and that a FIFO run reproduces the shipped record."""

from __future__ import annotations

import sys
from collections import Counter
from math import inf
from pathlib import Path
from random import Random

import pytest
from bank.compare import (
    CLOSE,
    Compared,
    Mean,
    by_priority,
    differs,
    mean,
    off,
    overtaken,
    worst_hours,
)
from bank.day import Duty, Incident, draw, duty, incidents, join
from bank.policies import EVER, OFTEN, agents, policies
from bank.records import COLUMNS, BadRecord, Call, Day, read_day
from bank.replay import Outcome, Run, figures, recorded, replay, visits, waiting
from bank.survival import Curve, kaplan_meier
from bank_day import SHIPPED, compare, main
from hypothesis import given
from hypothesis import strategies as st

from tongdai import Center, seconds
from tongdai.center import Shift, simulate
from tongdai.metrics import Metrics

ANSWERED = {
    "vru+line": "AA0101",
    "call_id": "1",
    "customer_id": "7",
    "priority": "1",
    "type": "PS",
    "date": "990203",
    "vru_entry": "8:00:00",
    "vru_exit": "8:00:10",
    "vru_time": "10",
    "q_start": "8:00:10",
    "q_exit": "8:00:40",
    "q_time": "30",
    "outcome": "AGENT",
    "ser_start": "8:00:40",
    "ser_exit": "8:02:40",
    "ser_time": "120",
    "server": "AN",
}
NO_SERVICE = {"ser_start": "0:00:00", "ser_exit": "0:00:00", "ser_time": "0", "server": "NO_SERVER"}
NO_QUEUE = {"q_start": "0:00:00", "q_exit": "0:00:00", "q_time": "0"}
HUNG_UP = {"outcome": "HANG", **NO_SERVICE}


def written(folder: Path, *rows: dict[str, str]) -> Path:
    """A file of rows, each as it differs from `ANSWERED`."""
    lines = [COLUMNS, *([{**ANSWERED, **row}[column] for column in COLUMNS] for row in rows)]
    path = folder / "day.tsv"
    path.write_bytes("".join("\t".join(line) + "\r\n" for line in lines).encode())
    return path


def call(at: int, wait: int, *, kind: str = "PS", answered: bool = True, **rest: object) -> Call:
    """A call that queued; answered by An for a minute unless said otherwise."""
    fields = {
        "line": at,
        "priority": 0,
        "looked_up": True,
        "queued": True,
        "start": at + wait if answered else None,
        "talk": 60 if answered else None,
        "server": "AN" if answered else "",
        **rest,
    }
    return Call(type=kind, at=at, wait=wait, answered=answered, **fields)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.fixture(scope="module")
def shipped() -> Day:
    """The day that comes with the example."""
    return read_day(SHIPPED)


@pytest.fixture(scope="module")
def compared(shipped: Day) -> Compared:
    """Every policy on the shipped day, with one seed."""
    return compare(shipped, 1)


# --- reading --------------------------------------------------------------------------------------


def test_the_shipped_day_is_what_its_readme_says(shipped: Day) -> None:
    """Calls, what is set apart, and what contradicts itself."""
    assert (shipped.date, len(shipped.calls), shipped.phantoms) == ("1999-02-03", 1545, 10)
    assert (len(shipped.menu), sum(not call.answered for call in shipped.calls)) == (394, 226)
    assert shipped.notes == {
        "answered, but by no agent named (kept)": 25,
        "answered, but without a service time (drawn by type)": 5,
        "hung up, yet with a service time (kept as hung up)": 3,
    }
    assert shipped.types == ["PS", "NW", "NE", "TT", "IN", "PE"]


def test_each_kind_of_row_is_told_apart(tmp_path: Path) -> None:
    """Phantoms and hang-ups in the menu are set apart, the rest is in order of arrival."""
    path = written(
        tmp_path,
        {"vru_exit": "9:00:00", **NO_QUEUE},
        {"outcome": "PHANTOM"},
        {**HUNG_UP, **NO_QUEUE},
        {**HUNG_UP},
        {"customer_id": "0", "server": "NO_SERVER"},
        {**NO_SERVICE, "server": "BINH"},
    )
    day = read_day(path)
    assert (day.phantoms, day.menu) == (1, (28810,))
    assert [(c.line, c.at, c.wait, c.answered, c.talk, c.server) for c in day.calls] == [
        (5, 28810, 30, False, None, ""),
        (6, 28810, 30, True, 120, ""),
        (7, 28810, 30, True, None, "BINH"),
        (2, 32400, 0, True, 120, "AN"),
    ]
    assert [(c.queued, c.looked_up) for c in day.calls][-1] == (False, True)


def test_times_go_on_past_midnight(tmp_path: Path) -> None:
    """Who waits or talks into the next day waits and talks as long as their columns say."""
    late = {
        "q_start": "23:59:50",
        "q_exit": "0:00:20",
        "ser_start": "0:00:20",
        "ser_exit": "0:02:20",
    }
    [only] = read_day(written(tmp_path, late)).calls
    assert (only.at, only.wait, only.start, only.talk) == (86390, 30, 86420, 120)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"outcome": "AGNET"}, "outcome: expected one of AGENT, HANG, PHANTOM; got 'AGNET'"),
        ({"q_start": "8:00"}, "q_start: expected a time of day as h:mm:ss; got '8:00'"),
        ({"vru_entry": "24:00:00"}, "vru_entry: expected a time of day as h:mm:ss"),
        ({"ser_start": "8:61:00"}, "ser_start: expected a time of day as h:mm:ss"),
        ({"priority": "3"}, "priority: expected 0, 1 or 2; got '3'"),
        ({"priority": "high"}, "priority: expected a whole number, 0 or more; got 'high'"),
        ({"q_time": "-30"}, "q_time: expected a whole number, 0 or more; got '-30'"),
        ({"q_time": "31"}, "q_time: expected 30, from q_start to q_exit; got '31'"),
        ({"ser_time": "1"}, "ser_time: expected 120, from ser_start to ser_exit; got '1'"),
        ({"vru_time": "x"}, "vru_time: expected a whole number; got 'x'"),
        ({"type": " "}, "type: expected a type of service, such as PS; got ' '"),
        ({"date": "1999-02-03"}, "date: expected yymmdd; got '1999-02-03'"),
        ({"date": "990204"}, "date: expected 1999-02-03, as in line 2: a file holds one day"),
        ({"server": "AN\tBINH"}, " expected 17 columns, separated by tabs; got 18"),
    ],
)
def test_a_broken_row_is_named(tmp_path: Path, changes: dict[str, str], text: str) -> None:
    """The error says the file, the line, the column, and what would be right."""
    path = written(tmp_path, {}, changes)
    with pytest.raises(BadRecord) as caught:
        read_day(path)
    assert str(caught.value).startswith(f"{path}, line 3")
    assert text.strip() in str(caught.value)


def test_what_is_no_day_is_refused(tmp_path: Path) -> None:
    """No file, an empty one, another header, no calls, no agents, no text."""
    path = tmp_path / "day.tsv"
    refused = {
        None: "No such file",
        b"": "line 1: expected the 17 column names",
        b"\t".join([b"x"] * 17) + b"\r\n": "line 1: expected the 17 column names",
        "\t".join(COLUMNS).encode() + b"\r\n": "there is no call after the header",
        "\t".join(COLUMNS).encode() + b"\r\n\xff\xfe\r\n": "line 2: this is not text in UTF-8",
    }
    for content, text in refused.items():
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(BadRecord, match=text):
            read_day(path)
    with pytest.raises(BadRecord, match="no answered call names its agent"):
        read_day(written(tmp_path, {**HUNG_UP}))


def test_the_program_ends_with_a_line_and_status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken file is no traceback."""
    path = written(tmp_path, {}, {}, {"outcome": "?"})
    assert main([str(path)]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err) == (
        "",
        f"bank_day.py: {path}, line 4, outcome: expected one of AGENT, HANG, PHANTOM; got '?'\n",
    )


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--seeds", "0"], "--seeds: expected 1 or more; got 0"),
        (["--chart", "day.gif"], "--chart: expected a name that ends in .svg, .png, .pdf"),
        (["--chart", "no/such/day.svg"], "--chart: there is no folder"),
    ],
)
def test_the_command_line_is_checked(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything runs for half a minute."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert text in capsys.readouterr().err


def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line tells what to install."""
    for name in ("rich", "bank.report", "bank.chart"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "rich.console", None)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert main([]) == 1
    assert capsys.readouterr().err.endswith(" is missing; python -m pip install -e '.[demo]'\n")


# --- patience -------------------------------------------------------------------------------------


def test_kaplan_meier_by_hand() -> None:
    """Five callers: at 10 s one of 5 hangs up, at 30 s one of 3, at 40 s the last."""
    seen = [(10, True), (20, False), (30, True), (30, False), (40, True)]
    curve = kaplan_meier(seen)
    assert [at for at, _ in curve.steps] == [10, 30, 40]
    assert [share for _, share in curve.steps] == pytest.approx([4 / 5, 4 / 5 * 2 / 3, 0])
    assert [curve.share(wait) for wait in (9, 10, 29, 30)] == pytest.approx([1, 0.8, 0.8, 8 / 15])


def test_the_mean_beyond_the_curve_is_seconds_waited_for_each_hang_up() -> None:
    """Of 100 callers who waited 90 s in vain or not, 50 hung up: 180 s each."""
    assert kaplan_meier([(90, True), (90, False)] * 50).mean == 180
    assert kaplan_meier([(1, True)]).mean == 60


@given(st.lists(st.integers(0, 200), min_size=1, max_size=40))
def test_where_nobody_was_answered_the_curve_is_the_share_of_longer_waits(waits: list[int]) -> None:
    """Without censoring the estimate is the plain share."""
    curve = kaplan_meier((wait, True) for wait in waits)
    expected = [sum(wait > at for wait in waits) / len(waits) for at in sorted(set(waits))]
    assert [share for _, share in curve.steps] == pytest.approx(expected)


@given(
    st.lists(st.tuples(st.integers(0, 200), st.booleans()), max_size=40),
    st.integers(-1, 250),
    st.integers(0, 99),
)
def test_a_drawn_patience_is_longer_than_what_was_seen(
    seen: list[tuple[int, bool]], wait: int, seed: int
) -> None:
    """Who waited has more patience than that; equal generators draw equally."""
    curve = kaplan_meier(seen)
    drawn = curve.draw(Random(seed), longer_than=wait)  # noqa: S311 - a simulation
    assert drawn > wait
    assert drawn == curve.draw(Random(seed), longer_than=wait)  # noqa: S311 - a simulation


def test_draws_follow_the_curve() -> None:
    """A quarter hangs up at 10 s and a half at 20 s; of those left after 10 s, two thirds."""
    curve = Curve(((10, 0.75), (20, 0.25)), 60.0)
    chance = Random(1)  # noqa: S311 - a simulation
    whole = Counter(min(curve.draw(chance), 21) for _ in range(4000))
    late = Counter(min(curve.draw(chance, longer_than=10), 21) for _ in range(4000))
    assert [whole[at] / 4000 for at in (10, 20, 21)] == pytest.approx([0.25, 0.5, 0.25], abs=0.03)
    assert [late[at] / 4000 for at in (10, 20, 21)] == pytest.approx([0, 2 / 3, 1 / 3], abs=0.03)


def test_the_record_comes_before_chance(shipped: Day) -> None:
    """Who hung up keeps their patience, who was answered outlasts their wait, talk is recorded."""
    drawn = draw(shipped.calls, 7)
    assert drawn == draw(shipped.calls, 7) != draw(shipped.calls, 8)
    for one, own in zip(shipped.calls, drawn, strict=True):
        if one.answered:
            assert own.patience > (one.wait if one.queued else -1)
        else:
            assert own.patience == one.wait
        assert one.talk in (None, own.talk)
        if one.looked_up:
            assert one.priority == own.priority


# --- duty -----------------------------------------------------------------------------------------


def test_an_agent_without_a_call_while_somebody_waits_is_away() -> None:
    """From the end of the service to the last moment of the gap at which somebody waited."""
    calls = [
        call(0, 0, talk=60),  # until 60
        call(70, 20, answered=False),  # somebody waits from 70 to 90: away from 60 to 90
        call(100, 0, start=100, talk=50),  # until 150; nobody waits until
        call(200, 0, start=200, talk=50),  # until 250
        call(240, 60, start=300, talk=10),  # waits from 240 to 300: away from 250 to 300
    ]
    [only] = duty(calls)
    assert (only.agent, only.start, only.end, only.served) == ("AN", 0, 310, {"PS": 4})
    assert only.away == ((60, 30), (250, 50))


def test_overlapping_services_count_once() -> None:
    """An agent who seems to serve two at once is busy once."""
    [only] = duty([call(0, 0, start=0, talk=60), call(30, 0, start=30, talk=60)])
    assert only.talking == ((0, 90),)
    assert join([(5, 9), (0, 2), (2, 3), (8, 12)]) == [(0, 3), (5, 12)]


def test_skills_are_what_each_served() -> None:
    """Often is as large a share of one's own calls as of everybody's; ever is at all."""
    staff = [
        Duty("an", 0, 1, (), Counter(PS=9, NE=1), ()),
        Duty("binh", 0, 1, (), Counter(PS=1, NE=9), ()),
        Duty("chi", 0, 1, (), Counter(PS=5, NE=5), ()),
    ]
    assert {name: dict(agent.skills) for name, agent in agents(staff).items()} == {
        "an": {"PS": OFTEN, "NE": EVER},
        "binh": {"PS": EVER, "NE": OFTEN},
        "chi": {"PS": OFTEN, "NE": OFTEN},
    }


def test_an_incident_is_found_in_the_data(shipped: Day) -> None:
    """The shipped day has one; a day on which the menu passes callers on has none."""
    assert incidents(shipped.calls, shipped.menu) == [Incident(46256, 48297, 347, 13)]
    assert not incidents(shipped.calls, shipped.menu[::10])
    assert not incidents([], [300 + second for second in range(20)])


# --- the simulated day ----------------------------------------------------------------------------


def test_figures_of_the_record(shipped: Day) -> None:
    """What is counted from the file itself."""
    staff = duty(shipped.calls)
    found = figures(shipped.calls, recorded(shipped.calls, staff), agents(staff))
    assert (found.calls, found.abandoned) == (1545, 226 / 1545)
    assert found.asa == pytest.approx(37.24, abs=0.01)
    assert found.level == pytest.approx(0.511, abs=0.0005)
    assert found.occupancy == pytest.approx(0.773, abs=0.0005)


def test_fifo_reproduces_the_record(compared: Compared) -> None:
    """ASA and abandonment of one FIFO queue are within 25 % of the recorded ones."""
    real = compared.count(compared.recorded, None)
    [simulated] = compared.figures("one FIFO queue")
    for one, other in ((simulated.asa, real.asa), (simulated.abandoned, real.abandoned)):
        by = off(one, other)
        assert by is not None
        assert abs(by) <= CLOSE


def test_pauses_make_the_level_of_the_asa(compared: Compared) -> None:
    """Were nobody ever away, hardly anybody would wait: what is fed is not hidden."""
    real = compared.count(compared.recorded, None)
    always = compared.count(compared.never_away, None)
    assert (always.asa or 0) < (real.asa or 0) / 2


def test_policies_do_what_their_rules_say(compared: Compared) -> None:
    """Priorities shorten the wait of priority 2, skills bring more callers to practised agents."""
    fifo, bank, skilled = (policy.name for policy in compared.policies)
    before, after = (by_priority(compared, name, high=True) for name in (fifo, bank))
    assert before is not None
    assert after is not None
    assert after.value < before.value
    [plain] = compared.figures(fifo)
    [matched] = compared.figures(skilled)
    assert (matched.matched or 0) > (plain.matched or 0)


def test_metrics_count_the_same(shipped: Day, compared: Compared) -> None:
    """The library's own fold over the same events agrees with the example's figures."""
    staff = duty(shipped.calls)
    [policy, *_] = policies(shipped.types)
    metrics = Metrics(every=seconds(3600))
    shifts = [
        Shift(agents(staff)[own.agent], seconds(own.start), seconds(own.end)) for own in staff
    ]
    coming = visits(shipped.calls, compared.drawn[0], policy)
    for event in simulate(Center(policy.queues), coming, shifts):
        metrics.apply(event)
    total = metrics.total()
    mine = compared.count(compared.never_away, None)
    assert mine.asa == pytest.approx((total.asa or 0) / seconds(1), abs=1e-5)
    assert mine.abandoned == total.abandonment_rate
    assert mine.occupancy == pytest.approx(total.occupancy)
    assert mine.level == total.service_level(within=seconds(20), short=seconds(0), abandoned="bad")


def test_every_call_has_an_outcome(shipped: Day) -> None:
    """Also where nobody is on duty: everybody gives up in the end."""
    few = shipped.calls[:20]
    [policy, *_] = policies(shipped.types)
    run = replay(few, draw(few, 0), [], {}, policy)
    assert [outcome.answered for outcome in run.outcomes] == [False] * 20


def test_waiting_is_an_average_over_each_slot() -> None:
    """Someone who waits from 50 s to 80 s is a sixth of a minute's queue, then a third."""
    calls = [call(50, 30), call(60, 60, answered=False)]
    run = Run((Outcome(answered=True, wait=30), Outcome(answered=False, wait=60)), 0, 0)
    assert waiting(calls, run, 60)[:3] == pytest.approx([1 / 6, 4 / 3, 0])


# --- comparing ------------------------------------------------------------------------------------


def test_a_difference_counts_beyond_three_standard_errors() -> None:
    """Paired, seed by seed; few seeds, or figures of nothing, tell nothing."""
    assert differs([11, 12, 13, 14, 15], [1, 2, 3, 4, 5.5]) is True
    assert differs([1, 9, 1, 9, 1], [5, 5, 5, 5, 5]) is False
    assert differs([11, 12, 13, 14], [1, 2, 3, 4]) is None
    assert differs([11, 12, 13, 14, None], [1, 2, 3, 4, 5]) is None


def test_means_and_shares_of_nothing_are_none() -> None:
    """One seed has no spread; a figure that some seed lacks is no figure."""
    assert mean([]) is None
    assert mean([1.0, None]) is None
    assert mean([3.0]) == Mean(3.0, None)
    found = mean([1.0, 3.0])
    assert found is not None
    assert found.value == 2.0
    assert found.spread == pytest.approx(2**0.5)
    assert [off(1.1, 1.0), off(1.0, 0.0), off(0.0, 0.0)] == [pytest.approx(0.1), inf, 0.0]
    assert off(None, 1.0) is None


def test_overtaking_is_counted_in_pairs() -> None:
    """Another type's caller, up to 90 s later, served first."""
    calls = [
        call(0, 200, kind="NW"),
        call(10, 20, kind="PS"),  # served at 30: overtakes
        call(20, 300, kind="PS"),  # served at 320: does not
        call(30, 5, kind="NW"),  # same type: not counted
        call(95, 1, kind="PS"),  # more than 90 s later: not counted
    ]
    assert overtaken(calls, "NW") == (1, 2)


def test_the_hours_that_differ_most_come_first(compared: Compared) -> None:
    """With what was recorded and what was simulated."""
    found = worst_hours(compared, "one FIFO queue")
    assert len(found) == 3
    assert all(0 <= hour < 24 and before != after for hour, before, after in found)
