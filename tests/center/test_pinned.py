"""What once went wrong, each as a short story that must end well for ever."""

from __future__ import annotations

from typing import Any, cast

import pytest

from tongdai import (
    Abandon,
    Accept,
    Address,
    Agent,
    Arrive,
    Center,
    Claim,
    Contact,
    Content,
    Decline,
    Duration,
    End,
    IllegalInput,
    Mode,
    Plan,
    PutAgent,
    PutQueue,
    Queue,
    Receive,
    RemoveAgent,
    RemoveQueue,
    SetPresence,
    Step,
    Tick,
    minutes,
    seconds,
)
from tongdai.center import events, inputs
from tongdai.center.inputs import FailConnect, LoseAgent
from tongdai.center.transcript import line
from tongdai.channels import Message
from tongdai.model import codec
from tongdai.model.mode import MODES, ModeSettings
from tongdai.routing import broadcast

CHAT = Mode.INTERACTIVE
AN = Agent("an", {"a": 1})
BINH = Agent("binh", {"b": 1})


def tell(center: Center, *asked: tuple[inputs.AnyInput, Duration]) -> list[str]:
    """Ask one input after the other, and return what the last one brought, in words."""
    told: list[str] = []
    for one, at in asked:
        told = [line(event) for event in center.handle(one, at).events]
    return told


def test_expiry_takes_back_the_other_offers() -> None:
    """An agent let one of two offers expire; the other stayed out."""
    center = Center([Queue("q"), Queue("slow", offer=minutes(2))])
    told = tell(
        center,
        (PutAgent(AN, available=True), seconds(0)),
        (Arrive(Contact("c1", mode=CHAT), "q"), seconds(0)),
        (Arrive(Contact("c2", mode=CHAT), "slow"), seconds(0)),
        (Tick(), seconds(20)),
    )
    assert told == [
        "OfferExpired c1 an c1/1",
        "OfferRescinded c2 an c2/1 agent not_responding",
    ]


def test_a_queue_is_removed_while_a_contact_of_a_late_step_is_on_offer() -> None:
    """The contact's step was looked up in the new queue's plan, which had none of that number."""
    center = Center([Queue("q", Plan("a", Step(seconds(5), "b", priority=3))), Queue("rest", "b")])
    told = tell(
        center,
        (PutAgent(BINH, available=True), seconds(0)),
        (Arrive(Contact("c1"), "q"), seconds(0)),
        (Tick(), seconds(5)),
        (RemoveQueue("q", "rest"), seconds(6)),
        (Decline("c1/1"), seconds(7)),
    )
    assert told == ["OfferDeclined c1 binh c1/1 cools off until 12 s"]


def test_looking_at_the_clock_does_not_change_who_is_first() -> None:
    """A timer that had died came back to life, unless somebody had looked meanwhile."""

    def day(*, looked: bool) -> list[str]:
        center = Center([Queue("q", "a", patience=seconds(30))])
        tell(
            center,
            (PutAgent(AN, available=True), seconds(0)),
            (Arrive(Contact("c1"), "q"), seconds(0)),
            (Arrive(Contact("c2"), "q"), seconds(0)),
        )
        assert looked is False or center.next_deadline() == seconds(20)
        return tell(center, (inputs.SetPresence("an", "away"), seconds(10)), (Tick(), seconds(60)))

    assert day(looked=False) == day(looked=True)


def test_equal_states_have_equal_snapshots() -> None:
    """An agent's skills came back from the journal in another order, and the snapshot told so."""
    center, again = Center(), Center()
    agent = Agent("an", {"vi": 5, "cards": 3})
    [event] = center.handle(PutAgent(agent), seconds(0)).events
    again.apply(codec.decode(codec.encode(event), events.AnyEvent))
    assert center.snapshot() == again.snapshot()


def test_personal_data_is_part_of_the_state() -> None:
    """The snapshot showed masks where two states differed in personal data only."""
    centers = [Center([Queue("q")]), Center([Queue("q")])]
    for center, phone in zip(centers, ("0901", "0902"), strict=True):
        contact = Contact("c1", claims=(Claim("phone", phone),))
        center.handle(Arrive(contact, "q"), seconds(0))
    one, other = centers
    assert one.snapshot() != other.snapshot()


