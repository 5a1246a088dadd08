"""A desk that answers mail: from the customer's first line to the answer to our answer."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import anyio
import pytest

from tests.adapters.email.fake_imap import PASSWORD, USER, FakeImap, Fault
from tests.adapters.email.fake_smtp import FakeSmtp
from tests.adapters.email.transport import KEYS, mail, opened, until
from tongdai import Agent, Center, PutAgent, Queue, seconds
from tongdai.adapters.email import Email, Imap, MemoryStore, Smtp
from tongdai.center import events
from tongdai.channels import Receipt, Secret
from tongdai.errors import ChannelFault
from tongdai.journal import MemoryJournal
from tongdai.model.contact import Content
from tongdai.runtime import Runtime, Subscription
from tongdai.testing import ManualClock

pytestmark = pytest.mark.anyio


def desk(imap: FakeImap, smtp: FakeSmtp, store: MemoryStore, clock: ManualClock) -> Email:
    """Return a channel between two servers."""
    return Email(
        "mail",
        address="help@bank.vn",
        name="Bank",
        keys=KEYS,
        inbox=Imap(
            host="127.0.0.1",
            port=imap.port,
            user=USER,
            password=Secret(PASSWORD),
            security="plain",
            timeout=seconds(5),
        ),
        outgoing=Smtp(host="127.0.0.1", port=smtp.port, security="plain", timeout=seconds(5)),
        store=store,
        clock=clock,
    )


def answer(to: EmailMessage, text: str) -> bytes:
    """Return what a customer's program writes when it answers."""
    return mail(
        9,
        f"{text}\r\n\r\nOn Sun, 1 Mar 2026 Bank wrote:\r\n> what we said",
        more=f"In-Reply-To: {to['Message-ID']}\r\nReferences: {to['Message-ID']}\r\n",
        id=f"{text}@x.vn",
    )


async def received(seen: Subscription) -> events.MessageReceived:
    """Return the next message that the center took."""
    async for event in seen:
        if isinstance(event, events.MessageReceived):
            return event
    raise AssertionError("the runtime ended")


async def test_a_customer_is_answered_and_the_answer_to_it_joins_the_contact() -> None:
    """The same contact, with what is new in it; and another mail of theirs is another contact."""
    clock, store = ManualClock(), MemoryStore()
    with FakeImap().running() as imap, FakeSmtp().running() as smtp, anyio.fail_after(10):
        channels = {desk(imap, smtp, store, clock): "cards"}
        async with Runtime(
            Center([Queue("cards")]), journal=MemoryJournal(), channels=channels, clock=clock
        ) as live:
            await live.handle(PutAgent(Agent("an", capacity=200)))
            with live.events() as seen:
                async with live.sign_in("an") as me:
                    imap.deliver(mail(1, "Thẻ của tôi bị khóa"))
                    first = await received(seen)
                    async with (await anext(me.offers)).accept() as talk:
                        await talk.say("Dạ, em nghe.")
                        await anyio.to_thread.run_sync(smtp.at_end.wait)
                        await until(lambda: smtp.mails)
                        told = email.message_from_bytes(
                            smtp.mails[0].data, policy=email.policy.default
                        )
                        imap.deliver(answer(told, "Mở giúp tôi"))
                        second = await received(seen)
                        imap.deliver(mail(5, "Còn việc khác"))
                        third = await received(seen)
    assert (first.contact, second.content.text) == (second.contact, "Mở giúp tôi")
    assert third.contact != first.contact
    assert (told["Subject"], told["In-Reply-To"]) == ("Re: Card 1", "<m1@x.vn>")
    assert (smtp.mails[0].sender, smtp.mails[0].recipient) == ("help@bank.vn", "lan@x.vn")


