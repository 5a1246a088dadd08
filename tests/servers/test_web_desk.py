"""The shop of `examples/web_desk.py` in a real browser: a customer's page and an agent's.

Each test opens the shop anew. What is looked at is what people see; what must have happened is read
from the center's events.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Literal, get_args

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, WebSocketRoute, expect
from web_desk import GREETING, Shop

from tests.servers.cutter import cutting
from tests.servers.shop import Served, chromium, opened
from tongdai import Center, Queue, seconds
from tongdai.adapters.webdesk.acts import Key
from tongdai.center import events
from tongdai.center.inputs import Abandon, End, PutQueue, Receive
from tongdai.channels import Message, Relinked
from tongdai.model.contact import Attachment, Claim, Content

SAID = "[data-testid=tongdai-message]"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a Chromium without a window."""
    with chromium() as found:
        yield found


@pytest.fixture
def shop() -> Iterator[Served]:
    """Return a shop that has just opened."""
    with opened() as served:
        yield served


class Customer:
    """Somebody at the shop's page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def says(self, text: str) -> None:
        """Write, and see it taken."""
        box = self.page.get_by_test_id("tongdai-input")
        box.fill(text)
        box.press("Enter")
        mine = self.page.locator(f"{SAID}[data-who=me]").filter(has_text=text).last
        expect(mine).to_have_attribute("data-state", re.compile("sent|delivered|read"))

    def taps(self, label: str) -> None:
        """Tap a button."""
        self.page.get_by_test_id("tongdai-choice").filter(has_text=label).last.click()

    def hears(self, text: str) -> None:
        """See what was said."""
        expect(self.page.locator(f"{SAID}[data-who=them]").filter(has_text=text)).to_have_count(1)

    def mine(self) -> list[str]:
        """Return what they wrote, as their page shows it."""
        return self.page.locator(f"{SAID}[data-who=me] .bubble").all_inner_texts()


def customer(browser: Browser, address: str, **more: Any) -> Customer:  # noqa: ANN401 - of a context
    """Open the shop's page."""
    page = browser.new_context(**more).new_page()
    page.goto(f"{address}/?open=1")
    page.get_by_test_id("tongdai-input").wait_for()
    return Customer(page)


def agent(browser: Browser, shop: Served, who: str = "binh", **more: Any) -> Page:  # noqa: ANN401
    """Open an agent's page, in English."""
    at = more.pop("at", "")
    look: dict[str, Any] = {"locale": "en-US", **more}
    page = browser.new_context(**look).new_page()
    page.goto(shop.agent(who, at=at))
    page.wait_for_selector("#desk:not([hidden])")
    return page


def lines(page: Page) -> list[str]:
    """Return the conversation as an agent's page shows it."""
    return page.locator(".log:not([hidden]) .bubble > p").all_inner_texts()


def says(page: Page, text: str) -> None:
    """Write, as the agent, and see it taken."""
    page.fill("#box", text)
    page.press("#box", "Enter")
    expect(
        page.locator(".line[data-who=agent]:not([data-pending])").filter(has_text=text)
    ).to_have_count(1)


def talking(browser: Browser, shop: Served, **more: Any) -> tuple[Customer, Page]:  # noqa: ANN401
    """Return a customer of the orders' queue and the agent who has accepted them."""
    desk = agent(browser, shop, **more)
    lan = customer(browser, shop.address)
    lan.says("Chào shop")
    lan.taps("Đặt hoa")
    desk.click("[data-do=accept]")
    desk.wait_for_selector("#box")
    return lan, desk


def kinds(shop: Served) -> list[str]:
    """Return the kinds of events that there were."""
    return [type(event).__name__ for event in shop.events]


def test_from_the_first_word_to_the_wrap_up(browser: Browser, shop: Served) -> None:
    """Greeted with buttons, a place in the queue, an offer, both speak, a disposition."""
    desk = agent(browser, shop)
    desk.click("#be-away")
    expect(desk.locator("#be-away")).to_have_attribute("aria-pressed", "true")
    lan = customer(browser, shop.address)
    lan.says("Chào shop")
    lan.hears("Bạn cần chúng tôi giúp việc gì?")
    lan.taps("Đơn đã đặt")
    lan.hears("Số đơn hàng của bạn là gì?")
    lan.says("HS-1209")
    expect(lan.page.get_by_test_id("tongdai-waiting")).to_contain_text("tiếp theo")
    returns = desk.locator(".queue").nth(1)
    expect(returns.locator(".q-waiting dd")).to_have_text("1")
    expect(returns.locator(".q-agents dd")).to_have_text("0")
    desk.click("#be-available")
    offer = desk.locator(".offer")
    expect(offer).to_contain_text("HS-1209")
    expect(returns.locator(".q-agents dd")).to_have_text("1")
    offer.get_by_role("button", name=re.compile("Accept")).click()
    expect(desk.locator("#card")).to_contain_text("HS-1209")
    taken = desk.locator(".choice[data-taken=true]")
    expect(taken).to_have_text("Đơn đã đặt")
    says(desk, "Dạ, đơn đang trên đường giao ạ.")
    lan.hears("Dạ, đơn đang trên đường giao ạ.")
    expect(desk.locator(".line[data-who=agent] .tick")).to_have_attribute(
        "data-status", re.compile("delivered|read")
    )
    lan.says("Cảm ơn em")
    expect(desk.locator(".line[data-who=customer]").last).to_contain_text("Cảm ơn em")
    desk.bring_to_front()
    desk.click(".log:not([hidden])")
    last = lan.page.locator(f"{SAID}[data-who=me]").last
    expect(last).to_have_attribute("data-state", "read")
    desk.click("#end")
    desk.click("#end-yes")
    expect(desk.locator("#w-left")).to_contain_text("0:")
    desk.get_by_role("radio", name="Đã giải quyết").check()
    desk.click("#done")
    expect(desk.locator(".talk")).to_have_count(0)
    expect(returns.locator(".q-level dd")).to_have_text(re.compile(r"\d+%"))
    expect(returns.locator(".q-waiting dd")).to_have_text("0")
    [done] = [event for event in shop.events if isinstance(event, events.WrapUpEnded)]
    assert done.disposition == "đã giải quyết"


