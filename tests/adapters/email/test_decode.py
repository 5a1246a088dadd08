"""What is read out of a mail."""

from __future__ import annotations

import pytest

from tests.adapters.email.mails import ACCOUNT, message, multipart, raw, read, text_of
from tongdai.adapters.email import Account, Limits, decode, with_files
from tongdai.errors import IllegalInput
from tongdai.model.contact import Address, Attachment, Claim


def test_a_plain_mail_is_a_message() -> None:
    """Its text, subject, sender, instant and bytes are in it."""
    data = raw(
        "Subject: =?utf-8?Q?=C4=90=C6=A1n_h=C3=A0ng?=", body="Chào shop,\n\nđơn của tôi đâu?\n"
    )
    got = read(data)
    assert "Chào shop,\n\nđơn của tôi đâu?" == got.content.text
    assert "Đơn hàng" == got.content.subject
    assert (Claim("email", "lan@x.vn"), Claim("name", "Lan")) == got.claims
    assert got.address.channel == "mail"
    assert got.address.to.startswith("lan@x.vn#")
    assert (1_000_000, data, "") == (got.at, got.raw, got.automatic)


def test_a_mail_shows_nothing_personal_when_printed() -> None:
    """Neither the mail nor what came of it."""
    mail = decode(raw("Subject: secret", body="secret"), ACCOUNT, at=0)
    assert "secret" not in repr(mail)
    assert "lan@x.vn" not in repr(mail)


@pytest.mark.parametrize(
    ("charset", "data", "expected"),
    [
        ("utf-8", "Tiếng Việt".encode(), "Tiếng Việt"),
        ("windows-1258", b"Ti\xea\xecng Vi\xea\xf2t", "Tiếng Việt"),
        ("iso-8859-1", b"caf\xe9 \x93x\x94", "café “x”"),
        ("us-ascii", "Tiếng".encode(), "Tiếng"),
        ("iso-2022-jp", "日本".encode("iso-2022-jp"), "日本"),
        ("gb2312", "中文".encode("gb18030"), "中文"),
        ("no-such-charset", b"caf\xe9", "café"),
        ("hex", b"6162", "6162"),
        ("punycode", b"abc-", "abc-"),
        ("unicode_escape", b"\\u0041", "\\u0041"),
        ("utf-16", b"a", "a"),
        ("", "Tiếng".encode(), "Tiếng"),
        ("utf-8", "Tiếng Việt Nam ".encode()[:-2] + b"\xe1", "Tiếng Việt Na\ufffd"),
        ("x" * 5_000, b"ok", "ok"),
    ],
)
def test_every_charset_gives_text(charset: str, data: bytes, expected: str) -> None:
    """A charset that is unknown, wrong or no charset at all is read as near as can be."""
    head = f"From: a@x.vn\nContent-Type: text/plain; charset={charset}\n\n".encode()
    assert expected == text_of(head + data)


@pytest.mark.parametrize(
    ("encoding", "body", "expected"),
    [
        ("base64", "Q2jDoG8=", "Chào"),
        ("base64", "Q2jD\noG8", "Chào"),
        ("base64", "Q2jDoG8=Q2jDoG8=", "ChàoChào"),
        ("base64", "Q", ""),
        ("quoted-printable", "Ch=C3=A0o =\nshop", "Chào shop"),
        ("quoted-printable", "a=ZZ=", "a=ZZ"),
        ("x-uuencode", "begin 644 x\n#0V%T\nend\n", "Cat"),
        ("x-uuencode", "no beginning", "no beginning"),
        ("Quoted-Printable ;", "=41", "A"),
        ("what", "Chào", "Chào"),
    ],
)
def test_transfer_encodings(encoding: str, body: str, expected: str) -> None:
    """Each is undone as far as it can be; one that nobody knows is none."""
    assert expected == text_of(raw(f"Content-Transfer-Encoding: {encoding}", body=body))


def test_flowed_text_is_put_together() -> None:
    """Lines that were broken to be sent are one again, quotes and signatures are kept apart."""
    body = "one \ntwo\n> old \n> text\n  indented\n-- \nLan"
    data = raw("Content-Type: text/plain; format=flowed", body=body)
    assert "one two\n> old text\n indented\n-- \nLan" == text_of(data)


