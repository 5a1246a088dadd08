"""A visitor and the center talk: what is said arrives, in order, once, and everybody can see it."""

from __future__ import annotations

import anyio
import pytest

from tests.adapters.webchat.driver import Wire, settle, site
from tongdai.adapters.webchat import Limits, MemoryHistories, Rate
from tongdai.channels import Activity, Message, Receipt, Seen, Served, Typing, Waiting
from tongdai.errors import ChannelFault
from tongdai.model.contact import Address, Attachment, Button, Claim, Content
from tongdai.model.time import seconds
from tongdai.runtime import Channel, Closes, Shows

pytestmark = pytest.mark.anyio

ASKED = Content("Việc gì?", buttons=(Button("a", "Thẻ"), Button("b", "Vay")), question="q1")


def lines(wire: Wire) -> list[str]:
    """Return the texts of the lines that have come."""
    return [line.get("text", "") for frame in wire.all("items") for line in frame["items"]]


async def test_a_message_is_acknowledged_when_it_is_taken() -> None:
    """It carries who wrote it; its acknowledgement carries its number."""
    async with site() as it:
        token = await it.token()
        wire = await it.enter(token)
        assert wire.read()["t"] == "welcome"
        wire.write({"t": "say", "id": "m1", "text": "  xin\r\nchào\x00 "})
        await settle()
        (message,) = it.messages()
        assert message.content == Content("xin\nchào")
        visitor = message.address.to
        assert message.claims == (Claim("webchat", visitor, "site", "platform"),)
        assert (message.key, message.raw[:10]) == (f"{visitor}.m1", b'{"t":"say"')
        ack = wire.read()
        assert (ack["t"], ack["id"], ack["n"] > 0) == ("ack", "m1", True)
        assert not wire.got


async def test_it_is_a_channel_that_closes_and_shows() -> None:
    """So the runtime can use all of it."""
    async with site() as it:
        channel: Channel = it.chat
        assert (channel.id, isinstance(channel, Closes), isinstance(channel, Shows)) == (
            "site",
            True,
            True,
        )


async def test_what_is_not_taken_is_not_acknowledged() -> None:
    """The socket is let go; sent again, it is one line and one message."""
    async with site() as it:
        it.refuse = 1
        token = await it.token()
        wire = await it.enter(token)
        wire.write({"t": "say", "id": "m1", "text": "một"})
        wire.write({"t": "say", "id": "m2", "text": "hai"})
        await settle()
        assert (wire.closed, wire.all("ack"), it.messages()) == (1013, [], [])
        wire = await it.enter(token)
        assert lines(wire) == ["một"]
        for number, text in enumerate(("một", "hai", "hai"), start=1):
            wire.write({"t": "say", "id": f"m{min(number, 2)}", "text": text})
        await settle()
        assert [ack["id"] for ack in wire.all("ack")] == ["m1", "m2", "m2"]
        assert [message.content.text for message in it.messages()] == ["một", "hai"]
        assert lines(await it.enter(token)) == ["một", "hai"]


async def test_all_tabs_see_the_same() -> None:
    """What one of them says too; a tab that comes later is told what was said."""
    async with site() as it:
        token = await it.token()
        one, two = await it.enter(token), await it.enter(token)
        one.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        await it.chat.send(it.address(), Content("hai"), key="k1")
        await it.chat.send(it.address(), Content("hai"), key="k1")
        await settle()
        three = await it.enter(token)
        assert [lines(one), lines(two), lines(three)] == [["hai"], ["một", "hai"], ["một", "hai"]]


async def test_who_comes_back_is_told_what_came_meanwhile() -> None:
    """Everything after the last line that they have, or all, where the server has forgotten."""
    async with site() as it:
        token = await it.token()
        wire = await it.enter(token)
        epoch = wire.read()["epoch"]
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        after = wire.read()["n"]
        wire.cut()
        sent = [await it.chat.send(it.address(), Content(text), key=text) for text in ("hai", "ba")]
        assert lines(await it.enter(token, epoch=epoch, after=after)) == ["hai", "ba"]
        assert lines(await it.enter(token, epoch="other", after=after)) == ["một", "hai", "ba"]
        assert len({id for each in sent for id in each.ids}) == 2


async def test_sent_twice_with_one_key_it_has_the_same_ids() -> None:
    """And a long text becomes several lines."""
    async with site(limits=Limits(text=10)) as it:
        wire = await it.enter(await it.token())
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        one = await it.chat.send(it.address(), Content("a bc defg hijkl"), key="k1")
        two = await it.chat.send(it.address(), Content("a bc defg hijkl"), key="k1")
        assert (one, len(one.ids)) == (two, 2)
        await settle()
        assert lines(wire) == ["a bc defg", "hijkl"]


