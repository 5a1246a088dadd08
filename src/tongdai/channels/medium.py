"""What a medium can do, declared as data.

Rule: whatever the rest needs to know of a medium is a field here; nothing asks for a channel's
name. What a medium does not declare it is never asked for: `fit` says it in a poorer way.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from typing import Literal, TypeAlias, get_args

import attrs

from tongdai.errors import ConfigurationError
from tongdai.model.mode import Mode, check_count
from tongdai.model.time import Duration, duration


class Can(enum.StrEnum):
    """Something that a medium can carry or tell."""

    TEXT = "text"
    """Written text."""
    ATTACHMENTS = "attachments"
    """Files beside the text (see `Medium.files`)."""
    BUTTONS = "buttons"
    """A few choices to tap, under the text (see `Medium.buttons`)."""
    LIST = "list"
    """Many choices to tap, in a list that opens (see `Medium.rows`)."""
    SUBJECT = "subject"
    """A line that says what a message is about."""
    TEMPLATES = "templates"
    """Messages that the provider has approved beforehand."""
    RECEIPTS = "receipts"
    """It tells of messages that they have arrived, were read, or came back; not of every one: that
    nothing was told means nothing."""
    TYPING = "typing"
    """It tells that somebody is writing, and can show it."""
    REVISIONS = "revisions"
    """Customers change or withdraw what they wrote."""
    KEYS = "keys"
    """Sending twice with one key sends once; so what may have been sent is tried again."""
    SPEECH = "speech"
    """It is spoken: texts are read aloud, and choices are keys or words."""


Unit: TypeAlias = Literal["chars", "bytes", "utf16", "segments"]
"""What a text limit counts: code points, bytes of UTF-8, code units of UTF-16, or the segments of a
short message (GSM 03.38: 160 characters in one, 153 in each of several; UCS-2: 70, 67)."""


def _abilities(several: Iterable[Can]) -> frozenset[Can]:
    return frozenset(several)  # (in a function: type checkers do not see what `frozenset` holds)


@attrs.frozen(kw_only=True)
class Choosing:
    """Limits of buttons, or of the rows of a list.

    Attributes:
        most: how many stand under one message.
        label: the longest label, in characters.
        text: the longest text of a message that has them, in the medium's unit; `None` is the
            medium's own limit.
    """

    most: int
    label: int
    text: int | None = None

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        check_count(self.most, "Choosing.most", least=1)
        check_count(self.label, "Choosing.label", least=1)
        check_count(self.text, "Choosing.text", least=4, inherits=True)


@attrs.frozen(kw_only=True)
class Files:
    """Limits of files.

    Attributes:
        kinds: media types, such as `image/png` or `image/*`; empty for all.
        size: the largest, in bytes; `None` is no limit.
        most: how many go with one message.
        caption: the longest text of a message that has one, in the medium's unit; `None` is the
            medium's own limit.
    """

    kinds: tuple[str, ...] = ()
    size: int | None = None
    most: int = 1
    caption: int | None = None

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        if not isinstance(self.kinds, tuple) or any(
            not isinstance(kind, str) or "/" not in kind for kind in self.kinds
        ):
            raise ConfigurationError(
                f"Files.kinds: {self.kinds!r} is no tuple of media types; "
                'write ("image/png", "image/*")'
            )
        check_count(self.size, "Files.size", least=1, inherits=True)
        check_count(self.most, "Files.most", least=1)
        check_count(self.caption, "Files.caption", least=0, inherits=True)


@attrs.frozen(kw_only=True)
class ReplyWindow:
    """How long after the customer's last message one may answer.

    Attributes:
        free: how long one may answer freely.
        fallback: what may be sent when that is over: an approved `template`, or what a `human`
            writes; `None` for nothing.
        until: how long after the customer's last message that holds; `None` is for ever.
        quota: how many messages are free; `None` is as many as one likes.
    """

    free: Duration
    fallback: Literal["template", "human"] | None = None
    until: Duration | None = None
    quota: int | None = None

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        object.__setattr__(self, "free", duration(self.free, "ReplyWindow.free"))
        if self.fallback not in (None, "template", "human"):
            raise ConfigurationError(
                f"ReplyWindow.fallback: {self.fallback!r} is not template, human or None"
            )
        if self.until is not None:
            until = duration(self.until, "ReplyWindow.until")
            object.__setattr__(self, "until", until)
            if self.fallback is None:
                raise ConfigurationError("ReplyWindow.until: it ends a fallback; give that too")
            if until < self.free:
                raise ConfigurationError(
                    f"ReplyWindow.until: {until} is shorter than ReplyWindow.free, {self.free}"
                )
        check_count(self.quota, "ReplyWindow.quota", least=0, inherits=True)


@attrs.frozen(kw_only=True)
class Medium:
    """What a medium can do.

    Attributes:
        mode: how its contacts behave while they wait and are served.
        can: what it carries.
        text_limit: the longest text of one message, in `unit`; `None` is no limit.
        unit: what the limit counts.
        buttons: limits of the buttons under one message; `None` is no limit.
        rows: limits of the list under one message; `None` is no limit.
        files: limits of files; `None` is no limit.
        reply_window: how long one may answer; `None` is for ever.
        acknowledge: how soon the provider wants to know that an event was taken; `None` where it
            does not wait.
        source: where these figures come from.
    """

    mode: Mode
    can: frozenset[Can] = attrs.field(default=frozenset({Can.TEXT}), converter=_abilities)
    text_limit: int | None = None
    unit: Unit = "chars"
    buttons: Choosing | None = None
    rows: Choosing | None = None
    files: Files | None = None
    reply_window: ReplyWindow | None = None
    acknowledge: Duration | None = None
    source: str = ""

    def __attrs_post_init__(self) -> None:
        """Check the settings.

        Raises:
            ConfigurationError: names the setting and what would be right.
        """
        if not isinstance(self.mode, Mode):
            raise ConfigurationError(
                f"Medium.mode: {self.mode!r} is not a mode; write Mode.LIVE, Mode.INTERACTIVE ..."
            )
        for ability in self.can:
            if ability not in Can.__members__.values():
                raise ConfigurationError(
                    f"Medium.can: {ability!r} is not one of {', '.join(Can)}; write {{Can.TEXT}}"
                )
        if self.unit not in get_args(Unit):
            raise ConfigurationError(
                f"Medium.unit: {self.unit!r} is not one of {', '.join(get_args(Unit))}"
            )
        least = 1 if self.unit == "segments" else 4  # (one character has at most four bytes)
        check_count(self.text_limit, "Medium.text_limit", least=least, inherits=True)
        self._check_parts()
        if self.acknowledge is not None:
            object.__setattr__(
                self, "acknowledge", duration(self.acknowledge, "Medium.acknowledge")
            )

    def _check_parts(self) -> None:
        """Check the limits: that they are some, and of something that the medium can do."""
        for field, kind in (
            ("buttons", Choosing),
            ("rows", Choosing),
            ("files", Files),
            ("reply_window", ReplyWindow),
        ):
            value = getattr(self, field)
            if value is not None and not isinstance(value, kind):
                raise ConfigurationError(f"Medium.{field}: {value!r} is not a {kind.__name__}(...)")
        for field, ability in (
            ("buttons", Can.BUTTONS),
            ("rows", Can.LIST),
            ("files", Can.ATTACHMENTS),
        ):
            if getattr(self, field) is not None and ability not in self.can:
                raise ConfigurationError(
                    f"Medium.{field}: limits something that is not in Medium.can; "
                    f"add Can.{ability.name}"
                )
        window = self.reply_window
        if window is not None and window.fallback == "template" and Can.TEMPLATES not in self.can:
            raise ConfigurationError(
                "Medium.reply_window: its fallback is a template; add Can.TEMPLATES to Medium.can"
            )
