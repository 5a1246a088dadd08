"""The mail desk, against itself."""

from __future__ import annotations

import anyio
import mail_desk
import pytest

from tongdai import Center, PutAgent, Queue, hours
from tongdai.channels.media import EMAIL
from tongdai.journal import MemoryJournal
from tongdai.model.contact import Content
from tongdai.runtime import Runtime
from tongdai.testing import FakeChannel, ManualClock


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_customer_is_answered_and_thanks(
    backend: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Three mails over SMTP, one contact."""

    async def main() -> None:
        with anyio.fail_after(20):
            await mail_desk.check()

    anyio.run(main, backend=backend)
    assert capsys.readouterr().out.splitlines() == [
        "An reads    'Card 0311' as mail-1: My card is blocked. What now?",
        "Lan reads   'Re: Card 0311': I have opened it for you.",
        "An reads    'Re: Card 0311' as mail-1: Thank you, it works again.",
        "One contact, three mails, and both sides are closed.",
    ]


def test_who_answers_one_after_the_other_is_offered_one_after_the_other() -> None:
    """However long an answer takes, no offer expires meanwhile, and everybody gets theirs."""
    mails, clock = FakeChannel("mail", medium=EMAIL), ManualClock()
    names = ["lan", "minh", "hoa"]
    heard: list[str] = []

    async def answer(_: str, content: Content) -> str:
        await clock.sleep(hours(1))
        return f"yes, {content.text}" if content.text else ""

    async def an(live: Runtime) -> None:
        async with live.sign_in("an") as me:
            await mail_desk.serve(me, answer)

    async def main() -> None:
        center, journal = Center([Queue("mail")]), MemoryJournal()
        async with Runtime(center, journal=journal, channels={mails: "mail"}, clock=clock) as live:
            await live.handle(PutAgent(mail_desk.AN))
            with anyio.fail_after(20):
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(clock.run)
                    for name in names:
                        await mails.customer(name).says(f"this is {name}")
                    tasks.start_soon(an, live)
                    for name in names:
                        heard.append(await mails.customer(name).hears())
                        await mails.customer(name).says("")
                    tasks.cancel_scope.cancel()

    anyio.run(main)
    assert heard == [f"yes, this is {name}" for name in names]
