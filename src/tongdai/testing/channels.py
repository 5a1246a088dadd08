"""What every channel does, as checks for one of your own.

Rule: a check says what a channel promises (see `tongdai.runtime.Channel`) and how this one broke
it. It sees the channel from both ends: as the runtime does, and as the provider, who is played by a
`Provider` that the channel's author writes. What a provider cannot play is not checked, and the
report says so. Whether a channel declares something decides what is asked of it: what it declares
is tried, and what it does not declare has to be said in a poorer way.
"""

from __future__ import annotations

import logging
import random
import threading
import traceback
from typing import Final, get_args

import anyio
import anyio.lowlevel
import attrs
from msgspec.structs import replace

from tongdai.channels import (
    Activity,
    Can,
    Message,
    Receipt,
    Revised,
    Typing,
)
from tongdai.channels.receipts import Receipts
from tongdai.channels.sizes import size
from tongdai.errors import ChannelFault, FaultKind
from tongdai.model.contact import Address, Attachment, Button, Content, Template
from tongdai.model.ids import check_id
from tongdai.runtime.ports import Shows
from tongdai.testing.provider import (
    PATIENCE,
    AnyProvider,
    Check,
    Factory,
    Provider,
    Reader,
    Shown,
    reading,
    same,
    send,
    talking,
    true,
    unkept,
    until_broken,
)
from tongdai.testing.webhooks import (
    answer_of,
    answers_challenges,
    changed,
    reads_a_request_the_same_each_time,
    refuses_what_was_changed,
    survives_any_request,
    webhook_of,
)

__all__ = ["CHECKS", "Checked", "Provider", "Shown", "check_channel"]

_EVERYWHERE: Final = frozenset(
    ["phone", "email", "name", "birth_date", "address", "city", "postcode", "region", "language"]
)
"""Schemes of claims that mean the same wherever they come from; all others need a scope."""


