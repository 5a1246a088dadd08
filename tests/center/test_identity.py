"""A center that asks who its contacts are: laws, stories, and what comes of wrong input."""

from __future__ import annotations

from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant

from tests.center.machine import FLOWS
from tests.model.refusals import refused, untyped
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
    End,
    Plan,
    PutAgent,
    PutQueue,
    Queue,
    Receive,
    Say,
    SetPresence,
    Step,
    Tick,
    minutes,
    seconds,
)
from tongdai.center import effects, events, histories
from tongdai.center.inputs import AnyInput, FailConnect, Relink, Tell
from tongdai.channels import Message
from tongdai.errors import ConfigurationError, IllegalInput
from tongdai.ivr import End as Stop
from tongdai.ivr import Flow, HandOff, Menu
from tongdai.ivr import Say as Speak
from tongdai.ivr.inputs import Press
from tongdai.metrics import Metrics, Row
from tongdai.model import codec
from tongdai.model.mode import Mode
from tongdai.model.personal import Value
from tongdai.profiles import Answer, Observation, Resolver, extras
from tongdai.testing import CenterMachine

LAN = (Claim("phone", "0908 993 022", assurance="carrier"), Claim("name", "Nguyễn Thị Lan"))
LAN_AGAIN = (Claim("phone", "+84908993022"), Claim("name", "Lan Nguyen"))
ZALO = (Claim("zalo", "8412", scope="oa", assurance="platform"), Claim("name", "Nguyen Thi Lan"))
MINH = (Claim("phone", "0912 345 670", assurance="carrier"), Claim("name", "Trần Minh"))
AN = PutAgent(Agent("an", {"cards": 3, "vi": 5}), available=True)
BINH = PutAgent(Agent("binh", {"cards": 3, "en": 5}), available=True)
CARDS = Queue("cards", "cards", wrap_up=seconds(0), prefers=("last agent", "language"))


class Asleep(Resolver):
    """A resolver that nobody may ask."""

    def ingest(self, observation: Observation, now: int | None = None) -> Answer:
        """Fail: replay does not ask who is who."""
        del observation, now
        raise AssertionError

    find = profile = ingest  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]


class Story:
    """A center that is told one thing a second; lines of what it answers."""

    def __init__(self, *queues: Queue, flows: tuple[Flow, ...] = ()) -> None:
        self.people = Resolver()
        self.queues = queues or (CARDS,)
        self.flows = flows
        self.center = Center(self.queues, people=self.people, flows=flows)
        self.journal: list[events.AnyEvent] = []
        self.to_do: list[effects.AnyEffect] = []
        self.told: list[tuple[AnyInput, int]] = []
        self.now = 0

    def tell(self, *inputs: AnyInput, after: int = 1) -> list[str]:
        """Tell it several things; return what happened and what is to be done, told short."""
        lines: list[str] = []
        for input in inputs:
            self.now += seconds(after)
            self.told.append((input, self.now))
            decision = self.center.handle(input, self.now)
            self.journal += decision.events
            self.to_do += decision.effects
            lines += [line.strip() for line in str(decision).split("\n")[1:]]
        return lines

    def serve(self, contact: str, claims: tuple[Claim, ...], language: str = "") -> None:
        """Let a contact come, and be served to its end by whoever is offered it."""
        self.tell(Arrive(Contact(contact, claims=claims, language=language), "cards"))
        offer = f"{contact}/1"
        self.tell(Accept(offer), End(offer, "done"))

    def replayed(self) -> Center:
        """Return a center to which the journal was applied, byte by byte; it asks nobody."""
        center = Center(self.queues, people=Asleep(), flows=self.flows)
        for event in self.journal:
            center.apply(codec.decode(codec.encode(event), events.AnyEvent))
        return center


