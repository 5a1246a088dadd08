"""What keys mean, without time."""

from __future__ import annotations

from tongdai.ivr.keys import Choosing, Digits


def test_a_terminator_alone_is_no_input() -> None:
    """Nothing was keyed before it."""
    assert "no_input" == Digits(1, 4, "#").key("", "#")


def test_the_longest_completes_at_once() -> None:
    """No terminator is waited for."""
    assert "filled" == Digits(1, 4, "#").key("123", "4")


def test_silence_after_enough_digits_fills() -> None:
    """The shortest length is enough."""
    assert "filled" == Digits(3, 4, "#").silence("123")


def test_silence_after_too_few_digits_is_no_match() -> None:
    """A timeout is never a success."""
    assert "no_match" == Digits(3, 4, "#").silence("12")


def test_the_first_of_two_rows_waits() -> None:
    """`1` stands beside `12`."""
    assert "more" == Choosing(["1", "12"], "#").key("", "1")


def test_silence_resolves_the_shorter_row() -> None:
    """Nothing more came."""
    assert "filled" == Choosing(["1", "12"], "#").silence("1")


def test_the_terminator_resolves_the_shorter_row() -> None:
    """The caller says that this is all."""
    assert "filled" == Choosing(["1", "12"], "#").key("1", "#")


def test_the_longer_row_is_complete_at_once() -> None:
    """Nothing begins with it."""
    assert "filled" == Choosing(["1", "12"], "#").key("1", "2")


def test_a_terminator_that_is_a_choice_is_no_terminator() -> None:
    """The menu says what the key means."""
    assert "" == Choosing(["1", "#"], "#").terminator


def test_a_key_of_no_row_may_mean_something_elsewhere() -> None:
    """Only as the first one."""
    assert ("other", "no_match") == (
        Choosing(["1", "12"], "#").key("", "0"),
        Choosing(["1", "12"], "#").key("1", "0"),
    )
