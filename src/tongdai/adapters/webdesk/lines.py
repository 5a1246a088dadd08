"""What was said in one contact, as agents are shown it.

Rule: a line keeps its number and its place; what becomes of it (edited, withdrawn, delivered, read)
changes the line and nothing around it.

Frames are plain data: `is` says which. Instants in them are milliseconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import attrs

from tongdai.center import events
from tongdai.model.contact import Attachment, Contact, Content
from tongdai.model.time import Instant

Frame: TypeAlias = dict[str, Any]

_KEPT: Final = 500  # lines of one contact
_LADDER: Final = ("", "sent", "delivered", "read")


@attrs.define(eq=False)
class Line:
    """Something that was said."""

    n: int
    who: str  # `customer`, `flow`, or `agent`
    content: Content
    at: Instant | None = None
    agent: str = ""
    key: str = ""
    sent: str = ""  # under which id it is sent: the effect's
    ids: frozenset[str] = frozenset()  # under which ids the channel knows it
    cause: str = ""
    choice: str = ""
    automatic: str = ""
    revised: str = ""  # `edited` or `withdrawn`
    status: str = ""

    def frame(self, names: Mapping[str, str]) -> Frame:
        """Return it as data; what is not so is left out."""
        content = self.content
        found: Frame = {"n": self.n, "who": self.who, "text": content.text}
        if self.at is not None:
            found["at"] = milliseconds(self.at)
        if self.agent:
            found["name"] = names.get(self.agent, self.agent)
        if content.subject:
            found["subject"] = content.subject
        if content.attachments:
            found["files"] = [file_frame(each) for each in content.attachments]
        if content.buttons:
            found["buttons"] = [[each.key, each.label] for each in content.buttons]
        for name in ("key", "cause", "choice", "automatic", "revised", "status"):
            if value := getattr(self, name):
                found[name] = value
        return found


class Thread:
    """A contact, and everything said in it."""

    def __init__(self, contact: Contact, since: Instant) -> None:
        self.contact = contact
        self.since = since
        self.queue = ""
        self.over = False
        self.context: Mapping[str, Any] = {}
        self.profile: Mapping[str, Any] = {}
        self.lines: deque[Line] = deque(maxlen=_KEPT)
        self._read = 0
        self._count = 0

    def add(self, who: str, content: Content, **more: Any) -> Line:  # noqa: ANN401 - of `Line`
        """Add a line."""
        self._count += 1
        self.lines.append(Line(self._count, who, content, **more))
        return self.lines[-1]

    def of_key(self, key: str) -> list[Line]:
        """Return what the customer said under a key, which a provider may have used twice."""
        return [line for line in self.lines if line.key == key]

    def read(self, upto: int) -> tuple[str, ...]:
        """Note that an agent has seen lines; return the keys of those that nobody had seen."""
        found = tuple(
            line.key
            for line in self.lines
            if line.who == "customer" and line.key and self._read < line.n <= upto
        )
        self._read = max(self._read, min(upto, self._count))
        return found

    def receipt(self, event: events.ReceiptReceived) -> list[Line]:
        """Take in what became of lines; return those that changed. No line goes down the ladder."""
        changed: list[Line] = []
        for line in self.lines:
            if line.who == "customer":
                continue
            if event.key == line.sent:
                line.ids |= frozenset(event.ids)
                mine = True
            elif event.upto is not None:
                mine = line.at is not None and line.at <= event.upto
            else:
                mine = not line.ids.isdisjoint(event.ids)
            if mine and _rises(line.status, event.status):
                line.status = event.status
                changed.append(line)
        return changed

    def head(self) -> Frame:
        """Return what is said of the contact itself."""
        contact = self.contact
        found: Frame = {
            "contact": contact.id,
            "queue": self.queue,
            "channel": contact.address.channel if contact.address is not None else "",
            "mode": str(contact.mode),
            "since": milliseconds(self.since),
            "context": dict(self.context),
            "profile": dict(self.profile),
            "claims": [[each.scheme, each.value, each.assurance] for each in contact.claims],
        }
        if contact.language:
            found["language"] = contact.language
        return found


def milliseconds(at: Instant) -> int:
    """Return an instant as a browser has it."""
    return at // 1_000


def file_frame(each: Attachment) -> Frame:
    """Return a file as data."""
    return {"kind": each.kind, "url": each.url, "name": each.name, "size": each.size}


def _rises(before: str, status: str) -> bool:
    """Return whether a status is further up; what failed was sent at most."""
    if status == "failed":
        return before in ("", "sent")
    if before == "failed" or status not in _LADDER:
        return False
    return _LADDER.index(status) > _LADDER.index(before)
