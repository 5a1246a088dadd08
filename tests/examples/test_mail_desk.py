"""The mail desk, against itself."""

from __future__ import annotations

import anyio
import mail_desk
import pytest


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
