"""A mail taken apart: what is text in it, what is a file, what is a report.

Rule: bounded before it is begun. So many levels, so many parts; what is deeper or more stays whole,
as a file or in the raw bytes, and is never taken apart.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import Final

import attrs

from tongdai.adapters.email.account import Limits
from tongdai.adapters.email.headers import Headers, base64, decoded, headers, parameters, words

_MOST_PART_LINES: Final = 200  # of fields above a part
_MOST_UU_LINES: Final = 100_000
_LONGEST_NAME: Final = 120
_LONGEST_BOUNDARY: Final = 200  # RFC 2046 allows 70
_LONGEST_FLOWED: Final = 10_000  # lines

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]+')
_BREAKS = re.compile(r"\r\n?")

KINDS: Final = {
    "application/ms-tnef": ("winmail", "dat"),
    "text/calendar": ("invitation", "ics"),
    "message/rfc822": ("message", "eml"),
    "message/global": ("message", "eml"),
    "text/html": ("page", "html"),
    "text/plain": ("text", "txt"),
    "image/jpeg": ("image", "jpg"),
    "image/png": ("image", "png"),
    "image/gif": ("image", "gif"),
    "application/pdf": ("document", "pdf"),
}
"""How a file is called that has no name of its own."""


@attrs.frozen
class File:
    """A file in a mail, or one that goes with it.

    Attributes:
        name: what it is called; no path, no control characters, nothing that turns text around.
        kind: its media type.
        data: its bytes.
        inline: its Content-ID, where the text shows it in some place; else empty.
    """

    name: str = attrs.field(repr=False)
    kind: str
    data: bytes = attrs.field(repr=False)
    inline: str = attrs.field(default="", repr=False)


@attrs.frozen
class Part:
    """A part of a mail.

    Attributes:
        kind: its media type, in small letters; `text/plain` where it says none.
        parameters: of its media type.
        headers: its fields.
        body: its bytes as they stand.
        parts: what it is made of, if it is made of parts.
    """

    kind: str
    parameters: dict[str, str] = attrs.field(repr=False)
    headers: Headers = attrs.field(repr=False)
    body: memoryview = attrs.field(repr=False)
    parts: tuple[Part, ...] = attrs.field(default=(), repr=False)

    def data(self) -> bytes:
        """Return its bytes, decoded as it says."""
        encoding = words(self.headers.get("content-transfer-encoding")).lower().strip(" ;\"'")
        body = bytes(self.body)
        if encoding == "base64":
            return base64(body)
        if encoding == "quoted-printable":
            return binascii.a2b_qp(body)
        if encoding in ("x-uuencode", "uuencode", "x-uue"):
            return _uudecoded(body)
        return body

    def text(self, most: int) -> str:
        """Return its text: at most so many characters, its lines ended by line feeds."""
        text = decoded(self.data()[: most * 4], self.parameters.get("charset", ""))[:most]
        text = _BREAKS.sub("\n", text).replace("\0", "")
        if self.parameters.get("format", "").lower() == "flowed" and self.kind == "text/plain":
            text = _unflowed(text, joined=self.parameters.get("delsp", "").lower() == "yes")
        return text

    def walk(self) -> Iterator[Part]:
        """Go through it and all that it is made of, in order."""
        yield self
        for part in self.parts:
            yield from part.walk()

    @property
    def disposition(self) -> str:
        """How it is to be shown: `inline`, `attachment`, or nothing."""
        return parameters(self.headers.get("content-disposition"))[0]

    @property
    def name(self) -> str:
        """What its file is called, as it says itself."""
        _, told = parameters(self.headers.get("content-disposition"))
        name = told.get("filename") or self.parameters.get("name", "")
        return words(name) if name else ""

    def file(self) -> File:
        """Return it as a file."""
        cid = words(self.headers.get("content-id")).strip("<> ")[:200]
        kind = self.kind if _KIND.fullmatch(self.kind) else "application/octet-stream"
        name = self.name
        if kind in ("message/rfc822", "message/global"):
            inner, _ = headers(memoryview(bytes(self.body[:65_536])), 100)
            name = name or (f"{inner.text('subject')}.eml" if inner.has("subject") else "")
        return File(safe_name(name, kind), kind, self.data(), cid)


_KIND = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,80}")


class _Budget:
    """How many parts may still be taken apart."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.left = limits.parts


def parse(raw: bytes, limits: Limits) -> Part:
    """Take a mail apart."""
    begin = len(raw) - len(raw.lstrip(b" \t\r\n"))  # (some begin with empty lines)
    return _part(memoryview(raw)[begin:], _Budget(limits), limits.depth, "text/plain")


