"""A flower shop's chat and its desk: one command, two browser windows, talk.

    python examples/web_desk.py                 prints the addresses; open two of them, and write
    python examples/web_desk.py --port 9000
    python examples/web_desk.py --check         looks for mistakes in the flow, lets a scripted
                                                customer and agent talk, and ends

The customer's page is the shop's, with the web chat's widget in its corner. The shop is Vietnamese;
`/?lang=en` is its English page, with a web chat of its own, so that the flow knows the language. A
flow greets, asks what it is about with buttons, asks for the number of the order, and hands off to
one of two queues. The agents' page has the offers, the conversations, who the customer is, and the
queues on the wall; it speaks both languages, and the dispositions are the shop's own. The shop
knows Lan from its CRM: open its page as Lan, and see what the agent sees.

It needs `python -m pip install -e '.[demo,profiles]'`.
"""

from __future__ import annotations

import argparse
import errno
import html
import json
import secrets
import socket
import urllib.request
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode
from zoneinfo import ZoneInfo

import anyio
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from tongdai import Agent, Center, PutAgent, Queue, hours, instant, minutes, seconds
from tongdai.adapters.webchat import WebChat, sign_identity
from tongdai.adapters.webdesk import WebDesk
from tongdai.center import Triaged
from tongdai.channels import Message
from tongdai.ivr import Branch, Case, Choice, Collect, End, Flow, HandOff, Menu, Say, check
from tongdai.journal import MemoryJournal
from tongdai.profiles import Observation, Policy, Resolver
from tongdai.runtime import Runtime, SystemClock

SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
PAGES = Path(__file__).parent / "web_desk_pages"

# --- the center: a flow, two queues, two agents, and one customer whom the shop knows ---------

WAIT = {
    "vi": "Mời bạn chờ, chúng tôi đang tìm nhân viên hỗ trợ bạn.",
    "en": "One moment, please. We are looking for somebody who can help you.",
}
GREETING = Flow(
    "greeting",
    start="who",
    languages=("vi", "en"),
    nodes={
        "who": Branch((Case('profile.name != ""', "known"),), otherwise="hello"),
        "known": Say(
            {"vi": "Hoa Sen xin chào {profile.name}!", "en": "Hello {profile.name}!"}, then="what"
        ),
        "hello": Say({"vi": "Hoa Sen xin chào!", "en": "Hello from Hoa Sen!"}, then="what"),
        "what": Menu(
            {"vi": "Bạn cần chúng tôi giúp việc gì?", "en": "What can we do for you?"},
            {
                "1": Choice("to orders", {"vi": "Đặt hoa", "en": "Order flowers"}),
                "2": Choice("number", {"vi": "Đơn đã đặt", "en": "An order of mine"}),
                "3": Choice("hours", {"vi": "Giờ mở cửa", "en": "Opening hours"}),
            },
            tries=2,
            exhausted="to orders",
        ),
        "hours": Say(
            {
                "vi": "Chúng tôi mở cửa từ 7 đến 21 giờ mỗi ngày.",
                "en": "We are open from 7 to 21, every day.",
            },
            then="what",
        ),
        "number": Collect(
            "order",
            {"vi": "Số đơn hàng của bạn là gì?", "en": "What is the number of your order?"},
            kind="text",
            done="thanks",
            exhausted="to returns",
        ),
        "thanks": Say({"vi": "Cảm ơn bạn.", "en": "Thank you."}, then="to returns"),
        "to orders": Say(WAIT, then="orders"),
        "to returns": Say(WAIT, then="returns"),
        "orders": HandOff("orders", full="busy", closed="busy", failed="busy"),
        "returns": HandOff("returns", full="busy", closed="busy", failed="busy"),
        "busy": Say({"vi": "Xin nhắn lại sau.", "en": "Please write again later."}, then="bye"),
        "bye": End(),
    },
)
QUEUES = [
    Queue("orders", "sales", wrap_up=minutes(1), offer=seconds(25), prefers=("last agent",)),
    Queue("returns", "service", wrap_up=minutes(1), offer=seconds(25), prefers=("last agent",)),
]
AGENTS = {"an": "An", "binh": "Bình"}
SKILLS = {
    "an": {"sales": 4, "service": 3, "vi": 5, "en": 3},
    "binh": {"sales": 2, "service": 5, "vi": 5, "en": 4},
}
LAN = Observation(
    "crm-1044",
    source="crm",
    at=instant(datetime(2025, 6, 11, tzinfo=SAIGON)),
    name="Nguyễn Thị Lan",
    phone="0908.993.022",
    email="lan.nguyen@sen.vn",
    address="12 Lê Lợi",
    city="Đà Nẵng",
    language="vi",
)


def in_english(_: Message) -> Triaged:
    """Return where a contact of the English page begins: the same flow, in English."""
    return Triaged("greeting", language="en")