def test_who_comes_again_is_known_and_gets_the_agent_they_had() -> None:
    """The whole of it, as the transcript tells it."""
    story = Story()
    story.tell(AN, BINH)
    assert [
        "< ContactIdentified c1 p/c1 created",
        "< ContactQueued c1 cards",
        "< ContactOffered c1 an c1/1 until 23 s (longest idle, 2 s)",
        "! PresentOffer an c1/1 until 23 s",
        "< OfferAccepted c1 an c1/1",
        "! ConnectContact c1 an",
        "< ContactEnded c1 agent an",
        "! DisconnectContact c1 agent",
        "! CloseInteraction an c1/1 agent",
    ] == story.tell(Arrive(Contact("c1", claims=LAN), "cards"), Accept("c1/1"), End("c1/1", "x"))
    found = story.tell(Arrive(Contact("c2", claims=LAN_AGAIN), "cards"))
    assert [
        f"< ContactIdentified c2 p/c1 attached by {story.people.explain('c1', 'c2').bits} bits",
        "< ContactQueued c2 cards first an",
        "< ContactOffered c2 an c2/1 until 26 s (longest idle, 1 s)",
        "! PresentOffer an c2/1 until 26 s",
    ] == found
    shown = story.to_do[-1]
    assert isinstance(shown, effects.PresentOffer)
    assert shown.context == {
        "profile": {
            "id": "p/c1",
            "name": "Nguyễn Thị Lan",
            "language": "",
            "consent": {},
            "last_agent": "an",
            "contacts": 1,
            "open": [],
        }
    }
    assert "p/c1" == story.center.contact("c2").profile


def test_a_flow_can_name_the_profile_from_its_first_word_on() -> None:
    """It greets by name who is known, and a stranger without one."""
    flow = Flow(
        "hotline",
        start="hello",
        nodes={
            "hello": Speak("Hello {profile.name}, last with {profile.last_agent}.", then="ask"),
            "ask": Menu("1?", {"1": "give"}, exhausted="bye"),
            "give": HandOff("cards", full="bye", closed="bye", failed="bye"),
            "bye": Stop(),
        },
    )
    story = Story(flows=(flow,))
    story.tell(AN, BINH)
    story.serve("c1", LAN)
    assert [
        "< ContactIdentified c2 p/c1 attached",
        "< ContactGreeted c2 hotline",
    ] == [
        line.partition(" by ")[0]
        for line in story.tell(Arrive(Contact("c2", claims=LAN_AGAIN), "hotline"))
    ][:2]
    [play] = [one for one in story.to_do if isinstance(one, effects.ServeContact)][:1]
    assert "Hello Nguyễn Thị Lan, last with an." in codec.encode(play.task).decode()
    assert "< ContactQueued c2 cards first an" in story.tell(Tell("c2", Press("1")))
    story.tell(Arrive(Contact("c3"), "hotline"))
    hello = [one for one in story.to_do if isinstance(one, effects.ServeContact)]
    assert any("Hello , last with ." in codec.encode(one.task).decode() for one in hello)
    assert story.replayed().snapshot() == story.center.snapshot()


def test_a_later_merge_takes_open_contacts_along() -> None:
    """Two strangers turn out to be one person while both are here."""
    story = Story()
    story.tell(
        Arrive(Contact("c1", claims=LAN), "cards"),
        Arrive(Contact("c2", claims=ZALO), "cards"),
    )
    assert ("p/c1", "p/c2") == tuple(story.center.contact(id).profile for id in ("c1", "c2"))
    lines = story.tell(Arrive(Contact("c3", claims=(*LAN, *ZALO)), "cards"))
    assert "< ProfileChanged p/c1 has c2 of p/c2" in lines
    assert ["p/c1"] * 3 == [story.center.contact(id).profile for id in ("c1", "c2", "c3")]
    assert [
        (seconds(1), "phone", "c1", "arrived"),
        (seconds(1), "phone", "c1", "queue cards"),
        (seconds(2), "zalo", "c2", "arrived"),
        (seconds(2), "zalo", "c2", "queue cards"),
        (seconds(3), "phone", "c3", "arrived"),
        (seconds(3), "phone", "c3", "queue cards"),
    ] == list(story.center.timeline("p/c1").moments)
    assert story.center.timeline("p/c1") == story.center.timeline("p/c2")  # (a retired id)


def test_what_is_undone_beside_the_center_is_undone_in_it() -> None:
    """`Relink` with the ids that changed; the contacts are again whose they were."""
    story = Story()
    story.tell(Arrive(Contact("c1", claims=LAN), "cards"))
    story.tell(Arrive(Contact("c2", claims=LAN_AGAIN), "cards"))
    answer = story.people.unlink("c1", "c2", by="supervisor")
    assert "p/c1" == story.center.contact("c2").profile
    assert ["< ProfileChanged p/c2 has c2 of p/c1"] == story.tell(Relink(answer.changed))[:1]
    assert "p/c2" == story.center.contact("c2").profile
    assert [] == story.tell(Relink(), Relink(("p/c1", "nobody")))