LOW = """() => {
  const log = document.querySelector('.log:not([hidden])');
  return log.scrollHeight - log.scrollTop - log.clientHeight < 2;
}"""
DRAWN = """() => new Promise((go) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(go))))"""


def low(page: Page) -> bool:
    """Return whether the conversation that is open stands at its end, once it is drawn."""
    page.evaluate(DRAWN)
    found: bool = page.evaluate(LOW)
    return found


def wrapping_up(desk: Page) -> None:
    """End the conversation, and say that it is meant."""
    desk.click("#end")
    desk.click("#end-yes")
    desk.wait_for_selector(".wrapper")


def chatty(browser: Browser, shop: Served) -> Page:
    """Return the page of an agent with more lines than it has room for."""
    lan, desk = talking(browser, shop, viewport={"width": 1280, "height": 800})
    for number in range(9):
        lan.says(f"dòng thứ {number}")
    says(desk, "lời cuối")
    assert low(desk)
    return desk


def test_wrap_up_leaves_the_last_words_in_sight(browser: Browser, shop: Served) -> None:
    """Its form is higher than what stood there before."""
    desk = chatty(browser, shop)
    wrapping_up(desk)
    assert low(desk)
    last = desk.locator(".line").last.bounding_box()
    form = desk.locator("#foot").bounding_box()
    assert last is not None
    assert form is not None
    assert last["y"] + last["height"] <= form["y"]


def test_who_reads_further_up_is_left_there_by_the_wrap_up(browser: Browser, shop: Served) -> None:
    """Whatever room its form takes."""
    desk = chatty(browser, shop)
    desk.evaluate("() => { document.querySelector('.log:not([hidden])').scrollTop -= 300; }")
    assert not low(desk)
    where = "() => document.querySelector('.log:not([hidden])').scrollTop"
    before = desk.evaluate(where)
    wrapping_up(desk)
    assert not low(desk)
    assert before == desk.evaluate(where)


def test_both_see_that_the_other_is_writing(browser: Browser, shop: Served) -> None:
    """For as long as they do."""
    lan, desk = talking(browser, shop)
    lan.page.get_by_test_id("tongdai-input").press_sequentially("Tôi muốn", delay=20)
    expect(desk.locator("#typing")).to_contain_text("is writing")
    desk.locator("#box").press_sequentially("Dạ", delay=20)
    expect(lan.page.get_by_test_id("tongdai-typing")).to_be_visible()


def test_a_reload_in_the_middle_loses_and_doubles_nothing(browser: Browser, shop: Served) -> None:
    """Of either page, with a word half-written."""
    lan, desk = talking(browser, shop)
    says(desk, "một")
    lan.says("hai")
    desk.fill("#box", "nửa câu")
    before = lines(desk)
    desk.reload()
    expect(desk.locator("#box")).to_have_value("nửa câu")
    assert before == lines(desk)
    heard = lan.mine()
    lan.page.reload()
    lan.page.get_by_test_id("tongdai-input").wait_for()
    lan.hears("một")
    assert heard == lan.mine()
    desk.press("#box", "Enter")
    lan.hears("nửa câu")
    lan.says("ba")
    assert (["Chào shop", "Đặt hoa", "hai", "ba"], ["một", "nửa câu"]) == (
        shop.heard(),
        shop.said(),
    )
    assert "InteractionFailed" not in kinds(shop)


