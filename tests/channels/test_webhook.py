"""What adapters that are called over HTTP share: signatures, times, secrets, refusals."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.model.refusals import refused as error_of
from tests.model.refusals import untyped
from tongdai import minutes, seconds
from tongdai.channels import Answer, Received, Secret, fresh, matches, refused

TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)


@given(st.lists(TEXTS, max_size=3), st.text(max_size=20))
def test_a_signature_matches_one_of_several_keys(expected: list[str], given: str) -> None:
    """While a key is replaced both count; anything else does not, whatever was sent."""
    assert (given in expected) == matches(expected, given)


@pytest.mark.parametrize(
    ("signed", "is_fresh"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)]
)
def test_what_was_signed_long_ago_is_not_fresh(signed: int, is_fresh: bool) -> None:  # noqa: FBT001
    """Nor what is signed in the future; at the bound it still is."""
    assert is_fresh == fresh(seconds(1_000 + signed), seconds(1_000), minutes(5))


@pytest.mark.parametrize("value", ["hunter2", b"hunter2"], ids=["text", "bytes"])
def test_a_secret_is_shown_nowhere(value: str | bytes) -> None:
    """But to who asks for it."""
    secret = Secret(value)
    assert b"hunter2" == secret.reveal()
    assert "hunter2" not in f"{secret!r} {secret}"
    with pytest.raises(TypeError, match="is not pickled"):
        pickle.dumps(secret)


@pytest.mark.parametrize("value", ["", b"", None, 7], ids=repr)
def test_a_secret_is_something(value: object) -> None:
    """An empty one would sign anything."""
    assert "Secret: expected text or bytes, and some of it" == error_of(
        lambda: Secret(untyped(value))
    )


def test_a_refusal_has_no_events() -> None:
    """It says why, to the provider and to the log."""
    told = refused(401, "the signature does not fit")
    assert (
        Received((), Answer(status=401, body=b"the signature does not fit"), told.refused) == told
    )
    assert "the signature does not fit" == told.refused
