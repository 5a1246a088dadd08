"""The what-if program: what it changes, what it keeps, and that it answers."""

from __future__ import annotations

from pathlib import Path

import pytest
import what_if
from bank.day import Duty, duty
from bank.records import Day, read_day

from tongdai.metrics import Difference


@pytest.fixture(scope="module")
def day() -> Day:
    """The shipped day."""
    return read_day(Path(what_if.SHIPPED))


@pytest.fixture(scope="module")
def staff(day: Day) -> list[Duty]:
    """Who served it."""
    return duty(day.calls)


def test_levels_are_by_thirds(staff: list[Duty]) -> None:
    """Of nine who took stock-exchange calls, three have each level; nobody else has any."""
    levels = {
        name: agent.skills[what_if.STOCKS]
        for name, agent in what_if.skilled(staff).items()
        if what_if.STOCKS in agent.skills
    }
    assert sorted(levels.values()) == [1, 1, 1, 3, 3, 3, 5, 5, 5]
    assert {one.agent for one in staff if one.served[what_if.STOCKS]} == levels.keys()
    assert (levels["ELI"], levels["AVNI"]) == (5, 1)


def test_three_more_are_trained_and_nobody_else_changes(staff: list[Duty]) -> None:
    """The busiest who never took such calls."""
    before = what_if.skilled(staff)
    after, names = what_if.trained(before, staff)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == set(names.split(", ")) == {"IDIT", "YIFAT", "SHARON"}
    assert all(after[name].skills[what_if.STOCKS] == 5 for name in changed)


def test_days_like_it_bring_as_many_calls_on_average(day: Day) -> None:
    """Type by type, half hour by half hour, as the record has them."""
    kinds = what_if.demands(day.calls)
    assert sum(sum(kind.forecast.expected) for kind in kinds) == len(day.calls)
    assert {kind.queue for kind in kinds} == set(day.types)


def test_it_answers(capsys: pytest.CaptureFixture[str]) -> None:
    """Both questions, for both days, in words."""
    assert what_if.main(["--seeds", "2"]) == 0
    told, progress = capsys.readouterr()
    assert progress == ""  # nobody looks at a terminal here
    assert told.count("What if ") == told.count("On the recorded day, ") == 2
    assert told.count("  days like it") == 2
    assert told.count("all: abandoned, %") == 4


def test_it_says_so_where_nobody_can_tell() -> None:
    """A change within luck is never told as one."""
    clear = Difference("Why?", "stock exchange: mean wait, s", 45, 36, -9, -12, -6, 10)
    unclear = Difference("Why?", "all: mean wait, s", 64, 65, 1, -1, 3, 10)
    assert what_if.answer("Why?", {"the day": [clear, unclear]}) == (
        "On the day, stock exchange callers wait 6.0 to 12.0 s less and nobody can tell whether "
        "callers in all wait longer or shorter."
    )
    assert what_if.line(clear).endswith("-12.0 to -6.0 *")
    assert what_if.line(unclear).endswith("-1.0 to +3.0")


def test_one_seed_is_not_enough(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody would know what is luck."""
    with pytest.raises(SystemExit) as caught:
        what_if.main(["--seeds", "1"])
    assert caught.value.code == 2
    assert "--seeds: expected 2 or more" in capsys.readouterr().err
