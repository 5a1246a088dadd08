"""Which mails belong together, and how we know it again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.email.mails import ACCOUNT, raw, read
from tongdai.adapters.email import (
    Account,
    Limits,
    Outgoing,
    Party,
    Thread,
    Threads,
    compose,
    decode,
    may_answer,
)
from tongdai.errors import ConfigurationError
from tongdai.model.contact import Content

LAN = read(raw()).address.to
"""Lan's address in the thread that her first mail began."""


def sent(to: str = LAN, account: Account = ACCOUNT, key: str = "m1") -> Outgoing:
    """Return a mail that we send."""
    return compose(Content("Dạ", subject="Re: Thẻ"), to, account, key=key, at=0)


def test_an_answer_to_us_is_in_our_thread() -> None:
    """Whatever its subject; nothing has to be remembered."""
    ours = sent().id
    assert LAN == read(raw(f"In-Reply-To: <{ours}>", "Message-ID: <q2@x.vn>")).address.to
    assert LAN == read(raw(f"References: <{ours}> <z@x.vn>", "Message-ID: <q2@x.vn>")).address.to
    loud = f"In-Reply-To: <{ours.upper()}>"  # (some change the case)
    assert LAN == read(raw(loud, "Message-ID: <q2@x.vn>")).address.to


def test_two_threads_of_one_person_are_two_addresses() -> None:
    """So they are two contacts."""
    assert LAN != read(raw("Message-ID: <other@x.vn>", "Subject: Thẻ")).address.to


def test_further_mails_of_a_thread_are_in_it() -> None:
    """Also before we have answered, as long as they name the first."""
    second = raw("Message-ID: <q2@x.vn>", "In-Reply-To: <q1@x.vn>", "References: <q1@x.vn>")
    assert LAN == read(second).address.to
    third = raw("Message-ID: <q3@x.vn>", "References: <q1@x.vn> <q2@x.vn>")
    assert LAN == read(third).address.to


def test_somebody_else_in_the_thread_is_another_contact() -> None:
    """A mail that is handed on lets nobody into another's contact."""
    got = read(raw(f"In-Reply-To: <{sent().id}>", "From: minh@y.vn"))
    assert Party("minh@y.vn", Party.of(LAN).thread) == Party.of(got.address.to)
    assert LAN != got.address.to


def test_what_it_answers_is_told_nearest_first() -> None:
    """In-Reply-To, then References from right to left, each once."""
    got = read(raw("References: <a@x> <b@x> <c@x>", "In-Reply-To: <c@x>"))
    assert ("c@x", "b@x", "a@x") == got.replies_to
    assert ("b@x", "a@x") == read(raw("References: <a@x>\r\n <b@x>")).replies_to


def test_a_forged_token_is_none() -> None:
    """One changed letter, another key: not ours."""
    ours = sent().id
    flipped = ours.replace(ours[4], "a" if ours[4] != "a" else "b", 1)
    other = sent(account=Account("mail", ("help@shop.vn",), ("other",))).id
    for id in (flipped, other):
        got = read(raw(f"In-Reply-To: <{id}>", "Message-ID: <q2@x.vn>"))
        assert LAN != got.address.to


def test_keys_are_replaced_without_losing_anybody() -> None:
    """The new one signs, the old one is still accepted."""
    both = Account("mail", ("help@shop.vn",), ("new", "one secret"))
    only = Account("mail", ("help@shop.vn",), ("new",))
    answer = raw(f"In-Reply-To: <{sent().id}>", "Message-ID: <q2@x.vn>")
    assert LAN == read(answer, both).address.to
    assert LAN != read(answer, only).address.to
    newer = raw(f"In-Reply-To: <{sent(account=both).id}>", "Message-ID: <q2@x.vn>")
    assert LAN == read(newer, only).address.to


def test_what_was_begun_from_here_has_no_thread_of_its_own() -> None:
    """An answer comes from the address that it was sent to."""
    ours = sent("lan@x.vn").id
    assert "lan@x.vn" == read(raw(f"In-Reply-To: <{ours}>")).address.to


def test_the_address_that_it_was_sent_to() -> None:
    """Tells the thread where nothing else does, if the server takes such addresses."""
    plus = Account("mail", ("help@shop.vn",), ("one secret",), plus=True)
    out = sent(account=plus)
    assert out.sender.startswith("help+td.")
    assert f"Reply-To: {out.sender}\r\n".encode() in out.data
    answer = raw(f"To: {out.sender}", "Message-ID: <q2@x.vn>")
    assert LAN == read(answer, plus).address.to
    assert LAN != read(answer).address.to
    long = Account("mail", ("x" * 30 + "@shop.vn",), ("k",), plus=True)
    assert long.address == sent(account=long).sender  # there is no room for it


def test_a_mark_in_the_subject() -> None:
    """It is good for whom it was made, and for nobody else."""
    account = Account("mail", ("help@shop.vn",), ("one secret",), tag=True)
    thread = Thread("Thẻ", ("q1@x.vn",))
    out = compose(Content("Dạ"), LAN, account, key="m1", at=0, thread=thread)
    got = read(out.data, Account("other", ("a@y.vn",), ("other",)))
    assert got.content.subject.startswith("Re: Thẻ [#")
    answer = f"Subject: {got.content.subject.encode('ascii', 'ignore').decode()}"
    assert LAN == read(raw(answer, "Message-ID: <q2@x.vn>"), account).address.to
    assert LAN != read(raw(answer, "From: minh@y.vn"), account).address.to
    assert "[#" not in decode(raw(answer), account, at=0).thread.subject


