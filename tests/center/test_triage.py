"""Triage: which rule decides, why, and what it never does."""

from __future__ import annotations

import time

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    Mode,
    PutAgent,
    Queue,
    Receive,
    minutes,
    seconds,
)
from tongdai.center.triage import About, OpenContact, Rule, Triage, Triaged, TriageExplanation
from tongdai.center.written import MOST_READ, folded, written_in
from tongdai.channels import Message, Ringing
from tongdai.model.calendar import BusinessCalendar
from tongdai.model.codec import structure
from tongdai.model.text import fold
from tongdai.profiles import Observation, Resolver

OFFICE = BusinessCalendar("Asia/Ho_Chi_Minh", {"mon-fri": "08:00-17:00"})
MONDAY_NINE = 1_772_416_800_000_000  # 2026-03-02 09:00 there
SUNDAY = MONDAY_NINE - int(minutes(24 * 60))


def message(text: str = "", **changed: object) -> Message:
    """Return a message."""
    content = Content(text, subject=str(changed.pop("subject", "")))
    fields = {"key": "m", "at": 0, "address": Address("web", "lan"), "content": content, **changed}
    made: Message = untyped(Message)(**fields)
    return made


def taken(
    rule: Rule, text: str = "", about: About | None = None, **changed: object
) -> tuple[bool, str]:
    """Return whether one rule holds, and why or why not."""
    triage = Triage([rule], otherwise="rest", calendars={"office": OFFICE})
    explained = str(triage.explain(message(text, **changed), about)).split("\n")[0]
    decided = triage.decide(message(text, **changed), about)
    assert ("yes" in explained) == (decided.rule == rule.name)
    return bool(decided.rule), explained.split("yes  ")[-1].split("no   ")[-1].split("no  ")[-1]


# --- each condition -------------------------------------------------------------------------------

