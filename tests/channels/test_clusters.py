"""What people see as one character is kept together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongdai.channels.clusters import joined


def clusters(text: str) -> list[str]:
    """Return a text in its clusters."""
    found: list[str] = []
    for at, character in enumerate(text):
        if at and joined(text, at):
            found[-1] += character
        else:
            found.append(character)
    return found


@pytest.mark.parametrize(
    "cluster",
    [
        "e\u0301",
        "e\u0302\u0301",
        "\r\n",
        "\U0001f44d\U0001f3fd",
        "\u2764\ufe0f",
        "2\ufe0f\u20e3",
        "\U0001f468\u200d\U0001f469\u200d\U0001f467",
        "\U0001f3f3\ufe0f\u200d\U0001f308",
        "\U0001f1fb\U0001f1f3",
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
        "\u1112\u1161\u11ab",
        "\ud55c",
        "\uac00\u11a8",
        "\u0e01\u0e33",
        "\u0915\u094d\u0937",
        "\u0915\u094d\u200d\u0937",
        "\u0600\u0661",
        "\u0ba8\u0bbf",
    ],
)
def test_a_cluster_is_one(cluster: str) -> None:
    """Alone, between letters, and beside itself."""
    assert [cluster] == clusters(cluster)
    assert ["a", cluster] == clusters(f"a{cluster}")
    assert [cluster, cluster] == clusters(cluster * 2)


@pytest.mark.parametrize(
    "parts",
    [
        ["a", "b"],
        ["\n", "\r"],
        ["\n", "\u0301"],
        ["a", "\u00ad", "b"],
        ["\U0001f1fb\U0001f1f3", "\U0001f1fb\U0001f1f3", "\U0001f1fb"],
        ["\U0001f44d", "\U0001f44d"],
        ["a\u200d", " "],
        ["a\u200d", "\n"],
        ["\ud55c", "\ud55c"],
        ["\u11a8", "\u1100"],
        ["\u0e01", "\u0e02"],
    ],
)
def test_what_is_several_is_several(parts: list[str]) -> None:
    """A line's end never has a mark on it, and flags are pairs."""
    assert parts == clusters("".join(parts))


@given(st.text(st.sampled_from("a\u0301\U0001f1fb\u200d\r\n \u1100\u1161"), min_size=1))
def test_a_cluster_does_not_depend_on_what_was_before(text: str) -> None:
    """Looked at from its own beginning it is the same."""
    cuts = [at for at in range(1, len(text)) if not joined(text, at)]
    for start in [0, *cuts]:
        seen = [at for at in range(start + 1, len(text)) if not joined(text, at, start)]
        assert [at for at in cuts if at > start] == seen
