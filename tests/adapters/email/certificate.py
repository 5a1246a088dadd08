"""A key and a certificate for localhost, made anew for each run of the tests.

Rule: no key lies in the project. The curve is P-256 (FIPS 186-4), the certificate X.509 (RFC 5280);
it is good for loopback in tests, and no more careful than that.
"""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from base64 import encodebytes
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypeAlias

_Point: TypeAlias = "tuple[int, int] | None"
_P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G: Final = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
_CURVE: Final = bytes.fromhex("06082a8648ce3d030107")
_KEY: Final = bytes.fromhex("06072a8648ce3d0201")
_SIGNED: Final = bytes.fromhex("300a06082a8648ce3d040302")  # ECDSA with SHA-256


def _sum(a: _Point, b: _Point) -> _Point:
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % _P == 0:
        return None
    if a == b:
        slope = 3 * (a[0] ** 2 - 1) * pow(2 * a[1], -1, _P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, _P)
    x = (slope**2 - a[0] - b[0]) % _P
    return x, (slope * (a[0] - x) - a[1]) % _P


def _times(number: int) -> tuple[int, int]:
    found: _Point = None
    point: _Point = _G
    while number:
        if number & 1:
            found = _sum(found, point)
        point = _sum(point, point)
        number >>= 1
    assert found is not None
    return found


def _der(tag: int, *pieces: bytes) -> bytes:
    told = b"".join(pieces)
    size = len(told)
    if size < 128:
        return bytes([tag, size]) + told
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + told


def _number(value: int) -> bytes:
    return _der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    return _der(0x30, bytes.fromhex(oid), b"\x01\x01\xff" if critical else b"", _der(4, value))


def _signature(secret: int, data: bytes) -> bytes:
    once = secrets.randbelow(_N - 1) + 1
    first = _times(once)[0] % _N
    digest = int.from_bytes(hashlib.sha256(data).digest(), "big")
    second = pow(once, -1, _N) * (digest + first * secret) % _N
    return _der(3, b"\0", _der(0x30, _number(first), _number(second)))


def made() -> str:
    """Return a new key and a certificate that it signs itself, as PEM."""
    secret = secrets.randbelow(_N - 1) + 1
    point = b"\x04" + b"".join(one.to_bytes(32, "big") for one in _times(secret))
    name = _der(0x30, _der(0x31, _der(0x30, bytes.fromhex("0603550403"), _der(12, b"localhost"))))
    now = datetime.now(UTC)
    days = (now - timedelta(days=1), now + timedelta(days=30))
    called = hashlib.sha256(point).digest()[:20]
    extensions = _der(
        0x30,
        _extension("0603551d13", _der(0x30, b"\x01\x01\xff"), critical=True),
        _extension("0603551d0f", b"\x03\x02\x02\x84", critical=True),  # signs, also certificates
        _extension("0603551d11", _der(0x30, _der(0x82, b"localhost"), _der(0x87, b"\x7f\0\0\x01"))),
        _extension("0603551d0e", _der(4, called)),
        _extension("0603551d23", _der(0x30, _der(0x80, called))),
    )
    told = _der(
        0x30,
        _der(0xA0, _number(2)),
        _number(secrets.randbits(64)),
        _SIGNED,
        name,
        _der(0x30, *(_der(23, f"{day:%y%m%d%H%M%S}Z".encode()) for day in days)),
        name,
        _der(0x30, _der(0x30, _KEY, _CURVE), _der(3, b"\0", point)),
        _der(0xA3, extensions),
    )
    certificate = _der(0x30, told, _SIGNED, _signature(secret, told))
    key = _der(
        0x30,
        _number(1),
        _der(4, secret.to_bytes(32, "big")),
        _der(0xA0, _CURVE),
        _der(0xA1, _der(3, b"\0", point)),
    )
    return "".join(
        f"-----BEGIN {kind}-----\n{encodebytes(data).decode()}-----END {kind}-----\n"
        for kind, data in (("EC PRIVATE KEY", key), ("CERTIFICATE", certificate))
    )


_FOLDER: Final = tempfile.TemporaryDirectory()  # (it goes when the program ends)
PEM: Final = Path(_FOLDER.name) / "loopback.pem"
PEM.write_text(made(), encoding="ascii")