MAIL = (Claim("email", "Lan@VIP.example"),)
SURE = (Claim("phone", "+84908993022", assurance="verified"),)
KNOWN = About(MONDAY_NINE, "p/1", {"vip": "Có", "language": "en-GB"}, "an", 2)
CASES: list[tuple[Rule, dict[str, object], tuple[bool, str]]] = [
    # keywords: whole words, in a row, without case and accents
    (Rule("r", keywords=("mất thẻ",)), {"text": "Tôi bị MẤT  THẺ rồi!"}, (True, "says 'mất thẻ'")),
    (Rule("r", keywords=("mất thẻ",)), {"text": "toi bi mat the"}, (True, "says 'mất thẻ'")),
    (Rule("r", keywords=("mat the",)), {"text": "mat  \n the."}, (True, "says 'mat the'")),
    (Rule("r", keywords=("card",)), {"text": "a postcard"}, (False, "says none of 'card'")),
    (Rule("r", keywords=("a b",)), {"text": "a c b"}, (False, "says none of 'a b'")),
    (Rule("r", keywords=("x", "card")), {"text": "(card)"}, (True, "says 'card'")),
    (Rule("r", keywords=("card",)), {"subject": "Card", "text": "?"}, (True, "says 'card'")),
    (
        Rule("r", keywords=("a", "b", "c", "d")),
        {"text": "x"},
        (False, "says none of 'a', 'b', 'c' and 1 more"),
    ),
    # globs: the whole text
    (Rule("r", globs=("*thẻ*",)), {"text": "mất thé"}, (True, "text like '*thẻ*'")),
    (Rule("r", globs=("stop",)), {"text": " STOP\n"}, (True, "text like 'stop'")),
    (Rule("r", globs=("stop",)), {"text": "stop it"}, (False, "text like none of 'stop'")),
    (Rule("r", globs=("or??r",)), {"text": "order"}, (True, "text like 'or??r'")),
    # languages: as declared, else as it looks
    (Rule("r", languages=("vi",)), {"text": "Tôi bị mất thẻ"}, (True, "language vi")),
    (Rule("r", languages=("en",)), {"text": "I lost my card"}, (True, "language en")),
    (
        Rule("r", languages=("vi",)),
        {"text": "I lost my card"},
        (False, "language en, not vi"),
    ),
    (Rule("r", languages=("vi",)), {"text": "ok"}, (False, "language unknown, not vi")),
    (Rule("r", languages=("en",)), {"text": "Mất thẻ", "about": KNOWN}, (True, "language en")),
    (
        Rule("r", languages=("fr",)),
        {"text": "Mất thẻ", "claims": (Claim("language", "fr-CA"),)},
        (True, "language fr"),
    ),
    # over what
    (Rule("r", channels=("web*",)), {}, (True, "channel like 'web*'")),
    (Rule("r", channels=("zalo",)), {}, (False, "channel like none of 'zalo'")),
    (Rule("r", called=("*",)), {}, (False, "no call")),
    # who
    (
        Rule("r", claims={"email": "*@vip.example"}),
        {"claims": MAIL},
        (True, "email like '*@vip.example'"),
    ),
    (Rule("r", claims={"phone": "*"}), {"claims": MAIL}, (False, "no phone like '*'")),
    (
        Rule("r", claims={"email": "*"}, assurance="platform"),
        {"claims": MAIL},
        (False, "no email like '*', platform or surer"),
    ),
    (
        Rule("r", claims={"phone": "*"}, assurance="platform"),
        {"claims": SURE},
        (True, "phone like '*'"),
    ),
    (
        Rule("r", claims={"phone": "*", "email": "*"}),
        {"claims": (*SURE, *MAIL)},
        (True, "phone like '*' and email like '*'"),
    ),
    (
        Rule("r", customer={"vip": "co"}),
        {"about": KNOWN},
        (True, "customer's vip like 'co'"),
    ),
    (
        Rule("r", customer={"vip": "co"}),
        {"about": About()},
        (False, "customer's vip is not like 'co'"),
    ),
    (Rule("r", known=True), {"about": KNOWN}, (True, "customer is known")),
    (Rule("r", known=True), {}, (False, "customer is not known")),
    (Rule("r", known=False), {}, (True, "customer is not known")),
    (Rule("r", last_agent=("a*",)), {"about": KNOWN}, (True, "last agent like 'a*'")),
    (Rule("r", last_agent=("binh",)), {"about": KNOWN}, (False, "last agent like none of 'binh'")),
    (Rule("r", last_agent=("*",)), {}, (False, "no last agent")),
    (
        Rule("r", open_contact=True),
        {"about": attrs.evolve(KNOWN, open=(OpenContact("c1", "voice", "cards"),))},
        (True, "contact c1 is open"),
    ),
    (Rule("r", open_contact=True), {"about": KNOWN}, (False, "no other contact is open")),
    (Rule("r", open_contact=False), {"about": KNOWN}, (True, "no other contact is open")),
    # when
    (Rule("r", during="office"), {"about": KNOWN}, (True, "office is open")),
    (Rule("r", during="office"), {"about": About(SUNDAY)}, (False, "office is closed")),
    (Rule("r", outside="office"), {"about": About(SUNDAY)}, (True, "office is closed")),
    (Rule("r", outside="office"), {"about": KNOWN}, (False, "office is open")),
    # all of them together
    (
        Rule("r", keywords=("card",), channels=("web",), during="office"),
        {"text": "My card", "about": KNOWN},
        (True, "channel like 'web'; office is open; says 'card'"),
    ),
    (
        Rule("r", keywords=("card",), channels=("web",), during="office"),
        {"text": "My card", "about": About(SUNDAY)},
        (False, "office is closed"),
    ),
    (Rule("r"), {}, (True, "asks for nothing")),
]


@pytest.mark.parametrize(
    ("rule", "given", "expected"), CASES, ids=[f"{n} {c[2][1]}" for n, c in enumerate(CASES)]
)
def test_a_rule_holds_and_says_why(
    rule: Rule, given: dict[str, object], expected: tuple[bool, str]
) -> None:
    """Or does not, and says why not."""
    assert expected == taken(rule, **untyped(given))


