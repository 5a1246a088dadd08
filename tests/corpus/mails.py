"""Run real mails through the decoder, and hold it against what people say they are.

Laws, for each mail: it is decoded or refused, and nothing is raised; each prefix and each broken
copy of it as well; what is new in an answer and what it repeats are together what it says; none
takes longer than a tenth of a second. And for all of them: of the bounces at least 95 of 100 are
recognised, and nothing else is taken for one.

What each is was told by a person who looked at it; a mail that is not named below is what its
folder says.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

from tongdai.adapters.email import Account, Mail, decode, unquoted
from tongdai.channels import Message

LEAST: Final = 0.95  # of the bounces
SLOWEST: Final = 0.1  # seconds of this process for one mail
FUZZED: Final = 20  # broken copies of each
ACCOUNT: Final = Account("mail", ("help@shop.example",), ("a secret of this run",))

OTHER_THAN_BOUNCES: Final = {
    # in the folder of bounces, and none
    "set-of-emails__arf-02.eml": "complaint",
    "set-of-emails__is-not-bounce-01.eml": "person",
    "set-of-emails__is-not-bounce-02.eml": "person",  # encloses a mail, and says so
    "set-of-emails__rfc3834-02.eml": "reply",
}
REPORTS: Final = {
    # delivery reports elsewhere; late ones are no bounces
    "cpython__msg_16.txt": "bounce",
    "cpython__msg_43.txt": "bounce",
    "flanker__broken-mime.eml": "bounce",
    "flanker__delayed.eml": "bounce",  # it says that it was given up after five days
    "flanker__mailbox-full.eml": "bounce",
    "flanker__office365.eml": "bounce",
    "mail__multi_address_bounce1.eml": "bounce",
    "mail__multipart_report_multiple_status.eml": "bounce",
    "mail__raw_email_with_mimepart_without_content_type.eml": "late",
    "mail__report_422.eml": "late",
}
ANSWERS: Final = {
    # what is new in an answer, by its first and last words
    "email_reply_parser__correct_sig.txt": ("this is an email", "-- signature."),
    "email_reply_parser__email_1_1.txt": ("Hi folks", "-Abhishek Kona"),
    "email_reply_parser__email_1_2.txt": ("Hi,", 'them all individually."'),
    "email_reply_parser__email_1_3.txt": ("Oh thanks.", "-Abhishek Kona"),
    "email_reply_parser__email_1_6.txt": ("I get", "as well."),
    "email_reply_parser__email_1_7.txt": (":+1:", ":+1:"),
    "email_reply_parser__email_1_8.txt": ("On Tue, Apr 29", "and under this."),
    "email_reply_parser__email_2_2.txt": ("Outlook with", "above line"),
    "email_reply_parser__email_2_3.txt": ("Outlook with", "above line"),
    "email_reply_parser__email_BlackBerry.txt": ("Here is", "another email"),
    "email_reply_parser__email_multi_word_sent_from_my_mobile_device.txt": ("Here", "email"),
    "email_reply_parser__email_one_is_not_on.txt": ("Thank,", "when I run..."),
    "email_reply_parser__email_sent_from_my_not_signature.txt": ("Here is", "mobile phone."),
    "email_reply_parser__email_sig_delimiter_in_middle_of_line.txt": ("Hi there!", "kthxbai"),
    "email_reply_parser__greedy_on.txt": ("On your remote", "is not working."),
    **{
        f"talon__{name}": ("Hello", "Hello")
        for name in (
            *("android.eml", "aol.eml", "apple_mail_2.eml", "comcast.eml", "hotmail.eml"),
            *("iphone_reply_text", "outlook.eml", "sparrow_reply_text", "thunderbird.eml"),
            "yahoo.eml",
        )
    },
}


class Tally:
    """What was met, and which laws were broken."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.kinds: Counter[str] = Counter()
        self.right: Counter[str] = Counter()
        self.of: Counter[str] = Counter()
        self.broken: list[str] = []
        self.slowest = 0.0

    def count(self, what: str, *, right: bool) -> None:
        """Note whether something was told as a person tells it."""
        self.of[what] += 1
        self.right[what] += right


