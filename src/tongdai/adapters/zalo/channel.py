"""A Zalo Official Account as a channel, and as a webhook.

Rule: what comes in is passed on as it is verified; what goes out is sent once. A content may become
several messages; what of it was sent is remembered by its key, so that trying again goes on where
it stopped. A customer is answered for free where that is possible, and not at all where it is not,
unless `paid` says so.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from secrets import token_hex
from typing import Any, Final, Literal
from urllib.parse import urlencode

import attrs

from tongdai.adapters.http import HttpClient, HttpRequest, Httpx2Client
from tongdai.adapters.webhooks import WebhookApp
from tongdai.adapters.zalo.codes import EXPIRED, understand
from tongdai.adapters.zalo.incoming import MOST_BYTES, Reader
from tongdai.adapters.zalo.plain import Document, listed, number, part, text
from tongdai.adapters.zalo.tokens import Access, TokenStore
from tongdai.adapters.zalo.windows import MOST, Window, Windows
from tongdai.channels import Inbound, Medium, Message, Received, Request, Secret, Sent, fit
from tongdai.channels.media import ZALO
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.contact import Address, Attachment, Content
from tongdai.model.ids import check_id
from tongdai.model.mode import check_count
from tongdai.model.time import Duration, duration, hours
from tongdai.runtime import Clock, Files, Inbox, SystemClock

API: Final = "https://openapi.zalo.me"
OAUTH: Final = "https://oauth.zaloapp.com"
REPLAY: Final = hours(13)
"""How long ago an event may have been signed: Zalo delivers again for twelve hours."""
_KEPT: Final = 1_000  # contents whose progress is remembered
_IMAGE_SIZE: Final = 1_048_576  # bytes; pictures have a limit of their own
_NOT_THIS: Final = frozenset(["-212", "-224", "403"])
"""Codes and statuses that may say that this call is not allowed, whatever else is."""
_LAST: Final = 10  # messages that Zalo tells of at once
_DIGITS: Final = 3  # of a quota
_DIGITS_OF_TIME: Final = 14
_ENDINGS: Final = {
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/gif": (".gif",),
}
"""How a picture's name has to end; Zalo believes the name."""
_SAFE: Final = str.maketrans(dict.fromkeys('"\\\r\n', "_"))


@attrs.define
class _Progress:
    """How far a content was sent: the messages' ids, and the files that Zalo has already."""

    ids: list[str] = attrs.field(factory=list[str])
    uploaded: dict[int, Document] = attrs.field(factory=dict[int, Document])


@attrs.frozen
class _Piece:
    """One message on its way."""

    text: str = attrs.field(repr=False)
    file: Attachment | None = None