def test_who_was_erased_is_nobody_here() -> None:
    """Open contacts go on without a profile; names and timeline are gone from the state."""
    story = Story()
    story.tell(AN, Arrive(Contact("c1", claims=ZALO, requires="loans"), "cards"))
    answer = story.people.erase("p/c1")
    assert ["< ProfileChanged lost by p/c1"] == story.tell(Relink(answer.changed))
    assert "" == story.center.contact("c1").profile
    assert {} == story.center.snapshot()["profiles"]
    with pytest.raises(IllegalInput, match="no profile 'p/c1' has been here lately"):
        story.center.timeline("p/c1")


def test_one_timeline_over_all_channels() -> None:
    """A call, then a chat: what happened, in the order of time."""
    story = Story()
    story.tell(AN)
    story.serve("c1", LAN)
    address = Address("zalo", "8412")
    message = Message(key="m1", at=0, address=address, content=Content("Xin chào"), claims=LAN)
    story.tell(Receive(message, "cards", Mode.INTERACTIVE))
    story.tell(Accept("zalo-2/1"), Say("zalo-2/1", Content("Dạ")), Abandon("zalo-2"))
    assert """\
    2 s  phone  c1      arrived
    2 s  phone  c1      queue cards
    3 s  phone  c1      agent an
    4 s  phone  c1      over (done)
    5 s  zalo   zalo-2  arrived
    5 s  zalo   zalo-2  queue cards
    5 s  zalo   zalo-2  wrote
    6 s  zalo   zalo-2  agent an
    7 s  zalo   zalo-2  agent an wrote
    8 s  zalo   zalo-2  over (customer)""" == str(story.center.timeline("p/c1"))


def test_who_was_never_connected_is_no_last_agent() -> None:
    """An accepted offer that failed does not count; the one before does."""
    story = Story()
    story.tell(AN)
    story.serve("c1", LAN)
    story.tell(SetPresence("an", "away"), BINH)
    story.tell(Arrive(Contact("c2", claims=LAN), "cards"), Accept("c2/1"))
    known = story.center.state.histories
    assert known is not None
    assert "binh" == known.facts("c2")["last_agent"]
    story.tell(FailConnect("c2/1"))
    assert "an" == known.facts("c2")["last_agent"]


# --- what a queue prefers -------------------------------------------------------------------------


def test_a_language_is_preferred_and_not_required() -> None:
    """Who speaks it comes first; nobody waits for them."""
    story = Story(Queue("cards", "cards", wrap_up=seconds(0), prefers="language"))
    story.tell(AN, BINH)
    story.serve("c1", LAN, language="en")
    story.tell(Arrive(Contact("c2", claims=MINH), "cards"))  # (An is longest idle)
    assert ("an",) == story.center.contact("c2").agents
    story.tell(Decline("c2/1"), Abandon("c2"))
    assert "< ContactQueued c3 cards prefers en" in story.tell(
        Arrive(Contact("c3", claims=LAN_AGAIN), "cards")
    )
    assert ("binh",) == story.center.contact("c3").agents
    story.tell(SetPresence("binh", "away"), SetPresence("an", "available"))
    assert ("an",) == story.center.contact("c3").agents


def test_a_busy_last_agent_is_waited_for_until_the_plan_steps() -> None:
    """Another agent is free; the contact is held until the second step, and no longer."""
    plan = Plan("cards", Step(seconds(20), "cards"))
    story = Story(Queue("cards", plan, wrap_up=seconds(0), prefers="last agent"))
    story.tell(AN)
    story.serve("c1", LAN)
    story.tell(Arrive(Contact("c2", claims=MINH), "cards"), Accept("c2/1"), BINH)
    assert ["< ContactIdentified c3 p/c1", "< ContactQueued c3 cards first an"] == [
        line.partition(" attached")[0]
        for line in story.tell(Arrive(Contact("c3", claims=LAN_AGAIN), "cards"))
    ]
    assert "held   for an" in str(story.center.explain("c3"))
    at = int(story.now) + int(seconds(20))
    decision = story.center.handle(Tick(), at)
    assert ["PlanStepped", "ContactOffered"] == [type(one).__name__ for one in decision.events]
    assert ("binh",) == story.center.contact("c3").agents


