"""What Zalo tells us: believed when it is signed, understood whatever kind it is."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from tests.adapters.zalo.settings import LAN, NOW, OA, account, changed, provider, signed, told
from tongdai.channels import Activity, Inbound, Message, Receipt, Relinked, Request, Secret
from tongdai.errors import ConfigurationError
from tongdai.model.contact import Address, Attachment, Claim, Content
from tongdai.model.time import hours, minutes

MESSAGE = {"msg_id": "96d3cdf3af150460909", "text": "Thẻ của tôi bị khóa"}


def one(event: str, **rest: Any) -> Inbound:  # noqa: ANN401 - any JSON
    """Return the one inbound value of an event."""
    received = told(provider(), event, **rest)
    assert (received.answer.status, received.refused) == (200, "")
    [inbound] = received.events
    return inbound


def content(kind: str, message: dict[str, Any]) -> Content:
    """Return what a message of a kind says."""
    inbound = one(f"user_send_{kind}", message={"msg_id": "m", **message})
    assert isinstance(inbound, Message)
    return inbound.content


def test_a_message_is_whole() -> None:
    """Who, when, what, who they are, and the bytes."""
    zalo = provider()
    body = zalo.event("user_send_text", LAN, message={**MESSAGE, "quote_msg_id": "q1"})
    [message] = account(zalo).receive(signed(zalo, body)).events
    assert message == Message(
        key="96d3cdf3af150460909",
        at=NOW,
        address=Address("zalo", LAN),
        content=Content("Thẻ của tôi bị khóa"),
        claims=(
            Claim("zalo", LAN, scope=OA, assurance="platform"),
            Claim("zalo_app", f"9{LAN}", scope=zalo.app_id, assurance="platform"),
        ),
        replies_to=("q1",),
        raw=body,
    )


def test_ids_may_come_as_numbers() -> None:
    """Those of Zalo have 64 bits; none is lost in a float."""
    number = 18446744073709551615
    message = one("user_send_text", sender={"id": number}, message={"msg_id": 7, "text": "x"})
    assert (message.address.to, message.key) == (str(number), "7")


@pytest.mark.parametrize(
    ("kind", "payload", "file"),
    [
        (
            "image",
            {"url": "https://z.example/a.png"},
            Attachment("image/png", "https://z.example/a.png"),
        ),
        ("image", {"url": "https://z.example/a"}, Attachment("image/jpeg", "https://z.example/a")),
        ("gif", {"url": "https://z.example/a"}, Attachment("image/gif", "https://z.example/a")),
        (
            "audio",
            {"url": "https://z.example/a.aac"},
            Attachment("audio/aac", "https://z.example/a.aac"),
        ),
        (
            "video",
            {"thumbnail": "https://z.example/a.jpg"},
            Attachment("image/jpeg", "https://z.example/a.jpg"),
        ),
        (
            "sticker",
            {"id": "9", "url": "https://z.example/s"},
            Attachment("image/png", "https://z.example/s"),
        ),
        (
            "file",
            {"url": "https://z.example/f", "name": "hợp đồng.pdf", "size": "1024", "checksum": "x"},
            Attachment("application/pdf", "https://z.example/f", "hợp đồng.pdf", size=1024),
        ),
    ],
)
def test_a_file_is_an_attachment(kind: str, payload: dict[str, Any], file: Attachment) -> None:
    """With its url, and the kind that its name tells, else the one that such messages have."""
    message = {"text": "đây", "attachments": [{"type": kind, "payload": payload}]}
    if file.kind == "audio/aac":
        file = Attachment(content(kind, message).attachments[0].kind, file.url)
        assert file.kind.startswith("audio/")
    assert Content("đây", (file,)) == content(kind, message)


@pytest.mark.parametrize(
    ("kind", "message", "text"),
    [
        (
            "location",
            {
                "text": "Cơm Coffee",
                "attachments": [
                    {
                        "type": "location",
                        "payload": {"coordinates": {"latitude": "10.7923119", "longitude": 106.78}},
                    }
                ],
            },
            "Cơm Coffee\ngeo:10.7923119,106.78",
        ),
        (
            "link",
            {
                "text": "xem này",
                "attachments": [
                    {
                        "type": "link",
                        "payload": {
                            "title": "Tin",
                            "description": "Hôm nay",
                            "url": "https://n.example/",
                            "thumbnail": "https://n.example/t.jpg",
                        },
                    }
                ],
            },
            "xem này\nTin\nHôm nay\nhttps://n.example/",
        ),
        (
            "business_card",
            {
                "attachments": [
                    {
                        "type": "link",
                        "payload": {
                            "description": '{"caption": "An", "phone": "84908993022"}',
                            "url": "https://zalo.me/an",
                        },
                    }
                ],
            },
            "An\n84908993022\nhttps://zalo.me/an",
        ),
        ("sticker", {}, "[sticker]"),
        (
            "image",
            {"attachments": [{"type": "image", "payload": {"url": "javascript:x"}}]},
            "[image]",
        ),
        ("audio", {"attachments": "none", "text": 7}, "7"),
        ("text", {"text": "cắt \ud83d giữa"}, "cắt ? giữa"),
    ],
)
def test_what_is_no_file_is_text(kind: str, message: dict[str, Any], text: str) -> None:
    """Places, pages and people are told; nothing that came is silence."""
    assert Content(text) == content(kind, message)


def test_many_attachments_are_bounded() -> None:
    """The first fifty of them."""
    each = {"type": "image", "payload": {"url": "https://z.example/a.png"}}
    assert 50 == len(content("image", {"attachments": [each] * 80}).attachments)


@pytest.mark.parametrize("name", ["follow", "unfollow", "user_click_chatnow"])
def test_following_and_clicking_are_activities(name: str) -> None:
    """They have no id; what, who and when tell them apart."""
    ends = {"sender": None, "recipient": None, "follower": {"id": LAN}, "oa_id": OA}
    if name == "user_click_chatnow":
        ends = {}
    zalo = provider()
    body = changed(zalo.event(name, LAN), **ends)
    assert account(zalo).receive(signed(zalo, body)).events == (
        Activity(
            key=f"{name}:{LAN}:{NOW // 1_000}",
            at=NOW,
            address=Address("zalo", LAN),
            what="left" if name == "unfollow" else "joined",
            raw=body,
        ),
    )


def test_a_button_that_says_something_is_a_message() -> None:
    """What it says is what the customer said."""
    message = one("user_click_button", message={"msg_id": "m1", "text": "Đặt hàng"})
    assert isinstance(message, Message)
    assert (message.key, message.content) == ("m1", Content("Đặt hàng"))


@pytest.mark.parametrize(
    ("name", "message", "key", "status"),
    [
        (
            "user_received_message",
            {"msg_id": "o1", "delivery_time": "1"},
            "received:o1",
            "delivered",
        ),
        ("user_seen_message", {"msg_ids": ["o1", "o2"]}, "seen:o1,o2", "read"),
        ("user_seen_message", {"msg_id": "o1"}, "seen:o1", "read"),
    ],
)
def test_receipts_are_of_our_messages(
    name: str, message: dict[str, Any], key: str, status: str
) -> None:
    """Their sender is the account, and the customer the recipient."""
    receipt = one(name, sender={"id": OA}, recipient={"id": LAN}, message=message)
    assert isinstance(receipt, Receipt)
    assert (receipt.key, receipt.status, receipt.address.to) == (key, status, LAN)
    assert receipt.ids == tuple(key.partition(":")[2].split(","))


def test_a_receipt_of_very_many_is_several() -> None:
    """Thirty in each, so that their key is not too long for the center."""
    ids = [f"{number:0128}" for number in range(70)]
    ends = {"sender": {"id": OA}, "recipient": {"id": LAN}}
    events = told(provider(), "user_seen_message", message={"msg_ids": ids}, **ends).events
    found = [event.ids for event in events if isinstance(event, Receipt)]
    assert ([30, 30, 10], ids) == (list(map(len, found)), [id for some in found for id in some])
    assert 3 == len({event.key for event in events})
    assert max(len(event.key) for event in events) <= 4_096


@pytest.mark.parametrize(
    "phone", ["84908993022", "0908993022", 84908993022, "+84908993022"], ids=repr
)
def test_what_a_customer_shares_is_a_claim(phone: object) -> None:
    """A number that they have typed themselves."""
    shared = one("user_submit_info", info={"phone": phone, "name": "Lan"})
    assert isinstance(shared, Relinked)
    assert shared.claims[2:] == (Claim("phone", "+84908993022", raw=str(phone)),)


@pytest.mark.parametrize(
    ("phone", "number"),
    [
        ("+14155550123", "+14155550123"),
        ("842438255555", "+842438255555"),
        ("0843333333", "+84843333333"),
        ("843333333", "+84843333333"),
    ],
)
def test_a_number_keeps_its_country(phone: str, number: str) -> None:
    """Where it has one; 84 are also the first digits of numbers in Vietnam."""
    shared = one("user_submit_info", info={"phone": phone})
    assert isinstance(shared, Relinked)
    assert [number] == [claim.value for claim in shared.claims if claim.scheme == "phone"]


@pytest.mark.parametrize("phone", ["", "none", "12", "9" * 16, None, 1.5, ["84908993022"]])
def test_what_is_no_number_is_no_claim(phone: object) -> None:
    """Who they are is told all the same."""
    shared = one("user_submit_info", info={"phone": phone})
    assert isinstance(shared, Relinked)
    assert ["zalo", "zalo_app"] == [claim.scheme for claim in shared.claims]


@pytest.mark.parametrize(
    ("name", "rest", "why"),
    [
        ("oa_send_text", {"message": MESSAGE}, "oa_send_text: an echo"),
        ("user_send_group_text", {"message": MESSAGE}, "user_send_group_text: not known"),
        ("anonymous_send_text", {"message": MESSAGE}, "anonymous_send_text: not known"),
        ("user_reacted_message", {"message": MESSAGE}, "user_reacted_message: not known"),
        ("tomorrows_event", {}, "tomorrows_event: not known"),
        ("user_send_text", {}, "user_send_text: a message without an id"),
        ("user_send_text", {"message": ["x"]}, "user_send_text: a message without an id"),
        ("user_send_text", {"message": MESSAGE, "sender": {"id": ""}}, "user_send_text: no sender"),
        ("user_send_text", {"message": MESSAGE, "sender": 1.5}, "user_send_text: no sender"),
        (
            "user_send_text",
            {"message": MESSAGE, "recipient": {"id": "1"}},
            "user_send_text: for another account",
        ),
        (
            "user_seen_message",
            {"message": {"msg_ids": []}},
            "user_seen_message: for another account",
        ),
        ("x" * 500, {}, f"{'x' * 64}: not known"),
        ("<script>", {}, "event: not known"),
        ("", {}, "event: no event's name"),
        ("user_send_text", {"event_name": 7}, "7: no event's name"),
    ],
)
def test_what_is_of_no_use_is_answered_all_the_same(
    name: str, rest: dict[str, Any], why: str
) -> None:
    """200 and no events, or Zalo would deliver it for hours; why is for the log."""
    received = told(provider(), name, **rest)
    assert (received.answer.status, received.events, received.refused) == (200, (), why)


def test_what_the_notification_service_tells_is_not_ours() -> None:
    """Its receipts have the same name, and a telephone number for a recipient."""
    zalo = provider()
    body = zalo.receipt("user_received_message", "84908993022", "n1")
    request = signed(zalo, body)
    from_zns = Request(
        headers={**request.headers, "x-zevent-server": "ZNS"}, body=body, at=request.at
    )
    received = account(zalo).receive(from_zns)
    assert ((), 200) == (received.events, received.answer.status)
    assert "another product" in received.refused


# --- the signature --------------------------------------------------------------------------------


def test_the_signature_is_the_one_that_is_told() -> None:
    """Worked out by hand here: app id, body, timestamp, secret."""
    body = b'{"event_name":"user_send_text","timestamp":"1767225600000"}'
    mac = hashlib.sha256(b"42" + body + b"1767225600000" + b"geheim").hexdigest()
    zalo = account(provider(), app_id="42", oa_secret=Secret("geheim"))
    for signature in (f"mac={mac}", mac):
        request = Request(headers={"x-zevent-signature": signature}, body=body, at=NOW)
        assert "a message without an id" not in zalo.receive(request).refused
        assert zalo.receive(request).answer.status == 200


def test_a_number_is_signed_as_it_is_written() -> None:
    """The timestamp may be no text."""
    zalo = provider()
    body = changed(zalo.writes(LAN, "x"), timestamp=NOW // 1_000)
    assert 1 == len(account(zalo).receive(signed(zalo, body)).events)


def test_every_flipped_bit_is_noticed() -> None:
    """In the body and in the signature."""
    zalo = provider()
    body = zalo.writes(LAN, "Thẻ của tôi")
    right = signed(zalo, body)
    channel = account(zalo)
    assert 1 == len(channel.receive(right).events)
    for place in range(len(body) * 8):
        bytes_ = bytearray(body)
        bytes_[place // 8] ^= 1 << place % 8
        received = channel.receive(Request(headers=right.headers, body=bytes(bytes_), at=NOW))
        assert (received.events, received.answer.status in (400, 401)) == ((), True)
    mac = right.headers["x-zevent-signature"]
    for place in range(len(mac) * 7):
        letters = [*map(ord, mac)]
        letters[place // 7] ^= 1 << place % 7
        headers = {"x-zevent-signature": "".join(map(chr, letters))}
        assert 401 == channel.receive(Request(headers=headers, body=body, at=NOW)).answer.status


def test_several_keys_are_taken_while_one_is_replaced() -> None:
    """The old one and the new one, and no other."""
    zalo = provider()
    old, new = Secret(zalo.oa_secret), Secret("the next one")
    body = zalo.writes(LAN, "x")
    for secrets, expected in (([new, old], 200), ([old, new], 200), (old, 200), ([new], 401)):
        found = account(zalo, oa_secret=secrets).receive(signed(zalo, body))
        assert expected == found.answer.status


@pytest.mark.parametrize(
    ("passed", "replay", "expected"),
    [
        (hours(12), hours(13), 200),
        (hours(13), hours(13), 200),
        (hours(14), hours(13), 401),
        (-hours(14), hours(13), 401),
        (minutes(6), minutes(5), 401),
        (hours(100), None, 200),
    ],
)
def test_what_was_signed_long_ago_is_not_taken(passed: int, replay: Any, expected: int) -> None:  # noqa: ANN401 - a setting
    """Unless it is set so; twelve hours are what Zalo itself may take."""
    zalo = provider()
    request = signed(zalo, zalo.writes(LAN, "x"))
    late = Request(headers=request.headers, body=request.body, at=NOW + int(passed))
    assert expected == account(zalo, replay=replay).receive(late).answer.status


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (Request(body=b"{}"), 200),
        (Request(body=b" {}\n"), 200),
        (Request(body=b""), 401),
        (Request(body=b"{ }"), 401),
        (Request(method="GET"), 405),
        (Request(body=b'{"event_name": "user_send_text"}'), 401),
        (Request(body=b"x" * 300_000), 413),
        (Request(headers={"x-zevent-signature": "mac="}, body=b"{}"), 400),
        (Request(headers={"x-zevent-signature": "mac=ế"}, body=b'{"timestamp": "1"}'), 401),
        (Request(headers={"x-zevent-signature": "m"}, body=b'{"timestamp": "-1"}'), 400),
        (Request(headers={"x-zevent-signature": "m"}, body=b'{"timestamp": 1e3}'), 401),
        (Request(headers={"x-zevent-signature": "m"}, body=b'{"timestamp": true}'), 400),
        (Request(headers={"x-zevent-signature": "m"}, body=b"[" * 200_000), 400),
        (Request(headers={"x-zevent-signature": "m"}, body=b"[1]"), 400),
        (Request(headers={"x-zevent-signature": "m"}, body=b"\xff"), 400),
        (
            Request(
                headers={"x-zevent-signature": "m"}, body=b'{"timestamp": ' + b"9" * 9_999 + b"}"
            ),
            400,
        ),
    ],
)
def test_who_is_not_zalo_is_told_so(request_: Request, status: int) -> None:
    """The unsigned probe of a registration is answered; nothing else that is unsigned is."""
    received = account(provider()).receive(request_)
    assert (received.events, received.answer.status) == ((), status)
    assert bool(received.refused) == (status != 200)


def test_nothing_personal_or_secret_is_shown() -> None:
    """In no repr of what came, of what it was made of, or of who made it."""
    zalo = provider()
    channel = account(zalo)
    request = signed(zalo, zalo.writes(LAN, "Thẻ của tôi"))
    received = channel.receive(request)
    shown = f"{channel!r} {request!r} {received!r}"
    for hidden in (LAN, "Thẻ", zalo.oa_secret, zalo.app_secret, zalo.access, zalo.refresh):
        assert hidden not in shown
    assert json.loads(request.body)["sender"]["id"] == LAN


@pytest.mark.parametrize(
    "wrong",
    [
        {"app_id": 42},
        {"oa_id": ""},
        {"oa_secret": []},
        {"oa_secret": ["text"]},
        {"app_secret": "text"},
        {"remembered": 0},
        {"replay": 5},
    ],
    ids=str,
)
def test_wrong_settings_are_refused(wrong: dict[str, Any]) -> None:
    """They name themselves."""
    with pytest.raises(ConfigurationError) as raised:
        account(provider(), **wrong)
    assert f"Zalo.{next(iter(wrong))}" in str(raised.value)