@pytest.mark.parametrize("to", ["", "lan", "x" * 23, "../../etc/passwd-------"])
async def test_nobody_is_at_an_address_that_is_none(to: str) -> None:
    """That is a fault; a sign for them is shown to nobody."""
    async with site() as it:
        for call in (
            it.chat.send(Address("site", to), Content("?"), key="k"),
            it.chat.close(Address("site", to), key="k"),
        ):
            with pytest.raises(ChannelFault, match="bad_address"):
                await call
        await it.chat.show(Address("site", to), Typing())


async def test_a_tap_comes_back_with_its_question() -> None:
    """It says what the button says; a second tap, and one on no button, are told so."""
    async with site() as it:
        wire = await it.enter(await it.token())
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        await it.chat.send(it.address(), ASKED, key="k1")
        await settle()
        (shown,) = wire.all("items")[0]["items"]
        assert [button["label"] for button in shown["buttons"]] == ["Thẻ", "Vay"]
        for id, choice, to in (
            ("t1", "z", shown["n"]),
            ("t2", "a", 5),
            ("t3", "b", shown["n"]),
            ("t4", "a", shown["n"]),
            ("t3", "b", shown["n"]),
        ):
            wire.write({"t": "say", "id": id, "text": "lies", "choice": choice, "to": to})
        await settle()
        assert [(f.get("code", f["t"]), f["id"]) for f in wire.got] == [
            ("gone", "t1"),
            ("gone", "t2"),
            ("ack", "t3"),
            ("answered", "t4"),
            ("ack", "t3"),
        ]
        tap = it.messages()[-1]
        assert (tap.content, tap.choice, tap.question) == (Content("Vay"), "b", "q1")
        assert len(it.messages()) == 2


async def test_ticks_go_both_ways() -> None:
    """Taken, then with an agent, then read; and what has come here, and was read here."""
    async with site() as it:
        token = await it.token()
        wire, other = await it.enter(token), await it.enter(token)
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        first = wire.all("ack")[0]
        assert "delivered" not in first
        assert other.all("marks")[-1] == {"t": "marks", "taken": first["n"]}
        await it.chat.show(it.address(), Served("Lan"))
        await settle()
        assert wire.all("marks")[-1]["delivered"] == first["n"]
        wire.write({"t": "say", "id": "m2", "text": "hai"})
        await settle()
        second = wire.all("ack")[0]
        assert second["delivered"] is True
        await it.chat.show(it.address(), Seen((it.messages()[0].key,)))
        await settle()
        assert wire.all("marks")[-1]["read"] == first["n"]
        await it.chat.show(it.address(), Seen())
        await it.chat.show(it.address(), Seen((it.messages()[0].key,)))
        await settle()
        assert [marks["read"] for marks in wire.all("marks")] == [second["n"]]

        sent = await it.chat.send(it.address(), Content("ba"), key="k1")
        await settle()
        number = wire.all("items")[0]["items"][0]["n"]
        for frame in ("got", "got", "seen", "got", "seen"):
            wire.write({"t": frame, "upto": number + 10**9})
        await settle()
        receipts = [each for each in it.inbound if isinstance(each, Receipt)]
        assert [(each.status, each.ids) for each in receipts] == [
            ("delivered", sent.ids),
            ("read", sent.ids),
        ]
        assert other.all("marks")[-1]["seen"] == number


async def test_what_comes_later_is_read_later() -> None:
    """Each message is told about once, also one that comes right after another."""
    async with site() as it:
        wire = await it.enter(await it.token())
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        to = it.address()
        ids: list[str] = []
        for number in range(3):
            ids += (await it.chat.send(to, Content("chào"), key=f"k{number}")).ids
            await settle()
            wire.write({"t": "seen", "upto": wire.all("items")[-1]["items"][-1]["n"]})
            await settle()
        told = [id for each in it.inbound if isinstance(each, Receipt) for id in each.ids]
        assert told == ids


