"""Requirements: one text each, and the same meaning however they are written or joined."""

from __future__ import annotations

import copy
import pickle
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import tongdai.model.requirement
import tongdai.model.text
from tests.model.refusals import refused, untyped
from tests.model.strategies import PLAIN, names, plain_names, requirements
from tongdai import Plan, Requirement
from tongdai.errors import ParseError
from tongdai.model.codec import decode, encode

LONGEST = 4096
DEEPEST = 32


# --- text -----------------------------------------------------------------------------------------


@given(requirements())
@example(Requirement({"prefers": 1, "vi": 2}))
@example(Requirement({"or": 1}, any_of=[{"and": 2, "or": 1}], first="first", without=["without"]))
def test_text_parses_back(wanted: Requirement) -> None:
    """What prints is the same requirement, and prints the same again."""
    again = Requirement.parse(str(wanted))
    assert wanted == again
    assert str(wanted) == str(again)
    assert hash(wanted) == hash(again)


@given(requirements())
def test_journal_and_copies_keep_it(wanted: Requirement) -> None:
    """Through msgspec, pickle and copy it is the same, as text."""
    assert msgspec.json.encode(str(wanted)) == encode(wanted)
    assert wanted == decode(encode(wanted), Requirement)
    assert str(wanted) == str(pickle.loads(pickle.dumps(wanted)))  # noqa: S301 - our own bytes
    assert wanted == copy.deepcopy(wanted)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (Requirement(), ""),
        (Requirement({"billing": 3, "vi": 1}), "billing>=3 and vi"),
        (Requirement(any_of=[{"vi": 1, "en": 2}]), "(vi or en>=2)"),
        (Requirement(any_of=[{"vi": 2}]), "vi>=2"),
        (Requirement(first="an"), "first an"),
        (
            Requirement(
                {"billing": 3},
                any_of=[{"vi": 1, "en": 1}],
                prefers={"vip": 1, "gold": 2},
                without=["dung", "chi"],
                first="an",
            ),
            "billing>=3 and (vi or en), prefers vip and gold>=2, first an, without dung and chi",
        ),
        (Requirement({"two words": 2, "or": 1, "3": 5}), '"two words">=2 and "or" and "3">=5'),
    ],
)
def test_it_prints_as_a_person_writes_it(made: Requirement, text: str) -> None:
    """One text, and the requirement that it states."""
    assert text == str(made)
    assert made == Requirement.parse(text)
    assert f"Requirement.parse({text!r})" == repr(made)


def test_built_by_program_equals_written_by_hand() -> None:
    """Both ways to a requirement lead to the same value."""
    text = Requirement.parse("billing>=3 and (en or fr), prefers vip, without dung")
    made = Requirement(
        {"billing": 3}, any_of=[{"en": 1, "fr": 1}], prefers={"vip": 1}, without=["dung"]
    )
    assert made == text


@given(requirements(skills=PLAIN, agents=PLAIN), st.randoms(use_true_random=False))
def test_order_of_writing_does_not_count(wanted: Requirement, chance: object) -> None:
    """Skills, groups, wishes and names in any order state the same."""
    shuffle = untyped(chance).shuffle

    def mixed(values: object) -> list[tuple[str, int]]:
        listed = list(untyped(values))
        shuffle(listed)
        return listed

    groups = [dict(mixed(group)) for group in wanted.any_of]
    shuffle(groups)
    other = Requirement(
        dict(mixed(wanted.skills)),
        any_of=groups,
        prefers=dict(mixed(wanted.prefers)),
        without=untyped(mixed(wanted.without)),
        first=wanted.first,
    )
    assert wanted == other
    assert hash(wanted) == hash(other)


@given(requirements(), requirements())
def test_equal_is_what_requires_the_same(one: Requirement, other: Requirement) -> None:
    """Equality is of the parts as sets, and agrees with the hash."""

    def parts(wanted: Requirement) -> object:
        return (
            set(wanted.skills),
            {frozenset(group) for group in wanted.any_of},
            set(wanted.prefers),
            set(wanted.without),
            wanted.first,
        )

    assert (parts(one) == parts(other)) == (one == other)
    assert one != str(one)


# --- bounds and bad text --------------------------------------------------------------------------


def test_text_of_4_kib_parses_and_one_byte_more_does_not() -> None:
    """The bound is exact, and counts bytes."""
    text = "ab and " * 585 + "a"
    assert LONGEST == len(text.encode())
    assert Requirement({"ab": 1, "a": 1}) == Requirement.parse(text)
    expected = "a requirement has at most 4096 bytes; this one has 4097 (at character 1)"
    assert expected == refused(lambda: Requirement.parse(text + "b"))
    assert "this one has 4097 (" in refused(lambda: Requirement.parse(text[:-1] + "é"))


