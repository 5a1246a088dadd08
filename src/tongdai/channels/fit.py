"""Say a content in the way that a medium can.

Rule: nothing is lost, and what is added are the numbers and words of a menu alone. No part is
longer than the medium takes (`cutting` tells where a text is cut). What cannot be tapped is
written, what is not written is spoken, and no label is ever shortened: one that is too long for
buttons or a list makes it a menu of words.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from tongdai.channels.cutting import cut
from tongdai.channels.medium import Can, Choosing, Files, Medium, Unit
from tongdai.channels.sizes import size
from tongdai.errors import ConfigurationError
from tongdai.model.contact import Attachment, Content
from tongdai.model.menu import labelled, spoken, written

Rendering: TypeAlias = Literal["buttons", "list", "text"]
"""How choices are shown: tapped under the text, tapped in a list, or said in the text."""

_Part: TypeAlias = tuple[str, tuple[Attachment, ...]]


def rendering(content: Content, medium: Medium) -> Rendering:
    """Return how a medium shows the choices of a content, or of a part that `fit` has made.

    The first that has room for all of them, with their whole labels: `buttons`, then `list`, then
    `text`. A content without choices is `text`.
    """
    if not content.buttons:
        return "text"
    if Can.BUTTONS in medium.can and _has_room(content, medium.buttons):
        return "buttons"
    if Can.LIST in medium.can and _has_room(content, medium.rows):
        return "list"
    return "text"


def fit(content: Content, medium: Medium, *, language: str = "") -> list[Content]:
    r"""Return a content as parts that a medium takes, in the order in which they are sent.

    - `text`: cut where it is too long. Where there is no line for a `subject` it becomes the
      text's first line, and files that the medium does not take become lines with name and url.
    - `attachments`: go with the last text, if that is no longer than a caption may be, and so
      many with each message as it takes; the rest in parts of their own. Where files have no
      limits at all (`Medium.files` is `None`) they go with the last part, all of them.
    - `buttons`: stand in the last part only, and only where they are tapped; `rendering` tells
      whether under the text or in a list. Elsewhere they are lines of the text, `1. Thẻ`, or
      sentences where the medium is spoken, `For cards, press 1.`; `Choices` reads the answers
      back. A button without a label says its key. `question` is on the last part.
    - `template`: stands on the first part, where the medium has templates; whoever sends it sends
      nothing else of the content.
    - `subject` and `automatic` are on every part.

    Each part fits as it is: `fit(part, medium)` is `[part]`.

    Complexity: the length of the content.

    Args:
        content: what is to be said.
        medium: what can be done.
        language: in which a menu is spoken, `vi` or `en`; English where it is another.

    Raises:
        ConfigurationError: an argument of another type.
    """
    _check(content, medium, language)
    shown = rendering(content, medium)
    files = tuple(one for one in content.attachments if _takes(medium, one))
    text = _text(content, medium, shown, language)
    parts: list[_Part] = [(one, ()) for one in cut(text, medium.text_limit, medium.unit)]
    if shown == "text" or medium.files is None:
        parts = _cut_last(parts, medium, shown)
        parts = _with_files(parts, files, medium.files, medium.unit)
    else:
        *parts, asked = _cut_last(parts, medium, shown)
        parts = [*_with_files(parts, files, medium.files, medium.unit), asked]
    last = len(parts) - 1
    return [
        Content(
            said,
            beside,
            buttons=labelled(content.buttons) if at == last and shown != "text" else (),
            question=content.question if at == last else "",
            subject=content.subject if Can.SUBJECT in medium.can else "",
            template=content.template if at == 0 and Can.TEMPLATES in medium.can else None,
            automatic=content.automatic,
        )
        for at, (said, beside) in enumerate(parts)
    ]


def _check(content: object, medium: object, language: object) -> None:
    for value, kind, field in (
        (content, Content, "content"),
        (medium, Medium, "medium"),
        (language, str, "language"),
    ):
        if not isinstance(value, kind):
            raise ConfigurationError(f"fit.{field}: {type(value).__name__} is not {kind.__name__}")


def _has_room(content: Content, limits: Choosing | None) -> bool:
    return limits is None or (
        len(content.buttons) <= limits.most
        and all(len(one.label) <= limits.label for one in labelled(content.buttons))
    )


def _takes(medium: Medium, file: Attachment) -> bool:
    """Return whether a medium takes a file; where its size is not known, the provider decides."""
    if Can.ATTACHMENTS not in medium.can:
        return False
    limits = medium.files
    if limits is None:
        return True
    if limits.size is not None and file.size is not None and file.size > limits.size:
        return False
    kind = file.kind.partition(";")[0].strip().lower()
    family = kind.partition("/")[0]
    return not limits.kinds or any(
        one.lower() in (kind, f"{family}/*", "*/*") for one in limits.kinds
    )


def _text(content: Content, medium: Medium, shown: Rendering, language: str) -> str:
    """Return all that is said in words."""
    lines = [content.text]
    if Can.SUBJECT not in medium.can:
        lines.insert(0, content.subject)
    lines += [_link(one) for one in content.attachments if not _takes(medium, one)]
    if content.buttons and shown == "text":
        is_spoken = Can.SPEECH in medium.can
        lines += spoken(content.buttons, language) if is_spoken else written(content.buttons)
    return "\n".join(line for line in lines if line)


def _link(file: Attachment) -> str:
    return f"{file.name}: {file.url}" if file.name else file.url


def _cut_last(parts: list[_Part], medium: Medium, shown: Rendering) -> list[_Part]:
    """Return parts the last of which is short enough to have choices under it."""
    limits = {"buttons": medium.buttons, "list": medium.rows, "text": None}[shown]
    if limits is None or limits.text is None:
        return parts
    return [*parts[:-1], *((one, ()) for one in cut(parts[-1][0], limits.text, medium.unit))]


def _with_files(
    parts: list[_Part], files: tuple[Attachment, ...], limits: Files | None, unit: Unit
) -> list[_Part]:
    """Return parts with files: the first ones with the last part, the others after it."""
    if not files:
        return parts
    most = len(files) if limits is None else limits.most
    groups = [files[at : at + most] for at in range(0, len(files), most)]
    caption = None if limits is None else limits.caption
    if parts and (caption is None or size(parts[-1][0], unit) <= caption):
        parts = [*parts[:-1], (parts[-1][0], groups.pop(0))]
    return [*parts, *(("", group) for group in groups)]
