"""Everything that a channel reads, and what a center makes of it."""

from __future__ import annotations

from typing import get_args

import pytest

from tests.model.refusals import refused, untyped
from tongdai import (
    Accept,
    Address,
    Agent,
    Arrive,
    Center,
    Claim,
    Contact,
    Content,
    End,
    Mode,
    PutAgent,
    Queue,
    Receive,
    Say,
    Tick,
    seconds,
)
from tongdai.center import effects, events
from tongdai.center.inputs import AnyInput, Tell
from tongdai.channels import Activity, Inbound, Message, Receipt, Relinked, Revised, Ringing
from tongdai.ivr import Choice, Collect, Flow, HandOff, Menu
from tongdai.ivr import Say as Speak
from tongdai.ivr.effects import Listen, Play
from tongdai.ivr.inputs import Press
from tongdai.model.codec import decode, encode
from tongdai.model.contact import Attachment, Button, Template
from tongdai.model.queue import Closed
from tongdai.profiles import Resolver

LAN = Address("zalo", "lan")
MOVED = Address("zalo", "lan.new")
LINE = Address("voice", "call-7")
BANK = Flow(
    "bank",
    start="what",
    nodes={
        "what": Menu(
            "What is it about?",
            {
                "card": Choice("which", label="My card"),
                "else": Choice("give", label="Something else"),
            },
            tries=2,
            exhausted="give",
        ),
        "which": Collect("card", "Which card?", longest=4, done="give", exhausted="give"),
        "give": HandOff("cards"),
    },
)
BARE = Flow(
    "bare",
    start="menu",
    nodes={
        "menu": Menu("Cards 1, the rest 2.", {"1": "give", "2": "give"}, exhausted="give"),
        "give": HandOff("cards"),
    },
)


class Story:
    """A center that is told one thing a second."""

    def __init__(self, *queues: Queue, people: Resolver | None = None) -> None:
        self.queues = queues or (Queue("cards"),)
        self.center = Center(self.queues, flows=[BANK, BARE], people=people)
        self.journal: list[events.AnyEvent] = []
        self.to_do: list[effects.AnyEffect] = []
        self.now = 0

    def tell(self, *inputs: AnyInput) -> list[str]:
        """Tell it several things; return what happened and what is to be done."""
        lines: list[str] = []
        for input in inputs:
            self.now += seconds(1)
            decision = self.center.handle(input, self.now)
            self.journal += decision.events
            self.to_do = list(decision.effects)
            lines += [line.strip() for line in str(decision).split("\n")[1:]]
        return lines

    def served(self, contact: str = "c1", address: Address | None = LAN) -> Story:
        """Let An have a contact."""
        self.tell(
            PutAgent(Agent("an"), available=True),
            Arrive(Contact(contact, mode=Mode.INTERACTIVE, address=address), "cards"),
            Accept(f"{contact}/1"),
        )
        return self

    def check_replay(self) -> None:
        """State that the journal gives the state."""
        again = Center(self.queues, flows=[BANK, BARE])
        for event in self.journal:
            again.apply(decode(encode(event), events.AnyEvent))
        assert self.center.snapshot() == again.snapshot()


def message(text: str = "hi", **changed: object) -> Message:
    """Return a message of Lan's."""
    fields = {"key": "m1", "at": 0, "address": LAN, "content": Content(text), **changed}
    made: Message = untyped(Message)(**fields)
    return made


