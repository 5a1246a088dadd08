"""Text folded for comparing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused, untyped
from tongdai.model.text import check_text, fold, quoted


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Đổi mật khẩu", "doi mat khau"),
        ("ĐĂNG NHẬP", "dang nhap"),
        ("hoà / hòa", "hoa / hoa"),
        ("Nguyễn Thị Đào", "nguyen thi dao"),
        ("khiếu nại", "khieu nai"),
        ("hủy đơn hàng", "huy don hang"),
        ("Hà Nội", "ha noi"),
        ("đường dây nóng", "duong day nong"),
        ("STRASSE ß", "strasse ss"),
        ("\u0130stanbul, \u0131s\u0131", "istanbul, isi"),
        ("\U0001d403\U0001d428\U0001d422 \ufb01", "doi fi"),
        ("  two \t blanks\u00a0\n", "two blanks"),
        ("", ""),
    ],
)
def test_case_and_marks_go(text: str, folded: str) -> None:
    """What people type on different keyboards folds to the same."""
    assert folded == fold(text)


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    """A folded text is its own fold."""
    assert fold(text) == fold(fold(text))


@given(st.text())
def test_case_does_not_count(text: str) -> None:
    """A text and its case-folded self are the same."""
    assert fold(text) == fold(text.casefold())


@given(st.text(st.characters(max_codepoint=0x1EFF)))
def test_composed_and_decomposed_are_the_same(text: str) -> None:
    """Keyboards differ in whether a mark is a character of its own."""
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    assert fold(composed) == fold(decomposed)


@given(st.text())
def test_no_mark_is_left(text: str) -> None:
    """No combining mark, no blank but single ones inside."""
    folded = fold(text)
    assert [] == [mark for mark in folded if unicodedata.combining(mark)]
    assert " ".join(folded.split()) == folded


@pytest.mark.parametrize("name", ["and", "or", "a b", "3", 'say "hi"', "back\\slash", ""])
def test_names_that_mean_something_else_are_quoted(name: str) -> None:
    """Reserved words, numbers and what is no word stand in quotes."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    assert f'"{escaped}"' == quoted(name, frozenset({"and", "or"}))


@pytest.mark.parametrize("name", ["vi", "site:hanoi", "tiếng_Việt", "__class__", "a.b-c", "²"])
def test_plain_words_stand_bare(name: str) -> None:
    """Letters first, then also digits, colons, points and hyphens."""
    assert name == quoted(name, frozenset())


def test_half_a_character_is_no_text() -> None:
    """A lone surrogate could never be written to a journal."""
    expected = "field: character 3 is half a surrogate pair; decode the text with errors='replace'"
    assert expected == refused(lambda: check_text("ab\ud83d", "field"))


def test_bytes_are_no_text() -> None:
    """The type is named, never what was in it."""
    assert "field: bytes is not text; give a str" == refused(
        lambda: check_text(untyped(b"secret"), "field")
    )
