"""An agent's work at the web desk: offers, conversations, wrap-up."""

from __future__ import annotations

import json
from unittest.mock import AsyncMock

import anyio
import pytest

from tests.adapters.webdesk.helpers import Browser, Frame, Hall, hall
from tongdai import Center, Content, Queue, minutes, seconds
from tongdai.center import events
from tongdai.channels import Activity, Message, Receipt, Revised, Seen, Typing
from tongdai.errors import ChannelFault
from tongdai.model.contact import Address, Attachment
from tongdai.profiles import Resolver
from tongdai.runtime import MemoryFiles

pytestmark = pytest.mark.anyio
LAN = Address("web", "lan")


async def offered(it: Hall, browser: Browser, text: str = "xin chào") -> Frame:
    """Let Lan write, and return the offer."""
    await it.chat.customer("lan").says(text)
    return await browser.until("offer")


async def talking(it: Hall, browser: Browser) -> Frame:
    """Let Lan write and the agent accept."""
    offer = await offered(it, browser)
    await browser.ask("accept", offer=offer["offer"])
    return await browser.until("talk")


async def test_an_agent_answers_a_customer() -> None:
    """Offered with what was written and until when; accepted; both speak."""
    async with hall() as it, it.sits("an") as an:
        lan = it.chat.customer("lan")
        offer = await offered(it, an, "Thẻ của tôi bị khóa")
        assert [line["text"] for line in offer["lines"]] == ["Thẻ của tôi bị khóa"]
        assert (offer["queue"], offer["until"] - offer["from"]) == ("cards", 20_000)
        await an.ask("accept", offer=offer["offer"])
        talk = await an.until("talk")
        assert talk["interaction"] == offer["offer"]
        assert {"is": "done", "n": 2} == await an.ask(
            "say", interaction=talk["interaction"], key="k1", text="Dạ, em nghe"
        )
        assert await lan.hears() == "Dạ, em nghe"
        line = (await an.until("line"))["line"]
        assert ("agent", "An", "an:k1") == (line["who"], line["name"], line["cause"])
        await lan.says("Cảm ơn em")
        heard = (await an.until("line", lambda frame: frame["line"]["who"] == "customer"))["line"]
        assert "Cảm ơn em" == heard["text"]


async def test_what_is_said_again_under_its_key_is_said_once() -> None:
    """As a page does that lost its connection before the answer."""
    async with hall() as it, it.sits("an") as an:
        talk = await talking(it, an)
        for _ in range(3):
            await an.ask("say", interaction=talk["interaction"], key="k1", text="một")
        await an.ask("say", interaction=talk["interaction"], key="k2", text="hai")
        await anyio.wait_all_tasks_blocked()
        assert ["một", "hai"] == [text for _, text, _ in it.chat.sent]


async def test_an_offer_that_accepts_itself_is_a_conversation_at_once() -> None:
    """Nothing has to be accepted first."""
    async with hall(Queue("cards", auto_accept=True)) as it, it.sits("an") as an:
        await it.chat.customer("lan").says("xin chào")
        talk = await an.until("talk")
        await an.ask("say", interaction=talk["interaction"], key="k1", text="chào chị")
        assert "chào chị" == await it.chat.customer("lan").hears()
        assert "offer" not in [frame["is"] for frame in an.seen]


async def test_a_declined_offer_goes_to_the_other() -> None:
    """And is gone from the desk."""
    async with hall() as it, it.sits("an") as an, it.sits("binh") as binh:
        await it.chat.customer("lan").says("xin chào")
        offer = await an.until("offer")
        await an.ask("decline", offer=offer["offer"], reason="busy")
        assert "declined" == (await an.until("gone"))["why"]
        assert offer["contact"] == (await binh.until("offer"))["contact"]


async def test_an_offer_that_expired_is_too_late() -> None:
    """The answer says so, and the agent is not responding until they are back."""
    async with hall() as it, it.sits("an") as an:
        offer = await offered(it, an)
        it.clock.advance(seconds(21))
        assert "expired" == (await an.until("gone"))["why"]
        assert "not_responding" == (await an.until("presence"))["presence"]
        late = await an.ask("accept", offer=offer["offer"])
        assert ("offer_gone", True) == (late["key"], "expired" in late["late"])
        await an.ask("presence", presence="available")
        again = await an.until("offer")
        await an.ask("accept", offer=again["offer"])
        assert again["offer"] == (await an.until("talk"))["interaction"]