def test_with_one_step_a_busy_last_agent_is_not_waited_for() -> None:
    """Nothing would end it."""
    story = Story()
    story.tell(AN)
    story.serve("c1", LAN)
    story.tell(Arrive(Contact("c2", claims=MINH), "cards"), Accept("c2/1"), BINH)
    assert "< ContactQueued c3 cards" in story.tell(
        Arrive(Contact("c3", claims=LAN_AGAIN), "cards")
    )
    assert ("binh",) == story.center.contact("c3").agents


def test_after_one_offer_nobody_is_held_for() -> None:
    """The last agent declined; when the cool-off is over, it still goes to whoever comes first."""
    story = Story()
    story.tell(AN)
    story.serve("c1", LAN)
    story.tell(Arrive(Contact("c2", claims=LAN_AGAIN), "cards"), Decline("c2/1"))
    story.tell(SetPresence("an", "away"), BINH)
    assert ("binh",) == story.center.contact("c2").agents
    assert story.replayed().snapshot() == story.center.snapshot()


@pytest.mark.parametrize(
    "change",
    [
        PutQueue(Queue("cards", "cards", limit=9, prefers="last agent")),
        PutQueue(Queue("cards", "cards>=2")),
    ],
    ids=["the same plan", "another plan"],
)
def test_a_changed_queue_holds_for_nobody(change: PutQueue) -> None:
    """The plan that would have ended it is another's."""
    plan = Plan("cards", Step(minutes(10), "cards"))
    story = Story(Queue("cards", plan, wrap_up=seconds(0), prefers="last agent"))
    story.tell(AN)
    story.serve("c1", LAN)
    story.tell(Arrive(Contact("c2", claims=MINH), "cards"), Accept("c2/1"), BINH)
    story.tell(Arrive(Contact("c3", claims=LAN_AGAIN), "cards"), change)
    assert ("binh",) == story.center.contact("c3").agents


@pytest.mark.parametrize(
    ("own", "agent"), [("first binh", "binh"), ("without an", "binh"), ("en", "binh"), ("", "an")]
)
def test_what_a_contact_requires_itself_comes_first(own: str, agent: str) -> None:
    """Whom it prefers, avoids or needs; only else the profile counts."""
    story = Story()
    story.tell(AN, BINH)
    story.serve("c1", LAN)
    story.tell(Arrive(Contact("c2", own, claims=LAN_AGAIN), "cards"))
    assert (agent,) == story.center.contact("c2").agents


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ("last_agent", "Queue.prefers: 'last_agent' is not one of last agent, language. Did you"),
        (("language", 5), "Queue.prefers: 5 is not one of last agent, language."),
    ],
)
def test_a_queue_prefers_what_there_is(wrong: object, text: str) -> None:
    """The error names the setting and what would be right."""
    with pytest.raises(ConfigurationError) as error:
        Queue("cards", prefers=wrong)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    assert str(error.value).startswith(text)


# --- what cannot be ------------------------------------------------------------------------------


def test_who_says_nothing_is_nobody() -> None:
    """No event, no profile, no observation; the contact is served as any other."""
    story = Story()
    story.tell(AN, Arrive(Contact("c1", language="vi"), "cards"))
    assert ("", 0) == (story.center.contact("c1").profile, len(story.people))
    assert "ContactIdentified" not in {type(event).__name__ for event in story.journal}


def test_claims_that_cannot_be_are_left_out() -> None:
    """Too long, too many, with control characters: the others count, the contact is served."""
    claims = (
        Claim("name", "x" * 10_000),
        Claim("zalo", "\x07"),
        Claim("a/b", "c"),
        *LAN,
        *(Claim("phone", f"09{number:08}") for number in range(90)),
    )
    story = Story()
    story.tell(Arrive(Contact("c1", claims=claims), "cards"), AN)
    assert ("p/c1", ("an",)) == (
        story.center.contact("c1").profile,
        story.center.contact("c1").agents,
    )
    assert "Nguyễn Thị Lan" == story.people.profile("c1").get("name")


def test_an_odd_channel_is_no_reason_to_fail() -> None:
    """An address whose channel could not be an id still says who it is."""
    story = Story()
    story.tell(Arrive(Contact("c1", address=Address("a/b", "lan"), claims=LAN), "cards"))
    assert "p/c1" == story.center.contact("c1").profile