class Zalo:
    """A `tongdai.runtime.Channel` and a `tongdai.channels.Webhook` for one Official Account.

    Attributes:
        id: the channel's.
        app: the webhook as an ASGI application, to be mounted where Zalo calls.
    """

    def __init__(  # noqa: PLR0913 - settings with defaults
        self,
        id: str,
        *,
        app_id: str,
        oa_id: str,
        oa_secret: Secret | Sequence[Secret],
        app_secret: Secret,
        tokens: TokenStore,
        client: HttpClient | None = None,
        files: Files | None = None,
        paid: bool = False,
        replay: Duration | None = REPLAY,
        remembered: int = MOST,
        medium: Medium = ZALO,
        clock: Clock | None = None,
        api: str = API,
        oauth: str = OAUTH,
    ) -> None:
        """Make a channel.

        Args:
            id: its id.
            app_id: the application's.
            oa_id: the Official Account's.
            oa_secret: what signs the webhook, from the application's page of the webhook; several
                while one is replaced by another.
            app_secret: the application's own key, with which tokens are renewed.
            tokens: where access and refresh tokens are kept; it has some already.
            client: sends requests; by default httpx2.
            files: where the files are that agents send.
            paid: whether agents' answers are also sent where they are not free.
            replay: how long ago an event may have been signed; `None` is for ever.
            remembered: how many customers' last messages are kept.
            medium: what the account can do; another one has other limits.
            clock: tells the time.
            api: where Zalo is called; for tests.
            oauth: where tokens are renewed; for tests.

        Raises:
            ConfigurationError: names the argument and what would be right.
        """
        check_id(id, "Zalo.id")
        for name, value in (("app_id", app_id), ("oa_id", oa_id)):
            if not isinstance(value, str) or not value.isalnum():
                raise ConfigurationError(f"Zalo.{name}: {value!r} is no id; write it as text")
        secrets = (oa_secret,) if isinstance(oa_secret, Secret) else tuple(oa_secret)
        if not secrets or not all(isinstance(each, Secret) for each in (*secrets, app_secret)):
            raise ConfigurationError(
                "Zalo.oa_secret, Zalo.app_secret: expected Secret(...), and at least one"
            )
        check_count(remembered, "Zalo.remembered", least=1)
        within = None if replay is None else duration(replay, "Zalo.replay")
        self.id = id
        self._oa_id = oa_id
        self._medium = medium
        self._clock = SystemClock() if clock is None else clock
        self._reader = Reader(
            channel=id, app_id=app_id, oa_id=oa_id, secrets=secrets, within=within
        )
        self._access = Access(
            tokens,
            url=f"{oauth}/v4/oa/access_token",
            app_id=app_id,
            app_secret=app_secret,
            clock=self._clock,
        )
        self._api = api
        self._client = client
        self._http: HttpClient | None = client
        self._files = files
        self._paid = paid
        self._windows = Windows(medium, most=remembered)
        self._sending: OrderedDict[str, _Progress] = OrderedDict()
        self._inbox = Inbox()
        self.app = WebhookApp(self, self.put, within=medium.acknowledge, clock=self._clock)

    def __repr__(self) -> str:
        """Give the ids, and nothing else."""
        return f"Zalo({self.id!r}, oa_id={self._oa_id!r})"

    @property
    def medium(self) -> Medium:
        """What it can do."""
        return self._medium

    # --- what comes in ------------------------------------------------------------------------

    @property
    def most_bytes(self) -> int:
        """The largest event."""
        return MOST_BYTES

    def receive(self, request: Request) -> Received:
        """Take a request of Zalo's (see `tongdai.channels.Webhook.receive`)."""
        return self._reader.receive(request)

    async def put(self, events: Iterable[Inbound]) -> None:
        """Keep events; return when they are durable (see `tongdai.runtime.Inbox.put`)."""
        events = tuple(events)
        for inbound in events:
            self.remember(inbound)
        await self._inbox.put(events)

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AsyncIterator[Inbound]]:
        """Begin to take events and to send (see `tongdai.runtime.Channel.open`).

        Raises:
            ConfigurationError: there is no HTTP client; says what to run.
        """
        async with AsyncExitStack() as stack:
            if self._client is None:
                self._http = await stack.enter_async_context(Httpx2Client())
                stack.callback(setattr, self, "_http", None)
            incoming = await stack.enter_async_context(self._inbox.open())
            yield incoming

    def remember(self, inbound: Inbound) -> None:
        """Note what a customer wrote, to be quoted; for those who keep that beyond a restart.

        What comes by `put` is noted already, and what is not known is asked of Zalo.
        """
        if isinstance(inbound, Message) and not inbound.automatic:
            self._windows.heard(inbound.address.to, Window(inbound.key, inbound.at))

    def window(self, user: str) -> Window | None:
        """Return what is remembered of a customer: what they wrote last, and its answers."""
        return self._windows.get(user)

    # --- what goes out ------------------------------------------------------------------------

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Send something (see `tongdai.runtime.Channel.send`)."""
        user = to.to
        if not user.isalnum():
            raise ChannelFault("bad_address", "no id of a customer of Zalo")
        progress = self._sending.setdefault(key, _Progress())
        self._sending.move_to_end(key)
        while len(self._sending) > _KEPT:
            self._sending.popitem(last=False)
        pieces = _pieces(content, self._medium)
        done = len(progress.ids)
        if done < len(pieces):
            window = self._windows.get(user) or await self._recall(user)
            self._windows.check(
                window,
                len(pieces) - done,
                self._clock.now(),
                automatic=content.automatic,
                paid=self._paid,
            )
            for place in range(done, len(pieces)):
                await self._send(user, pieces[place], window, progress, place)
        return Sent(tuple(id for id in progress.ids if id))

    async def _send(
        self, user: str, piece: _Piece, window: Window | None, progress: _Progress, place: int
    ) -> None:
        message: dict[str, Any] = {"text": piece.text} if piece.text else {}
        if piece.file is not None:
            if place not in progress.uploaded:
                progress.uploaded[place] = await self._upload(piece.file)
            message["attachment"] = progress.uploaded[place]
        if window is not None:
            message["quote_message_id"] = window.quote
        body = json.dumps({"recipient": {"user_id": user}, "message": message}).encode()
        if window is not None:
            window.used += 1  # (also if it is never known whether it was sent)
        try:
            answer = await self._ask(
                lambda token: HttpRequest(
                    url=f"{self._api}/v3.0/oa/message/cs",
                    headers={"content-type": "application/json", "access_token": token},
                    body=body,
                )
            )
        except ChannelFault as fault:
            if window is not None and fault.kind != "unknown":
                window.used -= 1
            raise
        data = part(answer.get("data"))
        progress.ids.append(text(data.get("message_id")))  # (empty where it is not told)
        if window is not None:
            _correct(window, self._medium, part(data.get("quota")))

    async def _upload(self, file: Attachment) -> Document:
        """Give Zalo a file, and return how it stands in a message."""
        how = _how(file)
        if self._files is None:
            raise ChannelFault("rejected", "there is no store of files; pass Zalo(files=...)")
        try:
            data = await self._files.fetch(file.url)
        except KeyError:
            raise ChannelFault("rejected", "the file is not in the store") from None
        except Exception as error:  # noqa: BLE001 - wherever it is kept
            what = type(error).__name__
            raise ChannelFault("retry", f"the file cannot be read: {what}") from None
        limits = self._medium.files
        most = _IMAGE_SIZE if how == "image" else None if limits is None else limits.size
        if most is not None and len(data) > most:
            raise ChannelFault("rejected", f"the file has {len(data)} bytes, of at most {most}")
        mark = token_hex(16)
        name = file.name.translate(_SAFE) or how
        endings = _ENDINGS.get(_type(file), ("",))
        if not name.lower().endswith(endings):
            name += endings[0]
        head = (
            f'--{mark}\r\ncontent-disposition: form-data; name="file"; filename="{name}"\r\n'
            f"content-type: {file.kind.translate(_SAFE)}\r\n\r\n"
        )
        body = head.encode() + data + f"\r\n--{mark}--\r\n".encode()
        try:
            answer = await self._ask(
                lambda token: HttpRequest(
                    url=f"{self._api}/v2.0/oa/upload/{how}",
                    headers={
                        "content-type": f"multipart/form-data; boundary={mark}",
                        "access_token": token,
                    },
                    body=body,
                )
            )
        except ChannelFault as fault:
            raise _again(fault) from None  # (twice uploaded does no harm)
        if how == "file":
            return {"type": "file", "payload": {"token": _given(answer, "token")}}
        element = {"media_type": how, "attachment_id": _given(answer, "attachment_id")}
        payload = {"template_type": "media", "elements": [element]}
        return {"type": "template", "payload": payload}

    async def _recall(self, user: str) -> Window | None:
        """Ask Zalo what a customer wrote last, who is not remembered."""
        asked = {"user_id": user, "offset": 0, "count": _LAST}
        query = urlencode({"data": json.dumps(asked)})
        try:
            answer = await self._ask(
                lambda token: HttpRequest(
                    method="GET",
                    url=f"{self._api}/v2.0/oa/conversation?{query}",
                    headers={"access_token": token},
                )
            )
        except ChannelFault as fault:
            again = _again(fault)
            if again.kind in ("retry", "throttled"):
                raise again from None
            if again.kind == "unauthorised" and again.code not in _NOT_THIS:
                raise  # (nothing else could be called either)
            return None
        window = _last_of(answer, user)
        if window is not None:
            self._windows.heard(user, window)
        return window

    async def _ask(self, make: Callable[[str], HttpRequest]) -> Document:
        """Call Zalo; a token that is not taken is renewed, and the call made once more."""
        http = self._http
        if http is None:
            raise ChannelFault("retry", "the channel is not open")
        token = await self._access.token(http)
        for last in (False, True):
            answer = await http.send(make(token.reveal().decode()))
            try:
                return understand(answer, token)
            except ChannelFault as fault:
                if last or fault.code not in EXPIRED:
                    raise
                token = await self._access.token(http, refused=token)
        raise AssertionError  # pragma: no cover - the last turn returns or raises


def _pieces(content: Content, medium: Medium) -> list[_Piece]:
    """Return a content as messages of Zalo: text, or a picture with text, or a file alone."""
    pieces: list[_Piece] = []
    parts = fit(content, medium)
    taken = [file for one in parts for file in one.attachments]
    for file in content.attachments:
        if file not in taken and not file.url.startswith(("https://", "http://")):
            # Its url is our store's own, so as a line of the text it would be of no use.
            raise ChannelFault("rejected", f"Zalo takes no {_type(file)} of this size, or at all")
    for one in parts:
        words = one.text
        for file in one.attachments:
            if words and _how(file) == "file":
                pieces.append(_Piece(words))
                words = ""
            pieces.append(_Piece(words, file))
            words = ""
        if words:
            pieces.append(_Piece(words))
    if not pieces:
        raise ChannelFault("rejected", "there is nothing to send")
    return pieces


def _type(file: Attachment) -> str:
    """Return a file's media type, without what is said of it besides."""
    return file.kind.partition(";")[0].strip().lower()