def test_a_lost_connection_loses_and_doubles_nothing(browser: Browser, shop: Served) -> None:
    """What both write meanwhile is said when it is back."""
    with cutting(shop.port) as cutter:
        cutter.cutting = False
        through = f"http://127.0.0.1:{cutter.port}"
        desk = agent(browser, shop, at=through)
        lan = customer(browser, through)
        lan.says("Chào shop")
        lan.taps("Đặt hoa")
        desk.click("[data-do=accept]")
        desk.wait_for_selector("#box")
        cutter.hang_up(refuse=True)
        expect(desk.locator("#banner")).to_contain_text("Connection lost")
        desk.fill("#box", "viết khi mất mạng")
        desk.press("#box", "Enter")
        box = lan.page.get_by_test_id("tongdai-input")
        box.fill("tôi cũng vậy")
        box.press("Enter")
        expect(desk.locator("[data-pending]")).to_have_count(1)
        cutter.let_in()
        lan.hears("viết khi mất mạng")
        expect(desk.locator(".line[data-who=customer]").last).to_contain_text(
            "tôi cũng vậy", timeout=15_000
        )
        expect(desk.locator("#banner")).to_be_hidden()
        expect(desk.locator("[data-pending]")).to_have_count(0)
        assert (1, 1) == (
            shop.heard().count("tôi cũng vậy"),
            shop.said().count("viết khi mất mạng"),
        )
        assert "AgentLost" in kinds(shop)


def test_who_goes_offline_says_so(browser: Browser, shop: Served) -> None:
    """The browser's own word that there is no network."""
    desk = agent(browser, shop)
    desk.context.set_offline(True)
    expect(desk.locator("#banner")).to_contain_text("Connection lost")
    desk.context.set_offline(False)
    expect(desk.locator("#banner")).to_be_hidden()


LOSE_READS = """() => {
  const send = WebSocket.prototype.send;
  window.lost = 0;
  WebSocket.prototype.send = function (data) {
    if (data.includes('"do":"read"')) window.lost += 1; else send.call(this, data);
  };
  window.mended = () => { WebSocket.prototype.send = send; };
}"""


def test_a_read_mark_lost_with_the_connection_is_told_when_it_is_back(
    browser: Browser, shop: Served
) -> None:
    """The customer learns that they were read, without writing again."""
    lan, desk = talking(browser, shop)
    desk.bring_to_front()
    desk.evaluate(LOSE_READS)
    lan.says("còn đó không?")
    desk.bring_to_front()
    desk.click(".log:not([hidden])")
    desk.wait_for_function("() => window.lost > 0")
    desk.evaluate("() => window.mended()")
    desk.context.set_offline(True)
    expect(desk.locator("#banner")).to_contain_text("Connection lost")
    desk.context.set_offline(False)
    last = lan.page.locator(f"{SAID}[data-who=me]").last
    expect(last).to_have_attribute("data-state", "read")


def test_a_second_window_takes_over(browser: Browser, shop: Served) -> None:
    """The first one says so, and can take it back; the agent is never lost."""
    lan, desk = talking(browser, shop)
    second = desk.context.new_page()
    second.goto(shop.agent("binh"))
    expect(second.locator(".talk")).to_have_count(1)
    expect(desk.locator("#gate")).to_contain_text("another window")
    desk.locator("#gate button").click()
    expect(desk.locator(".talk")).to_have_count(1)
    expect(second.locator("#gate")).to_be_visible()
    desk.click(".talk")
    says(desk, "vẫn đây ạ")
    lan.hears("vẫn đây ạ")
    assert "AgentLost" not in kinds(shop)


def test_closing_the_page_is_agent_lost_and_opening_it_is_back(
    browser: Browser, shop: Served
) -> None:
    """The conversation stays theirs for the center's grace."""
    lan, desk = talking(browser, shop)
    desk.close()
    lan.says("còn đó không?")
    expect_event(lan.page, shop, "AgentLost")
    again = agent(browser, shop)
    expect(again.locator(".line[data-who=customer]").last).to_contain_text("còn đó không?")
    assert "InteractionFailed" not in kinds(shop)


def expect_event(page: Page, shop: Served, kind: str) -> None:
    """Wait until something has happened."""
    for _ in range(400):
        if kind in kinds(shop):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"no {kind} came")


def test_signing_out_is_offline(browser: Browser, shop: Served) -> None:
    """And the page lets nobody back in by itself."""
    desk = agent(browser, shop)
    desk.click("#leave")
    expect(desk.locator("#gate")).to_contain_text("signed out")
    desk.reload()
    expect(desk.locator("#gate")).to_contain_text("sign-in link")
    expect_event(desk, shop, "PresenceChanged")
    last = [event for event in shop.events if isinstance(event, events.PresenceChanged)][-1]
    assert last.presence == "offline"


class Hasty(Shop):
    """The shop, where an offer lasts two seconds."""

    def __init__(self) -> None:
        super().__init__()
        queues = [Queue("orders", offer=seconds(2)), Queue("returns")]
        self.center = Center(queues, flows=[GREETING])


