"""Whatever the bytes are, a mail is decoded or refused, and soon."""

from __future__ import annotations

import sys
import time
from random import Random
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.email.mails import ACCOUNT, multipart, raw
from tests.adapters.email.test_reports import ORIGINAL, report, status
from tongdai.adapters.email import compose, decode
from tongdai.channels import Message, Receipt
from tongdai.model.contact import Content

MEGABYTE: Final = 1_000_000


def _pace() -> float:
    """Return how much slower this machine is than one that may take 100 ms; 1 at least."""
    took: list[float] = []
    for _ in range(3):
        began = time.process_time()
        sum(number * number for number in range(100_000))
        took.append(time.process_time() - began)
    return max(1.0, min(took) / 0.008)


SOON: Final = (1.0 if "coverage" in sys.modules else 0.1) * _pace()
"""Seconds of this process; one that is measured line by line is slower by far."""
SEVERAL: Final = (
    raw("Subject: =?utf-8?B?Q2jDoG8=?=", "In-Reply-To: <a@x>", "References: <b@x> <a@x>"),
    multipart(
        "Content-Type: text/plain; format=flowed\n\none \ntwo\n-- \nLan",
        'Content-Type: text/html; charset="utf-8"\n\n<p>one<a href="https://x.vn">x</a><!-- -->',
        "Content-Type: a/b\nContent-Transfer-Encoding: base64\n"
        "Content-Disposition: attachment; filename*0*=utf-8''%E1%BA%A3; filename*1=b\n\nQUJD",
        headers=("Authentication-Results: mx; dmarc=pass (x) header.from=x.vn",),
    ),
    report(status(), ORIGINAL),
    compose(Content("Dạ", subject="Thẻ"), "lan@x.vn", ACCOUNT, key="m1", at=0).data,
)
PIECES: Final = [
    *(b"\r\n", b"\n", b"--cut", b"--cut--", b":", b"<", b">", b'"', b"(", b"=?utf-8?q?", b"?="),
    *(b"\x00", b"\xff", b"Content-Type: multipart/mixed; boundary=cut\n", b"\x1b$B", b";", b"="),
    *(b"Content-Transfer-Encoding: base64\n", b"charset=utf-7", b"filename*1*=%", b"\n\n", b"@"),
]


def held(data: bytes) -> None:
    """It gives events or a reason, and the values are whole."""
    mail = decode(data, ACCOUNT, at=0)
    assert bool(mail.events) != bool(mail.refused)
    for event in mail.events:
        assert isinstance(event, (Message, Receipt))
        assert "mail" == event.address.channel
        assert len(event.key) < 400
    if mail.events and isinstance(mail.events[0], Message):
        assert "\0" not in mail.events[0].content.text


@given(st.sampled_from(SEVERAL), st.integers(0, 3_000))
def test_every_prefix(data: bytes, size: int) -> None:
    """A connection may break anywhere."""
    held(data[:size])


@given(st.sampled_from(SEVERAL), st.data())
def test_mutations(data: bytes, choice: st.DataObject) -> None:
    """Bytes are changed, taken out, doubled, put in."""
    mail = bytearray(data)
    for _ in range(choice.draw(st.integers(1, 6))):
        at = choice.draw(st.integers(0, len(mail)))
        size = choice.draw(st.integers(0, 20))
        mail[at : at + size] = choice.draw(st.sampled_from(PIECES) | st.binary(max_size=8)) * (
            choice.draw(st.integers(0, 3))
        )
    held(bytes(mail))


@given(st.lists(st.sampled_from(PIECES) | st.binary(max_size=12), max_size=60).map(b"".join))
def test_pieces_of_mails(data: bytes) -> None:
    """In any order."""
    held(data)
    held(b"From: lan@x.vn\n" + data)


def nested(times: int, boundary: str) -> bytes:
    """Return parts in parts in parts."""
    levels = (boundary.format(number) for number in range(times))
    return b"From: a@x.vn\n" + b"".join(
        f"Content-Type: multipart/mixed; boundary={one}\n\n--{one}\n".encode() for one in levels
    )


