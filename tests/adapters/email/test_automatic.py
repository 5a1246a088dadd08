"""Mail that nobody wrote, and what may be answered automatically."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.email.mails import ACCOUNT, raw, read
from tongdai.adapters.email import Cap, Outgoing, Threads, compose, decode, may_answer
from tongdai.errors import ChannelFault, ConfigurationError
from tongdai.model.contact import Content
from tongdai.model.time import hours, seconds


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (rejected)",
        "Auto-Submitted: auto-notified; owner-email=x",
        "Precedence: auto_reply",
        "X-Autoreply: yes",
        "X-Autorespond: x",
        "Return-Path: <>",
        "From: MAILER-DAEMON@x.vn",
        "From: autoreply@x.vn",
        "Subject: Automatic reply: Thẻ",
        "Subject: Out of office: Thẻ",
        "Subject: Out of Office",
        "Subject: Trả lời tự động: Thẻ",
        "Subject: Tự động trả lời: Thẻ",
        "Subject: Réponse automatique : Carte",
        "X-MS-Exchange-Inbox-Rules-Loop: lan@x.vn",
    ],
)
def test_automatic_replies(header: str) -> None:
    """Each sign alone makes one, and it is not answered."""
    mail = decode(raw(header), ACCOUNT, at=0)
    assert "reply" == read(raw(header)).automatic
    assert not may_answer(mail)


@pytest.mark.parametrize(
    "header",
    [
        "List-Id: News <news.x.vn>",
        "List-Unsubscribe: <mailto:x@x.vn>",
        "Precedence: bulk",
        "Precedence: junk",
        "Precedence: List",
    ],
)
def test_lists(header: str) -> None:
    """What went to many is no contact."""
    assert "list" == read(raw(header)).automatic
    assert not may_answer(decode(raw(header), ACCOUNT, at=0))


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: no",
        "Subject: Re: Automatic reply: Thẻ",
        "Subject: Your automatic reply does not work",
        "Subject: Out of office chairs?",
        "Precedence: normal",
        "Return-Path: <lan@x.vn>",
        "From: Bình <postmaster@x.vn>",
        "X-Auto-Response-Suppress: DR, NDR",
    ],
)
def test_what_people_wrote(header: str) -> None:
    """It is theirs."""
    assert "" == read(raw(header)).automatic


@pytest.mark.parametrize(
    "header",
    [
        "X-Auto-Response-Suppress: All",
        "X-Auto-Response-Suppress: DR, AutoReply",
        "From: no-reply@x.vn",
        "From: donotreply@x.vn",
        "From: Bình <postmaster@x.vn>",
        "From: nobody",
    ],
)
def test_what_people_wrote_and_no_machine_answers(header: str) -> None:
    """An agent may."""
    assert "" == read(raw(header)).automatic
    assert not may_answer(decode(raw(header), ACCOUNT, at=0))


def test_a_group_of_our_own_hands_on_what_people_write() -> None:
    """Its name, or the sender of a form, is a setting."""
    own = attrs.evolve(ACCOUNT, people=("<help.shop.vn>", "form@shop.vn"))
    assert "" == read(raw("List-Id: Help <help.shop.vn>", "Precedence: list"), own).automatic
    assert "" == read(raw("Auto-Submitted: auto-generated", "From: form@shop.vn"), own).automatic
    assert "list" == read(raw("List-Id: Other <other.vn>"), own).automatic


def test_what_we_sent_is_an_echo() -> None:
    """As a copy to ourselves, and as it comes back from elsewhere."""
    out = compose(Content("Dạ"), "lan@x.vn", ACCOUNT, key="m1", at=0)
    assert "echo" == read(out.data).automatic
    back = out.data.replace(b"<help@shop.vn>", b"<list@y.vn>")
    assert "echo" == read(back).automatic
    assert "echo" == read(raw("From: cskh@shop.vn")).automatic


def test_our_own_automatic_mail_says_so() -> None:
    """Nobody is its sender on the envelope, so that nothing comes back."""
    out = compose(Content("Đã nhận"), "lan@x.vn", ACCOUNT, key="m1", at=0, automatic=True)
    assert "" == out.sender
    assert b"\r\nAuto-Submitted: auto-generated\r\n" in out.data
    said = Content("Đã nhận", automatic=True)
    assert out == compose(said, "lan@x.vn", ACCOUNT, key="m1", at=0)
    agent = compose(Content("Dạ"), "lan@x.vn", ACCOUNT, key="m1", at=0)
    assert "help@shop.vn" == agent.sender
    assert b"Auto-Submitted" not in agent.data


def test_a_thread_remembers_that_no_machine_is_to_answer() -> None:
    """An agent may all the same; and the next mail of a person counts anew."""
    threads = Threads()
    wary = raw("X-Auto-Response-Suppress: All")
    mail = decode(wary, ACCOUNT, at=0)
    threads.heard(mail)
    threads = Threads.load(threads.dump())
    with pytest.raises(
        ChannelFault, match=r"^rejected: thread: .* not to be answered by a machine"
    ):
        answer(threads, mail.to, automatic=True)
    threads.sent(answer(threads, mail.to, automatic=False))
    with pytest.raises(ChannelFault, match=r"^rejected: thread: "):
        answer(threads, mail.to, automatic=True)
    threads.heard(decode(raw(), ACCOUNT, at=0))
    assert answer(threads, mail.to, automatic=True).data


def answer(threads: Threads, to: str, *, automatic: bool) -> Outgoing:
    """Compose an answer in a thread."""
    content = Content("Dạ", automatic=automatic)
    return compose(content, to, ACCOUNT, key="m1", at=0, thread=threads.thread(to))


def test_two_machines_stop() -> None:
    """Ours writes to ours: neither answers."""
    out = compose(Content("Đã nhận"), "bot@x.vn", ACCOUNT, key="m1", at=0, automatic=True)
    theirs = attrs.evolve(ACCOUNT, addresses=("bot@x.vn",), keys=("theirs",))
    assert not may_answer(decode(out.data, theirs, at=0))


def test_a_cap_on_automatic_mail() -> None:
    """So many to one address in so long; others are not concerned."""
    cap = Cap(2, seconds(10))
    took = [cap.take("a", seconds(at)) for at in (0, 5, 6, 9, 10, 11, 16)]
    assert [True, True, False, False, True, False, True] == took
    assert cap.take("b", seconds(6))
    assert 2 == len(cap)
    for number in range(10_050):
        cap.take(f"{number}@x", 0)
    assert 10_000 == len(cap)


@given(st.lists(st.integers(0, 100), max_size=50).map(sorted), st.integers(1, 5))
def test_no_window_ever_has_more(instants: list[int], most: int) -> None:
    """Whatever the instants are."""
    cap = Cap(most, seconds(0.00001))
    taken = [at for at in instants if cap.take("a", at)]
    assert all(sum(at - 10 < one <= at for one in taken) <= most for at in instants)


def test_wrong_caps_are_named() -> None:
    """With what would be right."""
    for most, within in ((0, hours(1)), (1, 5), (1, seconds(0))):
        with pytest.raises(ConfigurationError, match=r"Cap\.(most|within): "):
            Cap(most, within)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
