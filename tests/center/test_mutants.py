"""Whether the machine would notice: the code is broken on purpose, and the machine has to fail.

The naive model kills all but `undead_timers`, `eager_replay` and `curious`, which it cannot see.
What kills a mutant even without the naive model stands in parentheses.

- `no_match_after_wrap_up`: nobody is matched when a wrap-up ends (extra ticks)
- `tail`: who comes back stands at the end of the line (`who_returns_has_their_old_place`)
- `forgotten_sibling`: a winning accept forgets one offer (`siblings_are_rescinded_at_once`)
- `endless_cool_off`: a cool-off never ends
- `leak`: a declined offer keeps the agent's capacity
- `deaf_to_plans`: matching asks for a plan's first step for ever
- `short_count`: a limit counts who waits, and not who is on offer
- `offers_stay`: who goes unavailable keeps offers (`offers_are_out_to_available_agents_only`)
- `no_protection`: a call that has waited long does not keep agents free
- `overbooked`: there is always room (`capacity_is_never_exceeded`)
- `shrinking_wrap_up`: extending a wrap-up makes it shorter (`wrap_ups_never_shrink`)
- `undead_timers`: patience counts again after an offer, unless somebody has looked (extra ticks)
- `eager_replay`: a journal gives back what was not lived (`replay_gives_the_state`)
- `curious`: asking for the next deadline changes something (`replay_gives_the_state`)
- `no_way_back`: no contact comes back to its flow
- `untidy`: a hang-up in a queue or with an agent runs no clean-up
- `forgetful`: offers do not show what was asked and answered
- `talkative`: a flow answers what nobody wrote
- `left_behind`: a contact does not follow its customer to another address
- `reads_labels`: a tap is read as if its label had been written
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from msgspec.structs import replace

from tests.center.machine import NaiveMachine
from tongdai.center import Center, events
from tongdai.center.incoming import Incoming
from tongdai.center.self_service import SelfService
from tongdai.center.state import State
from tongdai.channels import Message
from tongdai.queues import queue as queues
from tongdai.routing.lanes import Bench
from tongdai.routing.places import Places
from tongdai.routing.roster import Roster
from tongdai.routing.router import Router

Mutant = Callable[[pytest.MonkeyPatch], None]


def _instead(patch: pytest.MonkeyPatch, kind: type, name: str, make: Callable[[Any], Any]) -> None:
    """Put another method, made from the true one, in its place."""
    patch.setattr(kind, name, make(getattr(kind, name)))


def _always(value: object = None) -> Callable[[Any], Any]:
    """Make a method that returns one value, whatever it is asked."""

    def constant(*_: object) -> object:
        return value

    def make(_: Any) -> Any:  # noqa: ANN401
        return constant

    return make


def no_match_after_wrap_up(patch: pytest.MonkeyPatch) -> None:
    """Match nobody when the last thing that happened is the end of a wrap-up."""

    def make(true: Any) -> Any:  # noqa: ANN401
        def assign(self: Any) -> None:  # noqa: ANN401
            if not (self._events and isinstance(self._events[-1], events.WrapUpEnded)):
                true(self)

        return assign

    _instead(patch, Center, "_assign", make)


def tail(patch: pytest.MonkeyPatch) -> None:
    """Let who comes back wait as if they had just come."""

    def make(true: Any) -> Any:  # noqa: ANN401
        def requeue(self: Router, contact: str, now: int, *, innocent: bool = False) -> None:
            self.waiter(contact).since = now
            true(self, contact, now, innocent=innocent)

        return requeue

    _instead(patch, Router, "requeue", make)


def forgotten_sibling(patch: pytest.MonkeyPatch) -> None:
    """Forget the last other offer when one is accepted."""

    def make(_: Any) -> Any:  # noqa: ANN401
        def accept(self: Any, live: Any, offer: Any) -> None:  # noqa: ANN401
            at = self._now
            self._emit(events.OfferAccepted(live.contact.id, offer.agent, offer.id, at=at))
            for other in list(live.offers.values())[:-1]:
                why = f"accepted by {offer.agent}"
                taken = events.OfferRescinded(live.contact.id, other.agent, other.id, why, at=at)
                self._emit(taken)

        return accept

    _instead(patch, Center, "_accept", make)


def endless_cool_off(patch: pytest.MonkeyPatch) -> None:
    """Let a cool-off last for years."""

    def make(true: Any) -> Any:  # noqa: ANN401
        def cool(self: Router, contact: str, agent: str, until: int, now: int) -> None:
            true(self, contact, agent, until + 10**15, now)

        return cool

    _instead(patch, Router, "cool", make)


def leak(patch: pytest.MonkeyPatch) -> None:
    """Let an agent who declines keep the units of the offer in use."""
    free: Any = Roster.free

    def leaking(self: Roster, state: Any, contact: str, now: int, *, innocent: bool) -> None:  # noqa: ANN401
        units = state.active[contact].units
        free(self, state, contact, now, innocent=innocent)
        state.used += units
        self.publish(state)

    def make(true: Any) -> Any:  # noqa: ANN401
        def declined(self: State, event: events.OfferDeclined) -> None:
            with pytest.MonkeyPatch.context() as meanwhile:
                meanwhile.setattr(Roster, "free", leaking)
                true(self, event)

        return declined

    _instead(patch, State, "_offer_declined", make)


def deaf_to_plans(patch: pytest.MonkeyPatch) -> None:
    """Let the first step of a plan count, however long the contact has waited."""

    def make(true: Any) -> Any:  # noqa: ANN401
        def wanted(self: Places, waiter: Any, _: int, away: Any) -> Any:  # noqa: ANN401
            return true(self, waiter, 0, away)

        return wanted

    _instead(patch, Places, "wanted", make)


def short_count(patch: pytest.MonkeyPatch) -> None:
    """Do not count contacts on offer against a queue's limit."""

    def refusal(line: Any, _: Any) -> str | None:  # noqa: ANN401
        limit = line.queue.limit
        return "full" if limit is not None and line.waiting >= limit else None

    patch.setattr(queues, "_refusal", refusal)


