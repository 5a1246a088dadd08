"""The ranking against a sorted list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tongdai.model.order import Rank
from tongdai.queues import ranking
from tongdai.queues.ranking import Ranking

ranks = st.tuples(
    st.integers(-2, 2), st.integers(0, 9), st.integers(0, 9), st.text("ab", max_size=2)
)

_SETTING = "_LONGEST"  # of a chunk; the test makes it short


class RankingAndAList(RuleBasedStateMachine):
    """Ranks come and go; the list knows who stands where. Chunks are short, so that they split."""

    def __init__(self) -> None:
        """Start with none."""
        super().__init__()
        self._longest = getattr(ranking, _SETTING)
        setattr(ranking, _SETTING, 4)
        self.ranking = Ranking(())
        self.list: list[Rank] = []

    def teardown(self) -> None:
        """Put the length of chunks back."""
        setattr(ranking, _SETTING, self._longest)

    @rule(some=st.sets(ranks))
    def sort_anew(self, some: set[Rank]) -> None:
        """A ranking is built of what is there."""
        self.ranking = Ranking(some)
        self.list = sorted(some)

    @rule(rank=ranks)
    def add(self, rank: Rank) -> None:
        """One more; no rank twice."""
        if rank not in self.list:
            self.ranking.add(rank)
            self.list = sorted([*self.list, rank])

    @precondition(lambda self: self.list)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """One less, from anywhere."""
        rank = data.draw(st.sampled_from(self.list))
        self.ranking.remove(rank)
        self.list.remove(rank)

    @invariant()
    def first_is_the_least(self) -> None:
        """Who goes first."""
        assert (self.list[0] if self.list else None) == self.ranking.first()

    @invariant()
    def before_counts_the_lesser(self) -> None:
        """How many stand before each."""
        assert list(range(len(self.list))) == [self.ranking.before(rank) for rank in self.list]


TestRanking = RankingAndAList.TestCase


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 5000])
def test_long_rankings_count_as_short_ones_do(size: int) -> None:
    """Chunks of their real length, added to until they split."""
    even = [(0, 2 * number, 0, "") for number in range(size)]
    found = Ranking(reversed(even))
    assert list(range(size)) == [found.before(rank) for rank in even]
    odd = [(0, 2 * number + 1, 0, "") for number in range(size)]
    for rank in odd:
        found.add(rank)
    assert list(range(2 * size)) == [found.before(rank) for rank in sorted(even + odd)]


@given(st.sets(ranks), ranks)
def test_who_is_not_in_it_can_be_placed_too(some: set[Rank], rank: Rank) -> None:
    """How many would stand before a rank that is not there."""
    assert sum(other < rank for other in some) == Ranking(some).before(rank)