def bodies() -> dict[str, bytes]:
    """Return mails of about a megabyte that make a careless program slow."""
    head = b"From: a@x.vn\nMessage-ID: <1@x.vn>\n"
    ours = compose(Content(), "a@x.vn", ACCOUNT, key="m1", at=0).id.encode()
    answer = head + b"In-Reply-To: <" + ours + b">\n"
    daemon = b"From: mailer-daemon@x.vn\nReturn-Path: <>\nSubject: failure notice\n\n"
    part = b"--b\nContent-Type: message/delivery-status\n\n"
    told = b"Content-Type: multipart/report; boundary=b\n\n" + part
    page = head + b"Content-Type: text/html\n\n"
    mixed = head + b"Content-Type: multipart/mixed; boundary=b\n\n"
    cases = {
        "lines": answer + b"\n" + b"\n" * MEGABYTE,
        "quotes": answer + b"\n" + b">\n" * (MEGABYTE // 2),
        "attributions": answer + b"\n" + b"1 a@b.c wrote:\n" * 70_000,
        "blanks": answer + b"\nOn 1" + b" " * MEGABYTE,
        "fields": b"A: b\n" * 200_000,
        "folds": b"From: a@x.vn\n" + b" x\n" * 300_000,
        "angles": b"From: " + b"<" * MEGABYTE,
        "comments": b"From: " + b"(" * MEGABYTE,
        "strings": b"From: " + b'"a' * 500_000,
        "words": (b"Subject: " + b"=?utf-8?q?a?= " * 1_000 + b"\n") * 70,
        "references": head + (b"References: " + b"<a@b> " * 2_700 + b"\n") * 60,
        "tokens": daemon + b"td.0.aaaaaaaaaaaaa.aaaaaaaaaaaaaaaa " * 28_000,
        "results": head + (b"Authentication-Results: mx; " + b"dmarc=pass " * 1_400 + b"\n") * 60,
        "parameters": head + b"Content-Type: text/plain;" + b"a*0=b;" * 2_700 + b"\n\n",
        "deep": nested(20, "b{}") + b"\n" * MEGABYTE,
        "deeper": nested(15_000, "b{}"),
        "same": nested(15_000, "b"),
        "parts": mixed + b"--b\n" * 250_000,
        "near": mixed + b"--bx\n" * 200_000,
        "padded": mixed + (b"--b" + b" " * 79 + b"x\n") * 12_000,
        "noise": head + b"\n" + Random(1).randbytes(MEGABYTE),  # noqa: S311 - no secret
        "base64": head + b"Content-Transfer-Encoding: base64\n\n" + b"a=" * 500_000,
        "uu": head + b"Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n" + b"!\n" * 500_000,
        "flowed": head + b"Content-Type: text/plain; format=flowed\n\n" + b"a \n" * 300_000,
        "tags": page + b"<div><p>" * 120_000,
        "bracket": page + b"<" * MEGABYTE,
        "remarks": page + b"<!--" * 250_000,
        "attributes": page + b"<p a='" * 160_000,
        "quoted tags": page + b"<blockquote>" * 80_000,
        "hidden": page + b"<p hidden>" * 50_000 + b"</x>" * 100_000,
        "groups": head + told + b"Action: failed\n\n" * 60_000,
        "reports": head
        + told
        + (b"--b\nContent-Type: message/delivery-status\n\n" + b"A: b\n\n" * 300) * 400,
        "part folds": mixed + (b"--b\nX: a\n" + b" \n" * 4_900) * 66,
        "part fields": mixed + (b"--b\n" + b"X: a\n" * 499) * 200,
        "vacation": b"From: a@x.vn\nSubject: vacation" + b" " * 16_000 + b"x\n\n",
        "answers": b"From: a@x.vn\nSubject: re" + b" " * 16_000 + b"x\n\n",
        "escapes": b'From: "' + b'\\"' * 1_990 + b"<a@x.vn>\n\n",
        "escaped people": head + (b'To: "' + b'\\"' * 1_990 + b"\n") * 200 + b"\n",
        "wide domains": b"From: " + "a@{0}, b@{0}".format("é" * 60).encode() * 16 + b"\n\n",
        "wide people": head + (b"To: " + "a@é..x,".encode() * 480 + b"\n") * 200 + b"\n",
        "no ids": head + b"References: " + b"a" * 16_000 + b"\n\n",
        "links": page + b"<a href=tel:1>" * 6_000 + b"w" * 90_000 + b"</a>" * 6_000,
        "soft lines": mixed
        + (b"--b\nContent-Type: text/plain; format=flowed\n\n" + b"abcdefghijklmnop \n" * 9_990)
        * 4,
        "bounce": daemon + b"could not be " * 75_000,
    }
    charsets = ["utf-8", "utf-7", "utf-16", "utf-32", "iso-2022-jp", "iso-2022-kr", "gb18030", "hz"]
    charsets += [
        "shift_jis",
        "big5",
        "euc-kr",
        "cp1258",
        "cp1253",
        "tis-620",
        "punycode",
        "idna",
        "x-none",
    ]
    for charset in charsets:
        typed = head + f"Content-Type: text/plain; charset={charset}\n\n".encode()
        cases[f"{charset} ff"] = typed + b"\xff" * MEGABYTE
        cases[f"{charset} esc"] = typed + b"\x1b$B~+" * 200_000
    return cases


@pytest.mark.parametrize(("name", "data"), bodies().items(), ids=bodies().keys())
def test_no_megabyte_takes_long(name: str, data: bytes) -> None:
    """The quickest of five runs counts: the others share the machine."""
    assert name
    took: list[float] = []
    for _ in range(5):
        began = time.process_time()
        held(data)
        took.append(time.process_time() - began)
        if took[-1] < SOON:
            break
    assert min(took) < SOON
