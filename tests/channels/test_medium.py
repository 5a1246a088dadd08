"""What a medium can do, and what cannot be said of one."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from tests.model.refusals import refused, untyped
from tongdai import Mode, hours
from tongdai.channels import Can, Medium


def test_a_medium_is_data() -> None:
    """Text without a limit and without a window is what every medium has."""
    plain = Medium(mode=Mode.INTERACTIVE)
    assert (frozenset({Can.TEXT}), None, "characters", None) == (
        plain.can,
        plain.text_limit,
        plain.unit,
        plain.reply_window,
    )
    window = Medium(mode=Mode.MESSAGING, reply_window=untyped(timedelta(hours=24)))
    assert hours(24) == window.reply_window


def test_a_medium_never_changes() -> None:
    """It is a value."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        untyped(Medium(mode=Mode.LIVE)).text_limit = 5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Medium(mode=untyped("voice")),
            "Medium.mode: 'voice' is not a mode; write Mode.LIVE, Mode.INTERACTIVE ...",
        ),
        (
            lambda: Medium(mode=Mode.LIVE, can=untyped(["fax"])),
            "Medium.can: 'fax' is not one of text, attachments, receipts, typing; write {Can.TEXT}",
        ),
        (
            lambda: Medium(mode=Mode.LIVE, text_limit=3),
            "Medium.text_limit: 3 is not a whole number, 4 or more",
        ),
        (
            lambda: Medium(mode=Mode.LIVE, unit=untyped("words")),
            "Medium.unit: 'words' is not characters or bytes",
        ),
        (
            lambda: Medium(mode=Mode.LIVE, reply_window=untyped(24)),
            "Medium.reply_window: 24 has no unit; write seconds(24) or timedelta(seconds=24)",
        ),
    ],
)
def test_bad_settings_are_named(call: object, message: str) -> None:
    """The field, what is wrong, and what would be right."""
    assert message == refused(untyped(call))
