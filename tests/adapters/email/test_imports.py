"""What needs no server needs no extra."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
sys.modules |= dict.fromkeys(["imap_tools", "aiosmtpd"])
from tongdai.adapters import email
account = email.Account("mail", ("help@bank.vn",), ("secret",))
(message,) = email.decode(b"From: lan@x.vn\\n\\nhello", account, at=0).events
print(message.content.text)
email.compose(message.content, "lan@x.vn", account, key="k1", at=0)
try:
    from tongdai.adapters.email import Email
except ModuleNotFoundError as error:
    print(error)
print(hasattr(email, "Emial"))
"""


def test_mails_are_read_and_written_without_the_extra() -> None:
    """What talks to servers says in one line how to get it."""
    told = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=True
    ).stdout
    hello, error, other = told.splitlines()
    assert "hello" == hello
    assert error.endswith(' is not installed; run: pip install "tongdai[email]"')
    assert "False" == other
