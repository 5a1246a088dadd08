"""Where observations, decisions and the audit are kept.

Rule: a store keeps what came and what people decided, never what is derived. What is deleted is
gone: of an erased observation only a digest of its id stays, so that it is not taken in twice.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Protocol, runtime_checkable

from tongdai.model.personal import Value
from tongdai.model.time import Instant
from tongdai.profiles.decisions import Decision
from tongdai.profiles.observation import Observation
from tongdai.profiles.shards import Shards


class Entry(Value, frozen=True):
    """One line of the audit: something that happened to profiles.

    Attributes:
        number: counts up.
        at: the instant of the observation that brought it about.
        kind: `merged`, `unmerged`, `link`, `unlink`, `undo` or `erased`.
        groups: ids of the observations that came together or apart, by profile as it was.
        by: who decided; empty for evidence alone.
        bits: the evidence, where there is one.
    """

    number: int
    at: Instant
    kind: str
    groups: tuple[tuple[str, ...], ...] = ()
    by: str = ""
    bits: float = 0.0


@runtime_checkable
class Store(Protocol):
    """What a resolver needs to keep."""

    def put(self, observation: Observation) -> None:
        """Keep an observation."""
        ...

    def get(self, id: str) -> Observation | None:
        """Return an observation, if it is there."""
        ...

    def observations(self) -> Iterable[Observation]:
        """Go through all observations, in any order."""
        ...

    def delete(self, id: str) -> None:
        """Forget an observation; keep the digest of its id."""
        ...

    def was_erased(self, id: str) -> bool:
        """Tell whether an observation of this id was deleted."""
        ...

    def put_decision(self, decision: Decision) -> None:
        """Keep a decision, or replace the one of its number."""
        ...

    def delete_decision(self, number: int) -> None:
        """Forget a decision."""
        ...

    def decisions(self) -> Iterable[Decision]:
        """Go through all decisions."""
        ...

    def put_entry(self, entry: Entry) -> None:
        """Keep a line of the audit, or replace the one of its number."""
        ...

    def delete_entry(self, number: int) -> None:
        """Forget a line of the audit."""
        ...

    def entries(self) -> Iterable[Entry]:
        """Go through the audit."""
        ...


def tombstone(id: str) -> bytes:
    """Return what stays of an erased id."""
    return blake2b(id.encode(), digest_size=16).digest()


class MemoryStore:
    """Keeps everything in memory."""

    def __init__(self) -> None:
        """Begin empty."""
        self._observations = Shards[str, Observation]()
        self._decisions: dict[int, Decision] = {}
        self._entries: dict[int, Entry] = {}
        self._erased: set[bytes] = set()

    def put(self, observation: Observation) -> None:
        """Keep an observation."""
        self._observations[observation.id] = observation

    def get(self, id: str) -> Observation | None:
        """Return an observation, if it is there."""
        return self._observations.find(id)

    def observations(self) -> Iterable[Observation]:
        """Go through all observations, in any order."""
        return tuple(self._observations.values())

    def delete(self, id: str) -> None:
        """Forget an observation; keep the digest of its id."""
        del self._observations[id]
        self._erased.add(tombstone(id))

    def was_erased(self, id: str) -> bool:
        """Tell whether an observation of this id was deleted."""
        return bool(self._erased) and tombstone(id) in self._erased

    def put_decision(self, decision: Decision) -> None:
        """Keep a decision, or replace the one of its number."""
        self._decisions[decision.number] = decision

    def delete_decision(self, number: int) -> None:
        """Forget a decision."""
        del self._decisions[number]

    def decisions(self) -> Iterable[Decision]:
        """Go through all decisions."""
        return tuple(self._decisions.values())

    def put_entry(self, entry: Entry) -> None:
        """Keep a line of the audit, or replace the one of its number."""
        self._entries[entry.number] = entry

    def delete_entry(self, number: int) -> None:
        """Forget a line of the audit."""
        del self._entries[number]

    def entries(self) -> Iterable[Entry]:
        """Go through the audit."""
        return tuple(self._entries.values())
