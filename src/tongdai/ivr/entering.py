"""What each kind of node does when it is entered; questions stand in `asking`.

Rule: a node either leaves by one of its outcomes at once, or begins to wait; what it waits for
comes back in an input. Nodes are entered one after the other until one waits or the session ends; a
row of nodes that never does is `error.spin`. A clean-up has no customer any more: a node that needs
one ends it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import blake2b
from typing import Any, Final, cast

from tongdai.errors import IllegalInput
from tongdai.ivr import asking, effects, events, nodes
from tongdai.ivr.plain import kept as kept_value
from tongdai.ivr.ready import ReadyNode, Saying
from tongdai.ivr.run import MOST_ENTERED, Run
from tongdai.model.compare import getter
from tongdai.model.expression import Operand, Template

DEEPEST: Final = 16  # flows that call each other
_DIGITS: Final = 10  # of a count
_SLICES: Final = 1_000_000  # into how many parts a split cuts its sessions


def settle(run: Run) -> None:
    """Enter nodes until one of them waits.

    Raises:
        MissingNode: a way leads to a node that is not there.
    """
    entered = 0
    run.skipped = ()
    ahead = run.session.ahead
    while (name := run.next) is not None:
        session = run.session
        run.next = None
        entered += 1
        if session.ahead is not ahead:  # (a question was answered: a new row begins)
            entered, ahead = 0, session.ahead
        if entered > MOST_ENTERED:
            run.finish("error.spin")
        elif session.cleaning and _needs_customer(run, name):
            run.finish("hang_up")
        else:
            run.here = here = run.flow.nodes.get(name) or run.flow.node(name)
            _ENTER[type(here.node)](run, here)


def _needs_customer(run: Run, name: str) -> bool:
    """Return whether a clean-up cannot go on at a node; one that is missing hurts nobody then."""
    return name not in run.flow or isinstance(run.flow.node(name).node, nodes.INTERACTIVE)


# --- talking and waiting --------------------------------------------------------------------------


def _say(run: Run, here: ReadyNode) -> None:
    session = run.session
    saying = here.sayings[0]
    wording = saying.find(session.language, 0)
    voice = session.modality == "voice"
    typed = voice and bool(session.ahead) and saying.barge_in and here.key not in run.skipped
    if typed or not wording.fits(session.modality):
        run.skipped += (here.key,)  # (once: a row of prompts that leads back to itself must wait)
        run.take("then")
        return
    number = session.count + 1
    run.emit(events.Spoken(run.id, here.name, number))
    asking.play(run, here, wording, number, barge_in=saying.barge_in)
    if not voice:
        run.take("then")


def _wait(run: Run, here: ReadyNode) -> None:
    node = cast("nodes.Wait", here.node)
    session = run.session
    timer = until = 0
    if node.for_ is not None:
        timer, until = session.count + 1, run.now + node.for_
    run.emit(events.WaitStarted(run.id, here.name, timer, until))
    if timer:
        run.do(effects.SetTimer(session.token(timer), until))
    if here.sayings:
        meanwhile(run, here, 0)


def meanwhile(run: Run, here: ReadyNode, turn: int) -> None:
    """Play the next of a wait's prompts that there is something of; over messages, only once."""
    session = run.session
    several = len(here.sayings)
    for place in range(several):
        saying: Saying = here.sayings[(turn + place) % several]
        wording = saying.find(session.language, 0)
        if wording.fits(session.modality):
            number = session.count + 1
            run.emit(events.Spoken(run.id, here.name, number, (turn + place) % several))
            asking.play(run, here, wording, number, barge_in=False)
            return


# --- looking and keeping --------------------------------------------------------------------------


def _branch(run: Run, here: ReadyNode) -> None:
    values = run.values()
    for condition, outcome in here.cases:
        if condition.holds(values):
            run.take(outcome)
            return
    run.take("otherwise")


def _assign(run: Run, here: ReadyNode) -> None:
    values = _worked_out(run, here.operands)
    if values is None:
        run.take("failed")
        return
    secrets = _secrets(run, here) if run.session.secrets else ()
    run.emit(events.ValuesSet(run.id, here.name, values, secrets))
    run.take("then")


