"""What is owed is sent in order, once, not too fast, and not to a channel that is down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, TypeAlias, get_args

import anyio
import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runtime.helpers import Troubled, kept, names, running, until
from tongdai import Accept, Address, Content, Mode, Say, SetPresence, seconds
from tongdai.center import events
from tongdai.center.effects import DisconnectContact, SendMessage
from tongdai.channels import Can, Inbound, Medium, Sent
from tongdai.errors import (
    ChannelFault,
    ConfigurationError,
    FaultKind,
    IllegalInput,
    TongdaiError,
)
from tongdai.journal import MemoryJournal
from tongdai.model.time import Duration, hours, minutes
from tongdai.runtime import DeadLetter, Pace, Runtime, Sending
from tongdai.runtime.backoff import wait_after
from tongdai.runtime.breaker import Breaker
from tongdai.runtime.letters import Letter
from tongdai.runtime.outbox import Outbox
from tongdai.runtime.pace import Bucket
from tongdai.testing import FakeChannel, ManualClock

Outcome: TypeAlias = Literal["ok", "lost", "never"] | FaultKind
"""What becomes of a try: it is sent; the answer is lost; there is no answer; a fault."""
FAULTS: tuple[FaultKind, ...] = get_args(FaultKind)


@attrs.frozen
class Try:
    """A try, as the channel saw it."""

    to: str
    key: str
    began: int
    ended: int
    outcome: Outcome


class Provider:
    """A channel whose tries go as they are told to, and take a while."""

    id = "web"

    def __init__(
        self,
        clock: ManualClock,
        outcomes: Mapping[str, Sequence[Outcome]],
        *,
        keys: bool,
        takes: int = 0,
        told: Duration | None = seconds(7),
    ) -> None:
        can = {Can.TEXT, Can.KEYS} if keys else {Can.TEXT}
        self.medium = Medium(mode=Mode.INTERACTIVE, can=frozenset(can))
        self.tries: list[Try] = []
        self.most = 0
        self._clock = clock
        self._outcomes = outcomes
        self._takes = takes
        self._told = told
        self._under_way: set[str] = set()

    def open(self) -> AbstractAsyncContextManager[AsyncIterator[Inbound]]:
        """Never be opened: only its outbox is looked at."""
        raise NotImplementedError

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Let the next try of a key go as it is told to."""
        assert to.to not in self._under_way, "two at once to one address"
        number = sum(one.key == key for one in self.tries)
        outcomes = self._outcomes.get(key, ())
        outcome: Outcome = outcomes[number] if number < len(outcomes) else "ok"
        place = len(self.tries)
        began = self._clock.now()
        self.tries.append(Try(to.to, key, began, began, outcome))
        self._under_way.add(to.to)
        self.most = max(self.most, len(self._under_way))
        try:
            if self._takes:
                await self._clock.sleep(Duration(self._takes))
            while outcome == "never":
                await anyio.sleep_forever()
        finally:
            self._under_way.discard(to.to)
            self.tries[place] = attrs.evolve(self.tries[place], ended=self._clock.now())
        if outcome == "ok":
            return Sent((f"p-{key}", content.text))
        if outcome == "lost":
            raise ConnectionError("reset")
        raise ChannelFault(outcome, retry_after=self._told if outcome == "throttled" else None)


@attrs.frozen
class Course:
    """How an outbox did: what its channel saw, what it told of each key, and in which order."""

    tries: list[Try]
    told: list[tuple[str, str]]
    most: int


def course(  # noqa: PLR0913 - settings with defaults
    owed: Sequence[tuple[int, str]],
    outcomes: Mapping[str, Sequence[Outcome]],
    sending: Sending,
    *,
    keys: bool = False,
    takes: int = 0,
    backend: str = "asyncio",
    breaks: Sequence[int] = (),
    told_wait: Duration | None = seconds(7),
) -> Course:
    """Owe messages, each after so many microseconds to an address, until all are done with.

    Their keys are `m0`, `m1` ... The connection breaks after each of `breaks` microseconds, and is
    there again at once.
    """
    told: list[tuple[str, str]] = []

    async def sent(letter: Letter, _: Sent) -> None:
        told.append((letter.effect.id, "sent"))

    async def failed(letter: Letter, fault: ChannelFault) -> None:
        told.append((letter.effect.id, fault.kind))

    async def main() -> Course:
        clock = ManualClock()
        channel = Provider(clock, outcomes, keys=keys, takes=takes, told=told_wait)
        outbox = Outbox(channel, clock=clock, limit=1, failed=failed, sent=sent, sending=sending)

        async def connected() -> None:
            for after in breaks:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(outbox.run)
                    await clock.sleep(Duration(after))
                    tasks.cancel_scope.cancel()
            await outbox.run()

        with anyio.fail_after(60):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(clock.run)
                tasks.start_soon(connected)
                for number, (after, to) in enumerate(owed):
                    await clock.sleep(Duration(after))
                    outbox.put(
                        SendMessage("c", Content(str(number)), Address("web", to), id=f"m{number}")
                    )
                await outbox.room()  # until nothing is owed
                tasks.cancel_scope.cancel()
        return Course(channel.tries, told, channel.most)

    return anyio.run(main, backend=backend)