def test_flowed_text_without_blanks() -> None:
    """Languages without blanks between words lose those that the breaks have added."""
    data = raw("Content-Type: text/plain; format=flowed; delsp=yes; charset=utf-8", body="你 \n好")
    assert "你好" == text_of(data)


def test_of_two_ways_to_say_it_the_plain_one_is_read() -> None:
    """And the page is kept."""
    mail = decode(
        multipart(
            "Content-Type: text/plain\n\nplain",
            "Content-Type: text/html\n\n<p>page</p>",
            kind="alternative",
        ),
        ACCOUNT,
        at=0,
    )
    assert "plain" == message(mail).content.text
    assert "<p>page</p>" == mail.html
    assert () == mail.files


def test_a_page_is_read_where_there_is_no_text() -> None:
    """An empty plain part says nothing."""
    data = multipart(
        "Content-Type: text/plain\n\n \n",
        "Content-Type: text/html\n\n<p>Chào</p><p>shop</p>",
        kind="alternative",
    )
    assert "Chào\n\nshop" == text_of(data)


def test_texts_one_behind_the_other_are_one_text() -> None:
    """What is neither a file nor another way to say the same belongs to it."""
    data = multipart("Content-Type: text/plain\n\none", "\n\ntwo")
    assert "one\n\ntwo" == text_of(data)


def test_files_are_handed_out() -> None:
    """Name, kind and bytes, whatever way the name is written in."""
    mail = decode(
        multipart(
            "Content-Type: text/plain\n\nxem tệp",
            "Content-Type: application/pdf\nContent-Transfer-Encoding: base64\n"
            "Content-Disposition: attachment; filename*0*=utf-8''h%C3%B3a%20;\n filename*1=don.pdf"
            "\n\nJVBERg==",
            'Content-Type: image/png; name="=?utf-8?B?4bqjbmgucG5n?="\nContent-ID: <i1@x>\n\nPNG',
            "Content-Type: text/plain\nContent-Disposition: attachment; filename=it is.txt\n\nx",
            "Content-Type: text/calendar\n\nBEGIN:VCALENDAR",
            "Content-Type: application/ms-tnef\n\nx",
            "Content-Type: message/rfc822\n\nSubject: old\nFrom: a@b.c\n\ninside",
            "Content-Type: nonsense\nContent-Disposition: attachment\n\nx",
        ),
        ACCOUNT,
        at=0,
    )
    assert [
        ("hóa don.pdf", "application/pdf", ""),
        ("ảnh.png", "image/png", "i1@x"),
        ("it is.txt", "text/plain", ""),
        ("invitation.ics", "text/calendar", ""),
        ("winmail.dat", "application/ms-tnef", ""),
        ("old.eml", "message/rfc822", ""),
        ("file.bin", "application/octet-stream", ""),
    ] == [(file.name, file.kind, file.inline) for file in mail.files]
    assert b"%PDF" == mail.files[0].data
    assert "xem tệp" == message(mail).content.text
    assert "hóa" not in repr(mail.files[0])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\fakepath\\a.pdf", "a.pdf"),
        ("a\u202efdp.exe", "a_fdp.exe"),
        ("...", "file.bin"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("a<b>:?.txt", "a_b_.txt"),
    ],
)
def test_names_of_files_are_harmless(name: str, expected: str) -> None:
    """No path, no control character, nothing that turns text around, and not too long."""
    head = f'Content-Type: x/y\nContent-Disposition: attachment; filename="{name}"'
    data = multipart(head.replace("\\", "\\\\") + "\n\nx")
    assert [expected] == [file.name for file in decode(data, ACCOUNT, at=0).files]


def test_files_stand_beside_the_message_once_they_are_kept() -> None:
    """At most as many as the center takes."""
    kept = [Attachment("x/y", f"file:{number}") for number in range(120)]
    got = with_files(read(raw()), kept)
    assert tuple(kept[:100]) == got.content.attachments


