"""Mails of ours: what is written is what is read, and no field can be smuggled in."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.adapters.email.mails import ACCOUNT, message
from tongdai.adapters.email import Account, File, Mail, Outgoing, Party, Thread, compose, decode
from tongdai.errors import ChannelFault, ConfigurationError, IllegalInput
from tongdai.model.contact import Button, Content, Template
from tongdai.model.time import seconds

TO = "lan@x.vn#aaaaaaaaaaaaa"
THEIRS = Account("theirs", ("lan@x.vn",), ("theirs",))

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=300)
lines = texts | st.lists(
    st.sampled_from(
        ["", ".", "..", "From x", "--", "-- ", "> q", "a" * 120, "ệ" * 60, "=", " x ", "\t"]
    )
).map("\n".join)
shown = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"])
subjects = st.text(shown, max_size=120) | st.sampled_from(
    ["x" * 500, " ".join(["word"] * 60), "=?utf-8?q?x?=", "ệ" * 80]
)
names = st.text(shown, max_size=60).map(lambda name: f"a{name}.pdf")
files = st.lists(
    st.builds(File, names, st.sampled_from(["a/b", "image/png"]), st.binary()), max_size=3
)


def theirs(out: Outgoing) -> Mail:
    """Decode a mail where it arrives."""
    return decode(out.data, THEIRS, at=0)


def plain(out: Outgoing) -> EmailMessage:
    """Read a mail with the standard library, which is somebody else's opinion of it."""
    read = message_from_bytes(out.data, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


@given(lines, subjects, files)
@example("a\r\nb\rc", "", [])
def test_what_is_written_is_read(text: str, subject: str, several: list[File]) -> None:
    """Text, subject and files come out as they went in, but for blanks at the text's ends."""
    out = compose(Content(text, subject=subject), TO, ACCOUNT, key="m1", at=0, files=several)
    mail = theirs(out)
    got = message(mail).content
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert expected.strip("\n").rstrip() == got.text.strip("\n").rstrip()
    assert subject.strip() == got.subject
    assert [(one.kind, one.data) for one in several] == [(one.kind, one.data) for one in mail.files]
    assert out.id == mail.id
    assert seconds(0) == mail.date


@given(lines, subjects, files)
def test_the_standard_library_reads_the_same(text: str, subject: str, several: list[File]) -> None:
    """And finds nothing wrong with it."""
    out = compose(Content(text, subject=subject), TO, ACCOUNT, key="m1", at=0, files=several)
    read = plain(out)
    assert [] == read.defects
    assert f"<{out.id}>" == read["Message-ID"]
    assert "Shop <help@shop.vn>" == read["From"]
    body = read.get_body()
    assert body is not None
    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert f"{expected}\n" == body.get_content().replace("\r\n", "\n")
    sent = [
        (one.get_content_type(), one.get_payload(decode=True)) for one in read.iter_attachments()
    ]
    assert [(one.kind, one.data) for one in several] == sent


@given(lines, subjects, files)
def test_every_line_is_one_that_may_be_sent(text: str, subject: str, several: list[File]) -> None:
    """Seven bits, at most 78 characters (the text's and the fields'), ended by CR LF."""
    out = compose(Content(text, subject=subject), TO, ACCOUNT, key="m1", at=0, files=several)
    assert out.data.isascii()
    told = out.data.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in told)
    assert max(map(len, told)) <= 78
    assert not any(line.startswith((b".", b"From ")) for line in told)


@pytest.mark.parametrize(
    "odd", ["a\r\nBcc: b@y.vn", "a\nb", "a\rb", "a\0b", "a\x1bb", "a\u2028b", "a\x85b"]
)
def test_no_field_can_be_put_in(odd: str) -> None:
    """Line breaks and other control characters are refused, and the field is named."""
    with pytest.raises(ChannelFault, match=r"^rejected: content\.subject: has a line break"):
        compose(Content("x", subject=odd), TO, ACCOUNT, key="m1", at=0)
    with pytest.raises(ChannelFault, match=r"^rejected: files: a name has a line break"):
        compose(Content(), TO, ACCOUNT, key="m1", at=0, files=[File(odd, "a/b", b"")])
    with pytest.raises(ChannelFault, match=r"^rejected: files: a kind is no media type"):
        compose(Content(), TO, ACCOUNT, key="m1", at=0, files=[File("a", f"a/b{odd}", b"")])
    with pytest.raises(ChannelFault, match=r"^bad_address: to: is no e-mail address"):
        compose(Content(), f"{odd}@x.vn", ACCOUNT, key="m1", at=0)
    harmless = Thread(odd, (odd, "ok@x"))
    out = compose(Content("x"), TO, ACCOUNT, key=odd, at=0, thread=harmless)
    assert ["<ok@x>", "<ok@x>"] == [plain(out)["References"], plain(out)["In-Reply-To"]]


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
@example("a=?utf-8?q?=0D=0ABcc:_b?=", "", "", "")
def test_nothing_adds_a_field(subject: str, to: str, name: str, reference: str) -> None:
    """Whatever is given, the fields are ours, each once; or it is refused."""
    try:
        account = attrs.evolve(ACCOUNT, name=name)
        thread = Thread("s", (reference,))
        out = compose(Content(subject=subject), f"{to}@x.vn", account, key=to, at=0, thread=thread)
    except (ConfigurationError, ChannelFault):
        return
    head = out.data.partition(b"\r\n\r\n")[0].decode()
    told = re.findall(r"^([A-Za-z-]+): ", head, re.MULTILINE)
    allowed = {"Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References"}
    allowed |= {"MIME-Version", "Content-Type", "Content-Transfer-Encoding"}
    assert set(told) <= allowed
    assert len(set(told)) == len(told)