def fate(outcomes: Sequence[Outcome], tries: int, *, keys: bool) -> tuple[int, str]:
    """Return how often a message is tried, and what becomes of it: the rules, word for word."""
    counted = number = 0
    while True:
        outcome: Outcome = outcomes[number] if number < len(outcomes) else "ok"
        number += 1
        if outcome == "ok":
            return number, "sent"
        if outcome == "unauthorised":
            continue
        counted += 1
        kind = "unknown" if outcome in ("lost", "never") else outcome
        again = kind in ("retry", "throttled") or (kind == "unknown" and keys)
        if not again or counted == tries:
            return number, kind


def allowed(tries: Sequence[Try], failures: int, rest: int) -> None:
    """Check the tries of one-at-a-time sending against the breaker's rules, by hand."""
    row = 0
    opened: int | None = None
    for one in tries:
        if opened is not None:
            assert one.began >= opened + rest, f"{one} while the breaker was open"
        bad = one.outcome in ("retry", "unauthorised", "unknown", "lost", "never")
        row = row + 1 if bad else 0
        if bad and (opened is not None or row >= failures or one.outcome == "unauthorised"):
            opened = one.ended
        else:
            opened = None


_ALL: tuple[Outcome, ...] = ("ok", "ok", "lost", "never", *FAULTS)
_OUTCOMES: st.SearchStrategy[Outcome] = st.sampled_from(_ALL)
_AFTER: st.SearchStrategy[int] = st.sampled_from((0, 1, 400_000, 5_000_000))


@st.composite
def cases(
    draw: st.DrawFn,
) -> tuple[list[tuple[int, str]], dict[str, list[Outcome]], Sending, bool, int]:
    """Draw what is owed, how tries go, how to send, whether keys count, how long tries take."""
    owed = draw(
        st.lists(
            st.tuples(_AFTER, st.sampled_from("abc")),
            min_size=1,
            max_size=12,
        )
    )
    outcomes = {f"m{number}": draw(st.lists(_OUTCOMES, max_size=4)) for number in range(len(owed))}
    pace = draw(st.none() | st.builds(Pace, st.sampled_from((0.5, 3, 7.5)), st.integers(1, 4)))
    sending = Sending(
        at_once=draw(st.integers(1, 3)),
        tries=draw(st.integers(1, 4)),
        within=seconds(3),
        pace=pace,
        failures=draw(st.integers(1, 4)),
        rest=seconds(draw(st.sampled_from((1, 20)))),
    )
    return owed, outcomes, sending, draw(st.booleans()), draw(st.sampled_from((0, 600_000)))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@given(case=cases())
