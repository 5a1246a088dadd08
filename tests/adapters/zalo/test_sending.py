"""What goes out to Zalo: once, for free where that can be, with tokens that are never lost."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import attrs
import pytest

from tests.adapters.http.serving import serving
from tests.adapters.zalo.fake import Provider, Trouble
from tests.adapters.zalo.settings import (
    LAN,
    NOW,
    account,
    changed,
    provider,
    signed,
    until_so,
)
from tongdai.adapters.zalo import FileTokens, MemoryTokens, Tokens, Zalo
from tongdai.channels import Secret
from tongdai.channels.media import ZALO
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.contact import Address, Attachment, Button, Content
from tongdai.model.time import hours, minutes, seconds
from tongdai.runtime import MemoryFiles
from tongdai.testing import ManualClock

pytestmark = pytest.mark.anyio

CS = "/v3.0/oa/message/cs"
TOKEN = "/v4/oa/access_token"  # noqa: S105 - a path
TO = Address("zalo", LAN)


@attrs.frozen
class Line:
    """A provider at work, and the account's channel."""

    provider: Provider
    zalo: Zalo

    async def say(self, what: str | Content, key: str = "k1") -> tuple[str, ...]:
        """Send something to Lan."""
        content = Content(what) if isinstance(what, str) else what
        return (await self.zalo.send(TO, content, key=key)).ids

    async def fault(self, what: str | Content = "Dạ", key: str = "k1") -> ChannelFault:
        """Send something that fails."""
        with pytest.raises(ChannelFault) as raised:
            await self.say(what, key)
        secrets = (self.provider.access, self.provider.refresh, self.provider.app_secret)
        assert not any(secret in f"{raised.value} {raised.value!r}" for secret in secrets)
        return raised.value

    @property
    def texts(self) -> list[str]:
        """What Lan was told."""
        return self.provider.customer(LAN).texts

    def writes(self, text: str = "Chào") -> None:
        """Let Lan write, and the channel know it."""
        body = self.provider.writes(LAN, text)
        for event in self.zalo.receive(signed(self.provider, body)).events:
            self.zalo.remember(event)

    def passes(self, time: int) -> None:
        """Let time go by."""
        clock = self.provider.clock
        assert isinstance(clock, ManualClock)
        clock.advance_to(clock.now() + int(time))


@asynccontextmanager
async def line(
    of: Provider | None = None,
    *,
    silent: bool = False,
    **settings: Any,  # noqa: ANN401 - of the channel
) -> AsyncGenerator[Line]:
    """Open the channel to a provider on loopback; Lan has written, unless she is `silent`."""
    of = of or provider()
    with anyio.fail_after(10):
        async with serving(of) as url:
            zalo = account(of, api=url, **settings)
            async with zalo.open():
                it = Line(of, zalo)
                if not silent:
                    it.writes()
                yield it


async def test_an_answer_quotes_and_is_free() -> None:
    """The customer's last message; Zalo gives the id."""
    async with line() as it:
        it.passes(seconds(1))
        it.writes("hai")
        [id] = await it.say("Dạ, em nghe")
        [message] = it.provider.customer(LAN).heard
        assert (message["text"], id[:2]) == ("Dạ, em nghe", "oa")
        assert message["quote_message_id"] == [*it.provider.customer(LAN).wrote][-1]
        assert it.provider.paid_messages == 0


async def test_an_older_message_that_comes_late_is_not_quoted() -> None:
    """It is the one that she wrote last that counts, whenever it comes."""
    async with line() as it:
        first = it.provider.writes(LAN, "một")
        it.passes(seconds(1))
        it.writes("hai")
        [late] = it.zalo.receive(signed(it.provider, first)).events
        it.zalo.remember(late)
        await it.say("Dạ")
        quoted = it.provider.customer(LAN).heard[0]["quote_message_id"]
        assert [*it.provider.customer(LAN).wrote][-1] == quoted


async def test_eight_answers_are_free_and_no_more() -> None:
    """The ninth is not sent; when she writes again, there are eight more."""
    async with line() as it:
        for number in range(8):
            await it.say(f"{number}", key=f"k{number}")
        found = await it.fault(key="k9")
        assert (found.kind, found.detail) == ("window_closed", "1 to send, 0 free answers left")
        it.passes(seconds(1))
        it.writes()
        await it.say("nine", key="k9")
        assert (9, 0) == (len(it.texts), it.provider.paid_messages)


