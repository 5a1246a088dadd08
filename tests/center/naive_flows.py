"""Flows beside the naive model: who has which contact, asked of everybody each time.

Rule: the flows themselves are run by the real machine, which has models of its own; what is
predicted here is what the center makes of it: who is told, when, and what follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import attrs
import msgspec

from tongdai.center import events, inputs
from tongdai.channels import Message
from tongdai.ivr import effects as tasks
from tongdai.ivr import inputs as told
from tongdai.ivr.flow import Flow
from tongdai.ivr.machine import Machine, Turn
from tongdai.ivr.nodes import HandOff
from tongdai.ivr.session import Session
from tongdai.model.contact import Address, Contact
from tongdai.model.mode import Mode
from tongdai.model.requirement import Requirement

if TYPE_CHECKING:
    from tests.center.naive import Case, Deadline, Naive

MOST_REFUSALS = 16


@attrs.define
class Talk:
    """A contact and its flow."""

    contact: Contact
    flow: str
    session: Session | None = None
    context: dict[str, Any] = attrs.Factory(dict[str, Any])
    rounds: int = 0

    @property
    def id(self) -> str:
        """The contact's id."""
        return self.contact.id

    @property
    def gone(self) -> bool:
        """Whether the customer is gone."""
        return self.session is not None and self.session.cleaning

    @property
    def over(self) -> bool:
        """Whether the flow has ended."""
        return self.session is not None and self.session.ended


