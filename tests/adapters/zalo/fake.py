"""Zalo, as far as an Official Account meets it: written from the facts in channels-zalo.md.

Rule: it keeps the provider's word and not ours. Tokens are good until they are replaced, and a
refresh token once; answers are HTTP 200 with an `error`; only what quotes the customer's own
message, within 48 hours and the first eight times, is free; what happens is told to a webhook,
signed, until that answers 200 within two seconds. What goes wrong, goes wrong when it is told to.
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from email.parser import BytesParser
from email.policy import HTTP
from itertools import count
from typing import Any
from urllib.parse import parse_qs

import anyio
import attrs

from tests.adapters.http.serving import Cut, Receive, Scope, Send
from tongdai.adapters.http import HttpClient, HttpRequest
from tongdai.adapters.zalo import Tokens
from tongdai.channels import Secret
from tongdai.errors import ChannelFault
from tongdai.model.time import hours, seconds
from tongdai.runtime import Clock

FREE = int(hours(48))
REACHABLE = int(hours(7 * 24))
PATIENCE = 2.0  # seconds in which a webhook answers


@attrs.define
class Customer:
    """Somebody who writes to the account.

    Attributes:
        id: as the account knows them.
        wrote: their messages' ids, and when.
        heard: what they were sent.
        free: how many free answers they had since they last wrote.
    """

    id: str
    wrote: dict[str, int] = attrs.field(factory=dict[str, int])
    heard: list[dict[str, Any]] = attrs.field(factory=list[dict[str, Any]])
    said: list[dict[str, Any]] = attrs.field(factory=list[dict[str, Any]])
    free: int = 0

    @property
    def texts(self) -> list[str]:
        """What they were told."""
        return [message.get("text", "") for message in self.heard]


@attrs.frozen
class Trouble:
    """What happens to the next request of a path, in place of an answer.

    Attributes:
        path: the end of its path.
        status, body, headers: what is answered, without doing anything.
        cut: the connection is cut in place of an answer.
        done: whether what was asked is done before that.
        held: what is waited for first.
    """

    path: str
    status: int = 200
    body: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    cut: bool = False
    done: bool = False
    held: anyio.Event | None = None


class Provider:
    """One application, one Official Account, and their customers."""

    app_id = "3482178216594085616"
    oa_id = "579745863508352884"

    def __init__(self, clock: Clock, *, calls_a_minute: int = 1_000_000) -> None:
        """Begin with fresh tokens, and nobody who has written."""
        self.clock = clock
        self.oa_secret = "oa-secret-of-the-webhook"  # noqa: S105 - of nothing real
        self.app_secret = "app-secret-of-the-tokens"  # noqa: S105 - of nothing real
        self.customers: dict[str, Customer] = {}
        self.troubles: deque[Trouble] = deque()
        self.calls: list[str] = []
        self.refreshes = 0
        self.spent: set[str] = set()
        self.uploads: dict[str, tuple[str, bytes, str]] = {}
        self.shown: list[tuple[str, dict[str, Any]]] = []
        self.deliveries = 0
        self.told: list[int] = []
        self.paid_messages = 0
        self.webhook = ""
        self._calls_a_minute = calls_a_minute
        self._numbers = count(1)
        self.access, self.refresh = self._pair()
        self._expired = False

    # --- tokens -------------------------------------------------------------------------------

    def tokens(self, *, expires: int = 0) -> Tokens:
        """Return what the authorisation has brought."""
        return Tokens(Secret(self.access), Secret(self.refresh), expires)

    def expire(self) -> None:
        """Take the access token no more."""
        self._expired = True

    def _pair(self) -> tuple[str, str]:
        number = next(self._numbers)
        return f"access-{number}", f"refresh-{number}"

    def _renew(self, headers: dict[str, str], body: bytes) -> dict[str, Any]:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        right = form.get("app_id") == self.app_id and form.get("grant_type") == "refresh_token"
        if headers.get("secret_key") != self.app_secret or not right:
            return {"error": -14004, "error_name": "Invalid app"}
        if form.get("refresh_token") != self.refresh:
            return {"error": -14020, "error_name": "Invalid refresh token"}
        self.refreshes += 1
        self.spent.add(self.refresh)
        self.access, self.refresh = self._pair()
        self._expired = False
        return {
            "access_token": self.access,
            "refresh_token": self.refresh,
            "expires_in": "90000",
        }

    # --- the API ------------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a call."""
        path: str = scope["path"]
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.calls.append(path)
        trouble = None
        if self.troubles and path.endswith(self.troubles[0].path):
            trouble = self.troubles.popleft()
        if trouble is not None:
            if trouble.held is not None:
                await trouble.held.wait()
            if trouble.cut and not trouble.done:
                raise Cut
            if trouble.body or trouble.status != 200:
                await _answer(send, trouble.status, trouble.body, trouble.headers)
                return
        answer = self._do(path, headers, scope["query_string"], body)
        if trouble is not None and trouble.cut:
            raise Cut
        await _answer(send, 200, json.dumps(answer).encode())

    def _do(  # noqa: PLR0911 - one for each path
        self, path: str, headers: dict[str, str], query: bytes, body: bytes
    ) -> dict[str, Any]:
        if path == "/v4/oa/access_token":
            return self._renew(headers, body)
        if headers.get("access_token") != self.access or self._expired:
            return {"error": -216, "message": f"Access token {headers.get('access_token')} invalid"}
        if self._calls_a_minute <= 0:
            return {"error": -32, "message": "Reached limit call api"}
        self._calls_a_minute -= 1
        if path == "/v3.0/oa/message/cs":
            return self._message(json.loads(body))
        if path == "/v2.0/oa/conversation":
            asked = json.loads(parse_qs(query.decode())["data"][0])
            said = self.customers.get(str(asked["user_id"]), Customer("")).said
            return {"error": 0, "message": "Success", "data": said[::-1][: asked["count"]]}
        if path.startswith("/v2.0/oa/upload/") and path.endswith(("/image", "/gif", "/file")):
            return self._upload(path.rpartition("/")[2], headers["content-type"], body)
        return {"error": -3, "message": "no such api"}

    def _upload(self, kind: str, content_type: str, body: bytes) -> dict[str, Any]:
        whole = b"content-type: " + content_type.encode() + b"\r\n\r\n" + body
        [part] = BytesParser(policy=HTTP).parsebytes(whole).iter_parts()
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        if part.get_param("name", header="content-disposition") != "file":
            return {"error": -201, "message": "file is missing"}
        if len(data) > (2**20 if kind == "image" else 5 * 2**20):
            return {"error": -210, "message": "file is too large"}
        called = part.get_filename() or ""
        endings = {"image": (".jpg", ".jpeg", ".png"), "gif": (".gif",), "file": ("",)}
        if not called.lower().endswith(endings[kind]):
            return {"error": 0, "message": "Success", "data": {}}
        token = f"{kind}-{next(self._numbers)}"
        self.uploads[token] = (part.get_content_type(), data, called)
        name = "token" if kind == "file" else "attachment_id"
        return {"error": 0, "message": "Success", "data": {name: token}}

    def _message(self, asked: dict[str, Any]) -> dict[str, Any]:
        customer = self.customers.get(asked["recipient"]["user_id"])
        message = asked["message"]
        if customer is None:
            return {"error": -201, "message": "user_id is invalid"}
        if len(message.get("text", "")) > 2_000:
            return {"error": -210, "message": "text is too long"}
        if not message.get("text") and "attachment" not in message:
            return {"error": -201, "message": "message is empty"}
        if "attachment" in message and not self._known(message["attachment"]):
            return {"error": -201, "message": "attachment is invalid"}
        now = self.clock.now()
        last = max(customer.wrote.values(), default=0)
        if now - last > REACHABLE:
            return {"error": -230, "message": "User has not interacted with the OA in 7 days"}
        quoted = message.get("quote_message_id", "") in customer.wrote
        free = quoted and now - last <= FREE and customer.free < 8
        if free:
            customer.free += 1
            quota = {"quota_type": "reply", "remain": str(8 - customer.free), "total": "8"}
        else:
            self.paid_messages += 1
            quota = {"quota_type": "purchase_quota"}
        id = f"oa{next(self._numbers):018}"
        customer.heard.append(message)
        self.shown.append((customer.id, message))
        customer.said.append(self._line(id, self.oa_id, customer.id))
        data = {"message_id": id, "user_id": customer.id, "quota": quota}
        return {"error": 0, "message": "Success", "data": data}

    def _known(self, attachment: dict[str, Any]) -> bool:
        payload = attachment["payload"]
        if attachment["type"] == "file":
            return payload["token"] in self.uploads
        return all(
            one["attachment_id"] in self.uploads
            and one["attachment_id"].startswith(one["media_type"])
            for one in payload["elements"]
        )

    def _line(self, id: str, who: str, whom: str) -> dict[str, Any]:
        return {
            "src": 0 if who == self.oa_id else 1,
            "time": self.clock.now() // 1_000,
            "message_id": id,
            "from_id": who,
            "to_id": whom,
            "type": "text",
        }

    # --- what happens, and is told ------------------------------------------------------------

    def customer(self, id: str) -> Customer:
        """Return a customer."""
        return self.customers.setdefault(id, Customer(id))

    def event(self, name: str, who: str, **rest: Any) -> bytes:  # noqa: ANN401 - any JSON
        """Return an event of a customer, as it is delivered."""
        ends = {"sender": {"id": who}, "recipient": {"id": self.oa_id}}
        document = {
            "app_id": self.app_id,
            "event_name": name,
            "timestamp": str(self.clock.now() // 1_000),
            "user_id_by_app": f"9{who}",
            **ends,
            **rest,
        }
        plain = json.dumps(document, ensure_ascii=False)
        halves = any("\ud800" <= letter <= "\udfff" for letter in plain)
        return (json.dumps(document) if halves else plain).encode()

    def writes(self, who: str, text: str, **rest: Any) -> bytes:  # noqa: ANN401 - any JSON
        """Let a customer write, and return the event."""
        customer = self.customer(who)
        id = f"user{next(self._numbers):016}"
        customer.wrote[id] = self.clock.now()
        customer.free = 0
        customer.said.append(self._line(id, who, self.oa_id))
        return self.event("user_send_text", who, message={"msg_id": id, "text": text, **rest})

    def receipt(self, name: str, who: str, *ids: str) -> bytes:
        """Return the event that a customer has something, or has seen it."""
        ends = {"sender": {"id": self.oa_id}, "recipient": {"id": who}}
        if name == "user_seen_message":
            return self.event(name, who, message={"msg_ids": list(ids)}, **ends)
        stamp = str(self.clock.now() // 1_000)
        return self.event(name, who, message={"msg_id": ids[0], "delivery_time": stamp}, **ends)

    def echo(self, who: str, text: str, id: str) -> bytes:
        """Return the event that the account has written."""
        ends = {"sender": {"id": self.oa_id}, "recipient": {"id": who}}
        return self.event("oa_send_text", who, message={"msg_id": id, "text": text}, **ends)

    def sign(self, body: bytes) -> dict[str, str]:
        """Return the headers of an event."""
        stamp = json.loads(body)["timestamp"]
        signed = f"{self.app_id}".encode() + body + f"{stamp}{self.oa_secret}".encode()
        mac = hashlib.sha256(signed).hexdigest()
        return {"content-type": "application/json", "x-zevent-signature": f"mac={mac}"}

    async def deliver(
        self, client: HttpClient, body: bytes, *, most: int = 50, pause: float = 0.01
    ) -> int:
        """Tell an event until it is answered 200 in time; return how often it was told."""
        for times in range(1, most + 1):
            self.deliveries += 1
            asked = HttpRequest(
                url=self.webhook,
                headers=self.sign(body),
                body=body,
                timeout=seconds(PATIENCE),
            )
            try:
                status = (await client.send(asked)).status
            except ChannelFault:
                status = 0
            self.told.append(status)
            if status == 200:
                return times
            await anyio.sleep(pause)
        raise AssertionError(f"the webhook never took it: {self.told[-5:]}")


async def _answer(
    send: Send, status: int, body: bytes, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    given = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": [*given, *headers]})
    await send({"type": "http.response.body", "body": body})