def test_what_an_input_lets_fall_due_happens_at_once() -> None:
    """A contact came back after its patience was over, and left only when somebody called again."""
    center = Center([Queue("q", patience=seconds(10))])
    told = tell(
        center,
        (PutAgent(AN, available=True), seconds(0)),
        (Arrive(Contact("c1"), "q"), seconds(0)),
        (Decline("c1/1"), seconds(15)),
    )
    assert told == ["OfferDeclined c1 an c1/1 cools off until 20 s", "ContactEnded c1 patience"]


def test_nothing_is_dated_into_the_past_after_a_replay() -> None:
    """A center that had only applied events let what was overdue happen before its last event."""
    center = Center([Queue("q", patience=seconds(10))])
    for event in (
        events.AgentPut("an", AN, available=True),
        events.ContactQueued("c1", "q", Contact("c1")),
        events.ContactOffered("c1", "an", "c1/1", until=seconds(20)),
        events.OfferDeclined("c1", "an", "c1/1", until=seconds(45), at=seconds(15)),
    ):
        center.apply(event)
    [ended] = center.handle(Tick(), seconds(16)).events
    assert (type(ended), ended.at) == (events.ContactEnded, seconds(15))


def test_the_older_contact_at_an_address_is_found_again() -> None:
    """Of two contacts at one address, the older got no messages when the newer had ended."""
    lan = Address("web", "lan")
    message = Message(key="m1", at=0, address=lan, content=Content("hello?"))
    told = tell(
        Center([Queue("q")]),
        (Arrive(Contact("c1", mode=CHAT, address=lan), "q"), seconds(0)),
        (Arrive(Contact("c2", mode=CHAT, address=lan), "q"), seconds(1)),
        (Abandon("c2"), seconds(2)),
        (Receive(message, "q"), seconds(3)),
    )
    assert told == ["MessageReceived c1"]


def test_protection_covers_work_of_a_kind_that_comes_later() -> None:
    """The first chat ever found an agent free who was kept for a call that had waited long."""
    center = Center([Queue("calls"), Queue("chats")])
    two_calls = Agent("an", capacity=200)
    told = tell(
        center,
        (PutAgent(two_calls, available=True), seconds(0)),
        (Arrive(Contact("c1"), "calls"), seconds(0)),
        (Accept("c1/1"), seconds(0)),
        (Arrive(Contact("c2"), "calls"), seconds(0)),  # an has one call at a time
        (Arrive(Contact("c3", mode=CHAT), "chats"), minutes(2)),
    )
    assert told == ["ContactProtected c2", "ContactQueued c3 chats"]


def test_a_cool_off_is_long_when_somebody_fits_by_now() -> None:
    """A step passed during the offer was not seen, so that nobody else seemed to fit."""
    center = Center([Queue("q", Plan("a", Step(seconds(10), "")))])
    told = tell(
        center,
        (PutAgent(AN, available=True), seconds(0)),
        (PutAgent(BINH, available=True), seconds(0)),
        (Arrive(Contact("c1"), "q"), seconds(0)),
        (Decline("c1/1"), seconds(15)),
    )
    assert told[0] == "OfferDeclined c1 an c1/1 cools off until 45 s"


def test_who_fits_without_the_preferred_agent_counts() -> None:
    """Where the preferred agent declined, only who fits the held step counted as somebody else."""
    center = Center([Queue("q", Plan("a, first an", Step(minutes(1), "")))])
    told = tell(
        center,
        (PutAgent(AN, available=True), seconds(0)),
        (PutAgent(BINH, available=True), seconds(0)),
        (Arrive(Contact("c1"), "q"), seconds(0)),
        (Decline("c1/1"), seconds(1)),
    )
    assert told == [
        "OfferDeclined c1 an c1/1 cools off until 31 s",
        "ContactOffered c1 binh c1/2 until 21 s (longest idle, 1 s)",
    ]


