"""Reports about mail that we sent: it came back, it is late, it arrived, it was read.

Rule: a report that says what it is (RFC 3464, RFC 8098, RFC 5965) is believed. Many do not; those
are known by two signs that have nothing to do with each other: who sends it (nobody, a daemon), and
what it says. One sign alone is none: people write `Undelivered mail` as well.

A late mail is no failed one: its report says `delayed`, whatever its subject says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, Literal, TypeAlias

import attrs

from tongdai.adapters.email.account import Limits
from tongdai.adapters.email.headers import Headers, addresses, headers, ids, mailbox, words
from tongdai.adapters.email.parts import Part

Fate: TypeAlias = Literal["failed", "delayed", "delivered", "relayed", "read", "complaint"]
"""What became of a mail. A complaint: its reader called it spam."""

_MOST_LOOKED_AT: Final = 20_000  # characters of a report's text
_HEAD: Final = 3_000  # characters at its beginning, above what is enclosed
_MOST_GROUPS: Final = 100
_MOST_REPORTS: Final = 5  # in one mail
_EMPTY: Final = re.compile(rb"[\r\n]+")
_ACTIONS: Final[dict[str, Fate]] = {
    "failed": "failed",
    "failure": "failed",
    "delayed": "delayed",
    "delivered": "delivered",
    "relayed": "relayed",
    "expanded": "relayed",
}
_CLASSES: Final[dict[str, Fate]] = {"2": "delivered", "4": "delayed", "5": "failed"}
_GRAVE: Final[tuple[Fate, ...]] = ("failed", "complaint", "delayed", "read", "delivered", "relayed")

_DAEMONS: Final = re.compile(
    r"(?:mailer[-_.]?daemon|post_?master|poostmaster|mail[-_.]?daemon|mail\.delivery\.system"
    r"|mdaemon|bounces?|mail[-_.]?delivery|maildelivery)",
    re.IGNORECASE,
)
_DAEMON_NAMES: Final = re.compile(
    r"mail(?:er)?[ -]?(?:delivery|deliver)(?:[ -](?:sub)?system)?|mailer[ -]?daemon|postmaster"
    r"|ndr administrator|mail administrator|system administrator|internet mail delivery",
    re.IGNORECASE,
)
_NO_REPLY: Final = re.compile(r"(?:no|do[-_.]?not)[-_.]?reply", re.IGNORECASE)

_FAILED_SUBJECT: Final = re.compile(
    r"(?:\[postmaster\] *)?(?:"
    r"undeliver(?:ed|able)|un-?deliverable|returned mail|returned to sender"
    r"|mail (?:system error|could not be delivered|delivery (?:failed|failure|error))"
    r"|e?mail delivery fail|message delivery fail"
    r"|delivery (?:failure|failed|error|report|has failed)"
    r"|delivery (?:status notification|notification)(?!.*(?:delay|success|relayed))"
    r"|delivery status$|failure notice|failed mail|non[- ]?deliver|nondeliverable"
    r"|could not (?:send|deliver)|cannot send message|unable to deliver|there was an error sending"
    r"|notice: mail delivery status|mail failure|message undeliverable|permanent delivery failure"
    r"|rejected(?: mail| message)?:|bounce[ds]?(?: mail| message)?:?$|user unknown"
    r"|banned file|warning: e-?mail not delivered|postmaster notify"
    r"|sorry, your message could not be delivered"
    r"|unzustellbar|zustellung fehlgeschlagen|unzustellbare|mail konnte nicht zugestellt"
    r"|échec de (?:la )?remise|non remis|non distribuable|message non délivré"
    r"|no se puede entregar|devuelto|mensaje no entregado|não (?:entregue|foi possível entregar)"
    r"|impossibile recapitare|mancato recapito|onbestelbaar|niet bezorgd"
    r"|недоставленн|сообщение не доставлено|ваше сообщение не доставлено|не доставлено"
    r"|メールエラー|配信不能|配送エラー|送信エラー|退信|系统退信|無法投遞|无法投递|반송"
    r"|không (?:thể )?gửi được|không (?:thể )?(?:chuyển|phát) được|thư bị trả lại|gửi thư thất bại"
    r"|thông báo (?:lỗi|không) (?:gửi|chuyển)"
    r")",
    re.IGNORECASE,
)
_LATE_SUBJECT: Final = re.compile(
    r"(?:warning: (?:could not send|message)|.*\(delay|delivery status notification \(delay"
    r"|delayed mail|.*delivery (?:is |has been |temporarily )?(?:delayed|suspended|deferred)"
    r"|.*still being retried|.*bị chậm|.*gửi chậm)",
    re.IGNORECASE,
)
_FAILED_TEXT: Final = re.compile(
    r"(?:could not|cannot|couldn't|can't|was not|has not been|unable to|failed to)(?: be)? +"
    r"(?:be +)?(?:deliver|sent|send)|\bundeliver(?:ed|able)|delivery (?:has )?fail(?:ed|ure)"
    r"|not delivered|permanent(?: fatal)? error|unrecoverable error|bounced|user unknown"
    r"|unknown user|no such (?:user|recipient|mailbox)|recipient (?:address )?rejected"
    r"|mailbox (?:is )?(?:full|unavailable|not found|over quota)|does(?:n't| not) have (?:a|an) "
    r"|over quota|account (?:is )?disabled|address(?:es)? (?:failed|had|rejected)"
    r"|returned (?:to|mail|your)|error sending|trouble delivering|did not reach|no valid recipients"
    r"|delivery failed|not listed in|invalid (?:recipient|address)|routing loop|hop count exceeded"
    r"|\b5\d\d[ -]#?5\.\d{1,3}\.\d{1,3}\b|\b55[0-4] |не может быть доставлен|не было доставлено"
    r"|не удалось доставить|送信できませんでした|配信できません|届けることができません|宛先不明"
    r"|送信できません|không (?:thể )?(?:gửi|chuyển|phát) (?:được|thư)|không tồn tại",
    re.IGNORECASE,
)
_LATE_TEXT: Final = re.compile(
    r"will (?:be )?(?:keep|continue|retr|try)|will be retried|still trying|no action is required"
    r"|you do not need to resend|has been delayed|not yet been delivered|temporarily deferred",
    re.IGNORECASE,
)
_OVER_TEXT: Final = re.compile(
    r"giving up|given up|deleted from (?:the )?queue|will not be retried|permanent|has failed",
    re.IGNORECASE,
)
_CODE: Final = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_OLD_CODE: Final = re.compile(r"(?<![\d.])(5\d\d)[ -](?=\D)")


@attrs.frozen
class Report:
    """What a report says.

    Attributes:
        fate: what became of the mail.
        code: its enhanced status code (RFC 3463), such as `5.1.1`; `5.0.0` where none is told.
        recipients: whom it was for.
        ids: ids of the mail, as the report tells them; nothing vouches for them.
        original: whom the mail itself was sent to, where the report encloses it.
        formal: whether it says in a standard way what it is.
    """

    fate: Fate
    code: str = ""
    recipients: tuple[str, ...] = attrs.field(default=(), repr=False)
    ids: tuple[str, ...] = ()
    original: tuple[str, ...] = attrs.field(default=(), repr=False)
    formal: bool = True


def report(mail: Part, text: str, limits: Limits) -> Report | None:
    """Return what a mail reports, if it is a report.

    Args:
        mail: the mail, taken apart.
        text: what it says.
        limits: how much of it is looked at.
    """
    found = _formal(mail, limits) or _informal(mail, text)
    if found is None:
        return None
    named, sent_to = _original(mail, limits)
    return attrs.evolve(found, ids=tuple(dict.fromkeys((*found.ids, *named))), original=sent_to)


# --- reports that say what they are ---------------------------------------------------------------


def _formal(mail: Part, limits: Limits) -> Report | None:
    inner = [part for part in mail.walk() if part.kind in _FORMAL]
    told = mail.kind == "multipart/report" or _is_daemon(mail.headers) or _is_null(mail.headers)
    if not told and not any(part is mail for part in inner):
        return None  # (somebody shows us a report)
    reports = [
        one
        for part in inner[:_MOST_REPORTS]
        if (one := _FORMAL[part.kind](part, limits)) is not None
    ]
    if not reports:
        return None
    return min(reports, key=lambda one: _GRAVE.index(one.fate))


def _groups(part: Part, limits: Limits) -> Iterator[Headers]:
    data = part.data()
    at = 0
    for _ in range(_MOST_GROUPS):
        blank = _EMPTY.match(data, at)
        at = blank.end() if blank else at
        if at >= len(data):
            return
        fields, size = headers(memoryview(data[at : at + 65_536]), limits.headers)
        if fields.fields:
            yield fields
        at += max(size, 1)


def _delivery(part: Part, limits: Limits) -> Report | None:
    worst: tuple[Fate, str] | None = None
    recipients: list[str] = []
    for group in _groups(part, limits):
        code = _CODE.search(group.get("status")) or _CODE.search(group.get("diagnostic-code"))
        action = group.get("action").split()
        fate = _ACTIONS.get(action[0].lower().strip(";,.()")) if action else None
        if fate is None and code and (group.has("status") or group.has("final-recipient")):
            fate = _CLASSES[code[1][0]]
        if fate is None:
            continue
        for field in ("original-recipient", "final-recipient"):
            address = _typed(group.get(field))
            if address and address not in recipients:
                recipients.append(address)
        number = code[1] if code else {"failed": "5.0.0", "delayed": "4.0.0"}.get(fate, "")
        if worst is None or _GRAVE.index(fate) < _GRAVE.index(worst[0]):
            worst = fate, number
    return Report(*worst, recipients=tuple(recipients)) if worst else None


def _disposition(part: Part, limits: Limits) -> Report | None:
    for group in _groups(part, limits):
        told = group.get("disposition").lower()
        if told:
            what = told.rpartition(";")[2].split("/")[0].strip()
            address = _typed(group.get("final-recipient"))
            return Report(
                "read" if what == "displayed" else "delivered",
                recipients=(address,) if address else (),
                ids=tuple(ids(group.get("original-message-id"))),
            )
    return None


def _feedback(part: Part, limits: Limits) -> Report | None:
    for group in _groups(part, limits):
        if group.has("feedback-type"):
            told = (mailbox(one.strip("<> ")) for one in group.all("original-rcpt-to"))
            return Report("complaint", recipients=tuple(one for one in told if one))
    return None


_FORMAL: Final = {
    "message/delivery-status": _delivery,
    "message/global-delivery-status": _delivery,
    "message/disposition-notification": _disposition,
    "message/global-disposition-notification": _disposition,
    "message/feedback-report": _feedback,
}


def _typed(value: str) -> str:
    """Return the address behind its type: `rfc822; lan@x.vn`."""
    text = value.rpartition(";")[2]
    return next((address for _, address in addresses(text)), "")


# --- reports that do not --------------------------------------------------------------------------


def _informal(mail: Part, text: str) -> Report | None:
    said = text[:_MOST_LOOKED_AT]
    subject = words(mail.headers.get("subject"))
    if not _is_report(mail, subject, said):
        return None
    failed = _FAILED_SUBJECT.match(subject) is not None
    head = said[:_HEAD]
    late = _LATE_SUBJECT.match(subject) is not None or (
        not failed and bool(_LATE_TEXT.search(head)) and not _OVER_TEXT.search(head)
    )
    code = _CODE.search(said)
    number = code[1] if code else ""
    if not number or (late and number[0] != "4"):
        number = "4.0.0" if late else "5.0.0"
    told = mail.headers.all("x-failed-recipients")
    recipients = tuple(address for value in told for _, address in addresses(value))
    return Report("delayed" if late else "failed", number, recipients, formal=False)


def _is_report(mail: Part, subject: str, said: str) -> bool:
    """Return whether a mail is a report by two signs: who sends it, and what it says."""
    fields = mail.headers
    if fields.has("x-failed-recipients"):
        return True
    kind = mail.parameters.get("report-type", "").lower()
    system = _is_daemon(fields) or (
        mail.kind == "multipart/report" and kind in ("delivery-status", "")
    )
    null = _is_null(fields)
    says = _FAILED_TEXT.search(said) is not None
    if _FAILED_SUBJECT.match(subject):
        return system or null or (says and _NO_REPLY.search(fields.get("from")) is not None)
    if _LATE_SUBJECT.match(subject):
        return system or (null and _LATE_TEXT.search(said) is not None)
    if not says or _ANSWERS.match(subject):
        return False
    # (a vacation notice has no sender either, and may say that something was not sent)
    encloses = any(part.kind in _ENCLOSED for part in mail.parts)
    return system or (null and bool(encloses or _CODE.search(said) or _OLD_CODE.search(said)))


_ANSWERS: Final = re.compile(r"\s*(?:re|aw|fwd?|wg|tr|trả lời|chuyển tiếp)\s*:", re.IGNORECASE)


def _is_null(fields: Headers) -> bool:
    """Return whether nobody is the sender, on the envelope."""
    for name in ("return-path", "x-envelope-from", "x-original-return-path"):
        if fields.has(name):
            value = fields.get(name).strip().lower()
            return value == "<>" or value.strip("<>").partition("@")[0] == "mailer-daemon"
    return fields.get("from").strip() == "<>"


def _is_daemon(fields: Headers) -> bool:
    """Return whether a mail system wrote it, as the sender says."""
    value = fields.get("from") or fields.get("sender")
    for name, address in addresses(value):
        local = address.partition("@")[0]
        if _DAEMONS.fullmatch(local) or _DAEMON_NAMES.fullmatch(name.strip()):
            return True
    outside, _, inside = words(value).strip(" >").rpartition("<")
    several = (one.strip(" <>\"'").replace(" ", "-") for one in (outside, inside))
    return any(_DAEMONS.fullmatch(one) for one in several)


def is_null(fields: Headers) -> bool:
    """Return whether a mail has no sender on its envelope, so that nobody is to answer it."""
    return _is_null(fields)


def is_daemon(fields: Headers) -> bool:
    """Return whether a mail system may have written a mail, as its sender says."""
    return _is_daemon(fields)


# --- what they are about --------------------------------------------------------------------------


def _original(mail: Part, limits: Limits) -> tuple[list[str], tuple[str, ...]]:
    """Return ids and recipients of the mail that is enclosed, whole or as its header."""
    for part in mail.walk():
        if part is mail or part.kind not in _ENCLOSED:
            continue
        data = part.data()[:262_144].lstrip(b"\r\n")
        fields, _ = headers(memoryview(data), limits.headers)
        if fields.fields:
            sent_to = [address for value in fields.all("to") for _, address in addresses(value)]
            return ids(fields.get("message-id")), tuple(sent_to)
    return [], ()


_ENCLOSED: Final = frozenset(
    [
        *("message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers"),
        *("text/rfc822", "message/global-headers"),
    ]
)
