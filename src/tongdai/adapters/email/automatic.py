"""Mail that nobody wrote, and what may be answered by something that nobody wrote either.

Rule: two machines never talk to each other. What is automatic opens no contact; what may be so is
not answered automatically; and whoever writes too often is not answered automatically either,
whatever it looks like (RFC 3834).
"""

from __future__ import annotations

import re
from collections import OrderedDict, deque
from typing import Final, Literal

from tongdai.adapters.email.account import Account
from tongdai.adapters.email.headers import Headers, addresses
from tongdai.adapters.email.reports import is_daemon, is_null
from tongdai.errors import ConfigurationError
from tongdai.model.mode import check_count
from tongdai.model.time import Duration, Instant, duration, hours

_SUBJECTS: Final = re.compile(
    r"\s*(?:(?:automatic reply|auto(?:matic)?[- ]?(?:reply|response|responder|antwort)|autoreply"
    r"|automatische antwort|abwesenheitsnotiz|réponse automatique|respuesta automática"
    r"|resposta automática|risposta automatica|automatisch antwoord|автоответ|自動返信|自动回复"
    r"|自動応答|(?:thư )?trả lời tự động|tự động trả lời|phản hồi tự động)\s*[:\uff1a\]\[-]"
    r"|(?:out of (?:the )?office|vacation|away from my mail)"
    r"(?:\s*(?:auto-?reply|reply|notice|message))?\s*(?::|$)|auto:\s|vắng mặt\s*:)",
    re.IGNORECASE,
)
_AUTO_SENDERS: Final = re.compile(
    r"(?:auto-?reply|auto-?responder|vacation|mailer[-_.]?daemon)(?:\+.*)?", re.IGNORECASE
)
_NO_REPLY: Final = re.compile(r".*(?:no|do[-_.]?not)[-_.]?reply.*", re.IGNORECASE)
_MOST: Final = 10_000


def kind_of(fields: Headers, account: Account) -> Literal["", "reply", "list"]:
    """Return what kind of automatic mail a mail is by its fields; empty where a person wrote it.

    Args:
        fields: of the mail.
        account: names lists and senders whose mail people write.
    """
    listed = fields.get("list-id").rpartition("<")[2].rstrip("> ").strip().lower()
    senders = {address for _, address in addresses(fields.get("from"))}
    if listed in account.people or senders & set(account.people):
        return ""
    submitted = fields.get("auto-submitted").partition(";")[0].partition("(")[0].strip().lower()
    precedence = fields.get("precedence").strip().lower().replace("-", "_")
    if (
        submitted not in ("", "no")
        or precedence == "auto_reply"
        or any(fields.has(name) for name in _REPLIES)
        or _SUBJECTS.match(fields.text("subject"))
    ):
        return "reply"
    if precedence in ("bulk", "list", "junk") or any(fields.has(name) for name in _LISTS):
        return "list"
    machine = any(_AUTO_SENDERS.fullmatch(address.partition("@")[0]) for address in senders)
    return "reply" if machine or is_null(fields) else ""


_REPLIES: Final = (
    *("x-autoreply", "x-autorespond", "x-autoresponder", "x-autoreply-from", "x-mail-autoreply"),
    *("x-ms-exchange-inbox-rules-loop", "x-cron-env", "x-auto-reply-from"),
)
_LISTS: Final = ("list-id", "list-post", "list-unsubscribe", "x-mailman-version")


def is_answerable(fields: Headers, automatic: str) -> bool:
    """Return whether an automatic mail may answer a mail.

    Args:
        fields: of the mail.
        automatic: what it was found to be.
    """
    if automatic or is_null(fields) or is_daemon(fields):
        return False
    suppressed = {one.strip().lower() for one in fields.get("x-auto-response-suppress").split(",")}
    if suppressed & {"all", "oof", "autoreply", "auto-reply"}:
        return False
    answered = fields.get("reply-to") or fields.get("from")
    found = addresses(answered)
    return bool(found) and not any(
        _NO_REPLY.fullmatch(address.partition("@")[0]) for _, address in found
    )


class Cap:
    """So many automatic mails to one address within so long, and no more.

    Attributes:
        most: how many.
        within: in which time.
    """

    def __init__(self, most: int = 5, within: Duration = hours(1)) -> None:
        """Start with none.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        check_count(most, "Cap.most", least=1)
        self.most = most
        self.within = duration(within, "Cap.within")
        if not self.within:
            raise ConfigurationError("Cap.within: 0 s is no time; write hours(1)")
        self._sent: OrderedDict[str, deque[Instant]] = OrderedDict()

    def take(self, mailbox: str, now: Instant) -> bool:
        """Count one more, if there may be one; return whether there may.

        Args:
            mailbox: the address.
            now: when.
        """
        sent = self._sent.pop(mailbox, None) or deque()
        while sent and sent[0] <= now - int(self.within):
            sent.popleft()
        free = len(sent) < self.most
        if free:
            sent.append(now)
        self._sent[mailbox] = sent
        while len(self._sent) > _MOST:  # whoever was silent for longest
            self._sent.popitem(last=False)
        return free

    def __len__(self) -> int:
        """Count addresses."""
        return len(self._sent)
