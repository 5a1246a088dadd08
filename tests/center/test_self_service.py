"""A contact's flow has it, hands it to a queue, gets it back, and never has it beside an agent."""

from __future__ import annotations

import pytest

from tongdai import (
    Abandon,
    Accept,
    Address,
    Agent,
    Arrive,
    Center,
    Contact,
    Content,
    End,
    IllegalInput,
    PutAgent,
    PutQueue,
    Queue,
    Receive,
    RemoveQueue,
    SetPresence,
    Tick,
    seconds,
)
from tongdai.center import effects, events
from tongdai.center.inputs import AnyInput, FailConnect, Tell
from tongdai.channels import Activity, Message, Receipt
from tongdai.errors import ConfigurationError
from tongdai.ivr import Collect, Flow, HandOff, Hours, Invoke, Menu, Say
from tongdai.ivr import End as Stop
from tongdai.ivr import effects as tasks
from tongdai.ivr import inputs as saying
from tongdai.model import codec
from tongdai.model.calendar import BusinessCalendar
from tongdai.model.mode import Mode

LAN = Address("web", "lan")
BANK = Flow(
    "bank",
    start="ask",
    nodes={
        "ask": Menu("Cards 1, rest 2.", {"1": "card", "2": "give"}, tries=2, exhausted="bye"),
        "card": Collect("card", "Which card?", longest=2, done="give", exhausted="bye"),
        "give": HandOff(
            "cards", "cards>=3", priority=2, then="mark", full="sorry", closed="sorry", failed="bye"
        ),
        "sorry": Say("All are busy.", then="bye"),
        "mark": Collect("mark", "How was it?", longest=1, done="bye", exhausted="bye"),
        "bye": Stop(),
        "note": Invoke("note", {"card": "card"}, done="bye", failed="bye"),
    },
    on_hangup="note",
)
AN = PutAgent(Agent("an", {"cards": 4}), available=True)
Step = AnyInput | saying.AnyInput


class Story:
    """A center that is told one thing a second about contact c1; lines of what it answers."""

    def __init__(self, *flows: Flow, **queue: object) -> None:
        settings: dict[str, object] = {"wrap_up": seconds(0), **queue}
        self.queue = Queue("cards", **settings)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        self.center = Center([self.queue], flows=flows or (BANK,))
        self.journal: list[events.AnyEvent] = []
        self.to_do: list[effects.AnyEffect] = []
        self.now = 0

    def tell(self, *inputs: Step, after: int = 1) -> list[str]:
        """Tell it several things; return what happened and what is to be done, told short."""
        lines: list[str] = []
        for input in inputs:
            self.now += seconds(after)
            one = Tell("c1", input) if isinstance(input, saying.AnyInput) else input
            decision = self.center.handle(one, self.now)
            self.journal += decision.events
            self.to_do += decision.effects
            lines += [line.strip() for line in str(decision).split("\n")[1:]]
        return lines

    def start(self, contact: Contact | None = None, flow: str = "bank") -> list[str]:
        """Let c1 begin in the flow."""
        return self.tell(Arrive(contact or Contact("c1"), flow))

    def hand_off(self) -> list[str]:
        """Let c1 key 1 and a card, and be handed off."""
        self.start()
        keys = [saying.Press(key) for key in "112"]
        return self.tell(*keys)

    def kinds(self) -> list[str]:
        """Return what kinds of things have happened."""
        return [type(event).__name__ for event in self.journal]

    def played(self) -> list[str]:
        """Return what was said."""
        given = [one.task for one in self.to_do if isinstance(one, effects.ServeContact)]
        return [task.text for task in given if isinstance(task, tasks.Play)]


