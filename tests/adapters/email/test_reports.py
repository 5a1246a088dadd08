"""Reports about what we sent: failed, late, arrived, read, called spam."""

from __future__ import annotations

import pytest

from tests.adapters.email.mails import ACCOUNT, message, multipart, raw, read, receipt
from tongdai.adapters.email import Account, compose, decode
from tongdai.channels import Message
from tongdai.model.contact import Address, Content

TO = "lan@x.vn#aaaaaaaaaaaaa"
OURS = compose(Content("Dạ", subject="Thẻ"), TO, ACCOUNT, key="m1", at=0)
DAEMON = "From: Mail Delivery System <MAILER-DAEMON@mx.x.vn>"
ORIGINAL = (
    f"Content-Type: message/rfc822\n\nMessage-ID: <{OURS.id}>\nTo: lan@x.vn\nSubject: Thẻ\n\nDạ"
)


def status(action: str = "failed", code: str = "5.1.1", to: str = "lan@x.vn") -> str:
    """Return a part that tells what became of a mail."""
    return (
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.x.vn\n\n"
        f"Final-Recipient: rfc822; {to}\nAction: {action}\nStatus: {code}\n"
        "Diagnostic-Code: smtp; 550 no such user"
    )


def report(*parts: str, headers: tuple[str, ...] = (DAEMON, "Return-Path: <>")) -> bytes:
    """Return a report made of parts."""
    text = "Content-Type: text/plain\n\nYour message could not be delivered."
    return multipart(text, *parts, kind="report; report-type=delivery-status", headers=headers)


def test_a_bounce_of_ours_is_a_receipt() -> None:
    """It names the message by the id that sending it gave, and the contact by its address."""
    got = receipt(decode(report(status(), ORIGINAL), ACCOUNT, at=7))
    assert ("failed", (OURS.id,), "5.1.1", 7) == (got.status, got.ids, got.error, got.at)
    assert Address("mail", TO) == got.address


def test_a_bounce_that_encloses_only_the_header() -> None:
    """That is enough."""
    head = ORIGINAL.replace("message/rfc822", "text/rfc822-headers")
    assert (OURS.id,) == receipt(decode(report(status(), head), ACCOUNT, at=0)).ids


def test_a_bounce_that_encloses_nothing() -> None:
    """Our token is found where it is written, or in the address that the bounce came to."""
    told = report(status(), f"Content-Type: text/plain\n\nIn reply to <{OURS.id}>")
    assert (OURS.id,) == receipt(decode(told, ACCOUNT, at=0)).ids
    plus = Account("mail", ("help@shop.vn",), ("one secret",), plus=True)
    out = compose(Content("Dạ"), TO, plus, key="m1", at=0)
    came = report(status(), headers=(DAEMON, f"To: {out.sender}"))
    got = receipt(decode(came, plus, at=0))
    assert ((out.id,), Address("mail", TO)) == (got.ids, got.address)


def test_whom_we_wrote_to_counts_and_not_where_it_was_handed_on() -> None:
    """The contact is known by the address that we used."""
    got = receipt(decode(report(status(to="inner@y.vn"), ORIGINAL), ACCOUNT, at=0))
    assert TO == got.address.to


@pytest.mark.parametrize(
    ("action", "code", "expected", "error"),
    [
        ("failed", "5.1.1", "failed", "5.1.1"),
        ("failed", "4.4.7", "failed", "4.4.7"),  # (they have given up)
        ("Failed (permanent)", "5.2.2 (full)", "failed", "5.2.2"),
        ("delayed", "4.4.1", "sent", "4.4.1"),
        ("delivered", "2.0.0", "delivered", ""),
        ("relayed", "2.0.0", "sent", ""),
        ("expanded", "2.0.0", "sent", ""),
        ("", "4.4.1", "sent", "4.4.1"),
        ("", "5.1.1", "failed", "5.1.1"),
        ("", "2.1.5", "delivered", ""),
    ],
)
def test_what_became_of_it(action: str, code: str, expected: str, error: str) -> None:
    """A late mail is no failed one; only what failed has a code that counts."""
    got = receipt(decode(report(status(action, code), ORIGINAL), ACCOUNT, at=0))
    assert (expected, error) == (got.status, got.error)