async def test_signs_are_shown_and_remembered() -> None:
    """A place in the queue, who serves, and that they write; and who comes later sees them too."""
    async with site() as it:
        token = await it.token()
        wire = await it.enter(token)
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        wire.got.clear()
        to = it.address()
        await it.chat.show(to, Waiting(3, seconds(89.5)))
        await it.chat.show(to, Typing())
        await settle()
        assert list(wire.got) == [{"t": "waiting", "place": 3, "still": 90}, {"t": "typing"}]
        welcome = (await it.enter(token)).read()
        assert (welcome["waiting"], welcome["place"]) == (True, 3)
        for _ in range(2):
            await it.chat.show(to, Served("Lan"))
        await it.chat.send(to, Content("chào"), key="k1")
        await settle()
        three = await it.enter(token)
        assert three.read()["agent"] == "Lan"
        found = [
            (line["who"], line.get("kind", "text"), line.get("name", ""))
            for line in three.read()["items"]
        ]
        assert found == [("me", "text", ""), ("note", "served", "Lan"), ("them", "text", "Lan")]


async def test_the_end_is_told_once() -> None:
    """By the center; or by the visitor, and then not by the center too."""
    async with site() as it:
        token = await it.token()
        wire = await it.enter(token)
        wire.write({"t": "say", "id": "m1", "text": "một"})
        wire.write({"t": "leave", "id": "l1"})
        wire.write({"t": "leave", "id": "l1"})
        await settle()
        left = it.inbound[-1]
        assert isinstance(left, Activity)
        assert (left.what, len(it.inbound)) == ("left", 2)
        await it.chat.close(left.address, key="k1")
        wire.write({"t": "say", "id": "m2", "text": "hai"})
        await settle()
        for _ in range(2):
            await it.chat.close(left.address, key="k2")
        kinds = [line.get("kind", "text") for line in (await it.enter(token)).got[1]["items"]]
        assert kinds == ["text", "left", "text", "closed"]


async def test_typing_is_told_now_and_then() -> None:
    """Not for each key that is pressed."""
    async with site() as it:
        wire = await it.enter(await it.token())
        for _ in range(5):
            wire.write({"t": "typing"})
        await settle()
        it.clock.advance(seconds(4))
        wire.write({"t": "typing"})
        await settle()
        assert [getattr(each, "what", "") for each in it.inbound] == ["typing", "typing"]


async def test_who_is_too_fast_is_slowed_down_and_loses_nothing() -> None:
    """They wait, and are read again."""
    limits = Limits(messages=Rate(2, seconds(2)), calls=Rate(100))
    async with site(limits=limits) as it:
        token = await it.token()
        wire = await it.enter(token)
        for number in range(5):
            wire.write({"t": "say", "id": f"m{number}", "text": "?"})
        await settle()
        assert len(it.messages()) == 2
        for _ in range(3):
            it.clock.advance(seconds(1))
            await settle()
        assert [message.key[-2:] for message in it.messages()] == ["m0", "m1", "m2", "m3", "m4"]
        assert [ack["t"] for ack in wire.got] == ["welcome", *["ack"] * 5]


async def test_who_stays_too_fast_is_let_go() -> None:
    """It counts what a visitor says in all tabs, and what a socket writes at all."""
    limits = Limits(messages=Rate(1, seconds(11)), frames=Rate(3, seconds(40)))
    async with site(limits=limits) as it:
        token = await it.token()
        one, two = await it.enter(token), await it.enter(token)
        for wire in (one, two):
            wire.write({"t": "say", "id": f"m{id(wire)}", "text": "?"})
            await settle()
        assert ((one.closed, two.closed), len(it.messages())) == ((None, 4429), 1)
        for _ in range(3):
            one.write({"t": "ping"})
        await settle()
        assert one.closed == 4429


async def test_too_many_tabs_are_not_let_in() -> None:
    """Ten of one visitor, and so many of one address."""
    async with site(limits=Limits(tabs=2, sockets=4)) as it:
        one, two = await it.token(), await it.token()
        wires = [await it.enter(token) for token in (one, one, one, two, two)]
        assert [wire.closed for wire in wires] == [None, None, 4429, None, None]
        assert (await it.connect()).closed == 1008
        wires[0].cut()
        await settle()
        assert (await it.enter(one)).closed is None


async def test_a_slow_socket_holds_up_nobody() -> None:
    """It is let go, and told everything when it comes back."""
    async with site(limits=Limits(queued=3)) as it:
        token = await it.token()
        wire = await it.enter(token)
        epoch = wire.read()["epoch"]
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        after = wire.read()["n"]
        wire.held = anyio.Event()
        for number in range(10):
            await it.chat.send(it.address(), Content(str(number)), key=f"k{number}")
            await settle()
        wire.write({"t": "say", "id": "m2", "text": "hai"})
        await settle()
        wire.held.set()
        await settle()
        assert wire.closed == 1013
        shown = [line for frame in wire.all("items") for line in frame["items"]]
        after = max([after, *(line["n"] for line in shown)])
        wire = await it.enter(token, epoch=epoch, after=after)
        wire.write({"t": "say", "id": "m2", "text": "hai"})
        await settle()
        assert wire.got[-1]["t"] == "ack"
        texts = [line["text"] for line in shown] + lines(wire)
        assert texts == [*"0123456789"]
        assert lines(await it.enter(token)) == ["một", *"0123456789", "hai"]
        assert [message.content.text for message in it.messages()] == ["một", "hai"]


