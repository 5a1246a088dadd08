"""What Zalo tells us, as inbound values.

Rule: what is signed is believed, and nothing else. What is signed and of no use here (an event that
is not known, an echo, one for another account) is answered 200 and says why it was left: Zalo would
deliver it for hours, and then no more at all. No request raises anything.

The signature is `mac=` and the SHA-256, in hexadecimal, of app id, body, the body's timestamp and
the secret, one behind the other. The timestamp has to be read from the body before that can be
checked, so the body is parsed first; its size is checked before.
"""

from __future__ import annotations

import hashlib
from typing import Final

import attrs

from tongdai.adapters.zalo.content import content_of
from tongdai.adapters.zalo.plain import Document, ident, listed, number, parsed, part, text
from tongdai.channels import (
    Activity,
    Inbound,
    Message,
    Receipt,
    Received,
    Relinked,
    Request,
    Secret,
    fresh,
    matches,
    refused,
)
from tongdai.errors import TongdaiError
from tongdai.model.contact import Address, Claim
from tongdai.model.time import Duration, Instant

MOST_BYTES: Final = 262_144
"""The largest event that is looked at: Zalo's texts have 2,000 characters."""
SIGNATURE: Final = "x-zevent-signature"
_SERVER: Final = "x-zevent-server"
_PROBE: Final = b"{}"
_LONGEST_STAMP: Final = 14  # digits; milliseconds since the epoch have 13 until 2286
_MOST_IDS: Final = 30  # of one receipt, whose key they are: it has at most 4,096 characters
_PHONE: Final = range(9, 16)  # digits
_COUNTRY: Final = "84"
_NATIONAL_MOST: Final = 10  # digits, without the country's
_NAME_MOST: Final = 64  # characters of an event's name in a log