def test_what_is_owed_is_sent(
    backend: str,
    case: tuple[list[tuple[int, str]], dict[str, list[Outcome]], Sending, bool, int],
) -> None:
    """Each message has the fate that its outcomes give it, in its order, at the pace."""
    owed, outcomes, sending, keys, takes = case
    seen = course(owed, outcomes, sending, keys=keys, takes=takes, backend=backend)
    fates = {key: fate(outcomes[key], sending.tries, keys=keys) for key in outcomes}
    # Nothing is lost, nothing is told twice, and each is tried as often as the rules say.
    assert sorted(seen.told) == sorted((key, what) for key, (_, what) in fates.items())
    assert {key: sum(one.key == key for one in seen.tries) for key in fates} == {
        key: tries for key, (tries, _) in fates.items()
    }
    # Sent is once, unless the provider tells two with one key apart.
    arrived: dict[str, int] = defaultdict(int)
    for one in seen.tries:
        arrived[one.key] += one.outcome in ("ok", "lost", "never")
    assert keys or all(count <= 1 for count in arrived.values())
    # To one address: in order, each until it is done with.
    for address in "abc":
        order = [key for key in outcomes if owed[int(key[1:])][1] == address]
        tried = list(dict.fromkeys(one.key for one in seen.tries if one.to == address))
        runs = [one.key for one in seen.tries if one.to == address]
        assert tried == order
        assert runs == [key for key in order for _ in range(fates[key][0])]
    assert seen.most <= sending.at_once
    if sending.pace is not None:
        began = [one.began for one in seen.tries]
        for first in range(len(began)):
            for last in range(first, len(began)):
                span = (began[last] - began[first]) / 1e6
                most = sending.pace.burst + span * sending.pace.per_second
                assert last - first + 1 <= most + 1e-9
    if sending.at_once == 1:
        allowed(seen.tries, sending.failures, int(sending.rest))


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@given(
    case=cases(),
    breaks=st.lists(st.sampled_from((1, 300_000, 600_000, 700_000, 4_000_000)), max_size=6),
)
def test_a_connection_that_breaks_loses_and_doubles_nothing(
    backend: str,
    case: tuple[list[tuple[int, str]], dict[str, list[Outcome]], Sending, bool, int],
    breaks: list[int],
) -> None:
    """Wherever it breaks: each message is told of once, in order, and without keys arrives once."""
    owed, outcomes, sending, keys, takes = case
    seen = course(owed, outcomes, sending, keys=keys, takes=takes, backend=backend, breaks=breaks)
    assert sorted(key for key, _ in seen.told) == sorted(outcomes)
    arrived: dict[str, int] = defaultdict(int)
    for one in seen.tries:  # (a try that was broken off may have arrived too)
        arrived[one.key] += one.outcome in ("ok", "lost", "never")
    assert keys or all(count <= 1 for count in arrived.values())
    for address in "abc":
        order = [key for key in outcomes if owed[int(key[1:])][1] == address]
        assert [key for key, _ in seen.told if key in order] == order
        assert list(dict.fromkeys(one.key for one in seen.tries if one.to == address)) == order


def test_one_address_that_waits_holds_up_no_other() -> None:
    """What is tried again later lets the others go on."""
    seen = course([(0, "a"), (0, "a"), (0, "b")], {"m0": ["retry"]}, Sending(at_once=1))
    assert [one.key for one in seen.tries] == ["m0", "m2", "m0", "m1"]


def test_a_provider_that_throttles_is_left_alone_for_as_long_as_it_says() -> None:
    """By everybody: it is the channel that sends too much, whoever is written to."""
    seen = course([(0, "a"), (1, "b")], {"m0": ["throttled"]}, Sending(at_once=1))
    assert [(one.key, one.began) for one in seen.tries] == [
        ("m0", 0),
        ("m1", seconds(7)),
        ("m0", seconds(7)),
    ] or [(one.key, one.began) for one in seen.tries] == [
        ("m0", 0),
        ("m0", seconds(7)),
        ("m1", seconds(7)),
    ]


OWN_WAIT = wait_after("m0", 1, least=Sending().least, most=Sending().most)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (seconds(0), seconds(0)),
        (minutes(59), minutes(59)),
        (hours(1), hours(1)),
        (minutes(61), hours(1)),
        (hours(24), hours(1)),
        (hours(25), OWN_WAIT),
        (seconds(1_790_000_000), OWN_WAIT),
        (seconds(-1), OWN_WAIT),
        (None, OWN_WAIT),
        (3600, OWN_WAIT),
        ("an hour", OWN_WAIT),
    ],
)
def test_a_provider_is_believed_up_to_an_hour(told: Any, expected: Duration) -> None:  # noqa: ANN401 - nonsense too
    """More is cut; what is no wait at all counts as nothing said, and never stops a channel."""
    seen = course([(0, "a")], {"m0": ["throttled"]}, Sending(), told_wait=told)
    assert [0, expected] == [one.began for one in seen.tries]


def test_a_try_without_an_answer_comes_to_an_end() -> None:
    """It may have been sent, so it is not tried again, and the next one is."""
    seen = course([(0, "a"), (0, "a")], {"m0": ["never"]}, Sending(within=seconds(3)))
    assert seen.told == [("m0", "unknown"), ("m1", "sent")]
    assert [(one.began, one.ended) for one in seen.tries] == [(0, seconds(3)), (seconds(3),) * 2]