def test_a_missed_offer_makes_not_responding_until_they_are_back(browser: Browser) -> None:
    """The page says so, and offers the way back; then the offer comes again."""
    with opened(Hasty) as shop:
        desk = agent(browser, shop)
        lan = customer(browser, shop.address)
        lan.says("Chào shop")
        lan.taps("Đặt hoa")
        expect(desk.locator("#banner")).to_contain_text("missed an offer")
        expect(desk.locator(".offer")).to_have_count(0)
        assert [] == settled(desk)
        shop.handle(PutQueue(Queue("orders")))  # (from here on there is time to accept)
        desk.click("#banner button")
        expect(desk.locator(".offer")).to_be_visible()
        desk.click("[data-do=accept]")
        expect(desk.locator("#banner")).to_be_hidden()


def test_what_is_lost_meanwhile_is_said_and_its_words_can_be_read(
    browser: Browser, shop: Served
) -> None:
    """The customer left while the connection was lost: the page keeps what could not be sent."""
    with cutting(shop.port) as cutter:
        cutter.cutting = False
        lan, desk = talking(browser, shop, at=f"http://127.0.0.1:{cutter.port}")
        [mine] = [each.offer for each in shop.events if isinstance(each, events.OfferAccepted)]
        cutter.hang_up(refuse=True)
        expect(desk.locator("#banner")).to_contain_text("Connection lost")
        desk.fill("#box", "Dạ, em kiểm tra ngay")
        desk.press("#box", "Enter")
        shop.handle(End(mine, "ended by a colleague"))
        cutter.let_in()
        expect(desk.locator("#banner")).to_be_hidden()
        expect(desk.locator(".overbar")).to_contain_text("went to somebody else")
        expect(desk.locator("[data-pending]")).to_contain_text("em kiểm tra ngay")
        expect(desk.locator("[data-pending] .tick")).to_have_attribute("data-status", "failed")
        desk.click(".overbar button")
        expect(desk.locator(".talk")).to_have_count(0)
        lan.page.close()


def test_who_sits_down_next_sees_nothing_of_who_sat_there(browser: Browser, shop: Served) -> None:
    """In the same window, after signing out: neither drafts nor conversations."""
    _, desk = talking(browser, shop)
    desk.fill("#box", "nửa câu")
    desk.click("#leave")
    expect(desk.locator("#gate")).to_contain_text("signed out")
    assert {} == desk.evaluate("() => ({...sessionStorage})")
    expect(desk.locator(".log")).to_have_count(0)
    desk.goto(shop.agent("an"))
    expect(desk.locator("#me")).to_contain_text("An")


def test_a_declined_offer_is_gone(browser: Browser, shop: Served) -> None:
    """And comes to somebody else, or again after a while."""
    desk = agent(browser, shop)
    lan = customer(browser, shop.address)
    lan.says("Chào shop")
    lan.taps("Đặt hoa")
    desk.click("[data-do=decline]")
    expect(desk.locator(".offer")).to_have_count(0)
    expect_event(desk, shop, "OfferDeclined")


def test_files_go_both_ways(browser: Browser, shop: Served) -> None:
    """As bytes to keep, under their names."""
    lan, desk = talking(browser, shop)
    data = b"\x89PNG\r\n\x1a\n" + bytes(range(64))
    lan.page.get_by_test_id("tongdai-file").set_input_files(
        {"name": "hoa.png", "mimeType": "image/png", "buffer": data}
    )
    expect(lan.page.get_by_test_id("tongdai-send")).to_be_enabled()
    lan.page.get_by_test_id("tongdai-send").click()
    got = desk.locator(".line[data-who=customer] button.file")
    expect(got).to_contain_text("hoa.png")
    with desk.expect_download() as download:
        got.click()
    assert download.value.suggested_filename == "hoa.png"
    assert data == download.value.path().read_bytes()
    desk.set_input_files(
        "#pick", {"name": "giá.txt", "mimeType": "text/plain", "buffer": b"350.000"}
    )
    expect(desk.locator(".chip[data-state=here]")).to_contain_text("giá.txt")
    desk.press("#box", "Enter")
    lan.hears("giá.txt")


def test_too_many_files_are_refused_where_they_are_picked(browser: Browser, shop: Served) -> None:
    """The page says how many there may be; what is sent is taken."""
    lan, desk = talking(browser, shop)
    picked: list[FilePayload] = [
        {"name": f"{n}.txt", "mimeType": "text/plain", "buffer": b"x"} for n in range(12)
    ]
    desk.set_input_files("#pick", picked)
    expect(desk.locator("#banner")).to_contain_text("10 files at most")
    expect(desk.locator(".chip[data-state=here]")).to_have_count(10)
    desk.press("#box", "Enter")
    expect(desk.locator(".line[data-who=agent]:not([data-pending]) button.file")).to_have_count(10)
    lan.hears("9.txt")


def test_an_agent_asks_with_choices(browser: Browser, shop: Served) -> None:
    """The customer taps one, and the agent sees which."""
    lan, desk = talking(browser, shop)
    desk.click("#choose")
    desk.fill("#choices", "Sáng, Chiều")
    desk.fill("#box", "Giao buổi nào ạ?")
    desk.press("#box", "Enter")
    lan.taps("Chiều")
    expect(desk.locator(".line[data-who=agent] .choice[data-taken=true]")).to_have_text("Chiều")


