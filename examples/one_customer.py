"""One customer over four channels: who is who, why, and how it is undone.

    python examples/one_customer.py

Lan stands in the bank's CRM. One morning she calls from her mobile, writes on Zalo while she is on
the phone, sends an e-mail with a slip in her name, and opens the web chat. Two colleagues call from
the line of her office. Her sister writes too, and somebody types Lan's number into the sister's
record: they are taken for one, until a supervisor undoes it. The center knows who arrives before
anybody answers, and every decision shows how it adds up.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tongdai import (
    Accept,
    Address,
    Agent,
    Arrive,
    Center,
    Claim,
    Contact,
    Content,
    Decision,
    End,
    PutAgent,
    Queue,
    Receive,
    instant,
    minutes,
    seconds,
)
from tongdai.center import events
from tongdai.center.inputs import Input, Relink
from tongdai.channels import Message
from tongdai.model.mode import Mode
from tongdai.profiles import Observation, Policy, Profile, Resolver

SAIGON = ZoneInfo("Asia/Ho_Chi_Minh")
MORNING = instant(datetime(2026, 3, 2, 9, 0, tzinfo=SAIGON))
OFFICE = Claim("phone", "028 3822 9155", assurance="carrier")
CRM = (
    Observation(
        "crm-1044",
        source="crm",
        at=instant(datetime(2025, 6, 11, tzinfo=SAIGON)),
        name="Nguyễn Thị Lan",
        phone="0908.993.022",
        email="lan.nguyen@sen.vn",
        birth_date="12/05/1991",
        address="12 Lê Lợi",
        city="Đà Nẵng",
        language="vi",
        consent={"news": True},
    ),
    Observation(
        "crm-2210",
        source="crm",
        at=instant(datetime(2025, 9, 2, tzinfo=SAIGON)),
        name="Trần Văn Minh",
        phone="028 3822 9155",
        email="minh.tran@sen.vn",
    ),
)
SERVICE = Queue("service", wrap_up=seconds(0), prefers=("last agent", "language"))


class Morning:
    """A center, its resolver, and the clock of the story."""

    def __init__(self) -> None:
        self.people = Resolver(Policy(sources=("crm",)))
        for observation in CRM:
            self.people.ingest(observation)
        self.center = Center([SERVICE], people=self.people)
        self.now = MORNING
        self.arrivals: list[events.ContactIdentified] = []
        for agent in (Agent("an", {"vi": 5}), Agent("binh", {"en": 5, "vi": 3})):
            self.tell(PutAgent(agent, available=True))

    def tell(self, input: Input) -> Decision:
        """Tell the center something, five seconds after the last."""
        self.now += seconds(5)
        decision = self.center.handle(input, self.now)
        self.arrivals += [
            event for event in decision.events if isinstance(event, events.ContactIdentified)
        ]
        return decision

    def call(self, contact: str, *claims: Claim) -> None:
        """Somebody calls, and is put through to whoever is offered the call."""
        self.now += minutes(4)
        self.show(self.tell(Arrive(Contact(contact, claims=claims), "service")))
        self.tell(Accept(f"{contact}/1"))

    def write(self, address: Address, text: str, mode: Mode, *claims: Claim) -> None:
        """Somebody writes, and is put through likewise."""
        self.now += minutes(2)
        key = f"m{len(self.arrivals)}"
        message = Message(
            key=key, at=self.now, address=address, content=Content(text), claims=claims
        )
        self.show(self.tell(Receive(message, "service", mode)))
        self.tell(Accept(f"{self.arrivals[-1].contact}/1"))

    def end(self) -> None:
        """Let the agents end what they have."""
        self.now += minutes(1)
        for live in list(self.center.state.contacts.values()):
            self.tell(End(live.interaction, "answered"))

    def show(self, decision: Decision) -> None:
        """Print who arrived, whether the center knew them, and to whom the offer went."""
        for event in decision.events:
            match event:
                case events.ContactIdentified(contact, profile, _, channel, how):
                    what = "not known" if how == "created" else how
                    print(f"\n  {clock(event.at)}  {channel:<6} {contact:<8} {what}: {profile}")
                    print(textwrap.indent(self.evidence(contact), "    "))
                case events.ContactOffered(agent=agent, context=context):
                    known = context["profile"]
                    told = [f"name {known['name'] or '-'}"]
                    if known["last_agent"]:
                        told.append(f"last agent {known['last_agent']}")
                    if known["contacts"]:
                        told.append(f"here before {known['contacts']} x")
                    print(f"    offered to {agent}: {', '.join(told)}")
                case events.ProfileChanged(profile, contacts=contacts, was=was) if contacts:
                    print(f"    {', '.join(contacts)} of {was}: from here {profile}'s")
                case _:
                    pass

    def evidence(self, contact: str) -> str:
        """Return the strongest evidence that put a contact where it is, as it adds up."""
        mine = self.people.profile(contact)
        found = [
            self.people.explain(contact, other) for other in mine.observations if other != contact
        ]
        if not found:
            found = [
                self.people.explain(contact, relation.other)
                for relation in self.people.relations(contact)[:1]
            ]
        return str(max(found, key=lambda one: one.bits)) if found else "  nobody is like that"


def clock(at: int) -> str:
    """Return the time of day."""
    return datetime.fromtimestamp(at / 1_000_000, tz=SAIGON).strftime("%H:%M")


def heading(text: str) -> None:
    """Print a heading."""
    print(f"\n{text}\n{'-' * len(text)}")


def card(profile: Profile) -> None:
    """Print a profile: each value, where it is from, why it is shown, and what else was said."""
    for field in profile:
        value = profile[field]
        print(f"  {field:<11} {value.text:<22} {value.source:<9} {value.because}")
        for other in value.others:
            print(f"  {'':<11} ({other})")
    consent = ", ".join(
        f"{what}: {'yes' if yes else 'no'}" for what, yes in profile.consent.items()
    )
    print(f"  {'consent':<11} {consent or '-'}")


def timeline(morning: Morning, profile: str) -> None:
    """Print what happened with a person, a line a contact."""
    lines: dict[str, list[str]] = {}
    for moment in morning.center.timeline(profile).moments:
        first = f"{clock(moment.at)}  {moment.channel:<6} {moment.contact:<8}"
        lines.setdefault(moment.contact, [first]).append(moment.what)
    for first, *what in lines.values():
        print(f"  {first} {' > '.join(what[1:])}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Live through the morning."""
    argparse.ArgumentParser(description="Who is who, over four channels.").parse_args(arguments)
    morning = Morning()

    heading("Lan, over four channels")
    mobile = Claim("phone", "+84 908 993 022", assurance="carrier")
    morning.call("call-1", mobile)
    morning.write(
        Address("zalo", "84120773"),
        "Chào bạn, thẻ của tôi bị khóa",
        Mode.MESSAGING,
        Claim("zalo", "84120773", scope="sen-oa", assurance="platform"),
        Claim("name", "Lan Nguyễn"),
        Claim("phone", "0908993022"),
    )
    morning.end()
    morning.write(
        Address("email", "Lan.Nguyen@sen.vn"),
        "Please send me the contract.",
        Mode.DEFERRED,
        Claim("email", "Lan.Nguyen@sen.vn", assurance="platform"),
        Claim("name", "Ngyuen Thi Lan"),
    )
    morning.write(
        Address("web", "visitor-77"),
        "Is my new card on its way?",
        Mode.INTERACTIVE,
        Claim("name", "chị Lan"),
        Claim("email", "lan.nguyen@sen.vn"),
        Claim("birth_date", "1991-05-12"),
    )
    morning.end()

    heading("The line of her office, which is nobody's own")
    for contact, name in (("call-5", "Lê Thị Hoa"), ("call-6", "Phạm Quốc Huy")):
        morning.call(contact, OFFICE, Claim("name", name))
        morning.end()

    heading("Her sister, and a record with a wrong number")
    account = Claim("zalo", "84990031", scope="sen-oa", assurance="platform")
    anh = Claim("name", "Nguyễn Thị Lan Anh")
    morning.write(
        Address("zalo", "84990031"), "Tôi muốn mở tài khoản", Mode.MESSAGING, account, anh
    )
    merged = morning.people.ingest(
        Observation(
            "crm-3301",
            source="crm",
            at=morning.now,
            name=anh.value,
            phone="0908.993.022",
            claims=(account,),
        )
    )
    print(f"\n  {clock(morning.now)}  crm-3301: {merged}")
    for other in ("zalo-7", "crm-1044"):
        print(textwrap.indent(str(morning.people.explain("crm-3301", other)), "    "))
    morning.show(morning.tell(Relink(merged.changed)))

    heading("What is shown of Lan until somebody notices")
    card(morning.people.profile("crm-1044"))

    heading("Mai, the supervisor, undoes it")
    undone = morning.people.undo(merged.id, by="supervisor:mai")
    print(f"  {undone}")
    morning.show(morning.tell(Relink(undone.changed)))
    print(textwrap.indent(str(morning.people.explain("crm-3301", "crm-1044")), "  "))
    morning.end()

    heading("Two timelines, over all channels")
    for name, observation in (("Lan", "crm-1044"), ("Lan Anh", "zalo-7")):
        profile = morning.people.find(observation)
        print(f"  {name}, {profile}")
        timeline(morning, profile)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
