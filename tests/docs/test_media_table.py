"""The table of media in the reference says what the data says."""

from __future__ import annotations

from pathlib import Path

from tongdai.channels import MEDIA, Can, Choosing, Files, Medium, ReplyWindow

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "channels.md"
HEAD = "| | mode | can | text | buttons | list | files | reply window | acknowledge |"


def row(name: str, medium: Medium) -> str:
    """Return a medium as a row of the table."""
    can = ", ".join(one for one in Can if one in medium.can)
    text = "any" if medium.text_limit is None else f"{medium.text_limit:,} {medium.unit}"
    cells = [
        f"`{name}`",
        medium.mode.value,
        can,
        text,
        _choosing(medium.buttons),
        _choosing(medium.rows),
        _files(medium.files),
        _window(medium.reply_window),
        "" if medium.acknowledge is None else str(medium.acknowledge),
    ]
    return "| " + " | ".join(cells) + " |"


def _choosing(limits: Choosing | None) -> str:
    if limits is None:
        return ""
    beside = "" if limits.text is None else f", beside {limits.text:,}"
    return f"{limits.most} of {limits.label}{beside}"


def _files(limits: Files | None) -> str:
    if limits is None:
        return ""
    kinds = ", ".join(kind.rpartition("/")[2].rpartition(".")[2] for kind in limits.kinds)
    told = [
        f"{limits.most} a message",
        "" if limits.size is None else f"{limits.size:,} bytes",
        "" if limits.caption is None else f"caption {limits.caption:,}",
        kinds,
    ]
    return "; ".join(one for one in told if one)


def _window(window: ReplyWindow | None) -> str:
    if window is None:
        return ""
    told = [str(window.free)]
    if window.quota is not None:
        told.append(f"{window.quota} messages")
    if window.fallback is not None:
        told.append(f"then {window.fallback}")
    if window.until is not None:
        told.append(f"until {window.until}")
    return ", ".join(told)


def test_the_table_is_the_data() -> None:
    """Each medium has its row, in the order of the code, and there are no others."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    start = lines.index(HEAD) + 2
    rows = lines[start : lines.index("", start)]
    assert [row(name, medium) for name, medium in MEDIA.items()] == rows


def test_every_source_is_shown() -> None:
    """Word for word, so that a reader knows what was not verified."""
    said = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert [] == [name for name, one in MEDIA.items() if f"`{name}`: {one.source}" not in said]