def test_a_contact_begins_in_a_flow() -> None:
    """The flow speaks and listens; no queue and no agent knows of the contact."""
    story = Story()
    assert [
        "< ContactGreeted c1 bank",
        "< FlowAdvanced c1 to ask",
        "! ServeContact c1 Play",
        "! ServeContact c1 Listen",
    ] == story.start()
    assert ["Cards 1, rest 2."] == story.played()
    assert ([], ["c1"]) == ([*story.center.state.contacts], [*story.center.state.flows])
    snapshot = story.center.contact("c1")
    assert ("self_service", "bank", "") == (snapshot.phase, snapshot.flow, snapshot.queue)


def test_the_offer_shows_what_was_asked_and_answered() -> None:
    """The context goes with the event, the effect and the snapshot; what it needs counts."""
    story = Story()
    story.tell(AN, PutAgent(Agent("binh", {"cards": 2}), available=True))
    assert [
        "< ContactQueued c1 cards",
        "< ContactOffered c1 an c1/1 until 26 s (longest idle, 5 s)",
        "! PresentOffer an c1/1 until 26 s",
    ] == story.hand_off()[-3:]
    [offered] = [one for one in story.journal if isinstance(one, events.ContactOffered)]
    [shown] = [one for one in story.to_do if isinstance(one, effects.PresentOffer)]
    assert {"card": "12"} == offered.context == shown.context
    assert {"card": "12"} == dict(story.center.contact("c1").context)
    assert "12" not in repr(shown)
    queued = next(one for one in story.journal if isinstance(one, events.ContactQueued))
    assert ("cards>=3", 2) == (queued.value.requires, queued.value.priority)


def test_a_full_queue_sends_the_contact_back_to_its_flow() -> None:
    """The refusal is told, the flow goes its own way, and ends."""
    story = Story(limit=0)
    assert [
        "< FlowAdvanced c1 to give",
        "< HandOffRefused c1 cards full",
        "< FlowAdvanced c1 to sorry",
        "! ServeContact c1 Play",
    ] == story.hand_off()[-4:]
    assert [
        "< FlowAdvanced c1 to bye",
        "< FlowEnded c1 bank end",
        "! DisconnectContact c1 end",
    ] == story.tell(saying.PromptDone("c1/5"))
    assert "ContactQueued" not in story.kinds()


def test_a_queue_without_staff_is_closed() -> None:
    """So the flow is told `closed`."""
    story = Story(join="staffed")
    assert "< HandOffRefused c1 cards nobody signed in" in story.hand_off()
    assert "All are busy." == story.played()[-1]


def test_who_waits_too_long_goes_back_to_the_flow() -> None:
    """Patience that ends in no other queue is `closed`, at its own instant."""
    story = Story(patience=seconds(30))
    story.hand_off()
    assert [
        "< ContactEnded c1 patience                    at 34 s",
        "< FlowAdvanced c1 to sorry                    at 34 s",
        "! ServeContact c1 Play",
    ] == story.tell(Tick(), after=60)
    assert (["c1"], []) == ([*story.center.state.flows], [*story.center.state.contacts])


def test_a_contact_ends_in_a_survey() -> None:
    """The agent's part ends, wrap-up included; the customer stays and is asked."""
    story = Story(wrap_up=seconds(10))
    story.tell(AN)
    story.hand_off()
    assert [
        "< ContactEnded c1 agent an",
        "< WrapUpStarted an c1/1 until 17 s",
        "< FlowAdvanced c1 to mark",
        "! CloseInteraction an c1/1 agent",
        "! ServeContact c1 Play",
        "! ServeContact c1 Listen",
    ] == story.tell(Accept("c1/1"), End("c1/1"))[2:]
    assert [
        "< FlowAdvanced c1 to bye",
        "< FlowEnded c1 bank end",
        "! ServeContact c1 StopAudio",
        "! DisconnectContact c1 end",
    ] == story.tell(saying.Press("5"))
    assert story.center.state.flows == {}


def test_a_person_and_a_flow_never_have_the_contact_at_once() -> None:
    """While it waits or is served the flow hears nothing; while the flow has it no agent does."""
    story = Story()
    story.tell(AN)
    story.hand_off()
    late = "< InputIgnored Tell c1: contact c1 is with a queue or an agent"
    assert [late] == story.tell(saying.Press("1"))
    story.tell(Accept("c1/1"))
    assert [late] == story.tell(saying.InvokeDone("c1/1", 5))
    story.tell(End("c1/1"))
    assert [] == [*story.center.agent("an").contacts]