def test_an_id_that_the_resolver_knows_otherwise_does_no_harm() -> None:
    """As after a step that was never kept: the observation is taken under an id of its own."""
    story = Story()
    story.people.ingest(Observation("c1", "crm", seconds(0), phone="0912345670", name="Tran Minh"))
    story.tell(Arrive(Contact("c1", claims=LAN), "cards"))
    assert "p/c1@1000000" == story.center.contact("c1").profile


def test_relink_is_for_centers_that_know_people() -> None:
    """The error says how to build one; a text is no tuple."""
    with pytest.raises(IllegalInput, match="Relink: this center knows nobody; build it with peop"):
        Center([CARDS]).handle(Relink(), 0)
    assert (
        "Relink.profiles: str is not of the type tuple; give a tuple of str, which may be empty: ()"
    ) == refused(lambda: Story().tell(Relink(untyped("p/c1"))))
    assert "Relink.profiles[1]: int is not of the type str" == refused(
        lambda: Story().tell(Relink(("p/c1", untyped(5))))
    )


def test_what_is_missing_is_told_when_the_center_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not in the middle of a call."""

    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(extras, "import_module", missing)
    with pytest.raises(ConfigurationError, match=r"pip install 'tongdai\[profiles\]'"):
        Center([CARDS], people=Resolver())


def test_names_are_masked_where_events_are_printed() -> None:
    """Who it is stands in personal fields only."""
    story = Story()
    story.tell(AN, Arrive(Contact("c1", claims=LAN), "cards"))
    story.tell(Arrive(Contact("c2", claims=ZALO), "cards"))
    story.tell(Arrive(Contact("c3", claims=(*LAN, *ZALO)), "cards"))
    told: list[Value] = [*story.journal, *story.to_do]
    assert {"ContactIdentified", "ProfileChanged"} <= {type(one).__name__ for one in told}
    assert [] == [one for one in told if "Lan" in repr(one) or "993" in repr(one)]


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of people the last, of each the last contacts, of each contact the last moments."""
    monkeypatch.setattr(histories, "REMEMBERED_PROFILES", 5)
    monkeypatch.setattr(histories, "KEPT_CONTACTS", 3)
    monkeypatch.setattr(histories, "KEPT_MOMENTS", 4)
    story = Story()
    story.tell(Arrive(Contact("stays", claims=ZALO), "cards"))
    for number in range(40):
        id = f"c{number}"
        claims = LAN if number % 2 else (Claim("phone", f"09031{number:02}729"),)
        story.tell(Arrive(Contact(id, claims=claims), "cards"), Abandon(id))
    known = story.center.state.histories
    assert known is not None
    assert 6 >= len(known.profiles)
    assert "p/stays" in known.profiles
    assert 3 == len(known.profiles["p/c1"].touches)
    assert story.replayed().snapshot() == story.center.snapshot()


# --- laws ----------------------------------------------------------------------------------------

PERSONS = (LAN, LAN_AGAIN, ZALO, MINH, (*LAN, *ZALO), (), (Claim("email", "lan@bank.vn"),))


class Caller(NamedTuple):
    """Somebody who arrives."""

    claims: tuple[Claim, ...]
    language: str


told = st.lists(
    st.one_of(
        st.builds(Caller, st.sampled_from(PERSONS), st.sampled_from(["", "", "vi", "en"])),
        st.sampled_from(["accept", "decline", "end", "abandon", "unlink", "relink"]),
    ),
    max_size=25,
)


def _tell(story: Story, what: Caller | str, number: int) -> None:
    state = story.center.state
    offers = [offer for live in state.contacts.values() for offer in live.offers]
    active = [live.interaction for live in state.contacts.values() if live.interaction]
    if isinstance(what, Caller):
        contact = Contact(f"c{number}", claims=what.claims, language=what.language)
        story.tell(Arrive(contact, "cards"))
    elif what == "accept" and offers:
        story.tell(Accept(offers[0]))
    elif what == "decline" and offers:
        story.tell(Decline(offers[-1]))
    elif what == "end" and active:
        story.tell(End(active[0], "done"))
    elif what == "abandon" and state.contacts:
        story.tell(Abandon(next(iter(state.contacts))))
    elif what == "relink":
        story.tell(Relink())
    elif what == "unlink":
        everybody = [story.people.profile(id).observations for id in story.people.profiles()]
        several = next((ids for ids in everybody if len(ids) > 1), None)
        if several is not None:
            answer = story.people.unlink(several[0], several[-1], by="supervisor")
            story.tell(Relink(answer.changed))


