"""A desk that answers e-mail.

    MAIL_PASSWORD=... python examples/mail_desk.py help@bank.vn --imap IMAP_HOST --smtp SMTP_HOST
    python examples/mail_desk.py --check

It needs the extra `email`. What comes into the mailbox is shown, and what you type is sent; that
takes an account at an IMAP and an SMTP server. With `--check` it takes none, and runs against
itself: the bank and a customer each have a mailbox on this machine, and their mails go over SMTP.
"""

from __future__ import annotations

import argparse
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from importlib.util import find_spec

import anyio

from tongdai import Agent, Center, Mode, PutAgent, Queue
from tongdai.adapters.email import Email, Imap, Receiver, Smtp
from tongdai.channels import Inbound, Message, Secret
from tongdai.journal import MemoryJournal
from tongdai.model.contact import Address, Content
from tongdai.runtime import Desk, Runtime

Answer = Callable[[str, Content], Awaitable[str]]
"""Takes a contact and what its customer wrote; returns what to say, or nothing to end it."""

# One after the other: without the limit ten would be offered at once, nine would expire unseen, and
# An would count as not responding from then on.
AN = Agent("an", limits={Mode.DEFERRED: 1})


async def serve(me: Desk, answer: Answer) -> None:
    """Take each contact, answer each of its mails, and end it when there is no more to say."""
    async for offer in me.offers:
        async with offer.accept() as talk:
            async for heard in talk.messages:
                said = await answer(heard.contact, heard.content)
                if not said:
                    break
                await talk.say(said)
            await talk.end(disposition="answered")


async def run_desk(channel: Email, answer: Answer) -> None:
    """Run a center with one queue and one agent."""
    center = Center([Queue("mail")])
    async with Runtime(center, journal=MemoryJournal(), channels={channel: "mail"}) as live:
        await live.handle(PutAgent(AN))
        async with live.sign_in(AN.id) as me:
            await serve(me, answer)


# --- with a mailbox of yours ----------------------------------------------------------------------


async def at_the_terminal(contact: str, content: Content) -> str:
    """Show a mail, and ask for the answer."""
    print(f"\n--- {contact}: {content.subject}\n{content.text}\n")
    return await anyio.to_thread.run_sync(input, "answer (nothing ends it): ")


def mailbox(address: str, imap: str, smtp: str) -> Email:
    """Return a channel for a mailbox; only mail that comes from now on is read."""
    password = Secret(os.environ["MAIL_PASSWORD"])
    return Email(
        "mail",
        address=address,
        keys=[Secret(os.environ.get("MAIL_KEY", "change me"))],
        inbox=Imap(host=imap, user=address, password=password, first="new"),
        outgoing=Smtp(host=smtp, user=address, password=password),
    )


# --- against itself -------------------------------------------------------------------------------


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def on_this_machine(id: str, address: str, *, port: int, to: int) -> Email:
    """Return a channel that is handed its mails at one port, and hands in its own at another."""
    return Email(
        id,
        address=address,
        keys=[Secret(f"the key of {id}")],
        inbox=Receiver(port=port),
        outgoing=Smtp(host="127.0.0.1", port=to, security="plain"),
    )


async def customer(mails: Email, incoming: AsyncIterator[Inbound]) -> None:
    """Write to the bank, read the answer, and thank for it."""
    words = Content("My card is blocked. What now?", subject="Card 0311")
    await mails.send(Address(mails.id, "help@bank.vn"), words, key="first")
    answer = await anext(incoming)
    if isinstance(answer, Message):
        print(f"Lan reads   {answer.content.subject!r}: {answer.content.text}")
        await mails.send(answer.address, Content("Thank you, it works again."), key="second")


async def check() -> None:
    """Let a customer and the desk write to each other."""
    at_bank, at_home = free_port(), free_port()
    bank = on_this_machine("mail", "help@bank.vn", port=at_bank, to=at_home)
    lan = on_this_machine("lan", "lan@x.vn", port=at_home, to=at_bank)

    async with anyio.create_task_group() as tasks, lan.open() as incoming:

        async def answer(contact: str, content: Content) -> str:
            print(f"An reads    {content.subject!r} as {contact}: {content.text}")
            if content.text.startswith("Thank"):
                tasks.cancel_scope.cancel()
                return ""
            return "I have opened it for you."

        tasks.start_soon(run_desk, bank, answer)
        while not bank.port:  # noqa: ASYNC110 - until it listens
            await anyio.sleep(0.01)
        await customer(lan, incoming)
        await anyio.sleep_forever()
    print("One contact, three mails, and both sides are closed.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="A desk that answers e-mail.")
    parser.add_argument("address", nargs="?", help="where customers write to")
    parser.add_argument("--imap", help="the server on which the mailbox is")
    parser.add_argument("--smtp", help="the server at which mails are handed in")
    parser.add_argument("--check", action="store_true", help="run against itself, and end")
    parser.add_argument("--backend", choices=["asyncio", "trio"], default="asyncio")
    given = parser.parse_args()
    if not find_spec(given.backend):
        parser.exit(1, "mail_desk.py: trio is missing; python -m pip install trio\n")
    if given.check:
        anyio.run(check, backend=given.backend)
    elif given.address and given.imap and given.smtp:
        mine = mailbox(given.address, given.imap, given.smtp)
        anyio.run(partial(run_desk, mine, at_the_terminal), backend=given.backend)
    else:
        parser.error("give an address with --imap and --smtp, or --check")
