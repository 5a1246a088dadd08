"""A mail is read to its end, kept where there is room for it, and nothing of it stays."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from tongdai.adapters.email.arriving import NO_ROOM, TOO_LARGE, Arriving, Room

LIMIT = 16  # bytes of a line that the stream holds at once
LINES = st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([b".", b"..", b".x", b""])))
"""Lines of a mail; some are longer than the stream holds."""


async def received(stuffed: bytes, room: Room, most: int, chunk: int) -> tuple[Arriving, bytes]:
    """Return what came of bytes that arrive in chunks, and what was left behind the mail."""
    stream = asyncio.StreamReader(limit=LIMIT)

    async def feed() -> None:
        for at in range(0, len(stuffed), chunk):
            stream.feed_data(stuffed[at : at + chunk])
            await asyncio.sleep(0)
        stream.feed_eof()

    feeding = asyncio.ensure_future(feed())
    arriving = Arriving(stream, room, most)
    assert b".\r\n" == await arriving.readuntil()
    await feeding
    return arriving, await stream.read()


@given(LINES, st.integers(0, 200), st.integers(1, 200), st.integers(1, 50))
def test_a_mail_comes_whole_or_not_at_all(
    lines: list[bytes], free: int, most: int, chunk: int
) -> None:
    """As it was written, without the dots of the transport; what follows it is left alone."""
    lines = [line.replace(b"\n", b"") for line in lines]
    whole = b"".join(line + b"\r\n" for line in lines)
    stuffed = b"".join((b"." if line[:1] == b"." else b"") + line + b"\r\n" for line in lines)
    room = Room(free)
    arriving, rest = asyncio.run(received(stuffed + b".\r\nQUIT\r\n", room, most, chunk))
    assert b"QUIT\r\n" == rest
    if len(whole) <= min(free, most):
        assert ("", whole, free - len(whole)) == (arriving.refused, bytes(arriving.data), room.free)
    else:
        assert (b"", free) == (bytes(arriving.data), room.free)
        assert arriving.refused in ([TOO_LARGE] if most < free else [NO_ROOM, TOO_LARGE])
    arriving.drop()
    assert (b"", free) == (bytes(arriving.data), room.free)