def test_a_breaker_opens_rests_and_tries_once() -> None:
    """Three addresses fail; one try a rest, until one goes well; then all of them."""
    down: list[Outcome] = ["retry", "retry"]
    outcomes: dict[str, list[Outcome]] = {f"m{number}": down for number in range(3)}
    how = Sending(at_once=3, failures=3, rest=seconds(60), most=seconds(2))
    seen = course([(0, "a"), (0, "b"), (0, "c")], outcomes, how, takes=1)
    began = [one.began // 1_000_000 for one in seen.tries]
    assert began[:7] == [0, 0, 0, 60, 120, 180, 240]
    assert {what for _, what in seen.told} == {"sent"}


def test_a_breaker_by_hand() -> None:
    """Closed, open, half-open, open again, half-open, closed; late news of before says nothing."""
    breaker = Breaker(2, seconds(10))
    states = [breaker.state(0)]
    assert not breaker.begin(0)
    breaker.failed(0, trial=False)
    breaker.failed(0, trial=False)
    states += [breaker.state(0), breaker.state(seconds(10))]
    breaker.succeeded(trial=False)
    assert not breaker.allows(seconds(9))
    assert breaker.begin(seconds(10))
    assert not breaker.allows(seconds(10))
    breaker.failed(seconds(12), trial=True)
    states += [breaker.state(seconds(12)), breaker.state(seconds(22))]
    assert breaker.begin(seconds(22))
    breaker.given_up(trial=True)
    assert breaker.begin(seconds(23))
    breaker.succeeded(trial=True)
    states.append(breaker.state(seconds(23)))
    assert states == ["closed", "open", "half-open", "open", "half-open", "closed"]


@given(st.text(max_size=9), st.integers(1, 9), st.integers(1, 10**7), st.integers(0, 10**9))
def test_a_wait_is_within_its_bounds_and_always_the_same(
    key: str, tries: int, least: int, more: int
) -> None:
    """And no longer than three times the one before."""
    bounds = {"least": Duration(least), "most": Duration(least + more)}
    wait = wait_after(key, tries, **bounds)
    before = wait_after(key, tries - 1, **bounds)
    assert least <= wait <= min(least + more, 3 * max(before, least))
    assert wait == wait_after(key, tries, **bounds)


def test_waits_differ() -> None:
    """Messages that failed together are not tried again together, and later ones wait longer."""
    bounds = {"least": seconds(1), "most": seconds(100)}
    waits = [[wait_after(f"m{n}", tries, **bounds) for n in range(500)] for tries in (1, 2, 3)]
    assert all(len(set(every)) == 500 for every in waits)
    first, second, third = (sum(every) / 500e6 for every in waits)
    assert (1.9 < first < 2.1, 3.1 < second < 3.9, 4.6 < third < 6.4) == (True, True, True)


@given(
    st.sampled_from((0.1, 1, 3, 30, 1_000, 7.3)),
    st.integers(1, 9),
    st.lists(st.integers(0, 3_000_000), max_size=40),
)
def test_a_pace_is_kept_and_used(rate: float, burst: int, waits: list[int]) -> None:
    """Beside a bucket of fractions: never more than it gives, and no later than it gives it."""
    bucket = Bucket(Pace(rate, burst))
    now, tokens = 0, float(burst)
    for wait in waits:
        at = max(now + wait, bucket.ready())
        tokens = min(burst, tokens + (at - now) * rate / 1e6)
        now = at
        assert tokens >= 1 - 1e-6 * max(rate, 1) * (len(waits) + 1)
        if at > now + wait:
            assert tokens <= 1 + rate * (len(waits) + 1) / 1e6
        bucket.take(now)
        tokens -= 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: Sending(at_once=0), r"Sending\.at_once: 0 is not a whole number"),
        (lambda: Sending(tries=0), r"Sending\.tries"),
        (lambda: Sending(least=seconds(0)), r"Sending\.least: 0 is too short"),
        (lambda: Sending(most=seconds(0.5)), r"Sending\.most: .* is shorter than"),
        (lambda: Sending(rest=5), r"Sending\.rest"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        (lambda: Sending(pace=3), r"Sending\.pace: 3 is not a Pace"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        (lambda: Pace(0), r"Pace\.per_second: 0 is not a number above 0"),
        (lambda: Pace(float("nan")), r"Pace\.per_second"),
        (lambda: Pace(1, 0), r"Pace\.burst"),
    ],
)
def test_wrong_settings_are_refused(wrong: object, said: str) -> None:
    """Where they are given, by name."""
    assert callable(wrong)
    with pytest.raises(ConfigurationError, match=said):
        wrong()


