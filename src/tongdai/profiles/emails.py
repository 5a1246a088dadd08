"""E-mail addresses in one form, and those that are nobody's.

Rule: an address that a program writes from (`noreply@`), that documents show (`@example.com`) or
that people invent (`test@test.com`) identifies nobody. Dots and `+tags`, which Gmail ignores, are
taken out of candidate keys only: the address itself stays what it is.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from tongdai.profiles.extras import need

if TYPE_CHECKING:
    from types import ModuleType

_COMMON: Final = re.compile(
    r"[a-z0-9_](?:[a-z0-9_+-]|\.(?=[a-z0-9_+-])){0,62}@"
    r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.){1,4}[a-z]{2,24}"
)
"""The shapes that nearly all addresses have; whatever has another is read by `email-validator`."""
_LONGEST: Final = 254
_GMAIL: Final = frozenset(["gmail.com", "googlemail.com"])
FREE: Final = frozenset(
    [
        *("gmail.com", "googlemail.com", "yahoo.com", "yahoo.com.vn", "hotmail.com", "outlook.com"),
        *("icloud.com", "live.com", "aol.com", "msn.com", "ymail.com", "proton.me", "gmx.de"),
        *("mail.ru", "yahoo.co.uk", "hotmail.co.uk", "bigpond.com", "qq.com", "163.com", "web.de"),
    ]
)
"""Domains where everybody may have an address: that two people do says nothing."""
_NOBODY: Final = frozenset(
    [
        *("noreply", "no-reply", "no_reply", "donotreply", "do-not-reply", "mailer-daemon"),
        *("postmaster", "bounce", "bounces", "nobody", "none", "null", "khongco", "abuse"),
    ]
)
_INVENTED: Final = frozenset(["test", "testing", "abc", "aaa", "asdf", "email", "mail", "a", "x"])
_RESERVED: Final = (
    *(".test", ".example", ".invalid", ".localhost", ".local"),
    *("example.com", "example.net", "example.org", "example.vn"),
)  # RFC 2606 and 6761
_DOMAINS: Final = frozenset(
    ["test.com", "test.vn", "domain.com", "email.com", "noemail.com", "none.com", "abc.com"]
)
_SHARED: Final = frozenset(
    [
        *("info", "sales", "support", "contact", "office", "admin", "hello", "help", "service"),
        *("cskh", "lienhe", "hotro", "ketoan", "kinhdoanh", "vanphong", "accounting", "hr"),
    ]
)
"""Mailboxes of a role; whoever holds one now need not have held it before."""


def email(raw: str) -> str:
    """Return an address in lower case, or nothing when it can identify nobody."""
    text = raw.strip().casefold()
    if "@" not in text or len(text) > _LONGEST:
        return ""
    if not _COMMON.fullmatch(text):
        text = _validated(text)
        if not text:
            return ""
    local, _, domain = text.rpartition("@")
    if local in _NOBODY or domain in _DOMAINS or domain.endswith(_RESERVED):
        return ""
    if local in _INVENTED and (local == domain.partition(".")[0] or domain in _GMAIL):
        return ""
    return text


def mailbox(address: str) -> str:
    """Return the mailbox that Gmail delivers an address to; empty when it is not Gmail's."""
    local, _, domain = address.rpartition("@")
    if domain not in _GMAIL:
        return ""
    return local.partition("+")[0].replace(".", "")


def is_shared(address: str) -> bool:
    """Tell whether an address belongs to a role rather than to a person."""
    return address.partition("@")[0] in _SHARED


def _validated(text: str) -> str:
    library: Any = _validator()
    try:
        found = library.validate_email(text, check_deliverability=False, allow_display_name=True)
    except library.EmailNotValidError:
        return ""
    return str(found.normalized).casefold()


@cache
def _validator() -> ModuleType:
    return need("email_validator")