class NaiveFlows:
    """The flows of a naive center."""

    def __init__(self, naive: Naive, flows: Iterable[Flow]) -> None:
        """Start with nobody in them."""
        self.naive = naive
        self.flows = {flow.id: flow for flow in flows}
        self.machine = Machine(self.flows.values())
        self.talks: list[Talk] = []
        self.refusals = 0

    def talk(self, contact: str) -> Talk | None:
        """Return a contact's talk."""
        return next((talk for talk in self.talks if talk.id == contact), None)

    def having(self, contact: str) -> Talk | None:
        """Return a contact's talk if its flow has it."""
        return None if self.naive.case(contact) else self.talk(contact)

    def context(self, contact: str) -> dict[str, Any]:
        """Return what goes with an offer."""
        talk = self.talk(contact)
        return talk.context if talk else {}

    # --- what comes ---------------------------------------------------------------------------

    def begin(
        self, contact: Contact, flow: str, message: Message | None = None, *, call: bool = False
    ) -> None:
        """Let a contact begin."""
        naive = self.naive
        naive.arrived += 1
        naive.used_ids.add(contact.id)
        naive.came.append(contact.id)
        talk = Talk(contact, flow)
        self.talks.append(talk)
        naive.emit(events.ContactGreeted(contact.id, flow, contact))
        values: dict[str, Any] = {"contact": facts(contact)}
        if message is not None:
            values["message"] = message.content.text
            naive.emit(
                events.MessageReceived(
                    contact.id, message.key, message.content, choice=message.choice
                )
            )
        voice = call or (contact.mode == Mode.LIVE and contact.address is None)
        self.refusals = 0
        self.go_on(
            talk,
            self.machine.start(
                flow,
                session=contact.id,
                now=naive.clock,
                modality="voice" if voice else "chat",
                language=contact.language,
                values=values,
            ),
        )

    def tell(self, asked: inputs.Tell) -> bool:
        """Tell a flow something; return whether it has the contact."""
        talk = self.having(asked.contact)
        if talk is None:
            return False
        if not isinstance(asked.input, told.HangUp):
            self.refusals = 0
            self.step(talk, asked.input)
        elif not talk.gone:
            self.leave(talk)
        return True

    def hear(self, contact: str, message: Message) -> None:
        """A flow reads a message: what was tapped, or what was written."""
        talk = self.having(contact)
        assert talk is not None
        self.refusals = 0
        if message.choice:
            self.step(talk, told.Choose(message.choice, message.question))
        else:
            self.step(talk, told.Text(message.content.text))

    def deadlines(self) -> Iterator[Deadline]:
        """Give what falls due in flows."""
        from tests.center.naive import Deadline  # noqa: PLC0415 - it uses this module

        for talk in self.talks:
            session = talk.session
            if session is not None and session.timer:
                token = session.token(session.timer)
                due = partial(self.due, talk, told.TimerFired(token))
                yield Deadline(session.until, ("flow", talk.id), due)

    def due(self, talk: Talk, input: told.TimerFired) -> None:
        """A deadline has come."""
        self.refusals = 0
        self.step(talk, input)

    # --- what happens to a contact elsewhere --------------------------------------------------

    def leave(self, talk: Talk) -> None:
        """The customer is gone."""
        self.refusals = 0
        self.step(talk, told.HangUp())

    def closing(self, contact: str, reason: events.EndReason) -> str:
        """A contact ends; return the flow that has it again."""
        talk = self.talk(contact)
        if talk is None or talk.over or talk.session is None:
            return ""
        node = self.flows[talk.session.flow].nodes[talk.session.node]
        wired = {"agent": "then", "patience": "closed"}.get(reason)
        if (
            wired
            and talk.session.phase == "handed_off"
            and isinstance(node, HandOff)
            and getattr(node, wired)
        ):
            return talk.session.flow
        if reason == "agent":
            self.step(talk, told.QueueResult("ended"))
        elif not talk.gone:
            self.leave(talk)
        return ""

    def forget(self, contact: str) -> None:
        """A contact is over for queue and agents."""
        self.talks = [
            talk for talk in self.talks if talk.id != contact or (talk.gone and not talk.over)
        ]

    def resume(self, case: Case, reason: events.EndReason) -> None:
        """A contact is its flow's again."""
        talk = self.talk(case.id)
        assert talk is not None
        self.refusals = 0
        self.step(talk, told.QueueResult("ended" if reason == "agent" else "closed"))

    # --- one step -----------------------------------------------------------------------------

    def step(self, talk: Talk, input: told.AnyInput) -> None:
        """Let a flow take a step."""
        assert talk.session is not None
        self.go_on(talk, self.machine.step(talk.session, input, self.naive.clock))

    def go_on(self, talk: Talk, turn: Turn) -> None:
        """Do what a flow wants done."""
        naive = self.naive
        talk.session = turn.session
        if turn.events or turn.effects:
            naive.emit(
                events.FlowAdvanced(
                    talk.id,
                    turn.events,
                    turn.effects,
                    talk.contact.address,
                    spoken=turn.session.modality == "voice",
                )
            )
        for task in turn.effects:
            if isinstance(task, tasks.GiveToQueue):
                talk.context = {k: v for k, v in task.context.items() if k != "contact"}
                self.give(talk, task)
        if turn.session.ended and naive.case(talk.id) is None:
            let_go = any(isinstance(task, tasks.Disconnect) for task in turn.effects)
            self.end(talk, turn.session.reason, disconnect=let_go)

    def end(self, talk: Talk, reason: str, *, disconnect: bool) -> None:
        """A flow is over."""
        if talk in self.talks:
            self.talks.remove(talk)
            why = "customer" if reason == "hang_up" else reason
            self.naive.emit(
                events.FlowEnded(talk.id, talk.flow, why, disconnect, talk.contact.address)
            )

    def give(self, talk: Talk, task: tasks.GiveToQueue) -> None:
        """Hand a contact to a queue, or tell its flow that none takes it."""
        naive = self.naive
        wanted = Requirement.parse(talk.contact.requires) & Requirement.parse(task.requires)
        contact = msgspec.structs.replace(
            talk.contact, requires=str(wanted), priority=talk.contact.priority + task.priority
        )
        queue, reason, result = task.queue, "", "failed"
        passed: tuple[str, ...] = ()
        if any(case.id == talk.id for case in naive.cases):
            reason = "the agent before is still in wrap-up"
        elif task.queue not in naive.queues:
            reason = "there is no such queue"
        else:
            queue, reason, _, passed = naive.admit(contact, task.queue)
            result = "full" if reason == "full" else "closed"
        if not reason:
            naive.join(contact, queue, passed, rounds=talk.rounds)
            return
        naive.emit(events.HandOffRefused(talk.id, queue, reason, passed))
        self.refusals += 1
        if self.refusals > MOST_REFUSALS:
            self.end(talk, "error.spin", disconnect=True)
        else:
            answer: Any = result
            self.step(talk, told.QueueResult(answer, task.call))


def facts(contact: Contact) -> dict[str, Any]:
    """Return what a flow knows of a contact."""
    address: Address | None = contact.address
    return {
        "id": contact.id,
        "mode": contact.mode.value,
        "language": contact.language,
        "channel": {"id": address.channel, "address": address.to} if address else {},
        "claims": {claim.scheme: claim.value for claim in contact.claims},
        "attributes": dict(contact.attributes),
    }
