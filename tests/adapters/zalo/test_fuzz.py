"""Whatever is sent to the webhook, there is a declared answer, and soon."""

from __future__ import annotations

import hashlib
import json
import time

from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.zalo.settings import LAN, OA, account, provider, signed
from tongdai.adapters.zalo.plain import listed, part
from tongdai.channels import Received, Request
from tongdai.channels.inbound import Inbound
from tongdai.model.codec import encode

ZALO = provider()
CHANNEL = account(ZALO)
OURS = {"sender": {"id": OA}, "recipient": {"id": LAN}}
FILES = [
    {
        "type": "image",
        "payload": {"url": "https://z.example/a.jpg", "thumbnail": "https://z.example/t"},
    },
    {"type": "location", "payload": {"coordinates": {"latitude": "10.79", "longitude": "106.78"}}},
    {"type": "link", "payload": {"title": "T", "description": '{"phone": "84908993022"}'}},
    {"type": "file", "payload": {"url": "https://z.example/f", "name": "a.pdf", "size": "10"}},
]
FIXTURES = [
    *[
        ZALO.event(
            name, LAN, message={"msg_id": "m1", "text": "Chào", "attachments": FILES, **quote}
        )
        for name in ("user_send_text", "user_send_image", "user_send_location", "user_send_link")
        for quote in ({}, {"quote_msg_id": "q"})
    ],
    ZALO.event("user_received_message", LAN, message={"msg_id": "o1"}, **OURS),
    ZALO.event("user_seen_message", LAN, message={"msg_ids": ["o1", "o2"]}, **OURS),
    ZALO.event("follow", LAN, follower={"id": LAN}),
    ZALO.event("user_submit_info", LAN, info={"phone": "84908993022", "name": "Lan"}),
    ZALO.event("user_click_chatnow", LAN),
    b"{}",
]
SLOWEST = 0.1  # seconds

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=12,
)


def receive(request: Request) -> Received:
    """Receive it, and see that it is one of the declared outcomes, soon."""
    before = time.thread_time()
    received = CHANNEL.receive(request)
    assert time.thread_time() - before < SLOWEST
    assert received.answer.status in (200, 400, 401, 405, 413)
    assert not (received.events and received.refused)
    for event in received.events:
        assert isinstance(event, Inbound)
        assert event.address.channel == "zalo"
        encode(event)  # (the journal can keep it)
    return received


def sign(body: bytes, stamp: str) -> Request:
    """Sign anything, as Zalo would."""
    mac = hashlib.sha256(f"{ZALO.app_id}".encode() + body + f"{stamp}{ZALO.oa_secret}".encode())
    headers = {"x-zevent-signature": f"mac={mac.hexdigest()}"}
    return Request(headers=headers, body=body, at=ZALO.clock.now())


def stamp_of(body: bytes) -> str:
    """Return the timestamp of an event that still has one."""
    try:
        return str(json.loads(body).get("timestamp"))
    except (ValueError, AttributeError, RecursionError):
        return "1767225600000"


@given(
    st.binary(max_size=300), st.dictionaries(st.text(max_size=30), st.text(max_size=80), max_size=3)
)
def test_any_bytes(body: bytes, headers: dict[str, str]) -> None:
    """With any headers: nothing that is not signed is believed."""
    received = receive(Request(headers=headers, body=body))
    assert received.events == ()


@given(st.sampled_from(FIXTURES), st.integers(0, 2_000))
def test_any_prefix(fixture: bytes, length: int) -> None:
    """Signed as it is, or as the whole was."""
    prefix = fixture[:length]
    receive(sign(prefix, stamp_of(fixture)))
    if fixture != b"{}" and length < len(fixture):
        headers = ZALO.sign(fixture)
        assert receive(Request(headers=headers, body=prefix)).events == ()


@given(st.sampled_from(FIXTURES[:-1]), st.data())
def test_any_flipped_byte(fixture: bytes, data: st.DataObject) -> None:
    """Under the old signature it is refused; signed anew it is read for what it is."""
    place = data.draw(st.integers(0, len(fixture) - 1))
    other = data.draw(st.integers(0, 255).filter(lambda byte: byte != fixture[place]))
    body = fixture[:place] + bytes([other]) + fixture[place + 1 :]
    assert receive(Request(headers=ZALO.sign(fixture), body=body)).events == ()
    receive(sign(body, stamp_of(body)))


def _mutated(value: object, data: st.DataObject) -> object:
    """Return JSON in which something, somewhere, is something else."""
    if data.draw(st.booleans()):
        if document := part(value):
            key = data.draw(st.sampled_from(sorted(document)))
            return {**document, key: _mutated(document[key], data)}
        if several := listed(value):
            place = data.draw(st.integers(0, len(several) - 1))
            return [*several[:place], _mutated(several[place], data), *several[place + 1 :]]
    return data.draw(JSON)


@given(st.sampled_from(FIXTURES[:-1]), st.data())
def test_any_mutation(fixture: bytes, data: st.DataObject) -> None:
    """Zalo signs what it likes; whatever it is, it is an event or it is left."""
    document = json.loads(fixture)
    key = data.draw(st.sampled_from(sorted(set(document) - {"timestamp"})))
    body = json.dumps({**document, key: _mutated(document[key], data)}).encode()
    received = receive(sign(body, document["timestamp"]))
    assert received.answer.status == 200


@given(
    st.sampled_from(["[", '{"a":', '[{"a":', '"\\ud800', "9", "1e9,", "[],"]),
    st.integers(1, 262_144),
)
def test_what_is_made_to_be_slow_is_not(piece: str, times: int) -> None:
    """Deep, wide, or a number without end."""
    body = (f'{{"timestamp":"1767225600000","event_name":{piece * times}').encode()[:262_144]
    receive(sign(body, "1767225600000"))


def test_the_fixtures_are_good() -> None:
    """Each but the probe is an event before anything is done to it."""
    assert [1] * (len(FIXTURES) - 1) == [
        len(CHANNEL.receive(signed(ZALO, fixture)).events) for fixture in FIXTURES[:-1]
    ]