@pytest.mark.parametrize("when", ["in the flow", "waiting", "offered", "served"])
def test_a_hang_up_runs_the_clean_up_exactly_once(when: str) -> None:
    """Wherever the contact is; the flow is over when its clean-up is."""
    story = Story()
    if when in ("offered", "served"):
        story.tell(AN)
    if when == "in the flow":
        story.start()
    else:
        story.hand_off()
    if when == "served":
        story.tell(Accept("c1/1"))
    story.tell(Abandon("c1"))
    calls = [
        one.task
        for one in story.to_do
        if isinstance(one, effects.ServeContact) and isinstance(one.task, tasks.CallFunction)
    ]
    assert ["note"] == [call.function for call in calls]
    assert ["< InputIgnored Abandon c1: contact c1"] == [
        line[:37] for line in story.tell(Abandon("c1"))
    ]
    assert [
        "< FlowAdvanced c1 to bye",
        "< FlowEnded c1 bank customer",
    ] == story.tell(saying.InvokeDone(calls[0].call))
    assert 1 == story.kinds().count("FlowEnded")
    assert ({}, {}) == (story.center.state.flows, story.center.state.contacts)


def test_deadlines_of_flows_are_the_centers() -> None:
    """Nobody has to call at the very instant, and more ticks change nothing."""
    story, ticked = Story(), Story()
    for one in (story, ticked):
        one.start()
        one.tell(saying.PromptDone("c1/1"))
    assert seconds(7) == story.center.next_deadline()
    for at in range(3, 10):
        ticked.journal += ticked.center.handle(Tick(), seconds(at)).events
    story.tell(Tick(), after=8)
    assert story.journal == ticked.journal
    assert seconds(7) == story.journal[-1].at


def test_who_writes_is_served_by_messages() -> None:
    """A first message begins the flow, prompts are messages, and answers are read from them."""
    story = Story()
    message = Message(key="m1", at=0, address=LAN, content=Content("hello"))
    assert [
        "< ContactGreeted web-1 bank",
        "< MessageReceived web-1",
        "< FlowAdvanced web-1 to ask",
        "! SendMessage web-1",
    ] == story.tell(Receive(message, "bank", Mode.INTERACTIVE))
    reply = Message(key="m2", at=0, address=LAN, content=Content("1"))
    story.tell(Receive(reply, "bank", Mode.INTERACTIVE))
    told = [one.content.text for one in story.to_do if isinstance(one, effects.SendMessage)]
    assert ["Cards 1, rest 2.", "Which card?"] == [text.split("\n")[0] for text in told]
    story.tell(Receive(Activity(what="left", key="l", at=0, address=LAN), "bank"))
    again = story.tell(Receive(message, "bank", Mode.INTERACTIVE))
    assert "< ContactGreeted web-2 bank" == again[0]


def test_what_was_said_is_kept() -> None:
    """Both sides of the self-service are there when an agent has the contact."""
    story = Story()
    for text in ("hello", "1", "12"):
        message = Message(key=text, at=0, address=LAN, content=Content(text))
        story.tell(Receive(message, "bank", Mode.INTERACTIVE))
    said = story.center.state.flows["web-1"].messages
    assert ["customer", "flow", "customer", "flow", "customer"] == [line.who for line in said]
    assert ["hello", "1", "12"] == [line.content.text for line in said if line.who == "customer"]


