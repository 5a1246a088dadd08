"""The formulas that the engine is compared with, on published examples and by their own laws.

Sources of the examples: standard tables of Erlang B at 1 %; README of the R package ErlangC 0.1.0;
the tests of pyworkforce; B. Cleveland, Call Center Management on Fast Forward (250 calls in half an
hour, handle time 210 s); O. Garnett, A. Mandelbaum and M. Reiman, MSOM 4 (2002), with A. Mandelbaum
and S. Zeltyn (2005), table 1 (50 agents, 48 calls a minute, handle time 1 min, patience 2 min).
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.theory.erlang import Figures, Impatient, erlang_b, erlang_c, patient


@pytest.mark.parametrize(
    ("servers", "load"),
    [(1, 0.0101), (2, 0.153), (5, 1.361), (10, 4.461), (20, 12.03), (50, 37.9), (100, 84.06)],
)
def test_erlang_b_is_that_of_the_tables(servers: int, load: float) -> None:
    """These loads lose 1 %."""
    assert 0.01 == pytest.approx(erlang_b(servers, load), abs=5e-5)


def test_a_printed_figure_that_is_wrong() -> None:
    """The docstring of call-center-tools 1.0.0 says that 123 erlangs on 132 lose 0.0346."""
    assert 0.03124282 == pytest.approx(erlang_b(132, 123), abs=1e-8)


def test_erlang_c_of_the_r_package() -> None:
    """100 calls in half an hour, 180 s each, 14 agents, 20 s."""
    found = patient(14, 100 / 1800, 180, 20)
    seen = [found.p_wait, found.service_level, found.asa, found.occupancy]
    assert [0.1741319, 0.88835, 7.83593701177724, 0.7142857] == [
        round(figure, places) for figure, places in zip(seen, (7, 5, 14, 7), strict=True)
    ]


@pytest.mark.parametrize(
    ("agents", "waits", "level", "occupancy"),
    [(14, 0.174, 0.888, 0.714), (15, 0.102, 0.941, 0.667)],
)
def test_erlang_c_of_pyworkforce(agents: int, waits: float, level: float, occupancy: float) -> None:
    """The same calls, with a threshold of 0.33 minutes."""
    found = patient(agents, 100 / 1800, 180, 19.8)
    assert (waits, level, occupancy) == (
        round(found.p_wait, 3),
        round(found.service_level, 3),
        round(found.occupancy, 3),
    )


@pytest.mark.parametrize(
    ("agents", "level", "asa", "occupancy"),
    [
        (30, 24, 209, 97),
        (31, 45, 75, 94),
        (32, 61, 38, 91),
        (33, 73, 21, 88),
        (34, 82, 13, 86),
        (35, 88, 8, 83),
        (36, 92, 5, 81),
        (37, 95, 3, 79),
        (38, 97, 2, 77),
        (39, 98, 1, 75),
        (40, 99, 1, 73),
    ],
)
def test_erlang_c_of_cleveland(agents: int, level: int, asa: int, occupancy: int) -> None:
    """His table, in whole per cent and seconds."""
    found = patient(agents, 250 / 1800, 210, 20)
    seen = [100 * found.service_level, found.asa, 100 * found.occupancy]
    assert [level, asa, occupancy] == pytest.approx(seen, abs=0.5)


def test_erlang_a_of_garnett_mandelbaum_and_reiman() -> None:
    """3.1 % give up; the mean wait is 3.7 s, nine in ten wait at most 12.5 s; 3 are waiting."""
    line = Impatient(50, 0.8, 60, 120)
    found = line.figures(20)
    assert 0.031 == round(found.abandoned, 3)
    assert 3.7 == round(found.waiting / 0.8, 1)  # Little's law
    assert 3 == round(found.waiting)
    assert 0.93 == round(found.occupancy, 2)
    assert line.exceeds(12.5) < 0.1 < line.exceeds(12.4)


@pytest.mark.parametrize(
    ("rate", "asa", "ninetieth", "waiting", "occupancy"),
    [(48, 20.8, 58.1, 17, 0.96), (46.5, 8.8, 28.2, 7, 0.93)],
)
def test_erlang_c_of_garnett_mandelbaum_and_reiman(
    rate: float, asa: float, ninetieth: float, waiting: int, occupancy: float
) -> None:
    """The same calls without impatience; and so many of them as did not give up."""
    exact = 48 * (1 - 0.031) if rate == 46.5 else rate
    found = patient(50, exact / 60, 60, ninetieth)
    assert asa == round(found.asa, 1)
    assert 0.9 == pytest.approx(found.service_level, abs=0.001)
    assert waiting == round(found.waiting)
    assert occupancy == pytest.approx(found.occupancy, abs=0.005)


SERVERS = st.integers(1, 60)
LOADS = st.floats(0.05, 0.98)


@given(SERVERS, LOADS)
def test_patience_for_ever_is_erlang_c(servers: int, load: float) -> None:
    """Erlang A tends to Erlang C as patience grows."""
    rate = load * servers / 180
    endless = Impatient(servers, rate, 180, 1e10).figures(20)
    expected = patient(servers, rate, 180, 20)
    assert list(expected) == pytest.approx(list(endless), rel=1e-3, abs=1e-5)


@given(SERVERS, st.floats(0.05, 3), st.floats(1, 1_000), st.floats(0, 300))
def test_erlang_a_keeps_its_balance(
    servers: int, load: float, patience: float, within: float
) -> None:
    """Who gives up does so out of the line: rate times their share is waiting / patience."""
    rate = load * servers / 180
    line = Impatient(servers, rate, 180, patience)
    found = line.figures(within)
    assert rate * found.abandoned == pytest.approx(found.waiting / patience, rel=1e-9, abs=1e-15)
    assert 0 <= found.occupancy <= 1 + 1e-12
    assert 1 - found.p_wait <= found.service_level + 1e-12
    assert found.service_level <= 1 - found.abandoned + 1e-12
    assert line.exceeds(within) <= found.p_wait * 1.000_000_001


@given(st.floats(0.05, 3), st.floats(0, 600))
def test_patience_as_long_as_the_handle_time_is_poisson(load: float, within: float) -> None:
    """Then whoever is here leaves at one rate, in service or not: as with endlessly many agents."""
    found = Impatient(1, load / 180, 180, 180).figures(within)
    free = 2.718281828459045**-load
    assert 1 - free == pytest.approx(found.p_wait)
    assert 1 - (1 - free) / load == pytest.approx(found.abandoned)


@given(st.integers(1, 60), LOADS)
def test_more_agents_wait_less(servers: int, load: float) -> None:
    """Of Erlang B and C."""
    offered = load * servers
    assert erlang_b(servers + 1, offered) < erlang_b(servers, offered)
    assert erlang_c(servers + 1, offered) < erlang_c(servers, offered)


def test_one_agent_is_m_m_1() -> None:
    """P(wait) is the load; the mean wait is load / (1 - load) handle times."""
    assert Figures(0.75, 3.0, 0.25, 0.0, 0.75, 2.25) == patient(1, 0.75, 1.0, 0.0)
