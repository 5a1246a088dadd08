"""Run real payloads of providers through the decoders that there are.

Laws, for each payload: signed as the provider signs, it is an event or it is left with a reason,
and answered 200; unsigned, or with a byte flipped, it is refused and there is no event; each prefix
and each broken copy has a declared outcome; what comes of it is the same each time; nothing takes
longer than a tenth of a second. Kinds without a decoder are skipped, and named.
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Final, TypeAlias

from tongdai.adapters.zalo import MemoryTokens, Zalo
from tongdai.adapters.zalo.plain import ident, parsed, part
from tongdai.channels import Received, Request, Secret, Webhook

SLOWEST: Final = 0.1  # seconds of this process for one payload
FUZZED: Final = 50  # broken copies of each
_SECRET: Final = "a secret of this run"  # noqa: S105 - of nothing real
_DECLARED: Final = (200, 400, 401, 405, 413)
_ELSEWHERE: Final = frozenset(["email", "email-bounce", "email-reply"])  # (see `mails`)

Decoder: TypeAlias = Callable[[bytes], tuple[Webhook, Request]]


def zalo(body: bytes) -> tuple[Webhook, Request]:
    """Return the account that a payload is for, and the payload as Zalo would sign it."""
    event = parsed(body) or {}
    told = event.get("event_name") in ("user_received_message", "user_seen_message")
    account = ident(part(event.get("sender" if told else "recipient")).get("id"))
    stamp = str(event.get("timestamp"))
    mac = hashlib.sha256(b"1" + body + stamp.encode() + _SECRET.encode()).hexdigest()
    channel = Zalo(
        "zalo",
        app_id="1",
        oa_id=account if account.isalnum() else "1",
        oa_secret=Secret(_SECRET),
        app_secret=Secret(_SECRET),
        tokens=MemoryTokens(),
        replay=None,
    )
    return channel, Request(headers={"x-zevent-signature": f"mac={mac}"}, body=body)


DECODERS: Final[Mapping[str, Decoder]] = {"zalo": zalo}


def run(root: Path) -> int:
    """Run the payloads below a folder; print what was met, and return how many laws failed."""
    broken = 0
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        decoder = DECODERS.get(folder.name)
        if decoder is None:
            if folder.name not in _ELSEWHERE:
                print(f"{folder.name}: {len(files)} payloads, no decoder yet")
            continue
        kinds: Counter[str] = Counter()
        for path in files:
            for kind, wrong in _laws(decoder, path.read_bytes()):
                kinds[kind] += 1
                if wrong:
                    broken += 1
                    print(f"{folder.name}/{path.name}: {wrong}")
        told = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()) if kind)
        print(f"{folder.name}: {len(files)} payloads: {told}")
    return broken


def _laws(decoder: Decoder, body: bytes) -> Iterator[tuple[str, str]]:
    """Yield what a payload is, and what of it breaks a law."""
    webhook, request = decoder(body)
    received, wrong = _receive(webhook, request)
    kinds = [type(event).__name__ for event in received.events] or ["left"]
    yield from ((kind, "") for kind in kinds)
    if wrong or received.answer.status != 200:
        yield "", wrong or f"answered {received.answer.status}"
    if _receive(webhook, request)[0] != received:
        yield "", "not the same a second time"
    unsigned = Request(body=request.body)
    if _receive(webhook, unsigned)[0].events:
        yield "", "believed unsigned"
    chance = Random(len(body))  # noqa: S311 - the same each time
    for number in range(FUZZED):
        place = chance.randrange(len(body) or 1)
        flipped = bytearray(body)
        flipped[place] ^= 1 << chance.randrange(8)
        prefix = body[:place]
        for other in (bytes(flipped), prefix):
            found, wrong = _receive(webhook, Request(headers=request.headers, body=other))
            if wrong or found.events:
                yield "", wrong or f"believed when broken at {place} ({number})"
            _, wrong = _receive(*decoder(other))  # (signed as it is)
            if wrong:
                yield "", wrong


def _receive(webhook: Webhook, request: Request) -> tuple[Received, str]:
    """Receive a request; return also which law that broke."""
    before = time.thread_time()
    try:
        received = webhook.receive(request)
    except Exception as error:  # noqa: BLE001 - that is the law
        return Received(), f"raised {type(error).__name__}"
    took = time.thread_time() - before
    if took > SLOWEST:
        return received, f"took {took:.2f} s"
    if received.answer.status not in _DECLARED:
        return received, f"answered {received.answer.status}"
    return received, ""


if __name__ == "__main__":
    sys.exit(1 if run(Path(sys.argv[1])) else 0)