def test_markup_stays_text(browser: Browser, shop: Served) -> None:
    """Whatever a customer writes, on the agent's page it is what they wrote."""
    lan, desk = talking(browser, shop)
    evil = "<img src=x onerror=\"document.title='hacked'\"><script>1</script> & ok"
    lan.says(evil)
    expect(desk.locator(".line[data-who=customer]").last).to_contain_text(evil)
    assert desk.locator(".log img, .log script").count() == 0
    assert "hacked" not in desk.title()


def test_a_name_is_shown_as_it_is(browser: Browser, shop: Served) -> None:
    """Also one that looks like a place in one of the page's own sentences."""
    _, desk = talking(browser, shop)
    name = "{1} $& $' {0}"
    [contact] = [each.value for each in shop.events if isinstance(each, events.ContactQueued)]
    assert contact.address is not None
    claims = (*contact.claims, Claim("name", name))
    now = Relinked(key="r1", at=0, address=contact.address, to=contact.address, claims=claims)
    shop.handle(Receive(now, ""))
    expect(desk.locator("#head h2")).to_have_text(name)
    desk.click("#end")
    expect(desk.locator(".sure span")).to_have_text(f"End the conversation with {name}?")


def test_nothing_that_a_customer_gives_is_markup(browser: Browser, shop: Served) -> None:
    """Neither their name, nor what else they claim, nor a file's name, kind or address."""
    _, desk = talking(browser, shop)
    evil = "<img src=x onerror=\"window.hacked='yes'\"><svg onload=window.hacked=1>"
    [contact] = [each.value for each in shop.events if isinstance(each, events.ContactQueued)]
    here = contact.address
    assert here is not None
    claims = (*contact.claims, Claim("name", evil), Claim("crm", evil))
    shop.handle(Receive(Relinked(key="r1", at=0, address=here, to=here, claims=claims), ""))
    files = (
        Attachment("image/png", "javascript:window.hacked=1", evil),
        Attachment(evil, 'https://x.example/" onmouseover="window.hacked=1', ""),
        Attachment("text/html", "data:text/html,<script>window.hacked=1</script>", "page.html"),
    )
    said = Message(key="f1", at=0, address=here, content=Content(evil, attachments=files))
    shop.handle(Receive(said, ""))
    expect(desk.locator("#head h2")).to_have_text(evil)
    expect(desk.locator("#card")).to_contain_text(evil)
    sent = desk.locator(".line[data-who=customer]").last
    expect(sent.locator(".file")).to_have_count(3)
    sent.locator("button.file").first.click()
    expect(desk.locator("#banner")).to_contain_text("could not be done")
    assert 0 == desk.locator("[onerror], [onload], [onmouseover], .log script, #card img").count()
    schemes = desk.evaluate("() => [...document.querySelectorAll('.log a')].map((a) => a.protocol)")
    assert ["https:"] == schemes
    assert not desk.evaluate("() => 'hacked' in window")


def test_several_conversations_at_once(browser: Browser, shop: Served) -> None:
    """Each with its own lines, draft and count of what is unread."""
    lan, desk = talking(browser, shop)
    desk.fill("#box", "cho Lan")
    mai = customer(browser, shop.address)
    mai.says("Mai đây")
    mai.taps("Đặt hoa")
    desk.click("[data-do=accept]")
    expect(desk.locator(".talk")).to_have_count(2)
    expect(desk.locator(".log:not([hidden])")).to_contain_text("Mai đây")
    lan.says("còn tôi?")
    expect(desk.locator(".talk").first.locator(".t-mark")).to_have_text("1")
    desk.locator(".talk").first.click()
    expect(desk.locator("#box")).to_have_value("cho Lan")
    expect(desk.locator(".talk").first.locator(".t-mark")).to_have_text("")
    desk.press("#box", "Enter")
    lan.hears("cho Lan")


def test_the_english_page_is_english_from_the_first_word(browser: Browser, shop: Served) -> None:
    """The page, its widget and the flow; who taps sees that somebody is looked for."""
    desk = agent(browser, shop, who="an")
    page = browser.new_context().new_page()
    page.goto(f"{shop.address}/?open=1")
    page.get_by_role("link", name="English").click()
    expect(page.locator("h1")).to_contain_text("Fresh flowers")
    expect(page.get_by_role("link", name="Tiếng Việt")).to_be_visible()
    ann = Customer(page)
    ann.says("Hello")
    ann.hears("What can we do for you?")
    ann.taps("Opening hours")
    ann.hears("We are open from 7 to 21, every day.")
    expect(page.get_by_test_id("tongdai-choice").filter(has_text="Order flowers")).to_have_count(2)
    ann.taps("Order flowers")
    ann.hears("We are looking for somebody who can help you.")
    page.get_by_test_id("tongdai-file").set_input_files(
        {"name": "rose.txt", "mimeType": "text/plain", "buffer": b"red"}
    )
    expect(page.get_by_test_id("tongdai-send")).to_be_enabled()
    page.get_by_test_id("tongdai-send").click()
    desk.click("[data-do=accept]")
    with desk.expect_download() as download:
        desk.locator(".line[data-who=customer] button.file").click()
    assert b"red" == download.value.path().read_bytes()
    says(desk, "Hello, An here")
    ann.hears("Hello, An here")


