"""A resolver that lives: whatever is done to it, a fresh look at the store sees the same."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
)

from tests.profiles import naive
from tests.profiles.people import SMALL, observations, partition, view
from tongdai.errors import IllegalInput
from tongdai.profiles import MemoryStore, Merged, Observation, Resolver


def _joined(a: str, b: str, groups: list[tuple[str, ...]]) -> bool:
    """Tell whether groups that overlap lead from one observation to another."""
    reached = {a}
    while (
        more := {id for group in groups if not reached.isdisjoint(group) for id in group} - reached
    ):
        reached |= more
    return b in reached


class ResolverMachine(RuleBasedStateMachine):
    """Ingests, decides, undoes and erases, and compares with all at once."""

    ids = Bundle("ids")
    merges = Bundle("merges")

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self.people = Resolver(SMALL, store=self.store)
        self.rows: dict[str, Observation] = {}
        self.number = 0

    @rule(target=merges, data=st.data())
    def ingest(self, data: st.DataObject) -> object:
        """Take in a new observation."""
        self.number += 1
        row = data.draw(observations(f"o{self.number}"))
        answer = self.people.ingest(row)
        self.rows[row.id] = row
        merges = [one.id for one in answer.events if isinstance(one, Merged)]
        found: MultipleResults[str] = multiple(*merges)
        return found

    @rule(target=ids, data=st.data())
    def pick(self, data: st.DataObject) -> object:
        """Choose somebody for the decisions."""
        if not self.rows:
            nobody: MultipleResults[str] = multiple()
            return nobody
        return data.draw(st.sampled_from(sorted(self.rows)))

    @rule(a=ids, b=ids)
    def unlink(self, a: str, b: str) -> None:
        """Keep two apart."""
        if a in self.rows and b in self.rows and a != b:
            self.people.unlink(a, b, by="mai")

    @rule(a=ids, b=ids)
    def link(self, a: str, b: str) -> None:
        """Join two."""
        if a in self.rows and b in self.rows:
            self.people.link(a, b, by="mai")

    @rule(data=st.data())
    def undo_decision(self, data: st.DataObject) -> None:
        """Take a decision back."""
        known = self.people.decisions()
        if known:
            decision = data.draw(st.sampled_from(known))
            self.people.undo(decision.id, by="mai")

    @rule(merge=merges)
    def undo_merge(self, merge: str) -> None:
        """Undo a merge, unless nothing of it is left."""
        try:
            self.people.undo(merge, by="mai")
        except IllegalInput:
            assert merge not in {f"a/{entry.number}" for entry in self.store.entries()}

    @rule(id=ids)
    def erase_observation(self, id: str) -> None:
        """Forget one observation."""
        if id in self.rows:
            self.people.erase(id)
            self._forget([id])

    @rule(id=ids)
    def erase_profile(self, id: str) -> None:
        """Forget a person."""
        if id in self.rows:
            profile = self.people.find(id)
            gone = self.people.profile(profile).observations
            self.people.erase(profile)
            self._forget(gone)

    @rule()
    def settle(self) -> None:
        """Let nothing wait."""
        self.people.settle()

    @rule()
    def rebuild(self) -> None:
        """Derive everything anew."""
        self.people.rebuild()

    def _forget(self, ids: Iterable[str]) -> None:
        for id in ids:
            del self.rows[id]

    @invariant()
    def is_what_a_fresh_look_sees(self) -> None:
        """A fresh resolver over the same store shows the same, and everybody is there."""
        fresh = Resolver(SMALL, store=self.store)
        assert view(fresh) == view(self.people)
        assert fresh.review_queue() == self.people.review_queue()
        assert {id for part in partition(fresh) for id in part} == set(self.rows)

    @invariant()
    def keeps_apart_what_people_told_apart(self) -> None:
        """L5, under everything else that happens, unless a newer decision joins them."""
        known = self.people.decisions()
        for place, decision in enumerate(known):
            if decision.kind == "unlink" and len(decision.groups) > 1:
                [[a], [b]] = decision.groups
                if not _joined(a, b, [g for newer in known[place + 1 :] for g in newer.groups]):
                    assert self.people.find(a) != self.people.find(b)

    @invariant()
    def is_what_brute_force_finds(self) -> None:
        """Without decisions, the naive way finds the same people."""
        if not self.people.decisions():
            assert naive.partition(self.rows.values(), SMALL) == partition(self.people)


TestResolver = ResolverMachine.TestCase
