"""HTML as text, and HTML that may be shown.

Rule: what a reader does not see is not in the text (scripts, styles, hidden parts, pictures of one
pixel); what a reader would follow is (a link's target, where its words do not say it). It takes
time in proportion to the length, whatever stands in it: `html.parser` does not, in all versions.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from html import unescape
from importlib import import_module
from typing import Any, Final

from tongdai.errors import ConfigurationError

LONGEST: Final = 1_000_000  # characters of a page that are looked at
MOST_TAGS: Final = 15_000
_MOST_LINES: Final = 20_000
_LONGEST_TAG: Final = 20_000
_LONGEST_LINK: Final = 2_000

_UNSEEN: Final = frozenset(
    [
        *("script", "style", "head", "title", "template", "svg", "object", "iframe"),
        *("math", "audio", "video", "canvas", "select", "textarea", "map"),
    ]
)
_RAW: Final = frozenset(["script", "style", "title", "textarea", "iframe"])
_VOID: Final = frozenset(
    ["br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "wbr"]
)
_BLOCKS: Final = frozenset(
    ["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "table", "pre", "hr", "dl"]
)
_LINES: Final = frozenset(
    [
        *("div", "tr", "li", "dt", "dd", "section", "article", "header", "footer", "address"),
        *("main", "center", "caption", "figure", "figcaption", "tbody", "thead", "aside", "nav"),
        "form",
    ]
)
_TAG = re.compile(r"</?([a-zA-Z][a-zA-Z0-9]{0,30})")
_ATTRIBUTE = re.compile(
    r"""[\s/]([a-zA-Z][a-zA-Z-]{0,30})(?:\s{0,9}=\s{0,9}("[^"]*"|'[^']*'|[^\s"'>]+))?"""
)
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all", re.IGNORECASE
)
_TINY = re.compile(
    r"(?:^|;)\s*(?:font-size|max-height|opacity)\s*:\s*0(?:px|pt|em|%)?\s*(?:;|$|!)", re.IGNORECASE
)
_TOO_LONG = re.compile(r"&#0*+(?:[0-9]{8,}|[xX]0*+[0-9a-fA-F]{7,});?")
_BLANKS = re.compile(r"[ \t\r\n\f\xa0\u200b\u200c\ufeff\u00ad\u034f]+")
_SAFE_LINK = re.compile(r"(?:https?|mailto|tel):", re.IGNORECASE)


