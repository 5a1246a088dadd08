"""The fold: after any history it has what the center says, and its frames add up to that."""

from __future__ import annotations

from typing import Any

from hypothesis import settings

from tongdai import (
    Accept,
    Address,
    Agent,
    Center,
    Content,
    PutAgent,
    Queue,
    Receive,
    minutes,
    seconds,
)
from tongdai.adapters.webdesk.board import Board
from tongdai.center import events
from tongdai.channels import Message, Revised
from tongdai.ivr import Choice, Flow, HandOff, Menu, Say
from tongdai.model.contact import Contact
from tongdai.model.time import Instant
from tongdai.testing import CenterMachine

FLOW = Flow(
    "menu",
    start="ask",
    nodes={
        "ask": Menu(
            "Thẻ hay vay?",
            {"1": Choice("cards", "Thẻ"), "2": Choice("loans", "Vay")},
            exhausted="cards",
            expired="cards",
        ),
        "cards": HandOff("cards", then="bye", full="bye", closed="bye", failed="bye"),
        "loans": HandOff("loans", full="bye", closed="bye", failed="bye"),
        "bye": Say("Tạm biệt."),
    },
)


class Watched(CenterMachine):
    """A center, a board that begins with it, and pages that know what they are shown."""

    def build(self) -> Center:
        """Return a center with a flow; the board begins with the first of them."""
        center = Center(
            [
                Queue("loans", wrap_up=minutes(1), patience=minutes(2)),
                Queue("cards", overflow="loans", limit=3, wrap_up=seconds(20), auto_accept=True),
            ],
            flows=[FLOW],
        )
        self.board = Board({})
        self.board.reset(center)
        self.seen = 0
        self.pages: dict[str, dict[str, dict[str, Any]]] = {}
        return center

    def check(self) -> None:
        """The board is what one would be that begins now; so are the pages."""
        for event in self.journal[self.seen :]:
            for agent, frame in self.board.apply(event):
                show(self.pages.setdefault(agent, {"offers": {}, "talks": {}, "wraps": {}}), frame)
        self.seen = len(self.journal)
        fresh = Board({})
        fresh.reset(self.center)
        assert fresh.contacts == self.board.contacts
        assert fresh.waiting == self.board.waiting
        for contact in fresh.contacts:
            assert fresh.who_sees(contact) == self.board.who_sees(contact)
        for agent in self.center.state.router.agents:
            mine = self.board.whole(agent)
            assert _plain(fresh.whole(agent)) == _plain(mine)
            page = self.pages.get(agent, {"offers": {}, "talks": {}, "wraps": {}})
            for kind in page:
                key = "offer" if kind == "offers" else "interaction"
                assert sorted(each[key] for each in mine[kind]) == sorted(page[kind])
            for talk in mine["talks"]:
                assert talk["lines"] == list(page["talks"][talk["interaction"]].values())


def show(page: dict[str, dict[str, dict[str, Any]]], frame: dict[str, Any]) -> None:
    """Do with a frame what the page does."""
    match frame["is"]:
        case "offer":
            page["offers"][frame["offer"]] = frame
        case "gone":
            page["offers"].pop(frame["offer"], None)
        case "talk":
            page["offers"].pop(frame["interaction"], None)
            page["talks"][frame["interaction"]] = {line["n"]: line for line in frame["lines"]}
        case "line":
            for interaction, lines in page["talks"].items():
                if interaction.rpartition("/")[0] == frame["contact"]:
                    lines[frame["line"]["n"]] = frame["line"]
        case "over":
            page["talks"].pop(frame["interaction"], None)
            if frame.get("wrap_up"):
                page["wraps"][frame["interaction"]] = frame
        case "wrapped":
            page["wraps"].pop(frame["interaction"], None)
        case _:
            pass


def _plain(whole: dict[str, Any]) -> dict[str, Any]:
    """Return what a board knows that begins in the middle: not when things came, nor ticks."""
    found: dict[str, Any] = {"presence": whole["presence"], "reason": whole["reason"]}
    for kind in ("offers", "talks", "wraps"):
        found[kind] = {
            (one.get("offer") or one["interaction"]): (
                one["contact"],
                one["queue"] if kind != "wraps" else "",
                one.get("until"),
                [
                    (line["who"], line["text"])
                    for line in one["lines"]
                    if line.get("revised") != "withdrawn"
                ]
                if kind == "talks"
                else [],
            )
            for one in whole[kind]
        }
    return found


def test_what_is_withdrawn_is_withdrawn_wherever_it_stands() -> None:
    """A provider that used a key twice means both; the center keeps neither."""
    lan = Address("web", "lan")
    center = Center([Queue("cards")])
    board = Board({})
    board.reset(center)
    told = [
        PutAgent(Agent("an"), available=True),
        *(Receive(message(lan, text), "cards") for text in ("một", "hai")),
        Accept("web-1/1"),
        Receive(Revised(key="r1", at=0, address=lan, message="m1", content=None), ""),
    ]
    for input in told:
        for event in center.handle(input, 0).events:
            list(board.apply(event))
    [talk] = board.whole("an")["talks"]
    assert [("", "withdrawn"), ("", "withdrawn")] == [
        (line["text"], line["revised"]) for line in talk["lines"]
    ]
    assert () == center.state.contacts["web-1"].messages


def message(address: Address, text: str) -> Message:
    """Return a message whose key is always the same."""
    return Message(key="m1", at=0, address=address, content=Content(text))


def test_an_erased_person_is_nobody() -> None:
    """Nothing of their name stays on the desk; nor does another's where profiles are joined."""
    board = Board({})
    board.reset(Center([Queue("cards")]))
    counted: dict[str, Any] = {"contacts": 3, "open": [], "last_agent": "an"}
    known = {"id": "p1", "name": "Lan", **counted}
    for event in (
        events.ContactQueued("c1", "cards", Contact("c1")),
        events.ContactOffered("c1", "an", "c1/1", until=Instant(9), context={"profile": known}),
        events.OfferAccepted("c1", "an", "c1/1"),
    ):
        list(board.apply(event))
    [(who, head)] = board.apply(events.ProfileChanged("p1", {"name": "Mai"}))
    assert ("an", known | {"name": "Mai"}) == (who, head["profile"])
    [(_, head)] = board.apply(events.ProfileChanged("p2", {"language": "vi"}, "p1", ("c1",)))
    assert {"id": "p2", "language": "vi"} == head["profile"]
    [(_, head)] = board.apply(events.ProfileChanged("", {}, "p2", ("c1",)))
    assert {"id": ""} == head["profile"]
    assert [] == board.apply(events.ProfileChanged("", {}, "p9", ("c9",)))


TestBoard = Watched.TestCase
TestBoard.settings = settings(max_examples=settings().max_examples // 2)
