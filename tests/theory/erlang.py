"""What queueing theory says of a line with one kind of contact, exactly.

Rule: only formulas, in floating point, and nothing of tongdai. Arrivals are Poisson, handle times
exponential, agents alike, the line first come first served. Times are in one unit of the caller's
choice, rates in the same.

Sources: Erlang B by its recursion, Erlang C from it (R. B. Cooper, Introduction to Queueing Theory,
1981, sections 3.3 and 3.4). Erlang A, where customers have an exponential patience: C. Palm, 1957;
O. Garnett, A. Mandelbaum and M. Reiman, Designing a Call Center with Impatient Customers, MSOM 4
(2002); A. Mandelbaum and S. Zeltyn, The Palm/Erlang-A Queue (2005). Its figures are here sums over
the stationary probabilities of the birth-and-death process, without approximation.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

_NOTHING: Final = 1e-17  # what a sum of probabilities does not notice any more


class Figures(NamedTuple):
    """What both theory and a simulation tell.

    Attributes:
        p_wait: which share of contacts does not find a free agent.
        asa: mean wait of those who are answered.
        service_level: which share of all contacts is answered within the threshold.
        abandoned: which share of contacts gives up.
        occupancy: which share of their time agents are busy.
        waiting: how many wait, on average over time.
    """

    p_wait: float
    asa: float
    service_level: float
    abandoned: float
    occupancy: float
    waiting: float


def erlang_b(servers: int, load: float) -> float:
    """Return the share of contacts that is lost where nobody can wait; `load` in erlangs.

    B(0) = 1, B(k) = load B(k-1) / (k + load B(k-1)).
    """
    lost = 1.0
    for server in range(1, servers + 1):
        lost = load * lost / (server + load * lost)
    return lost


def erlang_c(servers: int, load: float) -> float:
    """Return the share of contacts that waits where nobody gives up; `load` below `servers`.

    C = n B / (n - load (1 - B)).
    """
    lost = erlang_b(servers, load)
    return servers * lost / (servers - load * (1 - lost))


def patient(servers: int, rate: float, handle: float, within: float) -> Figures:
    """Return the figures of M/M/n: the wait of those who wait is exponential, rate n/handle - rate.

    Args:
        servers: agents.
        rate: arrivals per unit of time, below servers / handle.
        handle: mean handle time.
        within: the threshold of the service level.
    """
    waits = erlang_c(servers, rate * handle)
    spare = servers / handle - rate
    return Figures(
        waits,
        waits / spare,
        1 - waits * math.exp(-spare * within),
        0.0,
        rate * handle / servers,
        rate * waits / spare,
    )


class Impatient:
    """M/M/n+M: patience is exponential with a mean of `patience`.

    Who finds all n agents busy and q contacts before them is served after q + 1 departures. While k
    are left before them these come at the rate a(k) = n/handle + k/patience, and they give up
    themselves at the rate 1/patience. So they are served with the probability
    a(0) / (a(0) + (q+1)/patience), the product of a(k) / a(k+1), and their wait if they are served
    is a sum of independent exponential times of the rates a(1), ..., a(q+1).

    e to the minus such a sum, with the rates c, c+1, ..., c+q times 1/patience, has the beta
    distribution (c, q+1); so its distribution function is a sum of q+1 positive terms.
    """

    def __init__(self, servers: int, rate: float, handle: float, patience: float) -> None:
        """Find the stationary probabilities: of a free agent, and of q waiting, q = 0, 1, ...

        Args:
            servers: agents.
            rate: arrivals per unit of time.
            handle: mean handle time.
            patience: mean patience.
        """
        self._rate = rate
        self._work = servers / handle
        self._leave = 1 / patience
        self._offered = rate * handle / servers
        below = [1.0]
        for busy in range(1, servers):
            below.append(below[-1] * rate * handle / busy)
        full = [below[-1] * rate * handle / servers]
        total = sum(below) + full[0]
        while full[-1] > _NOTHING * total or len(full) * self._leave < rate - self._work:
            full.append(full[-1] * rate / (self._work + len(full) * self._leave))
            total += full[-1]
        self._free = sum(below) / total
        self._full = [weight / total for weight in full]

    def exceeds(self, time: float) -> float:
        """Return the share of contacts that waits for longer, whatever becomes of them."""
        stays = math.exp(-self._leave * time)
        later = self._later(self._work / self._leave, time)
        return stays * sum(share * late for share, late in zip(self._full, later, strict=True))

    def figures(self, within: float) -> Figures:
        """Return the figures; `within` is the threshold of the service level."""
        served = [self._work / (self._work + (q + 1) * self._leave) for q in range(len(self._full))]
        waits, late_now = [0.0], self._later(self._work / self._leave + 1, within)
        for q in range(len(self._full)):
            waits.append(waits[-1] + 1 / (self._work + (q + 1) * self._leave))
        answered = [share * chance for share, chance in zip(self._full, served, strict=True)]
        in_time = sum(share * (1 - late) for share, late in zip(answered, late_now, strict=True))
        waited = sum(share * wait for share, wait in zip(answered, waits[1:], strict=True))
        gives_up = sum(
            share * (1 - chance) for share, chance in zip(self._full, served, strict=True)
        )
        return Figures(
            sum(self._full),
            waited / (1 - gives_up),
            self._free + in_time,
            gives_up,
            self._offered * (1 - gives_up),
            sum(q * share for q, share in enumerate(self._full)),
        )

    def _later(self, first: float, time: float) -> list[float]:
        """Return, for each q, how probably the sum of q + 1 times is longer; see the class."""
        left = math.exp(-self._leave * time)
        term = left**first
        late = [term]
        for q in range(1, len(self._full)):
            term *= (1 - left) * (first + q - 1) / q
            late.append(late[-1] + term)
        return late