def test_every_condition_is_among_these() -> None:
    """And everything else in a rule is what it gives."""
    asked = {
        field.name
        for rule, _, _ in CASES
        for field in attrs.fields(Rule)
        if getattr(rule, field.name) not in ((), {}, "", None, 0, "asserted")
    }
    gives = {"entry", "requires", "priority", "language", "within", "attributes"}
    assert {field.name for field in attrs.fields(Rule)} == asked | gives | {"assurance"}


def test_a_call_is_triaged_by_what_was_dialled_and_who_calls() -> None:
    """Nothing is written, so what looks at words does not hold."""
    call = Ringing(key="c", at=0, address=Address("voice", "x"), called="1900 1234", claims=SURE)
    triage = Triage(
        [Rule("words", keywords=("card",)), Rule("hotline", called=("1900*",), entry="hotline")],
        otherwise="rest",
    )
    decided = triage.decide(call)
    assert ("hotline", "called like '1900*'") == (decided.entry, decided.why)


# --- what is decided ------------------------------------------------------------------------------

TRIAGE = Triage(
    [
        Rule("vip", customer={"vip": "yes"}, entry="best", priority=5),
        Rule(
            "lost card",
            keywords=("mất thẻ", "lost my card"),
            entry="cards",
            requires="cards>=3",
            priority=2,
            within=minutes(5),
            attributes={"topic": "lost", "urgent": True},
        ),
        Rule("any card", keywords=("thẻ", "card")),
        Rule("french", languages=("fr",), language="fr"),
    ],
    otherwise="help",
    languages=("vi", "en"),
)


def test_the_first_rule_that_holds_decides() -> None:
    """It gives all that a contact has, and its name as the attribute `triage`."""
    expected = Triaged(
        "cards",
        "cards>=3",
        2,
        "en",
        int(seconds(7) + minutes(5)),
        {"triage": "lost card", "topic": "lost", "urgent": True},
        "lost card",
        "says 'lost my card'",
    )
    assert expected == TRIAGE.decide(message("I lost my card!"), About(seconds(7)))


def test_a_rule_without_an_entry_sends_where_all_else_goes() -> None:
    """And where no rule holds, only the language may be found."""
    decided = TRIAGE.decide(message("my card"))
    assert ("help", "any card", "en") == (decided.entry, decided.rule, decided.language)
    assert Triaged("help", language="vi", why="no rule holds") == TRIAGE.decide(message("Xin chào"))
    assert Triaged("help", why="no rule holds") == TRIAGE.decide(message("..."))


def test_the_explanation_tells_of_every_rule() -> None:
    """Those behind the one that decides as well; nothing that was written stands in it."""
    expected = [
        "  vip        no   customer's vip is not like 'yes'",
        "> lost card  yes  says 'mất thẻ'",
        "  any card   yes  says 'thẻ'",
        "  french     no   language vi, not fr",
        "  otherwise  help",
    ]
    lines = str(TRIAGE.explain(message("Tôi bị mất thẻ 9704"))).split("\n")
    assert [line.rstrip() for line in expected] == lines
    assert "> otherwise  help" == str(TRIAGE.explain(message("Xin"))).split("\n")[-1]


def test_it_makes_the_input() -> None:
    """With everything that was found."""
    came = message("I lost my card!")
    received = TRIAGE.decide(came).receive(came, Mode.MESSAGING, id="web:m")
    center = Center([Queue("cards"), Queue("help"), Queue("best")])
    center.handle(received, 0)
    contact = center.contact("web-1").contact
    assert ("cards>=3", 2, "en", Mode.MESSAGING) == (
        contact.requires,
        contact.priority,
        contact.language,
        contact.mode,
    )
    assert {"triage": "lost card", "topic": "lost", "urgent": True} == contact.attributes


def test_it_says_where_it_can_send() -> None:
    """So that a wrong entry can be found before anybody writes."""
    assert ("best", "cards", "help") == TRIAGE.entries