def test_parentheses_nest_32_deep_and_no_deeper() -> None:
    """The bound is exact, and the error stands at the parenthesis that is too much."""
    text = "(" * DEEPEST + "vi or en" + ")" * DEEPEST
    assert Requirement.parse("(vi or en)") == Requirement.parse(text)
    with pytest.raises(ParseError, match="parentheses nest at most 32 deep") as caught:
        Requirement.parse(f"({text})")
    assert DEEPEST + 1 == caught.value.position


def test_a_requirement_too_long_to_parse_back_is_no_setting() -> None:
    """Built by program it could be of any length; what the journal keeps must come back."""
    wanted = Requirement({f"skill {number}": 1 for number in range(400)})
    size = len(str(wanted))
    expected = f"Plan.requires: a requirement has at most 4096 bytes as text; this one has {size}"
    assert expected == refused(lambda: Plan(wanted))


_FRAGMENTS = st.sampled_from(
    [*'()><=,"\\ \t\n', ">=", "and", "or", "prefers", "first", "without", "vi", "3", "9", "4.5"]
)


@given(st.text(max_size=60) | st.lists(_FRAGMENTS | names, max_size=30).map(" ".join))
@example("(" * 4096)
@example('"' + "\\" * 4000)
@example("vi >= " + "9" * 4000)
def test_any_text_parses_or_is_told_where_it_does_not(text: str) -> None:
    """Nothing else is ever raised, and the place lies inside the text."""
    try:
        wanted = Requirement.parse(text)
    except ParseError as error:
        found = error
    else:
        assert wanted == Requirement.parse(str(wanted))
        return
    assert 0 <= found.position <= len(text)
    assert text == found.text


@pytest.mark.parametrize(
    ("text", "message", "position"),
    [
        ("vi and billing>=3 or vip", "'or' needs parentheses: (a or b) and c", 18),
        ("billing>=6", "a level is a whole number from 1 to 5", 9),
        ("billing>=0", "a level is a whole number from 1 to 5", 9),
        ("billing>=2.5", "a level is a whole number from 1 to 5", 9),
        ("billing>=-1", "a level is a whole number from 1 to 5", 9),
        ("billing>3", "a skill is compared with '>=' only", 7),
        ("billing>=", "a level is a whole number from 1 to 5", 9),
        ("(vi or en", "expected ')'", 9),
        ("(vi and en)", "a group offers single skills: (a or b); 'and' stands outside it", 4),
        ("vi en", "expected ','", 3),
        ("vi,", "expected a clause: prefers, first or without", 3),
        ("vi, first an, first binh", "expected one of each: prefers, first, without", 20),
        ("vi, without an,", "expected a clause: prefers, first or without", 15),
        ("and", "expected the name of a skill", 0),
        ("first or", "expected the name of an agent", 6),
        ("vi & en", "unexpected '&'", 3),
        ('"vi', "unexpected '\"'", 0),
        ('"a/b"', "a skill: 'a/b' cannot be an id; leave out '/' and control characters", 0),
    ],
)
def test_bad_text_is_told_what_and_where(text: str, message: str, position: int) -> None:
    """The message, the text, and a caret under the place."""
    with pytest.raises(ParseError) as caught:
        Requirement.parse(text)
    assert position == caught.value.position
    assert f"{message}\n  {text}\n  {' ' * position}^" == str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: Requirement({"billing": -1}),
            "Requirement.skills['billing']: a level is a whole number from 1 to 5; got -1",
        ),
        (
            lambda: Requirement({"billing": True}),
            "Requirement.skills['billing']: a level is a whole number from 1 to 5; got True",
        ),
        (
            lambda: Requirement(prefers={"vip": untyped(2.5)}),
            "Requirement.prefers['vip']: a level is a whole number from 1 to 5; got 2.5",
        ),
        (
            lambda: Requirement(any_of=[{"vi": 1, "en": 6}]),
            "Requirement.any_of[0]['en']: a level is a whole number from 1 to 5; got 6",
        ),
        (
            lambda: Requirement(any_of=[{"vi": 1}, {}]),
            "Requirement.any_of[1]: an empty group can never be met; name a skill",
        ),
        (
            lambda: Requirement({"": 1}),
            "Requirement.skills: an id has 1 to 128 characters; this one has 0",
        ),
        (
            lambda: Requirement(first="a/b"),
            "Requirement.first: 'a/b' cannot be an id; leave out '/' and control characters",
        ),
        (
            lambda: Requirement(without=[untyped(7)]),
            (
                "Requirement.without: 7 is not an id; an id is a str of 1 to 128 characters "
                "without '/'"
            ),
        ),
        (
            lambda: Requirement(untyped(["vi"])),
            "Requirement.skills: ['vi'] is not a mapping; write {skill: level}",
        ),
        (
            lambda: Requirement.parse(untyped(None)),
            "Requirement.parse: None is not text; write 'billing>=3 and vi'",
        ),
        (
            lambda: Plan(untyped(5)),
            "Plan.requires: 5 is not a requirement; write text such as 'billing>=3 and vi'",
        ),
    ],
)
def test_bad_parts_are_named(call: object, message: str) -> None:
    """The field, what is wrong, and what would be right."""
    assert message == refused(untyped(call))