ONE_EACH: list[tuple[str, Inbound, list[str]]] = [
    ("message", message(), ["< MessageReceived c1 an", "! ShowMessage an c1/1"]),
    (
        "tapped",
        message("My card", choice="card", question="c1/1"),
        ["< MessageReceived c1 an", "! ShowMessage an c1/1"],
    ),
    (
        "bounce",
        message("Undeliverable", automatic="bounce"),
        ["< MessageReceived c1 an (bounce)", "! ShowMessage an c1/1"],
    ),
    (
        "out of office",
        message("I am away", automatic="reply"),
        ["< MessageReceived c1 an (reply)", "! ShowMessage an c1/1"],
    ),
    (
        "list",
        message("News!", automatic="list"),
        ["< MessageReceived c1 an (list)", "! ShowMessage an c1/1"],
    ),
    (
        "echo",
        message(automatic="echo"),
        ["< InputIgnored Receive m1: an echo of what was sent"],
    ),
    (
        "receipt",
        Receipt(key="r1", at=0, address=LAN, status="delivered", ids=("s1",)),
        ["< ReceiptReceived c1 delivered"],
    ),
    (
        "left",
        Activity(key="l1", at=0, address=LAN, what="left"),
        ["< ContactEnded c1 customer an", "! CloseInteraction an c1/1 customer"],
    ),
    (
        "joined",
        Activity(key="j1", at=0, address=LAN, what="joined"),
        ["< InputIgnored Receive j1: the contact is open already"],
    ),
    (
        "edited",
        Revised(key="e1", at=0, address=LAN, message="m1", content=Content("hello")),
        ["< MessageRevised c1 m1 an", "! ShowRevision an c1/1 m1"],
    ),
    (
        "withdrawn",
        Revised(key="e1", at=0, address=LAN, message="m1"),
        ["< MessageRevised c1 m1 an withdrawn", "! ShowRevision an c1/1 m1 withdrawn"],
    ),
    (
        "relinked",
        Relinked(key="i1", at=0, address=LAN, to=MOVED),
        ["< ContactRelinked c1"],
    ),
    (
        "relinked to what it is",
        Relinked(key="i1", at=0, address=LAN, to=LAN),
        ["< InputIgnored Receive i1: the contact carries all that already"],
    ),
    (
        "ringing",
        Ringing(key="c1", at=0, address=LINE, called="1900"),
        ["< ContactQueued voice-2 cards"],
    ),
    (
        "ringing where a contact is open",
        Ringing(key="c1", at=0, address=LAN),
        ["< InputIgnored Receive c1: the call is contact c1 already"],
    ),
]


@pytest.mark.parametrize(
    ("inbound", "expected"), [one[1:] for one in ONE_EACH], ids=[one[0] for one in ONE_EACH]
)
def test_what_comes_to_a_contact_that_an_agent_has(inbound: Inbound, expected: list[str]) -> None:
    """One line of each kind, and the journal gives the state."""
    story = Story().served()
    assert expected == story.tell(Receive(inbound, "cards", Mode.INTERACTIVE))
    story.check_replay()


def test_no_kind_is_left_out() -> None:
    """The list above has every member of the union."""
    assert set(get_args(Inbound)) == {type(inbound) for _, inbound, _ in ONE_EACH}


NOBODY = "nobody at this address has an open contact"