class Shop:
    """The center, its web chats, its desk, and the pages round them."""

    def __init__(self) -> None:
        """Make everything; `open` starts it."""
        people = Resolver(Policy(sources=("crm",)))
        people.ingest(LAN)
        self._identities = secrets.token_bytes(32)
        self._clock = SystemClock()
        self.live: Runtime | None = None
        self.center = Center(QUEUES, flows=[GREETING], people=people)
        self.chat = WebChat(
            "site", secret=secrets.token_bytes(32), identity_secret=self._identities
        )
        self.english = WebChat(
            "site-en",
            secret=secrets.token_bytes(32),
            identity_secret=self._identities,
            files=self.chat.files,
        )
        self.desk = WebDesk(
            secret=secrets.token_bytes(32),
            agents=AGENTS,
            title="Hoa Sen",
            dispositions=["đã đặt hàng", "đã giải quyết", "gọi lại", "không liên quan"],
            reasons=["ăn trưa", "họp", "đào tạo"],
            files=self.chat.files,
            people=people,
            zone=SAIGON,
        )

    async def work(self, then: Callable[[], Awaitable[None]]) -> None:
        """Run the center and its desk as long as something else lasts."""
        async with (
            Runtime(
                self.center,
                journal=MemoryJournal(),
                channels={self.chat: "greeting", self.english: in_english},
                names=AGENTS,
            ) as live,
            self.desk.open(live),
        ):
            self.live = live
            for agent in AGENTS:
                await live.handle(PutAgent(Agent(agent, SKILLS[agent])))
            await then()

    async def app(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        """Serve the chats, the desk, and two pages round them (any framework does)."""
        path = scope.get("path", "")
        for below, app in (
            ("/chat", self.chat.app),
            ("/chat-en", self.english.app),
            ("/agent", self.desk.app),
        ):
            if path == below or path.startswith(f"{below}/"):
                await app({**scope, "root_path": scope.get("root_path", "") + below}, receive, send)
                return
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
        elif scope["type"] == "http":
            asked = parse_qs(scope["query_string"].decode())
            pages = {"/": self.shop_page, "/agents": self.sign_in_page}
            page = pages.get(path)
            body = b"" if page is None else page(asked).encode()
            start: MutableMapping[str, Any] = {
                "type": "http.response.start",
                "status": 404 if page is None else 200,
                "headers": [(b"content-type", b"text/html; charset=utf-8")],
            }
            await send(start)
            await send({"type": "http.response.body", "body": body})

    def shop_page(self, asked: dict[str, list[str]]) -> str:
        """Return the shop's page; `/?as=lan` is that of a customer who has signed in."""
        identity = ""
        if asked.get("as") == ["lan"]:
            identity = sign_identity(
                self._identities,
                user="u-1044",
                name="Nguyễn Thị Lan",
                email="lan.nguyen@sen.vn",
                expires=self._clock.now() + int(hours(1)),
            )
        here, there = ("en", "vi") if asked.get("lang") == ["en"] else ("vi", "en")
        words: dict[str, str] = json.loads((PAGES / "words.json").read_text(encoding="utf-8"))[here]
        words |= {
            "language": here,
            "there": there,
            "to": f"/?{urlencode({**asked, 'lang': there}, doseq=True)}",
            "chat": "/chat-en" if here == "en" else "/chat",
            "who": words["lan" if identity else "nobody"],
            "identity": identity,
        }
        page = (PAGES / "shop.html").read_text(encoding="utf-8")
        page = page.replace("{{more}}", " data-open" if "open" in asked else "")
        for name, text in words.items():
            page = page.replace(f"{{{{{name}}}}}", html.escape(text))
        return page

    def sign_in_page(self, _: dict[str, list[str]]) -> str:
        """Return who can sit down. A real application asks for a password here."""
        links = "".join(
            f'<li><a href="{html.escape(self.desk.url(agent, below="/agent"))}">{name}</a></li>'
            for agent, name in AGENTS.items()
        )
        return SIGN_IN.replace("{{links}}", links)


SIGN_IN = """<!doctype html><html lang="vi"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hoa Sen · nhân viên</title>
<style>body{font:17px/1.6 system-ui,sans-serif;display:grid;place-items:center;min-height:90vh;
background:#eef2f5;color:#12212c}main{background:#fff;padding:34px 46px;border-radius:18px;
box-shadow:0 8px 30px #10222d1a}ul{list-style:none;padding:0;display:grid;gap:10px}
a{display:block;padding:10px 24px;border-radius:10px;background:#0f766e;color:#fff;
text-decoration:none;font-weight:600;text-align:center}p{max-width:24em;color:#46586a}</style>
<main><h1>Bạn là ai?</h1><p lang="en">Who are you?</p><ul>{{links}}</ul>
<p>Chỉ là ví dụ: ai mở trang này cũng vào được. Ứng dụng thật phải hỏi mật khẩu trước.</p>
<p lang="en">An example only: whoever opens this page is let in. A real application asks for a
password first.</p></main></html>"""


# --- serving ----------------------------------------------------------------------------------


def bind(port: int) -> socket.socket:
    """Return a socket at a port, for 0 at one that is free; end where somebody else has it."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise SystemExit(f"port {port} is taken; give another one with --port") from None


async def serve(
    shop: Shop, bound: socket.socket, then: Callable[[str], Awaitable[None]] | None
) -> None:
    """Serve the shop at a socket; with `then`, only as long as that lasts."""
    with bound:
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        config = uvicorn.Config(
            shop.app,
            interface="asgi3",
            ws="websockets-sansio",
            log_level="warning",
            timeout_graceful_shutdown=2,
        )
        server = uvicorn.Server(config)

        async def run() -> None:
            print(f"customer            {address}/")
            print(f"customer, English   {address}/?lang=en")
            print(f"Lan, who is known   {address}/?as=lan")
            print(f"agents              {address}/agents", flush=True)
            async with anyio.create_task_group() as tasks:
                if then is not None:
                    tasks.start_soon(once, then, address, server)
                await server.serve([bound])

        await shop.work(run)


async def once(
    then: Callable[[str], Awaitable[None]], address: str, server: uvicorn.Server
) -> None:
    """Do something with the running server, then stop it."""
    try:
        with anyio.fail_after(30):
            await then(address)
    finally:
        server.should_exit = True


# --- checking: the flow as it is written, then a script ---------------------------------------


def mistakes() -> list[str]:
    """Return what is wrong with the flow, a line for each; `tongdai.ivr.check` finds it."""
    queues = [queue.id for queue in QUEUES]
    return [str(found) for found in check(GREETING, modalities=["chat"], queues=queues)]


# --- the script: a customer and an agent, over the sockets that browsers use ------------------


async def frame(socket: ClientConnection, key: str, value: str) -> dict[str, Any]:
    """Read on to the frame of a kind."""
    while True:
        found: dict[str, Any] = json.loads(await socket.recv())
        if found.get(key) == value:
            return found


async def heard(socket: ClientConnection, text: str) -> dict[str, Any]:
    """Read on, as the customer, until something with these words is said."""
    while True:
        for item in (await frame(socket, "t", "items"))["items"]:
            if text in item.get("text", ""):
                print(f"  customer hears  {item['text']}")
                return dict(item)


async def say(socket: ClientConnection, key: str, text: str, **more: object) -> None:
    """Write, as the customer."""
    print(f"  customer says   {text}")
    await socket.send(json.dumps({"t": "say", "id": key, "text": text, **more}))


async def script(shop: Shop, address: str) -> None:
    """Talk once, from the first word to the wrap-up."""
    request = urllib.request.Request(f"{address}/chat/session", b"{}")  # noqa: S310 - loopback
    answer = await anyio.to_thread.run_sync(lambda: urllib.request.urlopen(request).read())  # noqa: S310
    token = json.loads(answer)["token"]
    where = address.replace("http", "ws", 1)
    async with (
        connect(f"{where}/agent/socket") as agent,
        connect(f"{where}/chat/socket") as customer,
    ):
        await agent.send(json.dumps({"do": "hello", "token": shop.desk.sign("binh")}))
        await frame(agent, "is", "whole")
        await customer.send(json.dumps({"t": "hello", "token": token}))
        await say(customer, "c1", "Chào shop")
        asked = await heard(customer, "giúp việc gì")
        tapped = next(button for button in asked["buttons"] if button["label"] == "Đơn đã đặt")
        await say(customer, "c2", tapped["label"], choice=tapped["key"], to=asked["n"])
        await heard(customer, "Số đơn hàng")
        await say(customer, "c3", "HS-1209")
        offer = await frame(agent, "is", "offer")
        print(f"  agent is offered {offer['contact']} of {offer['queue']}: {offer['context']}")
        await agent.send(json.dumps({"do": "accept", "n": 1, "offer": offer["offer"]}))
        talk = await frame(agent, "is", "talk")
        hello = {"do": "say", "n": 2, "interaction": talk["interaction"], "key": "a1"}
        await agent.send(json.dumps({**hello, "text": "Dạ, đơn HS-1209 đang trên đường giao ạ."}))
        await heard(customer, "đang trên đường")
        await say(customer, "c4", "Cảm ơn em")
        while (await frame(agent, "is", "line"))["line"]["text"] != "Cảm ơn em":
            pass
        await agent.send(json.dumps({"do": "end", "n": 3, "interaction": talk["interaction"]}))
        await frame(agent, "is", "wrap")
        await agent.send(
            json.dumps(
                {
                    "do": "dispose",
                    "n": 4,
                    "interaction": talk["interaction"],
                    "disposition": "đã giải quyết",
                }
            )
        )
        await frame(agent, "is", "wrapped")
        print("  agent has wrapped up: đã giải quyết")
        while not (wall := await frame(agent, "is", "wall"))["queues"][1]["answered"]:
            pass
        print(f"  on the wall: {wall['queues'][1]}")


def main() -> None:
    """Serve until it is interrupted; or check and end."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--check", action="store_true", help="let a script talk, and end")
    arguments = parser.parse_args()
    shop = Shop()
    if arguments.check:
        if wrong := mistakes():
            raise SystemExit("\n".join(wrong))

        async def talk(address: str) -> None:
            await script(shop, address)

        anyio.run(serve, shop, bind(0), talk)
        return
    bound = bind(arguments.port)
    try:
        anyio.run(serve, shop, bound, None)
    except KeyboardInterrupt:
        print("closed")


if __name__ == "__main__":
    main()
