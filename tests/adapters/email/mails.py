"""Mails for these tests: all written here."""

from __future__ import annotations

from typing import Final

from tongdai.adapters.email import Account, Mail, decode
from tongdai.channels import Message, Receipt

ACCOUNT: Final = Account("mail", ("help@shop.vn", "cskh@shop.vn"), ("one secret",), name="Shop")
ROOT: Final = "q1@x.vn"


def raw(*headers: str, body: str = "Chào shop", sender: str = "Lan <lan@x.vn>") -> bytes:
    """Return a mail of Lan's: its headers as they are given, below the usual ones."""
    told = "\n".join(headers).lower()
    usual = [
        *([f"From: {sender}"] if sender and "\nfrom:" not in f"\n{told}" else []),
        *([] if "message-id:" in told else [f"Message-ID: <{ROOT}>"]),
        *([] if "to: " in told else ["To: help@shop.vn"]),
        *([] if "content-type:" in told else ["Content-Type: text/plain; charset=utf-8"]),
    ]
    return "\r\n".join([*usual, *headers, "", body.replace("\n", "\r\n")]).encode()


def multipart(*parts: str, kind: str = "mixed", headers: tuple[str, ...] = ()) -> bytes:
    """Return a mail made of parts, each with its own header."""
    body = "".join(f"--cut\n{part}\n" for part in parts) + "--cut--\n"
    return raw(f"Content-Type: multipart/{kind}; boundary=cut", *headers, body=body)


def message(mail: Mail) -> Message:
    """Return the message of a mail that has just one."""
    (one,) = mail.events
    assert isinstance(one, Message)
    return one


def receipt(mail: Mail) -> Receipt:
    """Return the receipt of a mail that has just one."""
    (one,) = mail.events
    assert isinstance(one, Receipt)
    return one


def read(data: bytes, account: Account = ACCOUNT) -> Message:
    """Decode a mail and return its message."""
    return message(decode(data, account, at=1_000_000))


def text_of(data: bytes) -> str:
    """Decode a mail and return its text."""
    return read(data).content.text