def test_rules_are_read_from_plain_data() -> None:
    """As a JSON or YAML document has them."""
    document = {
        "rules": [
            {
                "name": "lost card",
                "keywords": ["mất thẻ"],
                "claims": {"phone": "*"},
                "assurance": "carrier",
                "during": "office",
                "known": True,
                "entry": "cards",
                "within": "5min",
                "attributes": {"urgent": True, "score": 0.5, "n": 3, "topic": "lost"},
            }
        ],
        "otherwise": "help",
        "languages": ["vi"],
        "calendars": {"office": {"zone": "Asia/Ho_Chi_Minh", "weekly": {"mon-fri": "08:00-17:00"}}},
    }
    expected = Triage(
        [
            Rule(
                "lost card",
                keywords=("mất thẻ",),
                claims={"phone": "*"},
                assurance="carrier",
                during="office",
                known=True,
                entry="cards",
                within=minutes(5),
                attributes={"urgent": True, "score": 0.5, "n": 3, "topic": "lost"},
            )
        ],
        otherwise="help",
        languages=("vi",),
        calendars={"office": OFFICE},
    )
    assert expected == structure(Triage, document)
    wrong = {"rules": [{"name": "x", "keyword": ["a"]}], "otherwise": "help"}
    assert "Triage.rules[0].keyword: there is no such field. Did you mean 'keywords'?" == refused(
        lambda: structure(Triage, wrong)
    )


# --- who it is ------------------------------------------------------------------------------------

LAN = (Claim("phone", "0908 993 022", assurance="carrier"), Claim("name", "Nguyễn Thị Lan"))


def test_a_center_knows_who_writes_before_there_is_a_contact() -> None:
    """The profile, its attributes, the last agent and what is open; asking changes nothing."""
    people = Resolver()
    crm = Observation("crm-1", "crm", 0, "0908993022", attributes={"vip": "yes"}, language="vi")
    people.ingest(crm)
    center = Center([Queue("cards")], people=people)
    center.handle(PutAgent(Agent("an"), available=True), 0)
    for contact in ("c1", "c2"):
        center.handle(Arrive(Contact(contact, claims=LAN), "cards"), seconds(1))
    center.handle(Accept("c1/1"), seconds(2))
    before = center.snapshot(), len(people)
    about = center.about(message(claims=LAN), seconds(9))
    assert (before, seconds(9), "p/crm-1", "an", 2) == (
        (center.snapshot(), len(people)),
        about.at,
        about.profile,
        about.last_agent,
        about.contacts,
    )
    assert ("yes", "vi") == (about.customer["vip"], about.customer["language"])
    assert (OpenContact("c1", "phone", "cards", "an"), OpenContact("c2", "phone", "cards")) == (
        about.open
    )
    assert "Nguyễn" not in repr(about)
    assert "best" == TRIAGE.decide(message(claims=LAN), about).entry


def test_what_was_found_of_a_contact_is_masked_where_it_is_printed() -> None:
    """An application's function may put anything there: attributes are personal, as a contact's."""
    found = Triaged("cards", attributes={"name": "Nguyễn Thị Lan"}, rule="vip")
    assert "Triaged(entry='cards', requires='', priority=0, language='', due=None," in repr(found)
    assert "attributes=•••, rule='vip', why='')" in repr(found)
    explained = TriageExplanation(found, (), "cards")
    assert "Nguyễn" not in repr(explained) + str(explained)
    assert {"name": "Nguyễn Thị Lan"} == found.attributes


def test_a_stranger_is_nobody() -> None:
    """As everybody is to a center without people."""
    center = Center([Queue("cards")], people=Resolver())
    assert About(seconds(1)) == center.about(message(claims=LAN), seconds(1))
    assert About(seconds(1)) == Center().about(message(claims=LAN), seconds(1))


def test_a_call_is_recognised_by_its_claims_alone() -> None:
    """The address is the call's own."""
    people = Resolver()
    center = Center([Queue("cards")], people=people)
    call = Ringing(key="c", at=0, address=Address("voice", "call-1"), claims=LAN)
    center.handle(Receive(call, "cards"), 0)
    again = Ringing(key="d", at=0, address=Address("voice", "call-2"), claims=LAN[:1])
    assert "p/voice-1" == center.about(again).profile
    stranger = Ringing(key="e", at=0, address=Address("voice", "call-1"))
    assert "" == center.about(stranger).profile


