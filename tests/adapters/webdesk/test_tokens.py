"""Agents' tokens: whose they are, for how long, and what nobody can make of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.webdesk.helpers import KEY, Browser, Frame, Hall, hall
from tongdai import hours, minutes
from tongdai.adapters.signing import several
from tongdai.adapters.webdesk import WebDesk
from tongdai.adapters.webdesk.tokens import Pass, pass_of, signed
from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.testing import ManualClock

[LOCK] = several(KEY, "KEY")
OTHER = several("another secret, as long", "OTHER")[0]


@given(st.text(min_size=1, max_size=40), st.integers(1, 10**15))
def test_a_token_tells_whose_it_is_until_it_is_over(agent: str, until: int) -> None:
    """By any of the secrets that are accepted."""
    agent = agent.encode(errors="replace").decode()
    token = signed(OTHER, agent, until)
    assert Pass(agent, until) == pass_of([LOCK, OTHER], token, until - 1)
    with pytest.raises(IllegalInput, match="expired"):
        pass_of([OTHER], token, until)
    with pytest.raises(IllegalInput, match="not signed"):
        pass_of([LOCK], token, until - 1)


@given(st.data())
def test_no_other_text_is_a_token(data: st.DataObject) -> None:
    """Neither one with a character changed, nor anything else."""
    token = signed(LOCK, "an", 10**15)
    at = data.draw(st.integers(0, len(token) - 1))
    put = data.draw(st.sampled_from("ABCxyz019-_.").filter(lambda each: each != token[at]))
    changed = token[:at] + put + token[at + 1 :]
    for given_ in (changed, data.draw(st.text()), token[:-1], token + "A", ""):
        with pytest.raises(IllegalInput):
            pass_of([LOCK], given_, 0)


def test_a_desk_signs_for_its_own_agents_only() -> None:
    """The address has the token behind `#`, which no server gets to see."""
    desk = WebDesk(secret=KEY, agents={"an": "An"}, clock=ManualClock())
    url = desk.url("an", below="https://shop.example/agent/", lasts=hours(1))
    page, _, token = url.partition("#")
    assert ("https://shop.example/agent/", "an") == (page, pass_of([LOCK], token, 0).agent)
    with pytest.raises(IllegalInput, match="'mai'"):
        desk.sign("mai")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"secret": "short"}, "WebDesk.secret"),
        ({"secret": []}, "WebDesk.secret"),
        ({"secret": KEY, "origins": ["shop.example"]}, "WebDesk.origins"),
        ({"secret": KEY, "origins": "https://shop.example"}, "WebDesk.origins"),
        ({"secret": KEY, "dispositions": [1]}, "WebDesk.dispositions"),
        ({"secret": KEY, "largest": 0}, "WebDesk.largest"),
        ({"secret": KEY, "target": 20}, "WebDesk.target"),
    ],
)
def test_wrong_settings_are_refused(settings: dict[str, object], message: str) -> None:
    """Where they are given; the error names the setting."""
    with pytest.raises(ConfigurationError, match=message):
        WebDesk(**settings)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.anyio
async def test_only_tokens_of_agents_who_are_there_let_somebody_in() -> None:
    """Unknown to the center, unknown to the desk, expired, somebody else's secret: 4401 each."""
    async with hall(agents=["an"]) as it:
        now = it.clock.now()
        for token in (
            signed(LOCK, "binh", now + 1),
            signed(LOCK, "nobody", now + 1),
            signed(LOCK, "an", now),
            signed(OTHER, "an", now + 1),
            "",
        ):
            async with it.socket() as browser:
                await browser.raw('{"do": "hello", "token": "%s"}' % token)  # noqa: UP031 - braces
                assert await browser.next() == {"is": "closed", "code": 4401}


@pytest.mark.anyio
async def test_a_seat_is_taken_away_when_its_token_is_over() -> None:
    """With 4401, as at the door; the agent is lost, not offline, and has the grace to come back."""
    async with hall(agents=["an"]) as it:
        async with it.socket() as browser:
            await browser.hello(it.desk.sign("an", lasts=hours(1)))
            it.clock.advance(minutes(59))
            assert {} == await _said(browser)
            it.clock.advance(minutes(1))
            assert {"is": "closed", "code": 4401} == await browser.until("closed")
        assert ("away", "lost") == _how(it)
        async with it.sits("an"):
            assert "available" == it.live.center.agent("an").presence


@pytest.mark.anyio
async def test_a_seat_with_a_newer_token_stays() -> None:
    """Who signs in again in time takes over from themselves, and the old token's end is nothing."""
    async with hall(agents=["an"]) as it, it.socket() as before:
        await before.hello(it.desk.sign("an", lasts=hours(1)))
        async with it.socket() as browser:
            await browser.hello(it.desk.sign("an", lasts=hours(3)))
            assert {"is": "closed", "code": 4409} == await before.until("closed")
            it.clock.advance(hours(2))
            assert {} == await _said(browser)


def _how(it: Hall) -> tuple[str, str]:
    found = it.live.center.agent("an")
    return found.presence, found.reason


async def _said(browser: Browser) -> Frame:
    """Ask for something that changes nothing, and return what the answer says besides."""
    answer = await browser.ask("whole")
    return {name: value for name, value in answer.items() if name not in ("is", "n")}