@pytest.mark.parametrize(
    ("inbound", "expected"),
    [
        (message(automatic="bounce"), "m1: nobody wrote it (bounce)"),
        (message(automatic="reply"), "m1: nobody wrote it (reply)"),
        (message(automatic="list"), "m1: nobody wrote it (list)"),
        (message(automatic="echo"), "m1: an echo of what was sent"),
        (Receipt(key="r", at=0, address=LAN, status="read"), f"r: {NOBODY}"),
        (Activity(key="l", at=0, address=LAN, what="left"), f"l: {NOBODY}"),
        (Activity(key="j", at=0, address=LAN, what="joined"), f"j: {NOBODY}"),
        (Revised(key="e", at=0, address=LAN, message="m1"), f"e: {NOBODY}"),
        (Relinked(key="i", at=0, address=LAN, to=MOVED), f"i: {NOBODY}"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_only_who_writes_or_calls_opens_a_contact(inbound: Inbound, expected: str) -> None:
    """All else is ignored, for a reason, where nobody is; an entry is not even asked for."""
    story = Story()
    assert not story.center.opens(inbound)
    assert [f"< InputIgnored Receive {expected}"] == story.tell(Receive(inbound, ""))


# --- automatic messages ---------------------------------------------------------------------------


def test_what_nobody_wrote_is_not_read_by_a_flow() -> None:
    """It is kept, and nothing is answered; what somebody writes then is read."""
    story = Story()
    story.tell(Receive(message(), "bank", Mode.MESSAGING))
    away = message("card", key="m2", automatic="reply")
    assert ["< MessageReceived zalo-1 (reply)"] == story.tell(Receive(away, "bank"))
    assert [
        "< MessageReceived zalo-1",
        "< FlowAdvanced zalo-1 to which",
        "! SendMessage zalo-1",
    ] == (story.tell(Receive(message("my card", key="m3"), "bank")))


def test_an_agent_sees_that_nobody_wrote_it() -> None:
    """By what the effect says."""
    story = Story().served()
    story.tell(Receive(message("I am away", automatic="reply"), "cards"))
    assert [
        effects.ShowMessage("an", "c1/1", Content("I am away"), "m1", "reply", id="4/1")
    ] == story.to_do


# --- buttons --------------------------------------------------------------------------------------


def test_a_menu_is_sent_with_its_buttons_and_a_tap_answers_it() -> None:
    """The question goes out with them and comes back with the tap."""
    story = Story()
    story.tell(Receive(message(), "bank", Mode.MESSAGING))
    [asked] = story.to_do
    assert isinstance(asked, effects.SendMessage)
    buttons = (Button("card", "My card"), Button("else", "Something else"))
    question = asked.content.question
    assert (
        Content("What is it about?", buttons=buttons, question=question, automatic=True)
        == asked.content
    )
    tap = message("My card", key="m2", choice="card", question=question)
    assert "< FlowAdvanced zalo-1 to which" in story.tell(Receive(tap, "bank"))
    story.check_replay()


def test_a_tap_on_an_old_message_is_known_as_such() -> None:
    """The flow says so in its own words, and goes on waiting."""
    story = Story()
    story.tell(Receive(message(), "bank", Mode.MESSAGING))
    [asked] = story.to_do
    assert isinstance(asked, effects.SendMessage)
    tap = message("My card", key="m2", choice="card", question=asked.content.question)
    story.tell(Receive(tap, "bank"))
    again = message("Something else", key="m3", choice="else", question=asked.content.question)
    story.tell(Receive(again, "bank"))
    [*_, advanced] = story.journal
    assert isinstance(advanced, events.FlowAdvanced)
    assert ["the button is of an older question"] == [
        getattr(step, "reason", "") for step in advanced.steps
    ]


def test_a_choice_may_be_written_as_well() -> None:
    """By its label, or by the number of its line."""
    for text in ("my CARD", "1"):
        story = Story()
        story.tell(Receive(message(), "bank", Mode.MESSAGING))
        told = story.tell(Receive(message(text, key="m2"), "bank"))
        assert "< FlowAdvanced zalo-1 to which" in told


def test_a_menu_whose_prompt_says_the_keys_has_no_buttons() -> None:
    """Else each choice would stand twice where a medium has none."""
    story = Story()
    story.tell(Receive(message(), "bare", Mode.MESSAGING))
    [asked] = story.to_do
    assert isinstance(asked, effects.SendMessage)
    assert Content("Cards 1, the rest 2.", automatic=True) == asked.content
    assert "< ContactQueued zalo-1 cards" in story.tell(Receive(message("1", key="m2"), ""))


def test_what_the_center_says_is_automatic_and_what_an_agent_says_is_not() -> None:
    """So that a medium can tell people from machines."""
    story = Story(Queue("cards", limit=0, overflow=Closed("Sorry.")))
    story.tell(Receive(message(), "cards"))
    [sent, _] = story.to_do
    assert isinstance(sent, effects.SendMessage)
    assert sent.content.automatic
    served = Story().served()
    served.tell(Say("c1/1", Content("Hello")))
    [said] = served.to_do
    assert isinstance(said, effects.SendMessage)
    assert not said.content.automatic


# --- revisions ------------------------------------------------------------------------------------


def test_what_is_kept_says_what_was_said_last() -> None:
    """An agent who comes later does not read what was taken back."""
    story = Story()
    first = message("My PIN is 1234")
    story.tell(Receive(first, "cards"), Receive(message("Hello?", key="m2"), "cards"))
    lines = story.center.state.contacts["zalo-1"]
    assert ["My PIN is 1234", "Hello?"] == [line.content.text for line in lines.messages]
    edit = Revised(key="e1", at=0, address=LAN, message="m2", content=Content("Hello!"))
    assert ["< MessageRevised zalo-1 m2"] == story.tell(Receive(edit, ""))
    withdrawn = Revised(key="e2", at=0, address=LAN, message="m1")
    story.tell(Receive(withdrawn, ""))
    assert ["Hello!"] == [line.content.text for line in lines.messages]
    story.check_replay()


# --- another identity -----------------------------------------------------------------------------


def test_open_contacts_follow_who_has_another_identity() -> None:
    """Answers go to the new address; the old one is somebody else's, or nobody's."""
    story = Story().served()
    story.tell(Receive(Relinked(key="i1", at=0, address=LAN, to=MOVED), ""))
    story.tell(Say("c1/1", Content("Hello")))
    [said] = story.to_do
    assert isinstance(said, effects.SendMessage)
    assert MOVED == said.address
    heard = story.tell(Receive(message(address=MOVED), ""))
    assert "< MessageReceived c1 an" == heard[0]
    stranger = story.tell(Receive(message(key="m2"), "cards"))
    assert "< ContactQueued zalo-2 cards" == stranger[0]
    story.check_replay()


def test_a_flow_follows_too_and_so_does_its_hand_off() -> None:
    """A contact that its flow has keeps its new address in the queue."""
    story = Story()
    story.tell(Receive(message(), "bank", Mode.MESSAGING))
    story.tell(Receive(Relinked(key="i1", at=0, address=LAN, to=MOVED), ""))
    told = story.tell(Receive(message("something else", key="m2", address=MOVED), ""))
    assert "< ContactQueued zalo-1 cards" in told
    assert MOVED == story.center.contact("zalo-1").contact.address
    story.check_replay()


def test_claims_are_renewed_within_their_scheme_and_scope() -> None:
    """What nothing new was said about stays."""
    kept = (Claim("phone", "+84908993022"), Claim("zalo", "old", scope="other"))
    old = Claim("zalo", "lan", scope="oa", assurance="platform")
    new = Claim("zalo", "lan.new", scope="oa", assurance="platform")
    story = Story()
    story.tell(Receive(message(claims=(*kept, old)), "cards"))
    story.tell(Receive(Relinked(key="i1", at=0, address=LAN, claims=(new,)), ""))
    assert (*kept, new) == story.center.contact("zalo-1").contact.claims
    assert LAN == story.center.contact("zalo-1").contact.address
    assert (*kept, new) == story.center.state.router.waiter("zalo-1").contact.claims


def test_of_ever_more_claims_the_last_are_kept() -> None:
    """However many scopes a platform tells of."""
    story = Story().served()
    every = [Claim("zalo", str(number), f"user {number}") for number in range(201)]
    for at in (0, 100, 200):
        some = tuple(every[at : at + 100])
        story.tell(Receive(Relinked(key=f"i{at}", at=0, address=LAN, claims=some), ""))
    assert tuple(every[-100:]) == story.center.contact("c1").contact.claims
    story.check_replay()


def test_who_was_at_the_new_address_before_is_spoken_to_there() -> None:
    """Of several open contacts, the newest of those who moved comes behind them."""
    story = Story()
    for number, address in enumerate((MOVED, LAN, LAN), 1):
        contact = Contact(f"c{number}", mode=Mode.INTERACTIVE, address=address)
        story.tell(Arrive(contact, "cards"))
    relinked = Receive(Relinked(key="i1", at=0, address=LAN, to=MOVED), "")
    assert ["< ContactRelinked c3", "< ContactRelinked c2"] == story.tell(relinked)
    assert {("zalo", "lan.new"): {"c2": None, "c3": None, "c1": None}} == (
        story.center.state.addresses
    )
    assert "c1" == story.center.state.at_address(MOVED)
    story.check_replay()


def test_an_identity_that_changes_is_an_observation_of_its_own() -> None:
    """So two profiles turn out to be one person, and the contacts of both are theirs."""
    people = Resolver()
    story = Story(people=people)
    phone = Claim("phone", "+84908993022", assurance="verified")
    mail = Claim("email", "lan.nguyen@sen.vn", assurance="verified")
    story.tell(
        Receive(message(claims=(phone,)), "cards"),
        Receive(message(address=MOVED, key="m2", claims=(mail,)), "cards"),
    )
    assert 2 == len([*people.profiles()])
    relinked = Relinked(key="i1", at=0, address=LAN, to=MOVED, claims=(phone, mail))
    told = story.tell(Receive(relinked, "", id="zalo:i1"))
    assert "< ProfileChanged p/zalo-1 has zalo-2 of p/zalo-2" in told
    assert ["p/zalo-1"] == [*people.profiles()]
    assert 3 == len(people)
    assert ["> Receive Relinked zalo i1  (seen before)"] == [
        str(story.center.handle(Receive(relinked, "", id="zalo:i1"), story.now)).strip()[5:].strip()
    ]


def test_who_somebody_was_before_their_open_contact_tells() -> None:
    """The new identity comes alone, and the old one is known from the contact."""
    people = Resolver()
    story = Story(people=people)
    old = Claim("zalo", "lan", scope="oa", assurance="platform")
    new = Claim("zalo", "lan.new", scope="oa", assurance="platform")
    story.tell(Receive(message(claims=(old,)), "cards"))
    story.tell(Receive(Relinked(key="i1", at=0, address=LAN, to=MOVED, claims=(new,)), ""))
    story.tell(Receive(Activity(key="l", at=0, address=MOVED, what="left"), ""))
    story.tell(Receive(message(key="m2", address=MOVED, claims=(new,)), "cards"))
    assert people.find("zalo-1") == people.find("zalo-2")


def test_an_address_tells_who_somebody_is_only_where_nothing_else_does() -> None:
    """It may be a thread's, or a call's."""
    people = Resolver()
    story = Story(people=people)
    story.tell(Receive(message(claims=(Claim("phone", "+84908993022"),)), "cards"))
    story.tell(Receive(message(key="m2", address=MOVED), "cards"))
    assert {"phone"} == set(people.profile("zalo-1"))
    assert {"zalo"} == set(people.profile("zalo-2"))


def test_an_identity_is_learned_though_nobody_is_there() -> None:
    """The contact that comes next under the new one is the same person's."""
    people = Resolver()
    story = Story(people=people)
    old = Claim("zalo", "lan", scope="oa", assurance="platform")
    new = Claim("zalo", "lan.new", scope="oa", assurance="platform")
    story.tell(Receive(message(claims=(old,)), "cards"))
    story.tell(Receive(Activity(key="l", at=0, address=LAN, what="left"), ""))
    relinked = Relinked(key="i1", at=0, address=LAN, to=MOVED, claims=(old, new))
    story.tell(Receive(relinked, ""))
    story.tell(Receive(message(key="m2", address=MOVED, claims=(new,)), "cards"))
    assert people.find("zalo-1") == people.find("zalo-2")


# --- calls ----------------------------------------------------------------------------------------

CALL = Ringing(
    key="k1",
    at=0,
    address=LINE,
    called="1900 1234",
    claims=(Claim("phone", "+84908993022", assurance="carrier"),),
)


def test_a_call_enters_a_queue() -> None:
    """Live, with its claims and what was dialled; whoever hangs up gives up."""
    story = Story()
    assert story.center.opens(CALL)
    assert ["< ContactQueued voice-1 cards"] == story.tell(Receive(CALL, "cards", Mode.DEFERRED))
    contact = story.center.contact("voice-1").contact
    assert (Mode.LIVE, LINE, CALL.claims) == (contact.mode, contact.address, contact.claims)
    assert {"called": "1900 1234"} == contact.attributes
    gone = Activity(key="h", at=0, address=LINE, what="left")
    assert ["< ContactAbandoned voice-1 cards after 1 s (short)"] == story.tell(Receive(gone, ""))


def test_a_call_enters_a_flow_that_speaks() -> None:
    """Prompts are played and keys are heard, at the call's address; nothing is sent."""
    story = Story()
    assert [
        "< ContactGreeted voice-1 bare",
        "< FlowAdvanced voice-1 to menu",
        "! ServeContact voice-1 Play",
        "! ServeContact voice-1 Listen",
    ] == story.tell(Receive(CALL, "bare"))
    assert [(Play, LINE), (Listen, LINE)] == [
        (type(effect.task), effect.address)
        for effect in story.to_do
        if isinstance(effect, effects.ServeContact)
    ]
    told = story.tell(Tell("voice-1", Press("1")))
    assert "< ContactQueued voice-1 cards" in told
    story.check_replay()


def test_who_is_served_by_call_is_let_go_at_the_calls_address() -> None:
    """Agent ends, customer is disconnected there."""
    story = Story()
    story.tell(PutAgent(Agent("an"), available=True), Receive(CALL, "cards"))
    story.tell(Accept("voice-1/1"), End("voice-1/1", "done"))
    assert effects.DisconnectContact("voice-1", "agent", LINE, id="4/2") == story.to_do[0]


def test_a_calls_address_says_nothing_about_who_calls() -> None:
    """Two calls of one number are one person's, and there is no claim of a call."""
    people = Resolver()
    story = Story(people=people)
    story.tell(Receive(CALL, "cards"))
    other = Ringing(key="k2", at=0, address=Address("voice", "call-8"), claims=CALL.claims)
    story.tell(Receive(other, "bare"))
    assert 1 == len([*people.profiles()])
    assert {"phone"} == set(people.profile("voice-1"))
    unknown = Ringing(key="k3", at=0, address=Address("voice", "call-9"))
    assert "< ContactQueued voice-3 cards" == story.tell(Receive(unknown, "cards"))[0]


# --- what triage may have found -------------------------------------------------------------------

FOUND = {
    "requires": "cards>=2",
    "priority": 3,
    "language": "vi",
    "due": int(seconds(60)),
    "attributes": {"triage": "lost card", "vip": True, "score": 0.5},
}


def test_a_new_contact_has_what_triage_found() -> None:
    """All of it, in a queue and in a flow; and its agent sees the attributes."""
    story = Story()
    story.tell(PutAgent(Agent("an", {"cards": 3, "vi": 3}), available=True))
    told = Receive(message(), "cards", Mode.MESSAGING, **untyped(FOUND))
    story.tell(told)
    [offer] = story.to_do
    assert isinstance(offer, effects.PresentOffer)
    assert {"attributes": FOUND["attributes"]} == offer.context
    contact = story.center.contact("zalo-1").contact
    assert FOUND == {name: getattr(contact, name) for name in FOUND}
    story.check_replay()


def test_a_flow_knows_the_attributes() -> None:
    """As it knows the contact's claims."""
    greet = Flow(
        "greet",
        start="say",
        nodes={
            "say": Speak("About {contact.attributes.triage}", then="on"),
            "on": HandOff("cards"),
        },
    )
    center = Center([Queue("cards")], flows=[greet])
    told = Receive(message(), "greet", attributes={"triage": "cards"})
    [sent, *_] = center.handle(told, 0).effects
    assert isinstance(sent, effects.SendMessage)
    assert "About cards" == sent.content.text


def test_it_counts_for_new_contacts_only() -> None:
    """Who has one open keeps it as it is."""
    story = Story().served()
    story.tell(Receive(message(), "cards", Mode.MESSAGING, **untyped(FOUND)))
    assert {} == story.center.contact("c1").contact.attributes


def test_an_entry_may_be_empty_where_a_contact_is_open() -> None:
    """Where none is, the input is not taken, and can be handed in again under its own id."""
    story = Story().served()
    assert "< MessageReceived c1 an" == story.tell(Receive(message(), "", id="zalo:m1"))[0]
    late = message(key="m2", address=MOVED)
    assert [
        (
            "< InputIgnored Receive m2: nobody at this address has an open contact, and no "
            "entry is given for a new one"
        )
    ] == story.tell(Receive(late, "", id="zalo:m2"))
    told = story.tell(Receive(late, "cards", id="zalo:m2"))
    assert ["< ContactQueued zalo-2 cards", "< MessageReceived zalo-2"] == told[:2]
    story.check_replay()


def test_a_contact_that_ends_at_that_instant_is_no_longer_open() -> None:
    """However often somebody looked at the time before."""
    for ticks in ([], [5], [6]):
        story = Story(Queue("cards", patience=seconds(5)))
        story.tell(Arrive(Contact("c1", mode=Mode.INTERACTIVE, address=LAN), "cards"))
        for tick in ticks:
            story.center.handle(Tick(), seconds(tick))
        late = story.center.handle(Receive(message(), "", id="zalo:m1"), seconds(6))
        assert isinstance(late.events[-1], events.InputIgnored)
        again = story.center.handle(Receive(message(), "cards", id="zalo:m1"), seconds(6))
        assert "ContactQueued zalo-2 cards" in str(again)


# --- what cannot be -------------------------------------------------------------------------------

HALF = "character 1 is half a surrogate pair; decode the text with errors='replace'"
LONG = "x" * 4_097
IN = "Receive.inbound"
WRONG: list[tuple[str, Inbound, str]] = [
    (
        "typing",
        Activity(key="t", at=0, address=LAN, what="typing"),
        f"{IN}.what: typing is over before it could be kept; show it to the agent, past the center",
    ),
    (
        "activity",
        Activity(key="t", at=0, address=LAN, what=untyped("lefft")),
        f"{IN}.what: 'lefft' is not one of 'joined', 'left'. Did you mean 'left'?",
    ),
    (
        "automatic",
        message(automatic="bounced"),
        (
            f"{IN}.automatic: 'bounced' is not one of '', 'bounce', 'reply', 'echo', 'list'. "
            "Did you mean 'bounce'?"
        ),
    ),
    ("choice", message(choice=5), f"{IN}.choice: int is not text; give a str"),
    ("question", message(question="\ud83d"), f"{IN}.question: {HALF}"),
    ("long choice", message(choice=LONG), f"{IN}.choice: 4097 is too long; at most 4096"),
    ("long key", message(key=LONG), f"{IN}.key: 4097 is too long; at most 4096"),
    (
        "long address",
        message(address=Address("zalo", LONG)),
        f"{IN}.address.to: 4097 is too long; at most 4096",
    ),
    (
        "replies",
        message(replies_to=("x",) * 101),
        f"{IN}.replies_to: 101 is too long; at most 100",
    ),
    (
        "long reply",
        message(replies_to=("x", LONG)),
        f"{IN}.replies_to[1]: 4097 is too long; at most 4096",
    ),
    (
        "buttons",
        message(content=Content("", buttons=(Button("a", "A"),) * 101)),
        f"{IN}.content.buttons: 101 is too long; at most 100",
    ),
    (
        "long label",
        message(content=Content("", buttons=(Button("a", LONG),))),
        f"{IN}.content.buttons[0].label: 4097 is too long; at most 4096",
    ),
    (
        "attachments",
        message(content=Content("", (Attachment("image/png", "u"),) * 101)),
        f"{IN}.content.attachments: 101 is too long; at most 100",
    ),
    (
        "file's address",
        message(content=Content("", (Attachment("image/png", "u" * 16_385),))),
        f"{IN}.content.attachments[0].url: 16385 is too long; at most 16384",
    ),
    (
        "file's name",
        message(content=Content("", (Attachment("image/png", "u", untyped(5)),))),
        f"{IN}.content.attachments[0].name: int is not text; give a str",
    ),
    (
        "file's size",
        message(content=Content("", (Attachment("image/png", "u", size=-1),))),
        f"{IN}.content.attachments[0].size: expected a number of bytes, 0 or more, or None",
    ),
    (
        "template",
        message(content=Content("", template=Template("hello", values=("x", LONG)))),
        f"{IN}.content.template.values[1]: 4097 is too long; at most 4096",
    ),
    (
        "claims",
        message(claims=(Claim("phone", "1"),) * 101),
        f"{IN}.claims: 101 is too long; at most 100",
    ),
    (
        "long claim",
        message(claims=(Claim("phone", LONG),)),
        f"{IN}.claims[0].value: 4097 is too long; at most 4096",
    ),
    (
        "status",
        Receipt(key="r", at=0, address=LAN, status=untyped("reed")),
        (
            f"{IN}.status: 'reed' is not one of 'sent', 'delivered', 'read', 'failed'. "
            "Did you mean 'read'?"
        ),
    ),
    (
        "receipts",
        Receipt(key="r", at=0, address=LAN, status="read", ids=("x",) * 101),
        f"{IN}.ids: 101 is too long; at most 100",
    ),
    (
        "revised message",
        Revised(key="e", at=0, address=LAN, message=untyped(5)),
        f"{IN}.message: int is not text; give a str",
    ),
    (
        "revised content",
        Revised(key="e", at=0, address=LAN, message="m1", content=untyped("hi")),
        f"{IN}.content: str is not of the type Content",
    ),
    (
        "relinked to",
        Relinked(key="i", at=0, address=LAN, to=untyped("lan")),
        f"{IN}.to: str is not of the type Address",
    ),
    (
        "relinked elsewhere",
        Relinked(key="i", at=0, address=LAN, to=Address("sms", "1")),
        f"{IN}.to.channel: 'sms' is not 'zalo', the channel that it came over",
    ),
    (
        "relinked claims",
        Relinked(key="i", at=0, address=LAN, claims=[Claim("phone", "1")] * 101),
        f"{IN}.claims: 101 is too long; at most 100",
    ),
    (
        "called",
        Ringing(key="c", at=0, address=LINE, called=untyped(1900)),
        f"{IN}.called: int is not text; give a str",
    ),
    (
        "caller",
        Ringing(key="c", at=0, address=LINE, claims=[Claim("phone", LONG)]),
        f"{IN}.claims[0].value: 4097 is too long; at most 4096",
    ),
    (
        "raw of any kind",
        Ringing(key="c", at=0, address=LINE, raw=untyped("x")),
        f"{IN}.raw: str is not of the type bytes",
    ),
]


@pytest.mark.parametrize(
    ("inbound", "expected"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG]
)
def test_what_cannot_be_names_its_field_and_nothing_has_changed(
    inbound: Inbound, expected: str
) -> None:
    """Not even by time."""
    story = Story().served()
    before = story.center.snapshot()
    told = Receive(inbound, "cards")
    assert expected == refused(lambda: story.center.handle(told, seconds(100)))
    assert before == story.center.snapshot()


def test_a_call_needs_an_entry() -> None:
    """As a message does that opens a contact."""
    story = Story()
    told = Receive(CALL, "card")
    expected = "Receive.entry: no queue or flow 'card'. Did you mean 'cards'?"
    assert expected == refused(lambda: story.center.handle(told, 0))


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"requires": "a or b"}, "Receive.requires: 'or' needs parentheses: (a or b) and c"),
        (
            {"requires": 5},
            "Receive.requires: 5 is not a requirement; write text such as 'billing>=3 and vi'",
        ),
        ({"language": 5}, "Receive.language: 5 is not the name of a skill, such as 'vi'"),
        ({"priority": "high"}, "Receive.priority: points are a whole number"),
        ({"due": 1.5}, "Receive.due: 1.5 is not an instant; an instant is an int"),
        ({"attributes": ["vip"]}, "Receive.attributes: list is not a mapping by name"),
        (
            {"attributes": {"vip": None}},
            (
                "Receive.attributes['vip']: NoneType is no plain value; give a text, a number, "
                "True or False"
            ),
        ),
        (
            {"attributes": {"n": float("nan")}},
            "Receive.attributes['n']: nan is not a finite number",
        ),
        (
            {"attributes": {"n": 2**63}},
            "Receive.attributes['n']: the number is too large; it has at most 64 bits",
        ),
        (
            {"attributes": {"n": LONG}},
            "Receive.attributes['n']: 4097 characters are too many; at most 4096",
        ),
        (
            {"attributes": {"": 1}},
            "Receive.attributes: an id has 1 to 128 characters; this one has 0",
        ),
        (
            {"attributes": {f"a{n}": n for n in range(65)}},
            "Receive.attributes: 65 are too many; at most 64",
        ),
    ],
    ids=lambda value: value[:80] if isinstance(value, str) else "",
)
def test_what_triage_cannot_have_found(wrong: dict[str, object], expected: str) -> None:
    """The field is named, and nothing has changed."""
    story = Story()
    before = story.center.snapshot()
    told = Receive(message(), "cards", **untyped(wrong))
    assert expected == refused(lambda: story.center.handle(told, 0))[: len(expected)]
    assert before == story.center.snapshot()


def test_of_a_call_there_is_room_for_what_was_dialled() -> None:
    """It is one of the attributes; one too many is refused before time has passed."""
    full = {f"a{n}": n for n in range(64)}
    story = Story().served()
    before = story.center.snapshot()
    told = Receive(CALL, "cards", attributes=full)
    assert "Receive.attributes: 65 are too many; at most 64" == refused(
        lambda: story.center.handle(told, seconds(100))
    )
    assert before == story.center.snapshot()
    del full["a0"]
    story.tell(Receive(CALL, "cards", attributes=full))
    assert {"called": CALL.called, **full} == story.center.contact("voice-2").contact.attributes


def test_what_an_agent_says_is_bounded_too() -> None:
    """As what a customer says."""
    story = Story().served()
    told = Say("c1/1", Content("x" * 1_000_001))
    assert "Say.content.text: 1000001 is too long; at most 1000000" == refused(
        lambda: story.center.handle(told, story.now)
    )
    assert () == story.center.handle(Tick(), story.now).events
