"""Decisions as people read them: `>` what came in, `<` what happened, `!` what is to be done.

Rule: a line shows a value's kind and what identifies it, so nothing personal is ever in it. An
event that happened before the decision's instant says when.
"""

from __future__ import annotations

from collections.abc import Sequence

from tongdai.center import effects, events, inputs
from tongdai.channels import Activity
from tongdai.model.personal import Value
from tongdai.model.time import Instant, clock
from tongdai.routing.strategies import told

_COLUMN = 55
_SHOWN: dict[type, tuple[str, ...]] = {
    inputs.Receive: (),
    inputs.Tell: ("contact",),
    inputs.Relink: (),
    events.ContactIdentified: ("contact", "profile", "how"),
    events.ProfileChanged: ("profile",),
    events.ContactGreeted: ("contact", "flow"),
    events.FlowAdvanced: ("contact",),
    events.HandOffRefused: ("contact", "queue", "reason"),
    events.FlowEnded: ("contact", "flow", "reason"),
    effects.ServeContact: ("contact",),
    inputs.Say: ("interaction",),
    inputs.PutAgent: ("agent",),
    events.QueuePut: ("queue",),
    events.AgentPut: ("agent",),
    events.ContactQueued: ("contact", "queue"),
    events.ContactRefused: ("contact", "queue", "reason"),
    events.ContactOverflowed: ("contact", "queue", "to"),
    events.ContactOffered: ("contact", "agent", "offer"),
    events.OfferDeclined: ("contact", "agent", "offer"),
    events.InteractionFailed: ("contact", "agent", "interaction", "reason"),
    events.MessageReceived: ("contact", "agent"),
    events.MessageSaid: ("contact", "agent", "interaction"),
    events.MessageRevised: ("contact", "message", "agent"),
    events.ContactRelinked: ("contact",),
    events.ReceiptReceived: ("contact", "status"),
    events.ContactEnded: ("contact", "reason", "agent"),
    events.ContactAbandoned: ("contact", "queue"),
    events.WrapUpStarted: ("agent", "interaction"),
    events.WrapUpExtended: ("agent", "interaction"),
    events.AgentLost: ("agent",),
    inputs.ExtendWrapUp: ("interaction",),
    effects.PresentOffer: ("agent", "offer"),
    effects.ConnectContact: ("contact", "agent"),
    effects.ShowMessage: ("agent", "interaction"),
    effects.ShowRevision: ("agent", "interaction", "message"),
    effects.SendMessage: ("contact",),
    effects.DisconnectContact: ("contact", "reason"),
}
"""What identifies a value, where that is not all its positional fields."""


def transcript(
    input: Value,
    now: Instant,
    happened: Sequence[events.AnyEvent],
    to_do: Sequence[effects.AnyEffect],
    *,
    repeat: bool = False,
) -> str:
    """Return a decision as text, without a line break at the end."""
    time = f"{clock(now):>7}"
    first = f"{time}  > {line(input)}"
    lines = [first + "  (seen before)" if repeat else first]
    blank = " " * len(time)
    for event in happened:
        text = f"{blank}  < {line(event)}"
        lines.append(text if event.at == now else f"{text:{_COLUMN - 2}}  at {clock(event.at)}")
    lines += [f"{blank}  ! {line(effect)}" for effect in to_do]
    return "\n".join(lines)


def line(value: Value) -> str:
    """Return one input, event or effect as a line."""
    kind = type(value)
    if isinstance(value, events.InputIgnored):
        return f"{kind.__name__} {value.input} {value.reference}: {value.reason}"
    words = [kind.__name__]
    names = _SHOWN.get(kind)
    for name in kind.__match_args__ if names is None else names:
        part = getattr(value, name)
        words.append(str(getattr(part, "id", part)))
    words.append(_tail(value))
    return " ".join(word for word in words if word)


def _where(steps: Sequence[Value]) -> str:
    """Return the node to which a flow's steps have come."""
    for step in reversed(steps):
        node = getattr(step, "to", "") or getattr(step, "node", "")
        if node:
            return f"to {node}"
    return ""


def _tail(value: Value) -> str:  # noqa: C901, PLR0911, PLR0912 - one case a kind that has more to say
    match value:
        case inputs.PutAgent(available=True) | events.AgentPut(available=True):
            return "available"
        case inputs.Receive(inbound=inbound):
            kind = type(inbound).__name__
            what = f" {inbound.what}" if isinstance(inbound, Activity) else ""
            return f"{kind} {inbound.address.channel} {inbound.key}{what}"
        case events.MessageReceived(automatic=why) if why:
            return f"({why})"
        case events.MessageRevised(content=None) | effects.ShowRevision(content=None):
            return "withdrawn"
        case inputs.Tell(input=inner) | effects.ServeContact(task=inner):
            return type(inner).__name__
        case inputs.Input(id=id) if id:
            return id
        case events.FlowAdvanced(steps=steps):
            return _where(steps)
        case inputs.Relink(profiles=several):
            return ", ".join(several) or "all"
        case events.ContactIdentified(bits=float(bits)):
            return f"by {bits:.1f} bits"
        case events.ProfileChanged(was=was, contacts=several) if several:
            return f"has {', '.join(several)} of {was}" if value.profile else f"lost by {was}"
        case events.ContactQueued(overflowed=passed, preferred=preferred) if passed or preferred:
            over = f"over {', '.join(passed)}" if passed else ""
            return f"{over} {preferred}".strip()
        case events.ContactOffered(until=until, strategy=strategy, measure=measure):
            return f"until {clock(until)} ({told(strategy, measure)})"
        case events.OfferDeclined(reason=reason, until=until):
            return f"{reason} cools off until {clock(until)}".strip()
        case events.ContactAbandoned(waited=waited, short=short):
            return f"after {clock(waited)}" + (" (short)" if short else "")
        case events.WrapUpStarted(until=None):
            return "until disposed"
        case (
            events.WrapUpStarted(until=int(until))
            | events.WrapUpExtended(until=until)
            | events.AgentLost(until=until)
            | effects.PresentOffer(until=until)
            | inputs.ExtendWrapUp(until=until)
        ):
            return f"until {clock(until)}"
        case _:
            return ""
