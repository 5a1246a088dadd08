"""The caps of a web chat, as they are set."""

from __future__ import annotations

from tests.model.refusals import refused, untyped
from tongdai.adapters.webchat import Limits


def test_the_kinds_of_files_are_a_list_or_a_tuple() -> None:
    """Type checkers let both in."""
    given = Limits(kinds=("image/png", "image/webp"))
    assert given == Limits(kinds=["image/png", "image/webp"])
    assert ("image/png", "image/webp") == given.kinds


def test_one_kind_alone_is_no_list() -> None:
    """Its letters would have been taken for kinds, and no file at all."""
    expected = "Limits.kinds: str is neither a list nor a tuple; give a list of str"
    assert expected == refused(
        lambda: Limits(kinds="image/png")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    )
    assert "Limits.kinds[0]: int is not text; give a str" == refused(
        lambda: Limits(kinds=[untyped(5)])
    )
