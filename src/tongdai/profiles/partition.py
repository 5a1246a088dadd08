"""Which observations are together, kept up to date as they come and go.

Rule: after every step the clusters are those that all records at once would give. A step looks only
where evidence changed: at a new record's candidates, at the holders of a key that says more or less
than before, and at the neighbourhoods of these. A neighbourhood too large for one step waits; its
newest records stand alone meanwhile.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from tongdai.profiles.candidates import Index
from tongdai.profiles.clusters import Cluster, Clusterer
from tongdai.profiles.decisions import Decision, Decisions
from tongdai.profiles.evidence import Scorer
from tongdai.profiles.records import VERIFIED, Record, keys
from tongdai.profiles.shards import Shards

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tongdai.profiles.candidates import Key
    from tongdai.profiles.model import Model
    from tongdai.profiles.names import Name
    from tongdai.profiles.observation import Observation
    from tongdai.profiles.policy import Policy
    from tongdai.profiles.store import Store

_NEVER: Final = -1_000_000  # tenths of a bit


class Difference(NamedTuple):
    """Clusters as they were, and those that come in their place."""

    old: dict[Cluster, None]
    new: list[Cluster]


class Partition:
    """Records, the evidence between them, and their clusters.

    Attributes:
        where: each observation's record.
        records: by digest.
        late: records whose neighbourhood waits.
        compared, clustered: how many, since somebody set them to zero.
    """

    def __init__(self, policy: Policy, model: Model) -> None:
        """Begin empty."""
        self._policy: Final = policy
        self.records: Final = Shards[bytes, Record]()
        self.where: Final = Shards[str, Record]()
        self.index: Final = Index(policy)
        self.scorer: Final = Scorer(model, policy, self.index)
        self.index.conflict = self._conflict
        self.decisions: Final = Decisions()
        self._clusterer: Final = Clusterer(policy, self.scorer, self.index, self.decisions)
        self._own: set[str] = set()
        self.late: Final[dict[Record, None]] = {}
        self.compared = self.clustered = 0

    def _conflict(self, a: Name, b: Name) -> bool:
        return self.scorer.names(a, b).conflict

    def load(self, observations: Iterable[Observation], decisions: Iterable[Decision]) -> None:
        """Take all in at once."""
        for decision in decisions:
            self.decisions.known[decision.number] = decision
        self._own = self.decisions.own()
        for observation in observations:
            self.insert(observation)
        self.decisions.settle(self.where)
        for cluster in self.recluster(self.records.values(), len(self.records)).new:
            for record in cluster.records:
                record.cluster = cluster

    def insert(self, observation: Observation) -> tuple[Record, dict[Record, None] | None]:
        """Index an observation; return its record, and whom to cluster (`None`: nobody)."""
        record = self._read(observation)
        known = self.records.find(record.digest)
        if known is not None:
            known.observations[observation.id] = observation.at
            known.first = min(known.first, (observation.at, observation.id))
            self.where[observation.id] = known
            return known, None
        record.observations[observation.id] = observation.at
        self.records[record.digest] = record
        self.where[observation.id] = record
        return record, self._connect(record)

    def _read(self, observation: Observation) -> Record:
        """Return the record of an observation, of its own if it must not meet its equals."""
        own = observation.id in self._own
        record = Record(observation, self._policy, observation.id if own else "")
        if (
            not own
            and not (record.phones or record.emails or record.ids)
            and self.scorer.weigh(record, record)[0] < self.scorer.merge
        ):
            record = Record(observation, self._policy, observation.id)
        return record

    def _connect(self, record: Record) -> dict[Record, None]:
        """Put a record into the index and weigh it; return all whose evidence changed."""
        record.keys = keys(record)
        found, changed = self.index.add(record)
        dirty: dict[Record, None] = {record: None}
        for key, more in changed:
            self._weigh_again(key, dirty, more=more)
        weigh, review = self.scorer.weigh, self.scorer.review
        for other in found:
            tenths, _ = weigh(record, other)
            if tenths >= review:
                record.near[other] = tenths
                other.near[record] = tenths
        self.compared += len(found)
        self._judge(record)
        return dirty

    def _judge(self, record: Record) -> bool:
        """Find out whether a record is a crowd; tell whether that changed."""
        before = record.crowd
        record.crowd = (
            VERIFIED not in record.ids.values()
            and self.scorer.weigh(record, record)[0] < self.scorer.merge
        )
        return before != record.crowd

    def like(self, observation: Observation) -> Record | None:
        """Return the record that an observation would most likely join, without taking it in.

        The evidence is weighed as it stands, so a key that the observation itself would make say
        less still says more here. Of equals, the first by content.
        """
        record = self._read(observation)
        known = self.records.find(record.digest)
        if known is not None:
            return None if known.cluster.crowd else known
        found = {
            other
            for text in keys(record)
            if self.index.people(text)[1]
            for other in self.index.holders(text)
        }
        weigh, merge = self.scorer.weigh, self.scorer.merge
        near = [(-tenths, other) for other in found if (tenths := weigh(record, other)[0]) >= merge]
        return min(near)[1] if near else None

    def _weigh_again(self, key: Key, dirty: dict[Record, None], *, more: bool) -> None:
        """Weigh the holders of a key whose force changed against each other.

        Where the key says less, only what was near before can be so no longer. Two who are far from
        each other either way may still have a near one in common, and so be of one cluster or not:
        whoever has anybody near is looked at again.
        """
        pairs: Iterable[tuple[Record, Record]]
        if more:
            pairs = combinations(tuple(key.holders), 2)
        else:
            pairs = [
                (record, other)
                for record in key.holders
                for other in record.near
                if other in key.holders and record < other
            ]
        for one, two in pairs:
            self.compared += 1
            before = one.near.get(two)
            tenths = _NEVER
            if self.index.proposes(one, two):
                tenths, _ = self.scorer.weigh(one, two)
            if tenths >= self.scorer.review:
                one.near[two] = two.near[one] = tenths
            elif before is not None:
                del one.near[two], two.near[one]
            if before != one.near.get(two):
                dirty[one] = dirty[two] = None
        for record in key.holders:
            if self._judge(record) or record.near:
                dirty[record] = None

    def profile(self, id: str) -> str:
        """Return the id of an observation's profile."""
        cluster = self.where[id].cluster
        return f"p/{id}" if cluster.crowd else cluster.id

    def members(self, id: str) -> list[tuple[int, str]]:
        """Return what is together with an observation, as instants and ids, the oldest first."""
        record = self.where[id]
        if record.cluster.crowd:
            return [(record.observations[id], id)]
        return sorted(
            (at, each) for one in record.cluster.records for each, at in one.observations.items()
        )

    def recluster(self, dirty: Iterable[Record], most: int) -> Difference:
        """Cluster the neighbourhoods of records.

        Args:
            dirty: where evidence changed.
            most: records that a neighbourhood may have; a larger one waits.
        """
        todo = dict.fromkeys(dirty)
        for record in tuple(todo):
            cluster = cluster_of(record)
            if cluster is not None:
                todo.update(dict.fromkeys(cluster.records))
        old: dict[Cluster, None] = {}
        new: list[Cluster] = []
        seen = set[Record]()
        for record in todo:
            if record in seen or not record.observations:
                continue
            near = self._clusterer.neighbourhood(record, most)
            if near is None:
                self.late[record] = None
                near = {record}
            elif self.late:
                for one in near:
                    self.late.pop(one, None)
            near -= seen
            seen |= near
            self.clustered += len(near)
            new += self._clusterer.cluster(near)
        for record in seen:
            cluster = cluster_of(record)
            if cluster is not None:
                old[cluster] = None
        return Difference(old, new)

    def leave(self, id: str, dirty: dict[Record, None]) -> None:
        """Take an observation out of its record, and the record out if it was the last."""
        record = self.where.pop(id)
        del record.observations[id]
        self._own.discard(id)
        if record.observations:
            if record.first[1] == id:
                record.first = min((at, each) for each, at in record.observations.items())
            dirty[record] = None
            return
        del self.records[record.digest]
        self.late.pop(record, None)
        for other in record.near:
            del other.near[record]
            dirty[other] = None
        record.near.clear()
        for key, more in self.index.remove(record):
            self._weigh_again(key, dirty, more=more)
        dirty.pop(record, None)

    def set_apart(self, store: Store) -> dict[Record, None]:
        """Give observations records of their own where a decision tells equals apart.

        Returns:
            Whom to cluster.
        """
        own = self.decisions.own()
        moved = own ^ self._own
        dirty: dict[Record, None] = {}
        for id in sorted(moved):
            cluster = self.where[id].cluster
            dirty.update(dict.fromkeys(cluster.records))
            self.leave(id, dirty)
            if id in own:
                self._own.add(id)
            observation = store.get(id)
            if observation is not None:
                fresh, changed = self.insert(observation)
                if changed is not None:
                    fresh.cluster = cluster
                    dirty.update(changed)
                dirty[fresh] = None
        self.decisions.settle(self.where)
        return {record: None for record in dirty if record.observations}


def cluster_of(record: Record) -> Cluster | None:
    """Return the cluster of a record, if it has one yet."""
    return getattr(record, "cluster", None)
