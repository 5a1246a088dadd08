"""Text folded for comparing."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused, untyped
from tongdai.model.text import Choices, check_text, fold, quoted, read


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


# --- answers --------------------------------------------------------------------------------------

MENU = {
    "1": ("Thẻ", "card"),
    "2": ("Bán",),
    "3": ("Bàn", "C++"),
    "*": (),
    "human": ("Gặp nhân viên",),
}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("2", "2"),
        (" 2 ", "2"),
        ("2.", "2"),
        ("(2)", "2"),
        ("#2", "2"),
        ("\uff12", "2"),
        ("2\ufe0f\u20e3", "2"),
        ("số 2", "2"),
        ("SỐ 2", "2"),
        ("so 2", "2"),
        ("bấm 2", "2"),
        ("phím 2", "2"),
        ("Option 2", "2"),
        ("Option: 2!", "2"),
        ("bấm phím số 2 ạ", "2"),
        ("dạ em chọn 2 ạ", "2"),
        ("number 2 please", "2"),
        ("thẻ", "1"),
        ("THE", "1"),
        ("The\u0309", "1"),
        ("Thẻ ạ.", "1"),
        ("card, please", "1"),
        ("*", "*"),
        ("phím sao", "*"),
        ("star", "*"),
        ("human", "human"),
        ("5", "human"),
        ("gap nhan vien", "human"),
        ("c++", "3"),
        ("bán", None),
        ("Bàn", None),
        ("4", "*"),
        ("6", None),
        ("22", None),
        ("2 3", None),
        ("2 hay 3", None),
        ("không phải thẻ", None),
        ("không, thẻ", None),
        ("", None),
        ("ạ", None),
        ("#", None),
        ("số", None),
    ],
)
def test_an_answer_is_read(answer: str, expected: str | None) -> None:
    """Key, number, label and synonym, in the words that people put around them; or nothing."""
    assert expected == read(answer, MENU)


def test_what_two_choices_mean_is_told() -> None:
    """So that a flow is mended before a customer meets it."""
    assert {"ban": ("2", "3")} == Choices(MENU).collisions


def test_a_place_never_hides_a_key() -> None:
    """The star is the second choice, but 2 is the key of the third one."""
    choices = Choices({"1": (), "*": (), "2": ()})
    assert ("*", "2", None, {}) == (
        choices.read("*"),
        choices.read("2"),
        choices.read("3"),
        choices.collisions,
    )


LABELS = st.sampled_from(["Bán", "Bàn", "ban", "Thẻ", "the", "2", "số 2", "C++", "a", "phím"])
MENUS = st.dictionaries(
    st.sampled_from(["0", "1", "2", "12", "*", "#", "cards", "Cards"]) | st.text(max_size=6),
    st.lists(LABELS | st.text(max_size=6), max_size=3).map(tuple),
    max_size=5,
)


@given(MENUS)
def test_every_way_of_saying_a_choice_means_it_or_nothing(menu: dict[str, tuple[str, ...]]) -> None:
    """Key and labels, in any case: that choice, or none where two choices have the same words."""
    choices = Choices(menu)
    for key, labels in menu.items():
        for text in (key, *labels):
            expected = None if fold(text) in choices.collisions else key
            for said in (text, text.upper(), f" {text}  ", unicodedata.normalize("NFD", text)):
                if fold(text) and fold(said) == fold(text):
                    assert expected == choices.read(said)


@given(MENUS, st.sampled_from(["số {}", "bấm {}", "Phím {}", "option {}", "{}.", "chọn số {} ạ"]))
def test_a_number_in_words_means_its_choice_or_nothing(
    menu: dict[str, tuple[str, ...]], words: str
) -> None:
    """Never another one, unless the words, or words about the number, are a label there."""
    texts = {fold(text) for key, labels in menu.items() for text in (key, *labels)}
    for key in ("0", "1", "2", "12"):
        said = words.format(key)
        others = {text for text in texts if text and text != key}
        taken = any(text in fold(said) or key in text for text in others)
        if key in menu and not taken:
            expected = None if key in Choices(menu).collisions else key
            assert expected == read(said, menu)


@given(st.text(), MENUS)
def test_any_text_is_a_choice_or_nothing(answer: str, menu: dict[str, tuple[str, ...]]) -> None:
    """Nothing raises, and what comes back is a key."""
    assert read(answer, menu) in {None, *menu}


def test_a_page_of_text_chooses_nothing() -> None:
    """Reading is bounded: what nobody would answer is not even folded."""
    assert (None, None) == (read("số " * 1_000 + "2", MENU), read("2" * 2_000, {"2" * 2_000: ()}))


def test_one_reading_of_many_words_is_bounded() -> None:
    """A few words around an answer are dropped, not any number of them."""
    assert ("2", None) == (read("da em chon so 2", MENU), read("da em chon bam so 2", MENU))


# --- what each choice is called -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choices", "numbers"),
    [
        ({"1": ("Thẻ",), "2": ("Vay",)}, ["1", "2"]),
        ({"7": ("Thẻ",), "0": ("Vay",)}, ["7", "0"]),
        ({"cards": ("Thẻ",), "loans": ("Vay",)}, ["1", "2"]),
        ({"cards": ("Thẻ",), "1": ("Vay",)}, ["3", "1"]),
        ({"1": (), "*": (), "2": ()}, ["1", "*", "2"]),
        ({"a": ("2",), "b": ("3",), "c": ("4",)}, ["2", "3", "4"]),
        ({"a": ("2.",), "b": ("Vay",)}, ["2", "3"]),
        ({"a": ("2",), "b": ("2",)}, ["1", "3"]),
        ({"a": ("Hai", "2"), "b": ("Vay",)}, ["1", "2"]),
        ({}, []),
    ],
)
def test_each_choice_has_a_number(choices: dict[str, tuple[str, ...]], numbers: list[str]) -> None:
    """Its key, its label where that is a number, its place, or the next one that is free."""
    assert numbers == list(Choices(choices).numbers.values())


@pytest.mark.parametrize(
    ("choices", "answer"),
    [
        ({"a": ("số 2",), "b": ("Vay",)}, "số 2"),
        ({"a": ("số 2",), "b": ("Vay",)}, "phím số 2"),
        ({"1": ("Option 2",), "2": ("Option 1",)}, "option 2"),
        ({"1": ("2.",), "2": ("Vay",)}, "2."),
        ({"a": ("Hai", "2"), "b": ("Vay",)}, "2"),
        ({"a": ("2. Vay",), "b": ("Vay",)}, "2. Vay"),
        ({"*": ("Thẻ",), "b": ("Sao",)}, "phím sao"),
    ],
)
def test_a_number_that_is_a_label_elsewhere_means_neither(
    choices: dict[str, tuple[str, ...]], answer: str
) -> None:
    """Nobody can tell whether the label is meant or the number."""
    assert None is read(answer, choices)


@given(MENUS)
def test_no_two_choices_have_one_number(menu: dict[str, tuple[str, ...]]) -> None:
    """Unless their keys cannot be told apart."""
    numbers = Choices(menu).numbers
    assert list(menu) == list(numbers)
    folded = [fold(number) for key, number in numbers.items() if not key.isdecimal()]
    assert sorted(set(folded)) == sorted(folded)
    assert not set(folded) & {fold(key) for key in menu if key.isdecimal()}


@given(MENUS)
def test_synonyms_change_no_number(menu: dict[str, tuple[str, ...]]) -> None:
    """Who shows labels alone and who reads with synonyms call a choice the same."""
    shown = Choices({key: texts[:1] for key, texts in menu.items()})
    assert shown.numbers == Choices(menu).numbers
