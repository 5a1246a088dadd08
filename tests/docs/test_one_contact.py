"""`docs/explanation/one-contact.md`, step by step: the same inputs, the same transcript.

The page tells what each line of the transcript comes from; here the transcript stands once more as
a test, and the names that the page gives for what runs are looked up in the code.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import FrameType

import tongdai
import tongdai.center.self_service
import tongdai.center.state
import tongdai.ivr.machine
import tongdai.queues.queue
import tongdai.routing.places
import tongdai.routing.roster
import tongdai.routing.router
from tests.docs import pages
from tongdai import (
    Accept,
    Agent,
    Arrive,
    Center,
    Contact,
    Decline,
    End,
    Plan,
    PutAgent,
    Queue,
    SetPresence,
    Step,
    Tick,
    seconds,
)
from tongdai.center.inputs import AnyInput, Tell
from tongdai.ivr import Flow, HandOff, Menu
from tongdai.ivr.inputs import Press

PAGE = Path(__file__).parents[2] / "docs/explanation/one-contact.md"
TEXT = PAGE.read_text(encoding="utf-8")
SOURCE = Path(tongdai.__file__).parent
CLASSES: dict[str, type] = {
    "Center": Center,
    "State": tongdai.center.state.State,
    "OmnichannelQueue": tongdai.queues.queue.OmnichannelQueue,
    "Router": tongdai.routing.router.Router,
    "Roster": tongdai.routing.roster.Roster,
    "Places": tongdai.routing.places.Places,
    "SelfService": tongdai.center.self_service.SelfService,
    "Machine": tongdai.ivr.machine.Machine,
}
METHODS: list[tuple[str, str]] = re.findall(r"`([A-Z]\w+)\.(\w+)`", TEXT)
PLACES: list[tuple[str, str]] = re.findall(r"`(?:\w+\.)?(\w+)`\s+in\s+`(\w+/\w+\.py)`", TEXT)
CARDS = Queue("cards", Plan("cards>=3", Step(seconds(30), "cards")), limit=50, wrap_up=seconds(10))
MENU = Menu("For cards press 1.", {"1": "give"}, exhausted="give")
HOTLINE = Flow("hotline", start="menu", nodes={"menu": MENU, "give": HandOff("cards")})
STEPS: list[tuple[AnyInput, int]] = [
    (PutAgent(Agent("an", {"vi": 5, "en": 3, "cards": 4}), available=True), seconds(0)),
    (PutAgent(Agent("binh", {"vi": 3, "en": 5, "cards": 2}), available=True), seconds(0)),
    (Arrive(Contact("c1", language="en"), "hotline"), seconds(1)),
    (Tell("c1", Press("1")), seconds(5)),
    (Decline("c1/1"), seconds(9)),
    (SetPresence("an", "away", "lunch"), seconds(12)),
    (Tick(), seconds(36)),
    (Accept("c1/2"), seconds(38)),
    (End("c1/2"), seconds(98)),
    (Tick(), seconds(120)),
]
TRANSCRIPT = """\
    0 s  > PutAgent an available
         < AgentPut an available
    0 s  > PutAgent binh available
         < AgentPut binh available
    1 s  > Arrive c1 hotline
         < ContactGreeted c1 hotline
         < FlowAdvanced c1 to menu
         ! ServeContact c1 Play
         ! ServeContact c1 Listen
    5 s  > Tell c1 Press
         < FlowAdvanced c1 to give
         < ContactQueued c1 cards
         < ContactOffered c1 an c1/1 until 25 s (longest idle, 5 s)
         ! ServeContact c1 StopAudio
         ! PresentOffer an c1/1 until 25 s
    9 s  > Decline c1/1
         < OfferDeclined c1 an c1/1 cools off until 14 s
   12 s  > SetPresence an away lunch
         < PresenceChanged an away lunch
   36 s  > Tick
         < CoolOffEnded c1 an                          at 14 s
         < PlanStepped c1 2                            at 35 s
         < ContactOffered c1 binh c1/2 until 55 s (longest idle, 35 s)  at 35 s
         ! PresentOffer binh c1/2 until 55 s
   38 s  > Accept c1/2
         < OfferAccepted c1 binh c1/2
         ! ConnectContact c1 binh
   98 s  > End c1/2
         < FlowAdvanced c1
         < ContactEnded c1 agent binh
         < WrapUpStarted binh c1/2 until 108 s
         ! DisconnectContact c1 agent
         ! CloseInteraction binh c1/2 agent
  120 s  > Tick
         < WrapUpEnded binh c1/2                       at 108 s
""".splitlines()


def test_one_contact_from_arrival_to_the_end_of_its_wrap_up() -> None:
    """These inputs give this transcript, line for line."""
    center = Center([CARDS], flows=[HOTLINE])
    told = [str(center.handle(input, now)) for input, now in STEPS]
    assert "\n".join(told).splitlines() == TRANSCRIPT


def test_the_page_shows_the_same_transcript() -> None:
    """The page's blocks print the same lines in the same order."""
    blocks = pages.parts(PAGE)
    shown = [line for block in blocks for line in pages.shown(block, printed=True)]
    assert shown[: len(TRANSCRIPT)] == TRANSCRIPT


def test_what_the_page_names_is_there() -> None:
    """Each `Class.method` in the page's text is a method of one of these classes."""
    assert {name for name, _ in METHODS} == set(CLASSES)
    assert [(name, method) for name, method in METHODS if not hasattr(CLASSES[name], method)] == []


def test_the_files_that_the_page_names_are_there() -> None:
    """And what the page says is in one of them is defined there."""
    named = set(re.findall(r"`(\w+/\w+\.py)`", TEXT))
    assert [file for file in sorted(named) if not (SOURCE / file).is_file()] == []
    assert ("settle", "ivr/entering.py") in PLACES
    sources = {file: (SOURCE / file).read_text(encoding="utf-8") for _, file in PLACES}
    assert [(name, file) for name, file in PLACES if f"def {name}(" not in sources[file]] == []


def test_what_the_page_names_is_what_runs() -> None:
    """Every function and method that it names has a part in these steps, in the file it names."""
    ran: set[tuple[str, str]] = set()

    def watch(frame: FrameType, event: str, _: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(SOURCE):
            ran.add((frame.f_code.co_name, path.relative_to(SOURCE).as_posix()))

    center = Center([CARDS], flows=[HOTLINE])
    before = sys.getprofile()
    sys.setprofile(watch)
    try:
        for input, now in STEPS:
            center.handle(input, now)
    finally:
        sys.setprofile(before)
    files = {name: kind.__module__.partition(".")[2] for name, kind in CLASSES.items()}
    told = [(method, f"{files[name].replace('.', '/')}.py") for name, method in METHODS]
    assert sorted({*told, *PLACES} - ran) == []