@attrs.frozen(kw_only=True)
class Reader:
    """Reads the webhook of one Official Account.

    Attributes:
        channel: the id of the channel.
        app_id: the application that the account has authorised.
        oa_id: the account.
        secrets: the keys of which one has signed.
        within: how long ago an event may have been signed; `None` is for ever.
    """

    channel: str
    app_id: str
    oa_id: str
    secrets: tuple[Secret, ...]
    within: Duration | None

    def receive(self, request: Request) -> Received:
        """Take a request; whatever it is, there is an answer."""
        try:
            event, at = self._verified(request)
        except _Refused as no:
            return refused(no.status, no.why) if no.status else Received()
        try:
            events = self._events(event, at, request)
        except _Unusable as unusable:
            return Received(refused=f"{_name(event)}: {unusable}")
        except TongdaiError:  # (what the values themselves refuse)
            return Received(refused=f"{_name(event)}: malformed")
        return Received(events)

    def _verified(self, request: Request) -> tuple[Document, Instant]:
        """Return what was signed by Zalo, and when."""
        if len(request.body) > MOST_BYTES:
            raise _Refused(413, "too large")
        if request.method != "POST":
            raise _Refused(405, "not a POST")
        signature = request.headers.get(SIGNATURE, "")
        if not signature and request.body.strip() == _PROBE:
            # What Zalo calls when an address is registered: it wants to see that somebody answers.
            raise _Refused(0, "a probe")
        if not signature:
            raise _Refused(401, "not signed")
        event = parsed(request.body)
        stamp = "" if event is None else _stamp(event)
        if event is None or not stamp:
            raise _Refused(400, "no event with a timestamp")
        if not self._signed(request.body, stamp, signature):
            raise _Refused(401, "signed with another key")
        at = int(stamp) * 1_000
        if self.within is not None and not fresh(at, request.at, self.within):
            raise _Refused(401, "signed too long ago, or ahead of time")
        return event, at

    def _signed(self, body: bytes, stamp: str, signature: str) -> bool:
        expected: list[str] = []
        for secret in self.secrets:
            mac = hashlib.sha256(self.app_id.encode() + body + stamp.encode() + secret.reveal())
            expected.append(mac.hexdigest())
        return matches(expected, signature.removeprefix("mac="))

    def _events(self, event: Document, at: Instant, request: Request) -> tuple[Inbound, ...]:
        name = event.get("event_name")
        if not isinstance(name, str) or not name:
            raise _Unusable("no event's name")
        if request.headers.get(_SERVER, "").upper() == "ZNS":
            raise _Unusable("of the notification service, which is another product")
        if name.startswith("oa_"):
            raise _Unusable("an echo")
        if name.startswith("user_send_") and not name.startswith("user_send_group_"):
            return (self._message(name, event, at, request.body),)
        if name in ("user_received_message", "user_seen_message"):
            return self._receipts(name, event, at, request.body)
        if name in ("follow", "unfollow"):
            return (self._activity(name, event, at, request.body),)
        if name == "user_submit_info":
            return (self._shared(name, event, at, request.body),)
        if name.startswith("user_click_"):
            message = part(event.get("message"))
            if ident(message.get("msg_id")) and message.get("text"):
                return (self._message(name, event, at, request.body),)
            return (self._activity(name, event, at, request.body),)
        raise _Unusable("not known")

    def _message(self, name: str, event: Document, at: Instant, raw: bytes) -> Message:
        user = self._user(event, "sender", "recipient")
        message = part(event.get("message"))
        key = ident(message.get("msg_id"))
        if not key:
            raise _Unusable("a message without an id")
        quoted = ident(message.get("quote_msg_id"))
        return Message(
            key=key,
            at=at,
            address=Address(self.channel, user),
            content=content_of(name.removeprefix("user_send_"), message),
            claims=self._claims(user, event),
            replies_to=(quoted,) if quoted else (),
            raw=raw,
        )

    def _receipts(self, name: str, event: Document, at: Instant, raw: bytes) -> tuple[Receipt, ...]:
        """Tell of our messages: their sender is the account, and who has them the recipient."""
        user = self._user(event, "recipient", "sender")
        message = part(event.get("message"))
        ids = [ident(each) for each in listed(message.get("msg_ids"))] or [
            ident(message.get("msg_id"))
        ]
        ids = [id for id in ids if id]
        if not ids:
            raise _Unusable("a receipt of no message")
        seen = name == "user_seen_message"
        return tuple(
            Receipt(
                key=f"{'seen' if seen else 'received'}:{','.join(some)}",
                at=at,
                address=Address(self.channel, user),
                status="read" if seen else "delivered",
                ids=tuple(some),
                raw=raw,
            )
            for some in (ids[first : first + _MOST_IDS] for first in range(0, len(ids), _MOST_IDS))
        )

    def _activity(self, name: str, event: Document, at: Instant, raw: bytes) -> Activity:
        user = self._user(event, "follower" if "follower" in event else "sender", "recipient")
        return Activity(
            key=f"{name}:{user}:{at // 1_000}",
            at=at,
            address=Address(self.channel, user),
            what="left" if name == "unfollow" else "joined",
            raw=raw,
        )

    def _shared(self, name: str, event: Document, at: Instant, raw: bytes) -> Relinked:
        user = self._user(event, "sender", "recipient")
        claims = list(self._claims(user, event))
        info = part(event.get("info"))
        phone = ident(info.get("phone"))
        number = _international(phone)
        if number:
            claims.append(Claim("phone", number, raw=phone))
        return Relinked(
            key=f"{name}:{user}:{at // 1_000}",
            at=at,
            address=Address(self.channel, user),
            claims=tuple(claims),
            raw=raw,
        )

    def _user(self, event: Document, who: str, account: str) -> str:
        """Return the customer's id, once it is certain that the event is for this account."""
        user = ident(part(event.get(who)).get("id"))
        if not user:
            raise _Unusable(f"no {who}")
        ours = ident(part(event.get(account)).get("id")) or ident(event.get("oa_id"))
        if ours and ours != self.oa_id:
            raise _Unusable("for another account")
        return user

    def _claims(self, user: str, event: Document) -> tuple[Claim, ...]:
        claims = [Claim("zalo", user, scope=self.oa_id, assurance="platform")]
        by_app = ident(event.get("user_id_by_app"))
        if by_app:
            claims.append(Claim("zalo_app", by_app, scope=self.app_id, assurance="platform"))
        return tuple(claims)


class _Refused(Exception):
    """A request that is not Zalo's, as far as one can tell; 0 for one that is a probe."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(status, why)
        self.status = status
        self.why = why


class _Unusable(Exception):
    """An event that is signed and of no use here."""


def _international(phone: str) -> str:
    """Return a telephone number with its country, Vietnam where it has none; empty if it is none.

    A number that begins with 84 has the country in front only if it is longer without.
    """
    digits = phone.removeprefix("+")
    if not (digits.isascii() and digits.isdigit() and len(digits) in _PHONE):
        return ""
    if phone != digits or (digits.startswith(_COUNTRY) and len(digits) > _NATIONAL_MOST):
        return f"+{digits}"
    return f"+{_COUNTRY}{digits.lstrip('0')}"


def _stamp(event: Document) -> str:
    """Return the timestamp as it was signed: milliseconds, as text or as a number."""
    stamp = event.get("timestamp")
    return "" if number(stamp, _LONGEST_STAMP) is None else text(stamp)


def _name(event: Document) -> str:
    """Return an event's name for a log: it is Zalo's word, but of any length."""
    name = text(event.get("event_name"))[:_NAME_MOST]
    return name if name.isascii() and name.replace("_", "").isalnum() else "event"