def offers_stay(patch: pytest.MonkeyPatch) -> None:
    """Leave offers out to agents who go away."""
    _instead(patch, Center, "_withdraw", _always())


def no_protection(patch: pytest.MonkeyPatch) -> None:
    """Keep no agent for calls that have waited long."""
    _instead(patch, Bench, "possible", _always(value=False))


def overbooked(patch: pytest.MonkeyPatch) -> None:
    """Find room for everything."""
    _instead(patch, Bench, "room", _always(value=True))


def shrinking_wrap_up(patch: pytest.MonkeyPatch) -> None:
    """End an extended wrap-up a second after now."""

    def make(true: Any) -> Any:  # noqa: ANN401
        def extended(self: State, event: events.WrapUpExtended) -> None:
            values = (event.agent, event.interaction, event.at + 1_000_000)
            true(self, events.WrapUpExtended(*values, at=event.at))

        return extended

    _instead(patch, State, "_wrap_up_extended", make)


def undead_timers(patch: pytest.MonkeyPatch) -> None:
    """Let a timer count whenever the contact waits and the deadline is right."""

    def patient(timer: Any) -> bool:  # noqa: ANN401
        entry, deadline = timer
        patience = entry.line.queue.patience
        return (
            not entry.offered
            and patience is not None
            and deadline == entry.entered + patience
            and entry.line.entries.get(entry.contact) is entry
        )

    patch.setattr(queues, "_patient", patient)


def eager_replay(patch: pytest.MonkeyPatch) -> None:
    """Let what an engine emits, and what a journal gives back, do different things."""

    def make(true: Any) -> Any:  # noqa: ANN401
        def apply(self: Center, event: events.AnyEvent) -> None:
            true(self, event)
            if isinstance(event, events.ContactEnded) and event.wrap_up:
                self.state.router.agent(event.agent).taken += 1

        return apply

    _instead(patch, Center, "apply", make)


def curious(patch: pytest.MonkeyPatch) -> None:
    """Count busy agents' contacts again whenever somebody asks for the next deadline."""

    def make(true: Any) -> Any:  # noqa: ANN401
        def next_deadline(self: Center) -> int | None:
            for live in self.state.router.agents.values():
                live.taken += live.used > 0
            found: int | None = true(self)
            return found

        return next_deadline

    _instead(patch, Center, "next_deadline", make)


def no_way_back(patch: pytest.MonkeyPatch) -> None:
    """Let every contact end whose agent, or patience, is done."""
    _instead(patch, SelfService, "_returns", _always(""))


def untidy(patch: pytest.MonkeyPatch) -> None:
    """Let nobody's flow hear of a hang-up elsewhere."""
    _instead(patch, SelfService, "left", _always())


def forgetful(patch: pytest.MonkeyPatch) -> None:
    """Show nothing with an offer."""
    _instead(patch, SelfService, "context", _always({}))


def talkative(patch: pytest.MonkeyPatch) -> None:
    """Let a flow read automatic messages too."""

    def make(true: Any) -> Any:  # noqa: ANN401
        def hear(self: Any, input: Any, message: Any, here: str) -> None:  # noqa: ANN401
            true(self, input, message, here)
            service = self._service
            if message.automatic and here and service.has(here):
                service.hear(here, message)

        return hear

    _instead(patch, Incoming, "_hear", make)


def left_behind(patch: pytest.MonkeyPatch) -> None:
    """Let a contact stay where it is when its customer has another address."""
    _instead(patch, State, "_contact_relinked", _always())


def reads_labels(patch: pytest.MonkeyPatch) -> None:
    """Let a flow read the label of a button that was tapped."""

    def make(true: Any) -> Any:  # noqa: ANN401
        def hear(self: SelfService, contact: str, message: Message) -> None:
            true(self, contact, replace(message, choice=""))

        return hear

    _instead(patch, SelfService, "hear", make)


MUTANTS: list[Mutant] = [
    no_match_after_wrap_up,
    tail,
    forgotten_sibling,
    endless_cool_off,
    leak,
    deaf_to_plans,
    short_count,
    offers_stay,
    no_protection,
    overbooked,
    shrinking_wrap_up,
    undead_timers,
    eager_replay,
    curious,
    no_way_back,
    untidy,
    forgetful,
    talkative,
    left_behind,
    reads_labels,
]

BUDGET = settings(
    max_examples=400,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_the_machine_notices(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine fails on broken code."""
    mutant(monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(NaiveMachine, settings=BUDGET)
