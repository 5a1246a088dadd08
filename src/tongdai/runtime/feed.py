"""A line of things for somebody who takes them one by one.

Rule: putting never waits, taking waits until there is something, and closing ends the taking once
the line is empty. With a limit, the oldest make room for the newest, and are counted. It is an
iterator and not an async generator, so a reader may stop anywhere and go on later.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

import anyio
import anyio.lowlevel

Item = TypeVar("Item")


class Feed(Generic[Item]):
    """An async iterator over what is put into it.

    Attributes:
        missed: how many items have made room for newer ones.
    """

    def __init__(self, limit: int | None = None) -> None:
        """Start empty; `limit` is how many items wait at most."""
        self.missed = 0
        self._items: deque[Item] = deque()
        self._limit = limit
        self._closed = False
        self._changed: anyio.Event | None = None  # made by whoever waits: needs an event loop

    def put(self, item: Item) -> None:
        """Add an item at the end; after `close` it is dropped."""
        if self._closed:
            return
        if self._limit is not None and len(self._items) >= self._limit:
            self._items.popleft()
            self.missed += 1
        self._items.append(item)
        self._wake()

    def close(self) -> None:
        """Let the iteration end once it has come to the end of the line."""
        self._closed = True
        self._wake()

    def __len__(self) -> int:
        """Count the items that wait."""
        return len(self._items)

    def __aiter__(self) -> Feed[Item]:
        """Give itself."""
        return self

    async def __anext__(self) -> Item:
        """Take the first item, waiting for it if need be."""
        await anyio.lowlevel.checkpoint()
        while not self._items:
            if self._closed:
                raise StopAsyncIteration
            if self._changed is None:
                self._changed = anyio.Event()
            await self._changed.wait()
        return self._items.popleft()

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()
            self._changed = None
