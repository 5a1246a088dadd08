"""Where sessions are kept between their steps.

Rule: a store replaces the revision that was read, or tells that it cannot (compare and set). So of
two steps that started from one revision, on two machines or in two tasks, one wins; the other finds
out before its effects are performed, loads the session again, and decides anew.
"""

from __future__ import annotations

from typing import Protocol

from tongdai.errors import SessionConflict
from tongdai.ivr.session import Session


class SessionStore(Protocol):
    """What a store can do; a database has its own."""

    def load(self, session: str) -> Session | None:
        """Return a session, or `None` where there is none of this id."""
        ...

    def save(self, session: Session, *, replacing: int) -> None:
        """Keep a session in place of the revision that was loaded; 0 is a new one.

        Raises:
            SessionConflict: another revision is there.
        """
        ...


class MemorySessions:
    """Sessions in memory, encoded, as a store of bytes would have them."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: dict[str, tuple[int, bytes]] = {}

    def __len__(self) -> int:
        """Count the sessions."""
        return len(self._kept)

    def load(self, session: str) -> Session | None:
        """Return a session, or `None` where there is none of this id."""
        found = self._kept.get(session)
        return None if found is None else Session.decode(found[1])

    def save(self, session: Session, *, replacing: int) -> None:
        """Keep a session in place of the revision that was loaded; 0 is a new one.

        Raises:
            SessionConflict: another revision is there.
        """
        revision, _ = self._kept.get(session.id, (0, b""))
        if revision != replacing:
            raise SessionConflict(session.id, replacing, revision)
        self._kept[session.id] = session.revision, session.encode()
