"""What stands in a message of Zalo: text and files, out of its attachments.

Rule: nothing that a customer sent is lost without a word: what is no file is told in the text, and
where there is nothing that could be shown, the text says what kind of thing it was.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from tongdai.adapters.zalo.plain import Document, listed, number, parsed, part, text
from tongdai.model.contact import Attachment, Content

_KINDS: Final[Mapping[str, str]] = {
    "image": "image/jpeg",
    "gif": "image/gif",
    "sticker": "image/png",
    "audio": "audio/mp4",
    "video": "video/mp4",
    "file": "application/octet-stream",
}
_SPOKEN: Final = frozenset(["link", "location", "business_card"])
_LONGEST_URL: Final = 4_096
_LONGEST_NAME: Final = 255
_DIGITS: Final = 15  # of a size
_HALF_ROUND: Final = 180  # degrees
_MOST: Final = 50  # attachments of one message


def content_of(kind: str, message: Document) -> Content:
    """Return what a message says.

    Args:
        kind: what Zalo calls it, such as `image`.
        message: the event's `message`.
    """
    lines = [text(message.get("text"))]
    files: list[Attachment] = []
    for each in listed(message.get("attachments"))[:_MOST]:
        payload = part(part(each).get("payload"))
        called = kind if kind in _SPOKEN else text(part(each).get("type")) or kind
        if called in _KINDS:
            file = _file(called, payload)
            if file is not None:
                files.append(file)
            lines.append(text(payload.get("description")))
        elif called == "location":
            lines.append(_place(payload))
        else:
            lines += _described(payload)
    told = list(dict.fromkeys(line for line in lines if line))
    if not told and not files:
        told = [f"[{kind if kind.replace('_', '').isalnum() else 'message'}]"]
    return Content("\n".join(told), tuple(files))


def _file(kind: str, payload: Document) -> Attachment | None:
    url = _url(payload.get("url")) or _url(payload.get("thumbnail"))
    if not url:
        return None
    name = text(payload.get("name"))[:_LONGEST_NAME]
    guessed, _ = mimetypes.guess_type(name or urlsplit(url).path)
    return Attachment(
        guessed or _KINDS[kind],
        url,
        name,
        size=number(payload.get("size"), _DIGITS),
    )


def _place(payload: Document) -> str:
    """Return a place as a link that maps open (RFC 5870)."""
    found = part(payload.get("coordinates"))
    pair: list[str] = []
    for name in ("latitude", "longitude"):
        try:
            degrees = float(text(found.get(name)))
        except ValueError:
            return ""
        if not abs(degrees) <= _HALF_ROUND:  # (nor is NaN)
            return ""
        pair.append(f"{degrees:.7f}".rstrip("0").rstrip("."))
    return f"geo:{','.join(pair)}"


def _described(payload: Document) -> list[str]:
    """Return what is told of a page, or of somebody; a card's details are JSON in its text."""
    told = text(payload.get("description"))
    card = parsed(told)
    lines = [text(card.get("caption")), text(card.get("phone"))] if card else [told]
    return [text(payload.get("title")), *lines, _url(payload.get("url"))]


def _url(value: object) -> str:
    url = text(value)
    if len(url) > _LONGEST_URL or not url.isprintable():
        return ""
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        return ""
    return url if scheme in ("https", "http") else ""