@attrs.frozen
class Checked:
    """What was checked.

    Attributes:
        done: the checks that were tried, by name.
        left_out: those that were not, with the reason.
    """

    done: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Give a line for each."""
        lines = [f"kept      {name.replace('_', ' ')}" for name in self.done]
        lines += [f"not tried {name.replace('_', ' ')}: {why}" for name, why in self.left_out]
        return "\n".join(lines)


async def check_channel(factory: Factory) -> Checked:
    """State that a channel does what the runtime relies on; run it on both event loops.

    Args:
        factory: called once for each check.

    Returns:
        What was tried, and what was not and why.

    Raises:
        AssertionError: it does not; the text is `broken:` and what was promised.
    """
    done: list[str] = []
    left_out: list[tuple[str, str]] = []
    for check in CHECKS:
        name = str(getattr(check, "__name__", check))
        why = await _run(check, factory)
        if why:
            left_out.append((name, why))
        else:
            done.append(name)
    return Checked(tuple(done), tuple(left_out))


async def _run(check: Check, factory: Factory) -> str:
    """Run one check; of a group of errors (task groups make them) the broken promise is raised."""
    try:
        async with factory() as provider:
            return await check(provider)
    except BaseExceptionGroup as group:
        promises, _ = group.split(AssertionError)
        first: BaseException | None = promises
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        if first is None:
            raise
        raise first from None


# --- reading --------------------------------------------------------------------------------------


async def reads_what_customers_write(provider: AnyProvider) -> str:
    """Every message once, in order, under a key and at an address of its own."""
    channel = provider.channel
    check_id(channel.id, "Channel.id")
    texts = ["Chào bạn", "thẻ của tôi bị khóa 💳", "line one\nline two"]
    async with reading(provider) as reader:
        await provider.write("lan", texts)
        await provider.write("minh", ["hello"])
        came = [await reader.message() for _ in range(4)]
    where = {message.content.text: message.address for message in came}
    hers = [one.content.text for one in came if one.address == where.get(texts[0])]
    same("a customer's messages come in order", texts, hers)
    same("each customer has an address", 2, len({one.address for one in came}))
    same("an address is on its channel", {channel.id}, {one.address.channel for one in came})
    same("each message has a key of its own", 4, len({one.key for one in came}))
    for message in came:
        true("a key is not empty", bool(message.key))
        true("an instant is a count of microseconds", message.at >= 0)
        true("nobody's message is automatic", not message.automatic)
    return ""


async def takes_a_delivery_once(provider: AnyProvider) -> str:
    """The same bytes have the same keys, so whoever takes each key once takes each message once."""
    async with reading(provider) as reader:
        await provider.write("lan", ["one", "two"])
        for _ in range(2):
            await reader.message()
        if not await provider.again():
            return "the provider delivers nothing again"
        await provider.write("lan", ["three"])
        message = await reader.message()
        same("what is delivered again has the key that it had", "three", message.content.text)
    return ""


async def acknowledges_what_is_taken(provider: AnyProvider) -> str:
    """The provider keeps a message until the next one is asked for, and no longer."""
    async with reading(provider) as reader:
        await provider.write("lan", ["one"])
        await reader.message()
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        held = await provider.held()
        if held is None:
            return "the provider keeps nothing"
        same("what is not taken yet is not acknowledged", 1, held)
        with anyio.move_on_after(PATIENCE):
            await reader.taken(provider)
        same("what is taken is acknowledged", 0, await provider.held())
    return ""


async def goes_on_after_a_cut(provider: AnyProvider) -> str:
    """Opened again, it leaves nothing out and brings nothing under a second key."""
    reader = Reader(provider)
    keys: dict[str, str] = {}
    async with reader.opened():
        await provider.write("lan", ["one", "two"])
        message = await reader.message()
        keys[message.key] = message.content.text
        if not await provider.cut():
            return "the provider has no connection to cut"
        await provider.write("lan", ["three"])
        with anyio.move_on_after(PATIENCE):
            await until_broken(reader, keys, "three")
    async with reader.opened():
        await provider.write("lan", ["four"])
        while "four" not in keys.values():
            message = await reader.message()
            keys.setdefault(message.key, message.content.text)
    same("nothing is lost or doubled by a cut", ["one", "two", "three", "four"], [*keys.values()])
    return ""


async def drops_echoes(provider: AnyProvider) -> str:
    """What we have sent never comes back as something that a customer wrote."""
    async with reading(provider) as reader:
        await provider.write("lan", ["hello"])
        address = (await reader.message()).address
        await send(provider, address, Content("good morning"), "k1")
        if not await provider.echo():
            return "the provider has no echoes"
        await provider.write("lan", ["still here"])
        while True:
            message = await reader.message()
            if not message.automatic:
                break
            same("what comes back is an echo", "echo", message.automatic)
        same("an echo is no message of a customer", "still here", message.content.text)
    return ""


async def takes_what_is_tapped(provider: AnyProvider) -> str:
    """A tap tells the choice's key, its question and its label."""
    if not provider.channel.medium.can & {Can.BUTTONS, Can.LIST}:
        return "the medium has nothing to tap"
    async with reading(provider) as reader:
        await provider.write("lan", ["hello"])
        address = (await reader.message()).address
        buttons = (Button("lock", "Khóa thẻ"), Button("open", "Mở thẻ"))
        await send(provider, address, Content("Chọn một", buttons=buttons, question="q1"), "k1")
        if not await provider.tap("Mở thẻ"):
            return "the provider taps nothing"
        message = await reader.message()
    same("a tap tells the key of its choice", "open", message.choice)
    same("a tap tells the question that it answers", "q1", message.question)
    same("a tap says the label of its choice", "Mở thẻ", message.content.text)
    same("a tap comes from whoever was asked", address, message.address)
    return ""


async def hears_typing(provider: AnyProvider) -> str:
    """Who begins to write is typing, at the address that they write from."""
    if Can.TYPING not in provider.channel.medium.can:
        return "the medium has no typing"
    async with reading(provider) as reader:
        await provider.write("lan", ["hello"])
        address = (await reader.message()).address
        if not await provider.typing("lan"):
            return "the provider tells of no typing"
        activity = await reader.wait_for(Activity)
    same("who begins to write is typing", "typing", activity.what)
    same("who is typing is whoever wrote before", address, activity.address)
    return ""


