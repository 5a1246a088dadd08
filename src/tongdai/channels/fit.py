"""Cut what is said into parts that a medium takes.

Rule: nothing is lost and nothing is added: the parts' texts, put together again, are the text, less
the blanks at which it was cut. No part is longer than the limit, and none ends inside a character.
"""

from __future__ import annotations

from tongdai.channels.medium import Medium
from tongdai.model.contact import Content


def fit(content: Content, medium: Medium) -> list[Content]:
    """Return parts of a content that a medium takes, cut at blanks where there are any.

    Attachments go with the last part.
    """
    limit = medium.text_limit
    text = content.text
    parts: list[str] = []
    while limit is not None and _size(text, medium) > limit:
        cut = _longest(text, medium, limit)
        blank = max(text.rfind(" ", 1, cut + 1), text.rfind("\n", 1, cut + 1))
        if blank > 0:
            parts.append(text[:blank])
            text = text[blank + 1 :]
        else:
            parts.append(text[:cut])
            text = text[cut:]
    if text or not parts:
        parts.append(text)
    return [*map(Content, parts[:-1]), Content(parts[-1], content.attachments)]


def _size(text: str, medium: Medium) -> int:
    return len(text.encode()) if medium.unit == "bytes" else len(text)


def _longest(text: str, medium: Medium, limit: int) -> int:
    """Return how many characters fit into the limit."""
    if medium.unit == "characters":
        return limit
    return len(text.encode()[:limit].decode(errors="ignore"))