async def test_memory_is_bounded() -> None:
    """By lines, by visitors and by bytes; the oldest make room."""
    histories = MemoryHistories(lines=3, visitors=2, size=20_000)
    async with site(histories=histories) as it:
        tokens = [await it.token() for _ in range(3)]
        for number, token in enumerate(tokens):
            wire = await it.enter(token)
            for each in range(5):
                wire.write({"t": "say", "id": f"m{each}", "text": f"{number}.{each}"})
            await settle()
            wire.cut()
        assert len(histories) == 2
        found = [lines(await it.enter(token)) for token in tokens[1:]]
        assert found == [["1.2", "1.3", "1.4"], ["2.2", "2.3", "2.4"]]
        wire = await it.enter(tokens[2])
        wire.write({"t": "say", "id": "long", "text": "x" * 4_000})
        await settle()
        assert (len(histories), lines(await it.enter(tokens[2]))) == (
            1,
            ["2.3", "2.4", "x" * 4_000],
        )


async def test_files_come_with_a_message() -> None:
    """The center gets the store's own address, the visitor one that is served to them."""
    async with site() as it:
        token = await it.token()
        wire = await it.enter(token)
        png = b"\x89PNG\r\n\x1a\n...."
        up = await it.http(
            "POST",
            "/files",
            [png[:4], png[4:]],
            query="name=..%2Fth%E1%BA%BB.png",
            authorization=f"Bearer {token}",
            content_type="image/png",
        )
        assert (up.status, up.json["name"], up.json["size"]) == (200, "thẻ.png", 12)
        wire.write({"t": "say", "id": "m1", "files": [up.json["file"]]})
        wire.write({"t": "say", "id": "m2", "files": ["x.y"]})
        wire.write({"t": "say", "id": "m3"})
        await settle()
        assert [frame.get("code") for frame in wire.got if "code" in frame] == ["file", "empty"]
        (file,) = it.messages()[0].content.attachments
        assert (file.kind, file.name, file.size) == ("image/png", "thẻ.png", 12)
        assert await it.chat.files.fetch(file.url) == png
        (shown,) = (await it.enter(token)).got[1]["items"]
        down = await it.http("GET", f"/{shown['files'][0]['url']}")
        assert (down.status, down.body, down.headers["content-type"]) == (200, png, "image/png")
        assert down.headers["content-disposition"].startswith("attachment; filename*=UTF-8''th")
        assert (down.headers["x-content-type-options"], "sandbox" in str(down.headers)) == (
            "nosniff",
            True,
        )
        assert (await it.http("GET", f"/{shown['files'][0]['url']}x")).status == 404
        stranger = await it.enter(await it.token())
        stranger.write({"t": "say", "id": "m1", "files": [up.json["file"]]})
        await settle()
        assert stranger.got[-1]["code"] == "file"


async def test_a_link_never_runs_anything() -> None:
    """What is elsewhere stays there; what a browser would run is nowhere."""
    async with site() as it:
        links = [
            it.chat.link(Attachment("image/png", url))
            for url in ("https://x.example/a.png", " JavaScript:alert(1)", "data:text/html,x", "")
        ]
        assert links == ["https://x.example/a.png", "", "", ""]
        kept = await it.chat.files.keep(b"<script>", name="a.html", kind="text/html")
        down = await it.http("GET", f"/{it.chat.link(kept)}")
        assert down.headers["content-type"] == "application/octet-stream"
        gone = it.chat.link(Attachment("image/png", "file:gone"))
        assert (await it.http("GET", f"/{gone}")).status == 404


async def test_a_reply_may_come_before_the_acknowledgement() -> None:
    """The center answers at once; the numbers tell what was said first."""
    async with site() as it:

        async def think(message: Message) -> None:
            await it.chat.send(message.address, Content("dạ"), key=f"re {message.key}")

        it.think = think
        wire = await it.enter(await it.token())
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        reply = wire.got[1]["items"][0]["n"]
        assert wire.got[2]["n"] < reply
