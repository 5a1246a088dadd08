"""Of two steps on one revision, one wins."""

from __future__ import annotations

import pytest

from tests.ivr.calls import flow
from tongdai.errors import SessionConflict
from tongdai.ivr import HandOff, Machine, Menu, Press
from tongdai.ivr.store import MemorySessions

MACHINE = Machine([flow({"menu": Menu("ask", {"1": "end", "2": "end"}), "end": HandOff("cards")})])


def test_what_is_saved_is_loaded() -> None:
    """Equal, and only under its own id."""
    store = MemorySessions()
    session = MACHINE.start("f", session="s", now=0).session
    store.save(session, replacing=0)
    assert (session, None, 1) == (store.load("s"), store.load("t"), len(store))


def test_the_second_of_two_steps_is_told() -> None:
    """It names the revision that is there, and changes nothing."""
    store = MemorySessions()
    first = MACHINE.start("f", session="s", now=0).session
    store.save(first, replacing=0)
    one, two = (MACHINE.step(first, Press(key), 0).session for key in "12")
    store.save(one, replacing=first.revision)
    with pytest.raises(SessionConflict, match=f"at revision {one.revision}, not {first.revision}"):
        store.save(two, replacing=first.revision)
    assert one == store.load("s")