def test_of_several_recipients_the_worst_counts() -> None:
    """A mail of ours has one; others were added on its way."""
    several = status("delivered", "2.0.0") + "\n\nFinal-Recipient: rfc822; b@x.vn\nAction: failed\n"
    assert "failed" == receipt(decode(report(several, ORIGINAL), ACCOUNT, at=0)).status


def test_a_bounce_of_somebody_elses_mail() -> None:
    """It is a message that opens nothing, and what it says is kept."""
    foreign = ORIGINAL.replace(OURS.id, "forged@shop.vn")
    mail = decode(report(status(), foreign), ACCOUNT, at=0)
    assert "bounce" == message(mail).automatic
    assert mail.report is not None
    assert ("failed", "5.1.1", ("lan@x.vn",)) == (
        mail.report.fate,
        mail.report.code,
        mail.report.recipients,
    )
    assert "lan@x.vn" not in repr(mail.report)
    assert not mail.answerable


def test_late_mail_of_somebody_else_is_no_bounce() -> None:
    """It is automatic all the same."""
    late = report(status("delayed", "4.4.1"))
    assert "reply" == read(late).automatic


BOUNCES = [
    ((DAEMON, "Subject: Undelivered Mail Returned to Sender"), "x"),
    ((DAEMON, "Return-Path: <>"), "550 5.1.1 user unknown"),
    ((DAEMON, "Subject: hello"), "could not be delivered\n--- Original message ---\nTo: x"),
    (("Return-Path: <>", "Subject: failure notice", "From: x@y.vn"), "x"),
    (("From: Postmaster <postmaster@x.vn>", "Subject: Undeliverable: Thẻ"), "x"),
    (("X-Failed-Recipients: lan@x.vn",), "x"),
    (
        ("From: noreply@x.vn", "Subject: Mail delivery failed"),
        "The address does not have a mailbox: user unknown",
    ),
    (("From: MAILER-DAEMON", "Subject: Không gửi được thư"), "x"),
    (("From: MAILER-DAEMON <>", "Subject: Returned mail: see transcript"), "x"),
    (("From: Mail Delivery Subsystem <MAILER-DAEMON>", "Subject: Returned mail: x"), "x"),
    (("From: <>", "Subject: Delivery Status"), "x"),
]


@pytest.mark.parametrize(("headers", "body"), BOUNCES)
def test_bounces_that_do_not_say_so(headers: tuple[str, ...], body: str) -> None:
    """Two signs are enough, and those of Vietnam count as well."""
    mail = decode(raw(*headers, body=body), ACCOUNT, at=0)
    assert "bounce" == message(mail).automatic
    assert mail.report is not None
    assert not mail.report.formal
    told = raw(*headers, body=f"{body}\nMessage-ID: <{OURS.id}>")
    assert ("failed", (OURS.id,)) == (
        receipt(decode(told, ACCOUNT, at=0)).status,
        receipt(decode(told, ACCOUNT, at=0)).ids,
    )


def test_codes_are_read_out_of_a_text() -> None:
    """Where there is none, it is the general one."""
    for body, code in (("550 5.2.2 full", "5.2.2"), ("no", "5.0.0"), ("version 5.1.1.2", "5.0.0")):
        mail = decode(raw(DAEMON, "Subject: failure notice", body=body), ACCOUNT, at=0)
        assert mail.report is not None
        assert code == mail.report.code


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (("Subject: Undelivered Mail Returned to Sender",), "What does this mean?"),
        (("Subject: Fwd: Undelivered Mail Returned to Sender",), "550 5.1.1 user unknown"),
        (("Subject: Delivery failed",), "My parcel was not delivered, 5.1.1 is the code"),
        (("From: Bình <postmaster@x.vn>", "Subject: Câu hỏi"), "Shop ơi"),
        (("From: Bình <postmaster@x.vn>", "Subject: Re: Returned mail"), "could not be delivered"),
        (("From: noreply@x.vn", "Subject: Order confirmed"), "could not be delivered yet"),
    ],
)
def test_people_who_write_about_bounces(headers: tuple[str, ...], body: str) -> None:
    """One sign is none."""
    got = read(raw(*headers, body=body))
    assert "" == got.automatic


