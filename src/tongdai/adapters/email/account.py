"""Whose mailbox it is: our side of a channel of e-mail, as settings.

Rule: what is decided about a mail is decided by the mail, by this, and by nothing else.
"""

from __future__ import annotations

from typing import Final, cast

import attrs

from tongdai.adapters.email.headers import is_header_safe, mailbox
from tongdai.channels import Secret
from tongdai.errors import ConfigurationError
from tongdai.model.ids import check_id
from tongdai.model.mode import check_count

_MEGABYTE: Final = 2**20


@attrs.frozen(kw_only=True)
class Limits:
    """How much of one mail is looked at.

    Attributes:
        size: bytes of a mail; a larger one is refused before anything in it is read.
        depth: how deep parts may stand in parts; what is deeper is a file of its own.
        parts: how many parts are taken apart; what follows them is left in the raw bytes.
        headers: how many header fields are read; of a part, a fifth of that.
        text: characters of its text.
        files: how many files are taken out of it.
    """

    size: int = 25 * _MEGABYTE
    depth: int = 20
    parts: int = 200
    headers: int = 500
    text: int = 200_000
    files: int = 100

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        for field in attrs.fields_dict(type(self)):
            check_count(getattr(self, field), f"Limits.{field}", least=1)


def _several(values: object) -> list[object] | None:
    """Return values that were given one by one or as one; `None` where it is neither."""
    if isinstance(values, (str, bytes, Secret)):
        return [values]
    return list(cast("list[object]", values)) if isinstance(values, (tuple, list)) else None


def _secrets(keys: object) -> tuple[Secret, ...]:
    given = _several(keys)
    if given is None:
        raise ConfigurationError(f"Account.keys: {type(keys).__name__} is not a tuple of keys")
    return tuple(
        one if isinstance(one, Secret) else Secret(cast("str", one))  # (it checks that)
        for one in given
    )


def _texts(values: object) -> tuple[str, ...]:
    given = _several(values)
    if given is None or not all(isinstance(one, str) for one in given):
        raise ConfigurationError(f"Account: {values!r} is not a tuple of texts")
    return tuple(cast("list[str]", given))


@attrs.frozen
class Account:
    """A mailbox of ours.

    Attributes:
        channel: the channel's id.
        addresses: where customers write to; what is sent comes from the first of them.
        keys: sign the ids of what is sent, so that an answer to it is known again. The first
            signs, all are accepted: put a new one in front, and leave the old one in its place for
            as long as old mail may be answered.
        name: how the sender is called in what is sent.
        trusted: servers (their `authserv-id`) whose `Authentication-Results` are believed; your own
            incoming server, which takes such fields of others out.
        plus: whether mail to `name+anything@` comes to `name@`; then answers and bounces that tell
            nothing else are known by the address that they are sent to.
        tag: whether subjects get a short mark, for customers whose programs drop everything else.
        people: List-Ids, and addresses of senders, whose mail people wrote although it looks as if
            a machine had: your own group that hands mail on, the form on your site.
        limits: how much of one mail is looked at.
    """

    channel: str
    addresses: tuple[str, ...] = attrs.field(converter=_texts)
    keys: tuple[Secret, ...] = attrs.field(converter=_secrets)
    name: str = attrs.field(default="", kw_only=True)
    trusted: tuple[str, ...] = attrs.field(default=(), converter=_texts, kw_only=True)
    plus: bool = attrs.field(default=False, kw_only=True)
    tag: bool = attrs.field(default=False, kw_only=True)
    people: tuple[str, ...] = attrs.field(default=(), converter=_texts, kw_only=True)
    limits: Limits = attrs.field(factory=Limits, kw_only=True)

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        check_id(self.channel, "Account.channel")
        if not self.addresses:
            raise ConfigurationError("Account.addresses: there is none; give 'help@shop.vn'")
        for address in self.addresses:
            if not mailbox(address):
                raise ConfigurationError(
                    f"Account.addresses: {address!r} is no address; write 'help@shop.vn'"
                )
        if not self.keys:
            raise ConfigurationError("Account.keys: there is none; give at least one Secret(...)")
        if not is_header_safe(self.name):
            raise ConfigurationError("Account.name: has a line break or a control character")
        if not isinstance(self.limits, Limits):
            raise ConfigurationError(f"Account.limits: {self.limits!r} is not Limits(...)")
        normal = tuple(mailbox(address) for address in self.addresses)
        object.__setattr__(self, "addresses", normal)
        object.__setattr__(self, "trusted", tuple(one.lower() for one in self.trusted))
        object.__setattr__(self, "people", tuple(one.lower().strip("<> ") for one in self.people))

    @property
    def address(self) -> str:
        """Where what is sent comes from."""
        return self.addresses[0]

    def is_own(self, address: str) -> bool:
        """Return whether an address is one of ours, with or without something behind a plus."""
        local, _, domain = address.rpartition("@")
        return address in self.addresses or (
            self.plus and f"{local.partition('+')[0]}@{domain}" in self.addresses
        )