async def tells_what_was_revised(provider: AnyProvider) -> str:
    """A change names the message by its key, and says what stands there now."""
    if Can.REVISIONS not in provider.channel.medium.can:
        return "the medium has no revisions"
    async with reading(provider) as reader:
        await provider.write("lan", ["my crad"])
        message = await reader.message()
        for text in ("my card", None):
            if not await provider.revise(text):
                return "the provider changes nothing"
            revised = await reader.wait_for(Revised)
            same("a change names its message by the key", message.key, revised.message)
            same("a change comes from whoever wrote it", message.address, revised.address)
            now = None if revised.content is None else revised.content.text
            same("a change says what stands there now", text, now)
    return ""


async def survives_any_delivery(provider: AnyProvider) -> str:
    """Whatever is delivered, there is no error but a fault, and what comes after it is read."""
    broken = list(changed(provider.deliveries))
    if not broken:
        return "the provider delivers nothing that could be changed"
    delivered = False
    for _ in range(len(broken) + 1):  # (it may hang up on nonsense, once for each)
        async with reading(provider) as reader:
            if not delivered:
                for data in broken:
                    if not await provider.deliver(data):
                        return "the provider delivers nothing but what is right"
                await provider.write("hoa", ["still here"])
                delivered = True
            while (inbound := await reader.next()) is not None:
                if isinstance(inbound, Message) and inbound.content.text == "still here":
                    return ""
    raise unkept("after nonsense a channel can be opened again, and reads on")


async def scopes_its_claims(provider: AnyProvider) -> str:
    """A platform's id says within what it is unique; nobody is known by a telephone alone."""
    async with reading(provider) as reader:
        await provider.write("lan", ["hello"])
        message = await reader.message()
    for claim in message.claims:
        if claim.scheme not in _EVERYWHERE:
            true(f"a claim of scheme {claim.scheme} has a scope", bool(claim.scope))
    return ""


# --- sending --------------------------------------------------------------------------------------


