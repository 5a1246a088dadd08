"""An address is one address, whatever its letters become."""

from __future__ import annotations

import pytest

from tests.adapters.email.mails import ACCOUNT, raw, read
from tongdai.adapters.email import compose
from tongdai.adapters.email.headers import addresses, mailbox
from tongdai.errors import ChannelFault
from tongdai.model.contact import Content

WIDE = [
    *("a@x\uff1eevil.vn", "a@bank.vn\uff20evil.vn", "a@x.vn\uff0cb\uff20y.vn", "a@ev\u2100il.vn"),
    *("a@x\uff1cy\uff1e.vn", "a@x\u00a8y.vn", "a@x.vn\uff1bb.vn", "a@x\uff050d.vn"),
]


@pytest.mark.parametrize("text", WIDE)
def test_wide_signs_do_not_become_signs(text: str) -> None:
    """IDNA makes an ASCII sign of a wide one: it would be another address, or two."""
    assert "" == mailbox(text)
    with pytest.raises(ChannelFault, match="bad_address"):
        compose(Content("hello"), text, ACCOUNT, key="m1", at=0)
    assert "" == read(raw(sender=f"<{text}>")).address.to.rpartition("#")[0]


@pytest.mark.parametrize("text", ['"a\u2028b"@x.vn', '"a\x85b"@x.vn', '"a\x9bb"@x.vn'])
def test_no_line_ends_in_a_quoted_name(text: str) -> None:
    """By the breaks of Unicode as little as by those of ASCII."""
    assert "" == mailbox(text)


def test_a_quote_that_is_never_closed_hides_no_address() -> None:
    """What follows it is read."""
    assert [("Lan", "lan@x.vn")] == addresses('"Lan <lan@x.vn>')
    assert ["b@x.vn"] == [address for _, address in addresses('"a\\" <b@x.vn>')]
