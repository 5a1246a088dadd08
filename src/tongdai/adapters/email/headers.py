"""The fields above a mail's body: cut, decoded, taken apart.

Rule: whatever the bytes are, there is an answer, in time that grows with their number alone. Fields
are written by anybody: what cannot be read is given as it stands, or as nothing, and never raised.

The standard library's parser is not used for this. Its modern policy is quadratic in a long field,
its structure parser is as deep as the mail says, and a charset that it does not know is raised.
"""

from __future__ import annotations

import binascii
import codecs
import re
from calendar import timegm
from datetime import UTC, datetime
from email.utils import parsedate_tz
from functools import lru_cache
from importlib import import_module
from typing import Final, cast
from unicodedata import normalize
from urllib.parse import unquote_to_bytes

import attrs

from tongdai.model.time import Instant, instant

LONGEST_FIELD: Final = 16_384  # bytes of one field
_LONGEST_HEAD: Final = 2**19  # bytes above a body
_MOST_LINES: Final = 5_000  # above a body
_LONGEST_PEOPLE: Final = 4_000  # characters of a list of addresses
_LONGEST_ADDRESS: Final = 254  # RFC 5321, 4.5.3.1.3
_MOST_ADDRESSES: Final = 50
_MOST_PIECES: Final = 100  # of such a list, addresses or not
_MOST_PARAMETERS: Final = 32
_MOST_IDS: Final = 200
_MOST_BASE64: Final = 1_000

