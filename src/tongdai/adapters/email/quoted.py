"""What somebody wrote, apart from what they repeat.

Rule: every line goes to one of three: the text, what is quoted, the signature. Nothing is dropped.
Where somebody writes between the lines that they quote, these stay: without them the answer means
nothing.
"""

from __future__ import annotations

import re
from typing import Final, Literal

import attrs

_MOST_LINES: Final = 5_000
_MOST_HEADER_LINES: Final = 8
_MOST_ATTRIBUTION: Final = 4  # lines over which "On ..., somebody wrote:" is broken
_LONGEST_ATTRIBUTION: Final = 400
_MOST_SIGNATURE: Final = 20  # lines
_MOST_FOOTER: Final = 8  # lines

_WROTE = re.compile(
    r"(?:\b(?:wrote|writes|schrieb|a écrit|escribió|escribio|ha scritto|escreveu|schreef|skrev"
    r"|napisał(?:\(a\)|a)?|написал\w?(?:\(\w\))?|пишет|пише|kirjoitti|yazd\u0131|írta|napsal(?:\(a\))?)"
    r"|(?:đã\s+)?viết|写道|寫道|のメール|書きました|작성)\s*[:\uff1a]\s*$"
    r"|\b(?:wrote|đã viết)\s*-{2,}\s*$|\b(?:schrieb|schreef|skrev)\b[^:]{1,100}:\s*$",
    re.IGNORECASE,
)
_ENDS: Final = (":", "\uff1a", "-")  # of such a line
_WHEN = re.compile(
    r"^\s*(?:-{2,}\s*)?(?:On|Am|Le|El|Il|Em|Op|Den|Dnia|Vào|Ngày|Lúc|Trong|At|\u0412|W dniu|Dne)\b",
    re.IGNORECASE,
)
_TELLS = re.compile(r"\d|@|<")
_FROM = re.compile(
    r"^\s*\*?(?:From|Von|De|Da|Van|Från|Fra|Od|От|Từ|Người gửi|Gửi từ|差出人|发件人|寄件者)"
    r"\s*:\s*\*?\s*\S",
    re.IGNORECASE,
)
_BESIDE = re.compile(
    r"^\s*\*?(?:Sent|Date|To|Cc|Subject|Reply-To|Gesendet|Datum|An|Betreff|Envoyé|Date|À|Objet"
    r"|Enviado(?: el| em)?|Fecha|Data|Para|A|Asunto|Assunto|Inviato|Oggetto|Verzonden|Aan|Onderwerp"
    r"|Skickat|Till|Ämne|Sendt|Til|Emne|Отправлено|Дата|Кому|Тема|Đã gửi|Gửi|Ngày|Thời gian|Đến"
    r"|Tới|Người nhận|Kính gửi|Chủ đề|Tiêu đề|Bản sao|送信日時|宛先|件名|发送时间|收件人|主题)"
    r"\s*:\s*\*?",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"^\s*(?:[-_=]{2,}\s*)(?:Original Message|Original Appointment|Reply message"
    r"|Ursprüngliche Nachricht|Message d'origine|Mensaje original|Messaggio originale"
    r"|Mensagem original|Oorspronkelijk bericht|Thư gốc|Tin nhắn gốc|Thông điệp gốc"
    r"|Исходное сообщение|原始邮件|元のメッセージ)\s*[-_=]{2,}\s*$",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*[-_]{5,}\s*$")
_QUOTE = re.compile(r"^\s{0,2}>")
_LIST = re.compile(r"mailing list|/listinfo/|unsubscribe|hủy đăng ký", re.IGNORECASE)
_SIGNATURE = re.compile(r"^--[ \xa0]?$")
_DEVICE = re.compile(
    r"^\s*(?:Sent from (?:my|a|an) [\w' -]{1,40}|Sent (?:via|with) [\w' -]{1,30}(?: \(.{0,80}\))?"
    r"|Get Outlook for \w+.{0,80}|Sent from (?:Mail|Yahoo Mail|Outlook).{0,60}"
    r"|(?:Được )?[Gg]ửi từ (?:iPhone|iPad|điện thoại|máy|thiết bị|Samsung|Yahoo)[\w' -]{0,40}"
    r"|Tải (?:về )?Outlook .{0,60}|Von meinem [\w' -]{1,30} gesendet"
    r"|Envoyé (?:de|depuis) [\w' -]{1,40}|Enviado desde [\w' -]{1,40}|Inviato da [\w' -]{1,40}"
    r"|Отправлено (?:\u0441|из) [\w' -]{1,40})\s*$"
)

_Kind = Literal["text", "quoted", "signature"]


@attrs.frozen
class Unquoted:
    """A text in its three parts; each keeps its lines in their order.

    Attributes:
        text: what was written now.
        quoted: what was repeated, with the line that says whose it was.
        signature: what stands below each mail of theirs.
    """

    text: str = attrs.field(repr=False)
    quoted: str = attrs.field(default="", repr=False)
    signature: str = attrs.field(default="", repr=False)


def unquoted(text: str) -> Unquoted:
    """Tell what somebody wrote from what they repeat.

    Args:
        text: the text of a mail, its lines ended by line feeds.
    """
    lines = text.split("\n")
    if len(lines) > _MOST_LINES:
        return Unquoted(text)
    kinds: list[_Kind] = ["text"] * len(lines)
    end = _cut(lines)
    _mark(kinds, end, len(lines), "quoted")
    end = _sign(lines, kinds, _footer(lines, kinds, end))
    end = _trailing(lines, kinds, end)
    _sign(lines, kinds, end)
    _leading(lines, kinds)

    def of(kind: _Kind) -> str:
        several = (line for line, one in zip(lines, kinds, strict=True) if one == kind)
        return "\n".join(several).strip("\n")

    return Unquoted(of("text").rstrip(), of("quoted"), of("signature"))


def _mark(kinds: list[_Kind], begin: int, end: int, kind: _Kind) -> None:
    for at in range(begin, end):
        kinds[at] = kind


def _cut(lines: list[str]) -> int:
    """Return where a whole mail begins that was put below, or the end."""
    written = _before(lines, len(lines))
    quotes = max((at for at, line in enumerate(lines) if _QUOTE.match(line)), default=-1)
    for at, line in enumerate(lines):
        if _ORIGINAL.match(line) or (_FROM.match(line) and _is_header(lines, at)):
            while at and (not lines[at - 1].strip() or _RULE.match(lines[at - 1])):
                at -= 1  # noqa: PLW2901 - (blanks and a rule above go with it)
            return at
        behind = _attribution(lines, at)
        if quotes < behind <= written and behind:
            return at
    return len(lines)


def _is_header(lines: list[str], at: int) -> bool:
    """Return whether a mail's header stands here as text."""
    told = 0
    for line in lines[at + 1 : at + _MOST_HEADER_LINES]:
        if _BESIDE.match(line):
            told += 1
        elif not line.strip() and told:
            break
    return told >= 2  # noqa: PLR2004 - one may be chance


def _attribution(lines: list[str], at: int) -> int:
    """Return where a line that says who wrote when ends, if one begins here; else 0."""
    first = lines[at]
    if not first.strip() or _QUOTE.match(first):
        return 0
    begins = _WHEN.match(first) is not None
    if not (begins or _TELLS.search(first)):
        return 0
    joined = ""
    for number, line in enumerate(lines[at : at + _MOST_ATTRIBUTION], 1):
        if not line.strip() or _QUOTE.match(line):
            return 0
        joined += f" {line}"
        if len(joined) > _LONGEST_ATTRIBUTION:
            return 0
        if line.rstrip()[-1:] in _ENDS and _WROTE.search(joined):
            alone = begins or "<" in joined or "@" in joined
            return at + number if alone and _TELLS.search(joined) else 0
    return 0


def _sign(lines: list[str], kinds: list[_Kind], end: int) -> int:
    """Mark the signature that ends here, if there is one; return where it begins."""
    for at in range(end - 1, max(-1, end - 1 - _MOST_SIGNATURE), -1):
        if kinds[at] != "text":
            return end
        if _QUOTE.match(lines[at]):
            break
        if _SIGNATURE.match(lines[at]):
            _mark(kinds, at, end, "signature")
            return at
    last = _before(lines, end)
    if last >= 0 and _DEVICE.match(lines[last]):
        kinds[last] = "signature"
        return last
    return _footer(lines, kinds, end)


def _footer(lines: list[str], kinds: list[_Kind], end: int) -> int:
    """Mark what a mailing list puts below; return where it begins."""
    last = _before(lines, end)
    for at in range(last, max(-1, last - _MOST_FOOTER), -1):
        if _QUOTE.match(lines[at]):
            break
        if kinds[at] == "text" and _RULE.match(lines[at]):
            if not any(_LIST.search(line) for line in lines[at + 1 : last + 1]):
                break
            _mark(kinds, at, end, "signature")
            return at
    return end


def _before(lines: list[str], end: int) -> int:
    """Return the last line before an end that is not empty, or -1."""
    at = end - 1
    while at >= 0 and not lines[at].strip():
        at -= 1
    return at


def _trailing(lines: list[str], kinds: list[_Kind], end: int) -> int:
    """Mark the quote that ends here, with the line above that says whose it is."""
    at = _before(lines, end)
    if at < 0 or not _QUOTE.match(lines[at]):
        return end
    while at >= 0 and (not lines[at].strip() or _QUOTE.match(lines[at])):
        at -= 1
    begin = at + 1
    for above in range(at, max(-1, at - _MOST_ATTRIBUTION), -1):
        if _attribution(lines, above) == at + 1:
            begin = above
    _mark(kinds, begin, end, "quoted")
    return begin


def _leading(lines: list[str], kinds: list[_Kind]) -> None:
    """Mark the quote that it begins with, where an answer follows below."""
    end = 0
    while end < len(lines) and not lines[end].strip():
        end += 1
    if end < len(lines):
        end = _attribution(lines, end) or end
    begin = end
    while end < len(lines) and (not lines[end].strip() or _QUOTE.match(lines[end])):
        end += 1
    quotes = any(_QUOTE.match(line) for line in lines[begin:end])
    rest = range(end, len(lines))
    below = [at for at in rest if kinds[at] == "text" and lines[at].strip()]
    # further quotes between the lines: then the first belongs to what is said to it
    if quotes and below and not any(_QUOTE.match(lines[at]) for at in below):
        _mark(kinds, 0, end, "quoted")