async def test_nothing_is_done_with_what_is_anothers() -> None:
    """Neither offers nor conversations nor wrap-ups nor customers; nothing happens."""
    queue = Queue("cards", wrap_up=minutes(1))
    async with hall(queue) as it, it.sits("an") as an, it.sits("binh") as binh:
        offer = await offered(it, an)
        mine = offer["offer"]
        for do in ("accept", "decline"):
            wrong = await binh.ask(do, offer=mine)
            assert ("not_yours", True) == (wrong["key"], "not yours" in wrong["wrong"])
        await an.ask("accept", offer=mine)
        await an.until("talk")
        for do, more in (
            ("say", {"key": "k", "text": "?"}),
            ("typing", {}),
            ("read", {"line": 1}),
            ("end", {}),
        ):
            assert "not yours" in (await binh.ask(do, interaction=mine, **more))["wrong"]
        assert "not before you" in (await binh.ask("customer", contact=offer["contact"]))["wrong"]
        await an.ask("end", interaction=mine)
        await an.until("wrap")
        for do, more in (("dispose", {"disposition": "x"}), ("extend", {})):
            assert "not yours" in (await binh.ask(do, interaction=mine, **more))["wrong"]
        assert it.chat.sent == []


async def test_wrap_up_lasts_can_be_extended_and_ends_with_a_disposition() -> None:
    """One that can be chosen here."""
    async with (
        hall(Queue("cards", wrap_up=minutes(1)), dispositions=["solved"]) as it,
        it.sits("an") as an,
    ):
        talk = await talking(it, an)
        mine = talk["interaction"]
        await an.ask("end", interaction=mine)
        assert (True, "agent") == ((over := await an.until("over"))["wrap_up"], over["why"])
        until = (await an.until("wrap"))["until"]
        await an.ask("extend", interaction=mine)
        assert until + 60_000 == (await an.until("wrap"))["until"]
        wrong = await an.ask("dispose", interaction=mine, disposition="?")
        assert ("no_disposition", True) == (wrong["key"], "none of solved" in wrong["wrong"])
        await an.ask("dispose", interaction=mine, disposition="solved")
        assert mine == (await an.until("wrapped"))["interaction"]
        assert {} == it.live.center.state.wrap_ups


async def test_wrap_up_ends_by_itself() -> None:
    """When its time is over."""
    async with hall(Queue("cards", wrap_up=minutes(1))) as it, it.sits("an") as an:
        talk = await talking(it, an)
        await an.ask("end", interaction=talk["interaction"])
        await an.until("wrap")
        it.clock.advance(minutes(1))
        await an.until("wrapped")


async def test_a_customer_who_leaves_ends_the_conversation() -> None:
    """What the agent says then is too late."""
    async with hall() as it, it.sits("an") as an:
        talk = await talking(it, an)
        await it.chat.customer("lan").leaves()
        assert "customer" == (await an.until("over"))["why"]
        late = await an.ask("say", interaction=talk["interaction"], key="k", text="?")
        assert ("talk_over", True) == (late["key"], "was ended (customer)" in late["late"])


async def test_writing_shows_both_ways_and_reading_tells_the_channel() -> None:
    """Typing passes by the journal, and read marks name the messages."""
    async with hall() as it, it.sits("an") as an:
        talk = await talking(it, an)
        it.chat.deliver(Activity(what="typing", key="t1", at=0, address=LAN))
        assert talk["contact"] == (await an.until("typing"))["contact"]
        await an.ask("typing", interaction=talk["interaction"])
        await an.ask("read", interaction=talk["interaction"], line=1)
        await an.ask("read", interaction=talk["interaction"], line=1)
        await anyio.wait_all_tasks_blocked()
        told = it.chat.customer("lan").shown
        assert [Typing(), Seen(("m1",))] == [
            sign for sign in told if isinstance(sign, (Typing, Seen))
        ]


async def test_nobody_writes_or_reads_where_they_have_no_conversation() -> None:
    """Neither in one that is offered, to them or to another, nor in one that is over."""
    async with hall() as it, it.sits("an") as an, it.sits("binh") as binh:
        mine = (await offered(it, an))["offer"]
        for browser in (an, binh):
            assert "late" not in await browser.ask("typing", interaction=mine)
            await browser.ask("read", interaction=mine, line=1)
        await an.ask("accept", offer=mine)
        await an.ask("end", interaction=mine)
        await an.ask("typing", interaction=mine)
        await anyio.wait_all_tasks_blocked()
        told = it.chat.customer("lan").shown
        assert [] == [sign for sign in told if isinstance(sign, (Typing, Seen))]


