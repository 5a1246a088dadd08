"""Who is who, as observations arrive.

Rule: observations and decisions are kept, all else is derived from them. The partition into
profiles is a function of the observations, the decisions, the model and the policy, whatever the
order of arrival. A step does bounded work: it compares with those who share a key that few hold,
and clusters only the neighbourhood that changed. A neighbourhood too large for one step waits for
`settle()`; until then its newest records stand alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from msgspec.structs import replace

from tongdai.errors import ConfigurationError, IllegalInput
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
from tongdai.profiles.clusters import Cluster
from tongdai.profiles.decisions import Decision
from tongdai.profiles.evidence import Part
from tongdai.profiles.model import Model
from tongdai.profiles.observation import Observation
from tongdai.profiles.partition import Difference, Partition, cluster_of
from tongdai.profiles.policy import Policy
from tongdai.profiles.records import Record
from tongdai.profiles.store import Entry, MemoryStore, Store
from tongdai.profiles.survivorship import Said, choose, consent, said

if TYPE_CHECKING:
    from tongdai.model.time import Instant


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

        Raises:
            ConfigurationError: one of them is something else.
        """
        for field, given, kind in (
            ("policy", policy, Policy),
            ("model", model, Model),
            ("store", store, Store),
        ):
            if given is not None and not isinstance(given, kind):
                raise ConfigurationError(
                    f"Resolver.{field}: {type(given).__name__} is not a {kind.__name__}"
                )
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
        self._all = Partition(self.policy, self.model)
        self._all.load(self._store.observations(), self._store.decisions())

    # --- observations ---------------------------------------------------------------------------

    def ingest(self, observation: Observation, now: Instant | None = None) -> Answer:
        """Take an observation in, and answer what became of whom.

        Args:
            observation: what somebody said about somebody.
            now: the time, if observations from the future are to be refused.

        Raises:
            IllegalInput: this is no observation, its id is known with other content or was erased,
                or it lies in the future. Nothing has changed.
        """
        if not isinstance(observation, Observation):
            raise IllegalInput(f"ingest: {type(observation).__name__} is not an Observation")
        known = self._all.where.find(observation.id)
        if known is not None:
            if self._store.get(observation.id) != observation:
                raise IllegalInput(
                    f"Observation.id: {observation.id!r} is known with other content; "
                    "observations never change, give a new one an id of its own"
                )
            self.work = Work(0, 0)
            return Attached(self._all.profile(observation.id), repeat=True)
        if now is not None and observation.at > checked(now) + self.policy.ahead:
            raise IllegalInput(
                f"Observation.at: {observation.id!r} lies in the future; "
                "give the instant at which it was said"
            )
        if self._store.was_erased(observation.id):
            raise IllegalInput(
                f"Observation.id: {observation.id!r} was erased; what was forgotten stays so"
            )
        self._all.compared = self._all.clustered = 0
        record, dirty = self._all.insert(observation)
        self._store.put(observation)
        if dirty is None:
            cluster = record.cluster
            self.work = Work(0, 0)
            if cluster.crowd:
                cluster.first = record.first
                return Created(f"p/{observation.id}", changed=(f"p/{observation.id}",))
            if record.first < cluster.first:
                before = cluster.id
                cluster.first = record.first
                return Attached(cluster.id, changed=(before, cluster.id))
            return Attached(cluster.id, changed=(cluster.id,))
        changes = self._cluster(dirty, record, observation.at)
        self.work = Work(self._all.compared, self._all.clustered)
        return changes

    # --- clusters -------------------------------------------------------------------------------

    def _cluster(self, dirty: Iterable[Record], record: Record, at: Instant) -> Answer:
        """Cluster after an ingest, and answer."""
        difference = self._all.recluster(dirty, self.policy.neighbourhood)
        changes = self._adopt(difference, at, "", record)
        mine = record.cluster.id
        for change in changes:
            if change.profile == mine and isinstance(change, (Merged, Attached)):
                return _with(change, tuple(other for other in changes if other is not change))
        changes.append(self._alone(record))
        return _with(changes[0], tuple(changes[1:]))

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
        self, difference: Difference, at: Instant, by: str, fresh: Record | None = None
    ) -> list[Answer]:
        """Put new clusters in the place of old ones, and tell the difference."""
        old, new = difference
        changes: list[Answer] = []
        before = {cluster: cluster.id for cluster in old}
        parts, members = _lineage(difference)
        for cluster in new:
            sources = _sources(cluster)
            mine = fresh if fresh is not None and fresh in cluster.records else None
            if sum(len(was.ids()) for was in sources) > 1 and not cluster.crowd:
                sides = [_names(members[was]) for was in sources]
                changes.append(self._merged(cluster, sides, at, by, mine))
            elif sources and mine is not None:
                evidence = self._best(mine, cluster)
                bits = evidence.bits if evidence is not None else None
                changes.append(Attached(cluster.id, bits, (cluster.id,), evidence))
        for was, into in parts.items():
            if sum(len(one.ids()) for one in into) > 1 and not was.crowd:
                changes.append(self._unmerged(before[was], into, at, by))
        for cluster in new:
            for record in cluster.records:
                record.cluster = cluster
        if len(changes) > 1:
            order = (Merged, Unmerged, Attached)
            changes.sort(key=lambda change: (order.index(type(change)), change.profile))
        return changes

    def _unmerged(self, id: str, into: list[Cluster], at: Instant, by: str) -> Unmerged:
        after = tuple(sorted(each for cluster in into for each in cluster.ids()))
        number = self._log(at, "unmerged", tuple(_names(one.records) for one in into), by)
        keep = id if id in after else after[0]
        changed = tuple(dict.fromkeys((id, *after)))
        others = tuple(other for other in after if other != keep)
        return Unmerged(keep, None, changed, id=number, new=others)

    def _merged(
        self,
        cluster: Cluster,
        sides: list[tuple[str, ...]],
        at: Instant,
        by: str,
        fresh: Record | None,
    ) -> Merged:
        sources = _sources(cluster)
        ids = sorted(each for was in sources for each in was.ids())
        if fresh is not None:
            sides.append(_names((fresh,)))  # (who brought them together was on neither side)
        members = set(cluster.records)
        across = [
            (-tenths, record, other)
            for record in cluster.records
            for other, tenths in record.near.items()
            if other in members and record < other and cluster_of(record) is not cluster_of(other)
        ]
        evidence = self._waterfall(*min(across)[1:]) if across else None
        bits = evidence.bits if evidence is not None else None
        number = self._log(at, "merged", tuple(sorted(sides)), by, bits or 0.0)
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
        return len(self._all.where)

    def find(self, id: str) -> str:
        """Return the id that a profile has now, by an id that it ever had or an observation's.

        Raises:
            IllegalInput: there is none, or it was erased.
        """
        return self._all.profile(self._bare(id))

    def recognise(self, observation: Observation) -> str:
        """Return whose an observation would most likely be; empty for nobody. Nothing changes.

        It is a guess: `ingest` looks at the whole neighbourhood, and may decide otherwise.

        Raises:
            IllegalInput: this is no observation.
        """
        if not isinstance(observation, Observation):
            raise IllegalInput(f"recognise: {type(observation).__name__} is not an Observation")
        found = self._all.like(observation)
        return "" if found is None else self._all.profile(found.first[1])

    def profiles(self) -> Iterator[str]:
        """Go through the ids of all profiles, the oldest first."""
        clusters = dict.fromkeys(record.cluster for record in self._all.records.values())
        for cluster in sorted(clusters, key=lambda one: one.first):
            yield from cluster.ids()

    def profile(self, id: str) -> Profile:
        """Return a profile as it is now.

        Args:
            id: one that it ever had, or that of one of its observations.

        Raises:
            IllegalInput: there is none, or it was erased.
        """
        bare = self._bare(id)
        members = self._all.members(bare)
        observations = [self._observation(id_) for _, id_ in members]
        values: dict[str, list[Said]] = {}
        for observation in observations:
            for field, one in said(observation, self.policy):
                values.setdefault(field, []).append(one)
        return Profile(
            self._all.profile(bare),
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
                    (two, self._all.scorer.weigh(record, two)[0]),
                ]
            )
            one, two = best[1], best[2]
        return self._waterfall(one, two)

    def _waterfall(self, one: Record, two: Record) -> Waterfall:
        parts: list[Part] = []
        tenths, _ = self._all.scorer.weigh(one, two, parts)
        if tenths >= self._all.scorer.merge:
            verdict = "same person"
        elif tenths >= self._all.scorer.review:
            verdict = "have a look"
        else:
            verdict = "two people"
        sides = self._all.decisions.sides
        ours, theirs = sides.get(one, {}), sides.get(two, {})
        remark = ""
        for number, side in ours.items():
            if theirs.get(number, side) != side:
                remark = f"kept apart by {self._all.decisions.known[number].by}"
        if not remark and two in self._all.decisions.linked.get(one, ()) and one is not two:
            remark = "linked by somebody"
        return Waterfall(tuple(parts), verdict, self.policy.merge, remark)

    def review_queue(self, limit: int = 100) -> list[Pending]:
        """Return pairs of profiles that somebody should look at, the likeliest first."""
        best: dict[tuple[str, str], tuple[int, str, str]] = {}
        sides = self._all.decisions.sides
        for record in self._all.records.values():
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
                for other in self._all.index.holders(text):
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
        members = {each for _, each in self._all.members(self._bare(id))}
        return sorted(
            (
                entry
                for entry in self._store.entries()
                if any(not members.isdisjoint(group) for group in entry.groups)
            ),
            key=lambda entry: entry.number,
        )

    def _bare(self, id: str) -> str:
        """Return the observation that an id names, by itself or as a profile's oldest."""
        bare = id.removeprefix("p/") if isinstance(id, str) else ""
        if bare not in self._all.where:
            gone = bool(bare) and self._store.was_erased(bare)
            raise IllegalInput(
                f"profile {id!r} was erased" if gone else f"there is no profile {id!r}"
            )
        return bare

    def _record(self, id: str) -> Record:
        return self._all.where[self._bare(id)]

    def _observation(self, id: str) -> Observation:
        found = self._store.get(id)
        if found is None:
            raise IllegalInput(f"the store has lost observation {id!r}; call rebuild()")
        return found

    # --- decisions ------------------------------------------------------------------------------

    def link(self, a: str, b: str, by: str) -> Answer:
        """Make two profiles one person, as they are now, whatever the evidence says.

        Args:
            a: the id of a profile, or of one of its observations.
            b: that of the other.
            by: who decides.

        Raises:
            IllegalInput: one is not known.
        """
        named = set[str]()
        own = set[str]()
        for bare in (self._bare(a), self._bare(b)):
            cluster = self._all.where[bare].cluster
            if cluster.crowd:
                named.add(bare)
                own.add(bare)
            else:
                named.update(record.first[1] for record in cluster.records)
        return self._decide("link", (tuple(sorted(named)),), by, tuple(sorted(own)))

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
        if kind == "d" and number in self._all.decisions.known:
            touched = self._named(self._all.decisions.known[number])
            del self._all.decisions.known[number]
            self._store.delete_decision(number)
            return self._follow(touched, "undo", by)
        entry = next((one for one in self._store.entries() if one.number == number), None)
        if kind != "a" or entry is None or entry.kind != "merged":
            raise IllegalInput(f"undo: there is no merge or decision {id!r}")
        groups = tuple(
            tuple(sorted({member for one in group for member in self._equals(one)}))
            for group in entry.groups
        )
        return self._decide("undo", groups, by)

    def decisions(self) -> list[Decision]:
        """Return all decisions, the oldest first."""
        return [self._all.decisions.known[number] for number in sorted(self._all.decisions.known)]

    def _id(self, id: str) -> str:
        """Return the observation that an id means: a profile's oldest, or itself."""
        bare = self._bare(id)
        return self._all.profile(bare).removeprefix("p/") if id.startswith("p/") else id

    def _equals(self, id: str) -> Iterable[str]:
        """Return the observations that say the same as one and are the same person's."""
        record = self._all.where[id]
        return (id,) if record.cluster.crowd else record.observations

    def _decide(
        self, kind: str, groups: tuple[tuple[str, ...], ...], by: str, own: tuple[str, ...] = ()
    ) -> Answer:
        self._numbers += 1
        decision = Decision(self._numbers, kind, groups, by, own)
        self._all.decisions.known[decision.number] = decision
        self._store.put_decision(decision)
        return self._follow(self._named(decision), kind, by, decision.id)

    def _named(self, decision: Decision) -> list[str]:
        return [id for group in decision.groups for id in group]

    def _follow(self, named: list[str], kind: str, by: str, id: str = "") -> Answer:
        """Cluster anew after a decision, and answer."""
        self._all.compared = self._all.clustered = 0
        dirty: dict[Record, None] = {}
        for name in named:
            dirty.update(dict.fromkeys(self._all.where[name].cluster.records))
        dirty.update(self._all.set_apart(self._store))
        dirty.update(dict.fromkeys(self._all.where[name] for name in named))
        difference = self._all.recluster(dirty, len(self._all.records))
        at = max(self._all.where[name].first[0] for name in named)
        self._log(at, kind, (tuple(sorted(named)),), by)
        changes = self._adopt(difference, at, by)
        self.work = Work(self._all.compared, self._all.clustered)
        wanted = [change for change in changes if isinstance(change, (Merged, Unmerged))]
        if not wanted:
            found = self._all.profile(named[0])
            return Attached(found, changed=(), id=id, repeat=True)
        return _with(wanted[0], tuple(wanted[1:]))

    # --- forgetting and rebuilding --------------------------------------------------------------

    def erase(self, id: str) -> Erased:
        """Forget a profile and all its observations, or one observation, for good.

        Args:
            id: a profile's, or an observation's.

        Raises:
            IllegalInput: there is none.
        """
        bare = self._bare(id)
        cluster = self._all.where[bare].cluster
        profile = self._all.profile(bare)
        ids = [each for _, each in self._all.members(bare)] if id.startswith("p/") else [bare]
        gone = set(ids)
        dirty: dict[Record, None] = dict.fromkeys(cluster.records)
        at = max(one.first[0] for one in cluster.records)
        self._strip(gone, dirty)
        for each in ids:
            self._all.leave(each, dirty)
            self._store.delete(each)
        dirty.update(self._all.set_apart(self._store))
        alive = {one: None for one in dirty if one.observations}
        difference = self._all.recluster(alive, len(self._all.records))
        changes = self._adopt(difference, at, "")
        ids_now = [change for change in changes if isinstance(change, (Merged, Unmerged))]
        return Erased(profile, changed=(profile,), also=tuple(ids_now))

    def _strip(self, gone: set[str], dirty: dict[Record, None]) -> None:
        """Take ids out of decisions and audit."""
        for decision in tuple(self._all.decisions.known.values()):
            if gone.isdisjoint(self._named(decision)):
                continue
            for name in self._named(decision):
                dirty[self._all.where[name]] = None
            groups = _without(decision.groups, gone)
            if len(groups) > 1 or any(len(group) > 1 for group in groups):
                own = tuple(id for id in decision.own if id not in gone)
                kept = Decision(decision.number, decision.kind, groups, decision.by, own)
                self._all.decisions.known[decision.number] = kept
                self._store.put_decision(kept)
            else:
                del self._all.decisions.known[decision.number]
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
        late = {record: None for record in self._all.late if record.observations}
        self._all.late.clear()
        if not late:
            return ()
        difference = self._all.recluster(late, len(self._all.records))
        at = max(record.first[0] for record in late)
        return tuple(self._adopt(difference, at, ""))

    def rebuild(self, model: Model | None = None) -> tuple[Change, ...]:
        """Derive everything anew from the store, by another model if one is given.

        Returns:
            The changes; none as long as the model is the same and all is settled.
        """
        before = {id: self._all.profile(id) for id in self._all.where}
        if model is not None:
            self.model = model
        self._all = Partition(self.policy, self.model)
        self._all.load(self._store.observations(), self._store.decisions())
        changes: list[Answer] = []
        old: dict[str, set[str]] = {}
        new: dict[str, set[str]] = {}
        for id in self._all.where:
            was, now = before.get(id), self._all.profile(id)
            if was is not None:
                old.setdefault(was, set()).add(now)
                new.setdefault(now, set()).add(was)
        for profile, sources in new.items():
            if len(sources) > 1:
                retired = tuple(sorted(sources - {profile}))
                changes.append(Merged(profile, None, (profile, *retired), retired=retired))
        for profile, into in old.items():
            if len(into) > 1:
                others = tuple(sorted(into - {profile}))
                changes.append(Unmerged(profile, None, (profile, *others), new=others))
        return tuple(sorted(changes, key=lambda one: (type(one).__name__, one.profile)))


def _lineage(
    difference: Difference,
) -> tuple[dict[Cluster, list[Cluster]], dict[Cluster, list[Record]]]:
    """Return, for each old cluster, the new ones that it went into, and its records by now."""
    parts: dict[Cluster, list[Cluster]] = {cluster: [] for cluster in difference.old}
    members: dict[Cluster, list[Record]] = {cluster: [] for cluster in difference.old}
    for cluster in difference.new:
        for was in _sources(cluster):
            parts[was].append(cluster)
        for record in cluster.records:
            came_from = cluster_of(record)
            if came_from is not None:
                members[came_from].append(record)
    return parts, members


def _sources(cluster: Cluster) -> dict[Cluster, None]:
    """Return the clusters that a new one's records come from."""
    found = {cluster_of(record): None for record in cluster.records}
    return {was: None for was in found if was is not None}


def _names(records: Iterable[Record]) -> tuple[str, ...]:
    """Name records by their oldest observations."""
    return tuple(sorted(record.first[1] for record in records if record.observations))


def _with(change: Answer, also: tuple[Change, ...]) -> Answer:
    if not also:
        return change
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
