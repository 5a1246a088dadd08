"""A thousand connections cut between send and acknowledgement: nothing lost, nothing doubled.

The customers' side is the web chat's widget, and the agents' side the desk's page, both in
Chromium; a proxy between them and the server cuts each message's connection once (see `cutter`).
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections import Counter

from web_desk import Shop

from tests.servers.cutter import Cutter, cutting
from tests.servers.shop import Served, chromium, opened
from tongdai import seconds
from tongdai.adapters.webchat import Limits, Rate, WebChat
from tongdai.center.events import MessageReceived

CUTS = int(os.environ.get("TONGDAI_CUTS", "1000"))
TABS = 8
WRITE = """async ([name, count]) => {
  const root = document.querySelector('tongdai-chat').shadowRoot;
  const at = (name) => root.querySelector(`[data-testid=${name}]`);
  const mine = () => [...root.querySelectorAll('[data-testid=tongdai-message][data-who=me]')];
  const taken = (text) => mine().some((each) =>
    ['sent', 'delivered', 'read'].includes(each.dataset.state) && each.textContent.includes(text));
  for (let number = 1; number <= count; number += 1) {
    const text = `${name}-${number}.`, box = at('tongdai-input');
    box.value = text;
    box.dispatchEvent(new Event('input', { bubbles: true }));
    at('tongdai-send').click();
    const began = performance.now();
    while (!taken(text)) {
      if (performance.now() - began > 30000) return `${text} was not taken within 30 s`;
      await new Promise((go) => setTimeout(go, 5));
    }
  }
  return '';
}"""
ANSWER = """async (count) => {
  const said = () => document.querySelectorAll('.line[data-who=agent]:not([data-pending])').length;
  for (let number = 1; number <= count; number += 1) {
    const box = document.getElementById('box'), before = said();
    box.value = `answer-${number}.`;
    document.querySelector('.composer').requestSubmit();
    const began = performance.now();
    while (said() <= before) {
      if (performance.now() - began > 30000) return `answer-${number} was not taken within 30 s`;
      await new Promise((go) => setTimeout(go, 5));
    }
  }
  return '';
}"""


class Busy(Shop):
    """The shop, where one caller may call as often as these tests do."""

    def __init__(self) -> None:
        super().__init__()
        often = Rate(100_000, seconds(10))
        self.chat = WebChat(
            "site",
            secret=secrets.token_bytes(32),
            limits=Limits(calls=often, frames=often, messages=often),
        )

    def shop_page(self, asked: dict[str, list[str]]) -> str:
        """Return the shop's page, with a widget that comes back soon."""
        return super().shop_page(asked).replace("data-title=", 'data-retry="20" data-title=')


def test_nothing_that_customers_write_is_lost_or_doubled() -> None:
    """Each message's connection is cut once; each is in the journal once, and in its order."""
    each = CUTS // TABS
    with opened(Busy) as served, cutting(served.port) as cutter, chromium() as browser:
        address = f"http://127.0.0.1:{cutter.port}/?open=1"
        pages = [browser.new_context().new_page() for _ in range(TABS)]
        for page in pages:
            page.goto(address)
            page.get_by_test_id("tongdai-input").wait_for()
        began = time.monotonic()
        for number, page in enumerate(pages):
            page.evaluate(
                f"([name, count]) => {{ window.over = ({WRITE})([name, count]); }}",
                [f"tab{number}", each],
            )
        told = [page.evaluate("() => window.over") for page in pages]
        took = time.monotonic() - began
        assert told == [""] * TABS
        shown = [
            page.locator("[data-testid=tongdai-message][data-who=me]").all_inner_texts()
            for page in pages
        ]
    figures(cutter, took)
    assert sum(cutter.cuts.values()) == each * TABS
    for number in range(TABS):
        expected = [f"tab{number}-{at}." for at in range(1, each + 1)]
        assert expected == _of(served, f"tab{number}-")
        assert expected == [
            word for text in shown[number] for word in text.split() if word.startswith("tab")
        ]


def figures(cutter: Cutter, took: float) -> None:
    """Tell what was done, where it can be seen (`pytest -s`, and in a report of the run)."""
    cuts = ", ".join(f"{count} {how}" for how, count in cutter.cuts.items())
    sys.stdout.write(f"\n{sum(cutter.cuts.values())} cuts in {took:.0f} s: {cuts}\n")


def _of(served: Served, start: str) -> list[str]:
    return [text for text in served.heard() if text.startswith(start)]


def test_nothing_that_an_agent_writes_is_lost_or_doubled() -> None:
    """The same for the desk's page."""
    count = max(CUTS // 10, 3)
    with opened(Busy) as served, cutting(served.port) as cutter, chromium() as browser:
        cutter.cutting = False
        agent = browser.new_context().new_page()
        agent.goto(served.agent("an", at=f"http://127.0.0.1:{cutter.port}"))
        agent.wait_for_selector("#queues .queue")
        customer = browser.new_context().new_page()
        customer.goto(f"{served.address}/?open=1")
        customer.get_by_test_id("tongdai-input").fill("Chào shop")
        customer.keyboard.press("Enter")
        customer.get_by_test_id("tongdai-choice").first.click()
        agent.click("[data-do=accept]")
        agent.wait_for_selector("#box")
        cutter.cutting = True
        began = time.monotonic()
        assert agent.evaluate(ANSWER, count) == ""
        took = time.monotonic() - began
        expected = [f"answer-{at}." for at in range(1, count + 1)]
        lines = agent.locator(".line[data-who=agent] .bubble").all_inner_texts()
        assert expected == lines == served.said()
        customer.get_by_text(expected[-1], exact=True).wait_for()
        heard = customer.locator("[data-testid=tongdai-message][data-who=them]").all_inner_texts()
        told = [text for line in heard for text in line.split() if text.startswith("answer-")]
        assert expected == told
    figures(cutter, took)
    assert count == sum(cutter.cuts.values())
    keys = Counter(each.key for each in served.events if isinstance(each, MessageReceived))
    assert {1} == set(keys.values())
