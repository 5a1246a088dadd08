"""Deliveries twice and late come to the same; `python -m tests.deliveries` takes 100,000."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest

from tests import deliveries
from tests.adapters.zalo.settings import account, signed
from tongdai.channels import Message

pytestmark = pytest.mark.anyio

NUMBER = 100_000 if os.environ.get("HYPOTHESIS_PROFILE") == "nightly" else 2_000


async def test_deliveries_twice_and_late_come_to_the_same(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Contacts, messages, receipts and windows are those of the clean run."""
    assert "" == await deliveries.compare(NUMBER, seed=1)
    assert f"{NUMBER:,} deliveries" in capsys.readouterr().out


def test_three_of_ten_come_again_and_three_of_ten_late() -> None:
    """What is delivered is what the run claims."""
    told = [str(number).encode() for number in range(7_000)]
    came = [int(each) for each in deliveries.delivered(told, 1)]
    assert (10_000, 7_000) == (len(came), len(set(came)))
    before = sum(1 for one, other in pairwise(came) if other < one)
    assert before > 1_500


async def test_a_channel_that_tells_messages_apart_by_chance_is_noticed() -> None:
    """The comparison finds what it is there for: a repetition under another key, a lost message."""
    of, first, rest = deliveries.story(300, 1)
    clean = await deliveries.run(of, [*first, *rest])
    lost = await deliveries.run(of, [*first, *rest[1:]])
    assert clean != lost
    [message] = account(of).receive(signed(of, first[0])).events
    assert isinstance(message, Message)
    again = first[0].replace(message.key.encode(), b"another")
    assert clean.messages != (await deliveries.run(of, [*first, again, *rest])).messages