def files(root: Path) -> Iterator[Path]:
    """Go through the mails below a folder."""
    for folder in ("email", "email-bounce", "email-inbound-http", "email-reply"):
        if (root / folder).is_dir():
            yield from sorted(path for path in (root / folder).iterdir() if path.is_file())


def label(path: Path) -> str:
    """Return what a mail is, as a person tells it: `bounce`, `late`, ... or nothing special."""
    if path.parent.name == "email-bounce":
        return OTHER_THAN_BOUNCES.get(path.name, "bounce")
    return REPORTS.get(path.name, "")


def kind_of(mail: Mail) -> str:
    """Return what the decoder takes a mail for."""
    if mail.refused:
        return f"refused: {mail.refused}"
    (event, *_) = mail.events
    if mail.report is not None:
        fate = mail.report.fate
        return {"failed": "bounce", "delayed": "late"}.get(fate, fate)
    return (isinstance(event, Message) and event.automatic) or "person"


def holds(path: Path, tally: Tally) -> None:
    """Hold one mail against the laws."""
    raw = path.read_bytes()
    text = path.parent.name == "email-reply" and path.suffix != ".eml"
    began = time.process_time()
    mail = decode(b"From: lan@x.example\n\n" + raw if text else raw, ACCOUNT, at=0)
    took = time.process_time() - began
    tally.slowest = max(tally.slowest, took)
    if took > SLOWEST:
        tally.broken.append(f"{path.name}: took {took:.2f} s")
    kind = kind_of(mail)
    tally.kinds[f"{path.parent.name}: {kind}"] += 1
    expected = label(path)
    if expected == "bounce":
        tally.count("bounces recognised", right=kind == "bounce")
        if kind != "bounce":
            print(f"  missed: {path.name}: {kind}")
    else:
        tally.count("no false alarm", right=kind != "bounce")
        if kind == "bounce":
            tally.broken.append(f"{path.name}: is no bounce")
    if expected == "late":
        tally.count("late, and not failed", right=kind == "late")
    if path.name in ANSWERS:
        answers(path, mail, tally)
    fuzz(raw, path.name)


def answers(path: Path, mail: Mail, tally: Tally) -> None:
    """What is new in an answer is what a person says; and no line is lost."""
    whole = mail.text.text
    found = unquoted(whole)
    first, last = ANSWERS[path.name]
    right = found.text.startswith(first) and found.text.rstrip().endswith(last)
    tally.count("answers told from what they repeat", right=right)
    if not right:
        print(f"  otherwise: {path.name}: {found.text[:40]!r} ... {found.text[-40:]!r}")
    parts = f"{found.text}\n{found.quoted}\n{found.signature}"
    if Counter(words(whole)) != Counter(words(parts)):
        tally.broken.append(f"{path.name}: a line is lost")


def words(text: str) -> list[str]:
    """Return the lines that say something."""
    return [line.rstrip() for line in text.split("\n") if line.strip()]


def fuzz(raw: bytes, name: str) -> None:
    """Broken copies raise nothing either."""
    chance = Random(name)  # noqa: S311 - no secret
    for _ in range(FUZZED):
        broken = bytearray(raw[: chance.randrange(len(raw) + 1)])
        for _ in range(chance.randrange(20)):
            if broken:
                broken[chance.randrange(len(broken))] = chance.choice(b'\0\n\r:;<>"()=?-\xff@ ')
        decode(bytes(broken), ACCOUNT, at=0)


def run(root: Path) -> int:
    """Hold all mails below a folder against the laws; return how many are broken."""
    tally = Tally()
    for path in files(root):
        try:
            holds(path, tally)
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            tally.broken.append(f"{path.name}: {type(error).__name__}: {error}")
    print(f"mails: {sum(tally.kinds.values())}, the slowest took {tally.slowest * 1000:.0f} ms")
    for kind, number in sorted(tally.kinds.items()):
        print(f"  {number:5}  {kind}")
    for what, of in tally.of.items():
        print(f"  {tally.right[what]:5} of {of} {what}")
    bounces = tally.of["bounces recognised"]
    if tally.right["bounces recognised"] < LEAST * bounces:
        tally.broken.append(f"fewer than {LEAST:.0%} of the bounces are recognised")
    for text in tally.broken:
        print(f"  LAW BROKEN: {text}")
    return len(tally.broken)


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1])) > 0)