async def test_messages_are_revised_marked_and_answered_by_buttons() -> None:
    """Edited, withdrawn, automatic; a tap names its button."""
    async with hall() as it, it.sits("an") as an:
        talk = await talking(it, an)
        mine = talk["interaction"]
        await an.ask("say", interaction=mine, key="q1", text="Buổi nào?", buttons=["Sáng", "Chiều"])
        asked = (await an.until("line"))["line"]
        assert [["1", "Sáng"], ["2", "Chiều"]] == asked["buttons"]
        it.chat.deliver(
            Message(
                key="b1", at=0, address=LAN, content=Content("Chiều"), choice="2", question="q1"
            )
        )
        assert "2" == (await an.until("line", lambda f: "choice" in f["line"]))["line"]["choice"]
        it.chat.deliver(Revised(key="r1", at=0, address=LAN, message="b1", content=Content("Sáng")))
        edited = (await an.until("line", lambda f: "revised" in f["line"]))["line"]
        assert ("Sáng", "edited") == (edited["text"], edited["revised"])
        it.chat.deliver(Revised(key="r2", at=0, address=LAN, message="b1"))
        gone = (await an.until("line", lambda f: f["line"].get("revised") == "withdrawn"))["line"]
        assert (edited["n"], "") == (gone["n"], gone["text"])
        it.chat.deliver(
            Message(
                key="b2", at=0, address=LAN, content=Content("Out of office"), automatic="reply"
            )
        )
        auto = (await an.until("line", lambda f: "automatic" in f["line"]))["line"]
        assert "reply" == auto["automatic"]


async def test_ticks_go_up_and_never_down() -> None:
    """Sent, read; a late `delivered` changes nothing. What failed says so."""
    async with hall() as it, it.sits("an") as an:
        talk = await talking(it, an)
        await an.ask("say", interaction=talk["interaction"], key="k1", text="một")
        sent = await an.until("line", lambda f: f["line"].get("status") == "sent")
        for key, status in (("x1", "read"), ("x2", "delivered")):
            it.chat.deliver(Receipt(key=key, at=0, address=LAN, status=status, ids=("web-1",)))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        read = await an.until("line", lambda f: f["line"].get("status") == "read")
        assert sent["line"]["n"] == read["line"]["n"]
        await anyio.wait_all_tasks_blocked()
        it.chat.fail(ChannelFault("blocked"))
        await an.ask("say", interaction=talk["interaction"], key="k2", text="hai")
        failed = await an.until("line", lambda f: f["line"].get("status") == "failed")
        assert "hai" == failed["line"]["text"]
        whole = await look(an)
        assert "read" == whole["talks"][0]["lines"][1]["status"]


async def look(browser: Browser) -> Frame:
    """Ask for everything."""
    await browser.ask("whole")
    return await browser.until("whole")


async def test_files_of_a_conversation_and_no_others() -> None:
    """Sent up, said, and given to whoever has the conversation; the address is no secret's."""
    files = MemoryFiles()
    async with hall(files=files, largest=100) as it, it.sits("an") as an, it.sits("binh"):
        talk = await talking(it, an)
        bearer = (b"authorization", f"Bearer {it.desk.sign('an')}".encode())
        head = [bearer, (b"content-type", b"text/plain"), (b"x-name", b"gi%C3%A1%2F..%0A.txt")]
        status, _, body = await it.request("POST", "/files", b"350.000", head)
        kept = json.loads(body)
        assert (201, "giá_...txt", "text/plain", 7) == (
            status,
            kept["name"],
            kept["kind"],
            kept["size"],
        )
        await an.ask("say", interaction=talk["interaction"], key="k1", files=[kept["url"]])
        line = (await an.until("line"))["line"]
        assert [kept] == line["files"]
        theirs = await files.keep(b"secret", name="x", kind="text/plain")
        hers = await files.keep(b"<svg/>", name="x.svg", kind="image/svg+xml")
        it.chat.deliver(Message(key="f1", at=0, address=LAN, content=Content(attachments=(hers,))))
        await an.until("line", lambda f: f["line"]["who"] == "customer")
        for url, expected in ((kept["url"], 200), (hers.url, 200), (theirs.url, 404)):
            status, headers, _ = await it.request("GET", f"/files/{url}", headers=[bearer])
            assert expected == status
            assert "nosniff" == headers["x-content-type-options"]
        status, headers, body = await it.request("GET", f"/files/{hers.url}", headers=[bearer])
        assert (b"<svg/>", "application/octet-stream", "attachment") == (
            body,
            headers["content-type"],
            headers["content-disposition"],
        )
        other = (b"authorization", f"Bearer {it.desk.sign('binh')}".encode())
        assert 404 == (await it.request("GET", f"/files/{hers.url}", headers=[other]))[0]
        assert 401 == (await it.request("GET", f"/files/{hers.url}"))[0]
        assert 401 == (await it.request("POST", "/files", b"x"))[0]
        assert 413 == (await it.request("POST", "/files", bytes(101), head))[0]
        wrong = await an.ask("say", interaction=talk["interaction"], key="k2", files=[theirs.url])
        assert "upload it again" in wrong["wrong"]
        assert Attachment("text/plain", theirs.url, "x", size=6) == theirs