def test_a_contacts_own_wish_does_not_skip_its_plan() -> None:
    """A preferred agent who was away let the plan's last step count at once."""
    center = Center([Queue("q", Plan("a", Step(minutes(1), "")))])
    told = tell(
        center,
        (PutAgent(AN), seconds(0)),
        (PutAgent(BINH, available=True), seconds(0)),
        (Arrive(Contact("c1", "first an"), "q"), seconds(0)),
    )
    assert told == ["ContactQueued c1 q"]


def test_an_offer_by_a_later_step_outlives_a_change_of_its_agent() -> None:
    """An agent was offered what the preferred one could not have; any change took it back."""
    center = Center([Queue("q", Plan("a, first an", Step(minutes(1), "b")))])
    told = tell(
        center,
        (PutAgent(BINH, available=True), seconds(0)),
        (Arrive(Contact("c1"), "q"), seconds(0)),
        (PutAgent(Agent("binh", {"b": 2})), seconds(1)),
    )
    assert told == ["AgentPut binh"]


def test_no_cool_off_outlives_its_contact() -> None:
    """The cool-off of a contact that was gone fell due, and nobody knew the contact."""
    center = Center([Queue("q")])
    told = tell(
        center,
        (PutAgent(AN, available=True), seconds(0)),
        (Arrive(Contact("c1"), "q"), seconds(0)),
        (Decline("c1/1"), seconds(1)),
        (Abandon("c1"), seconds(2)),
        (Tick(), minutes(5)),
    )
    assert told == []


def test_a_round_wider_than_what_is_remembered_can_fail() -> None:
    """A wide round's siblings pushed the accepted offer out; a failed connect missed it."""
    center = Center([Queue("q", strategy="wide")], strategies={"wide": broadcast(20)})
    for number in range(20):
        center.handle(PutAgent(Agent(f"a{number:02}"), available=True), seconds(0))
    told = tell(
        center,
        (Arrive(Contact("c1"), "q"), seconds(1)),
        (Accept("c1/1"), seconds(2)),
        (inputs.FailConnect("c1/1"), seconds(3)),
    )
    assert told[0] == "InteractionFailed c1 a00 c1/1 could not connect"


def test_long_waiting_calls_are_protected() -> None:
    """Protecting a contact took back the guard that it had just set: calls starved beside chat."""
    told = tell(
        Center([Queue("calls"), Queue("chats")]),
        (PutAgent(AN, available=True), seconds(0)),
        (Arrive(Contact("c1", mode=CHAT), "chats"), seconds(0)),
        (Accept("c1/1"), seconds(0)),
        (Arrive(Contact("c2"), "calls"), seconds(0)),
        (Arrive(Contact("c3", mode=CHAT), "chats"), minutes(2)),
    )
    assert told == ["ContactProtected c2", "ContactQueued c3 chats"]


def test_who_could_never_take_a_call_is_not_kept_for_it() -> None:
    """An agent who has no room for any call took no chats while one waited."""
    told = tell(
        Center([Queue("calls"), Queue("chats")]),
        (PutAgent(Agent("an", capacity=50), available=True), seconds(0)),
        (Arrive(Contact("c1"), "calls"), seconds(0)),
        (Arrive(Contact("c2", mode=CHAT), "chats"), minutes(2)),
    )
    assert told[-1] == "ContactOffered c2 an c2/1 until 140 s (longest idle, 2 min)"


def test_equally_idle_agents_go_by_id() -> None:
    """Among agents idle for equally long, who was put first went first, and not the least id."""
    told = tell(
        Center([Queue("q")]),
        (PutAgent(BINH, available=True), seconds(0)),
        (PutAgent(AN, available=True), seconds(0)),
        (Arrive(Contact("c1"), "q"), seconds(1)),
    )
    assert told[-1] == "ContactOffered c1 an c1/1 until 21 s (longest idle, 1 s)"


