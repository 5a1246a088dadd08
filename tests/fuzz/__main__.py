"""Look for bytes that a decoder cannot stand, guided by the branches that they take.

    python -m tests.fuzz [mail] [zalo] [chat] [desk] [--runs 100000] [--seconds 60]

Rule: whatever the bytes are, a decoder answers or raises what it declares, and takes at most 100 ms
of CPU time. Each decoder is fuzzed in a process of its own, from a few inputs that are right. It
needs `atheris`, which `nox -s fuzz` brings. It ends with 1 where a law was broken; the input lies
in the working folder then.
"""

# (atheris has no types)
# pyright: basic, reportMissingImports=false, reportMissingModuleSource=false
# pyright: reportAttributeAccessIssue=false

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

_LONGEST: Final = 0.1  # seconds of CPU time
_TWICE: Final = 3  # times that a slow input must be slow: the first one also loads tables
_MAIL: Final = (
    b"From: Lan <lan@example.vn>\r\nTo: help@example.com\r\nSubject: =?utf-8?b?VGjhurs=?=\r\n"
    b"Message-ID: <a1@example.vn>\r\nDate: Mon, 2 Mar 2026 09:00:00 +0700\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
    b"<p>one<br>two</p>\r\n--b\r\nContent-Type: application/pdf; name=f.pdf\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\nJVBERg==\r\n--b--\r\n"
)
_BOUNCE: Final = (
    b"From: MAILER-DAEMON@example.com\r\nContent-Type: multipart/report; report-type="
    b"delivery-status; boundary=b\r\n\r\n--b\r\n\r\nfailed\r\n--b\r\nContent-Type: message/"
    b"delivery-status\r\n\r\nReporting-MTA: dns; a\r\n\r\nFinal-Recipient: rfc822; lan@example.vn"
    b"\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n--b--\r\n"
)


def mail() -> tuple[Callable[[bytes], object], list[bytes]]:
    """Return the decoder of mails; it raises nothing."""
    from tongdai.adapters.email import Account, decode
    from tongdai.channels import Secret

    account = Account("mail", ("help@example.com",), (Secret("0123456789abcdef"),))
    return (lambda data: decode(data, account, at=1)), [_MAIL, _BOUNCE]


def zalo() -> tuple[Callable[[bytes], object], list[bytes]]:
    """Return the webhook, with every body signed as the provider would; it raises nothing."""
    from tests.adapters.zalo.settings import LAN, account, provider, signed
    from tongdai.channels import Request

    of = provider()
    channel = account(of)
    names = ("user_send_text", "user_send_image", "user_received_message", "user_seen_message")
    events = [of.event(name, LAN, message={"msg_id": "m1", "text": "Chào"}) for name in names]

    def take(data: bytes) -> None:
        try:
            request = signed(of, data)
        except (ValueError, TypeError, KeyError, RecursionError):  # (the fake reads it to sign it)
            request = Request(headers={"x-zevent-signature": "mac=00"}, body=data, at=1)
        channel.receive(request)

    return take, events


def chat() -> tuple[Callable[[bytes], object], list[bytes]]:
    """Return the reader of a widget's frames, and of its tokens; wrong ones are values."""
    from tongdai.adapters.webchat import wire

    frames = [
        b'{"t":"hello","token":"abc","epoch":"e","after":3}',
        b'{"t":"say","id":"m1","text":"hi","files":["f"],"choice":"1","to":2}',
        b'{"t":"got","upto":7}',
    ]
    return (lambda data: wire.read(data.decode(errors="replace"), 65_536)), frames


def desk() -> tuple[Callable[[bytes], object], list[bytes]]:
    """Return the reader of an agent's frames; wrong ones are an `IllegalInput`."""
    from tongdai.adapters.webdesk import asks
    from tongdai.errors import IllegalInput

    def read(data: bytes) -> None:
        with suppress(IllegalInput):
            asks.read(data)

    return read, [
        b'{"do":"hello","token":"abc"}',
        b'{"do":"say","interaction":"c1/1","id":"a","text":"hi"}',
        b'{"do":"dispose","interaction":"c1/1","disposition":"done"}',
    ]


TARGETS: Final = {"mail": mail, "zalo": zalo, "chat": chat, "desk": desk}


def fuzz(name: str, options: list[str]) -> None:
    """Fuzz one decoder in this process, without an end but the options'."""
    import atheris

    with atheris.instrument_imports(include=["tongdai"]):
        take, right = TARGETS[name]()

    def one(data: bytes) -> None:
        for left in range(_TWICE, 0, -1):
            begin = time.process_time()
            take(data)
            took = time.process_time() - begin
            if took <= _LONGEST:
                return
            if left == 1:
                raise TimeoutError(f"{len(data)} bytes took {took:.3f} s of CPU time")

    with TemporaryDirectory() as corpus:
        for number, data in enumerate(right):
            one(data)
            (Path(corpus) / str(number)).write_bytes(data)
        atheris.Setup([name, *options, corpus], one)
        atheris.Fuzz()


def main() -> int:
    """Fuzz the decoders that are named, or all, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], help="all by default")
    parser.add_argument("--runs", type=int, default=100_000, help="inputs for each decoder")
    parser.add_argument("--seconds", type=int, default=300, help="time for each decoder, at most")
    parser.add_argument("--one", choices=TARGETS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    limits = [f"-runs={given.runs}", f"-max_total_time={given.seconds}", "-max_len=20000"]
    if given.one:
        fuzz(given.one, limits)
        return 0
    broken: list[str] = []
    for name in given.targets or TARGETS:
        print(f"{name} ...", flush=True)
        command: list[Any] = [sys.executable, "-m", "tests.fuzz", "--one", name]
        command += ["--runs", str(given.runs), "--seconds", str(given.seconds)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        last = [line for line in done.stderr.splitlines() if line.strip()][-3:]
        print("\n".join(f"  {line}" for line in last), flush=True)
        if done.returncode:
            broken.append(name)
            print(done.stderr[-4_000:])
    print(f"broken: {', '.join(broken)}" if broken else "all laws hold")
    return int(bool(broken))


if __name__ == "__main__":
    sys.exit(main())