def _part(data: memoryview, budget: _Budget, deeper: int, usual: str) -> Part:
    most = budget.limits.headers
    if deeper == budget.limits.depth:
        fields, begin = headers(data, most)
    else:
        fields, begin = headers(data, -(-most // 5), _MOST_PART_LINES)
    kind, told = parameters(fields.get("content-type"))
    if "/" not in kind:
        kind = usual if kind in ("", "text") else "application/octet-stream"
        kind = "text/plain" if fields.get("content-type").lower().strip() == "text" else kind
    body = data[begin:]
    parts: tuple[Part, ...] = ()
    boundary = told.get("boundary", "")
    if kind.startswith("multipart/"):
        usual = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        if boundary and deeper > 0:
            parts = tuple(
                _part(piece, budget, deeper - 1, usual) for piece in _pieces(body, boundary, budget)
            )
        if not parts:
            # what says that it is made of parts and is not: its bytes are its text
            kind = "text/plain" if deeper > 0 else "application/octet-stream"
    return Part(kind, told, fields, body, parts)


def _pieces(body: memoryview, boundary: str, budget: _Budget) -> list[memoryview]:
    sign = boundary.encode("utf-8", "replace")[:_LONGEST_BOUNDARY].rstrip()
    line = re.compile(rb"\n--" + re.escape(sign) + rb"(--)?[ \t]{0,80}(?=\r?\n|\r?\Z)")
    out: list[memoryview] = []
    begin = -1
    first = re.match(rb"--" + re.escape(sign) + rb"(--)?[ \t]{0,80}\r?\n", body)
    if first:
        begin = first.end()
    at = 0
    while budget.left > 0:
        found = line.search(body, at)
        if found is None:
            break
        if begin >= 0:
            stop = found.start()
            budget.left -= 1
            stop = stop - 1 if stop > begin and body[stop - 1] == 13 else stop  # noqa: PLR2004 - CR
            out.append(body[begin : max(begin, stop)])
        if found[1]:
            return out
        begin = found.end()
        begin += bytes(body[begin : begin + 2]).startswith(b"\r")
        at = begin
        begin = min(len(body), begin + 1)
    if begin >= 0 and budget.left > 0:  # the last one was never closed
        budget.left -= 1
        out.append(body[begin:])
    return out


def _uudecoded(body: bytes) -> bytes:
    out: list[bytes] = []
    begun = False
    for line in body.split(b"\n", _MOST_UU_LINES):
        if not begun:
            begun = line.startswith(b"begin ")
            continue
        if line.strip() in (b"end", b"`", b""):
            break
        try:
            out.append(binascii.a2b_uu(line.rstrip(b"\r")))
        except binascii.Error:
            size = (((line[0] - 32) & 63) * 4 + 5) // 3  # (some write too much)
            try:
                out.append(binascii.a2b_uu(line[:size]))
            except binascii.Error:
                break
    return b"".join(out) if begun else body


def _unflowed(text: str, *, joined: bool) -> str:
    """Put lines together that were broken to be sent (RFC 3676)."""
    lines = text.split("\n", _LONGEST_FLOWED)
    if len(lines) > _LONGEST_FLOWED:
        return text
    out: list[list[str]] = []  # lines, each in its pieces
    open_at = -1
    for line in lines:
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        bare = bare.removeprefix(" ")
        soft = bare.endswith(" ") and bare != "-- "
        if depth == open_at and bare != "-- ":
            out[-1].append(bare[:-1] if soft and joined else bare)
        else:
            mark = ">" * depth + " " if depth else ""
            out.append([mark, bare[:-1] if soft and joined else bare])
        open_at = depth if soft else -1
    return "\n".join(map("".join, out))


def safe_name(name: str, kind: str = "") -> str:
    """Return a name that a file may have anywhere: no path, nothing that nobody sees.

    Args:
        name: what somebody calls it.
        kind: its media type; where it has no name, it is called after that.
    """
    name = name.replace("\\", "/").rpartition("/")[2]
    name = _UNSAFE.sub("_", name.encode("utf-8", "replace").decode()).strip(" ._")
    if not name:
        stem, end = KINDS.get(kind, ("file", "bin"))
        return f"{stem}.{end}"
    if len(name) > _LONGEST_NAME:
        stem, dot, end = name.rpartition(".")
        whole = dot and len(end) <= 10  # noqa: PLR2004 - longer is no ending
        name = f"{stem[: _LONGEST_NAME - len(end) - 1]}.{end}" if whole else name[:_LONGEST_NAME]
    return name


# --- which part is what ---------------------------------------------------------------------------


@attrs.define
class Taken:
    """What is in a mail: texts and pages in order, and files."""

    plain: list[str] = attrs.field(factory=list[str])
    pages: list[str] = attrs.field(factory=list[str])
    files: list[Part] = attrs.field(factory=list[Part])


def take(part: Part, limits: Limits) -> Taken:
    """Sort the parts of a mail into text and files."""
    taken = Taken()
    _sort(part, taken, limits)
    del taken.files[limits.files :]
    return taken


def _sort(part: Part, taken: Taken, limits: Limits) -> None:
    if part.parts:
        if part.kind == "multipart/alternative":
            _choose(part, taken, limits)
        else:
            for inner in part.parts:
                _sort(inner, taken, limits)
    elif _is_shown(part):
        text = part.text(limits.text)
        if part.kind == "text/html":
            taken.pages.append(text)
            taken.plain.append("")  # (its place)
        elif text.strip():
            taken.plain.append(text)
    elif part.kind not in ("message/delivery-status", "message/disposition-notification"):
        taken.files.append(part)


def _is_shown(part: Part) -> bool:
    return (
        part.kind in ("text/plain", "text/html")
        and part.disposition != "attachment"
        and not part.name
    )


def _choose(part: Part, taken: Taken, limits: Limits) -> None:
    """Take one of several that say the same: the plain one, where it says something."""
    several = [Taken() for _ in part.parts]
    for inner, one in zip(part.parts, several, strict=True):
        _sort(inner, one, limits)
    plain = next((one for one in several if any(text.strip() for text in one.plain)), None)
    page = next((one for one in reversed(several) if one.pages), None)
    if plain is not None and not plain.pages:
        taken.plain += plain.plain
        taken.pages += page.pages if page else []
    else:
        chosen = page or plain
        if chosen is not None:
            taken.plain += chosen.plain
            taken.pages += chosen.pages
    for one in several:
        taken.files += one.files