async def test_what_may_have_been_sent_counts() -> None:
    """The eighth has come, though its answer was lost; a ninth would cost."""
    async with line() as it:
        for number in range(7):
            await it.say(f"{number}", key=f"k{number}")
        it.provider.troubles.append(Trouble(CS, cut=True, done=True))
        assert "unknown" == (await it.fault(key="k8")).kind
        assert "window_closed" == (await it.fault(key="k9")).kind
        assert (8, 0) == (len(it.texts), it.provider.paid_messages)


async def test_what_was_not_sent_does_not_count() -> None:
    """It is tried again, and eight are sent."""
    async with line() as it:
        for number in range(8):
            it.provider.troubles.append(Trouble(CS, status=503))
            assert "retry" == (await it.fault(key=f"k{number}")).kind
            await it.say(f"{number}", key=f"k{number}")
        assert (8, 0) == (len(it.texts), it.provider.paid_messages)


async def test_an_answer_that_was_not_free_is_the_last() -> None:
    """Others have answered her elsewhere; Zalo says so, and no more is spent."""
    async with line() as it:
        it.provider.customer(LAN).free = 8
        await it.say("Dạ")
        assert "window_closed" == (await it.fault(key="k2")).kind
        assert 1 == it.provider.paid_messages


async def test_a_message_that_is_delivered_again_makes_no_room() -> None:
    """What Zalo was asked for after a restart may have another instant than its event."""
    async with line(silent=True) as it:
        body = it.provider.writes(LAN, "Chào")
        await it.say("Dạ")
        again = changed(body, timestamp=str(NOW // 1_000 + 5))
        for event in it.zalo.receive(signed(it.provider, again)).events:
            it.zalo.remember(event)
        window = it.zalo.window(LAN)
        assert window is not None
        assert 1 == window.used


async def test_of_two_messages_of_one_instant_the_same_is_quoted() -> None:
    """In whichever order they come."""
    of = provider()
    bodies = [of.writes(LAN, "một"), of.writes(LAN, "hai")]
    quoted: list[str] = []
    for order in (bodies, bodies[::-1]):
        zalo = account(of)
        for body in order:
            for event in zalo.receive(signed(of, body)).events:
                zalo.remember(event)
        window = zalo.window(LAN)
        assert window is not None
        quoted.append(window.quote)
    assert quoted[0] == quoted[1]


async def test_without_a_good_token_nobody_is_said_to_be_silent() -> None:
    """What a customer wrote could not be asked; the message is kept until it can."""
    async with line(silent=True) as it:
        it.writes()
        it.provider.writes("2", "Chào")
        it.provider.expire()
        it.provider.troubles.append(Trouble(TOKEN, body=b'{"error": -14020}'))
        with pytest.raises(ChannelFault, match="unauthorised -14020"):
            await it.zalo.send(Address("zalo", "2"), Content("Dạ"), key="k")


async def test_all_parts_of_an_answer_are_free_or_none_is_sent() -> None:
    """Half an answer helps nobody."""
    async with line() as it:
        for number in range(7):
            await it.say(f"{number}", key=f"k{number}")
        assert "2 to send, 1 free" in (await it.fault("x " * 1_500, key="k8")).detail
        assert 7 == len(it.texts)


async def test_after_two_days_nothing_is_free() -> None:
    """What costs is sent only where it may, and only if somebody wrote it."""
    for paid in (False, True):
        async with line(paid=paid) as it:
            it.passes(hours(49))
            if paid:
                assert 1 == len(await it.say("Chào chị"))
                assert 1 == it.provider.paid_messages
                automatic = Content("Bạn ơi?", automatic=True)
                assert "window_closed" == (await it.fault(automatic, key="k2")).kind
                it.passes(hours(5 * 24))
            assert "too long ago" in (await it.fault(key="k3")).detail


async def test_who_is_not_remembered_is_asked_for() -> None:
    """After a restart Zalo tells what she wrote last, and how many answers she had."""
    of = provider()
    of.writes(LAN, "Chào")
    async with line(of, silent=True) as it:
        it.passes(seconds(1))
        for number in range(4):
            await it.say("x", key=f"k{number}")
    async with line(of, silent=True) as it:
        for number in range(4, 8):
            await it.say("x", key=f"k{number}")
        assert "window_closed" == (await it.fault(key="k9")).kind
        assert (8, 0) == (len(it.texts), of.paid_messages)
        assert 1 == it.provider.calls[-6:].count("/v2.0/oa/conversation")


async def test_who_never_wrote_is_not_written_to() -> None:
    """Zalo knows of no message either, or does not say."""
    async with line(silent=True) as it:
        assert "has not written" in (await it.fault()).detail
        it.provider.troubles.append(Trouble("conversation", body=b'{"error": -212}'))
        assert "window_closed" == (await it.fault()).kind
        it.provider.troubles.append(Trouble("conversation", cut=True))
        assert "retry" == (await it.fault()).kind
        assert [] == it.texts
        with pytest.raises(ChannelFault, match="bad_address"):
            await it.zalo.send(Address("zalo", "lan@x"), Content("x"), key="k")


async def test_only_so_many_customers_are_remembered() -> None:
    """The one who wrote longest ago is asked for again."""
    of = provider()
    async with line(of, remembered=2) as it:
        for who in ("1", "2"):
            it.passes(seconds(1))
            for event in it.zalo.receive(signed(of, of.writes(who, "x"))).events:
                it.zalo.remember(event)
        await it.say("Dạ")
        assert "/v2.0/oa/conversation" in of.calls


async def test_a_long_text_is_several_messages_and_buttons_are_text() -> None:
    """Within Zalo's 2,000 characters."""
    async with line() as it:
        ids = await it.say("từ " * 1_000)
        assert (2, 2) == (len(ids), len(it.texts))
        assert max(map(len, it.texts)) <= 2_000
        await it.say(Content("Chọn:", buttons=(Button("a", "Thẻ"), Button("b", "Vay"))), key="k2")
        assert "1. Thẻ" in it.texts[-1]


async def test_trying_again_goes_on_where_it_stopped() -> None:
    """What has been sent is not sent twice, under the same key."""
    async with line() as it:
        it.provider.troubles += [Trouble(CS, done=True), Trouble(CS, body=b'{"error": -32}')]
        assert "throttled" == (await it.fault("a " * 1_500)).kind
        assert 1 == len(it.texts)
        ids = await it.say("a " * 1_500)
        assert (2, 2) == (len(ids), len(it.texts))
        assert ids == await it.say("a " * 1_500)
        assert 2 == len(it.texts)


async def test_files_are_uploaded_first() -> None:
    """A picture goes with its text, anything else after it; twice tried, once uploaded."""
    files = MemoryFiles()
    picture = await files.keep(b"\x89PNG...", name='a"\r\nb.png', kind="image/png")
    paper = await files.keep(b"%PDF-", name="hợp đồng.pdf", kind="application/pdf")
    async with line(files=files) as it:
        it.provider.troubles.append(Trouble(CS, status=503, body=b"later"))
        content = Content("Xem ạ", (picture,))
        assert "retry" == (await it.fault(content)).kind
        await it.say(content)
        await it.say(Content("Đây ạ", (paper,)), key="k2")
        heard = it.provider.customer(LAN).heard
        assert ["Xem ạ", "Đây ạ", None] == [message.get("text") for message in heard]
        [element] = heard[0]["attachment"]["payload"]["elements"]
        assert "image" == element["media_type"]
        assert heard[2]["attachment"]["type"] == "file"
        kept = [*it.provider.uploads.values()]
        assert ("image/png", b"\x89PNG...") == kept[0][:2]
        assert ("application/pdf", b"%PDF-", "hợp đồng.pdf") == kept[1]
        assert 2 == len(kept)


async def test_files_that_cannot_go_are_refused() -> None:
    """Too large, or not in the store; an upload whose answer is lost is made again."""
    files = MemoryFiles()
    large = await files.keep(b"x" * (2**20 + 1), name="a.png", kind="image/png")
    small = await files.keep(b"x", name="a.png", kind="image/png")
    async with line(files=files) as it:
        assert "at most 1048576" in (await it.fault(Content("", (large,)))).detail
        elsewhere = Attachment("image/png", "file:gone")
        assert "not in the store" in (await it.fault(Content("", (elsewhere,)), key="k2")).detail
        it.provider.troubles.append(Trouble("upload/image", cut=True, done=True))
        assert "retry" == (await it.fault(Content("", (small,)), key="k3")).kind
        assert "rejected" == (await it.fault(Content(""), key="k4")).kind
    async with line() as it:
        assert "Zalo(files=...)" in (await it.fault(Content("", (small,)))).detail


@pytest.mark.parametrize(
    ("trouble", "kind", "code"),
    [
        (Trouble(CS, body=b'{"error": -32, "message": "x"}'), "throttled", "-32"),
        (Trouble(CS, body=b'{"error": "-100"}'), "retry", "-100"),
        (Trouble(CS, body=b'{"error": -230}'), "window_closed", "-230"),
        (Trouble(CS, body=b'{"error": -217}'), "blocked", "-217"),
        (Trouble(CS, body=b'{"error": -227}'), "bad_address", "-227"),
        (Trouble(CS, body=b'{"error": -224}'), "unauthorised", "-224"),
        (Trouble(CS, body=b'{"error": -9999, "message": "new"}'), "rejected", "-9999"),
        (Trouble(CS, body=b"<html>"), "unknown", "200"),
        (Trouble(CS, body=b'{"message": "Success"}'), "unknown", "200"),
        (Trouble(CS, status=429, headers=((b"retry-after", b"7"),)), "throttled", "429"),
        (Trouble(CS, status=503), "retry", "503"),
        (Trouble(CS, status=500), "unknown", "500"),
        (Trouble(CS, status=502, body=b'{"error": 0}'), "unknown", "502"),
        (Trouble(CS, status=404), "rejected", "404"),
        (Trouble(CS, status=400, body=b'{"error": -9999}'), "rejected", "-9999"),
        (Trouble(CS, status=429, body=b'{"error": "slow"}'), "throttled", "429"),
        (Trouble(CS, status=503, body=b'{"error": "busy"}'), "retry", "503"),
        (Trouble(CS, status=500, body=b'{"error": "oops"}'), "unknown", "500"),
        (Trouble(CS, status=500, body=b'{"error": -217}'), "blocked", "-217"),
        (Trouble(CS, cut=True), "unknown", ""),
        (Trouble(CS, cut=True, done=True), "unknown", ""),
    ],
    ids=lambda value: (
        f"{value.status} {value.body!r} {value.done}" if isinstance(value, Trouble) else None
    ),
)
async def test_what_zalo_says_is_a_fault(trouble: Trouble, kind: str, code: str) -> None:
    """HTTP 200 or not; and the next message goes through."""
    async with line() as it:
        it.provider.troubles.append(trouble)
        found = await it.fault()
        assert (found.kind, found.code) == (kind, code)
        waits = {"-32": minutes(1), "429": seconds(7) if trouble.headers else minutes(1)}.get(code)
        assert waits == found.retry_after
        await it.say("Dạ", key="k2")


async def test_a_message_without_an_id_was_sent_all_the_same() -> None:
    """It is not sent twice, and has no id that receipts could name."""
    async with line() as it:
        it.provider.troubles.append(Trouble(CS, body=b'{"error": 0}'))
        for _ in range(2):
            assert () == await it.say("Dạ")
        assert [CS] == it.provider.calls


async def test_a_picture_is_one_in_capitals_too() -> None:
    """Media types have no case."""
    files = MemoryFiles()
    picture = await files.keep(b"x", name="a.png", kind="IMAGE/PNG")
    async with line(files=files) as it:
        await it.say(Content("Xem ạ", (picture,)))
        assert ["/v2.0/oa/upload/image", CS] == it.provider.calls


@pytest.mark.parametrize(
    ("kind", "name", "path", "called"),
    [
        ("image/png", "ảnh", "image", "ảnh.png"),
        ("image/jpeg", "a.JPEG", "image", "a.JPEG"),
        ("image/jpeg; q=1", "a.png.", "image", "a.png..jpg"),
        ("image/gif", "cười.gif", "gif", "cười.gif"),
        ("image/gif", "", "gif", "gif.gif"),
        ("application/pdf", "", "file", "file"),
    ],
)
async def test_a_file_goes_where_its_kind_is_taken(
    kind: str, name: str, path: str, called: str
) -> None:
    """A picture's name ends as Zalo wants it, and one that moves has its own way."""
    files = MemoryFiles()
    file = await files.keep(b"x" * (2**20 + (path != "image")), name=name, kind=kind)
    async with line(files=files) as it:
        await it.say(Content("", (file,)))
        assert [f"/v2.0/oa/upload/{path}", CS] == it.provider.calls
        assert [called] == [upload[2] for upload in it.provider.uploads.values()]


async def test_a_file_that_zalo_does_not_take_is_a_link_or_refused() -> None:
    """What is only in our store cannot be followed by anybody."""
    files = MemoryFiles()
    packed = await files.keep(b"x", name="a.zip", kind="application/zip")
    async with line(files=files) as it:
        found = await it.fault(Content("Đây ạ", (packed,)))
        assert (found.kind, it.texts) == ("rejected", [])
        assert "application/zip" in found.detail
        there = Attachment("application/zip", "https://help.example/a.zip", "a.zip")
        await it.say(Content("Đây ạ", (there,)), key="k2")
        assert ["Đây ạ\na.zip: https://help.example/a.zip"] == it.texts


async def test_a_store_of_files_that_fails_is_asked_again() -> None:
    """Nothing has been sent."""

    class Broken(MemoryFiles):
        """Files on a disk that is gone."""

        async def fetch(self, url: str) -> bytes:
            """Fail."""
            raise OSError(url)

    async with line(files=Broken()) as it:
        found = await it.fault(Content("", (Attachment("image/png", "file:x"),)))
        assert (found.kind, found.detail) == ("retry", "the file cannot be read: OSError")


async def test_too_many_calls_are_throttled() -> None:
    """As many as Zalo takes in a minute."""
    async with line(provider(calls_a_minute=2)) as it:
        await it.say("1", key="k1")
        await it.say("2", key="k2")
        assert ("throttled", minutes(1)) == ((f := await it.fault(key="k3")).kind, f.retry_after)


async def test_an_upload_without_an_id_is_made_again() -> None:
    """Zalo says success, and not what the file is called."""
    files = MemoryFiles()
    small = await files.keep(b"x", name="", kind="image/png")
    async with line(files=files) as it:
        it.provider.troubles.append(Trouble("upload/image", body=b'{"error": 0}'))
        assert "no attachment_id" in (await it.fault(Content("", (small,)))).detail
        await it.say(Content("", (small,)))
        assert "image.png" == next(iter(it.provider.uploads.values()))[2]


async def test_an_account_without_a_window_may_always_write() -> None:
    """Another medium has other limits."""
    medium = attrs.evolve(ZALO, reply_window=None)
    async with line(medium=medium, silent=True) as it:
        it.provider.writes(LAN, "Chào")
        it.provider.troubles.append(Trouble("conversation", body=b'{"error": -212}'))
        await it.say("Dạ")
        assert "quote_message_id" not in it.provider.customer(LAN).heard[0]


async def test_progress_is_remembered_of_so_many() -> None:
    """Of a thousand; a key from before them is taken for a new one."""
    async with line() as it:
        for number in (999, 1_000):
            await it.say("Dạ", key="first")
            for other in range(number):
                with pytest.raises(ChannelFault):
                    await it.zalo.send(TO, Content(""), key=f"{number} {other}")
        assert 1 == len(it.texts)
        await it.say("Dạ", key="first")
        assert 2 == len(it.texts)


async def test_a_closed_channel_sends_nothing() -> None:
    """It says that it may be tried again, before it was open and afterwards."""
    async with line() as it:
        pass
    for zalo in (account(provider()), it.zalo):
        with pytest.raises(ChannelFault, match="not open"):
            await zalo.send(TO, Content("x"), key="k")


def within(folder: Path) -> list[Path]:
    """Return what is in a folder."""
    return [*folder.iterdir()]


# --- tokens ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["-216", "401"])
async def test_a_token_that_is_not_taken_is_renewed_once(how: str) -> None:
    """And the message is sent with the new one."""
    of = provider()
    tokens = MemoryTokens(of.tokens())
    async with line(of, tokens=tokens) as it:
        if how == "401":
            of.troubles.append(Trouble(CS, status=401))
        else:
            of.expire()
        await it.say("Dạ")
        assert (["Dạ"], 1) == (it.texts, of.refreshes)
        kept = await tokens.load()
        assert kept is not None
        assert of.refresh.encode() == kept.refresh.reveal()
        assert NOW + 90_000_000_000 == kept.expires
        it.passes(minutes(6))
        of.troubles += [Trouble(CS, status=401), Trouble(CS, status=401)]
        assert "unauthorised" == (await it.fault(key="k2")).kind
        assert 2 == of.refreshes


async def test_what_renewing_does_not_help_spends_no_more_tokens() -> None:
    """Whatever says no: one renewal in five minutes, however often it is tried."""
    of = provider()
    async with line(of) as it:
        for minute in range(6):
            of.troubles += [Trouble(CS, status=403)] * (2 if minute in {0, 5} else 1)
            assert "unauthorised" == (await it.fault()).kind
            assert (1 + (minute == 5), 0) == (of.refreshes, len(of.troubles))
            it.passes(minutes(1))
        await it.say("Dạ")


async def test_a_token_that_expires_soon_is_renewed_before() -> None:
    """Five minutes ahead."""
    of = provider()
    async with line(of, tokens=MemoryTokens(of.tokens(expires=NOW + int(minutes(6))))) as it:
        await it.say("1", key="k1")
        assert 0 == of.refreshes
        it.passes(minutes(1))
        await it.say("2", key="k2")
        assert [CS, TOKEN, CS] == of.calls


async def test_a_token_that_lasts_no_longer_than_that_is_used_all_the_same() -> None:
    """Renewing it for each message would spend a refresh token for each."""
    of = provider()
    tokens = MemoryTokens(of.tokens(expires=NOW + 1))
    async with line(of, tokens=tokens) as it:
        of.access = "brief"
        body = b'{"access_token": "brief", "refresh_token": "next", "expires_in": "100"}'
        of.troubles.append(Trouble(TOKEN, body=body))
        await it.say("1", key="k1")
        await it.say("2", key="k2")
        assert [TOKEN, CS, CS] == of.calls


async def test_one_renewal_runs_at_a_time() -> None:
    """Eight messages find the token expired; one refresh token is spent."""
    of = provider()
    async with line(of) as it:
        of.expire()
        async with anyio.create_task_group() as tasks:
            for number in range(8):
                tasks.start_soon(it.say, str(number), f"k{number}")
        assert (8, 1) == (len(it.texts), of.refreshes)


@pytest.mark.parametrize("error", [OSError, RuntimeError])
async def test_new_tokens_are_kept_before_they_are_used(error: type[Exception]) -> None:
    """Where they cannot be kept nothing is sent, and no other refresh token is spent."""
    of = provider()

    class Full(MemoryTokens):
        """A store on a disk that is full."""

        full = True

        async def save(self, tokens: Tokens) -> None:
            """Fail, while it is full."""
            if self.full:
                raise error("no space for", tokens.access.reveal())
            await super().save(tokens)

    store = Full(of.tokens())
    async with line(of, tokens=store) as it:
        of.expire()
        for _ in range(2):
            found = await it.fault()
            assert (found.kind, it.texts, of.refreshes) == ("retry", [], 1)
        store.full = False
        await it.say("Dạ")
        assert (["Dạ"], 1) == (it.texts, of.refreshes)


async def test_a_renewal_is_not_interrupted() -> None:
    """Whoever waited for the message has given up; the new tokens are kept all the same."""
    of = provider()
    tokens = MemoryTokens(of.tokens())
    async with line(of, tokens=tokens) as it:
        of.expire()
        held = anyio.Event()
        of.troubles.append(Trouble(TOKEN, held=held))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(it.say, "Dạ")
            await until_so(lambda: TOKEN in of.calls)
            tasks.cancel_scope.cancel()
            held.set()
        kept = await tokens.load()
        assert kept is not None
        assert (of.refresh.encode(), []) == (kept.refresh.reveal(), it.texts)


async def test_a_store_that_hangs_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is given up, and the same tokens are kept with the next message."""
    of = provider()

    class Stuck(MemoryTokens):
        """A store that waits for ever, once."""

        stuck = True

        async def save(self, tokens: Tokens) -> None:
            """Wait, the first time."""
            if self.stuck:
                self.stuck = False
                await anyio.sleep_forever()
            await super().save(tokens)

    monkeypatch.setattr("tongdai.adapters.zalo.tokens._KEEPING", 0.05)
    async with line(of, tokens=Stuck(of.tokens())) as it:
        of.expire()
        found = await it.fault()
        assert (found.kind, found.detail[-12:]) == ("retry", "TimeoutError")
        await it.say("Dạ")
        assert (["Dạ"], 1) == (it.texts, of.refreshes)


async def test_two_processes_that_renew_at_once_both_go_on() -> None:
    """The slower one is told that the refresh token is spent, and takes what the other has kept."""
    of = provider()
    store = MemoryTokens(of.tokens())
    async with line(of, tokens=store) as one, line(of, tokens=store, silent=True) as two:
        of.expire()
        held = anyio.Event()
        of.troubles.append(Trouble(TOKEN, held=held, body=b'{"error": -14020}'))
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(one.say, "1", "k1")
            await until_so(lambda: TOKEN in of.calls)
            two.writes()
            await two.say("2", key="k2")
            held.set()
        assert ({"1", "2"}, 1) == (set(one.texts), of.refreshes)


async def test_what_another_process_has_renewed_is_used() -> None:
    """The store is looked at again before a refresh token is spent."""
    of = provider()
    store = MemoryTokens(of.tokens())
    async with line(of, tokens=store) as one, line(of, tokens=store, silent=True) as two:
        one.writes()
        await two.say("0", key="k0")
        of.expire()
        await one.say("1", key="k1")
        await two.say("2", key="k2")
        assert 1 == of.refreshes


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Trouble(TOKEN, status=503), "retry"),
        (Trouble(TOKEN, cut=True), "retry"),
        (Trouble(TOKEN, body=b'{"error": -14004}'), "unauthorised"),
        (Trouble(TOKEN, body=b'{"error": -32}'), "throttled"),
        (Trouble(TOKEN, status=429, body=b'{"error": "slow"}'), "throttled"),
        (Trouble(TOKEN, status=429), "throttled"),
        (Trouble(TOKEN, body=b'{"error": -100}'), "retry"),
        (Trouble(TOKEN, body=b"<html>"), "retry"),
    ],
    ids=["later", "cut", "refused", "too many", "slow", "too many calls", "wrong", "garbage"],
)
async def test_a_renewal_that_fails_is_a_fault(trouble: Trouble, kind: str) -> None:
    """It is tried again with the next message."""
    of = provider()
    async with line(of) as it:
        of.expire()
        of.troubles.append(trouble)
        assert kind == (await it.fault()).kind
        await it.say("Dạ")


async def test_a_renewal_whose_answer_was_lost_needs_somebody() -> None:
    """The refresh token is spent, and what came for it is gone; the fault says what to do."""
    of = provider()
    async with line(of) as it:
        of.expire()
        of.troubles.append(Trouble(TOKEN, cut=True, done=True))
        assert "retry" == (await it.fault()).kind
        found = await it.fault()
        assert ("unauthorised", "-14020") == (found.kind, found.code)
        assert "authorise the application anew" in found.detail


async def test_without_tokens_nothing_is_sent() -> None:
    """Somebody has to authorise the application."""
    async with line(tokens=MemoryTokens()) as it:
        assert "unauthorised" == (await it.fault()).kind


async def test_tokens_in_a_file_are_replaced_as_a_whole(tmp_path: Path) -> None:
    """Only the owner reads it, nothing else is left in the folder, and it comes back."""
    path = tmp_path / "tokens.json"
    of = provider()
    store = FileTokens(path)
    assert await store.load() is None
    for tokens in (Tokens(Secret("a"), Secret("r")), of.tokens(expires=7)):
        await store.save(tokens)
    assert (0o600, [path]) == (path.stat().st_mode & 0o777, within(tmp_path))
    async with line(of, tokens=FileTokens(path)) as it:
        of.expire()
        await it.say("Dạ")
    assert of.refresh == json.loads(path.read_text())["refresh_token"]


async def test_a_file_that_cannot_be_written_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is left beside it."""
    path = tmp_path / "tokens.json"
    await FileTokens(path).save(Tokens(Secret("a"), Secret("r")))
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="no space"):
        await FileTokens(path).save(Tokens(Secret("b"), Secret("s")))
    assert (before, [path]) == (path.read_bytes(), within(tmp_path))


async def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    """It says what was expected; one that cannot be read is tried again."""
    path = tmp_path / "tokens.json"
    path.write_text("hello")
    with pytest.raises(ConfigurationError, match="access_token, refresh_token and expires"):
        await FileTokens(path).load()
    for where, kind in ((path, "unauthorised"), (tmp_path, "retry")):
        async with line(tokens=FileTokens(where)) as it:
            assert kind == (await it.fault()).kind


async def test_no_secret_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """However much is logged."""
    caplog.set_level(logging.DEBUG)
    async with line() as it:
        it.provider.expire()
        await it.say("Dạ, em nghe")
        secrets = (*it.provider.spent, it.provider.refresh, it.provider.access)
    assert not any(each in caplog.text for each in (*secrets, it.provider.app_secret))