# --- language -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tôi bị mất thẻ tín dụng hôm qua", "vi"),
        ("Xin chào, cho mình hỏi phí chuyển khoản", "vi"),
        ("toi bi mat the, giup minh voi", "vi"),
        ("khong dang nhap duoc tai khoan", "vi"),
        ("đơn hàng của em đâu rồi ạ", "vi"),
        ("ĐƠN HÀNG CỦA EM", "vi"),
        ("To\u0302i bi\u0323 ma\u0302\u0301t the\u0309", "vi"),
        ("I lost my card yesterday", "en"),
        ("Where is the order that I made?", "en"),
        ("Hello, can you help me please", "en"),
        ("", ""),
        ("9704 1234", ""),
        ("Nguyen Van An", ""),
        ("ok", ""),
        ("Où est ma commande s'il vous plaît", ""),
        ("Wo ist meine Bestellung bitte", ""),
        ("Bună ziua, am o problemă cu cardul", ""),
        ("Đorđe želim da otkažem karticu", ""),
        ("Ẹ jọ̀ọ́ mo fẹ́ ran ara mi lọ́wọ́", ""),
        ("Biko, achọrọ m enyemaka", ""),
        ("私のカードをなくしました", ""),
        ("my card bị mất, help giúp với", ""),
    ],
)
def test_which_of_two_languages_it_is(text: str, expected: str) -> None:
    """Or neither."""
    assert expected == written_in(text)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("vi-VN", "vi"),
        ("vi_VN", "vi"),
        (" VI ", "vi"),
        ("Vietnamese of the south", "en"),
        ("", "en"),
    ],
)
def test_a_language_may_come_as_a_tag_or_a_locale(tag: str, expected: str) -> None:
    """What is no language counts for nothing, and is not repeated: anybody may have written it."""
    triage = Triage(
        [Rule("fr", languages=("fr_FR",)), Rule("own", languages=(expected,))], otherwise="rest"
    )
    came = message("I lost my card", claims=(Claim("language", tag),))
    assert f"language {expected}" == triage.decide(came).why
    assert "south" not in str(triage.explain(came))


# --- what a stranger can write --------------------------------------------------------------------


@given(st.text(max_size=2_000))
def test_folding_in_pieces_is_folding(text: str) -> None:
    """Where a text has no word longer than a piece."""
    assert fold(text) == folded(text)


@pytest.mark.parametrize(
    "text",
    [
        "\u0301\u0323" * 50_000,
        "a" * 1_000_000,
        "a " * 500_000,
        "\ufdfa" * 100_000,
        "mất " * 250_000,
        "ab" * 500_000,
    ],
    ids=["marks", "letter", "words", "long letters", "keyword", "nearly"],
)
def test_no_text_takes_long(text: str) -> None:
    """Whatever stands in it, however long it is."""
    triage = Triage(
        [
            Rule("words", keywords=tuple(f"mất thẻ {n}" for n in range(100))),
            Rule("globs", globs=("*a*b?a*b*c", "*" + "a?" * 100 + "b*", "*mất*thẻ*x")),
            Rule("language", languages=("fr",)),
        ],
        otherwise="rest",
    )
    begun = time.process_time()
    assert "rest" == triage.decide(message(text)).entry
    assert time.process_time() - begun < 0.5