# --- in a runtime ---------------------------------------------------------------------------------


@pytest.mark.anyio
async def test_what_was_sent_is_in_the_journal() -> None:
    """With the provider's ids, under the key that it was sent with."""
    journal = MemoryJournal()
    async with running(journal=journal, agents=["an"]) as it, it.live.sign_in("an") as me:
        await it.chat.customer("lan").says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            with it.live.events() as seen:
                await talk.say("chào")
                receipt = await until(seen, events.ReceiptReceived)
    [(_, _, key)] = it.chat.sent
    assert (receipt.status, receipt.key, receipt.ids) == ("sent", key, ("web-1",))
    assert receipt in await kept(journal)


@pytest.mark.anyio
async def test_a_dead_letter_is_seen_and_sent_after_all() -> None:
    """With its key; a second death is told again; and nobody's address is in a repr."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        lan = it.chat.customer("lan")
        await lan.says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            with it.live.events() as seen:
                it.chat.fail(ChannelFault("window_closed", "too late", code="24h"))
                await talk.say("một")
                first = await until(seen, events.ReceiptReceived)
                assert (first.status, first.error) == ("failed", "window_closed 24h")
                [letter] = it.live.dead_letters
                assert (letter.kind, letter.code, letter.detail, letter.attempts) == (
                    "window_closed",
                    "24h",
                    "too late",
                    1,
                )
                assert "lan" not in repr(letter)
                assert "một" not in repr(letter)
                it.chat.fail(ChannelFault("blocked"))
                await it.live.redrive(letter.id)
                second = await until(seen, events.ReceiptReceived)
                assert (second.error, it.live.dead_letters[0].round) == ("blocked", 1)
                await it.live.redrive(letter.id)
                assert await lan.hears() == "một"
                third = await until(seen, events.ReceiptReceived)
                assert (third.status, third.key, it.live.dead_letters) == ("sent", letter.id, ())
                assert it.chat.sent[-1][2] == letter.id
            with pytest.raises(IllegalInput, match="there is none with the id"):
                await it.live.redrive(letter.id)


@pytest.mark.anyio
async def test_a_dead_letter_may_be_dropped() -> None:
    """Then it is nowhere but in the journal."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        await it.chat.customer("lan").says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            it.chat.fail(ChannelFault("rejected"))
            with it.live.events() as seen:
                await talk.say("một")
                await until(seen, events.ReceiptReceived)
        [letter] = it.live.dead_letters
        assert it.live.drop(letter.id) is letter
        assert it.live.dead_letters == ()


@pytest.mark.anyio
async def test_while_our_key_is_not_taken_messages_are_kept() -> None:
    """Each rest one is tried; when the key is mended, all are sent, in order."""
    async with running(agents=["an"]) as it, it.live.sign_in("an") as me:
        lan = it.chat.customer("lan")
        await lan.says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            it.chat.fail(*[ChannelFault("unauthorised", "token expired")] * 9)
            await talk.say("một")
            await talk.say("hai")
            for _ in range(9):
                await anyio.wait_all_tasks_blocked()
                it.clock.advance(seconds(30))
            assert [await lan.hears(), await lan.hears()] == ["một", "hai"]
            assert it.live.dead_letters == ()


class Handless(FakeChannel):
    """A channel that has nothing to close, and whose `send` does what it is told to."""

    close = None  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]

    def __init__(self, id: str, do: Callable[[], Awaitable[Sent]]) -> None:
        super().__init__(id)
        self.began = 0
        self._do = do

    async def send(self, to: Address, content: Content, *, key: str) -> Sent:
        """Do what it was told to."""
        assert to.to
        assert content.text
        assert key
        self.began += 1
        return await self._do()


@pytest.mark.anyio
async def test_a_send_that_says_nothing_may_have_sent() -> None:
    """So it is not tried again, and the fault says what the channel does wrong."""

    async def nothing() -> Sent:
        return None  # type: ignore[return-value]  # pyright: ignore[reportReturnType]

    chat = Handless("web", nothing)
    async with running(chat=chat, agents=["an"]) as it, it.live.sign_in("an") as me:
        await chat.customer("lan").says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            await talk.say("một")
            await anyio.wait_all_tasks_blocked()
            [letter] = it.live.dead_letters
            assert (letter.kind, letter.detail) == ("unknown", "send gave NoneType, not Sent")
            assert chat.began == 1


