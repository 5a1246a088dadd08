"""E-mail addresses in one form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.profiles.emails import email, is_shared, mailbox


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("Lan.Nguyen@GMAIL.com ", "lan.nguyen@gmail.com"),
        ("lan+news@gmail.com", "lan+news@gmail.com"),
        ("o'brien@acme.ie", "o'brien@acme.ie"),
        ("Lan <lan@fpt.vn>", "lan@fpt.vn"),
        ("lan@bücher.de", "lan@bücher.de"),
    ],
)
def test_addresses_are_read(text: str, address: str) -> None:
    """In lower case, otherwise as they stand."""
    assert address == email(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "lan", "lan@", "@gmail.com", "lan@gmail", "lan@@gmail.com", "lan..n@gmail.com"),
        *("test@test.com", "lan@example.com", "lan@example.org", "noreply@acme.vn"),
        *("no-reply@acme.vn", "lan@foo.invalid", "lan@localhost", "mailer-daemon@fpt.vn"),
        *("a@gmail.com", "x" * 300 + "@gmail.com", "lan nguyen@gmail.com"),
    ],
)
def test_what_is_nobodys_address_is_none(text: str) -> None:
    """Programs, examples, inventions, and what is no address."""
    assert "" == email(text)


def test_gmail_ignores_dots_and_tags() -> None:
    """As a key for candidates only; other houses may mean them."""
    assert "lannguyen" == mailbox("lan.nguyen+news@gmail.com") == mailbox("lannguyen@gmail.com")
    assert "" == mailbox("lan.nguyen@fpt.vn")


def test_roles_have_mailboxes_too() -> None:
    """`info@` is whoever is on duty."""
    assert (True, False) == (is_shared("info@acme.vn"), is_shared("lan@acme.vn"))


@given(st.text(max_size=40) | st.emails())
def test_any_text_is_read(text: str) -> None:
    """The answer is an address in its one form, which reads as itself, or nothing."""
    found = email(text)
    assert found == "" or found == email(found)