def test_a_known_customer_is_shown_with_their_profile(browser: Browser, shop: Served) -> None:
    """The shop's own sign-in vouches for the address, which the CRM has."""
    desk = agent(browser, shop)
    page = browser.new_context().new_page()
    page.goto(f"{shop.address}/?as=lan&open=1")
    lan = Customer(page)
    lan.says("Chào shop")
    lan.hears("Hoa Sen xin chào Nguyễn Thị Lan!")
    lan.taps("Đặt hoa")
    expect(desk.locator(".offer")).to_contain_text("Nguyễn Thị Lan")
    desk.click("[data-do=accept]")
    card = desk.locator("#card")
    expect(card).to_contain_text("+84908993022")
    expect(card).to_contain_text("verified")
    expect(card.locator(".visit li")).not_to_have_count(0)


def test_everything_can_be_done_by_keyboard(browser: Browser, shop: Served) -> None:
    """No mouse: accept, write, read back, end, choose a disposition, finish, be away."""
    desk = agent(browser, shop)
    lan = customer(browser, shop.address)
    lan.says("Chào shop")
    lan.taps("Đặt hoa")
    expect(desk.locator(".offer")).to_be_visible()
    desk.keyboard.press("Alt+a")
    expect(desk.locator("#box")).to_be_focused()
    desk.keyboard.type("Dạ, em nghe")
    desk.keyboard.press("Enter")
    lan.hears("Dạ, em nghe")
    desk.keyboard.press("Alt+e")
    expect(desk.locator("#end-yes")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("radio").first).to_be_focused()
    desk.keyboard.press("Space")
    desk.keyboard.press("Tab")
    expect(desk.locator("#done")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator(".talk")).to_have_count(0)
    reach(desk, desk.locator("#be-away"))
    desk.keyboard.press("Enter")
    expect(desk.locator("#be-away")).to_have_attribute("aria-pressed", "true")


SEEN = """() => {
  const here = document.activeElement, next = here.nextElementSibling;
  const outlined = (each) => each && getComputedStyle(each).outlineStyle !== 'none';
  return here === document.body || outlined(here) || outlined(next);
}"""


def test_the_first_stop_of_the_keyboard_skips_to_the_conversation(
    browser: Browser, shop: Served
) -> None:
    """And the agent stays where they are signed in."""
    _, desk = talking(browser, shop)
    desk.click("#title")
    desk.evaluate("() => document.getElementById('skip').focus()")
    desk.keyboard.press("Enter")
    expect(desk.locator("#box")).to_be_focused()
    says(desk, "vẫn đây ạ")
    expect(desk.locator("#gate")).to_be_hidden()


def reach(page: Page, target: Locator) -> None:
    """Go there with the tabulator, where the focus can be seen all the way."""
    for _ in range(60):
        page.keyboard.press("Tab")
        seen = page.evaluate(SEEN)
        assert seen, page.evaluate("() => document.activeElement.outerHTML")
        if target.evaluate("(e) => e === document.activeElement"):
            return
    raise AssertionError("it cannot be reached")


WRONG = (Path(__file__).parent / "audit.js").read_text(encoding="utf-8")


STILL = """() => Promise.all(document.getAnimations().map((each) =>
  each.effect.getComputedTiming().iterations === Infinity || each.finished.catch(() => null)))"""


def settled(page: Page) -> list[str]:
    """Return what is wrong with a page, once nothing on it fades or moves any more."""
    page.evaluate(STILL)
    found: list[str] = page.evaluate(WRONG)
    return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_names_contrast_and_room(
    browser: Browser, shop: Served, scheme: Literal["light", "dark"], width: int
) -> None:
    """What axe would look at: names, contrast, targets, language, no sideways scroll."""
    size = {"width": width, "height": 800}
    desk = agent(browser, shop, color_scheme=scheme, viewport=size)
    found: dict[str, list[str]] = {"empty": settled(desk)}
    lan = customer(browser, shop.address)
    lan.says("Chào shop")
    lan.taps("Đơn đã đặt")
    lan.says("HS-1209")
    desk.wait_for_selector(".offer")
    found["offer"] = settled(desk)
    desk.click("[data-do=accept]")
    desk.wait_for_selector("#box")
    says(desk, "Dạ, em nghe")
    desk.click("#choose")
    found["talk"] = settled(desk)
    if width < 700:
        for view in ("customer", "wall", "inbox", "chat"):
            desk.click(f"#tabs [data-key={view}]")
            found[view] = settled(desk)
    desk.click("#end")
    found["ending"] = settled(desk)
    desk.click("#end-yes")
    desk.wait_for_selector(".wrapper")
    desk.get_by_role("radio").first.check()
    found["wrap-up"] = settled(desk)
    assert {view: [] for view in found} == found