def _how(file: Attachment) -> Literal["image", "gif", "file"]:
    """Return how Zalo takes a file."""
    type_ = _type(file)
    if type_ == "image/gif":
        return "gif"
    return "image" if type_.startswith("image/") else "file"


def _given(answer: Document, name: str) -> str:
    """Return what Zalo calls an uploaded file."""
    value = text(part(answer.get("data")).get(name))
    if not value:
        raise ChannelFault("retry", f"the file was uploaded, but there is no {name}")
    return value


def _again(fault: ChannelFault) -> ChannelFault:
    """Return the fault of something that may be done twice: what is unknown is tried again."""
    kind = "retry" if fault.kind == "unknown" else fault.kind
    return ChannelFault(kind, fault.detail, retry_after=fault.retry_after, code=fault.code)


def _correct(window: Window, medium: Medium, told: Document) -> None:
    """Believe Zalo where it says how many free answers are left: none, if this one was not free."""
    rule = medium.reply_window
    kind, left = text(told.get("quota_type")), number(told.get("remain"), _DIGITS)
    if rule is None or rule.quota is None or not kind:
        return
    if kind != "reply":
        window.used = rule.quota
    elif left is not None:
        window.used = max(rule.quota - left, 0)


def _last_of(answer: Document, user: str) -> Window | None:
    """Return a customer's last message of a conversation, and how many answers it has had."""
    said: list[tuple[int, bool, str]] = []
    for each in listed(answer.get("data")):
        line = part(each)
        time, key = number(line.get("time"), _DIGITS_OF_TIME), text(line.get("message_id"))
        if time is not None and key:
            said.append((time * 1_000, text(line.get("from_id")) == user, key))
    last = max((line for line in said if line[1]), default=None)
    if last is None:
        return None
    answers = sum(1 for at, theirs, _ in said if at > last[0] and not theirs)
    return Window(last[2], last[0], answers)