class _Text:
    """Text as it is put together: lines, blanks between words, marks of quotes."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.blank = False  # whether a blank stands before the next word
        self.depth = 0  # of quotes

    def add(self, text: str) -> None:
        """Add words; blanks between them are one blank each."""
        text = _BLANKS.sub(" ", text)
        if text.startswith(" "):
            self.blank = True
            text = text[1:]
        if not text:
            return
        if self.blank and self.line:
            self.line.append(" ")
        self.blank = text.endswith(" ")
        self.line.append(text.removesuffix(" "))

    def put(self, text: str) -> None:
        """Add text as it stands."""
        first, *rest = text.split("\n", _MOST_LINES)
        self.line.append(first)
        for line in rest:
            self.end()
            self.line.append(line)

    def end(self, *, always: bool = True) -> None:
        """End the line; where nothing stands in it, only if told so."""
        if self.line or always:
            text = "".join(self.line).rstrip()
            self.lines.append((">" * self.depth + " " + text).rstrip() if self.depth else text)
        self.line.clear()
        self.blank = False

    def gap(self) -> None:
        """End the line, and leave one empty."""
        self.end(always=False)
        if self.lines and not self.lines[-1].strip("> "):
            self.lines[-1] = ">" * self.depth  # (a quote may have ended meanwhile)
        elif self.lines:
            self.end()

    def told(self) -> str:
        """Return it."""
        self.end(always=False)
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self.lines)).strip("\n")


class _Reader:
    """Goes through a page, tag by tag."""

    def __init__(self, page: str) -> None:
        self.page = page
        self.out = _Text()
        self.links: list[tuple[str, int]] = []  # target, and where its words begin; one at most
        self.lists: list[int] = []  # number of the last point; -1 where points have none
        self.unseen: list[str] = []  # open elements, from the first that is not seen
        self.holding: Counter[str] = Counter()  # open elements that are seen
        self.preformatted = 0

    def read(self) -> str:
        page = self.page
        at = 0
        for _ in range(MOST_TAGS):
            begin = page.find("<", at)
            if begin < 0:
                break
            if begin > at:
                self.text(page[at:begin])
            at = self.markup(begin)
            if at < 0:
                return self.out.told()
        rest = page[at:]
        if "<" in rest:  # too many tags: what is left, without them
            rest = re.sub(r"<[^<>]{0,2000}>", " ", rest[: LONGEST // 10])
        self.text(rest)
        return self.out.told()

    def markup(self, begin: int) -> int:
        """Read what begins with an angle bracket; return where it ends, or -1 where all ends."""
        page = self.page
        if page.startswith("<!--", begin):
            found = _COMMENT_END.search(page, begin + 2)
            return found.end() if found else -1
        name = _TAG.match(page, begin)
        if name is None:
            if page.startswith(("<!", "<?", "</"), begin):
                end = page.find(">", begin, begin + _LONGEST_TAG)
                return end + 1 if end >= 0 else begin + 2
            self.text("<")
            return begin + 1
        end = self.tag_end(name.end())
        tag = name[1].lower()
        if page.startswith("</", begin):
            self.close(tag)
            return end
        attributes = page[name.end() : end - 1]
        self.open(tag, attributes)
        if tag in _RAW:
            stop = self.raw_end(tag, end)
            self.close(tag)
            return stop
        return end

    def tag_end(self, at: int) -> int:
        """Return where a tag ends: behind its bracket that stands in no quotes."""
        page = self.page
        most = min(len(page), at + _LONGEST_TAG)
        simple = page.find(">", at, most)
        if simple < 0:
            return most
        if '"' not in page[at:simple] and "'" not in page[at:simple]:
            return simple + 1
        found = _TAG_END.match(page, at, most)
        return found.end() if found else simple + 1

    def raw_end(self, tag: str, at: int) -> int:
        end = _RAW_ENDS[tag].search(self.page, at)
        if end is None:
            return len(self.page)
        close = self.page.find(">", end.end())
        return close + 1 if close >= 0 else len(self.page)

    def text(self, text: str) -> None:
        if self.unseen == ["head"] and text.strip():
            self.unseen.clear()  # (its end need not be written)
        if self.unseen:
            return
        text = _unescaped(text)
        if self.preformatted:
            self.out.put(text.replace("\r", ""))
        else:
            self.out.add(text)

    def open(self, tag: str, attributes: str) -> None:
        told = _attributes(attributes) if tag in _LOOKED_AT or _HIDES.search(attributes) else {}
        while self.unseen and tag in _ENDED_BY.get(self.unseen[-1], ()):
            self.unseen.pop()
        if self.unseen == ["head"] and tag not in _IN_HEAD:
            self.unseen.clear()
        if self.unseen:
            if tag not in _VOID and len(self.unseen) < MOST_TAGS:
                self.unseen.append(tag)
            return
        hidden = tag in _UNSEEN or "hidden" in told or _is_hidden(told.get("style", ""))
        if hidden:
            if tag not in _VOID:
                self.unseen.append(tag)
            return
        if tag in _HOLDING:
            self.holding[tag] += 1
        self.begin(tag, told)

    def begin(self, tag: str, told: dict[str, str]) -> None:
        out = self.out
        if tag == "br":
            out.end()
        elif tag == "li":
            out.end(always=False)
            number = self.lists[-1] if self.lists else -1
            if number >= 0:
                self.lists[-1] = number = number + 1
            out.line.append(f"{number}. " if number > 0 else "- ")
        elif tag in ("td", "th"):
            if out.line:
                out.line.append("  ")
                out.blank = False
        elif tag == "img":
            self.picture(told)
        elif tag == "a":
            self.close("a")  # (there is none in another)
            self.links.append((told.get("href", "").strip(), len(out.line)))
        elif tag in _BLOCKS:
            out.gap()
            self.deeper(tag)
        elif tag in _LINES:
            out.end(always=False)

    def deeper(self, tag: str) -> None:
        if tag == "hr":
            self.out.put("---")
            self.out.gap()
        elif tag == "blockquote":
            self.out.depth = min(self.out.depth + 1, 20)
        elif tag in ("ul", "ol"):
            self.lists.append(0 if tag == "ol" else -1)
        elif tag == "pre":
            self.preformatted += 1

    def close(self, tag: str) -> None:
        if self.unseen and not self.seen(tag):
            return
        if self.holding[tag]:
            self.holding[tag] -= 1
        out = self.out
        if tag == "a" and self.links:
            self.link(*self.links.pop())
        elif tag in _BLOCKS:
            out.end(always=False)
            if tag == "blockquote":
                out.depth = max(0, out.depth - 1)
            elif tag in ("ul", "ol") and self.lists:
                self.lists.pop()
            elif tag == "pre":
                self.preformatted = max(0, self.preformatted - 1)
            out.gap()
        elif tag in _LINES:
            out.end(always=False)

    def seen(self, tag: str) -> bool:
        """Leave an element inside of what is not seen; left-open ones inside it end with it.

        What holds the unseen ends it, too; return whether that is what ended.
        """
        for back in range(1, min(len(self.unseen), 50) + 1):
            if self.unseen[-back] == tag:
                del self.unseen[-back:]
                return False
        if not self.holding[tag] or not _WALLS.isdisjoint(self.unseen[-50:]):
            return False
        self.unseen.clear()
        return True

    def link(self, target: str, begin: int) -> None:
        said = "".join(self.out.line[begin:]).strip()
        if not _SAFE_LINK.match(target) or len(target) > _LONGEST_LINK:
            return
        bare = target.removeprefix("mailto:").removeprefix("tel:")
        if _bare(bare) == _bare(said):
            return
        self.out.line.append(f" <{bare}>" if said else f"<{bare}>")

    def picture(self, told: dict[str, str]) -> None:
        if told.get("width") in ("0", "1") or told.get("height") in ("0", "1"):
            return  # (it tells its sender who reads when)
        alt = _BLANKS.sub(" ", told.get("alt", "")).strip()
        if alt:
            self.out.add(f"[{alt[:500]}]")


_LOOKED_AT: Final = frozenset(["a", "img"])
_COMMENT_END = re.compile(r"--!?>")
_IN_HEAD: Final = frozenset(
    [*("base", "link", "meta", "noscript", "script", "style", "template", "title", "object")]
)
_HOLDING: Final = _BLOCKS | _LINES | {"td", "th"}
_WALLS: Final = frozenset(["table", "td", "th", "caption", "template", "object", "svg", "select"])
"""Elements out of which no end of another leads."""
_CELL: Final = frozenset(["td", "th", "tr", "tbody", "thead", "tfoot"])
_ENDED_BY: Final = {
    # elements whose end need not be written, and what begins after them
    "p": _BLOCKS | (_LINES - _CELL - {"li", "dt", "dd", "caption"}),
    "li": frozenset(["li"]),
    "dt": frozenset(["dt", "dd"]),
    "dd": frozenset(["dt", "dd"]),
    "td": _CELL,
    "th": _CELL,
    "tr": _CELL - {"td", "th"},
    "option": frozenset(["option"]),
}
_HIDES = re.compile(r"style|hidden", re.IGNORECASE)
_TAG_END = re.compile(r"""(?:[^"'>]|"[^"]*"|'[^']*')*>""")
_RAW_ENDS: Final = {tag: re.compile(rf"</{tag}", re.IGNORECASE) for tag in _RAW}


def _attributes(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in _ATTRIBUTE.finditer(text[:_LONGEST_TAG]):
        value = one[2] or ""
        if value[:1] in "\"'" and value[:1]:
            value = value[1:-1]
        found.setdefault(one[1].lower(), _unescaped(value))
    return found


def _unescaped(text: str) -> str:
    if "&" not in text:
        return text
    # (the library reads the number of a character however long it is, and raises where it cannot)
    return unescape(_TOO_LONG.sub("\ufffd", text))


def _is_hidden(style: str) -> bool:
    return bool(style) and bool(_HIDDEN.search(style[:2_000]) or _TINY.search(style[:2_000]))


def _bare(link: str) -> str:
    return re.sub(r"^https?://(?:www\.)?", "", link.strip().lower()).rstrip("/")


def to_text(page: str) -> str:
    """Return the text of a page as somebody would read it.

    Points of lists, quotes (`>`) and links keep their marks; what cannot be seen is left out.

    Args:
        page: HTML, whole or not, right or wrong.
    """
    return _Reader(page[:LONGEST]).read()


def safe_html(page: str) -> str:
    """Return a page that may be shown: no scripts, styles, forms, frames or pictures from afar.

    Raises:
        ConfigurationError: `nh3` is not there; the error says how to install it.
    """
    try:
        library: Any = import_module("nh3")
    except ImportError:
        raise ConfigurationError('nh3 is not there; run: pip install "tongdai[html]"') from None
    clean: Callable[..., str] = library.clean
    return clean(
        page[:LONGEST],
        tags=library.ALLOWED_TAGS - {"img", "area", "map"},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