def test_programs_that_name_only_the_last_mail() -> None:
    """What was heard and sent lately helps where there is no token."""
    threads = Threads()
    first = decode(raw(), ACCOUNT, at=0)
    threads.note(first.to, first.id, subject=first.thread.subject)
    second = decode(
        raw("Message-ID: <q2@x.vn>", "References: <q1@x.vn>"), ACCOUNT, at=0, known=threads.known
    )
    threads.note(second.to, second.id, references=second.thread.references)
    third = raw("Message-ID: <q3@x.vn>", "In-Reply-To: <q2@x.vn>")
    assert LAN != decode(third, ACCOUNT, at=0).to
    assert LAN == decode(third, ACCOUNT, at=0, known=threads.known).to


def test_an_answer_carries_the_thread_on() -> None:
    """Subject and references are those of what was heard."""
    threads = Threads()
    heard = decode(raw("Subject: Re: AW: Thẻ", "References: <q0@x.vn>"), ACCOUNT, at=0)
    threads.heard(heard)
    thread = threads.thread(heard.to)
    assert Thread("Thẻ", ("q0@x.vn", "q1@x.vn")) == thread
    out = compose(Content("Dạ"), heard.to, ACCOUNT, key="m1", at=0, thread=thread)
    assert b"In-Reply-To: <q1@x.vn>\r\nReferences: <q0@x.vn>\r\n <q1@x.vn>\r\n" in out.data
    threads.sent(out)
    assert Thread("Thẻ", ("q0@x.vn", "q1@x.vn", out.id)) == threads.thread(heard.to)
    assert Party.of(heard.to).thread == threads.known(out.id)


def test_memory_has_an_end_and_can_be_kept() -> None:
    """The oldest go; what was written reads back the same."""
    threads = Threads(3)
    for number in range(20):
        threads.note(f"a{number}@x.vn#aaaaaaaaaaaaa", f"{number}@x", subject="s")
    assert 3 == len(threads)
    assert threads.thread("a0@x.vn#aaaaaaaaaaaaa") is None
    assert threads.known("0@x") is None
    again = Threads.load(threads.dump(), 3)
    assert threads.dump() == again.dump()
    assert "aaaaaaaaaaaaa" == again.known("19@x")
    for odd in (b"", b"[]", b'{"threads": 1}', b"\xff"):
        with pytest.raises(ConfigurationError, match=r"Threads\.load: not what dump gave"):
            Threads.load(odd)
    with pytest.raises(ConfigurationError, match=r"Threads\.most: 0"):
        Threads(0)


def test_references_keep_the_first_and_the_last() -> None:
    """A long thread's header does not grow for ever."""
    threads = Threads()
    for number in range(50):
        threads.note(LAN, f"{number}@x")
    thread = threads.thread(LAN)
    assert thread is not None
    assert ("0@x", "31@x", 20) == (*thread.references[:2], len(thread.references))


@given(st.text(), st.none() | st.from_regex(r"[a-z2-7]{13}", fullmatch=True))
def test_addresses_come_back(mailbox: str, thread: str | None) -> None:
    """Whatever stands before the thread."""
    if thread is not None:
        assert Party(mailbox, thread) == Party.of(Party(mailbox, thread).to)
    elif "#" not in mailbox:
        assert Party(mailbox) == Party.of(mailbox)


@given(st.text(min_size=1, max_size=300), st.from_regex(r"[a-z2-7]{13}", fullmatch=True))
def test_ids_fit_into_a_line(key: str, thread: str) -> None:
    """And are the same for the same key, and others for others."""
    to = f"lan@x.vn#{thread}"
    id = sent(to, key=key).id
    assert len(f"References: <{id}>") <= 78
    assert id == sent(to, key=key).id
    assert id != sent(to, key=f"{key}.").id
    got = read(raw(f"In-Reply-To: <{id}>"))
    assert to == got.address.to


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"addresses": ()}, "Account.addresses: there is none"),
        ({"addresses": ("nobody",)}, "Account.addresses: 'nobody' is no address"),
        ({"addresses": 5}, "Account: 5 is not a tuple of texts"),
        ({"keys": ()}, "Account.keys: there is none"),
        ({"keys": 5}, "Account.keys: int is not a tuple of keys"),
        ({"keys": ("",)}, "Secret: expected text or bytes"),
        ({"channel": ""}, "Account.channel: an id has 1 to 128 characters"),
        ({"name": "a\r\nBcc: b"}, "Account.name: has a line break"),
        ({"limits": 5}, "Account.limits: 5 is not Limits"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, object], message: str) -> None:
    """With what would be right."""
    good: dict[str, object] = {"channel": "mail", "addresses": ("help@shop.vn",), "keys": ("k",)}
    with pytest.raises(ConfigurationError, match=message):
        Account(**(good | settings))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(ConfigurationError, match=r"Limits\.size: 0"):
        Limits(size=0)
    assert "one secret" not in repr(ACCOUNT)


def test_a_person_may_be_answered() -> None:
    """By an automatic mail as well."""
    assert may_answer(decode(raw(), ACCOUNT, at=0))


def test_an_id_stays_with_the_thread_that_had_it_first() -> None:
    """Somebody else who gives a mail the same id takes no answers over."""
    threads = Threads()
    threads.note("lan@x.vn#aaaaaaaaaaaaa", "m1@x.vn", subject="", references=())
    threads.note("eve@y.vn#bbbbbbbbbbbbb", "m1@x.vn", subject="", references=())
    assert "aaaaaaaaaaaaa" == threads.known("m1@x.vn")