@pytest.mark.parametrize(
    ("sender", "expected", "name"),
    [
        ("Lan <Lan@X.vn>", "lan@x.vn", "Lan"),
        ('"Nguyễn, Lan" <lan@x.vn>', "lan@x.vn", "Nguyễn, Lan"),
        ("Nguyễn, Lan <lan@x.vn>", "lan@x.vn", "Nguyễn, Lan"),
        ("lan@x.vn (Lan (nhà))", "lan@x.vn", "Lan (nhà)"),
        ("=?utf-8?B?TmfDoA==?= <lan@x.vn>", "lan@x.vn", "Ngà"),
        ("=?utf-8?Q?a=2C?= =?utf-8?Q?b?= <lan@x.vn>", "lan@x.vn", "a,b"),
        ("<@old.vn:lan@x.vn>", "lan@x.vn", ""),
        ("Lan lan@x.vn", "lan@x.vn", ""),
        ("lan@ví-dụ.vn", "lan@xn--v-d-rma6749a.vn", ""),
        ('"lan nguyen"@x.vn', '"lan nguyen"@x.vn', ""),
    ],
)
def test_senders(sender: str, expected: str, name: str) -> None:
    """They are read in every way that they are written in."""
    got = read(raw(sender=sender))
    assert expected == got.address.to.partition("#")[0]
    names = tuple(Claim("name", one) for one in [name] if one)
    assert (Claim("email", expected), *names) == got.claims


@pytest.mark.parametrize("sender", ["", "nobody", "<>", "@", "a@b@c", "x@..", "(((", '"'])
def test_a_mail_of_nobody_is_a_message_all_the_same(sender: str) -> None:
    """It has no address to answer to, and claims nothing."""
    got = read(raw(sender=sender))
    assert got.address.to.startswith("#")
    assert () == got.claims


def test_answers_go_where_they_are_wanted() -> None:
    """To Reply-To, but never to ourselves; who it is, From tells."""
    got = read(raw("Reply-To: her@x.vn"))
    assert "her@x.vn" == got.address.to.partition("#")[0]
    assert Claim("email", "lan@x.vn") == got.claims[0]
    assert "lan@x.vn" == read(raw("Reply-To: help@shop.vn")).address.to.partition("#")[0]


def test_a_form_that_writes_in_our_name() -> None:
    """It is no echo: Reply-To tells who wrote, and we claim nothing of ourselves."""
    got = read(raw("From: Shop <help@shop.vn>", "Reply-To: lan@x.vn"))
    assert ("lan@x.vn", "", ()) == (got.address.to.partition("#")[0], got.automatic, got.claims)


TRUSTED = Account("mail", ("help@shop.vn",), ("one secret",), trusted=("MX.shop.vn",))


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        (["mx.shop.vn; spf=pass; dmarc=pass header.from=x.vn"], "carrier"),
        (["mx.shop.vn 1; dmarc=pass (p=none) header.from=x.vn"], "carrier"),
        (["mx.shop.vn; dmarc=fail header.from=x.vn"], "asserted"),
        (["mx.shop.vn; dmarc=pass header.from=y.vn"], "asserted"),
        (["mx.evil.vn; dmarc=pass header.from=x.vn"], "asserted"),
        (["mx.shop.vn; dmarc=fail", "mx.shop.vn; dmarc=pass header.from=x.vn"], "asserted"),
        (["mx.shop.vn; spf=pass"], "asserted"),
        (["mx.shop.vn (dmarc=pass); none"], "asserted"),
        (["evil; x=mx.shop.vn; dmarc=pass"], "asserted"),
        ([], "asserted"),
    ],
)
def test_what_a_server_vouches_for(results: list[str], expected: str) -> None:
    """Only the uppermost field of a server that is trusted makes a sender more than asserted."""
    got = read(raw(*(f"Authentication-Results: {one}" for one in results)), TRUSTED)
    assert expected == got.claims[0].assurance


def test_two_senders_are_vouched_for_by_nobody() -> None:
    """A second From is how one is smuggled past a check."""
    passed = "Authentication-Results: mx.shop.vn; dmarc=pass"
    for several in (["From: lan@x.vn", "From: vip@x.vn"], ["From: lan@x.vn, vip@x.vn"]):
        assert "asserted" == read(raw(passed, *several), TRUSTED).claims[0].assurance


def test_the_key_is_the_same_for_the_same_mail() -> None:
    """However often and on whatever way it comes; it is another for another mail."""
    first = read(raw("Received: from a", "Subject: x"))
    assert first.key == read(raw("Subject: x")).key
    assert first.key != read(raw("Subject: x", body="other")).key  # the id was given twice
    bare = raw(body="no id").replace(b"Message-ID: <q1@x.vn>\r\n", b"")
    assert read(bare).key == read(bare).key