def test_only_the_beginning_is_read() -> None:
    """Of subject and text together."""
    triage = Triage([Rule("end", keywords=("end",))], otherwise="rest")
    assert triage.decide(message("x " * (MOST_READ // 2 - 2) + "end")).rule
    assert not triage.decide(message("x " * (MOST_READ // 2) + "end")).rule
    assert not triage.decide(message("\ufdfa" * (MOST_READ // 2) + " end")).rule


@given(st.text(max_size=200), st.sampled_from(["", "vi"]), st.booleans())
def test_whatever_is_written_there_is_an_answer(text: str, language: str, known: bool) -> None:  # noqa: FBT001
    """And its explanation agrees with it."""
    about = About(5, "p/1" if known else "", {"language": language} if language else {})
    came = message(text)
    decided = TRIAGE.decide(came, about)
    explained = TRIAGE.explain(came, about)
    assert decided == explained.triaged
    holding = [name for name, findings in explained.rules if all(each.held for each in findings)]
    assert decided.rule == (holding[0] if holding else "")


# --- wrong rules ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: Rule(""), "Rule.name: an id has 1 to 128 characters; this one has 0"),
        (lambda: Rule("r", keywords=untyped("card")), "Rule.keywords: str is not a list of texts"),
        (lambda: Rule("r", keywords=("",)), "Rule.keywords: a text is empty"),
        (
            lambda: Rule("r", keywords=("?!",)),
            "Rule.keywords: '?!' has no word in it; look for marks by globs",
        ),
        (
            lambda: Rule("r", keywords=("card*",)),
            (
                "Rule.keywords: 'card*' is matched as it stands; patterns go to globs, such as "
                "'*card*'"
            ),
        ),
        (lambda: Rule("r", globs=(untyped(5),)), "Rule.globs: int is not text; give a str"),
        (lambda: Rule("r", globs=("x" * 257,)), "Rule.globs: a text has at most 256 characters"),
        (lambda: Rule("r", globs=("x",) * 1_001), "Rule.globs: 1001 are too many; at most 1000"),
        (
            lambda: Rule("r", claims=untyped("phone")),
            "Rule.claims: str is not a mapping to patterns",
        ),
        (
            lambda: Rule("r", claims={"phone": "*"}, assurance=untyped("sure")),
            "Rule.assurance: 'sure' is not one of asserted, carrier, platform, verified.",
        ),
        (
            lambda: Rule("r", assurance="verified"),
            ("Rule.assurance: is that of Rule.claims; give these as well, such as {'phone': '*'}"),
        ),
        (lambda: Rule("r", known=untyped("yes")), "Rule.known: 'yes' is neither True nor False"),
        (
            lambda: Rule("r", requires="a or b"),
            "Rule.requires: 'or' needs parentheses: (a or b) and c",
        ),
        (
            lambda: Rule("r", within=untyped(5)),
            "Rule.within: 5 has no unit; write seconds(5) or timedelta(seconds=5)",
        ),
        (
            lambda: Rule("r", attributes=untyped({"a": None})),
            (
                "Rule.attributes['a']: NoneType is no plain value; give a text, a number, True or "
                "False"
            ),
        ),
        (
            lambda: Rule("r", attributes={f"a{n}": n for n in range(63)}),
            "Rule.attributes: 65 are too many; at most 64",
        ),
        (
            lambda: Rule("r", entry="a/b"),
            "Rule.entry: 'a/b' cannot be an id; leave out '/' and control characters",
        ),
        (lambda: Triage(untyped("r"), otherwise="q"), "Triage.rules: expected a list of Rule(...)"),
        (
            lambda: Triage([Rule("r"), Rule("r")], otherwise="q"),
            "Triage.rules: two are called 'r'",
        ),
        (
            lambda: Triage([], otherwise=""),
            "Triage.otherwise: an id has 1 to 128 characters; this one has 0",
        ),
        (
            lambda: Triage(
                [Rule("r", during="offce")], otherwise="q", calendars={"office": OFFICE}
            ),
            "Rule.during: rule 'r' names no calendar: 'offce'. Did you mean 'office'?",
        ),
        (
            lambda: Triage([], otherwise="q", calendars=untyped({"office": "8-17"})),
            "Triage.calendars['office']: str is not a BusinessCalendar",
        ),
    ],
    ids=range(22),
)
def test_a_wrong_setting_names_its_field(make: object, expected: str) -> None:
    """And what would be right."""
    first_line = refused(untyped(make)).split("\n")[0]
    assert expected == first_line
