"""E-mail, in and out.

What is decided about a mail is decided by pure functions: `decode` reads one, `compose` writes one,
`Threads` knows what belongs together. Nothing of that needs a server, or the extra `email`; what
talks to servers does.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from tongdai.adapters.email.account import Account, Limits
from tongdai.adapters.email.automatic import Cap
from tongdai.adapters.email.compose import Outgoing, compose
from tongdai.adapters.email.decode import Mail, decode, may_answer, with_files
from tongdai.adapters.email.html import safe_html, to_text
from tongdai.adapters.email.parts import File, safe_name
from tongdai.adapters.email.quoted import Unquoted, unquoted
from tongdai.adapters.email.reports import Report
from tongdai.adapters.email.threads import Party, Thread, Threads

if TYPE_CHECKING:
    from tongdai.adapters.email.channel import Email
    from tongdai.adapters.email.imap import Imap
    from tongdai.adapters.email.receiver import Receiver
    from tongdai.adapters.email.smtp import Smtp
    from tongdai.adapters.email.store import FileStore, MemoryStore, Store
else:
    _TRANSPORT = {
        **dict.fromkeys(["FileStore", "MemoryStore", "Store"], "store"),
        "Email": "channel",
        "Imap": "imap",
        "Receiver": "receiver",
        "Smtp": "smtp",
    }

    def __getattr__(name: str) -> object:
        """Import what needs the extra when it is asked for: reading a mail needs none of it."""
        if name not in _TRANSPORT:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            found = getattr(import_module(f"{__name__}.{_TRANSPORT[name]}"), name)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("tongdai"):
                raise
            raise ModuleNotFoundError(
                f'{error.name} is not installed; run: pip install "tongdai[email]"', name=error.name
            ) from None
        globals()[name] = found
        return found


__all__ = [
    "Account",
    "Cap",
    "Email",
    "File",
    "FileStore",
    "Imap",
    "Limits",
    "Mail",
    "MemoryStore",
    "Outgoing",
    "Party",
    "Receiver",
    "Report",
    "Smtp",
    "Store",
    "Thread",
    "Threads",
    "Unquoted",
    "compose",
    "decode",
    "may_answer",
    "safe_html",
    "safe_name",
    "to_text",
    "unquoted",
    "with_files",
]
