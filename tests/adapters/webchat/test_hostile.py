"""Somebody means harm, or a store fails halfway: others are not read, held up or left out."""

from __future__ import annotations

import anyio
import pytest

from tests.adapters.webchat.driver import START, Event, Wire, settle, site
from tongdai.adapters.webchat import Limits, Line, MemoryHistories, Rate, sign_identity
from tongdai.channels import Receipt, Served
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.contact import Content
from tongdai.model.time import Duration, hours

pytestmark = pytest.mark.anyio

IDENTITIES = "a secret of the host application"
LATER = START + 60_000_000


def identity(user: str) -> str:
    """Return a signed identity."""
    return sign_identity(IDENTITIES, user=user, expires=LATER)


def texts(wire: Wire) -> list[str]:
    """Return the texts of the lines that have come."""
    return [line.get("text", "") for frame in wire.all("items") for line in frame["items"]]


async def test_a_token_from_before_somebody_signed_in_opens_nothing_after() -> None:
    """Who kept it, or holds a socket open with it, reads and says nothing in that user's name."""
    async with site(identity_secret=IDENTITIES) as it:
        kept = await it.token()
        lurking = await it.enter(kept)
        lurking.write({"t": "say", "id": "m1", "text": "hello"})
        await settle()
        known = await it.token(token=kept, identity=identity("lan"))
        await settle()
        assert lurking.closed == 4401
        wire = await it.enter(known)
        wire.write({"t": "say", "id": "m2", "text": "my card number"})
        await settle()
        assert (await it.enter(kept)).closed == 4401
        for body in ({"token": kept}, {"token": kept, "identity": identity("minh")}):
            other = await it.enter(await it.token(**body))
            assert (other.closed, texts(other)) == (None, [])
        again = await it.enter(await it.token(token=kept, identity=identity("lan")))
        assert texts(again) == ["hello", "my card number"]


async def test_who_begins_signed_in_has_a_history_that_is_theirs() -> None:
    """Also where there was nothing before to be told of."""
    async with site(identity_secret=IDENTITIES) as it:
        anonymous = await it.token()
        known = await it.token(token=anonymous, identity=identity("lan"))
        assert (await it.enter(known)).closed is None
        assert (await it.enter(anonymous)).closed == 4401


async def test_a_user_who_comes_back_another_day_finds_what_was_said() -> None:
    """The token is over, but it says which visitor the user was; for another it says nothing."""
    async with site(identity_secret=IDENTITIES) as it:
        token = await it.token(identity=identity("lan"))
        wire = await it.enter(token)
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        it.clock.advance(hours(13))
        assert (await it.enter(token)).closed == 4401

        async def found(**body: str) -> list[str]:
            return texts(await it.enter(await it.token(token=token, **body)))

        now = it.clock.now() + 1_000_000
        lan, minh = (sign_identity(IDENTITIES, user=user, expires=now) for user in ("lan", "minh"))
        assert (await found(identity=lan), await found(identity=minh), await found()) == (
            ["một"],
            [],
            [],
        )


async def test_a_socket_that_is_let_go_is_not_waited_for() -> None:
    """It is counted as long as it is there, and what waits for it is dropped."""
    async with site(limits=Limits(queued=3, sockets=1, hello=Duration(50_000))) as it:
        token = await it.token()
        wire = await it.enter(token)
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        wire.held = anyio.Event()
        for number in range(10):
            await it.chat.send(it.address(), Content(str(number)), key=f"k{number}")
        await settle()
        assert (await it.connect()).closed == 1008
        with anyio.fail_after(5):
            while (await it.connect()).closed is not None:
                await anyio.lowlevel.checkpoint()


async def test_addresses_of_one_network_are_one_caller() -> None:
    """Whoever has one address of IPv6 has 2**64 of them."""
    async with site(limits=Limits(calls=Rate(2))) as it:

        async def status(address: str) -> int:
            it.client = (address, 1)
            return (await it.http("POST", "/session")).status

        told = [
            await status(address)
            for address in ("2001:db8::1", "2001:db8::2", "2001:db8::3:0:0:1", "2001:db8:0:1::1")
        ]
        assert told == [200, 200, 429, 200]
        mapped = ["198.51.100.7", "::ffff:198.51.100.7", "::ffff:198.51.100.7", "::ffff:0.0.0.1"]
        assert [await status(each) for each in mapped] == [200, 200, 429, 200]
        assert [await status(each) for each in ("unix", "unix", "unix", "")] == [200, 200, 429, 200]


async def test_receipts_are_of_a_size_that_a_center_takes() -> None:
    """At most a hundred ids each, and all of them once."""
    async with site() as it:
        token = await it.token()
        wire = await it.enter(token)
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        to, ids = it.address(), list[str]()
        for number in range(250):
            ids += (await it.chat.send(to, Content("?"), key=f"k{number}")).ids
        wire.cut()
        wire = await it.enter(token)
        wire.write({"t": "seen", "upto": 2**53 - 1})
        await settle()
        told = [each for each in it.inbound if isinstance(each, Receipt)]
        assert [len(each.ids) for each in told] == [100, 100, 50]
        assert [id for each in told for id in each.ids] == ids
        assert len({each.key for each in told}) == 3


class Unsure(MemoryHistories):
    """A store that keeps a line, and then fails to say so."""

    fails = 0

    async def add(self, visitor: str, line: Line) -> tuple[Line, bool]:
        """Keep a line; the last one before it fails is kept all the same."""
        added = await super().add(visitor, line)
        if self.fails:
            self.fails -= 1
            if not self.fails:
                raise ChannelFault("retry", "the connection to the store is lost")
        return added