@pytest.mark.anyio
async def test_what_needs_nothing_done_says_nothing_of_the_channel() -> None:
    """Where nobody can be let go, that is no success, and the breaker stays as it is."""

    async def never(*_: object) -> None:
        raise AssertionError

    clock = ManualClock()
    channel = Provider(clock, {}, keys=False)
    outbox = Outbox(channel, clock=clock, limit=1, failed=never, sent=never)
    outbox.put(DisconnectContact("c", "over", Address("web", "a"), id="m0"))
    outbox.close()
    assert outbox.done


@pytest.mark.anyio
async def test_what_is_not_sent_by_the_end_is_a_dead_letter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that hangs may have been sent; one behind it was not; the journal knows of both."""
    monkeypatch.setattr("tongdai.runtime.runner._LAST_WORDS", 0.2)
    journal = MemoryJournal()

    async def hang() -> Sent:
        await anyio.sleep_forever()
        raise AssertionError

    chat = Handless("web", hang)
    async with running(chat=chat, agents=["an"], journal=journal) as it:
        await it.live.handle(SetPresence("an", "available"))
        with it.live.events() as seen:
            await chat.customer("lan").says("xin chào")
            offer = await until(seen, events.ContactOffered)
            await it.live.handle(Accept(offer.offer))
            for text in ("một", "hai"):
                await it.live.handle(Say(offer.offer, Content(text)))
    dead = [(letter.kind, letter.content.text) for letter in it.live.dead_letters]
    assert dead == [("unknown", "một"), ("retry", "hai")]
    assert len(it.live.faults) == 2
    receipts = [e for e in await kept(journal) if isinstance(e, events.ReceiptReceived)]
    assert [(one.status, one.error) for one in receipts] == [
        ("failed", "unknown"),
        ("failed", "retry"),
    ]


@pytest.mark.anyio
async def test_what_became_of_a_message_is_kept_when_the_journal_is_back() -> None:
    """One append that fails does not lose it."""
    journal = Troubled()
    async with (
        running(agents=["an"], journal=journal) as it,
        it.live.sign_in("an") as me,
    ):
        await it.chat.customer("lan").says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            it.chat.pause()
            await talk.say("một")
            journal.errors = [OSError("gone")]
            it.chat.resume()
            await anyio.wait_all_tasks_blocked()
            it.clock.advance(seconds(1))
            await anyio.wait_all_tasks_blocked()
            assert "ReceiptReceived" in await names(journal)
    assert [text for _, text, _ in it.chat.sent] == ["một"]


@pytest.mark.anyio
async def test_many_parts_are_told_as_far_as_the_journal_takes_them() -> None:
    """The first hundred ids; the message was sent all the same."""

    async def parts() -> Sent:
        return Sent(tuple(map(str, range(150))))

    chat = Handless("web", parts)
    async with running(chat=chat, agents=["an"]) as it, it.live.sign_in("an") as me:
        await chat.customer("lan").says("xin chào")
        async with (await anext(me.offers)).accept() as talk:
            with it.live.events() as seen:
                await talk.say("một")
                receipt = await until(seen, events.ReceiptReceived)
    assert (receipt.status, len(receipt.ids)) == ("sent", 100)


@pytest.mark.anyio
async def test_a_dead_letter_stays_one_when_the_runtime_ends_first() -> None:
    """Whoever would send it after all, and waits for room meanwhile, is told."""
    told: list[str] = []
    dead: list[DeadLetter] = []

    async def redrive(live: Runtime, id: str) -> None:
        with pytest.raises(TongdaiError, match="not running"):
            await live.redrive(id)
        told.append(id)

    async with anyio.create_task_group() as outside, running(agents=["an"], outbox=1) as it:
        async with it.live.sign_in("an") as me:
            await it.chat.customer("lan").says("xin chào")
            async with (await anext(me.offers)).accept() as talk:
                with it.live.events() as seen:
                    it.chat.fail(ChannelFault("blocked"))
                    await talk.say("một")
                    await until(seen, events.ReceiptReceived)
                it.chat.pause()
                await talk.say("hai")
        dead += it.live.dead_letters
        outside.start_soon(redrive, it.live, dead[0].id)
        await anyio.wait_all_tasks_blocked()
        it.chat.resume()
    assert (told, it.live.dead_letters) == ([dead[0].id], tuple(dead))