def test_replay_runs_no_flow() -> None:
    """A center without these flows applies the journal and has the same state."""
    story = Story(wrap_up=seconds(10))
    story.tell(AN)
    story.hand_off()
    story.tell(Accept("c1/1"), End("c1/1"), saying.PromptDone("c1/6"))
    again = story.center.fresh([story.queue])
    without = Center([story.queue])
    for event in story.journal:
        copy = codec.decode(codec.encode(event), events.AnyEvent)
        assert copy == event
        again.apply(copy)
        without.apply(copy)
    assert story.center.snapshot() == again.snapshot() == without.snapshot()
    assert story.center.next_deadline() == again.next_deadline()
    assert (
        story.center.handle(Tick(), seconds(60)).events == again.handle(Tick(), seconds(60)).events
    )


def test_a_flow_that_is_another_now_lets_the_contact_go() -> None:
    """Time that passes raises nothing; the contact ends with a reason."""
    story = Story()
    story.start()
    story.tell(saying.PromptDone("c1/1"))
    other = Flow("bank", start="bye", nodes={"bye": Stop()})
    changed = Center([story.queue], flows=[other])
    for event in story.journal:
        changed.apply(event)
    decision = changed.handle(Tick(), seconds(60))
    assert [("FlowEnded", "MissingFlow")] == [
        (type(event).__name__, event.reason)
        for event in decision.events
        if isinstance(event, events.FlowEnded)
    ]
    assert changed.state.flows == {}


def test_refusals_that_lead_to_each_other_end() -> None:
    """A flow that hands off again and again within one input spins, and its contact is let go."""
    spin = Flow(
        "spin",
        start="one",
        nodes={"one": HandOff("cards", full="two"), "two": HandOff("cards", full="one")},
    )
    story = Story(spin, limit=0)
    lines = story.start(flow="spin")
    assert 17 == lines.count("< HandOffRefused c1 cards full")
    assert ["< FlowEnded c1 spin error.spin", "! DisconnectContact c1 error.spin"] == lines[-2:]


def test_a_hand_off_waits_for_no_wrap_up() -> None:
    """An agent still holds the contact then: the flow is told that it failed."""
    twice = Flow(
        "twice",
        start="one",
        nodes={
            "one": HandOff("cards", then="two"),
            "two": HandOff("cards", failed="bye"),
            "bye": Stop(),
        },
    )
    story = Story(twice, wrap_up=seconds(10))
    story.tell(AN)
    story.start(flow="twice")
    lines = story.tell(Accept("c1/1"), End("c1/1"))
    assert "< HandOffRefused c1 cards the agent before is still in wrap-up" in lines
    story = Story(twice)
    story.tell(AN)
    story.start(flow="twice")
    lines = story.tell(Accept("c1/1"), End("c1/1"))
    assert "< ContactOffered c1 an c1/2 until 24 s (longest idle, 0 s)" in lines


def test_a_failed_connection_keeps_the_context() -> None:
    """The next offer shows it again."""
    story = Story()
    story.tell(AN)
    story.hand_off()
    story.tell(Accept("c1/1"), FailConnect("c1/1"), Tick(), after=10)
    offers = [one for one in story.journal if isinstance(one, events.ContactOffered)]
    assert [{"card": "12"}] * 2 == [dict(offer.context) for offer in offers]


def test_a_queue_that_is_gone_fails_the_hand_off() -> None:
    """Removing a queue breaks no flow; the flow is told."""
    story = Story()
    story.tell(PutQueue(Queue("other")), RemoveQueue("cards", "other"))
    assert "< HandOffRefused c1 cards there is no such queue" in story.hand_off()
    assert story.center.state.flows == {}