def test_a_vacation_notice_is_no_bounce() -> None:
    """Though nobody is its sender, and something is not sent; and it names our mail."""
    headers = ("Return-Path: <>", "Auto-Submitted: auto-replied", f"In-Reply-To: <{OURS.id}>")
    got = read(raw(*headers, "Subject: Re: Thẻ", body="Your mail was not sent on. I am away."))
    assert ("reply", TO) == (got.automatic, got.address.to)
    got = read(raw(*headers, "Subject: Away", body="Your mail will not be forwarded, nor sent."))
    assert "reply" == got.automatic
    got = read(raw(*headers, "Subject: Nghỉ", body="Email was not sent to anybody else."))
    assert "reply" == got.automatic


def test_somebody_who_hands_a_bounce_on() -> None:
    """Be it enclosed, or taken apart into its pieces."""
    shown = multipart("\n\nwhat is this?", f"Content-Type: message/rfc822\n\n{status()}")
    assert "" == read(shown).automatic
    assert "" == read(multipart("\n\nwhat is this?", status(), ORIGINAL)).automatic


@pytest.mark.parametrize(
    ("subject", "body"),
    [
        ("Warning: could not send message for past 4 hours", "will keep trying"),
        ("Delivery Status Notification (Delay)", "x"),
        ("Delayed Mail (still being retried)", "x"),
        ("hello", "Your message could not be delivered yet. It will be retried."),
    ],
)
def test_late_mail_is_not_failed(subject: str, body: str) -> None:
    """Whatever is said beside it."""
    data = raw(DAEMON, "Return-Path: <>", f"Subject: {subject}", body=f"{body}\n<{OURS.id}>")
    got = receipt(decode(data, ACCOUNT, at=0))
    assert ("sent", "4.0.0") == (got.status, got.error)


@pytest.mark.parametrize(
    ("what", "expected"),
    [("displayed", "read"), ("deleted", "delivered"), ("processed", "delivered")],
)
def test_a_reader_tells_that_it_was_read(what: str, expected: str) -> None:
    """That is a receipt like any other (RFC 8098)."""
    told = (
        "Content-Type: message/disposition-notification\n\nFinal-Recipient: rfc822;lan@x.vn\n"
        f"Original-Message-ID: <{OURS.id}>\n"
        f"Disposition: manual-action/MDN-sent-manually; {what}/error"
    )
    got = receipt(decode(report(told, headers=()), ACCOUNT, at=0))
    assert (expected, (OURS.id,), TO, "") == (got.status, got.ids, got.address.to, got.error)


def test_a_complaint_is_no_failure() -> None:
    """It arrived, and was called spam (RFC 5965)."""
    told = "Content-Type: message/feedback-report\n\nFeedback-Type: abuse\nVersion: 1"
    got = receipt(decode(report(told, ORIGINAL, headers=()), ACCOUNT, at=0))
    assert ("delivered", "complaint") == (got.status, got.error)
    assert "reply" == read(report(told, headers=())).automatic


@pytest.mark.parametrize(
    "part",
    [
        "Content-Type: message/delivery-status\n\n",
        "Content-Type: message/delivery-status\n\nAction: failed",
        "Content-Type: message/delivery-status\n\nStatus: 9.9.9\nFinal-Recipient: x",
        "Content-Type: message/disposition-notification\n\nDisposition:",
        "Content-Type: message/feedback-report\n\nFeedback-Type",
    ],
)
def test_broken_reports_raise_nothing(part: str) -> None:
    """They are bounces that are not found, or plain messages."""
    (one,) = decode(report(part), ACCOUNT, at=0).events
    assert isinstance(one, Message)
