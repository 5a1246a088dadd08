"""Whether a customer may be answered, and how."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused, untyped
from tongdai import Mode, hours, testing
from tongdai.channels import Author, Can, Medium, ReplyMode, ReplyWindow, reply_mode
from tongdai.channels.media import INSTAGRAM, MESSENGER, SMS, WEB_CHAT, WHATSAPP, ZALO
from tongdai.model.time import OPEN_ENDED

WROTE = hours(1_000)
DAY = hours(24)
ENDS_AFTER_A_DAY = Medium(mode=Mode.MESSAGING, reply_window=ReplyWindow(free=DAY))
RANKS: list[ReplyMode] = ["free", "template", "human only", "closed"]


@pytest.mark.parametrize(
    ("medium", "passed", "agent", "bot"),
    [
        (SMS, 0, "free", "free"),
        (WEB_CHAT, hours(10_000), "free", "free"),
        (WHATSAPP, 0, "free", "free"),
        (WHATSAPP, DAY - 1, "free", "free"),
        (WHATSAPP, DAY, "template", "template"),
        (WHATSAPP, hours(10_000), "template", "template"),
        (MESSENGER, DAY - 1, "free", "free"),
        (MESSENGER, DAY, "human only", "closed"),
        (INSTAGRAM, 7 * DAY - 1, "human only", "closed"),
        (INSTAGRAM, 7 * DAY, "closed", "closed"),
        (ZALO, 2 * DAY - 1, "free", "free"),
        (ZALO, 2 * DAY, "human only", "closed"),
        (ENDS_AFTER_A_DAY, DAY - 1, "free", "free"),
        (ENDS_AFTER_A_DAY, DAY, "closed", "closed"),
        (WHATSAPP, -hours(1), "free", "free"),
    ],
)
def test_a_window_closes_step_by_step(
    medium: Medium, passed: int, agent: ReplyMode, bot: ReplyMode
) -> None:
    """The instant at which a time is over is outside; a message from the future is just now."""
    authors: list[Author] = ["agent", "bot"]
    assert [agent, bot] == [
        reply_mode(medium, WROTE, 0, WROTE + int(passed), author) for author in authors
    ]


@pytest.mark.parametrize(
    ("medium", "agent", "bot"),
    [
        (SMS, "free", "free"),
        (WHATSAPP, "template", "template"),
        (MESSENGER, "closed", "closed"),
        (ENDS_AFTER_A_DAY, "closed", "closed"),
    ],
)
def test_who_never_wrote_wrote_long_ago(medium: Medium, agent: ReplyMode, bot: ReplyMode) -> None:
    """Only what is allowed for ever is allowed."""
    assert (agent, bot) == (
        reply_mode(medium, None, 0, WROTE, "agent"),
        reply_mode(medium, None, 0, WROTE, "bot"),
    )


@pytest.mark.parametrize(("used", "mode"), [(0, "free"), (7, "free"), (8, "human only")])
def test_a_quota_that_is_used_up_is_like_the_free_time_over(used: int, mode: ReplyMode) -> None:
    """The eighth message is the last one that is free."""
    assert mode == reply_mode(ZALO, WROTE, used, WROTE, "agent")


@given(
    testing.reply_windows(),
    st.none() | testing.instants(),
    st.lists(st.integers(0, 30), min_size=2, max_size=2).map(sorted),
    st.lists(testing.instants(), min_size=2, max_size=2).map(sorted),
)
def test_time_and_messages_only_ever_take_away(
    window: ReplyWindow, last: int | None, used: list[int], now: list[int]
) -> None:
    """Later, or after more messages, no more is allowed; and a bot never may more than an agent."""
    medium = Medium(mode=Mode.MESSAGING, can={Can.TEXT, Can.TEMPLATES}, reply_window=window)
    authors: list[Author] = ["agent", "bot"]
    ranks = [
        [RANKS.index(reply_mode(medium, last, sent, at, author)) for author in authors]
        for sent, at in zip(used, now, strict=True)
    ]
    assert ranks[0][0] <= ranks[1][0]
    assert ranks[0][1] <= ranks[1][1]
    assert all(agent <= bot for agent, bot in ranks)


def test_a_window_without_an_end_stays_open() -> None:
    """Its quota counts all the same."""
    window = ReplyWindow(free=OPEN_ENDED, quota=1)
    medium = Medium(mode=Mode.MESSAGING, reply_window=window)
    assert ["free", "closed"] == [
        reply_mode(medium, 0, used, hours(10**6), "agent") for used in (0, 1)
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: reply_mode(SMS, untyped(1.5), 0, 0, "agent"),
            (
                "reply_mode.last_inbound: 1.5 is not an instant; an instant is an int,"
                " microseconds UTC, in the years 1 to 9999"
            ),
        ),
        (
            lambda: reply_mode(SMS, None, 0, untyped("now"), "agent"),
            (
                "reply_mode.now: 'now' is not an instant; an instant is an int, microseconds UTC,"
                " in the years 1 to 9999"
            ),
        ),
        (
            lambda: reply_mode(SMS, None, -1, 0, "agent"),
            "reply_mode.used: -1 is not a whole number, 0 or more",
        ),
        (
            lambda: reply_mode(SMS, None, 0, 0, untyped("machine")),
            "reply_mode.author: 'machine' is not agent or bot",
        ),
    ],
)
def test_bad_arguments_are_named(call: object, message: str) -> None:
    """What is wrong, and what would be right."""
    assert message == refused(untyped(call))