def test_flows_look_at_calendars() -> None:
    """The center hands them on."""
    flow = Flow(
        "day",
        start="hours",
        nodes={
            "hours": Hours("bank", open="yes", closed="no"),
            "yes": Say("Open."),
            "no": Say("Closed."),
        },
    )
    calendar = BusinessCalendar("Asia/Ho_Chi_Minh", {"thu": "08:00-17:00"})
    heard: list[str] = []
    for hour in (2, 12):
        center = Center(flows=[flow], calendars={"bank": calendar})
        decision = center.handle(Arrive(Contact("c1"), "day"), hour * seconds(3600))
        heard += [
            one.task.text
            for one in decision.effects
            if isinstance(one, effects.ServeContact) and isinstance(one.task, tasks.Play)
        ]
    assert ["Open.", "Closed."] == heard


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (Tell("c9", saying.HangUp()), "Tell.contact: no contact 'c9'"),
        (Tell("c1", saying.TimerFired("c1/1")), "Tell.input: TimerFired is not something"),
        (Tell("c1", saying.QueueResult("full")), "Tell.input: QueueResult is not something"),
        (Tell("c1", "1"), "Tell.input: str is not something"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        (Tell("c1", saying.Press("12")), "Tell.input.Press.key: expected one key"),
        (Tell("c1", saying.Press(1)), "Tell.input.Press.key: int is not of the type str"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        (Tell("c1", saying.Text("\ud800")), "Tell.input.Text.text: character 1 is half"),
        (Tell("c1", saying.Text("x" * 1_000_001)), "Tell.input.Text.text: too long"),
        (Tell("c1", saying.InvokeDone("c1/1", {1})), "Tell.input.InvokeDone.value: set"),
        (Tell("c1", saying.SecureInputDone("r", -1)), "Tell.input.SecureInputDone.length"),
        (Tell("c1", saying.SecureInputFailed("x")), "Tell.input.SecureInputFailed.reason"),  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        (Arrive(Contact("c1"), "bank"), "Arrive.contact: the id 'c1' was used before"),
        (Arrive(Contact("c2"), "bnak"), "Arrive.queue: no queue or flow 'bnak'. Did you mean"),
        (PutQueue(Queue("bank")), "PutQueue.queue: 'bank' is the id of a flow already"),
    ],
)
def test_what_cannot_be_is_refused(wrong: AnyInput, says: str) -> None:
    """It names the field and what would be right, and nothing has changed."""
    story = Story()
    story.start()
    before = story.center.snapshot()
    with pytest.raises(IllegalInput) as error:
        story.center.handle(wrong, seconds(60))
    assert says == str(error.value)[: len(says)]
    assert before == story.center.snapshot()


def test_flows_and_queues_have_ids_of_their_own() -> None:
    """Where a contact begins is never in doubt."""
    with pytest.raises(ConfigurationError, match="'bank' is the id of a queue already"):
        Center([Queue("bank")], flows=[BANK])


def test_an_agent_who_goes_away_changes_nothing_for_flows() -> None:
    """Presence has to do with offers only."""
    story = Story()
    story.tell(AN)
    story.start()
    assert ["< PresenceChanged an away"] == story.tell(SetPresence("an", "away"))


def test_a_flow_that_cannot_begin_lets_the_contact_go() -> None:
    """Its first node is not there: the contact has come, and ends with the reason."""
    broken = Flow("broken", start="nowhere", nodes={"bye": Stop()})
    assert [
        "< ContactGreeted c1 broken",
        "< FlowEnded c1 broken MissingNode",
        "! DisconnectContact c1 MissingNode",
    ] == Story(broken).start(flow="broken")


def test_more_priority_than_there_is_fails_the_hand_off() -> None:
    """The flow is told, and nothing is raised."""
    story = Story()
    story.start(Contact("c1", priority=1_000_000))
    lines = story.tell(*[saying.Press(key) for key in "112"])
    assert "< HandOffRefused c1 cards what the flow asks of agents is no requirement" in lines


def test_a_receipt_is_noted_while_a_flow_has_the_contact() -> None:
    """And who does not abandon by closing the chat stays."""
    story = Story()
    message = Message(key="m1", at=0, address=LAN, content=Content("hello"))
    story.tell(Receive(message, "bank", Mode.MESSAGING))
    receipt = Receipt(key="r1", at=0, address=LAN, status="read", ids=("s1",))
    assert ["< ReceiptReceived web-1 read"] == story.tell(Receive(receipt, "bank"))
    left = story.tell(Receive(Activity(what="left", key="l1", at=0, address=LAN), "bank"))
    assert "messaging contacts do not abandon" in left[0]
