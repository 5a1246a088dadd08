"""Which records are compared at all.

Rule: two records are compared when they share a key, and a key that too many share proposes
nobody. Whether it does is a function of who holds it, never of the order in which they came, and it
bounds the work of every ingest. An identifier (phone, e-mail, id) counts the *different people's
names* under which it is held: a family's phone says less than one's own, an office's says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tongdai.profiles.records import WEAK, person_key
from tongdai.profiles.shards import Shards

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tongdai.profiles.names import Name
    from tongdai.profiles.policy import Policy
    from tongdai.profiles.records import Record


class Key:
    """A key that several records share.

    Attributes:
        holders: the records.
        names: how many holders have a name, by the name's key.
        people: how many different people's names these are; stops to count beyond the cap.
        live: whether it proposes candidates, and, if an identifier, counts as evidence.
    """

    __slots__ = ("holders", "live", "names", "people")

    def __init__(self) -> None:
        """Begin with nobody."""
        self.holders: Final[dict[Record, None]] = {}
        self.names: Final[dict[str, list[Name]]] = {}
        self.people = 0
        self.live = True


class Index:
    """Records by key."""

    def __init__(self, policy: Policy) -> None:
        """Begin empty."""
        self._policy: Final = policy
        self._keys: Final = Shards[str, "Record | Key"]()
        self._scheme_caps: Final = {
            "p": policy.cap("phone"),
            "e": policy.cap("email"),
        }
        self.conflict: Callable[[Name, Name], bool]

    def __len__(self) -> int:
        """Count the keys."""
        return len(self._keys)

    def add(self, record: Record) -> tuple[dict[Record, None], list[tuple[Key, bool]]]:
        """Add a record.

        Returns:
            Whom to compare it with, and the keys whose force changed, with whether they say more.
        """
        found: dict[Record, None] = {}
        changed: list[tuple[Key, bool]] = []
        keys = self._keys
        for text in record.keys:
            held = keys.find(text)
            if held is None:
                keys[text] = record
                continue
            if not isinstance(held, Key):
                first, held = held, Key()
                keys[text] = held
                self._hold(held, text, first)
            before = held.people, held.live
            self._hold(held, text, record)
            if (held.people, held.live) != before:
                changed.append((held, _says_more(held, before)))
            if held.live:
                found.update(held.holders)
        found.pop(record, None)
        return found, changed

    def remove(self, record: Record) -> list[tuple[Key, bool]]:
        """Take a record out; return the keys whose force changed, with whether they say more."""
        changed: list[tuple[Key, bool]] = []
        for text in record.keys:
            held = self._keys[text]
            if held is record:
                del self._keys[text]
            elif isinstance(held, Key):
                before = held.people, held.live
                del held.holders[record]
                if record.name is not None and person_key(text[0]):
                    names = held.names[record.name.key]
                    names.remove(record.name)
                    if not names:
                        del held.names[record.name.key]
                self._count(held, text)
                if (held.people, held.live) != before:
                    changed.append((held, _says_more(held, before)))
                if len(held.holders) == 1:
                    self._keys[text] = next(iter(held.holders))
        return changed

    def people(self, text: str) -> tuple[int, bool]:
        """Return how many people's names hold an identifier, and whether it is evidence."""
        held = self._keys.find(text)
        if isinstance(held, Key):
            return held.people, held.live
        return 1, True

    def holders(self, text: str) -> Iterable[Record]:
        """Return the records that hold a key."""
        held = self._keys.find(text)
        if held is None:
            return ()
        return held.holders if isinstance(held, Key) else (held,)

    def proposes(self, a: Record, b: Record) -> bool:
        """Tell whether two records share a key that proposes candidates."""
        for text in a.keys:
            held = self._keys.find(text)
            if isinstance(held, Key) and held.live and b in held.holders:
                return True
        return False

    def _hold(self, held: Key, text: str, record: Record) -> None:
        held.holders[record] = None
        named = record.name
        if named is not None and person_key(text[0]):
            names = held.names.setdefault(named.key, [])
            names.append(named)
            if len(names) == 1 or not held.live:
                self._count(held, text)
        if held.live and len(held.holders) > self._most(text):
            held.live = False

    def _count(self, held: Key, text: str) -> None:
        """Count the different people among the names, and decide whether the key lives."""
        crowded = len(held.holders) > self._most(text)
        if not person_key(text[0]):
            held.live = not crowded
            return
        cap = self._cap(text)
        if crowded:
            held.people, held.live = cap + 1, False
            return
        distinct = sorted(held.names, key=lambda key: (-key.count(" "), key))
        kept: list[Name] = []
        for key in distinct:
            named = held.names[key][0]
            if all(self.conflict(named, other) for other in kept):
                kept.append(named)
                if len(kept) > cap:
                    break
        held.people = max(1, len(kept))
        held.live = len(kept) <= cap

    def _most(self, text: str) -> int:
        if person_key(text[0]):
            return self._policy.holders
        if text[0] == "n" or text[0] in WEAK:  # (a name alone decides nothing)
            return self._policy.neighbours // 4
        return self._policy.neighbours

    def _cap(self, text: str) -> int:
        known = self._scheme_caps.get(text[0])
        if known is not None:
            return known
        return self._policy.cap(text[1:].partition("|")[0])


def _says_more(held: Key, before: tuple[int, bool]) -> bool:
    people, live = before
    return held.live and (not live or held.people < people)