def test_a_narrow_screen_has_one_thing_at_a_time(browser: Browser, shop: Served) -> None:
    """Inbox, conversation, customer and queues are reached at the bottom."""
    desk = agent(browser, shop, viewport={"width": 390, "height": 780})
    lan = customer(browser, shop.address)
    lan.says("Chào shop")
    lan.taps("Đặt hoa")
    expect(desk.locator("#tabs [data-key=inbox] b")).to_have_text("1")
    desk.click("[data-do=accept]")
    expect(desk.locator("#box")).to_be_visible()
    expect(desk.locator("#inbox")).to_be_hidden()
    desk.click("#tabs [data-key=customer]")
    expect(desk.locator("#card")).to_be_visible()
    desk.click("#tabs [data-key=wall]")
    expect(desk.locator(".queue").first).to_be_visible()
    desk.click("#tabs [data-key=inbox]")
    desk.click(".talk")
    says(desk, "Dạ")
    lan.hears("Dạ")


def test_both_languages(browser: Browser, shop: Served) -> None:
    """By the browser's, and to change at any time; every word is there in both."""
    desk = agent(browser, shop, locale="vi-VN")
    expect(desk.locator("#be-available")).to_contain_text("Sẵn sàng")
    desk.click("#language")
    expect(desk.locator("#be-available")).to_contain_text("Available")
    vi, en = desk.evaluate("() => [WORDS.vi, WORDS.en]")
    for word in ("moments", "reasons", "wrongs"):
        assert vi[word].keys() == en[word].keys()
    assert vi.keys() == en.keys()


def test_why_an_offer_is_gone_is_said_in_the_agents_language(
    browser: Browser, shop: Served
) -> None:
    """The center's reasons have words of their own; none of them is shown as it is."""
    desk = agent(browser, shop, locale="vi-VN")
    lan = customer(browser, shop.address)
    lan.says("Chào shop")
    lan.taps("Đặt hoa")
    expect(desk.locator(".offer")).to_be_visible()
    [contact] = [each.contact for each in shop.events if isinstance(each, events.ContactQueued)]
    shop.handle(Abandon(contact))
    expect(desk.locator("#shout")).to_have_text("Lời mời không còn (khách rời đi).")


class MadeUp:
    """A desk that says what it is told to, in place of the shop's, to an agent's page."""

    talk: Final[dict[str, Any]] = {
        "contact": "c1",
        "interaction": "c1/1",
        "queue": "flowers",
        "channel": "web",
        "mode": "interactive",
        "since": 0,
        "accepted": 0,
        "context": {"attributes": {"triage": "vip", "called": "1900", "urgent": True}},
        "profile": {"id": "p1", "name": "Lan"},
        "claims": [["phone", "+84908993022", "carrier"], ["user", "u-7", "verified"]],
        "lines": [],
    }
    offer: Final[dict[str, Any]] = {
        **talk,
        "contact": "c2",
        "offer": "c2/1",
        "from": 0,
        "until": 9_000_000,
    }
    whole: Final[dict[str, Any]] = {
        "now": 0,
        "title": "Hoa Sen",
        "me": "binh",
        "name": "Bình",
        "names": {"an": "An", "binh": "Bình"},
        "presence": "away",
        "reason": "",
        "reasons": [],
        "dispositions": [],
        "queues": [],
        "largest": 1,
        "target": 20_000,
        "talks": [talk],
        "wraps": [],
        "offers": [offer],
    }

    def __init__(self, browser: Browser, shop: Served, **answers: dict[str, Any]) -> None:
        """Open an agent's page in Vietnamese; `answers` are given to what it asks, by kind."""
        self.answers = answers
        self.page = browser.new_context(locale="vi-VN").new_page()
        self.page.route_web_socket(re.compile("/agent/socket"), self._serve)
        self.page.goto(shop.agent("binh"))
        self.page.wait_for_selector("#desk:not([hidden])")

    def _serve(self, socket: WebSocketRoute) -> None:
        self.socket = socket
        socket.on_message(self._hear)

    def _hear(self, message: str | bytes) -> None:
        ask = json.loads(message)
        if ask["do"] == "hello":
            self.shows("whole", **self.whole)
        elif ask.get("n"):
            self.shows("done", n=ask["n"], **self.answers.get(ask["do"], {}))

    def shows(self, what: str, **more: Any) -> None:  # noqa: ANN401 - of a frame
        """Let the page be shown something."""
        self.socket.send(json.dumps({"is": what, **more}))


