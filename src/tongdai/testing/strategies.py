"""Hypothesis strategies for every public value, and for whole scenarios.

Rule: functions with plural names and keyword arguments only. What you name is drawn from what you
named; what you leave out is drawn in all its width, above all names: with quotes, blanks, accents,
and words that mean something in a requirement's text. Every value is valid. There is nothing to
tune: how often something comes is Hypothesis's business.

Where `hypothesis` is installed beside tongdai it finds `register` by itself, so
`from_type(Contact)` gives valid values too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

import attrs
from hypothesis import strategies as st

from tongdai.center import Center, Decision, Pause, Shift, Visit
from tongdai.center import effects as effects_
from tongdai.center import events as events_
from tongdai.center import inputs as inputs_
from tongdai.channels import (
    Answer,
    Can,
    Choosing,
    Files,
    Inbound,
    Medium,
    Received,
    ReplyWindow,
    Request,
    Sent,
    Sign,
    Unit,
)
from tongdai.errors import IllegalInput
from tongdai.ivr.flow import Flow
from tongdai.model.agent import Agent
from tongdai.model.contact import (
    Address,
    Attachment,
    Button,
    Claim,
    Contact,
    Content,
    Template,
)
from tongdai.model.ids import offer_id
from tongdai.model.mode import FULL, Mode, ModeSettings
from tongdai.model.order import Order
from tongdai.model.plan import Plan, Step
from tongdai.model.queue import PREFERENCES, Closed, Elsewhere, JoinRule, Queue
from tongdai.model.requirement import HIGHEST, LOWEST, Requirement
from tongdai.model.time import OPEN_ENDED, Duration, Instant, hours, seconds
from tongdai.routing.strategies import BUILT_IN

Names: TypeAlias = Collection[str] | None
"""The names to draw from; `None` is any that can be one."""

_PLAIN: Final = ("vi", "en", "billing", "cards", "vip", "site:hanoi")
_ODD: Final = (
    *("and", "or", "prefers", "first", "without"),
    *('say "hi"', "back\\slash", "two words", " ", "3", "3.5", "-1", "a>=2", "(a)", "a,b"),
    *("tiếng Việt", "e\u0301", "ß", "²", "_", "a.", "__class__", "a" * 128),
)
_JOINS: Final[tuple[JoinRule, ...]] = ("always", "signed_in", "staffed")
_PRINTABLE: Final = st.characters(
    exclude_categories=("C", "Z"), include_characters=" ", exclude_characters="/"
)
_TEXTS: Final = st.text(max_size=20)
_POINTS: Final = st.integers(-50, 50)
_LEVELS: Final = st.integers(LOWEST, HIGHEST)
_MODES: Final = st.sampled_from(Mode)
_PLAIN_VALUES: Final = st.one_of(
    _TEXTS, st.booleans(), st.integers(-99, 99), st.floats(-1e9, 1e9, allow_nan=False)
)

# --- names and time -------------------------------------------------------------------------------


def names(*, among: Names = None) -> st.SearchStrategy[str]:
    """Return names: of skills, and ids of agents, contacts and queues.

    Args:
        among: the names to draw from; `None` draws any that can be one.
    """
    if among is not None:
        return st.sampled_from(sorted(among)) if among else st.nothing()
    written = st.text(_PRINTABLE, min_size=1, max_size=12)
    return st.one_of(st.sampled_from(_PLAIN), st.sampled_from(_ODD), written)


def instants() -> st.SearchStrategy[Instant]:
    """Return instants, from decades before the epoch to millennia after it."""
    return st.integers(-(10**15), 10**17)


def durations() -> st.SearchStrategy[Duration]:
    """Return durations: nothing, whole seconds, some months, and what has no end."""
    return st.one_of(
        st.integers(0, 10**13).map(Duration),
        st.integers(0, 10_000).map(seconds),
        st.just(OPEN_ENDED),
    )


# --- who must, who can, who wants -----------------------------------------------------------------


def requirements(*, skills: Names = None, agents: Names = None) -> st.SearchStrategy[Requirement]:
    """Return requirements with any of their parts.

    Args:
        skills: what they ask for.
        agents: who may stand behind `first` and `without`.
    """
    named, people = names(among=skills), names(among=agents)
    levelled = _levelled(named, most=3)
    group = st.dictionaries(named, _LEVELS, min_size=1, max_size=3)
    return st.builds(
        Requirement,
        levelled,
        any_of=st.just([]) if named.is_empty else st.lists(group, max_size=2),
        prefers=levelled,
        without=st.just([]) if people.is_empty else st.lists(people, max_size=2),
        first=st.none() | people,
    )


def _levelled(named: st.SearchStrategy[str], *, most: int) -> st.SearchStrategy[dict[str, int]]:
    return st.just({}) if named.is_empty else st.dictionaries(named, _LEVELS, max_size=most)


def steps(*, skills: Names = None, agents: Names = None) -> st.SearchStrategy[Step]:
    """Return steps of plans (arguments as in `requirements`)."""
    wanted = requirements(skills=skills, agents=agents)
    return st.builds(Step, st.integers(1, 10**9).map(Duration), wanted, priority=_POINTS)


def plans(*, skills: Names = None, agents: Names = None) -> st.SearchStrategy[Plan]:
    """Return plans of one step to four (arguments as in `requirements`)."""
    following = st.lists(steps(skills=skills, agents=agents), max_size=3, unique_by=_after).map(
        lambda found: sorted(found, key=_after)
    )
    wanted = requirements(skills=skills, agents=agents)
    return st.tuples(wanted, following).map(lambda found: Plan(found[0], *found[1]))


def _after(step: Step) -> Duration:
    return step.after


def orders() -> st.SearchStrategy[Order]:
    """Return orders of each kind."""
    return st.one_of(
        durations().map(lambda point: Order.ageing(point=point)),
        st.just(Order.strict()),
        durations().map(lambda within: Order.due(within=within)),
    )


def agents(
    *, ids: Names = None, skills: Names = None, room: bool = True
) -> st.SearchStrategy[Agent]:
    """Return agents.

    Args:
        ids: who they are.
        skills: what they can do.
        room: whether each of them has room for at least one contact of every mode, at what modes
            cost by default; `False` gives also those who never have, which are just as valid.
    """
    most = FULL if room else 2 * FULL
    return st.builds(
        Agent,
        names(among=ids),
        _levelled(names(among=skills), most=4),
        capacity=st.just(FULL) | st.integers(FULL if room else 0, 10 * FULL),
        costs=st.dictionaries(_MODES, st.integers(0, most), max_size=2),
        limits=st.dictionaries(_MODES, st.integers(1 if room else 0, 9), max_size=2),
        auto_accept=st.none() | st.booleans(),
    )


def contents() -> st.SearchStrategy[Content]:
    """Return what is said, with what may stand beside it: files, choices, a subject, a template."""
    return values_of(Content)


def buttons() -> st.SearchStrategy[Button]:
    """Return choices to tap; each has a key, and perhaps a label."""
    return st.builds(Button, st.sampled_from("123*#") | st.text(min_size=1, max_size=8), _TEXTS)


def attachments() -> st.SearchStrategy[Attachment]:
    """Return files beside a message."""
    return values_of(Attachment)


def addresses(*, channels: Names = None) -> st.SearchStrategy[Address]:
    """Return addresses of customers.

    Args:
        channels: ids of the channels that they are on.
    """
    return st.builds(Address, names(among=channels), _TEXTS)


def claims() -> st.SearchStrategy[Claim]:
    """Return identifiers that contacts carry."""
    return values_of(Claim)


def contacts(
    *,
    ids: Names = None,
    skills: Names = None,
    agents: Names = None,
    channels: Names = None,
) -> st.SearchStrategy[Contact]:
    """Return contacts; half of them ask for nothing but, perhaps, a language.

    Args:
        ids: which they are.
        skills: what they may need; languages are skills.
        agents: whom they may ask for, or want to avoid.
        channels: where they may have an address.
    """
    return st.builds(
        Contact,
        names(among=ids),
        st.just("") | requirements(skills=skills, agents=agents).map(str),
        _MODES,
        st.just("") | names(among=skills),
        _POINTS,
        st.none() | instants(),
        st.none() | addresses(channels=channels),
        st.lists(claims(), max_size=2).map(tuple),
        attributes=st.dictionaries(names(), _PLAIN_VALUES, max_size=2),
    )


# --- where they wait ------------------------------------------------------------------------------


def mode_settings() -> st.SearchStrategy[ModeSettings]:
    """Return the settings of modes."""
    return st.builds(
        ModeSettings,
        cost=st.integers(0, 2 * FULL),
        limit=st.none() | st.integers(1, 9),
        exclusive=st.booleans(),
        protect=st.none() | durations(),
        abandons=st.booleans(),
        offer=durations(),
        auto_accept=st.booleans(),
        wrap_up=durations(),
        order=orders(),
    )


def queues(
    *, ids: Names = None, skills: Names = None, agents: Names = None, to: Names = None
) -> st.SearchStrategy[Queue]:
    """Return queues with any of their settings.

    Args:
        ids: which they are.
        skills: what their plans may ask for.
        agents: whom their plans may ask for, or avoid.
        to: queues where their overflow may lead; without any, it ends.
    """
    ends: st.SearchStrategy[Elsewhere] = st.one_of(names(among=to), st.builds(Closed, _TEXTS))
    return st.builds(
        Queue,
        names(among=ids),
        plans(skills=skills, agents=agents),
        order=st.none() | orders(),
        limit=st.none() | st.integers(0, 100),
        join=st.sampled_from(_JOINS),
        overflow=ends,
        patience=st.none() | durations(),
        after_patience=ends,
        short_abandon=durations(),
        cost=st.none() | st.integers(0, 2 * FULL),
        offer=st.none() | durations(),
        auto_accept=st.none() | st.booleans(),
        wrap_up=st.none() | durations(),
        strategy=st.none() | st.sampled_from(sorted(BUILT_IN)),
        prefers=st.lists(st.sampled_from(PREFERENCES), unique=True),
    )


# --- channels -------------------------------------------------------------------------------------


def media() -> st.SearchStrategy[Medium]:
    """Return what media can do."""
    return st.frozensets(st.sampled_from(Can)).flatmap(_media)


def _media(can: frozenset[Can]) -> st.SearchStrategy[Medium]:
    """Return media that can do these things, with limits of nothing else."""
    choosing = st.none() | st.builds(
        Choosing,
        most=st.integers(1, 20),
        label=st.integers(1, 80),
        text=st.none() | st.integers(4, 2_000),
    )
    files = st.none() | st.builds(
        Files,
        kinds=st.lists(st.sampled_from(["image/png", "image/*", "application/pdf"])).map(tuple),
        size=st.none() | st.integers(1, 10**9),
        most=st.integers(1, 10),
        caption=st.none() | st.integers(0, 2_000),
    )
    return st.builds(
        Medium,
        mode=_MODES,
        can=st.just(can),
        text_limit=st.none() | st.integers(4, 5_000),
        unit=st.sampled_from(get_args(Unit)),
        buttons=choosing if Can.BUTTONS in can else st.none(),
        rows=choosing if Can.LIST in can else st.none(),
        files=files if Can.ATTACHMENTS in can else st.none(),
        reply_window=st.none() | _windows(templates=Can.TEMPLATES in can),
        acknowledge=st.none() | durations(),
        source=_TEXTS,
    )


def reply_windows() -> st.SearchStrategy[ReplyWindow]:
    """Return how long, and how often, one may answer."""
    return _windows(templates=True)


def _windows(*, templates: bool) -> st.SearchStrategy[ReplyWindow]:
    fallbacks: tuple[Literal["human", "template"], ...] = ("human",)
    if templates:
        fallbacks = ("human", "template")
    quota = st.none() | st.integers(0, 20)
    plain = st.builds(ReplyWindow, free=durations(), quota=quota)
    times = st.tuples(durations(), durations()).map(sorted)
    return plain | times.flatmap(
        lambda time: st.builds(
            ReplyWindow,
            free=st.just(time[0]),
            fallback=st.sampled_from(fallbacks),
            until=st.none() | st.just(time[1]),
            quota=quota,
        )
    )


def signs() -> st.SearchStrategy[Sign]:
    """Return what a customer is shown besides messages."""
    return st.one_of([values_of(kind) for kind in get_args(Sign)])


def requests() -> st.SearchStrategy[Request]:
    """Return what a provider may ask over HTTP."""
    return values_of(Request)


def inbounds(*, channels: Names = None) -> st.SearchStrategy[Inbound]:
    """Return what comes in over channels: messages, receipts, activity, calls and the rest.

    Args:
        channels: ids of the channels.
    """
    at = addresses(channels=channels)
    return st.one_of([values_of(kind, {"address": at}) for kind in get_args(Inbound)])


# --- the engine -----------------------------------------------------------------------------------

_agents, _contacts, _queues = agents, contacts, queues  # for those with arguments of these names


def inputs(
    *,
    agents: Names = None,
    contacts: Names = None,
    queues: Names = None,
    skills: Names = None,
) -> st.SearchStrategy[inputs_.AnyInput]:
    """Return inputs of every kind. Whether a center can take one depends on its state.

    Args:
        agents: ids of the agents that they are about.
        contacts: ids of the contacts that they are about, as themselves or by their offers.
        queues: ids of the queues.
        skills: what agents can do, contacts need and plans ask for.
    """
    offers = st.builds(offer_id, names(among=contacts), st.integers(1, 3))
    usual: Mapping[str, st.SearchStrategy[Any]] = {
        "id": st.just("") | names(),
        "offer": offers,
        "interaction": offers,
        "agent": names(among=agents),
        "contact": names(among=contacts),
        "queue": names(among=queues),
        "entry": names(among=queues),
        "to": st.just("") | names(among=queues),
    }
    whole: Mapping[type, dict[str, st.SearchStrategy[Any]]] = {
        inputs_.PutAgent: {"agent": _agents(ids=agents, skills=skills)},
        inputs_.PutQueue: {"queue": _queues(ids=queues, skills=skills, agents=agents, to=queues)},
        inputs_.Arrive: {"contact": _contacts(ids=contacts, skills=skills, agents=agents)},
    }
    kinds = get_args(inputs_.AnyInput)
    return st.one_of([values_of(kind, {**usual, **whole.get(kind, {})}) for kind in kinds])


def events() -> st.SearchStrategy[events_.AnyEvent]:
    """Return events of every kind; no story, each for itself (for stories: `scenarios`)."""
    return st.one_of([values_of(kind) for kind in get_args(events_.AnyEvent)])


def effects() -> st.SearchStrategy[effects_.AnyEffect]:
    """Return effects of every kind."""
    return st.one_of([values_of(kind) for kind in get_args(effects_.AnyEffect)])


# --- whole stories --------------------------------------------------------------------------------


@attrs.frozen
class Scenario:
    """What a center goes through.

    Attributes:
        queues: its settings.
        inputs: what it is told, and when; a center with these queues takes all of it.
    """

    queues: tuple[Queue, ...]
    inputs: tuple[tuple[inputs_.AnyInput, Instant], ...]

    def play(self, center: Center | None = None) -> list[Decision]:
        """Tell it all to a center, by default a new one, and return what that answers."""
        told = Center(self.queues) if center is None else center
        return [told.handle(input, now) for input, now in self.inputs]

    def __str__(self) -> str:
        """Give the transcript."""
        return "\n".join(map(str, self.play()))


def scenarios(
    *, queues: Collection[Queue] | None = None, skills: Names = None
) -> st.SearchStrategy[Scenario]:
    """Return whole stories: agents and contacts come and go, offers are answered or not.

    Args:
        queues: the settings; `None` draws those too.
        skills: what agents can do and contacts need; `None` draws a few.
    """
    known = _FEW if skills is None else skills
    if queues is None:
        settings = st.tuples(
            *[
                _queues(ids=[id], skills=known, agents=_PEOPLE, to=_QUEUES[place:])
                for place, id in enumerate(_QUEUES, 1)
            ]
        )
        where: Collection[str] = _QUEUES
    else:
        settings = st.just(tuple(queues))
        where = [queue.id for queue in queues]
    available = st.just(True)  # noqa: FBT003 - a value, no flag
    come = st.builds(inputs_.PutAgent, agents(ids=_PEOPLE, skills=known), available=available)
    customers = contacts(ids=_CUSTOMERS, skills=known, agents=_PEOPLE, channels=["web"])
    arrive = st.builds(inputs_.Arrive, customers, names(among=where))
    anything = inputs(agents=_PEOPLE, contacts=_CUSTOMERS, queues=where, skills=known)
    return _scenarios(settings, st.one_of(come, arrive, anything))


_PEOPLE: Final = ("an", "binh", "chi")
_CUSTOMERS: Final = ("c1", "c2", "c3", "c4", "c5", "c6")
_QUEUES: Final = ("first", "second", "third")
_FEW: Final = ("cards", "en", "vi")
_PAUSES: Final = st.sampled_from([0, 1, 5, 20, 60, 600]).map(seconds)
_LENGTHS: Final = st.integers(0, 20)


@st.composite
def _scenarios(
    draw: st.DrawFn,
    settings: st.SearchStrategy[tuple[Queue, ...]],
    anything: st.SearchStrategy[inputs_.AnyInput],
) -> Scenario:
    queues = draw(settings)
    center = Center(queues)
    told: list[tuple[inputs_.AnyInput, Instant]] = []
    now: Instant = 0
    for _ in range(draw(_LENGTHS)):
        now += int(draw(_PAUSES))
        out = [id for live in center.state.contacts.values() for id in live.offers]
        offered = draw(st.sampled_from(["", *out]))
        input = inputs_.Accept(offered) if offered else draw(anything)
        with suppress(IllegalInput):
            center.handle(input, now)
            told.append((input, now))
    return Scenario(queues, tuple(told))


# --- simulation -----------------------------------------------------------------------------------


def visits(
    *, ids: Names = None, queues: Names = None, skills: Names = None
) -> st.SearchStrategy[Visit]:
    """Return customers who come once.

    Args:
        ids: of their contacts.
        queues: where they go.
        skills: what they may need.
    """
    return st.builds(
        Visit,
        instants(),
        contacts(ids=ids, skills=skills),
        names(among=queues),
        patience=st.none() | durations(),
        talk=durations(),
        wrap_up=st.none() | durations(),
    )


def pauses() -> st.SearchStrategy[Pause]:
    """Return times in which an agent is away."""
    return st.builds(Pause, instants(), durations())


def shifts(*, ids: Names = None, skills: Names = None) -> st.SearchStrategy[Shift]:
    """Return agents' times on duty, of a day at most, with pauses in them.

    (In a shift of a century somebody who never answers in time is offered a contact for ever.)

    Args:
        ids: of the agents.
        skills: what they can do.
    """
    times = st.tuples(instants(), st.integers(0, int(hours(24))))
    return times.flatmap(
        lambda time: _shifts(agents(ids=ids, skills=skills), time[0], time[0] + time[1])
    )


def _shifts(
    who: st.SearchStrategy[Agent], start: Instant, end: Instant
) -> st.SearchStrategy[Shift]:
    return st.builds(
        Shift,
        who,
        st.just(start),
        st.just(end),
        pauses=st.lists(st.builds(Pause, st.integers(start, end), durations()), max_size=2),
        answers_after=durations(),
        misses=st.floats(0, 0.5),
        back_after=durations(),
        declines=st.floats(0, 0.5),
    )


# --- for Hypothesis -------------------------------------------------------------------------------

_OWN: Final[Mapping[type, Callable[[], st.SearchStrategy[Any]]]] = {
    Duration: durations,
    Requirement: requirements,
    Step: steps,
    Plan: plans,
    Order: orders,
    Agent: lambda: agents(room=False),
    Address: addresses,
    Button: buttons,
    Contact: contacts,
    Closed: lambda: st.builds(Closed, _TEXTS),
    Queue: queues,
    ModeSettings: mode_settings,
    Medium: media,
    ReplyWindow: reply_windows,
    Visit: visits,
    Pause: pauses,
    Shift: shifts,
    Scenario: scenarios,
}
_PLAIN_KINDS: Final[tuple[type, ...]] = (
    *(Attachment, Claim, Content, Template, Sent),
    *(Request, Answer, Received),
    *get_args(Inbound),
    *get_args(Sign),
    *get_args(inputs_.AnyInput),
    *get_args(events_.AnyEvent),
    *get_args(effects_.AnyEffect),
)
_BASIC: Final[Mapping[Any, st.SearchStrategy[Any]]] = {
    NoneType: st.none(),
    bool: st.booleans(),
    int: instants(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: _TEXTS,
    bytes: st.binary(max_size=20),
    Mode: _MODES,
    Any: st.recursive(
        st.none() | st.booleans() | st.integers(-9, 9) | _TEXTS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXTS, inner, max_size=2),
        max_leaves=3,
    ),
}


def register() -> None:
    """Tell Hypothesis of all these; it calls this itself, as its entry point."""
    from tongdai.testing.flow_strategies import flows  # noqa: PLC0415 - they build on these here

    st.register_type_strategy(Flow, _ignoring(flows))
    for kind, make in _OWN.items():
        st.register_type_strategy(kind, _ignoring(make))
    for kind in _PLAIN_KINDS:
        st.register_type_strategy(kind, values_of)


def _ignoring(
    make: Callable[[], st.SearchStrategy[Any]],
) -> Callable[[type], st.SearchStrategy[Any]]:
    return lambda _: make()


def values_of(  # noqa: PLR0911 - one case a kind of type
    kind: Any,  # noqa: ANN401 - any type, or union of types
    known: Mapping[str, st.SearchStrategy[Any]] = MappingProxyType({}),
) -> st.SearchStrategy[Any]:
    """Return a strategy for a type: a struct field by field, a union part by part."""
    if kind in _BASIC:
        return _BASIC[kind]
    if kind in _OWN:
        return _OWN[kind]()
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return st.one_of([values_of(part) for part in parts])
    if origin is Literal:
        return st.sampled_from(parts)
    if origin is tuple:
        return st.lists(values_of(parts[0]), max_size=2).map(tuple)
    if origin is Mapping:
        return st.dictionaries(values_of(parts[0]), values_of(parts[1]), max_size=2)
    hints = get_type_hints(kind)
    fields = {
        name: known[name] if name in known else values_of(hints[name])
        for name in kind.__struct_fields__
    }
    return st.builds(kind, **fields)