def test_the_same_arguments_give_the_same_bytes() -> None:
    """So a second try is the same mail; another key is another."""
    several = [File("a.txt", "text/plain", b"x")]
    first = compose(Content("x"), TO, ACCOUNT, key="m1", at=0, files=several)
    assert first == compose(Content("x"), TO, ACCOUNT, key="m1", at=0, files=several)
    later = compose(Content("x"), TO, ACCOUNT, key="m1", at=seconds(60), files=several)
    assert first.id == later.id
    assert first.id != compose(Content("x"), TO, ACCOUNT, key="m2", at=0).id


@pytest.mark.parametrize(
    ("subject", "thread", "expected"),
    [
        ("", Thread("Thẻ", ("a@x",)), "Re: Thẻ"),
        ("", Thread("Re: Thẻ", ("a@x",)), "Re: Thẻ"),
        ("", Thread("AW: Re[2]: Thẻ", ("a@x",)), "Re: Thẻ"),
        ("", Thread("", ("a@x",)), "Re:"),
        ("Khác", Thread("Thẻ", ("a@x",)), "Khác"),
        ("", Thread("Thẻ"), "Thẻ"),
        ("", None, ""),
    ],
)
def test_subjects(subject: str, thread: Thread | None, expected: str) -> None:
    """An answer has the thread's, unless it brings its own."""
    out = compose(Content("x", subject=subject), TO, ACCOUNT, key="m1", at=0, thread=thread)
    assert expected == message(theirs(out)).content.subject


def test_the_date_is_what_it_is_told() -> None:
    """In words that every program reads."""
    out = compose(Content("x"), TO, ACCOUNT, key="m1", at=1_700_000_000_123_456)
    assert b"Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n" in out.data
    with pytest.raises(IllegalInput, match=r"at: 1\.5 is not an instant"):
        compose(Content("x"), TO, ACCOUNT, key="m1", at=1.5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("Cửa hàng", "=?utf-8?B?Q+G7rWEgaMOgbmc=?="),
        ('A "B" C', '"A \\"B\\" C"'),
        ("Shop, Ltd.", '"Shop, Ltd."'),
        ("", ""),
    ],
)
def test_names_of_senders(name: str, field: str) -> None:
    """They are written so that they are read back."""
    out = compose(Content("x"), TO, attrs.evolve(ACCOUNT, name=name), key="m1", at=0)
    assert f"From: {field}".strip().encode() in out.data
    (_, *claims) = message(theirs(out)).claims
    assert [name] * bool(name) == [claim.value for claim in claims]


def test_addresses_of_all_the_world() -> None:
    """A domain is written as it is looked up; a name before the @ needs a server for it."""
    out = compose(Content("x"), "lan@ví-dụ.vn", ACCOUNT, key="m1", at=0)
    assert ("lan@xn--v-d-rma6749a.vn", False) == (out.recipient, out.smtputf8)
    out = compose(Content("x"), "lân@x.vn", ACCOUNT, key="m1", at=0)
    assert ("lân@x.vn", True) == (out.recipient, out.smtputf8)
    assert "lân@x.vn" in out.data.decode()


@pytest.mark.parametrize(
    "to", ["", "#aaaaaaaaaaaaa", "lan", "lan@", "@x.vn", "a b@x.vn", "a@x.vn,b@y.vn"]
)
def test_who_has_no_address_gets_no_mail(to: str) -> None:
    """And the detail does not show it."""
    with pytest.raises(ChannelFault, match=r"^bad_address: to: is no e-mail address$"):
        compose(Content("x"), to, ACCOUNT, key="m1", at=0)


@pytest.mark.parametrize(
    "content",
    [
        Content("x", buttons=(Button("1", "one"),)),
        Content("x", template=Template("t")),
        Content("x", subject="x" * 2_001),
    ],
)
def test_what_no_mail_can_say(content: Content) -> None:
    """It is refused for good."""
    with pytest.raises(ChannelFault, match=r"^rejected: content"):
        compose(content, TO, ACCOUNT, key="m1", at=0)


def test_what_is_no_file_is_refused() -> None:
    """With what it should be; a mail within a mail goes as bytes."""
    with pytest.raises(ChannelFault, match=r"^rejected: files: expected File"):
        compose(Content(), TO, ACCOUNT, key="m1", at=0, files=[b"x"])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]
    out = compose(
        Content(), TO, ACCOUNT, key="m1", at=0, files=[File("a.eml", "message/rfc822", b"x")]
    )
    assert "application/octet-stream" == theirs(out).files[0].kind


def test_a_long_thread_names_its_first_and_its_last() -> None:
    """The header has an end."""
    thread = Thread("s", tuple(f"{number}@x" for number in range(100)))
    out = compose(Content("x"), TO, ACCOUNT, key="m1", at=0, thread=thread)
    told = str(plain(out)["References"]).split()
    assert (["<0@x>", "<81@x>"], "<99@x>", 20) == (told[:2], told[-1], len(told))
    assert (*(one.strip("<>") for one in told), out.id) == out.thread.references


def test_nothing_personal_is_printed() -> None:
    """Of a mail that goes out."""
    out = compose(Content("secret", subject="secret"), TO, ACCOUNT, key="m1", at=0)
    assert not re.search("secret|lan@x", repr(out))
    assert "aaaaaaaaaaaaa" == Party.of(out.to).thread
