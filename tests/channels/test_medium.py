"""What a medium can do, and what cannot be said of one."""

from __future__ import annotations

from datetime import timedelta

import attrs
import pytest

from tests.model.refusals import refused, untyped
from tongdai import Mode, hours, minutes, seconds
from tongdai.channels import Can, Choosing, Files, Medium, ReplyWindow

LIVE = Mode.LIVE


def test_a_medium_is_data() -> None:
    """Text without a limit and without a window is what every medium has."""
    plain = Medium(mode=Mode.INTERACTIVE)
    assert (frozenset({Can.TEXT}), None, "chars", None, None) == (
        plain.can,
        plain.text_limit,
        plain.unit,
        plain.reply_window,
        plain.acknowledge,
    )


def test_times_may_be_timedeltas() -> None:
    """As everywhere."""
    window = ReplyWindow(
        free=untyped(timedelta(hours=24)), fallback="human", until=untyped(timedelta(days=7))
    )
    medium = Medium(mode=LIVE, reply_window=window, acknowledge=untyped(timedelta(seconds=2)))
    assert (hours(24), hours(168), seconds(2)) == (window.free, window.until, medium.acknowledge)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (Medium(mode=LIVE), "text_limit"),
        (ReplyWindow(free=hours(1)), "quota"),
        (Choosing(most=1, label=1), "most"),
        (Files(), "most"),
    ],
)
def test_a_medium_never_changes(value: object, field: str) -> None:
    """It is a value, and so are its parts."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, field, 5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Medium(mode=untyped("voice")),
            "Medium.mode: 'voice' is not a mode; write Mode.LIVE, Mode.INTERACTIVE ...",
        ),
        (
            lambda: Medium(mode=LIVE, can=untyped(["fax"])),
            (
                "Medium.can: 'fax' is not one of text, attachments, buttons, list, subject,"
                " templates, receipts, typing, revisions, keys, speech; write {Can.TEXT}"
            ),
        ),
        (
            lambda: Medium(mode=LIVE, text_limit=3),
            "Medium.text_limit: 3 is not a whole number, 4 or more",
        ),
        (
            lambda: Medium(mode=LIVE, text_limit=0, unit="segments"),
            "Medium.text_limit: 0 is not a whole number, 1 or more",
        ),
        (
            lambda: Medium(mode=LIVE, unit=untyped("words")),
            "Medium.unit: 'words' is not one of chars, bytes, utf16, segments",
        ),
        (
            lambda: Medium(mode=LIVE, reply_window=untyped(hours(24))),
            "Medium.reply_window: seconds(86400) is not a ReplyWindow(...)",
        ),
        (
            lambda: Medium(mode=LIVE, buttons=Choosing(most=3, label=20)),
            "Medium.buttons: limits something that is not in Medium.can; add Can.BUTTONS",
        ),
        (
            lambda: Medium(mode=LIVE, files=Files()),
            "Medium.files: limits something that is not in Medium.can; add Can.ATTACHMENTS",
        ),
        (
            lambda: Medium(
                mode=LIVE, reply_window=ReplyWindow(free=hours(24), fallback="template")
            ),
            "Medium.reply_window: its fallback is a template; add Can.TEMPLATES to Medium.can",
        ),
        (
            lambda: Medium(mode=LIVE, acknowledge=untyped(2)),
            "Medium.acknowledge: 2 has no unit; write seconds(2) or timedelta(seconds=2)",
        ),
        (
            lambda: ReplyWindow(free=untyped(24)),
            "ReplyWindow.free: 24 has no unit; write seconds(24) or timedelta(seconds=24)",
        ),
        (
            lambda: ReplyWindow(free=hours(1), fallback=untyped("bot")),
            "ReplyWindow.fallback: 'bot' is not template, human or None",
        ),
        (
            lambda: ReplyWindow(free=hours(1), until=hours(2)),
            "ReplyWindow.until: it ends a fallback; give that too",
        ),
        (
            lambda: ReplyWindow(free=hours(1), fallback="human", until=minutes(59)),
            "ReplyWindow.until: 59 min is shorter than ReplyWindow.free, 1 h",
        ),
        (
            lambda: ReplyWindow(free=hours(1), quota=-1),
            "ReplyWindow.quota: -1 is not a whole number, 0 or more",
        ),
        (
            lambda: Choosing(most=0, label=20),
            "Choosing.most: 0 is not a whole number, 1 or more",
        ),
        (
            lambda: Choosing(most=3, label=0),
            "Choosing.label: 0 is not a whole number, 1 or more",
        ),
        (
            lambda: Choosing(most=3, label=20, text=3),
            "Choosing.text: 3 is not a whole number, 4 or more",
        ),
        (
            lambda: Files(kinds=untyped("image/png")),
            'Files.kinds: \'image/png\' is no tuple of media types; write ("image/png", "image/*")',
        ),
        (
            lambda: Files(kinds=("pdf",)),
            'Files.kinds: (\'pdf\',) is no tuple of media types; write ("image/png", "image/*")',
        ),
        (lambda: Files(most=0), "Files.most: 0 is not a whole number, 1 or more"),
        (lambda: Files(size=0), "Files.size: 0 is not a whole number, 1 or more"),
        (lambda: Files(caption=-1), "Files.caption: -1 is not a whole number, 0 or more"),
    ],
)
def test_bad_settings_are_named(call: object, message: str) -> None:
    """The field, what is wrong, and what would be right."""
    assert message == refused(untyped(call))