async def sends_within_its_limit(provider: AnyProvider) -> str:
    """No part is longer than the medium says, in its unit, and no word is lost."""
    medium = provider.channel.medium
    limit = medium.text_limit
    words = [f"chữ{number}🙂" for number in range(max(60, (limit or 0) // 4))]
    for number, text in enumerate((" ".join(words), "x" * (2 * (limit or 50) + 1))):
        async with talking(provider, f"customer{number}") as address:
            before = len(await provider.shown())
            await send(provider, address, Content(text), f"long{number}")
            parts = list(await provider.shown())[before:]
        if limit is not None:
            for part in parts:
                length = size(part.text, medium.unit)
                promise = f"no part is over {limit} {medium.unit} (this one has {length})"
                true(promise, length <= limit)
        got = "".join("".join(part.text.split()) for part in parts)
        same("a text that is cut is all there", "".join(text.split()), got)
    return ""


async def shows_what_it_declares(provider: AnyProvider) -> str:
    """Choices and files as the medium can; where it cannot, they stand in the text."""
    can = provider.channel.medium.can
    labels = ("Khóa thẻ", "Mở thẻ")
    buttons = tuple(Button(str(key), label) for key, label in enumerate(labels, 1))
    many = tuple(Button(f"c{key}", f"Chi nhánh {key}") for key in range(1, 31))
    file = Attachment("application/pdf", "https://files.example.org/f.pdf", "form.pdf", size=900)
    contents = [Content("Chọn một", buttons=buttons), Content("Chọn một", buttons=many)]
    contents.append(Content("the form", attachments=(file,)))
    contents.append(Content("your card", subject="Thẻ ghi nợ"))
    contents.append(Content("your turn", template=Template("turn", "vi")))
    shown: list[list[Shown]] = []
    async with talking(provider, "lan") as address:
        for number, content in enumerate(contents):
            before = len(await provider.shown())
            await send(provider, address, content, f"rich{number}")
            shown.append(list(await provider.shown())[before:])
    for content, parts in zip(contents[:2], shown[:2], strict=True):
        tapped = [choice for part in parts for choice in part.choices]
        text = "\n".join(part.text for part in parts)
        for button in content.buttons:
            true(
                f"the choice {button.label} is there to tap or to read",
                button.label in tapped or button.label in text,
            )
    tapped = [choice for part in shown[0] for choice in part.choices]
    if can & {Can.BUTTONS, Can.LIST}:
        same("a medium with buttons or lists has choices to tap", list(labels), tapped)
    else:
        same("a medium without buttons and lists has none to tap", [], tapped)
    files = [name for part in shown[2] for name in part.files]
    text = "\n".join(part.text for part in shown[2])
    if Can.ATTACHMENTS in can:
        true("a medium with attachments carries files", bool(files))
    else:
        same("a medium without attachments carries none", [], files)
        true("a file that is not carried is named in the text", file.url in text)
    _shows_lines(can, *shown[3:])
    return ""


def _shows_lines(can: frozenset[Can], about: list[Shown], approved: list[Shown]) -> None:
    """Look at a message with a subject, and at one that is an approved message."""
    subjects = "\n".join(part.subject for part in about)
    text = "\n".join(part.text for part in about)
    if Can.SUBJECT in can:
        true("a medium with subjects shows them", "Thẻ ghi nợ" in subjects)
        true("a subject that is shown is not in the text as well", "Thẻ ghi nợ" not in text)
    else:
        true("a subject that is not shown is in the text", "Thẻ ghi nợ" in text)
    templates = [part.template for part in approved if part.template]
    if Can.TEMPLATES in can:
        same("a medium with templates shows them", ["turn"], templates)
    else:
        same("a medium without templates shows none", [], templates)
        true(
            "what has no template is said in words",
            any("your turn" in part.text for part in approved),
        )


async def shows_signs_quietly(provider: AnyProvider) -> str:
    """A sign is shown or not; it never is an error."""
    channel = provider.channel
    if not isinstance(channel, Shows):
        if Can.TYPING in channel.medium.can:
            raise unkept("a medium that can show typing has show(to, sign)")
        return "the channel shows no signs"
    async with talking(provider, "lan") as address:
        await channel.show(address, Typing())
        await channel.show(Address(address.channel, "nobody-is-here"), Typing())
    return ""


async def sends_once_for_a_key(provider: AnyProvider) -> str:
    """Where the medium honours keys, a second send of one key shows nothing more."""
    if Can.KEYS not in provider.channel.medium.can:
        return "the medium honours no keys"
    async with talking(provider, "lan") as address:
        before = len(await provider.shown())
        first = await send(provider, address, Content("once"), "same-key")
        second = await send(provider, address, Content("once"), "same-key")
        same("one key is sent once", 1, len(await provider.shown()) - before)
    same("both times the ids are the same", first.ids, second.ids)
    return ""


async def tells_receipts_that_fit(provider: AnyProvider) -> str:
    """A receipt names what `send` gave, or an instant; however shuffled, a message ends as read."""
    if Can.RECEIPTS not in provider.channel.medium.can:
        return "the medium has no receipts"
    async with reading(provider) as reader:
        await provider.write("lan", ["hello"])
        address = (await reader.message()).address
        sent = await send(provider, address, Content("good morning"), "k1")
        true("a message that was sent has an id", bool(sent.ids) and all(sent.ids))
        told = ["delivered", "read", "delivered", "read"]
        random.Random(1).shuffle(told)  # noqa: S311 - an order, no secret
        for status in told:
            if not await provider.tell(status):
                return "the provider tells no receipts"
        receipts: list[Receipt] = []
        await provider.write("lan", ["thanks"])
        while not isinstance(inbound := await reader.inbound(), Message):
            if isinstance(inbound, Receipt):
                receipts.append(inbound)
    true("receipts that are told come in", bool(receipts))
    for order in (receipts, receipts[::-1]):
        ladder = Receipts()
        ladder.sent(sent.ids[0], 0, address)
        for receipt in order:
            ladder.note(receipt)
        same("in any order a message that was read is read", "read", ladder.status(sent.ids[0]))
    return ""


async def maps_errors_to_faults(provider: AnyProvider) -> str:
    """Each kind of error is a `ChannelFault` of that kind, and the next message passes."""
    tried = 0
    async with talking(provider, "lan") as address:
        for kind in get_args(FaultKind):
            if not await provider.fail(kind):
                continue
            tried += 1
            try:
                await provider.channel.send(address, Content(f"fails: {kind}"), key=f"f-{kind}")
            except ChannelFault as fault:
                same(f"an error that is {kind} is told so", kind, fault.kind)
            except Exception as error:
                raise unkept(
                    f"an error of the provider is a ChannelFault; got {type(error).__name__}"
                ) from error
            else:
                raise unkept(f"an error that is {kind} is raised")
            await send(provider, address, Content("after"), f"after-{kind}")
    return "" if tried else "the provider makes no errors"


async def lets_go_when_cancelled(provider: AnyProvider) -> str:
    """Cancelled while it reads or sends, it leaves no thread behind and can be opened again."""
    threads = threading.active_count()
    reader = Reader(provider)
    with anyio.move_on_after(PATIENCE) as scope:
        async with reader.opened(), anyio.create_task_group() as tasks:
            tasks.start_soon(reader.inbound)
            for _ in range(20):
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
    true("reading ends when it is cancelled", not scope.cancel_called)
    async with talking(provider, "hoa") as address:
        if await provider.stall():
            with anyio.move_on_after(PATIENCE) as patience:
                with anyio.move_on_after(0.05):
                    await provider.channel.send(address, Content("stalls"), key="stalls")
            true("sending ends when it is cancelled", not patience.cancel_called)
    with anyio.move_on_after(PATIENCE):
        while threading.active_count() > threads + 1:  # noqa: ASYNC110 - a thread has no event to wait for
            await anyio.sleep(0.01)
    # (one worker thread may wait for more work; it is anyio's)
    true("no thread is left behind", threading.active_count() <= threads + 1)
    async with talking(provider, "huy") as address:
        await send(provider, address, Content("still here"), "after")
    return ""


async def keeps_its_secrets(provider: AnyProvider) -> str:
    """No repr, no log and no error shows a secret, nor what a customer wrote."""
    if not provider.secrets:
        return "there are no secrets"
    told: list[str] = []
    handler = _Listener(told)
    logger = logging.getLogger()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    try:
        async with reading(provider) as reader:
            await provider.write("lan", ["my card is 4111"])
            message = await reader.message()
            told += [repr(message), str(message), repr(provider.channel), str(provider.channel)]
            for kind in get_args(FaultKind):
                if await provider.fail(kind):
                    try:
                        await provider.channel.send(message.address, Content("x"), key=f"s-{kind}")
                    except ChannelFault as fault:
                        told += ["".join(traceback.format_exception(fault)), repr(fault)]
        for request in provider.requests:
            if (webhook := webhook_of(provider)) is not None:
                told += [repr(request), repr(answer_of(webhook, request))]
                broken = replace(request, body=request.body[:-1] + b"?")
                told.append(repr(answer_of(webhook, broken)))
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
    for secret in provider.secrets:
        for text in told:
            true("a secret is in no repr, log or error", secret not in text)
    for text in told:
        true("what a customer wrote is in no repr, log or error", "4111" not in text)
    return ""


class _Listener(logging.Handler):
    def __init__(self, told: list[str]) -> None:
        super().__init__(logging.DEBUG)
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        self._told.append(self.format(record))


CHECKS: Final[tuple[Check, ...]] = (
    reads_what_customers_write,
    takes_a_delivery_once,
    acknowledges_what_is_taken,
    goes_on_after_a_cut,
    drops_echoes,
    takes_what_is_tapped,
    hears_typing,
    tells_what_was_revised,
    survives_any_delivery,
    scopes_its_claims,
    sends_within_its_limit,
    shows_what_it_declares,
    shows_signs_quietly,
    sends_once_for_a_key,
    tells_receipts_that_fit,
    maps_errors_to_faults,
    lets_go_when_cancelled,
    keeps_its_secrets,
    reads_a_request_the_same_each_time,
    refuses_what_was_changed,
    survives_any_request,
    answers_challenges,
)
"""All of them; each can be run alone, with a provider of its own."""