async def test_automatic_mail_opens_nothing_and_is_not_answered() -> None:
    """Out of office, a list, a bounce that names nothing of ours."""
    clock = ManualClock()
    several = [
        mail(1, more="Auto-Submitted: auto-replied\r\n"),
        mail(2, more="List-Id: <news.x.vn>\r\nPrecedence: bulk\r\n"),
        mail(3, sender=""),
        mail(4),
    ]
    with FakeImap().running() as imap, FakeSmtp().running() as smtp, anyio.fail_after(10):
        channel = desk(imap, smtp, MemoryStore(), clock)
        async with Runtime(
            Center([Queue("cards")]),
            journal=MemoryJournal(),
            channels={channel: "cards"},
            clock=clock,
        ) as live:
            with live.events() as seen:
                imap.deliver(*several)
                while True:
                    event = await received(seen)
                    if event.content.text == "text 4":
                        break
            contacts = list(live.center.state.contacts)
    assert (len(contacts), smtp.mails) == (1, [])


async def test_a_machine_may_answer_before_the_mail_is_taken() -> None:
    """In its thread all the same; and never where a machine is not to answer."""
    with FakeImap().running() as imap, FakeSmtp().running() as smtp:
        imap.deliver(mail(1), mail(2, more="X-Auto-Response-Suppress: All\r\n"))
        channel = desk(imap, smtp, MemoryStore(), ManualClock())
        greeting = Content("Đã nhận.", automatic=True)
        async with opened(channel) as reader:
            first = await reader.message()
            await channel.send(first.address, greeting, key="k1")
            second = await reader.message()
            with pytest.raises(ChannelFault, match="rejected"):
                await channel.send(second.address, greeting, key="k2")
            await channel.send(second.address, Content("Dạ"), key="k3")
    told = [email.message_from_bytes(one.data, policy=email.policy.default) for one in smtp.mails]
    assert [one["In-Reply-To"] for one in told] == ["<m1@x.vn>", "<m2@x.vn>"]
    assert [one["Subject"] for one in told] == ["Re: Card 1", "Re: Card 2"]


async def test_a_bounce_becomes_a_receipt_for_what_was_sent() -> None:
    """With the id that sending gave, at the contact's address."""
    with FakeImap().running() as imap, FakeSmtp().running() as smtp:
        imap.deliver(mail(1))
        channel = desk(imap, smtp, MemoryStore(), ManualClock())
        with anyio.fail_after(10):
            async with channel.open() as incoming:
                message = await anext(incoming)
                sent = await channel.send(message.address, Content("Dạ"), key="k1")
                imap.deliver(
                    b"Return-Path: <>\r\nFrom: MAILER-DAEMON@x.vn\r\nTo: help@bank.vn\r\n"
                    b"Subject: Undelivered Mail Returned to Sender\r\n"
                    b"Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n"
                    b"\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
                    b"Final-Recipient: rfc822; lan@x.vn\r\nAction: failed\r\nStatus: 5.1.1\r\n"
                    b"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
                    + smtp.mails[0].data
                    + b"\r\n--b--\r\n"
                )
                receipt = await anext(incoming)
    assert isinstance(receipt, Receipt)
    assert (receipt.status, receipt.ids, receipt.error) == ("failed", sent.ids, "5.1.1")
    assert receipt.address == message.address


async def test_a_new_program_goes_on_where_the_last_one_was() -> None:
    """With a connection that breaks in between: each mail is one contact, once."""
    clock, store, journal = ManualClock(), MemoryStore(), MemoryJournal()
    heard: list[str] = []
    contacts = 0
    with FakeImap().running() as imap, FakeSmtp().running() as smtp, anyio.fail_after(10):
        imap.faults = [Fault("UID FETCH 3 (UID BODY", cut=60)]
        for turn in range(3):
            imap.deliver(mail(2 * turn, id=f"a{turn}@x"), mail(2 * turn + 1, id=f"b{turn}@x"))
            if turn == 2:
                imap.renumber(validity=99)
            channel = desk(imap, smtp, store, clock)
            async with (
                Runtime(
                    Center([Queue("cards")]),
                    journal=journal,
                    channels={channel: "cards"},
                    clock=clock,
                ) as live,
                anyio.create_task_group() as tasks,
            ):
                with live.events() as seen:
                    tasks.start_soon(clock.run)
                    heard += [(await received(seen)).content.text for _ in "12"]
                    await until(lambda: imap.idling)
                    contacts = len(live.center.state.contacts)
                    tasks.cancel_scope.cancel()
    assert heard == [f"text {number}" for number in range(6)]
    assert contacts == 6