async def test_a_store_of_files_says_what_it_cannot_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent's page is told whether to come again; what is gone is not there."""
    files = MemoryFiles(most=5)
    async with hall(files=files) as it, it.sits("an"):
        head = [(b"authorization", f"Bearer {it.desk.sign('an')}".encode())]
        first, second = [await it.request("POST", "/files", b"1234", head) for _ in "12"]
        for kept, expected in ((first, 404), (second, 200)):
            url = json.loads(kept[2])["url"]
            assert expected == (await it.request("GET", f"/files/{url}", headers=head))[0]
        for fault, answer in (
            (ChannelFault("retry", "the disk is full"), (503, b"retry: the disk is full")),
            (ChannelFault("rejected", "too large"), (422, b"rejected: too large")),
        ):
            monkeypatch.setattr(files, "keep", AsyncMock(side_effect=fault))
            assert answer == (await it.request("POST", "/files", b"1", head))[::2]


async def test_nothing_is_not_said() -> None:
    """Neither an empty text nor blanks."""
    async with hall() as it, it.sits("an") as an:
        talk = await talking(it, an)
        answer = await an.ask("say", interaction=talk["interaction"], key="k1", text="  \n")
        assert "nothing in it" in answer["wrong"]


async def test_who_the_customer_is() -> None:
    """What the center knows, the profile in full, and what happened with them."""
    people = Resolver()
    center = Center([Queue("cards")], people=people)
    async with hall(center=center, people=people) as it, it.sits("an") as an:
        talk = await talking(it, an)
        await anyio.wait_all_tasks_blocked()
        found = (await an.ask("customer", contact=talk["contact"]))["customer"]
        assert talk["profile"]["id"] == found["profile"]["id"] != ""
        assert ["arrived", "queue cards", "wrote", "agent an"] == [
            what for *_, what in found["moments"]
        ]


async def test_the_wall_shows_queues_as_they_are() -> None:
    """Who waits and since when, who could help, and how many were answered in time."""
    async with hall(Queue("cards"), Queue("loans", "loans>=3")) as it, it.sits("an") as an:
        began = it.clock.now() // 1_000

        async def wall(name: str, value: object) -> Frame:
            """Return the first queue's figures, once this one is so; a second passes."""
            await anyio.wait_all_tasks_blocked()
            it.clock.advance(seconds(1))
            shown = await an.until("wall", lambda frame: frame["queues"][0][name] == value)
            assert 0 == shown["queues"][1]["agents"]
            return dict(shown["queues"][0])

        await an.ask("presence", presence="away", reason="lunch")
        await it.chat.customer("lan").says("xin chào")
        waits = await wall("waiting", 1)
        assert (began, 0, None) == (waits["longest"], waits["agents"], waits["level"])
        it.clock.advance(seconds(30))
        await an.ask("presence", presence="available")
        offer = await an.until("offer")
        await wall("agents", 1)
        await an.ask("accept", offer=offer["offer"])
        late = await wall("answered", 1)
        assert (0, None, 0.0) == (late["waiting"], late["longest"], late["level"])


async def test_what_happens_is_in_the_journal_and_nowhere_else() -> None:
    """An agent's work at the page is the same inputs as everybody's."""
    async with hall() as it:
        with it.live.events() as seen:
            async with it.sits("an") as an:
                talk = await talking(it, an)
                await an.ask("end", interaction=talk["interaction"], disposition="done")
                await an.until("over")
                await an.raw(json.dumps({"do": "sign out"}))
                assert {"is": "closed", "code": 4402} == await an.until("closed")
            await anyio.wait_all_tasks_blocked()
            names = [type(await anext(seen)).__name__ for _ in range(len(seen))]
        assert names == [
            "PresenceChanged",
            "ContactQueued",
            "MessageReceived",
            "ContactOffered",
            "OfferAccepted",
            "ContactEnded",
            "PresenceChanged",
        ]
        assert issubclass(events.ContactEnded, events.Event)