def test_shorter_patience_counts_at_once() -> None:
    """A queue's patience became shorter than somebody's wait; they left at the next call only."""
    told = tell(
        Center([Queue("q")]),
        (Arrive(Contact("c1"), "q"), seconds(0)),
        (PutQueue(Queue("q", patience=seconds(10))), seconds(30)),
    )
    assert told == ["QueuePut q", "ContactEnded c1 patience"]


def test_protection_falls_due_in_the_step_in_which_a_call_returns() -> None:
    """A call came back after its time had passed on offer; a chat slipped in before protection."""
    modes = {Mode.LIVE: ModeSettings(cost=100, exclusive=True, protect=seconds(10))}
    center = Center([Queue("calls"), Queue("chats")], modes={**MODES, **modes})
    told = tell(
        center,
        (PutAgent(AN, available=True), seconds(0)),
        (Arrive(Contact("c1"), "calls"), seconds(0)),
        (Decline("c1/1"), seconds(15)),
    )
    assert told == ["OfferDeclined c1 an c1/1 cools off until 20 s", "ContactProtected c1"]
    assert tell(center, (Tick(), seconds(15))) == []


def test_time_with_an_agent_takes_no_patience() -> None:
    """A call whose agent was lost after a long talk had waited too long the moment it came back."""
    center = Center([Queue("q", patience=minutes(1))])
    told = tell(
        center,
        (PutAgent(AN, available=True), seconds(0)),
        (Arrive(Contact("c1"), "q"), seconds(0)),
        (Accept("c1/1"), seconds(10)),
        (FailConnect("c1/1"), minutes(10)),
    )
    assert told == ["InteractionFailed c1 an c1/1 could not connect", "ContactProtected c1"]
    assert tell(center, (SetPresence("an", "away"), minutes(10)))[-1] == "PresenceChanged an away"
    assert center.next_deadline() == minutes(10) + seconds(5)
    assert tell(center, (Tick(), minutes(11))) == ["CoolOffEnded c1 an", "ContactEnded c1 patience"]


def test_kept_agents_are_let_go_lane_by_lane() -> None:
    """Two calls kept an agent; when the one left, the agent was still kept for the other."""
    center = Center([Queue("calls"), Queue("chats")])
    told = tell(
        center,
        (PutAgent(Agent("an", {"a": 1, "b": 1}), available=True), seconds(0)),
        (Arrive(Contact("c1", mode=CHAT), "chats"), seconds(0)),
        (Accept("c1/1"), seconds(0)),
        (Arrive(Contact("c2", "a"), "calls"), seconds(0)),
        (Arrive(Contact("c3", "b"), "calls"), seconds(0)),
        (Arrive(Contact("c4", mode=CHAT), "chats"), minutes(2)),
        (Abandon("c2"), minutes(2)),
    )
    assert told == ["ContactAbandoned c2 calls after 120 s"]
    told = tell(center, (Abandon("c3"), minutes(2)))
    assert told[-1] == "ContactOffered c4 an c4/1 until 140 s (longest idle, 2 min)"


def test_an_agent_who_learns_is_kept_for_a_call_that_waits() -> None:
    """Who was found not to fit a guarded call is asked again when their skills change."""
    told = tell(
        Center([Queue("calls"), Queue("chats")]),
        (PutAgent(AN, available=True), seconds(0)),
        (Arrive(Contact("c1", mode=CHAT), "chats"), seconds(0)),
        (Accept("c1/1"), seconds(0)),
        (Arrive(Contact("c2", "b"), "calls"), seconds(0)),
        (SetPresence("an", "away"), minutes(2)),
        (SetPresence("an", "available"), minutes(2)),
        (PutAgent(Agent("an", {"b": 1})), minutes(2)),
        (Arrive(Contact("c3", mode=CHAT), "chats"), minutes(2)),
    )
    assert told == ["ContactQueued c3 chats"]


