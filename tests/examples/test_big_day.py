"""The big day, made small: what it is made of, and that it says what it cost."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator
from random import Random

import big_day
import pytest

from tongdai import Mode, hours


@pytest.fixture
def _thawed() -> Iterator[None]:
    """Give what the program froze back to the collector."""
    yield
    gc.unfreeze()


def test_the_whole_day_is_what_it_says() -> None:
    """200 queues in four modes, 500 requirements of what arrives, ten million contacts."""
    queues = {queue.id: queue for queue in big_day.queues()}
    demands = big_day.demands(big_day.WHOLE_DAY, 0, 24)
    needs = {
        str(queues[demand.queue].plan.steps[0].requires & demand.contact(demand.name, 0).needs)
        for demand in demands
    }
    modes = Counter(big_day.mode_of(number) for number in range(len(queues)))
    assert (len(queues), len(needs), len(demands)) == (200, 500, 500)
    assert set(modes) == set(Mode)
    assert all(len(queue.plan.steps) == 3 for queue in queues.values())
    total = sum(sum(demand.forecast.expected) for demand in demands)
    assert total == pytest.approx(big_day.WHOLE_DAY)


def test_every_agent_has_skills_of_their_own() -> None:
    """And a shift of eight hours with three pauses."""
    shifts = big_day.shifts(20_000, Random(1))  # noqa: S311 - a simulation, not a secret
    assert len({tuple(sorted(shift.agent.skills.items())) for shift in shifts}) == 20_000
    assert all(shift.end - shift.start == hours(8) for shift in shifts)
    assert all(len(shift.pauses) == 3 for shift in shifts)


def test_agents_are_there_when_contacts_are() -> None:
    """By day no hour has less than four fifths of the agents for each contact that all have."""
    shifts = big_day.shifts(20_000, Random(1))  # noqa: S311 - a simulation, not a secret
    on_duty = [
        sum(shift.start <= hours(hour) < shift.end for shift in shifts) for hour in range(24)
    ]
    each = [agents / busy for agents, busy in zip(on_duty, big_day.BUSY, strict=True)]
    assert min(each[7:20]) > 0.8 * sum(on_duty) / sum(big_day.BUSY)


@pytest.mark.usefixtures("_thawed")
@pytest.mark.parametrize("metrics", ["--metrics", "--no-metrics"])
def test_it_says_what_it_cost(metrics: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind of end is there, figures by hour only if they were folded."""
    assert big_day.main(["--contacts", "3000", "--agents", "20", "--quiet", metrics]) == 0
    told = capsys.readouterr().out
    for kind in ("OfferDeclined", "OfferExpired", "ContactAbandoned", "WrapUpEnded", "PlanStepped"):
        assert kind in told
    assert "us a contact" in told
    assert "MiB" in told or "peak memory unknown" in told
    assert ("service level" in told.lower() or "in 20 s" in told) == (metrics == "--metrics")


@pytest.mark.usefixtures("_thawed")
def test_a_part_of_the_day_is_that_part(capsys: pytest.CaptureFixture[str]) -> None:
    """Contacts of those hours only."""
    assert big_day.main(["--contacts", "2000", "--hours", "10-11", "--quiet"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[0] for row in rows if row[-1:] == ["s"] and row[0].isdecimal()] == ["10"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--contacts", "0"], "--contacts: expected 1 or more; got 0"),
        (["--agents", "0"], "--agents: expected 1 or more; got 0"),
        (["--hours", "11-10"], "expected two hours of the day, such as 10-11; got 11-10"),
    ],
)
def test_what_cannot_be_is_named(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is run."""
    with pytest.raises(SystemExit) as caught:
        big_day.main(arguments)
    assert caught.value.code == 2
    assert text in capsys.readouterr().err