def _setting(run: Run, here: ReadyNode) -> None:
    values = _worked_out(run, here.operands)
    if values is None or not isinstance(values.get("language", ""), str):
        run.take("failed")
        return
    run.emit(events.SettingsChanged(run.id, here.name, values, _secrets(run, here)))
    run.do(effects.ApplySettings(values, here.node.extra))
    run.take("then")


def _secrets(run: Run, here: ReadyNode) -> tuple[str, ...]:
    """Return which of the names that a node sets stand for a secret from then on."""
    known = set(run.session.secrets)
    if not known:
        return ()
    return tuple(
        name for name, operand in here.operands.items() if not known.isdisjoint(operand.names)
    )


def _worked_out(run: Run, operands: Mapping[str, Operand]) -> dict[str, Any] | None:
    """Return what operands give, or `None` where one gives nothing that can be kept."""
    values = run.values()
    try:
        return {name: kept_value(operand.value(values), name) for name, operand in operands.items()}
    except IllegalInput:
        return None


def _hours(run: Run, here: ReadyNode) -> None:
    calendar = run.machine.calendars.get(_filled(run, here))
    try:
        is_open = None if calendar is None else calendar.open_at(run.now)
    except IllegalInput:  # (in a year that no calendar knows)
        is_open = None
    run.take("failed" if is_open is None else "open" if is_open else "closed")


def _loop(run: Run, here: ReadyNode) -> None:
    times = cast("nodes.Loop", here.node).times
    if here.operand is not None:
        times = cast("Any", here.operand.value(run.values()))
    if isinstance(times, str) and times.isascii() and times.isdigit() and len(times) < _DIGITS:
        times = int(times)
    if isinstance(times, bool) or not isinstance(times, int):
        run.take("failed")
        return
    count = run.session.loops.get(here.key, 0)
    if count < times:
        run.emit(events.LoopCounted(run.id, here.key, count + 1))
        run.take("again")
        return
    if count:
        run.emit(events.LoopCounted(run.id, here.key, 0))
    run.take("done")


def _split(run: Run, here: ReadyNode) -> None:
    level = share(run.id, here.key)
    so_far = 0.0
    for place, part in enumerate(cast("nodes.Split", here.node).shares):
        so_far += part.percent / 100
        if level < so_far:
            run.take(f"shares[{place}]")
            return
    run.take("otherwise")