def test_the_date_is_the_senders_and_the_instant_is_ours() -> None:
    """A date that is none is none."""
    mail = decode(raw("Date: Thu, 1 Jan 1970 07:00:05 +0700"), ACCOUNT, at=9)
    assert (5_000_000, 9) == (mail.date, message(mail).at)
    for odd in ("", "yesterday", "Mon, 99 Foo 99999 99:99:99 +9999", "31 Dec 9999 23:59:59 -2359"):
        assert decode(raw(f"Date: {odd}"), ACCOUNT, at=0).date is None


def test_what_is_too_much_is_refused_before_it_is_read() -> None:
    """The reason names nobody."""
    small = Account("mail", ("help@shop.vn",), ("k",), limits=Limits(size=100))
    mail = decode(raw(body="x" * 200), small, at=0)
    assert ((), "larger than 100 bytes") == (mail.events, mail.refused)


@pytest.mark.parametrize(("data", "why"), [(b"", "empty"), (b" \r\n\r\n", "empty")])
def test_nothing_is_no_mail(data: bytes, why: str) -> None:
    """It is refused."""
    assert why == decode(data, ACCOUNT, at=0).refused
    assert "no mail: it has no header" == decode(b"just text\n", ACCOUNT, at=0).refused


def test_parts_in_parts_have_an_end() -> None:
    """Twenty levels are taken apart; what is deeper stays whole, as a file."""
    data = raw(body="").decode().partition("Content-Type")[0]
    for level in range(30):
        data += f"Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"
    mail = decode(f"{data}\ninnermost".encode(), ACCOUNT, at=0)
    assert ["application/octet-stream"] == [file.kind for file in mail.files]
    assert mail.files[0].data.endswith(b"innermost")


def test_two_hundred_parts_are_taken_apart() -> None:
    """What follows is left in the raw bytes."""
    mail = decode(multipart(*["\n\nx"] * 300), ACCOUNT, at=0)
    assert 200 == message(mail).content.text.count("x")


def test_boundaries_that_look_alike() -> None:
    """One that is longer is another; one that is never closed ends with the mail."""
    body = "preamble\n--cut\n\none\n--cutter\n--cut \n\ntwo\n"
    data = raw("Content-Type: multipart/mixed; boundary=cut", body=body)
    assert "one\n--cutter\n\ntwo" == text_of(data)


def test_a_boundary_that_never_comes() -> None:
    """Then the text is the text."""
    assert "hello" == text_of(raw("Content-Type: multipart/mixed; boundary=cut", body="hello"))
    assert "hello" == text_of(raw("Content-Type: multipart/mixed", body="hello"))


def test_lines_that_are_no_header() -> None:
    """A body whose empty line was forgotten begins there; a mailbox's own line is left out."""
    assert "no colon\nhere" == text_of(b"From: a@x.vn\nno colon\nhere")
    assert "hi" == text_of(b"From lan Mon Jan  1\nFrom: a@x.vn\n\nhi")
    assert "hi" == text_of(b"\r\n\r\nFrom: a@x.vn\r\n\r\nhi")


def test_folded_fields_are_one_line() -> None:
    """The break is a blank."""
    assert "one two three" == read(raw("Subject: one\r\n two\r\n\tthree")).content.subject


def test_lines_may_end_in_any_way() -> None:
    """In two characters, or in either of them."""
    for end in (b"\r\n", b"\n", b"\r"):
        data = raw("Subject: x", body="one\ntwo").replace(b"\r\n", end)
        assert ("x", "one\ntwo") == (read(data).content.subject, text_of(data))


def test_too_long_a_text_is_cut_and_says_so() -> None:
    """The raw bytes have the rest."""
    short = Account("mail", ("help@shop.vn",), ("k",), limits=Limits(text=100))
    mail = decode(multipart("\n\n" + "x" * 90, "\n\n" + "y" * 90), short, at=0)
    assert 100 == len(message(mail).content.text)
    assert mail.cut


def test_an_instant_is_needed() -> None:
    """It is the only thing that is refused by an error."""
    with pytest.raises(IllegalInput, match=r"at: 1\.5 is not an instant"):
        decode(raw(), ACCOUNT, at=1.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_the_address_is_that_of_the_channel() -> None:
    """Whatever the mail says."""
    got = read(raw())
    assert Address("mail", got.address.to) == got.address