@pytest.mark.parametrize("fails", [1, 2])
async def test_what_was_kept_but_not_said_so_is_shown_all_the_same(fails: int) -> None:
    """The runtime sends again, and it is there already; those who are connected see it too."""
    histories = Unsure()
    async with site(limits=Limits(text=10), histories=histories) as it:
        token = await it.token()
        wire = await it.enter(token)
        epoch = wire.read()["epoch"]
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        after = wire.read()["n"]
        histories.fails = fails
        with pytest.raises(ChannelFault):
            await it.chat.send(it.address(), Content("a bc defg hijkl"), key="k1")
        await it.chat.send(it.address(), Content("a bc defg hijkl"), key="k1")
        await it.chat.send(it.address(), Content("after"), key="k2")
        await settle()
        shown = [line for frame in wire.all("items") for line in frame["items"]]
        after = max([after, *(line["n"] for line in shown)])
        rest = texts(await it.enter(token, epoch=epoch, after=after))
        assert [line["text"] for line in shown] + rest == ["a bc defg", "hijkl", "after"]


async def test_what_another_tab_said_is_shown_though_the_store_was_unsure() -> None:
    """A later line would hide that it is missing."""
    histories = Unsure()
    async with site(histories=histories) as it:
        token = await it.token()
        one, two = await it.enter(token), await it.enter(token)
        epoch = two.read()["epoch"]
        histories.fails = 1
        one.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        assert one.closed == 1013
        one = await it.enter(token)
        for id, text in (("m1", "một"), ("m2", "hai")):
            one.write({"t": "say", "id": id, "text": text})
        await settle()
        shown = [line for frame in two.all("items") for line in frame["items"]]
        after = max([0, *(line["n"] for line in shown)])
        rest = texts(await it.enter(token, epoch=epoch, after=after))
        assert [line["text"] for line in shown] + rest == ["một", "hai"]


async def test_typing_that_is_not_heard_is_no_matter() -> None:
    """The socket stays."""
    async with site() as it:
        it.refuse = 1
        wire = await it.enter(await it.token())
        wire.write({"t": "typing"})
        wire.write({"t": "ping"})
        await settle()
        assert (wire.closed, wire.got[-1]["t"]) == (None, "pong")


async def test_an_end_that_was_not_taken_at_once_is_an_end() -> None:
    """Nobody serves any more, also where the center took it the second time."""
    async with site() as it:
        token = await it.token()
        wire = await it.enter(token)
        wire.write({"t": "say", "id": "m1", "text": "một"})
        await settle()
        await it.chat.show(it.address(), Served("Lan"))
        it.refuse = 1
        wire.write({"t": "leave", "id": "l1"})
        await settle()
        assert wire.closed == 1013
        wire = await it.enter(token)
        assert wire.read()["agent"] == "Lan"
        wire.write({"t": "leave", "id": "l1"})
        await settle()
        assert [frame["t"] for frame in wire.got] == ["items", "ack", "served"]
        assert "agent" not in (await it.enter(token)).read()


async def test_a_body_that_never_ends_is_not_waited_for() -> None:
    """Neither does it keep others from sending files."""
    async with site(limits=Limits(calls=Rate(1_000), upload=Duration(50_000))) as it:
        bearer = f"Bearer {await it.token()}"
        plain = {"authorization": bearer, "content_type": "text/plain"}
        statuses: list[int] = []

        async def slow() -> None:
            async def receive() -> Event:
                await anyio.sleep_forever()
                return {}

            async def send(event: Event) -> None:
                await anyio.lowlevel.checkpoint()
                statuses.append(event.get("status", 0))

            headers = {name.replace("_", "-"): value for name, value in plain.items()}
            await it.app(it.scope("http", "/files", headers, method="POST"), receive, send)

        async with anyio.create_task_group() as tasks:
            for _ in range(30):
                tasks.start_soon(slow)
            await settle()
            assert (await it.http("POST", "/files", b"x", **plain)).status == 200
        assert sorted(statuses) == [0] * 30 + [408] * 30


async def test_no_more_of_all_files_is_held_than_there_is_room_for() -> None:
    """While they come; what is refused makes room again."""
    gone = anyio.Event()
    async with site(limits=Limits(calls=Rate(1_000), file=10)) as it:
        plain = {"authorization": f"Bearer {await it.token()}", "content_type": "text/plain"}
        headers = {name.replace("_", "-"): value for name, value in plain.items()}

        async def stuck() -> None:
            events: list[Event] = [{"type": "http.request", "body": b"x" * 9, "more_body": True}]

            async def receive() -> Event:
                if not events:
                    await gone.wait()
                return events.pop() if events else {"type": "http.disconnect"}

            async def send(event: Event) -> None:
                await anyio.lowlevel.checkpoint()
                del event

            await it.app(it.scope("http", "/files", headers, method="POST"), receive, send)

        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(stuck)
            await settle()
            assert (await it.http("POST", "/files", b"x" * 9, **plain)).status == 503
            assert (await it.http("POST", "/files", b"x" * 8, **plain)).status == 200
            gone.set()
        assert (await it.http("POST", "/files", b"x" * 9, **plain)).status == 200


async def test_a_file_is_called_what_it_seems_to_be_called() -> None:
    """Nothing in its name turns the rest of it round."""
    async with site() as it:
        plain = {"authorization": f"Bearer {await it.token()}", "content_type": "text/plain"}
        query = "name=a%E2%80%AEtxt.exe%E2%81%A6%EF%BB%BF"
        up = await it.http("POST", "/files", b"x", query=query, **plain)
        assert up.json["name"] == "atxt.exe"


def test_a_message_as_long_as_may_be_fits_into_a_frame() -> None:
    """Else a widget would send it again for ever."""
    with pytest.raises(ConfigurationError, match=r"Limits\.frame"):
        Limits(text=20_000)
    assert Limits(text=20_000, frame=200_000).text == 20_000