def test_text_is_never_evaluated() -> None:
    """Names that mean something in Python are plain skills here; calls and attributes are none."""
    assert Requirement({"__class__": 1}) == Requirement.parse("__class__")
    assert Requirement({"a.__class__": 1}) == Requirement.parse("a.__class__")
    assert "expected ','" in refused(lambda: Requirement.parse("__import__(os)"))
    for module in (tongdai.model.requirement, tongdai.model.text):
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        found = [word for word in ("eval(", "exec(", "compile(", "literal_eval") if word in source]
        assert (["compile("] if module is tongdai.model.text else []) == found


def test_a_requirement_never_changes() -> None:
    """It is a value, whatever one tries."""
    wanted = Requirement({"vi": 1})
    with pytest.raises(AttributeError, match="never changes"):
        untyped(wanted).first = "an"


# --- meaning --------------------------------------------------------------------------------------


@given(requirements(skills=PLAIN, agents=PLAIN), st.dictionaries(plain_names, st.integers(1, 5)))
@example(Requirement({"vi": 3}, any_of=[{"en": 2, "vip": 1}]), {"vi": 3, "en": 2})
@example(Requirement({"vi": 3}), {"vi": 2})
def test_met_is_what_the_words_say(wanted: Requirement, offered: dict[str, int]) -> None:
    """Every must at its level, and one of every group."""
    musts = all(offered.get(name, 0) >= level for name, level in wanted.skills)
    groups = all(
        any(offered.get(name, 0) >= level for name, level in group) for group in wanted.any_of
    )
    assert (musts and groups) == wanted.met_by(offered)


_some = requirements(skills=PLAIN, agents=PLAIN)
_offers = st.dictionaries(plain_names, st.integers(1, 5))


@given(_some, _some, _offers)
def test_both_are_met_when_each_is(
    one: Requirement, other: Requirement, has: dict[str, int]
) -> None:
    """Joining asks for what one asks and what the other asks."""
    assert (one.met_by(has) and other.met_by(has)) == (one & other).met_by(has)


@given(_some, _some, _some)
def test_joining_is_like_and(one: Requirement, other: Requirement, third: Requirement) -> None:
    """Idempotent, associative, neutral in the empty one, and commutative but for `first`."""
    assert one == one & one
    assert one == one & Requirement() == Requirement() & one
    assert (one & other) & third == one & (other & third)
    assert (one & other).unheld() == (other & one).unheld()


@given(_some, _some)
def test_the_first_of_two_first_agents_counts(one: Requirement, other: Requirement) -> None:
    """Whoever is named first, comes first."""
    assert (one.first or other.first) == (one & other).first
    assert (one & other).unheld() == one.unheld() & other.unheld()


def test_text_of_a_join_depends_on_its_parts_alone() -> None:
    """It does not matter which equal requirement was joined before in this process."""
    written = [Requirement.parse("ab and cd, first x"), Requirement.parse("cd and ab, first x")]
    other = Requirement.parse("ef")
    assert ["ab and cd and ef, first x", "cd and ab and ef, first x"] == [
        str(one & other) for one in written
    ]
    assert ["ab and cd", "cd and ab"] == [str(one.unheld()) for one in written]


@given(_some, _offers)
def test_preference_adds_up_what_is_wished_and_there(
    wanted: Requirement, has: dict[str, int]
) -> None:
    """Levels below the wish count nothing."""
    expected = sum(has[name] for name, level in wanted.prefers if has.get(name, 0) >= level)
    assert expected == wanted.preference(has)