def share(session: str, node: str) -> float:
    """Return where a session falls at a split, from 0 up to 1: a keyed hash of the two names."""
    digest = blake2b(f"{node}\0{session}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % _SLICES / _SLICES


# --- asking the shell -----------------------------------------------------------------------------


def _invoke(run: Run, here: ReadyNode) -> None:
    node = cast("nodes.Invoke", here.node)
    if _worked_out(run, here.operands) is None:
        run.take("failed")
        return
    session = run.session
    call = session.count + 1
    timer, until = call + 1, run.now + node.within
    run.emit(events.Called(run.id, here.name, call, _filled(run, here), timer, until))
    run.do(request(run, here))
    run.do(effects.SetTimer(session.token(timer), until))


def _record(run: Run, here: ReadyNode) -> None:
    run.emit(events.Called(run.id, here.name, run.session.count + 1, "record"))
    run.do(request(run, here))


def _transfer(run: Run, here: ReadyNode) -> None:
    if not _text(run, here):
        run.take("failed")
        return
    run.emit(events.Called(run.id, here.name, run.session.count + 1, "transfer"))
    run.do(request(run, here))


def _call_back(run: Run, here: ReadyNode) -> None:
    node = cast("nodes.CallBack", here.node)
    if not _text(run, here):
        run.take("failed")
        return
    call, until = run.session.count + 1, run.now + node.after
    run.emit(events.Called(run.id, here.name, call, "callback", until=until))
    run.do(request(run, here))


def _hand_off(run: Run, here: ReadyNode) -> None:
    call = run.session.count + 1
    run.emit(events.HandedOff(run.id, here.name, call, _filled(run, here)))
    run.do(request(run, here))


def request(run: Run, here: ReadyNode) -> effects.AnyEffect:
    """Return what the session has asked of the shell and waits for; the same each time."""
    session = run.session
    call = session.token(session.call)
    match here.node:
        case nodes.Invoke() as node:
            args = _worked_out(run, here.operands) or {}
            return effects.CallFunction(call, _filled(run, here), args, node.extra)
        case nodes.Menu() | nodes.Collect():
            return asking.sense(run, here)
        case nodes.Record() as node:
            return effects.StartRecording(
                call, node.longest, node.silence, node.terminator, node.extra
            )
        case nodes.Transfer() as node:
            return effects.TransferContact(call, _text(run, here), node.within, node.extra)
        case nodes.CallBack() as node:
            return effects.ScheduleCallBack(
                call,
                _filled(run, here),
                _text(run, here),
                node.requires,
                node.priority,
                _context(run, node.context),
                session.until,
                node.extra,
            )
        case _:
            give = cast("nodes.HandOff", here.node)
            return effects.GiveToQueue(
                call,
                _filled(run, here),
                give.requires,
                give.priority,
                _context(run, give.context),
                give.extra,
            )


def _context(run: Run, names: tuple[str, ...]) -> dict[str, Any]:
    """Return the values that go along: those that are named, or all; never a secret."""
    session = run.session
    if not names:
        known = session.values.items()
        return {name: value for name, value in known if name not in session.secrets}
    values = run.values()
    found = {name: getter(name)(values) for name in names if name not in session.secrets}
    return {name: value for name, value in found.items() if value is not None or name in values}


def _text(run: Run, here: ReadyNode) -> str:
    """Return what the node's operand gives, as text; empty for nothing."""
    given = cast("Operand", here.operand).value(run.values())
    return Template.parse("{given}").render({"given": given})


def _filled(run: Run, here: ReadyNode) -> str:
    """Return the node's template with values in it."""
    return cast("Template", here.text).render(run.values())


# --- other flows, and the end ---------------------------------------------------------------------


def _call_flow(run: Run, here: ReadyNode) -> None:
    _other_flow(run, here, returns=True)


def _goto_flow(run: Run, here: ReadyNode) -> None:
    _other_flow(run, here, returns=False)


def _other_flow(run: Run, here: ReadyNode, *, returns: bool) -> None:
    other = run.machine.newest(_filled(run, here))
    if other is None or (returns and len(run.session.stack) >= DEEPEST):
        run.take("failed")
        return
    flow = other.flow
    run.emit(events.FlowEntered(run.id, flow.id, flow.version, other.hash, flow.start, returns))
    run.flow = other
    run.next = flow.start


def _end(run: Run, here: ReadyNode) -> None:
    disconnect = cast("nodes.End", here.node).disconnect
    session = run.session
    if disconnect is None and session.stack:
        frame = session.stack[-1]
        run.flow = run.machine.ready(frame.flow, frame.version, frame.hash)
        run.here = run.flow.node(frame.node)
        run.emit(events.FlowReturned(run.id, frame.flow, frame.version, frame.hash, frame.node))
        run.take("then")
        return
    run.finish("end", disconnect=disconnect is not False)


def _opaque(run: Run, here: ReadyNode) -> None:
    run.emit(events.NodeSkipped(run.id, here.name, cast("nodes.Opaque", here.node).kind))
    run.take("failed")


_ENTER: Final[Mapping[type[Any], Callable[[Run, ReadyNode], None]]] = {
    nodes.Say: _say,
    nodes.Menu: asking.ask,
    nodes.Collect: asking.ask,
    nodes.Branch: _branch,
    nodes.Assign: _assign,
    nodes.Hours: _hours,
    nodes.Loop: _loop,
    nodes.Split: _split,
    nodes.Setting: _setting,
    nodes.Invoke: _invoke,
    nodes.Wait: _wait,
    nodes.Record: _record,
    nodes.HandOff: _hand_off,
    nodes.CallBack: _call_back,
    nodes.Transfer: _transfer,
    nodes.CallFlow: _call_flow,
    nodes.GotoFlow: _goto_flow,
    nodes.End: _end,
    nodes.Opaque: _opaque,
}