_NAME = re.compile(rb"([!-9;-~]{1,128})[ \t]{0,8}:")
_NO_MORE = re.compile(rb"\n\r?\n")
_WORD = re.compile(r"=\?([^?\s*]{1,64})(?:\*[^?\s]{0,32})?\?([bBqQ])\?([^?]*)\?=")
_CHARSET = re.compile(r"[a-z0-9][a-z0-9_.:+-]{0,39}")
_WINDOWS: Final = "".join(bytes([byte]).decode("cp1252", "replace") for byte in range(256))
_ATOM = r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}"
_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
_QUOTED = rf'"(?:[^"\\{_CONTROL}]|\\[^{_CONTROL}]){{1,62}}"'
_LABEL = r"[^\s@<>()\[\],;:\\\"/#?%&=\x00-\x2c\x7f]{1,253}"
_CONTROLS = re.compile(rf"[{_CONTROL}]+")
_DOMAIN = re.compile(_LABEL)
_MAILBOX = re.compile(rf"({_ATOM}|{_QUOTED})@({_LABEL})")
_ID = re.compile(r"<([^<>\s]{1,250})>")
_BARE_ID = re.compile(r"[^@]{1,200}@.{1,200}")
_BETWEEN_IDS = re.compile(r"[<>\s,;]+")
_COMMENT = re.compile(r"\((?:[^()\\]|\\.)*\)")
_COMMENTS = r"\((?:[^()\\]++|\\.|\((?:[^()\\]++|\\.)*+\))*+\)"
_OTHERS = rf"{_COMMENTS}|<[^>]*>?|[^\"(<,;:]+|."
_UNCLOSED = re.compile(_OTHERS, re.DOTALL)
_PIECE = re.compile(rf'"(?:[^"\\]++|\\.)*+"|{_OTHERS}', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SECTION = re.compile(r"([^*]+)\*(\d{1,2})?(\*)?")

_CALLED: Final = {
    # what is written, and what is meant (as https://encoding.spec.whatwg.org has it)
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "iso-8859-1": "cp1252",
    "iso8859-1": "cp1252",
    "latin1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "ks_c_5601-1987": "cp949",
    "euc-kr": "cp949",
    "iso-8859-8-i": "iso-8859-8",
    "unicode-1-1-utf-8": "utf-8",
    "utf8mb4": "utf-8",
    "x-unknown": "utf-8",
}
_NO_CHARSETS: Final = frozenset(
    [
        *("idna", "punycode", "unicode-escape", "unicode_escape", "raw-unicode-escape"),
        *("raw_unicode_escape", "mbcs", "oem", "unicode_internal", "charmap", "undefined"),
        # slow where they are wrong, and nobody writes mail in them
        *("utf-7", "utf_7", "utf-32", "utf-32-be", "utf-32-le"),
    ]
)


# --- text -----------------------------------------------------------------------------------------


def decoded(data: bytes, charset: str = "") -> str:
    """Return bytes as text: in the charset that is told, or as near to it as they can be read.

    What is no text in its charset is read as UTF-8, and if it is no UTF-8 either, as Windows-1252,
    which has nearly no byte that says nothing.
    """
    name = charset.strip(" \t\"'").lower()
    codec = _codec(_CALLED.get(name, name)) or "utf-8"
    for tried in dict.fromkeys(
        ("ascii", "utf-8", codec) if codec == "cp1252" else (codec, "utf-8")
    ):
        try:
            text = _whole(data.decode(tried))
            # (in this one Vietnamese letters are written in two pieces)
            return normalize("NFC", text) if tried == "cp1258" else text
        except (UnicodeError, ValueError):
            continue
    if codec in ("utf-8", "cp1252"):
        broken = data.decode("utf-8", "replace") if _mostly_utf8(data) else _windows(data)
        return _whole(broken)
    if table := _table(codec):
        return codecs.charmap_decode(data, "strict", cast("dict[int, int]", table))[0]
    try:
        return _whole(data.decode(codec, "replace"))
    except (UnicodeError, ValueError):  # (a codec may refuse altogether)
        return _windows(data)


def _table(codec: str) -> str:
    """Return what each byte means, where a byte is a character; told so it is read at once."""
    try:
        module = import_module(f"encodings.{codec.replace('-', '_')}")
    except ImportError:
        return ""
    return str(getattr(module, "decoding_table", "")).replace("\ufffe", "\ufffd")


def _codec(name: str) -> str:
    if not _CHARSET.fullmatch(name) or name in _NO_CHARSETS:
        return ""
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        return ""
    return "" if found in _NO_CHARSETS or not _makes_text(found) else found


def _makes_text(codec: str) -> bool:
    try:
        b"x".decode(codec)
    except UnicodeError:
        return True  # (two bytes are a character there)
    except (LookupError, ValueError, TypeError):
        return False  # (`hex` and the like are codecs as well)
    return True


def _mostly_utf8(data: bytes) -> bool:
    """Return whether a sample is UTF-8 but for a few bytes: cut through, say."""
    told = data[:4_096].decode("utf-8", "replace")
    odd = told.count("\ufffd")
    return odd * 3 <= sum(not one.isascii() for one in told)


def _windows(data: bytes) -> str:
    """Return bytes as Windows-1252; what says nothing there is a mark of that."""
    # (a text is a mapping, too, and by far the quickest; the stubs do not know)
    return codecs.charmap_decode(data, "strict", cast("dict[int, int]", _WINDOWS))[0]


def _whole(text: str) -> str:
    """Take out half characters (lone surrogates), which some codecs let through."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def words(text: str) -> str:
    """Return the text of a field, its encoded words (RFC 2047) read, without control characters."""
    if "=?" in text:
        text = _read_words(text)
    return _CONTROLS.sub(" ", text).strip()


def _read_words(text: str) -> str:
    out: list[str] = []
    gathered = b""
    charset = ""
    end = 0
    for found in _WORD.finditer(text):
        between = text[end : found.start()]
        try:
            data = _word(found[2], found[3])
        except ValueError:
            continue
        end = found.end()
        told = found[1].lower()
        if between.strip() or (gathered and told != charset) or not out:
            # (blanks between two encoded words are nothing)
            out.append(decoded(gathered, charset) if gathered else "")
            out.append(between if between.strip() or len(out) == 1 else "")
            gathered = b""
        gathered += data
        charset = told
    out.append(decoded(gathered, charset) if gathered else "")
    out.append(text[end:])
    return "".join(out)


def _word(encoding: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    if encoding in "qQ":
        return binascii.a2b_qp(data, header=True)
    return base64(data)


_NOT_BASE64: Final = bytes(
    byte
    for byte in range(256)
    if byte not in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
)


def base64(data: bytes) -> bytes:
    """Return what base64 says, as far as it can be read."""
    data = data.translate(None, _NOT_BASE64).rstrip(b"=")
    if b"=" in data:  # several, one behind the other
        *pieces, last = data.split(b"=", _MOST_BASE64)
        return b"".join(map(base64, (*pieces, last.replace(b"=", b""))))
    if len(data) % 4 == 1:
        data = data[:-1]
    return binascii.a2b_base64(data + b"=" * (-len(data) % 4))


def is_header_safe(text: object) -> bool:
    """Return whether a text can stand in a field: no line break, no control character."""
    return isinstance(text, str) and not _CONTROLS.search(text) and _whole(text) == text


# --- fields ---------------------------------------------------------------------------------------


@attrs.frozen
class Headers:
    """Fields in order: names in small letters, values unfolded."""

    fields: tuple[tuple[str, str], ...] = attrs.field(default=(), repr=False)

    def get(self, name: str) -> str:
        """Return the first field of a name as it stands, or nothing."""
        return next((value for known, value in self.fields if known == name), "")

    def all(self, name: str) -> list[str]:
        """Return all fields of a name."""
        return [value for known, value in self.fields if known == name]

    def has(self, name: str) -> bool:
        """Return whether there is a field of a name, be it empty."""
        return any(known == name for known, _ in self.fields)

    def text(self, name: str) -> str:
        """Return the first field of a name as people read it."""
        return words(self.get(name))


def headers(data: memoryview, most: int, most_lines: int = _MOST_LINES) -> tuple[Headers, int]:
    """Cut the fields off; return them, and where the body begins.

    Args:
        data: a mail, or a part of one.
        most: how many fields are read.
        most_lines: over how many lines.
    """
    found: list[tuple[str, bytearray]] = []
    at = 0
    whole = bytes(data[:_LONGEST_HEAD])
    end = len(whole)
    for _ in range(most_lines):
        if at >= end:
            return _headers(found), end
        stop = whole.find(b"\n", at)
        stop = end if stop < 0 else stop + 1
        line = whole[at : min(stop, at + LONGEST_FIELD)].rstrip(b"\r\n")
        if not line:
            return _headers(found), stop
        if line[:1] in b" \t" and found:
            value = found[-1][1]
            if len(value) < LONGEST_FIELD:
                value += b" " + line.strip()
        elif name := _NAME.match(line):
            if len(found) >= most:
                break
            key = name[1].decode("ascii").lower()
            found.append((key, bytearray(line[name.end() :].strip())))
        elif not (at == 0 and line.startswith((b"From ", b">From "))):
            return _headers(found), at  # no field: somebody forgot the empty line
        at = stop
    body = _NO_MORE.search(whole, max(0, at - 1))  # (that is enough of them)
    return _headers(found), body.end() if body else end


def _headers(found: list[tuple[str, bytearray]]) -> Headers:
    return Headers(tuple((name, decoded(bytes(value[:LONGEST_FIELD]))) for name, value in found))


def parameters(value: str) -> tuple[str, dict[str, str]]:
    """Return what stands first in a field, in small letters, and its parameters (RFC 2231)."""
    first, *rest = _split(value, ";", _MOST_PARAMETERS)
    found: dict[str, str] = {}
    pieces: dict[str, dict[int, tuple[bool, str]]] = {}
    for piece in rest:
        name, sign, told = piece.partition("=")
        name = name.strip().lower()
        if not sign or not name:
            continue
        told = _unquoted(told.strip())
        section = _SECTION.fullmatch(name)
        if section is None:
            found.setdefault(name, words(told))
        else:
            encoded = section[3] is not None or section[2] is None
            pieces.setdefault(section[1], {})[int(section[2] or 0)] = encoded, told
    for name, sections in pieces.items():
        found[name] = _joined(sections)
    return first.strip().lower(), found


def _joined(sections: dict[int, tuple[bool, str]]) -> str:
    charset = ""
    data = b""
    for number in sorted(sections):
        encoded, told = sections[number]
        if encoded and number == min(sections) and told.count("'") > 1:
            charset, _, told = told.split("'", 2)
        data += unquote_to_bytes(told) if encoded else told.encode("utf-8", "replace")
    return _CONTROLS.sub(" ", decoded(data, charset or "utf-8"))


def _split(value: str, sign: str, most: int) -> list[str]:
    """Split at a sign that stands outside of quotes."""
    if '"' not in value:
        return value.split(sign, most)
    out: list[str] = []
    begin = 0
    quoted = escaped = False
    for at, one in enumerate(value):
        if escaped:
            escaped = False
        elif one == "\\":
            escaped = quoted
        elif one == '"':
            quoted = not quoted
        elif one == sign and not quoted:
            out.append(value[begin:at])
            begin = at + 1
            if len(out) >= most:
                break
    out.append(value[begin:])
    return out


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    inner = re.match(r'"((?:[^"\\]|\\.)*)', text, re.DOTALL)
    return re.sub(r"\\(.)", r"\1", inner[1], flags=re.DOTALL) if inner else text


# --- addresses, ids, dates ------------------------------------------------------------------------


def mailbox(text: str) -> str:
    """Return an address in its one form, or nothing where it is none.

    Small letters; the domain as it is looked up (IDNA). The part before the @ is kept as it is
    written but for its case, which no provider of note minds.
    """
    text = text.strip()
    found = _MAILBOX.fullmatch(text) if len(text) <= _LONGEST_ADDRESS else None
    if found is None:
        return ""
    domain = found[2].lower().rstrip(".")
    if not domain.isascii():
        domain = _looked_up(domain)
    if ".." in domain or domain.startswith((".", "-")) or not domain:
        return ""
    return f"{_whole(found[1]).lower()}@{domain}"


@lru_cache(256)  # (a mail names its sender many times over, and this takes long)
def _looked_up(domain: str) -> str:
    try:
        found = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
    # (it makes a comma, an @, a > of a wide one, which would be another address, or several)
    return found if _DOMAIN.fullmatch(found) else ""


def addresses(value: str) -> list[tuple[str, str]]:
    """Return names and addresses of a field (`mailbox`), in order; what is none is left out."""
    found: list[tuple[str, str]] = []
    before = ""
    for piece in _pieces(value[:_LONGEST_PEOPLE])[:_MOST_PIECES]:
        bare, inside, comment = piece
        text = inside or bare
        text = text.rpartition(":")[2] if text.startswith("@") else text  # (a route, RFC 822)
        text = _COMMENT.sub("", text) if "(" in text else text
        address = mailbox(text)
        if not address and not inside:
            address = next((mailbox(word) for word in bare.split() if "@" in word), "")
        name = words(bare if inside else comment).strip("\"' ")
        if address:
            full = f"{before}, {name}" if before and inside else name
            found.append((full, address))
            before = ""
        else:
            before = name or words(bare)
        if len(found) >= _MOST_ADDRESSES:
            break
    return found


def _pieces(value: str) -> list[tuple[str, str, str]]:
    """Cut a list of addresses: what stands outside, in angle brackets, and in comments."""
    out: list[tuple[str, str, str]] = []
    bare = inside = note = ""
    pattern = _PIECE
    at = 0
    while found := pattern.match(value, at):
        piece = found[0]
        at = found.end()
        if piece == '"':  # it is never closed, and then no other is: each is an escaped one
            pattern = _UNCLOSED
        if piece in ",;":
            out.append((bare.strip(), inside, note))
            bare = inside = note = ""
        elif piece == ":":
            bare = ""  # (that was a group's name)
        elif piece[0] == "<":
            inside = inside or piece.strip("<> ")
        elif piece[0] == "(":
            note = note or _unescaped(piece[1:].removesuffix(")"))
        elif piece[0] == '"' and "@" not in value[found.end() : found.end() + 1]:
            bare += _unescaped(piece.strip('"'))
        else:
            bare += piece
    out.append((bare.strip(), inside, note))
    return out


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def ids(*values: str) -> list[str]:
    """Return message ids in order, without their brackets, each once."""
    found: dict[str, None] = {}
    for value in values:
        near = _ID.findall(value) or filter(_BARE_ID.fullmatch, _BETWEEN_IDS.split(value))
        for one in near:
            if "@" in one or _ID.search(value):
                found[_CONTROLS.sub("", one)] = None
    several = list(found)
    # the oldest, and the newest: what lies between says the least
    return several if len(several) <= _MOST_IDS else [several[0], *several[1 - _MOST_IDS :]]


def date(value: str) -> Instant | None:
    """Return the instant of a date, or nothing where it is none."""
    try:
        parsed = parsedate_tz(value[:200])
        if parsed is None:
            return None
        moment = datetime.fromtimestamp(timegm((*parsed[:6], 0, 0, 0)) - (parsed[9] or 0), UTC)
        return instant(moment)
    except (ValueError, TypeError, IndexError, OverflowError, OSError):
        return None
