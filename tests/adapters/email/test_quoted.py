"""What is new in an answer, and what it repeats."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.adapters.email import Unquoted, unquoted

ATTRIBUTIONS = [
    "On Mon, 2 Apr 2012 at 18:22, Shop <help@shop.vn> wrote:",
    "On Mon, 2 Apr 2012 at 18:22, Shop\n<help@shop.vn>\nwrote:",
    "Vào Th 2, 15 thg 1, 2024 vào lúc 14:30 Shop <help@shop.vn> đã viết:",
    "Vào 14:30, 15/1/2024, Shop đã viết:",
    "Vào lúc 14:30 Thứ Hai, 15 tháng 1 năm 2024 Shop\n<help@shop.vn> đã viết:",
    "Ngày 15/1/2024 14:30, Shop viết:",
    "Le lun. 15 janv. 2024 à 14:30, Shop <help@shop.vn> a écrit :",
    "Am 15.01.2024 um 14:30 schrieb Shop:",
    '02.04.2012 14:20 "Shop" <help@shop.vn> написал:',
    "El lun, 15 ene 2024 a las 14:30, Shop (<help@shop.vn>) escribió:",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_an_answer_above_what_it_answers(attribution: str) -> None:
    """The quote goes, with the line above it, in many tongues."""
    got = unquoted(f"Dạ vâng ạ.\n\n{attribution}\n\n> Chào chị\n> hẹn 9 giờ\n")
    assert "Dạ vâng ạ." == got.text
    assert f"{attribution}\n\n> Chào chị\n> hẹn 9 giờ" == got.quoted


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_programs_that_mark_no_line(attribution: str) -> None:
    """Then all that follows is the quote."""
    assert "ok" == unquoted(f"ok\n\n{attribution}\nChào chị\nhẹn 9 giờ").text


@pytest.mark.parametrize(
    "head",
    [
        "-----Original Message-----\nFrom: Shop",
        "From: Shop [mailto:help@shop.vn]\nSent: Friday\nTo: Lan\nSubject: x",
        "________________________\nTừ: Shop <a@x.vn>\nĐã gửi: Thứ Hai\nĐến: Lan\nChủ đề: x",
        "*From:* Shop\n*Date:* Monday\n*To:* Lan",
        "-------- Thư gốc --------\nx",
        "Von: Shop\nGesendet: Montag\nAn: Lan\nBetreff: x",
        "---- Vào T2, 15 thg 1 2024 Shop <help@shop.vn> đã viết ----",
    ],
)
def test_a_whole_mail_below(head: str) -> None:
    """It goes from its first line on, with the rule above it."""
    got = unquoted(f"Cảm ơn\n\n{head}\n\nChào chị")
    assert "Cảm ơn" == got.text
    assert f"{head}\n\nChào chị" == got.quoted


def test_an_answer_below() -> None:
    """What it begins with goes, where nothing more is quoted."""
    got = unquoted("On 15/1/2024, Shop wrote:\n> Khi nào?\n\nNgày mai")
    assert ("Ngày mai", "On 15/1/2024, Shop wrote:\n> Khi nào?") == (got.text, got.quoted)


def test_answers_between_the_lines() -> None:
    """They keep what they answer: without it they mean nothing."""
    text = "> Màu?\nxanh\n> Cỡ?\nM"
    assert Unquoted(text) == unquoted(text)
    got = unquoted(f"{text}\n> Địa chỉ?\n")
    assert (text, "> Địa chỉ?") == (got.text, got.quoted)


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nLan\n0901 234 567",
        "--\nLan",
        "Sent from my iPhone",
        "Sent from my Verizon Wireless BlackBerry",
        "Gửi từ iPhone của tôi",
        "Được gửi từ điện thoại của tôi",
        "Get Outlook for iOS<https://aka.ms/x>",
        "__________________________\nshop mailing list\nhttp://x.vn/mailman/listinfo/shop",
    ],
)
def test_signatures(signature: str) -> None:
    """They stand apart, also above a quote."""
    assert Unquoted("Chào", "", signature) == unquoted(f"Chào\n\n{signature}\n")
    quote = "On 1/1/2024, Shop wrote:\n> x"
    assert Unquoted("Chào", quote, signature) == unquoted(f"Chào\n{signature}\n\n{quote}")


@pytest.mark.parametrize(
    "text",
    [
        "On the other hand he wrote:\nhello",
        "Hôm qua bạn đã viết:\nabc",
        "Sent from my desk, which is easier than my phone.",
        "One -- two\n\nthree",
        "From: Hà Nội\nI need a ticket",
        "a\n-----\nb",
        "",
        "\n\n",
    ],
)
def test_what_only_looks_like_it(text: str) -> None:
    """It stays."""
    assert text.strip("\n") == unquoted(text).text


def test_an_answer_of_nothing_but_a_quote_says_nothing() -> None:
    """The quote is there."""
    assert Unquoted("", "> Chào") == unquoted("> Chào")


LINES = st.sampled_from(
    [
        *("", "> q", ">> q", "text", "-- ", "On 1/1/2024, a@x.vn wrote:", "From: x", "To: y", ">"),
        *("-----Original Message-----", "_______", "Sent from my phone", "  ", "wrote:", "Date: z"),
    ]
)


@given(st.lists(LINES | st.text(st.characters(exclude_characters="\n"), max_size=9)))
def test_no_line_is_lost(lines: list[str]) -> None:
    """Each that says something stands in one of the three parts, and in one only."""
    got = unquoted("\n".join(lines))
    told = f"{got.text}\n{got.quoted}\n{got.signature}".split("\n")
    assert Counter(line.rstrip() for line in lines if line.strip()) == Counter(
        line.rstrip() for line in told if line.strip()
    )
