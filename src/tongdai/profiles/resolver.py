"""Who is who, as observations arrive.

Rule: observations and decisions are kept, all else is derived from them. The partition into
profiles is a function of the observations, the decisions, the model and the policy, whatever the
order of arrival. A step does bounded work: it compares with those who share a key that few hold,
and clusters only the neighbourhood that changed. A neighbourhood too large for one step waits for
`settle()`; until then its newest records stand alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Final, NamedTuple

from tongdai.errors import IllegalInput
from tongdai.model.time import checked
from tongdai.profiles.answers import (
    Answer,
    Attached,
    Change,
    Created,
    Erased,
    Merged,
    Profile,
    Relation,
    Review,
    Unmerged,
    Waterfall,
)
from tongdai.profiles.candidates import Index
from tongdai.profiles.clusters import Cluster, Clusterer
from tongdai.profiles.decisions import Decision, Decisions
from tongdai.profiles.evidence import Part, Scorer
from tongdai.profiles.model import Model
from tongdai.profiles.observation import Observation
from tongdai.profiles.policy import Policy
from tongdai.profiles.records import Record, keys
from tongdai.profiles.store import Entry, MemoryStore, Store
from tongdai.profiles.survivorship import Said, choose, consent, said

if TYPE_CHECKING:
    from tongdai.model.time import Instant
    from tongdai.profiles.candidates import Key
    from tongdai.profiles.names import Name


class Work(NamedTuple):
    """What the last step did: records compared, and records clustered anew."""

    compared: int
    clustered: int


class Pending(NamedTuple):
    """Two profiles that may be one person, for somebody to look at."""

    profile: str
    other: str
    observations: tuple[str, str]
    bits: float


class Resolver:
    """Keeps profiles."""

    def __init__(
        self,
        policy: Policy | None = None,
        model: Model | None = None,
        store: Store | None = None,
    ) -> None:
        """Take up what the store holds.

        Args:
            policy: the house's settings.
            model: the weights.
            store: what is kept; in memory if not given.
        """
        self.policy: Final = policy if policy is not None else Policy()
        self.model = model if model is not None else Model()
        self._store: Final[Store] = store if store is not None else MemoryStore()
        self.work = Work(0, 0)
        self._numbers = max(
            (
                0,
                *(d.number for d in self._store.decisions()),
                *(e.number for e in self._store.entries()),
            )
        )
        self._start()
        if next(iter(self._store.observations()), None) is not None:
            self._load()

    def _start(self) -> None:
        self._records: dict[bytes, Record] = {}
        self._where: dict[str, Record] = {}
        self._index = Index(self.policy)
        self._scorer = Scorer(self.model, self.policy, self._index)
        self._index.conflict = self._conflict
        self._decisions = Decisions()
        self._clusterer = Clusterer(self.policy, self._scorer, self._index, self._decisions)
        self._own: set[str] = set()
        self._late: dict[Record, None] = {}
        self._compared = self._clustered = 0

    def _conflict(self, a: Name, b: Name) -> bool:
        return self._scorer.names(a, b).conflict

    # --- observations ---------------------------------------------------------------------------

    def ingest(self, observation: Observation, now: Instant | None = None) -> Answer:
        """Take an observation in, and answer what became of whom.

        Args:
            observation: what somebody said about somebody.
            now: the time, if observations from the future are to be refused.

        Raises:
            IllegalInput: the id is known with other content or was erased, or the observation
                lies in the future. Nothing has changed.
        """
        known = self._where.get(observation.id)
        if known is not None:
            if self._store.get(observation.id) != observation:
                raise IllegalInput(
                    f"Observation.id: {observation.id!r} is known with other content; "
                    "observations never change, give a new one an id of its own"
                )
            self.work = Work(0, 0)
            return Attached(known.cluster.id, repeat=True)
        if now is not None and observation.at > checked(now) + self.policy.ahead:
            raise IllegalInput(
                f"Observation.at: {observation.id!r} lies in the future; "
                "give the instant at which it was said"
            )
        if self._store.was_erased(observation.id):
            raise IllegalInput(
                f"Observation.id: {observation.id!r} was erased; what was forgotten stays so"
            )
        self._compared = self._clustered = 0
        record, dirty = self._insert(observation)
        self._store.put(observation)
        if dirty is None:
            cluster = record.cluster
            self.work = Work(0, 0)
            if record.first < cluster.first:
                before = cluster.id
                cluster.first = record.first
                return Attached(cluster.id, changed=(before, cluster.id))
            return Attached(cluster.id, changed=(cluster.id,))
        changes = self._cluster(dirty, record, observation.at)
        self.work = Work(self._compared, self._clustered)
        return changes

    def _insert(self, observation: Observation) -> tuple[Record, dict[Record, None] | None]:
        """Index an observation; return its record, and whom to cluster (`None`: nobody)."""
        record = self._read(observation)
        known = self._records.get(record.digest)
        if known is not None:
            _take(known, observation)
            self._where[observation.id] = known
            return known, None
        record.observations[observation.id] = observation.at
        self._records[record.digest] = record
        self._where[observation.id] = record
        return record, self._connect(record)

    def _read(self, observation: Observation) -> Record:
        """Return the record of an observation, of its own if it must not meet its equals."""
        own = observation.id in self._own
        record = Record(observation, self.policy, observation.id if own else "")
        if (
            not own
            and not (record.phones or record.emails or record.ids)
            and self._scorer.weigh(record, record)[0] < self._scorer.merge
        ):
            record = Record(observation, self.policy, observation.id)
        return record

    def _connect(self, record: Record) -> dict[Record, None]:
        """Put a record into the index and weigh it; return all whose evidence changed."""
        record.keys = keys(record)
        found, changed = self._index.add(record)
        dirty: dict[Record, None] = {record: None}
        for key in changed:
            self._weigh_again(key, dirty)
        weigh, review = self._scorer.weigh, self._scorer.review
        for other in found:
            tenths, _ = weigh(record, other)
            if tenths >= review:
                record.near[other] = tenths
                other.near[record] = tenths
        self._compared += len(found)
        return dirty

    def _weigh_again(self, key: Key, dirty: dict[Record, None]) -> None:
        """Weigh the holders of a key whose force changed against each other."""
        pairs: Iterable[tuple[Record, Record]]
        if key.live:
            pairs = list(combinations(key.holders, 2))
        else:
            pairs = [
                (record, other)
                for record in key.holders
                for other in record.near
                if other in key.holders and record < other
            ]
        review = self._scorer.review
        for one, two in pairs:
            self._compared += 1
            before = one.near.get(two)
            tenths = -1_000_000
            if self._index.proposes(one, two):
                tenths, _ = self._scorer.weigh(one, two)
            if tenths >= review:
                one.near[two] = two.near[one] = tenths
            elif before is not None:
                del one.near[two], two.near[one]
            after = one.near.get(two)
            if before != after:
                dirty[one] = dirty[two] = None

    # --- clusters -------------------------------------------------------------------------------

    def _recluster(
        self, dirty: Iterable[Record], most: int
    ) -> tuple[dict[Cluster, None], list[Cluster]]:
        """Cluster the neighbourhoods of records; return the clusters before and after."""
        todo = dict.fromkeys(dirty)
        for record in tuple(todo):
            cluster = _cluster_of(record)
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
                self._late[record] = None
                near = {record}
            elif self._late:
                for one in near:
                    self._late.pop(one, None)
            near -= seen
            seen |= near
            self._clustered += len(near)
            new += self._clusterer.cluster(near)
        for record in seen:
            cluster = _cluster_of(record)
            if cluster is not None:
                old[cluster] = None
        return old, new

    def _cluster(self, dirty: Iterable[Record], record: Record, at: Instant) -> Answer:
        """Cluster after an ingest, and answer."""
        old, new = self._recluster(dirty, self.policy.neighbourhood)
        changes = self._adopt(old, new, at, "", record)
        mine = record.cluster
        for place, change in enumerate(changes):
            if change.profile == mine.id and isinstance(change, (Merged, Attached)):
                first, also = change, (*changes[:place], *changes[place + 1 :])
                break
        else:
            first, also = self._alone(record), tuple(changes)
            if also and isinstance(also[0], Unmerged):
                first, also = also[0], (first, *also[1:])
        return _with(first, also)

    def _alone(self, record: Record) -> Answer:
        mine = record.cluster
        best: Record | None = None
        for other, tenths in record.near.items():
            if other.cluster is not mine and (
                best is None or (-tenths, other) < (-record.near[best], best)
            ):
                best = other
        if best is None:
            return Created(mine.id, changed=(mine.id,))
        evidence = self._waterfall(record, best)
        return Review(mine.id, evidence.bits, (mine.id,), evidence, other=best.cluster.id)

    def _adopt(
        self,
        old: dict[Cluster, None],
        new: list[Cluster],
        at: Instant,
        by: str,
        fresh: Record | None = None,
    ) -> list[Answer]:
        """Put new clusters in the place of old ones, and tell the difference."""
        changes: list[Answer] = []
        before = {cluster: cluster.id for cluster in old}
        parts: dict[Cluster, list[Cluster]] = {cluster: [] for cluster in old}
        for cluster in new:
            sources: dict[Cluster, None] = {}
            for record in cluster.records:
                was = _cluster_of(record)
                if was is not None:
                    sources[was] = None
            for was in sources:
                parts[was].append(cluster)
            if len(sources) > 1:
                changes.append(self._merged(cluster, sources, at, by, fresh))
            elif len(sources) == 1 and fresh is not None and fresh in cluster.records:
                evidence = self._best(fresh, cluster)
                changes.append(
                    Attached(cluster.id, evidence and evidence.bits, (cluster.id,), evidence)
                )
        for was, into in parts.items():
            if len(into) > 1:
                id = before[was]
                after = tuple(sorted(cluster.id for cluster in into))
                number = self._log(at, "unmerged", tuple(_names(one.records) for one in into), by)
                others = tuple(other for other in after if other != id)
                keep = id if id in after else after[0]
                changes.append(
                    Unmerged(keep, None, tuple(dict.fromkeys((id, *after))), id=number, new=others)
                )
        for cluster in new:
            for record in cluster.records:
                record.cluster = cluster
        order = (Merged, Unmerged, Attached)
        return sorted(changes, key=lambda change: (order.index(type(change)), change.profile))

    def _merged(
        self,
        cluster: Cluster,
        sources: dict[Cluster, None],
        at: Instant,
        by: str,
        fresh: Record | None,
    ) -> Merged:
        ids = sorted(was.id for was in sources)
        sides = [_names(was.records) for was in sources]
        if fresh is not None and fresh in cluster.records:
            sides.append(_names((fresh,)))  # (who brought them together was on neither side)
        groups = tuple(sorted(sides))
        best: tuple[int, Record, Record] | None = None
        for record in cluster.records:
            for other, tenths in record.near.items():
                if (
                    record < other
                    and _cluster_of(record) is not _cluster_of(other)
                    and other in cluster.records
                ):
                    found = (-tenths, record, other)
                    best = found if best is None else min(best, found)
        evidence = self._waterfall(best[1], best[2]) if best else None
        bits = evidence.bits if evidence else None
        number = self._log(at, "merged", groups, by, bits or 0.0)
        retired = tuple(id for id in ids if id != cluster.id)
        changed = tuple(dict.fromkeys((cluster.id, *ids)))
        return Merged(cluster.id, bits, changed, evidence, number, retired=retired)

    def _best(self, record: Record, cluster: Cluster) -> Waterfall | None:
        near = [
            (-tenths, other)
            for other, tenths in record.near.items()
            if other is not record and other in cluster.records
        ]
        return self._waterfall(record, min(near)[1]) if near else None

    def _log(
        self,
        at: Instant,
        kind: str,
        groups: tuple[tuple[str, ...], ...],
        by: str,
        bits: float = 0.0,
    ) -> str:
        self._numbers += 1
        self._store.put_entry(Entry(self._numbers, at, kind, groups, by, bits))
        return f"a/{self._numbers}"

    # --- looking --------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Count the observations."""
        return len(self._where)

    def find(self, id: str) -> str:
        """Return the id that a profile has now, by an id that it ever had or an observation's.

        Raises:
            IllegalInput: there is none, or it was erased.
        """
        return self._record(id).cluster.id

    def profiles(self) -> Iterator[str]:
        """Go through the ids of all profiles, the oldest first."""
        clusters = dict.fromkeys(record.cluster for record in self._records.values())
        for cluster in sorted(clusters, key=lambda one: one.first):
            yield cluster.id

    def profile(self, id: str) -> Profile:
        """Return a profile as it is now.

        Args:
            id: one that it ever had, or that of one of its observations.

        Raises:
            IllegalInput: there is none, or it was erased.
        """
        cluster = self._record(id).cluster
        members = sorted(
            (at, id_) for record in cluster.records for id_, at in record.observations.items()
        )
        observations = [self._observation(id_) for _, id_ in members]
        values: dict[str, list[Said]] = {}
        for observation in observations:
            for field, one in said(observation, self.policy):
                values.setdefault(field, []).append(one)
        return Profile(
            cluster.id,
            {field: choose(field, several, self.policy) for field, several in values.items()},
            tuple(id_ for _, id_ in members),
            tuple(sorted({observation.source for observation in observations})),
            consent(observations),
        )

    def explain(self, a: str, b: str) -> Waterfall:
        """Return the evidence between two observations, or the best between two profiles.

        Raises:
            IllegalInput: one is not known.
        """
        one, two = self._record(a), self._record(b)
        if a.startswith("p/") and b.startswith("p/") and one.cluster is not two.cluster:
            best = min(
                (-tenths, record, other)
                for record in one.cluster.records
                for other, tenths in [
                    *((r, t) for r, t in record.near.items() if r.cluster is two.cluster),
                    (two, self._scorer.weigh(record, two)[0]),
                ]
            )
            one, two = best[1], best[2]
        return self._waterfall(one, two)

    def _waterfall(self, one: Record, two: Record) -> Waterfall:
        parts: list[Part] = []
        tenths, _ = self._scorer.weigh(one, two, parts)
        if tenths >= self._scorer.merge:
            verdict = "same person"
        elif tenths >= self._scorer.review:
            verdict = "have a look"
        else:
            verdict = "two people"
        sides = self._decisions.sides
        ours, theirs = sides.get(one, {}), sides.get(two, {})
        remark = ""
        for number, side in ours.items():
            if theirs.get(number, side) != side:
                remark = f"kept apart by {self._decisions.known[number].by}"
        if not remark and two in self._decisions.linked.get(one, ()) and one is not two:
            remark = "linked by somebody"
        return Waterfall(tuple(parts), verdict, self.policy.merge, remark)

    def review_queue(self, limit: int = 100) -> list[Pending]:
        """Return pairs of profiles that somebody should look at, the likeliest first."""
        best: dict[tuple[str, str], tuple[int, str, str]] = {}
        sides = self._decisions.sides
        for record in self._records.values():
            for other, tenths in record.near.items():
                if record < other and record.cluster is not other.cluster:
                    ours, theirs = sides.get(record, {}), sides.get(other, {})
                    if any(theirs.get(d, side) != side for d, side in ours.items()):
                        continue
                    one, two = sorted((record, other), key=lambda each: each.cluster.first)
                    pair = (one.cluster.id, two.cluster.id)
                    found = (-tenths, one.first[1], two.first[1])
                    best[pair] = min(best.get(pair, found), found)
        queue = [
            Pending(one, two, (a, b), -tenths / 10) for (one, two), (tenths, a, b) in best.items()
        ]
        queue.sort(key=lambda pending: (-pending.bits, pending.profile, pending.other))
        return queue[:limit]

    def relations(self, id: str, limit: int = 20) -> list[Relation]:
        """Return who shares a phone or e-mail with a profile without being that person."""
        cluster = self._record(id).cluster
        found: dict[tuple[str, str], Relation] = {}
        for record in cluster.records:
            for text in record.keys:
                if text[0] not in "pe":
                    continue
                for other in self._index.holders(text):
                    if other.cluster is cluster:
                        continue
                    pair = (other.cluster.id, text)
                    if pair not in found and len(found) >= limit:
                        break
                    if pair not in found or found[pair].kind == "shared line":
                        kind = "household" if _at_home(record, other) else "shared line"
                        found[pair] = Relation(kind, other.cluster.id, text[1:])
        return sorted(found.values(), key=lambda one: (one.kind, one.other, one.through))

    def audit(self, id: str) -> list[Entry]:
        """Return what happened to a profile's observations, the oldest first."""
        cluster = self._record(id).cluster
        members = {id_ for record in cluster.records for id_ in record.observations}
        return sorted(
            (
                entry
                for entry in self._store.entries()
                if any(not members.isdisjoint(group) for group in entry.groups)
            ),
            key=lambda entry: entry.number,
        )

    def _record(self, id: str) -> Record:
        bare = id.removeprefix("p/") if isinstance(id, str) else ""
        found = self._where.get(bare)
        if found is None:
            gone = bool(bare) and self._store.was_erased(bare)
            raise IllegalInput(
                f"profile {id!r} was erased" if gone else f"there is no profile {id!r}"
            )
        return found

    def _observation(self, id: str) -> Observation:
        found = self._store.get(id)
        if found is None:
            raise IllegalInput(f"the store has lost observation {id!r}; call rebuild()")
        return found

    # --- decisions ------------------------------------------------------------------------------

    def link(self, a: str, b: str, by: str) -> Answer:
        """Make two observations one person, whatever the evidence says.

        Raises:
            IllegalInput: one is not known.
        """
        return self._decide("link", ((self._id(a), self._id(b)),), by)

    def unlink(self, a: str, b: str, by: str) -> Answer:
        """Keep two observations apart, now and after every later ingest.

        Raises:
            IllegalInput: one is not known, or both are the same.
        """
        one, two = self._id(a), self._id(b)
        if one == two:
            raise IllegalInput(f"unlink: {a!r} and {b!r} are one observation")
        return self._decide("unlink", ((one,), (two,)), by)

    def undo(self, id: str, by: str) -> Answer:
        """Take a decision back, or undo a merge: all sides are again what they were.

        The observation that brought the sides together then stands apart from them.

        Args:
            id: of a `Merged`, or of a decision (`decisions()`).
            by: who decides.

        Raises:
            IllegalInput: there is nothing of that id that can be undone.
        """
        kind, _, text = id.partition("/")
        number = int(text) if text.isdecimal() else -1
        if kind == "d" and number in self._decisions.known:
            touched = self._named(self._decisions.known[number])
            del self._decisions.known[number]
            self._store.delete_decision(number)
            return self._follow(touched, "undo", by)
        entry = next((one for one in self._store.entries() if one.number == number), None)
        if kind != "a" or entry is None or entry.kind != "merged":
            raise IllegalInput(f"undo: there is no merge or decision {id!r}")
        groups = tuple(
            tuple(sorted({member for one in group for member in self._where[one].observations}))
            for group in entry.groups
        )
        return self._decide("undo", groups, by)

    def decisions(self) -> list[Decision]:
        """Return all decisions, the oldest first."""
        return [self._decisions.known[number] for number in sorted(self._decisions.known)]

    def _id(self, id: str) -> str:
        """Return the observation that an id means: a profile's oldest, or itself."""
        record = self._record(id)
        return record.cluster.first[1] if id.startswith("p/") else id

    def _decide(self, kind: str, groups: tuple[tuple[str, ...], ...], by: str) -> Answer:
        self._numbers += 1
        decision = Decision(self._numbers, kind, groups, by)
        self._decisions.known[decision.number] = decision
        self._store.put_decision(decision)
        return self._follow(self._named(decision), kind, by, decision.id)

    def _named(self, decision: Decision) -> list[str]:
        return [id for group in decision.groups for id in group]

    def _follow(self, named: list[str], kind: str, by: str, id: str = "") -> Answer:
        """Cluster anew after a decision, and answer."""
        self._compared = self._clustered = 0
        dirty: dict[Record, None] = {}
        for name in named:
            dirty.update(dict.fromkeys(self._where[name].cluster.records))
        dirty.update(self._set_apart())
        self._decisions.settle(self._where)
        dirty.update(dict.fromkeys(self._where[name] for name in named))
        old, new = self._recluster(dirty, len(self._records))
        at = max(self._where[name].first[0] for name in named)
        self._log(at, kind, (tuple(sorted(named)),), by)
        changes = self._adopt(old, new, at, by)
        self.work = Work(self._compared, self._clustered)
        wanted = [change for change in changes if isinstance(change, (Merged, Unmerged))]
        if not wanted:
            found = self._where[named[0]].cluster.id
            return Attached(found, changed=(), id=id, repeat=True)
        return _with(wanted[0], tuple(wanted[1:]))

    def _set_apart(self) -> dict[Record, None]:
        """Give observations records of their own where a decision tells equals apart."""
        own = self._decisions.own()
        moved = own ^ self._own
        self._own = own
        dirty: dict[Record, None] = {}
        for id in sorted(moved):
            record = self._where[id]
            cluster = record.cluster
            dirty.update(dict.fromkeys(cluster.records))
            self._leave(id, dirty)
            fresh, changed = self._insert(self._observation(id))
            if changed is not None:
                fresh.cluster = cluster
                dirty.update(changed)
            dirty[fresh] = None
        return {record: None for record in dirty if record.observations}

    def _leave(self, id: str, dirty: dict[Record, None]) -> None:
        """Take an observation out of its record, and the record out if it was the last."""
        record = self._where.pop(id)
        del record.observations[id]
        if record.observations:
            if record.first[1] == id:
                record.first = min((at, each) for each, at in record.observations.items())
            dirty[record] = None
            return
        del self._records[record.digest]
        self._late.pop(record, None)
        for other in record.near:
            del other.near[record]
            dirty[other] = None
        record.near.clear()
        for key in self._index.remove(record):
            self._weigh_again(key, dirty)
        dirty.pop(record, None)

    # --- forgetting and rebuilding --------------------------------------------------------------

    def erase(self, id: str) -> Erased:
        """Forget a profile and all its observations, or one observation, for good.

        Args:
            id: a profile's, or an observation's.

        Raises:
            IllegalInput: there is none.
        """
        record = self._record(id)
        cluster = record.cluster
        profile = cluster.id
        if id.startswith("p/"):
            ids = sorted(each for one in cluster.records for each in one.observations)
        else:
            ids = [id]
        gone = set(ids)
        dirty: dict[Record, None] = dict.fromkeys(cluster.records)
        at = max(one.first[0] for one in cluster.records)
        self._strip(gone, dirty)
        for each in ids:
            self._leave(each, dirty)
            self._store.delete(each)
            self._own.discard(each)
        dirty.update(self._set_apart())
        self._decisions.settle(self._where)
        alive = {one: None for one in dirty if one.observations}
        old, new = self._recluster(alive, len(self._records))
        changes = self._adopt(old, new, at, "")
        ids_now = [change for change in changes if isinstance(change, (Merged, Unmerged))]
        return Erased(profile, changed=(profile,), also=tuple(ids_now))

    def _strip(self, gone: set[str], dirty: dict[Record, None]) -> None:
        """Take ids out of decisions and audit."""
        for decision in tuple(self._decisions.known.values()):
            if gone.isdisjoint(self._named(decision)):
                continue
            for name in self._named(decision):
                dirty[self._where[name]] = None
            groups = _without(decision.groups, gone)
            if len(groups) > 1 or any(len(group) > 1 for group in groups):
                kept = Decision(decision.number, decision.kind, groups, decision.by)
                self._decisions.known[decision.number] = kept
                self._store.put_decision(kept)
            else:
                del self._decisions.known[decision.number]
                self._store.delete_decision(decision.number)
        for entry in tuple(self._store.entries()):
            if any(not gone.isdisjoint(group) for group in entry.groups):
                groups = _without(entry.groups, gone)
                if groups:
                    self._store.put_entry(
                        Entry(entry.number, entry.at, entry.kind, groups, entry.by, entry.bits)
                    )
                else:
                    self._store.delete_entry(entry.number)

    def settle(self) -> tuple[Change, ...]:
        """Cluster what was too large for one step; return what changed."""
        late = {record: None for record in self._late if record.observations}
        self._late.clear()
        if not late:
            return ()
        old, new = self._recluster(late, len(self._records))
        at = max(record.first[0] for record in late)
        return tuple(self._adopt(old, new, at, ""))

    def rebuild(self, model: Model | None = None) -> tuple[Change, ...]:
        """Derive everything anew from the store, by another model if one is given.

        Returns:
            What changed: nothing, as long as the model is the same and all is settled.
        """
        before = {id: record.cluster for id, record in self._where.items()}
        if model is not None:
            self.model = model
        self._load()
        changes: list[Answer] = []
        old: dict[Cluster, set[Cluster]] = {}
        new: dict[Cluster, set[Cluster]] = {}
        for id, record in self._where.items():
            was = before.get(id)
            if was is not None:
                old.setdefault(was, set()).add(record.cluster)
                new.setdefault(record.cluster, set()).add(was)
        for cluster, sources in new.items():
            if len(sources) > 1:
                ids = sorted(source.id for source in sources)
                retired = tuple(id for id in ids if id != cluster.id)
                changes.append(Merged(cluster.id, None, (cluster.id, *retired), retired=retired))
        for was, into in old.items():
            if len(into) > 1:
                ids = sorted(cluster.id for cluster in into)
                others = tuple(id for id in ids if id != was.id)
                changes.append(Unmerged(was.id, None, (was.id, *others), new=others))
        return tuple(sorted(changes, key=lambda one: (type(one).__name__, one.profile)))

    def _load(self) -> None:
        self._start()
        for decision in self._store.decisions():
            self._decisions.known[decision.number] = decision
        self._own = self._decisions.own()
        for observation in self._store.observations():
            self._insert(observation)
        self._decisions.settle(self._where)
        seen = set[Record]()
        for record in self._records.values():
            if record not in seen:
                near = self._clusterer.neighbourhood(record, len(self._records)) or {record}
                seen |= near
                for cluster in self._clusterer.cluster(near):
                    for member in cluster.records:
                        member.cluster = cluster


def _take(record: Record, observation: Observation) -> None:
    record.observations[observation.id] = observation.at
    record.first = min(record.first, (observation.at, observation.id))


def _cluster_of(record: Record) -> Cluster | None:
    return getattr(record, "cluster", None)


def _names(records: Iterable[Record]) -> tuple[str, ...]:
    """Name records by their oldest observations."""
    return tuple(sorted(record.first[1] for record in records if record.observations))


def _with(change: Answer, also: tuple[Change, ...]) -> Answer:
    if not also:
        return change
    from msgspec.structs import replace  # noqa: PLC0415

    return replace(change, also=also)


def _without(groups: tuple[tuple[str, ...], ...], gone: set[str]) -> tuple[tuple[str, ...], ...]:
    kept = (tuple(id for id in group if id not in gone) for group in groups)
    return tuple(group for group in kept if group)


def _at_home(a: Record, b: Record) -> bool:
    """Tell whether two records look like one household."""
    if a.street and a.street == b.street and a.number == b.number:
        return True
    if a.name is None or b.name is None:
        return False
    common = set(a.name.words) & set(b.name.words)
    return any(word not in ("thi", "van") for word in common)