def test_a_preferred_agent_who_was_removed_and_came_again_is_offered() -> None:
    """The line held for an agent knows the agent who is here now."""
    told = tell(
        Center([Queue("q", Plan("first an", Step(minutes(1), "nobody")))]),
        (PutAgent(AN, available=True), seconds(0)),
        (Arrive(Contact("c1"), "q"), seconds(0)),
        (RemoveAgent("an"), seconds(1)),
        (PutAgent(AN, available=True), seconds(2)),
    )
    assert told == [
        "AgentPut an available",
        "ContactOffered c1 an c1/2 until 22 s (longest idle, 0 s)",
    ]


def test_nobody_is_lost_who_is_back_for_the_same_reason() -> None:
    """An agent came back as away, `lost` by their own word, and was made offline all the same."""
    told = tell(
        Center(),
        (PutAgent(AN, available=True), seconds(0)),
        (LoseAgent("an"), seconds(0)),
        (SetPresence("an", "away", "lost"), seconds(1)),
        (Tick(), minutes(5)),
    )
    assert told == []


def test_a_quiet_hour_is_no_base_for_an_estimate() -> None:
    """Nobody was served for an hour, and the estimate was still that of the hour before."""
    center = Center([Queue("q")])
    center.handle(PutAgent(AN, available=True), seconds(0))
    for number in range(12):
        center.handle(Arrive(Contact(f"c{number:02}"), "q"), seconds(0))
    for number in range(11):
        center.handle(Accept(f"c{number:02}/1"), seconds(10 * number))
        center.handle(End(f"c{number:02}/1", "done"), seconds(10 * number + 10))
    center.handle(Decline("c11/1"), seconds(110))
    estimates = [center.estimate("c11")]
    for later in (minutes(5), minutes(60)):
        center.handle(SetPresence("an", "away"), later)
        estimates.append(center.estimate("c11"))
    assert estimates == [seconds(11), seconds(28), None]


def test_a_replay_forgets_what_is_over() -> None:
    """Nobody asks for deadlines while a journal is replayed, and none of them was ever let go."""
    center, again = Center([Queue("q")]), Center([Queue("q")])
    for event in center.handle(PutAgent(AN, available=True), seconds(0)).events:
        again.apply(event)
    for number in range(3_000):
        id = f"c{number}"
        for asked in (Arrive(Contact(id), "q"), Accept(f"{id}/1"), End(f"{id}/1", "done")):
            for event in center.handle(asked, seconds(number)).events:
                again.apply(event)
    assert len(again.state.timers) < 1_100


def test_errors_do_not_repeat_what_a_customer_wrote() -> None:
    """A provider's own message, given as an input by mistake, stood in the error."""
    for wrong in ({"text": "my PIN"}, inputs.Receive(cast("Any", {"text": "my PIN"}), "q")):
        with pytest.raises(IllegalInput) as caught:
            Center([Queue("q")]).handle(cast("Any", wrong), 0)
        assert "PIN" not in str(caught.value)


def test_agents_stay_kept_while_a_protected_call_is_on_offer() -> None:
    """A protected call was offered, a chat took the other agent, the offer was declined."""
    modes = {**MODES, Mode.LIVE: ModeSettings(cost=100, exclusive=True, protect=seconds(10))}
    center = Center([Queue("calls"), Queue("chats")], modes=modes)
    tell(
        center,
        (PutAgent(AN, available=True), seconds(0)),
        (PutAgent(BINH, available=True), seconds(0)),
        (Arrive(Contact("c1", mode=CHAT), "chats"), seconds(0)),
        (Accept("c1/1"), seconds(0)),
        (Arrive(Contact("c2", mode=CHAT), "chats"), seconds(0)),
        (Accept("c2/1"), seconds(0)),
        (Arrive(Contact("call"), "calls"), seconds(1)),
        (End("c1/1"), seconds(20)),
    )
    told = tell(center, (Arrive(Contact("c3", mode=CHAT), "chats"), seconds(21)))
    assert told == ["ContactQueued c3 chats"]
    told = tell(center, (Accept("call/1"), seconds(22)))
    assert [line.split()[:3] for line in told] == [
        ["OfferAccepted", "call", "an"],
        ["ContactOffered", "c3", "binh"],
    ]
