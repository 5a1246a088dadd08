"""Files that agents have sent up, until they say something with them."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from tongdai.model.contact import Attachment

_KEPT: Final = 500


class Uploads:
    """The last files, each its agent's own."""

    def __init__(self) -> None:
        self._files: OrderedDict[tuple[str, str], Attachment] = OrderedDict()

    def put(self, agent: str, file: Attachment) -> None:
        """Remember a file."""
        self._files[agent, file.url] = file
        if len(self._files) > _KEPT:
            self._files.popitem(last=False)

    def of(self, agent: str, url: str) -> Attachment | None:
        """Return an agent's file."""
        return self._files.get((agent, url))