@settings(deadline=None)
@given(told)
def test_replay_asks_nobody_and_gives_the_same(story_: list[Caller | str]) -> None:
    """The journal is enough: profiles, histories, who is held, timelines."""
    story = Story()
    story.tell(AN, BINH)
    for number, what in enumerate(story_):
        _tell(story, what, number)
    assert story.replayed().snapshot() == story.center.snapshot()


@settings(deadline=None)
@given(told)
def test_every_contact_has_the_profile_that_the_resolver_gives_it(
    story_: list[Caller | str],
) -> None:
    """Whatever merged or was taken apart since; and each contact is in one timeline."""
    story = Story()
    story.tell(AN, BINH)
    for number, what in enumerate(story_):
        _tell(story, what, number)
        known = story.center.state.histories
        assert known is not None
        assert {
            touch.contact: story.people.find(touch.observation)
            for history in known.profiles.values()
            for touch in history.touches.values()
        } == {id: profile for profile, one in known.profiles.items() for id in one.touches}
        for id, touch in known.open.items():
            assert known.profiles[touch.profile].touches[id] is touch
        assert set(known.open) <= set(story.center.state.contacts)


@settings(deadline=None)
@given(told)
def test_knowing_who_they_are_changes_nothing_that_no_queue_asks_for(
    story_: list[Caller | str],
) -> None:
    """Where no queue prefers anything, the same offers go to the same agents."""
    plain = Queue("cards", "cards", wrap_up=seconds(0))
    story = Story(plain)
    story.tell(AN, BINH)
    for number, what in enumerate(story_):
        _tell(story, what, number)
    other = Center([plain])
    happened: list[events.AnyEvent] = []
    for input, now in story.told:
        if not isinstance(input, Relink):
            happened += other.handle(input, now).events
    names = (events.ContactIdentified, events.ProfileChanged)
    assert list(map(_bare, happened)) == [
        _bare(event) for event in story.journal if not isinstance(event, names)
    ]
    assert _rows(happened, story.now) == _rows(story.journal, story.now)


def _rows(happened: list[events.AnyEvent], now: int) -> list[Row]:
    metrics = Metrics(minutes(1))
    for event in happened:
        metrics.apply(event)
    metrics.advance(now)
    return metrics.rows(by=["queue"])


def _bare(event: events.AnyEvent) -> events.AnyEvent:
    if isinstance(event, events.ContactOffered):
        return msgspec.structs.replace(event, context={})
    return event


class OnceAsked(Resolver):
    """A resolver for several centers that live the same life: each asks, the first is answered."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, Answer] = {}

    def ingest(self, observation: Observation, now: int | None = None) -> Answer:
        """Answer as the first time."""
        if observation.id not in self.answers:
            self.answers[observation.id] = super().ingest(observation, now)
        return self.answers[observation.id]


class KnowingMachine(CenterMachine):
    """Everything that happens to centers happens to one that knows its people."""

    people: OnceAsked

    def prepare(self, data: st.DataObject) -> None:
        """Begin with nobody known."""
        del data
        self.people = OnceAsked()

    def build(self) -> Center:
        """Return a center whose queues prefer whom the profile tells, one with a second step."""
        plan = Plan("cards", Step(seconds(10), ""))
        return Center(
            [
                Queue("cards", plan, prefers=("last agent", "language"), overflow="rest", limit=3),
                Queue("rest", prefers=("language", "last agent"), patience=seconds(30)),
            ],
            people=self.people,
            flows=FLOWS,
        )

    def contacts(self) -> st.SearchStrategy[Contact]:
        """Return contacts of few people."""
        return st.builds(
            Contact,
            st.just("c"),
            st.sampled_from(["", "", "cards", "first an"]),
            st.sampled_from(Mode),
            st.sampled_from(["", "", "", "vi"]),
            claims=st.sampled_from(PERSONS),
        )

    @invariant()
    def nobody_is_held_for_somebody_for_ever(self) -> None:
        """In the queue whose plan has one step, nobody waits for the agent they had before."""
        for live in self.center.state.contacts.values():
            if live.queue == "rest":
                assert "first" not in live.preferred


TestKnowing = KnowingMachine.TestCase
TestKnowing.settings = settings(max_examples=25, deadline=None)
