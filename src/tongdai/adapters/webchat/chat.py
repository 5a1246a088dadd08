"""A web chat as a channel: what the runtime opens, and what a web server mounts."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager

import attrs

from tongdai.adapters.asgi import Scope
from tongdai.adapters.signing import Secrets
from tongdai.adapters.webchat.app import App
from tongdai.adapters.webchat.history import Histories, MemoryHistories
from tongdai.adapters.webchat.limits import Limits
from tongdai.adapters.webchat.tokens import Keys
from tongdai.adapters.webchat.visits import Visits
from tongdai.channels import Files as FileLimits
from tongdai.channels import Inbound, Medium, Sent, Sign
from tongdai.channels.media import WEB_CHAT
from tongdai.errors import ConfigurationError
from tongdai.model.contact import Address, Attachment, Content
from tongdai.model.ids import check_id
from tongdai.runtime import Clock, Files, Inbox, MemoryFiles, SystemClock


class WebChat:
    """A `tongdai.runtime.Channel` over WebSockets, with a widget; it `Closes` and `Shows` too.

    Attributes:
        id: the channel's.
        medium: what it can do.
        app: the ASGI application: mount it, or run it as it is. It works on the event loop on which
            the runtime has opened the channel; while it is not open, widgets wait and try again.
        files: where attachments are kept.
    """

    def __init__(  # noqa: PLR0913 - settings with defaults
        self,
        id: str,
        *,
        secret: Secrets,
        files: Files | None = None,
        origins: Iterable[str] | None = None,
        identity_secret: Secrets | None = None,
        histories: Histories | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
        client: Callable[[Scope], str] | None = None,
    ) -> None:
        """Make a web chat.

        Args:
            id: its id.
            secret: signs the visitors' tokens and the links of files: 16 bytes or more, the same
                after a restart. Several, to replace one: the first signs, all are taken.
            files: where attachments are kept; by default in memory.
            origins: the pages that may use it besides those of its own host, such as
                `https://www.example.com`; `*` is any page.
            identity_secret: what the host application signs identities with (see `sign_identity`).
            histories: where conversations are kept for widgets that come back; by default in
                memory.
            limits: how much of everything is taken, and how fast.
            clock: tells the time; by default the machine.
            client: tells a caller's address, by which callers are counted; by default the one that
                the server gives (of IPv6, the network of 64 bits), which behind a proxy has to be
                told to believe it.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        check_id(id, "WebChat.id")
        if isinstance(origins, str):
            raise ConfigurationError(f"WebChat.origins: expected several; write ({origins!r},)")
        self.id: str = id
        limits = Limits() if limits is None else limits
        clock = SystemClock() if clock is None else clock
        keys = Keys(secret, id, "WebChat.secret")
        self.files: Files = MemoryFiles() if files is None else files
        self.medium: Medium = attrs.evolve(
            WEB_CHAT,
            text_limit=max(limits.text, 4),
            files=FileLimits(kinds=limits.kinds, size=limits.file, most=limits.files),
        )
        self._inbox = Inbox()
        self._visits = Visits(
            id,
            medium=self.medium,
            inbox=self._inbox,
            histories=MemoryHistories() if histories is None else histories,
            keys=keys,
            limits=limits,
            clock=clock,
        )
        self.app: App = App(
            self._visits,
            keys=keys,
            identities=None
            if identity_secret is None
            else Keys(identity_secret, id, "WebChat.identity_secret"),
            files=self.files,
            origins=origins,
            limits=limits,
            clock=clock,
            client=_address if client is None else client,
            new_visitor=_draw,
        )

    def __repr__(self) -> str:
        """Tell which one it is."""
        return f"WebChat({self.id!r})"

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[Inbound]]:
        """Let widgets speak (see `tongdai.runtime.Channel.open`).

        Raises:
            ChannelFault: it is open already.
        """
        return self._inbox.open()

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Say something to a visitor (see `tongdai.runtime.Channel.send`).

        It is sent when it is in the visitor's history: whoever is there is shown it, and whoever
        comes back later too. Sent twice with one key, it is there once.

        Raises:
            ChannelFault: `bad_address`, or what the histories raise.
        """
        return await self._visits.send(to, content, key)

    async def close(self, to: Address, *, key: str) -> None:
        """Tell a visitor that the conversation is over (see `tongdai.runtime.Closes`).

        Raises:
            ChannelFault: `bad_address`, or what the histories raise.
        """
        await self._visits.close(to, key)

    async def show(self, to: Address, sign: Sign) -> None:
        """Show a visitor a sign (see `tongdai.runtime.Shows`).

        Raises:
            ChannelFault: what the histories raise.
        """
        await self._visits.show(to, sign)

    def link(self, attachment: Attachment) -> str:
        """Return where an attachment is served: a path below the mount, hard to guess.

        One that is elsewhere already (`https://...`) is returned as it is, and one that a browser
        would run (`javascript:`, `data:`) as an empty text.
        """
        return self._visits.link(attachment)


def _draw() -> str:
    """Return a new visitor's id: 128 bits, hard to guess."""
    return secrets.token_urlsafe(16)


def _address(scope: Scope) -> str:
    """Return a caller's address; of IPv6 its network, all of which one caller has."""
    client = scope.get("client")
    given = str(client[0]) if client else ""
    if ":" not in given:
        return given
    try:
        address = ipaddress.IPv6Address(given)
    except ValueError:
        return given
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((address, 64), strict=False))