def test_what_the_desk_says_no_to_is_said_in_the_agents_language(
    browser: Browser, shop: Served
) -> None:
    """Each answer has a key, and the page has words for it; the server's are for developers."""
    made_up = MadeUp(browser, shop)
    words = made_up.page.evaluate("() => WORDS.vi.wrongs")
    assert set(get_args(Key)) == set(words)
    for key, said in words.items():
        made_up.answers["accept"] = {"wrong": f"offer: in English, {key}", "key": key}
        made_up.page.locator("[data-do=accept]").click()
        expect(made_up.page.locator("#banner")).to_have_text(f"Không làm được: {said}")
    made_up.answers["accept"] = {"late": "the offer expired at 9 s", "key": "offer_gone"}
    made_up.page.locator("[data-do=accept]").click()
    expect(made_up.page.locator("#banner")).to_have_text("Quá muộn: lời mời không còn.")


MOMENTS = {
    "arrived": "liên hệ",
    "flow welcome": "gặp trả lời tự động Welcome",
    "sent automatically (reply)": "gửi tự động (trả lời tự động)",
    "wrote": "khách viết",
    "changed a message": "sửa một tin nhắn",
    "withdrew a message": "thu hồi một tin nhắn",
    "has another identity": "đổi tài khoản liên hệ",
    "queue flowers": "vào hàng đợi Flowers",
    "refused by flowers (nobody signed in)": "Flowers không nhận (chưa ai đăng nhập)",
    "agent binh": "gặp Bình",
    "agent binh wrote": "Bình viết",
    "waits again (agent lost)": "chờ lại (mất kết nối)",
    "over (patience)": "kết thúc (hết thời gian chờ)",
    "over (error.spin)": "kết thúc (kịch bản bị lặp)",
    "left": "rời đi",
}


def test_what_happened_with_a_customer_is_said_in_the_agents_language(
    browser: Browser, shop: Served
) -> None:
    """The center's words for it, what is known of the customer, and why an offer is gone."""
    moments = [[at, "web", "c0", what] for at, what in enumerate(MOMENTS)]
    known = {"contact": "c1", "profile": MadeUp.talk["profile"], "fields": [], "moments": moments}
    made_up = MadeUp(browser, shop, customer={"customer": known})
    page = made_up.page
    page.locator(".talk").click()
    expect(page.locator("#card .visit li span")).to_have_text(list(MOMENTS.values()))
    names = ["Phân loại", "Số đã gọi", "Urgent", "Điện thoại", "Tài khoản"]
    expect(page.locator("#card .pairs dt")).to_have_text(names)
    expect(page.locator("#card .pairs dd").nth(2)).to_have_text("có")
    for reason, said in page.evaluate("() => WORDS.vi.reasons").items():
        made_up.shows("offer", **MadeUp.offer)
        made_up.shows("gone", offer="c2/1", why=reason)
        if reason != "declined":  # (that they know)
            expect(page.locator("#shout")).to_have_text(f"Lời mời không còn ({said}).")


@pytest.mark.parametrize(
    ("earlier", "vi", "en"),
    [
        (
            ["an"],
            ["Từng liên hệ một lần", "Người phụ trách trước: An"],
            ["Here once before", "Last with An"],
        ),
        (
            ["binh", "an"],
            ["Từng liên hệ 2 lần", "Người phụ trách trước: An"],
            ["Here 2 times before", "Last with An"],
        ),
        ([], ["Liên hệ lần đầu"], ["First contact"]),
    ],
)
def test_who_served_them_before_is_not_who_serves_them_now(
    browser: Browser, shop: Served, earlier: list[str], vi: list[str], en: list[str]
) -> None:
    """The contact that is open is none of those before it."""
    moments = [
        [at, "web", f"old{at}", what]
        for at, agent in enumerate(earlier)
        for what in ("wrote", f"agent {agent}", f"agent {agent} wrote", "over (agent)")
    ]
    moments += [[9, "web", "c1", "agent binh"], [9, "web", "c1", "agent binh wrote"]]
    profile = {"id": "p1", "name": "Lan", "contacts": len(earlier), "last_agent": "binh"}
    known = {"contact": "c1", "profile": profile, "fields": [], "moments": moments}
    page = MadeUp(browser, shop, customer={"customer": known}).page
    page.locator(".talk").click()
    expect(page.locator("#card .facts li")).to_have_text(vi)
    page.click("#language")
    expect(page.locator("#card .facts li")).to_have_text(en)


def test_when_a_token_ends_the_page_asks_to_sign_in_again(browser: Browser, shop: Served) -> None:
    """What was half-written is there when they have; the token that is over is tried no more."""
    made_up = MadeUp(browser, shop)
    made_up.page.fill("#box", "Dạ, em")
    made_up.socket.close(code=4401, reason="token")
    expect(made_up.page.locator("#gate p")).to_contain_text("Phiên đã hết hạn")
    made_up.page.evaluate("(to) => { location.hash = to; }", shop.agent("binh").partition("#")[2])
    expect(made_up.page.locator("#box")).to_have_value("Dạ, em")
